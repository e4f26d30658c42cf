"""Tensors by the names of their types, the class of dtypes, and ``Tensor`` as what makes tensors."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import autograd_core as ag
import nn

TYPES = {
    "FloatTensor": "float32", "DoubleTensor": "float64", "CharTensor": "int8", "ShortTensor": "int16",
    "IntTensor": "int32", "LongTensor": "int64", "ByteTensor": "uint8", "BoolTensor": "bool",
}  # fmt: skip


@pytest.mark.parametrize(("name", "dtype"), TYPES.items())
def test_tensors_by_the_names_of_their_types(name: str, dtype: str) -> None:
    kind = getattr(ag, name)
    x = kind([[0, 1], [1, 0]])
    assert (x.dtype, x.tolist()) == (dtype, [[0, 1], [1, 0]])
    assert kind(np.array([1, 0])).dtype == kind(x).dtype == kind(2, 3).dtype == x.type(kind).dtype == dtype
    assert kind(2, 3).shape == kind(ag.Size((2, 3))).shape == (2, 3)
    assert kind().shape == (0,)
    assert isinstance(x, kind)
    assert [other for other in TYPES if isinstance(x, getattr(ag, other))] == [name]
    assert not isinstance(np.zeros(2, dtype), kind)
    assert x.type() == f"torch.{name}"
    assert ag.zeros(2).type(x.type()).dtype == ag.zeros(2).type(name).dtype == dtype


def test_the_class_of_dtypes() -> None:
    assert isinstance(ag.ones(2).dtype, ag.dtype)
    assert isinstance(ag.int64, ag.dtype)


def test_the_default_by_the_name_of_a_type() -> None:
    ag.set_default_tensor_type("torch.DoubleTensor")
    try:
        assert ag.Tensor(2).dtype == ag.zeros(2).dtype == "float64"
    finally:
        ag.set_default_tensor_type(ag.FloatTensor)
    with pytest.raises(ag.errors.DtypeError, match="set_default_dtype: d is int64"):
        ag.set_default_tensor_type("LongTensor")


def test_new_tensors_of_the_same_type() -> None:
    x = ag.ones(2, dtype="int64")
    assert (x.new(2, 3).shape, x.new().shape, x.new(size=(1,)).shape) == ((2, 3), (0,), (1,))
    assert (x.new([1.0, 2.0]).tolist(), x.new(3).dtype) == ([1, 2], "int64")
    same = x.new(x)
    same[0] = 7
    assert x.tolist() == [7, 1]
    with pytest.raises(TypeError, match="new: data is a tensor of float32, expected int64"):
        x.new(ag.ones(2))


def test_what_a_module_holds_by_kind() -> None:
    net = nn.Sequential(nn.Linear(2, 1, bias=False), nn.BatchNorm1d(1))
    assert list(net._modules.items()) == [("0", net[0]), ("1", net[1])]
    assert dict(net[0]._parameters) == {"weight": net[0].weight, "bias": None}
    assert list(net[1]._buffers) == ["running_mean", "running_var", "num_batches_tracked"]
    with pytest.raises(TypeError, match="does not support item assignment"):
        net._modules["0"] = nn.Identity()


def test_type_names_are_those_of_pytorch() -> None:
    torch = pytest.importorskip("torch")
    for name, dtype in TYPES.items():
        assert ag.zeros(1, dtype=dtype).type() == torch.zeros(1, dtype=getattr(torch, dtype)).type() == f"torch.{name}"


def test_a_type_takes_no_tensor_of_another_and_no_tuple_that_may_be_sizes() -> None:
    with pytest.raises(
        ag.errors.DtypeError, match=r"LongTensor: data is a tensor of float32, .* use data.to\(ag.int64\)"
    ):
        ag.LongTensor(ag.zeros(2))
    with pytest.raises(ag.errors.ArgumentError, match=r"FloatTensor: \(2, 3\) may be data, or sizes"):
        ag.FloatTensor(ag.zeros(2, 3).shape)
    with pytest.raises(ag.errors.ArgumentError, match=r"IntTensor: \(\[1\], \[2\]\) are neither sizes"):
        ag.IntTensor([1], [2])
    with pytest.raises(ag.errors.DeviceError, match="cuda"):
        ag.FloatTensor([1.0], device="cuda")


def test_the_class_makes_tensors_of_the_default_dtype() -> None:
    assert [ag.Tensor(data).tolist() for data in ([1, 2], np.arange(2), range(2), [])] == [[1, 2], [0, 1], [0, 1], []]
    assert ag.Tensor([True, ag.tensor(2)]).dtype == ag.Tensor().dtype == ag.Tensor(2, 3).dtype == "float32"
    assert ag.Tensor(2, np.int64(3)).shape == ag.Tensor(ag.Size((2, 3))).shape == ag.Tensor(size=(2, 3)).shape == (2, 3)
    ag.set_default_dtype("float64")
    try:
        assert ag.Tensor([1, 2]).dtype == "float64"
    finally:
        ag.set_default_dtype("float32")


def test_the_class_shares_the_memory_and_the_history_of_a_tensor() -> None:
    x = ag.ones(2, requires_grad=True)
    for kind in (ag.Tensor, ag.FloatTensor):
        y = kind(x * 2)
        (y * y).sum().backward()
        assert x.grad.tolist() == [8, 8]
        x.grad = None
        same = kind(x.detach())
        same[0] = 1
        assert np.shares_memory(same.array, x.array)


def test_subclasses_are_made_as_the_class_is_unless_they_say_otherwise() -> None:
    class Weights(ag.Tensor):
        __slots__ = ()

    class Named(ag.Tensor):
        __slots__ = ("name",)

        def __new__(cls, name: str) -> Any:
            made = object.__new__(cls)
            made.name = name
            return made

    x = ag.ones(2)
    w = Weights(x)
    assert (type(w), w.tolist(), Weights([[1.0]]).shape, Named("w").name) == (Weights, [1, 1], (1, 1), "w")
    assert np.shares_memory(w.array, x.array)
    assert type(w * 2) is type(ag.Tensor(w)) is ag.Tensor
    assert ag.Tensor(nn.Parameter(w)).grad_fn is not None


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: ag.Tensor(3.0), TypeError, "Tensor: data is 3.0, expected a list or an array; use ag.tensor"),
        (lambda: ag.Tensor(True), TypeError, "Tensor: data is True"),
        (lambda: ag.Tensor(None), TypeError, "Tensor: data is None"),
        (lambda: ag.Tensor((2, 3)), ValueError, r"Tensor: \(2, 3\) may be data, or sizes"),
        (lambda: ag.Tensor([1], [2]), ValueError, "are neither sizes"),
        (lambda: ag.Tensor(ag.arange(2)), TypeError, "Tensor: data is a tensor of int64, expected float32"),
        (lambda: ag.Tensor(-1), ValueError, "expected non-negative"),
        (lambda: ag.Tensor([1.0], dtype="float64"), TypeError, "dtype"),
        (lambda: ag.Tensor([1.0], device="cuda"), ag.errors.DeviceError, "cuda"),
    ],
)
def test_what_the_class_does_not_take(call: Callable[[], Any], error: type, message: str) -> None:
    with pytest.raises(error, match=message):
        call()
