"""Fractional max pooling: windows at random steps, by definition and as PyTorch's from the same random numbers."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from beside_torch import agree_in_pair

import autograd_core as ag
import nn
import nn.functional as F
from autograd_core.errors import ArgumentError, DtypeError, ShapeError

FLOATS = pytest.mark.parametrize("dtype", [np.float32, np.float64])
DIMS = pytest.mark.parametrize("dims", [2, 3])
SIZES = {2: (2, 3, 9, 7), 3: (2, 2, 5, 6, 7)}


def draw(dims: int, dtype: Any = np.float64) -> tuple[np.ndarray, np.ndarray]:
    """Pictures, and the random numbers that place their windows."""
    rng = np.random.default_rng(dims)
    return rng.normal(size=SIZES[dims]).astype(dtype), rng.random((*SIZES[dims][:2], dims)).astype(dtype)


def pool(dims: int, lib: Any = F) -> Any:
    return getattr(lib, f"fractional_max_pool{dims}d")


def windows(sample: float, size: int, kernel: int, count: int) -> list[slice]:
    step = (size - kernel) / (count - 1) if count > 1 else 0.0
    starts = [int((i + sample) * step) - int(sample * step) for i in range(count - 1)]
    return [slice(start, start + kernel) for start in (*starts, size - kernel)]


@DIMS
def test_by_definition(dims: int) -> None:
    x, samples = draw(dims)
    kernel, size = (2, 3, 2)[:dims], (3, 4, 2)[:dims]
    y, indices = pool(dims)(ag.tensor(x), kernel, size, return_indices=True, _random_samples=ag.tensor(samples))
    for n, c in np.ndindex(x.shape[:2]):
        order = samples[n, c, ::-1] if dims == 2 else samples[n, c]
        axes = [windows(u, m, k, count) for u, m, k, count in zip(order, x.shape[2:], kernel, size)]
        for place in np.ndindex(size):
            window = x[n, c][tuple(axis[p] for axis, p in zip(axes, place))]
            assert y[n, c][place].item() == window.max()
            assert x[n, c].reshape(-1)[indices[n, c][place].item()] == window.max()


@DIMS
def test_derivatives(dims: int) -> None:
    x, samples = draw(dims)
    x, samples = ag.tensor(x[:1], requires_grad=True), ag.tensor(samples[:1])
    f = lambda x: pool(dims)(x, 2, output_ratio=0.6, _random_samples=samples) ** 2
    assert ag.autograd.gradcheck(f, x)
    assert ag.autograd.gradgradcheck(f, x)


@DIMS
@FLOATS
def test_one_example_none_and_layout(dims: int, dtype: Any) -> None:
    x, samples = (ag.tensor(a) for a in draw(dims, dtype))
    y = pool(dims)(x, 2, 3, _random_samples=samples)
    assert (y.dtype, y.shape) == (dtype, (*x.shape[:2], *[3] * dims))
    one = pool(dims)(x[1], 2, 3, _random_samples=samples[1:])
    np.testing.assert_array_equal(one.numpy(), y[1].numpy())
    other = pool(dims)(ag.tensor(np.asfortranarray(x.numpy())), 2, 3, _random_samples=samples)
    np.testing.assert_array_equal(other.numpy(), y.numpy())
    assert pool(dims)(x[:0], 2, 3).shape == (0, *y.shape[1:])


def test_nan_and_ties() -> None:
    x = ag.tensor([[[1.0, 1.0, float("nan"), 0.0, 2.0]]], requires_grad=True)
    y, indices = F.fractional_max_pool2d(x, (1, 2), (1, 2), return_indices=True, _random_samples=ag.zeros(1, 1, 2))
    assert (y.tolist(), indices.tolist()) == ([[[1, 2]]], [[[0, 4]]])
    y.sum().backward()
    assert x.grad.tolist() == [[[1, 0, 0, 0, 1]]]
    assert np.isnan(F.fractional_max_pool2d(x, (1, 3), (1, 1), _random_samples=ag.zeros(1, 1, 2)).item())


def test_random_numbers_come_from_the_default_generator() -> None:
    x = ag.tensor(draw(2)[0])
    made = []
    for seed in (1, 1, 2):
        ag.manual_seed(seed)
        made.append(F.fractional_max_pool2d(x, 2, (6, 5)).tolist())
    assert made[0] == made[1] != made[2]


def test_complaints() -> None:
    x = ag.zeros(1, 2, 5, 6)
    for arguments, error, message in (
        ({}, ArgumentError, "output_size and output_ratio are both None; give one"),
        ({"output_size": 0}, ArgumentError, "output_size=0: expected an int, or a pair of ints, of at least 1"),
        ({"output_ratio": 1.5}, ArgumentError, "output_ratio=1.5: expected a number between 0 and 1, or 2 of them"),
        ({"output_ratio": (0.5,) * 3}, ArgumentError, r"output_ratio=\(0.5, 0.5, 0.5\): expected a number between"),
        ({"output_ratio": 0.1}, ShapeError, r"output_ratio=0.1 leaves nothing of a size of \(5, 6\); use a larger one"),
        ({"output_size": (5, 2)}, ShapeError, "along H the input has 5 elements, too few for 5 windows of 2"),
        (
            {"output_size": 2, "_random_samples": ag.zeros(1, 2, 3)},
            ShapeError,
            r"_random_samples \(1, 2, 3\): expected",
        ),
        ({"output_size": 2, "_random_samples": ag.zeros(1, 2, 2).double()}, DtypeError, "_random_samples is float64"),
    ):
        with pytest.raises(error, match=f"fractional_max_pool2d: {message}"):
            F.fractional_max_pool2d(x, 2, **arguments)
    with pytest.raises(ShapeError, match=r"fractional_max_pool3d: input \(5, 6\): expected \(N, C, D, H, W\) or"):
        F.fractional_max_pool3d(x[0, 0], 2, 2)
    with pytest.raises(DtypeError, match="fractional_max_pool2d: input has dtype int64: expected floating"):
        F.fractional_max_pool2d(x.long(), 2, 2)


@DIMS
def test_layers(dims: int) -> None:
    kind = getattr(nn, f"FractionalMaxPool{dims}d")
    x, samples = (ag.tensor(a) for a in draw(dims))
    for how in ({"output_size": 3}, {"output_ratio": 0.5}):
        layer = kind(2, **how, return_indices=True, _random_samples=samples)
        for a, b in zip(layer(x), pool(dims)(x, 2, **how, return_indices=True, _random_samples=samples)):
            np.testing.assert_array_equal(a.numpy(), b.numpy())
    assert list(layer.state_dict()) == ["_random_samples"]
    assert not kind(2, 3).state_dict()
    name = kind.__name__
    for arguments in ({}, {"output_size": 2, "output_ratio": 0.5}):
        with pytest.raises(ArgumentError, match=f"{name}: output_size=.* and output_ratio=.*; give one of them"):
            kind(2, **arguments)
    with pytest.raises(
        ArgumentError, match=f"{name}: output_ratio=1, expected a number between 0 and 1, or {dims} of them"
    ):
        kind(2, output_ratio=1)
    with pytest.raises(ShapeError, match=rf"\({name}\): expects .* of at least 4.*, got .*; use a smaller window"):
        kind(2, 3)(ag.zeros(1, 1, *[3] * dims))


# --------------------------------------------------------------------------------------------------- PyTorch, besides


@DIMS
@FLOATS
def test_as_pytorch(dims: int, dtype: Any) -> None:
    torch = pytest.importorskip("torch")
    x, samples = draw(dims, dtype)
    x = np.round(x, 1)  # there are ties
    for kernel, how in (
        (2, {"output_size": 3}),
        ((1, 3, 2)[:dims], {"output_ratio": (0.5, 0.6, 0.3)[:dims]}),
        (3, {"output_size": 1}),
    ):
        f = lambda lib, make: lambda x: pool(dims, lib)(x, kernel, **how, _random_samples=make(samples))  # noqa: B023
        agree_in_pair(f(F, ag.tensor), f(torch.nn.functional, torch.tensor), x)
        places = [
            pool(dims, lib)(make(x), kernel, **how, return_indices=True, _random_samples=make(samples))[1].numpy()
            for lib, make in ((F, ag.tensor), (torch.nn.functional, torch.tensor))
        ]
        np.testing.assert_array_equal(*places)
