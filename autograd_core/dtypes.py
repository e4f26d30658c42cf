"""Dtypes: PyTorch's promotion for NumPy arrays, their limits, and constants that are cheap to combine with arrays."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache, reduce
from typing import Any

import numpy as np
from numpy import ndarray

from .errors import DtypeError

dtype = np.dtype  # the class of all of them
float32, float64 = np.dtype("float32"), np.dtype("float64")
int8, int16, int32, int64, uint8 = (np.dtype(name) for name in ("int8", "int16", "int32", "int64", "uint8"))
bool_ = np.dtype("bool")
default = float32  # the dtype of Python floats, and of what is made without another; see set_default_dtype


@dataclass(frozen=True, slots=True, repr=False)
class ForeignDtype:
    """A dtype of PyTorch's that can be named, so that a program may ask for it, and that no tensor has here."""

    name: str

    def __repr__(self) -> str:
        return self.name


float16, bfloat16 = ForeignDtype("float16"), ForeignDtype("bfloat16")

SUPPORTED = (float32, float64, int8, int16, int32, int64, uint8, bool_)
CATEGORY = {"b": 0, "u": 1, "i": 1, "f": 2}
PYTHON: dict[type, np.dtype[Any]] = {bool: bool_, int: int64, float: default}
# What PyTorch called the type of a tensor before there were dtypes.
TYPES: dict[str, np.dtype[Any]] = {
    "FloatTensor": float32, "DoubleTensor": float64, "CharTensor": int8, "ShortTensor": int16, "IntTensor": int32,
    "LongTensor": int64, "ByteTensor": uint8, "BoolTensor": bool_,
}  # fmt: skip
_constants: dict[tuple[Any, np.dtype[Any]], ndarray] = {}


def constant(value: Any, dtype: np.dtype[Any]) -> ndarray:
    """Return *value* as a 0-d array: a ufunc takes one in half the time it needs for a Python number."""
    if (got := _constants.get((value, dtype))) is not None:
        return got
    made = np.asarray(value, dtype)
    if value and value == value:  # zero has a sign and NaN never equals itself: neither can be looked up
        if len(_constants) > 4096:
            _constants.clear()
        made.flags.writeable = False
        _constants[value, dtype] = made
    return made


@cache
def zero(dtype: np.dtype[Any]) -> ndarray:
    """Return +0 as a 0-d array."""
    made = np.zeros((), dtype)
    made.flags.writeable = False
    return made


def as_dtype(dtype: Any) -> np.dtype[Any]:
    """Return *dtype*, in any spelling that NumPy or Python has for it, if it is one that tensors can have."""
    if isinstance(dtype, type) and dtype in PYTHON:
        return PYTHON[dtype]
    try:
        found: np.dtype[Any] | None = None if dtype is None else np.dtype(dtype)
    except (TypeError, ValueError):
        found = None
    if found not in SUPPORTED or found is None:
        raise DtypeError(f"dtype {dtype!r} is not supported: expected one of {', '.join(d.name for d in SUPPORTED)}")
    return found


def is_floating(dtype: np.dtype[Any]) -> bool:
    """Return whether *dtype* is float32 or float64."""
    return dtype.kind == "f"


def common(values: tuple[Any, ...]) -> np.dtype[Any]:
    """Return the dtype of a result of *values*: arrays, or Python numbers.

    Arrays with dimensions decide, unless a 0-d array or a Python number is of a higher category (bool < integer < float).
    """
    groups: list[list[np.dtype[Any]]] = [[], [], []]
    for v in values:
        python = PYTHON.get(type(v))
        groups[2 if python else 0 if v.ndim else 1].append(python or v.dtype)
    best: np.dtype[Any] | None = None
    for group in groups:
        if group:
            dtype = reduce(_pair, group)
            if best is None or CATEGORY[dtype.kind] > CATEGORY[best.kind]:
                best = dtype
    assert best is not None
    return best


def _pair(a: np.dtype[Any], b: np.dtype[Any]) -> np.dtype[Any]:
    if (d := CATEGORY[a.kind] - CATEGORY[b.kind]) == 0:
        return np.promote_types(a, b)
    return a if d > 0 else b


def promote(values: tuple[Any, ...], floating: bool) -> list[Any]:
    """Return *values*, all of one dtype: arrays, Python numbers, or anything else that has ndim, dtype and astype.

    NumPy scalars count as Python numbers, so that float64 never enters by surprise.
    """
    values = tuple(_plain(v) for v in values)
    dtype = common(values)
    if floating and CATEGORY[dtype.kind] < 2:
        dtype = default
    return [constant(v, dtype) if type(v) in PYTHON else v if v.dtype == dtype else v.astype(dtype) for v in values]


def _plain(value: Any) -> Any:
    if isinstance(value, np.generic):
        value = value.item()
    if type(value) in PYTHON:
        return value
    if not hasattr(value, "dtype"):
        value = np.asarray(value)
    if value.dtype.kind not in CATEGORY:
        raise DtypeError(f"an operand has dtype {value.dtype}: expected one of {', '.join(d.name for d in SUPPORTED)}")
    return value


# ----------------------------------------------------------------------------------------------------------- the default


def get_default_dtype() -> np.dtype[Any]:
    """Return the dtype of Python floats and of tensors that are made without another.

    >>> get_default_dtype()
    dtype('float32')
    """
    return default


def set_default_dtype(d: Any) -> None:
    """Make *d*, float32 or float64, the dtype of Python floats and of tensors that are made without another.

    Raises DtypeError for any other.

    >>> set_default_dtype("float64")
    >>> ag.zeros(2).dtype
    dtype('float64')
    >>> set_default_dtype("float32")
    """
    global default  # noqa: PLW0603
    wanted = as_dtype(d)
    if not is_floating(wanted):
        raise DtypeError(
            f"set_default_dtype: d is {wanted}: expected float32 or float64; integers are int64 by default"
        )
    default = PYTHON[float] = wanted


def of_type(t: Any) -> np.dtype[Any]:
    """Return the dtype that *t* says, which may be the name of a type, such as "torch.LongTensor"."""
    return as_dtype(TYPES.get(t.removeprefix("torch."), t) if isinstance(t, str) else t)


# ------------------------------------------------------------------------------------------------- questions about dtypes


def promote_types(type1: Any, type2: Any) -> np.dtype[Any]:
    """Return the smallest dtype that holds both: of floats and integers the float, whatever its size.

    >>> promote_types("int64", "float32"), promote_types("uint8", "int8")
    (dtype('float32'), dtype('int16'))
    """
    return _pair(as_dtype(type1), as_dtype(type2))


def result_type(tensor1: Any, tensor2: Any) -> np.dtype[Any]:
    """Return the dtype of ``tensor1 + tensor2``, tensors or Python numbers.

    Tensors with dims decide, unless a 0-d tensor or a number is of a higher category (bool < integer < float).

    >>> result_type(ag.tensor([1, 2]), 1.5), result_type(ag.zeros(2), ag.tensor(1.0, dtype="float64"))
    (dtype('float32'), dtype('float32'))
    """
    return common((_plain(tensor1), _plain(tensor2)))


def can_cast(from_: Any, to: Any) -> bool:
    """Return whether values of dtype *from_* may be written into *to*: where its category is not lower.

    >>> can_cast("int64", "float32"), can_cast("float32", "int64")
    (True, False)
    """
    return CATEGORY[as_dtype(from_).kind] <= CATEGORY[as_dtype(to).kind]


@dataclass(frozen=True, slots=True, init=False)
class finfo:
    """What a floating dtype, by default the default one, can express, as Python numbers.

    *eps* is the step from 1 to the next number, *tiny* the smallest positive number of full precision.  Raises DtypeError
    for integers.

    >>> finfo("float32").eps == 2**-23, finfo(ag.float64).bits
    (True, 64)
    """

    resolution: float
    min: float
    max: float
    eps: float
    smallest_normal: float
    tiny: float
    bits: int
    dtype: str

    def __init__(self, type: Any = None) -> None:
        kind = default if type is None else as_dtype(type)
        if not is_floating(kind):
            raise DtypeError(f"finfo: dtype {kind} is not floating; use iinfo")
        info = np.finfo(kind)
        for name in ("min", "max", "eps", "smallest_normal", "tiny"):
            object.__setattr__(self, name, float(getattr(info, name)))
        object.__setattr__(self, "resolution", 10.0**-info.precision)
        object.__setattr__(self, "bits", info.bits)
        object.__setattr__(self, "dtype", kind.name)


@dataclass(frozen=True, slots=True, init=False)
class iinfo:
    """The range of an integer dtype.  Raises DtypeError for floats and bool.

    >>> iinfo("uint8")
    iinfo(min=0, max=255, bits=8, dtype='uint8')
    """

    min: int
    max: int
    bits: int
    dtype: str

    def __init__(self, type: Any) -> None:
        kind = as_dtype(type)
        if kind.kind not in "iu":
            raise DtypeError(
                f"iinfo: dtype {kind} is not an integer dtype" + ("; use finfo" if kind.kind == "f" else "")
            )
        info = np.iinfo(kind)
        for name in ("min", "max", "bits"):
            object.__setattr__(self, name, int(getattr(info, name)))
        object.__setattr__(self, "dtype", kind.name)
