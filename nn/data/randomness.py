"""Where random samples draw from: inside a loader the batch's own generator, elsewhere the global default."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

import numpy as np

import autograd_core as ag

__all__ = ["drawing_from", "sample_generator"]

_current: ContextVar[np.random.Generator | None] = ContextVar("generator of the batch being made", default=None)


def sample_generator() -> np.random.Generator:
    """Return the NumPy generator to draw from while a sample or a batch is being made.

    ``__getitem__`` has no room for a generator, so a dataset that makes random samples asks here. Inside a
    ``DataLoader`` it gets the generator of the batch being made, a function of (seed, epoch, batch number) alone: the
    same bits for any number of workers. Elsewhere it gets ``autograd_core.default_generator``.

    >>> import autograd_core as ag
    >>> sample_generator() is ag.default_generator.numpy
    True
    """
    generator = _current.get()
    return ag.default_generator.numpy if generator is None else generator


@contextmanager
def drawing_from(generator: np.random.Generator) -> Iterator[None]:
    """Make *generator* the one that ``sample_generator`` returns, in this thread, inside the block.

    >>> mine = np.random.default_rng(0)
    >>> with drawing_from(mine):
    ...     sample_generator() is mine
    True
    """
    token = _current.set(generator)
    try:
        yield
    finally:
        _current.reset(token)
