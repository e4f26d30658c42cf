"""The text of a tensor, as PyTorch prints it: numbers of one width, then what is not plain to see."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy import ndarray

from . import dtypes
from .errors import ArgumentError

__all__ = ["get_printoptions", "represent", "set_printoptions"]


@dataclass
class _Options:
    """How tensors are printed; what ``set_printoptions`` sets."""

    precision: int = 4
    threshold: float = 1000
    edgeitems: int = 3
    linewidth: int = 80
    sci_mode: bool | None = None


_options = _Options()
_PROFILES = {"default": _Options(), "short": _Options(precision=2, edgeitems=2), "full": _Options(threshold=math.inf)}


def set_printoptions(
    precision: int | None = None,
    threshold: float | None = None,
    edgeitems: int | None = None,
    linewidth: int | None = None,
    profile: str | None = None,
    sci_mode: bool | None = None,
) -> None:
    """Set how tensors are printed: first a *profile*, "default", "short" or "full", if given, then what else is given.

    *precision* is the number of decimal places; of more than *threshold* elements only *edgeitems* at each end of a dim are
    shown; lines have up to *linewidth* characters.  *sci_mode* turns powers of ten on or off; None, also by leaving it out,
    lets the numbers decide.

    >>> set_printoptions(precision=2)
    >>> ag.tensor([1.12345])
    tensor([1.12])
    >>> set_printoptions(profile="default")
    """
    if profile is not None:
        if profile not in _PROFILES:
            raise ArgumentError(f'set_printoptions: profile={profile!r} is unknown; use "default", "short" or "full"')
        vars(_options).update(vars(_PROFILES[profile]))
    given = {"precision": precision, "threshold": threshold, "edgeitems": edgeitems, "linewidth": linewidth}
    vars(_options).update({name: value for name, value in given.items() if value is not None})
    _options.sci_mode = sci_mode


def get_printoptions() -> dict[str, Any]:
    """Return how tensors are printed, as the keyword arguments of ``set_printoptions``.

    >>> get_printoptions()["precision"]
    4
    """
    return asdict(_options)


def represent(t: Any, prefix: str = "tensor(") -> str:
    """Return ``tensor(values, shape=..., dtype=..., grad_fn=...)`` with what applies; the shape where values are elided."""
    a = t.array
    if type(a) is not ndarray:
        return f"{prefix}{a!r})"
    elided = a.size > _options.threshold
    notes = []
    if elided or (a.size == 0 and a.ndim != 1):
        notes.append(f"shape={a.shape}")
    shown = (dtypes.default, dtypes.int64, dtypes.bool_) if a.size else (dtypes.default,)  # by the values themselves
    if a.dtype not in shown or elided:
        notes.append(f"dtype={a.dtype}")
    if t.grad_fn is not None:
        notes.append(f"grad_fn={t.grad_fn!r}")
    elif t.requires_grad:
        notes.append("requires_grad=True")
    return _with_notes(prefix + values(a, len(prefix)), notes, len(prefix)) + ")"


def _with_notes(text: str, notes: list[str], indent: int) -> str:
    """Return *text* and *notes*, each on a line of its own where the last one would become too long."""
    length = len(text) - text.rfind("\n") + 1
    for note in notes:
        if length + len(note) + 2 > _options.linewidth:
            text += ",\n" + " " * indent + note
            length = indent + len(note)
        else:
            text += f", {note}"
            length += len(note) + 2
    return text


def values(a: ndarray, indent: int = 0, linewidth: int | None = None) -> str:
    """Return the numbers of *a*: whole numbers as ``1.``, others to some places, in powers of ten where sizes differ much.

    Lines have up to *linewidth* characters, by default as ``set_printoptions`` says.
    """
    if a.size == 0:
        return "[]"
    elided = a.size > _options.threshold
    write, width = _writer(_shown(a) if elided else a)
    return _nested(a, indent, elided, write, width, _options.linewidth if linewidth is None else linewidth)


def _nested(a: ndarray, indent: int, elided: bool, write: Callable[[Any], str], width: int, linewidth: int) -> str:
    if a.ndim == 0:
        return write(a.item())
    ends = _ends(len(a)) if elided else None
    rows = a if ends is None else a[ends]
    if a.ndim > 1:
        texts = [_nested(row, indent + 1, elided, write, width, linewidth) for row in rows]
        if ends is not None:
            texts.insert(_options.edgeitems, "...")
        return "[" + (",\n" + "\n" * (a.ndim - 2) + " " * (indent + 1)).join(texts) + "]"
    texts = [write(value) for value in rows.tolist()]
    if ends is not None:
        texts.insert(_options.edgeitems, " ..." if texts else "...")
    fitting = max(1, (linewidth - indent) // (width + 2))
    lines = [", ".join(texts[i : i + fitting]) for i in range(0, len(texts), fitting)]
    return "[" + (",\n" + " " * (indent + 1)).join(lines) + "]"


def _ends(n: int) -> list[int] | None:
    """Return the places of a dim of size *n* that are shown where values are elided; None for all."""
    edge = _options.edgeitems
    return None if n <= 2 * edge else [*range(edge), *range(n - edge, n)]


def _shown(a: ndarray) -> ndarray:
    """Return the elements of *a* that are printed."""
    for axis, n in enumerate(a.shape):
        if (ends := _ends(n)) is not None:
            a = np.take(a, ends, axis)
    return a


def _writer(shown: ndarray) -> tuple[Callable[[Any], str], int]:
    """Return what writes one of the numbers that are shown, in one form for all, and the width to which it does."""
    if shown.dtype.kind != "f":
        width = max([len(str(value)) for value in shown.ravel().tolist()], default=1)
        return lambda value: str(value).rjust(width), width
    finite = shown[np.isfinite(shown) & (shown != 0)].astype(np.float64)
    form, point, width = ".0f", ".", 1
    if finite.size:
        high, low = np.abs(finite).max(), np.abs(finite).min()
        whole = bool((finite == np.ceil(finite)).all())
        powers = bool(high / low > 1000 or high > 1e8 or low < 1e-4)
        if powers if _options.sci_mode is None else _options.sci_mode:
            form, point = f".{_options.precision}e", ""
        elif not whole:
            form, point = f".{_options.precision}f", ""
        width = max(len(format(value, form) + point) for value in finite.tolist())
    return lambda value: (format(value, form) + (point if math.isfinite(value) else "")).rjust(width), width
