"""nn.data.read_idx: files of every kind, and those that are damaged."""

from __future__ import annotations

import gzip
import hashlib
from pathlib import Path

import numpy as np
import pytest
from drawn_numbers import generator
from idx_files import idx

import autograd_core as ag
from nn import data as nd


@pytest.mark.parametrize("dtype", ["uint8", "int8", "int16", "int32", "float32", "float64"])
@pytest.mark.parametrize("packed", [False, True])
def test_read_idx(tmp_path: Path, dtype: str, packed: bool) -> None:
    array = (generator().standard_normal((3, 4, 5)) * 50).astype(dtype)
    content = idx(array)
    path = tmp_path / "x-idx3-ubyte.gz"  # the name does not matter
    path.write_bytes(gzip.compress(content) if packed else content)
    read = nd.read_idx(path, ndim=3, md5=hashlib.md5(content).hexdigest())
    assert read.dtype == dtype
    assert read.dtype.isnative
    assert np.array_equal(read, array)
    read[0] = 0  # its own memory


def test_read_idx_without_values(tmp_path: Path) -> None:
    (tmp_path / "empty").write_bytes(idx(np.zeros((0, 28, 28), np.uint8)))
    assert nd.read_idx(tmp_path / "empty").shape == (0, 28, 28)


GOOD = idx(np.arange(24, dtype=np.uint8).reshape(2, 3, 4))
GZIP = gzip.compress(GOOD, mtime=0)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "is not an IDX file: it begins with nothing, expected 00 00"),
        (b"\x89PNG....", "is not an IDX file: it begins with 89 50 4e 47, expected 00 00.* 0e, and the number"),
        (b"\0\0\x07\x01" + GOOD[4:], "is not an IDX file: it begins with 00 00 07 01"),
        (GOOD[:-1], r"is truncated: 39 bytes unpacked, expected 40 for shape \(2, 3, 4\) of uint8; delete it and load"),
        (GOOD[:10], "is truncated: 10 bytes unpacked"),
        (GOOD + b"x", "is too long: 41 bytes unpacked, expected 40"),
        (GZIP[:-9], "is a truncated gzip file of 47 bytes; delete it and load it again"),
        (GZIP[:30] + b"??" + GZIP[32:], "is a corrupt gzip file"),
        (GZIP[:-8] + b"\0" * 8, r"is a corrupt gzip file \(CRC check failed"),
        (b"\x1f\x8b" + b"\xff" * 20, "is a corrupt gzip file"),
        (idx(np.zeros(3, np.uint8)), r"has 1 dimension\(s\), expected 3; were pictures and labels exchanged"),
        (
            idx(np.ones((2, 3, 4), np.uint8)),
            "another content: its unpacked bytes have MD5 .*, expected .*another data set",
        ),
    ],
    ids=range(12),
)
def test_read_idx_refuses(tmp_path: Path, content: bytes, message: str) -> None:
    path = tmp_path / "train-images-idx3-ubyte.gz"
    path.write_bytes(content)
    with pytest.raises(ag.errors.DataError, match=message) as caught:
        nd.read_idx(path, ndim=3, md5=hashlib.md5(GOOD).hexdigest())
    assert str(path) in str(caught.value)


def test_read_idx_of_a_missing_file(tmp_path: Path) -> None:
    with pytest.raises(ag.errors.DataError, match=r"cannot read .*gone: No such file or directory; check the folder"):
        nd.read_idx(tmp_path / "gone")
