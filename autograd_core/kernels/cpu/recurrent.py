"""Recurrent cells, and sequences of them forwards and backwards in time.

A step takes the input's part of the gates a = x W_ih^T and the state's part u = h W_hh^T, both (N, G H) for G gates of H
columns, and their biases b and b'; then, element by element::

    tanh, relu   h' = f(a + b + u + b')
    lstm         i, f, g, o = a + b + u + b', the first, second and last through sigmoid, g through tanh
                 c' = f c + i g,   h' = o tanh(c')
    gru          r, z = sigmoid(a + b + u + b'),   n = tanh(a + b + r (u + b'))
                 h' = (1 - z) n + z h

Only u needs the step before.  So a sequence is one large product for a of all steps, then for each step a small product
for u and the cell; backwards likewise, and the gradient of W_hh is one large product again.  Each thread goes through all
steps with some of the sequences, and waits for nobody on the way.

A state is (N, S H): h, and beside it the c of an LSTM.  Step t goes on with the first N_t of N sequences, N_t not
increasing; the others are over (in reverse: have not begun), and their state stays.  Rows of all steps lie one after the
other, R in all.  Arrays are contiguous, of one floating dtype.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from numpy import ndarray

from ..jit import at_warm_up, kernel
from ..layout import compact
from ..memory import empty
from ..threads import parallel
from .approximation import sigmoid, tanh
from .product import COST, ROWS, multiply_rows, panels_of, product

__all__ = ["recurrence", "recurrence_backward", "recurrent_cell", "recurrent_cell_backward", "recurrent_table"]

Sizes = tuple[int, ...]

WORK = 4  # nanoseconds, on one core, for an element of the state in one step


# ----------------------------------------------------------------------------------------------------------------- cells
#
# forward(start, stop, a, u, bias, before, gates, after): from the state *before* (N, S H) to the state *after*; *gates*
# gets what backward reads.
#
# backward(start, stop, g, back, carry, gates, before, after, da, du): the gradient of *after* comes in parts, g (N, S H),
# *back* (N, H) of h by way of the next u, and *carry* (N, H) of c, or of a GRU's h.  It gives da, du, which are one array
# where they are equal, and in *carry* the gradient of *before* but for what u brings it.
#
# A loop with one store is vectorised, one with several is not: the compiler gives up asking which arrays overlap.  So each
# quantity has a loop of its own, over a row, which stays in the cache.  Indices are unsigned: a signed one could count from
# the end.


@kernel
def _tanh(start: int, stop: int, a: Any, u: Any, bias: Any, before: Any, gates: Any, after: Any) -> None:
    for n in range(start, stop):
        for j in range(np.uint64(after.shape[1])):
            after[n, j] = tanh(a[n, j] + bias[0, j] + u[n, j] + bias[1, j])


@kernel
def _tanh_backward(
    start: int, stop: int, g: Any, back: Any, carry: Any, gates: Any, before: Any, after: Any, da: Any, du: Any
) -> None:
    for n in range(start, stop):
        for j in range(np.uint64(after.shape[1])):
            dh = g[n, j] + back[n, j]
            da[n, j] = dh - dh * after[n, j] * after[n, j]


@kernel
def _relu(start: int, stop: int, a: Any, u: Any, bias: Any, before: Any, gates: Any, after: Any) -> None:
    zero = after.dtype.type(0)
    for n in range(start, stop):
        for j in range(np.uint64(after.shape[1])):
            x = a[n, j] + bias[0, j] + u[n, j] + bias[1, j]
            after[n, j] = zero if x < zero else x  # NaN stays


@kernel
def _relu_backward(
    start: int, stop: int, g: Any, back: Any, carry: Any, gates: Any, before: Any, after: Any, da: Any, du: Any
) -> None:
    zero = after.dtype.type(0)
    for n in range(start, stop):
        for j in range(np.uint64(after.shape[1])):
            da[n, j] = zero if after[n, j] == zero else g[n, j] + back[n, j]


@kernel
def _lstm(start: int, stop: int, a: Any, u: Any, bias: Any, before: Any, gates: Any, after: Any) -> None:
    size = np.uint64(after.shape[1] // 2)
    f0, g0, o0, c0 = size, size + size, size + size + size, size  # where the columns of each begin
    for n in range(start, stop):
        for k in range(o0 + size):
            gates[n, k] = a[n, k] + bias[0, k] + u[n, k] + bias[1, k]
        for k in range(g0):
            gates[n, k] = sigmoid(gates[n, k])
        for j in range(size):
            gates[n, g0 + j] = tanh(gates[n, g0 + j])
        for j in range(size):
            gates[n, o0 + j] = sigmoid(gates[n, o0 + j])
        for j in range(size):  # c' = f c + i g
            after[n, c0 + j] = gates[n, f0 + j] * before[n, c0 + j] + gates[n, j] * gates[n, g0 + j]
        for j in range(size):  # h' = o tanh(c')
            after[n, j] = gates[n, o0 + j] * tanh(after[n, c0 + j])


@kernel
def _lstm_backward(
    start: int, stop: int, g: Any, back: Any, carry: Any, gates: Any, before: Any, after: Any, da: Any, du: Any
) -> None:
    size = np.uint64(after.shape[1] // 2)
    f0, g0, o0, c0 = size, size + size, size + size + size, size
    for n in range(start, stop):
        for j in range(size):  # dc' += dh' o (1 - tanh(c')^2)
            slope, t = (g[n, j] + back[n, j]) * gates[n, o0 + j], tanh(after[n, c0 + j])
            carry[n, j] += g[n, c0 + j] + (slope - slope * t * t)
        for j in range(size):  # of o: dh' tanh(c') o (1 - o), and o tanh(c') is h'
            da[n, o0 + j] = (g[n, j] + back[n, j]) * (after[n, j] - after[n, j] * gates[n, o0 + j])
        for j in range(size):  # of i, of f: sigmoid' = sigmoid (1 - sigmoid)
            da[n, j] = carry[n, j] * gates[n, g0 + j] * (gates[n, j] - gates[n, j] * gates[n, j])
        for j in range(size):
            da[n, f0 + j] = carry[n, j] * before[n, c0 + j] * (gates[n, f0 + j] - gates[n, f0 + j] * gates[n, f0 + j])
        for j in range(size):
            dg = carry[n, j] * gates[n, j]
            da[n, g0 + j] = dg - dg * gates[n, g0 + j] * gates[n, g0 + j]
        for j in range(size):
            carry[n, j] *= gates[n, f0 + j]


@kernel
def _gru(start: int, stop: int, a: Any, u: Any, bias: Any, before: Any, gates: Any, after: Any) -> None:
    size = np.uint64(after.shape[1])
    z0, n0, u0 = size, size + size, size + size + size  # gates: r, z, n and, for backward, the u of n with its bias
    for n in range(start, stop):
        for k in range(n0):
            gates[n, k] = sigmoid(a[n, k] + bias[0, k] + u[n, k] + bias[1, k])
        for j in range(size):
            gates[n, u0 + j] = u[n, n0 + j] + bias[1, n0 + j]
        for j in range(size):
            gates[n, n0 + j] = tanh(a[n, n0 + j] + bias[0, n0 + j] + gates[n, j] * gates[n, u0 + j])
        for j in range(size):  # h' = (1 - z) n + z h
            after[n, j] = gates[n, n0 + j] + gates[n, z0 + j] * (before[n, j] - gates[n, n0 + j])


@kernel
def _gru_backward(
    start: int, stop: int, g: Any, back: Any, carry: Any, gates: Any, before: Any, after: Any, da: Any, du: Any
) -> None:
    size = np.uint64(after.shape[1])
    z0, n0, u0 = size, size + size, size + size + size
    for n in range(start, stop):
        for j in range(size):
            carry[n, j] += g[n, j] + back[n, j]
        for j in range(size):  # dn = dh' (1 - z)
            dn = carry[n, j] - carry[n, j] * gates[n, z0 + j]
            da[n, n0 + j] = dn - dn * gates[n, n0 + j] * gates[n, n0 + j]
        for j in range(size):  # dz = dh' (h - n)
            dz = carry[n, j] * (before[n, j] - gates[n, n0 + j])
            da[n, z0 + j] = dz * (gates[n, z0 + j] - gates[n, z0 + j] * gates[n, z0 + j])
        for j in range(size):
            da[n, j] = da[n, n0 + j] * gates[n, u0 + j] * (gates[n, j] - gates[n, j] * gates[n, j])
        for k in range(n0):
            du[n, k] = da[n, k]
        for j in range(size):
            du[n, n0 + j] = da[n, n0 + j] * gates[n, j]
        for j in range(size):
            carry[n, j] *= gates[n, z0 + j]


class Cell(NamedTuple):
    """A kind of recurrence, with its kernels."""

    number: int  # by which the kernels of sequences know it
    gates: int  # G
    states: int  # S
    kept: int  # how many times H columns backward reads beside the states
    apart: bool  # whether du differs from da
    forward: Callable[..., None]
    backward: Callable[..., None]


TANH, RELU, LSTM, GRU = range(4)
CELLS = {
    "tanh": Cell(TANH, 1, 1, 0, False, _tanh, _tanh_backward),
    "relu": Cell(RELU, 1, 1, 0, False, _relu, _relu_backward),
    "lstm": Cell(LSTM, 4, 2, 4, False, _lstm, _lstm_backward),
    "gru": Cell(GRU, 3, 1, 4, True, _gru, _gru_backward),
}


def recurrent_cell(mode: str, a: ndarray, u: ndarray, carried: ndarray) -> tuple[ndarray, ndarray]:
    """Return the state after one step whose a and u have their biases, and what backward reads.

    *carried* (N, H) is of the state before what does not come by way of u: the c of an LSTM, the h of a GRU.
    """
    cell, (n, hidden) = CELLS[mode], carried.shape
    after, gates = np.empty((n, cell.states * hidden), a.dtype), np.empty((n, cell.kept * hidden), a.dtype)
    bias = np.zeros((2, cell.gates * hidden), a.dtype)
    args = compact(a, a.shape), compact(u, u.shape), bias, _state(cell, carried), gates, after
    parallel(cell.forward, n, *args, work=WORK * n * hidden)
    return after, gates


def recurrent_cell_backward(
    mode: str, g: ndarray, gates: ndarray, carried: ndarray, after: ndarray
) -> tuple[ndarray, ndarray, ndarray]:
    """Return the gradients of a, of u, and of *carried*."""
    cell, (n, hidden) = CELLS[mode], carried.shape
    da = np.empty((n, cell.gates * hidden), g.dtype)
    du = np.empty_like(da) if cell.apart else da
    back, carry = np.zeros((n, hidden), g.dtype), np.zeros((n, hidden), g.dtype)
    args = compact(g, g.shape), back, carry, gates, _state(cell, carried), after, da, du
    parallel(cell.backward, n, *args, work=WORK * n * hidden)
    return da, du, carry


def _state(cell: Cell, carried: ndarray) -> ndarray:
    """Return a state of which only *carried*, its last H columns, will be read."""
    return compact(carried, carried.shape) if cell.states == 1 else np.concatenate((carried, carried), 1)


# ------------------------------------------------------------------------------------------------------------- sequences


class Table(NamedTuple):
    """Where everything is that one backward pass gives gradients for: rows of G H columns in one matrix."""

    inputs: ndarray  # (R, G H): a of all steps
    weight: ndarray  # W_hh (G H, H), its numbers as H rows
    bias: ndarray  # (2, G H): b and b'
    initial: ndarray  # (N, G H), of which the state has the first S H columns

    @classmethod
    def of(cls, table: ndarray, mode: str, batch_sizes: Sizes) -> Table:
        width = table.shape[1]
        hidden, rows = width // CELLS[mode].gates, sum(batch_sizes)
        weight = table[rows : rows + hidden].reshape(width, hidden)
        return cls(table[:rows], weight, table[rows + hidden : rows + hidden + 2], table[rows + hidden + 2 :])


def recurrent_table(x: ndarray, w_ih: ndarray, w_hh: ndarray, b_ih: ndarray, b_hh: ndarray, state: ndarray) -> ndarray:
    """Return the table of a sequence: x is (R, I), *state* (N, S H)."""
    (rows, _), (width, hidden), (n, size) = x.shape, w_hh.shape, state.shape
    table = empty((rows + hidden + 2 + n, width), x.dtype)
    product(x, w_ih.T, out=table[:rows])
    table[rows : rows + hidden] = w_hh.reshape(hidden, width)
    table[rows + hidden], table[rows + hidden + 1] = b_ih, b_hh
    table[rows + hidden + 2 :, :size], table[rows + hidden + 2 :, size:] = state, 0
    return table


def _steps(batch_sizes: Sizes, reverse: bool) -> ndarray:
    """Return *before*, *after*, the first row and N_t of each step, in the order of computation.

    Of the T + 1 states, t and t + 1 are on the two sides of step t.
    """
    steps, first = np.empty((len(batch_sizes), 4), np.int64), 0
    for t, size in enumerate(batch_sizes):
        steps[t] = t + reverse, t + 1 - reverse, first, size
        first += size
    return steps[::-1].copy() if reverse else steps


def recurrence(table: ndarray, *, mode: str, batch_sizes: Sizes, reverse: bool) -> tuple[ndarray, ndarray]:
    """Return the T + 1 states (T + 1, N, S H) of a sequence, in the order of time, and what its backward reads."""
    cell, parts = CELLS[mode], Table.of(compact(table, table.shape), mode, batch_sizes)
    n, (width, hidden), rows = len(parts.initial), parts.weight.shape, len(parts.inputs)
    states = empty((len(batch_sizes) + 1, n, cell.states * hidden), table.dtype)
    states[-1 if reverse else 0] = parts.initial[:, : cell.states * hidden]
    gates, u = empty((rows, cell.kept * hidden), table.dtype), np.empty((n, width), table.dtype)
    steps, panels = _steps(batch_sizes, reverse), panels_of(parts.weight.T, n)
    args = panels, cell.number, parts.inputs, u, parts.bias, states, gates, hidden
    if panels.size:
        parallel(_forward, -(-n // ROWS), steps, *args, work=rows * hidden * (WORK + COST * width))
    else:
        for i, (before, _, _, size) in enumerate(steps.tolist()):
            np.matmul(states[before, :size, :hidden], parts.weight.T, out=u[:size])
            _forward(0, -(-n // ROWS), steps[i : i + 1], *args)
    return states, gates


@kernel
def _forward(
    start: int, stop: int, steps: Any, panels: Any, cell: int, inputs: Any, u: Any, bias: Any, states: Any, gates: Any,
    hidden: int,
) -> None:  # fmt: skip
    """Go through *steps*, each of *start* and *stop* counting ROWS sequences; without panels u is there for the one step."""
    n, width = u.shape
    pitch = states.shape[2]
    flat_states, flat_u = states.reshape(-1), u.reshape(-1)
    first, end = start * ROWS, min(stop * ROWS, n)
    for i in range(len(steps)):
        before, after, row, size = steps[i, 0], steps[i, 1], steps[i, 2], steps[i, 3]
        last = max(first, min(end, size))
        if panels.size:
            x0 = (before * n + first) * pitch
            multiply_rows(flat_states, x0, pitch, last - first, panels, flat_u, first * width, hidden, width)
        a, kept, state, new = inputs[row : row + size], gates[row : row + size], states[before], states[after]
        if cell == TANH:
            _tanh(first, last, a, u, bias, state, kept, new)
        elif cell == RELU:
            _relu(first, last, a, u, bias, state, kept, new)
        elif cell == LSTM:
            _lstm(first, last, a, u, bias, state, kept, new)
        else:
            _gru(first, last, a, u, bias, state, kept, new)
        for r in range(last, end):  # these sequences are over, or have not begun
            for j in range(pitch):
                new[r, j] = state[r, j]


def recurrence_backward(
    g: ndarray, table: ndarray, states: ndarray, gates: ndarray, *, mode: str, batch_sizes: Sizes, reverse: bool
) -> ndarray:
    """Return the gradient of the table, for g that of the states."""
    g, cell, grads = compact(g, g.shape), CELLS[mode], empty(table.shape, g.dtype)
    parts, matrix = Table.of(grads, mode, batch_sizes), Table.of(table, mode, batch_sizes).weight
    n, (width, hidden), da = len(parts.initial), matrix.shape, parts.inputs
    du = empty(da.shape, g.dtype) if cell.apart else da
    back, carry = np.zeros((n, hidden), g.dtype), np.zeros((n, hidden), g.dtype)
    steps, panels = _steps(batch_sizes, reverse)[::-1].copy(), panels_of(matrix, n)
    args = panels, cell.number, g, back, carry, gates, states, da, du
    if panels.size:
        parallel(_backward, -(-n // ROWS), steps, *args, work=len(da) * hidden * (WORK + COST * width))
    else:
        for i, (_, _, row, size) in enumerate(steps.tolist()):
            _backward(0, -(-n // ROWS), steps[i : i + 1], *args)
            np.matmul(du[row : row + size], matrix, out=back[:size])
    product(du.T, _before(states, batch_sizes, reverse)[:, :hidden], out=parts.weight)
    parts.bias[0] = np.add.reduce(da, 0)
    parts.bias[1] = np.add.reduce(du, 0) if cell.apart else parts.bias[0]
    initial = np.concatenate((back, carry), 1) if cell.states == 2 else back + carry
    initial += g[-1 if reverse else 0]
    parts.initial[:, : initial.shape[1]], parts.initial[:, initial.shape[1] :] = initial, 0
    return grads


@kernel
def _backward(
    start: int, stop: int, steps: Any, panels: Any, cell: int, g: Any, back: Any, carry: Any, gates: Any, states: Any,
    da: Any, du: Any,
) -> None:  # fmt: skip
    """Go through *steps* like ``_forward``; without panels the caller makes *back* of the one step's du."""
    n, hidden = back.shape
    width = du.shape[1]
    flat_du, flat_back = du.reshape(-1), back.reshape(-1)
    first, end = start * ROWS, min(stop * ROWS, n)
    for i in range(len(steps)):
        before, after, row, size = steps[i, 0], steps[i, 1], steps[i, 2], steps[i, 3]
        last = max(first, min(end, size))
        rows = slice(row, row + size)
        arrays = g[after], back, carry, gates[rows], states[before], states[after], da[rows], du[rows]
        if cell == TANH:
            _tanh_backward(first, last, *arrays)
        elif cell == RELU:
            _relu_backward(first, last, *arrays)
        elif cell == LSTM:
            _lstm_backward(first, last, *arrays)
        else:
            _gru_backward(first, last, *arrays)
        if panels.size:
            x0, y0 = (row + first) * width, first * hidden
            multiply_rows(flat_du, x0, width, last - first, panels, flat_back, y0, width, hidden)
        for r in range(last, end):
            for j in range(hidden):
                back[r, j] += g[after, r, j]
            for j in range(g.shape[2] - hidden):
                carry[r, j] += g[after, r, hidden + j]


def _before(states: ndarray, batch_sizes: Sizes, reverse: bool) -> ndarray:
    """Return the states before all steps, (R, S H)."""
    _, n, size = states.shape
    found = states[1:] if reverse else states[:-1]
    if all(size == n for size in batch_sizes):
        return found.reshape(-1, size)
    return found[np.arange(n) < np.array(batch_sizes)[:, None]]


@at_warm_up
def _warm_up(dtype: np.dtype[Any]) -> None:
    for mode, cell in CELLS.items():
        how = {"mode": mode, "batch_sizes": (1,), "reverse": False}
        table = np.zeros((1 + 1 + 2 + 1, cell.gates), dtype)
        states, gates = recurrence(table, **how)  # type: ignore[arg-type]
        recurrence_backward(states, table, states, gates, **how)  # type: ignore[arg-type]
