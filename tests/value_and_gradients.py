"""A function's value and gradients as arrays, and what they are held against."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

import autograd_core as ag

__all__ = ["arrays", "expect"]


def arrays(f: Callable[..., Any], *xs: Any, dtype: Any = np.float64) -> tuple[Any, list[Any]]:
    """The value of *f* at *xs*, and the gradients of its sum, as arrays."""
    ts = [ag.tensor(np.asarray(x, dtype), requires_grad=True) for x in xs]
    y = f(*ts)
    gs = ag.grad(y.sum(), ts)
    return y.detach().numpy(), [g.numpy() for g in gs]


def expect(actual: Any, wanted: Any, dtype: Any = None) -> None:
    actual = actual.detach().numpy() if isinstance(actual, ag.Tensor) else actual
    np.testing.assert_allclose(actual, wanted, rtol=1e-6 if actual.dtype == np.float32 else 1e-12)
    assert dtype is None or actual.dtype == dtype
