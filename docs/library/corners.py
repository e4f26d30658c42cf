"""Which gradient a function has where it has no derivative: at a corner, and where elements tie.

What stands here is only where to look: the gradients are those that come out.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from beside_torch import Side, flat


class Corner(NamedTuple):
    """``f(*operands, *rest, **kwargs)``, at values of the operands that are described as *where*."""

    operands: tuple[np.ndarray, ...]
    rest: tuple[Any, ...]
    kwargs: dict[str, Any]
    where: str

    def call(self, name: str) -> str:
        """Return the call as it is written, with letters for tensors."""
        args = [*"xyz"[: len(self.operands)], *("t" if isinstance(r, np.ndarray) else repr(r) for r in self.rest)]
        return f"{name}({', '.join([*args, *(f'{k}={v!r}' for k, v in self.kwargs.items())])})"

    def gradient(self, function: Callable[..., Any], side: Side) -> np.ndarray:
        """Return the gradients for all operands, one after the other, in one of the two libraries.

        The elements of a result have weights 1, 2, 3, so that the gradient tells which of them went where.
        """
        leaves = [side.tensor(x.copy()).requires_grad_() for x in self.operands]
        rest = [side.tensor(r) if isinstance(r, np.ndarray) else r for r in self.rest]
        live = [
            r for r in flat(function(*leaves, *rest, **self.kwargs)) if isinstance(r, side.kind) and r.requires_grad
        ]
        weights = [side.tensor(np.arange(1.0, r.numel() + 1).reshape(tuple(r.shape))) for r in live]
        found = side.grad(live, leaves, weights, allow_unused=True)
        return np.concatenate(
            [np.zeros(x.size) if g is None else g.numpy(force=True).ravel() for x, g in zip(leaves, found)]
        )


def worded(gradient: np.ndarray) -> str:
    """Return a gradient in words where it is shared between elements that tie, else its numbers."""
    n = gradient.size
    ways = {
        "shared evenly": np.full(n, 1 / n),
        "both results shared evenly": np.full(n, 2 / n if n > 2 else np.nan),
        "all to the first": np.eye(n)[0],
        "all to the last": np.eye(n)[-1],
        "all to the middle one": np.eye(n)[n // 2],
        "each to its own place": np.arange(1.0, n + 1),
    }
    if n > 1:
        for words, way in ways.items():
            if np.allclose(gradient, way):
                return words
    numbers = [f"{g:.4g}".replace("-", "−").replace("inf", "∞") for g in gradient + 0.0]
    return numbers[0] if len(set(numbers)) == 1 else f"({', '.join(numbers)})"


def at(*points: float, **kwargs: Any) -> list[Corner]:
    """Return the corners of a function of one number, one at each point."""
    return [Corner((np.array(float(p)),), (), kwargs, f"x = {p:g}".replace("-", "−")) for p in points]


def when(where: str, *operands: Any, rest: tuple[Any, ...] = (), **kwargs: Any) -> list[Corner]:
    """Return the corner at these *operands*."""
    return [Corner(tuple(np.array(x, dtype=float) for x in operands), rest, kwargs, where)]


THREE = [2.0, 2.0, 2.0]


def among_equals(*rest: Any, **kwargs: Any) -> list[Corner]:
    """Return the corner of a function of several elements where three are equal."""
    return when("three equal elements", THREE, rest=rest, **kwargs)


def of_equals(**kwargs: Any) -> list[Corner]:
    """Return the corner of a function of two numbers where they are equal."""
    return when("x = y", 2.0, 2.0, **kwargs)


def at_zeros(*rest: Any, **kwargs: Any) -> list[Corner]:
    """Return the corner of a function of several elements at zeros."""
    return when("all elements 0", [0.0, 0.0], rest=rest, **kwargs)


def at_an_equal(*, rest: tuple[Any, ...] = (), **kwargs: Any) -> list[Corner]:
    """Return the corner of a distance, for its first tensor alone, at two equal rows."""
    return when("x = t", [[1.0, 2.0]], rest=(np.array([[1.0, 2.0]]), *rest), **kwargs)


def window(dims: int) -> list[Any]:
    """Return three equal elements in the last dim, with so many dims beside those of samples and channels."""
    values: list[Any] = [2.0, 2.0, 2.0]
    for _ in range(dims + 1):
        values = [values]
    return values


MINUS = np.array([-1.0])

ELEMENTWISE: dict[str, list[Corner]] = {
    **{name: at(0) for name in ("abs", "sign", "sqrt", "sinc", "relu", "sgn")},
    **{name: at(1) for name in ("ceil", "floor", "trunc", "frac")},
    "acos": at(1),
    "asin": at(1),
    "acosh": at(1),
    "atanh": at(1),
    "atan2": when("x = y = 0", 0.0, 0.0),
    "clamp": [*at(-1, 1, min=-1, max=1), *when("x = y, a lower bound", 2.0, 2.0)],
    "clamp_max": when("x = 1", 1.0, rest=(1.0,)),
    "clamp_min": when("x = 1", 1.0, rest=(1.0,)),
    "copysign": when("x = 0, y = 1", 0.0, 1.0),
    **{name: of_equals() for name in ("fmax", "fmin", "maximum", "minimum")},
    "fmod": when("x = 2 y", 4.0, 2.0),
    "hypot": when("x = y = 0", 0.0, 0.0),
    "log": at(0),
    "logaddexp": when("x = y = −∞", -np.inf, -np.inf),
    "logit": at(0.25, eps=0.25),
    "nan_to_num": at(float("nan"), float("inf")),
    "pow": [*when("x = 0", 0.0, rest=(0.5,)), *when("x = y = 0", 0.0, 0.0)],
    "remainder": when("x = 2 y", 4.0, 2.0),
    "round": at(0.5),
    "rsqrt": at(0),
    "xlogy": when("x = y = 0", 0.0, 0.0),
}

REDUCTIONS: dict[str, list[Corner]] = {
    **{name: [*among_equals(), *among_equals(0)] for name in ("max", "min", "median", "nanmedian")},
    **{name: among_equals() for name in ("amax", "amin")},
    **{name: among_equals(0) for name in ("cummax", "cummin", "mode", "sort")},
    "aminmax": among_equals(),
    "dist": when("x = t", [1.0, 2.0], rest=(np.array([1.0, 2.0]),)),
    "kthvalue": among_equals(2),
    "logsumexp": when("all elements −∞", [-np.inf, -np.inf], rest=(0,)),
    "msort": among_equals(),
    "norm": [*at_zeros(), *at_zeros(1), *when("three equal elements", THREE, rest=(float("inf"),))],
    "prod": [*when("one element 0", [0.0, 2.0, 3.0]), *when("two elements 0", [0.0, 0.0, 3.0])],
    "quantile": among_equals(0.5),
    "scatter_reduce": when("x = t", [2.0], rest=(0, np.array([0]), np.array([2.0]), "amax")),
    "renorm": when("norm = the largest allowed", [[2.0]], rest=(2, 0, 2.0)),
    "std": among_equals(),
    "topk": [*among_equals(1), *among_equals(2)],
}

LINALG: dict[str, list[Corner]] = {
    "norm": at_zeros(),
    "vector_norm": [
        *at_zeros(),
        *at_zeros(1),
        *when("three equal elements", THREE, rest=(float("inf"),)),
    ],
    "matrix_norm": when("all elements 0", [[0.0, 0.0], [0.0, 0.0]]),
}

FUNCTIONAL: dict[str, list[Corner]] = {
    **{name: at(0) for name in ("celu", "elu", "leaky_relu", "relu", "selu", "softsign")},
    **{name: at(-3, 3) for name in ("hardsigmoid", "hardswish")},
    **{name: at(-0.5, 0.5) for name in ("hardshrink", "softshrink")},
    "hardtanh": at(-1, 1),
    "relu6": at(0, 6),
    "threshold": when("x = the threshold", 1.0, rest=(1.0, 0.0)),
    "prelu": when("x = 0", [0.0], rest=(np.array([0.25]),)),
    "binary_cross_entropy": [
        *when("x = 0, t = 1", 0.0, rest=(np.array(1.0),)),
        *when("x = 1, t = 1", 1.0, rest=(np.array(1.0),)),
    ],
    "hinge_embedding_loss": when("x = the margin, t = −1", [1.0], rest=(MINUS,)),
    "huber_loss": when("|x − t| = δ", 1.0, rest=(np.array(0.0),)),
    "kl_div": when("t = 0", 0.0, rest=(np.array(0.0),)),
    "l1_loss": when("x = y", 2.0, 2.0),
    "smooth_l1_loss": when("|x − t| = β", 1.0, rest=(np.array(0.0),)),
    "margin_ranking_loss": when("x = y, without a margin", [2.0], [2.0], rest=(np.array([1.0]),)),
    "multi_margin_loss": when("at the margin", [[1.0, 0.0]], rest=(np.array([0]),)),
    "multilabel_margin_loss": when("at the margin", [[1.0, 0.0]], rest=(np.array([[0, -1]]),)),
    "cosine_embedding_loss": when(
        "cosine = the margin, t = −1", [[1.0, 0.0]], [[0.0, 1.0]], rest=(MINUS,)
    ),
    "triplet_margin_loss": when(
        "at the margin", [[0.0, 0.0]], rest=(np.array([[1.0, 0.0]]), np.array([[0.0, 2.0]])), eps=0.0
    ),
    "cosine_similarity": when("x = 0", [[0.0, 0.0]], rest=(np.array([[1.0, 2.0]]),)),
    "normalize": when("x = 0", [[0.0, 0.0]]),
    "pairwise_distance": [*at_an_equal(), *at_an_equal(eps=0.0)],
    "pdist": when("two equal rows", [[1.0, 2.0], [1.0, 2.0]]),
    **{f"{kind}max_pool{d}d": when("three equal elements", window(d - 1), rest=((1,) * (d - 1) + (size,),))
       for kind, size in (("", 3), ("adaptive_", 1)) for d in (1, 2, 3)},
}  # fmt: skip

CORNERS: dict[str, list[Corner]] = {
    **{f"ag.{name}": corners for name, corners in (ELEMENTWISE | REDUCTIONS).items()},
    **{f"ag.linalg.{name}": corners for name, corners in LINALG.items()},
    **{f"nn.functional.{name}": corners for name, corners in FUNCTIONAL.items()},
}
