"""Randomness is an explicit generator, with one global default; the same seed gives the same bits."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from .device import check_device, names_device
from .errors import ArgumentError

__all__ = [
    "Generator", "default_generator", "fork_rng", "get_rng_state", "initial_seed", "manual_seed", "seed", "set_rng_state",
]  # fmt: skip


def fresh_seed() -> int:
    """Return 64 bits from the operating system."""
    return int(np.random.SeedSequence().generate_state(1, np.uint64)[0])


class Generator:
    """A stream of random numbers: PCG64 (O'Neill 2014), seeded through NumPy's ``SeedSequence``.

    ``generator.numpy`` is the ``numpy.random.Generator`` that draws.  *device* may be given, also in front as in PyTorch: the
    CPU.

    >>> a, b = Generator(7), Generator(7)
    >>> bool(a.numpy.random() == b.numpy.random())
    True
    """

    __slots__ = ("_seed", "device", "numpy")

    def __init__(self, seed: Any = None, *, device: Any = None) -> None:
        if isinstance(seed, str) or names_device(seed):
            seed, device = None, seed
        self.device = check_device(device)
        self.numpy: np.random.Generator
        self.manual_seed(fresh_seed() if seed is None else seed)

    def manual_seed(self, seed: int) -> Generator:
        """Start again from *seed*, a non-negative integer; negative ones count back from 2**64, as in PyTorch."""
        if isinstance(seed, float) or not -(2**63) <= seed < 2**64:
            raise ArgumentError(f"seed is {seed}: expected an integer, -2**63 to 2**64 - 1")
        self._seed = int(seed) % 2**64
        self.numpy = np.random.Generator(np.random.PCG64(self._seed))
        return self

    def seed(self) -> int:
        """Start again from a seed that nobody chose, and return that."""
        return self.manual_seed(fresh_seed()).initial_seed()

    def initial_seed(self) -> int:
        """Return the seed that the stream started from."""
        return self._seed

    def key(self) -> int:
        """Draw 64 bits, the key of a stream that a counter drives: its numbers are a function of the key and their place."""
        return int(self.numpy.bit_generator.random_raw())

    def get_state(self) -> dict[str, Any]:
        """Return the position in the stream as plain numbers and strings, fit for JSON."""
        return {"seed": self._seed, "bits": self.numpy.bit_generator.state}

    def set_state(self, state: dict[str, Any]) -> None:
        """Go to a position that ``get_state`` returned."""
        try:
            seed = int(state["seed"])
            self.numpy.bit_generator.state = state["bits"]
            self._seed = seed
        except (KeyError, TypeError, ValueError) as error:
            raise ArgumentError(f"state is not what get_state() returns ({error}); pass that dict unchanged") from error

    def clone_state(self) -> Generator:
        """Return another generator at the same position in the stream."""
        other = Generator(self._seed)
        other.set_state(self.get_state())
        return other

    def __repr__(self) -> str:
        return f"Generator(seed={self._seed})"


default_generator = Generator(0)


def manual_seed(seed: int) -> Generator:
    """Seed the default generator, and return it.

    >>> manual_seed(7)
    Generator(seed=7)
    """
    return default_generator.manual_seed(seed)


def seed() -> int:
    """Start the default generator again from a seed that nobody chose, and return that.

    >>> seed() == initial_seed()
    True
    """
    return default_generator.seed()


def initial_seed() -> int:
    """Return the seed of the default generator.

    >>> manual_seed(7)
    Generator(seed=7)
    >>> initial_seed()
    7
    """
    return default_generator.initial_seed()


def get_rng_state() -> dict[str, Any]:
    """Return the state of the default generator.

    >>> before = get_rng_state()
    >>> first = default_generator.numpy.random()
    >>> set_rng_state(before)
    >>> bool(default_generator.numpy.random() == first)
    True
    """
    return default_generator.get_state()


def set_rng_state(state: dict[str, Any]) -> None:
    """Bring the default generator to a state that ``get_rng_state`` returned.

    >>> before = get_rng_state()
    >>> manual_seed(8)
    Generator(seed=8)
    >>> set_rng_state(before)
    >>> get_rng_state() == before
    True
    """
    default_generator.set_state(state)


@contextmanager
def fork_rng(devices: Any = None, enabled: bool = True, device_type: str = "cuda") -> Iterator[None]:
    """Bring the default generator back, at the end of a ``with``, to the state that it begins with, unless not *enabled*.

    *devices* and *device_type* name generators of other devices, and there are none.  Also a decorator.

    >>> _ = manual_seed(7)
    >>> with ag.random.fork_rng():
    ...     first = ag.rand(1)
    >>> ag.equal(first, ag.rand(1))
    True
    """
    before = get_rng_state()
    try:
        yield
    finally:
        if enabled:
            set_rng_state(before)
