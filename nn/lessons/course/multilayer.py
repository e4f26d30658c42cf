"""Row 2: XOR learned by a hidden layer, and what two layers can approximate."""

from __future__ import annotations

from itertools import pairwise
from typing import Annotated, Any

import numpy as np
from numpy.typing import NDArray

import autograd_core as ag
import optim

from ... import data, models
from ...layers import BCEWithLogitsLoss, Linear, MSELoss
from .. import figures
from ..options import Count, Positive
from ..registry import lesson
from ..run import Run
from .plane import draw_points, draw_regions


@lesson(
    row=2,
    title="Multilayer perceptron, XOR learned",
    question="How does a hidden layer make XOR learnable?",
    sources=("Rumelhart, Hinton & Williams, Learning representations by back-propagating errors, 1986",),
    minutes=0.3,
    quick={"starts": 4},
)
def learned_xor(
    run: Run,
    *,
    steps: Annotated[Count, "gradient steps"] = 500,
    lr: Annotated[Positive, "learning rate"] = 0.5,
    starts: Annotated[Count, "random starts of each width"] = 20,
) -> None:
    """Train tanh networks with one hidden layer on XOR, and look at the points as the hidden units see them.

    Two hidden units are enough, but not from every start; with more of them nearly all starts succeed.
    """
    inputs, targets = data.xor().tensors
    classes, signs = targets.array[:, 0], 2 * targets[:, 0] - 1
    learned: models.MLP | None = None
    losses: list[float] = []
    rows = []
    for hidden in run.track((1, 2, 4, 8), "widths"):
        solved = 0
        for _ in range(starts):
            model, course = _train_on_xor(hidden, steps, lr)
            right = bool(((model(inputs).array[:, 0] > 0) == (classes > 0.5)).all())
            solved += right
            if right and hidden == 2 and learned is None:
                learned, losses = model, course
        rows.append((hidden, solved, starts, solved / starts))
    run.table("Starts that solve XOR", ("hidden units", "solved", "starts", "share"), rows)
    share = {hidden: share for hidden, _, _, share in rows}
    run.claim("One hidden unit never solves XOR", share[1] == 0, f"{share[1]:.0%} of the starts")
    run.claim(
        "Eight hidden units solve it from 3 of 4 starts or more", share[8] >= 0.75, f"{share[8]:.0%} of the starts"
    )
    run.claim("Two hidden units solve it from some start", learned is not None, f"{share[2]:.0%} of the starts")
    if learned is None:
        return
    with ag.no_grad():
        hidden_points = learned.layers[:2](inputs)
    separator = models.Perceptron(2)
    mistakes = separator.fit(hidden_points.detach(), signs, epochs=10_000)
    run.claim(
        "In the hidden space one line separates the classes: the perceptron rule finds it",
        mistakes[-1] == 0,
        f"after {sum(mistakes)} mistakes, with a margin of {separator.margin(hidden_points, signs):.2f}",
    )
    _draw(run, learned, hidden_points.array, losses, inputs.array, classes)
    run.say(
        """In the space of the inputs no line separates the classes. Training moves the hidden units until they send the
        four points to places where one line does: the last layer is a perceptron, and its problem has become easy. The
        hidden layer was not told how; it found a representation. From some starts two units do not find it, which is why
        networks are made wider than they need to be."""
    )


def _train_on_xor(hidden: int, steps: int, lr: float) -> tuple[models.MLP, list[float]]:
    """Train on all four points at once; return the network, and its loss before each step."""
    inputs, targets = data.xor().tensors
    model = models.MLP((2, hidden, 1), activation="tanh")
    first = model.layers[0]
    assert isinstance(first, Linear)
    first.weight.data.normal_()
    optimizer, criterion = optim.SGD(model.parameters(), lr=lr, momentum=0.9), BCEWithLogitsLoss()
    losses = []
    for _ in range(steps):
        optimizer.zero_grad()
        loss = criterion(model(inputs), targets)
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return model, losses


def _draw(
    run: Run, model: models.MLP, hidden: NDArray[Any], losses: list[float], inputs: NDArray[Any], classes: NDArray[Any]
) -> None:
    drawn, (left, right) = figures.new(1, 2, height=4.1)
    draw_regions(left, -0.5, 1.5, lambda points: model(points)[:, 0])
    draw_points(left, inputs, classes)
    left.set(title="Input space", xlabel="$x_1$", ylabel="$x_2$")
    draw_regions(right, -1.25, 1.25, lambda points: model.layers[2](points)[:, 0])
    draw_points(right, hidden, classes)
    texts: dict[tuple[float, ...], list[str]] = {}  # points that lie on one another share a text
    for (x1, x2), point in zip(inputs.astype(int), hidden, strict=True):
        texts.setdefault(tuple(np.round(point, 1)), []).append(f"({x1}, {x2})")
    for point, names in texts.items():
        align = "right" if point[0] > 0.5 else "left"
        shift = (-10 if align == "right" else 10, -14 if point[1] > 0.5 else 8)
        right.annotate(" and ".join(names), point, shift, textcoords="offset points", ha=align)
    right.set(
        title="Hidden space", xlabel="hidden unit 1", ylabel="hidden unit 2", xticks=(-1, 0, 1), yticks=(-1, 0, 1)
    )
    drawn.legend(*left.get_legend_handles_labels(), title="class", loc="outside right center")
    run.figure(
        "hidden-space",
        drawn,
        "Left: what the trained network says of every point of the plane. Right: the four points as its two hidden units "
        "see them, and the last layer's line between them.",
    )
    drawn, axes = figures.new(height=3)
    axes.semilogy(losses)
    axes.set(xlabel="gradient step", ylabel="cross-entropy", xlim=(0, len(losses)))
    run.figure("loss", drawn, "The loss on the four points while this network learned.")


LOW, HIGH = -3.0, 3.0


def wave(x: NDArray[Any]) -> NDArray[Any]:
    """The function to be approximated: two frequencies, and a corner at 0."""
    return np.asarray(np.sin(3 * x) + 0.5 * np.cos(8 * x) * np.exp(-(x**2) / 2) + 0.3 * np.abs(x))


@lesson(
    row=2,
    title="Universal approximation",
    question="How close to a given function do two layers come as they grow wider?",
    sources=(
        "Cybenko, Approximation by superpositions of a sigmoidal function, 1989",
        "Hornik, Stinchcombe & White, Multilayer feedforward networks are universal approximators, 1989",
    ),
    minutes=0.2,
    quick={"starts": 2, "iterations": 150},
)
def universal_approximation(
    run: Run,
    *,
    starts: Annotated[Count, "random starts of each width; the best one counts"] = 4,
    iterations: Annotated[Count, "iterations of L-BFGS"] = 400,
) -> None:
    """Fit a function of one number by one hidden layer of tanh units, of 1 to 64 units.

    L-BFGS on 200 points, in double precision: what is left is what the width cannot do, not what the optimizer did not.
    """
    x = np.linspace(LOW, HIGH, 200)[:, None]
    widths = [1, 2, 4, 8, 16, 32, 64]
    best: dict[int, tuple[float, NDArray[Any]]] = {}
    jobs = [(width, start) for width in widths for start in range(starts)]
    for width, _ in run.track(jobs, "fits"):
        error, values = _fit_wave(width, iterations, x)
        if width not in best or error < best[width][0]:
            best[width] = error, values
    errors = [best[width][0] for width in widths]
    parameters = [3 * width + 1 for width in widths]
    run.table(
        "Error of the best fit", ("units", "parameters", "root mean square error"), zip(widths, parameters, errors)
    )

    drawn, charts = figures.new(1, 3, height=3.2, sharey=True)
    for axes, width, colour in zip(charts, (2, 8, 64), (figures.VERMILION, figures.ORANGE, figures.BLUE), strict=True):
        axes.plot(x, wave(x), color=figures.PAPER.muted, linewidth=4, alpha=0.45)
        axes.plot(x, best[width][1], color=colour)
        axes.set(title=f"{width} units", xlabel="x")
    charts[0].set_ylabel("f(x)")
    run.figure("fits", drawn, "The function (wide, grey) and the best fit with 2, 8 and 64 hidden units.")
    drawn, axes = figures.new(height=3.2)
    axes.loglog(widths, errors, "o-")
    axes.set(xlabel="hidden units", ylabel="root mean square error", xticks=widths, xticklabels=widths)
    axes.minorticks_off()
    run.figure("error", drawn, "The error of the best fit, by the number of hidden units; both scales are logarithmic.")

    rises = [after / before for before, after in pairwise(errors)]
    run.claim(
        "Doubling the width never raises the error by more than a fifth", max(rises) < 1.2, f"{max(rises):.2f} times"
    )
    run.claim(
        "64 units leave less than a twentieth of the error of 1 unit", errors[-1] < errors[0] / 20, f"{errors[-1]:.4f}"
    )
    run.say(
        """A hidden unit is one smooth step. Two of them can make one bump, 64 of them follow both waves and the corner at
        0. The theorem says that enough units come as near as one likes; it does not say how many are enough, nor that
        training finds them, which is why the best of several starts is shown."""
    )


def _fit_wave(width: int, iterations: int, x: NDArray[Any]) -> tuple[float, NDArray[Any]]:
    """Fit the wave from a random start, and return the root mean square error and the fitted values."""
    model = models.MLP((1, width, 1), activation="tanh").double()
    draws = ag.default_generator.numpy
    slope = draws.normal(0, 2, (width, 1))
    first = model.layers[0]
    assert isinstance(first, Linear)
    first.weight.data.copy_(ag.from_numpy(slope))
    assert first.bias is not None
    first.bias.data.copy_(ag.from_numpy(-slope[:, 0] * draws.uniform(LOW, HIGH, width)))  # steps all over the interval
    inputs, targets = ag.from_numpy(x), ag.from_numpy(wave(x))
    criterion = MSELoss()
    optimizer = optim.LBFGS(
        model.parameters(), max_iter=iterations, history_size=20, line_search_fn="strong_wolfe", tolerance_change=1e-12
    )

    def loss() -> ag.Tensor:
        optimizer.zero_grad()
        value: ag.Tensor = criterion(model(inputs), targets)
        value.backward()
        return value

    optimizer.step(loss)
    with ag.no_grad():
        values = model(inputs)
    return float(np.sqrt(criterion(values, targets).item())), values.array
