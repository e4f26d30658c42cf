"""What a layer or a loss says of an input that does not fit.

Where it happened, what was expected, what came, which layer made it, and the cure::

    model.2 (Linear 9->2): expects (..., 9), got (3, 8), made by model.0 (Linear 4->8); use Linear(8, 2)
"""

from __future__ import annotations

import sys
import warnings
from typing import Any

import autograd_core as ag

__all__ = ["array", "dtype_error", "in_range", "indices", "maker", "mismatch", "same_dtype", "shape_error", "warn"]

PACKAGES = frozenset({"autograd_core", "nn", "optim"})


def place(name: str) -> str:
    """Return the module that is running, and *name*, a function's or a class's, unless the module's label says it."""
    scope = ag.current_scope()
    if scope is None:
        return name
    return str(scope) if _plain(scope.label.partition(" ")[0]) == _plain(name) else f"{scope}, {name}"


def _plain(name: str) -> str:
    return name.replace("_", "").lower().removesuffix("loss")


def maker(value: Any) -> str:
    """Return ``, made by model.0 (Linear 4->8)``, or nothing where no graph says so."""
    scope = getattr(getattr(value, "grad_fn", None), "scope", None)
    return "" if scope is None else f", made by {scope}"


def mismatch(name: str, value: Any, expected: str, cure: str) -> str:
    """Return the message for a shape that does not fit *name*, a layer's class or a function."""
    return f"{place(name)}: expects {expected}, got {tuple(value.shape)}{maker(value)}; {cure}"


def shape_error(name: str, value: Any, expected: str, cure: str) -> ag.errors.ShapeError:
    """Return the error for a shape that does not fit."""
    return ag.errors.ShapeError(mismatch(name, value, expected, cure))


def dtype_error(name: str, value: Any, expected: str, cure: str) -> ag.errors.DtypeError:
    """Return the error for a dtype that does not fit."""
    return ag.errors.DtypeError(f"{place(name)}: expects {expected}, got {value.dtype}{maker(value)}; {cure}")


def array(name: str, value: Any, argument: str = "input") -> None:
    """Raise TypeError unless *value* is a Tensor or an array."""
    if not hasattr(value, "dtype") or not hasattr(value, "shape"):
        raise TypeError(
            f"{place(name)}: {argument} is a {type(value).__name__}, expected a Tensor; wrap it: ag.tensor({argument})"
        )


def same_dtype(name: str, value: Any, weight: ag.Tensor, argument: str = "input") -> None:
    """Raise DtypeError unless *value* has the dtype of the parameter that it meets."""
    array(name, value, argument)
    if value.dtype != weight.dtype:
        method = {"float32": "float", "float64": "double"}.get(str(weight.dtype))
        cure = f"convert it with {argument}.{method}()" if method else f"convert it with {argument}.to({weight.dtype})"
        if value.dtype.kind == "f":
            cure += f" or the model with model.{'double' if method == 'float' else 'float'}()"
        raise dtype_error(name, value, f"{argument} of {weight.dtype}, the dtype of its parameters", cure)


def indices(name: str, value: Any, argument: str) -> None:
    """Raise DtypeError unless *value* holds integers."""
    array(name, value, argument)
    if value.dtype.kind not in "iu":
        raise dtype_error(name, value, f"{argument} of integers", f"convert it with {argument}.long()")


def in_range(name: str, value: Any, size: int, argument: str, what: str, cure: str) -> None:
    """Raise IndexError unless every integer in *value* is one of 0 .. size - 1."""
    numbers = value.data if isinstance(value, ag.Tensor) else value
    if numbers.size and (numbers.min() < 0 or numbers.max() >= size):
        wrong = numbers[(numbers < 0) | (numbers >= size)].flat[0]
        raise IndexError(
            f"{place(name)}: {argument} holds {wrong}, expected {what} of 0 to {size - 1}{maker(value)}; {cure}"
        )


def warn(message: str, category: type[Warning] = UserWarning) -> None:
    """Warn at the line of the user's program: the first frame that is not in these packages."""
    frame, level = sys._getframe(1), 2
    while frame.f_back is not None and frame.f_globals.get("__name__", "").partition(".")[0] in PACKAGES:
        frame, level = frame.f_back, level + 1
    warnings.warn(message, category, stacklevel=level)
