"""Pieces of HTML that say something wherever a notebook is read.

What is not trusted is shown without scripts, styles and frames, and on GitHub without attributes of style too: so each piece
reads well without them, and pictures are images, which are never taken out.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape
from urllib.parse import quote

__all__ = ["LIMIT", "PLAIN", "folded", "frame", "framed", "image", "table"]

LIMIT = 64 * 1024  # bytes of an output: a notebook with fifty of them can still be opened, sent and compared
PLAIN = " !$&'()*+,-./:;=?@[]^_`{|}~"  # what may stand in a data URL as it is
HEIGHT = 560  # of a frame, in pixels
# A picture below a frame says the same as what is in the frame; where there are no frames there are no styles either.
STYLE = "<style>.ag-page + .ag-picture { display: none }</style>"


def image(svg: str, says: str) -> str:
    """Return an SVG as an image, which *says* this to who cannot see it.

    >>> from autograd_core.viz.notebook.markup import image
    >>> print(image('<svg xmlns="http://www.w3.org/2000/svg"/>', "Nothing"))
    <img alt="Nothing" src="data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg'/%3E">
    """
    text = svg.replace("\n", " ").replace('"', "'")  # all of them around attributes, which have neither inside
    return f'<img alt="{escape(says)}" src="data:image/svg+xml,{escape(quote(text, safe=PLAIN), quote=False)}">'


def frame(page: str, title: str, height: int = HEIGHT) -> str:
    """Return a page in a frame of its own: it may run its script, and reach nothing outside of it."""
    return (
        f'<iframe class="ag-page" sandbox="allow-scripts" title="{escape(title)}" loading="lazy" width="100%" '
        f'height="{height}" style="border: 1px solid #8885; border-radius: 6px" srcdoc="{escape(page)}"></iframe>'
    )


def framed(page: str, picture: str, title: str, *, save: str, height: int = HEIGHT) -> str:
    """Return HTML for a notebook: *page* in a frame, and *picture*, an SVG, for where frames or styles are taken out.

    *page* may run its script, and reach nothing outside of the frame, which is *height* pixels high.  Above 64 KiB in all
    there is the picture alone, and that *save*, a call, writes the page.

    >>> from autograd_core.viz import framed
    >>> picture = '<svg xmlns="http://www.w3.org/2000/svg"/>'
    >>> html = framed("<p>Hello</p>", picture, "Greetings", save="x.save('hello.html')")
    >>> html.count("<iframe"), html.count("<img")
    (1, 1)
    >>> framed("Hello" * 20_000, picture, "Greetings", save="x.save('hello.html')").partition("<p>")[2]
    "The page is too large for a notebook: <code>x.save('hello.html')</code> writes it.</p>"
    """
    still = image(picture, title)
    html = f"{STYLE}{frame(page, title, height)}{folded(title, still, name='ag-picture')}"
    if len(html.encode()) <= LIMIT:
        return html
    said = f"The page is too large for a notebook: <code>{escape(save, quote=False)}</code> writes it."
    return f"{folded(title, still)}<p>{said}</p>"


def folded(title: str, inside: str, is_open: bool = True, name: str = "") -> str:
    """Return something that can be folded away."""
    mark = f' class="{name}"' if name else ""
    return f"<details{mark}{' open' if is_open else ''}><summary>{escape(title)}</summary>{inside}</details>"


def table(head: Sequence[str], rows: Iterable[Sequence[str]], left: int) -> str:
    """Return a table of texts; all but the first *left* columns align right."""

    def row(cells: Sequence[str], kind: str) -> str:
        sides = ["left" if i < left else "right" for i in range(len(cells))]
        inside = (
            f'<{kind} align="{side}" style="text-align: {side}">{escape(cell)}</{kind}>'
            for cell, side in zip(cells, sides, strict=True)
        )
        return f"<tr>{''.join(inside)}</tr>"

    body = "".join(row(cells, "td") for cells in rows)
    return f"<table><thead>{row(head, 'th')}</thead><tbody>{body}</tbody></table>"
