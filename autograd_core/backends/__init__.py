"""What programs ask of, and set in, ``torch.backends``.  One backend is there: the CPU's kernels of this package."""

from __future__ import annotations

from ..errors import ArgumentError
from . import cuda, cudnn, mps

__all__ = ["cuda", "cudnn", "get_float32_matmul_precision", "mps", "set_float32_matmul_precision"]

_precision = "highest"


def set_float32_matmul_precision(precision: str) -> None:
    """Allow products of float32 matrices to be less exact: "highest", "high" or "medium".

    It changes nothing here, where they are computed in float32 whatever is allowed.

    >>> set_float32_matmul_precision("high")
    >>> get_float32_matmul_precision()
    'high'
    >>> set_float32_matmul_precision("highest")
    """
    global _precision  # noqa: PLW0603
    if precision not in ("highest", "high", "medium"):
        raise ArgumentError(
            f'set_float32_matmul_precision: precision={precision!r} is unknown; use "highest", "high" or "medium"'
        )
    _precision = precision


def get_float32_matmul_precision() -> str:
    """Return what was last given to ``set_float32_matmul_precision``, "highest" by default.

    >>> get_float32_matmul_precision()
    'highest'
    """
    return _precision
