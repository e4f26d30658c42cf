"""Boxes, as rows (x1, y1, x2, y2) of corners with x1 <= x2 and y1 <= y2."""

from __future__ import annotations

import numpy as np

import autograd_core as ag
from autograd_core import Tensor

from .. import expect

__all__ = ["batched_nms", "box_area", "box_convert", "box_iou", "clip_boxes_to_image", "nms", "remove_small_boxes"]

FORMATS = ("xyxy", "xywh", "cxcywh")


def box_area(boxes: Tensor) -> Tensor:
    """Return the areas (N,) of *boxes* (N, 4): (x2 - x1) (y2 - y1).

    >>> box_area(ag.tensor([[1.0, 1.0, 3.0, 4.0]]))
    tensor([6.])
    """
    check_boxes("box_area", boxes, "boxes")
    return (boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1])


def box_convert(boxes: Tensor, in_fmt: str, out_fmt: str) -> Tensor:
    """Write *boxes* (N, 4) another way: "xyxy" corners, "xywh" corner and size, "cxcywh" middle and size.

    >>> box_convert(ag.tensor([[1.0, 1.0, 3.0, 5.0]]), "xyxy", "cxcywh")
    tensor([[2., 3., 2., 4.]])
    """
    check_boxes("box_convert", boxes, "boxes")
    for argument, value in (("in_fmt", in_fmt), ("out_fmt", out_fmt)):
        if value not in FORMATS:
            raise ag.errors.ArgumentError(f"box_convert: {argument}={value!r}, expected one of {', '.join(FORMATS)}")
    if in_fmt == out_fmt:
        return boxes.clone()
    first, second = boxes[:, :2], boxes[:, 2:]
    low = first - second / 2 if in_fmt == "cxcywh" else first
    size = second - first if in_fmt == "xyxy" else second
    if out_fmt == "xyxy":
        return ag.cat([low, low + size], 1)
    return ag.cat([low if out_fmt == "xywh" else low + size / 2, size], 1)


def box_iou(boxes1: Tensor, boxes2: Tensor) -> Tensor:
    """Return the areas (N, M) that boxes share, over those that they cover together.  Two boxes without area have 0.

    >>> box_iou(ag.tensor([[0.0, 0.0, 2.0, 2.0]]), ag.tensor([[1.0, 1.0, 3.0, 3.0], [5.0, 5.0, 6.0, 6.0]])).shape
    (1, 2)
    """
    check_boxes("box_iou", boxes1, "boxes1")
    check_boxes("box_iou", boxes2, "boxes2")
    low = ag.maximum(boxes1[:, None, :2], boxes2[None, :, :2])
    high = ag.minimum(boxes1[:, None, 2:], boxes2[None, :, 2:])
    shared = (high - low).clamp(min=0).prod(2)
    covered = box_area(boxes1)[:, None] + box_area(boxes2)[None] - shared
    return shared / ag.where(covered > 0, covered, 1.0)


def clip_boxes_to_image(boxes: Tensor, size: tuple[int, int]) -> Tensor:
    """Cut *boxes* (N, 4) to a picture of *size* (height, width).

    >>> clip_boxes_to_image(ag.tensor([[-1.0, 2.0, 9.0, 9.0]]), (6, 8))
    tensor([[0., 2., 8., 6.]])
    """
    check_boxes("clip_boxes_to_image", boxes, "boxes")
    height, width = size
    return ag.stack([boxes[:, i].clamp(0, (width, height)[i % 2]) for i in range(4)], 1)


def remove_small_boxes(boxes: Tensor, min_size: float) -> Tensor:
    """Return the places (K,) of the *boxes* (N, 4) both of whose sides are *min_size* at least.

    >>> remove_small_boxes(ag.tensor([[0.0, 0.0, 1.0, 9.0], [0.0, 0.0, 4.0, 4.0]]), 2.0)
    tensor([1])
    """
    check_boxes("remove_small_boxes", boxes, "boxes")
    corners = boxes.array
    return ag.from_numpy(np.flatnonzero((corners[:, 2:] - corners[:, :2] >= min_size).all(1)))


def nms(boxes: Tensor, scores: Tensor, iou_threshold: float) -> Tensor:
    """Return the places of the *boxes* (N, 4) that stay, best *scores* (N,) first: non-maximum suppression.

    The best box stays, and those whose intersection over union with it is above *iou_threshold* go; so on with the rest.

    >>> boxes = ag.tensor([[0.0, 0.0, 4.0, 4.0], [0.0, 0.0, 4.0, 3.5], [6.0, 6.0, 8.0, 8.0]])
    >>> nms(boxes, ag.tensor([0.8, 0.9, 0.3]), 0.5)
    tensor([1, 2])
    """
    check_boxes("nms", boxes, "boxes")
    expect.tensor("nms", scores, "scores")
    if scores.shape != boxes.shape[:1]:
        raise expect.shape_error("nms", scores, f"scores ({len(boxes)},)", "give one for each box")
    if not 0 <= iou_threshold <= 1:
        raise ag.errors.ArgumentError(f"nms: iou_threshold={iou_threshold!r}, expected a number from 0 to 1")
    left = np.argsort(-scores.array, kind="stable")
    with ag.no_grad():
        overlaps = box_iou(boxes, boxes).array
    kept = []
    while len(left):
        kept.append(left[0])
        left = left[1:][overlaps[left[0], left[1:]] <= iou_threshold]
    return ag.from_numpy(np.array(kept, np.int64))


def batched_nms(boxes: Tensor, scores: Tensor, idxs: Tensor, iou_threshold: float) -> Tensor:
    """Return what ``nms`` returns when boxes suppress only those with the same number in *idxs* (N,), their class, say.

    >>> boxes = ag.tensor([[0.0, 0.0, 4.0, 4.0], [0.0, 0.0, 4.0, 4.0]])
    >>> batched_nms(boxes, ag.tensor([0.8, 0.9]), ag.tensor([0, 1]), 0.5)
    tensor([1, 0])
    """
    check_boxes("batched_nms", boxes, "boxes")
    expect.indices("batched_nms", idxs, "idxs")
    if idxs.shape != boxes.shape[:1]:
        raise expect.shape_error("batched_nms", idxs, f"idxs ({len(boxes)},)", "give one for each box")
    if not len(boxes):
        return nms(boxes, scores, iou_threshold)
    corners = boxes.array
    apart = idxs.array.astype(corners.dtype) * (corners.max() - corners.min() + 1)  # each class in a place of its own
    return nms(ag.from_numpy(corners + apart[:, None]), scores, iou_threshold)


def check_boxes(name: str, boxes: Tensor, argument: str) -> None:
    """Raise unless *boxes* is a Tensor of floats, (N, 4)."""
    expect.tensor(name, boxes, argument)
    if boxes.ndim != 2 or boxes.shape[1] != 4:
        raise expect.shape_error(name, boxes, f"{argument} (N, 4)", "of no boxes use ag.zeros(0, 4)")
    if not boxes.is_floating_point():
        raise expect.dtype_error(name, boxes, f"{argument} of floats", f"convert it with {argument}.float()")
