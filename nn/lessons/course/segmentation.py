"""Row 25: semantic segmentation with fully convolutional networks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any

import numpy as np
from numpy.typing import NDArray

import autograd_core as ag
import optim

from ... import data, models
from ...data import DataLoader, Scenes, TensorDataset
from ...functional import cross_entropy
from ...models import FCN, SmallCNN
from ...training import Accuracy, MeanIoU, evaluate
from .. import figures
from ..options import Count, Positive, at_least
from ..registry import lesson
from ..run import Run
from .scenes import NAMES, clothes_scenes

CHANNELS = (16, 32, 64, 64, 128)
CROP = 96  # the classifier's pictures: 3 x 3 places after five poolings
CLASSES = ("ground", *NAMES)
COLOURS = ("#00000000", figures.BLUE, figures.VERMILION, figures.GREEN, figures.PINK, figures.ORANGE)
WAYS = {  # how the paper's networks start: skips, from the classifier or from random weights, and with frozen features
    "FCN-32s": (0, True, False),
    "FCN-16s": (1, True, False),
    "FCN-8s": (2, True, False),
    "FCN-8s, random start": (2, False, False),
    "FCN-8s, frozen features": (2, True, True),
}
PATCH = 64


@lesson(
    row=25,
    title="Semantic segmentation",
    question="How does a classifier of pictures become one of pixels, and what do skips and its training bring?",
    sources=("Long, Shelhamer & Darrell, Fully Convolutional Networks for Semantic Segmentation, 2015",),
    minutes=3,
    quick={"crops": 400, "crop_epochs": 7, "scenes": 48, "batch": 4, "epochs": 7, "tests": 16, "steps": 30},
)
def segmentation(
    run: Run,
    *,
    crops: Annotated[int, at_least(100), "pictures of one thing, to train the classifier on"] = 2000,
    crop_epochs: Annotated[Count, "of the classifier"] = 6,
    scenes: Annotated[int, at_least(16), "composed scenes to learn from"] = 300,
    epochs: Annotated[Count, "over the scenes, for each network"] = 8,
    batch: Annotated[Count, "scenes in a batch"] = 8,
    tests: Annotated[int, at_least(8), "scenes to test on"] = 100,
    steps: Annotated[Count, "of training on the nuclei, each with 16 patches"] = 200,
    lr: Annotated[Positive, "learning rate, of Adam"] = 2e-3,
) -> None:
    """Train a classifier on pictures of one thing each, and make it fully convolutional: scores for each pixel.

    FCN-32s, FCN-16s and FCN-8s start from the classifier; FCN-8s also from random weights, and with frozen features.  They
    learn scenes of clothes on textured grounds.  At last, nuclei under a microscope are told from the ground: trained on the
    left half of one picture, tested on its right half.
    """
    classifier = _classifier(run, crops, crop_epochs, lr)
    generator = ag.Generator(run.seed + 1)
    shape: dict[str, Any] = {"size": 128, "objects": (1, 4), "sizes": (32, 64), "generator": generator}
    learned, tested = (clothes_scenes(part, n, **shape) for part, n in (("train", scenes), ("test", tests)))
    found = {name: _way(run, name, classifier, learned, tested, epochs, batch, lr) for name in WAYS}
    _show_scenes(run, tested, found)
    _compare(run, found, scenes)
    _losses(run, classifier, learned)
    _nuclei(run, classifier, steps, lr)
    run.say(
        """The same weights that say what a picture shows say what each place of a larger one shows: nothing but the shape of
        the last layers changes. FCN-32s knows where things are only to 32 pixels, and its masks are blobs; scores read from
        earlier maps, added on the way up, sharpen them. To start from the classifier is worth far more than the few scenes can
        teach from nothing. Frozen features come close at half the cost: scenes and pictures are of one kind. On the nuclei the
        finest network does best, yet one threshold on brightness, which learns a single number, is a strong rival there."""
    )


def _new_classifier(seed: int) -> SmallCNN:
    ag.manual_seed(seed)
    return SmallCNN(len(NAMES), size=(CROP, CROP), channels=CHANNELS)


def _classifier(run: Run, crops: int, epochs: int, lr: float) -> SmallCNN:
    """Train the classifier that all networks but one start from."""
    generator, classifier = ag.Generator(run.seed), _new_classifier(run.seed)
    shape: dict[str, Any] = {"size": CROP, "objects": (1, 1), "sizes": (40, 80), "generator": generator}
    learned, tested = (clothes_scenes(part, n, **shape) for part, n in (("train", crops), ("test", 200)))
    train, test = (TensorDataset(s.inputs(), ag.from_numpy(np.concatenate(s.labels))) for s in (learned, tested))
    optimizer = optim.Adam(classifier.parameters(), lr=lr)
    run.fit("the classifier", classifier, DataLoader(train, 32, shuffle=True), cross_entropy, optimizer, epochs)
    accuracy = evaluate(classifier, DataLoader(test, 50), metrics=[Accuracy()])["accuracy"]
    run.number("accuracy of the classifier, one thing in each picture", accuracy)
    return classifier


# ------------------------------------------------------------------------------------------------------------ the scenes


@dataclass(frozen=True)
class Found:
    """What one network gave: its figure of merit, and the class of each pixel of the tested scenes."""

    iou: MeanIoU
    answers: NDArray[np.int64]


def _pairs(scenes: Scenes) -> TensorDataset:
    return TensorDataset(scenes.inputs(), ag.from_numpy(scenes.masks))


def _way(
    run: Run, name: str, classifier: SmallCNN, learned: Scenes, tested: Scenes, epochs: int, batch: int, lr: float
) -> Found:
    """Train one network, and test it."""
    skips, from_classifier, frozen = WAYS[name]
    start = classifier if from_classifier else _new_classifier(run.seed + 1)
    ag.manual_seed(run.seed)
    model = FCN(start, len(CLASSES), skips)
    if frozen:
        models.freeze(model.features)
    optimizer = optim.Adam([p for p in model.parameters() if p.requires_grad], lr=lr)
    run.fit(name, model, DataLoader(_pairs(learned), batch, shuffle=True), cross_entropy, optimizer, epochs)
    iou = MeanIoU(len(CLASSES))
    evaluate(model, DataLoader(_pairs(tested), 20), metrics=[iou])
    return Found(iou, _answers(model, tested.inputs()[:6]))


@ag.no_grad()
def _answers(model: FCN, inputs: ag.Tensor) -> NDArray[np.int64]:
    answers: NDArray[np.int64] = model.eval()(inputs).array.argmax(1)
    return answers


def _show_scenes(run: Run, tested: Scenes, found: dict[str, Found]) -> None:
    """Draw the masks of a few scenes over them."""
    from matplotlib.colors import ListedColormap
    from matplotlib.patches import Patch

    shown = {"truth": tested.masks, **{name: own.answers for name, own in found.items()}}
    rows = 4
    figure, axes = figures.new(rows, 1 + len(shown), height=5.6)
    titles = {"scene": "scene", "truth": "truth"} | {name: name.replace(", ", "\n") for name in found}
    for row in range(rows):
        for column, (axis, title) in enumerate(zip(axes[row], titles.values(), strict=True)):
            axis.imshow(tested.images[row, 0], cmap="gray", vmin=0, vmax=255)
            if column:
                masks = list(shown.values())[column - 1]
                axis.imshow(masks[row], cmap=ListedColormap(COLOURS), vmin=0, vmax=len(COLOURS) - 1, alpha=0.75)
            axis.set_axis_off()
            if not row:
                axis.set_title(title, fontsize=8, loc="center")
    patches = [Patch(color=colour, label=name) for name, colour in zip(NAMES, COLOURS[1:], strict=True)]
    figure.legend(handles=patches, loc="outside lower center", ncols=len(patches), fontsize=9)
    run.figure(
        "masks",
        figure,
        "Scenes that no network has seen, what is where in them, and the class that each network gives to each pixel. Clear: "
        "ground.",
    )


def _compare(run: Run, found: dict[str, Found], scenes: int) -> None:
    """Say what skips, the start and frozen features are worth."""
    mean = {name: own.iou.compute() for name, own in found.items()}
    figure, (left, right) = figures.new(1, 2, height=3.8, width_ratios=(1.2, 1))
    colours = [figures.BLUE] * 3 + [figures.VERMILION, figures.ORANGE]
    bars = left.barh(list(mean), list(mean.values()), color=colours)
    left.bar_label(bars, fmt="%.2f", padding=3, color=figures.PAPER.ink)
    left.invert_yaxis()
    left.set(xlabel="mean intersection over union", xlim=(0, 1))
    left.grid(visible=False, axis="y")
    matrix = found["FCN-8s"].iou.confusion.compute().astype(float)
    shares = matrix / np.maximum(matrix.sum(1, keepdims=True), 1)
    right.imshow(shares, vmin=0, vmax=1)
    for i, j in np.ndindex(*shares.shape):
        colour = figures.ON_LIGHT if shares[i, j] > 0.5 else figures.ON_DARK
        right.text(j, i, f"{shares[i, j]:.2f}", ha="center", va="center", fontsize=7, color=colour)
    right.set(xticks=range(len(CLASSES)), yticks=range(len(CLASSES)), xlabel="class given", ylabel="true class",
              title="Pixels, by FCN-8s")  # fmt: skip
    right.set_xticklabels(CLASSES, rotation=40, ha="right", fontsize=8)
    right.set_yticklabels(CLASSES, fontsize=8)
    right.grid(visible=False)
    run.figure(
        "comparison",
        figure,
        f"Left: mean intersection over union on new scenes, each network trained as long on {scenes} scenes. Right: which "
        "classes FCN-8s takes for which, as shares of the pixels of each true class.",
    )
    run.table(
        "Figures of merit on new scenes",
        ("network", "mean IoU", "pixel accuracy", "mean accuracy", "frequency weighted IoU"),
        [
            (name, *(round(v, 3) for v in (
                own.iou.compute(), own.iou.pixel_accuracy(), own.iou.mean_accuracy(), own.iou.frequency_weighted()
            )))
            for name, own in found.items()
        ],
    )  # fmt: skip
    coarse, middle, fine, random, frozen = mean.values()
    text = "Skips sharpen: FCN-8s beats FCN-32s by 0.03 of mean IoU or more"
    source = "; in the paper 0.594, 0.624 and 0.627, on a part of PASCAL VOC 2011 val"
    run.claim(text, fine >= coarse + 0.03, f"{coarse:.3f}, {middle:.3f} with one skip, {fine:.3f} with two{source}")
    text = "A start from the classifier beats a random one by 0.05 of mean IoU or more"
    run.claim(text, fine >= random + 0.05, f"{fine:.3f} and {random:.3f}")
    text = "Frozen features reach 0.7 or more of the mean IoU of training all layers, as in the paper"
    run.claim(text, frozen >= 0.7 * fine, f"{frozen:.3f} and {fine:.3f}")


def _losses(run: Run, classifier: SmallCNN, learned: Scenes) -> None:
    """Compare the gradients of the paper's unnormalised loss and of the mean."""
    gradients = []
    for reduction in ("sum", "mean"):
        ag.manual_seed(run.seed)
        model = FCN(classifier, len(CLASSES), 2).eval()
        inputs, targets = learned.inputs()[:4], ag.from_numpy(learned.masks[:4])
        cross_entropy(model(inputs), targets, reduction=reduction).backward()
        assert model.score.weight.grad is not None
        gradients.append(model.score.weight.grad.array)
    factor = float((gradients[0] * gradients[1]).sum() / np.square(gradients[1]).sum())
    pixels = learned.masks[:4].size
    run.number("gradient of the summed loss over that of the mean", factor, expected=f"{pixels} pixels in the batch")
    text = "The paper's unnormalised loss has the mean's gradient times the number of pixels, to 1 in 1,000"
    run.claim(text, abs(factor / pixels - 1) < 1e-3, f"{factor:.1f}, {pixels} pixels")


# ------------------------------------------------------------------------------------------------------------ the nuclei


def _nuclei(run: Run, classifier: SmallCNN, steps: int, lr: float) -> None:
    """Tell nuclei from the ground, by networks of more and more skips, and by one threshold."""
    image, numbers = data.nuclei()
    half = image.shape[1] // 2
    inputs = np.log1p(image.astype(np.float32))
    inputs = (inputs - inputs[:, :half].mean()) / inputs[:, :half].std()
    truth = (numbers > 0).astype(np.int64)
    found, pictures = {}, {}
    for skips in (0, 2, 4):
        ag.manual_seed(run.seed)
        model = FCN(classifier, 2, skips)
        optimizer = optim.Adam(model.parameters(), lr=lr)
        draws = np.random.default_rng(run.seed)
        model.train()
        for _ in run.track(range(steps), f"nuclei, {skips} skips"):
            own, wanted = _patches(inputs[:, :half], truth[:, :half], draws)
            optimizer.zero_grad()
            cross_entropy(model(own), wanted).backward()
            optimizer.step()
        name = f"FCN-{model.step >> skips}s"
        with ag.no_grad():
            scores = model.eval()(ag.from_numpy(inputs[None, None, :, half:].copy()))
        iou = MeanIoU(2)
        iou.update(scores, ag.from_numpy(truth[None, :, half:]))
        found[name], pictures[name] = float(iou.per_class()[1]), scores.array[0].argmax(0)
    threshold = _best_threshold(image[:, :half], truth[:, :half])
    pictures["threshold"] = (image[:, half:] >= threshold).astype(np.int64)
    found["threshold"] = _iou(pictures["threshold"], truth[:, half:])
    _show_nuclei(run, image[:, half:], truth[:, half:], pictures, found)
    for name, value in found.items():
        run.number(f"nuclei, {name}: intersection over union of the foreground", value)
    coarse, fine = found["FCN-32s"], found["FCN-2s"]
    text = "On nuclei 20 pixels wide, four skips beat none by 0.2 of foreground IoU or more"
    run.claim(text, fine >= coarse + 0.2, f"{fine:.3f} and {coarse:.3f}; a threshold has {found['threshold']:.3f}")


def _patches(inputs: NDArray[Any], truth: NDArray[Any], draws: np.random.Generator) -> tuple[ag.Tensor, ag.Tensor]:
    """Return 16 patches and their truth, mirrored and turned at random."""
    cut = []
    for _ in range(16):
        top, left = draws.integers(inputs.shape[0] - PATCH), draws.integers(inputs.shape[1] - PATCH)
        turns, mirrored = int(draws.integers(4)), draws.random() < 0.5
        pair = [np.rot90(a[top : top + PATCH, left : left + PATCH], turns) for a in (inputs, truth)]
        cut.append([a[:, ::-1] if mirrored else a for a in pair])
    own, wanted = (np.stack([pair[i] for pair in cut]) for i in (0, 1))
    return ag.from_numpy(own[:, None].copy()), ag.from_numpy(wanted)


def _iou(answers: NDArray[Any], truth: NDArray[Any]) -> float:
    return float(((answers == 1) & (truth == 1)).sum() / ((answers == 1) | (truth == 1)).sum())


def _best_threshold(image: NDArray[np.uint16], truth: NDArray[np.int64]) -> int:
    """Return the brightness from which on pixels are best called nucleus."""
    return max(range(1, int(image.max())), key=lambda level: _iou((image >= level).astype(np.int64), truth))


def _show_nuclei(
    run: Run, image: NDArray[Any], truth: NDArray[Any], pictures: dict[str, NDArray[Any]], found: dict[str, float]
) -> None:
    window = np.s_[160:352, 32:224]
    figure, axes = figures.new(1, 1 + len(pictures), height=2.1)
    for axis, name in zip(axes, ("truth", *pictures), strict=True):
        axis.imshow(image[window], cmap="gray", vmax=160)
        mask = pictures.get(name, truth)[window]
        axis.contour(mask, levels=[0.5], colors=figures.ORANGE, linewidths=1.2)
        axis.set_axis_off()
        score = f"\nIoU {found[name]:.2f}" if name in found else "\n"
        axis.set_title(f"{name}{score}", fontsize=9, loc="center")
    run.figure(
        "nuclei",
        figure,
        "Nuclei in a part of the tested half, with the outlines of the truth, of three networks, and of the one brightness "
        "that parts the trained half best. The scores are of the whole half.",
    )
