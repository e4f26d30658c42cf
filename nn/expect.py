"""What a layer or a loss says of an input that does not fit.

Where it happened, what was expected, what came, which layer made it, and the cure::

    model.2 (Linear 9->2): expects (..., 9), got (3, 8), made by model.0 (Linear 4->8); use Linear(8, 2)
"""

from __future__ import annotations

import sys
import warnings
from collections.abc import Sequence
from typing import Any, NoReturn

import autograd_core as ag

__all__ = [
    "array",
    "axes",
    "dtype_error",
    "factor",
    "in_range",
    "indices",
    "maker",
    "pair",
    "per_dim",
    "place",
    "same_dtype",
    "shape_error",
    "size",
    "spatial",
    "tensor",
    "warn",
    "window",
]

Shape = tuple[int, ...]
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
    """Return ``, made by model.0 (Linear 4->8)``, outside modules the line instead, or nothing where no graph says so."""
    node = getattr(value, "grad_fn", None)
    if node is None:
        return ""
    return f", made at {node.line}" if node.scope is None else f", made by {node.scope}"


def shape_error(name: str, value: Any, expected: str, cure: str) -> ag.errors.ShapeError:
    """Return the error for a shape that does not fit *name*, a layer's class or a function."""
    return ag.errors.ShapeError(f"{place(name)}: expects {expected}, got {tuple(value.shape)}{maker(value)}; {cure}")


def dtype_error(name: str, value: Any, expected: str, cure: str) -> ag.errors.DtypeError:
    """Return the error for a dtype that does not fit."""
    return ag.errors.DtypeError(f"{place(name)}: expects {expected}, got {value.dtype}{maker(value)}; {cure}")


def array(name: str, value: Any, argument: str = "input") -> None:
    """Raise TypeError unless *value* is a Tensor or an array."""
    if not isinstance(value, ag.Tensor) and not (hasattr(value, "dtype") and hasattr(value, "shape")):
        _no_tensor(name, value, argument)


def tensor(name: str, value: Any, argument: str = "input") -> None:
    """Raise TypeError unless *value* is a Tensor."""
    if not isinstance(value, ag.Tensor):
        _no_tensor(name, value, argument)


def _no_tensor(name: str, value: Any, argument: str) -> NoReturn:
    kind = type(value).__name__
    raise TypeError(f"{place(name)}: {argument} is of type {kind}, expected a Tensor; wrap it: ag.tensor({argument})")


def same_dtype(name: str, value: Any, parameter: ag.Tensor) -> None:
    """Raise DtypeError unless *value*, the input of a layer, has the dtype of its *parameter*."""
    if getattr(value, "dtype", None) is parameter.dtype:
        return
    array(name, value)
    if value.dtype != parameter.dtype:
        method, other = ("float", "double") if parameter.dtype == ag.float32 else ("double", "float")
        cure = f"convert it with input.{method}()"
        if value.dtype.kind == "f":
            cure += f", or the model with model.{other}()"
        raise dtype_error(name, value, f"{parameter.dtype}, the dtype of its parameters", cure)


def factor(name: str, argument: str, value: ag.Tensor | None, input: ag.Tensor) -> None:
    """Raise DtypeError unless *value*, weights of a loss, is None or has the dtype of *input*."""
    if value is not None:
        tensor(name, value, argument)
        if value.dtype != input.dtype:
            cure = f"convert it with {argument}.to(ag.{input.dtype})"
            raise dtype_error(name, value, f"{argument} of {input.dtype}, the dtype of input", cure)


def indices(name: str, value: Any, argument: str) -> None:
    """Raise DtypeError unless *value* holds integers."""
    array(name, value, argument)
    if value.dtype.kind not in "iu":
        raise dtype_error(name, value, f"{argument} of integers", f"convert it with {argument}.long()")


def in_range(name: str, value: Any, size: int, argument: str, what: str, cure: str) -> None:
    """Raise IndexError unless every integer in *value* is one of 0 .. size - 1."""
    numbers = value.array if isinstance(value, ag.Tensor) else value
    if numbers.size and (numbers.min() < 0 or numbers.max() >= size):
        wrong = numbers[(numbers < 0) | (numbers >= size)].flat[0]
        raise IndexError(
            f"{place(name)}: {argument} holds {wrong}, expected {what} of 0 to {size - 1}{maker(value)}; {cure}"
        )


def window(name: str, value: Any, kernel: Shape, padding: Shape, dilation: Shape) -> None:
    """Raise ShapeError unless *value* is (N, C, *size) or (C, *size), and a window of as many dims as *kernel* fits in."""
    least = tuple(d * (k - 1) + 1 - 2 * p for k, p, d in zip(kernel, padding, dilation, strict=True))
    spatial(name, value, least, "use a smaller window, more padding, or larger pictures")


def spatial(name: str, value: Any, least: Shape, cure: str) -> None:
    """Raise ShapeError unless *value* is (N, C, *size) or (C, *size), with each size of at least *least*."""
    array(name, value)
    dims, letters = len(least), axes(len(least))
    if value.ndim not in (dims + 1, dims + 2):
        size = ", ".join(letters)
        raise shape_error(name, value, f"(N, C, {size}) or (C, {size})", "add or merge dims with unsqueeze or reshape")
    if any(n < m for n, m in zip(value.shape[-dims:], least, strict=True)):
        expected = " and ".join(f"{axis} of at least {max(m, 1)}" for axis, m in zip(letters, least, strict=True))
        raise shape_error(name, value, expected, cure)


def axes(dims: int) -> tuple[str, ...]:
    """Return the letters of the spatial dims."""
    return ("L",) if dims == 1 else tuple("DHW"[-dims:])


NUMBERS = {1: "one", 2: "two", 3: "three"}


def per_dim(name: str, argument: str, value: Any, least: int, dims: int) -> Shape:
    """Return *value*, an int for all spatial dims or one for each, as *dims* ints; raise ArgumentError for anything else."""
    each = tuple(value) if isinstance(value, Sequence) and not isinstance(value, str) else (value,) * dims
    if len(each) != dims or not all(isinstance(v, int) and v >= least for v in each):
        raise ag.errors.ArgumentError(
            f"{name}: {argument}={value!r}, expected an int of at least {least}, or {NUMBERS[dims]} of them"
        )
    return each


def pair(name: str, argument: str, value: Any, least: int) -> tuple[int, int]:
    """Return what ``per_dim`` returns for two dims."""
    a, b = per_dim(name, argument, value, least, 2)
    return a, b


def size(name: str, **arguments: Any) -> None:
    """Raise ArgumentError unless each argument is an int of at least 1."""
    for argument, value in arguments.items():
        if not isinstance(value, int) or isinstance(value, bool) or value < 1:
            raise ag.errors.ArgumentError(f"{name}: {argument}={value!r}, expected an int of at least 1")


def warn(message: str, category: type[Warning] = UserWarning) -> None:
    """Warn at the line of the user's program: the first frame that is not in these packages."""
    frame, level = sys._getframe(1), 2
    while frame.f_back is not None and frame.f_globals.get("__name__", "").partition(".")[0] in PACKAGES:
        frame, level = frame.f_back, level + 1
    warnings.warn(message, category, stacklevel=level)
