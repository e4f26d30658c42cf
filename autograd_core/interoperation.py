"""What tensors are to NumPy, and to every library that speaks its protocols or DLPack.

NumPy's functions take their arguments under NumPy's names here, and mean what they mean there; what comes back is recorded.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

import numpy as np

from . import ops
from .errors import GraphError, ShapeError

__all__ = ["FUNCTIONS", "UFUNCS", "Interoperation"]


class Interoperation:
    """The protocols of NumPy and DLPack, in terms of ``data``."""

    __slots__ = ()

    array: Any
    ndim: ClassVar[Any]
    requires_grad: Any

    def numpy(self, *, force: bool = False) -> Any:
        """Return the array, which shares memory with the tensor; with *force* also of a tensor that requires gradients."""
        if self.requires_grad and not force:
            raise GraphError(
                "numpy() of a tensor that requires gradients would lose its history: use .detach().numpy() to say that this "
                "is meant"
            )
        return self.array

    __array_priority__ = 1000

    def __array__(self, dtype: Any = None, copy: Any = None) -> Any:
        return np.array(self.numpy(), dtype, copy=copy)

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **options: Any) -> Any:
        """Let ``array * tensor`` and ``numpy.exp(tensor)`` be the engine's own operations, recorded as those are."""
        op = UFUNCS.get(ufunc)
        name = f"numpy.{ufunc.__name__}" + (f".{method}" if method != "__call__" else "")
        if method != "__call__" or op is None:
            raise TypeError(
                f"{name} of a tensor is not differentiable here; use the function of autograd_core, or "
                ".detach().numpy() for plain numbers"
            )
        if options:
            raise TypeError(
                f"{name} of a tensor takes no {' or '.join(options)}: the result is a new tensor (a = a + t, not a += t, where "
                "a is an array); use .detach().numpy() for plain numbers"
            )
        return op(*inputs)

    def __array_function__(self, function: Any, types: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """Let ``numpy.sum(tensor)`` and its like be the engine's own; the rest of NumPy gets the plain array."""
        if op := FUNCTIONS.get(function):
            return op(*args, **kwargs)
        plain = _data if function in WITHOUT_GRADIENT else _as_numpy
        return function(*(_each(plain, value) for value in args), **{k: _each(plain, v) for k, v in kwargs.items()})

    def __dlpack__(self, **options: Any) -> Any:
        return self.numpy().__dlpack__(**options)

    def __dlpack_device__(self) -> Any:
        return self.array.__dlpack_device__()


def _each(plain: Callable[[Any], Any], value: Any) -> Any:
    if isinstance(value, list | tuple):
        return type(value)(_each(plain, item) for item in value)
    return plain(value) if isinstance(value, Interoperation) else value


def _as_numpy(tensor: Interoperation) -> Any:
    return tensor.numpy()


def _data(tensor: Interoperation) -> Any:
    return tensor.array


# ------------------------------------------------------------------------- functions, with the arguments that NumPy has


def _reduction(op: Callable[..., Any]) -> Callable[..., Any]:
    def reduced(a: Any, axis: Any = None, dtype: Any = None, *, keepdims: bool = False) -> Any:
        return op(a, axis, keepdims, dtype=dtype)

    return reduced


def _extreme(op: Callable[..., Any]) -> Callable[..., Any]:
    def extreme(a: Any, axis: Any = None, *, keepdims: bool = False) -> Any:
        return op(a, tuple(range(a.ndim)) if axis is None else axis, keepdims)

    return extreme


def _place(op: Callable[..., Any]) -> Callable[..., Any]:
    def place(a: Any, axis: int | None = None, *, keepdims: bool = False) -> Any:
        return op(a, axis, keepdims)

    return place


def _spread(op: Callable[..., Any]) -> Callable[..., Any]:
    def spread(a: Any, axis: Any = None, *, ddof: float = 0, keepdims: bool = False) -> Any:
        return op(a, axis, correction=ddof, keepdim=keepdims)

    return spread


def _running(op: Callable[..., Any]) -> Callable[..., Any]:
    def running(a: Any, axis: int | None = None, dtype: Any = None) -> Any:
        return op(ops.reshape(a, (-1,)), 0, dtype=dtype) if axis is None else op(a, axis, dtype=dtype)

    return running


def _concatenate(arrays: Any, axis: int | None = 0) -> Any:
    if axis is None:
        return ops.cat([ops.reshape(a, (-1,)) for a in arrays])
    return ops.cat(arrays, axis)


def _stack(arrays: Any, axis: int = 0) -> Any:
    return ops.stack(arrays, axis)


def _split(ary: Any, indices_or_sections: Any, axis: int = 0) -> Any:
    parts = indices_or_sections
    if isinstance(parts, int) and ary.shape[axis] % parts:
        raise ShapeError(f"numpy.split of {ary.shape[axis]} in {parts} equal parts: use array_split for unequal ones")
    return _array_split(ary, parts, axis)


def _array_split(ary: Any, indices_or_sections: Any, axis: int = 0) -> Any:
    parts = indices_or_sections
    return list(ops.tensor_split(ary, parts if isinstance(parts, int) else tuple(parts), axis))


def _reshape(a: Any, shape: Any) -> Any:
    return ops.reshape(a, (shape,) if isinstance(shape, int) else shape)


def _ravel(a: Any) -> Any:
    return ops.reshape(a, (-1,))


def _transpose(a: Any, axes: Any = None) -> Any:
    return ops.permute(a, tuple(range(a.ndim))[::-1] if axes is None else axes)


def _swapaxes(a: Any, axis1: int, axis2: int) -> Any:
    return ops.transpose(a, axis1, axis2)


def _moveaxis(a: Any, source: Any, destination: Any) -> Any:
    return ops.movedim(a, source, destination)


def _expand_dims(a: Any, axis: Any) -> Any:
    axes = (axis,) if isinstance(axis, int) else axis
    for dim in sorted(d % (a.ndim + len(axes)) for d in axes):
        a = ops.unsqueeze(a, dim)
    return a


def _squeeze(a: Any, axis: Any = None) -> Any:
    axes = () if axis is None else (axis,) if isinstance(axis, int) else axis
    if any(a.shape[dim] != 1 for dim in axes):
        raise ShapeError(f"numpy.squeeze: axis is {axis} of the shape {tuple(a.shape)}: expected axes of size 1")
    return ops.squeeze(a, None if axis is None else axes)


def _broadcast_to(array: Any, shape: Any) -> Any:
    return ops.broadcast_to(array, (shape,) if isinstance(shape, int) else shape)


def _flip(m: Any, axis: Any = None) -> Any:
    return ops.flip(m, tuple(range(m.ndim)) if axis is None else (axis,) if isinstance(axis, int) else axis)


def _roll(a: Any, shift: Any, axis: Any = None) -> Any:
    return ops.roll(a, shift, axis)


def _tile(A: Any, reps: Any) -> Any:
    return ops.tile(A, (reps,) if isinstance(reps, int) else tuple(reps))


def _repeat(a: Any, repeats: Any, axis: int | None = None) -> Any:
    return ops.repeat_interleave(a, repeats, axis)


def _where(condition: Any, *choices: Any) -> Any:
    return ops.where(condition, *choices) if choices else ops.nonzero(condition, as_tuple=True)


def _clip(a: Any, a_min: Any = None, a_max: Any = None, *, min: Any = None, max: Any = None) -> Any:
    return ops.clamp(a, min if a_min is None else a_min, max if a_max is None else a_max)


def _dot(a: Any, b: Any) -> Any:
    if np.ndim(a) == 0 or np.ndim(b) == 0:
        return ops.mul(a, b)
    if np.ndim(b) <= 2:
        return ops.matmul(a, b)
    return ops.tensordot(a, b, dims=([-1], [-2]))


def _tensordot(a: Any, b: Any, axes: Any = 2) -> Any:
    pair = axes if isinstance(axes, int) else [[d] if isinstance(d, int) else list(d) for d in axes]
    return ops.tensordot(a, b, dims=pair)


def _diagonal(a: Any, offset: int = 0, axis1: int = 0, axis2: int = 1) -> Any:
    return ops.diagonal(a, offset, axis1, axis2)


def _triangle(op: Callable[..., Any]) -> Callable[..., Any]:
    def triangle(m: Any, k: int = 0) -> Any:
        return op(m, k)

    return triangle


def _sort(a: Any, axis: int | None = -1) -> Any:
    return ops.sort(ops.reshape(a, (-1,)), 0)[0] if axis is None else ops.sort(a, axis)[0]


def _norm(x: Any, ord: Any = None, axis: Any = None, keepdims: bool = False) -> Any:
    return ops.linear_algebra.norm(x, ord, axis, keepdims)


FUNCTIONS: dict[Any, Callable[..., Any]] = {
    np.sum: _reduction(ops.sum),
    np.mean: _reduction(ops.mean),
    np.nansum: _reduction(ops.nansum),
    np.nanmean: _reduction(ops.nanmean),
    np.prod: _reduction(ops.prod),
    np.max: _extreme(ops.amax),
    np.min: _extreme(ops.amin),
    np.argmax: _place(ops.argmax),
    np.argmin: _place(ops.argmin),
    np.var: _spread(ops.var),
    np.std: _spread(ops.std),
    np.cumsum: _running(ops.cumsum),
    np.cumprod: _running(ops.cumprod),
    np.concatenate: _concatenate,
    np.stack: _stack,
    np.vstack: ops.vstack,
    np.hstack: ops.hstack,
    np.dstack: ops.dstack,
    np.column_stack: ops.column_stack,
    np.split: _split,
    np.array_split: _array_split,
    np.reshape: _reshape,
    np.ravel: _ravel,
    np.transpose: _transpose,
    np.swapaxes: _swapaxes,
    np.moveaxis: _moveaxis,
    np.expand_dims: _expand_dims,
    np.squeeze: _squeeze,
    np.broadcast_to: _broadcast_to,
    np.atleast_1d: ops.atleast_1d,
    np.atleast_2d: ops.atleast_2d,
    np.flip: _flip,
    np.fliplr: ops.fliplr,
    np.flipud: ops.flipud,
    np.roll: _roll,
    np.tile: _tile,
    np.repeat: _repeat,
    np.where: _where,
    np.clip: _clip,
    np.sort: _sort,
    np.einsum: ops.einsum,
    np.dot: _dot,
    np.inner: ops.inner,
    np.outer: ops.outer,
    np.kron: ops.kron,
    np.vdot: ops.vdot,
    np.tensordot: _tensordot,
    np.trace: ops.trace,
    np.diagonal: _diagonal,
    np.tril: _triangle(ops.tril),
    np.triu: _triangle(ops.triu),
    np.sinc: ops.sinc,
    np.i0: ops.i0,
    np.nan_to_num: ops.nan_to_num,
    np.linalg.norm: _norm,
    np.linalg.inv: ops.linear_algebra.inv,
    np.linalg.det: ops.linear_algebra.det,
    np.linalg.slogdet: ops.linear_algebra.slogdet,
    np.linalg.solve: ops.linear_algebra.solve,
    np.linalg.cholesky: ops.linear_algebra.cholesky,
    np.linalg.matrix_power: ops.linear_algebra.matrix_power,
}

# Their results have no gradient to lose: they take the array of any tensor.
WITHOUT_GRADIENT = {
    np.shape, np.ndim, np.size, np.result_type, np.can_cast, np.iscomplexobj, np.isrealobj, np.shares_memory,
    np.may_share_memory, np.zeros_like, np.ones_like, np.empty_like, np.full_like, np.allclose, np.isclose, np.array_equal,
    np.argsort, np.all, np.any, np.count_nonzero, np.nonzero, np.argwhere, np.flatnonzero, np.searchsorted,
}  # fmt: skip

_OF_UFUNCS: dict[str, Callable[..., Any]] = {
    "add": ops.plus, "subtract": ops.minus, "multiply": ops.mul, "divide": ops.quotient, "power": ops.pow,
    "floor_divide": ops.floor_divide, "remainder": ops.remainder, "negative": ops.neg, "matmul": ops.matmul,
    "absolute": ops.abs, "sign": ops.sign, "exp": ops.exp, "log": ops.log, "log2": ops.log2, "log10": ops.log10,
    "log1p": ops.log1p, "expm1": ops.expm1, "sqrt": ops.sqrt, "square": ops.square, "reciprocal": ops.reciprocal,
    "sin": ops.sin, "cos": ops.cos, "tan": ops.tan, "arcsin": ops.asin, "arccos": ops.acos, "arctan": ops.atan,
    "sinh": ops.sinh, "cosh": ops.cosh, "tanh": ops.tanh, "maximum": ops.maximum, "minimum": ops.minimum,
    "arcsinh": ops.asinh, "arccosh": ops.acosh, "arctanh": ops.atanh, "arctan2": ops.atan2, "hypot": ops.hypot,
    "exp2": ops.exp2, "fmod": ops.fmod, "bitwise_and": ops.bitwise_and, "bitwise_or": ops.bitwise_or,
    "bitwise_xor": ops.bitwise_xor, "invert": ops.bitwise_not, "logical_and": ops.logical_and,
    "logical_or": ops.logical_or, "logical_xor": ops.logical_xor, "logical_not": ops.logical_not,
    "left_shift": ops.bitwise_left_shift, "right_shift": ops.bitwise_right_shift, "gcd": ops.gcd, "lcm": ops.lcm,
    "floor": ops.floor, "ceil": ops.ceil, "trunc": ops.trunc, "rint": ops.round, "isnan": ops.isnan,
    "isinf": ops.isinf, "isfinite": ops.isfinite, "signbit": ops.signbit, "copysign": ops.copysign,
    "fabs": ops.abs, "positive": ops.positive, "nextafter": ops.nextafter, "heaviside": ops.heaviside,
    "fmax": ops.fmax, "fmin": ops.fmin, "logaddexp": ops.logaddexp, "logaddexp2": ops.logaddexp2,
    "ldexp": ops.ldexp, "float_power": ops.float_power, "deg2rad": ops.deg2rad, "rad2deg": ops.rad2deg,
    "radians": ops.deg2rad, "degrees": ops.rad2deg, "equal": ops.eq, "not_equal": ops.ne, "less": ops.lt,
    "less_equal": ops.le, "greater": ops.gt, "greater_equal": ops.ge,
}  # fmt: skip
UFUNCS: dict[Any, Callable[..., Any]] = {getattr(np, name): function for name, function in _OF_UFUNCS.items()}
