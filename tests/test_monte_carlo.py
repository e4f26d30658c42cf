"""Monte Carlo dropout: against its definition, and the model left as it was."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import autograd_core as ag
import nn
from nn import interpret

DTYPES = pytest.mark.parametrize("dtype", [ag.float32, ag.float64], ids=str)


def network(dtype: Any = ag.float64, p: float = 0.5) -> nn.Sequential:
    return nn.Sequential(nn.Linear(3, 40), nn.BatchNorm1d(40), nn.ReLU(), nn.Dropout(p), nn.Linear(40, 4)).to(dtype)


@DTYPES
@pytest.mark.parametrize("training", [True, False])
def test_each_sample_is_a_pass_with_masks_and_running_statistics(dtype: Any, training: bool) -> None:
    model, x = network(dtype).train(training), ag.randn(5, 3, dtype=dtype)
    before = {name: value.array.copy() for name, value in model.state_dict().items()}
    ag.manual_seed(1)
    answers = interpret.mc_dropout(model, x, samples=3)
    assert [module.training for module in model.modules()] == [training] * 6
    for name, value in model.state_dict().items():
        np.testing.assert_array_equal(value.array, before[name])
    assert answers.outputs.dtype == dtype
    assert not answers.outputs.requires_grad
    model.eval()
    model[3].train()
    ag.manual_seed(1)
    with ag.no_grad():
        for sample in answers.outputs:
            np.testing.assert_array_equal(sample.array, model(x).array)


@DTYPES
def test_what_the_samples_say(dtype: Any) -> None:
    scores = np.random.default_rng(0).standard_normal((6, 5, 4)).astype(dtype) * 3
    answers = interpret.MonteCarlo(ag.from_numpy(scores))
    p = np.exp(scores) / np.exp(scores).sum(2, keepdims=True)
    mean = p.mean(0)
    entropy = -(mean * np.log(mean)).sum(1)
    information = entropy + (p * np.log(p)).sum(2).mean(0)
    close = {"rtol": 1e-4 if dtype == ag.float32 else 1e-10, "atol": 1e-6}
    np.testing.assert_allclose(answers.mean.array, scores.mean(0), **close)
    np.testing.assert_allclose(answers.variance.array, scores.var(0), **close)
    np.testing.assert_allclose(answers.probabilities.array, mean, **close)
    np.testing.assert_allclose(answers.entropy.array, entropy, **close)
    np.testing.assert_allclose(answers.mutual_information.array, information, **close)


def test_masks_that_agree_and_masks_that_do_not() -> None:
    agree = interpret.MonteCarlo(ag.zeros(7, 2, 10))
    np.testing.assert_allclose(agree.entropy.array, np.log(10), rtol=1e-6)
    np.testing.assert_allclose(agree.mutual_information.array, 0, atol=1e-6)
    sure = interpret.MonteCarlo(ag.tensor([[[1e4, 0.0]], [[0.0, 1e4]]]))
    assert sure.mutual_information.item() == pytest.approx(np.log(2))
    assert interpret.MonteCarlo(ag.tensor([[[1e4, 0.0]]])).entropy.item() == 0


def test_the_mean_approaches_the_scaled_weights_of_a_linear_layer() -> None:
    model, x = nn.Sequential(nn.Dropout(0.3), nn.Linear(8, 2)), ag.randn(4, 8)
    answers = interpret.mc_dropout(model, x, samples=4000)
    with ag.no_grad():
        expected = model.eval()(x).array
    spread = answers.variance.array.max() ** 0.5
    np.testing.assert_allclose(answers.mean.array, expected, atol=6 * spread / 4000**0.5)


@pytest.mark.parametrize("model", [nn.Linear(3, 2), network(p=0.0)], ids=["none", "p=0"])
def test_a_model_without_dropout(model: nn.Module) -> None:
    with pytest.raises(ag.errors.ArgumentError, match=r"has no dropout layer with p > 0.*put nn.Dropout\(p\) between"):
        interpret.mc_dropout(model, ag.zeros(2, 3, dtype=next(model.parameters()).dtype))


def test_wrong_arguments() -> None:
    model = network()
    with pytest.raises(ag.errors.ArgumentError, match="mc_dropout: samples=0, expected"):
        interpret.mc_dropout(model, ag.ones(2, 3, dtype=ag.float64), samples=0)
    with pytest.raises(ag.errors.ShapeError, match=r"\(0, 3\)"):
        interpret.mc_dropout(model, ag.ones(0, 3, dtype=ag.float64))
    with pytest.raises(
        ag.errors.ShapeError, match=r"no scores of classes \(samples, N, C\); of other outputs take mean"
    ):
        _ = interpret.MonteCarlo(ag.ones(3, 2)).entropy
