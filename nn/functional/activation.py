"""Activation functions: the engine's, with PyTorch's *inplace*, and those composed from them.

*inplace* writes the result into *input*, as PyTorch does; gradients stay right, and no memory is saved.
"""

from __future__ import annotations

from collections.abc import Callable

import autograd_core as ag
from autograd_core import Tensor

from .. import expect

__all__ = [
    "celu",
    "elu",
    "glu",
    "gumbel_softmax",
    "hardshrink",
    "hardsigmoid",
    "hardswish",
    "hardtanh",
    "leaky_relu",
    "mish",
    "noisy_relu",
    "prelu",
    "relu",
    "relu6",
    "rrelu",
    "selu",
    "silu",
    "softmin",
    "softshrink",
    "softsign",
    "tanhshrink",
    "threshold",
]


def _applied(function: Callable[[Tensor], Tensor], input: Tensor, inplace: bool) -> Tensor:
    if not inplace:
        return function(input)
    return input.copy_(function(input.clone()))  # a copy, since formulas may read the input that is overwritten


def relu(input: Tensor, inplace: bool = False) -> Tensor:
    """Return max(input, 0); the gradient at 0 is 0.

    >>> import nn.functional as F
    >>> F.relu(ag.tensor([-1.0, 2.0]))
    tensor([0., 2.])
    """
    return _applied(ag.relu, input, inplace) if inplace else ag.relu(input)


def relu6(input: Tensor, inplace: bool = False) -> Tensor:
    """Return min(max(input, 0), 6) (Krizhevsky 2010).

    >>> import nn.functional as F
    >>> F.relu6(ag.tensor([-1.0, 3.0, 9.0]))
    tensor([0., 3., 6.])
    """
    return _applied(ag.relu6, input, inplace)


def leaky_relu(input: Tensor, negative_slope: float = 0.01, inplace: bool = False) -> Tensor:
    """Return max(0, input) + negative_slope * min(0, input) (Maas et al. 2013).

    >>> import nn.functional as F
    >>> F.leaky_relu(ag.tensor([-1.0, 2.0]), 0.5)
    tensor([-0.5000,  2.0000])
    """
    return _applied(lambda x: ag.leaky_relu(x, negative_slope), input, inplace)


def rrelu(
    input: Tensor, lower: float = 1.0 / 8, upper: float = 1.0 / 3, training: bool = False, inplace: bool = False
) -> Tensor:
    """Return the leaky ReLU of *input* with a slope drawn evenly from *lower* to *upper* for each element (Xu et al. 2015).

    Unless *training*, the slope is the mean of both, for all.  Raises ArgumentError where *lower* is above *upper*.

    >>> import nn.functional as F
    >>> F.rrelu(ag.tensor([-1.0, 2.0]), 0.25, 0.75)
    tensor([-0.5000,  2.0000])
    """
    if not lower <= upper:
        raise ag.errors.ArgumentError(f"rrelu: lower={lower} is above upper={upper}; swap them")
    if not training:
        return leaky_relu(input, (lower + upper) / 2, inplace)
    slope = ag.rand_like(input) * (upper - lower) + lower
    return _applied(lambda x: ag.where(x > 0, x, slope * x), input, inplace)


def noisy_relu(input: Tensor, training: bool = False) -> Tensor:
    """Return max(0, input + n) with normal noise n of variance sigmoid(input) for each element; no noise unless *training*.

    The noise is no function of the input to the derivative, which is 1 where the result is above 0, and 0 elsewhere: a unit
    that is off is on at times, so it still learns.  Source: Nair & Hinton, "Rectified Linear Units Improve Restricted
    Boltzmann Machines", 2010.

    >>> import nn.functional as F
    >>> F.noisy_relu(ag.tensor([-1.0, 2.0]))
    tensor([0., 2.])
    """
    if not training:
        return ag.relu(input)
    noise = ag.randn_like(input) * ag.sigmoid(input.detach()).sqrt()
    return ag.relu(input + noise)


def prelu(input: Tensor, weight: Tensor) -> Tensor:
    """Return the leaky ReLU of *input* (N, C, ...) with a learned slope for each channel, or one for all.

    *weight* has shape (C,) or (1,).  Source: He et al. 2015.

    >>> import nn.functional as F
    >>> F.prelu(ag.tensor([[-1.0, -1.0]]), ag.tensor([0.5, 0.25]))
    tensor([[-0.5000, -0.2500]])
    """
    channels = input.shape[1] if input.ndim > 1 else 1
    if weight.shape not in ((), (1,), (channels,)):
        raise ag.errors.ShapeError(
            f"prelu: weight has shape {weight.shape}, expected (1,) or ({channels},), one slope for each channel of input "
            f"{tuple(input.shape)}; use PReLU(num_parameters={channels})"
        )
    slope = weight.reshape(1, -1, *[1] * (input.ndim - 2)) if weight.numel() > 1 else weight.reshape(())
    return ag.where(input > 0, input, slope * input)


def threshold(input: Tensor, threshold: float, value: float, inplace: bool = False) -> Tensor:
    """Return *input* where it is above *threshold*, else *value*.

    >>> import nn.functional as F
    >>> F.threshold(ag.tensor([0.1, 2.0]), 0.5, -1.0)
    tensor([-1.,  2.])
    """
    return _applied(lambda x: ag.threshold(x, threshold, value), input, inplace)


def hardtanh(input: Tensor, min_val: float = -1.0, max_val: float = 1.0, inplace: bool = False) -> Tensor:
    """Return *input* within *min_val* and *max_val*; the gradient on the bounds is 0.

    >>> import nn.functional as F
    >>> F.hardtanh(ag.tensor([-2.0, 0.5, 2.0]))
    tensor([-1.0000,  0.5000,  1.0000])
    """
    return _applied(lambda x: ag.hardtanh(x, min_val, max_val), input, inplace)


def elu(input: Tensor, alpha: float = 1.0, inplace: bool = False) -> Tensor:
    """Return *input* where it is positive, else alpha * (e^input - 1) (Clevert et al. 2016).

    >>> import nn.functional as F
    >>> F.elu(ag.tensor([-1.0, 2.0]))
    tensor([-0.6321,  2.0000])
    """
    return _applied(lambda x: ag.elu(x, alpha), input, inplace)


def selu(input: Tensor, inplace: bool = False) -> Tensor:
    """Return the elu whose scale keeps mean 0 and variance 1 through layers (Klambauer et al. 2017).

    >>> import nn.functional as F
    >>> F.selu(ag.tensor([-1.0, 2.0]))
    tensor([-1.1113,  2.1014])
    """
    return _applied(ag.selu, input, inplace)


def celu(input: Tensor, alpha: float = 1.0, inplace: bool = False) -> Tensor:
    """Return *input* where it is positive, else alpha * (e^(input / alpha) - 1) (Barron 2017).

    >>> import nn.functional as F
    >>> F.celu(ag.tensor([-2.0, 2.0]), alpha=2.0)
    tensor([-1.2642,  2.0000])
    """
    if alpha == 0:
        raise ag.errors.ArgumentError(f"celu: alpha={alpha} divides by zero; use another number, 1 by default")
    return _applied(lambda x: ag.elu(x / alpha) * alpha, input, inplace)


def silu(input: Tensor, inplace: bool = False) -> Tensor:
    """Return input * sigmoid(input), also called swish (Hendrycks & Gimpel 2016).

    >>> import nn.functional as F
    >>> F.silu(ag.tensor([-1.0, 2.0]))
    tensor([-0.2689,  1.7616])
    """
    return _applied(ag.silu, input, inplace)


def mish(input: Tensor, inplace: bool = False) -> Tensor:
    """Return input * tanh(softplus(input)) (Misra 2019).

    >>> import nn.functional as F
    >>> F.mish(ag.tensor([-1.0, 2.0]))
    tensor([-0.3034,  1.9440])
    """
    return _applied(ag.mish, input, inplace)


def hardsigmoid(input: Tensor, inplace: bool = False) -> Tensor:
    """Return relu6(input + 3) / 6, a sigmoid of three straight lines (Courbariaux et al. 2015).

    >>> import nn.functional as F
    >>> F.hardsigmoid(ag.tensor([-4.0, 0.0, 4.0]))
    tensor([0.0000, 0.5000, 1.0000])
    """
    return _applied(lambda x: ag.relu6(x + 3) / 6, input, inplace)


def hardswish(input: Tensor, inplace: bool = False) -> Tensor:
    """Return input * relu6(input + 3) / 6 (Howard et al. 2019).

    >>> import nn.functional as F
    >>> F.hardswish(ag.tensor([-4.0, 1.0, 4.0]))
    tensor([-0.0000, 0.6667, 4.0000])
    """
    return _applied(lambda x: x * ag.relu6(x + 3) / 6, input, inplace)


def softsign(input: Tensor) -> Tensor:
    """Return ``input / (1 + |input|)``.

    >>> import nn.functional as F
    >>> F.softsign(ag.tensor([-1.0, 3.0]))
    tensor([-0.5000,  0.7500])
    """
    return input / (1 + ag.abs(input))


def tanhshrink(input: Tensor) -> Tensor:
    """Return input - tanh(input).

    >>> import nn.functional as F
    >>> F.tanhshrink(ag.tensor([-1.0, 0.0]))
    tensor([-0.2384,  0.0000])
    """
    return input - ag.tanh(input)


def softshrink(input: Tensor, lambd: float = 0.5) -> Tensor:
    """Return *input* moved by *lambd* towards 0, and 0 within *lambd* of it.

    >>> import nn.functional as F
    >>> F.softshrink(ag.tensor([-1.0, 0.25, 2.0]))
    tensor([-0.5000,  0.0000,  1.5000])
    """
    if not lambd >= 0:
        raise ag.errors.ArgumentError(f"softshrink: lambd={lambd}, expected a number of at least 0")
    return ag.threshold(input - lambd, 0.0, 0.0) - ag.threshold(-input - lambd, 0.0, 0.0)


def hardshrink(input: Tensor, lambd: float = 0.5) -> Tensor:
    """Return *input*, but 0 within *lambd* of 0.

    >>> import nn.functional as F
    >>> F.hardshrink(ag.tensor([-1.0, 0.25, 2.0]))
    tensor([-1.,  0.,  2.])
    """
    return ag.where((input >= -lambd) & (input <= lambd), 0.0, input)


def softmin(input: Tensor, dim: int) -> Tensor:
    """Return softmax(-input): the smallest gets the largest share.

    >>> import nn.functional as F
    >>> F.softmin(ag.tensor([0.0, 0.0]), dim=0)
    tensor([0.5000, 0.5000])
    """
    return ag.softmax(-input, dim)


def glu(input: Tensor, dim: int = -1) -> Tensor:
    """Return a * sigmoid(b), a and b being the halves of *input* along *dim* (Dauphin et al. 2017).

    >>> import nn.functional as F
    >>> F.glu(ag.tensor([1.0, 2.0, 0.0, 0.0]))
    tensor([0.5000, 1.0000])
    """
    if input.size(dim) % 2:
        raise ag.errors.ShapeError(
            f"glu: input has shape {tuple(input.shape)}, expected an even size along dim={dim}, to be halved"
        )
    a, b = ag.chunk(input, 2, dim)
    return a * ag.sigmoid(b)


def gumbel_softmax(logits: Tensor, tau: float = 1, hard: bool = False, eps: float = 1e-10, dim: int = -1) -> Tensor:
    """Return softmax((logits + g) / tau) along *dim*, where g is drawn from Gumbel's distribution: nearly one-hot samples.

    The smaller *tau*, the nearer.  With *hard*, the result is one-hot, and its gradient that of the soft one.  *eps* does
    nothing, as in PyTorch.  Source: Jang, Gu & Poole 2017; Maddison, Mnih & Teh 2017.

    >>> import nn.functional as F
    >>> F.gumbel_softmax(ag.zeros(4), hard=True).sum()
    tensor(1.)
    """
    if eps != 1e-10:
        expect.warn(f"gumbel_softmax: eps={eps} has no effect; leave it out")
    gumbel = -ag.empty_like(logits, requires_grad=False).exponential_().log()
    soft = ag.softmax((logits + gumbel) / tau, dim)
    if not hard:
        return soft
    one_hot = ag.zeros_like(soft).scatter(dim, soft.argmax(dim, keepdim=True), 1.0)
    return one_hot - soft.detach() + soft
