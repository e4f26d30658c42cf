"""``Quiz``: predict the next contribution of a backward pass, and have it compared with what is computed."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy import ndarray

from ..errors import ArgumentError
from ..graph import by_element
from ..tensor import Tensor
from .notation import Formula, is_whole
from .schema import Step, brief
from .source import literal
from .told import TEXTBOOK

if TYPE_CHECKING:
    from .stepper import Stepper

__all__ = ["TOLERANCE", "Answer", "Question", "Quiz"]

TOLERANCE = 0.01  # relative, of an answer
FEW = 9  # entries that a hint shows in full
OF_NUMBERS = (TEXTBOOK - {"det", "inv", "mean", "sum"}) | {"sigmoid"}  # functions that go by entries


@dataclass(frozen=True, eq=False)
class Question:
    """What a quiz asks: an entry of the contribution of *step*, or, where that is one number, the number.

    >>> import autograd_core as ag
    >>> from autograd_core.viz import step
    >>> x = ag.tensor([2.0, 3.0], requires_grad=True)
    >>> y = x * 5
    >>> print(step(y).quiz().question)
    y -> x: which number is entry [1] of the contribution?
    """

    step: Step
    index: tuple[int, ...]

    @property
    def entry(self) -> str:
        """The entry as text: "[1, 2]", or "" for the only one."""
        return f"[{', '.join(map(str, self.index))}]" if self.step.fitted.size > 1 else ""

    @classmethod
    def about(cls, step: Step, seed: int = 0) -> Question:
        """Return the question about *step*, the same one whenever it is asked; *seed* chooses the entry."""
        draw = np.random.default_rng((seed, step.number))
        return cls(step, tuple(int(draw.integers(n)) for n in step.fitted.shape) if step.fitted.size else ())

    def hint(self) -> str:
        """Return the rule, and the numbers that go into it."""
        rule = self.step.rule
        if rule is None:
            return f"{self.step.node} has a backward of its own; nothing more is known of it"
        known = self.step.reads
        rows = _row_and_column(rule.formula, known, self)
        if rows is not None:
            return f"{rule.text}: row {rows[0]} times column {rows[1]}"
        names = {name: rule.shown_names.get(name, name) for name in known}
        told = [_told(shown, known[name], self) for name, shown in names.items() if literal(shown) is None]
        return (
            rule.text
            + (f", with {', '.join(told)}" if told else "")
            + (f"; {self.step.summed}" if self.step.summed else "")
        )

    def __str__(self) -> str:
        asked = f"entry {self.entry} of the contribution" if self.entry else "the contribution"
        summed = f", summed to the shape of {self.step.to}" if self.step.summed else ""
        return f"{self.step.node} -> {self.step.to}: which number is {asked}{summed}?"


@dataclass(frozen=True, eq=False)
class Answer:
    """What was *given*, an array of one entry or all, beside what is *expected*; given is None where nobody answered.

    >>> import autograd_core as ag
    >>> from autograd_core.viz import step
    >>> x = ag.tensor(2.0, requires_grad=True)
    >>> y = x * 5
    >>> print(step(y).quiz().answer(4.9))
    not quite: you said 4.9, it is 5
    """

    question: Question
    given: ndarray | None
    expected: ndarray
    right: bool

    def __str__(self) -> str:
        exact = brief(self.expected)
        if self.given is None:
            return f"it is {exact}"
        if self.right:
            return f"right, it is {exact}"
        if self.given.size == 1:
            return f"not quite: you said {brief(self.given)}, it is {exact}"
        worst = _index(np.nan_to_num(np.abs(self.given - self.expected), nan=np.inf))
        where = f"[{', '.join(map(str, worst))}]"
        return f"not quite: entry {where} is {brief(self.expected[worst])}, you said {brief(self.given[worst])}"


class Quiz:
    """A game with a stepper: say what the next contribution is, then see it.

    Each step is a question about one entry of its contribution, the same one whenever it is asked.  ``answer`` takes that
    entry, or the whole contribution, compares, and takes the step.  A number is right within *rtol* of it and a tenth of
    that of the largest entry.  ``right`` and ``asked`` are the score: of each step the first answer counts.

    Raises ArgumentError for a stepper whose events are not single contributions.

    >>> import autograd_core as ag
    >>> from autograd_core.viz import step
    >>> w, x = ag.tensor(2.0, requires_grad=True), ag.tensor(5.0)
    >>> loss = (w * x - 1) ** 2
    >>> quiz = step(loss).quiz()
    >>> print(quiz.hint())
    2 * G * (w * x - 1), with G = 1, w * x - 1 = 9
    >>> print(quiz.answer(18))
    right, it is 18
    >>> print(quiz.question, quiz.answer(9), quiz.score)
    w * x - 1 -> w * x: which number is the contribution? not quite: you said 9, it is 18 1 of 2
    """

    def __init__(self, stepper: Stepper, *, rtol: float = TOLERANCE, seed: int = 0) -> None:
        if stepper.granularity != "edge":
            raise ArgumentError(f"quiz: the stepper goes by {stepper.granularity}: expected granularity='edge'")
        self.stepper, self.rtol, self.seed = stepper, rtol, seed
        self.answers: dict[int, Answer] = {}  # the first of each step, by its number

    @property
    def question(self) -> Question | None:
        """What is asked now, or None at the end."""
        if self.stepper.position == len(self.stepper):
            return None
        return Question.about(self.stepper.trace.steps[self.stepper.position], self.seed)

    @property
    def right(self) -> int:
        """How many questions were answered right."""
        return sum(a.right for a in self.answers.values())

    @property
    def asked(self) -> int:
        """How many were answered, or given up."""
        return len(self.answers)

    @property
    def score(self) -> str:
        """Both, as "3 of 4"."""
        return f"{self.right} of {self.asked}"

    def hint(self) -> str:
        """Return the rule, and the numbers that go into it."""
        return self._now().hint()

    def answer(self, value: Any) -> Answer:
        """Compare *value*, one number or the whole contribution, and take the step.

        Raises ArgumentError for a value of another shape, and at the end.
        """
        question = self._now()
        exact = question.step.fitted
        try:
            given = np.asarray(value.array if isinstance(value, Tensor) else value, np.float64)
            if value is None:  # which NumPy takes for NaN
                raise TypeError("None")
        except (TypeError, ValueError) as error:
            raise ArgumentError(f"answer: {value!r} is neither a number nor an array of numbers") from error
        expected = exact.astype(np.float64)
        if given.size == 1 and (exact.size == 1 or (given.ndim == 0 and exact.size)):
            given, expected = given.reshape(()), expected[question.index]
        elif given.shape != exact.shape:
            whole = f", or the whole contribution, of shape {exact.shape}" if exact.size > 1 else ""
            raise ArgumentError(f"answer: an array of shape {given.shape}: expected one number{whole}")
        scale = float(np.nan_to_num(np.abs(exact), posinf=0).max(initial=0))
        right = bool(np.allclose(given, expected, rtol=self.rtol, atol=self.rtol / 10 * scale, equal_nan=True))
        return self._taken(Answer(question, given, np.asarray(expected), right))

    def give_up(self) -> Answer:
        """Take the step without an answer, which counts as a wrong one; raises ArgumentError at the end."""
        question = self._now()
        return self._taken(Answer(question, None, question.step.fitted, right=False))

    def _now(self) -> Question:
        question = self.question
        if question is None:
            raise ArgumentError("quiz: all steps are taken; go back with stepper.back() or stepper.reset()")
        return question

    def _taken(self, answer: Answer) -> Answer:
        self.answers.setdefault(answer.question.step.number, answer)
        next(self.stepper)
        return answer

    def __repr__(self) -> str:
        return f"<Quiz: {self.score} right>"


def _told(name: str, a: ndarray, question: Question) -> str:
    """Return "h[1] = 2.5": the entry that is asked for, where rules go by entries, else all or what fits in a line."""
    if a.shape == question.step.contribution.shape and a.size > 1 and _goes_by_entries(question.step):
        at = _copies(question)
        if (copies := a[at]).size <= FEW:
            where = ", ".join(":" if isinstance(i, slice) else str(i) for i in at)
            return f"{name if is_whole(name) else f'({name})'}[{where}] = {_numbers(copies.tolist())}"
    return f"{name} = {_numbers(a.tolist())}" if a.size <= FEW else f"{name} = {brief(a)}"


def _goes_by_entries(step: Step) -> bool:
    """Return whether an entry of what the rule gives depends on the entries at its place alone."""
    prim, rule = step.node.primitive, step.rule
    if prim is None or rule is None:
        return False
    nodes = [node for _, tree in rule.formula.trees for node in ast.walk(tree)]
    mixed = any(isinstance(node, ast.MatMult | ast.Attribute | ast.Subscript) for node in nodes)
    return by_element(prim) or (not mixed and rule.formula.functions <= OF_NUMBERS)


def _copies(question: Question) -> tuple[int | slice, ...]:
    """Return where in the contribution, before it is summed, the copies are of the entry that is asked for."""
    made, fitted = question.step.contribution.shape, question.step.fitted.shape
    new = len(made) - len(fitted)
    inner = zip(question.index, fitted, made[new:], strict=True)
    return (slice(None),) * new + tuple(slice(None) if n != m else i for i, n, m in inner)


def _numbers(value: Any) -> str:
    return f"[{', '.join(map(_numbers, value))}]" if isinstance(value, list) else f"{value:.4g}"


def _row_and_column(formula: Formula, known: Mapping[str, ndarray], question: Question) -> tuple[str, str] | None:
    """Return the row and the column whose product an entry of a product of matrices is."""
    match ast.parse(formula.value, mode="eval").body:
        case ast.BinOp(left=left, op=ast.MatMult(), right=right) if not formula.defined:
            if any(name not in known or known[name].ndim != 2 for name in formula.names):
                return None
            a, b = (Formula(ast.unparse(side)).evaluate({}, dict(known)) for side in (left, right))
            row, column = a[question.index[0]], b[:, question.index[1]]
            if row.size <= FEW:
                return _numbers(row.tolist()), _numbers(column.tolist())
    return None


def _index(a: ndarray) -> tuple[int, ...]:
    """Return where the largest entry is."""
    return tuple(int(i) for i in np.unravel_index(int(a.argmax()), a.shape))
