"""checkpoint: the forward pass again in place of what it saved."""

from __future__ import annotations

import weakref
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from collector import collector_off
from leaves import X, leaf

import autograd_core as ag
from autograd_core import Tensor, checkpoint, grad, graph
from autograd_core.errors import GraphError


def same(a: Any, b: Any) -> None:
    """The same numbers, bit for bit."""
    assert a.dtype == b.dtype
    assert a.array.tobytes() == b.array.tobytes()


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
