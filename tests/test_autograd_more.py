"""The options of ``grad``, ``backward``, ``Function`` and ``gradcheck``; hooks of every kind; modes; dual tensors."""

from __future__ import annotations

import gc
import sys
import weakref
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

import autograd_core as ag
import nn
from autograd_core import Function, Tensor, autograd, func, grad
from autograd_core.autograd import forward_ad, functional, graph
from autograd_core.autograd.function import once_differentiable
from autograd_core.errors import ArgumentError, AutogradError, DtypeError, GraphError, ShapeError


def leaf(*values: float, dtype: Any = ag.float64) -> Tensor:
    return ag.tensor(list(values), dtype=dtype, requires_grad=True)


def equal(t: Any, wanted: Any) -> None:
    assert isinstance(t, Tensor)
    np.testing.assert_allclose(t.detach().numpy(), wanted, rtol=1e-12)


# ------------------------------------------------------------------------------------------------------------ gradients


def test_grad_of_batches_of_weights() -> None:
    x, unused = leaf(1, 2, 3), leaf(1)
    y, v = x**2, ag.tensor(np.arange(6.0).reshape(2, 3))
    (g,) = grad(y, x, v, is_grads_batched=True, retain_graph=True)
    equal(g, 2 * np.array([1, 2, 3]) * v.numpy())
    g, none = grad([y, y.sum()], [x, unused], [v, None], is_grads_batched=True, allow_unused=True, create_graph=True)
    assert none is None
    equal(g, 2 * np.array([1, 2, 3]) * (v.numpy() + 1))
    assert g.requires_grad
    with pytest.raises(ArgumentError, match=r"one first dim for all, not empty; they have \[1, 2\]"):
        grad([y, y], x, [v, v[:1]], is_grads_batched=True)


def test_grad_takes_dicts_and_edges() -> None:
    x, z = leaf(1, 2), leaf(3, 4)
    y = x * z
    found = grad(y.sum(), {"x": x, "z": z}, retain_graph=True)
    assert list(found) == ["x", "z"]
    equal(found["x"], [3, 4])
    edge = graph.get_gradient_edge(y)
    assert (edge.node, edge.output_nr) == (y.node, 0)
    equal(grad(edge, graph.get_gradient_edge(x), ag.ones(2, dtype=ag.float64), retain_graph=True)[0], [3, 4])
    equal(grad(y.sum(), edge, retain_graph=True)[0], [1, 1])
    autograd.backward(edge, ag.ones(2, dtype=ag.float64))
    equal(x.grad, [3, 4])
    with pytest.raises(GraphError, match=r"inputs\['u'\] \(shape \(1,\)\) has requires_grad=False"):
        grad(x.sum(), {"u": ag.ones(1)})
    with pytest.raises(GraphError, match="get_gradient_edge: this tensor has requires_grad=False"):
        graph.get_gradient_edge(ag.ones(1))
    with pytest.raises(ArgumentError, match=r"GradientEdge, which has no .grad"):
        autograd.backward(x.sum(), inputs=graph.get_gradient_edge(x))


def test_options_of_grad_that_contradict_each_other() -> None:
    x = leaf(1)
    with pytest.raises(ArgumentError, match="leave out allow_unused=False"):
        grad(x.sum(), x, allow_unused=False, materialize_grads=True)
    with pytest.raises(ArgumentError, match="only_inputs=False is not supported"):
        grad(x.sum(), x, only_inputs=False)


def test_backward_to_some_inputs() -> None:
    x, z = leaf(1, 2), leaf(3, 4)
    h = x * z
    autograd.backward(h.sum(), inputs=[z, h])
    assert x.grad is None
    equal(z.grad, [1, 2])
    equal(h.grad, [1, 1])
    autograd.backward([(x * x).sum(), x.sum()], inputs={"x": x})
    equal(x.grad, [3, 5])
    with pytest.raises(GraphError, match="inputs is empty"):
        autograd.backward(x.sum(), inputs=[])


# ---------------------------------------------------------------------------------------------------------------- nodes


def test_what_a_node_tells() -> None:
    x = leaf(1, 2)
    y = x.exp()
    node = y.grad_fn
    assert node.name() == "exp"
    ((accumulate, place),) = node.next_functions
    assert (accumulate.name(), place, accumulate.variable) == ("leaf", 0, x)
    node.metadata["note"] = 1
    assert y.grad_fn.metadata == {"note": 1}
    assert accumulate.metadata == {}
    with pytest.raises(AttributeError, match="has no variable: only leaves do"):
        _ = node.variable


@pytest.mark.parametrize("create_graph", [False, True])
def test_hooks_on_nodes(create_graph: bool) -> None:
    x, z, seen = leaf(1, 2), leaf(3, 4), []
    y = x * z * x
    node = (x * z).grad_fn
    y = x * z
    node = y.grad_fn
    loss = (y * 2).sum()

    def behind(grad_inputs: Any, grad_outputs: Any) -> Any:
        seen.append([g.tolist() for g in (*grad_inputs, *grad_outputs)])
        return grad_inputs[0] * 10, grad_inputs[1]

    with node.register_prehook(lambda grad_outputs: (grad_outputs[0] + 1,)), node.register_hook(behind):
        gx, gz = grad(loss, [x, z], create_graph=create_graph, retain_graph=True)
    equal(gx, [90, 120])
    equal(gz, [3, 6])
    assert seen == [[[9, 12], [3, 6], [3, 3]]]
    if create_graph:
        equal(grad(gx.sum(), z)[0], [30, 30])
    equal(grad(loss, x)[0], [6, 8])  # the hooks are gone


def test_hooks_on_nodes_of_one_operand_twice_of_several_and_of_none_wanted() -> None:
    x, seen = leaf(1, 2), []
    square = x * x
    square.grad_fn.register_hook(lambda inputs, outputs: seen.append([g.tolist() for g in inputs]))
    stacked = ag.stack([square, ag.zeros(2, dtype=ag.float64), square])
    stacked.grad_fn.register_hook(lambda inputs, outputs: seen.append([g is None for g in inputs]))
    stacked.sum().backward()
    assert seen == [[False, True, False], [[2, 4], [2, 4]]]
    equal(x.grad, [4, 8])


def test_hooks_behind_leaves() -> None:
    x, seen = leaf(1, 2), []
    handle = x.register_post_accumulate_grad_hook(lambda t: seen.append((t is x, t.grad.tolist())))
    x.node.register_hook(lambda inputs, outputs: seen.append((inputs, outputs[0].tolist())))
    for _ in range(2):
        (3 * x).sum().backward()
    assert seen == [(True, [3, 3]), ((), [3, 3]), (True, [6, 6]), ((), [3, 3])]
    handle.remove()
    grad((3 * x).sum(), x)
    assert len(seen) == 4  # nothing was accumulated

    def step(p: Tensor) -> None:
        with ag.no_grad():
            p.sub_(p.grad)
        p.grad = None

    w = leaf(5)
    w.register_post_accumulate_grad_hook(step)
    (2 * w).sum().backward()
    equal(w, [3])
    assert w.grad is None


def test_hooks_that_are_refused_or_return_the_wrong_things() -> None:
    x = leaf(1, 2)
    y = x * 2
    with pytest.raises(GraphError, match=r"register_post_accumulate_grad_hook: only leaves .* result of mul, made at"):
        y.register_post_accumulate_grad_hook(print)
    with pytest.raises(GraphError, match=r"register_post_accumulate_grad_hook: .* requires_grad=False"):
        ag.ones(1).register_post_accumulate_grad_hook(print)
    wrong: list[tuple[Any, type[Exception], str]] = [
        (lambda i, o: i[0], GraphError, "a hook on mul returned 1 gradients: expected 2, one an operand"),
        (lambda i, o: (i[0].sum(), None), ShapeError, r"a hook returned \(\): .* shape \(2,\)"),
        (lambda i, o: (i[0].float(), None), DtypeError, "a hook returned float32"),
        (lambda i, o: (1.0, None), ShapeError, "a hook returned 'float'"),
    ]
    for hook, error, message in wrong:
        with y.grad_fn.register_hook(hook), pytest.raises(error, match=message):
            y.sum().backward(retain_graph=True)
    with x.register_hook(lambda g: g.numpy()), pytest.raises(ShapeError, match="a hook returned 'ndarray'"):
        y.sum().backward(retain_graph=True)
    x.grad = None
    y.sum().backward()
    equal(x.grad, [2, 2])


# ------------------------------------------------------------------------------------------------ hooks on saved tensors


def test_saved_tensors_are_packed_and_unpacked() -> None:
    x, log = leaf(1, 2), []

    def pack(t: Tensor) -> Any:
        log.append("pack")
        return t.numpy().copy()

    def unpack(a: Any) -> Tensor:
        log.append("unpack")
        return ag.tensor(a)

    with graph.saved_tensors_hooks(pack, unpack):
        y = (x.exp() * x).sum()
        with graph.saved_tensors_hooks(lambda t: t, lambda t: t):
            z = (x * x).sum()  # the innermost counts
    assert log == ["pack"] * 3
    w = ag.exp(x).sum()
    (y + z + w).backward()
    assert log == ["pack"] * 3 + ["unpack"] * 3
    equal(x.grad, np.exp([1, 2]) * np.array([2, 3]) + np.array([2, 4]) + np.exp([1, 2]))


def test_packed_tensors_everywhere() -> None:
    x = leaf(1, 2, 3)
    halve = graph.saved_tensors_hooks(lambda t: t.tolist(), lambda values: ag.tensor(values, dtype=ag.float64))

    def f(x: Tensor) -> Tensor:
        with halve:
            parts = ag.stack([x, Twice.apply(x), x.sin()])
            return (parts.prod(0) * x.max()).cumsum(0).softmax(0)

    assert ag.gradcheck(f, x)
    assert ag.gradgradcheck(f, x)
    with ag.detect_anomaly(), halve, pytest.raises(ArithmeticError):
        leaf(-1).log()
    freed = weakref.ref((y := x.exp()).grad_fn)
    del y
    assert freed() is None
    with halve:
        y = x.exp().sum()
    y.backward(retain_graph=True)
    y.backward()
    with pytest.raises(GraphError, match="were freed by an earlier backward"):
        y.backward()


def test_saved_tensors_hooks_that_go_wrong() -> None:
    x = leaf(1, 2)
    wrong: list[tuple[Any, type[Exception], str]] = [
        (lambda t: 1, ArgumentError, "unpack_hook returned a int"),
        (lambda t: t[:1], ShapeError, r"unpack_hook returned shape \(1,\): expected \(2,\)"),
        (lambda t: t.float(), DtypeError, "unpack_hook returned float32: expected float64"),
    ]
    for unpack, error, message in wrong:
        with graph.saved_tensors_hooks(lambda t: t, unpack):
            y = x.exp()
        with pytest.raises(error, match=message):
            y.sum().backward()
    with graph.disable_saved_tensors_hooks("not here"), pytest.raises(GraphError, match="not here"):
        graph.saved_tensors_hooks(print, print).__enter__()
    with graph.save_on_cpu(pin_memory=True):
        y = x.exp()
    y.sum().backward()
    equal(x.grad, np.exp([1, 2]))


def test_increment_version() -> None:
    x = leaf(1, 2)
    y = (x * x).sum()
    x.array[0] = 5
    graph.increment_version([x])
    with pytest.raises(GraphError, match="was written in place afterwards"):
        y.backward()


# ------------------------------------------------------------------------------------------------------------- Function


class Twice(Function):
    """2 x², with its context set up apart."""

    generate_vmap_rule = True

    @staticmethod
    def forward(x: Tensor) -> Tensor:
        return 2 * x * x

    @staticmethod
    def setup_context(ctx: Any, inputs: Any, output: Any) -> None:
        ctx.save_for_backward(*inputs)
        ctx.save_for_forward(*inputs)
        assert output.shape == inputs[0].shape

    @staticmethod
    def vjp(ctx: Any, g: Tensor) -> Tensor:
        return 4 * ctx.saved_tensors[0] * g

    @staticmethod
    def jvp(ctx: Any, tangent: Tensor) -> Tensor:
        raise AssertionError("forward derivatives come from backward")


def test_a_context_set_up_apart() -> None:
    x = leaf(1, 2)
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
    x, y = leaf(1, 2, 3), leaf(10, 20, 30)
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
    x = leaf(1, 2)
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
    x, note = leaf(1, 3, 2), []
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
        bad(result).apply(leaf(1, 2), leaf(3, 4)).sum().backward()


def test_a_function_without_parts() -> None:
    class Bare(Function):
        pass

    with pytest.raises(NotImplementedError, match=r"needs a static method forward\(ctx, \*args\), or"):
        Bare.apply(leaf(1))
    y = bad(lambda g: (g, g))
    del y.backward
    with pytest.raises(NotImplementedError, match="needs a static method backward"):
        y.apply(leaf(1), leaf(1)).sum().backward()


# ---------------------------------------------------------------------------------------------------------- functional


def f(x: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
    return x * y.sum(), (x**2).sum()


def test_functional_with_several_results() -> None:
    x, y = ag.tensor([1.0, 2.0]), ag.tensor([3.0])
    out, pulled = functional.vjp(f, (x, y), (ag.tensor([1.0, 1.0]), ag.tensor(1.0)))
    equal(out[0], [3, 6])
    equal(pulled[0], [5, 7])
    equal(pulled[1], [3])
    out, pushed = functional.jvp(f, (x, y), (x, y))
    equal(pushed[0], [6, 12])
    equal(pushed[1], 10)
    for strategy in ("reverse-mode", "forward-mode"):
        blocks = functional.jacobian(f, (x, y), strategy=strategy, vectorize=True)
        for block, wanted in zip(sum(blocks, ()), ([[3, 0], [0, 3]], [[1], [2]], [2, 4], [0])):
            equal(block, wanted)
    equal(functional.hessian(lambda x: (x**3).sum(), x, outer_jacobian_strategy="forward-mode"), [[6, 0], [0, 12]])
    for product in (functional.hvp, functional.vhp):
        equal(product(lambda x: (x**3).sum(), x, x)[1], [6, 24])
        equal(product(lambda y: (y**3).sum(), y)[1], [18])
    equal(functional.jvp(lambda y: y * 2, y)[1], [2])
    assert functional.vjp is ag.vjp


def test_functional_strictly() -> None:
    x, y = ag.tensor([1.0, 2.0]), ag.tensor([3.0])
    calls: list[tuple[Callable[[], Any], str]] = [
        (lambda: functional.vjp(f, (x, y), (x, x.sum()), strict=True), r"vjp: output 1 does not depend on inputs\[1\]"),
        (lambda: functional.jvp(lambda x: y, x, x, strict=True), r"jvp: output 0 does not depend on inputs\[0\]"),
        (lambda: functional.jacobian(f, (x, y), strict=True), "jacobian: output 1 does not"),
        (lambda: functional.hvp(lambda x: x.sum(), x, x, strict=True), "hvp: the gradient 0 does not depend"),
        (lambda: functional.hessian(lambda x: x.sum(), x, strict=True), "jacobian: output 0 does not depend"),
    ]
    for call, message in calls:
        with pytest.raises(GraphError, match=message):
            call()
    with pytest.raises(ArgumentError, match="strategy='sideways': expected one of reverse-mode, forward-mode"):
        functional.jacobian(f, (x, y), strategy="sideways")
    with pytest.raises(ShapeError, match=r"v is left out for the inputs of shapes \[\(2,\)\]"):
        functional.jvp(lambda x: x, x)


# --------------------------------------------------------------------------------------------------------- dual tensors


def test_dual_tensors() -> None:
    x, v = ag.tensor([1.0, 2.0]), ag.tensor([1.0, 10.0])
    with forward_ad.dual_level():
        dual = forward_ad.make_dual(x, v)
        equal(forward_ad.unpack_dual(dual).tangent, [1, 10])
        assert forward_ad.unpack_dual(x).tangent is None
        value, tangent = forward_ad.unpack_dual(dual**2 + forward_ad.make_dual(v, x))
        equal(value, [2, 14])
        equal(tangent, [3, 42])
        assert not value.requires_grad
        assert not tangent.requires_grad
    w = leaf(1, 2)
    with forward_ad.dual_level():
        tangent = forward_ad.unpack_dual(forward_ad.make_dual(w, v.double()) ** 3).tangent
    equal(tangent, [3, 120])
    equal(grad(tangent.sum(), w)[0], [6, 120])
    assert forward_ad.enter_dual_level() == 0
    with pytest.raises(GraphError, match="dual_level: another one is open"):
        forward_ad.dual_level().__enter__()
    forward_ad.exit_dual_level(level=0)
    with pytest.raises(GraphError, match="make_dual: no dual level is open; put it into"):
        forward_ad.make_dual(x, v)
    with forward_ad.dual_level():
        with pytest.raises(ShapeError, match=r"the tangent has shape \(1,\): expected that of the tensor, \(2,\)"):
            forward_ad.make_dual(x, v[:1])
        with pytest.raises(DtypeError, match="the tensor is float32 and the tangent float64"):
            forward_ad.make_dual(x, v.double())
        with pytest.raises(GraphError, match="level=1 is not open"):
            forward_ad.exit_dual_level(level=1)


# ---------------------------------------------------------------------------------------------------------------- modes


def test_inference_mode() -> None:
    x = leaf(1)
    with ag.inference_mode():
        assert ag.is_inference_mode_enabled()
        assert not (x * 2).requires_grad
        with ag.inference_mode(False):
            assert not ag.is_inference_mode_enabled()
        with ag.enable_grad():
            assert (x * 2).requires_grad
    with ag.inference_mode(mode=False):
        assert (x * 2).requires_grad
    for decorated in (
        ag.inference_mode(ag.is_inference_mode_enabled),
        ag.inference_mode()(ag.is_inference_mode_enabled),
    ):
        assert decorated()
    assert not ag.is_inference_mode_enabled()


def test_generators_in_a_mode() -> None:
    closed: list[bool] = []

    @ag.no_grad()
    def numbers() -> Iterator[Any]:
        got: Any = None
        try:
            while True:
                try:
                    assert not ag.is_grad_enabled()
                    got = yield got
                except ValueError as error:
                    got = str(error)
        finally:
            closed.append(ag.is_grad_enabled())

    steps: Any = numbers()
    assert next(steps) is None
    assert ag.is_grad_enabled()
    assert steps.send(3) == 3
    assert steps.throw(ValueError("again")) == "again"
    steps.close()
    assert closed == [False]
    assert ag.is_grad_enabled()

    @ag.set_grad_enabled(False)
    def two() -> Any:
        yield ag.is_grad_enabled()
        return "end"

    steps = two()
    assert next(steps) is False
    with pytest.raises(StopIteration, match="end"):
        next(steps)


def test_a_class_in_a_mode() -> None:
    class Made:
        def __init__(self) -> None:
            self.recorded = ag.is_grad_enabled()

    with pytest.warns(FutureWarning, match="Made is a class, and only the making of its instances"):
        make = ag.no_grad()(Made)
    assert not make().recorded


def test_multithreading_is_noted() -> None:
    with autograd.set_multithreading_enabled(False):
        assert not autograd.is_multithreading_enabled()
    assert autograd.is_multithreading_enabled()


# ------------------------------------------------------------------------------------------------------------ gradcheck


def test_gradcheck_in_one_direction_and_forward() -> None:
    x, y = leaf(1, 2, 3), leaf(0.5)
    g = lambda x, y: (x.exp() * y, (x * y).sum())
    assert ag.gradcheck(g, (x, y), fast_mode=True, check_forward_ad=True, check_batched_grad=True)
    assert ag.gradgradcheck(g, (x, y), fast_mode=True, check_fwd_over_rev=True, gen_non_contig_grad_outputs=True)
    wrong = bad(lambda g: (g, 2 * g)).apply
    for options, message in (
        ({"fast_mode": True}, "u.T J v of output 0 by input 1"),
        ({}, "d output 0 / d input 1 differs"),
    ):
        with pytest.raises(AutogradError, match=message):
            ag.gradcheck(wrong, (leaf(1), leaf(2)), **options)
        assert not ag.gradcheck(wrong, (leaf(1), leaf(2)), raise_exception=False, **options)
    with pytest.raises(AutogradError, match=r"J v of output 0 by input 1 is .* from jvp"):
        ag.gradcheck(wrong, (leaf(1), leaf(2)), check_backward_ad=False, check_forward_ad=True)


def test_gradcheck_of_a_backward_that_changes() -> None:
    calls = iter(range(1000))
    shaky = bad(lambda g: (g + 1e-7 * next(calls), g)).apply
    with pytest.raises(
        AutogradError, match="two backward passes from output 0 to input 0 differ by 1e-07, and nondet_tol=0"
    ):
        ag.gradcheck(shaky, (leaf(1), leaf(2)))
    assert ag.gradcheck(shaky, (leaf(1), leaf(2)), nondet_tol=1e-5)


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
    assert ag.gradcheck(both, leaf(1))
    with pytest.raises((AutogradError, TypeError)):
        ag.gradcheck(Fragile.apply, leaf(1))


# ----------------------------------------------------------------------------------------------------- memory, debugging


def test_hooks_leave_no_cycle() -> None:
    gc.disable()
    try:
        x = leaf(1, 2)
        y = x.exp()
        y.grad_fn.register_hook(lambda inputs, outputs: None)
        y.grad_fn.register_prehook(lambda outputs: None)
        y.grad_fn.metadata["self"] = "a value"
        node = weakref.ref(y.grad_fn)
        y.sum().backward()
        del y
        assert node() is None
    finally:
        gc.enable()


def test_a_repeated_backward_starts_intermediates_afresh() -> None:
    x = leaf(3)
    h = x * x
    h.retain_grad()
    y = (h * 2).sum()
    y.backward(retain_graph=True)
    y.backward()
    equal(x.grad, [24])  # leaves accumulate
    equal(h.grad, [4])  # as retain_grad does; each pass itself is fresh


def test_a_debugger_stops_in_backward() -> None:
    x, stopped = leaf(1, 2), set()

    def trace(frame: Any, event: str, arg: Any) -> Any:
        stopped.add(frame.f_code.co_name)
        return trace

    y = Twice.apply(x).exp().sum()
    x.register_hook(lambda g: None)
    before = sys.gettrace()
    sys.settrace(trace)
    try:
        y.backward()
    finally:
        sys.settrace(before)
    assert {"walk", "exp_pull", "vjp", "over_either"} <= stopped


def total_of(w: Tensor, early: bool) -> None:
    total = ag.tensor(0.0, dtype=ag.float64)
    for _ in range(2):
        loss = (w * w).sum()
        if not early:
            loss.backward()
        total += loss
        if early:
            loss.backward()


@pytest.mark.parametrize("early", [False, True])
def test_a_running_total_of_graphs_is_noticed(early: bool) -> None:
    w = leaf(1, 2)
    with pytest.warns(
        UserWarning, match=r"total \+= loss`: a result is added up .* \+= loss.item\(\), or \+= loss.detach"
    ):
        total_of(w, early)
    total, kept = ag.tensor(0.0, dtype=ag.float64), ag.tensor(0.0, dtype=ag.float64)
    for _ in range(2):
        loss = (w * w).sum()
        kept += loss  # no warning: its own backward comes
        total += loss.detach()
    kept.backward()
    equal(total, 10)


def test_zeros_that_stay_zeros() -> None:
    x = leaf(0, 4)
    calls: list[Callable[[Tensor], Tensor]] = [
        lambda x: ag.where(x > 0, x.sqrt(), 0.0),
        lambda x: ag.where(x > 0, x.log(), x * 0),
        lambda x: ag.where(x > 0, 1 / x, x),
    ]
    for call in calls:
        y, v = call(x).sum(), leaf(4)
        assert grad(y, x, retain_graph=True)[0][0].isnan().item()
        for create_graph in (True, False):
            with autograd.strict_zeros():
                (g,) = grad(y, x, create_graph=create_graph, retain_graph=True)
            equal(g[1], grad(call(v).sum(), v)[0].item())
            assert g[0].isfinite().item()
    with autograd.strict_zeros():
        assert ag.gradcheck(lambda x: x.softmax(0) * x.sqrt() / 3, leaf(1, 2, 3))
        assert ag.gradgradcheck(lambda x: x.softmax(0) * x.sqrt() / 3, leaf(1, 2, 3))


def test_an_unused_parameter_is_named_by_its_path() -> None:
    net = nn.ModuleDict({"used": nn.Linear(2, 1), "unused": nn.Linear(2, 1)})
    with pytest.raises(
        GraphError, match=r"inputs\['unused.weight'\] \(shape \(1, 2\)\) was not used to compute the outputs"
    ):
        grad(net["used"](ag.ones(1, 2)).sum(), dict(net.named_parameters()))


def test_checkpoints_of_a_sequence() -> None:
    net = nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 4), nn.Dropout(0.5), nn.Linear(4, 1)).double()
    x = leaf(1, 2, 3)
    found = []
    for segments in (1, 2, 5):
        ag.manual_seed(1)
        y = autograd.checkpoint_sequential(net, segments, x, use_reentrant=False)
        found.append(grad(y, [x, *net.parameters()]))
    for other in found[1:]:
        for a, b in zip(found[0], other):
            equal(a, b.numpy())
    y = ag.checkpoint(ag.exp, x, use_reentrant=False, determinism_check="none", debug=True)
    equal(grad(y.sum(), x)[0], np.exp([1, 2, 3]))
    with pytest.raises(ArgumentError, match="segments=6: expected 1 to 5, as there are functions"):
        autograd.checkpoint_sequential(net, 6, x)


# --------------------------------------------------------------------------------------------------------- beside PyTorch


def by_hand(lib: Any, log: list[Any]) -> Any:
    """A Function that uses all options, of either library, applied to x and y; and hooks of each kind."""

    class Mixed(lib.autograd.Function):  # type: ignore[misc, name-defined]
        @staticmethod
        def forward(x: Any, y: Any, k: float) -> Any:
            return x * y * k, (x * k).sum(), x > 0

        @staticmethod
        def setup_context(ctx: Any, inputs: Any, output: Any) -> None:
            x, y, ctx.k = inputs
            ctx.mark_non_differentiable(output[2])
            ctx.set_materialize_grads(False)
            ctx.save_for_backward(x, y)

        @staticmethod
        def backward(ctx: Any, g: Any, h: Any, none: Any) -> Any:
            x, y = ctx.saved_tensors
            log.append((g is None, h is None, none is None, ctx.needs_input_grad))
            gx = g * y * ctx.k if h is None else g * y * ctx.k + h * ctx.k
            return gx, g * x * ctx.k, None

    def call(x: Any, y: Any) -> Any:
        a, b, positive = Mixed.apply(x, y, 3.0)
        h = (a * a).exp()
        h.grad_fn.register_prehook(lambda outputs: log.append(len(outputs)))
        h.grad_fn.register_hook(lambda inputs, outputs: (inputs[0] * 2,))
        h.register_hook(lambda g: g + 1)
        log.append((positive.tolist(), positive.requires_grad, b.shape == ()))
        return h.sum() + b

    return call


def test_functions_and_hooks_beside_pytorch() -> None:
    torch = pytest.importorskip("torch")
    results, logs = [], []
    for lib in (ag, torch):
        log: list[Any] = []
        x, y = (lib.tensor(v, dtype=lib.float64, requires_grad=True) for v in ([0.1, -0.2], [0.3, 0.4]))
        call = by_hand(lib, log)
        gs = lib.autograd.grad(call(x, y), [x, y], create_graph=True)
        hs = lib.autograd.grad((gs[0] * gs[1]).sum(), [x, y])
        with lib.autograd.graph.saved_tensors_hooks(lambda t: t * 2, lambda t: t / 2):
            z = (x.exp() * y.sin()).sum()
        ks = lib.autograd.grad(z, [x, y])
        rows = lib.autograd.grad(x * y, [x, y], lib.eye(2, dtype=lib.float64), is_grads_batched=True)
        results.append([*gs, *hs, *ks, *rows])
        logs.append(log)
    assert logs[0] == logs[1]
    for ours, theirs in zip(*results):
        equal(ours, theirs.detach().numpy())


STRICT = [
    ("vjp", lambda lib, f, x, y, v: f.vjp(lambda a, b: (a * b, a.sum()), (x, y), (v, v.sum()))),
    ("jvp", lambda lib, f, x, y, v: f.jvp(lambda a, b: (a * b, a.sum()), (x, y), (v, v))),
    ("hvp", lambda lib, f, x, y, v: f.hvp(lambda a, b: (a * a * b).sum(), (x, y), (v, v))),
    ("vhp", lambda lib, f, x, y, v: f.vhp(lambda a, b: (a * a * b).sum(), (x, y), (v, v))),
    ("jacobian", lambda lib, f, x, y, v: f.jacobian(lambda a, b: (a * b, a.sum()), (x, y))),
    ("hessian", lambda lib, f, x, y, v: f.hessian(lambda a, b: (a * a * b).sum(), (x, y))),
]


def flat(found: Any) -> list[Any]:
    return [t for part in found for t in flat(part)] if isinstance(found, tuple) else [found]


@pytest.mark.parametrize("call", [call for _, call in STRICT], ids=[name for name, _ in STRICT])
def test_functional_beside_pytorch(call: Callable[..., Any]) -> None:
    torch = pytest.importorskip("torch")
    found = [
        flat(call(lib, lib.autograd.functional, *(lib.tensor(v) for v in ([0.1, -0.2], [0.3, 0.4], [1.0, 2.0]))))
        for lib in (ag, torch)
    ]
    assert len(found[0]) == len(found[1])
    for ours, theirs in zip(*found):
        assert ours.shape == tuple(theirs.shape)
        np.testing.assert_allclose(ours.numpy(), theirs.numpy(), rtol=1e-6)
