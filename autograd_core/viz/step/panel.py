"""The panel of one step: where it is in the program, the rule, what arrives, what it adds, and the sum before and after."""

from __future__ import annotations

import linecache
import os
from collections.abc import Iterator

from numpy import ndarray

from ..schema import Step, brief, shape_text
from ..source import Source, literal
from .arrays import ROWS, described, entries, heat_map
from .outline import modules_around
from .session import Session
from .styled import Glyphs, Line, Span, cells, clip, dropped, hanging, line, printable, wrapped

__all__ = ["panel"]

LABEL = 13  # columns of the labels on the left
GAP = 3  # columns before a note
INDENT = 2  # columns before an array
SOURCE_LINES = 4  # that are quoted of a longer expression
READ_LINES = 4  # of a value that the rule reads


def panel(session: Session, width: int, glyphs: Glyphs) -> list[Line]:
    """Return the lines that show where a session is, at most *width* columns wide as far as words can be broken."""
    step = session.step
    if step is None:
        return list(_start(session, width, glyphs))
    return list(_step(session, step, width, glyphs))


def _start(session: Session, width: int, glyphs: Glyphs) -> Iterator[Line]:
    made = session.trace
    yield line(Span("The backward pass, before its first step", "title"))
    yield []
    for node, g in made.seeds:
        yield from _array(f"G at {node}", g, width, glyphs)
    yield []
    yield from wrapped(
        f"It starts here, and goes back by {_count(len(made.steps), 'contribution')}. Each is the gradient that arrives at "
        "a result, times the derivative of the operation that made it, and is added to the gradient of an operand.",
        width,
        0,
    )
    if made.stopped:
        yield []
        yield from wrapped(f"It cannot go to the end: {made.stopped}", width, 0, "bad")


def _count(n: int, what: str) -> str:
    return f"{n} {what}" if n == 1 else f"{n} {what}s"


def _step(session: Session, step: Step, width: int, glyphs: Glyphs) -> Iterator[Line]:
    share = f"contribution {step.k} of {step.of} to it" if step.of > 1 else "its only contribution"
    title = Span(printable(f"{step.node} {glyphs.arrow} {step.to}"), "title")
    yield from _beside([title], f"step {step.number + 1} of {len(session.trace.steps)}, {share}", width)
    if around := modules_around(session.trace, step.node):
        yield line(Span(printable(f"in {around[-1].path} ({around[-1].label})"), "dim"))
    yield from _source(step.node.source, width, glyphs)
    yield []
    yield from _rule(step, width)
    yield from _read(step, width)
    yield []
    if step.arriving is None:
        yield _labelled("arriving", "the gradients of several results")
    else:
        yield from _array("arriving G", step.arriving, width, glyphs)
    if session.asked is not None:
        yield _labelled("contribution", f"? {session.asked.entry}".strip(), "here")
        yield from _before(step, width, glyphs)
        yield _labelled("after", "?", "here")
        return
    yield from _array("contribution", step.fitted, width, glyphs, step.summed)
    yield from _before(step, width, glyphs)
    yield from _after(step, width, glyphs)
    if len(session.event) > 1:
        yield []
        yield line(Span(f"taken together with it, by {session.granularity}:", "dim"))
        yield from (line("  ", str(s)) for s in session.event[:-1])
    if session.check is not None:
        yield []
        style = {True: "good", False: "bad", None: "dim"}[session.check.agrees]
        yield from wrapped(session.checked, width, 0, style)
    if session.position == len(session.trace.steps) and session.trace.stopped:
        yield []
        yield from wrapped(f"Here it stops: {session.trace.stopped}", width, 0, "bad")


def _before(step: Step, width: int, glyphs: Glyphs) -> Iterator[Line]:
    if step.before is None:
        yield _labelled("before", "nothing yet", "dim")
    else:
        yield from _array("before", step.before, width, glyphs)


def _after(step: Step, width: int, glyphs: Glyphs) -> Iterator[Line]:
    state = f"complete, {step.k} of {step.of}" if step.k == step.of else f"{step.k} of {step.of}, more to come"
    if step.before is None:
        yield from _beside(_labelled("after", "the contribution itself"), state, width, LABEL)
    else:
        yield from _array("after", step.after, width, glyphs, state)


def _source(source: Source | None, width: int, glyphs: Glyphs) -> Iterator[Line]:
    """Quote the lines of the program, with carets below the expression; a long line begins where the carets can be seen."""
    if source is None:
        return
    quoted = range(source.line, min(source.last_line, source.line + SOURCE_LINES - 1) + 1)
    texts = [linecache.getline(source.file, n).rstrip("\n") for n in quoted]
    if not any(texts):
        return
    yield line(Span(f"{os.path.basename(source.file)}:{source.line}", "dim"))
    margin = min(len(t) - len(t.lstrip()) for t in texts if t.strip())
    for number, text in zip(quoted, texts, strict=True):
        start = source.column if number == source.line else len(text) - len(text.lstrip())
        stop = source.last_column if number == source.last_line else len(text)
        shown, before, marked = (printable(part) for part in (text[margin:], text[margin:start], text[start:stop]))
        skip = max(0, cells(before) + min(cells(marked), width // 2) + GAP + INDENT - width)
        text = f"{glyphs.more}{dropped(shown, skip + 1)}" if skip else shown
        yield clip(line("  ", Span(text, "value")), width, glyphs.more)
        carets = Span(" " * (cells(before) - skip) + "^" * cells(marked), "gradient")
        yield clip(line("  ", carets), width, "^")
    if source.last_line > quoted[-1]:
        yield line("  ", Span(glyphs.more, "dim"))


def _rule(step: Step, width: int) -> Iterator[Line]:
    if step.rule is None:
        yield _labelled("rule", "its own backward, which is code of the program", "title")
        return
    *lines, last = hanging(Span("rule"), step.rule.text, width, LABEL, "title")
    yield from lines
    yield from _beside(last, f"of {step.node.op}, for {step.edge.argument}", width, LABEL)
    if step.rule.words:
        yield from wrapped(step.rule.words, width, LABEL)
    for function, meaning in step.rule.functions.items():
        yield from wrapped(f"{function}: {meaning}", width, LABEL, "dim")


def _read(step: Step, width: int) -> Iterator[Line]:
    """Show the values that the rule reads beside G."""
    names = {} if step.rule is None else step.rule.shown_names
    for name, a in step.reads.items():
        if name == "G" or literal(shown := printable(names.get(name, name))) is not None:
            continue
        label = f"{shown} = "
        rows = entries(a, width - LABEL - cells(label)) if a.ndim else [brief(a)]
        if rows is None or len(rows) > READ_LINES:
            yield from wrapped(label + described(a), width, LABEL, "value")
            continue
        for i, row in enumerate(rows):
            yield line(" " * LABEL + (label if i == 0 else " " * cells(label)), Span(row, "value"))


def _beside(spans: Line, note: str, width: int, indent: int = 0) -> Iterator[Line]:
    """Put a note behind a line, or below it where it does not fit."""
    if sum(cells(s.text) for s in spans) + cells(note) + GAP <= width:
        yield [*spans, Span(" " * GAP + note if note else "", "dim")]
    else:
        yield spans
        yield from wrapped(note, width, indent, "dim")


def _labelled(label: str, text: str, style: str = "") -> Line:
    return line(label.ljust(LABEL), Span(text, style))


def _array(label: str, a: ndarray, width: int, glyphs: Glyphs, note: str = "") -> Iterator[Line]:
    """Show an array under its label: a number beside it, few numbers below, of many what they are like and shades."""
    rows = entries(a, width - INDENT)
    said = brief(a) if not a.ndim else shape_text(a.shape) if rows else described(a)
    *lines, last = hanging(Span(label), said, width, LABEL, "" if a.ndim else "gradient")
    yield from lines
    yield from _beside(last, note, width, LABEL)
    if a.ndim and rows:
        yield from (line(" " * INDENT, Span(row, "gradient")) for row in rows)
    elif a.ndim and a.size and a.min() < a.max():
        yield from (line(" " * INDENT, *row) for row in heat_map(a, width - INDENT, ROWS, glyphs, "gradient"))
