"""Nodes of a graph, their hooks, and hooks on saved tensors."""

from __future__ import annotations

import weakref
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from functions_by_hand import Twice
from leaves import equal, vector

import autograd_core as ag
from autograd_core import Tensor, grad
from autograd_core.autograd import graph
from autograd_core.errors import ArgumentError, DtypeError, GraphError, ShapeError

# --------------------------------------------------------------------------------------------------------------- nodes


def test_what_a_node_tells() -> None:
    x = vector(1, 2)
    y = x.exp()
    node = y.grad_fn
    assert node.name() == "exp"
    ((accumulate, place),) = node.next_functions
    assert (accumulate.name(), place, accumulate.variable) == ("leaf", 0, x)
    node.metadata["note"] = 1
    assert y.grad_fn.metadata == {"note": 1}
    assert accumulate.metadata == {}
    with pytest.raises(AttributeError, match="has no variable: only leaves do"):
        _ = node.variable


@pytest.mark.parametrize("create_graph", [False, True])
def test_hooks_on_nodes(create_graph: bool) -> None:
    x, z, seen = vector(1, 2), vector(3, 4), []
    y = x * z * x
    node = (x * z).grad_fn
    y = x * z
    node = y.grad_fn
    loss = (y * 2).sum()

    def behind(grad_inputs: Any, grad_outputs: Any) -> Any:
        seen.append([g.tolist() for g in (*grad_inputs, *grad_outputs)])
        return grad_inputs[0] * 10, grad_inputs[1]

    with node.register_prehook(lambda grad_outputs: (grad_outputs[0] + 1,)), node.register_hook(behind):
        gx, gz = grad(loss, [x, z], create_graph=create_graph, retain_graph=True)
    equal(gx, [90, 120])
    equal(gz, [3, 6])
    assert seen == [[[9, 12], [3, 6], [3, 3]]]
    if create_graph:
        equal(grad(gx.sum(), z)[0], [30, 30])
    equal(grad(loss, x)[0], [6, 8])  # the hooks are gone


def test_hooks_on_nodes_of_one_operand_twice_of_several_and_of_none_wanted() -> None:
    x, seen = vector(1, 2), []
    square = x * x
    square.grad_fn.register_hook(lambda inputs, outputs: seen.append([g.tolist() for g in inputs]))
    stacked = ag.stack([square, ag.zeros(2, dtype=ag.float64), square])
    stacked.grad_fn.register_hook(lambda inputs, outputs: seen.append([g is None for g in inputs]))
    stacked.sum().backward()
    assert seen == [[False, True, False], [[2, 4], [2, 4]]]
    equal(x.grad, [4, 8])


def test_hooks_behind_leaves() -> None:
    x, seen = vector(1, 2), []
    handle = x.register_post_accumulate_grad_hook(lambda t: seen.append((t is x, t.grad.tolist())))
    x.node.register_hook(lambda inputs, outputs: seen.append((inputs, outputs[0].tolist())))
    for _ in range(2):
        (3 * x).sum().backward()
    assert seen == [(True, [3, 3]), ((), [3, 3]), (True, [6, 6]), ((), [3, 3])]
    handle.remove()
    grad((3 * x).sum(), x)
    assert len(seen) == 4  # nothing was accumulated

    def step(p: Tensor) -> None:
        with ag.no_grad():
            p.sub_(p.grad)
        p.grad = None

    w = vector(5)
    w.register_post_accumulate_grad_hook(step)
    (2 * w).sum().backward()
    equal(w, [3])
    assert w.grad is None


def test_hooks_that_are_refused_or_return_the_wrong_things() -> None:
    x = vector(1, 2)
    y = x * 2
    with pytest.raises(GraphError, match=r"register_post_accumulate_grad_hook: only leaves .* result of mul, made at"):
        y.register_post_accumulate_grad_hook(print)
    with pytest.raises(GraphError, match=r"register_post_accumulate_grad_hook: .* requires_grad=False"):
        ag.ones(1).register_post_accumulate_grad_hook(print)
    wrong: list[tuple[Any, type[Exception], str]] = [
        (lambda i, o: i[0], GraphError, "a hook on mul returned 1 gradients: expected 2, one an operand"),
        (lambda i, o: (i[0].sum(), None), ShapeError, r"a hook returned \(\): .* shape \(2,\)"),
        (lambda i, o: (i[0].float(), None), DtypeError, "a hook returned float32"),
        (lambda i, o: (1.0, None), ShapeError, "a hook returned 'float'"),
    ]
    for hook, error, message in wrong:
        with y.grad_fn.register_hook(hook), pytest.raises(error, match=message):
            y.sum().backward(retain_graph=True)
    with x.register_hook(lambda g: g.numpy()), pytest.raises(ShapeError, match="a hook returned 'ndarray'"):
        y.sum().backward(retain_graph=True)
    x.grad = None
    y.sum().backward()
    equal(x.grad, [2, 2])


# ---------------------------------------------------------------------------------------------- hooks on saved tensors


def test_saved_tensors_are_packed_and_unpacked() -> None:
    x, log = vector(1, 2), []

    def pack(t: Tensor) -> Any:
        log.append("pack")
        return t.numpy().copy()

    def unpack(a: Any) -> Tensor:
        log.append("unpack")
        return ag.tensor(a)

    with graph.saved_tensors_hooks(pack, unpack):
        y = (x.exp() * x).sum()
        with graph.saved_tensors_hooks(lambda t: t, lambda t: t):
            z = (x * x).sum()  # the innermost counts
    assert log == ["pack"] * 3
    w = ag.exp(x).sum()
    (y + z + w).backward()
    assert log == ["pack"] * 3 + ["unpack"] * 3
    equal(x.grad, np.exp([1, 2]) * np.array([2, 3]) + np.array([2, 4]) + np.exp([1, 2]))


def test_packed_tensors_everywhere() -> None:
    x = vector(1, 2, 3)
    halve = graph.saved_tensors_hooks(lambda t: t.tolist(), lambda values: ag.tensor(values, dtype=ag.float64))

    def f(x: Tensor) -> Tensor:
        with halve:
            parts = ag.stack([x, Twice.apply(x), x.sin()])
            return (parts.prod(0) * x.max()).cumsum(0).softmax(0)

    assert ag.gradcheck(f, x)
    assert ag.gradgradcheck(f, x)
    with ag.detect_anomaly(), halve, pytest.raises(ArithmeticError):
        vector(-1).log()
    freed = weakref.ref((y := x.exp()).grad_fn)
    del y
    assert freed() is None
    with halve:
        y = x.exp().sum()
    y.backward(retain_graph=True)
    y.backward()
    with pytest.raises(GraphError, match="were freed by an earlier backward"):
        y.backward()


def test_saved_tensors_hooks_that_go_wrong() -> None:
    x = vector(1, 2)
    wrong: list[tuple[Any, type[Exception], str]] = [
        (lambda t: 1, ArgumentError, "unpack_hook returned a int"),
        (lambda t: t[:1], ShapeError, r"unpack_hook returned shape \(1,\): expected \(2,\)"),
        (lambda t: t.float(), DtypeError, "unpack_hook returned float32: expected float64"),
    ]
    for unpack, error, message in wrong:
        with graph.saved_tensors_hooks(lambda t: t, unpack):
            y = x.exp()
        with pytest.raises(error, match=message):
            y.sum().backward()
    with graph.disable_saved_tensors_hooks("not here"), pytest.raises(GraphError, match="not here"):
        graph.saved_tensors_hooks(print, print).__enter__()
    with graph.save_on_cpu(pin_memory=True):
        y = x.exp()
    y.sum().backward()
    equal(x.grad, np.exp([1, 2]))


def test_increment_version() -> None:
    x = vector(1, 2)
    y = (x * x).sum()
    x.array[0] = 5
    graph.increment_version([x])
    with pytest.raises(GraphError, match="was written in place afterwards"):
        y.backward()


# ------------------------------------------------------------------------------------------------------ beside PyTorch


def by_hand(lib: Any, log: list[Any]) -> Any:
    """A Function that uses all options, of either library, applied to x and y; and hooks of each kind."""

    class Mixed(lib.autograd.Function):  # type: ignore[misc, name-defined]
        @staticmethod
        def forward(x: Any, y: Any, k: float) -> Any:
            return x * y * k, (x * k).sum(), x > 0

        @staticmethod
        def setup_context(ctx: Any, inputs: Any, output: Any) -> None:
            x, y, ctx.k = inputs
            ctx.mark_non_differentiable(output[2])
            ctx.set_materialize_grads(False)
            ctx.save_for_backward(x, y)

        @staticmethod
        def backward(ctx: Any, g: Any, h: Any, none: Any) -> Any:
            x, y = ctx.saved_tensors
            log.append((g is None, h is None, none is None, ctx.needs_input_grad))
            gx = g * y * ctx.k if h is None else g * y * ctx.k + h * ctx.k
            return gx, g * x * ctx.k, None

    def call(x: Any, y: Any) -> Any:
        a, b, positive = Mixed.apply(x, y, 3.0)
        h = (a * a).exp()
        h.grad_fn.register_prehook(lambda outputs: log.append(len(outputs)))
        h.grad_fn.register_hook(lambda inputs, outputs: (inputs[0] * 2,))
        h.register_hook(lambda g: g + 1)
        log.append((positive.tolist(), positive.requires_grad, b.shape == ()))
        return h.sum() + b

    return call


def test_functions_and_hooks_beside_pytorch() -> None:
    torch = pytest.importorskip("torch")
    results, logs = [], []
    for lib in (ag, torch):
        log: list[Any] = []
        x, y = (lib.tensor(v, dtype=lib.float64, requires_grad=True) for v in ([0.1, -0.2], [0.3, 0.4]))
        call = by_hand(lib, log)
        gs = lib.autograd.grad(call(x, y), [x, y], create_graph=True)
        hs = lib.autograd.grad((gs[0] * gs[1]).sum(), [x, y])
        with lib.autograd.graph.saved_tensors_hooks(lambda t: t * 2, lambda t: t / 2):
            z = (x.exp() * y.sin()).sum()
        ks = lib.autograd.grad(z, [x, y])
        rows = lib.autograd.grad(x * y, [x, y], lib.eye(2, dtype=lib.float64), is_grads_batched=True)
        results.append([*gs, *hs, *ks, *rows])
        logs.append(log)
    assert logs[0] == logs[1]
    for ours, theirs in zip(*results):
        equal(ours, theirs.detach().numpy())


STRICT = [
    ("vjp", lambda lib, f, x, y, v: f.vjp(lambda a, b: (a * b, a.sum()), (x, y), (v, v.sum()))),
    ("jvp", lambda lib, f, x, y, v: f.jvp(lambda a, b: (a * b, a.sum()), (x, y), (v, v))),
    ("hvp", lambda lib, f, x, y, v: f.hvp(lambda a, b: (a * a * b).sum(), (x, y), (v, v))),
    ("vhp", lambda lib, f, x, y, v: f.vhp(lambda a, b: (a * a * b).sum(), (x, y), (v, v))),
    ("jacobian", lambda lib, f, x, y, v: f.jacobian(lambda a, b: (a * b, a.sum()), (x, y))),
    ("hessian", lambda lib, f, x, y, v: f.hessian(lambda a, b: (a * a * b).sum(), (x, y))),
]


def flat(found: Any) -> list[Any]:
    return [t for part in found for t in flat(part)] if isinstance(found, tuple) else [found]


@pytest.mark.parametrize("call", [call for _, call in STRICT], ids=[name for name, _ in STRICT])
def test_functional_beside_pytorch(call: Callable[..., Any]) -> None:
    torch = pytest.importorskip("torch")
    found = [
        flat(call(lib, lib.autograd.functional, *(lib.tensor(v) for v in ([0.1, -0.2], [0.3, 0.4], [1.0, 2.0]))))
        for lib in (ag, torch)
    ]
    assert len(found[0]) == len(found[1])
    for ours, theirs in zip(*found):
        assert ours.shape == tuple(theirs.shape)
        np.testing.assert_allclose(ours.numpy(), theirs.numpy(), rtol=1e-6)
