"""What an operation costs when there is nearly nothing to compute: products of ten numbers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..case import BACKWARD, FORWARD, Case, Group, Program, Targets, Values
from ..libraries import Library, array

OPS = 1000  # in one run: far more than the clock's resolution
START, FACTOR = (np.full(10, value, np.float32) for value in (1.0, 1.0001))  # the product neither grows nor vanishes


@dataclass(frozen=True)
class Multiply:
    """A part of the product of OPS factors, from a graph or without one."""

    part: str
    recorded: bool


def multiplied(h: Any, b: Any) -> Any:
    for _ in range(OPS):
        h = h * b
    return h


def forward(library: Library) -> Program:
    a, b = (library.tensor(value, requires_grad=True) for value in (START, FACTOR))
    made: list[Any] = []  # freeing a graph is not part of making one
    return Program(lambda: made.append(multiplied(a, b)), lambda: {"result": array(multiplied(a, b))}, made.clear)


def unrecorded(library: Library) -> Program:
    a, b = (library.tensor(value) for value in (START, FACTOR))
    return Program(lambda: multiplied(a, b), lambda: {"result": array(multiplied(a, b))})


def backward(library: Library) -> Program:
    a, b = (library.tensor(value, requires_grad=True) for value in (START, FACTOR))
    ones = library.core.ones(10)
    made: list[Any] = []

    def prepare() -> None:
        a.grad = b.grad = None
        made[:] = [multiplied(a, b)]

    def values() -> Values:
        prepare()
        made.pop().backward(ones)
        return {"gradient a": array(a.grad), "gradient b": array(b.grad)}

    return Program(lambda: made.pop().backward(ones), values, prepare)


def case(name: str, problem: Multiply, make: Callable[[Library], Program], targets: Targets) -> Case:
    return Case(name, problem.part, make, targets, count=OPS, problem=problem)


GROUP = Group(
    "overhead",
    "An operation on 10 numbers",
    [
        case("multiply, recorded", Multiply(FORWARD, recorded=True), forward, {1: 1.4}),
        case("multiply, recorded", Multiply(BACKWARD, recorded=True), backward, {1: 2.5}),
        case("multiply, not recorded", Multiply(FORWARD, recorded=False), unrecorded, {}),
    ],
)
