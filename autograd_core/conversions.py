"""The same values in another dtype, on another device, in memory of their own."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

from . import dtypes, ops
from .accelerator import missing
from .device import check_device, names_device
from .errors import ArgumentError, DtypeError

__all__ = ["Conversions"]


class Conversions:
    """Methods that return the tensor itself where nothing has to change."""

    __slots__ = ()

    array: Any
    dtype: ClassVar[Any]  # a property

    def to(self, *args: Any, **options: Any) -> Any:
        """Return this tensor in another dtype, or on another device; itself when it is there already.

        ``to(dtype)``, ``to(device)``, ``to(device, dtype)`` or ``to(other)``, each also with *non_blocking*, which changes
        nothing, and *copy*, with which the result always has its own memory; all may be given by name.  Gradients flow
        between floating dtypes.  Raises DeviceError for a device that is not there.
        """
        dtype, copy = _target(args, **options)
        if dtype is None or dtype == self.dtype:
            return ops.clone(self) if copy else self
        return ops.cast(self, dtype=dtype)

    def type(self, dtype: Any = None, non_blocking: Any = False) -> Any:
        """Return this tensor in *dtype*, which may be "torch.LongTensor"; without one, the name of its type, like that."""
        if dtype is None:
            return "torch." + next(name for name, known in dtypes.TYPES.items() if known == self.dtype)
        return self.to(dtypes.of_type(dtype))

    def astype(self, dtype: Any) -> Any:
        """Return this tensor in *dtype*: NumPy's name."""
        return self.to(dtypes.as_dtype(dtype))

    def type_as(self, other: Any) -> Any:
        """Return this tensor in the dtype of *other*."""
        return self.to(other.dtype)

    def float(self) -> Any:
        """Return this tensor as float32."""
        return self.to(dtypes.float32)

    def double(self) -> Any:
        """Return this tensor as float64."""
        return self.to(dtypes.float64)

    def byte(self) -> Any:
        """Return this tensor as uint8."""
        return self.to(dtypes.uint8)

    def char(self) -> Any:
        """Return this tensor as int8."""
        return self.to(dtypes.int8)

    def short(self) -> Any:
        """Return this tensor as int16."""
        return self.to(dtypes.int16)

    def int(self) -> Any:
        """Return this tensor as int32."""
        return self.to(dtypes.int32)

    def long(self) -> Any:
        """Return this tensor as int64."""
        return self.to(dtypes.int64)

    def bool(self) -> Any:
        """Return where this tensor is not zero."""
        return self.to(dtypes.bool_)

    def half(self) -> Any:
        """Raise DtypeError: nothing here computes with float16."""
        raise DtypeError(
            "half: float16 is not computed with here; use float(), which is exact for all that float16 holds"
        )

    def bfloat16(self) -> Any:
        """Raise DtypeError: nothing here computes with bfloat16."""
        raise DtypeError("bfloat16 is not computed with here; use float(), which is exact for all that bfloat16 holds")

    # --------------------------------------------------------------------------------------------------------- devices

    def cpu(self) -> Any:
        """Return this tensor on the CPU, where it is."""
        return self

    def cuda(self, device: Any = None, non_blocking: Any = False) -> Any:
        """Raise DeviceError: there is no CUDA device."""
        missing("cuda()")

    def pin_memory(self, device: Any = None) -> Any:
        """Return this tensor: no copy to an accelerator is to be made faster."""
        return self

    # ---------------------------------------------------------------------------------------------------------- memory

    def clone(self) -> Any:
        """Return a copy with its own memory; gradients flow through it."""
        return ops.clone(self)


def _target(
    args: tuple[Any, ...],
    *,
    dtype: Any = None,
    device: Any = None,
    other: Any = None,
    non_blocking: bool = False,
    copy: bool = False,
) -> tuple[np.dtype[Any] | None, bool]:
    """Return the dtype that the arguments of ``to`` ask for, if any, and whether they ask for a copy; check the device."""
    if len(args) == 1 and isinstance(args[0], np.dtype) and device is None:  # the common case
        return dtypes.as_dtype(args[0]), copy
    rest = list(args)
    if rest and (rest[0] is None or names_device(rest[0]) or type(rest[0]) is int):
        device = rest.pop(0)
        if rest and not isinstance(rest[0], bool):
            dtype = rest.pop(0)
    elif rest and (isinstance(rest[0], np.ndarray) or hasattr(rest[0], "requires_grad")):
        other = rest.pop(0)
    elif rest:
        dtype = rest.pop(0)
    if len(rest) > 2 or not all(isinstance(flag, bool) for flag in rest):
        raise ArgumentError(
            f"to: {args} is no (dtype), (device), (device, dtype) or (other), with non_blocking and copy behind; give them "
            "by name"
        )
    check_device(device)
    if other is not None:
        dtype = other.dtype
    return None if dtype is None else dtypes.as_dtype(dtype), rest[1] if len(rest) > 1 else copy
