"""Recurrent modules and packed sequences: values, gradients, shapes, and what errors say."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from drawn_numbers import normal
from hypothesis import given, settings
from hypothesis import strategies as st

import autograd_core as ag
import nn
import optim
from autograd_core.errors import ArgumentError, DtypeError, ShapeError

DTYPES = pytest.mark.parametrize("dtype", [ag.float32, ag.float64], ids=str)


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
    data = normal(*((5, 4) if how == "unbatched" else (5, 5, 4)), dtype=dtype)
    x, y = ag.tensor(data, requires_grad=True), torch.tensor(data, requires_grad=True)
    first = [ours(x), theirs(y)]
    if how != "plain":
        n = () if how == "unbatched" else (5,)
        states = [normal(h.shape[0], *n, h.shape[-1], dtype=dtype, seed=i) for i, h in enumerate(flat(first[0][1]))]
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
    x, h = normal(2, 4), normal(2, 3)
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


# ---------------------------------------------------------------------------------------------------- packed sequences


@given(st.lists(st.integers(1, 5), min_size=1, max_size=5), st.booleans(), st.booleans())
@settings(max_examples=40)
def test_packing_and_padding_undo_each_other(lengths: list[int], batch_first: bool, longer: bool) -> None:
    sequences = [ag.tensor(normal(length, 2, seed=i), requires_grad=True) for i, length in enumerate(lengths)]
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
    data = [normal(length, 3, seed=length) for length in (2, 4, 1)]
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
