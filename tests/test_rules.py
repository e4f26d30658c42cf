"""Rules for people: each one evaluated beside the engine, and each notation read back."""

from __future__ import annotations

import ast
import contextlib
import re
from typing import Any
from xml.etree import ElementTree as ET

import numpy as np
import pytest
from rules_by_definition import FUNCTIONS, TRANSPOSED, fitted, meanings
from samples import SAMPLES

import autograd_core as ag
from autograd_core import PRIMITIVES, grad, primitive
from autograd_core.errors import ArgumentError
from autograd_core.primitive import SPACE
from autograd_core.viz import Rule, Symbol, rule
from autograd_core.viz.algebra import tidy
from autograd_core.viz.notation import Formula, latex, mathml, set_formula, text
from autograd_core.viz.reading import read
from autograd_core.viz.told import FUNCTIONS as WORDS
from autograd_core.viz.told import TEXTBOOK, TOLD
from docs import rules as rules_page

OURS = {name: prim for name, prim in PRIMITIVES.items() if not name.startswith("test_")}
RULES = [rule(name, operand) for name, prim in OURS.items() for operand in prim.live]
IDS = [f"{r.primitive}-{r.operand}" for r in RULES]

# Rules that need more than a few lines of NumPy to evaluate: the engine is held against differences for them.
BEYOND = {
    ("beta_shift", "a"): "derivatives of any order of the incomplete beta function in its parameters",
    ("beta_shift", "b"): "as for a",
    ("beta_shift", "x"): "as for a",
    ("ctc", "x"): "a sum over all alignments",
    ("recurrence", "table"): "a loop over time",
}


class Case:
    """One sample of a primitive, and a gradient that arrives at its result."""

    def __init__(self, prim: Any, operands: Any, params: dict[str, Any]) -> None:
        self.prim, self.operands, self.params = prim, operands, dict(params)
        for name, default in (prim.forward.__kwdefaults__ or {}).items():
            self.params.setdefault(name, default)
        self.results = prim.forward(*operands, **self.params)
        self.out = np.asarray(self.results[0] if prim.auxiliary else self.results, float)
        self.g = np.random.default_rng(3).normal(size=self.out.shape)

    def places(self, operand: str) -> list[int]:
        return list(range(len(self.operands))) if self.prim.variadic else [self.prim.operands.index(operand)]

    def by_rule(self, shown: Rule, place: int) -> Any:
        values = dict(self.params, G=self.g, out=self.out)
        values |= dict(zip(self.prim.auxiliary, self.results[1:])) if self.prim.auxiliary else {}
        if self.prim.variadic:
            values |= {"i": place, self.prim.operands[0]: self.operands}
        else:
            values |= dict(zip(self.prim.operands, self.operands))
        with np.errstate(all="ignore"):
            functions, seen = meanings(self.prim, values)
            made = shown.formula.evaluate(functions, seen)
        if not self.prim.variadic:
            made = fitted(made, np.shape(seen[shown.operand]))
        return fitted(made, np.shape(self.operands[place]))

    def by_engine(self, place: int) -> Any:
        tensors = [ag.tensor(x, requires_grad=True) if i == place else x for i, x in enumerate(self.operands)]
        out = self.prim.call(*tensors, **self.params)
        (found,) = grad(out[0] if self.prim.auxiliary else out, [tensors[place]], ag.tensor(self.g))
        return found.numpy()

    def by_differences(self, place: int, direction: Any, eps: float = 1e-5) -> float:
        def total(step: float) -> float:
            moved = [x + step * direction if i == place else x for i, x in enumerate(self.operands)]
            results = self.prim.forward(*moved, **self.params)
            return float(np.sum((results[0] if self.prim.auxiliary else results) * self.g))

        return (total(eps) - total(-eps)) / (2 * eps)


def test_every_operand_with_a_formula_has_a_rule() -> None:
    missing = [f"{r.primitive} for {r.operand}" for r in RULES if not r.complete]
    assert not missing, (
        f"no rule can be read of {', '.join(missing)}: tell it in autograd_core/viz/told, or name its partners in "
        "autograd_core/viz/partners.py"
    )


def test_what_is_told_exists() -> None:
    told = {(name, operand) for name, entries in TOLD.items() for operand in entries}
    assert told <= {(r.primitive, r.operand) for r in RULES}


def test_every_function_is_explained() -> None:
    used = {name for r in RULES for name in r.formula.functions}
    assert used <= {*WORDS, *TEXTBOOK}, "say in autograd_core/viz/told/functions.py what these mean"
    assert set(WORDS) <= used, "functions of no rule"


def test_names_of_values_are_no_names_of_functions() -> None:
    """They share one space when a rule is evaluated."""
    for r in RULES:
        assert r.formula.functions.isdisjoint({*r.formula.names, *(name for name, _ in r.formula.defined)}), r


def test_rules_beyond_evaluation_are_known() -> None:
    known = {*FUNCTIONS, "average", "centred", "per_statistic", "permutation", "total", "bessel_i"}
    beyond = {
        (r.primitive, r.operand)
        for r in RULES
        if not r.formula.functions <= known | ({TRANSPOSED[r.primitive]} if r.primitive in TRANSPOSED else set())
    }
    assert beyond == set(BEYOND)


@pytest.mark.parametrize("shown", RULES, ids=IDS)
def test_a_rule_is_what_the_engine_computes(shown: Rule) -> None:
    prim = PRIMITIVES[shown.primitive]
    for operands, params in SAMPLES[shown.primitive]:
        case = Case(prim, operands, params)
        for place in case.places(shown.operand):
            engine = case.by_engine(place)
            told = engine if (shown.primitive, shown.operand) in BEYOND else case.by_rule(shown, place)
            np.testing.assert_allclose(told, engine, rtol=1e-8, atol=1e-10, err_msg=f"{shown.text} with {params}")
            called = shown.in_call(params, dict(zip(prim.operands, map(np.shape, operands), strict=not prim.variadic)))
            if called is not shown and (shown.primitive, shown.operand) not in BEYOND:
                np.testing.assert_array_equal(case.by_rule(called, place), told, err_msg=called.text)
            direction = np.random.default_rng(4).normal(size=np.shape(operands[place]))
            slope = case.by_differences(place, direction)
            np.testing.assert_allclose(np.sum(told * direction), slope, rtol=2e-5, atol=1e-6)


# ------------------------------------------------------------------------------------------------------------- reading


GOLDEN = {
    ("matmul", "input"): "G @ other.T",
    ("matmul", "other"): "input.T @ G",
    ("mul", "x"): "G * y",
    ("div", "y"): "-G * out / y",
    ("sigmoid", "x"): "G * out * (1 - out)",
    ("tanh", "x"): "G * (1 - out ** 2)",
    ("relu", "x"): "G where out > 0, else 0",
    ("maximum", "x"): "G where x > y, G / 2 where x == y, else 0",
    ("clamp", "x"): "G where x >= low and x <= high, else 0",
    ("sum", "x"): "spread(G, axis)",
    ("softmax", "x"): "out * (G - sum(G * out, axis))",
    ("conv", "w"): "correlate(x, G)",
    ("erfc", "x"): "-2 * G * exp(-x ** 2) / sqrt(pi)",
    ("cholesky", "x"): "inv(out).T @ h @ inv(out), with s = tril(out.T @ G), h = (s + tril(s, -1).T) / 2",
    ("sign", "x"): "0",
}


@pytest.mark.parametrize(("name", "operand"), GOLDEN)
def test_rules_read_as_one_writes_them(name: str, operand: str) -> None:
    assert rule(name, operand).text == GOLDEN[name, operand]


def test_symbols_have_roles() -> None:
    assert rule("matmul", "input").symbols == (Symbol("G", "gradient"), Symbol("other", "operand"))
    roles = {s.name: s.role for s in rule("batch_norm", "x").symbols}
    assert roles == {"x": "operand", "w": "operand", "mean": "auxiliary", "rstd": "auxiliary", "G": "gradient"}
    assert [s.role for s in rule("leaky_relu", "x").symbols] == ["operand", "gradient", "parameter"]
    assert Symbol("out", "result").words == "the result"


def test_formulas_of_other_makers_are_read_too() -> None:
    @primitive
    def test_cube(x: Any, y: Any, z: Any) -> Any:
        return x**3 * y

    def above(g: Any, x: Any) -> Any:
        """Three lines, one read twice."""
        square = x * x
        twice = square + square
        return twice * g + square * g * np.pi

    test_cube.vjp(x=above, y=lambda g, x: sum([g, x]), z=lambda g, y, x: g * x * x + 2.5 * g * y * 0.1234567)
    try:
        found = rule("test_cube", "x")
        assert (found.text, found.complete) == ("G * x ** 2 * (2 + pi)", True)
        unread = rule("test_cube", "y")
        assert (unread.text, unread.complete) == ("test_cube_y(G, x)", False)
        assert rule("test_cube", "z").text == "G * (x ** 2 + 5 * y * 0.1234567 / 2)"
        assert read(PRIMITIVES["test_cube"], "y") is None
    finally:
        del PRIMITIVES["test_cube"]


def test_functions_of_the_package_are_read_by_either_name() -> None:
    @primitive
    def test_wave(x: Any, y: Any, z: Any) -> Any:
        return ag.sin(x) + y + z

    test_wave.vjp(x=lambda g, x: g * ag.cos(x), y=lambda g, x: g * np.cos(x), z=lambda g, x: g * ag.no_such(x))
    try:
        assert rule("test_wave", "x").text == "G * cos(x)"
        assert rule("test_wave", "y").text == "test_wave_y(G, x)"  # NumPy's is none of the engine's
        assert not rule("test_wave", "z").complete
    finally:
        del PRIMITIVES["test_wave"]


def test_what_cannot_be_read_is_not_guessed() -> None:
    """A name that changes its meaning, a branch, a loop, a call of what is unknown: shown by name."""

    def changes(g: Any, x: Any) -> Any:
        a = x * x
        b = a * x
        a = g * b
        return a * b * b

    def branches(g: Any, x: Any) -> Any:
        if x.ndim:
            return g
        return g * x

    def loops(g: Any, x: Any) -> Any:
        for _ in range(3):
            g = g * x
        return g

    for formula in (changes, branches, loops, lambda g, x: g * undefined(x), lambda g, x: g * x if x.ndim else g):  # noqa: F821

        @primitive
        def test_power(x: Any) -> Any:
            return x

        test_power.vjp(x=formula)
        try:
            assert read(PRIMITIVES["test_power"], "x") is None
            assert rule("test_power", "x").text.endswith("(G, x)")
        finally:
            del PRIMITIVES["test_power"], SPACE["test_power"]


TIDY = {
    "g + g": "2 * g",
    "g - g * out * out": "g * (1 - out ** 2)",
    "g * (out - out * out)": "g * out * (1 - out)",
    "-g * x / y / y": "-g * x / y ** 2",
    "g * 0.5 * x": "g * x / 2",
    "x * 0.3 - x * 0.1 * 2": "x * (0.3 - 2 * 0.1)",
    "one - one + g * 0": "0",
    "a - (b - a) - -b": "2 * a",
    "-x - y": "-x - y",
    "where(~(a < b), x + x, y)": "where(a < b, y, 2 * x)",
    "where(~(a & b), x, y)": "where(a & b, y, x)",
    "sin(x * x) ** 2 * sin(x * x)": "sin(x ** 2) ** 3",
    "x ** n * x": "x ** n * x",
    "x / 0": "x / 0",
}


@pytest.mark.parametrize("source", TIDY)
def test_school_algebra(source: str) -> None:
    assert ast.unparse(tidy(ast.parse(source, mode="eval").body)) == TIDY[source]


def test_school_algebra_keeps_values() -> None:
    rng = np.random.default_rng(5)

    def expression(depth: int) -> str:
        if depth == 0:
            return str(rng.choice(["x", "y", "z", "2", "0.5", "0.3"]))
        a, b = expression(depth - 1), expression(depth - 1)
        return str(
            rng.choice([f"({a} + {b})", f"({a} - {b})", f"({a} * {b})", f"({a} / {b})", f"-({a})", f"({a}) ** 2"])
        )

    for _ in range(300):
        source = expression(4)
        values = dict(zip("xyz", rng.uniform(0.5, 2, 3).tolist()))
        with contextlib.suppress(ZeroDivisionError):
            expected = eval(source, dict(values))
            made = eval(ast.unparse(tidy(ast.parse(source, mode="eval").body)), dict(values))
            assert np.isclose(made, expected, rtol=1e-6, atol=1e-9 * (1 + abs(expected))), source


def test_what_is_not_there_is_refused() -> None:
    with pytest.raises(ArgumentError, match=r"there is no primitive 'matmuls'; see autograd_core\.PRIMITIVES"):
        rule("matmuls", "x")
    with pytest.raises(ArgumentError, match="matmul has no operand 'x'; expected one of input, other"):
        rule("matmul", "x")
    with pytest.raises(ArgumentError, match="gather has no derivative for 'index'; it has one for x"):
        rule("gather", "index")
    with pytest.raises(ArgumentError, match="gt has no derivative for 'x'; it has none for any operand"):
        rule("gt", "x")
    with pytest.raises(ArgumentError, match="matmul has no symbol 'x'; expected some of G, out, input, other"):
        rule("matmul", "input").with_names({"x": "h"})


# ----------------------------------------------------------------------------------------------------------- notations


def test_names_of_the_program_take_the_place_of_symbols() -> None:
    first = rule("mul", "x").with_names({"x": "h", "y": "W2"})
    assert (first.text, first.latex) == ("G * W2", r"G \cdot \mathrm{W2}")
    assert first.with_names({"y": "self.w"}).text == "G * self.w"
    sums = rule("mul", "x").with_names({"y": "a + b"})
    assert (sums.text, sums.latex) == ("G * (a + b)", r"G \cdot \left(\text{a + b}\right)")
    assert rule("mul", "x").with_names({"y": "a_{1} & 50%"}).latex == r"G \cdot \text{a\_\{1\} \& 50\%}"
    assert "<mi>a &lt; b</mi>" in rule("mul", "x").with_names({"y": "a < b"}).mathml
    assert rule("matmul", "other").with_names({"input": "x_1"}).latex == r"{x_{1}}^{\top} \, G"


def test_axes_and_counts_of_a_call_are_worked_in() -> None:
    mean, norm = rule("mean", "x"), rule("softmax", "x")
    assert mean.in_call({"axis": None}, {"x": (4, 3)}).text == "spread(G) / 12"
    assert mean.in_call({"axis": (0,)}, {"x": (4, 3)}).text == "spread(G, axis=0) / 4"
    assert mean.in_call({"axis": (0, 1)}, {"x": None}).text == "spread(G, axis=(0, 1)) / count(x, axis=(0, 1))"
    assert [s.name for s in mean.in_call({"axis": None}, {"x": (4, 3)}).symbols] == ["G"]
    assert "axis" not in mean.in_call({"axis": None}, {"x": (4, 3)}).mathml
    assert norm.in_call({"axis": (-1,)}, {"x": (4, 3)}).text == "out * (G - sum(G * out, axis=-1))"
    assert rule("mul", "x").in_call({}, {"x": (4, 3)}) is rule("mul", "x")


def test_numbers_are_worked_in() -> None:
    power = rule("pow", "x")
    assert power.with_names({"x": "w * x - 1", "y": "2"}).text == "2 * G * (w * x - 1)"
    assert power.with_names({"x": "r", "y": "3.0"}).latex == r"3 \, G \cdot r^{2}"
    assert power.with_names({"y": "0.5"}).text == "G * x ** (-1 / 2) / 2"
    assert power.with_names({"y": "-1"}).text == "-G * x ** (-2)"
    assert rule("mul", "x").with_names({"y": "-2"}).text == "-2 * G"
    assert rule("div", "x").with_names({"y": "0"}).text == "G / 0"
    assert rule("sub", "y").with_names({"x": "1", "y": "p"}).text == "-G"


def test_names_of_the_program_are_not_mixed_up_with_symbols() -> None:
    assert rule("mul", "x").with_names({"y": "G"}).text == "G' * G"
    normal = rule("rms_norm", "x").with_names({"x": "h", "w": "self.z"})
    assert normal.text == "rstd * (h' - z' * average(h' * z')), with z' = h * rstd, h' = G * self.z"


NOTATION = {
    "-G * out / y": r"-\frac{G \cdot \mathrm{out}}{y}",
    "2 * x ** (n + 1)": r"2 \, x^{n + 1}",
    "3 * 4 * x": r"3 \cdot 4 \cdot x",
    "(a + b) * c - (d - e)": r"\left(a + b\right) \cdot c - \left(d - e\right)",
    "(-x) ** 2": r"\left(-x\right)^{2}",
    "a.mT @ inv(b).mT @ solve(c.mT, d)": r"a^{\top} \, b^{-\top} \, c^{-\top} \, d",
    "sqrt(x) + abs(y) - floor(z)": r"\sqrt{x} + \left\vert y\right\vert - \left\lfloor z\right\rfloor",
    "exp(-x) * sum(y, axis=1)": r"e^{-x} \cdot \left(\sum_{\text{axis }1}y\right)",
    "x[..., 0, :n]": r"x\left[\ldots, 0, \text{:n}\right]",
    "where(~(x == 0) & (y != 0), a, b)": (
        r"\begin{cases} a & \text{if } \lnot \left[x = 0\right] \land y \ne 0 \\ b & \text{otherwise} \end{cases}"
    ),
    "t = x == y\nt + alpha": r"t + \alpha\text{, with }t = \left[x = y\right]",
    "(y if a >= b else z) // 2": r"\begin{cases} y & \text{if } a \ge b \\ z & \text{otherwise} \end{cases} \mathbin{//} 2",
}


@pytest.mark.parametrize("source", NOTATION)
def test_latex_of_each_construct(source: str) -> None:
    assert latex(set_formula(Formula.parse(source), {})) == NOTATION[source]


COMMANDS = {
    "alpha", "ast", "beta", "cdot", "cos", "cosh", "det", "exp", "frac", "infty", "land", "ldots", "le", "lfloor", "ge",
    "lnot", "log", "lor", "mathbin", "mathrm", "ne", "operatorname", "phi", "Phi", "pi", "psi", "rfloor", "sigma", "sin",
    "sinh", "sqrt", "star", "sum", "tan", "tanh", "text", "top", "varepsilon", "varphi", "vert", "zeta", "Gamma",
    "begin", "end", "left", "right", "min", "max",
}  # fmt: skip


@pytest.mark.parametrize("shown", RULES, ids=IDS)
def test_notations_are_well_formed(shown: Rule) -> None:
    bare = re.sub(r"\\[{}_#$%&]", "", shown.latex)
    assert bare.count("{") == bare.count("}")
    commands = re.findall(r"\\([A-Za-z]+)", shown.latex)
    assert set(commands) <= COMMANDS
    assert commands.count("left") == commands.count("right")
    assert commands.count("begin") == commands.count("end")
    root = ET.fromstring(shown.mathml)
    space = "{http://www.w3.org/1998/Math/MathML}"
    children = {"mfrac": 2, "msub": 2, "msup": 2, "msubsup": 3, "msqrt": 1, "mi": 0, "mn": 0, "mo": 0, "mtext": 0}
    others = {"math", "mrow", "mtable", "mtr", "mtd", "mspace"}
    for element in root.iter():
        name = element.tag.removeprefix(space)
        assert name in others or len(element) == children[name], name
        assert name not in ("mi", "mn", "mo", "mtext") or element.text
    assert "G" in shown.text or shown.text == "0"
    assert "\n" not in shown.text + shown.latex + shown.mathml


def test_boxes_only_are_printed() -> None:
    for printed in (latex, mathml):
        with pytest.raises(TypeError, match="is no box"):
            printed("G")  # type: ignore[arg-type]
    assert text(Formula.parse("where(a, where(b, x, y), z) + 1"), {}) == "where(a, where(b, x, y), z) + 1"


# ---------------------------------------------------------------------------------------------------------------- page


def test_the_page_is_up_to_date() -> None:
    assert rules_page.PATH.read_text("utf-8") == rules_page.page(), "run make docs-rules"
