"""Checkpoints: everything that a run is, in two files that change together.

``last.json`` holds plain values and names ``last-<hash>.safetensors``, which holds the arrays.  The tensors are written
first, under a name that no other checkpoint uses; then the JSON takes its place in one step, and only then are older
tensors removed.  So a crash, a kill or a full disk at any point leaves either the previous checkpoint or the new one,
whole.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

import autograd_core as ag

from ..module import Module
from .files import write_atomically
from .protocols import Stateful

__all__ = ["load_checkpoint", "restore", "save_checkpoint"]

FORMAT = 1
LOST = "restore it from a copy, or train again"

Arrays = dict[str, NDArray[Any]]


def save_checkpoint(path: str | Path, state: Mapping[str, Any]) -> Path:
    """Write *state* to ``<path>.json`` and ``<path>-<hash>.safetensors``; return the path of the JSON file.

    *state* is a tree of dicts, lists and tuples over tensors, arrays, numbers, strings, booleans and None.  It comes
    back equal, bit for bit, and of the same types (NumPy's scalars as Python's).  The previous checkpoint of this path
    is replaced only when the new one is safe on the disk.

    Raises ``CheckpointError`` when the disk refuses (the previous checkpoint is then whole), ``ArgumentError`` for a
    value of another type.

    >>> save_checkpoint("last", {"weights": ag.ones(2), "epoch": 3}).name
    'last.json'
    >>> load_checkpoint("last")["epoch"]
    3
    """
    base, arrays = _base(path), Arrays()
    tree = ag.serialization.pack(dict(state), arrays)
    tensors = ag.serialization.encode_safetensors(ag.serialization.Content(arrays))
    digest = hashlib.sha256(tensors).hexdigest()
    file = base.with_name(f"{base.name}-{digest[:16]}.safetensors")
    head = {
        "format": FORMAT,
        "tensors": file.name,
        "tensors_sha256": digest,
        "state_sha256": _checksum(tree),
        "state": tree,
    }
    target = base.with_name(base.name + ".json")
    was_there = file.exists()
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(file, tensors)
        write_atomically(target, json.dumps(head, indent=1))
    except OSError as error:
        if not was_there:
            _remove(file)
        kept = "the previous checkpoint there is whole" if target.exists() else "there is no earlier checkpoint"
        raise ag.errors.CheckpointError(
            f"could not save the checkpoint {target}: {error}; {kept}; free some space, or save to another place"
        ) from error
    _remove_older(base, keep=file)
    return target


def load_checkpoint(path: str | Path) -> dict[str, Any]:
    """Read what ``save_checkpoint`` wrote at *path* (with or without ``.json``).

    Raises ``CheckpointError`` that names the file when one is missing, truncated or corrupted: both carry checksums.

    >>> path = save_checkpoint("last", {"weights": ag.ones(2), "epoch": 3})
    >>> load_checkpoint("last")
    {'weights': tensor([1., 1.]), 'epoch': 3}
    """
    base = _base(path)
    target = base.with_name(base.name + ".json")
    try:
        head = json.loads(target.read_bytes())
        version, name, tensors_sha256 = head["format"], head["tensors"], head["tensors_sha256"]
        checksum, tree = head["state_sha256"], head["state"]
    except FileNotFoundError as error:
        raise ag.errors.CheckpointError(f"there is no checkpoint {target}; check the path, or train first") from error
    except OSError as error:
        raise ag.errors.CheckpointError(
            f"the checkpoint {target} cannot be read: {error}; check its permissions"
        ) from error
    except (ValueError, KeyError, TypeError) as error:
        raise ag.errors.CheckpointError(
            f"the checkpoint {target} is truncated or corrupted ({type(error).__name__}: {error}); {LOST}"
        ) from error
    if version != FORMAT:
        raise ag.errors.CheckpointError(
            f"the checkpoint {target} has format {version!r}, this version reads format {FORMAT}; update the package"
        )
    if _checksum(tree) != checksum:
        raise ag.errors.CheckpointError(
            f"the checkpoint {target} is corrupted: its contents do not match their checksum; {LOST}"
        )
    arrays = _read_arrays(base.with_name(Path(name).name), tensors_sha256, target)
    state: dict[str, Any] = ag.serialization.unpack(tree, arrays)
    return state


def _read_arrays(file: Path, checksum: str, target: Path) -> Arrays:
    try:
        content = file.read_bytes()
    except OSError as error:
        raise ag.errors.CheckpointError(
            f"{file}, the tensors of the checkpoint {target}, cannot be read: {error}; {LOST}"
        ) from error
    if hashlib.sha256(content).hexdigest() != checksum:
        raise ag.errors.CheckpointError(
            f"{file} is truncated or corrupted: its {len(content)} bytes do not match their SHA-256 checksum; {LOST}"
        )
    return ag.serialization.decode_safetensors(content).arrays


def restore(name: str, target: Stateful, state: Any) -> None:
    """Load *state* into *target* (a model, an optimizer, a loader, ...), calling it *name* in errors.

    Raises ``CheckpointError`` when they do not belong together; for a module it lists the keys that are missing,
    unexpected, or of another shape.

    >>> import nn
    >>> first, second = nn.Linear(2, 1), nn.Linear(2, 1)
    >>> restore("model", second, first.state_dict())
    >>> ag.equal(first.weight, second.weight)
    True
    """
    if isinstance(target, Module):
        _compare(name, target.state_dict(), state)
    try:
        target.load_state_dict(state)
    except (ag.errors.AutogradError, LookupError, TypeError, ValueError) as error:
        raise ag.errors.CheckpointError(
            f"the checkpoint's {name} state does not fit this {type(target).__name__}: {error}; "
            f"make the {name} as it was made for the saved run"
        ) from error


def _compare(name: str, own: Mapping[str, Any], saved: Mapping[str, Any]) -> None:
    """Raise CheckpointError unless both have the same keys, with values of the same shapes."""
    reshaped = [
        f"{key} (checkpoint {np.shape(saved[key])}, {name} {np.shape(own[key])})"
        for key in own
        if key in saved and np.shape(saved[key]) != np.shape(own[key])
    ]
    differences = {
        "missing in the checkpoint": [key for key in own if key not in saved],
        "unexpected in the checkpoint": [key for key in saved if key not in own],
        "of another shape": reshaped,
    }
    found = [f"{what}: {_first(keys)}" for what, keys in differences.items() if keys]
    if found:
        raise ag.errors.CheckpointError(
            f"the checkpoint is of another architecture than this {name}; {'; '.join(found)}; "
            f"build the {name} that was saved"
        )


def _first(names: list[str], most: int = 8) -> str:
    return ", ".join(names[:most]) + (f" and {len(names) - most} more" if len(names) > most else "")


def _base(path: str | Path) -> Path:
    path = Path(path)
    return path.with_suffix("") if path.suffix == ".json" else path


def _remove_older(base: Path, keep: Path) -> None:
    ours = re.compile(re.escape(base.name) + r"-[0-9a-f]{16}\.safetensors(\.tmp)?")
    for file in base.parent.iterdir():
        if file != keep and ours.fullmatch(file.name):
            _remove(file)


def _remove(file: Path) -> None:
    with contextlib.suppress(OSError):  # what cannot be removed is only wasted space; the checkpoint is safe
        file.unlink(missing_ok=True)


def _checksum(tree: Any) -> str:
    return hashlib.sha256(json.dumps(tree, sort_keys=True, separators=(",", ":")).encode()).hexdigest()
