"""Windows of pictures as columns, and back."""

from __future__ import annotations

from collections.abc import Sequence

import autograd_core as ag
from autograd_core import Tensor

from .. import expect
from ..module import Module

__all__ = ["Fold", "Unfold"]

Size = int | Sequence[int]


class Unfold(Module):
    """Put the windows that slide over pictures side by side: (N, C, H, W) gives (N, C KH KW, windows).

    See ``nn.functional.unfold``.

    >>> import nn
    >>> nn.Unfold(2)(ag.zeros(1, 3, 4, 5)).shape
    (1, 12, 12)
    """

    def __init__(self, kernel_size: Size, dilation: Size = 1, padding: Size = 0, stride: Size = 1) -> None:
        super().__init__()
        self.kernel_size, self.dilation, self.padding, self.stride = kernel_size, dilation, padding, stride
        self._kernel, self._dilation, self._padding = _check(self)

    def forward(self, input: Tensor) -> Tensor:
        expect.window(self._get_name(), input, self._kernel, self._padding, self._dilation)
        return ag.im2col(input, self.kernel_size, self.dilation, self.padding, self.stride)

    def extra_repr(self) -> str:
        return _arguments(self)


class Fold(Module):
    """Add up columns (N, C KH KW, windows) where windows overlap in pictures of *output_size*: (N, C, H, W).

    See ``nn.functional.fold``.

    >>> import nn
    >>> nn.Fold((2, 3), 2)(ag.ones(1, 4, 2)).tolist()
    [[[[1.0, 2.0, 1.0], [1.0, 2.0, 1.0]]]]
    """

    def __init__(
        self, output_size: Size, kernel_size: Size, dilation: Size = 1, padding: Size = 0, stride: Size = 1
    ) -> None:
        super().__init__()
        self.output_size, self.kernel_size = output_size, kernel_size
        self.dilation, self.padding, self.stride = dilation, padding, stride
        expect.per_dim("Fold", "output_size", output_size, 1, 2)
        _check(self)

    def forward(self, input: Tensor) -> Tensor:
        name = self._get_name()
        expect.array(name, input)
        if input.ndim not in (2, 3):
            cure = "give columns as Unfold makes them"
            raise expect.shape_error(name, input, "(N, C KH KW, windows) or (C KH KW, windows)", cure)
        return ag.col2im(input, self.output_size, self.kernel_size, self.dilation, self.padding, self.stride)

    def extra_repr(self) -> str:
        return f"output_size={self.output_size}, {_arguments(self)}"


def _check(layer: Fold | Unfold) -> tuple[tuple[int, ...], ...]:
    """Return kernel, dilation and padding for each dim, if all arguments make sense."""
    name = layer._get_name()
    expect.per_dim(name, "stride", layer.stride, 1, 2)
    least = {"kernel_size": 1, "dilation": 1, "padding": 0}
    return tuple(expect.per_dim(name, argument, getattr(layer, argument), low, 2) for argument, low in least.items())


def _arguments(layer: Fold | Unfold) -> str:
    return ", ".join(f"{name}={getattr(layer, name)}" for name in ("kernel_size", "dilation", "padding", "stride"))
