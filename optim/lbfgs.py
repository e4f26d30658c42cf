"""L-BFGS: Newton's method with the curvature that the last steps have shown."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np

import autograd_core as ag

from .flat import Array, State
from .optimizer import Group, Optimizer, Params, Rate, as_array, check_number, check_positive

DECREASE, CURVATURE = 1e-4, 0.9  # the constants of the strong Wolfe conditions
NARROW = 1e-9  # how far the ends of a line search may be from each other at the end
FLAT = 1e-10  # a curvature below it is not remembered


class LBFGS(Optimizer):
    r"""Limited-memory BFGS (Liu and Nocedal 1989), for all data at once, not for batches.

    A step takes up to *max_iter* iterations :math:`p \leftarrow p - t H g`, where H, an approximation of the inverse
    Hessian, comes from the differences of the last *history_size* parameters and gradients, and t is *lr* (in the very
    first iteration at most :math:`lr / \|g\|_1`), or with *line_search_fn* ``"strong_wolfe"`` a length that fulfils the
    strong Wolfe conditions, searched for from there (Nocedal and Wright 2006, algorithms 3.5 and 3.6, with cubic
    interpolation).  It ends early after *max_eval* evaluations (by default 1.25 *max_iter*), when no element of g
    exceeds *tolerance_grad*, and when neither the loss nor any parameter changes by more than *tolerance_change*.

    ``step(closure)`` needs the closure, which clears the gradients, computes the loss, calls ``backward`` and returns
    the loss; the first loss is what ``step`` returns.  There is one group of parameters.  Raises ArgumentError for a
    second one, a negative option, and another *line_search_fn*.

    >>> import autograd_core as ag
    >>> import optim
    >>> w = ag.tensor([-1.0, 2.0], requires_grad=True)
    >>> optimizer = optim.LBFGS([w], line_search_fn="strong_wolfe")
    >>> def rosenbrock():
    ...     optimizer.zero_grad()
    ...     loss = (1 - w[0]) ** 2 + 100 * (w[1] - w[0] ** 2) ** 2
    ...     loss.backward()
    ...     return loss
    >>> for _ in range(3):
    ...     loss = optimizer.step(rosenbrock)
    >>> [round(x, 3) for x in w.tolist()]
    [1.0, 1.0]
    """

    def __init__(
        self,
        params: Params,
        lr: Rate = 1,
        max_iter: int = 20,
        max_eval: int | None = None,
        tolerance_grad: float = 1e-7,
        tolerance_change: float = 1e-9,
        history_size: int = 100,
        line_search_fn: str | None = None,
    ) -> None:
        defaults = {
            "lr": lr,
            "max_iter": max_iter,
            "max_eval": max_iter * 5 // 4 if max_eval is None else max_eval,
            "tolerance_grad": tolerance_grad,
            "tolerance_change": tolerance_change,
            "history_size": history_size,
            "line_search_fn": line_search_fn,
        }
        super().__init__(params, defaults)

    def check(self, group: Group) -> None:
        check_number("learning rate", group["lr"], "pass for example lr=1")
        check_number("max_iter value", group["max_iter"], "pass for example max_iter=20")
        check_number("max_eval value", group["max_eval"], "pass for example max_eval=25")
        check_number("tolerance_grad value", group["tolerance_grad"], "pass for example tolerance_grad=1e-7")
        check_number("tolerance_change value", group["tolerance_change"], "pass for example tolerance_change=1e-9")
        check_positive("history_size", group["history_size"])
        if group["line_search_fn"] not in (None, "strong_wolfe"):
            raise ag.errors.ArgumentError(
                f"line_search_fn is {group['line_search_fn']!r}: only 'strong_wolfe' is supported. Pass that or None."
            )
        if "params" in group and not group["params"]:
            raise ag.errors.ArgumentError("LBFGS got an empty parameter group. Pass model.parameters().")

    def add_param_group(self, param_group: Mapping[str, Any]) -> None:
        """Take the group of parameters; raises ArgumentError for a second one."""
        if self.param_groups:
            raise ag.errors.ArgumentError(
                "LBFGS doesn't support per-parameter options (parameter groups). Pass all parameters as one list."
            )
        super().add_param_group(param_group)

    @ag.no_grad()
    @np.errstate(all="ignore")  # infinity and NaN go their way, as in a kernel
    def step(self, closure: Callable[[], Any]) -> Any:  # type: ignore[override]
        """Minimise for up to *max_iter* iterations; return the loss that *closure* had at first."""
        (group,) = self.param_groups
        params, lr, tolerance = group["params"], float(group["lr"]), float(group["tolerance_change"])
        evaluate = ag.enable_grad()(closure)
        memory = Memory.of(self.state[params[0]], group["history_size"])
        first_loss = evaluate()
        loss, gradient = float(first_loss), flat_gradient(params)
        evaluations, iterations = 1, 0
        while iterations < group["max_iter"] and not vanishes(gradient, group["tolerance_grad"]):
            iterations += 1
            length = lr if memory.iterations else min(1.0, 1.0 / np.abs(gradient).sum()) * lr
            direction = memory.next_direction(gradient, loss)
            memory.length = length
            slope = np.dot(gradient, direction)
            if slope > -tolerance:
                break
            if group["line_search_fn"] is not None:
                line = Line(params, evaluate, direction)
                start = Point(gradient.dtype.type(0), loss, gradient, slope)
                length, loss, gradient, _ = strong_wolfe(line, start, length, group["max_eval"] - evaluations)
                memory.length = length
                evaluations += line.evaluations
                move(params, direction, length)
            else:
                move(params, direction, length)
                if iterations < group["max_iter"]:  # the last one is left out: a loss of other data would not be used
                    loss, gradient = float(evaluate()), flat_gradient(params)
                    evaluations += 1
            if (
                evaluations >= group["max_eval"]
                or vanishes(length * direction, tolerance)
                or abs(loss - memory.loss) < tolerance
            ):
                break
        memory.keep_in(self.state[params[0]], evaluations)
        return first_loss


@dataclass
class Memory:
    """What one iteration tells the next, and the curvature that all of them have seen.

    *changes* and *steps* are the last differences of gradients, y, and of parameters, s; *inverses* are their 1 / (y s).
    """

    size: int
    iterations: int = 0
    direction: Array = field(default_factory=lambda: np.empty(0))
    length: float = 0.0
    gradient: Array = field(default_factory=lambda: np.empty(0))
    loss: float = 0.0
    changes: list[Array] = field(default_factory=list)
    steps: list[Array] = field(default_factory=list)
    inverses: list[float] = field(default_factory=list)
    scale: float = 1.0

    @classmethod
    def of(cls, state: State, size: int) -> Memory:
        """Read the state of the first parameter, which is that of all, as in PyTorch."""
        if not state.get("n_iter"):
            return cls(size)
        return cls(
            size,
            int(state["n_iter"]),
            as_array(state["d"]),
            float(state["t"]),
            as_array(state["prev_flat_grad"]),
            float(state["prev_loss"]),
            list(map(as_array, state["old_dirs"])),
            list(map(as_array, state["old_stps"])),
            list(map(float, state["ro"])),
            float(state["H_diag"]),
        )

    def keep_in(self, state: State, evaluations: int) -> None:
        """Write to the state, under PyTorch's names."""
        state["func_evals"] = state.get("func_evals", 0) + evaluations
        state["n_iter"] = self.iterations
        if self.iterations:
            state.update(
                d=ag.from_numpy(self.direction),
                t=float(self.length),
                old_dirs=list(map(ag.from_numpy, self.changes)),
                old_stps=list(map(ag.from_numpy, self.steps)),
                ro=list(map(float, self.inverses)),
                H_diag=float(self.scale),
                prev_flat_grad=ag.from_numpy(self.gradient),
                prev_loss=self.loss,
            )

    def next_direction(self, gradient: Array, loss: float) -> Array:
        """Note the gradient and the loss of the next iteration, and return its direction, -H g."""
        if self.iterations:
            self._learn(gradient - self.gradient, self.length * self.direction)
        self.iterations += 1
        self.gradient, self.loss = gradient, loss
        self.direction = self._solve(-gradient)
        return self.direction

    def _learn(self, y: Array, s: Array) -> None:
        curvature = np.dot(y, s)
        if curvature > FLAT:
            if len(self.steps) == self.size:
                for oldest_first in (self.changes, self.steps, self.inverses):
                    oldest_first.pop(0)
            self.changes.append(y)
            self.steps.append(s)
            self.inverses.append(1.0 / curvature)
            self.scale = curvature / np.dot(y, y)

    def _solve(self, q: Array) -> Array:
        """Return H q (Nocedal and Wright 2006, algorithm 7.4); *q* is overwritten."""
        pairs = list(zip(self.changes, self.steps, self.inverses, strict=True))
        shares = []
        for y, s, inverse in reversed(pairs):
            shares.append(np.dot(s, q) * inverse)
            q -= shares[-1] * y
        q *= self.scale
        for (y, s, inverse), share in zip(pairs, reversed(shares), strict=True):
            q += (share - np.dot(y, q) * inverse) * s
        return q


class Point(NamedTuple):
    """The step *t* along a direction: the loss and the gradient there, and the slope of the loss along the direction."""

    t: float
    loss: float
    gradient: Array
    slope: float


class Line:
    """The line through the parameters along a direction: ``line(t)`` looks at a point, and counts how often it did."""

    def __init__(self, params: Sequence[ag.Tensor], evaluate: Callable[[], Any], direction: Array) -> None:
        self.params, self.evaluate, self.direction = params, evaluate, direction
        self.origin = [p.array.copy() for p in params]
        self.evaluations = 0

    def __call__(self, t: float) -> Point:
        move(self.params, self.direction, t)
        loss, gradient = float(self.evaluate()), flat_gradient(self.params)
        for p, values in zip(self.params, self.origin, strict=True):
            p.array[...] = values
            ag.written(p.array)
        self.evaluations += 1
        return Point(t, loss, gradient, np.dot(gradient, self.direction))


def strong_wolfe(line: Line, start: Point, t: float, most: int) -> Point:
    """Return a point where the loss is low enough and flat enough, or the lowest known after *most* tries from *t*."""

    def is_high(point: Point) -> bool:
        return point.loss > start.loss + DECREASE * point.t * start.slope

    def is_flat(point: Point) -> bool:
        return abs(point.slope) <= -CURVATURE * start.slope

    # go on until there is a minimum between the last two points
    last, new, tries = start, line(t), 0
    while tries < most:
        if is_high(new) or (tries > 1 and new.loss >= last.loss):
            break
        if is_flat(new):
            return new
        if new.slope >= 0:
            break
        t = cubic_minimum(last, new, new.t + 0.01 * (new.t - last.t), new.t * 10)
        last, new, tries = new, line(t), tries + 1
    else:
        last = start

    # and close in on it
    ends = [last, new]
    low = 0 if ends[0].loss <= ends[1].loss else 1
    width = np.abs(line.direction).max()
    slow = False  # whether the last try was close to an end
    while tries < most and not abs(ends[1].t - ends[0].t) * width < NARROW:
        left, right = min(ends[0].t, ends[1].t), max(ends[0].t, ends[1].t)
        t = cubic_minimum(ends[0], ends[1], left, right)
        margin = 0.1 * (right - left)
        is_close = min(right - t, t - left) < margin
        if is_close and (slow or t >= right or t <= left):
            t = right - margin if abs(t - right) < abs(t - left) else left + margin
            is_close = False
        slow = is_close
        new, tries = line(t), tries + 1
        if is_high(new) or new.loss >= ends[low].loss:
            ends[1 - low] = new
            low = 0 if ends[0].loss <= ends[1].loss else 1
            continue
        if is_flat(new):
            return new
        if new.slope * (ends[1 - low].t - ends[low].t) >= 0:
            ends[1 - low] = ends[low]
        ends[low] = new
    return ends[low]


def cubic_minimum(a: Point, b: Point, least: float, most: float) -> float:
    """Return where the cubic through both points, with their slopes, is lowest, between *least* and *most*.

    Where it has no minimum, return the middle (Nocedal and Wright 2006, equation 3.59).
    """
    a, b = (a, b) if a.t <= b.t else (b, a)
    d1 = a.slope + b.slope - 3 * (a.loss - b.loss) / (a.t - b.t)
    square = d1**2 - a.slope * b.slope
    if not square >= 0:
        return (least + most) / 2.0
    d2 = np.sqrt(square)
    t = b.t - (b.t - a.t) * ((b.slope + d2 - d1) / (b.slope - a.slope + 2 * d2))
    return min(max(t, least), most)


def flat_gradient(params: Sequence[ag.Tensor]) -> Array:
    """Return the gradients of all parameters end to end, zeros where there is none."""
    return np.concatenate([np.zeros_like(p.array) if p.grad is None else p.grad.array for p in params], axis=None)


def move(params: Sequence[ag.Tensor], direction: Array, length: float) -> None:
    """Add *length* times *direction* to the parameters, in place."""
    start = 0
    for p in params:
        stop = start + p.array.size
        p.array += length * direction[start:stop].reshape(p.array.shape)
        ag.written(p.array)
        start = stop


def vanishes(vector: Array, tolerance: float) -> bool:
    """Return whether no element exceeds *tolerance*; NaN does."""
    return bool(np.abs(vector).max(initial=0.0) <= tolerance)
