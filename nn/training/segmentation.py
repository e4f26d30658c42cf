"""The figures of merit of semantic segmentation."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

import autograd_core as ag

from .metrics import ConfusionMatrix

__all__ = ["MeanIoU"]


class MeanIoU:
    """The mean over the classes of intersection over union, n_ii / (t_i + sum_j n_ji - n_ii).

    n_ij counts the pixels of class i taken for class j, and t_i those of class i.  Outputs are scores (N, classes, H, W),
    targets class numbers (N, H, W); pixels whose target is *ignore_index* count for nothing.  A class that neither the
    targets nor the answers have is left out of the mean.  The other three figures of the paper are methods.

    Source: Long, Shelhamer & Darrell, "Fully Convolutional Networks for Semantic Segmentation", 2015.

    >>> import autograd_core as ag
    >>> scores = ag.tensor([[[[2.0, 0.0, 0.0, 0.0]], [[1.0, 1.0, 1.0, 1.0]]]])  # (1, 2, 1, 4): answers 0 1 1 1
    >>> iou = MeanIoU(2)
    >>> iou.update(scores, ag.tensor([[[0, 0, 1, 1]]]))
    >>> iou.per_class().round(3).tolist(), round(iou.compute(), 3), iou.pixel_accuracy()
    ([0.5, 0.667], 0.583, 0.75)
    """

    def __init__(self, classes: int, ignore_index: int = -100, name: str = "mean_iou") -> None:
        self.confusion = ConfusionMatrix(classes)
        self.ignore_index, self.name = ignore_index, name

    def reset(self) -> None:
        """Forget what was gathered."""
        self.confusion.reset()

    def update(self, outputs: ag.Tensor, targets: ag.Tensor) -> None:
        """Take in one batch of scores (N, classes, H, W) and class numbers (N, H, W)."""
        if outputs.ndim < 3 or tuple(targets.shape) != (outputs.shape[0], *outputs.shape[2:]):
            raise ag.errors.ShapeError(
                f"{self.name}: outputs have shape {tuple(outputs.shape)}, targets {tuple(targets.shape)}: expected scores "
                "(N, classes, H, W) and class numbers (N, H, W)"
            )
        scores = np.moveaxis(outputs.detach().numpy(), 1, -1).reshape(-1, outputs.shape[1])
        classes = targets.detach().numpy().reshape(-1)
        kept = classes != self.ignore_index
        self.confusion.update(ag.from_numpy(scores[kept]), ag.from_numpy(classes[kept]))

    def compute(self) -> float:
        """Return the mean over the classes that occur."""
        return self._mean(self.per_class())

    def per_class(self) -> NDArray[np.float64]:
        """Return the intersection over union of each class, NaN for one that does not occur."""
        matrix = self._counted()
        return self._ratio(np.diag(matrix), matrix.sum(0) + matrix.sum(1) - np.diag(matrix))

    def pixel_accuracy(self) -> float:
        """Return the share of pixels that are right: sum_i n_ii / sum_i t_i."""
        matrix = self._counted()
        return float(np.trace(matrix) / matrix.sum())

    def mean_accuracy(self) -> float:
        """Return the mean over the classes of the share of their pixels that are found: n_ii / t_i."""
        matrix = self._counted()
        return self._mean(self._ratio(np.diag(matrix), matrix.sum(1)))

    def frequency_weighted(self) -> float:
        """Return the mean of intersection over union, each class weighted by its pixels t_i."""
        matrix = self._counted()
        return float(np.nansum(self.per_class() * matrix.sum(1)) / matrix.sum())

    def state_dict(self) -> dict[str, Any]:
        """Return what was gathered."""
        return self.confusion.state_dict()

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Go on from what ``state_dict`` returned."""
        self.confusion.load_state_dict(state_dict)

    def _counted(self) -> NDArray[np.float64]:
        if not self.confusion.matrix.any():
            raise ag.errors.ArgumentError(f"{self.name} has seen no pixels, so it has no mean; call update() first")
        return self.confusion.matrix.astype(np.float64)

    @staticmethod
    def _ratio(part: NDArray[np.float64], whole: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.divide(part, whole, out=np.full(len(part), np.nan), where=whole > 0)

    @staticmethod
    def _mean(values: NDArray[np.float64]) -> float:
        return float(np.nanmean(values))
