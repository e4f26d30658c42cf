"""Writes by index and by mask: beside naive loops and PyTorch, to second order."""

from __future__ import annotations

import math
from collections.abc import Callable
from itertools import product
from typing import Any

import numpy as np
import pytest
from beside_torch import agree

import autograd_core as ag
from autograd_core.errors import ArgumentError, DtypeError, ShapeError

rng = np.random.default_rng(0)
M, SRC, X = rng.normal(size=(3, 4)), rng.normal(size=(3, 4)), rng.normal(size=(2, 3, 4))
AGAIN = np.array([[0, 0, 1, 3], [2, 2, 2, 2], [1, 0, 3, 1]])  # places of dim 1, some of them twice
ROWS = np.array([2, 0, 2, 1])  # places of a dim of 3
MASK = M > 0
REDUCTIONS = {"sum": np.sum, "prod": np.prod, "mean": np.mean, "amax": np.max, "amin": np.min}


def same(got: Any, want: Any, rtol: float = 1e-12) -> None:
    assert got.shape == want.shape
    assert got.dtype == want.dtype
    np.testing.assert_allclose(got.detach().numpy(), want, rtol=rtol)


def scattered(x: Any, dim: int, index: Any, src: Any, reduce: str, include_self: bool) -> Any:
    """Collect what arrives at each place, then reduce it: the definition, one element at a time."""
    arrived: dict[Any, list[Any]] = {}
    for at in product(*map(range, index.shape)):
        to = tuple(index[at] if d == dim else i for d, i in enumerate(at))
        arrived.setdefault(to, [x[to]] if include_self else []).append(src[at])
    out = x.copy()
    for to, values in arrived.items():
        made = REDUCTIONS[reduce](np.array(values))
        out[to] = math.floor(made) if x.dtype.kind == "i" else made
    return out


# ---------------------------------------------------------------------------------------------------- values, by loops


@pytest.mark.parametrize("dtype", [np.float64, np.float32, np.int64, np.uint8])
@pytest.mark.parametrize("include_self", [True, False])
@pytest.mark.parametrize("reduce", REDUCTIONS)
def test_scatter_reduce_is_what_it_says(reduce: str, include_self: bool, dtype: Any) -> None:
    x, src = ((10 * abs(a) if dtype == np.uint8 else 3 * a).astype(dtype) for a in (M, SRC))
    src[0, 1] = src[1, 2] = 0
    for dim, index in ((1, AGAIN), (1, AGAIN[:2, :3]), (0, AGAIN[:, :3] % 3), (-1, AGAIN[:0])):
        want = scattered(x, dim % 2, index, src, reduce, include_self)
        got = ag.scatter_reduce(ag.tensor(x), dim, ag.tensor(index), ag.tensor(src), reduce, include_self=include_self)
        same(got, want, 1e-5 if dtype == np.float32 else 1e-12)
        t = ag.tensor(x)
        assert t.scatter_reduce_(dim, ag.tensor(index), ag.tensor(src), reduce, include_self=include_self) is t
        same(t, want, 1e-5 if dtype == np.float32 else 1e-12)


@pytest.mark.parametrize("include_self", [True, False])
@pytest.mark.parametrize("reduce", ["prod", "mean", "amax", "amin"])
def test_index_reduce_is_what_it_says(reduce: str, include_self: bool) -> None:
    for dim in (0, 1, 2):
        x = np.moveaxis(rng.normal(size=(3, 2, 2)), 0, dim)
        source = np.moveaxis(rng.normal(size=(4, 2, 2)), 0, dim)
        each = np.broadcast_to(ROWS.reshape([-1 if d == dim else 1 for d in range(3)]), source.shape)
        want = scattered(x, dim, each, source, reduce, include_self)
        t = ag.tensor(x)
        same(t.index_reduce(dim, ag.tensor(ROWS), ag.tensor(source), reduce, include_self=include_self), want)
        same(t.index_reduce_(dim, ag.tensor(ROWS), ag.tensor(source), reduce, include_self=include_self), want)


def test_nan_wins_and_infinities_are_numbers() -> None:
    x, index = ag.tensor([0.0, 1.0, 2.0]), ag.tensor([0, 1, 2, 2])
    src = ag.tensor([math.nan, math.inf, -math.inf, 5.0])
    for reduce, want in (
        ("amax", [math.nan, math.inf, 5]),
        ("amin", [math.nan, 1, -math.inf]),
        ("sum", [math.nan, math.inf, -math.inf]),
    ):
        np.testing.assert_array_equal(x.scatter_reduce(0, index, src, reduce).numpy(), want)


@pytest.mark.parametrize("dtype", [np.float64, np.float32, np.int32, np.bool_])
def test_writes_agree_with_numpy(dtype: Any) -> None:
    x, v = (X * 5).astype(dtype), (rng.normal(size=(2, 4, 4)) * 5).astype(dtype)
    t, values, rows = ag.tensor(x), ag.tensor(v), ag.tensor(ROWS)

    want = x.copy()
    want[:, ROWS] = v
    same(t.index_copy(1, rows, values), want)
    same(t.clone().index_copy_(-2, rows, values), want)

    want = x.copy()
    want[:, [0, -1]] = 1
    same(ag.index_fill(t, 1, ag.tensor([0, -1]), 1), want)
    same(t.clone().index_fill_(1, ag.tensor([0, -1]), ag.tensor(1.0)), want)

    want = x.copy()
    want.reshape(-1)[[0, 5, -1]] = v[0, 0, :3]
    same(ag.put(t, ag.tensor([0, 5, -1]), values[0, 0, :3]), want)
    same(t.clone().put_(ag.tensor([[0, 5, -1]]), values[0, 0, :3]), want)
    same(t.take(ag.tensor([[0, 5], [-1, 7]])), x.reshape(-1)[[[0, 5], [-1, 7]]])

    want = x.copy()
    want[np.array([0, 1]), :, np.array([3, 3])] = v[0, 0, :3]
    same(ag.index_put(t, (ag.tensor([0, 1]), None, ag.tensor([3, 3])), values[0, 0, :3]), want)

    mask = np.arange(4) % 2 == 0
    want = x.copy()
    want[:, :, mask] = v.reshape(-1)[:12].reshape(2, 3, 2)
    same(ag.masked_scatter(t, ag.tensor(mask), values), want)
    same(t.clone().masked_scatter_(ag.tensor(mask), values), want)

    want = x.copy()
    want[:, 1] = v[:, 1]
    same(ag.select_scatter(t, values[:, 1], 1, -2), want)
    same(t.slice_scatter(values[:, 1:2], 1, 1, 2), want)
    want = x.copy()
    want[:, :, ::2] = v[:, :3, ::2]
    same(ag.slice_scatter(t, values[:, :3, ::2], -1, step=2), want)
    want = x.copy()
    want[:, [0, 1, 2], [1, 2, 3]] = v[:, 0, :3]
    same(ag.diagonal_scatter(t, values[:, 0, :3], 1, 1, 2), want)
    same(t.select(1, -1), x[:, -1])
    assert np.shares_memory(t.select(1, -1).array, t.array)
    same(t, x)


def test_places_may_be_of_any_integer_dtype() -> None:
    x = ag.arange(300.0)
    for dtype in ("int8", "uint8", "int16", "int32"):
        places = ag.tensor([100, 5], dtype=dtype)
        assert x.take(places).tolist() == x.gather(0, places).tolist() == [100, 5]
        assert x.index_copy(0, places, ag.ones(2)).sum() == x.sum() - 103
        assert x.scatter_reduce(0, places, ag.ones(2), "amin").sum() == x.sum() - 103
    assert x.take(ag.tensor([-1, -100], dtype="int8")).tolist() == [299, 200]


def test_sums_at_any_places() -> None:
    places = (ag.tensor([0, 0, 1]), ag.tensor([1, 1, 3]))
    want = M.copy()
    np.add.at(want, tuple(p.array for p in places), SRC[0, :3])
    same(ag.index_put(ag.tensor(M), places, ag.tensor(SRC[0, :3]), accumulate=True), want)
    same(ag.tensor(M).index_put_(places, ag.tensor(SRC[0, :3]), True), want)
    same(ag.index_put(ag.tensor(M), (ag.tensor(MASK),), ag.tensor(2.0, dtype="float64"), True), M + 2 * MASK)
    same(ag.index_put(ag.tensor(M), [ag.tensor(1)], ag.tensor(SRC[0]), True), M + SRC[0] * np.array([[0], [1], [0]]))
    same(
        ag.index_put(ag.tensor(M), (ag.tensor(1), ag.tensor([0, 0])), ag.tensor(SRC[0, :2]), True)[1, 0],
        M[1, 0] + SRC[0, :2].sum(),
    )
    want = M.copy()
    np.add.at(want.reshape(-1), [3, 3, -1], SRC[0, :3])
    same(ag.tensor(M).put(ag.tensor([3, 3, -1]), ag.tensor(SRC[0, :3]), accumulate=True), want)


def test_scatter_takes_numbers_and_old_reductions() -> None:
    x, index = ag.tensor(M), ag.tensor(AGAIN)
    same(x.scatter(1, index, ag.tensor(SRC), reduce="add"), scattered(M, 1, AGAIN, SRC, "sum", True))
    same(x.scatter(1, index, 2, reduce="multiply"), scattered(M, 1, AGAIN, np.full((3, 4), 2.0), "prod", True))
    assert ag.tensor([1, 2]).scatter_(0, ag.tensor([1]), 7).tolist() == [1, 7]
    assert ag.tensor([1, 2]).scatter(0, ag.tensor([1, 0]), value=ag.tensor(7.9)).tolist() == [7, 7]


def test_0d_tensors_are_vectors_of_one() -> None:
    x, zero, v = ag.tensor(1.0), ag.tensor(0), ag.tensor(5.0)
    for got in (
        x.scatter(0, zero, v), x.scatter_add(0, zero, v) - 1, x.scatter_reduce(0, zero, v, "prod"), x.index_add(0, zero, v) - 1,
        x.index_copy(0, zero, v), x.index_fill(0, zero, 5), x.put(zero, v), x.masked_scatter(ag.tensor(True), v),
        x.index_reduce(-1, zero, v, "amax"), ag.where(ag.tensor(True), v, x), v.take(zero),
    ):  # fmt: skip
        assert got.shape == ()
        assert got.item() == 5
    assert ag.nonzero(v, as_tuple=True)[0].tolist() == [0]


def test_where_of_a_condition_alone_says_where_it_holds() -> None:
    rows, columns = ag.where(ag.tensor(MASK))
    np.testing.assert_array_equal(np.stack([rows.array, columns.array]), np.nonzero(MASK))


# --------------------------------------------------------------------------------------------- derivatives, as PyTorch's

ONE, TIES = np.array(1.5), np.array([[1.0, 2.0, 2.0, 1.0], [2.0, 2.0, 2.0, 0.0], [1.0, 1.0, 1.0, 1.0]])
CASES: dict[str, tuple[Callable[..., Any], tuple[Any, ...]]] = {
    "scatter": (lambda lib, x, i, v: lib.scatter(x, 1, i, v), (M, np.array([[0, 1], [2, 0], [3, 1]]), SRC[:, 2:])),
    "scatter value": (lambda lib, x, i: lib.scatter(x, 1, i, 2.5), (M, AGAIN)),
    "scatter_add": (lambda lib, x, i, v: lib.scatter_add(x, 1, i, v), (M, AGAIN, SRC)),
    "index_add": (lambda lib, x, i, v: lib.index_add(x, 1, i, v, alpha=-2), (X, ROWS, rng.normal(size=(2, 4, 4)))),
    "index_copy": (lambda lib, x, i, v: lib.index_copy(x, 1, i, v), (X, ROWS[:2], X[:, :2] * 3)),
    "index_fill": (lambda lib, x, i: lib.index_fill(x, 1, i, 2.5), (X, ROWS[:2])),
    "index_fill 0-d": (lambda lib, x, i, v: lib.index_fill(x, 1, i, v), (X, ROWS[:2], ONE)),
    "index_put": (lambda lib, x, i, v: lib.index_put(x, (i, i), v), (M, ROWS[:2], SRC[0, :2])),
    "index_put +": (lambda lib, x, i, v: lib.index_put(x, (i, i), v, accumulate=True), (M, ROWS, SRC[0])),
    "put": (lambda lib, x, i, v: x.put(i, v), (M, ROWS[:2], SRC[0, :2])),
    "put +": (lambda lib, x, i, v: x.put(i, v, True), (M, ROWS, SRC[0])),
    "take": (lambda lib, x, i: lib.take(x, i), (M, AGAIN - 1)),
    "select": (lambda lib, x: lib.select(x, 1, -1), (X,)),
    "select_scatter": (lambda lib, x, v: lib.select_scatter(x, v, 1, 2), (X, M[:2])),
    "slice_scatter": (lambda lib, x, v: lib.slice_scatter(x, v, 2, 1, None, 2), (X, X[:, :, :2])),
    "diagonal_scatter": (lambda lib, x, v: lib.diagonal_scatter(x, v, -1), (M, SRC[0, :2])),
    "masked_scatter": (lambda lib, x, m, v: lib.masked_scatter(x, m, v), (M, MASK, SRC)),
    "masked_scatter wide": (lambda lib, x, m, v: lib.masked_scatter(x, m, v), (M[:1], MASK, SRC)),
    "masked_select": (lambda lib, x, m: lib.masked_select(x, m), (M[0], MASK)),
    "masked_fill": (lambda lib, x, m, v: lib.masked_fill(x, m, v), (M, MASK[0], ONE)),
    "where": (lambda lib, m, x, y: lib.where(m, x, y), (MASK, M[0], SRC)),
    "where numbers": (lambda lib, m, x: lib.where(m, x, 2), (MASK, M)),
}
for _reduce, _self in product(REDUCTIONS, (True, False)):
    how = {"reduce": _reduce, "include_self": _self}
    CASES[f"scatter_reduce {_reduce} {_self}"] = (
        lambda lib, x, i, v, how=how: x.scatter_reduce(1, i, v, **how),
        (M, AGAIN[:, :3], SRC[:, :3]),
    )
    if _reduce != "sum":
        CASES[f"index_reduce {_reduce} {_self}"] = (
            lambda lib, x, i, v, how=how: x.index_reduce(1, i, v, **how),
            (X, ROWS, rng.normal(size=(2, 4, 4))),
        )
CASES["scatter_reduce of ties"] = (
    lambda lib, x, i, v: x.scatter_reduce(1, i, v, "amax"),
    (TIES, AGAIN, TIES[::-1].copy()),
)
CASES["index_reduce of ties"] = (
    lambda lib, x, i, v: x.index_reduce(0, i, v, "amin"),
    (TIES, ROWS, np.vstack([TIES, M[:1]])),
)


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("name", CASES)
@pytest.mark.filterwarnings("ignore:index_reduce.. is in beta")
def test_derivatives_agree_with_pytorch(name: str, dtype: Any) -> None:
    call, arrays = CASES[name]
    if dtype is np.float32:
        agree(call, *[a.astype(dtype) if a.dtype == np.float64 else a for a in arrays], rtol=1e-3, atol=1e-4)
    else:
        agree(call, *arrays)


@pytest.mark.filterwarnings("ignore:index_reduce.. is in beta")
@pytest.mark.parametrize("zeros", [0, 1, 2, 3])
def test_products_with_zeros_have_pytorchs_first_derivative(zeros: int) -> None:
    x, src = ag.tensor([2.0, 3.0]).double().array, np.array([4.0, 5.0, 6.0, 7.0])
    src[:zeros] = 0
    index = np.array([0, 0, 0, 1])
    for include_self in (True, False):
        agree(lambda lib, x, i, v: x.scatter_reduce(0, i, v, "prod", include_self=include_self), x, index, src, order=1)  # noqa: B023
        agree(lambda lib, x, i, v: x.index_reduce(0, i, v, "prod", include_self=include_self), x, index, src, order=1)  # noqa: B023


@pytest.mark.parametrize("zeros", [(), (0,), (0, 2), (0, 1, 2)])
def test_products_with_zeros_have_exact_derivatives(zeros: tuple[int, ...]) -> None:
    """Those of a product that is written out; PyTorch refuses the second one."""
    values = np.array([2.0, 3.0, 4.0, 5.0])
    values[list(zeros)] = 0
    v = ag.tensor(values, requires_grad=True)
    one = ag.tensor([1.5], dtype="float64", requires_grad=True)
    out = one.scatter_reduce(0, ag.tensor([0, 0, 0, 0]), v, "prod")
    wanted = one[0] * v[0] * v[1] * v[2] * v[3]
    for _ in range(3):
        (g,), (h,) = (ag.grad(y.sum(), [v], create_graph=True) for y in (out, wanted))
        np.testing.assert_allclose(g.detach().numpy(), h.detach().numpy(), rtol=1e-12)
        weights = ag.tensor([0.3, -0.7, 0.2, 0.9], dtype="float64")
        out, wanted = g * weights, h * weights


@pytest.mark.parametrize("reduce", REDUCTIONS)
def test_what_is_left_out_gets_no_gradient(reduce: str) -> None:
    x = ag.tensor([5.0, 6.0], requires_grad=True)
    src = ag.tensor([5.0, 1.0], requires_grad=True)  # equal to what is left out: the share is still whole
    x.scatter_reduce(0, ag.tensor([0, 0]), src, reduce, include_self=False).sum().backward()
    assert x.grad.tolist() == [0, 1]
    want = {"sum": [1, 1], "mean": [0.5, 0.5], "prod": [1, 5], "amax": [1, 0], "amin": [0, 1]}
    assert src.grad.tolist() == want[reduce]


@pytest.mark.parametrize(
    "f",
    [
        lambda x, v: x.scatter_reduce(1, ag.tensor(AGAIN), v, "prod"),
        lambda x, v: x.scatter_reduce(1, ag.tensor(AGAIN), v, "amax", include_self=False),
        lambda x, v: x.scatter_reduce(0, ag.tensor(AGAIN % 3), v, "mean"),
        lambda x, v: x.index_reduce(0, ag.tensor(ROWS[:3]), v, "amin"),
        lambda x, v: ag.index_put(x, (ag.tensor([0, 0]),), v[:2], accumulate=True),
        lambda x, v: x.index_copy(0, ag.tensor([2, 2]), v[:2]),
        lambda x, v: x.masked_scatter(ag.tensor(MASK), v),
        lambda x, v: (x * 1).index_fill_(1, ag.tensor([0, 0]), v[0, 0]),
        lambda x, v: ag.diagonal_scatter(x, v[0, :3], 1).take(ag.tensor(AGAIN)),
    ],
)
def test_derivatives_agree_with_finite_differences(f: Callable[..., Any]) -> None:
    x, v = (ag.tensor(a, requires_grad=True) for a in (M, SRC))
    assert ag.gradcheck(lambda x, v: f(x, v).sin(), (x, v))
    assert ag.gradgradcheck(lambda x, v: f(x, v).sin(), (x, v))


def test_in_place_writes_are_part_of_the_history() -> None:
    x, v = (ag.tensor(a, requires_grad=True) for a in (M, SRC))
    y = x * 2
    y[0].index_fill_(0, ag.tensor([1]), 7)
    y.masked_scatter_(ag.tensor(MASK), v)
    y.t().scatter_reduce_(0, ag.tensor(AGAIN[:1]).t(), v[:1].t(), "sum")
    y.sum().backward()
    kept = 2.0 * ~MASK
    kept[0, 1] = 0
    same(x.grad, kept)
    count = np.zeros(M.shape)
    count.reshape(-1)[: MASK.sum()] = 1
    count[0] += 1
    same(v.grad, count)


# ---------------------------------------------------------------------------------------------------------------- errors

I1 = ag.tensor([0, 1])


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda x: x.scatter_reduce(1, I1[None], x, "max"), ArgumentError, "reduce='max' is unknown; use one of sum"),
        (lambda x: x.index_reduce(1, I1, x[:, :2], "sum"), ArgumentError, r"reduce='sum' is unknown.*or index_add\(\)"),
        (lambda x: x.scatter(1, I1[None], x, reduce="sum"), ArgumentError, 'is unknown; use "add" or "multiply"'),
        (lambda x: x.scatter_reduce(1, I1[None] + 3, x, "sum"), IndexError, "scatter_reduce: index 4 is out of bounds"),
        (lambda x: x.scatter_add(1, I1[None], x.double()), DtypeError, "scatter_add: src has dtype float64, input has float32"),
        (lambda x: x.scatter_add(1, I1, x), ShapeError, r"index of shape \(2,\) does not fit input of shape \(2, 4\)"),
        (lambda x: x.index_copy(1, I1, x), ShapeError, r"index_copy: source has shape \(2, 4\), expected \(2, 2\)"),
        (lambda x: x.index_copy(1, I1[None], x), ShapeError, r"index_copy: index has shape \(1, 2\), expected a vector"),
        (lambda x: x.index_copy(1, I1 - 1, x[:, :2]), IndexError, "index_copy: index -1 is out of bounds"),
        (lambda x: x.index_copy(1, I1, x[:, :2].long()), DtypeError, "index_copy: source has dtype int64, input"),
        (lambda x: x.index_fill(1, I1 + 3, 0), IndexError, "index_fill: index 4 is out of bounds"),
        (lambda x: x.index_fill(1, I1 - 5, 0), IndexError, "index_fill: index -5 is out of bounds"),
        (lambda x: x.index_fill(1, I1, x), ShapeError, r"index_fill: value has shape \(2, 4\), expected a number"),
        (lambda x: x.index_fill(1, I1.float(), 0), DtypeError, "index_fill: index has dtype float32: expected integers"),
        (lambda x: x.index_put((I1,), x.double()), DtypeError, "index_put: values has dtype float64"),
        (lambda x: x.put(I1, x), ShapeError, "put: source has 8 elements and index 2; give one for each place"),
        (lambda x: x.take(I1 + 7), IndexError, "take: index 8 is out of bounds"),
        (lambda x: x.masked_scatter(x > -1, x[0]), ShapeError, "masked_scatter: source has 4 elements for 8 places"),
        (lambda x: x.masked_scatter(x > 0, x.double()), DtypeError, "masked_scatter: source has dtype float64, input"),
        (lambda x: x.masked_scatter(x, x), DtypeError, "masked_scatter: mask has dtype float32: expected bool"),
        (lambda x: x.select(1, 4), IndexError, "select: index 4 is out of range for dim 1 of size 4: expected -4 to 3"),
        (lambda x: ag.tensor(1.0).select(0, 0), IndexError, "select: input is 0-d, and has no dim to choose a place of"),
        (lambda x: x.select_scatter(x, 1, 0), ShapeError, r"select_scatter: src has shape \(2, 4\), expected \(2,\)"),
        (lambda x: x.slice_scatter(x, 1, 0, 2), ShapeError, r"slice_scatter: src has shape \(2, 4\), expected \(2, 2\)"),
        (lambda x: x.slice_scatter(x, 1, step=-1), ArgumentError, "slice_scatter: step=-1 must be 1 or more"),
        (lambda x: x.diagonal_scatter(x), ShapeError, r"diagonal_scatter: src has shape \(2, 4\), expected \(2,\)"),
        (lambda x: ag.where(x > 0, x), ArgumentError, "where: of input and other, one is missing; give both"),
        (lambda x: ag.where(x, x, x), DtypeError, "where: condition has dtype float32: expected bool; compare"),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_explained(call: Callable[[Any], Any], error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        call(ag.zeros(2, 4))
