"""State dicts of optimizers: their structure, loaded here and from torch, wrong ones, and copies that go on."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from optimizers_beside_torch import blocks, dtypes, make, set_gradients
from options_of_optimizers import CLASSES, OPTIONS, combinations, names, problem_for

import autograd_core as ag
import optim


def test_state_dict_has_the_structure_of_torch() -> None:
    a, b = make([np.ones((2, 3), "float32"), np.ones(2, "float32")])
    optimizer = optim.Adam([{"params": [a]}, {"params": [b], "lr": 0.5}])
    set_gradients([a, b], [np.ones((2, 3), "float32"), np.ones(2, "float32")])
    optimizer.step()
    saved = optimizer.state_dict()
    assert [g["params"] for g in saved["param_groups"]] == [[0], [1]]
    assert [g["lr"] for g in saved["param_groups"]] == [1e-3, 0.5]
    assert set(saved["state"][0]) == {"step", "exp_avg", "exp_avg_sq"}
    assert saved["state"][0]["step"] == 1
    assert isinstance(saved["state"][0]["exp_avg"], ag.Tensor)
    assert saved["state"][0]["exp_avg"].shape == (2, 3)


def test_state_dict_is_a_copy() -> None:
    w = ag.zeros(1, requires_grad=True)
    optimizer = optim.SGD([w], momentum=0.5)
    w.grad = ag.ones(1)
    optimizer.step()
    saved = optimizer.state_dict()
    optimizer.step()
    optimizer.param_groups[0]["lr"] = 7.0
    assert saved["state"][0]["momentum_buffer"].tolist() == [1.0]
    assert saved["param_groups"][0]["lr"] == 1e-3


def test_state_is_for_reading_and_shares_memory() -> None:
    w = ag.zeros(2, requires_grad=True)
    optimizer = optim.SGD([w, ag.zeros(2, requires_grad=True)], lr=1.0, momentum=0.5)
    w.grad = ag.ones(2)
    optimizer.step()
    optimizer.state[w]["momentum_buffer"].zero_()
    w.grad = ag.zeros(2)
    optimizer.step()
    assert w.tolist() == [-1.0, -1.0]
    with pytest.raises(TypeError, match="item assignment"):
        optimizer.state[w]["momentum_buffer"] = ag.ones(2)  # type: ignore[index]


def test_loading_casts_to_the_dtype_of_the_parameter() -> None:
    source, target = make([np.zeros(2, "float64"), np.zeros(2, "float32")])
    first, second = optim.Adam([source]), optim.Adam([target])
    source.grad, target.grad = ag.from_numpy(np.ones(2)), ag.from_numpy(np.ones(2, "float32"))
    first.step()
    second.load_state_dict(first.state_dict())
    assert second.state[target]["exp_avg"].dtype == ag.float32
    second.step()
    assert second.state[target]["step"] == 2


def test_loading_joins_parameters_again() -> None:
    tensors = make([np.zeros(2, "float32")] * 3)
    optimizer = optim.Adam(tensors)
    fresh = optimizer.state_dict()
    ones = np.ones(2, "float32")
    set_gradients(tensors, [ones, None, ones])
    optimizer.step()
    assert blocks(optimizer) == [1, 1, 1]
    optimizer.load_state_dict(fresh)
    assert blocks(optimizer) == [3]
    assert not optimizer.state


def test_a_wrong_state_dict_changes_nothing() -> None:
    a, b = make([np.zeros(2, "float32"), np.zeros(3, "float32")])
    optimizer = optim.Adam([{"params": [a]}, {"params": [b]}], lr=0.5)
    set_gradients([a, b], [np.ones(2, "float32"), np.ones(3, "float32")])
    optimizer.step()
    before = repr(optimizer), optimizer.state[a]["exp_avg"].tolist()
    good = optimizer.state_dict()
    good["param_groups"][0]["lr"] = 9.0

    def broken(change: Callable[[dict[str, Any]], Any]) -> dict[str, Any]:
        state = {"state": dict(good["state"]), "param_groups": [dict(g) for g in good["param_groups"]]}
        change(state)
        return state

    for change, message in (
        (
            lambda s: s.pop("state"),
            r"state dict has no 'state', only \['param_groups'\]. Pass what state_dict\(\) returned",
        ),
        (lambda s: s["param_groups"].pop(), r"different number of parameter groups: 1, and the optimizer has 2. Make"),
        (
            lambda s: s["param_groups"][1].update(params=[1, 2]),
            r"doesn't match the size of optimizer's group 1: 2 parameters, not 1. Load states of the same network",
        ),
        (
            lambda s: s["state"].update({1: {"exp_avg": np.zeros(4)}}),
            r"parameter 0 of its group has shape \(3,\), but its state 'exp_avg' has shape \(4,\)",
        ),
        (lambda s: s["param_groups"][1].update(lr=-1.0), r"Invalid learning rate: -1.0"),
        (
            lambda s: [s["param_groups"][0].pop(key) for key in ("betas", "eps")],
            r"is of another optimizer than Adam: its group 0 has no betas, eps. Load it into an optimizer of the class",
        ),
    ):
        with pytest.raises(ag.errors.ArgumentError, match=message):
            optimizer.load_state_dict(broken(change))
        assert before == (repr(optimizer), optimizer.state[a]["exp_avg"].tolist())


def test_a_deep_copy_trains_its_own_parameters() -> None:
    tensors = make([np.zeros(2, "float32"), np.zeros(3, "float32")])
    optimizer = optim.SGD(tensors, lr=1.0, momentum=0.5)
    set_gradients(tensors, [np.ones(2, "float32"), np.ones(3, "float32")])
    optimizer.step()
    copied, copies = copy.deepcopy((optimizer, tensors))
    set_gradients(copies, [np.ones(2, "float32"), np.ones(3, "float32")])
    copied.step()
    assert [t.array[0] for t in tensors] == [-1.0, -1.0]
    assert [t.array[0] for t in copies] == [-2.5, -2.5]


# ----------------------------------------------------------------------------------------------- from Adadelta to Rprop


NUMBERS = {"step", "eta", "mu", "mu_product"}  # entries of states that PyTorch keeps as float32 tensors


def through_json(saved: dict[str, Any]) -> dict[str, Any]:
    """A state dict as it comes back from JSON and a file of arrays."""
    state = {
        str(i): {k: v.numpy() if isinstance(v, ag.Tensor) else json.loads(json.dumps(v)) for k, v in entries.items()}
        for i, entries in saved["state"].items()
    }
    return {"state": state, "param_groups": json.loads(json.dumps(saved["param_groups"]))}


@dtypes
@names
def test_resuming_equals_going_on_bit_for_bit(name: str, dtype: str) -> None:
    params, gradients = problem_for(name, dtype)
    tensors = make(params)
    options = combinations(name)[-1]
    optimizer = CLASSES[name](tensors, **options)
    for step in range(5):
        set_gradients(tensors, gradients(step))
        optimizer.step()
    copies = make([t.array for t in tensors])
    resumed = CLASSES[name](copies)
    resumed.load_state_dict(through_json(optimizer.state_dict()))
    for step in range(5, 10):
        for t, o in ((tensors, optimizer), (copies, resumed)):
            set_gradients(t, gradients(step))
            o.step()
    for a, b in zip(tensors, copies, strict=True):
        np.testing.assert_array_equal(a.array, b.array)


@pytest.mark.parametrize("name", [*OPTIONS, "Adam", "AdamW", "RMSprop", "Adagrad", "SGD", "LBFGS"])
def test_a_state_of_torch_goes_on_here(torch: Any, name: str) -> None:
    options = {"momentum": 0.9} if name == "SGD" else {"max_iter": 3} if name == "LBFGS" else {}
    rng = np.random.default_rng(6)
    params = [rng.standard_normal(shape) for shape in ((3, 2), (1, 4))]
    ours, theirs = make(params), [torch.tensor(p, requires_grad=True) for p in params]
    optimizer, oracle = (getattr(m, name)(p, lr=0.1, **options) for m, p in ((optim, ours), (torch.optim, theirs)))

    def stepped(optimizer: Any, tensors: list[Any]) -> None:
        def closure() -> Any:
            optimizer.zero_grad()
            loss = sum(((t - 1) ** 2).sum() for t in tensors)
            loss.backward()
            return loss

        optimizer.step(closure)

    for _ in range(3):
        stepped(oracle, theirs)
    for a, b in zip(ours, theirs, strict=True):
        a.array[...] = b.detach().numpy()
    optimizer.load_state_dict(oracle.state_dict())
    for _ in range(3):
        stepped(oracle, theirs)
        stepped(optimizer, ours)
    for a, b in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(a.array, b.detach().numpy(), rtol=1e-3 if name == "Muon" else 1e-9)


def test_a_state_of_another_shape() -> None:
    first, second = (optim.Adafactor([ag.ones(*shape, requires_grad=True)]) for shape in ((2, 3), (4, 3)))
    w = first.param_groups[0]["params"][0]
    w.grad = ag.ones(2, 3)
    first.step()
    assert first.state[w]["row_var"].shape == (2, 1)
    assert first.state[w]["col_var"].shape == (1, 3)
    with pytest.raises(
        ag.errors.ArgumentError, match=r"has shape \(4, 3\), but its state 'row_var' has shape \(2, 1\)"
    ):
        second.load_state_dict(first.state_dict())
