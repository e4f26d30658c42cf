"""From a list of samples to one batch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

import autograd_core as ag

__all__ = ["default_collate", "default_convert"]


def default_collate(samples: Sequence[Any]) -> Any:
    """Stack *samples* into one batch, as ``torch.utils.data.default_collate``.

    Tensors and arrays are stacked along a new first axis and keep their dtype; Python numbers become a Tensor (int64,
    bool, and float32, where PyTorch makes float64); strings stay a list; mappings, tuples, named tuples and lists are
    collated member by member and keep their kind (PyTorch turns a tuple into a list).

    Raises ArgumentError where samples differ in length or keys, ShapeError where arrays differ in shape, DtypeError for
    what has no batch form.

    >>> default_collate([(1, "a"), (2, "b")])
    (tensor([1, 2]), ['a', 'b'])
    """
    if len(samples) == 0:
        raise ag.errors.ArgumentError("default_collate needs at least one sample, got an empty list")
    first = samples[0]
    if isinstance(first, ag.Tensor):
        _same_shape(samples)
        return ag.stack(list(samples))
    if isinstance(first, np.ndarray | np.generic):
        _same_shape(samples)
        stacked = np.stack(samples)
        if stacked.dtype.kind not in "biuf":
            raise ag.errors.DtypeError(
                f"default_collate cannot make a Tensor of arrays of dtype {stacked.dtype}; encode them as numbers, "
                "or pass collate_fn"
            )
        return ag.from_numpy(stacked)
    if isinstance(first, int | float):
        return ag.tensor(list(samples))
    if isinstance(first, str | bytes):
        return list(samples)
    if isinstance(first, Mapping):
        for position, sample in enumerate(samples):
            if sample.keys() != first.keys():
                raise ag.errors.ArgumentError(
                    f"default_collate: sample {position} of the batch has the keys {sorted(sample)}, sample 0 has "
                    f"{sorted(first)}; "
                    "give every sample the same keys, or pass collate_fn"
                )
        return {key: default_collate([sample[key] for sample in samples]) for key in first}
    if isinstance(first, tuple | list):
        for position, sample in enumerate(samples):
            if len(sample) != len(first):
                raise ag.errors.ArgumentError(
                    f"default_collate: sample {position} of the batch has {len(sample)} members, sample 0 has "
                    f"{len(first)}; "
                    "give every sample the same members, or pass collate_fn to pad them"
                )
        members = [default_collate(column) for column in zip(*samples, strict=True)]
        return type(first)(*members) if hasattr(first, "_fields") else type(first)(members)
    raise ag.errors.DtypeError(
        f"default_collate cannot batch a {type(first).__name__}; return Tensors, arrays, numbers, strings, or dicts, "
        "tuples and "
        "lists of them, or pass collate_fn"
    )


def default_convert(data: Any) -> Any:
    """Turn the arrays in *data* into Tensors, and leave all else as it is, as ``torch.utils.data.default_convert``.

    This is done with samples that come one by one (``batch_size=None``).  Mappings, tuples, named tuples and lists keep
    their kind; arrays of text stay arrays; a NumPy number becomes a Tensor too.

    >>> default_convert({"x": np.zeros(2), "name": "a"})
    {'x': tensor([0., 0.], dtype=float64), 'name': 'a'}
    """
    if isinstance(data, np.ndarray | np.generic) and data.dtype.kind in "biuf":
        return ag.as_tensor(data)
    if isinstance(data, Mapping):
        return {key: default_convert(value) for key, value in data.items()}
    if isinstance(data, tuple) and hasattr(data, "_fields"):
        return type(data)(*map(default_convert, data))
    if isinstance(data, tuple | list):
        return type(data)(map(default_convert, data))
    return data


def _same_shape(samples: Sequence[Any]) -> None:
    for position, sample in enumerate(samples):
        if np.shape(sample) != np.shape(samples[0]):
            raise ag.errors.ShapeError(
                f"default_collate: sample {position} of the batch has shape {tuple(np.shape(sample))}, sample 0 has "
                f"{tuple(np.shape(samples[0]))}; crop or pad them to one size, or pass collate_fn"
            )
