"""The questions of ``torch.cuda``, answered for a machine without it: see ``accelerator``."""

from __future__ import annotations

from typing import Any

from ..accelerator import device_count, empty_cache, is_available, manual_seed, memory_used, missing, synchronize
from . import amp

__all__ = [
    "amp", "current_device", "device_count", "empty_cache", "get_device_name", "get_device_properties", "is_available",
    "is_bf16_supported", "is_initialized", "manual_seed", "manual_seed_all", "max_memory_allocated",
    "max_memory_reserved", "memory_allocated", "memory_reserved", "set_device", "synchronize",
]  # fmt: skip

manual_seed_all = manual_seed
memory_allocated = max_memory_allocated = memory_reserved = max_memory_reserved = memory_used


def is_initialized() -> bool:
    """Return whether CUDA has been used: no.

    >>> ag.cuda.is_initialized()
    False
    """
    return False


def is_bf16_supported() -> bool:
    """Return whether the device computes with bfloat16: no.

    >>> ag.cuda.is_bf16_supported()
    False
    """
    return False


def current_device() -> int:
    """Raise DeviceError: no device is the current one.

    >>> ag.cuda.current_device()
    Traceback (most recent call last):
    autograd_core.errors.DeviceError: ...
    """
    missing("cuda.current_device()")


def set_device(device: Any) -> None:
    """Raise DeviceError: there is no device to choose.

    >>> ag.cuda.set_device(0)
    Traceback (most recent call last):
    autograd_core.errors.DeviceError: ...
    """
    missing("cuda.set_device()")


def get_device_name(device: Any = None) -> str:
    """Raise DeviceError: there is no device to describe.

    >>> ag.cuda.get_device_name()
    Traceback (most recent call last):
    autograd_core.errors.DeviceError: ...
    """
    missing("cuda.get_device_name()")


def get_device_properties(device: Any = None) -> Any:
    """Raise DeviceError: there is no device to describe.

    >>> ag.cuda.get_device_properties()
    Traceback (most recent call last):
    autograd_core.errors.DeviceError: ...
    """
    missing("cuda.get_device_properties()")
