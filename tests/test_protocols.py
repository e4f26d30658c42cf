"""Tensors among Python's and NumPy's protocols: numbers, sequences, ufuncs, DLPack, copies, in-place operators, views."""

from __future__ import annotations

import copy
import math
import operator
import pickle
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import autograd_core as ag
from autograd_core import Tensor, grad
from autograd_core.errors import ArgumentError, DtypeError, GraphError, ShapeError

X = np.array([[0.5, -1.0, 2.0], [1.5, 0.25, -0.75]])
FLOATS = ["float32", "float64"]
INTEGERS = ["int8", "int16", "int32", "int64", "uint8"]
both = pytest.mark.parametrize("dtype", FLOATS)


def leaf(a: Any = X, dtype: Any = None) -> Tensor:
    return ag.tensor(a, dtype=dtype, requires_grad=True)


# --------------------------------------------------------------------------------------------------------- Python's values


def test_len_and_iteration() -> None:
    a = leaf()
    assert len(a) == 2
    assert len(ag.zeros(0, 3)) == 0
    rows = list(a)
    assert [r.shape for r in rows] == [(3,), (3,)]
    np.testing.assert_array_equal(
        grad(sum(r.sum() * i for i, r in enumerate(rows)), a)[0].array, [[0, 0, 0], [1, 1, 1]]
    )
    first, second = ag.tensor([1, 2])
    assert (first.item(), second.item()) == (1, 2)
    assert list(ag.zeros(0)) == []
    assert [r.tolist() for r in reversed(ag.tensor([1, 2]))] == [2, 1]
    scalar = ag.tensor(1.0)
    with pytest.raises(TypeError, match=r"a 0-d tensor has no len\(\); it is one number: use \.item\(\)"):
        len(scalar)
    with pytest.raises(TypeError, match="a 0-d tensor cannot be iterated over; it is one number"):
        iter(scalar)


@pytest.mark.parametrize("shape", [(), (1,), (1, 1)])
def test_one_element_is_a_number(shape: tuple[int, ...]) -> None:
    x, n, b = ag.full(shape, 2.75), ag.full(shape, 3), ag.full(shape, True)
    assert (float(x), int(x), bool(x), x.item()) == (2.75, 2, True, 2.75)
    assert (float(n), int(n), bool(n), n.item(), operator.index(n)) == (3.0, 3, True, 3, 3)
    assert (float(b), int(b), bool(b), b.item(), operator.index(b)) == (1.0, 1, True, True, 1)
    assert [type(t.item()) for t in (x, n, b)] == [float, int, bool]
    assert type(float(x)) is float
    assert type(int(x)) is int
    assert not ag.full(shape, 0.0)
    assert bool(ag.full(shape, math.nan))
    assert math.floor(x) == 2
    assert list(range(5))[n.reshape(())] == 3
    assert [10, 20, 30, 40][n] == 40
    assert "abc"[: ag.tensor(2)] == "ab"
    assert leaf([2.0]).item() == 2.0, "a number may be read whatever its history"


def test_several_elements_are_no_number() -> None:
    t, none = ag.tensor([1, 2]), ag.zeros(0)
    for a in (t, none):
        with pytest.raises(
            ShapeError, match=r"the truth of a tensor of shape \(.*\) is ambiguous.*use \.any\(\) or \.all\(\)"
        ):
            bool(a)
        for convert in (float, int, Tensor.item):
            with pytest.raises(
                ShapeError, match=r"item\(\) needs a tensor of one element, this one has shape .*use tolist\(\)"
            ):
                convert(a)
    for a, name in ((t, r"int64 of shape \(2,\)"), (ag.tensor(1.0), r"float32 of shape \(\)")):
        with pytest.raises(TypeError, match=f"only integer tensors of one element can be indices, this is {name}"):
            operator.index(a)
    assert t.tolist() == [1, 2]
    assert ag.zeros(2, 0).tolist() == [[], []]
    assert ag.tensor(1.5).tolist() == 1.5
    assert all(type(v) is float for v in ag.tensor([1.0, 2.0]).tolist())


def test_contains() -> None:
    t = ag.tensor([1.5, 2.0])
    for inside in (1.5, 2, np.float32(1.5), np.array(2.0), ag.tensor(2.0), ag.tensor([2.0, 2.0])):
        assert inside in t
    for outside in (9, ag.tensor(9.0), np.float64(9)):
        assert outside not in t
    assert 1 not in ag.zeros(0)


def test_format() -> None:
    x = ag.tensor(1.5)
    assert f"{x:.3f} {x:6.1f}|{x}" == "1.500    1.5|1.5"
    assert f"{ag.tensor(7):03d}" == "007"
    assert f"{leaf([1.0, 2.0]).sum():.1f}" == "3.0"
    t = ag.tensor([1.0, 2.0])
    assert f"{t}" == repr(t) == "tensor([1., 2.])"
    with pytest.raises(
        TypeError, match=r"the format '\.2f' is for one number, this tensor has shape \(2,\); use \.tolist\(\)"
    ):
        f"{t:.2f}"


def test_hash_and_comparison() -> None:
    a, b = ag.tensor([1.0, 2.0]), ag.tensor([1.0, 3.0])
    assert (a == b).dtype == "bool"
    for got, want in (
        (a == b, [True, False]), (a != b, [False, True]), (a < b, [False, True]), (a <= 1, [True, False]),
        (a > b, [False, False]), (2 >= a, [True, True]), (1 < a, [False, True]),  # noqa: SIM300  # a number on the left
    ):  # fmt: skip
        assert got.tolist() == want
    assert hash(a) == hash(a)
    assert hash(a) != hash(ag.tensor([1.0, 2.0]))
    assert len({a, a, b}) == 2
    assert {a: "a"}[a] == "a"
    assert not (leaf() > 0).requires_grad


def test_sizes() -> None:
    t = ag.zeros(2, 3, dtype="float64")
    assert (t.shape, t.size(), t.size(0), t.size(-1), t.ndim, t.dim()) == ((2, 3), (2, 3), 2, 3, 2, 2)
    assert (t.numel(), t.element_size(), t.is_floating_point()) == (6, 8, True)
    assert not ag.arange(3).is_floating_point()
    with pytest.raises(IndexError, match="2"):
        t.size(2)
    assert +t is t


# ------------------------------------------------------------------------------------------------------------------ NumPy


def test_numpy_shares_memory_and_refuses_history() -> None:
    t = ag.ones(2)
    for a in (t.numpy(), np.asarray(t), t.detach().numpy()):
        assert type(a) is np.ndarray
        assert np.shares_memory(a, t.array)
    assert not np.shares_memory(np.array(t), t.array)
    assert np.asarray(t, dtype="float64").dtype == "float64"
    with pytest.raises(ValueError, match=r"[Uu]nable to avoid copy"):
        np.asarray(t, dtype="float64", copy=False)
    a = leaf()
    for convert in (Tensor.numpy, np.asarray, np.array, np.median):
        with pytest.raises(
            GraphError, match=r"numpy\(\) of a tensor that requires gradients.*use \.detach\(\)\.numpy\(\)"
        ):
            convert(a)
    np.testing.assert_array_equal(a.detach().numpy(), X)


BINARY = [
    np.add, np.subtract, np.multiply, np.divide, np.maximum, np.minimum, np.power, np.arctan2, np.hypot, np.matmul,
]  # fmt: skip
UNARY = [
    np.negative, np.absolute, np.exp, np.log, np.log2, np.log10, np.log1p, np.expm1, np.sqrt, np.square, np.reciprocal, np.sin,
    np.cos, np.tan, np.arcsin, np.arccos, np.arctan, np.sinh, np.cosh, np.tanh, np.arcsinh, np.arctanh, np.exp2,
]  # fmt: skip
PLAIN = [
    np.floor_divide, np.remainder, np.fmod, np.equal, np.not_equal, np.less, np.less_equal, np.greater, np.greater_equal,
    np.logical_and, np.logical_or, np.logical_xor,
]  # fmt: skip


@both
@pytest.mark.parametrize("ufunc", BINARY, ids=lambda u: u.__name__)
def test_binary_ufuncs_are_recorded_on_either_side(ufunc: Any, dtype: str) -> None:
    rng = np.random.default_rng(0)
    a, b = (rng.uniform(0.5, 1.5, (3, 3)).astype(dtype) for _ in range(2))
    for left, right in ((leaf(a), b), (a, leaf(b)), (leaf(a), leaf(b))):
        y = ufunc(left, right)
        assert type(y) is Tensor
        assert y.dtype == dtype
        np.testing.assert_allclose(y.detach().array, ufunc(a, b), rtol=1e-6)
        for place, t in enumerate((left, right)):
            if isinstance(t, Tensor):
                (g,) = grad(y.sum(), t, retain_graph=True)
                if dtype == "float64":
                    v, eps = rng.normal(size=(3, 3)), 1e-6
                    moved = [[a, b], [a, b]]
                    moved[0][place], moved[1][place] = (a, b)[place] + eps * v, (a, b)[place] - eps * v
                    numerical = (ufunc(*moved[0]) - ufunc(*moved[1])).sum() / (2 * eps)
                    assert (g.array * v).sum() == pytest.approx(numerical, rel=1e-6)


@pytest.mark.parametrize("ufunc", UNARY, ids=lambda u: u.__name__)
def test_unary_ufuncs_are_recorded(ufunc: Any) -> None:
    a = np.array([0.3, 0.7, 0.9])
    y = ufunc(leaf(a))
    np.testing.assert_allclose(y.detach().array, ufunc(a))
    x = leaf(a)
    (g,) = grad(ufunc(x).sum(), x)
    np.testing.assert_allclose(g.array, (ufunc(a + 1e-6) - ufunc(a - 1e-6)) / 2e-6, rtol=1e-6)


@pytest.mark.parametrize("ufunc", PLAIN, ids=lambda u: u.__name__)
def test_other_ufuncs(ufunc: Any) -> None:
    a, b = np.array([7.5, -7.5, 0.0]), np.array([2.0, 2.0, 1.0])
    for left, right in ((ag.tensor(a), b), (a, ag.tensor(b))):
        np.testing.assert_array_equal(ufunc(left, right).array, ufunc(a, b))
    for one in (np.sign, np.floor, np.ceil, np.trunc, np.isnan, np.isinf, np.isfinite, np.logical_not):
        np.testing.assert_array_equal(one(ag.tensor(a)).array, one(a))
    assert np.arccosh(ag.tensor([2.0])).item() == pytest.approx(math.acosh(2))


def test_operators_with_arrays_and_numpy_scalars_on_the_left() -> None:
    a, mask = leaf(dtype="float32"), np.array([True, False, True])
    for op in (operator.add, operator.sub, operator.mul, operator.truediv, operator.pow):
        left = np.full((2, 3), 2, "f")
        y = op(left, a)
        assert isinstance(y, Tensor)
        assert y.requires_grad
        np.testing.assert_allclose(y.detach().array, op(left, a.array), rtol=1e-6)
        y = op(np.float64(2), a)
        assert y.dtype == "float32", "a NumPy scalar is a number: float64 does not enter"
        assert y.requires_grad
    y = np.ones((4, 2), "f") @ a
    assert y.shape == (4, 3)
    assert grad(y.sum(), a)[0].tolist() == [[4, 4, 4], [4, 4, 4]]
    b = ag.tensor([True, True, False])
    assert (mask & b).tolist() == [True, False, False]
    assert (mask | b).tolist() == [True, True, True]
    assert (mask ^ b).tolist() == [False, True, True]
    assert np.invert(b).tolist() == [False, False, True]
    assert (np.ones(3) < ag.tensor([0.0, 1.0, 2.0])).tolist() == [False, False, True]


def test_what_ufuncs_do_not_do() -> None:
    a, plain = leaf(), np.ones((2, 3))
    for call, name in (
        (lambda: np.cbrt(a), "cbrt"), (lambda: np.divmod(a, plain), "divmod"), (lambda: np.modf(a), "modf"),
        (lambda: np.add.reduce(a), r"add\.reduce"), (lambda: np.multiply.outer(plain, a), r"multiply\.outer"),
        (lambda: np.add.at(plain, [0], a), r"add\.at"),
    ):  # fmt: skip
        with pytest.raises(
            TypeError, match=rf"numpy\.{name} of a tensor is not differentiable here; use the function of"
        ):
            call()
    with pytest.raises(
        TypeError, match=r"numpy\.add of a tensor takes no out: the result is a new tensor \(a = a \+ t, not"
    ):
        plain += a
    with pytest.raises(TypeError, match=r"numpy\.multiply of a tensor takes no out"):
        np.multiply(a, 2.0, out=plain)
    with pytest.raises(TypeError, match=r"numpy\.exp of a tensor takes no dtype"):
        np.exp(a, dtype="float64")
    with pytest.raises(TypeError, match=r"numpy\.add of a tensor takes no out or where|takes no where or out"):
        np.add(a, a, out=plain, where=plain > 0)
    np.testing.assert_array_equal(plain, np.ones((2, 3)))
    t = ag.ones(2, 3, dtype="float64")
    t += plain
    assert (t.array == 2).all()


def test_dlpack() -> None:
    t = ag.tensor([[1.0, 2.0], [3.0, 4.0]])
    a = np.from_dlpack(t)
    assert np.shares_memory(a, t.array)
    np.testing.assert_array_equal(a, t.array)
    assert ag.from_numpy(np.from_dlpack(ag.arange(3))).tolist() == [0, 1, 2]
    assert t.__dlpack_device__() == (1, 0)
    with pytest.raises(GraphError, match=r"numpy\(\) of a tensor that requires gradients"):
        np.from_dlpack(leaf())


def test_dlpack_with_torch() -> None:
    torch = pytest.importorskip("torch")
    t = ag.tensor([1.0, 2.0])
    other = torch.from_dlpack(t)
    other[0] = 9
    assert t.tolist() == [9, 2]
    assert ag.from_numpy(np.from_dlpack(torch.arange(3))).tolist() == [0, 1, 2]


# ----------------------------------------------------------------------------------------------------------------- copies


def test_deepcopy_of_leaves() -> None:
    a, plain = leaf(), ag.arange(3)
    (a * 2.0).sum().backward()
    model = {"weight": a, "tied": a, "steps": plain}
    made = copy.deepcopy(model)
    b = made["weight"]
    assert made["tied"] is b
    assert b is not a
    assert b.is_leaf
    assert b.requires_grad
    for mine, theirs in ((a, b), (a.grad, b.grad), (plain, made["steps"])):
        np.testing.assert_array_equal(mine.data, theirs.data)
        assert not np.shares_memory(mine.data, theirs.data)
    (b * 3.0).sum().backward()
    np.testing.assert_array_equal(b.grad.array, np.full((2, 3), 5.0))
    np.testing.assert_array_equal(a.grad.array, np.full((2, 3), 2.0))
    view = plain[1:]
    apart = copy.deepcopy(view)
    view[0] = 7
    assert apart.tolist() == [1, 2]


def test_copies_that_are_refused() -> None:
    a = leaf()
    y = a * 2.0
    with pytest.raises(
        GraphError, match=r"only leaves can be deep-copied; this is the result of mul, made at .*`y = a \* 2\.0`"
    ):
        copy.deepcopy(y)
    for t in (a, y, ag.ones(2)):
        for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
            with pytest.raises(
                TypeError,
                match=r"tensors are not pickled: .*; write them with autograd_core\.save\(obj, path\), a model",
            ):
                pickle.dumps(t, protocol)


def test_clone_and_detach() -> None:
    a = leaf()
    c, d = a.clone(), a.detach()
    assert not np.shares_memory(c.array, a.array)
    assert np.shares_memory(d.array, a.array)
    np.testing.assert_array_equal(grad(c.sum(), a)[0].array, np.ones((2, 3)))
    assert (d.requires_grad, d.is_leaf, d.grad_fn) == (False, True, None)
    y = a * 2.0
    assert y.detach_() is y
    assert y.is_leaf
    assert not y.requires_grad
    with pytest.raises(GraphError, match=r"detach_ on a view would part it.*use \.detach\(\)"):
        (a * 2.0)[0].detach_()
    with pytest.raises(
        GraphError, match=r"requires_grad can be switched off on leaves only; this is the result of mul.*\.detach"
    ):
        (a * 2.0).requires_grad_(False)
    assert not a.requires_grad_(False).requires_grad
    a.requires_grad = True
    assert a.is_leaf


# --------------------------------------------------------------------------------------------------------------- in place

IN_PLACE: list[tuple[Callable[[Any, Any], Any], Any]] = [
    (operator.iadd, 3), (operator.isub, 1), (operator.imul, 2), (operator.ifloordiv, 2), (operator.imod, 3), (operator.ipow, 2),
]  # fmt: skip


@pytest.mark.parametrize("dtype", FLOATS + INTEGERS)
@pytest.mark.parametrize(("op", "other"), IN_PLACE)
def test_in_place_operators_on_every_dtype(op: Callable[[Any, Any], Any], other: int, dtype: str) -> None:
    start = np.array([5, 2, 7]).astype(dtype)
    for right in (other, ag.tensor(np.full(3, other, dtype)), np.full(3, other, dtype), ag.tensor(other)):
        t = ag.tensor(start)
        array = t.array
        got = op(t, right)
        assert got is t
        assert t.array is array
        assert t.dtype == dtype
        np.testing.assert_array_equal(array, op(start.copy(), np.full(3, other, dtype)))


@both
def test_in_place_true_division(dtype: str) -> None:
    t = ag.tensor([1.0, 3.0], dtype=dtype)
    t /= 2
    assert (t.tolist(), t.dtype) == ([0.5, 1.5], dtype)


@pytest.mark.parametrize("dtype", [*INTEGERS, "bool"])
def test_results_of_a_higher_kind_are_not_written_in_place(dtype: str) -> None:
    t = ag.tensor([1, 0], dtype=dtype)
    with pytest.raises(
        DtypeError, match=f"a float32 result cannot be written in place into a {dtype} tensor; make a new tensor"
    ):
        t /= 2
    with pytest.raises(DtypeError, match="float32 result cannot be written in place"):
        t += 0.5
    if dtype == "bool":
        with pytest.raises(DtypeError, match="a int64 result cannot be written in place into a bool tensor"):
            t += 1
    np.testing.assert_array_equal(t.array, np.array([1, 0], dtype))
    f = ag.tensor([1.0, 2.0])
    f += ag.tensor([1.0, 1.0], dtype="float64")
    assert (f.dtype, f.tolist()) == (ag.float32, [2, 3])


def test_in_place_logic() -> None:
    t = ag.tensor([True, False, True])
    array = t.array
    t &= ag.tensor([True, True, False])
    assert t.tolist() == [True, False, False]
    t |= ag.tensor([False, True, False])
    assert t.tolist() == [True, True, False]
    t ^= ag.tensor([True, True, True])
    assert t.tolist() == [False, False, True]
    assert t.array is array
    n = ag.tensor([6, 3])
    n &= 2
    assert n.tolist() == [2, 2]


def test_an_operator_on_an_item_is_recorded_once() -> None:
    a = leaf([1.0, 2.0, 3.0])
    h = a * 1.0
    h[1] *= 10.0
    h[:2] += a[1:]
    np.testing.assert_array_equal(h.detach().array, [3, 23, 3])
    np.testing.assert_array_equal(grad(h.sum(), a)[0].array, [1, 11, 2])


def test_an_operation_in_place_keeps_what_it_reads() -> None:
    a, c = leaf(), leaf(X + 3)
    for write, want in (
        (lambda h: h.square_(), 2 * X), (lambda h: h.mul_(h), 2 * X), (lambda h: h.pow_(3), 3 * X**2),
        (lambda h: h.T[1:].square_(), np.where([False, True, True], 2 * X, 1)), (lambda h: h.copy_(c * h), X + 3),
    ):  # fmt: skip
        h = a * 1.0
        write(h)
        np.testing.assert_allclose(grad(h.sum(), a)[0].array, want)
    h = a * 1.0
    y = h * h  # not the operation in place: this one loses its operand
    h.square_()
    with pytest.raises(GraphError, match=r"operand 'x' of mul.*`y = h \* h.*in place afterwards"):
        y.sum().backward()


def test_methods_that_write_in_place() -> None:
    x = np.array([0.25, 0.5, 0.75])
    for name, args in (
        ("add_", (2.0,)), ("sub_", (2.0,)), ("mul_", (2.0,)), ("div_", (2.0,)), ("pow_", (2.0,)), ("neg_", ()), ("abs_", ()),
        ("sign_", ()), ("square_", ()), ("sqrt_", ()), ("exp_", ()), ("log_", ()), ("tanh_", ()), ("sigmoid_", ()),
        ("relu_", ()),
        ("round_", ()), ("floor_", ()), ("ceil_", ()), ("reciprocal_", ()), ("remainder_", (0.3,)), ("clamp_", (0.3, 0.6)),
        ("clamp_min_", (0.3,)), ("clamp_max_", (0.6,)), ("lerp_", (ag.tensor(x) * 2, 0.5)),
        ("addcmul_", (ag.tensor(x), ag.tensor(x))), ("addcdiv_", (ag.tensor(x), ag.tensor(x))),
        ("masked_fill_", (ag.tensor([True, False, True]), 9.0)),
        ("index_add_", (0, ag.tensor([0, 0]), ag.tensor([1.0, 2.0], dtype="float64"))),
        ("scatter_", (0, ag.tensor([1]), ag.tensor([5.0], dtype="float64"))),
        ("scatter_add_", (0, ag.tensor([1]), ag.tensor([5.0], dtype="float64"))),
    ):  # fmt: skip
        t = ag.tensor(x)
        array = t.array
        assert getattr(t, name)(*args) is t
        assert t.array is array
        want = getattr(ag.tensor(x), name[:-1])(*args)
        np.testing.assert_array_equal(array, want.array)
        a = leaf(x)
        b = a * 1.0
        getattr(b, name)(*args)
        np.testing.assert_array_equal(grad(b.sum(), a)[0].array, grad(getattr(a, name[:-1])(*args).sum(), a)[0].array)
    t = ag.tensor(x)
    assert t.fill_(3).tolist() == [3, 3, 3]
    assert t.zero_().tolist() == [0, 0, 0]
    assert t.copy_([1, 2, 3]).tolist() == [1, 2, 3]
    assert t.copy_(ag.tensor(7)).tolist() == [7, 7, 7]
    with pytest.raises(ShapeError, match=r"a value of shape \(2,\) is written in place into a tensor of shape \(3,\)"):
        t.copy_(ag.ones(2))
    with pytest.raises(ArgumentError, match="std is -1: expected a non-negative number"):
        t.normal_(0, -1)


# ----------------------------------------------------------------------------------------------------------------- dtypes


def test_conversions() -> None:
    t = ag.tensor([0.0, 1.75, -2.5])
    for convert, dtype in (
        (Tensor.float, "float32"), (Tensor.double, "float64"), (Tensor.int, "int32"), (Tensor.long, "int64"),
        (Tensor.bool, "bool"), (lambda t: t.to(ag.int8), "int8"), (lambda t: t.type(np.int16), "int16"),
        (lambda t: t.astype("float64"), "float64"), (lambda t: t.type_as(ag.arange(2)), "int64"),
        (lambda t: t.to(ag.zeros(1, dtype="float64")), "float64"), (lambda t: t.to(np.float64), "float64"),
    ):  # fmt: skip
        got = convert(t)
        assert got.dtype == dtype
        np.testing.assert_array_equal(got.array, t.array.astype(dtype))
        assert convert(got) is got, "nothing to do"
    assert t.float() is t
    a = leaf()
    (g,) = grad((a.float() * 2).sum(), a)
    assert g.dtype == "float64"
    assert (g == 2).all()
    assert not a.long().requires_grad


# ------------------------------------------------------------------------------------------------------------------ views

VIEWS: list[tuple[str, Callable[[Tensor], Any]]] = [
    ("reshape", lambda t: t.reshape(3, 4)), ("reshape with -1", lambda t: t.reshape(-1)), ("view", lambda t: t.view(4, 3)),
    ("view_as", lambda t: t.view_as(ag.zeros(6, 2))), ("reshape_as", lambda t: t.reshape_as(ag.zeros(6, 2))),
    ("flatten", lambda t: t.flatten()), ("ravel", lambda t: t.ravel()), ("unflatten", lambda t: t.unflatten(1, (3, 2))),
    ("squeeze", lambda t: t.unsqueeze(0).squeeze(0)), ("unsqueeze", lambda t: t.unsqueeze(1)),
    ("permute", lambda t: t.permute(1, 0)), ("transpose", lambda t: t.transpose(0, 1)),
    ("swapaxes", lambda t: t.swapaxes(0, 1)),
    ("t", lambda t: t.t()), ("T", lambda t: t.T), ("mT", lambda t: t.mT), ("movedim", lambda t: t.movedim(0, 1)),
    ("narrow", lambda t: t.narrow(1, 1, 3)), ("split", lambda t: t.split(2, 1)[1]), ("chunk", lambda t: t.chunk(2, 1)[0]),
    ("unbind", lambda t: t.unbind(0)[1]), ("iteration", lambda t: list(t)[1]), ("diagonal", lambda t: t.diagonal()),
    ("an integer", lambda t: t[1]), ("a slice", lambda t: t[:, 1::2]), ("an element", lambda t: t[1, 2]),
    ("None and ...", lambda t: t[None, ..., 2:]), ("a view of a view", lambda t: t[:, 2:].T[1:3][0]),
    ("detach", lambda t: t.detach()),
]  # fmt: skip


@pytest.mark.parametrize("view", [v for _, v in VIEWS], ids=[name for name, _ in VIEWS])
def test_views_share_memory(view: Callable[[Tensor], Any]) -> None:
    t = ag.arange(12, dtype="float64").reshape(2, 6).clone()
    v = view(t)
    assert np.shares_memory(v.array, t.array)
    before = v.array.copy()
    t += 100
    np.testing.assert_array_equal(v.array, before + 100)
    v.fill_(-1)
    assert (t.array == -1).sum() == v.numel()


@pytest.mark.parametrize(
    "view", [v for _, v in VIEWS if _ != "detach"], ids=[name for name, _ in VIEWS if name != "detach"]
)
def test_writes_to_views_are_recorded(view: Callable[[Tensor], Any]) -> None:
    a = leaf(np.arange(12.0).reshape(2, 6))
    base = a * 1.0
    v = view(base)
    v.mul_(3.0)
    touched = base.detach().array != a.array
    touched.flat[0] |= view(ag.arange(12).reshape(2, 6)).array.min() == 0  # three times zero is zero
    (g,) = grad(base.sum(), a)
    np.testing.assert_array_equal(g.array, np.where(touched, 3.0, 1.0))
    assert touched.sum() == v.numel()


def test_expanded_views_are_read_only() -> None:
    t = ag.tensor([[1.0], [2.0]])
    for wide in (t.expand(2, 3), t.expand_as(ag.zeros(2, 3)), t.broadcast_to((2, 3))):
        assert np.shares_memory(wide.array, t.array)
        assert wide.tolist() == [[1, 1, 1], [2, 2, 2]]
        with pytest.raises(
            GraphError, match=r"an expanded view \(one number serves several places\).*use \.clone\(\) first"
        ):
            wide.add_(1.0)
    assert t.expand(2, 3).clone().add_(1.0).tolist() == [[2, 2, 2], [3, 3, 3]]


def test_what_copies() -> None:
    t = ag.arange(6).reshape(2, 3)
    for copied in (t.clone(), t.flip(0), t.repeat(2, 1), t.tile(1, 2), t[[0, 1]], t[t > 0], t.T.reshape(-1), t.roll(1)):
        assert not np.shares_memory(copied.array, t.array)


def test_contiguous() -> None:
    t = ag.arange(6).reshape(2, 3)
    assert t.contiguous() is t
    assert not t.T.is_contiguous()
    u = t.T.contiguous()
    assert u.is_contiguous()
    assert u.tolist() == t.T.tolist()
    assert not np.shares_memory(u.array, t.array)
    a = leaf()
    np.testing.assert_array_equal(grad((a.T.contiguous() * 2.0).sum(), a)[0].array, np.full((2, 3), 2.0))


def test_numpy_functions_are_the_engines_own() -> None:
    t = ag.tensor([[1.0, 2.0], [3.0, 4.0]], requires_grad=True)
    y = np.sum(t * t, axis=1).mean() + np.max(t) + np.concatenate([t, t]).sum()
    y.backward()
    np.testing.assert_allclose(t.grad.array, [[3, 4], [5, 7]])
    assert np.stack([t, t]).shape == (2, 2, 2)
    assert np.allclose(t.detach(), t.detach() + 1e-9)  # the rest of NumPy gets the array
    with pytest.raises(ag.errors.GraphError, match=r"\.detach\(\)\.numpy\(\)"):
        np.median(t)
