"""The tensors that a loss has gradients for: which they are, in the order of their first use, and what they are called."""

from __future__ import annotations

import weakref
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import pairwise
from types import FrameType
from typing import Any

from numpy import ndarray

from ...errors import ArgumentError
from ...graph import Node
from ...tensor import Tensor
from ..names import Known, is_module, variables
from ..values import operands_of
from .frames import Parameter

__all__ = ["Rows", "distinct"]

Used = dict[Node, tuple[Node, str]]  # of each leaf the first call that uses it, and as which operand


class Rows:
    """The rows of a record: ``parameters`` has them by name, in the order in which programs use them.

    A tensor keeps its row.  A new tensor under the name of one that is gone gets that row: such are the inputs of each batch.
    With *model* only its parameters have rows.
    """

    def __init__(self, model: Any) -> None:
        self.modules = None if model is None else _given(model)
        self.parameters: dict[str, Parameter] = {}
        self._known: dict[int, tuple[weakref.ref[Tensor], Parameter]] = {}

    def of(self, calls: Sequence[Node], frame: FrameType) -> list[tuple[str, Tensor]]:
        """Return name and tensor of each leaf under *calls*, which are oldest first, in the order of their first use.

        Names of new ones are looked for in the variables of *frame* and of the functions that called it.
        """
        used = _first_uses(calls)
        alive = [(leaf, t) for leaf in used if (t := leaf.target()) is not None and type(t.array) is ndarray]
        if new := [(leaf, t) for leaf, t in alive if self._row(t) is None]:
            self._name(new, used, frame)
        found = [(row, t) for _, t in alive if (row := self._row(t)) is not None]
        for before, row in pairwise([None, *(row for row, _ in found)]):
            if row is not None and row.name not in self.parameters:
                self._insert(row, before)
        return [(row.name, t) for row, t in found]

    def _row(self, t: Tensor) -> Parameter | None:
        ref, row = self._known.get(id(t), (None, None))
        return row if ref is not None and ref() is t else None

    def _insert(self, row: Parameter, before: Parameter | None) -> None:
        """Put a row behind the one that is used before it."""
        rows = list(self.parameters.values())
        rows.insert(0 if before is None else [r.name for r in rows].index(before.name) + 1, row)
        self.parameters = {r.name: r for r in rows}

    def _name(self, new: Sequence[tuple[Node, Tensor]], used: Used, frame: FrameType) -> None:
        modules, variables_known = self.modules, None
        if modules is None:
            modules, variables_known = _modules_around(frame), _variables_around(frame)
        names = _paths(modules)
        self._known = {key: entry for key, entry in self._known.items() if entry[0]() is not None}
        taken = {row.name for _, row in self._known.values()}
        for number, (leaf, t) in enumerate(new, 1):
            name, path = names.get(id(t), (None, ""))
            if name is None and variables_known is None:
                continue  # not of the model
            if name is None and variables_known is not None:
                name = variables_known.of(leaf, t.array)
            row = _numbered(_described(name, path, leaf, used[leaf], number), taken)
            taken.add(row.name)
            self._known[id(t)] = weakref.ref(t), row


def _given(model: Any) -> dict[str, Any]:
    """Return the modules of the argument *model*: one, or a dict of several."""
    modules = dict(model) if isinstance(model, Mapping) else {"model": model}
    for name, module in modules.items():
        if not is_module(module):
            what = "model" if module is model else f"model[{name!r}]"
            raise ArgumentError(
                f"record: {what} is a {type(module).__name__}: expected a module with parameters, or a dict of modules"
            )
    return modules


def _first_uses(calls: Sequence[Node]) -> Used:
    found: Used = {}
    for call in calls:
        for operand, parent in operands_of(call):
            if parent is not None and parent.prim is None:
                found.setdefault(parent, (call, operand))
    return found


def _paths(modules: Mapping[str, Any]) -> dict[int, tuple[str, str]]:
    """Return name and path of all parameters by the ids of the tensors.

    A name is the path, with the name of the module in front where there are several.
    """
    found: dict[int, tuple[str, str]] = {}
    for name, module in modules.items():
        for path, p in module.named_parameters():
            found.setdefault(id(p), (path if len(modules) == 1 else f"{name}.{path}", path))
    return found


def _modules_around(frame: FrameType) -> dict[str, Any]:
    """Return the modules with parameters among the variables of a function and of those that called it.

    Also those that an object called ``self`` has.  A module inside another of them is left out.
    """
    held: dict[str, Any] = {}
    for values in _variables_outward(frame):
        own = getattr(values.get("self"), "__dict__", {})
        for name, value in (*values.items(), *own.items()):
            if (
                is_module(value)
                and all(value is not module for module in held.values())
                and isinstance(next(iter(value.parameters()), None), Tensor)
            ):
                held.setdefault(name, value)
    inside = {id(part) for module in held.values() for part in module.modules() if part is not module}
    return {name: module for name, module in held.items() if id(module) not in inside}


def _variables_outward(frame: FrameType | None) -> Iterator[dict[str, Any]]:
    while frame is not None:
        yield variables(frame)
        frame = frame.f_back


def _variables_around(frame: FrameType) -> Known:
    """Return what the variables of a function and of those that called it name, its own first."""
    known = Known()
    for values in _variables_outward(frame):
        known.add({name: value for name, value in values.items() if not is_module(value)})
    return known


def _described(name: str | None, path: str, leaf: Node, first_use: tuple[Node, str], number: int) -> Parameter:
    """Return the row of a leaf: by its *name*, else by the module and the operand of its first use, else by its *number*.

    *path* is that of a parameter in its module, or "".
    """
    call, operand = first_use
    scope = call.scope
    if name is None:
        name = f"leaf {number}" if scope is None else f"{scope.path}.{operand}"
    layer = name.rpartition(".")[0] or name
    inner = path.rpartition(".")[0]
    of_its_own = scope is not None and path and (not inner or scope.path == inner or scope.path.endswith(f".{inner}"))
    return Parameter(name, layer, scope.label if scope is not None and of_its_own else "", leaf.shape)


def _numbered(row: Parameter, taken: Collection[str]) -> Parameter:
    """Return *row* under a name that no other tensor that is alive has."""
    name = distinct(row.name, taken)
    return row if name == row.name else replace(row, name=name, layer=f"{row.layer}{name.removeprefix(row.name)}")


def distinct(name: str, taken: Collection[str]) -> str:
    """Return *name*, with a number behind it where it is taken.

    >>> from autograd_core.viz.recording.leaves import distinct
    >>> distinct("w", ["x"]), distinct("w", ["w", "w #2"])
    ('w', 'w #3')
    """
    found, number = name, 1
    while found in taken:
        number += 1
        found = f"{name} #{number}"
    return found
