"""Orders: sorting, ranks, medians, modes, search and sets; NaN, ties, options, and where the gradient goes."""

from __future__ import annotations

import itertools
import math
from typing import Any

import numpy as np
import pytest
from beside_torch import agree

import autograd_core as ag
from autograd_core import errors

NAN, INF = math.nan, math.inf
both = pytest.mark.parametrize("dtype", [np.float32, np.float64])
rng = np.random.default_rng(0)
X = rng.permutation(24).reshape(2, 3, 4) / 4 - 2.5  # no ties
TIES = rng.integers(0, 4, (4, 7)).astype(np.float64)


def leaf(x: Any) -> ag.Tensor:
    return ag.tensor(np.asarray(x, np.float64), requires_grad=True)


def slope(f: Any, x: Any) -> list[Any]:
    t = leaf(x)
    f(t).sum().backward()
    return t.grad.tolist()


# --------------------------------------------------------------------------------------------------------------- sorting


@both
@pytest.mark.parametrize("descending", [False, True])
@pytest.mark.parametrize("dim", [0, 1, -1])
def test_sort_is_stable(dim: int, descending: bool, dtype: Any) -> None:
    x = TIES.astype(dtype)
    v, i = found = ag.sort(ag.tensor(x), dim, descending)
    order = np.argsort(-x if descending else x, dim, kind="stable")
    np.testing.assert_array_equal(i.numpy(), order)
    np.testing.assert_array_equal(v.numpy(), np.take_along_axis(x, order, dim))
    assert (v.dtype, i.dtype) == (dtype, np.int64)
    assert (found.values, found.indices) == (v, i)
    assert ag.equal(ag.argsort(ag.tensor(x), dim, descending, stable=True), i)
    assert ag.equal(ag.tensor(x).sort(dim=dim, descending=descending, stable=True).indices, i)
    with pytest.raises(TypeError):
        ag.sort(ag.tensor(x), dim, descending, True)


def test_nan_is_the_largest_and_one_number_is_in_order() -> None:
    x = ag.tensor([2.0, NAN, -INF, INF])
    assert ag.argsort(x).tolist() == [2, 0, 3, 1]
    assert ag.argsort(x, descending=True).tolist() == [1, 3, 0, 2]
    assert ag.topk(x, 2).indices.tolist() == [1, 3]
    assert ag.topk(x, 3, largest=False).indices.tolist() == [2, 0, 3]
    assert np.isnan(ag.kthvalue(x, 4).values.item())
    assert ag.sort(ag.tensor(5.0), 0).indices.item() == 0
    assert ag.argsort(ag.tensor(5), -1).shape == ()
    assert ag.sort(ag.zeros(0, 2), 0).values.shape == (0, 2)
    assert ag.sort(ag.tensor([True, False])).values.tolist() == [False, True]
    assert ag.msort(ag.tensor([[3, 1], [2, 4]])).tolist() == [[2, 1], [3, 4]]
    assert ag.tensor([2, 1]).msort().tolist() == [1, 2]


@both
@pytest.mark.parametrize("largest", [False, True])
@pytest.mark.parametrize("is_sorted", [False, True])
def test_topk(largest: bool, is_sorted: bool, dtype: Any) -> None:
    x = X.astype(dtype)
    for dim, k in itertools.product((0, 1, -1), (0, 1, 2)):
        v, i = ag.topk(ag.tensor(x), k, dim, largest, is_sorted)
        order = np.argsort(-x if largest else x, dim).take(range(k), dim)
        np.testing.assert_array_equal(i.numpy(), order)
        np.testing.assert_array_equal(v.numpy(), np.take_along_axis(x, order, dim))
    assert ag.topk(ag.tensor(3.0), 1).values.item() == 3
    with pytest.raises(errors.ArgumentError, match="topk: k=5 is out of range for dim -1 of size 4: expected 0 to 4"):
        ag.topk(ag.tensor(x), 5)


@both
@pytest.mark.parametrize("largest", [False, True])
@pytest.mark.parametrize("dim", [0, 1])
def test_topk_of_few_and_of_many_with_equals_and_nan(dim: int, largest: bool, dtype: Any) -> None:
    x = np.random.default_rng(0).integers(0, 9, (40, 30)).astype(dtype)
    x[x == 8] = NAN
    x[:20, 0] = x[0, :20] = np.arange(20)
    x = ag.tensor(x)
    values, order = ag.sort(x, dim, largest)
    for k in (1, 2, 10, 11, 30):
        v, i = ag.topk(x, k, dim, largest)
        np.testing.assert_array_equal(v.numpy(), values.narrow(dim, 0, k).numpy())
        np.testing.assert_array_equal(v.numpy(), ag.gather(x, dim, i).numpy())
        assert (np.diff(np.sort(i.numpy(), dim), axis=dim) > 0).all()
        if k <= 10:  # found in one sweep
            assert ag.equal(i, order.narrow(dim, 0, k))


SMOOTH = {
    "sort": lambda x: ag.sort(x, 1, True).values,
    "msort": ag.msort,
    "topk": lambda x: ag.topk(x, 2, 1).values,
    "kthvalue": lambda x: ag.kthvalue(x, 2, 1, True).values,
    "median": ag.median,
    "median of rows": lambda x: ag.median(x, 1).values,
    "nanmedian": lambda x: ag.nanmedian(x, 2).values,
    "mode": lambda x: ag.mode(x, 1).values,
}


@pytest.mark.parametrize("name", SMOOTH)
def test_derivatives(name: str) -> None:
    assert ag.gradcheck(SMOOTH[name], leaf(X))
    assert ag.gradgradcheck(lambda x: SMOOTH[name](x) ** 2, leaf(X))


# ------------------------------------------------------------------------------------------------------ one of the order


@both
@pytest.mark.parametrize("dim", [0, 1, -1])
def test_the_kth_value(dim: int, dtype: Any) -> None:
    x = X.astype(dtype)
    for k in range(1, x.shape[dim] + 1):
        for keep in (False, True):
            v, i = ag.kthvalue(ag.tensor(x), k, dim, keep)
            wanted = np.argsort(x, dim).take([k - 1] if keep else k - 1, dim)
            np.testing.assert_array_equal(i.numpy(), wanted)
            np.testing.assert_array_equal(v.numpy(), np.sort(x, dim).take([k - 1] if keep else k - 1, dim))
    assert ag.kthvalue(ag.tensor(7), 1).indices.item() == 0
    for k in (0, 5):
        with pytest.raises(
            errors.ArgumentError, match=f"kthvalue: k={k} is out of range for dim -1 of size 4: expected 1"
        ):
            ag.tensor(x).kthvalue(k)


@both
@pytest.mark.parametrize("name", ["median", "nanmedian"])
def test_a_median_is_the_lower_of_two(name: str, dtype: Any) -> None:
    f = getattr(ag, name)
    x = X.astype(dtype)
    assert f(ag.tensor(x)).item() == np.sort(x.ravel())[11]
    assert f(ag.tensor(x)).dtype == dtype
    for dim in range(3):
        v, i = f(ag.tensor(x), dim)
        rank = (x.shape[dim] - 1) // 2
        np.testing.assert_array_equal(v.numpy(), np.sort(x, dim).take(rank, dim))
        np.testing.assert_array_equal(i.numpy(), np.argsort(x, dim).take(rank, dim))
        assert f(ag.tensor(x), dim=dim, keepdim=True).values.shape == tuple(
            1 if d == dim else n for d, n in enumerate(X.shape)
        )
    assert f(ag.tensor([3, 1, 2, 4])).item() == 2
    assert f(ag.tensor(3.0), 0).indices.item() == 0
    assert getattr(ag.tensor(x), name)(dim=1).values.shape == (2, 4)
    assert np.isnan(f(ag.zeros(0)).item())
    with pytest.raises(errors.ShapeError, match=rf"{name}: input of shape \(0,\) is empty over all dims"):
        f(ag.zeros(0, dtype=ag.int64))
    with pytest.raises(errors.ShapeError, match=rf"{name}: input of shape \(0, 2\) is empty over dim 0"):
        f(ag.zeros(0, 2), 0)


def test_medians_beside_nan() -> None:
    x = [[5.0, NAN, 1.0, NAN], [NAN, NAN, NAN, NAN], [4.0, 3.0, 2.0, 1.0]]
    v, i = ag.median(ag.tensor(x), 1)
    np.testing.assert_array_equal(v.numpy(), [NAN, NAN, 2])
    assert i.tolist() == [1, 0, 2]
    v, i = ag.nanmedian(ag.tensor(x), 1)
    np.testing.assert_array_equal(v.numpy(), [1, NAN, 2])
    assert i.tolist() == [2, 0, 2]
    assert np.isnan(ag.median(ag.tensor(x)).item())
    assert ag.nanmedian(ag.tensor(x)).item() == 2
    assert slope(lambda x: ag.nanmedian(x, 1).values, x) == [[0, 0, 1, 0], [1, 0, 0, 0], [0, 0, 1, 0]]
    assert slope(ag.median, x[0]) == [0, 0.5, 0, 0.5]  # those that are NaN share
    assert slope(ag.nanmedian, [NAN, 3.0, 3.0, 1.0]) == [0, 0.5, 0.5, 0]


def test_ties_of_a_median_share_or_one_has_all() -> None:
    assert slope(ag.median, [2.0, 1.0, 2.0, 3.0, 2.0]) == [1 / 3, 0, 1 / 3, 0, 1 / 3]
    assert sorted(slope(lambda x: ag.median(x, 0).values, [2.0, 1.0, 2.0, 3.0, 2.0])) == [0, 0, 0, 0, 1]


@both
def test_the_mode_is_the_smallest_of_the_most_frequent(dtype: Any) -> None:
    x = TIES.astype(dtype)
    for dim in (0, 1):
        v, i = ag.mode(ag.tensor(x), dim)
        for row, value, place in zip(np.moveaxis(x, dim, -1), v.tolist(), i.tolist()):
            counts = {u: list(row).count(u) for u in sorted(set(row))}
            assert value == max(counts, key=lambda u: counts[u])
            assert place == max(np.flatnonzero(row == value))
    assert ag.mode(ag.tensor(x), 1, True).values.shape == (4, 1)
    assert ag.mode(ag.tensor([3, 1, 3, 1])).values.item() == 1
    assert ag.tensor(3.0).mode().indices.item() == 0
    assert slope(lambda x: ag.mode(x).values, [2.0, 1.0, 2.0]) == [0, 0, 1]
    with pytest.raises(errors.ShapeError, match=r"mode: input of shape \(0,\) is empty"):
        ag.mode(ag.zeros(0))


# --------------------------------------------------------------------------------------------------- places in an order


@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.int64, np.uint8])
@pytest.mark.parametrize("right", [False, True])
def test_search(right: bool, dtype: Any) -> None:
    side = "right" if right else "left"
    row, x = np.array([1, 3, 3, 7], dtype), np.array([[0, 1, 3], [4, 7, 9]], dtype)
    wanted = np.searchsorted(row, x, side)
    out = ag.searchsorted(ag.tensor(row), ag.tensor(x), right=right)
    np.testing.assert_array_equal(out.numpy(), wanted)
    assert out.dtype == np.int64
    np.testing.assert_array_equal(ag.searchsorted(ag.tensor(row), ag.tensor(x), side=side).numpy(), wanted)
    np.testing.assert_array_equal(ag.bucketize(ag.tensor(x), ag.tensor(row), right=right).numpy(), wanted)
    assert ag.bucketize(ag.tensor(x), ag.tensor(row), out_int32=True).dtype == np.int32
    shuffled = row[[2, 0, 3, 1]]
    sorter = ag.argsort(ag.tensor(shuffled))
    found = ag.searchsorted(ag.tensor(shuffled), ag.tensor(x), right=right, sorter=sorter)
    np.testing.assert_array_equal(found.numpy(), wanted)
    rows, values = rng.integers(0, 9, (2, 3, 5)).astype(dtype), rng.integers(0, 9, (2, 3, 4)).astype(dtype)
    rows.sort(-1)
    found = ag.searchsorted(ag.tensor(rows), ag.tensor(values), right=right).numpy()
    for place in np.ndindex(2, 3):
        np.testing.assert_array_equal(found[place], np.searchsorted(rows[place], values[place], side))


def test_search_for_numbers_nan_and_nothing() -> None:
    row = ag.tensor([1.0, 3.0, 5.0])
    assert ag.searchsorted(row, 3).item() == 1
    assert ag.bucketize(3, row, right=True).item() == 2
    assert ag.searchsorted(ag.tensor([1, 2, 3]), 2.5).item() == 2
    assert ag.searchsorted(row, ag.tensor([3, 4])).tolist() == [1, 2]
    assert ag.bucketize(ag.tensor([NAN, INF, -INF]), row).tolist() == [3, 3, 0]
    assert ag.searchsorted(ag.zeros(0), ag.tensor([1.0, 2.0])).tolist() == [0, 0]
    assert ag.searchsorted(ag.zeros(2, 0), ag.ones(2, 3)).shape == (2, 3)
    assert ag.searchsorted(row, ag.zeros(0, 2)).shape == (0, 2)


def test_searches_that_make_no_sense() -> None:
    row = ag.tensor([1.0, 2.0])
    with pytest.raises(
        errors.ArgumentError, match="searchsorted: side='middle' is unknown: expected 'left' or 'right'"
    ):
        ag.searchsorted(row, row, side="middle")
    with pytest.raises(
        errors.ArgumentError, match="side='left' and right=True contradict each other: give one of them"
    ):
        ag.searchsorted(row, row, side="left", right=True)
    with pytest.raises(
        errors.ShapeError, match=r"sorted_sequence of shape \(2, 3\) and input of shape \(3, 3\) do not fit"
    ):
        ag.searchsorted(ag.ones(2, 3), ag.ones(3, 3))
    with pytest.raises(errors.ShapeError, match=r"sorter of shape \(1,\) does not fit sorted_sequence of shape \(2,\)"):
        ag.searchsorted(row, row, sorter=ag.tensor([0]))
    with pytest.raises(IndexError, match="index 2 is out of bounds"):
        ag.searchsorted(row, row, sorter=ag.tensor([0, 2]))
    with pytest.raises(
        errors.ShapeError, match=r"bucketize: boundaries has shape \(2, 2\), expected a vector; flatten\(\) it"
    ):
        ag.bucketize(row, ag.ones(2, 2))


# ----------------------------------------------------------------------------------------------------------------- sets


@both
def test_distinct_elements(dtype: Any) -> None:
    x = ag.tensor(np.array([[3, 1, 3], [2, 3, 3]], dtype), requires_grad=True)
    values, inverse, counts = ag.unique(x, True, True, True)
    assert values.tolist() == [1, 2, 3]
    assert inverse.tolist() == [[2, 0, 2], [1, 2, 2]]
    assert counts.tolist() == [1, 1, 4]
    assert (values.dtype, inverse.dtype, counts.dtype) == (dtype, np.int64, np.int64)
    assert not values.requires_grad
    values, inverse, counts = x.unique_consecutive(return_inverse=True, return_counts=True)
    assert values.tolist() == [3, 1, 3, 2, 3]
    assert inverse.tolist() == [[0, 1, 2], [3, 4, 4]]
    assert counts.tolist() == [1, 1, 1, 1, 2]
    assert ag.unique(x).tolist() == x.unique(return_counts=True)[0].tolist() == [1, 2, 3]
    assert ag.unique(ag.tensor([True, False, True])).tolist() == [False, True]


def test_distinct_slices() -> None:
    x = ag.tensor([[1, 2], [0, 5], [1, 2], [1, 2]])
    for dim, y in ((0, x), (1, x.t())):
        values, inverse, counts = ag.unique(y, return_inverse=True, return_counts=True, dim=dim)
        assert (values if dim == 0 else values.t()).tolist() == [[0, 5], [1, 2]]
        assert (inverse.tolist(), counts.tolist()) == ([1, 0, 1, 1], [1, 3])
        values, inverse, counts = ag.unique_consecutive(y, True, True, dim)
        assert (values if dim == 0 else values.t()).tolist() == [[1, 2], [0, 5], [1, 2]]
        assert (inverse.tolist(), counts.tolist()) == ([0, 1, 2, 2], [1, 1, 2])
    with pytest.raises(
        errors.ShapeError, match=r"unique: input of shape \(2, 0\) has slices without elements along dim 0"
    ):
        ag.unique(ag.zeros(2, 0), dim=0)


def test_nan_equals_nothing_and_nothing_is_distinct() -> None:
    x = ag.tensor([NAN, 1.0, NAN])
    for find in (ag.unique, ag.unique_consecutive):
        assert find(x).shape == (3,)
        assert find(ag.zeros(0)).shape == (0,)
        assert find(ag.zeros(0, 2), dim=0).shape == (0, 2)
        values, inverse = find(ag.tensor(3.0), return_inverse=True)
        assert (values.tolist(), inverse.shape) == ([3], ())
    assert ag.isin(x, x).tolist() == [False, True, False]


def test_membership() -> None:
    x = ag.tensor([[1, 2], [3, 4]])
    assert ag.isin(x, ag.tensor([4, 1, 9])).tolist() == [[True, False], [False, True]]
    assert ag.isin(x, ag.tensor([4, 1, 9]), invert=True, assume_unique=True).tolist() == [[False, True], [True, False]]
    assert ag.isin(x, 3).tolist() == [[False, False], [True, False]]
    assert ag.isin(3, x).item() is True
    assert ag.isin(ag.tensor([1.0, 2.5]), ag.tensor([1, 2])).tolist() == [True, False]
    assert ag.isin(x, ag.zeros(0)).tolist() == [[False, False], [False, False]]


def test_combinations_and_products() -> None:
    x = leaf([1.0, 2.0, 3.0])
    for r, replace in itertools.product((1, 2, 3, 4), (False, True)):
        choose = itertools.combinations_with_replacement if replace else itertools.combinations
        wanted = list(choose(x.tolist(), r))
        out = ag.combinations(x, r, replace)
        assert out.tolist() == [list(row) for row in wanted]
        assert out.shape == (len(wanted), r)
    assert ag.combinations(x, 0).shape == (0,)
    assert ag.combinations(ag.zeros(0), 2, True).shape == (0, 2)
    assert ag.gradcheck(ag.combinations, x)
    rows = ag.cartesian_prod(x, ag.tensor([5.0, 6.0]), ag.tensor([7.0]))
    assert rows.tolist() == [list(row) for row in itertools.product([1.0, 2.0, 3.0], [5.0, 6.0], [7.0])]
    assert ag.cartesian_prod(x) is x
    assert ag.gradcheck(lambda x: ag.cartesian_prod(x, x), x)
    with pytest.raises(
        errors.ShapeError, match=r"combinations: input has shape \(2, 2\), expected a vector; flatten\(\) it"
    ):
        ag.combinations(ag.ones(2, 2))
    with pytest.raises(errors.ArgumentError, match="combinations: r=-1 is negative: expected a number of elements"):
        ag.combinations(x, -1)
    with pytest.raises(
        errors.ShapeError, match=r"cartesian_prod: tensor 1 has shape \(\), expected a vector; flatten\(\) it"
    ):
        ag.cartesian_prod(x, ag.tensor(1.0))
    with pytest.raises(errors.ArgumentError, match="cartesian_prod: tensors is empty; give at least one vector"):
        ag.cartesian_prod()


@pytest.mark.parametrize(("name", "plain"), [("tril_indices", np.tril_indices), ("triu_indices", np.triu_indices)])
def test_places_of_triangles(name: str, plain: Any) -> None:
    for rows, columns, offset in itertools.product((0, 1, 3), (0, 2, 4), (-2, 0, 1)):
        out = getattr(ag, name)(rows, columns, offset)
        np.testing.assert_array_equal(out.numpy(), np.stack(plain(rows, offset, columns)))
        assert out.dtype == np.int64
    assert getattr(ag, name)(2, 2, dtype=ag.int32).dtype == np.int32
    with pytest.raises(errors.ShapeError, match="expected non-negative numbers"):
        getattr(ag, name)(-1, 2)


def test_places_of_what_is_not_zero() -> None:
    x = ag.tensor([[0.0, 2.0], [NAN, 0.0]])
    assert x.argwhere().tolist() == ag.nonzero(x).tolist() == [[0, 1], [1, 0]]
    assert [p.tolist() for p in x.nonzero(as_tuple=True)] == [[0, 1], [1, 0]]
    assert ag.argwhere(ag.tensor(5)).shape == (1, 0)
    assert [p.tolist() for p in ag.nonzero(ag.tensor(5), as_tuple=True)] == [[0]]
    assert ag.argwhere(ag.zeros(0, 3)).shape == (0, 2)


# -------------------------------------------------------------------------------------------------- PyTorch, where it is

PEERS = {
    "sort": lambda lib, x: lib.sort(x, 0),
    "sort down": lambda lib, x: lib.sort(x, dim=-1, descending=True, stable=True),
    "argsort": lambda lib, x: lib.argsort(x, 1, True),
    "msort": lambda lib, x: lib.msort(x),
    "topk": lambda lib, x: lib.topk(x, 2, 1),
    "topk least": lambda lib, x: lib.topk(x, 2, 0, largest=False),
    "kthvalue": lambda lib, x: lib.kthvalue(x, 2, 1, True),
    "median": lambda lib, x: lib.median(x),
    "median along": lambda lib, x: lib.median(x, 1),
    "nanmedian": lambda lib, x: lib.nanmedian(x),
    "nanmedian along": lambda lib, x: lib.nanmedian(x, 0, keepdim=True),
    "mode": lambda lib, x: lib.mode(x, 0),
    "combinations": lambda lib, x: lib.combinations(x.reshape(-1)[:4], 3),
    "cartesian_prod": lambda lib, x: lib.cartesian_prod(x[0, 0], x[1, 1] * 2),
    "nonzero": lambda lib, x: lib.nonzero(x > 0, as_tuple=True),
    "isin": lambda lib, x: lib.isin(x, x[0]),
}


@pytest.mark.parametrize("name", PEERS)
def test_beside_pytorch(name: str) -> None:
    agree(PEERS[name], X)
    agree(PEERS[name], X.astype(np.float32), rtol=1e-5)


@pytest.mark.parametrize("name", ["median", "nanmedian"])
def test_ties_and_nan_beside_pytorch(name: str) -> None:
    agree(lambda lib, x: getattr(lib, name)(x), np.array([2.0, 1.0, 2.0, 3.0, 2.0]))
    agree(lambda lib, x: getattr(lib, name)(x), np.array([2.0, NAN, 2.0, 3.0, NAN]))
    agree(lambda lib, x: getattr(lib, name)(x, 1), np.array([[2.0, NAN, 1.0, 3.0], [5.0, 6.0, 7.0, 4.0]]))
    agree(lambda lib, x: getattr(lib, name)(x), np.array([2, 1, 2, 3]))


def test_sets_and_searches_beside_pytorch() -> None:
    x = rng.integers(0, 3, (5, 2, 3))
    for dim in (None, 0, 1, -1):
        agree(lambda lib, x, dim=dim: lib.unique(x, return_inverse=True, return_counts=True, dim=dim), x)
        agree(lambda lib, x, dim=dim: lib.unique_consecutive(x, return_inverse=True, return_counts=True, dim=dim), x)
    rows, values = np.sort(rng.integers(0, 9, (3, 6)), 1), rng.integers(0, 9, (3, 4))
    for right, short in itertools.product((False, True), (False, True)):
        agree(
            lambda lib, r, v, right=right, short=short: lib.searchsorted(r, v, right=right, out_int32=short),
            rows,
            values,
        )
        agree(lambda lib, r, v, right=right: lib.bucketize(v, r[0], right=right), rows, values)
    agree(lambda lib, r: lib.searchsorted(r[0], 4), rows)
    for offset in (-1, 0, 2):
        agree(lambda lib, _, offset=offset: (lib.tril_indices(3, 4, offset), lib.triu_indices(3, 4, offset)), 0)
