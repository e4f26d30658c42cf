"""Tensors from data, sizes and random numbers; generators; the text of a tensor."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

import autograd_core as ag
from autograd_core import Generator, Tensor
from autograd_core.errors import ArgumentError, DtypeError, ShapeError

KINDS = ["float32", "float64", "int8", "int16", "int32", "int64", "uint8", "bool"]
each_dtype = pytest.mark.parametrize("dtype", KINDS)
both = pytest.mark.parametrize("dtype", ["float32", "float64"])

# -------------------------------------------------------------------------------------------------------------- from data


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


# ------------------------------------------------------------------------------------------------------------- from sizes


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


# ----------------------------------------------------------------------------------------------------------------- random


@both
def test_random_numbers_are_those_of_their_distribution(dtype: str) -> None:
    n = 200_000
    u, z = ag.rand(n, dtype=dtype), ag.randn(n, dtype=dtype)
    assert u.dtype == z.dtype == dtype
    assert u.array.min() >= 0
    assert u.array.max() < 1
    assert u.array.mean() == pytest.approx(0.5, abs=0.01)
    assert u.array.var() == pytest.approx(1 / 12, abs=0.005)
    assert z.array.mean() == pytest.approx(0, abs=0.02)
    assert z.array.var() == pytest.approx(1, abs=0.02)
    assert (abs(z.array) < 1).mean() == pytest.approx(0.6827, abs=0.01)
    w = ag.empty(n, dtype=dtype).normal_(3.0, 0.5)
    assert w.array.mean() == pytest.approx(3, abs=0.02)
    assert w.array.std() == pytest.approx(0.5, abs=0.01)
    v = ag.empty(n, dtype=dtype).uniform_(-2.0, 4.0)
    assert v.array.min() >= -2
    assert v.array.max() < 4
    assert v.array.mean() == pytest.approx(1, abs=0.03)


def test_uniform_never_reaches_its_upper_end() -> None:
    class Highest:
        """Draws the number below 1 that float32 rounds up to 1."""

        def uniform(self, a: float, b: float, shape: Any) -> Any:
            return np.full(shape, np.nextafter(b, a))

    generator = Generator(0)
    generator.numpy = Highest()  # type: ignore[assignment]
    assert ag.empty(3).uniform_(0, 1, generator=generator).array.max() < 1
    assert ag.empty(3).uniform_(2, 2, generator=generator).tolist() == [2, 2, 2]


def test_random_integers_and_orders() -> None:
    drawn = ag.randint(-2, 3, (50_000,))
    assert drawn.dtype == "int64"
    values, counts = np.unique(drawn.array, return_counts=True)
    assert values.tolist() == [-2, -1, 0, 1, 2]
    np.testing.assert_allclose(counts, 10_000, rtol=0.05)
    assert (
        ag.randint(5, (2, 3)).shape
        == ag.randint(5, size=(2, 3)).shape
        == ag.randint(high=5, size=(2, 3)).shape
        == (2, 3)
    )
    assert ag.randint(0, 5, (2,), dtype="uint8").dtype == "uint8"
    order = ag.randperm(100)
    assert order.dtype == "int64"
    assert order.tolist() != list(range(100))
    assert sorted(order.tolist()) == list(range(100))
    assert ag.randperm(0).shape == (0,)
    assert ag.randperm(3, dtype="int32").dtype == "int32"
    with pytest.raises(ArgumentError, match="high is 3: expected an integer above low, which is 3"):
        ag.randint(3, 3, (2,))
    with pytest.raises(ArgumentError, match=r"high is 2\.5: expected an integer above low"):
        ag.randint(0, 2.5, (2,))  # type: ignore[arg-type]
    with pytest.raises(ArgumentError, match=r"size is missing: give the shape of the result, for instance randint\(10"):
        ag.randint(0, 5)
    with pytest.raises(ArgumentError, match="n is -1: expected a non-negative number"):
        ag.randperm(-1)
    for make in (ag.rand, ag.randn):
        with pytest.raises(DtypeError, match="dtype is int64: expected float32 or float64; for integers use randint"):
            make(2, dtype="int64")
    with pytest.raises(DtypeError, match="normal_: this tensor is int64; only floating tensors can hold such numbers"):
        ag.arange(3).normal_()
    with pytest.raises(DtypeError, match="uniform_: this tensor is bool"):
        ag.tensor([True]).uniform_()


def draws(generator: Generator | None = None) -> list[Any]:
    x = ag.zeros(3)
    return [
        ag.rand(3, generator=generator).tolist(), ag.randn(3, generator=generator).tolist(),
        ag.randint(100, (3,), generator=generator).tolist(), ag.randperm(9, generator=generator).tolist(),
        ag.rand_like(x, generator=generator).tolist(), ag.randn_like(x, generator=generator).tolist(),
        x.normal_(generator=generator).tolist(), x.uniform_(generator=generator).tolist(),
    ]  # fmt: skip


def test_the_same_seed_gives_the_same_numbers() -> None:
    ag.manual_seed(11)
    first = draws()
    assert ag.manual_seed(11) is ag.default_generator
    assert draws() == first == draws(Generator(11))
    assert draws() != first
    assert ag.initial_seed() == 11
    before = ag.get_rng_state()
    draws(Generator(1))
    assert ag.get_rng_state() == before, "a generator of one's own leaves the default one alone"
    assert Generator().initial_seed() != Generator().initial_seed()
    assert [float(x) for x in Generator(7).numpy.random(2)] == [0.625095466604667, 0.8972138009695755]


def test_the_state_survives_json() -> None:
    generator = Generator(-3)
    assert generator.initial_seed() == 2**64 - 3
    draws(generator)
    state = json.loads(json.dumps(generator.get_state()))
    expected = draws(generator)
    other = Generator(1)
    other.set_state(state)
    assert draws(other) == expected
    assert other.initial_seed() == 2**64 - 3
    ag.set_rng_state(state)
    assert draws() == expected
    assert repr(Generator(5)) == "Generator(seed=5)"


def test_a_fork_brings_the_generator_back() -> None:
    before = ag.get_rng_state()
    for enabled in (True, False):
        with ag.random.fork_rng(enabled=enabled):
            ag.rand(3)
        assert (ag.get_rng_state() == before) is enabled
    ag.set_rng_state(before)
    ag.random.fork_rng()(ag.rand)(3)
    with pytest.raises(ShapeError), ag.random.fork_rng():
        ag.rand(3) + ag.rand(2)
    assert ag.get_rng_state() == before


def test_a_clone_draws_the_same() -> None:
    one = Generator(5)
    ag.rand(3, generator=one)
    two = one.clone_state()
    assert two.initial_seed() == 5
    assert ag.equal(ag.rand(4, generator=one), ag.rand(4, generator=two))


def test_bad_seeds_and_states() -> None:
    for seed in (2**64, -(2**63) - 1, 1.5):
        with pytest.raises(ArgumentError, match=r"seed is .*: expected an integer, -2\*\*63 to 2\*\*64 - 1"):
            Generator(seed)  # type: ignore[arg-type]
    generator = Generator(4)
    before = generator.get_state()
    for state in ({}, {"seed": 1}, {"bits": before["bits"]}, {"seed": 1, "bits": {"bit_generator": "MT19937"}}, None):
        with pytest.raises(
            ArgumentError, match=r"state is not what get_state\(\) returns .*; pass that dict unchanged"
        ):
            generator.set_state(state)  # type: ignore[arg-type]
        assert generator.get_state() == before


# --------------------------------------------------------------------------------------------------------------- the text

GOLDEN: list[tuple[Any, str]] = [
    (1.5, "tensor(1.5000)"),
    (3, "tensor(3)"),
    (True, "tensor(True)"),
    ([1.0, 2.0, 3.0], "tensor([1., 2., 3.])"),
    ([0.1, -2.25], "tensor([ 0.1000, -2.2500])"),
    ([1e-5, 1.0], "tensor([1.0000e-05, 1.0000e+00])"),
    ([1e9, 2.0], "tensor([1.0000e+09, 2.0000e+00])"),
    ([np.nan, np.inf, 1.5], "tensor([   nan,    inf, 1.5000])"),
    (-np.inf, "tensor(-inf)"),
    ([1, -20], "tensor([  1, -20])"),
    ([True, False], "tensor([ True, False])"),
    ([], "tensor([])"),
    ([[1.0, 2.0], [3.0, 4.0]], "tensor([[1., 2.],\n        [3., 4.]])"),
    ([[[1], [2]], [[3], [4]]], "tensor([[[1],\n         [2]],\n\n        [[3],\n         [4]]])"),
    (np.zeros((2, 0), "f"), "tensor([], shape=(2, 0))"),
    (np.ones(2), "tensor([1., 1.], dtype=float64)"),
    (np.ones(2, "i4"), "tensor([1, 1], dtype=int32)"),
    (
        np.arange(2000, dtype="f"),
        "tensor([0.0000e+00, 1.0000e+00, 2.0000e+00,  ..., 1.9970e+03, 1.9980e+03,\n        1.9990e+03], shape=(2000,), "
        "dtype=float32)",
    ),
]


@pytest.mark.parametrize(("data", "text"), GOLDEN)
def test_text(data: Any, text: str) -> None:
    assert repr(ag.tensor(data)) == str(ag.tensor(data)) == text


def test_text_of_history() -> None:
    a = ag.tensor([1.0, 2.0], requires_grad=True)
    assert repr(a) == "tensor([1., 2.], requires_grad=True)"
    assert repr(a * 2) == "tensor([2., 4.], grad_fn=<mul>)"
    assert repr((a * 2).detach()) == "tensor([2., 4.])"
    assert repr(a.double().sum()) == "tensor(3., dtype=float64, grad_fn=<sum>)"
    elided = repr(ag.zeros(50, 40))
    assert elided.count("...") == 7
    assert elided.endswith("shape=(50, 40), dtype=float32)")


def test_text_leaves_numpys_options_alone() -> None:
    with np.printoptions(precision=1, threshold=5):
        assert repr(ag.tensor([0.12345] * 8)) == f"tensor([{', '.join(['0.1235'] * 8)}])"


def test_text_is_torchs_where_formats_agree() -> None:
    torch = pytest.importorskip("torch")
    rng = np.random.default_rng(0)
    for data in (
        1.5, 3, True, [0.1, -2.25], [1e-5, 1.0], [1e9, 2.0], [np.nan, 1.5], [1, -20], [True, False], [], [0.0, -0.0][:1],
        rng.normal(size=(4, 5)).astype("f"), rng.normal(size=(2, 3, 2)).astype("f") * 1e4, np.arange(40),
        np.arange(24).reshape(2, 3, 4), rng.normal(size=(3, 2)).astype("f") * 1e-6, np.arange(12, dtype="f").reshape(3, 4),
    ):  # fmt: skip
        assert repr(ag.tensor(data)) == repr(torch.tensor(data))


def test_every_factory_gives_a_tensor() -> None:
    x = ag.ones(2)
    for t in (
        ag.tensor(1), ag.as_tensor(1), ag.from_numpy(np.ones(1)), ag.zeros(1), ag.ones(1), ag.empty(1), ag.full((1,), 1),
        ag.arange(1), ag.linspace(0, 1, 2), ag.eye(1), ag.rand(1), ag.randn(1), ag.randint(2, (1,)), ag.randperm(1),
        ag.zeros_like(x), ag.ones_like(x), ag.empty_like(x), ag.full_like(x, 1), ag.rand_like(x), ag.randn_like(x),
    ):  # fmt: skip
        assert type(t) is Tensor
        assert type(t.array) is np.ndarray


def test_dtypes_have_pytorchs_other_names_too() -> None:
    assert (ag.float, ag.double, ag.int, ag.long) == (ag.float32, ag.float64, ag.int32, ag.int64)
    assert ag.zeros(2, dtype=ag.long).dtype == "int64"
