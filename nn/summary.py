"""A table of what a model is made of and what it costs."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import autograd_core as ag
from autograd_core import Tensor

from .module import Module
from .table import table

__all__ = ["Row", "Summary", "summary"]

COLUMNS = ("layer", "class", "output shape", "parameters", "trainable", "multiply-adds")


@dataclass(frozen=True)
class Row:
    """One module: its own parameters, without those of the modules it holds."""

    path: str
    name: str
    output_shape: tuple[int, ...] | None  # of its last call; None if it was not called, or gave no single tensor
    parameters: int
    trainable: int
    multiply_adds: int
    calls: int


@dataclass(frozen=True)
class Summary:
    """What ``summary`` found; ``str(...)`` is the table.  A shared parameter counts once."""

    rows: tuple[Row, ...]
    input_shapes: tuple[tuple[int, ...], ...]
    parameter_bytes: int

    @property
    def parameters(self) -> int:
        """The number of parameters."""
        return sum(row.parameters for row in self.rows)

    @property
    def trainable(self) -> int:
        """The number of parameters that require gradients."""
        return sum(row.trainable for row in self.rows)

    @property
    def multiply_adds(self) -> int:
        """The number of multiply-adds of one forward pass of the whole batch."""
        return sum(row.multiply_adds for row in self.rows)

    @property
    def text(self) -> str:
        """The table."""
        inputs = ", ".join(map(str, self.input_shapes))
        return "\n".join(
            [
                *table(COLUMNS, map(self._cells, self.rows), left=3),
                f"input {inputs}: {self.multiply_adds:,} multiply-adds",
                f"parameters {self.parameters:,} ({self.parameter_bytes / 1e6:.2f} MB), trainable {self.trainable:,}",
            ]
        )

    @staticmethod
    def _cells(row: Row) -> tuple[str, ...]:
        depth = row.path.count(".") + 1 if row.path else 0
        return (
            "  " * depth + (row.path.rpartition(".")[2] or "model"),
            row.name + (f" (called {row.calls} times)" if row.calls > 1 else ""),
            "-" if row.output_shape is None else str(row.output_shape),
            f"{row.parameters:,}" if row.parameters else "-",
            f"{row.trainable:,}" if row.parameters else "-",
            f"{row.multiply_adds:,}" if row.multiply_adds else "-",
        )

    def __str__(self) -> str:
        return self.text


def summary(model: Module, input: Any, *, dtype: Any = None) -> Summary:
    """Run *model* once on *input* and return a table of its modules; print it to read it.

    *input* is a shape with the batch, (1, 1, 28, 28) for instance, for which zeros of *dtype* (by default that of the
    parameters) are made, or a Tensor, or a list of Tensors, the arguments of forward.  The run is in eval mode and
    unrecorded; modes, gradients, buffers and random states are afterwards what they were.

    >>> import nn
    >>> print(nn.summary(nn.Sequential(nn.Linear(4, 8), nn.ReLU()), (1, 4)))
    layer  class       output shape  parameters  trainable  multiply-adds
    ---------------------------------------------------------------------
    model  Sequential  (1, 8)                 -          -              -
      0    Linear      (1, 8)                40         40             32
      1    ReLU        (1, 8)                 -          -              -
    ---------------------------------------------------------------------
    input (1, 4): 32 multiply-adds
    parameters 40 (0.00 MB), trainable 40
    """
    if not isinstance(model, Module):
        raise TypeError(f"summary: model is of type {type(model).__name__}, expected an nn.Module")
    inputs = _inputs(model, input, dtype)
    paths = dict(model.named_modules())
    shapes: dict[int, tuple[int, ...] | None] = {}
    costs = dict.fromkeys(map(id, paths.values()), 0)
    calls = dict.fromkeys(map(id, paths.values()), 0)

    def note(module: Module, _: tuple[Any, ...], output: Any) -> None:
        calls[id(module)] += 1
        single = isinstance(output, Tensor)
        shapes[id(module)] = tuple(output.shape) if single else None
        costs[id(module)] += module.multiply_adds(output) if single else 0

    handles = [module.register_forward_hook(note) for module in paths.values()]
    try:
        with _unchanged(model), ag.no_grad():
            model(*inputs)
    finally:
        for handle in handles:
            handle.remove()
    seen: set[int] = set()
    rows = []
    for path, module in paths.items():
        own = [p for p in module.parameters(recurse=False) if id(p) not in seen]
        seen.update(map(id, own))
        rows.append(
            Row(
                path,
                type(module).__name__,
                shapes.get(id(module)),
                sum(p.numel() for p in own),
                sum(p.numel() for p in own if p.requires_grad),
                costs[id(module)],
                calls[id(module)],
            )
        )
    size = sum(p.numel() * p.dtype.itemsize for p in model.parameters())
    return Summary(tuple(rows), tuple(tuple(t.shape) for t in inputs), size)


def _inputs(model: Module, input: Any, dtype: Any) -> list[Tensor]:
    if isinstance(input, Tensor):
        return [input]
    if isinstance(input, Sequence) and input and all(isinstance(t, Tensor) for t in input):
        return list(input)
    if not isinstance(input, Sequence) or not all(isinstance(n, int) and n >= 0 for n in input):
        raise ag.errors.ArgumentError(
            f"summary: input={input!r}, expected a shape such as (1, 1, 28, 28), a Tensor, or a list of Tensors"
        )
    if dtype is None:
        dtype = next((p.dtype for p in model.parameters()), ag.float32)
    if math.prod(input) == 0:
        raise ag.errors.ShapeError(f"summary: input={tuple(input)} is an empty batch; use a batch of 1")
    return [ag.zeros(*input, dtype=dtype)]


@contextmanager
def _unchanged(model: Module) -> Iterator[None]:
    """Run in eval mode; put modes, buffers and the random state back afterwards."""
    modes = [(module, module.training) for module in model.modules()]
    buffers = [(buffer, buffer.clone()) for buffer in model.buffers()]
    random = ag.get_rng_state()
    model.eval()
    try:
        yield
    finally:
        ag.set_rng_state(random)
        for module, mode in modes:
            module.training = mode
        with ag.no_grad():
            for buffer, before in buffers:
                buffer.copy_(before)
