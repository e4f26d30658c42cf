"""Tensors from data, from buffers and from sizes, and their dtypes."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import autograd_core as ag
from autograd_core import Tensor
from autograd_core.errors import ArgumentError, DtypeError, ShapeError

KINDS = ["float32", "float64", "int8", "int16", "int32", "int64", "uint8", "bool"]
each_dtype = pytest.mark.parametrize("dtype", KINDS)


# ------------------------------------------------------------------------------------------------------------ from data


@pytest.mark.parametrize(
    ("data", "dtype"),
    [
        (1.5, "float32"), (3, "int64"), (True, "bool"), ([1, 2], "int64"), ([1, 2.5], "float32"), ([True, False], "bool"),
        ([[1.0], [2.0]], "float32"), ([], "float32"), ([[], []], "float32"), ((1, 2), "int64"), (range(3), "int64"),
        (np.float64(1.5), "float64"), (np.float32(1.5), "float32"), (np.int8(3), "int8"), (np.bool_(True), "bool"),
        ([np.float64(1.5)], "float32"), ([np.zeros(2), np.ones(2)], "float64"), ([[np.zeros(2)]], "float64"),
    ],
)  # fmt: skip
def test_dtype_of_data(data: Any, dtype: str) -> None:
    for make in (ag.tensor, ag.as_tensor):
        t = make(data)
        assert t.dtype == dtype
        np.testing.assert_array_equal(t.array, np.array(data))
        assert not t.requires_grad


@each_dtype
def test_arrays_keep_their_dtype(dtype: str) -> None:
    a = np.arange(6).reshape(2, 3).astype(dtype)
    for make in (ag.tensor, ag.as_tensor, ag.from_numpy):
        assert make(a).dtype == dtype
        np.testing.assert_array_equal(make(a).array, a)
    assert ag.tensor(a.T).is_contiguous()
    assert ag.tensor([[0, 1, 2], [3, 4, 5]], dtype=dtype).dtype == dtype
    np.testing.assert_array_equal(ag.tensor([[0, 1, 2], [3, 4, 5]], dtype=dtype).array, a)


@pytest.mark.parametrize("spelling", ["float64", np.float64, np.dtype("float64"), ag.float64, "f8", "d"])
def test_spellings_of_a_dtype(spelling: Any) -> None:
    assert ag.tensor([1], dtype=spelling).dtype == ag.float64
    assert ag.ones(2).to(spelling).dtype == ag.float64
    assert ag.zeros(2, dtype=spelling).dtype == ag.float64


def test_python_types_are_dtypes() -> None:
    assert ag.tensor([1], dtype=float).dtype == ag.float32
    assert ag.tensor([1.0], dtype=int).dtype == ag.int64
    assert ag.tensor([1.0], dtype=bool).dtype == ag.bool


def test_tensor_copies_and_as_tensor_shares() -> None:
    a = np.zeros(3)
    copied, shared, over = ag.tensor(a), ag.as_tensor(a), ag.from_numpy(a)
    a[0] = 5
    assert (copied[0].item(), shared[0].item(), over[0].item()) == (0, 5, 5)
    over[1] = 7
    assert a[1] == 7
    assert not np.shares_memory(ag.as_tensor(a, dtype="float32").array, a)
    t = ag.ones(2, requires_grad=True)
    assert ag.as_tensor(t) is t
    assert ag.as_tensor(t, dtype="float64").requires_grad, "history is kept"
    fresh = ag.tensor(t)
    assert not np.shares_memory(fresh.array, t.array)
    assert not fresh.requires_grad
    assert ag.tensor(t, requires_grad=True).is_leaf


def test_asarray_shares_what_it_can() -> None:
    a = np.arange(3.0)
    assert np.shares_memory(ag.asarray(a, copy=False).array, a)
    assert ag.asarray(a).dtype == ag.float64
    assert not np.shares_memory(ag.asarray(a, copy=True).array, a)
    assert not np.shares_memory(ag.asarray(a, dtype=ag.float32).array, a)
    assert ag.asarray([1, 2.5]).dtype == ag.float32
    assert ag.asarray([1e-300], dtype=ag.float64).item() == 1e-300
    assert ag.asarray(np.float64(0.5)).dtype == ag.float64
    assert ag.asarray([]).shape == (0,)
    assert ag.asarray(np.zeros((0, 2)), copy=False).shape == (0, 2)
    with pytest.raises(ag.errors.DeviceError, match="'cuda' is not there"):
        ag.asarray(bytes(4), device="cuda")
    for data, dtype in (([1.0], None), (1.5, None), (np.float32(1), None), (a, ag.float32), (ag.ones(2), ag.float64)):
        with pytest.raises(
            ArgumentError, match=r"asarray: copy=False, and a tensor of float\d\d cannot share the memory of a"
        ):
            ag.asarray(data, dtype=dtype, copy=False)
    with pytest.raises(DtypeError, match="requires_grad: only floating tensors have gradients"):
        ag.asarray([1, 2], requires_grad=True)


def test_asarray_keeps_history_unless_told() -> None:
    leaf = ag.ones(2, requires_grad=True)
    y = leaf * 2
    assert ag.asarray(y) is y
    assert ag.asarray(y, requires_grad=True) is y
    assert ag.asarray(y, dtype=ag.float64, copy=True).grad_fn is not None
    cut = ag.asarray(y, requires_grad=False)
    assert cut.grad_fn is None
    assert cut.data_ptr() == y.data_ptr()
    assert leaf.requires_grad
    assert ag.asarray([1.0], requires_grad=True).is_leaf


def test_tensors_over_buffers() -> None:
    memory = bytearray(np.array([1, 2, 3], np.int32).tobytes())
    x = ag.frombuffer(memory, dtype=ag.int32)
    assert x.tolist() == [1, 2, 3]
    x[0] = 7
    assert memory[0] == 7
    assert ag.frombuffer(memory, dtype=ag.int32, count=1, offset=4).tolist() == [2]
    assert ag.asarray(memory, dtype=ag.int32, copy=False).data_ptr() == x.data_ptr()
    assert ag.asarray(bytes(8)).tolist() == [0.0, 0.0]
    assert ag.frombuffer(bytearray(8), dtype=ag.float64, requires_grad=True).requires_grad
    with pytest.raises(ag.errors.GraphError, match=r"read-only array; use \.clone"):
        ag.frombuffer(b"1234", dtype=ag.uint8).zero_()
    for options, what in (
        ({}, "numbers of int32"),
        ({"offset": 9}, "from byte 9 on"),
        ({"count": 4}, "hold 4 numbers"),
    ):
        with pytest.raises(
            ArgumentError, match=rf"a bytearray does not .*{what}.*: .*; choose dtype, count and offset to fit"
        ):
            ag.frombuffer(bytearray(7), dtype=ag.int32, **options)
    with pytest.raises(ArgumentError, match=r"a list does not hold .*bytes-like"):
        ag.frombuffer([1, 2], dtype=ag.int32)
    with pytest.raises(DtypeError, match="dtype 'complex64' is not supported"):
        ag.frombuffer(bytes(8), dtype="complex64")


def test_range_includes_its_end_and_warns() -> None:
    for args, wanted in (
        ((1, 4), [1, 2, 3, 4]),
        ((0, 1, 0.3), [0, 0.3, 0.6, 0.9]),
        ((4, 1, -1), [4, 3, 2, 1]),
        ((1, 1), [1]),
    ):
        with pytest.warns(UserWarning, match=r"range includes its end.*use arange"):
            found = ag.range(*args)
        assert found.dtype == ag.float32
        np.testing.assert_allclose(found.array, wanted, rtol=1e-6)
    with (
        pytest.warns(UserWarning, match="range"),
        pytest.raises(ArgumentError, match="step is 1: expected a number that leads"),
    ):
        ag.range(4, 1)


def test_constants() -> None:
    assert (ag.e, ag.pi, ag.inf) == (np.e, np.pi, np.inf)
    assert ag.nan != ag.nan
    assert ag.ones(2, 3)[:, ag.newaxis].shape == (2, 1, 3)


def test_lists_of_tensors() -> None:
    a, b = ag.tensor([1.0, 2.0]), ag.tensor([3.0, 4.0])
    assert ag.tensor([a, b]).tolist() == [[1, 2], [3, 4]]
    assert ag.tensor([a, b]).dtype == "float32"
    assert ag.tensor([[a.double()], [b.double()]]).dtype == "float64"
    assert ag.tensor([[a[0], 5.0], (6, b[1])]).tolist() == [[1, 5], [6, 4]]
    assert ag.as_tensor([ag.tensor(1), ag.tensor(2)]).dtype == "int64"


@pytest.mark.parametrize(
    "dtype", ["float16", "complex64", "complex128", "uint16", "uint32", "uint64", "U3", "O", "M8[s]"]
)
def test_unsupported_dtypes_of_data(dtype: str) -> None:
    a = np.zeros(2, dtype)
    for make in (ag.tensor, ag.as_tensor, ag.from_numpy):
        with pytest.raises(
            DtypeError, match=r"data has dtype .*: expected one of float32, float64, int8.*convert it first"
        ):
            make(a)


@pytest.mark.parametrize("dtype", ["float16", "complex64", np.float16, "nonsense", [1], object])
def test_unsupported_dtypes_asked_for(dtype: Any) -> None:
    with pytest.raises(
        DtypeError, match="is not supported: expected one of float32, float64, int8, int16, int32, int64, uint8"
    ):
        ag.ones(2).to(dtype)


def test_bad_data() -> None:
    with pytest.raises(ShapeError, match=r"data is nested unevenly .*: give every list of one level the same length"):
        ag.tensor([[1, 2], [3]])
    for data in ("text", None, [None, 1], {"a": 1}, 1j, 2**70):
        with pytest.raises(DtypeError, match="data has dtype"):
            ag.tensor(data)
    with pytest.raises(DtypeError, match=r"array is a list: expected a numpy\.ndarray; use tensor\(\) for other data"):
        ag.from_numpy([1, 2])  # type: ignore[arg-type]
    with pytest.raises(
        DtypeError, match=r"requires_grad: only floating tensors have gradients, this one is int64; use \.float"
    ):
        ag.tensor([1, 2], requires_grad=True)


@pytest.mark.parametrize("dtype", [">f4", ">f8", ">i2", ">i8"])
def test_arrays_of_the_other_byte_order(dtype: str) -> None:
    a = np.arange(3).astype(dtype)
    for make in (ag.tensor, ag.as_tensor):
        t = make(a)
        assert t.dtype.isnative
        assert t.tolist() == [0, 1, 2]
        assert (t + t).tolist() == [0, 2, 4]
    with pytest.raises(
        DtypeError, match=r"array has dtype >.., of the other byte order: its memory cannot be shared; use ten"
    ):
        ag.from_numpy(a)


def test_subclasses_of_ndarray_become_plain() -> None:
    for a in (np.ma.array([1.0, 2.0]), np.array([[1.0, 2.0]]).view(np.recarray)):
        for make in (ag.tensor, ag.as_tensor, ag.from_numpy):
            assert type(make(a).array) is np.ndarray


def test_dtypes_have_pytorchs_other_names_too() -> None:
    assert (ag.float, ag.double, ag.int, ag.long) == (ag.float32, ag.float64, ag.int32, ag.int64)
    assert ag.zeros(2, dtype=ag.long).dtype == "int64"


# ----------------------------------------------------------------------------------------------------------- from sizes


@each_dtype
def test_filled(dtype: str) -> None:
    for size in ((2, 3), (0, 3), ()):
        for t in (ag.zeros(*size, dtype=dtype), ag.zeros(size, dtype=dtype), ag.zeros(list(size), dtype=dtype)):
            np.testing.assert_array_equal(t.array, np.zeros(size, dtype))
            assert t.dtype == dtype
        np.testing.assert_array_equal(ag.ones(size, dtype=dtype).array, np.ones(size, dtype))
        np.testing.assert_array_equal(ag.full(size, 1, dtype=dtype).array, np.ones(size, dtype))
        assert ag.empty(size, dtype=dtype).shape == size
        assert ag.empty(*size, dtype=dtype).dtype == dtype
        like = ag.empty(size, dtype=dtype)
        for make in (ag.zeros_like, ag.ones_like, ag.empty_like, lambda t: ag.full_like(t, 1)):
            assert (make(like).shape, make(like).dtype) == (size, dtype)
        np.testing.assert_array_equal(ag.full_like(like, 1).array, np.ones(size, dtype))
        np.testing.assert_array_equal(ag.zeros_like(like, dtype="float64").array, np.zeros(size))


def test_defaults_and_gradients() -> None:
    made = [
        ag.zeros(2),
        ag.ones(2),
        ag.empty(2),
        ag.eye(2),
        ag.linspace(0, 1, 2),
        ag.rand(2),
        ag.randn(2),
        ag.full((2,), 1.5),
    ]
    assert {t.dtype.name for t in made} == {"float32"}
    assert not any(t.requires_grad for t in made)
    assert ag.full((2,), 3).dtype == "int64"
    assert ag.full((2,), True).dtype == "bool"
    assert ag.full((2,), np.int16(3)).dtype == "int64"
    assert ag.full((2,), ag.tensor(2.5)).tolist() == [2.5, 2.5]
    assert ag.full(3, 2.0).shape == (3,)
    assert ag.zeros(np.int64(2), np.int8(3)).shape == (2, 3)
    for make in (ag.zeros, ag.ones, ag.empty, ag.rand, ag.randn, ag.eye):
        t = make(2, requires_grad=True)
        assert t.is_leaf
        assert t.requires_grad
    assert ag.full((2,), 1.0, requires_grad=True).requires_grad
    assert ag.arange(0.0, 2.0, requires_grad=True).requires_grad
    assert ag.linspace(0, 1, 3, requires_grad=True).requires_grad
    for like in (ag.zeros_like, ag.ones_like, ag.empty_like, ag.rand_like, ag.randn_like):
        assert like(ag.ones(2), requires_grad=True).requires_grad
    with pytest.raises(DtypeError, match="only floating tensors have gradients"):
        ag.zeros(2, dtype="int64", requires_grad=True)


def test_bad_sizes() -> None:
    for make in (ag.zeros, ag.ones, ag.empty, ag.rand, ag.randn):
        with pytest.raises(ShapeError, match=r"size is \(2, -1\): expected non-negative numbers"):
            make(2, -1)
        with pytest.raises(DtypeError, match=r"size is \(2\.5,\): expected whole numbers"):
            make(2.5)
        with pytest.raises(DtypeError, match=r"size is \(2, 'a'\): expected whole numbers"):
            make((2, "a"))


@pytest.mark.parametrize(
    "args",
    [
        (5,),
        (0,),
        (2, 7),
        (2, 9, 3),
        (7, 2, -2),
        (3, 3),
        (1.0, 2.0, 0.25),
        (0.5,),
        (2, 0, -0.5),
        (0, 1, 0.1),
        (5, 0, -5),
    ],
)
def test_arange_is_numpys(args: Any) -> None:
    t = ag.arange(*args)
    assert t.dtype == ("float32" if any(isinstance(a, float) for a in args) else "int64")
    np.testing.assert_allclose(t.array, np.arange(*args), rtol=1e-6)
    for number in (np.float32, np.float64) if t.dtype == "float32" else (np.int64, ag.tensor):
        np.testing.assert_allclose(ag.arange(*map(number, args)).array, t.array, rtol=1e-6)


def test_arange_linspace_eye() -> None:
    assert ag.arange(3, dtype="float64").dtype == "float64"
    assert ag.arange(0, 1, np.float32(0.5)).tolist() == [0, 0.5]
    np.testing.assert_array_equal(ag.arange(0, 1, 1e-3).array, (np.arange(1000) * 1e-3).astype("f"))
    for args in ((5, 1), (0, 5, 0), (0, 5, -1), (0.0, 1.0, -0.1)):
        with pytest.raises(ArgumentError, match=r"step is .*: expected a number that leads from start .* to end"):
            ag.arange(*args)
    assert ag.linspace(0, 1, 5).tolist() == [0, 0.25, 0.5, 0.75, 1]
    assert ag.linspace(3, 3, 1).tolist() == [3]
    assert ag.linspace(0, 1, 0).shape == (0,)
    assert ag.linspace(1, -1, 3, dtype="float64").dtype == "float64"
    with pytest.raises(ArgumentError, match="steps is -1: expected a non-negative number"):
        ag.linspace(0, 1, -1)
    assert ag.eye(2).tolist() == [[1, 0], [0, 1]]
    assert ag.eye(2, 3, dtype="int64").tolist() == [[1, 0, 0], [0, 1, 0]]
    assert ag.eye(0).shape == (0, 0)


def test_factories_agree_with_torch() -> None:
    torch = pytest.importorskip("torch")
    for name, args in (
        ("arange", (5,)), ("arange", (0, 1, 0.1)), ("arange", (7, 2, -2)), ("linspace", (-1, 2, 7)), ("eye", (2, 3)),
        ("full", ((2, 3), 7)), ("full", ((2,), 1.5)), ("zeros", (2, 3)), ("ones", ((2, 3),)), ("tensor", ([1, 2.5],)),
        ("asarray", ([1, 2.5],)), ("asarray", (np.float64(2),)), ("asarray", (True,)),
        ("tensor", ([],)), ("tensor", ([True],)), ("tensor", (np.float64(2),)), ("tensor", (range(3),)),
    ):  # fmt: skip
        got, want = getattr(ag, name)(*args), getattr(torch, name)(*args)
        assert f"torch.{got.dtype}" == str(want.dtype), (name, args)
        np.testing.assert_allclose(got.array, want.numpy(), rtol=1e-6)


def test_every_factory_gives_a_tensor() -> None:
    x = ag.ones(2)
    for t in (
        ag.tensor(1), ag.as_tensor(1), ag.from_numpy(np.ones(1)), ag.zeros(1), ag.ones(1), ag.empty(1), ag.full((1,), 1),
        ag.arange(1), ag.linspace(0, 1, 2), ag.eye(1), ag.rand(1), ag.randn(1), ag.randint(2, (1,)), ag.randperm(1),
        ag.zeros_like(x), ag.ones_like(x), ag.empty_like(x), ag.full_like(x, 1), ag.rand_like(x), ag.randn_like(x),
    ):  # fmt: skip
        assert type(t) is Tensor
        assert type(t.array) is np.ndarray
