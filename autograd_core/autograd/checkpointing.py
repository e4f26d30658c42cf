"""``checkpoint``: trade computation for memory (Chen et al. 2016, "Training deep nets with sublinear memory cost")."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..errors import GraphError
from ..graph import Node, reachable
from ..modes import enable_grad, recording, tick
from ..random import default_generator
from ..tensor import Tensor

__all__ = ["checkpoint"]


def checkpoint(function: Callable[..., Any], *args: Any, preserve_rng_state: bool = True, **kwargs: Any) -> Any:
    """Return ``function(*args, **kwargs)`` without keeping what its backward reads; that is computed again when needed.

    The nodes stay, their saved arrays go: the first node of the block that a walk reaches runs *function* once more and
    gives each node its values back.  So every kind of backward works: ``grad``, ``create_graph``, parameters that
    *function* closes over.  *preserve_rng_state* replays random draws, so that dropout drops the same.

    >>> import autograd_core as ag
    >>> x = ag.tensor([1.0, 2.0], requires_grad=True)
    >>> checkpoint(lambda v: (v * v).exp(), x).sum().backward()
    >>> x.grad
    tensor([  5.4366, 218.3926])
    """
    if not recording.get():
        return function(*args, **kwargs)
    replay = _Replay(function, args, kwargs, default_generator.get_state() if preserve_rng_state else None)
    start = tick()
    result = function(*args, **kwargs)
    replay.nodes = _made_since(start, result)
    for node in replay.nodes:
        if node.prim.keeps:
            node.saved = replay
    return result


def _made_since(start: int, result: Any) -> list[Node]:
    """Return the calls under *result* that were recorded after the time *start*, oldest first."""
    outputs = result if isinstance(result, tuple | list) else (result,)
    calls, _ = reachable(t.node for t in outputs if isinstance(t, Tensor) and t.node is not None)
    return [n for n in reversed(calls) if n.seq > start]


class _Replay:
    """Runs the function again, and hands the saved values of the new nodes to the old ones, which are in the same order."""

    nodes: list[Node]

    def __init__(
        self, function: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any], rng: dict[str, Any] | None
    ) -> None:
        self.function, self.rng = function, rng
        # Detached copies of the arguments: the block's own graph must not hold the graph before it.
        self.args = tuple(_cut(a) for a in args)
        self.kwargs = {name: _cut(a) for name, a in kwargs.items()}

    def revive(self) -> None:
        now = default_generator.get_state()
        try:
            if self.rng is not None:
                default_generator.set_state(self.rng)
            with enable_grad():
                start = tick()
                fresh = _made_since(start, self.function(*self.args, **self.kwargs))
        finally:
            default_generator.set_state(now)
        if [n.prim.name for n in fresh] != [n.prim.name for n in self.nodes]:
            raise GraphError(
                f"checkpoint: {getattr(self.function, '__name__', 'the function')} did other operations when it ran again "
                f"({len(fresh)} recorded, {len(self.nodes)} the first time); it must depend on its arguments alone"
            )
        for old, new in zip(self.nodes, fresh, strict=True):
            if old.saved is self:
                old.saved = new.saved


def _cut(argument: Any) -> Any:
    if isinstance(argument, Tensor) and argument.node is not None:
        return argument.detach().requires_grad_()
    return argument
