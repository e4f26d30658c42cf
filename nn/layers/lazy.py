"""Layers that learn from their first input how many features or channels come in, and then are the ordinary layers."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any, ClassVar

import autograd_core as ag
from autograd_core import Tensor

from .. import expect
from ..module import BUFFERS, PARAMETER, Module
from ..parameter import Parameter, UninitializedBuffer, UninitializedParameter, is_lazy
from .conv import (
    Conv1d,
    Conv2d,
    Conv3d,
    ConvTranspose1d,
    ConvTranspose2d,
    ConvTranspose3d,
    Size,
    _Conv,
    _ConvTranspose,
    _Window,
)
from .linear import Linear
from .norm import (
    BatchNorm1d,
    BatchNorm2d,
    BatchNorm3d,
    InstanceNorm1d,
    InstanceNorm2d,
    InstanceNorm3d,
    _ChannelNorm,
    _InstanceNorm,
)

__all__ = [
    "LazyBatchNorm1d",
    "LazyBatchNorm2d",
    "LazyBatchNorm3d",
    "LazyConv1d",
    "LazyConv2d",
    "LazyConv3d",
    "LazyConvTranspose1d",
    "LazyConvTranspose2d",
    "LazyConvTranspose3d",
    "LazyInstanceNorm1d",
    "LazyInstanceNorm2d",
    "LazyInstanceNorm3d",
    "LazyLinear",
    "LazyModuleMixin",
]


class LazyModuleMixin(Module):
    """What makes a module lazy: the first call gives shapes to its uninitialized parameters, and it a new class.

    A lazy module derives from this and from the module that it becomes, makes UninitializedParameters, and defines
    ``initialize_parameters``, which gets the arguments of the call.  *cls_to_become* is its class from then on, unless None.
    The parameters stay the same objects; still, make the optimizer after a first call, since it asks for their shapes.

    >>> import nn
    >>> class LazyScale(LazyModuleMixin):
    ...     def __init__(self):
    ...         super().__init__()
    ...         self.scale = nn.UninitializedParameter()
    ...     def initialize_parameters(self, input):
    ...         self.scale.materialize(input.shape[1:])
    ...         nn.init.ones_(self.scale)
    ...     def forward(self, input):
    ...         return input * self.scale
    >>> LazyScale()(ag.ones(2, 3)).shape
    (2, 3)
    """

    cls_to_become: ClassVar[type[Module] | None] = None

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.register_forward_pre_hook(_initialize, with_kwargs=True)

    def initialize_parameters(self, *args: Any, **kwargs: Any) -> None:
        """Give shapes and values to all parameters; the arguments are those of the call."""
        raise NotImplementedError(
            f"{self._get_name()} does not say how it is initialized; define initialize_parameters(self, input)"
        )

    def has_uninitialized_params(self) -> bool:
        """Return whether a parameter or buffer of this module has no shape yet."""
        return any(is_lazy(value) for _, value in self._registered(PARAMETER, *BUFFERS))


def _initialize(module: LazyModuleMixin, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
    """Before the first forward: let *module* take its shapes from the arguments, and become what it is to be."""
    with ag.no_grad():
        module.initialize_parameters(*args, **kwargs)
    if module.has_uninitialized_params():
        raise ag.errors.GraphError(
            f"module {module._get_name()} has not been fully initialized: materialize all its parameters in "
            "initialize_parameters"
        )
    for key in [key for key, hook in module._hooks.items() if hook.function is _initialize]:
        del module._hooks[key]
    if module.cls_to_become is not None:
        module.__class__ = module.cls_to_become  # type: ignore[assignment]  # a base, with the same attributes
    if module._scope is not None:
        module._scope.label = module._label()


class _Lazy(LazyModuleMixin):
    """A lazy form of a layer that makes its tensors with ``_parameter`` and ``_buffer``."""

    def _parameter(self, *shape: int, device: Any = None, dtype: Any = None) -> Parameter:
        return UninitializedParameter(device=device, dtype=dtype)

    def _buffer(self, *shape: int, device: Any = None, dtype: Any = None) -> Tensor:
        return UninitializedBuffer(device=device, dtype=dtype)

    def reset_parameters(self) -> None:
        """Set the parameters anew, once they have shapes."""
        if not self.has_uninitialized_params():
            super().reset_parameters()  # type: ignore[misc]  # the layer's, which is next in the order of classes

    def _materialize(self, **shapes: Sequence[int]) -> None:
        """Give these shapes to the tensors of these names that have none, and set the values."""
        for name, shape in shapes.items():
            value = getattr(self, name)
            if is_lazy(value):
                value.materialize(shape)
        self.reset_parameters()


class LazyLinear(_Lazy, Linear):
    """A ``Linear`` whose *in_features* is the last dim of the first input.

    >>> import nn
    >>> layer = nn.LazyLinear(2)
    >>> layer
    LazyLinear(in_features=0, out_features=2, bias=True)
    >>> layer(ag.ones(3, 4)).shape
    (3, 2)
    >>> layer
    Linear(in_features=4, out_features=2, bias=True)
    """

    cls_to_become = Linear

    def __init__(self, out_features: int, bias: bool = True, device: Any = None, dtype: Any = None) -> None:
        super().__init__(1, out_features, bias, device, dtype)
        self.in_features = 0

    def initialize_parameters(self, input: Tensor) -> None:
        """Take *in_features* from *input* (..., in_features)."""
        if self.has_uninitialized_params():
            if not input.ndim:
                raise expect.shape_error("LazyLinear", input, "(..., in_features)", "give it rows of features")
            self.in_features = input.shape[-1]
            self._materialize(weight=(self.out_features, self.in_features), bias=(self.out_features,))
        self.in_features = self.weight.shape[1]


# --------------------------------------------------------------------------------------------------------- convolution


class _LazyWindow(_Lazy, _Window):
    def initialize_parameters(self, input: Tensor, *args: Any, **kwargs: Any) -> None:
        """Take *in_channels* from *input* (N, in_channels, ...) or (in_channels, ...)."""
        if not self.has_uninitialized_params():  # a state dict brought the weight
            self.in_channels = self._channels_in()
            return
        name = self._get_name()
        if input.ndim not in (self.dims + 1, self.dims + 2):
            size = ", ".join(expect.axes(self.dims))
            raise expect.shape_error(name, input, f"(N, C, {size}) or (C, {size})", "add or merge dims")
        channels = input.shape[-self.dims - 1]
        if not channels or channels % self.groups:
            expected = f"a number of channels that groups={self.groups} divides"
            raise expect.shape_error(name, input, expected, "change groups, or the layer before")
        self.in_channels = channels
        self._materialize(weight=self._weight_shape(), bias=(self.out_channels,))

    def _channels_in(self) -> int:
        """Return the number of channels that the weight takes."""
        raise NotImplementedError


class _LazyConv(_LazyWindow, _Conv):
    def __init__(
        self,
        out_channels: int,
        kernel_size: Size,
        stride: Size = 1,
        padding: Size | str = 0,
        dilation: Size = 1,
        groups: int = 1,
        bias: bool = True,
        padding_mode: str = "zeros",
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        window = (out_channels, kernel_size, stride, padding, dilation, groups, bias, padding_mode)
        super().__init__(groups, *window, device, dtype)
        self.in_channels = 0

    def _channels_in(self) -> int:
        return int(self.weight.shape[1]) * self.groups


class LazyConv1d(_LazyConv, Conv1d):
    """A ``Conv1d`` whose *in_channels* is that of the first input.

    >>> import nn
    >>> nn.LazyConv1d(6, 3)(ag.zeros(4, 2, 50)).shape
    (4, 6, 48)
    """

    cls_to_become = Conv1d


class LazyConv2d(_LazyConv, Conv2d):
    """A ``Conv2d`` whose *in_channels* is that of the first input.

    >>> import nn
    >>> layer = nn.LazyConv2d(6, 5, padding=2)
    >>> layer(ag.zeros(3, 1, 28, 28)).shape, layer.weight.shape
    ((3, 6, 28, 28), (6, 1, 5, 5))
    """

    cls_to_become = Conv2d


class LazyConv3d(_LazyConv, Conv3d):
    """A ``Conv3d`` whose *in_channels* is that of the first input.

    >>> import nn
    >>> nn.LazyConv3d(2, 3)(ag.zeros(1, 1, 4, 9, 9)).shape
    (1, 2, 2, 7, 7)
    """

    cls_to_become = Conv3d


class _LazyConvTranspose(_LazyWindow, _ConvTranspose):
    def __init__(
        self,
        out_channels: int,
        kernel_size: Size,
        stride: Size = 1,
        padding: Size = 0,
        output_padding: Size = 0,
        groups: int = 1,
        bias: bool = True,
        dilation: Size = 1,
        padding_mode: str = "zeros",
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        window = (out_channels, kernel_size, stride, padding, output_padding, groups, bias, dilation, padding_mode)
        super().__init__(groups, *window, device, dtype)
        self.in_channels = 0

    def _channels_in(self) -> int:
        return int(self.weight.shape[0])


class LazyConvTranspose1d(_LazyConvTranspose, ConvTranspose1d):
    """A ``ConvTranspose1d`` whose *in_channels* is that of the first input.

    >>> import nn
    >>> nn.LazyConvTranspose1d(2, 4, stride=2)(ag.zeros(4, 6, 25)).shape
    (4, 2, 52)
    """

    cls_to_become = ConvTranspose1d


class LazyConvTranspose2d(_LazyConvTranspose, ConvTranspose2d):
    """A ``ConvTranspose2d`` whose *in_channels* is that of the first input.

    >>> import nn
    >>> nn.LazyConvTranspose2d(1, 3, stride=2)(ag.zeros(3, 6, 14, 14)).shape
    (3, 1, 29, 29)
    """

    cls_to_become = ConvTranspose2d


class LazyConvTranspose3d(_LazyConvTranspose, ConvTranspose3d):
    """A ``ConvTranspose3d`` whose *in_channels* is that of the first input.

    >>> import nn
    >>> nn.LazyConvTranspose3d(1, 2, stride=2)(ag.zeros(1, 2, 4, 5, 5)).shape
    (1, 1, 8, 10, 10)
    """

    cls_to_become = ConvTranspose3d


# ------------------------------------------------------------------------------------------------------- normalisation


class _LazyNorm(_Lazy, _ChannelNorm):
    def __init__(
        self,
        eps: float = 1e-5,
        momentum: float | None = 0.1,
        affine: bool = True,
        track_running_stats: bool = True,
        device: Any = None,
        dtype: Any = None,
        *,
        bias: bool = True,
    ) -> None:
        super().__init__(1, eps, momentum, affine, track_running_stats, device, dtype, bias=bias)
        self.num_features = 0

    def initialize_parameters(self, input: Tensor) -> None:
        """Take *num_features* from *input* (N, num_features, ...), or from one sample where the layer takes one."""
        if input.ndim not in self.shapes:
            expected = " or ".join(self.shapes.values())
            raise expect.shape_error(self._get_name(), input, expected, "use the layer for its number of dims")
        one_sample = isinstance(self, _InstanceNorm) and input.ndim == min(self.shapes)
        features = input.shape[0 if one_sample else 1]
        tensors = [name for name, value in self._registered(PARAMETER, *BUFFERS) if is_lazy(value)]
        if tensors:
            self._materialize(**dict(zip(tensors, itertools.repeat((features,)))))
        like = self.weight if self.weight is not None else self.running_mean
        self.num_features = features if like is None else like.shape[0]


class LazyBatchNorm1d(_LazyNorm, BatchNorm1d):
    """A ``BatchNorm1d`` whose *num_features* is that of the first input.

    >>> import nn
    >>> layer = nn.LazyBatchNorm1d()
    >>> _ = layer(ag.randn(8, 3))
    >>> layer.num_features, layer.running_mean.shape
    (3, (3,))
    """

    cls_to_become = BatchNorm1d


class LazyBatchNorm2d(_LazyNorm, BatchNorm2d):
    """A ``BatchNorm2d`` whose *num_features* is that of the first input.

    >>> import nn
    >>> nn.LazyBatchNorm2d()(ag.zeros(2, 3, 4, 4)).shape
    (2, 3, 4, 4)
    """

    cls_to_become = BatchNorm2d


class LazyBatchNorm3d(_LazyNorm, BatchNorm3d):
    """A ``BatchNorm3d`` whose *num_features* is that of the first input.

    >>> import nn
    >>> nn.LazyBatchNorm3d()(ag.zeros(2, 3, 2, 4, 4)).shape
    (2, 3, 2, 4, 4)
    """

    cls_to_become = BatchNorm3d


class LazyInstanceNorm1d(_LazyNorm, InstanceNorm1d):
    """An ``InstanceNorm1d`` whose *num_features* is that of the first input.

    As in PyTorch, and unlike that of ``InstanceNorm1d``, *affine* and *track_running_stats* are True unless given.

    >>> import nn
    >>> nn.LazyInstanceNorm1d()(ag.zeros(2, 3, 4)).shape
    (2, 3, 4)
    """

    cls_to_become = InstanceNorm1d


class LazyInstanceNorm2d(_LazyNorm, InstanceNorm2d):
    """An ``InstanceNorm2d`` whose *num_features* is that of the first input, as ``LazyInstanceNorm1d``.

    >>> import nn
    >>> nn.LazyInstanceNorm2d()(ag.zeros(2, 3, 4, 4)).shape
    (2, 3, 4, 4)
    """

    cls_to_become = InstanceNorm2d


class LazyInstanceNorm3d(_LazyNorm, InstanceNorm3d):
    """An ``InstanceNorm3d`` whose *num_features* is that of the first input, as ``LazyInstanceNorm1d``.

    >>> import nn
    >>> nn.LazyInstanceNorm3d()(ag.zeros(2, 3, 2, 4, 4)).shape
    (2, 3, 2, 4, 4)
    """

    cls_to_become = InstanceNorm3d
