"""What the program says at the place where an operation was called: the expression, its operands, the name of the result."""

from __future__ import annotations

import ast
import dis
import functools
import linecache
import textwrap
from types import CodeType
from typing import NamedTuple

from ..position import expression, span

__all__ = ["Source", "literal", "operand_texts", "source", "stored_in"]


class Source(NamedTuple):
    """An expression in a file: lines count from 1, columns from 0 and in characters."""

    file: str
    line: int
    last_line: int
    column: int
    last_column: int
    expression: str


def source(code: CodeType, lasti: int) -> Source:
    """Return the expression that was being computed at an offset of *code*.

    >>> import sys
    >>> from autograd_core.viz.source import source
    >>> def line():
    ...     return sys._getframe().f_code, sys._getframe().f_lasti
    >>> source(*line()).line
    2
    """
    return _source(code.co_filename, code, lasti)


@functools.lru_cache(4096)
def _source(file: str, code: CodeType, lasti: int) -> Source:  # code of two files may be equal, lines and all
    _, first, last, start, stop = span(code, lasti)
    return Source(
        file, first, last, _characters(file, first, start), _characters(file, last, stop), expression(code, lasti)
    )


def _characters(file: str, line: int, column: int) -> int:
    return len(linecache.getline(file, line).encode()[:column].decode(errors="replace"))


@functools.lru_cache(4096)
def stored_in(code: CodeType, lasti: int) -> str | None:
    """Return the variable or attribute that the result at an offset is stored in, or None where it goes elsewhere.

    >>> import autograd_core as ag
    >>> from autograd_core.viz.source import stored_in
    >>> def f(x):
    ...     y = x * x
    ...     return y
    >>> node = f(ag.tensor(2.0, requires_grad=True)).node
    >>> stored_in(node.code, node.lasti)
    'y'
    """
    after = [
        i for i in dis.get_instructions(code) if i.offset > lasti and i.opname not in ("CACHE", "EXTENDED_ARG", "COPY")
    ]
    if not after:
        return None
    store = after[0]
    if store.opname.startswith(("STORE_FAST", "STORE_NAME", "STORE_GLOBAL", "STORE_DEREF")):
        return str(store.argval[0] if isinstance(store.argval, tuple) else store.argval)
    if store.opname.startswith("LOAD_") and len(after) > 1 and after[1].opname == "STORE_ATTR":
        return f"{store.argval}.{after[1].argval}"
    return None


@functools.lru_cache(4096)
def operand_texts(text: str, count: int) -> tuple[str, ...]:
    """Return how the program writes each of the *count* operands of the expression *text*; empty where that is not plain.

    >>> from autograd_core.viz.source import operand_texts
    >>> operand_texts("(x - mean) @ W", 2), operand_texts("h.matmul(W)", 2), operand_texts("f(x, y, z)", 2)
    (('x - mean', 'W'), ('h', 'W'), ())
    """
    try:
        (statement,) = ast.parse(textwrap.dedent(text)).body
    except (SyntaxError, ValueError):
        return ()
    match statement:
        case ast.AugAssign(target=target, value=value):
            found = [target, value]
        case ast.Expr(value=ast.BinOp(left=left, right=right)):
            found = [left, right]
        case ast.Expr(value=ast.UnaryOp(operand=operand)):
            found = [operand]
        case ast.Expr(value=ast.Call(func=function, args=args, keywords=[])):
            method = [function.value] if isinstance(function, ast.Attribute) else []
            found = list(args) if len(args) == count else [*method, *args]
        case _:
            return ()
    return tuple(ast.unparse(part) for part in found) if len(found) == count else ()


def literal(text: str) -> int | float | None:
    """Return the number that *text* is, or None where it is no number."""
    try:
        value = ast.literal_eval(text)
    except (SyntaxError, ValueError):
        return None
    return value if type(value) in (int, float) else None
