"""Boxes as LaTeX, of the part that KaTeX and MathJax know."""

from __future__ import annotations

from functools import singledispatch

from .boxes import Box, Cases, Fence, Fraction, Root, Row, Script, Sign, Word

__all__ = ["latex"]

SIGNS = {
    "−": "-", "⋅": r" \cdot ", "": r" \, ", "≤": r" \le ", "≥": r" \ge ", "≠": r" \ne ", "∧": r" \land ", "∨": r" \lor ",
    ",": ", ", "¬": r"\lnot ", "⊤": r"\top", "∑": r"\sum ", "∗": r" \ast ", "⋆": r" \star ", "÷": r" \mathbin{//} ",
}  # fmt: skip
LETTERS = {
    "α": r"\alpha", "β": r"\beta", "ε": r"\varepsilon", "π": r"\pi", "σ": r"\sigma", "φ": r"\varphi", "ψ": r"\psi",
    "ζ": r"\zeta", "Γ": r"\Gamma", "Φ": r"\Phi", "∞": r"\infty", "…": r"\ldots",
}  # fmt: skip
KNOWN = frozenset({"arg", "cos", "cosh", "det", "exp", "log", "max", "min", "sin", "sinh", "tan", "tanh"})
FENCES = {"|": r"\vert", "⌊": r"\lfloor", "⌋": r"\rfloor", "⌈": r"\lceil", "⌉": r"\rceil"}
ESCAPES = str.maketrans(
    {c: f"\\{c}" for c in "_{}#$%&"}
    | {"\\": r"\textbackslash{}", "^": r"\textasciicircum{}", "~": r"\textasciitilde{}"}
)


@singledispatch
def latex(box: Box) -> str:
    """Return *box* as LaTeX for mathematics mode.

    >>> latex(Fraction(Word("G"), Root(Word("x"))))
    '\\\\frac{G}{\\\\sqrt{x}}'
    """
    raise TypeError(f"latex: {box!r} is no box: expected one of autograd_core.viz.notation.boxes")


@latex.register
def _(box: Word) -> str:
    text = box.text.translate(ESCAPES)
    if box.text in LETTERS:
        return LETTERS[box.text]
    if box.kind == "number":
        return text
    if box.kind == "function":
        return f"\\{text}" if text in KNOWN else rf"\operatorname{{{text.replace(' ', '~')}}}"
    if box.kind == "prose":
        return rf"\text{{{text}}}"
    if len(box.text) == 1:
        return text
    return rf"\mathrm{{{text}}}" if box.text.isidentifier() else rf"\text{{{text}}}"


@latex.register
def _(box: Sign) -> str:
    sign = SIGNS.get(box.text, f" {box.text} ")
    return f" {sign.strip()} " if box.between and box.text != "," else sign


@latex.register
def _(box: Row) -> str:
    return "".join(map(latex, box.boxes)).strip()


@latex.register
def _(box: Fraction) -> str:
    return rf"\frac{{{latex(box.above)}}}{{{latex(box.below)}}}"


@latex.register
def _(box: Script) -> str:
    base = latex(box.base).strip()
    above = "" if box.above is None else f"^{{{latex(box.above)}}}"
    below = "" if box.below is None else f"_{{{latex(box.below)}}}"
    bare = isinstance(box.base, Word | Sign | Fence)
    made = f"{base if bare else f'{{{base}}}'}{below}{above}"
    return rf" \mathbin{{{made}}} " if isinstance(box.base, Sign) and box.base.between else made


@latex.register
def _(box: Root) -> str:
    return rf"\sqrt{{{latex(box.inside)}}}"


@latex.register
def _(box: Fence) -> str:
    left, right = FENCES.get(box.left, box.left), FENCES.get(box.right, box.right)
    gap = " " if left.startswith("\\") else ""
    return rf"\left{left}{gap}{latex(box.inside)}\right{right}"


@latex.register
def _(box: Cases) -> str:
    rows = [
        f"{latex(value)} & " + (r"\text{otherwise}" if condition is None else rf"\text{{if }} {latex(condition)}")
        for value, condition in box.cases
    ]
    return r"\begin{cases} " + r" \\ ".join(rows) + r" \end{cases}"
