"""Finding objects: one by regression of its box, many by a network that proposes regions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

import autograd_core as ag
from autograd_core import Tensor

from .. import expect, ops
from .. import functional as F
from ..layers import Conv2d, Flatten, Linear, ReLU, Sequential
from ..module import Module

__all__ = ["Detector", "Localizer", "anchor_boxes", "decode_boxes", "encode_boxes"]

Found = dict[str, Tensor]
DELTA_WEIGHTS = (10.0, 10.0, 5.0, 5.0)  # Fast R-CNN scales its targets so: they come out with a deviation near 1
LARGEST_STEP = float(np.log(1000 / 16))  # a box grows by no more than this: exp stays finite


def encode_boxes(boxes: Tensor, references: Tensor) -> Tensor:
    """Return how far *boxes* (N, 4) are from *references* (N, 4): (dx / w, dy / h, log w'/w, log h'/h), weighted.

    The first two are the shifts of the middle by the reference's size, the others its growth; they are scaled by 10, 10, 5
    and 5.  ``decode_boxes`` undoes it.

    Source: Girshick et al., "Rich feature hierarchies", 2014, appendix C; the scales are those of Fast R-CNN's program.

    >>> encode_boxes(ag.tensor([[1.0, 0.0, 3.0, 2.0]]), ag.tensor([[0.0, 0.0, 2.0, 2.0]])).tolist()
    [[5.0, 0.0, 0.0, 0.0]]
    """
    own, other = (ops.box_convert(b, "xyxy", "cxcywh") for b in (boxes, references))
    shifts = (own[:, :2] - other[:, :2]) / other[:, 2:]
    growth = (own[:, 2:] / other[:, 2:]).log()
    return ag.cat([shifts, growth], 1) * ag.tensor(DELTA_WEIGHTS, dtype=boxes.dtype)


def decode_boxes(deltas: Tensor, references: Tensor) -> Tensor:
    """Return the boxes (N, 4) that *deltas* (N, 4), as ``encode_boxes`` makes them, are away from *references* (N, 4).

    >>> decode_boxes(ag.tensor([[5.0, 0.0, 0.0, 0.0]]), ag.tensor([[0.0, 0.0, 2.0, 2.0]])).tolist()
    [[1.0, 0.0, 3.0, 2.0]]
    """
    deltas = deltas / ag.tensor(DELTA_WEIGHTS, dtype=deltas.dtype)
    other = ops.box_convert(references, "xyxy", "cxcywh")
    middle = other[:, :2] + deltas[:, :2] * other[:, 2:]
    size = other[:, 2:] * deltas[:, 2:].clamp(max=LARGEST_STEP).exp()
    return ops.box_convert(ag.cat([middle, size], 1), "cxcywh", "xyxy")


def anchor_boxes(
    map_size: tuple[int, int], step: int, sizes: Sequence[float], ratios: Sequence[float] = (0.5, 1.0, 2.0)
) -> Tensor:
    """Return boxes (h w A, 4) around the middle of each place of maps of *map_size*, the A of a place one after the other.

    A place is *step* x *step* pixels of the picture.  There is one anchor for each of *ratios*, height over width, and
    *sizes*, the side of the square of the same area.

    Source: Ren et al., "Faster R-CNN", 2015.

    >>> anchor_boxes((1, 2), 8, [4.0], [1.0]).tolist()
    [[2.0, 2.0, 6.0, 6.0], [10.0, 2.0, 14.0, 6.0]]
    """
    height, width = map_size
    half = np.array([(s / r**0.5 / 2, s * r**0.5 / 2) for r in ratios for s in sizes])  # (A, 2): x, y
    y, x = np.mgrid[:height, :width]
    middle = (np.stack([x, y], -1).reshape(-1, 1, 2) + 0.5) * step  # (h w, 1, 2)
    return ag.from_numpy(np.concatenate([middle - half, middle + half], -1).reshape(-1, 4).astype(np.float32))


class Localizer(Module):
    """Say what the one object of each picture is, logits (N, num_classes), and where, boxes (N, 4) in pixels.

    Both heads read the maps of *features*, which give *channels* of them and are averaged down to 4 x 4.  The box is coded
    as its corners' shares of the picture.  ``loss`` is the sum of cross entropy and *box_weight* times the smooth absolute
    error of the shares.

    Source: Sermanet et al., "OverFeat", 2013; Simonyan & Zisserman, 2014, appendix A.

    >>> import nn
    >>> model = Localizer(nn.models.SmallCNN().features, 96, 10)
    >>> [made.shape for made in model(ag.zeros(2, 1, 64, 64))]
    [(2, 10), (2, 4)]
    """

    def __init__(
        self, features: Module, channels: int, num_classes: int, hidden: int = 128, box_weight: float = 10.0
    ) -> None:
        super().__init__()
        expect.size("Localizer", channels=channels, num_classes=num_classes, hidden=hidden)
        self.features, self.box_weight = features, box_weight
        self.classifier = Sequential(Flatten(), Linear(16 * channels, hidden), ReLU(), Linear(hidden, num_classes))
        self.regressor = Sequential(Flatten(), Linear(16 * channels, hidden), ReLU(), Linear(hidden, 4))

    def forward(self, input: Tensor) -> tuple[Tensor, Tensor]:
        maps = F.adaptive_avg_pool2d(self.features(input), 4)
        height, width = input.shape[2:]
        shares = self.regressor(maps) + ag.tensor([0.25, 0.25, 0.75, 0.75], dtype=input.dtype)  # the middle, at first
        return self.classifier(maps), shares * ag.tensor([width, height, width, height], dtype=input.dtype)

    def loss(self, input: Tensor, boxes: Tensor, labels: Tensor) -> Tensor:
        """Return the loss of pictures whose objects are in *boxes* (N, 4) and of classes *labels* (N,)."""
        logits, found = self(input)
        height, width = input.shape[2:]
        size = ag.tensor([width, height, width, height], dtype=input.dtype)
        return F.cross_entropy(logits, labels) + self.box_weight * F.smooth_l1_loss(
            found / size, boxes / size, beta=0.1
        )


class Detector(Module):
    """Find objects in two stages: a network over the maps proposes regions, and a head says what each holds, and where.

    *features* turn pictures (N, C, H, W) into maps of *channels*, one place for *step* x *step* pixels.  At each place the
    proposal network scores the ``anchor_boxes`` of *anchor_sizes* and *ratios*, and moves them to the object; the best that
    ``nms`` leaves go through ``roi_align`` to the head, which scores the classes, 0 for none of them, and moves the box again.

    ``loss`` is for training; a call returns for each picture "boxes" (K, 4), "scores" (K,) and "labels" (K,), best first,
    the labels counted from 0.  In training, anchors count as objects from an intersection over union of 0.7, or where no
    other is better, and as ground below 0.3; regions as objects from 0.5.  Both are sampled, at most 64 and 32 a picture.

    Source: Ren et al., "Faster R-CNN", 2015; He et al., "Mask R-CNN", 2017, for the alignment.

    >>> import nn
    >>> model = Detector(nn.models.SmallCNN().features, 96, 8, 3).eval()
    >>> [sorted(found) for found in model(ag.zeros(2, 1, 64, 64))]
    [['boxes', 'labels', 'scores'], ['boxes', 'labels', 'scores']]
    """

    def __init__(
        self,
        features: Module,
        channels: int,
        step: int,
        num_classes: int,
        *,
        anchor_sizes: Sequence[float] = (24.0, 40.0, 64.0),
        ratios: Sequence[float] = (0.5, 1.0, 2.0),
        hidden: int = 128,
        pooled: int = 5,
        proposals: int = 40,
        score_threshold: float = 0.05,
        nms_threshold: float = 0.5,
        generator: ag.Generator | None = None,
    ) -> None:
        super().__init__()
        sizes = {"channels": channels, "step": step, "num_classes": num_classes, "hidden": hidden}
        expect.size("Detector", **sizes, pooled=pooled, proposals=proposals)
        if not anchor_sizes or not ratios or min(*anchor_sizes, *ratios) <= 0:
            raise ag.errors.ArgumentError(
                f"Detector: anchor_sizes={anchor_sizes!r} and ratios={ratios!r}, expected one positive number or more each"
            )
        self.features, self.step, self.num_classes = features, step, num_classes
        self.anchor_sizes, self.ratios = tuple(anchor_sizes), tuple(ratios)
        self.pooled, self.proposals = pooled, proposals
        self.score_threshold, self.nms_threshold, self.generator = score_threshold, nms_threshold, generator
        anchors = len(self.anchor_sizes) * len(self.ratios)
        self.shared = Sequential(Conv2d(channels, channels, 3, padding=1), ReLU())
        self.objectness = Conv2d(channels, anchors, 1)
        self.shifts = Conv2d(channels, 4 * anchors, 1)
        self.head = Sequential(Flatten(), Linear(channels * pooled * pooled, hidden), ReLU())
        self.classes = Linear(hidden, 1 + num_classes)
        self.boxes = Linear(hidden, 4 * num_classes)

    # ---------------------------------------------------------------------------------------------- the two stages

    def _first(self, input: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """Return the maps, the anchors (P, 4), their logits (N, P) and their shifts (N, P, 4)."""
        maps = self.features(input)
        height, width = maps.shape[2:]
        if any(abs(n - m * self.step) >= self.step for n, m in zip(input.shape[2:], maps.shape[2:], strict=True)):
            raise expect.shape_error(
                "Detector", maps, f"maps of a place for {self.step} x {self.step} of {tuple(input.shape[2:])} pixels",
                "step is how often the features halve the picture: 2 ** poolings",
            )  # fmt: skip
        anchors = anchor_boxes((height, width), self.step, self.anchor_sizes, self.ratios).to(input.dtype)
        shared = self.shared(maps)
        logits = self.objectness(shared).permute(0, 2, 3, 1).reshape(len(input), -1)
        shifts = self.shifts(shared).permute(0, 2, 3, 1).reshape(len(input), -1, 4)
        return maps, anchors, logits, shifts

    @ag.no_grad()
    def _proposed(self, anchors: Tensor, logits: Tensor, shifts: Tensor, size: tuple[int, int]) -> list[Tensor]:
        """Return the best regions of each picture."""
        found = []
        for own, moves in zip(logits, shifts, strict=True):
            best = ag.from_numpy(np.argsort(-own.detach().array, kind="stable")[: 6 * self.proposals])
            boxes = ops.clip_boxes_to_image(decode_boxes(moves[best], anchors[best]), size)
            large = ops.remove_small_boxes(boxes, 2.0)
            kept = ops.nms(boxes[large], own[best][large], 0.7)[: self.proposals]
            found.append(boxes[large][kept])
        return found

    def _second(self, maps: Tensor, regions: list[Tensor]) -> tuple[Tensor, Tensor]:
        """Return the logits (K, 1 + classes) and shifts (K, classes, 4) of all regions."""
        pooled = ops.roi_align(maps, regions, self.pooled, 1 / self.step, sampling_ratio=2, aligned=True)
        hidden = self.head(pooled)
        return self.classes(hidden), self.boxes(hidden).reshape(-1, self.num_classes, 4)

    # --------------------------------------------------------------------------------------------------- in use

    @ag.no_grad()
    def forward(self, input: Tensor) -> list[Found]:
        self._check(input)
        size = input.shape[2], input.shape[3]
        maps, anchors, logits, shifts = self._first(input)
        regions = self._proposed(anchors, logits, shifts, size)
        scores, moves = self._second(maps, regions)
        shares, ends = ag.softmax(scores, 1), np.cumsum([len(own) for own in regions])
        found = []
        for end, own in zip(ends.tolist(), regions, strict=True):
            rows = slice(end - len(own), end)
            found.append(self._answers(own, shares[rows], moves[rows], size))
        return found

    def _answers(self, regions: Tensor, shares: Tensor, moves: Tensor, size: tuple[int, int]) -> Found:
        """Return the objects of one picture: each class of each region is an answer, and the sure ones stay."""
        region, label = np.nonzero(shares.array[:, 1:] > self.score_threshold)
        boxes = ops.clip_boxes_to_image(decode_boxes(moves[region, label], regions[region]), size)
        scores, labels = shares[region, label + 1], ag.from_numpy(label)
        kept = ops.batched_nms(boxes, scores, labels, self.nms_threshold)
        return {"boxes": boxes[kept], "scores": scores[kept], "labels": labels[kept]}

    # ---------------------------------------------------------------------------------------------- in training

    def loss(self, input: Tensor, targets: Sequence[Mapping[str, Tensor]]) -> Tensor:
        """Return the loss of pictures, whose *targets* have "boxes" (K, 4) and "labels" (K,), from 0: the sum of the four."""
        return sum(self.losses(input, targets).values(), start=ag.zeros((), dtype=input.dtype))

    def losses(self, input: Tensor, targets: Sequence[Mapping[str, Tensor]]) -> dict[str, Tensor]:
        """Return the four losses of ``loss`` by name: of objectness, anchors, classes and boxes."""
        self._check(input)
        if len(targets) != len(input):
            raise ag.errors.ArgumentError(
                f"Detector: {len(targets)} targets for {len(input)} pictures; give one for each"
            )
        draws = (self.generator or ag.default_generator).numpy
        maps, anchors, logits, shifts = self._first(input)
        wanted, chosen, moved = [], [], []
        for n, target in enumerate(targets):
            best, overlap = _best_match(anchors, target["boxes"])
            positive = overlap >= 0.7
            if len(target["boxes"]):
                overlaps = ops.box_iou(anchors, target["boxes"]).array
                positive |= ((overlaps == overlaps.max(0)) & (overlaps > 0)).any(1)
            places = _sample(positive, (overlap < 0.3) & ~positive, 64, 0.5, draws)
            chosen.append(n * len(anchors) + places)
            wanted.append(positive[places])
            own = places[positive[places]]
            moved.append((n * len(anchors) + own, anchors[own], target["boxes"][best[own]]))
        places, found = np.concatenate(chosen), np.concatenate(wanted)
        flat, steps = logits.reshape(-1), shifts.reshape(-1, 4)
        losses = {
            "objectness": F.binary_cross_entropy_with_logits(
                flat[places], ag.from_numpy(found.astype(input.dtype)), reduction="sum"
            ) / max(len(places), 1),
            "anchors": _box_loss(steps, moved, len(places)),
        }  # fmt: skip
        return losses | self._second_losses(maps, anchors, logits, shifts, input, targets, draws)

    def _second_losses(
        self, maps: Tensor, anchors: Tensor, logits: Tensor, shifts: Tensor, input: Tensor,
        targets: Sequence[Mapping[str, Tensor]], draws: np.random.Generator,
    ) -> dict[str, Tensor]:  # fmt: skip
        """Return the losses of the head, on regions proposed now and on the true boxes."""
        regions, labels, moved, before = [], [], [], 0
        proposed = self._proposed(anchors, logits, shifts, (input.shape[2], input.shape[3]))
        for own, target in zip(proposed, targets, strict=True):
            own = ag.cat([own, target["boxes"].to(own.dtype)])
            best, overlap = _best_match(own, target["boxes"])
            positive = overlap >= 0.5
            places = _sample(positive, ~positive, 32, 0.25, draws)
            label = np.zeros(len(places), np.int64)
            inside = np.flatnonzero(positive[places])
            label[inside] = 1 + target["labels"].array[best[places[inside]]]
            rows = (before + inside) * self.num_classes + label[inside] - 1
            moved.append((rows, own[places[inside]], target["boxes"][best[places[inside]]]))
            regions.append(own[places])
            labels.append(label)
            before += len(places)
        scores, moves = self._second(maps, regions)
        if not before:
            return {}
        return {
            "classes": F.cross_entropy(scores, ag.from_numpy(np.concatenate(labels))),
            "boxes": _box_loss(moves.reshape(-1, 4), moved, before),
        }

    @staticmethod
    def _check(input: Tensor) -> None:
        expect.tensor("Detector", input)
        if input.ndim != 4:
            raise expect.shape_error("Detector", input, "(N, C, H, W)", "a picture alone is picture[None]")


@ag.no_grad()
def _best_match(boxes: Tensor, true: Tensor) -> tuple[NDArray[np.int64], NDArray[np.floating]]:
    """Return for each of *boxes* the true one that it shares most with, and how much; 0 where there is none."""
    if not len(true):
        return np.zeros(len(boxes), np.int64), np.zeros(len(boxes), np.float32)
    overlaps = ops.box_iou(boxes, true).array
    return overlaps.argmax(1), overlaps.max(1)


def _sample(
    positive: NDArray[np.bool_], negative: NDArray[np.bool_], count: int, share: float, draws: np.random.Generator
) -> NDArray[np.int64]:
    """Return *count* places at most, of which *share* at most are positive."""
    own = draws.permutation(np.flatnonzero(positive))[: int(count * share)]
    return np.concatenate([own, draws.permutation(np.flatnonzero(negative))[: count - len(own)]])


def _box_loss(shifts: Tensor, moved: Sequence[tuple[NDArray[np.int64], Tensor, Tensor]], count: int) -> Tensor:
    """Return the smooth absolute error of the shifts at some rows, over all *count* samples, as Fast R-CNN divides it."""
    rows = np.concatenate([own for own, _, _ in moved])
    references, true = (ag.cat([part[i] for part in moved]) for i in (1, 2))
    wanted = encode_boxes(true.to(shifts.dtype), references)
    return F.smooth_l1_loss(shifts[rows], wanted, reduction="sum") / max(count, 1)
