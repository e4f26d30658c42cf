"""Bags of looked-up vectors, arguments of look-ups, bilinear maps: by loops, by finite differences, by PyTorch."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import Any

import numpy as np
import pytest

import autograd_core as ag
import nn
import nn.functional as F
from autograd_core.errors import ArgumentError, DtypeError, ShapeError

DTYPES = pytest.mark.parametrize("dtype", [ag.float32, ag.float64], ids=str)
MODES = pytest.mark.parametrize("mode", ["mean", "sum", "max"])
TABLE = np.random.default_rng(0).normal(size=(6, 3))
FLAT = [1, 4, 1, 0, 5, 5, 2]
INPUTS: dict[str, tuple[Any, dict[str, Any]]] = {
    "rows": ([[1, 4, 1], [0, 5, 5]], {}),
    "offsets": (FLAT, {"offsets": [0, 3, 5]}),
    "empty bags": (FLAT, {"offsets": [0, 0, 3, 7, 7]}),
    "last offset": (FLAT, {"offsets": [0, 3, 3, 6], "include_last_offset": True}),
    "padding": (FLAT, {"offsets": [0, 4, 6], "padding_idx": 5}),
    "rows of padding": ([[5, 5], [1, 5], [4, 2]], {"padding_idx": -1}),
    "nothing": (np.empty(0, np.int64), {"offsets": np.empty(0, np.int64)}),
    "no bag has any": (np.empty((2, 0), np.int64), {}),
    "only padding": ([[5, 5], [5, 5]], {"padding_idx": 5}),
}


def bag(table: Any, input: Any, mode: str, how: dict[str, Any], factors: Any = None) -> Any:
    """One bag after the other."""
    input = np.asarray(input)
    if input.ndim == 2:
        bags = [range(i * input.shape[1], (i + 1) * input.shape[1]) for i in range(len(input))]
    else:
        ends = [*how["offsets"], *[len(input)] * (not how.get("include_last_offset", False))]
        bags = [range(a, b) for a, b in pairwise(ends)]
    flat, out = input.reshape(-1), np.zeros((len(bags), table.shape[1]))
    for i, places in enumerate(bags):
        kept = [k for k in places if flat[k] != how.get("padding_idx", -9) % len(table) or "padding_idx" not in how]
        rows = np.array([table[flat[k]] * (1 if factors is None else factors.reshape(-1)[k]) for k in kept])
        if kept:
            out[i] = {"mean": np.mean, "sum": np.sum, "max": np.max}[mode](rows, 0)
    return out


def given(how: dict[str, Any], library: Any = ag) -> dict[str, Any]:
    return {key: library.tensor(value) if key == "offsets" else value for key, value in how.items()}


@DTYPES
@MODES
@pytest.mark.parametrize("name", INPUTS)
def test_bags_are_their_definition(name: str, mode: str, dtype: Any) -> None:
    input, how = INPUTS[name]
    out = F.embedding_bag(ag.tensor(input), ag.tensor(TABLE, dtype=dtype), mode=mode, **given(how))
    assert out.dtype == dtype
    np.testing.assert_allclose(out.array, bag(TABLE, input, mode, how), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("name", INPUTS)
def test_rows_can_be_weighted(name: str) -> None:
    input, how = INPUTS[name]
    factors = np.random.default_rng(1).normal(size=np.shape(input))
    leaves = [ag.tensor(x, requires_grad=True) for x in (TABLE, factors)]

    def function(table: Any, factors: Any) -> Any:
        return F.embedding_bag(ag.tensor(input), table, mode="sum", per_sample_weights=factors, **given(how))

    np.testing.assert_allclose(function(*leaves).array, bag(TABLE, input, "sum", how, factors), rtol=1e-12, atol=1e-14)
    assert ag.gradcheck(function, leaves)
    assert ag.gradgradcheck(function, leaves)


@MODES
@pytest.mark.parametrize("name", INPUTS)
def test_derivatives(name: str, mode: str) -> None:
    input, how = INPUTS[name]
    table = ag.tensor(TABLE, requires_grad=True)

    def function(table: Any) -> Any:
        return F.embedding_bag(ag.tensor(input), table, mode=mode, **given(how)) ** 2

    assert ag.gradcheck(function, [table])
    assert ag.gradgradcheck(function, [table])


def test_ties_and_nan_of_maxima() -> None:
    table = ag.tensor([[1.0, math.nan], [1.0, 2.0], [math.nan, 3.0]], requires_grad=True)
    out = F.embedding_bag(ag.tensor([[1, 0], [0, 1], [2, 1]]), table, mode="max")
    np.testing.assert_array_equal(out.array, np.float32([[1, 2], [1, math.nan], [math.nan, 3]]))
    (g,) = ag.grad(out.sum(), [table])
    np.testing.assert_array_equal(g.array, [[1, 1], [1, 1], [1, 1]])  # always the first that has it


def test_a_layer_of_bags() -> None:
    layer = nn.EmbeddingBag(6, 3, padding_idx=-1, mode="sum", include_last_offset=True)
    assert layer.padding_idx == 5
    assert (layer.weight.array[5] == 0).all()
    out = layer(ag.tensor([1, 5, 2]), ag.tensor([0, 2, 3]), ag.tensor([2.0, 1.0, 1.0]))
    np.testing.assert_allclose(out.array, [2 * layer.weight.array[1], layer.weight.array[2]], rtol=1e-6)
    made = nn.EmbeddingBag.from_pretrained(ag.tensor(TABLE), mode="max", max_norm=9.0, padding_idx=0)
    assert (made.weight.requires_grad, made.mode, made.max_norm, made.padding_idx) == (False, "max", 9.0, 0)
    np.testing.assert_array_equal(made(ag.tensor([[1, 2]])).array[0], TABLE[1:3].max(0))
    assert nn.EmbeddingBag.from_pretrained(ag.tensor(TABLE), freeze=False).weight.requires_grad
    assert repr(layer) == "EmbeddingBag(6, 3, padding_idx=5, mode='sum')"


# --------------------------------------------------------------------------------------------------- arguments they share


@pytest.mark.parametrize("order", [1.0, 2.0, math.inf])
def test_long_rows_are_scaled_down_in_place(order: float) -> None:
    for function in (F.embedding, F.embedding_bag):
        table = ag.tensor(TABLE, requires_grad=True)
        indices = ag.tensor([[1, 1], [4, 1]])
        out = function(indices, table, max_norm=0.5, norm_type=order)
        norms = np.linalg.norm(TABLE, order, 1, keepdims=True)
        short = TABLE * np.where(norms > 0.5, 0.5 / (norms + 1e-7), 1)
        expected = np.where(np.isin(np.arange(6), [1, 4])[:, None], short, TABLE)
        np.testing.assert_allclose(table.array, expected, rtol=1e-12)
        rows = expected[indices.array]
        np.testing.assert_allclose(out.array, rows if function is F.embedding else rows.mean(1), rtol=1e-12)
        out.sum().backward()
        assert (table.grad.array[[0, 2, 3, 5]] == 0).all()


def test_gradients_by_frequency() -> None:
    table, indices = ag.tensor(TABLE, requires_grad=True), ag.tensor([[1, 4, 1], [2, 1, 4]])
    weights = ag.tensor(np.random.default_rng(2).normal(size=(2, 3, 3)))
    times = np.array([1, 3, 1, 1, 2, 1])[:, None]
    (plain,) = ag.grad((F.embedding(indices, table) ** 2 * weights).sum(), [table])
    (shared,) = ag.grad(
        (F.embedding(indices, table, scale_grad_by_freq=True) ** 2 * weights).sum(), [table], create_graph=True
    )
    np.testing.assert_allclose(shared.array, plain.array / times, rtol=1e-12)
    assert ag.grad(shared.sum(), [table])[0].shape == (6, 3)
    np.testing.assert_array_equal(F.embedding(indices, table, scale_grad_by_freq=True).array, TABLE[indices.array])
    (bags,) = ag.grad(F.embedding_bag(indices, table, scale_grad_by_freq=True, mode="sum").sum(), [table])
    np.testing.assert_allclose(bags.array, np.isin(np.arange(6), [1, 2, 4])[:, None] * np.ones((6, 3)), rtol=1e-12)


def test_a_layer_takes_all_arguments() -> None:
    layer = nn.Embedding(6, 3, 1, 2.0, 1.0, True, _weight=ag.tensor(TABLE), _freeze=True)
    assert not layer.weight.requires_grad
    np.testing.assert_array_equal(layer.weight.array, TABLE)
    assert repr(layer) == "Embedding(6, 3, padding_idx=1, max_norm=2.0, norm_type=1.0, scale_grad_by_freq=True)"
    made = nn.Embedding.from_pretrained(ag.tensor(TABLE), padding_idx=2, max_norm=1.0, scale_grad_by_freq=True)
    assert (made.padding_idx, made.max_norm, made.norm_type, made.scale_grad_by_freq) == (2, 1.0, 2.0, True)
    with pytest.raises(ShapeError, match=r"Embedding: expects _weight \(5, 3\), got \(6, 3\); use from_pretrained"):
        nn.Embedding(5, 3, _weight=ag.tensor(TABLE))


@pytest.mark.parametrize(
    ("args", "how", "error", "message"),
    [
        (([1, 2], [0]), {"mode": "min"}, ArgumentError, "mode='min', expected 'sum', 'mean' or 'max'"),
        (([1, 2], [0]), {"mode": "max", "scale_grad_by_freq": True}, ArgumentError, "scale_grad_by_freq=True with mode='max'"),
        (([1, 2], [0]), {"sparse": True}, ArgumentError, "sparse=True, expected False, for gradients are dense here"),
        (([1, 2], [0]), {"padding_idx": 7}, ArgumentError, "padding_idx=7, expected one of -6 to 5"),
        (([1, 2], [0]), {"per_sample_weights": [1.0, 2.0]}, ArgumentError, "per_sample_weights is given with mode='mean'"),
        (([1, 2], [0]), {"per_sample_weights": [1.0], "mode": "sum"}, ShapeError, r"per_sample_weights \(2,\), the shape of"),
        (([1, 2], [0]), {"per_sample_weights": [1, 2], "mode": "sum"}, DtypeError, "per_sample_weights of float32, the dtype"),
        (([1, 2], None), {}, ArgumentError, "offsets is None for an input of 1 dim, expected where each bag begins"),
        (([1, 2], []), {}, DtypeError, "offsets of integers, got float32"),
        (([1, 2], [[0]]), {}, ShapeError, r"expects offsets \(B,\), got \(1, 1\)"),
        (([1, 2], [1]), {}, ArgumentError, r"offsets is \[1\], expected offsets from 0, ascending, to at most 2, the length"),
        (([1, 2], [0, 3]), {}, ArgumentError, r"offsets is \[0, 3\], expected"),
        (([1, 2], [0, 2, 1]), {}, ArgumentError, r"offsets is \[0, 2, 1\], expected"),
        (([[1, 2]], [0]), {}, ArgumentError, "offsets is given for an input of 2 dims, expected None: each row is a bag"),
        (([[[1, 2]]], None), {}, ShapeError, r"expects input \(B, N\), or \(M,\) with offsets, got \(1, 1, 2\)"),
        (([1, 6], [0]), {}, IndexError, "input holds 6, expected indices of 0 to 5"),
        (([1.0, 2.0], [0]), {}, DtypeError, "input of integers, got float32"),
    ],
)  # fmt: skip
def test_errors(args: Any, how: Any, error: type[Exception], message: str) -> None:
    input, offsets = (None if a is None else ag.tensor(a) for a in args)
    how = {key: ag.tensor(value) if key == "per_sample_weights" else value for key, value in how.items()}
    with pytest.raises(error, match=f"embedding_bag: .*{message}"):
        F.embedding_bag(input, ag.tensor(TABLE, dtype=ag.float32), offsets, **how)


def test_errors_of_layers() -> None:
    with pytest.raises(ArgumentError, match="offsets is empty, expected offsets from 0"):
        F.embedding_bag(ag.tensor([1]), ag.tensor(TABLE), ag.arange(0))
    for layer in (nn.Embedding, nn.EmbeddingBag):
        with pytest.raises(ArgumentError, match=f"{layer.__name__}: sparse=True, expected False"):
            layer(6, 3, sparse=True)
        with pytest.raises(ShapeError, match=rf"{layer.__name__}: embeddings has shape \(6,\), expected \(V, D\)"):
            layer.from_pretrained(ag.ones(6))
    with pytest.raises(ShapeError, match=r"embedding: expects weight \(V, D\), got \(6,\)"):
        F.embedding(ag.tensor([1]), ag.ones(6))


# -------------------------------------------------------------------------------------------------------------- bilinear


@DTYPES
@pytest.mark.parametrize("lead", [(), (4,), (2, 3), (0,)])
def test_bilinear_is_its_definition(lead: tuple[int, ...], dtype: Any) -> None:
    rng = np.random.default_rng(3)
    x, y, w, b = (rng.normal(size=shape) for shape in ((*lead, 2), (*lead, 3), (4, 2, 3), (4,)))
    out = F.bilinear(*(ag.tensor(a, dtype=dtype) for a in (x, y, w, b)))
    assert out.dtype == dtype
    np.testing.assert_allclose(out.array, np.einsum("...i,oij,...j->...o", x, w, y) + b, rtol=1e-4, atol=1e-5)
    layer = nn.Bilinear(2, 3, 4, bias=False, dtype=dtype)
    assert layer(ag.tensor(x, dtype=dtype), ag.tensor(y, dtype=dtype)).shape == (*lead, 4)


def test_derivatives_of_bilinear() -> None:
    rng = np.random.default_rng(4)
    xs = [ag.tensor(rng.normal(size=s), requires_grad=True) for s in ((2, 2), (2, 3), (2, 2, 3), (2,))]
    assert ag.gradcheck(F.bilinear, xs)
    assert ag.gradgradcheck(F.bilinear, xs)


def test_a_bilinear_layer() -> None:
    layer = nn.Bilinear(100, 3, 50)
    for p in layer.parameters():
        assert 0.09 < np.abs(p.array).max() <= 0.1
    assert repr(layer) == "Bilinear(in1_features=100, in2_features=3, out_features=50, bias=True)"
    with pytest.raises(ArgumentError, match="Bilinear: in2_features=0, expected an int of at least 1"):
        nn.Bilinear(3, 0, 2)
    with pytest.raises(DtypeError, match="expects float32, the dtype of its parameters, got float64"):
        layer(ag.ones(2, 100), ag.ones(2, 3).double())


@pytest.mark.parametrize(
    ("shapes", "message"),
    [
        (((2, 3), (2, 4), (5, 3)), r"expects weight \(O, I, J\), got \(5, 3\)"),
        (((2, 3), (2, 4), (5, 4, 4)), r"expects input1 \(2, 4\), since weight is \(5, 4, 4\) .*, got \(2, 3\)"),
        (((2, 3), (3, 4), (5, 3, 4)), r"expects input2 \(2, 4\), .*, got \(3, 4\)"),
        (((2, 3), (2, 4), (5, 3, 4), (4,)), r"expects bias \(5,\), got \(4,\)"),
    ],
)
def test_errors_of_bilinear(shapes: Any, message: str) -> None:
    with pytest.raises(ShapeError, match=message):
        F.bilinear(*(ag.zeros(*shape) for shape in shapes))


# --------------------------------------------------------------------------------------------------------------- PyTorch


@MODES
@pytest.mark.parametrize("name", [name for name in INPUTS if name != "no bag has any"])  # which PyTorch does not take
def test_bags_equal_pytorchs(name: str, mode: str) -> None:
    torch = pytest.importorskip("torch")
    input, how = INPUTS[name]
    if name == "last offset":
        how = {**how, "offsets": [0, 3, 3, 7]}  # PyTorch divides by the number of all that is left
    for extra in ({}, {"max_norm": 1.0}):
        found = []
        for library, functional in ((ag, F), (torch, torch.nn.functional)):
            table = library.tensor(TABLE, requires_grad=True)
            out = functional.embedding_bag(library.tensor(input), table, mode=mode, **given(how, library), **extra)
            grad = ag.grad if library is ag else torch.autograd.grad
            found.append([out, *grad((out * out).sum(), [table]), table])
        for a, b in zip(*found):
            np.testing.assert_allclose(a.detach().numpy(), b.detach().numpy(), rtol=1e-9, atol=1e-12)
