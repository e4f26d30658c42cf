"""Shapes: views, broadcasting, joins and splits, padding."""

from __future__ import annotations

import gc
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis.extra import numpy as hnp

import autograd_core as ag
from autograd_core import ops
from autograd_core.errors import ArgumentError, ShapeError

floats = pytest.mark.parametrize("dtype", [ag.float32, ag.float64], ids=str)


def counting(*shape: int, dtype: Any = ag.float32) -> Any:
    return ag.arange(int(np.prod(shape))).to(dtype).reshape(shape)


def same(got: Any, want: Any) -> None:
    np.testing.assert_array_equal(got.detach().numpy(), np.asarray(want))


# ----------------------------------------------------------------------------------------------------------- reshaping


@floats
def test_views_share_memory_and_keep_the_dtype(dtype: Any) -> None:
    x = counting(2, 3, 4, dtype=dtype)
    views = {
        "reshape": (x.reshape(4, -1), (4, 6)),
        "view": (x.view(2, 12), (2, 12)),
        "flatten": (x.flatten(1), (2, 12)),
        "unflatten": (x.unflatten(2, (2, -1)), (2, 3, 2, 2)),
        "unsqueeze": (x.unsqueeze(-1), (2, 3, 4, 1)),
        "squeeze": (x[:, :1].squeeze(1), (2, 4)),
        "permute": (x.permute(2, 0, 1), (4, 2, 3)),
        "transpose": (x.transpose(0, -1), (4, 3, 2)),
        "swapaxes": (x.swapaxes(1, 2), (2, 4, 3)),
        "movedim": (x.movedim(0, -1), (3, 4, 2)),
        "expand": (x.expand(5, -1, 3, 4), (5, 2, 3, 4)),
        "narrow": (x.narrow(2, 1, 2), (2, 3, 2)),
        "index": (x[1, ..., ::2], (3, 2)),
        "one element": (x[1, 2, 3], ()),
        "diagonal": (x.diagonal(0, 1, 2), (2, 3)),
    }
    for name, (y, shape) in views.items():
        assert y.shape == shape, name
        assert y.dtype == dtype, name
        assert np.shares_memory(y.array, x.array), name


def test_reshape_resolves_and_checks_sizes() -> None:
    x = counting(2, 3)
    assert x.reshape([3, -1]).shape == x.reshape((3, 2)).shape == (3, 2)
    assert ag.zeros(0, 3).reshape(3, 0).shape == (3, 0)
    assert ag.zeros(0, 3).reshape(-1, 3).shape == (0, 3)
    assert ag.tensor(1.0).reshape(1, 1).shape == (1, 1)
    assert x.reshape(6).reshape_as(x).shape == x.view_as(x).shape == (2, 3)
    for shape, message in [
        ((2, 4), r"reshape: shape \[2, 4\] is invalid for input of size 6; the product of the sizes must be 6"),
        ((4, -1), r"shape \[4, -1\] is invalid for input of size 6"),
        ((-1, -1), r"only one size may be -1, but shape is \[-1, -1\]"),
        ((-2, -3), r"shape \[-2, -3\] has a negative size"),
    ]:
        with pytest.raises(ShapeError, match=message):
            x.reshape(shape)
    with pytest.raises(ShapeError, match=r"the -1 in shape \[-1, 0\] is ambiguous"):
        ag.zeros(0).reshape(-1, 0)
    with pytest.raises(TypeError):
        x.reshape(2.0, 3.0)


def test_view_never_copies() -> None:
    x = counting(2, 3)
    with pytest.raises(
        ShapeError, match=r"view: a tensor of shape \(3, 2\) .* no view of shape \[6\]; use reshape\(\)"
    ):
        x.T.view(6)
    assert x.T.reshape(6).tolist() == [0, 3, 1, 4, 2, 5]
    assert ag.zeros(0, 2).T.view(0).shape == (0,)


def test_flatten_and_unflatten() -> None:
    assert ag.tensor(1.0).flatten().shape == (1,)
    assert counting(2, 3, 4).flatten(0, 1).shape == (6, 4)
    assert counting(2, 3).ravel().shape == (6,)
    with pytest.raises(ArgumentError, match="start_dim=1 comes after end_dim=0"):
        counting(2, 3).flatten(1, 0)
    with pytest.raises(IndexError, match="dim 2 is out of range"):
        counting(2, 3).flatten(2)
    with pytest.raises(ShapeError, match=r"unflatten: shape \[2, 2\] is invalid for input of size 3"):
        counting(2, 3).unflatten(1, (2, 2))


def test_squeeze_and_unsqueeze() -> None:
    x = ag.zeros(1, 2, 1, 3)
    assert x.squeeze().shape == (2, 3)
    assert x.squeeze(0).shape == (2, 1, 3)
    assert x.squeeze(1).shape == (1, 2, 1, 3)
    assert x.squeeze((0, -2)).shape == (2, 3)
    assert ag.tensor(1.0).squeeze().shape == ag.tensor(1.0).squeeze(0).shape == ()
    assert ag.tensor(1.0).unsqueeze(-1).shape == (1,)
    with pytest.raises(IndexError, match="dim 4 is out of range"):
        x.squeeze(4)
    with pytest.raises(IndexError, match="dim 5 is out of range"):
        x.unsqueeze(5)


def test_axes_move() -> None:
    x = counting(2, 3, 4)
    same(x.permute((1, -1, 0)), x.array.transpose(1, 2, 0))
    same(x.movedim((0, 1), (2, 0)), np.moveaxis(x.array, (0, 1), (2, 0)))
    same(counting(2, 3).t(), counting(2, 3).array.T)
    assert ag.tensor(1.0).t().shape == ag.tensor(1.0).transpose(0, -1).shape == ()
    with pytest.raises(ShapeError, match=r"permute: dims=\(1, 0\) names 2 dims, but input has 3"):
        x.permute(1, 0)
    with pytest.raises(ValueError, match="twice"):
        x.permute(0, 0, 1)
    with pytest.raises(ShapeError, match=r"t: input has 3 dims of shape \(2, 3, 4\), expected at most 2"):
        x.t()
    with pytest.raises(ShapeError, match=r"movedim: source=0 and destination=.* differ in length"):
        x.movedim(0, (1, 2))


# -------------------------------------------------------------------------------------------------------- broadcasting


def test_expand_repeats_without_a_copy() -> None:
    x = ag.tensor([[1.0], [2.0]], requires_grad=True)
    y = x.expand(3, -1, 2)
    same(y, np.broadcast_to(x.array, (3, 2, 2)))
    assert y.array.strides[0] == y.array.strides[2] == 0
    y.sum().backward()
    assert x.grad.tolist() == [[6], [6]]
    same(counting(2, 3).T[:1].expand(4, 2), np.broadcast_to([[0, 3]], (4, 2)))  # not contiguous
    assert ag.zeros(1, 0).expand(3, 0).shape == (3, 0)
    assert ag.tensor(2.0).expand(2).tolist() == [2, 2]
    assert ag.zeros(3).expand_as(ag.zeros(2, 3)).shape == ag.zeros(3).broadcast_to((2, 3)).shape == (2, 3)
    with pytest.raises(RuntimeError, match=r"cannot be written in place: it is an expanded view"):
        ag.zeros(1).expand(3).add_(1)
    for sizes, message in [
        ((2, 4), r"expand: size 4 at dim 1 of sizes=\(2, 4\) does not match 3 of input of shape \(2, 3\)"),
        ((3,), r"expand: sizes=\(3,\) has fewer dims than input of shape \(2, 3\)"),
        ((-1, 2, 3), r"has -1 for a new dim 0"),
    ]:
        with pytest.raises(ShapeError, match=message):
            ag.zeros(2, 3).expand(sizes)
    for shape in [(2,), (4, 3), (3,)]:
        with pytest.raises(ShapeError, match=r"a tensor of shape \(2, 3\) does not expand to"):
            ops.expand_to(np.zeros((2, 3)), shape=shape)


def test_an_expanded_view_keeps_its_memory_alive() -> None:
    y = ops.expand_to(np.arange(1000.0), shape=(2, 1000))
    gc.collect()
    junk = [np.full(1000, 7.0) for _ in range(50)]
    np.testing.assert_array_equal(y[1], np.arange(1000.0))
    del junk


@given(hnp.mutually_broadcastable_shapes(num_shapes=2, min_side=0, max_side=4, max_dims=4))
def test_broadcasting_and_its_undoing_agree_with_numpy(shapes: Any) -> None:
    """Over any two shapes: values as NumPy's, and each gradient the sum over what was repeated."""
    (a, b), result = shapes.input_shapes, shapes.result_shape
    rng = np.random.default_rng(len(result))
    x, y, w = rng.normal(size=a), rng.normal(size=b), rng.normal(size=result)
    tx, ty = ag.tensor(x, requires_grad=True), ag.tensor(y, requires_grad=True)
    out = tx * ty
    np.testing.assert_array_equal(out.array, x * y)
    assert ag.broadcast_shapes(a, b) == out.shape == result
    gx, gy = ag.grad(out, [tx, ty], [ag.tensor(w)])
    for g, other, shape in ((gx, y, a), (gy, x, b)):
        full = w * np.broadcast_to(other, result)
        lead = full.sum(tuple(range(len(result) - len(shape))))
        want = lead.sum(tuple(i for i, n in enumerate(shape) if n == 1), keepdims=True) if shape else lead
        np.testing.assert_allclose(g.array, want, atol=1e-12)
    for given_, wide in zip((tx, ty), ag.broadcast_tensors(tx, ty)):
        np.testing.assert_array_equal(wide.array, np.broadcast_to(given_.array, result))


def test_shapes_that_do_not_broadcast() -> None:
    with pytest.raises(ShapeError, match=r"\(2, 3\), \(4,\) do not broadcast: sizes 3 and 4 at dim -1 differ"):
        ag.broadcast_tensors(ag.zeros(2, 3), ag.zeros(4))


def test_meshgrid() -> None:
    a, b = ag.arange(2), ag.arange(3)
    for indexing in ("ij", "xy"):
        for got, want in zip(ag.meshgrid(a, b, indexing=indexing), np.meshgrid(a.array, b.array, indexing=indexing)):
            same(got, want)
    assert ag.meshgrid([a])[0].tolist() == [0, 1]
    with pytest.raises(ArgumentError, match="indexing='ji' is unknown"):
        ag.meshgrid(a, b, indexing="ji")
    with pytest.raises(ShapeError, match=r"meshgrid: tensor 0 has shape \(1, 2\), expected one dim"):
        ag.meshgrid(a.reshape(1, 2))


def test_repeat_and_tile() -> None:
    x = ag.tensor([[1.0, 2.0]], requires_grad=True)
    same(x.repeat(2, 1, 3), np.tile(x.array, (2, 1, 3)))
    same(x.tile(2), np.tile(x.array, 2))
    same(x.tile(2, 1, 1), np.tile(x.array, (2, 1, 1)))
    assert x.repeat(0, 2).shape == (0, 4)
    x.repeat(3, 2).sum().backward()
    assert x.grad.tolist() == [[6, 6]]
    with pytest.raises(ShapeError, match=r"repeat: repeats=\(2,\) must have a number"):
        x.repeat(2)


# ---------------------------------------------------------------------------------------------------- joins and splits


@floats
def test_cat_and_stack(dtype: Any) -> None:
    a, b = counting(2, 3, dtype=dtype), counting(1, 3, dtype=dtype) + 10
    same(ag.cat([a, b]), np.concatenate([a.array, b.array]))
    same(ag.cat((a, a), dim=-1), np.concatenate([a.array, a.array], -1))
    assert ag.cat([ag.zeros(0), a]).shape == (2, 3)  # as in PyTorch, an empty vector is passed over
    assert ag.cat([ag.zeros(0)]).shape == (0,)
    same(ag.stack([a, a], 1), np.stack([a.array, a.array], 1))
    assert ag.stack([ag.tensor(1), ag.tensor(2)], -1).tolist() == [1, 2]
    assert ag.cat([ag.tensor([1]), ag.tensor([1.5])]).dtype == ag.float32
    assert ag.cat([a, b]).dtype == dtype


def test_gradients_of_cat_go_where_its_parts_came_from() -> None:
    a, b, c = (ag.ones(2, n, requires_grad=n != 2) for n in (1, 2, 3))
    (ag.cat([a, b, c], 1) * counting(2, 6)).sum().backward()
    assert a.grad.tolist() == [[0], [6]]
    assert b.grad is None
    assert c.grad.tolist() == [[3, 4, 5], [9, 10, 11]]


def test_cat_and_stack_explain_what_does_not_fit() -> None:
    a = ag.zeros(2, 3)
    for call, error, message in [
        (lambda: ag.cat([]), ArgumentError, "cat: tensors is empty"),
        (lambda: ag.stack([]), ArgumentError, "stack: tensors is empty"),
        (
            lambda: ag.cat([a, ag.zeros(2, 4)]),
            ShapeError,
            r"all sizes but that of dim 0 must be equal, .* \(2, 3\), \(2, 4\)",
        ),
        (
            lambda: ag.cat([ag.tensor(1.0)]),
            ShapeError,
            r"0-d tensor among shapes \(\) has no dim to join along; use stack\(\)",
        ),
        (lambda: ag.cat([a], 2), IndexError, "dim 2 is out of range"),
        (lambda: ag.stack([a, ag.zeros(3, 2)]), ShapeError, r"stack: tensor 1 has shape \(3, 2\), the first has"),
    ]:
        with pytest.raises(error, match=message):
            call()


def test_split_chunk_and_unbind() -> None:
    x = counting(7, 2)
    assert [len(p) for p in x.split(3)] == [3, 3, 1]
    assert [p.shape for p in x.split([1, 0, 1], dim=1)] == [(7, 1), (7, 0), (7, 1)]
    assert [len(p) for p in x.chunk(3)] == [3, 3, 1]
    assert [len(p) for p in x.chunk(4)] == [2, 2, 2, 1]
    assert [len(p) for p in x.chunk(6)] == [2, 2, 2, 1]  # fewer than asked, as in PyTorch
    assert [len(p) for p in ag.zeros(0).chunk(2)] == [0, 0]
    assert [len(p) for p in ag.zeros(0).split(2)] == [0]
    assert [p.tolist() for p in x[:2].unbind(1)] == [[0, 2], [1, 3]]
    assert np.shares_memory(x.split(3)[1].array, x.array)
    same(ag.cat(x.split([2, 5])), x.array)
    for call, error, message in [
        (
            lambda: x.split([3, 3]),
            ShapeError,
            r"split: sections \[3, 3\] must be 0 or more and sum to 7, the size of dim 0",
        ),
        (lambda: x.split(0), ArgumentError, "split: split_size=0 must be positive"),
        (lambda: x.chunk(0), ArgumentError, "chunk: chunks=0 must be 1 or more"),
        (lambda: x.narrow(0, 5, 3), ShapeError, "start=5 and length=3 exceed dim 0 of size 7; use a length of 0 to 2"),
        (lambda: x.narrow(0, 8, 0), IndexError, "start=8 is out of range for dim 0 of size 7"),
    ]:
        with pytest.raises(error, match=message):
            call()
    assert x.narrow(0, -2, 2)[0, 0].item() == 10


def test_flip_and_roll() -> None:
    x = counting(2, 3)
    same(x.flip(0, -1), np.flip(x.array))
    same(x.flip((1,)), np.flip(x.array, 1))
    assert not np.shares_memory(x.flip(0).array, x.array)
    same(x.roll(1), np.roll(x.array, 1))
    same(x.roll((1, -1), (0, 1)), np.roll(x.array, (1, -1), (0, 1)))
    with pytest.raises(ArgumentError, match=r"roll: shifts=\(1, 2\) without dims"):
        x.roll((1, 2))
    with pytest.raises(ArgumentError, match=r"roll: shifts=1 and dims=\(0, 1\) differ"):
        x.roll(1, (0, 1))


# ------------------------------------------------------------------------------------------------------------- padding


MODES = {"constant": "constant", "reflect": "reflect", "replicate": "edge", "circular": "wrap"}


@floats
@pytest.mark.parametrize("mode", MODES)
def test_pad_agrees_with_numpy(mode: str, dtype: Any) -> None:
    x = counting(2, 4, 5, dtype=dtype)
    same(ag.pad(x, (1, 2, 3, 0), mode), np.pad(x.array, ((0, 0), (3, 0), (1, 2)), MODES[mode]))
    same(ag.pad(x, (0, 0), mode), x.array)
    assert ag.pad(x, (1, 1), mode).dtype == dtype


@pytest.mark.parametrize("mode", MODES)
def test_gradient_of_pad_counts_what_was_read(mode: str) -> None:
    x = ag.tensor(np.arange(4.0), requires_grad=True)
    w = np.random.default_rng(0).normal(size=9)
    ag.pad(x, (3, 2), mode).backward(ag.tensor(w))
    source = np.pad(np.arange(4), (3, 2), MODES[mode], **({"constant_values": -1} if mode == "constant" else {}))
    np.testing.assert_allclose(x.grad.array, [w[source == i].sum() for i in range(4)])


def test_pad_crops_and_explains() -> None:
    x = counting(3)
    assert ag.pad(x, (-1, 2), value=9).tolist() == [1, 2, 9, 9]
    assert ag.pad(x, (1, -3)).tolist() == [0]
    assert ag.pad(x, (-2, 0), "circular").tolist() == [2]
    assert ag.pad(ag.zeros(0), (1, 1), value=2).tolist() == [2, 2]
    for call, error, message in [
        (lambda: ag.pad(x, (1,)), ShapeError, r"pad: pad=\(1,\) must hold \(before, after\) for at most the 1 dims"),
        (lambda: ag.pad(x, (1, 1, 1, 1)), ShapeError, r"pad=\(1, 1, 1, 1\) must hold"),
        (lambda: ag.pad(x, (-4, 1)), ShapeError, r"crops more than dim 0 of input of shape \(3,\) has"),
        (lambda: ag.pad(x, (1, 1), "mirror"), ArgumentError, "mode='mirror' is unknown"),
        (lambda: ag.pad(x, (1, 1), "reflect", 3), ArgumentError, "value=3 has no meaning with mode='reflect'"),
        (lambda: ag.pad(x, (3, 0), "reflect"), ShapeError, "mode='reflect' .* needs a size of 4 at dim 0"),
        (lambda: ag.pad(x, (4, 0), "circular"), ShapeError, "mode='circular' .* needs a size of 4 at dim 0"),
        (lambda: ag.pad(ag.zeros(0), (1, 0), "replicate"), ShapeError, "needs a size of 1 at dim 0"),
    ]:
        with pytest.raises(error, match=message):
            call()
