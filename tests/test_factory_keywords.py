"""The keywords ``device`` and ``dtype`` of every layer that makes tensors."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from typing import Any

import pytest

import autograd_core as ag
import nn
from autograd_core.errors import DeviceError, DtypeError
from nn.parameter import is_lazy

# What each layer needs, and the shapes of the inputs that it takes then; None where a call is not a matter of shapes.
LAYERS: dict[str, tuple[tuple[Any, ...], list[tuple[int, ...]] | None]] = {
    "AdaptiveLogSoftmaxWithLoss": ((8, 20, [4, 10], 2.0, True), None),
    "BatchNorm1d": ((3,), [(2, 3)]),
    "BatchNorm2d": ((3,), [(2, 3, 4, 4)]),
    "BatchNorm3d": ((3,), [(2, 3, 2, 4, 4)]),
    "Bilinear": ((4, 3, 2), [(5, 4), (5, 3)]),
    "Conv1d": ((2, 3, 3), [(1, 2, 5)]),
    "Conv2d": ((2, 3, 3), [(1, 2, 5, 5)]),
    "Conv3d": ((2, 3, 3), [(1, 2, 3, 4, 5)]),
    "ConvTranspose1d": ((2, 3, 3), [(1, 2, 5)]),
    "ConvTranspose2d": ((2, 3, 3), [(1, 2, 5, 5)]),
    "ConvTranspose3d": ((2, 3, 3), [(1, 2, 3, 4, 5)]),
    "Embedding": ((5, 3), None),
    "EmbeddingBag": ((5, 3), None),
    "GRU": ((4, 3), [(5, 2, 4)]),
    "GRUCell": ((4, 3), [(2, 4)]),
    "GroupNorm": ((2, 4), [(1, 4, 3)]),
    "InstanceNorm1d": ((3, 1e-5, 0.1, True, True), [(2, 3, 4)]),
    "InstanceNorm2d": ((3, 1e-5, 0.1, True, True), [(2, 3, 4, 4)]),
    "InstanceNorm3d": ((3, 1e-5, 0.1, True, True), [(2, 3, 2, 4, 4)]),
    "LSTM": ((4, 3, 2, True, False, 0.0, True, 2), [(5, 2, 4)]),
    "LSTMCell": ((4, 3), [(2, 4)]),
    "LayerNorm": (((3, 4),), [(2, 3, 4)]),
    "LazyBatchNorm1d": ((), [(2, 3)]),
    "LazyBatchNorm2d": ((), [(2, 3, 4, 4)]),
    "LazyBatchNorm3d": ((), [(2, 3, 2, 4, 4)]),
    "LazyConv1d": ((3, 3), [(1, 2, 5)]),
    "LazyConv2d": ((3, 3), [(1, 2, 5, 5)]),
    "LazyConv3d": ((3, 3), [(1, 2, 3, 4, 5)]),
    "LazyConvTranspose1d": ((3, 3), [(1, 2, 5)]),
    "LazyConvTranspose2d": ((3, 3), [(1, 2, 5, 5)]),
    "LazyConvTranspose3d": ((3, 3), [(1, 2, 3, 4, 5)]),
    "LazyInstanceNorm1d": ((), [(2, 3, 4)]),
    "LazyInstanceNorm2d": ((), [(2, 3, 4, 4)]),
    "LazyInstanceNorm3d": ((), [(2, 3, 2, 4, 4)]),
    "LazyLinear": ((2,), [(3, 4)]),
    "Linear": ((4, 2), [(3, 4)]),
    "LinearCrossEntropyLoss": ((4, 3), None),
    "MultiheadAttention": ((8, 2, 0.0, True, True, False, 6, 4), [(5, 2, 8), (3, 2, 6), (3, 2, 4)]),
    "PReLU": ((), [(2, 3)]),
    "RMSNorm": ((4,), [(2, 4)]),
    "RNN": ((4, 3), [(5, 2, 4)]),
    "RNNBase": (("GRU", 4, 3), [(5, 2, 4)]),
    "RNNCell": ((4, 3), [(2, 4)]),
    "RNNCellBase": ((4, 3, True, 3), None),
    "Transformer": ((8, 2, 1, 1, 16), [(5, 3, 8), (4, 3, 8)]),
    "TransformerDecoderLayer": ((8, 2, 16), [(4, 3, 8), (5, 3, 8)]),
    "TransformerEncoderLayer": ((8, 2, 16), [(5, 3, 8)]),
}
each_layer = pytest.mark.parametrize("name", LAYERS)


def classes() -> Iterator[tuple[str, type[nn.Module]]]:
    public = ((name, getattr(nn, name)) for name in nn.__all__)
    return ((name, value) for name, value in public if isinstance(value, type) and issubclass(value, nn.Module))


def make(name: str, **factory: Any) -> nn.Module:
    layer: nn.Module = getattr(nn, name)(*LAYERS[name][0], **factory)
    return layer


def floating(layer: nn.Module) -> list[Any]:
    tensors = [*layer.parameters(), *layer.buffers()]
    return [x.dtype for x in tensors if x.dtype != ag.int64]  # besides the counts of batches


def parameters_of(layer: Any) -> list[tuple[str, bool]]:
    """The names of what the constructor takes, each with whether only a keyword gives it."""
    parameters = list(inspect.signature(layer.__init__).parameters.values())[1:]
    return [(p.name, p.kind is p.KEYWORD_ONLY) for p in parameters]


def test_every_layer_that_makes_parameters_is_tested_here() -> None:
    taking = {name for name, layer in classes() if "dtype" in inspect.signature(layer).parameters}
    assert taking == set(LAYERS)
    for name, layer in classes():
        bases = layer.__mro__[: layer.__mro__.index(nn.Module)]
        if any("self._parameter(" in inspect.getsource(base) for base in bases):
            assert name in taking, f"{name} makes parameters, and takes no dtype"


@each_layer
@pytest.mark.parametrize("dtype", [ag.float32, ag.float64], ids=str)
def test_the_dtype_is_that_of_all_tensors_and_of_the_result(name: str, dtype: Any) -> None:
    layer, shapes = make(name, device="cpu", dtype=dtype), LAYERS[name][1]
    assert set(floating(layer)) == {dtype}
    if shapes is not None:
        out = layer(*(ag.ones(shape, dtype=dtype) for shape in shapes))
        while isinstance(out, tuple):
            out = out[0]
        assert out.dtype == dtype
        assert not any(map(is_lazy, layer.parameters()))
        assert set(floating(layer)) == {dtype}  # a lazy layer's tensors kept it when they got a shape


@each_layer
def test_without_a_dtype_it_is_the_default(name: str) -> None:
    assert set(floating(make(name))) == {ag.float32}
    ag.set_default_dtype(ag.float64)
    try:
        assert set(floating(make(name))) == {ag.float64}
        assert set(floating(make(name, dtype=ag.float32))) == {ag.float32}
    finally:
        ag.set_default_dtype(ag.float32)


@each_layer
def test_a_device_that_is_not_there_is_refused(name: str) -> None:
    make(name, device=ag.device("cpu"))
    with pytest.raises(DeviceError, match=r"device 'cuda:1' is not there: .*leave the device out, or ask first"):
        make(name, device="cuda:1")
    with pytest.raises(DeviceError, match="device 'gpu' is no device: expected one of cpu, cuda"):
        make(name, device="gpu")


@each_layer
def test_a_dtype_that_cannot_be_trained_is_refused(name: str) -> None:
    with pytest.raises(DtypeError, match="int64"):
        make(name, dtype=ag.int64)


@pytest.mark.parametrize(
    "made",
    [
        lambda place: nn.Linear(4, 2, True, *place),
        lambda place: nn.Bilinear(4, 3, 2, True, *place),
        lambda place: nn.Conv2d(2, 3, 3, 1, 0, 1, 1, True, "zeros", *place),
        lambda place: nn.ConvTranspose2d(2, 3, 3, 1, 0, 0, 1, True, 1, "zeros", *place),
        lambda place: nn.LazyConv2d(3, 3, 1, 0, 1, 1, True, "zeros", *place),
        lambda place: nn.BatchNorm2d(3, 1e-5, 0.1, True, True, *place, bias=False),
        lambda place: nn.InstanceNorm2d(3, 1e-5, 0.1, True, True, *place),
        lambda place: nn.LazyBatchNorm1d(1e-5, 0.1, True, True, *place, bias=False),
        lambda place: nn.GroupNorm(2, 4, 1e-5, True, *place, bias=False),
        lambda place: nn.LayerNorm(4, 1e-5, True, True, *place),
        lambda place: nn.RMSNorm(4, 1e-5, True, *place),
        lambda place: nn.Embedding(5, 3, None, None, 2.0, False, False, None, False, *place),
        lambda place: nn.RNN(4, 3, 1, "tanh", True, False, 0.0, False, *place),
        lambda place: nn.LSTM(4, 3, 1, True, False, 0.0, False, 0, *place),
        lambda place: nn.GRU(4, 3, 1, True, False, 0.0, False, *place),
        lambda place: nn.RNNCell(4, 3, True, "tanh", *place),
        lambda place: nn.GRUCell(4, 3, True, *place),
        lambda place: nn.MultiheadAttention(8, 2, 0.0, True, False, False, None, None, False, *place),
        lambda place: nn.PReLU(1, 0.25, *place),
    ],
)
def test_positions(made: Any) -> None:
    assert set(floating(made(("cpu", ag.float64)))) == {ag.float64}
    with pytest.raises(DeviceError, match="device 'mps' is not there"):
        made(("mps", ag.float64))


def test_a_lazy_layer_keeps_its_dtype_in_another_default() -> None:
    layer = nn.LazyLinear(2, device="cpu", dtype=ag.float64)
    assert layer(ag.ones(3, 4, dtype=ag.float64)).dtype == layer.weight.dtype == ag.float64


def test_a_frozen_table_of_a_dtype() -> None:
    layer = nn.Embedding(5, 3, padding_idx=1, _freeze=True, dtype=ag.float64)
    assert (layer.weight.dtype, layer.weight.requires_grad, layer.weight[1].tolist()) == (ag.float64, False, [0.0] * 3)


def test_prelu_starts_again_from_init() -> None:
    layer = nn.PReLU(2, 0.5, dtype=ag.float64)
    layer.weight.detach().fill_(3)
    layer.reset_parameters()
    assert (layer.weight.tolist(), layer.weight.dtype) == ([0.5, 0.5], ag.float64)


def test_the_names_and_positions_are_those_of_pytorch() -> None:
    torch = pytest.importorskip("torch")
    different = {}
    for name, ours in classes():
        theirs = getattr(torch.nn, name, None)
        if theirs is None or ("args", False) in parameters_of(theirs):  # RNN, LSTM, GRU: in test_positions
            continue
        wanted = [p for p in parameters_of(theirs) if p[0] != "options"]  # of a compiler
        if ("dtype", False) in wanted or ("dtype", True) in wanted:
            if parameters_of(ours) != wanted:
                different[name] = (parameters_of(ours), wanted)
        else:
            assert "dtype" not in inspect.signature(ours).parameters, name
    assert not different
