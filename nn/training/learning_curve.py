"""Learning curves: a power law fitted to the epochs that are done, and what it says of those to come."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

import autograd_core as ag

from .arguments import check_count

if TYPE_CHECKING:
    from optuna.study import Study
    from optuna.trial import FrozenTrial

__all__ = ["Forecast", "LearningCurvePruner", "PowerLaw", "extrapolate", "fit_power_law"]

# Those that are tried: below the first the law is a logarithm, at the last all is over after two epochs.
EXPONENTS = np.geomspace(0.05, 5.0, 100)
FEWEST = 4  # points: one more than the law has parameters


class PowerLaw(NamedTuple):
    """The law ``limit + scale * epoch ** -exponent``; *error* is the standard deviation of what it leaves.

    >>> PowerLaw(limit=0.2, scale=0.8, exponent=1.0, error=0.0).at([1, 4]).tolist()
    [1.0, 0.4]
    """

    limit: float
    scale: float
    exponent: float
    error: float

    def at(self, epochs: Sequence[float] | NDArray[Any]) -> NDArray[np.float64]:
        """Return the law's values at *epochs*, each above 0."""
        return self.limit + self.scale * np.asarray(epochs, np.float64) ** -self.exponent


class Forecast(NamedTuple):
    """What is expected, and the range from *low* to *high* in which it should be.

    >>> Forecast(0.3, 0.25, 0.4).low
    0.25
    """

    value: float
    low: float
    high: float


def fit_power_law(values: Sequence[float]) -> PowerLaw:
    r"""Fit a power law to *values*, those of epoch 1, 2 and so on, four or more, by least squares.

    .. math:: \min_{c, a, b} \sum_{t=1}^n (y_t - c - a t^{-b})^2, \quad 0.05 \le b \le 5

    For each of 100 exponents b the best c and a are those of a straight line through (t^-b, y), so the fit needs no start and
    has no local minimum to be caught in.  Source: the family pow3 of Domhan, Springenberg & Hutter, "Speeding up automatic
    hyperparameter optimization of deep neural networks by extrapolation of learning curves", 2015.

    Raises ArgumentError for fewer values, and for what is not finite.

    >>> law = fit_power_law([0.2 + 0.8 / t for t in (1, 2, 3, 4, 5)])
    >>> round(law.limit, 1), round(law.scale, 1), round(law.exponent, 1)
    (0.2, 0.8, 1.0)
    """
    lines = _Lines.through(values)
    best = int(lines.squares.argmin())
    error = np.sqrt(lines.squares[best] / (lines.count - 3))
    return PowerLaw(float(lines.limits[best]), float(lines.scales[best]), float(EXPONENTS[best]), float(error))


def extrapolate(values: Sequence[float], epoch: int, width: float = 2.0) -> Forecast:
    """Return what the power law through *values*, of epoch 1, 2 and so on, expects at a later *epoch*.

    The range goes *width* standard errors of a prediction to both sides, not of the best exponent alone but of all that fit
    about as well: whose sum of squares is at most ``1 + width**2 / (n - 3)`` times the least. So it is wide where the curve
    has not yet shown how it bends. It is too narrow for curves that are no power law: one that falls in a straight line at
    first, as with a small learning rate, a plateau before learning sets in, a loss that rises again.

    Raises ArgumentError for fewer than four values, what is not finite, and an epoch that is not later.

    >>> value, low, high = extrapolate([1.0, 0.61, 0.46, 0.41, 0.35, 0.34], epoch=20)
    >>> low < 0.24 < high
    True
    """
    lines = _Lines.through(values)
    check_count("epoch", epoch)
    if epoch <= lines.count:
        raise ag.errors.ArgumentError(f"epoch={epoch}: there are {lines.count} values already; expected a later epoch")
    if not width > 0:
        raise ag.errors.ArgumentError(f"width={width!r}: expected a number of standard errors above 0")
    best, free = int(lines.squares.argmin()), lines.count - 3
    expected, errors = lines.predict(epoch)
    near = lines.squares <= lines.squares[best] * (1 + width**2 / free)
    low, high = ((expected + sign * width * errors)[near] for sign in (-1, 1))
    return Forecast(float(expected[best]), float(low.min()), float(high.max()))


@dataclass(frozen=True)
class _Lines:
    """For each exponent the straight line of least squares through (epoch ** -exponent, value)."""

    count: int
    limits: NDArray[np.float64]
    scales: NDArray[np.float64]
    squares: NDArray[np.float64]  # the sum of what each line leaves
    centres: NDArray[np.float64]  # the mean of epoch ** -exponent,
    spreads: NDArray[np.float64]  # and the sum of its squared distances from that

    @classmethod
    def through(cls, values: Sequence[float]) -> _Lines:
        y = np.asarray(values, np.float64)
        if y.ndim != 1 or len(y) < FEWEST or not np.isfinite(y).all():
            raise ag.errors.ArgumentError(
                f"values={values!r}: expected {FEWEST} numbers or more, all finite, one for each epoch from the first; "
                "train for longer, and leave out runs that diverged"
            )
        x = np.arange(1, len(y) + 1) ** -EXPONENTS[:, None]  # (exponents, epochs)
        centres = x.mean(1)
        away = x - centres[:, None]
        spreads = (away**2).sum(1)
        scales = away @ y / spreads
        squares = ((y - y.mean() - scales[:, None] * away) ** 2).sum(1)
        return cls(len(y), y.mean() - scales * centres, scales, squares, centres, spreads)

    def predict(self, epoch: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return each line's value at *epoch*, and the standard error of a new observation there."""
        x = epoch**-EXPONENTS
        variance = self.squares / (self.count - 3) * (1 + 1 / self.count + (x - self.centres) ** 2 / self.spreads)
        return self.limits + self.scales * x, np.sqrt(variance)


class LearningCurvePruner:
    """Give up a trial whose power law leads nowhere near the best: an Optuna pruner.

    After each of the first *warmup* epochs and more, the curve that the trial has reported is extrapolated to the last of
    *epochs*; the trial ends where even the better end of the range, *width* standard errors away, is worse than the best trial
    that is complete.  So at least one trial is always run to its end.  The values are those of epoch 1, 2 and so on, as
    ``nn.training.Pruning`` reports them.  Source: the predictive termination of Domhan, Springenberg & Hutter, 2015, who
    average eleven families of curves where this takes one.

    >>> LearningCurvePruner(epochs=27).warmup
    5
    """

    def __init__(self, epochs: int, warmup: int = 5, width: float = 2.0) -> None:
        check_count("epochs", epochs)
        check_count("warmup", warmup)
        if warmup < FEWEST:
            raise ag.errors.ArgumentError(f"warmup={warmup}: a power law needs {FEWEST} epochs or more")
        if not width > 0:
            raise ag.errors.ArgumentError(f"width={width!r}: expected a number of standard errors above 0")
        self.epochs, self.warmup, self.width = epochs, warmup, width

    def prune(self, study: Study, trial: FrozenTrial) -> bool:
        """Return whether to end *trial* now; Optuna asks it."""
        reported = trial.intermediate_values
        values = [reported[epoch] for epoch in sorted(reported)]
        complete = [other.value for other in study.get_trials(deepcopy=False) if other.state.name == "COMPLETE"]
        done = [value for value in complete if value is not None]
        if not done or not self.warmup <= len(values) < self.epochs:
            return False
        forecast = extrapolate(values, self.epochs, self.width)
        return forecast.high < max(done) if study.direction.name == "MAXIMIZE" else forecast.low > min(done)
