"""A formula: one Python expression, and definitions that stand before it.

It is evaluated as it stands: ``G * out * (1 - out)`` over numbers or arrays, once its functions have a meaning.  A keyword
argument other than *axis* is a detail, needed to evaluate and left out where people read.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from types import CodeType
from typing import Any

__all__ = ["Formula", "functions_in", "names_in"]


@dataclass(frozen=True)
class Formula:
    """The expression *value*, in which names may be *defined* by expressions over what was there before them.

    >>> Formula.parse("s = sigmoid(x)\\nG * s * (1 - s)").names
    ('x', 'G')
    """

    value: str
    defined: tuple[tuple[str, str], ...] = ()

    @classmethod
    def parse(cls, source: str) -> Formula:
        """Read lines such as ``s = sigmoid(x)``, and an expression in the last; what is not needed for that is left out."""
        *definitions, last = ast.parse(source).body
        assert isinstance(last, ast.Expr), f"a formula ends with an expression, not with {ast.unparse(last)!r}"
        pairs = []
        for line in definitions:
            assert isinstance(line, ast.Assign), f"a definition is like s = sigmoid(x), not {ast.unparse(line)!r}"
            pairs.append((ast.unparse(line.targets[0]), ast.unparse(line.value)))
        needed = set(names_in(last.value))
        kept = []
        for name, value in reversed(pairs):
            if name in needed:
                needed.update(names_in(ast.parse(value)))
                kept.append((name, value))
        return cls(ast.unparse(last.value), tuple(reversed(kept)))

    def __str__(self) -> str:
        return "\n".join([*(f"{name} = {value}" for name, value in self.defined), self.value])

    @property
    def trees(self) -> Iterator[tuple[str | None, ast.expr]]:
        """Each definition with its name, and then the value with None."""
        for name, value in (*self.defined, (None, self.value)):
            yield name, ast.parse(value, mode="eval").body

    def changed(self, change: Callable[[ast.expr], ast.expr]) -> Formula:
        """Return the formula with each of its expressions changed.

        >>> Formula("G * x").changed(lambda tree: ast.UnaryOp(ast.USub(), tree)).value
        '-(G * x)'
        """
        lines = [(name, ast.unparse(change(tree))) for name, tree in self.trees]
        return Formula(lines[-1][1], tuple((name, value) for name, value in lines if name is not None))

    @cached_property
    def names(self) -> tuple[str, ...]:
        """The names of values that are read and not defined here, in order."""
        return self._read(details=True)

    @cached_property
    def shown(self) -> tuple[str, ...]:
        """Those of them that people read: without what stands in details alone.

        >>> Formula.parse("spread(G, axis=axis, shape=x.shape)").shown
        ('G', 'axis')
        """
        return self._read(details=False)

    def _read(self, details: bool) -> tuple[str, ...]:
        own = {name for name, _ in self.defined}
        read = [name for _, tree in self.trees for name in names_in(tree, details)]
        return tuple(dict.fromkeys(name for name in read if name not in own))

    @cached_property
    def functions(self) -> frozenset[str]:
        """The names of the functions that are called."""
        return frozenset(name for _, tree in self.trees for name in functions_in(tree))

    @cached_property
    def _codes(self) -> tuple[tuple[str | None, CodeType], ...]:
        return tuple((name, compile(ast.Expression(tree), "<rule>", "eval")) for name, tree in self.trees)

    def evaluate(self, functions: dict[str, Any], values: dict[str, Any]) -> Any:
        """Return what the formula comes to, with these meanings of its functions and values of its names.

        >>> Formula.parse("-G * sin(x)").evaluate({"sin": lambda x: 0.5}, {"G": 2.0, "x": 1.0})
        -1.0
        """
        scope = {"__builtins__": {}, **functions, **values}
        result: Any = None
        for name, code in self._codes:
            result = eval(code, scope)
            if name is not None:
                scope[name] = result
        return result


def functions_in(tree: ast.AST) -> set[str]:
    """Return the names of the functions that *tree* calls."""
    return {n.func.id for n in ast.walk(tree) if isinstance(n, ast.Call) and isinstance(n.func, ast.Name)}


def names_in(tree: ast.AST, details: bool = True) -> list[str]:
    """Return the names of the values that *tree* reads, in order of the text, also more than once."""
    left_out: set[int] = set()
    for call in (n for n in ast.walk(tree) if isinstance(n, ast.Call)):
        left_out.add(id(call.func))
        for keyword in () if details else (k for k in call.keywords if k.arg != "axis"):
            left_out.update(map(id, ast.walk(keyword)))
    names = [n for n in ast.walk(tree) if isinstance(n, ast.Name) and id(n) not in left_out]
    return [n.id for n in sorted(names, key=lambda n: (n.lineno, n.col_offset))]
