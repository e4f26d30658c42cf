"""Power laws fitted to learning curves, what they forecast, and the pruner that believes them."""

from __future__ import annotations

import numpy as np
import pytest

import autograd_core as ag
from nn.training import LearningCurvePruner, PowerLaw, extrapolate, fit_power_law


def curve(limit: float, scale: float, exponent: float, epochs: int, noise: float = 0.0, seed: int = 0) -> list[float]:
    draw = np.random.default_rng(seed).normal(0, noise, epochs)
    return list(PowerLaw(limit, scale, exponent, 0).at(np.arange(1, epochs + 1)) + draw)


@pytest.mark.parametrize("law", [(0.2, 0.8, 1.0), (0.0, 2.0, 0.3), (0.9, -0.7, 0.8), (1.5, 0.4, 2.5)])
def test_a_power_law_is_found_again(law: tuple[float, float, float]) -> None:
    limit, scale, exponent = law
    found = fit_power_law(curve(*law, epochs=12))
    # the exponents that are tried are 5 % apart
    assert found.exponent == pytest.approx(exponent, rel=0.03)
    assert found.limit == pytest.approx(limit, abs=0.1)
    assert found.scale == pytest.approx(scale, rel=0.1)
    assert found.error < 0.003
    # The line is that of NumPy's least squares, at that exponent.
    x = np.arange(1, 13) ** -found.exponent
    assert np.polyfit(x, curve(*law, epochs=12), 1) == pytest.approx([found.scale, found.limit])


def test_the_fit_is_the_best_of_a_general_optimizer() -> None:
    optimize = pytest.importorskip("scipy.optimize")
    values = curve(0.3, 1.0, 0.7, 15, noise=0.02)
    found, steps = fit_power_law(values), np.arange(1, 16)
    best = optimize.curve_fit(lambda t, c, a, b: c + a * t**-b, steps, values, p0=(0.3, 1.0, 0.7), maxfev=5000)[0]
    squares = [float(((PowerLaw(*law[:3], 0).at(steps) - values) ** 2).sum()) for law in (found, best)]
    assert squares[0] <= squares[1] * 1.001
    assert found.error == pytest.approx(np.sqrt(squares[0] / 12))


def test_the_range_holds_what_comes_when_the_law_is_right() -> None:
    held = widths = 0.0
    for seed in range(200):
        values = curve(0.3, 1.0, 0.6, 40, noise=0.03, seed=seed)
        early, late = extrapolate(values[:8], 40), extrapolate(values[:20], 40)
        held += early.low <= values[-1] <= early.high
        widths += (late.high - late.low) / (early.high - early.low)
    assert held / 200 >= 0.95, "two standard errors, and all exponents that fit about as well"
    assert widths / 200 < 0.7, "with more of the curve the range is narrower"


def test_a_wider_range_holds_the_narrower_one() -> None:
    values = curve(0.3, 1.0, 0.6, 8, noise=0.03)
    one, two = extrapolate(values, 30, 1.0), extrapolate(values, 30, 2.0)
    assert two.low < one.low < one.value == two.value < one.high < two.high


def test_a_flat_curve_stays_flat() -> None:
    assert extrapolate([2.3] * 6, 50) == pytest.approx((2.3, 2.3, 2.3))


@pytest.mark.parametrize(
    "values", [[], [1.0, 0.5, 0.3], [1.0, 0.5, 0.4, np.nan], [1.0, np.inf, 0.5, 0.4], [[1.0] * 4] * 4]
)
def test_what_no_law_can_be_fitted_to_is_refused(values: list[float]) -> None:
    with pytest.raises(
        ag.errors.ArgumentError, match="expected 4 numbers or more, all finite, one for each epoch from the first"
    ):
        fit_power_law(values)


def test_wrong_arguments_are_refused() -> None:
    values = [1.0, 0.6, 0.5, 0.4]
    with pytest.raises(ag.errors.ArgumentError, match="epoch=4: there are 4 values already; expected a later epoch"):
        extrapolate(values, 4)
    with pytest.raises(ag.errors.ArgumentError, match="width=0: expected a number of standard errors above 0"):
        extrapolate(values, 9, width=0)
    with pytest.raises(ag.errors.ArgumentError, match="width=-1: expected a number of standard errors above 0"):
        LearningCurvePruner(9, width=-1)
    with pytest.raises(ag.errors.ArgumentError, match="warmup=3: a power law needs 4 epochs or more"):
        LearningCurvePruner(9, warmup=3)
    with pytest.raises(TypeError, match=r"epochs is 9\.0: expected a whole number"):
        LearningCurvePruner(9.0)  # type: ignore[arg-type]


# ------------------------------------------------------------------------------------------------------------- the pruner


@pytest.mark.parametrize("direction", ["minimize", "maximize"])
def test_hopeless_trials_are_given_up_and_others_are_not(direction: str) -> None:
    optuna = pytest.importorskip("optuna")
    sign = 1 if direction == "minimize" else -1
    pruner = LearningCurvePruner(epochs=30, warmup=5)
    study = optuna.create_study(direction=direction, pruner=pruner)

    def ran(limit: float) -> int:
        """Return how many epochs a trial with that limit was run for."""
        trial = study.ask()
        values = curve(limit, 1.0, 0.8, 30, noise=0.01)
        for epoch, value in enumerate(values, 1):
            trial.report(sign * value, epoch)
            if trial.should_prune():
                study.tell(trial, state=optuna.trial.TrialState.PRUNED)
                return epoch
        study.tell(trial, sign * values[-1])
        return 30

    assert ran(0.6) == 30, "the first has nothing to be worse than"
    assert ran(0.2) == 30, "a better one is left alone"
    assert ran(0.9) < 10
    assert ran(5.0) == 5, "never before the warm-up is over"
    assert ran(0.1) == 30
    assert ran(0.6) < 30, "what was the best once is hopeless now"
