"""Modules that hold modules, or parameters."""

from __future__ import annotations

import operator
from collections import OrderedDict
from collections.abc import Iterable, Iterator, Mapping
from itertools import pairwise
from typing import Any, Self, overload

import autograd_core as ag
from autograd_core import Tensor

from ..hooks import EVERY_MODULE
from ..module import MODULE, Module, block, indented
from ..parameter import Parameter
from .activation import ReLU
from .conv import Conv1d, Conv2d, Conv3d

__all__ = ["ModuleDict", "ModuleList", "ParameterDict", "ParameterList", "Sequential"]

CONVOLUTIONS = Conv1d, Conv2d, Conv3d


class _Ordered(Module):
    """Modules in an order, under the names "0", "1", ..."""

    def _items(self) -> list[tuple[str, Module]]:
        return list(self._registered(MODULE))

    def _place_of(self, index: int) -> str:
        """Return the name at *index*, which may count from the end."""
        items, i = self._items(), operator.index(index)
        if not -len(items) <= i < len(items):
            raise IndexError(f"index {i} is out of range for {self._get_name()} of {len(items)} modules")
        return items[i][0]

    def _fill(self, modules: Iterable[Module]) -> None:
        """Hold these modules and no others, numbered."""
        modules = list(modules)
        for name, _ in self._items():
            delattr(self, name)
        for i, module in enumerate(modules):
            self.add_module(str(i), module)

    def __len__(self) -> int:
        return len(self._items())

    def __iter__(self) -> Iterator[Module]:
        return iter([module for _, module in self._items()])

    def __setitem__(self, index: int, module: Module) -> None:
        self.register_module(self._place_of(index), module)

    def __delitem__(self, index: int | slice) -> None:
        modules = list(self)
        if not isinstance(index, slice):
            self._place_of(index)
        del modules[index]
        self._fill(modules)

    def append(self, module: Module) -> Self:
        """Add *module* at the end."""
        self.add_module(str(len(self)), module)
        return self

    def extend(self, modules: Iterable[Module]) -> Self:
        """Add *modules* at the end."""
        if not isinstance(modules, Iterable):
            raise TypeError(f"extend: modules is of type {type(modules).__name__}, expected a sequence of modules")
        for module in list(modules):
            self.append(module)
        return self

    def insert(self, index: int, module: Module) -> Self:
        """Add *module* before the one at *index*."""
        if not -len(self) <= index <= len(self):
            raise IndexError(
                f"index {index} is out of range for inserting into {self._get_name()} of {len(self)} modules"
            )
        if not isinstance(module, Module):
            raise TypeError(f"insert: module is of type {type(module).__name__}, expected an nn.Module")
        modules = list(self)
        modules.insert(index, module)
        self._fill(modules)
        return self

    def pop(self, index: int = -1) -> Module:
        """Take the module at *index* out and return it."""
        module: Module = getattr(self, self._place_of(index))
        del self[index]
        return module


class Sequential(_Ordered):
    """Apply modules one after the other; give them as arguments, or as one dict of names.

    Indexing gives a module, a slice a Sequential of the same modules.

    >>> import autograd_core as ag, nn
    >>> model = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 2))
    >>> model(ag.ones(3, 4)).shape
    (3, 2)
    >>> model[:2]
    Sequential(
      (0): Linear(in_features=4, out_features=8, bias=True)
      (1): ReLU()
    )
    """

    def __init__(self, *args: Module | Mapping[str, Module]) -> None:
        super().__init__()
        named: Iterable[tuple[str, Any]] = ((str(i), module) for i, module in enumerate(args))
        if len(args) == 1 and isinstance(args[0], Mapping):
            named = args[0].items()
        for name, module in named:
            self.add_module(name, module)

    @overload
    def __getitem__(self, index: int) -> Module: ...
    @overload
    def __getitem__(self, index: slice) -> Sequential: ...
    def __getitem__(self, index: int | slice) -> Module:
        if isinstance(index, slice):
            return type(self)(dict(self._items()[index]))
        return getattr(self, self._place_of(index))

    def forward(self, input: Any) -> Any:
        if not ag.is_grad_enabled():
            return self._infer(input)
        for _, module in self._registered(MODULE):
            input = module(input)
        return input

    def _infer(self, input: Any) -> Any:
        """Apply the modules where no graph is recorded: a convolution and the ReLU behind it are then one pass."""
        done = False
        for module, following in pairwise([*self, None]):
            if not done:  # with the convolution before it
                done = type(following) is ReLU and type(module) in CONVOLUTIONS
                done = done and not (module._hooks or following._hooks or EVERY_MODULE)
                input = module(input, relu=True) if done else module(input)
            else:
                done = False
        return input

    def __iadd__(self, other: Sequential) -> Self:
        return self.extend(_checked(other))

    def __add__(self, other: Sequential) -> Sequential:
        return Sequential(*self, *_checked(other))

    def __imul__(self, times: int) -> Self:
        return self.extend(list(self) * (_checked_times(times) - 1))

    def __mul__(self, times: int) -> Sequential:
        return Sequential(*list(self) * _checked_times(times))

    __rmul__ = __mul__


def _checked(other: Any) -> Sequential:
    if not isinstance(other, Sequential):
        raise TypeError(f"Sequential + {type(other).__name__}: expected a Sequential; use append for one module")
    return other


def _checked_times(times: Any) -> int:
    if not isinstance(times, int):
        raise TypeError(f"Sequential * {type(times).__name__}: expected an int")
    if times < 1:
        raise ag.errors.ArgumentError(f"Sequential * {times}: expected at least 1")
    return times


class ModuleList(_Ordered):
    """A list whose modules belong to the module that holds it; it has no forward.

    >>> import nn
    >>> nn.ModuleList(nn.Linear(2, 2) for _ in range(3))
    ModuleList(
      (0-2): 3 x Linear(in_features=2, out_features=2, bias=True)
    )
    """

    def __init__(self, modules: Iterable[Module] | None = None) -> None:
        super().__init__()
        self.extend(() if modules is None else modules)

    @overload
    def __getitem__(self, index: int) -> Module: ...
    @overload
    def __getitem__(self, index: slice) -> ModuleList: ...
    def __getitem__(self, index: int | slice) -> Module:
        if isinstance(index, slice):
            return type(self)(list(self)[index])
        return getattr(self, self._place_of(index))

    def __iadd__(self, modules: Iterable[Module]) -> Self:
        return self.extend(modules)

    def __add__(self, modules: Iterable[Module]) -> ModuleList:
        return type(self)([*self, *modules])

    def __repr__(self) -> str:
        """Neighbours that look alike share a line."""
        runs: list[tuple[int, int, str]] = []
        for i, text in enumerate(map(repr, self)):
            if runs and runs[-1][2] == text:
                runs[-1] = (runs[-1][0], i, text)
            else:
                runs.append((i, i, text))
        if not runs:
            return f"{self._get_name()}()"
        return block(
            self._get_name(),
            [
                f"({first}): {indented(text)}"
                if first == last
                else f"({first}-{last}): {last - first + 1} x {indented(text)}"
                for first, last, text in runs
            ],
        )


class ModuleDict(Module):
    """A dict whose modules belong to the module that holds it; it has no forward.

    >>> import nn
    >>> nn.ModuleDict({"up": nn.Linear(2, 4), "act": nn.ReLU()})["act"]
    ReLU()
    """

    def __init__(self, modules: Mapping[str, Module] | Iterable[tuple[str, Module]] | None = None) -> None:
        super().__init__()
        self.update(() if modules is None else modules)

    def __getitem__(self, key: str) -> Module:
        return dict(self.items())[key]

    def __setitem__(self, key: str, module: Module) -> None:
        self.add_module(key, module)

    def __delitem__(self, key: str) -> None:
        self[key]
        delattr(self, key)

    def __len__(self) -> int:
        return len(self.items())

    def __iter__(self) -> Iterator[str]:
        return iter(self.keys())

    def __contains__(self, key: str) -> bool:
        return key in self.keys()

    def keys(self) -> list[str]:
        """Return the names, in order."""
        return [name for name, _ in self._registered(MODULE)]

    def values(self) -> list[Module]:
        """Return the modules, in order."""
        return [module for _, module in self._registered(MODULE)]

    def items(self) -> list[tuple[str, Module]]:
        """Return the pairs of name and module, in order."""
        return list(self._registered(MODULE))

    def update(self, modules: Mapping[str, Module] | Iterable[tuple[str, Module]]) -> None:
        """Add or replace modules, given as a dict or as pairs."""
        for key, module in modules.items() if isinstance(modules, Mapping | ModuleDict) else modules:
            self[key] = module

    def pop(self, key: str) -> Module:
        """Take the module *key* out and return it."""
        module = self[key]
        del self[key]
        return module

    def clear(self) -> None:
        """Take all modules out."""
        for key in self.keys():
            del self[key]


class ParameterList(Module):
    """A list of parameters, which belong to the module that holds it; Tensors become Parameters, other values are kept.

    >>> import autograd_core as ag, nn
    >>> len(nn.ParameterList([ag.zeros(2), ag.zeros(3)]))
    2
    """

    def __init__(self, values: Iterable[Any] | None = None) -> None:
        super().__init__()
        self._size = 0
        self.extend(() if values is None else values)

    def _place_of(self, index: int) -> str:
        i = operator.index(index)
        if not -self._size <= i < self._size:
            raise IndexError(f"index {i} is out of range for {self._get_name()} of {self._size} values")
        return str(i % self._size)

    @overload
    def __getitem__(self, index: int) -> Any: ...
    @overload
    def __getitem__(self, index: slice) -> ParameterList: ...
    def __getitem__(self, index: int | slice) -> Any:
        if isinstance(index, slice):
            return type(self)(list(self)[index])
        return getattr(self, self._place_of(index))

    def __setitem__(self, index: int, value: Any) -> None:
        setattr(self, self._place_of(index), _as_parameter(value))

    def __len__(self) -> int:
        return self._size

    def __iter__(self) -> Iterator[Any]:
        return iter([getattr(self, str(i)) for i in range(self._size)])

    def __iadd__(self, values: Iterable[Any]) -> Self:
        return self.extend(values)

    def append(self, value: Any) -> Self:
        """Add *value* at the end."""
        setattr(self, str(self._size), _as_parameter(value))
        self._size += 1
        return self

    def extend(self, values: Iterable[Any]) -> Self:
        """Add *values* at the end."""
        if not isinstance(values, Iterable) or isinstance(values, Tensor):
            raise TypeError(f"extend: values is of type {type(values).__name__}, expected a sequence of parameters")
        for value in list(values):
            self.append(value)
        return self

    def extra_repr(self) -> str:
        return _listing(enumerate(self))


class ParameterDict(Module):
    """A dict of parameters, which belong to the module that holds it; Tensors become Parameters, other values are kept.

    As in PyTorch, a plain dict is taken in the order of its sorted keys; an OrderedDict, another ParameterDict and pairs in
    their own order.

    >>> import autograd_core as ag, nn
    >>> weights = nn.ParameterDict({"up": ag.zeros(2), "down": ag.zeros(3)})
    >>> [(name, p.shape) for name, p in weights.named_parameters()]
    [('down', (3,)), ('up', (2,))]
    """

    def __init__(self, parameters: Mapping[str, Any] | ParameterDict | Iterable[tuple[str, Any]] | None = None) -> None:
        super().__init__()
        self._keys: dict[str, None] = {}
        self.update(() if parameters is None else parameters)

    def __getitem__(self, key: str) -> Any:
        if key not in self._keys:
            raise KeyError(key)
        return getattr(self, key)

    def __setitem__(self, key: str, value: Any) -> None:
        if not isinstance(key, str):
            raise TypeError(f"ParameterDict: a key is of type {type(key).__name__}, expected a string")
        if key not in self._keys and hasattr(self, key):
            raise KeyError(f"attribute {key!r} of {self._get_name()} already exists; use another key")
        setattr(self, key, _as_parameter(value))
        self._keys[key] = None

    def __delitem__(self, key: str) -> None:
        del self._keys[key]
        delattr(self, key)

    def __len__(self) -> int:
        return len(self._keys)

    def __iter__(self) -> Iterator[str]:
        return iter(self._keys)

    def __reversed__(self) -> Iterator[str]:
        return reversed(self._keys)

    def __contains__(self, key: str) -> bool:
        return key in self._keys

    def __or__(self, other: Any) -> ParameterDict:
        made = self.copy()
        made.update(other)
        return made

    def __ror__(self, other: Any) -> Any:
        made = other.copy()
        made.update(self)
        return made

    def __ior__(self, other: Any) -> Self:
        self.update(other)
        return self

    def keys(self) -> list[str]:
        """Return the keys, in order."""
        return list(self._keys)

    def values(self) -> list[Any]:
        """Return the parameters, in order."""
        return [self[key] for key in self._keys]

    def items(self) -> list[tuple[str, Any]]:
        """Return the pairs of key and parameter, in order."""
        return [(key, self[key]) for key in self._keys]

    def get(self, key: str, default: Any = None) -> Any:
        """Return the parameter *key*, or *default* where there is none."""
        return getattr(self, key) if key in self._keys else default

    def setdefault(self, key: str, default: Any = None) -> Any:
        """Return the parameter *key*; where there is none, add *default* first."""
        if key not in self:
            self[key] = default
        return self[key]

    def update(self, parameters: Mapping[str, Any] | ParameterDict | Iterable[tuple[str, Any]]) -> None:
        """Add or replace parameters, given as a dict or as pairs."""
        if not isinstance(parameters, Iterable):
            raise TypeError(
                f"update: parameters is of type {type(parameters).__name__}, expected a dict, or pairs of key and parameter"
            )
        pairs: Iterable[Any] = parameters
        if isinstance(parameters, OrderedDict | ParameterDict):
            pairs = parameters.items()
        elif isinstance(parameters, Mapping):
            pairs = sorted(parameters.items(), key=operator.itemgetter(0))
        for key, value in pairs:
            self[key] = value

    def pop(self, key: str) -> Any:
        """Take the parameter *key* out and return it."""
        value = self[key]
        del self[key]
        return value

    def popitem(self) -> tuple[str, Any]:
        """Take the last pair of key and parameter out and return it."""
        if not self._keys:
            raise KeyError("popitem: the ParameterDict is empty")
        key = next(reversed(self))
        return key, self.pop(key)

    def clear(self) -> None:
        """Take all parameters out."""
        for key in self.keys():
            del self[key]

    def copy(self) -> ParameterDict:
        """Return another dict of the same parameters."""
        return ParameterDict(self)

    def fromkeys(self, keys: Iterable[str], default: Any = None) -> ParameterDict:
        """Return a dict of these keys, with *default* for each."""
        return ParameterDict((key, default) for key in keys)

    def extra_repr(self) -> str:
        return _listing(self.items())


def _as_parameter(value: Any) -> Any:
    return Parameter(value) if isinstance(value, Tensor) and not isinstance(value, Parameter) else value


def _listing(items: Iterable[tuple[Any, Any]]) -> str:
    """Return a line for each value of a list or dict of parameters."""
    lines = []
    for key, value in items:
        text = f"Object of type: {type(value).__name__}"
        if isinstance(value, Tensor):
            text = f"Parameter containing: [{value.dtype} of size {'x'.join(map(str, value.shape))}]"
        lines.append(f"  ({key}): {text}")
    return "\n".join(lines)
