"""Tables of numbers with a class for each row, and the scaling of their columns."""

from __future__ import annotations

import csv
import io

import numpy as np

import autograd_core as ag

from .dataset import TensorDataset
from .embedded import read_embedded

__all__ = ["Standardize", "TableDataset", "wine"]


class TableDataset(TensorDataset):
    """Rows of features (D,) with their class; *columns* names the features, *classes* the classes.

    >>> table = TableDataset(ag.tensor([[1.0, 2.0]]), ag.tensor([0]), ("height", "width"), ("small", "large"))
    >>> table.features.shape, table.classes[table.labels[0].item()]
    ((1, 2), 'small')
    """

    def __init__(
        self, features: ag.Tensor, labels: ag.Tensor, columns: tuple[str, ...], classes: tuple[str, ...]
    ) -> None:
        super().__init__(features, labels)
        if features.ndim != 2 or features.shape[1] != len(columns):
            raise ag.errors.ShapeError(
                f"TableDataset: features has shape {tuple(features.shape)}, expected (N, {len(columns)}), a number for each "
                "of columns; name every column once"
            )
        self.features, self.labels, self.columns, self.classes = features, labels, columns, classes


def wine() -> TableDataset:
    """Return 13 measurements of each of 178 wines (float64), and which of three growers it comes from (int64).

    The columns differ in scale by more than a thousand: hue is near 1, proline near 750.  Source: Forina et al., the UCI
    machine learning repository, 1991; the file ships with the package.

    >>> table = wine()
    >>> table.features.shape, table.columns[-1], np.bincount(table.labels.numpy()).tolist()
    ((178, 13), 'proline', [59, 71, 48])
    """
    content, _ = read_embedded(
        "nn.data", "wine.csv", "f3d879d97b904314c357ef151c8426c3f05a8cda5da8fda78b928f4dfb6a7192"
    )
    head, *rows = csv.reader(io.StringIO(content.decode()))
    numbers = np.array(rows, np.float64)
    labels = ag.from_numpy(numbers[:, -1].astype(np.int64))
    return TableDataset(ag.from_numpy(numbers[:, :-1].copy()), labels, tuple(head[:-1]), ("first", "second", "third"))


class Standardize:
    """Give every column mean 0 and standard deviation 1: (x - mean) / std, with the figures of the rows it is made from.

    Make it from the training rows (N, D), and use it for the test rows too.  A column in which all numbers are equal is
    only shifted.

    >>> scale = Standardize(ag.tensor([[1.0, 5.0], [3.0, 5.0]]))
    >>> scale(ag.tensor([[1.0, 5.0], [5.0, 6.0]]))
    tensor([[-1.,  0.],
            [ 3.,  1.]])
    """

    def __init__(self, rows: ag.Tensor) -> None:
        if rows.ndim != 2 or not rows.shape[0] or not rows.is_floating_point():
            raise ag.errors.ShapeError(
                f"Standardize: rows has shape {tuple(rows.shape)} and dtype {rows.dtype}, expected floats (N, D), one "
                "row at least; give the training rows"
            )
        self.mean = rows.mean(0)
        std = rows.std(0, correction=0)
        self.std = ag.where(std > 0, std, 1.0).to(rows.dtype)

    def __call__(self, rows: ag.Tensor) -> ag.Tensor:
        return (rows - self.mean) / self.std
