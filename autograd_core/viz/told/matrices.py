"""Determinants, inverses, systems and factors of matrices; G is one number for each matrix where the result is."""

from __future__ import annotations

__all__ = ["TOLD"]

_COFACTORS = """
y = inv(x).mT
det(x) * (inner(G, y) * y - y @ G.mT @ y)
"""
_COFACTORS_TWICE = """
y = inv(x).mT
a = y @ G.mT @ y
b = y @ grad.mT @ y
c = a @ grad.mT @ y + b @ G.mT @ y
det(x) * ((inner(G, y) * inner(grad, y) - inner(G, b)) * y - inner(G, y) * b - inner(grad, y) * a + c)
"""
_CHOLESKY = """
s = tril(out.mT @ G)
h = (s + tril(s, -1).mT) / 2
inv(out).mT @ h @ inv(out)
"""
_LU = """
L = tril(out, -1) + eye(out)
U = triu(out)
h = tril(L.mT @ tril(G, -1), -1) + triu(triu(G) @ U.mT)
permutation(pivots) @ inv(L).mT @ h @ inv(U).mT
"""
_QR = """
m = x.shape[-2]
n = x.shape[-1]
Q = out[..., :m, :]
R = out[..., m:, :].mT
G_Q = G[..., :m, :]
G_R = G[..., m:, :].mT
s = G_R @ R.mT - Q.mT @ G_Q
h = triu(s) + triu(s, 1).mT
t = tril(s.mT - s, -1)
(G_Q + Q @ h) @ inv(R).mT if m >= n else widen(Q @ t @ inv(R[..., :m]).mT, n) + Q @ G_R
"""
_EIGH = """
w = out[..., :1, :]
V = out[..., 1:, :]
G_w = G[..., 0, :]
G_V = G[..., 1:, :]
s = V.mT @ G_V
V @ (ratio(s - s.mT, 2 * (w - w.mT)) + diagonal_matrix(G_w)) @ V.mT
"""
_SVD = """
m = x.shape[-2]
U = out[..., :m, :]
S = out[..., m:m + 1, :]
V = out[..., m + 1:, :]
G_U = G[..., :m, :]
G_S = G[..., m, :]
G_V = G[..., m + 1:, :]
a = U.mT @ G_U
b = V.mT @ G_V
h = ratio((a - a.mT) * S + S.mT * (b - b.mT), (S - S.mT) * (S + S.mT)) + diagonal_matrix(G_S)
U @ h @ V.mT + complement(U @ U.mT) @ ratio(G_U, S) @ V.mT + U @ ratio(G_V, S).mT @ complement(V @ V.mT)
"""
_PINV = "-out.mT @ G @ out.mT + complement(x @ out) @ G.mT @ out @ out.mT + out.mT @ out @ G.mT @ complement(out @ x)"
_TRIANGLE = "T is the triangle of a that is read; only that gets a gradient."
_SOLVED = "The transposed system is solved for the gradient; "

TOLD: dict[str, dict[str, tuple[str | None, str]]] = {
    "det": {
        "x": ("G * cofactors(x)", "An element counts by its cofactor: what it is multiplied by in the determinant.")
    },
    "cofactors": {"x": (_COFACTORS, "Of matrices that have an inverse.")},
    "cofactors_x": {"grad": (_COFACTORS, ""), "x": (_COFACTORS_TWICE, "")},
    "slogdet": {"x": ("G * inv(x).mT", "The slope of the logarithm of a determinant is the inverse, transposed.")},
    "matrix_exp": {
        "x": (
            "n = x.shape[-1]\nexpm(blocks(x.mT, G, 0 * G, x.mT))[..., :n, n:]",
            "The exponential of four blocks has the derivative of the exponential in its upper right one.",
        )
    },
    "cholesky": {"x": (_CHOLESKY, "Between two solutions by the factor; the result is symmetric.")},
    "lu": {"x": (_LU, "A matrix that is not square is filled up with the identity, and what it gets is cut off.")},
    "qr": {"x": (_QR, "The result has Q above the transpose of R, and so has G.")},
    "inv": {"x": (None, "Between two inverses, transposed; larger x is smaller inverse, hence the minus.")},
    "solve": {
        "a": ("-solve(a.mT, G) @ out.mT", _SOLVED + "a gets it times what was found."),
        "b": ("solve(a.mT, G)", _SOLVED + "that is what b gets."),
    },
    "solve_triangular": {
        "a": (
            "T = triangle_of(a, upper=upper, unit=unit)\npart_of(-solve(T.mT, G) @ out.mT, upper=upper, unit=unit)",
            _TRIANGLE,
        ),
        "b": ("T = triangle_of(a, upper=upper, unit=unit)\nsolve(T.mT, G)", _TRIANGLE),
    },
    "eigh": {
        "x": (_EIGH, "The result has the eigenvalues as a row above their vectors. Close eigenvalues make it large."),
    },
    "eigvalsh": {
        "x": ("V = eigenvectors(x)\nV @ diagonal_matrix(G) @ V.mT", "Each eigenvalue counts along its own vector."),
    },
    "svd": {"x": (_SVD, "The result has U, the singular values as a row, and V, one above the other.")},
    "svdvals": {
        "x": (
            "U = left_vectors(x)\nV = right_vectors(x)\nU @ diagonal_matrix(G) @ V.mT",
            "Each singular value counts along its own two vectors.",
        )
    },
    "pinv": {"x": (_PINV, "As for the inverse, and what lies beyond the rows and columns of x.")},
}
