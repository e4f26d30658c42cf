"""Row 17: retrieval by features."""

from __future__ import annotations

from typing import Annotated, Any

import numpy as np
from numpy.typing import NDArray

import autograd_core as ag

from ... import models
from ...interpret import nearest_neighbors
from .. import figures
from ..options import Count, at_least
from ..registry import lesson
from ..run import Run
from .clothes import Clothes, clothes, three_channels

LAYER, POOL = "features.7", 2  # fire5, averaged down to 2 x 2 places
SHOWN = 8  # neighbours of a query in the figure
SPACES = ("ImageNet features", "random features", "pixels")
COLOURS = {"ImageNet features": figures.BLUE, "random features": figures.ORANGE, "pixels": figures.GREY}


@lesson(
    row=17,
    title="Retrieval",
    question="Does nearness in feature space mean likeness?",
    sources=(
        "Krizhevsky, Sutskever & Hinton, ImageNet Classification with Deep CNNs, 2012, figure 4",
        "Babenko et al., Neural Codes for Image Retrieval, 2014",
    ),
    minutes=0.2,
    quick={"gallery": 300, "queries": 100, "size": 48},
)
def retrieval(
    run: Run,
    *,
    gallery: Annotated[int, at_least(100), "pictures to search in"] = 2000,
    queries: Annotated[int, at_least(50), "pictures to search for"] = 500,
    k: Annotated[Count, "neighbours that are counted"] = 10,
    size: Annotated[int, at_least(32), "pixels to which the pictures of 28 are enlarged"] = 64,
) -> None:
    """Find for pictures of clothes their nearest neighbours among others, by the cosine of their features.

    The features are those of SqueezeNet with weights from ImageNet, which never saw a label of these pictures; the same
    network with random weights, and the pixels themselves, are searched too.
    """
    pictures = clothes(gallery, queries)
    spaces = _spaces(run, pictures, size)
    most = min(max(k, SHOWN, 50), gallery)
    found = {name: nearest_neighbors(*pair, k=most).indices.array for name, pair in spaces.items()}
    hits = {name: pictures.labels[places] == pictures.test_labels[:, None] for name, places in found.items()}
    precision = {name: float(hit[:, :k].mean()) for name, hit in hits.items()}
    _grid(run, pictures, found, hits)
    _curves(run, pictures, hits, precision, k)
    ours, random, pixels = (precision[name] for name in SPACES)
    text = f"Of {k} neighbours more are of the query's class by ImageNet features than by random ones: 0.05 of them or more"
    run.claim(text, ours >= random + 0.05, f"{ours:.3f} and {random:.3f}")
    run.claim("and more than by pixels: 0.01 of them or more", ours >= pixels + 0.01, f"{ours:.3f} and {pixels:.3f}")
    run.say(
        """Nothing was trained here, and no label was used. Pictures that lie near each other in the network's features look
        alike to us, even where the pixels differ: a bag with a handle finds bags with handles. Random weights make worse
        neighbours than no network at all, so it is what ImageNet taught that counts. What is confused most are shirts,
        pullovers and coats, which people confuse too at 28 x 28 pixels."""
    )


def _spaces(run: Run, pictures: Clothes, size: int) -> dict[str, tuple[ag.Tensor, ag.Tensor]]:
    """Return the features of the queries and of the gallery, in each space."""
    sets, prepare = (pictures.test_images, pictures.images), three_channels(size)
    made: dict[str, Any] = {"pixels": tuple(ag.from_numpy(images.astype(np.float32)) for images in sets)}
    for name, weights in zip(SPACES, ("imagenet", None)):  # pixels need none
        ag.manual_seed(run.seed)
        model = models.squeezenet1_1(weights=weights)
        parts = [models.features(model, LAYER, images, prepare, pool=POOL) for images in run.track(sets, name)]
        made[name] = tuple(map(ag.from_numpy, parts))
    return {name: made[name] for name in SPACES}


def _grid(run: Run, pictures: Clothes, found: dict[str, NDArray[Any]], hits: dict[str, NDArray[np.bool_]]) -> None:
    """Draw queries, and their neighbours by ImageNet features."""
    places, right = found[SPACES[0]], hits[SPACES[0]]
    chosen = [int(np.flatnonzero(pictures.test_labels == label)[0]) for label in (8, 5, 0, 3, 9, 6)]
    figure, axes = figures.new(len(chosen), SHOWN + 1, height=5.8)
    for row, query in zip(axes, chosen, strict=True):
        for column, chart in enumerate(row):
            image = pictures.test_images[query] if not column else pictures.images[places[query, column - 1]]
            chart.imshow(255 - image[0], cmap="gray", vmin=0, vmax=255)
            chart.set(xticks=[], yticks=[])
            chart.grid(visible=False)
            good = not column or bool(right[query, column - 1])
            for spine in chart.spines.values():
                spine.set(visible=True, linewidth=2.5)
                spine.set_color(figures.PAPER.ink if not column else figures.GREEN if good else figures.VERMILION)
            if not good:
                label = int(pictures.labels[places[query, column - 1]])
                chart.set_xlabel(pictures.classes[label], fontsize=7, labelpad=1)
        row[0].set_ylabel(pictures.classes[int(pictures.test_labels[query])], fontsize=8)
    axes[0, 0].set_title("query", fontsize=9, loc="center")
    axes[0, 1].set_title("nearest", fontsize=9, loc="center")
    axes[0, SHOWN].set_title(f"{SHOWN}th", fontsize=9, loc="center")
    run.figure(
        "neighbours",
        figure,
        f"One query a row, and its {SHOWN} nearest neighbours among {len(pictures.images):,} pictures by ImageNet features. "
        "Green frames: the query's class. Red ones: another, named below.",
    )


def _curves(run: Run, pictures: Clothes, hits: dict[str, Any], precision: dict[str, float], k: int) -> None:
    """Draw how many neighbours are of the query's class, by their number and by class."""
    figure, (left, right) = figures.new(1, 2, height=3.8, width_ratios=(1, 1.25))
    for name, hit in hits.items():
        counts = np.arange(1, hit.shape[1] + 1)
        left.plot(counts, np.cumsum(hit, 1).mean(0) / counts, color=COLOURS[name], label=name)
    left.set(xlabel="neighbours", ylabel="share of the query's class", ylim=(0, 1))
    left.legend(loc="lower left")
    labels = range(len(pictures.classes))
    for place, (name, hit) in enumerate(hits.items()):
        shares = [float(hit[pictures.test_labels == label, :k].mean()) for label in labels]
        right.barh(np.arange(len(labels)) + 0.27 * (place - 1), shares, 0.27, color=COLOURS[name], label=name)
    right.set(xlabel=f"share of {k} neighbours", xlim=(0, 1), yticks=labels, ylim=(len(labels) - 0.5, -0.5))
    right.set_yticklabels(pictures.classes)
    right.grid(visible=False, axis="y")
    run.figure(
        "precision",
        figure,
        "How many of the nearest neighbours are of the query's class: by the number of neighbours, and class by class.",
    )
    rows = [(name, round(float(hits[name][:, 0].mean()), 3), round(value, 3)) for name, value in precision.items()]
    run.table("Share of neighbours of the query's class", ("space", "nearest one", f"nearest {k}"), rows)
