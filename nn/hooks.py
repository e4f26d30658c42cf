"""Hooks: functions that modules call around ``forward``, around the backward pass, and around saving and loading.

A module keeps all its hooks in one dict, in the order in which they run; ``EVERY_MODULE`` has those of all modules, which
run before a module's own.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import autograd_core as ag
from autograd_core import RemovableHandle, Tensor

from . import expect

if TYPE_CHECKING:
    from .module import Module

__all__ = [
    "register_module_buffer_registration_hook",
    "register_module_forward_hook",
    "register_module_forward_pre_hook",
    "register_module_full_backward_hook",
    "register_module_full_backward_pre_hook",
    "register_module_module_registration_hook",
    "register_module_parameter_registration_hook",
]

FORWARD_PRE, FORWARD, BACKWARD_PRE, BACKWARD = "forward pre-hook", "forward hook", "backward pre-hook", "backward hook"
STATE_PRE, STATE, LOAD_PRE, LOAD = "state_dict pre-hook", "state_dict hook", "load pre-hook", "load hook"


@dataclass(frozen=True, eq=False)
class Hook:
    """A function, when it is called, and with what."""

    kind: str
    function: Callable[..., Any]
    with_kwargs: bool = False
    always_call: bool = False

    def __call__(self, *args: Any) -> Any:
        return self.function(*args)


Hooks = OrderedDict[object, Hook]

EVERY_MODULE: Hooks = OrderedDict()


def add(hooks: Hooks, hook: Hook, prepend: bool = False) -> RemovableHandle:
    """Put *hook* behind the others, or before them; return what takes it away."""
    handle = RemovableHandle(hooks, hook)
    if prepend:
        hooks.move_to_end(next(reversed(hooks)), last=False)
    return handle


def of_kind(kind: str, hooks: Hooks) -> list[Hook]:
    """Return the hooks of one kind, those of every module first; a new list, for hooks that take themselves away."""
    return [hook for hook in (*EVERY_MODULE.values(), *hooks.values()) if hook.kind == kind]


class Hooked:
    """What a module does with its hooks: take them, and call ``forward`` with those around it."""

    _hooks: Hooks
    forward: Callable[..., Any]

    def register_forward_pre_hook(
        self, hook: Callable[..., Any], *, prepend: bool = False, with_kwargs: bool = False
    ) -> RemovableHandle:
        """Call ``hook(module, args)`` before each ``forward``; what it returns, unless None, replaces *args*.

        With *with_kwargs* it is ``hook(module, args, kwargs)``, and returns None or both.  With *prepend* it comes before
        the other hooks of this module.
        """
        return add(self._hooks, Hook(FORWARD_PRE, hook, with_kwargs), prepend)

    def register_forward_hook(
        self,
        hook: Callable[..., Any],
        *,
        prepend: bool = False,
        with_kwargs: bool = False,
        always_call: bool = False,
    ) -> RemovableHandle:
        """Call ``hook(module, args, output)`` after each ``forward``; what it returns, unless None, replaces *output*.

        With *with_kwargs* it is ``hook(module, args, kwargs, output)``.  With *always_call* it is called also where an error
        was raised before its turn, with the output so far, or None.

        >>> import nn
        >>> layer, shapes = nn.Linear(4, 2), []
        >>> with layer.register_forward_hook(lambda module, args, output: shapes.append(output.shape)):
        ...     _ = layer(ag.ones(3, 4))
        >>> shapes
        [(3, 2)]
        """
        return add(self._hooks, Hook(FORWARD, hook, with_kwargs, always_call), prepend)

    def register_full_backward_pre_hook(self, hook: Callable[..., Any], prepend: bool = False) -> RemovableHandle:
        """Call ``hook(module, grad_output)`` when the gradients of the outputs are known.

        *grad_output* is a tuple, with None for outputs that have no gradient.  What the hook returns, unless None, takes its
        place in the rest of the backward pass.
        """
        return add(self._hooks, Hook(BACKWARD_PRE, hook), prepend)

    def register_full_backward_hook(self, hook: Callable[..., Any], prepend: bool = False) -> RemovableHandle:
        """Call ``hook(module, grad_input, grad_output)`` when the gradients of the inputs are known.

        Both are tuples: for each positional argument of ``forward``, zeros for a Tensor without a gradient and None for other
        values; and for each output, None for one without a gradient.  What the hook returns, unless None, takes the place of
        *grad_input*.  Where no input needs a gradient the hook is called with that of the outputs alone.  The output must be a
        Tensor or a tuple.

        >>> import nn
        >>> layer = nn.Linear(2, 1, bias=False)
        >>> _ = layer.register_full_backward_hook(lambda module, grad_input, grad_output: (ag.ones(1, 2),))
        >>> x = ag.zeros(1, 2, requires_grad=True)
        >>> layer(x).sum().backward()
        >>> x.grad
        tensor([[1., 1.]])
        """
        return add(self._hooks, Hook(BACKWARD, hook), prepend)

    def register_state_dict_pre_hook(self, hook: Callable[..., Any]) -> RemovableHandle:
        """Call ``hook(module, prefix, keep_vars)`` before ``state_dict`` reads this module."""
        return add(self._hooks, Hook(STATE_PRE, hook))

    def register_state_dict_post_hook(self, hook: Callable[..., Any]) -> RemovableHandle:
        """Call ``hook(module, state_dict, prefix, local_metadata)`` when this module's part of a state dict is there.

        It may change *state_dict*, and returns None; *local_metadata* is an empty dict.
        """
        return add(self._hooks, Hook(STATE, hook))

    def register_load_state_dict_pre_hook(self, hook: Callable[..., Any]) -> RemovableHandle:
        """Call *hook* before ``load_state_dict`` reads this module's part.

        It is ``hook(module, state_dict, prefix, local_metadata, strict, missing_keys, unexpected_keys, error_msgs)`` and may
        change *state_dict*, which is a copy, and the lists; *local_metadata* is an empty dict.
        """
        return add(self._hooks, Hook(LOAD_PRE, hook))

    def register_load_state_dict_post_hook(self, hook: Callable[..., Any]) -> RemovableHandle:
        """Call ``hook(module, incompatible_keys)`` after ``load_state_dict`` has copied all values.

        It may take keys out of ``incompatible_keys.missing_keys`` and ``incompatible_keys.unexpected_keys``: then they are
        no error.
        """
        return add(self._hooks, Hook(LOAD, hook))

    def _call_with_hooks(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        hooks, output = self._hooks, None
        called: list[Hook] = []
        try:
            for pre_hook in of_kind(FORWARD_PRE, hooks):
                args, kwargs = _replaced(pre_hook, self, args, kwargs)
            backward = _Backward(self, of_kind(BACKWARD_PRE, hooks), of_kind(BACKWARD, hooks))
            args = backward.watch_inputs(args)
            output = self.forward(*args, **kwargs)
            for hook in of_kind(FORWARD, hooks):
                called.append(hook)
                output = _output_of(hook, self, args, kwargs, output)
            return backward.watch_outputs(output)
        except Exception:
            for hook in of_kind(FORWARD, hooks):
                if hook.always_call and hook not in called:
                    try:
                        output = _output_of(hook, self, args, kwargs, output)
                    except Exception as error:
                        expect.warn(
                            f"a forward hook with always_call=True raised after another error was raised: {error}"
                        )
            raise


def _replaced(
    hook: Hook, module: Any, args: tuple[Any, ...], kwargs: dict[str, Any]
) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """Return the arguments as a forward pre-hook leaves them."""
    if not hook.with_kwargs:
        new = hook(module, args)
        return (args if new is None else new if isinstance(new, tuple) else (new,)), kwargs
    new = hook(module, args, kwargs)
    if new is None:
        return args, kwargs
    if not isinstance(new, tuple) or len(new) != 2 or not isinstance(new[1], dict):
        raise ag.errors.GraphError(
            f"{module._get_name()}: a forward pre-hook with_kwargs returned {new!r}: expected None or a tuple of "
            "(args, kwargs); return both"
        )
    return new


def _output_of(hook: Hook, module: Any, args: tuple[Any, ...], kwargs: dict[str, Any], output: Any) -> Any:
    """Return the output as a forward hook leaves it."""
    new = hook(module, args, kwargs, output) if hook.with_kwargs else hook(module, args, output)
    return output if new is None else new


# ----------------------------------------------------------------------------------------------------- backward hooks


class BackwardHooks(ag.autograd.Function):
    """Let tensors pass, and hand all their gradients at once to a function that may replace them.

    What passes is copied: written in place, it must not change a tensor whose history knows nothing of that.
    """

    @staticmethod
    def forward(ctx: Any, *args: Any) -> Any:
        ctx.replace, *tensors = args
        ctx.set_materialize_grads(False)
        return tuple(t.clone() for t in tensors)

    @staticmethod
    def backward(ctx: Any, *gradients: Any) -> Any:
        return (None, *ctx.replace(gradients))


class _Backward:
    """The backward hooks of one call: a gate before the inputs, and one behind the outputs."""

    def __init__(self, module: Any, pre_hooks: Sequence[Hook], hooks: Sequence[Hook]) -> None:
        self.module, self.pre_hooks, self.hooks = module, pre_hooks, hooks
        self.inputs: list[int] = []  # the places of those that pass the gate
        self.outputs: list[int] = []
        self.forms: list[Any] = []  # of the arguments: shape and dtype of Tensors, None for others
        self.results = 0
        self.grad_output: tuple[Any, ...] | None = None  # on its way from the gate of the outputs to that of the inputs

    def watch_inputs(self, args: tuple[Any, ...]) -> tuple[Any, ...]:
        if not self.pre_hooks and not self.hooks:
            return args
        self.forms = [(a.shape, a.dtype) if isinstance(a, Tensor) else None for a in args]
        self.inputs, passed = _pass(args, self._leave)
        return passed

    def watch_outputs(self, output: Any) -> Any:
        if not self.pre_hooks and not self.hooks:
            return output
        if not isinstance(output, Tensor | tuple):
            expect.warn(
                f"{self.module._get_name()}: backward hooks are not called for an output of type {type(output).__name__}; "
                "return a Tensor or a tuple of Tensors"
            )
            return output
        results = output if isinstance(output, tuple) else (output,)
        self.results = len(results)
        self.outputs, passed = _pass(results, self._enter)
        if isinstance(output, Tensor):
            return passed[0]
        return output._make(passed) if hasattr(output, "_make") else passed

    def _enter(self, gradients: tuple[Any, ...]) -> tuple[Any, ...]:
        """Take the gradients of the outputs, as the pre-hooks leave them."""
        at = dict(zip(self.outputs, gradients, strict=True))
        grad_output = tuple(at.get(i) for i in range(self.results))
        for hook in self.pre_hooks:
            grad_output = self._new(hook, "grad_output", grad_output, hook(self.module, grad_output))
        if self.inputs:
            self.grad_output = grad_output
        else:
            self._call_without_inputs(grad_output)
        return tuple(grad_output[i] for i in self.outputs)

    def _call_without_inputs(self, grad_output: tuple[Any, ...]) -> None:
        for hook in self.hooks:
            new = hook(self.module, (None,) * len(self.forms), grad_output)
            if any(g is not None for g in (new if isinstance(new, tuple) else (new,))):
                raise ag.errors.GraphError(
                    f"{self.module._get_name()}: a backward hook returned a gradient, but no input requires gradients; "
                    "return None"
                )

    def _leave(self, gradients: tuple[Any, ...]) -> tuple[Any, ...]:
        """Take the gradients of the inputs, as the hooks leave them."""
        if self.grad_output is None:
            return gradients  # of a derivative of the gradients: it did not come by way of the outputs
        at = {i: g for i, g in zip(self.inputs, gradients, strict=True) if g is not None}
        zeros = {i: ag.zeros(form[0], dtype=form[1]) for i, form in enumerate(self.forms) if form and i not in at}
        grad_input = tuple(at.get(i, zeros.get(i)) for i in range(len(self.forms)))
        for hook in self.hooks:
            grad_input = self._new(hook, "grad_input", grad_input, hook(self.module, grad_input, self.grad_output))
        self.grad_output = None
        return tuple(grad_input[i] for i in self.inputs)

    def _new(self, hook: Hook, what: str, old: tuple[Any, ...], new: Any) -> tuple[Any, ...]:
        if new is None:
            return old
        given = new if isinstance(new, tuple) else (new,)
        if len(given) != len(old):
            raise ag.errors.GraphError(
                f"{self.module._get_name()}: a {hook.kind} returned an invalid number of {what}, got {len(given)}, but "
                f"expected {len(old)}; return None, or one for each, None where there is none"
            )
        return given


def _pass(
    values: tuple[Any, ...], replace: Callable[[tuple[Any, ...]], tuple[Any, ...]]
) -> tuple[list[int], tuple[Any, ...]]:
    """Send the tensors that require gradients through a gate; return their places, and all values."""
    places = [i for i, value in enumerate(values) if isinstance(value, Tensor) and value.requires_grad]
    if not places or not ag.is_grad_enabled():
        return [], values
    passed = dict(zip(places, BackwardHooks.apply(replace, *(values[i] for i in places)), strict=True))
    return places, tuple(passed.get(i, value) for i, value in enumerate(values))


# ------------------------------------------------------------------------------------------------ hooks of every module


def register_module_forward_pre_hook(hook: Callable[..., Any]) -> RemovableHandle:
    """Call ``hook(module, args)`` before the ``forward`` of every module; what it returns, unless None, replaces *args*.

    >>> import nn
    >>> seen = []
    >>> with register_module_forward_pre_hook(lambda module, args: seen.append(type(module).__name__)):
    ...     _ = nn.Sequential(nn.Linear(2, 2), nn.ReLU())(ag.ones(1, 2))
    >>> seen
    ['Sequential', 'Linear', 'ReLU']
    """
    return add(EVERY_MODULE, Hook(FORWARD_PRE, hook))


def register_module_forward_hook(
    hook: Callable[..., Any], *, with_kwargs: bool = False, always_call: bool = False
) -> RemovableHandle:
    """Call ``hook(module, args, output)`` after the ``forward`` of every module, as ``Module.register_forward_hook`` does.

    >>> import nn
    >>> seen = []
    >>> with register_module_forward_hook(lambda module, args, output: seen.append(type(module).__name__)):
    ...     _ = nn.Sequential(nn.Linear(2, 2), nn.ReLU())(ag.ones(1, 2))
    >>> seen
    ['Linear', 'ReLU', 'Sequential']
    """
    return add(EVERY_MODULE, Hook(FORWARD, hook, with_kwargs, always_call))


def register_module_full_backward_pre_hook(hook: Callable[..., Any]) -> RemovableHandle:
    """Call ``hook(module, grad_output)`` for every module, as ``Module.register_full_backward_pre_hook`` does.

    >>> import nn
    >>> seen = []
    >>> with register_module_full_backward_pre_hook(lambda module, grad_output: seen.append(grad_output[0].shape)):
    ...     nn.Linear(2, 3)(ag.ones(1, 2)).sum().backward()
    >>> seen
    [(1, 3)]
    """
    return add(EVERY_MODULE, Hook(BACKWARD_PRE, hook))


def register_module_full_backward_hook(hook: Callable[..., Any]) -> RemovableHandle:
    """Call ``hook(module, grad_input, grad_output)`` for every module, as ``Module.register_full_backward_hook`` does.

    >>> import nn
    >>> seen = []
    >>> with register_module_full_backward_hook(lambda module, grad_input, grad_output: seen.append(grad_input[0].shape)):
    ...     nn.Linear(2, 3)(ag.ones(1, 2, requires_grad=True)).sum().backward()
    >>> seen
    [(1, 2)]
    """
    return add(EVERY_MODULE, Hook(BACKWARD, hook))


def _registration(kind: str) -> str:
    return f"{kind.removeprefix('transient ')} registration hook"


def registered(module: Module, name: str, value: Any, kind: str) -> Any:
    """Return what a module gets under *name*: *value*, as the registration hooks leave it."""
    for hook in of_kind(_registration(kind), OrderedDict()):
        new = hook(module, name, value)
        value = value if new is None else new
    return value


def register_module_parameter_registration_hook(hook: Callable[..., Any]) -> RemovableHandle:
    """Call ``hook(module, name, parameter)`` whenever a module gets a parameter; what it returns, unless None, replaces it.

    >>> import nn
    >>> names = []
    >>> with register_module_parameter_registration_hook(lambda module, name, parameter: names.append(name)):
    ...     _ = nn.Linear(2, 3)
    >>> names
    ['weight', 'bias']
    """
    return add(EVERY_MODULE, Hook(_registration("parameter"), hook))


def register_module_buffer_registration_hook(hook: Callable[..., Any]) -> RemovableHandle:
    """Call ``hook(module, name, buffer)`` whenever a module gets a buffer; what it returns, unless None, replaces it.

    >>> import nn
    >>> names = []
    >>> with register_module_buffer_registration_hook(lambda module, name, buffer: names.append(name)):
    ...     _ = nn.BatchNorm1d(3)
    >>> names
    ['running_mean', 'running_var', 'num_batches_tracked']
    """
    return add(EVERY_MODULE, Hook(_registration("buffer"), hook))


def register_module_module_registration_hook(hook: Callable[..., Any]) -> RemovableHandle:
    """Call ``hook(module, name, submodule)`` whenever a module gets a module; what it returns, unless None, replaces it.

    >>> import nn
    >>> names = []
    >>> with register_module_module_registration_hook(lambda module, name, submodule: names.append(name)):
    ...     _ = nn.Sequential(nn.Linear(2, 3), nn.ReLU())
    >>> names
    ['0', '1']
    """
    return add(EVERY_MODULE, Hook(_registration("module"), hook))
