"""The one place for compiler flags, the cache on disk, and the word to the user while kernels are compiled.

A kernel is a function at the top level of a module: a closure is compiled anew in every process, for it never reaches
the cache.  The cache forgets a kernel when its file changes, or any file of this package, for kernels call one another.
It lies beside the file or, where that folder cannot be written, in the user's cache folder; ``NUMBA_CACHE_DIR`` moves it.
With ``NUMBA_DISABLE_JIT=1`` kernels run as the plain Python that they are written in, and so they do where something in
the system keeps LLVM from compiling them.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable
from contextlib import suppress
from functools import cache, cached_property
from pathlib import Path
from typing import Any, ClassVar, NamedTuple, TypeVar, overload

import numba
import numpy as np
from numba.core import event
from numba.core.caching import FunctionCache, NullCache
from numba.core.errors import NumbaError

__all__ = ["WarmUpStep", "at_warm_up", "kernel", "warm_up", "warm_up_steps"]

Function = TypeVar("Function", bound=Callable[..., Any])


@overload
def kernel(function: Function) -> Function: ...
@overload
def kernel(*, fastmath: bool | set[str] = False, inline: bool = False) -> Callable[[Function], Function]: ...
def kernel(function: Function | None = None, *, fastmath: bool | set[str] = False, inline: bool = False) -> Any:
    """Compile a function of plain arrays and numbers at its first call, without the GIL, and keep it on disk.

    *fastmath* names the liberties (LLVM's flags) that the compiler may take with floating-point sums and products, by
    default none: ``{"reassoc", "contract"}`` keeps NaN and infinity right, ``True`` does not.  *inline* puts the function
    into each kernel that calls it, so that a loop around the call can be vectorised.

    >>> @ag.kernel
    ... def total(x):
    ...     s = 0.0
    ...     for v in x:
    ...         s += v
    ...     return s
    >>> total(np.arange(4.0))
    6.0
    """

    def compile_(function: Function) -> Any:
        _notice.ours.add(function.__module__)
        # error_model="numpy": a division by zero gives inf or nan. With Python's model it raises, and a loop that may
        # raise in the middle is not vectorised.
        compiled: Any = numba.njit(nogil=True, error_model="numpy", fastmath=fastmath, forceinline=inline)(function)
        if hasattr(compiled, "py_func"):  # not with NUMBA_DISABLE_JIT: then it is the function itself
            compiled._cache = _Cache(compiled.py_func)
            compiled._compile_for_args = _Compilation(compiled)
        return compiled

    return compile_ if function is None else compile_(function)


class _Cache:
    """Where Numba keeps the kernel on disk, under a stamp that changes with any file of this package.

    Numba looks at the kernel's own file only, and would go on to use what was compiled from an older version of another.
    The folder is looked for, and tried, when the kernel is first compiled: not for all of them at import.
    """

    def __init__(self, function: Callable[..., Any]) -> None:
        self.function = function

    @cached_property
    def place(self) -> Any:
        try:
            found = FunctionCache(self.function)  # type: ignore[no-untyped-call]
        except RuntimeError:  # no folder can be written, or the function is of no file but was typed at a prompt
            return NullCache()
        index = found._cache_file
        index._source_stamp = (index._source_stamp, _stamp())
        return found

    def __getattr__(self, name: str) -> Any:
        return getattr(self.place, name)

    def save_overload(self, sig: Any, data: Any) -> None:
        """Keep what was compiled; a full disk leaves it without an entry, and the program with it."""
        with suppress(OSError):
            self.place.save_overload(sig, data)


class _Compilation:
    """Compile for new types of arguments; where that fails for a reason outside of the kernel, return it as it is written.

    A system may forbid memory that is both written and executed.  Numba calls what this returns.
    """

    said: ClassVar[bool] = False

    def __init__(self, dispatcher: Any) -> None:
        self.dispatcher, self.compile = dispatcher, dispatcher._compile_for_args

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        try:
            return self.compile(*args, **kwargs)
        except NumbaError:  # the text of the kernel, or its arguments
            raise
        except Exception as error:
            if not _Compilation.said:
                _Compilation.said = True
                sys.stderr.write(
                    f"autograd_core: kernels cannot be compiled ({type(error).__name__}: {error}); they run as plain Python, "
                    "many times slower\n"
                )
            return self.dispatcher.py_func


@cache
def _stamp() -> tuple[tuple[str, float, int], ...]:
    """Return the name, the time and the size of each file of this package."""
    home = Path(__file__).parent
    found = [(str(file.relative_to(home)), file.stat()) for file in sorted(home.rglob("*.py"))]
    return tuple((name, status.st_mtime, status.st_size) for name, status in found)


class _Notice(event.Listener):
    """Say once in a process that kernels of ours are being compiled: a fresh install must not wait in silence.

    Numba reports a compilation after it has looked for the result on disk in vain.
    """

    def __init__(self) -> None:
        self.ours: set[str | None] = set()  # modules that declared kernels
        self.said = False

    def on_start(self, started: event.Event) -> None:
        if not self.said and started.data["dispatcher"].py_func.__module__ in self.ours:
            self.said = True
            sys.stderr.write("autograd_core: compiling kernels once, a few seconds...\n")

    def on_end(self, ended: event.Event) -> None:
        """Do nothing: Numba asks for both."""


_register: Callable[..., None] = event.register
_notice = _Notice()
_register("numba:compile", _notice)

_warmers: list[Callable[[np.dtype[Any]], object]] = []


def at_warm_up(function: Callable[[np.dtype[Any]], object]) -> Callable[[np.dtype[Any]], object]:
    """Have ``warm_up`` call *function* with each dtype: it runs the kernels of its file on the smallest arrays.

    Any function of a dtype will do.

    >>> _ = ag.at_warm_up(np.zeros(1).astype)
    """
    _warmers.append(function)
    return function


def warm_up(dtypes: Iterable[Any] = (np.float32, np.float64)) -> None:
    """Compile all kernels for *dtypes*, or load them from disk, so that no later call has to wait.

    >>> ag.warm_up(["float32"])
    """
    for step in warm_up_steps(dtypes):
        step.run(step.dtype)


class WarmUpStep(NamedTuple):
    """``run(dtype)`` compiles the kernels of one module for one dtype."""

    module: str
    dtype: np.dtype[Any]
    run: Callable[[np.dtype[Any]], object]


def warm_up_steps(dtypes: Iterable[Any]) -> list[WarmUpStep]:
    """Return what ``warm_up`` does, step by step."""
    return [WarmUpStep(str(f.__module__), np.dtype(dtype), f) for dtype in dtypes for f in _warmers]
