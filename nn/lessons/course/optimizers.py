"""Row 6: momentum, Nesterov, AdaGrad, RMSprop and Adam, on a surface and at a saddle."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Annotated, Any

import numpy as np
from numpy.typing import NDArray

import autograd_core as ag
import optim

from .. import figures
from ..options import at_least
from ..registry import lesson
from ..run import Run

Surface = Callable[[Any, Any], Any]
Make = Callable[[list[ag.Tensor], float], optim.Optimizer]

OPTIMIZERS: dict[str, tuple[Make, str, str, str]] = {
    "gradient descent": (lambda p, lr: optim.SGD(p, lr=lr), figures.GREY, "-", "o"),
    "momentum": (lambda p, lr: optim.SGD(p, lr=lr, momentum=0.9), figures.BLUE, "-", "s"),
    "Nesterov": (lambda p, lr: optim.SGD(p, lr=lr, momentum=0.9, nesterov=True), figures.SKY, "--", "D"),
    "AdaGrad": (lambda p, lr: optim.Adagrad(p, lr=lr), figures.GREEN, "-", "^"),
    "RMSprop": (lambda p, lr: optim.RMSprop(p, lr=lr, alpha=0.9), figures.PINK, "-", "v"),
    "Adam": (lambda p, lr: optim.Adam(p, lr=lr), figures.VERMILION, "-", "P"),
}
FAR = 100.0  # who is so far away does not come back
ADAPTIVE = ("AdaGrad", "RMSprop", "Adam")
SADDLE_LR, ESCAPED = 0.01, 0.5


def ravine(x: Any, y: Any) -> Any:
    """A bent ravine: steep across, flat along; Rosenbrock's function with a gentler wall.  Minimum 0 at (1, 1)."""
    return (1 - x) ** 2 + 10 * (y - x * x) ** 2


def near(x: float, y: float) -> bool:
    """Say whether a point is within 0.05 of the minimum of the ravine."""
    return float(np.hypot(x - 1, y - 1)) < 0.05


def arrived_or_lost(x: float, y: float) -> bool:
    """Say whether a walk in the ravine is over; NaN is far away too."""
    return near(x, y) or not max(abs(x), abs(y)) < FAR


def saddle(x: Any, y: Any) -> Any:
    """A saddle at (0, 0), which falls on both sides to minima at y = 1 and y = -1."""
    return x * x / 2 - y * y / 2 + y**4 / 4


def trail(
    surface: Surface, make: Make, lr: float, start: Sequence[float], steps: int, done: Callable[[float, float], bool]
) -> NDArray[Any]:
    """Return the points (n, 2) that an optimizer visits, from the start to the first where it is *done*."""
    point = ag.tensor(start, dtype=ag.float64, requires_grad=True)
    optimizer, visited = make([point], lr), [list(start)]
    for _ in range(steps):
        optimizer.zero_grad()
        surface(point[0], point[1]).backward()
        optimizer.step()
        visited.append(point.tolist())
        if done(*visited[-1]):
            break
    return np.array(visited)


@lesson(
    row=6,
    title="Momentum, Nesterov, AdaGrad, RMSprop, Adam",
    question="Which way do the optimizers take, and which escapes from a saddle first?",
    sources=(
        "Polyak, Some methods of speeding up the convergence of iteration methods, 1964",
        "Sutskever, Martens, Dahl & Hinton, On the importance of initialization and momentum, 2013",
        "Duchi, Hazan & Singer, Adaptive subgradient methods, 2011",
        "Tieleman & Hinton, Lecture 6.5: RMSprop, 2012",
        "Kingma & Ba, Adam, 2015",
        "Dauphin et al., Identifying and attacking the saddle point problem, 2014",
    ),
    minutes=0.5,
    quick={"steps": 400},
)
def optimizers(
    run: Run, *, steps: Annotated[int, at_least(400), "steps on the ravine, and at most from the saddle"] = 1000
) -> None:
    """Walk down a bent ravine from one start with six optimizers, each with the best of a few learning rates.

    Then start beside a saddle, all with the rate 0.01, nearer and nearer to the ridge from which gradient descent cannot
    tell where down is, and count the steps until each has left.
    """
    _ravine(run, steps)
    _saddle(run)
    run.say(
        """Gradient descent goes where it is steep, which in a ravine is across, not along. Momentum adds up what stays the
        same and cancels what alternates. The adaptive methods divide each coordinate by the size of its own gradients, so a
        flat direction is walked as fast as a steep one. At a saddle this decides: there the gradient along the way out is
        tiny, plain descent needs steps in proportion to the logarithm of the distance from the ridge, momentum fewer, and
        the adaptive methods hardly notice how near it they began."""
    )


def _ravine(run: Run, steps: int) -> None:
    start, rates = (-1.4, 0.6), (0.3, 0.1, 0.03, 0.01, 0.003)
    drawn, axes = figures.new(height=4.8)
    x, y = np.meshgrid(np.linspace(-2, 2, 300), np.linspace(-0.9, 2.6, 250))
    height = ravine(x, y)
    levels = np.geomspace(0.05, 120, 14)
    axes.contourf(x, y, height, levels=[0, *levels], norm="log", cmap=figures.SEQUENTIAL, alpha=0.25, extend="max")
    axes.contour(x, y, height, levels=levels, colors=[figures.GREY], linewidths=0.5)
    rows = []
    for name in run.track(OPTIMIZERS, "ravine"):
        make, colour, style, marker = OPTIMIZERS[name]
        best: tuple[int, float, NDArray[Any]] | None = None
        for lr in rates:
            visited = trail(ravine, make, lr, start, steps, arrived_or_lost)
            arrived = len(visited) - 1 if near(*visited[-1]) else steps + 1
            found = (arrived, float(ravine(*visited[-1])))  # who has not arrived is judged by the height
            if np.abs(visited).max() < FAR and (best is None or found < (best[0], float(ravine(*best[2][-1])))):
                best = arrived, lr, visited
        assert best is not None  # with 0.003 none of them diverges
        arrived, lr, visited = best
        label = f"{name}, rate {lr:g}: " + (f"{arrived} steps" if arrived <= steps else "not there yet")
        how = {"marker": marker, "markevery": max(len(visited) // 12, 1), "markersize": 5, "linewidth": 1.6}
        axes.plot(*visited.T, style, color=colour, label=label, **how)
        rows.append((name, lr, arrived if arrived <= steps else f"more than {steps}", float(ravine(*visited[-1]))))
    axes.plot(1, 1, "*", color=figures.PAPER.ink, markersize=16, markeredgecolor="white", zorder=5)
    axes.plot(*start, "X", color=figures.PAPER.ink, markersize=10, markeredgecolor="white", zorder=5)
    axes.set(xlabel="x", ylabel="y", xlim=(-2, 2), ylim=(-0.9, 2.6))
    axes.grid(visible=False)
    drawn.legend(*axes.get_legend_handles_labels(), loc="outside lower center", ncols=2)
    run.figure(
        "trails",
        drawn,
        "From the cross to the star, the minimum of (1 - x)² + 10 (y - x²)²: each optimizer with the best of the rates "
        f"{', '.join(f'{rate:g}' for rate in rates)}, up to within 0.05 of the minimum.",
    )
    run.table("The ravine", ("optimizer", "rate", "steps to within 0.05", "height at the end"), rows)
    needed = {name: count if isinstance(count, int) else steps + 1 for name, _, count, _ in rows}
    plain, momentum = needed["gradient descent"], needed["momentum"]
    text = "In the ravine momentum needs half the steps of gradient descent, or fewer"
    run.claim(text, 2 * momentum <= plain, f"{momentum} and {plain}")


def _saddle(run: Run) -> None:
    starts = 10.0 ** np.arange(-1, -6.5, -0.5)
    drawn, (left, right) = figures.new(1, 2, height=4.2, width_ratios=(1, 1.15))
    x, y = np.meshgrid(np.linspace(-0.4, 1.2, 200), np.linspace(-0.7, 1.5, 200))
    left.contourf(x, y, saddle(x, y), levels=24, cmap=figures.SEQUENTIAL, alpha=0.25)
    left.contour(x, y, saddle(x, y), levels=24, colors=[figures.GREY], linewidths=0.4)
    escapes: dict[str, list[int]] = {}
    for name in run.track(OPTIMIZERS, "saddle"):
        make, colour, style, marker = OPTIMIZERS[name]
        escapes[name] = []
        for start in starts:
            visited = trail(saddle, make, SADDLE_LR, (1.0, float(start)), 2000, lambda x, y: abs(y) > ESCAPED)
            escapes[name].append(len(visited) - 1)
            if start == starts[4]:
                left.plot(*visited.T, style, color=colour, linewidth=1.8)
        right.semilogx(starts, escapes[name], style, color=colour, marker=marker, markersize=5, label=name)
    left.plot(0, 0, "X", color=figures.PAPER.ink, markersize=10, markeredgecolor="white")
    left.set(xlabel="x", ylabel="y", title="Trails from (1, 0.001)", xlim=(-0.4, 1.2), ylim=(-0.35, 0.75))
    left.grid(visible=False)
    right.set(
        xlabel="distance from the ridge at the start", ylabel="steps to escape", title="Steps until |y| is above 0.5"
    )
    drawn.legend(
        *right.get_legend_handles_labels(), loc="outside lower center", ncols=6, columnspacing=1, handletextpad=0.4
    )
    run.figure(
        "saddle",
        drawn,
        "The surface x²/2 - y²/2 + y⁴/4 has a saddle at the cross. Left: the ways, all with the rate 0.01. Right: the steps "
        "to leave, by how near to the ridge y = 0 the walk begins.",
    )
    order = sorted(escapes, key=lambda name: escapes[name][4])
    rows = [(name, *(escapes[name][i] for i in (0, 4, 10))) for name in order]
    run.table("Steps to escape, by the distance from the ridge", ("optimizer", "0.1", "0.001", "0.000001"), rows)
    at = {name: counts[4] for name, counts in escapes.items()}
    run.claim(
        "The order of escape: RMSprop, Adam, Nesterov, momentum, and gradient descent last; AdaGrad, whose steps shrink, "
        "before gradient descent",
        [name for name in order if name != "AdaGrad"] == ["RMSprop", "Adam", "Nesterov", "momentum", "gradient descent"]
        and at["AdaGrad"] < at["gradient descent"],
        ", ".join(f"{name} {at[name]}" for name in order),
    )
    # y grows by the factor 1 + rate in each step, as long as it is small
    growth = (escapes["gradient descent"][10] - escapes["gradient descent"][4]) * np.log1p(SADDLE_LR) / np.log(1e3)
    text = "Each tenfold nearer start costs gradient descent log(10) / log(1 + rate) steps (within 2 %)"
    run.claim(text, abs(growth - 1) < 0.02, f"{growth:.4f} times that")
    spread = max(escapes[name][8] - escapes[name][4] for name in ADAPTIVE)
    run.claim(
        "To the adaptive methods a hundredfold nearer start costs 10 steps or fewer", spread <= 10, f"{spread} steps"
    )
