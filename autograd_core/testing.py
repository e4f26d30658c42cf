"""What tests compare with, under the names of ``torch.testing``."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy import ndarray

from .arrays import as_array
from .dtypes import float32, float64, promote_types
from .errors import ArgumentError
from .ops import isclose
from .tensor import Tensor

__all__ = ["assert_close"]

TOLERANCES = {float32: (1.3e-6, 1e-5), float64: (1e-7, 1e-7)}  # relative and absolute; other dtypes have none


def assert_close(
    actual: Any,
    expected: Any,
    *,
    allow_subclasses: bool = True,
    rtol: float | None = None,
    atol: float | None = None,
    equal_nan: bool = False,
    check_device: bool = True,
    check_dtype: bool = True,
    check_layout: bool = True,
    check_stride: bool = False,
    msg: str | Callable[[str], str] | None = None,
) -> None:
    """Raise AssertionError unless ``|actual - expected| <= atol + rtol * |expected|`` everywhere.

    Both are tensors, NumPy arrays, numbers, truth values or None, or sequences or mappings of such, to any depth.  Without
    tolerances, *rtol* and *atol* are 1.3e-6 and 1e-5 for float32, 1e-7 and 1e-7 for float64, and 0 otherwise; of two dtypes,
    the larger ones.  Shapes must agree, dtypes (of numbers, their types) with *check_dtype*, and strides with *check_stride*.
    NaN is close to NaN with *equal_nan* alone.  *msg* is said instead of what differs, or makes of that what is said.
    *check_device* and *check_layout* are for programs that name them: there is one device, and one layout.

    Raises ArgumentError where one tolerance is given without the other, and TypeError for what cannot be compared: a class
    that is not here, or two that are unrelated; without *allow_subclasses*, any two that are not the same.

    >>> ag.testing.assert_close({"w": ag.tensor([1.0, 2.0])}, {"w": ag.tensor([1.0, 2.0 + 1e-6])})
    >>> ag.testing.assert_close({"w": ag.tensor([1.0, 2.0])}, {"w": ag.tensor([1.0, 2.5])})
    Traceback (most recent call last):
    AssertionError: Tensors are not close: 1 of 2 elements (50.0%) differ.
    Greatest absolute difference: 0.5 at (1,), 2.0 for 2.5 (up to 1e-05 allowed)
    Greatest relative difference: 0.2 at (1,), 2.0 for 2.5 (up to 1.3e-06 allowed)
    This is item ['w'].
    """
    __tracebackhide__ = True  # pytest shows the caller's line
    if (rtol is None) != (atol is None):
        raise ArgumentError(
            f"assert_close: rtol={rtol} and atol={atol}: expected both or neither; give the other, or 0"
        )
    tolerances = None if rtol is None or atol is None else (rtol, atol)
    said = Comparison(tolerances, equal_nan, allow_subclasses, check_dtype, check_stride).difference(actual, expected)
    if said:
        raise AssertionError(said if msg is None else msg if isinstance(msg, str) else msg(said))


class Comparison:
    """What counts as close; *tolerances* are relative and absolute, None for those of the dtypes."""

    def __init__(
        self,
        tolerances: tuple[float, float] | None,
        equal_nan: bool,
        allow_subclasses: bool,
        check_dtype: bool,
        check_stride: bool,
    ) -> None:
        self.tolerances, self.equal_nan = tolerances, equal_nan
        self.allow_subclasses, self.check_dtype, self.check_stride = allow_subclasses, check_dtype, check_stride

    def difference(self, actual: Any, expected: Any, item: str = "") -> str:
        """Return what is not close, "" where all is; *item* is the place in the sequences and mappings around both."""
        if isinstance(actual, Mapping) and isinstance(expected, Mapping):
            return self._of_mappings(actual, expected, item)
        if _are_sequences(actual, expected):
            return self._of_sequences(actual, expected, item)
        said = self._of_values(actual, expected)
        return f"{said}\nThis is item {item}." if said and item else said

    def _of_mappings(self, actual: Mapping[Any, Any], expected: Mapping[Any, Any], item: str) -> str:
        missing, extra = ([k for k in a if k not in b] for a, b in ((expected, actual), (actual, expected)))
        if missing or extra:
            return f"The keys{item and f' of item {item}'} differ: missing are {missing}, not expected are {extra}"
        pairs = ((actual[key], value, f"{item}[{key!r}]") for key, value in expected.items())
        return next(filter(None, (self.difference(*pair) for pair in pairs)), "")

    def _of_sequences(self, actual: Sequence[Any], expected: Sequence[Any], item: str) -> str:
        if len(actual) != len(expected):
            return f"The lengths{item and f' of item {item}'} differ: {len(actual)}, expected {len(expected)}"
        pairs = ((a, b, f"{item}[{i}]") for i, (a, b) in enumerate(zip(actual, expected, strict=True)))
        return next(filter(None, (self.difference(*pair) for pair in pairs)), "")

    def _of_values(self, actual: Any, expected: Any) -> str:
        if actual is None or expected is None:
            return "" if actual is expected else f"{_told(actual)}, expected {_told(expected)}"
        if isinstance(actual, bool | np.bool_) and isinstance(expected, bool | np.bool_):
            return "" if actual == expected else f"{actual}, expected {expected}"
        if not (isinstance(actual, int | float | np.number) and isinstance(expected, int | float | np.number)):
            return self._of_tensors(actual, expected)
        if self.check_dtype and type(actual) is not type(expected):
            return f"The types differ: {_told(actual)}, expected {_told(expected)}"
        return self._of_arrays("Numbers", np.asarray(actual), np.asarray(expected))

    def _of_tensors(self, actual: Any, expected: Any) -> str:
        classes = type(actual), type(expected)
        related = classes[0] is classes[1]
        if self.allow_subclasses:
            related = issubclass(*classes) or issubclass(*reversed(classes))
        if not related or not isinstance(actual, Tensor | ndarray):
            raise TypeError(
                f"assert_close: actual is {_told(actual)} and expected is {_told(expected)}: these are not compared; give two "
                "tensors, two NumPy arrays, two numbers, or sequences or mappings of them"
            )
        a, b = as_array(actual), as_array(expected)
        facts: list[tuple[str, bool, Any, Any]] = [
            ("shapes", True, a.shape, b.shape),
            ("dtypes", self.check_dtype, a.dtype, b.dtype),
            ("strides in bytes", self.check_stride, a.strides, b.strides),
        ]
        for name, checked, x, y in facts:
            if checked and x != y:
                return f"The {name} differ: {x}, expected {y}"
        return self._of_arrays("Tensors" if isinstance(actual, Tensor) else "Arrays", a, b)

    def _of_arrays(self, what: str, a: ndarray, b: ndarray) -> str:
        """Return how far *a* is from *b*, of one shape, where it is too far."""
        dtype = promote_types(a.dtype, b.dtype)
        usual = [TOLERANCES.get(x.dtype, (0.0, 0.0)) for x in (a, b)]
        rtol, atol = self.tolerances or map(max, *usual)
        close = isclose(a.astype(dtype), b.astype(dtype), rtol, atol, self.equal_nan)
        if close.all():
            return ""
        wide = float64 if dtype.kind == "f" else np.dtype(object)  # Python's integers do not overflow
        x, y = np.asarray(a, wide), np.asarray(b, wide)
        with np.errstate(all="ignore"):
            absolute = np.where(close, 0, abs(x - y)).astype(float64)
            relative = np.where(close, 0, absolute / abs(np.asarray(y, float64)))
        lines = [f"{what} are not {'close' if rtol or atol else 'equal'}"]
        if a.ndim:
            wrong = close.size - np.count_nonzero(close)
            lines[0] += f": {wrong} of {close.size} elements ({wrong / close.size:.1%}) differ"
        lines[0] += "."
        for name, differences, allowed in (("absolute", absolute, atol), ("relative", relative, rtol)):
            worst = np.unravel_index(np.argmax(differences), a.shape)
            place = f" at {tuple(map(int, worst))}" if a.ndim else ""
            lines.append(f"Greatest {name} difference: {differences[worst]:.6g}{place}, {a[worst]} for {b[worst]}")
            lines[-1] += f" (up to {allowed} allowed)"
        return "\n".join(lines)


def _are_sequences(*values: Any) -> bool:
    return all(isinstance(value, Sequence) and not isinstance(value, str | bytes) for value in values)


def _told(value: Any) -> str:
    """Return a short value in full, and the class of any other."""
    return repr(value) if value is None or isinstance(value, int | float) else f"a {type(value).__name__}"
