"""Recurrent layers: a whole sequence in one node.

As in ``recurrent``, formulas are fused kernels on arrays, and composed of elementary functions on Tensors.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Any, NamedTuple, TypeAlias

import numpy as np

from ..backend import of
from ..errors import ArgumentError, ShapeError
from ..primitive import Array, primitive
from .linalg import linear, matmul
from .recurrent import CELLS, check, lstm_step
from .reduce import reduce_sum
from .shape import reshape_to
from .stacking import cat

Sizes: TypeAlias = tuple[int, ...]

# ----------------------------------------------------------------------------------------------------------- primitives
#
# One pass backwards in time gives the gradients of all that a sequence depends on, and networks differ in which of them
# they want: an initial state is often constant.  So all of it is one operand, a table, whose rows are as wide as the gates.


class Layout(NamedTuple):
    """Where the parts of a table are: R rows, G H columns.  Its last rows are the initial state, as far as that is wide."""

    rows: int  # of the inputs' part of the gates: those of all steps, one after the other
    hidden: int  # rows in which the numbers of W_hh (G H, H) are; then a row for each bias

    @property
    def inputs(self) -> slice:
        return slice(0, self.rows)

    @property
    def weight(self) -> slice:
        return slice(self.rows, self.rows + self.hidden)

    @property
    def b_ih(self) -> int:
        return self.rows + self.hidden

    @property
    def b_hh(self) -> int:
        return self.b_ih + 1

    @property
    def initial(self) -> slice:
        return slice(self.b_hh + 1, None)


@primitive(name="recurrent_table")
def tabulate(x: Array, w_ih: Array, w_hh: Array, b_ih: Array, b_hh: Array, state: Array, *, layout: Layout) -> Array:
    """Return the table of x @ w_ih.T for x (R, I), of W_hh, the biases, and the initial state (N, S H).

    *layout* is for the formulas: here the shapes show it.
    """
    return of(x, w_ih, w_hh, b_ih, b_hh, state).kernels.recurrent_table(x, w_ih, w_hh, b_ih, b_hh, state)


tabulate.vjp(
    x=lambda g, w_ih, layout: matmul(g[layout.inputs], w_ih),
    w_ih=lambda g, x, layout: matmul(g[layout.inputs].mT, x),
    w_hh=lambda g, w_hh_shape, layout: reshape_to(g[layout.weight], shape=w_hh_shape),
    b_ih=lambda g, layout: g[layout.b_ih],
    b_hh=lambda g, layout: g[layout.b_hh],
    state=lambda g, state_shape, layout: g[layout.initial, : state_shape[1]],
)


@primitive(name="recurrence", aux=("gates",))
def unroll(table: Array, *, mode: str, batch_sizes: Sizes, reverse: bool) -> tuple[Array, Array]:
    """Return the T + 1 states (T + 1, N, S H), in the order of time; step t goes on with the first batch_sizes[t] of N."""
    return of(table).kernels.recurrence(table, mode=mode, batch_sizes=batch_sizes, reverse=reverse)


def _unroll_table(
    g: Array, table: Array, out: Array, gates: Array, mode: str, batch_sizes: Sizes, reverse: bool
) -> Array:
    if type(g) is np.ndarray:
        how = {"mode": mode, "batch_sizes": batch_sizes, "reverse": reverse}
        return of(g).kernels.recurrence_backward(g, table, out, gates, **how)
    return _through_time(g, table, out, mode, batch_sizes, reverse)


unroll.vjp(table=_unroll_table)


def _through_time(g: Array, table: Array, states: Array, mode: str, batch_sizes: Sizes, reverse: bool) -> Array:
    """Return the gradient of the table, step by step from the last one computed."""
    cell, (width, n) = CELLS[mode], (table.shape[1], states.shape[1])
    layout = Layout(sum(batch_sizes), width // cell.width)
    weight = reshape_to(table[layout.weight], shape=(width, layout.hidden))
    h = _rows(states[1:] if reverse else states[:-1], batch_sizes)[:, : layout.hidden]
    gates = cell.gates(table[layout.inputs] + table[layout.b_ih], matmul(h, weight.mT) + table[layout.b_hh])
    parts: dict[int, tuple[Array, Array]] = {}
    total = g[0 if reverse else -1]
    for t, rows in reversed(list(_steps(batch_sizes, reverse))):
        before, after, size = t + reverse, t + 1 - reverse, batch_sizes[t]
        da, du, carry = cell.pull(total[:size], gates[rows], states[before, :size], states[after, :size])
        dh, parts[t] = matmul(du, weight), (da, du)
        d = dh + carry if cell.states == 1 else cat([dh, carry], 1)
        total = g[before] + (d if size == n else cat([d, total[size:]], 0))
    da, du = (cat([parts[t][i] for t in range(len(batch_sizes))]) for i in (0, 1))
    return cat(
        [
            da,
            reshape_to(matmul(du.mT, h), shape=(layout.hidden, width)),
            reduce_sum(da, axis=(0,), keepdims=True),
            reduce_sum(du, axis=(0,), keepdims=True),
            cat([total, np.zeros((n, width - total.shape[1]), g.dtype)], 1),
        ]
    )


def _steps(batch_sizes: Sizes, reverse: bool) -> Iterator[tuple[int, slice]]:
    """Yield the time of each step, in the order of computation, and its rows."""
    starts = np.cumsum((0, *batch_sizes)).tolist()
    times = range(len(batch_sizes))
    return ((t, slice(starts[t], starts[t + 1])) for t in (reversed(times) if reverse else times))


def _rows(states: Array, batch_sizes: Sizes) -> Array:
    """Return the states of all steps (T, N, S H) as rows, without those of sequences that are over."""
    t, n, size = states.shape
    if batch_sizes[-1] == n:
        return reshape_to(states, shape=(t * n, size))
    return states[np.arange(n) < np.array(batch_sizes)[:, None]]


# ------------------------------------------------------------------------------------------------- the public function


def recurrent_layer(
    mode: str,
    input: Array,
    hx: Any,
    w_ih: Array,
    w_hh: Array,
    b_ih: Array | None = None,
    b_hh: Array | None = None,
    w_hr: Array | None = None,
    *,
    batch_sizes: Sequence[int] | None = None,
    reverse: bool = False,
) -> tuple[Array, Any]:
    """Return the output of one recurrent layer at each time, and its last state.

    *mode* is "tanh", "relu", "lstm" or "gru"; the equations are those of ``rnn_tanh_cell``, ``rnn_relu_cell``,
    ``lstm_cell`` and ``gru_cell``, and so are the shapes of *hx*, weights and biases.  *input* is (T, N, I) and the output
    (T, N, H).  With *batch_sizes*, N_1 >= N_2 >= ..., time t has N_t rows; *input* (R, I) and the output (R, H) hold those
    of all times, one after the other.  With *reverse*, time runs backwards.

    With *w_hr* (P, H), for an LSTM only, h is multiplied by it: h and the output have P columns, and w_hh (4 H, P).

    Raises ArgumentError, ShapeError or DtypeError for what does not fit.  The projection is of Sak et al., "Long
    Short-Term Memory Based Recurrent Neural Network Architectures", 2014.

    >>> hx = ag.zeros(2, 4), ag.zeros(2, 4)
    >>> output, (h, c) = ag.recurrent_layer("lstm", ag.ones(5, 2, 3), hx, ag.ones(16, 3), ag.ones(16, 4))
    >>> output.shape, h.shape
    ((5, 2, 4), (2, 4))
    """
    if mode not in CELLS or (w_hr is not None and mode != "lstm"):
        known = "'lstm', the only one with w_hr" if mode in CELLS else f"one of {', '.join(map(repr, CELLS))}"
        raise ArgumentError(f"recurrent_layer: mode={mode!r}, expected {known}")
    sizes = _batch_sizes(input, batch_sizes)
    b_ih, b_hh = check("recurrent_layer", mode, input, sizes[0], hx, w_ih, w_hh, b_ih, b_hh, w_hr)
    x = reshape_to(input, shape=(sum(sizes), input.shape[-1]))
    if w_hr is None:
        state = hx if CELLS[mode].states == 1 else cat(hx, 1)
        table = tabulate(x, w_ih, w_hh, b_ih, b_hh, state, layout=Layout(x.shape[0], w_hh.shape[1]))
        states = unroll(table, mode=mode, batch_sizes=sizes, reverse=bool(reverse))[0]
        hidden, last = w_hh.shape[1], states[0 if reverse else -1]
        output = states[:-1, :, :hidden] if reverse else states[1:, :, :hidden]
        if CELLS[mode].states == 2:
            last = last[:, :hidden], last[:, hidden:]
        return (output if batch_sizes is None else _rows(output, sizes)), last
    rows, last = _projected(linear(x, w_ih, b_ih), hx, w_hh, b_hh, w_hr, sizes, reverse)
    return (reshape_to(rows, shape=(*input.shape[:-1], w_hr.shape[0])) if batch_sizes is None else rows), last


def _batch_sizes(input: Array, batch_sizes: Sequence[int] | None) -> Sizes:
    """Return how many sequences go on at each time."""
    if len(input.shape) != (3 if batch_sizes is None else 2):
        expected = "(T, N, I)" if batch_sizes is None else "(R, I) with batch_sizes"
        raise ShapeError(f"recurrent_layer: input has shape {tuple(input.shape)}, expected {expected}; reshape it")
    rows = input.shape[0]
    if not rows:
        raise ShapeError(
            f"recurrent_layer: input has shape {tuple(input.shape)}: expected sequence length to be larger than 0; leave "
            "empty sequences out"
        )
    if batch_sizes is None:
        return (input.shape[1],) * rows
    sizes = tuple(map(int, batch_sizes))
    if rows != sum(sizes) or min(sizes) < 1 or any(a < b for a, b in pairwise(sizes)):
        raise ArgumentError(
            f"recurrent_layer: batch_sizes={sizes} for an input of {rows} rows: expected sizes of at least 1 that do not "
            "increase and are as many rows in all; nn.pack_padded_sequence makes them"
        )
    return sizes


def _projected(
    a: Array, hx: Any, w_hh: Array, b_hh: Array, w_hr: Array, batch_sizes: Sizes, reverse: bool
) -> tuple[Array, Any]:
    """Return the rows of all outputs, and the last (h, c), of an LSTM whose h is projected, cell by cell."""
    (h, c), hidden, outputs = hx, w_hr.shape[1], dict[int, Array]()
    for t, rows in _steps(batch_sizes, reverse):
        n = batch_sizes[t]
        state = lstm_step(a[rows], linear(h[:n], w_hh, b_hh), c[:n])[0]
        outputs[t], now = matmul(state[:, :hidden], w_hr.mT), state[:, hidden:]
        h = cat([outputs[t], h[n:]]) if n < len(h) else outputs[t]
        c = cat([now, c[n:]]) if n < len(c) else now
    return cat([outputs[t] for t in range(len(batch_sizes))]), (h, c)
