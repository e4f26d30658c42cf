"""What a tensor tells about itself, dtypes and devices, conversions, new tensors, random fills, printing options."""

from __future__ import annotations

import math
import operator
import re
from collections.abc import Callable, Iterator
from statistics import NormalDist
from typing import Any

import numpy as np
import pytest

import autograd_core as ag
from autograd_core import Generator
from autograd_core.errors import ArgumentError, DeviceError, DtypeError, GraphError, ShapeError

DTYPES = (ag.float32, ag.float64, ag.int8, ag.int16, ag.int32, ag.int64, ag.uint8, ag.bool)
each_dtype = pytest.mark.parametrize("dtype", DTYPES, ids=str)


@pytest.fixture
def restored() -> Iterator[None]:
    """Give the default dtype and the printing options back."""
    dtype, options = ag.get_default_dtype(), ag.get_printoptions()
    yield
    ag.set_default_dtype(dtype)
    ag.set_printoptions(**options)


# ---------------------------------------------------------------------------------------------------------- sizes, memory


@each_dtype
def test_sizes_and_bytes(dtype: Any) -> None:
    x = ag.zeros(2, 3, 4, dtype=dtype)
    assert x.dim() == x.ndimension() == x.ndim == 3
    assert x.numel() == x.nelement() == ag.numel(x) == 24
    assert x.itemsize == x.element_size() == dtype.itemsize
    assert x.nbytes == 24 * dtype.itemsize
    assert x.size() == (2, 3, 4)
    assert x.size(-1) == x.size(dim=2) == 4
    assert ag.tensor(1.0).size().numel() == 1
    with pytest.raises(IndexError, match="dim 3 is out of range"):
        x.size(3)
    with pytest.raises(IndexError, match="dim -1 is out of range for a tensor of 0 dimensions, which has no sizes"):
        x.sum().size(-1)


def test_a_size_is_a_tuple_that_knows_its_product() -> None:
    size = ag.zeros(2, 3, 4).size()
    assert type(size) is type(size[1:]) is type(operator.add(size, (5,))) is type(operator.add((5,), size)) is ag.Size
    assert (size.numel(), size[1:].numel(), size[0], ag.Size([2, 0]).numel()) == (24, 12, 2, 0)
    assert ((*size, 5), (5, *size), hash(size), repr(size)) == (
        (2, 3, 4, 5),
        (5, 2, 3, 4),
        hash((2, 3, 4)),
        "(2, 3, 4)",
    )
    assert size == (2, 3, 4)
    with pytest.raises(TypeError):
        operator.add(size, [1])


def test_how_it_lies_in_memory() -> None:
    x = ag.arange(24.0).reshape(2, 3, 4)
    views = [x, x.T, x[1], x[:, 1:, ::2], x.expand(2, 2, 3, 4), x[1, 2, 3], x.unfold(2, 2, 1), x.diagonal(1, 1, 2)]
    torch = pytest.importorskip("torch")
    t = torch.arange(24.0).reshape(2, 3, 4)
    theirs = [
        t, t.permute(2, 1, 0), t[1], t[:, 1:, ::2], t.expand(2, 2, 3, 4), t[1, 2, 3], t.unfold(2, 2, 1), t.diagonal(1, 1, 2),
    ]  # fmt: skip
    for ours, their in zip(views, theirs, strict=True):
        assert ours.stride() == their.stride()
        assert ours.storage_offset() == their.storage_offset()
        assert ours.is_contiguous() == their.is_contiguous()
        assert ours.data_ptr() - x.data_ptr() == their.data_ptr() - t.data_ptr()
    assert x.stride(-1) == 1
    assert x.T.contiguous().is_contiguous()
    assert x.contiguous() is ag.contiguous(x) is x


def test_is_same_size() -> None:
    assert ag.is_same_size(ag.zeros(2, 3), ag.ones(2, 3, dtype="int64"))
    assert not ag.zeros(2, 3).is_same_size(ag.zeros(3, 2))


# ------------------------------------------------------------------------------------------------------------------ dtypes


@each_dtype
def test_kinds_of_dtype(dtype: Any) -> None:
    x = ag.zeros(2, dtype=dtype)
    assert x.is_floating_point() == ag.is_floating_point(x) == (dtype.kind == "f")
    assert x.is_signed() == (dtype.kind in "if")
    assert not x.is_complex()
    assert not ag.is_complex(x)
    assert ag.is_complex(np.zeros(1, complex))


def test_is_nonzero() -> None:
    assert ag.is_nonzero(ag.tensor([[2.0]]))
    assert not ag.tensor(False).is_nonzero()
    with pytest.raises(ShapeError, match=r"is_nonzero\(\) needs a tensor of one element, this one has shape \(2,\)"):
        ag.zeros(2).is_nonzero()


def test_questions_about_dtypes_have_pytorchs_answers() -> None:
    torch = pytest.importorskip("torch")
    theirs = {d: getattr(torch, d.name) for d in DTYPES}
    for a in DTYPES:
        for b in DTYPES:
            assert f"torch.{ag.promote_types(a, b)}" == str(torch.promote_types(theirs[a], theirs[b]))
            assert ag.can_cast(a, b) == torch.can_cast(theirs[a], theirs[b])
            for shapes in ((2, 2), (2, ()), ((), 2), ((), ())):
                x, y = (ag.zeros(s, dtype=d) for s, d in zip(shapes, (a, b)))
                s, t = (torch.zeros(s, dtype=theirs[d]) for s, d in zip(shapes, (a, b)))
                assert f"torch.{ag.result_type(x, y)}" == str(torch.result_type(s, t)), (a, b, shapes)
                assert ag.result_type(x, y) == (x + y).dtype
        for number in (True, 2, 2.5):
            assert f"torch.{ag.result_type(x, number)}" == str(torch.result_type(s, number))


def test_limits_of_dtypes_are_pytorchs() -> None:
    torch = pytest.importorskip("torch")
    for name in ("float32", "float64"):
        ours, theirs = ag.finfo(name), torch.finfo(getattr(torch, name))
        for fact in ("resolution", "min", "max", "eps", "smallest_normal", "tiny", "bits", "dtype"):
            assert getattr(ours, fact) == getattr(theirs, fact)
            assert type(getattr(ours, fact)) is type(getattr(theirs, fact))
    for name in ("uint8", "int8", "int16", "int32", "int64"):
        ours, theirs = ag.iinfo(name), torch.iinfo(getattr(torch, name))
        assert (ours.min, ours.max, ours.bits, ours.dtype) == (theirs.min, theirs.max, theirs.bits, theirs.dtype)
    assert ag.finfo() == ag.finfo(ag.float32)
    with pytest.raises(DtypeError, match="finfo: dtype int64 is not floating; use iinfo"):
        ag.finfo("int64")
    with pytest.raises(DtypeError, match="iinfo: dtype float32 is not an integer dtype; use finfo"):
        ag.iinfo(ag.float32)
    with pytest.raises(DtypeError, match=r"iinfo: dtype bool is not an integer dtype$"):
        ag.iinfo(bool)


def test_dlpack_shares_memory_both_ways() -> None:
    a = np.arange(3.0)
    x = ag.from_dlpack(a)
    x[0] = 7
    assert a[0] == np.from_dlpack(x)[0] == 7
    torch = pytest.importorskip("torch")
    t = torch.zeros(2, dtype=torch.float64)
    ag.from_dlpack(t).fill_(3)
    assert t.tolist() == torch.from_dlpack(ag.from_dlpack(t)).tolist() == [3, 3]


def test_is_tensor() -> None:
    assert ag.is_tensor(ag.zeros(1))
    assert not ag.is_tensor([1])


def test_the_default_dtype(restored: None) -> None:
    x = ag.zeros(2)
    ag.set_default_dtype(ag.float64)
    assert ag.get_default_dtype() == ag.float64
    for t in (
        ag.zeros(2), ag.tensor([1.5]), ag.tensor(1.5), ag.arange(0.0, 1.0), ag.linspace(0, 1, 3), ag.logspace(0, 1, 3),
        ag.eye(2), ag.rand(2), ag.randn(2), ag.full((2,), 1.5), ag.arange(3) / 2, ag.arange(3) + 0.5, ag.arange(3).sqrt(),
        ag.arange(3.0).mean(), ag.tensor([True]).to(float), ag.normal(0, 1, (2,)),
    ):  # fmt: skip
        assert t.dtype == ag.float64
    assert (x + 1.5).dtype == x.float().dtype == ag.float32
    assert ag.finfo().bits == 64
    assert repr(ag.tensor([0.5])) == "tensor([0.5000])"
    assert repr(x) == "tensor([0., 0.], dtype=float32)"
    with pytest.raises(DtypeError, match="set_default_dtype: d is int64: expected float32"):
        ag.set_default_dtype(ag.int64)


# ------------------------------------------------------------------------------------------------------------- conversions


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


# ----------------------------------------------------------------------------------------------------------------- devices


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


# ------------------------------------------------------------------------------------------------------------- new tensors


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


# ---------------------------------------------------------------------------------------------------------- random numbers


def draws(generator: Generator | None) -> list[Any]:
    x, options = ag.empty(3), {"generator": generator}
    means = ag.tensor([1.0, 20.0])
    return [
        x.bernoulli_(0.3, **options).tolist(), x.random_(**options).tolist(), x.random_(5, **options).tolist(),
        x.random_(-3, 3, **options).tolist(), x.exponential_(2, **options).tolist(), x.geometric_(0.1, **options).tolist(),
        x.log_normal_(0, 1, **options).tolist(), x.cauchy_(1, 2, **options).tolist(), ag.normal(means, 1, **options).tolist(),
        ag.bernoulli(means / 40, **options).tolist(), ag.poisson(means, **options).tolist(),
        ag.randint_like(x, 1, 9, **options).tolist(), ag.multinomial(means, 5, True, **options).tolist(),
        ag.multinomial(means, 2, **options).tolist(), means.multinomial(1, **options).tolist(),
        (means / 40).bernoulli(**options).tolist(),
    ]  # fmt: skip


def test_the_same_seed_gives_the_same_draws() -> None:
    ag.manual_seed(5)
    first = draws(None)
    ag.manual_seed(5)
    assert draws(None) == first == draws(Generator(5)) != draws(Generator(6))


N = 40_000
QUANTILES = (0.1, 0.25, 0.5, 0.75, 0.9)


@pytest.mark.parametrize("dtype", [ag.float32, ag.float64], ids=str)
@pytest.mark.parametrize(
    ("fill", "quantile"),
    [
        (lambda x: x.exponential_(2), lambda q: -math.log(1 - q) / 2),
        (lambda x: x.cauchy_(3, 2), lambda q: 3 + 2 * math.tan(math.pi * (q - 0.5))),
        (lambda x: x.random_(0, 1000), lambda q: 1000 * q),
        (lambda x: x.log_normal_(1, 2).log(), lambda q: 1 + 2 * NormalDist().inv_cdf(q)),
    ],
    ids=["exponential", "cauchy", "random", "log_normal"],
)  # fmt: skip
def test_continuous_fills_have_their_quantiles(fill: Any, quantile: Any, dtype: Any) -> None:
    x = fill(ag.empty(N, dtype=dtype))
    assert x.dtype == dtype
    below = [float((x.array <= quantile(q)).mean()) for q in QUANTILES]
    np.testing.assert_allclose(below, QUANTILES, atol=0.012)


@pytest.mark.parametrize("dtype", [ag.float32, ag.int64, ag.uint8], ids=str)
def test_discrete_fills_have_their_frequencies(dtype: Any) -> None:
    x = ag.empty(N, dtype=dtype)
    assert abs(float(x.bernoulli_(0.3).double().mean()) - 0.3) < 0.01
    assert set(np.unique(x.array)) == {0, 1}
    x.geometric_(0.5)
    np.testing.assert_allclose([(x.array == k).mean() for k in (1, 2, 3)], [0.5, 0.25, 0.125], atol=0.012)
    assert set(np.unique(x.random_(2, 5).array)) == {2, 3, 4}
    assert x.bernoulli_(ag.tensor(1.0)).min() == 1
    assert ag.empty(2, N, dtype=dtype).bernoulli_(ag.tensor([[0.0], [1.0]])).double().mean(1).tolist() == [0, 1]
    assert x.dtype == dtype


@each_dtype
def test_random_goes_up_to_the_largest_exact_number(dtype: Any) -> None:
    x = ag.empty(1000, dtype=dtype).random_()
    largest = (
        1
        if dtype == ag.bool
        else 2**24
        if dtype == ag.float32
        else 2**53
        if dtype == ag.float64
        else ag.iinfo(dtype).max
    )
    assert 0.9 * largest < float(x.max()) <= largest
    assert float(x.min()) <= 0.1 * largest


def test_what_was_there_before_a_fill_gets_no_gradient() -> None:
    x = ag.ones(3, requires_grad=True)
    y = x * 2
    y.exponential_()
    y.sum().backward()
    assert x.grad.tolist() == [0, 0, 0]


def test_draws_of_tensors() -> None:
    p = ag.tensor([0.0, 0.25, 1.0]).expand(N, 3)
    np.testing.assert_allclose(ag.bernoulli(p).mean(0).array, [0, 0.25, 1], atol=0.01)
    np.testing.assert_allclose(ag.bernoulli(p, 0.5).mean(0).array, [0.5] * 3, atol=0.01)
    means = ag.tensor([0.0, 3.0, 50.0], dtype="float64").expand(N, 3)
    counts = ag.poisson(means)
    assert counts.dtype == ag.float64
    np.testing.assert_allclose(counts.mean(0).array, [0, 3, 50], atol=0.2)
    np.testing.assert_allclose(counts.var(0).array, [0, 3, 50], atol=1.5)
    drawn = ag.normal(means, ag.tensor([[1.0], [2.0]]).repeat(N // 2, 1).double())
    assert (drawn.shape, drawn.dtype) == ((N, 3), ag.float64)
    np.testing.assert_allclose(drawn.mean(0).array, [0, 3, 50], atol=0.05)
    np.testing.assert_allclose(drawn[::2].std(0).array, [1, 1, 1], atol=0.03)
    assert ag.normal(1.0, ag.zeros(2)).tolist() == [1, 1]
    assert ag.normal(2.0, 0.0, (2, 1), dtype=ag.float64).tolist() == [[2], [2]]
    like = ag.randint_like(ag.zeros(2, N, dtype=ag.float64), 3, 5)
    assert (like.shape, like.dtype, set(np.unique(like.array))) == ((2, N), ag.float64, {3, 4})


def test_multinomial_draws_in_proportion() -> None:
    weights = ag.tensor([[1.0, 0.0, 3.0, 4.0], [0.0, 5.0, 0.0, 5.0]])
    drawn = ag.multinomial(weights, N, replacement=True)
    assert drawn.dtype == ag.int64
    shares = [np.bincount(row, minlength=4) / N for row in drawn.array]
    np.testing.assert_allclose(shares, [[0.125, 0, 0.375, 0.5], [0, 0.5, 0, 0.5]], atol=0.012)
    pairs = ag.multinomial(weights[0].expand(N, 4), 2)
    assert (pairs[:, 0] != pairs[:, 1]).all()
    assert not (pairs == 1).any()
    np.testing.assert_allclose(
        [(pairs[:, 0] == k).double().mean().item() for k in range(4)], [0.125, 0, 0.375, 0.5], atol=0.012
    )
    first = pairs[pairs[:, 0] == 3][:, 1]  # what follows a 3 is drawn from the rest
    np.testing.assert_allclose([(first == k).double().mean().item() for k in (0, 2)], [0.25, 0.75], atol=0.015)
    assert ag.multinomial(weights[1], 2).sort()[0].tolist() == [1, 3]


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda x: x.exponential_(0), ArgumentError, "exponential_: lambd is 0: expected a positive number"),
        (lambda x: x.cauchy_(0, -1), ArgumentError, "cauchy_: sigma is -1: expected a positive number"),
        (lambda x: x.log_normal_(0, 0), ArgumentError, "log_normal_: std is 0: expected a positive number"),
        (lambda x: x.geometric_(1), ArgumentError, "geometric_: p is 1: expected a probability above 0 and below 1"),
        (lambda x: x.bernoulli_(1.5), ArgumentError, "bernoulli_: p is 1.5: expected probabilities from 0 to 1"),
        (lambda x: x.random_(3, 3), ArgumentError, r"random_: no whole number is in \[3, 3\); give from_ below to"),
        (lambda x: x.random_(0), ArgumentError, r"random_: no whole number is in \[0, 0\)"),
        (lambda x: x.long().exponential_(), DtypeError, "exponential_: this tensor is int64; only floating tensors"),
        (lambda x: x.long().cauchy_(), DtypeError, "cauchy_: this tensor is int64"),
        (lambda x: x.long().log_normal_(), DtypeError, "log_normal_: this tensor is int64"),
        (lambda x: ag.bernoulli(x + 2), ArgumentError, "expected probabilities from 0 to 1"),
        (lambda x: ag.bernoulli(x.long()), DtypeError, "bernoulli: input has dtype int64, expected probabilities"),
        (lambda x: ag.poisson(x - 1), ArgumentError, "poisson: input has negative or NaN elements; means are 0 or more"),
        (lambda x: ag.poisson(x.long()), DtypeError, "poisson: input has dtype int64, expected floating"),
        (lambda x: ag.normal(x, 1, (2,)), ArgumentError, r"normal: size is \(2,\); give it if mean and std are numbers"),
        (lambda x: ag.normal(0, 1), ArgumentError, "normal: size is None"),
        (lambda x: ag.normal(x, -1), ArgumentError, "normal: std is -1: expected non-negative numbers"),
        (lambda x: ag.normal(x.long(), 1), DtypeError, "dtype is int64: expected float32 or float64"),
        (lambda x: ag.multinomial(x, 1), ArgumentError, "a row of input has negative, infinite or NaN weights"),
        (lambda x: ag.multinomial(x + 1, 3), ArgumentError, "num_samples=3 must be 1 or more, and .* at most 2"),
        (lambda x: ag.multinomial(x + 1, 0, True), ArgumentError, "num_samples=0 must be 1 or more"),
        (lambda x: ag.multinomial(x[None, None] + 1, 1), ShapeError, r"multinomial: input has shape \(1, 1, 2\), expected"),
        (lambda x: ag.multinomial(x.long(), 1), DtypeError, "multinomial: input has dtype int64, expected floating weights"),
    ],
)  # fmt: skip
def test_bad_distributions_are_explained(call: Callable[[Any], Any], error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        call(ag.zeros(2))


# ---------------------------------------------------------------------------------------------------------------- the text

NUMBERS = [
    np.array([1.0, 20000.0], "f"), np.array([1.0, np.nan, -np.inf], "f"), np.array([0.5, 1e-9, 0.0], "f"),
    np.array([3.0, 1e9], "f"),
    np.linspace(-1, 1, 50, dtype="f"), np.arange(30).reshape(5, 6), np.arange(1200, dtype="f").reshape(3, 20, 20) / 7,
    np.array(2.5, "f"), np.array([True, False]), np.zeros((2, 2), "f"), np.array([-0.0, 0.0], "f"), np.arange(3000) - 1500,
    np.array([np.nan, np.inf], "f"), np.array([0.1, np.inf, -2.0], "f"), np.array([123456.0, 0.25], "f"),
]  # fmt: skip


@pytest.mark.parametrize(
    "options",
    [
        {}, {"precision": 2}, {"precision": 7, "sci_mode": True}, {"sci_mode": False}, {"linewidth": 30}, {"profile": "short"},
        {"threshold": 10, "edgeitems": 2}, {"threshold": 10, "edgeitems": 1, "linewidth": 40},
        {"profile": "full", "precision": 1}, {"threshold": 4, "edgeitems": 0},
    ],
    ids=str,
)  # fmt: skip
def test_the_text_under_every_option_is_pytorchs(options: dict[str, Any], restored: None) -> None:
    torch = pytest.importorskip("torch")
    torch.set_printoptions(**options)
    ag.set_printoptions(**options)
    try:
        for a in NUMBERS:
            ours, theirs = (re.split(r",\s+(?:shape|size)=", repr(lib.tensor(a)))[0] for lib in (ag, torch))
            assert ours.removesuffix(")") == theirs.removesuffix(")")
    finally:
        torch.set_printoptions(profile="default")


def test_printing_options(restored: None) -> None:
    x = ag.tensor([1.123456, 200.5])
    ag.set_printoptions(precision=2)
    assert repr(x) == "tensor([  1.12, 200.50])"
    ag.set_printoptions(sci_mode=True)
    assert repr(x) == "tensor([1.12e+00, 2.00e+02])" or repr(x) == "tensor([1.12e+00, 2.01e+02])"
    assert ag.get_printoptions()["precision"] == 2
    ag.set_printoptions(profile="default")
    assert repr(x) == "tensor([  1.1235, 200.5000])"
    assert ag.get_printoptions() == {
        "precision": 4,
        "threshold": 1000,
        "edgeitems": 3,
        "linewidth": 80,
        "sci_mode": None,
    }
    ag.set_printoptions(threshold=4, edgeitems=1)
    assert repr(ag.arange(9)) == "tensor([0,  ..., 8], shape=(9,), dtype=int64)"
    with pytest.raises(ArgumentError, match="set_printoptions: profile='tiny' is unknown"):
        ag.set_printoptions(profile="tiny")


def test_long_notes_go_to_a_line_of_their_own(restored: None) -> None:
    ag.set_printoptions(linewidth=30)
    x = ag.ones(3, dtype=ag.float64, requires_grad=True)
    assert repr(x) == "tensor([1., 1., 1.],\n       dtype=float64,\n       requires_grad=True)"
    assert repr(ag.zeros(0, dtype="int64")) == "tensor([], dtype=int64)"
