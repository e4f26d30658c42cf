"""Normalisation by what neighbouring channels hold at the same place."""

from __future__ import annotations

from autograd_core import Tensor

from .. import expect
from .. import functional as F
from ..module import Module

__all__ = ["CrossMapLRN2d", "LocalResponseNorm"]


class LocalResponseNorm(Module):
    """Divide (N, C, ...) by (k + alpha / size * sum x^2)^beta, the sum being over *size* neighbouring channels.

    Source: Krizhevsky, Sutskever & Hinton 2012.

    >>> import nn
    >>> nn.LocalResponseNorm(2, alpha=2.0, beta=1.0)(ag.ones(1, 2, 1)).flatten().tolist()
    [0.5, 0.3333333432674408]
    """

    def __init__(self, size: int, alpha: float = 1e-4, beta: float = 0.75, k: float = 1.0) -> None:
        super().__init__()
        expect.size(self._get_name(), size=size)
        self.size, self.alpha, self.beta, self.k = size, alpha, beta, k

    def forward(self, input: Tensor) -> Tensor:
        expect.array("LocalResponseNorm", input)
        if input.ndim < 3:
            raise expect.shape_error("LocalResponseNorm", input, "(N, C, ...) of at least 3 dims", "unsqueeze it")
        return F.local_response_norm(input, self.size, self.alpha, self.beta, self.k)

    def extra_repr(self) -> str:
        return f"{self.size}, alpha={self.alpha}, beta={self.beta}, k={self.k}"


class CrossMapLRN2d(LocalResponseNorm):
    """Divide pictures (N, C, H, W) as ``LocalResponseNorm`` does, over as many channels before as behind.

    An even *size* sums size - 1 channels, and still divides by *size*: this is Caffe's layer.  PyTorch's forgets to take
    the first channel out of the sum as the window moves on; here it leaves like the others.

    >>> import nn
    >>> nn.CrossMapLRN2d(3, alpha=3.0, beta=1.0)(ag.ones(1, 2, 1, 1)).flatten().tolist()
    [0.3333333432674408, 0.3333333432674408]
    """

    def __init__(self, size: int, alpha: float = 1e-4, beta: float = 0.75, k: float = 1) -> None:
        super().__init__(size, alpha, beta, k)

    def forward(self, input: Tensor) -> Tensor:
        expect.array("CrossMapLRN2d", input)
        if input.ndim != 4:
            raise expect.shape_error("CrossMapLRN2d", input, "(N, C, H, W)", "use LocalResponseNorm for other shapes")
        window = self.size - 1 + self.size % 2
        return F.local_response_norm(input, window, self.alpha * window / self.size, self.beta, self.k)
