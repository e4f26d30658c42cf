"""Look-up in a table of vectors, of each index or of all in a bag together."""

from __future__ import annotations

from typing import Any

import numpy as np

import autograd_core as ag
from autograd_core import Tensor

from .. import expect

__all__ = ["embedding", "embedding_bag"]

MODES = "sum", "mean", "max"


def embedding(
    input: Tensor,
    weight: Tensor,
    padding_idx: int | None = None,
    max_norm: float | None = None,
    norm_type: float = 2.0,
    scale_grad_by_freq: bool = False,
    sparse: bool = False,
) -> Tensor:
    """Return the rows of *weight* (V, D) that *input* (...), integers, names: (..., D).

    The row *padding_idx* gets no gradient.  With *max_norm*, the rows that are looked up are first scaled down in place, to
    that norm of order *norm_type*.  With *scale_grad_by_freq*, the gradient of a row is divided by how often *input* names it.

    Raises DtypeError unless *input* holds integers, IndexError for one outside 0 .. V - 1, and ArgumentError for *sparse*:
    gradients here are dense.

    >>> import nn.functional as F
    >>> F.embedding(ag.tensor([1, 0]), ag.tensor([[1.0, 2.0], [3.0, 4.0]]))
    tensor([[3., 4.],
            [1., 2.]])
    """
    place = _check("embedding", input, weight, padding_idx, sparse)
    vectors = _looked_up(input, weight, max_norm, norm_type, scale_grad_by_freq)
    if place is None:
        return vectors
    return ag.where((input == place).unsqueeze(-1), vectors.detach(), vectors)


def embedding_bag(
    input: Tensor,
    weight: Tensor,
    offsets: Tensor | None = None,
    max_norm: float | None = None,
    norm_type: float = 2,
    scale_grad_by_freq: bool = False,
    mode: str = "mean",
    sparse: bool = False,
    per_sample_weights: Tensor | None = None,
    include_last_offset: bool = False,
    padding_idx: int | None = None,
) -> Tensor:
    """Return the mean, sum or maximum of the rows of *weight* (V, D) that each bag of indices names: (B, D).

    *input* (B, N) has a bag in each row.  *input* (M,) has them one behind the other, and *offsets* (B,) says where each
    begins; with *include_last_offset* it has one more number, where the last bag ends.  An empty bag gives 0.

    *mode* is "mean", "sum" or "max"; with "sum", rows may be multiplied by *per_sample_weights*, of the shape of *input*.
    Indices *padding_idx* count as if they were not there.  The gradient of a maximum goes to the first that has it.  The
    other arguments and the errors are those of ``embedding``.

    >>> import nn.functional as F
    >>> table = ag.tensor([[1.0, 2.0], [3.0, 0.0]])
    >>> F.embedding_bag(ag.tensor([[0, 1]]), table)
    tensor([[2., 1.]])
    >>> F.embedding_bag(ag.tensor([0, 1, 1]), table, ag.tensor([0, 1]), mode="sum")
    tensor([[1., 2.],
            [6., 0.]])
    """
    name = "embedding_bag"
    place = _check(name, input, weight, padding_idx, sparse)
    if mode not in MODES:
        raise ag.errors.ArgumentError(f"{expect.place(name)}: mode={mode!r}, expected 'sum', 'mean' or 'max'")
    if mode == "max" and scale_grad_by_freq:
        raise ag.errors.ArgumentError(
            f"{expect.place(name)}: scale_grad_by_freq=True with mode='max', expected 'sum' or 'mean'; leave it out"
        )
    if per_sample_weights is not None:
        _check_factors(per_sample_weights, input, weight, mode)
    count, bags = _bags(input, offsets, include_last_offset)
    if max_norm is not None:
        _renorm(input, weight, max_norm, norm_type)
    indices, factors = input.reshape(-1), None if per_sample_weights is None else per_sample_weights.reshape(-1)
    kept: Any = slice(len(bags))  # the last offset may leave some out
    if place is not None:
        kept = np.flatnonzero(indices.array[kept] != place)
        bags = bags[kept]
    indices, factors = indices[kept], None if factors is None else factors[kept]
    vectors = _looked_up(indices, weight, None, norm_type, scale_grad_by_freq)
    if mode == "max":
        return _largest(vectors, bags, count)
    if factors is not None:
        vectors = vectors * factors.unsqueeze(-1)
    total = ag.zeros(count, weight.shape[1], dtype=weight.dtype).index_add(0, ag.from_numpy(bags), vectors)
    if mode == "sum":
        return total
    sizes = np.maximum(np.bincount(bags, minlength=count), 1).astype(weight.dtype)
    return total / ag.from_numpy(sizes).unsqueeze(-1)


def _looked_up(input: Tensor, weight: Tensor, max_norm: float | None, norm_type: float, scale: bool) -> Tensor:
    if max_norm is not None:
        _renorm(input, weight, max_norm, norm_type)
    vectors = weight[input]
    if scale and vectors.requires_grad:
        times = np.bincount(input.array.reshape(-1), minlength=1)[input.array].astype(weight.dtype)
        divisor = ag.from_numpy(np.asarray(times)).unsqueeze(-1)
        vectors.register_hook(lambda g: g / divisor)
    return vectors


def _renorm(input: Tensor, weight: Tensor, max_norm: float, norm_type: float) -> None:
    """Scale the rows of *weight* that *input* names down to *max_norm*, in place."""
    with ag.no_grad():
        rows = ag.unique(input)
        weight[rows] = ag.renorm(weight[rows], norm_type, 0, max_norm)


def _largest(vectors: Tensor, bags: Any, count: int) -> Tensor:
    """Return the maxima (count, D) of the vectors (M, D) in each bag, of which *bags* (M,), ascending, has the numbers."""
    values, begins = vectors.array, np.diff(bags, prepend=-1) != 0
    zeros = ag.zeros(count, values.shape[1], dtype=vectors.dtype)
    if not len(bags):
        return zeros + vectors.sum()  # 0, by which the table stays in the graph
    starts, each = np.flatnonzero(begins), np.cumsum(begins) - 1
    first = values[starts]
    top = np.fmax.reduceat(values, starts)
    rows = np.where(values == top[each], np.arange(len(bags))[:, None], len(bags))
    place = np.where(
        np.isnan(first), starts[:, None], np.minimum.reduceat(rows, starts)
    )  # NaN counts where it is first
    return zeros.index_add(0, ag.from_numpy(bags[starts]), vectors.gather(0, ag.from_numpy(place)))


def _bags(input: Tensor, offsets: Tensor | None, include_last_offset: bool) -> tuple[int, Any]:
    """Return the number of bags, and for each element of *input*, up to the end of the last, in which it is."""
    name = "embedding_bag"
    if input.ndim == 2:
        if offsets is not None:
            raise ag.errors.ArgumentError(
                f"{expect.place(name)}: offsets is given for an input of 2 dims, expected None: each row is a bag; flatten "
                "the input, or leave offsets out"
            )
        return input.shape[0], np.repeat(np.arange(input.shape[0]), input.shape[1])
    if input.ndim != 1:
        raise expect.shape_error(name, input, "input (B, N), or (M,) with offsets", "reshape it")
    if offsets is None:
        raise ag.errors.ArgumentError(
            f"{expect.place(name)}: offsets is None for an input of 1 dim, expected where each bag begins; one bag of all is "
            "input.unsqueeze(0)"
        )
    expect.indices(name, offsets, "offsets")
    if offsets.ndim != 1:
        raise expect.shape_error(name, offsets, "offsets (B,)", "reshape it")
    begin, size = offsets.array, len(input.array)
    wanted = f"offsets from 0, ascending, to at most {size}, the length of input"
    if (len(begin) and begin[0]) or (np.diff(begin) < 0).any() or (begin > size).any():
        raise ag.errors.ArgumentError(f"{expect.place(name)}: offsets is {begin.tolist()}, expected {wanted}; mend it")
    if not len(begin) and (size or include_last_offset):
        raise ag.errors.ArgumentError(f"{expect.place(name)}: offsets is empty, expected {wanted}; begin with 0")
    ends = begin[1:] if include_last_offset else np.append(begin[1:], size)
    sizes = ends - begin[: len(ends)]
    return len(sizes), np.repeat(np.arange(len(sizes)), sizes)


def _check(name: str, input: Tensor, weight: Tensor, padding_idx: int | None, sparse: bool) -> int | None:
    """Return *padding_idx* counted from the front, after checking the arguments."""
    if weight.ndim != 2:
        raise expect.shape_error(name, weight, "weight (V, D)", "give a table with a row for each index")
    rows = weight.shape[0]
    expect.indices(name, input, "input")
    expect.in_range(name, input, rows, "input", "indices", "raise num_embeddings, or check the vocabulary")
    if sparse:
        raise ag.errors.ArgumentError(
            f"{expect.place(name)}: sparse=True, expected False, for gradients are dense here; leave it out"
        )
    if padding_idx is None:
        return None
    if not -rows <= padding_idx < rows:
        raise ag.errors.ArgumentError(
            f"{expect.place(name)}: padding_idx={padding_idx}, expected one of {-rows} to {rows - 1}"
        )
    return padding_idx % rows


def _check_factors(factors: Tensor, input: Tensor, weight: Tensor, mode: str) -> None:
    name = "embedding_bag"
    if mode != "sum":
        raise ag.errors.ArgumentError(
            f"{expect.place(name)}: per_sample_weights is given with mode={mode!r}, expected mode='sum'; use it, or leave "
            "them out"
        )
    if factors.shape != input.shape:
        expected = f"per_sample_weights {tuple(input.shape)}, the shape of input"
        raise expect.shape_error(name, factors, expected, "give a number for each index")
    if factors.dtype != weight.dtype:
        expected = f"per_sample_weights of {weight.dtype}, the dtype of weight"
        raise expect.dtype_error(name, factors, expected, "convert it with .to(weight.dtype)")
