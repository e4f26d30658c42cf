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
    """Something that a checkpoint can keep.

    >>> import nn
    >>> isinstance(nn.Linear(2, 1), Stateful), isinstance([], Stateful)
    (True, False)
    """

    def state_dict(self) -> dict[str, Any]:
        """Return all that is needed to go on from here."""
        ...

    def load_state_dict(self, state_dict: dict[str, Any], /) -> Any:
        """Go on from what ``state_dict`` returned."""
        ...


@runtime_checkable
class Optimizer(Stateful, Protocol):
    """Something that changes parameters by their gradients.

    >>> import nn, optim
    >>> isinstance(optim.SGD(nn.Linear(2, 1).parameters(), lr=0.1), Optimizer)
    True
    """

    param_groups: list[dict[str, Any]]

    def step(self) -> Any:
        """Change the parameters once."""
        ...

    def zero_grad(self) -> Any:
        """Forget the gradients."""
        ...


@runtime_checkable
class Scheduler(Stateful, Protocol):
    """Something that changes an optimizer's learning rate; some take a metric in ``step``.

    >>> import nn, optim
    >>> sgd = optim.SGD(nn.Linear(2, 1).parameters(), lr=0.1)
    >>> isinstance(optim.lr_scheduler.StepLR(sgd, 5), Scheduler)
    True
    """

    def step(self, *arguments: Any) -> Any:
        """Set the learning rate of the next epoch, or batch."""
        ...


@runtime_checkable
class Loader(Protocol):
    """Something that gives batches, again in each epoch, and knows how many: a list of them, or an ``nn.data.DataLoader``.

    >>> isinstance([(ag.ones(4, 2), ag.zeros(4, 1))], Loader)
    True
    """

    def __iter__(self) -> Iterator[Any]: ...

    def __len__(self) -> int: ...
