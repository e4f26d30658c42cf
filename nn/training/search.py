"""The search for hyper-parameters, through Optuna: one function for the usual strategies, and studies that go on."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Protocol, cast, get_args

import numpy as np

import autograd_core as ag

from .arguments import check_count
from .callbacks import Callback, Run, watched

if TYPE_CHECKING:
    from optuna.pruners import BasePruner
    from optuna.samplers import BaseSampler
    from optuna.storages import RDBStorage
    from optuna.study import Study
    from optuna.trial import FrozenTrial, Trial

__all__ = ["Pruner", "Pruning", "tune"]

Sampler = Literal["grid", "random", "tpe", "gp"]
Direction = Literal["minimize", "maximize"]
Grid = Mapping[str, Sequence[Any]]

NAME = "tune"  # of the study in its file; Hyperband draws a trial's bracket from it, so it is always the same
SETTINGS = "nn.training.tune"  # the attribute of a study that says how it was made
SQLITE = b"SQLite format 3\x00"  # how such a file begins


class Pruner(Protocol):
    """What gives trials up: one of ``optuna.pruners``, or ``nn.training.LearningCurvePruner``.

    >>> import nn.training
    >>> pruner: Pruner = nn.training.LearningCurvePruner(epochs=20)
    """

    def prune(self, study: Study, trial: FrozenTrial) -> bool:
        """Return whether to end *trial* now."""
        ...


def tune(
    objective: Callable[[Trial], float],
    trials: int,
    *,
    sampler: Sampler = "tpe",
    grid: Grid | None = None,
    pruner: Pruner | None = None,
    direction: Direction = "minimize",
    seed: int = 0,
    storage: str | Path | None = None,
) -> Study:
    """Look for the hyper-parameters with which *objective* is lowest, and return Optuna's study of *trials* trials.

    *objective* gets an Optuna trial, asks it for values (``trial.suggest_float("lr", 1e-4, 1, log=True)``), trains, and returns
    a number.  The *sampler* proposes: ``"grid"`` takes the points of *grid*, ``{"lr": [0.1, 0.01], ...}``, in a random order;
    ``"random"`` draws (Bergstra & Bengio, 2012); ``"tpe"`` draws where good trials were denser than bad ones (Bergstra et al.,
    2011); ``"gp"`` looks for the greatest expected improvement under a Gaussian process (Snoek et al., 2012), for which Optuna
    needs SciPy and PyTorch.  A *pruner* ends poor trials early, from what ``Pruning`` reports; those of Optuna do, such as
    ``optuna.pruners.HyperbandPruner`` (Li et al., 2018).  A trial that returns NaN or infinity, or raises ``NonFiniteError``,
    counts as pruned: the search goes on, and elsewhere.

    With *storage*, a file (SQLite), the study is kept after each trial, and the same call goes on with it until there are
    *trials* of them, complete or pruned, or more where *trials* was raised. A trial that was killed or raised an error is
    marked as failed and done anew. Each proposal depends on *seed*, on how many trials are finished and on what they found,
    so a study that was stopped takes the same points as one that was not.  (Where Hyperband prunes it may differ: a trial's
    bracket comes from its number, which failed trials shift.)  One process at a time may use the file.  *objective* seeds
    itself: begin it with ``ag.manual_seed``.

    Raises ImportError, which says what to install, without Optuna; ArgumentError for arguments that do not fit, or that are not
    those with which the study in *storage* was begun; DataError for a file that is none.

    >>> study = tune(lambda trial: (trial.suggest_float("x", -1, 1) - 0.5) ** 2, trials=30)
    >>> abs(study.best_params["x"] - 0.5) < 0.1
    True
    """
    _check(objective, trials, sampler, grid, direction, seed)
    optuna = _optuna(sampler)
    grid = None if grid is None else {name: [_plain(value) for value in values] for name, values in grid.items()}
    points = _points(grid, seed)
    if sampler == "grid" and trials > len(points):
        raise ag.errors.ArgumentError(f"trials={trials}: the grid has {len(points)} points; give as many, or fewer")
    kept = None if storage is None else _open(Path(storage))
    study = optuna.create_study(
        study_name=NAME,
        storage=kept,
        sampler=optuna.samplers.RandomSampler(),  # each trial has one of its own, below
        pruner=optuna.pruners.NopPruner() if pruner is None else cast("BasePruner", pruner),
        direction=direction,
        load_if_exists=True,
    )
    _check_settings(study, {"sampler": sampler, "grid": grid, "direction": direction, "seed": seed})
    _give_up_unfinished(study)

    def guarded(trial: Trial) -> float:
        try:
            value = float(objective(trial))
        except ag.errors.NonFiniteError as error:
            raise optuna.TrialPruned(str(error)) from error
        if unknown := set(grid or ()) - set(trial.params):
            raise ag.errors.ArgumentError(
                f"grid has {', '.join(sorted(unknown))}, which the objective does not ask its trial for; it asks for "
                f"{', '.join(trial.params) or 'nothing'}"
            )
        if not math.isfinite(value):
            raise optuna.TrialPruned(f"the objective returned {value}")
        return value

    while (place := _finished(study)) < trials:
        study.sampler = _new_sampler(sampler, seed, place)
        if sampler == "grid" and not study.get_trials(states=(optuna.trial.TrialState.WAITING,)):
            study.enqueue_trial(points[place])
        study.optimize(guarded, n_trials=1)
    if kept is not None:
        kept.remove_session()
        kept.engine.dispose()  # whoever reads the study opens the file again
    return cast("Study", study)


class Pruning(Callback):
    """Report *monitor* to an Optuna *trial* after each epoch, and end the trial where the pruner of its study says so.

    Give it to ``fit`` in the objective of ``tune``.  It leaves ``fit`` by ``optuna.TrialPruned``, which Optuna waits for.

    >>> import nn, optim
    >>> def objective(trial):
    ...     model = nn.Linear(1, 1)
    ...     sgd = optim.SGD(model.parameters(), lr=trial.suggest_float("lr", 1e-3, 1.0, log=True))
    ...     batches = [(ag.ones(4, 1), ag.zeros(4, 1))]
    ...     history = nn.training.fit(model, batches, nn.MSELoss(), sgd, 9, callbacks=[Pruning(trial, "loss")])
    ...     return history["loss"][-1]
    """

    def __init__(self, trial: Trial, monitor: str = "val_loss") -> None:
        self.trial, self.monitor = trial, monitor

    def on_epoch_end(self, run: Run) -> None:
        from optuna import TrialPruned

        self.trial.report(watched(run, self.monitor), run.epoch)
        if self.trial.should_prune():
            raise TrialPruned(f"given up after epoch {run.epoch} of {run.epochs}")


def _check(objective: Any, trials: Any, sampler: Any, grid: Any, direction: Any, seed: Any) -> None:
    if not callable(objective):
        raise TypeError(
            f"objective is a {type(objective).__name__}: expected a function of a trial that returns a number"
        )
    check_count("trials", trials)
    for name, value, words in (("sampler", sampler, Sampler), ("direction", direction, Direction)):
        if value not in get_args(words):
            raise ag.errors.ArgumentError(f"{name}={value!r}: expected one of {', '.join(get_args(words))}")
    if (sampler == "grid") != (grid is not None):
        raise ag.errors.ArgumentError(
            f"sampler={sampler!r} and grid={grid!r}: sampler='grid' needs the values of each parameter, "
            "grid={'lr': [0.1, 0.01]}, and the other samplers take none"
        )
    if grid is not None and (not grid or any(isinstance(v, str) or not len(v) for v in grid.values())):
        raise ag.errors.ArgumentError(f"grid={grid!r}: expected a list of one value or more for each parameter")
    if not isinstance(seed, int) or isinstance(seed, bool) or seed < 0:
        raise ag.errors.ArgumentError(f"seed={seed!r}: expected a whole number of at least 0")


def _optuna(sampler: str) -> Any:
    """Return Optuna, or say what is missing."""
    try:
        import optuna
    except ImportError as error:
        raise ImportError("nn.training.tune needs optuna: pip install 'autograd-core[tune]'") from error
    missing = [name for name in ("scipy", "torch") if sampler == "gp" and find_spec(name) is None]
    if missing:
        raise ImportError(
            f"sampler='gp' needs {' and '.join(missing)}: pip install {' '.join(missing)}, or take sampler='tpe'"
        )
    return optuna


def _plain(value: Any) -> Any:
    """Return *value* as a file of JSON can hold it."""
    return value.item() if isinstance(value, np.generic) else value


def _points(grid: Grid | None, seed: int) -> list[dict[str, Any]]:
    """Return the points of *grid* in the order in which they are tried: shuffled, so that the first ones lie everywhere."""
    if grid is None:
        return []
    points = [dict(zip(grid, values, strict=True)) for values in itertools.product(*grid.values())]
    return [points[i] for i in np.random.default_rng(seed).permutation(len(points))]


def _open(path: Path) -> RDBStorage:
    """Return the storage in the file *path*, which is made where there is none."""
    from optuna.storages import RDBStorage
    from sqlalchemy import URL

    path.parent.mkdir(parents=True, exist_ok=True)
    if path.is_dir() or (path.exists() and path.read_bytes()[: len(SQLITE)] not in (b"", SQLITE)):
        raise ag.errors.DataError(f"storage={str(path)!r} is no SQLite file; name another, or a new one")
    return RDBStorage(URL.create("sqlite", database=str(path)).render_as_string())


def _check_settings(study: Study, settings: dict[str, Any]) -> None:
    """Keep *settings* with a new study; for an old one raise ArgumentError where they differ."""
    begun = study.user_attrs.get(SETTINGS)
    if begun is None:
        study.set_user_attr(SETTINGS, settings)
        return
    for name, value in settings.items():
        if value != begun[name]:
            raise ag.errors.ArgumentError(
                f"{name}={value!r}: the study in storage was begun with {begun[name]!r}; give that, or another file"
            )


def _give_up_unfinished(study: Study) -> None:
    """Mark the trials that were under way when their process ended as failed."""
    from optuna.trial import TrialState

    for trial in study.get_trials(deepcopy=False, states=(TrialState.RUNNING,)):
        study.tell(trial.number, state=TrialState.FAIL)


def _finished(study: Study) -> int:
    from optuna.trial import TrialState

    return len(study.get_trials(deepcopy=False, states=(TrialState.COMPLETE, TrialState.PRUNED)))


def _new_sampler(sampler: Sampler, seed: int, place: int) -> BaseSampler:
    """Return the sampler of the trial that *place* others go before, whose draws depend on nothing else but *seed*."""
    from optuna import samplers

    own = int(np.random.SeedSequence([seed, place]).generate_state(1)[0])
    if sampler == "tpe":
        return samplers.TPESampler(seed=own)
    return samplers.GPSampler(seed=own) if sampler == "gp" else samplers.RandomSampler(seed=own)
