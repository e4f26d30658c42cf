"""Indices: x[...] read and written, lookups and sums by index, triangles, diagonals, order."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import autograd_core as ag
from autograd_core import ops
from autograd_core.errors import ArgumentError, DtypeError, ShapeError

floats = pytest.mark.parametrize("dtype", [ag.float32, ag.float64], ids=str)


def counting(*shape: int, dtype: Any = ag.float32) -> Any:
    return ag.arange(int(np.prod(shape))).to(dtype).reshape(shape)


def same(got: Any, want: Any) -> None:
    np.testing.assert_array_equal(got.detach().numpy(), np.asarray(want))


MODES = ("constant", "reflect", "replicate", "circular")


# -------------------------------------------------------------------------------------------------------- x[...], read


@st.composite
def indexed(draw: Any) -> tuple[tuple[int, ...], Any]:
    """A shape and an index into it, of every kind on which NumPy and PyTorch agree."""
    shape = draw(hnp.array_shapes(min_dims=1, max_dims=4, max_side=4))
    kind = draw(st.sampled_from(["basic", "mask", "arrays"]))
    if kind == "basic":
        return shape, draw(hnp.basic_indices(shape, allow_newaxis=True))
    if kind == "mask":
        dims = draw(st.integers(1, len(shape)))
        return shape, draw(hnp.arrays(bool, shape[:dims]))
    axes = draw(st.lists(st.integers(0, len(shape) - 1), min_size=1, max_size=2, unique=True).map(sorted))
    result = draw(hnp.array_shapes(min_dims=1, max_dims=2, min_side=0, max_side=3))
    arrays = {a: draw(hnp.arrays(np.int64, result, elements=st.integers(-shape[a], shape[a] - 1))) for a in axes}
    steps = st.sampled_from([slice(None), slice(1, None), slice(None, None, -1), slice(None, None, 2)])
    return shape, tuple(arrays[d] if d in arrays else draw(steps) for d in range(axes[-1] + 1))


@given(indexed())
def test_indexing_agrees_with_numpy(case: tuple[tuple[int, ...], Any]) -> None:
    """Reading, its gradient, and writing, with the gradients of what was written and of what it was written into."""
    shape, index = case
    rng = np.random.default_rng(0)
    x = rng.normal(size=shape)
    t = ag.tensor(x, requires_grad=True)
    out = t[index]
    same(out, x[index])
    w = rng.normal(size=out.shape)
    (g,) = ag.grad(out, [t], [ag.tensor(w)])
    want = np.zeros(shape)
    np.add.at(want, index, w)
    np.testing.assert_allclose(g.array, want, atol=1e-12)

    value = rng.normal(size=out.shape)
    v = ag.tensor(value, requires_grad=True)
    y = t * 1.0
    y[index] = v
    want = x.copy()
    want[index] = value
    same(y, want)
    full = rng.normal(size=shape)
    gx, gv = ag.grad(y, [t, v], [ag.tensor(full)])
    kept = full.copy()
    kept[index] = 0
    np.testing.assert_array_equal(gx.array, kept)
    owner = np.full(shape, -1)
    owner[index] = np.arange(value.size).reshape(value.shape)  # who wrote last
    np.testing.assert_array_equal(gv.array.ravel(), [full[owner == i].sum() for i in range(value.size)])


def test_indices_of_every_python_kind() -> None:
    x = counting(3, 4)
    same(x[np.int64(1)], x.array[1])
    same(x[ag.tensor(1)], x.array[1])
    same(x[ag.tensor(1) :], x.array[1:])
    same(x[[0, 2]], x.array[[0, 2]])
    same(x[range(2)], x.array[:2])
    same(x[[]], x.array[:0])
    same(x[[True, False, True]], x.array[[0, 2]])
    same(x[ag.tensor([0, 1]), ag.tensor([[3], [2]])], x.array[[0, 1], [[3], [2]]])
    same(x[np.array([2, 0], np.int32)], x.array[[2, 0]])
    same(x[True], x.array[None])
    same(x[False], x.array[False])
    same(x[x > 5], x.array[x.array > 5])
    same(x[..., None, -1], x.array[..., None, -1])
    assert np.shares_memory(x[ag.tensor(1)].array, x.array)
    assert not np.shares_memory(x[[1]].array, x.array)


def test_numbers_beside_arrays_select_first() -> None:
    """As in PyTorch: NumPy puts the dim of the array in front here."""
    x, i = counting(2, 3, 4), ag.tensor([0, 1])
    same(x[0, :, i], x.array[0][:, [0, 1]])
    same(x[i, :, 0], x.array[[0, 1]][:, :, 0])
    same(x[None, 1, i], x.array[None, 1][:, [0, 1]])
    torch = pytest.importorskip("torch")
    t, j = torch.arange(24.0).reshape(2, 3, 4), torch.tensor([0, 1])
    for index in ((0, slice(None), i), (i, slice(None), 0), (i, None, i), (None, i), (slice(None), i, None), (..., i)):
        there = t[tuple(j if part is i else part for part in index)]
        np.testing.assert_array_equal(x[index].numpy(), there.numpy())


def test_bad_indices() -> None:
    x = counting(3, 4)
    for index, message in [
        (3, "index 3 is out of bounds for axis 0 with size 3"),
        ((0, -5), "index -5 is out of bounds for axis 1 with size 4"),
        (ag.tensor([0, 9]), "index 9 is out of bounds for axis 0 with size 3"),
        ((0, 0, 0), "too many indices"),
        ((0, 0, [0]), "too many indices: 3 for a tensor of 2 dimensions"),
        ((..., 0, ...), "more than one"),
        (1.5, "an index of type float and dtype float64 names no place"),
        (ag.tensor([0.0]), "an index of type Tensor and dtype float32 names no place"),
        ("a", "an index of type str .* names no place"),
        (ag.tensor([True, False]), "boolean index did not match"),
    ]:
        with pytest.raises(IndexError, match=message):
            x[index]


@floats
def test_setitem(dtype: Any) -> None:
    x = ag.zeros(3, 4, dtype=dtype)
    memory = x.array
    x[1] = 1
    x[:, ::2] = ag.tensor([5.0, 6.0])
    x[[0, 0], [1, 1]] = ag.tensor([7, 8])
    x[x == 6] = -1
    x[2, 1:3] = [3, 4]
    x[0, 0] = 2
    x[0, [3]] = np.ones((1, 1))
    assert x.tolist() == [[2, 8, -1, 1], [5, 1, -1, 1], [5, 3, 4, 0]]
    assert x.array is memory
    assert x.dtype == dtype
    with pytest.raises(ValueError, match=r"\(3,\)"):
        x[0] = ag.ones(3)


def test_setitem_through_a_number_and_an_array() -> None:
    x = ag.zeros(2, 3, requires_grad=True)
    v = ag.tensor([1.0, 2.0], requires_grad=True)
    y = x * 1
    y[1, [2, 0]] = v
    assert y.tolist() == [[0, 0, 0], [2, 0, 1]]
    (y * counting(2, 3)).sum().backward()
    assert x.grad.tolist() == [[0, 1, 2], [0, 4, 0]]
    assert v.grad.tolist() == [5, 3]


def test_setitem_is_a_function_too() -> None:
    x = counting(2, 3)
    assert ops.setitem(x, 9, index=(0, [1])).tolist() == [[0, 9, 2], [3, 4, 5]]
    assert x[0, 1].item() == 1
    assert ops.setitem(ag.tensor([1, 2]), 7.9, index=0).tolist() == [7, 2]  # the input's dtype stays
    assert ops.setitem(x, ag.ones(1, 1, 3), index=0)[0].tolist() == [1, 1, 1]


def test_reading_rows_twice_adds_their_gradients() -> None:
    table = ag.randn(5, 3, dtype=ag.float64, requires_grad=True)
    rows = ag.tensor([[4, 1], [1, -1]])
    table[rows].sum().backward()
    assert table.grad.array[:, 0].tolist() == [0, 2, 0, 0, 2]


# ---------------------------------------------------------------------------------------------------- lookups by index


@floats
@pytest.mark.parametrize("dim", [0, 1, -1])
def test_gather_and_scatter_add_are_what_the_loops_say(dim: int, dtype: Any) -> None:
    rng = np.random.default_rng(0)
    x, shape = rng.normal(size=(3, 4, 2)).astype(dtype), (3, 3, 2)
    index = rng.integers(0, x.shape[dim], shape)
    src = rng.normal(size=(3, 4, 2)).astype(dtype)
    gathered, added, put = np.empty(shape, dtype), x.copy(), x.copy()
    for place in np.ndindex(*shape):
        there = list(place)
        there[dim] = index[place]
        gathered[place] = x[tuple(there)]
        added[tuple(there)] += src[place]
        put[tuple(there)] = src[place]
    t, i, s = ag.tensor(x), ag.tensor(index), ag.tensor(src)
    same(ag.gather(t, dim, i), gathered)
    np.testing.assert_allclose(ag.scatter_add(t, dim, i, s).array, added, atol=1e-6)
    same(ag.scatter(t, dim, i, s), put)
    assert ag.scatter_add(t, dim, i, s).dtype == dtype


def test_scatter_a_number() -> None:
    hot = ag.zeros(2, 3).scatter(1, ag.tensor([[2], [0]]), 1)
    same(hot, np.eye(3)[[2, 0]])
    same(ag.zeros(2, 3).scatter(1, ag.tensor([[2], [0]]), value=1), hot.array)
    x = ag.zeros(2, 3)
    assert x.scatter_(1, ag.tensor([[2], [0]]), 1.0) is x
    same(x, hot.array)


def test_lookups_of_nothing_and_of_0d() -> None:
    empty = ag.zeros(0).long()
    assert ag.gather(ag.zeros(3), 0, empty).shape == (0,)
    assert ag.index_select(ag.zeros(3, 2), 0, empty).shape == (0, 2)
    assert ag.scatter_add(ag.ones(3), 0, empty, ag.zeros(0)).tolist() == [1, 1, 1]
    assert ag.index_add(ag.ones(3), 0, empty, ag.zeros(0)).tolist() == [1, 1, 1]
    assert ag.gather(ag.tensor(3.0), 0, ag.tensor(0)).item() == 3
    assert ag.index_select(ag.zeros(3, 2), 0, ag.tensor(1)).shape == (1, 2)
    x = ag.zeros(3, 2, requires_grad=True)
    x[empty].sum().backward()
    assert x.grad.tolist() == [[0, 0]] * 3


@floats
def test_index_select_and_index_add(dtype: Any) -> None:
    x = counting(2, 3, dtype=dtype)
    i = ag.tensor([2, 0, 2])
    same(x.index_select(1, i), x.array[:, [2, 0, 2]])
    want = x.array.copy()
    np.add.at(want, (slice(None), i.array), 2 * np.ones((2, 3)))
    same(x.index_add(1, i, ag.ones(2, 3, dtype=dtype), alpha=2), want)
    y = x.clone()
    assert y.index_add_(0, ag.tensor([1]), ag.ones(1, 3, dtype=dtype)) is y
    same(ag.index_add(ag.tensor([1, 2]), 0, ag.tensor([0, 0]), ag.tensor([5, 6])), [12, 2])  # integers too


def test_take_along_dim() -> None:
    x = ag.tensor([[3.0, 1.0, 2.0], [0.0, 5.0, 4.0]])
    same(ag.take_along_dim(x, ag.argsort(x, 1), 1), np.sort(x.array, 1))
    same(ag.take_along_dim(x, ag.tensor([[2]]), 1), x.array[:, 2:])
    same(ag.take_along_dim(x, ag.tensor([5, 0])), [4, 3])
    with pytest.raises(ShapeError, match=r"take_along_dim: .* differ in the number of dims"):
        ag.take_along_dim(x, ag.tensor([0]), 1)


def test_masks() -> None:
    x = ag.tensor([1.0, 2.0, 3.0], requires_grad=True)
    mask = ag.tensor([True, False, True])
    assert x.masked_select(mask).tolist() == [1, 3]
    assert ag.masked_select(ag.tensor([1, 2]), ag.tensor([[True], [False]])).tolist() == [1, 2]
    y = x.masked_fill(mask, float("-inf"))
    assert y.tolist() == [float("-inf"), 2, float("-inf")]
    y.sum().backward()
    assert x.grad.tolist() == [0, 1, 0]
    value = ag.tensor(2.0, requires_grad=True)
    ag.masked_fill(ag.zeros(3), mask, value).sum().backward()
    assert value.grad.item() == 2
    assert ag.masked_fill(ag.tensor([1, 2]), ag.tensor([True, False]), 5).dtype == ag.int64
    z = ag.zeros(3)
    assert z.masked_fill_(mask, 4) is z
    assert z.tolist() == [4, 0, 4]


def test_lookups_explain_what_does_not_fit() -> None:
    x, i = counting(2, 3), ag.tensor([[0, 1], [1, 0]])
    f, mask = i.float(), ag.tensor([1, 0, 1])
    for call, error, message in [
        (
            lambda: x.gather(1, i + 2),
            IndexError,
            "gather: index 3 is out of bounds for dim 1 with size 3: expected 0 to 2",
        ),
        (lambda: x.gather(1, i - 1), IndexError, "gather: index -1 is out of bounds"),
        (lambda: x.gather(1, f), DtypeError, r"gather: index has dtype float32: expected integers; use index.long\(\)"),
        (lambda: x.gather(1, ag.zeros(3, 1).long()), ShapeError, r"gather: index of shape \(3, 1\) does not fit input"),
        (lambda: x.gather(0, ag.tensor([0])), ShapeError, "it needs as many dims"),
        (lambda: x.gather(2, i), IndexError, "dim 2 is out of range"),
        (lambda: x.scatter(1, i), ArgumentError, "scatter: give either src or value"),
        (lambda: x.scatter(1, i, f[:1]), ShapeError, r"scatter: src of shape \(1, 2\) is smaller than index"),
        (lambda: x.scatter(1, i, i), DtypeError, "scatter: src has dtype int64, input has float32"),
        (lambda: x.scatter_add(1, i + 2, f), IndexError, "scatter_add: index 3 is out of bounds"),
        (lambda: x.index_select(0, i), ShapeError, r"index_select: index has shape \(2, 2\), expected a vector"),
        (
            lambda: x.index_select(0, i[0] + 2),
            IndexError,
            "index_select: index 2 is out of bounds for dim 0 with size 2",
        ),
        (lambda: x.index_add(0, i[0], f), ShapeError, r"index_add: source has shape \(2, 2\), expected \(2, 3\)"),
        (lambda: x.index_add(0, i[0] + 1, x), IndexError, "index_add: index 2 is out of bounds"),
        (lambda: x.masked_select(mask), DtypeError, "masked_select: mask has dtype int64: expected bool"),
        (lambda: x.masked_fill(mask, 0), DtypeError, "masked_fill: mask has dtype int64: expected bool"),
        (lambda: x.masked_fill(x > 0, x), ShapeError, r"masked_fill: value has shape \(2, 3\), expected a number"),
        (lambda: i.masked_fill(i > 0, 0.5), DtypeError, "value 0.5 does not fit input of dtype int64"),
    ]:
        with pytest.raises(error, match=message):
            call()


# ----------------------------------------------------------------------------------------- triangles, diagonals, order


@floats
def test_triangles_and_diagonals(dtype: Any) -> None:
    x = counting(3, 4, dtype=dtype)
    for k in (-1, 0, 2):
        same(x.tril(k), np.tril(x.array, k))
        same(x.triu(k), np.triu(x.array, k))
        same(x.diagonal(k), np.diagonal(x.array, k))
        same(ag.diag(x[0], k), np.diag(x.array[0], k))
    same(ag.diag(x), np.diag(x.array))
    x.diagonal().fill_(-1)
    assert x.array[1, 1] == -1
    with pytest.raises(ShapeError, match=r"tril: input has shape \(4,\), expected at least 2 dims"):
        x[0].tril()
    with pytest.raises(ShapeError, match=r"diag: input has shape \(1, 1, 1\), expected a vector or a matrix"):
        ag.diag(ag.zeros(1, 1, 1))
    with pytest.raises(ArgumentError, match="dim1=0 and dim2=-2 are the same dim"):
        x.diagonal(0, 0, -2)


@floats
def test_sort_and_topk(dtype: Any) -> None:
    rng = np.random.default_rng(0)
    x = ag.tensor(rng.permutation(24).reshape(4, 6).astype(dtype))
    for dim in (0, 1, -1):
        same(x.sort(dim).values, np.sort(x.array, dim))
        same(x.argsort(dim), np.argsort(x.array, dim))
        same(x.sort(dim, descending=True)[0], -np.sort(-x.array, dim))
        for k in (0, 1, 3):
            values, indices = x.topk(k, dim)
            same(values, np.take(-np.sort(-x.array, dim), np.arange(k), dim))
            same(values, np.take_along_axis(x.array, indices.array, dim))
            same(x.topk(k, dim, largest=False).values, np.take(np.sort(x.array, dim), np.arange(k), dim))
    assert x.topk(2).values.dtype == dtype


def test_order_keeps_equal_elements_and_puts_nan_last() -> None:
    x = ag.tensor([2.0, 1.0, float("nan"), 1.0, 2.0])
    assert x.argsort().tolist() == [1, 3, 0, 4, 2]
    assert x.argsort(descending=True).tolist() == [2, 0, 4, 1, 3]
    assert x.topk(2, largest=False).indices.tolist() == [1, 3]
    assert x.topk(2).indices.tolist()[0] == 2
    assert ag.tensor(3.0).sort().values.item() == ag.tensor(3.0).topk(1).values.item() == 3
    assert ag.zeros(0).sort().values.shape == (0,)
    assert ag.zeros(2, 0).topk(0).values.shape == (2, 0)
    y = ag.tensor([1.0, 3.0, 2.0], requires_grad=True)
    (y.sort().values * counting(3)).sum().backward()
    assert y.grad.tolist() == [0, 2, 1]
    with pytest.raises(ArgumentError, match="topk: k=4 is out of range for dim -1 of size 3"):
        y.topk(4)


def test_nonzero() -> None:
    x = ag.tensor([[0, 1], [2, 0]])
    assert x.nonzero().tolist() == [[0, 1], [1, 0]]
    rows, columns = x.nonzero(as_tuple=True)
    assert x[rows, columns].tolist() == [1, 2]
    assert ag.zeros(3).nonzero().shape == (0, 1)


# ------------------------------------------------------------------------------------------------- plain arrays, torch


def test_functions_take_plain_arrays() -> None:
    """What formulas rely on: the same functions, over arrays."""
    x = np.arange(6.0).reshape(2, 3)
    results = [
        ops.reshape(x, 3, 2), ops.flatten(x), ops.expand(x[:, None], 2, 4, 3), ops.cat([x, x]), ops.pad(x, (1, 1)),
        ops.getitem(x, (0, [1, 2])), ops.gather(x, 1, np.array([[0], [1]])), ops.sort(x).values, ops.tril(x),
    ]  # fmt: skip
    assert all(type(r) is np.ndarray for r in results)


def test_agrees_with_torch() -> None:
    torch = pytest.importorskip("torch")
    rng = np.random.default_rng(0)
    x = rng.normal(size=(2, 3, 4)).astype("f")
    t, a = torch.tensor(x), ag.tensor(x)
    i = rng.integers(0, 3, (2, 2, 4))
    for f in (
        lambda m, x, i: m.movedim(x, (0, 2), (1, 0)),
        lambda m, x, i: m.roll(x, (1, 2), (0, 2)),
        lambda m, x, i: m.gather(x, 1, i),
        lambda m, x, i: m.scatter_add(x, 1, i, x),
        lambda m, x, i: m.topk(x, 2, 1).indices,
        lambda m, x, i: m.sort(x, 2, descending=True).indices,
        lambda m, x, i: m.diagonal(x, 1, 0, 2),
        lambda m, x, i: x[:, :, None].repeat(1, 2, 1, 2),
        lambda m, x, i: m.cat([p * k for k, p in enumerate(m.split(x, [1, 2], 1))], 1),
        lambda m, x, i: m.stack(m.chunk(x, 2, 2)),
        lambda m, x, i: m.triu(x, -1),
    ):
        np.testing.assert_allclose(f(ag, a, ag.tensor(i)).numpy(), f(torch, t, torch.tensor(i)).numpy(), rtol=1e-6)
    for mode in MODES:
        there = torch.nn.functional.pad(t, (1, 2), mode=mode)
        np.testing.assert_array_equal(ag.pad(a, (1, 2), mode).numpy(), there.numpy())


def test_unravel_index() -> None:
    indices = np.arange(24).reshape(4, 6)
    for found, wanted in zip(
        ag.unravel_index(ag.tensor(indices), (2, 3, 4)), np.unravel_index(indices, (2, 3, 4)), strict=True
    ):
        assert found.dtype == ag.int64
        np.testing.assert_array_equal(found.array, wanted)
    assert [p.tolist() for p in ag.unravel_index(ag.tensor([-1, -6]), (2, 3))] == [[1, 0], [2, 0]]
    assert ag.unravel_index(ag.tensor(3), 5)[0].item() == 3
    assert ag.unravel_index(ag.tensor(0), ()) == ()
    assert [p.shape for p in ag.unravel_index(ag.zeros(0, dtype=ag.int64), (0, 3))] == [(0,), (0,)]
    for index in (6, -7):
        with pytest.raises(IndexError, match=rf"unravel_index: index {index} is out of bounds .* expected 0 to 5"):
            ag.unravel_index(ag.tensor([index]), (2, 3))
    with pytest.raises(DtypeError, match="unravel_index: index has dtype float32: expected integers"):
        ag.unravel_index(ag.tensor([1.0]), (2, 3))
    with pytest.raises(ShapeError, match=r"unravel_index: shape=\(2, -3\) has a negative size"):
        ag.unravel_index(ag.tensor([1]), (2, -3))
