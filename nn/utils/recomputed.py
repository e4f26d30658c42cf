"""A weight that is computed from other tensors before each forward: what weight_norm, spectral_norm and pruning share."""

from __future__ import annotations

from typing import Any, Self

import autograd_core as ag
from autograd_core import Tensor

from ..module import Module
from ..parameter import Parameter, is_lazy

__all__ = ["Recomputed"]


class Recomputed:
    """A forward pre-hook that sets the attribute *name* of a module to what ``compute_weight(module)`` returns."""

    name: str

    def compute_weight(self, module: Module) -> Tensor:
        """Return the weight, computed from the tensors that took its place."""
        raise NotImplementedError

    def __call__(self, module: Module, args: Any) -> None:
        setattr(module, self.name, self.compute_weight(module))

    def attach(self, module: Module) -> None:
        """Compute the weight before each forward of *module* from now on, and now."""
        self(module, ())
        module.register_forward_pre_hook(self)

    def detach(self, module: Module) -> None:
        """Take the hook and the computed weight away from *module*."""
        for key in [key for key, hook in module._hooks.items() if hook.function is self]:
            del module._hooks[key]
        delattr(module, self.name)

    @classmethod
    def all_on(cls, module: Module) -> list[Self]:
        """Return those of this class that *module* has."""
        return [hook.function for hook in module._hooks.values() if isinstance(hook.function, cls)]

    @classmethod
    def on(cls, module: Module, name: str) -> Self | None:
        """Return that of this class which computes the weight *name* of *module*, or None."""
        return next((found for found in cls.all_on(module) if found.name == name), None)


def taken(function: str, module: Module, name: str) -> Parameter:
    """Take the parameter *name* out of *module*, and return it."""
    weight = module.get_parameter(name)
    if is_lazy(weight):
        raise ag.errors.ArgumentError(
            f"{function}: the parameter {name!r} of {module._get_name()} has no shape yet; call the module once on a batch"
        )
    delattr(module, name)
    return weight


def found(function: str, hook: Any, module: Module, name: str) -> Any:
    """Return *hook*, or raise where there is none."""
    if hook is None:
        raise ag.errors.ArgumentError(
            f"{function} of {name!r} not found in {module._get_name()}; nothing was put on that parameter, or it was removed"
        )
    return hook


def refuse_second(function: str, hook: Any, module: Module, name: str) -> None:
    """Raise if there is a *hook* already."""
    if hook is not None:
        raise ag.errors.GraphError(
            f"Cannot register two {function} hooks on the same parameter {name} of {module._get_name()}; remove the first"
        )
