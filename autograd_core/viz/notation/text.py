"""A formula as plain text: Python without the details."""

from __future__ import annotations

import ast
from collections.abc import Mapping

from .formula import Formula

__all__ = ["as_written", "axis_of", "choices_in", "is_whole", "text"]


def text(formula: Formula, names: Mapping[str, str]) -> str:
    """Return *formula* in one line, with *names* in place of its own.

    >>> text(Formula.parse("where(out > 0, G, 0)"), {"out": "h"})
    'G where h > 0, else 0'
    """
    plain = _Plain(names)
    parts = [(name, plain.visit(tree)) for name, tree in formula.trees]
    value = parts[-1][1]
    if isinstance(value, ast.IfExp):
        said = f"{ast.unparse(value.body)} if {ast.unparse(value.test)}, else {ast.unparse(value.orelse)}"
    else:
        *choices, last = choices_in(value)
        said = ", ".join(f"{ast.unparse(x)} where {ast.unparse(c)}" for x, c in choices if c is not None)
        said += f"{', else ' if choices else ''}{ast.unparse(last[0])}"
    definitions = [f"{names.get(name or '', name)} = {ast.unparse(tree)}" for name, tree in parts[:-1]]
    return f"{said}, with {', '.join(definitions)}" if definitions else said


def choices_in(tree: ast.expr) -> list[tuple[ast.expr, ast.expr | None]]:
    """Return the values of ``where(c, a, where(d, b, ...))`` with their conditions; the last has None."""
    found: list[tuple[ast.expr, ast.expr | None]] = []
    while isinstance(tree, ast.Call) and ast.unparse(tree.func) == "where":
        condition, value, tree = tree.args
        found.append((value, condition))
    return [*found, (tree, None)]


def axis_of(call: ast.Call) -> ast.expr | None:
    """Return the axis that a function goes along, if it is told, and is not None for all of them."""
    told = next((k.value for k in call.keywords if k.arg == "axis"), None)
    if isinstance(told, ast.Tuple) and len(told.elts) == 1:
        return told.elts[0]
    return None if isinstance(told, ast.Constant) and told.value is None else told


def as_written(tree: ast.expr, names: Mapping[str, str]) -> str:
    """Return the text of a part of a formula."""
    return ast.unparse(_Plain(names).visit(tree))


def is_whole(name: str) -> bool:
    """Whether *name*, a name or what a program says in its place, needs no parentheses: h, self.w and x[0] do not."""
    try:
        tree = ast.parse(name, mode="eval").body
    except SyntaxError:
        return True  # no expression at all, such as dL/d(out) in words
    return isinstance(tree, ast.Name | ast.Attribute | ast.Subscript | ast.Call | ast.Constant)


class _Plain(ast.NodeTransformer):
    """Names are replaced, details left out, and operators of arrays written as words: and, or, not."""

    def __init__(self, names: Mapping[str, str]) -> None:
        self.names = {key: name if is_whole(name) else f"({name})" for key, name in names.items()}

    def visit_Name(self, node: ast.Name) -> ast.expr:
        return ast.Name(self.names.get(node.id, node.id))

    def visit_Call(self, node: ast.Call) -> ast.expr:
        args = [self.visit(a) for a in node.args]
        if (axis := axis_of(node)) is not None:
            value = self.visit(axis)
            args.append(value if isinstance(axis, ast.Name) else ast.Name(f"axis={ast.unparse(value)}"))
        return ast.Call(node.func, args, [])

    def visit_Attribute(self, node: ast.Attribute) -> ast.expr:
        return ast.Attribute(self.visit(node.value), "T" if node.attr == "mT" else node.attr)

    def visit_BinOp(self, node: ast.BinOp) -> ast.expr:
        left, right = self.visit(node.left), self.visit(node.right)
        if isinstance(node.op, ast.BitAnd | ast.BitOr):
            return ast.BoolOp(ast.And() if isinstance(node.op, ast.BitAnd) else ast.Or(), [left, right])
        return ast.BinOp(left, node.op, right)

    def visit_UnaryOp(self, node: ast.UnaryOp) -> ast.expr:
        op = ast.Not() if isinstance(node.op, ast.Invert) else node.op
        return ast.UnaryOp(op, self.visit(node.operand))
