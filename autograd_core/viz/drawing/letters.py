"""How wide text is, for boxes that are placed before anything draws them.

The advances are those of DejaVu Sans, the widest of the fonts in ``SANS`` and ``MONO``: in any of them text fits its box.
"""

from __future__ import annotations

import functools
import math
import textwrap
import unicodedata

__all__ = ["MONO", "SANS", "clipped", "width", "wrapped"]

SANS = ("Helvetica Neue", "Helvetica", "Arial", "Liberation Sans", "DejaVu Sans", "sans-serif")
MONO = ("Menlo", "Consolas", "DejaVu Sans Mono", "Liberation Mono", "monospace")

# Thousandths of the font's size, from the space to the tilde.
PLAIN = (
    318, 401, 460, 838, 636, 950, 780, 275, 390, 390, 500, 838, 318, 361, 318, 337, 636, 636, 636, 636, 636, 636, 636, 636,
    636, 636, 337, 337, 838, 838, 838, 531, 1000, 684, 686, 698, 770, 632, 575, 775, 752, 295, 295, 656, 557, 863, 748, 787,
    603, 787, 695, 635, 611, 732, 684, 989, 685, 611, 685, 390, 337, 390, 838, 500, 500, 613, 635, 550, 635, 615, 352, 635,
    634, 278, 278, 579, 278, 974, 634, 612, 635, 635, 411, 521, 392, 634, 592, 818, 592, 592, 525, 636, 337, 636, 838,
)  # fmt: skip
BOLD = (
    348, 456, 521, 838, 696, 1002, 872, 306, 457, 457, 523, 838, 380, 415, 380, 365, 696, 696, 696, 696, 696, 696, 696, 696,
    696, 696, 400, 400, 838, 838, 838, 580, 1000, 774, 762, 734, 830, 683, 683, 821, 837, 372, 372, 775, 637, 995, 837, 850,
    733, 850, 770, 720, 682, 812, 774, 1103, 771, 724, 725, 457, 365, 457, 838, 500, 500, 675, 716, 593, 716, 678, 435, 716,
    712, 343, 343, 665, 343, 1042, 712, 687, 716, 716, 493, 595, 478, 712, 652, 924, 645, 652, 582, 712, 365, 712, 838,
)  # fmt: skip
FIXED = 603
OTHERS = {"×": 838, "→": 838, "…": 1000, "·": 380, "\N{NO-BREAK SPACE}": 348}
UNKNOWN = 900  # wider than nearly every letter of alphabets that are not in the tables


def width(text: str, size: float, bold: bool = False, mono: bool = False) -> float:
    """Return how wide *text* is at most, in pixels, in letters of *size*.

    >>> from autograd_core.viz.drawing.letters import width
    >>> width("mul", 12), width("mul", 12, bold=True) > width("mul", 12)
    (23, True)
    """
    return math.ceil(sum(_advance(c, bold, mono) for c in text) * size / 1000)


@functools.cache
def _advance(c: str, bold: bool, mono: bool) -> int:
    if unicodedata.combining(c):
        return 0
    if unicodedata.east_asian_width(c) in "WF":
        return 1000
    if (mono and c.isprintable() and ord(c) < 0x250) or (c == "\N{NO-BREAK SPACE}" and mono):
        return FIXED
    if 32 <= ord(c) < 127:
        return (BOLD if bold else PLAIN)[ord(c) - 32]
    return OTHERS.get(c, UNKNOWN)


def clipped(text: str, room: float, size: float, bold: bool = False, mono: bool = False) -> str:
    """Return *text*, or as much of its beginning as *room* has place for, and an ellipsis.

    >>> from autograd_core.viz.drawing.letters import clipped
    >>> clipped("a_rather_long_name", 80, 12)
    'a_rather_lo…'
    """
    if width(text, size, bold, mono) <= room:
        return text
    end = len(text)
    while end > 1 and width(text[:end] + "…", size, bold, mono) > room:
        end -= 1
    return text[:end].rstrip() + "…"


def wrapped(text: str, letters: int, lines: int) -> list[str]:
    """Return *text* in at most so many *lines* of so many *letters*, an ellipsis at the end of what is cut."""
    return textwrap.wrap(" ".join(text.split()), letters, max_lines=lines, placeholder=" …") or [""]
