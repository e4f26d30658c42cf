"""L-BFGS: against torch, on problems with known solutions, and resumed."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
from optimizers_beside_torch import dtypes, make, network

import autograd_core as ag
import optim


def minimise(
    lib: Any, problem: str, options: dict[str, Any], dtype: str, steps: int
) -> tuple[list[float], Any, list[Any]]:
    """The losses that the steps return, the optimizer, and the parameters."""
    rng = np.random.default_rng(5)
    variable = lambda a: lib.tensor(np.asarray(a, dtype), requires_grad=True)
    if problem == "quadratic":
        root = rng.standard_normal((8, 8))
        a, b = (lib.from_numpy(x.astype(dtype)) for x in (root @ root.T + np.eye(8), rng.standard_normal(8)))
        params = [variable(rng.standard_normal(8))]
        loss_of = lambda: 0.5 * (params[0] @ (a @ params[0])) - b @ params[0]
    elif problem == "rosenbrock":
        params = [variable([-1.2]), variable([1.0])]
        loss_of = lambda: ((1 - params[0]) ** 2 + 100 * (params[1] - params[0] ** 2) ** 2).sum()
    else:
        params = [variable(0.5 * rng.standard_normal(shape)) for shape in ((3, 8), (1, 8), (8, 2))]
        loss_of = network(lib, params)
    optimizer = (optim if lib is ag else lib.optim).LBFGS(params, **options)

    def closure() -> Any:
        optimizer.zero_grad()
        loss = loss_of()
        loss.backward()
        return loss

    return [optimizer.step(closure).item() for _ in range(steps)], optimizer, params


SEARCHES = [
    {"lr": 0.05},
    {"lr": 0.05, "history_size": 2, "max_iter": 7},
    {"line_search_fn": "strong_wolfe"},
    {"line_search_fn": "strong_wolfe", "history_size": 3, "max_iter": 5},
    {"line_search_fn": "strong_wolfe", "max_iter": 4, "max_eval": 6, "lr": 0.1},
    {"line_search_fn": "strong_wolfe", "lr": 100.0, "max_iter": 3},
    {"line_search_fn": "strong_wolfe", "max_eval": 1},
    {"max_iter": 0},
]


@pytest.mark.parametrize("kind", ["quadratic", "rosenbrock", "network"])
@pytest.mark.parametrize("options", SEARCHES, ids=str)
def test_lbfgs_equals_torch(torch: Any, kind: str, options: dict[str, Any]) -> None:
    options = {**options, "lr": 1e-3} if kind == "rosenbrock" and "line_search_fn" not in options else options
    a, ours, p = minimise(ag, kind, options, "float64", 5)
    b, theirs, q = minimise(torch, kind, options, "float64", 5)
    np.testing.assert_allclose(a, b, rtol=1e-6, atol=1e-9)
    for x, y in zip(p, q, strict=True):
        np.testing.assert_allclose(x.array, y.detach().numpy(), rtol=1e-4, atol=1e-5)
    state, other = ours.state[p[0]], theirs.state[q[0]]
    assert (state["n_iter"], state["func_evals"]) == (other["n_iter"], other["func_evals"])
    if state["n_iter"]:
        assert set(other) - set(state) == {"al"}  # room for what is computed anew in each iteration
        np.testing.assert_allclose(state["d"].array, other["d"].numpy(), rtol=1e-3, atol=1e-6)
        np.testing.assert_allclose(state["ro"], other["ro"], rtol=1e-3)


@dtypes
def test_lbfgs_solves_a_quadratic_problem(dtype: str) -> None:
    a = np.diag([1.0, 10.0, 100.0]).astype(dtype)
    b = np.ones(3, dtype)
    w = ag.zeros(3, dtype=dtype, requires_grad=True)
    unused = ag.ones(2, dtype=dtype, requires_grad=True)
    optimizer = optim.LBFGS([w, unused], line_search_fn="strong_wolfe", max_iter=30)

    def closure() -> ag.Tensor:
        optimizer.zero_grad()
        loss = 0.5 * (w @ (ag.from_numpy(a) @ w)) - ag.from_numpy(b) @ w
        loss.backward()
        return loss

    assert optimizer.step(closure).item() == 0.0
    np.testing.assert_allclose(w.array, [1, 0.1, 0.01], rtol=1e-3 if dtype == "float32" else 1e-5)
    assert w.dtype == dtype
    assert unused.tolist() == [1, 1]
    done = optimizer.state[w]["func_evals"]
    optimizer.step(closure)
    assert optimizer.state[w]["func_evals"] >= done + 1


@dtypes
def test_lbfgs_resumes_bit_for_bit(dtype: str) -> None:
    options = {"line_search_fn": "strong_wolfe", "max_iter": 3, "history_size": 4}
    _, optimizer, params = minimise(ag, "network", options, dtype, 3)
    saved = optimizer.state_dict()
    arrays: list[np.ndarray] = []

    def packed(value: Any) -> Any:
        """The state as a checkpoint keeps it: JSON, and arrays beside it."""
        if isinstance(value, ag.Tensor):
            arrays.append(value.numpy().copy())
            return {"array": len(arrays) - 1}
        if isinstance(value, dict):
            return {str(k): packed(v) for k, v in value.items()}
        return [packed(v) for v in value] if isinstance(value, list) else value

    def unpacked(value: Any) -> Any:
        if isinstance(value, dict):
            return arrays[value["array"]] if "array" in value else {k: unpacked(v) for k, v in value.items()}
        return [unpacked(v) for v in value] if isinstance(value, list) else value

    loaded = unpacked(json.loads(json.dumps(packed(saved))))
    copies = make([p.array for p in params])
    resumed = optim.LBFGS(copies, lr=0.3)
    resumed.load_state_dict(loaded)
    for which, tensors in ((optimizer, params), (resumed, copies)):
        loss_of = network(ag, tensors)

        def closure(which: Any = which, loss_of: Any = loss_of) -> ag.Tensor:
            which.zero_grad()
            loss = loss_of()
            loss.backward()
            return loss

        for _ in range(2):
            which.step(closure)
    for a, b in zip(params, copies, strict=True):
        np.testing.assert_array_equal(a.array, b.array)


def test_lbfgs_stops_where_the_gradient_vanishes() -> None:
    w = ag.zeros(2, requires_grad=True)
    optimizer = optim.LBFGS([w])
    calls = []

    def closure() -> ag.Tensor:
        calls.append(ag.is_grad_enabled())
        optimizer.zero_grad()
        loss = (w * w).sum()
        loss.backward()
        return loss

    assert optimizer.step(closure).item() == 0
    assert calls == [True]
    assert optimizer.state[w] == {"func_evals": 1, "n_iter": 0}


def test_lbfgs_survives_nan() -> None:
    w = ag.ones(2, requires_grad=True)
    optimizer = optim.LBFGS([w], line_search_fn="strong_wolfe", max_iter=2)

    def closure() -> ag.Tensor:
        optimizer.zero_grad()
        loss = (w * np.nan).sum()
        loss.backward()
        return loss

    assert np.isnan(optimizer.step(closure).item())
