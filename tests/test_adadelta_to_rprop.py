"""Adadelta, Adafactor, Adamax, ASGD, Muon, NAdam, RAdam and Rprop: against plain numpy, torch and numbers by hand."""

from __future__ import annotations

import re
from math import sqrt
from typing import Any

import numpy as np
import pytest
from optimizers_beside_torch import (
    TOLERANCE,
    dtypes,
    has_the_defaults_of_torch,
    make,
    network,
    takes_the_steps_of_numpy,
    takes_the_steps_of_torch,
)
from options_of_optimizers import CLASSES, OPTIONS, combinations, names, problem_for

import autograd_core as ag
import optim
from optim.optimizer import LARGE


def single(x: float) -> float:
    """PyTorch keeps some numbers as tensors of the default dtype."""
    return float(np.float32(x))


def adadelta(o: dict[str, Any], p: np.ndarray, g: np.ndarray, s: dict[str, Any], t: int) -> np.ndarray:
    s["v"] = o["rho"] * s.get("v", 0) + (1 - o["rho"]) * g**2
    step = np.sqrt(s.get("u", 0) + o["eps"]) / np.sqrt(s["v"] + o["eps"]) * g
    s["u"] = o["rho"] * s.get("u", 0) + (1 - o["rho"]) * step**2
    return p - o["lr"] * step


def adamax(o: dict[str, Any], p: np.ndarray, g: np.ndarray, s: dict[str, Any], t: int) -> np.ndarray:
    s["m"] = o["betas"][0] * s.get("m", 0) + (1 - o["betas"][0]) * g
    s["u"] = np.maximum(o["betas"][1] * s.get("u", 0), np.abs(g) + o["eps"])
    return p - o["lr"] / (1 - o["betas"][0] ** t) * s["m"] / s["u"]


def asgd(o: dict[str, Any], p: np.ndarray, g: np.ndarray, s: dict[str, Any], t: int) -> np.ndarray:
    eta = single(o["lr"] / (1 + o["lambd"] * o["lr"] * (t - 1)) ** o["alpha"])
    mu = single(1 / max(1, t - 1 - o["t0"]))
    p = p - o["lambd"] * eta * p - eta * g
    s["ax"] = p if mu == 1 else s["ax"] + mu * (p - s["ax"])
    return p


def nadam(o: dict[str, Any], p: np.ndarray, g: np.ndarray, s: dict[str, Any], t: int) -> np.ndarray:
    beta1, beta2 = o["betas"]
    mu, following = (beta1 * (1 - 0.5 * 0.96 ** (i * o["momentum_decay"])) for i in (t, t + 1))
    s["product"] = single(np.float32(s.get("product", 1)) * np.float32(mu))
    s["m"] = beta1 * s.get("m", 0) + (1 - beta1) * g
    s["v"] = beta2 * s.get("v", 0) + (1 - beta2) * g**2
    ahead = following * s["m"] / (1 - s["product"] * following) + (1 - mu) * g / (1 - s["product"])
    return p - o["lr"] * ahead / (np.sqrt(s["v"] / (1 - beta2**t)) + o["eps"])


def radam(o: dict[str, Any], p: np.ndarray, g: np.ndarray, s: dict[str, Any], t: int) -> np.ndarray:
    beta1, beta2 = o["betas"]
    s["m"] = beta1 * s.get("m", 0) + (1 - beta1) * g
    s["v"] = beta2 * s.get("v", 0) + (1 - beta2) * g**2
    most = 2 / (1 - beta2) - 1
    length = most - 2 * t * beta2**t / (1 - beta2**t)
    mean = s["m"] / (1 - beta1**t)
    if length <= 5:
        return p - o["lr"] * mean
    r = sqrt((length - 4) * (length - 2) * most / (most - 4) / (most - 2) / length)
    return p - o["lr"] * r * mean * sqrt(1 - beta2**t) / (np.sqrt(s["v"]) + o["eps"])


def rprop(o: dict[str, Any], p: np.ndarray, g: np.ndarray, s: dict[str, Any], t: int) -> np.ndarray:
    agreement = g * s.get("g", np.zeros_like(g))
    factor = np.where(agreement > 0, o["etas"][1], np.where(agreement < 0, o["etas"][0], 1.0))
    s["size"] = np.clip(s.get("size", o["lr"]) * factor, *o["step_sizes"])
    s["g"] = np.where(agreement < 0, 0, g)
    return p - np.sign(s["g"]) * s["size"]


def adafactor(o: dict[str, Any], p: np.ndarray, g: np.ndarray, s: dict[str, Any], t: int) -> np.ndarray:
    eps1, eps2 = o["eps"]
    eps1 = s["machine epsilon"] if eps1 is None else eps1
    rms = lambda x: sqrt(np.mean(x**2))
    share = t ** o["beta2_decay"]
    rate = max(eps2, rms(p)) * min(o["lr"], 1 / sqrt(t))
    p = p * (1 - o["lr"] * o["weight_decay"])
    s["v"] = (1 - share) * s.get("v", 0) + share * g**2  # the means of it are what is kept
    v = s["v"]
    if g.ndim > 1:
        row, column = v.mean(-1, keepdims=True), v.mean(-2, keepdims=True)
        v = row * column / np.maximum(row.mean(-2, keepdims=True), eps1)
    u = g / np.maximum(np.sqrt(v), eps1)
    return p - rate * u / max(1, rms(u) / o["d"])


RULES = {"Adadelta": adadelta, "Adafactor": adafactor, "Adamax": adamax, "ASGD": asgd, "NAdam": nadam, "RAdam": radam,
         "Rprop": rprop}  # fmt: skip


def reference(name: str, o: dict[str, Any], p: np.ndarray, g: np.ndarray, s: dict[str, Any]) -> np.ndarray:
    s["t"] = s.get("t", 0) + 1
    g = -g if o.get("maximize") else g
    if o.get("decoupled_weight_decay"):
        p = p - o["lr"] * o["weight_decay"] * p
    elif name != "Adafactor":
        g = g + o.get("weight_decay", 0) * p
    return RULES[name](o, p, g, s, s["t"])


@dtypes
@pytest.mark.parametrize("name", RULES)
def test_equals_a_plain_numpy_implementation(name: str, dtype: str) -> None:
    for options in combinations(name):
        takes_the_steps_of_numpy(reference, name, options, problem_for(name, dtype), steps=12)


@dtypes
@names
def test_equals_torch_over_50_steps(torch: Any, name: str, dtype: str) -> None:
    close = {"rtol": 2e-3, "atol": 2e-4} if dtype == "float32" else TOLERANCE[dtype]
    if name == "Muon":  # sums in another order may round to another bfloat16
        close = {"rtol": 1e-3, "atol": 1e-4}
    every = 4 if name == "Muon" else 1 if dtype == "float64" else 5
    for options in combinations(name)[::every]:
        takes_the_steps_of_torch(torch, name, options, problem_for(name, dtype), close)


@names
def test_defaults_are_those_of_torch(torch: Any, name: str) -> None:
    has_the_defaults_of_torch(torch, name)


@dtypes
@pytest.mark.parametrize("name", [*OPTIONS, "SGD", "Adam", "AdamW", "RMSprop", "Adagrad"])
def test_trains_a_network_as_torch_does(torch: Any, name: str, dtype: str) -> None:
    rng = np.random.default_rng(4)
    shapes = ((3, 8), (1, 8), (8, 2))
    params = [0.5 * rng.standard_normal(shape).astype(dtype) for shape in shapes]
    losses: list[list[float]] = []
    for lib, tensors in ((ag, make(params)), (torch, [torch.tensor(p, requires_grad=True) for p in params])):
        optimizer = getattr(optim if lib is ag else torch.optim, name)(tensors, lr=0.02)
        loss_of, seen = network(lib, tensors), []
        for _ in range(50):
            optimizer.zero_grad()
            loss = loss_of()
            loss.backward()
            optimizer.step()
            seen.append(loss.item())
        losses.append(seen)
    assert losses[0][-1] < losses[0][0]
    close = 1e-2 if name == "Muon" else 1e-3 if dtype == "float32" else 1e-10
    np.testing.assert_allclose(*losses, rtol=close)


# ------------------------------------------------------------------------------------------------------ numbers by hand


@pytest.mark.parametrize(
    ("name", "options", "gradients", "expected"),
    [
        # v = 1/2, step = sqrt(1/2) / sqrt(1); then u = 1/4, v = 3/4, step = sqrt(3/4) / sqrt(5/4)
        ("Adadelta", {"rho": 0.5, "eps": 0.5}, [1, 1], [-sqrt(0.5), -sqrt(0.5) - sqrt(3 / 5)]),
        # u = 2, m = 1, corrected by 1/2; then u = max(1, 1), m = 1, corrected by 3/4
        ("Adamax", {"lr": 1.0, "betas": (0.5, 0.5), "eps": 0}, [2, 1], [-1, -1 - 4 / 3]),
        # mu = beta1 / 2: the mean and the gradient are both 2
        ("NAdam", {"lr": 1.0, "betas": (0.0, 0.5), "momentum_decay": 0.0, "eps": 0}, [2, 2], [-1, -2]),
        # three gradients are too few: momentum alone
        ("RAdam", {"lr": 1.0, "betas": (0.5, 0.999)}, [1, 1, 1], [-1, -2, -3]),
        # grows, shrinks and stands still, starts again
        ("Rprop", {"lr": 1.0, "etas": (0.5, 2.0)}, [3, 1, -1, -9, -9], [-1, -3, -3, -2, 0]),
        ("Rprop", {"lr": 1.0, "etas": (0.5, 2.0), "step_sizes": (0.75, 1.5)}, [1, 1, -1, -1], [-1, -2.5, -2.5, -1.75]),
        # eta = 1, then 1/2 and 1/3
        ("ASGD", {"lr": 1.0, "lambd": 1.0, "alpha": 1.0}, [1, 1, 1], [-1, -1, -1]),
        # the parameter is 0: steps of eps2 times 1, 1/sqrt(2), ... of the sign
        ("Adafactor", {"lr": 1.0, "eps": (None, 0.5), "d": 4.0}, [2, 2], [-0.5, -0.5 - 0.5 / sqrt(2)]),
    ],
)  # fmt: skip
@dtypes
def test_steps_by_hand(
    name: str, options: dict[str, Any], gradients: list[float], expected: list[float], dtype: str
) -> None:
    w = ag.zeros(1, dtype=dtype, requires_grad=True)
    optimizer = CLASSES[name]([w], **options)
    seen = []
    for g in gradients:
        w.grad = ag.full((1,), g, dtype=dtype)
        optimizer.step()
        seen.append(w.item())
    np.testing.assert_allclose(seen, expected, rtol=1e-6, atol=1e-6)


def test_asgd_averages_what_comes_after_t0_and_one_more() -> None:
    w = ag.zeros(1, requires_grad=True)
    optimizer = optim.ASGD([w], lr=1.0, lambd=0.0, t0=2)
    averages = []
    for _ in range(5):
        w.grad = ag.ones(1)
        optimizer.step()
        averages.append(optimizer.state[w]["ax"].item())
    np.testing.assert_allclose(averages, [-1, -2, -3, -4, -4.5], rtol=1e-6)


def test_radam_begins_to_scale_when_enough_gradients_are_known() -> None:
    w = ag.zeros(1, dtype="float64", requires_grad=True)
    optimizer = optim.RAdam([w], lr=1.0)
    steps = []
    for _ in range(7):
        before = w.item()
        w.grad = ag.full((1,), 5.0, dtype="float64")
        optimizer.step()
        steps.append(before - w.item())
    np.testing.assert_allclose(steps[:5], 5.0)
    assert max(steps[5:]) < 0.1


def test_muon_takes_the_nearest_orthogonal_matrix() -> None:
    rng = np.random.default_rng(0)
    for shape in ((4, 4), (6, 3), (3, 6)):
        g = rng.standard_normal(shape)
        w = ag.zeros(*shape, requires_grad=True)
        w.grad = ag.from_numpy(g.astype("float32"))
        optim.Muon([w], lr=1.0, ns_steps=60, ns_coefficients=(1.5, -0.5, 0.0)).step()
        u, _, v = np.linalg.svd(g, full_matrices=False)
        np.testing.assert_allclose(w.array, -(u @ v) * sqrt(max(1, shape[0] / shape[1])), atol=0.05)


@pytest.mark.parametrize("name", sorted({*OPTIONS} - {"Muon", "Adafactor"}))
def test_a_gradient_of_nan_stays_in_its_element(name: str) -> None:
    w, other = ag.ones(2, requires_grad=True), ag.ones(1, requires_grad=True)
    optimizer = CLASSES[name]([w, other], lr=0.1)
    w.grad, other.grad = ag.tensor([np.nan, 1.0]), ag.tensor([1.0])
    optimizer.step()
    assert w.array[1] == other.array[0] < 1
    assert w.array[0] == 1 if name == "Rprop" else np.isnan(w.array[0])


@pytest.mark.parametrize("bad", [np.nan, np.inf, 1e38])
@pytest.mark.parametrize("name", ["Muon", "Adafactor", "LBFGS"])
def test_gradients_that_are_not_finite_warn_of_nothing(name: str, bad: float) -> None:
    w = ag.ones(2, 2, requires_grad=True)
    optimizer = getattr(optim, name)([w], lr=0.1)

    def closure() -> float:
        w.grad = ag.tensor([[bad, 1.0], [1.0, 1.0]])
        return bad

    for _ in range(2):
        optimizer.step(closure)
    assert not np.isfinite(w.array).all() or bad == 1e38


@pytest.mark.parametrize(
    "name", ["Adadelta", "Adafactor", "Adamax", "Muon", "NAdam", "RAdam", "Rprop", "ASGD", "LBFGS"]
)
def test_empty_parameters_are_left_alone(name: str) -> None:
    w, full = ag.zeros(0, 3, requires_grad=True), ag.ones(2, 2, requires_grad=True)
    optimizer = getattr(optim, name)([w, full], lr=0.1)

    def closure() -> ag.Tensor:
        optimizer.zero_grad()
        loss = (full**2).sum() + w.sum()
        loss.backward()
        return loss

    first = optimizer.step(closure)
    assert w.shape == (0, 3)
    assert closure() < first


@pytest.mark.usefixtures("any_work_is_shared")
@dtypes
def test_large_parameters_are_updated_by_several_threads_to_the_same_bits(dtype: str) -> None:
    def trained(n: int) -> list[bytes]:
        ag.set_num_threads(n)
        rng, found = np.random.default_rng(0), []
        for name in ("Adadelta", "Adamax", "ASGD", "NAdam", "RAdam", "Rprop"):
            p = ag.tensor(rng.normal(size=LARGE + 5).astype(dtype), requires_grad=True)
            rule = CLASSES[name]([p], lr=0.1)
            p.grad = ag.tensor(rng.normal(size=p.shape).astype(dtype))
            rule.step()
            found.append(p.array.tobytes())
        return found

    assert trained(1) == trained(2)


@pytest.mark.parametrize("name", ["Muon", "Adafactor"])
def test_a_matrix_in_any_memory_is_updated_where_it_is(name: str) -> None:
    rng = np.random.default_rng(0)
    values, g = rng.standard_normal((3, 4)), rng.standard_normal((3, 4))
    results = []
    window = np.zeros((3, 8))
    for memory in (values.copy(), np.asfortranarray(values), window[:, ::2]):
        memory[...] = values
        w = ag.from_numpy(memory).requires_grad_()
        optimizer = getattr(optim, name)([w], lr=0.1)
        for _ in range(2):
            w.grad = ag.from_numpy(g)
            optimizer.step()
        assert w.array is memory or np.shares_memory(w.array, memory)
        results.append(memory.copy())
    np.testing.assert_array_equal(results[0], results[1])
    np.testing.assert_array_equal(results[0], results[2])
    assert not window[:, 1::2].any()


# --------------------------------------------------------------------------------------------------------------- errors


NOT_NEGATIVE = r"It must be a number of at least 0"
WRONG = [
    *[(name, {"lr": -0.1}, f"Invalid learning rate: -0.1. {NOT_NEGATIVE}") for name in [*OPTIONS, "LBFGS"]],
    *[(name, {"weight_decay": -1}, "Invalid weight_decay value: -1") for name in OPTIONS if name != "Rprop"],
    *[(name, {"eps": -1}, "Invalid epsilon value: -1") for name in ("Adadelta", "Adamax", "NAdam", "RAdam", "Muon")],
    *[(name, {"betas": (0.9, 1.0)}, "beta parameter at index 1: 1.0. .* less than 1") for name in ("Adamax", "NAdam", "RAdam")],
    ("Adadelta", {"rho": 1.5}, r"Invalid rho value: 1.5. .* at least 0 and at most 1: pass for example rho=0.9"),
    ("Adafactor", {"beta2_decay": 0.5}, "Invalid beta2_decay value: 0.5. It must be at most 0"),
    ("Adafactor", {"eps": 1e-3}, r"eps must be two numbers, not 0.001. Pass for example eps=\(None, 1e-3\)"),
    ("Adafactor", {"eps": (-1, 1e-3)}, "Invalid epsilon1 value: -1"),
    ("Adafactor", {"eps": (None, None)}, "Invalid epsilon2 value: None"),
    ("Adafactor", {"d": 0.5}, "Invalid clipping threshold d: 0.5. It must be at least 1"),
    ("ASGD", {"lambd": -1}, "Invalid lambd value: -1"),
    ("ASGD", {"alpha": -1}, "Invalid alpha value: -1"),
    ("ASGD", {"t0": -1}, "Invalid t0 value: -1"),
    ("Muon", {"momentum": -1}, "Invalid momentum value: -1"),
    ("Muon", {"ns_steps": 100}, "Invalid ns_steps: 100. It must be an integer of at least 0 and less than 100"),
    ("Muon", {"ns_coefficients": (1, 2)}, r"ns_coefficients must be three numbers, not \(1, 2\)"),
    ("Muon", {"adjust_lr_fn": "other"}, "Adjust learning rate function 'other' is not supported. Pass one of"),
    ("NAdam", {"momentum_decay": -1}, "Invalid momentum_decay value: -1"),
    ("Rprop", {"etas": (0.5, 0.9)}, r"Invalid eta values: 0.5, 0.9. The first must be in \(0, 1\)"),
    ("Rprop", {"etas": 0.5}, "etas must be two numbers, not 0.5"),
    ("Rprop", {"step_sizes": (2.0, 1.0)}, "Invalid step_sizes: 2.0, 1.0. They must be at least 0, the smaller one first"),
    ("LBFGS", {"line_search_fn": "armijo"}, "line_search_fn is 'armijo': only 'strong_wolfe' is supported"),
    ("LBFGS", {"history_size": 0}, "Invalid history_size: 0. It must be a positive integer"),
    ("LBFGS", {"max_iter": -1}, "Invalid max_iter value: -1"),
    ("LBFGS", {"max_eval": -1}, "Invalid max_eval value: -1"),
    ("LBFGS", {"tolerance_grad": -1}, "Invalid tolerance_grad value: -1"),
    ("LBFGS", {"tolerance_change": -1}, "Invalid tolerance_change value: -1"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "options", "message"), WRONG)
def test_wrong_options(name: str, options: dict[str, Any], message: str) -> None:
    with pytest.raises(ag.errors.ArgumentError, match=message):
        getattr(optim, name)([ag.zeros(2, 2, requires_grad=True)], **options)


def test_what_some_cannot_optimize() -> None:
    with pytest.raises(ag.errors.ArgumentError, match=r"only supports 2D parameters, .* with size: \(3,\). Give it to"):
        optim.Muon([ag.zeros(2, 2), ag.zeros(3)])
    w = ag.zeros(2)
    with pytest.raises(ag.errors.ArgumentError, match=r"LBFGS doesn't support .* \(parameter groups\). Pass all"):
        optim.LBFGS([{"params": [w]}, {"params": [ag.zeros(1)]}])
    with pytest.raises(ag.errors.ArgumentError, match="LBFGS got an empty parameter group"):
        optim.LBFGS([{"params": []}])
    with pytest.raises(TypeError, match="closure"):
        optim.LBFGS([w]).step()  # type: ignore[call-arg]
    assert re.match(r"LBFGS \(\nParameter Group 0\n    history_size: 100\n", repr(optim.LBFGS([w])))
