"""The picture: how many times faster than PyTorch each row is, on one thread and on two."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from . import report
from .case import BOTH, FORWARD, Group
from .groups import GROUPS

COLUMNS = (("steps", "workloads", "overhead", "layers"), ("conv", "odd", "pool"))
PAGE, INK, SOFT, FAINT = (
    "#ffffff",
    "#1f2328",
    "#656d76",
    "#d0d7de",
)  # opaque: to be read on light pages and on dark ones
AHEAD, BEHIND, SECOND = "#54aeff", "#f0a05a", "#0a3069"
WIDTH, LINE = 9.2, 0.19  # inches: of the picture, of a row
HEADER, FOOTER = 0.85, 0.3  # inches
BETWEEN, TITLE = (
    2.6,
    1.0,
)  # rows: from one panel to the next, and how much of that is for the title and what is above it
LABELS = 0.52  # of a column's width
TICKS = {1 / 8: "1/8", 1 / 4: "1/4", 1 / 2: "1/2", 1: "1", 2: "2", 4: "4", 8: "8", 16: "16", 32: "32"}
FURTHEST = 1 / 8, 32.0  # a bar beyond is cut, and its number tells


@dataclass
class Bar:
    """A row: PyTorch's time over ours, by number of threads."""

    label: str
    ratios: dict[int, float] = field(default_factory=dict)


def draw(run: report.Run, path: Path) -> None:
    """Draw a bar for one thread and a dot for two, in panels by group."""
    import matplotlib.pyplot as plt

    columns = [[(GROUPS[name], found) for name in names if (found := bars(run, GROUPS[name]))] for names in COLUMNS]
    columns = [column for column in columns if column]
    limits = _limits([r for column in columns for _, found in column for bar in found for r in bar.ratios.values()])
    rows = max((sum(len(found) + BETWEEN for _, found in column) for column in columns), default=0.0)
    height = rows * LINE + HEADER + FOOTER
    settings: dict[Any, Any] = {"font.size": 8, "font.family": "DejaVu Sans", "text.color": INK}
    with plt.rc_context(settings):
        figure = plt.figure(figsize=(WIDTH, height), facecolor=PAGE)
        _frame(figure, run)
        for i, column in enumerate(columns):
            top = height - HEADER  # inches from below, of what is still empty
            for group, found in column:
                top -= TITLE * LINE
                figure.text(
                    (i + 0.02) / len(columns), (top + 0.05) / height, _title(group), weight="bold", fontsize=8.5
                )
                top -= len(found) * LINE
                left, width = (i + LABELS) / len(columns), (0.97 - LABELS) / len(columns)
                axes = figure.add_axes((left, top / height, width, len(found) * LINE / height))
                _panel(axes, found, limits)
                top -= (BETWEEN - TITLE) * LINE
        figure.savefig(path, dpi=200, facecolor=PAGE)
        plt.close(figure)


def bars(run: report.Run, group: Group) -> list[Bar]:
    """Return the bars of a group; of the parts of a convolution only both directions together."""
    found: dict[tuple[str, str], Bar] = {}
    for threads in report.threads_of(run):
        for row in report.select(run, group.name, threads):
            name, part = row["name"], row["part"]
            ratio = report.ratio(row)
            if ratio is not None and (group.name not in report.CONVOLUTION or part == BOTH):
                label = part if any(key[0] == name and key[1] != part for key in found) else name
                found.setdefault((name, part), Bar(label)).ratios[threads] = ratio
    return list(found.values())


def _limits(ratios: Sequence[float]) -> tuple[float, float]:
    least, most = FURTHEST
    return max(least, min(0.45, *ratios, 1.0)) / 1.12, min(most, max(4.0, *ratios, 1.0)) * 2.2


def _title(group: Group) -> str:
    parts = list(dict.fromkeys(case.part for case in group.cases))
    if group.name in report.CONVOLUTION:
        return f"{group.title}, {BOTH}"
    return f"{group.title}: forward, then backward" if parts[0] == FORWARD else group.title


def _panel(axes: Any, found: Sequence[Bar], limits: tuple[float, float]) -> None:
    axes.set(xscale="log", xlim=limits, ylim=(len(found) - 0.5, -0.5), facecolor=PAGE)
    for y, bar in enumerate(found):
        first = next(iter(bar.ratios.values()))
        shown = [min(max(ratio, FURTHEST[0]), FURTHEST[1]) for ratio in bar.ratios.values()]
        axes.barh(y, shown[0] - 1, left=1, height=0.66, color=AHEAD if first >= 1 else BEHIND, zorder=2)
        axes.plot(shown[1:], [y] * (len(shown) - 1), "o", color=SECOND, markersize=3, zorder=4)
        text = f"{first:.2f}" if first < 9.95 else f"{first:.0f}"
        axes.annotate(text, (max(1.0, *shown), y), (5, 0), textcoords="offset points", va="center_baseline", fontsize=7)
    axes.axvline(1, color=INK, linewidth=0.9, zorder=3)
    axes.set_yticks(range(len(found)), [bar.label for bar in found])
    ticks = [tick for tick in TICKS if limits[0] <= tick <= limits[1]]
    axes.set_xticks(ticks, [TICKS[tick] for tick in ticks])
    axes.minorticks_off()
    axes.tick_params(axis="y", length=0, labelcolor=INK, pad=3)
    axes.tick_params(axis="x", length=0, labelcolor=SOFT, labelsize=6.5, pad=1)
    axes.grid(axis="x", color=FAINT, linewidth=0.5, zorder=0)
    axes.spines[:].set_visible(False)


def _frame(figure: Any, run: report.Run) -> None:
    """Write what the picture shows above it, and where it was measured below."""
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    height = figure.get_figheight()
    figure.text(0.01, 1 - 0.24 / height, "How many times faster than PyTorch", fontsize=12, weight="bold", va="center")
    signs = [
        Patch(color=AHEAD, label="faster, 1 thread"),
        Patch(color=BEHIND, label="slower, 1 thread"),
        Line2D([], [], linestyle="", marker="o", markersize=3.5, color=SECOND, label="2 threads"),
    ]
    where = {"loc": "center left", "bbox_to_anchor": (0.0, 1 - 0.55 / height), "frameon": False}
    figure.legend(handles=signs, ncols=3, fontsize=8, handlelength=1.2, columnspacing=1.5, **where)
    said = [
        "PyTorch's time / autograd_core's, float32, minimum of many",
        run["machine"].get("processor"),
        run["date"][:10],
    ]
    figure.text(0.01, 0.13 / height, ";  ".join(filter(None, said)), fontsize=7, color=SOFT, va="center")
