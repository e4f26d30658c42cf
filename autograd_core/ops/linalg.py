"""Products: matrix products in all ranks, the linear map of a layer, and contractions by letters.

A product of many leading dims with one matrix is computed as one product of all rows, not as a stack of small ones.
"""

from __future__ import annotations

import math
from collections import Counter
from string import ascii_letters, ascii_lowercase, ascii_uppercase
from typing import Any

import numpy as np

from ..backend import of
from ..dtypes import is_floating
from ..errors import ArgumentError, DtypeError, ShapeError
from ..primitive import Array, primitive
from .axes import normalize_dims
from .diagonal import diagonal
from .reduce import reduce_sum
from .shape import Shape, movedim, permute_axes, plain, reshape_to


def _rows(x: Array) -> Array:
    """Return x (..., N) as a matrix (M, N)."""
    return x if x.ndim == 2 else reshape_to(x, shape=(math.prod(x.shape[:-1]), x.shape[-1]))


# ------------------------------------------------------------------------------------------------------------- products


@primitive
def matmul(input: Array, other: Array) -> Array:
    """Return the matrix product over the last dim of *input* and the second to last of *other*.

    A vector is a row on the left and a column on the right, without that dim in the result; leading dims broadcast.
    Raises ShapeError where the sizes differ.

    >>> ag.matmul(ag.ones(2, 3), ag.ones(3, 4)).shape
    (2, 4)
    """
    try:
        if other.ndim == 2 and input.ndim >= 2:  # dot: no ufunc machinery around a small product
            out = of(input).kernels.product(_rows(input), other)
            return out if input.ndim == 2 else out.reshape(*input.shape[:-1], other.shape[1])
        return of(input, other).kernels.products(input, other)
    except ValueError as error:
        raise _misfit("matmul", "input", input, "other", other) from error


def _misfit(name: str, left: str, x: Array, right: str, y: Array) -> ShapeError:
    shapes = f"{name}: {left} of shape {tuple(x.shape)} and {right} of shape {tuple(y.shape)}"
    if not x.ndim or not y.ndim:
        return ShapeError(f"{shapes}: both need at least one dim; use * for a product with a number")
    inner = y.shape[-2] if y.ndim > 1 else y.shape[0]
    if x.shape[-1] != inner:
        return ShapeError(
            f"{shapes} have inner sizes {x.shape[-1]} and {inner}, which must be equal; transpose one with .mT?"
        )
    return ShapeError(f"{shapes} have leading dims that do not broadcast: sizes must be equal or 1")


def _matmul_input(g: Array, other: Array, input_shape: Shape) -> Array:
    if other.ndim == 1:
        return reshape_to(g, shape=(*g.shape, 1)) * other
    return matmul(_as_row(g) if len(input_shape) == 1 else g, other.mT)


def _matmul_other(g: Array, input: Array, other_shape: Shape) -> Array:
    if input.ndim == 1:
        column = reshape_to(input, shape=(input.shape[0], 1))
        return reshape_to(g, shape=(1,)) * input if len(other_shape) == 1 else column * _as_row(g)
    if len(other_shape) == 1:
        return matmul(reshape_to(g, shape=(1, math.prod(g.shape))), _rows(input))
    return matmul(_rows(input).mT, _rows(g)) if len(other_shape) == 2 else matmul(input.mT, g)


def _as_row(g: Array) -> Array:
    return reshape_to(g, shape=(*g.shape[:-1], 1, g.shape[-1]))


matmul.vjp(input=_matmul_input, other=_matmul_other)


def _check_dims(name: str, **dims: tuple[Array, int]) -> None:
    for argument, (x, ndim) in dims.items():
        if x.ndim != ndim:
            raise ShapeError(
                f"{name}: {argument} has shape {tuple(x.shape)}, expected {ndim} dims; matmul() takes any number"
            )


def mm(input: Array, mat2: Array) -> Array:
    """Return the product of two matrices.

    >>> ag.mm(ag.ones(2, 3), ag.ones(3, 4)).shape
    (2, 4)
    """
    _check_dims("mm", input=(input, 2), mat2=(mat2, 2))
    return matmul(input, mat2)


def bmm(input: Array, mat2: Array) -> Array:
    """Return the products of two stacks of matrices, (B, N, M) with (B, M, P).

    >>> ag.bmm(ag.ones(5, 2, 3), ag.ones(5, 3, 4)).shape
    (5, 2, 4)
    """
    _check_stacks("bmm", input=input, mat2=mat2)
    return matmul(input, mat2)


def _check_stacks(name: str, **stacks: Array) -> None:
    """Raise unless both stacks have equally many matrices, that multiply."""
    _check_dims(name, **{argument: (x, 3) for argument, x in stacks.items()})
    (left, x), (right, y) = stacks.items()
    if x.shape[0] != y.shape[0]:
        raise ShapeError(
            f"{name}: {left} of shape {tuple(x.shape)} and {right} of shape {tuple(y.shape)} differ in the number of "
            "matrices; matmul() broadcasts"
        )
    if x.shape[2] != y.shape[1]:
        raise _misfit(name, left, x, right, y)


def mv(input: Array, vec: Array) -> Array:
    """Return the product of a matrix with a vector.

    >>> ag.mv(ag.ones(2, 3), ag.ones(3))
    tensor([3., 3.])
    """
    _check_dims("mv", input=(input, 2), vec=(vec, 1))
    return matmul(input, vec)


def dot(input: Array, tensor: Array) -> Array:
    """Return the inner product of two vectors.

    >>> ag.dot(ag.tensor([1.0, 2.0]), ag.tensor([3.0, 4.0]))
    tensor(11.)
    """
    _check_dims("dot", input=(input, 1), tensor=(tensor, 1))
    return matmul(input, tensor)


def outer(input: Array, vec2: Array) -> Array:
    """Return the products of each element of *input* with each of *vec2*, both vectors.

    >>> ag.outer(ag.tensor([1.0, 2.0]), ag.tensor([3.0, 4.0])).tolist()
    [[3.0, 4.0], [6.0, 8.0]]
    """
    _check_dims("outer", input=(input, 1), vec2=(vec2, 1))
    return reshape_to(input, shape=(input.shape[0], 1)) * vec2


ger = outer


def vdot(input: Array, other: Array) -> Array:
    """Return the inner product of two vectors, as ``dot`` does.

    >>> ag.vdot(ag.tensor([1.0, 2.0]), ag.tensor([3.0, 4.0]))
    tensor(11.)
    """
    _check_dims("vdot", input=(input, 1), other=(other, 1))
    return matmul(input, other)


def inner(input: Array, other: Array) -> Array:
    """Return the sums of products over the last dim of both; the product where one is a number.

    >>> ag.inner(ag.ones(2, 3), ag.ones(4, 3)).shape
    (2, 4)
    """
    if not input.ndim or not other.ndim:
        return input * other
    if input.shape[-1] != other.shape[-1]:
        raise ShapeError(
            f"inner: input of shape {tuple(input.shape)} and other of shape {tuple(other.shape)} differ in the size of the "
            "last dim; transpose one?"
        )
    return tensordot(input, other, ([-1], [-1]))


def kron(input: Array, other: Array) -> Array:
    """Return the Kronecker product: *other*, times each element of *input*, in blocks; dims are added in front.

    >>> ag.kron(ag.tensor([1, 10]), ag.tensor([[1, 2]])).tolist()
    [[1, 2, 10, 20]]
    """
    ndim = max(input.ndim, other.ndim)
    rows, columns = ((1,) * (ndim - x.ndim) + tuple(x.shape) for x in (input, other))
    blocks = reshape_to(input, shape=tuple([n for size in rows for n in (size, 1)]))
    within = reshape_to(other, shape=tuple([n for size in columns for n in (1, size)]))
    return reshape_to(blocks * within, shape=tuple([m * n for m, n in zip(rows, columns)]))


def addmm(input: Array, mat1: Array, mat2: Array, *, beta: float = 1, alpha: float = 1) -> Array:
    """Return ``beta * input + alpha * (mat1 @ mat2)``.

    >>> ag.addmm(ag.ones(4), ag.ones(2, 3), ag.ones(3, 4)).tolist()
    [[4.0, 4.0, 4.0, 4.0], [4.0, 4.0, 4.0, 4.0]]
    """
    return _weighted_sum("addmm", input, mm(mat1, mat2), beta, alpha)


def addmv(input: Array, mat: Array, vec: Array, *, beta: float = 1, alpha: float = 1) -> Array:
    """Return ``beta * input + alpha * (mat @ vec)``.

    >>> ag.addmv(ag.ones(2), ag.ones(2, 3), ag.ones(3))
    tensor([4., 4.])
    """
    return _weighted_sum("addmv", input, mv(mat, vec), beta, alpha)


def addr(input: Array, vec1: Array, vec2: Array, *, beta: float = 1, alpha: float = 1) -> Array:
    """Return ``beta * input + alpha * outer(vec1, vec2)``.

    >>> ag.addr(ag.ones(2, 2), ag.tensor([1.0, 2.0]), ag.tensor([3.0, 4.0])).tolist()
    [[4.0, 5.0], [7.0, 9.0]]
    """
    return _weighted_sum("addr", input, outer(vec1, vec2), beta, alpha)


def baddbmm(input: Array, batch1: Array, batch2: Array, *, beta: float = 1, alpha: float = 1) -> Array:
    """Return ``beta * input + alpha * (batch1 @ batch2)`` for stacks of matrices.

    >>> ag.baddbmm(ag.ones(4), ag.ones(5, 2, 3), ag.ones(5, 3, 4)).shape
    (5, 2, 4)
    """
    return _weighted_sum("baddbmm", input, bmm(batch1, batch2), beta, alpha)


def addbmm(input: Array, batch1: Array, batch2: Array, *, beta: float = 1, alpha: float = 1) -> Array:
    """Return ``beta * input + alpha * sum(batch1 @ batch2)``, the sum over stacks of matrices.

    >>> ag.addbmm(ag.ones(2, 4), ag.ones(5, 2, 3), ag.ones(5, 3, 4)).tolist()
    [[16.0, 16.0, 16.0, 16.0], [16.0, 16.0, 16.0, 16.0]]
    """
    _check_stacks("addbmm", batch1=batch1, batch2=batch2)
    count, rows, inner = batch1.shape
    left = reshape_to(permute_axes(batch1, axes=(1, 0, 2)), shape=(rows, count * inner))
    right = reshape_to(batch2, shape=(batch2.shape[0] * batch2.shape[1], batch2.shape[2]))
    return _weighted_sum("addbmm", input, matmul(left, right), beta, alpha)


def _weighted_sum(name: str, input: Array, product: Array, beta: float, alpha: float) -> Array:
    lead = product.ndim - input.ndim
    if lead < 0 or any(n not in (1, m) for n, m in zip(input.shape, product.shape[lead:])):
        raise ShapeError(
            f"{name}: input of shape {tuple(input.shape)} does not broadcast to the product's {tuple(product.shape)}; sum() "
            "or reshape() it"
        )
    floating = is_floating(input.dtype) or is_floating(product.dtype)
    if not floating and (isinstance(alpha, float) or isinstance(beta, float)):
        raise DtypeError(f"{name}: beta={beta} and alpha={alpha}, but the operands are {product.dtype}: give integers")
    product = product if alpha == 1 else product * alpha
    if beta == 0:  # as in PyTorch, NaN in input is then ignored
        return product
    return product + (input if beta == 1 else input * beta)


# --------------------------------------------------------------------------------------------------- the map of a layer


@primitive(name="linear")
def affine(x: Array, w: Array, b: Array) -> Array:
    """Return x @ w.T + b for x (..., I), w (O, I), b (O,)."""
    out = of(x).kernels.affine(_rows(x), w, b)
    return out if x.ndim == 2 else out.reshape(*x.shape[:-1], w.shape[0])


@primitive(name="linear_without_bias")
def product(x: Array, w: Array) -> Array:
    """Return x @ w.T for x (..., I), w (O, I)."""
    out = of(x).kernels.product(_rows(x), w.T)
    return out if x.ndim == 2 else out.reshape(*x.shape[:-1], w.shape[0])


def _linear_x(g: Array, w: Array) -> Array:
    return matmul(g, w)


def _linear_w(g: Array, x: Array) -> Array:
    return matmul(_rows(g).mT, _rows(x))


affine.vjp(x=_linear_x, w=_linear_w, b=lambda g: g)
product.vjp(x=_linear_x, w=_linear_w)


def linear(input: Array, weight: Array, bias: Array | None = None) -> Array:
    """Return ``input @ weight.T + bias``.

    *input* (..., I), *weight* (O, I), *bias* (O,); the result is (..., O).  Raises ShapeError where they do not fit.

    >>> ag.linear(ag.ones(2, 3), ag.ones(4, 3), ag.ones(4)).tolist()
    [[4.0, 4.0, 4.0, 4.0], [4.0, 4.0, 4.0, 4.0]]
    """
    shape, expected = input.shape, weight.shape
    if len(expected) != 2:
        raise ShapeError(f"linear: weight has shape {tuple(expected)}, expected (out_features, in_features)")
    if not shape or shape[-1] != expected[1]:
        raise ShapeError(
            f"linear: input has shape {tuple(shape)}, expected (..., {expected[1]}), since weight has shape "
            f"{tuple(expected)}"
        )
    if bias is None:
        return product(input, weight)
    if bias.shape != expected[:1]:
        raise ShapeError(
            f"linear: bias has shape {tuple(bias.shape)}, expected ({expected[0]},), one for each row of weight"
        )
    return affine(input, weight, bias)


# -------------------------------------------------------------------------------------------------- products by letters


@primitive(name="einsum")
def contract(*xs: Array, labels: tuple[str, ...], result: str) -> Array:
    """Return the sum of products over all letters that *result* lacks.

    No operand has a letter twice, equal letters have equal sizes, and a letter that *result* lacks is in two operands
    or more.  ``einsum`` brings its operands to that form, in which each gradient is such a contraction again.
    """
    if len(xs) == 2:
        return _contract_two(xs[0], xs[1], labels[0], labels[1], result)
    made: Array = np.einsum(f"{','.join(labels)}->{result}", *xs, optimize=True)
    return made


def _contract_two(x: Any, y: Any, left: str, right: str, result: str) -> Any:
    """Contract two operands as one stack of matrix products: (batch, rows, inner) with (batch, inner, columns)."""
    size = dict(zip(left + right, x.shape + y.shape))
    shared = [k for k in left if k in right]
    batch, inner = [k for k in shared if k in result], [k for k in shared if k not in result]
    rows, columns = [k for k in left if k not in right], [k for k in right if k not in left]

    def stack(a: Any, labels: str, *groups: list[str]) -> Any:
        order = [labels.index(k) for group in groups for k in group]
        return a.transpose(order).reshape([math.prod([size[k] for k in group]) for group in groups])

    if batch:
        out = np.matmul(stack(x, left, batch, rows, inner), stack(y, right, batch, inner, columns))
    else:
        out = stack(x, left, rows, inner).dot(stack(y, right, inner, columns))
    found = [*batch, *rows, *columns]
    return out.reshape([size[k] for k in found]).transpose([found.index(k) for k in result])


def _contract_part(g: Array, i: int, xs: tuple[Array, ...], labels: tuple[str, ...], result: str) -> Array:
    others = (*labels[:i], *labels[i + 1 :])
    return contract(g, *xs[:i], *xs[i + 1 :], labels=(result, *others), result=labels[i])


contract.vjp(xs=_contract_part)


def einsum(equation: Any, *operands: Any) -> Array:
    """Return the sum of products that *equation* spells: a letter for each dim, a comma between operands.

    Letters that the part after ``->`` lacks are summed over; a letter twice in one operand takes the diagonal; ``...``
    stands for dims that broadcast.  Without ``->`` the result has ``...`` and the letters that occur once, sorted.

    Instead, each operand may be followed by a list of numbers from 0 to 51 for its dims, with ``...`` as it is; one more
    list at the end is for the result.

    >>> ag.einsum("ij,jk->ik", ag.ones(2, 3), ag.ones(3, 4)).shape
    (2, 4)
    >>> ag.einsum(ag.ones(2, 3), [0, 1], ag.ones(3, 4), [1, 2], [0, 2]).shape
    (2, 4)
    """
    if not isinstance(equation, str) and operands:
        equation, xs = _spelled(equation, *operands)
    else:
        xs = list(operands[0]) if len(operands) == 1 and isinstance(operands[0], tuple | list) else list(operands)
    labels, result = _letters(equation, xs)
    for i, x in enumerate(xs):
        xs[i], labels[i] = _diagonals(equation, x, labels[i])
    size: dict[str, int] = {}
    for x, of_x in zip(xs, labels):
        for k, n in zip(of_x, x.shape):
            if size.setdefault(k, n) == 1:
                size[k] = n
            elif n not in (1, size[k]):
                raise ShapeError(
                    f"einsum: letter {k!r} of {equation!r} stands for sizes {size[k]} and {n}; they must be equal or 1"
                )
    for i, x in enumerate(xs):  # a size of 1 that meets a larger one: without that dim it broadcasts
        kept = [d for d, k in enumerate(labels[i]) if x.shape[d] == size[k]]
        if len(kept) < x.ndim:
            xs[i] = reshape_to(x, shape=tuple([x.shape[d] for d in kept]))
            labels[i] = "".join([labels[i][d] for d in kept])
    uses = Counter("".join(labels))
    for i, x in enumerate(xs):  # what one operand alone is summed over
        if gone := tuple([d for d, k in enumerate(labels[i]) if uses[k] == 1 and k not in result]):
            xs[i] = reduce_sum(x, axis=gone, keepdims=False)
            labels[i] = "".join([k for d, k in enumerate(labels[i]) if d not in gone])
    if len(xs) == 1:
        return permute_axes(xs[0], axes=tuple([labels[0].index(k) for k in result]))
    return contract(*xs, labels=tuple(labels), result=result)


def _spelled(*parts: Any) -> tuple[str, list[Any]]:
    """Return the equation and the operands of ``einsum(x, [0, 1], y, [1, 2], [0, 2])``."""
    xs, lists = list(parts[::2]), parts[1::2]
    result = f"->{_term(xs.pop())}" if len(parts) % 2 else ""
    return ",".join([_term(numbers) for numbers in lists]) + result, xs


def _term(numbers: Any) -> str:
    """Return the letters of a list of numbers; capitals first, for their order is that of dims of the result."""
    if not isinstance(numbers, list | tuple):
        raise ArgumentError(
            f"einsum: {type(numbers).__name__} stands where a list of numbers belongs, expected operand, list, operand, "
            "list, ...; or an equation such as 'ij,jk->ik' first"
        )
    letters = ascii_uppercase + ascii_lowercase
    if wrong := [k for k in numbers if k is not ... and not (isinstance(k, int) and 0 <= k < len(letters))]:
        raise ArgumentError(f"einsum: the list {list(numbers)} contains {wrong}; use numbers from 0 to 51 and one ...")
    return "".join(["..." if k is ... else letters[k] for k in numbers])


def _letters(equation: str, xs: list[Any]) -> tuple[list[str], str]:
    """Return the letters of each operand and of the result, with letters of their own for the dims of ``...``."""
    if not isinstance(equation, str):
        raise ArgumentError(
            f"einsum: the first argument is {type(equation).__name__}, expected an equation such as 'ij,jk->ik'"
        )
    left, arrow, right = equation.replace(" ", "").partition("->")
    terms = left.split(",")
    if len(terms) != len(xs) or not xs:
        raise ArgumentError(f"einsum: {equation!r} names {len(terms)} operands, but {len(xs)} are given")
    for term in [*terms, right]:
        if wrong := set(term.replace("...", "", 1)) - set(ascii_letters):
            raise ArgumentError(f"einsum: {equation!r} contains {sorted(wrong)}; use letters, one '...', ',' and '->'")
    spare = [k for k in ascii_letters if k not in equation]
    widest, labels = "", []
    for i, (term, x) in enumerate(zip(terms, xs)):
        dims = x.ndim - len(term.replace("...", ""))
        if dims < 0 or (dims and "..." not in term):
            raise ShapeError(
                f"einsum: operand {i} has shape {tuple(x.shape)}, but {term!r} of {equation!r} names another number of "
                "dims"
            )
        own = "".join(reversed(spare[:dims]))  # aligned at the right, as in broadcasting
        widest = max(widest, own, key=len)
        labels.append(term.replace("...", own))
    counts = Counter(left)
    result = right if arrow else "..." + "".join(sorted(k for k in counts if k in ascii_letters and counts[k] == 1))
    result = result.replace("...", widest)
    for k in result:
        if result.count(k) > 1 or not any(k in term for term in labels):
            where = "twice" if result.count(k) > 1 else "but no operand has it"
            raise ArgumentError(f"einsum: the result of {equation!r} names {k!r} {where}")
    return labels, result


def _diagonals(equation: str, x: Array, labels: str) -> tuple[Array, str]:
    """Return x and its letters with the diagonal taken for each letter that occurs twice."""
    for k in dict.fromkeys(labels):
        while labels.count(k) > 1:
            first, last = labels.index(k), labels.rindex(k)
            if x.shape[first] != x.shape[last]:
                raise ShapeError(
                    f"einsum: letter {k!r} of {equation!r} stands for sizes {x.shape[first]} and {x.shape[last]} of "
                    "one operand; "
                    "a diagonal needs equal sizes"
                )
            x = diagonal(x, 0, first, last)
            labels = labels[:first] + labels[first + 1 : last] + labels[last + 1 :] + k
    return x, labels


def tensordot(a: Array, b: Array, dims: Any = 2) -> Array:
    """Return the sum of products over *dims*: the last of *a* with the first of *b*, or two lists of dims.

    *dims* may be a tensor of integers.  Sizes that meet are equal, or one of them is 1 and stands for all.

    >>> ag.tensordot(ag.ones(2, 3, 4), ag.ones(3, 4, 5)).shape
    (2, 5)
    """
    if hasattr(dims, "dtype"):
        dims = plain(dims).tolist()
    if isinstance(dims, int):
        if not 0 <= dims <= min(a.ndim, b.ndim):
            raise ArgumentError(f"tensordot: dims={dims} is out of range for tensors of {a.ndim} and {b.ndim} dims")
        over_a, over_b = tuple(range(a.ndim - dims, a.ndim)), tuple(range(dims))
    else:
        if not isinstance(dims, list | tuple) or len(dims) != 2 or any(isinstance(d, int) for d in dims):
            raise ArgumentError(f"tensordot: dims={dims!r}: expected a number of dims, or two lists of dims")
        over_a, over_b = normalize_dims(dims[0], a.ndim), normalize_dims(dims[1], b.ndim)
    sizes = [(a.shape[i], b.shape[j]) for i, j in zip(over_a, over_b)]
    if len(over_a) != len(over_b) or any(m != n and 1 not in (m, n) for m, n in sizes):
        raise ShapeError(
            f"tensordot: dims {over_a} of a tensor of shape {tuple(a.shape)} and dims {over_b} of one of shape "
            f"{tuple(b.shape)} must have equal sizes, in pairs"
        )
    if any(m != n for m, n in sizes):
        a = _summed(a, [i for i, (m, n) in zip(over_a, sizes) if n == 1])
        b = _summed(b, [j for j, (m, n) in zip(over_b, sizes) if m == 1])
    count = len(over_a)
    x, y = movedim(a, over_a, tuple(range(-count, 0))), movedim(b, over_b, tuple(range(count)))
    left, right = tuple(x.shape[: x.ndim - count]), tuple(y.shape[count:])
    inner = math.prod(y.shape[:count])
    flat = matmul(reshape_to(x, shape=(math.prod(left), inner)), reshape_to(y, shape=(inner, math.prod(right))))
    return reshape_to(flat, shape=left + right)


def _summed(x: Array, dims: list[int]) -> Array:
    return reduce_sum(x, axis=tuple(dims), keepdims=True)
