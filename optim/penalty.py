"""Weight penalties, added to a loss."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import reduce
from operator import add

import autograd_core as ag


def l1_penalty(parameters: ag.Tensor | Iterable[ag.Tensor]) -> ag.Tensor:
    """Return the sum of ``|p|`` over all elements of *parameters*, a differentiable scalar (the lasso, Tibshirani 1996).

    Raises ArgumentError if there are no parameters.

    >>> import autograd_core as ag
    >>> import optim
    >>> w = ag.tensor([3.0, -2.0], requires_grad=True)
    >>> penalty = optim.l1_penalty([w])
    >>> penalty.item()
    5.0
    >>> penalty.backward()
    >>> w.grad.tolist()
    [1.0, -1.0]
    """
    return total(parameters, ag.abs)


def l2_penalty(parameters: ag.Tensor | Iterable[ag.Tensor]) -> ag.Tensor:
    """Return the sum of p^2 over all elements of *parameters*, a differentiable scalar (ridge regression).

    With plain SGD, ``loss + wd / 2 * l2_penalty(parameters)`` is ``weight_decay=wd``.  Raises ArgumentError if
    there are no parameters.

    >>> import autograd_core as ag
    >>> import optim
    >>> w = ag.tensor([3.0, -2.0], requires_grad=True)
    >>> penalty = optim.l2_penalty([w])
    >>> penalty.item()
    13.0
    >>> penalty.backward()
    >>> w.grad.tolist()
    [6.0, -4.0]
    """
    return total(parameters, ag.square)


def total(parameters: ag.Tensor | Iterable[ag.Tensor], of: Callable[[ag.Tensor], ag.Tensor]) -> ag.Tensor:
    tensors = [parameters] if isinstance(parameters, ag.Tensor) else list(parameters)
    if not tensors:
        raise ag.errors.ArgumentError(
            "a penalty got no parameters. Pass model.parameters(); a generator can be read only once."
        )
    terms: list[ag.Tensor] = [of(p).sum() for p in tensors]
    return reduce(add, terms)
