"""Operations of object detection: boxes, and pooling over regions.  Names and arguments are those of torchvision.ops.

>>> import nn
>>> nn.ops.box_iou(ag.tensor([[0.0, 0.0, 2.0, 2.0]]), ag.tensor([[1.0, 0.0, 3.0, 2.0]])).item()
0.3333333432674408
"""

from .boxes import batched_nms, box_area, box_convert, box_iou, clip_boxes_to_image, nms, remove_small_boxes
from .regions import RoIAlign, RoIPool, roi_align, roi_pool

__all__ = [
    "RoIAlign",
    "RoIPool",
    "batched_nms",
    "box_area",
    "box_convert",
    "box_iou",
    "clip_boxes_to_image",
    "nms",
    "remove_small_boxes",
    "roi_align",
    "roi_pool",
]
