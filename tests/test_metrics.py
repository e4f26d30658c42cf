"""Evaluation and its metrics: against sorting and counting, going on from a state, and wrong inputs."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from short_training import batches, network

import autograd_core as ag
import nn
from nn.training import Accuracy, ConfusionMatrix, Mean, ReconstructionError, TopK, evaluate


def test_evaluate_gives_loss_and_metrics() -> None:
    model, data = network(), batches()
    figures = evaluate(model, data, nn.CrossEntropyLoss(), [Accuracy(), ConfusionMatrix(3)])
    with ag.no_grad():
        scores = np.concatenate([model(x).numpy() for x, _ in data])
    labels = np.concatenate([y.numpy() for _, y in data])
    p = np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True)
    assert figures["loss"] == pytest.approx(-np.log(p[np.arange(32), labels]).mean(), rel=1e-5)
    assert figures["accuracy"] == (scores.argmax(axis=1) == labels).mean()
    assert figures["confusion"].sum() == 32
    assert np.trace(figures["confusion"]) / 32 == figures["accuracy"]


def test_evaluate_without_a_criterion_and_wrongly() -> None:
    assert list(evaluate(network(), batches(), metrics=[Accuracy()])) == ["accuracy"]
    with pytest.raises(TypeError, match="model is a str"):
        evaluate("lenet", batches())
    with pytest.raises(ag.errors.ArgumentError, match="loader is empty"):
        evaluate(network(), [])


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("k", [1, 2, 5, 9])
def test_top_k_against_sorting(dtype: Any, k: int) -> None:
    r = np.random.default_rng(3)
    scores, labels = r.normal(size=(40, 7)).astype(dtype), r.integers(0, 7, 40)
    metric = TopK(k)
    for part in range(0, 40, 16):
        metric.update(ag.from_numpy(scores[part : part + 16]), ag.from_numpy(labels[part : part + 16]))
    best = np.argsort(-scores, axis=1)[:, :k]
    assert metric.compute() == (best == labels[:, None]).any(axis=1).mean()


def test_ties_go_to_the_smaller_class_and_nan_is_never_right() -> None:
    accuracy = Accuracy()
    accuracy.update(ag.tensor([[1.0, 1.0], [1.0, 1.0], [float("nan"), 0.0]]), ag.tensor([0, 1, 0]))
    assert accuracy.compute() == pytest.approx(1 / 3)


def test_confusion_matrix_against_counting() -> None:
    r = np.random.default_rng(4)
    scores, labels = r.normal(size=(50, 4)), r.integers(0, 4, 50)
    metric = ConfusionMatrix(4)
    metric.update(ag.from_numpy(scores), ag.from_numpy(labels))
    wanted = np.zeros((4, 4), int)
    for row, label in zip(scores, labels, strict=True):
        wanted[label, row.argmax()] += 1
    np.testing.assert_array_equal(metric.compute(), wanted)


METRICS = [Accuracy(), TopK(2), ConfusionMatrix(3)]


@pytest.mark.parametrize("metric", METRICS, ids=lambda m: m.name)
def test_a_metric_goes_on_from_its_state_and_forgets_when_reset(metric: Any) -> None:
    model, data = network(), batches(3)
    outputs = [model(x) for x, _ in data]
    metric.reset()
    for out, (_, y) in zip(outputs, data, strict=True):
        metric.update(out, y)
    whole = np.array(metric.compute())
    metric.reset()
    metric.update(outputs[0], data[0][1])
    state = metric.state_dict()
    metric.reset()
    metric.load_state_dict(state)
    for out, (_, y) in zip(outputs[1:], data[1:], strict=True):
        metric.update(out, y)
    np.testing.assert_array_equal(metric.compute(), whole)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_reconstruction_error(dtype: Any) -> None:
    r = np.random.default_rng(5)
    given, wanted = r.random((2, 6, 4, 4)).astype(dtype)
    metric = ReconstructionError()
    metric.update(ag.from_numpy(given[:2]), ag.from_numpy(wanted[:2]))
    metric.update(ag.from_numpy(given[2:]), ag.from_numpy(wanted[2:]))
    assert metric.compute() == pytest.approx(((given - wanted) ** 2).mean(), rel=1e-5)


def test_metrics_say_what_is_wrong() -> None:
    scores = ag.ones(2, 3)
    with pytest.raises(ag.errors.ArgumentError, match="accuracy has seen no samples"):
        Accuracy().compute()
    with pytest.raises(ag.errors.ArgumentError, match="k is 0: expected a whole number"):
        TopK(0)
    with pytest.raises(ag.errors.ArgumentError, match="classes is 0"):
        ConfusionMatrix(0)
    with pytest.raises(ag.errors.ShapeError, match=r"outputs have shape \(2, 3\), targets \(3,\)"):
        Accuracy().update(scores, ag.zeros(3, dtype=ag.int64))
    with pytest.raises(ag.errors.ArgumentError, match=r"targets are float32: .*targets.long\(\)"):
        Accuracy().update(scores, ag.zeros(2))
    with pytest.raises(ag.errors.ArgumentError, match="targets hold classes 0 to 3, but outputs have classes 0 to 2"):
        Accuracy().update(scores, ag.tensor([0, 3]))
    with pytest.raises(ag.errors.ShapeError, match=r"outputs have 3 classes, .* made for 4"):
        ConfusionMatrix(4).update(scores, ag.tensor([0, 1]))
    with pytest.raises(ag.errors.ShapeError, match=r"outputs have shape \(2, 3\), targets \(3, 2\)"):
        ReconstructionError().update(scores, ag.ones(3, 2))


def test_an_empty_batch_counts_for_nothing() -> None:
    accuracy, error, mean = Accuracy(), ReconstructionError(), Mean()
    accuracy.update(ag.zeros(0, 3), ag.zeros(0, dtype=ag.int64))
    error.update(ag.zeros(0, 3), ag.zeros(0, 3))
    for metric in (accuracy, error, mean):
        with pytest.raises(ag.errors.ArgumentError, match="has seen no samples"):
            metric.compute()
