"""A record as text: a table of its layers, and what looks ill."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Mapping, Sequence

from .flags import Flag
from .frames import Frame, Parameter, ParameterReading

__all__ = ["text_of"]

WIDTH = 100
HEAD = ("layer", "gradient, first", "last", "weight", "update / weight", "zeros")


def text_of(frames: Sequence[Frame], parameters: Mapping[str, Parameter], flags: Sequence[Flag], steps: int) -> str:
    """Return what was seen, a line a layer: its gradient in the first and in the last frame of each loss, and what follows."""
    if not frames:
        return f"Nothing recorded: {steps} backward passes of a scalar were seen."
    lines = [f"{len(frames)} frames of {steps} steps"]
    for of in dict.fromkeys(frame.of for frame in frames):
        mine = [frame for frame in frames if frame.of == of]
        first, last = mine[0], mine[-1]
        lines += ["", f"{of}: {first.loss:.4g} at step {first.step}, {last.loss:.4g} at step {last.step}"]
        lines += _table(mine, parameters)
    lines += ["", "Nothing looks ill." if not flags else "What looks ill:"]
    for flag in flags:
        lines += textwrap.wrap(str(flag), WIDTH, initial_indent="- ", subsequent_indent="  ")
    return "\n".join(lines)


def _table(frames: Sequence[Frame], parameters: Mapping[str, Parameter]) -> list[str]:
    layers = [frame.layers(parameters) for frame in frames]
    labels = {p.layer: p.label for p in parameters.values()}
    rows: list[tuple[str, ...]] = [HEAD]
    for name in dict.fromkeys(p.layer for p in parameters.values()):
        mine = [readings[name] for readings in layers if name in readings]
        if mine:
            title = f"{name} ({labels[name]})" if labels[name] else name
            updated = [r for r in mine if r.ratio is not None]
            ratio = updated[-1].ratio if updated else None
            rows.append(
                (title, *map(_short, (mine[0].gradient, mine[-1].gradient, mine[-1].weight, ratio)), _zeros(mine[-1]))
            )
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return [
        "  ".join(
            [row[0].ljust(widths[0]), *(cell.rjust(w) for cell, w in zip(row[1:], widths[1:], strict=True))]
        ).rstrip()
        for row in rows
    ]


def _short(x: float | None) -> str:
    return "-" if x is None else f"{x:.2e}" if math.isfinite(x) else str(x)


def _zeros(r: ParameterReading) -> str:
    return f"{r.zeros / max(r.size, 1):.0%}"
