"""The options of Function and of gradcheck."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from functions_by_hand import Twice
from leaves import equal, vector

import autograd_core as ag
from autograd_core import Function, Tensor, func, grad
from autograd_core.autograd.function import once_differentiable
from autograd_core.errors import AutogradError, DtypeError, GraphError, ShapeError

# ------------------------------------------------------------------------------------------------------------ Function


def test_a_context_set_up_apart() -> None:
    x = vector(1, 2)
    assert ag.gradcheck(Twice.apply, x)
    assert ag.gradgradcheck(Twice.apply, x)
    equal(func.jvp(Twice.apply, (x.detach(),), (x.detach(),))[1], [4, 16])
    equal(func.vmap(func.grad(Twice.apply))(x.detach()), [4, 8])


class Add(Function):
    """x += y, in place."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, y: Tensor) -> Tensor:
        ctx.mark_dirty(x)
        x.add_(y)
        ctx.save_for_backward(x)
        return x

    @staticmethod
    def backward(ctx: Any, g: Tensor) -> Any:
        assert ctx.saved_tensors[0].shape == g.shape
        return g, 3 * g  # three times, to be seen


def test_arguments_written_in_place() -> None:
    x, y = vector(1, 2, 3), vector(10, 20, 30)
    h = x * 1
    view = h[1:]
    out = Add.apply(h, y)
    assert out is h
    assert h.grad_fn.name() == "Add"
    (view * h[1:]).sum().backward()  # the view knows
    equal(x.grad, [0, 44, 66])
    equal(y.grad, [0, 132, 198])
    x.grad = y.grad = None
    h = x * 1
    Add.apply(h[1:], y[1:])  # a view: what it looks into gets the history
    equal(h, [1, 22, 33])
    h.sum().backward()
    equal(x.grad, [1, 1, 1])
    equal(y.grad, [0, 3, 3])
    with pytest.raises(GraphError, match="a leaf that requires gradients is written in place"):
        Add.apply(x, y)
    plain = ag.zeros(3, dtype=ag.float64)
    assert Add.apply(plain, y) is plain
    assert plain.requires_grad

    class Lost(Add):
        @staticmethod
        def forward(ctx: Any, x: Tensor, y: Tensor) -> Tensor:
            ctx.mark_dirty(x)
            return x + y

    with pytest.raises(GraphError, match=r"Lost.forward marked an argument dirty and did not return it"):
        Lost.apply(x * 1, y)


class ByNumpy(Function):
    """x³, with a backward that NumPy computes."""

    @staticmethod
    def forward(ctx: Any, x: Tensor) -> Tensor:
        ctx.save_for_backward(x)
        return x**3

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, g: Tensor) -> Tensor:
        (x,) = ctx.saved_tensors
        assert not x.requires_grad
        assert not g.requires_grad
        return ag.from_numpy(3 * x.numpy() ** 2 * g.numpy())


def test_once_differentiable() -> None:
    x = vector(1, 2)
    assert ag.gradcheck(ByNumpy.apply, x)
    (g,) = grad(ByNumpy.apply(x).sum(), x, create_graph=True)
    equal(g, [3, 12])
    with pytest.raises(GraphError, match=r"ByNumpy.backward is marked once_differentiable, and its result is diff"):
        grad(g.sum(), x)
    assert ByNumpy.backward.__name__ == "backward"


class Ends(Function):
    """Minimum and maximum, and where the latter is; a gradient that is missing is None."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, note: list[Any]) -> Any:
        place = x.argmax()
        ctx.mark_non_differentiable(place)
        ctx.set_materialize_grads(False)
        ctx.save_for_backward(x)
        ctx.note = note
        ctx.note.append(ctx.needs_input_grad)
        return x.min(), x.max(), place

    @staticmethod
    def backward(ctx: Any, low: Any, high: Any, place: Any) -> Any:
        ctx.note.append((low is None, high is None, place is None))
        (x,) = ctx.saved_tensors
        parts = [g * (x == end).to(x.dtype) for g, end in ((low, x.min()), (high, x.max())) if g is not None]
        return sum(parts[1:], parts[0]), None, None  # one None too many does no harm


def test_results_without_gradients() -> None:
    x, note = vector(1, 3, 2), []
    low, high, place = Ends.apply(x, note)
    assert not place.requires_grad
    assert place.item() == 1
    high.backward(retain_graph=True)
    equal(x.grad, [0, 1, 0])
    (low + high).backward()
    assert note == [(True, False), (True, False, True), (False, False, True)]
    seen: list[Any] = []
    low, high, _ = Ends.apply(x, note)
    low.grad_fn.register_hook(lambda inputs, outputs: seen.append([len(inputs), *(g is None for g in outputs)]))
    low.backward()
    assert seen == [[2, False, True, True]]
    assert low.grad_fn.next_functions[0][0] is x.node


def bad(result: Callable[[Any], Any]) -> type[Function]:
    class Wrong(Function):
        @staticmethod
        def forward(ctx: Any, x: Tensor, y: Tensor) -> Tensor:
            return x + y

        @staticmethod
        def backward(ctx: Any, g: Tensor) -> Any:
            return result(g)

    return Wrong


WRONG: list[tuple[Callable[[Any], Any], type[Exception], str]] = [
    (
        lambda g: g,
        GraphError,
        "Wrong.backward returned 1 gradients for the 2 arguments of forward; return one for each",
    ),
    (lambda g: (g, g, g), GraphError, "Wrong.backward returned 3 gradients for the 2 arguments"),
    (lambda g: (g, g.sum()), ShapeError, r"Wrong.backward: gradient 1 has shape \(\); expected \(2,\)"),
    (lambda g: (g.float(), g), DtypeError, "Wrong.backward: gradient 0 is float32; expected float64"),
    (lambda g: (g, 1.0), DtypeError, "Wrong.backward: gradient 1 is a float; expected a Tensor or None"),
]


@pytest.mark.parametrize(("result", "error", "message"), WRONG, ids=range(len(WRONG)))
def test_what_backward_returns_is_checked(result: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        bad(result).apply(vector(1, 2), vector(3, 4)).sum().backward()


def test_a_function_without_parts() -> None:
    class Bare(Function):
        pass

    with pytest.raises(NotImplementedError, match=r"needs a static method forward\(ctx, \*args\), or"):
        Bare.apply(vector(1))
    y = bad(lambda g: (g, g))
    del y.backward
    with pytest.raises(NotImplementedError, match="needs a static method backward"):
        y.apply(vector(1), vector(1)).sum().backward()


# ----------------------------------------------------------------------------------------------------------- gradcheck


def test_gradcheck_in_one_direction_and_forward() -> None:
    x, y = vector(1, 2, 3), vector(0.5)
    g = lambda x, y: (x.exp() * y, (x * y).sum())
    assert ag.gradcheck(g, (x, y), fast_mode=True, check_forward_ad=True, check_batched_grad=True)
    assert ag.gradgradcheck(g, (x, y), fast_mode=True, check_fwd_over_rev=True, gen_non_contig_grad_outputs=True)
    wrong = bad(lambda g: (g, 2 * g)).apply
    for options, message in (
        ({"fast_mode": True}, "u.T J v of output 0 by input 1"),
        ({}, "d output 0 / d input 1 differs"),
    ):
        with pytest.raises(AutogradError, match=message):
            ag.gradcheck(wrong, (vector(1), vector(2)), **options)
        assert not ag.gradcheck(wrong, (vector(1), vector(2)), raise_exception=False, **options)
    with pytest.raises(AutogradError, match=r"J v of output 0 by input 1 is .* from jvp"):
        ag.gradcheck(wrong, (vector(1), vector(2)), check_backward_ad=False, check_forward_ad=True)


def test_gradcheck_of_a_backward_that_changes() -> None:
    calls = iter(range(1000))
    shaky = bad(lambda g: (g + 1e-7 * next(calls), g)).apply
    with pytest.raises(
        AutogradError, match="two backward passes from output 0 to input 0 differ by 1e-07, and nondet_tol=0"
    ):
        ag.gradcheck(shaky, (vector(1), vector(2)))
    assert ag.gradcheck(shaky, (vector(1), vector(2)), nondet_tol=1e-5)


class Fragile(Function):
    """x + 1 and 2 x, by a backward that does not expect None."""

    @staticmethod
    def forward(ctx: Any, x: Tensor) -> Any:
        ctx.set_materialize_grads(False)
        return x + 1, 2 * x

    @staticmethod
    def backward(ctx: Any, a: Tensor, b: Tensor) -> Tensor:
        return a + 2 * b


def test_gradcheck_with_missing_gradients() -> None:
    both = lambda x: ag.stack(Fragile.apply(x))
    assert ag.gradcheck(both, vector(1))
    with pytest.raises((AutogradError, TypeError)):
        ag.gradcheck(Fragile.apply, vector(1))
