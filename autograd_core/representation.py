"""The text of a tensor, as PyTorch prints it: values to four places, then what is not plain to see."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy import ndarray

from . import dtypes

PLAIN = (dtypes.default, dtypes.int64, dtypes.bool_)  # dtypes that the values themselves show
THRESHOLD = 1000  # more elements than this are elided
EDGE = 3  # elements shown at each end of an elided dimension


def represent(t: Any, prefix: str = "tensor(") -> str:
    """Return ``tensor(values, shape=..., dtype=..., grad_fn=...)`` with what applies; the shape where values are elided."""
    a = t.data
    if type(a) is not ndarray:
        return f"{prefix}{a!r})"
    elided = a.size > THRESHOLD
    notes = [values(a, len(prefix))]
    if elided or (a.size == 0 and a.shape != (0,)):
        notes.append(f"shape={a.shape}")
    if a.dtype not in PLAIN or elided:
        notes.append(f"dtype={a.dtype}")
    if t.grad_fn is not None:
        notes.append(f"grad_fn={t.grad_fn!r}")
    elif t.requires_grad:
        notes.append("requires_grad=True")
    return f"{prefix}{', '.join(notes)})"


def values(a: ndarray, indent: int = 0) -> str:
    """Return the numbers of *a*: whole numbers as ``1.``, others to four places, in powers of ten where sizes differ much."""
    if a.size == 0:
        return "[]"
    return np.array2string(
        a,
        separator=", ",
        prefix=" " * indent,
        threshold=THRESHOLD,
        edgeitems=EDGE,
        max_line_width=80,
        formatter=_formatter(a),
    )


def _formatter(a: ndarray) -> Any:
    if a.dtype.kind != "f":
        return None
    shown = _shown(a).astype(np.float64)
    finite = np.abs(shown[np.isfinite(shown)])
    nonzero = finite[finite > 0]
    high, low = (float(nonzero.max()), float(nonzero.min())) if nonzero.size else (0.0, 0.0)
    if bool((finite == np.floor(finite)).all()):
        write = "{:.4e}".format if high > 1e8 else "{:.0f}.".format
    elif high / low > 1000 or high > 1e8 or low < 1e-4:
        write = "{:.4e}".format
    else:
        write = "{:.4f}".format
    texts = [_text(float(v), write) for v in shown.ravel()]
    width = max(map(len, texts))
    return {"float_kind": lambda v: _text(float(v), write).rjust(width if a.ndim else 0)}


def _text(v: float, write: Any) -> str:
    return str(write(v)) if math.isfinite(v) else str(v)


def _shown(a: ndarray) -> ndarray:
    """Return the elements of *a* that are printed."""
    if a.size <= THRESHOLD:
        return a
    for axis, n in enumerate(a.shape):
        if n > 2 * EDGE:
            a = np.take(a, [*range(EDGE), *range(n - EDGE, n)], axis)
    return a
