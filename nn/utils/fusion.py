"""A layer and the batch normalisation behind it as one layer, for evaluation."""

from __future__ import annotations

import copy
from typing import TypeVar

import autograd_core as ag
from autograd_core import Tensor

from ..layers.conv import _Window
from ..layers.linear import Linear
from ..layers.norm import _BatchNorm
from ..parameter import Parameter

__all__ = ["fuse_conv_bn_eval", "fuse_conv_bn_weights", "fuse_linear_bn_eval", "fuse_linear_bn_weights"]

Convolution = TypeVar("Convolution", bound=_Window)
Layer = TypeVar("Layer", bound=Linear)


def fuse_conv_bn_eval(conv: Convolution, bn: _BatchNorm, transpose: bool = False) -> Convolution:
    """Return a convolution that does what *bn* does after *conv*; pass *transpose* for a transposed convolution.

    Both must be in eval mode.  Raises ArgumentError.

    >>> import nn
    >>> conv, bn = nn.Conv2d(1, 2, 3).eval(), nn.BatchNorm2d(2).eval()
    >>> x = ag.randn(1, 1, 5, 5)
    >>> ag.allclose(nn.utils.fuse_conv_bn_eval(conv, bn)(x), bn(conv(x)), atol=1e-6)
    True
    """
    fused, mean, var = _start("fuse_conv_bn_eval", conv, bn)
    fused.weight, fused.bias = fuse_conv_bn_weights(
        fused.weight, fused.bias, mean, var, bn.eps, bn.weight, bn.bias, transpose
    )
    return fused


def fuse_conv_bn_weights(
    conv_w: Tensor,
    conv_b: Tensor | None,
    bn_rm: Tensor,
    bn_rv: Tensor,
    bn_eps: float,
    bn_w: Tensor | None,
    bn_b: Tensor | None,
    transpose: bool = False,
) -> tuple[Parameter, Parameter]:
    """Return the weight and the bias of a convolution that normalises too, from those of both layers.

    >>> import nn
    >>> w, b = nn.utils.fuse_conv_bn_weights(ag.ones(1, 1, 1), None, ag.zeros(1), ag.tensor([4.0]), 0.0, None, None)
    >>> w.item(), b.item()
    (0.5, 0.0)
    """
    return _fused(conv_w, conv_b, bn_rm, bn_rv, bn_eps, bn_w, bn_b, 1 if transpose else 0)


def fuse_linear_bn_eval(linear: Layer, bn: _BatchNorm) -> Layer:
    """Return a linear layer that does what *bn* does after *linear*.  Both must be in eval mode.  Raises ArgumentError.

    >>> import nn
    >>> linear, bn = nn.Linear(3, 2).eval(), nn.BatchNorm1d(2).eval()
    >>> x = ag.randn(4, 3)
    >>> ag.allclose(nn.utils.fuse_linear_bn_eval(linear, bn)(x), bn(linear(x)), atol=1e-6)
    True
    """
    if bn.num_features not in (1, linear.out_features):
        raise ag.errors.ArgumentError(
            f"fuse_linear_bn_eval: bn.num_features={bn.num_features}, expected linear.out_features={linear.out_features}, or 1"
        )
    fused, mean, var = _start("fuse_linear_bn_eval", linear, bn)
    fused.weight, fused.bias = fuse_linear_bn_weights(fused.weight, fused.bias, mean, var, bn.eps, bn.weight, bn.bias)
    return fused


def fuse_linear_bn_weights(
    linear_w: Tensor,
    linear_b: Tensor | None,
    bn_rm: Tensor,
    bn_rv: Tensor,
    bn_eps: float,
    bn_w: Tensor | None,
    bn_b: Tensor | None,
) -> tuple[Parameter, Parameter]:
    """Return the weight and the bias of a linear layer that normalises too, from those of both layers.

    >>> import nn
    >>> w, b = nn.utils.fuse_linear_bn_weights(ag.ones(1, 1), None, ag.ones(1), ag.tensor([4.0]), 0.0, None, None)
    >>> w.item(), b.item()
    (0.5, -0.5)
    """
    return _fused(linear_w, linear_b, bn_rm, bn_rv, bn_eps, bn_w, bn_b, 0)


M = TypeVar("M", bound=Linear | _Window)


def _start(name: str, layer: M, bn: _BatchNorm) -> tuple[M, Tensor, Tensor]:
    """Return a copy of *layer*, and the statistics of *bn*."""
    if layer.training or bn.training:
        raise ag.errors.ArgumentError(
            f"{name}: a module is in training mode, where bn depends on the batch; call eval()"
        )
    if bn.running_mean is None or bn.running_var is None:
        raise ag.errors.ArgumentError(f"{name}: bn has no running statistics; make it with track_running_stats=True")
    return copy.deepcopy(layer), bn.running_mean, bn.running_var


def _fused(
    weight: Tensor,
    bias: Tensor | None,
    mean: Tensor,
    var: Tensor,
    eps: float,
    bn_weight: Tensor | None,
    bn_bias: Tensor | None,
    dim: int,
) -> tuple[Parameter, Parameter]:
    """Scale *weight*, whose outputs are along *dim*, and *bias* as the normalisation of the outputs would."""
    with ag.no_grad():
        scale = ag.rsqrt(var + eps)
        if bn_weight is not None:
            scale = scale * bn_weight
        shift = ((0 if bias is None else bias) - mean) * scale
        if bn_bias is not None:
            shift = shift + bn_bias
        along = [1] * weight.ndim
        along[dim] = -1
        scaled = (weight * scale.reshape(along)).to(weight.dtype)
    trained = bias is not None and bias.requires_grad
    return Parameter(scaled, weight.requires_grad), Parameter(shift.to(weight.dtype), trained)
