"""Row 5: gradient descent by the whole batch, by one example, and by minibatches, beside what the theory says."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any

import numpy as np
from numpy.typing import NDArray

import autograd_core as ag
import optim

from .. import figures
from ..options import Count, at_least
from ..registry import lesson
from ..run import Run

EIGENVALUES = np.array([1.0, 0.8, 0.6, 0.4, 0.2])  # of the curvature, the Hessian of the loss
NOISE = 0.5  # standard deviation of the targets around the plane


@dataclass(frozen=True)
class Quadratic:
    """Least squares, of which all is known: rows x of mean 0 and covariance H, targets x w* + noise, exact minimum w*."""

    inputs: NDArray[Any]  # (N, d)
    targets: NDArray[Any]  # (N,)
    minimum: NDArray[Any]  # (d,)

    @classmethod
    def draw(cls, n: int, draws: np.random.Generator) -> Quadratic:
        """Draw *n* rows, and make their covariance, and that the noise has no part along them, exact."""
        d = len(EIGENVALUES)
        q, _ = np.linalg.qr(draws.standard_normal((n, d + 1)))
        inputs, noise = np.sqrt(n) * q[:, :d] * np.sqrt(EIGENVALUES), np.sqrt(n) * q[:, d]
        minimum = draws.standard_normal(d)
        return cls(inputs, inputs @ minimum + NOISE * noise, minimum)

    def descend(
        self,
        optimizer: Any,
        weights: ag.Tensor,
        steps: int,
        batch: int | None,
        draws: np.random.Generator,
        schedule: Any = None,
    ) -> NDArray[Any]:
        """Return the mean over all runs of |w - w*|^2 before each step; each row of *weights* (R, d) is a run of its own."""
        inputs, targets = ag.from_numpy(self.inputs), ag.from_numpy(self.targets)
        distances = []
        for _ in range(steps):
            distances.append(float(((weights.array - self.minimum) ** 2).sum(1).mean()))
            if batch is None:
                errors = weights @ inputs.T - targets
            else:
                chosen = draws.integers(0, len(self.inputs), (len(weights), batch))
                rows = ag.from_numpy(self.inputs[chosen])  # (R, B, d)
                errors = (rows @ weights.unsqueeze(2)).squeeze(2) - ag.from_numpy(self.targets[chosen])
            optimizer.zero_grad()
            (errors.square().mean(1).sum() / 2).backward()
            optimizer.step()
            if schedule is not None:
                schedule.step()
        return np.array(distances)


def _started(runs: int) -> ag.Tensor:
    return ag.zeros(runs, len(EIGENVALUES), dtype=ag.float64, requires_grad=True)


@lesson(
    row=5,
    title="Gradient descent: batch, stochastic, minibatch",
    question="Does gradient descent converge as fast, and as far, as the theory says?",
    sources=(
        "Robbins & Monro, A stochastic approximation method, 1951",
        "Bottou, Curtis & Nocedal, Optimization methods for large-scale machine learning, 2018",
    ),
    minutes=0.7,
    quick={"steps": 6000, "runs": 40},
)
def gradient_descent(
    run: Run,
    *,
    steps: Annotated[int, at_least(1000), "steps of stochastic descent"] = 20_000,
    runs: Annotated[Count, "runs that are averaged"] = 40,
    rows: Annotated[int, at_least(10), "training examples"] = 1000,
) -> None:
    """Minimise a least-squares loss in five dimensions whose curvature is known, from 1 down to 0.2.

    The whole batch at several rates; single examples and minibatches at a constant rate; and single examples with the
    falling rates of Robbins and Monro.  The average distance from the minimum is compared with its theory.
    """
    draws = np.random.default_rng(run.seed)
    problem = Quadratic.draw(rows, draws)
    _batch(run, problem, draws)
    _constant_rate(run, problem, draws, steps, runs)
    _falling_rate(run, problem, draws, steps, runs)
    run.say(
        """With the whole batch the distance shrinks by the same factor in each step, the largest of |1 - rate x curvature|,
        and the method bursts as soon as the rate exceeds 2 / largest curvature. With single examples it shrinks just as fast
        at first and then stays in a cloud of noise, as large as rate / batch size. Only a falling rate gets rid of the cloud,
        and then as slowly as the theory says: the squared distance falls like the rate itself."""
    )


def _batch(run: Run, problem: Quadratic, draws: np.random.Generator) -> None:
    best = 2 / (EIGENVALUES.max() + EIGENVALUES.min())
    rates = {"small, 0.3": 0.3, f"best, {best:.2f}": best, "too large, 2.05": 2.05}
    drawn, axes = figures.new(height=3.6)
    table, gaps = [], []
    for (name, lr), style in zip(rates.items(), ("-", "--", "-."), strict=True):
        weights = _started(1)
        distances = np.sqrt(problem.descend(optim.SGD([weights], lr=lr), weights, 80, None, draws))
        # late enough for the slowest direction alone to be left, and early enough for all digits to be there
        factor, theory = (distances[60] / distances[50]) ** 0.1, float(np.abs(1 - lr * EIGENVALUES).max())
        axes.semilogy(distances, style, label=f"rate {name}: factor {theory:.3f}")
        table.append((name, lr, theory, factor))
        gaps.append(abs(factor - theory))
    axes.set(xlabel="step", ylabel="distance from the minimum", xlim=(0, 80))
    axes.legend()
    run.figure(
        "batch",
        drawn,
        "The whole batch: a straight line on a logarithmic scale, as steep as its factor; above a rate of 2 it bursts.",
    )
    run.table("Factor of each step, whole batch", ("rate", "value", "theory", "measured"), table)
    run.claim(
        "The whole batch converges by the factor of the theory (within 0.002)", max(gaps) < 0.002, f"{max(gaps):.1e}"
    )
    run.claim("Beyond 2 / largest curvature it diverges", table[-1][3] > 1, f"factor {table[-1][3]:.3f} at rate 2.05")


def _constant_rate(run: Run, problem: Quadratic, draws: np.random.Generator, steps: int, runs: int) -> None:
    lr, table, ratios = 0.02, [], []
    drawn, axes = figures.new(height=3.6)
    shown = min(steps, 3000)
    for batch in run.track((1, 10, 100), "constant rate"):
        weights = _started(runs)
        distances = problem.descend(optim.SGD([weights], lr=lr), weights, min(steps, 6000), batch, draws)
        theory = lr * NOISE**2 * len(EIGENVALUES) / (2 * batch)
        floor = float(distances[len(distances) // 2 :].mean())
        (line,) = axes.semilogy(
            distances[:shown], linewidth=1.2, label=f"batch of {batch}" if batch > 1 else "one example"
        )
        axes.axhline(theory, color=line.get_color(), linestyle=":", linewidth=1.6)
        table.append((batch, theory, floor, floor / theory))
        ratios.append(floor / theory)
    weights = _started(1)
    distances = problem.descend(optim.SGD([weights], lr=lr), weights, shown, None, draws)
    axes.semilogy(distances, "--", color=figures.GREY, label="whole batch")
    axes.set(xlabel="step", ylabel="squared distance", ylim=(1e-6, 20), xlim=(0, shown))
    axes.legend(loc="upper right", ncols=2)
    run.figure(
        "constant-rate",
        drawn,
        f"A constant rate of {lr}, average of {runs} runs: smaller batches stop at a larger distance. Dotted: the level that "
        "the theory gives, rate x noise variance x dimensions / (2 x batch size).",
    )
    run.table("Squared distance that a constant rate ends with", ("batch size", "theory", "measured", "ratio"), table)
    worst = max(ratios, key=lambda ratio: abs(np.log(ratio)))
    run.claim(
        "A constant rate ends where the theory says (within 25 %)",
        0.8 < worst < 1.25,
        f"furthest: {worst:.2f} times it",
    )


def _falling_rate(run: Run, problem: Quadratic, draws: np.random.Generator, steps: int, runs: int) -> None:
    tau, first = 100.0, 0.1  # so a_0 = 10 for kappa 1: the start is forgotten like t^-(2 a_0 x least curvature) = t^-4
    drawn, axes = figures.new(height=3.8)
    table, gaps, ends = [], [], []
    for kappa, style in run.track(((1.0, "-"), (0.75, "--"), (0.6, "-.")), "falling rates"):
        weights = _started(runs)
        optimizer = optim.SGD([weights], lr=first * tau**kappa)
        schedule = optim.lr_scheduler.RobbinsMonroLR(optimizer, tau=tau, kappa=kappa)
        distances = problem.descend(optimizer, weights, steps, 1, draws, schedule)
        at = np.arange(steps) + tau
        late = slice(steps // 5, None)
        slope = float(np.polyfit(np.log(at[late]), np.log(distances[late]), 1)[0])
        axes.loglog(at, distances, style, linewidth=1.4, label=f"rate falls like $t^{{-{kappa:g}}}$: slope {slope:.2f}")
        table.append((kappa, -kappa, slope))
        gaps.append(abs(slope + kappa))
        ends.append(float(distances[-steps // 10 :].mean()))
    axes.set(xlabel="t = step + 100", ylabel="squared distance")
    axes.legend(loc="lower left")
    run.figure(
        "robbins-monro", drawn, f"One example at a time, average of {runs} runs, with the rates of Robbins and Monro."
    )
    run.table("How the squared distance falls, as a power of t", ("kappa", "theory", "measured"), table)
    run.claim(
        "With rates like t^-k the squared distance falls like t^-k (within 0.15)", max(gaps) < 0.15, f"{max(gaps):.2f}"
    )
    level = 0.02 * NOISE**2 * len(EIGENVALUES) / 2
    run.claim(
        "Each falling rate ends below the level of the constant one", max(ends) < level, f"{max(ends):.1e}, {level:.1e}"
    )
