"""autograd.functional and dual tensors."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from leaves import equal, vector

import autograd_core as ag
from autograd_core import Tensor, grad
from autograd_core.autograd import forward_ad, functional
from autograd_core.errors import ArgumentError, DtypeError, GraphError, ShapeError

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


# -------------------------------------------------------------------------------------------------------- dual tensors


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
    w = vector(1, 2)
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
