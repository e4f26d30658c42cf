"""Row 32: one network for both of a pair, ways around layers, and graphs of any form."""

from __future__ import annotations

from typing import Annotated, Any

import numpy as np
from numpy.typing import NDArray

import autograd_core as ag
import optim

from ... import data
from ...layers import Conv2d, Flatten, Linear, MaxPool2d, ReLU, Sequential, Tanh
from ...models import Siamese, contrastive_loss
from ...module import Module
from ...utils.stateless import functional_call
from .. import figures
from ..options import Count, Positive, at_least
from ..registry import lesson
from ..run import Run
from .clothes import balanced
from .strips import strips

COLOURS = (*figures.COLOURS, *figures.COLOURS[:3])
MARKERS = "ooooooo^^^"


class Tangle(Module):
    """A graph that is no chain: one layer used twice, a way around it, and a concatenation with the input."""

    def __init__(self) -> None:
        super().__init__()
        self.shared = Linear(3, 3)
        self.tanh = Tanh()
        self.head = Linear(6, 1)

    def forward(self, x: ag.Tensor) -> ag.Tensor:
        once = self.tanh(self.shared(x))
        twice = self.tanh(self.shared(once)) + once
        return self.head(ag.cat([twice, x], dim=1))


def branch() -> Sequential:
    """Return a small convolutional network that makes two numbers of a picture."""
    return Sequential(
        *(Conv2d(1, 8, 5, stride=2), ReLU(), Conv2d(8, 16, 3), ReLU(), MaxPool2d(2)),
        *(Flatten(), Linear(16 * 5 * 5, 64), ReLU(), Linear(64, 2)),
    )


@lesson(
    row=32,
    title="Shared weights, and graphs of any form",
    question="Can one network, used twice, learn to tell whether two pictures show the same kind of thing?",
    sources=(
        "Bromley et al., Signature verification using a siamese time delay neural network, 1993",
        "Hadsell, Chopra & LeCun, Dimensionality reduction by learning an invariant mapping, 2006",
        "He, Zhang, Ren & Sun, Deep residual learning for image recognition, 2016",
    ),
    minutes=0.9,
    quick={"pictures": 1000, "pairs": 4000, "epochs": 4},
)
def siamese(
    run: Run,
    *,
    pictures: Annotated[int, at_least(200, 10_000), "Fashion-MNIST pictures to pair"] = 4000,
    pairs: Annotated[int, at_least(500, 200_000), "pairs to learn from"] = 20_000,
    epochs: Annotated[Count, "times through them"] = 5,
    margin: Annotated[Positive, "how far apart pictures of different clothes should be"] = 2.0,
) -> None:
    """Train a siamese network on pairs of clothes, of which it is told only whether they are of one kind.

    Then ask it about new pairs, and look at the plane into which it lays new pictures.  A graph with a shared layer, a way
    around it and a concatenation is drawn, and its gradient checked.
    """
    splits = data.load("fashion-mnist")
    images, labels = splits.train.batch(balanced(splits.train.labels, pictures).tolist())
    new_images, new_labels = splits.test.batch(balanced(splits.test.labels, 1000).tolist())
    model = Siamese(branch())
    _learn(run, model, (images, labels.array), pairs, epochs, margin)
    with ag.no_grad():
        places, new_places = model.eval().branch(images).array, model.branch(new_images).array
    rows, found = [], {}
    for name, known, new in (
        ("pixels", images.array.reshape(len(images), -1), new_images.array.reshape(len(new_images), -1)),
        ("learned, two numbers", places, new_places),
    ):
        accuracy, threshold = _verify((known, labels.array), (new, new_labels.array))
        found[name] = accuracy
        rows.append((name, known.shape[1], threshold, accuracy))
    run.table("4,000 new pairs: one kind or two?", ("distance of", "numbers", "threshold", "accuracy"), rows)
    _draw_plane(run, new_places, new_labels.array, splits.classes)
    _draw_pairs(run, model, new_images, new_labels.array)
    _claim_sum(run, model, images[:20], images[20:40])
    _draw_graphs(run, model, (images[:1], images[1:2]))
    gained = found["learned, two numbers"] - found["pixels"]
    run.claim(
        "The learned distance tells new pairs apart at least 10 points better than the distance of the pixels",
        gained >= 0.1,
        f"{found['learned, two numbers']:.1%} against {found['pixels']:.1%}",
    )
    run.say(
        """The network was never told what a sandal is, only which pairs are of one kind. Yet pictures of a kind lie together in
        its plane, and kinds that look alike lie side by side. Both pictures of a pair go through the same weights, so the
        gradients of both uses add up in them. Any graph without circles is as good as a chain: where a value is used
        several times, its gradients are added."""
    )


def _learn(
    run: Run, model: Siamese, examples: tuple[ag.Tensor, NDArray[Any]], pairs: int, epochs: int, margin: float
) -> None:
    images, labels = examples
    optimizer = optim.Adam(model.parameters(), lr=1e-3)
    steps = [(epoch, i) for epoch in range(epochs) for i in range(0, pairs, 100)]
    losses: list[float] = []
    for _, i in run.track(steps, "pairs"):
        if i == 0:
            first, second, alike = data.label_pairs(labels, pairs)
        one, two, same = (a[i : i + 100] for a in (first, second, alike))
        optimizer.zero_grad()
        loss = contrastive_loss(model(images[one], images[two]), ag.from_numpy(same), margin)
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    per_epoch = np.array(losses).reshape(epochs, -1).mean(1)
    run.number("contrastive loss, first epoch", float(per_epoch[0]))
    run.number("contrastive loss, last epoch", float(per_epoch[-1]))


def _verify(known: tuple[NDArray[Any], NDArray[Any]], new: tuple[NDArray[Any], NDArray[Any]]) -> tuple[float, float]:
    """Return the accuracy on new pairs, below a threshold that is best for pairs of known examples, and this."""
    (distances, alike), (new_distances, new_alike) = (_distances(*examples) for examples in (known, new))
    tried = np.quantile(distances, np.linspace(0.02, 0.98, 97))
    threshold = tried[np.argmax([((distances < t) == alike).mean() for t in tried])]
    return float(((new_distances < threshold) == new_alike).mean()), float(threshold)


def _distances(features: NDArray[Any], labels: NDArray[Any]) -> tuple[NDArray[Any], NDArray[Any]]:
    first, second, alike = data.label_pairs(labels, 4000)
    return np.linalg.norm(features[first] - features[second], axis=1), alike


def _claim_sum(run: Run, model: Siamese, first: ag.Tensor, second: ag.Tensor) -> None:
    """Compare the gradient of the shared weights with those of two copies that are used once each."""
    copies = [branch(), branch()]
    for copy in copies:
        copy.load_state_dict(model.branch.state_dict())
    gap = (copies[0](first) - copies[1](second)).square().sum(1)
    (gap + 1e-12).sqrt().sum().backward()
    model.zero_grad()
    model(first, second).sum().backward()
    once = [
        ag.cat([p.grad.flatten() for p in used.parameters() if p.grad is not None]).array
        for used in (model.branch, *copies)
    ]
    far = float(np.abs(once[0] - once[1] - once[2]).max() / np.abs(once[0]).max())
    run.claim("The gradient of shared weights is the sum over both uses (to 1 in 10,000)", far < 1e-4, f"{far:.0e}")


def _draw_plane(run: Run, places: NDArray[Any], labels: NDArray[Any], classes: tuple[str, ...]) -> None:
    drawn, axes = figures.new(height=5)
    for kind, name in enumerate(classes):
        own = places[labels == kind]
        axes.scatter(*own.T, s=22, color=COLOURS[kind], marker=MARKERS[kind], alpha=0.8, linewidths=0, label=name)
    axes.set(xlabel="first number", ylabel="second number", aspect="equal", adjustable="datalim")
    drawn.legend(loc="outside right center", title="new pictures", fontsize=9, markerscale=1.5)
    run.figure("plane", drawn, "1,000 new pictures in the plane that the network learned from pairs alone.")


def _draw_pairs(run: Run, model: Siamese, images: ag.Tensor, labels: NDArray[Any]) -> None:
    first, second, alike = data.label_pairs(labels, 16)
    with ag.no_grad():
        distances = model(images[first], images[second]).array
    rows, captions = {}, {}
    for title, chosen in (("of one kind", alike), ("of two kinds", ~alike)):
        both = np.concatenate([images.array[first[chosen], 0], images.array[second[chosen], 0]], axis=2)
        title = f"New pairs {title}, and their distance"
        rows[title] = list(both)
        captions[title] = [f"{d:.2f}" for d in distances[chosen]]
    run.figure("pairs", strips(rows, captions, cmap="gray"), "Pairs as the network is asked about them.")


def _draw_graphs(run: Run, model: Siamese, pair: tuple[ag.Tensor, ag.Tensor]) -> None:
    """Draw the siamese network, and a graph with all that a chain has not."""
    from autograd_core.viz import draw

    tangle = Tangle().double()
    x = ag.randn(2, 3, dtype=ag.float64, requires_grad=True)
    names, parameters = zip(*tangle.named_parameters(), strict=True)
    right = ag.autograd.gradcheck(
        lambda x, *values: functional_call(tangle, dict(zip(names, values, strict=True)), (x,)), (x, *parameters)
    )
    run.claim("Sharing, a way around and concatenation: autograd gives the gradient of difference quotients", right)
    run.drawing(
        "graph",
        draw(tangle, x, depth=1, direction="LR", names={"x": x}),
        "The graph of a network with a layer that is used twice, a way around it, and a concatenation with the input.",
    )
    run.drawing(
        "siamese",
        draw(model, *pair, depth=1, direction="LR", names=dict(zip(("first", "second"), pair, strict=True))),
        "The siamese network: one branch, called for each picture of a pair, and the distance.",
    )
