"""``mimebundle``: what a notebook shows of a thing, by media type; the front end chooses one that it can show."""

from __future__ import annotations

import sys
from typing import Any

from ...errors import ArgumentError
from ...tensor import Tensor
from ..draw import Drawing
from ..names import is_module
from ..schema import Trace
from ..stepper import Stepper
from .graphs import html_of_drawing, html_of_stepper, text_of_stepper
from .modules import html_of_module
from .tensors import html_of_tensor

__all__ = ["mimebundle", "of_frontend"]


def mimebundle(x: Any) -> dict[str, str]:
    """Return what a notebook shows of a Tensor, a Module, a Drawing, a Trace or a Stepper: texts by media type.

    Tensors, modules and so on call this themselves where they are the last line of a cell.  Raises ArgumentError for
    anything else.

    >>> import autograd_core as ag
    >>> from autograd_core import viz
    >>> w = ag.tensor(2.0, requires_grad=True)
    >>> shown = viz.mimebundle(viz.step(w * w))
    >>> sorted(shown), "<iframe" in shown["text/html"]
    (['text/html', 'text/plain'], True)
    >>> print(shown["text/plain"].splitlines()[1])
      1 w * w -> w (1 of 2): G * w = 2
    """
    if isinstance(x, Tensor):
        return {"text/html": html_of_tensor(x), "text/plain": repr(x)}
    if isinstance(x, Drawing):
        return {"text/html": html_of_drawing(x), "image/svg+xml": x.svg, "text/plain": repr(x)}
    if isinstance(x, Trace | Stepper):
        stepper = _stepper(x)
        return {"text/html": html_of_stepper(stepper), "text/plain": text_of_stepper(stepper)}
    if is_module(x):
        return {"text/html": html_of_module(x), "text/plain": repr(x)}
    raise ArgumentError(
        f"mimebundle: x is a {type(x).__name__}: expected a Tensor, a Module, or what draw, trace or step returns"
    )


def _stepper(x: Trace | Stepper) -> Stepper:
    return x if isinstance(x, Stepper) else Stepper(x)


def of_frontend(x: Drawing | Trace | Stepper) -> dict[str, str]:
    """Return the same, or the text alone for IPython in a terminal, which asks for all and shows no more than that."""
    shell = sys.modules["IPython"].get_ipython() if "IPython" in sys.modules else None
    if shell is None or "text/html" in shell.display_formatter.active_types:
        return mimebundle(x)
    return {"text/plain": repr(x) if isinstance(x, Drawing) else text_of_stepper(_stepper(x))}
