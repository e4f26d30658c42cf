"""Text with styles, as a pipe, a terminal and a full screen show it: spans of one style each, and lines of them."""

from __future__ import annotations

import textwrap
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple, TypeAlias

__all__ = [
    "ASCII",
    "COLORS",
    "UNICODE",
    "Glyphs",
    "Line",
    "Span",
    "ansi",
    "cells",
    "clip",
    "dropped",
    "hanging",
    "line",
    "printable",
    "wrapped",
]


class Span(NamedTuple):
    """Some characters of one style: "" or a key of STYLES."""

    text: str
    style: str = ""


Line: TypeAlias = list[Span]

# Each style as the codes of ANSI terminals, and its colour of 256, which reads on light and on dark.  No meaning is in a
# colour alone: marks, signs and words say the same.
STYLES: Mapping[str, str] = {
    "title": "1",
    "dim": "2",
    "under": "4",
    "here": "7",
    "value": "34",
    "gradient": "33",
    "good": "32",
    "bad": "31",
}
COLORS: Mapping[str, int] = {"value": 33, "gradient": 166, "good": 29, "bad": 161}


@dataclass(frozen=True)
class Glyphs:
    """The signs of a screen, for terminals that have all of Unicode or only ASCII."""

    complete: str
    partial: str
    missing: str
    constant: str
    arrow: str
    here: str
    across: str
    down: str
    more: str
    between: str
    shades: str  # from nothing to the largest


UNICODE = Glyphs("●", "◐", "○", "·", "→", "▸", "─", "│", "…", "·", " ░▒▓█")
ASCII = Glyphs("#", "+", "o", ".", "->", ">", "-", "|", "~", "-", " .:*#")


def line(*parts: str | Span) -> Line:
    """Return a line of spans, and of plain strings."""
    return [Span(part) if isinstance(part, str) else part for part in parts]


def ansi(spans: Iterable[Span], colors: int) -> str:
    """Return a line with ANSI codes: *colors* is 0 for none at all, 8 or 256.

    >>> ansi([Span("G", "gradient"), Span(" = 2")], 8)
    '\\x1b[33mG\\x1b[0m = 2'
    """
    parts = []
    for text, style in spans:
        code = STYLES.get(style, "") if colors else ""
        if code and colors >= 256 and style in COLORS:
            code = f"38;5;{COLORS[style]}"
        parts.append(f"\x1b[{code}m{text}\x1b[0m" if code and text else text)
    return "".join(parts).rstrip()


def cells(text: str) -> int:
    """Return how many columns *text* takes on a screen: two for a wide character, none for an accent on another.

    >>> cells("abc"), cells("層"), cells("e\\u0301")
    (3, 2, 1)
    """
    if text.isascii():
        return len(text)
    return sum(0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)


def printable(text: str) -> str:
    """Return *text* with what would move a terminal's cursor shown as a question mark, and tabs as spaces."""
    return "".join(c if c.isprintable() else "?" for c in text.expandtabs(4))


def clip(spans: Sequence[Span], width: int, more: str) -> Line:
    """Return the spans as far as they fit in *width* columns; *more* is the sign at the end of what does not.

    >>> clip([Span("loss"), Span(" = mean", "dim")], 8, "~")
    [Span(text='loss', style=''), Span(text=' = ', style='dim'), Span(text='~', style='dim')]
    """
    if sum(cells(s.text) for s in spans) <= width:
        return list(spans)
    found: Line = []
    left = width - cells(more)
    for text, style in spans:
        kept = ""
        for c in text:
            if cells(c) > left:
                return [*found, Span(kept, style), Span(more, style)] if width >= cells(more) else []
            kept, left = kept + c, left - cells(c)
        found.append(Span(kept, style))
    return found


def dropped(text: str, columns: int) -> str:
    """Return *text* without what stands in its first *columns* columns.

    >>> dropped("abc", 1), dropped("層b", 1)
    ('bc', 'b')
    """
    start = 0
    while columns > 0 and start < len(text):
        columns -= cells(text[start])
        start += 1
    return text[start:]


def wrapped(text: str, width: int, indent: int, style: str = "") -> list[Line]:
    """Return a sentence on lines of *width* columns, each *indent* from the left."""
    room = max(width - indent, 8)
    return [line(" " * indent, Span(part, style)) for part in textwrap.wrap(printable(text), room)]


def hanging(label: Span, text: str, width: int, indent: int, style: str = "") -> list[Line]:
    """Return a label, and beside it, *indent* from the left, a text on as many lines as it needs."""
    first, *rest = wrapped(text, width, indent, style)
    return [[Span(f"{label.text} ".ljust(indent), label.style), *first[1:]], *rest]
