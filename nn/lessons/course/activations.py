"""Row 3: activation functions, their derivatives, saturation and dying units."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated

import numpy as np

import autograd_core as ag
import optim

from ... import data
from ...functional import noisy_relu
from ...layers import CrossEntropyLoss, LeakyReLU, Linear, NoisyReLU, ReLU, Sequential, Softplus, Tanh
from ...module import Module
from .. import figures
from ..options import Count, Positive, at_least
from ..registry import lesson
from ..run import Run

Curve = Callable[[ag.Tensor], ag.Tensor]

CURVES: dict[str, Curve] = {
    "sign": ag.sign,
    "sigmoid": ag.sigmoid,
    "tanh": ag.tanh,
    "ReLU": ag.relu,
    "leaky ReLU, slope 0.1": lambda x: ag.leaky_relu(x, 0.1),
    "noisy ReLU": lambda x: noisy_relu(x, training=True),
    "softplus": ag.softplus,
}
SMOOTH = ("sigmoid", "tanh", "softplus")
LOW, HIGH = -5.0, 5.0

REVIVED: dict[str, tuple[type[Module], str, str]] = {
    "ReLU": (ReLU, figures.VERMILION, "-"),
    "leaky ReLU": (LeakyReLU, figures.GREEN, "--"),
    "noisy ReLU": (NoisyReLU, figures.BLUE, "-."),
    "softplus": (Softplus, figures.PINK, ":"),
    "tanh": (Tanh, figures.GREY, "-"),
}


@lesson(
    row=3,
    title="Activation functions",
    question="What do the activation functions look like, where do they saturate, and which units can die?",
    sources=(
        "Glorot, Bordes & Bengio, Deep sparse rectifier neural networks, 2011",
        "Nair & Hinton, Rectified linear units improve restricted Boltzmann machines, 2010",
        "Maas, Hannun & Ng, Rectifier nonlinearities improve neural network acoustic models, 2013",
    ),
    minutes=0.2,
    quick={"steps": 150, "pictures": 1000},
)
def activations(
    run: Run,
    *,
    steps: Annotated[Count, "steps of training, for the units that begin dead"] = 600,
    pictures: Annotated[int, at_least(100, 10_000), "Fashion-MNIST pictures"] = 2000,
    lr: Annotated[Positive, "learning rate"] = 0.1,
) -> None:
    """Draw the activation functions and the derivatives that autograd gives, and see what saturation costs.

    Then switch off every hidden unit of a small network (its biases so low that no picture turns it on), train it on
    Fashion-MNIST, and see with which activation the units come back.
    """
    _draw_curves(run)
    _draw_saturation(run)
    _revive(run, steps, pictures, lr)
    run.say(
        """Sigmoid and tanh are flat on both sides: 5 units from 0, less than a hundredth of the gradient is left, and each
        further layer takes its share again. ReLU keeps all of it on one side and nothing on the other; a unit that is
        below 0 for every input gets no gradient, and is dead for good. A small slope (leaky), noise (noisy ReLU) or a
        smooth corner (softplus) lets it learn its way back."""
    )


def _slope(function: Curve, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the function and its derivative, by autograd, at *x*."""
    points = ag.tensor(x, requires_grad=True)
    y = function(points)
    (slope,) = ag.grad(y.sum(), [points])
    return y.detach().array, slope.array


def _draw_curves(run: Run) -> None:
    x = np.linspace(LOW, HIGH, 400)  # 0, where some have a corner, is not among them
    drawn, charts = figures.new(2, 4, height=4.7, sharex=True)
    rows, h, worst = [], 1e-5, 0.0
    for axes, (name, function) in zip(charts.flat, CURVES.items(), strict=False):
        y, slope = _slope(function, x)
        if name in SMOOTH:
            quotient = (_slope(function, x + h)[0] - _slope(function, x - h)[0]) / (2 * h)
            worst = max(worst, float(np.abs(slope - quotient).max()))
        noisy = name == "noisy ReLU"
        axes.plot(x, y, "." if noisy else "-", markersize=2, label="f(x)")
        axes.plot(x, slope, "." if noisy else "--", markersize=2, label="f'(x)")
        axes.set_title(name, fontsize=10)
        rows.append((name, float(y.min()), float(y.max()), float(slope.max()), float(slope[0]), float(slope[-1])))
    last = charts.flat[-1]
    scores = ag.tensor(np.stack([x, np.zeros_like(x), np.full_like(x, -1)], axis=1))
    shares = ag.softmax(scores, dim=1).array
    last.stackplot(x, shares.T, colors=[figures.SKY, figures.ORANGE, figures.GREY], alpha=0.8)
    last.set_title("softmax of (x, 0, -1)", fontsize=10)
    for axes in charts[1]:
        axes.set_xlabel("x")
    drawn.legend(*charts.flat[0].get_legend_handles_labels(), loc="outside upper right", ncols=2)
    run.figure(
        "curves",
        drawn,
        "Each function (solid) and its derivative as autograd gives it (dashed). The last: the three shares of a softmax, "
        "which always add up to 1, as the first score grows.",
    )
    head = ("function", "least", "largest", "largest derivative", f"derivative at {LOW:g}", f"derivative at {HIGH:g}")
    run.table(f"From {LOW:g} to {HIGH:g}", head, rows)
    run.claim(
        "Autograd's derivatives equal difference quotients to 1e-9", worst < 1e-9, f"largest difference {worst:.1e}"
    )
    total = float(np.abs(shares.sum(axis=1) - 1).max())
    run.claim("The shares of a softmax add up to 1 within 1e-12", total < 1e-12, f"largest difference {total:.1e}")


def _draw_saturation(run: Run) -> None:
    x = np.linspace(0, 10, 401)[1:]
    drawn, axes = figures.new(height=3.4)
    for name, style in (("sigmoid", "-"), ("tanh", "--"), ("ReLU", "-."), ("softplus", ":")):
        axes.semilogy(x, _slope(CURVES[name], x)[1], style, label=name)
    axes.set(xlabel="x", ylabel="derivative at x", ylim=(1e-5, 2), xlim=(0, 10))
    axes.legend(ncols=2, loc="lower left")
    run.figure(
        "saturation", drawn, "How much of a gradient passes through a unit whose input is x, on a logarithmic scale."
    )
    sigmoid, tanh = (float(_slope(CURVES[name], np.array([5.0]))[1][0]) for name in ("sigmoid", "tanh"))
    largest = float(_slope(CURVES["sigmoid"], np.array([0.0]))[1][0])
    run.number("derivative of the sigmoid at 0, its largest", largest, expected="1/4")
    run.number("derivative of the sigmoid at 5", sigmoid, expected="less than 0.01")
    run.number("derivative of tanh at 5", tanh, expected="less than 0.001")
    run.claim("A sigmoid passes a quarter of a gradient at most", largest == 0.25, f"{largest}")
    run.claim(
        "Saturated at 5: sigmoid below 0.01, tanh below 0.001",
        sigmoid < 0.01 and tanh < 0.001,
        f"{sigmoid:.1e}, {tanh:.1e}",
    )


def _revive(run: Run, steps: int, pictures: int, lr: float) -> None:
    """Train networks whose hidden units are all off at first."""
    loader = data.DataLoader(data.load("fashion-mnist").train, batch_size=pictures, shuffle=True, seed=run.seed)
    images, labels = next(iter(loader))
    inputs = images.flatten(1)
    drawn, (left, right) = figures.new(1, 2, height=3.6)
    off, right_share = {}, {}
    for name in run.track(REVIVED, "units that begin dead"):
        activation, colour, style = REVIVED[name]
        course = _train_from_dead(activation(), inputs, labels, steps, lr, run.seed)
        at, off_course, accuracy = zip(*course, strict=True)
        left.plot(at, off_course, style, color=colour, label=name)
        right.plot(at, accuracy, style, color=colour)
        off[name], right_share[name] = off_course[-1], accuracy[-1]
    left.set(xlabel="step", ylabel="share of units", title="Off for every picture", ylim=(-0.03, 1.03))
    right.set(xlabel="step", ylabel="share of pictures", title="Recognised", ylim=(0, 1))
    drawn.legend(*left.get_legend_handles_labels(), loc="outside lower center", ncols=5)
    run.figure(
        "dying-units",
        drawn,
        "A hidden layer of 100 units, all of them off for every picture at first. Left: how many still are. Right: what the "
        "network recognises among the pictures that it learns from.",
    )
    rows = [(name, off[name], right_share[name]) for name in off]
    run.table("Units that begin dead", ("activation", "off at the end", "recognised"), rows)
    run.claim(
        "ReLU units that are off for every input stay off, and the network guesses (recognises less than 20 %)",
        off["ReLU"] == 1 and right_share["ReLU"] < 0.2,
        f"{off['ReLU']:.0%} off, {right_share['ReLU']:.0%} recognised",
    )
    worst = min(set(off) - {"ReLU"}, key=lambda name: right_share[name])
    run.claim(
        "With every other activation the network learns (recognises more than 50 %)",
        right_share[worst] > 0.5,
        f"least with {worst}: {right_share[worst]:.0%}",
    )


def _train_from_dead(
    activation: Module, inputs: ag.Tensor, labels: ag.Tensor, steps: int, lr: float, seed: int
) -> list[tuple[int, float, float]]:
    """Return step, share of hidden units that no picture turns on, and share of pictures recognised, as it trains."""
    ag.manual_seed(seed)
    hidden = Linear(inputs.shape[1], 100)
    model = Sequential(hidden, activation, Linear(100, 10))
    assert hidden.bias is not None
    with ag.no_grad():
        hidden.bias.sub_(hidden(inputs).amax(0) + 0.1)
    optimizer, criterion = optim.SGD(model.parameters(), lr=lr), CrossEntropyLoss()
    draws, course = np.random.default_rng(seed), []
    for step in range(steps + 1):
        if step % max(steps // 30, 1) == 0 or step == steps:
            model.eval()
            with ag.no_grad():
                before = hidden(inputs)
                guesses = model(inputs).argmax(1)
            model.train()
            course.append(
                (step, float((before.array <= 0).all(0).mean()), float((guesses.array == labels.array).mean()))
            )
        batch = ag.from_numpy(draws.integers(0, len(inputs), 64))
        optimizer.zero_grad()
        criterion(model(inputs[batch]), labels[batch]).backward()
        optimizer.step()
    return course
