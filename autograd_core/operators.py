"""The operators and methods that every traced value shares.

A binary dunder *is* the primitive and a method *is* the function of that name: nothing stands between.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, ClassVar

from . import ops
from .conversions import Conversions
from .errors import ShapeError
from .facts import Facts
from .interoperation import Interoperation
from .primitive import PrimitiveFunction

__all__ = ["Operators"]


def _reflected(op: PrimitiveFunction) -> Callable[[Any, Any], Any]:
    def reflected(self: Any, other: Any) -> Any:
        return op(other, self)

    return reflected


def _in_place(function: Callable[..., Any]) -> Callable[..., Any]:
    def in_place(self: Any, *args: Any, **kwargs: Any) -> Any:
        return self.write_(function(self, *args, **kwargs))

    in_place.__name__ = in_place.__qualname__ = f"{function.__name__}_"
    in_place.__doc__ = f"Do what ``{function.__name__}`` does, in this tensor's own memory; return the tensor."
    return in_place


def _twins(*functions: Callable[..., Any]) -> Iterator[Callable[..., Any]]:
    """Return for each function its twin in place: ``exp_`` for ``exp``."""
    return map(_in_place, functions)


class Operators(Facts, Conversions, Interoperation):
    """Dunders, methods and the protocols of Python, in terms of ``ops``, ``array`` and ``write_``."""

    __slots__ = ()
    __hash__ = object.__hash__

    array: Any
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
    __truediv__, __rtruediv__ = ops.quotient, _reflected(ops.quotient)
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
    __lshift__, __rlshift__ = ops.bitwise_left_shift, _reflected(ops.bitwise_left_shift)
    __rshift__, __rrshift__ = ops.bitwise_right_shift, _reflected(ops.bitwise_right_shift)
    __getitem__ = ops.getitem

    def __pos__(self) -> Any:
        return self

    __iadd__, __isub__, __imul__, __itruediv__ = _twins(ops.plus, ops.minus, ops.mul, ops.quotient)
    __ifloordiv__, __imod__, __ipow__ = _twins(ops.floor_divide, ops.remainder, ops.pow)
    __iand__, __ior__, __ixor__ = _twins(ops.bitwise_and, ops.bitwise_or, ops.bitwise_xor)
    __ilshift__, __irshift__ = _twins(ops.bitwise_left_shift, ops.bitwise_right_shift)

    # ------------------------------------------------------------------------------------- methods: functions of ops

    add, sub, mul, div, neg, pow = ops.add, ops.sub, ops.mul, ops.div, ops.neg, ops.pow
    subtract, multiply, divide, true_divide, negative = ops.sub, ops.mul, ops.div, ops.div, ops.neg
    floor_divide, remainder, fmod, positive = ops.floor_divide, ops.remainder, ops.fmod, ops.positive
    square, sqrt, rsqrt, reciprocal, hypot = ops.square, ops.sqrt, ops.rsqrt, ops.reciprocal, ops.hypot
    float_power, ldexp, lerp, addcmul, addcdiv = ops.float_power, ops.ldexp, ops.lerp, ops.addcmul, ops.addcdiv
    exp, exp2, expm1, log, log2, log10, log1p = ops.exp, ops.exp2, ops.expm1, ops.log, ops.log2, ops.log10, ops.log1p
    logaddexp, logaddexp2, xlogy, logit = ops.logaddexp, ops.logaddexp2, ops.xlogy, ops.logit
    abs, absolute, sign, sgn, copysign = ops.abs, ops.abs, ops.sign, ops.sgn, ops.copysign
    floor, ceil, trunc, fix, round, frac = ops.floor, ops.ceil, ops.trunc, ops.trunc, ops.round, ops.frac
    heaviside, nextafter, nan_to_num = ops.heaviside, ops.nextafter, ops.nan_to_num
    clamp, clip, clamp_min, clamp_max = ops.clamp, ops.clamp, ops.clamp_min, ops.clamp_max
    maximum, minimum, fmax, fmin = ops.maximum, ops.minimum, ops.fmax, ops.fmin
    sin, cos, tan, asin, acos, atan, atan2 = ops.sin, ops.cos, ops.tan, ops.asin, ops.acos, ops.atan, ops.atan2
    arcsin, arccos, arctan, arctan2 = ops.asin, ops.acos, ops.atan, ops.atan2
    sinh, cosh, tanh, asinh, acosh, atanh = ops.sinh, ops.cosh, ops.tanh, ops.asinh, ops.acosh, ops.atanh
    arcsinh, arccosh, arctanh = ops.asinh, ops.acosh, ops.atanh
    sinc, deg2rad, rad2deg = ops.sinc, ops.deg2rad, ops.rad2deg
    sigmoid, relu = ops.sigmoid, ops.relu
    erf, erfc, erfinv, i0 = ops.erf, ops.erfc, ops.erfinv, ops.i0
    lgamma, mvlgamma, digamma, igamma, igammac = ops.lgamma, ops.mvlgamma, ops.digamma, ops.igamma, ops.igammac
    softmax, log_softmax = ops.softmax, ops.log_softmax

    eq, ne, lt, le, gt, ge = ops.eq, ops.ne, ops.lt, ops.le, ops.gt, ops.ge
    not_equal, less, less_equal, greater, greater_equal = ops.ne, ops.lt, ops.le, ops.gt, ops.ge
    isnan, isinf, isfinite = ops.isnan, ops.isinf, ops.isfinite
    isposinf, isneginf, isreal, signbit = ops.isposinf, ops.isneginf, ops.isreal, ops.signbit
    isclose, allclose, equal = ops.isclose, ops.allclose, ops.equal
    logical_and, logical_or = ops.logical_and, ops.logical_or
    logical_xor, logical_not = ops.logical_xor, ops.logical_not
    bitwise_and, bitwise_or = ops.bitwise_and, ops.bitwise_or
    bitwise_xor, bitwise_not = ops.bitwise_xor, ops.bitwise_not
    bitwise_left_shift, bitwise_right_shift = ops.bitwise_left_shift, ops.bitwise_right_shift
    gcd, lcm = ops.gcd, ops.lcm

    sum, mean, prod, var, std = ops.sum, ops.mean, ops.prod, ops.var, ops.std
    max, min, amax, amin, argmax, argmin = ops.max, ops.min, ops.amax, ops.amin, ops.argmax, ops.argmin
    logsumexp, norm, all, any, count_nonzero = ops.logsumexp, ops.norm, ops.all, ops.any, ops.count_nonzero
    nansum, nanmean, aminmax = ops.nansum, ops.nanmean, ops.aminmax
    cumsum, cumprod, logcumsumexp = ops.cumsum, ops.cumprod, ops.logcumsumexp
    cummax, cummin, diff = ops.cummax, ops.cummin, ops.diff
    quantile, nanquantile, histc, histogram = ops.quantile, ops.nanquantile, ops.histc, ops.histogram
    cov, corrcoef, bincount = ops.cov, ops.corrcoef, ops.bincount

    reshape, reshape_as, view, view_as, flatten = ops.reshape, ops.reshape_as, ops.view, ops.view_as, ops.flatten
    ravel, unflatten, squeeze, unsqueeze = ops.ravel, ops.unflatten, ops.squeeze, ops.unsqueeze
    permute, transpose, swapaxes, swapdims = ops.permute, ops.transpose, ops.transpose, ops.transpose
    t, adjoint, movedim, moveaxis = ops.t, ops.adjoint, ops.movedim, ops.movedim
    expand, expand_as, broadcast_to, sum_to_size = ops.expand, ops.expand_as, ops.broadcast_to, ops.sum_to_size
    contiguous, unfold, as_strided = ops.contiguous, ops.unfold, ops.as_strided
    narrow, narrow_copy, split, split_with_sizes = ops.narrow, ops.narrow_copy, ops.split, ops.split_with_sizes
    chunk, unbind, tensor_split = ops.chunk, ops.unbind, ops.tensor_split
    hsplit, vsplit, dsplit = ops.hsplit, ops.vsplit, ops.dsplit
    flip, fliplr, flipud, rot90, roll = ops.flip, ops.fliplr, ops.flipud, ops.rot90, ops.roll
    repeat, repeat_interleave, tile = ops.repeat, ops.repeat_interleave, ops.tile

    gather, scatter, scatter_add, scatter_reduce = ops.gather, ops.scatter, ops.scatter_add, ops.scatter_reduce
    index_select, index_add, index_copy = ops.index_select, ops.index_add, ops.index_copy
    index_fill, index_put, index_reduce = ops.index_fill, ops.index_put, ops.index_reduce
    select, take, take_along_dim, put = ops.select, ops.take, ops.take_along_dim, ops.put
    select_scatter, slice_scatter = ops.select_scatter, ops.slice_scatter
    diagonal_scatter = ops.diagonal_scatter
    masked_fill, masked_select, masked_scatter = ops.masked_fill, ops.masked_select, ops.masked_scatter
    nonzero, argwhere = ops.nonzero, ops.argwhere
    tril, triu, diagonal, diag = ops.tril, ops.triu, ops.diagonal, ops.diag
    diag_embed, diagflat = ops.diag_embed, ops.diagflat
    sort, argsort, msort, topk, kthvalue = ops.sort, ops.argsort, ops.msort, ops.topk, ops.kthvalue
    median, nanmedian, mode = ops.median, ops.nanmedian, ops.mode
    unique, unique_consecutive = ops.unique, ops.unique_consecutive

    matmul, mm, bmm, mv, dot, vdot = ops.matmul, ops.mm, ops.bmm, ops.mv, ops.dot, ops.vdot
    inner, outer, ger, kron, cross = ops.inner, ops.outer, ops.ger, ops.kron, ops.cross
    addmm, addmv, addr, addbmm, baddbmm = ops.addmm, ops.addmv, ops.addr, ops.addbmm, ops.baddbmm
    det, logdet, slogdet, inverse, pinverse = ops.det, ops.logdet, ops.slogdet, ops.inverse, ops.pinverse
    matrix_exp, matrix_power, qr, svd, trace = ops.matrix_exp, ops.matrix_power, ops.qr, ops.svd, ops.trace
    cholesky, cholesky_inverse, cholesky_solve = ops.cholesky, ops.cholesky_inverse, ops.cholesky_solve
    triangular_solve, dist, renorm = ops.triangular_solve, ops.dist, ops.renorm

    def polygamma(self, n: Any) -> Any:
        """Return the derivative number *n* of ``digamma``."""
        return ops.polygamma(n, self)

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

    mH = mT  # real numbers are their own conjugates

    @property
    def H(self) -> Any:
        """The transpose of a matrix."""
        if self.ndim not in (0, 2):
            raise ShapeError(f"H is of matrices, this tensor has shape {self.shape}; use .mH")
        return ops.t(self)

    # ---------------------------------------------------------------------------------------------------------- in place

    add_, sub_, mul_, div_, neg_, pow_ = _twins(add, sub, mul, div, neg, pow)
    subtract_, multiply_, divide_, true_divide_, negative_ = sub_, mul_, div_, div_, neg_
    floor_divide_, remainder_, fmod_ = _twins(floor_divide, remainder, fmod)
    square_, sqrt_, rsqrt_, reciprocal_, hypot_ = _twins(square, sqrt, rsqrt, reciprocal, hypot)
    float_power_, ldexp_, lerp_, addcmul_, addcdiv_ = _twins(float_power, ldexp, lerp, addcmul, addcdiv)
    exp_, exp2_, expm1_, log_, log2_, log10_, log1p_ = _twins(exp, exp2, expm1, log, log2, log10, log1p)
    xlogy_, logit_ = _twins(xlogy, logit)
    abs_, sign_, copysign_ = _twins(abs, sign, copysign)
    floor_, ceil_, trunc_, round_, frac_ = _twins(floor, ceil, trunc, round, frac)
    heaviside_, nextafter_, nan_to_num_ = _twins(heaviside, nextafter, nan_to_num)
    clamp_, clamp_min_, clamp_max_ = _twins(clamp, clamp_min, clamp_max)
    absolute_, sgn_, fix_, clip_ = abs_, sign_, trunc_, clamp_
    sin_, cos_, tan_, asin_, acos_, atan_, atan2_ = _twins(sin, cos, tan, asin, acos, atan, atan2)
    arcsin_, arccos_, arctan_, arctan2_ = asin_, acos_, atan_, atan2_
    sinh_, cosh_, tanh_, asinh_, acosh_, atanh_ = _twins(sinh, cosh, tanh, asinh, acosh, atanh)
    arcsinh_, arccosh_, arctanh_ = asinh_, acosh_, atanh_
    sinc_, deg2rad_, rad2deg_ = _twins(sinc, deg2rad, rad2deg)
    sigmoid_, relu_ = _twins(sigmoid, relu)
    erf_, erfc_, erfinv_, i0_ = _twins(erf, erfc, erfinv, i0)
    lgamma_, mvlgamma_, digamma_, polygamma_ = _twins(lgamma, mvlgamma, digamma, polygamma)
    igamma_, igammac_ = _twins(igamma, igammac)
    eq_, ne_, lt_, le_, gt_, ge_ = _twins(eq, ne, lt, le, gt, ge)
    not_equal_, less_, less_equal_, greater_, greater_equal_ = ne_, lt_, le_, gt_, ge_
    logical_and_, logical_or_, logical_xor_, logical_not_ = _twins(logical_and, logical_or, logical_xor, logical_not)
    bitwise_and_, bitwise_or_, bitwise_xor_, bitwise_not_ = _twins(bitwise_and, bitwise_or, bitwise_xor, bitwise_not)
    bitwise_left_shift_, bitwise_right_shift_ = _twins(bitwise_left_shift, bitwise_right_shift)
    gcd_, lcm_ = _twins(gcd, lcm)
    cumsum_, cumprod_ = _twins(cumsum, cumprod)
    addmm_, addmv_, addr_, addbmm_, baddbmm_, renorm_ = _twins(addmm, addmv, addr, addbmm, baddbmm, renorm)
    scatter_, scatter_add_, scatter_reduce_ = _twins(scatter, scatter_add, scatter_reduce)
    index_add_, index_copy_, index_fill_ = _twins(index_add, index_copy, index_fill)
    index_put_, index_reduce_, put_ = _twins(index_put, index_reduce, put)
    masked_fill_, masked_scatter_ = _twins(masked_fill, masked_scatter)
    tril_, triu_, fill_diagonal_ = _twins(tril, triu, ops.fill_diagonal)

    # ------------------------------------------------------------------------------------------------------ Python values

    def item(self) -> Any:
        """Return the only element as a Python number."""
        if self.array.size != 1:
            raise ShapeError(f"item() needs a tensor of one element, this one has shape {self.shape}; use tolist()")
        return self.array.item()

    def tolist(self) -> Any:
        """Return the elements as nested lists of Python numbers."""
        return self.array.tolist()

    def __len__(self) -> Any:
        if self.ndim == 0:
            raise TypeError("a 0-d tensor has no len(); it is one number: use .item()")
        return self.shape[0]

    def __iter__(self) -> Iterator[Any]:
        if self.ndim == 0:
            raise TypeError("a 0-d tensor cannot be iterated over; it is one number: use .item()")
        return iter(ops.unbind(self, 0))

    def __contains__(self, value: Any) -> Any:
        return builtin_bool((self.array == (value.array if isinstance(value, Operators) else value)).any())

    def __bool__(self) -> Any:
        if self.array.size != 1:
            raise ShapeError(
                f"the truth of a tensor of shape {self.shape} is ambiguous: expected one element; use .any() or .all()"
            )
        return builtin_bool(self.array.item())

    def __float__(self) -> Any:
        return builtin_float(self.item())

    def __int__(self) -> Any:
        return builtin_int(self.item())

    def __index__(self) -> Any:
        if self.dtype.kind not in "iub" or self.array.size != 1:
            raise TypeError(
                f"only integer tensors of one element can be indices, this is {self.dtype} of shape {self.shape}"
            )
        return builtin_int(self.array.item())

    def __format__(self, spec: str) -> str:
        if self.ndim == 0:
            return format(self.item(), spec)
        if spec:
            raise TypeError(f"the format {spec!r} is for one number, this tensor has shape {self.shape}; use .tolist()")
        return str(self)


builtin_bool, builtin_float, builtin_int = bool, float, int
