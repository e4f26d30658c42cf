"""What a notebook shows of a drawing, the picture, and of a trace or stepper, the page that steps through it."""

from __future__ import annotations

from ..draw import Drawing, draw
from ..page import html_of
from ..stepper import Stepper
from .markup import framed, image

__all__ = ["LIMIT", "html_of_drawing", "html_of_stepper", "text_of_stepper"]

LIMIT = 64 * 1024  # bytes of an output: a notebook with fifty of them can still be opened, sent and compared
ESCAPES = 512  # bytes by which a packed page grows in an attribute: it has some twenty marks to escape, and its title
STEPS = 60  # that are listed as text


def html_of_drawing(drawing: Drawing) -> str:
    """Return the HTML of a drawing."""
    return f"<div>{image(drawing.svg, drawing.scene.title)}</div>"


def html_of_stepper(s: Stepper) -> str:
    """Return the HTML of a stepper: its page in a frame, and a picture of the graph for where no frame is shown.

    Above ``LIMIT`` bytes the page has statistics of arrays without their entries; where that does not help there is the
    picture, and how to have the page as a file.
    """
    drawing = draw(s.trace)
    svg, title = drawing.svg, drawing.scene.title
    room = LIMIT - ESCAPES - len(framed("", svg, title))
    shown = framed(html_of(s.trace, checks=s.checks, budget=room, packed=True), svg, title)
    if len(shown) <= LIMIT:
        return shown
    said = "The page that steps through it is too large for a notebook: <code>step(...).save('steps.html')</code> writes it."
    return f"{framed(None, svg, title)}<p>{said}</p>"


def text_of_stepper(s: Stepper) -> str:
    """Return what a notebook without HTML shows of a stepper."""
    steps = len(s.trace.steps)
    return s.explain() if steps <= STEPS else f"{s!r}; .explain() lists its {steps} steps"
