"""Modules brought to another dtype or device, in place: the parameters and buffers stay the same objects."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Self

import autograd_core as ag
from autograd_core import Tensor

from .parameter import convert_

__all__ = ["Conversions"]


class Conversions:
    """Methods of Module that convert every parameter and buffer under it."""

    parameters: Any
    buffers: Any

    def _apply(self, fn: Callable[[Tensor], Tensor], recurse: bool = True) -> Self:
        """Put ``fn(t)`` in the place of every parameter and buffer t, and of its gradient; the objects stay."""
        for value in (*self.parameters(recurse), *self.buffers(recurse)):
            convert_(value, fn)
        return self

    def to(self, *args: Any, **options: Any) -> Self:
        """Bring every floating parameter and buffer to another dtype or device, in place; arguments as for ``Tensor.to``.

        Raises DtypeError for a dtype that is not floating, DeviceError for a device that is not there.

        >>> import nn
        >>> nn.Linear(4, 2).to("cpu", ag.float64).weight.dtype
        dtype('float64')
        """
        wanted = ag.empty(0).to(*args, **options).dtype
        if wanted not in (ag.float32, ag.float64):
            raise ag.errors.DtypeError(
                f"dtype is {wanted!r}: expected ag.float32 or ag.float64, the dtypes of parameters"
            )
        return self._apply(lambda t: t.to(*args, **options) if t.is_floating_point() else t)

    def to_empty(self, *, device: Any, recurse: bool = True) -> Self:
        """Bring parameters and buffers to *device* without their values: each is left to be set."""
        return self._apply(lambda t: ag.empty_like(t, device=device), recurse)

    def type(self, dst_type: Any) -> Self:
        """Bring every parameter and buffer to *dst_type*, those of integers too."""
        wanted = ag.empty(0).to(dst_type).dtype
        if wanted.kind != "f" and any(p.requires_grad for p in self.parameters()):
            raise ag.errors.DtypeError(
                f"dst_type is {wanted!r}: expected ag.float32 or ag.float64, for parameters that require gradients; freeze "
                "them with requires_grad_(False)"
            )
        return self._apply(lambda t: t.to(dst_type))

    def float(self) -> Self:
        """Bring every floating parameter and buffer to float32."""
        return self.to(ag.float32)

    def double(self) -> Self:
        """Bring every floating parameter and buffer to float64."""
        return self.to(ag.float64)

    def half(self) -> Self:
        """Raise DtypeError: nothing here computes with float16."""
        return self._apply(lambda t: t.half() if t.is_floating_point() else t)

    def bfloat16(self) -> Self:
        """Raise DtypeError: nothing here computes with bfloat16."""
        return self._apply(lambda t: t.bfloat16() if t.is_floating_point() else t)

    def cpu(self) -> Self:
        """Return this module: it is on the CPU."""
        return self

    def cuda(self, device: Any = None) -> Self:
        """Raise DeviceError for a module with parameters: there is no CUDA device."""
        return self._apply(lambda t: t.cuda(device))
