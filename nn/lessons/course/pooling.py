"""Row 14: pooling and translation, and convolution in one and in three dims."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any

import numpy as np

import autograd_core as ag
import optim

from ... import data, models
from ...layers import (
    AdaptiveAvgPool1d,
    AdaptiveAvgPool2d,
    AdaptiveAvgPool3d,
    AdaptiveMaxPool2d,
    Conv1d,
    Conv2d,
    Conv3d,
    CrossEntropyLoss,
    Flatten,
    Linear,
    MaxPool2d,
    MaxPool3d,
    ReLU,
    Sequential,
)
from ...module import Module
from ...training import Accuracy, evaluate
from .. import figures
from ..options import Count, NotNegative, at_least
from ..registry import lesson
from ..run import Run
from .clothes import balanced
from .strips import strips

SHIFTS = tuple(range(-6, 7))
CENTRE = 7  # rows and columns around the small pictures


def without_pooling() -> Module:
    """Return two convolutions, and weights for every place."""
    return Sequential(
        *(Conv2d(1, 8, 5, padding=2), ReLU(), Conv2d(8, 16, 5, padding=2), ReLU()),
        *(Flatten(), Linear(16 * 28 * 28, 10)),
    )


def pooled() -> Module:
    """Return two convolutions, each followed by the maximum over 2x2."""
    return Sequential(
        *(Conv2d(1, 8, 5, padding=2), ReLU(), MaxPool2d(2)),
        *(Conv2d(8, 16, 5, padding=2), ReLU(), MaxPool2d(2)),
        *(Flatten(), Linear(16 * 7 * 7, 10)),
    )


def pooled_globally() -> Module:
    """Return three convolutions, and the maximum over all places at the end: the head sees no place at all."""
    return Sequential(
        *(Conv2d(1, 16, 5, padding=2), ReLU(), MaxPool2d(2)),
        *(Conv2d(16, 32, 3, padding=1), ReLU(), Conv2d(32, 64, 3, padding=1), ReLU()),
        *(AdaptiveMaxPool2d(1), Flatten(), Linear(64, 10)),
    )


NETWORKS: dict[str, tuple[Callable[[], Module], str, str]] = {
    "no pooling": (without_pooling, figures.VERMILION, "^--"),
    "maximum over 2x2, twice": (pooled, figures.ORANGE, "s-"),
    "maximum over all places": (pooled_globally, figures.BLUE, "o-"),
}


def train(
    run: Run, what: str, model: Module, learned: Any, epochs: int, lr: float = 3e-3, prepare: Any = None
) -> Module:
    """Train *model* with Adam, and return it."""
    loader = data.DataLoader(learned, batch_size=32, shuffle=True, seed=run.seed)
    run.fit(what, model, loader, CrossEntropyLoss(), optim.Adam(model.parameters(), lr=lr), epochs, prepare=prepare)
    return model


def accuracy(model: Module, examples: Any, prepare: Any = None) -> float:
    """Return the share of *examples* that *model* gets right."""
    loader = data.DataLoader(examples, batch_size=200)
    return float(evaluate(model, loader, metrics=[Accuracy()], prepare=prepare)["accuracy"])


def size(model: Module) -> int:
    """Return how many numbers *model* learns."""
    return sum(p.numel() for p in model.parameters())


@lesson(
    row=14,
    title="Pooling, and translation",
    question="What does pooling do to a picture that is shifted?",
    sources=(
        "Fukushima, Neocognitron, 1980",
        "LeCun, Bottou, Bengio & Haffner, Gradient-based learning applied to document recognition, 1998",
        "Azulay & Weiss, Why do deep convolutional networks generalize so poorly to small image transformations?, 2019",
    ),
    minutes=1.0,
    quick={"pictures": 600, "epochs": 8},
)
def pooling(
    run: Run,
    *,
    pictures: Annotated[int, at_least(100, 10_000), "Fashion-MNIST pictures to learn from"] = 2000,
    epochs: Annotated[Count, "times through them"] = 10,
) -> None:
    """Train three networks on clothes that are all in the middle, and test them on clothes that are not.

    The clothes are 14x14 pixels on a ground of 28x28, so that nothing is cut off by a shift.
    """
    splits = data.load("fashion-mnist")
    chosen, tested = balanced(splits.train.labels, pictures), balanced(splits.test.labels, 1000)
    small = data.Compose([data.ToDtype(np.float32, scale=True), data.Resize(14), data.Pad(CENTRE)])
    learned = data.ImageDataset(small(splits.train.images[chosen]), splits.train.labels[chosen])
    images, labels = small(splits.test.images[tested]), splits.test.labels[tested]
    drawn, axes = figures.new(height=4)
    curves, rows = {}, []
    for name, (build, colour, style) in NETWORKS.items():
        model = train(run, name, build(), learned, epochs)
        curve = np.array([accuracy(model, data.ImageDataset(np.roll(images, s, axis=3), labels)) for s in SHIFTS])
        curves[name] = dict(zip(SHIFTS, curve.tolist(), strict=True))
        axes.plot(SHIFTS, curve, style, color=colour, label=name, markersize=5)
        by_hand = [curves[name][s] for s in (0, 2, 4, 6)]
        rows.append((name, size(model), *by_hand))
    axes.axhline(0.1, color=figures.GREY, linestyle=":", linewidth=1.4)
    axes.annotate("by chance", (6, 0.1), (0, -13), textcoords="offset points", ha="right", color=figures.PAPER.muted)
    axes.set(xlabel="shifted to the right by [pixels]", ylabel="test accuracy", ylim=(0, 1), xticks=SHIFTS)
    drawn.legend(loc="outside upper center", ncols=3)
    run.figure(
        "shifts",
        drawn,
        "Accuracy on 1,000 new pieces of clothing, by how far they are from the middle, where all were that the networks "
        "learned from.",
    )
    shown = [np.roll(images[3, 0], s, axis=1) for s in (-6, -4, -2, 0, 2, 4, 6)]
    titles = [f"{s:+d}" if s else "middle" for s in (-6, -4, -2, 0, 2, 4, 6)]
    title = "A test picture, shifted by so many pixels"
    run.figure("clothes", strips({title: shown}, {title: titles}, cmap="gray"), "What the networks are tested on.")
    head = ("network", "parameters", "in the middle", "shifted by 2", "by 4", "by 6")
    run.table(f"{pictures} pictures, {epochs} epochs", head, rows)
    plain, half, full = (curves[name] for name in NETWORKS)
    run.claim(
        "Shifted by 2 pixels: with pooling over 2x2 at least 5 points more accurate than without any",
        half[2] - plain[2] >= 0.05,
        f"{half[2]:.1%} against {plain[2]:.1%}",
    )
    run.claim(
        "Shifted by 6: without pooling and with 2x2 less than half of the accuracy in the middle is left",
        max(plain[6] / plain[0], half[6] / half[0]) < 0.5,
        f"{plain[6]:.1%} and {half[6]:.1%}",
    )
    lost = full[0] - min(full.values())
    run.claim(
        "The maximum over all places loses at most 5 points at any shift", lost <= 0.05, f"{100 * lost:.1f} points"
    )
    run.say(
        """Convolution moves its answers with the picture; it is the linear layer behind it that has learned where they are.
        Pooling over 2x2 forgives a pixel or two. Only the maximum over all places forgets the place, and pays with some
        accuracy in the middle. It need not be exact: the pooling before it looks at every second place, so that odd
        shifts give somewhat other answers than even ones."""
    )


@lesson(
    row=14,
    title="Convolution in time",
    question="What can convolution along time tell that single moments and dense layers cannot?",
    sources=(
        "Lang, Waibel & Hinton, A time-delay neural network architecture for isolated word recognition, 1990",
        "Ji, Xu, Yang & Yu, 3D convolutional neural networks for human action recognition, 2010",
    ),
    minutes=0.7,
    quick={"examples": 600, "epochs": 20},
)
def convolution_in_time(
    run: Run,
    *,
    examples: Annotated[int, at_least(100, 10_000), "sounds, and films, to learn from"] = 1000,
    epochs: Annotated[Count, "times through them"] = 30,
    noise: Annotated[NotNegative, "standard deviation of the noise in the sounds"] = 0.3,
) -> None:
    """Tell four kinds of noisy tones apart by 1-D convolution, and four directions in films by 3-D convolution.

    Beside them a dense network for the tones, and a 2-D network that sees one frame of the films.
    """
    sounds, new_sounds = data.sweeps(examples, noise=noise), data.sweeps(400, noise=noise)
    listener = Sequential(
        *(
            Conv1d(1, 24, 32, stride=8),
            ReLU(),
            Conv1d(24, 32, 9, stride=2),
            ReLU(),
            Conv1d(32, 32, 9, stride=2),
            ReLU(),
        ),
        *(AdaptiveAvgPool1d(1), Flatten(), Linear(32, 4)),
    )
    dense = models.MLP((1024, 64, 4))
    films, new_films = data.moving_shapes(examples), data.moving_shapes(400)
    watcher = Sequential(
        *(Conv3d(1, 8, 3, padding=1), ReLU(), MaxPool3d((1, 2, 2)), Conv3d(8, 16, 3), ReLU()),
        *(AdaptiveAvgPool3d(1), Flatten(), Linear(16, 4)),
    )
    still = Sequential(
        *(Conv2d(1, 8, 3, padding=1), ReLU(), MaxPool2d(2), Conv2d(8, 16, 3), ReLU()),
        *(AdaptiveAvgPool2d(1), Flatten(), Linear(16, 4)),
    )
    rows = []
    for name, model, learned, new, lr, prepare in (
        ("tones: 1-D convolution", listener, sounds, new_sounds, 3e-3, None),
        ("tones: dense", dense, sounds, new_sounds, 3e-3, None),
        ("films: 3-D convolution", watcher, films, new_films, 1e-2, None),
        ("films: 2-D convolution of one frame", still, films, new_films, 1e-2, _first_frame),
    ):
        train(run, name, model, learned, epochs, lr, prepare)
        rows.append((name, size(model), accuracy(model, learned, prepare), accuracy(model, new, prepare)))
    _draw_sounds(run, sounds, listener)
    _draw_films(run, films)
    run.table(
        f"{examples} examples of four kinds", ("network", "parameters", "training accuracy", "test accuracy"), rows
    )
    heard, flat, seen, frozen = (row[3] for row in rows)
    run.claim(
        "Tones: 1-D convolution gets at least 70 % right, a dense network less than 45 % (chance: 25 %)",
        heard >= 0.7 and flat < 0.45,
        f"{heard:.1%} and {flat:.1%}",
    )
    run.claim(
        "Films: 3-D convolution gets at least 90 % right, one frame less than 35 % (chance: 25 %)",
        seen >= 0.9 and frozen < 0.35,
        f"{seen:.1%} and {frozen:.1%}",
    )
    run.say(
        """A tone may begin anywhere, at any phase: the dense network learns its sounds by heart and knows nothing of new
        ones. The filters of the 1-D network become little waves of several frequencies, which later layers compare over
        time. In a film the direction is in no frame, only between frames; a filter that reaches over three of them sees
        it. What holds for films holds for volumes: the third dim may as well be depth."""
    )


def _first_frame(batch: Any) -> tuple[ag.Tensor, ag.Tensor]:
    films, ways = batch
    return films[:, :, 0], ways


def _draw_sounds(run: Run, sounds: Any, listener: Sequential) -> None:
    """Draw a tone of each kind over time and frequency, and the first filters."""
    drawn, charts = figures.new(2, 4, height=4.4)
    for axes, kind in zip(charts[0], range(4), strict=True):
        sound = sounds[kind][0].array[0]
        windows = np.lib.stride_tricks.sliding_window_view(sound, 128)[::16] * np.hanning(128)
        power = np.log10(np.abs(np.fft.rfft(windows)).T[:33] ** 2 + 1e-2)
        axes.imshow(power, origin="lower", aspect="auto", extent=(0, 256, 0, 1000), vmin=-1, vmax=3)
        axes.set(title=data.SWEEPS[kind], xlabel="time [ms]")
        axes.grid(visible=False)
    charts[0, 0].set_ylabel("frequency [Hz]")
    for axes in charts[0, 1:]:
        axes.set_yticklabels([])
    weights = listener.get_parameter("0.weight").array[:, 0]
    strongest = np.argsort(-np.abs(weights).sum(1), kind="stable")[:4]
    for axes, filter_ in zip(charts[1], weights[strongest], strict=True):
        axes.plot(np.arange(32) / 4, filter_, color=figures.BLUE)
        axes.set(xlabel="time [ms]", yticklabels=[])
    charts[1, 0].set(title="four filters that were learned", ylabel="weight")
    run.figure(
        "sounds",
        drawn,
        "Above: a tone of each kind, its power by time and frequency, among noise. Below: filters of the first layer; they "
        "have become short waves.",
    )


def _draw_films(run: Run, films: Any) -> None:
    rows = {way: list(films[i][0].array[0]) for i, way in enumerate(data.DIRECTIONS)}
    run.figure(
        "films",
        strips(rows, cmap="gray", vmin=-0.2, vmax=1.2),
        "A film of each direction, its eight frames from left to right.",
    )
