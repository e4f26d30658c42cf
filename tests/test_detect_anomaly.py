"""detect_anomaly: where NaN and infinity come from."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from functions_by_hand import Polar, make
from leaves import leaf

import autograd_core as ag
from autograd_core import detect_anomaly, grad, ops
from autograd_core.call_text import WATCHED
from autograd_core.errors import NonFiniteError
from autograd_core.primitive import rewrite


def test_anomaly_in_a_forward() -> None:
    a = leaf([[1.0, -2.0], [3.0, 4.0]])
    with detect_anomaly(), ag.scope(ag.Scope("net", "Net")), pytest.raises(NonFiniteError) as caught:
        a.log()
    message = str(caught.value)
    assert message.startswith("forward of log, at ")
    assert "test_detect_anomaly.py" in message
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
        pytest.raises(NonFiniteError, match=r"(?s)forward of div.*\nThis was in the backward of sqrt, made at"),
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
        NonFiniteError, match=r"(?s)forward of div.*\nThis was in the backward of Own, made at .*`.*bad\.apply"
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
