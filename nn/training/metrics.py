"""Figures of merit, gathered batch by batch: ``update`` takes one in, ``compute`` gives the figure."""

from __future__ import annotations

from typing import Any, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

import autograd_core as ag

__all__ = ["Accuracy", "ConfusionMatrix", "Mean", "Metric", "ReconstructionError", "TopK"]


@runtime_checkable
class Metric(Protocol):
    """A streaming figure: it sees one batch after the other.  ``name`` is its column in the history.

    >>> metric: Metric = Accuracy()
    >>> metric.update(ag.tensor([[2.0, 1.0], [0.0, 3.0]]), ag.tensor([0, 0]))
    >>> metric.name, metric.compute()
    ('accuracy', 0.5)
    """

    name: str

    def reset(self) -> None:
        """Forget what was gathered."""
        ...

    def update(self, outputs: ag.Tensor, targets: ag.Tensor) -> None:
        """Take in one batch."""
        ...

    def compute(self) -> float | NDArray[Any]:
        """Return the figure of all that was taken in."""
        ...

    def state_dict(self) -> dict[str, Any]:
        """Return what was gathered, for a checkpoint."""
        ...

    def load_state_dict(self, state_dict: dict[str, Any], /) -> None:
        """Go on from what ``state_dict`` returned."""
        ...


class Mean:
    """The mean of numbers, each with a weight: the mean loss of an epoch, say.

    >>> mean = Mean("loss")
    >>> mean.add(2.0, weight=3)
    >>> mean.add(4.0, weight=1)
    >>> mean.compute()
    2.5
    """

    def __init__(self, name: str = "mean") -> None:
        self.name = name
        self.reset()

    def reset(self) -> None:
        """Forget what was gathered."""
        self.total, self.weight = 0.0, 0.0

    def add(self, value: float, weight: float = 1.0) -> None:
        """Take in one number."""
        self.total += value * weight
        self.weight += weight

    def compute(self) -> float:
        """Return the mean so far."""
        if not self.weight:
            raise ag.errors.ArgumentError(f"{self.name} has seen no samples, so it has no mean; call update() first")
        return self.total / self.weight

    def state_dict(self) -> dict[str, Any]:
        """Return what was gathered."""
        return {"total": self.total, "weight": self.weight}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Go on from what ``state_dict`` returned."""
        self.total, self.weight = state_dict["total"], state_dict["weight"]


class TopK(Mean):
    """The share of samples whose true class is among the *k* highest scores.

    Outputs are scores ``(N, classes)``, or hold them as ``logits``; targets are class numbers ``(N,)``.  The true class
    counts as found when fewer than *k* classes score higher, or as high with a smaller number.

    >>> import autograd_core as ag
    >>> top2 = TopK(2)
    >>> top2.update(ag.tensor([[0.1, 0.7, 0.2], [0.8, 0.1, 0.1]]), ag.tensor([2, 2]))
    >>> top2.compute()
    0.5
    """

    def __init__(self, k: int = 5, name: str | None = None) -> None:
        if not isinstance(k, int) or k < 1:
            raise ag.errors.ArgumentError(f"k is {k!r}: expected a whole number of at least 1")
        self.k = k
        super().__init__(name or f"top{k}")

    def update(self, outputs: ag.Tensor, targets: ag.Tensor) -> None:
        """Take in one batch."""
        scores, classes = _scores_and_classes(outputs, targets)
        if len(classes):
            own = np.take_along_axis(scores, classes[:, None], axis=1)  # (N, 1)
            earlier = np.arange(scores.shape[1]) < classes[:, None]  # (N, classes)
            rank = ((scores > own) | ((scores == own) & earlier)).sum(axis=1)
            found = (rank < self.k) & ~np.isnan(own[:, 0])
            self.total += int(found.sum())
            self.weight += len(classes)


class Accuracy(TopK):
    """The share of samples whose highest score is that of their true class.

    >>> import autograd_core as ag
    >>> accuracy = Accuracy()
    >>> accuracy.update(ag.tensor([[0.1, 0.9], [0.8, 0.2]]), ag.tensor([1, 1]))
    >>> accuracy.compute()
    0.5
    """

    def __init__(self, name: str = "accuracy") -> None:
        super().__init__(1, name)


class ConfusionMatrix:
    """How often each class was taken for each: ``matrix[true, predicted]``.

    >>> import autograd_core as ag
    >>> confusion = ConfusionMatrix(2)
    >>> confusion.update(ag.tensor([[0.1, 0.9], [0.8, 0.2], [0.3, 0.7]]), ag.tensor([1, 0, 0]))
    >>> confusion.compute().tolist()
    [[1, 1], [0, 1]]
    """

    def __init__(self, classes: int, name: str = "confusion") -> None:
        if not isinstance(classes, int) or classes < 1:
            raise ag.errors.ArgumentError(f"classes is {classes!r}: expected the number of classes, at least 1")
        self.classes, self.name = classes, name
        self.reset()

    def reset(self) -> None:
        """Forget what was gathered."""
        self.matrix: NDArray[np.int64] = np.zeros((self.classes, self.classes), np.int64)

    def update(self, outputs: ag.Tensor, targets: ag.Tensor) -> None:
        """Take in one batch: scores ``(N, classes)`` and class numbers ``(N,)``."""
        scores, classes = _scores_and_classes(outputs, targets)
        if scores.shape[1] != self.classes:
            raise ag.errors.ShapeError(
                f"outputs have {scores.shape[1]} classes, but this confusion matrix was made for {self.classes}"
            )
        np.add.at(self.matrix, (classes, scores.argmax(axis=1)), 1)

    def compute(self) -> NDArray[np.int64]:
        """Return a copy of the matrix."""
        return self.matrix.copy()

    def state_dict(self) -> dict[str, Any]:
        """Return what was gathered."""
        return {"matrix": self.matrix.copy()}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Go on from what ``state_dict`` returned."""
        self.matrix = np.array(state_dict["matrix"], np.int64)


class ReconstructionError(Mean):
    """The mean squared difference between what an autoencoder gives and what it should give, over all elements.

    >>> import autograd_core as ag
    >>> error = ReconstructionError()
    >>> error.update(ag.tensor([[1.0, 0.0]]), ag.tensor([[0.0, 0.0]]))
    >>> error.compute()
    0.5
    """

    def __init__(self, name: str = "error") -> None:
        super().__init__(name)

    def update(self, outputs: ag.Tensor, targets: ag.Tensor) -> None:
        """Take in one batch: two tensors of one shape."""
        given, wanted = outputs.detach().numpy(), targets.detach().numpy()
        if given.shape != wanted.shape:
            raise ag.errors.ShapeError(
                f"outputs have shape {given.shape}, targets {wanted.shape}: a reconstruction has its target's shape"
            )
        if given.size:
            self.add(float(np.square(given - wanted).mean(dtype=np.float64)), given.size)


def _scores_and_classes(outputs: Any, targets: ag.Tensor) -> tuple[NDArray[Any], NDArray[Any]]:
    outputs = getattr(outputs, "logits", outputs)  # of a network with auxiliary heads
    scores, classes = outputs.detach().numpy(), targets.detach().numpy()
    if scores.ndim != 2 or classes.shape != scores.shape[:1]:
        raise ag.errors.ShapeError(
            f"outputs have shape {scores.shape}, targets {classes.shape}: "
            "expected scores (N, classes) and class numbers (N,)"
        )
    if classes.dtype.kind not in "iu":
        raise ag.errors.ArgumentError(
            f"targets are {classes.dtype}: expected class numbers of an integer dtype; use targets.long()"
        )
    if len(classes) and not 0 <= classes.min() <= classes.max() < scores.shape[1]:
        raise ag.errors.ArgumentError(
            f"targets hold classes {classes.min()} to {classes.max()}, "
            f"but outputs have classes 0 to {scores.shape[1] - 1}; look at the labels, or give the model more outputs"
        )
    return scores, classes
