"""What a notebook shows of a module: a table of the modules in it, with their parameters and how large those are."""

from __future__ import annotations

import math
from collections.abc import Iterable
from html import escape
from typing import Any

import numpy as np

from .markup import table
from .tensors import has_numbers

__all__ = ["html_of_module"]

ROWS = 100
COLUMNS = ("layer", "class", "parameters", "numbers", "norm", "gradient norm")
NUMBERS_FROM = 3


def html_of_module(module: Any) -> str:
    """Return the HTML of a module; a parameter that several modules have counts at the first."""
    paths = list(module.named_modules())
    seen: set[int] = set()
    rows = []
    for path, inner in paths[:ROWS]:
        own = [(name, p) for name, p in inner.named_parameters(recurse=False) if id(p) not in seen]
        seen.update(id(p) for _, p in own)
        rows.append(_row(path, inner, own))
    parameters = [p for p in module.parameters() if has_numbers(p)]
    lazy = len(list(module.parameters())) - len(parameters)
    total = sum(p.numel() for p in parameters)
    fixed = sum(p.numel() for p in parameters if not p.requires_grad)
    said = [f"{total:,} numbers in {len(parameters)} parameters"]
    said += [f"{fixed:,} of them frozen"] if fixed else []
    said += [f"{lazy} that get their shapes from the first input"] if lazy else []
    said += [f"{len(paths) - ROWS} more modules are not shown"] if len(paths) > ROWS else []
    name = escape(type(module).__name__)
    hint = "<code>draw(model, x)</code> shows what flows where, for an input <code>x</code>."
    return f"<div><b>{name}</b>: {', '.join(said)}. {hint}</div>{table(COLUMNS, rows, left=NUMBERS_FROM)}"


def _row(path: str, inner: Any, own: list[tuple[str, Any]]) -> tuple[str, ...]:
    depth = path.count(".") + 1 if path else 0
    about = " ".join(inner.extra_repr().split())
    shapes = ", ".join(f"{name} {_shape(p)}" for name, p in own)
    tensors = [p for _, p in own if has_numbers(p)]
    return (
        "\N{NO-BREAK SPACE}" * 4 * depth + (path.rpartition(".")[2] or "model"),
        f"{type(inner).__name__}({about})" if about else type(inner).__name__,
        shapes,
        f"{sum(p.numel() for p in tensors):,}" if tensors else "",
        _norm(p.array for p in tensors) if tensors else "",
        _gradient(tensors) if tensors else "",
    )


def _shape(p: Any) -> str:
    if not has_numbers(p):
        return "?"
    return "×".join(map(str, p.shape)) or "1"


def _gradient(tensors: list[Any]) -> str:
    """Return the norm of what was computed, which is not 0 where nothing was."""
    if not any(p.requires_grad for p in tensors):
        return "frozen"
    found = [p.grad.array for p in tensors if p.grad is not None]
    return _norm(found) if found else "not computed"


def _norm(arrays: Iterable[np.ndarray]) -> str:
    return f"{math.sqrt(sum(float(np.square(a, dtype=np.float64).sum()) for a in arrays)):.4g}"
