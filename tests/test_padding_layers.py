"""Padding in every mode and number of dims, as a function and as layers."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from beside_torch import agree_in_pair

import autograd_core as ag
import nn
import nn.functional as F
from autograd_core.errors import ArgumentError, ShapeError

MODES = {"constant": "constant", "reflect": "reflect", "replicate": "edge", "circular": "wrap"}  # NumPy's names
KINDS = dict(zip(("Constant", "Reflection", "Replication", "Circular"), MODES)) | {"Zero": "constant"}
EVERY_MODE = pytest.mark.parametrize("mode", MODES)
EVERY_LAYER = pytest.mark.parametrize(("kind", "dims"), [(kind, dims) for kind in KINDS for dims in (1, 2, 3)])
DIMS = pytest.mark.parametrize("dims", [1, 2, 3])
SHAPE, PADS = (2, 3, 4, 5, 4), (1, 2, 3, 0, 2, 3)


def draw(*shape: int, dtype: Any = np.float64) -> np.ndarray:
    return (9 * np.random.default_rng(sum(shape)).normal(size=shape)).astype(dtype)


def array(dims: int, dtype: Any = np.float64) -> np.ndarray:
    return draw(*SHAPE[: dims + 2], dtype=dtype)


def layer(kind: str, dims: int, padding: Any) -> nn.Module:
    return getattr(nn, f"{kind}Pad{dims}d")(padding, *((0.5,) if kind == "Constant" else ()))


# ------------------------------------------------------------------------------------------------------------ function


@EVERY_MODE
@DIMS
@pytest.mark.parametrize("dtype", ["bool", "uint8", "int64", "float32", "float64"])
def test_pad_agrees_with_numpy(mode: str, dims: int, dtype: str) -> None:
    x = array(dims, dtype)
    pads = PADS[: 2 * dims]
    pairs = [(0, 0), (0, 0), *[pads[2 * i : 2 * i + 2] for i in reversed(range(dims))]]
    y = F.pad(ag.tensor(x), pads, mode)
    assert y.dtype == dtype
    np.testing.assert_array_equal(y.numpy(), np.pad(x, pairs, MODES[mode]))
    np.testing.assert_array_equal(F.pad(ag.tensor(np.asfortranarray(x)), pads, mode).numpy(), y.numpy())


@EVERY_MODE
@DIMS
def test_derivatives(mode: str, dims: int) -> None:
    x = ag.tensor(draw(1, 2, *(4, 3, 4)[:dims]), requires_grad=True)
    for pads in ((1, 2, 2, 0, 1, 3)[: 2 * dims], (-1, 2, 1, -1, 0, 1)[: 2 * dims]):
        f = lambda x: F.pad(x, pads, mode) ** 2  # noqa: B023
        assert ag.autograd.gradcheck(f, x)
        assert ag.autograd.gradgradcheck(f, x)


def test_crops() -> None:
    x = ag.tensor([1, 2, 3, 4])
    assert F.pad(x, (-1, 2), "circular").tolist() == [2, 3, 4, 2, 3]  # what is cropped is not repeated
    assert F.pad(x, (-1, 2), "reflect").tolist() == [2, 3, 4, 3, 2]
    assert F.pad(x, (2, -3), "replicate").tolist() == [1, 1, 1]
    assert F.pad(x, (-2, -2)).tolist() == []
    with pytest.raises(ShapeError, match=r"mode='circular' .* needs a size of 3 at dim 0, input has shape"):
        F.pad(x, (-2, 3), "circular")


def test_the_result_is_never_the_input() -> None:
    x = ag.arange(4.0)
    for mode in MODES:
        for pads in ((0, 0), (), (-1, 0)):
            assert not np.shares_memory(F.pad(x, pads, mode).numpy(), x.numpy())


def test_a_value_of_zero_is_none() -> None:
    assert F.pad(ag.tensor([1, 2]), (1, 0), "replicate", 0).tolist() == [1, 1, 2]
    with pytest.raises(ArgumentError, match="value=3 has no meaning with mode='replicate'"):
        F.pad(ag.tensor([1, 2]), (1, 0), "replicate", 3)
    y = F.pad(ag.ones(1), (1, 1), value=float("nan"))
    assert np.isnan(y.tolist()).tolist() == [True, False, True]


def test_a_long_pad_is_not_done_place_by_place() -> None:
    x = ag.tensor(draw(2, 3000), requires_grad=True)
    y = F.pad(x, (2500, 2999), "reflect")
    np.testing.assert_array_equal(y.detach().numpy(), np.pad(x.detach().numpy(), ((0, 0), (2500, 2999)), "reflect"))
    y.sum().backward()
    assert (x.grad.min().item(), x.grad.max().item()) == (1, 3)


# -------------------------------------------------------------------------------------------------------------- layers


@EVERY_LAYER
def test_layers_are_the_function(kind: str, dims: int) -> None:
    x = ag.tensor(array(dims))
    value = 0.5 if kind == "Constant" else None
    for padding in (1, PADS[: 2 * dims], (0, -1, 1, 1, -1, 0)[: 2 * dims]):
        pads = (padding,) * 2 * dims if isinstance(padding, int) else padding
        made = layer(kind, dims, padding)
        np.testing.assert_array_equal(made(x).numpy(), F.pad(x, pads, KINDS[kind], value).numpy())
        np.testing.assert_array_equal(made(x[1]).numpy(), made(x)[1].numpy())
        assert made(x[:0]).shape == (0, *made(x).shape[1:])
        assert not made.state_dict()


@EVERY_LAYER
def test_layers_complain(kind: str, dims: int) -> None:
    name = f"{kind}Pad{dims}d"
    for wrong in ((1,), (1,) * (2 * dims + 1), 1.5, "1", None):
        with pytest.raises(ArgumentError, match=rf"{name}: padding=.*, expected an int, or {2 * dims} of them"):
            layer(kind, dims, wrong)
    with pytest.raises(TypeError, match=rf"\({name}\): input is of type list, expected a Tensor"):
        layer(kind, dims, 1)([1.0])
    if KINDS[kind] == "constant":
        with pytest.raises(ShapeError, match=rf"\({name}\): expects at least {dims} dims, got \(\)"):
            layer(kind, dims, 1)(ag.tensor(1.0))
        return
    with pytest.raises(ShapeError, match=rf"\({name}\): expects \(N, C, .*\) or \(C, .*\), got \(4,\)"):
        layer(kind, dims, 1)(ag.zeros(4))
    least, small = {"Reflection": (3, 2), "Circular": (2, 1), "Replication": (1, 0)}[kind]
    with pytest.raises(ShapeError, match=rf"\({name}\): expects .* of at least {least}.*, got .*; pad less"):
        layer(kind, dims, 2)(ag.zeros(1, 1, *[small] * dims))


def test_zero_padding_is_constant_padding() -> None:
    assert isinstance(nn.ZeroPad2d(1), nn.ConstantPad2d)
    assert nn.ZeroPad2d(1).value == 0
    assert nn.ConstantPad2d(1, 2)(ag.zeros(1, 1)).sum().item() == 16  # any dims in front, or none


# --------------------------------------------------------------------------------------------------- PyTorch, besides


@EVERY_MODE
@DIMS
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_pad_as_pytorch(mode: str, dims: int, dtype: Any) -> None:
    torch = pytest.importorskip("torch")
    for pads in (PADS, (-1, 2, 1, -1, 0, 1), (2, -1, -1, -1, 1, 0)):
        f = lambda lib: lambda x: lib.pad(x, pads[: 2 * dims], mode)  # noqa: B023
        agree_in_pair(f(F), f(torch.nn.functional), array(dims, dtype))


@EVERY_LAYER
def test_layers_print_as_pytorch(kind: str, dims: int) -> None:
    torch = pytest.importorskip("torch")
    name, more = f"{kind}Pad{dims}d", (0.5,) if kind == "Constant" else ()
    for padding in (1, PADS[: 2 * dims]):
        assert repr(getattr(nn, name)(padding, *more)) == repr(getattr(torch.nn, name)(padding, *more))
