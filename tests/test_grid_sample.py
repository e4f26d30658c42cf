"""Pictures read along a grid: values, derivatives for picture and grid, the grids of affine maps, every complaint."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest
from beside_torch import agree_in_pair

import autograd_core as ag
import nn.functional as F
from autograd_core.errors import ArgumentError, DtypeError, ShapeError

FLOATS = pytest.mark.parametrize("dtype", [np.float32, np.float64])
PADDINGS = ("zeros", "border", "reflection")
MODES = [("bilinear", 2), ("nearest", 2), ("bicubic", 2), ("bilinear", 3), ("nearest", 3)]
EVERY_MODE = pytest.mark.parametrize(
    ("mode", "dims", "padding", "align"),
    [
        (mode, dims, padding, align)
        for (mode, dims), padding, align in itertools.product(MODES, PADDINGS, (False, True))
    ],
)
PICTURES = {2: (2, 3, 4, 5), 3: (2, 2, 3, 4, 5)}
PLACES = {2: (3, 4), 3: (2, 3, 2)}


def draw(dims: int, dtype: Any = np.float64, reach: float = 2.0) -> tuple[np.ndarray, np.ndarray]:
    """A picture, and a grid that goes beyond it."""
    rng = np.random.default_rng(dims)
    picture = rng.normal(size=PICTURES[dims])
    return picture.astype(dtype), rng.uniform(-reach, reach, (2, *PLACES[dims], dims)).astype(dtype)


def read(picture: Any, grid: Any, mode: str = "bilinear", padding: str = "zeros", align: bool = False) -> Any:
    return F.grid_sample(picture, grid, mode, padding, align)


# ------------------------------------------------------------------------------------------------------------- by hand

ROW = ag.tensor([[[[10.0, 20.0, 30.0, 40.0]]]])


def along(*x: float) -> ag.Tensor:
    return ag.tensor([[[[v, 0.0] for v in x]]])


def test_coordinates_by_hand() -> None:
    assert read(ROW, along(-1, -0.75, 0, 0.75, 1)).flatten().tolist() == [5, 10, 25, 40, 20]  # edges at -1 and 1
    assert read(ROW, along(-1, 0, 1, 1.5), align=True).flatten().tolist() == [10, 25, 40, 10]  # centers at -1 and 1
    y = read(ag.tensor([[[[1.0, 2.0], [3.0, 4.0]]]]), ag.tensor([[[[1.0, -1.0]]]]), align=True)
    assert y.item() == 2  # x comes first


def test_padding_by_hand() -> None:
    beyond = along(-1.75, 1.25, 2.75)
    assert read(ROW, beyond).flatten().tolist() == [0, 0, 0]
    assert read(ROW, beyond, padding="border").flatten().tolist() == [10, 40, 40]
    assert read(ROW, beyond, padding="reflection").flatten().tolist() == [20, 40, 10]
    assert read(ROW, along(-1.5, 1.5, 4), padding="reflection", align=True).flatten().tolist() == [17.5, 32.5, 25]


def test_nearest_by_hand() -> None:
    assert read(ROW, along(-0.8, -0.51, -0.5, 0.0), "nearest").flatten().tolist() == [10, 10, 10, 30]  # half to even


def test_a_grid_of_all_places_is_the_picture() -> None:
    for dims, align in itertools.product((2, 3), (False, True)):
        x = ag.tensor(draw(dims)[0])
        theta = ag.eye(dims, dims + 1, dtype=ag.float64).expand(2, dims, dims + 1)
        grid = F.affine_grid(theta, x.shape, align)
        for mode in ("bilinear", "nearest", "bicubic")[: 5 - dims]:
            np.testing.assert_allclose(read(x, grid, mode, "zeros", align).numpy(), x.numpy(), atol=1e-12)


@EVERY_MODE
def test_places_by_definition(mode: str, dims: int, padding: str, align: bool) -> None:
    picture, grid = draw(dims)
    y = read(ag.tensor(picture), ag.tensor(grid), mode, padding, align).numpy()
    for n, *place in itertools.islice(np.ndindex(2, *PLACES[dims]), 0, None, 3):
        expected = np.zeros(picture.shape[1])
        size = picture.shape[:1:-1]  # x first
        at = [((v + 1) * (m - 1) / 2 if align else ((v + 1) * m - 1) / 2) for v, m in zip(grid[n, *place], size)]
        for taps in itertools.product(range(-3, 4), repeat=dims):
            weight, index = 1.0, []
            for v, m, tap in zip(at, size, taps):
                inner = v if mode == "bicubic" else inside(v, m, padding, align)
                near = round(inner) if mode == "nearest" else int(np.floor(inner))
                weight *= curve(mode, inner - near - tap) if mode != "nearest" else float(tap == 0)
                index.append(inside(near + tap, m, padding, align) if mode == "bicubic" else near + tap)
            if weight and all(0 <= i < m for i, m in zip(index, size)):
                expected += weight * picture[(n, slice(None), *[int(i) for i in reversed(index)])]
        np.testing.assert_allclose(y[n, :, *place], expected, atol=1e-11)


def inside(v: float, m: int, padding: str, align: bool) -> float:
    if padding == "zeros":
        return v
    if padding == "reflection":
        low, high = (0, m - 1) if align else (-0.5, m - 0.5)
        while not low <= v <= high:
            v = 2 * low - v if v < low else 2 * high - v
    return min(max(v, 0), m - 1)


def curve(mode: str, t: float) -> float:
    t, a = abs(t), -0.75
    if mode == "bilinear":
        return max(0.0, 1 - t)
    near, far = (a + 2) * t**3 - (a + 3) * t**2 + 1, a * t**3 - 5 * a * t**2 + 8 * a * t - 4 * a
    return near if t <= 1 else far if t < 2 else 0.0


# --------------------------------------------------------------------------------------------------------- derivatives


@EVERY_MODE
def test_derivatives(mode: str, dims: int, padding: str, align: bool) -> None:
    picture, grid = draw(dims)
    x, g = (ag.tensor(a, requires_grad=True) for a in (picture[:1, :1], grid[:1, :2, :2]))
    f = lambda x, g: read(x, g, mode, padding, align) ** 2
    assert ag.autograd.gradcheck(f, (x, g))
    assert ag.autograd.gradgradcheck(f, (x, g))


def test_the_slope_is_zero_where_the_place_was_moved_to_an_edge() -> None:
    for padding, slopes in (("border", [0, 0, 20, 0, 0]), ("reflection", [-20, 0, 20, 0, -20])):
        grid = along(-1.5, -1, 0, 1, 1.5).detach().requires_grad_()
        read(ROW, grid, padding=padding).sum().backward()
        assert grid.grad[..., 0].flatten().tolist() == slopes


def test_the_nearest_has_no_slope_but_a_gradient() -> None:
    grid = along(-1.5, 0.1).detach().requires_grad_()
    read(ROW, grid, "nearest").sum().backward()
    assert grid.grad.tolist() == ag.zeros_like(grid).tolist()


def test_threads_do_not_change_the_result(any_work_is_shared: None) -> None:
    made = []
    for n in (1, 3):
        ag.set_num_threads(n)
        x, g = (ag.tensor(a, requires_grad=True) for a in draw(2))
        y = read(x, g, "bicubic")
        (y * y).sum().backward()
        made.append((y.detach().numpy(), x.grad.numpy(), g.grad.numpy()))
    for a, b in zip(*made):
        np.testing.assert_array_equal(a, b)


# ------------------------------------------------------------------------------------------------- shapes, dtypes, NaN


@FLOATS
def test_dtype_layout_and_empty(dtype: Any) -> None:
    picture, grid = draw(2, dtype)
    y = read(ag.tensor(picture), ag.tensor(grid))
    assert (y.dtype, y.shape) == (dtype, (2, 3, 3, 4))
    same = read(ag.tensor(np.asfortranarray(picture)), ag.tensor(np.asfortranarray(grid)))
    np.testing.assert_array_equal(same.numpy(), y.numpy())
    np.testing.assert_array_equal(ag.grid_sample(picture, grid), y.numpy())
    for empty in ((0, 3, 4), (2, 0, 4)):
        x = ag.tensor(picture[: empty[0]], requires_grad=True)
        g = ag.zeros(*empty, 2, dtype=dtype, requires_grad=True)
        z = read(x, g)
        z.sum().backward()
        assert (z.shape, x.grad.shape, g.grad.shape) == ((empty[0], 3, *empty[1:]), x.shape, g.shape)


def test_what_lies_outside_is_not_read() -> None:
    x = ag.tensor([[[[np.inf, 1.0]]]])
    assert read(x, along(5.0, 1.5, 1.49)).flatten().tolist() == [0, 0, pytest.approx(0.01, rel=1e-3)]


def test_nan_and_infinity() -> None:
    beyond = along(float("nan"), float("inf"), -float("inf"), 1e30)
    for mode in ("bilinear", "nearest"):
        assert read(ROW, beyond, mode).flatten().tolist() == [0, 0, 0, 0]
        assert read(ROW, beyond, mode, "border").flatten().tolist() == [10, 40, 10, 40]
        assert read(ROW, beyond[:, :, :1], mode, "reflection").item() == 10
    assert read(ROW, beyond, "bicubic").flatten().tolist() == [0, 0, 0, 0]
    x = ag.tensor([[[[1.0, np.nan, 3.0]]]])
    assert np.isnan(read(x, along(-0.67, -0.6, 0.6, 0.67), align=False).flatten().tolist()).tolist() == [0, 1, 1, 0]


# ------------------------------------------------------------------------------------------------------------- affine


def test_affine_grid_by_hand() -> None:
    theta = ag.tensor([[[2.0, 0.0, 1.0], [0.0, 0.5, 0.0]]])
    assert F.affine_grid(theta, (1, 1, 2, 2)).tolist() == [[[[0, -0.25], [2, -0.25]], [[0, 0.25], [2, 0.25]]]]
    assert F.affine_grid(theta, (1, 3, 1, 3), align_corners=True).tolist() == [[[[-1, 0], [1, 0], [3, 0]]]]


@pytest.mark.parametrize("align", [False, True])
@pytest.mark.parametrize("dims", [2, 3])
def test_affine_grid(dims: int, align: bool) -> None:
    theta = ag.tensor(np.random.default_rng(0).normal(size=(2, dims, dims + 1)), requires_grad=True)
    size = (2, 1, 3, 4, 2)[: dims + 2]
    f = lambda t: F.affine_grid(t, size, align) ** 2
    assert ag.autograd.gradcheck(f, theta)
    assert ag.autograd.gradgradcheck(f, theta)
    assert F.affine_grid(theta.float(), size, align).dtype == ag.float32


# ---------------------------------------------------------------------------------------------------------- complaints


def test_complaints() -> None:
    x, g = ag.zeros(2, 3, 4, 5), ag.zeros(2, 6, 7, 2)
    for wrong in (
        (x[0], g),
        (x, g[:1]),
        (x, ag.zeros(2, 6, 7, 3)),
        (x, ag.zeros(2, 6, 7, 7, 3)),
        (ag.zeros(2, 3, 4), g),
    ):
        with pytest.raises(
            ShapeError, match=r"grid_sample: input \(.*\), grid \(.*\): expected input \(N, C, H, W\) and"
        ):
            F.grid_sample(*wrong)
    with pytest.raises(ShapeError, match=r"grid_sample: input \(2, 3, 0, 5\), .*: there is nothing to read"):
        F.grid_sample(ag.zeros(2, 3, 0, 5), g)
    with pytest.raises(
        ArgumentError, match="grid_sample: mode='linear' is unknown; use one of 'nearest', 'bilinear', "
    ):
        F.grid_sample(x, g, "linear")
    with pytest.raises(
        ArgumentError, match="padding_mode='wrap' is unknown; use one of 'zeros', 'border', 'reflection'"
    ):
        F.grid_sample(x, g, padding_mode="wrap")
    with pytest.raises(ArgumentError, match=r'mode="bicubic" is for pictures .* use "bilinear"'):
        F.grid_sample(ag.zeros(1, 1, 2, 2, 2), ag.zeros(1, 1, 1, 1, 3), "bicubic")
    with pytest.raises(DtypeError, match="grid_sample: input is float32, grid is float64: expected one floating dtype"):
        F.grid_sample(x, g.double())
    with pytest.raises(DtypeError, match="affine_grid: theta has dtype int64, expected floating"):
        F.affine_grid(ag.zeros(1, 2, 3, dtype=ag.int64), (1, 1, 2, 2))
    picture = (1, 1, 2, 2)
    for theta, size in (((1, 2, 3), (1, 1, 2)), ((2, 2, 3), picture), ((1, 3, 4), picture), ((1, 2, 3), (1, 1, 0, 2))):
        with pytest.raises(ShapeError, match=r"affine_grid: theta \(.*\), size=.*: expected theta \(N, 2, 3\) with"):
            F.affine_grid(ag.zeros(*theta), size)


# --------------------------------------------------------------------------------------------------- PyTorch, besides


@EVERY_MODE
@FLOATS
def test_as_pytorch(mode: str, dims: int, padding: str, align: bool, dtype: Any) -> None:
    torch = pytest.importorskip("torch")
    f = lambda lib: lambda x, g: lib.grid_sample(x, g, mode, padding, align)
    for reach in (1.0, 4.0):
        arrays = draw(dims, dtype, reach)
        agree_in_pair(f(F), f(torch.nn.functional), *arrays, order=1)  # PyTorch has no second derivative of it
    picture, grid = draw(dims, dtype)
    grid = np.round(grid * 4) / 4  # edges, centers, halves
    agree_in_pair(f(F), f(torch.nn.functional), picture, grid, order=1)


@pytest.mark.parametrize("dims", [2, 3])
@FLOATS
def test_affine_grid_as_pytorch(dims: int, dtype: Any) -> None:
    torch = pytest.importorskip("torch")
    theta = np.random.default_rng(0).normal(size=(2, dims, dims + 1)).astype(dtype)
    for size, align in itertools.product([(2, 3, 4, 5, 3)[: dims + 2], (2, 1, 2, 1, 7)[: dims + 2]], (False, True)):
        if not (align and 1 in size[2:]):  # PyTorch warns
            f = lambda lib: lambda t: lib.affine_grid(t, size, align)  # noqa: B023
            agree_in_pair(f(F), f(torch.nn.functional), theta)
