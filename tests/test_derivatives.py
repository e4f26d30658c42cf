"""gradcheck, products with derivatives, Jacobians and Hessians."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from functions_by_hand import Cube, make
from leaves import X, leaf

import autograd_core as ag
from autograd_core import Tensor, gradcheck, gradgradcheck
from autograd_core.autograd.check import GradcheckError
from autograd_core.errors import ArgumentError, DtypeError, ShapeError

both = pytest.mark.parametrize("dtype", ["float32", "float64"])


# ----------------------------------------------------------------------------------------------------------- gradcheck


def test_gradcheck_passes_and_fails() -> None:
    a, b = leaf(), leaf(X[0])
    assert gradcheck(lambda x, y: ((x * y).sin(), (x + y).sum()), (a, b))
    assert gradgradcheck(lambda x, y: (x * y).sin(), (a, b))
    assert gradcheck(lambda x, y: x * y, (a, ag.tensor(X[0])))  # a constant
    assert gradcheck(lambda x: (x.argmax(), x * 2), a)  # integers have no derivative
    assert gradgradcheck(lambda x: (x.argmax(), ag.ones(2), x**3), a)
    wrong = make(lambda ctx, g: g * 2.5)
    with pytest.raises(
        GradcheckError,
        match=r"d output 0 / d input 0 differs in 6 of 36 entries\. The first: output element 0 by input element 0 is 2\.5 "
        r"from backward and 2 from finite differences",
    ):
        gradcheck(wrong.apply, a)
    assert not gradcheck(wrong.apply, a, raise_exception=False)
    assert gradcheck(wrong.apply, a, atol=1.0)

    class WrongTwice(Cube):
        @staticmethod
        def backward(ctx: Any, g: Tensor) -> Tensor:
            (x,) = ctx.saved_tensors
            return 3 * (x * x).detach() * g  # right to first order only

    assert gradcheck(WrongTwice.apply, a)
    assert not gradgradcheck(WrongTwice.apply, a, raise_exception=False)
    with pytest.raises(AssertionError, match="d output 0 / d input 0 differs"):
        gradgradcheck(WrongTwice.apply, a)
    assert gradgradcheck(Cube.apply, a, leaf(np.ones((2, 3))))
    assert a.grad is None


def test_gradcheck_refuses_what_it_cannot_check() -> None:
    with pytest.raises(
        DtypeError, match=r"gradcheck: inputs\[1\] is float32; finite differences need float64.*\.double\(\)"
    ):
        gradcheck(lambda x, y: x * y, (leaf(), leaf(dtype="float32")))
    with pytest.raises(DtypeError, match="gradcheck: no input has requires_grad=True"):
        gradcheck(lambda x: x, ag.tensor(X))


# ------------------------------------------------------------------------------------ products, Jacobians and Hessians


A, B = np.array([[1.0, 2.0, 0.5], [-1.0, 0.0, 3.0]]), np.array([2.0, -1.0])


def quadratic(x: Tensor, y: Tensor) -> Tensor:
    """sum((A x) * y) + sum(x^3): blocks of every kind."""
    return ((ag.tensor(A) @ x) * y).sum() + (x**3).sum()


def test_vjp_and_jvp_in_closed_form() -> None:
    x, y = ag.tensor([0.5, -1.0, 2.0], dtype="float64"), ag.tensor(B)

    def f(x: Tensor, y: Tensor) -> Tensor:
        return (ag.tensor(A) @ x) * y

    value, (gx, gy) = ag.vjp(f, (x, y), ag.tensor([1.0, 10.0], dtype="float64"))
    np.testing.assert_allclose(value.array, A @ x.array * B)
    np.testing.assert_allclose(gx.array, A.T @ (np.array([1.0, 10.0]) * B))
    np.testing.assert_allclose(gy.array, A @ x.array * [1.0, 10.0])
    vx, vy = ag.ones(3, dtype="float64"), ag.tensor([0.0, 2.0], dtype="float64")
    value, out = ag.jvp(f, (x, y), (vx, vy))
    np.testing.assert_allclose(value.array, A @ x.array * B)
    np.testing.assert_allclose(out.array, A @ vx.array * B + A @ x.array * vy.array)
    assert not value.requires_grad
    assert not out.requires_grad
    assert not x.requires_grad


def test_jacobian_hessian_and_hvp_in_closed_form() -> None:
    x, y = ag.tensor([0.5, -1.0, 2.0], dtype="float64"), ag.tensor(B)
    j = ag.jacobian(lambda x: x.outer(x), x)
    assert j.shape == (3, 3, 3)
    want = np.einsum("ik,j->ijk", np.eye(3), x.array) + np.einsum("jk,i->ijk", np.eye(3), x.array)
    np.testing.assert_allclose(j.array, want)
    jx, jy = ag.jacobian(quadratic, (x, y))
    np.testing.assert_allclose(jx.array, A.T @ B + 3 * x.array**2)
    np.testing.assert_allclose(jy.array, A @ x.array)
    (hxx, hxy), (hyx, hyy) = ag.hessian(quadratic, (x, y))
    np.testing.assert_allclose(hxx.array, np.diag(6 * x.array))
    np.testing.assert_allclose(hxy.array, A.T)
    np.testing.assert_allclose(hyx.array, A)
    np.testing.assert_array_equal(hyy.array, np.zeros((2, 2)))
    vx, vy = ag.tensor([1.0, 2.0, 3.0], dtype="float64"), ag.tensor([5.0, 7.0], dtype="float64")
    value, (ux, uy) = ag.hvp(quadratic, (x, y), (vx, vy))
    assert value.item() == pytest.approx(quadratic(x, y).item())
    np.testing.assert_allclose(ux.array, 6 * x.array * vx.array + A.T @ vy.array)
    np.testing.assert_allclose(uy.array, A @ vx.array)


@both
def test_dtypes_and_empty_inputs(dtype: str) -> None:
    x = ag.ones(2, dtype=dtype)
    for found in (
        *ag.vjp(lambda x: x.sum(), x), *ag.jvp(lambda x: x * x, x, x), *ag.hvp(lambda x: (x**3).sum(), x, x),
        ag.jacobian(lambda x: x * x, x), ag.hessian(lambda x: (x**3).sum(), x),
    ):  # fmt: skip
        assert found.dtype == dtype
    none = ag.zeros(0, dtype=dtype)
    assert ag.jacobian(lambda x: x * 2, none).shape == (0, 0)
    assert ag.hessian(lambda x: x.sum(), none).shape == (0, 0)
    assert ag.jvp(lambda x: x * 2, none, none)[1].shape == (0,)


def test_derivatives_can_be_differentiated() -> None:
    def agree(wanted: Callable[[Tensor], Tensor]) -> None:
        assert gradcheck(wanted, leaf([0.5, -1.0, 2.0]))

    v = ag.tensor([1.0, 2.0, 3.0], dtype="float64")
    agree(lambda x: ag.vjp(lambda u: u**3, x, v, create_graph=True)[1])
    agree(lambda x: ag.jvp(lambda u: u**3, x, v, create_graph=True)[1])
    agree(lambda x: ag.jvp(lambda u: u**3, x, v, create_graph=True)[0])
    agree(lambda x: ag.hvp(lambda u: (u**4).sum(), x, v, create_graph=True)[1])
    agree(lambda x: ag.jacobian(lambda u: u.sin() * u.sum(), x, create_graph=True))
    agree(lambda x: ag.hessian(lambda u: (u**4).sum() * u.sum(), x, create_graph=True))
    with ag.no_grad():
        assert ag.hessian(lambda x: (x**2).sum(), ag.ones(2)).tolist() == [[2, 0], [0, 2]]


def test_what_does_not_depend_on_its_inputs_gives_zeros() -> None:
    constant, x = ag.tensor([1.0, 2.0]), ag.tensor([np.inf, 1.0])
    for create_graph in (False, True):
        y, g = ag.vjp(lambda x: constant, x, constant, create_graph)
        assert y.tolist() == [1, 2]
        assert g.tolist() == [0, 0]
        assert ag.jvp(lambda x: constant, x, x, create_graph)[1].tolist() == [0, 0]
        assert ag.hvp(lambda x: constant.sum(), x, x, create_graph)[1].tolist() == [0, 0]
        assert ag.hvp(lambda x: x.sum(), x, x, create_graph)[1].tolist() == [0, 0]
        assert ag.jacobian(lambda x: constant, x, create_graph).tolist() == [[0, 0], [0, 0]]
        assert ag.hessian(lambda x: constant.sum(), x, create_graph).tolist() == [[0, 0], [0, 0]]
        first, second = ag.jacobian(lambda a, b: a * 2, (constant, x), create_graph)
        assert first.tolist() == [[2, 0], [0, 2]]
        assert second.tolist() == [[0, 0], [0, 0]]
    assert ag.vjp(lambda x: x.argmax(), x)[0].dtype == "int64"  # the value is func's own


def test_bad_arguments_of_the_derivatives() -> None:
    x = ag.ones(3)
    with pytest.raises(ArgumentError, match=r"inputs\[1\] is a float: expected a Tensor; make one with tensor\(data\)"):
        ag.jacobian(lambda a, b: a, (x, 2.0))
    with pytest.raises(ArgumentError, match="func returned a tuple: expected one Tensor"):
        ag.hvp(lambda a: (a, a), x, x)
    with pytest.raises(ArgumentError, match="func returned a float: expected one Tensor"):
        ag.hessian(lambda a: 1.0, x)
    with pytest.raises(ShapeError, match=r"v has shapes \[\(2,\)\]: expected \[\(3,\)\], as the inputs"):
        ag.jvp(lambda a: a, x, ag.ones(2))
    with pytest.raises(ShapeError, match=r"v has shapes \[\(3,\), \(3,\)\]: expected \[\(3,\)\], as the inputs"):
        ag.hvp(lambda a: a.sum(), x, (x, x))
    for wrong in (lambda: ag.hvp(lambda a: a * a, x, x), lambda: ag.hessian(lambda a: a * a, x)):
        with pytest.raises(
            ShapeError, match=r"func returned shape \(3,\): expected one number, for instance its \.sum\(\)"
        ):
            wrong()
    with pytest.raises(ShapeError, match=r"v has shapes \[\(2,\)\]: expected \[\(3,\)\], as the outputs"):
        ag.vjp(lambda a: a * a, x, ag.ones(2))
    with pytest.raises(ShapeError, match=r"v is left out for the outputs of shapes \[\(3,\)\]: that is for one"):
        ag.vjp(lambda a: a * a, x)
    with pytest.raises(DtypeError, match=r"only floating tensors have gradients, this one is int64; use \.float\(\)"):
        ag.jacobian(lambda a: a * 2, ag.arange(3))


def test_derivatives_agree_with_torch() -> None:
    torch = pytest.importorskip("torch")
    functional = torch.autograd.functional
    rng = np.random.default_rng(0)
    xs, vs = [rng.normal(size=s) for s in ((2, 3), (3,))], [rng.normal(size=s) for s in ((2, 3), (3,))]
    u = rng.normal(size=(2,))

    def f(x: Any, y: Any) -> Any:
        return (x.sin() @ y.exp()) * y.sum()

    def scalar(x: Any, y: Any) -> Any:
        return (f(x, y) ** 2).sum() + (x * x * x * y).sum()

    ours, theirs = tuple(map(ag.tensor, xs)), tuple(map(torch.tensor, xs))
    directions, torch_directions = tuple(map(ag.tensor, vs)), tuple(map(torch.tensor, vs))

    def flat(found: Any) -> list[Any]:
        return [t for part in found for t in flat(part)] if isinstance(found, tuple) else [found]

    for got, want in (
        (ag.jacobian(f, ours), functional.jacobian(f, theirs)),
        (ag.hessian(scalar, ours), functional.hessian(scalar, theirs)),
        (ag.vjp(f, ours, ag.tensor(u)), functional.vjp(f, theirs, torch.tensor(u))),
        (ag.jvp(f, ours, directions), functional.jvp(f, theirs, torch_directions)),
        (ag.hvp(scalar, ours, directions), functional.hvp(scalar, theirs, torch_directions)),
    ):
        for a, b in zip(flat(got), flat(want), strict=True):
            np.testing.assert_allclose(a.array, b.numpy(), rtol=1e-10)
