"""Joins and splits, copies in another arrangement, diagonals, windows: beside NumPy and PyTorch, to second order."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from beside_torch import agree

import autograd_core as ag
from autograd_core.errors import ArgumentError, DtypeError, ShapeError

rng = np.random.default_rng(0)
V, W, M, N, X = (rng.normal(size=s) for s in ((3,), (3,), (2, 3), (2, 3), (2, 4, 3)))
INTS = np.arange(24).reshape(2, 4, 3)


def same(got: Any, want: Any) -> None:
    if isinstance(want, list | tuple):
        assert len(got) == len(want)
        for g, w in zip(got, want):
            same(g, w)
    else:
        assert got.shape == want.shape
        assert got.dtype == want.dtype
        np.testing.assert_array_equal(got.detach().numpy(), want)


# ------------------------------------------------------------------------------------------------- values, as NumPy's


@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.int64, np.bool_])
@pytest.mark.parametrize("arrays", [[V, W], [M, N], [X, X], [np.array(2.0), V], [np.zeros(0), V]], ids=str)
@pytest.mark.parametrize("name", ["hstack", "vstack", "dstack", "column_stack"])
def test_stacks_agree_with_numpy(name: str, arrays: list[np.ndarray], dtype: Any) -> None:
    arrays = [a.astype(dtype) for a in arrays]
    tensors = [ag.tensor(a) for a in arrays]
    try:
        want = getattr(np, name)(arrays)
    except ValueError:
        with pytest.raises(ShapeError, match="all sizes but that of dim"):
            getattr(ag, name)(tensors)
    else:
        same(getattr(ag, name)(tensors), want)
        same(getattr(ag, name)(tuple(tensors)), want)


def test_row_stack_concat_and_concatenate_are_other_names() -> None:
    assert ag.row_stack is ag.vstack
    assert ag.concat is ag.concatenate is ag.cat


@pytest.mark.parametrize("name", ["atleast_1d", "atleast_2d", "atleast_3d"])
def test_at_least_so_many_dims(name: str) -> None:
    arrays = [np.array(1.5), V, M, X]
    for a in arrays:
        same(getattr(ag, name)(ag.tensor(a)), getattr(np, name)(a))
    want = tuple(getattr(np, name)(a) for a in arrays)
    tensors = [ag.tensor(a) for a in arrays]
    same(getattr(ag, name)(*tensors), want)
    same(getattr(ag, name)(tensors), want)


@pytest.mark.parametrize("where", [2, 3, 5, [1, 3], (0, 2, 9), [-1], []], ids=str)
def test_tensor_split_agrees_with_numpy(where: Any) -> None:
    x = INTS.transpose(1, 0, 2)  # not contiguous
    for dim in (0, 1, -1):
        want = np.array_split(x, where, dim)
        same(ag.tensor_split(ag.from_numpy(x), where, dim), want)
        same(ag.from_numpy(x).tensor_split(ag.tensor(where, dtype="int64"), dim), want)


def test_even_splits_agree_with_numpy() -> None:
    t = ag.tensor(INTS)
    for where in (1, 2, [1], (1, 2)):
        same(ag.hsplit(t, where), np.hsplit(INTS, where))
        same(t.vsplit(where), np.vsplit(INTS, where))
    same(t.dsplit(3), np.dsplit(INTS, 3))
    same(ag.arange(4).hsplit(2), np.hsplit(np.arange(4), 2))
    same(t.split_with_sizes([1, 0, 3], 1), np.split(INTS, [1, 1], 1))
    assert np.shares_memory(t.hsplit(2)[1].array, t.array)


@pytest.mark.parametrize("k", range(-5, 6))
@pytest.mark.parametrize("dims", [(0, 1), (1, 0), (2, 0), (-1, 1)])
def test_rot90_agrees_with_numpy(k: int, dims: tuple[int, int]) -> None:
    t = ag.tensor(INTS)
    same(ag.rot90(t, k, dims), np.rot90(INTS, k, dims))
    assert not np.shares_memory(t.rot90(k, list(dims)).array, t.array)


def test_flips_agree_with_numpy() -> None:
    same(ag.fliplr(ag.tensor(INTS)), np.fliplr(INTS))
    same(ag.tensor(V).flipud(), np.flipud(V))


@pytest.mark.parametrize("repeats", [0, 1, 3, np.array(2), np.array([2]), np.array([0, 2, 1])], ids=str)
def test_repeat_interleave_agrees_with_numpy(repeats: Any) -> None:
    x = INTS[:, :3]
    times = ag.tensor(repeats) if isinstance(repeats, np.ndarray) else repeats
    for dim in (1, 2, -1):
        got = ag.repeat_interleave(ag.from_numpy(x), times, dim)
        same(got, np.repeat(x, repeats, dim))
        assert not np.shares_memory(got.array, x)
    flat = x[0, 0]
    same(
        ag.from_numpy(flat).repeat_interleave(times, output_size=int(np.repeat(flat, repeats).size)),
        np.repeat(flat, repeats),
    )
    same(
        ag.repeat_interleave(ag.tensor(repeats * np.ones(3, np.int32)).int()),
        np.repeat(np.arange(3, dtype="i4"), repeats),
    )


def test_what_is_repeated_has_memory_of_its_own() -> None:
    one = ag.tensor([5.0])
    for got in (
        one.repeat(3),
        one.repeat(1),
        one.tile(4),
        one.repeat_interleave(3),
        one.repeat_interleave(1),
        one.expand(2).clone(),
    ):
        got.add_(1)
    assert one.tolist() == [5]
    assert ag.tensor(2.0).repeat(2, 2).tolist() == [[2, 2], [2, 2]]


@pytest.mark.parametrize("offset", [-2, -1, 0, 1, 4])
def test_diagonals_agree_with_numpy(offset: int) -> None:
    same(ag.diag(ag.tensor(V), offset), np.diag(V, offset))
    same(ag.tensor(M).diag(offset), np.diag(M, offset))
    same(ag.tensor(M).diagflat(offset), np.diagflat(M, offset))
    for dims in ((-2, -1), (0, 2), (2, 0), (-1, 1)):
        got = ag.diag_embed(ag.tensor(M), offset, *dims)
        same(got.diagonal(offset, *dims), M)
        assert got.numel() - int((got == 0).sum()) == M.size
    same(ag.diag_embed(ag.tensor(M), offset), np.stack([np.diag(row, offset) for row in M]))


@pytest.mark.parametrize("shape", [(3, 3), (2, 4), (7, 3), (3, 3, 3), (0, 2)])
@pytest.mark.parametrize("wrap", [False, True])
def test_fill_diagonal_agrees_with_numpy(shape: tuple[int, ...], wrap: bool) -> None:
    want = np.zeros(shape)
    if want.size:
        np.fill_diagonal(want, 7, wrap)
    same(ag.zeros(shape, dtype="float64").fill_diagonal_(7, wrap), want)


@pytest.mark.parametrize("dtype", [np.float32, np.int64])
def test_unfold_is_a_view_of_windows(dtype: Any) -> None:
    x = INTS.astype(dtype)
    t = ag.from_numpy(x)
    for dim, size, step in ((0, 2, 1), (1, 2, 1), (1, 3, 2), (2, 2, 2), (-2, 4, 1), (1, 0, 3)):
        windows = np.lib.stride_tricks.sliding_window_view(x, size, dim) if size else np.zeros((2, 5, 3, 0), dtype)
        places = tuple(slice(None, None, step) if d == dim % 3 else slice(None) for d in range(3))
        same(t.unfold(dim, size, step), windows[places])
        same(t.transpose(0, 1).contiguous().transpose(0, 1).unfold(dim, size, step), windows[places])
    assert np.shares_memory(t.unfold(1, 2, 2).array, x)
    t.unfold(1, 2, 2)[:, 1, :, 0] = 100
    assert (x[:, 2] == 100).all()
    with pytest.raises(RuntimeError, match="expanded view"):
        t.unfold(1, 2, 1).zero_()
    assert ag.tensor(3.0).unfold(0, 1, 1).tolist() == [3]


def test_as_strided_looks_into_memory() -> None:
    t = ag.arange(12.0)
    got = t.as_strided((2, 3), (6, 2), 1)
    assert got.tolist() == [[1, 3, 5], [7, 9, 11]]
    got.fill_(0)
    assert t.sum() == 2 + 4 + 6 + 8 + 10
    assert t[4:].as_strided((2,), (1,)).tolist() == t[4:6].tolist()
    assert t[4:].as_strided((2,), (1,), 6).tolist() == t[6:8].tolist()
    assert ag.as_strided(t, (2, 0), (1, 1)).shape == (2, 0)
    assert ag.as_strided(t, (), (), 4).item() == 4


def test_writes_through_windows_are_differentiated() -> None:
    x = ag.tensor(np.arange(6.0), requires_grad=True)
    y = x * 1
    y.unfold(0, 2, 2)[:, 0] *= 10
    (y * y).sum().backward()
    assert x.grad.tolist() == [0, 2, 400, 6, 800, 10]


# --------------------------------------------------------------------------------------------- derivatives, as PyTorch's

CASES: dict[str, tuple[Callable[..., Any], tuple[Any, ...]]] = {
    "hstack": (lambda lib, x, y: lib.hstack([x, y]), (M, N)),
    "hstack vectors": (lambda lib, x, y: lib.hstack([x, y]), (V, W)),
    "vstack": (lambda lib, x, y: lib.vstack([x, y]), (V, M)),
    "dstack": (lambda lib, x, y: lib.dstack([x, y]), (M, N)),
    "column_stack": (lambda lib, x, y: lib.column_stack([x, y]), (V, rng.normal(size=(3, 2)))),
    "cat promotes": (lambda lib, x, y: lib.cat([x, y]), (V.astype("f"), W)),
    "concat": (lambda lib, x, y: lib.concat((x, y), dim=1), (M, N)),
    "stack": (lambda lib, x, y: lib.stack((x, y), -1), (M, N)),
    "atleast_3d": (lambda lib, x: lib.atleast_3d(x), (M,)),
    "tensor_split": (lambda lib, x: lib.tensor_split(x, (1, 3), 1), (X,)),
    "hsplit": (lambda lib, x: x.hsplit(2), (X,)),
    "split_with_sizes": (lambda lib, x: lib.split_with_sizes(x, [1, 3], 1), (X,)),
    "narrow_copy": (lambda lib, x: lib.narrow_copy(x, 1, -3, 2), (X,)),
    "rot90": (lambda lib, x: lib.rot90(x, 1, (0, 2)), (X,)),
    "rot90 thrice": (lambda lib, x: x.rot90(3, (1, 2)), (X,)),
    "fliplr": (lambda lib, x: lib.fliplr(x), (X,)),
    "flipud": (lambda lib, x: lib.flipud(x), (X,)),
    "repeat": (lambda lib, x: x.repeat(2, 1, 3), (M,)),
    "tile": (lambda lib, x: lib.tile(x, (2,)), (M,)),
    "repeat_interleave": (lambda lib, x: lib.repeat_interleave(x, 3, 1), (X,)),
    "repeat_interleave one": (lambda lib, x: x.repeat_interleave(2, 0), (V[:1],)),
    "repeat_interleave flat": (lambda lib, x: x.repeat_interleave(2), (M,)),
    "repeat_interleave each": (lambda lib, x, n: lib.repeat_interleave(x, n, dim=-1), (M, np.array([0, 2, 1]))),
    "unfold": (lambda lib, x: x.unfold(1, 2, 1), (X,)),
    "unfold apart": (lambda lib, x: x.unfold(-2, 1, 3), (X,)),
    "unfold transposed": (lambda lib, x: x.mT.unfold(1, 2, 1), (X,)),
    "as_strided": (lambda lib, x: lib.as_strided(x, (2, 2, 3), (3, 1, 1)), (M.repeat(2, 0),)),
    "diag": (lambda lib, x: lib.diag(x, -1), (V,)),
    "diag_embed": (lambda lib, x: lib.diag_embed(x, 1, 0, 2), (M,)),
    "diagflat": (lambda lib, x: lib.diagflat(x, -1), (M,)),
    "fill_diagonal_": (lambda lib, x: (x * 1).fill_diagonal_(3, wrap=True), (rng.normal(size=(7, 3)),)),
    "tril_": (lambda lib, x: (x * 2).tril_(-1), (X,)),
    "triu_": (lambda lib, x: (x * 2).triu_(1), (X,)),
    "movedim": (lambda lib, x: lib.moveaxis(x, (0, 1), (-1, 0)), (X,)),
    "swapaxes": (lambda lib, x: lib.swapaxes(x, 0, -1) * lib.swapdims(x, 0, 2), (X,)),
    "adjoint": (lambda lib, x: lib.adjoint(x) @ x + x.mH @ x, (X,)),
    "H": (lambda lib, x: x.H @ x, (M,)),
    "sum_to_size": (lambda lib, x: x.sum_to_size(4, 1), (X,)),
    "unflatten": (lambda lib, x: lib.unflatten(x, -2, (2, -1)), (X,)),
    "broadcast_tensors": (lambda lib, x, y: lib.broadcast_tensors(x, y), (V, rng.normal(size=(2, 1)))),
    "meshgrid": (lambda lib, x, y: lib.meshgrid(x, y, indexing="xy"), (V, rng.normal(size=2))),
    "expand_as": (lambda lib, x, y: x.expand_as(y) * y, (V, M)),
}


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("name", CASES)
def test_derivatives_agree_with_pytorch(name: str, dtype: Any) -> None:
    call, arrays = CASES[name]
    if dtype is np.float32:
        agree(call, *[a.astype(dtype) if a.dtype == np.float64 else a for a in arrays], rtol=1e-4, atol=1e-5)
    else:
        agree(call, *arrays)


@pytest.mark.parametrize(
    "f",
    [
        lambda x: x.unfold(1, 2, 1), lambda x: ag.as_strided(x, (3, 2), (1, 4)), lambda x: ag.rot90(x, 3),
        lambda x: ag.diag_embed(x, 1, 0, 1), lambda x: x.repeat_interleave(ag.tensor([2, 0]), 0), lambda x: ag.dstack([x, x]),
        lambda x: x.tensor_split(3, 1)[0], lambda x: ag.column_stack([x, x[:, 0]]),
    ],
)  # fmt: skip
def test_derivatives_agree_with_finite_differences(f: Callable[[Any], Any]) -> None:
    x = ag.tensor(rng.normal(size=(2, 4)), requires_grad=True)
    assert ag.gradcheck(lambda x: f(x).sin(), x)
    assert ag.gradgradcheck(lambda x: f(x).sin(), x)


# ------------------------------------------------------------------------------------------- dims turned without a copy


def test_dims_are_turned_in_place() -> None:
    x = ag.tensor(X)
    a = x.array
    assert x.unsqueeze_(1).shape == (2, 1, 4, 3)
    assert x.squeeze_(1).transpose_(0, -1).shape == (3, 4, 2)
    assert x.swapaxes_(0, 1).swapdims_(0, 1).shape == (3, 4, 2)
    assert x.unsqueeze_(0).squeeze_().shape == (3, 4, 2)
    assert np.shares_memory(x.array, a)
    same(x, X.transpose(2, 1, 0))
    assert ag.tensor(M).t_().shape == (3, 2)
    assert ag.tensor(1.0).t_().shape == ()


def test_history_follows_dims_that_are_turned() -> None:
    leaf = ag.tensor(M, requires_grad=True)
    x = leaf * 1
    row = x[0]  # looks into x, and goes on doing so
    x.t_()
    x[:, 0] *= 3
    row.mul_(2)
    x.unsqueeze_(0)
    assert row.shape == (3,)
    same(x, np.stack([6 * M[0], M[1]]).T[None])
    (x.sum() + row.sum()).backward()
    assert leaf.grad.tolist() == [[12, 12, 12], [1, 1, 1]]
    assert ag.gradcheck(lambda t: (t * t).transpose_(0, 1).mul_(2)[1], ag.tensor(M, requires_grad=True))


def test_a_leaf_is_turned_without_recording_only() -> None:
    leaf = ag.tensor(M, requires_grad=True)
    with pytest.raises(RuntimeError, match=r"a leaf that requires gradients is turned in place; use no_grad\(\)"):
        leaf.t_()
    with ag.no_grad():
        leaf.t_()
    assert leaf.is_leaf
    assert leaf.requires_grad
    (leaf * ag.tensor(M.T)).sum().backward()
    same(leaf.grad, M.T)


# ---------------------------------------------------------------------------------------------------------------- errors


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda x: ag.hstack([]), ArgumentError, "hstack: tensors is empty; give at least one"),
        (lambda x: ag.column_stack(()), ArgumentError, "column_stack: tensors is empty"),
        (lambda x: x.tensor_split(0), ArgumentError, "tensor_split: indices_or_sections=0 must be 1 or more"),
        (lambda x: ag.tensor(1.0).tensor_split(1), ShapeError, "tensor_split: the tensor is 0-d, and has no dim to split"),
        (lambda x: ag.tensor(1.0).chunk(1), ShapeError, "chunk: the tensor is 0-d"),
        (lambda x: x.hsplit(2), ShapeError, "hsplit: dim 1 of size 3 has no 2 equal parts; use tensor_split"),
        (lambda x: x.dsplit(2), ShapeError, r"dsplit: input has shape \(2, 3\), expected at least 3 dims"),
        (lambda x: x[0].vsplit(1), ShapeError, r"vsplit: input has shape \(3,\), expected at least 2 dims"),
        (lambda x: ag.tensor(1.0).narrow(0, 0, 1), ShapeError, "narrow: input is 0-d"),
        (lambda x: x[0].fliplr(), ShapeError, r"fliplr: input has shape \(3,\), expected at least two dims; use flip"),
        (lambda x: x.rot90(1, (0,)), ArgumentError, r"rot90: dims=\(0,\) must name two dims"),
        (lambda x: x.rot90(1, (0, 0)), ValueError, "names a dimension twice"),
        (lambda x: x.repeat_interleave(-1), ArgumentError, "repeats has the negative number -1; use 0 or more"),
        (lambda x: x.repeat_interleave(ag.tensor([1, 2]), 1), ShapeError, r"expected a number, or a vector of 3"),
        (lambda x: x.repeat_interleave(1.5), DtypeError, "repeats has dtype float64: expected integers"),
        (lambda x: x.repeat_interleave(2, 1, output_size=5), ShapeError, "output_size=5, but repeats sum to 6; leave it out"),
        (lambda x: ag.repeat_interleave(x.long()), ShapeError, r"repeats has shape \(2, 3\), expected a vector"),
        (lambda x: x.diag_embed(0, 1, 1), ArgumentError, "diag_embed: dim1=1 and dim2=1 are the same dim of 3"),
        (lambda x: ag.tensor(1.0).diag_embed(), ShapeError, "diag_embed: input is 0-d"),
        (lambda x: ag.zeros(2, 3, 2).fill_diagonal_(1), ShapeError, r"fill_diagonal: input has shape \(2, 3, 2\)"),
        (lambda x: x.unfold(1, 4, 1), ArgumentError, "unfold: size=4 and step=1 do not fit dim 1 of size 3; use"),
        (lambda x: x.unfold(1, 2, 0), ArgumentError, "size=2 and step=0 do not fit"),
        (lambda x: x.T.as_strided((1,), (1,)), ShapeError, r"as_strided: input of shape \(3, 2\) is not contiguous"),
        (lambda x: x.as_strided((2, 4), (3, 1)), ShapeError, "reach elements 0 to 6 of an input that has 6; keep within it"),
        (lambda x: x.as_strided((2,), (1, 1)), ShapeError, r"size=\(2,\) and stride=\(1, 1\) must be as many"),
        (lambda x: x.sum_to_size(2, 2), ShapeError, r"sum_to_size: size \(2, 2\) does not broadcast to the shape \(2, 3\)"),
        (lambda x: ag.zeros(1, 2, 3).H, ShapeError, r"H is of matrices, this tensor has shape \(1, 2, 3\); use \.mH"),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_explained(call: Callable[[Any], Any], error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        call(ag.zeros(2, 3))
