"""Leaves to differentiate by, and what derivatives are held against."""

from __future__ import annotations

from typing import Any

import numpy as np

import autograd_core as ag
from autograd_core import Tensor

__all__ = ["X", "equal", "leaf", "vector"]

X = np.array([[0.5, -1.0, 2.0], [1.5, 0.25, -0.75]])


def leaf(a: Any = X, dtype: str = "float64") -> Tensor:
    return ag.tensor(np.asarray(a), dtype=dtype, requires_grad=True)


def vector(*values: float, dtype: Any = ag.float64) -> Tensor:
    return ag.tensor(list(values), dtype=dtype, requires_grad=True)


def equal(t: Any, wanted: Any) -> None:
    """Fail unless *t* is a tensor of *wanted*, to rounding in float64 whatever its dtype."""
    assert isinstance(t, Tensor)
    np.testing.assert_allclose(t.detach().numpy(), wanted, rtol=1e-12)
