"""Row 30: the search for hyper-parameters."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Annotated, Any

import numpy as np
from numpy.typing import NDArray

import autograd_core as ag
import optim

from ... import data, models
from ... import functional as F
from ...layers import CrossEntropyLoss
from ...training import Accuracy, LearningCurvePruner, Pruning, evaluate, extrapolate, fit, fit_power_law, tune
from .. import figures
from ..options import Count, at_least
from ..registry import lesson
from ..run import Run
from .clothes import balanced

if TYPE_CHECKING:
    from optuna.study import Study
    from optuna.trial import FrozenTrial, Trial

SIDE = 3  # values of each parameter in the grid
OTHERS = 1000  # pictures that decide, and as many to test on
FULL = SIDE**3  # trials of a study that runs each to its end; where poor ones are stopped there are twice as many
RANGES = {"learning rate": (1e-4, 1.0), "dropout": (0.0, 0.8), "hidden units": (8, 128)}
WAYS = {
    "grid": (figures.GREY, "-"),
    "random": (figures.ORANGE, "-"),
    "Bayesian (TPE)": (figures.BLUE, "-"),
    "random, Hyperband": (figures.PINK, "--"),
    "random, learning curves": (figures.GREEN, "--"),
}


@dataclass(frozen=True)
class Trials:
    """The trials of a study, in order, each run for up to *epochs*."""

    made: list[FrozenTrial]
    epochs: int

    @classmethod
    def of(cls, study: Study, epochs: int) -> Trials:
        return cls(study.get_trials(deepcopy=False), epochs)

    @property
    def costs(self) -> NDArray[np.float64]:
        """How many full trainings the epochs of all trials up to each one come to."""
        return np.cumsum([len(one.intermediate_values) for one in self.made]) / self.epochs

    @property
    def losses(self) -> NDArray[np.float64]:
        """The loss at the end of each trial; infinity where it was stopped."""
        return np.array([one.value if one.state.name == "COMPLETE" else np.inf for one in self.made], np.float64)

    @property
    def best(self) -> NDArray[np.float64]:
        """The lowest loss up to each trial."""
        return np.minimum.accumulate(self.losses)


@lesson(
    row=30,
    title="Hyper-parameter search",
    question="How are a learning rate, a dropout and a width found with as little training as possible?",
    sources=(
        "Bergstra & Bengio, Random search for hyper-parameter optimization, 2012",
        "Bergstra, Bardenet, Bengio & Kegl, Algorithms for hyper-parameter optimization, 2011",
        "Li et al., Hyperband: a novel bandit-based approach to hyperparameter optimization, 2018",
        "Domhan, Springenberg & Hutter, Speeding up automatic hyperparameter optimization of deep neural networks by "
        "extrapolation of learning curves, 2015",
        "Akiba et al., Optuna: a next-generation hyperparameter optimization framework, 2019",
    ),
    minutes=2.0,
    quick={"pictures": 200, "epochs": 9, "seeds": 1},
    needs=("optuna",),
)
def hyper_parameter_search(
    run: Run,
    *,
    pictures: Annotated[int, at_least(100, 5000), "Fashion-MNIST pictures to learn from"] = 500,
    epochs: Annotated[int, at_least(8), "times through them, of a trial that is run to its end"] = 27,
    seeds: Annotated[Count, "studies of each strategy"] = 4,
) -> None:
    """Look for the learning rate, the dropout and the width of a network of one hidden layer, by five strategies.

    A trial trains on a few hundred pictures of clothes; its figure is the loss on 1,000 others after the last epoch.  Grid,
    random and Bayesian search run 27 trials to their end.  Hyperband and the extrapolation of learning curves stop poor trials
    of random search early, and may try twice as many.
    """
    from optuna.pruners import HyperbandPruner

    objective = _objective(pictures, epochs)
    ways: dict[str, dict[str, Any]] = {
        "grid": {"trials": FULL, "sampler": "grid"},
        "random": {"trials": FULL, "sampler": "random"},
        "Bayesian (TPE)": {"trials": FULL, "sampler": "tpe"},
        "random, Hyperband": {"trials": 2 * FULL, "sampler": "random", "pruner": HyperbandPruner(1, epochs, 3)},
        "random, learning curves": {"trials": 2 * FULL, "sampler": "random", "pruner": LearningCurvePruner(epochs)},
    }
    found: dict[str, list[Trials]] = {name: [] for name in ways}
    with _silent():
        for name, number in run.track([(name, i) for name in ways for i in range(seeds)], "studies"):
            options = {**ways[name], "seed": run.seed * seeds + number}
            if name == "grid":  # a person who does not know the answer may place it anywhere
                options["grid"] = grid_points((number + 0.5) / seeds)
            found[name].append(Trials.of(tune(objective, **options), epochs))
        again = _stopped_and_resumed(objective, run.seed * seeds)
    _draw_best(run, found)
    _draw_slices(run, found)
    _draw_forecasts(run, found, epochs)
    _tabulate(run, found)
    _claim(run, found, again, epochs)
    run.say(
        """Of the three numbers the learning rate decides: its column is a valley, the others are nearly flat. A grid of 27
        points looks at three learning rates, random search at 27. What a grid finds hangs on where it happens to lie,
        once a good learning rate, once none; over its placements it is no better than random search, and spread more
        widely. The Bayesian search begins as random search does, for ten trials, and then proposes points near the good
        ones. Stopping poor trials is the other way to save. Hyperband asks who leads now; extrapolation asks whether a
        curve can still become the best. Its power law is a rough guess: of the trials that it gave up, most would have
        ended outside its range, below it where the learning rate is small and the loss falls in a straight line. It needs
        to be right only about who cannot win, and there it was."""
    )


def grid_points(share: float) -> dict[str, list[float]]:
    """Return the grid's values: each range is cut into three, and *share*, from 0 to 1, says where in its part a value lies."""
    found: dict[str, list[float]] = {}
    for name, (low, high) in RANGES.items():
        shares = (np.arange(SIDE) + share) / SIDE
        values = low + (high - low) * shares if name == "dropout" else low * (high / low) ** shares
        found[name] = (values.round().astype(int) if name == "hidden units" else values).tolist()
    return found


def _objective(pictures: int, epochs: int) -> Callable[[Trial], float]:
    splits = data.load("fashion-mnist")
    order = balanced(splits.train.labels, pictures + OTHERS)
    prepare = data.Compose([data.ToDtype(np.float32, scale=True), data.Normalize(splits.mean, splits.std)])

    def part(source: data.ImageDataset, rows: NDArray[np.int64]) -> data.TensorDataset:
        images = ag.from_numpy(prepare(source.images[rows]))
        return data.TensorDataset(
            F.avg_pool2d(images, 2).flatten(1), ag.from_numpy(source.labels[rows].astype(np.int64))
        )

    learned, others = part(splits.train, order[:pictures]), part(splits.train, order[pictures:])
    tests = part(splits.test, balanced(splits.test.labels, OTHERS))

    def objective(trial: Trial) -> float:
        lr = trial.suggest_float("learning rate", *RANGES["learning rate"], log=True)
        dropout = trial.suggest_float("dropout", *RANGES["dropout"])
        units = trial.suggest_int("hidden units", *map(int, RANGES["hidden units"]), log=True)
        ag.manual_seed(0)  # the same for all trials: what differs is what was asked for
        model = models.MLP((196, units, 10), dropout=dropout)
        history = fit(
            model,
            data.DataLoader(learned, batch_size=50, shuffle=True, seed=0),
            CrossEntropyLoss(),
            optim.SGD(model.parameters(), lr=lr, momentum=0.5),
            epochs,
            validation=data.DataLoader(others, batch_size=OTHERS),
            callbacks=[Pruning(trial)],
            progress="none",
        )
        figure = evaluate(model, data.DataLoader(tests, batch_size=OTHERS), metrics=[Accuracy()])
        trial.set_user_attr("test error", 1 - figure["accuracy"])
        return float(history["val_loss"][-1])

    return objective


@contextmanager
def _silent() -> Iterator[None]:
    """Keep Optuna from writing a line for each trial."""
    from optuna import logging

    before = logging.get_verbosity()
    logging.set_verbosity(logging.WARNING)
    try:
        yield
    finally:
        logging.set_verbosity(before)


def _stopped_and_resumed(objective: Callable[[Trial], float], seed: int) -> list[dict[str, Any]]:
    """Return the points of a Bayesian study that is kept in a file, stopped after eight trials, and goes on to twelve."""
    with TemporaryDirectory() as folder:
        file = Path(folder, "study.db")
        tune(objective, 8, seed=seed, storage=file)
        return [trial.params for trial in tune(objective, 12, seed=seed, storage=file).get_trials()]


def _draw_best(run: Run, found: dict[str, list[Trials]]) -> None:
    """Draw the best loss so far over what it cost, the mean over studies, and where each study ended."""
    figure, (left, right) = figures.new(1, 2, height=4.4, sharey=True, width_ratios=(3, 1.3))
    costs = np.linspace(1, FULL, 400)
    ends = []
    for place, (name, studies) in enumerate(found.items()):
        colour, line = WAYS[name]
        # a study that has found nothing yet has the loss of guessing one of ten classes
        reached = np.array([[min(s.best[s.costs <= c], default=np.inf) for c in costs] for s in studies])
        reached = np.minimum(reached, np.log(10))
        left.plot(costs, reached.mean(0), line, color=colour, label=name)
        right.plot(np.full(len(studies), place), reached[:, -1], "o", color=colour, markersize=6, alpha=0.7)
        right.plot([place - 0.3, place + 0.3], [reached[:, -1].mean()] * 2, line[0], color=colour)
        ends += list(reached[:, -1])
    low, high = min(ends), max(ends)
    left.set(
        xlabel=f"price, in trainings of {next(iter(found.values()))[0].epochs} epochs",
        ylabel="lowest loss so far, on other pictures",
        xlim=(1, FULL),
        ylim=(low - 0.2 * (high - low + 0.02), high + 1.5 * (high - low + 0.02)),
    )
    left.legend(loc="upper right")
    right.set(xticks=[], xlim=(-0.6, len(found) - 0.4), xlabel=f"each study, after {FULL}")
    run.figure(
        "best-so-far",
        figure,
        "Left: the lowest loss found for the price paid, the mean over the studies of each strategy. Dashed: poor trials of "
        "random search are stopped early, so that the same price buys more of them. Right: every study when that price was "
        "paid, and their mean.",
    )


def _draw_slices(run: Run, found: dict[str, list[Trials]]) -> None:
    """Draw the loss of the trials that were run to their end over each parameter."""
    figure, charts = figures.new(1, len(RANGES), height=3.8, sharey=True)
    for axes, name in zip(charts, RANGES, strict=True):
        for way, marker in (("random", "o"), ("Bayesian (TPE)", "^"), ("grid", "s")):
            trials = [one for study in found[way] for one in study.made if one.value is not None]
            x, y = ([*values] for values in zip(*((one.params[name], one.value) for one in trials), strict=True))
            axes.scatter(x, y, s=22, marker=marker, color=WAYS[way][0], alpha=0.75, linewidths=0, label=way)
        axes.set(xlabel=name, yscale="log", ylim=(0.5, 3))
        if name != "dropout":
            axes.set_xscale("log")
        axes.minorticks_off()
    charts[2].set_xticks([8, 16, 32, 64, 128], ["8", "16", "32", "64", "128"])
    charts[0].set_ylabel("loss on other pictures")
    charts[0].set_yticks([0.5, 1, 2, 3], ["0.5", "1", "2", "3"])
    figure.legend(*charts[0].get_legend_handles_labels(), loc="outside upper center", ncols=3, handletextpad=0.1)
    run.figure(
        "slices",
        figure,
        "Every trial that was run to its end, over each of its three numbers. Only the first decides much, and a "
        f"grid has three values of it: the squares stand in columns, three in each of {len(found['grid'])} placements. What is "
        "above 3 is not drawn.",
    )


def _draw_forecasts(run: Run, found: dict[str, list[Trials]], epochs: int) -> None:
    """Draw the curves of one study, where they were given up, and what was forecast, beside what came."""
    stopped, whole = found["random, learning curves"][0].made[:FULL], found["random"][0].made
    figure, (left, right) = figures.new(1, 2, height=4.0, sharey=True)
    for one in stopped:
        steps, values = _curve(one)
        given_up = one.state.name == "PRUNED"
        left.plot(steps, values, color=figures.GREY if given_up else figures.GREEN, linewidth=1.2)
        if given_up:
            left.plot(steps[-1:], values[-1:], "o", color=figures.VERMILION, markersize=4.5)
    left.set(xlabel="epoch", ylabel="loss on other pictures", title=f"A search of {FULL} trials", xlim=(1, epochs))
    left.plot([], [], "o", color=figures.VERMILION, label="given up here")
    left.plot([], [], color=figures.GREEN, label="run to the end")
    left.legend(loc="upper right")
    pairs = sorted(_given_up(stopped, whole), key=lambda pair: pair[1].values)
    shown = [pairs[round(place)] for place in np.linspace(0, len(pairs) - 1, 3)] if pairs else []
    for (one, other), colour in zip(shown, figures.COLOURS, strict=False):
        steps, values = _curve(other)
        last = len(one.intermediate_values)
        known = values[:last].tolist()
        forecast = extrapolate(known, epochs)
        reach = [[forecast.value - forecast.low], [forecast.high - forecast.value]]
        right.plot(steps[:last], known, "o", color=colour, markersize=4.5)
        right.plot(steps[last - 1 :], values[last - 1 :], color=colour, linewidth=1.4)
        right.plot(steps, fit_power_law(known).at(steps), ":", color=colour)
        right.errorbar(epochs, forecast.value, reach, color=colour, capsize=4, linewidth=1.4)
    best = found["random"][0].best[-1]
    right.axhline(best, color=figures.GREY, linewidth=1.2, linestyle="--")
    right.text(epochs, best, "best of all", ha="right", va="top", color=figures.PAPER.muted)
    right.set(xlabel="epoch", title="Forecast and what came", xlim=(1, epochs + 0.5), ylim=(None, 2.6))
    run.figure(
        "learning-curves",
        figure,
        "Left: the curves of one study up to where the extrapolation gave them up. Right: three of those, their values (dots), "
        "the power law (dotted), its range for the last epoch, and how the same trial went on where nothing stopped it (line).",
    )


def _given_up(stopped: list[FrozenTrial], whole: list[FrozenTrial]) -> list[tuple[FrozenTrial, FrozenTrial]]:
    """Return the trials that were given up, each with the one of the same point that was run to its end."""
    return [
        (one, other)
        for one, other in zip(stopped, whole, strict=True)
        if one.state.name == "PRUNED" and other.state.name == "COMPLETE"
    ]


def _curve(trial: FrozenTrial) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    values = trial.intermediate_values
    return np.array(sorted(values)), np.array([values[epoch] for epoch in sorted(values)])


def _tabulate(run: Run, found: dict[str, list[Trials]]) -> None:
    rows = []
    for name, studies in found.items():
        best = [study.made[int(study.losses.argmin())] for study in studies]
        losses = [one.values[0] for one in best]
        rows.append(
            (
                name,
                len(studies),
                len(studies[0].made),
                round(float(np.mean([study.costs[-1] for study in studies])), 1),
                f"{np.mean(losses):.3f} ({min(losses):.3f} to {max(losses):.3f})",
                f"{np.mean([one.user_attrs['test error'] for one in best]):.1%}",
            )
        )
    head = (
        "strategy",
        "studies",
        "trials",
        "price, in full trainings",
        "lowest loss, mean and range",
        "its test error",
    )
    run.table("What each strategy found", head, rows)


def _claim(run: Run, found: dict[str, list[Trials]], again: list[dict[str, Any]], epochs: int) -> None:
    tried = {name: len({one.params["learning rate"] for one in found[name][0].made}) for name in ("random", "grid")}
    text = f"{FULL} trials of random search look at {FULL} learning rates, as many on a grid at {SIDE}"
    run.claim(text, tried == {"random": FULL, "grid": SIDE}, f"{tried['random']} and {tried['grid']}")
    ends = {name: float(np.mean([study.best[-1] for study in studies])) for name, studies in found.items()}
    text = "Bayesian search finds a lower loss than random search with as many trials, or one at most 0.01 higher"
    run.claim(
        text, ends["Bayesian (TPE)"] <= ends["random"] + 0.01, f"{ends['Bayesian (TPE)']:.3f} and {ends['random']:.3f}"
    )
    band = ends["random, Hyperband"]
    text = "Hyperband, with twice the trials, finds a lower loss than random search, or one at most 0.01 higher"
    run.claim(text, band <= ends["random"] + 0.01, f"{band:.3f} and {ends['random']:.3f}")
    late = {
        name: float(np.median([loss for study in found[name] for loss in study.losses[FULL // 2 :]]))
        for name in ("random", "Bayesian (TPE)")
    }
    text = "Half-way on, what the Bayesian search proposes is better: its median loss is lower by 0.1 or more"
    run.claim(
        text,
        late["Bayesian (TPE)"] <= late["random"] - 0.1,
        f"{late['Bayesian (TPE)']:.2f} and {late['random']:.2f}",
    )
    pairs = list(zip(found["random, learning curves"], found["random"], strict=True))
    kept = [stopped.best[FULL - 1] - whole.best[-1] for stopped, whole in pairs]
    price = float(np.mean([stopped.costs[FULL - 1] for stopped, _ in pairs])) / FULL
    text = "Extrapolation keeps the best of the same 27 trials, or one at most 0.01 worse, in every study"
    run.claim(text, max(kept) <= 0.01, f"{max(kept):.3f} worse at most")
    run.claim("It does so with 75 % of their epochs or less", price <= 0.75, f"{price:.0%}")
    ends_of_others = [
        (extrapolate(_curve(one)[1].tolist(), epochs), other.values[0])
        for stopped, whole in pairs
        for one, other in _given_up(stopped.made[:FULL], whole.made)
    ]
    inside = sum(forecast.low <= end <= forecast.high for forecast, end in ends_of_others)
    run.number("forecasts whose range held what came, of trials given up", f"{inside} of {len(ends_of_others)}")
    first = [one.params for one in found["Bayesian (TPE)"][0].made[: len(again)]]
    same = sum(one == other for one, other in zip(again, first, strict=True))
    text = "A Bayesian study that was stopped and goes on from its file takes the same points as one that was not"
    run.claim(text, same == len(again), f"{same} of {len(again)}")
