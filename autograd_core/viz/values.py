"""Forward values of a graph, without keeping more than the graph keeps, and how arrays are put into a trace."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy import ndarray

from .. import writes
from ..errors import AutogradError
from ..graph import Node
from ..modes import no_grad
from ..primitive import Primitive
from ..tensor import wrap

__all__ = [
    "Copies",
    "Encoder",
    "block_means",
    "computed_again",
    "declaration",
    "find_values",
    "json_number",
    "norm_of",
    "operands_of",
    "parameters_of",
    "saved_operands",
    "statistics",
    "try_again",
]

FULL = 400  # entries up to which an array is written in full; above that it is pooled to SIDE x SIDE means
SIDE = 20
BINS = 20
LARGEST = 5


class Copies:
    """Read-only copies of arrays: what a trace keeps does not change when the program goes on.

    An array has one copy, until it is written in place.
    """

    def __init__(self) -> None:
        self._made: dict[int, tuple[Any, ndarray, int]] = {}  # id -> the array itself, so that the id stays its own

    def of(self, a: Any) -> ndarray:
        """Return the copy of *a*, an array or a number."""
        entry = self._made.get(id(a))
        if entry is not None and (type(a) is not ndarray or not writes.overwritten(a, entry[2])):
            return entry[1]
        copy = np.array(a, order="C")
        copy.flags.writeable = False
        self._made[id(a)] = a, copy, writes.last_write
        return copy


# ------------------------------------------------------------------------------------------------------ forward values


def declaration(node: Node) -> Any:
    """Return the primitive of a call, also of one with hooks behind it."""
    return getattr(node.prim, "prim", node.prim)


def operands_of(node: Node) -> list[tuple[str, Node | None]]:
    """Return of each operand of a call its name in the declaration, ``xs[2]`` for one of many, and the node it came from."""
    prim = declaration(node)
    if node.whole is not node:
        return [("result", node.whole)]
    if not isinstance(prim, Primitive):
        return [(f"argument {i}", p) for i, p in enumerate(node.parents) if p is not None]
    if prim.variadic:
        return [(f"{prim.operands[0]}[{i}]", p) for i, p in enumerate(node.parents)]
    parents = dict(zip(prim.live, node.parents, strict=True))
    return [(o, parents.get(o)) for o in prim.operands]


def saved_operands(node: Node, reads: Mapping[str, Any]) -> list[Any]:
    """Return of each operand of a call the array that its formulas keep, or None; also where that was written over since."""
    prim = declaration(node)
    if not isinstance(prim, Primitive):
        return [None] * len(operands_of(node))
    if prim.variadic:
        found = list(reads.get(prim.operands[0]) or [None] * len(node.parents))
    else:
        found = [reads.get(o) for o in prim.operands]
    return [a if as_saved(a, node) else None for a in found]


def as_saved(a: Any, node: Node) -> bool:
    """Return whether *a*, which *node* keeps, still has the values that it had then."""
    return type(a) is not ndarray or not writes.overwritten(a, node.seq, getattr(node, "redone", (0, 0)))


def parameters_of(prim: Any, reads: Mapping[str, Any]) -> dict[str, Any]:
    """Return the static parameters of a call."""
    return {p: reads[p] for p in prim.params if p in reads} if isinstance(prim, Primitive) else {}


def computed_again(prim: Primitive, operands: Iterable[Any], params: Mapping[str, Any]) -> Any:
    """Return the result of a call over arrays, with dtypes promoted as the call itself does, and nothing recorded."""
    with no_grad():
        out = prim.call(*(wrap(np.asarray(a), None) for a in operands), **params)
    return (out[0] if prim.auxiliary else out).array


def find_values(
    calls: Sequence[Node],
    leaves: Iterable[Node],
    operands: Mapping[Node, Sequence[Any]],
    reads: Mapping[Node, Mapping[str, Any]],
    results: Mapping[Node, Any],
    known: dict[Node, ndarray],
    copies: Copies,
) -> None:
    """Add to *known* the values of *calls*, oldest first, and of *leaves*: saved ones, then those of tensors, then computed.

    *operands* are those of each call that are known, *reads* what its formulas read, and *results* the arrays of tensors
    that the program still has.
    """
    first_use: dict[Node, int] = {}
    for call in calls:
        out = reads.get(call, {}).get("out")
        if out is not None and as_saved(out, call):
            _keep(known, call, out, copies)
        for (_, parent), a in zip(operands_of(call), operands[call], strict=True):
            if parent is not None:
                first_use.setdefault(parent, call.seq)
                if a is not None:
                    _keep(known, parent, a, copies)
    for leaf in leaves:
        t = leaf.target()
        if t is not None and not writes.overwritten(t.array, first_use.get(leaf, leaf.seq)):
            _keep(known, leaf, t.array, copies)
    for call in calls:
        a = results.get(call)
        if type(a) is ndarray and not writes.overwritten(a, call.seq):
            _keep(known, call, a, copies)
    for call in calls:
        if call not in known and call in reads and isinstance(declaration(call), Primitive):
            given = [
                known.get(parent) if parent is not None else a
                for (_, parent), a in zip(operands_of(call), operands[call], strict=True)
            ]
            out = None if any(a is None for a in given) else try_again(call, given, reads[call])
            if out is not None:
                known[call] = copies.of(out)


def _keep(known: dict[Node, ndarray], node: Node, a: ndarray, copies: Copies) -> None:
    if node not in known and a.shape == node.shape:
        known[node] = copies.of(a if a.dtype == node.dtype else a.astype(node.dtype))


def try_again(call: Node, operands: Sequence[Any], reads: Mapping[str, Any]) -> ndarray | None:
    """Return the result of *call* for these operands; None where they cannot have been its own."""
    try:
        out: ndarray = computed_again(declaration(call), operands, parameters_of(declaration(call), reads))
    except (AutogradError, ArithmeticError, ValueError):
        return None
    return out if out.shape == call.shape and out.dtype == call.dtype else None


# ------------------------------------------------------------------------------------------------------- arrays as JSON


class Encoder:
    """Arrays by the hash of their content, each once; ``arrays`` is what the trace's JSON has."""

    def __init__(self) -> None:
        self.arrays: dict[str, dict[str, Any]] = {}
        self._keys: dict[int, tuple[ndarray, str]] = {}

    def key(self, a: ndarray | None) -> str | None:
        """Return the key of *a* in ``arrays``, where it is from then on."""
        if a is None:
            return None
        entry = self._keys.get(id(a))
        if entry is None:
            content = hashlib.sha1(
                f"{a.shape}{a.dtype}".encode(), usedforsecurity=False
            )  # the fastest on most machines
            content.update(a.data)
            entry = self._keys[id(a)] = a, content.hexdigest()[:24]
            if entry[1] not in self.arrays:
                self.arrays[entry[1]] = encoded(a)
        return entry[1]


def encoded(a: ndarray) -> dict[str, Any]:
    """Return *a* as JSON: its statistics, and its entries in full, or means of blocks where there are many.

    >>> from autograd_core.viz.values import encoded
    >>> encoded(np.float32([[1, 2], [3, 4]]))["data"], encoded(np.ones((40, 40)))["pooled"]
    ([1.0, 2.0, 3.0, 4.0], [20, 20])
    """
    full = a.size <= FULL
    numbers = a.astype(np.float64) if full or a.dtype == np.bool_ else a
    found: dict[str, Any] = {"shape": list(a.shape), "dtype": a.dtype.name, "stats": statistics(numbers)}
    shown = a if full else block_means(numbers)
    found["hist"], found["largest"] = (None, []) if full else (_histogram(numbers), _largest(numbers))
    found["pooled"], found["data"] = (
        None if full else list(shown.shape),
        [json_number(v) for v in shown.ravel().tolist()],
    )
    return found


def json_number(v: Any) -> Any:
    """Return *v* as JSON can say it: NaN and the infinities are strings."""
    return v if not isinstance(v, float) or math.isfinite(v) else str(v)


def statistics(a: ndarray) -> dict[str, Any]:
    """Return size, number of entries that are not finite, and of the others minimum, maximum, mean and norm."""
    finite = a
    bad = 0
    if a.dtype.kind == "f" and not np.isfinite(a.sum()):  # a sum that is finite has finite parts
        fine = np.isfinite(a)
        bad, finite = int(a.size - fine.sum()), a[fine]
    found: dict[str, Any] = {
        "size": int(a.size),
        "nonfinite": bad,
        "min": None,
        "max": None,
        "mean": None,
        "norm": None,
    }
    if finite.size:
        flat = finite.ravel()
        found |= {"min": flat.min().item(), "max": flat.max().item(), "mean": float(flat.mean(dtype=np.float64))}
        found["norm"] = norm_of(flat)
    return found


def norm_of(flat: ndarray) -> float:
    """Return the root of the sum of squares, also where the squares of float32 numbers leave their range."""
    scale = max(abs(float(flat.max())), abs(float(flat.min())))
    if scale == 0:
        return 0.0
    if flat.dtype == np.float32 and 1e-12 < scale < 1e12:
        return math.sqrt(float(np.dot(flat, flat)))
    part = flat.astype(np.float64) / scale
    return scale * math.sqrt(float(np.dot(part, part)))


def _histogram(a: ndarray) -> dict[str, Any] | None:
    """Return the counts of finite entries in bins of one width."""
    flat = a.ravel()
    low, high = float(flat.min()), float(flat.max())
    if not (math.isfinite(low) and math.isfinite(high)):
        flat = flat[np.isfinite(flat)]
        if not flat.size:
            return None
        low, high = float(flat.min()), float(flat.max())
    if low == high:
        return {"low": low, "high": high, "counts": [int(flat.size)]}
    bins = ((flat - flat.dtype.type(low)) * (BINS / (high - low))).astype(np.int32)
    counts = np.bincount(np.minimum(bins, BINS - 1, out=bins), minlength=BINS)
    return {"low": low, "high": high, "counts": counts.tolist()}


def block_means(a: ndarray, rows: int = SIDE, columns: int = SIDE) -> ndarray:
    """Return the means of at most *rows* x *columns* blocks of *a*, as a matrix: its dims are split where it is most square."""
    splits = [(math.prod(a.shape[:i]), math.prod(a.shape[i:])) for i in range(a.ndim + 1)]
    m = a.reshape(min(splits, key=lambda s: max(s) / min(s)))
    row, column = (
        np.linspace(0, n, min(most, n) + 1).astype(int) for n, most in zip(m.shape, (rows, columns), strict=True)
    )
    sums = np.add.reduceat(np.add.reduceat(m, column[:-1], axis=1, dtype=np.float64), row[:-1], axis=0)
    means: ndarray = sums / np.outer(np.diff(row), np.diff(column))
    return means


def _largest(a: ndarray) -> list[Any]:
    """Return ``[index, value]`` of the entries of the largest size; they are in the parts that have the largest maxima."""
    flat = a.ravel()
    n = math.isqrt(a.size)
    starts = np.arange(0, a.size, n)
    highest = np.maximum(np.maximum.reduceat(flat, starts), -np.minimum.reduceat(flat, starts))
    parts = [np.arange(k, min(k + n, a.size)) for k in starts[np.argsort(-highest, kind="stable")[:LARGEST]].tolist()]
    places = np.sort(np.concatenate(parts))
    top = places[np.argsort(-np.abs(flat[places]), kind="stable")[:LARGEST]]
    return [[[int(i) for i in np.unravel_index(k, a.shape)], json_number(flat[k].item())] for k in top.tolist()]
