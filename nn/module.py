"""Module: parameters, buffers and other modules under names, and a forward computation.

Parameters, buffers and modules are ordinary attributes; the module only remembers which names are which.  Reading
``self.weight`` is therefore a plain lookup, and there is one place where a value lives.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType
from typing import Any, Self

import autograd_core as ag
from autograd_core import Tensor

from . import expect
from .conversion import Conversions
from .hooks import EVERY_MODULE, STATE, STATE_PRE, Hooked, Hooks, of_kind, registered
from .parameter import Buffer, Parameter, is_lazy
from .state import EXTRA_STATE, IncompatibleKeys, Loading

__all__ = ["Module"]

PARAMETER, BUFFER, TRANSIENT, MODULE = "parameter", "buffer", "transient buffer", "module"
BUFFERS = (BUFFER, TRANSIENT)
NOTE = "This was in "


class Module(Hooked, Conversions):
    """The base of layers and networks: ``__init__`` makes parameters and submodules, ``forward`` computes with them.

    >>> import nn
    >>> class Net(nn.Module):
    ...     def __init__(self):
    ...         super().__init__()
    ...         self.fc = nn.Linear(4, 2)
    ...     def forward(self, x):
    ...         return self.fc(x).relu()
    >>> Net()
    Net(
      (fc): Linear(in_features=4, out_features=2, bias=True)
    )
    >>> Net()(ag.ones(3, 4)).shape
    (3, 2)
    """

    training: bool
    _names: dict[str, str]  # every registered name, in order, and what it is
    _scope: ag.Scope | None = None  # where this module sits, from the first call on
    _root_name = "model"  # its path when no module holds it
    _hooks: Hooks

    def __init__(self) -> None:
        put = super().__setattr__
        put("training", True)
        put("_names", {})
        put("_hooks", OrderedDict())

    # -------------------------------------------------------------------------------------------------------- calling

    def forward(self, *args: Any, **kwargs: Any) -> Any:
        """Compute the output.  Every subclass defines it; call the module itself, so that hooks run."""
        raise NotImplementedError(
            f'Module [{type(self).__name__}] is missing the required "forward" function; define forward(self, input)'
        )

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        scope = self._scope or self._place()
        before = ag.enter_scope(scope)
        try:
            if self._hooks or EVERY_MODULE:
                return self._call_with_hooks(args, kwargs)
            return self.forward(*args, **kwargs)
        except Exception as error:
            _say_where(error, scope, (*args, *kwargs.values()))
            raise
        finally:
            ag.leave_scope(before)

    def _place(self) -> ag.Scope:
        """Give this module, which no called module holds, and all that it holds their scopes."""
        if "_names" not in self.__dict__:
            raise AttributeError(
                f"{type(self).__name__} is called before Module.__init__(); begin its __init__ with super().__init__()"
            )
        return self._place_in(None, self._root_name, set())

    def _place_in(self, outer: ag.Scope | None, name: str, seen: set[int]) -> ag.Scope:
        scope = self._scope = ag.Scope(name, self._label(), outer)
        seen.add(id(self))
        for child_name, child in self._own_modules():
            if id(child) not in seen:  # a shared module keeps its first path
                child._place_in(scope, child_name, seen)
        return scope

    def _label(self) -> str:
        """Return what errors, graphs and tables call this module, for instance ``Linear 9->2``."""
        return self._get_name()

    def _get_name(self) -> str:
        return type(self).__name__

    def multiply_adds(self, output: Tensor) -> int:
        """Return how many multiplications this module itself did for *output*; 0 where they do not count."""
        return 0

    # ---------------------------------------------------------------------------------------------------- registration

    def __setattr__(self, name: str, value: Any) -> None:
        names = self.__dict__.get("_names")
        kind = _kind_of(value)
        if kind is not None:
            if names is None:
                what = "parameters" if kind is PARAMETER else kind
                raise AttributeError(
                    f"cannot assign {what} before Module.__init__() call; "
                    f"begin {type(self).__name__}.__init__ with super().__init__()"
                )
            if EVERY_MODULE:
                value = registered(self, name, value, kind)
            _note(names, name, kind)
            super().__setattr__(name, value)
            if isinstance(value, Module):
                self._adopt(name, value)
            return
        kind_now = names.get(name) if names else None
        if kind_now is not None and value is not None and not (kind_now in BUFFERS and isinstance(value, Tensor)):
            expected = {PARAMETER: "an nn.Parameter", MODULE: "an nn.Module"}.get(kind_now, "a Tensor")
            raise TypeError(
                f"cannot assign a {type(value).__name__} as {kind_now} {name!r} of {type(self).__name__}: expected "
                f"{expected} or None; use another name, or del the attribute first"
            )
        super().__setattr__(name, value)

    def __delattr__(self, name: str) -> None:
        super().__delattr__(name)
        self._names.pop(name, None)

    def _adopt(self, name: str, child: Module) -> None:
        if self._scope is not None:
            child._place_in(self._scope, name, set())

    def _register(self, name: str, value: Any, kind: str) -> None:
        if "_names" not in self.__dict__:
            raise AttributeError(
                f"cannot assign {kind} before Module.__init__() call; "
                f"begin {type(self).__name__}.__init__ with super().__init__()"
            )
        if not isinstance(name, str):
            raise TypeError(f"{kind} name is {name!r}: expected a string")
        if not name or "." in name:
            raise KeyError(f'{kind} name is {name!r}: expected a name that is not empty and has no "."')
        if hasattr(self, name) and name not in self._names:
            raise KeyError(f"attribute {name!r} of {type(self).__name__} already exists; use another {kind} name")
        if EVERY_MODULE:
            value = registered(self, name, value, kind)
        _note(self._names, name, kind)
        self.__dict__[name] = value

    def register_parameter(self, name: str, param: Parameter | None) -> None:
        """Add a parameter under *name*; None reserves the name, as ``bias=False`` does."""
        if param is not None and not isinstance(param, Parameter):
            raise TypeError(
                f"cannot register a {type(param).__name__} as parameter {name!r}: expected an nn.Parameter or None; "
                "wrap it: nn.Parameter(tensor)"
            )
        self._register(name, param, PARAMETER)

    def register_buffer(self, name: str, tensor: Tensor | None, persistent: bool = True) -> None:
        """Add a tensor that belongs to the module but is not trained; *persistent* ones are part of ``state_dict``."""
        if tensor is not None and not isinstance(tensor, Tensor):
            raise TypeError(
                f"cannot register a {type(tensor).__name__} as buffer {name!r}: expected a Tensor or None; "
                "wrap it: ag.tensor(data)"
            )
        self._register(name, tensor, BUFFER if persistent else TRANSIENT)

    def register_module(self, name: str, module: Module | None) -> None:
        """Add a submodule under *name*, which need not be a Python identifier."""
        if module is not None and not isinstance(module, Module):
            raise TypeError(
                f"cannot register a {type(module).__name__} as module {name!r}: expected an nn.Module or None"
                + ("; give an instance of the class" if isinstance(module, type) else "")
            )
        self._register(name, module, MODULE)
        if module is not None:
            self._adopt(name, module)

    add_module = register_module

    def _parameter(self, *shape: int, device: Any = None, dtype: Any = None) -> Parameter:
        """Return a parameter whose values ``reset_parameters`` will set; that of a lazy layer has no shape yet."""
        return Parameter(ag.empty(*shape, device=device, dtype=dtype))

    def _registered(self, *kinds: str) -> Iterator[tuple[str, Any]]:
        """The names and values of these kinds; values may be None."""
        values = self.__dict__
        return ((name, values[name]) for name, kind in self._names.items() if kind in kinds)

    # What programs written for PyTorch read; a copy, so that nobody writes there in vain.
    _parameters = property(lambda self: MappingProxyType(dict(self._registered(PARAMETER))))
    _buffers = property(lambda self: MappingProxyType(dict(self._registered(*BUFFERS))))
    _modules = property(lambda self: MappingProxyType(dict(self._registered(MODULE))))

    def _own_modules(self) -> Iterator[tuple[str, Module]]:
        """The modules that this one holds itself, a shared one under each of its names."""
        return ((name, child) for name, child in self._registered(MODULE) if child is not None)

    # ------------------------------------------------------------------------------------------------------- iteration

    def named_modules(
        self, memo: set[Module] | None = None, prefix: str = "", remove_duplicate: bool = True
    ) -> Iterator[tuple[str, Module]]:
        """Yield every module under this one, itself first, with its path; a shared one once."""
        memo = set() if memo is None else memo
        if self in memo:
            return
        if remove_duplicate:
            memo.add(self)
        yield prefix, self
        for name, child in self._own_modules():
            yield from child.named_modules(memo, _join(prefix, name), remove_duplicate)

    def modules(self, remove_duplicate: bool = True) -> Iterator[Module]:
        """Yield every module under this one, itself first; a shared one once, unless *remove_duplicate* is False."""
        return (module for _, module in self.named_modules(remove_duplicate=remove_duplicate))

    def named_children(self) -> Iterator[tuple[str, Module]]:
        """Yield the modules that this one holds itself, with their names; a shared one once."""
        seen: set[Module] = set()
        for name, child in self._own_modules():
            if child not in seen:
                seen.add(child)
                yield name, child

    def children(self) -> Iterator[Module]:
        """Yield the modules that this one holds itself."""
        return (child for _, child in self.named_children())

    def _named(
        self, kinds: tuple[str, ...], prefix: str, recurse: bool, remove_duplicate: bool
    ) -> Iterator[tuple[str, Any]]:
        seen: set[int] = set()
        holders = self.named_modules(None, prefix, remove_duplicate) if recurse else [(prefix, self)]
        for path, module in holders:
            for name, value in module._registered(*kinds):
                if value is not None and id(value) not in seen:
                    if remove_duplicate:
                        seen.add(id(value))
                    yield _join(path, name), value

    def named_parameters(
        self, prefix: str = "", recurse: bool = True, remove_duplicate: bool = True
    ) -> Iterator[tuple[str, Parameter]]:
        """Yield every parameter with its path, ``0.weight`` for instance; a shared one once.

        >>> import nn
        >>> [(name, p.shape) for name, p in nn.Sequential(nn.Linear(4, 2)).named_parameters()]
        [('0.weight', (2, 4)), ('0.bias', (2,))]
        """
        return self._named((PARAMETER,), prefix, recurse, remove_duplicate)

    def parameters(self, recurse: bool = True) -> Iterator[Parameter]:
        """Yield every parameter, as an optimizer takes them."""
        return (value for _, value in self.named_parameters(recurse=recurse))

    def named_buffers(
        self, prefix: str = "", recurse: bool = True, remove_duplicate: bool = True
    ) -> Iterator[tuple[str, Tensor]]:
        """Yield every buffer with its path; a shared one once."""
        return self._named(BUFFERS, prefix, recurse, remove_duplicate)

    def buffers(self, recurse: bool = True) -> Iterator[Tensor]:
        """Yield every buffer."""
        return (value for _, value in self.named_buffers(recurse=recurse))

    def get_submodule(self, target: str) -> Module:
        """Return the module at a path such as ``encoder.0``; "" is this module itself."""
        module = self
        for name in target.split(".") if target else ():
            child = dict(module._registered(MODULE)).get(name)
            if child is None:
                held = ", ".join(name for name, _ in module.named_children()) or "none"
                raise AttributeError(
                    f"target is {target!r}: {type(module).__name__} has no module {name!r}; the modules there: {held}"
                )
            module = child
        return module

    def set_submodule(self, target: str, module: Module, strict: bool = False) -> None:
        """Put *module* at a path such as ``encoder.0``, in the place of the one there; with *strict*, there must be one.

        >>> import nn
        >>> net = nn.Sequential(nn.Linear(4, 2), nn.ReLU())
        >>> net.set_submodule("1", nn.Tanh())
        >>> net[1]
        Tanh()
        """
        path, _, name = target.rpartition(".")
        if not name:
            raise ag.errors.ArgumentError(f"target is {target!r}: expected the path of a module, such as 'encoder.0'")
        if not isinstance(module, Module):
            raise ag.errors.ArgumentError(f"module is of type {type(module).__name__}: expected an nn.Module")
        holder = self.get_submodule(path)
        if strict or hasattr(holder, name):
            self.get_submodule(target)  # what is there must be a module
        setattr(holder, name, module)

    def get_parameter(self, target: str) -> Parameter:
        """Return the parameter at a path such as ``encoder.0.weight``."""
        return self._get(target, "parameter", (PARAMETER,))

    def get_buffer(self, target: str) -> Tensor:
        """Return the buffer at a path such as ``1.running_mean``."""
        return self._get(target, "buffer", BUFFERS)

    def _get(self, target: str, what: str, kinds: tuple[str, ...]) -> Any:
        path, _, name = target.rpartition(".")
        holder = self.get_submodule(path)
        held = {key: value for key, value in holder._registered(*kinds) if value is not None}
        if name not in held:
            raise AttributeError(
                f"target is {target!r}: {type(holder).__name__} has no {what} {name!r}; "
                f"the {what}s there: {', '.join(held) or 'none'}"
            )
        return held[name]

    # ----------------------------------------------------------------------------------------------------------- state

    def state_dict(
        self, *, destination: dict[str, Any] | None = None, prefix: str = "", keep_vars: bool = False
    ) -> dict[str, Any]:
        """Return every parameter and persistent buffer by path, sharing memory with the module.

        They are detached from any graph unless *keep_vars*.  They are added to *destination* if it is given; each path
        begins with *prefix*.
        """
        state: dict[str, Any] = OrderedDict() if destination is None else destination
        for hook in of_kind(STATE_PRE, self._hooks):
            hook(self, prefix, keep_vars)
        for name, value in self._own_state():
            state[prefix + name] = value if keep_vars or is_lazy(value) else value.detach()
        if self._redefines("get_extra_state"):
            state[prefix + EXTRA_STATE] = self.get_extra_state()
        for name, child in self._own_modules():
            child.state_dict(destination=state, prefix=f"{prefix}{name}.", keep_vars=keep_vars)
        for hook in of_kind(STATE, self._hooks):
            if hook(self, state, prefix, {}) is not None:
                raise ag.errors.ArgumentError(
                    f"{self._get_name()}: a state_dict post-hook returned a value: expected None; change state_dict in place"
                )
        return state

    def _own_state(self) -> Iterator[tuple[str, Tensor]]:
        """The parameters and persistent buffers that this module holds itself."""
        return (named for kind in (PARAMETER, BUFFER) for named in self._registered(kind) if named[1] is not None)

    def get_extra_state(self) -> Any:
        """Return what ``state_dict`` shall hold besides tensors; a module that defines this defines ``set_extra_state`` too."""
        raise NotImplementedError(f"{self._get_name()} has no extra state; define get_extra_state(self)")

    def set_extra_state(self, state: Any) -> None:
        """Take what ``get_extra_state`` returned, as ``load_state_dict`` found it."""
        raise NotImplementedError(f"{self._get_name()} has no extra state; define set_extra_state(self, state)")

    def _redefines(self, method: str) -> bool:
        return getattr(type(self), method) is not getattr(Module, method)

    def load_state_dict(
        self, state_dict: Mapping[str, Any], strict: bool = True, assign: bool = False
    ) -> IncompatibleKeys:
        """Copy the values of *state_dict* into the parameters and persistent buffers of the same path.

        The values may be Tensors or arrays; each is brought to the dtype of what it replaces.  With *assign* they are not
        copied: they take the place of what is there, with their own dtype and memory.  All is checked before anything is
        copied, so an error leaves the module as it was.  With ``strict=False`` keys may be missing or left over; they are
        returned as ``(missing_keys, unexpected_keys)``.  Raises CheckpointError.

        >>> import nn
        >>> a, b = nn.Linear(4, 2), nn.Linear(4, 2)
        >>> b.load_state_dict(a.state_dict())
        <All keys matched successfully>
        """
        if not isinstance(state_dict, Mapping):
            raise TypeError(
                f"state_dict is a {type(state_dict).__name__}: expected a dict of tensors, as state_dict() returns it"
            )
        loading = Loading(strict, assign)
        loading.match(self, dict(state_dict))
        return loading.apply(self._get_name())

    def __getstate__(self) -> dict[str, Any]:
        state = self.__dict__.copy()
        state.pop("_scope", None)  # a copy sits elsewhere
        for registry in ("_names", "_hooks"):
            state[registry] = state[registry].copy()
        return state

    # ----------------------------------------------------------------------------------------------------------- modes

    def train(self, mode: bool = True) -> Self:
        """Let dropout drop and batch normalisation use the batch; with ``mode=False`` what ``eval`` does."""
        if not isinstance(mode, bool):
            raise ag.errors.ArgumentError(f"mode is {mode!r}: expected True or False")
        for module in self.modules():
            module.training = mode
        return self

    def eval(self) -> Self:
        """Let dropout pass everything and batch normalisation use its running statistics."""
        return self.train(False)

    def requires_grad_(self, requires_grad: bool = True) -> Self:
        """Train every parameter, or freeze them with False."""
        for p in self.parameters():
            p.requires_grad_(requires_grad)
        return self

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Forget every parameter's gradient, or fill it with zeros if not *set_to_none*."""
        for p in self.parameters():
            if p.grad is not None:
                p.grad = None if set_to_none else p.grad.detach().zero_()

    def apply(self, fn: Callable[[Module], Any]) -> Self:
        """Call ``fn(module)`` for every module under this one, the inner ones first, itself last.

        >>> import nn
        >>> def small(module):
        ...     if isinstance(module, nn.Linear):
        ...         nn.init.normal_(module.weight, std=0.01)
        >>> _ = nn.Sequential(nn.Linear(4, 2), nn.ReLU()).apply(small)
        """
        for child in self.children():
            child.apply(fn)
        fn(self)
        return self

    # ------------------------------------------------------------------------------------------------------------ text

    def extra_repr(self) -> str:
        """Return what stands between the parentheses of the repr: the arguments of a layer."""
        return ""

    def __repr__(self) -> str:
        extra = self.extra_repr().splitlines()
        inner = [f"({name}): {indented(repr(child))}" for name, child in self._registered(MODULE)]
        if not inner and len(extra) <= 1:
            return f"{self._get_name()}({''.join(extra)})"
        return block(self._get_name(), [*extra, *inner])

    def _repr_html_(self) -> str:
        """Return what notebooks show: a table of the modules in this one.  IPython in a terminal does not ask."""
        from autograd_core.viz import mimebundle

        return mimebundle(self)["text/html"]


def _note(names: dict[str, str], name: str, kind: str) -> None:
    """Note what *name* is; a name that stays of its kind keeps its place in the order."""
    if kind != names.get(name):
        names.pop(name, None)
        names[name] = kind


def _kind_of(value: Any) -> str | None:
    """Return as what a module registers *value* when it is assigned, or None."""
    if isinstance(value, Module):
        return MODULE
    if isinstance(value, Parameter):
        return PARAMETER
    if isinstance(value, Buffer):
        return BUFFER if value.persistent else TRANSIENT
    return None


def _join(prefix: str, name: str) -> str:
    return f"{prefix}.{name}" if prefix else name


def indented(text: str) -> str:
    return text.replace("\n", "\n  ")


def block(head: str, lines: list[str]) -> str:
    """Return ``head(`` and ``)`` around indented lines."""
    return f"{head}(\n" + "".join(f"  {line}\n" for line in lines) + ")"


def _say_where(error: Exception, scope: ag.Scope, inputs: tuple[Any, ...]) -> None:
    """Let *error* name the module of *scope* and its inputs, unless it names this one, or one inside it, already."""
    said = [str(error), *getattr(error, "__notes__", ())]
    here = f"{scope.path}.", f"{scope.path} ("
    if not any(text.removeprefix(NOTE).startswith(here) for text in said):
        given = "; ".join(f"{tuple(x.shape)}{expect.maker(x)}" for x in inputs if isinstance(x, Tensor))
        error.add_note(f"{NOTE}{scope}" + (f", called with {given}" if given else ""))
