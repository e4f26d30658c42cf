"""Linear algebra: what ``autograd_core.linalg`` shows, and its primitives."""

from .determinant import det, slogdet
from .exponential import matrix_exp
from .factors import cholesky, cholesky_ex, lu, lu_factor, lu_factor_ex, lu_solve, qr
from .norms import cond, matrix_norm, norm, vector_norm
from .products import cross, diagonal, matrix_power, multi_dot, vander, vecdot
from .solve import inv, inv_ex, solve, solve_ex, solve_triangular, tensorinv, tensorsolve
from .spectrum import eigh, eigvalsh, lstsq, matrix_rank, pinv, svd, svdvals

__all__ = [
    "cholesky",
    "cholesky_ex",
    "cond",
    "cross",
    "det",
    "diagonal",
    "eigh",
    "eigvalsh",
    "inv",
    "inv_ex",
    "lstsq",
    "lu",
    "lu_factor",
    "lu_factor_ex",
    "lu_solve",
    "matrix_exp",
    "matrix_norm",
    "matrix_power",
    "matrix_rank",
    "multi_dot",
    "norm",
    "pinv",
    "qr",
    "slogdet",
    "solve",
    "solve_ex",
    "solve_triangular",
    "svd",
    "svdvals",
    "tensorinv",
    "tensorsolve",
    "vander",
    "vecdot",
    "vector_norm",
]
