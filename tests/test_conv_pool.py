"""Convolution and pooling as users call them: PyTorch's semantics, derivatives to second order, and every complaint."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from convolution_by_definition import convolve as naive_conv2d
from drawn_numbers import normal
from leaves import leaf

import autograd_core as ag
from autograd_core.errors import ArgumentError, DtypeError, ShapeError

FLOATS = [np.float32, np.float64]


# -------------------------------------------------------------------------------------------------------- convolution


@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize(
    ("stride", "padding", "dilation", "groups"),
    [(1, 0, 1, 1), ((2, 1), (0, 2), 1, 2), (3, 1, (1, 2), 4), ([2], [1, 0], [2, 1], 1)],
)
def test_conv2d_is_its_definition(stride: Any, padding: Any, dilation: Any, groups: int, dtype: Any) -> None:
    x, w, b = normal(2, 4, 7, 6, dtype=dtype), normal(4, 4 // groups, 3, 2, dtype=dtype), normal(4, dtype=dtype)
    pairs = [tuple(v) * (2 // len(v)) if not isinstance(v, int) else (v, v) for v in (stride, padding, dilation)]
    expected = naive_conv2d(x, w, pairs[0], [(p, p) for p in pairs[1]], pairs[2], groups) + b[:, None, None]
    y = ag.conv2d(ag.tensor(x), ag.tensor(w), ag.tensor(b), stride, padding, dilation, groups)
    assert y.dtype == dtype
    np.testing.assert_allclose(y.numpy(), expected, atol=1e-4 if dtype == np.float32 else 1e-12)
    arrays = ag.conv2d(x, w, b, stride, padding, dilation, groups)
    assert isinstance(arrays, np.ndarray)
    np.testing.assert_array_equal(arrays, y.numpy())


def test_conv2d_of_one_image_and_of_none() -> None:
    x, w, b = normal(3, 5, 5), normal(2, 3, 2, 2), normal(2)
    np.testing.assert_array_equal(ag.conv2d(x, w, b), ag.conv2d(x[None], w, b)[0])
    empty, weight, bias = leaf(normal(0, 3, 5, 5)), leaf(normal(2, 3, 2, 2)), leaf(normal(2))
    y = ag.conv2d(empty, weight, bias)
    assert y.shape == (0, 2, 4, 4)
    y.sum().backward()
    assert empty.grad is not None
    assert weight.grad is not None
    assert bias.grad is not None
    assert empty.grad.shape == (0, 3, 5, 5)
    assert not weight.grad.numpy().any()
    assert not bias.grad.numpy().any()


@pytest.mark.parametrize("size", [(5, 6), (1, 9), (8, 8)])
@pytest.mark.parametrize("window", [(1, 1), (2, 3), (4, 5)])
@pytest.mark.parametrize("dilation", [1, 2])
@pytest.mark.parametrize("stride", [1, 2, 3])
def test_same_padding(size: Any, window: Any, dilation: int, stride: int) -> None:
    x, w = normal(2, 1, *size), normal(1, 1, *window)
    y = ag.conv2d(x, w, stride=stride, padding="same", dilation=dilation)
    assert y.shape == (2, 1, *(-(-n // stride) for n in size))
    pads = []
    for n, k in zip(size, window):  # what is missing, the odd one at the end
        missing = max(0, (-(-n // stride) - 1) * stride + dilation * (k - 1) + 1 - n)
        pads.append((missing // 2, missing - missing // 2))
    expected = naive_conv2d(x, w, (stride, stride), pads, (dilation, dilation), 1)
    np.testing.assert_allclose(y, expected, atol=1e-12)


def test_valid_padding_is_none() -> None:
    x, w = normal(1, 2, 5, 5), normal(3, 2, 3, 3)
    np.testing.assert_array_equal(ag.conv2d(x, w, padding="valid", stride=2), ag.conv2d(x, w, stride=2))


@pytest.mark.parametrize("how", [{}, {"stride": 2, "padding": "same"}, {"padding": (1, 0), "dilation": 2, "groups": 2}])
def test_derivatives_of_conv2d(how: dict[str, Any]) -> None:
    groups = how.get("groups", 1)
    inputs = (leaf(normal(2, 2, 4, 3)), leaf(normal(2, 2 // groups, 2, 2)), leaf(normal(2)))
    assert ag.autograd.gradcheck(lambda x, w, b: ag.conv2d(x, w, b, **how), inputs)
    assert ag.autograd.gradgradcheck(lambda x, w, b: ag.conv2d(x, w, b, **how), inputs)


@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize("function", [ag.conv1d, ag.conv2d, ag.conv3d])
@pytest.mark.parametrize("biased", [False, True])
def test_convolution_with_relu_is_relu_of_convolution(function: Any, dtype: Any, biased: bool) -> None:
    dims = int(function.__name__[-2])
    x, w, b = leaf(normal(2, 3, *[7] * dims)), leaf(normal(5, 3, *[3] * dims)), leaf(normal(5)) if biased else None
    inputs = [None if t is None else t.detach().to(dtype).requires_grad_() for t in (x, w, b)]
    once, twice = function(*inputs, padding=1, relu=True), ag.relu(function(*inputs, padding=1))
    np.testing.assert_array_equal(once.detach(), twice.detach())
    assert 0 < int((once == 0).sum()) < once.numel()
    g = ag.randn(*once.shape, dtype=dtype)
    wanted = [t for t in inputs if t is not None]
    for ours, expected in zip(ag.grad(once, wanted, g), ag.grad(twice, wanted, g)):
        assert ours.dtype == dtype
        np.testing.assert_array_equal(ours, expected)


def test_convolution_with_relu_keeps_nan() -> None:
    x = ag.tensor([[[1.0, math.nan, -1.0]]])
    y = ag.conv1d(x, ag.ones(1, 1, 1), ag.zeros(1), relu=True)
    np.testing.assert_array_equal(y, [[[1.0, math.nan, 0.0]]])


def test_conv2d_in_the_graph() -> None:
    y = ag.conv2d(leaf(normal(1, 1, 3, 3)), leaf(normal(1, 1, 2, 2)))
    assert "conv" in repr(y)


def test_gradients_nobody_wants_are_not_computed() -> None:
    x, w = ag.tensor(normal(1, 1, 3, 3)), leaf(normal(1, 1, 2, 2))
    ag.conv2d(x, w).sum().backward()
    assert x.grad is None
    assert w.grad is not None


X, W = (2, 4, 5, 5), (6, 4, 3, 3)


@pytest.mark.parametrize(
    ("x", "w", "b", "how", "error", "message"),
    [
        (X[2:], W, None, {}, ShapeError, r"input \(5, 5\), weight \(6, 4, 3, 3\): expected an input \(N, C, H, W\) or"),
        (X, W[1:], None, {}, ShapeError, r"weight \(4, 3, 3\): expected an input .* reshape or unsqueeze"),
        (X, (6, 3, 3, 3), None, {}, ShapeError, r"expects 3 input channels, but the input has 4: input \(2, 4, 5, 5\)"),
        (
            X,
            W,
            None,
            {"groups": 2},
            ShapeError,
            r"groups=2 .* expects 8 .* has 4: .*expected a weight \(O, 2, KH, KW\)",
        ),
        (
            X,
            W,
            None,
            {"groups": 4},
            ShapeError,
            r"groups=4 divides not both the 4 input and the 6 output channels: inp",
        ),
        (X, W, None, {"groups": 0}, ArgumentError, r"groups=0: expected an int of at least 1"),
        (X, W, None, {"groups": 1.0}, ArgumentError, r"groups=1.0: expected an int of at least 1"),
        (X, (0, 4, 3, 3), None, {}, ShapeError, r"weight \(0, 4, 3, 3\) has no elements: expected O, KH, KW of at"),
        (X, (6, 4, 3, 0), None, {}, ShapeError, r"weight \(6, 4, 3, 0\) has no elements"),
        (X, W, (5,), {}, ShapeError, r"bias \(5,\), weight \(6, 4, 3, 3\): expected a bias \(6,\), .* reshape it"),
        (X, W, (6, 1), {}, ShapeError, r"bias \(6, 1\), weight"),
        (X, W, None, {"stride": 0}, ArgumentError, r"stride=0: expected an int, or a pair of ints, of at least 1"),
        (X, W, None, {"stride": (1, 2, 3)}, ArgumentError, r"stride=\(1, 2, 3\): expected an int, or a pair"),
        (X, W, None, {"stride": ()}, ArgumentError, r"stride=\(\): expected an int, or a pair"),
        (X, W, None, {"stride": 1.5}, ArgumentError, r"stride=1.5: expected an int, or a pair"),
        (X, W, None, {"dilation": (1, 0)}, ArgumentError, r"dilation=\(1, 0\): expected an int, or a pair of ints, of"),
        (X, W, None, {"padding": -1}, ArgumentError, r"padding=-1: expected an int, or a pair of ints, of at least 0"),
        (
            X,
            W,
            None,
            {"padding": "full"},
            ArgumentError,
            r"padding='full': expected 'same', 'valid', an int, or a pair",
        ),
        (
            X,
            (6, 4, 3, 7),
            None,
            {},
            ShapeError,
            r"along W the kernel covers 7 elements \(KW=7, dilation=1\), but the padded input has 5: .* use a smaller",
        ),
        (X, W, None, {"dilation": (3, 1)}, ShapeError, r"along H the kernel covers 7 elements \(KH=3, dilation=3\)"),
        ((2, 4, 0, 5), W, None, {"padding": "same"}, ShapeError, r"along H the kernel covers 3 elements"),
    ],
)
def test_conv2d_complains(x: Any, w: Any, b: Any, how: Any, error: Any, message: str) -> None:
    bias = None if b is None else ag.zeros(*b)
    with pytest.raises(error, match=r"conv2d: .*" + message):
        ag.conv2d(ag.zeros(*x), ag.zeros(*w), bias, **how)


def test_conv2d_wants_one_floating_dtype() -> None:
    single, double = ag.zeros(1, 1, 3, 3), ag.zeros(1, 1, 3, 3, dtype=ag.float64)
    message = "conv2d: input is float32, weight is float64: expected one floating dtype; convert with .to"
    with pytest.raises(DtypeError, match=message):
        ag.conv2d(single, double)
    with pytest.raises(DtypeError, match="bias is float64: expected one floating dtype"):
        ag.conv2d(single, single, ag.zeros(1, dtype=ag.float64))
    with pytest.raises(DtypeError, match="input is int64, weight is int64: expected one floating dtype"):
        ag.conv2d(ag.zeros(1, 1, 3, 3, dtype=ag.int64), ag.zeros(1, 1, 3, 3, dtype=ag.int64))


# ------------------------------------------------------------------------------------------------------------ pooling


def test_max_pool2d_by_hand() -> None:
    x = ag.tensor([[[[1.0, 5.0, 2.0], [4.0, 3.0, 0.0], [7.0, 7.0, 9.0]]]], requires_grad=True)
    y, indices = ag.max_pool2d(x, 2, 1, return_indices=True)
    assert y.tolist() == [[[[5.0, 5.0], [7.0, 9.0]]]]
    assert (indices.tolist(), indices.dtype) == ([[[[1, 1], [6, 8]]]], ag.int64)
    y.sum().backward()
    assert x.grad is not None
    assert x.grad.tolist() == [[[[0.0, 2.0, 0.0], [0.0, 0.0, 0.0], [1.0, 0.0, 1.0]]]]  # of equal ones, the first


def test_max_pool2d_in_ceil_mode() -> None:
    x = ag.arange(25.0).reshape(1, 1, 5, 5)
    assert ag.max_pool2d(x, 2).tolist() == [[[[6, 8], [16, 18]]]]
    assert ag.max_pool2d(x, 2, ceil_mode=True).tolist() == [[[[6, 8, 9], [16, 18, 19], [21, 23, 24]]]]
    assert ag.max_pool2d(x, 1, 3, ceil_mode=True).shape == (1, 1, 2, 2)  # none starts beyond the input
    assert ag.max_pool2d(x[:, :, :1, :1], 2, ceil_mode=True).tolist() == [[[[0]]]]  # a window larger than the input


def test_avg_pool2d_by_hand() -> None:
    x = ag.arange(1.0, 10).reshape(1, 1, 3, 3)
    assert ag.avg_pool2d(x, 2, 1).tolist() == [[[[3, 4], [6, 7]]]]
    assert ag.avg_pool2d(x, 2, padding=1).tolist() == [[[[0.25, 1.25], [2.75, 7.0]]]]
    assert ag.avg_pool2d(x, 2, padding=1, count_include_pad=False).tolist() == [[[[1, 2.5], [5.5, 7.0]]]]
    assert ag.avg_pool2d(x, 2, padding=1, divisor_override=1).tolist() == [[[[1, 5], [11, 28]]]]
    assert ag.avg_pool2d(x, 2, ceil_mode=True).tolist() == [[[[3, 4.5], [7.5, 9]]]]


@pytest.mark.parametrize("dtype", [ag.float32, ag.float64])
def test_pooling_of_one_image_and_of_none(dtype: Any) -> None:
    x = ag.tensor(normal(2, 5, 6), dtype=dtype)
    for pool in (ag.max_pool2d, ag.avg_pool2d):
        y = pool(x, 2)
        assert (y.shape, y.dtype) == ((2, 2, 3), dtype)
        assert y.tolist() == pool(x.reshape(1, 2, 5, 6), 2)[0].tolist()
        assert isinstance(pool(x.numpy(), 2), np.ndarray)
        empty = ag.zeros(0, 2, 5, 6, dtype=dtype, requires_grad=True)
        pool(empty, 2).sum().backward()
        assert empty.grad is not None
        assert (empty.grad.shape, empty.grad.dtype) == ((0, 2, 5, 6), dtype)
    y, indices = ag.max_pool2d(x, 2, return_indices=True)
    assert (y.shape, indices.shape) == ((2, 2, 3), (2, 2, 3))


@pytest.mark.parametrize(
    "how",
    [
        {"kernel_size": 2},
        {"kernel_size": (3, 2), "stride": (1, 2), "padding": 1},
        {"kernel_size": 2, "stride": 3, "ceil_mode": True},
    ],
)
def test_derivatives_of_pooling(how: dict[str, Any]) -> None:
    for pool in (ag.max_pool2d, ag.avg_pool2d):
        assert ag.autograd.gradcheck(lambda x: pool(x, **how) ** 2, leaf(normal(2, 2, 5, 4)))  # noqa: B023
        assert ag.autograd.gradgradcheck(lambda x: pool(x, **how) ** 2, leaf(normal(2, 2, 5, 4)))  # noqa: B023


def test_nan_comes_through_pooling() -> None:
    x = ag.tensor([[[[1.0, float("nan")], [3.0, 2.0]]]], requires_grad=True)
    y = ag.max_pool2d(x, 2)
    assert np.isnan(y.item())
    y.backward()
    assert x.grad is not None
    assert x.grad.tolist() == [[[[0.0, 1.0], [0.0, 0.0]]]]
    assert np.isnan(ag.avg_pool2d(x, 2).item())


@pytest.mark.parametrize("name", ["max_pool2d", "avg_pool2d"])
@pytest.mark.parametrize(
    ("shape", "how", "error", "message"),
    [
        ((4, 4), {"kernel_size": 2}, ShapeError, r"input \(4, 4\): expected \(N, C, H, W\) or \(C, H, W\); reshape"),
        ((1, 1, 4, 4), {"kernel_size": 0}, ArgumentError, r"kernel_size=0: expected an int, or a pair of ints, of at"),
        ((1, 1, 4, 4), {"kernel_size": "22"}, ArgumentError, r"kernel_size='22': expected an int, or a pair of ints"),
        ((1, 1, 4, 4), {"kernel_size": 2, "stride": 0}, ArgumentError, r"stride=0: expected an int, or a pair of ints"),
        ((1, 1, 4, 4), {"kernel_size": 2, "padding": -1}, ArgumentError, r"padding=-1: expected .* of at least 0"),
        (
            (1, 1, 4, 4),
            {"kernel_size": (3, 2), "padding": (1, 2)},
            ArgumentError,
            r"padding=\(1, 2\) with kernel_size=\(3, 2\): pad should be at most half of kernel size, here \(1, 1\)",
        ),
        (
            (1, 1, 4, 2),
            {"kernel_size": 3},
            ShapeError,
            r"along W the window covers 3 elements, but the padded input has 2: input \(1, 1, 4, 2\), .* smaller",
        ),
        ((1, 1, 0, 4), {"kernel_size": 2, "padding": 1}, ShapeError, r"along H the window covers 2 elements, but the"),
        ((1, 1, 4, 4), {"kernel_size": 7, "ceil_mode": True, "stride": 2}, ShapeError, r"along H the window covers 7"),
    ],
)
def test_pooling_complains(name: str, shape: Any, how: dict[str, Any], error: Any, message: str) -> None:
    with pytest.raises(error, match=f"{name}: .*{message}"):
        getattr(ag, name)(ag.zeros(*shape), **how)


def test_complaints_of_one_kind_of_pooling() -> None:
    x = ag.zeros(1, 1, 2, 4)
    with pytest.raises(
        ArgumentError, match=r"max_pool2d: dilation=0: expected an int, or a pair of ints, of at least 1"
    ):
        ag.max_pool2d(x, 2, dilation=0)
    with pytest.raises(ShapeError, match=r"along H a window of dilation=\(3, 1\) sees padding only: .* less dilation"):
        ag.max_pool2d(x, 2, padding=1, dilation=(3, 1))
    for divisor in (0, 1.5):
        with pytest.raises(ArgumentError, match=rf"divisor_override={divisor}: expected an int that is not 0, or None"):
            ag.avg_pool2d(x, 2, divisor_override=divisor)  # type: ignore[arg-type]
    for pool in (ag.max_pool2d, ag.avg_pool2d):
        with pytest.raises(DtypeError, match=r"pool2d: input has dtype int64: expected floating; use input.float\(\)"):
            pool(ag.zeros(1, 1, 2, 4, dtype=ag.int64), 2)


# --------------------------------------------------------------------------------------------------- PyTorch, besides


@pytest.mark.parametrize(
    ("x", "w", "how"),
    [
        ((2, 3, 8, 7), (4, 3, 3, 2), {}),
        ((2, 3, 8, 7), (4, 3, 3, 2), {"padding": "same", "dilation": (1, 2)}),
        ((2, 4, 9, 9), (6, 2, 3, 3), {"stride": (2, 3), "padding": (1, 2), "groups": 2}),
        ((3, 4, 9, 9), (4, 1, 4, 4), {"padding": "same", "groups": 4}),
        ((3, 9, 9), (2, 3, 3, 3), {"stride": 2, "dilation": 2}),
    ],
)
@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.filterwarnings("ignore:Using padding='same' with even kernel lengths:UserWarning")  # PyTorch's
def test_conv2d_as_pytorch(x: Any, w: Any, how: dict[str, Any], dtype: Any) -> None:
    torch = pytest.importorskip("torch")
    arrays = [normal(*x, dtype=dtype), normal(*w, dtype=dtype), normal(w[0], dtype=dtype)]
    ours = [ag.tensor(a, requires_grad=True) for a in arrays]
    theirs = [torch.tensor(a, requires_grad=True) for a in arrays]
    y, z = ag.conv2d(*ours, **how), torch.nn.functional.conv2d(*theirs, **how)
    y.square().sum().backward()
    z.square().sum().backward()
    for a, b in ((y.detach(), z.detach()), *((a.grad, b.grad) for a, b in zip(ours, theirs))):
        np.testing.assert_allclose(a.numpy(), b.numpy(), rtol=2e-4 if dtype == np.float32 else 1e-9, atol=1e-4)


@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize("ceil_mode", [False, True])
@pytest.mark.parametrize(
    ("kernel", "stride", "padding", "dilation"),
    [(2, None, 0, 1), (3, 2, 1, 1), ((3, 2), (1, 3), (1, 0), (2, 1)), (5, 4, 2, 1)],
)
def test_pooling_as_pytorch(kernel: Any, stride: Any, padding: Any, dilation: Any, ceil_mode: bool, dtype: Any) -> None:
    torch = pytest.importorskip("torch")
    array = np.round(normal(2, 3, 11, 10, dtype=dtype), 1)  # there are ties
    array[0, 0, 2, 3], array[0, 0, 2, 4] = np.nan, np.nan
    modes: list[tuple[Any, Any, dict[str, Any]]] = [
        (ag.max_pool2d, torch.nn.functional.max_pool2d, {"dilation": dilation, "return_indices": True})
    ]
    if dilation == 1:
        variants: tuple[dict[str, Any], ...] = ({}, {"count_include_pad": False}, {"divisor_override": 7})
        modes += [(ag.avg_pool2d, torch.nn.functional.avg_pool2d, more) for more in variants]
    for ours, theirs, more in modes:
        x, t = ag.tensor(array, requires_grad=True), torch.tensor(array, requires_grad=True)
        y = ours(x, kernel, stride, padding, ceil_mode=ceil_mode, **more)
        z = theirs(t, kernel, stride, padding, ceil_mode=ceil_mode, **more)
        if isinstance(y, tuple):
            np.testing.assert_array_equal(y[1].numpy(), z[1].numpy())
            y, z = y[0], z[0]
        np.testing.assert_allclose(y.detach().numpy(), z.detach().numpy(), atol=1e-6)
        y.sum().backward()
        z.sum().backward()
        assert x.grad is not None
        np.testing.assert_allclose(x.grad.numpy(), t.grad.numpy(), atol=1e-5)
