"""Row 12: what the scale of the features does to gradient descent."""

from __future__ import annotations

from typing import Annotated, Any

import numpy as np
from numpy.typing import NDArray

import autograd_core as ag
import optim

from ... import data
from .. import figures
from ..options import at_least
from ..registry import lesson
from ..run import Run

NEAR = 1e-3  # of the first distance from the minimum: converged


@lesson(
    row=12,
    title="Feature scaling",
    question="How many steps does gradient descent need with and without scaled features?",
    sources=("LeCun, Bottou, Orr & Müller, Efficient BackProp, 1998", "Forina et al., Wine, UCI repository, 1991"),
    minutes=0.2,
    quick={"steps": 5000},
)
def feature_scaling(run: Run, *, steps: Annotated[int, at_least(2000), "steps, at most"] = 20_000) -> None:
    """Fit the three growers of 178 wines by least squares on 13 measurements, by gradient descent with the best rate.

    The measurements are taken as they are, with their mean taken off, standardised, and made independent (whitened).  The
    number of steps until the weights are within a thousandth of their first distance is compared with its theory.
    """
    table = data.wine()
    raw = table.features
    scaled = data.Standardize(raw)(raw)
    values, directions = np.linalg.eigh(np.cov(scaled.array.T, bias=True))
    features = {
        "as they are": raw,
        "mean taken off": raw - raw.mean(0),
        "standardised": scaled,
        "whitened": ag.from_numpy(scaled.array @ directions / np.sqrt(values)),
    }
    targets = ag.from_numpy(np.eye(3)[table.labels.array])
    drawn, axes = figures.new(height=3.8)
    rows, needed, theory = [], {}, {}
    colours = (figures.VERMILION, figures.ORANGE, figures.BLUE, figures.GREEN)
    for (name, x), colour, style in zip(
        run.track(features.items(), "fits"), colours, ("-", "--", "-", "-."), strict=True
    ):
        condition, distances = descend(with_one(x), targets, steps)
        close = np.flatnonzero(distances <= NEAR)
        needed[name] = int(close[0]) if len(close) else None
        # the distance shrinks by (condition - 1) / (condition + 1) in each step, or faster
        theory[name] = 1 if condition < 1 + 1e-9 else np.log(1 / NEAR) / np.log((condition + 1) / (condition - 1))
        axes.loglog(np.arange(1, len(distances) + 1), np.maximum(distances, 1e-12), style, color=colour, label=name)
        measured = needed[name] if needed[name] is not None else f"more than {steps:,}"
        rows.append((name, float(condition), float(theory[name]), measured, float(distances[-1])))
    axes.axhline(NEAR, color=figures.GREY, linestyle=":", linewidth=1.5)
    axes.set(xlabel="step (1 is the start)", ylabel="distance from the best weights", ylim=(1e-6, 2))
    axes.legend(loc="lower right", bbox_to_anchor=(0.45, 0.0))
    _draw_ellipses(run, table)
    run.figure(
        "convergence",
        drawn,
        "The distance of the weights from the best ones, as a share of that at the start, with the best rate for each. "
        "Dotted: a thousandth.",
    )
    head = ("features", "condition number", "steps, by theory at most", "steps", "distance at the end")
    run.table("178 wines, 13 measurements, 3 growers", head, rows)
    standard, worst = needed["standardised"], rows[0][4]
    found = f"{standard} steps, theory at most {theory['standardised']:.0f}"
    run.claim(
        "Standardised features converge within the steps of the theory",
        standard is not None and standard <= theory["standardised"] + 1,
        found,
    )
    run.claim(
        "Raw features do not converge: after all the steps more than half of the distance is left",
        worst > 0.5,
        f"{worst:.1%}",
    )
    run.claim(
        "Whitened features, all curvatures equal, need one step", needed["whitened"] == 1, f"{needed['whitened']} step"
    )
    better = rows[0][1] / rows[2][1]
    run.claim(
        "Standardising lowers the condition number more than ten thousand times", better > 1e4, f"{better:.1e} times"
    )
    proline, hue = (float(raw[:, table.columns.index(name)].mean()) for name in ("proline", "hue"))
    run.say(
        f"""Proline is near {proline:.0f}, hue near {hue:.0f}: the loss is a valley, {rows[0][1] / 1e6:,.0f} million times
        steeper across than along. The learning rate has to suit the steepest direction, and then the flat ones hardly move.
        Standardising makes the valley a bowl, with a ratio of {rows[2][1]:.0f}. What is left comes from correlated features;
        whitening takes that away too, and one step is enough."""
    )


def with_one(x: ag.Tensor) -> ag.Tensor:
    """Return the rows with a 1 behind them, whose weight is the bias."""
    return ag.cat([x, ag.ones(len(x), 1, dtype=x.dtype)], dim=1)


def descend(x: ag.Tensor, targets: ag.Tensor, steps: int) -> tuple[float, NDArray[Any]]:
    """Return the condition number of least squares, and the distance from its minimum before each step, the first being 1."""
    curvature = np.linalg.eigvalsh(x.array.T @ x.array / len(x))
    best = np.linalg.lstsq(x.array, targets.array, rcond=None)[0]
    weights = ag.zeros(x.shape[1], targets.shape[1], dtype=x.dtype, requires_grad=True)
    optimizer = optim.SGD([weights], lr=2 / (curvature[0] + curvature[-1]))
    distances, first = [], np.linalg.norm(best)
    for _ in range(steps):
        distances.append(np.linalg.norm(weights.array - best) / first)
        if distances[-1] < NEAR / 100:
            break
        optimizer.zero_grad()
        ((x @ weights - targets).square().sum() / (2 * len(x))).backward()
        optimizer.step()
    return float(curvature[-1] / curvature[0]), np.array(distances)


def _draw_ellipses(run: Run, table: data.TableDataset) -> None:
    """Draw the loss over two weights, and the way of gradient descent, with and without scaling."""
    chosen = [table.columns.index(name) for name in ("alcohol", "colour intensity")]
    raw = table.features[:, chosen]
    target = (table.labels == 0).double() - (table.labels == 0).double().mean()
    drawn, charts = figures.new(1, 2, height=4)
    pairs = (("mean taken off", raw - raw.mean(0)), ("standardised", data.Standardize(raw)(raw)))
    for axes, (name, x) in zip(charts, pairs, strict=True):
        curvature = np.linalg.eigvalsh(x.array.T @ x.array / len(x))
        best = np.linalg.lstsq(x.array, target.array, rcond=None)[0]
        weights = ag.zeros(2, dtype=x.dtype, requires_grad=True)
        optimizer = optim.SGD([weights], lr=2 / (curvature[0] + curvature[-1]))
        visited = [weights.tolist()]
        while np.linalg.norm(visited[-1] - best) > 0.02 * np.linalg.norm(best) and len(visited) < 200:
            optimizer.zero_grad()
            ((x @ weights - target).square().mean() / 2).backward()
            optimizer.step()
            visited.append(weights.tolist())
        reach = 1.6 * np.abs(best).max()
        a, b = np.meshgrid(*(np.linspace(c - reach, c + reach, 200) for c in best))
        points = np.stack([a.ravel() - best[0], b.ravel() - best[1]])
        height = (points * (x.array.T @ x.array / len(x) @ points)).sum(0).reshape(a.shape)
        axes.contour(
            a, b, height, levels=height.max() * np.linspace(0.02, 1, 9) ** 2, colors=[figures.GREY], linewidths=0.8
        )
        axes.plot(*np.array(visited).T, "o-", color=figures.BLUE, markersize=4, linewidth=1.4)
        axes.plot(*best, "*", color=figures.VERMILION, markersize=15, markeredgecolor="white")
        condition = curvature[-1] / curvature[0]
        axes.set(title=f"{name}: {len(visited) - 1} steps", xlabel="weight of alcohol", aspect="equal")
        axes.text(0.03, 0.03, f"condition number {condition:.1f}", transform=axes.transAxes)
        axes.grid(visible=False)
    charts[0].set_ylabel("weight of colour intensity")
    run.figure(
        "valley",
        drawn,
        "The loss over the weights of two measurements, which tell the first grower from the others: where its contours are "
        "stretched, gradient descent jumps to and fro. Each with its best rate.",
    )
