"""Products: matmul in all ranks, linear, einsum, tensordot."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import autograd_core as ag
from autograd_core import ops
from autograd_core.errors import ArgumentError, DtypeError, ShapeError

floats = pytest.mark.parametrize("dtype", [ag.float32, ag.float64], ids=str)
rng = np.random.default_rng(0)

RANKS = [
    ((3,), (3,)),
    ((3,), (3, 4)),
    ((2, 3), (3,)),
    ((2, 3), (3, 4)),
    ((3,), (5, 3, 4)),
    ((5, 2, 3), (3,)),
    ((5, 2, 3), (3, 4)),
    ((2, 3), (5, 3, 4)),
    ((5, 2, 3), (5, 3, 4)),
    ((5, 1, 2, 3), (6, 3, 4)),
    ((1, 2, 3), (5, 3, 4)),
    ((0, 3), (3, 4)),
    ((2, 0), (0, 4)),
]


def gradient_of_product(f: Any, arrays: tuple[Any, ...], place: int, w: Any) -> Any:
    """The gradient of sum(w * f(*arrays)), exact since f is linear in each operand: one product for each element."""
    base, out = arrays[place], np.empty(arrays[place].shape)
    for i in np.ndindex(*base.shape):
        unit = np.zeros(base.shape)
        unit[i] = 1
        out[i] = (w * f(*arrays[:place], unit, *arrays[place + 1 :])).sum()
    return out


def check(f: Any, oracle: Any, *shapes: tuple[int, ...]) -> None:
    """Values and gradients of *f*, linear in each operand, against NumPy's *oracle*."""
    arrays = tuple(rng.normal(size=s) for s in shapes)
    ts = [ag.tensor(a, requires_grad=True) for a in arrays]
    out = f(*ts)
    want = np.asarray(oracle(*arrays))
    assert out.shape == want.shape
    np.testing.assert_allclose(out.array, want, atol=1e-12)
    w = rng.normal(size=want.shape)
    for place, g in enumerate(ag.grad(out, ts, [ag.tensor(w)])):
        np.testing.assert_allclose(g.array, gradient_of_product(oracle, arrays, place, w), atol=1e-12)


# --------------------------------------------------------------------------------------------------------------- matmul


@pytest.mark.parametrize(("a", "b"), RANKS)
def test_matmul_and_its_gradients_in_every_pair_of_ranks(a: Any, b: Any) -> None:
    check(lambda x, y: x @ y, np.matmul, a, b)


@floats
@pytest.mark.parametrize(("a", "b"), RANKS)
def test_matmul_keeps_dtype_and_operands_may_be_arrays(a: Any, b: Any, dtype: Any) -> None:
    x, y = np.ones(a, dtype), np.ones(b, dtype)
    for out in (ag.tensor(x) @ ag.tensor(y), ag.tensor(x) @ y, x @ ag.tensor(y)):
        assert isinstance(out, ag.Tensor)
        assert out.dtype == dtype
    assert type(ops.matmul(x, y)) in (np.ndarray, dtype.type)


def test_matmul_of_views_and_of_integers() -> None:
    x = ag.arange(6).reshape(2, 3)
    assert (x @ x.T).tolist() == [[5, 14], [14, 50]]
    assert (x.T @ x).dtype == ag.int64
    wide = ag.ones(1, 3).expand(2, 3)
    assert (wide @ wide.T).tolist() == [[3, 3], [3, 3]]


@pytest.mark.parametrize(
    ("a", "b", "message"),
    [
        (
            (2, 3),
            (2, 3),
            r"matmul: input of shape \(2, 3\) and other of shape \(2, 3\) have inner sizes 3 and 2.*\.mT\?",
        ),
        ((3,), (4,), "inner sizes 3 and 4"),
        ((2, 2, 3), (4, 5), "inner sizes 3 and 4"),
        ((2, 2, 3), (3, 3, 2), "leading dims that do not broadcast"),
        ((), (3,), r"both need at least one dim; use \*"),
        ((2, 3), (), r"both need at least one dim; use \*"),
    ],
)
def test_matmul_says_what_does_not_fit(a: Any, b: Any, message: str) -> None:
    with pytest.raises(ShapeError, match=message):
        ag.zeros(a) @ ag.zeros(b)


def test_products_of_fixed_rank() -> None:
    m, n, v, w = ag.randn(2, 3), ag.randn(3, 4), ag.randn(3), ag.randn(2)
    pairs = [
        (ag.mm(m, n), m.array @ n.array),
        (ag.mv(m, v), m.array @ v.array),
        (ag.dot(v, v), v.array @ v.array),
        (ag.outer(w, v), np.outer(w.array, v.array)),
        (ag.bmm(m.expand(5, 2, 3), n.expand(5, 3, 4)), np.broadcast_to(m.array @ n.array, (5, 2, 4))),
        (ag.addmm(w[:, None], m, n, beta=2, alpha=3), 2 * w.array[:, None] + 3 * (m.array @ n.array)),
        (ag.addmm(w[:, None] * float("nan"), m, n, beta=0), m.array @ n.array),
        (ag.baddbmm(ag.ones(4), m[None], n[None], alpha=0.5), 1 + 0.5 * (m.array @ n.array)[None]),
    ]
    for got, want in pairs:
        np.testing.assert_allclose(got.array, want, rtol=1e-5, atol=1e-6)


def test_products_of_fixed_rank_refuse_others() -> None:
    m, v = ag.zeros(2, 3), ag.zeros(3)
    for call, message in [
        (lambda: ag.mm(v, m), r"mm: input has shape \(3,\), expected 2 dims; matmul\(\) takes any number"),
        (lambda: ag.mm(m, m), "inner sizes 3 and 2"),
        (lambda: ag.bmm(m, m), "bmm: input has shape .* expected 3 dims"),
        (lambda: ag.bmm(ag.zeros(2, 3, 4), ag.zeros(1, 4, 5)), "differ in the number of matrices"),
        (lambda: ag.mv(m, m), "mv: vec has shape .* expected 1 dims"),
        (lambda: ag.dot(m, v), "dot: input has shape .* expected 1 dims"),
        (lambda: ag.outer(v, m), "outer: vec2 has shape .* expected 1 dims"),
    ]:
        with pytest.raises(ShapeError, match=message):
            call()


BILINEAR = {
    "addbmm": (
        lambda t, x, y: t.addbmm(t.zeros(4, dtype=t.float64), x, y),
        lambda x, y: (x @ y).sum(0),
        (5, 2, 3),
        (5, 3, 4),
    ),
    "addbmm of nothing": (
        lambda t, x, y: t.addbmm(t.zeros(2, 4, dtype=t.float64), x, y),
        lambda x, y: (x @ y).sum(0),
        (0, 2, 3),
        (0, 3, 4),
    ),
    "addmv": (
        lambda t, x, y: t.addmv(t.zeros(2, dtype=t.float64), x, y, alpha=2),
        lambda x, y: 2 * (x @ y),
        (2, 3),
        (3,),
    ),
    "addr": (lambda t, x, y: t.addr(t.zeros(1), x, y, alpha=0.5), lambda x, y: np.outer(x, y) / 2, (2,), (3,)),
    "ger": (lambda t, x, y: t.ger(x, y), np.outer, (2,), (3,)),
    "inner": (lambda t, x, y: t.inner(x, y), np.inner, (2, 3), (4, 5, 3)),
    "inner with a number": (lambda t, x, y: t.inner(x, y), np.inner, (), (2, 3)),
    "kron": (lambda t, x, y: t.kron(x, y), np.kron, (2, 3), (4, 1)),
    "kron, more dims": (lambda t, x, y: t.kron(x, y), np.kron, (2,), (3, 2, 2)),
    "vdot": (lambda t, x, y: t.vdot(x, y), np.vdot, (3,), (3,)),
    "block_diag": (
        lambda t, x, y: t.block_diag(x, t.zeros(0, 1), y),
        lambda x, y: np.block([[x, np.zeros((2, 2))], [np.zeros((1, 4)), y]]),
        (2, 3),
        (1,),
    ),
    "trace": (lambda t, x, y: t.trace(x) + 0 * y, lambda x, y: np.trace(x) + 0 * y, (2, 3), ()),
    "tensordot, broadcast": (
        lambda t, x, y: t.tensordot(x, y, ([0, 1], [1, 0])),
        lambda x, y: np.tensordot(x.sum(0, keepdims=True), y.sum(0, keepdims=True), ([0, 1], [1, 0])),
        (2, 1, 4),
        (3, 1),
    ),
}


@pytest.mark.parametrize("name", BILINEAR)
def test_other_products(name: str) -> None:
    f, oracle, *shapes = BILINEAR[name]
    if name not in ("block_diag", "trace"):
        check(lambda x, y: f(ag, x, y), oracle, *shapes)
    torch = pytest.importorskip("torch")
    arrays = [rng.normal(size=s) for s in shapes]
    np.testing.assert_allclose(f(ag, *map(ag.tensor, arrays)).array, oracle(*arrays), atol=1e-12)
    np.testing.assert_allclose(f(torch, *map(torch.tensor, arrays)).numpy(), oracle(*arrays), atol=1e-12)


def test_other_products_by_hand() -> None:
    assert ag.block_diag(ag.tensor(3), ag.ones(2), ag.ones(2, 1)).tolist() == [
        [3, 0, 0, 0],
        [0, 1, 1, 0],
        [0, 0, 0, 1],
        [0, 0, 0, 1],
    ]
    assert ag.block_diag(ag.zeros(1, 0), ag.tensor([[1]])).tolist() == [[0], [1]]
    assert ag.trace(ag.ones(2, 3).int()).dtype == ag.int64
    assert ag.kron(ag.tensor([1, 2]), ag.tensor([1.0, 10.0])).tolist() == [1, 10, 2, 20]
    assert ag.addbmm(ag.ones(2, 2) * float("nan"), ag.ones(3, 2, 1), ag.ones(3, 1, 2), beta=0).tolist() == [
        [3, 3],
        [3, 3],
    ]
    assert ag.addr(ag.ones(2, 1), ag.ones(2), ag.ones(2), beta=2, alpha=3).tolist() == [[5, 5], [5, 5]]
    assert ag.tensordot(ag.ones(2, 3), ag.ones(3, 2), ag.tensor([[0, 1], [1, 0]])).item() == 6
    assert ag.addr(ag.ones(1), ag.tensor([1]), ag.tensor([1, 2]), alpha=0.5).tolist() == [[1.5, 2]]
    x = ag.ones(2, 2)
    assert x.addmm_(x, x).tolist() == [[3, 3], [3, 3]]
    assert x.addr_(ag.ones(2), ag.ones(2), beta=0).tolist() == [[1, 1], [1, 1]]
    for name in ("addmv", "addbmm", "baddbmm"):
        assert callable(getattr(x, f"{name}_"))
    for name, arguments in {"inner": (x,), "kron": (x,), "trace": ()}.items():
        assert getattr(x, name)(*arguments).tolist() == getattr(ag, name)(x, *arguments).tolist()


def test_other_products_refuse_what_does_not_fit() -> None:
    m, v, stack = ag.zeros(2, 3), ag.zeros(3), ag.zeros(4, 2, 3)
    for call, error, message in [
        (
            lambda: ag.addmm(stack, m, m.T),
            ShapeError,
            r"addmm: input of shape \(4, 2, 3\) does not broadcast to the product's",
        ),
        (lambda: ag.addmv(m, m, v), ShapeError, r"addmv: input of shape \(2, 3\) does not broadcast"),
        (
            lambda: ag.addr(v.long(), v.long(), v.long(), alpha=0.5),
            DtypeError,
            "beta=1 and alpha=0.5, .* are int64: give",
        ),
        (lambda: ag.addbmm(m, stack, stack), ShapeError, "addbmm: batch1 of shape .* have inner sizes 3 and 2"),
        (lambda: ag.addbmm(m, stack, stack[:1].mT), ShapeError, "differ in the number of matrices"),
        (lambda: ag.addbmm(m, stack, m), ShapeError, r"addbmm: batch2 has shape \(2, 3\), expected 3 dims"),
        (lambda: ag.inner(m, m.T), ShapeError, "inner: .* differ in the size of the last dim"),
        (lambda: ag.vdot(m, v), ShapeError, "vdot: input has shape .* expected 1 dims"),
        (lambda: ag.block_diag(), ArgumentError, "block_diag: there are no tensors; give at least one"),
        (lambda: ag.trace(v), ShapeError, r"trace: input has shape \(3,\), expected a matrix"),
        (
            lambda: ag.block_diag(m, stack),
            ShapeError,
            r"block_diag: tensor 1 has shape \(4, 2, 3\), expected at most 2 dims",
        ),
        (lambda: ag.tensordot(m, m, (1, 0)), ArgumentError, r"dims=\(1, 0\): expected a number of dims, or two lists"),
        (lambda: ag.tensordot(m, m, ([0], [0, 1])), ShapeError, "must have equal sizes, in pairs"),
    ]:
        with pytest.raises(error, match=message):
            call()


# --------------------------------------------------------------------------------------------------------------- linear


@pytest.mark.parametrize("lead", [(), (2,), (2, 4), (0,), (2, 0)], ids=str)
def test_linear(lead: tuple[int, ...]) -> None:
    check(ag.linear, lambda x, w: x @ w.T, (*lead, 3), (5, 3))
    x, w, b = rng.normal(size=(*lead, 3)), rng.normal(size=(5, 3)), rng.normal(size=5)
    ts = [ag.tensor(a, requires_grad=True) for a in (x, w, b)]
    out = ag.linear(*ts)
    np.testing.assert_allclose(out.array, x @ w.T + b, atol=1e-12)
    g = rng.normal(size=out.shape)
    gx, gw, gb = ag.grad(out, ts, [ag.tensor(g)])
    np.testing.assert_allclose(gx.array, g @ w, atol=1e-12)
    np.testing.assert_allclose(gw.array, g.reshape(-1, 5).T @ x.reshape(-1, 3), atol=1e-12)
    np.testing.assert_allclose(gb.array, g.reshape(-1, 5).sum(0), atol=1e-12)


def test_linear_says_what_does_not_fit() -> None:
    x, w = ag.zeros(3, 8), ag.zeros(4, 9)
    for call, message in [
        (
            lambda: ag.linear(x, w),
            r"linear: input has shape \(3, 8\), expected \(\.\.\., 9\), since weight has shape \(4, 9\)",
        ),
        (lambda: ag.linear(ag.tensor(1.0), w), r"input has shape \(\), expected \(\.\.\., 9\)"),
        (lambda: ag.linear(x, w[0]), r"weight has shape \(9,\), expected \(out_features, in_features\)"),
        (
            lambda: ag.linear(x, w[:, 1:], ag.zeros(8)),
            r"bias has shape \(8,\), expected \(4,\), one for each row of weight",
        ),
    ]:
        with pytest.raises(ShapeError, match=message):
            call()


# --------------------------------------------------------------------------------------------------------------- einsum

EQUATIONS = [
    ("ij,jk->ik", (2, 3), (3, 4)),
    ("ij,jk", (2, 3), (3, 4)),
    ("ba,b", (2, 3), (2,)),
    ("bij,bjk->bki", (2, 3, 4), (2, 4, 5)),
    ("i,j->ij", (2,), (3,)),
    ("i,i->", (3,), (3,)),
    ("ij->ji", (2, 3)),
    ("ij->", (2, 3)),
    ("ij->j", (2, 3)),
    ("ii->i", (3, 3)),
    ("ii", (3, 3)),
    ("iij->j", (3, 3, 2)),
    ("iii->i", (3, 3, 3)),
    ("...ij,...jk->...ik", (2, 1, 3, 4), (5, 4, 2)),
    ("...i,...i", (2, 3), (3,)),
    ("...i->i...", (2, 3, 4)),
    ("bn,anm,bm->ba", (2, 3), (4, 3, 5), (2, 5)),
    ("ij,ij,ij->", (2, 3), (2, 3), (2, 3)),
    ("i,->i", (3,), ()),
    ("ij,kl->", (2, 3), (4, 2)),
    ("ij,ik->k", (2, 3), (2, 4)),
    (" i j , j k -> k i ", (2, 3), (3, 4)),
    ("ij,jk->ik", (0, 3), (3, 4)),
    ("ij,jk->ik", (2, 0), (0, 4)),
]


@pytest.mark.parametrize("case", EQUATIONS, ids=lambda case: case[0])
def test_einsum_and_its_gradients(case: Any) -> None:
    equation, *shapes = case
    check(lambda *xs: ag.einsum(equation, *xs), lambda *xs: np.einsum(equation.replace(" ", ""), *xs), *shapes)


@given(st.data())
def test_einsum_agrees_with_numpy_on_any_equation(data: Any) -> None:
    sizes = {k: data.draw(st.integers(1, 3)) for k in "abcd"}
    terms = data.draw(st.lists(st.text("abcd", min_size=0, max_size=3), min_size=1, max_size=3))
    letters = sorted(set("".join(terms)))
    result = "".join(data.draw(st.permutations(letters)))[: data.draw(st.integers(0, len(letters)))]
    arrays = [np.random.default_rng(i).normal(size=[sizes[k] for k in term]) for i, term in enumerate(terms)]
    equation = f"{','.join(terms)}->{result}"
    got = ag.einsum(equation, *map(ag.tensor, arrays))
    np.testing.assert_allclose(got.array, np.einsum(equation, *arrays), atol=1e-12)


def test_einsum_broadcasts_a_size_of_one() -> None:
    check(lambda x, y: ag.einsum("ij,ij->ij", x, y), lambda x, y: x * y, (1, 3), (2, 3))
    check(lambda x, y: ag.einsum("ij,jk->ik", x, y), lambda x, y: x.sum(1, keepdims=True) * y, (2, 3), (1, 4))


def test_einsum_takes_numbers_for_letters() -> None:
    x, y = rng.normal(size=(2, 3)), rng.normal(size=(3, 4))
    a, b = ag.tensor(x), ag.tensor(y)
    for call, expected in [
        (lambda t, a, b: t.einsum(a, [0, 1], b, [1, 2]), x @ y),
        (lambda t, a, b: t.einsum(a, [0, 1], b, [1, 2], [2, 0]), (x @ y).T),
        (lambda t, a, b: t.einsum(a, [30, 1], b, [1, 2]), (x @ y).T),  # dims of the result in the order of the numbers
        (lambda t, a, b: t.einsum(a, [..., 1], b, [1, 51], [..., 51]), x @ y),
        (lambda t, a, b: t.einsum(a, [0, 1], []), x.sum()),
    ]:
        np.testing.assert_allclose(call(ag, a, b).array, expected, atol=1e-12)
        torch = pytest.importorskip("torch")
        np.testing.assert_allclose(call(torch, torch.tensor(x), torch.tensor(y)).numpy(), expected, atol=1e-12)


def test_einsum_takes_a_list_and_sums_dims_that_the_result_leaves_out() -> None:
    x = ag.ones(2, 3)
    assert ag.einsum("ij,ij->i", [x, x]).tolist() == [3, 3]
    assert ag.einsum("...j->j", x).tolist() == [2, 2, 2]  # as in PyTorch
    assert ag.einsum("iJ->Ji", x).shape == (3, 2)


@floats
def test_einsum_keeps_the_dtype(dtype: Any) -> None:
    x = ag.ones(2, 2, dtype=dtype)
    for equation, operands in (("ij->ji", (x,)), ("ij,jk->ik", (x, x)), ("ij,jk,kl->il", (x, x, x))):
        assert ag.einsum(equation, *operands).dtype == dtype


def test_einsum_says_what_is_wrong() -> None:
    x = ag.zeros(2, 3)
    for call, error, message in [
        (lambda: ag.einsum("ij,jk->ik", x), ArgumentError, "'ij,jk->ik' names 2 operands, but 1 are given"),
        (
            lambda: ag.einsum(x, x),
            ArgumentError,
            "Tensor stands where a list of numbers belongs, expected operand, list",
        ),
        (lambda: ag.einsum(x), ArgumentError, "the first argument is Tensor, expected an equation"),
        (lambda: ag.einsum(x, [0, 52]), ArgumentError, r"the list \[0, 52\] contains \[52\]; use numbers from 0 to 51"),
        (lambda: ag.einsum("i1->i", x), ArgumentError, r"'i1->i' contains \['1'\]; use letters"),
        (lambda: ag.einsum("ij->ijk", x), ArgumentError, "the result of 'ij->ijk' names 'k' but no operand has it"),
        (lambda: ag.einsum("ij->ii", x), ArgumentError, "the result of 'ij->ii' names 'i' twice"),
        (
            lambda: ag.einsum("ijk->i", x),
            ShapeError,
            r"operand 0 has shape \(2, 3\), but 'ijk' .* another number of dims",
        ),
        (lambda: ag.einsum("i->i", x), ShapeError, "another number of dims"),
        (lambda: ag.einsum("ij,jk->ik", x, x), ShapeError, "letter 'j' of 'ij,jk->ik' stands for sizes 3 and 2"),
        (lambda: ag.einsum("ii->i", x), ShapeError, "letter 'i' .* sizes 2 and 3 of one operand; a diagonal needs"),
    ]:
        with pytest.raises(error, match=message):
            call()


def test_tensordot() -> None:
    check(lambda x, y: ag.tensordot(x, y), np.tensordot, (2, 3, 4), (3, 4, 5))
    check(lambda x, y: ag.tensordot(x, y, 0), lambda x, y: np.tensordot(x, y, 0), (2,), (3,))
    dims = ([0, 2], [1, -1])
    check(lambda x, y: ag.tensordot(x, y, dims), lambda x, y: np.tensordot(x, y, dims), (2, 3, 4), (5, 2, 4))
    with pytest.raises(ShapeError, match=r"tensordot: dims \(1, 2\) of a tensor of shape \(2, 3, 4\)"):
        ag.tensordot(ag.zeros(2, 3, 4), ag.zeros(4, 3, 5))
    with pytest.raises(ArgumentError, match="dims=3 is out of range for tensors of 2 and 3 dims"):
        ag.tensordot(ag.zeros(2, 3), ag.zeros(2, 3, 4), 3)


def test_agrees_with_torch() -> None:
    torch = pytest.importorskip("torch")
    for a, b in RANKS:
        x, y = rng.normal(size=a), rng.normal(size=b)
        there = torch.tensor(x) @ torch.tensor(y)
        np.testing.assert_allclose((ag.tensor(x) @ ag.tensor(y)).array, there.numpy(), atol=1e-12)
    for equation, *shapes in EQUATIONS:
        xs = [rng.normal(size=s) for s in shapes]
        there = torch.einsum(equation, *map(torch.tensor, xs))
        np.testing.assert_allclose(ag.einsum(equation, *map(ag.tensor, xs)).array, there.numpy(), atol=1e-12)
