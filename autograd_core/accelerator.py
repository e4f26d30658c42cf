"""What programs ask of accelerators, answered for a machine without one.

``cuda``, ``mps`` and ``xpu`` give the same answers under PyTorch's names.  Questions are answered, and what is meant for
all devices that are there (seeds, caches) does nothing; what needs a device raises DeviceError.
"""

from __future__ import annotations

from typing import Any, NoReturn

from .device import device
from .errors import DeviceError

__all__ = ["current_accelerator", "current_device_index", "device_count", "is_available", "synchronize"]


def is_available() -> bool:
    """Return whether there is such a device: never.

    >>> ag.device("cuda" if ag.cuda.is_available() else "cpu")
    device(type='cpu')
    """
    return False


def device_count() -> int:
    """Return how many such devices there are: none.

    >>> ag.cuda.device_count()
    0
    """
    return 0


def current_accelerator(check_available: bool = False) -> device | None:
    """Return the kind of accelerator that is there: None.

    >>> ag.accelerator.current_accelerator() is None
    True
    """
    return None


def missing(name: str) -> NoReturn:
    """Raise the error of a call that needs a device, *name* being what was called."""
    raise DeviceError(f"{name} needs an accelerator, and there is none: ask is_available() before it, and use the CPU")


def current_device_index() -> int:
    """Raise DeviceError: no device is the current one.

    >>> ag.accelerator.current_device_index()
    Traceback (most recent call last):
    autograd_core.errors.DeviceError: ...
    """
    missing("current_device_index()")


def synchronize(device: Any = None) -> None:
    """Raise DeviceError: there is no device to wait for.

    >>> ag.cuda.synchronize()
    Traceback (most recent call last):
    autograd_core.errors.DeviceError: ...
    """
    missing("synchronize()")


def manual_seed(seed: int) -> None:
    """Seed the generator of the device, if there is one: nothing happens.

    >>> ag.cuda.manual_seed(0)
    """


def empty_cache() -> None:
    """Free what the device keeps for later, if there is one: nothing happens.

    >>> ag.cuda.empty_cache()
    """


def memory_used(device: Any = None) -> int:
    """Return how many bytes of the device's memory are in use: 0.

    >>> ag.cuda.memory_allocated()
    0
    """
    return 0
