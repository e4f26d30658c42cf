"""Values on their way from one process to another of the same program: tensors too, and large arrays without a copy."""

from __future__ import annotations

import pickle
from io import BytesIO
from multiprocessing.connection import Connection
from multiprocessing.reduction import ForkingPickler
from typing import Any

import numpy as np

import autograd_core as ag

__all__ = ["packed", "receive", "send"]

SMALL = 4096  # bytes; larger arrays travel as they lie in memory, and not in a pickle


def _reduce(tensor: ag.Tensor) -> tuple[Any, ...]:
    if not tensor.is_leaf:
        raise ag.errors.GraphError(
            "a tensor with a history cannot go to another process, the history would stay behind: use .detach() in the "
            "dataset, or in collate_fn"
        )
    return _arrived, (tensor.detach().numpy(), tensor.requires_grad)


def _arrived(array: Any, requires_grad: bool) -> ag.Tensor:
    return ag.from_numpy(array).requires_grad_(requires_grad)


# Only between processes of one program, where both ends are trusted; pickle itself goes on to refuse tensors.
ForkingPickler.register(ag.Tensor, _reduce)


def send(connection: Connection, message: list[Any]) -> None:
    """Send what ``packed`` returned."""
    for part in message:
        connection.send_bytes(part)


def packed(value: Any) -> list[Any]:
    """Return *value* as bytes, one part that tells the sizes, a pickle, and the memory of large arrays as it is."""
    buffers: list[Any] = []

    def apart(buffer: pickle.PickleBuffer) -> bool:
        memory = buffer.raw()
        if memory.nbytes > SMALL:
            buffers.append(memory)
        return memory.nbytes <= SMALL

    file = BytesIO()
    ForkingPickler(file, 5, True, apart).dump(value)
    sizes = np.array([memory.nbytes for memory in buffers], np.int64)
    return [sizes.tobytes(), file.getbuffer(), *buffers]


def receive(connection: Connection) -> Any:
    """Return the next value that ``send`` sent; raise EOFError when the other side is gone."""
    sizes = np.frombuffer(connection.recv_bytes(), np.int64)
    pickled = connection.recv_bytes()
    buffers = [np.empty(size, np.uint8) for size in sizes]
    for buffer in buffers:
        connection.recv_bytes_into(buffer.data)
    return pickle.loads(pickled, buffers=buffers)
