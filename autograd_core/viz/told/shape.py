"""Shapes, orders, parts put together."""

from __future__ import annotations

__all__ = ["TOLD"]

TOLD: dict[str, dict[str, tuple[str | None, str]]] = {
    "reshape": {"x": (None, "The same numbers, in the shape they had before.")},
    "permute": {"x": ("permute_back(G, axes=axes)", "The axes go back to where they were.")},
    "expand": {"x": (None, "An element that was copied gets the sum of the gradients of its copies.")},
    "sum_to": {"x": (None, "Every element that was added gets the whole gradient.")},
    "clone": {"x": (None, "The gradient passes as it is.")},
    "as_strided": {"x": ("strided_sum(G)", "An element that is seen several times gets the sum.")},
    "strided_sum": {"x": ("as_strided(G)", "")},
    "flip": {"x": (None, "Turned around once more.")},
    "roll": {"x": ("roll_back(G, shifts=shifts, axes=axes)", "As far the other way.")},
    "cat": {"xs": ("part(G, xs, i, axis=dim)", "Each operand gets its own part of the gradient.")},
    "stack": {"xs": ("take(G, i, axis=dim)", "Each operand gets its own slice of the gradient.")},
    "diagonal": {
        "x": ("diagonal_into(G, offset=offset, axes=axes, shape=x.shape)", "Elements beside the diagonal get 0."),
    },
    "diagonal_into": {"x": ("diagonal(G, offset=offset, axes=axes)", "The diagonal that was put in.")},
    "triangle": {"x": (None, "The other triangle gets 0.")},
    "pad": {"x": ("crop(G, before=before, shape=x.shape)", "What was added around gets lost.")},
    "pad_from_edges": {"x": ("fold_edges(G)", "An element that was copied to the edges gets the sum of its copies.")},
    "fold_edges": {
        "x": (
            "pad_from_edges(G, before=before, after=after, mode=mode)",
            "The transpose of a transpose: the padding itself.",
        ),
    },
}
