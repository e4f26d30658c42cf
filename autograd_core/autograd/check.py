"""``gradcheck``: the engine's derivatives against finite differences."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import numpy as np

from .. import dtypes
from ..errors import AutogradError, DtypeError
from ..modes import enable_grad
from ..tensor import Tensor, wrap
from .derivatives import grad
from .functional import jvp
from .products import pull

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
    nondet_tol: float = 0.0,
    check_undefined_grad: bool = True,
    check_grad_dtypes: bool = False,
    check_batched_grad: bool = False,
    check_batched_forward_grad: bool = False,
    check_forward_ad: bool = False,
    check_backward_ad: bool = True,
    fast_mode: bool = False,
    masked: bool | None = None,
) -> bool:
    """Return whether the backward of *func* agrees with (f(x + eps) - f(x - eps)) / (2 eps), entry by entry.

    *inputs* are float64 tensors; those with ``requires_grad`` are checked.  float32 is refused: its finite differences carry
    an error of about 1e-3, so that a wrong formula could pass and a right one fail.  A second backward may differ from the
    first by *nondet_tol*.  With *check_undefined_grad* a backward of several outputs must also stand that only one of them
    gets a gradient.  With *fast_mode* one random direction of each pair is compared instead of all entries, and with
    *check_forward_ad* also J v with the same.  Gradients have their tensors' dtype anyway, batches of gradients are walked
    one by one and there are no sparse tensors, so *check_grad_dtypes*, *check_batched_grad*, *check_batched_forward_grad*
    and *masked* are accepted.

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
    compare = _Comparison(func, xs, eps, atol, rtol, nondet_tol)
    try:
        ys = _outputs(func, xs)
        for k, y in enumerate(ys):
            for i in checked:
                if check_backward_ad:
                    compare.along(k, i, y) if fast_mode else compare.entries(k, i, y)
                if check_forward_ad:
                    compare.forward(k, i)
        if check_undefined_grad:
            _check_undefined(ys, [xs[i] for i in checked])
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
    gen_non_contig_grad_outputs: bool = False,
    raise_exception: bool = True,
    nondet_tol: float = 0.0,
    check_undefined_grad: bool = True,
    check_grad_dtypes: bool = False,
    check_batched_grad: bool = False,
    check_fwd_over_rev: bool = False,
    check_rev_over_rev: bool = True,
    fast_mode: bool = False,
    masked: bool = False,
) -> bool:
    """Return whether the second derivatives of *func* agree with finite differences of its first ones.

    *grad_outputs* weight the outputs; random ones are made where they are left out, with gaps in memory if
    *gen_non_contig_grad_outputs*.  The other arguments are as in ``gradcheck``.

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
        gap = 2 if gen_non_contig_grad_outputs else 1
        given = [wrap(rng.standard_normal((*s, gap))[..., 0], None).requires_grad_() for s in shapes]
    else:
        given = [grad_outputs] if isinstance(grad_outputs, Tensor) else list(grad_outputs)

    def first(*args: Any) -> tuple[Any, ...]:
        own, vs = args[: len(xs)], args[len(xs) :]
        ys = _live_outputs(func, own)
        return grad(ys, [own[i] for i in live], list(vs), create_graph=True, materialize_grads=True)

    return gradcheck(
        first,
        (*xs, *given),
        eps=eps,
        atol=atol,
        rtol=rtol,
        raise_exception=raise_exception,
        nondet_tol=nondet_tol,
        check_undefined_grad=check_undefined_grad,
        check_forward_ad=check_fwd_over_rev,
        check_backward_ad=check_rev_over_rev,
        fast_mode=fast_mode,
    )


def _outputs(func: Callable[..., Any], xs: tuple[Any, ...]) -> list[Tensor]:
    with enable_grad():
        y = func(*xs)
    return [t for t in (y if isinstance(y, tuple | list) else (y,)) if isinstance(t, Tensor) and t.dtype.kind == "f"]


def _live_outputs(func: Callable[..., Any], xs: tuple[Any, ...]) -> list[Tensor]:
    return [y for y in _outputs(func, xs) if y.requires_grad]


class _Comparison:
    """Backward beside finite differences of *func* at *xs*."""

    def __init__(
        self, func: Callable[..., Any], xs: tuple[Any, ...], eps: float, atol: float, rtol: float, nondet_tol: float
    ) -> None:
        self.func, self.xs, self.eps, self.nondet_tol = func, xs, eps, nondet_tol
        self.close = functools.partial(np.isclose, rtol=rtol, atol=atol, equal_nan=True)

    def entries(self, k: int, i: int, y: Tensor) -> None:
        """Compare every entry of d output k / d input i; the numerical one column by column, the exact one row by row."""
        x = self.xs[i]
        numerical = np.empty((y.array.size, x.array.size))
        for j in range(x.array.size):
            numerical[:, j] = self._difference(k, i, _one(x, j)).ravel()
        exact = np.zeros_like(numerical)
        for r in range(y.array.size if y.requires_grad else 0):
            exact[r] = self._pulled(k, i, y, _one(y, r), again=r == 0).ravel()
        wrong = ~self.close(exact, numerical)
        if wrong.any():
            r, j = (int(v[0]) for v in np.nonzero(wrong))
            raise GradcheckError(
                f"gradcheck: d output {k} / d input {i} differs in {int(wrong.sum())} of {wrong.size} entries. The first: "
                f"output element {r} by input element {j} is {exact[r, j]:.6g} from backward and {numerical[r, j]:.6g} from "
                "finite differences. Check the backward formula, and that the point is not at a kink"
            )

    def along(self, k: int, i: int, y: Tensor) -> None:
        """Compare u^T J v for a random u and v."""
        rng = np.random.default_rng(0)
        u, v = (_unit(rng, t) for t in (y, self.xs[i]))
        exact = float((self._pulled(k, i, y, u) * v).sum()) if y.requires_grad else 0.0
        self._same(k, i, "u^T J v", "backward", np.asarray(exact), np.asarray((self._difference(k, i, v) * u).sum()))

    def forward(self, k: int, i: int) -> None:
        """Compare J v for a random v."""
        v = _unit(np.random.default_rng(0), self.xs[i])
        _, pushed = jvp(lambda x: _outputs(self.func, self._with(i, x))[k], self.xs[i].detach(), wrap(v, None))
        self._same(k, i, "J v", "jvp", pushed.array, self._difference(k, i, v))

    def _same(self, k: int, i: int, what: str, source: str, exact: Any, numerical: Any) -> None:
        wrong = ~self.close(exact, numerical)
        if wrong.any():
            raise GradcheckError(
                f"gradcheck: {what} of output {k} by input {i} is {exact[wrong].flat[0]:.6g} from {source} and "
                f"{numerical[wrong].flat[0]:.6g} from finite differences. Check the backward formula, and that the point is "
                "not at a kink"
            )

    def _difference(self, k: int, i: int, v: Any) -> Any:
        """Return J v by finite differences."""
        x = self.xs[i].array
        moved = [
            _outputs(self.func, self._with(i, wrap(np.asarray(x + step * v), None).requires_grad_()))[k].array
            for step in (self.eps, -self.eps)
        ]
        return (moved[0] - moved[1]) / (2 * self.eps)

    def _with(self, i: int, x: Tensor) -> tuple[Any, ...]:
        return tuple(x if n == i else a for n, a in enumerate(self.xs))

    def _pulled(self, k: int, i: int, y: Tensor, u: Any, again: bool = True) -> Any:
        """Return u^T J by backward; *again* to see that it gives the same."""
        first, *second = (
            grad(y, self.xs[i], wrap(u, None), retain_graph=True, materialize_grads=True)[0].array
            for _ in range(1 + again)
        )
        for other in second:
            if not np.allclose(first, other, rtol=0, atol=self.nondet_tol, equal_nan=True):
                raise GradcheckError(
                    f"gradcheck: two backward passes from output {k} to input {i} differ by "
                    f"{np.abs(first - other).max():.6g}, and nondet_tol={self.nondet_tol}: the backward is not a function of "
                    "what it gets"
                )
        return first


def _one(like: Tensor, place: int) -> Any:
    one = np.zeros(like.shape)
    one.flat[place] = 1
    return one


def _unit(rng: np.random.Generator, like: Tensor) -> Any:
    direction = np.asarray(rng.standard_normal(like.shape))
    return direction / max(float(np.linalg.norm(direction)), 1e-30)


def _check_undefined(ys: list[Tensor], xs: list[Tensor]) -> None:
    """Raise where the gradients of all outputs are not the sum of those of each, the others having none."""
    live = [y for y in ys if y.requires_grad]
    if len(live) < 2:
        return
    ones = [wrap(np.ones(y.shape, y.dtype), None) for y in live]
    whole = pull(live, xs, ones, retain_graph=True)
    try:
        parts = [pull([y], xs, [one], retain_graph=True) for y, one in zip(live, ones, strict=True)]
    except (TypeError, AttributeError) as error:
        raise GradcheckError(f"gradcheck: a backward fails where an output has no gradient: {error}") from error
    for i, (total, *each) in enumerate(zip(whole, *parts, strict=True)):
        if not np.allclose(total.array, sum(p.array for p in each), equal_nan=True):
            raise GradcheckError(
                f"gradcheck: the gradients by input {i} from each output alone do not add up to that from all: the backward "
                "must take a missing gradient as zeros"
            )
