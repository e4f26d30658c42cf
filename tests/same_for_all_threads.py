"""Results of kernels, the same to the bit however many threads compute them, and whoever asks."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from guarded_memory import guarded

from autograd_core.kernels import threads

__all__ = ["assert_same_bits", "check_numbers_of_threads", "check_threads_of_the_user"]

Results = Callable[[], Iterable[np.ndarray]]


def assert_same_bits(a: np.ndarray, b: np.ndarray) -> None:
    assert (a.shape, a.dtype, a.tobytes()) == (b.shape, b.dtype, b.tobytes())


def check_numbers_of_threads(results: Results, numbers: Iterable[int]) -> None:
    """The same for each of *numbers* of threads, in memory that is full of NaN, as for one thread."""
    threads.set_num_threads(1)
    expected = list(results())
    for n in numbers:
        threads.set_num_threads(n)
        with guarded():
            found = results()
        for a, b in zip(expected, found, strict=True):
            assert_same_bits(a, b)


def check_threads_of_the_user(results: Results) -> None:
    """The same where four threads of the program ask at once."""
    threads.set_num_threads(3)
    expected = list(results())
    with ThreadPoolExecutor(4) as users:
        for found in users.map(lambda _: results(), range(12)):
            for a, b in zip(expected, found, strict=True):
                assert_same_bits(a, b)
