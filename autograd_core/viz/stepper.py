"""``Stepper``: a backward pass that goes forward and back one contribution, one call or one module at a time."""

from __future__ import annotations

import os
from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from itertools import groupby
from typing import Any

import numpy as np
from numpy import ndarray

from ..errors import ArgumentError
from ..position import readable
from ..readers import reader
from .differences import check_contribution, check_gradient
from .page import html_of
from .quiz import Quiz
from .saving import save_as
from .schema import Check, Step, Trace, TraceNode, brief, shape_text
from .trace import trace

__all__ = ["StepGroup", "Stepper", "step"]

GRANULARITIES = ("edge", "node", "module")


@dataclass(frozen=True, eq=False)
class StepGroup:
    """Several steps taken at once: those of one call, or of the calls in one module that follow each other.

    >>> import autograd_core as ag
    >>> from autograd_core.viz import Stepper
    >>> a, b = ag.tensor(2.0, requires_grad=True), ag.tensor(3.0, requires_grad=True)
    >>> y = a * b
    >>> print(next(Stepper(y, granularity="node")))
      1 y: a 3, b 2
    """

    number: int
    steps: tuple[Step, ...]
    title: str

    def __str__(self) -> str:
        inside = {s.node.id for s in self.steps}
        last = {s.to.id: s for s in self.steps if s.to.id not in inside}  # of each operand from outside, the newest
        sums = ", ".join(
            f"{s.to} {brief(s.after)}{'' if s.k == s.of else f' ({s.k} of {s.of})'}" for s in last.values()
        )
        return f"{self.number + 1:>3} {self.title}: {sums}"


class Stepper:
    """A backward pass to walk through: an iterator of its events, which can also go back and anywhere.

    The arguments are those of ``trace``, or are a Trace.  *granularity* is "edge": an event is one contribution, a ``Step``;
    "node": all contributions of one call, or "module": of the calls of one module, a ``StepGroup``.  Nothing is computed
    while stepping, and no ``.grad`` is touched: the sums are those of a backward pass over arrays of its own, equal to what
    ``backward()`` adds to ``.grad`` bit by bit.

    >>> import autograd_core as ag
    >>> from autograd_core.viz import Stepper
    >>> w, x = ag.tensor(2.0, requires_grad=True), ag.tensor(5.0)
    >>> loss = (w * x - 1) ** 2
    >>> s = Stepper(loss)
    >>> for event in s:
    ...     print(event)
      1 loss -> w * x - 1: 2 * G * (w * x - 1) = 18
      2 w * x - 1 -> w * x: G = 18
      3 w * x -> w: G * x = 90
    >>> print(s.back())
      2 w * x - 1 -> w * x: G = 18
    >>> s.gradient("w") is None, s.goto("w").after
    (True, array(90., dtype=float32))
    """

    def __init__(self, x: Any, *more: Any, granularity: str = "edge", **kwargs: Any) -> None:
        if granularity not in GRANULARITIES:
            raise ArgumentError(f"Stepper: granularity is {granularity!r}: expected one of {', '.join(GRANULARITIES)}")
        if isinstance(x, Trace) and (more or kwargs):
            raise ArgumentError("Stepper: a Trace is given, and more: expected nothing beside it")
        self.trace: Trace = x if isinstance(x, Trace) else trace(x, *more, **kwargs)
        self.granularity = granularity
        self.events: list[Step | StepGroup] = _events(self.trace, granularity)
        self.position = 0
        self.checks: dict[int, Check] = {}  # what check() found, by the numbers of steps
        ends = [e.number if isinstance(e, Step) else e.steps[-1].number for e in self.events]
        self.ends = [0, *(n + 1 for n in ends)]  # how many steps are behind each position
        self._into: dict[int, list[Step]] = {}
        for step in self.trace.steps:
            self._into.setdefault(step.to.id, []).append(step)

    # --------------------------------------------------------------------------------------------------------- moving

    def __len__(self) -> int:
        return len(self.events)

    def __iter__(self) -> Iterator[Step | StepGroup]:
        return self

    def __next__(self) -> Step | StepGroup:
        if self.position == len(self.events):
            raise StopIteration
        self.position += 1
        return self.events[self.position - 1]

    @property
    def current(self) -> Step | StepGroup | None:
        """The event that was taken last, or None at the start."""
        return self.events[self.position - 1] if self.position else None

    def back(self) -> Step | StepGroup | None:
        """Undo the last event; return the one before it, which is the last now, or None at the start."""
        self.position = max(0, self.position - 1)
        return self.current

    def reset(self) -> None:
        """Go to the start, where only the outputs have gradients."""
        self.position = 0

    def goto(self, what: Any) -> Step | StepGroup | None:
        """Go to the event that completes the gradient of a tensor or a name, or to a position; return the event.

        A position is how many events have been taken, 0 to ``len(stepper)``.  Raises ArgumentError for what is not there.
        """
        if isinstance(what, int) and not isinstance(what, bool):
            if not 0 <= what <= len(self.events):
                raise ArgumentError(f"goto: position is {what}: expected 0 to {len(self.events)}")
            self.position = what
            return self.current
        node = self.trace.find(what)
        steps = self._into.get(node.id)
        if steps is None:
            if all(node is not n for n, _ in self.trace.seeds):
                raise ArgumentError(
                    f"goto: no gradient arrives at {node}{'' if node.needs_grad else ', it needs none'}"
                )
            self.position = 0
        else:
            self.position = bisect_left(self.ends, steps[-1].number + 1)
        return self.current

    # -------------------------------------------------------------------------------------------------------- looking

    def gradient(self, what: Any) -> ndarray | None:
        """Return the sum that a tensor, a name, or a node by its number has at this position; None if nothing is there yet."""
        node = self.trace.find(what)
        k, _ = self.progress(node.id)
        return self._into[node.id][k - 1].after if k else self.trace.start(node)

    def progress(self, what: Any) -> tuple[int, int]:
        """Return how many contributions the sum of a tensor has at this position, and how many it gets; outputs: 0 of 0."""
        steps = self._into.get(self.trace.find(what).id, [])
        return bisect_left(steps, self.ends[self.position], key=lambda s: s.number), len(steps)

    def gradients(self) -> dict[int, ndarray]:
        """Return the sums at this position by the numbers of their nodes."""
        found = {n.id: self.gradient(n.id) for n in self.trace.nodes if n.needs_grad}
        return {number: g for number, g in found.items() if g is not None}

    def check(self, what: Any = None, index: tuple[int, ...] | None = None) -> Check:
        """Compare one entry with a difference quotient: of the current contribution, or of the whole gradient of *what*.

        *index* is the entry, by default the largest.  The forward pass is computed again in float64 with that entry a little
        larger and smaller, where the trace has the values for it; else the answer says what is missing.
        """
        if what is not None:
            return check_gradient(self.trace, self.trace.find(what), index)
        if self.current is None:
            raise ArgumentError("check: no step has been taken; take one, or name a tensor")
        step = self.current if isinstance(self.current, Step) else self.current.steps[-1]
        found = check_contribution(step, index)
        self.checks[step.number] = found
        return found

    def quiz(self, *, rtol: float = 0.01, seed: int = 0) -> Quiz:
        """Return a quiz about the next contributions, in which an answer takes the step; *seed* chooses the entries."""
        return Quiz(self, rtol=rtol, seed=seed)

    def save(self, path: str | os.PathLike[str], *, quiz: bool = False, title: str | None = None) -> None:
        """Write a page to step through in a browser, ``.html``, or the trace with the checks that were made, ``.json``.

        With *quiz* the page asks for each contribution before it shows it; *title* is its heading.  Raises ArgumentError for
        another suffix, and where the folder is missing.
        """
        page = partial(html_of, self.trace, checks=self.checks, quiz=quiz, title=title)
        save_as(path, {".html": page, ".json": partial(self.trace.as_json, self.checks)})

    # ------------------------------------------------------------------------------------------------------ in words

    def explain(self, what: Any = None) -> str:
        """Return every step as text; of a tensor or a name, why its gradient is what it is.

        Where a tensor is used more than once, as the weights of a recurrent network are, each use has its share: the part
        of its contribution along the sum, so that the shares add up to 100 %.
        """
        return explain_all(self) if what is None else explain_one(self, self.trace.find(what))

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        """Return what notebooks show: the page, and the steps as text."""
        found: dict[str, str] = reader("notebook").of_frontend(self)
        return found

    def __repr__(self) -> str:
        return f"<Stepper at {self.position} of {len(self)}, by {self.granularity}>"


def step(x: Any, *more: Any, granularity: str = "edge", **kwargs: Any) -> Stepper:
    """Return a Stepper, which walks through the backward pass of a tensor, or of a model's output: forward, back, anywhere.

    The arguments are those of ``trace``: ``step(loss)``, ``step(model, x)``.  An event has ``.node``, ``.edge``,
    ``.arriving``, ``.contribution``, ``.before``, ``.after`` and ``.rule``; by *granularity* "node" or "module" it is a
    group of those.  Nothing changes: no ``.grad``, no graph.  Raises GraphError where nothing requires gradients.

    >>> import autograd_core as ag
    >>> from autograd_core import viz
    >>> w, x = ag.tensor(2.0, requires_grad=True), ag.tensor(5.0)
    >>> loss = (w * x - 1) ** 2
    >>> for event in viz.step(loss):
    ...     print(event.rule.text, "=", event.contribution)
    2 * G * (w * x - 1) = 18.0
    G = 18.0
    G * x = 90.0
    """
    return Stepper(x, *more, granularity=granularity, **kwargs)


def _events(made: Trace, granularity: str) -> list[Step | StepGroup]:
    if granularity == "edge":
        return list(made.steps)
    if granularity == "node":
        groups = [list(group) for _, group in groupby(made.steps, key=lambda s: s.node.id)]
        titles = [str(group[0].node) for group in groups]
    else:
        groups = [list(group) for _, group in groupby(made.steps, key=lambda s: s.node.module)]
        titles = [_module_title(made, group[0].node.module) for group in groups]
    return [StepGroup(i, tuple(g), t) for i, (g, t) in enumerate(zip(groups, titles, strict=True))]


def _module_title(made: Trace, number: int | None) -> str:
    return "outside modules" if number is None else f"{made.modules[number].path} ({made.modules[number].label})"


# -------------------------------------------------------------------------------------------------------------- in words


def explain_all(s: Stepper) -> str:
    """Return the text of a whole backward pass."""
    lines = [f"Backward starts with the gradient {brief(g)} at {node}." for node, g in s.trace.seeds]
    for event in s.events:
        steps = (event,) if isinstance(event, Step) else event.steps
        lines.append(str(event))
        said = dict.fromkeys(_where(step.node) for step in steps)
        lines += [f"      {text}" for text in said if text]
        words = dict.fromkeys(r.words for step in steps if (r := step.rule) is not None and r.words)
        lines += [f"      {text}" for text in words]
        lines += [f"      {text}" for step in steps if (text := step.summed)]
    if s.trace.stopped:
        lines.append(f"Here it stops: {s.trace.stopped}")
    return "\n".join(lines)


def _where(node: TraceNode) -> str:
    src = node.source
    if src is None:
        return ""
    return f"{os.path.basename(readable(src.file))}:{src.line}  {' '.join(src.expression.split())}".rstrip()


def explain_one(s: Stepper, node: TraceNode) -> str:
    """Return the text of why the gradient of one tensor is what it is."""
    total = s.trace.gradient(node.id)
    if total is None:
        reason = s.trace.stopped or "the outputs do not depend on it" if node.needs_grad else "it needs none"
        return f"{node} has no gradient: {reason}."
    steps = s._into.get(node.id, [])
    shape = shape_text(total.shape)
    if not steps:
        return f"{node} ({shape}) is an output: its gradient {brief(total)} is where the backward pass starts."
    many = "one contribution" if len(steps) == 1 else f"the sum of {len(steps)} contributions"
    lines = [f"The gradient of {node} ({shape}) is {brief(total)}, {many}:"]
    parts = [step.fitted for step in steps]
    for step, share in zip(steps, shares(parts, total), strict=True):
        part = "" if len(steps) == 1 or share is None else f", {share:.1%} of the sum"
        lines.append(f"{step.k:>3} of {step.of}: from {step.node}, {step.formula} = {brief(step.fitted)}{part}")
        lines += [f"          {text}" for text in (_where(step.node), step.summed) if text]
        lines.append(f"          G, at {step.node}, is {brief(step.arriving)}; it came {way(s, step.node)}")
    check = check_gradient(s.trace, node)
    lines.append(f"Not checked: {check.missing}." if check.missing else f"Checked: {check}.")
    return "\n".join(lines)


def shares(parts: list[ndarray], total: ndarray) -> list[float | None]:
    """Return which part of *total* each of its *parts* is: the length of its projection.  They sum to 1.

    >>> from autograd_core.viz.stepper import shares
    >>> shares([np.array([3.0, 0.0]), np.array([0.0, 4.0])], np.array([3.0, 4.0]))
    [0.36, 0.64]
    """
    whole = total.astype(np.float64).ravel()
    square = float(whole @ whole)
    if square == 0 or not np.isfinite(square):
        return [None] * len(parts)
    return [float(part.astype(np.float64).ravel() @ whole) / square for part in parts]


def way(s: Stepper, node: TraceNode) -> str:
    """Return the way on which a gradient came to *node*, from the output on, as far as there is only one."""
    names = []
    while len(steps := s._into.get(node.id, [])) == 1:
        node = steps[0].node
        names.append(str(node))
    if steps:
        return f"from {len(steps)} uses" + (f", and on by {' -> '.join(reversed(names))}" if names else "")
    if not names:
        return "first of all"
    shown = list(reversed(names))
    return "by " + " -> ".join(shown if len(shown) <= 7 else [*shown[:3], "...", *shown[-3:]])
