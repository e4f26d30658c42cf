"""Whether calls have a first and a second derivative, each held against differences, and which kernels they reach."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np
from beside_torch import OURS, flat
from conformance.calls import Call

import autograd_core as ag

from .kernels import watched

Tensors = Sequence[ag.Tensor]

STEP = {"float64": 1e-6, "float32": 1e-2}
LARGE = 32  # what a letter stands for where kernels are looked for: NumPy may be given small arrays
YES, ZERO, NONE, MISSING = "yes", "zero", "–", "no"
RANKED = MISSING, YES, ZERO, NONE  # what several calls of one function come to: the first of these


class Way(NamedTuple):
    """One way to call a function, or a layer: ``make(dtype)`` returns it, and the parameters inside that have gradients."""

    make: Callable[[Any], tuple[Callable[..., Any], Tensors]]
    call: Call


def orders(ways: Sequence[Way]) -> tuple[str, str]:
    """Say of the first and the second derivative whether they are there.

    Raises AssertionError for one that differences contradict.
    """
    found = [(order(way, 1), order(way, 2)) for way in ways]
    first, second = (min(each, key=RANKED.index) for each in zip(*found))
    return first, second


def kernels(ways: Sequence[Way]) -> list[str]:
    """Return the names of the kernels that the calls and their gradients reach, for small and large float32 arrays."""
    with watched() as names:
        for make, each in ways:
            for size in (each.least, LARGE):
                results, leaves = called(Way(make, dataclasses.replace(each, least=size)), "float32")
                live = [x for x in results if isinstance(x, ag.Tensor) and x.requires_grad]
                if live:
                    ag.grad(live, leaves, [ag.ones_like(x) for x in live], allow_unused=True)
    return names


def order(way: Way, k: int) -> str:
    """Say of the derivative of order *k* whether it is there, zero, none of what is constant, or missing."""
    total, leaves = derived(way, k - 1)
    if total is None:
        return NONE
    step = STEP[total.dtype.name]
    ahead, behind = (derived(way, k - 1, moved)[0].item() for moved in (step, -step))
    slope, scale = (ahead - behind) / (2 * step), max(1.0, abs(ahead), abs(behind))
    if not total.requires_grad:
        return MISSING if abs(slope) > 1e-4 * scale else ZERO
    gradients = ag.grad(total, leaves, allow_unused=True)
    parts = [g.numpy() * d for g, d in zip(gradients, directions(leaves)) if g is not None]
    derivative, size = (float(sum(map(add, parts))) for add in (np.sum, lambda part: np.abs(part).sum()))
    assert abs(derivative - slope) <= 1e-4 * max(scale, size), f"order {k}: {derivative}, by differences {slope}"
    return YES if size > 1e-12 * scale else ZERO


def derived(way: Way, k: int, moved: float = 0.0) -> tuple[Any, list[ag.Tensor]]:
    """Return a weighted sum of the results, or with *k* = 1 of their gradients; None if they are constant; and the leaves."""
    results, leaves = called(way, "float64", moved)
    total = OURS.weighted(results, 0)
    if total is not None and k:
        gradients = [g for g in ag.grad(total, leaves, allow_unused=True, create_graph=True) if g is not None]
        weights = np.random.default_rng(1)
        total = sum((g * ag.from_numpy(weights.uniform(0.5, 1.5, g.shape))).sum() for g in gradients)
    return total, leaves


def called(way: Way, dtype: str, moved: float = 0.0) -> tuple[list[Any], list[Any]]:
    """Return all results of a call, and its leaves, which are *moved* so far in their directions."""
    ag.manual_seed(0)
    function, parameters = way.make(dtype)
    leaves: list[Any] = []
    args, kwargs = (OURS.arguments(part, dtype, leaves) for part in way.call.drawn(0))
    leaves += parameters
    for leaf, direction in zip(leaves, directions(leaves)):
        leaf.array += moved * direction.astype(leaf.dtype)
    return list(flat(function(*args, **kwargs))), leaves


def directions(leaves: Tensors) -> list[np.ndarray]:
    """Return a random direction for each leaf; a symmetric matrix stays one, since some functions read half of it."""
    rng = np.random.default_rng(2)
    found = [rng.normal(size=leaf.shape) for leaf in leaves]
    return [(d + d.swapaxes(-1, -2)) / 2 if is_symmetric(leaf.array) else d for leaf, d in zip(leaves, found)]


def is_symmetric(values: np.ndarray) -> bool:
    square = values.ndim > 1 and values.shape[-1] == values.shape[-2] > 1
    return square and np.allclose(values, values.swapaxes(-1, -2), atol=1e-3)
