"""Optimizers beside PyTorch's, and beside plain NumPy, on a small problem."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest

import autograd_core as ag
import optim

__all__ = [
    "DTYPES",
    "SHAPES",
    "TOLERANCE",
    "Problem",
    "blocks",
    "dtypes",
    "has_the_defaults_of_torch",
    "leaf",
    "make",
    "network",
    "problem",
    "set_gradients",
    "takes_the_steps_of_numpy",
    "takes_the_steps_of_torch",
]

SHAPES = ((3, 4), (5,), (), (2, 2, 2), (0, 3))
DTYPES = ("float32", "float64")
dtypes = pytest.mark.parametrize("dtype", DTYPES)
TOLERANCE = {"float32": {"rtol": 2e-4, "atol": 2e-5}, "float64": {"rtol": 1e-10, "atol": 1e-12}}

Problem = tuple[list[np.ndarray], Callable[[int], list[np.ndarray | None]]]


def problem(dtype: str, seed: int = 0, shapes: Sequence[tuple[int, ...]] = SHAPES) -> Problem:
    """Parameters, and their gradients at a step: the second has none at every third step, the last but one starts late."""
    rng = np.random.default_rng(seed)
    params = [np.asarray(rng.standard_normal(shape)).astype(dtype) for shape in shapes]

    def gradients(step: int) -> list[np.ndarray | None]:
        rng = np.random.default_rng((seed, step))
        out: list[np.ndarray | None] = [np.asarray(rng.standard_normal(s)).astype(dtype) for s in shapes]
        if step % 3 == 0:
            out[1] = None
        if step < 4:
            out[-2] = None
        return out

    return params, gradients


def leaf() -> ag.Tensor:
    return ag.zeros(2, requires_grad=True)


def make(params: list[np.ndarray]) -> list[ag.Tensor]:
    return [ag.tensor(p, requires_grad=True) for p in params]


def network(lib: Any, params: list[Any]) -> Callable[[], Any]:
    """The loss of a small network on the same data in each library."""
    rng = np.random.default_rng(3)
    x, y = rng.standard_normal((16, 3)), rng.standard_normal((16, 2))
    x, y = (lib.from_numpy(a.astype(str(params[0].data.dtype).removeprefix("torch."))) for a in (x, y))
    w1, b1, w2 = params
    return lambda: ((lib.tanh(x @ w1 + b1) @ w2 - y) ** 2).mean()


def set_gradients(tensors: list[ag.Tensor], gradients: list[np.ndarray | None]) -> None:
    for t, g in zip(tensors, gradients, strict=True):
        t.grad = None if g is None else ag.from_numpy(g.copy())


def blocks(optimizer: optim.Optimizer) -> list[int]:
    """How many parameters each kernel call updates."""
    return [len(block.places) for layout in optimizer._layouts for block in layout.blocks]


def takes_the_steps_of_numpy(
    reference: Callable[..., np.ndarray], name: str, options: dict[str, Any], given: Problem, steps: int
) -> None:
    """Fail unless the parameters are where *reference* leads them, in float64: (name, options, p, gradient, state) -> p."""
    params, gradients = given
    tensors, dtype = make(params), params[0].dtype
    optimizer = getattr(optim, name)(tensors, **options)
    expected = [p.astype("float64") for p in params]
    states: list[dict[str, Any]] = [{"machine epsilon": np.finfo(dtype).eps} for _ in params]
    for step in range(steps):
        set_gradients(tensors, gradients(step))
        optimizer.step()
        for i, g in enumerate(gradients(step)):
            if g is not None:
                expected[i] = reference(name, options, expected[i], g.astype("float64"), states[i])
    for t, e in zip(tensors, expected, strict=True):
        assert t.array.dtype == dtype
        np.testing.assert_allclose(t.array, e, **TOLERANCE[str(dtype)], err_msg=str(options))


def takes_the_steps_of_torch(
    torch: Any, name: str, options: dict[str, Any], given: Problem, close: dict[str, float]
) -> None:
    """Fail unless 50 steps on the problem *given* lead both libraries to parameters and states that are *close*."""
    params, gradients = given
    ours, theirs = make(params), [torch.tensor(p, requires_grad=True) for p in params]
    optimizer, oracle = getattr(optim, name)(ours, **options), getattr(torch.optim, name)(theirs, **options)
    for step in range(50):
        set_gradients(ours, gradients(step))
        for t, g in zip(theirs, gradients(step), strict=True):
            t.grad = None if g is None else torch.from_numpy(g)
        optimizer.step()
        oracle.step()
    for a, b in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(a.array, b.detach().numpy(), **close, err_msg=str(options))
    saved, other = optimizer.state_dict()["state"], oracle.state_dict()["state"]
    assert set(saved) == set(other)
    for index, state in saved.items():
        assert set(state) == set(other[index])
        for key, value in state.items():
            value = value.array if isinstance(value, ag.Tensor) else value
            np.testing.assert_allclose(value, other[index][key].numpy(), **close, err_msg=f"{key} {options}")


def has_the_defaults_of_torch(torch: Any, name: str) -> None:
    """Fail unless the options and their defaults are PyTorch's, but for those of its implementations."""
    ours = getattr(optim, name)([ag.zeros(1, 1, requires_grad=True)]).defaults
    theirs = getattr(torch.optim, name)([torch.zeros(1, 1)]).defaults
    assert ours == {key: theirs[key] for key in ours}
    assert set(theirs) - set(ours) <= {"foreach", "fused", "capturable", "differentiable"}
