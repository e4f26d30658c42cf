"""The figure of merit of object detection."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

import autograd_core as ag

from ..ops import box_iou

__all__ = ["MeanAveragePrecision", "average_precision"]

Found = Mapping[str, ag.Tensor]


def average_precision(right: NDArray[np.bool_], scores: NDArray[Any], positives: int) -> float:
    """Return the area under the curve of precision over recall, of answers that are *right* (N,) or not, by *scores* (N,).

    *positives* is how many right answers there could be.  The precision at a recall is the highest at that recall or a
    higher one: the definition of the PASCAL VOC challenge since 2010 (Everingham et al., 2015).

    >>> average_precision(np.array([True, False, True]), np.array([0.9, 0.8, 0.7]), 4)  # 1/4 at 1, 1/4 at 2/3
    0.41666666666666663
    """
    if positives < 1:
        raise ag.errors.ArgumentError(f"average_precision: positives={positives}, expected 1 or more")
    hits = np.cumsum(right[np.argsort(-scores, kind="stable")])
    recall = np.concatenate([[0.0], hits / positives])
    precision = hits / np.arange(1, len(hits) + 1)
    highest = np.maximum.accumulate(precision[::-1])[::-1]
    return float((np.diff(recall) * highest).sum())


class MeanAveragePrecision:
    """The mean over the classes of average precision, as the PASCAL VOC challenge defines it.

    Outputs are one dict a picture with "boxes" (K, 4), "scores" (K,) and "labels" (K,), as detectors give them; targets one
    with the true "boxes" and "labels".  From the best score down an answer is right if the true box of its class that it
    shares most with has an intersection over union of at least *iou_threshold* and was not found before.  Classes that the
    targets do not have are left out of the mean.

    Source: Everingham et al., "The PASCAL Visual Object Classes Challenge: A Retrospective", 2015.

    >>> import autograd_core as ag
    >>> true = {"boxes": ag.tensor([[0.0, 0.0, 4.0, 4.0]]), "labels": ag.tensor([1])}
    >>> found = {"boxes": ag.tensor([[0.0, 0.0, 4.0, 3.0]]), "scores": ag.tensor([0.9]), "labels": ag.tensor([1])}
    >>> precision = MeanAveragePrecision()
    >>> precision.update([found], [true])
    >>> precision.compute()
    1.0
    """

    def __init__(self, iou_threshold: float = 0.5, name: str = "map") -> None:
        if not 0 < iou_threshold <= 1:
            raise ag.errors.ArgumentError(
                f"MeanAveragePrecision: iou_threshold={iou_threshold!r}, expected a number above 0, at most 1"
            )
        self.iou_threshold, self.name = iou_threshold, name
        self.reset()

    def reset(self) -> None:
        """Forget what was gathered."""
        self.positives: dict[int, int] = {}  # by class
        self.answers: list[tuple[int, float, bool]] = []  # class, score, and whether it is right

    def update(self, outputs: Sequence[Found], targets: Sequence[Found]) -> None:
        """Take in what was found in some pictures, and what is there."""
        if len(outputs) != len(targets):
            raise ag.errors.ShapeError(
                f"{self.name}: outputs are of {len(outputs)} pictures, targets of {len(targets)}; give a dict for each picture"
            )
        for found, true in zip(outputs, targets, strict=True):
            labels = true["labels"].array
            for label in labels.tolist():
                self.positives[label] = self.positives.get(label, 0) + 1
            overlaps = box_iou(found["boxes"].detach(), true["boxes"]).array
            taken = np.zeros(len(labels), bool)
            scores, own = found["scores"].detach().array, found["labels"].array
            for place in np.argsort(-scores, kind="stable"):
                shared = np.where(labels == own[place], overlaps[place], -1.0)
                best = int(shared.argmax()) if len(shared) else -1
                right = best >= 0 and shared[best] >= self.iou_threshold and not taken[best]
                if right:
                    taken[best] = True
                self.answers.append((int(own[place]), float(scores[place]), bool(right)))

    def per_class(self) -> dict[int, float]:
        """Return the average precision of each class that the targets have."""
        if not self.positives:
            raise ag.errors.ArgumentError(f"{self.name} has seen no objects, so it has no mean; call update() first")
        made = {}
        for label, positives in sorted(self.positives.items()):
            own = [(score, right) for answer, score, right in self.answers if answer == label]
            scores, right = np.array([s for s, _ in own]), np.array([r for _, r in own], bool)
            made[label] = average_precision(right, scores, positives)
        return made

    def compute(self) -> float:
        """Return the mean over the classes."""
        return float(np.mean(list(self.per_class().values())))

    def state_dict(self) -> dict[str, Any]:
        """Return what was gathered."""
        return {
            "positives": [list(pair) for pair in self.positives.items()],
            "answers": [list(a) for a in self.answers],
        }

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Go on from what ``state_dict`` returned."""
        self.positives = {int(label): int(count) for label, count in state_dict["positives"]}
        self.answers = [(int(label), float(score), bool(right)) for label, score, right in state_dict["answers"]]
