"""Formulas for people to read, as plain text, LaTeX and MathML.

A ``Formula`` is a Python expression over a few functions.  Plain text is nearly that.  For the others it is first set in
boxes (``boxes``), and then the boxes are printed (``latex``, ``mathml``).
"""

from .boxes import set_formula
from .formula import Formula
from .latex import latex
from .mathml import mathml
from .text import is_whole, text

__all__ = ["Formula", "is_whole", "latex", "mathml", "set_formula", "text"]
