"""Tensors brought to other dtypes and devices, and new ones of the dtype of another."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import autograd_core as ag
from autograd_core import Generator
from autograd_core.errors import ArgumentError, DeviceError, DtypeError, GraphError

DTYPES = (ag.float32, ag.float64, ag.int8, ag.int16, ag.int32, ag.int64, ag.uint8, ag.bool)
each_dtype = pytest.mark.parametrize("dtype", DTYPES, ids=str)


# --------------------------------------------------------------------------------------------------------- conversions


@pytest.mark.parametrize(
    ("method", "dtype"),
    [
        ("float", "float32"), ("double", "float64"), ("byte", "uint8"), ("char", "int8"), ("short", "int16"), ("int", "int32"),
        ("long", "int64"), ("bool", "bool"),
    ],
)  # fmt: skip
def test_conversions_by_name(method: str, dtype: str) -> None:
    x = ag.tensor([0.0, 1.7, -2.2])
    assert getattr(x.abs(), method)().dtype == dtype
    np.testing.assert_array_equal(getattr(x.abs(), method)().array, x.abs().array.astype(dtype))
    y = x.to(dtype)
    assert getattr(y, method)() is y
    assert x.type(dtype).dtype == x.astype(dtype).dtype == x.type_as(y).dtype == dtype


def test_to_takes_what_pytorchs_does() -> None:
    x, other = ag.zeros(2), ag.zeros(1, dtype="float64")
    for same in (
        x.to("cpu"), x.to(ag.device("cpu")), x.to("cpu:0"), x.to(None), x.to(device="cpu"), x.to(ag.float32), x.to(x), x.to(),
        x.to("cpu", ag.float32), x.to("cpu", non_blocking=True), x.to("cpu", None, True), x.cpu(), x.to(ag.float32, True),
        x.pin_memory(),
    ):  # fmt: skip
        assert same is x
    for double in (
        x.to(ag.float64), x.to("float64"), x.to("cpu", ag.float64), x.to(other), x.to(other.array), x.to(dtype=ag.float64),
        x.to("cpu", dtype="float64"), x.to(device="cpu", dtype=ag.float64, non_blocking=True), x.to(other=other),
        x.to("cpu", "float64", False, True), x.to(None, "float64"),
    ):  # fmt: skip
        assert double.dtype == ag.float64
    for copy in (
        x.to("cpu", copy=True),
        x.to(x, False, True),
        x.to(ag.float32, False, True),
        x.to("cpu", ag.float32, False, True),
    ):
        assert not np.shares_memory(copy.array, x.array)
        assert copy.dtype == ag.float32
    leaf = ag.zeros(2, requires_grad=True)
    leaf.to("cpu", ag.float64, copy=True).sum().backward()
    assert leaf.grad.dtype == ag.float32
    for bad in ((ag.float32, ag.float64), ("cpu", ag.float32, 1), (x, True, False, True)):
        with pytest.raises(ArgumentError, match=r"to: .* is no \(dtype\), \(device\), \(device, dtype\) or \(other\)"):
            x.to(*bad)
    with pytest.raises(TypeError, match="unexpected keyword"):
        x.to(dtyp="float64")


def test_half_precision_is_refused() -> None:
    for call, message in (
        (ag.zeros(2).half, r"half: float16 is not computed with here; use float\(\)"),
        (ag.zeros(2).bfloat16, r"bfloat16 is not computed with here; use float\(\)"),
        (lambda: ag.zeros(2).to("float16"), r"dtype 'float16' is not supported"),
    ):
        with pytest.raises(DtypeError, match=message):
            call()


def test_numpy_by_force() -> None:
    x = ag.zeros(2, requires_grad=True)
    assert x.numpy(force=True) is x.array
    with pytest.raises(GraphError, match="would lose its history"):
        x.numpy()


# ------------------------------------------------------------------------------------------------------------- devices


def test_devices_have_names() -> None:
    device = ag.device
    assert (repr(device("cpu")), str(device("cuda", 1))) == ("device(type='cpu')", "cuda:1")
    assert repr(device("cuda:1")) == "device(type='cuda', index=1)"
    assert device("cuda:1") == device("cuda", 1) == device(1) == device(device("cuda:1"))
    assert device("cuda", index=1) != device("cuda")
    assert len({device("cpu"), device("cpu"), ag.zeros(1).device}) == 1
    assert (device("mps").type, device("mps").index, device("cpu:0").index) == ("mps", None, 0)
    for bad in ("gpu", "cuda:x", "cuda:", "", 1.5, None, True):
        with pytest.raises(DeviceError, match="is no device"):
            device(bad)
    with pytest.raises(ArgumentError, match="device 'cuda:1' has an index, and index is 2; give it once"):
        device("cuda:1", 2)
    with pytest.raises(AttributeError):
        device("cpu").type = "cuda"  # type: ignore[misc]


def test_tensors_are_on_the_cpu() -> None:
    x = ag.zeros(2)
    assert x.device == ag.device("cpu") == ag.get_default_device()
    assert x.get_device() == -1
    assert x.is_cpu
    assert not any(
        (x.is_cuda, x.is_mps, x.is_xpu, x.is_meta, x.is_sparse, x.is_quantized, x.is_pinned(), x.is_shared())
    )
    ag.set_default_device("cpu")
    ag.set_default_device(None)


FACTORIES: list[Callable[..., Any]] = [
    lambda **k: ag.tensor(1.0, **k), lambda **k: ag.as_tensor(1.0, **k), lambda **k: ag.as_tensor(ag.zeros(1), **k),
    lambda **k: ag.zeros(2, **k), lambda **k: ag.ones(2, **k), lambda **k: ag.empty(2, **k),
    lambda **k: ag.full((2,), 1.0, **k),
    lambda **k: ag.arange(2.0, **k), lambda **k: ag.linspace(0, 1, 2, **k), lambda **k: ag.logspace(0, 1, 2, **k),
    lambda **k: ag.eye(2, **k), lambda **k: ag.rand(2, **k), lambda **k: ag.randn(2, **k), lambda **k: ag.randint(2, (2,), **k),
    lambda **k: ag.randperm(2, **k), lambda **k: ag.normal(0, 1, (2,), **k), lambda **k: ag.zeros_like(ag.zeros(2), **k),
    lambda **k: ag.ones_like(ag.zeros(2), **k), lambda **k: ag.empty_like(ag.zeros(2), **k),
    lambda **k: ag.full_like(ag.zeros(2), 1, **k), lambda **k: ag.rand_like(ag.zeros(2), **k),
    lambda **k: ag.randn_like(ag.zeros(2), **k), lambda **k: ag.randint_like(ag.zeros(2), 5, **k),
    lambda **k: ag.zeros(2).new_tensor([1.0], **k), lambda **k: ag.zeros(2).new_zeros(2, **k),
    lambda **k: ag.zeros(2).new_ones(2, **k), lambda **k: ag.zeros(2).new_empty(2, **k),
    lambda **k: ag.zeros(2).new_full((2,), 1, **k), lambda **k: ag.tril_indices(2, 2, **k),
    lambda **k: ag.triu_indices(2, 2, **k),
]  # fmt: skip


@pytest.mark.parametrize("make", FACTORIES)
def test_every_factory_takes_a_dtype_and_a_device(make: Callable[..., Any]) -> None:
    assert make(device="cpu").device.type == "cpu"
    assert make(device=ag.device("cpu"), dtype=ag.float64).dtype == ag.float64
    with pytest.raises(DeviceError, match=r"device 'cuda:1' is not there: .* leave the device out, or ask first"):
        make(device="cuda:1")


def test_a_device_that_is_not_there_is_one_clear_error() -> None:
    for call in (
        lambda: ag.zeros(2).to("cuda"), lambda: ag.zeros(2).to(0), lambda: ag.zeros(2).to(ag.device("mps"), ag.float64),
        lambda: ag.zeros(2).cuda(), lambda: ag.set_default_device("meta"), ag.cuda.synchronize, ag.cuda.current_device,
        lambda: ag.cuda.set_device(0), ag.cuda.get_device_name, ag.cuda.get_device_properties, ag.mps.synchronize,
        ag.accelerator.current_device_index,
    ):  # fmt: skip
        with pytest.raises(
            DeviceError, match=r"is not there: tensors are|needs an accelerator, and there is none: ask is_available"
        ):
            call()
    assert issubclass(DeviceError, (RuntimeError, AssertionError))  # both are PyTorch's


def test_devices_are_accepted_around_and_in_generators() -> None:
    with ag.device("cpu") as device:
        assert ag.zeros(2).device == device
    for generator in (Generator("cpu"), Generator(device="cpu"), Generator(3, device=ag.device("cpu"))):
        assert generator.device == device
    assert Generator(3, device="cpu").initial_seed() == 3
    for call in (lambda: Generator("cuda"), lambda: Generator(device="mps"), lambda: ag.device("cuda").__enter__()):
        with pytest.raises(DeviceError, match="is not there"):
            call()


def test_precision_of_products_is_accepted() -> None:
    assert ag.get_float32_matmul_precision() == "highest"
    for precision in ("medium", "high", "highest"):
        ag.set_float32_matmul_precision(precision)
        assert ag.get_float32_matmul_precision() == precision
    with pytest.raises(ArgumentError, match="precision='low' is unknown; use \"highest\""):
        ag.set_float32_matmul_precision("low")


def test_questions_about_accelerators_are_answered() -> None:
    for face in (ag.cuda, ag.mps, ag.xpu, ag.accelerator):
        assert face.is_available() is False
        assert face.device_count() == 0
    for face in (ag.cuda, ag.mps, ag.xpu):
        assert face.manual_seed(0) is None
        assert face.empty_cache() is None
    assert ag.cuda.manual_seed_all(0) is None
    assert ag.accelerator.current_accelerator() is None
    assert not ag.cuda.is_initialized()
    assert not ag.cuda.is_bf16_supported()
    assert ag.cuda.memory_allocated() == ag.cuda.max_memory_allocated() == ag.cuda.memory_reserved() == 0
    assert not any((ag.backends.mps.is_available(), ag.backends.mps.is_built(), ag.backends.cuda.is_built()))
    assert ag.backends.cudnn.is_available() is False
    assert ag.backends.cudnn.version() is None
    for switch in ("benchmark", "deterministic", "enabled", "allow_tf32"):
        before = getattr(ag.backends.cudnn, switch)
        setattr(ag.backends.cudnn, switch, before)
    assert ag.backends.cuda.matmul.allow_tf32 is False


# --------------------------------------------------------------------------------------------------------- new tensors


@each_dtype
def test_new_tensors_take_over_the_dtype(dtype: Any) -> None:
    x = ag.zeros(2, dtype=dtype)
    for t, want in (
        (x.new_zeros(2, 3), np.zeros((2, 3))), (x.new_ones((2, 1)), np.ones((2, 1))), (x.new_full((2,), 1), np.ones(2)),
        (x.new_tensor([0, 1]), np.array([0, 1])), (x.new_tensor(ag.ones(2)), np.ones(2)), (x.new_zeros(size=(3,)), np.zeros(3)),
        (x.new_full([2], ag.tensor(1.0)), np.ones(2)),
    ):  # fmt: skip
        assert t.dtype == dtype
        np.testing.assert_array_equal(t.array, want)
        assert not t.requires_grad
    assert x.new_empty(2, 0).shape == (2, 0)
    assert x.new_ones(2, dtype=ag.float64, requires_grad=True).is_leaf
    source = np.ones(2)
    assert not np.shares_memory(x.double().new_tensor(source).array, source)


def test_sizes_by_name_and_ranges() -> None:
    for make in (ag.zeros, ag.ones, ag.empty, ag.rand, ag.randn):
        assert make(size=(2, 3)).shape == make(size=2).shape * 0 + (2, 3)
    np.testing.assert_allclose(ag.logspace(-1, 2, 4, base=2, dtype="float64").array, [0.5, 1, 2, 4])
    assert ag.logspace(0, 1, 0).shape == (0,)
    assert ag.linspace(ag.tensor(0.0), ag.tensor(1.0), 3).tolist() == [0, 0.5, 1]
    with pytest.raises(ArgumentError, match="steps is -1: expected a non-negative number"):
        ag.logspace(0, 1, -1)


def test_retained_gradients_and_output_numbers() -> None:
    x = ag.ones(2, requires_grad=True)
    y = x * 2
    assert (x.retains_grad, y.retains_grad, y.output_nr) == (False, False, 0)
    y.retain_grad()
    x.retain_grad()
    assert (x.retains_grad, y.retains_grad) == (False, True)
