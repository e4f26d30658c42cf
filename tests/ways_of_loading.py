"""Ways in which a loader makes batches, here or by workers of each kind, and streams whose workers share."""

from __future__ import annotations

import sys
from typing import Any

import pytest

import autograd_core as ag
import nn.data as nd

__all__ = ["KINDS", "Count", "Known", "kinds", "lists", "ways"]

KINDS = ["fork", "thread"] if sys.platform == "linux" else ["thread"]
kinds = pytest.mark.parametrize("kind", KINDS)
# How batches can be made: here, or by workers of each kind.
WAYS: list[dict[str, Any]] = [{}, *({"num_workers": 2, "multiprocessing_context": kind} for kind in KINDS)]
ways = pytest.mark.parametrize("way", WAYS, ids=["here", *KINDS])


def lists(batches: Any) -> list[Any]:
    return [batch.tolist() if isinstance(batch, ag.Tensor) else batch for batch in batches]


class Count(nd.IterableDataset[int]):
    """0, 1, ..., n - 1; each worker gives its share."""

    def __init__(self, n: int, shared: bool = True) -> None:
        self.n, self.shared = n, shared

    def __iter__(self) -> Any:
        info = nd.get_worker_info()
        if info is None or not self.shared:
            return iter(range(self.n))
        return iter(range(info.id, self.n, info.num_workers))


class Known(Count):
    def __len__(self) -> int:
        return self.n
