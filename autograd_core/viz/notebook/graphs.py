"""What a notebook shows of a drawing, the picture, and of a trace or stepper, the page that steps through it."""

from __future__ import annotations

from ..draw import Drawing, draw
from ..page import html_of
from ..stepper import Stepper
from .markup import LIMIT, framed, image

__all__ = ["html_of_drawing", "html_of_stepper", "text_of_stepper"]

SAVE = "step(...).save('steps.html')"
ESCAPES = 512  # bytes by which a packed page grows in an attribute: it has some twenty marks to escape, and its title
STEPS = 60  # that are listed as text


def html_of_drawing(drawing: Drawing) -> str:
    """Return the HTML of a drawing."""
    return f"<div>{image(drawing.svg, drawing.scene.title)}</div>"


def html_of_stepper(s: Stepper) -> str:
    """Return the HTML of a stepper: its page in a frame, and a picture of the graph for where no frame is shown.

    Where that would be too large the page has statistics of arrays without their entries.
    """
    drawing = draw(s.trace)
    svg, title = drawing.svg, drawing.scene.title
    room = LIMIT - ESCAPES - len(framed("", svg, title, save=SAVE).encode())
    return framed(html_of(s.trace, checks=s.checks, budget=room, packed=True), svg, title, save=SAVE)


def text_of_stepper(s: Stepper) -> str:
    """Return what a notebook without HTML shows of a stepper."""
    steps = len(s.trace.steps)
    return s.explain() if steps <= STEPS else f"{s!r}; .explain() lists its {steps} steps"
