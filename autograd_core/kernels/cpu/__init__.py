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
from .alignment import ctc, ctc_x
from .bessel import bessel_i, spherical_bessel
from .convolution import conv, conv_input, conv_weight
from .dropout import dropout
from .elementwise import exp
from .elimination import lu, permutation, solve_triangle
from .error_function import erf, erfc, erfcx, erfinv, log_ndtr, ndtr, ndtri
from .gamma import digamma, igamma, igammac, lgamma, polygamma, zeta
from .incomplete import beta_shift, gamma_shift
from .loss import class_entropy, class_entropy_x, share_entropy
from .normalize import (
    normalize_planes,
    normalize_planes_pull,
    normalize_rows,
    normalize_rows_pull,
    scale_planes,
    scale_planes_pull,
)
from .order import extremes
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
from .sample import sample, sample_input, sample_weight
from .scan import linear_recurrence, running_product, running_record, running_sum
from .scatter import first_outside, gather_along, scatter_add_along, scatter_add_rows
from .search import insertion_places
from .selection import share
from .softmax import masked_softmax, softmax, softmax_x
from .sparse import sparse_product

__all__ = [
    "adaptive_avg_pool",
    "adaptive_avg_pool_input",
    "adaptive_max_pool",
    "affine",
    "avg_pool",
    "avg_pool_input",
    "bessel_i",
    "beta_shift",
    "class_entropy",
    "class_entropy_x",
    "conv",
    "conv_input",
    "conv_weight",
    "ctc",
    "ctc_x",
    "digamma",
    "dropout",
    "erf",
    "erfc",
    "erfcx",
    "erfinv",
    "exp",
    "extremes",
    "first_outside",
    "gamma_shift",
    "gather_along",
    "gelu",
    "gelu_tanh",
    "gelu_tanh_x",
    "gelu_x",
    "igamma",
    "igammac",
    "insertion_places",
    "lgamma",
    "linear_recurrence",
    "log_ndtr",
    "logsigmoid",
    "lu",
    "masked_softmax",
    "max_pool",
    "ndtr",
    "ndtri",
    "normalize_planes",
    "normalize_planes_pull",
    "normalize_rows",
    "normalize_rows_pull",
    "permutation",
    "polygamma",
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
    "running_product",
    "running_record",
    "running_sum",
    "sample",
    "sample_input",
    "sample_weight",
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
    "solve_triangle",
    "sparse_product",
    "spherical_bessel",
    "sum_over",
    "tanh_x",
    "zeta",
]
