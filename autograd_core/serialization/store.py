"""``save`` and ``load``: values in one file that cannot hold code, and that shows damage."""

from __future__ import annotations

import hashlib
import io
import json
import os
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from ..device import check_device
from ..errors import CheckpointError
from .files import write_atomically
from .formats import Content, decode_npz, decode_safetensors, encode_npz, encode_safetensors
from .tree import Arrays, pack, tensor_of, unpack

__all__ = ["load", "save"]

FORMAT = "1"
# The words beside the arrays of a file that ``save`` wrote.
VERSION, TREE, CHECKSUM = "autograd_core", "tree", "sha256"
CONVERT = (
    "in Python with PyTorch and safetensors, `state = torch.load(path, weights_only=True)` and "
    "`safetensors.torch.save_file({k: v.contiguous() for k, v in state.items()}, 'model.safetensors')`"
)


def save(obj: Any, f: Any) -> None:
    """Write *obj* to *f*, a path or a file open for writing bytes; ``load`` gives it back.

    *obj* is a tree of dicts, lists and tuples over tensors, arrays, numbers, strings, booleans and None: the state_dict of
    a model or an optimizer, or a dict of several.  It comes back equal to the bit; each tensor has then memory of its own,
    and requires gradients if it did.

    The file is a safetensors file, whatever its name, or an npz file if its name ends in ``.npz``.  The tensors are in it
    under their keys (of a nested dict, joined by ``/``), for everyone who reads such files: ``safetensors.torch.load_file``,
    ``numpy.load``.  A path holds either what was there before or the whole new file, also after a crash.

    Raises ArgumentError for values of another type, such as a model: save its ``state_dict()``; CheckpointError where there
    is no such folder, OSError where the disk refuses.

    >>> import tempfile
    >>> path = tempfile.mkdtemp() + "/run.safetensors"
    >>> save({"weight": ag.ones(2), "epoch": 3}, path)
    >>> load(path)
    {'weight': tensor([1., 1.]), 'epoch': 3}
    """
    arrays = Arrays()
    tree = json.dumps(pack(obj, arrays, name="obj"), separators=(",", ":"))
    content = Content(arrays, {VERSION: FORMAT, TREE: tree, CHECKSUM: _checksum(arrays, tree)})
    if not isinstance(f, str | os.PathLike):
        f.write(encode_safetensors(content))
        return
    path = Path(f)
    if not path.parent.is_dir():
        raise CheckpointError(f"save: the folder {path.parent} does not exist; make it first, or save to another place")
    write_atomically(path, encode_npz(content) if path.suffix == ".npz" else encode_safetensors(content))


def load(f: Any, map_location: Any = None, *, weights_only: bool | None = None) -> Any:
    """Return what ``save`` wrote to *f*, a path or a file open for reading bytes; also what others wrote there.

    Of a safetensors or npz file by others it is the dict of its tensors, of an npy file one tensor.  What is smaller than
    the dtypes of tensors is widened, exactly: float16 and bfloat16 to float32.  *map_location* may name the CPU.
    *weights_only* changes nothing: no file can hold code.

    Raises CheckpointError for a file that is damaged, and for a pickle such as ``torch.save`` writes, with the lines that
    convert it: reading one runs the code in it.  DtypeError for numbers that no tensor holds, DeviceError for a
    *map_location* that is not there.

    >>> file = io.BytesIO(encode_npz(Content({"x": np.arange(3)})))
    >>> load(file)
    {'x': tensor([0, 1, 2])}
    """
    for place in map_location.values() if isinstance(map_location, Mapping) else [map_location]:
        if not callable(place):  # a function chooses among storages, which are all on the CPU
            check_device(place)
    named = isinstance(f, str | os.PathLike)
    data = Path(f).read_bytes() if named else f.read()
    try:
        return _value(data)
    except CheckpointError as error:
        raise CheckpointError(f"load: {f if named else 'the file'}: {error}") from error


def _value(data: bytes) -> Any:
    if _is_pickle(data):
        raise CheckpointError(
            "this is a pickle, as torch.save writes them: to read it is to run the code in it, so it is not read here; "
            f"convert it once: {CONVERT}"
        )
    if data.startswith(np.lib.format.MAGIC_PREFIX):
        return tensor_of(_read_npy(data))
    arrays, words = decode_npz(data) if data.startswith(b"PK") else decode_safetensors(data)
    if words.keys().isdisjoint({VERSION, TREE, CHECKSUM}):
        return {name: tensor_of(array) for name, array in arrays.items()}
    if words.get(VERSION, FORMAT) != FORMAT:
        raise CheckpointError(f"it has format {words[VERSION]}, this version reads format {FORMAT}; update the package")
    if words.get(CHECKSUM) != _checksum(arrays, words.get(TREE, "")):
        raise CheckpointError("its content does not match its checksum: the file is damaged; restore it from a copy")
    return unpack(json.loads(words[TREE]), arrays)


def _is_pickle(data: bytes) -> bool:
    if data.startswith(b"PK"):
        try:
            with zipfile.ZipFile(io.BytesIO(data)) as archive:
                return any(name.endswith("data.pkl") for name in archive.namelist())
        except zipfile.BadZipFile:
            return False
    return len(data) > 1 and data[0] == 0x80 and 2 <= data[1] <= 5  # the protocols of pickle; older ones are text


def _read_npy(data: bytes) -> Any:
    try:
        return np.load(io.BytesIO(data), allow_pickle=False)
    except (EOFError, ValueError) as error:
        raise CheckpointError(f"these bytes are no npy file of a plain array, or a damaged one ({error})") from error


def _checksum(arrays: Arrays, tree: str) -> str:
    """Return the SHA-256 of all that the file means."""
    digest = hashlib.sha256(tree.encode())
    for name in sorted(arrays):
        array = arrays[name]
        digest.update(f"\0{name}\0{array.dtype.str}{array.shape}".encode())
        digest.update(np.ascontiguousarray(array).data if array.size else b"")
    return digest.hexdigest()
