"""Functions of the user's that run around an optimizer's step, and around the saving and the loading of its state."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar, cast

import autograd_core as ag

Hook = Callable[..., Any]
Step = TypeVar("Step", bound=Callable[..., Any])

_before_any_step: OrderedDict[object, Hook] = OrderedDict()
_after_any_step: OrderedDict[object, Hook] = OrderedDict()


def register_optimizer_step_pre_hook(hook: Hook) -> ag.RemovableHandle:
    """Call ``hook(optimizer, args, kwargs)`` before each step of every optimizer, ahead of the optimizer's own hooks.

    >>> import autograd_core as ag
    >>> import optim
    >>> optimizer, seen = optim.SGD([ag.zeros(1, requires_grad=True)]), []
    >>> with optim.register_optimizer_step_pre_hook(lambda optimizer, args, kwargs: seen.append(type(optimizer))):
    ...     optimizer.step()
    >>> seen == [optim.SGD]
    True
    """
    return ag.RemovableHandle(_before_any_step, hook)


def register_optimizer_step_post_hook(hook: Hook) -> ag.RemovableHandle:
    """Call ``hook(optimizer, args, kwargs)`` after each step of every optimizer, behind the optimizer's own hooks.

    >>> import autograd_core as ag
    >>> import optim
    >>> optimizer, seen = optim.SGD([ag.zeros(1, requires_grad=True)]), []
    >>> with optim.register_optimizer_step_post_hook(lambda optimizer, args, kwargs: seen.append(kwargs)):
    ...     optimizer.step(closure=None)
    >>> seen
    [{'closure': None}]
    """
    return ag.RemovableHandle(_after_any_step, hook)


class Hookable:
    """What an optimizer is to those who hook into it.  A copy of it has no hooks."""

    def __init__(self) -> None:
        self.updates = 0  # calls of step(): a schedule warns if there were none
        self._hooks: dict[str, OrderedDict[object, Hook]] = {}

    def register_step_pre_hook(self, hook: Hook) -> ag.RemovableHandle:
        """Call ``hook(optimizer, args, kwargs)`` before each step; it may return other ``(args, kwargs)`` for it.

        *args* begin with the optimizer, as in PyTorch.
        """
        return self._register("before step", hook)

    def register_step_post_hook(self, hook: Hook) -> ag.RemovableHandle:
        """Call ``hook(optimizer, args, kwargs)`` after each step."""
        return self._register("after step", hook)

    def register_state_dict_pre_hook(self, hook: Hook, prepend: bool = False) -> ag.RemovableHandle:
        """Call ``hook(optimizer)`` before each ``state_dict()``; with *prepend* ahead of the hooks there are."""
        return self._register("before saving", hook, prepend)

    def register_state_dict_post_hook(self, hook: Hook, prepend: bool = False) -> ag.RemovableHandle:
        """Call ``hook(optimizer, state_dict)`` after each ``state_dict()``; what it returns, unless None, replaces it."""
        return self._register("after saving", hook, prepend)

    def register_load_state_dict_pre_hook(self, hook: Hook, prepend: bool = False) -> ag.RemovableHandle:
        """Call ``hook(optimizer, state_dict)`` before a state is loaded; what it returns, unless None, is loaded.

        It gets a shallow copy, which it may change.
        """
        return self._register("before loading", hook, prepend)

    def register_load_state_dict_post_hook(self, hook: Hook, prepend: bool = False) -> ag.RemovableHandle:
        """Call ``hook(optimizer)`` after a state was loaded."""
        return self._register("after loading", hook, prepend)

    def _register(self, when: str, hook: Hook, prepend: bool = False) -> ag.RemovableHandle:
        hooks = self._hooks.setdefault(when, OrderedDict())
        handle = ag.RemovableHandle(hooks, hook)
        if prepend:
            hooks.move_to_end(next(reversed(hooks)), last=False)
        return handle

    def _hooks_at(self, when: str) -> list[Hook]:
        return list(self._hooks[when].values()) if when in self._hooks else []

    def _run(self, when: str) -> None:
        """Call the hooks of a moment with the optimizer alone."""
        for hook in self._hooks_at(when):
            hook(self)

    def _run_on(self, when: str, state_dict: Any) -> Any:
        """Call the hooks of a moment with a state dict; return it, or the one that they put in its place."""
        for hook in self._hooks_at(when):
            new = hook(self, state_dict)
            state_dict = state_dict if new is None else new
        return state_dict


def hooked(step: Step) -> Step:
    """Return *step*, a method of an optimizer, with the hooks around it, and counted in ``updates``."""

    @wraps(step)
    def step_with_hooks(*args: Any, **kwargs: Any) -> Any:
        optimizer: Hookable = args[0]
        if optimizer._hooks or _before_any_step:
            args, kwargs = run_before(optimizer, args, kwargs)
        result = step(*args, **kwargs)
        optimizer.updates += 1
        if optimizer._hooks or _after_any_step:
            for hook in [*optimizer._hooks_at("after step"), *_after_any_step.values()]:
                hook(optimizer, args, kwargs)
        return result

    return cast(Step, step_with_hooks)


def run_before(
    optimizer: Hookable, args: tuple[Any, ...], kwargs: dict[str, Any]
) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """Call the hooks before a step; return the arguments that they leave for it."""
    for hook in [*_before_any_step.values(), *optimizer._hooks_at("before step")]:
        new = hook(optimizer, args, kwargs)
        if new is not None:
            if not isinstance(new, tuple) or len(new) != 2:
                raise RuntimeError(
                    f"a step pre-hook must return None or a tuple of (new_args, new_kwargs), but got {new!r}. "
                    "Begin new_args with the optimizer."
                )
            args, kwargs = new
    return args, kwargs
