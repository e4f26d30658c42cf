"""Winograd's transforms: the matrices of F(m x m, 3 x 3), and vector code that multiplies by them.

m outputs of a filter of 3 taps are coefficients of a product of polynomials, and m + 2 values determine it: it is evaluated
at m + 2 points, multiplied there, and interpolated::

    y = A^T ((G g) * (B^T d))        in two dimensions   Y = A^T ((G g G^T) * (B^T D B)) A

The points are 0, +-p, ... and infinity.  A and G hold their powers; B^T, the inverse, holds the coefficients of the
polynomials that vanish at all points but one.  Small points make small numbers: 3/4 and 3/2 round five times better than
the 1 and 2 of the textbook.

Lavin and Gray, "Fast Algorithms for Convolutional Neural Networks", 2016; Barabasz et al., "Error Analysis and Improving
the Accuracy of Winograd Convolution for Deep Neural Networks", 2020.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple, TypeAlias

import numpy as np
from llvmlite import ir
from numpy import ndarray

from ....vector import Vectors, choose, emitted_by, integer, loop, subroutine

__all__ = ["FILTER", "FILTER_ADJOINT", "INPUT", "LEVELS", "OUTPUT", "OUTPUT_ADJOINT", "matrices", "sandwich"]

Value: TypeAlias = Any  # an ir.Value, of a library without types
POINTS = {2: (1.0,), 4: (0.75, 1.5)}
LEVELS = tuple(POINTS)


class Matrices(NamedTuple):
    """The matrices of F(m, 3)."""

    at: ndarray  # (m, m + 2)
    g: ndarray  # (m + 2, 3)
    bt: ndarray  # (m + 2, m + 2)


def matrices(m: int) -> Matrices:
    """Return A^T, G and B^T of F(m, 3)."""
    points = [0.0, *(sign * p for p in POINTS[m] for sign in (1, -1))]
    others = [[x for x in points if x != point] for point in points]

    def powers(n: int) -> ndarray:
        """Each point's powers up to n - 1; infinity sees the last coefficient only."""
        return np.array([*[[x**j for j in range(n)] for x in points], [0.0] * (n - 1) + [1.0]])

    vanishing = [np.append(np.poly(roots)[::-1], 0.0) for roots in others]
    scale = [np.prod(np.subtract(point, roots)) for point, roots in zip(points, others)]
    g = powers(3) / np.array([*scale, 1.0])[:, None]
    return Matrices(powers(m).T, g, np.array([*vanishing, np.poly(points)[::-1]]))


INPUT, OUTPUT, FILTER, OUTPUT_ADJOINT, FILTER_ADJOINT = range(5)


def _kinds(m: int) -> list[ndarray]:
    at, g, bt = matrices(m)
    return [bt, at, g, at.T, g.T]


MATRICES = [matrix for m in LEVELS for matrix in _kinds(m)]  # that of a kind and a level: at 5 LEVELS.index(m) + kind


def _emit_sandwich(
    b: ir.IRBuilder, v: Vectors, which: Value, x: Value, x0: Value, x_row: Value, x_column: Value, y: Value, y0: Value,
    y_row: Value, y_column: Value, n: Value,
) -> None:  # fmt: skip
    arguments = [b.gep(x, [x0]), x_row, x_column, b.gep(y, [y0]), y_row, y_column, n]

    def case(number: int, matrix: ndarray) -> Callable[[], None]:
        body = lambda inside, *values: _sandwich(inside, Vectors(inside, v.element), matrix, *values)
        return lambda: subroutine(b, f"sandwich_{number}_{v.suffix}", arguments, body)

    choose(b, which, [case(*numbered) for numbered in enumerate(MATRICES)])


def _sandwich(
    b: ir.IRBuilder, v: Vectors, matrix: ndarray, x: Value, x_row: Value, x_column: Value, y: Value, y_row: Value,
    y_column: Value, n: Value,
) -> None:  # fmt: skip
    outputs, inputs = matrix.shape

    def at(base: Value, row: Value, i: int, column: Value, j: int) -> Value:
        return b.gep(base, [b.add(b.mul(row, integer(i)), b.mul(column, integer(j)))])

    def one_vector(k: Value, _: Any) -> list[Value]:
        channel = b.mul(k, integer(v.lanes))
        source, target = b.gep(x, [channel]), b.gep(y, [channel])
        columns = [
            _product(v, matrix, [v.load(at(source, x_row, i, x_column, j)) for i in range(inputs)])
            for j in range(inputs)
        ]
        for i in range(outputs):
            for j, value in enumerate(_product(v, matrix, [column[i] for column in columns])):
                v.store(value, at(target, y_row, i, y_column, j))
        return []

    loop(b, b.sdiv(b.add(n, integer(v.lanes - 1)), integer(v.lanes)), [], one_vector)


@emitted_by(_emit_sandwich)
def sandwich(
    which: int, x: ndarray, x0: int, x_row: int, x_column: int, y: ndarray, y0: int, y_row: int, y_column: int, n: int
) -> None:
    """Y = T X T^T, for n neighbouring channels, of which those of the last vector are completed: T = MATRICES[which].

    X[i, j] is x[x0 + i x_row + j x_column + channel], and Y likewise.
    """
    t = MATRICES[which].astype(x.dtype)
    outputs, inputs = (np.indices((size, size, n)) for size in t.shape)
    found = x[x0 + inputs[0] * x_row + inputs[1] * x_column + inputs[2]]
    y[y0 + outputs[0] * y_row + outputs[1] * y_column + outputs[2]] = np.einsum("ia,jb,abn->ijn", t, t, found)


def _product(v: Vectors, matrix: ndarray, x: Sequence[ir.Value]) -> list[ir.Value]:
    """Return the elements of matrix @ x.

    The points come in pairs p, -p, so pairs of rows differ by signs only, and share the sum of what is equal and the sum
    of what is opposite; or pairs of columns do, and share sums and differences of two elements of x.
    """
    rows: list[ir.Value | None] = [None] * len(matrix)
    columns = _pairs(matrix.T)
    if columns:
        x, reduced = list(x), matrix.copy()
        for first, second in columns:
            same = matrix[:, first] == matrix[:, second]
            plus, minus = v.builder.fadd(x[first], x[second]), v.builder.fsub(x[first], x[second])
            x[first], x[second] = plus, minus
            reduced[:, second] = np.where(same, 0, matrix[:, first])
            reduced[:, first] = np.where(same, matrix[:, first], 0)
        return [_sum(v, row, x) for row in reduced]
    for first, second in _pairs(matrix):
        same = matrix[first] == matrix[second]
        equal, opposite = _sum(v, np.where(same, matrix[first], 0), x), _sum(v, np.where(same, 0, matrix[first]), x)
        rows[first], rows[second] = v.builder.fadd(equal, opposite), v.builder.fsub(equal, opposite)
    return [_sum(v, matrix[i], x) if row is None else row for i, row in enumerate(rows)]


def _pairs(matrix: ndarray) -> list[tuple[int, int]]:
    """Return the rows next to each other that differ by the signs of some elements, but not of all."""
    size = np.abs(matrix)
    return [
        (i, i + 1)
        for i in range(len(matrix) - 1)
        if (size[i] == size[i + 1]).all() and (matrix[i] != matrix[i + 1]).any() and (matrix[i] != -matrix[i + 1]).any()
    ]


def _sum(v: Vectors, coefficients: ndarray, x: Sequence[ir.Value]) -> ir.Value:
    """Return the sum of coefficients times x, where 1 and 0 cost nothing."""
    terms = sorted(((float(c), value) for c, value in zip(coefficients, x) if c), key=lambda term: abs(term[0]) != 1)
    total = None
    for c, value in terms:
        if total is None:
            total = value if c == 1 else v.builder.fmul(v.constant(c), value)
        elif abs(c) == 1:
            total = v.builder.fadd(total, value) if c == 1 else v.builder.fsub(total, value)
        else:
            total = v.fma(v.constant(c), value, total)
    return v.constant(0.0) if total is None else total
