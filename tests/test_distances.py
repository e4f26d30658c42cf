"""Distances and similarities of vectors: values by hand, by SciPy and by PyTorch, derivatives, edges, and wrong inputs."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import pytest
from beside_torch import agree_in_pair
from drawn_numbers import normal

import autograd_core as ag
import nn
import nn.functional as F

DTYPES = pytest.mark.parametrize("dtype", [ag.float32, ag.float64], ids=str)
ORDERS = pytest.mark.parametrize("p", [0, 0.5, 1, 1.5, 2, 3, math.inf])


# name, shapes of the vectors, keyword arguments
CASES: list[tuple[str, list[tuple[int, ...]], dict[str, Any]]] = [
    ("cosine_similarity", [(4, 3), (4, 3)], {}),
    ("cosine_similarity", [(3,), (3,)], {"dim": 0}),
    ("cosine_similarity", [(4, 1, 3), (1, 2, 3)], {"dim": -1}),
    ("cosine_similarity", [(3, 1, 2), (4, 2)], {"dim": 1, "eps": 0.01}),
    ("cosine_similarity", [(1,), (2, 3)], {"dim": 1}),
    ("pairwise_distance", [(4, 3), (4, 3)], {}),
    ("pairwise_distance", [(3,), (3,)], {"keepdim": True}),
    ("pairwise_distance", [(4, 3), (3,)], {"p": 3, "eps": 0.1}),
    ("pairwise_distance", [(2, 4, 3), (2, 4, 3)], {"p": 1, "keepdim": True}),
    ("pairwise_distance", [(4, 3), (4, 3)], {"p": math.inf}),
    ("pairwise_distance", [(4, 3), (4, 3)], {"p": -1.0}),
]
# Norms below eps: a bound that is reached has the slope of PyTorch's, and not its own.
BOUNDED: list[Any] = [("cosine_similarity", [(4, 3), (4, 3)], {"eps": 10.0})]


def each(cases: list[Any]) -> Any:
    return pytest.mark.parametrize(("name", "shapes", "options"), cases)


def vectors(shapes: list[tuple[int, ...]], dtype: Any) -> list[Any]:
    return [normal(*s, seed=i).astype(str(dtype)) for i, s in enumerate(shapes)]


@each(CASES + BOUNDED)
@DTYPES
def test_value_and_derivatives_equal_pytorchs(
    name: str, shapes: list[tuple[int, ...]], options: dict[str, Any], dtype: Any
) -> None:
    torch = pytest.importorskip("torch")
    ours, theirs = (partial(getattr(functional, name), **options) for functional in (F, torch.nn.functional))
    agree_in_pair(ours, theirs, *vectors(shapes, dtype))


@each(CASES)
def test_derivatives_equal_finite_differences(
    name: str, shapes: list[tuple[int, ...]], options: dict[str, Any]
) -> None:
    xs = [ag.tensor(x, requires_grad=True) for x in vectors(shapes, ag.float64)]
    assert ag.gradcheck(lambda *x: getattr(F, name)(*x, **options), xs)
    assert ag.gradgradcheck(lambda *x: getattr(F, name)(*x, **options), xs)


# -------------------------------------------------------------------------------------------------------------- by hand


def test_cosine_by_hand() -> None:
    a, b = ag.tensor([[3.0, 4.0], [1.0, 0.0]]), ag.tensor([[4.0, 3.0], [-2.0, 0.0]])
    np.testing.assert_allclose(F.cosine_similarity(a, b).numpy(), [24 / 25, -1], rtol=1e-6)
    assert nn.CosineSimilarity(dim=0, eps=1e-6)(a[0], b[0]).item() == F.cosine_similarity(a[0], b[0], 0, 1e-6).item()
    assert F.cosine_similarity(ag.tensor(-3.0), ag.tensor(2.0), dim=0).item() == -1


@DTYPES
def test_cosine_of_a_vector_of_zeros_is_zero(dtype: Any) -> None:
    x = ag.zeros(2, 3, dtype=dtype, requires_grad=True)
    y = ag.ones(2, 3, dtype=dtype)
    cosine = F.cosine_similarity(x, y)
    assert cosine.tolist() == [0, 0]
    cosine.sum().backward()
    np.testing.assert_allclose(x.grad.numpy(), np.full((2, 3), 1e8 / math.sqrt(3)), rtol=1e-6)


def test_cosine_keeps_nan_and_promotes() -> None:
    x = ag.tensor([[math.nan, 1.0], [1.0, 1.0]])
    assert math.isnan(F.cosine_similarity(x, x)[0].item())
    whole = F.cosine_similarity(ag.tensor([[1, 2]]), ag.tensor([[2.0, 4.0]], dtype=ag.float64))
    assert whole.dtype == ag.float64
    np.testing.assert_allclose(whole.numpy(), [1])
    assert F.cosine_similarity(x, x.double()).dtype == ag.float64
    assert F.cosine_similarity(ag.ones(0, 3), ag.ones(0, 3)).shape == (0,)
    assert F.cosine_similarity(ag.ones(2, 0), ag.ones(2, 0)).tolist() == [0, 0]


def test_distance_by_hand() -> None:
    a, b = ag.tensor([[3.0, 4.0], [1.0, 1.0]]), ag.zeros(2, 2)
    np.testing.assert_allclose(F.pairwise_distance(a, b).numpy(), [5, math.sqrt(2)], rtol=1e-5)
    np.testing.assert_allclose(F.pairwise_distance(a, b, p=1, eps=0).numpy(), [7, 2])
    assert nn.PairwiseDistance(p=1, keepdim=True)(a, b).shape == (2, 1)
    x = ag.ones(2, requires_grad=True)
    distance = F.pairwise_distance(x, ag.ones(2))  # of a vector from itself: eps times the norm of ones
    np.testing.assert_allclose(distance.item(), 1e-6 * math.sqrt(2), rtol=0.1)
    distance.backward()
    np.testing.assert_allclose(x.grad.numpy(), [math.sqrt(0.5)] * 2, rtol=1e-6)
    assert F.pairwise_distance(ag.tensor([3, 4]), ag.tensor([0, 0])).dtype == ag.float32


# ------------------------------------------------------------------------------------------------------------ all pairs


@ORDERS
@DTYPES
def test_pdist_by_loops(p: float, dtype: Any) -> None:
    x = normal(6, 4).astype(str(dtype)).round(1)  # rounded, so that some differences are 0
    expected = [np.linalg.norm(x[i] - x[j], p) for i in range(6) for j in range(i + 1, 6)]
    found = F.pdist(ag.tensor(x), p)
    assert found.dtype == dtype
    np.testing.assert_allclose(found.numpy(), expected, rtol=1e-5 if dtype == ag.float32 else 1e-12)


@ORDERS
def test_pdist_equals_scipys_and_pytorchs(p: float) -> None:
    distance = pytest.importorskip("scipy.spatial.distance")
    x = normal(7, 5)
    if 0 < p < math.inf:
        np.testing.assert_allclose(F.pdist(ag.tensor(x), p).numpy(), distance.pdist(x, "minkowski", p=p))
    torch = pytest.importorskip("torch")
    ours, theirs = ag.tensor(x, requires_grad=True), torch.tensor(x, requires_grad=True)
    (a, b), weight = (F.pdist(ours, p), torch.nn.functional.pdist(theirs, p)), normal(21, seed=3)
    np.testing.assert_allclose(a.detach().numpy(), b.detach().numpy(), rtol=1e-10)
    (a * ag.tensor(weight)).sum().backward()
    (b * torch.tensor(weight)).sum().backward()
    np.testing.assert_allclose(ours.grad.numpy(), theirs.grad.numpy(), rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("p", [1, 1.5, 2, 3, math.inf])
def test_pdist_to_second_order(p: float) -> None:
    x = ag.tensor(normal(4, 3), requires_grad=True)
    assert ag.gradcheck(lambda x: F.pdist(x, p), (x,))
    assert ag.gradgradcheck(lambda x: F.pdist(x, p), (x,))


@ORDERS
def test_pdist_of_equal_rows_and_of_nothing(p: float) -> None:
    x = ag.ones(2, 3, requires_grad=True)
    distance = F.pdist(x, p)
    assert distance.tolist() == [0]
    distance.sum().backward()
    assert x.grad.tolist() == [[0, 0, 0], [0, 0, 0]]
    assert F.pdist(ag.ones(0, 3), p).shape == F.pdist(ag.ones(1, 3), p).shape == (0,)
    assert F.pdist(ag.ones(3, 0), p).tolist() == [0, 0, 0]
    assert math.isnan(F.pdist(ag.tensor([[math.nan], [1.0]]), p if p else 1).item())


def test_pdist_of_a_transposed_matrix() -> None:
    x = normal(5, 3)
    np.testing.assert_array_equal(F.pdist(ag.tensor(x).T).numpy(), F.pdist(ag.tensor(x.T.copy())).numpy())


# --------------------------------------------------------------------------------------------------------- wrong inputs


@pytest.mark.parametrize(
    ("error", "message", "call"),
    [
        (ag.errors.ShapeError, r"pdist: expects input of \(N, D\), got \(3,\)", lambda: F.pdist(ag.ones(3))),
        (ag.errors.DtypeError, "pdist: expects a floating input, got int64", lambda: F.pdist(ag.ones(3, 2).long())),
        (ag.errors.ArgumentError, "pdist: p=-1, expected a number of at least 0", lambda: F.pdist(ag.ones(3, 2), -1)),
        (TypeError, "pdist: input is of type list, expected a Tensor", lambda: F.pdist([[1.0]])),
        (TypeError, "x2 is of type float, expected a Tensor", lambda: F.pairwise_distance(ag.ones(3), 1.0)),
        (TypeError, "x1 is of type list, expected a Tensor", lambda: F.cosine_similarity([1.0], ag.ones(1))),
        (ag.errors.DtypeError, "x1 or x2 to be floating, got int64",
         lambda: F.cosine_similarity(*[ag.ones(1).long()] * 2)),
        (IndexError, r"dim=1, expected a dim of the common shape \(3,\)",
         lambda: F.cosine_similarity(*[ag.ones(3)] * 2)),
        (ValueError, "broadcast", lambda: F.pairwise_distance(ag.ones(2, 3), ag.ones(4, 3))),
        (ValueError, "broadcast", lambda: F.cosine_similarity(ag.ones(2, 3), ag.ones(4, 3))),
    ],
)  # fmt: skip
def test_wrong_inputs(error: type[Exception], message: str, call: Callable[[], Any]) -> None:
    with pytest.raises(error, match=message):
        call()
