"""``checkpoint``: trade computation for memory (Chen et al. 2016, "Training deep nets with sublinear memory cost")."""

from __future__ import annotations

import weakref
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from ..errors import ArgumentError, GraphError
from ..graph import Node, reachable
from ..modes import enable_grad, recording, tick
from ..position import location
from ..random import Generator, default_generator
from ..tensor import Tensor
from ..writes import overwritten

__all__ = ["checkpoint", "checkpoint_sequential"]


def checkpoint(
    function: Callable[..., Any],
    *args: Any,
    use_reentrant: bool | None = None,
    determinism_check: str = "default",
    debug: bool = False,
    preserve_rng_state: bool = True,
    **kwargs: Any,
) -> Any:
    """Return ``function(*args, **kwargs)`` without keeping what its backward reads; that is computed again when needed.

    The nodes stay, their saved arrays go: the first node of the block that a walk reaches runs *function* once more and
    gives each node its values back.  So every kind of backward works: ``grad``, ``create_graph``, parameters that
    *function* closes over.  *preserve_rng_state* replays random draws, of the default generator and of those among the
    arguments, so that dropout drops the same.  There is one way of doing it, which always checks that the second run does
    what the first did and says what differs: *use_reentrant*, *determinism_check* and *debug* are accepted.

    >>> import autograd_core as ag
    >>> x = ag.tensor([1.0, 2.0], requires_grad=True)
    >>> checkpoint(lambda v: (v * v).exp(), x).sum().backward()
    >>> x.grad
    tensor([  5.4366, 218.3926])
    """
    if not recording.get():
        return function(*args, **kwargs)
    replay = _Replay(function, args, kwargs, preserve_rng_state)
    start = tick()
    result = function(*args, **kwargs)
    replay.stand_in(_made_since(start, result))
    return result


def checkpoint_sequential(
    functions: Iterable[Callable[..., Any]],
    segments: int,
    input: Any,
    use_reentrant: bool | None = None,
    preserve_rng_state: bool = True,
) -> Any:
    """Return what *functions*, for instance an ``nn.Sequential``, make of *input* one after the other, in *segments*.

    Each segment but the last is a ``checkpoint``: all that is kept of it is its input.

    >>> import autograd_core as ag
    >>> x = ag.tensor([1.0, 2.0], requires_grad=True)
    >>> checkpoint_sequential([ag.exp, ag.sqrt, ag.square, ag.log], 2, x).sum().backward()
    >>> x.grad
    tensor([1., 1.])
    """
    steps = list(functions)
    if not 1 <= segments <= max(len(steps), 1):
        raise ArgumentError(
            f"checkpoint_sequential: segments={segments}: expected 1 to {len(steps)}, as there are functions"
        )
    size = len(steps) // segments

    def segment(start: int, stop: int) -> Callable[[Any], Any]:
        def run(value: Any) -> Any:
            for step in steps[start:stop]:
                value = step(value)
            return value

        return run

    for start in range(0, size * (segments - 1), size):
        input = checkpoint(segment(start, start + size), input, preserve_rng_state=preserve_rng_state)
    return segment(size * (segments - 1), len(steps))(input)


def _made_since(start: int, result: Any) -> list[Node]:
    """Return the calls under *result* that were recorded after the time *start*, oldest first."""
    calls, _ = reachable(t.node for t in _tensors(result) if t.node is not None)
    return [n for n in reversed(calls) if n.seq > start]


def _tensors(result: Any) -> Iterator[Tensor]:
    if isinstance(result, Tensor):
        yield result
    elif isinstance(result, tuple | list | dict):
        for part in result.values() if isinstance(result, dict) else result:
            yield from _tensors(part)


class _Replay:
    """Runs the function again, and hands the saved values of the new nodes to the old ones, which are in the same order."""

    def __init__(
        self, function: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any], preserve_rng_state: bool
    ) -> None:
        self.function = function
        # Detached copies of the arguments: the block's own graph must not hold the graph before it.
        self.args = tuple(_cut(a) for a in args)
        self.kwargs = {name: _cut(a) for name, a in kwargs.items()}
        given = [a for a in (*args, *kwargs.values()) if isinstance(a, Generator)]
        generators = [default_generator, *given] if preserve_rng_state else []
        self.rng = [(g, g.get_state()) for g in generators]

    def stand_in(self, nodes: list[Node]) -> None:
        """Take the place of what *nodes* saved."""
        # Weak: the nodes hold this object.
        self.nodes = [weakref.ref(n) for n in nodes]
        self.calls = [(n.name(), n.shape, n.dtype) for n in nodes]
        for node in nodes:
            if node.prim.keeps:
                node.saved = self
        self.ran = tick()

    def revive(self, _: Node) -> None:
        self._check_arguments()
        now = [(g, g.get_state()) for g in {default_generator, *(g for g, _ in self.rng)}]
        start = tick()
        try:
            for generator, state in self.rng:
                generator.set_state(state)
            with enable_grad():
                fresh = _made_since(start, self.function(*self.args, **self.kwargs))
        finally:
            for generator, state in now:
                generator.set_state(state)
            self.ran = tick()
        if (calls := [(n.name(), n.shape, n.dtype) for n in fresh]) != self.calls:
            raise GraphError(
                f"checkpoint: {self._name()} did other operations when it ran again ({_difference(self.calls, calls)}); it "
                "must depend on its arguments alone"
            )
        places: dict[Node, weakref.ref[Node]] = dict(zip(fresh, self.nodes, strict=True))
        for new, ref in places.items():
            if (old := ref()) is not None and old.saved is self:
                old.saved, old.redone = new.saved, (start, new.seq)
        for inner in {new.saved for new in fresh if type(new.saved) is _Replay}:
            inner.nodes = [places.get(n, ref) if (n := ref()) is not None else ref for ref in inner.nodes]

    def _check_arguments(self) -> None:
        """Raise where an argument was written in place since the last run: the next would compute something else.

        Those that need no gradient may be buffers, written in every forward.
        """
        named = [*((f"argument {i}", a) for i, a in enumerate(self.args)), *self.kwargs.items()]
        for name, a in named:
            if isinstance(a, Tensor) and a.requires_grad and (write := overwritten(a.array, self.ran)):
                raise GraphError(
                    f"checkpoint: {name} of {self._name()} was written in place after the call, at "
                    f"{location(write.code, write.lasti)}, and is needed to compute the block again. Make a new tensor "
                    "there instead (y = y + 1, not y += 1)"
                )

    def _name(self) -> str:
        return str(getattr(self.function, "__name__", type(self.function).__name__))


def _difference(before: list[Any], now: list[Any]) -> str:
    if len(before) != len(now):
        return f"{len(now)} recorded, {len(before)} the first time"
    (a, shape, dtype), (b, other_shape, other_dtype) = next((x, y) for x, y in zip(before, now, strict=True) if x != y)
    return f"{b} of shape {other_shape} and {other_dtype}, {a} of shape {shape} and {dtype} the first time"


def _cut(argument: Any) -> Any:
    if isinstance(argument, Tensor) and argument.node is not None:
        return argument.detach().requires_grad_()
    return argument
