"""Windows as columns and back, elements moved between channels and places: by definition, derivatives, complaints."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest
from beside_torch import agree_in_pair

import autograd_core as ag
import nn
import nn.functional as F
from autograd_core.errors import ArgumentError, ShapeError

HOWS: list[dict[str, Any]] = [
    {"kernel_size": 2},
    {"kernel_size": (3, 2), "padding": (1, 0)},
    {"kernel_size": (2, 3), "dilation": (2, 1), "stride": (1, 2), "padding": 1},
    {"kernel_size": 2, "stride": 3},
    {"kernel_size": 1},
]
EVERY_WINDOW = pytest.mark.parametrize("how", HOWS, ids=str)
DTYPES = pytest.mark.parametrize("dtype", [np.float32, np.float64, np.int64])


def draw(*shape: int, dtype: Any = np.float64) -> np.ndarray:
    return (np.random.default_rng(sum(shape)).normal(size=shape) * 9).astype(dtype)


def pair(value: Any) -> tuple[int, int]:
    return (value, value) if isinstance(value, int) else value


def naive_unfold(x: np.ndarray, kernel_size: Any, dilation: Any = 1, padding: Any = 0, stride: Any = 1) -> np.ndarray:
    (kh, kw), (dh, dw), (ph, pw), (sh, sw) = map(pair, (kernel_size, dilation, padding, stride))
    x = np.pad(x, ((0, 0), (0, 0), (ph, ph), (pw, pw)))
    rows = range(0, x.shape[2] - dh * (kh - 1), sh)
    columns = range(0, x.shape[3] - dw * (kw - 1), sw)
    windows = [x[:, :, i : i + dh * kh : dh, j : j + dw * kw : dw] for i, j in itertools.product(rows, columns)]
    return np.stack([w[:, :, :kh, :kw].reshape(len(x), -1) for w in windows], 2)


# ----------------------------------------------------------------------------------------------------- unfold and fold


@EVERY_WINDOW
@DTYPES
def test_unfold_by_definition(how: dict[str, Any], dtype: Any) -> None:
    x = draw(2, 3, 5, 6, dtype=dtype)
    y = F.unfold(ag.tensor(x), **how)
    assert y.dtype == dtype
    np.testing.assert_array_equal(y.numpy(), naive_unfold(x, **how))
    np.testing.assert_array_equal(F.unfold(ag.tensor(x[1]), **how).numpy(), y[1].numpy())
    np.testing.assert_array_equal(F.unfold(ag.tensor(np.asfortranarray(x)), **how).numpy(), y.numpy())
    assert not np.shares_memory(y.numpy(), x)


@EVERY_WINDOW
@DTYPES
def test_fold_is_the_adjoint_of_unfold(how: dict[str, Any], dtype: Any) -> None:
    x = draw(2, 3, 5, 6, dtype=dtype)
    columns = draw(*naive_unfold(x, **how).shape, dtype=dtype)
    y = F.fold(ag.tensor(columns), (5, 6), **how)
    assert (y.dtype, y.shape) == (dtype, x.shape)
    left, right = (y.numpy() * x).sum(), (columns * naive_unfold(x, **how)).sum()
    np.testing.assert_allclose(left, right, rtol=1e-4 if dtype == np.float32 else 1e-12)
    np.testing.assert_array_equal(F.fold(ag.tensor(columns[1]), (5, 6), **how).numpy(), y[1].numpy())


def test_fold_counts_how_many_windows_see_an_element() -> None:
    y = F.fold(F.unfold(ag.ones(1, 1, 3, 3), 2), 3, 2)
    assert y.tolist() == [[[[1, 2, 1], [2, 4, 2], [1, 2, 1]]]]


@EVERY_WINDOW
def test_derivatives_of_unfold_and_fold(how: dict[str, Any]) -> None:
    x = ag.tensor(draw(1, 2, 4, 5), requires_grad=True)
    columns = F.unfold(x, **how).detach().requires_grad_()
    for f, at in ((lambda x: F.unfold(x, **how) ** 2, x), (lambda y: F.fold(y, (4, 5), **how) ** 2, columns)):
        assert ag.autograd.gradcheck(f, at)
        assert ag.autograd.gradgradcheck(f, at)


def test_a_convolution_is_a_product_with_columns() -> None:
    x, w = ag.tensor(draw(2, 3, 5, 6)), ag.tensor(draw(4, 3, 3, 2))
    y = (w.reshape(4, -1) @ F.unfold(x, (3, 2), padding=1)).reshape(2, 4, 5, 7)
    np.testing.assert_allclose(y.numpy(), F.conv2d(x, w, padding=1).numpy(), atol=1e-9)


def test_empty_batches() -> None:
    x = ag.zeros(0, 2, 3, 4, requires_grad=True)
    y = F.unfold(x, 2)
    F.fold(y, (3, 4), 2).sum().backward()
    assert (y.shape, x.grad.shape) == ((0, 8, 6), x.shape)


def test_complaints_of_unfold_and_fold() -> None:
    x = ag.zeros(1, 2, 4, 5)
    for wrong in (x[0, 0], ag.zeros(1, 0, 4, 5), ag.zeros(1, 2, 0, 5)):
        with pytest.raises(ShapeError, match=r"unfold: input \(.*\): expected \(N, C, H, W\) or \(C, H, W\)"):
            F.unfold(wrong, 2)
    with pytest.raises(
        ShapeError, match=r"unfold: along W the window covers 7 elements, but the padded input has 5: .*use"
    ):
        F.unfold(x, (1, 4), dilation=2)
    for name in ("kernel_size", "dilation", "stride"):
        with pytest.raises(
            ArgumentError, match=rf"unfold: {name}=0: expected an int, or a pair of ints, of at least 1"
        ):
            F.unfold(x, **{"kernel_size": 2, name: 0})
    with pytest.raises(ArgumentError, match=r"fold: padding=\(1, 2, 3\): expected an int, or a pair of ints"):
        F.fold(ag.zeros(1, 4, 9), 4, 2, padding=(1, 2, 3))
    with pytest.raises(ArgumentError, match="fold: output_size=0: expected an int"):
        F.fold(ag.zeros(1, 4, 9), 0, 2)
    for shape in ((4, 9, 1, 1), (1, 4, 8), (1, 6, 9), (1, 0, 9), (9,)):
        with pytest.raises(ShapeError, match=r"expected \(N, C \* 4, 9\) or \(C \* 4, 9\), since .* 3 x 3 windows"):
            F.fold(ag.zeros(*shape), 4, 2)
    with pytest.raises(ShapeError, match=r"fold: no window of kernel_size=\(5, 5\).*fits into output_size=\(4, 4\)"):
        F.fold(ag.zeros(1, 25, 1), 4, 5)


def test_layers_of_windows() -> None:
    x = ag.tensor(draw(2, 3, 5, 6))
    for how in HOWS:
        columns = nn.Unfold(**how)(x)
        np.testing.assert_array_equal(columns.numpy(), F.unfold(x, **how).numpy())
        back = nn.Fold((5, 6), **how)(columns)
        np.testing.assert_array_equal(back.numpy(), F.fold(columns, (5, 6), **how).numpy())
    with pytest.raises(ArgumentError, match="Unfold: stride=0, expected an int of at least 1, or two of them"):
        nn.Unfold(2, stride=0)
    with pytest.raises(ArgumentError, match=r"Fold: output_size=\(1, 2, 3\), expected an int"):
        nn.Fold((1, 2, 3), 2)
    with pytest.raises(
        ShapeError, match=r"\(Unfold\): expects H of at least 3 and W of at least 3, got \(1, 1, 2, 2\)"
    ):
        nn.Unfold(3)(ag.zeros(1, 1, 2, 2))
    with pytest.raises(ShapeError, match=r"\(Fold\): expects \(N, C KH KW, windows\) or .*, got \(4,\)"):
        nn.Fold(3, 2)(ag.zeros(4))


# ------------------------------------------------------------------------------------------------ pixels and channels


@pytest.mark.parametrize("lead", [(), (2,), (2, 3)])
@pytest.mark.parametrize("r", [1, 2, 3])
def test_pixel_shuffle_by_definition(lead: tuple[int, ...], r: int) -> None:
    x = draw(*lead, 2 * r * r, 3, 4)
    y = F.pixel_shuffle(ag.tensor(x), r)
    assert y.shape == (*lead, 2, 3 * r, 4 * r)
    for c, i, j in np.ndindex(2, r, r):
        np.testing.assert_array_equal(y.numpy()[..., c, i::r, j::r], x[..., c * r * r + i * r + j, :, :])
    np.testing.assert_array_equal(F.pixel_unshuffle(y, r).numpy(), x)


@pytest.mark.parametrize("rest", [(1,), (2, 3), (1, 2, 2)])
def test_channel_shuffle_by_definition(rest: tuple[int, ...]) -> None:
    x = draw(2, 6, *rest)
    for groups in (1, 2, 3, 6):
        y = F.channel_shuffle(ag.tensor(x), groups).numpy()
        for i, g in np.ndindex(6 // groups, groups):
            np.testing.assert_array_equal(y[:, i * groups + g], x[:, g * 6 // groups + i])


def test_derivatives_of_shuffles() -> None:
    x = ag.tensor(draw(1, 4, 2, 4), requires_grad=True)
    for f in (lambda x: F.pixel_shuffle(x, 2), lambda x: F.pixel_unshuffle(x, 2), lambda x: F.channel_shuffle(x, 2)):
        assert ag.autograd.gradcheck(lambda x: f(x) ** 2, x)  # noqa: B023
        assert ag.autograd.gradgradcheck(lambda x: f(x) ** 2, x)  # noqa: B023


def test_shuffles_keep_dtypes_and_take_nothing() -> None:
    for dtype in (ag.bool, ag.uint8, ag.int64, ag.float64):
        x = ag.zeros(0, 4, 2, 2, dtype=dtype)
        for y in (F.pixel_shuffle(x, 2), F.pixel_unshuffle(x, 2), F.channel_shuffle(x, 2)):
            assert (y.dtype, y.numel()) == (dtype, 0)


def test_shuffles_never_share_memory() -> None:
    x = ag.arange(8.0).reshape(1, 2, 2, 2)
    for n in (1, 2):
        for y in (F.pixel_unshuffle(x, n), F.channel_shuffle(x, n), F.pixel_shuffle(x, 1)):
            assert not np.shares_memory(y.numpy(), x.numpy())


def test_complaints_of_shuffles() -> None:
    x = ag.zeros(1, 4, 6, 5)
    for name, f, argument in (
        ("pixel_shuffle", F.pixel_shuffle, "upscale_factor"),
        ("pixel_unshuffle", F.pixel_unshuffle, "downscale_factor"),
        ("channel_shuffle", F.channel_shuffle, "groups"),
    ):
        for wrong in (0, -1, 1.5):
            with pytest.raises(ArgumentError, match=f"{name}: {argument}={wrong}: expected an int of at least 1"):
                f(x, wrong)
        with pytest.raises(ShapeError, match=rf"{name}: input \(6, 5\): expected"):
            f(x[0, 0], 1)
    with pytest.raises(ShapeError, match=r"has 4 channels: expected a multiple of 9, the square of upscale_factor=3"):
        F.pixel_shuffle(x, 3)
    with pytest.raises(ShapeError, match=r"has pictures of 6 x 5: expected multiples of downscale_factor=2"):
        F.pixel_unshuffle(x, 2)
    with pytest.raises(ShapeError, match=r"groups=3 does not divide the 4 channels of input \(1, 4, 6, 5\)"):
        F.channel_shuffle(x, 3)


def test_layers_of_shuffles() -> None:
    x = ag.tensor(draw(1, 4, 2, 4))
    same = lambda a, b: np.testing.assert_array_equal(a.numpy(), b.numpy())
    same(nn.PixelShuffle(2)(x), F.pixel_shuffle(x, 2))
    same(nn.PixelUnshuffle(2)(x), F.pixel_unshuffle(x, 2))
    same(nn.ChannelShuffle(2)(x), F.channel_shuffle(x, 2))
    for layer, expected in (
        (nn.PixelShuffle(3), r"\(PixelShuffle\): expects \(..., C \* 9, H, W\), got \(1, 4, 2, 4\); make the channels"),
        (nn.PixelUnshuffle(3), r"\(PixelUnshuffle\): expects \(..., C, H \* 3, W \* 3\), got"),
        (nn.ChannelShuffle(3), r"\(ChannelShuffle\): expects \(N, C \* 3, ...\) of at least 3 dims, got"),
    ):
        with pytest.raises(ShapeError, match=expected):
            layer(x)
    for kind in (nn.PixelShuffle, nn.PixelUnshuffle, nn.ChannelShuffle):
        with pytest.raises(ArgumentError, match=f"{kind.__name__}: .*=0, expected an int of at least 1"):
            kind(0)


# --------------------------------------------------------------------------------------------------- PyTorch, besides


@EVERY_WINDOW
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_windows_as_pytorch(how: dict[str, Any], dtype: Any) -> None:
    torch = pytest.importorskip("torch")
    x = draw(2, 3, 5, 6, dtype=dtype)
    agree_in_pair(lambda x: F.unfold(x, **how), lambda x: torch.nn.functional.unfold(x, **how), x)
    columns = naive_unfold(x, **how)
    fold = lambda lib: lambda y: lib.fold(y, (5, 6), **how)
    agree_in_pair(fold(F), fold(torch.nn.functional), columns)


@pytest.mark.parametrize(("name", "argument"), [("pixel_shuffle", 2), ("pixel_unshuffle", 2), ("channel_shuffle", 4)])
def test_shuffles_as_pytorch(name: str, argument: int) -> None:
    torch = pytest.importorskip("torch")
    f = lambda lib: lambda x: getattr(lib, name)(x, argument)
    agree_in_pair(f(F), f(torch.nn.functional), draw(2, 8, 4, 6))


@pytest.mark.parametrize(
    "make",
    [
        lambda lib: lib.Unfold(2, (1, 2), padding=1),
        lambda lib: lib.Fold((4, 5), 2, stride=(2, 1)),
        lambda lib: lib.PixelShuffle(2),
        lambda lib: lib.PixelUnshuffle(3),
        lambda lib: lib.ChannelShuffle(2),
    ],
)
def test_layers_print_as_pytorch(make: Any) -> None:
    assert repr(make(nn)) == repr(make(pytest.importorskip("torch").nn))
