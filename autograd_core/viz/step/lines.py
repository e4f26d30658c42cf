"""Steps as plain text: all of them for a pipe, or one after the other with a prompt, where a terminal can do no more."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from ..stepper import StepGroup
from .panel import panel
from .session import Session
from .styled import Glyphs, Line, Span, hanging, line, wrapped

__all__ = ["converse", "explained", "help_lines", "listing"]

KEY_COLUMNS = 17
# What the keys of both screens do; in lines they are words before Enter.
HELP = (
    ("n, Right, Space", "the next step"),
    ("p, Left", "the step before"),
    ("N, P", "the next call, the call before"),
    ("Home, End", "the start, the end"),
    ("g NAME", "where the gradient of NAME is complete, or step 12"),
    ("/ TEXT", "the next step with TEXT in its names, operation, module or line"),
    ("c", "check this contribution by a difference quotient"),
    ("C", "check the whole gradient: all is computed again"),
    ("e", "explain why this gradient is what it is"),
    ("z", "quiz: predict the next contribution; h is a hint, Enter alone gives up"),
    ("Up, Down, Tab", "move in a long text, change the pane of a small window"),
    ("? and q", "this help, and the way out"),
)


def listing(session: Session, width: int, glyphs: Glyphs, to: str | None = None) -> Iterator[Line]:
    """Yield all steps: single contributions in full, groups of them in a line each.

    With *to* only those up to where the session is, and then why the gradient of that name is what it is.
    """
    end = len(session.trace.steps) if to is None else session.position
    session.go(0)
    yield from panel(session, width, glyphs)
    yield []
    if session.granularity != "edge":
        yield from _groups(session, end)
        yield []
    while session.position < end:
        session.forward()
        yield from panel(session, width, glyphs)
        yield []
    if to is not None:
        yield from explained(session.stepper.explain(to), width)


def _groups(session: Session, end: int) -> Iterator[Line]:
    for event in session.groups:
        if isinstance(event, StepGroup) and event.steps[0].number < end:
            yield line(Span(f"{event.number + 1:>3} {event.title}", "title"))
            for step in event.steps:
                yield line("   ", str(step))
                session.go(step.number + 1)
                if session.check is not None:
                    yield line(Span(f"      {session.checked}", "dim"))


def explained(text: str, width: int) -> Iterator[Line]:
    """Yield an explanation, each of its lines broken at *width* and indented as it is."""
    for part in text.split("\n"):
        yield from wrapped(part.strip(), width, len(part) - len(part.lstrip()))


def converse(
    session: Session, width: int, glyphs: Glyphs, write: Callable[[Line], None], read: Callable[[str], str]
) -> None:
    """Show a step, take a line, and so on, until "q" or the end of the input."""
    if session.is_quiz:
        session.ask()
    shown = None
    while True:
        if (state := (session.position, session.asked, session.check)) != shown:
            for row in [*panel(session, width, glyphs), []]:
                write(row)
            shown = state
        for row in wrapped(session.notice.text, width, 0, session.notice.style):
            write(row)
        try:
            typed = read(_prompt(session))
        except EOFError:
            return
        if typed.strip() == "q":
            return
        for row in _done(session, typed, width, glyphs):
            write(row)


def help_lines(width: int, glyphs: Glyphs) -> Iterator[Line]:
    """Yield what the keys do, and what the marks say."""
    for keys, said in HELP:
        yield from hanging(Span(keys, "title"), said, width, KEY_COLUMNS)
    marks = f"{glyphs.complete} complete, {glyphs.partial} not all is in, {glyphs.missing} not computed"
    yield from hanging(Span("marks", "title"), f"{marks}, {glyphs.constant} needs none", width, KEY_COLUMNS)


def _prompt(session: Session) -> str:
    if session.asked is not None:
        return f"contribution{session.asked.entry} = "
    return f"[{session.position} of {len(session.trace.steps)}] n p g / c e z ? q> "


def _done(session: Session, typed: str, width: int, glyphs: Glyphs) -> Iterator[Line]:
    """Do what a line says, and yield what there is to read beside the step."""
    session.say("")
    if session.asked is not None:
        session.reply(typed)
        if session.answered is not None:
            yield from wrapped(session.notice.text, width, 0, session.notice.style)
            yield from ([Span(str(session.answered.question.step), "dim")], [])
            session.ask()
        return
    word, _, rest = typed.strip().partition(" ")
    if word.startswith("/"):
        session.find(f"{word[1:]} {rest}".strip())
    elif word == "g":
        session.goto(rest.strip())
    elif word == "e":
        yield from explained(session.explanation(), width)
    elif word == "?":
        yield from help_lines(width, glyphs)
    elif not session.key(word or "n"):
        session.say(f"{word!r} is no key here; ? lists them", "bad")
