"""Recurrent functions: values against plain loops, gradients, kernels, cells."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from drawn_numbers import normal
from hypothesis import given, settings
from hypothesis import strategies as st
from recurrent_parameters import GATES, parameters

import autograd_core as ag
import nn
from autograd_core.errors import ArgumentError, DtypeError, ShapeError
from autograd_core.kernels import cpu
from autograd_core.kernels.cpu.product import FEW, multiply_rows, panels_of
from autograd_core.kernels.vector import is_available, lanes

DTYPES = pytest.mark.parametrize("dtype", [ag.float32, ag.float64], ids=str)
MODES = pytest.mark.parametrize("mode", GATES)


# --------------------------------------------------------------------------------------------------------- plain loops


def sigmoid(x: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-x))


def naive_step(mode: str, a: np.ndarray, u: np.ndarray, h: np.ndarray, c: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """One step by its equations; c is passed on where there is none."""
    if mode == "tanh":
        return np.tanh(a + u), c
    if mode == "relu":
        return np.maximum(a + u, 0), c
    if mode == "lstm":
        i, f, g, o = np.split(a + u, 4, axis=1)
        c = sigmoid(f) * c + sigmoid(i) * np.tanh(g)
        return sigmoid(o) * np.tanh(c), c
    (a_r, a_z, a_n), (u_r, u_z, u_n) = np.split(a, 3, axis=1), np.split(u, 3, axis=1)
    z = sigmoid(a_z + u_z)
    n = np.tanh(a_n + sigmoid(a_r + u_r) * u_n)
    return (1 - z) * n + z * h, c


def naive_layer(mode: str, x: Any, h: Any, c: Any, ps: Any, lengths: Any, reverse: bool) -> tuple[Any, Any, Any]:
    """Each sequence alone, for as long as it is: outputs (T, N, H), 0 where a sequence is over, and the last h and c."""
    w_ih, w_hh, b_ih, b_hh = (p.astype(float) for p in ps)
    outputs, hs, cs = np.zeros((*x.shape[:2], w_hh.shape[1])), [], []
    for n, length in enumerate(lengths):
        h_n, c_n = h[n : n + 1].astype(float), c[n : n + 1].astype(float)
        for t in reversed(range(length)) if reverse else range(length):
            a, u = x[t, n : n + 1].astype(float) @ w_ih.T + b_ih, h_n @ w_hh.T + b_hh
            h_n, c_n = naive_step(mode, a, u, h_n, c_n)
            outputs[t, n] = h_n[0]
        hs.append(h_n[0])
        cs.append(c_n[0])
    return outputs, np.array(hs).reshape(h.shape), np.array(cs).reshape(c.shape)


def tolerance(dtype: Any) -> dict[str, float]:
    return {"rtol": 0, "atol": 2e-5 if dtype == np.float32 else 1e-12}


# ------------------------------------------------------------------------------------------------------------- kernels


@given(
    st.integers(0, 40),
    st.integers(0, 5),
    st.integers(0, 3),
    st.integers(1, 9),
    st.integers(1, 70),
    st.sampled_from([np.float32, np.float64]),
)
@settings(max_examples=40)
def test_panels_multiply_some_columns_of_some_rows(
    rows: int, before: int, more: int, k: int, n: int, dtype: Any
) -> None:
    x, matrix = normal(before + rows, k + more, dtype=dtype), normal(n, k, dtype=dtype).T
    panels = panels_of(matrix, rows)
    assert bool(panels.size) == (is_available() and rows >= FEW and n >= lanes(np.dtype(dtype)))
    if panels.size:
        out = np.full((before + rows + 1, n), 7, dtype)
        multiply_rows(x.reshape(-1), before * (k + more), k + more, rows, panels, out.reshape(-1), before * n, k, n)
        np.testing.assert_allclose(out[before:-1], x[before:, :k] @ matrix, **tolerance(dtype))
        assert (out[:before] == 7).all()
        assert (out[-1] == 7).all()


@pytest.mark.skipif(not is_available(), reason="BLAS multiplies")
def test_panels_keep_nan_and_infinity_in_their_rows() -> None:
    x, matrix = normal(9, 4, dtype=np.float32), normal(18, 4, dtype=np.float32).T
    x[1, 2], x[8, 0] = np.nan, np.inf
    out = np.empty((9, 18), np.float32)
    multiply_rows(x.reshape(-1), 0, 4, 9, panels_of(matrix, 9), out.reshape(-1), 0, 4, 18)
    assert np.isnan(out[1]).all()
    assert np.isinf(out[8]).all()
    assert np.isfinite(out[[0, 2, 3, 4, 5, 6, 7]]).all()


@pytest.mark.parametrize("mode", GATES)
@pytest.mark.parametrize("reverse", [False, True])
@pytest.mark.usefixtures("any_work_is_shared")
def test_sequences_have_the_same_bits_on_any_number_of_threads(mode: str, reverse: bool) -> None:
    sizes = (37, 37, 21, 3)
    states, hidden = (2 if mode == "lstm" else 1), 40
    width = GATES[mode] * hidden
    shapes = (sum(sizes), 5), (width, 5), (width, hidden), (width,), (width,), (37, states * hidden)
    table = cpu.recurrent_table(*(normal(*shape, dtype=np.float32) for shape in shapes))
    how = {"mode": mode, "batch_sizes": sizes, "reverse": reverse}
    found = []
    for n in (1, 3):
        ag.set_num_threads(n)
        after, gates = cpu.recurrence(table, **how)
        found.append([after, gates, cpu.recurrence_backward(after, table, after, gates, **how)])
    for one, three in zip(*found):
        np.testing.assert_array_equal(one, three)


# -------------------------------------------------------------------------------------------------------------- layers


@st.composite
def layers(draw: Any) -> tuple[Any, ...]:
    mode, dtype = draw(st.sampled_from(list(GATES))), draw(st.sampled_from([np.float32, np.float64]))
    n, steps = draw(st.integers(1, 4)), draw(st.integers(1, 4))
    lengths = sorted([draw(st.integers(1, steps)) for _ in range(n - 1)] + [steps], reverse=True)
    return mode, dtype, lengths, draw(st.integers(1, 3)), draw(st.integers(1, 19)), draw(st.booleans())


@given(layers())
@settings(max_examples=40)
def test_a_packed_layer_is_its_definition(case: Any) -> None:
    mode, dtype, lengths, inputs, hidden, reverse = case
    n, steps = len(lengths), lengths[0]
    x, h, c = (normal(*s, dtype=dtype, seed=i) for i, s in enumerate([(steps, n, inputs), (n, hidden), (n, hidden)]))
    ps = parameters(mode, inputs, hidden, dtype)
    outputs, h_n, c_n = naive_layer(mode, x, h, c, ps, lengths, reverse)
    there = np.arange(steps)[:, None] < np.array(lengths)
    hx = (ag.tensor(h), ag.tensor(c)) if mode == "lstm" else ag.tensor(h)
    result, last = ag.recurrent_layer(
        mode, ag.tensor(x[there]), hx, *map(ag.tensor, ps), batch_sizes=there.sum(1), reverse=reverse
    )
    last = last if mode == "lstm" else (last,)
    assert result.dtype == dtype
    np.testing.assert_allclose(result.array, outputs[there], **tolerance(dtype))
    for ours, expected in zip(last, (h_n, c_n)):
        np.testing.assert_allclose(ours.array, expected, **tolerance(dtype))


@MODES
@DTYPES
@pytest.mark.parametrize("reverse", [False, True])
def test_a_layer_is_its_definition(mode: str, dtype: Any, reverse: bool) -> None:
    x, h, c = normal(5, 3, 4, dtype=dtype), normal(3, 6, dtype=dtype), normal(3, 6, dtype=dtype, seed=2)
    ps = parameters(mode, 4, 6, dtype)
    outputs, h_n, _ = naive_layer(mode, x, h, c, ps, [5] * 3, reverse)
    hx = (ag.tensor(h), ag.tensor(c)) if mode == "lstm" else ag.tensor(h)
    result, last = ag.recurrent_layer(mode, ag.tensor(x), hx, *map(ag.tensor, ps), reverse=reverse)
    np.testing.assert_allclose(result.array, outputs, **tolerance(dtype))
    np.testing.assert_allclose((last[0] if mode == "lstm" else last).array, h_n, **tolerance(dtype))


@MODES
@pytest.mark.parametrize(("batch_sizes", "reverse"), [(None, False), ((2, 1), True)])
def test_gradients_of_first_and_second_order(mode: str, batch_sizes: Any, reverse: bool) -> None:
    x = normal(2, 2, 1) if batch_sizes is None else normal(3, 1)
    n = 2
    state = [normal(n, 2, seed=i) for i in ((2, 3) if mode == "lstm" else (2,))]
    operands = [ag.tensor(a, requires_grad=True) for a in (x, *state, *parameters(mode, 1, 2, np.float64))]

    def layer(x: Any, *rest: Any) -> Any:
        hx, ps = (rest[:2], rest[2:]) if mode == "lstm" else (rest[0], rest[1:])
        output, last = ag.recurrent_layer(mode, x, hx, *ps, batch_sizes=batch_sizes, reverse=reverse)
        return [output, *(last if mode == "lstm" else (last,))]

    assert ag.gradcheck(layer, operands)
    assert ag.gradgradcheck(lambda *xs: (layer(*xs)[0] ** 2).sum(), operands)


@pytest.mark.parametrize("mode", ["tanh", "lstm", "gru"])
def test_gradients_are_those_of_a_loop_over_cells(mode: str) -> None:
    """The one node of a layer against the many of an unrolled network; some operands want no gradient."""
    cell = {"tanh": ag.rnn_tanh_cell, "lstm": ag.lstm_cell, "gru": ag.gru_cell}[mode]
    x, h = ag.tensor(normal(4, 3, 2)), ag.tensor(normal(3, 5))
    ps = [ag.tensor(p, requires_grad=True) for p in parameters(mode, 2, 5, np.float64)]
    output, _ = ag.recurrent_layer(mode, x, (h, h) if mode == "lstm" else h, *ps)
    state, outputs = (h, h) if mode == "lstm" else h, []
    for row in x:
        state = cell(row, state, *ps)
        outputs.append(state[0] if mode == "lstm" else state)
    seed = ag.tensor(normal(*output.shape, seed=5))
    np.testing.assert_allclose(output.detach(), ag.stack(outputs).detach(), atol=1e-12)
    for one, many in zip(ag.grad(output, ps, seed), ag.grad(ag.stack(outputs), ps, seed)):
        np.testing.assert_allclose(one, many, atol=1e-12)


def test_without_biases_and_in_any_memory_layout() -> None:
    w_ih, w_hh, *_ = parameters("gru", 3, 4, np.float64)
    x, h = normal(5, 2, 3), normal(2, 4)
    zeros = np.zeros(12)
    expected, _ = ag.recurrent_layer("gru", x, h, w_ih, w_hh, zeros, zeros)
    odd = np.asfortranarray(x)[::-1][::-1], np.asfortranarray(h), np.asfortranarray(w_ih), w_hh.T.copy().T
    for a in odd:
        a.flags.writeable = False
    np.testing.assert_allclose(ag.recurrent_layer("gru", *odd)[0], expected, atol=1e-14)
    doubled = np.repeat(x, 2, axis=2)[:, :, ::2]
    np.testing.assert_allclose(ag.recurrent_layer("gru", doubled, h, w_ih, w_hh)[0], expected, atol=1e-14)


@MODES
def test_an_empty_batch(mode: str) -> None:
    h = ag.zeros(0, 4)
    ps = [ag.tensor(p, requires_grad=True) for p in parameters(mode, 3, 4, np.float32)]
    output, last = ag.recurrent_layer(mode, ag.zeros(5, 0, 3), (h, h) if mode == "lstm" else h, *ps)
    assert output.shape == (5, 0, 4)
    output.sum().backward()
    assert all(float(abs(p.grad).sum()) == 0 for p in ps)
    assert (last[0] if mode == "lstm" else last).shape == (0, 4)


@MODES
@DTYPES
def test_nan_and_infinity(mode: str, dtype: Any) -> None:
    """A NaN stays in its sequence; infinite gates saturate."""
    ps = parameters(mode, 2, 3, dtype)
    x, h = normal(2, 3, 2, dtype=dtype), np.zeros((3, 3), dtype)
    x[0, 0, 0], x[0, 1, 0] = np.nan, 1e30
    output, _ = ag.recurrent_layer(mode, x, (h, h) if mode == "lstm" else h, *ps)
    assert np.isnan(output[:, 0]).all()
    assert np.isfinite(output[:, 2]).all()
    if mode in ("tanh", "lstm"):
        assert np.isfinite(output[:, 1]).all()
    if mode == "tanh":
        np.testing.assert_array_equal(np.abs(output[0, 1]), 1)


def test_denormal_states_stay_exact() -> None:
    h = np.full((1, 2), 1e-42, np.float32)
    w = np.zeros((2, 1), np.float32), np.eye(2, dtype=np.float32)
    output, _ = ag.recurrent_layer("tanh", np.zeros((3, 1, 1), np.float32), h, *w)
    np.testing.assert_allclose(output[-1], h, rtol=1e-2)


def test_results_do_not_depend_on_the_number_of_threads() -> None:
    """Large enough for a step to be shared out."""
    n, hidden = 300, 300
    a, u, c = (normal(n, k * hidden, dtype=np.float32, seed=k) for k in (4, 4, 1))
    before = ag.get_num_threads()
    results = []
    for threads in (1, 3):
        ag.set_num_threads(threads)
        after, gates = cpu.recurrent_cell("lstm", a, u, c)
        results.append([after, gates, *cpu.recurrent_cell_backward("lstm", after, gates, c, after)])
    ag.set_num_threads(before)
    for one, three in zip(*results):
        np.testing.assert_array_equal(one, three)


def test_what_does_not_fit_a_layer() -> None:
    x, h, ps = np.zeros((2, 3, 4)), np.zeros((3, 5)), parameters("gru", 4, 5, np.float64)
    with pytest.raises(ArgumentError, match="mode='LSTM', expected one of 'tanh', 'relu', 'lstm', 'gru'"):
        ag.recurrent_layer("LSTM", x, h, *ps)
    with pytest.raises(ArgumentError, match="mode='gru', expected 'lstm', the only one with w_hr"):
        ag.recurrent_layer("gru", x, h, *ps, np.zeros((2, 5)))
    with pytest.raises(ShapeError, match=r"input has shape \(2, 3\), expected \(T, N, I\)"):
        ag.recurrent_layer("gru", x[:, :, 0], h, *ps)
    with pytest.raises(ShapeError, match=r"expected \(R, I\) with batch_sizes"):
        ag.recurrent_layer("gru", x, h, *ps, batch_sizes=(3, 3))
    with pytest.raises(ShapeError, match="expected sequence length to be larger than 0"):
        ag.recurrent_layer("gru", x[:0], h, *ps)
    for sizes in ((3, 2), (2, 4), (6, 0)):
        with pytest.raises(ArgumentError, match=r"expected sizes of at least 1 that do not increase"):
            ag.recurrent_layer("gru", x.reshape(6, 4), h, *ps, batch_sizes=sizes)
    with pytest.raises(ShapeError, match=r"recurrent_layer: hx has shape \(2, 5\), expected \(3, 5\)"):
        ag.recurrent_layer("gru", x, h[:2], *ps)
    with pytest.raises(ShapeError, match=r"w_ih has shape \(15, 4\), expected \(15, 2\)"):
        ag.recurrent_layer("gru", x[:, :, :2], h, *ps)
    with pytest.raises(ShapeError, match=r"w_hh has shape \(15, 5\), expected \(20, 5\)"):
        ag.recurrent_layer("lstm", x, (h, h), np.zeros((20, 4)), ps[1])
    with pytest.raises(ShapeError, match=r"b_hh has shape \(3,\), expected \(15,\)"):
        ag.recurrent_layer("gru", x, h, *ps[:3], np.zeros(3))
    with pytest.raises(DtypeError, match=r"input is float64 and hx float32: expected one floating dtype; convert with"):
        ag.recurrent_layer("gru", x, h.astype("f"), *ps)
    with pytest.raises(ArgumentError, match="hx is of type ndarray, expected a pair"):
        ag.lstm_cell(x[0], h, *parameters("lstm", 4, 5, np.float64))
    with pytest.raises(ShapeError, match=r"gru_cell: input has shape \(4,\), expected \(N, I\)"):
        ag.gru_cell(x[0, 0], h, *ps)


# --------------------------------------------------------------------------------------------------------------- cells


@MODES
@DTYPES
def test_a_cell_is_its_definition(mode: str, dtype: Any) -> None:
    x, h, c = normal(3, 4, dtype=dtype), normal(3, 7, dtype=dtype), normal(3, 7, dtype=dtype, seed=2)
    ps = parameters(mode, 4, 7, dtype)
    expected = naive_layer(mode, x[None], h, c, ps, [1] * 3, False)[1:]
    cells = {"tanh": ag.rnn_tanh_cell, "relu": ag.rnn_relu_cell, "lstm": ag.lstm_cell, "gru": ag.gru_cell}
    made = cells[mode](ag.tensor(x), (ag.tensor(h), ag.tensor(c)) if mode == "lstm" else ag.tensor(h), *ps)
    for ours, naive in zip(made if mode == "lstm" else (made,), expected):
        assert ours.dtype == dtype
        np.testing.assert_allclose(ours.array, naive, **tolerance(dtype))


@pytest.mark.parametrize("name", ["RNNCell", "LSTMCell", "GRUCell"])
def test_cells_with_and_without_a_batch(name: str) -> None:
    cell = getattr(nn, name)(4, 3)
    first = lambda made: made[0] if name == "LSTMCell" else made
    x, h = ag.randn(2, 4), ag.randn(2, 3)
    both = first(cell(x, (h, h) if name == "LSTMCell" else h))
    one = first(cell(x[0], (h[0], h[0]) if name == "LSTMCell" else h[0]))
    assert both.shape == (2, 3)
    np.testing.assert_allclose(one.detach(), both[0].detach(), atol=1e-6)
    assert first(cell(x[1])).shape == (3,)
    assert first(cell(ag.zeros(0, 4))).shape == (0, 3)
    zeros = ag.zeros(2, 3)
    np.testing.assert_array_equal(
        first(cell(x)).detach(), first(cell(x, (zeros, zeros) if name == "LSTMCell" else zeros)).detach()
    )


def test_what_does_not_fit_a_cell() -> None:
    cell = nn.LSTMCell(4, 3)
    h = ag.zeros(2, 3)
    with pytest.raises(
        ShapeError, match=r"LSTMCell.*expects an input to be 1D or 2D, \(4,\) or \(N, 4\), got \(2, 5\)"
    ):
        cell(ag.zeros(2, 5))
    with pytest.raises(ShapeError, match=r"expects hx \(2, 3\) beside this input, got \(1, 3\)"):
        cell(ag.zeros(2, 4), (h[:1], h[:1]))
    with pytest.raises(ArgumentError, match=r"hx is of type Tensor, expected a pair of Tensors, \(h, c\)"):
        cell(ag.zeros(2, 4), h)
    with pytest.raises(DtypeError, match="expects float32, the dtype of its parameters, got float64"):
        cell(ag.zeros(2, 4).double())
    with pytest.raises(ArgumentError, match="nonlinearity='elu', expected 'tanh' or 'relu'"):
        nn.RNNCell(4, 3, nonlinearity="elu")
    with pytest.raises(ArgumentError, match="hidden_size=0, expected an int of at least 1"):
        nn.GRUCell(4, 0)


def test_an_unrolled_cell_shows_every_step() -> None:
    cell, h = nn.LSTMCell(2, 3), None
    for x in ag.zeros(4, 1, 2):
        h = cell(x, h)
    names, todo = [], [h[0].grad_fn]
    while todo:
        node = todo.pop()
        names.append(node.name())
        todo += [p for p, _ in node.next_functions if p is not None and p.prim is not None]
    assert names.count("lstm_cell") >= 4
