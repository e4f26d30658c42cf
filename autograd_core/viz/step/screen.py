"""The full screen: the graph on the left, the step on the right; small windows have one of them at a time."""

from __future__ import annotations

import curses
import os
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress

from ..schema import TraceNode, brief
from .lines import explained, help_lines
from .outline import Entry, outline
from .panel import panel
from .session import Session
from .styled import COLORS, Glyphs, Line, Span, cells, clip, printable

__all__ = ["show"]

TWO_PANES = 72  # columns from which on there is room for both
NARROW, WIDE = 26, 46  # columns of the left one
BASIC = {
    "value": curses.COLOR_BLUE,
    "gradient": curses.COLOR_YELLOW,
    "good": curses.COLOR_GREEN,
    "bad": curses.COLOR_RED,
}
ATTRIBUTES = {"title": curses.A_BOLD, "dim": curses.A_DIM, "under": curses.A_UNDERLINE, "here": curses.A_REVERSE}
FOOT = (
    "n next  p back  N P by call  g go to  / find  c check  e explain  z quiz  ? help  q quit",
    "n next  p back  g go to  / find  c check  e explain  z quiz  ? help  q quit",
    "n p  g / c e z  Tab pane  ? help  q quit",
    "n p g / c e z Tab ? q",
)
KEYS = {
    curses.KEY_RIGHT: "n", " ": "n", "\n": "n", "\r": "n", curses.KEY_ENTER: "n", curses.KEY_LEFT: "p",
    curses.KEY_SRIGHT: "N", curses.KEY_SLEFT: "P", curses.KEY_HOME: "Home", curses.KEY_END: "End",
}  # fmt: skip
MORE = " Down: more "
ERRORS = 100  # in a row, without a key, after which there will be none
ESCAPE, BACKSPACES, ENTERS = "\x1b", ("\x7f", "\b", curses.KEY_BACKSPACE), ("\n", "\r", curses.KEY_ENTER)
Key = str | int


def show(session: Session, title: str, glyphs: Glyphs, colored: bool, depth: int | None) -> None:
    """Show *session* until the reader quits; the terminal is then as it was, also after an error."""
    os.environ.setdefault("ESCDELAY", "25")  # milliseconds to wait whether an Escape begins the code of another key
    with suppress(EOFError):
        curses.wrapper(lambda window: Screen(window, session, title, glyphs, colored, depth).run())


class Screen:
    """One window of curses, and what it shows of a session."""

    def __init__(
        self, window: curses.window, session: Session, title: str, glyphs: Glyphs, colored: bool, depth: int | None
    ) -> None:
        self.window, self.session, self.title, self.glyphs = window, session, title, glyphs
        self.entries: list[Entry] = outline(session.trace, depth)
        self.styles = _styles(colored)
        self.top = 0  # the first line of the panel that is seen
        self.graph_first = False  # what a window too small for both shows
        self.typed: str | None = None  # what has been typed at the prompt, or None
        self.prompt = self.note = ""
        self._drawn: tuple[object, list[Line]] = (None, [])  # the panel as it was made, and for what
        self._briefs: dict[int, str] = {}  # of gradients, by the ids of arrays that the trace keeps

    def run(self) -> None:
        """Show and obey keys, until q."""
        if self.session.is_quiz:
            self.session.ask()
        while True:
            if self.session.asked is not None:
                self._quiz()
                continue
            self.draw()
            key = self.key()
            if key == "q":
                return
            self._do(KEYS.get(key, key))

    # ----------------------------------------------------------------------------------------------------------- keys

    def key(self) -> Key:
        """Wait for a key; a changed size is one."""
        for _ in range(ERRORS):
            with suppress(curses.error):  # a signal came in between
                key = self.window.get_wch()
                if key == curses.KEY_RESIZE:
                    curses.update_lines_cols()
                return key
        raise EOFError

    def _do(self, key: Key) -> None:
        moves = _moves(self._panel_rows())
        if key in moves:
            self.top = max(0, self.top + moves[key])
        elif key == "\t":
            self.graph_first = not self.graph_first
        elif key == "?":
            self.read("Keys", lambda width: help_lines(width, self.glyphs))
        elif key == "e":
            step, said = self.session.step, self.session.explanation()
            self.read(f"Why {step.to} has this gradient" if step else "All steps", lambda width: explained(said, width))
        elif key == "g":
            if name := self.ask("go to: ", "Tab completes, Esc leaves", self.session.names()):
                self._then(lambda: self.session.goto(name))
        elif key == "/":
            if (text := self.ask("find: ", "Enter alone is once more")) is not None:
                self._then(lambda: self.session.find(text))
        elif isinstance(key, str):
            self._then(lambda: self.session.key(key))

    def _then(self, does: Callable[[], object]) -> None:
        position = self.session.position
        does()
        if self.session.position != position:
            self.top = 0

    def _quiz(self) -> None:
        """Ask the open question, until it is answered or the reader leaves the quiz."""
        asked = self.session.asked
        assert asked is not None
        self.top = 0
        text = self.ask(f"contribution{asked.entry} = ", "h hint, Enter alone tells, Esc ends the quiz")
        self.session.reply("z" if text is None else text)

    def ask(self, prompt: str, note: str, names: Sequence[str] = ()) -> str | None:
        """Have the reader type a line at the bottom, None for Escape; Tab completes one of *names*."""
        self.prompt, self.note, self.typed = prompt, note, ""
        try:
            while True:
                self.draw()
                key = self.key()
                if key in ENTERS:
                    return self.typed
                if key == ESCAPE:
                    return None
                if key in BACKSPACES:
                    self.typed = self.typed[:-1]
                elif key == "\t":
                    self.typed = self._completed(self.typed, names)
                elif isinstance(key, int):
                    self.top += _moves(self._panel_rows()).get(key, 0)
                elif key.isprintable():
                    self.typed += key
        finally:
            self.typed = None

    def _completed(self, typed: str, names: Sequence[str]) -> str:
        found = [name for name in names if name.startswith(typed)]
        if len(found) > 1:
            self.session.say("  ".join(found))
        return os.path.commonprefix(found) or typed  # noqa: RUF071  # characters are what is meant

    def read(self, title: str, text: Callable[[int], Iterable[Line]]) -> None:
        """Show a text, made for a width, over the whole screen, until a key other than those that move in it."""
        top = 0
        while True:
            rows, columns = self._size()
            room, lines = max(rows - 2, 1), list(text(columns - 1))
            self.window.erase()
            self._put(0, 0, [Span(title, "title")])
            for i, row in enumerate(lines[top : top + room]):
                self._put(1 + i, 0, row)
            more = f"{top + room} of {len(lines)} lines, " if len(lines) > room else ""
            self._put(rows - 1, 0, [Span(f"{more}any key goes back", "dim")])
            self.window.refresh()
            key = self.key()
            moves = {**_moves(room), " ": room}
            if key == curses.KEY_RESIZE:
                continue
            if key not in moves or (key == " " and top + room >= len(lines)):
                return
            top = max(0, min(top + moves[key], len(lines) - room))

    # -------------------------------------------------------------------------------------------------------- drawing

    def _size(self) -> tuple[int, int]:
        return self.window.getmaxyx()

    def _panel_rows(self) -> int:
        return max(1, self._size()[0] - 2)

    def draw(self) -> None:
        """Draw all."""
        rows, columns = self._size()
        self.window.erase()
        with suppress(curses.error):  # not every terminal can hide its cursor
            curses.curs_set(self.typed is not None)
        height = self._panel_rows()
        if columns >= TWO_PANES:
            left = min(max(columns * 2 // 5, NARROW), WIDE)
            self._graph(left, height)
            for row in range(1, 1 + height):
                self._put(row, left, [Span(self.glyphs.down, "dim")])
            self._panel(left + 2, columns - left - 2, height)
        elif self.graph_first:
            self._graph(columns, height)
        else:
            self._panel(0, columns, height)
        self._head(columns)
        self._foot(rows - 1, columns)
        self.window.refresh()

    def _head(self, columns: int) -> None:
        s = self.session
        now = f"step {s.position if s.asked is None else s.asked.step.number + 1} of {len(s.trace.steps)}"
        kind = "quiz" if s.is_quiz else "" if s.granularity == "edge" else f"by {s.granularity}"
        score = f"{s.quiz.score} right" if s.quiz.asked else ""
        right = "  ".join(filter(None, [kind, score, now])) + " "
        left = clip([Span(f" {printable(self.title)}")], max(columns - len(right) - 1, 0), self.glyphs.more)
        room = columns - sum(cells(t.text) for t in left) - len(right)
        self._put(0, 0, [Span("".join(t.text for t in left) + " " * max(room, 0) + right, "here")])

    def _foot(self, row: int, columns: int) -> None:
        if self.typed is not None:
            said = self.session.notice
            shown = self.typed[-max(columns - len(self.prompt) - 2, 1) :]
            notes = said if said.text else Span(self.note, "dim")
            self._put(row, 0, [Span(self.prompt, "title"), Span(shown), Span("   " + notes.text, notes.style)])
            column = cells(self.prompt) + cells(shown)
            if column < columns:
                self.window.move(row, column)
            return
        if self.session.notice.text:
            self._put(row, 0, [self.session.notice])
            return
        self._put(row, 0, [Span(next((keys for keys in FOOT if len(keys) < columns), FOOT[-1]), "dim")])

    def _graph(self, width: int, height: int) -> None:
        """Draw the graph: marks say how far each gradient is, and the arrow where the step is."""
        step = self.session.step
        call, to = (None, None) if step is None else (step.node, step.to)
        at = next((i for i, e in enumerate(self.entries) if call in e.nodes), 0)
        lead = max(0, min(at - height // 2, len(self.entries) - height + 1))
        self._put(1, 0, clip([Span("graph, newest first", "dim")], width, self.glyphs.more))
        self._put(1, max(width - 9, 20), [Span("gradient", "dim")])
        for row, entry in enumerate(self.entries[lead : lead + height - 1], 2):
            self._put(row, 0, self._entry(entry, width - 1, call, to))

    def _entry(self, entry: Entry, width: int, call: TraceNode | None, to: TraceNode | None) -> Line:
        g = self.glyphs
        state = self.session.mark(entry.nodes) if entry.nodes else ""
        mark = {"complete": g.complete, "partial": g.partial, "missing": g.missing, "constant": g.constant}.get(
            state, " "
        )
        pointer = g.here if call in entry.nodes else " "
        title_style = "here" if to in entry.nodes and to is not call else "title" if call in entry.nodes else ""
        title_style = title_style or ("under" if entry.is_module and not entry.nodes else "")
        left = [
            Span(f"{pointer}{'  ' * entry.indent}{mark} " if entry.nodes else f" {'  ' * entry.indent}"),
            Span(printable(entry.title), title_style),
            Span(f"  {printable(entry.note)}" if entry.note else "", "dim"),
        ]
        value = self._gradient(entry)
        left = clip(left, width - len(value) - 1, g.more)
        room = width - sum(cells(s.text) for s in left) - len(value)
        return [*left, Span(" " * max(room, 1)), Span(value, "gradient")]

    def _gradient(self, entry: Entry) -> str:
        """Return the sum of the only tensor of a line: a number, or the norm between bars."""
        if len(entry.nodes) != 1:
            return ""
        hidden = self.session.asked is not None and entry.nodes[0] is self.session.asked.step.to
        g = self.session.stepper.gradient(entry.nodes[0].id)
        if g is None or hidden:
            return "?" if hidden else ""
        if id(g) not in self._briefs:
            self._briefs[id(g)] = brief(g) if g.size == 1 else f"|{brief(g).rpartition(' ')[2]}|"
        return self._briefs[id(g)]

    def _panel(self, column: int, width: int, height: int) -> None:
        s = self.session
        state = (s.position, s.asked, s.check, s.granularity, width)
        if state != self._drawn[0]:
            self._drawn = state, panel(s, width, self.glyphs)
        lines = self._drawn[1]
        self.top = max(0, min(self.top, len(lines) - height))
        below = len(lines) - self.top > height
        for row, spans in enumerate(lines[self.top : self.top + height], 1):
            room = width - len(MORE) - 1 if below and row == height else width
            self._put(row, column, clip(spans, room, self.glyphs.more))
        if below:
            self._put(height, column + width - len(MORE), [Span(MORE, "here")])

    def _put(self, row: int, column: int, spans: Line) -> None:
        rows, columns = self._size()
        if not 0 <= row < rows:
            return
        for text, style in clip(spans, max(columns - column, 0), self.glyphs.more):
            with suppress(curses.error):  # the last place of a window takes its character, and has no next one
                self.window.addstr(row, column, text, self.styles.get(style, 0))
            column += cells(text)


def _moves(page: int) -> dict[Key, int]:
    """Return by how many lines each key moves in a text."""
    by_line: dict[Key, int] = {curses.KEY_UP: -1, "k": -1, curses.KEY_DOWN: 1, "j": 1}
    return {**by_line, curses.KEY_PPAGE: -page, curses.KEY_NPAGE: page}


def _styles(colored: bool) -> dict[str, int]:
    """Return the attributes of each style on this terminal."""
    found = dict(ATTRIBUTES)
    with suppress(curses.error):  # there are no colours, or none of the reader's own to go back to
        curses.use_default_colors()  # also for no colours at all: else the background is black on a light terminal
        for number, name in enumerate(COLORS if colored and curses.has_colors() else (), 1):
            curses.init_pair(number, COLORS[name] if curses.COLORS >= 256 else BASIC[name], -1)
            found[name] = curses.color_pair(number)
    return found
