"""The networks of the lectures: parameters, names and numbers are those of the papers and of torchvision."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

import autograd_core as ag
import nn
from nn.__main__ import FACTORIES
from nn.commands.parts import Parts
from nn.commands.recipes import RECIPES
from nn.commands.settings import Settings
from nn.models import AlexNet, AuxiliaryLoss, GoogLeNet, GoogLeNetOutputs, ResNet, SqueezeNet

# Parameters for 1,000 classes, as torchvision 0.28 documents them ("num_params"), but GoogLeNet's, which it documents
# without its auxiliary heads; and the SHA-256 of the lines "key shape" of its state dict.
ZOO = {
    "alexnet": (61_100_840, "9c198ebdae1863e4"),
    "googlenet": (13_004_888, "7f541ca29410efb1"),
    "resnet18": (11_689_512, "84fb10d9c6905a1c"),
    "resnet34": (21_797_672, "28f9096d51307499"),
    "resnet50": (25_557_032, "d7e4f8bb0a536344"),
    "squeezenet1_0": (1_248_424, "4654d26ad581241f"),
    "squeezenet1_1": (1_235_496, "1d365589393f9c1e"),
    "vgg11": (132_863_336, "cb3dc23f2a13e182"),
    "vgg11_bn": (132_868_840, "8b6717e727c0ecf9"),
    "vgg13": (133_047_848, "67c1dc8b57fde74b"),
    "vgg13_bn": (133_053_736, "f6b0597d18a7e4d2"),
    "vgg16": (138_357_544, "35c4623e0cd4a39d"),
    "vgg16_bn": (138_365_992, "347371586a8ea365"),
    "vgg19": (143_667_240, "4723255af8f6c485"),
    "vgg19_bn": (143_678_248, "fc3ff6fab2b5cc09"),
}
# Each family once, at a size that takes a moment.
SMALL = ("alexnet", "googlenet", "resnet18", "resnet50", "squeezenet1_0", "squeezenet1_1", "vgg11_bn")


def count(model: nn.Module) -> int:
    return sum(p.numel() for p in model.parameters())


def undrawn(name: str, **options: Any) -> nn.Module:
    """The model with parameters of any value: its shapes are looked at, or all are filled."""
    with nn.init.skipped():
        model: nn.Module = getattr(nn.models, name)(**options)
    return model


@pytest.mark.parametrize("name", ZOO)
def test_parameters_and_keys_are_torchvisions(name: str) -> None:
    model, (parameters, digest) = undrawn(name), ZOO[name]
    assert count(model) == parameters
    keys = "\n".join(f"{key} {tuple(value.shape)}" for key, value in model.state_dict().items())
    assert hashlib.sha256(keys.encode()).hexdigest()[:16] == digest, keys


def test_the_page_has_these_numbers() -> None:
    page = (Path(__file__).parents[1] / "docs/models.md").read_text("utf-8")
    rows = {line.split("|")[1]: line for line in page.splitlines() if line.startswith("| `")}
    for name, (parameters, _) in ZOO.items():
        assert any(f"`{name}`" in names and f"{parameters:,}" in row for names, row in rows.items()), name


def test_parameters_of_the_papers() -> None:
    """Krizhevsky et al. 2012: "60 million"; the sum over their layers is 60,965,224. torchvision: GoogLeNet's "num_params"."""
    assert count(undrawn("alexnet", groups=2)) == 60_965_224
    assert count(undrawn("googlenet", aux_logits=False)) == 6_624_904
    convolutions = (34_944, 307_456, 885_120, 663_936, 442_624)
    assert convolutions == tuple(
        count(layer) for layer in undrawn("alexnet", groups=2).features if isinstance(layer, nn.Conv2d)
    )


# ---------------------------------------------------------------------------------------------- torchvision's numbers


def filled(model: nn.Module) -> nn.Module:
    """Give *model* float64 parameters that another program can give it too."""
    state: dict[str, NDArray[Any]] = {}
    for i, (key, value) in enumerate(model.double().state_dict().items()):
        wave = np.sin(0.7 * np.arange(value.numel()) + i).reshape(value.shape)
        if key.endswith("num_batches_tracked"):
            wave = np.zeros(value.shape, np.int64)
        elif value.ndim > 1:
            wave = wave * np.sqrt(2 / np.prod(value.shape[1:]))
        elif key.endswith(("running_var", "weight")):
            wave = (0.5 if key.endswith("weight") else 1) * (1 + 0.5 * wave)
        else:
            wave = 0.1 * wave
        state[key] = wave
    model.load_state_dict(state)
    return model


def figures(output: ag.Tensor) -> tuple[float, float]:
    flat = output.detach().numpy().ravel()
    return float(flat.std()), float(flat @ np.cos(np.arange(flat.size)))


def picture(size: int) -> ag.Tensor:
    return ag.from_numpy(np.cos(0.3 * np.arange(2 * 3 * size * size)).reshape(2, 3, size, size))


# Measured with torchvision 0.28.0 and PyTorch 2.13.0, filled in the same way: of a part of the model, or of all of it.
OUTPUTS = (
    ("alexnet", "features", 80, (0.16039202058, 0.395906751295)),
    ("vgg13_bn", "features", 40, (4.65994533584, -1.28959527684)),
    ("vgg16", "features", 40, (3166.74082213, -550.636612041)),
    ("resnet18", "", 64, (1422.98662591, 1348.26613593)),
    ("resnet34", "", 64, (1172587.38869, 639845.685244)),
    ("resnet50", "", 64, (66397782813, 3.62056476472e12)),
    ("squeezenet1_0", "", 64, (0.239869591675, 1.18182940193)),
    ("squeezenet1_1", "", 64, (0.237851500744, 1.40091840526)),
    ("googlenet", "", 64, (401.007249905, 632.750164342)),
)


@ag.no_grad()
@pytest.mark.parametrize(("name", "part", "size", "expected"), OUTPUTS, ids=lambda value: str(value))
def test_outputs_are_torchvisions(name: str, part: str, size: int, expected: tuple[float, float]) -> None:
    model = filled(undrawn(name).get_submodule(part)).eval()
    np.testing.assert_allclose(figures(model(picture(size))), expected, rtol=1e-9)


@ag.no_grad()
def test_googlenets_heads_are_torchvisions() -> None:
    model = filled(undrawn("googlenet", dropout=0.0, dropout_aux=0.0))
    outputs = model.train()(picture(64))
    expected = ((1.89763115394, 3.75370700888), (0.804066392135, -1.31055774399), (0.799269011121, -1.04253019827))
    assert outputs._fields == ("logits", "aux_logits2", "aux_logits1")
    np.testing.assert_allclose([figures(scores) for scores in outputs], expected, rtol=1e-9)
    other = filled(undrawn("googlenet", aux_logits=False, transform_input=True)).eval()
    np.testing.assert_allclose(figures(other(picture(64))), (258.026571574, 261.168813514), rtol=1e-9)


@ag.no_grad()
def test_the_other_arguments_of_resnet() -> None:
    options = {"groups": 2, "width_per_group": 32, "replace_stride_with_dilation": [False, True, True]}
    model = filled(undrawn("resnet50", **options)).eval()
    np.testing.assert_allclose(figures(model(picture(64))), (433248637342, 2.40919821367e13), rtol=1e-9)
    same = nn.models.ResNet(nn.models.BasicBlock, (1, 1, 1, 1), zero_init_residual=True, small_input=True)
    block, x = same.layer1[0], ag.rand(2, 64, 8, 8)
    np.testing.assert_array_equal(block(x).numpy(), x.numpy())  # it begins as the identity
    normed = ResNet(nn.models.BasicBlock, (1, 1, 1, 1), norm_layer=lambda n: nn.GroupNorm(4, n), small_input=True)
    assert not any(isinstance(layer, nn.BatchNorm2d) for layer in normed.modules())
    assert normed(ag.zeros(1, 3, 32, 32)).shape == (1, 1000)


# ------------------------------------------------------------------------------------------------------ small pictures


@pytest.mark.parametrize("name", SMALL)
def test_a_step_on_small_pictures_reaches_every_parameter(name: str) -> None:
    model = getattr(nn.models, name)(num_classes=10, in_channels=1, small_input=True)
    x, y = ag.rand(4, 1, 28, 28), ag.tensor([0, 1, 2, 3])
    before = {path: p.numpy().copy() for path, p in model.eval().state_dict().items()}
    assert model(ag.zeros(1, 1, 32, 32)).shape == (1, 10)
    loss = AuxiliaryLoss()(model.train()(x), y)
    assert np.isfinite(loss.item())
    loss.backward()
    with ag.no_grad():
        for path, p in model.named_parameters():
            assert p.grad is not None, path
            assert np.isfinite(p.grad.numpy()).all(), path
            p.sub_(0.01 * p.grad)
    moved = [path for path, p in model.named_parameters() if (p.detach().numpy() != before[path]).any()]
    assert moved == [path for path, _ in model.named_parameters()]


@pytest.mark.parametrize("name", ["squeezenet1_1", "resnet18"])
def test_float64(name: str) -> None:
    model = getattr(nn.models, name)(num_classes=3, small_input=True).double().eval()
    assert model(ag.zeros(2, 3, 28, 28, dtype=ag.float64)).dtype == ag.float64
    with pytest.raises(ag.errors.DtypeError, match="convert it with input"):
        model(ag.zeros(2, 3, 28, 28))
    with pytest.raises(ag.errors.ShapeError, match=r"\(Conv2d 3->64 3x3\): expects \(N, 3, H, W\)"):
        model(ag.zeros(2, 1, 28, 28, dtype=ag.float64))


def test_small_input_keeps_the_names() -> None:
    for name in ("vgg16_bn", "resnet50", "googlenet", "squeezenet1_0"):
        assert list(undrawn(name, small_input=True).state_dict()) == list(undrawn(name).state_dict())
    wide, small = undrawn("vgg11").features.state_dict(), undrawn("vgg11", small_input=True).features.state_dict()
    assert {k: v.shape for k, v in wide.items()} == {
        k: v.shape for k, v in small.items()
    }  # weights of one fit the other


def test_a_batch_without_pictures() -> None:
    assert undrawn("squeezenet1_1").eval()(ag.zeros(0, 3, 64, 64)).shape == (0, 1000)


# ------------------------------------------------------------------------------------------------------ initialisation


def spread(layer: Any) -> float:
    return float(layer.weight.detach().numpy().std())


def test_initialisation_is_torchvisions() -> None:
    vgg = nn.models.vgg11(num_classes=100, small_input=True)
    assert spread(vgg.features[3]) == pytest.approx((2 / (128 * 9)) ** 0.5, rel=0.02)  # He et al., by fan-out
    assert spread(vgg.classifier[3]) == pytest.approx(0.01, rel=0.01)
    assert not vgg.classifier[3].bias.detach().numpy().any()
    assert not vgg.features[3].bias.detach().numpy().any()
    resnet = nn.models.resnet18()
    assert spread(resnet.layer4[1].conv2) == pytest.approx((2 / (512 * 9)) ** 0.5, rel=0.02)
    squeezenet = nn.models.squeezenet1_1()
    assert spread(squeezenet.classifier[1]) == pytest.approx(0.01, rel=0.02)
    bound = (6 / (64 * 9)) ** 0.5
    weight = squeezenet.features[12].expand3x3.weight.detach().numpy()
    assert 0.999 * bound < np.abs(weight).max() < bound  # uniform
    googlenet = GoogLeNet(num_classes=10)
    assert spread(googlenet.aux1.fc1) == pytest.approx(0.01, rel=0.01)
    assert googlenet.fc.bias.detach().numpy().any()
    alexnet = AlexNet(num_classes=10, small_input=True)  # the layers' own
    assert spread(alexnet.classifier[4]) == pytest.approx((1 / (3 * 4096)) ** 0.5, rel=0.01)
    other = nn.models.vgg11(num_classes=10, small_input=True, init_weights=False)
    assert spread(other.classifier[3]) == pytest.approx((1 / (3 * 4096)) ** 0.5, rel=0.01)


def test_the_same_seed_gives_the_same_network() -> None:
    made = []
    for _ in range(2):
        ag.manual_seed(3)
        made.append(nn.models.squeezenet1_0(num_classes=7).state_dict())
    for key, value in made[0].items():
        np.testing.assert_array_equal(value.numpy(), made[1][key].numpy())


# ------------------------------------------------------------------------------------------------------------- the rest


def test_the_auxiliary_loss() -> None:
    scores = [ag.randn(4, 3, requires_grad=True) for _ in range(3)]
    target, cross = ag.tensor([0, 1, 2, 0]), nn.CrossEntropyLoss()
    outputs = GoogLeNetOutputs(*scores)
    expected = cross(scores[0], target) + 0.3 * cross(scores[1], target) + 0.3 * cross(scores[2], target)
    assert AuxiliaryLoss()(outputs, target).item() == pytest.approx(expected.item())
    assert AuxiliaryLoss(weight=0)(outputs, target).item() == pytest.approx(cross(scores[0], target).item())
    assert AuxiliaryLoss()(scores[1], target).item() == cross(scores[1], target).item()
    assert repr(AuxiliaryLoss(nn.NLLLoss(), 0.5)).startswith("AuxiliaryLoss(\n  weight=0.5\n  (criterion): NLLLoss(")
    accuracy = nn.training.Accuracy()
    accuracy.update(GoogLeNetOutputs(ag.eye(3), ag.zeros(3, 3), ag.zeros(3, 3)), ag.tensor([0, 1, 1]))
    assert accuracy.compute() == pytest.approx(2 / 3)


def test_googlenet_without_heads_and_between_modes() -> None:
    model = GoogLeNet(num_classes=5, aux_logits=False, small_input=True)
    assert model.aux1 is None
    assert model(ag.rand(2, 3, 28, 28)).shape == (2, 5)
    assert not any(key.startswith("aux") for key in model.state_dict())
    heads = GoogLeNet(num_classes=5, small_input=True)
    with pytest.raises(ag.errors.CheckpointError, match=r"Unexpected key.*aux1\.conv"):
        model.load_state_dict(heads.state_dict())
    model.load_state_dict(heads.state_dict(), strict=False)


def test_the_towers_of_the_paper() -> None:
    model = AlexNet(groups=2, small_input=True, in_channels=1, num_classes=10)
    assert [layer.groups for layer in model.features if isinstance(layer, nn.Conv2d)] == [1, 2, 1, 2, 2]
    norms = [layer for layer in model.features if isinstance(layer, nn.LocalResponseNorm)]
    assert [(n.size, n.alpha / n.size, n.beta, n.k) for n in norms] == [(5, 1e-4, 0.75, 2.0)] * 2  # section 3.3
    assert model(ag.rand(2, 1, 28, 28)).shape == (2, 10)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: AlexNet(groups=3), "AlexNet: groups=3, expected 1, or 2 for the towers of the paper"),
        (lambda: SqueezeNet("1_2"), "version='1_2' is unknown; use '1_0' or '1_1'"),
        (
            lambda: GoogLeNet(transform_input=True, in_channels=1),
            "transform_input is for 3 channels, got in_channels=1",
        ),
        (lambda: AuxiliaryLoss(weight=-1), "weight=-1, expected a number of at least 0"),
        (lambda: nn.models.resnet50(replace_stride_with_dilation=[True]), "expected None or three booleans"),
        (lambda: ResNet(nn.models.BasicBlock, (2, 2)), r"layers=\(2, 2\), expected four numbers of blocks"),
        (
            lambda: nn.models.resnet18(groups=2),
            "BasicBlock: groups=2, base_width=64, dilation=1, expected 1, 64, 1; a Bott",
        ),
        (
            lambda: nn.models.resnet18(weights="imagenet"),
            "no weights 'imagenet' of resnet18 in the package, only",
        ),
    ],
)
def test_errors(make: Any, message: str) -> None:
    with pytest.raises(ag.errors.ArgumentError, match=message):
        make()


def test_the_command_line_knows_them() -> None:
    assert set(ZOO) <= set(nn.models.names())
    assert set(ZOO) <= set(RECIPES)
    assert all(RECIPES[name].general and RECIPES[name].auxiliary == (name == "googlenet") for name in ZOO)


@pytest.mark.parametrize("name", ["squeezenet1_1", "googlenet"])
def test_the_command_line_builds_them_for_its_pictures(name: str) -> None:
    settings = Settings(name, "fashion-mnist", 1, 8, "sgd", 0.01, 0.0, "constant", False, 0, 0, None, 16)
    parts = Parts(settings, FACTORIES)
    history = nn.training.fit(
        parts.model, parts.loader(train=True), parts.criterion, parts.optimizer, 1,
        validation=parts.loader(train=False), metrics=parts.metrics, progress="none",
    )  # fmt: skip
    assert parts.model.eval()(next(iter(parts.loader(train=False)))[0]).shape == (3, 10)
    assert isinstance(parts.criterion, AuxiliaryLoss) == (name == "googlenet")
    assert np.isfinite(history["val_loss"][0])
