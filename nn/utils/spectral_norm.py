"""Spectral normalization, by a hook: a weight divided by its largest singular value.  Source: Miyato et al. 2018.

``parametrizations.spectral_norm`` does the same by a parametrization, which PyTorch recommends today.
"""

from __future__ import annotations

from typing import TypeVar

import autograd_core as ag
from autograd_core import Tensor

from .. import expect
from .. import functional as F
from ..layers.conv import _ConvTranspose
from ..module import Module
from ..parameter import Parameter
from .recomputed import Recomputed, found, refuse_second, taken

__all__ = ["SpectralNorm", "remove_spectral_norm", "spectral_norm"]

M = TypeVar("M", bound=Module)


def as_matrix(weight: Tensor, dim: int) -> Tensor:
    """Return *weight* as a matrix with a row for each index along *dim*."""
    return weight.movedim(dim, 0).reshape(weight.shape[dim], -1)


def output_dim(module: Module) -> int:
    """Return the dim of the weight along which the outputs of *module* are."""
    return 1 if isinstance(module, _ConvTranspose) else 0


class SpectralNorm(Recomputed):
    """The hook: weight = weight_orig / (u . weight_orig v), with u and v brought nearer to singular vectors in training."""

    def __init__(self, name: str = "weight", n_power_iterations: int = 1, dim: int = 0, eps: float = 1e-12) -> None:
        expect.size("spectral_norm", n_power_iterations=n_power_iterations)
        self.name, self.n_power_iterations, self.dim, self.eps = name, n_power_iterations, dim, eps

    def compute_weight(self, module: Module) -> Tensor:
        return self.divided(module, self.n_power_iterations if module.training else 0)

    def divided(self, module: Module, iterations: int) -> Tensor:
        """Return the weight divided by the singular value that is known after so many *iterations* more."""
        weight, u, v = (getattr(module, f"{self.name}_{suffix}") for suffix in ("orig", "u", "v"))
        matrix = as_matrix(weight, self.dim)
        with ag.no_grad():
            for _ in range(iterations):
                v.copy_(F.normalize(matrix.T.mv(u), dim=0, eps=self.eps))
                u.copy_(F.normalize(matrix.mv(v), dim=0, eps=self.eps))
        u, v = u.clone(), v.clone()  # the next forward writes in u and v, and this one's backward needs them
        divided: Tensor = weight / u.dot(matrix.mv(v))
        return divided


def spectral_norm(
    module: M, name: str = "weight", n_power_iterations: int = 1, eps: float = 1e-12, dim: int | None = None
) -> M:
    """Divide the parameter *name* by its largest singular value before each forward; return *module*.

    The weight is taken as a matrix with a row for each index along *dim*, by default that of the outputs.  In training each
    forward does *n_power_iterations* of the power method.  The parameter is ``name_orig``; the buffers ``name_u`` and
    ``name_v`` hold the singular vectors.  Source: Miyato et al. 2018.

    >>> import nn
    >>> list(nn.utils.spectral_norm(nn.Linear(3, 2)).state_dict())
    ['bias', 'weight_orig', 'weight_u', 'weight_v']
    """
    refuse_second("spectral_norm", SpectralNorm.on(module, name), module, name)
    hook = SpectralNorm(name, n_power_iterations, output_dim(module) if dim is None else dim, eps)
    weight = taken("spectral_norm", module, name)
    matrix = as_matrix(weight.detach(), hook.dim)
    module.register_parameter(f"{name}_orig", weight)
    for suffix, size in zip("uv", matrix.shape, strict=True):
        drawn = ag.randn(size, dtype=weight.dtype)
        module.register_buffer(f"{name}_{suffix}", F.normalize(drawn, dim=0, eps=eps))
    setattr(module, name, weight.detach())
    module.register_forward_pre_hook(hook)
    return module


def remove_spectral_norm(module: M, name: str = "weight") -> M:
    """Make the weight that ``spectral_norm`` computes a parameter again; return *module*.

    >>> import nn
    >>> layer = nn.utils.remove_spectral_norm(nn.utils.spectral_norm(nn.Linear(3, 2)))
    >>> list(layer.state_dict())
    ['bias', 'weight']
    """
    hook = found("spectral_norm", SpectralNorm.on(module, name), module, name)
    with ag.no_grad():
        weight = hook.divided(module, 0)
    hook.detach(module)
    for suffix in ("orig", "u", "v"):
        delattr(module, f"{name}_{suffix}")
    module.register_parameter(name, Parameter(weight))
    return module
