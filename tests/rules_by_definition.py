"""What the functions in rules mean, over NumPy arrays and by definition: nothing here calls a formula of the engine.

``meanings(primitive, values)`` gives the functions for one call, and the values as its rules see them: a rule for matrices
sees a vector as a matrix of one row or column, and one for a normalisation sees all in four dims.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial
from types import SimpleNamespace
from typing import Any

import convolution_by_definition as by_definition
import numpy as np

from autograd_core.primitive import Primitive

Values = dict[str, Any]
each = partial(np.vectorize, otypes=[float])

# ------------------------------------------------------------------------------------------------ functions of numbers


def sigmoid(x: Any) -> Any:
    return 1 / (1 + np.exp(-x))


def normal_pdf(x: Any) -> Any:
    return np.exp(-x * x / 2) / math.sqrt(2 * math.pi)


def digamma(x: Any) -> Any:
    """By recurrence up to where the asymptotic series is exact."""
    below = sum(1 / (x + k) for k in range(20))
    a = x + 20
    return np.log(a) - 1 / (2 * a) - 1 / (12 * a**2) + 1 / (120 * a**4) - 1 / (252 * a**6) - below


def zeta(s: Any, q: Any) -> Any:
    """By Euler and Maclaurin's formula, after the first terms."""
    a = q + 20
    terms = sum(np.power(q + k, -s) for k in range(20)) + np.power(a, 1 - s) / (s - 1) + np.power(a, -s) / 2
    factor = s
    for j, bernoulli in enumerate((1 / 6, -1 / 30, 1 / 42, -1 / 30), 1):
        terms = terms + bernoulli / math.factorial(2 * j) * factor * np.power(a, -s - 2 * j + 1)
        factor = factor * (s + 2 * j - 1) * (s + 2 * j)
    return terms


def polygamma(order: int, x: Any) -> Any:
    return (-1) ** (order + 1) * math.factorial(order) * zeta(order + 1.0, x)


def gamma_slope(a: Any, x: Any, order: int) -> Any:
    """The derivatives of a^th powers over Gamma(a), by a, over their values: x^(a - 1) / Gamma(a) and such."""
    slope = np.log(x) - digamma(a)
    polynomials = [
        np.ones_like(slope),
        slope,
        slope**2 - polygamma(1, a),
        slope**3 - 3 * slope * polygamma(1, a) - polygamma(2, a),
    ]
    return polynomials[order]


def gamma_shift(a: Any, x: Any, order: int) -> Any:
    """From the series of the incomplete gamma function, x^a e^-x sum x^k / Gamma(a + k + 1)."""
    density = np.power(x, a - 1) / each(math.gamma)(a)
    terms = (np.power(x, a + k) / each(math.gamma)(a + k + 1) * gamma_slope(a + k + 1, x, order) for k in range(60))
    return sum(terms) / density


def bessel_i(x: Any, order: int, scaled: bool) -> Any:
    n = abs(order)
    terms = [(x / 2) ** (2 * k + n) / math.factorial(k) / math.factorial(k + n) for k in range(80)]
    return sum(terms) * (np.exp(-abs(x)) if scaled else 1)


@each
def spherical_bessel(order: int, x: float) -> float:
    if abs(x) < 2:
        terms = ((-x * x / 2) ** k / math.factorial(k) / math.prod(range(1, 2 * (order + k) + 2, 2)) for k in range(30))
        return x**order * sum(terms) if order >= 0 else math.cos(x) / x
    before, now = math.cos(x) / x, math.sin(x) / x
    for n in range(order):
        before, now = now, (2 * n + 1) / x * now - before
    return now if order >= 0 else before


def falling(y: Any, n: int) -> Any:
    return math.prod((y - i for i in range(n)), start=np.ones_like(y))


def falling_slope(y: Any, n: int) -> Any:
    return sum((math.prod((y - j for j in range(n) if j != i), start=np.ones_like(y)) for i in range(n)), 0 * y)


# ----------------------------------------------------------------------------------------------------------- reductions


def total(x: Any, axis: Any = None) -> Any:
    return np.sum(x, axis, keepdims=True)


def spread(x: Any, axis: Any, shape: Any) -> Any:
    if np.ndim(x) < len(shape):
        x = np.expand_dims(x, tuple(range(len(shape))) if axis is None else axis)
    return np.broadcast_to(x, shape)


def over_rows(row: Callable[[Any], Any], x: Any, axis: Any) -> Any:
    """Apply *row* to all elements of x, or to each row along *axis*."""
    if axis is None:
        return row(x.ravel()).reshape(x.shape)
    return np.apply_along_axis(row, axis[0], x) if x.size else x


def products_of_others(x: Any) -> Any:
    return np.array([np.prod(np.delete(x, i)) for i in range(len(x))])


def slope_of_others(g: Any, x: Any) -> Any:
    """For x (outer, n, inner): what each element changes in the products without each other element."""
    out = np.zeros_like(x)
    for outer, inner in np.ndindex(x.shape[0], x.shape[2]):
        row, weights = x[outer, :, inner], g[outer, :, inner]
        for i in range(len(row)):
            products = [weights[j] * np.prod(np.delete(row, [i, j])) for j in range(len(row)) if j != i]
            out[outer, i, inner] = sum(products)
    return out


# ---------------------------------------------------------------------------------------------------------------- scans


def part_along(x: Any, axis: int, part: slice) -> Any:
    return x[(slice(None),) * axis + (part,)]


tail = partial(part_along, part=slice(1, None))
head = partial(part_along, part=slice(None, -1))


def recurrence(x: Any, weights: Any, axis: int) -> Any:
    """y[k] = x[k] + weights[k - 1] y[k - 1]."""
    y, x, weights = (np.moveaxis(a, axis, 0) for a in (np.array(x), x, weights))
    for k in range(1, len(y)):
        y[k] = x[k] + weights[k - 1] * y[k - 1]
    return np.moveaxis(y, 0, axis)


def reverse_recurrence(x: Any, weights: Any, axis: int, backwards: bool) -> Any:
    if backwards:
        return recurrence(x, weights, axis)
    return np.flip(recurrence(np.flip(x, axis), np.flip(weights, axis), axis), axis)


def products_before(products: Any, axis: int) -> Any:
    return np.concatenate([np.ones_like(part_along(products, axis, slice(0, 1))), head(products, axis)], axis)


# ------------------------------------------------------------------------------------------------------ parts and places


def scatter(x: Any, index: Any, shape: Any) -> Any:
    out = np.zeros(shape)
    np.add.at(out, index, x)
    return out


def picked(index: Any, axis: int) -> tuple[Any, ...]:
    places = list(np.indices(index.shape))
    places[axis] = index
    return tuple(places)


def put(x: Any, value: Any, index: Any) -> Any:
    out = x.copy()
    out[index] = value
    return out


def written_last(index: Any, shape: Any) -> Any:
    stamps = np.empty(shape, int)
    order = np.arange(stamps[index].size).reshape(stamps[index].shape)
    for place in np.ndindex(order.shape):  # one after the other
        where = tuple(a[place] for a in np.broadcast_arrays(*[s[index] for s in np.indices(shape)]))
        stamps[where] = order[place]
    return stamps[index] == order


def region(shape: Any, chain: Any) -> Any:
    at = np.arange(math.prod(shape)).reshape(shape)
    for prim, params in chain:
        at = prim.forward(at, **params)
    return at


def put_region(x: Any, value: Any, chain: Any) -> Any:
    return put(x.ravel(), value, region(x.shape, chain)).reshape(x.shape)


def put_back(g: Any, places: Any, shape: Any, windows: Any = None) -> Any:
    flat = places if windows is None else places_in_planes(places, shape[2:], windows)
    out = np.zeros((*shape[:2], math.prod(shape[2:])))
    for n, c in np.ndindex(*shape[:2]):
        np.add.at(out[n, c], flat[n, c].ravel(), g[n, c].ravel())
    return out.reshape(shape)


def take_from(x: Any, positions: Any, windows: Any) -> Any:
    flat = places_in_planes(positions, x.shape[2:], windows)
    return np.take_along_axis(x.reshape(*x.shape[:2], -1), flat.reshape(*flat.shape[:2], -1), 2).reshape(flat.shape)


def places_in_planes(positions: Any, size: Any, windows: Any) -> Any:
    """Return flat places in a plane from positions in the windows."""
    starts = np.indices(positions.shape[2:])
    inside = np.unravel_index(positions.astype(int), windows.kernel)
    how = zip(starts, inside, windows.stride, windows.padding, windows.dilation)
    return np.ravel_multi_index([start * s - p + at * d for start, at, s, p, d in how], size)


def transposed(linear: Callable[[Any], Any], shape: Any, g: Any) -> Any:
    """The transpose of a linear function of arrays of *shape*, at g: from what it makes of each basis vector."""
    out, basis = np.empty(shape), np.zeros(shape)
    for place in np.ndindex(*shape):
        basis[place] = 1
        out[place] = np.sum(linear(basis) * g)
        basis[place] = 0
    return out


def crop(g: Any, before: Any, shape: Any) -> Any:
    return g[tuple(slice(b, b + n) for b, n in zip(before, shape))]


def pad_from_edges(x: Any, before: Any, after: Any, mode: str) -> Any:
    names = {"reflect": "reflect", "replicate": "edge", "circular": "wrap"}
    return np.pad(x, list(zip(before, after)), names[mode])


def diagonal_into(g: Any, offset: int, axes: Any, shape: Any) -> Any:
    return transposed(lambda x: np.diagonal(x, offset, *axes), shape, g)


def triangle(x: Any, lower: bool, offset: int) -> Any:
    return np.tril(x, offset) if lower else np.triu(x, offset)


def part(g: Any, xs: Any, i: int, axis: int) -> Any:
    return np.split(g, np.cumsum([x.shape[axis] for x in xs])[:-1], axis)[i]


def sample(x: Any, w: Any, index: Any) -> Any:
    return np.einsum("nkp,nckp->ncp", w, looked_at(x, index))


def looked_at(x: Any, index: Any) -> Any:
    """Elements (N, C, K, P) of planes x (N, C, size) at places (N, K, P), 0 at -1."""
    return np.stack([np.where(at < 0, 0, row[:, at]) for row, at in zip(x, index)])


# ------------------------------------------------------------------------------------------------------------- matrices


def expm(x: Any) -> Any:
    """By its series, at x / 2^20, squared twenty times."""
    step, out = np.broadcast_to(np.eye(x.shape[-1]), x.shape), np.zeros_like(x)
    for k in range(1, 8):
        step = step @ (x / 2**20) / k
        out = out + step
    for _ in range(20):
        out = 2 * out + out @ out  # of the exponential less the identity, which keeps its digits
    return out + np.eye(x.shape[-1])


def permutation(pivots: Any, size: int) -> Any:
    out = np.broadcast_to(np.eye(size), (*pivots.shape[:-1], size, size)).copy()
    for stack in np.ndindex(pivots.shape[:-1]):
        for i, p in reversed(list(enumerate(pivots[stack]))):
            out[stack][[i, p - 1]] = out[stack][[p - 1, i]]
    return out


def ratio(x: Any, y: Any) -> Any:
    return x / np.where((x == 0) & (y == 0), 1, y)


def triangle_of(a: Any, upper: bool, unit: bool) -> Any:
    read = triangle(a, not upper, int(unit) if upper else -int(unit))
    return read + np.eye(a.shape[-1]) if unit else read


def singular(x: Any) -> Any:
    return np.linalg.svd(x, full_matrices=False)


def contract(g: Any, others: Any, labels: Any, result: str, i: int) -> Any:
    return np.einsum(",".join([result, *labels[:i], *labels[i + 1 :]]) + "->" + labels[i], g, *others)


FUNCTIONS: Values = {
    **{name: getattr(np, name) for name in ("abs", "cos", "cosh", "exp", "floor", "isfinite", "isinf", "isnan", "log", "sign")},
    **{name: getattr(np, name) for name in ("sin", "sinh", "sqrt", "tanh", "tril", "triu", "trunc", "where")},
    "gamma_shift": gamma_shift, "gamma_slope": gamma_slope, "lgamma": each(math.lgamma),
    "digamma": digamma, "falling": falling, "falling_slope": falling_slope, "gamma": each(math.gamma),
    "j": spherical_bessel, "polygamma": polygamma, "sigmoid": sigmoid, "zeta": zeta, "normal_pdf": normal_pdf,
    "normal_cdf": lambda x: each(math.erfc)(-x / math.sqrt(2)) / 2,
    "log_softmax": lambda x, axis: x - np.log(np.exp(x).sum(axis, keepdims=True)),
    "sum": total, "spread": spread, "slope_of_others": slope_of_others,
    "count": lambda x, axis: x.size if axis is None else math.prod(x.shape[i] for i in axis),
    "mean": lambda x, axis: np.mean(x, axis, keepdims=True),
    "product_of_others": lambda x, axis: over_rows(products_of_others, x, axis),
    "channel_sum": lambda g: g.sum((0, *range(2, g.ndim))),
    "head": head, "tail": tail, "products_before": products_before, "reverse_recurrence": reverse_recurrence,
    "reverse_cumsum": lambda g, axis, backwards: reverse_recurrence(g, np.ones_like(tail(g, axis)), axis, backwards),
    "earlier": lambda x, axis, backwards: (tail if backwards else head)(x, axis),
    "later": lambda x, axis, backwards: (head if backwards else tail)(x, axis),
    "scatter": scatter, "take": np.take, "put": put, "written_last": written_last, "put_region": put_region,
    "scatter_along": lambda g, index, axis, shape: scatter(g, (slice(None),) * axis + (index,), shape),
    "scatter_add": lambda g, index, axis, shape: scatter(g, picked(index, axis), shape),
    "gather": lambda x, index, axis: x[picked(index, axis)],
    "take_region": lambda x, chain: x.ravel()[region(x.shape, chain)],
    "put_back": put_back, "take_from": take_from, "crop": crop, "pad_from_edges": pad_from_edges, "part": part,
    "sample": sample, "sample_products": lambda g, x, index: np.einsum("ncp,nckp->nkp", g, looked_at(x, index)),
    "sample_transposed": lambda g, w, index, size: transposed(
        lambda x: sample(x, w, index), (*g.shape[:2], size), g
    ),
    "diagonal": lambda x, offset, axes: np.diagonal(x, offset, *axes), "diagonal_into": diagonal_into,
    "triangle": triangle, "flip": lambda x, axes: np.flip(x, axes), "reshape": np.reshape,
    "expand": lambda x, shape: np.broadcast_to(x, shape),
    "sum_to": lambda x, shape: fitted(x, shape),
    "permute_back": lambda g, axes: g.T if axes is None else np.transpose(g, np.argsort(axes)),
    "roll_back": lambda g, shifts, axes: np.roll(g, [-s for s in shifts], axes),
    "one_hot": lambda target, p: np.eye(p.shape[1])[target],
    "convolve": lambda x, w, geometry: by_definition.convolve(x, w, **geometry._asdict()),
    "convolve_transposed": lambda g, w, geometry, shape: by_definition.convolve_input(g, w, shape, **geometry._asdict()),
    "correlate": lambda x, g, geometry, shape: by_definition.convolve_weight(g, x, shape, **geometry._asdict()),
    "inv": np.linalg.inv, "solve": np.linalg.solve, "expm": expm, "ratio": ratio, "triangle_of": triangle_of,
    "det": lambda x: np.linalg.det(x)[..., None, None],
    "inner": lambda x, y: (x * y).sum((-2, -1), keepdims=True),
    "blocks": lambda a, b, c, d: np.block([[a, b], [c, d]]),
    "complement": lambda x: np.eye(x.shape[-1]) - x,
    "eye": lambda x: np.eye(x.shape[-1]),
    "diagonal_matrix": lambda v: v[..., None] * np.eye(v.shape[-1]),
    "eigenvectors": lambda x: np.linalg.eigh((x + x.mT) / 2)[1],
    "left_vectors": lambda x: singular(x)[0],
    "right_vectors": lambda x: singular(x)[2].mT,
    "widen": lambda x, n: np.concatenate([x, np.zeros((*x.shape[:-1], n - x.shape[-1]))], -1),
    "part_of": lambda x, upper, unit: triangle(x, not upper, int(unit) if upper else -int(unit)),
    "contract": contract,
    "column": lambda x, i, of: np.split(x, of, 1)[i],
    "beside": lambda *xs: np.concatenate(xs, 1),
}  # fmt: skip


def cofactors(x: Any) -> Any:
    """By minors."""
    out = np.empty_like(x)
    for i, j in np.ndindex(x.shape[-2:]):
        minor = np.delete(np.delete(x, i, -2), j, -1)
        out[..., i, j] = (-1) ** (i + j) * np.linalg.det(minor)
    return out


FUNCTIONS["cofactors"] = cofactors
VALUES: Values = {"pi": math.pi, "nan": math.nan, "inf": math.inf}

# ---------------------------------------------------------------------------------------- how a rule sees its operands


def as_matrices(values: Values) -> Values:
    """A vector on the left is a row, one on the right a column."""
    x, y = values["input"], values["other"]
    x, y = x[None] if x.ndim == 1 else x, y[:, None] if y.ndim == 1 else y
    return {"input": x, "other": y, "G": values["G"].reshape((x @ y).shape)}


def as_rows(values: Values) -> Values:
    return {name: values[name].reshape(-1, values[name].shape[-1]) for name in ("x", "G")}


def one_for_each_matrix(values: Values) -> Values:
    return {"G": values["G"][..., None, None]}


def scale_as_column(values: Values) -> Values:
    return {"scale": values["scale"][:, None]} | ({} if np.ndim(values["G"]) < 2 else {"G": values["G"]})


def squared(values: Values) -> Values:
    """Factors of a matrix that is not square, filled up with the identity."""
    rows, columns = values["x"].shape[-2:]
    size = max(rows, columns)
    out = np.broadcast_to(np.eye(size), (*values["x"].shape[:-2], size, size)).copy()
    g = np.zeros_like(out)
    out[..., :rows, :columns], g[..., :rows, :columns] = values["out"], values["G"]
    return {"out": out, "G": g, "permutation": partial(permutation, size=size)}


def layout_of(name: str, values: Values) -> Any:
    """The view in four dims of a normalisation: of x, and of w; and the axes of a mean."""
    if "layout" in values:
        return values["layout"]
    x = values["x"]
    if name.startswith("batch"):
        return SimpleNamespace(x=(*x.shape[:2], 1, -1), axis=(0, 2, 3), w=(1, -1, 1, 1), centred=True)
    if name.startswith("group"):
        groups = values["groups"]
        shape, w = (len(x), groups, x.shape[1] // groups, -1), (1, groups, x.shape[1] // groups, 1)
        return SimpleNamespace(x=shape, axis=(2, 3), w=w, centred=True)
    size = values["w"].size
    return SimpleNamespace(x=(-1, 1, 1, size), axis=(3,), w=(1, 1, 1, size), centred=True)


def in_four(name: str, values: Values) -> Values:
    layout = layout_of(name, values)
    x = values["x"].reshape(layout.x)
    moments = tuple(1 if i in layout.axis else n for i, n in enumerate(x.shape))
    views = {**dict.fromkeys(("x", "dy", "G"), x.shape), **dict.fromkeys(("mean", "rstd", "var"), moments)}
    views |= dict.fromkeys(("w", "b"), layout.w)
    if name == "normalized_w":
        views["G"] = layout.w

    def average(v: Any) -> Any:
        return np.mean(np.broadcast_to(v, x.shape), layout.axis, keepdims=True)

    shared = tuple(
        i for i, n in enumerate(values["w"].reshape(layout.w).shape if "w" in values else layout.w) if n == 1
    )
    return {
        **{key: values[key].reshape(view) for key, view in views.items() if key in values},
        "average": average,
        "centred": lambda v: v - average(v) if layout.centred else v,
        "per_statistic": lambda v: np.broadcast_to(v, x.shape).sum(layout.axis),
        "total": lambda v: np.broadcast_to(v, x.shape).sum(shared),
    }


NORMALIZED = ("batch_norm", "batch_norm_eval", "group_norm", "layer_norm", "rms_norm", "normalized_x", "normalized_w")
SEEN: dict[str, Callable[[Values], Values]] = {
    "matmul": as_matrices,
    **dict.fromkeys(("linear", "linear_without_bias"), as_rows),
    **dict.fromkeys(("det", "slogdet"), one_for_each_matrix),
    **dict.fromkeys(("cross_entropy", "softmax_residual"), scale_as_column),
    **{name: partial(in_four, name) for name in NORMALIZED},
    "lu": squared,
    "dropout": lambda values: {"kept": values["out"] != 0},
    "logit": lambda values: {"eps": values["eps"] or 0},
    "bessel_i": lambda values: {"bessel_i": partial(bessel_i, scaled=values["scaled"])},
    "einsum": lambda values: {"others": [x for k, x in enumerate(values["xs"]) if k != values["i"]]},
}
# Of these, which are linear, the rule is their transpose, by whatever name: it is found from what they do.
TRANSPOSED = {
    "adaptive_avg_pool": "avg_pool_transposed", "adaptive_avg_pool_input": "avg_pool", "as_strided": "strided_sum",
    "avg_pool": "avg_pool_transposed", "avg_pool_input": "avg_pool", "col2im": "im2col", "im2col": "col2im",
    "pad_from_edges": "fold_edges", "resample": "resample_transposed", "resample_input": "resample",
    "strided_sum": "as_strided",
}  # fmt: skip


def meanings(primitive: Primitive, values: Values) -> tuple[Values, Values]:
    """Return the functions for one call of *primitive*, and its *values* as its rules see them."""
    functions = dict(FUNCTIONS)
    if primitive.name in TRANSPOSED:
        params = {p: values[p] for p in primitive.params}
        shape = values[primitive.operands[0]].shape
        functions[TRANSPOSED[primitive.name]] = partial(transposed, partial(primitive.forward, **params), shape)
    seen = SEEN.get(primitive.name, lambda values: {})(values)
    return functions, VALUES | values | seen


def fitted(x: Any, shape: Any) -> Any:
    """Return x summed over what was broadcast, in *shape*."""
    x = np.asarray(x, float)
    if x.size == math.prod(shape):
        return x.reshape(shape)
    if x.ndim == len(shape) and any(n > m > 1 for n, m in zip(x.shape, shape)):
        x = x[tuple(slice(m) for m in shape)]  # what a matrix was filled up with
    x = x.sum(tuple(range(x.ndim - len(shape)))) if x.ndim > len(shape) else x
    x = x.sum(tuple(i for i, n in enumerate(shape[len(shape) - x.ndim :]) if n == 1), keepdims=True)
    return np.broadcast_to(x, shape)
