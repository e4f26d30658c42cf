"""Row 10: regularisation, the gap between training and test with each kind of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Annotated, Any

import numpy as np

import autograd_core as ag
import optim

from ... import data, models
from ...layers import Conv2d, CrossEntropyLoss, Dropout, Flatten, Linear, MaxPool2d, ReLU, Sequential
from ...module import Module
from ...training import Accuracy, EarlyStopping, History, evaluate
from .. import figures
from ..options import Count, NotNegative, Positive, at_least
from ..registry import lesson
from ..run import Run
from .clothes import balanced
from .strips import strips

BATCH = 50
SIZES = (784, 256, 256, 10)
NOISE = data.GaussianNoise(sigma=1.5, clip=False)  # of pictures whose pixels have variance 1
SHIFTED = data.Compose([data.RandomCrop(28, padding=1), data.RandomHorizontalFlip()])


@dataclass(frozen=True)
class Way:
    """One way to train: the network, what is done to pictures, loss and weights, and the options of SGD."""

    build: Callable[[], Module] = lambda: models.MLP(SIZES)
    transform: Callable[[Any], Any] | None = None  # of the training pictures, by their usual transform
    penalty: Callable[[Sequence[ag.Tensor]], ag.Tensor] | None = None
    after_step: Callable[[Sequence[ag.Tensor], float], Any] | None = None  # of the weights and the learning rate
    clip_gradient: float | None = None
    weight_decay: float = 0.0
    faster: float = 1.0  # times the learning rate
    stops: bool = False


@dataclass
class Trained:
    """A trained network, its history, and (loss, accuracy) on the pictures that it learned from and on others."""

    model: Module
    history: History
    train: tuple[float, float]
    test: tuple[float, float]

    @property
    def gap(self) -> float:
        """How much higher the loss is on the test pictures."""
        return self.test[0] - self.train[0]


class OriginalDropout(Dropout):
    """Dropout as it was first: what is kept stays as it is in training, and all is multiplied by 1 - p in testing."""

    def forward(self, input: ag.Tensor) -> ag.Tensor:
        return super().forward(input) * (1 - self.p)


def shared() -> Module:
    """Return a network whose weights are shared by all places of the picture: two convolutions, 6,000 weights."""
    return Sequential(
        *(Conv2d(1, 8, 5), ReLU(), MaxPool2d(2)),
        *(Conv2d(8, 16, 5), ReLU(), MaxPool2d(2)),
        *(Flatten(), Linear(256, 10)),
    )


def max_norm(weights: Sequence[ag.Tensor], _: float) -> None:
    """Keep the incoming weights of each unit within a norm of 0.6."""
    for weight in weights:
        optim.max_norm_(weight, 0.6)


def ways(strength: float) -> dict[str, Way]:
    """Return the ways to train by name; *strength* is that of the L1 norm."""
    return {
        "nothing": Way(),
        "L2 (weight decay)": Way(weight_decay=0.02),
        "L1, proximal step": Way(after_step=lambda weights, lr: optim.soft_threshold_(weights, lr * strength)),
        "L1, its gradient": Way(penalty=lambda weights: strength * optim.l1_penalty(weights)),
        "max-norm 0.6": Way(after_step=max_norm),
        "weight clipping at 0.04": Way(after_step=lambda weights, _: optim.clip_weights_(weights, 0.04)),
        "dropout 0.5": Way(build=lambda: models.MLP(SIZES, dropout=0.5)),
        "dropout and max-norm 0.6": Way(build=lambda: models.MLP(SIZES, dropout=0.5), after_step=max_norm),
        "augmentation": Way(transform=lambda usual: data.Compose([SHIFTED, usual])),
        "input noise": Way(transform=lambda usual: data.Compose([usual, NOISE])),
        "weight sharing": Way(build=shared),
        "early stopping": Way(stops=True),
        "gradient clipping": Way(clip_gradient=1.0),
        "rate x 8": Way(faster=8),
        "rate x 8, gradient clipping": Way(faster=8, clip_gradient=1.0),
    }


def train(run: Run, name: str, way: Way, sets: dict[str, Any], epochs: int, lr: float) -> Trained:
    """Train in one *way*, on the same pictures and from the same seed as in the others."""
    ag.manual_seed(run.seed)
    model, learned = way.build(), sets["train"]
    if way.transform is not None:
        learned = learned.with_transform(way.transform(learned.transform))
    loader = data.DataLoader(learned, batch_size=BATCH, shuffle=True, seed=run.seed)
    optimizer = optim.SGD(model.parameters(), lr=lr * way.faster, weight_decay=way.weight_decay)
    weights = [p for p in model.parameters() if p.ndim > 1]
    if (limit := way.clip_gradient) is not None:
        optimizer.register_step_pre_hook(lambda *_: optim.clip_grad_norm_(model.parameters(), limit) and None)
    if (after_step := way.after_step) is not None:
        optimizer.register_step_post_hook(lambda *_: after_step(weights, lr))
    criterion, penalty = CrossEntropyLoss(), way.penalty

    def loss(outputs: ag.Tensor, labels: ag.Tensor) -> ag.Tensor:
        return criterion(outputs, labels) + (penalty(weights) if penalty else 0.0)

    held_out = data.DataLoader(sets["validation"], batch_size=500) if way.stops or name == "nothing" else None
    callbacks = [EarlyStopping(patience=8, restore_best=True)] if way.stops else []
    try:
        history = run.fit(name, model, loader, loss, optimizer, epochs, validation=held_out, callbacks=callbacks)
    except ag.errors.NonFiniteError:
        if way.faster == 1:
            raise
        return Trained(model, History(), (np.nan, np.nan), (np.nan, np.nan))
    ends = []
    for part in ("train", "test"):
        figure = evaluate(model, data.DataLoader(sets[part], batch_size=500), criterion, [Accuracy()])
        ends.append((figure["loss"], figure["accuracy"]))
    return Trained(model, history, *ends)


@lesson(
    row=10,
    title="Regularisation",
    question="What narrows the gap between what was learned and what is new, on few pictures?",
    sources=(
        "Tibshirani, Regression shrinkage and selection via the lasso, 1996",
        "Daubechies, Defrise & De Mol, An iterative thresholding algorithm for linear inverse problems, 2004",
        "Srivastava et al., Dropout: a simple way to prevent neural networks from overfitting, 2014",
        "Bishop, Training with noise is equivalent to Tikhonov regularization, 1995",
        "Pascanu, Mikolov & Bengio, On the difficulty of training recurrent neural networks, 2013",
    ),
    minutes=1.5,
    quick={"pictures": 300, "epochs": 40},
)
def regularisation(
    run: Run,
    *,
    pictures: Annotated[int, at_least(100, 5000), "Fashion-MNIST pictures to learn from"] = 500,
    epochs: Annotated[Count, "times through them"] = 100,
    lr: Annotated[Positive, "learning rate"] = 0.1,
    strength: Annotated[NotNegative, "strength of the L1 norm"] = 1e-3,
) -> None:
    """Train one network of two hidden layers, 256 units each, on a few hundred pictures of clothes, again and again.

    Each time with one kind of regularisation; weight sharing is a small convolutional network.  Early stopping looks at 500
    pictures more, which the others do not see.
    """
    splits = data.load("fashion-mnist")
    order = balanced(splits.train.labels, pictures + 500)
    usual = splits.train.transform
    sets = {
        name: data.ImageDataset(part.images[rows], part.labels[rows], splits.classes, usual)
        for name, part, rows in (
            ("train", splits.train, order[:pictures]),
            ("validation", splits.train, order[pictures:]),
            ("test", splits.test, slice(None)),
        )
    }
    trained = {name: train(run, name, way, sets, epochs, lr) for name, way in ways(strength).items()}
    _draw_gaps(run, trained, pictures)
    _draw_curves(run, trained)
    zeros = _draw_weights(run, trained)
    _draw_pictures(run, sets["train"], usual)
    run.table(
        f"{pictures} pictures, {epochs} epochs",
        ("regularisation", "training loss", "test loss", "gap of the losses", "training accuracy", "test accuracy"),
        [(name, t.train[0], t.test[0], t.gap, t.train[1], t.test[1]) for name, t in trained.items()],
    )
    _claim(run, trained, zeros)
    run.say(
        """Without regularisation the network learns all its pictures by heart, and errs on one new picture in five. Most
        kinds of regularisation make it less sure of itself: the test loss comes nearer to the training loss. Dropout alone and
        shared weights do not; they keep the accuracy, the latter with a fiftieth of the numbers. The accuracy on new pictures
        changes by a few points only, up or down: more pictures would help more. L1 leaves exact zeros with
        the proximal step, and none with the plain gradient, which jumps to and fro about 0. Gradient clipping does not
        regularise: it lets a rate work that would otherwise destroy the network."""
    )
    run.say(
        """The weights of early stopping are those of the epoch at which the loss on the held-out pictures was lowest.
        Original and inverted dropout are one function: dividing by 1 - p in training saves the multiplication in testing."""
    )


def _claim(run: Run, trained: dict[str, Trained], zeros: dict[str, float]) -> None:
    plain = trained["nothing"]
    run.claim(
        "Without regularisation at least 99 % of the training pictures are learned, and test accuracy is 15 points lower",
        plain.train[1] >= 0.99 and plain.train[1] - plain.test[1] >= 0.15,
        f"{plain.train[1]:.1%} and {plain.test[1]:.1%}",
    )
    narrowing = [name for name in list(trained)[1:12] if name not in ("dropout 0.5", "weight sharing")]
    for name in narrowing:
        share = 1 - trained[name].gap / plain.gap
        run.claim(f"{name} narrows the gap of the losses by 10 % or more", share >= 0.1, f"{share:.0%}")
    lost = max(plain.test[1] - trained[name].test[1] for name in narrowing)
    run.claim("None of these costs more than 5 points of test accuracy", lost <= 0.05, f"at most {100 * lost:.1f}")
    dropped = trained["dropout 0.5"].test[1]
    run.claim(
        "Dropout alone does not lower the test accuracy (within 2 points, or better)",
        dropped >= plain.test[1] - 0.02,
        f"{dropped:.1%} against {plain.test[1]:.1%}",
    )
    sparse, dense = zeros["L1, proximal step"], zeros["L1, its gradient"]
    run.claim(
        "L1 with the proximal step makes at least 20 % of the first weights exactly 0, its gradient fewer than 0.1 %",
        sparse >= 0.2 and dense < 1e-3,
        f"{sparse:.1%} and {dense:.2%}",
    )
    small = trained["weight sharing"]
    share = _size(small.model) / _size(plain.model)
    run.claim(
        "Weight sharing: as accurate on the test pictures (within 3 points, or better) with less than 5 % of the numbers",
        small.test[1] >= plain.test[1] - 0.03 and share < 0.05,
        f"{small.test[1]:.1%} against {plain.test[1]:.1%}, with {share:.1%}",
    )
    wild, tamed = trained["rate x 8"], trained["rate x 8, gradient clipping"]
    run.claim(
        "With a rate 8 times as high training succeeds with gradient clipping (99 %) and not without (below 90 %)",
        tamed.train[1] >= 0.99 and not wild.train[1] >= 0.9,  # it may be no number
        f"{tamed.train[1]:.1%} and {wild.train[1]:.1%}".replace("nan%", "not a finite loss"),
    )
    _compare_dropouts(run, trained["dropout 0.5"].model)


def _compare_dropouts(run: Run, inverted: Module) -> None:
    """Show that both forms of dropout are one function, once the weights behind it are divided by 1 - p."""
    original = models.MLP(SIZES, dropout=0.5)
    original.load_state_dict(inverted.state_dict())
    for module in original.modules():
        for name, child in module.named_children():
            if isinstance(child, Dropout):
                setattr(module, name, OriginalDropout(child.p))
    with ag.no_grad():
        for linear in [module for module in original.modules() if isinstance(module, Linear)][1:]:
            linear.weight.div_(0.5)
    x = ag.randn(100, 784)
    for mode, what in ((True, "training, with the same masks"), (False, "testing")):
        answers = []
        for model in (inverted.train(mode), original.train(mode)):
            ag.manual_seed(run.seed)
            with ag.no_grad():
                answers.append(model(x).array)
        far = float(np.abs(answers[0] - answers[1]).max() / np.abs(answers[0]).max())
        run.claim(
            f"Inverted and original dropout give the same scores in {what} (to 1 in 100,000)", far < 1e-5, f"{far:.0e}"
        )


def _size(model: Module) -> int:
    return sum(p.numel() for p in model.parameters())


def _draw_gaps(run: Run, trained: dict[str, Trained], pictures: int) -> None:
    names = list(trained)[:13]
    drawn, charts = figures.new(1, 2, height=4.8, sharey=True)
    for axes, i, label in ((charts[0], 0, "loss"), (charts[1], 1, "accuracy")):
        for y, name in enumerate(names):
            ends = trained[name].train[i], trained[name].test[i]
            axes.plot(ends, (y, y), "-", color=figures.GREY, linewidth=2.5, zorder=1)
            for value, colour, marker in zip(ends, (figures.BLUE, figures.VERMILION), "os", strict=True):
                axes.plot(value, y, marker, color=colour, markersize=7)
        axes.axvline(trained["nothing"].test[i], color=figures.VERMILION, linestyle=":", linewidth=1.2, zorder=0)
        axes.set(xlabel=label, yticks=range(len(names)), yticklabels=names)
        axes.grid(visible=False, axis="y")
    charts[0].invert_yaxis()
    charts[0].tick_params(axis="y", labelcolor=figures.PAPER.ink, length=0)
    charts[1].tick_params(axis="y", length=0)
    charts[0].plot([], [], "o", color=figures.BLUE, label=f"training pictures ({pictures})")
    charts[0].plot([], [], "s", color=figures.VERMILION, label="test pictures (2000)")
    drawn.legend(loc="outside upper center", ncols=2)
    run.figure(
        "gaps",
        drawn,
        "Loss and accuracy after training, on the pictures that were learned from and on new ones. The grey line between "
        "them is the gap. Dotted: the test pictures without regularisation.",
    )


def _draw_curves(run: Run, trained: dict[str, Trained]) -> None:
    history = trained["nothing"].history
    stopped = trained["early stopping"].history
    best = int(np.argmin(stopped["val_loss"])) + 1
    drawn, axes = figures.new(height=3.2)
    epochs = np.arange(1, len(history["loss"]) + 1)
    axes.plot(epochs, history["loss"], color=figures.BLUE, label="training pictures")
    axes.plot(epochs, history["val_loss"], "--", color=figures.VERMILION, label="held-out pictures")
    axes.axvline(best, color=figures.GREEN, linestyle=":")
    axes.annotate(f"kept: epoch {best}", (best, axes.get_ylim()[1] * 0.9), (6, 0), textcoords="offset points")
    axes.set(xlabel="epoch", ylabel="loss", ylim=(0, None))
    axes.legend(loc="upper right")
    run.figure(
        "early-stopping",
        drawn,
        "Without regularisation: the loss on the training pictures falls to 0, that on pictures held out turns and rises. "
        "Early stopping keeps the weights of the turn.",
    )
    run.number("epoch that early stopping keeps", best)
    run.number("epochs that early stopping trained", len(stopped["loss"]))


def _draw_weights(run: Run, trained: dict[str, Trained]) -> dict[str, float]:
    """Draw the incoming weights of a few hidden units; return the share of exact zeros."""
    zeros, rows = {}, {}
    for name in ("nothing", "L2 (weight decay)", "L1, its gradient", "L1, proximal step"):
        weight = trained[name].model.get_parameter("layers.0.weight").array
        zeros[name] = float((weight == 0).mean())
        strongest = np.argsort(-np.abs(weight).sum(1), kind="stable")[:8]
        pictures = weight[strongest].reshape(-1, 28, 28)
        rows[f"{name}: {zeros[name]:.0%} exactly 0"] = list(pictures / np.abs(pictures).max((1, 2), keepdims=True))
    run.figure(
        "weights",
        strips(rows, cmap=figures.DIVERGING, vmin=-1, vmax=1),
        "The weights from the picture to eight hidden units, those with the most weight; red is positive, blue negative, white "
        "is 0; each picture has its own scale.",
    )
    return zeros


def _draw_pictures(run: Run, learned: data.ImageDataset, usual: Any) -> None:
    rows = {}
    for title, transform in (
        ("as they are", usual),
        ("augmentation: shifted by up to one pixel, mirrored or not", data.Compose([SHIFTED, usual])),
        ("input noise, of standard deviation 1.5", data.Compose([usual, NOISE])),
    ):
        images, _ = learned.with_transform(transform).batch(range(10))
        rows[title] = list(images.array[:, 0])
    run.figure(
        "pictures",
        strips(rows, cmap="gray", vmin=-0.8, vmax=2),
        "What the network is shown of ten pictures, in one epoch.",
    )
