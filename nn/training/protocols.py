"""What training asks of the things that it is given: any object with these methods will do."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Protocol, runtime_checkable

import autograd_core as ag

__all__ = ["Criterion", "Loader", "Optimizer", "Prepare", "Scheduler", "Stateful"]

Criterion = Callable[[ag.Tensor, ag.Tensor], ag.Tensor]
Prepare = Callable[[Any], tuple[ag.Tensor, ag.Tensor]]


@runtime_checkable
class Stateful(Protocol):
    """Something that a checkpoint can keep."""

    def state_dict(self) -> dict[str, Any]: ...

    def load_state_dict(self, state_dict: dict[str, Any], /) -> Any: ...


@runtime_checkable
class Optimizer(Stateful, Protocol):
    """Something that changes parameters by their gradients."""

    param_groups: list[dict[str, Any]]

    def step(self) -> Any: ...

    def zero_grad(self) -> Any: ...


@runtime_checkable
class Scheduler(Stateful, Protocol):
    """Something that changes an optimizer's learning rate; some take a metric in ``step``."""

    def step(self, *arguments: Any) -> Any: ...


@runtime_checkable
class Loader(Protocol):
    """Something that gives batches, again in each epoch, and knows how many."""

    def __iter__(self) -> Iterator[Any]: ...

    def __len__(self) -> int: ...
