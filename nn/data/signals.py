"""Sounds and films that are made, not read: for convolution along time."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

import autograd_core as ag

from .dataset import TensorDataset

__all__ = ["DIRECTIONS", "SWEEPS", "moving_shapes", "sweeps"]

SWEEPS = ("steady", "rising", "falling", "warbling")
DIRECTIONS = ("left", "right", "up", "down")
STEPS = np.array([[0, -1], [0, 1], [-1, 0], [1, 0]])  # (rows, columns) a frame, by direction
SHAPE = 5  # pixels, of a side


def sweeps(
    n: int = 400, length: int = 1024, rate: float = 4000.0, noise: float = 0.5, generator: ag.Generator | None = None
) -> TensorDataset:
    r"""Return *n* tones (1, length) float32, of four kinds that take turns, with their number in ``SWEEPS`` as int64.

    A tone :math:`\sin(\phi + 2\pi \sum_t f_t / \mathrm{rate})` fills half of the time, from a start drawn evenly, and fades in
    and out.  Its middle frequency is drawn from rate / 12 to rate / 6; it is steady, rises or falls by half an octave, or
    goes 6 times to and fro.  *noise* is the standard deviation of white noise over the whole time.  Neither the mean
    frequency nor any short piece tells the kinds apart.

    >>> import autograd_core as ag
    >>> tone, kind = sweeps(8, generator=ag.Generator(0))[1]
    >>> tuple(tone.shape), SWEEPS[kind.item()]
    ((1, 1024), 'rising')
    """
    _check("sweeps", n, noise, length=(length, 64))
    if not rate > 0:
        raise ag.errors.ArgumentError(f"sweeps: rate={rate!r}, expected samples in a second, above 0")
    draws = (generator or ag.default_generator).numpy
    kinds = np.arange(n) % len(SWEEPS)
    span = length // 2
    place = np.linspace(-0.25, 0.25, span)  # octaves
    bends = np.stack([np.zeros(span), place, -place, np.sin(24 * np.pi * place) / 8])  # (4, span)
    middle = draws.uniform(rate / 12, rate / 6, (n, 1))
    phases = draws.uniform(0, 2 * np.pi, (n, 1)) + 2 * np.pi / rate * np.cumsum(middle * 2 ** bends[kinds], axis=1)
    sounds = noise * draws.standard_normal((n, length))
    starts = draws.integers(0, length - span + 1, n)
    for sound, start, phase in zip(sounds, starts, phases, strict=True):
        sound[start : start + span] += np.sin(phase) * np.hanning(span) ** 0.25
    return TensorDataset(ag.from_numpy(sounds[:, None].astype(np.float32)), ag.from_numpy(kinds))


def moving_shapes(
    n: int = 400, frames: int = 8, size: int = 16, noise: float = 0.1, generator: ag.Generator | None = None
) -> TensorDataset:
    """Return *n* films (1, frames, size, size) float32 of a moving shape, with its way in ``DIRECTIONS`` as int64.

    The shape is a filled square, a frame, a disc or a cross of 5 pixels, at a place drawn evenly; it moves one pixel a frame,
    and what leaves at one side comes back at the other.  *noise* is the standard deviation of white noise on every pixel.  No
    single frame tells the way.

    >>> import autograd_core as ag
    >>> film, way = moving_shapes(8, generator=ag.Generator(0))[3]
    >>> tuple(film.shape), DIRECTIONS[way.item()]
    ((1, 8, 16, 16), 'down')
    """
    _check("moving_shapes", n, noise, frames=(frames, 2), size=(size, 8))
    draws = (generator or ag.default_generator).numpy
    ways = np.arange(n) % len(DIRECTIONS)
    stencils = _stencils()[draws.integers(4, size=n)]  # (n, 5, 5)
    corners = draws.integers(size, size=(n, 1, 2)) + STEPS[ways][:, None] * np.arange(frames)[:, None]  # (n, frames, 2)
    side = np.arange(SHAPE)
    rows = ((corners[..., 0, None] + side) % size)[..., :, None]  # (n, frames, 5, 1)
    columns = ((corners[..., 1, None] + side) % size)[..., None, :]
    films = noise * draws.standard_normal((n, frames, size, size))
    films[np.arange(n)[:, None, None, None], np.arange(frames)[:, None, None], rows, columns] += stencils[:, None]
    return TensorDataset(ag.from_numpy(films[:, None].astype(np.float32)), ag.from_numpy(ways))


def _stencils() -> NDArray[Any]:
    down, right = np.mgrid[-2:3, -2:3]
    shapes = [
        np.ones((SHAPE, SHAPE), bool),
        np.maximum(abs(down), abs(right)) == 2,
        down**2 + right**2 <= 5,
        (down == 0) | (right == 0),
    ]
    return np.stack(shapes).astype(np.float64)


def _check(name: str, n: int, noise: float, **sizes: tuple[int, int]) -> None:
    if not isinstance(n, int) or n < 1 or not noise >= 0:
        raise ag.errors.ArgumentError(f"{name}: n={n!r}, noise={noise!r}: expected 1 or more, and noise of at least 0")
    for argument, (value, least) in sizes.items():
        if not isinstance(value, int) or value < least:
            raise ag.errors.ArgumentError(f"{name}: {argument}={value!r}, expected a whole number of at least {least}")
