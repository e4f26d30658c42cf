"""The pool of memory blocks: who gets which, when they come back, and how much there may be."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest

import autograd_core as ag
from autograd_core.kernels import memory

F32 = np.dtype(np.float32)
MB = 1 << 20


@pytest.fixture(autouse=True)
def empty_pool() -> Iterator[None]:
    gc.collect()
    memory.empty_cache()
    before = memory.limit()
    yield
    memory.set_limit(before)


def address(a: np.ndarray) -> int:
    return int(a.__array_interface__["data"][0])


def large(bytes_: int = MB) -> np.ndarray:
    return memory.empty((bytes_ // 4,), F32)


def test_a_block_comes_back_when_its_last_view_dies() -> None:
    a = large()
    part, first = a[5:9], address(a)
    del a
    assert address(other := large()) != first
    del part
    assert address(large()) == first
    assert address(other) != first


def test_arrays_are_aligned_and_of_the_shape_asked_for() -> None:
    for dtype in (np.float32, np.float64, np.int64, np.uint8):
        a = memory.empty((3, 100, 1000), np.dtype(dtype))
        assert (a.shape, a.dtype, a.flags.c_contiguous, a.flags.writeable) == ((3, 100, 1000), dtype, True, True)
        assert address(a) % memory.LINE == 0
    assert address(memory.workspace(7, F32)) % memory.LINE == 0
    assert memory.empty((0, 5), F32).shape == (0, 5)
    assert memory.workspace(0, F32).size == 0


def test_small_arrays_are_not_of_the_pool() -> None:
    before = memory.reserved()
    a = memory.empty((10,), F32)
    assert a.base is None
    assert memory.reserved() == before


def test_what_is_reserved_and_allocated_is_observable() -> None:
    allocated, reserved = memory.allocated(), memory.reserved()
    a = large(3 * MB)
    assert memory.reserved() - reserved >= 3 * MB
    assert memory.allocated() - allocated >= 3 * MB
    del a
    assert memory.allocated() == allocated
    assert memory.reserved() - reserved >= 3 * MB
    memory.empty_cache()
    assert memory.reserved() == reserved


def test_the_pool_never_holds_more_than_its_limit() -> None:
    memory.set_limit(memory.allocated() + 5 * MB)
    arrays = [large(2 * MB) for _ in range(6)]
    for i, a in enumerate(arrays):
        a[:] = i
    assert memory.reserved() <= memory.limit()
    assert [a[0] for a in arrays] == list(range(6))  # those beyond are as good
    del arrays, a
    large(4 * MB)  # idle blocks of another size make room
    assert memory.reserved() <= memory.limit()
    memory.set_limit(0)
    assert memory.reserved() == memory.allocated()
    assert large().size == MB // 4
    assert memory.reserved() == memory.allocated()


@pytest.mark.parametrize("n", [-1, 1.5, None, True, "1"])
def test_a_wrong_limit(n: Any) -> None:
    with pytest.raises(ValueError, match=r"n is .*: expected a number of bytes, an int of at least 0"):
        ag.memory.set_limit(n)


def test_threads_never_share_a_block() -> None:
    def use(value: int) -> bool:
        for _ in range(40):
            a = memory.workspace(3000, F32)
            a[:] = value
            if not (a == value).all():
                return False
        return True

    with ThreadPoolExecutor(4) as users:
        assert all(users.map(use, range(8)))


def test_a_gradient_may_keep_a_whole_block_and_nobody_else_gets_it() -> None:
    x = ag.tensor(np.ones((64, 64, 8, 8), np.float32), requires_grad=True)
    ag.relu(x).sum().backward()
    assert x.grad is not None
    kept = address(x.grad.array)
    more = [large(MB) for _ in range(4)]
    assert all(address(a) != kept for a in more)
    assert (x.grad.array == 1).all()


def test_a_step_of_training_reuses_its_memory() -> None:
    x = ag.tensor(np.random.default_rng(0).normal(size=(8, 16, 40, 40)).astype(np.float32))
    w = ag.tensor(np.ones((16, 16, 3, 3), np.float32) / 144, requires_grad=True)

    def step() -> int:
        w.grad = None
        ag.relu(ag.conv2d(x, w, padding=1)).sum().backward()
        return memory.reserved()

    before = ag.get_num_threads()
    ag.set_num_threads(1)  # how many threads take part in a step, each with its workspace, is a matter of luck
    try:
        step()
        assert step() == step() == step()
    finally:
        ag.set_num_threads(before)
