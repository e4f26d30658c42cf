"""The IDX format of MNIST: a magic number, big-endian dimensions, then the values; plain or gzip.

Two zero bytes, one for the type, one for the number of dimensions, then each dimension in four bytes (LeCun, Cortes,
Burges, "The MNIST database of handwritten digits").
"""

from __future__ import annotations

import gzip
import hashlib
import math
import os
import zlib
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

import autograd_core as ag

__all__ = ["read_idx"]

DTYPES = {0x08: ">u1", 0x09: ">i1", 0x0B: ">i2", 0x0C: ">i4", 0x0D: ">f4", 0x0E: ">f8"}
CURE = "delete it and load it again, or copy it anew"


def read_idx(path: str | os.PathLike[str], ndim: int | None = None, md5: str | None = None) -> NDArray[Any]:
    """Read an IDX file, plain or gzip, into an array of its own shape and type.

    *ndim* is the number of dimensions it must have, *md5* the checksum of its unpacked bytes, where they are known.

    Raises DataError, naming the file, what was found and what was expected: a missing, truncated or corrupt file, one
    that is not IDX, or one with another content.

    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp()) / "labels-idx1-ubyte"
    >>> _ = path.write_bytes(bytes([0, 0, 8, 1, 0, 0, 0, 3, 7, 8, 9]))
    >>> read_idx(path)
    array([7, 8, 9], dtype=uint8)
    """
    path = Path(path)
    content = _unpacked(path)
    if len(content) < 4 or content[:2] != b"\0\0" or content[2] not in DTYPES:
        known = ", ".join(f"{code:02x}" for code in DTYPES)
        raise ag.errors.DataError(
            f"{path} is not an IDX file: it begins with {content[:4].hex(' ') or 'nothing'}, expected 00 00, a type "
            "out of "
            f"{known}, and the number of dimensions; {CURE}"
        )
    dtype, found = np.dtype(DTYPES[content[2]]), content[3]
    if ndim not in (None, found):
        raise ag.errors.DataError(
            f"{path} has {found} dimension(s), expected {ndim}; were pictures and labels exchanged? If not, {CURE}"
        )
    header = 4 + 4 * found
    shape = tuple(int.from_bytes(content[at : at + 4], "big") for at in range(4, header, 4))
    expected = header + math.prod(shape) * dtype.itemsize
    if len(content) != expected:
        kind = "truncated" if len(content) < expected else "too long"
        raise ag.errors.DataError(
            f"{path} is {kind}: {len(content)} bytes unpacked, expected {expected} for shape {shape} of "
            f"{dtype.name}; {CURE}"
        )
    if md5 and (got := hashlib.md5(content, usedforsecurity=False).hexdigest()) != md5:
        raise ag.errors.DataError(
            f"{path} is whole but has another content: its unpacked bytes have MD5 {got}, expected {md5}; is it a "
            "file of "
            f"another data set (several use the same file names)? If not, {CURE}"
        )
    return np.frombuffer(content, dtype, offset=header).reshape(shape).astype(dtype.newbyteorder("="))


def _unpacked(path: Path) -> bytes:
    try:
        content = path.read_bytes()
    except OSError as error:
        raise ag.errors.DataError(
            f"cannot read {path}: {error.strerror}; check the folder and the permissions"
        ) from error
    if content[:2] != b"\x1f\x8b":  # told by its first bytes: browsers unpack files and keep the .gz in the name
        return content
    try:
        return gzip.decompress(content)
    except EOFError as error:
        raise ag.errors.DataError(f"{path} is a truncated gzip file of {len(content)} bytes; {CURE}") from error
    except (gzip.BadGzipFile, zlib.error) as error:
        raise ag.errors.DataError(f"{path} is a corrupt gzip file ({error}); {CURE}") from error
