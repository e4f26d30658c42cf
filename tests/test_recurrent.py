"""Recurrent cells, layers and packed sequences: values against plain loops, gradients, shapes, and what errors say."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import autograd_core as ag
import nn
import optim
from autograd_core.errors import ArgumentError, DtypeError, ShapeError
from autograd_core.kernels import cpu
from autograd_core.kernels.cpu.product import FEW, multiply_rows, panels_of
from autograd_core.kernels.vector import is_available, lanes

DTYPES = pytest.mark.parametrize("dtype", [ag.float32, ag.float64], ids=str)
GATES = {"tanh": 1, "relu": 1, "lstm": 4, "gru": 3}
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


def parameters(mode: str, inputs: int, hidden: int, dtype: Any, seed: int = 0) -> list[np.ndarray]:
    rng, width = np.random.default_rng(seed), GATES[mode] * hidden
    shapes = [(width, inputs), (width, hidden), (width,), (width,)]
    return [rng.normal(size=shape).astype(dtype) * 0.5 for shape in shapes]


def draw(*shape: int, dtype: Any = np.float64, seed: int = 1) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=shape).astype(dtype)


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
    x, matrix = draw(before + rows, k + more, dtype=dtype), draw(n, k, dtype=dtype).T
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
    x, matrix = draw(9, 4, dtype=np.float32), draw(18, 4, dtype=np.float32).T
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
    table = cpu.recurrent_table(*(draw(*shape, dtype=np.float32) for shape in shapes))
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
    x, h, c = (draw(*s, dtype=dtype, seed=i) for i, s in enumerate([(steps, n, inputs), (n, hidden), (n, hidden)]))
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
    x, h, c = draw(5, 3, 4, dtype=dtype), draw(3, 6, dtype=dtype), draw(3, 6, dtype=dtype, seed=2)
    ps = parameters(mode, 4, 6, dtype)
    outputs, h_n, _ = naive_layer(mode, x, h, c, ps, [5] * 3, reverse)
    hx = (ag.tensor(h), ag.tensor(c)) if mode == "lstm" else ag.tensor(h)
    result, last = ag.recurrent_layer(mode, ag.tensor(x), hx, *map(ag.tensor, ps), reverse=reverse)
    np.testing.assert_allclose(result.array, outputs, **tolerance(dtype))
    np.testing.assert_allclose((last[0] if mode == "lstm" else last).array, h_n, **tolerance(dtype))


@MODES
@pytest.mark.parametrize(("batch_sizes", "reverse"), [(None, False), ((2, 1), True)])
def test_gradients_of_first_and_second_order(mode: str, batch_sizes: Any, reverse: bool) -> None:
    x = draw(2, 2, 1) if batch_sizes is None else draw(3, 1)
    n = 2
    state = [draw(n, 2, seed=i) for i in ((2, 3) if mode == "lstm" else (2,))]
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
    x, h = ag.tensor(draw(4, 3, 2)), ag.tensor(draw(3, 5))
    ps = [ag.tensor(p, requires_grad=True) for p in parameters(mode, 2, 5, np.float64)]
    output, _ = ag.recurrent_layer(mode, x, (h, h) if mode == "lstm" else h, *ps)
    state, outputs = (h, h) if mode == "lstm" else h, []
    for row in x:
        state = cell(row, state, *ps)
        outputs.append(state[0] if mode == "lstm" else state)
    seed = ag.tensor(draw(*output.shape, seed=5))
    np.testing.assert_allclose(output.detach(), ag.stack(outputs).detach(), atol=1e-12)
    for one, many in zip(ag.grad(output, ps, seed), ag.grad(ag.stack(outputs), ps, seed)):
        np.testing.assert_allclose(one, many, atol=1e-12)


def test_without_biases_and_in_any_memory_layout() -> None:
    w_ih, w_hh, *_ = parameters("gru", 3, 4, np.float64)
    x, h = draw(5, 2, 3), draw(2, 4)
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
    x, h = draw(2, 3, 2, dtype=dtype), np.zeros((3, 3), dtype)
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
    a, u, c = (draw(n, k * hidden, dtype=np.float32, seed=k) for k in (4, 4, 1))
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


# -------------------------------------------------------------------------------------------------------------- cells


@MODES
@DTYPES
def test_a_cell_is_its_definition(mode: str, dtype: Any) -> None:
    x, h, c = draw(3, 4, dtype=dtype), draw(3, 7, dtype=dtype), draw(3, 7, dtype=dtype, seed=2)
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


# ------------------------------------------------------------------------------------------------------------- modules


def test_parameters_have_pytorchs_names_and_bounds() -> None:
    layer = nn.LSTM(3, 16, num_layers=2, bidirectional=True, proj_size=5)
    shapes = {name: p.shape for name, p in layer.named_parameters()}
    assert list(shapes)[:5] == ["weight_ih_l0", "weight_hh_l0", "bias_ih_l0", "bias_hh_l0", "weight_hr_l0"]
    assert list(shapes)[5] == "weight_ih_l0_reverse"
    assert (shapes["weight_ih_l1_reverse"], shapes["weight_hh_l1"], shapes["weight_hr_l1"]) == (
        (64, 10),
        (64, 5),
        (5, 16),
    )
    assert all(float(abs(p).max()) <= 0.25 for p in layer.parameters())
    assert float(abs(layer.weight_ih_l0).max()) > 0.2
    assert [len(weights) for weights in layer.all_weights] == [5] * 4
    assert [name for name, _ in nn.GRU(2, 3, bias=False).named_parameters()] == ["weight_ih_l0", "weight_hh_l0"]


def test_they_say_what_they_are() -> None:
    assert repr(nn.LSTM(10, 20, num_layers=2, batch_first=True)) == "LSTM(10, 20, num_layers=2, batch_first=True)"
    assert repr(nn.RNN(4, 3, nonlinearity="relu")) == "RNN(4, 3, nonlinearity='relu')"
    assert repr(nn.GRU(4, 3, 2, False, dropout=0.5)) == "GRU(4, 3, num_layers=2, bias=False, dropout=0.5)"
    assert repr(nn.LSTM(4, 3, proj_size=2, bidirectional=True)) == "LSTM(4, 3, proj_size=2, bidirectional=True)"
    assert repr(nn.GRUCell(4, 3, bias=False)) == "GRUCell(4, 3, bias=False)"
    assert repr(nn.RNNCell(4, 3, nonlinearity="relu")) == "RNNCell(4, 3, nonlinearity='relu')"


def test_golden_numbers() -> None:
    """One unit whose weights are 1, without biases: x is 1, then 0."""
    x = ag.tensor([[1.0], [0.0]], dtype=ag.float64)
    for make, expected in (
        (nn.RNN, [0.7615941559557649, 0.6420149920119997]),
        (nn.LSTM, [0.36960635293570576, 0.2908130401219063]),
        (nn.GRU, [0.20482421480982513, 0.16332248812027653]),
    ):
        layer = make(1, 1, bias=False, dtype=ag.float64)
        for p in layer.parameters():
            nn.init.ones_(p)
        np.testing.assert_allclose(layer(x)[0].detach().numpy()[:, 0], expected, rtol=1e-13)


KINDS = [
    ("RNN", {}), ("RNN", {"nonlinearity": "relu"}), ("LSTM", {}), ("GRU", {}), ("LSTM", {"proj_size": 2}),
]  # fmt: skip
FORMS: list[dict[str, Any]] = [
    {}, {"batch_first": True}, {"num_layers": 2, "bidirectional": True}, {"bias": False, "bidirectional": True},
]  # fmt: skip


def twins(name: str, arguments: dict[str, Any], torch: Any, dtype: Any = ag.float64) -> tuple[Any, Any]:
    ours, theirs = getattr(nn, name)(4, 3, **arguments).to(dtype), getattr(torch.nn, name)(4, 3, **arguments).double()
    theirs = theirs if dtype == ag.float64 else theirs.float()
    theirs.load_state_dict({key: torch.tensor(value.numpy()) for key, value in ours.state_dict().items()})
    return ours, theirs


def flat(state: Any) -> list[Any]:
    return list(state) if isinstance(state, tuple | list) else [state]


@pytest.mark.filterwarnings("ignore:LSTM with projections is not supported with oneDNN:UserWarning")
@DTYPES
@pytest.mark.parametrize("form", range(len(FORMS)))
@pytest.mark.parametrize("kind", range(len(KINDS)))
@pytest.mark.parametrize("how", ["plain", "state", "unbatched", "packed"])
def test_layers_equal_pytorchs(kind: int, form: int, how: str, dtype: Any) -> None:
    torch = pytest.importorskip("torch")
    name, arguments = KINDS[kind][0], KINDS[kind][1] | FORMS[form]
    ours, theirs = twins(name, arguments, torch, dtype)
    data = draw(*((5, 4) if how == "unbatched" else (5, 5, 4)), dtype=dtype)
    x, y = ag.tensor(data, requires_grad=True), torch.tensor(data, requires_grad=True)
    first = [ours(x), theirs(y)]
    if how != "plain":
        n = () if how == "unbatched" else (5,)
        states = [draw(h.shape[0], *n, h.shape[-1], dtype=dtype, seed=i) for i, h in enumerate(flat(first[0][1]))]
        hx, hy = (
            tuple(make(s) for s in states) if len(states) > 1 else make(states[0]) for make in (ag.tensor, torch.tensor)
        )
        if how == "packed":
            lengths, batch_first = [2, 5, 1, 5, 3], bool(arguments.get("batch_first"))
            x_in = nn.pack_padded_sequence(x, lengths, batch_first, enforce_sorted=False)
            y_in = torch.nn.utils.rnn.pack_padded_sequence(y, torch.tensor(lengths), batch_first, enforce_sorted=False)
            (out, last), (out_y, last_y) = ours(x_in, hx), theirs(y_in, hy)
            np.testing.assert_array_equal(out.batch_sizes, out_y.batch_sizes)
            first = [(out.data, last), (out_y.data, last_y)]
        else:
            first = [ours(x, hx), theirs(y, hy)]
    (out, last), (out_y, last_y) = first
    tolerances = {"rtol": 0, "atol": 1e-5 if dtype == ag.float32 else 1e-12}
    for a, b in zip([out, *flat(last)], [out_y, *flat(last_y)], strict=True):
        assert a.dtype == dtype
        assert a.shape == tuple(b.shape)
        np.testing.assert_allclose(a.detach(), b.detach(), **tolerances)
    ((out**2).sum() + sum((h**3).sum() for h in flat(last))).backward()
    ((out_y**2).sum() + sum((h**3).sum() for h in flat(last_y))).backward()
    for a, b in zip([x, *ours.parameters()], [y, *theirs.parameters()], strict=True):
        np.testing.assert_allclose(a.grad, b.grad, rtol=0, atol=10 * tolerances["atol"])


@pytest.mark.parametrize("name", ["RNNCell", "LSTMCell", "GRUCell"])
def test_cells_equal_pytorchs(name: str) -> None:
    torch = pytest.importorskip("torch")
    ours, theirs = twins(name, {}, torch)
    x, h = draw(2, 4), draw(2, 3)
    hx, hy = ((make(h), make(h)) if name == "LSTMCell" else make(h) for make in (ag.tensor, torch.tensor))
    for a, b in zip(flat(ours(ag.tensor(x), hx)), flat(theirs(torch.tensor(x), hy)), strict=True):
        np.testing.assert_allclose(a.detach(), b.detach(), atol=1e-12)
        a.sum().backward(retain_graph=True)
        b.sum().backward(retain_graph=True)
    for p, q in zip(ours.parameters(), theirs.parameters(), strict=True):
        np.testing.assert_allclose(p.grad, q.grad, atol=1e-12)


def test_dropout_acts_between_layers_while_training() -> None:
    layer = nn.LSTM(4, 8, num_layers=2, dropout=1.0)
    x = ag.randn(3, 2, 4)
    (_, (h, _)) = layer(x)
    zeros = nn.LSTM(8, 8)
    zeros.load_state_dict({k.replace("l1", "l0"): v for k, v in layer.state_dict().items() if "l1" in k})
    np.testing.assert_allclose(h[1].detach(), zeros(ag.zeros(3, 2, 8))[1][0][0].detach(), atol=1e-6)
    layer.eval()
    assert float(abs(layer(x)[1][0][1] - h[1]).max()) > 1e-4


def test_one_layer_with_dropout_is_warned_of() -> None:
    with pytest.warns(UserWarning, match=r"GRU: dropout=0.5 with num_layers=1 does nothing"):
        nn.GRU(4, 3, dropout=0.5)


def test_a_network_with_a_layer_learns() -> None:
    """To tell whether the numbers of a sequence have a positive sum."""
    layer, head = nn.GRU(1, 8, batch_first=True), nn.Linear(8, 1)
    optimizer = optim.Adam([*layer.parameters(), *head.parameters()], lr=0.05)
    losses = []
    for _ in range(60):
        x = ag.randn(16, 5, 1)
        loss = nn.functional.binary_cross_entropy_with_logits(head(layer(x)[0][:, -1]), (x.sum(1) > 0).float())
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    assert np.mean(losses[-10:]) < 0.6 * np.mean(losses[:10])


def test_a_copy_and_a_state_of_another_dtype() -> None:
    layer = nn.GRU(3, 4).double()
    output, _ = layer(ag.randn(2, 1, 3).double())
    assert output.dtype == ag.float64
    other = nn.GRU(3, 4)
    other.load_state_dict(layer.state_dict())
    layer.flatten_parameters()
    np.testing.assert_array_equal(other.weight_hh_l0.detach(), layer.weight_hh_l0.detach().float())


def test_what_does_not_fit_a_module() -> None:
    layer = nn.LSTM(4, 3, num_layers=2)
    x, h = ag.zeros(5, 2, 4), ag.zeros(2, 2, 3)
    for wrong, message in {
        "num_layers=0, expected an int of at least 1": {"num_layers": 0},
        r"dropout=1.5, expected a number in range \[0, 1\]": {"dropout": 1.5},
        "proj_size=3, expected an int smaller than hidden_size=3": {"proj_size": 3},
    }.items():
        with pytest.raises(ArgumentError, match=wrong):
            nn.LSTM(4, 3, **message)
    with pytest.raises(ArgumentError, match="RNN: nonlinearity='sin', expected 'tanh' or 'relu'"):
        nn.RNN(4, 3, nonlinearity="sin")
    with pytest.raises(ShapeError, match=r"expects an input to be 2D or 3D, with 4 features, got \(1, 5, 2, 4\)"):
        layer(x.unsqueeze(0))
    with pytest.raises(ShapeError, match=r"expects \(..., 4\), got \(5, 2, 3\); make input_size=3"):
        layer(ag.zeros(5, 2, 3))
    with pytest.raises(ShapeError, match="expects a sequence length larger than 0"):
        layer(x[:0])
    with pytest.raises(ShapeError, match=r"expects hidden\[1\] of size \(2, 2, 3\), got \(1, 2, 3\)"):
        layer(x, (h, h[:1]))
    with pytest.raises(
        ShapeError, match=r"expects hidden\[0\] of size \(2, 3\) for unbatched 2-D input, got \(2, 2, 3\)"
    ):
        layer(x[:, 0], (h, h))
    with pytest.raises(ArgumentError, match=r"hx is of type Tensor, expected a pair of Tensors, \(h, c\)"):
        layer(x, h)
    with pytest.raises(ArgumentError, match=r"hx is of type tuple, expected a Tensor, h"):
        nn.GRU(4, 3)(x, (h, h))
    with pytest.raises(DtypeError, match=r"expects float32, the dtype of its parameters, got float64"):
        layer(x.double())
    with pytest.raises(DtypeError, match=r"expects float32"):
        layer(x, (h.double(), h))
    with pytest.raises(TypeError, match="input is of type list, expected a Tensor"):
        layer([1.0])


# ----------------------------------------------------------------------------------------------------- packed sequences


@given(st.lists(st.integers(1, 5), min_size=1, max_size=5), st.booleans(), st.booleans())
@settings(max_examples=40)
def test_packing_and_padding_undo_each_other(lengths: list[int], batch_first: bool, longer: bool) -> None:
    sequences = [ag.tensor(draw(length, 2, seed=i), requires_grad=True) for i, length in enumerate(lengths)]
    padded = nn.pad_sequence(sequences, batch_first, padding_value=-1.0)
    packed = nn.pack_padded_sequence(padded, lengths, batch_first, enforce_sorted=False)
    assert packed.data.shape == (sum(lengths), 2)
    total = max(lengths) + 2 if longer else None
    again, sizes = nn.pad_packed_sequence(packed, batch_first, -1.0, total)
    assert sizes.tolist() == lengths
    part = again.detach().numpy() if batch_first else again.detach().numpy().transpose(1, 0, 2)
    whole = padded.detach().numpy() if batch_first else padded.detach().numpy().transpose(1, 0, 2)
    np.testing.assert_array_equal(part[:, : max(lengths)], whole)
    assert (part[:, max(lengths) :] == -1).all()
    for ours, sequence in zip(nn.unpack_sequence(packed), sequences, strict=True):
        np.testing.assert_array_equal(ours.detach(), sequence.detach())
    again.sum().backward()
    for sequence in sequences:
        np.testing.assert_array_equal(sequence.grad, np.ones(sequence.shape))


def test_packing_equals_pytorchs() -> None:
    rnn = pytest.importorskip("torch").nn.utils.rnn
    torch = pytest.importorskip("torch")
    data = [draw(length, 3, seed=length) for length in (2, 4, 1)]
    ours = nn.pack_sequence([ag.tensor(d) for d in data], enforce_sorted=False)
    theirs = rnn.pack_sequence([torch.tensor(d) for d in data], enforce_sorted=False)
    for a, b in zip(ours, theirs, strict=True):
        np.testing.assert_array_equal(a, b)
    left = rnn.pad_sequence([torch.tensor(d) for d in data], True, 7.0, "left")
    np.testing.assert_array_equal(nn.pad_sequence([ag.tensor(d) for d in data], True, 7.0, "left"), left)


def test_what_cannot_be_packed() -> None:
    x = ag.zeros(3, 2, 4)
    with pytest.raises(ArgumentError, match=r"lengths=\[1, 2\] must be sorted in decreasing order when enforce_sorted"):
        nn.pack_padded_sequence(x, [1, 2])
    with pytest.raises(ArgumentError, match="length of all samples has to be greater than 0"):
        nn.pack_padded_sequence(x, [1, 0])
    with pytest.raises(ArgumentError, match=r"lengths=\[4, 2\], expected 1 to 3"):
        nn.pack_padded_sequence(x, ag.tensor([4, 2]))
    with pytest.raises(ArgumentError, match=r"lengths=\[1, 1, 1\], expected integers for a batch of 2 sequences"):
        nn.pack_padded_sequence(x, [1, 1, 1])
    with pytest.raises(ShapeError, match=r"pack_padded_sequence: expects \(T, N, ...\), got \(3,\)"):
        nn.pack_padded_sequence(ag.zeros(3), [1])
    with pytest.raises(ArgumentError, match="sequences is empty, expected at least one Tensor"):
        nn.pad_sequence([])
    with pytest.raises(
        ShapeError, match=r"expects \(L, ...\) with the trailing dims of the first, \(2,\), got \(3, 4\)"
    ):
        nn.pack_sequence([ag.zeros(3, 2), ag.zeros(3, 4)])
    with pytest.raises(ArgumentError, match="padding_side='top', expected 'right' or 'left'"):
        nn.pad_sequence([ag.zeros(3)], padding_side="top")
    with pytest.raises(ArgumentError, match="total_length=1, expected at least the length of the longest sequence in"):
        nn.pad_packed_sequence(nn.pack_sequence([ag.zeros(3, 2)]), total_length=1)
    with pytest.raises(ShapeError, match=r"expects an input to be a PackedSequence of 2D data, with 4 features"):
        nn.GRU(4, 3)(nn.pack_sequence([ag.zeros(3)]))


def test_the_bases_of_layers_and_cells() -> None:
    modes = {
        "RNN_TANH": nn.RNN(3, 4),
        "RNN_RELU": nn.RNN(3, 4, nonlinearity="relu"),
        "LSTM": nn.LSTM(3, 4),
        "GRU": nn.GRU(3, 4),
    }
    x = ag.ones(2, 1, 3)
    for mode, layer in modes.items():
        assert isinstance(layer, nn.RNNBase)
        assert layer.mode == mode
        same = nn.RNNBase(mode, 3, 4)
        same.load_state_dict(layer.state_dict())
        np.testing.assert_array_equal(same(x)[0].array, layer(x)[0].array)
    assert isinstance(nn.LSTMCell(3, 4), nn.RNNCellBase)
    assert nn.RNNCellBase(3, 4, False, 2).weight_hh.shape == (8, 4)
    with pytest.raises(
        ag.errors.ArgumentError, match="RNNBase: mode='RNN', expected one of 'RNN_TANH', 'RNN_RELU', 'LSTM'"
    ):
        nn.RNNBase("RNN", 3, 4)
    with pytest.raises(ag.errors.ArgumentError, match="RNNBase: proj_size=2 with mode='GRU', expected 0"):
        nn.RNNBase("GRU", 3, 4, proj_size=2)
