"""The report of a run: one page for a person, and the files behind it."""

from __future__ import annotations

from .findings import (
    Example,
    Findings,
    Layer,
    confusions,
    first_filters,
    layers,
    mistakes,
    probabilities,
    reconstructions,
)
from .write import write_report

__all__ = [
    "Example",
    "Findings",
    "Layer",
    "confusions",
    "first_filters",
    "layers",
    "mistakes",
    "probabilities",
    "reconstructions",
    "write_report",
]
