"""Which call of which module a tensor belongs to: modules that run several times, such as one ReLU, have several places."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from .folding import around

if TYPE_CHECKING:
    from .schema import Trace

__all__ = ["OPERATIONS", "Place", "Places", "find_places"]

OPERATIONS = ("operation", "function")  # the kinds of nodes that are calls


class Place(NamedTuple):
    """A module, and which of its calls: operations of the module one after the other, with no other between."""

    module: int
    call: int  # from 0

    @property
    def key(self) -> str:
        """The place as part of an id: ``"3"``, and ``"3.2"`` for the second call."""
        return f"{self.module}.{self.call + 1}" if self.call else str(self.module)


@dataclass(frozen=True)
class Places:
    """Where each node is, by its id; the place around each place; how many calls each module has."""

    of: list[Place | None]
    outer: dict[Place, Place | None]
    calls: dict[int, int]

    def up_to(self, place: Place | None, module: int) -> Place | None:
        """Return the place of *module* around *place*, or None."""
        while place is not None and place.module != module:
            place = self.outer[place]
        return place


def find_places(made: Trace) -> Places:
    """Return the places of all nodes.  A leaf is in the innermost one with all its uses: shared weights are in none of them.

    >>> import nn
    >>> from autograd_core.viz import trace
    >>> from autograd_core.viz.calls import find_places
    >>> layer, x = nn.Linear(2, 2), ag.ones(1, 2)
    >>> find_places(trace(layer(layer(x).exp()))).calls
    {0: 2}
    """
    found: list[Place | None] = [None] * len(made.nodes)
    outer: dict[Place, Place | None] = {}
    calls: dict[int, int] = {}
    open_now: set[int] = set()  # modules of the operation before
    for node in made.nodes:
        if node.kind not in OPERATIONS:
            continue
        chain = list(around(made, node.module))
        place: Place | None = None
        for m in reversed(chain):
            if m not in open_now:
                calls[m] = calls.get(m, 0) + 1
            inner = Place(m, calls[m] - 1)
            outer.setdefault(inner, place)
            place = inner
        found[node.id] = place
        open_now = set(chain)
    places = Places(found, outer, calls)
    uses: dict[int, list[int]] = {}
    for e in made.edges:
        if e.start.kind not in OPERATIONS:
            uses.setdefault(e.start.id, []).append(e.end.id)
    for number, users in uses.items():
        for m in around(made, made.nodes[number].module):
            holding = {places.up_to(found[user], m) for user in users}
            if len(holding) == 1:
                found[number] = holding.pop()
                break
    return places
