"""The report as one HTML page that needs nothing beside itself: no network, no scripts, either theme, fit to print."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import partial
from html import escape
from importlib.resources import files
from string import Template
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .diagram import diagram
from .figures import PAGE, curve, svg
from .findings import Example, Findings, Layer, Picture, confusions
from .pictures import data_uri, diverging, gray

__all__ = ["html_table", "page", "stylesheet"]

MOST_EPOCHS = 40  # rows of the history that are shown


def page(findings: Findings, drawn: bool) -> str:
    """Return the page; *drawn* says whether the packages for figures and pictures are there."""
    sections = [
        _curves(findings) if drawn else "",
        _record(findings),
        _confusion(findings),
        _classes(findings),
        _mistakes(findings) if drawn else "",
        _reconstructions(findings) if drawn else "",
        _filters(findings) if drawn else "",
        _network(findings),
        _history(findings),
        _repeat(findings),
    ]
    tiles = (f"<div><dt>{escape(name)}</dt><dd>{escape(value)}</dd></div>" for name, value in findings.headline.items())
    here = files(__package__)
    return Template((here / "page.html").read_text("utf-8")).substitute(
        title=escape(findings.title),
        style=stylesheet(),
        lead=escape(findings.lead),
        notes="".join(f'<p class="note" role="note">{escape(note)}</p>' for note in findings.notes),
        headline="".join(tiles),
        sections="\n".join(filter(None, sections)),
    )


def stylesheet() -> str:
    """Return the look of the project's pages, in light and dark."""
    return (files(__package__) / "page.css").read_text("utf-8").strip()


def _section(name: str, title: str, text: str, body: str) -> str:
    return (
        f'<section aria-labelledby="{name}">\n<h2 id="{name}">{escape(title)}</h2>\n'
        f"<p>{escape(text)}</p>\n{body}\n</section>"
    )


def html_table(head: Mapping[str, str], rows: Iterable[Sequence[str]], foot: Sequence[str] = ()) -> str:
    """Return a table in a card.  *head* gives each column's title and class; cells are HTML."""
    kinds = list(head.values())

    def row(cells: Sequence[str]) -> str:
        rest = "".join(f'<td class="{kind}">{cell}</td>' for kind, cell in zip(kinds[1:], cells[1:], strict=True))
        return f'<tr><th scope="row">{cells[0]}</th>{rest}</tr>'

    titles = "".join(f'<th scope="col" class="{kind}">{escape(title)}</th>' for title, kind in head.items())
    top = f"<thead><tr>{titles}</tr></thead>" if any(head) else ""
    bottom = f"<tfoot>{row(foot)}</tfoot>" if foot else ""
    return (
        '<div class="card scroll"><table class="plain">'
        f"{top}<tbody>{''.join(map(row, rows))}</tbody>{bottom}</table></div>"
    )


def _image(pixels: NDArray[np.uint8], alt: str) -> str:
    return f'<img src="{data_uri(pixels)}" alt="{escape(alt)}">'


def _curves(findings: Findings) -> str:
    history = findings.history
    drawn = []
    for name in history.measured:
        last = history.rows[-1]
        alt = (
            f"{name} over {len(history)} epochs: in the last one {last[name]:.4f} on the training pictures, "
            f"{last[f'val_{name}']:.4f} on the test pictures"
        )
        figure = svg(partial(curve, history, name, PAGE), f"curve-{name}", escape(alt))
        drawn.append(f'<figure class="card">{figure}</figure>')
    text = (
        "After each epoch. Training figures are gathered while the network still learns, with dropout and changed "
        "pictures where those are used; test figures at the end of the epoch."
    )
    return _section("curves", "How it learned", text, f'<div class="pair">{"".join(drawn)}</div>') if drawn else ""


def _record(findings: Findings) -> str:
    if findings.record is None:
        return ""
    items = "".join(f"<li>{escape(said)}</li>" for said in findings.record)
    body = f"<ul>{items}</ul>" if items else "<p>Nothing looks ill in the recorded steps.</p>"
    text = "The norms of gradients, weights and updates of each layer, over time: a page with a slider."
    link = '<p><a href="record.html">record.html</a></p>'
    return _section("record", "Step by step", text, f'<div class="card">{link}{body}</div>')


def _confusion(findings: Findings) -> str:
    matrix, classes = findings.confusion, findings.classes
    if matrix is None:
        return ""
    head = "".join(f'<th scope="col"><span>{escape(name)}</span></th>' for name in classes)
    body = "".join(
        f'<tr><th scope="row">{escape(name)}</th>{"".join(_shades(row, own, classes))}</tr>'
        for own, (name, row) in enumerate(zip(classes, matrix, strict=True))
    )
    table = (
        f'<table class="confusion"><thead><tr><td>true ↓<br>predicted →</td>{head}</tr></thead>'
        f"<tbody>{body}</tbody></table>"
    )
    text = "How many test pictures of each class, by row, were taken for which class, by column. The diagonal is right."
    return _section("confusion", "What it confuses", text, f'<div class="card scroll">{table}</div>')


def _shades(row: NDArray[np.int64], own: int, classes: Sequence[str]) -> Iterator[str]:
    total = max(int(row.sum()), 1)
    for other, count in enumerate(row.tolist()):
        share = count / total
        kind = "strong" if share > 0.55 else "" if count else "none"
        what = "recognised" if own == other else f"taken for {escape(classes[other])}"
        yield f'<td class="{kind}" style="--share:{share:.3f}" title="{count} of {total} {what}">{count}</td>'


def _classes(findings: Findings) -> str:
    if findings.confusion is None:
        return ""

    def row(name: str, share: float, other: int | None, count: int) -> tuple[str, ...]:
        bar = f'<span class="bar"><i style="width:{share:.1%}"></i></span>'
        taken = "" if other is None else f"{escape(findings.classes[other])} ({count})"
        return escape(name), bar, f"{share:.1%}", taken

    head = {"class": "", "": "wide", "recognised": "number", "most often taken for": "taken"}
    names = zip(findings.classes, confusions(findings.confusion), strict=True)
    table = html_table(head, (row(name, *found) for name, found in names))
    text = "The share of each class's test pictures that were recognised, and the class it is most often taken for."
    return _section("classes", "Class by class", text, table)


def _mistakes(findings: Findings) -> str:
    if not findings.mistakes:
        return ""

    def item(example: Example) -> str:
        true, predicted = findings.classes[example.true], findings.classes[example.predicted]
        said = f"{escape(true)}<span>taken for {escape(predicted)}, {example.probability:.1%}</span>"
        image = _image(gray(example.picture), f"a test picture of class {true}")
        return f"<li><figure>{image}<figcaption>{said}</figcaption></figure></li>"

    items = "".join(map(item, findings.mistakes))
    text = "The test pictures it is most sure about and wrong: the true class, what it saw, and how probable it seemed."
    return _section("mistakes", "Mistakes", text, f'<ul class="pictures">{items}</ul>')


def _reconstructions(findings: Findings) -> str:
    if not findings.reconstructions:
        return ""
    names = ("what went in", "what came out", "the clean picture")[: len(findings.reconstructions[0])]

    def item(column: tuple[Picture, ...]) -> str:
        return f"<li>{''.join(_image(gray(one), name) for one, name in zip(column, names, strict=True))}</li>"

    items = "".join(map(item, findings.reconstructions))
    text = f"Test pictures, from top to bottom: {', '.join(names)}."
    return _section("reconstructions", "Reconstructions", text, f'<ul class="pictures pairs">{items}</ul>')


def _filters(findings: Findings) -> str:
    if findings.filters is None:
        return ""
    items = "".join(f"<li>{_image(diverging(one), f'filter {i}')}</li>" for i, one in enumerate(findings.filters))
    text = "The weights of the first layer, each scaled by itself: blue is negative, white zero, orange positive."
    return _section("filters", "What its first layer looks for", text, f'<ul class="pictures small">{items}</ul>')


def _network(findings: Findings) -> str:
    if not findings.layers:
        return ""

    def row(layer: Layer) -> tuple[str, ...]:
        parameters = f"{layer.parameters:,}" if layer.parameters else "–"
        return escape(layer.name), escape(layer.kind), " × ".join(map(str, layer.shape)), parameters

    head = {"name": "", "layer": "", "output": "number", "parameters": "number"}
    total = sum(layer.parameters for layer in findings.layers)
    table = html_table(head, map(row, findings.layers), ("total", "", "", f"{total:,}"))
    drawn = diagram(findings.layers, findings.source)
    text = (
        "Its layers in the order in which they run. A bar is as wide, on a logarithmic scale, as its output is large."
    )
    body = f'<div class="network"><figure class="card">{drawn}</figure>{table}</div>'
    return _section("network", "The network", text, body)


def _history(findings: Findings) -> str:
    columns, rows = findings.history.columns, findings.history.rows
    if not rows:
        return ""

    def cell(name: str, value: Any) -> str:
        form = {"epoch": "d", "lr": ".3g", "seconds": ".1f"}.get(name, ".4f")
        return "" if value is None else format(value, form)

    head = {name: "" if name == "epoch" else "number" for name in columns}
    table = html_table(head, ([cell(name, row.get(name)) for name in columns] for row in rows[-MOST_EPOCHS:]))
    shown = "One row an epoch" if len(rows) <= MOST_EPOCHS else f"The last {MOST_EPOCHS} of {len(rows)} epochs"
    return _section("history", "Epoch by epoch", f"{shown}; history.json has all of them.", table)


def _repeat(findings: Findings) -> str:
    rows = [(escape(name), escape(str(value))) for name, value in findings.settings.items()]
    body = f"<pre>{escape(findings.command)}</pre>\n{html_table({'setting': '', 'value': 'value'}, rows)}"
    text = "The command and its settings. The same seed and versions give the same network, bit for bit."
    return _section("repeat", "To repeat it", text, body)
