"""The derivative rule of every primitive for every operand, for people to read: as text, LaTeX and MathML.

A rule is read from the formula's own source where that is possible, and told by hand elsewhere.  Tests evaluate every one of
them beside the engine, so a rule that is shown is the rule that is used.
"""

from __future__ import annotations

import ast
import functools
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from ..errors import ArgumentError
from ..primitive import PRIMITIVES, Primitive
from .algebra import put, tidy
from .notation import Formula, latex, mathml, set_formula, text
from .reading import read
from .told import FUNCTIONS, TOLD

__all__ = ["Rule", "Symbol", "rule"]

ROLES = {
    "gradient": "the gradient that arrives, of the shape of the result",
    "operand": "an operand",
    "result": "the result",
    "auxiliary": "kept from forward beside the result",
    "parameter": "a parameter of the call",
}


@dataclass(frozen=True)
class Symbol:
    """A name in a rule: *role* is "gradient", "operand", "result", "auxiliary" or "parameter".

    >>> from autograd_core.viz import rule
    >>> [(s.name, s.role) for s in rule("matmul", "input").symbols]
    [('G', 'gradient'), ('other', 'operand')]
    """

    name: str
    role: str

    @property
    def words(self) -> str:
        """What it stands for."""
        return ROLES[self.role]


@dataclass(frozen=True)
class Rule:
    """What *operand* of *primitive* gets of the gradient G that arrives at the result.

    *formula* is what is computed, apart from what broadcasting adds: a gradient is then summed to the shape of the
    operand.  *words* says it in a sentence, where one helps, else it is empty.  *complete* is False for a formula that
    could not be read, of a primitive that is not the engine's own: it is shown by its name.

    >>> from autograd_core.viz import rule
    >>> r = rule("matmul", "input")
    >>> r.text, r.with_names({"G": "dz", "other": "W2"}).text
    ('G @ other.T', 'dz @ W2.T')
    >>> r.latex
    'G \\\\, \\\\mathrm{other}^{\\\\top}'
    """

    primitive: str
    operand: str
    formula: Formula
    words: str
    symbols: tuple[Symbol, ...]
    complete: bool = True
    names: tuple[tuple[str, str], ...] = ()

    @property
    def functions(self) -> dict[str, str]:
        """What its functions mean, in a few words, apart from those of every textbook.

        >>> from autograd_core.viz import rule
        >>> rule("sum", "x").functions
        {'spread': 'copied along the axes that were reduced'}
        """
        return {name: FUNCTIONS[name] for name in sorted(self.formula.functions) if name in FUNCTIONS}

    @property
    def expression(self) -> str:
        """The formula as Python, with all details and with its own names: after lines of definitions, if any."""
        return str(self.formula)

    @cached_property
    def _personal(self) -> Formula:
        """The formula with numbers that the program has for operands worked in."""
        numbers = {name: tree for name, shown in self.names if (tree := _number(shown)) is not None}
        if not numbers:
            return self.formula
        return self.formula.changed(lambda tree: tidy(put(tree, numbers)))

    @cached_property
    def shown_names(self) -> dict[str, str]:
        """All names as they are shown: one that the program has for something else gets a prime."""
        given = dict(self.names)
        taken = {word for name in given.values() for word in re.findall(r"[^\W\d]\w*", name)}
        own = (*self.formula.names, *(name for name, _ in self.formula.defined))
        return given | {name: f"{name}'" for name in own if name in taken and name not in given}

    @cached_property
    def text(self) -> str:
        """The rule as plain text."""
        return text(self._personal, self.shown_names)

    @cached_property
    def latex(self) -> str:
        """The rule as LaTeX, for mathematics mode."""
        return latex(set_formula(self._personal, self.shown_names))

    @cached_property
    def mathml(self) -> str:
        """The rule as MathML, an element ``<math>``."""
        return mathml(set_formula(self._personal, self.shown_names))

    def with_names(self, names: Mapping[str, str]) -> Rule:
        """Return the rule with *names* in place of symbols: ``{"x": "h", "y": "W2"}``.

        They may be expressions, which get parentheses where they need them; a symbol that has such a name already gets a
        prime, and numbers are worked in.  Raises ArgumentError for what is no symbol and no operand of the primitive.
        """
        primitive = PRIMITIVES[self.primitive]
        known = ["G", "out", *primitive.operands, *primitive.auxiliary, *primitive.params]
        known += [name for name in self.formula.names if name not in known]
        for name in names:
            if name not in known:
                raise ArgumentError(
                    f"with_names: {self.primitive} has no symbol {name!r}; expected some of {', '.join(known)}"
                )
        return replace(self, names=tuple({**dict(self.names), **names}.items()))

    def in_call(self, parameters: Mapping[str, Any], shapes: Mapping[str, tuple[int, ...] | None]) -> Rule:
        """Return the rule with what one call knows worked in: its axes, and the numbers of elements along them.

        *parameters* are those of the call, by name, and *shapes* those of its operands.

        >>> from autograd_core.viz import rule
        >>> mean = rule("mean", "x")
        >>> mean.text, mean.in_call({"axis": (1,)}, {"x": (4, 3)}).text
        ('spread(G, axis) / count(x, axis)', 'spread(G, axis=1) / 3')
        """
        formula = self.formula.changed(_Known(parameters, shapes).visit)
        if formula == self.formula:
            return self
        return replace(self, formula=formula, symbols=tuple(s for s in self.symbols if s.name in formula.shown))


class _Known(ast.NodeTransformer):
    """Puts the axes of a call for ``axis``, and numbers for ``count``."""

    def __init__(self, parameters: Mapping[str, Any], shapes: Mapping[str, tuple[int, ...] | None]) -> None:
        self.parameters, self.shapes = parameters, shapes

    def visit_keyword(self, node: ast.keyword) -> ast.keyword:
        match node:
            case ast.keyword(arg="axis", value=ast.Name(id=name)) if name in self.parameters:
                return ast.keyword("axis", ast.parse(repr(self.parameters[name]), mode="eval").body)
        return node

    def visit_Call(self, node: ast.Call) -> ast.expr:
        self.generic_visit(node)
        match node:
            case ast.Call(func=ast.Name(id="count"), args=[ast.Name(id=x)], keywords=[ast.keyword(value=axis)]):
                shape = self.shapes.get(x)
                if shape is not None and not isinstance(axis, ast.Name):
                    axes = ast.literal_eval(axis)
                    return ast.Constant(math.prod(shape if axes is None else [shape[i] for i in axes]))
        return node


def rule(primitive: str, operand: str) -> Rule:
    """Return the rule of *primitive*, by its name in the graph, for *operand*.

    Raises ArgumentError for a primitive or operand that is not there, and for an operand without a derivative.

    >>> from autograd_core.viz import rule
    >>> rule("sigmoid", "x").text
    'G * out * (1 - out)'
    """
    declared = PRIMITIVES.get(primitive)
    if declared is None:
        raise ArgumentError(f"rule: there is no primitive {primitive!r}; see autograd_core.PRIMITIVES for their names")
    if operand not in declared.operands:
        raise ArgumentError(
            f"rule: {primitive} has no operand {operand!r}; expected one of {', '.join(declared.operands)}"
        )
    if operand not in declared.live:
        live = f"it has one for {', '.join(declared.live)}" if declared.live else "it has none for any operand"
        raise ArgumentError(f"rule: {primitive} has no derivative for {operand!r}; {live}")
    return _made(declared, operand)


@functools.cache
def _made(primitive: Primitive, operand: str) -> Rule:
    told, words = TOLD.get(primitive.name, {}).get(operand, (None, ""))
    formula = read(primitive, operand) if told is None else Formula.parse(told)
    complete = formula is not None
    if formula is None:
        formula = _by_name(primitive, operand)
    symbols = tuple(Symbol(name, _role(primitive, name)) for name in formula.shown if name not in ("pi", "nan", "inf"))
    return Rule(primitive.name, operand, formula, words, symbols, complete)


def _number(text: str) -> ast.expr | None:
    """Return *text* as an expression if it is a number."""
    try:
        value = ast.literal_eval(text)
    except (SyntaxError, ValueError):
        return None
    return ast.parse(text, mode="eval").body if type(value) in (int, float) else None


def _by_name(primitive: Primitive, operand: str) -> Formula:
    rule = primitive.rules[operand]
    assert rule is not None
    name = rule.formula.__name__
    called = name if name.isidentifier() else f"{primitive.name}_{operand}"
    return Formula(f"{called}({', '.join(['G', *rule.reads])})")


def _role(primitive: Primitive, name: str) -> str:
    if name == "G":
        return "gradient"
    if name == "out":
        return "result"
    if name in primitive.operands:
        return "operand"
    return "parameter" if name in primitive.params else "auxiliary"
