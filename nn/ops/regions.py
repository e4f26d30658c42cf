"""Pooling over regions of interest: maps of one size from boxes of any."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

import autograd_core as ag
from autograd_core import Tensor

from .. import expect
from ..module import Module
from .boxes import check_boxes

__all__ = ["RoIAlign", "RoIPool", "roi_align", "roi_pool"]

Boxes = Tensor | Sequence[Tensor]
Size = int | Sequence[int]


def roi_pool(input: Tensor, boxes: Boxes, output_size: Size, spatial_scale: float = 1.0) -> Tensor:
    """Return the largest number in each of h x w bins of each box: (K, C, h, w) of *input* (N, C, H, W).

    *boxes* is a list of N tensors (K_n, 4), or one (K, 5) whose first column is the picture's number; their corners, times
    *spatial_scale*, are rounded to places of the maps, and both ends belong to the box.  Bin i of h covers the rows from
    floor(i H_box / h) to ceil((i + 1) H_box / h).  A bin outside the maps gives 0.  Boxes have no gradient.

    Source: Girshick, "Fast R-CNN", 2015.

    >>> maps = ag.arange(16.0).reshape(1, 1, 4, 4)
    >>> roi_pool(maps, [ag.tensor([[0.0, 0.0, 3.0, 3.0]])], 2).tolist()
    [[[[5.0, 7.0], [13.0, 15.0]]]]
    """
    pictures, corners = _regions("roi_pool", input, boxes)
    height, width = expect.pair("roi_pool", "output_size", output_size, 1)
    count, channels = len(corners), input.shape[1]
    # torchvision rounds half away from zero
    x1, y1, x2, y2 = (np.floor(corners.T.astype(np.float64) * spatial_scale + 0.5)).astype(np.int64)
    rows = _bins(y1, np.maximum(y2 - y1 + 1, 1), height, input.shape[2])  # (K, h, 2)
    columns = _bins(x1, np.maximum(x2 - x1 + 1, 1), width, input.shape[3])
    maps = input.array
    places = np.zeros((count, channels, height, width), np.int64)  # of the largest number in the plane
    filled = np.zeros((count, 1, height, width), input.dtype)
    for k, i, j in np.ndindex(count, height, width):
        (top, bottom), (left, right) = rows[k, i], columns[k, j]
        if top < bottom and left < right:
            window = maps[pictures[k], :, top:bottom, left:right].reshape(channels, -1)
            down, along = np.divmod(window.argmax(1), right - left)
            places[k, :, i, j] = (top + down) * input.shape[3] + left + along
            filled[k, 0, i, j] = 1
    flat = input.reshape(*input.shape[:2], -1)
    chosen = flat[pictures[:, None, None, None], np.arange(channels)[:, None, None], places]
    return chosen * ag.from_numpy(filled)


def _bins(start: NDArray[Any], length: NDArray[Any], bins: int, size: int) -> NDArray[Any]:
    """Return the first place and that behind the last of each bin (K, bins, 2), within the maps."""
    step = (length.astype(np.float32) / np.float32(bins))[:, None]  # in float32, as torchvision computes it
    numbers = np.arange(bins, dtype=np.float32)
    ends = np.stack([np.floor(numbers * step), np.ceil((numbers + 1) * step)], -1)
    return np.clip(ends.astype(np.int64) + start[:, None, None], 0, size)


def roi_align(
    input: Tensor,
    boxes: Boxes,
    output_size: Size,
    spatial_scale: float = 1.0,
    sampling_ratio: int = -1,
    aligned: bool = False,
) -> Tensor:
    """Return the mean of interpolated numbers in each of h x w bins of each box: (K, C, h, w) of *input* (N, C, H, W).

    *boxes* is a list of N tensors (K_n, 4), or one (K, 5) whose first column is the picture's number; corners are multiplied
    by *spatial_scale*, and not rounded.  Each bin is sampled at *sampling_ratio* x *sampling_ratio* points, or with -1 at as
    many as places that it covers, by bilinear interpolation; points more than one place outside count as 0.  *aligned* moves
    the boxes by half a place, so that a place is the middle of its square (best); without it a box has one place at least.

    Interpolation works row by row and column by column, so a box is two matrices: out = R x C^T, of weights (h, H) and (w, W).
    Boxes have no gradient.

    Source: He et al., "Mask R-CNN", 2017.

    >>> maps = ag.arange(16.0).reshape(1, 1, 4, 4)
    >>> roi_align(maps, [ag.tensor([[0.0, 0.0, 4.0, 4.0]])], 2, aligned=True).tolist()
    [[[[2.5, 4.5], [10.5, 12.5]]]]
    """
    pictures, corners = _regions("roi_align", input, boxes)
    height, width = expect.pair("roi_align", "output_size", output_size, 1)
    if sampling_ratio != -1:
        expect.size("roi_align", sampling_ratio=sampling_ratio)
    x1, y1, x2, y2 = corners.T.astype(np.float64) * spatial_scale - (0.5 if aligned else 0)
    rows = _weights(y1, y2 - y1, height, input.shape[2], sampling_ratio, aligned)
    columns = _weights(x1, x2 - x1, width, input.shape[3], sampling_ratio, aligned)
    down, along = (ag.from_numpy(part.astype(input.dtype)) for part in (rows, columns.swapaxes(1, 2)))
    return down[:, None] @ input[pictures] @ along[:, None]


def _weights(
    start: NDArray[Any], length: NDArray[Any], bins: int, size: int, ratio: int, aligned: bool
) -> NDArray[np.float64]:
    """Return how much each of *size* places counts in each bin, (K, bins, size)."""
    if not aligned:
        length = np.maximum(length, 1)
    weights = np.zeros((len(start), bins, size))
    for own, first, extent in zip(weights, start, length, strict=True):
        samples = ratio if ratio > 0 else max(int(np.ceil(extent / bins)), 1)
        points = first + (np.arange(bins * samples) + 0.5) * extent / (bins * samples)
        inside = (points >= -1) & (points <= size)
        points = np.clip(points, 0, size - 1)
        low = np.floor(points).astype(np.int64)
        which = np.arange(len(points)) // samples
        for place, share in ((low, 1 - (points - low)), (np.minimum(low + 1, size - 1), points - low)):
            np.add.at(own, (which, place), share * inside / samples)
    return weights


def _regions(name: str, input: Tensor, boxes: Boxes) -> tuple[NDArray[np.int64], NDArray[Any]]:
    """Return the picture's number (K,) and the corners (K, 4) of each box."""
    expect.tensor(name, input)
    if input.ndim != 4:
        raise expect.shape_error(name, input, "(N, C, H, W)", "a picture alone is picture[None]")
    if isinstance(boxes, Tensor):
        if boxes.ndim != 2 or boxes.shape[1] != 5:
            raise expect.shape_error(name, boxes, "boxes (K, 5), or a list of (K, 4)", "for one picture give [boxes]")
        numbers, corners = boxes.array[:, 0].astype(np.int64), boxes.array[:, 1:]
    else:
        if len(boxes) != len(input):
            raise ag.errors.ArgumentError(
                f"{name}: boxes has {len(boxes)} tensors, expected one for each of {len(input)} pictures"
            )
        for own in boxes:
            check_boxes(name, own, "boxes")
        numbers = np.repeat(np.arange(len(boxes)), [len(own) for own in boxes])
        corners = np.concatenate([own.array for own in boxes]) if len(boxes) else np.zeros((0, 4))
    expect.in_range(name, numbers, len(input), "boxes", "numbers of pictures", "look at the first column")
    return numbers, corners


class RoIPool(Module):
    """Apply ``roi_pool`` with this *output_size* and *spatial_scale*.

    >>> RoIPool(2, 0.5)(ag.zeros(1, 3, 8, 8), [ag.tensor([[0.0, 0.0, 8.0, 8.0]])]).shape
    (1, 3, 2, 2)
    """

    def __init__(self, output_size: Size, spatial_scale: float) -> None:
        super().__init__()
        self.output_size, self.spatial_scale = output_size, spatial_scale

    def forward(self, input: Tensor, rois: Boxes) -> Tensor:
        return roi_pool(input, rois, self.output_size, self.spatial_scale)


class RoIAlign(Module):
    """Apply ``roi_align`` with these arguments.

    >>> RoIAlign(2, 0.5, 2)(ag.zeros(1, 3, 8, 8), [ag.tensor([[0.0, 0.0, 8.0, 8.0]])]).shape
    (1, 3, 2, 2)
    """

    def __init__(self, output_size: Size, spatial_scale: float, sampling_ratio: int, aligned: bool = False) -> None:
        super().__init__()
        self.output_size, self.spatial_scale = output_size, spatial_scale
        self.sampling_ratio, self.aligned = sampling_ratio, aligned

    def forward(self, input: Tensor, rois: Boxes) -> Tensor:
        return roi_align(input, rois, self.output_size, self.spatial_scale, self.sampling_ratio, self.aligned)
