"""Recurrent cells: one step in time.  ``recurrence`` has whole sequences.

On arrays the formulas are fused kernels.  On Tensors they are composed of elementary functions, which have derivatives of
every order.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple, TypeAlias

import numpy as np

from ..backend import of
from ..dtypes import is_floating, zero
from ..errors import ArgumentError, DtypeError, ShapeError
from ..primitive import Array, primitive
from .activation import relu, sigmoid
from .compare import ne
from .linalg import linear
from .selection import gate
from .stacking import cat
from .trigonometric import tanh

Pulled: TypeAlias = tuple[Array, Array, Array]  # the gradients of a, of u, and of what the step carries over


def _columns(x: Array, count: int) -> list[Array]:
    """Return the columns of a matrix in *count* equal parts."""
    size = x.shape[1] // count
    return [x[:, i * size : (i + 1) * size] for i in range(count)]


# -------------------------------------------------------------------------------------------------- cells, as composed
#
# With a the input's part of the gates and u the state's: ``gates(a, u)`` is what the kernels keep for backward, and
# ``pull(g, gates, before, after)`` the derivative of a step from the state *before* to the state *after*.


class Cell(NamedTuple):
    """A kind of recurrence: how many gates it has, of how many arrays its state is, and its derivative."""

    width: int
    states: int
    gates: Callable[[Array, Array], Array]
    pull: Callable[[Array, Array, Array, Array], Pulled]


def _tanh_pull(g: Array, gates: Array, before: Array, after: Array) -> Pulled:
    d = g - g * after * after
    return d, d, zero(g.dtype)


def _relu_pull(g: Array, gates: Array, before: Array, after: Array) -> Pulled:
    d = gate(g, ne(after, zero(g.dtype)))
    return d, d, zero(g.dtype)


def _lstm_gates(a: Array, u: Array) -> Array:
    i, f, g, o = _columns(a + u, 4)
    return cat([sigmoid(i), sigmoid(f), tanh(g), sigmoid(o)], 1)


def _lstm_pull(g: Array, gates: Array, before: Array, after: Array) -> Pulled:
    (dh, dc), (i, f, n, o), (_, c), (_, c_after) = (
        _columns(x, k) for x, k in ((g, 2), (gates, 4), (before, 2), (after, 2))
    )
    t = tanh(c_after)
    dt = dh * o
    dc = dc + dt - dt * t * t
    di, df, dn, do = dc * n, dc * c, dc * i, dh * t
    da = cat([di * (i - i * i), df * (f - f * f), dn - dn * n * n, do * (o - o * o)], 1)
    return da, da, dc * f


def _gru_gates(a: Array, u: Array) -> Array:
    (a_r, a_z, a_n), (u_r, u_z, u_n) = _columns(a, 3), _columns(u, 3)
    r = sigmoid(a_r + u_r)
    return cat([r, sigmoid(a_z + u_z), tanh(a_n + r * u_n), u_n], 1)


def _gru_pull(g: Array, gates: Array, before: Array, after: Array) -> Pulled:
    r, z, n, u_n = _columns(gates, 4)
    dn, dz = g - g * z, g * (before - n)
    dn = dn - dn * n * n
    da_r, da_z = dn * u_n * (r - r * r), dz * (z - z * z)
    return cat([da_r, da_z, dn], 1), cat([da_r, da_z, dn * r], 1), g * z


CELLS = {
    "tanh": Cell(1, 1, lambda a, u: a, _tanh_pull),
    "relu": Cell(1, 1, lambda a, u: a, _relu_pull),
    "lstm": Cell(4, 2, _lstm_gates, _lstm_pull),
    "gru": Cell(3, 1, _gru_gates, _gru_pull),
}

# ------------------------------------------------------------------------------------------------------------ one step


@primitive(name="lstm_cell", aux=("gates",))
def lstm_step(a: Array, u: Array, c: Array) -> tuple[Array, Array]:
    """Return h' beside c', (N, 2 H), from the parts a and u (N, 4 H) of the gates, and c (N, H)."""
    return of(a, u, c).kernels.recurrent_cell("lstm", a, u, c)


def _lstm_step_pull(g: Array, gates: Array, c: Array, out: Array) -> Pulled:
    if type(g) is np.ndarray:
        return of(g).kernels.recurrent_cell_backward("lstm", g, gates, c, out)
    return _lstm_pull(g, gates, cat([c, c], 1), out)  # the h before is in u only


lstm_step.vjp(
    a=lambda g, gates, c, out: _lstm_step_pull(g, gates, c, out)[0],
    u=lambda g, gates, c, out: _lstm_step_pull(g, gates, c, out)[1],
    c=lambda g, gates, c, out: _lstm_step_pull(g, gates, c, out)[2],
)
lstm_step.recompute(gates=_lstm_gates)
lstm_step.fuse(_lstm_step_pull)


@primitive(name="gru_cell", aux=("gates",))
def gru_step(a: Array, u: Array, h: Array) -> tuple[Array, Array]:
    """Return h' (N, H) from the parts a and u (N, 3 H) of the gates, and h."""
    return of(a, u, h).kernels.recurrent_cell("gru", a, u, h)


def _gru_step_pull(g: Array, gates: Array, h: Array, out: Array) -> Pulled:
    if type(g) is np.ndarray:
        return of(g).kernels.recurrent_cell_backward("gru", g, gates, h, out)
    return _gru_pull(g, gates, h, out)


gru_step.vjp(
    a=lambda g, gates, h, out: _gru_step_pull(g, gates, h, out)[0],
    u=lambda g, gates, h, out: _gru_step_pull(g, gates, h, out)[1],
    h=lambda g, gates, h, out: _gru_step_pull(g, gates, h, out)[2],
)
gru_step.recompute(gates=_gru_gates)
gru_step.fuse(_gru_step_pull)


# ------------------------------------------------------------------------------------------------ the public functions


def lstm_cell(
    input: Array,
    hx: tuple[Array, Array],
    w_ih: Array,
    w_hh: Array,
    b_ih: Array | None = None,
    b_hh: Array | None = None,
) -> tuple[Array, Array]:
    """Return the next h and c of an LSTM.

    i, f, g, o = input @ w_ih.T + b_ih + h @ w_hh.T + b_hh, of H columns each;
    c' = sigmoid(f) c + sigmoid(i) tanh(g) and h' = sigmoid(o) tanh(c').

    Shapes: input (N, I), *hx* a pair of (N, H), w_ih (4 H, I), w_hh (4 H, H), biases (4 H,).

    Hochreiter and Schmidhuber, "Long Short-Term Memory", 1997; the forget gate is of Gers et al., 2000.

    >>> h, c = ag.lstm_cell(ag.ones(2, 3), (ag.zeros(2, 1), ag.zeros(2, 1)), ag.zeros(4, 3), ag.zeros(4, 1))
    >>> h.tolist()
    [[0.0], [0.0]]
    """
    _check_cell("lstm_cell", "lstm", input, hx, w_ih, w_hh, b_ih, b_hh)
    (h, c), hidden = hx, w_hh.shape[1]
    state = lstm_step(linear(input, w_ih, b_ih), linear(h, w_hh, b_hh), c)[0]
    return state[:, :hidden], state[:, hidden:]


def gru_cell(
    input: Array, hx: Array, w_ih: Array, w_hh: Array, b_ih: Array | None = None, b_hh: Array | None = None
) -> Array:
    """Return the next h of a gated recurrent unit.

    With a = input @ w_ih.T + b_ih and u = h @ w_hh.T + b_hh, of 3 H columns r, z, n each: r = sigmoid(a_r + u_r),
    z = sigmoid(a_z + u_z), n = tanh(a_n + r u_n), h' = (1 - z) n + z h.

    Shapes: input (N, I), *hx* (N, H), w_ih (3 H, I), w_hh (3 H, H), biases (3 H,).

    Cho et al., "Learning Phrase Representations using RNN Encoder-Decoder", 2014; r acts after the product, as in
    PyTorch, where the paper has it before.

    >>> ag.gru_cell(ag.ones(1, 2), ag.ones(1, 1), ag.zeros(3, 2), ag.zeros(3, 1)).tolist()
    [[0.5]]
    """
    _check_cell("gru_cell", "gru", input, hx, w_ih, w_hh, b_ih, b_hh)
    return gru_step(linear(input, w_ih, b_ih), linear(hx, w_hh, b_hh), hx)[0]


def rnn_tanh_cell(
    input: Array, hx: Array, w_ih: Array, w_hh: Array, b_ih: Array | None = None, b_hh: Array | None = None
) -> Array:
    """Return tanh(input @ w_ih.T + b_ih + hx @ w_hh.T + b_hh), the next state of a plain recurrent network.

    Shapes: input (N, I), *hx* (N, H), w_ih (H, I), w_hh (H, H), biases (H,).

    Elman, "Finding Structure in Time", 1990.

    >>> ag.rnn_tanh_cell(ag.ones(1, 2), ag.zeros(1, 1), ag.zeros(1, 2), ag.zeros(1, 1)).tolist()
    [[0.0]]
    """
    _check_cell("rnn_tanh_cell", "tanh", input, hx, w_ih, w_hh, b_ih, b_hh)
    return tanh(linear(input, w_ih, b_ih) + linear(hx, w_hh, b_hh))


def rnn_relu_cell(
    input: Array, hx: Array, w_ih: Array, w_hh: Array, b_ih: Array | None = None, b_hh: Array | None = None
) -> Array:
    """Return relu(input @ w_ih.T + b_ih + hx @ w_hh.T + b_hh), with the shapes of ``rnn_tanh_cell``.

    >>> ag.rnn_relu_cell(ag.ones(1, 2), ag.ones(1, 1), ag.ones(1, 2), ag.ones(1, 1)).tolist()
    [[3.0]]
    """
    _check_cell("rnn_relu_cell", "relu", input, hx, w_ih, w_hh, b_ih, b_hh)
    return relu(linear(input, w_ih, b_ih) + linear(hx, w_hh, b_hh))


def _check_cell(name: str, mode: str, input: Array, hx: Any, *parameters: Any) -> None:
    if len(input.shape) != 2:
        raise ShapeError(f"{name}: input has shape {tuple(input.shape)}, expected (N, I); reshape or unsqueeze it")
    check(name, mode, input, input.shape[0], hx, *parameters)


def check(
    name: str,
    mode: str,
    input: Array,
    n: int,
    hx: Any,
    w_ih: Array,
    w_hh: Array,
    b_ih: Array | None,
    b_hh: Array | None,
    w_hr: Array | None = None,
) -> tuple[Array, Array]:
    """Return the biases, zeros for None; raise for what does not fit *input* of n sequences, and W_hh."""
    cell, shape, dtype = CELLS[mode], input.shape, input.dtype
    columns = w_hh.shape[-1]  # of h
    hidden = columns if w_hr is None else w_hr.shape[-1]
    width = cell.width * hidden
    b_ih, b_hh = (np.zeros(width, dtype) if b is None else b for b in (b_ih, b_hh))
    expected: list[tuple[str, Array, tuple[int, ...]]] = [
        ("w_ih", w_ih, (width, shape[-1])),
        ("w_hh", w_hh, (width, columns)),
    ]
    expected += [("b_ih", b_ih, (width,)), ("b_hh", b_hh, (width,))]
    if w_hr is not None:
        expected += [("w_hr", w_hr, (columns, hidden))]
    if cell.states == 1:
        expected += [("hx", hx, (n, hidden))]
    elif isinstance(hx, tuple | list) and len(hx) == 2:
        expected += [("h of hx", hx[0], (n, columns)), ("c of hx", hx[1], (n, hidden))]
    else:
        raise ArgumentError(f"{name}: hx is of type {type(hx).__name__}, expected a pair (h, c) of ({n}, {hidden})")
    for argument, array, wanted in expected:
        if array.shape != wanted:
            raise ShapeError(
                f"{name}: {argument} has shape {tuple(array.shape)}, expected {wanted}, since input has shape "
                f"{tuple(shape)} and w_hh {tuple(w_hh.shape)}; make them agree"
            )
        if array.dtype != dtype or not is_floating(dtype):
            raise DtypeError(
                f"{name}: input is {dtype} and {argument} {array.dtype}: expected one floating dtype; convert with "
                ".to(dtype)"
            )
    return b_ih, b_hh
