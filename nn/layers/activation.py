"""Activation functions as layers.  Each is the function of ``nn.functional`` of that name."""

from __future__ import annotations

from typing import Any

import autograd_core as ag
from autograd_core import Tensor

from .. import expect, init
from .. import functional as F
from ..module import Module
from ..parameter import Parameter

__all__ = [
    "CELU",
    "ELU",
    "GELU",
    "GLU",
    "SELU",
    "Hardshrink",
    "Hardsigmoid",
    "Hardswish",
    "Hardtanh",
    "LeakyReLU",
    "LogSigmoid",
    "LogSoftmax",
    "Mish",
    "NoisyReLU",
    "PReLU",
    "RReLU",
    "ReLU",
    "ReLU6",
    "SiLU",
    "Sigmoid",
    "Softmax",
    "Softmax2d",
    "Softmin",
    "Softplus",
    "Softshrink",
    "Softsign",
    "Tanh",
    "Tanhshrink",
    "Threshold",
]


class _InPlace(Module):
    """An activation that can write its result into its input."""

    def __init__(self, inplace: bool = False) -> None:
        super().__init__()
        self.inplace = inplace

    def arguments(self) -> dict[str, Any]:
        """What the repr shows before ``inplace=True``."""
        return {}

    def extra_repr(self) -> str:
        shown = self.arguments() | ({"inplace": True} if self.inplace else {})
        return ", ".join(f"{name}={value}" for name, value in shown.items())


class ReLU(_InPlace):
    """max(x, 0); the gradient at 0 is 0.

    >>> import nn
    >>> nn.ReLU()(ag.tensor([-1.0, 2.0]))
    tensor([0., 2.])
    """

    def forward(self, input: Tensor) -> Tensor:
        return F.relu(input, self.inplace)


class LeakyReLU(_InPlace):
    """x where it is positive, else negative_slope x (Maas et al. 2013).

    >>> import nn
    >>> nn.LeakyReLU(0.5)(ag.tensor([-1.0, 2.0]))
    tensor([-0.5000,  2.0000])
    """

    def __init__(self, negative_slope: float = 0.01, inplace: bool = False) -> None:
        super().__init__(inplace)
        self.negative_slope = negative_slope

    def forward(self, input: Tensor) -> Tensor:
        return F.leaky_relu(input, self.negative_slope, self.inplace)

    def arguments(self) -> dict[str, Any]:
        return {"negative_slope": self.negative_slope}


class RReLU(_InPlace):
    """x where it is positive, else x times a slope: while training drawn from *lower* to *upper*, else their mean.

    Source: Xu et al. 2015.

    >>> import nn
    >>> nn.RReLU(0.25, 0.75).eval()(ag.tensor([-1.0, 2.0]))
    tensor([-0.5000,  2.0000])
    """

    def __init__(self, lower: float = 1.0 / 8, upper: float = 1.0 / 3, inplace: bool = False) -> None:
        super().__init__(inplace)
        self.lower, self.upper = lower, upper

    def forward(self, input: Tensor) -> Tensor:
        return F.rrelu(input, self.lower, self.upper, self.training, self.inplace)

    def arguments(self) -> dict[str, Any]:
        return {"lower": self.lower, "upper": self.upper}


class NoisyReLU(Module):
    """max(0, x + n): while training, n is normal noise of variance sigmoid(x); without it this is ReLU.

    Source: Nair & Hinton 2010.

    >>> import nn
    >>> nn.NoisyReLU().eval()(ag.tensor([-1.0, 2.0]))
    tensor([0., 2.])
    """

    def forward(self, input: Tensor) -> Tensor:
        return F.noisy_relu(input, self.training)


class PReLU(Module):
    """x where it is positive, else weight x; *weight* is learned, one for all channels of (N, C, ...) or one for each.

    Source: He et al. 2015.

    >>> import nn
    >>> nn.PReLU()(ag.tensor([-1.0, 2.0])).tolist()
    [-0.25, 2.0]
    """

    weight: Parameter

    def __init__(self, num_parameters: int = 1, init: float = 0.25, device: Any = None, dtype: Any = None) -> None:
        super().__init__()
        expect.size("PReLU", num_parameters=num_parameters)
        self.num_parameters, self.init = num_parameters, init
        self.weight = self._parameter(num_parameters, device=device, dtype=dtype)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Start again from *init*."""
        init.constant_(self.weight, self.init)

    def forward(self, input: Tensor) -> Tensor:
        expect.same_dtype("PReLU", input, self.weight)
        if self.num_parameters > 1 and (input.ndim < 2 or input.shape[1] != self.num_parameters):
            cure = "make num_parameters the number of channels, or 1"
            raise expect.shape_error("PReLU", input, f"(N, {self.num_parameters}, ...)", cure)
        return F.prelu(input, self.weight)

    def extra_repr(self) -> str:
        return f"num_parameters={self.num_parameters}"


class ELU(_InPlace):
    """x where it is positive, else alpha (e^x - 1) (Clevert et al. 2016).

    >>> import nn
    >>> nn.ELU()(ag.tensor([-1.0, 2.0]))
    tensor([-0.6321,  2.0000])
    """

    def __init__(self, alpha: float = 1.0, inplace: bool = False) -> None:
        super().__init__(inplace)
        self.alpha = alpha

    def forward(self, input: Tensor) -> Tensor:
        return F.elu(input, self.alpha, self.inplace)

    def arguments(self) -> dict[str, Any]:
        return {"alpha": self.alpha}


class CELU(_InPlace):
    """x where it is positive, else alpha (e^(x / alpha) - 1) (Barron 2017).

    >>> import nn
    >>> nn.CELU(alpha=2.0)(ag.tensor([-2.0, 2.0]))
    tensor([-1.2642,  2.0000])
    """

    def __init__(self, alpha: float = 1.0, inplace: bool = False) -> None:
        super().__init__(inplace)
        self.alpha = alpha

    def forward(self, input: Tensor) -> Tensor:
        return F.celu(input, self.alpha, self.inplace)

    def arguments(self) -> dict[str, Any]:
        return {"alpha": self.alpha}


class SELU(_InPlace):
    """The elu whose scale keeps mean 0 and variance 1 through layers (Klambauer et al. 2017).

    >>> import nn
    >>> nn.SELU()(ag.tensor([-1.0, 2.0]))
    tensor([-1.1113,  2.1014])
    """

    def forward(self, input: Tensor) -> Tensor:
        return F.selu(input, self.inplace)


class GELU(Module):
    """x times the probability that a standard normal number is below x (Hendrycks & Gimpel 2016).

    >>> import nn
    >>> nn.GELU()(ag.tensor([-1.0, 2.0]))
    tensor([-0.1587,  1.9545])
    """

    def __init__(self, approximate: str = "none") -> None:
        super().__init__()
        self.approximate = approximate

    def forward(self, input: Tensor) -> Tensor:
        return F.gelu(input, approximate=self.approximate)

    def extra_repr(self) -> str:
        return f"approximate={self.approximate!r}"


class SiLU(_InPlace):
    """x sigmoid(x), also called swish (Hendrycks & Gimpel 2016).

    >>> import nn
    >>> nn.SiLU()(ag.tensor([-1.0, 2.0]))
    tensor([-0.2689,  1.7616])
    """

    def forward(self, input: Tensor) -> Tensor:
        return F.silu(input, self.inplace)


class Mish(_InPlace):
    """x tanh(softplus(x)) (Misra 2019).

    >>> import nn
    >>> nn.Mish()(ag.tensor([-1.0, 2.0]))
    tensor([-0.3034,  1.9440])
    """

    def forward(self, input: Tensor) -> Tensor:
        return F.mish(input, self.inplace)


class Sigmoid(Module):
    """1 / (1 + e^-x).

    >>> import nn
    >>> nn.Sigmoid()(ag.tensor([0.0, 2.0]))
    tensor([0.5000, 0.8808])
    """

    def forward(self, input: Tensor) -> Tensor:
        return F.sigmoid(input)


class LogSigmoid(Module):
    """log sigmoid(x).

    >>> import nn
    >>> nn.LogSigmoid()(ag.tensor([0.0, -1000.0]))
    tensor([-6.9315e-01, -1.0000e+03])
    """

    def forward(self, input: Tensor) -> Tensor:
        return F.logsigmoid(input)


class Tanh(Module):
    """(e^x - e^-x) / (e^x + e^-x).

    >>> import nn
    >>> nn.Tanh()(ag.tensor([0.0, 1.0]))
    tensor([0.0000, 0.7616])
    """

    def forward(self, input: Tensor) -> Tensor:
        return F.tanh(input)


class Softplus(Module):
    """log(1 + e^(beta x)) / beta, a smooth relu; x itself where beta x is above *threshold*.

    >>> import nn
    >>> nn.Softplus()(ag.tensor([-1.0, 30.0]))
    tensor([ 0.3133, 30.0000])
    """

    def __init__(self, beta: float = 1.0, threshold: float = 20.0) -> None:
        super().__init__()
        self.beta, self.threshold = beta, threshold

    def forward(self, input: Tensor) -> Tensor:
        return F.softplus(input, self.beta, self.threshold)

    def extra_repr(self) -> str:
        return f"beta={self.beta}, threshold={self.threshold}"


class _AlongDim(Module):
    """A function of all the numbers along *dim*."""

    def __init__(self, dim: int | None = None) -> None:
        super().__init__()
        self.dim = dim

    def _dim(self, input: Tensor) -> int:
        if self.dim is not None:
            return self.dim
        dim = 0 if input.ndim in (0, 1, 3) else 1
        name = self._get_name()
        expect.warn(f"{expect.place(name)}: dim was not given, and dim={dim} is guessed; say {name}(dim={dim})")
        return dim

    def extra_repr(self) -> str:
        return f"dim={self.dim}"


class Softmax(_AlongDim):
    """e^x / sum e^x along *dim*: positive numbers whose sum is 1.

    >>> import nn
    >>> nn.Softmax(dim=1)(ag.zeros(1, 4)).tolist()
    [[0.25, 0.25, 0.25, 0.25]]
    """

    def forward(self, input: Tensor) -> Tensor:
        return F.softmax(input, self._dim(input))


class Softmax2d(Module):
    """Softmax over the channels of pictures (N, C, H, W) or (C, H, W), for each place by itself.

    >>> import nn
    >>> nn.Softmax2d()(ag.zeros(1, 4, 1, 1)).flatten().tolist()
    [0.25, 0.25, 0.25, 0.25]
    """

    def forward(self, input: Tensor) -> Tensor:
        expect.array("Softmax2d", input)
        if input.ndim not in (3, 4):
            cure = "use Softmax(dim=...) for other shapes"
            raise expect.shape_error("Softmax2d", input, "(N, C, H, W) or (C, H, W)", cure)
        return F.softmax(input, -3)


class LogSoftmax(_AlongDim):
    """The logarithm of softmax along *dim*, exact also where that is too small to be represented.

    >>> import nn
    >>> nn.LogSoftmax(dim=0)(ag.tensor([1000.0, 0.0])).tolist()
    [0.0, -1000.0]
    """

    def forward(self, input: Tensor) -> Tensor:
        return F.log_softmax(input, self._dim(input))


class Softmin(_AlongDim):
    """softmax(-x) along *dim*.

    >>> import nn
    >>> nn.Softmin(dim=0)(ag.zeros(2))
    tensor([0.5000, 0.5000])
    """

    def forward(self, input: Tensor) -> Tensor:
        return F.softmin(input, self._dim(input))


class Hardtanh(_InPlace):
    """x within *min_val* and *max_val*; the gradient on the bounds is 0.

    >>> import nn
    >>> nn.Hardtanh()(ag.tensor([-2.0, 0.5, 2.0]))
    tensor([-1.0000,  0.5000,  1.0000])
    """

    def __init__(self, min_val: float = -1.0, max_val: float = 1.0, inplace: bool = False) -> None:
        super().__init__(inplace)
        if not min_val < max_val:
            raise ag.errors.ArgumentError(f"Hardtanh: min_val={min_val} is not below max_val={max_val}; swap them")
        self.min_val, self.max_val = min_val, max_val

    def forward(self, input: Tensor) -> Tensor:
        return F.hardtanh(input, self.min_val, self.max_val, self.inplace)

    def arguments(self) -> dict[str, Any]:
        return {"min_val": self.min_val, "max_val": self.max_val}


class ReLU6(_InPlace):
    """min(max(x, 0), 6) (Krizhevsky 2010).

    >>> import nn
    >>> nn.ReLU6()(ag.tensor([-1.0, 3.0, 9.0]))
    tensor([0., 3., 6.])
    """

    def forward(self, input: Tensor) -> Tensor:
        return F.relu6(input, self.inplace)


class Hardsigmoid(_InPlace):
    """relu6(x + 3) / 6 (Courbariaux et al. 2015).

    >>> import nn
    >>> nn.Hardsigmoid()(ag.tensor([-4.0, 0.0, 4.0]))
    tensor([0.0000, 0.5000, 1.0000])
    """

    def forward(self, input: Tensor) -> Tensor:
        return F.hardsigmoid(input, self.inplace)

    def extra_repr(self) -> str:
        return ""


class Hardswish(Hardsigmoid):
    """x relu6(x + 3) / 6 (Howard et al. 2019).

    >>> import nn
    >>> nn.Hardswish()(ag.tensor([1.0, 4.0]))
    tensor([0.6667, 4.0000])
    """

    def forward(self, input: Tensor) -> Tensor:
        return F.hardswish(input, self.inplace)


class Softsign(Module):
    """``x / (1 + |x|)``.

    >>> import nn
    >>> nn.Softsign()(ag.tensor([-1.0, 3.0]))
    tensor([-0.5000,  0.7500])
    """

    def forward(self, input: Tensor) -> Tensor:
        return F.softsign(input)


class Tanhshrink(Module):
    """x - tanh(x).

    >>> import nn
    >>> nn.Tanhshrink()(ag.tensor([-1.0, 0.0]))
    tensor([-0.2384,  0.0000])
    """

    def forward(self, input: Tensor) -> Tensor:
        return F.tanhshrink(input)


class Softshrink(Module):
    """x moved by *lambd* towards 0, and 0 within *lambd* of it.

    >>> import nn
    >>> nn.Softshrink()(ag.tensor([-1.0, 0.25, 2.0]))
    tensor([-0.5000,  0.0000,  1.5000])
    """

    def __init__(self, lambd: float = 0.5) -> None:
        super().__init__()
        self.lambd = lambd

    def forward(self, input: Tensor) -> Tensor:
        return F.softshrink(input, self.lambd)

    def extra_repr(self) -> str:
        return str(self.lambd)


class Hardshrink(Module):
    """x, but 0 within *lambd* of 0.

    >>> import nn
    >>> nn.Hardshrink()(ag.tensor([-1.0, 0.25, 2.0]))
    tensor([-1.,  0.,  2.])
    """

    def __init__(self, lambd: float = 0.5) -> None:
        super().__init__()
        self.lambd = lambd

    def forward(self, input: Tensor) -> Tensor:
        return F.hardshrink(input, self.lambd)

    def extra_repr(self) -> str:
        return str(self.lambd)


class Threshold(_InPlace):
    """x where it is above *threshold*, else *value*.

    >>> import nn
    >>> nn.Threshold(0.5, -1.0)(ag.tensor([0.1, 2.0]))
    tensor([-1.,  2.])
    """

    def __init__(self, threshold: float, value: float, inplace: bool = False) -> None:
        super().__init__(inplace)
        self.threshold, self.value = threshold, value

    def forward(self, input: Tensor) -> Tensor:
        return F.threshold(input, self.threshold, self.value, self.inplace)

    def arguments(self) -> dict[str, Any]:
        return {"threshold": self.threshold, "value": self.value}


class GLU(Module):
    """a sigmoid(b), a and b being the halves of the input along *dim* (Dauphin et al. 2017).

    >>> import nn
    >>> nn.GLU()(ag.tensor([1.0, 2.0, 0.0, 0.0]))
    tensor([0.5000, 1.0000])
    """

    def __init__(self, dim: int = -1) -> None:
        super().__init__()
        self.dim = dim

    def forward(self, input: Tensor) -> Tensor:
        return F.glu(input, self.dim)

    def extra_repr(self) -> str:
        return f"dim={self.dim}"
