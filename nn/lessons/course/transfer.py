"""Row 16: transfer learning, with weights from ImageNet."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any

import numpy as np
from numpy.typing import NDArray

import autograd_core as ag
import optim

from ... import interpret, models
from ...data import Compose
from ...functional import cross_entropy
from ...layers import Sequential
from ...module import Module
from .. import figures
from ..options import Count, Positive, at_least
from ..registry import lesson
from ..run import Run
from .clothes import Clothes, clothes, fitted_accuracy, three_channels

LAYER, POOL = "features.7", 2  # fire5, averaged down to 2 x 2 places: half-way up features carry over best
# The borders of "frozen up to": how they are named, and the layer
BORDERS = {
    "nothing": None,
    "conv1": "features.0",
    "fire3": "features.4",
    "fire5": "features.7",
    "fire7": "features.10",
    "fire9": "features.12",
}
PENALTY = 0.1
BATCH = 20
KINDS = {
    "ImageNet features, frozen": (figures.BLUE, "o-"),
    "ImageNet weights, fine-tuned": (figures.GREEN, "s-"),
    "random features, frozen": (figures.ORANGE, "^--"),
    "random weights, trained": (figures.VERMILION, "v--"),
    "pixels": (figures.GREY, ".:"),
}


@lesson(
    row=16,
    title="Transfer learning",
    question="What is a network that knows photographs worth for pictures of clothes, when few have labels?",
    sources=(
        "Donahue et al., DeCAF: A Deep Convolutional Activation Feature, 2013",
        "Sharif Razavian et al., CNN Features off-the-shelf, 2014",
        "Yosinski et al., How transferable are features in deep neural networks?, 2014",
        "Iandola et al., SqueezeNet, 2016",
    ),
    minutes=3,
    quick={"labels": 100, "tests": 150, "steps": 12},
)
def transfer(
    run: Run,
    *,
    labels: Annotated[int, at_least(100), "pictures with labels, at most"] = 500,
    tests: Annotated[int, at_least(100), "pictures to test on"] = 1000,
    size: Annotated[int, at_least(32), "pixels to which the pictures of 28 are enlarged"] = 64,
    steps: Annotated[Count, "of fine-tuning, each with 20 pictures"] = 150,
    lr: Annotated[Positive, "of fine-tuning; the new layer learns ten times as fast"] = 1e-4,
) -> None:
    """Give SqueezeNet 1.1 a new last layer for ten kinds of clothes, and train it on few pictures in five ways.

    Frozen features are computed once, and a logistic regression is fitted to them; fine-tuning moves all weights, or those
    above a border; random weights show what the architecture alone is worth.
    """
    pictures, prepare = clothes(labels, tests), three_channels(size)
    drawn = {
        name: _features(run, pictures, prepare, weights)
        for name, weights in (("ImageNet", "imagenet"), ("random", None))
    }
    _by_labels(run, pictures, prepare, drawn, steps, lr)
    _by_border(run, pictures, prepare, steps, lr)
    _by_components(run, pictures, drawn)
    run.say(
        """SqueezeNet was trained on photographs, and still its features read clothes better than pixels do, and better than
        the same architecture with random weights: what ImageNet taught is of use elsewhere. With few labels frozen features
        and a convex fit are hard to beat, and cost seconds; fine-tuning all weights for a few steps stays behind them, and the
        same training from random weights is lost. Some layers serve better than others: those half-way up, taken here, carry
        over best, the last ones belong to the old task. To freeze the lower layers costs little. And a few dozen singular
        directions hold all that the features know of clothes: the last ones only add noise."""
    )


def _features(run: Run, pictures: Clothes, prepare: Compose, weights: str | None) -> tuple[NDArray[Any], NDArray[Any]]:
    """Return the last features of the pictures to learn from and to test on."""
    ag.manual_seed(run.seed)
    model = models.squeezenet1_1(weights=weights)
    sets = run.track((pictures.images, pictures.test_images), f"features, {weights or 'random'}")
    learned, tested = (models.features(model, LAYER, images, prepare, pool=POOL) for images in sets)
    return learned, tested


# --------------------------------------------------------------------------------------------------------- fine-tuning


def _tuned(
    run: Run, what: str, pictures: Clothes, prepare: Compose, count: int, steps: int, lr: float,
    weights: str | None = "imagenet", until: str | None = None,
) -> float:  # fmt: skip
    """Return the accuracy of SqueezeNet with a new last layer, trained on *count* pictures above the border *until*."""
    ag.manual_seed(run.seed)
    model = models.squeezenet1_1(weights=weights)
    new = models.replace_last_layer(model, len(pictures.classes))
    below: Module = Sequential()
    above: Module = model
    if until is not None:
        place = int(until.rpartition(".")[2]) + 1
        below, above = model.features[:place], Sequential(model.features[place:], model.classifier)
    images = _through(below, prepare, pictures.images[:count])  # what is frozen is computed once
    ids = {id(p) for p in new.parameters()}
    groups = [{"params": [p for p in above.parameters() if id(p) not in ids], "lr": lr}]
    groups.append({"params": list(new.parameters()), "lr": 10 * lr})
    optimizer = optim.Adam([group for group in groups if group["params"]])
    above.train()
    for chosen in run.track(_batches(run.seed, count, steps), what, steps):
        optimizer.zero_grad()
        cross_entropy(
            above(ag.from_numpy(images[chosen])).flatten(1), ag.from_numpy(pictures.labels[chosen])
        ).backward()
        optimizer.step()
    scores = _through(Sequential(below, above), prepare, pictures.test_images)
    return float((scores.reshape(len(scores), -1).argmax(1) == pictures.test_labels).mean())


@ag.no_grad()
def _through(model: Module, prepare: Compose, images: NDArray[np.uint8]) -> NDArray[Any]:
    """Return what *model*, in eval mode, makes of pictures."""
    model.eval()
    parts = [images[first : first + 32] for first in range(0, len(images), 32)]
    return np.concatenate([model(ag.from_numpy(prepare(part))).array for part in parts])


def _batches(seed: int, count: int, steps: int) -> Iterator[NDArray[np.int64]]:
    """Give *steps* batches of the places of *count* examples, each in a new order once all were there."""
    draws = np.random.default_rng(seed)
    order: NDArray[np.int64] = np.zeros(0, np.int64)
    for _ in range(steps):
        if len(order) < min(BATCH, count):
            order = draws.permutation(count)
        yield order[:BATCH]
        order = order[BATCH:]


# ------------------------------------------------------------------------------------------------------- the three views


def _by_labels(run: Run, pictures: Clothes, prepare: Compose, drawn: dict[str, Any], steps: int, lr: float) -> None:
    """Compare five ways, by the number of labelled pictures."""
    most = len(pictures.images)
    counts = [n for n in (20, 50, 100, 200, 500, 1000, 2000, 5000) if n < most] + [most]
    found: dict[str, list[float]] = {kind: [] for kind in KINDS}
    flat, flat_tests = (a.reshape(len(a), -1).astype(np.float32) for a in (pictures.images, pictures.test_images))
    for n in counts:
        learned = {"ImageNet features, frozen": drawn["ImageNet"], "random features, frozen": drawn["random"]}
        for kind, (own, tests) in {**learned, "pixels": (flat, flat_tests)}.items():
            found[kind].append(fitted_accuracy(own[:n], pictures.labels[:n], tests, pictures.test_labels, PENALTY))
        for kind, weights, rate in (
            ("ImageNet weights, fine-tuned", "imagenet", lr),
            ("random weights, trained", None, 5 * lr),
        ):
            found[kind].append(_tuned(run, f"{kind}, {n}", pictures, prepare, n, steps, rate, weights))
    figure, axes = figures.new(height=4.4)
    for kind, (colour, line) in KINDS.items():
        axes.plot(counts, found[kind], line, color=colour, label=kind)
    axes.axhline(0.1, color=figures.PAPER.muted, lw=1)
    axes.text(counts[0], 0.11, "chance", color=figures.PAPER.muted, fontsize=9)
    axes.set(
        xscale="log", xticks=counts, xlabel="pictures with labels, ten classes", ylabel="test accuracy", ylim=(0, 1)
    )
    axes.set_xticklabels([str(n) for n in counts])
    axes.minorticks_off()
    axes.legend(fontsize=9)
    run.figure(
        "by-labels",
        figure,
        f"Clothes told apart by SqueezeNet, five ways, by the number of labels; tested on {len(flat_tests):,} others. Frozen "
        f"features and pixels have a logistic regression on top; the others take {steps} steps with 20 pictures each.",
    )
    rows = [(n, *(round(found[kind][i], 3) for kind in KINDS)) for i, n in enumerate(counts)]
    run.table("Test accuracy by number of labels", ("labels", *KINDS), rows)
    frozen, tuned, random, scratch, pixels = (found[kind][-1] for kind in KINDS)
    text = f"With {most} labels frozen ImageNet features beat random ones by 0.03 or more"
    run.claim(text, frozen >= random + 0.03, f"{frozen:.3f} and {random:.3f}")
    text = f"With {most} labels fine-tuning beats the same training from random weights by 0.1 or more"
    run.claim(text, tuned >= scratch + 0.1, f"{tuned:.3f} and {scratch:.3f}")
    run.number(f"pixels alone, {most} labels: accuracy", pixels)


def _by_border(run: Run, pictures: Clothes, prepare: Compose, steps: int, lr: float) -> None:
    """Freeze the layers below a border, and train the rest."""
    count = min(200, len(pictures.images))
    found = {
        name: _tuned(run, f"frozen up to {name}", pictures, prepare, count, steps, lr, until=until)
        for name, until in BORDERS.items()
    }
    figure, axes = figures.new(height=3.2)
    axes.plot(list(found), list(found.values()), "o-", color=figures.GREEN)
    axes.set(
        xlabel="frozen up to",
        ylabel="test accuracy",
        ylim=(min(found.values()) - 0.1, min(1, max(found.values()) + 0.1)),
    )
    run.figure(
        "frozen-up-to",
        figure,
        f"ImageNet weights up to a layer are kept as they are, those above it learn from {count} pictures. To the left all "
        "move, to the right only the new last layer does.",
    )
    run.table(
        f"Frozen up to a layer, {count} labels",
        ("frozen up to", "test accuracy"),
        [(k, round(v, 3)) for k, v in found.items()],
    )
    text = "To freeze the layers up to fire3 costs at most 0.05 of the accuracy of moving all"
    run.claim(text, found["fire3"] >= found["nothing"] - 0.05, f"{found['fire3']:.3f} and {found['nothing']:.3f}")


def _by_components(run: Run, pictures: Clothes, drawn: dict[str, Any]) -> None:
    """Keep the first singular directions of the features only."""
    most = min(len(pictures.images) - 1, drawn["ImageNet"][0].shape[1])
    counts = [k for k in (2, 5, 10, 20, 50, 100, 200) if 2 * k <= most] + [most]
    figure, (left, right) = figures.new(1, 2, height=4.0)
    found: dict[str, list[float]] = {}
    codes: dict[str, NDArray[Any]] = {}
    for name, (own, tests) in drawn.items():
        fit = interpret.pca(ag.from_numpy(own), most)
        codes[name] = fit.codes.array
        scale = codes[name][:, 0].std()  # one for all: the directions keep their proportions
        others = (tests - fit.mean.array) @ fit.components.array.T
        found[name] = [
            fitted_accuracy(
                codes[name][:, :k] / scale, pictures.labels, others[:, :k] / scale, pictures.test_labels, PENALTY
            )
            for k in counts
        ]
        colour, line = KINDS[f"{name} features, frozen"]
        left.plot(counts, found[name], line, color=colour, label=f"{name} features")
    left.set(xscale="log", xlabel="singular directions", ylabel="test accuracy", ylim=(0, 1), xticks=counts)
    left.set_xticklabels([str(k) for k in counts], fontsize=8)
    left.minorticks_off()
    left.legend(loc="lower right")
    for label, name in enumerate(pictures.classes):
        chosen = codes["ImageNet"][pictures.labels == label]
        colour = figures.COLOURS[label % len(figures.COLOURS)]
        right.plot(*chosen[:, :2].T, "os^"[label // len(figures.COLOURS)], color=colour, markersize=4, label=name)
    right.set(title="ImageNet features, two directions", xlabel="first", ylabel="second", xticks=[], yticks=[])
    low, high = right.get_ylim()
    right.set_ylim(low, high + 0.35 * (high - low))  # room for the legend
    right.legend(loc="upper left", fontsize=7, ncols=3, markerscale=1, columnspacing=0.6, handletextpad=0.1)
    run.figure(
        "singular-directions",
        figure,
        f"The features of {len(pictures.images)} pictures by their singular value decomposition. Left: accuracy of a logistic "
        "regression on the first directions. Right: the pictures in the first two, without any labels used.",
    )
    rows = [(k, *(round(values[i], 3) for values in found.values())) for i, k in enumerate(counts)]
    run.table("Singular directions and accuracy", ("directions", *found), rows)
    near = found["ImageNet"][counts.index(50)] if 50 in counts else found["ImageNet"][-1]
    text = "50 of the directions come within 0.05 of all of them"
    run.claim(text, near >= found["ImageNet"][-1] - 0.05, f"{near:.3f} and {found['ImageNet'][-1]:.3f}")
