"""Protocol buffers as text: what Caffe's solver and network files are written in.

``google.protobuf.text_format`` reads such text only by a schema, and drops the lines on which things stand.  Here the reader
says what it expects, field by field, and every error names the file and the line.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple, NoReturn

import autograd_core as ag

__all__ = ["Message", "parse"]

TOKEN = re.compile(
    r"""(?P<space>[ \t\r\f\v]+|\#[^\n]*)
      | (?P<newline>\n)
      | (?P<text>"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*')
      | (?P<number>[-+]?(?:0[xX][0-9a-fA-F]+|(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?)f?(?![\w.]))
      | (?P<word>-?[A-Za-z_][\w.]*)
      | (?P<sign>[{}<>:,;\[\]])""",
    re.VERBOSE,
)


class Token(NamedTuple):
    """One token: its kind, as TOKEN names it, its text and its line."""

    kind: str
    text: str
    line: int


class Word(str):
    """A value without quotes: the name of an enum, or true and false."""

    __slots__ = ()


class Entry(NamedTuple):
    """One value of a field, and its line."""

    value: Any
    line: int


REQUIRED = object()


@dataclass
class Message:
    """The fields of a block, each with its values in order; what is taken is checked, what is left over is an error.

    >>> message = parse('base_lr: 0.01  stepvalue: 5 stepvalue: 9  type: "SGD"  # a comment')
    >>> message.number("base_lr"), message.counts("stepvalue"), message.text("type", "Adam")
    (0.01, [5, 9], 'SGD')
    >>> message.done()
    """

    file: str
    what: str  # the field that it is the value of
    line: int
    fields: dict[str, list[Entry]] = field(default_factory=dict)
    taken: set[str] = field(default_factory=set)

    def __contains__(self, name: str) -> bool:
        return name in self.fields

    def fail(self, message: str, line: int | None = None) -> NoReturn:
        """Raise DataError, with the file and the line: of this block, unless another is given."""
        raise ag.errors.DataError(f"{self.file}:{self.line if line is None else line}: {message}")

    def line_of(self, name: str) -> int:
        """Return the line of the field *name*, or that of the block where it is not there."""
        return self.fields[name][-1].line if name in self.fields else self.line

    def _all(self, name: str) -> list[Entry]:
        self.taken.add(name)
        return self.fields.get(name, [])

    def _one(self, name: str, default: Any) -> Entry:
        entries = self._all(name)
        if len(entries) > 1:
            self.fail(f"{name} stands here again, expected once in {self.what}; delete one", entries[1].line)
        if not entries and default is REQUIRED:
            self.fail(f"{self.what} has no {name}; add {name}: ...")
        return entries[0] if entries else Entry(default, self.line)

    def number(self, name: str, default: Any = REQUIRED, *, least: float | None = None) -> Any:
        """Return a number; *least* is the smallest that may be."""
        entry = self._one(name, default)
        return entry.value if entry.value is default else self._number(name, entry, least)

    def count(self, name: str, default: Any = REQUIRED, *, least: int = 0) -> Any:
        """Return a whole number of at least *least*."""
        entry = self._one(name, default)
        return entry.value if entry.value is default else self._count(name, entry, least)

    def counts(self, name: str, *, least: int = 0) -> list[int]:
        """Return all whole numbers of a repeated field."""
        return [self._count(name, entry, least) for entry in self._all(name)]

    def numbers(self, name: str) -> list[float]:
        """Return all numbers of a repeated field."""
        return [self._number(name, entry, None) for entry in self._all(name)]

    def text(self, name: str, default: Any = REQUIRED) -> Any:
        """Return a text in quotes."""
        entry = self._one(name, default)
        return entry.value if entry.value is default else self._text(name, entry)

    def texts(self, name: str) -> list[str]:
        """Return all texts of a repeated field."""
        return [self._text(name, entry) for entry in self._all(name)]

    def choice(self, name: str, choices: Sequence[str], default: Any = REQUIRED) -> Any:
        """Return one of *choices*, written without quotes as enums are, or with."""
        entry = self._one(name, default)
        if entry.value is not default and entry.value not in choices:
            self.fail(
                f"{name}: {_shown(entry.value)} is unknown;{_near(str(entry.value), choices)} expected one of "
                f"{', '.join(choices)}",
                entry.line,
            )
        return str(entry.value) if isinstance(entry.value, Word) else entry.value

    def flag(self, name: str, default: bool) -> bool:
        """Return true or false."""
        return bool(self.choice(name, ("true", "false"), "true" if default else "false") == "true")

    def block(self, name: str) -> Message:
        """Return the block *name*; an empty one where it is not there."""
        entry = self._one(name, None)
        return Message(self.file, name, self.line) if entry.value is None else self._block(name, entry)

    def blocks(self, name: str) -> list[Message]:
        """Return all blocks of a repeated field."""
        return [self._block(name, entry) for entry in self._all(name)]

    def ignore(self, *names: str) -> None:
        """Accept fields that change nothing here."""
        self.taken.update(names)

    def only(self, names: Collection[str]) -> None:
        """Raise DataError for the first field that is none of *names*: it is misspelt, or not supported."""
        for name, entries in self.fields.items():
            if name not in names:
                hint = _near(name, sorted(names))
                self.fail(f"{self.what} has no field {name!r} here;{hint or ' delete it'}", entries[0].line)

    def done(self) -> None:
        """Raise DataError for the first field that nobody took."""
        self.only(self.taken)

    def _number(self, name: str, entry: Entry, least: float | None) -> Any:
        if isinstance(entry.value, str | Message) or (least is not None and not entry.value >= least):
            bound = "" if least is None else f" of at least {least:g}"
            self.fail(f"{name}: {_shown(entry.value)}, expected a number{bound}", entry.line)
        return entry.value

    def _count(self, name: str, entry: Entry, least: int) -> int:
        if not isinstance(entry.value, int) or entry.value < least:
            self.fail(f"{name}: {_shown(entry.value)}, expected a whole number of at least {least}", entry.line)
        return entry.value

    def _text(self, name: str, entry: Entry) -> str:
        if not isinstance(entry.value, str) or isinstance(entry.value, Word):
            self.fail(f'{name}: {_shown(entry.value)}, expected text in quotes: {name}: "..."', entry.line)
        return entry.value

    def _block(self, name: str, entry: Entry) -> Message:
        if not isinstance(entry.value, Message):
            self.fail(f"{name}: {_shown(entry.value)}, expected a block: {name} {{ ... }}", entry.line)
        return entry.value


def _shown(value: Any) -> str:
    if isinstance(value, Message):
        return "{ ... }"
    return str(value) if isinstance(value, Word) or not isinstance(value, str) else f'"{value}"'


def _near(name: str, names: Sequence[str]) -> str:
    near = difflib.get_close_matches(name, names, n=1, cutoff=0.6)
    return f" did you mean {near[0]}?" if near else ""


def parse(text: str, file: str = "text") -> Message:
    """Return the message that *text* says; *file* is its name in errors.

    Raises DataError, one line with the file and the line in it, for what is no such text.

    >>> parse("layer { name: 'x' ")
    Traceback (most recent call last):
    autograd_core.errors.DataError: text:1: the block layer is not closed; add }
    """
    tokens = list(_tokens(text, file))
    message, end = _fields(tokens, 0, Message(file, file, 1), None)
    assert end == len(tokens)
    return message


def _tokens(text: str, file: str) -> Iterator[Token]:
    place, line = 0, 1
    while place < len(text):
        match = TOKEN.match(text, place)
        if match is None:
            rest = text[place:].split("\n", 1)[0][:20]
            cure = "close the quotes on this line" if rest[0] in "\"'" else "delete it"
            raise ag.errors.DataError(f"{file}:{line}: {rest!r} cannot be read; {cure}")
        if match.lastgroup == "newline":
            line += 1
        elif match.lastgroup != "space":
            yield Token(str(match.lastgroup), match.group(), line)
        place = match.end()


def _fields(tokens: list[Token], place: int, message: Message, close: str | None) -> tuple[Message, int]:
    """Read fields into *message* up to *close*, or to the end; return it, and the place behind."""
    while place < len(tokens):
        token = tokens[place]
        if token.text == close and token.kind == "sign":
            return message, place + 1
        if token.kind != "word":
            message.fail(f"{token.text!r} stands where a field's name is expected", token.line)
        place = _field(tokens, place, message)
        while place < len(tokens) and tokens[place].text in (",", ";"):
            place += 1
    if close is not None:
        message.fail(f"the block {message.what} is not closed; add {close}")
    return message, place


def _field(tokens: list[Token], place: int, message: Message) -> int:
    """Read one field, whose name stands at *place*; return the place behind it."""
    name = tokens[place]
    entries = message.fields.setdefault(name.text, [])
    place += 1
    colon = place < len(tokens) and tokens[place].text == ":"
    place += colon
    if place == len(tokens):
        message.fail(f"{name.text} has no value", name.line)
    if tokens[place].text == "[" and colon:
        place += 1
        while place < len(tokens) and tokens[place].text != "]":
            place = _value(tokens, place, name, message, entries, colon)
            if place < len(tokens) and tokens[place].text == ",":
                place += 1
        if place == len(tokens):
            message.fail(f"the list {name.text} is not closed; add ]", name.line)
        return place + 1
    return _value(tokens, place, name, message, entries, colon)


def _value(tokens: list[Token], place: int, name: Token, message: Message, entries: list[Entry], colon: bool) -> int:
    """Read one value into *entries*; return the place behind it."""
    token = tokens[place]
    if token.kind == "sign" and token.text in "{<":
        inner, close = Message(message.file, name.text, name.line), "}" if token.text == "{" else ">"
        block, place = _fields(tokens, place + 1, inner, close)
        entries.append(Entry(block, name.line))
        return place
    if not colon:
        cure = f"write {name.text}: value, or {name.text} {{ ... }}"
        message.fail(f"{name.text} is followed by {token.text!r}; {cure}", token.line)
    if token.kind == "sign":
        message.fail(f"{name.text}: has no value before {token.text!r}", token.line)
    place += 1
    if token.kind == "text":
        value = _unquoted(token.text)
        while place < len(tokens) and tokens[place].kind == "text":  # texts side by side are one
            value += _unquoted(tokens[place].text)
            place += 1
        entries.append(Entry(value, token.line))
        return place
    entries.append(Entry(Word(token.text) if token.kind == "word" else _read_number(token.text), token.line))
    return place


def _unquoted(text: str) -> str:
    return re.sub(r"\\(.)", lambda match: {"n": "\n", "t": "\t"}.get(match[1], match[1]), text[1:-1])


def _read_number(text: str) -> int | float:
    if re.fullmatch(r"[-+]?(0[xX][0-9a-fA-F]+|\d+)", text):
        return int(text, 16) if "x" in text.lower() else int(text)
    return float(text.rstrip("f"))
