"""The search for hyper-parameters: what is proposed, what is given up, and that a study goes on where it was killed."""

from __future__ import annotations

import builtins
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import autograd_core as ag
import nn
import optim
from nn.training import LearningCurvePruner, Pruning, fit, tune

optuna = pytest.importorskip("optuna")
ROOT = Path(__file__).parents[1]


@pytest.fixture(autouse=True)
def _silent() -> Iterator[None]:
    before = optuna.logging.get_verbosity()
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    yield
    optuna.logging.set_verbosity(before)


def bowl(trial: Any) -> float:
    x, y = trial.suggest_float("x", -1, 1), trial.suggest_float("y", 1e-3, 1, log=True)
    return (x - 0.5) ** 2 + abs(np.log10(y) + 1)


def points(study: Any, *states: str) -> list[dict[str, Any]]:
    return [trial.params for trial in study.trials if trial.state.name in (states or ("COMPLETE", "PRUNED"))]


# ----------------------------------------------------------------------------------------------------------- the samplers


def test_a_grid_takes_each_point_once() -> None:
    grid = {"x": np.array([-1.0, 0.0, 0.5]), "y": (0.01, 0.1)}
    study = tune(bowl, 6, sampler="grid", grid=grid)
    assert sorted(map(tuple, map(dict.values, points(study)))) == [(x, y) for x in (-1, 0, 0.5) for y in (0.01, 0.1)]
    assert study.best_params == {"x": 0.5, "y": 0.1}
    assert points(tune(bowl, 3, sampler="grid", grid=grid)) == points(study)[:3], "its order is that of the seed"
    assert points(tune(bowl, 6, sampler="grid", grid=grid, seed=1)) != points(study)


def test_what_the_grid_leaves_out_is_drawn() -> None:
    study = tune(bowl, 2, sampler="grid", grid={"y": [0.1, 0.01]})
    (first, second) = points(study)
    assert {first["y"], second["y"]} == {0.1, 0.01}
    assert first["x"] != second["x"]


@pytest.mark.parametrize("sampler", ["random", "tpe"])
def test_the_seed_decides(sampler: Any) -> None:
    first, again, other = (points(tune(bowl, 14, sampler=sampler, seed=seed)) for seed in (3, 3, 4))
    assert first == again
    assert not [one for one in first if one in other], "nor do two seeds share a trial"
    assert len({one["x"] for one in first}) == 14


def test_the_bayesian_search_comes_nearer() -> None:
    ends = {
        sampler: [tune(bowl, 30, sampler=sampler, seed=s).best_value for s in range(4)] for sampler in ("random", "tpe")
    }
    assert np.mean(ends["tpe"]) < 0.6 * np.mean(ends["random"])


def test_a_gaussian_process_proposes() -> None:
    pytest.importorskip("scipy")
    pytest.importorskip("torch")
    study = tune(lambda trial: trial.suggest_float("x", -1, 1) ** 2, 12, sampler="gp")
    assert study.best_value < 1e-3


def test_the_direction_turns_the_search_round() -> None:
    study = tune(lambda trial: -bowl(trial), 20, direction="maximize")
    assert study.best_value == max(trial.value for trial in study.trials)


# ------------------------------------------------------------------------------------------------------------ stopped trials


def test_a_training_that_diverges_is_pruned_and_the_search_goes_on() -> None:
    x = ag.linspace(-1, 1, 16).reshape(16, 1)

    def objective(trial: Any) -> float:
        model = nn.Linear(1, 1)
        sgd = optim.SGD(model.parameters(), lr=trial.suggest_float("lr", 1e-2, 1e30, log=True))
        return float(fit(model, [(x, 3 * x)], nn.MSELoss(), sgd, 20, progress="none")["loss"][-1])

    study = tune(objective, 12, sampler="random")
    states = {trial.state.name for trial in study.trials}
    assert states == {"COMPLETE", "PRUNED"}
    assert study.best_params["lr"] < 4
    assert tune(lambda trial: float("nan"), 3).trials[2].state.name == "PRUNED"


@pytest.mark.parametrize("make", [lambda: LearningCurvePruner(30), lambda: optuna.pruners.HyperbandPruner(1, 30, 3)])
def test_a_pruner_stops_poor_trainings_and_keeps_the_best(make: Any) -> None:
    x = ag.randn(64, 3, generator=ag.Generator().manual_seed(0))
    batches = [(x, x.sum(1, keepdim=True))]

    def objective(trial: Any) -> float:
        ag.manual_seed(0)
        model = nn.Linear(3, 1)
        sgd = optim.SGD(model.parameters(), lr=trial.suggest_float("lr", 1e-4, 1.0, log=True))
        callbacks = [Pruning(trial, "loss")]
        return float(fit(model, batches, nn.MSELoss(), sgd, 30, callbacks=callbacks, progress="none")["loss"][-1])

    whole, stopped = tune(objective, 20, sampler="random"), tune(objective, 20, sampler="random", pruner=make())
    assert points(whole) == points(stopped)
    epochs = [sum(len(trial.intermediate_values) for trial in study.trials) for study in (whole, stopped)]
    assert epochs[0] == 600
    assert epochs[1] < 450
    assert stopped.best_value <= 2 * whole.best_value + 1e-3
    for trial in stopped.trials:
        assert list(trial.intermediate_values) == list(range(1, len(trial.intermediate_values) + 1))


# ------------------------------------------------------------------------------------------------------------- going on

KILLED = """
import os, signal
from nn.training import tune
def objective(trial):
    x, y = trial.suggest_float("x", -1, 1), trial.suggest_float("y", 1e-3, 1, log=True)
    trial.report(1.0, 1)
    if trial.number == {at}:
        os.kill(os.getpid(), signal.SIGKILL)
    return (x - 0.5) ** 2 + y
tune(objective, 20, storage={file!r}, sampler={sampler!r}, grid={grid!r})
"""
GRID = {"x": [-1.0, 0.0, 0.5, 1.0], "y": [0.01, 0.1, 1.0]}


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="needs a signal that cannot be caught")
@pytest.mark.parametrize(("sampler", "grid", "trials", "at"), [("tpe", None, 16, 13), ("grid", GRID, 12, 4)])
def test_a_killed_study_goes_on_to_the_same_points(
    sampler: Any, grid: Any, trials: int, at: int, tmp_path: Path
) -> None:
    file = tmp_path / "not yet there, 20%?" / "study.db"
    code = KILLED.format(at=at, file=str(file), sampler=sampler, grid=grid).replace("20,", f"{trials},")
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, check=False)
    assert done.returncode == -signal.SIGKILL, done.stderr.decode()

    def objective(trial: Any) -> float:
        return (trial.suggest_float("x", -1, 1) - 0.5) ** 2 + trial.suggest_float("y", 1e-3, 1, log=True)

    study = tune(objective, trials, storage=file, sampler=sampler, grid=grid)
    whole = tune(objective, trials, sampler=sampler, grid=grid)
    assert points(study) == points(whole)
    assert points(study, "FAIL") == [points(whole)[at]]
    assert study.best_value == whole.best_value
    assert len(tune(objective, trials, storage=file, sampler=sampler, grid=grid).trials) == trials + 1, (
        "nothing left to do"
    )


def test_an_error_of_the_objective_comes_out_and_the_study_goes_on(tmp_path: Path) -> None:
    calls = 0

    def objective(trial: Any) -> float:
        nonlocal calls
        calls += 1
        if calls == 3:
            raise KeyError("a mistake")
        return bowl(trial)

    file = tmp_path / "study.db"
    with pytest.raises(KeyError, match="a mistake"):
        tune(objective, 5, storage=file)
    study = tune(objective, 5, storage=str(file))
    assert points(study) == points(tune(bowl, 5))
    assert calls == 6
    assert len(points(tune(objective, 7, storage=file))) == 7, "and on, with more trials"


def test_a_study_is_not_mixed_with_another(tmp_path: Path) -> None:
    file = tmp_path / "study.db"
    tune(bowl, 1, storage=file, sampler="random")
    for options, told in (
        (
            {"sampler": "tpe"},
            r"sampler='tpe': the study in storage was begun with 'random'; give that, or another file",
        ),
        ({"sampler": "random", "seed": 7}, r"seed=7: .* was begun with 0"),
        ({"sampler": "random", "direction": "maximize"}, r"direction='maximize': .* was begun with 'minimize'"),
    ):
        with pytest.raises(ag.errors.ArgumentError, match=told):
            tune(bowl, 2, storage=file, **options)  # type: ignore[arg-type]
    text = tmp_path / "notes.txt"
    text.write_text("no study")
    for path in (text, tmp_path):
        with pytest.raises(ag.errors.DataError, match="is no SQLite file; name another, or a new one"):
            tune(bowl, 1, storage=path)
    assert text.read_text() == "no study"


# ---------------------------------------------------------------------------------------------------------------- nonsense


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"trials": 0}, "trials is 0: expected at least 1"),
        ({"sampler": "bayes"}, "sampler='bayes': expected one of grid, random, tpe, gp"),
        ({"direction": "down"}, "direction='down': expected one of minimize, maximize"),
        ({"seed": -1}, "seed=-1: expected a whole number of at least 0"),
        ({"sampler": "grid"}, "sampler='grid' needs the values of each parameter"),
        ({"grid": {"x": [0.1]}}, "and the other samplers take none"),
        ({"sampler": "grid", "grid": {}}, "expected a list of one value or more for each parameter"),
        ({"sampler": "grid", "grid": {"x": []}}, "expected a list of one value or more for each parameter"),
        (
            {"sampler": "grid", "grid": {"x": [0.1], "y": [0.1]}, "trials": 2},
            "the grid has 1 points; give as many, or fewer",
        ),
        ({"sampler": "grid", "grid": {"z": [0.1]}, "trials": 1}, "grid has z, which the objective does not ask"),
    ],
)
def test_nonsense_is_refused(options: dict[str, Any], told: str) -> None:
    with pytest.raises(ag.errors.ArgumentError, match=told):
        tune(bowl, **({"trials": 3} | options))


def test_wrong_types_are_refused() -> None:
    with pytest.raises(TypeError, match="objective is a float: expected a function of a trial that returns a number"):
        tune(0.5, 3)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match=r"trials is 2\.5: expected a whole number"):
        tune(bowl, 2.5)  # type: ignore[arg-type]


def test_what_is_missing_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    before = builtins.__import__

    def without(name: str, *rest: Any, **more: Any) -> Any:
        if name.partition(".")[0] == "optuna":
            raise ImportError(name)
        return before(name, *rest, **more)

    monkeypatch.setattr("nn.training.search.find_spec", lambda name: None)
    with pytest.raises(
        ImportError, match="sampler='gp' needs scipy and torch: pip install scipy torch, or take sampler='tpe'"
    ):
        tune(bowl, 1, sampler="gp")
    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(ImportError, match=r"nn\.training\.tune needs optuna: pip install 'autograd-core\[tune\]'"):
        tune(bowl, 1)
