"""Row 33: ensembles of trees against networks, on tables."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any

import numpy as np
from numpy.typing import NDArray

import autograd_core as ag
import optim

from ... import data, models
from ...layers import CrossEntropyLoss, MSELoss
from ...training import fit
from .. import figures
from ..options import Count, at_least
from ..registry import lesson
from ..run import Run

Array = NDArray[Any]
# Fit to features and targets, and return what is said of other features: (N, classes) probabilities, or (N,) numbers.
Learner = Callable[[Array, Array, Array, int], Array]

HIDDEN = (64, 64)
BOOSTING, FOREST = "gradient boosting", "random forest"
LINEAR = "linear model, standardised"
RAW, RAW_NORM = "network, columns as they are", "network, as they are, batch norm"
SCALED, SCALED_NORM, FIVE = "network, standardised", "network, standardised, batch norm", "five networks, standardised"
COLOURS = {
    FOREST: figures.GREEN,
    BOOSTING: figures.ORANGE,
    LINEAR: figures.GREY,
    RAW: figures.SKY,
    RAW_NORM: figures.SKY,
    SCALED: figures.BLUE,
    SCALED_NORM: figures.BLUE,
    FIVE: figures.VERMILION,
}
CHANGES = ("as they are", "rotated", "twice as many of noise beside")


@dataclass(frozen=True)
class Table:
    """Features (N, D) and targets (N,) of a table: classes, or numbers of float64."""

    name: str
    features: Array
    targets: Array

    @property
    def measured(self) -> bool:
        """Whether the targets are numbers."""
        return self.targets.dtype.kind == "f"

    def error(self, answers: Array, rows: Array) -> float:
        """Return the share of wrong answers, or for numbers the share of their variance that is left unexplained."""
        if self.measured:
            return float(((answers - self.targets[rows]) ** 2).mean() / self.targets[rows].var())
        return float((answers.argmax(1) != self.targets[rows]).mean())


@lesson(
    row=33,
    title="Trees or networks",
    question="On a table of numbers, who errs less: an ensemble of trees, or a network?",
    sources=(
        "Breiman, Random forests, 2001",
        "Friedman, Greedy function approximation: a gradient boosting machine, 2001",
        "Grinsztajn, Oyallon & Varoquaux, Why do tree-based models still outperform deep learning on typical tabular data?, "
        "2022",
        "Ng, Feature selection, L1 vs. L2 regularization, and rotational invariance, 2004",
    ),
    minutes=2.0,
    quick={"rows": 300, "folds": 2, "repeats": 1, "epochs": 20, "trees": 20},
    needs=("sklearn",),
)
def trees_or_networks(
    run: Run,
    *,
    rows: Annotated[int, at_least(100), "rows of a table, at most"] = 900,
    folds: Annotated[int, at_least(2, 20), "folds of the cross-validation"] = 5,
    repeats: Annotated[Count, "cross-validations, each with other folds"] = 1,
    epochs: Annotated[Count, "of each network"] = 60,
    trees: Annotated[Count, "of boosting, for each class; a forest has twice as many"] = 100,
) -> None:
    """Compare eight learners on four tables of scikit-learn, by cross-validation on the same folds.

    Nobody is tuned: forests, boosting and the linear model have scikit-learn's settings, all networks two layers of 64 units,
    AdamW and a rate of 0.001.  Means and standard deviations of columns are those of the rows learned from.  Then the columns
    are changed, by a random rotation, and by columns of noise beside them.
    """
    tables = _tables(rows)
    learners = _learners(epochs, trees)
    errors: dict[tuple[str, str], list[float]] = {}
    for table, name in run.track([(table, name) for table in tables for name in learners], "learners"):
        errors[table.name, name] = _validated(table, table.features, learners[name], folds, repeats, run.seed)
    changed: dict[tuple[str, str, str], float] = {}
    for table, change in run.track(
        [(t, c) for t in tables if t.name in ("wines", "digits") for c in CHANGES], "columns"
    ):
        features = _changed(table.features, change, run.seed)
        for name in (FOREST, SCALED):
            changed[table.name, change, name] = float(
                np.mean(_validated(table, features, learners[name], folds, repeats, run.seed))
            )
    _draw_errors(run, tables, errors)
    _draw_changes(run, changed)
    _tabulate(run, tables, errors, changed)
    _claim(run, tables, errors, changed)
    run.say(
        """On these tables, of some hundred rows, nobody wins everywhere. Networks need scaled columns: as they are, the
        widest column drowns the others; standardising mends that, batch norm in part. Trees never notice: a split asks
        only for the order of a column. With scaled columns networks are level with the trees on breast cancer, wines
        and digits, a little ahead or behind by less than the spread of the folds; to average five of them changes
        little. On diabetes all of them lose to the linear model, which has the least to learn. The second figure says
        what each learner takes for granted. To a network all directions are alike, so a rotation changes nothing, and
        it must find out which columns are noise. A tree looks along columns one by one: it leaves useless ones aside,
        and suffers when the columns are mixed. Tables in which each column means something, and many mean little, are
        where trees are ahead; the source of 2022 finds that on larger ones."""
    )


def _tables(rows: int) -> list[Table]:
    """Return the tables, each with its first *rows* in an order that is shuffled, the same for every seed."""
    from sklearn import datasets

    made = []
    for name, (features, targets) in {
        "breast cancer": datasets.load_breast_cancer(return_X_y=True),
        "wines": datasets.load_wine(return_X_y=True),
        "digits": datasets.load_digits(return_X_y=True),
        "diabetes": datasets.load_diabetes(return_X_y=True, scaled=False),
    }.items():
        chosen = np.random.default_rng(0).permutation(len(targets))[:rows]
        made.append(Table(name, features[chosen].astype(np.float64), targets[chosen]))
    return made


def _learners(epochs: int, trees: int) -> dict[str, Learner]:
    from sklearn import ensemble, linear_model

    def fitted(classifier: Any, regressor: Any, **options: Any) -> Learner:
        def learner(x: Array, y: Array, others: Array, seed: int) -> Array:
            made = (regressor if y.dtype.kind == "f" else classifier)(**options, random_state=seed).fit(x, y)
            answers: Array = made.predict(others) if y.dtype.kind == "f" else made.predict_proba(others)
            return answers

        return learner

    def network(batch_norm: bool) -> Learner:
        return lambda x, y, others, seed: _network(x, y, others, epochs, batch_norm, seed)

    def scaled(learner: Learner) -> Learner:
        return lambda x, y, others, seed: learner(*_standardised(x, y, others), seed)

    single = scaled(network(batch_norm=False))
    return {
        FOREST: fitted(ensemble.RandomForestClassifier, ensemble.RandomForestRegressor, n_estimators=2 * trees),
        BOOSTING: fitted(ensemble.GradientBoostingClassifier, ensemble.GradientBoostingRegressor, n_estimators=trees),
        LINEAR: scaled(fitted(linear_model.LogisticRegression, linear_model.Ridge, max_iter=2000)),
        RAW: network(batch_norm=False),
        RAW_NORM: network(batch_norm=True),
        SCALED: single,
        SCALED_NORM: scaled(network(batch_norm=True)),
        FIVE: lambda x, y, others, seed: np.mean([single(x, y, others, 5 * seed + i) for i in range(5)], axis=0),
    }


def _standardised(x: Array, y: Array, others: Array) -> tuple[Array, Array, Array]:
    scale = data.Standardize(ag.from_numpy(x))
    return scale(ag.from_numpy(x)).array, y, scale(ag.from_numpy(others)).array


def _network(x: Array, y: Array, others: Array, epochs: int, batch_norm: bool, seed: int) -> Array:
    """Train a network, and return its probabilities, or numbers on the scale of *y*."""
    ag.manual_seed(seed)
    measured = y.dtype.kind == "f"
    mean, std = (y.mean(), y.std()) if measured else (0.0, 1.0)
    targets = ((y - mean) / std).astype(np.float32)[:, None] if measured else y.astype(np.int64)
    model = models.MLP((x.shape[1], *HIDDEN, 1 if measured else int(y.max()) + 1), batch_norm=batch_norm)
    rows = data.TensorDataset(ag.from_numpy(x.astype(np.float32)), ag.from_numpy(targets))
    # the last batch may be of one row, of which batch norm can say nothing
    loader = data.DataLoader(rows, batch_size=32, shuffle=True, drop_last=True, seed=seed)
    optimizer = optim.AdamW(model.parameters(), lr=1e-3)
    fit(model, loader, MSELoss() if measured else CrossEntropyLoss(), optimizer, epochs, progress="none")
    model.eval()
    with ag.no_grad():
        answers = model(ag.from_numpy(others.astype(np.float32)))
        return answers.array[:, 0] * std + mean if measured else answers.softmax(1).array


def _validated(table: Table, features: Array, learner: Learner, folds: int, repeats: int, seed: int) -> list[float]:
    """Return the error of *learner* on each fold of each repeat; the folds are the same for every learner."""
    found = []
    for repeat in range(repeats):
        dealt = ag.Generator().manual_seed(seed * repeats + repeat)
        for learn, test in data.k_folds(table.targets, folds, dealt):
            answers = learner(features[learn], table.targets[learn], features[test], seed)
            found.append(table.error(answers, test))
    return found


def _changed(features: Array, change: str, seed: int) -> Array:
    """Return the standardised columns as they are, rotated at random, or with twice as many columns of noise beside them."""
    columns = data.Standardize(ag.from_numpy(features))(ag.from_numpy(features)).array
    draw = np.random.default_rng(seed)
    if change == "rotated":
        return columns @ np.linalg.qr(draw.normal(size=(columns.shape[1],) * 2))[0]
    return (
        columns
        if change == CHANGES[0]
        else np.hstack([columns, draw.normal(size=(len(columns), 2 * columns.shape[1]))])
    )


def _draw_errors(run: Run, tables: list[Table], errors: dict[tuple[str, str], list[float]]) -> None:
    figure, charts = figures.new(1, len(tables), height=4.4, sharey=True)
    places = np.arange(len(COLOURS))[::-1]
    for axes, table in zip(charts, tables, strict=True):
        for place, (name, colour) in zip(places, COLOURS.items(), strict=True):
            own = 100 * np.array(errors[table.name, name])
            axes.plot(own, np.full(len(own), place), "o", color=colour, markersize=4, alpha=0.35, clip_on=False)
            axes.plot([own.mean()] * 2, [place - 0.32, place + 0.32], color=colour, linewidth=3)
        rows, columns = table.features.shape
        measure = "variance left, %" if table.measured else "errors, %"
        axes.set(title=table.name, xlabel=f"{measure}\n{rows} x {columns}", xlim=(0, None))
    charts[0].set_yticks(places, list(COLOURS), color=figures.PAPER.ink)
    folds = len(next(iter(errors.values())))
    run.figure(
        "errors",
        figure,
        f"The error of each learner on {folds} folds (dots) and its mean (bar); left is better. Below, rows and columns of "
        "each table. Of diabetes a number is predicted: the share of its variance that is left.",
    )


def _draw_changes(run: Run, changed: dict[tuple[str, str, str], float]) -> None:
    names = list(dict.fromkeys(table for table, _, _ in changed))
    figure, charts = figures.new(1, len(names), height=3.8)
    for axes, table in zip(charts, names, strict=True):
        for shift, name, label in ((-0.2, FOREST, "random forest"), (0.2, SCALED, "network")):
            bars = axes.bar(
                np.arange(len(CHANGES)) + shift,
                [100 * changed[table, change, name] for change in CHANGES],
                width=0.36,
                color=COLOURS[name],
                label=label,
            )
            axes.bar_label(bars, fmt="%.1f", padding=2, color=figures.PAPER.ink)
        axes.set(title=table, ylabel="errors, %")
        axes.set_xticks(range(len(CHANGES)), ["columns\nas they are", "columns\nrotated", "columns\nof noise added"])
        axes.grid(visible=False, axis="x")
        axes.margins(y=0.15)
    charts[0].legend(loc="upper left")
    run.figure(
        "columns",
        figure,
        "What a change of the columns costs. Rotated: each new column is a mixture of all, nothing is lost. Noise: twice as "
        "many columns that have nothing to do with the answer.",
    )


def _tabulate(
    run: Run,
    tables: list[Table],
    errors: dict[tuple[str, str], list[float]],
    changed: dict[tuple[str, str, str], float],
) -> None:
    rows = [
        (
            name,
            *(f"{100 * np.mean(errors[t.name, name]):.1f} ± {100 * np.std(errors[t.name, name]):.1f}" for t in tables),
        )
        for name in COLOURS
    ]
    run.table("Errors in %, mean and spread over folds", ("learner", *(table.name for table in tables)), rows)
    head = ("table", "columns", "random forest", "network, standardised")
    found = [
        (table, change, *(f"{100 * changed[table, change, name]:.1f}" for name in (FOREST, SCALED)))
        for table, change, first in changed
        if first == FOREST
    ]
    run.table("Errors in % where the columns are changed", head, found)


def _claim(
    run: Run,
    tables: list[Table],
    errors: dict[tuple[str, str], list[float]],
    changed: dict[tuple[str, str, str], float],
) -> None:
    means = {key: float(np.mean(own)) for key, own in errors.items()}
    winners = []
    for table in tables:
        least = min(means[table.name, name] for name in COLOURS)
        winners.append({name for name in COLOURS if means[table.name, name] == least})
        run.number(f"least error on {table.name}", f"{least:.1%}: {'; '.join(sorted(winners[-1]))}")
    text = "Nobody wins on all four tables"
    run.claim(text, not set.intersection(*winners), "; ".join(sorted(set.union(*winners))))
    raw, scaled = (means["wines", name] for name in (RAW, SCALED))
    text = "A network that gets the columns of wines as they are errs more often by 0.05 or more than with scaled ones"
    run.claim(text, raw >= scaled + 0.05, f"{raw:.3f} and {scaled:.3f}")
    own, forest = (changed["digits", CHANGES[0], FOREST], means["digits", FOREST])
    text = "A forest does not notice whether columns are scaled: on digits its errors differ by 0.02 at most"
    run.claim(text, abs(own - forest) <= 0.02, f"{own:.3f} and {forest:.3f}")
    classed = [table.name for table in tables if not table.measured]
    nets, ensembles = (
        float(np.mean([min(means[table, name] for name in of) for table in classed]))
        for of in ((SCALED, FIVE), (FOREST, BOOSTING))
    )
    text = (
        "Over the three tables with classes scaled networks, one or five, are on average at most 0.01 behind the trees"
    )
    run.claim(text, nets <= ensembles + 0.01, f"{nets:.3f} and {ensembles:.3f}")
    costs = {
        (change, name): changed["digits", change, name] - changed["digits", CHANGES[0], name]
        for change in CHANGES[1:]
        for name in (FOREST, SCALED)
    }
    turned = costs["rotated", FOREST], costs["rotated", SCALED]
    text = "A rotation of the columns of digits costs a forest more than a network, by 0.005 or more"
    run.claim(text, turned[0] >= turned[1] + 0.005, f"{turned[0]:+.3f} and {turned[1]:+.3f}")
    noisy = costs[CHANGES[2], FOREST], costs[CHANGES[2], SCALED]
    text = "Columns of noise beside them cost a network more than a forest, by 0.01 or more"
    run.claim(text, noisy[1] >= noisy[0] + 0.01, f"{noisy[1]:+.3f} and {noisy[0]:+.3f}")
