"""A second traced type, of lower rank than Tensor: it writes calls down and replays them.

It is here to hold the rank protocol to its word: ops and Tensor know nothing of it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from autograd_core.operators import Operators
from autograd_core.primitive import RANK, trace


class Tracer(Operators):
    """A value of a program that is being written down."""

    def __init__(self, value: Any, program: Program) -> None:
        self.value, self.program, self.slot = value, program, program.size
        program.size += 1

    shape = property(lambda self: self.value.shape)
    dtype = property(lambda self: self.value.dtype)
    ndim = property(lambda self: self.value.ndim)

    def bind(self, prim: Any, operands: tuple[Any, ...], params: dict[str, Any]) -> Any:
        """Peel one layer, call again, and write the call down."""
        value = prim.call(*(a.value if type(a) is Tracer else a for a in operands), **params)
        results = value if prim.auxiliary else (value,)
        outs = [Tracer(np.asarray(v), self.program) for v in results]
        places = [(True, a.slot) if type(a) is Tracer else (False, a) for a in operands]
        self.program.calls.append((prim, places, params, [o.slot for o in outs]))
        return tuple(outs) if prim.auxiliary else outs[0]


class Program:
    """What *f* does to arrays like *example*."""

    def __init__(self, f: Callable[..., Any], *example: Any) -> None:
        self.calls: list[Any] = []
        self.size = 0
        self.results = [o.slot for o in f(*(Tracer(np.asarray(x), self) for x in example))]

    def __call__(self, *inputs: Any) -> list[Any]:
        env = [*(np.asarray(x) for x in inputs), *[None] * (self.size - len(inputs))]
        for prim, places, params, slots in self.calls:
            out = prim.forward(*(env[a] if traced else a for traced, a in places), **params)
            for slot, value in zip(slots, out if prim.auxiliary else (out,), strict=True):
                env[slot] = np.asarray(value)
        return [env[s] for s in self.results]


if Tracer not in RANK:
    trace(Tracer, rank=1)
