"""The models, their registry, and the summary table."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import autograd_core as ag
import nn
from nn.models import MLP, Autoencoder, DenoisingAutoencoder, LeNet5, SmallCNN

OF_GREY_PICTURES = ("autoencoder", "cnn", "denoising-autoencoder", "lenet", "mlp")  # (N, 1, 28, 28), as they stand


def count(model: nn.Module) -> int:
    return sum(p.numel() for p in model.parameters())


def test_lenet5_is_the_one_of_the_lectures() -> None:
    model = LeNet5()
    assert count(model) == 61_706
    assert [count(m) for m in model.modules() if isinstance(m, nn.Conv2d | nn.Linear)] == [
        156,
        2416,
        48_120,
        10_164,
        850,
    ]
    assert (
        nn.summary(model, (1, 1, 28, 28)).multiply_adds == 28 * 28 * 6 * 25 + 10 * 10 * 16 * 150 + 48_000 + 10_080 + 840
    )
    assert not any(isinstance(m, nn.ReLU | nn.MaxPool2d) for m in model.modules())


@pytest.mark.parametrize("name", OF_GREY_PICTURES)
@pytest.mark.parametrize("dtype", [ag.float32, ag.float64], ids=str)
def test_every_model_runs_and_every_parameter_learns(name: str, dtype: Any) -> None:
    model = nn.models.create(name).to(dtype)
    x = ag.rand(3, 1, 28, 28, dtype=dtype)
    out = model(x)
    assert out.dtype == dtype
    assert out.shape == (x.shape if "autoencoder" in name else (3, 10))
    (out * out).sum().backward()
    for path, p in model.named_parameters():
        assert p.grad is not None, path
        assert np.isfinite(p.grad.numpy()).all(), path
        assert (p.grad.numpy() != 0).any(), path
    assert model.eval()(ag.rand(0, 1, 28, 28, dtype=dtype)).shape[0] == 0


@pytest.mark.parametrize("name", OF_GREY_PICTURES)
def test_a_model_can_learn_a_few_pictures(name: str) -> None:
    model, x, y = nn.models.create(name), ag.rand(20, 1, 28, 28), ag.randint(0, 10, (20,))

    def loss() -> Any:
        return (
            nn.functional.mse_loss(model(x), x) if "autoencoder" in name else nn.functional.cross_entropy(model(x), y)
        )

    first = loss().item()
    rate = 2.0 if "autoencoder" in name else 0.1
    for _ in range(20):
        model.zero_grad()
        loss().backward()
        with ag.no_grad():
            for p in model.parameters():
                p.sub_(p.grad * rate)
    assert model(x).isfinite().all()
    assert loss().item() < first


def test_small_cnn() -> None:
    assert count(SmallCNN()) == 164_402
    assert sum(isinstance(m, nn.Dropout) for m in SmallCNN().modules()) == 2
    wide = SmallCNN(num_classes=5, in_channels=3, size=(32, 20), channels=(8, 16))
    assert wide(ag.zeros(2, 3, 32, 20)).shape == (2, 5)
    with pytest.raises(ag.errors.ArgumentError, match="few enough that halving 28x28 so often leaves a pixel"):
        SmallCNN(channels=(4,) * 5)
    with pytest.raises(ag.errors.ArgumentError, match="expected one number or more"):
        SmallCNN(channels=())


def test_mlp() -> None:
    assert count(MLP((4, 3, 2))) == 4 * 3 + 3 + 3 * 2 + 2
    kinds = [type(m).__name__ for m in MLP((4, 3, 2), "tanh", dropout=0.5).layers]
    assert kinds == ["Linear", "Tanh", "Dropout", "Linear"]
    assert MLP((6, 2))(ag.zeros(5, 2, 3)).shape == (5, 2)
    with pytest.raises(
        ag.errors.ArgumentError, match=r"sizes=\(4,\): expected the sizes of the input and of the output"
    ):
        MLP((4,))
    with pytest.raises(ag.errors.ArgumentError, match="activation='step' is unknown; use one of elu, gelu"):
        MLP((4, 2), "step")


def test_autoencoder() -> None:
    model = Autoencoder((12, 6, 2))
    x = ag.rand(5, 3, 4)
    assert model.encode(x).shape == (5, 2)
    out = model(x)
    assert out.shape == (5, 3, 4)
    assert 0 < out.detach().numpy().min() < out.detach().numpy().max() < 1
    np.testing.assert_array_equal(model.decode(model.encode(x)).reshape(5, 3, 4).detach().numpy(), out.detach().numpy())
    with pytest.raises(
        ag.errors.ArgumentError, match=r"sizes=\(12, 6, 20\): the code, which is the last, must be the small"
    ):
        Autoencoder((12, 6, 20))
    with pytest.raises(ag.errors.ArgumentError, match=r"sizes=\(\): expected the sizes"):
        Autoencoder(())


@pytest.mark.parametrize(("noise", "level"), [("masking", 0.3), ("gaussian", 0.5)])
def test_denoising_autoencoder_spoils_its_input_while_training_only(noise: str, level: float) -> None:
    model = DenoisingAutoencoder((784, 1000, 32), noise=noise, level=level)
    x = ag.ones(4, 1, 28, 28)
    seen: list[Any] = []
    model.encoder.register_forward_pre_hook(lambda module, args: seen.append(args[0].numpy()))
    model(x)
    model.eval()(x)
    change = seen[0] - 1
    assert (seen[1] == 1).all()
    if noise == "masking":
        assert set(np.unique(change)) == {-1, 0}
        assert abs((change == -1).mean() - level) < 0.05
    else:
        assert abs(change.std() - level) < 0.05
    assert f"noise='{noise}', level={level}" in repr(model)
    assert (x.numpy() == 1).all()
    ag.manual_seed(1)
    a = model.train()(x).detach().numpy()
    ag.manual_seed(1)
    np.testing.assert_array_equal(a, model(x).detach().numpy())


def test_denoising_autoencoder_errors() -> None:
    with pytest.raises(ag.errors.ArgumentError, match="noise='salt' is unknown; use 'masking' or 'gaussian'"):
        DenoisingAutoencoder(noise="salt")
    with pytest.raises(ag.errors.ArgumentError, match=r"level=1.5: expected a part from 0 to 1"):
        DenoisingAutoencoder(level=1.5)
    assert DenoisingAutoencoder(noise="gaussian", level=1.5).level == 1.5


@pytest.mark.parametrize(
    ("make", "shape", "message"),
    [
        (LeNet5, (2, 1, 32, 32), r"model \(LeNet5\): expects \(N, 1, 28, 28\), got \(2, 1, 32, 32\); resize to 28x28"),
        (SmallCNN, (2, 28, 28), r"model \(SmallCNN\): expects \(N, 1, 28, 28\), got \(2, 28, 28\); build it with"),
        (MLP, (784,), r"model \(MLP\): expects \(N, ...\), got \(784,\); add the batch dim"),
        (MLP, (2, 5), r"model.layers.0 \(Linear 784->256\): expects \(..., 784\), got \(2, 5\)"),
        (Autoencoder, (2, 5), r"model \(Autoencoder\): expects \(N, ...\) of 784 numbers each, got \(2, 5\)"),
    ],
)
def test_wrong_shapes(make: Any, shape: tuple[int, ...], message: str) -> None:
    with pytest.raises(ag.errors.ShapeError, match=message):
        make()(ag.zeros(*shape))


def test_registry() -> None:
    assert set(nn.models.names()) > set(OF_GREY_PICTURES)
    assert isinstance(nn.models.create("mlp", sizes=(3, 2)), MLP)
    with pytest.raises(
        ag.errors.ArgumentError, match=r"name='lenett' is no model; did you mean 'lenet'.*; the models: alexnet, autoen"
    ):
        nn.models.create("lenett")
    with pytest.raises(ag.errors.ArgumentError, match="name='xyzzy' is no model; use one of these; the models"):
        nn.models.create("xyzzy")
    with pytest.raises(TypeError, match="depth"):
        nn.models.create("mlp", depth=3)


# ------------------------------------------------------------------------------------------------------------- summary


class Net(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(1, 4, 3, padding=1)
        self.norm = nn.BatchNorm2d(4)
        self.drop = nn.Dropout(0.5)
        self.heads = nn.ModuleList([nn.Linear(16, 3), nn.Linear(16, 2)])
        self.act = nn.ReLU()
        self.unused = nn.Linear(5, 5)
        self.heads[1].requires_grad_(False)

    def forward(self, x: Any) -> Any:
        x = self.act(self.drop(self.norm(self.conv(x)))).flatten(1)
        return self.act(self.heads[0](x)), self.heads[1](x)


def test_summary_rows_and_totals() -> None:
    table = nn.summary(Net(), (2, 1, 2, 2))
    rows = {row.path: row for row in table.rows}
    assert list(rows) == ["", "conv", "norm", "drop", "heads", "heads.0", "heads.1", "act", "unused"]
    assert rows[""].output_shape is None  # two results
    assert rows["conv"].output_shape == (2, 4, 2, 2)
    assert (rows["conv"].parameters, rows["conv"].multiply_adds) == (40, 2 * 4 * 4 * 9)
    assert (rows["heads.1"].parameters, rows["heads.1"].trainable) == (34, 0)
    assert rows["heads.0"].multiply_adds == 2 * 16 * 3
    assert rows["act"].calls == 2
    assert (rows["unused"].calls, rows["unused"].output_shape) == (0, None)
    assert table.parameters == count(Net()) == 40 + 8 + 51 + 34 + 30
    assert table.trainable == table.parameters - 34
    assert table.multiply_adds == 288 + 96 + 64
    assert table.parameter_bytes == 4 * table.parameters


def test_summary_text() -> None:
    assert str(nn.summary(nn.models.create("lenet"), (1, 1, 28, 28))) == (
        "layer         class       output shape     parameters  trainable  multiply-adds\n"
        "-------------------------------------------------------------------------------\n"
        "model         LeNet5      (1, 10)                   -          -              -\n"
        "  features    Sequential  (1, 16, 5, 5)             -          -              -\n"
        "    0         Conv2d      (1, 6, 28, 28)          156        156        117,600\n"
        "    1         Tanh        (1, 6, 28, 28)            -          -              -\n"
        "    2         AvgPool2d   (1, 6, 14, 14)            -          -              -\n"
        "    3         Conv2d      (1, 16, 10, 10)       2,416      2,416        240,000\n"
        "    4         Tanh        (1, 16, 10, 10)           -          -              -\n"
        "    5         AvgPool2d   (1, 16, 5, 5)             -          -              -\n"
        "  classifier  Sequential  (1, 10)                   -          -              -\n"
        "    0         Flatten     (1, 400)                  -          -              -\n"
        "    1         Linear      (1, 120)             48,120     48,120         48,000\n"
        "    2         Tanh        (1, 120)                  -          -              -\n"
        "    3         Linear      (1, 84)              10,164     10,164         10,080\n"
        "    4         Tanh        (1, 84)                   -          -              -\n"
        "    5         Linear      (1, 10)                 850        850            840\n"
        "-------------------------------------------------------------------------------\n"
        "input (1, 1, 28, 28): 416,520 multiply-adds\n"
        "parameters 61,706 (0.25 MB), trainable 61,706"
    )
    assert "ReLU (called 2 times)" in nn.summary(Net(), (2, 1, 2, 2)).text


def test_summary_changes_nothing() -> None:
    class Restless(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.net = nn.Sequential(nn.Linear(2, 2), nn.BatchNorm1d(2), nn.Dropout(0.5))
            self.register_buffer("calls", ag.zeros(1))

        def forward(self, x: Any) -> Any:
            self.calls.add_(1)
            return self.net(x + ag.randn(*x.shape))

    model = Restless()
    model.net[1].eval()
    model(ag.ones(4, 2)).sum().backward()
    state = {key: value.array.copy() for key, value in model.state_dict().items()}
    gradients = [p.grad.array.copy() for p in model.parameters()]
    modes = [m.training for m in model.modules()]
    random = ag.get_rng_state()
    nn.summary(model, (4, 2))
    assert ag.get_rng_state() == random
    assert [m.training for m in model.modules()] == modes
    assert ag.is_grad_enabled()
    for key, value in model.state_dict().items():
        np.testing.assert_array_equal(value.array, state[key])
    for p, g in zip(model.parameters(), gradients, strict=True):
        np.testing.assert_array_equal(p.grad.array, g)
    assert not any(m._hooks for m in model.modules())
    with pytest.raises(ag.errors.ShapeError):
        nn.summary(model, (4, 3))
    assert not any(m._hooks for m in model.modules())
    assert [m.training for m in model.modules()] == modes


def test_summary_inputs() -> None:
    table = nn.summary(nn.Embedding(10, 3), (2, 5), dtype=ag.int64)
    assert table.rows[0].output_shape == (2, 5, 3)
    assert nn.summary(nn.Linear(4, 2).double(), (1, 4)).rows[0].output_shape == (1, 2)
    assert nn.summary(nn.Linear(4, 2), ag.ones(3, 4)).input_shapes == ((3, 4),)

    class Pair(nn.Module):
        def forward(self, a: Any, b: Any) -> Any:
            return a + b

    assert nn.summary(Pair(), [ag.ones(3), ag.ones(2, 3)]).rows[0].output_shape == (2, 3)
    tied = nn.Sequential(nn.Linear(3, 3), nn.Linear(3, 3))
    tied[1].weight = tied[0].weight
    assert nn.summary(tied, (1, 3)).parameters == 9 + 3 + 3
    with pytest.raises(ag.errors.ArgumentError, match=r"input='x', expected a shape such as \(1, 1, 28, 28\)"):
        nn.summary(tied, "x")
    with pytest.raises(ag.errors.ShapeError, match=r"input=\(0, 3\) is an empty batch; use a batch of 1"):
        nn.summary(tied, (0, 3))
    with pytest.raises(TypeError, match=r"model is of type int, expected an nn\.Module"):
        nn.summary(3, (1,))
