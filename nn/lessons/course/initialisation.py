"""Rows 7 and 9: how weights begin, and batch normalisation, on the ten-layer network of the lecture."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import Annotated, Any

import numpy as np

import autograd_core as ag
import optim

from ... import data, init, models
from ...interpret import activation_report, activations
from ...layers import BatchNorm1d, CrossEntropyLoss, Linear, ReLU, Tanh
from ...module import Module
from ...training import Accuracy, evaluate
from .. import figures
from ..options import Count, at_least
from ..registry import lesson
from ..run import Run

DEPTH, WIDTH = 10, 500
PUBLISHED = (
    0.63,
    0.49,
    0.41,
)  # the first tanh layers of the lecture, with weights of standard deviation 1/sqrt(fan_in)
LECTURE = "Stanford CS231n, 2016, lecture 5"

Fill = Callable[[ag.Tensor], ag.Tensor]


def xavier(weight: ag.Tensor) -> ag.Tensor:
    """Fill with a standard deviation of sqrt(2 / (fan_in + fan_out)): here 1/sqrt(fan_in)."""
    return init.xavier_normal_(weight)


def he(weight: ag.Tensor) -> ag.Tensor:
    """Fill with a standard deviation of sqrt(2 / fan_in)."""
    return init.kaiming_normal_(weight, nonlinearity="relu")


def gaussian(std: float) -> Fill:
    """Return what fills with a standard deviation of *std*."""
    return lambda weight: init.normal_(weight, std=std)


# how it is named: activation, how weights are filled, colour, line
STARTS: dict[str, tuple[str, Fill, str, str]] = {
    "zero, tanh": ("tanh", init.zeros_, figures.GREY, "-"),
    "0.01, tanh": ("tanh", gaussian(0.01), figures.ORANGE, "-"),
    "1.0, tanh": ("tanh", gaussian(1.0), figures.VERMILION, "-"),
    "Xavier, tanh": ("tanh", xavier, figures.BLUE, "-"),
    "Xavier, ReLU": ("relu", xavier, figures.SKY, "--"),
    "He, ReLU": ("relu", he, figures.GREEN, "--"),
}


def deep_network(activation: str, fill: Fill, batch_norm: bool = False) -> models.MLP:
    """Return ten layers of 500 units and a layer of 10, with biases of 0 and weights as *fill* makes them."""
    model = models.MLP((WIDTH,) * (DEPTH + 1) + (10,), activation, batch_norm=batch_norm)
    for module in model.modules():
        if isinstance(module, Linear):
            fill(module.weight)
            if module.bias is not None:
                init.zeros_(module.bias)
    return model


def expected_spreads(depth: int) -> list[float]:
    """Return the standard deviations of tanh layers so wide that what reaches a unit is normal, with Xavier's weights.

    The variance of one layer's outputs is that of the next one's inputs: q' = E[tanh(sqrt(q) z)^2], z normal, q = 1 at first.
    """
    z, weights = np.polynomial.hermite_e.hermegauss(50)
    variance, found = 1.0, []
    for _ in range(depth):
        variance = float(np.average(np.tanh(np.sqrt(variance) * z) ** 2, weights=weights))
        found.append(variance**0.5)
    return found


def measured(model: Module, inputs: ag.Tensor) -> tuple[list[float], float]:
    """Return the standard deviation of each hidden layer's outputs, and the share of saturated ones in the last."""
    rows = activation_report(model, inputs, (Tanh, ReLU)).rows
    return [row.std for row in rows], rows[-1].saturated or 0.0


def first_gradient(model: Module, inputs: ag.Tensor, labels: ag.Tensor) -> float:
    """Return the norm of the first layer's gradient."""
    CrossEntropyLoss()(model(inputs), labels).backward()
    first = next(iter(model.parameters()))
    return 0.0 if first.grad is None else float(np.linalg.norm(first.grad.array))


@lesson(
    row=7,
    title="Initialisation",
    question="How large must the first weights be for a signal to come through ten layers?",
    sources=(
        LECTURE,
        "Glorot & Bengio, Understanding the difficulty of training deep feedforward neural networks, 2010",
        "He, Zhang, Ren & Sun, Delving deep into rectifiers, 2015",
        "Poole et al., Exponential expressivity in deep neural networks through transient chaos, 2016",
    ),
    minutes=0.4,
    quick={"examples": 300},
)
def initialisation(run: Run, *, examples: Annotated[int, at_least(100), "random inputs"] = 1000) -> None:
    """Send normal inputs of 500 numbers through ten layers of 500 units, before any training.

    With weights of 0, and normal ones of standard deviation 0.01, 1, 1/sqrt(fan_in) (Xavier, since fan_in and fan_out are
    equal) and sqrt(2 / fan_in) (He); biases are 0.
    """
    inputs, labels = ag.randn(examples, WIDTH), ag.randint(0, 10, (examples,))
    stds, saturated, gradients, hidden = {}, {}, {}, {}
    for name, (activation, fill, _, _) in STARTS.items():
        model = deep_network(activation, fill)
        stds[name], saturated[name] = measured(model, inputs)
        gradients[name] = first_gradient(model, inputs, labels)
        if name != "zero, tanh":
            shown = [module for module in model.modules() if isinstance(module, Tanh | ReLU)][::2]
            hidden[name] = [value.array.ravel() for value in activations(model, inputs, shown).values()]
    _draw_spreads(run, stds)
    _draw_histograms(run, hidden)
    head = ("start", *(f"layer {i}" for i in range(1, DEPTH + 1)))
    run.table("Standard deviation of each layer's outputs", head, [(name, *values) for name, values in stds.items()])
    rows = [(name, saturated[name], gradients[name]) for name in stds]
    run.table(
        "The last layer, and what comes back to the first", ("start", "saturated", "gradient norm of layer 1"), rows
    )

    xaviers, large, small = stds["Xavier, tanh"], stds["1.0, tanh"], stds["0.01, tanh"]
    for i, value in enumerate(PUBLISHED):
        run.number(f"Xavier, tanh: layer {i + 1}", xaviers[i], expected=f"{value:.2f}", source=LECTURE)
    gap = max(abs(ours - theory) for ours, theory in zip(xaviers, expected_spreads(DEPTH), strict=True))
    run.claim(
        "1/sqrt(fan_in): the layers fall as .63, .49, .41, ... .23, as the theory of wide layers says (each within 0.02)",
        gap < 0.02,
        f"largest gap {gap:.4f}",
    )
    run.claim(
        "1.0: saturation, every layer at 0.98 (within 0.01)",
        max(abs(s - 0.98) for s in large) < 0.01,
        f"{large[-1]:.3f}",
    )
    share = saturated["1.0, tanh"]
    run.claim("1.0: most of the last layer (more than 80 %) is saturated", share > 0.8, f"{share:.0%}")
    factors = [after / before for before, after in pairwise(small)]
    theory = 0.01 * np.sqrt(WIDTH)
    worst = max(abs(factor / theory - 1) for factor in factors)
    run.claim(
        "0.01: collapse, each layer smaller by 0.01 sqrt(500) = 0.22 (within 10 %)",
        worst < 0.1 and small[-1] < 1e-5,
        f"factor {np.mean(factors):.3f}, last layer {small[-1]:.1e}",
    )
    rectified = stds["He, ReLU"]
    even = max(abs(s / np.sqrt(1 - 1 / np.pi) - 1) for s in rectified)
    run.claim("He, ReLU: every layer at sqrt(1 - 1/pi) = 0.83 (within 25 %)", even < 0.25, f"furthest {even:.0%} away")
    halves = stds["Xavier, ReLU"][-1] / rectified[-1]
    run.claim(
        "Xavier, ReLU: ten layers keep 1/sqrt(2) each, 0.03 of He's in all (within 40 %)",
        0.6 < halves * 2**5 < 1.4,
        f"{halves:.3f}",
    )
    dead = gradients["zero, tanh"] == 0 and gradients["0.01, tanh"] < 1e-4 * gradients["Xavier, tanh"]
    run.claim(
        "No gradient reaches layer 1 from zero weights, next to none from 0.01", dead, f"{gradients['0.01, tanh']:.1e}"
    )
    run.say(
        """Too small, and each layer shrinks the signal until nothing is left; too large, and every tanh sits at -1 or 1,
        where its derivative is 0. With 1/sqrt(fan_in) a sum of fan_in terms has the variance of one, and the signal falls
        only slowly. ReLU throws away half of it, so He's weights are larger by sqrt(2), and the signal keeps its size
        through all layers."""
    )


def _draw_spreads(run: Run, stds: dict[str, list[float]]) -> None:
    drawn, axes = figures.new(height=4)
    for name, values in stds.items():
        if name != "zero, tanh":
            _, _, colour, line = STARTS[name]
            axes.semilogy(range(1, DEPTH + 1), values, "o" + line, color=colour, label=name)
    axes.set(xlabel="layer", ylabel="standard deviation of the outputs", xticks=range(1, DEPTH + 1), ylim=(1e-7, 5))
    axes.legend(loc="lower left", ncols=2)
    run.figure(
        "spread",
        drawn,
        "The standard deviation of what each of ten layers gives, on a logarithmic scale. With weights of zero it is zero.",
    )


def _draw_histograms(run: Run, hidden: dict[str, list[Any]]) -> None:
    drawn, charts = figures.new(len(hidden), 5, height=1.15 * len(hidden) + 0.4)
    for row, (name, layers) in zip(charts, hidden.items(), strict=True):
        top = 1.0 if "tanh" in name else 3.0
        for axes, (i, values) in zip(row, enumerate(layers), strict=True):
            low = -1.0 if "tanh" in name else 0.0
            shown = values[values > low]  # of ReLU those that are on: the zeros would dwarf them
            axes.hist(np.minimum(shown, top), bins=40, range=(low, top), color=STARTS[name][2])
            axes.set(yticks=(), xticks=(low, 0, top) if low else (0, top))
            axes.grid(visible=False)
            axes.spines["left"].set_visible(False)
            axes.tick_params(labelsize=8)
            if axes in charts[0]:
                axes.set_title(f"layer {2 * i + 1}", fontsize=10)
        row[0].set_ylabel(name.replace(", ", ",\n"), rotation=0, ha="right", va="center")
    run.figure(
        "histograms",
        drawn,
        "How the outputs of layers 1, 3, 5, 7 and 9 are spread (of ReLU, those above 0): collapse, saturation, and what a "
        "good start looks like.",
    )


# ------------------------------------------------------------------------------------------------------ batch norm


@lesson(
    row=9,
    title="Batch normalisation",
    question="What does batch normalisation do to a bad start, and to the learning rates that work?",
    sources=("Ioffe & Szegedy, Batch normalization, 2015", LECTURE),
    minutes=0.6,
    quick={"pictures": 3000, "epochs": 2},
)
def batch_normalisation(
    run: Run,
    *,
    pictures: Annotated[int, at_least(500, 10_000), "Fashion-MNIST pictures to learn from"] = 5000,
    epochs: Annotated[Count, "times through them"] = 3,
) -> None:
    """Repeat the table of the lesson on initialisation with batch normalisation before each tanh.

    Then train a network with five hidden layers on Fashion-MNIST at learning rates from 0.01 to 10, with and without it, and
    give one layer of it the weights that make it the identity.
    """
    _table_of_starts(run)
    _identity(run)
    _learning_rates(run, pictures, epochs)
    run.say(
        """Batch normalisation gives every unit mean 0 and variance 1 over the batch, whatever the weights: a bad start does
        no harm, and a hundredfold larger learning rate still works, since longer weights change nothing but their own step
        size. Nothing is lost by it: with scale sqrt(variance) and shift mean, which it can learn, it is the identity."""
    )


def _table_of_starts(run: Run) -> None:
    inputs = ag.randn(500, WIDTH)
    drawn, axes = figures.new(height=3.8)
    rows, spread = [], []
    for name, fill, colour in (
        ("0.01", gaussian(0.01), figures.ORANGE),
        ("1.0", gaussian(1.0), figures.VERMILION),
        ("Xavier", xavier, figures.BLUE),
    ):
        for batch_norm, line in ((False, "o--"), (True, "s-")):
            stds, _ = measured(deep_network("tanh", fill, batch_norm), inputs)
            label = f"{name}, with batch norm" if batch_norm else name
            axes.semilogy(range(1, DEPTH + 1), stds, line, color=colour, label=label, markersize=5)
            rows.append((label, *stds))
            spread += stds if batch_norm else []
    axes.set(xlabel="layer", ylabel="standard deviation of the outputs", xticks=range(1, DEPTH + 1), ylim=(1e-7, 5))
    axes.legend(loc="lower left", ncols=3)
    run.figure(
        "spread",
        drawn,
        "The ten tanh layers of the lesson on initialisation, before training: dashed without, solid with batch "
        "normalisation, whose three lines lie on one another.",
    )
    head = ("start", *(f"layer {i}" for i in range(1, DEPTH + 1)))
    run.table("Standard deviation of each layer's outputs", head, rows)
    # the tanh of a normal variable has the standard deviation 0.628
    gap = max(abs(value - 0.628) for value in spread)
    run.claim(
        "With batch norm every layer is at 0.63 from every start (within 0.03)", gap < 0.03, f"largest gap {gap:.3f}"
    )


def _identity(run: Run) -> None:
    norm, x = BatchNorm1d(50), 3 + 2 * ag.randn(400, 50)
    assert norm.weight is not None
    assert norm.bias is not None
    with ag.no_grad():
        norm.weight.copy_((x.var(0, correction=0) + norm.eps).sqrt())
        norm.bias.copy_(x.mean(0))
        gap = float((norm(x) - x).abs().max())
    run.number(
        "largest change by batch norm with scale sqrt(variance) and shift mean", gap, expected="rounding, about 1e-6"
    )
    run.claim("Batch norm can be the identity (to 1e-5)", gap < 1e-5, f"{gap:.1e}")


def _learning_rates(run: Run, pictures: int, epochs: int) -> None:
    rates = (0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0)
    splits = data.load("fashion-mnist")
    training = data.Subset(splits.train, range(pictures))
    test = data.DataLoader(splits.test, batch_size=500)
    reached: dict[bool, list[float]] = {False: [], True: []}
    jobs = [(batch_norm, lr) for batch_norm in (False, True) for lr in rates]
    for batch_norm, lr in jobs:
        ag.manual_seed(run.seed)
        model = models.MLP((784, 100, 100, 100, 100, 100, 10), "relu", batch_norm=batch_norm)
        loader = data.DataLoader(training, batch_size=50, shuffle=True, seed=run.seed)
        optimizer = optim.SGD(model.parameters(), lr=lr)
        what = f"rate {lr:g} {'with' if batch_norm else 'without'} batch norm"
        try:
            run.fit(what, model, loader, CrossEntropyLoss(), optimizer, epochs)
            reached[batch_norm].append(evaluate(model, test, CrossEntropyLoss(), [Accuracy()])["accuracy"])
        except ag.errors.NonFiniteError:  # it burst: its guesses are worth no more than chance
            reached[batch_norm].append(0.1)
    drawn, axes = figures.new(height=3.6)
    axes.semilogx(rates, reached[False], "o--", color=figures.VERMILION, label="without batch norm")
    axes.semilogx(rates, reached[True], "s-", color=figures.BLUE, label="with batch norm")
    axes.axhline(0.1, color=figures.GREY, linestyle=":", label="guessing")
    axes.set(xlabel="learning rate", ylabel="share recognised", ylim=(0, 1))
    axes.set_xticks(rates, [f"{rate:g}" for rate in rates])
    axes.minorticks_off()
    axes.legend(loc="upper left", bbox_to_anchor=(0.0, 0.75))
    times = "once" if epochs == 1 else f"{epochs} times"
    run.figure(
        "learning-rates",
        drawn,
        f"The share of 2,000 test pictures recognised after {times} through {pictures:,} pictures, by learning rate.",
    )
    columns = ("learning rate", "without", "with batch norm")
    run.table("Share of test pictures recognised", columns, zip(rates, reached[False], reached[True], strict=True))
    fails = [rate for rate, share in zip(rates, reached[False], strict=True) if share < 0.3]
    works = [rate for rate, share in zip(rates, reached[True], strict=True) if share > 0.5]
    text = "A learning rate of 1 works with batch norm (above 50 %), and only guesses without it (below 30 %)"
    run.claim(text, 1.0 in fails and 1.0 in works, f"{reached[True][4]:.0%} and {reached[False][4]:.0%}")
    best = (max(reached[True]), max(reached[False]))
    run.claim(
        "The best accuracy is no worse with it (within 2 points)",
        best[0] > best[1] - 0.02,
        f"{best[0]:.1%}, {best[1]:.1%}",
    )
