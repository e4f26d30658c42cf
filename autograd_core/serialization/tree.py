"""A tree of values as two things that files can hold: JSON, and arrays by name."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy import ndarray

from .. import dtypes
from ..arrays import checked
from ..errors import ArgumentError
from ..tensor import Tensor, made

__all__ = ["WORDS", "Arrays", "pack", "tensor_of", "unpack"]

Arrays = dict[str, ndarray]
WORDS = "__metadata__"  # what safetensors keeps words under, beside the arrays: no array has this name


def pack(value: Any, arrays: Arrays, name: str = "state") -> Any:
    """Return *value* as what JSON can hold, and put its arrays into *arrays*, each under the path where it was.

    *value* is a tree of dicts, lists and tuples over tensors, arrays, numbers, strings, booleans and None.  What JSON lacks
    becomes a dict of one key that begins with ``$``.  Raises ArgumentError for anything else, calling the tree *name*.

    >>> arrays = {}
    >>> pack({"w": ag.ones(2), "betas": (0.9, 0.99)}, arrays)
    {'w': {'$tensor': 'w'}, 'betas': {'$tuple': [0.9, 0.99]}}
    >>> arrays
    {'w': array([1., 1.], dtype=float32)}
    """
    return _pack(value, "", arrays, name)


def _pack(value: Any, path: str, arrays: Arrays, name: str) -> Any:
    packed: Any = value
    if isinstance(value, np.generic):
        packed = _pack(value.item(), path, arrays, name)
    elif isinstance(value, float):
        packed = value if math.isfinite(value) else {"$float": repr(float(value))}
    elif isinstance(value, Tensor):
        packed = {"$leaf" if value.requires_grad else "$tensor": _keep(value.array, path, arrays)}
    elif isinstance(value, ndarray):
        packed = {"$array": _keep(value, path, arrays)}
    elif isinstance(value, list | tuple):
        packed = [_pack(item, _under(path, i), arrays, name) for i, item in enumerate(value)]
        if isinstance(value, tuple):
            packed = {"$tuple": packed}
    elif isinstance(value, Mapping):
        items = [(key, _pack(item, _under(path, key), arrays, name)) for key, item in value.items()]
        plain = all(isinstance(key, str) and not key.startswith("$") for key in value)
        packed = dict(items) if plain else {"$dict": [[_pack(key, path, arrays, name), item] for key, item in items]}
    elif value is not None and not isinstance(value, bool | int | str):
        kind = type(value).__name__
        cure = "its state_dict()" if hasattr(value, "state_dict") else "one of them, made of it in state_dict()"
        raise ArgumentError(
            f"{name} holds a {kind} at {path or 'its top'}: a file keeps tensors, arrays, numbers, strings, booleans, None, "
            f"and dicts, lists and tuples of these, and never code; save {cure}"
        )
    return packed


def _under(path: str, key: Any) -> str:
    return f"{path}/{key}" if path else str(key)


def _keep(array: ndarray, path: str, arrays: Arrays) -> str:
    path = path or "value"
    while path in arrays or path == WORDS:  # {"a/b": ..., "a": {"b": ...}}
        path += "'"
    arrays[path] = np.asarray(array, order="C")
    return path


def tensor_of(array: ndarray) -> Tensor:
    """Return a tensor of *array*; what tensors cannot hold is widened, exactly.

    >>> tensor_of(np.ones(2, np.float16)).dtype
    dtype('float32')
    """
    wider = WIDER.get(array.dtype.name)
    return made(checked(array if wider is None else array.astype(wider)))


WIDER = {"float16": dtypes.float32, "uint16": dtypes.int32, "uint32": dtypes.int64}

UNPACK: dict[str, Callable[[Any, Arrays], Any]] = {
    "$tensor": lambda name, arrays: tensor_of(arrays[name]),
    "$leaf": lambda name, arrays: tensor_of(arrays[name]).requires_grad_(),
    "$array": lambda name, arrays: arrays[name],
    "$float": lambda text, arrays: float(text),
    "$tuple": lambda items, arrays: tuple(unpack(items, arrays)),
    "$dict": lambda items, arrays: {unpack(key, arrays): unpack(item, arrays) for key, item in items},
}


def unpack(tree: Any, arrays: Arrays) -> Any:
    """Return the value that ``pack`` turned into *tree* and *arrays*, whose memory it takes over.

    >>> unpack({"w": {"$tensor": "w"}, "lr": 0.1}, {"w": np.zeros(1)})
    {'w': tensor([0.], dtype=float64), 'lr': 0.1}
    """
    if isinstance(tree, list):
        return [unpack(item, arrays) for item in tree]
    if not isinstance(tree, dict):
        return tree
    if len(tree) == 1:
        ((key, value),) = tree.items()
        if key in UNPACK:
            return UNPACK[key](value, arrays)
    return {key: unpack(item, arrays) for key, item in tree.items()}
