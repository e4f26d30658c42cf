"""grad and backward: what they return, add up and refuse."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from leaves import X, leaf

import autograd_core as ag
from autograd_core import Tensor, grad
from autograd_core.errors import ArgumentError, DtypeError, GraphError, ShapeError

both = pytest.mark.parametrize("dtype", ["float32", "float64"])


@both
def test_grad_of_several_outputs_by_several_inputs(dtype: str) -> None:
    a, b = leaf(dtype=dtype), leaf(X[::-1], dtype)
    ga, gb = grad([(a * b).sum(), (a + b).sum()], [a, b])
    np.testing.assert_allclose(ga.array, b.array + 1)
    np.testing.assert_allclose(gb.array, a.array + 1)
    assert ga.dtype == gb.dtype == dtype
    assert a.grad is None
    assert not ga.requires_grad


def test_weights_of_the_outputs() -> None:
    a, v = leaf(), np.arange(6.0).reshape(2, 3)
    (ga,) = grad([a * a, a.sum()], [a], [ag.tensor(v), None])
    np.testing.assert_allclose(ga.array, 2 * X * v + 1)
    (ga,) = grad(a * a, a, v)
    np.testing.assert_allclose(ga.array, 2 * X * v)
    with pytest.raises(ArgumentError, match="1 gradients for 2 outputs: give one, or None, for each"):
        grad([a, a], a, [None])
    with pytest.raises(ShapeError, match=r"gradient has shape \(3,\): expected \(2, 3\)"):
        grad(a * a, a, np.ones(3))
    with pytest.raises(GraphError, match=r"shape \(2, 3\) needs a gradient of that shape"):
        grad([a.sum(), a * a], a)


def test_backward_of_several_outputs_adds_up() -> None:
    a = leaf()
    ag.backward([a.sum(), a * a], [None, ag.ones(2, 3, dtype="float64")])
    np.testing.assert_allclose(a.grad.array, 1 + 2 * X)
    ag.backward((a * 3.0).sum())
    np.testing.assert_allclose(a.grad.array, 4 + 2 * X)
    y = a.sum()
    a.grad = None
    ag.backward([y, y])
    np.testing.assert_allclose(a.grad.array, np.full((2, 3), 2.0))


def test_unused_inputs() -> None:
    a, b = leaf(), leaf(dtype="float32")
    y = (a * a).sum()
    with pytest.raises(
        GraphError, match=r"inputs\[1\] \(shape \(2, 3\)\) was not used.*allow_unused=True.*materialize_gr"
    ):
        grad(y, [a, b], retain_graph=True)
    ga, gb = grad(y, [a, b], retain_graph=True, allow_unused=True)
    assert gb is None
    np.testing.assert_allclose(ga.array, 2 * X)
    _, gb = grad(y, [a, b], materialize_grads=True)
    np.testing.assert_array_equal(gb.array, np.zeros((2, 3)))
    assert gb.dtype == "float32"


def test_bad_inputs_of_grad() -> None:
    a = leaf()
    with pytest.raises(GraphError, match=r"inputs\[1\] \(shape \(2,\)\) has requires_grad=False: create it with"):
        grad(a.sum(), [a, ag.ones(2)])
    with pytest.raises(ArgumentError, match="inputs is empty"):
        grad(a.sum(), [])
    with pytest.raises(ArgumentError, match=r"inputs\[0\] is a float: expected a Tensor; make one with tensor\(data\)"):
        grad(a.sum(), [1.0])  # type: ignore[list-item]
    with pytest.raises(GraphError, match=r"shape \(\) that needs no gradient"):
        grad(ag.ones(3).sum(), a)


def test_grad_by_results_and_by_itself() -> None:
    a = leaf()
    h = a.exp()
    (g,) = grad((h * h).sum(), h)
    np.testing.assert_allclose(g.array, 2 * np.exp(X))
    h.backward(g)  # the second half of the way: the first half freed nothing of it
    np.testing.assert_allclose(a.grad.array, 2 * np.exp(2 * X))
    (g,) = grad(h, h, np.ones((2, 3)))
    assert (g == 1).all()
    (g,) = grad(a, a, np.ones((2, 3)))
    assert (g == 1).all()
    g1, g2 = grad(a.sum(), [a, a])
    assert not np.shares_memory(g1.array, g2.array)


def test_create_graph_to_third_order() -> None:
    a = leaf([0.3, -1.2, 2.0])
    y = (a.sin() * a**2).sum()
    (g1,) = grad(y, a, create_graph=True)
    (g2,) = grad(g1.sum(), a, create_graph=True)
    (g3,) = grad(g2.sum(), a)
    x, s, c = a.array, np.sin(a.array), np.cos(a.array)
    np.testing.assert_allclose(g1.array, c * x**2 + 2 * x * s)
    np.testing.assert_allclose(g2.array, -s * x**2 + 4 * x * c + 2 * s)
    np.testing.assert_allclose(g3.array, -c * x**2 - 6 * x * s + 6 * c)
    assert not g3.requires_grad


def test_a_gradient_depends_on_operands_that_no_gradient_was_asked_for() -> None:
    w, x = leaf(), leaf([0.5, 1.0, -1.0])
    (gx,) = grad(
        ((w @ x) ** 2).sum(), x, create_graph=True
    )  # as in a gradient penalty: by the input, then by the weights
    (gx * gx).sum().backward()
    wn, xn = w.array, x.array
    r, u = 2 * wn @ xn, wn.T @ (2 * wn @ xn)
    np.testing.assert_allclose(w.grad.array, 2 * np.outer(r, u) + 4 * np.outer(wn @ u, xn))
    np.testing.assert_allclose(x.grad.array, 4 * wn.T @ (wn @ u))


def test_backward_with_create_graph_accumulates_tensors() -> None:
    a = leaf([2.0])
    (a**3).sum().backward(create_graph=True)
    assert a.grad.requires_grad
    first = a.grad
    (a**2).sum().backward(create_graph=True)
    assert a.grad.item() == 12 + 4
    (g,) = grad(first, a)
    assert g.item() == 12
    a.grad = None


def test_a_hook_may_walk_the_same_graph_by_other_inputs() -> None:
    a, b = leaf(), leaf(X + 1)
    h = a * b
    found: list[Any] = []

    def hook(g: Tensor) -> None:
        handle.remove()
        found.extend(grad(h, b, np.ones((2, 3)), retain_graph=True))

    handle = h.register_hook(hook)
    (ga,) = grad((h * 2.0).sum(), a)
    np.testing.assert_allclose(ga.array, 2 * b.array)
    np.testing.assert_allclose(found[0].array, X)


def test_retain_grad_keeps_what_the_other_hooks_leave() -> None:
    a = leaf()
    h = a * 1.0
    h.retain_grad()
    h.register_hook(lambda g: g * 5.0)
    h.sum().backward()
    assert (h.grad == 5).all()
    c = leaf()
    c.register_hook(lambda g: g.float())
    with pytest.raises(DtypeError, match="a hook returned float32: expected the gradient's dtype, float64"):
        c.sum().backward()
