"""The gallery: one page with every lesson, which a lecturer can project; no network, no scripts, light and dark."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from importlib.resources import files
from pathlib import Path
from string import Template

from ..training.files import write_atomically
from ..training.report.page import html_table, stylesheet
from .registry import Lesson, in_order
from .result import Claim, Finding, Picture, Result, Table, shown

__all__ = ["write_gallery"]

TITLE = "Lessons"


def write_gallery(out: Path, results: Mapping[str, Result]) -> Path:
    """Write ``index.html`` to *out*, from the *results* of lessons whose files are below it; return its path."""
    here, lessons = files(__package__), in_order()
    shown_ones = [name for name in lessons if name in results]
    text = Template((here / "gallery.html").read_text("utf-8")).substitute(
        title=TITLE,
        style=stylesheet() + "\n" + (here / "gallery.css").read_text("utf-8").strip(),
        lead=_lead(results),
        cards="\n".join(_card(lesson, results.get(name)) for name, lesson in lessons.items()),
        sections="\n".join(_section(lessons[name], results[name], shown_ones) for name in shown_ones),
    )
    target = out / "index.html"
    out.mkdir(parents=True, exist_ok=True)
    write_atomically(target, text)
    return target


def _lead(results: Mapping[str, Result]) -> str:
    claims = [claim for name in in_order() if name in results for claim in results[name].claims]
    held = sum(claim.holds for claim in claims)
    minutes = sum(result.seconds for result in results.values()) / 60
    return (
        "Every system of the lectures, run on this computer: its picture, what it claims, and what was found. "
        f"{held} of {len(claims)} claims hold; it took {minutes:.1f} minutes."
    )


def _card(lesson: Lesson, result: Result | None) -> str:
    """Return a lesson as one card of the contents, with a link to its section if it was run."""
    thumb = '<span class="thumb">not run yet</span>'
    if result is not None:
        picture = _image(result.lesson, result.pictures[0]) if result.pictures else "no picture"
        thumb = f'<span class="thumb">{picture}</span>'
    link = f' href="#{lesson.name}"' if result is not None else ""
    return (
        f'<li><a class="card"{link}>{thumb}<span class="about">'
        f'<strong><span class="row">{lesson.row}</span> {escape(lesson.title)}</strong>'
        f'<span class="question">{escape(lesson.question)}</span>{_state(result)}</span></a></li>'
    )


def _state(result: Result | None) -> str:
    if result is None:
        return '<span class="state muted">not run yet</span>'
    if result.error:
        return '<span class="state bad">✗ stopped by an error</span>'
    held = sum(claim.holds for claim in result.claims)
    kind, mark = ("bad", "✗") if result.failed else ("good", "✓")
    return f'<span class="state {kind}">{mark} {held} of {len(result.claims)} claims hold</span>'


def _section(lesson: Lesson, result: Result, names: list[str]) -> str:
    place = names.index(lesson.name)
    steps = ['<a href="#top">all lessons</a>']
    steps += [f'<a href="#{names[place - 1]}">← {names[place - 1]}</a>'] if place else []
    steps += [f'<a href="#{names[place + 1]}">{names[place + 1]} →</a>'] if place + 1 < len(names) else []
    first, *others = [_figure(lesson.name, picture) for picture in result.pictures] or [""]
    found = [_claims(result.claims), _numbers(result.numbers)]
    found = [part for part in found if part]
    body = [
        f'<div class="steps">{"".join(steps)}</div>',
        f'<h2 id="{lesson.name}-title"><span class="row">{lesson.row}</span> {escape(lesson.title)}</h2>',
        f'<p class="lead">{escape(lesson.question)}</p>',
        f'<p class="note" role="note">{escape(result.error)}</p>' if result.error else "",
        first,
        *(f'<p class="see">{escape(paragraph)}</p>' for paragraph in result.paragraphs),
        *others,
        f'<div class="found{" pair-of" if len(found) > 1 else ""}">{"".join(found)}</div>' if found else "",
        f'<div class="tables">{"".join(map(_table, result.tables))}</div>' if result.tables else "",
        _repeat(lesson, result),
    ]
    inside = "\n".join(filter(None, body))
    return f'<section class="lesson" id="{lesson.name}" aria-labelledby="{lesson.name}-title">\n{inside}\n</section>'


def _figure(folder: str, picture: Picture) -> str:
    image = f'<a href="{folder}/{picture.name}.png">{_image(folder, picture)}</a>'
    return f'<figure class="card drawn">{image}<figcaption>{escape(picture.caption)}</figcaption></figure>'


def _image(folder: str, picture: Picture) -> str:
    address = f"{folder}/{picture.name}"
    return (
        f'<picture><source srcset="{address}-dark.png" media="(prefers-color-scheme: dark)">'
        f'<img src="{address}.png" alt="{escape(picture.caption)}" width="{picture.width}" height="{picture.height}" '
        'loading="lazy"></picture>'
    )


def _claims(claims: list[Claim]) -> str:
    def item(claim: Claim) -> str:
        kind, mark, word = ("good", "✓", "holds") if claim.holds else ("bad", "✗", "does not hold")
        found = f"<small>{escape(claim.found)}</small>" if claim.found else ""
        sign = f'<span class="mark {kind}" title="{word}" role="img" aria-label="{word}">{mark}</span>'
        return f"<li>{sign}<span>{escape(claim.text)}{found}</span></li>"

    items = "".join(map(item, claims))
    return f'<div class="card"><h3>What is claimed</h3><ul class="claims">{items}</ul></div>' if claims else ""


def _numbers(numbers: list[Finding]) -> str:
    def row(number: Finding) -> tuple[str, ...]:
        source = f' <span class="muted">({escape(number.source)})</span>' if number.source else ""
        return escape(number.name), escape(shown(number.value)), escape(number.expected) + source

    table = html_table({"number": "", "found": "number", "expected": ""}, map(row, numbers))
    return f"<div><h3>Numbers</h3>{table}</div>" if numbers else ""


def _table(table: Table) -> str:
    numbers = [any(not isinstance(row[i], str) for row in table.rows) for i in range(len(table.head))]
    head = {
        name: "number" if number and i else "" for i, (name, number) in enumerate(zip(table.head, numbers, strict=True))
    }
    rows = ([escape(shown(cell)) for cell in row] for row in table.rows)
    return f"<div><h3>{escape(table.title)}</h3>{html_table(head, rows)}</div>"


def _repeat(lesson: Lesson, result: Result) -> str:
    versions = ", ".join(f"{name} {version}" for name, version in result.versions.items())
    settings = ", ".join(f"{name} {value}" for name, value in {"seed": result.seed, **result.settings}.items())
    linked = (f'<a href="{lesson.name}/{escape(file.name)}">{escape(file.what)}</a>' for file in result.files)
    lines = [
        f"Sources: {escape('; '.join(lesson.sources))}" if lesson.sources else "",
        f"Files: {', '.join(linked)}" if result.files else "",
        escape(f"{settings}; {result.seconds:.1f} s; {versions}"),
    ]
    said = "".join(f"<p>{line}</p>" for line in lines if line)
    return f'<div class="repeat"><pre>{escape(result.command)}</pre>{said}</div>'
