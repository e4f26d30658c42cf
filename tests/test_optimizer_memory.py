"""Where the memory of parameters and of an optimizer's state lives, and what is shared, moved, replaced and freed."""

from __future__ import annotations

import gc
from typing import Any

import numpy as np
import pytest
from optimizers_beside_torch import DTYPES, SHAPES, blocks, make, problem, set_gradients

import autograd_core as ag
import optim


def test_small_neighbours_of_a_dtype_are_one_call() -> None:
    small = [np.ones(3, "float32")] * 2
    tensors = make([*small, np.ones(4, "float64"), np.ones(5, "float64"), np.ones(20_000, "float32"), *small])
    optimizer = optim.SGD(tensors, lr=0.5)
    assert blocks(optimizer) == [2, 2, 1, 2]
    set_gradients(tensors, [np.ones_like(t.array) for t in tensors])
    optimizer.step()
    assert all((t.array == 0.5).all() for t in tensors)


def test_values_and_shapes_survive_the_move() -> None:
    params, _ = problem("float32")
    tensors = make(params)
    optimizer = optim.SGD(tensors)
    assert blocks(optimizer) == [len(SHAPES)]
    for t, p in zip(tensors, params, strict=True):
        np.testing.assert_array_equal(t.array, p)
        assert t.array.flags.c_contiguous


@pytest.mark.parametrize("kind", ["array", "detached", "view", "window"])
def test_shared_memory_stays_shared(kind: str) -> None:
    memory = np.ones((4, 4), "float32")
    other: Any = None
    if kind == "array":
        w = ag.from_numpy(memory[1]).requires_grad_()
        other = memory[1]
    elif kind == "window":
        w = ag.from_numpy(memory[:, ::2]).requires_grad_()
        other = memory[:, ::2]
    else:
        w = ag.tensor(memory, requires_grad=True)
        other = w.detach().array if kind == "detached" else w.array[1]
    optimizer = optim.Adam([ag.zeros(2, requires_grad=True), w, ag.zeros(2, requires_grad=True)], lr=0.5)
    for _ in range(2):
        w.grad = ag.tensor(np.ones(w.shape, "float32"))
        optimizer.step()
    np.testing.assert_allclose(other, 0.0, atol=1e-6)
    np.testing.assert_allclose(w.array, 0.0, atol=1e-6)
    if kind == "window":
        np.testing.assert_array_equal(memory[:, 1::2], 1.0)


def test_transposed_memory_is_updated_where_it_is() -> None:
    memory = np.zeros((2, 3))
    w = ag.from_numpy(memory.T).requires_grad_()
    optimizer = optim.SGD([w], lr=1.0, momentum=0.5)
    for _ in range(2):
        w.grad = ag.from_numpy(np.arange(6.0).reshape(3, 2))
        optimizer.step()
    np.testing.assert_array_equal(memory.T, -2.5 * np.arange(6.0).reshape(3, 2))
    np.testing.assert_array_equal(optimizer.state[w]["momentum_buffer"].numpy(), 1.5 * np.arange(6.0).reshape(3, 2))


def test_gradients_of_any_memory_order() -> None:
    tensors = make([np.zeros((2, 3)), np.zeros((3, 2)), np.zeros((150, 150))])
    gradients = [
        np.arange(6.0).reshape(3, 2).T,
        np.broadcast_to(np.arange(2.0), (3, 2)),
        np.arange(22500.0).reshape(150, 150).T,
    ]
    set_gradients(tensors, gradients)
    tensors[1].grad = ag.from_numpy(gradients[1])
    optim.SGD(tensors, lr=1.0).step()
    for t, g in zip(tensors, gradients, strict=True):
        np.testing.assert_array_equal(t.array, -g)


def test_two_optimizers_over_the_same_parameters() -> None:
    tensors = make([np.ones(3, "float32"), np.ones(2, "float32")])
    first, second = optim.SGD(tensors, lr=0.25, momentum=0.5), optim.SGD(tensors, lr=0.5)
    for optimizer in (first, second, first):
        set_gradients(tensors, [np.ones(3, "float32"), np.ones(2, "float32")])
        optimizer.step()
    for t in tensors:
        np.testing.assert_array_equal(t.array, 1.0 - 0.25 - 0.5 - 0.25 * 1.5)
    assert blocks(first) == [2]


def test_a_replaced_array_is_noticed_and_no_state_is_lost() -> None:
    tensors = make([np.zeros(3, "float32"), np.zeros(2, "float32"), np.zeros(1, "float32")])
    optimizer = optim.SGD(tensors, lr=1.0, momentum=0.5)
    gradients = [np.ones(n, "float32") for n in (3, 2, 1)]
    set_gradients(tensors, gradients)
    optimizer.step()
    tensors[1].array = np.full(2, 10.0, "float32")
    set_gradients(tensors, gradients)
    optimizer.step()
    assert [t.array[0] for t in tensors] == [-2.5, 8.5, -2.5]


def test_another_dtype_is_noticed_and_no_state_is_lost() -> None:
    tensors = make([np.zeros(3, "float32"), np.zeros(2, "float32")])
    optimizer = optim.Adam(tensors, lr=1.0)
    for dtype in DTYPES:
        for t in tensors:
            t.array = t.array.astype(dtype)
            t.grad = ag.from_numpy(np.ones(t.shape, dtype))
        optimizer.step()
    assert optimizer.state[tensors[0]]["step"] == 2
    assert optimizer.state[tensors[0]]["exp_avg"].dtype == ag.float64
    np.testing.assert_allclose(tensors[1].array, -2.0, rtol=1e-6)
    assert blocks(optimizer) == [2]


def test_another_shape_is_an_error_once_there_is_state() -> None:
    w = ag.zeros(3, requires_grad=True)
    optimizer = optim.Adam([w])
    w.array = np.zeros(4, "float32")
    w.grad = ag.zeros(4)
    optimizer.step()
    w.array = np.zeros(5, "float32")
    with pytest.raises(
        ag.errors.ArgumentError,
        match=r"parameter 0 of its group has shape \(5,\), but its state 'exp_avg' has shape \(4,\). Make a new",
    ):
        optimizer.step()


def test_a_changed_list_of_parameters_is_noticed() -> None:
    a, b, c = make([np.zeros(2, "float32")] * 3)
    optimizer = optim.SGD([a, b], lr=1.0, momentum=0.5)
    set_gradients([a, b], [np.ones(2, "float32")] * 2)
    optimizer.step()
    optimizer.param_groups[0]["params"][0] = c
    set_gradients([a, b, c], [np.ones(2, "float32")] * 3)
    optimizer.step()
    assert [t.array[0] for t in (a, b, c)] == [-1.0, -2.5, -1.0]


def test_uneven_gradients_split_the_call_and_pieces_stay_apart() -> None:
    tensors = make([np.zeros(2, "float32")] * 4)
    optimizer = optim.Adam(tensors)
    ones = np.ones(2, "float32")
    set_gradients(tensors, [ones, None, ones, ones])
    optimizer.step()
    assert blocks(optimizer) == [1, 1, 2]
    set_gradients(tensors, [ones] * 4)
    optimizer.step()
    assert blocks(optimizer) == [1, 1, 2]
    assert [optimizer.state[t]["step"] for t in tensors] == [2, 1, 2, 2]


def test_a_rule_that_is_not_elementwise_gets_one_parameter_at_a_time() -> None:
    class Normalised(optim.Optimizer):
        elementwise = False

        def __init__(self, params: Any, lr: float) -> None:
            super().__init__(params, {"lr": lr})

        def update(self, group: dict[str, Any], parameter: Any, gradient: Any, state: dict[str, Any]) -> None:
            parameter -= group["lr"] * gradient / np.linalg.norm(gradient)

    a, b = make([np.zeros(4), np.zeros(1)])
    set_gradients([a, b], [np.full(4, 3.0), np.full(1, 5.0)])
    Normalised([a, b], lr=1.0).step()
    assert (a.tolist(), b.tolist()) == ([-0.5] * 4, [-1.0])


def test_is_freed_with_the_collector_off() -> None:
    gc.collect()
    gc.disable()
    try:
        w = ag.zeros(3, requires_grad=True)
        optimizer = optim.Adam([w, ag.zeros(2, requires_grad=True)])
        w.grad = ag.ones(3)
        optimizer.step()
        del optimizer, w
        assert gc.collect() == 0
    finally:
        gc.enable()
