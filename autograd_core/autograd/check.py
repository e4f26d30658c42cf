"""``gradcheck``: the engine's derivatives against finite differences."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from .. import dtypes
from ..errors import AutogradError, DtypeError
from ..modes import enable_grad
from ..tensor import Tensor, wrap
from .derivatives import grad

__all__ = ["gradcheck", "gradgradcheck"]


class GradcheckError(AutogradError, AssertionError, RuntimeError):
    """A derivative that differs from its finite difference."""


def gradcheck(
    func: Callable[..., Any],
    inputs: Any,
    *,
    eps: float = 1e-6,
    atol: float = 1e-5,
    rtol: float = 1e-3,
    raise_exception: bool = True,
) -> bool:
    """Return whether the backward of *func* agrees with (f(x + eps) - f(x - eps)) / (2 eps), entry by entry.

    *inputs* are float64 tensors; those with ``requires_grad`` are checked.  float32 is refused: its finite differences carry
    an error of about 1e-3, so that a wrong formula could pass and a right one fail.

    >>> import autograd_core as ag
    >>> x = ag.tensor([0.3, -1.2], dtype=ag.float64, requires_grad=True)
    >>> gradcheck(lambda v: (v.sin() * v).sum(), (x,))
    True
    """
    xs = (inputs,) if isinstance(inputs, Tensor) else tuple(inputs)
    checked = [i for i, x in enumerate(xs) if isinstance(x, Tensor) and x.requires_grad]
    if not checked:
        raise DtypeError("gradcheck: no input has requires_grad=True, so there is nothing to check")
    for i in checked:
        if xs[i].dtype != dtypes.float64:
            raise DtypeError(
                f"gradcheck: inputs[{i}] is {xs[i].dtype}; finite differences need float64, so that rounding does not drown "
                "them: use inputs.double()"
            )
    try:
        for k, y in enumerate(_outputs(func, xs)):
            for i in checked:
                _compare(func, xs, k, i, y, eps, atol, rtol)
    except GradcheckError:
        if raise_exception:
            raise
        return False
    return True


def gradgradcheck(
    func: Callable[..., Any],
    inputs: Any,
    grad_outputs: Any = None,
    *,
    eps: float = 1e-6,
    atol: float = 1e-5,
    rtol: float = 1e-3,
    raise_exception: bool = True,
) -> bool:
    """Return whether the second derivatives of *func* agree with finite differences of its first ones.

    >>> import autograd_core as ag
    >>> x = ag.tensor([0.3, -1.2], dtype=ag.float64, requires_grad=True)
    >>> gradgradcheck(lambda v: (v.sin() * v).sum(), (x,))
    True
    """
    xs = (inputs,) if isinstance(inputs, Tensor) else tuple(inputs)
    live = [i for i, x in enumerate(xs) if isinstance(x, Tensor) and x.requires_grad]
    shapes = [y.shape for y in _live_outputs(func, xs)]
    rng = np.random.default_rng(0)
    if grad_outputs is None:
        given = [wrap(rng.standard_normal(s), None).requires_grad_() for s in shapes]
    else:
        given = [grad_outputs] if isinstance(grad_outputs, Tensor) else list(grad_outputs)

    def first(*args: Any) -> tuple[Any, ...]:
        own, vs = args[: len(xs)], args[len(xs) :]
        ys = _live_outputs(func, own)
        return grad(ys, [own[i] for i in live], list(vs), create_graph=True, materialize_grads=True)

    return gradcheck(first, (*xs, *given), eps=eps, atol=atol, rtol=rtol, raise_exception=raise_exception)


def _outputs(func: Callable[..., Any], xs: tuple[Any, ...]) -> list[Tensor]:
    with enable_grad():
        y = func(*xs)
    return [t for t in (y if isinstance(y, tuple | list) else (y,)) if isinstance(t, Tensor) and t.dtype.kind == "f"]


def _live_outputs(func: Callable[..., Any], xs: tuple[Any, ...]) -> list[Tensor]:
    return [y for y in _outputs(func, xs) if y.requires_grad]


def _compare(
    func: Callable[..., Any], xs: tuple[Any, ...], k: int, i: int, y: Tensor, eps: float, atol: float, rtol: float
) -> None:
    """Compare every entry of d output k / d input i; the numerical one column by column, the exact one row by row."""
    x = xs[i]
    numerical = np.empty((y.data.size, x.data.size))
    for j in range(x.data.size):
        moved = []
        for step in (eps, -eps):
            data = x.data.copy()
            data.flat[j] += step
            args = [wrap(data, None).requires_grad_() if n == i else a for n, a in enumerate(xs)]
            moved.append(_outputs(func, tuple(args))[k].data)
        numerical[:, j] = ((moved[0] - moved[1]) / (2 * eps)).ravel()
    exact = np.zeros_like(numerical)
    for r in range(y.data.size if y.requires_grad else 0):
        one = np.zeros(y.shape)
        one.flat[r] = 1
        (g,) = grad(y, x, wrap(one, None), retain_graph=True, materialize_grads=True)
        assert g is not None
        exact[r] = g.data.ravel()
    wrong = ~np.isclose(exact, numerical, rtol=rtol, atol=atol, equal_nan=True)
    if wrong.any():
        r, j = (int(v[0]) for v in np.nonzero(wrong))
        raise GradcheckError(
            f"gradcheck: d output {k} / d input {i} differs in {int(wrong.sum())} of {wrong.size} entries. The first: output "
            f"element {r} by input element {j} is {exact[r, j]:.6g} from backward and {numerical[r, j]:.6g} from finite "
            "differences. Check the backward formula, and that the point is not at a kink"
        )
