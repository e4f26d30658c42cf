"""Gradients of a trace beside difference quotients: the forward pass is computed again in float64, with one entry changed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy import ndarray

from ..errors import ArgumentError, AutogradError
from .schema import Check, Step, Trace, TraceNode
from .values import computed_again

__all__ = ["check_contribution", "check_gradient"]

STEP = 6e-6  # the third root of float64's precision: where the errors of a central difference balance
TOLERANCE = {"float32": 1e-3, "float64": 1e-5}


class Unknown(Exception):
    """A value that the quotient needs is not in the trace."""


def check_contribution(step: Step, index: tuple[int, ...] | None = None) -> Check:
    """Check one entry of a contribution: the rule of one call, for the gradient that arrives there.

    *index* is the entry, by default the largest.
    """
    call = step.node

    def objective(changed: ndarray) -> float:
        operands = [
            changed if e is step.edge else _value(e.value, f"operand {e.argument} of {call}") for e in step.operands
        ]
        out = _call(call, operands)
        assert step.arriving is not None  # only a function of the program's own has several results
        return float((out * step.arriving.astype(np.float64)).sum())

    what = f"operand {step.edge.argument} of {call}"
    return _compare(objective, step.edge.value, step.fitted, index, what, _noise([step]))


def check_gradient(trace: Trace, node: TraceNode, index: tuple[int, ...] | None = None) -> Check:
    """Check one entry of a whole gradient: all that depends on *node* is computed again."""
    gradient = trace.gradient(node.id)
    if gradient is None:
        return Check((), 0.0, None, None, f"no gradient arrives at {node}")

    def objective(changed: ndarray) -> float:
        new = {node.id: changed}
        for call in trace.nodes[node.id + 1 :]:
            edges = trace.into.get(call.id, ())
            if any(e.start.id in new for e in edges):
                operands = [
                    new[e.start.id] if e.start.id in new else _value(e.value, f"operand {e.argument} of {call}")
                    for e in edges
                ]
                new[call.id] = _call(call, operands)
        return sum(float((new[n.id] * g.astype(np.float64)).sum()) for n, g in trace.seeds if n.id in new)

    steps = [s for s in trace.steps if s.to is node]
    return _compare(objective, node.value, gradient, index, str(node), _noise(steps))


def _value(a: ndarray | None, what: str) -> Any:
    if a is None:
        raise Unknown(f"the value of {what} was not kept")
    return a.astype(np.float64) if a.dtype.kind == "f" else a


def _call(call: TraceNode, operands: list[Any]) -> ndarray:
    if call.primitive is None:
        raise Unknown(f"{call} is a function of the program's own, which a trace cannot call")
    if call.op == "cast":
        return np.asarray(operands[0])  # to float32 and back would cost the digits that the quotient needs
    try:
        result: ndarray = computed_again(call.primitive, operands, call.attributes)
    except (AutogradError, ArithmeticError, ValueError) as error:
        raise Unknown(f"{call} cannot be computed again: {error}") from error
    return result


def _noise(steps: Sequence[Step]) -> float:
    """Return what rounding may leave of sums that should be 0: a few times the last digit of all that is added up."""
    sizes = [
        float(np.abs(s.arriving).sum()) * float(np.finfo(s.arriving.dtype).eps) for s in steps if s.arriving is not None
    ]
    return 8 * max(sizes, default=0.0) + 1e-9


def _compare(
    objective: Callable[[ndarray], float],
    value: ndarray | None,
    gradient: ndarray,
    index: tuple[int, ...] | None,
    what: str,
    noise: float,
) -> Check:
    if gradient.size == 0:
        return Check((), 0.0, None, None, f"{what} is empty")
    if index is None:
        size = np.abs(np.nan_to_num(gradient.astype(np.float64)))
        index = tuple(int(i) for i in np.unravel_index(int(size.argmax()), gradient.shape))
    try:
        exact = float(gradient[index])
    except (IndexError, TypeError) as error:
        raise ArgumentError(f"check: index is {index!r}: expected one of an array of shape {gradient.shape}") from error
    try:
        x = _value(value, what)
        by = STEP * max(1.0, abs(float(x[index])))
        up, down = x.copy(), x.copy()
        up[index] += by
        down[index] -= by
        quotient = (objective(up) - objective(down)) / (2 * by)
    except Unknown as error:
        return Check(index, exact, None, None, str(error))
    tolerance = TOLERANCE[gradient.dtype.name]
    agrees = bool(abs(quotient - exact) <= tolerance * max(abs(quotient), abs(exact)) + noise)
    return Check(index, exact, quotient, agrees)
