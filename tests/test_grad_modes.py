"""Grad modes: no_grad, inference_mode, and what they are as decorators and contexts."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from leaves import vector

import autograd_core as ag
from autograd_core import autograd


def test_inference_mode() -> None:
    x = vector(1)
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
