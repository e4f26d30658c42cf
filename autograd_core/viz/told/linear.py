"""Products of matrices, and distances."""

from __future__ import annotations

__all__ = ["TOLD"]

_FIRST = "The gradient times the other factor, transposed. A vector on the left is a row, one on the right a column."
_SECOND = "The other factor, transposed, times the gradient. A vector on the left is a row, one on the right a column."
_ROWS = "A stack of rows counts as one matrix of them."
_LINEAR: dict[str, tuple[str | None, str]] = {
    "x": ("G @ w", "The gradient times the weights; in forward they were transposed."),
    "w": ("G.mT @ x", f"What arrived at an output, times what was at an input, over all rows. {_ROWS}"),
}

TOLD: dict[str, dict[str, tuple[str | None, str]]] = {
    "matmul": {"input": ("G @ other.mT", _FIRST), "other": ("input.mT @ G", _SECOND)},
    "linear": {**_LINEAR, "b": (None, "A bias is added to every row; what its copies get is summed.")},
    "linear_without_bias": _LINEAR,
    "einsum": {
        "xs": (
            "contract(G, others, labels=labels, result=result, i=i)",
            "The same kind of product: G with its letters, and all operands but this one; the result has its letters.",
        )
    },
    "cdist": {
        "x": (
            "s = where(out != 0, G / out, 0)\nx * sum(s, axis=-1) - s @ y",
            "Along the lines to all y, away from them; nothing where two points are the same.",
        ),
        "y": (
            "s = where(out != 0, G / out, 0)\ny * sum(s.mT, axis=-1) - s.mT @ x",
            "Along the lines to all x, away from them; nothing where two points are the same.",
        ),
    },
}
