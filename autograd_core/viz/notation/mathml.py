"""Boxes as presentation MathML, which browsers draw without any script."""

from __future__ import annotations

from functools import singledispatch
from html import escape

from .boxes import Box, Cases, Fence, Fraction, Root, Row, Script, Sign, Word

__all__ = ["mathml"]

TAGS = {"name": "mi", "function": "mi", "number": "mn", "prose": "mtext"}
LEFT = '<mtd style="text-align: left">'
HIDDEN = "\N{INVISIBLE TIMES}"


def mathml(box: Box) -> str:
    """Return *box* as an element ``<math>``.

    >>> mathml(Fraction(Word("G"), Word("2", "number")))
    '<math xmlns="http://www.w3.org/1998/Math/MathML" displaystyle="true"><mfrac><mi>G</mi><mn>2</mn></mfrac></math>'
    """
    return f'<math xmlns="http://www.w3.org/1998/Math/MathML" displaystyle="true">{_inside(box)}</math>'


@singledispatch
def _inside(box: Box) -> str:
    raise TypeError(f"mathml: {box!r} is no box: expected one of autograd_core.viz.notation.boxes")


@_inside.register
def _(box: Word) -> str:
    text = escape(box.text, quote=False)
    if box.kind == "prose":
        text = text.replace(" ", "\N{NO-BREAK SPACE}")  # spaces at the ends of an element are dropped
    return f"<{TAGS[box.kind]}>{text}</{TAGS[box.kind]}>"


@_inside.register
def _(box: Sign) -> str:
    if not box.text:
        return f'<mo>{HIDDEN}</mo><mspace width="0.17em"/>'
    form = "" if box.between else ' form="prefix"'
    return f"<mo{form}>{escape(box.text, quote=False)}</mo>"


@_inside.register
def _(box: Row) -> str:
    return f"<mrow>{''.join(map(_inside, box.boxes))}</mrow>"


@_inside.register
def _(box: Fraction) -> str:
    return f"<mfrac>{_inside(box.above)}{_inside(box.below)}</mfrac>"


@_inside.register
def _(box: Script) -> str:
    base = _inside(box.base)
    if box.above is None or box.below is None:
        tag, other = ("msub", box.below) if box.above is None else ("msup", box.above)
        return f"<{tag}>{base}{'' if other is None else _inside(other)}</{tag}>"
    return f"<msubsup>{base}{_inside(box.below)}{_inside(box.above)}</msubsup>"


@_inside.register
def _(box: Root) -> str:
    return f"<msqrt>{_inside(box.inside)}</msqrt>"


@_inside.register
def _(box: Fence) -> str:
    return f'<mrow><mo form="prefix">{box.left}</mo>{_inside(box.inside)}<mo form="postfix">{box.right}</mo></mrow>'


@_inside.register
def _(box: Cases) -> str:
    rows = [
        f"<mtr>{LEFT}{_inside(value)}</mtd>{LEFT}"
        + (
            "<mtext>otherwise</mtext>"
            if condition is None
            else f"<mrow><mtext>if\xa0</mtext>{_inside(condition)}</mrow>"
        )
        + "</mtd></mtr>"
        for value, condition in box.cases
    ]
    return f'<mrow><mo form="prefix">{{</mo><mtable>{"".join(rows)}</mtable></mrow>'
