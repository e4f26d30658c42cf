"""Fully convolutional networks, composed scenes, and the mean of intersection over union."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import autograd_core as ag
import nn
from nn.data import compose_scenes
from nn.models import FCN, SmallCNN, bilinear_upsampling, convolutionalize
from nn.training import MeanIoU, evaluate


def small(**options: Any) -> SmallCNN:
    return SmallCNN(**({"num_classes": 4, "size": (24, 24), "channels": (4, 6, 8), "hidden": 12} | options))


# ------------------------------------------------------------------------------------------------- the network


@pytest.mark.parametrize("dtype", [ag.float32, ag.float64])
def test_a_convolutionalized_classifier_gives_its_scores_in_the_middle(dtype: Any) -> None:
    classifier = small().to(dtype).eval()
    head = convolutionalize(classifier.classifier, 8).eval()
    x = ag.randn(2, 1, 24, 24, dtype=dtype)
    maps = classifier.features(x)  # (2, 8, 3, 3)
    scores = head(maps)
    assert scores.dtype == dtype
    assert scores.shape == (2, 4, 3, 3)
    np.testing.assert_allclose(
        scores[:, :, 1, 1].detach().numpy(), classifier(x).detach().numpy(), rtol=2e-5, atol=1e-6
    )


def test_a_head_of_a_classifier_that_does_not_fit_is_refused() -> None:
    with pytest.raises(ag.errors.ArgumentError, match=r"in_features=32, expected channels=8 times an odd square"):
        convolutionalize(nn.Sequential(nn.Linear(32, 2)), 8)
    with pytest.raises(ag.errors.ArgumentError, match="has no Linear"):
        convolutionalize(nn.Sequential(nn.ReLU()), 8)


@pytest.mark.parametrize("factor", [2, 4, 8])
def test_upsampling_starts_as_bilinear_interpolation(factor: int) -> None:
    x = ag.randn(2, 3, 5, 6)
    up = bilinear_upsampling(3, factor)(x)
    expected = ag.interpolate(x, scale_factor=factor, mode="bilinear", align_corners=False)
    assert up.shape == expected.shape
    inner = np.s_[:, :, factor:-factor, factor:-factor]
    np.testing.assert_allclose(up.detach().numpy()[inner], expected.numpy()[inner], rtol=1e-5, atol=1e-6)
    assert bilinear_upsampling(3, factor).weight.requires_grad
    assert not bilinear_upsampling(3, factor, fixed=True).weight.requires_grad


@pytest.mark.parametrize("factor", [0, 3])
def test_an_odd_upsampling_is_refused(factor: int) -> None:
    with pytest.raises(ag.errors.ArgumentError, match=f"factor={factor}"):
        bilinear_upsampling(1, factor)


def test_the_papers_network_has_134_million_parameters() -> None:
    """Table 1 of Long et al. 2015, with 21 classes: "134M"."""
    with nn.init.skipped():
        model = nn.models.fcn32s(nn.models.vgg16(init_weights=False), 21)
    count = sum(p.numel() for p in model.parameters() if p.requires_grad)
    assert count == 14_714_688 + (25_088 * 4_096 + 4_096) + (4_096 * 4_096 + 4_096) + (4_096 * 21 + 21)
    assert round(count / 1e6) == 134
    assert model.step == 32


@pytest.mark.parametrize(("make", "skips"), [(nn.models.fcn32s, 0), (nn.models.fcn16s, 1), (nn.models.fcn8s, 2)])
def test_skips_make_the_last_upsampling_smaller(make: Any, skips: int) -> None:
    classifier = small(channels=(4, 4, 4, 6, 8), size=(32, 32))
    model = make(classifier, 3)
    assert model.skips == skips
    assert model.last_upsample.stride == (32 >> skips,) * 2
    assert [score.in_channels for score in model.skip_scores] == [6, 4][:skips]
    assert model(ag.randn(1, 1, 33, 70)).shape == (1, 3, 33, 70)  # of any size
    assert model(ag.randn(1, 1, 5, 5)).shape == (1, 3, 5, 5)
    assert model(ag.randn(1, 1, 32, 32)).detach().numpy().any() == False  # noqa: E712  # all new scores start at zero


def test_scores_do_not_move_what_they_see() -> None:
    """A bright square leads to scores whose centre of mass is the square's: nothing is shifted on the way."""
    model = FCN(small(channels=(4, 4), size=(12, 12)), 1, skips=1).double().eval()
    with ag.no_grad():
        for p in model.features.parameters():
            p.fill_(0.1)
        for layer in model.head:
            if isinstance(layer, nn.Conv2d):
                layer.weight.fill_(0.01)
        for layer in (model.score, *model.skip_scores):
            layer.weight.fill_(1.0)
        scores = []
        for offset in (0, 4):
            x = ag.zeros(1, 1, 64, 64, dtype=ag.float64)
            x[0, 0, 24 + offset : 32 + offset, 24:32] = 1.0
            found = model(x) - model(ag.zeros(1, 1, 64, 64, dtype=ag.float64))
            scores.append(found[0, 0].numpy())
    rows = np.arange(64) + 0.5
    first, second = (float((s.sum(1) * rows).sum() / s.sum()) for s in scores)
    assert abs(first - 28) < 0.01
    assert abs(second - 32) < 0.01


def test_it_copies_the_classifier_and_reaches_all_parameters() -> None:
    classifier = small()
    before = {k: v.clone() for k, v in classifier.state_dict().items()}
    model = FCN(classifier, 3, skips=2)
    target = ag.randint(0, 3, (2, 24, 24))
    with ag.no_grad():
        for layer in (model.score, *model.skip_scores):
            layer.weight.normal_()
    nn.functional.cross_entropy(model(ag.randn(2, 1, 24, 24)), target, reduction="sum").backward()
    reached = {name: p.grad is not None and bool(p.grad.array.any()) for name, p in model.named_parameters()}
    assert [name for name, there in reached.items() if not there] == ["last_upsample.weight"]
    assert all((before[k].array == v.array).all() for k, v in classifier.state_dict().items())


def test_frozen_features_stay_in_eval_mode() -> None:
    model = FCN(small(), 3)
    nn.models.freeze(model.features)
    model.train()
    assert model.training
    assert model.head.training
    assert not any(layer.training for layer in model.features.modules())
    before = model.features[1].running_mean.clone()
    model(ag.randn(2, 1, 24, 24))
    assert (model.features[1].running_mean.array == before.array).all()


def test_models_that_do_not_fit_are_refused() -> None:
    with pytest.raises(ag.errors.ArgumentError, match=r"classifier is a ReLU, expected a model with features"):
        FCN(nn.ReLU(), 3)
    with pytest.raises(ag.errors.ArgumentError, match=r"skips=3, expected 0 to 2"):
        FCN(small(), 3, skips=3)
    with pytest.raises(ag.errors.ArgumentError, match=r"features\.0 is Conv2d\(1, 64, kernel_size=\(11, 11\)"):
        FCN(nn.models.AlexNet(5, in_channels=1), 3)
    with pytest.raises(ag.errors.ArgumentError, match="num_classes=0"):
        FCN(small(), 0)
    other = small()
    other.features[3] = nn.MaxPool2d(3, 2, 1)
    with pytest.raises(ag.errors.ArgumentError, match=r"features\.3 is MaxPool2d.*expected MaxPool2d\(2\)"):
        FCN(other, 3)
    with pytest.raises(ag.errors.ShapeError, match=r"expects \(N, C, H, W\), got \(1, 24, 24\)"):
        FCN(small(), 3)(ag.zeros(1, 24, 24))


# ----------------------------------------------------------------------------------------------------- the figure


def test_the_four_figures_of_the_paper() -> None:
    answers, classes = np.array([[0, 0, 1, 1, 2, 0]]), np.array([[0, 1, 1, 1, 2, -1]])
    scores = ag.from_numpy(np.eye(4)[answers].transpose(0, 2, 1)[:, :, None])  # (1, 4, 1, 6)
    found = MeanIoU(4, ignore_index=-1)
    found.update(scores, ag.from_numpy(classes[:, None]))
    np.testing.assert_allclose(found.per_class(), [1 / 2, 2 / 3, 1, np.nan])
    assert found.compute() == pytest.approx((1 / 2 + 2 / 3 + 1) / 3)
    assert found.pixel_accuracy() == pytest.approx(4 / 5)
    assert found.mean_accuracy() == pytest.approx((1 + 2 / 3 + 1) / 3)
    assert found.frequency_weighted() == pytest.approx((1 * 1 / 2 + 3 * 2 / 3 + 1) / 5)
    again = MeanIoU(4)
    again.load_state_dict(found.state_dict())
    assert again.compute() == found.compute()
    found.reset()
    with pytest.raises(ag.errors.ArgumentError, match="has seen no pixels"):
        found.compute()


def test_scores_of_another_shape_are_refused() -> None:
    with pytest.raises(ag.errors.ShapeError, match=r"outputs have shape \(1, 2, 4, 4\), targets \(1, 4\)"):
        MeanIoU(2).update(ag.zeros(1, 2, 4, 4), ag.zeros(1, 4).long())


def test_it_is_a_metric_of_the_loop() -> None:
    batch = (ag.tensor([[[[0.0]], [[1.0]]]]), ag.tensor([[[1]]]))
    assert evaluate(nn.Identity(), [batch, batch], metrics=[MeanIoU(2)]) == {"mean_iou": 1.0}


# ------------------------------------------------------------------------------------------------------- the data


def test_scenes_say_what_is_where() -> None:
    pictures = np.zeros((2, 8, 8), np.uint8)
    pictures[0, 1:7, 3:5] = 255  # a bar
    pictures[1, 2:6, 2:6] = 200  # a square
    scenes = compose_scenes(pictures, np.array([4, 0]), 20, size=64, sizes=(16, 24), generator=ag.Generator(0))
    assert scenes.images.shape == (20, 1, 64, 64)
    assert scenes.images.dtype == np.uint8
    assert set(np.unique(scenes.masks)) == {0, 1, 5}
    for image, mask, boxes, labels in zip(scenes.images[:, 0], scenes.masks, scenes.boxes, scenes.labels, strict=True):
        assert 1 <= len(labels) == len(boxes) <= 4
        rest = mask.copy()
        for (x1, y1, x2, y2), label in zip(boxes.astype(int), labels, strict=True):
            window = rest[y1:y2, x1:x2]
            assert set(np.unique(window)) <= {0, 1 + label}, "no two boxes meet"
            assert all(edge.any() for edge in (window[0], window[-1], window[:, 0], window[:, -1])), "boxes are tight"
            assert image[y1:y2, x1:x2][window > 0].mean() > 100
            window[...] = 0
        assert not rest.any(), "all that is marked is in a box"
    inputs = scenes.inputs()
    assert inputs.dtype == ag.float32
    assert -1 <= inputs.array.min() < inputs.array.max() <= 1


def test_scenes_are_repeatable_and_may_be_none() -> None:
    pictures, labels = np.full((1, 4, 4), 255, np.uint8), np.array([0])
    a, b, c = (compose_scenes(pictures, labels, 2, size=32, sizes=(8, 8), generator=ag.Generator(s)) for s in (1, 1, 2))
    assert (a.images == b.images).all()
    assert (a.images != c.images).any()
    assert len(compose_scenes(pictures, labels, 0)) == 0


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"sizes": (40, 20)}, r"sizes=\(40, 20\), expected \(smallest, largest\)"),
        ({"sizes": (20, 200)}, r"from 4 to size=128"),
        ({"objects": (0, 2)}, r"objects=\(0, 2\)"),
        ({"count": -1}, "count=-1"),
    ],
)
def test_scenes_that_cannot_be_composed_are_refused(options: dict[str, Any], message: str) -> None:
    with pytest.raises(ag.errors.ArgumentError, match=message):
        compose_scenes(np.full((1, 4, 4), 255, np.uint8), np.array([0]), **({"count": 1} | options))


def test_pictures_that_do_not_fit_are_refused() -> None:
    with pytest.raises(ag.errors.ShapeError, match=r"pictures are \(1, 1, 4, 4\)"):
        compose_scenes(np.ones((1, 1, 4, 4), np.uint8), np.array([0]), 1)
    with pytest.raises(ag.errors.ArgumentError, match="a picture is black"):
        compose_scenes(np.zeros((1, 4, 4), np.uint8), np.array([0]), 1)


def test_nuclei_have_outlines() -> None:
    image, numbers = nn.data.nuclei()
    assert image.shape == numbers.shape == (512, 512)
    assert len(np.unique(numbers)) == 126
    assert image[numbers > 0].mean() > 2 * image[numbers == 0].mean()
