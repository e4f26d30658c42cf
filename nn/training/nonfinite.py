"""NaN and infinity: seeing them at little cost, and finding the op that made the first one."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

import autograd_core as ag

__all__ = ["CURE", "first_cause", "is_finite"]

CURE = "Lower the learning rate, clip the gradients, or keep arguments of log, sqrt and division away from 0."


def is_finite(t: ag.Tensor) -> bool:
    """Return whether *t* has neither NaN nor infinity.

    >>> is_finite(ag.ones(3)), is_finite(ag.tensor([1.0, float("inf")]))
    (True, False)
    """
    array = t.detach().numpy()
    if array.dtype.kind != "f":
        return True
    with np.errstate(all="ignore"):
        # A finite sum proves finite elements in one pass without a temporary; large finite elements may overflow it.
        return math.isfinite(array.sum()) or bool(np.isfinite(array).all())


def first_cause(compute: Callable[[], ag.Tensor]) -> str | ag.errors.NonFiniteError:
    """Run *compute*, which gives a loss, and its backward, watched; return what made the first NaN or infinity."""
    try:
        with ag.detect_anomaly():
            compute().backward()
    except ag.errors.NonFiniteError as error:
        return error
    return "the batch gives finite numbers when it runs again, so something changes from one run to the next"
