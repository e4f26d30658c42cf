"""Row 26: where things are, by regression of one box, and by a network that proposes regions."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any

import numpy as np
from numpy.typing import NDArray

import autograd_core as ag
import optim

from ...data import Scenes
from ...models import Detector, Localizer, SmallCNN
from ...module import Module
from ...ops import box_iou
from ...training import MeanAveragePrecision
from .. import figures
from ..options import Count, Positive, at_least
from ..registry import lesson
from ..run import Run
from .scenes import NAMES, clothes_scenes

SIZE, STEP = 96, 8  # of the pictures, and how often three poolings halve them: 2 ** 3
CHANNELS = (16, 32, 64)
BATCH = 8
SURE = 0.5  # the least score of a box that is drawn
COLOURS = (figures.SKY, figures.VERMILION, figures.GREEN, figures.PINK, figures.ORANGE)


@lesson(
    row=26,
    title="Object localisation and detection",
    question="How does a network say where things are, when there is one, and when there are many?",
    sources=(
        "Sermanet et al., OverFeat, 2013",
        "Ren et al., Faster R-CNN, 2015",
        "Everingham et al., The PASCAL Visual Object Classes Challenge: A Retrospective, 2015",
    ),
    minutes=1.5,
    quick={"scenes": 80, "tests": 24, "epochs": 8},
)
def detection(
    run: Run,
    *,
    scenes: Annotated[int, at_least(16), "pictures to learn from, of each kind"] = 300,
    tests: Annotated[int, at_least(8), "pictures to test on"] = 100,
    epochs: Annotated[Count, "over the pictures, for each network"] = 12,
    lr: Annotated[Positive, "learning rate, of Adam"] = 2e-3,
) -> None:
    """Find clothes on textured grounds: one in each picture by a regression of its box, one to four by region proposals.

    Both networks have three convolutions below, and learn from random weights.  The first has two heads, one for the class
    and one for the box.  The second scores anchors at each place, moves the best to the thing, pools their maps by RoI
    alignment, and says what they hold; it is judged by mean average precision as the VOC challenge defines it.
    """
    generator = ag.Generator(run.seed + 1)
    _localise(run, scenes, tests, epochs, lr, generator)
    _detect(run, scenes, tests, epochs, lr, generator)
    run.say(
        """One box is four numbers, and a second head on the same features can learn them beside the class. The number of things
        cannot be read off that way. The detector asks at each place and for each anchor instead: is something here, and how
        should this box move? Most answers say the same thing twice, and non-maximum suppression leaves the best. The second
        stage looks again at each region alone, names it, and moves its box once more. The lower the demand on the overlap, the
        higher the precision: boxes are found more often than they are exact."""
    )


def _features(seed: int) -> Module:
    ag.manual_seed(seed)
    features: Module = SmallCNN(size=(SIZE, SIZE), channels=CHANNELS).features
    return features


def _batches(seed: int, count: int, epochs: int) -> Iterator[NDArray[np.int64]]:
    draws = np.random.default_rng(seed)
    for _ in range(epochs):
        order = draws.permutation(count)
        for first in range(0, count, BATCH):
            yield order[first : first + BATCH]


def _train(run: Run, what: str, model: Module, loss: Any, count: int, epochs: int, lr: float) -> None:
    """Lower ``loss(places)`` of batches of places; the rate falls to a fifth after three quarters of the steps."""
    optimizer = optim.Adam(model.parameters(), lr=lr)
    steps = epochs * -(-count // BATCH)
    schedule = optim.lr_scheduler.MultiStepLR(optimizer, [steps * 3 // 4], gamma=0.2)
    model.train()
    for places in run.track(_batches(run.seed, count, epochs), what, steps):
        optimizer.zero_grad()
        loss(places).backward()
        optimizer.step()
        schedule.step()
    model.eval()


# -------------------------------------------------------------------------------------------------------------- one thing


def _localise(run: Run, count: int, tests: int, epochs: int, lr: float, generator: ag.Generator) -> None:
    """Train a class and a box for the one thing in each picture."""
    shape: dict[str, Any] = {"size": SIZE, "objects": (1, 1), "sizes": (32, 72), "generator": generator}
    learned, tested = (clothes_scenes(part, n, **shape) for part, n in (("train", count), ("test", tests)))
    inputs, boxes, labels = learned.inputs(), np.concatenate(learned.boxes), np.concatenate(learned.labels)
    model = Localizer(_features(run.seed), CHANNELS[-1], len(NAMES))

    def loss(places: NDArray[np.int64]) -> ag.Tensor:
        return model.loss(inputs[places], ag.from_numpy(boxes[places]), ag.from_numpy(labels[places]))

    _train(run, "the localiser", model, loss, count, epochs, lr)
    with ag.no_grad():
        logits, found = model(tested.inputs())
        true = ag.from_numpy(np.concatenate(tested.boxes))
        overlaps = np.diag(box_iou(found, true).array)
        middle = ag.from_numpy(np.broadcast_to(boxes.mean(0), found.shape).copy())
        same = float(np.diag(box_iou(middle, true).array).mean())
    answers, labels = logits.array.argmax(1), np.concatenate(tested.labels)
    figure, axes = figures.new(2, 5, height=3.9)
    for n, axis in enumerate(axes.flat):
        axis.imshow(tested.images[n, 0], cmap="gray", vmin=0, vmax=255)
        _draw(axis, tested.boxes[n][0], "white", "--")
        _draw(axis, found.array[n], COLOURS[answers[n]])
        axis.set_title(f"{NAMES[answers[n]]}, IoU {overlaps[n]:.2f}", fontsize=9, loc="center")
        axis.set_axis_off()
    run.figure(
        "one-box",
        figure,
        "One thing in each picture: the true box (dashed) and the box of the network, with the class that it gives and how "
        "much the boxes share.",
    )
    run.number("one thing: accuracy of the class", float((answers == labels).mean()))
    run.number("one thing: share of boxes with IoU of 0.5 or more", float((overlaps >= 0.5).mean()))
    text = "The boxes share 0.15 of IoU more with the true ones than the mean box of the training pictures does"
    run.claim(text, overlaps.mean() >= same + 0.15, f"{overlaps.mean():.3f} and {same:.3f}")


def _draw(axis: Any, box: NDArray[Any], colour: str, line: str = "-") -> None:
    axis.set_autoscale_on(False)
    x1, y1, x2, y2 = box - 0.5  # a pixel's middle is a whole number
    axis.plot([x1, x2, x2, x1, x1], [y1, y1, y2, y2, y1], line, color=colour, lw=1.6)


# ------------------------------------------------------------------------------------------------------------ many things


def _targets(scenes: Scenes) -> list[dict[str, ag.Tensor]]:
    return [
        {"boxes": ag.from_numpy(boxes), "labels": ag.from_numpy(labels)}
        for boxes, labels in zip(scenes.boxes, scenes.labels, strict=True)
    ]


def _detect(run: Run, count: int, tests: int, epochs: int, lr: float, generator: ag.Generator) -> None:
    """Train the detector, and judge it."""
    shape: dict[str, Any] = {"size": SIZE, "objects": (1, 4), "sizes": (24, 48), "generator": generator}
    learned, tested = (clothes_scenes(part, n, **shape) for part, n in (("train", count), ("test", tests)))
    inputs, targets = learned.inputs(), _targets(learned)
    draws = ag.Generator(run.seed)
    features = _features(run.seed)
    model = Detector(features, CHANNELS[-1], STEP, len(NAMES), anchor_sizes=(18.0, 28.0, 42.0), generator=draws)

    def loss(places: NDArray[np.int64]) -> ag.Tensor:
        return model.loss(inputs[places], [targets[n] for n in places])

    _train(run, "the detector", model, loss, count, epochs, lr)
    pictures, true = tested.inputs(), _targets(tested)
    found = [own for first in range(0, tests, BATCH) for own in model(pictures[first : first + BATCH])]
    figure, axes = figures.new(2, 4, height=4.6)
    for n, axis in enumerate(axes.flat):
        axis.imshow(tested.images[n, 0], cmap="gray", vmin=0, vmax=255)
        for box, label, score in zip(*(found[n][key].array for key in ("boxes", "labels", "scores")), strict=True):
            if score >= SURE:
                _draw(axis, box, COLOURS[label])
                axis.text(
                    min(box[0], SIZE - 36), max(box[1] - 2, 6), f"{NAMES[label]} {score:.2f}", fontsize=7,
                    color=figures.ON_LIGHT, bbox={"facecolor": COLOURS[label], "edgecolor": "none", "pad": 0.8},
                )  # fmt: skip
        axis.set_axis_off()
    run.figure(
        "detector", figure, f"What the detector finds in pictures that it has not seen, with scores from {SURE} on."
    )
    _precision(run, found, true)


def _precision(run: Run, found: list[dict[str, ag.Tensor]], true: list[dict[str, ag.Tensor]]) -> None:
    """Say how precise the answers are, by class, and by the overlap that is asked for."""
    demands = (0.3, 0.4, 0.5, 0.6, 0.7, 0.8)
    metrics = {demand: MeanAveragePrecision(demand) for demand in demands}
    for metric in metrics.values():
        metric.update(found, true)
    means = [metric.compute() for metric in metrics.values()]
    classes = {NAMES[label]: value for label, value in metrics[0.5].per_class().items()}
    figure, (left, right) = figures.new(1, 2, height=3.4)
    bars = left.bar(list(classes), list(classes.values()), color=figures.BLUE)
    left.bar_label(bars, fmt="%.2f", padding=2, color=figures.PAPER.ink)
    left.set(ylabel="average precision", ylim=(0, 1.1), title="At an overlap of 0.5")
    left.grid(visible=False, axis="x")
    right.plot(demands, means, "o-", color=figures.VERMILION)
    right.set(xlabel="IoU from which on a box is right", ylabel="mean average precision", ylim=(0, 1.1))
    run.figure(
        "precision",
        figure,
        f"Average precision of the detector on {len(true)} new pictures: of each class, and its mean by the overlap asked for.",
    )
    run.table(
        "Mean average precision by overlap",
        ("IoU", "mAP"),
        [(d, round(m, 3)) for d, m in zip(demands, means, strict=True)],
    )
    anywhere = [{**own, "labels": ag.zeros_like(own["labels"])} for own in found]
    things = MeanAveragePrecision()
    things.update(anywhere, [{**own, "labels": ag.zeros_like(own["labels"])} for own in true])
    run.number("average precision of finding anything, classes aside", things.compute())
    middle = means[demands.index(0.5)]
    run.claim("Mean average precision is 0.25 or more at an overlap of 0.5", middle >= 0.25, f"{middle:.3f}")
    text = "The stricter the overlap, the lower the precision: at 0.8 it is lower than at 0.5 by 0.1 or more"
    run.claim(text, means[-1] <= middle - 0.1, f"{means[-1]:.3f} and {middle:.3f}")
