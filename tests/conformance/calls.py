"""How a call is written down: what each argument is made of, and how sizes and numbers are drawn for it.

A tensor is a string with a letter for each dim: ``call("mk", "kn")`` calls with two matrices whose inner sizes agree.  Equal
letters have equal sizes within one call, drawn anew for every seed; a digit is a size itself.  "" is a 0-d tensor.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
from beside_torch import Drawn

Rng = np.random.Generator


@dataclass
class Sizes:
    """Sizes of one call, drawn when they are first asked for."""

    rng: Rng
    least: int = 1
    known: dict[str, int] = field(default_factory=dict)

    def shape(self, letters: str) -> tuple[int, ...]:
        return tuple(int(k) if k.isdigit() else self.known.setdefault(k, self.drawn()) for k in letters)

    def drawn(self) -> int:
        return int(self.rng.integers(self.least, max(5, self.least + 1)))


class Of(NamedTuple):
    """A tensor of *letters* dims, of the numbers that *values* draws; *differentiable* ones have gradients."""

    letters: str
    values: Callable[[Rng, tuple[int, ...]], np.ndarray]
    differentiable: bool = True


def normal(letters: str) -> Of:
    return Of(letters, lambda rng, shape: rng.normal(size=shape))


def positive(letters: str) -> Of:
    return Of(letters, lambda rng, shape: rng.uniform(0.3, 2.5, shape))


def within(letters: str, low: float, high: float) -> Of:
    return Of(letters, lambda rng, shape: rng.uniform(low, high, shape))


def fixed(of: Of) -> Of:
    """The same without a gradient."""
    return of._replace(differentiable=False)


def unit(letters: str) -> Of:
    """Numbers between -1 and 1, not near the ends."""
    return within(letters, -0.9, 0.9)


def distinct(letters: str) -> Of:
    """Numbers that are far apart from each other: no ties, and no two that change places."""

    def values(rng: Rng, shape: tuple[int, ...]) -> np.ndarray:
        n = int(np.prod(shape))
        return (rng.permutation(n) - n / 2 + rng.uniform(0.2, 0.4, n)).reshape(shape)

    return Of(letters, values)


def well_conditioned(letters: str) -> Of:
    """Square matrices with a dominant diagonal."""
    return Of(letters, lambda rng, shape: 0.3 * rng.normal(size=shape) + 2 * np.eye(shape[-1]))


def definite(letters: str) -> Of:
    """Symmetric positive definite matrices with eigenvalues that are apart."""

    def values(rng: Rng, shape: tuple[int, ...]) -> np.ndarray:
        q, _ = np.linalg.qr(rng.normal(size=shape))
        return (q * np.arange(1, shape[-1] + 1)) @ np.swapaxes(q, -1, -2)

    return Of(letters, values)


def lower(letters: str) -> Of:
    """Lower triangular matrices with a large diagonal."""
    return Of(letters, lambda rng, shape: np.tril(0.3 * rng.normal(size=shape)) + 2 * np.eye(shape[-1]))


def integers(letters: str, low: int, high: int) -> Of:
    """Integers from *low* to *high* - 1."""
    return Of(letters, lambda rng, shape: rng.integers(low, high, shape), False)


def mask(letters: str) -> Of:
    return Of(letters, lambda rng, shape: rng.random(shape) < 0.5, False)


def some_of(letters: str, dim: int, n: int | str) -> Of:
    """Integers without repetition along *dim*: a permutation of so many, cut to the size."""

    def values(rng: Rng, shape: tuple[int, ...]) -> np.ndarray:
        order = np.argsort(rng.random((*shape[:dim], int(n), *shape[dim + 1 :])), axis=dim)
        return order.take(range(shape[dim]), axis=dim)

    return Of(letters, values, False)


class Size(NamedTuple):
    """The size that a letter has in this call, as a number."""

    letter: str


@dataclass(frozen=True)
class Call:
    """Arguments: strings and ``Of`` are tensors, lists and tuples may hold some, everything else is passed as it is."""

    args: tuple[Any, ...]
    kwargs: dict[str, Any]
    least: int
    second: bool
    exact: bool

    def drawn(self, seed: int) -> tuple[tuple[Any, ...], dict[str, Any]]:
        """Return the arguments with arrays in place of tensors."""
        rng = np.random.default_rng(seed)
        sizes = Sizes(rng, self.least)
        return tuple(_filled(a, rng, sizes) for a in self.args), {
            k: _filled(v, rng, sizes) for k, v in self.kwargs.items()
        }


class Text(str):
    """A string that is an argument, and no tensor."""

    __slots__ = ()


def call(*args: Any, least: int = 1, second: bool = True, exact: bool = True, **kwargs: Any) -> Call:
    """Write a call down; keyword strings are no tensors.

    *least* is the smallest size drawn; not *second*: PyTorch has no second derivative; not *exact*: it has a float32 inside.
    """
    kwargs = {name: Text(value) if isinstance(value, str) else value for name, value in kwargs.items()}
    return Call(args, kwargs, least, second, exact)


def _filled(argument: Any, rng: Rng, sizes: Sizes) -> Any:
    if isinstance(argument, Text):
        return str(argument)
    if isinstance(argument, str):
        argument = normal(argument)
    if isinstance(argument, Of):
        return Drawn(np.asarray(argument.values(rng, sizes.shape(argument.letters))), argument.differentiable)
    if isinstance(argument, Size):
        return sizes.shape(argument.letter)[0]
    if isinstance(argument, list | tuple) and not hasattr(argument, "_fields"):
        return type(argument)(_filled(a, rng, sizes) for a in argument)
    return argument
