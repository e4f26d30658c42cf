"""What users can reach, by the names they write, and the calls that show what it does."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from operator import attrgetter
from pathlib import Path
from typing import Any, TypeVar

from conformance.calls import Call
from conformance.functional import FUNCTIONAL
from conformance.functions import FUNCTIONS
from conformance.matrices import LINALG
from conformance.methods import METHODS
from conformance.special import SPECIAL

import autograd_core as ag
import nn
import optim

from .ours import CALLS

ROOT = Path(__file__).parents[2]

TABLES = {"ag": FUNCTIONS, "ag.linalg": LINALG, "ag.special": SPECIAL, "nn.functional": FUNCTIONAL}


class _Packages:
    ag, nn, optim = ag, nn, optim


def resolved(name: str) -> Any:
    """Return what *name* stands for, as users write it: ``ag.abs``, ``nn.Linear``."""
    return attrgetter(name)(_Packages)


def public(face: str) -> Iterator[tuple[str, Any]]:
    """Yield the functions and classes that *face* promises, by full name; exceptions are raised, not called."""
    for name in resolved(face).__all__:
        thing = getattr(resolved(face), name)
        if callable(thing) and not (isinstance(thing, type) and issubclass(thing, BaseException)):
            yield f"{face}.{name}", thing


def functions(face: str) -> Iterator[tuple[str, Any]]:
    """Yield the functions of *face* that compute results from tensors."""
    for name, thing in public(face):
        if not isinstance(thing, type) and (face != "ag" or thing.__module__.startswith("autograd_core.ops.")):
            yield name, thing


def layers() -> Iterator[tuple[str, type[nn.Module]]]:
    for name, thing in public("nn"):
        if isinstance(thing, type) and issubclass(thing, nn.Module):
            yield name, thing


def optimizers() -> Iterator[tuple[str, type[optim.Optimizer]]]:
    for name, thing in public("optim"):
        if isinstance(thing, type) and issubclass(thing, optim.Optimizer) and thing is not optim.Optimizer:
            yield name, thing


def source(thing: Any) -> str:
    """Return the file that defines a function or class, from the root of the repository."""
    return str(Path(sys.modules[thing.__module__].__file__ or "").relative_to(ROOT))


T = TypeVar("T")


def shared(named: dict[str, list[T]], further: dict[str, list[T]]) -> dict[str, list[T]]:
    """Give each function what *named* says of it under any of its names.

    Where it says nothing, *further* or another face may know the last part of the name: ``ag.elu`` is called as
    ``nn.functional.elu`` is.
    """
    by_identity = {id(resolved(name)): each for name, each in named.items()}
    by_last = {name.rpartition(".")[2]: each for name, each in named.items()} | further
    found = {}
    for face in TABLES:
        for name, function in functions(face):
            found[name] = named.get(name) or by_identity.get(id(function)) or by_last.get(name.rpartition(".")[2], [])
    return found


def calls() -> dict[str, list[Call]]:
    """Return the calls of every function by its full name."""
    named = {f"{face}.{name}": each for face, table in TABLES.items() for name, each in table.items()}
    return shared(named | CALLS, METHODS)
