"""Kernels for NumPy arrays.  Another device has a package of the same names and signatures."""

from __future__ import annotations

from .activation import (
    gelu,
    gelu_tanh,
    gelu_tanh_x,
    gelu_x,
    logsigmoid,
    relu,
    relu_x,
    sigmoid,
    sigmoid_x,
    silu,
    silu_x,
    softplus,
    softplus_x,
    tanh_x,
)
from .convolution import conv, conv_input, conv_weight
from .dropout import dropout
from .elementwise import erf, exp
from .loss import class_entropy, class_entropy_x, share_entropy
from .normalize import (
    normalize_planes,
    normalize_planes_pull,
    normalize_rows,
    normalize_rows_pull,
    scale_planes,
    scale_planes_pull,
)
from .pool import (
    adaptive_avg_pool,
    adaptive_avg_pool_input,
    adaptive_max_pool,
    avg_pool,
    avg_pool_input,
    max_pool,
    pool_gather,
    pool_indices,
    pool_scatter,
)
from .product import affine, product, products
from .recurrent import recurrence, recurrence_backward, recurrent_cell, recurrent_cell_backward, recurrent_table
from .reduce import products_of_others, sum_over
from .scatter import first_outside, gather_along, scatter_add_along, scatter_add_rows
from .selection import share
from .softmax import softmax, softmax_x

__all__ = [
    "adaptive_avg_pool",
    "adaptive_avg_pool_input",
    "adaptive_max_pool",
    "affine",
    "avg_pool",
    "avg_pool_input",
    "class_entropy",
    "class_entropy_x",
    "conv",
    "conv_input",
    "conv_weight",
    "dropout",
    "erf",
    "exp",
    "first_outside",
    "gather_along",
    "gelu",
    "gelu_tanh",
    "gelu_tanh_x",
    "gelu_x",
    "logsigmoid",
    "max_pool",
    "normalize_planes",
    "normalize_planes_pull",
    "normalize_rows",
    "normalize_rows_pull",
    "pool_gather",
    "pool_indices",
    "pool_scatter",
    "product",
    "products",
    "products_of_others",
    "recurrence",
    "recurrence_backward",
    "recurrent_cell",
    "recurrent_cell_backward",
    "recurrent_table",
    "relu",
    "relu_x",
    "scale_planes",
    "scale_planes_pull",
    "scatter_add_along",
    "scatter_add_rows",
    "share",
    "share_entropy",
    "sigmoid",
    "sigmoid_x",
    "silu",
    "silu_x",
    "softmax",
    "softmax_x",
    "softplus",
    "softplus_x",
    "sum_over",
    "tanh_x",
]
