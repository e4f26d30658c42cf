"""nn.data: samples that become a batch, and what becomes Tensors without one."""

from __future__ import annotations

from collections import namedtuple
from typing import Any, NamedTuple

import numpy as np
import pytest

import autograd_core as ag
import nn.data as nd


def test_collate_numbers() -> None:
    for samples, dtype in (([1, 2], "int64"), ([True, False], "bool"), ([0.5, 1.5], "float32"), ([1, 2.5], "float32")):
        batch = nd.default_collate(samples)
        assert isinstance(batch, ag.Tensor)
        assert batch.numpy().dtype == dtype
        assert batch.tolist() == samples


@pytest.mark.parametrize("dtype", ["float32", "float64", "uint8", "int64", "bool"])
def test_collate_stacks_arrays_and_tensors_and_keeps_the_dtype(dtype: str) -> None:
    samples = [(np.arange(6).reshape(2, 3) % (2 + i)).astype(dtype) for i in range(4)]
    for batch in (nd.default_collate(samples), nd.default_collate([ag.from_numpy(s) for s in samples])):
        assert batch.numpy().dtype == dtype
        assert np.array_equal(batch.numpy(), np.stack(samples))
    assert nd.default_collate([np.dtype(dtype).type(1)] * 2).numpy().dtype == dtype


def test_collate_keeps_the_kind_of_containers() -> None:
    Pair = namedtuple("Pair", "x y")
    samples = [{"a": (i, [np.ones(2) * i, "s"]), "b": Pair(i, b"t")} for i in range(3)]
    batch = nd.default_collate(samples)
    assert batch["a"][0].tolist() == [0, 1, 2]
    assert isinstance(batch["a"], tuple)
    assert isinstance(batch["a"][1], list)
    assert tuple(batch["a"][1][0].shape) == (3, 2)
    assert batch["a"][1][1] == ["s"] * 3
    assert isinstance(batch["b"], Pair)
    assert batch["b"].y == [b"t"] * 3


def test_collate_as_torch() -> None:
    torch = pytest.importorskip("torch")
    samples = [(np.float32([i, 1]), i, {"k": [np.int64(i), "s"]}) for i in range(3)]
    ours, theirs = nd.default_collate(samples), torch.utils.data.default_collate(samples)
    for mine, other in ((ours[0], theirs[0]), (ours[1], theirs[1]), (ours[2]["k"][0], theirs[2]["k"][0])):
        assert np.array_equal(mine.numpy(), other.numpy())
        assert mine.numpy().dtype == other.numpy().dtype
    assert ours[2]["k"][1] == list(theirs[2]["k"][1])


@pytest.mark.parametrize(
    ("samples", "error", "message"),
    [
        ([], ag.errors.ArgumentError, "at least one sample, got an empty list"),
        ([np.ones(3), np.ones(4)], ag.errors.ShapeError, r"sample 1 .* shape \(4,\), sample 0 has \(3,\); crop or pad"),
        ([(1, 2), (1,)], ag.errors.ArgumentError, "sample 1 of the batch has 1 members, sample 0 has 2"),
        (
            [{"a": 1}, {"b": 1}],
            ag.errors.ArgumentError,
            r"sample 1 of the batch has the keys \['b'\], sample 0 has \['a'\]",
        ),
        ([object()], ag.errors.DtypeError, "cannot batch a object; return Tensors"),
        ([np.array("a")], ag.errors.DtypeError, "arrays of dtype <U1; encode them as numbers"),
    ],
)
def test_collate_refuses(samples: list[Any], error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        nd.default_collate(samples)


def test_collate_refuses_tensors_of_two_shapes() -> None:
    with pytest.raises(ag.errors.ShapeError, match=r"sample 1 of the batch has shape \(1,\), sample 0 has \(2,\)"):
        nd.default_collate([ag.tensor([1.0, 2.0]), ag.tensor([1.0])])


class Pair(NamedTuple):
    x: Any
    y: Any


def test_default_convert() -> None:
    given = {
        "a": (np.ones(2, np.float32), "b", 1),
        "n": [np.float64(2), np.array(["t"])],
        "p": Pair(np.arange(2), None),
    }
    out = nd.default_convert(given)
    assert out["a"][0].dtype == ag.float32
    assert out["a"][1:] == ("b", 1)
    assert (out["n"][0].dtype, out["n"][0].item(), out["n"][1].tolist()) == (ag.float64, 2, ["t"])
    assert type(out["p"]) is Pair
    assert out["p"].x.tolist() == [0, 1]
