"""A formula of the engine, read from its own source as one that people can read.

Where it is one expression, or a few lines one after the other, over what is known, the reading follows it: partners are
written out by what they mean (``partners``), tricks that only save time are undone, functions of the engine's own are
gone into.  What cannot be read so is None: it is told in words and expressions by hand (``told``).
"""

from __future__ import annotations

import ast
import copy
import functools
import inspect
import linecache
import math
from collections.abc import Callable
from types import FunctionType, ModuleType
from typing import Any

from ..primitive import Primitive
from .algebra import put, tidy
from .notation import Formula
from .partners import CONSTANTS, MEANINGS

__all__ = ["read"]

SHORT = 4  # nodes of a definition that is put in place rather than named


class Unreadable(Exception):
    """The source has something that the reading does not know."""


def read(primitive: Primitive, operand: str) -> Formula | None:
    """Return the formula of *primitive* for *operand* as its source says it, or None.

    >>> from autograd_core import PRIMITIVES
    >>> str(read(PRIMITIVES["tanh"], "x"))
    'G * (1 - out ** 2)'
    """
    rule = primitive.rules[operand]
    assert rule is not None
    known: dict[str, ast.expr] = {"g": ast.Name("G")}
    for name in rule.reads:
        shape_of = name.removesuffix("_shape")
        whole = ast.Attribute(ast.Name(shape_of), "shape") if shape_of != name else ast.Name(name)
        known[name] = whole
    try:
        reading = _Reading(rule.formula, known, top=True)
        value = reading.result()
    except Unreadable:
        return None
    return _named(value, reading.defined)


def _named(value: ast.expr, defined: dict[str, ast.expr]) -> Formula:
    """Return the formula of *value* with only those definitions that are read more than once and are not short."""
    while True:
        trees = [*defined.values(), value]
        count = {n: sum(isinstance(p, ast.Name) and p.id == n for t in trees for p in ast.walk(t)) for n in defined}
        spare = next((n for n in defined if count[n] < 2 or len(list(ast.walk(defined[n]))) <= SHORT), None)
        if spare is None:
            break
        known = {spare: defined.pop(spare)}
        defined = {name: put(tree, known) for name, tree in defined.items()}
        value = put(value, known)
    return Formula(ast.unparse(tidy(value)), tuple((n, ast.unparse(tidy(t))) for n, t in defined.items()))


# ------------------------------------------------------------------------------------------------------------- reading


class _Reading:
    """The reading of one function's body, its parameters being *known*."""

    def __init__(self, function: Any, known: dict[str, ast.expr], top: bool = False) -> None:
        if not isinstance(function, FunctionType):
            raise Unreadable(repr(function))
        self.function, self.known, self.top = function, dict(known), top
        self.parameters = tuple(inspect.signature(function).parameters)
        self.defined: dict[str, ast.expr] = {}

    def result(self) -> ast.expr:
        source = source_of(self.function)
        if isinstance(source, ast.Lambda):
            return self.expression(source.body)
        for line in source.body if source else []:
            match line:
                case ast.Expr(value=ast.Constant()):
                    pass  # a docstring
                case ast.If(test=test, orelse=[]) if "type(g) is np.ndarray" in ast.unparse(test):
                    pass  # a kernel that does the same
                case ast.Assign(targets=[ast.Name(id=name)], value=value):
                    self.define(name, value)
                case ast.Assign(targets=[ast.Tuple(elts=names)], value=ast.Tuple(elts=values)):
                    for target, value in zip(names, values, strict=True):
                        self.define(ast.unparse(target), value)
                case ast.Return(value=ast.expr() as value):
                    return self.expression(value)
                case _:
                    break
        raise Unreadable(self.function.__qualname__)

    def define(self, name: str, value: ast.expr) -> None:
        if name in self.defined or name == "G":
            raise Unreadable(f"{name}, which means two things")
        meaning = self.known[name] = self.expression(value)
        if self.top and name not in self.parameters:
            self.defined[name], self.known[name] = meaning, ast.Name(name)

    def expression(self, node: ast.expr) -> ast.expr:
        found: Callable[..., ast.expr | None] | None = getattr(self, f"read_{type(node).__name__}", None)
        made = found(node) if found else None
        if made is None:
            raise Unreadable(ast.unparse(node))
        return made

    def read_Constant(self, node: ast.Constant) -> ast.expr:
        return node

    def read_Name(self, node: ast.Name) -> ast.expr:
        return self.name(node.id)

    def read_BinOp(self, node: ast.BinOp) -> ast.expr:
        return ast.BinOp(self.expression(node.left), node.op, self.expression(node.right))

    def read_UnaryOp(self, node: ast.UnaryOp) -> ast.expr | None:
        return ast.UnaryOp(node.op, self.expression(node.operand)) if isinstance(node.op, ast.USub) else None

    def read_Compare(self, node: ast.Compare) -> ast.expr:
        return ast.Compare(self.expression(node.left), node.ops, [self.expression(c) for c in node.comparators])

    def read_IfExp(self, node: ast.IfExp) -> ast.expr | None:
        """Of two ways to the same, one with a kernel, the one for few numbers is written out."""
        return self.expression(node.body) if "nbytes" in ast.unparse(node.test) else None

    def read_Tuple(self, node: ast.Tuple) -> ast.expr:
        return ast.Tuple([self.expression(part) for part in node.elts])

    def read_Subscript(self, node: ast.Subscript) -> ast.expr:
        if ast.unparse(node.slice) == "0" and self.has_more(node.value):
            return self.expression(node.value)  # the result, without what is kept beside it
        return ast.Subscript(self.expression(node.value), self.expression(node.slice))

    def has_more(self, node: ast.expr) -> bool:
        """Whether *node* calls a primitive that returns further results beside its own."""
        called = self.function.__globals__.get(ast.unparse(node.func)) if isinstance(node, ast.Call) else None
        return bool(getattr(getattr(called, "primitive", None), "auxiliary", ()))

    def read_Attribute(self, node: ast.Attribute) -> ast.expr | None:
        owner = node.value.id if isinstance(node.value, ast.Name) else ""
        if owner in ("math", "np"):
            return ast.Name(node.attr)
        if node.attr in ("mT", "shape", "ndim") or owner in self.known:
            return ast.Attribute(self.expression(node.value), node.attr)
        return None

    def name(self, name: str) -> ast.expr:
        if name in self.known:
            return copy.deepcopy(self.known[name])
        if name in CONSTANTS:
            return ast.parse(CONSTANTS[name], mode="eval").body
        value = self.function.__globals__.get(name)
        if type(value) is int or (type(value) is float and math.isfinite(value)):
            return ast.Constant(value)
        raise Unreadable(name)

    def read_Call(self, node: ast.Call) -> ast.expr | None:
        match node.func:
            case ast.Attribute(value=ast.Name(id="math"), attr=name):
                return ast.Call(ast.Name(name), [self.expression(a) for a in node.args], [])
            case ast.Name(id="constant" | "or_one"):
                return self.expression(node.args[0])  # a number with its dtype; and a guard against 0 / 0
            case ast.Name(id="zero"):
                return ast.Constant(0)
            case ast.Name(id="spread"):
                x, axis, _, shape = (self.expression(a) for a in node.args)
                return _call("spread", [x], axis=axis, shape=shape)
            case ast.Name() | ast.Attribute(value=ast.Name()):
                return self.written_out(self.called(node.func), node)
        return None

    def called(self, node: ast.Name | ast.Attribute) -> Any:
        """Return the function of that name, also of a package or a file of functions, as in ``ag.sin(x)``, or None."""
        if isinstance(node, ast.Name):
            return self.function.__globals__.get(node.id)
        package = self.function.__globals__.get(ast.unparse(node.value))
        return getattr(package, node.attr, None) if isinstance(package, ModuleType) else None

    def written_out(self, called: Any, node: ast.Call) -> ast.expr:
        args = [self.expression(a) for a in node.args]
        keywords = {k.arg or "": k.value for k in node.keywords}
        declared: Primitive | None = getattr(called, "primitive", None)
        if declared is None:
            return self.gone_into(called, args, {name: self.expression(k) for name, k in keywords.items()})
        given = {name: self.expression(k) for name, k in keywords.items() if name != "keepdims"}
        meaning = MEANINGS.get(declared.name)
        if meaning is None:
            return _call(declared.name, args, **given)
        values = dict(zip(declared.operands, args, strict=False)) | given
        return put(ast.parse(meaning, mode="eval").body, values)

    def gone_into(self, called: Any, args: list[ast.expr], given: dict[str, ast.expr]) -> ast.expr:
        """Return what a function that is no primitive comes to."""
        if not isinstance(called, FunctionType) or called.__module__.partition(".")[0] != __name__.partition(".")[0]:
            raise Unreadable(repr(called))
        names = inspect.signature(called).parameters
        return _Reading(called, dict(zip(names, args, strict=False)) | given).result()


def _call(name: str, args: list[ast.expr], **details: ast.expr) -> ast.Call:
    return ast.Call(ast.Name(name), args, [ast.keyword(key, value) for key, value in details.items()])


# -------------------------------------------------------------------------------------------------------------- sources


def source_of(function: FunctionType) -> ast.Lambda | ast.FunctionDef | None:
    """Return the definition of *function*, found by its line and, among several lambdas there, by their columns."""
    code = function.__code__
    spans = [(first, start, last, stop) for first, last, start, stop in code.co_positions() if stop]
    found: ast.Lambda | ast.FunctionDef | None = None
    for node in _definitions(code.co_filename).get(code.co_firstlineno, []):
        if isinstance(node, ast.FunctionDef):
            found = node if node.name == code.co_name else found
        elif code.co_name == "<lambda>" and spans and all(_is_inside(span, node.body) for span in spans):
            found = node  # of a lambda and one inside of it, the inner comes later
    return found


def _is_inside(span: tuple[Any, ...], node: ast.expr) -> bool:
    first, start, last, stop = span
    return (node.lineno, node.col_offset) <= (first, start) and (last, stop) <= (node.end_lineno, node.end_col_offset)


@functools.cache
def _definitions(filename: str) -> dict[int, list[ast.Lambda | ast.FunctionDef]]:
    """Return all functions of a file by their first line; that of a decorated one is its first decorator's."""
    found: dict[int, list[ast.Lambda | ast.FunctionDef]] = {}
    try:
        tree = ast.parse("".join(linecache.getlines(filename)))
    except SyntaxError:
        return found
    for node in ast.walk(tree):
        if isinstance(node, ast.Lambda | ast.FunctionDef):
            first = node.decorator_list[0] if isinstance(node, ast.FunctionDef) and node.decorator_list else node
            found.setdefault(first.lineno, []).append(node)
    return found
