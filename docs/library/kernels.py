"""Which kernels a call reaches."""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from autograd_core.kernels import cpu


@contextmanager
def watched() -> Iterator[list[str]]:
    """Give a list that gets the name of each kernel when it is first called; functions look kernels up at each call."""
    names: list[str] = []
    before = {name: getattr(cpu, name) for name in cpu.__all__}
    for name, function in before.items():
        setattr(cpu, name, _noting(names, function))
    try:
        yield names
    finally:
        for name, function in before.items():
            setattr(cpu, name, function)


def _noting(names: list[str], function: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(function)
    def noted(*args: Any, **kwargs: Any) -> Any:
        if function.__name__ not in names:
            names.append(function.__name__)
        return function(*args, **kwargs)

    return noted


@contextmanager
def watched_steps(optimizer: type) -> Iterator[list[str]]:
    """Give a list that gets the names of the kernels with which an optimizer's rule updates its parameters."""
    names: list[str] = []
    module: Any = sys.modules[optimizer.__module__]
    before = getattr(module, "elementwise", None)

    def noted(step: Any, *args: Any) -> None:
        if step.__name__ not in names:
            names.append(step.__name__)
        assert before is not None
        before(step, *args)

    if before is None:  # a rule that is not elementwise: matrices, or all parameters at once
        yield names
        return
    module.elementwise = noted
    try:
        yield names
    finally:
        module.elementwise = before
