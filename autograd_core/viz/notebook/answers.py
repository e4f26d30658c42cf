"""``ask``: a question in a notebook, the reader's answer beside the right one, and what is wrong with it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from math import isfinite
from typing import Any

import numpy as np
from numpy import ndarray

from ...errors import ArgumentError
from ...tensor import Tensor

__all__ = ["Reply", "ask"]

Expected = str | frozenset[Any] | ndarray | list[Any]  # what a right answer is brought to: text, set, numbers, parts

# A mark, words and the colour of the edge: each colour can be seen on white and on black, and none is needed to read it.
LOOK = {None: ("?", "Not answered", "#3f7fd1"), True: ("✓", "Right", "#178f78"), False: ("✗", "Not yet", "#c2661a")}
STYLE = "border-left: 4px solid {}; padding: 2px 0 2px 14px; margin: 6px 0; max-width: 44em; line-height: 1.5"


@dataclass(frozen=True, eq=False, repr=False)
class Reply:
    """What ``ask`` says to an answer: *right* is True, False, or None where nobody answered; *found* is what is wrong.

    It is a card in a notebook and text elsewhere.

    >>> from autograd_core.viz import ask
    >>> reply = ask("What is the derivative of $x^2$ at 3?", 9, 6.0, hint="Bring the exponent down.")
    >>> reply.right, reply.found
    (False, 'Too large.')
    """

    question: str
    right: bool | None
    found: str = ""
    hint: str = ""
    why: str = ""
    choices: tuple[str, ...] = ()

    @property
    def verdict(self) -> str:
        """One or two words, or what to do."""
        if self.right is None:
            return f"Put your answer in place of None{f': {_either(self.choices)}' if self.choices else ''}."
        return f"{LOOK[self.right][1]}."

    @property
    def more(self) -> tuple[str, ...]:
        """What follows the verdict: why it is right; or what is wrong, and the hint."""
        said = {None: (), True: (self.why,), False: (self.found, self.hint and f"Hint: {self.hint}")}[self.right]
        return tuple(filter(None, said))

    def __repr__(self) -> str:
        return "\n".join([self.question, " ".join([self.verdict, *self.more])])

    def _repr_html_(self) -> str:
        mark, label, colour = LOOK[self.right]
        said = " ".join([f"<b>{self.verdict}</b>", *map(_html, self.more)])
        return (
            f'<div role="group" aria-label="Quiz. {label}" style="{STYLE.format(colour)}">'
            f'<div>{_html(self.question)}</div><div><span aria-hidden="true">{mark}</span> {said}</div></div>'
        )


def _html(text: str) -> str:
    """Return *text* for a page: `code` between backticks, and lines where it has some."""
    return re.sub(r"`([^`\n]+)`", r"<code>\1</code>", escape(text)).replace("\n", "<br>")


def _either(choices: Sequence[str]) -> str:
    """Return the choices in quotes: "a", "b" or "c"."""
    *others, last = (f'"{choice}"' for choice in choices)
    return f"{', '.join(others)} or {last}"


def ask(
    question: str,
    yours: Any,
    right: Any,
    *,
    choices: Sequence[str] = (),
    hint: str = "",
    why: str = "",
    tolerance: float = 0.01,
) -> Reply:
    """Compare *yours* with *right*, and return a card that says "Right." and *why*, or what is wrong and a *hint*.

    An answer is a number, an array, a Tensor, a bool, a text (case and spaces do not matter), a set of numbers or texts
    (nor does the order), or a tuple or list of answers.  None is a question that is still open.  The card of a wrong
    answer says how it is wrong, and never what is right: the shape, a transposition, a sign, a factor that is a whole
    number or 1 over one, or how many entries differ, and where the first is.

    Numbers are right within ``|yours - right| <= tolerance * (|right| + max |right| / 10)``; whole numbers and bools are
    counts and choices, and have to be exact.

    Of two or more *choices*, such as ``("a", "b", "c")``, *right* is one.  The answer may stand as it does in print: "B",
    "b)" and "(b)" are "b".  What is none of them is told so.

    *yours* may be a function without arguments: what it returns is the answer, and what it raises is what is wrong.  Use
    it where a notebook makes the answer out of what was typed.  *right* may be a function of the answer, for questions
    with many right ones: it returns what is wrong, or "" where nothing is, and what it raises is what is wrong, too.

    Raises ArgumentError for a *right* that is none of these, an empty *question*, *choices* without *right*, and a
    *tolerance* below 0.

    >>> import autograd_core as ag
    >>> from autograd_core.viz import ask
    >>> w, x = ag.tensor([2.0, 3.0], requires_grad=True), ag.tensor([5.0, 7.0])
    >>> ((w * x).sum() ** 2).backward()
    >>> ask("What is dL/dw?", None, w.grad)
    What is dL/dw?
    Put your answer in place of None.
    >>> ask("What is dL/dw?", (w * x).sum() * x, w.grad, hint="the derivative of $u^2$ is $2u$.")
    What is dL/dw?
    Not yet. It is off by a factor of 1/2. Hint: the derivative of $u^2$ is $2u$.
    >>> ask("What is dL/dw?", 2 * (w * x).sum() * x, w.grad, why="It is 2u times du/dw.")
    What is dL/dw?
    Right. It is 2u times du/dw.
    >>> ask("Larger or smaller?", "c", "a", choices=("a", "b"))
    Larger or smaller?
    Not yet. 'c' is no choice: write "a" or "b", in quotes.
    >>> ask("A multiple of 3?", 7, lambda n: f"It leaves a remainder of {n % 3}." if n % 3 else "")
    A multiple of 3?
    Not yet. It leaves a remainder of 1.
    >>> ask("The inverse of 0?", lambda: 1 / 0, 0.0)
    The inverse of 0?
    Not yet. It stops with ZeroDivisionError: division by zero.
    """
    for name, text in (("question", question), ("hint", hint), ("why", why)):
        if not isinstance(text, str) or not (text.strip() or name != "question"):
            raise ArgumentError(f"ask: {name} is {text!r}: expected a text; put it in quotes")
    if not isinstance(tolerance, int | float) or not 0 <= tolerance < float("inf"):
        raise ArgumentError(f"ask: tolerance is {tolerance!r}: expected a number, 0 or above, such as 0.01")
    expected: Expected = "" if callable(right) else _expected(right)
    offered = _offered(choices, right)
    try:
        if callable(yours):
            yours = yours()
        if _is_open(yours):
            return Reply(question, None, "", hint, why, offered)
        found = right(yours) if callable(right) else ""
    except Exception as error:  # whatever a reader's answer leads to
        found = f"{f'It stops with {type(error).__name__}: {error}'.rstrip(' :.')}."
    else:
        if not isinstance(found, str):
            raise ArgumentError(
                f'ask: the function that is right returned {found!r}: expected what is wrong in words, or ""'
            )
        if offered:
            yours, found = _chosen(yours, offered)
        if not found and not callable(right):
            found = _difference(yours, expected, tolerance)
    return Reply(question, not found, found, hint, why, offered)


def _is_open(yours: Any) -> bool:
    """Return whether nothing was answered: None, or a tuple of it."""
    return yours is None or (isinstance(yours, tuple | list) and bool(yours) and all(map(_is_open, yours)))


# ------------------------------------------------------------------------------------------------- what is an answer


def _expected(right: Any) -> Expected:
    """Return a right answer in the form that answers are compared with."""
    if isinstance(right, str):
        return _plain(right)
    if isinstance(right, set | frozenset):
        return frozenset(map(_element, right))
    parts = isinstance(right, tuple | list)
    if not parts or not any(isinstance(part, Tensor | ndarray) and part.ndim for part in right):
        numbers = _numbers(right)
        if numbers is not None:
            return numbers
    if parts:
        return [_expected(part) for part in right]
    raise ArgumentError(
        f"ask: right is {right!r}: expected a number, an array, a Tensor, a bool, a text, a set, or a tuple or list of "
        "these; compute it before you ask"
    )


def _plain(text: str) -> str:
    return "".join(text.split()).casefold()


def _element(x: Any) -> Any:
    if isinstance(x, str):
        return _plain(x)
    number = _numbers(x)
    if number is None or number.size != 1:
        raise ArgumentError(f"ask: right is a set with {x!r} in it: expected numbers and texts; use a tuple for others")
    return number.item()


def _numbers(x: Any) -> ndarray | None:
    """Return an array of numbers or bools, or None for everything else, such as rows of several lengths."""
    if isinstance(x, Tensor):
        x = x.detach().cpu().numpy()
    elif isinstance(x, tuple | list):
        x = [_numbers(part) for part in x]
    try:
        a = np.asarray(x)
    except (TypeError, ValueError):
        return None
    return a if a.dtype.kind in "biuf" else None


def _offered(choices: Sequence[str], right: Any) -> tuple[str, ...]:
    """Return the choices of a question, checked."""
    texts = isinstance(choices, tuple | list) and all(isinstance(choice, str) for choice in choices)
    if not texts or len(choices) == 1:
        raise ArgumentError(f'ask: choices is {choices!r}: expected a tuple of texts, such as ("a", "b", "c")')
    if choices and not (isinstance(right, str) and _plain(right) in map(_plain, choices)):
        raise ArgumentError(f"ask: right is {right!r}, which is none of the choices, {_either(choices)}")
    return tuple(choices)


def _chosen(yours: Any, choices: tuple[str, ...]) -> tuple[Any, str]:
    """Return which choice was meant, and "" or what is wrong with it."""
    if isinstance(yours, str):
        letter = re.fullmatch(r"\(?([a-z])\).*", _plain(yours))  # b), (b), and b) with its text
        plain = letter[1] if letter else _plain(yours)
        if plain in map(_plain, choices):
            return plain, ""
    told = _told(yours)
    return yours, f"{told[0].upper()}{told[1:]} is no choice: write {_either(choices)}, in quotes."


# ------------------------------------------------------------------------------------------------ what is wrong with it


def _difference(yours: Any, expected: Expected, tolerance: float) -> str:
    """Return in a sentence what is wrong, or "" for what is right."""
    if isinstance(expected, str):
        if not isinstance(yours, str):
            return f"Expected is a text in quotes, and yours is {_told(yours)}."
        return "" if _plain(yours) == expected else f"{_told(yours)} is not it."
    if isinstance(expected, frozenset):
        return _of_sets(yours, expected)
    if isinstance(expected, list):
        return _of_parts(yours, expected, tolerance)
    return _of_arrays(yours, expected, tolerance)


def _told(x: Any) -> str:
    if isinstance(x, Tensor | ndarray) and x.ndim:
        return "an array"
    text = repr(x)
    return text if len(text) <= 40 and "\n" not in text else f"a {type(x).__name__}"


def _of_sets(yours: Any, expected: frozenset[Any]) -> str:
    if not isinstance(yours, set | frozenset | tuple | list):
        return f"Expected is a set in braces, such as {{1, 2}}, and yours is {_told(yours)}."
    try:
        given = frozenset(map(_element, yours))
    except ArgumentError:
        return f"Expected is a set of numbers or texts, and yours is {_told(yours)}."
    wrong, lacking = len(given - expected), len(expected - given)
    said = [f"{wrong} of yours {'does' if wrong == 1 else 'do'} not belong"] if wrong else []
    said += [f"{lacking} {'is' if lacking == 1 else 'are'} missing"] if lacking else []
    return " and ".join(said).capitalize() + "." if said else ""


def _of_parts(yours: Any, expected: list[Any], tolerance: float) -> str:
    if not isinstance(yours, tuple | list):
        return f"Expected is a tuple of {len(expected)} answers, and yours is {_told(yours)}."
    if len(yours) != len(expected):
        return f"Expected are {len(expected)} answers, and you gave {len(yours)}."
    for i, (part, right) in enumerate(zip(yours, expected, strict=True), start=1):
        said = "It is still None." if part is None else _difference(part, right, tolerance)
        if said:
            return f"Answer {i} of {len(expected)}: {said}"
    return ""


def _of_arrays(yours: Any, expected: ndarray, tolerance: float) -> str:
    given = _numbers(yours)
    choice = expected.dtype.kind == "b"
    if given is None or (given.size and (given.dtype.kind == "b") != choice):
        kind = "True or False" if choice else "a number"
        if expected.ndim:
            kind = f"an array, with {kind} in each entry"
        return f"Expected is {kind}, and yours is {_told(yours)}."
    if given.shape != expected.shape and not given.size == expected.size == 1:
        return _of_shapes(given, expected, tolerance)
    given = given.reshape(expected.shape)
    equal = _equal(given, expected, tolerance)
    return "" if equal.all() else _of_numbers(given, expected, equal, tolerance)


def _of_shapes(given: ndarray, expected: ndarray, tolerance: float) -> str:
    said = f"Your shape is {given.shape}, and expected is {expected.shape}."
    if given.ndim == 2 and given.T.shape == expected.shape:
        return f"{said} Transposed?"
    if given.size == expected.size and _equal(given.reshape(expected.shape), expected, tolerance).all():
        return f"{said} The numbers are right."
    return said


def _equal(given: ndarray, expected: ndarray, tolerance: float) -> ndarray:
    """Return which entries are right."""
    if expected.dtype.kind != "f":  # counts and choices
        return np.asarray(given == expected)
    exact = expected.astype(np.float64)
    near = tolerance * _scale(exact) / 10
    return np.asarray(np.isclose(given.astype(np.float64), exact, rtol=tolerance, atol=near, equal_nan=True))


def _scale(a: ndarray) -> float:
    return float(np.abs(a[np.isfinite(a)]).max(initial=0.0)) or 1.0


def _of_numbers(given: ndarray, expected: ndarray, equal: ndarray, tolerance: float) -> str:
    """Return how entries differ that have the right shape: as a whole where something explains all, else how many."""
    fine = np.isfinite(given)
    lost = int((~fine & np.isfinite(expected)).sum())
    if lost:
        return f"{_count(lost, given.size)} not finite (NaN or infinite)."
    if expected.dtype.kind != "b" and fine.all() and np.isfinite(expected).all():
        said = _explained(given.astype(np.float64), expected.astype(np.float64), tolerance)
        if said:
            return said
    wrong = int((~equal).sum())
    first = tuple(np.argwhere(~equal)[0].tolist())
    if expected.dtype.kind == "b":
        return "It is the other way round." if wrong == given.size else _differ(wrong, given.size, first)
    side = "large" if given[first] > expected[first] else "small"
    if given.size == 1:
        close = tolerance and _equal(given, expected, 10 * tolerance).all()
        return f"Too {side}{f', but close: it has to be within {100 * tolerance:g} %' if close else ''}."
    if _equal(np.sort(given, axis=None), np.sort(expected, axis=None), tolerance).all():
        return "The numbers are right, their order is not."
    return f"{_differ(wrong, given.size, first)} There yours, {given[first]:.4g}, is too {side}."


def _explained(given: ndarray, expected: ndarray, tolerance: float) -> str:
    """Return the one thing that explains all differences, or ""."""
    if given.ndim == 2 and given.shape[0] == given.shape[1] > 1 and _equal(given.T, expected, tolerance).all():
        return "Transposed?"
    scale = float((given * expected).sum() / (expected * expected).sum()) if expected.any() else 0.0
    if not isfinite(scale) or scale == 0.0 or not _equal(given / scale, expected, max(tolerance, 1e-6)).all():
        return ""
    sign, size = scale < 0, max(abs(scale), 1 / abs(scale))
    if sign and abs(size - 1) <= tolerance:
        return "The sign is the wrong one."
    also = "The sign is the wrong one, and it is" if sign else "It is"
    n = round(size)
    if n < 2 or abs(size - n) > tolerance * n or (n > 2 and given.size == 1):
        return "All entries are off by the same factor." if given.size > 1 else ""
    off = f"{also} off by a factor of {n if abs(scale) > 1 else f'1/{n}'}"
    if n == 2:
        return f"{off}."
    names = {given.size: ", the number of entries"} | {n: f", the length of dim {d}" for d, n in enumerate(given.shape)}
    return f"{off}{names.get(n, '')}: a sum, or a mean?"


def _differ(wrong: int, n: int, first: tuple[int, ...]) -> str:
    place = f"at [{', '.join(map(str, first))}]"
    said = f"{wrong} of {n} entries {'differs' if wrong == 1 else 'differ'}"
    return f"{said}, {place}." if wrong == 1 else f"{said}, the first {place}."


def _count(k: int, n: int) -> str:
    return "It is" if n == 1 else f"{k} of {n} entries {'is' if k == 1 else 'are'}"
