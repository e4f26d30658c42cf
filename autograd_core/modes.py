"""What holds for a while: whether operations are recorded, whether they are watched for NaN, in which module they run.

Each is a ``ContextVar``: every thread (and every asyncio task) has its own, and reading one costs 15 ns.
"""

from __future__ import annotations

import functools
import inspect
import itertools
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, ParamSpec, TypeVar

__all__ = [
    "Scope",
    "current_scope",
    "enable_grad",
    "enter_scope",
    "inference_mode",
    "is_grad_enabled",
    "is_inference_mode_enabled",
    "leave_scope",
    "no_grad",
    "scope",
    "set_grad_enabled",
]

P = ParamSpec("P")
R = TypeVar("R")

recording: ContextVar[bool] = ContextVar("recording", default=True)
inference: ContextVar[bool] = ContextVar("inference", default=False)
watching: ContextVar[Any] = ContextVar("watching", default=None)  # what looks on: see autograd.watching
attending: ContextVar[tuple[Any, ...]] = ContextVar("attending", default=())  # at backward passes: as above
module: ContextVar[Scope | None] = ContextVar("module", default=None)


class set_grad_enabled:
    """Record operations, or do not, until the ``with`` block or the decorated function ends.

    As in PyTorch the plain call takes effect at once.  The mode belongs to the thread.

    >>> with set_grad_enabled(False):
    ...     is_grad_enabled()
    False
    """

    mode: bool

    def __init__(self, mode: bool) -> None:
        self.mode = bool(mode)
        self.before = [recording.get()]
        recording.set(self.mode)

    def __enter__(self) -> None:
        recording.set(self.mode)

    def __exit__(self, *_: object) -> None:
        recording.set(self.before[-1])

    def __call__(self, function: Callable[P, R]) -> Callable[P, R]:
        recording.set(self.before[-1])  # as a decorator it is for the calls only
        return _decorated(function, enable_grad if self.mode else no_grad)


class _GradMode:
    """A mode that starts at ``__enter__``; instances may be entered again, also inside themselves."""

    mode: bool

    def __new__(cls, function: Callable[..., Any] | None = None) -> Any:
        made = super().__new__(cls)
        if function is None:
            return made
        return _decorated(function, cls)  # used as @no_grad, without parentheses

    def __init__(self) -> None:
        self._before: list[bool] = []

    def __enter__(self) -> None:
        self._before.append(recording.get())
        recording.set(self.mode)

    def __exit__(self, *_: object) -> None:
        recording.set(self._before.pop())

    def __call__(self, function: Callable[P, R]) -> Callable[P, R]:
        return _decorated(function, type(self))


class no_grad(_GradMode):
    """Record nothing: results have ``requires_grad=False``.  A context manager and a decorator; per thread.

    >>> import autograd_core as ag
    >>> x = ag.ones(2, requires_grad=True)
    >>> with no_grad():
    ...     (x * x).requires_grad
    False
    """

    mode = False


class enable_grad(_GradMode):
    """Record again, inside ``no_grad``.  A context manager and a decorator; per thread.

    >>> with no_grad(), enable_grad():
    ...     is_grad_enabled()
    True
    """

    mode = True


class inference_mode(_GradMode):
    """Record nothing, as ``no_grad``; with *mode* false, do nothing.  A context manager and a decorator; per thread.

    PyTorch also forbids later uses of tensors made inside; here they are ordinary tensors, which require no gradient.

    >>> import autograd_core as ag
    >>> with inference_mode():
    ...     is_inference_mode_enabled(), (ag.ones(2, requires_grad=True) * 2).requires_grad
    (True, False)
    """

    mode = False

    def __new__(cls, mode: Any = True) -> Any:
        if callable(mode):
            return inference_mode()(mode)
        return object.__new__(cls)

    def __init__(self, mode: bool = True) -> None:
        super().__init__()
        self.active = bool(mode)
        self._inference_before: list[bool] = []

    def __enter__(self) -> None:
        self._inference_before.append(inference.get())
        inference.set(self.active)
        self._before.append(recording.get())
        recording.set(recording.get() and not self.active)

    def __exit__(self, *_: object) -> None:
        super().__exit__()
        inference.set(self._inference_before.pop())

    def __call__(self, function: Callable[P, R]) -> Callable[P, R]:
        return _decorated(function, lambda: inference_mode(self.active))


def is_inference_mode_enabled() -> bool:
    """Return whether ``inference_mode`` is on in this thread.

    >>> is_inference_mode_enabled()
    False
    """
    return inference.get()


def _decorated(function: Callable[P, R], mode: Callable[[], Any]) -> Callable[P, R]:
    """Return *function* with each call, or each step of a generator, in a mode of its own."""
    if isinstance(function, type):
        warnings.warn(
            f"{function.__name__} is a class, and only the making of its instances is put into the mode; decorate its methods "
            "or __init__ instead",
            FutureWarning,
            stacklevel=3,
        )
        return _decorated(lambda *args, **kwargs: function(*args, **kwargs), mode)
    if inspect.isgeneratorfunction(function):
        return functools.wraps(function)(_generator(function, mode))

    @functools.wraps(function)
    def inside(*args: P.args, **kwargs: P.kwargs) -> R:
        with mode():
            return function(*args, **kwargs)

    return inside


def _generator(function: Callable[..., Any], mode: Callable[[], Any]) -> Any:
    """Return a generator function that runs in the mode, and gives the caller its own back at each ``yield``."""

    def inside(*args: Any, **kwargs: Any) -> Any:
        with mode():
            generator = function(*args, **kwargs)
        step = functools.partial(next, generator)
        while True:
            try:
                with mode():
                    value = step()
            except StopIteration as end:
                return end.value
            try:
                step = functools.partial(generator.send, (yield value))
            except GeneratorExit:
                with mode():
                    generator.close()
                raise
            except BaseException as error:
                step = functools.partial(generator.throw, error)

    return inside


def is_grad_enabled() -> bool:
    """Return whether operations on tensors that require gradients are recorded in this thread.

    >>> is_grad_enabled()
    True
    """
    return recording.get()


class Scope:
    """The module in which operations run: its name inside its *outer* scope, and a label such as ``Linear 9->2``.

    A scope holds no module, so a graph that carries scopes keeps no model alive.

    >>> print(Scope("2", "Linear 9->2", Scope("model", "Sequential")))
    model.2 (Linear 9->2)
    """

    __slots__ = ("label", "name", "outer", "path")

    def __init__(self, name: str, label: str, outer: Scope | None = None) -> None:
        self.name, self.label, self.outer = name, label, outer
        self.path: str = name if outer is None else f"{outer.path}.{name}"

    def __str__(self) -> str:
        return f"{self.path} ({self.label})"

    def __repr__(self) -> str:
        return f"<Scope {self}>"


def current_scope() -> Scope | None:
    """Return the scope of the module that is running in this thread, or None.

    >>> with scope(Scope("fc", "Linear 9->2")):
    ...     current_scope()
    <Scope fc (Linear 9->2)>
    """
    return module.get()


def enter_scope(inner: Scope) -> Scope | None:
    """Make *inner* the current scope, and return the one before for ``leave_scope``.

    >>> before = enter_scope(Scope("fc", "Linear 9->2"))
    >>> print(current_scope())
    fc (Linear 9->2)
    >>> leave_scope(before)
    """
    before = module.get()
    module.set(inner)
    return before


def leave_scope(before: Scope | None) -> None:
    """Go back to the scope that ``enter_scope`` returned.

    >>> before = enter_scope(Scope("fc", "Linear 9->2"))
    >>> leave_scope(before)
    >>> current_scope() is before
    True
    """
    module.set(before)


@contextmanager
def scope(inner: Scope) -> Iterator[Scope]:
    """Run a ``with`` block in the scope *inner*: what it records carries that scope.

    >>> import autograd_core as ag
    >>> x = ag.ones(2, requires_grad=True)
    >>> with scope(Scope("fc", "Linear 9->2")):
    ...     y = x * 2
    >>> print(y.node.scope)
    fc (Linear 9->2)
    """
    before = enter_scope(inner)
    try:
        yield inner
    finally:
        leave_scope(before)


tick = itertools.count(1).__next__  # the clock: numbers nodes and in-place writes in the order in which they happened
