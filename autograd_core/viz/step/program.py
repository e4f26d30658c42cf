"""The program that is stepped through: run as Python runs it, and the tensor in it that the reader asks for."""

from __future__ import annotations

import ast
import inspect
import io
import linecache
import os
import re
import sys
import traceback
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, redirect_stderr
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from types import CodeType, FrameType, ModuleType
from typing import Any

from ...autograd.watching import attend
from ...commands import ProgramError, UsageError, unknown
from ...position import OURS
from ...tensor import Tensor
from ..schema import Trace
from ..trace import trace
from .passes import Caught, Passes

__all__ = ["Target", "traced"]

FILE = re.compile(r"(.+?\.pyw?)(?::(.*))?", re.DOTALL)
MODULE = re.compile(r"([^\W\d]\w*(?:\.[^\W\d]\w*)*)(?::(.*))?", re.DOTALL)
PLACES = (ast.Name, ast.Attribute, ast.Subscript, ast.Constant, ast.UnaryOp, ast.USub, ast.Load)
LISTED = 12  # names in a message


@dataclass(frozen=True)
class Target:
    """``train.py:loss``: a program, by its file or as a module, and an expression in it, or None."""

    program: str
    is_file: bool
    expression: str | None

    @classmethod
    def parse(cls, text: str) -> Target:
        """Read the argument of the command line; raises UsageError.

        >>> Target.parse("lessons/train.py:losses[-1]")
        Target(program='lessons/train.py', is_file=True, expression='losses[-1]')
        """
        for form in (FILE, MODULE):
            if found := form.fullmatch(text):
                expression = found[2] and found[2].strip()
                if found[2] is not None and not expression:
                    raise UsageError(
                        f"{text!r} names no tensor behind the colon: expected train.py:loss, or train.py alone"
                    )
                target = cls(found[1], form is FILE, expression)
                if expression:
                    target.tree()
                return target
        raise UsageError(
            f"{text!r} is no program: expected FILE.py:NAME, such as train.py:loss, or package.module:NAME"
        )

    def tree(self) -> ast.Expression:
        """Return the expression; raises UsageError where it is none."""
        try:
            return ast.parse(self.expression or "", mode="eval")
        except (SyntaxError, ValueError) as error:
            raise UsageError(
                f"{self.expression!r} is no Python expression: expected a name, such as loss, losses[-1] or model(x).sum()"
            ) from error

    @property
    def is_place(self) -> bool:
        """Whether it is a name, an attribute or an item: to look that up computes nothing."""
        return self.expression is not None and all(isinstance(n, PLACES) for n in ast.walk(self.tree().body))

    def compiled(self) -> CodeType:
        """Return the expression as code whose source is found, like that of a file."""
        text = self.expression or ""
        name = f"<{text}>"
        linecache.cache[name] = len(text), None, [text], name
        return compile(text, name, "eval")

    def __str__(self) -> str:
        return f"{self.program}:{self.expression}" if self.expression else self.program


def traced(target: Target, arguments: list[str], number: int | None = None) -> Trace:
    """Run the program with its *arguments*, and return the trace of the tensor; of its *number*-th backward pass, if given.

    Raises UsageError for what is not there, ProgramError where the program fails, and AutogradError where there is no graph.
    """
    if number is not None and target.expression and not target.is_place:
        raise UsageError(
            f"--step goes with a name that a backward() uses, such as loss, not with {target.expression!r}"
        )
    passes = Passes(target.compiled() if target.is_place else None, number)
    with _as_main(target, arguments) as (main, code):
        try:
            with attend(passes):
                exec(code, main)
        except Caught:
            pass
        except SystemExit as end:
            if end.code not in (None, 0):
                raise ProgramError(f"{target.program} ended itself with exit status {_status(end.code)}") from end
        except KeyboardInterrupt:
            raise
        except BaseException as error:
            raise ProgramError(
                f"{target.program} failed, see above", _told(error, lambda frame: frame.f_code is code)
            ) from error
        return _chosen(target, main, passes, number)


def _status(code: Any) -> Any:
    if isinstance(code, str):
        sys.stderr.write(f"{code}\n")  # as Python says it
        return 1
    return code


def _told(error: BaseException, is_first: Callable[[FrameType], bool]) -> str:
    """Return the traceback of the program, from its own first line on, as Python shows it: with "Did you mean"."""
    frames = error.__traceback__
    while frames is not None and not is_first(frames.tb_frame):
        frames = frames.tb_next
    said = io.StringIO()
    with redirect_stderr(said):
        sys.__excepthook__(type(error), error.with_traceback(frames), frames)  # Python 3.11 suggests names here alone
    return said.getvalue()


# ------------------------------------------------------------------------------------------------------- running it


@contextmanager
def _as_main(target: Target, arguments: list[str]) -> Iterator[tuple[dict[str, Any], CodeType]]:
    """Give the variables and the code of a program that finds all as if Python ran it: ``sys.argv``, ``sys.path``, its name."""
    before = sys.argv, sys.path[:], sys.modules["__main__"]
    main = ModuleType("__main__")
    try:
        sys.modules["__main__"] = main
        if target.is_file:
            path = _existing(target.program)
            sys.argv = [target.program, *arguments]
            if not sys.flags.safe_path:
                sys.path[0] = os.path.dirname(path)
            main.__file__, main.__spec__ = path, None
            code = _compiled(path)
        else:
            code = _module_code(target.program, main)
            sys.argv = [str(main.__file__), *arguments]
        yield main.__dict__, code
    finally:
        sys.argv, sys.path[:], sys.modules["__main__"] = before


def _existing(name: str) -> str:
    path = Path(name)
    if path.is_file():
        return os.path.abspath(path)
    if path.is_dir():
        raise UsageError(f"{name!r} is a folder: expected a Python file")
    folder = path.parent
    near = [str(folder / p.name) for p in folder.glob("*.py")] if folder.is_dir() else []
    raise unknown("there is no file", name, near, "check the path")


def _compiled(path: str) -> CodeType:
    with io.open_code(path) as file:
        source = file.read()
    try:
        return compile(source, path, "exec", dont_inherit=True)
    except (SyntaxError, ValueError) as error:
        raise ProgramError(f"{path} is no Python program", "".join(traceback.format_exception_only(error))) from error


def _module_code(name: str, main: ModuleType) -> CodeType:
    """Return the code of a module, and of a package that of its ``__main__``, as ``python -m`` does."""
    try:
        spec = find_spec(name)
        if spec is not None and spec.submodule_search_locations is not None:
            spec = find_spec(f"{name}.__main__")
    except ModuleNotFoundError:
        spec = None
    except Exception as error:
        said = _told(error, lambda frame: not frame.f_code.co_filename.startswith(OURS))
        raise ProgramError(f"the package of {name} failed, see above", said) from error
    code = None if spec is None else getattr(spec.loader, "get_code", lambda _: None)(spec.name)
    if spec is None or code is None:
        raise UsageError(f"there is no module {name!r} to run; for a file write its name with .py: {name}.py")
    main.__spec__, main.__file__, main.__package__, main.__loader__ = spec, spec.origin, spec.parent, spec.loader
    assert isinstance(code, CodeType)
    return code


# ---------------------------------------------------------------------------------------------------- what is asked for


def _chosen(target: Target, names: Mapping[str, Any], passes: Passes, number: int | None) -> Trace:
    if passes.trace is not None and (number is not None or target.expression is None):
        return passes.trace
    through = f"through {target.expression!r}" if target.expression else "in it"
    if number is not None:
        many = "1 backward pass" if passes.count == 1 else f"{passes.count or 'no'} backward passes"
        raise UsageError(f"--step {number}: {target.program} has {many} {through}")
    if target.expression is None:
        raise UsageError(
            f"{target.program} calls no backward(); say which tensor: {target.program}:NAME. {_listed(names)}"
        )
    if not target.is_place:
        code = target.compiled()
        return _of_call(target, lambda: eval(code, dict(names)), names)
    return _of_value(target, names, passes)


def _of_value(target: Target, names: Mapping[str, Any], passes: Passes) -> Trace:
    """Return the trace of what a name stands for at the end, or of its last backward pass."""
    try:
        value = eval(target.compiled(), dict(names))
    except Exception as error:
        if passes.trace is None:
            raise _not_there(target, names, error) from error
        return passes.trace  # a local variable, or gone since
    was_used = passes.trace is not None and isinstance(value, Tensor) and value.node in (None, passes.node)
    if isinstance(value, Tensor) and not was_used:
        return trace(value, names=names)
    if passes.trace is not None:  # loss, which freed its graph, or loss = loss.item()
        return passes.trace
    if not callable(value):
        raise UsageError(
            f"{target.expression!r} is of type {type(value).__name__}: expected a Tensor. {_listed(names)}"
        )
    needed = [p for p in _parameters(value) if p.default is p.empty and p.kind not in (p.VAR_KEYWORD, p.VAR_POSITIONAL)]
    if needed:
        shown = ", ".join(p.name for p in needed)
        raise UsageError(f"{target.expression!r} needs arguments: write its call, {target.expression}({shown})")
    return _of_call(target, value, names)


def _of_call(target: Target, make: Any, names: Mapping[str, Any]) -> Trace:
    """Return the trace of what a function of the program makes, which has all values, as it is looked at while it runs."""
    failed: list[BaseException] = []

    def made() -> Any:
        try:
            return make()
        except Exception as error:
            failed.append(error)
            raise

    try:
        return trace(made, names=names)
    except Exception as error:
        if not failed:
            raise
        if isinstance(error, NameError) and not target.is_place and error.name not in names:
            raise _not_there(target, names, error) from error
        said = _told(error, lambda frame: not frame.f_code.co_filename.startswith(OURS))
        raise ProgramError(f"{target.expression} failed, see above", said) from error


def _parameters(value: Any) -> list[inspect.Parameter]:
    called = value.forward if hasattr(value, "forward") and not isinstance(value, type) else value  # of a module
    try:
        return list(inspect.signature(called).parameters.values())
    except (TypeError, ValueError):
        return []


def _not_there(target: Target, names: Mapping[str, Any], error: Exception) -> UsageError:
    if isinstance(error, NameError) and error.name is not None:
        known = [name for name in names if not name.startswith("__")]
        return unknown(f"{target.program} has no variable", error.name, known, _listed(names))
    return UsageError(f"{target.expression!r} is not in {target.program}: {type(error).__name__}: {error}")


def _listed(names: Mapping[str, Any]) -> str:
    """Return which variables could be meant."""
    found = [name for name, value in names.items() if isinstance(value, Tensor) and value.grad_fn is not None]
    more = f" and {len(found) - LISTED} more" if len(found) > LISTED else ""
    return (
        f"Tensors with a graph: {', '.join(found[:LISTED])}{more}"
        if found
        else "No variable of it is a tensor with a graph"
    )
