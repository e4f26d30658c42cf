"""From a trained run to its figures, ``metrics.json`` and ``report.html``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from ..training import ConfusionMatrix, History, evaluate
from ..training.files import write_json
from ..training.recording import recorded
from ..training.report import Findings, first_filters, layers, mistakes, reconstructions, write_report
from .folder import RunFolder
from .parts import Parts

__all__ = ["measure", "report"]


def measure(parts: Parts) -> dict[str, Any]:
    """Return loss and metrics on the test pictures; for a classifier the confusion matrix too."""
    confusion = [] if parts.reconstructs else [ConfusionMatrix(len(parts.splits.classes))]
    return evaluate(parts.model, parts.loader(train=False), parts.criterion, [*parts.metrics, *confusion])


def report(parts: Parts, folder: RunFolder, config: Mapping[str, Any], history: History) -> dict[str, Any]:
    """Evaluate, write ``metrics.json`` and the report, and return the figures."""
    figures, tested, trained = measure(parts), parts.loader(train=False), parts.loader(train=True)
    confusion = figures.pop("confusion", None)
    model, classes = parts.model, parts.splits.classes
    per_class = None
    if confusion is not None:
        shares = np.diag(confusion) / np.maximum(confusion.sum(axis=1), 1)
        per_class = dict(zip(classes, shares.tolist(), strict=True))
    matrix = None if confusion is None else confusion.tolist()
    write_json(folder.metrics, {**figures, "classes": per_class, "confusion": matrix})
    sample = next(iter(tested))[0]
    seen, unseen = len(trained.dataset), len(tested.dataset)
    findings = Findings(
        title=f"{parts.recipe.title} on {parts.source}",
        lead=f"Trained for {len(history)} epochs on {seen:,} pictures, tested on {unseen:,} others.",
        command=config["command"],
        headline=_headline(parts, figures, history, seen),
        settings={**config["settings"], **config["versions"], "pictures": parts.splits.source.title},
        history=history,
        source=tuple(sample.shape[1:]),
        layers=layers(model, tuple(sample.shape[1:])),
        classes=classes,
        confusion=confusion,
        filters=first_filters(model),
        mistakes=[] if parts.reconstructs else mistakes(model, tested, parts.restore),
        reconstructions=reconstructions(model, tested) if parts.reconstructs else [],
        record=recorded(folder.path),
    )
    write_report(folder.path, findings)
    return figures


def _headline(parts: Parts, figures: Mapping[str, float], history: History, pictures: int) -> dict[str, str]:
    seconds = sum(row["seconds"] for row in history)
    shown = {"test accuracy": f"{figures['accuracy']:.1%}"} if "accuracy" in figures else {}
    if "error" in figures:
        shown["test error"] = f"{figures['error']:.4f}"
    else:
        shown["test loss"] = f"{figures['loss']:.3f}"
    return shown | {
        "parameters": f"{sum(p.numel() for p in parts.model.parameters()):,}",
        "epochs": str(len(history)),
        "training time": _duration(seconds),
        "pictures a second": f"{pictures * len(history) / max(seconds, 1e-9):,.0f}",
    }


def _duration(seconds: float) -> str:
    """Return a time as a person says it.

    >>> _duration(42.3), _duration(125), _duration(7300)
    ('42 s', '2 min 5 s', '2 h 1 min')
    """
    if seconds < 60:
        return f"{seconds:.0f} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest} s" if minutes < 60 else f"{minutes // 60} h {minutes % 60} min"
