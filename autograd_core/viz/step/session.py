"""Where a reader is in a backward pass, and what every key does there; screens show it, and have no state of the pass."""

from __future__ import annotations

import ast
import operator
from bisect import bisect_left, bisect_right
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy import ndarray

from ...errors import ArgumentError, AutogradError
from ..quiz import Answer, Question
from ..schema import Check, Step, Trace, TraceNode
from ..stepper import Stepper
from .styled import Span

__all__ = ["Session", "predicted"]

OPERATORS: dict[type[ast.AST], Callable[..., float]] = {
    ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul, ast.Div: operator.truediv, ast.Pow: operator.pow,
    ast.USub: operator.neg, ast.UAdd: operator.pos,
}  # fmt: skip
LARGEST_POWER = 64  # of a prediction: 9**9**9 would not come to an end


class Session:
    """A walk through a backward pass by single contributions, with jumps by *granularity*, and a quiz.

    ``asked`` is the question that is open, or None; while one is, its contribution is not to be shown.
    """

    def __init__(self, trace: Trace, granularity: str = "edge", check: bool = False) -> None:
        self.stepper = Stepper(trace)
        self.stops = {kind: Stepper(trace, granularity=kind).ends for kind in ("edge", "node", "module")}
        self.groups = Stepper(trace, granularity=granularity).events
        self.granularity, self.checking = granularity, check
        self.quiz = self.stepper.quiz()
        self.is_quiz = False
        self.asked: Question | None = None
        self.answered: Answer | None = None  # of the step that is shown
        self.notice = Span("")
        self._sought = ""

    @property
    def trace(self) -> Trace:
        """The trace that is walked through."""
        return self.stepper.trace

    @property
    def position(self) -> int:
        """How many steps have been taken."""
        return self.stepper.position

    @property
    def step(self) -> Step | None:
        """The step that is shown: the one that is asked for, or the last one taken; None at the start."""
        if self.asked is not None:
            return self.asked.step
        return self.trace.steps[self.position - 1] if self.position else None

    @property
    def event(self) -> list[Step]:
        """The steps that belong to the shown one by the granularity, up to it."""
        if self.step is None:
            return []
        ends = self.stops[self.granularity]
        start = ends[bisect_left(ends, self.position) - 1] if self.asked is None else self.position
        return self.trace.steps[start : self.position] or [self.step]

    @property
    def check(self) -> Check | None:
        """What was found when the shown step was checked."""
        return None if self.step is None else self.stepper.checks.get(self.step.number)

    @property
    def checked(self) -> str:
        """The same as text, or ""."""
        found = self.check
        return "" if found is None else str(found) if found.missing else f"checked: {found}"

    def say(self, text: str, style: str = "") -> None:
        """Have a notice shown."""
        self.notice = Span(text, style)

    # --------------------------------------------------------------------------------------------------------- moving

    def key(self, key: str) -> bool:
        """Do what one of the keys that need no more words does; return whether it is one."""
        does = {
            "n": self.forward,
            "p": self.backward,
            "N": lambda: self.forward("node"),
            "P": lambda: self.backward("node"),
            "Home": lambda: self.go(0),
            "End": lambda: self.go(len(self.stepper)),
            "c": self.check_step,
            "C": self.check_whole,
            "z": self.toggle_quiz,
        }.get(key)
        if does is not None:
            does()
        return does is not None

    def go(self, position: int) -> None:
        """Go to a position, or to the nearest end."""
        self.say("")
        if not 0 <= position <= len(self.stepper):
            self.say("This is the end." if position > 0 else "This is the start.")
        self.asked = self.answered = None
        self.stepper.goto(min(max(position, 0), len(self.stepper)))
        if self.checking and self.step is not None and self.check is None:
            self.stepper.check()

    def forward(self, granularity: str | None = None) -> None:
        """Take the steps up to the next stop; in a quiz, ask for the next one."""
        if self.is_quiz:
            self.ask()
            return
        ends = self.stops[granularity or self.granularity]
        where = bisect_right(ends, self.position)
        self.go(ends[where] if where < len(ends) else len(self.stepper) + 1)

    def backward(self, granularity: str | None = None) -> None:
        """Undo the steps back to the stop before."""
        ends = self.stops[granularity or self.granularity]
        where = bisect_left(ends, self.position)
        self.go(ends[where - 1] if where else -1)

    def goto(self, name: str) -> None:
        """Go to where the gradient of a name is complete, or to a step by its number."""
        self.asked = self.answered = None
        try:
            if name.isdecimal() and int(name) <= len(self.stepper):
                self.go(int(name))
            else:
                self.stepper.goto(name)
                self.go(self.position)
        except ArgumentError as error:
            self.say(_sentence(error), "bad")

    def find(self, text: str) -> None:
        """Go to the next step whose tensors, operation, module or line of the program have *text* in them; "" again."""
        self._sought = text or self._sought
        steps = self.trace.steps
        order = [*range(self.position, len(steps)), *range(self.position)]
        for number in order:
            if self._sought and self._sought.lower() in self._words(steps[number]):
                self.go(number + 1)
                return
        self.say(f"{self._sought!r} is nowhere" if self._sought else "Nothing was sought yet.", "bad")

    def _words(self, step: Step) -> str:
        node, module = step.node, step.node.module
        place = "" if node.source is None else node.source.expression
        where = "" if module is None else f"{self.trace.modules[module].path} {self.trace.modules[module].label}"
        return " ".join([str(node), node.op, str(step.to), place, where]).lower()

    def names(self) -> list[str]:
        """Return the names that ``goto`` knows: of all tensors that gradients arrive at."""
        return list(dict.fromkeys(n.text for n in self.trace.nodes if n.needs_grad and n.text))

    # -------------------------------------------------------------------------------------------------------- looking

    def mark(self, nodes: tuple[TraceNode, ...]) -> str:
        """Return how far the gradients of *nodes* are: "complete", "partial", "missing", or "constant" where none is due."""
        due = [n.id for n in nodes if n.needs_grad]
        if not due:
            return "constant"
        there = [n for n in due if self.stepper.gradient(n) is not None]
        if len(there) == len(due) and all(k == of for k, of in map(self.stepper.progress, there)):
            return "complete"
        return "partial" if there else "missing"

    def check_step(self) -> None:
        """Compare the shown contribution with a difference quotient."""
        if self.asked is not None or not self.position:
            self.say("There is no contribution to check yet." if self.asked is None else "Answer first.")
            return
        self.stepper.check()
        self.say("")

    def check_whole(self) -> None:
        """Compare the whole gradient of the operand with a difference quotient, for which all is computed again."""
        if self.step is None or self.asked is not None:
            self.say("There is no gradient to check yet." if self.asked is None else "Answer first.")
            return
        to = self.step.to
        found = self.stepper.check(to.id)
        self.say(f"Whole gradient of {to}: {found}", "" if found.agrees is None else "good" if found.agrees else "bad")

    def explanation(self) -> str:
        """Return why the gradient of the shown operand is what it is; at the start, all steps."""
        return self.stepper.explain(None if self.step is None else self.step.to.id)

    # ----------------------------------------------------------------------------------------------------------- quiz

    def toggle_quiz(self) -> None:
        """Begin or end a quiz; it goes by single contributions."""
        self.is_quiz = not self.is_quiz
        self.asked = None
        if self.is_quiz:
            self.ask()
        else:
            self.say(f"The quiz is over: {self.quiz.score} right.")

    def ask(self) -> None:
        """Ask for the next contribution."""
        self.say("")
        self.asked, self.answered = self.quiz.question, None
        if self.asked is None:
            self.is_quiz = False
            self.say(f"All steps are taken: {self.quiz.score} right.", "good")

    def reply(self, text: str) -> None:
        """Take an answer, see ``predicted``; "h" asks for a hint, "" gives up, and "z" ends the quiz."""
        if self.asked is None:
            return
        if text.strip() == "z":
            self.toggle_quiz()
            return
        if text.strip().lower() in ("h", "?", "hint"):
            self.say(f"Hint: {self.quiz.hint()}")
            return
        try:
            self.answered = self.quiz.answer(predicted(text)) if text.strip() else self.quiz.give_up()
        except AutogradError as error:
            self.say(_sentence(error), "bad")
            return
        self.asked = None
        said = str(self.answered)
        self.say(f"{said[0].upper()}{said[1:]}. n for the next.", "good" if self.answered.right else "bad")


def _sentence(error: Exception) -> str:
    """Return what an error says, without the name of the function before it."""
    said = str(error)
    return said.partition(": ")[2] or said


def predicted(text: str) -> ndarray | float:
    """Return the value of a prediction as it is typed.

    A number, a sum or product of numbers, ``[[1, 2], [3, 4]]``, ``1 2; 3 4``.  Raises ArgumentError for other text.

    >>> predicted("2 * -3.5"), predicted("1 2; 3 4").tolist()
    (-7.0, [[1.0, 2.0], [3.0, 4.0]])
    """
    try:
        rows = [row.replace(",", " ").split() for row in text.split(";")]
        if all(_is_number(part) for row in rows for part in row):
            numbers = [[float(part) for part in row] for row in rows]
            if ";" in text:
                return np.array(numbers)
            return np.array(numbers[0]) if len(numbers[0]) > 1 else numbers[0][0]
        value = _value(ast.parse(text.strip(), mode="eval").body)
        return np.array(value) if isinstance(value, list) else float(value)
    except (SyntaxError, ValueError, ArithmeticError, TypeError, IndexError, RecursionError, MemoryError) as error:
        raise ArgumentError(
            f"answer: {text.strip()!r} is no number: expected one, such as -0.25 or 2 * 3, or an array, such as [1, 2]; "
            "h gives a hint"
        ) from error


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _value(tree: ast.expr) -> Any:
    match tree:
        case ast.Constant(value=int() | float() as value) if not isinstance(value, bool):
            return float(value)
        case ast.Name(id="nan" | "inf" as name):
            return float(name)
        case ast.List(elts=parts) | ast.Tuple(elts=parts):
            return [_value(part) for part in parts]
        case ast.UnaryOp(op=op, operand=operand) if type(op) in OPERATORS:
            return OPERATORS[type(op)](_value(operand))
        case ast.BinOp(left=left, op=op, right=right) if type(op) in OPERATORS:
            a, b = _value(left), _value(right)
            if isinstance(op, ast.Pow) and abs(b) > LARGEST_POWER:
                raise ValueError(f"a power of {b}")
            return OPERATORS[type(op)](a, b)
    raise ValueError(ast.unparse(tree))
