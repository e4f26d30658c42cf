"""Pooling as users call it, in one to three dims: PyTorch's semantics, derivatives to second order, every complaint."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from drawn_numbers import normal
from leaves import leaf

import autograd_core as ag
import nn
import nn.functional as F
from autograd_core.errors import ArgumentError, DtypeError, ShapeError

FLOATS = [np.float32, np.float64]
DIMS = pytest.mark.parametrize("dims", [1, 2, 3])
SIZES = {1: (2, 3, 11), 2: (2, 3, 7, 6), 3: (1, 2, 5, 4, 6)}


# ------------------------------------------------------------------------------------------------------------- by hand


def test_signals_by_hand() -> None:
    x = ag.tensor([[[3.0, 1.0, 4.0, 1.0, 5.0]]])
    y, indices = ag.max_pool1d(x, 2, 1, return_indices=True)
    assert (y.tolist(), indices.tolist()) == ([[[3, 4, 4, 5]]], [[[0, 2, 2, 4]]])
    assert ag.avg_pool1d(x, 2).tolist() == [[[2, 2.5]]]
    assert ag.avg_pool1d(x, 2, ceil_mode=True).tolist() == [[[2, 2.5, 5]]]
    assert ag.adaptive_avg_pool1d(x, 2).tolist() == [[[pytest.approx(8 / 3), pytest.approx(10 / 3)]]]
    y, indices = ag.adaptive_max_pool1d(x, 3, return_indices=True)
    assert (y.tolist(), indices.tolist()) == ([[[3, 4, 5]]], [[[0, 2, 4]]])
    assert F.lp_pool1d(x, 1, 2).tolist() == [[[4, 5]]]


def test_volumes_by_hand() -> None:
    x = ag.arange(24.0).reshape(1, 1, 2, 3, 4)
    y, indices = ag.max_pool3d(x, (2, 1, 2), (1, 2, 2), return_indices=True)
    assert y.tolist() == indices.tolist() == [[[[[13, 15], [21, 23]]]]]
    assert ag.avg_pool3d(x, (2, 3, 2)).tolist() == [[[[[10.5, 12.5]]]]]
    assert ag.avg_pool3d(x, (2, 3, 2), divisor_override=6).tolist() == [[[[[21, 25]]]]]
    assert ag.adaptive_avg_pool3d(x, (1, None, 1)).tolist() == [[[[[7.5], [11.5], [15.5]]]]]
    assert ag.adaptive_max_pool3d(x, (None, 1, 1)).tolist() == [[[[[11.0]], [[23.0]]]]]
    assert F.lp_pool3d(x, 1, (2, 3, 4)).item() == 276


def test_regions_overlap_where_sizes_do_not_divide() -> None:
    x = ag.tensor([[1.0, 2.0, 4.0, 3.0, 0.0]], requires_grad=True)
    assert ag.adaptive_avg_pool1d(x, 3).tolist() == [[1.5, 3.0, 1.5]]
    y = ag.adaptive_max_pool1d(x, 3)
    assert y.tolist() == [[2, 4, 3]]
    ag.adaptive_max_pool1d(x, 4).sum().backward()
    assert x.grad is not None
    assert x.grad.tolist() == [[0, 1, 2, 1, 0]]  # the regions 0-1, 1-2, 2-3 and 3-4


@DIMS
def test_max_unpool_undoes_max_pool(dims: int) -> None:
    x = leaf(normal(*SIZES[dims]))
    pool, unpool = getattr(ag, f"max_pool{dims}d"), getattr(ag, f"max_unpool{dims}d")
    y, indices = pool(x, 2, return_indices=True)
    back = unpool(y, indices, 2, output_size=x.shape)
    assert back.shape == x.shape
    assert pool(back.abs(), 2).tolist() == y.abs().tolist()
    assert int((back != 0).sum().item()) == y.numel()
    back.sum().backward()
    assert x.grad is not None
    assert x.grad.tolist() == (back != 0).double().tolist()
    assert unpool(y[0], indices[0], 2, output_size=x.shape[2:]).tolist() == back[0].tolist()


def test_the_sizes_that_max_unpool_gives() -> None:
    x, indices = ag.ones(1, 1, 2, 3), ag.zeros(1, 1, 2, 3, dtype=ag.int64)
    assert ag.max_unpool2d(x, indices, 2).shape == (1, 1, 4, 6)
    assert ag.max_unpool2d(x, indices, 3, 2, 1).shape == (1, 1, 3, 5)
    assert ag.max_unpool2d(x, indices, 2, output_size=(5, 7)).shape == (1, 1, 5, 7)
    assert ag.max_unpool2d(x, indices, 2, output_size=(1, 5, 7)).shape == (1, 1, 5, 7)
    assert ag.max_unpool2d(x, indices, 2, output_size=[1, 1, 3, 5]).shape == (1, 1, 3, 5)


def test_lp_pool_has_no_gradient_where_the_sum_is_zero() -> None:
    x = ag.tensor([[0.0, 0.0, 3.0, 4.0]], requires_grad=True)
    y = F.lp_pool1d(x, 2, 2)
    assert y.tolist() == [[0, 5]]
    y.sum().backward()
    assert x.grad is not None
    np.testing.assert_allclose(x.grad.numpy(), [[0, 0, 0.6, 0.8]], rtol=1e-6)


# --------------------------------------------------------------------------------------------- every kind, in every dim


def kinds(dims: int) -> list[Callable[[Any], Any]]:
    """Every kind of pooling for *dims* spatial dims; positive numbers for the last."""
    f = lambda name: getattr(F, f"{name}_pool{dims}d")
    size = (3, 2, 4)[:dims]
    return [
        lambda x: f("max")(x, 2),
        lambda x: f("max")(x, 3, 2, 1, ceil_mode=True),
        lambda x: f("avg")(x, 2),
        lambda x: f("avg")(x, 3, 2, 1, True, False),
        lambda x: f("adaptive_avg")(x, size),
        lambda x: f("adaptive_avg")(x, 1),
        lambda x: f("adaptive_max")(x, size),
        lambda x: f("lp")(x.abs() + 1, 3, 2),
    ]


@DIMS
def test_derivatives(dims: int) -> None:
    x = leaf(normal(1, *SIZES[dims][1:]))
    for pool in kinds(dims):
        assert ag.autograd.gradcheck(lambda x: pool(x) ** 2, x)  # noqa: B023
        assert ag.autograd.gradgradcheck(lambda x: pool(x) ** 2, x)  # noqa: B023


@DIMS
@pytest.mark.parametrize("dtype", [ag.float32, ag.float64])
def test_one_example_and_none(dims: int, dtype: Any) -> None:
    x = ag.tensor(normal(*SIZES[dims]), dtype=dtype)
    for pool in kinds(dims):
        y = pool(x)
        assert y.dtype == dtype
        assert pool(x[0]).tolist() == y[0].tolist()
        empty = ag.zeros(0, *x.shape[1:], dtype=dtype, requires_grad=True)
        z = pool(empty)
        assert z.shape == (0, *y.shape[1:])
        z.sum().backward()
        assert empty.grad is not None
        assert (empty.grad.shape, empty.grad.dtype) == (empty.shape, dtype)


@DIMS
def test_second_derivatives_of_max_unpool(dims: int) -> None:
    x = leaf(normal(1, *SIZES[dims][1:]))
    pool, unpool = getattr(ag, f"max_pool{dims}d"), getattr(ag, f"max_unpool{dims}d")
    y, indices = pool(x.detach(), 2, return_indices=True)
    y.requires_grad_()
    assert ag.autograd.gradcheck(lambda y: unpool(y, indices, 2) ** 2, y)
    assert ag.autograd.gradgradcheck(lambda y: unpool(y, indices, 2) ** 2, y)


def test_nan_comes_through() -> None:
    x = ag.tensor([[1.0, float("nan"), 3.0, 2.0]], requires_grad=True)
    y, indices = ag.adaptive_max_pool1d(x, 1, return_indices=True)
    assert (np.isnan(y.item()), indices.item()) == (True, 1)
    y.sum().backward()
    assert x.grad is not None
    assert x.grad.tolist() == [[0, 1, 0, 0]]
    assert np.isnan(ag.adaptive_avg_pool1d(x, 3).tolist()).tolist() == [[True, True, False]]


# ---------------------------------------------------------------------------------------------------------- complaints


@DIMS
def test_complaints_name_the_function_and_its_dims(dims: int) -> None:
    size, number = ", ".join("DHW"[-dims:]) if dims > 1 else "L", ["an int, or one int", "pair", "three ints"][dims - 1]
    x = ag.zeros(1, 1, *[4] * dims)
    for kind in ("max", "avg"):
        name, pool = f"{kind}_pool{dims}d", getattr(ag, f"{kind}_pool{dims}d")
        with pytest.raises(ShapeError, match=rf"{name}: input \(4,\): expected \(N, C, {size}\) or \(C, {size}\)"):
            pool(ag.zeros(4), 2)
        with pytest.raises(ArgumentError, match=rf"{name}: kernel_size=0: expected .*{number}"):
            pool(x, 0)
        with pytest.raises(ArgumentError, match=rf"{name}: stride=\(1, 1, 1, 1\): expected"):
            pool(x, 2, (1, 1, 1, 1))
        with pytest.raises(ArgumentError, match=rf"{name}: padding=2 with kernel_size=3: pad should be at most half"):
            pool(x, 3, padding=2)
        with pytest.raises(ShapeError, match=rf"{name}: along {size[0]} the window covers 5 elements"):
            pool(x, 5)
        with pytest.raises(DtypeError, match=rf"{name}: input has dtype int64: expected floating"):
            pool(x.long(), 2)
    for kind in ("adaptive_avg", "adaptive_max"):
        name, pool = f"{kind}_pool{dims}d", getattr(ag, f"{kind}_pool{dims}d")
        with pytest.raises(ShapeError, match=rf"{name}: input \(4,\): expected \(N, C, {size}\) or \(C, {size}\)"):
            pool(ag.zeros(4), 2)
        for wrong in (0, -1, 1.5, "2", (2,) * (dims + 1)):
            with pytest.raises(ArgumentError, match=rf"{name}: output_size=.*, expected sizes of at least 1: an int"):
                pool(x, wrong)
        with pytest.raises(
            ShapeError, match=rf"{name}: .*expected {size[0]}.* of at least 1; there is nothing to pool"
        ):
            pool(ag.zeros(1, 1, *[0] * dims), 2)
        with pytest.raises(DtypeError, match=rf"{name}: input has dtype int64: expected floating"):
            pool(x.long(), 2)
    with pytest.raises(ArgumentError, match=rf"lp_pool{dims}d: norm_type=0, expected a number above 0"):
        getattr(F, f"lp_pool{dims}d")(x, 0, 2)


@DIMS
def test_max_unpool_complains(dims: int) -> None:
    name, unpool = f"max_unpool{dims}d", getattr(ag, f"max_unpool{dims}d")
    x, indices = ag.zeros(1, 1, *[2] * dims), ag.zeros(1, 1, *[2] * dims, dtype=ag.int64)
    with pytest.raises(
        DtypeError, match=rf"{name}: indices has dtype float32: expected integers; use indices.long\(\)"
    ):
        unpool(x, x, 2)
    with pytest.raises(
        ShapeError, match=rf"{name}: indices .*, input .*: take both from max_pool|expected an index for"
    ):
        unpool(x, indices[0], 2)
    with pytest.raises(IndexError, match=rf"{name}: indices has -1, expected 0\.\.{4**dims - 1} for planes of size"):
        unpool(x, indices - 1, 2)
    with pytest.raises(IndexError, match=rf"{name}: indices has {4**dims}, expected .* output_size"):
        unpool(x, indices + 4**dims, 2)
    for wrong in ((6,) * dims, (4,) * (dims + 3), (2,) * dims):
        with pytest.raises(ArgumentError, match=rf"{name}: output_size=.*: expected .* less than the stride"):
            unpool(x, indices, 2, output_size=wrong)


LAYERS = ["MaxPool", "AvgPool", "LPPool", "AdaptiveAvgPool", "AdaptiveMaxPool", "MaxUnpool"]


@DIMS
@pytest.mark.parametrize("kind", LAYERS)
def test_layers_say_who_they_are(kind: str, dims: int) -> None:
    name = f"{kind}{dims}d"
    layer = getattr(nn, name)(*(2, 2)[: 1 + (kind == "LPPool")])
    indices = (ag.zeros(1, 1, *[4] * dims, dtype=ag.int64),) if kind == "MaxUnpool" else ()
    size = ", ".join("DHW"[-dims:]) if dims > 1 else "L"
    message = rf"model \({name}\): expects \(N, C, {size}\) or \(C, {size}\), got \(5,\)"
    with pytest.raises(ShapeError, match=message):
        layer(ag.zeros(5), *indices)
    with pytest.raises(DtypeError, match=rf"model \({name}\): expects a floating dtype, got int64; convert it with"):
        layer(ag.zeros(1, 1, *[4] * dims, dtype=ag.int64), *indices)
    with pytest.raises(TypeError, match=rf"model \({name}\): input is of type list, expected a Tensor"):
        layer([1.0], *indices)
    if kind != "MaxUnpool":
        with pytest.raises(ShapeError, match=rf"model \({name}\): expects {size[0]} of at least [12].*, got \(1, 1, 0"):
            layer(ag.zeros(1, 1, *[0] * dims))


def test_max_unpool_layers_look_at_the_indices() -> None:
    layer, x = nn.MaxUnpool1d(2), ag.zeros(1, 1, 2)
    with pytest.raises(DtypeError, match=r"model \(MaxUnpool1d\): expects indices of integers, got float32"):
        layer(x, x)
    with pytest.raises(
        ShapeError, match=r"model \(MaxUnpool1d\): expects an index for each element .*, got \(1, 1, 3\)"
    ):
        layer(x, ag.zeros(1, 1, 3, dtype=ag.int64))


def test_layers_take_windows_larger_than_the_input_in_ceil_mode() -> None:
    x = ag.full((1, 1, 1, 2), 3.0)
    for layer in (nn.MaxPool2d(2, ceil_mode=True), nn.AvgPool2d(2, ceil_mode=True), nn.LPPool2d(1, 2, ceil_mode=True)):
        assert layer(x).shape == (1, 1, 1, 1)
    with pytest.raises(ShapeError, match="expects H of at least 2 and W of at least 2, got"):
        nn.MaxPool2d(3, 2, ceil_mode=True)(x)


# --------------------------------------------------------------------------------------------------- PyTorch, besides


@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize("ceil_mode", [False, True])
@pytest.mark.parametrize(
    ("kernel", "stride", "padding", "dilation"),
    [(2, None, 0, 1), (3, 2, 1, 1), (3, 1, 1, 2), (2, 3, 1, 1), (4, 4, 2, 1)],
)
@DIMS
def test_windows_as_pytorch(
    kernel: int, stride: Any, padding: int, dilation: int, ceil_mode: bool, dims: int, dtype: Any
) -> None:
    torch = pytest.importorskip("torch")
    array = np.round(normal(2, 3, *(9, 8, 10)[:dims], dtype=dtype), 1)  # there are ties
    array[0, 0, 2, ...] = np.nan
    cases: list[tuple[str, dict[str, Any]]] = [("max", {"dilation": dilation, "return_indices": True})]
    if dilation == 1:
        cases += [("avg", {}), ("avg", {"count_include_pad": False})]
    if dilation == 1 and dims > 1:
        cases += [("avg", {"divisor_override": 7})]
    for kind, more in cases:
        x, t = ag.tensor(array, requires_grad=True), torch.tensor(array, requires_grad=True)
        arguments = (kernel, stride, padding)
        y = getattr(F, f"{kind}_pool{dims}d")(x, *arguments, ceil_mode=ceil_mode, **more)
        z = getattr(torch.nn.functional, f"{kind}_pool{dims}d")(t, *arguments, ceil_mode=ceil_mode, **more)
        agree(x, t, y, z)


@pytest.mark.parametrize("dtype", FLOATS)
@DIMS
def test_regions_as_pytorch(dims: int, dtype: Any) -> None:
    torch = pytest.importorskip("torch")
    array = np.round(normal(2, 3, *(7, 6, 9)[:dims], dtype=dtype), 1)
    array[1, 0, 3, ...] = np.nan
    sizes: list[Any] = [*itertools.product([1, 3, 8], repeat=dims), 2, (None,) * (dims - 1) + (4,)]
    for size in sizes:
        for kind in ("adaptive_avg", "adaptive_max"):
            if dims == 1 and isinstance(size, tuple):
                size = size[0]  # PyTorch takes no tuple there
            more = {"return_indices": True} if kind == "adaptive_max" else {}
            x, t = ag.tensor(array, requires_grad=True), torch.tensor(array, requires_grad=True)
            y = getattr(F, f"{kind}_pool{dims}d")(x, size, **more)
            z = getattr(torch.nn.functional, f"{kind}_pool{dims}d")(t, size, **more)
            agree(x, t, y, z)


@pytest.mark.parametrize("ceil_mode", [False, True])
@DIMS
def test_norms_as_pytorch(dims: int, ceil_mode: bool) -> None:
    torch = pytest.importorskip("torch")
    array = np.abs(normal(2, 3, *(7, 6, 9)[:dims])) + 0.1
    for norm, kernel, stride in ((1, 2, None), (2, 3, 2), (3.5, 2, 1)):
        x, t = ag.tensor(array, requires_grad=True), torch.tensor(array, requires_grad=True)
        y = getattr(F, f"lp_pool{dims}d")(x, norm, kernel, stride, ceil_mode)
        z = getattr(torch.nn.functional, f"lp_pool{dims}d")(t, norm, kernel, stride, ceil_mode)
        agree(x, t, y, z)


@DIMS
def test_unpooling_as_pytorch(dims: int) -> None:
    torch = pytest.importorskip("torch")
    array = normal(2, 3, *(7, 6, 9)[:dims])
    for kernel, stride, padding in ((2, None, 0), (3, 2, 1), (2, 3, 0)):
        for size in (None, array.shape):
            x, t = ag.tensor(array, requires_grad=True), torch.tensor(array, requires_grad=True)
            how = (kernel, stride, padding)
            pooled = getattr(F, f"max_pool{dims}d")(x, *how, return_indices=True)
            theirs = getattr(torch.nn.functional, f"max_pool{dims}d")(t, *how, return_indices=True)
            unpool = lambda f, found: getattr(f, f"max_unpool{dims}d")(*found, *how, output_size=size)  # noqa: B023
            try:
                z = unpool(torch.nn.functional, theirs)
            except (RuntimeError, ValueError):
                with pytest.raises((IndexError, ArgumentError), match="output_size"):
                    unpool(F, pooled)
                continue
            y = unpool(F, pooled)
            if kernel == 3:  # an element of several windows: PyTorch gives each the whole gradient, we the last
                np.testing.assert_array_equal(y.detach().numpy(), z.detach().numpy())
            else:
                agree(x, t, y, z)


@DIMS
@pytest.mark.parametrize("kind", LAYERS)
def test_layers_print_as_pytorch(kind: str, dims: int) -> None:
    torch = pytest.importorskip("torch")
    name = f"{kind}{dims}d"
    arguments = (2, 3, 1) if kind == "LPPool" else (2,) if "Adaptive" in kind else (3, 2, 1)
    ours, theirs = repr(getattr(nn, name)(*arguments)), repr(getattr(torch.nn, name)(*arguments))
    if kind == "MaxUnpool" or name == "AvgPool1d":  # PyTorch turns an int into a tuple in these only
        theirs = theirs.replace(f"({', '.join('3' * dims)}{',' * (dims == 1)})", "3")
        theirs = theirs.replace(f"({', '.join('2' * dims)}{',' * (dims == 1)})", "2")
        theirs = theirs.replace(f"({', '.join('1' * dims)}{',' * (dims == 1)})", "1")
    assert ours == theirs


def agree(x: ag.Tensor, t: Any, y: Any, z: Any) -> None:
    """The results, the indices, and the gradients of the inputs."""
    if isinstance(y, tuple):
        np.testing.assert_array_equal(y[1].numpy(), z[1].numpy())
        y, z = y[0], z[0]
    most = 1e-5 if x.dtype == np.float32 else 1e-12
    np.testing.assert_allclose(y.detach().numpy(), z.detach().numpy(), atol=most)
    weights = normal(*y.shape, dtype=x.dtype)
    (y * ag.tensor(weights)).sum().backward()
    (z * z.new_tensor(weights)).sum().backward()
    assert x.grad is not None
    np.testing.assert_allclose(x.grad.numpy(), t.grad.numpy(), atol=10 * most)
