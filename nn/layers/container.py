"""Modules that hold modules, or parameters."""

from __future__ import annotations

import operator
from collections.abc import Iterable, Iterator, Mapping
from itertools import pairwise
from typing import Any, Self, overload

import autograd_core as ag
from autograd_core import Tensor

from ..module import MODULE, PARAMETER, Module, block, indented
from ..parameter import Parameter
from .activation import ReLU
from .conv import Conv1d, Conv2d, Conv3d

__all__ = ["ModuleDict", "ModuleList", "ParameterList", "Sequential"]

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
                done = done and not (module._hooks or following._hooks or following._pre_hooks)
                input = module(input, relu=True) if done else module(input)
            else:
                done = False
        return input


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
    """A list of parameters, which belong to the module that holds it; Tensors become Parameters.

    >>> import autograd_core as ag, nn
    >>> len(nn.ParameterList([ag.zeros(2), ag.zeros(3)]))
    2
    """

    def __init__(self, values: Iterable[Tensor] = ()) -> None:
        super().__init__()
        self.extend(values)

    def _values(self) -> list[Parameter]:
        return [value for _, value in self._registered(PARAMETER)]

    @overload
    def __getitem__(self, index: int) -> Parameter: ...
    @overload
    def __getitem__(self, index: slice) -> ParameterList: ...
    def __getitem__(self, index: int | slice) -> Parameter | ParameterList:
        if isinstance(index, slice):
            return type(self)(self._values()[index])
        return self._values()[index]

    def __setitem__(self, index: int, value: Tensor) -> None:
        i = range(len(self))[index]
        self.register_parameter(str(i), _parameter(value))

    def __len__(self) -> int:
        return len(self._names)

    def __iter__(self) -> Iterator[Parameter]:
        return iter(self._values())

    def append(self, value: Tensor) -> Self:
        """Add *value* at the end."""
        self.register_parameter(str(len(self)), _parameter(value))
        return self

    def extend(self, values: Iterable[Tensor]) -> Self:
        """Add *values* at the end."""
        for value in list(values):
            self.append(value)
        return self

    def extra_repr(self) -> str:
        lines = []
        for i, p in enumerate(self):
            lines.append(f"  ({i}): Parameter containing: [{p.dtype} of size {'x'.join(map(str, p.shape))}]")
        return "\n".join(lines)


def _parameter(value: Tensor) -> Parameter:
    if not isinstance(value, Tensor):
        raise TypeError(f"ParameterList: a value is of type {type(value).__name__}, expected a Tensor or nn.Parameter")
    return value if isinstance(value, Parameter) else Parameter(value)
