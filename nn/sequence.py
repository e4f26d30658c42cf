"""Sequences of different lengths in one batch: padded to one length, or packed without padding.

A packed batch has its sequences in order of length, the longest first, and its rows in order of time: those of time 0 of
all sequences, then those of time 1 of the sequences that long, and so on.  A recurrent layer then computes no padding.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

import autograd_core as ag
from autograd_core import Tensor

from . import expect

__all__ = [
    "PackedSequence",
    "invert_permutation",
    "pack_padded_sequence",
    "pack_sequence",
    "pad_packed_sequence",
    "pad_sequence",
    "unpack_sequence",
    "unpad_sequence",
]


class PackedSequence(NamedTuple):
    """A packed batch, as ``pack_padded_sequence`` and ``pack_sequence`` make it and recurrent layers take and return it.

    *data* (R, ...) holds the rows, *batch_sizes* (T,) how many there are for each time.  *sorted_indices* is the order in
    which the sequences were put, *unsorted_indices* the one that undoes it; None where they were in order.

    >>> import nn
    >>> nn.pack_sequence([ag.tensor([1, 2, 3]), ag.tensor([4])]).data.tolist()
    [1, 4, 2, 3]
    """

    data: Tensor
    batch_sizes: Tensor
    sorted_indices: Tensor | None = None
    unsorted_indices: Tensor | None = None

    def to(self, *args: Any, **options: Any) -> PackedSequence:
        """Return the batch with its rows in another dtype or on another device; arguments as for ``Tensor.to``."""
        return self._replace(data=self.data.to(*args, **options))

    def float(self) -> PackedSequence:
        """Return the batch with its rows in float32."""
        return self.to(ag.float32)

    def double(self) -> PackedSequence:
        """Return the batch with its rows in float64."""
        return self.to(ag.float64)

    def cpu(self) -> PackedSequence:
        """Return the batch: it is on the CPU."""
        return self


def pack_padded_sequence(
    input: Tensor, lengths: Sequence[int] | Tensor, batch_first: bool = False, enforce_sorted: bool = True
) -> PackedSequence:
    """Pack the first lengths[n] elements of each sequence n of *input* (T, N, ...), or (N, T, ...) with *batch_first*.

    With *enforce_sorted*, lengths must not increase; without it sequences are sorted, and layers undo that.
    Raises ArgumentError for lengths that do not fit.

    >>> import nn
    >>> packed = nn.pack_padded_sequence(ag.tensor([[1, 2, 0], [3, 4, 5]]), [2, 3], True, enforce_sorted=False)
    >>> packed.data.tolist(), packed.batch_sizes.tolist()
    ([3, 1, 4, 2, 5], [2, 2, 1])
    """
    expect.tensor("pack_padded_sequence", input)
    if input.ndim < 2:
        raise expect.shape_error("pack_padded_sequence", input, "(T, N, ...)", "add the missing dims with unsqueeze")
    input = input.movedim(0, 1) if batch_first else input
    steps, n = input.shape[:2]
    sizes = _lengths("pack_padded_sequence", lengths, n, steps)
    order = None
    if not enforce_sorted:
        order = np.argsort(-sizes, kind="stable")
        input, sizes = input.index_select(1, order), sizes[order]
    elif np.any(sizes[1:] > sizes[:-1]):
        raise ag.errors.ArgumentError(
            f"pack_padded_sequence: lengths={sizes.tolist()} must be sorted in decreasing order when enforce_sorted is "
            "True; pass enforce_sorted=False"
        )
    there = np.arange(sizes[0])[:, None] < sizes
    batch_sizes = ag.from_numpy(there.sum(1))
    data = input[: int(sizes[0])][there]
    if order is None:
        return PackedSequence(data, batch_sizes)
    sorted_indices = ag.from_numpy(order)
    return PackedSequence(data, batch_sizes, sorted_indices, invert_permutation(sorted_indices))


def invert_permutation(permutation: Tensor | None) -> Tensor | None:
    """Return the order that undoes the order *permutation*; None for None.

    >>> invert_permutation(ag.tensor([2, 0, 1])).tolist()
    [1, 2, 0]
    """
    return None if permutation is None else ag.from_numpy(np.argsort(permutation.array))


def _lengths(name: str, lengths: Any, n: int, steps: int) -> np.ndarray:
    """Return the lengths of n sequences, of which none is 0 or above *steps*."""
    sizes = np.asarray(lengths.array if isinstance(lengths, Tensor) else lengths)
    if sizes.shape != (n,) or sizes.dtype.kind not in "iu" or not n:
        raise ag.errors.ArgumentError(
            f"{name}: lengths={sizes.tolist()}, expected integers for a batch of {n} sequences, which must not be empty"
        )
    if sizes.min() < 1 or sizes.max() > steps:
        raise ag.errors.ArgumentError(
            f"{name}: lengths={sizes.tolist()}, expected 1 to {steps}: length of all samples has to be greater than 0, and "
            "no longer than the padded batch; leave empty sequences out"
        )
    return sizes.astype(np.int64)


def pad_packed_sequence(
    sequence: PackedSequence, batch_first: bool = False, padding_value: float = 0.0, total_length: int | None = None
) -> tuple[Tensor, Tensor]:
    """Return a packed batch as (T, N, ...), or (N, T, ...) with *batch_first*, and the lengths: ``pack`` undone.

    T is the greatest length, or *total_length*, which must not be less.

    >>> import nn
    >>> padded, lengths = nn.pad_packed_sequence(nn.pack_sequence([ag.tensor([1, 2]), ag.tensor([3])]), True, -1)
    >>> padded.tolist(), lengths.tolist()
    ([[1, 2], [3, -1]], [2, 1])
    """
    sizes = sequence.batch_sizes.array
    steps = len(sizes) if total_length is None else total_length
    if steps < len(sizes):
        raise ag.errors.ArgumentError(
            f"pad_packed_sequence: total_length={total_length}, expected at least the length of the longest sequence in "
            f"input, {len(sizes)}"
        )
    data, n = sequence.data, int(sizes[0])
    there = np.arange(n) < np.append(sizes, np.zeros(steps - len(sizes), np.int64))[:, None]
    padded = ag.full((steps, n, *data.shape[1:]), padding_value, dtype=data.dtype)
    padded[there] = data
    lengths = there.sum(0)
    if sequence.unsorted_indices is not None:
        order = sequence.unsorted_indices.array
        padded, lengths = padded.index_select(1, order), lengths[order]
    return (padded.movedim(0, 1) if batch_first else padded), ag.from_numpy(lengths)


def pad_sequence(
    sequences: Sequence[Tensor], batch_first: bool = False, padding_value: float = 0.0, padding_side: str = "right"
) -> Tensor:
    """Stack sequences (L_n, ...) to (T, N, ...), or (N, T, ...) with *batch_first*, with T the greatest length.

    *padding_side*, "right" or "left", is where *padding_value* is added.

    >>> import nn
    >>> nn.pad_sequence([ag.tensor([1, 2, 3]), ag.tensor([4])], batch_first=True).tolist()
    [[1, 2, 3], [4, 0, 0]]
    """
    if padding_side not in ("left", "right"):
        raise ag.errors.ArgumentError(f"pad_sequence: padding_side={padding_side!r}, expected 'right' or 'left'")
    _check_sequences("pad_sequence", sequences)
    steps = max(len(s) for s in sequences)
    padded = []
    for s in sequences:
        rest = ag.full((steps - len(s), *s.shape[1:]), padding_value, dtype=s.dtype)
        padded.append(ag.cat([s, rest] if padding_side == "right" else [rest, s]) if len(rest) else s)
    return ag.stack(padded, 1 if not batch_first else 0)


def _check_sequences(name: str, sequences: Sequence[Tensor]) -> None:
    if not len(sequences):
        raise ag.errors.ArgumentError(f"{name}: sequences is empty, expected at least one Tensor")
    for i, s in enumerate(sequences):
        expect.tensor(name, s, f"sequences[{i}]")
        if not s.ndim or s.shape[1:] != sequences[0].shape[1:]:
            raise expect.shape_error(
                name, s, f"(L, ...) with the trailing dims of the first, {sequences[0].shape[1:]}", "make them alike"
            )


def pack_sequence(sequences: Sequence[Tensor], enforce_sorted: bool = True) -> PackedSequence:
    """Pack sequences (L_n, ...); with *enforce_sorted*, lengths must not increase.

    >>> import nn
    >>> nn.pack_sequence([ag.tensor([1, 2]), ag.tensor([3])]).batch_sizes.tolist()
    [2, 1]
    """
    _check_sequences("pack_sequence", sequences)
    lengths = [len(s) for s in sequences]
    return pack_padded_sequence(pad_sequence(sequences), lengths, enforce_sorted=enforce_sorted)


def unpad_sequence(
    padded_sequences: Tensor, lengths: Sequence[int] | Tensor, batch_first: bool = False
) -> list[Tensor]:
    """Return the sequences (L_n, ...) of a padded batch: ``pad_sequence`` undone.

    >>> import nn
    >>> [s.tolist() for s in nn.unpad_sequence(ag.tensor([[1, 2], [3, 0]]), [2, 1], batch_first=True)]
    [[1, 2], [3]]
    """
    batch = padded_sequences if batch_first else padded_sequences.movedim(0, 1)
    sizes = _lengths("unpad_sequence", lengths, *batch.shape[:2])
    return [sequence[:size] for sequence, size in zip(batch, sizes.tolist(), strict=True)]


def unpack_sequence(packed_sequences: PackedSequence) -> list[Tensor]:
    """Return the sequences (L_n, ...) of a packed batch, in their order before packing.

    >>> import nn
    >>> [s.tolist() for s in nn.unpack_sequence(nn.pack_sequence([ag.tensor([1, 2]), ag.tensor([3])]))]
    [[1, 2], [3]]
    """
    padded, lengths = pad_packed_sequence(packed_sequences, batch_first=True)
    return unpad_sequence(padded, lengths, batch_first=True)
