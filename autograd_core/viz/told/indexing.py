"""Parts of arrays, and places in them."""

from __future__ import annotations

__all__ = ["TOLD"]

_ZERO_ELSEWHERE = "What was not taken gets 0."
_ADDED = "What was taken several times gets the sum."
_LAST = "What was written gets the gradient of where it stands; what was written over gets none."

TOLD: dict[str, dict[str, tuple[str | None, str]]] = {
    "slice": {"x": (None, _ZERO_ELSEWHERE)},
    "slice_into": {"x": (None, "The part that was put in.")},
    "index": {"x": (None, f"{_ZERO_ELSEWHERE} {_ADDED}")},
    "index_select": {"x": (None, f"{_ZERO_ELSEWHERE} {_ADDED}")},
    "gather": {"x": (None, f"{_ZERO_ELSEWHERE} {_ADDED}")},
    "put": {
        "x": ("put(G, 0, index=index)", "The gradient, with 0 where something was written over."),
        "v": ("where(written_last(index, shape=G.shape), G[index], 0)", _LAST),
    },
    "take_region": {"x": ("put_region(0 * x, G, chain=chain)", _ZERO_ELSEWHERE)},
    "put_region": {
        "x": ("put_region(G, 0, chain=chain)", "The gradient, with 0 where something was written over."),
        "y": ("take_region(G, chain=chain)", "What was written gets the gradient of where it stands."),
    },
    "scatter_extreme": {
        "x": (
            "best = gather(out, index, axis=axis)\n"
            "n = (x == out) + scatter_add(src == best, index, axis=axis, shape=x.shape)\n"
            "G / n * (x == out)",
            "The extremum gets the gradient; several that are equal share it.",
        ),
        "src": (
            "best = gather(out, index, axis=axis)\n"
            "n = (x == out) + scatter_add(src == best, index, axis=axis, shape=x.shape)\n"
            "gather(G / n, index, axis=axis) * (src == best)",
            "The extremum gets the gradient; several that are equal share it.",
        ),
    },
}
