"""What losses share: how they reduce, and that input and target fit each other."""

from __future__ import annotations

import math

import numpy as np

import autograd_core as ag
from autograd_core import Tensor

from .. import expect

__all__ = ["check_pair", "check_reduction", "nothing_to_average", "reduced", "strict_losses", "warn_if_made_by"]

_strict = [False]  # process-wide: a switch of the program, not of a thread


class strict_losses:
    """Raise ShapeError, instead of warning, where a loss broadcasts its input against its target.

    The plain call takes effect at once; as a context manager it holds until the block ends.

    >>> import nn.functional as F
    >>> with F.strict_losses():
    ...     F.mse_loss(ag.zeros(3, 1), ag.zeros(3))
    Traceback (most recent call last):
    autograd_core.errors.ShapeError: mse_loss: input (3, 1) and target (3,) broadcast to (3, 3), ...
    """

    def __init__(self, mode: bool = True) -> None:
        self._before = _strict[0]
        _strict[0] = bool(mode)

    def __enter__(self) -> None: ...

    def __exit__(self, *_: object) -> None:
        _strict[0] = self._before


def check_reduction(
    name: str,
    reduction: str,
    size_average: bool | None = None,
    reduce: bool | None = None,
    kinds: tuple[str, ...] = ("none", "mean", "sum"),
) -> str:
    """Return *reduction*, or what *size_average* and *reduce*, older than it, ask for; then with a warning.

    Raises ArgumentError for a *reduction* that there is not, and for one that is given where *size_average* stands.
    """
    if size_average is not None or reduce is not None:
        for argument, value in (("size_average", size_average), ("reduce", reduce)):
            if isinstance(value, str):
                raise ag.errors.ArgumentError(
                    f"{expect.place(name)}: {argument} is {value!r}, expected a bool; use reduction={value!r}"
                )
        average, whole = (value is None or bool(value) for value in (size_average, reduce))
        reduction = ("mean" if average else "sum") if whole else "none"
        expect.warn(
            f"{expect.place(name)}: size_average={size_average} and reduce={reduce} are what reduction took the place of; "
            f"use reduction={reduction!r}"
        )
    if reduction not in kinds:
        known = ", ".join(map(repr, kinds))
        raise ag.errors.ArgumentError(f"{expect.place(name)}: reduction is {reduction!r}, expected one of {known}")
    return reduction


def check_pair(
    name: str,
    input: Tensor,
    target: Tensor,
    called: tuple[str, str] = ("input", "target"),
    *,
    floating_target: bool = False,
    broadcast: bool = True,
) -> None:
    """Raise where *input* and *target*, arguments *called* so, cannot meet in a loss.

    Warn where they would broadcast, or raise: if strict, and without *broadcast*.
    """
    first, second = called
    expect.tensor(name, input, first)
    expect.tensor(name, target, second)
    if input.dtype.kind != "f":
        raise expect.dtype_error(name, input, f"{first} to be floating", f"convert it with {first}.float()")
    if target.dtype != input.dtype and (target.dtype.kind == "f" or floating_target):
        raise expect.dtype_error(
            name,
            target,
            f"{second} of {input.dtype}, the dtype of {first}",
            f"convert it with {second}.to(ag.{input.dtype})",
        )
    if input.shape == target.shape:
        return
    try:
        together = ag.broadcast_shapes(input.shape, target.shape)
    except (ValueError, RuntimeError):
        together = None
    shapes = f"{expect.place(name)}: {first} {tuple(input.shape)} and {second} {tuple(target.shape)}"
    same_size = math.prod(input.shape) == math.prod(target.shape)
    cure = f"use {second}.reshape{tuple(input.shape)}" if same_size else "give them the same shape"
    if made := expect.maker(input):
        cure = f"{first} was{made.removeprefix(',')}; {cure}"
    if together is None or not broadcast:
        raise ag.errors.ShapeError(f"{shapes} do not fit each other; {cure}")
    message = (
        f"{shapes} broadcast to {together}, so that the loss compares elements that do not belong together; {cure}"
    )
    if _strict[0]:
        raise ag.errors.ShapeError(message)
    expect.warn(message)


def warn_if_made_by(operation: str, name: str, input: Tensor, advice: str) -> None:
    """Warn where *input* is the output of an *operation* that the loss does itself, or does not want; *advice* says which."""
    node = input.grad_fn
    if node is not None and node.prim.name == operation:
        made = f"the output of {operation}{expect.maker(input)}"
        expect.warn(f"{expect.place(name)}: input is {made}, but {name} {advice}")


def reduced(name: str, values: Tensor, reduction: str) -> Tensor:
    """Return *values*, their mean, or their sum."""
    if reduction == "none":
        return values
    if reduction == "sum":
        return values.sum()
    return values.mean() if values.numel() else nothing_to_average(name, values)


def nothing_to_average(name: str, values: Tensor) -> Tensor:
    """Return NaN, the mean of nothing, with a warning; it sends zeros back to *values*, whatever comes to it."""
    expect.warn(
        f"{expect.place(name)}: the mean over no elements is NaN (an empty batch, or every target ignored); skip such "
        "batches, or use reduction='sum'"
    )
    none = ag.from_numpy(np.zeros(values.shape, bool))
    return ag.where(none, values, 0.0).sum() + math.nan
