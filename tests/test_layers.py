"""Layers and the functions behind them: values, gradients, starting values, and what they say of a wrong input."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import autograd_core as ag
import nn
import nn.functional as F

DTYPES = pytest.mark.parametrize("dtype", [ag.float32, ag.float64], ids=str)


def torch_twin(layer: nn.Module, torch: Any) -> Any:
    """PyTorch's layer, made from our repr, with our state."""
    text = repr(layer).replace("padding_mode=", "padding_mode='").replace("padding=same", "padding='same'")
    if "padding_mode=" in text:
        text = text[:-1] + "')"
    twin = eval(f"nn.{text}", {"nn": torch.nn})
    dtype = next((p.dtype for p in layer.parameters()), ag.float64)
    twin.load_state_dict({key: torch.tensor(value.numpy()) for key, value in layer.state_dict().items()})
    return twin.double() if dtype == ag.float64 else twin


def grads_of(layer: Any, x: Any, seed: Any) -> tuple[Any, list[Any]]:
    """The output, and the gradients of input and parameters of (output * seed).sum()."""
    out = layer(x)
    (out * seed).sum().backward()
    return out, [x.grad, *(p.grad for p in layer.parameters())]


def close(a: Any, b: Any, dtype: Any) -> None:
    tolerance = 1e-7 if dtype == ag.float64 else 3e-4  # PyTorch has single-precision constants in hardsigmoid
    np.testing.assert_allclose(np.asarray(a), np.asarray(b), rtol=tolerance, atol=tolerance)


FLOAT_LAYERS: list[tuple[Callable[[], nn.Module], tuple[int, ...]]] = [
    (lambda: nn.Linear(5, 3), (4, 5)),
    (lambda: nn.Linear(5, 3, bias=False), (2, 3, 5)),
    (lambda: nn.Linear(5, 3), (5,)),
    (lambda: nn.Identity(), (4, 5)),
    (lambda: nn.Flatten(), (2, 3, 4)),
    (lambda: nn.Flatten(0, 1), (2, 3, 4)),
    (lambda: nn.Unflatten(1, (2, -1)), (2, 6)),
    (lambda: nn.Conv2d(2, 3, 3), (2, 2, 7, 6)),
    (lambda: nn.Conv2d(2, 3, 3), (2, 7, 6)),
    (lambda: nn.Conv2d(4, 6, (3, 2), stride=2, padding=1, dilation=2, groups=2), (2, 4, 9, 8)),
    (lambda: nn.Conv2d(2, 3, 3, padding="same", bias=False), (1, 2, 5, 5)),
    (lambda: nn.Conv2d(2, 3, (2, 4), padding="same", padding_mode="reflect"), (1, 2, 5, 5)),
    (lambda: nn.Conv2d(2, 3, 3, padding=(1, 2), padding_mode="replicate"), (1, 2, 5, 5)),
    (lambda: nn.Conv2d(2, 3, 3, padding=2, padding_mode="circular", stride=2), (1, 2, 5, 5)),
    (lambda: nn.MaxPool2d(2), (2, 2, 6, 6)),
    (lambda: nn.MaxPool2d(3, 2, 1, ceil_mode=True), (2, 2, 6, 7)),
    (lambda: nn.AvgPool2d((2, 3), stride=(2, 1), padding=(1, 1)), (2, 2, 6, 6)),
    (lambda: nn.AdaptiveAvgPool2d(1), (2, 3, 5, 4)),
    (lambda: nn.AdaptiveAvgPool2d((3, 2)), (2, 3, 7, 5)),
    (lambda: nn.AdaptiveAvgPool2d((None, 2)), (3, 4, 6)),
    (lambda: nn.BatchNorm1d(3), (5, 3)),
    (lambda: nn.BatchNorm1d(3, momentum=0.3, eps=1e-3), (5, 3, 4)),
    (lambda: nn.BatchNorm2d(3), (4, 3, 2, 3)),
    (lambda: nn.BatchNorm2d(3, affine=False, track_running_stats=False), (4, 3, 2, 3)),
    (lambda: nn.LayerNorm(5), (4, 5)),
    (lambda: nn.LayerNorm((3, 5), elementwise_affine=False), (4, 3, 5)),
    *(
        (make, (3, 4))
        for make in (
            nn.ReLU, nn.LeakyReLU, nn.ELU, nn.CELU, nn.SELU, nn.GELU, nn.SiLU, nn.Mish, nn.Sigmoid, nn.LogSigmoid, nn.Tanh,
            nn.Softplus, nn.Hardtanh, nn.ReLU6, nn.Hardsigmoid, nn.Hardswish, nn.Softsign, nn.Tanhshrink, nn.Softshrink,
            nn.Hardshrink, nn.GLU, nn.PReLU,
        )
    ),
    (lambda: nn.LeakyReLU(0.3), (3, 4)),
    (lambda: nn.ELU(2.0), (3, 4)),
    (lambda: nn.CELU(2.0), (3, 4)),
    (lambda: nn.GELU("tanh"), (3, 4)),
    (lambda: nn.Softplus(2.0, 1.0), (3, 4)),
    (lambda: nn.Softmax(1), (3, 4)),
    (lambda: nn.LogSoftmax(0), (3, 4)),
    (lambda: nn.Softmin(-1), (3, 4)),
    (lambda: nn.Hardtanh(-0.5, 0.25), (3, 4)),
    (lambda: nn.Threshold(0.1, 2.0), (3, 4)),
    (lambda: nn.PReLU(4), (3, 4, 2)),
    (lambda: nn.GLU(0), (4, 3)),
    (lambda: nn.Dropout(0.0), (3, 4)),
]  # fmt: skip


@DTYPES
@pytest.mark.parametrize("case", range(len(FLOAT_LAYERS)))
def test_value_and_gradients_equal_pytorchs(case: int, dtype: Any) -> None:
    torch = pytest.importorskip("torch")
    make, shape = FLOAT_LAYERS[case]
    layer = make().to(dtype)
    twin = torch_twin(layer, torch)
    data = 2 * ag.randn(*shape, dtype=dtype).numpy()
    x, y = ag.tensor(data, requires_grad=True), torch.tensor(data, requires_grad=True)
    seed = ag.randn(*layer.forward(x).shape, dtype=dtype).numpy()
    layer.load_state_dict({key: value.numpy() for key, value in twin.state_dict().items()})  # forward moved statistics
    ours, our_grads = grads_of(layer, x, ag.tensor(seed))
    theirs, their_grads = grads_of(twin, y, torch.tensor(seed))
    assert ours.dtype == dtype
    close(ours.detach(), theirs.detach(), dtype)
    for a, b in zip(our_grads, their_grads, strict=True):
        assert a.dtype == dtype
        close(a, b, dtype)
    for a, b in zip(layer.buffers(), twin.buffers(), strict=True):
        close(a, b, dtype)
    close(layer.eval()(x).detach(), twin.eval()(y).detach(), dtype)


@pytest.mark.parametrize("case", range(len(FLOAT_LAYERS)))
def test_gradients_equal_finite_differences(case: int) -> None:
    make, shape = FLOAT_LAYERS[case]
    layer = make().double()
    x = ag.randn(*shape, dtype=ag.float64, requires_grad=True)
    assert ag.gradcheck(layer, (x,))


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("hardtanh", ()), ("hardsigmoid", ()), ("hardswish", ()), ("relu6", ()), ("softshrink", (0.5,)),
        ("hardshrink", (0.5,)), ("leaky_relu", (0.1,)), ("elu", (1.5,)), ("celu", (1.5,)), ("threshold", (0.5, 2.0)),
        ("softsign", ()), ("relu", ()),
    ],
)  # fmt: skip
def test_slopes_on_corners_equal_pytorchs(name: str, arguments: tuple[float, ...]) -> None:
    torch = pytest.importorskip("torch")
    corners = [-6.0, -3.0, -1.0, -0.5, 0.0, 0.5, 1.0, 3.0, 6.0, 1e30, -1e30]
    x, y = ag.tensor(corners, requires_grad=True), torch.tensor(corners, requires_grad=True)
    a, b = getattr(F, name)(x, *arguments), getattr(torch.nn.functional, name)(y, *arguments)
    a.sum().backward()
    b.sum().backward()
    np.testing.assert_allclose(a.detach().numpy(), b.detach().numpy(), rtol=1e-6)
    np.testing.assert_allclose(x.grad.numpy(), y.grad.numpy(), rtol=1e-5)


# ----------------------------------------------------------------------------------------------- without PyTorch: values


def test_linear_and_conv_by_hand() -> None:
    layer, x = nn.Linear(3, 2), ag.randn(4, 3)
    np.testing.assert_allclose(
        layer(x).detach().numpy(), x.numpy() @ layer.weight.array.T + layer.bias.array, rtol=1e-5, atol=1e-6
    )
    conv, image = nn.Conv2d(2, 3, 2, stride=2, padding=1), ag.randn(1, 2, 4, 4)
    padded = np.pad(image.numpy(), ((0, 0), (0, 0), (1, 1), (1, 1)))
    out = conv(image).detach().numpy()
    assert out.shape == (1, 3, 3, 3)
    for o in range(3):
        for i in range(3):
            for j in range(3):
                window = padded[0, :, 2 * i : 2 * i + 2, 2 * j : 2 * j + 2]
                expected = (window * conv.weight.array[o]).sum() + conv.bias.array[o]
                np.testing.assert_allclose(out[0, o, i, j], expected, rtol=1e-4, atol=1e-5)


def test_padding_same_keeps_the_size_also_with_a_stride() -> None:
    assert nn.Conv2d(1, 2, 4, padding="same")(ag.zeros(1, 1, 9, 8)).shape == (1, 2, 9, 8)
    assert nn.Conv2d(1, 2, 3, stride=2, padding="same")(ag.zeros(1, 1, 9, 8)).shape == (1, 2, 5, 4)
    assert nn.Conv2d(1, 2, 3, padding="valid")(ag.zeros(1, 1, 9, 8)).shape == (1, 2, 7, 6)


def test_pooling_by_hand() -> None:
    x = ag.arange(16.0).reshape(1, 1, 4, 4)
    assert nn.MaxPool2d(2)(x).tolist() == [[[[5, 7], [13, 15]]]]
    assert nn.AvgPool2d(2)(x).tolist() == [[[[2.5, 4.5], [10.5, 12.5]]]]
    values, places = nn.MaxPool2d(2, return_indices=True)(x)
    assert places.tolist() == values.tolist()
    uneven = nn.AdaptiveAvgPool2d((2, 3))(ag.arange(20.0).reshape(1, 1, 4, 5))
    assert uneven.tolist() == [[[[3.0, 4.5, 6.0], [13.0, 14.5, 16.0]]]]


def test_batch_norm_statistics() -> None:
    layer = nn.BatchNorm1d(2, momentum=0.5)
    x = ag.tensor([[1.0, 10.0], [3.0, 30.0]])
    out = layer(x)
    np.testing.assert_allclose(out.detach().numpy(), [[-1, -1], [1, 1]], rtol=1e-4)
    np.testing.assert_allclose(layer.running_mean.numpy(), [1.0, 10.0])
    np.testing.assert_allclose(layer.running_var.numpy(), [0.5 + 0.5 * 2, 0.5 + 0.5 * 200])
    assert layer.num_batches_tracked.item() == 1
    layer.eval()
    np.testing.assert_allclose(layer(x).detach().numpy()[:, 0], [0, 2 / math.sqrt(1.5)], atol=1e-4)
    assert layer.num_batches_tracked.item() == 1
    layer.reset_running_stats()
    assert layer.running_mean.tolist() == [0, 0]
    assert layer.running_var.tolist() == [1, 1]


def test_batch_norm_without_momentum_averages_all_batches() -> None:
    layer = nn.BatchNorm1d(1, momentum=None)
    means = []
    for _ in range(4):
        x = ag.randn(8, 1)
        means.append(x.numpy().mean())
        layer(x)
    np.testing.assert_allclose(layer.running_mean.numpy(), [np.mean(means)], rtol=1e-5, atol=1e-7)


def test_layer_norm_by_hand() -> None:
    x = ag.randn(3, 4, 5)
    data = x.numpy()
    mean, var = data.mean((1, 2), keepdims=True), data.var((1, 2), keepdims=True)
    expected = (data - mean) / np.sqrt(var + 1e-5)
    np.testing.assert_allclose(nn.LayerNorm((4, 5))(x).detach().numpy(), expected, rtol=1e-4, atol=1e-5)


def test_dropout_keeps_the_mean_and_can_be_repeated() -> None:
    layer, x = nn.Dropout(0.25), ag.ones(100, 100)
    first = layer(x).numpy()
    assert set(np.unique(first)) == {0.0, np.float32(1 / 0.75)}
    assert abs((first == 0).mean() - 0.25) < 0.02
    ag.manual_seed(3)
    a = layer(x).numpy()
    ag.manual_seed(3)
    np.testing.assert_array_equal(a, layer(x).numpy())
    b = F.dropout(x, 0.25, generator=ag.Generator(3)).numpy()
    np.testing.assert_array_equal(a, b)
    assert layer.eval()(x) is x
    maps = nn.Dropout2d(0.5)(ag.ones(20, 10, 3, 3)).numpy()
    assert set(np.unique(maps.sum((2, 3)))) == {0.0, 18.0}
    y = ag.ones(50)
    assert nn.Dropout(0.5, inplace=True)(y) is y
    assert 0 < (y.numpy() == 0).sum() < 50


@pytest.mark.parametrize("layer", [nn.Dropout, nn.Dropout2d])
def test_dropout_errors(layer: Any) -> None:
    with pytest.raises(ag.errors.ArgumentError, match=r"Dropout(2d)?: p=1.5, expected a probability from 0 to 1"):
        layer(1.5)


@DTYPES
def test_embedding(dtype: Any) -> None:
    layer = nn.Embedding(5, 3, padding_idx=-1, dtype=dtype)
    assert layer.padding_idx == 4
    assert layer.weight[4].tolist() == [0, 0, 0]
    index = ag.tensor([[0, 4], [0, 2]])
    out = layer(index)
    assert out.dtype == dtype
    np.testing.assert_array_equal(out.detach().numpy(), layer.weight.array[index.numpy()])
    out.sum().backward()
    np.testing.assert_array_equal(layer.weight.grad.numpy(), [[2] * 3, [0] * 3, [1] * 3, [0] * 3, [0] * 3])
    assert layer(ag.zeros(0, dtype=ag.int64)).shape == (0, 3)
    table = ag.randn(4, 2)
    frozen = nn.Embedding.from_pretrained(table)
    assert not frozen.weight.requires_grad
    assert np.shares_memory(frozen.weight.array, table.array)
    assert nn.Embedding.from_pretrained(table, freeze=False).weight.requires_grad


def test_embedding_equals_pytorchs() -> None:
    torch = pytest.importorskip("torch")
    layer = nn.Embedding(5, 3, padding_idx=1)
    twin = torch.nn.Embedding.from_pretrained(torch.tensor(layer.weight.data), freeze=False, padding_idx=1)
    index = [[0, 1, 1], [4, 4, 2]]
    ours, theirs = layer(ag.tensor(index)), twin(torch.tensor(index))
    (ours * ours).sum().backward()
    (theirs * theirs).sum().backward()
    np.testing.assert_allclose(layer.weight.grad.numpy(), twin.weight.grad.numpy(), rtol=1e-6)


@pytest.mark.parametrize(
    ("make", "fan_in"), [(lambda: nn.Linear(50, 40), 50), (lambda: nn.Conv2d(8, 40, (3, 5), groups=2), 60)]
)
def test_starting_values_of_linear_and_conv(make: Callable[[], Any], fan_in: int) -> None:
    layer, bound = make(), 1 / math.sqrt(fan_in)
    for p in (layer.weight, layer.bias):
        assert np.abs(p.array).max() <= bound
    values = layer.weight.array
    assert np.abs(values).max() > 0.98 * bound
    assert abs(values.std() - bound / math.sqrt(3)) < 0.03 * bound
    old = values.copy()
    layer.reset_parameters()
    assert (old != layer.weight.array).any()


def test_starting_values_of_the_others() -> None:
    assert abs(nn.Embedding(100, 100).weight.array.std() - 1) < 0.03
    norm = nn.BatchNorm2d(3)
    assert norm.weight.tolist() == [1, 1, 1]
    assert norm.bias.tolist() == [0, 0, 0]
    assert norm.running_var.tolist() == [1, 1, 1]
    assert nn.PReLU(2).weight.tolist() == [0.25, 0.25]
    assert nn.LayerNorm(2).weight.tolist() == [1, 1]


# -------------------------------------------------------------------------------------------------------- in place, dims


INPLACE = [
    nn.ReLU, nn.ReLU6, nn.LeakyReLU, nn.ELU, nn.SELU, nn.CELU, nn.SiLU, nn.Mish, nn.Hardtanh, nn.Hardsigmoid, nn.Hardswish,
    lambda inplace=False: nn.Threshold(0.5, -1.0, inplace),
]  # fmt: skip


@pytest.mark.parametrize("make", INPLACE)
def test_inplace_overwrites_the_input_and_keeps_gradients_right(make: Any) -> None:
    data = ag.randn(3, 4, dtype=ag.float64).numpy()
    a, b = ag.tensor(data, requires_grad=True), ag.tensor(data, requires_grad=True)
    hidden = a * 2
    out = make(inplace=True)(hidden)
    assert out is hidden
    expected = make()(b * 2)
    np.testing.assert_array_equal(out.detach().numpy(), expected.detach().numpy())
    (out * out).sum().backward()
    (expected * expected).sum().backward()
    np.testing.assert_allclose(a.grad.numpy(), b.grad.numpy())
    with pytest.raises(ag.errors.GraphError, match="leaf that requires gradients"):
        make(inplace=True)(b)


def test_softmax_guesses_a_dim_and_says_so() -> None:
    with pytest.warns(
        UserWarning, match=r"model \(Softmax\): dim was not given, and dim=1 is guessed; say Softmax\(dim=1\)"
    ):
        out = nn.Softmax()(ag.zeros(2, 4))
    assert out.tolist() == [[0.25] * 4] * 2
    with pytest.warns(UserWarning, match="dim=0 is guessed"):
        nn.LogSoftmax()(ag.zeros(2))


def test_one_hot_and_normalize() -> None:
    assert F.one_hot(ag.tensor([[0], [2]])).tolist() == [[[1, 0, 0]], [[0, 0, 1]]]
    assert F.one_hot(ag.tensor([1]), 2).dtype == ag.int64
    assert F.one_hot(ag.zeros(0, dtype=ag.int64), 3).shape == (0, 3)
    with pytest.raises(IndexError, match="one_hot: tensor holds 3, expected classes of 0 to 2; raise num_classes"):
        F.one_hot(ag.tensor([3]), 3)
    with pytest.raises(
        ag.errors.DtypeError, match=r"expects tensor of integers, got float32; convert it with tensor.long"
    ):
        F.one_hot(ag.ones(2))
    with pytest.raises(ag.errors.ArgumentError, match="cannot be read from an empty tensor"):
        F.one_hot(ag.zeros(0, dtype=ag.int64))
    with pytest.raises(ag.errors.ArgumentError, match="num_classes=0, expected at least 1"):
        F.one_hot(ag.tensor([0]), 0)
    x = ag.tensor([[3.0, 4.0], [0.0, 0.0]], requires_grad=True)
    out = F.normalize(x)
    np.testing.assert_allclose(out.detach().numpy(), [[0.6, 0.8], [0, 0]], rtol=1e-6)
    out.sum().backward()
    assert np.isfinite(x.grad.numpy()).all()
    np.testing.assert_allclose(F.normalize(x, p=1).detach().numpy()[0], [3 / 7, 4 / 7], rtol=1e-6)
    np.testing.assert_allclose(F.normalize(x, p=math.inf).detach().numpy()[0], [3 / 4, 1], rtol=1e-6)
    with pytest.raises(ag.errors.ArgumentError, match="p=0, expected a positive number"):
        F.normalize(x, p=0)


@pytest.mark.parametrize("p", [1, 2, 3, math.inf])
def test_normalize_equals_pytorchs(p: float) -> None:
    torch = pytest.importorskip("torch")
    data = ag.randn(3, 4, dtype=ag.float64).numpy()
    x, y = ag.tensor(data, requires_grad=True), torch.tensor(data, requires_grad=True)
    a, b = F.normalize(x, p=p), torch.nn.functional.normalize(y, p=p)
    (a * a * a).sum().backward()
    (b * b * b).sum().backward()
    np.testing.assert_allclose(a.detach().numpy(), b.detach().numpy())
    np.testing.assert_allclose(x.grad.numpy(), y.grad.numpy(), atol=1e-12)


# ---------------------------------------------------------------------------------------------------------- wrong inputs


def test_the_message_names_the_layer_the_maker_and_the_cure() -> None:
    model = nn.Sequential(nn.Linear(4, 8), nn.Identity(), nn.Linear(9, 2))
    with pytest.raises(ag.errors.ShapeError) as error:
        model(ag.zeros(3, 4))
    assert str(error.value) == (
        "model.2 (Linear 9->2): expects (..., 9), got (3, 8), made by model.0 (Linear 4->8); make this layer Linear(8, 2), "
        "or mend what comes before"
    )
    with ag.no_grad(), pytest.raises(ValueError, match=r"got \(3, 8\); make this layer"):
        model(ag.zeros(3, 4))
    with pytest.raises(RuntimeError, match=r"^Linear: expects"):
        nn.Linear(2, 2).forward(ag.zeros(3))


WRONG_SHAPES: list[tuple[Callable[[], nn.Module], tuple[int, ...], str]] = [
    (
        lambda: nn.Linear(12, 2),
        (5, 3, 4),
        r"model \(Linear 12->2\): expects \(..., 12\), got \(5, 3, 4\); flatten it first",
    ),
    (lambda: nn.Linear(3, 2), (), r"expects \(..., 3\), got \(\); give it a vector"),
    (
        lambda: nn.Conv2d(1, 6, 5),
        (64, 28, 28),
        r"model \(Conv2d 1->6 5x5\): expects \(N, 1, H, W\) or \(1, H, W\), got \(64, 28, 28\); add the channel dim: "
        r"input.unsqueeze\(1\)",
    ),
    (lambda: nn.Conv2d(3, 6, 5), (2, 28, 28, 3), r"put the channels first: input.movedim\(-1, -3\)"),
    (lambda: nn.Conv2d(3, 6, 5), (2, 4, 28, 28), r"expects \(N, 3, H, W\).*mend in_channels"),
    (lambda: nn.Conv2d(3, 6, 5, padding="same"), (28, 28), r"expects \(N, 3, H, W\).*got \(28, 28\)"),
    (lambda: nn.Conv2d(3, 6, 5), (2, 28), r"expects \(N, 3, H, W\) or \(3, H, W\), got \(2, 28\); mend"),
    (
        lambda: nn.Conv2d(1, 6, 5, padding=1),
        (1, 1, 2, 9),
        r"expects H of at least 3 and W of at least 3, got \(1, 1, 2, 9\)",
    ),
    (
        lambda: nn.MaxPool2d(3),
        (1, 1, 2, 2),
        r"model \(MaxPool2d\): expects H of at least 3 and W of at least 3.*smaller",
    ),
    (lambda: nn.AvgPool2d(2), (5,), r"model \(AvgPool2d\): expects \(N, C, H, W\) or \(C, H, W\), got \(5,\)"),
    (lambda: nn.AdaptiveAvgPool2d(1), (5,), r"model \(AdaptiveAvgPool2d\): expects \(N, C, H, W\)"),
    (
        lambda: nn.BatchNorm1d(3),
        (2, 4),
        r"model \(BatchNorm1d 3\): expects \(N, 3\) or \(N, 3, L\), got \(2, 4\); make num",
    ),
    (lambda: nn.BatchNorm1d(3), (2, 3, 4, 4), r"expects \(N, 3\) or.*use the BatchNorm for its number of dims"),
    (
        lambda: nn.BatchNorm2d(3),
        (2, 3),
        r"model \(BatchNorm2d 3\): expects \(N, 3, H, W\), got \(2, 3\); use the BatchNorm",
    ),
    (
        lambda: nn.BatchNorm1d(3),
        (1, 3),
        r"expects more than 1 value per channel when training, got \(1, 3\); use larger",
    ),
    (
        lambda: nn.LayerNorm((2, 3)),
        (4, 3),
        r"model \(LayerNorm 2x3\): expects \(..., 2, 3\), got \(4, 3\); make normal",
    ),
    (lambda: nn.PReLU(3), (2, 4), r"model \(PReLU\): expects \(N, 3, ...\), got \(2, 4\)"),
    (lambda: nn.GLU(), (2, 3), r"glu: input has shape \(2, 3\), expected an even size along dim=-1"),
]


def test_sequential_takes_convolution_and_relu_in_one_pass_where_nothing_is_recorded(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    passes: list[bool] = []
    forward = nn.Conv2d.forward

    def counted(self: nn.Conv2d, input: ag.Tensor, *, relu: bool = False) -> ag.Tensor:
        passes.append(relu)
        return forward(self, input, relu=relu)

    monkeypatch.setattr(nn.Conv2d, "forward", counted)
    ag.manual_seed(0)
    model = nn.Sequential(
        nn.Conv2d(1, 3, 3),
        nn.ReLU(),
        nn.Conv2d(3, 3, 3),
        nn.Tanh(),
        nn.ReLU(inplace=True),
        nn.Conv2d(3, 2, 3, bias=False),
        nn.ReLU(),
    )
    x = ag.randn(2, 1, 9, 9)
    expected = model(x).detach()
    assert passes == [False, False, False]
    passes.clear()
    with ag.no_grad():
        np.testing.assert_array_equal(model(x), expected)
        assert passes == [True, False, True]
        assert nn.Sequential()(x) is x
    for module, register in (
        (0, "register_forward_hook"),
        (1, "register_forward_hook"),
        (1, "register_forward_pre_hook"),
    ):
        seen: list[ag.Tensor] = []
        passes.clear()
        with ag.no_grad(), getattr(model[module], register)(lambda *args, seen=seen: seen.append(args[-1])):
            np.testing.assert_array_equal(model(x), expected)
        assert passes == [False, False, True]
        assert len(seen) == 1


@pytest.mark.parametrize(("make", "shape", "message"), WRONG_SHAPES)
def test_wrong_shapes(make: Callable[[], nn.Module], shape: tuple[int, ...], message: str) -> None:
    with pytest.raises(ag.errors.ShapeError, match=message):
        make()(ag.zeros(*shape))


@pytest.mark.parametrize(
    ("make", "shape"),
    [
        (lambda: nn.Linear(3, 2), (2, 3)), (lambda: nn.Conv2d(1, 2, 2), (1, 1, 3, 3)), (lambda: nn.BatchNorm1d(3), (2, 3)),
        (lambda: nn.LayerNorm(3), (2, 3)), (lambda: nn.PReLU(), (2, 3)),
    ],
)  # fmt: skip
def test_wrong_dtypes(make: Callable[[], nn.Module], shape: tuple[int, ...]) -> None:
    with pytest.raises(
        ag.errors.DtypeError,
        match=r"expects float32, the dtype of its parameters, got float64; convert it with input.float\(\), or the model "
        r"with model.double\(\)",
    ):
        make()(ag.zeros(*shape, dtype=ag.float64))
    with pytest.raises(
        TypeError, match=r"got float32; convert it with input.double\(\), or the model with model.float\(\)"
    ):
        make().double()(ag.zeros(*shape))
    with pytest.raises(ag.errors.DtypeError, match=r"got int64; convert it with input.float\(\)$"):
        make()(ag.zeros(*shape, dtype=ag.int64))
    with pytest.raises(TypeError, match=r"input is of type list, expected a Tensor; wrap it: ag.tensor\(input\)"):
        make()([[1.0]])


def test_embedding_errors() -> None:
    layer = nn.Embedding(5, 3)
    for wrong in (5, -1):
        with pytest.raises(
            IndexError, match=rf"model \(Embedding 5x3\): input holds {wrong}, expected indices of 0 to 4; raise"
        ):
            layer(ag.tensor([1, wrong]))
    with pytest.raises(ag.errors.DtypeError, match=r"model \(Embedding 5x3\): expects input of integers, got float32"):
        layer(ag.ones(2))
    with pytest.raises(ag.errors.ArgumentError, match="Embedding: padding_idx=5, expected one of -5 to 4"):
        nn.Embedding(5, 3, padding_idx=5)
    with pytest.raises(ag.errors.ArgumentError, match="padding_idx=9, expected one of -5 to 4"):
        F.embedding(ag.tensor([1]), layer.weight, padding_idx=9)
    with pytest.raises(ag.errors.ShapeError, match=r"embeddings has shape \(3,\), expected \(V, D\)"):
        nn.Embedding.from_pretrained(ag.ones(3))


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: nn.Linear(0, 2), "Linear: in_features=0, expected an int of at least 1"),
        (lambda: nn.Linear(2, 2.0), "Linear: out_features=2.0, expected an int"),
        (lambda: nn.Conv2d(3, 4, 3, groups=2), "groups=2 must divide in_channels=3 and out_channels=4"),
        (lambda: nn.Conv2d(3, 4, (3, 3, 3)), r"Conv2d: kernel_size=\(3, 3, 3\), expected an int of at least 1, or two"),
        (lambda: nn.Conv2d(3, 4, 3, stride=0), "Conv2d: stride=0, expected an int of at least 1"),
        (lambda: nn.Conv2d(3, 4, 3, padding="full"), "padding='full', expected 'same', 'valid', an int, or two ints"),
        (
            lambda: nn.Conv2d(3, 4, 3, padding_mode="mirror"),
            "padding_mode='mirror' is unknown; use one of 'zeros', 'refl",
        ),
        (
            lambda: nn.Conv2d(3, 4, 3, 2, padding="same", padding_mode="reflect"),
            "padding='same' with padding_mode='reflect' needs stride=1, got 2",
        ),
        (lambda: nn.MaxPool2d(0), "MaxPool2d: kernel_size=0, expected an int of at least 1"),
        (lambda: nn.AvgPool2d(2, padding=-1), "AvgPool2d: padding=-1, expected an int of at least 0"),
        (lambda: nn.BatchNorm2d(-1), "BatchNorm2d: num_features=-1"),
        (lambda: nn.LayerNorm(()), "LayerNorm: normalized_shape=0, expected an int of at least 1"),
        (lambda: nn.Hardtanh(1, -1), "Hardtanh: min_val=1 is not below max_val=-1"),
        (lambda: nn.PReLU(0), "PReLU: num_parameters=0"),
        (lambda: F.celu(ag.ones(1), 0), "celu: alpha=0 divides by zero"),
        (lambda: F.softshrink(ag.ones(1), -1), "softshrink: lambd=-1, expected a number of at least 0"),
        (lambda: F.adaptive_avg_pool2d(ag.ones(1, 1, 2, 2), 0), "output_size=0, expected sizes of at least 1"),
        (lambda: F.prelu(ag.ones(2, 3), ag.ones(2)), r"weight has shape \(2,\), expected \(1,\) or \(3,\)"),
    ],
)
def test_wrong_arguments(make: Callable[[], Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        make()


# ---------------------------------------------------------------------------------------------------------- empty batches


@pytest.mark.parametrize(
    ("make", "shape"),
    [
        (lambda: nn.Linear(3, 2), (0, 3)), (lambda: nn.Conv2d(1, 2, 2), (0, 1, 3, 3)), (lambda: nn.ReLU(), (0, 3)),
        (lambda: nn.LayerNorm(3), (0, 3)), (lambda: nn.Flatten(), (0, 3, 2)), (lambda: nn.MaxPool2d(2), (0, 1, 4, 4)),
        (lambda: nn.AvgPool2d(2), (0, 1, 4, 4)), (lambda: nn.Dropout(), (0, 3)), (lambda: nn.Softmax(1), (0, 3)),
        (lambda: nn.BatchNorm1d(3).eval(), (0, 3)), (lambda: nn.AdaptiveAvgPool2d(2), (0, 1, 5, 5)),
    ],
)  # fmt: skip
def test_an_empty_batch_passes(make: Callable[[], nn.Module], shape: tuple[int, ...]) -> None:
    layer, x = make(), ag.zeros(*shape, requires_grad=True)
    out = layer(x)
    assert out.shape[0] == 0
    out.sum().backward()
    assert x.grad.shape == shape
    assert all((p.grad.array == 0).all() for p in layer.parameters() if p.grad is not None)
