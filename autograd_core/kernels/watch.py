"""Watch a number in memory until another thread changes it: a sleeping thread is woken many microseconds later."""

from __future__ import annotations

import platform
from typing import Any

from llvmlite import ir
from numpy import ndarray

from .jit import kernel
from .vector import Vectors, emitted_by, integer, is_available, loop

__all__ = ["can_watch", "watch"]


def can_watch() -> bool:
    """Return whether a thread can watch at all: it needs the instruction that leaves the core's units to others."""
    return platform.machine() in ("x86_64", "AMD64") and is_available()


def _emit_watch(b: ir.IRBuilder, v: Vectors, number: ir.Value, seen: ir.Value, looks: ir.Value, rest: ir.Value) -> None:
    pause = b.module.declare_intrinsic("llvm.x86.sse2.pause", fnty=ir.FunctionType(ir.VoidType(), []))
    look, again, changed, end = (b.append_basic_block(name) for name in ("look", "again", "changed", "end"))
    before = b.block
    b.branch(look)
    b.position_at_end(look)
    i = b.phi(looks.type)
    i.add_incoming(integer(0), before)
    b.cbranch(b.icmp_signed("==", b.load_atomic(number, "monotonic", 8), seen), again, changed)
    b.position_at_end(again)
    b.call(pause, [])
    following = b.add(i, integer(1))
    i.add_incoming(following, again)
    b.cbranch(b.icmp_signed("<", following, looks), look, end)
    b.position_at_end(changed)

    def one_pause(_: ir.Value, sums: list[ir.Value]) -> list[ir.Value]:
        b.call(pause, [])
        return sums

    loop(b, rest, [], one_pause)
    b.branch(end)
    b.position_at_end(end)


@emitted_by(_emit_watch)
def _watch(number: ndarray, seen: int, looks: int, rest: int) -> None:
    """Look at number[0] up to *looks* times, a pause of some 30 ns after each, while it is *seen*; then *rest* pauses."""


@kernel
def watch(number: Any, seen: int, looks: int, rest: int) -> None:
    """Return when number[0], an int64, is not *seen* any more, after *rest* pauses, or else after so many *looks*."""
    _watch(number, seen, looks, rest)
