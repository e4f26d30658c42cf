"""Every primitive has samples, and every sample passes every property."""

from __future__ import annotations

import traceback
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from samples import SAMPLES
from tracer import Program

import autograd_core as ag
from autograd_core import PRIMITIVES, Tensor, grad, ops, primitive
from autograd_core.primitive import SPACE


def cases(keep: Callable[..., Any] = lambda prim, params: True) -> Any:
    """Parametrize a test over the samples of the primitives that *keep* takes."""
    return pytest.mark.parametrize(
        ("prim", "operands", "params"),
        [
            pytest.param(PRIMITIVES[name], operands, params, id=f"{name}-{i}")
            for name in SAMPLES
            for i, (operands, params) in enumerate(SAMPLES[name])
            if keep(PRIMITIVES[name], params)
        ],
    )


def live_places(prim: Any, operands: tuple[Any, ...]) -> list[int]:
    """The places of the operands that have a formula."""
    if prim.variadic:
        return list(range(len(operands))) if prim.live else []
    return [i for i, o in enumerate(prim.operands) if o in prim.live]


def result(prim: Any, operands: Any, params: dict[str, Any]) -> Any:
    """What a call gives, without auxiliaries."""
    out = prim.call(*operands, **params)
    return out[0] if prim.auxiliary else out


def directional(f: Callable[..., float], xs: list[Any], vs: list[Any], eps: float = 1e-6) -> float:
    up, down = ([x + s * eps * v for x, v in zip(xs, vs, strict=True)] for s in (1, -1))
    return (f(*up) - f(*down)) / (2 * eps)


def check(f: Callable[..., Tensor], xs: list[Any], order: int) -> None:
    """*f* takes tensors and gives a scalar: its gradient agrees with central differences, and so on upwards."""
    vs = [np.random.default_rng(1).normal(size=np.shape(x)) for x in xs]
    ts = [ag.tensor(x, requires_grad=True) for x in xs]
    y = f(*ts)
    if not y.requires_grad:
        assert order == 1
        return
    gs = grad(y, ts, allow_unused=True)
    exact = sum(float((g.array * v).sum()) for g, v in zip(gs, vs, strict=True) if g is not None)
    numerical = directional(lambda *a: f(*(ag.tensor(x, requires_grad=True) for x in a)).item(), xs, vs)
    np.testing.assert_allclose(exact, numerical, rtol=2e-5, atol=1e-6)
    if order > 1:

        def pull(*ts: Tensor) -> Tensor:
            total = ops.sum(ts[0] * 0.0)
            for g in grad(f(*ts), ts, create_graph=True, allow_unused=True):
                if g is not None:
                    total = total + ops.sum(g * g)
            return total

        check(pull, xs, order - 1)


def test_every_primitive_is_sampled() -> None:
    missing = {n for n in PRIMITIVES if not n.startswith("test_")} - set(SAMPLES)
    assert not missing, f"no samples for {sorted(missing)}: add one line each in tests/samples/"
    assert not set(SAMPLES) - set(PRIMITIVES), "samples of primitives that do not exist"


@cases()
def test_gradient_to_second_order(prim: Any, operands: Any, params: dict[str, Any]) -> None:
    places = live_places(prim, operands)
    if not places:
        out = result(prim, [ag.tensor(a, requires_grad=np.asarray(a).dtype.kind == "f") for a in operands], params)
        assert isinstance(out, Tensor)
        assert out.node is None
        return
    weight = np.random.default_rng(2).normal(size=np.shape(result(prim, operands, params)))

    def f(*xs: Tensor) -> Tensor:
        full = list(operands)
        for i, x in zip(places, xs, strict=True):
            full[i] = x
        return ops.sum(ops.tanh(result(prim, full, params)) * weight)

    check(f, [operands[i] for i in places], order=2)


@cases(lambda prim, params: prim.live)
def test_the_written_pull_is_the_plain_one(prim: Any, operands: Any, params: dict[str, Any]) -> None:
    places = live_places(prim, operands)
    ts = [ag.tensor(a, requires_grad=True) if i in places else a for i, a in enumerate(operands)]
    y = result(prim, ts, params)
    g = ag.tensor(np.random.default_rng(3).normal(size=y.shape))
    live = [ts[i] for i in places]
    written, plain = grad(y, live, g, retain_graph=True), grad(y, live, g, create_graph=True)
    for a, b in zip(written, plain, strict=True):
        np.testing.assert_allclose(a.array, b.array, rtol=1e-12, atol=1e-14)


@cases(lambda prim, params: "dtype" not in params)
def test_float32_stays_float32(prim: Any, operands: Any, params: dict[str, Any]) -> None:
    small = [a.astype("f") if isinstance(a, np.ndarray) and a.dtype.kind == "f" else a for a in operands]
    places = live_places(prim, operands)
    ts = [ag.tensor(a, requires_grad=True) if i in places else a for i, a in enumerate(small)]
    y = result(prim, ts, params)
    if places:
        assert y.dtype == np.float32
        for g in grad(y, [ts[i] for i in places], ag.ones_like(y)):
            assert g.dtype == np.float32
        np.testing.assert_allclose(y.detach().array, result(prim, operands, params), rtol=2e-3, atol=2e-3)


@cases()
def test_a_tracer_replays_the_call(prim: Any, operands: Any, params: dict[str, Any]) -> None:
    program = Program(lambda *xs: [result(prim, xs, params)], *operands)
    np.testing.assert_array_equal(program(*operands)[0], result(prim, operands, params))


@cases(lambda prim, params: not prim.variadic)
def test_only_what_a_formula_reads_is_saved(prim: Any, operands: Any, params: dict[str, Any]) -> None:
    """With one operand live at a time, what only the others' formulas read is not saved."""
    recomputing = {n for rule in prim.recomputed.values() for n in rule.reads}
    for k, o in enumerate(prim.operands):
        if o in prim.live:
            y = result(
                prim, [ag.tensor(a, requires_grad=True) if i == k else a for i, a in enumerate(operands)], params
            )
            for name, value in zip(prim.saved, y.node.saved, strict=True):
                reads = {*prim.rules[o].reads, *prim.params, *recomputing}
                assert value is None or name in reads, f"{prim.name} keeps {name} alive, which no live formula reads"


@cases()
def test_operands_are_left_as_they_were(prim: Any, operands: Any, params: dict[str, Any]) -> None:
    before = [np.array(a) for a in operands]
    places = live_places(prim, operands)
    ts = [ag.from_numpy(a).requires_grad_() if i in places else a for i, a in enumerate(operands)]
    y = result(prim, ts, params)
    if places:
        seed = np.ones(y.shape)
        y.backward(seed)
        np.testing.assert_array_equal(seed, np.ones(y.shape))
    for a, b in zip(operands, before, strict=True):
        np.testing.assert_array_equal(a, b)


def test_the_written_source_is_readable_and_in_tracebacks() -> None:
    assert str(ops.mul.source).startswith("def mul(x, y):")
    assert str(PRIMITIVES["mul"].pull_source).startswith("def mul_pull(node, g):")
    with pytest.raises(ValueError, match="broadcast") as caught:
        ag.ones(3) * ag.ones(4)
    lines = [frame.line or "" for frame in traceback.extract_tb(caught.value.__traceback__)]
    assert "explain(error, mul_primitive, (x, y,))" in lines
    assert ops.mul.__wrapped__ is PRIMITIVES["mul"].forward


def test_one_line_forwards_and_formulas_are_written_out() -> None:
    assert "out = x_data * y_data" in str(ops.mul.source)
    assert "d = g * y" in str(PRIMITIVES["mul"].pull_source)
    assert "d = g / (out + out)" in str(PRIMITIVES["sqrt"].pull_source)
    assert "out = relu_forward(x_data)" in str(ops.relu.source)  # it mentions what lives in its own module
    assert "d = atan_x_formula(g, x)" in str(PRIMITIVES["atan"].pull_source)
    assert "d = share(g, x, y)" in str(PRIMITIVES["maximum"].pull_source)  # but primitives live here too
    assert "d = g - g * out * out if g.nbytes < 16384 else" in str(PRIMITIVES["tanh"].pull_source)  # and so do integers

    @primitive
    def test_twice(x: Any, *, times: int) -> Any:
        return next(x * i for i in (times,))  # binds a name of its own

    test_twice.vjp(
        x=lambda g, times: (
            g * times
        )  # on several lines
    )  # fmt: skip
    try:
        x = ag.tensor([1.0], requires_grad=True)
        test_twice(x, times=2).sum().backward()
        assert x.grad.item() == 2
        assert "test_twice_forward(x_data, times=times)" in str(test_twice.source)
    finally:
        del PRIMITIVES["test_twice"]


def test_declarations_are_checked() -> None:
    with pytest.raises(TypeError, match=r"mul\.vjp needs a formula, or None, for each of"):
        ops.mul.vjp(x=lambda g: g)
    with pytest.raises(TypeError, match=r"formula of neg for x reads \['z'\]; it may read"):
        ops.neg.vjp(x=lambda g, z: g)
    with pytest.raises(TypeError, match="are not auxiliaries"):
        ops.neg.recompute(y=lambda x: x)
    with pytest.raises(ValueError, match="the name 'mul' is taken"):
        primitive(name="mul")(lambda x: x)
    with pytest.raises(ValueError, match="the name 'node' is taken"):

        @primitive
        def test_local(node: Any) -> Any:
            return node

    assert "test_local" not in SPACE

    @primitive
    def test_unfinished(x: Any) -> Any:
        return x

    with pytest.raises(NotImplementedError, match=r"call test_unfinished\.vjp"):
        test_unfinished(ag.ones(2))
    del PRIMITIVES["test_unfinished"]
