"""Devices by name.  There is one, the CPU: any other can be named, and is refused where a tensor would have to be on it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from .errors import ArgumentError, DeviceError

__all__ = ["check_device", "device", "get_default_device", "names_device", "set_default_device"]

# What PyTorch calls the devices of the world.
KINDS = ("cpu", "cuda", "hpu", "ipu", "meta", "mps", "mtia", "xla", "xpu")


@dataclass(frozen=True, slots=True, init=False, repr=False)
class device:
    """The name of a device: ``device("cuda:1")``, ``device("cuda", 1)``, or a copy of another.

    Every device has a name, so that ``device("cuda" if ag.cuda.is_available() else "cpu")`` can be asked; tensors are on
    the CPU.  Raises DeviceError for a name that no device has.

    >>> device("cpu"), device("cuda", 1), str(device("cuda:1"))
    (device(type='cpu'), device(type='cuda', index=1), 'cuda:1')
    >>> ag.zeros(2).device == device("cpu")
    True
    """

    type: str
    index: int | None

    def __init__(self, type: str | int | device, index: int | None = None) -> None:
        if isinstance(type, device):
            kind, number = type.type, type.index
        elif isinstance(type, str):
            kind, colon, digits = type.partition(":")
            number = int(digits) if digits.isdecimal() else None
            if kind not in KINDS or (colon and number is None):
                raise DeviceError(
                    f"device {type!r} is no device: expected one of {', '.join(KINDS)}, or as in 'cuda:0'"
                )
        elif isinstance(type, int) and not isinstance(type, bool):
            kind, number = "cuda", type  # PyTorch counts accelerators
        else:
            raise DeviceError(f"device {type!r} is no device: expected a name such as 'cpu', a number, or a device")
        if index is not None and number is not None:
            raise ArgumentError(f"device {type!r} has an index, and index is {index}; give it once")
        object.__setattr__(self, "type", kind)
        object.__setattr__(self, "index", number if index is None else index)

    def __enter__(self) -> device:
        check_device(self)  # what is made inside is on the CPU, as it is outside
        return self

    def __exit__(self, *_: object) -> None: ...

    def __str__(self) -> str:
        return self.type if self.index is None else f"{self.type}:{self.index}"

    def __repr__(self) -> str:
        return f"device(type={self.type!r}" + (")" if self.index is None else f", index={self.index})")


CPU = device("cpu")


def names_device(value: Any) -> bool:
    """Return whether *value* is a device or the name of one, and not, say, that of a dtype."""
    return isinstance(value, device) or (isinstance(value, str) and value.partition(":")[0] in KINDS)


def check_device(where: Any) -> device:
    """Return the device *where*, a device or its name, the CPU for None, if tensors can be on it; else raise DeviceError.

    >>> check_device("cuda")
    Traceback (most recent call last):
    autograd_core.errors.DeviceError: ...
    """
    if where is None or where is CPU:
        return CPU
    wanted = device(where)
    if wanted.type != "cpu":
        raise DeviceError(
            f"device '{wanted}' is not there: tensors are in the memory of the CPU and are computed with there; leave the "
            "device out, or ask first, as in device('cuda' if cuda.is_available() else 'cpu')"
        )
    return CPU


def get_default_device() -> device:
    """Return the device on which tensors are made: the CPU.

    >>> get_default_device()
    device(type='cpu')
    """
    return CPU


def set_default_device(device: Any) -> None:
    """Make tensors on *device* from now on, which must be the CPU, or None for it; else raise DeviceError.

    >>> set_default_device("cpu")
    """
    check_device(device)
