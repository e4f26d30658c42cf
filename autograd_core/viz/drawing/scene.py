"""A picture as a few shapes with named styles: what it looks like is said once, for every file that it is written to."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

__all__ = ["PALETTES", "STYLES", "Group", "Path", "Rect", "Scene", "Shape", "Style", "Text"]

# Of each colour what it is on paper, and on a dark screen.  Text has a contrast of at least 4.5 to all that it lies on.
COLOURS = {
    "paper": ("#ffffff", "#14171c"),
    "ink": ("#1a222d", "#e8ebf0"),
    "quiet": ("#566170", "#a9b3c0"),
    "line": ("#6f7b8b", "#8d98a7"),
    "faint": ("#aab4c0", "#5c6674"),
    "box": ("#ffffff", "#1d222a"),
    "edge": ("#8794a5", "#6f7b8b"),
    "module": ("#e6effa", "#22303f"),
    "modules": ("#5c86b8", "#7fa6d6"),
    "tint0": ("#f4f7fb", "#191e25"),
    "tint1": ("#e9eff7", "#20262f"),
    "frame": ("#c6d2e0", "#3b4654"),
    "parameter": ("#f4effc", "#2a2440"),
    "parameters": ("#7a55c7", "#b49af0"),
    "value": ("#0f52ad", "#82b6ff"),
    "gradient": ("#a84300", "#ffa866"),
    "failed": ("#fdeceb", "#3b1b1e"),
    "error": ("#b71c26", "#ff8a8a"),
}
PALETTES: dict[str, dict[str, str]] = {
    "light": {name: pair[0] for name, pair in COLOURS.items()},
    "dark": {name: pair[1] for name, pair in COLOURS.items()},
}


class Style(NamedTuple):
    """Colours by their names, None for none; ``dash`` are the lengths of strokes and gaps, ``size`` is that of letters.

    The stroke of letters lies behind them, where they cross lines.
    """

    fill: str | None = None
    stroke: str | None = None
    width: float = 1.0
    dash: tuple[float, ...] = ()
    size: float = 0.0
    bold: bool = False
    mono: bool = False


STYLES: dict[str, Style] = {
    "paper": Style("paper"),
    "tint0": Style("tint0", "frame"),
    "tint1": Style("tint1", "frame"),
    "operation": Style("box", "edge", 1.2),
    "function": Style("box", "edge", 1.2, (6, 2)),
    "leaf": Style("parameter", "parameters", 1.2),
    "parameter": Style("parameter", "parameters", 1.2),
    "bar": Style("parameters"),
    "input": Style(None, "edge", 1.2, (4, 3)),
    "hollow": Style(None, "edge", 1.2, (4, 3)),
    "module": Style("module", "modules", 1.2),
    "fold": Style("module", "modules", 1.2),
    "failed": Style("failed", "error", 2.4),
    "output": Style(None, "ink", 1.4),
    "way": Style(None, "line", 1.3),
    "still": Style(None, "faint", 1.1, (4, 3)),
    "tip": Style("line"),
    "stilltip": Style("faint"),
    "spark": Style("gradient"),
    "base": Style(None, "gradient", 0.8),
    "name": Style("ink", size=13, bold=True),
    "title": Style("ink", size=13),
    "detail": Style("quiet", size=11),
    "value": Style("value", size=11, mono=True),
    "gradient": Style("gradient", size=11, mono=True),
    "error": Style("error", size=11),
    "frame0": Style("quiet", "tint0", size=11, bold=True),
    "frame1": Style("quiet", "tint1", size=11, bold=True),
    "count": Style("ink", "paper", size=11, bold=True),
    "legend": Style("quiet", size=11),
}


@dataclass(frozen=True, slots=True)
class Rect:
    """A rectangle with rounded corners."""

    x: float
    y: float
    width: float
    height: float
    radius: float
    style: str


@dataclass(frozen=True, slots=True)
class Path:
    """A chain of cubic Bezier curves (``curved``), or of straight lines, ``closed`` or not."""

    points: tuple[tuple[float, float], ...]
    style: str
    curved: bool = True
    closed: bool = False


@dataclass(frozen=True, slots=True)
class Text:
    """A line of text, ``y`` being that of its feet."""

    x: float
    y: float
    text: str
    style: str
    anchor: Literal["start", "middle"] = "middle"


Shape = Rect | Path | Text


@dataclass(frozen=True, slots=True)
class Group:
    """Shapes that are one thing: a box, an edge, an open module; ``spoken`` is what a screen reader says of it."""

    id: str
    kind: str
    shapes: tuple[Shape, ...]
    spoken: str = ""


@dataclass(frozen=True, slots=True)
class Scene:
    """A whole picture; what comes later lies above."""

    width: float
    height: float
    title: str
    description: str
    groups: tuple[Group, ...] = field(default=())

    def shapes(self) -> Iterator[Shape]:
        """Yield everything that is drawn, from the lowest up."""
        for group in self.groups:
            yield from group.shapes
