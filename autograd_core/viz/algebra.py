"""School algebra on expressions, so that a formula written to be cheap reads as one writes it by hand.

``g - g * out * out`` is one pass less over memory than ``g * (1 - out ** 2)``, which is what people expect.
"""

from __future__ import annotations

import ast
import copy
from collections.abc import Iterable, Mapping
from fractions import Fraction
from typing import TypeAlias

__all__ = ["put", "tidy"]

Powers: TypeAlias = dict[str, int]  # factors, by their text, in order


def tidy(tree: ast.expr) -> ast.expr:
    """Return an equal expression with powers, common factors in front of brackets, and no negated conditions.

    >>> ast.unparse(tidy(ast.parse("g - g * out * out", mode="eval").body))
    'g * (1 - out ** 2)'
    """
    tidied = _Tidier().visit(tree)
    assert isinstance(tidied, ast.expr)
    return tidied


def put(tree: ast.expr, values: Mapping[str, ast.expr]) -> ast.expr:
    """Return *tree* with expressions in the place of names."""
    made = _Putter(values).visit(tree)
    assert isinstance(made, ast.expr)
    return made


class _Putter(ast.NodeTransformer):
    def __init__(self, values: Mapping[str, ast.expr]) -> None:
        self.values = values

    def visit_Name(self, node: ast.Name) -> ast.expr:
        return copy.deepcopy(self.values[node.id]) if node.id in self.values else ast.Name(node.id)


class _Tidier(ast.NodeTransformer):
    """Tidies the innermost first."""

    def visit(self, node: ast.AST) -> ast.AST:
        match tidied := self.generic_visit(node):
            case ast.BinOp(op=ast.Add() | ast.Sub() | ast.Mult() | ast.Div() | ast.Pow()) | ast.UnaryOp(op=ast.USub()):
                return _sum(_terms(tidied))
            case ast.Call():
                return _chosen(tidied)
        return tidied


def _chosen(call: ast.Call) -> ast.expr:
    """Return ``where(~c, a, b)`` the other way round; to negate c itself would be wrong for NaN."""
    match call:
        case ast.Call(func=ast.Name(id="where"), args=[ast.UnaryOp(op=ast.Invert(), operand=condition), yes, no]):
            return ast.Call(call.func, [condition, no, yes], [])
    return call


# ------------------------------------------------------------------------------------------------- products and sums


def _product(tree: ast.expr) -> tuple[Fraction, Powers]:
    """Return the number in *tree*, and its other factors with their powers."""
    match tree:
        case ast.Constant(value=int() | float() as value) if Fraction(value).limit_denominator(1000) == Fraction(value):
            return Fraction(value), {}
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            number, powers = _product(operand)
            return -number, powers
        case ast.BinOp(left=left, op=ast.Mult() | ast.Div() as op, right=right):
            (a, powers), (b, others) = _product(left), _product(right)
            sign = 1 if isinstance(op, ast.Mult) else -1
            if sign > 0 or b:
                merged = dict(powers)
                for text, n in others.items():
                    merged[text] = merged.get(text, 0) + sign * n
                return a * b**sign, {text: n for text, n in merged.items() if n}
        case ast.BinOp(left=left, op=ast.Pow(), right=ast.Constant(value=int(n))) if n > 0:
            number, powers = _product(left)
            return number**n, {text: m * n for text, m in powers.items()}
    return Fraction(1), {ast.unparse(tree): 1}


def _terms(tree: ast.expr) -> list[tuple[Fraction, Powers]]:
    match tree:
        case ast.BinOp(left=left, op=ast.Add() | ast.Sub() as op, right=right):
            sign = 1 if isinstance(op, ast.Add) else -1
            return _terms(left) + [(sign * number, powers) for number, powers in _terms(right)]
    return [_product(tree)]


def _collected(terms: Iterable[tuple[Fraction, Powers]]) -> list[tuple[Fraction, Powers]]:
    """Return *terms* with equal ones added up."""
    sums: dict[frozenset[tuple[str, int]], tuple[Fraction, Powers]] = {}
    for number, powers in terms:
        key = frozenset(powers.items())
        sums[key] = (sums[key][0] + number if key in sums else number, powers)
    return [term for term in sums.values() if term[0]]


def _common(terms: list[tuple[Fraction, Powers]]) -> Powers:
    """Return the factors that all of several terms have."""
    if len(terms) < 2:
        return {}
    shared = {text: min(powers.get(text, 0) for _, powers in terms) for text in terms[0][1]}
    return {text: n for text, n in shared.items() if n > 0}


def _sum(terms: Iterable[tuple[Fraction, Powers]]) -> ast.expr:
    left = _collected(terms)
    if not left:
        return ast.Constant(0)
    if common := _common(left):
        rest = [
            (number, {t: n - common.get(t, 0) for t, n in p.items() if n != common.get(t, 0)}) for number, p in left
        ]
        bracket = _sum(rest)
        return _written(Fraction(1), {**common, ast.unparse(bracket): 1})
    first = left[0] if left[0][0] > 0 else next((t for t in left if t[0] > 0), left[0])
    made = _written(*first)
    for number, powers in (t for t in left if t is not first):
        op: ast.operator = ast.Add() if number > 0 else ast.Sub()
        made = ast.BinOp(made, op, _written(abs(number), powers))
    return made


def _written(number: Fraction, powers: Powers) -> ast.expr:
    """Return the product: the number first, then the gradient, and what is divided by below."""
    above = [_power(text, n) for text, n in sorted(powers.items(), key=lambda p: p[0] != "G") if n > 0]
    below = [_power(text, -n) for text, n in powers.items() if n < 0]
    if abs(number.numerator) != 1 or not above:
        above.insert(0, ast.Constant(abs(number.numerator)))
    if number.denominator != 1:
        below.insert(0, ast.Constant(number.denominator))
    if number < 0:
        above[0] = ast.UnaryOp(ast.USub(), above[0])
    made = _times(above)
    return ast.BinOp(made, ast.Div(), _times(below)) if below else made


def _times(factors: list[ast.expr]) -> ast.expr:
    made = factors[0]
    for factor in factors[1:]:
        made = ast.BinOp(made, ast.Mult(), factor)
    return made


def _power(text: str, n: int) -> ast.expr:
    base = ast.parse(text, mode="eval").body
    return base if n == 1 else ast.BinOp(base, ast.Pow(), ast.Constant(n))
