"""The options of grad and backward, running totals, zeros that stay zeros, checkpoints of a sequence."""

from __future__ import annotations

import gc
import sys
import weakref
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from functions_by_hand import Twice
from leaves import equal, vector

import autograd_core as ag
import nn
from autograd_core import Tensor, autograd, grad
from autograd_core.autograd import graph
from autograd_core.errors import ArgumentError, GraphError

# ----------------------------------------------------------------------------------------------------------- gradients


def test_grad_of_batches_of_weights() -> None:
    x, unused = vector(1, 2, 3), vector(1)
    y, v = x**2, ag.tensor(np.arange(6.0).reshape(2, 3))
    (g,) = grad(y, x, v, is_grads_batched=True, retain_graph=True)
    equal(g, 2 * np.array([1, 2, 3]) * v.numpy())
    g, none = grad([y, y.sum()], [x, unused], [v, None], is_grads_batched=True, allow_unused=True, create_graph=True)
    assert none is None
    equal(g, 2 * np.array([1, 2, 3]) * (v.numpy() + 1))
    assert g.requires_grad
    with pytest.raises(ArgumentError, match=r"one first dim for all, not empty; they have \[1, 2\]"):
        grad([y, y], x, [v, v[:1]], is_grads_batched=True)


def test_grad_takes_dicts_and_edges() -> None:
    x, z = vector(1, 2), vector(3, 4)
    y = x * z
    found = grad(y.sum(), {"x": x, "z": z}, retain_graph=True)
    assert list(found) == ["x", "z"]
    equal(found["x"], [3, 4])
    edge = graph.get_gradient_edge(y)
    assert (edge.node, edge.output_nr) == (y.node, 0)
    equal(grad(edge, graph.get_gradient_edge(x), ag.ones(2, dtype=ag.float64), retain_graph=True)[0], [3, 4])
    equal(grad(y.sum(), edge, retain_graph=True)[0], [1, 1])
    autograd.backward(edge, ag.ones(2, dtype=ag.float64))
    equal(x.grad, [3, 4])
    with pytest.raises(GraphError, match=r"inputs\['u'\] \(shape \(1,\)\) has requires_grad=False"):
        grad(x.sum(), {"u": ag.ones(1)})
    with pytest.raises(GraphError, match="get_gradient_edge: this tensor has requires_grad=False"):
        graph.get_gradient_edge(ag.ones(1))
    with pytest.raises(ArgumentError, match=r"GradientEdge, which has no .grad"):
        autograd.backward(x.sum(), inputs=graph.get_gradient_edge(x))


def test_options_of_grad_that_contradict_each_other() -> None:
    x = vector(1)
    with pytest.raises(ArgumentError, match="leave out allow_unused=False"):
        grad(x.sum(), x, allow_unused=False, materialize_grads=True)
    with pytest.raises(ArgumentError, match="only_inputs=False is not supported"):
        grad(x.sum(), x, only_inputs=False)


def test_backward_to_some_inputs() -> None:
    x, z = vector(1, 2), vector(3, 4)
    h = x * z
    autograd.backward(h.sum(), inputs=[z, h])
    assert x.grad is None
    equal(z.grad, [1, 2])
    equal(h.grad, [1, 1])
    autograd.backward([(x * x).sum(), x.sum()], inputs={"x": x})
    equal(x.grad, [3, 5])
    with pytest.raises(GraphError, match="inputs is empty"):
        autograd.backward(x.sum(), inputs=[])


# --------------------------------------------------------------------------------------------------- memory, debugging


def test_hooks_leave_no_cycle() -> None:
    gc.disable()
    try:
        x = vector(1, 2)
        y = x.exp()
        y.grad_fn.register_hook(lambda inputs, outputs: None)
        y.grad_fn.register_prehook(lambda outputs: None)
        y.grad_fn.metadata["self"] = "a value"
        node = weakref.ref(y.grad_fn)
        y.sum().backward()
        del y
        assert node() is None
    finally:
        gc.enable()


def test_a_repeated_backward_starts_intermediates_afresh() -> None:
    x = vector(3)
    h = x * x
    h.retain_grad()
    y = (h * 2).sum()
    y.backward(retain_graph=True)
    y.backward()
    equal(x.grad, [24])  # leaves accumulate
    equal(h.grad, [4])  # as retain_grad does; each pass itself is fresh


def test_a_debugger_stops_in_backward() -> None:
    x, stopped = vector(1, 2), set()

    def trace(frame: Any, event: str, arg: Any) -> Any:
        stopped.add(frame.f_code.co_name)
        return trace

    y = Twice.apply(x).exp().sum()
    x.register_hook(lambda g: None)
    before = sys.gettrace()
    sys.settrace(trace)
    try:
        y.backward()
    finally:
        sys.settrace(before)
    assert {"walk", "exp_pull", "vjp", "over_either"} <= stopped


def total_of(w: Tensor, early: bool) -> None:
    total = ag.tensor(0.0, dtype=ag.float64)
    for _ in range(2):
        loss = (w * w).sum()
        if not early:
            loss.backward()
        total += loss
        if early:
            loss.backward()


@pytest.mark.parametrize("early", [False, True])
def test_a_running_total_of_graphs_is_noticed(early: bool) -> None:
    w = vector(1, 2)
    with pytest.warns(
        UserWarning, match=r"total \+= loss`: a result is added up .* \+= loss.item\(\), or \+= loss.detach"
    ):
        total_of(w, early)
    total, kept = ag.tensor(0.0, dtype=ag.float64), ag.tensor(0.0, dtype=ag.float64)
    for _ in range(2):
        loss = (w * w).sum()
        kept += loss  # no warning: its own backward comes
        total += loss.detach()
    kept.backward()
    equal(total, 10)


def test_zeros_that_stay_zeros() -> None:
    x = vector(0, 4)
    calls: list[Callable[[Tensor], Tensor]] = [
        lambda x: ag.where(x > 0, x.sqrt(), 0.0),
        lambda x: ag.where(x > 0, x.log(), x * 0),
        lambda x: ag.where(x > 0, 1 / x, x),
    ]
    for call in calls:
        y, v = call(x).sum(), vector(4)
        assert grad(y, x, retain_graph=True)[0][0].isnan().item()
        for create_graph in (True, False):
            with autograd.strict_zeros():
                (g,) = grad(y, x, create_graph=create_graph, retain_graph=True)
            equal(g[1], grad(call(v).sum(), v)[0].item())
            assert g[0].isfinite().item()
    with autograd.strict_zeros():
        assert ag.gradcheck(lambda x: x.softmax(0) * x.sqrt() / 3, vector(1, 2, 3))
        assert ag.gradgradcheck(lambda x: x.softmax(0) * x.sqrt() / 3, vector(1, 2, 3))


def test_an_unused_parameter_is_named_by_its_path() -> None:
    net = nn.ModuleDict({"used": nn.Linear(2, 1), "unused": nn.Linear(2, 1)})
    with pytest.raises(
        GraphError, match=r"inputs\['unused.weight'\] \(shape \(1, 2\)\) was not used to compute the outputs"
    ):
        grad(net["used"](ag.ones(1, 2)).sum(), dict(net.named_parameters()))


def test_checkpoints_of_a_sequence() -> None:
    net = nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 4), nn.Dropout(0.5), nn.Linear(4, 1)).double()
    x = vector(1, 2, 3)
    found = []
    for segments in (1, 2, 5):
        ag.manual_seed(1)
        y = autograd.checkpoint_sequential(net, segments, x, use_reentrant=False)
        found.append(grad(y, [x, *net.parameters()]))
    for other in found[1:]:
        for a, b in zip(found[0], other):
            equal(a, b.numpy())
    y = ag.checkpoint(ag.exp, x, use_reentrant=False, determinism_check="none", debug=True)
    equal(grad(y.sum(), x)[0], np.exp([1, 2, 3]))
    with pytest.raises(ArgumentError, match="segments=6: expected 1 to 5, as there are functions"):
        autograd.checkpoint_sequential(net, 6, x)
