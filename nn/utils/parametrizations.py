"""Parametrizations that are often wanted: orthogonal matrices, weights of spectral norm 1, lengths times directions."""

from __future__ import annotations

from typing import Any, TypeVar

import numpy as np

import autograd_core as ag
from autograd_core import Tensor

from .. import expect
from .. import functional as F
from ..module import Module
from .parametrize import is_parametrized, register_parametrization
from .spectral_norm import as_matrix, output_dim
from .weight_norm import norm_except

__all__ = ["orthogonal", "spectral_norm", "weight_norm"]

M = TypeVar("M", bound=Module)


def _tensor_of(function: str, module: Module, name: str) -> Tensor:
    tensor = getattr(module, name, None)
    if not isinstance(tensor, Tensor):
        raise ag.errors.ArgumentError(
            f"{function}: {module._get_name()} has no parameter or buffer with name {name!r}; give the name of one"
        )
    return tensor


# ----------------------------------------------------------------------------------------------------------- weight norm


class _WeightNorm(Module):
    def __init__(self, dim: int | None) -> None:
        super().__init__()
        self.dim = dim

    def forward(self, weight_g: Tensor, weight_v: Tensor) -> Tensor:
        return weight_v * (weight_g / norm_except(weight_v, self.dim))

    def right_inverse(self, weight: Tensor) -> tuple[Tensor, Tensor]:
        return norm_except(weight, self.dim), weight


def weight_norm(module: M, name: str = "weight", dim: int | None = 0) -> M:
    """Parametrize a weight as g * v / norm(v): lengths, *original0*, times directions, *original1*; return *module*.

    There is a length for each index along *dim*, or a single one with None.  A state dict of ``nn.utils.weight_norm`` loads.
    Source: Salimans & Kingma 2016.

    >>> import nn
    >>> list(weight_norm(nn.Linear(3, 2)).state_dict())
    ['bias', 'parametrizations.weight.original0', 'parametrizations.weight.original1']
    """

    def renamed(module: Module, state: dict[str, Any], prefix: str, *_: Any) -> None:
        old = [f"{prefix}{name}_g", f"{prefix}{name}_v"]
        if is_parametrized(module, name) and all(key in state for key in old):
            for i, key in enumerate(old):
                state[f"{prefix}parametrizations.{name}.original{i}"] = state.pop(key)

    register_parametrization(module, name, _WeightNorm(dim), unsafe=True)
    module.register_load_state_dict_pre_hook(renamed)
    return module


# --------------------------------------------------------------------------------------------------------- spectral norm


class _SpectralNorm(Module):
    _u: Tensor
    _v: Tensor

    def __init__(self, weight: Tensor, n_power_iterations: int, dim: int, eps: float) -> None:
        super().__init__()
        if not -weight.ndim <= dim < weight.ndim:
            raise IndexError(
                f"spectral_norm: dim={dim} is out of range: expected {-weight.ndim} to {weight.ndim - 1} for a weight of "
                f"{tuple(weight.shape)}"
            )
        expect.size("spectral_norm", n_power_iterations=n_power_iterations)
        self.dim, self.eps, self.n_power_iterations = dim, eps, n_power_iterations
        if weight.ndim > 1:
            matrix = as_matrix(weight.detach(), dim)
            for name, size in zip(("_u", "_v"), matrix.shape, strict=True):
                self.register_buffer(name, F.normalize(ag.randn(size, dtype=weight.dtype), dim=0, eps=eps))
            self._iterate(matrix, 15)

    @ag.no_grad()
    def _iterate(self, matrix: Tensor, times: int) -> None:
        """Bring _u and _v nearer to the singular vectors of the largest singular value, by the power method."""
        for _ in range(times):
            self._u.copy_(F.normalize(matrix.mv(self._v), dim=0, eps=self.eps))
            self._v.copy_(F.normalize(matrix.T.mv(self._u), dim=0, eps=self.eps))

    def forward(self, weight: Tensor) -> Tensor:
        if weight.ndim == 1:
            return F.normalize(weight, dim=0, eps=self.eps)
        matrix = as_matrix(weight, self.dim)
        if self.training:
            self._iterate(matrix, self.n_power_iterations)
        u, v = self._u.clone(), self._v.clone()  # the next reading writes in _u and _v, and the backward needs these
        return weight / u.dot(matrix.mv(v))

    def right_inverse(self, value: Tensor) -> Tensor:
        return value


def spectral_norm(
    module: M, name: str = "weight", n_power_iterations: int = 1, eps: float = 1e-12, dim: int | None = None
) -> M:
    """Parametrize a weight as itself divided by its largest singular value, or a vector by its norm; return *module*.

    The weight is taken as a matrix with a row for each index along *dim*, by default that of the outputs.  In training each
    reading does *n_power_iterations* of the power method.  Source: Miyato et al. 2018.

    >>> import nn
    >>> layer = spectral_norm(nn.Linear(3, 2, dtype=ag.float64), n_power_iterations=50)
    >>> ag.linalg.matrix_norm(layer.weight, 2).round(decimals=4).item()
    1.0
    """
    weight = _tensor_of("spectral_norm", module, name)
    by = _SpectralNorm(weight, n_power_iterations, output_dim(module) if dim is None else dim, eps)
    return register_parametrization(module, name, by)


# ------------------------------------------------------------------------------------------------------------ orthogonal


class _Orthogonal(Module):
    base: Tensor | None

    def __init__(self, shape: tuple[int, ...], orthogonal_map: str, use_trivialization: bool) -> None:
        super().__init__()
        self.shape, self.orthogonal_map = shape, orthogonal_map
        if use_trivialization:
            self.register_buffer("base", None)

    def forward(self, X: Tensor) -> Tensor:
        wide = X.shape[-2] < X.shape[-1]
        X = X.mT if wide else X
        Q = _householder(X) if self.orthogonal_map == "householder" else self._of_skew(X)
        if self._has_base():
            Q = self.base @ Q
        return Q.mT if wide else Q

    def _has_base(self) -> bool:
        return "base" in self._names

    def _of_skew(self, X: Tensor) -> Tensor:
        """Return the first columns of an orthogonal matrix: a function of the skew-symmetric one that X's triangle makes."""
        n, k = X.shape[-2:]
        X = X.tril()
        if n != k:
            X = ag.cat([X, ag.zeros(*X.shape[:-1], n - k, dtype=X.dtype)], -1)
        A = X - X.mT
        if self.orthogonal_map == "matrix_exp":
            Q = ag.linalg.matrix_exp(A)
        else:  # the Cayley map (I + A/2) (I - A/2)^-1
            identity = ag.eye(n, dtype=A.dtype)
            Q = ag.linalg.solve(identity - 0.5 * A, identity + 0.5 * A)
        return Q if n == k else Q[..., :k]

    @ag.no_grad()
    def right_inverse(self, Q: Tensor) -> Tensor:
        if Q.shape != self.shape:
            raise expect.shape_error("orthogonal", Q, f"a matrix or batch of matrices {self.shape}", "keep the shape")
        n, k = max(Q.shape[-2:]), min(Q.shape[-2:])
        wide = Q.shape[-2] < Q.shape[-1]
        tall: np.ndarray = (Q.mT if wide else Q).array
        if not self._has_base():
            if self.orthogonal_map != "householder":
                raise NotImplementedError(
                    "It is not possible to assign to the matrix exponential or the Cayley parametrizations when "
                    "use_trivialization=False: their inverse is not known; use trivialization, or householder"
                )
            X = ag.from_numpy(_reflectors(tall))
            return X.mT if wide else X
        if n != k:
            more = ag.randn(*Q.shape[:-2], n, n - k, dtype=Q.dtype).array
            tall = _orthonormal(np.concatenate([tall, more], -1))
        elif not np.allclose(tall.swapaxes(-1, -2) @ tall, np.eye(n), atol=10 * n * np.finfo(tall.dtype).eps):
            tall = _orthonormal(tall)
        self.base = ag.from_numpy(tall.copy())
        return -ag.eye(*Q.shape[-2:], dtype=Q.dtype).expand(Q.shape)  # what every map takes to the identity


def _householder(X: Tensor) -> Tensor:
    """Return the first columns of the product of the reflections I - 2 v v' / v'v, times the signs on the diagonal of X.

    The vectors v are the columns of X below the diagonal, with ones on it.  The product of k reflections is I - V T V',
    where the inverse of T is the upper triangle of V'V with half of its diagonal (Schreiber & Van Loan 1989).
    """
    n, k = X.shape[-2:]
    identity = ag.eye(n, k, dtype=X.dtype)
    V = X.tril(-1) + identity
    products = V.mT @ V
    inverse_of_T = products.triu(1) + 0.5 * products * ag.eye(k, dtype=X.dtype)
    Q = identity - V @ ag.linalg.solve_triangular(inverse_of_T, V[..., :k, :].mT, upper=True)
    return Q * X.detach().diagonal(dim1=-2, dim2=-1).trunc().unsqueeze(-2)


def _reflectors(Q: np.ndarray) -> np.ndarray:
    """Return X with ``_householder(X)`` = Q: LAPACK's vectors below the diagonal, signs on it."""
    raw, tau = np.linalg.qr(Q, "raw")
    X: np.ndarray = raw.swapaxes(-1, -2).astype(Q.dtype)
    place = np.arange(X.shape[-1])
    signs = np.sign(X[..., place, place])
    X[..., place, place] = np.where(tau == 0, -signs, signs)  # LAPACK leaves a reflection out; _householder has all
    return X


def _orthonormal(A: np.ndarray) -> np.ndarray:
    """Return Q of A = QR, with the signs that make the diagonal of R positive."""
    Q, R = np.linalg.qr(A)
    return np.asarray(Q * np.sign(np.diagonal(R, axis1=-2, axis2=-1))[..., None, :], A.dtype)


MAPS = ("matrix_exp", "cayley", "householder")


def orthogonal(
    module: M, name: str = "weight", orthogonal_map: str | None = None, *, use_trivialization: bool = True
) -> M:
    """Parametrize a matrix, or a batch of them (..., m, n), as one with orthonormal columns, or rows if m < n; return *module*.

    *orthogonal_map* makes it of the original tensor: "matrix_exp", exp(A), or "cayley", (I + A/2) (I - A/2)^-1, of a
    skew-symmetric A; or "householder", a product of reflections.  By default the first for square matrices, else the last.
    With *use_trivialization* the result is multiplied by a fixed matrix, the buffer *base*, and starts as the weight itself
    if that is orthogonal, or orthogonalized (Lezcano-Casado 2019).  Raises ArgumentError.

    >>> import nn
    >>> Q = orthogonal(nn.Linear(2, 4)).weight
    >>> ag.allclose(Q.T @ Q, ag.eye(2), atol=1e-5)
    True
    """
    weight = _tensor_of("orthogonal", module, name)
    if weight.ndim < 2:
        raise ag.errors.ArgumentError(
            f"orthogonal: {name} is a tensor of {weight.ndim} dimensions, expected a matrix or batch of matrices"
        )
    square = weight.shape[-1] == weight.shape[-2]
    chosen = ("matrix_exp" if square else "householder") if orthogonal_map is None else orthogonal_map
    if chosen not in MAPS:
        known = ", ".join(f'"{one}"' for one in MAPS)
        raise ag.errors.ArgumentError(f"orthogonal: orthogonal_map has to be one of {known}. Got: {orthogonal_map}")
    by = _Orthogonal(tuple(weight.shape), chosen, use_trivialization)
    return register_parametrization(module, name, by, unsafe=True)
