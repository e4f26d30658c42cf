"""The operators and methods that every traced value shares.

A binary dunder *is* the primitive and a method *is* the function of that name: nothing stands between.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, ClassVar

import numpy as np

from . import dtypes, ops
from .errors import GraphError, ShapeError
from .primitive import PrimitiveFunction

__all__ = ["Operators"]


def _reflected(op: PrimitiveFunction) -> Callable[[Any, Any], Any]:
    def reflected(self: Any, other: Any) -> Any:
        return op(other, self)

    return reflected


def _in_place(op: Callable[..., Any], name: str) -> Callable[..., Any]:
    def in_place(self: Any, *args: Any, **kwargs: Any) -> Any:
        return self.write_(op(self, *args, **kwargs))

    in_place.__name__ = in_place.__qualname__ = name
    in_place.__doc__ = f"Do what ``{name[:-1]}`` does, in this tensor's own memory; return the tensor."
    return in_place


class Operators:
    """Dunders, methods and the protocols of Python and NumPy, in terms of ``ops``, ``data`` and ``write_``."""

    __slots__ = ()
    __hash__ = object.__hash__

    data: Any
    shape: ClassVar[Any]  # properties
    dtype: ClassVar[Any]
    ndim: ClassVar[Any]
    requires_grad: Any
    write_: Any
    detach: Any

    # ------------------------------------------------------------------------------------------------------ operators

    __add__ = __radd__ = ops.plus
    __mul__ = __rmul__ = ops.mul
    __sub__, __rsub__ = ops.minus, _reflected(ops.minus)
    __truediv__, __rtruediv__ = ops.divide, _reflected(ops.divide)
    __floordiv__, __rfloordiv__ = ops.floor_divide, _reflected(ops.floor_divide)
    __mod__, __rmod__ = ops.remainder, _reflected(ops.remainder)
    __pow__, __rpow__ = ops.pow, _reflected(ops.pow)
    __matmul__, __rmatmul__ = ops.matmul, _reflected(ops.matmul)
    __neg__, __abs__ = ops.neg, ops.abs
    __eq__, __ne__ = ops.eq, ops.ne
    __lt__, __le__, __gt__, __ge__ = ops.lt, ops.le, ops.gt, ops.ge
    __and__ = __rand__ = ops.bitwise_and
    __or__ = __ror__ = ops.bitwise_or
    __xor__ = __rxor__ = ops.bitwise_xor
    __invert__ = ops.bitwise_not
    __getitem__ = ops.getitem

    def __pos__(self) -> Any:
        return self

    __iadd__, __isub__ = _in_place(ops.plus, "__iadd__"), _in_place(ops.minus, "__isub__")
    __imul__, __itruediv__ = _in_place(ops.mul, "__imul__"), _in_place(ops.divide, "__itruediv__")
    __ifloordiv__, __imod__ = _in_place(ops.floor_divide, "__ifloordiv__"), _in_place(ops.remainder, "__imod__")
    __ipow__ = _in_place(ops.pow, "__ipow__")
    __iand__, __ior__ = _in_place(ops.bitwise_and, "__iand__"), _in_place(ops.bitwise_or, "__ior__")
    __ixor__ = _in_place(ops.bitwise_xor, "__ixor__")

    # ------------------------------------------------------------------------------------- methods: functions of ops

    add, sub, mul, div, neg, pow = ops.add, ops.sub, ops.mul, ops.div, ops.neg, ops.pow
    subtract, multiply, divide, true_divide, negative = ops.sub, ops.mul, ops.div, ops.div, ops.neg
    floor_divide, remainder, fmod = ops.floor_divide, ops.remainder, ops.fmod
    square, sqrt, rsqrt, reciprocal, hypot = ops.square, ops.sqrt, ops.rsqrt, ops.reciprocal, ops.hypot
    exp, exp2, expm1, log, log2, log10, log1p = ops.exp, ops.exp2, ops.expm1, ops.log, ops.log2, ops.log10, ops.log1p
    abs, absolute, sign = ops.abs, ops.abs, ops.sign
    floor, ceil, trunc, round, frac = ops.floor, ops.ceil, ops.trunc, ops.round, ops.frac
    clamp, clip, clamp_min, clamp_max = ops.clamp, ops.clamp, ops.clamp_min, ops.clamp_max
    maximum, minimum, lerp, addcmul, addcdiv = ops.maximum, ops.minimum, ops.lerp, ops.addcmul, ops.addcdiv
    sin, cos, tan, asin, acos, atan, atan2 = ops.sin, ops.cos, ops.tan, ops.asin, ops.acos, ops.atan, ops.atan2
    sinh, cosh, tanh, asinh, acosh, atanh = ops.sinh, ops.cosh, ops.tanh, ops.asinh, ops.acosh, ops.atanh
    sigmoid, relu, erf = ops.sigmoid, ops.relu, ops.erf
    softmax, log_softmax = ops.softmax, ops.log_softmax

    eq, ne, lt, le, gt, ge = ops.eq, ops.ne, ops.lt, ops.le, ops.gt, ops.ge
    isnan, isinf, isfinite = ops.isnan, ops.isinf, ops.isfinite
    isclose, allclose, equal = ops.isclose, ops.allclose, ops.equal
    logical_and, logical_or = ops.logical_and, ops.logical_or
    logical_xor, logical_not = ops.logical_xor, ops.logical_not

    sum, mean, prod, var, std = ops.sum, ops.mean, ops.prod, ops.var, ops.std
    max, min, amax, amin, argmax, argmin = ops.max, ops.min, ops.amax, ops.amin, ops.argmax, ops.argmin
    logsumexp, cumsum, norm, all, any = ops.logsumexp, ops.cumsum, ops.norm, ops.all, ops.any

    reshape, reshape_as, view, view_as, flatten = ops.reshape, ops.reshape_as, ops.view, ops.view_as, ops.flatten
    ravel, unflatten, squeeze, unsqueeze = ops.ravel, ops.unflatten, ops.squeeze, ops.unsqueeze
    permute, transpose, swapaxes, swapdims = ops.permute, ops.transpose, ops.transpose, ops.transpose
    t, movedim, moveaxis = ops.t, ops.movedim, ops.movedim
    expand, expand_as, broadcast_to, repeat, tile = ops.expand, ops.expand_as, ops.broadcast_to, ops.repeat, ops.tile
    narrow, split, chunk, unbind, flip, roll = ops.narrow, ops.split, ops.chunk, ops.unbind, ops.flip, ops.roll

    gather, scatter, scatter_add = ops.gather, ops.scatter, ops.scatter_add
    index_add, index_select, take_along_dim = ops.index_add, ops.index_select, ops.take_along_dim
    masked_fill, masked_select, nonzero = ops.masked_fill, ops.masked_select, ops.nonzero
    tril, triu, diagonal, diag = ops.tril, ops.triu, ops.diagonal, ops.diag
    sort, argsort, topk = ops.sort, ops.argsort, ops.topk

    matmul, mm, bmm, mv, dot, outer = ops.matmul, ops.mm, ops.bmm, ops.mv, ops.dot, ops.outer
    addmm = ops.addmm

    def where(self, condition: Any, other: Any) -> Any:
        """Return this tensor where *condition* holds, else *other*."""
        return ops.where(condition, self, other)

    @property
    def T(self) -> Any:
        """The tensor with its dimensions reversed."""
        return ops.permute_axes(self, axes=None)

    @property
    def mT(self) -> Any:
        """The tensor with its last two dimensions exchanged."""
        return ops.transpose(self, -2, -1)

    # ------------------------------------------------------------------------------------------------ dtype and copies

    def to(self, dtype: Any) -> Any:
        """Return this tensor in *dtype*, or that of another tensor; itself when it has that already."""
        wanted = dtypes.as_dtype(dtype.dtype if isinstance(dtype, Operators | np.ndarray) else dtype)
        return self if wanted == self.dtype else ops.cast(self, dtype=wanted)

    type = astype = to

    def float(self) -> Any:
        """Return this tensor as float32."""
        return self.to(dtypes.float32)

    def double(self) -> Any:
        """Return this tensor as float64."""
        return self.to(dtypes.float64)

    def int(self) -> Any:
        """Return this tensor as int32."""
        return self.to(dtypes.int32)

    def long(self) -> Any:
        """Return this tensor as int64."""
        return self.to(dtypes.int64)

    def bool(self) -> Any:
        """Return where this tensor is not zero."""
        return self.to(dtypes.bool_)

    def type_as(self, other: Any) -> Any:
        """Return this tensor in the dtype of *other*."""
        return self.to(other.dtype)

    def is_floating_point(self) -> Any:
        """Return whether the dtype is float32 or float64."""
        return dtypes.is_floating(self.dtype)

    def clone(self) -> Any:
        """Return a copy with its own memory; gradients flow through it."""
        return ops.clone(self)

    def contiguous(self) -> Any:
        """Return this tensor laid out row by row; itself when it is already."""
        return self if self.data.flags.c_contiguous else self.clone()

    def is_contiguous(self) -> Any:
        """Return whether the elements lie row by row in memory."""
        return self.data.flags.c_contiguous

    # ---------------------------------------------------------------------------------------------------------- in place

    add_, sub_, mul_ = _in_place(ops.add, "add_"), _in_place(ops.sub, "sub_"), _in_place(ops.mul, "mul_")
    div_, pow_, neg_ = _in_place(ops.div, "div_"), _in_place(ops.pow, "pow_"), _in_place(ops.neg, "neg_")
    abs_, sign_, square_ = _in_place(ops.abs, "abs_"), _in_place(ops.sign, "sign_"), _in_place(ops.square, "square_")
    sqrt_, exp_, log_ = _in_place(ops.sqrt, "sqrt_"), _in_place(ops.exp, "exp_"), _in_place(ops.log, "log_")
    tanh_, sigmoid_ = _in_place(ops.tanh, "tanh_"), _in_place(ops.sigmoid, "sigmoid_")
    relu_ = _in_place(ops.relu, "relu_")
    round_, floor_, ceil_ = _in_place(ops.round, "round_"), _in_place(ops.floor, "floor_"), _in_place(ops.ceil, "ceil_")
    reciprocal_, remainder_ = _in_place(ops.reciprocal, "reciprocal_"), _in_place(ops.remainder, "remainder_")
    clamp_, clamp_min_ = _in_place(ops.clamp, "clamp_"), _in_place(ops.clamp_min, "clamp_min_")
    clamp_max_, lerp_ = _in_place(ops.clamp_max, "clamp_max_"), _in_place(ops.lerp, "lerp_")
    addcmul_, addcdiv_ = _in_place(ops.addcmul, "addcmul_"), _in_place(ops.addcdiv, "addcdiv_")
    masked_fill_, index_add_ = _in_place(ops.masked_fill, "masked_fill_"), _in_place(ops.index_add, "index_add_")
    scatter_, scatter_add_ = _in_place(ops.scatter, "scatter_"), _in_place(ops.scatter_add, "scatter_add_")

    # ------------------------------------------------------------------------------------------------------ Python values

    def dim(self) -> Any:
        """Return the number of dimensions."""
        return self.ndim

    def size(self, dim: Any = None) -> Any:
        """Return the shape, or the size of one dimension."""
        return self.shape if dim is None else self.shape[ops.normalize_dim(dim, self.ndim)]

    def numel(self) -> Any:
        """Return the number of elements."""
        return self.data.size

    def element_size(self) -> Any:
        """Return the bytes of one element."""
        return self.dtype.itemsize

    @property
    def nbytes(self) -> Any:
        """The bytes of all elements."""
        return self.data.nbytes

    def item(self) -> Any:
        """Return the only element as a Python number."""
        if self.data.size != 1:
            raise ShapeError(f"item() needs a tensor of one element, this one has shape {self.shape}; use tolist()")
        return self.data.item()

    def tolist(self) -> Any:
        """Return the elements as nested lists of Python numbers."""
        return self.data.tolist()

    def numpy(self) -> Any:
        """Return the array, which shares memory with the tensor."""
        if self.requires_grad:
            raise GraphError(
                "numpy() of a tensor that requires gradients would lose its history: use .detach().numpy() to say that this "
                "is meant"
            )
        return self.data

    def __len__(self) -> Any:
        if self.ndim == 0:
            raise TypeError("a 0-d tensor has no len(); it is one number: use .item()")
        return self.shape[0]

    def __iter__(self) -> Iterator[Any]:
        if self.ndim == 0:
            raise TypeError("a 0-d tensor cannot be iterated over; it is one number: use .item()")
        return iter(ops.unbind(self, 0))

    def __contains__(self, value: Any) -> Any:
        return builtin_bool((self.data == (value.data if isinstance(value, Operators) else value)).any())

    def __bool__(self) -> Any:
        if self.data.size != 1:
            raise ShapeError(
                f"the truth of a tensor of shape {self.shape} is ambiguous: expected one element; use .any() or .all()"
            )
        return builtin_bool(self.data.item())

    def __float__(self) -> Any:
        return builtin_float(self.item())

    def __int__(self) -> Any:
        return builtin_int(self.item())

    def __index__(self) -> Any:
        if self.dtype.kind not in "iub" or self.data.size != 1:
            raise TypeError(
                f"only integer tensors of one element can be indices, this is {self.dtype} of shape {self.shape}"
            )
        return builtin_int(self.data.item())

    def __format__(self, spec: str) -> str:
        if self.ndim == 0:
            return format(self.item(), spec)
        if spec:
            raise TypeError(f"the format {spec!r} is for one number, this tensor has shape {self.shape}; use .tolist()")
        return str(self)

    # ------------------------------------------------------------------------------------------------------------- NumPy

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
        return function(*map(_as_numpy, args), **{name: _as_numpy(value) for name, value in kwargs.items()})

    def __dlpack__(self, **options: Any) -> Any:
        return self.numpy().__dlpack__(**options)

    def __dlpack_device__(self) -> Any:
        return self.data.__dlpack_device__()


builtin_bool, builtin_float, builtin_int = bool, float, int


def _as_numpy(value: Any) -> Any:
    if isinstance(value, list | tuple):
        return type(value)(map(_as_numpy, value))
    return value.numpy() if isinstance(value, Operators) else value


FUNCTIONS: dict[Any, Callable[..., Any]] = {
    np.sum: ops.sum,
    np.mean: ops.mean,
    np.prod: ops.prod,
    np.max: ops.amax,
    np.min: ops.amin,
    np.argmax: ops.argmax,
    np.argmin: ops.argmin,
    np.concatenate: ops.cat,
    np.stack: ops.stack,
    np.reshape: ops.reshape,
    np.clip: ops.clamp,
    np.einsum: ops.einsum,
}

UFUNCS: dict[Any, Callable[..., Any]] = {
    getattr(np, name): op
    for name, op in {
        "add": ops.plus, "subtract": ops.minus, "multiply": ops.mul, "divide": ops.divide, "power": ops.pow,
        "floor_divide": ops.floor_divide, "remainder": ops.remainder, "negative": ops.neg, "matmul": ops.matmul,
        "absolute": ops.abs, "sign": ops.sign, "exp": ops.exp, "log": ops.log, "log2": ops.log2, "log10": ops.log10,
        "log1p": ops.log1p, "expm1": ops.expm1, "sqrt": ops.sqrt, "square": ops.square, "reciprocal": ops.reciprocal,
        "sin": ops.sin, "cos": ops.cos, "tan": ops.tan, "arcsin": ops.asin, "arccos": ops.acos, "arctan": ops.atan,
        "sinh": ops.sinh, "cosh": ops.cosh, "tanh": ops.tanh, "maximum": ops.maximum, "minimum": ops.minimum,
        "arcsinh": ops.asinh, "arccosh": ops.acosh, "arctanh": ops.atanh, "arctan2": ops.atan2, "hypot": ops.hypot,
        "exp2": ops.exp2, "fmod": ops.fmod, "bitwise_and": ops.bitwise_and, "bitwise_or": ops.bitwise_or,
        "bitwise_xor": ops.bitwise_xor, "invert": ops.bitwise_not, "logical_and": ops.logical_and,
        "logical_or": ops.logical_or, "logical_xor": ops.logical_xor, "logical_not": ops.logical_not,
        "floor": ops.floor, "ceil": ops.ceil, "trunc": ops.trunc, "isnan": ops.isnan, "isinf": ops.isinf,
        "isfinite": ops.isfinite, "equal": ops.eq, "not_equal": ops.ne, "less": ops.lt, "less_equal": ops.le,
        "greater": ops.gt, "greater_equal": ops.ge,
    }.items()
}  # fmt: skip
