"""The same call in PyTorch and here: values, dtypes, first and second gradients side by side."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import pytest

import autograd_core as ag

ROUNDING = {"float64": 1e-8, "float32": 2e-4}  # relative to the largest element


class Drawn(NamedTuple):
    """The numbers of a tensor, which is a leaf if it is *differentiable*."""

    values: np.ndarray
    differentiable: bool


class Side(NamedTuple):
    """One of the two libraries."""

    tensor: Callable[[np.ndarray], Any]
    grad: Callable[..., Sequence[Any]]
    kind: type

    def arguments(self, drawn: Any, dtype: str, leaves: list[Any]) -> Any:
        """Return *drawn* with tensors for the numbers, floating ones of *dtype*; the differentiable ones join *leaves*."""
        if isinstance(drawn, Drawn):
            made = self.tensor(drawn.values.astype(dtype) if drawn.values.dtype.kind == "f" else drawn.values)
            if drawn.differentiable:
                leaves.append(made.requires_grad_())
            return made
        if isinstance(drawn, dict):
            return {name: self.arguments(value, dtype, leaves) for name, value in drawn.items()}
        if isinstance(drawn, list | tuple):
            return type(drawn)(self.arguments(value, dtype, leaves) for value in drawn)
        return drawn

    def weighted(self, results: list[Any], seed: int) -> Any:
        """Return the sum of all elements that depend on leaves, each with a weight of its own; None if none does."""
        rng, total = np.random.default_rng(seed), None
        for x in results:
            weights = rng.uniform(0.5, 1.5, tuple(getattr(x, "shape", ())))
            if isinstance(x, self.kind) and x.requires_grad:  # type: ignore[attr-defined]
                part = (x * self.tensor(weights.astype(str(x.dtype).rpartition(".")[2]))).sum()  # type: ignore[operator]
                total = part if total is None else total + part
        return total

    def gradients(self, results: list[Any], leaves: list[Any], order: int) -> list[list[Any]]:
        """Return the gradients of the weighted results for all leaves, then those of the weighted gradients."""
        found: list[list[Any]] = []
        for k in range(order):
            total = self.weighted(results, k)
            results = [None] * len(leaves)
            if total is not None:
                results = list(self.grad(total, leaves, allow_unused=True, create_graph=k + 1 < order))
            found.append(results)
        return found


OURS = Side(ag.from_numpy, ag.grad, ag.Tensor)


def torchs(torch: Any) -> Side:
    return Side(torch.from_numpy, torch.autograd.grad, torch.Tensor)


def flat(result: Any) -> Iterator[Any]:
    """Yield all tensors, numbers and truth values in *result*, in order."""
    if isinstance(result, list | tuple):
        for each in result:
            yield from flat(each)
    elif result is not None:
        yield result


def compare(
    functions: Sequence[Callable[..., Any]],
    args: Sequence[Any],
    kwargs: Mapping[str, Any] | None = None,
    *,
    dtype: str = "float64",
    order: int = 2,
    rtol: float | None = None,
    atol: float = 0.0,
    parameters: Iterable[Iterable[Any]] = ((), ()),
) -> None:
    """Call ours and PyTorch's function with *args*, and fail unless all that comes out agrees.

    Skips the test where there is no PyTorch.  *parameters*, of ours and of theirs, have gradients too.
    """
    sides, results = (OURS, torchs(pytest.importorskip("torch"))), []
    rtol = ROUNDING[dtype] if rtol is None else rtol
    for side, function, leaves in zip(sides, functions, map(list, parameters), strict=True):
        given = side.arguments(tuple(args), dtype, leaves), side.arguments(dict(kwargs or {}), dtype, leaves)
        values = list(flat(function(*given[0], **given[1])))
        results.append((values, side.gradients(values, leaves, order if leaves else 0)))
    (values, gradients), (expected, expected_gradients) = results
    assert len(values) == len(expected)
    for i, pair in enumerate(zip(values, expected)):
        assert_alike(*pair, rtol, atol, f"result {i}")
    for k, (first, second) in enumerate(zip(gradients, expected_gradients, strict=True), 1):
        for i, pair in enumerate(zip(first, second, strict=True)):
            assert_alike(*pair, rtol * 10 ** (k - 1), atol, f"gradient of order {k} for tensor {i}")


def assert_alike(ours: Any, theirs: Any, rtol: float, atol: float, what: str) -> None:
    """Compare two tensors or numbers; None stands for a gradient of zeros."""
    a, b = (np.asarray(x.numpy(force=True) if hasattr(x, "detach") else x or 0.0) for x in (ours, theirs))
    if ours is None or theirs is None:
        assert np.count_nonzero(a) + np.count_nonzero(b) == 0, f"{what}: ours is {ours}, PyTorch's {theirs}"
        return
    assert a.shape == b.shape, f"{what}: shape {a.shape}, PyTorch's {b.shape}"
    assert a.dtype == b.dtype, f"{what}: {a.dtype}, PyTorch's {b.dtype}"
    scale = float(np.abs(b[np.isfinite(b)]).max(initial=1e-2)) if b.dtype.kind == "f" else 0.0
    np.testing.assert_allclose(a, b, rtol=rtol, atol=max(atol, rtol * scale), err_msg=what)


def agree(call: Callable[..., Any], *arrays: Any, order: int = 2, **how: float) -> None:
    """Compare ``call(library, *tensors)`` for tensors of *arrays*; the floating ones have gradients."""
    torch = pytest.importorskip("torch")
    agree_in_pair(lambda *xs: call(ag, *xs), lambda *xs: call(torch, *xs), *arrays, order=order, **how)


def agree_in_pair(
    ours: Callable[..., Any], theirs: Callable[..., Any], *arrays: Any, order: int = 2, **how: float
) -> None:
    """Compare ``ours(*tensors)`` with ``theirs(*tensors)``."""
    values = [np.asarray(a) for a in arrays]
    dtype = next((a.dtype.name for a in values if a.dtype.kind == "f"), "float64")
    compare((ours, theirs), [Drawn(a, a.dtype.kind == "f") for a in values], dtype=dtype, order=order, **how)
