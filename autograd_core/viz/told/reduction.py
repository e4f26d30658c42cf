"""Sums, means, extrema and other reductions, and scans."""

from __future__ import annotations

__all__ = ["TOLD"]

_EXTREMUM = """
t = x == spread(out, axis=axis, shape=x.shape)
spread(G, axis=axis, shape=x.shape) * t / sum(t, axis=axis)
"""
_WHOLE = "t = x == out\nG * t / sum(t)"
_SHARED = "All of the gradient goes to the extremum; several that are equal share it evenly."
_NORM = """
r = abs(x) / spread(out, axis=axis, shape=x.shape)
where(p == 0, 0, spread(G, axis=axis, shape=x.shape) * sign(x) * r ** (p - 1))
"""
_VARIANCE = "n = count(x, axis=axis)\n"
_APART = "(x - mean(x, axis=axis)) / (n - correction)"
_BACK = "A recurrence that runs the other way."

TOLD: dict[str, dict[str, tuple[str | None, str]]] = {
    "sum": {"x": (None, "Every element that was added gets the whole gradient.")},
    "mean": {
        "x": (
            "spread(G, axis=axis, shape=x.shape) / count(x, axis=axis)",
            "Every element gets the gradient over the number of elements.",
        )
    },
    "prod": {
        "x": (
            "spread(G, axis=axis, shape=x.shape) * product_of_others(x, axis=axis)",
            "An element counts by the product of all the others.",
        )
    },
    "products_of_others": {"x": ("slope_of_others(G, x)", "Each of the other products has the element as a factor.")},
    "var": {
        "x": (
            f"{_VARIANCE}2 * spread(G, axis=axis, shape=x.shape) * {_APART}",
            "An element counts by its distance from the mean.",
        )
    },
    "std": {
        "x": (
            f"{_VARIANCE}spread(G / out, axis=axis, shape=x.shape) * {_APART}",
            "An element counts by its distance from the mean; 0 where all are equal.",
        )
    },
    "logsumexp": {"x": (None, "Shared out as softmax does it.")},
    **{name: {"x": (_EXTREMUM, _SHARED)} for name in ("amax", "amin")},
    **{name: {"x": (_WHOLE, _SHARED)} for name in ("max", "min")},
    "median": {"x": (_WHOLE, "All of the gradient goes to the median; several that are equal share it evenly.")},
    "norm": {"x": (_NORM, "An element counts by its share of the norm; 0 where the norm is 0, and ties share.")},
    "cumsum": {
        "x": (
            "reverse_cumsum(G, axis=axis, backwards=backwards)",
            "An element is in all sums from its own on: their gradients are added up from the other end.",
        )
    },
    "cumprod": {
        "x": (
            "products_before(out, axis=axis) * reverse_recurrence(G, tail(x, axis=axis), axis=axis, backwards=False)",
            f"{_BACK} There is no division by x, which may be 0.",
        )
    },
    "logcumsumexp": {
        "x": (
            "d = exp(head(out, axis=axis) - tail(out, axis=axis))\n"
            "exp(x - out) * reverse_recurrence(G, d, axis=axis, backwards=False)",
            f"{_BACK} No exponent is above 0.",
        )
    },
    "linear_recurrence": {
        "x": ("reverse_recurrence(G, weights, axis=axis, backwards=backwards)", _BACK),
        "weights": (
            "a = reverse_recurrence(G, weights, axis=axis, backwards=backwards)\n"
            "later(a, axis=axis, backwards=backwards) * earlier(out, axis=axis, backwards=backwards)",
            "What arrives after the step, times what was there before it.",
        ),
    },
}
