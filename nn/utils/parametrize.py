"""Parametrization: a parameter or buffer of a module is computed from other tensors whenever it is read.

The module gets a class of its own, ``ParametrizedLinear`` for a ``Linear``, and a submodule *parametrizations* that holds,
for each such tensor, the original and the modules that it goes through.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, TypeVar, cast

import autograd_core as ag
from autograd_core import Tensor

from ..layers.container import ModuleDict, ModuleList
from ..module import BUFFERS, PARAMETER, Module
from ..parameter import Parameter, hold_

__all__ = [
    "ParametrizationList",
    "cached",
    "is_parametrized",
    "register_parametrization",
    "remove_parametrizations",
    "transfer_parametrizations_and_params",
    "type_before_parametrizations",
]

M = TypeVar("M", bound=Module)

_values: ContextVar[dict[tuple[Module, str], Any] | None] = ContextVar("values of parametrized tensors", default=None)


@contextmanager
def cached() -> Iterator[None]:
    """Compute each parametrized tensor once in a ``with`` block, in this thread, however often it is read.

    >>> import nn
    >>> layer = nn.utils.parametrizations.weight_norm(nn.Linear(3, 2))
    >>> with cached():
    ...     layer.weight is layer.weight
    True
    """
    outer = _values.get()
    before = _values.set({} if outer is None else outer)
    try:
        yield
    finally:
        _values.reset(before)


class ParametrizationList(ModuleList):
    """The original of one parametrized tensor, and the modules that it goes through, the first first.

    The original is the parameter or buffer *original*; where the first module takes several, *original0*, *original1*, ...
    *original* is the tensor as it was: what it is computed from comes from the modules' ``right_inverse``, from the last to
    the first.  ``register_parametrization`` makes these.

    >>> import nn
    >>> nn.utils.parametrizations.weight_norm(nn.Linear(3, 2)).parametrizations.weight.original0.shape
    (2, 1)
    """

    original: Tensor
    unsafe: bool

    def __init__(self, modules: Sequence[Module], original: Tensor, unsafe: bool = False) -> None:
        if not modules:
            raise ag.errors.ArgumentError("ParametrizationList: modules is empty, expected one or more modules")
        super().__init__(modules)
        self.unsafe = unsafe
        shape, dtype = original.shape, original.dtype
        with ag.no_grad():
            new: Any = original
            for module in reversed(list(self)):
                new = _inverse(module, new)
        self.is_tensor = isinstance(new, Tensor)
        if self.is_tensor:
            if new.dtype != dtype:
                raise ag.errors.ArgumentError(
                    "When `right_inverse` outputs one tensor, it may not change the dtype: it returned "
                    f"{new.dtype} for {dtype}; convert the result"
                )
            _replace(original, new)
            _register(self, "original", original)
            self.ntensors = 1
        else:
            for i, tensor in enumerate(_tensors(new)):
                made = tensor.detach()
                if isinstance(original, Parameter):
                    made = Parameter(made, original.requires_grad)
                _register(self, f"original{i}", made)
            self.ntensors = len(new)
        if not unsafe:
            with ag.no_grad():
                _check_fits("Registering a parametrization", self(), shape, dtype)

    def right_inverse(self, value: Tensor) -> None:
        """Set the originals to what makes the tensor *value*, by the modules' ``right_inverse``."""
        with ag.no_grad():
            new: Any = value
            for module in reversed(list(self)):
                if not hasattr(module, "right_inverse"):
                    raise ag.errors.GraphError(
                        f"parametrization {type(module).__name__} does not implement right_inverse, so its result cannot be "
                        "assigned; define right_inverse(self, value), or assign to the original"
                    )
                new = module.right_inverse(new)
            news = [new] if self.is_tensor else _tensors(new)
            if len(news) != self.ntensors:
                raise ag.errors.ArgumentError(
                    f"right_inverse must return {self.ntensors} tensors, got {len(news)}; return as many as at registration"
                )
            for own, tensor in zip(self._originals(), news, strict=True):
                if not isinstance(tensor, Tensor) or tensor.dtype != own.dtype:
                    what = tensor.dtype if isinstance(tensor, Tensor) else type(tensor).__name__
                    raise ag.errors.ArgumentError(
                        f"right_inverse must return a tensor of {own.dtype}, got {what}; convert it"
                    )
                _replace(own, tensor)

    def _originals(self) -> list[Tensor]:
        if self.is_tensor:
            return [self.original]
        return [getattr(self, f"original{i}") for i in range(self.ntensors)]

    def forward(self) -> Any:
        first, *others = self
        value = first(*self._originals())
        for module in others:
            value = module(value)
        return value


def _inverse(module: Module, value: Any) -> Any:
    """Return what *module* makes *value* of; *value* itself where it cannot say."""
    if hasattr(module, "right_inverse"):
        try:
            return module.right_inverse(value)
        except NotImplementedError:
            pass
    return value


def _tensors(value: Any) -> list[Tensor]:
    if not isinstance(value, Sequence) or not all(isinstance(t, Tensor) for t in value):
        raise ag.errors.ArgumentError(
            "'right_inverse' must return a Tensor or a Sequence of tensors (list, tuple...), got "
            f"{type(value).__name__}; return one, or a tuple"
        )
    return list(value)


def _replace(own: Tensor, new: Tensor) -> None:
    """Give *own*, which stays the same object for the optimizer, the values of *new*."""
    with ag.no_grad():
        if new.shape == own.shape:
            own.copy_(new)
        else:
            hold_(own, new.detach().clone().array)


def _register(module: Module, name: str, tensor: Tensor) -> None:
    if isinstance(tensor, Parameter):
        module.register_parameter(name, tensor)
    else:
        module.register_buffer(name, tensor)


def _check_fits(what: str, value: Any, shape: tuple[int, ...], dtype: Any) -> None:
    """Raise unless *value* is a tensor of *shape* and *dtype*."""
    if not isinstance(value, Tensor):
        raise ag.errors.ArgumentError(f"A parametrization must return a tensor. Got {type(value).__name__}.")
    if (value.shape, value.dtype) != (shape, dtype):
        raise ag.errors.ArgumentError(
            f"{what} may not change the dtype or the shape of the tensor, unless `unsafe` flag is enabled: it was {dtype} of "
            f"{tuple(shape)}, and is {value.dtype} of {tuple(value.shape)}"
        )


# -------------------------------------------------------------------------------------------- the class of such a module


class _Parametrized(Module):
    """What a parametrized module has besides its own class: attributes that are computed."""

    parametrizations: ModuleDict

    def __getattr__(self, name: str) -> Any:
        lists = self.__dict__.get("parametrizations")
        if lists is None or name not in lists:
            raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}", name=name, obj=self)
        values = _values.get()
        if values is None:
            return lists[name]()
        if (self, name) not in values:
            values[self, name] = lists[name]()
        return values[self, name]

    def __setattr__(self, name: str, value: Any) -> None:
        lists = self.__dict__.get("parametrizations")
        if lists is not None and name in lists:
            lists[name].right_inverse(value)
        else:
            super().__setattr__(name, value)


@functools.cache
def _parametrized(cls: type[Module]) -> type[Module]:
    """Return the class of a parametrized *cls*."""
    return type(
        f"Parametrized{cls.__name__}", (_Parametrized, cls), {"__doc__": cls.__doc__, "__module__": cls.__module__}
    )


def _lists(module: Module) -> ModuleDict:
    return cast(ModuleDict, module.__dict__.get("parametrizations", ModuleDict()))


def register_parametrization(module: M, tensor_name: str, parametrization: Module, *, unsafe: bool = False) -> M:
    """Let the parameter or buffer *tensor_name* of *module* be what *parametrization* returns; return *module*.

    Whenever ``module.weight`` is read, it is ``parametrization(original)``, with the original trained in its place, under
    ``module.parametrizations.weight.original``.  Several parametrizations follow each other.  The values at first are those
    of ``parametrization.right_inverse(weight)``, where there is such a method; it is also what makes the tensor assignable.
    If it returns several tensors, they are *original0*, *original1*, ... and the arguments of *parametrization*; an optimizer
    made before does not know them.  Raises ArgumentError for a name that is not there and, unless *unsafe*, for a result of
    another shape or dtype.

    >>> import nn
    >>> class Symmetric(nn.Module):
    ...     def forward(self, X):
    ...         return X.triu() + X.triu(1).T
    ...     def right_inverse(self, A):
    ...         return A.triu()
    >>> layer = nn.utils.parametrize.register_parametrization(nn.Linear(2, 2, bias=False), "weight", Symmetric())
    >>> layer.weight = ag.tensor([[1.0, 2.0], [2.0, 3.0]])
    >>> layer.weight.tolist(), layer.parametrizations.weight.original.tolist()
    ([[1.0, 2.0], [2.0, 3.0]], [[1.0, 2.0], [0.0, 3.0]])
    """
    parametrization.train(module.training)
    if is_parametrized(module, tensor_name):
        known = cast(ParametrizationList, _lists(module)[tensor_name])
        if not unsafe:
            _check_endomorphic(parametrization, getattr(module, tensor_name))
        known.append(parametrization)
        known.unsafe |= unsafe
        return module
    if tensor_name not in dict(module._registered(PARAMETER, *BUFFERS)):
        held = ", ".join(name for name, _ in module._registered(PARAMETER, *BUFFERS)) or "none"
        raise ag.errors.ArgumentError(
            f"Module {module._get_name()} does not have a parameter, a buffer, or a parametrized element with name "
            f"{tensor_name!r}; it has: {held}"
        )
    made = ParametrizationList([parametrization], getattr(module, tensor_name), unsafe)
    delattr(module, tensor_name)
    if not is_parametrized(module):
        module.__class__ = cast(type[M], _parametrized(cast(Any, type(module))))
        module.register_module("parametrizations", ModuleDict())
    _lists(module).register_module(tensor_name, made)
    return module


def _check_endomorphic(parametrization: Module, value: Tensor) -> None:
    """Raise unless *parametrization* and its inverse keep the shape and the dtype of *value*."""
    with ag.no_grad():
        new = parametrization(value)
        _check_fits("Registering a parametrization", new, value.shape, value.dtype)
        _check_fits("The right_inverse of a parametrization", _inverse(parametrization, new), value.shape, value.dtype)


def is_parametrized(module: Module, tensor_name: str | None = None) -> bool:
    """Return whether the tensor *tensor_name* of *module* is parametrized; by default, whether any is.

    >>> import nn
    >>> layer = nn.utils.parametrizations.weight_norm(nn.Linear(3, 2))
    >>> is_parametrized(layer), is_parametrized(layer, "bias")
    (True, False)
    """
    lists = module.__dict__.get("parametrizations")
    if not isinstance(lists, ModuleDict):
        return False
    return len(lists) > 0 if tensor_name is None else tensor_name in lists


def remove_parametrizations(module: M, tensor_name: str, leave_parametrized: bool = True) -> M:
    """Make *tensor_name* an ordinary parameter or buffer again; return *module*.

    It gets the value that was computed, or that of the original if not *leave_parametrized*, for which there must be one
    original only.  Raises ArgumentError.

    >>> import nn
    >>> layer = nn.utils.parametrizations.weight_norm(nn.Linear(3, 2))
    >>> remove_parametrizations(layer, "weight")
    Linear(in_features=3, out_features=2, bias=True)
    """
    if not is_parametrized(module, tensor_name):
        raise ag.errors.ArgumentError(f"Module {module._get_name()} does not have a parametrization on {tensor_name!r}")
    known = cast(ParametrizationList, _lists(module)[tensor_name])
    if not known.is_tensor and not leave_parametrized:
        raise ag.errors.ArgumentError(
            "Cannot leave unparametrized (`leave_parametrized=False`) a tensor that is parametrized in terms of a sequence of "
            "tensors; pass leave_parametrized=True"
        )
    value = getattr(module, tensor_name)
    if known.is_tensor:
        tensor = known.original
        if leave_parametrized:
            _replace(tensor, value)
    else:
        tensor = Parameter(value) if value.requires_grad else value
    del _lists(module)[tensor_name]
    _register(module, tensor_name, tensor)
    if not is_parametrized(module):
        delattr(module, "parametrizations")
        module.__class__ = cast(type[M], type(module).__bases__[-1])
    return module


def type_before_parametrizations(module: Module) -> type[Module]:
    """Return the class that *module* had before it was parametrized.

    >>> import nn
    >>> type_before_parametrizations(nn.utils.parametrizations.weight_norm(nn.Linear(3, 2))).__name__
    'Linear'
    """
    return type(module).__bases__[-1] if is_parametrized(module) else type(module)


def transfer_parametrizations_and_params(from_module: Module, to_module: M, tensor_name: str | None = None) -> M:
    """Give *to_module* the parametrizations of *from_module*, and their originals; return it.

    With *tensor_name* only those of that tensor.  What *to_module* lacks is made.

    >>> import nn
    >>> layer = nn.utils.parametrizations.weight_norm(nn.Linear(3, 2))
    >>> other = transfer_parametrizations_and_params(layer, nn.Linear(3, 2))
    >>> other.parametrizations.weight.original1 is layer.parametrizations.weight.original1
    True
    """
    if not is_parametrized(from_module):
        return to_module
    for name in _lists(from_module) if tensor_name is None else [tensor_name]:
        known = cast(ParametrizationList, _lists(from_module)[name])
        if not hasattr(to_module, name):
            setattr(to_module, name, Parameter(getattr(from_module, name)))
        for parametrization in known:
            register_parametrization(to_module, name, parametrization)
        made = cast(ParametrizationList, _lists(to_module)[name])
        for original, _ in known._registered(PARAMETER, *BUFFERS):
            setattr(made, original, getattr(known, original))
    return to_module
