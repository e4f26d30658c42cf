"""Where parameters live: small neighbours share one array, so that one kernel call updates them all.

A kernel call has a fixed price, and so has the update rule around it; in a network of small layers that is most of a
step.  So the small parameters of a group are moved into one array, and each ``p.array`` becomes a view of it.  Nobody
notices: a parameter is moved only while its tensor alone holds its memory, and all others are updated where they are.
A rule that is not elementwise gets each parameter by itself, in its own shape.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import groupby
from operator import is_, itemgetter
from sys import getrefcount
from typing import Any, Literal, NamedTuple

import numpy as np

import autograd_core as ag

Array = np.ndarray[Any, np.dtype[Any]]
State = dict[str, Any]

# Elements of the largest parameter that is moved: gathering the gradient of a larger one costs more than a call.
SMALL = 16384


class Place(NamedTuple):
    """The memory of a parameter: elements ``start`` to ``stop`` of a flat array."""

    array: Array  # the parameter's array when it was placed; once it has another one, the place is void
    flat: Array
    start: int
    order: Literal["C", "F"] | None  # None: the rule wants the parameter's own shape, and flat is data

    @property
    def stop(self) -> int:
        return self.start + self.array.size

    @property
    def is_copy(self) -> bool:
        """Whether no flat array can alias the parameter: a view with gaps, such as every other column of a matrix."""
        return self.order is not None and not (self.array.flags.c_contiguous or self.array.flags.f_contiguous)

    def flatten(self, array: Array) -> Array:
        return array if self.order is None else array.reshape(-1, order=self.order)

    def unflatten(self, array: Array) -> Array:
        return array if self.order is None else array.reshape(self.array.shape, order=self.order)


class Block:
    """Parameters ``first`` to ``last`` of a group: neighbours in memory that have had the same updates."""

    __slots__ = ("array", "first", "is_copy", "is_whole", "last", "places", "state")

    def __init__(self, first: int, places: Sequence[Place], state: State) -> None:
        self.first, self.last = first, first + len(places)
        self.places = places
        self.is_whole = places[0].order is None
        self.array = places[0].array if self.is_whole else places[0].flat[places[0].start : places[-1].stop]
        self.is_copy = places[0].is_copy
        self.state = state

    def gather(self, gradients: list[Array]) -> Array:
        """Return the gradients of all its parameters as one flat array; if there is only one, a view of it."""
        if len(gradients) > 1:
            return np.concatenate(gradients, axis=None)
        return self.places[0].flatten(gradients[0])

    def fetch(self) -> None:
        """Read the values, if ``array`` is not the parameter's own memory."""
        if self.is_copy:
            self.array[:] = self.places[0].array.reshape(-1)

    def store(self) -> None:
        """Write the values back, if ``array`` is not the parameter's own memory, and tell the engine of the write."""
        if self.is_copy:
            place = self.places[0]
            place.array[...] = place.unflatten(self.array)
            ag.written(place.array)
        else:
            ag.written(self.array)

    def states(self) -> list[State]:
        """Return the state of each parameter: views in the parameter's shape, and numbers."""
        if self.is_whole:
            return [dict(self.state)]
        return [
            each_array(each_array(self.state, itemgetter(part)), place.unflatten)
            for place, part in zip(self.places, self._parts(), strict=True)
        ]

    def split(self, present: Sequence[bool]) -> list[Block]:
        """Cut it between parameters with a gradient and parameters without; the pieces are views."""
        parts = self._parts()
        pieces = []
        for _, run in groupby(range(len(parts)), key=lambda i: present[self.first + i]):
            indices = list(run)
            start, stop = indices[0], indices[-1] + 1
            part = slice(parts[start].start, parts[stop - 1].stop)
            state = each_array(self.state, itemgetter(part))
            pieces.append(Block(self.first + start, self.places[start:stop], state))
        return pieces

    def _parts(self) -> list[slice]:
        origin = self.places[0].start
        return [slice(place.start - origin, place.stop - origin) for place in self.places]


class Layout:
    """The parameters of one group, in blocks.

    *states* has a dict for each parameter, its arrays in the parameter's shape; empty where it was never updated.
    With ``together=False`` every parameter is a block of its own, in its own shape, and its state may have arrays with
    dims of 1 in place of some of the parameter's.
    """

    def __init__(self, params: Sequence[ag.Tensor], states: Sequence[State], together: bool) -> None:
        self.together = together
        self.params: list[ag.Tensor] = []
        self.places: list[Place] = []
        self.blocks: list[Block] = []
        self.arrange(params, states)

    def arrange(self, params: Sequence[ag.Tensor], states: Sequence[State]) -> None:
        """Lay out *params* with *states*; those that are where they were put before stay there."""
        check_shapes(params, states, exact=self.together)
        known = {id(p): place for p, place in zip(self.params, self.places, strict=True) if p.array is place.array}
        self.places = place_all(params, [known.get(id(p)) for p in params], self.together)
        self.params = list(params)
        self.blocks = []
        first = 0
        for last in range(1, len(params) + 1):
            if last == len(params) or not self._joins(last, states):
                places = self.places[first:last]
                self.blocks.append(Block(first, places, join_states(places, states[first:last])))
                first = last

    def _joins(self, i: int, states: Sequence[State]) -> bool:
        """Whether parameter *i* continues the block of the one before it."""
        left, right = self.places[i - 1], self.places[i]
        neighbours = left.flat is right.flat and left.stop == right.start
        return neighbours and numbers_of(states[i - 1]) == numbers_of(states[i])

    def states(self) -> list[State]:
        """Return the state of each parameter: views in the parameter's shape, and numbers."""
        return [state for block in self.blocks for state in block.states()]

    def gradients(self, params: Sequence[ag.Tensor]) -> list[tuple[Block, Array]]:
        """Pair each block that has gradients with them, flat.

        *params* is what the group lists now.  If that is not what was laid out, or if a parameter has another array by
        now (another dtype, loaded values), all is laid out anew first, and no state is lost.
        """
        same = len(params) == len(self.params) and all(map(is_, params, self.params))
        if not same or not all(map(is_, [p.array for p in params], [place.array for place in self.places])):
            states = {id(p): state for p, state in zip(self.params, self.states(), strict=True)}
            self.arrange(params, [states.get(id(p), {}) for p in params])
        gradients = [p.grad for p in params]
        pairs = []
        for block in self.blocks:
            arrays = [g.array for g in gradients[block.first : block.last] if g is not None]
            if len(arrays) == len(block.places):
                pairs.append((block, block.gather(arrays)))
            elif arrays:  # from now on the pieces stay apart, since their numbers of updates differ
                present = [g is not None for g in gradients]
                self.blocks = [piece for block in self.blocks for piece in block.split(present)]
                return self.gradients(params)
        return pairs


def place_all(params: Sequence[ag.Tensor], known: Sequence[Place | None], together: bool) -> list[Place]:
    """Give every parameter a place: the known one, a part of a new shared array, or where it is."""

    def kind(i: int) -> tuple[bool, Any]:
        return together and known[i] is None and is_movable(params[i]), params[i].array.dtype

    places: list[Place] = []
    for (movable, _), indices in groupby(range(len(params)), key=kind):
        run = list(indices)
        if movable and len(run) > 1:
            places += move_together([params[i] for i in run])
        else:
            places += [known[i] or stay(params[i], i, together) for i in run]
    return places


def is_movable(p: ag.Tensor) -> bool:
    """Whether *p* is small and its memory is its own: no array, view, graph or other tensor shares it."""
    return count_holders(p) == ONE_HOLDER and is_plain(p.array)


def is_plain(data: Array) -> bool:
    """Whether *data* is small, owns its memory, and lies in it in order."""
    return data.size <= SMALL and data.base is None and data.flags.c_contiguous and data.flags.writeable


def move_together(params: Sequence[ag.Tensor]) -> list[Place]:
    flat = np.concatenate([p.array for p in params], axis=None)
    places = []
    start = 0
    for p in params:
        p.array = flat[start : start + p.array.size].reshape(p.array.shape)
        places.append(Place(p.array, flat, start, "C"))
        start = places[-1].stop
    return places


def stay(p: ag.Tensor, index: int, flat: bool) -> Place:
    data = p.array
    if not data.flags.writeable:
        raise ag.errors.ArgumentError(
            f"parameter {index} of its group, of shape {data.shape}, is in read-only memory and cannot be updated in "
            "place. Make it from a copy: ag.tensor(array, requires_grad=True)."
        )
    if not flat:
        return Place(data, data, 0, None)
    order: Literal["C", "F"] = "F" if data.flags.f_contiguous and not data.flags.c_contiguous else "C"
    return Place(data, data.reshape(-1, order=order), 0, order)


def count_holders(p: ag.Tensor) -> int:
    """Count the references to the array of *p*; each view of it holds one, as its ``base``."""
    return getrefcount(p.array)


ONE_HOLDER = count_holders(ag.zeros(1))  # how many there are for a tensor alone depends on the interpreter


def check_shapes(params: Sequence[ag.Tensor], states: Sequence[State], exact: bool) -> None:
    """Raise ArgumentError unless each array of a state has its parameter's shape; if not *exact*, dims may be 1."""
    for index, (p, state) in enumerate(zip(params, states, strict=True)):
        for name, value in state.items():
            if isinstance(value, np.ndarray) and not fits(value.shape, p.array.shape, exact):
                raise ag.errors.ArgumentError(
                    f"parameter {index} of its group has shape {p.array.shape}, but its state {name!r} has shape "
                    f"{value.shape}. Make a new optimizer for it, or load states of the same network."
                )


def fits(shape: tuple[int, ...], wanted: tuple[int, ...], exact: bool) -> bool:
    return shape == wanted or (
        not exact and len(shape) == len(wanted) and all(n in (1, m) for n, m in zip(shape, wanted, strict=True))
    )


def join_states(places: Sequence[Place], states: Sequence[State]) -> State:
    """Join the states of neighbours: arrays end to end, in the parameters' dtype; numbers are equal."""
    dtype = places[0].array.dtype
    if places[0].order is None:
        return each_array(states[0], lambda array: array.astype(dtype))
    flat = [each_array(state, place.flatten) for place, state in zip(places, states, strict=True)]
    return {
        name: np.concatenate([state[name] for state in flat], dtype=dtype) if isinstance(value, np.ndarray) else value
        for name, value in flat[0].items()
    }


def numbers_of(state: State) -> State:
    """Leave the arrays out: states with equal names and numbers can be joined."""
    return each_array(state, lambda _: None)


def each_array(state: Mapping[str, Any], change: Callable[[Any], Any]) -> State:
    """Return *state* with *change* applied to its arrays, and its numbers as they are."""
    return {name: change(value) if isinstance(value, np.ndarray) else value for name, value in state.items()}
