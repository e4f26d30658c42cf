"""Explicit vectors: what LLVM's vectoriser does not find in a loop is written with vector instructions here.

A *tile* keeps a block of sums in registers while it walks over two inputs; nothing short of naming the vectors makes a
compiler do that.  Such a function is written twice: in plain Python, which says what it means and serves where nothing is
compiled, and as an ``emitter`` of vector instructions, which Numba puts into the kernel that calls it::

    def emit_double(b, v, x, n): ...                the instructions, by the builder b, for v = Vectors(b, x's element)

    @emitted_by(emit_double)
    def double(x, n): x[:n] *= 2

Code is for the processor it runs on: 16 floats a register with AVX-512, 8 with AVX2, 4 with NEON or SSE.
``NUMBA_CPU_NAME`` and ``NUMBA_CPU_FEATURES`` choose another one, and both are part of the key of the cache on disk.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import Any, NamedTuple

import numba
import numpy as np
from llvmlite import ir
from numba import types
from numba.core.registry import cpu_target
from numba.extending import intrinsic

from .jit import kernel

__all__ = ["Vectors", "choose", "emitted_by", "integer", "is_available", "lanes", "loop", "registers", "subroutine"]

I1, I32, I64 = ir.IntType(1), ir.IntType(32), ir.IntType(64)


class Registers(NamedTuple):
    """A processor's vector registers: how many, how wide, and whether it multiplies and adds in one instruction."""

    number: int
    bytes: int
    fma: bool


@functools.cache
def registers() -> Registers:
    """Return the vector registers of the processor that kernels are compiled for."""
    triple, _, features = cpu_target.target_context.codegen().magic_tuple()
    has = {name[1:] for name in features.split(",") if name.startswith("+")}
    if triple.startswith(("aarch64", "arm64")):
        return Registers(32, 16, True)
    if "avx512f" in has and "avx512vl" in has:
        return Registers(32, 64, True)
    if "avx2" in has and "fma" in has:
        return Registers(16, 32, True)
    return Registers(16, 16, "fma" in has)


def lanes(dtype: np.dtype[Any]) -> int:
    """Return how many elements of *dtype* a vector register holds."""
    return registers().bytes // dtype.itemsize


def integer(value: int) -> ir.Constant:
    """Return the 64-bit constant *value*."""
    return ir.Constant(I64, value)


def emitted_by(emitter: Callable[..., None]) -> Callable[[Callable[..., None]], Any]:
    """Have kernels that call the decorated function run what ``emitter(builder, vectors, *arguments)`` emits.

    Arguments are integers, booleans, numbers of the arrays' dtype, and arrays, of which the emitter gets the address of the
    first element; the vectors are of the dtype of the first array.
    """

    def decorate(plain: Callable[..., None]) -> Any:
        if vars(numba.config)["DISABLE_JIT"]:
            return plain

        def typed(_context: Any, *kinds: Any) -> Any:
            given = [types.int64 if isinstance(kind, types.Integer) else kind for kind in kinds]
            given = [types.boolean if isinstance(kind, types.Boolean) else kind for kind in given]
            first = next(kind for kind in given if isinstance(kind, types.Array))

            def generate(context: Any, builder: ir.IRBuilder, signature: Any, values: Any) -> Any:
                arguments = [
                    context.make_array(kind)(context, builder, value=value).data
                    if isinstance(kind, types.Array)
                    else value
                    for kind, value in zip(signature.args, values)
                ]
                emitter(builder, Vectors(builder, context.get_data_type(first.dtype)), *arguments)
                return context.get_dummy_value()

            return types.void(*given), generate

        typed.__name__ = typed.__qualname__ = plain.__name__
        names = ["_context", *inspect.signature(plain).parameters]  # Numba asks for the number of arguments
        parameters = [inspect.Parameter(name, inspect.Parameter.POSITIONAL_OR_KEYWORD) for name in names]
        vars(typed)["__signature__"] = inspect.Signature(parameters)
        return intrinsic(typed)

    return decorate


def subroutine(
    builder: ir.IRBuilder, name: str, arguments: list[ir.Value], body: Callable[..., None], *, unroll: bool = True
) -> None:
    """Call the function *name* of the module, written at the first call by ``body(builder, *arguments)``.

    Registers are allocated function by function, so a tile must not be inlined into the loops around it.  Unless *unroll*,
    LLVM keeps its loops as they are: two steps of a loop at once need twice the registers.
    """
    function = builder.module.globals.get(name)
    if function is None:
        signature = ir.FunctionType(ir.VoidType(), [a.type for a in arguments])
        function = ir.Function(builder.module, signature, name)
        function.linkage = "internal"
        function.attributes.add("noinline")
        function.attributes.add("nounwind")
        if not unroll:
            function.attributes.add("optsize")
        inside = ir.IRBuilder(function.append_basic_block("entry"))
        body(inside, *function.args)
        inside.ret_void()
    builder.call(function, arguments)


def choose(builder: ir.IRBuilder, which: ir.Value, cases: list[Callable[[], None]]) -> None:
    """Run the case number *which*, and none where there is no such number."""
    end = builder.append_basic_block("chosen")
    switch = builder.switch(which, end)
    for number, case in enumerate(cases):
        block = builder.append_basic_block("case")
        switch.add_case(integer(number), block)
        builder.position_at_end(block)
        case()
        builder.branch(end)
    builder.position_at_end(end)


def loop(
    builder: ir.IRBuilder, n: ir.Value, sums: list[ir.Value], body: Callable[[ir.Value, list[ir.Value]], list[ir.Value]]
) -> list[ir.Value]:
    """Return *sums* after ``for k in range(n): sums = body(k, sums)``; they live in registers throughout."""
    before = builder.block
    head, end = builder.append_basic_block("loop"), builder.append_basic_block("end")
    builder.cbranch(builder.icmp_signed(">", n, integer(0)), head, end)
    builder.position_at_end(head)
    k = builder.phi(I64)
    k.add_incoming(integer(0), before)
    now = []
    for value in sums:
        phi = builder.phi(value.type)
        phi.add_incoming(value, before)
        now.append(phi)
    after = body(k, now)
    following, last = builder.add(k, integer(1)), builder.block
    k.add_incoming(following, last)
    for phi, value in zip(now, after):
        phi.add_incoming(value, last)
    builder.cbranch(builder.icmp_signed("<", following, n), head, end)
    builder.position_at_end(end)
    final = []
    for value, changed in zip(sums, after):
        phi = builder.phi(value.type)
        phi.add_incoming(value, before)
        phi.add_incoming(changed, last)
        final.append(phi)
    return final


class Vectors:
    """Emit operations on vectors of one element type, ``ir.FloatType()`` or ``ir.DoubleType()``."""

    def __init__(self, builder: ir.IRBuilder, element: ir.Type) -> None:
        self.builder, self.element = builder, element
        self.bytes = 4 if isinstance(element, ir.FloatType) else 8
        self.lanes = registers().bytes // self.bytes
        self.type = ir.VectorType(element, self.lanes)
        self.suffix = f"v{self.lanes}f{8 * self.bytes}"

    def constant(self, value: float) -> ir.Value:
        return ir.Constant(self.type, [value] * self.lanes)

    def splat(self, scalar: ir.Value) -> ir.Value:
        """Return a vector with *scalar*, a number of any type, in each lane."""
        kind = ir.VectorType(scalar.type, self.lanes)
        undefined = ir.Constant(kind, ir.Undefined)
        first = self.builder.insert_element(undefined, scalar, ir.Constant(I32, 0))
        return self.builder.shuffle_vector(first, undefined, self._places([0] * self.lanes))

    def load(self, address: ir.Value) -> ir.Value:
        return self.builder.load(self._cast(address), align=self.bytes)

    def store(self, vector: ir.Value, address: ir.Value) -> None:
        self.builder.store(vector, self._cast(address), align=self.bytes)

    def below(self, n: ir.Value) -> ir.Value:
        """Return the mask of the lanes i < n."""
        return self.builder.icmp_signed("<", self._numbers(), self._narrow(n))

    def between(self, first: ir.Value, stop: ir.Value) -> ir.Value:
        """Return the mask of the lanes first <= i < stop."""
        return self.builder.and_(self.builder.icmp_signed(">=", self._numbers(), self._narrow(first)), self.below(stop))

    def nowhere(self) -> ir.Value:
        return ir.Constant(ir.VectorType(I1, self.lanes), [0] * self.lanes)

    def load_where(self, mask: ir.Value, address: ir.Value) -> ir.Value:
        """Return a vector from memory, 0 in the lanes outside *mask*, whose memory is not read."""
        pointed, other = self.type.as_pointer(), self.constant(0.0)
        read = self._intrinsic("masked.load", ".p0", self.type, [pointed, I32, mask.type, self.type])
        return self.builder.call(read, [self._cast(address), ir.Constant(I32, self.bytes), mask, other])

    def store_where(self, mask: ir.Value, vector: ir.Value, address: ir.Value) -> None:
        write = self._intrinsic(
            "masked.store", ".p0", ir.VoidType(), [self.type, self.type.as_pointer(), I32, mask.type]
        )
        self.builder.call(write, [vector, self._cast(address), ir.Constant(I32, self.bytes), mask])

    def fma(self, x: ir.Value, y: ir.Value, z: ir.Value) -> ir.Value:
        """Return x y + z, rounded once where the processor can: without the instruction, LLVM would call a function."""
        if not registers().fma:
            return self.builder.fadd(self.builder.fmul(x, y), z)
        return self.builder.call(self._intrinsic("fma", "", self.type, [self.type] * 3), [x, y, z])

    def at_least(self, vector: ir.Value, floor: ir.Value) -> ir.Value:
        """Return the larger of each element and *floor*; NaN stays NaN."""
        return self.builder.select(self.builder.fcmp_ordered("<", vector, floor), floor, vector)

    def every_second(self, low: ir.Value, high: ir.Value) -> ir.Value:
        """Return the elements 0, 2, 4, ... of two vectors side by side."""
        return self.builder.shuffle_vector(low, high, self._places(range(0, 2 * self.lanes, 2)))

    def interleave(self, x: ir.Value, y: ir.Value) -> tuple[ir.Value, ir.Value]:
        """Return x[0], y[0], x[1], y[1], ... as two vectors."""
        pairs = [place for i in range(self.lanes) for place in (i, self.lanes + i)]
        halves = pairs[: self.lanes], pairs[self.lanes :]
        low, high = (self.builder.shuffle_vector(x, y, self._places(half)) for half in halves)
        return low, high

    def transpose(self, rows: list[ir.Value]) -> list[ir.Value]:
        """Return the columns of the square matrix whose rows are given, by exchanging ever larger blocks."""
        n, h = self.lanes, 1
        while h < n:
            exchanged = list(rows)
            for i in range(n):
                if not i & h:
                    low = [j if not j & h else n + j - h for j in range(n)]
                    high = [j + h if not j & h else n + j for j in range(n)]
                    exchanged[i] = self.builder.shuffle_vector(rows[i], rows[i + h], self._places(low))
                    exchanged[i + h] = self.builder.shuffle_vector(rows[i], rows[i + h], self._places(high))
            rows, h = exchanged, 2 * h
        return rows

    def _numbers(self) -> ir.Constant:
        return self._places(range(self.lanes))

    def _narrow(self, n: ir.Value) -> ir.Value:
        return self.splat(self.builder.trunc(n, I32))  # compared with 32 bits a lane: a mask takes one instruction

    def _places(self, indices: Any) -> ir.Constant:
        return ir.Constant(ir.VectorType(I32, self.lanes), list(indices))

    def _cast(self, address: ir.Value) -> ir.Value:
        return self.builder.bitcast(address, self.type.as_pointer())

    def _intrinsic(self, name: str, ending: str, result: ir.Type, arguments: list[ir.Type]) -> ir.Function:
        full = f"llvm.{name}.{self.suffix}{ending}"
        found = self.builder.module.globals.get(full)
        return found or ir.Function(self.builder.module, ir.FunctionType(result, arguments), full)


def _emit_fill(builder: ir.IRBuilder, vectors: Vectors, out: ir.Value, value: ir.Value) -> None:
    vectors.store(vectors.splat(value), out)


@emitted_by(_emit_fill)
def _fill(out: Any, value: Any) -> None:
    """Fill a vector."""
    out[:] = value


@kernel
def _probe(out: Any) -> None:
    _fill(out, out.dtype.type(1))


@functools.cache
def is_available() -> bool:
    """Return whether vector instructions can be compiled here, and run: not with ``NUMBA_DISABLE_JIT``."""
    out = np.zeros(lanes(np.dtype(np.float32)), np.float32)
    try:
        _probe(out)
    except NotImplementedError:  # the kernel runs as plain Python, see ``jit``
        return False
    return hasattr(_probe, "signatures") and bool((out == 1).all())
