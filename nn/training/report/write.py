"""The report's files: the page, and the figures and numbers behind it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from ..files import write_atomically
from . import figures
from .findings import Findings
from .page import page

__all__ = ["write_report"]


def write_report(folder: str | Path, findings: Findings) -> Path:
    """Write ``report.html`` and its figures (PNG, and SVG for the curves) to *folder*; return the path of the page.

    Each file is written atomically.  Figures need matplotlib and pillow; without them the page is written all the same,
    and says what is missing.
    """
    folder = Path(folder)
    missing = [name for name, module in (("matplotlib", "matplotlib"), ("pillow", "PIL")) if not find_spec(module)]
    if missing:
        note = (
            f"There are no curves and no pictures here, because {' and '.join(missing)} could not be found. "
            f"Cure: pip install {' '.join(missing)}, then write this page again with python -m nn evaluate {folder}"
        )
        findings = replace(findings, notes=(*findings.notes, note))
    else:
        for name, draw in _figures(findings).items():
            write_atomically(folder / f"{name}.png", figures.png(draw))
            if name == "curves":
                write_atomically(folder / f"{name}.svg", figures.svg_file(draw))
    target = folder / "report.html"
    write_atomically(target, page(findings, drawn=not missing))
    return target


def _figures(findings: Findings) -> dict[str, Callable[[], Any]]:
    history, confusion, filters = findings.history, findings.confusion, findings.filters
    drawn: dict[str, Callable[[], Any]] = {}
    if history.measured:
        drawn["curves"] = lambda: figures.curves(history, history.measured)
    if confusion is not None:
        drawn["confusion"] = lambda: figures.confusion(confusion, findings.classes)
    if filters is not None:
        drawn["filters"] = lambda: figures.filter_grid(filters)
    if findings.mistakes:
        drawn["mistakes"] = lambda: figures.mistake_grid(findings.mistakes, findings.classes)
    if findings.reconstructions:
        drawn["reconstructions"] = lambda: figures.reconstruction_grid(findings.reconstructions)
    return drawn
