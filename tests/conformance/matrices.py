"""Valid calls of ``linalg``."""

from __future__ import annotations

import numpy as np

from .calls import Call, Of, Text, call, definite, lower, normal, well_conditioned

M = well_conditioned("b33")

LINALG: dict[str, list[Call]] = {
    "cholesky": [call(definite("b33")), call(definite("33"), upper=True)],
    "cholesky_ex": [call(definite("b33"))],
    "cond": [call(well_conditioned("33"))],
    "cross": [call("a3", "a3")],
    "det": [call(M)],
    "diagonal": [call("abc")],
    "eigvalsh": [call(definite("b33"))],
    "inv": [call(M)],
    "inv_ex": [call(M)],
    "lstsq": [call(normal("43"), "4k"), call(well_conditioned("33"), "3k")],
    "lu": [call(M), call("43")],
    "lu_factor": [call(M)],
    "lu_factor_ex": [call(M)],
    "lu_solve": [call(M, Of("b3", lambda rng, shape: np.broadcast_to(np.int32([2, 3, 3]), shape), False), "b3k")],
    "matrix_exp": [call("b33")],
    "matrix_rank": [call(normal("43"))],
    "matrix_norm": [call("bmn"), call("bmn", Text("nuc")), call("bmn", 1), call("33", 2)],
    "matrix_power": [call(M, 3), call(M, -2), call(M, 0)],
    "multi_dot": [call(["ab", "bc", "cd"]), call(["b", "bc", "cd", "d"])],
    "norm": [call("abc"), call("abc", 1, 1), call("ab", Text("fro")), call("abc", 2, (0, 1))],
    "pinv": [call(normal("43")), call(well_conditioned("33"))],
    "qr": [call("b43"), call("33")],
    "slogdet": [call(M)],
    "solve": [call(M, "b3k"), call(well_conditioned("33"), "3")],
    "solve_ex": [call(M, "b3k")],
    "solve_triangular": [call(lower("b33"), "b3k", upper=False), call(lower("33"), "33", upper=False, left=False)],
    "svdvals": [call(normal("43")), call(normal("b23"))],
    "tensorinv": [call(well_conditioned("66"), 1)],
    "tensorsolve": [call(well_conditioned("66"), "6")],
    "vander": [call("a"), call("a", N=4)],
    "vecdot": [call("ab", "ab")],
    "vector_norm": [call("abc"), call("abc", 3, 1), call("ab", float("inf"), 1)],
}
