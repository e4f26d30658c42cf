"""Dropout: elements or channels that are lost at random while training."""

from __future__ import annotations

from autograd_core import Tensor, errors

from .. import functional as F
from ..module import Module

__all__ = ["AlphaDropout", "Dropout", "Dropout1d", "Dropout2d", "Dropout3d", "FeatureAlphaDropout"]


class _Dropout(Module):
    def __init__(self, p: float = 0.5, inplace: bool = False) -> None:
        super().__init__()
        if not 0 <= p <= 1:
            raise errors.ArgumentError(f"{self._get_name()}: p={p}, expected a probability from 0 to 1")
        self.p, self.inplace = p, inplace

    def _label(self) -> str:
        return f"{self._get_name()} {self.p:g}"

    def extra_repr(self) -> str:
        return f"p={self.p}, inplace={self.inplace}"


class Dropout(_Dropout):
    """While training, set each element to 0 with probability *p* and divide the others by 1 - p; else pass all.

    Source: Srivastava et al. 2014, in the inverted form, which leaves ``eval`` nothing to do.

    >>> import autograd_core as ag, nn
    >>> nn.Dropout(0.5).eval()(ag.ones(3))
    tensor([1., 1., 1.])
    """

    def forward(self, input: Tensor) -> Tensor:
        return F.dropout(input, self.p, self.training, self.inplace)


class Dropout1d(_Dropout):
    """While training, set whole channels of (N, C, L) or (C, L) to 0 with probability *p* and divide the others by 1 - p.

    Source: Tompson et al. 2015.

    >>> import autograd_core as ag, nn
    >>> nn.Dropout1d(1.0)(ag.ones(1, 1, 2)).tolist()
    [[[0.0, 0.0]]]
    """

    def forward(self, input: Tensor) -> Tensor:
        return F.dropout1d(input, self.p, self.training, self.inplace)


class Dropout2d(_Dropout):
    """While training, set whole channels of (N, C, H, W) to 0 with probability *p* and divide the others by 1 - p.

    Neighbouring pixels say the same, so that dropping single ones hides little.  Source: Tompson et al. 2015.

    >>> import autograd_core as ag, nn
    >>> nn.Dropout2d(1.0)(ag.ones(1, 1, 1, 2)).tolist()
    [[[[0.0, 0.0]]]]
    """

    def forward(self, input: Tensor) -> Tensor:
        return F.dropout2d(input, self.p, self.training, self.inplace)


class Dropout3d(_Dropout):
    """While training, set whole channels of (N, C, D, H, W) to 0 with probability *p* and divide the others by 1 - p.

    Source: Tompson et al. 2015.

    >>> import autograd_core as ag, nn
    >>> nn.Dropout3d(1.0)(ag.ones(1, 1, 1, 1, 2)).tolist()
    [[[[[0.0, 0.0]]]]]
    """

    def forward(self, input: Tensor) -> Tensor:
        return F.dropout3d(input, self.p, self.training, self.inplace)


class AlphaDropout(_Dropout):
    """While training, set each element to the lowest value of selu with probability *p*, then scale and shift all.

    Inputs of mean 0 and variance 1, which ``SELU`` leads to, keep these.  Source: Klambauer et al. 2017.

    >>> import autograd_core as ag, nn
    >>> nn.AlphaDropout(0.5).eval()(ag.ones(3))
    tensor([1., 1., 1.])
    """

    def forward(self, input: Tensor) -> Tensor:
        return F.alpha_dropout(input, self.p, self.training, self.inplace)


class FeatureAlphaDropout(_Dropout):
    """While training, do to whole channels of (N, C, ...) what ``AlphaDropout`` does to elements.

    >>> import autograd_core as ag, nn
    >>> nn.FeatureAlphaDropout(0.5).eval()(ag.ones(1, 3, 1)).tolist()
    [[[1.0], [1.0], [1.0]]]
    """

    def forward(self, input: Tensor) -> Tensor:
        return F.feature_alpha_dropout(input, self.p, self.training, self.inplace)
