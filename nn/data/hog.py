"""Histograms of oriented gradients: features of pictures made by hand."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

import autograd_core as ag

from .transforms import Images

__all__ = ["hog"]

CLIP, EPSILON = 0.2, 1e-5  # of the paper's "L2-Hys" normalisation; nothing is divided by 0


def hog(
    images: Images, *, orientations: int = 9, cell: int = 8, block: int = 2, signed: bool = False
) -> NDArray[np.float32]:
    r"""Return histograms of oriented gradients of pictures (N, C, H, W) or (N, H, W), as rows (N, features).

    At each pixel the gradient is the difference of its neighbours, of the channel where that is longest, and 0 across the edge.
    Each *cell* of cell x cell pixels sums the lengths of its gradients by their direction, in *orientations* bins over 180
    degrees (360 if *signed*); a gradient counts for the two bins beside it, by nearness.  A *block* of block x block cells is a
    vector v; blocks overlap.  It becomes :math:`v / \sqrt{\lVert v \rVert^2 + \epsilon^2}`, is cut off at 0.2, and normalised
    again.  The features are those of all blocks.  Pixels beyond the last whole cell are left out.

    Raises ShapeError for pictures that hold less than one block, ArgumentError for sizes below 1.  Source: Dalal & Triggs,
    "Histograms of Oriented Gradients for Human Detection", 2005; they let a pixel count for the four cells beside it too.

    >>> hog(np.zeros((5, 1, 28, 28), np.uint8), cell=7).shape  # 3 x 3 blocks of 2 x 2 cells of 9 numbers
    (5, 324)
    """
    for name, value in (("orientations", orientations), ("cell", cell), ("block", block)):
        if not isinstance(value, int) or value < 1:
            raise ag.errors.ArgumentError(f"hog: {name}={value!r}, expected a whole number of at least 1")
    pictures = np.asarray(images)
    if pictures.ndim == 3:
        pictures = pictures[:, None]
    if pictures.ndim != 4 or min(pictures.shape[-2:]) < cell * block:
        raise ag.errors.ShapeError(
            f"hog: images have shape {np.shape(images)}, expected (N, C, H, W) or (N, H, W) of {cell * block} pixels or more "
            "each way; take smaller cells or blocks"
        )
    cells = _cells(*_gradients(pictures.astype(np.float32)), orientations, cell, 360 if signed else 180)
    # (N, rows, columns, orientations, block, block), a view
    blocks = np.lib.stride_tricks.sliding_window_view(cells, (block, block), axis=(1, 2))
    rows = np.moveaxis(blocks, 3, -1).reshape(*blocks.shape[:3], block * block * orientations)
    return _normalised(np.minimum(_normalised(rows), np.float32(CLIP))).reshape(len(rows), math.prod(rows.shape[1:]))


def _gradients(pictures: NDArray[np.float32]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return the length and the direction in degrees of each pixel's gradient, both (N, H, W)."""
    dy, dx = np.zeros_like(pictures), np.zeros_like(pictures)
    dy[:, :, 1:-1] = pictures[:, :, 2:] - pictures[:, :, :-2]
    dx[..., 1:-1] = pictures[..., 2:] - pictures[..., :-2]
    lengths = np.hypot(dx, dy)
    strongest = lengths.argmax(1)[:, None]
    length, dx, dy = (np.take_along_axis(values, strongest, 1)[:, 0] for values in (lengths, dx, dy))
    return length, np.degrees(np.arctan2(dy, dx))


def _cells(
    length: NDArray[np.float32], angle: NDArray[np.float32], orientations: int, cell: int, turn: int
) -> NDArray[np.float32]:
    """Return the histogram of each cell, (N, rows, columns, orientations); the middle of bin i is at i + 1/2 bins."""
    place = (angle % turn) * (orientations / turn) - 0.5
    low = np.floor(place)
    share = place - low  # of the bin above
    rows, columns = length.shape[1] // cell, length.shape[2] // cell
    out = np.empty((len(length), rows, columns, orientations), np.float32)
    for i in range(orientations):
        votes: Any = length * ((low % orientations == i) * (1 - share) + ((low + 1) % orientations == i) * share)
        whole = votes[:, : rows * cell, : columns * cell].reshape(-1, rows, cell, columns, cell)
        out[..., i] = whole.sum((2, 4))
    return out


def _normalised(rows: NDArray[np.float32]) -> NDArray[np.float32]:
    scaled: NDArray[np.float32] = rows / np.sqrt(np.square(rows).sum(-1, keepdims=True) + np.float32(EPSILON**2))
    return scaled
