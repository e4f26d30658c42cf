"""Kernels for NumPy arrays.  Another device has a package of the same names and signatures."""

from __future__ import annotations

from .conv import conv2d, conv2d_input, conv2d_weight
from .elementwise import erf
from .pool import avg_pool2d, avg_pool2d_input, gather_planes, max_pool2d, scatter_planes
from .scatter import scatter_add_rows

__all__ = [
    "avg_pool2d",
    "avg_pool2d_input",
    "conv2d",
    "conv2d_input",
    "conv2d_weight",
    "erf",
    "gather_planes",
    "max_pool2d",
    "scatter_add_rows",
    "scatter_planes",
]
