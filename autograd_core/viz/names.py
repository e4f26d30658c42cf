"""The names that a program gives to the tensors of a graph."""

from __future__ import annotations

import inspect
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from itertools import groupby
from types import FrameType, ModuleType
from typing import Any, NamedTuple

from ..graph import Node
from ..modes import Scope
from ..tensor import Tensor
from .source import literal

__all__ = ["Known", "is_module", "last_calls", "numbered", "outermost", "period", "variables"]

SEVERAL = 64  # entries of a list or dict that are looked at
OF_MODULES = ("modules", "named_buffers", "named_modules", "named_parameters", "parameters")  # methods


class Name(NamedTuple):
    """What a tensor is called: a variable, or its path in a module, which is the outermost one, and what that is called."""

    path: str
    module: Any = None
    variable: str = ""


class Known:
    """Tensors that are known by name: variables, what lists and dicts among them hold, parameters and buffers of modules."""

    def __init__(self) -> None:
        self.modules: dict[Scope, Any] = {}
        self.roots: dict[Scope, str] = {}  # of modules that are in no other: their variables
        self.parameters: set[int] = set()  # ids of arrays
        self.given: set[int] = set()  # ids of arrays that the program has itself, and gives to its modules
        self.has_several_models = False  # that have parameters, and none of which is in another
        self._variables: set[str] = set()
        self._packages: dict[str, ModuleType] = {}
        self.results: dict[Node, Any] = {}  # the arrays of tensors that operations made
        self._nodes: dict[Node, Name] = {}
        self._arrays: dict[int, tuple[Name, Any]] = {}  # id -> the name, and the array, so that the id stays its own

    def of(self, node: Node | None, array: Any = None) -> str | None:
        """Return the name of a tensor by its node, or by its array, or None."""
        if node is not None and node in self._nodes:
            return self._text(self._nodes[node])
        entry = self._arrays.get(id(array))
        return self._text(entry[0]) if entry is not None and array is not None else None

    def array(self, name: str) -> Any:
        """Return the array of the leaf or constant of that name, or None."""
        return next((array for known, array in self._arrays.values() if self._text(known) == name), None)

    def _text(self, name: Name) -> str:
        """Return the path, with the name of the module before it where there are several, or a variable is called so."""
        alone = name.module is None or not (self.has_several_models or name.path in self._variables)
        return name.path if alone else f"{name.variable}.{name.path}"

    def add(self, names: Mapping[str, Any]) -> None:
        """Take in tensors, modules, and lists and dicts of tensors; what is known already keeps its name."""
        for name, value in names.items():
            if name.startswith("_") or name == "Out":
                continue  # `_` and `__`, of prompts and of who does not care; what a notebook's cells returned
            if isinstance(value, Tensor):
                self._note(Name(name), value)
                self.given.add(id(value.array))
            elif isinstance(value, ModuleType):
                self._packages.setdefault(name, value)
            elif is_module(value):
                self._add_module(name, value)
            elif isinstance(value, list | tuple):
                self._add_entries(name, enumerate(value[:SEVERAL]))
            elif type(value) is dict:
                self._add_entries(name, list(value.items())[:SEVERAL])
        models = {id(name.module) for key, (name, _) in self._arrays.items() if key in self.parameters}
        self.has_several_models = len(models - {id(None)}) > 1
        self._variables = {name.path for name, _ in self._arrays.values() if name.module is None}

    def is_package(self, text: str) -> bool:
        """Return whether *text*, in the program, is a package or a file of functions, such as ``nn.functional``."""
        name, *parts = text.split(".")
        found: Any = self._packages.get(name)
        for part in parts:
            found = getattr(found, part, None)
        return isinstance(found, ModuleType)

    def _add_module(self, name: str, module: Any) -> None:
        """Take in the parameters and buffers of *module*, which is called *name*, and those that a module in it has by now."""
        if (scope := getattr(module, "_scope", None)) is not None and scope.outer is None:
            self.roots.setdefault(scope, name)
        inside = set()
        for _, inner in module.named_modules():
            inside.add(id(inner))
            if (scope := getattr(inner, "_scope", None)) is not None:  # it has run
                self.modules.setdefault(scope, inner)
        for kind in (module.named_parameters, module.named_buffers):
            for path, t in kind():
                if not isinstance(t, Tensor):
                    continue  # it is a module of another library
                if kind == module.named_parameters:
                    self.parameters.add(id(t.array))
                self._note(Name(path, module, name), t, inside)

    def _add_entries(self, name: str, entries: Iterable[tuple[Any, Any]]) -> None:
        for key, value in entries:
            if isinstance(value, Tensor):
                self._note(Name(f"{name}[{key!r}]"), value)
                self.given.add(id(value.array))

    def _note(self, name: Name, t: Tensor, inside: Collection[int] = ()) -> None:
        """Note what *t* is called, unless that is known: but from a module of those *inside*."""
        if t.node is not None:
            if _is_new(self._nodes.get(t.node), inside):
                self._nodes[t.node] = name
            self.results.setdefault(t.node, t.array)
        if t.is_leaf and _is_new(self._arrays.get(id(t.array), (None,))[0], inside):
            self._arrays[id(t.array)] = name, t.array


def _is_new(known: Name | None, inside: Collection[int]) -> bool:
    return known is None or id(known.module) in inside


def is_module(value: Any) -> bool:
    """Return whether *value* is a module with parameters: by its methods, for the engine does not know ``nn``."""
    return all(hasattr(type(value), method) for method in OF_MODULES)


def variables(frame: FrameType) -> dict[str, Any]:
    """Return what the names in a running function stand for, its own before those of its module."""
    found = dict(frame.f_locals)
    if frame.f_code.co_flags & inspect.CO_OPTIMIZED and type(frame.f_locals) is dict:
        frame.f_locals.clear()  # up to Python 3.12 it is a copy that the frame keeps, and would keep a graph alive
    return found | {name: value for name, value in frame.f_globals.items() if name not in found}


def last_calls(calls: Sequence[Node]) -> tuple[set[Node], set[Node]]:
    """Return which of *calls*, oldest first, end an expression of the program, and which are all of one.

    One expression may be many calls, the last of which makes its value.  Where a loop runs it several times in a row, the
    calls repeat.
    """
    ends, whole = set(), set()
    for run in _runs(calls):
        once = period([(n.name(), n.shape, n.scope) for n in run])
        ends.update(run[once - 1 :: once])
        if once == 1:
            whole.update(run)
    return ends, whole


def _runs(calls: Sequence[Node]) -> list[list[Node]]:
    """Return the calls of each place in the program that follow each other.

    A module of the program's own, inside one of the library's, has places of its own: what the outer module does before
    and after it is one run.
    """
    runs: list[list[Node]] = []
    newest: dict[Any, tuple[int, list[Node]]] = {}  # of each place the number of its newest group, and the run it is in
    of_code: dict[Any, int] = {}  # of each function the number of its newest group
    root, since = None, 0  # the outermost module, and from which group on everything runs in it
    for number, (place, group) in enumerate(groupby(calls, key=lambda n: (n.code, n.lasti))):
        found = list(group)
        if (now := outermost(found[0].scope)) is not root or now is None:
            root, since = now, number
        before, run = newest.get(place, (-1, []))
        if before < since or of_code[place[0]] != before:  # else only functions that this place calls were in between
            run = []
            runs.append(run)
        run += found
        newest[place], of_code[place[0]] = (number, run), number
    return runs


def outermost(scope: Scope | None) -> Scope | None:
    """Return the scope of the module around all others that *scope* is in."""
    while scope is not None and scope.outer is not None:
        scope = scope.outer
    return scope


def period(items: Sequence[Any]) -> int:
    """Return how long the shortest part is that *items* repeats.

    >>> from autograd_core.viz.names import period
    >>> period("ababab"), period("abc")
    (2, 3)
    """
    n = len(items)
    return next(p for p in range(1, n + 1) if n % p == 0 and items[p:] == items[: n - p])


def numbered(names: Sequence[str | None]) -> list[str | None]:
    """Return *names* with a number behind each that comes up more than once, unless it is a number itself.

    >>> from autograd_core.viz.names import numbered
    >>> numbered(["h", None, "W", "h", "2", "2"])
    ['h #1', None, 'W', 'h #2', '2', '2']
    """
    count, seen = Counter(names), Counter[str]()
    found: list[str | None] = []
    for name in names:
        if name is not None and count[name] > 1 and literal(name) is None:
            seen[name] += 1
            name = f"{name} #{seen[name]}"
        found.append(name)
    return found
