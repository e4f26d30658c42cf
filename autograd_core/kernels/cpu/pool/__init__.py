"""Pooling in one, two and three dimensions: one number for each window of a plane.

``windows`` says where windows lie; the other files go over them.  All of it is written for volumes (D, H, W):
an image is a volume with D = 1, and a signal one with D = H = 1.
"""

from .adaptive_max import adaptive_max_pool
from .average import adaptive_avg_pool, adaptive_avg_pool_input, avg_pool, avg_pool_input
from .max import max_pool
from .positions import pool_gather, pool_indices, pool_scatter

__all__ = [
    "adaptive_avg_pool",
    "adaptive_avg_pool_input",
    "adaptive_max_pool",
    "avg_pool",
    "avg_pool_input",
    "max_pool",
    "pool_gather",
    "pool_indices",
    "pool_scatter",
]
