"""Derivatives as functions: grad, Function, checkpoint, detect_anomaly, gradcheck, Jacobians."""

from __future__ import annotations

import gc
import threading
import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import pytest

import autograd_core as ag
from autograd_core import Function, Tensor, checkpoint, detect_anomaly, grad, gradcheck, gradgradcheck, graph, ops
from autograd_core.autograd.check import GradcheckError
from autograd_core.errors import ArgumentError, DtypeError, GraphError, NonFiniteError, ShapeError
from autograd_core.primitive import rewrite
from autograd_core.tensor import WATCHED

X = np.array([[0.5, -1.0, 2.0], [1.5, 0.25, -0.75]])
both = pytest.mark.parametrize("dtype", ["float32", "float64"])


def leaf(a: Any = X, dtype: str = "float64") -> Tensor:
    return ag.tensor(np.asarray(a), dtype=dtype, requires_grad=True)


def same(a: Any, b: Any) -> None:
    """The same numbers, bit for bit."""
    assert a.dtype == b.dtype
    assert a.array.tobytes() == b.array.tobytes()


@contextmanager
def collector_off() -> Iterator[None]:
    """What is not freed by reference count inside fails the test."""
    gc.collect()
    gc.disable()
    try:
        yield
        assert gc.collect() == 0
    finally:
        gc.enable()


# ------------------------------------------------------------------------------------------------------ grad and backward


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


# -------------------------------------------------------------------------------------------------------------- Function


class Cube(Function):
    """Saves its input."""

    @staticmethod
    def forward(ctx: Any, x: Tensor) -> Tensor:
        ctx.save_for_backward(x)
        return x * x * x

    @staticmethod
    def backward(ctx: Any, g: Tensor) -> Tensor:
        (x,) = ctx.saved_tensors
        return 3 * x * x * g


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


class Polar(Function):
    """Two results, two inputs, a number, and a mask."""

    wanted: tuple[bool, ...] = ()

    @staticmethod
    def forward(ctx: Any, r: Tensor, phi: Tensor, scale: float) -> Any:
        ctx.save_for_backward(r, phi)
        ctx.scale = scale
        inside = r < 1
        ctx.mark_non_differentiable(inside)
        return scale * r * phi.cos(), scale * r * phi.sin(), inside

    @staticmethod
    def backward(ctx: Any, gx: Tensor, gy: Tensor, mask: None) -> Any:
        assert mask is None
        Polar.wanted = ctx.needs_input_grad
        r, phi = ctx.saved_tensors
        gr = ctx.scale * (gx * phi.cos() + gy * phi.sin()) if ctx.needs_input_grad[0] else None
        gphi = ctx.scale * r * (gy * phi.cos() - gx * phi.sin()) if ctx.needs_input_grad[1] else None
        return gr, gphi, None


def make(backward: Callable[..., Any], forward: Callable[..., Any] = lambda ctx, x: x * 2.0) -> type[Function]:
    """A Function of the name Own."""
    return type("Own", (Function,), {"forward": staticmethod(forward), "backward": staticmethod(backward)})


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


# ------------------------------------------------------------------------------------------------------------ checkpoint


class Block:
    """Closes over its weight, draws random numbers, and writes in place."""

    def __init__(self, seed: int = 1) -> None:
        self.w = leaf(np.random.default_rng(seed).normal(size=(3, 3)))
        self.runs = 0

    def __call__(self, x: Tensor, *, scale: float = 1.5) -> Tensor:
        self.runs += 1
        h = (x @ self.w).tanh()
        h = h * (ag.rand(*h.shape) > 0.3)
        k = h * scale
        k.add_(0.5)
        return k * k + h.exp()


def losses(block: Callable[..., Any], x: Tensor, w: Tensor, **options: Any) -> Any:
    ag.manual_seed(5)
    y = block(x)
    after = ag.default_generator.get_state()
    ag.zeros(2).add_(1.0)  # some other tensor is written between forward and backward
    found = grad((y * y).sum(), [x, w], **options)
    assert ag.default_generator.get_state() == after
    return y, found


def test_checkpoint_is_the_plain_call_bit_for_bit() -> None:
    block, x = Block(), leaf()
    for nested in (
        lambda v: checkpoint(block, v),
        lambda v: checkpoint(block, v, scale=1.5),
        lambda v: checkpoint(lambda u: checkpoint(block, u), v),
        lambda v: checkpoint(lambda u: checkpoint(lambda t: checkpoint(block, t) * 1.0, u * 1.0), v),
    ):
        y, plain = losses(block, x, block.w)
        z, again = losses(nested, x, block.w)
        same(y, z)
        for a, b in zip(plain, again, strict=True):
            same(a, b)


def test_checkpoint_in_a_chain_runs_each_block_once_more() -> None:
    first, second, x = Block(1), Block(2), leaf()
    _, plain = losses(lambda v: second(first(v)), x, first.w)
    first.runs = second.runs = 0
    _, again = losses(lambda v: checkpoint(second, checkpoint(first, v)), x, first.w)
    assert (first.runs, second.runs) == (2, 2)
    for a, b in zip(plain, again, strict=True):
        same(a, b)


def test_create_graph_through_a_checkpoint() -> None:
    block, x = Block(), leaf()
    _, (gx, gw) = losses(block, x, block.w, create_graph=True)
    want = grad((gx * gx).sum() + (gw * gw).sum(), [x, block.w])
    _, (hx, hw) = losses(lambda v: checkpoint(lambda u: checkpoint(block, u), v), x, block.w, create_graph=True)
    same(gx, hx)
    same(gw, hw)
    for a, b in zip(want, grad((hx * hx).sum() + (hw * hw).sum(), [x, block.w]), strict=True):
        np.testing.assert_allclose(a.array, b.array, rtol=1e-12)


def test_checkpoint_of_several_results_and_of_other_inputs() -> None:
    a, b = leaf(), leaf(X + 2)

    def two(x: Tensor, parts: Any, *, plus: Tensor) -> Any:
        return {"sum": x + parts[0] * plus, "all": [x * plus, (x.exp(),)]}

    def total(found: Any) -> Tensor:
        return found["sum"].sum() + found["all"][0].sum() + (found["all"][1][0] ** 2).sum()

    want = grad(total(two(a, [b], plus=b)), [a, b])
    got = grad(total(checkpoint(two, a, [b], plus=b)), [a, b])
    for w, g in zip(want, got, strict=True):
        same(w, g)
    with ag.no_grad():
        assert not checkpoint(Block(), a).requires_grad
    assert not checkpoint(lambda v: v * 2, ag.ones(2)).requires_grad


def test_a_generator_among_the_arguments_is_replayed() -> None:
    generator = ag.Generator(3)

    def noisy(x: Tensor, generator: ag.Generator) -> Tensor:
        return x * ag.rand(2, 3, generator=generator, dtype="float64") * x

    a = leaf()
    (want,) = grad(noisy(a, ag.Generator(3)).sum(), a)
    y = checkpoint(noisy, a, generator)
    after = generator.get_state()
    same(want, grad(y.sum(), a)[0])
    assert generator.get_state() == after
    ag.manual_seed(0)
    y = checkpoint(lambda v: v * ag.rand(2, 3, dtype="float64") * v, a, preserve_rng_state=False)
    got = grad(y.sum(), a)[0]
    _, second = ag.Generator(0).numpy.random((2, 2, 3))  # the second run drew on
    np.testing.assert_allclose(got.array, 2 * X * second)


def test_the_values_of_a_checkpoint_are_dropped_and_come_back() -> None:
    def deep(x: Tensor) -> Tensor:
        for _ in range(5):
            x = x.exp().log()
        return x

    a = leaf()
    y = checkpoint(deep, a)
    nodes = [n for n in graph.reachable([y.node])[0] if n.prim.keeps]
    assert len(nodes) == 10
    assert all(type(n.saved) is not tuple for n in nodes)
    y.sum().backward(retain_graph=True)
    assert all(type(n.saved) is tuple for n in nodes)
    y.sum().backward()
    assert all(n.saved is None for n in nodes)
    with pytest.raises(GraphError, match="freed by an earlier backward"):
        y.sum().backward()


def test_a_checkpoint_leaves_no_cycle_and_holds_no_array() -> None:
    held: list[Any] = []

    def block(x: Tensor) -> Tensor:
        h = x.exp()
        held.append(weakref.ref(h.array))
        return h * h

    with collector_off():
        a = leaf()
        y = checkpoint(lambda v: checkpoint(block, v * 1.0), a)
        assert held[0]() is None
        alive = weakref.ref(y.node)
        del y
        assert alive() is None
        y = checkpoint(lambda v: checkpoint(block, v * 1.0), a).sum()
        y.backward()
        alive = weakref.ref(y.node)
        del y
        assert alive() is None
        assert all(ref() is None for ref in held)


def test_a_checkpoint_that_does_something_else_the_second_time() -> None:
    runs: list[int] = []

    def moody(x: Tensor) -> Tensor:
        runs.append(1)
        return x.exp() if len(runs) == 1 else x.exp().exp()

    with pytest.raises(
        GraphError, match=r"checkpoint: moody did other operations when it ran again \(2 recorded, 1 the"
    ):
        checkpoint(moody, leaf()).sum().backward()

    def shifty(x: Tensor) -> Tensor:
        runs.append(1)
        return x[: len(runs) % 2 + 1].exp()

    runs.clear()
    with pytest.raises(GraphError, match=r"slice of shape \(1, 3\) and float64, slice of shape \(2, 3\) and fl") as e:
        checkpoint(shifty, leaf()).backward(np.ones((2, 3)))
    assert "must depend on its arguments alone" in str(e.value)


def test_what_a_checkpoint_needs_again_must_not_be_written() -> None:
    a = leaf() * 1.0
    y = checkpoint(lambda v: (v + 1.0).exp(), a)
    with ag.no_grad():
        a.add_(1.0)
    with pytest.raises(
        GraphError, match=r"checkpoint: argument 0 of <lambda> was written in place after the call, at .*a\.add_"
    ):
        y.sum().backward()

    w = leaf()
    y = checkpoint(lambda v: v * w, leaf())  # a parameter that the block closes over
    with ag.no_grad():
        w.sub_(1.0)
    with pytest.raises(GraphError, match=r"operand 'y' of mul.*in place afterwards.*`w\.sub_\(1\.0\)`"):
        y.sum().backward()

    def spoils(v: Tensor) -> Tensor:
        h = v * 1.0
        k = h * h
        h.add_(1.0)
        return k

    with pytest.raises(GraphError, match=r"of mul.*in place afterwards.*`h\.add_\(1\.0\)`"):
        checkpoint(spoils, leaf()).sum().backward()


# --------------------------------------------------------------------------------------------------------- detect_anomaly


def test_anomaly_in_a_forward() -> None:
    a = leaf([[1.0, -2.0], [3.0, 4.0]])
    with detect_anomaly(), ag.scope(ag.Scope("net", "Net")), pytest.raises(NonFiniteError) as caught:
        a.log()
    message = str(caught.value)
    assert message.startswith("forward of log, at ")
    assert "test_autograd.py" in message
    assert "`a.log()` in net (Net), made nan at index (0, 1) (1 of 4 entries of shape (2, 2) are not finite)" in message
    assert "operand x: shape (2, 2), float64, from -2 to 4. Keep the operands where log is defined" in message
    with (
        detect_anomaly(),
        pytest.raises(NonFiniteError, match=r"forward of div.*made inf at index .*; operand y: shape"),
    ):
        ag.ones(2) / ag.zeros(2)
    with (
        detect_anomaly(),
        pytest.raises(NonFiniteError, match=r"forward of square.*operand x: shape \(1,\), float32, from 1e\+30"),
    ):
        ag.tensor([1e30]).square()
    with detect_anomaly():
        ag.tensor([np.nan]) + 1.0  # not made here
        ag.tensor([], requires_grad=True).log().sum().backward()


def test_anomaly_in_a_backward() -> None:
    a = leaf([4.0, 0.0])
    with detect_anomaly():
        y = a.sqrt()
        with pytest.raises(NonFiniteError) as caught:
            y.sum().backward()
    message = str(caught.value)
    assert message.startswith("backward of sqrt, made at ")
    assert (
        "`y = a.sqrt()` made inf at index (1,) (1 of 2 entries of shape (2,) are not finite) in the gradient" in message
    )
    assert "of its operand x; what arrived was finite: shape (2,), float64, from 1 to 1" in message
    with (
        detect_anomaly(),
        pytest.raises(NonFiniteError, match=r"forward of div.*\nThis was in the backward of sqrt, made at"),
    ):
        grad(a.sqrt().sum(), a, create_graph=True)


def test_the_pattern_of_where_is_explained() -> None:
    x = leaf([1.0, 0.0])
    with (
        detect_anomaly(),
        pytest.raises(NonFiniteError, match=r"backward of sqrt.*0 times infinity.*x = where\(ok, x, 1\.0\)"),
    ):
        ag.where(x > 0, x.sqrt(), 0.0).sum().backward()
    with detect_anomaly():
        safe = ag.where(x > 0, x, 1.0)
        ag.where(x > 0, safe.sqrt(), 0.0).sum().backward()
    np.testing.assert_allclose(x.grad.array, [0.5, 0.0])


def test_anomaly_in_a_function() -> None:
    bad = make(lambda ctx, g: g / 0.0)
    with pytest.raises(
        NonFiniteError, match=r"forward of div.*\nThis was in the backward of Own, made at .*`.*bad\.apply"
    ):
        with_watch(lambda: bad.apply(leaf()).sum().backward())
    r, phi = leaf([0.5]), leaf([0.3])
    with_watch(lambda: ag.backward([part.sum() for part in Polar.apply(r, phi, 1.0)[:2]]))
    with ag.no_grad():
        bad = make(lambda ctx, g: ag.tensor(np.full((2, 3), np.inf)))
    with pytest.raises(
        NonFiniteError, match=r"backward of Own, made at .*bad\.apply.*in the gradient of its operand 0"
    ):
        with_watch(lambda: bad.apply(leaf()).sum().backward())


def with_watch(run: Callable[[], Any]) -> Any:
    with detect_anomaly():
        return run()


@pytest.fixture
def never_watched() -> None:
    """Start as a program in which nothing has watched operations yet."""
    WATCHED.clear()
    rewrite()


def test_off_it_leaves_no_trace(never_watched: None) -> None:
    written: Any = ops.mul
    before = str(written.source)
    assert "watching" not in before
    with detect_anomaly():
        ag.ones(2) * 2.0
        assert "watching" in written.__code__.co_names
        assert "watching()" in str(written.source)
    ag.ones(2) * 2.0
    assert str(written.source) == before
    assert "watching" not in written.__code__.co_names
    assert ag.tensor([-1.0]).log().isnan().item()


def test_anomaly_nests(never_watched: None) -> None:
    watch = detect_anomaly()
    with watch:
        with watch, detect_anomaly(check_nan=False):
            assert not ag.is_anomaly_enabled()
            ag.tensor([-1.0]).log()
        assert ag.is_anomaly_enabled()
        with pytest.raises(NonFiniteError):
            ag.tensor([-1.0]).log()
    assert not ag.is_anomaly_enabled()
    ag.set_detect_anomaly(True)
    ag.set_detect_anomaly(True)
    assert ag.is_anomaly_enabled()
    with ag.set_detect_anomaly(False):
        ag.tensor([-1.0]).log()
    with pytest.raises(NonFiniteError):
        ag.tensor([-1.0]).log()
    ag.set_detect_anomaly(False)
    ag.set_detect_anomaly(False)
    ag.tensor([-1.0]).log()
    assert not WATCHED


def test_anomaly_belongs_to_the_thread(never_watched: None) -> None:
    found: list[Any] = []

    def other() -> None:
        found.append((ag.is_anomaly_enabled(), ag.tensor([-1.0]).log().isnan().item()))
        with detect_anomaly():
            pass
        ag.set_detect_anomaly(False)

    with detect_anomaly():
        thread = threading.Thread(target=other)
        thread.start()
        thread.join()
        assert ag.is_anomaly_enabled()
        with pytest.raises(NonFiniteError):
            ag.tensor([-1.0]).log()
    assert found == [(False, True)]
    assert not WATCHED


# -------------------------------------------------------------------------------------------------------------- gradcheck


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


# --------------------------------------------------------------------------------------- products, Jacobians and Hessians

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
