"""Samples of the primitives in ops/linear_algebra and ops/distance.py."""

import numpy as np

rng = np.random.default_rng(41)
normal = rng.normal
A, B, STACK = normal(size=(3, 3)), normal(size=(3, 2)), normal(size=(2, 3, 3))
TALL, WIDE = normal(size=(4, 2)), normal(size=(2, 3))
SPD = STACK @ STACK.mT + np.eye(3)
L = np.tril(STACK) + 2 * np.eye(3)
U = np.linalg.qr(A)[0]
ONE_ZERO, TWO_ZEROS = (U @ np.diag(s) @ np.linalg.qr(B @ B.T + A)[0] for s in ([2.0, 1.0, 0.0], [2.0, 0.0, 0.0]))
NONE = np.zeros(())

SAMPLES = {
    "cdist": [
        ((STACK, B.T), {"by_product": False}),
        ((A, normal(size=(4, 3))), {"by_product": True}),
    ],
    "cholesky": [((SPD,), {}), ((SPD[0],), {}), ((normal(size=(0, 2, 2)),), {})],
    "cofactors": [((A,), {}), ((STACK,), {}), ((normal(size=(1, 1)),), {})],
    "cofactors_x": [((A, STACK[0]), {}), ((STACK, STACK[::-1]), {})],
    "det": [((A,), {}), ((STACK,), {}), ((ONE_ZERO,), {}), ((TWO_ZEROS,), {}), ((np.zeros((2, 2, 2)),), {})],
    "eigh": [((A,), {}), ((STACK,), {})],
    "eigvalsh": [((A,), {}), ((STACK,), {})],
    "first_zero": [((L,), {}), ((np.diag([1.0, 0.0]),), {})],
    "inv": [((A,), {}), ((STACK,), {})],
    "lu": [((A,), {}), ((STACK,), {}), ((TALL,), {}), ((WIDE,), {})],
    "matrix_exp": [((A,), {}), ((np.stack([B @ B.T, A * 8]) / 4,), {})],
    "permutation_matrix": [((np.array([2, 3, 3], np.int32),), {"rows": 4, "dtype": np.dtype(float)})],
    "pinv": [
        ((TALL, NONE, NONE), {"hermitian": False}),
        ((WIDE, NONE, NONE), {"hermitian": False}),
        ((STACK, NONE, NONE), {"hermitian": False}),
    ],
    "qr": [((x,), {"complete": False}) for x in (A, STACK, TALL, WIDE)] + [((WIDE,), {"complete": True})],
    "slogdet": [((A,), {}), ((STACK,), {})],
    "solve": [((A, B), {}), ((STACK, B), {}), ((A, normal(size=(2, 3, 2))), {})],
    "solve_triangular": [
        ((L, B), {"upper": False, "unit": False}),
        ((L[0], normal(size=(2, 3, 2))), {"upper": False, "unit": True}),
        ((L.mT, B), {"upper": True, "unit": False}),
        ((L.mT, B), {"upper": True, "unit": True}),
    ],
    "svd": [((x,), {"full": False}) for x in (A, STACK, TALL, WIDE)] + [((TALL,), {"full": True})],
    "svdvals": [((A,), {}), ((STACK,), {}), ((WIDE,), {})],
}
