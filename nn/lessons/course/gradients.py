"""Row 8: vanishing and exploding gradients in deep networks, and the cures."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated

import numpy as np

import autograd_core as ag
import optim

from ... import data, models
from ...interpret.layers import recorded
from ...layers import CrossEntropyLoss, Linear
from ...module import Module
from ...training import Accuracy, evaluate
from .. import figures
from ..options import Count, at_least
from ..registry import lesson
from ..run import Run
from .initialisation import Fill, gaussian, he, xavier

WIDTH = 100


def plain(activation: str, fill: Fill, batch_norm: bool = False) -> Callable[[int], Module]:
    """Return what makes a network of so many layers of 100 units, with weights as *fill* makes them."""

    def build(depth: int) -> Module:
        model = models.MLP((784,) + (WIDTH,) * (depth - 1) + (10,), activation, batch_norm=batch_norm)
        for module in model.modules():
            if isinstance(module, Linear):
                fill(module.weight)
        return model

    return build


def residual(depth: int) -> Module:
    """Return a network of so many layers, each but the first and the last with a way around it."""
    return models.ResidualMLP(784, WIDTH, depth - 2)


# how it is named: network, colour, line
NETWORKS: dict[str, tuple[Callable[[int], Module], str, str]] = {
    "sigmoid, Xavier": (plain("sigmoid", xavier), figures.VERMILION, "-"),
    "tanh, Xavier": (plain("tanh", xavier), figures.ORANGE, "-"),
    "ReLU, Xavier": (plain("relu", xavier), figures.SKY, "--"),
    "ReLU, std 0.3": (plain("relu", gaussian(0.3)), figures.PINK, "--"),
    "ReLU, He": (plain("relu", he), figures.GREEN, "-"),
    "sigmoid, batch norm": (plain("sigmoid", xavier, batch_norm=True), figures.GREY, "-."),
    "ReLU, residual": (residual, figures.BLUE, "-"),
}
CURES = ("sigmoid, batch norm", "ReLU, residual")


def deltas(model: Module, inputs: ag.Tensor, labels: ag.Tensor) -> list[float]:
    """Return the norm of the loss's gradient by the output of each Linear layer but the last: delta, as lectures call it."""
    linear: dict[str, Module] = {path: module for path, module in model.named_modules() if isinstance(module, Linear)}
    with recorded(linear) as outputs:
        scores = model(inputs)
    for output in outputs.values():
        output.retain_grad()
    CrossEntropyLoss()(scores, labels).backward()
    found = [0.0 if output.grad is None else float(np.linalg.norm(output.grad.array)) for output in outputs.values()]
    return found[:-1]


@lesson(
    row=8,
    title="Vanishing and exploding gradients",
    question="What is left of the gradient after 20 layers, and what brings it back?",
    sources=(
        "Hochreiter, Untersuchungen zu dynamischen neuronalen Netzen, 1991",
        "Bengio, Simard & Frasconi, Learning long-term dependencies with gradient descent is difficult, 1994",
        "He, Zhang, Ren & Sun, Delving deep into rectifiers, 2015",
        "He, Zhang, Ren & Sun, Deep residual learning for image recognition, 2016",
        "Ioffe & Szegedy, Batch normalization, 2015",
    ),
    minutes=1,
    quick={"pictures": 3000, "epochs": 2},
)
def vanishing_gradients(
    run: Run,
    *,
    depth: Annotated[int, at_least(10, 60), "layers"] = 20,
    pictures: Annotated[int, at_least(500, 10_000), "Fashion-MNIST pictures to learn from"] = 5000,
    epochs: Annotated[Count, "times through them"] = 3,
) -> None:
    """Measure the norm of every layer's gradient on one batch of Fashion-MNIST, before any training.

    Seven networks of the same depth and width: sigmoid, tanh and ReLU with several starts, sigmoid with batch normalisation,
    and ReLU with residual connections.  Then train each with Adam, and see which of them learns at all.
    """
    splits = data.load("fashion-mnist")
    images, labels = next(iter(data.DataLoader(splits.train, batch_size=200, shuffle=True, seed=run.seed)))
    norms: dict[str, list[float]] = {}
    for name, (build, _, _) in NETWORKS.items():
        ag.manual_seed(run.seed)
        norms[name] = deltas(build(depth), images, labels)
    _draw(run, norms)
    accuracy = _train_all(run, depth, pictures, epochs)

    ratios = {name: values[0] / values[-1] for name, values in norms.items()}
    factors = {name: ratio ** (1 / (depth - 2)) for name, ratio in ratios.items()}
    rows = [(name, norms[name][0], norms[name][-1], factors[name], accuracy[name]) for name in norms]
    head = ("network", "gradient, first layer", "gradient, last hidden layer", "factor of each layer", "test accuracy")
    run.table(f"{depth} layers of {WIDTH} units", head, rows)
    theory = {
        "ReLU, Xavier": (np.sqrt(1 / 2), "1/sqrt(2)"),
        "ReLU, std 0.3": (0.3 * np.sqrt(WIDTH / 2), "0.3 sqrt(100 / 2)"),
        "ReLU, He": (1.0, "1"),
    }
    for name, (value, text) in theory.items():
        found = factors[name]
        run.number(f"{name}: factor of each layer", found, expected=f"{text} = {value:.2f}", source="He et al.")
        text = f"{name}: each layer multiplies the gradient by {text} = {value:.2f} (within 15 %)"
        run.claim(text, abs(found / value - 1) < 0.15, f"{found:.2f}")
    vanished = factors["sigmoid, Xavier"]
    text = "Sigmoid: the gradient vanishes, by a quarter or less in each layer (below 0.27)"
    run.claim(text, vanished < 0.27, f"{vanished:.3f}")
    for name in CURES:
        text = f"{name}: the gradient keeps its size in every layer (factor from 0.85 to 1.2)"
        run.claim(text, 0.85 < factors[name] < 1.2, f"{factors[name]:.3f}")
    shut = accuracy["sigmoid, Xavier"]
    run.claim("The deep sigmoid network learns nothing (below 20 %)", shut < 0.2, f"{shut:.0%}")
    least = min(CURES, key=lambda name: accuracy[name])
    text = "With batch norm or residual connections the deep network learns (above 40 %)"
    run.claim(text, accuracy[least] > 0.4, f"least: {least}, {accuracy[least]:.0%}")
    run.say(
        """On its way back the gradient is multiplied once in each layer. With sigmoids every factor is below a quarter, and 20
        of them leave nothing; with large weights the same product explodes. He's start makes the factor 1; batch
        normalisation divides by what a layer has shrunk, which gives the sigmoids back what they took; a residual connection
        adds a way past the layer,
        with the factor 1 exactly. What learns is what keeps its gradient."""
    )


def _draw(run: Run, norms: dict[str, list[float]]) -> None:
    drawn, axes = figures.new(height=4.8)
    for name, values in norms.items():
        _, colour, line = NETWORKS[name]
        axes.semilogy(range(1, len(values) + 1), values, line, color=colour, label=name)
    axes.set(xlabel="layer, from the input to the output", ylabel="norm of the gradient by its output")
    axes.locator_params(axis="x", integer=True)
    drawn.legend(*axes.get_legend_handles_labels(), loc="outside lower center", ncols=4, columnspacing=1.2)
    run.figure(
        "norms",
        drawn,
        "The norm of each layer's gradient, on a logarithmic scale, before training. A network learns evenly where its line is "
        "level; it is read from right to left, as the gradient goes.",
    )


def _train_all(run: Run, depth: int, pictures: int, epochs: int) -> dict[str, float]:
    """Train each network, draw how its loss falls, and return the share of test pictures that it recognises."""
    splits = data.load("fashion-mnist")
    training = data.Subset(splits.train, range(pictures))
    test = data.DataLoader(splits.test, batch_size=500)
    drawn, axes = figures.new(height=4)
    accuracy = {}
    for name, (build, colour, _) in NETWORKS.items():
        ag.manual_seed(run.seed)
        model = build(depth)
        loader = data.DataLoader(training, batch_size=50, shuffle=True, seed=run.seed)
        run.fit(name, model, loader, CrossEntropyLoss(), optim.Adam(model.parameters(), lr=1e-3), epochs)
        accuracy[name] = evaluate(model, test, CrossEntropyLoss(), [Accuracy()])["accuracy"]
        axes.barh(name, accuracy[name], color=colour)
        axes.text(accuracy[name] + 0.01, name, f"{accuracy[name]:.0%}", va="center")
    axes.axvline(0.1, color=figures.PAPER.muted, linestyle=":")
    axes.set(xlabel="share of test pictures recognised (dotted: guessing)", xlim=(0, 1))
    axes.grid(visible=False, axis="y")
    axes.invert_yaxis()
    times = "once" if epochs == 1 else f"{epochs} times"
    run.figure("accuracy", drawn, f"What each recognises after going {times} through {pictures:,} pictures, with Adam.")
    return accuracy
