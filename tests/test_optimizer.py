"""Every optimizer: its step, zero_grad, groups, names, rates and repr, and the parameters that it does not take."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from optimizers_beside_torch import leaf, make
from options_of_optimizers import OPTIONS

import autograd_core as ag
import nn
import optim

# --------------------------------------------------------------------------------------------------- step and zero_grad


def test_parameters_without_a_gradient_are_skipped_and_have_no_state() -> None:
    a, b = ag.tensor([1.0], requires_grad=True), ag.tensor([1.0], requires_grad=True)
    optimizer = optim.Adam([a, b], lr=0.5, weight_decay=1.0)
    a.grad = ag.tensor([1.0])
    optimizer.step()
    assert (a.item() < 1.0, b.item()) == (True, 1.0)
    assert list(optimizer.state) == [a]
    assert list(optimizer.state_dict()["state"]) == [0]


def test_step_counts_are_those_of_each_parameter() -> None:
    a, b = ag.tensor([1.0], requires_grad=True), ag.tensor([1.0], requires_grad=True)
    optimizer = optim.Adam([a, b])
    for step in range(4):
        a.grad = ag.tensor([1.0])
        b.grad = ag.tensor([1.0]) if step % 2 else None
        optimizer.step()
    assert [optimizer.state[p]["step"] for p in (a, b)] == [4, 2]


def test_a_group_may_be_empty() -> None:
    w = ag.ones(1, requires_grad=True)
    w.grad = ag.ones(1)
    optimizer = optim.SGD([{"params": []}, {"params": w}], lr=0.5)
    optimizer.step()
    assert w.item() == 0.5
    optimizer.load_state_dict(optimizer.state_dict())


def test_no_gradients_at_all_changes_nothing() -> None:
    w = ag.tensor([1.0], requires_grad=True)
    optimizer = optim.Adam([w])
    optimizer.step()
    assert w.item() == 1.0
    assert optimizer.state_dict()["state"] == {}


def test_step_returns_what_the_closure_returns_and_records_it() -> None:
    w = ag.tensor([2.0], requires_grad=True)
    optimizer = optim.SGD([w], lr=0.25)

    def closure() -> ag.Tensor:
        optimizer.zero_grad()
        loss = (w * w).sum()
        loss.backward()
        return loss

    with ag.no_grad():
        loss = optimizer.step(closure)
    assert loss.item() == 4.0
    assert w.item() == 1.0
    assert optimizer.step() is None


def test_zero_grad() -> None:
    w, unused = ag.tensor([2.0], requires_grad=True), ag.tensor([2.0], requires_grad=True)
    optimizer = optim.SGD([w, unused])
    w.grad = g = ag.tensor([3.0])
    optimizer.zero_grad(set_to_none=False)
    assert w.grad.tolist() == [0.0]
    assert g.tolist() == [0.0]
    assert unused.grad is None
    optimizer.zero_grad()
    assert w.grad is None


def test_zero_grad_parts_a_recorded_gradient_from_its_graph() -> None:
    w = ag.tensor([2.0], requires_grad=True)
    optimizer = optim.SGD([w])
    (w**3).sum().backward(create_graph=True)
    assert w.grad.requires_grad
    optimizer.zero_grad(set_to_none=False)
    assert not w.grad.requires_grad
    assert w.grad.tolist() == [0.0]


def test_a_value_saved_before_the_step_is_found_to_be_overwritten() -> None:
    w = ag.tensor([2.0, 3.0], requires_grad=True)
    optimizer = optim.SGD([w, ag.zeros(2, requires_grad=True)], lr=0.5)
    loss = (w * w).sum()
    w.grad = ag.tensor([1.0, 1.0])
    optimizer.step()
    with pytest.raises(ag.errors.GraphError, match=r"(?i)written|in place"):
        loss.backward()


# ---------------------------------------------------------------------------------------------- groups, names and rates


def test_groups_have_options_of_their_own() -> None:
    a, b = ag.tensor([1.0], requires_grad=True), ag.tensor([1.0], requires_grad=True)
    optimizer = optim.SGD([{"params": [a]}, {"params": b, "lr": 0.5}], lr=0.25, momentum=0.9)
    a.grad, b.grad = ag.tensor([1.0]), ag.tensor([1.0])
    optimizer.step()
    assert [g["lr"] for g in optimizer.param_groups] == [0.25, 0.5]
    assert [g["momentum"] for g in optimizer.param_groups] == [0.9, 0.9]
    assert (a.item(), b.item()) == (0.75, 0.5)


def test_the_given_group_is_not_changed() -> None:
    group = {"params": [ag.zeros(1, requires_grad=True)]}
    optim.SGD([group])
    assert set(group) == {"params"}


def test_add_param_group_keeps_the_state_of_the_others() -> None:
    a, b = ag.tensor([1.0], requires_grad=True), ag.tensor([1.0], requires_grad=True)
    optimizer = optim.SGD([a], lr=1.0, momentum=0.5)
    a.grad = ag.tensor([1.0])
    optimizer.step()
    optimizer.add_param_group({"params": [b], "lr": 0.5})
    b.grad = ag.tensor([1.0])
    optimizer.step()
    assert (a.item(), b.item()) == (1.0 - 1.0 - 1.5, 0.5)


def test_parameters_may_come_from_a_generator() -> None:
    tensors = make([np.ones(2, "float32"), np.ones(3, "float32")])
    optimizer = optim.SGD(t for t in tensors)
    assert len(optimizer.param_groups[0]["params"]) == 2


def test_repr_is_that_of_torch() -> None:
    optimizer = optim.SGD([{"params": ag.zeros(1, requires_grad=True)}, {"params": ag.zeros(1), "lr": 0.5}], lr=0.25)
    assert repr(optimizer) == (
        "SGD (\nParameter Group 0\n    dampening: 0\n    lr: 0.25\n    maximize: False\n    momentum: 0\n"
        "    nesterov: False\n    weight_decay: 0\n"
        "Parameter Group 1\n    dampening: 0\n    lr: 0.5\n    maximize: False\n    momentum: 0\n"
        "    nesterov: False\n    weight_decay: 0\n)"
    )


def test_parameters_may_have_names() -> None:
    named = {"w": ag.ones(1, requires_grad=True), "b": ag.zeros(1, requires_grad=True)}
    optimizer = optim.SGD(named.items(), lr=0.5)
    assert optimizer.param_groups[0]["params"] == list(named.values())
    assert optimizer.state_dict()["param_groups"][0]["param_names"] == ["w", "b"]
    named["w"].grad = ag.ones(1)
    optimizer.step()
    assert named["w"].item() == 0.5
    extra = ag.zeros(1, requires_grad=True)
    with pytest.raises(
        ag.errors.ArgumentError, match=r"all optimizer param groups should be with/without names, .* without"
    ):
        optimizer.add_param_group({"params": [extra]})
    optimizer.add_param_group({"params": [("extra", extra)]})
    with pytest.raises(ag.errors.ArgumentError, match=r"but 1 of 2 names are missing. Pass model.named_parameters\(\)"):
        optim.SGD([("w", ag.zeros(1)), ag.zeros(1)])


def test_loaded_names_replace_those_there_are() -> None:
    first = optim.SGD([("a", ag.zeros(1, requires_grad=True))])
    second = optim.SGD([("b", ag.zeros(1, requires_grad=True))])
    plain = optim.SGD([ag.zeros(1, requires_grad=True)])
    second.load_state_dict(plain.state_dict())
    assert second.param_groups[0]["param_names"] == ["b"]
    second.load_state_dict(first.state_dict())
    assert second.param_groups[0]["param_names"] == ["a"]


@pytest.mark.parametrize("name", [*OPTIONS, "SGD", "Adam", "AdamW", "RMSprop", "Adagrad"])
def test_the_rate_may_be_a_tensor(name: str) -> None:
    results = []
    for lr in (0.25, ag.tensor(0.25), ag.tensor([0.25], dtype="float64")):
        w = ag.ones(2, 2, requires_grad=True)
        optimizer = getattr(optim, name)([w], lr=lr)
        w.grad = ag.ones(2, 2)
        optimizer.step()
        results.append(w.tolist())
    assert results[0] == results[1] == results[2]
    with pytest.raises(ag.errors.ArgumentError, match=r"Invalid learning rate: tensor\(\[0.1"):
        getattr(optim, name)([ag.zeros(1, 1)], lr=ag.tensor([0.1, 0.2]))


def test_frozen_parameters_and_groups_of_their_own() -> None:
    frozen, small, large = (ag.ones(2, requires_grad=i > 0) for i in range(3))
    optimizer = optim.NAdam([{"params": [frozen, small]}, {"params": [large], "lr": 0.5}], lr=0.1)
    for _ in range(3):
        optimizer.zero_grad()
        ((frozen + small + large) ** 2).sum().backward()
        optimizer.step()
    assert frozen.tolist() == [1, 1]
    assert 1 > small.array[0] > large.array[0]
    assert list(optimizer.state_dict()["state"]) == [1, 2]


# --------------------------------------------------------------------------------------------------------------- errors


@pytest.mark.parametrize(
    ("params", "error", "message"),
    [
        (
            lambda: leaf(),
            TypeError,
            r"an iterable of Tensors or dicts, but got one Tensor of shape \(2,\). Put it in a list",
        ),
        (
            lambda: nn.Linear(2, 2),
            TypeError,
            r"an iterable of Tensors or dicts, but got a Linear. Pass model.parameters\(\)",
        ),
        (list, ag.errors.ArgumentError, r"optimizer got an empty parameter list. Pass model.parameters\(\)"),
        (lambda: [np.ones(2)], TypeError, r"can only optimize Tensors, but one of the params is ndarray. Pass model"),
        (
            lambda: [("w", leaf(), 1)],
            TypeError,
            r"can only optimize Tensors, but one of the params is tuple. Pass model",
        ),
        (
            lambda: [leaf() * 2],
            ag.errors.ArgumentError,
            r"can't optimize a non-leaf Tensor: the one of shape \(2,\) .* Pass",
        ),
        (lambda: [{"params": {leaf()}}], TypeError, r"ordered collections, but 'params' is a set, .* Pass a list"),
        (lambda: [{"lr": 0.1}], ag.errors.ArgumentError, r"param_group has no 'params', only \['lr'\]. Add 'params'"),
        (
            lambda: [{"params": [leaf()]}, leaf()],
            TypeError,
            r"param_group must be a dict, but got Tensor. Pass \{'params'",
        ),
    ],
)
def test_wrong_parameters(params: Callable[[], Any], error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        optim.SGD(params())


IMPLEMENTATION = {"foreach", "fused", "capturable", "differentiable"}


def choices(optimizer: Any) -> dict[str, Any]:
    """Return what an optimizer takes to choose an implementation, with the defaults."""
    return {p.name: p.default for p in inspect.signature(optimizer).parameters.values() if p.name in IMPLEMENTATION}


@pytest.mark.parametrize("name", [*OPTIONS, "SGD", "Adam", "AdamW", "RMSprop", "Adagrad", "LBFGS"])
def test_implementations_are_chosen_in_vain(torch: Any, name: str) -> None:
    taken = choices(getattr(optim, name))
    assert taken == choices(getattr(torch.optim, name))
    ended = []
    for value in (False, True):
        options = {key: value for key in taken if key != "differentiable"}
        w = ag.tensor([[1.0, 2.0]], requires_grad=True)
        optimizer = getattr(optim, name)([w], **options)
        w.grad = ag.ones(1, 2)
        optimizer.step(w.sum)
        ended.append(w.tolist())
        assert not IMPLEMENTATION & set(optimizer.param_groups[0])
    assert ended[0] == ended[1]


def test_no_step_is_recorded() -> None:
    with pytest.raises(
        ag.errors.ArgumentError, match=r"differentiable is True: expected False, .* write the update in op"
    ):
        optim.SGD([leaf()], differentiable=True)
    with pytest.raises(ag.errors.ArgumentError, match=r"foreach is 'yes': expected True, False or None; leave it out"):
        optim.SGD([leaf()], foreach="yes")  # type: ignore[arg-type]


def test_a_parameter_appears_once() -> None:
    w = leaf()
    message = (
        r"some parameters appear in more than one parameter group, or twice in one: .* \(2,\). Pass each parameter once"
    )
    with pytest.raises(ag.errors.ArgumentError, match=message):
        optim.SGD([w, w])
    with pytest.raises(ag.errors.ArgumentError, match=message):
        optim.SGD([{"params": [w]}, {"params": [w]}])
    optimizer = optim.SGD([w])
    with pytest.raises(ag.errors.ArgumentError, match=message):
        optimizer.add_param_group({"params": w})
    assert len(optimizer.param_groups) == 1


def test_read_only_memory() -> None:
    array = np.zeros(2, "float32")
    array.flags.writeable = False
    w = ag.from_numpy(array).requires_grad_()
    with pytest.raises(
        ag.errors.ArgumentError, match=r"parameter 1 of its group, of shape \(2,\), is in read-only memory .* Make"
    ):
        optim.SGD([leaf(), w])


def test_a_class_without_a_rule_says_so() -> None:
    class Empty(optim.Optimizer):
        pass

    w = ag.zeros(1, requires_grad=True)
    w.grad = ag.ones(1)
    with pytest.raises(NotImplementedError, match=r"Empty has no update rule: define update\(group, parameter"):
        Empty([w], {}).step()
