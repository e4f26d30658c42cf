"""Row 15: the networks of the lectures, from AlexNet to SqueezeNet."""

from __future__ import annotations

import math
import time
from typing import Annotated, Any

import numpy as np

import autograd_core as ag
import optim

from ... import data, init, models, summary
from ...commands.recipes import recipe
from ...module import Module
from ...training import Accuracy, History
from .. import figures
from ..options import Count
from ..registry import lesson
from ..run import Run
from .imagenet import squeezenet

# As torchvision 0.28 documents them for 1,000 classes: parameters, thousand million multiply-adds for a picture of 224x224,
# and the accuracy of the first answer on ImageNet, in %.
PUBLISHED = {
    "alexnet": (61_100_840, 0.714, 56.522),
    "vgg11": (132_863_336, 7.609, 69.020),
    "vgg16": (138_357_544, 15.47, 71.592),
    "vgg19": (143_667_240, 19.632, 72.376),
    "googlenet": (6_624_904, 1.498, 69.778),
    "resnet18": (11_689_512, 1.814, 69.758),
    "resnet34": (21_797_672, 3.664, 73.314),
    "resnet50": (25_557_032, 4.089, 76.130),
    "squeezenet1_0": (1_248_424, 0.819, 58.092),
    "squeezenet1_1": (1_235_496, 0.349, 58.178),
}
TRAINED = ("resnet18", "googlenet", "squeezenet1_1", "vgg11", "alexnet")
FULL = {"squeezenet1_1": 8, "resnet18": 8, "resnet34": 8, "resnet50": 4, "googlenet": 8, "alexnet": 16, "vgg16": 2}
LABELS = {  # on which side of its disc a network's name stands in the figure
    "alexnet": (0, -1), "vgg11": (0, -1), "vgg16": (0, -1), "vgg19": (0, 1), "googlenet": (-1, 0), "resnet18": (1, 0),
    "resnet34": (1, 0), "resnet50": (1, 0), "squeezenet1_0": (1, 0), "squeezenet1_1": (0, 1),
}  # fmt: skip
COLOURS = {"alexnet": figures.ORANGE, "vgg11": figures.VERMILION, "googlenet": figures.GREEN}
COLOURS |= {"resnet18": figures.BLUE, "squeezenet1_1": figures.PINK}


def title(name: str) -> str:
    """Return the name that people know."""
    return recipe(name).title


@lesson(
    row=15,
    title="Architectures",
    question="How large are the famous networks, what do they cost, and do they all learn?",
    sources=(
        "Krizhevsky, Sutskever & Hinton, ImageNet Classification with Deep CNNs, 2012",
        "Simonyan & Zisserman, Very Deep Convolutional Networks, 2014",
        "Szegedy et al., Going Deeper with Convolutions, 2014",
        "He et al., Deep Residual Learning, 2015",
        "Iandola et al., SqueezeNet, 2016",
    ),
    minutes=5,
    quick={"pictures": 96, "epochs": 4, "all_networks": False},
)
def architectures(
    run: Run,
    *,
    pictures: Annotated[Count, "of clothes, 28x28, that each network learns from"] = 1200,
    epochs: Annotated[Count, "times through them"] = 4,
    all_networks: Annotated[
        bool, "train all of them, not ResNet-18 alone, and take a step of each at full size"
    ] = True,
) -> None:
    """Count parameters and multiply-adds, and compare them with the published ones.

    Then train each network on small pictures of clothes, take one step of each on pictures of 224x224, and ask SqueezeNet,
    with its weights from ImageNet, what is in three photographs.
    """
    _count(run)
    _learn(run, TRAINED if all_networks else TRAINED[:1], pictures, epochs)
    if all_networks:
        _full_size(run)
    _top5(run)
    run.say(
        """Depth paid, width did not: from AlexNet to ResNet-50 the errors halve, while the parameters fall to less than half.
        Nearly all of AlexNet's and VGG's sit in the first linear layer; averaging the last maps, which GoogLeNet, ResNet and
        SqueezeNet do, does without it. SqueezeNet keeps AlexNet's accuracy with a fiftieth of the parameters. On a few small
        pictures residual connections and batch normalisation show at once: ResNet is ahead from the first epoch."""
    )


def _count(run: Run) -> None:
    """Compare parameters and multiply-adds with the published figures, and draw them."""
    rows, sizes = [], {}
    for name in run.track(PUBLISHED, "counting"):
        with init.skipped():  # nobody asks for the values
            model = models.create(name, **({"aux_logits": False} if name == "googlenet" else {}))
        found = summary(model, (1, 3, 224, 224))
        sizes[name] = found.parameters, found.multiply_adds / 1e9
        parameters, cost, accuracy = PUBLISHED[name]
        rows.append((title(name), found.parameters, parameters, sizes[name][1], cost, accuracy))
    run.table(
        "Parameters and multiply-adds (thousand millions a picture of 224x224), counted here and published",
        ("network", "parameters", "published", "multiply-adds", "publ. multiply-adds", "ImageNet top-1, % (publ.)"),
        rows,
    )
    same = all(row[1] == row[2] for row in rows)
    run.claim("Every count of parameters equals the published one", same, f"{len(rows)} networks")
    worst = max(abs(row[3] / row[4] - 1) for row in rows)
    run.claim("Multiply-adds equal the published ones, within 1 %", worst < 0.01, f"at most {worst:.2%} apart")
    with init.skipped():
        towers = sum(p.numel() for p in models.alexnet(groups=2).parameters())
    run.number(
        "AlexNet with the two towers of the paper, parameters", towers, expected="60 million", source="Krizhevsky 2012"
    )
    drawn, axes = figures.new(height=4.6)
    for name, (parameters, cost) in sizes.items():
        axes.scatter(cost, PUBLISHED[name][2], s=parameters / 1e5, color=figures.SKY, alpha=0.6, edgecolor=figures.BLUE)
        text, radius = f"{title(name)}, {parameters / 1e6:.3g} M", (parameters / 1e5 / math.pi) ** 0.5 + 4  # points
        x, y = LABELS[name]
        axes.annotate(
            text, (cost, PUBLISHED[name][2]), xytext=(x * radius, y * radius), textcoords="offset points", fontsize=9,
            ha=("right", "center", "left")[x + 1], va=("top", "center", "bottom")[y + 1],
        )  # fmt: skip
    axes.set(xscale="log", xlim=(0.2, 40), ylim=(50, 80), xlabel="multiply-adds for one picture, thousand millions")
    axes.set(xticks=(0.3, 1, 3, 10, 30), ylabel="ImageNet, top-1 accuracy, % (published)")
    axes.set_xticklabels(("0.3", "1", "3", "10", "30"))
    axes.minorticks_off()
    run.figure(
        "sizes",
        drawn,
        "Accuracy against cost; the area is the number of parameters, in millions beside the name. Counted here but for the "
        "accuracy, which is torchvision's.",
    )


def _learn(run: Run, names: tuple[str, ...], pictures: int, epochs: int) -> None:
    """Train each network on small pictures, and draw what it learns."""
    splits = data.load("fashion-mnist")
    small = {"num_classes": 10, "in_channels": 1, "small_input": True}
    test = data.DataLoader(data.Subset(splits.test, range(min(pictures, 1000))), batch_size=250)
    drawn, (left, right) = figures.new(1, 2, height=3.6)
    rows = []
    for name in names:
        ag.manual_seed(run.seed)
        model: Module = models.create(name, **small)
        train = data.DataLoader(data.Subset(splits.train, range(pictures)), batch_size=32, shuffle=True, seed=run.seed)
        optimizer = optim.Adam(model.parameters(), lr=recipe(name).lr)
        started = time.perf_counter()
        history: History = run.fit(
            title(name), model, train, models.AuxiliaryLoss(), optimizer, epochs, validation=test, metrics=[Accuracy()]
        )
        seconds = time.perf_counter() - started
        line: dict[str, Any] = {"color": COLOURS[name], "marker": "o", "markersize": 4, "label": title(name)}
        left.plot(history["epoch"], history["accuracy"], **line)
        right.plot(history["epoch"], history["val_accuracy"], **line)
        counted = sum(p.numel() for p in model.parameters())
        first, last = history["accuracy"][0], history["accuracy"][-1]
        rows.append((title(name), counted, first, last, history["val_accuracy"][-1], round(seconds, 1)))
    left.set(title="pictures that it learns from", xlabel="epoch", ylabel="accuracy", ylim=(0, 1))
    right.set(title="pictures that it never saw", xlabel="epoch", ylim=(0, 1))
    left.legend()
    run.figure(
        "learning",
        drawn,
        f"The same networks with their stem for small pictures, on {pictures:,} pictures of clothes, 28x28, by Adam. Training "
        "accuracy is the mean over the epoch, while it learns.",
    )
    head = ("network", "parameters", "first epoch", "last epoch", "test", "seconds")
    run.table(f"Learning at 28x28: accuracy on {pictures:,} pictures", head, rows)
    worst = min(row[3] - row[2] for row in rows)
    text = "Each learns at 28x28: training accuracy of the last epoch at least 0.05 above the first"
    run.claim(text, worst >= 0.05, f"at least {worst:.2f} above")


def _full_size(run: Run) -> None:
    """Take a step of each network at 224x224, and note what it costs."""
    rows, finite = [], True
    for name, batch in run.track(FULL.items(), "a step at full size"):
        ag.manual_seed(run.seed)
        model = models.create(name)
        optimizer = optim.SGD(model.parameters(), lr=0.01, momentum=0.9)
        x, y = ag.randn(batch, 3, 224, 224), ag.randint(0, 1000, (batch,))
        seconds = []
        for _ in range(2):  # the first compiles, and makes the optimizer's state
            started = time.perf_counter()
            optimizer.zero_grad()
            loss = models.AuxiliaryLoss()(model(x), y)
            loss.backward()
            optimizer.step()
            seconds.append(time.perf_counter() - started)
        finite &= all(p.grad is not None and bool(np.isfinite(p.grad.array).all()) for p in model.parameters())
        table = summary(model, (1, 3, 224, 224)).rows
        leaves = [
            row for row in table if not any(other.path.startswith(f"{row.path}.") for other in table) and row.path
        ]
        kept = sum(math.prod(row.output_shape or (0,)) for row in leaves) * 4e-6
        weights = sum(p.numel() for p in model.parameters()) * 12e-6  # with gradient and momentum
        rows.append(
            (title(name), batch, round(seconds[1], 2), round(seconds[1] / batch, 2), round(weights), round(kept))
        )
    run.table(
        "One training step at 224x224",
        (
            "network",
            "pictures",
            "seconds",
            "seconds a picture",
            "weights, gradients, momentum: MB",
            "layers' outputs a picture: MB",
        ),
        rows,
    )
    run.claim(
        "Each takes a step at 224x224, with finite gradients for every parameter", finite, f"{len(rows)} networks"
    )


def _top5(run: Run) -> None:
    """Ask SqueezeNet for the five likeliest classes of each photograph."""
    weights, model = models.weights_of("squeezenet1_1"), squeezenet()
    cut = data.Compose(
        [step for step in weights.transform.transforms if isinstance(step, data.Resize | data.CenterCrop)]
    )
    drawn, charts = figures.new(2, 3, height=4.3, height_ratios=(1.15, 1))
    rows, best = [], {}
    for column, (name, photograph) in enumerate(data.photographs().items()):
        with ag.no_grad():
            shares = model(ag.from_numpy(weights.transform(photograph[None]))).softmax(1).array[0]
        order = np.argsort(-shares)[:5]
        best[name] = {weights.classes[i]: float(shares[i]) for i in order}
        rows += [(name, place, weights.classes[i], float(shares[i])) for place, i in enumerate(order, start=1)]
        charts[0, column].imshow(cut(photograph).transpose(1, 2, 0))
        charts[0, column].set_axis_off()
        axes = charts[1, column]
        axes.barh(range(5), shares[order], color=figures.BLUE)
        axes.set(xlim=(0, 1), ylim=(4.6, -0.6), xlabel="probability", yticks=range(5))
        axes.set_yticklabels([weights.classes[i] for i in order], fontsize=9)
        axes.grid(visible=False, axis="y")
    run.figure(
        "top5",
        drawn,
        "The middle of each photograph, as SqueezeNet 1.1 sees it, and the five likeliest of the 1,000 classes of ImageNet.",
    )
    run.table("Top 5", ("photograph", "place", "class", "probability"), rows)
    espresso = best["coffee"].get("espresso", 0.0)
    run.claim("Coffee is espresso, with 0.95 or more (0.99 elsewhere)", espresso >= 0.95, f"{espresso:.3f}")
    cats = [best["chelsea"].get(name, 0.0) for name in ("tabby", "Egyptian cat", "tiger cat")]
    run.claim(
        "Chelsea is a tabby, an Egyptian or a tiger cat, with 0.97 or more together (1.00 elsewhere)",
        sum(cats) >= 0.97,
        ", ".join(f"{share:.2f}" for share in cats),
    )
