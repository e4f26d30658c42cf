"""Weight normalization, by a hook: a weight as a length times a direction.  Source: Salimans & Kingma 2016.

``parametrizations.weight_norm`` does the same by a parametrization, which PyTorch recommends today.
"""

from __future__ import annotations

from typing import TypeVar

from autograd_core import Tensor

from ..module import Module
from ..parameter import Parameter
from .recomputed import Recomputed, found, refuse_second, taken

__all__ = ["WeightNorm", "remove_weight_norm", "weight_norm"]

M = TypeVar("M", bound=Module)


def norm_except(v: Tensor, dim: int | None) -> Tensor:
    """Return the 2-norm of *v* over all dims but *dim*, which may be None (or -1) for none of them."""
    if dim is None or dim == -1:
        return v.norm()
    kept = dim % v.ndim
    others = [d for d in range(v.ndim) if d != kept]
    return v.norm(2, others, keepdim=True) if others else v.abs()


class WeightNorm(Recomputed):
    """The hook: weight = g * v / norm(v)."""

    def __init__(self, name: str, dim: int | None) -> None:
        self.name, self.dim = name, dim

    def compute_weight(self, module: Module) -> Tensor:
        g, v = getattr(module, f"{self.name}_g"), getattr(module, f"{self.name}_v")
        weight: Tensor = v * (g / norm_except(v, self.dim))
        return weight


def weight_norm(module: M, name: str = "weight", dim: int | None = 0) -> M:
    """Replace the parameter *name* by its lengths, ``name_g``, and its directions, ``name_v``; return *module*.

    There is a length for each index along *dim*, or a single one with None.  The weight is computed before each forward.
    Source: Salimans & Kingma 2016.

    >>> import nn
    >>> layer = nn.utils.weight_norm(nn.Linear(3, 2))
    >>> [(name, p.shape) for name, p in layer.named_parameters()]
    [('bias', (2,)), ('weight_g', (2, 1)), ('weight_v', (2, 3))]
    """
    refuse_second("weight_norm", WeightNorm.on(module, name), module, name)
    weight = taken("weight_norm", module, name).detach()
    module.register_parameter(f"{name}_g", Parameter(norm_except(weight, dim)))
    module.register_parameter(f"{name}_v", Parameter(weight))
    WeightNorm(name, dim).attach(module)
    return module


def remove_weight_norm(module: M, name: str = "weight") -> M:
    """Make the weight that ``weight_norm`` computes a parameter again; return *module*.

    >>> import nn
    >>> layer = nn.utils.remove_weight_norm(nn.utils.weight_norm(nn.Linear(3, 2)))
    >>> [name for name, _ in layer.named_parameters()]
    ['bias', 'weight']
    """
    hook = found("weight_norm", WeightNorm.on(module, name), module, name)
    weight = hook.compute_weight(module).detach()
    hook.detach(module)
    delattr(module, f"{name}_g")
    delattr(module, f"{name}_v")
    module.register_parameter(name, Parameter(weight))
    return module
