"""Normalisations: z = (x - mean) * rstd stands for what is normalised; w and b are shared, and so is each mean."""

from __future__ import annotations

__all__ = ["TOLD"]

_Z = "z = (x - mean) * rstd\n"
_X = _Z + "h = G * w\nrstd * (h - average(h) - z * average(h * z))"
_X_WORDS = "To move all of x, or to stretch it, changes nothing: so much of the gradient is taken out."
_W_WORDS = "The gradient times what is normalised, added up over all that shares one weight."
_B_WORDS = "The gradient, added up over all that shares one bias."
_CENTRED: dict[str, tuple[str | None, str]] = {
    "x": (_X, _X_WORDS),
    "w": (_Z + "total(G * z)", _W_WORDS),
    "b": ("total(G)", _B_WORDS),
}
_A = "a = x - mean\nh = dy * w\n"

TOLD: dict[str, dict[str, tuple[str | None, str]]] = {
    "batch_norm": _CENTRED,
    "group_norm": _CENTRED,
    "layer_norm": _CENTRED,
    "rms_norm": {
        "x": (
            "z = x * rstd\nh = G * w\nrstd * (h - z * average(h * z))",
            "To stretch x changes nothing: so much of the gradient is taken out.",
        ),
        "w": ("total(G * x * rstd)", _W_WORDS),
    },
    "batch_norm_eval": {
        "x": ("G * w / sqrt(var + eps)", "With statistics that are given it is one product for each channel."),
        "w": ("total(G * (x - mean) / sqrt(var + eps))", _W_WORDS),
        "b": ("total(G)", _B_WORDS),
    },
    "normalized_x": {
        "dy": (_Z + "w * rstd * (centred(G) - z * average(G * z))", ""),
        "x": (_A + "-rstd ** 3 * (G * average(h * a) + h * average(G * a))", ""),
        "w": (_Z + "total(dy * rstd * (centred(G) - z * average(G * z)))", ""),
        "mean": (_A + "per_statistic(rstd ** 3 * (G * average(h * a) + h * average(G * a)))", ""),
        "rstd": (_A + "per_statistic(G * (centred(h) - 3 * rstd ** 2 * a * average(h * a)))", ""),
    },
    "normalized_w": {
        "dy": ("G * (x - mean) * rstd", ""),
        "x": ("G * dy * rstd", ""),
        "mean": ("per_statistic(-G * dy * rstd)", ""),
        "rstd": ("per_statistic(G * dy * (x - mean))", ""),
    },
}
