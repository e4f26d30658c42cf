"""Statistics: quantiles, covariances, and counts of values in bins."""

from __future__ import annotations

import math
import warnings
from typing import Any, NamedTuple

import numpy as np

from ..dtypes import float64, int64, is_floating
from ..errors import ArgumentError, DtypeError, ShapeError
from ..primitive import Array, primitive
from .axes import normalize_dim, numpy_names
from .compare import isnan, logical_not
from .diagonal import diagonal
from .elementwise import cast, lerp, sqrt
from .index import add_along, pick
from .linalg import matmul
from .masked import where
from .reduce import any, check_filled, check_floating, kept, sum
from .rounding import ceil, floor, nearest
from .selection import clamp, clamp_min
from .shape import expand_to, flatten, movedim, plain, reshape_to, squeeze, t
from .sort import order_along

# ------------------------------------------------------------------------------------------------------------- quantiles

# How a rank between two elements is rounded, before the elements below and above it are averaged.
ROUNDED: dict[str, Any] = {"linear": None, "midpoint": None, "lower": floor, "higher": ceil, "nearest": nearest}


@numpy_names
def quantile(
    input: Array, q: Any, dim: int | None = None, keepdim: bool = False, *, interpolation: str = "linear"
) -> Array:
    """Return the *q*-quantiles over *dim*, or of all elements: of n in order the one at place *q* (n - 1), from 0 on.

    *q*, from 0 to 1, is a number, or a vector of the dtype of *input*, which gives the result a first dim.  Between two
    places *interpolation* is "linear", "lower", "higher", "midpoint" or "nearest" (the even rank of two).  NaN where there
    is one.  The gradient goes to the elements that are averaged and, when linear, to *q*.  Raises DtypeError for integers.

    >>> ag.quantile(ag.tensor([4.0, 1.0, 3.0, 2.0]), 0.5)
    tensor(2.5000)
    >>> ag.quantile(ag.tensor([4.0, 1.0, 3.0, 2.0]), ag.tensor([0.0, 0.5, 1.0]), interpolation="lower")
    tensor([1., 2., 4.])
    """
    return _quantile("quantile", input, q, dim, keepdim, interpolation, False)


@numpy_names
def nanquantile(
    input: Array, q: Any, dim: int | None = None, keepdim: bool = False, *, interpolation: str = "linear"
) -> Array:
    """Return the quantiles of what is not NaN, as ``quantile`` does; NaN where all is.

    >>> ag.nanquantile(ag.tensor([4.0, float("nan"), 2.0]), 0.5)
    tensor(3.)
    """
    return _quantile("nanquantile", input, q, dim, keepdim, interpolation, True)


def _quantile(
    name: str, input: Array, q: Any, dim: int | None, keepdim: bool, interpolation: str, skip_nan: bool
) -> Array:
    check_floating(name, input)
    if interpolation not in ROUNDED:
        raise ArgumentError(f"{name}: interpolation={interpolation!r} is unknown: expected one of {', '.join(ROUNDED)}")
    axis = None if dim is None or input.ndim == 0 else (normalize_dim(dim, input.ndim),)
    check_filled(name, input, axis)
    x = flatten(input) if axis is None else movedim(input, axis[0], -1)
    fractions = _fractions(name, input, q)
    ranks = _ranks(x, flatten(fractions), skip_nan)
    if rounded := ROUNDED[interpolation]:
        ranks = rounded(ranks)
    order = order_along(x, axis=x.ndim - 1, descending=False)

    def ranked(ranks: Array) -> Array:
        return pick(x, pick(order, cast(ranks, dtype=int64), axis=x.ndim - 1), axis=x.ndim - 1)

    low = floor(ranks)
    found = ranked(low)
    if rounded is None:
        found = lerp(found, ranked(ceil(ranks)), 0.5 if interpolation == "midpoint" else ranks - low)
    shape = kept(input.shape, axis)
    if not keepdim:
        shape = () if axis is None else shape[: axis[0]] + shape[axis[0] + 1 :]
    return reshape_to(movedim(found, -1, 0), shape=tuple(fractions.shape) + shape)


def _fractions(name: str, input: Array, q: Any) -> Array:
    """Return *q* as an array, if it is a number or a vector of the dtype of *input*, from 0 to 1."""
    q = q if hasattr(q, "dtype") else np.asarray(q, input.dtype)
    if q.ndim > 1:
        raise ShapeError(f"{name}: q has shape {tuple(q.shape)}, expected a number or a vector; flatten() it")
    if q.dtype != input.dtype:
        raise DtypeError(f"{name}: q has dtype {q.dtype}, input {input.dtype}; bring both to one dtype")
    values = plain(q)
    if not ((values >= 0) & (values <= 1)).all():
        raise ArgumentError(f"{name}: q={values.tolist()} is out of range: expected 0 to 1")
    return q


def _ranks(x: Array, fractions: Array, skip_nan: bool) -> Array:
    """Return the ranks, which need not be whole, of *fractions* (Q,) in the last dim of x (..., n), as (..., Q)."""
    nan = isnan(x)
    if skip_nan:
        return clamp_min(fractions * (sum(logical_not(nan), -1, True) - 1), 0)
    last = x.shape[-1] - 1
    return where(any(nan, -1, True), last, fractions * last)  # NaN comes last


# ----------------------------------------------------------------------------------------------------------- covariances


def cov(input: Array, *, correction: float = 1, fweights: Array | None = None, aweights: Array | None = None) -> Array:
    """Return the covariances of variables, the rows of *input* (V, N), over N observations: (V, V), or () of one.

    They are sum w (x - mean x) (y - mean y) / (sum w - correction), where w are *fweights*, how often each observation was
    made.  *aweights* say how much each counts; with them the divisor is sum w - correction sum(w aweights) / sum w, where
    w is the product of both.  Warns, and gives infinity or NaN, where the divisor is not positive.

    >>> ag.cov(ag.tensor([[1.0, 2.0, 3.0], [3.0, 2.0, 1.0]]))
    tensor([[ 1., -1.],
            [-1.,  1.]])
    """
    _check_variables("cov", input)
    x = input if input.ndim == 2 else reshape_to(input, shape=(1, math.prod(input.shape)))
    weights = _weights(x.shape[1], fweights, aweights)
    weighted, total = (x, x.shape[1]) if weights is None else (x * weights, sum(weights))
    if weights is not None and not plain(total):
        raise ArgumentError("cov: the weights sum to 0, and nothing can be divided by that; give positive weights")
    apart = x - sum(weighted, 1, True) / total
    lost = correction if aweights is None or not correction else correction * (sum(weights * aweights) / total)
    degrees = total - lost
    if _number(degrees) <= 0:
        warnings.warn(
            f"cov of {x.shape[1]} observations with correction={correction} divides by 0; give it more observations, or "
            "pass correction=0",
            stacklevel=2,
        )
        degrees = degrees * 0
    products = matmul(apart, t(apart if weights is None else apart * weights))
    return squeeze(products / degrees)


def _number(x: Any) -> float:
    """Return the number of a 0-d tensor, or the number itself."""
    return float(plain(x)) if hasattr(x, "dtype") else x


def corrcoef(input: Array) -> Array:
    """Return the correlation coefficients of variables, the rows of *input* (V, N), over N observations: (V, V), or ().

    They are cov(x, y) / sqrt(cov(x, x) cov(y, y)), and NaN for a variable that does not vary.

    >>> ag.corrcoef(ag.tensor([[1.0, 3.0], [3.0, 1.0]]))
    tensor([[ 1., -1.],
            [-1.,  1.]])
    """
    _check_variables("corrcoef", input)
    c = cov(input, correction=0)  # the divisor cancels
    if c.ndim == 0:
        return c / c
    deviation = sqrt(diagonal(c))
    return clamp(c / deviation[:, None] / deviation[None, :], -1, 1)


def _check_variables(name: str, input: Array) -> None:
    if input.ndim > 2:
        raise ShapeError(
            f"{name}: input has shape {tuple(input.shape)}, expected (variables, observations), or a vector"
        )
    if input.dtype.kind == "b":
        raise DtypeError(f"{name}: input has dtype bool, expected numbers; use input.float()")


def _weights(n: int, fweights: Array | None, aweights: Array | None) -> Array | None:
    """Return the product of the weights that there are."""
    for name, weights, kind in (("fweights", fweights, "integers"), ("aweights", aweights, "floating")):
        if weights is not None:
            if tuple(weights.shape) != (n,):
                raise ShapeError(
                    f"cov: {name} has shape {tuple(weights.shape)}, expected ({n},): one for each observation"
                )
            if is_floating(weights.dtype) != (kind == "floating") or weights.dtype.kind == "b":
                raise DtypeError(f"cov: {name} has dtype {weights.dtype}, expected {kind}")
            if (plain(weights) < 0).any():
                raise ArgumentError(f"cov: {name} has a negative weight; expected weights of 0 or more")
    if fweights is None or aweights is None:
        return aweights if fweights is None else fweights
    return fweights * aweights


# ---------------------------------------------------------------------------------------------------------------- counts


class Histogram(NamedTuple):
    """What ``histogram`` returns."""

    hist: Array
    bin_edges: Array


@primitive(name="bincount")
def count_each(x: Array, *, size: int) -> Array:
    """Return how often 0, 1, ... size - 1 are in x."""
    return np.bincount(x, minlength=size)


@primitive(name="histc")
def count_evenly(x: Array, *, bins: int, low: float, high: float) -> Array:
    """Return how many elements are in each of *bins* of one width, from *low* to *high*, which belongs to the last."""
    low, high = x.dtype.type(low), x.dtype.type(high)
    inside = x[(x >= low) & (x <= high)]
    place = ((inside - low) * x.dtype.type(bins) / (high - low)).astype(np.int64)
    return np.bincount(np.minimum(place, bins - 1), minlength=bins).astype(x.dtype)


@primitive(name="histogram")
def count_between(x: Array, weight: Array, edges: Array) -> Array:
    """Return the sums of *weight* between *edges*; an edge belongs to the bin on its right, the last one to the last bin."""
    inside = (x >= edges[0]) & (x <= edges[-1])
    place = np.minimum(np.searchsorted(edges, x[inside], "right") - 1, edges.size - 2)
    return np.bincount(place, weight[inside], minlength=edges.size - 1).astype(x.dtype)


@primitive(name="histogram_edges")
def edges_over(x: Array, *, low: float, high: float, bins: int) -> Array:
    """Return the edges of *bins* of one width, in the dtype of x."""
    return np.linspace(low, high, bins + 1).astype(x.dtype)


count_each.vjp(x=None)
count_evenly.vjp(x=None)
count_between.vjp(x=None, weight=None, edges=None)
edges_over.vjp(x=None)


def bincount(input: Array, weights: Array | None = None, minlength: int = 0) -> Array:
    """Return how often each of 0, 1, ... is in *input*, a vector of integers of 0 or more; or the sums of its *weights*.

    The result has at least *minlength* elements.  Counts are int64, sums float64, or float32 where the weights are.

    >>> ag.bincount(ag.tensor([1, 3, 1])).tolist()
    [0, 2, 0, 1]
    """
    if input.ndim != 1 or input.dtype.kind not in "ui":
        raise ShapeError(
            f"bincount: input has shape {tuple(input.shape)} and dtype {input.dtype}: expected a vector of integers"
        )
    if minlength < 0:
        raise ArgumentError(f"bincount: minlength={minlength} is negative: expected 0 or more")
    values = plain(input)
    if values.size and values.min() < 0:
        raise ArgumentError(f"bincount: input holds {values.min()}: expected integers of 0 or more")
    size = max(minlength, int(values.max()) + 1 if values.size else 0)
    if weights is None:
        return count_each(input, size=size)
    if weights.shape != input.shape:
        raise ShapeError(
            f"bincount: weights of shape {tuple(weights.shape)} do not fit input of shape {tuple(input.shape)}: expected "
            "one for each element"
        )
    source = weights if is_floating(weights.dtype) else cast(weights, dtype=float64)
    return add_along(source, input, axis=0, shape=(size,))


def histc(input: Array, bins: int = 100, min: float = 0, max: float = 0) -> Array:
    """Return how many elements are in each of *bins* of one width, from *min* to *max*; in the dtype of *input*.

    With *min* and *max* equal, they are those of *input*.  What is outside, or NaN, is not counted.  Raises DtypeError for
    integers.

    >>> ag.histc(ag.tensor([1.0, 2.0, 1.0]), bins=4, min=0, max=3)
    tensor([0., 2., 1., 0.])
    """
    check_floating("histc", input)
    _check_bins("histc", bins)
    low, high = _range("histc", input, (min, max) if min != max else None, (min, min), 1)
    return count_evenly(flatten(input), bins=bins, low=low, high=high)


def histogram(
    input: Array,
    bins: Any,
    *,
    range: tuple[float, float] | None = None,
    weight: Array | None = None,
    density: bool = False,
) -> Histogram:
    """Return (hist, bin_edges): how many elements, or how much of their *weight*, is between each two edges.

    *bins* is a number of bins of one width, within *range* or that of *input*; or a vector of edges, in order.  An edge
    belongs to the bin on its right, the last one to the last bin; what is outside, or NaN, is not counted.  With *density*
    the histogram is one of a probability: its integral is 1.

    >>> ag.histogram(ag.tensor([1.0, 2.0, 1.0]), bins=4, range=(0.0, 3.0), weight=ag.tensor([1.0, 2.0, 4.0])).hist
    tensor([0., 5., 2., 0.])
    """
    check_floating("histogram", input)
    if weight is not None and (weight.shape != input.shape or weight.dtype != input.dtype):
        raise ShapeError(
            f"histogram: weight of shape {tuple(weight.shape)} and dtype {weight.dtype} does not fit input of shape "
            f"{tuple(input.shape)} and dtype {input.dtype}: expected the same"
        )
    if hasattr(bins, "dtype"):
        if bins.ndim != 1 or bins.shape[0] < 2 or bins.dtype != input.dtype:
            raise ShapeError(
                f"histogram: bins of shape {tuple(bins.shape)} and dtype {bins.dtype} are no edges: expected a vector of at "
                f"least 2 of dtype {input.dtype}"
            )
        if range is not None:
            raise ArgumentError(
                f"histogram: range={range} and the edges in bins contradict each other: give one of them"
            )
        edges = bins
    else:
        _check_bins("histogram", bins)
        low, high = _range("histogram", input, range, (0, 1), 0.5)
        edges = edges_over(input, low=low, high=high, bins=bins)
    one = expand_to(np.ones((), input.dtype), shape=tuple(input.shape)) if weight is None else weight
    hist = count_between(flatten(input), flatten(one), edges)
    if density:
        hist = hist / sum(hist) / (edges[1:] - edges[:-1])
    return Histogram(hist, edges)


def _check_bins(name: str, bins: Any) -> None:
    if not isinstance(bins, int) or bins < 1:
        raise ArgumentError(f"{name}: bins={bins!r} is no number of bins: expected an integer of at least 1")


def _range(
    name: str, input: Array, given: tuple[float, float] | None, of_nothing: tuple[float, float], margin: float
) -> tuple[float, float]:
    """Return the range that is *given*, or that of *input*; with a *margin* on both sides where it has no width."""
    values = plain(input)
    low, high = given or ((float(values.min()), float(values.max())) if values.size else of_nothing)
    if not (math.isfinite(low) and math.isfinite(high)):
        raise ArgumentError(
            f"{name}: the range from {low} to {high} is not finite; give another, or mask such elements"
        )
    if low > high:
        raise ArgumentError(f"{name}: the range from {low} to {high} is empty: expected the smaller number first")
    return (low - margin, high + margin) if low == high else (low, high)
