"""Activations, softmax, and what is lost."""

from __future__ import annotations

__all__ = ["TOLD"]

_GELU_TANH = """
c = sqrt(2 / pi)
t = tanh(c * (x + 0.044715 * x ** 3))
G * ((1 + t) / 2 + x * (1 - t ** 2) / 2 * c * (1 + 3 * 0.044715 * x ** 2))
"""
_GELU_TANH_TWICE = """
c = sqrt(2 / pi)
t = tanh(c * (x + 0.044715 * x ** 3))
d = c * (1 + 3 * 0.044715 * x ** 2)
e = 6 * c * 0.044715 * x
G * grad * (1 - t ** 2) * (d + x * (e / 2 - t * d ** 2))
"""
_SIGMOID = "A sigmoid passes a quarter of the gradient at most, and next to nothing where it is near 0 or 1."
_SOFTMAX = "Less the mean of what arrives, weighted by the result: to raise one share is to lower the others."

TOLD: dict[str, dict[str, tuple[str | None, str]]] = {
    "sigmoid": {"x": (None, _SIGMOID)},
    "tanh": {"x": (None, "All of the gradient passes near 0, next to nothing where the result is near -1 or 1.")},
    "relu": {"x": (None, "The gradient passes where the result is positive, and stops elsewhere.")},
    "leaky_relu": {"x": (None, "The gradient passes for positive x, and a fraction of it elsewhere.")},
    "elu": {"x": (None, "For positive x a constant passes; elsewhere the slope comes from the result itself.")},
    "softplus": {"x": (None, "The slope of softplus is the sigmoid, and 1 far to the right.")},
    "hardtanh": {"x": (None, "The gradient passes strictly between the bounds.")},
    "threshold": {"x": (None, "The gradient passes above the threshold.")},
    "silu": {"x": (None, "The product rule, for x times its sigmoid.")},
    "gelu": {"x": (None, "The product rule, for x times the probability of a normal number below x.")},
    "gelu_x": {"x": ("G * grad * normal_pdf(x) * (2 - x ** 2)", "")},
    "gelu_tanh": {"x": (_GELU_TANH, "The product rule, for x times the approximate probability.")},
    "gelu_tanh_x": {"grad": (_GELU_TANH, ""), "x": (_GELU_TANH_TWICE, "")},
    "softmax": {"x": (None, _SOFTMAX)},
    "masked_softmax": {
        "x": ("out * (G - sum(G * out, axis=-1))", _SOFTMAX),
        "bias": ("out * (G - sum(G * out, axis=-1))", "It is added to x, and gets what x gets."),
    },
    "log_softmax": {"x": (None, "What arrives, less its sum shared out as the probabilities are.")},
    "dropout": {
        "x": (
            "where(kept, G / (1 - p), 0)",
            "What was dropped gets nothing; what was kept was made larger, and so is G.",
        )
    },
    "cross_entropy": {
        "x": (
            "G * scale * (p - one_hot(target, p))",
            "The probabilities, less 1 at the right class: what is too likely goes down, the right class goes up. "
            "scale has one number for each row.",
        )
    },
    "softmax_residual": {
        "p": ("G * scale", "scale has one number for each row."),
        "scale": ("sum(G * (p - one_hot(target, p)), axis=1)", ""),
    },
    "soft_cross_entropy": {
        "x": (None, "The probabilities, less the shares that were wanted."),
        "q": (None, "A share weighs how surprising its class is."),
    },
    "ctc": {
        "x": (
            "-G * visits(x, states, times, sizes)",
            "The probability that an alignment is at a symbol at a time, given the labels: it is found by a pass from the "
            "front and one from the back.",
        )
    },
}
