"""Whether this package has kernels for CUDA, and the switches of its products."""

from __future__ import annotations

from ..accelerator import is_available

__all__ = ["is_built", "matmul"]

is_built = is_available


class matmul:
    """The switches of matrix products on CUDA; they change nothing here, where float32 is computed in float32.

    >>> ag.backends.cuda.matmul.allow_tf32
    False
    """

    allow_tf32 = False
    allow_fp16_reduced_precision_reduction = True
    allow_bf16_reduced_precision_reduction = True
