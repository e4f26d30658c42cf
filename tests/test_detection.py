"""Boxes, pooling over regions, the detector and its figure of merit."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import autograd_core as ag
import nn
import optim
from nn import ops
from nn.models import Detector, Localizer, SmallCNN, anchor_boxes, decode_boxes, encode_boxes
from nn.training import MeanAveragePrecision, average_precision

DTYPES = [ag.float32, ag.float64]


def random_boxes(count: int, size: float = 16.0, dtype: Any = ag.float64, seed: int = 0) -> ag.Tensor:
    draws = np.random.default_rng(seed)
    low = draws.uniform(0, size * 0.6, (count, 2))
    high = low + draws.uniform(1, size * 0.4, (count, 2))
    return ag.from_numpy(np.concatenate([low, high], 1).astype(dtype))


# ---------------------------------------------------------------------------------------------------------- boxes


@pytest.mark.parametrize("dtype", DTYPES)
def test_boxes_are_written_in_three_ways(dtype: Any) -> None:
    boxes = ag.tensor([[1.0, 2.0, 5.0, 8.0]], dtype=dtype)
    written = {"xyxy": [1, 2, 5, 8], "xywh": [1, 2, 4, 6], "cxcywh": [3, 5, 4, 6]}
    for one, numbers in written.items():
        for other, expected in written.items():
            made = ops.box_convert(ag.tensor([numbers], dtype=dtype), one, other)
            assert made.dtype == dtype
            assert made.tolist() == [expected]
    assert ops.box_area(boxes).tolist() == [24]


def test_intersection_over_union_by_hand() -> None:
    one = ag.tensor([[0.0, 0.0, 4.0, 4.0], [0.0, 0.0, 0.0, 0.0]])
    other = ag.tensor([[0.0, 0.0, 4.0, 4.0], [2.0, 2.0, 6.0, 6.0], [4.0, 0.0, 8.0, 4.0], [0.0, 0.0, 0.0, 0.0]])
    np.testing.assert_allclose(ops.box_iou(one, other).numpy(), [[1, 4 / 28, 0, 0], [0, 0, 0, 0]], rtol=1e-6)
    assert ops.box_iou(one, ag.zeros(0, 4)).shape == (2, 0)
    assert ag.autograd.gradcheck(
        ops.box_iou, (random_boxes(3).requires_grad_(), random_boxes(4, seed=5).requires_grad_())
    )


def test_nms_keeps_the_best_of_those_that_overlap() -> None:
    boxes, scores = random_boxes(60), ag.rand(60)
    overlaps = ops.box_iou(boxes, boxes).numpy()
    for threshold in (0.0, 0.3, 0.7, 1.0):
        kept: list[int] = []
        for place in np.argsort(-scores.numpy()):  # the definition, one box at a time
            if all(overlaps[place, k] <= threshold for k in kept):
                kept.append(int(place))
        assert ops.nms(boxes, scores, threshold).tolist() == kept
    assert ops.nms(ag.zeros(0, 4), ag.zeros(0), 0.5).shape == (0,)
    idxs = ag.randint(0, 3, (60,))
    found = ops.batched_nms(boxes, scores, idxs, 0.3).tolist()
    expected = [np.flatnonzero(idxs.numpy() == c) for c in range(3)]
    each = [k[ops.nms(boxes[k], scores[ag.from_numpy(k)], 0.3).numpy()] for k in expected]
    assert sorted(found) == sorted(np.concatenate(each).tolist())
    assert scores.numpy()[found].tolist() == sorted(scores.numpy()[found], reverse=True)
    assert ops.batched_nms(ag.zeros(0, 4), ag.zeros(0), ag.zeros(0).long(), 0.5).shape == (0,)


def test_boxes_are_clipped_and_small_ones_found() -> None:
    boxes = ag.tensor([[-3.0, -1.0, 3.0, 9.0], [2.0, 2.0, 2.5, 8.0]])
    assert ops.clip_boxes_to_image(boxes, (6, 8)).tolist() == [[0, 0, 3, 6], [2, 2, 2.5, 6]]
    assert ops.remove_small_boxes(boxes, 1.0).tolist() == [0]


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda b: ops.box_area(b[0]), ag.errors.ShapeError, r"box_area: expects boxes \(N, 4\), got \(4,\)"),
        (lambda b: ops.box_area(b.long()), ag.errors.DtypeError, r"boxes of floats, got int64"),
        (lambda b: ops.box_area(b.numpy()), TypeError, r"boxes is of type ndarray, expected a Tensor"),
        (lambda b: ops.box_convert(b, "xyxy", "yx"), ag.errors.ArgumentError, "out_fmt='yx', expected one of xyxy"),
        (lambda b: ops.nms(b, ag.ones(3), 0.5), ag.errors.ShapeError, r"scores \(2,\), got \(3,\)"),
        (lambda b: ops.nms(b, ag.ones(2), 2), ag.errors.ArgumentError, "iou_threshold=2"),
        (lambda b: ops.batched_nms(b, ag.ones(2), ag.ones(3).long(), 0.5), ag.errors.ShapeError, r"idxs \(2,\)"),
        (lambda b: ops.roi_align(ag.ones(1, 2, 2), [b], 2), ag.errors.ShapeError, r"\(N, C, H, W\)"),
        (lambda b: ops.roi_align(ag.ones(1, 1, 2, 2), b, 2), ag.errors.ShapeError, r"boxes \(K, 5\), or a list"),
        (lambda b: ops.roi_align(ag.ones(2, 1, 2, 2), [b], 2), ag.errors.ArgumentError, "boxes has 1 tensors, expected one"),
        (lambda b: ops.roi_align(ag.ones(1, 1, 2, 2), [b], 0), ag.errors.ArgumentError, "output_size=0"),
        (lambda b: ops.roi_align(ag.ones(1, 1, 2, 2), [b], 1, 1.0, 0), ag.errors.ArgumentError, "sampling_ratio=0"),
        (lambda b: ops.roi_pool(ag.ones(1, 1, 2, 2), ag.full((1, 5), 3.0), 1), IndexError, "boxes holds 3"),
    ],
)  # fmt: skip
def test_boxes_that_do_not_fit_are_refused(call: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        call(ag.ones(2, 4))


# -------------------------------------------------------------------------------------------------- pooled regions


def sampled(maps: Any, y: float, x: float) -> Any:
    """Bilinear interpolation at one point, as Mask R-CNN's programs do it."""
    height, width = maps.shape[1:]
    if not (-1 <= y <= height and -1 <= x <= width):
        return np.zeros(len(maps))
    y, x = min(max(y, 0), height - 1), min(max(x, 0), width - 1)
    top, left = int(y), int(x)
    bottom, right = min(top + 1, height - 1), min(left + 1, width - 1)
    ly, lx = y - top, x - left
    return (
        (1 - ly) * ((1 - lx) * maps[:, top, left] + lx * maps[:, top, right])
        + ly * ((1 - lx) * maps[:, bottom, left] + lx * maps[:, bottom, right])
    )  # fmt: skip


@pytest.mark.parametrize("aligned", [False, True])
@pytest.mark.parametrize("ratio", [-1, 1, 2])
def test_roi_align_is_the_mean_of_samples(ratio: int, aligned: bool) -> None:
    maps = ag.randn(2, 3, 7, 9, dtype=ag.float64)
    boxes = ag.tensor(
        [[0, 1, 2, 11, 9], [1, -6, -6, 30, 21], [1, 4, 4, 4.1, 4.2], [0, 40, 40, 50, 50]], dtype=ag.float64
    )
    made = ops.roi_align(maps, boxes, (2, 3), 0.6, ratio, aligned).numpy()
    assert made.shape == (4, 3, 2, 3)
    for k, (n, *corners) in enumerate(boxes.tolist()):
        x1, y1, x2, y2 = (c * 0.6 - 0.5 * aligned for c in corners)
        height, width = y2 - y1, x2 - x1
        if not aligned:
            height, width = max(height, 1), max(width, 1)
        ny, nx = (ratio if ratio > 0 else max(int(np.ceil(s)), 1) for s in (height / 2, width / 3))
        for i, j in np.ndindex(2, 3):
            points = [
                sampled(
                    maps.numpy()[int(n)], y1 + (i + (a + 0.5) / ny) * height / 2, x1 + (j + (b + 0.5) / nx) * width / 3
                )
                for a, b in np.ndindex(ny, nx)
            ]
            np.testing.assert_allclose(made[k, :, i, j], np.mean(points, 0), atol=1e-12)


def test_the_gradient_of_pooled_regions() -> None:
    maps = ag.randn(2, 2, 5, 6, dtype=ag.float64).requires_grad_()
    boxes = [
        ag.tensor([[0.3, 0.2, 4.7, 3.9]], dtype=ag.float64),
        ag.tensor([[1.0, 1.0, 5.0, 5.0], [0, 0, 2.0, 2.0]], dtype=ag.float64),
    ]
    assert ag.autograd.gradcheck(lambda x: ops.roi_align(x, boxes, 2, 1.0, 2, True), (maps,))
    assert ag.autograd.gradgradcheck(lambda x: ops.roi_align(x, boxes, 2), (maps,))
    assert ag.autograd.gradcheck(lambda x: ops.roi_pool(x, boxes, 2), (maps,))


@pytest.mark.parametrize("dtype", DTYPES)
def test_roi_pool_is_the_largest_of_each_bin(dtype: Any) -> None:
    maps = ag.randn(1, 2, 8, 8, dtype=dtype)
    made = ops.roi_pool(maps, [ag.tensor([[2.0, 4.0, 12.0, 14.0], [40.0, 40.0, 44.0, 44.0]], dtype=dtype)], 2, 0.5)
    assert made.dtype == dtype
    planes = maps.numpy()[0]  # the first box is rows 2 to 7 and columns 1 to 6, both ends meant
    expected = [[planes[:, a : a + 3, b : b + 3].max((1, 2)) for b in (1, 4)] for a in (2, 5)]
    np.testing.assert_array_equal(made.numpy()[0], np.moveaxis(expected, -1, 0))
    assert not made.numpy()[1].any(), "a box outside the maps is zero"
    assert ops.roi_pool(maps, [ag.zeros(0, 4, dtype=dtype)], 2).shape == (0, 2, 2, 2)
    assert ops.roi_align(maps, [ag.zeros(0, 4, dtype=dtype)], 2).shape == (0, 2, 2, 2)


# ----------------------------------------------------------------------------------------------- average precision


def test_average_precision_by_hand() -> None:
    """Five answers, four objects: right, wrong, right, wrong, right. Precision 1, 1/2, 2/3, 2/4, 3/5."""
    right, scores = np.array([True, False, True, False, True]), np.array([0.9, 0.8, 0.7, 0.6, 0.5])
    assert average_precision(right, scores, 4) == pytest.approx((1 + 2 / 3 + 3 / 5) / 4)
    order = np.array([3, 1, 4, 0, 2])
    assert average_precision(right[order], scores[order], 4) == pytest.approx((1 + 2 / 3 + 3 / 5) / 4)
    assert average_precision(np.zeros(0, bool), np.zeros(0), 2) == 0
    later_is_better = np.array([False, True, True])
    assert average_precision(later_is_better, np.array([3.0, 2.0, 1.0]), 2) == pytest.approx(2 / 3)


def answer(*rows: tuple[float, ...]) -> dict[str, ag.Tensor]:
    """Answers, each (x1, y1, x2, y2, label, score), or truths without a score."""
    table = np.array(rows, np.float32).reshape(-1, 6 if rows and len(rows[0]) == 6 else 5)
    made = {"boxes": ag.from_numpy(table[:, :4].copy()), "labels": ag.from_numpy(table[:, 4].astype(np.int64))}
    return made | ({"scores": ag.from_numpy(table[:, 5].copy())} if table.shape[1] == 6 else {})


def test_mean_average_precision_by_hand() -> None:
    truths = [answer((0, 0, 4, 4, 0), (6, 6, 9, 9, 1)), answer((1, 1, 5, 5, 0))]
    found = [
        answer((0, 0, 4, 4, 0, 0.9), (0, 0, 4, 3.5, 0, 0.8), (6, 6, 9, 9, 0, 0.7), (6, 6, 9, 8, 1, 0.4)),
        answer((1, 1, 5, 4, 0, 0.6), (0, 0, 1, 1, 2, 0.99)),
    ]
    metric = MeanAveragePrecision()
    metric.update(found[:1], truths[:1])
    metric.update(found[1:], truths[1:])
    # Class 0: right, a second answer for what is found, the wrong class, right: (1 + 2/4) / 2.  Class 1: right.
    # Class 2 is not there.
    assert metric.per_class() == pytest.approx({0: 0.75, 1: 1.0})
    assert metric.compute() == pytest.approx(0.875)
    stricter = MeanAveragePrecision(0.7)
    stricter.update(found, truths)
    assert stricter.per_class() == pytest.approx({0: 0.75, 1: 0.0})
    again = MeanAveragePrecision()
    again.load_state_dict(metric.state_dict())
    assert again.compute() == metric.compute()


def test_figures_of_nothing_are_refused() -> None:
    with pytest.raises(ag.errors.ArgumentError, match="has seen no objects"):
        MeanAveragePrecision().compute()
    with pytest.raises(ag.errors.ArgumentError, match="iou_threshold=0"):
        MeanAveragePrecision(0)
    with pytest.raises(ag.errors.ShapeError, match="outputs are of 0 pictures, targets of 1"):
        MeanAveragePrecision().update([], [answer((0, 0, 1, 1, 0))])
    with pytest.raises(ag.errors.ArgumentError, match="positives=0"):
        average_precision(np.zeros(0, bool), np.zeros(0), 0)


# ------------------------------------------------------------------------------------------------------ the models


@pytest.mark.parametrize("dtype", DTYPES)
def test_coded_boxes_come_back(dtype: Any) -> None:
    boxes, references = random_boxes(20, dtype=dtype), random_boxes(20, dtype=dtype, seed=9)
    back = decode_boxes(encode_boxes(boxes, references), references)
    assert back.dtype == dtype
    np.testing.assert_allclose(back.numpy(), boxes.numpy(), rtol=1e-4, atol=1e-4)
    assert np.isfinite(decode_boxes(ag.full((20, 4), 1e4, dtype=dtype), references).numpy()).all()


def test_anchors_have_their_areas_and_ratios() -> None:
    anchors = anchor_boxes((2, 3), 8, [4.0, 16.0], [0.5, 2.0])
    assert anchors.shape == (2 * 3 * 4, 4)
    np.testing.assert_allclose(ops.box_area(anchors).numpy(), [16, 256, 16, 256] * 6, rtol=1e-5)
    _, _, width, height = ops.box_convert(anchors, "xyxy", "cxcywh").numpy().T
    np.testing.assert_allclose(height / width, [0.5, 0.5, 2, 2] * 6, rtol=1e-5)
    middle = ops.box_convert(anchors, "xyxy", "cxcywh").numpy()[::4, :2]
    np.testing.assert_allclose(middle, [[4, 4], [12, 4], [20, 4], [4, 12], [12, 12], [20, 12]], rtol=1e-5)


def one_square(count: int, seed: int) -> tuple[ag.Tensor, list[dict[str, ag.Tensor]]]:
    """Pictures (count, 1, 32, 32) with a bright or a dark square."""
    draws = np.random.default_rng(seed)
    images, truths = np.zeros((count, 1, 32, 32), np.float32), []
    for n in range(count):
        (x, y), side, kind = draws.integers(0, 18, 2), int(draws.integers(10, 14)), int(draws.integers(2))
        images[n, 0, y : y + side, x : x + side] = (-1, 1)[kind]
        truths.append(answer((x, y, x + side, y + side, kind)))
    return ag.from_numpy(images), truths


def test_the_detector_learns_a_square() -> None:
    features = SmallCNN(2, size=(32, 32), channels=(8, 16)).features
    model = Detector(features, 16, 4, 2, anchor_sizes=(12.0,), ratios=(1.0,), hidden=32, proposals=8)
    optimizer = optim.Adam(model.parameters(), lr=5e-3)
    images, truths = one_square(32, 0)
    for _ in range(40):
        optimizer.zero_grad()
        losses = model.losses(images, truths)
        sum(losses.values(), start=ag.zeros(())).backward()
        optimizer.step()
    assert set(losses) == {"objectness", "anchors", "classes", "boxes"}
    assert all(p.grad is not None for p in model.parameters())
    model.eval()
    metric, (images, truths) = MeanAveragePrecision(), one_square(16, 1)
    found = model(images)
    metric.update(found, truths)
    assert metric.compute() > 0.6
    for own in found:
        assert own["scores"].tolist() == sorted(own["scores"].tolist(), reverse=True)
        assert own["boxes"].array.min(initial=0) >= 0
        assert own["boxes"].array.max(initial=0) <= 32


def test_a_picture_without_objects_is_ground() -> None:
    model = Detector(SmallCNN(2, size=(16, 16), channels=(4, 4)).features, 4, 4, 2, anchor_sizes=(8.0,))
    nothing = {"boxes": ag.zeros(0, 4), "labels": ag.zeros(0).long()}
    loss = model.loss(ag.randn(2, 1, 16, 16), [nothing, nothing])
    loss.backward()
    assert np.isfinite(loss.item())
    model.eval()
    assert len(model(ag.randn(2, 1, 16, 16))) == 2


def test_the_localizer_learns_a_square() -> None:
    model = Localizer(SmallCNN(2, size=(32, 32), channels=(8, 16)).features, 16, 2, hidden=32)
    optimizer = optim.Adam(model.parameters(), lr=5e-3)
    images, truths = one_square(64, 0)
    boxes = ag.cat([t["boxes"] for t in truths])
    labels = ag.cat([t["labels"] for t in truths])
    for _ in range(40):
        optimizer.zero_grad()
        model.loss(images, boxes, labels).backward()
        optimizer.step()
    logits, found = model(images)
    assert (logits.array.argmax(1) == labels.array).mean() > 0.95
    assert np.diag(ops.box_iou(found.detach(), boxes).numpy()).mean() > 0.5


def test_pictures_and_targets_that_do_not_fit_are_refused() -> None:
    model = Detector(SmallCNN(2, size=(16, 16), channels=(4, 4)).features, 4, 8, 2)
    with pytest.raises(ag.errors.ShapeError, match=r"maps of a place for 8 x 8 of \(16, 16\) pixels.*2 \*\* poolings"):
        model(ag.zeros(1, 1, 16, 16))
    with pytest.raises(ag.errors.ShapeError, match=r"expects \(N, C, H, W\), got \(1, 16, 16\)"):
        model(ag.zeros(1, 16, 16))
    with pytest.raises(ag.errors.ArgumentError, match="1 targets for 2 pictures"):
        model.loss(ag.zeros(2, 1, 16, 16), [answer((0, 0, 1, 1, 0))])
    with pytest.raises(ag.errors.ArgumentError, match=r"anchor_sizes=\(\)"):
        Detector(nn.Identity(), 1, 1, 2, anchor_sizes=())
    with pytest.raises(ag.errors.ArgumentError, match="num_classes=0"):
        Detector(nn.Identity(), 1, 1, 0)
