"""Connectionist temporal classification: by enumeration of all alignments, by PyTorch, its derivatives, edges, errors."""

from __future__ import annotations

import itertools
import math
import time
import warnings
from collections.abc import Callable
from typing import Any

import numba
import numpy as np
import pytest

import autograd_core as ag
import nn
import nn.functional as F

DTYPES = pytest.mark.parametrize("dtype", [ag.float32, ag.float64], ids=str)
REDUCTIONS = pytest.mark.parametrize("reduction", ["none", "mean", "sum"])


def spelled(path: tuple[int, ...], blank: int) -> list[int]:
    """Neighbours that are equal become one, and then blanks are dropped."""
    return [k for k, _ in itertools.groupby(path) if k != blank]


def by_enumeration(log_probs: Any, target: list[int], blank: int = 0) -> float:
    """-log of the sum of the probabilities of all paths that spell the target."""
    steps, classes = log_probs.shape
    paths = itertools.product(range(classes), repeat=steps)
    right = [sum(log_probs[t, k] for t, k in enumerate(path)) for path in paths if spelled(path, blank) == target]
    return float(-np.logaddexp.reduce(right)) if right else math.inf


def log_probabilities(*shape: int, seed: int = 0) -> Any:
    scores = np.random.default_rng(seed).normal(size=shape) * 2
    return scores - np.logaddexp.reduce(scores, -1, keepdims=True)


# --------------------------------------------------------------------------------------------------------------- values


@DTYPES
@pytest.mark.parametrize("blank", [0, 2])
@pytest.mark.parametrize(
    "places", [[], [0], [0, 1], [0, 0], [1, 0, 1], [0, 1, 1], [0, 0, 0], [0, 1, 0, 1, 0], [0, 1, 0, 1, 1]]
)
def test_one_sample_by_enumeration(places: list[int], blank: int, dtype: Any) -> None:
    log_probs, labels = log_probabilities(5, 3), [[k for k in range(3) if k != blank][p] for p in places]
    target = ag.tensor(labels, dtype=ag.int64)
    loss = F.ctc_loss(ag.tensor(log_probs, dtype=dtype), target, 5, len(labels), blank, reduction="none")
    assert loss.shape == ()
    assert loss.dtype == dtype
    np.testing.assert_allclose(
        loss.item(), by_enumeration(log_probs, labels, blank), rtol=1e-5 if dtype == ag.float32 else 1e-12
    )


TARGETS, TIMES, COUNTS = [[1, 2, 2], [3], [1, 3], []], [6, 4, 2, 5], [3, 1, 2, 0]
PADDED = np.array([[1, 2, 2], [3, 3, 9], [1, 3, -1], [0, 0, 0]])  # what is behind a target may be anything


@pytest.mark.parametrize("targets", [PADDED, np.concatenate(TARGETS)], ids=["padded", "in a row"])
def test_a_batch_by_enumeration(targets: Any) -> None:
    x = log_probabilities(6, 4, 4)
    each = np.array(
        [by_enumeration(x[:t, n], target) for n, (t, target) in enumerate(zip(TIMES, TARGETS, strict=True))]
    )
    labels = ag.tensor(targets, dtype=ag.int64)
    for lengths in (
        (TIMES, COUNTS),
        (ag.tensor(TIMES), ag.tensor(COUNTS, dtype=ag.int32)),
        (tuple(TIMES), tuple(COUNTS)),
    ):
        np.testing.assert_allclose(F.ctc_loss(ag.tensor(x), labels, *lengths, reduction="none").numpy(), each)
        np.testing.assert_allclose(F.ctc_loss(ag.tensor(x), labels, *lengths, reduction="sum").item(), each.sum())
        mean = (each / np.maximum(COUNTS, 1)).mean()
        np.testing.assert_allclose(F.ctc_loss(ag.tensor(x), labels, *lengths).item(), mean)
        np.testing.assert_allclose(nn.CTCLoss()(ag.tensor(x), labels, *lengths).item(), mean)


def test_log_probabilities_in_any_layout() -> None:
    x = log_probabilities(4, 6, 4)  # (N, T, C), as networks make it
    turned, labels = ag.tensor(x).transpose(0, 1), ag.tensor(PADDED)
    a, b = (F.ctc_loss(v, labels, TIMES, COUNTS) for v in (turned, turned.contiguous()))
    assert a.item() == b.item()


def test_many_times_of_little_probability() -> None:
    steps, classes, count = 300, 30, 40
    x = np.full((steps, 1, classes), -30.0)
    x[:, :, 0] = -1e-9  # nearly certain of blanks: each path costs 30 for each time of a label
    target = np.tile(np.arange(1, classes), 2)[None, :count]
    loss = F.ctc_loss(ag.tensor(x), ag.tensor(target), [steps], [count], reduction="sum").item()
    paths = math.lgamma(steps + 1) - math.lgamma(count + 1) - math.lgamma(steps - count + 1)  # one time for each label
    np.testing.assert_allclose(loss, 30 * count - paths, rtol=1e-6)


# ---------------------------------------------------------------------------------------------------------- derivatives


@REDUCTIONS
@DTYPES
def test_value_and_gradient_equal_pytorchs(reduction: str, dtype: Any) -> None:
    torch = pytest.importorskip("torch")
    rng, (steps, samples, classes, most) = np.random.default_rng(3), (40, 5, 7, 9)
    scores, labels = rng.normal(size=(steps, samples, classes)), rng.integers(1, classes, (samples, most))
    times, counts = rng.integers(25, steps + 1, samples), np.array([9, 0, 3, 1, 8])
    results = []
    for lib, functional in ((ag, F), (torch, torch.nn.functional)):
        x = lib.tensor(scores.astype(str(dtype)), requires_grad=True)
        log_probs = lib.log_softmax(x, -1)
        log_probs.retain_grad()
        arguments = (lib.tensor(a) for a in (labels, times, counts))
        loss = functional.ctc_loss(log_probs, *arguments, reduction=reduction)
        (loss * loss).sum().backward()
        results.append([loss.detach().numpy(), x.grad.numpy(), log_probs.grad.numpy()])
    tolerance = {"rtol": 1e-9, "atol": 1e-10} if dtype == ag.float64 else {"rtol": 1e-3, "atol": 1e-2}
    for ours, theirs in zip(*results, strict=True):
        assert ours.dtype == dtype
        np.testing.assert_allclose(ours, theirs, **tolerance)


def through_softmax(scores: Any, **options: Any) -> Any:
    return F.ctc_loss(ag.log_softmax(scores, -1), ag.tensor(PADDED), TIMES, COUNTS, reduction="none", **options)


def test_derivatives_equal_finite_differences() -> None:
    scores = ag.randn(6, 4, 4, dtype=ag.float64, requires_grad=True)
    assert ag.gradcheck(through_softmax, (scores,))
    assert ag.gradgradcheck(through_softmax, (scores,))


def test_third_order() -> None:
    def hessian_along(x: Any) -> Any:
        (g,) = ag.grad(through_softmax(x).sum(), x, create_graph=True)
        return ag.grad((g * g).sum(), x, create_graph=True)[0]

    assert ag.gradcheck(hessian_along, (ag.randn(6, 4, 4, dtype=ag.float64, requires_grad=True),))


def test_the_gradient_is_p_less_the_share_of_paths() -> None:
    x, target = log_probabilities(4, 3), [1, 2]
    paths = [p for p in itertools.product(range(3), repeat=4) if spelled(p, 0) == target]
    weights = np.exp([sum(x[t, k] for t, k in enumerate(p)) for p in paths])
    shares = np.zeros((4, 3))
    for path, weight in zip(paths, weights / weights.sum(), strict=True):
        shares[np.arange(4), path] += weight
    log_probs = ag.tensor(x, requires_grad=True)
    F.ctc_loss(log_probs, ag.tensor(target), 4, 2, reduction="sum").backward()
    np.testing.assert_allclose(log_probs.grad.numpy(), np.exp(x) - shares)


def test_times_behind_the_end_get_no_gradient() -> None:
    log_probs = ag.tensor(log_probabilities(6, 4, 4), requires_grad=True)
    F.ctc_loss(log_probs, ag.tensor(PADDED), TIMES, COUNTS).backward()
    for n, end in enumerate(TIMES):
        assert (log_probs.grad.numpy()[end:, n] == 0).all()
        assert (log_probs.grad.numpy()[:end, n] != 0).all()


def test_the_composed_gradient_is_the_kernels() -> None:
    results = []
    for create_graph in (False, True):
        x = ag.tensor(log_probabilities(6, 4, 4), requires_grad=True)
        results.append(ag.grad(F.ctc_loss(x, ag.tensor(PADDED), TIMES, COUNTS), x, create_graph=create_graph)[0])
    np.testing.assert_allclose(results[0].numpy(), results[1].detach().numpy(), rtol=1e-10, atol=1e-14)


# --------------------------------------------------------------------------------------------------------- no alignment

SHORT = [[1, 1, 2], [1, 2, 1]], [3, 3], [3, 3]  # 1 1 needs a blank between


def short(x: Any, **options: Any) -> Any:
    return F.ctc_loss(x, *map(ag.tensor, SHORT), **options)


@pytest.mark.parametrize("create_graph", [False, True])
def test_too_short_an_input(create_graph: bool) -> None:
    x = ag.tensor(log_probabilities(3, 2, 3), requires_grad=True)
    losses = short(x, reduction="none")
    assert losses[0].item() == math.inf
    (g,) = ag.grad(losses.sum(), x, create_graph=create_graph)
    assert np.isnan(g.detach().numpy()[:, 0]).all()
    assert np.isfinite(g.detach().numpy()[:, 1]).all()
    zeroed = short(x, reduction="none", zero_infinity=True)
    assert zeroed.tolist() == [0, losses[1].item()]
    (clean,) = ag.grad(zeroed.sum(), x, create_graph=create_graph)
    assert (clean.detach().numpy()[:, 0] == 0).all()
    np.testing.assert_allclose(clean.detach().numpy()[:, 1], g.detach().numpy()[:, 1])
    assert nn.CTCLoss(zero_infinity=True, reduction="sum")(x, *map(ag.tensor, SHORT)).item() == losses[1].item()


def test_a_loss_that_is_masked_by_hand_has_a_finite_gradient() -> None:
    x = ag.tensor(log_probabilities(3, 2, 3), requires_grad=True)
    losses = short(x, reduction="none")
    ag.where(ag.isinf(losses), 0.0, losses).sum().backward()
    assert np.isfinite(x.grad.numpy()).all()


@pytest.mark.parametrize("create_graph", [False, True])
def test_impossible_classes_and_no_time_at_all(create_graph: bool) -> None:
    p = ag.tensor([[[0.5, 0.5, 0.0]], [[0.0, 1.0, 0.0]]], dtype=ag.float64)
    x = ag.log(p).requires_grad_()  # the only path is 0 1 or 1 1
    loss = F.ctc_loss(x, ag.tensor([[1]]), [2], [1], reduction="sum")
    np.testing.assert_allclose(loss.item(), 0, atol=1e-15)
    (g,) = ag.grad(loss, x, create_graph=create_graph)
    np.testing.assert_allclose(g.detach().numpy(), np.zeros((2, 1, 3)), atol=1e-15)
    never = F.ctc_loss(x, ag.tensor([[2]]), [2], [1], reduction="sum", zero_infinity=True)
    assert never.item() == 0
    assert (ag.grad(never, x, create_graph=create_graph)[0].detach().numpy() == 0).all()
    nothing = F.ctc_loss(x, ag.zeros(1, 0).long(), [0], [0], reduction="none")
    assert nothing.tolist() == [0]
    assert (ag.grad(nothing.sum(), x, create_graph=create_graph)[0].detach().numpy() == 0).all()
    assert F.ctc_loss(x, ag.tensor([[1]]), [0], [1], reduction="none").tolist() == [math.inf]


def test_nan_stays_nan() -> None:
    x = ag.tensor(log_probabilities(4, 2, 3))
    x[1, 0, 1] = math.nan
    x.requires_grad_()
    losses = F.ctc_loss(x, ag.tensor([[1], [2]]), [4, 4], [1, 1], reduction="none")
    assert np.isnan(losses.detach().numpy()).tolist() == [True, False]
    losses.sum().backward()
    assert np.isnan(x.grad.numpy()[:, 0]).all()
    assert np.isfinite(x.grad.numpy()[:, 1]).all()


# -------------------------------------------------------------------------------------------------- speed, wrong inputs


@pytest.mark.skipif(bool(numba.config.DISABLE_JIT), reason="is about the compiler")
def test_a_long_batch_is_fast() -> None:
    rng = np.random.default_rng(0)
    x = ag.tensor(log_probabilities(200, 16, 50).astype("f"), requires_grad=True)
    arguments = ag.tensor(rng.integers(1, 50, (16, 30))), [200] * 16, [30] * 16
    F.ctc_loss(x, *arguments).backward()  # compiles
    spent = []
    for _ in range(3):
        began = time.perf_counter()
        F.ctc_loss(x, *arguments).backward()
        spent.append(time.perf_counter() - began)
    assert min(spent) < 0.25  # 15 ms on two quiet cores


X, Y = ag.zeros(4, 2, 3), ag.tensor([[1, 2], [1, 0]])


@pytest.mark.parametrize(
    ("error", "message", "call"),
    [
        (TypeError, "log_probs is of type ndarray, expected a Tensor",
         lambda: F.ctc_loss(X.numpy(), Y, [4, 4], [2, 1])),
        (TypeError, "targets is of type list, expected a Tensor", lambda: F.ctc_loss(X, [[1, 2]], [4, 4], [2, 1])),
        (ag.errors.ShapeError, r"log_probs has shape \(4,\), expected \(T, N, C\) or \(T, C\)",
         lambda: F.ctc_loss(X[:, 0, 0], Y, 4, 1)),
        (ag.errors.ShapeError, r"log_probs has shape \(4, 0, 3\), expected .* not empty",
         lambda: F.ctc_loss(X[:, :0], Y, [], [])),
        (ag.errors.DtypeError, "log_probs has dtype int64, expected floating",
         lambda: F.ctc_loss(X.long(), Y, [4, 4], [2, 1])),
        (ag.errors.DtypeError, "targets has dtype float32, expected integers; use targets.long",
         lambda: F.ctc_loss(X, Y.float(), [4, 4], [2, 1])),
        (ag.errors.DtypeError, "input_lengths has dtype float64, expected integers",
         lambda: F.ctc_loss(X, Y, [4.0, 4.0], [2, 1])),
        (ag.errors.ShapeError, "input_lengths has 1 lengths for 2 samples", lambda: F.ctc_loss(X, Y, [4], [2, 1])),
        (ag.errors.ArgumentError, "input_lengths holds 5, expected 0 to 4, the times",
         lambda: F.ctc_loss(X, Y, [5, 4], [2, 1])),
        (ag.errors.ArgumentError, "target_lengths holds -1, expected at least 0",
         lambda: F.ctc_loss(X, Y, [4, 4], [2, -1])),
        (ag.errors.ShapeError, r"targets has shape \(2, 2\), expected \(2, 3\) or more columns",
         lambda: F.ctc_loss(X, Y, [4, 4], [3, 1])),
        (ag.errors.ShapeError, r"targets has shape \(4,\), expected .* all 3 labels",
         lambda: F.ctc_loss(X, Y.flatten(), [4, 4], [2, 1])),
        (IndexError, "targets holds 3, expected classes of 0 to 2", lambda: F.ctc_loss(X, Y + 1, [4, 4], [2, 1])),
        (IndexError, "targets holds -1, expected classes of 0 to 2", lambda: F.ctc_loss(X, -Y, [4, 4], [2, 1])),
        (ag.errors.ArgumentError, "targets holds 0, which is the blank", lambda: F.ctc_loss(X, Y, [4, 4], [2, 2])),
        (ag.errors.ArgumentError, "blank=3, expected one of the 3 classes, 0 to 2",
         lambda: F.ctc_loss(X, Y, [4, 4], [2, 1], blank=3)),
        (ag.errors.ArgumentError, "reduction is 'avg'", lambda: F.ctc_loss(X, Y, [4, 4], [2, 1], reduction="avg")),
    ],
)  # fmt: skip
def test_wrong_inputs(error: type[Exception], message: str, call: Callable[[], Any]) -> None:
    with pytest.raises(error, match=message):
        call()


def test_probabilities_in_place_of_logarithms_warn() -> None:
    p = ag.softmax(ag.randn(4, 2, 3, requires_grad=True), -1)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", UserWarning)
        F.ctc_loss(p, Y, [4, 4], [2, 1])
    (said,) = caught
    assert "ctc_loss: input is the output of softmax" in str(said.message)
    assert said.filename == __file__
