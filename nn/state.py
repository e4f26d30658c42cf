"""Loading a state dict: what comes under which name is settled, and checked, before anything is copied."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import autograd_core as ag
from autograd_core import Tensor

from .hooks import LOAD, LOAD_PRE, of_kind
from .parameter import Parameter, is_lazy

if TYPE_CHECKING:
    from .module import Module

__all__ = ["EXTRA_STATE", "IncompatibleKeys", "Loading"]

EXTRA_STATE = "_extra_state"  # the key, behind the module's path, of what get_extra_state returns


class IncompatibleKeys(NamedTuple):
    """What ``load_state_dict`` found to differ: keys the state lacks, and keys the module does not know."""

    missing_keys: list[str]
    unexpected_keys: list[str]

    def __repr__(self) -> str:
        if not any(self):
            return "<All keys matched successfully>"
        return f"IncompatibleKeys(missing_keys={self.missing_keys}, unexpected_keys={self.unexpected_keys})"


class Loading:
    """One ``load_state_dict``: ``match`` a module's part of the state, then ``apply`` it."""

    def __init__(self, strict: bool, assign: bool) -> None:
        self.strict, self.assign = strict, assign
        self.keys = IncompatibleKeys([], [])
        self.problems: list[str] = []
        self.tensors: list[tuple[Module, str, Tensor, Any]] = []  # who gets it, under which name, instead of what
        self.extras: list[tuple[Module, Any]] = []
        self.modules: list[Module] = []  # the inner ones first

    def match(self, module: Module, state: dict[str, Any], prefix: str = "") -> None:
        """Find for each tensor of *module* and of those in it what *state* has; note all that does not fit."""
        missing, unexpected = self.keys
        for hook in of_kind(LOAD_PRE, module._hooks):
            hook(module, state, prefix, {}, self.strict, missing, unexpected, self.problems)
        own = dict(module._own_state())
        for name, tensor in own.items():
            key = prefix + name
            if key not in state:
                missing.append(key)
            elif (problem := _misfit(key, state[key], tensor)) is not None:
                self.problems.append(problem)
            else:
                self.tensors.append((module, name, tensor, state[key]))
        children = dict(module._own_modules())
        extra = prefix + EXTRA_STATE
        takes_extra = module._redefines("set_extra_state")
        if takes_extra and extra in state:
            self.extras.append((module, state[extra]))
        elif takes_extra:
            missing.append(extra)
        for key in state:
            name, _, rest = key.removeprefix(prefix).partition(".")
            known = name in (children if rest else own) or (takes_extra and key == extra)
            if key.startswith(prefix) and not known:
                unexpected.append(key)
        for name, child in children.items():
            inner = f"{prefix}{name}."
            self.match(child, {key: value for key, value in state.items() if key.startswith(inner)}, inner)
        self.modules.append(module)

    def apply(self, name: str) -> IncompatibleKeys:
        """Copy what was found, unless something does not fit; *name* is that of the module in errors."""
        hooks = [(module, hook) for module in self.modules for hook in of_kind(LOAD, module._hooks)]
        if self.problems or not hooks:  # else a hook may say that a key is not missing
            self._raise_for(name, "Nothing was loaded.")
        with ag.no_grad():
            for module, key, own, value in self.tensors:
                if self.assign:
                    setattr(module, key, _in_place_of(own, value))
                    continue
                if is_lazy(own) and not is_lazy(value):
                    own.materialize(value.shape)
                if not is_lazy(own):
                    own.copy_(ag.as_tensor(value))
        for module, extra in self.extras:
            module.set_extra_state(extra)
        for module, hook in hooks:
            if hook(module, self.keys) is not None:
                raise ag.errors.ArgumentError(
                    f"{module._get_name()}: a load_state_dict post-hook returned a value: expected None; change the lists of "
                    "incompatible_keys in place"
                )
        if hooks:
            self._raise_for(name, "All else was loaded.")
        return self.keys

    def _raise_for(self, name: str, outcome: str) -> None:
        missing, unexpected = self.keys if self.strict else IncompatibleKeys([], [])
        problems = [f"Missing key(s) in state_dict: {_quoted(missing)}."] if missing else []
        problems += [f"Unexpected key(s) in state_dict: {_quoted(unexpected)}."] if unexpected else []
        problems += self.problems
        if not problems:
            return
        lines = "".join(f"\n\t{problem}" for problem in problems)
        raise ag.errors.CheckpointError(
            f"Error(s) in loading state_dict for {name}:{lines}\n"
            "Build the model with the arguments that the saved one had"
            + (", or pass strict=False to skip missing and unexpected keys" if missing or unexpected else "")
            + f". {outcome}"
        )


def _misfit(key: str, value: Any, own: Any) -> str | None:
    """Return why *value* cannot take the place of *own*, or None."""
    if is_lazy(value):
        return None if is_lazy(own) else f"{key} has no shape yet in the state_dict, the model has {own.shape}."
    if not hasattr(value, "shape"):
        return f"{key} is a {type(value).__name__}, expected a Tensor or an array."
    if is_lazy(own) or tuple(value.shape) == own.shape:
        return None
    return f"size mismatch for {key}: the state_dict has shape {tuple(value.shape)}, the model has {own.shape}."


def _in_place_of(own: Tensor, value: Any) -> Tensor:
    """Return *value* as what *own* is: a parameter that requires gradients as that does, or a buffer."""
    if not isinstance(own, Parameter):
        return ag.as_tensor(value)
    if isinstance(value, Parameter):
        value.requires_grad_(own.requires_grad)
        return value
    return Parameter(value, own.requires_grad)


def _quoted(keys: list[str]) -> str:
    return ", ".join(f'"{key}"' for key in keys)
