"""SqueezeNet 1.1 with weights learned from ImageNet: what it sees in photographs, and what is made of it for other tasks."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

import autograd_core as ag
import nn
from nn.models import (
    FeatureExtractor,
    LogisticRegression,
    features,
    freeze,
    replace_last_layer,
    squeezenet1_1,
    weights_of,
)
from nn.models import weights as weights_module


@pytest.fixture(scope="module")
def model() -> nn.Module:
    return squeezenet1_1(weights="imagenet").eval()


@pytest.fixture(scope="module")
def pictures() -> NDArray[np.float32]:
    """Coffee and the cat, as the network takes them."""
    photographs, transform = nn.data.photographs(), weights_of("squeezenet1_1").transform
    return np.stack([transform(photographs[name]) for name in ("coffee", "chelsea")])


def probabilities(model: nn.Module, pictures: NDArray[Any]) -> NDArray[Any]:
    with ag.no_grad():
        return model(ag.from_numpy(pictures)).softmax(1).numpy()


def test_what_it_sees(model: nn.Module, pictures: NDArray[Any]) -> None:
    """An independent implementation, with its own way to make pictures smaller, gave espresso .99; tabby .36, Egyptian cat .34,
    tiger cat .30.  Between the cats a pixel decides: a crop one pixel to the right moves them by 0.1."""
    classes = weights_of("squeezenet1_1").classes
    coffee, cat = (dict(zip(classes, row, strict=True)) for row in probabilities(model, pictures))
    assert coffee["espresso"] == pytest.approx(0.99, abs=0.02)
    for name, expected in {"tabby": 0.36, "Egyptian cat": 0.34, "tiger cat": 0.30}.items():
        assert cat[name] == pytest.approx(expected, abs=0.1)
    assert cat["tabby"] + cat["Egyptian cat"] + cat["tiger cat"] > 0.99


def test_the_page_shows_what_is_printed(capsys: Any) -> None:
    page = (Path(__file__).parents[1] / "docs/models.md").read_text("utf-8")
    program, shown = (re.search(rf"^```{kind}\n(.*?)^```$", page, re.M | re.S) for kind in ("python", "text"))
    assert program is not None
    assert shown is not None
    exec(compile(program[1], "docs/models.md", "exec"), {})
    assert capsys.readouterr().out == shown[1]


def test_it_computes_what_pytorch_computes(model: nn.Module, pictures: NDArray[Any], torch: Any) -> None:
    state = {key: torch.tensor(value.numpy()) for key, value in model.state_dict().items()}
    functional = torch.nn.functional

    def convolved(x: Any, key: str, **options: Any) -> Any:
        return functional.relu(functional.conv2d(x, state[f"{key}.weight"], state[f"{key}.bias"], **options))

    x = convolved(torch.tensor(pictures), "features.0", stride=2)
    for place in range(2, 13):
        if place in (2, 5, 8):
            x = functional.max_pool2d(x, 3, 2, ceil_mode=True)
        else:
            squeezed = convolved(x, f"features.{place}.squeeze")
            wide = convolved(squeezed, f"features.{place}.expand3x3", padding=1)
            x = torch.cat([convolved(squeezed, f"features.{place}.expand1x1"), wide], 1)
    expected = convolved(x, "classifier.1").mean((2, 3)).softmax(1).numpy()
    np.testing.assert_allclose(probabilities(model, pictures), expected, rtol=1e-3, atol=1e-6)


def test_the_transform() -> None:
    transform = weights_of("squeezenet1_1").transform
    flat = np.empty((3, 300, 451), np.uint8)
    flat[:] = np.array([200, 100, 50], np.uint8)[:, None, None]  # red, green, blue
    out = transform(flat)
    assert (out.shape, out.dtype) == ((3, 227, 227), np.float32)
    np.testing.assert_allclose(out[:, 5, 5], [50 - 103.939, 100 - 116.779, 200 - 123.68], rtol=1e-5)
    split = np.zeros((3, 454, 681), np.uint8)
    split[:, :, 341:] = 255  # the right half is white
    seen = transform(split)[0] + 103.939
    assert seen[:, :112].max() < 1
    assert seen[:, 116:].min() > 254
    assert transform(split[None].repeat(2, 0)).shape == (2, 3, 227, 227)


def test_what_is_known_of_the_weights(model: nn.Module) -> None:
    weights = weights_of("squeezenet1_1")
    assert len(weights.classes) == 1000
    assert (weights.classes[0], weights.classes[967], weights.classes[-1]) == ("tench", "espresso", "toilet tissue")
    state = weights.state_dict()
    assert list(state) == list(model.state_dict())
    assert {value.dtype for value in state.values()} == {np.dtype("float32")}
    assert sum(value.numel() for value in state.values()) == 1_235_496
    assert squeezenet1_1(weights=weights, dropout=0.1).classifier[0].p == 0.1
    random = ag.get_rng_state()
    squeezenet1_1(weights=weights)
    assert ag.get_rng_state() == random  # nothing is drawn that would be overwritten


def test_weights_go_through_files(model: nn.Module, tmp_path: Any) -> None:
    ag.save(model.state_dict(), tmp_path / "squeezenet.safetensors")
    other = nn.models.squeezenet1_1()
    other.load_state_dict(ag.load(tmp_path / "squeezenet.safetensors"))
    x = ag.rand(1, 3, 64, 64)
    np.testing.assert_array_equal(other.eval()(x).detach().numpy(), model(x).detach().numpy())


def test_a_state_dict_of_torch_loads_by_its_keys(torch: Any) -> None:
    made = {key: torch.full(value.shape, 0.5) for key, value in squeezenet1_1().state_dict().items()}
    model = squeezenet1_1()
    model.load_state_dict({key: value.numpy() for key, value in made.items()})
    assert (model.features[0].weight == 0.5).all()


def test_errors_of_weights(monkeypatch: Any) -> None:
    with pytest.raises(
        ag.errors.ArgumentError, match="no weights 'imagenet' of alexnet in the package, only 'imagenet'"
    ):
        nn.models.alexnet(weights="imagenet")
    with pytest.raises(ag.errors.ArgumentError, match=r"no weights 'places' of squeezenet1_1.*load others from a file"):
        squeezenet1_1(weights="places")
    with pytest.raises(
        ag.errors.ArgumentError, match=r"ImageNet \(ILSVRC 2012\)' are of squeezenet1_1, not of resnet18"
    ):
        nn.models.resnet18(weights=weights_of("squeezenet1_1"))
    with pytest.raises(ag.errors.CheckpointError, match=r"size mismatch for classifier\.1\.weight"):
        squeezenet1_1(weights="imagenet", num_classes=10)

    def damaged(package: str, file: str, sha256: str) -> Any:
        return nn.data.embedded.read_embedded(package, file, "0" * 64)

    monkeypatch.setattr(weights_module, "read_embedded", damaged)
    with pytest.raises(
        ag.errors.DataError, match=r"squeezenet1_1_imagenet\.npz is damaged: .*install the package again"
    ):
        squeezenet1_1(weights="imagenet")


# -------------------------------------------------------------------------------------------------------- features


def test_the_extractor(model: nn.Module) -> None:
    x = ag.rand(2, 3, 64, 64)
    whole = model.features(x)
    called: list[str] = []
    handle = model.classifier.register_forward_hook(lambda *args: called.append("classifier"))
    found = nn.models.create_feature_extractor(model, {"features.12": "top", "features.1": "bottom"})(x)
    handle.remove()
    assert list(found) == ["top", "bottom"]
    assert not called  # it stops where everything is found
    np.testing.assert_array_equal(found["top"].detach().numpy(), whole.detach().numpy())
    assert not any(module._hooks for module in model.modules())
    assert model(x).shape == (2, 1000)
    assert ag.current_scope() is None


def test_the_extractor_learns() -> None:
    net = nn.Sequential(nn.Linear(3, 4), nn.ReLU(), nn.Linear(4, 2))
    extractor = FeatureExtractor(net, ["1"])
    extractor(ag.ones(5, 3))["1"].sum().backward()
    assert net[0].weight.grad is not None
    assert net[2].weight.grad is None
    assert list(FeatureExtractor(net, "2")(ag.ones(5, 3))) == ["2"]


def test_the_extractor_takes_the_first_call() -> None:
    block = nn.models.BasicBlock(4, 4)
    block.eval()
    x = ag.rand(1, 4, 5, 5)
    first = block.relu(block.bn1(block.conv1(x)))
    np.testing.assert_array_equal(FeatureExtractor(block, ["relu"])(x)["relu"].detach().numpy(), first.detach().numpy())


def test_errors_of_the_extractor() -> None:
    net = nn.models.GoogLeNet(num_classes=3, small_input=True)
    with pytest.raises(
        ag.errors.ArgumentError, match="FeatureExtractor: 'inception9' is no module of the model; use one of conv1"
    ):
        FeatureExtractor(net, ["inception9"])
    with pytest.raises(ag.errors.ArgumentError, match="return_nodes is empty"):
        FeatureExtractor(net, [])
    with pytest.raises(
        ag.errors.ArgumentError, match=r"did not call aux1; it may hold modules that this mode does not use"
    ):
        FeatureExtractor(net.eval(), ["conv1", "aux1"])(ag.zeros(1, 3, 28, 28))
    with pytest.raises(ag.errors.ShapeError, match=r"\(Conv2d 3->64 3x3\)"):
        FeatureExtractor(net, ["conv1"])(ag.zeros(1, 1, 28, 28))
    assert not any(module._hooks for module in net.modules())


def test_features(model: nn.Module) -> None:
    images = np.random.default_rng(0).random((5, 3, 40, 40), np.float32)
    model.train()
    found = features(model, "features.7", images, batch_size=2)
    assert model.training
    model.eval()
    maps = features(model, "features.7", images, pool=None)
    assert (found.shape, found.dtype, maps.shape[:2]) == ((5, 256), np.float32, (5, 256))
    np.testing.assert_allclose(found, maps.mean((2, 3)), rtol=1e-5, atol=1e-6)
    quarters = features(model, "features.7", images[:, :, :39, :39], pool=2)
    assert quarters.shape == (5, 1024)
    assert features(model, "classifier", list(images)).shape == (5, 1000)
    halves = nn.data.CenterCrop(32)
    mixed = [images[0], images[1, :, :36, :], images[2]]
    assert features(model, "features.1", mixed, halves).shape == (3, 64)
    np.testing.assert_allclose(
        features(model, "features.1", images[:2], halves),
        features(model, "features.1", images[:2, :, 4:36, 4:36]),
        rtol=1e-6,
    )
    with pytest.raises(
        ag.errors.ShapeError, match=r"shapes \(3, 36, 40\), \(3, 40, 40\), expected one; give a transform"
    ):
        features(model, "features.1", mixed)
    with pytest.raises(ag.errors.ShapeError, match="images is empty; give one picture or more"):
        features(model, "features.1", [])
    with pytest.raises(ag.errors.ArgumentError, match="batch_size=0, expected an int of at least 1"):
        features(model, "features.1", images, batch_size=0)
    lstm = nn.Sequential(nn.LSTM(4, 2))
    with pytest.raises(ag.errors.ArgumentError, match="layer='0' gives a tuple, expected one Tensor"):
        features(lstm, "0", np.zeros((2, 3, 4), np.float32))


# --------------------------------------------------------------------------------------------- another task


def test_freeze() -> None:
    net = squeezenet1_1()
    frozen = freeze(net, until="features.4")
    assert frozen[0] == "features.0.weight"
    assert frozen[-1] == "features.4.expand3x3.bias"
    assert {path for path, p in net.named_parameters() if not p.requires_grad} == set(frozen)
    assert freeze(net, until="features.4.squeeze")[-1] == "features.4.squeeze.bias"
    assert len(freeze(net)) == len(list(net.parameters()))
    assert not any(p.requires_grad for p in net.parameters())
    resnet = nn.models.ResNet(nn.models.BasicBlock, (1, 1, 1, 1), small_input=True)
    assert freeze(resnet, until="bn1") == ["conv1.weight", "bn1.weight", "bn1.bias"]
    with pytest.raises(
        ag.errors.ArgumentError, match="freeze: 'layer9' is no module of the model; use one of conv1, bn1"
    ):
        freeze(resnet, until="layer9")


@pytest.mark.parametrize("name", ["alexnet", "googlenet", "resnet18", "squeezenet1_1", "vgg11"])
def test_replace_last_layer(name: str) -> None:
    with nn.init.skipped():
        net = getattr(nn.models, name)(num_classes=5, small_input=True)
    freeze(net)
    new = replace_last_layer(net.eval(), 3)
    assert net(ag.zeros(1, 3, 28, 28)).shape == (1, 3)
    assert [p.requires_grad for p in new.parameters()] == [True, True]
    assert sum(p.requires_grad for p in net.parameters()) == 2
    assert getattr(net, "num_classes", 3) == 3


def test_replace_last_layer_keeps_what_it_can() -> None:
    net = nn.Sequential(nn.Linear(4, 3, bias=False)).double()
    new = replace_last_layer(net, 2)
    assert isinstance(new, nn.Linear)
    assert (new.bias, new.weight.dtype, new.weight.shape) == (None, np.dtype("float64"), (2, 4))
    with pytest.raises(ag.errors.ArgumentError, match="ReLU holds no Linear and no Conv2d"):
        replace_last_layer(nn.ReLU(), 2)


def test_logistic_regression_finds_the_optimum() -> None:
    """At the optimum the gradient vanishes; scikit-learn minimises the same function."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=(120, 6)).astype(np.float32) * [1, 5, 0.1, 1, 1, 0] + 3
    y = (x[:, 0] + x[:, 3] + rng.normal(size=120) > 6).astype(np.int64) + (x[:, 1] > 8)
    net = LogisticRegression(6, 3).double()
    steps = net.fit(ag.tensor(x), ag.tensor(y), penalty=0.01, tolerance=1e-7)
    assert 1 < steps < 1000
    scale = np.where(x.std(0) > 1e-6, x.std(0), 1)
    z = (x - x.mean(0)) / scale
    scores = net(ag.tensor(x)).detach().numpy()
    shares = np.exp(scores) / np.exp(scores).sum(1, keepdims=True)
    residue = (shares - np.eye(3)[y]) / len(x)
    np.testing.assert_allclose(residue.T @ z + 0.01 * net.weight.detach().numpy(), 0, atol=1e-6)
    np.testing.assert_allclose(residue.sum(0), 0, atol=1e-6)
    sklearn = pytest.importorskip("sklearn.linear_model")
    other = sklearn.LogisticRegression(C=1 / (0.01 * len(x)), tol=1e-10, max_iter=10_000).fit(z, y)
    np.testing.assert_allclose(net.weight.detach().numpy(), other.coef_, atol=1e-4)


def test_errors_of_logistic_regression() -> None:
    net = LogisticRegression(2, 3)
    x, y = ag.rand(4, 2), ag.tensor([0, 1, 2, 0])
    with pytest.raises(ag.errors.ShapeError, match=r"expects \(N, 2\), got \(4, 5\); flatten what comes in"):
        net.fit(ag.rand(4, 5), y)
    with pytest.raises(ag.errors.ShapeError, match=r"expects \(4,\), a label for each input"):
        net.fit(x, y[:3])
    with pytest.raises(ag.errors.ShapeError, match="and one or more"):
        net.fit(x[:0], y[:0])
    with pytest.raises(IndexError, match="labels holds 3, expected classes of 0 to 2; give it more classes"):
        net.fit(x, ag.tensor([0, 1, 2, 3]))
    with pytest.raises(ag.errors.DtypeError, match="labels of integers"):
        net.fit(x, y.float())
    with pytest.raises(
        ag.errors.ArgumentError, match=r"penalty=-1, tolerance=0\.0001, iterations=1000: expected 0 or more"
    ):
        net.fit(x, y, penalty=-1)
    assert net.fit(x, y, iterations=3) == 3
    assert repr(net) == "LogisticRegression(in_features=2, num_classes=3)"
