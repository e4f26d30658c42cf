"""The parameters of a model as one vector, and back."""

from __future__ import annotations

from collections.abc import Iterable

import autograd_core as ag
from autograd_core import Tensor

from .. import expect

__all__ = ["parameters_to_vector", "vector_to_parameters"]


def parameters_to_vector(parameters: Iterable[Tensor]) -> Tensor:
    """Return all elements of *parameters* in one vector, through which gradients flow.

    >>> import nn
    >>> nn.utils.parameters_to_vector(nn.Linear(4, 2).parameters()).shape
    (10,)
    """
    parts = [p.reshape(-1) for p in parameters]
    if not parts:
        raise ag.errors.ArgumentError("parameters_to_vector: parameters is empty, expected at least one Tensor")
    return ag.cat(parts)


def vector_to_parameters(vec: Tensor, parameters: Iterable[Tensor]) -> None:
    """Copy the elements of *vec* into *parameters*, in order: ``parameters_to_vector`` undone.

    Raises ShapeError, before anything is copied, unless *vec* has as many elements as they have together.

    >>> import nn
    >>> layer = nn.Linear(1, 1)
    >>> nn.utils.vector_to_parameters(ag.tensor([2.0, 3.0]), layer.parameters())
    >>> layer.weight.item(), layer.bias.item()
    (2.0, 3.0)
    """
    expect.tensor("vector_to_parameters", vec, "vec")
    given = list(parameters)
    sizes = [p.numel() for p in given]
    if vec.shape != (sum(sizes),):
        raise expect.shape_error(
            "vector_to_parameters",
            vec,
            f"a vector of {sum(sizes)} elements, as the parameters have",
            "pass all of them",
        )
    with ag.no_grad():
        for p, part in zip(given, vec.split(sizes) if sizes else (), strict=True):
            p.copy_(part.reshape(p.shape))
