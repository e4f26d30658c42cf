"""A formula set in boxes, as a typesetter would: fractions, exponents, roots, cases, and how each function is written."""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from .formula import Formula
from .text import as_written, axis_of, choices_in, is_whole

__all__ = ["Box", "Cases", "Fence", "Fraction", "Root", "Row", "Script", "Sign", "Word", "set_formula"]


@dataclass(frozen=True)
class Word:
    """A name, number or piece of prose: *kind* is "name", "number", "function" or "prose"."""

    text: str
    kind: str = "name"


@dataclass(frozen=True)
class Sign:
    """An operator; between two boxes if *between*, else in front of one."""

    text: str
    between: bool = True


@dataclass(frozen=True)
class Row:
    """Boxes beside each other."""

    boxes: tuple[Box, ...]


@dataclass(frozen=True)
class Fraction:
    """A box above a line, and one below."""

    above: Box
    below: Box


@dataclass(frozen=True)
class Script:
    """A box with another above its right end, below it, or both."""

    base: Box
    above: Box | None = None
    below: Box | None = None


@dataclass(frozen=True)
class Root:
    """A square root."""

    inside: Box


@dataclass(frozen=True)
class Fence:
    """A box between parentheses, or others."""

    inside: Box
    left: str = "("
    right: str = ")"


@dataclass(frozen=True)
class Cases:
    """Values, each with the condition under which it holds; the last, without one, otherwise."""

    cases: tuple[tuple[Box, Box | None], ...]


Box: TypeAlias = Word | Sign | Row | Fraction | Script | Root | Fence | Cases

# How tightly a box holds together: what is looser than its place allows gets parentheses.
CASES, OR, AND, NOT, COMPARISON, SUM, NEGATION, PRODUCT, POWER, ATOM = range(10)
Set: TypeAlias = tuple[Box, int]

GREEK = {"alpha": "α", "beta": "β", "eps": "ε", "inf": "∞", "pi": "π"}
OPERATORS: dict[type[ast.AST], tuple[str, int]] = {
    ast.Add: ("+", SUM), ast.Sub: ("−", SUM), ast.Mult: ("⋅", PRODUCT), ast.MatMult: ("", PRODUCT),
    ast.FloorDiv: ("÷", PRODUCT), ast.BitAnd: ("∧", AND), ast.BitOr: ("∨", OR),
}  # fmt: skip
COMPARISONS: dict[type[ast.AST], str] = {
    ast.Lt: "<", ast.LtE: "≤", ast.Gt: ">", ast.GtE: "≥", ast.Eq: "=", ast.NotEq: "≠",
}  # fmt: skip


def set_formula(formula: Formula, names: Mapping[str, str]) -> Box:
    """Return *formula* in boxes, with *names* in place of its own."""
    setter = _Setter(names)
    parts = [(name, setter.within(tree, CASES if name is None else SUM)) for name, tree in formula.trees]
    boxes: list[Box] = [parts[-1][1]]
    for i, (name, box) in enumerate(parts[:-1]):
        boxes += [Sign(",") if i else Word(", with ", "prose"), setter.name(name or ""), Sign("="), box]
    return _row(*boxes)


def _row(*boxes: Box) -> Box:
    flat = [b for box in boxes for b in (box.boxes if isinstance(box, Row) else (box,))]
    return flat[0] if len(flat) == 1 else Row(tuple(flat))


class _Setter:
    """Sets expressions in boxes; each method returns a box and how tightly it holds."""

    def __init__(self, names: Mapping[str, str]) -> None:
        self.names = names

    def set(self, tree: ast.expr) -> Set:
        found: Callable[..., Set] = getattr(self, f"set_{type(tree).__name__}", self.set_written)
        return found(tree)

    def within(self, tree: ast.expr, level: int) -> Box:
        """Return the box of *tree*, in parentheses where it is looser than *level*; a condition, 1 or 0, in brackets."""
        box, tight = self.set(tree)
        if tight >= level or isinstance(box, Cases):
            return box
        return Fence(box, "[", "]") if tight == COMPARISON else Fence(box)

    def name(self, name: str) -> Box:
        shown = self.names.get(name, GREEK.get(name, name))
        letter, _, below = shown.partition("_")
        if len(letter) == 1 and below.isalnum():
            return Script(Word(letter), below=Word(below))
        return Word(shown) if is_whole(shown) else Fence(Word(shown))

    def set_written(self, tree: ast.expr) -> Set:
        """What mathematics has no notation for stays as the program has it."""
        return Word(as_written(tree, self.names)), ATOM

    def set_Name(self, tree: ast.Name) -> Set:
        return self.name(tree.id), ATOM

    def set_Constant(self, tree: ast.Constant) -> Set:
        return Word("…" if tree.value is ... else str(tree.value), "number"), ATOM

    def set_Attribute(self, tree: ast.Attribute) -> Set:
        if tree.attr == "mT" and ast.unparse(tree.value).startswith("inv("):
            assert isinstance(tree.value, ast.Call)
            return _inverted(self, tree.value.args[0], transposed=True), POWER
        if tree.attr == "mT":
            return Script(self.within(tree.value, ATOM), Sign("⊤", between=False)), POWER
        return self.set_written(tree)

    def set_Subscript(self, tree: ast.Subscript) -> Set:
        index = self.set(tree.slice)[0]
        return _row(self.within(tree.value, ATOM), Fence(index, "[", "]")), ATOM

    def set_Tuple(self, tree: ast.Tuple) -> Set:
        return self.listed(tree.elts), CASES

    def set_Compare(self, tree: ast.Compare) -> Set:
        boxes: list[Box] = [self.within(tree.left, SUM)]
        for op, right in zip(tree.ops, tree.comparators, strict=True):
            boxes += [Sign(COMPARISONS[type(op)]), self.within(right, SUM)]
        return _row(*boxes), COMPARISON

    def set_UnaryOp(self, tree: ast.UnaryOp) -> Set:
        if isinstance(tree.op, ast.Invert | ast.Not):
            return _row(Sign("¬", between=False), self.within(tree.operand, ATOM)), NOT
        return _row(Sign("−", between=False), self.within(tree.operand, PRODUCT)), NEGATION

    def set_BinOp(self, tree: ast.BinOp) -> Set:
        if isinstance(tree.op, ast.Pow):
            return Script(self.within(tree.left, ATOM), self.set(tree.right)[0]), POWER
        if (opposite := _opposite(tree)) is not None:
            return self.set_UnaryOp(ast.UnaryOp(ast.USub(), opposite))
        if isinstance(tree.op, ast.Div):
            return Fraction(self.set(tree.left)[0], self.set(tree.right)[0]), PRODUCT
        sign, level = OPERATORS[type(tree.op)]
        associative = isinstance(tree.op, ast.Add | ast.Mult | ast.MatMult | ast.BitAnd | ast.BitOr)
        left, right = self.within(tree.left, level), self.within(tree.right, level + (not associative))
        if isinstance(tree.op, ast.Mult) and _is_number(left) and not _is_number(_first(right)):
            sign = ""  # 2 x
        return _row(left, Sign(sign), right), level

    def set_IfExp(self, tree: ast.IfExp) -> Set:
        return Cases(((self.set(tree.body)[0], self.set(tree.test)[0]), (self.set(tree.orelse)[0], None))), CASES

    def set_Call(self, tree: ast.Call) -> Set:
        assert isinstance(tree.func, ast.Name)
        special = FUNCTIONS.get(tree.func.id)
        if special is not None and (made := special(self, tree)) is not None:
            return made
        name: Box = Word(SYMBOLS.get(tree.func.id, tree.func.id.replace("_", " ")), "function")
        if (axis := self.axis(tree)) is not None:
            name = Script(name, below=axis)
        return _row(name, Fence(self.listed(tree.args))), ATOM

    def axis(self, tree: ast.Call) -> Box | None:
        """Return the axis that a function goes along, if there is one to be told."""
        axis = axis_of(tree)
        if axis is None or isinstance(axis, ast.Name):
            return None if axis is None else self.set(axis)[0]
        return _row(Word("axis ", "prose"), self.set(axis)[0])

    def listed(self, trees: list[ast.expr]) -> Box:
        boxes: list[Box] = []
        for tree in trees:
            boxes += [*([Sign(",")] if boxes else []), self.set(tree)[0]]
        return _row(*boxes) if boxes else Row(())


def _opposite(tree: ast.expr) -> ast.expr | None:
    """Return the product or fraction *tree* without the minus in front of its first factor, if it has one."""
    match tree:
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            return operand
        case ast.BinOp(left=left, op=ast.Mult() | ast.MatMult() | ast.Div() as op, right=right):
            first = _opposite(left)
            return first and ast.BinOp(first, op, right)
    return None


def _first(box: Box) -> Box:
    return _first(box.boxes[0]) if isinstance(box, Row) else box


def _is_number(box: Box) -> bool:
    return isinstance(box, Word) and box.kind == "number"


# -------------------------------------------------------------------------------------------------- how functions look

SYMBOLS = {
    "digamma": "ψ", "gamma": "Γ", "normal_cdf": "Φ", "normal_pdf": "φ", "sigmoid": "σ", "zeta": "ζ",
    "channel_sum": "sum per channel", "diagonal_matrix": "diag",
}  # fmt: skip


def _fenced(left: str, right: str) -> Callable[[_Setter, ast.Call], Set]:
    return lambda setter, tree: (Fence(setter.set(tree.args[0])[0], left, right), ATOM)


def _operator(*sign: str) -> Callable[[_Setter, ast.Call], Set]:
    """A function of two arguments, written between them; the sign may have another above it."""
    mark: Box = Sign(sign[0]) if len(sign) == 1 else Script(Sign(sign[0]), Sign(sign[1], between=False))

    def made(setter: _Setter, tree: ast.Call) -> Set:
        left, right = (setter.within(a, POWER) for a in tree.args)
        return _row(left, mark, right), PRODUCT

    return made


def _of_order(letter: str, order: int) -> Callable[[_Setter, ast.Call], Set]:
    """A function of two arguments, of which one, at the place *order*, is written below its letter."""

    def made(setter: _Setter, tree: ast.Call) -> Set:
        below, x = setter.set(tree.args[order])[0], setter.set(tree.args[1 - order])[0]
        return _row(Script(Word(letter), below=below), Fence(x)), ATOM

    return made


def _root(setter: _Setter, tree: ast.Call) -> Set:
    return Root(setter.set(tree.args[0])[0]), ATOM


def _exponential(setter: _Setter, tree: ast.Call) -> Set:
    return Script(Word("e"), setter.set(tree.args[0])[0]), POWER


def _sum(setter: _Setter, tree: ast.Call) -> Set:
    axis, sign = setter.axis(tree), Sign("∑", between=False)
    summed = setter.within(tree.args[0], PRODUCT)
    return _row(sign if axis is None else Script(sign, below=axis), summed), NEGATION


def _inverse(setter: _Setter, tree: ast.Call) -> Set:
    return _inverted(setter, tree.args[0]), POWER


def _inverted(setter: _Setter, matrix: ast.expr, transposed: bool = False) -> Box:
    """Return the inverse of *matrix*; of a transposed one it is written with one exponent."""
    if isinstance(matrix, ast.Attribute) and matrix.attr == "mT":
        matrix, transposed = matrix.value, not transposed
    exponent: Box = Sign("⊤", between=False) if transposed else Word("1", "number")
    return Script(setter.within(matrix, ATOM), _row(Sign("−", between=False), exponent))


def _solution(setter: _Setter, tree: ast.Call) -> Set:
    matrix, right = tree.args
    return _row(_inverted(setter, matrix), Sign(""), setter.within(right, PRODUCT)), PRODUCT


def _complement(setter: _Setter, tree: ast.Call) -> Set:
    return _row(Word("I"), Sign("−"), setter.within(tree.args[0], PRODUCT)), SUM


def _polygamma(setter: _Setter, tree: ast.Call) -> Set:
    order, x = (setter.set(a)[0] for a in tree.args)
    return _row(Script(Word("ψ", "function"), Fence(order)), Fence(x)), ATOM


def _cases(setter: _Setter, tree: ast.Call) -> Set:
    cases = [(setter.set(value)[0], None if c is None else setter.set(c)[0]) for value, c in choices_in(tree)]
    return Cases(tuple(cases)), CASES


FUNCTIONS: dict[str, Callable[[_Setter, ast.Call], Set]] = {
    "abs": _fenced("|", "|"),
    "bessel_i": _of_order("I", 1),
    "ceil": _fenced("⌈", "⌉"),
    "complement": _complement,
    "convolve": _operator("∗"),
    "convolve_transposed": _operator("∗", "⊤"),
    "correlate": _operator("⋆"),
    "exp": _exponential,
    "floor": _fenced("⌊", "⌋"),
    "inv": _inverse,
    "j": _of_order("j", 0),
    "polygamma": _polygamma,
    "solve": _solution,
    "sqrt": _root,
    "sum": _sum,
    "where": _cases,
}
