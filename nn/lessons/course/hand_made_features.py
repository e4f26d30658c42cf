"""Row 18: features made by hand, against learned ones."""

from __future__ import annotations

from typing import Annotated, Any

import numpy as np
from numpy.typing import NDArray

import autograd_core as ag
import optim

from ... import data, models
from ...layers import CrossEntropyLoss
from ...training import Accuracy, Schedule, evaluate
from .. import figures
from ..options import Count, at_least
from ..registry import lesson
from ..run import Run
from .clothes import Clothes, clothes, fitted_accuracy, three_channels

CELL, ORIENTATIONS = 4, 18  # of the histograms; directions over the whole turn
PENALTY = 0.01
KINDS = {
    "histograms of gradients + linear": (figures.ORANGE, "^-"),
    "ImageNet features + linear": (figures.BLUE, "o-"),
    "convolutional network, learned here": (figures.GREEN, "s-"),
    "pixels + linear": (figures.GREY, ".:"),
}


@lesson(
    row=18,
    title="Hand-made features",
    question="When do learned features beat those that people thought of?",
    sources=(
        "Dalal & Triggs, Histograms of Oriented Gradients for Human Detection, 2005",
        "Krizhevsky, Sutskever & Hinton, ImageNet Classification with Deep CNNs, 2012",
    ),
    minutes=2.5,
    quick={"pictures": 300, "tests": 200, "steps": 40},
)
def hand_made_features(
    run: Run,
    *,
    pictures: Annotated[int, at_least(100), "pictures with labels, at most"] = 3000,
    tests: Annotated[int, at_least(100), "pictures to test on"] = 1000,
    steps: Annotated[Count, "of training of the convolutional network, each with 32 pictures"] = 900,
) -> None:
    """Compute histograms of oriented gradients of pictures of clothes, and fit a linear classifier to them.

    Against them stand the same classifier on pixels and on the features that SqueezeNet learned from ImageNet, and a small
    convolutional network trained on these pictures.
    """
    chosen = clothes(pictures, tests)
    _glyphs(run, chosen)
    counts = [n for n in (30, 100, 300, 1000, 3000) if n < pictures] + [pictures]
    found: dict[str, list[float]] = {}
    for kind, (own, others) in _features(run, chosen).items():
        found[kind] = [
            fitted_accuracy(own[:n], chosen.labels[:n], others, chosen.test_labels, PENALTY)
            for n in run.track(counts, kind)
        ]
    network = "convolutional network, learned here"
    found[network] = [_learned(run, chosen, n, steps) for n in counts]
    figure, axes = figures.new(height=4.2)
    for kind, (colour, line) in KINDS.items():
        axes.plot(counts, found[kind], line, color=colour, label=kind)
    axes.set(xscale="log", xticks=counts, xlabel="pictures with labels, ten classes", ylabel="test accuracy")
    axes.set_xticklabels([f"{n:,}" for n in counts])
    axes.minorticks_off()
    axes.legend(loc="lower right")
    run.figure(
        "accuracy",
        figure,
        f"Test accuracy on {tests:,} pictures, by the number of labels. Linear: logistic regression on features that do not "
        f"change. The network, of 164,402 parameters, takes {steps} steps.",
    )
    rows = [(n, *(round(found[kind][i], 3) for kind in KINDS)) for i, n in enumerate(counts)]
    run.table("Test accuracy", ("labels", *KINDS), rows)
    middle = min(counts.index(300) if 300 in counts else len(counts) - 1, len(counts) - 1)
    hand, pixels = found["histograms of gradients + linear"], found["pixels + linear"]
    text = f"With {counts[middle]} labels histograms of gradients beat pixels by 0.02 or more, with the same classifier"
    run.claim(text, hand[middle] >= pixels[middle] + 0.02, f"{hand[middle]:.3f} and {pixels[middle]:.3f}")
    few = counts.index(100) if 100 in counts else 0
    text = f"With {counts[few]} labels a network that learns its features is at most 0.02 ahead of hand-made ones"
    run.claim(text, found[network][few] <= hand[few] + 0.02, f"{found[network][few]:.3f} and {hand[few]:.3f}")
    gained, before = (found[network][-1] - found[network][few], hand[-1] - hand[few])
    text = "The network gains more from more labels than the hand-made features do"
    run.claim(text, gained > before, f"{gained:+.3f} and {before:+.3f}")
    elsewhere = found["ImageNet features + linear"]
    text = f"With {pictures:,} labels features learned elsewhere beat hand-made ones by 0.01 or more"
    run.claim(text, elsewhere[-1] >= hand[-1] + 0.01, f"{elsewhere[-1]:.3f} and {hand[-1]:.3f}")
    run.say(
        """Histograms of gradients put in by hand what a picture is about: edges, their direction, roughly where, and not how
        bright. Up to some thousand labels that knowledge is worth a little more than what a network finds out by itself. But
        the network gains more from every further label, because its features may change, and then it passes. Features learned
        elsewhere, from a million photographs, join both: they come ready-made, and nobody had to think of them."""
    )


def _features(run: Run, chosen: Clothes) -> dict[str, tuple[NDArray[Any], NDArray[Any]]]:
    """Return the features of the pictures to learn from and to test on, of each kind that is fixed."""
    sets = chosen.images, chosen.test_images
    squeezenet, prepare = models.squeezenet1_1(weights="imagenet"), three_channels(64)
    made: dict[str, Any] = {
        "pixels + linear": [images.reshape(len(images), -1).astype(np.float32) for images in sets],
        "histograms of gradients + linear": [
            data.hog(images, orientations=ORIENTATIONS, cell=CELL, signed=True) for images in sets
        ],
        "ImageNet features + linear": [
            models.features(squeezenet, "features.7", images, prepare, pool=2)
            for images in run.track(sets, "SqueezeNet")
        ],
    }
    run.table("Features of a picture", ("kind", "numbers"), [(kind, own.shape[1]) for kind, (own, _) in made.items()])
    return {kind: (own, tests) for kind, (own, tests) in made.items()}


def _learned(run: Run, chosen: Clothes, count: int, steps: int) -> float:
    """Return the test accuracy of a small convolutional network trained on *count* pictures."""
    ag.manual_seed(run.seed)
    splits = data.load("fashion-mnist")
    prepare = data.Compose([data.ToDtype(np.float32, scale=True), data.Normalize(splits.mean, splits.std)])
    train = data.ImageDataset(chosen.images[:count], chosen.labels[:count], chosen.classes, prepare)
    test = data.ImageDataset(chosen.test_images, chosen.test_labels, chosen.classes, prepare)
    loader = data.DataLoader(train, batch_size=min(32, count), shuffle=True, seed=run.seed)
    epochs = max(1, round(steps / len(loader)))
    model = models.SmallCNN()
    optimizer = optim.Adam(model.parameters(), lr=2e-3)
    schedule = Schedule(optim.lr_scheduler.CosineAnnealingLR(optimizer, epochs))
    run.fit(f"network, {count} pictures", model, loader, CrossEntropyLoss(), optimizer, epochs, callbacks=[schedule])
    return float(evaluate(model, data.DataLoader(test, batch_size=250), metrics=[Accuracy()])["accuracy"])


def _glyphs(run: Run, chosen: Clothes) -> None:
    """Draw the histograms as stars over pictures."""
    shown = [int(np.flatnonzero(chosen.labels == label)[0]) for label in (9, 8, 0, 1)]
    figure, axes = figures.new(2, len(shown), height=4.4)
    for column, place in enumerate(shown):
        image = chosen.images[place]
        cells = data.hog(image[None], orientations=9, cell=CELL, block=1).reshape(28 // CELL, 28 // CELL, 9)
        for chart, alpha in zip(axes[:, column], (1.0, 0.25), strict=True):
            chart.imshow(255 - image[0], cmap="gray", vmin=0, vmax=255, alpha=alpha)
            chart.set_axis_off()
            chart.set(xlim=(-1, 28), ylim=(28, -1))
        axes[0, column].set_title(chosen.classes[int(chosen.labels[place])], fontsize=10, loc="center")
        for i, j, bin_ in np.ndindex(*cells.shape):
            # along the edge, at a right angle to the gradient
            angle = np.radians((bin_ + 0.5) * 20 + 90)
            x, y = (CELL * (n + 0.5) - 0.5 for n in (j, i))
            dx, dy = CELL * 0.9 * cells[i, j, bin_] * np.array([np.cos(angle), np.sin(angle)])
            axes[1, column].plot([x - dx, x + dx], [y - dy, y + dy], color=figures.BLUE, linewidth=1.4)
    run.figure(
        "glyphs",
        figure,
        f"Below each picture what the histograms keep of it: for each cell of {CELL} x {CELL} pixels a stroke along each of "
        "nine directions, as long as the share of the cell's edges that run there.",
    )
