"""Function: operations whose derivative is written by hand."""

from __future__ import annotations

import weakref
from typing import Any

import numpy as np
import pytest
from collector import collector_off
from functions_by_hand import Cube, Polar, make
from leaves import X, leaf

import autograd_core as ag
from autograd_core import Function, Tensor, grad, gradcheck, gradgradcheck
from autograd_core.errors import DtypeError, GraphError, ShapeError

both = pytest.mark.parametrize("dtype", ["float32", "float64"])


class Exp(Function):
    """Saves its output."""

    @staticmethod
    def forward(ctx: Any, x: Tensor) -> Tensor:
        out = x.exp()
        ctx.save_for_backward(out)
        return out

    @staticmethod
    def backward(ctx: Any, g: Tensor) -> Tensor:
        return g * ctx.saved_tensors[0]


@both
@pytest.mark.parametrize("function", [Cube, Exp])
def test_function_agrees_with_the_plain_operations(function: type[Function], dtype: str) -> None:
    a = leaf(dtype=dtype)
    plain = (lambda x: x * x * x) if function is Cube else (lambda x: x.exp())
    y = function.apply(a)
    assert repr(y.grad_fn) == f"<{function.__name__}>"
    np.testing.assert_array_equal(y.detach().array, plain(a).detach().array)
    (got,) = grad((y * y).sum(), a)
    (want,) = grad((plain(a) ** 2).sum(), a)
    np.testing.assert_allclose(got.array, want.array, rtol=1e-6)
    assert got.dtype == dtype
    with ag.no_grad():
        assert not function.apply(a).requires_grad
    assert not function.apply(ag.tensor(X)).requires_grad


@pytest.mark.parametrize("function", [Cube, Exp])
def test_function_to_second_order(function: type[Function]) -> None:
    assert gradcheck(function.apply, leaf())
    assert gradgradcheck(function.apply, leaf())
    a = leaf([0.7])
    y = function.apply(a)
    for _ in range(3):
        (y,) = grad(y, a, create_graph=True)
    assert y.item() == pytest.approx(6.0 if function is Cube else np.exp(0.7))


def test_function_of_several_results() -> None:
    r, phi = leaf([0.5, 2.0]), leaf([0.3, 1.0])
    x, y, inside = Polar.apply(r, phi, 2.0)
    assert inside.tolist() == [True, False]
    assert not inside.requires_grad
    gr, gphi = grad([x.sum(), (y * y).sum()], [r, phi])
    rn, c, s = r.array, np.cos(phi.array), np.sin(phi.array)
    np.testing.assert_allclose(gr.array, 2 * c + 8 * rn * s * s)
    np.testing.assert_allclose(gphi.array, -2 * rn * s + 8 * rn * rn * s * c)
    x, y, _ = Polar.apply(r, phi, 2.0)
    np.testing.assert_allclose(grad(y.sum(), r)[0].array, 2 * s)  # zeros arrive for the other result
    assert gradcheck(lambda r, phi: Polar.apply(r, phi, 2.0)[:2], (r, phi))
    assert gradgradcheck(lambda r, phi: Polar.apply(r, phi, 2.0)[:2], (r, phi))
    Polar.apply(r, phi.detach(), 2.0)[0].sum().backward()
    assert Polar.wanted == (True, False, False)


def test_zeros_for_an_unused_result_have_its_form() -> None:
    seen: list[Any] = []

    def backward(ctx: Any, g: Tensor, h: Tensor) -> Tensor:
        seen.append((h.shape, h.dtype))
        return g

    own = make(backward, lambda ctx, x: (x * 1.0, x.sum().double()))
    own.apply(leaf(dtype="float32"))[0].sum().backward()
    assert seen == [((), np.float64)]


def test_grad_by_the_result_of_a_function() -> None:
    a = leaf()
    y = Cube.apply(a)
    (g,) = grad((y * y).sum(), y)
    np.testing.assert_allclose(g.array, 2 * X**3)
    np.testing.assert_allclose(grad(y, a, g)[0].array, 6 * X**5)


def test_a_walk_inside_a_walk_between_two_results() -> None:
    r, phi = leaf([0.5]), leaf([0.3])
    x, y, _ = Polar.apply(r, phi, 1.0)
    inner: list[Any] = []

    def hook(g: Tensor) -> None:
        handle.remove()
        inner.extend(grad([x, y], [r], retain_graph=True))

    handle = x.register_hook(hook)
    (x + y).sum().backward()
    np.testing.assert_allclose(r.grad.array, inner[0].array)
    np.testing.assert_allclose(r.grad.array, np.cos(0.3) + np.sin(0.3))


def test_arguments_and_views_of_them_as_results() -> None:
    own = make(lambda ctx, g, h: g * 10.0 + h.reshape(2, 3), lambda ctx, x: (x, x.reshape(-1)))
    a = leaf()
    same_values, flat = own.apply(a)
    assert same_values is not a
    assert a.is_leaf
    np.testing.assert_allclose(grad([same_values.sum(), flat.sum()], a)[0].array, np.full((2, 3), 11.0))

    def saves_its_view(ctx: Any, x: Tensor) -> Tensor:
        out = x.reshape(-1)
        ctx.save_for_backward(out)
        return out

    view = make(lambda ctx, g: (ctx.saved_tensors[0] * g).reshape(2, 3), saves_its_view)
    assert gradgradcheck(lambda x: view.apply(x * 1.0), leaf(np.ones((2, 3))))


def test_functions_that_return_the_wrong_things() -> None:
    a = leaf()
    cases: list[tuple[Any, type[Exception], str]] = [
        (lambda ctx, g: (g, g), GraphError, r"Own\.backward returned 2 gradients for the 1 arguments of forward"),
        (
            lambda ctx, g: g.sum(),
            ShapeError,
            r"Own\.backward: gradient 0 has shape \(\); expected \(2, 3\), as argument 0",
        ),
        (
            lambda ctx, g: g.float(),
            DtypeError,
            r"Own\.backward: gradient 0 is float32; expected float64, as argument 0",
        ),
        (lambda ctx, g: g.array, DtypeError, r"Own\.backward: gradient 0 is a ndarray; expected a Tensor or None"),
    ]
    for backward, error, message in cases:
        with pytest.raises(error, match=message):
            make(backward).apply(a).sum().backward()
    make(lambda ctx, g: None).apply(a).sum().backward()
    assert a.grad is None
    with pytest.raises(DtypeError, match=r"Own\.forward returned a list: expected a Tensor or a tuple of results"):
        make(lambda ctx, g: g, lambda ctx, x: [x * 2.0]).apply(a)
    with pytest.raises(
        DtypeError, match="save_for_backward: argument 1 is a float; it takes tensors, put other values on"
    ):
        make(lambda ctx, g: g, lambda ctx, x: ctx.save_for_backward(x, 1.0)).apply(a)
    with pytest.raises(NotImplementedError, match=r"needs a static method forward\(ctx, \*args\)"):
        Function.apply(a)
    with pytest.raises(NotImplementedError, match=r"needs a static method backward"):
        type("Half", (Function,), {"forward": staticmethod(lambda ctx, x: x * 2.0)}).apply(a).sum().backward()


@pytest.mark.parametrize("function", [Cube, Exp])
def test_saved_tensors_written_afterwards(function: type[Function]) -> None:
    a = leaf() * 1.0
    y = function.apply(a)
    saved = a if function is Cube else y
    with ag.no_grad():
        saved.add_(1.0)
    with pytest.raises(
        GraphError, match=r"the saved tensor of (Cube|Exp), made at .*function\.apply\(a\).*`saved\.add_\(1"
    ):
        y.sum().backward()


def test_a_function_is_walked_twice_only_if_it_is_kept() -> None:
    a = leaf()
    y = Cube.apply(a).sum()
    y.backward(retain_graph=True)
    y.backward()
    np.testing.assert_allclose(a.grad.array, 6 * X**2)
    with pytest.raises(GraphError, match=r"Cube, made at .*freed by an earlier backward"):
        y.backward()
    z = make(lambda ctx, g: g * 2.0).apply(a)
    for _ in range(2):
        z.sum().backward()  # saves nothing, so nothing is freed
    contexts: list[Any] = []

    def leaks(ctx: Any, x: Tensor) -> Tensor:
        contexts.append(ctx)
        return x * 1.0

    make(lambda ctx, g: g, leaks).apply(a)
    with pytest.raises(GraphError, match="saved_tensors can be read inside backward only"):
        _ = contexts[0].saved_tensors


def test_functions_leave_no_cycle() -> None:
    with collector_off():
        a = leaf()
        for function in (Cube, Exp):
            alive = weakref.ref(function.apply(a).node)
            assert alive() is None
        r, phi = leaf([0.5]), leaf([0.3])
        results = Polar.apply(r, phi, 1.0)
        alive = weakref.ref(results[0].node)
        results[0].sum().backward(create_graph=True)
        del results
        r.grad = phi.grad = None
        assert alive() is None
