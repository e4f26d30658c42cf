"""SGD, Adagrad, RMSprop, Adam and AdamW: against plain numpy and torch, resumed, by several threads, and wrong options."""

from __future__ import annotations

import json
import warnings
from collections.abc import Callable
from math import sqrt
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from optimizers_beside_torch import (
    DTYPES,
    TOLERANCE,
    blocks,
    has_the_defaults_of_torch,
    leaf,
    make,
    problem,
    set_gradients,
    takes_the_steps_of_numpy,
    takes_the_steps_of_torch,
)

import autograd_core as ag
import optim
from optim.optimizer import LARGE

CLASSES: dict[str, Callable[..., optim.Optimizer]] = {
    "SGD": optim.SGD,
    "Adagrad": optim.Adagrad,
    "RMSprop": optim.RMSprop,
    "Adam": optim.Adam,
    "AdamW": optim.AdamW,
}
COMMON = {"lr": [0.05, 0.001], "weight_decay": [0, 0.1], "maximize": [False, True]}
OPTIONS: dict[str, dict[str, list[Any]]] = {
    "SGD": {**COMMON, "momentum": [0, 0.9], "dampening": [0, 0.3], "nesterov": [False, True]},
    "Adagrad": {**COMMON, "lr_decay": [0, 0.1], "initial_accumulator_value": [0, 0.5], "eps": [1e-10, 0.1]},
    "RMSprop": {**COMMON, "alpha": [0.99, 0.9], "momentum": [0, 0.9], "centered": [False, True], "eps": [1e-8, 0.1]},
    "Adam": {**COMMON, "betas": [(0.9, 0.999), (0.3, 0.5), (0.0, 0.0)], "amsgrad": [False, True], "eps": [1e-8, 0.1]},
    "AdamW": {**COMMON, "betas": [(0.9, 0.999), (0.3, 0.5)], "amsgrad": [False, True], "eps": [1e-8, 0.1]},
}


def is_valid(options: dict[str, Any]) -> bool:
    return not options.get("nesterov") or (options["momentum"] > 0 and options["dampening"] == 0)


def cases() -> st.SearchStrategy[tuple[str, dict[str, Any]]]:
    def of(name: str) -> st.SearchStrategy[tuple[str, dict[str, Any]]]:
        options = st.fixed_dictionaries({k: st.sampled_from(v) for k, v in OPTIONS[name].items()}).filter(is_valid)
        return st.tuples(st.just(name), options)

    return st.sampled_from(sorted(OPTIONS)).flatmap(of)


def reference(name: str, o: dict[str, Any], p: np.ndarray, g: np.ndarray, s: dict[str, Any]) -> np.ndarray:
    """One update of one parameter as the papers state it, in whole-array numpy."""
    s["t"] = t = s.get("t", 0) + 1
    g = -g if o["maximize"] else g
    if name != "AdamW":
        g = g + o["weight_decay"] * p
    if name == "SGD":
        if o["momentum"]:
            s["b"] = o["momentum"] * s["b"] + (1 - o["dampening"]) * g if "b" in s else g
            g = g + o["momentum"] * s["b"] if o["nesterov"] else s["b"]
        return p - o["lr"] * g
    if name == "Adagrad":
        s["sum"] = s.get("sum", o["initial_accumulator_value"]) + g * g
        return p - o["lr"] / (1 + (t - 1) * o["lr_decay"]) * g / (np.sqrt(s["sum"]) + o["eps"])
    if name == "RMSprop":
        s["v"] = o["alpha"] * s.get("v", 0) + (1 - o["alpha"]) * g * g
        v = s["v"]
        if o["centered"]:
            s["a"] = o["alpha"] * s.get("a", 0) + (1 - o["alpha"]) * g
            v = v - s["a"] ** 2
        s["b"] = o["momentum"] * s.get("b", 0) + g / (np.sqrt(v) + o["eps"])
        return p - o["lr"] * s["b"]
    beta1, beta2 = o["betas"]
    if name == "AdamW":
        p = p - o["lr"] * o["weight_decay"] * p
    s["m"] = beta1 * s.get("m", 0) + (1 - beta1) * g
    s["v"] = beta2 * s.get("v", 0) + (1 - beta2) * g * g
    s["max"] = np.maximum(s.get("max", 0), s["v"]) if o["amsgrad"] else s["v"]
    return p - o["lr"] / (1 - beta1**t) * s["m"] / (np.sqrt(s["max"]) / sqrt(1 - beta2**t) + o["eps"])


@pytest.mark.parametrize("dtype", DTYPES)
@settings(max_examples=60, deadline=None, derandomize=True)
@given(case=cases())
def test_equals_a_plain_numpy_implementation(dtype: str, case: tuple[str, dict[str, Any]]) -> None:
    takes_the_steps_of_numpy(reference, *case, problem(dtype), steps=20)


@pytest.mark.parametrize("dtype", DTYPES)
@settings(max_examples=60, deadline=None, derandomize=True)
@given(case=cases())
def test_equals_torch_over_50_steps(torch: Any, dtype: str, case: tuple[str, dict[str, Any]]) -> None:
    name, options = case
    takes_the_steps_of_torch(torch, name, options, problem(dtype, seed=1), TOLERANCE[dtype])


@pytest.mark.parametrize("name", CLASSES)
def test_defaults_are_those_of_torch(torch: Any, name: str) -> None:
    has_the_defaults_of_torch(torch, name)


def test_momentum_begins_with_the_undamped_gradient() -> None:
    w = ag.tensor([0.0], requires_grad=True)
    optimizer = optim.SGD([w], lr=1.0, momentum=0.5, dampening=0.25)
    for expected in (-1.0, -1.0 - (0.5 + 0.75)):
        w.grad = ag.tensor([1.0])
        optimizer.step()
        assert w.item() == expected


def test_momentum_switched_on_later_begins_then() -> None:
    w = ag.tensor([0.0], requires_grad=True)
    optimizer = optim.SGD([w], lr=1.0)
    for momentum, expected in ((0, -1.0), (0.5, -2.0), (0.5, -3.5)):
        optimizer.param_groups[0]["momentum"] = momentum
        w.grad = ag.tensor([1.0])
        optimizer.step()
        assert w.item() == expected


def test_weight_decay_of_zero_leaves_infinities_alone() -> None:
    w = ag.tensor([np.inf, 1.0], requires_grad=True)
    w.grad = ag.tensor([1.0, 1.0])
    optim.SGD([w], lr=0.5).step()
    assert w.tolist() == [np.inf, 0.5]


@pytest.mark.filterwarnings("ignore:.*encountered in:RuntimeWarning")  # kernels that run as plain Python warn
@pytest.mark.parametrize("name", CLASSES)
@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_a_gradient_that_is_not_finite_passes_through_and_stays_in_its_element(name: str, bad: float) -> None:
    w, other = ag.tensor([1.0, 1.0], requires_grad=True), ag.tensor([1.0], requires_grad=True)
    optimizer = CLASSES[name]([w, other], lr=0.1)
    w.grad, other.grad = ag.tensor([bad, 1.0]), ag.tensor([1.0])
    optimizer.step()
    assert not np.isfinite(w.array[0])
    assert np.isfinite(w.array[1])
    assert np.isfinite(other.item())
    assert w.array[1] == other.array[0]


@pytest.mark.filterwarnings("ignore:.*encountered in:RuntimeWarning")
def test_amsgrad_keeps_nan_in_the_largest_square() -> None:
    w = ag.tensor([1.0], requires_grad=True)
    optimizer = optim.Adam([w], amsgrad=True)
    for g in (np.nan, 1.0):
        w.grad = ag.tensor([g])
        optimizer.step()
    assert np.isnan(optimizer.state[w]["max_exp_avg_sq"].item())


@pytest.mark.parametrize("name", CLASSES)
def test_options_may_be_numpy_numbers(name: str) -> None:
    results = []
    for number in (float, np.float32):
        w = ag.ones(2, requires_grad=True)
        optimizer = CLASSES[name]([w], lr=number(0.25), weight_decay=number(0.5))
        w.grad = ag.ones(2)
        optimizer.step()
        results.append(w.tolist())
    assert results[0] == results[1]


def test_trains_a_network() -> None:
    rng = np.random.default_rng(0)
    x, y = ag.from_numpy(rng.standard_normal((16, 3)).astype("float32")), ag.from_numpy(np.eye(16, 2, dtype="float32"))
    for name, cls in CLASSES.items():
        w1, b1, w2 = make([rng.standard_normal(s).astype("float32") for s in ((3, 8), (8,), (8, 2))])
        optimizer = cls([w1, b1, w2], lr=0.05)
        losses = []
        for _ in range(60):
            optimizer.zero_grad()
            loss = ((ag.tanh(x @ w1 + b1) @ w2 - y) ** 2).mean()
            loss.backward()
            optimizer.step()
            losses.append(loss.item())
        assert losses[-1] < 0.5 * losses[0], name
        assert blocks(optimizer) == [3]


# ------------------------------------------------------------------------------------------------------------- resuming


def as_json(state: dict[str, Any]) -> dict[str, Any]:
    """A state dict as it comes back from JSON and a file of arrays: string keys, lists for tuples."""
    arrays = {f"{i}.{k}": v.array for i, s in state["state"].items() for k, v in s.items() if isinstance(v, ag.Tensor)}
    plain = {i: {k: None if isinstance(v, ag.Tensor) else v for k, v in s.items()} for i, s in state["state"].items()}
    loaded = json.loads(json.dumps({"state": plain, "param_groups": state["param_groups"]}))
    for name, array in arrays.items():
        index, key = name.split(".")
        loaded["state"][index][key] = array
    return loaded


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("through_json", [False, True])
@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("SGD", {"momentum": 0.9, "nesterov": True}),
        ("Adagrad", {"lr_decay": 0.1}),
        ("RMSprop", {"centered": True, "momentum": 0.5}),
        ("Adam", {"amsgrad": True}),
        ("AdamW", {"lr": 0.1}),
    ],
)
def test_resuming_equals_going_on_bit_for_bit(
    name: str, options: dict[str, Any], through_json: bool, dtype: str
) -> None:
    params, gradients = problem(dtype)
    tensors = make(params)
    optimizer = CLASSES[name](tensors, **options)
    for step in range(5):
        set_gradients(tensors, gradients(step))
        optimizer.step()
    saved = optimizer.state_dict()
    copies = make([t.array for t in tensors])
    resumed = CLASSES[name](copies)
    resumed.load_state_dict(as_json(saved) if through_json else saved)
    for step in range(5, 10):
        for t, o in ((tensors, optimizer), (copies, resumed)):
            set_gradients(t, gradients(step))
            o.step()
    for a, b in zip(tensors, copies, strict=True):
        np.testing.assert_array_equal(a.array, b.array)


# ------------------------------------------------------------------------------------------------- options and warnings


NEGATIVE = r"It must be a number of at least 0"


@pytest.mark.parametrize("lr", [-0.1, float("nan"), float("inf"), "0.1", None])
@pytest.mark.parametrize("name", CLASSES)
def test_wrong_learning_rate(name: str, lr: Any) -> None:
    with pytest.raises(
        ag.errors.ArgumentError, match=rf"Invalid learning rate: {lr!r}. {NEGATIVE} and finite: pass for example lr="
    ):
        CLASSES[name]([leaf()], lr=lr)


@pytest.mark.parametrize(
    ("name", "options", "message"),
    [
        ("SGD", {"momentum": -0.5}, r"Invalid momentum value: -0.5. .* pass for example momentum=0.9"),
        ("SGD", {"weight_decay": -1}, r"Invalid weight_decay value: -1. .* pass for example weight_decay=0.0005"),
        (
            "SGD",
            {"nesterov": True},
            r"Nesterov momentum requires a momentum and zero dampening, not momentum=0 .* Pass",
        ),
        ("SGD", {"nesterov": True, "momentum": 0.9, "dampening": 0.1}, r"not momentum=0.9 and dampening=0.1. Pass"),
        ("Adagrad", {"lr_decay": -1}, r"Invalid lr_decay value: -1. .* pass for example lr_decay=0.001"),
        ("Adagrad", {"weight_decay": -1}, r"Invalid weight_decay value: -1"),
        ("Adagrad", {"initial_accumulator_value": -1}, r"Invalid initial_accumulator_value value: -1. .* pass"),
        ("Adagrad", {"eps": -1}, r"Invalid epsilon value: -1. .* pass for example eps=1e-10"),
        ("RMSprop", {"alpha": -1}, r"Invalid alpha value: -1. .* pass for example alpha=0.99"),
        ("RMSprop", {"eps": -1}, r"Invalid epsilon value: -1"),
        ("RMSprop", {"weight_decay": -1}, r"Invalid weight_decay value: -1"),
        ("RMSprop", {"momentum": -1}, r"Invalid momentum value: -1"),
        ("Adam", {"betas": (1.0, 0.9)}, r"Invalid beta parameter at index 0: 1.0. .* at least 0 and less than 1: pass"),
        ("Adam", {"betas": (0.9, -0.1)}, r"Invalid beta parameter at index 1: -0.1"),
        ("Adam", {"betas": 0.9}, r"betas must be two numbers, not 0.9. Pass for example betas=\(0.9, 0.999\)"),
        ("Adam", {"eps": -1}, r"Invalid epsilon value: -1"),
        ("Adam", {"weight_decay": -1}, r"Invalid weight_decay value: -1"),
        ("AdamW", {"betas": (0.9, 1.5)}, r"Invalid beta parameter at index 1: 1.5"),
    ],
)
def test_wrong_options(name: str, options: dict[str, Any], message: str) -> None:
    with pytest.raises(ag.errors.ArgumentError, match=message):
        CLASSES[name]([leaf()], **options)
    with pytest.raises(ag.errors.ArgumentError, match=message):
        CLASSES[name]([{"params": [leaf()], **options}])


def test_updates_warn_of_nothing() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for cls in CLASSES.values():
            w = leaf()
            w.grad = ag.zeros(2)
            cls([w]).step()
            assert w.tolist() == [0.0, 0.0]


@pytest.mark.usefixtures("any_work_is_shared")
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_large_parameters_are_updated_by_several_threads_to_the_same_bits(dtype: Any) -> None:
    def trained(n: int) -> list[bytes]:
        ag.set_num_threads(n)
        rng, found = np.random.default_rng(0), []
        for kind in (optim.SGD, optim.Adam, optim.RMSprop, optim.Adagrad):
            p = ag.tensor(rng.normal(size=LARGE + 5).astype(dtype), requires_grad=True)
            rule = kind([p], lr=0.1, weight_decay=0.01)
            for _ in range(2):
                p.grad = ag.tensor(rng.normal(size=p.shape).astype(dtype))
                rule.step()
            found.append(p.array.tobytes())
        return found

    assert trained(1) == trained(2) == trained(3)
