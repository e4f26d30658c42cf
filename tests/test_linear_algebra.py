"""Factorizations, solvers, determinants, spectra, norms and distances: values, derivatives, errors."""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from test_primitives import check

import autograd_core as ag
from autograd_core import linalg
from autograd_core.errors import ArgumentError, DtypeError, GraphError, ShapeError

floats = pytest.mark.parametrize("dtype", [ag.float32, ag.float64], ids=str)
rng = np.random.default_rng(7)
inf, nan = math.inf, math.nan


def orthogonal(n: int) -> Any:
    return np.linalg.qr(rng.normal(size=(n, n)))[0]


SQUARE, STACK, WIDE, TALL = (rng.normal(size=s) for s in ((3, 3), (2, 3, 3), (2, 4), (4, 2)))
SPD = STACK @ STACK.mT + np.eye(3)
SINGULAR = orthogonal(3) @ np.diag([3.0, 2.0, 0.0]) @ orthogonal(3)
LOWER = np.tril(STACK) + 3 * np.eye(3)
COLUMNS, ROWS, VECTOR = rng.normal(size=(3, 2)), rng.normal(size=(2, 3)), rng.normal(size=3)

# ----------------------------------------------------------------------------------------- values and both derivatives
#
# name -> (a function of either library and its tensors, arrays).  Signs of vectors are arbitrary: they are squared.

Case = tuple[Callable[..., Any], tuple[Any, ...]]

CASES: dict[str, Case] = {
    "cholesky": (lambda t, x: t.linalg.cholesky(x), (SPD,)),
    "cholesky of the upper triangle": (lambda t, x: t.linalg.cholesky(x, upper=True), (SPD[0] + np.tril(SQUARE, -1),)),
    "cholesky of the lower triangle": (lambda t, x: t.cholesky(x), (SPD[0] + np.triu(SQUARE, 1),)),
    "cholesky_ex": (lambda t, x: t.linalg.cholesky_ex(x).L, (SPD,)),
    "cholesky_solve": (lambda t, b, x: t.cholesky_solve(b, t.linalg.cholesky(x)), (COLUMNS, SPD)),
    "cholesky_solve of an upper one": (
        lambda t, b, x: t.cholesky_solve(b, t.linalg.cholesky(x, upper=True), upper=True),
        (COLUMNS, SPD[0]),
    ),
    "cholesky_inverse": (lambda t, x: t.cholesky_inverse(t.linalg.cholesky(x)), (SPD[0],)),
    "cond": (lambda t, x: t.linalg.cond(x), (TALL,)),
    "cond -2": (lambda t, x: t.linalg.cond(x, -2), (STACK,)),
    "cond nuc": (lambda t, x: t.linalg.cond(x, "nuc"), (STACK,)),
    "cross": (lambda t, x, y: t.linalg.cross(x, y), (COLUMNS.T, ROWS[:1])),
    "cross, dim": (lambda t, x, y: t.linalg.cross(x, y, dim=0), (COLUMNS, COLUMNS[:, ::-1].copy())),
    "det": (lambda t, x: t.linalg.det(x), (STACK,)),
    "det of a singular matrix": (lambda t, x: t.det(x), (SINGULAR,)),
    "det of both": (lambda t, x: t.det(x), (np.stack([SQUARE, SINGULAR]),)),
    "diagonal": (lambda t, x: t.linalg.diagonal(x, offset=1), (STACK,)),
    "eigh": (lambda t, x: [y * y for y in t.linalg.eigh(x)], (SPD,)),
    "eigh of the upper triangle": (lambda t, x: [y * y for y in t.linalg.eigh(x, UPLO="U")], (SQUARE,)),
    "eigvalsh": (lambda t, x: t.linalg.eigvalsh(x), (SQUARE,)),
    "inv": (lambda t, x: t.linalg.inv(x), (STACK,)),
    "inv_ex": (lambda t, x: t.linalg.inv_ex(x).inverse, (SQUARE,)),
    "logdet": (lambda t, x: t.logdet(x), (SPD,)),
    "lstsq": (lambda t, x, b: t.linalg.lstsq(x, b).solution, (TALL, rng.normal(size=(4, 3)))),
    "lstsq, residuals": (
        lambda t, x, b: t.linalg.lstsq(x, b, driver="gels")[:2],
        (TALL, rng.normal(size=(4, 3))),
    ),
    "lstsq, wide, one": (lambda t, x, b: t.linalg.lstsq(x, b).solution, (WIDE, rng.normal(size=2))),
    "lu": (lambda t, x: t.linalg.lu(x), (STACK,)),
    "lu, wide": (lambda t, x: t.linalg.lu(x), (WIDE,)),
    "lu, tall": (lambda t, x: t.linalg.lu(x), (TALL,)),
    "lu_factor": (lambda t, x: t.linalg.lu_factor(x).LU, (STACK,)),
    **{
        f"lu_solve {left} {adjoint}": (
            lambda t, x, b, left=left, adjoint=adjoint: t.linalg.lu_solve(
                *t.linalg.lu_factor(x), b if left else b.mT, left=left, adjoint=adjoint
            ),
            (STACK, COLUMNS),
        )
        for left in (True, False)
        for adjoint in (True, False)
    },
    "matrix_exp": (lambda t, x: t.linalg.matrix_exp(x), (STACK * [[[0.1]], [[4.0]]],)),
    **{
        f"matrix_norm {p}": (lambda t, x, p=p: t.linalg.matrix_norm(x, p), (rng.normal(size=(2, 3, 4)),))
        for p in ("fro", "nuc", 1, -1, 2, -2, inf, -inf)
    },
    "matrix_norm, dims": (lambda t, x: t.linalg.matrix_norm(x, "nuc", (2, 0), keepdim=True), (STACK,)),
    "matrix_power": (lambda t, x: [t.linalg.matrix_power(x, n) for n in (0, 1, 2, 7, -3)], (SQUARE,)),
    "multi_dot": (lambda t, *xs: t.linalg.multi_dot(xs), (VECTOR, COLUMNS, WIDE, TALL)),
    "norm": (lambda t, x: [t.linalg.norm(x), t.linalg.norm(x, 1), t.linalg.norm(x, 3, 0)], (SQUARE,)),
    "pinv": (lambda t, x: t.linalg.pinv(x), (TALL,)),
    "pinv, wide": (lambda t, x: t.linalg.pinv(x), (rng.normal(size=(2, 2, 3)),)),
    "pinv of rank one": (lambda t, x, y: t.linalg.pinv(x @ y), (TALL[:, :1], ROWS[:1])),
    "pinv, symmetric": (lambda t, x: t.linalg.pinv(x, hermitian=True), (SPD,)),
    "qr": (lambda t, x: t.linalg.qr(x), (STACK,)),
    "qr, tall": (lambda t, x: t.linalg.qr(x), (TALL,)),
    "qr, wide": (lambda t, x: t.linalg.qr(x, "complete"), (WIDE,)),
    "slogdet": (lambda t, x: t.linalg.slogdet(x).logabsdet, (STACK,)),
    "solve": (lambda t, x, b: t.linalg.solve(x, b), (STACK, COLUMNS)),
    "solve from the right": (lambda t, x, b: t.linalg.solve(x, b, left=False), (SQUARE, rng.normal(size=(4, 2, 3)))),
    "solve for vectors": (lambda t, x, b: t.linalg.solve(x, b), (STACK, ROWS)),
    "solve_ex": (lambda t, x, b: t.linalg.solve_ex(x, b).result, (STACK, VECTOR)),
    "solve_triangular": (lambda t, x, b: t.linalg.solve_triangular(x, b, upper=False), (LOWER, COLUMNS)),
    "solve_triangular from the right": (
        lambda t, x, b: t.linalg.solve_triangular(x, b, upper=True, left=False, unitriangular=True),
        (STACK, ROWS),
    ),
    "svd": (lambda t, x: [y * y for y in t.linalg.svd(x)], (STACK,)),
    "svd, tall": (lambda t, x: [y * y for y in t.linalg.svd(x, full_matrices=False)], (TALL,)),
    "svd, wide": (lambda t, x: [y * y for y in t.linalg.svd(x, False)], (WIDE,)),
    "svdvals": (lambda t, x: t.linalg.svdvals(x), (WIDE,)),
    "tensorinv": (lambda t, x: t.linalg.tensorinv(x), (rng.normal(size=(2, 3, 6)),)),
    "tensorsolve": (
        lambda t, x, b: t.linalg.tensorsolve(x, b, dims=(0,)),
        (rng.normal(size=(6, 2, 3)), rng.normal(size=(2, 3))),
    ),
    "triangular_solve": (lambda t, b, x: t.triangular_solve(b, x).solution, (COLUMNS, LOWER.mT.copy())),
    "triangular_solve, transposed": (
        lambda t, b, x: t.triangular_solve(b, x, upper=False, transpose=True, unitriangular=True).solution,
        (COLUMNS, LOWER),
    ),
    "vander": (lambda t, x: t.linalg.vander(x, N=4), (ROWS,)),
    "vecdot": (lambda t, x, y: t.linalg.vecdot(x, y, dim=0), (COLUMNS, COLUMNS[:, :1])),
    **{
        f"vector_norm {p}": (lambda t, x, p=p: t.linalg.vector_norm(x, p, (0, -1), True), (STACK,))
        for p in (2, 1, 3.5, -1, inf, -inf)
    },
    # the older names
    "chain_matmul": (lambda t, *xs: t.chain_matmul(*xs), (SQUARE, COLUMNS, WIDE)),
    "inverse": (lambda t, x: t.inverse(x), (STACK,)),
    "matrix_exp, older": (lambda t, x: t.matrix_exp(x), (SQUARE,)),
    "matrix_power, older": (lambda t, x: t.matrix_power(x, 5), (SQUARE,)),
    "pinverse": (lambda t, x: t.pinverse(x, 1e-10), (WIDE,)),
    "qr, older": (lambda t, x: t.qr(x), (TALL,)),
    "slogdet, older": (lambda t, x: t.slogdet(x), (SQUARE,)),
    "svd, older": (lambda t, x: [y * y for y in t.svd(x)], (TALL,)),
    "cross, older": (lambda t, x, y: t.cross(x, y), (COLUMNS, COLUMNS[::-1].copy())),
    # distances
    "dist": (lambda t, x, y: [t.dist(x, y), t.dist(x, y, 3)], (SQUARE, VECTOR)),
    **{f"cdist {p}": (lambda t, x, y, p=p: t.cdist(x, y, p), (STACK, COLUMNS.T)) for p in (2, 0, 1, 1.5, 3, inf)},
    "cdist by a product": (lambda t, x, y: t.cdist(x, y), (rng.normal(size=(30, 3)), COLUMNS.T)),
    "renorm": (lambda t, x: t.renorm(x, 2, 1, 1.5), (STACK,)),
}


def weighted(results: Any, t: Any, weights: Any) -> Any:
    """Return the sum of all floating results, each element times a number of its own."""
    several = results if isinstance(results, tuple | list) else [results]
    floating = [y for y in several if "float" in str(y.dtype)]
    return floating, sum((y * t.tensor(weights.normal(size=tuple(y.shape)))).sum() for y in floating)


def derivatives(t: Any, case: Case) -> list[Any]:
    """The values of a function, the gradients of their sum, and the gradients of the sum of those."""
    f, arrays = case
    weights = np.random.default_rng(3)
    xs = [t.tensor(a, requires_grad=True) for a in arrays]
    values, total = weighted(f(t, *xs), t, weights)
    first = t.autograd.grad(total, xs, create_graph=True)
    _, total = weighted(first, t, weights)
    try:
        second = t.autograd.grad(total, xs, allow_unused=True) if total.requires_grad else [None] * len(xs)
    except NotImplementedError:  # torch lacks the second derivative of cdist
        second = []
    zero = t.tensor(0.0, dtype=t.float64)  # torch has zeros without memory, which have no numbers to show
    return [np.zeros(()) if z is None else np.array((zero + z).tolist()) for z in (*values, *first, *second)]


@pytest.mark.parametrize("name", CASES)
def test_agrees_with_torch_to_second_order(name: str) -> None:
    torch = pytest.importorskip("torch")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what it deprecates
        expected = derivatives(torch, CASES[name])
    for ours, theirs in zip(derivatives(ag, CASES[name]), expected):
        np.testing.assert_allclose(ours, np.broadcast_to(theirs, ours.shape), rtol=1e-7, atol=1e-8)


READ_ONE_TRIANGLE = ("cholesky", "eig", "pinv, symmetric")


@pytest.mark.parametrize("name", CASES)
def test_agrees_with_differences_to_second_order(name: str) -> None:
    f, arrays = CASES[name]

    def total(*xs: Any) -> Any:
        if name.startswith(READ_ONE_TRIANGLE):
            xs = tuple((x + x.mT) / 2 if x.shape[-2:] == (3, 3) else x for x in xs)
        return weighted(f(ag, *xs), ag, np.random.default_rng(3))[1]

    check(total, list(arrays), order=2)


@floats
@pytest.mark.parametrize("name", CASES)
def test_dtype_layout_and_stacks(name: str, dtype: Any) -> None:
    """Results and gradients keep the dtype; how an array lies in memory does not matter; an empty stack is one."""
    f, arrays = CASES[name]
    plain, turned = ([ag.tensor(a.astype(dtype)) for a in arrays] for _ in range(2))
    for x in turned:
        x.array = np.asfortranarray(x.array)
        x.requires_grad_()
    expected, _ = weighted(f(ag, *plain), ag, rng)
    results, _ = weighted(f(ag, *turned), ag, rng)
    for y, z in zip(results, expected, strict=True):
        assert y.dtype == z.dtype == dtype
        np.testing.assert_allclose(y.array, z.array, rtol=1e-3, atol=1e-3)
    assert all(g.dtype == dtype for g in ag.grad(sum(y.sum() for y in results if y.requires_grad), turned))


# ------------------------------------------------------------------------------------------------------- golden numbers

A = ag.tensor([[4.0, 2.0], [2.0, 5.0]], dtype=ag.float64)
ONES = ag.ones(2, 2)
PAIR = ag.stack([ag.eye(2), ONES])


def test_golden_numbers() -> None:
    root = 6**0.5
    golden = [
        (linalg.cholesky(A), [[2, 0], [1, 2]]),
        (linalg.cholesky(A, upper=True), [[2, 1], [0, 2]]),
        (linalg.det(A), 16),
        (linalg.slogdet(-A[:1, :1]).sign, -1),
        (linalg.inv(A), [[5 / 16, -2 / 16], [-2 / 16, 4 / 16]]),
        (linalg.solve(A, ag.tensor([8.0, 12.0]).double()), [1, 2]),
        (linalg.solve(A, ag.tensor([[8.0, 12.0]]).double(), left=False), [[1, 2]]),
        (linalg.eigvalsh(ag.tensor([[2.0, 1.0], [1.0, 2.0]])), [1, 3]),
        (linalg.svdvals(ag.tensor([[0.0, 2.0], [0.0, 0.0], [3.0, 0.0]])), [3, 2]),
        (linalg.pinv(ag.tensor([[1.0], [2.0]])), [[0.2, 0.4]]),
        (linalg.pinv(ag.tensor([[2.0, 0.0], [0.0, 0.1]]), rtol=0.1), [[0.5, 0], [0, 0]]),
        (linalg.pinv(ag.tensor([[2.0, 0.0], [0.0, 0.1]]), atol=ag.tensor(0.05)), [[0.5, 0], [0, 10]]),
        (linalg.matrix_rank(PAIR), [2, 1]),
        (linalg.matrix_rank(ag.eye(2) * 3, 2.0, True), 2),
        (linalg.matrix_rank(ag.eye(2) * 3, atol=4.0), 0),
        (linalg.matrix_exp(ag.tensor([[0.0, math.pi], [-math.pi, 0.0]])), [[-1, 0], [0, -1]]),
        (linalg.matrix_power(ag.tensor([[1, 1], [1, 0]]), 10), [[89, 55], [55, 34]]),
        (linalg.matrix_norm(ag.tensor([[1.0, -7.0], [2.0, 3.0]]), 1), 10),
        (linalg.matrix_norm(ag.tensor([[1.0, -7.0], [2.0, 3.0]]), -inf), 5),
        (linalg.vector_norm(ag.tensor([3.0, -4.0, 0.0]), 0), 2),
        (linalg.vector_norm(ag.tensor([3.0, -4.0]), dtype=ag.float64), 5),
        (linalg.norm(ag.ones(3, 2)), root),
        (linalg.cond(ag.tensor([[1.0, 0.0], [0.0, 0.0]]), 1), inf),
        (linalg.cond(ag.eye(3), "fro"), 3),
        (linalg.cross(ag.tensor([1, 2, 3]), ag.tensor([4, 5, 6])), [-3, 6, -3]),
        (linalg.vecdot(ag.tensor([1.0, 2.0]), ag.tensor([3.0, 4.0])), 11),
        (linalg.vander(ag.tensor(2.0), N=3), [[1, 2, 4]]),
        (linalg.multi_dot([ag.ones(2), ag.ones(2, 2), ag.ones(2)]), 4),
        (linalg.lu_factor(ag.tensor([[1.0, 2.0], [4.0, 4.0]])).LU, [[4, 4], [0.25, 1]]),
        (linalg.lu(ONES).U, [[1, 1], [0, 0]]),
        (ag.logdet(-ag.eye(3)), nan),
        (ag.logdet(ONES), -inf),
        (ag.cholesky_inverse(ag.tensor([[2.0, 9.0], [1.0, 2.0]])), [[0.3125, -0.125], [-0.125, 0.25]]),
        (ag.svd(ag.ones(3, 2), compute_uv=False).U, np.zeros((3, 3))),
        (ag.dist(ag.tensor([1.0, 2.0]), ag.tensor(0.0), 1), 3),
        (ag.cdist(ag.tensor([[0.0, 0.0]]), ag.tensor([[3.0, 4.0], [0.0, 1.0]]), 1), [[7, 1]]),
        (ag.cdist(ag.tensor([[0.0, 0.0]]), ag.tensor([[3.0, 4.0], [0.0, 1.0]]), 0), [[2, 1]]),
        (ag.renorm(ag.tensor([[3.0, 4.0], [0.0, 1.0]]), inf, 0, 2.0), [[1.5, 2], [0, 1]]),
    ]
    for i, (ours, expected) in enumerate(golden):
        np.testing.assert_allclose(ours.array, expected, rtol=1e-6, atol=1e-6, err_msg=f"number {i}")


def test_factors_multiply_to_the_matrix() -> None:
    """For both dtypes, shapes of every kind, and large matrices: the definitions."""
    for shape in [(3, 3), (2, 4), (4, 2), (2, 3, 5), (0, 3, 3), (3, 0, 2), (0, 2), (2, 0), (0, 0), (70, 70)]:
        x = ag.tensor(np.random.default_rng(1).normal(size=shape))
        rows, columns = shape[-2:]
        (P, L, U), (Q, R), (V, S, Wh) = linalg.lu(x), linalg.qr(x), linalg.svd(x, full_matrices=False)
        for factors in ((P, L, U), (Q, R), (V * S[..., None, :], Wh)):
            product = factors[0]
            for factor in factors[1:]:
                product = product @ factor
            np.testing.assert_allclose(product.array, x.array, atol=1e-12)
        full, complete = linalg.svd(x), linalg.qr(x, "complete")
        for q, n in ((full.U, rows), (full.Vh, columns), (complete.Q, rows)):
            np.testing.assert_allclose((q @ q.mT).array, np.broadcast_to(np.eye(n), (*shape[:-2], n, n)), atol=1e-12)
        np.testing.assert_allclose(linalg.pinv(x).array, np.linalg.pinv(x.array), atol=1e-10)
        if rows == columns:
            w, E = linalg.eigh(x + x.mT)
            np.testing.assert_allclose((E @ (w[..., None] * E.mT)).array, (x + x.mT).array, atol=1e-11)


@pytest.mark.parametrize("size", [1, 2, 5, 40])
def test_kernels_agree_with_scipy(size: int) -> None:
    scipy = pytest.importorskip("scipy.linalg")
    x, b = rng.normal(size=(size, size)), rng.normal(size=(size, 3))
    factors, pivots = scipy.lu_factor(x)
    ours = linalg.lu_factor(ag.tensor(x))
    np.testing.assert_allclose(ours.LU.array, factors, atol=1e-11)
    np.testing.assert_array_equal(ours.pivots.array, pivots + 1)
    for upper in (False, True):
        for unit in (False, True):
            got = linalg.solve_triangular(ag.tensor(x), ag.tensor(b), upper=upper, unitriangular=unit).array
            np.testing.assert_allclose(
                got, scipy.solve_triangular(x, b, lower=not upper, unit_diagonal=unit), rtol=1e-6
            )
    np.testing.assert_allclose(linalg.matrix_exp(ag.tensor(x)).array, scipy.expm(x), rtol=1e-9, atol=1e-9)


def test_result_types_have_pytorchs_names() -> None:
    fields = {
        "cholesky_ex": ("L", "info"),
        "eigh": ("eigenvalues", "eigenvectors"),
        "inv_ex": ("inverse", "info"),
        "lu": ("P", "L", "U"),
        "lu_factor": ("LU", "pivots"),
        "lu_factor_ex": ("LU", "pivots", "info"),
        "qr": ("Q", "R"),
        "slogdet": ("sign", "logabsdet"),
        "svd": ("U", "S", "Vh"),
    }
    for name, names in fields.items():
        assert getattr(linalg, name)(A)._fields == names
    assert linalg.lstsq(A, A)._fields == ("solution", "residuals", "rank", "singular_values")
    assert linalg.solve_ex(A, A)._fields == ("result", "info")
    assert ag.svd(A)._fields == ("U", "S", "V")
    assert ag.triangular_solve(A, A)._fields == ("solution", "cloned_coefficient")
    assert linalg.lu_factor(A).pivots.dtype == linalg.inv_ex(A).info.dtype == ag.int32


def test_results_of_lstsq_by_driver() -> None:
    x = ag.tensor([[1.0, 0.0], [1.0, 1.0], [1.0, 2.0]])
    b = ag.tensor([1.0, 0.0, 5.0])
    shapes = {
        driver: [tuple(part.shape) for part in linalg.lstsq(x, b, driver=driver)]
        for driver in (None, "gelsy", "gels", "gelsd", "gelss")
    }
    assert shapes[None] == shapes["gelsy"] == [(2,), (0,), (), (0,)]
    assert shapes["gels"] == [(2,), (1,), (0,), (0,)]
    assert shapes["gelsd"] == shapes["gelss"] == [(2,), (1,), (), (2,)]
    assert linalg.lstsq(x, b, driver="gels").rank.dtype == ag.int64
    np.testing.assert_allclose(linalg.lstsq(x, b, driver="gelsd").residuals.array, [6], rtol=1e-5)
    flat = linalg.lstsq(ag.ones(3, 2), ag.ones(3, 1), driver="gelsd")
    assert flat.rank == 1
    assert flat.residuals.shape == (0,)


# ---------------------------------------------------------------------------------------------------------- conventions


def hessian_of_det(x: Any) -> Any:
    return ag.hessian(linalg.det, ag.tensor(x)).array


def test_det_of_singular_matrices_has_exact_derivatives() -> None:
    """d2 det / dx[i, j] dx[k, l] of a 2 x 2 matrix is 1 or -1 whatever the matrix, and 0 of a 4 x 4 one of rank 1."""
    expected = np.zeros((2, 2, 2, 2))
    expected[0, 0, 1, 1] = expected[1, 1, 0, 0] = 1
    expected[0, 1, 1, 0] = expected[1, 0, 0, 1] = -1
    for x in (np.zeros((2, 2)), np.ones((2, 2)), np.eye(2), rng.normal(size=(2, 2))):
        np.testing.assert_allclose(hessian_of_det(x), expected, atol=1e-12)
    np.testing.assert_allclose(hessian_of_det(np.ones((4, 4))), 0, atol=1e-12)
    x = ag.tensor(np.ones((3, 3)), requires_grad=True)
    np.testing.assert_allclose(ag.grad(linalg.det(x), x)[0].array, 0, atol=1e-12)


def test_equal_values_have_finite_gradients_of_the_values_only() -> None:
    for function in (linalg.eigvalsh, linalg.svdvals, lambda x: linalg.eigh(x)[0], lambda x: linalg.svd(x)[1]):
        x = ag.eye(3, dtype=ag.float64, requires_grad=True)
        (g,) = ag.grad(function(x).sum(), x)
        np.testing.assert_allclose(g.array, np.eye(3), atol=1e-12)
    for vectors in (lambda x: linalg.eigh(x)[1], lambda x: linalg.svd(x)[0], lambda x: linalg.svd(x)[2]):
        x = ag.eye(3, dtype=ag.float64, requires_grad=True)
        (g,) = ag.grad((vectors(x) * ag.tensor(SQUARE)).sum(), x)
        assert not ag.isfinite(g).all()


def test_a_triangle_is_read_and_both_get_half_of_the_gradient() -> None:
    x = ag.tensor([[4.0, 100.0], [2.0, 5.0]], requires_grad=True)
    y = linalg.cholesky(x)
    assert y.tolist() == [[2, 0], [1, 2]]
    (g,) = ag.grad(y[1, 0], x)
    np.testing.assert_allclose(g.array, [[-1 / 8, 1 / 4], [1 / 4, 0]], rtol=1e-6)
    np.testing.assert_allclose(linalg.eigvalsh(x, UPLO="U").array, np.linalg.eigvalsh(x.detach().array, "U"), rtol=1e-6)


def test_gradients_where_a_norm_is_zero_are_zero() -> None:
    for function in (
        linalg.vector_norm,
        linalg.matrix_norm,
        linalg.norm,
        lambda x: ag.dist(x, x.detach()),
        lambda x: ag.cdist(x, x.detach()).diagonal().sum(),
        lambda x: ag.cdist(x, x.detach(), 3).diagonal().sum(),
    ):
        x = ag.zeros(2, 2, requires_grad=True)
        (g,) = ag.grad(function(x), x)
        assert g.tolist() == [[0, 0], [0, 0]]


def test_ties_of_norms_share_the_gradient() -> None:
    x = ag.ones(2, 2, requires_grad=True)
    for p, expected in ((1, 0.5), (inf, 0.5)):
        assert ag.grad(linalg.matrix_norm(x, p), x)[0].tolist() == [[expected] * 2] * 2
    assert ag.grad(linalg.vector_norm(x, inf), x)[0].tolist() == [[0.25] * 2] * 2


def test_singular_triangles_and_nan_give_what_pytorch_gives() -> None:
    assert ag.isnan(linalg.solve_triangular(ag.zeros(2, 2), ag.ones(2, 1), upper=True)).tolist() == [[True], [False]]
    broken = ag.full((2, 2), nan)
    for y in (
        linalg.inv(broken),
        linalg.det(broken),
        linalg.eigvalsh(broken),
        linalg.qr(broken).Q,
        linalg.lu(broken).U[0],
    ):
        assert ag.isnan(y).all()
    assert ag.isnan(linalg.matrix_exp(broken)).all()
    assert linalg.slogdet(broken).sign == 0
    assert linalg.matrix_power(broken, 0).tolist() == [[1, 0], [0, 1]]
    x = ag.tensor([[1.0, nan]], requires_grad=True)
    assert ag.isnan(ag.cdist(x, ag.zeros(1, 2))).all()


def test_empty_matrices() -> None:
    none, flat = ag.zeros(0, 0), ag.zeros(0, 3)
    assert linalg.det(none) == 1
    assert linalg.det(ag.zeros(2, 0, 0)).tolist() == [1, 1]
    assert linalg.inv(ag.zeros(0, 3, 3)).shape == (0, 3, 3)
    assert linalg.solve(ag.zeros(0, 3, 3), ag.zeros(0, 3)).shape == (0, 3)
    assert linalg.pinv(flat).shape == (3, 0)
    assert linalg.matrix_rank(flat) == 0
    assert linalg.matrix_rank(ag.zeros(2, 0, 3)).tolist() == [0, 0]
    assert linalg.matrix_exp(ag.zeros(3, 0, 0)).shape == (3, 0, 0)
    assert linalg.cholesky(none).shape == (0, 0)
    assert linalg.cond(none) == linalg.cond(none, 1) == 0
    assert linalg.lu_factor_ex(flat).info == 0
    assert all(linalg.matrix_norm(flat, p) == 0 for p in ("fro", "nuc", 1, -1, 2, inf))
    assert linalg.vector_norm(flat) == 0
    assert ag.cdist(flat, ag.zeros(2, 3)).shape == (0, 2)
    assert ag.cdist(ag.zeros(2, 0), ag.zeros(3, 0), 1).tolist() == [[0] * 3] * 2


def test_distances_of_many_rows_take_a_product_unless_told_otherwise() -> None:
    x = ag.tensor(rng.normal(size=(30, 4)))
    near, exact = ag.cdist(x, x), ag.cdist(x, x, compute_mode="donot_use_mm_for_euclid_dist")
    np.testing.assert_allclose(near.array, exact.array, atol=1e-6)
    np.testing.assert_array_equal(exact.diagonal().array, 0)
    product = ag.cdist(x[:2], x, compute_mode="use_mm_for_euclid_dist")
    np.testing.assert_allclose(product.array, exact[:2].array, atol=1e-6)


def test_info_names_the_place_and_results_are_nan() -> None:
    indefinite = ag.tensor([[1.0, 2.0], [2.0, 1.0]])
    found = linalg.cholesky_ex(ag.stack([ag.eye(2), indefinite, -ag.eye(2)]))
    assert found.info.tolist() == [0, 2, 1]
    assert ag.isnan(found.L).all(dim=-1).all(dim=-1).tolist() == [False, True, True]
    for found in (linalg.inv_ex(PAIR), linalg.solve_ex(PAIR, ag.ones(2, 2, 1))):
        assert found.info.tolist() == [0, 2]
        assert ag.isnan(found[0][1]).all()
        assert ag.isfinite(found[0][0]).all()
    assert linalg.inv_ex(ag.zeros(2, 2)).info == 1
    assert linalg.lu_factor_ex(PAIR).info.tolist() == [0, 2]
    assert linalg.cholesky_ex(ag.full((2, 2), nan)).info == 1


# ---------------------------------------------------------------------------------------------------------------- errors

SINGULAR_ERRORS: list[tuple[Callable[[], Any], str]] = [
    (lambda: linalg.inv(ONES), r"linalg\.inv: the matrix is singular: .* place 2 .* linalg\.pinv"),
    (lambda: linalg.inv(PAIR), r"linalg\.inv: \(Batch element 1\): the matrix is singular"),
    (lambda: linalg.inv_ex(ONES, check_errors=True), r"linalg\.inv_ex: the matrix is singular"),
    (lambda: ONES.inverse(), "the matrix is singular"),
    (lambda: linalg.solve(PAIR, ag.ones(2)), r"linalg\.solve: \(Batch element 1\): the matrix is singular"),
    (lambda: linalg.solve_ex(ONES, ag.ones(2), check_errors=True), r"linalg\.solve_ex: the matrix is singular"),
    (lambda: linalg.tensorsolve(ag.ones(2, 2), ag.ones(2)), "the matrix is singular"),
    (lambda: linalg.matrix_power(ONES, -1), "the matrix is singular"),
    (
        lambda: linalg.cholesky(-PAIR),
        r"linalg\.cholesky: \(Batch element 0\): the matrix is not positive-definite: its first 1",
    ),
    (lambda: linalg.cholesky(A - 5), r"linalg\.cholesky: the matrix is not positive-definite"),
    (lambda: linalg.cholesky_ex(-ONES, check_errors=True), "the matrix is not positive-definite"),
    (lambda: linalg.cholesky(ag.full((2, 2), nan)), "the matrix is not positive-definite"),
    (lambda: linalg.lu_factor(PAIR), r"linalg\.lu_factor: \(Batch element 1\): U has a zero at place 2"),
    (lambda: linalg.lu_factor_ex(ONES, check_errors=True), "U has a zero at place 2"),
    (lambda: linalg.svd(ag.full((2, 2), nan)), r"linalg\.svd: the matrix has NaN or infinite elements"),
    (lambda: linalg.svdvals(ag.full((2, 2), nan)), r"linalg\.svdvals: the matrix has NaN"),
]


@pytest.mark.parametrize(("call", "message"), SINGULAR_ERRORS)
def test_what_has_no_result_is_named(call: Callable[[], Any], message: str) -> None:
    with pytest.raises(linalg.LinAlgError, match=message) as caught:
        call()
    for parent in (RuntimeError, np.linalg.LinAlgError, ag.errors.AutogradError):
        assert isinstance(caught.value, parent)


WRONG: list[tuple[Callable[[], Any], type[Exception], str]] = [
    (lambda: linalg.inv(ag.ones(2, 3)), ShapeError, r"linalg\.inv: A has shape \(2, 3\), expected square matrices"),
    (lambda: linalg.det(ag.ones(3)), ShapeError, r"linalg\.det: A has shape \(3,\), expected matrices"),
    (
        lambda: linalg.inv(ag.ones(2, 2).int()),
        DtypeError,
        r"linalg\.inv: A has dtype int32: expected floating; use A\.float",
    ),
    (lambda: linalg.solve(A, ONES), DtypeError, "A is float64 and B is float32: expected one dtype"),
    (lambda: linalg.solve(ag.eye(2), ag.ones(3, 1)), ShapeError, "do not fit: expected size 2 at dim -2 of B"),
    (lambda: linalg.solve(ag.eye(2), ag.ones(3, 1), left=False), ShapeError, "expected size 2 at dim -1 of B"),
    (
        lambda: linalg.solve(ag.eye(2), ag.ones(2), left=False),
        ArgumentError,
        "left=False and B of shape .* is a vector",
    ),
    (lambda: linalg.solve(ag.ones(2, 2, 2), ag.ones(3, 2, 1)), ShapeError, "do not broadcast"),
    (lambda: linalg.solve_triangular(ag.eye(2), ag.ones(2), upper=True), ShapeError, r"B has shape \(2,\)"),
    (
        lambda: linalg.tensorinv(ag.ones(2, 3)),
        ShapeError,
        r"the first ind=2 sizes of A, \(2, 3\), and the others, \(\)",
    ),
    (lambda: linalg.tensorinv(ag.ones(2, 2), 0), ArgumentError, "ind=0 must be 1 or more"),
    (lambda: linalg.tensorsolve(ag.ones(2, 3), ag.ones(2)), ShapeError, "do not fit: expected A of the shape of B"),
    (lambda: linalg.lu(A, pivot=False), ArgumentError, r"linalg\.lu: pivot=False: expected True"),
    (
        lambda: linalg.lu_solve(A, ag.tensor([1, 2]), A),
        ShapeError,
        "pivots has shape .* and dtype int64, expected .* int32",
    ),
    (lambda: linalg.lu_solve(*linalg.lu_factor(A), A[:1]), ShapeError, "expected size 2 at dim -2 of B"),
    (lambda: linalg.qr(A, "full"), ArgumentError, "mode='full' is unknown: expected 'reduced'"),
    (lambda: linalg.eigh(A, "x"), ArgumentError, "UPLO='x' is unknown: expected 'L' or 'U'"),
    (lambda: linalg.svd(A, driver="gesvd"), ArgumentError, "driver='gesvd' is not there on the CPU"),
    (lambda: linalg.lstsq(A, A, driver="x"), ArgumentError, "driver='x' .* 'gelsy'"),
    (lambda: linalg.lstsq(A, A[:1]), ShapeError, "do not fit: expected 2 rows of B"),
    (
        lambda: linalg.vector_norm(A, "fro"),
        ArgumentError,
        r"ord='fro' is not a number; linalg\.matrix_norm takes names",
    ),
    (lambda: linalg.vector_norm(A, dtype=ag.float32), DtypeError, "dtype=float32 and an input of float64"),
    (lambda: linalg.vector_norm(ag.tensor([1])), DtypeError, "input has dtype int64: expected floating"),
    (lambda: linalg.matrix_norm(ag.ones(3)), ShapeError, r"A has shape \(3,\), expected matrices"),
    (lambda: linalg.matrix_norm(A, 3), ArgumentError, "ord=3 is unknown: expected 'fro', 'nuc'"),
    (lambda: linalg.matrix_norm(A, dim=(0,)), ArgumentError, r"dim=\(0,\) names 1 dims, expected 2"),
    (lambda: linalg.norm(ag.ones(2, 2, 2), 2), ShapeError, "expected a vector or a matrix, since ord=2 and dim=None"),
    (lambda: linalg.norm(ag.ones(2, 2, 2), 2, (0, 1, 2)), ArgumentError, "names 3 dims, expected 1 or 2"),
    (lambda: linalg.norm(A, "nuc", 0), ArgumentError, r"ord='nuc' is a norm of matrices, but dim=\(0,\): give a pair"),
    (lambda: linalg.norm(ag.ones(3), "fro"), ArgumentError, r"ord='fro' is a norm of matrices, but dim=\(0,\)"),
    (lambda: linalg.cond(A, "x"), ArgumentError, "ord='x' is unknown"),
    (lambda: linalg.cond(ag.ones(2, 3), 1), ShapeError, "expected square matrices"),
    (lambda: linalg.cross(ag.ones(3), ag.ones(2, 3)), ShapeError, "differ in the number of dims"),
    (lambda: linalg.cross(ag.ones(2), ag.ones(2)), ShapeError, "must have size 3; choose another dim"),
    (lambda: ag.cross(ag.ones(2), ag.ones(2)), ShapeError, r"cross: input has shape \(2,\), expected a dim of size 3"),
    (lambda: linalg.vecdot(A, ONES), DtypeError, "x is float64 and y is float32"),
    (lambda: linalg.vander(ag.ones(2), N=1), ArgumentError, "N=1 must be 2 or more"),
    (lambda: ag.vander(ag.ones(2), -1), ArgumentError, "vander: N=-1, expected a number of columns, 0 or more"),
    (
        lambda: ag.vander(ag.ones(2, 2)),
        ShapeError,
        r"vander: x has shape \(2, 2\), expected a vector; linalg.vander takes",
    ),
    (lambda: linalg.matrix_power(ag.ones(2, 3), 2), ShapeError, "expected square matrices"),
    (lambda: linalg.matrix_power(ag.ones(2, 2).int(), -2), DtypeError, "A has dtype int32: expected floating"),
    (lambda: linalg.multi_dot([A]), ArgumentError, "tensors has 1 of them, expected at least 2"),
    (lambda: linalg.multi_dot([A, A[0], A]), ShapeError, r"tensor 1 has shape \(2,\), expected a matrix"),
    (lambda: linalg.multi_dot([A, A[:1]]), ShapeError, r"shapes \(2, 2\) and \(1, 2\), which do not multiply"),
    (lambda: ag.chain_matmul(A, A[0]), ShapeError, r"matrix 1 has shape \(2,\), expected 2 dims"),
    (lambda: ag.cholesky_solve(A[:1], A), ShapeError, "do not fit: expected 2 rows of input"),
    (lambda: ag.triangular_solve(A[:1], A), ShapeError, "do not fit: expected 2 rows of b"),
    (lambda: ag.cdist(ag.ones(2), A), ShapeError, r"cdist: x1 has shape \(2,\), expected at least 2 dims"),
    (lambda: ag.cdist(A, A[:, :1]), ShapeError, "differ in the size of the last dim"),
    (lambda: ag.cdist(A, ag.ones(2, 2).int()), DtypeError, "x2 has dtype int32: expected floating"),
    (lambda: ag.cdist(A, A, -1), ArgumentError, "p=-1 is not the order of a distance"),
    (lambda: ag.cdist(A, A, compute_mode="x"), ArgumentError, "compute_mode='x' is unknown"),
    (lambda: ag.renorm(ag.ones(3), 2, 0, 1.0), ShapeError, "expected at least 2 dims"),
    (lambda: ag.renorm(A, 0, 0, 1.0), ArgumentError, "p=0 and maxnorm=1.0: expected p above 0"),
]


@pytest.mark.parametrize(("call", "error", "message"), WRONG)
def test_wrong_arguments_are_named(call: Callable[[], Any], error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        call()


def test_a_complete_qr_of_a_tall_matrix_has_no_derivative() -> None:
    x = ag.ones(3, 2, requires_grad=True)
    with pytest.raises(GraphError, match=r"mode='complete' has no derivative .* rows \(3\) than columns \(2\)"):
        linalg.qr(x, "complete").R.sum().backward()
    assert linalg.qr(x, "r").Q.shape == (0,)


# --------------------------------------------------------------------------------------------------------------- methods


def test_methods_are_the_functions() -> None:
    x = ag.tensor(SPD[0])
    for name, arguments in {
        "cholesky": (), "cholesky_inverse": (), "cholesky_solve": (x,), "cross": (x,), "det": (), "dist": (x * 2,),
        "inverse": (), "logdet": (), "matrix_exp": (), "matrix_power": (3,), "pinverse": (), "qr": (), "renorm": (2, 0, 1.0),
        "slogdet": (), "svd": (), "triangular_solve": (x,),
    }.items():  # fmt: skip
        results = [getattr(x, name)(*arguments), getattr(ag, name)(x, *arguments)]
        for ours, expected in zip(*[r if isinstance(r, tuple) else (r,) for r in results]):
            np.testing.assert_array_equal(ours.array, expected.array)
    y = ag.tensor(SQUARE)
    assert y.renorm_(2, 0, 1.0) is y
    np.testing.assert_allclose(np.linalg.norm(y.array, axis=1).max(), 1, atol=1e-6)


def test_arrays_are_taken_too() -> None:
    for y in (linalg.inv(SQUARE), linalg.eigh(SPD).eigenvalues, linalg.lu(WIDE).L, ag.cdist(SQUARE, SQUARE)):
        assert isinstance(y, np.ndarray)


def test_powers_in_either_order_are_differentiated() -> None:
    x = ag.tensor([1.5, -2.0, 0.0], dtype=ag.float64, requires_grad=True)
    assert ag.equal(ag.vander(x, 4, True), linalg.vander(x, 4))
    assert ag.equal(ag.vander(x, 4), linalg.vander(x, 4).flip(1))
    assert ag.vander(ag.zeros(0)).shape == (0, 0)
    (first,) = ag.grad(ag.vander(x, 3).sum(), x, create_graph=True)
    assert first.tolist() == [4.0, -3.0, 1.0]
    assert ag.grad(first.sum(), x)[0].tolist() == [2.0, 2.0, 2.0]
