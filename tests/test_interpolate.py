"""Interpolation: coordinates as PyTorch's in every mode, derivatives to second order, every complaint."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest
from beside_torch import agree_in_pair
from drawn_numbers import normal

import autograd_core as ag
import nn
import nn.functional as F
from autograd_core.errors import ArgumentError, DtypeError, ShapeError

FLOATS = pytest.mark.parametrize("dtype", [np.float32, np.float64])
SIZES = {1: (2, 3, 7), 2: (2, 3, 5, 6), 3: (1, 2, 3, 4, 5)}
MODES: list[tuple[int, dict[str, Any]]] = [
    *[(dims, {"mode": mode}) for mode in ("nearest", "nearest-exact", "area") for dims in (1, 2, 3)],
    *[
        (dims, {"mode": mode, "align_corners": align})
        for dims, mode in ((1, "linear"), (2, "bilinear"), (2, "bicubic"), (3, "trilinear"))
        for align in (False, True)
    ],
    *[(2, {"mode": mode, "antialias": True}) for mode in ("bilinear", "bicubic", "lanczos")],
    (2, {"mode": "bilinear", "antialias": True, "align_corners": True}),
]
EVERY_MODE = pytest.mark.parametrize(
    ("dims", "how"), [pytest.param(dims, how, id="-".join(map(str, [dims, *how.values()]))) for dims, how in MODES]
)


def row(*values: float) -> ag.Tensor:
    return ag.tensor([[list(values)]], dtype=ag.float64)


def numbers(y: ag.Tensor) -> list[float]:
    return y.flatten().tolist()


# ------------------------------------------------------------------------------------------------------------- by hand


def test_nearest_by_hand() -> None:
    x = row(1, 2, 3)
    assert numbers(F.interpolate(x, 6)) == [1, 1, 2, 2, 3, 3]
    assert numbers(F.interpolate(x, 5)) == [1, 1, 2, 2, 3]
    assert numbers(F.interpolate(x, 2)) == [1, 2]  # the element at floor(1.5), not the nearest
    assert numbers(F.interpolate(x, 2, mode="nearest-exact")) == [1, 3]
    assert numbers(F.interpolate(x, scale_factor=0.5)) == [1]
    assert numbers(F.interpolate(x.reshape(1, 1, 1, 3), scale_factor=(2, 1))) == [1, 2, 3, 1, 2, 3]


def test_linear_by_hand() -> None:
    x = row(0, 4, 2)
    assert numbers(F.interpolate(x, 6, mode="linear")) == [0, 1, 3, 3.5, 2.5, 2]
    assert numbers(F.interpolate(x, 5, mode="linear", align_corners=True)) == [0, 2, 4, 3, 2]
    assert numbers(F.interpolate(x, 1, mode="linear", align_corners=True)) == [0]
    assert numbers(F.interpolate(x, 1, mode="linear")) == [4]


def test_area_is_the_mean_of_regions() -> None:
    x = row(1, 2, 3, 6)
    assert numbers(F.interpolate(x, 2, mode="area")) == [1.5, 4.5]
    assert numbers(F.interpolate(x, scale_factor=0.5, mode="area")) == [1.5, 4.5]


def test_cubic_by_hand() -> None:
    x = row(0, 0, 1, 0, 0).reshape(1, 1, 1, 5)
    curve = [-0.03515625, -0.10546875, 0.26171875, 0.87890625]  # at distances of 1.75, 1.25, 0.75 and 0.25
    y = numbers(F.interpolate(x, (1, 10), mode="bicubic"))
    np.testing.assert_allclose(y[1:9], [*curve, *reversed(curve)], atol=1e-15)


def test_antialias_widens_the_filter() -> None:
    x = row(1, 2, 3, 4, 5, 6, 7, 8).reshape(1, 1, 1, 8)
    y = F.interpolate(x, (1, 2), mode="bilinear", antialias=True)
    taps = np.maximum(1 - np.abs(np.arange(8) + 0.5 - 2) / 4, 0)
    np.testing.assert_allclose(y[0, 0, 0, 0].item(), (taps * np.arange(1, 9)).sum() / taps.sum(), rtol=1e-14)
    assert numbers(F.interpolate(x, (1, 2), mode="bilinear")) == [2.5, 6.5]  # only the two beside each place


def test_the_factor_that_was_given_decides_unless_it_is_recomputed() -> None:
    x = row(0, 1, 2)
    kept = F.interpolate(x, scale_factor=1.5, mode="linear")  # a size of 4, steps of 1 / 1.5
    np.testing.assert_allclose(numbers(kept), [0, 0.5, 7 / 6, 11 / 6], rtol=1e-12)
    anew = F.interpolate(x, scale_factor=1.5, mode="linear", recompute_scale_factor=True)
    np.testing.assert_allclose(numbers(anew), [0, 0.625, 1.375, 2], rtol=1e-12)  # steps of 3 / 4


def naive(x: np.ndarray, count: int, weight: Any) -> np.ndarray:
    """The last axis as sums over all elements, those beyond the edges being the edge."""
    n = x.shape[-1]
    y = np.zeros((*x.shape[:-1], count))
    for i, j in itertools.product(range(count), range(-3, n + 3)):
        y[..., i] += weight((i + 0.5) * n / count - 0.5 - j) * x[..., min(max(j, 0), n - 1)]
    return y


@pytest.mark.parametrize("count", [3, 5, 12])
def test_curves_by_definition(count: int) -> None:
    x = normal(1, 2, 1, 6)
    triangle = lambda t: max(0.0, 1 - abs(t))

    def cubic(t: float, a: float = -0.75) -> float:
        t = abs(t)
        near, far = (a + 2) * t**3 - (a + 3) * t**2 + 1, a * t**3 - 5 * a * t**2 + 8 * a * t - 4 * a
        return near if t <= 1 else far if t < 2 else 0.0

    for mode, weight in (("bilinear", triangle), ("bicubic", cubic)):
        y = F.interpolate(ag.tensor(x), (1, count), mode=mode)
        np.testing.assert_allclose(y.numpy(), naive(x, count, weight), atol=1e-13)


# ------------------------------------------------------------------------------------------------------- in every mode


@EVERY_MODE
def test_derivatives(dims: int, how: dict[str, Any]) -> None:
    x = ag.tensor(normal(1, *SIZES[dims][1:]), requires_grad=True)
    for size in ((4, 3, 8)[:dims], (6, 9, 2)[:dims]):
        f = lambda x: F.interpolate(x, size, **how) ** 2  # noqa: B023
        assert ag.autograd.gradcheck(f, x)
        assert ag.autograd.gradgradcheck(f, x)


@EVERY_MODE
@FLOATS
def test_dtype_layout_and_empty_batches(dims: int, how: dict[str, Any], dtype: Any) -> None:
    shape = SIZES[dims]
    x = ag.tensor(normal(*shape, dtype=dtype))
    y = F.interpolate(x, (4, 8, 3)[:dims], **how)
    assert (y.dtype, y.shape) == (dtype, (*shape[:2], *(4, 8, 3)[:dims]))
    other = ag.tensor(np.asfortranarray(x.numpy()))
    np.testing.assert_array_equal(F.interpolate(other, (4, 8, 3)[:dims], **how).numpy(), y.numpy())
    np.testing.assert_array_equal(ag.interpolate(x.numpy(), (4, 8, 3)[:dims], **how), y.numpy())  # of a plain array
    empty = ag.zeros(0, *shape[1:], dtype=dtype, requires_grad=True)
    z = F.interpolate(empty, 2, **how)
    z.sum().backward()
    assert (z.shape, empty.grad.shape) == ((0, shape[1], *[2] * dims), empty.shape)


@EVERY_MODE
def test_the_same_size_is_a_copy(dims: int, how: dict[str, Any]) -> None:
    x = ag.tensor(normal(*SIZES[dims]))
    y = F.interpolate(x, SIZES[dims][2:], **how)
    np.testing.assert_allclose(y.numpy(), x.numpy(), rtol=1e-15)
    assert not np.shares_memory(y.numpy(), x.numpy())


def test_nan_stays_where_it_is() -> None:
    x = row(1, float("nan"), 3, 4)
    assert np.isnan(numbers(F.interpolate(x, 8))).tolist() == [False, False, True, True, False, False, False, False]
    y = numbers(F.interpolate(x, 8, mode="linear"))
    assert np.isnan(y).tolist() == [True, True, True, True, True, False, False, False]  # 0 times NaN, too


@pytest.mark.parametrize("dtype", ["bool", "uint8", "int32", "int64"])
def test_nearest_takes_every_dtype(dtype: str) -> None:
    x = ag.tensor([[[0, 1, 1], [1, 0, 0]]]).to(dtype)
    y = F.interpolate(x, 6)
    assert (y.dtype, y.tolist()) == (dtype, np.repeat(x.numpy(), 2, 2).tolist())
    assert F.interpolate(x, 2, mode="nearest-exact").tolist() == x.numpy()[:, :, [0, 2]].tolist()


def test_bytes_are_rounded() -> None:
    x = ag.tensor([[[[0, 255], [255, 0]]]], dtype=ag.uint8)
    y = F.interpolate(x, (2, 4), mode="bilinear")
    assert (y.dtype, y.tolist()) == (ag.uint8, [[[[0, 64, 191, 255], [255, 191, 64, 0]]]])
    assert F.interpolate(x, (2, 4), mode="bicubic").tolist()[0][0][0] == [0, 58, 197, 255]  # what overshoots is cut


def test_older_names() -> None:
    x = ag.tensor(normal(*SIZES[2]))
    same = lambda a, b: np.testing.assert_array_equal(a.numpy(), b.numpy())
    same(F.upsample(x, (3, 9), mode="bicubic"), F.interpolate(x, (3, 9), mode="bicubic"))
    same(F.upsample_nearest(x, scale_factor=2), F.interpolate(x, scale_factor=2))
    same(F.upsample_bilinear(x, 9), F.interpolate(x, 9, mode="bilinear", align_corners=True))


def test_threads_do_not_change_the_result(any_work_is_shared: None) -> None:
    x = normal(3, 2, 5, 6)
    made = []
    for n in (1, 3):
        ag.set_num_threads(n)
        t = ag.tensor(x, requires_grad=True)
        y = F.interpolate(t, (7, 4), mode="bicubic")
        (y * y).sum().backward()
        made.append((y.detach().numpy(), t.grad.numpy()))
    np.testing.assert_array_equal(made[0][0], made[1][0])
    np.testing.assert_array_equal(made[0][1], made[1][1])


# ---------------------------------------------------------------------------------------------------------- complaints


@pytest.mark.parametrize(
    ("shape", "arguments", "error", "message"),
    [
        ((1, 1, 4), {}, ArgumentError, "size=None and scale_factor=None; give one of them"),
        ((1, 1, 4), {"size": 2, "scale_factor": 2}, ArgumentError, "size=2 and scale_factor=2; give one of them"),
        ((1, 1, 4), {"size": 2, "mode": "sharp"}, ArgumentError, "mode='sharp' is unknown; use one of 'nearest', "),
        ((1, 1, 4), {"size": 2, "mode": "bilinear"}, ShapeError, r"expects \(N, C, H, W\); use one of .*'linear'"),
        ((1, 1, 4, 4), {"size": 2, "mode": "linear"}, ShapeError, r"expects \(N, C, L\); use one of .*'bilinear'"),
        ((4,), {"size": 2}, ShapeError, r"expects \(N, C, L\) or \(N, C, H, W\) or \(N, C, D, H, W\); unsqueeze"),
        ((1, 1, 4), {"size": 2, "align_corners": False}, ArgumentError, "align_corners=False has no meaning with"),
        ((1, 1, 4), {"size": (2, 2)}, ArgumentError, r"size=\(2, 2\), expected an int above 0, or 1 of them"),
        ((1, 1, 4, 4), {"size": 2.5}, ArgumentError, "size=2.5, expected an int above 0, or 2 of them"),
        ((1, 1, 4), {"size": 0}, ArgumentError, "size=0, expected an int above 0"),
        ((1, 1, 4), {"scale_factor": -1}, ArgumentError, "scale_factor=-1, expected a number above 0"),
        ((1, 1, 4), {"scale_factor": 0.1}, ShapeError, r"would get the spatial size \(0,\): expected sizes of at least 1"),
        ((1, 1, 0), {"size": 2}, ShapeError, r"input of shape \(1, 1, 0\) would get .*expected sizes of at least 1"),
        ((1, 1, 4), {"size": 2, "recompute_scale_factor": True}, ArgumentError, "recompute_scale_factor=True with a size"),
        ((1, 1, 4), {"size": 2, "mode": "linear", "antialias": True}, ArgumentError, "antialias=True with mode='linear'"),
        ((1, 1, 4, 4), {"size": 2, "mode": "lanczos"}, ArgumentError, "add antialias=True"),
    ],
)  # fmt: skip
def test_complaints(shape: tuple[int, ...], arguments: dict[str, Any], error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=f"interpolate: .*{message}"):
        F.interpolate(ag.zeros(*shape), **arguments)


def test_integers_are_not_interpolated() -> None:
    with pytest.raises(DtypeError, match=r"input has dtype int64, mode='linear' expects floating; use input.float\(\)"):
        F.interpolate(ag.zeros(1, 1, 4, dtype=ag.int64), 2, mode="linear")
    for mode in ("linear", "area"):
        with pytest.raises(DtypeError, match=f"input has dtype uint8, mode='{mode}'"):
            F.interpolate(ag.zeros(1, 1, 4, dtype=ag.uint8), 2, mode=mode)


# -------------------------------------------------------------------------------------------------------------- layers


def test_layers() -> None:
    x = ag.tensor(normal(*SIZES[2]))
    same = lambda a, b: np.testing.assert_array_equal(a.numpy(), b.numpy())
    same(nn.Upsample(scale_factor=1.7, mode="bilinear")(x), F.interpolate(x, scale_factor=1.7, mode="bilinear"))
    layer = nn.Upsample(scale_factor=(1.7, 2), mode="bicubic", align_corners=True, recompute_scale_factor=True)
    same(layer(x), F.interpolate(x, (8, 12), mode="bicubic", align_corners=True))
    same(nn.UpsamplingNearest2d(scale_factor=2)(x), F.interpolate(x, scale_factor=2))
    same(nn.UpsamplingBilinear2d((3, 9))(x), F.interpolate(x, (3, 9), mode="bilinear", align_corners=True))
    assert not nn.Upsample(2).state_dict()
    with pytest.raises(ShapeError, match=r"\(Upsample\): expects \(N, C, L\), .*, got \(5,\)"):
        nn.Upsample(2)(ag.zeros(5))
    with pytest.raises(TypeError, match=r"\(Upsample\): input is of type list"):
        nn.Upsample(2)([1.0])
    with pytest.raises(ArgumentError, match="UpsamplingNearest2d: size=None and scale_factor=None; give one"):
        nn.UpsamplingNearest2d()


# --------------------------------------------------------------------------------------------------- PyTorch, besides


@pytest.mark.parametrize("arguments", [{"size": 3}, {"scale_factor": 2}, {"size": (2, 3), "mode": "bicubic"}])
def test_layers_print_as_pytorch(arguments: dict[str, Any]) -> None:
    torch = pytest.importorskip("torch")
    assert repr(nn.Upsample(**arguments)) == repr(torch.nn.Upsample(**arguments))


@EVERY_MODE
@FLOATS
def test_values_and_derivatives_as_pytorch(dims: int, how: dict[str, Any], dtype: Any) -> None:
    torch = pytest.importorskip("torch")
    rng = np.random.default_rng(dims)
    for _ in range(4):
        x = normal(2, 2, *rng.integers(1, 9, dims), dtype=dtype)
        sizes = tuple(map(int, rng.integers(1, 12, dims)))
        factors = tuple(float(f) for f in rng.uniform(1, 2.5, dims))
        both: list[dict[str, Any]] = [{"size": sizes}, {"scale_factor": factors}]
        both += [{"scale_factor": factors, "recompute_scale_factor": True}, {"scale_factor": 2}]
        for size in both:
            f = lambda lib: lambda x: lib.interpolate(x, **size, **how)  # noqa: B023
            rounded = size.get("scale_factor") is factors and len(size) == 1
            same = [n == m or 2 * n == m for n, m in zip(x.shape[2:], f(F)(ag.tensor(x)).shape[2:])]
            wrong = rounded and any(same)  # PyTorch's gradient is then not that of its values, in several modes
            agree_in_pair(f(F), f(torch.nn.functional), x, order=0 if wrong else 2)


@FLOATS
@pytest.mark.parametrize("mode", ["nearest", "nearest-exact"])
@pytest.mark.parametrize("lead", [(), (2,), (130,), (1, 2)])
def test_indices_as_pytorch(mode: str, lead: tuple[int, ...], dtype: Any) -> None:
    torch = pytest.importorskip("torch")
    for n in (*range(1, 15), 97, 224):
        x = np.zeros((1, 1, *lead, n), dtype) + np.arange(n, dtype=dtype)
        whole: list[dict[str, Any]] = [{"size": (*lead, m)} for m in (*range(1, 30), 41, 97, 300)]
        factors = (1, 1.1, 1.25, 1 / 0.3, 1.5, 1.9, 2, 2.3, 2.7, 3, np.pi, 0.3, 0.7)
        whole += [{"scale_factor": (*[1] * len(lead), f)} for f in factors if n * f >= 1]
        for size in whole:
            y = ag.interpolate(x, mode=mode, **size)
            z = torch.nn.functional.interpolate(torch.tensor(x), mode=mode, **size).numpy()
            np.testing.assert_array_equal(y, z, err_msg=f"{n} {size}")


@pytest.mark.parametrize("how", [how for dims, how in MODES if dims == 2 and how["mode"] in ("bilinear", "bicubic")])
def test_bytes_as_pytorch(how: dict[str, Any]) -> None:
    torch = pytest.importorskip("torch")
    x = np.random.default_rng(0).integers(0, 256, (2, 3, 9, 7)).astype(np.uint8)
    for size in ((4, 3), (12, 20), (5, 14)):
        y = F.interpolate(ag.tensor(x), size, **how).numpy().astype(int)
        z = torch.nn.functional.interpolate(torch.tensor(x), size, **how).numpy()
        assert np.abs(y - z).max() <= 2  # PyTorch's weights have 15 bits
        assert np.abs(y - z).mean() < 0.05
