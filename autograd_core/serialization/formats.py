"""Arrays by name, with words beside them, as bytes: in the formats safetensors and npz.  Neither can hold code."""

from __future__ import annotations

import io
import json
import zipfile
from typing import Any, NamedTuple

import numpy as np
import safetensors
import safetensors.numpy
from numpy import ndarray

from ..errors import CheckpointError, DtypeError
from .tree import WORDS, Arrays

__all__ = ["Content", "decode_npz", "decode_safetensors", "encode_npz", "encode_safetensors"]


class Content(NamedTuple):
    """What a file holds: arrays by name, each in memory of its own, and words by name.

    >>> Content({"x": np.zeros(1)}).words
    {}
    """

    arrays: Arrays
    words: dict[str, str] = {}  # noqa: RUF012  # never changed: a default of a tuple's member


def encode_safetensors(content: Content) -> bytes:
    """Return the safetensors file of *content*.

    >>> decode_safetensors(encode_safetensors(Content({"x": np.ones(2)}, {"by": "hand"})))
    Content(arrays={'x': array([1., 1.])}, words={'by': 'hand'})
    """
    arrays = {
        name: np.asarray(array, order="C") for name, array in content.arrays.items()
    }  # it writes them as they lie
    try:
        return safetensors.numpy.save(arrays, content.words or None)
    except safetensors.SafetensorError as error:
        raise DtypeError(f"safetensors files hold numbers: {error}; convert the arrays first") from error


def decode_safetensors(data: bytes) -> Content:
    """Return the content of a safetensors file; bfloat16, which NumPy lacks, as float32, which holds it exactly.

    Raises CheckpointError for bytes that are no such file, DtypeError for numbers that NumPy lacks.

    >>> decode_safetensors(b"once upon a time")
    Traceback (most recent call last):
    autograd_core.errors.CheckpointError: ...
    """
    try:
        entries = dict(safetensors.deserialize(data))  # type: ignore[no-untyped-call]  # it ships no types
    except safetensors.SafetensorError as error:
        raise CheckpointError(f"these bytes are no safetensors file, or a damaged one ({error})") from error
    header = json.loads(data[8 : 8 + int.from_bytes(data[:8], "little")])
    words = header.pop(WORDS, {})
    return Content({name: _array(name, entries[name]) for name in header}, words)  # in the order of the file


DTYPES = {
    "BOOL": "bool", "U8": "uint8", "I8": "int8", "U16": "uint16", "I16": "int16", "U32": "uint32", "I32": "int32",
    "U64": "uint64", "I64": "int64", "F16": "float16", "F32": "float32", "F64": "float64",
}  # fmt: skip


def _array(name: str, entry: dict[str, Any]) -> ndarray:
    dtype, shape, memory = entry["dtype"], entry["shape"], entry["data"]
    if dtype == "BF16":  # the upper half of a float32
        return (np.frombuffer(memory, np.uint16).astype(np.uint32) << 16).view(np.float32).reshape(shape)
    if dtype not in DTYPES:
        raise DtypeError(
            f"the tensor {name!r} has the dtype {dtype}: expected one of {', '.join(DTYPES)} or BF16; convert it with the "
            "library that wrote the file"
        )
    return np.frombuffer(memory, DTYPES[dtype]).reshape(shape)


def encode_npz(content: Content) -> bytes:
    """Return the npz file of *content*: ``numpy.load(path)["x"]`` is the array of that name.

    >>> decode_npz(encode_npz(Content({"x": np.ones(2)}, {"by": "hand"})))
    Content(arrays={'x': array([1., 1.])}, words={'by': 'hand'})
    """
    words = {WORDS: np.array(json.dumps(content.words))} if content.words else {}
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:  # numpy.savez cannot write an array that is named "file"
        for name, array in (words | content.arrays).items():
            with archive.open(f"{name}.npy", "w", force_zip64=True) as file:
                np.lib.format.write_array(file, array, allow_pickle=False)
    return made.getvalue()


def decode_npz(data: bytes) -> Content:
    """Return the content of an npz file.

    Raises CheckpointError for bytes that are no such file, or hold a pickle.

    >>> decode_npz(b"once upon a time")
    Traceback (most recent call last):
    autograd_core.errors.CheckpointError: ...
    """
    try:
        with np.load(io.BytesIO(data), allow_pickle=False) as archive:
            arrays = {name: archive[name] for name in archive.files}
    except (zipfile.BadZipFile, zipfile.LargeZipFile, EOFError, KeyError, TypeError, ValueError) as error:
        raise CheckpointError(f"these bytes are no npz file of plain arrays, or a damaged one ({error})") from error
    words = arrays.pop(WORDS, None)
    return Content(arrays, {} if words is None else json.loads(words.item()))
