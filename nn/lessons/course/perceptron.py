"""Row 1: the perceptron, what it learns, and two layers of threshold units."""

from __future__ import annotations

from typing import Annotated

import numpy as np

from ... import data, models
from .. import figures
from ..options import Count, Positive
from ..registry import lesson
from ..run import Run
from .plane import draw_points, draw_regions

LOW, HIGH = -0.5, 1.5  # of the plane that is drawn


@lesson(
    row=1,
    title="Perceptron",
    question="Which of AND, OR and XOR can one threshold unit learn?",
    sources=(
        "Rosenblatt, The Perceptron, 1958",
        "Novikoff, On convergence proofs on perceptrons, 1962",
        "Minsky & Papert, Perceptrons, 1969",
    ),
    minutes=0.1,
    quick={"epochs": 50},
)
def perceptron(
    run: Run,
    *,
    epochs: Annotated[Count, "times through the four points, at most"] = 100,
    lr: Annotated[Positive, "how far a mistake moves the weights"] = 1.0,
) -> None:
    """Train one unit with a threshold on AND, OR and XOR by Rosenblatt's rule.

    Then compute XOR with two layers of such units, whose weights are set by hand.
    """
    drawn, charts = figures.new(1, 3, height=3.3, sharey=True)
    curves, curve = figures.new(height=3.2)
    rows = []
    for axes, name, style in zip(charts, ("and", "or", "xor"), ("o-", "s-", ".-"), strict=True):
        inputs, targets = data.logic(name).tensors
        signs = 2 * targets[:, 0] - 1
        unit = models.Perceptron(2)
        if name == "xor":  # from 0 it would come back to 0, which is no line, at the end of every epoch
            unit.weight.normal_()
        mistakes = unit.fit(inputs, signs, epochs, lr)
        wrong = int((unit(inputs).array != signs.array).sum())
        for i in range(len(inputs) if wrong else 0):  # where no line is right: those after each point of one epoch
            unit.fit(inputs[i : i + 1], signs[i : i + 1], 1, lr)
            draw_regions(axes, LOW, HIGH, unit.score, shade=False)
        draw_regions(axes, LOW, HIGH, unit.score)
        draw_points(axes, inputs.array, targets.array[:, 0])
        axes.set(title=f"{name.upper()}: {wrong} of 4 wrong", xlabel="$x_1$")
        curve.plot(range(1, len(mistakes) + 1), mistakes, style, label=name.upper(), markersize=5)
        rows.append((name.upper(), sum(mistakes), len(mistakes), wrong, unit.margin(inputs, signs)))
        if name != "xor":
            run.claim(f"{name.upper()} is learned, all four points", not mistakes[-1], f"{mistakes[-1]} wrong at last")
            if not mistakes[-1]:
                # for rows (x1, x2, 1): no more mistakes than (longest row / margin)^2, with the margin of any weights
                length = np.linalg.norm([*unit.weight.array, unit.bias.array])
                bound = 3 * (length / (signs * unit.score(inputs)).array.min()) ** 2
                found = f"{sum(mistakes)} mistakes, the theorem allows {bound:.0f}"
                text = f"{name.upper()}: no more mistakes than Novikoff's theorem allows"
                run.claim(text, sum(mistakes) <= bound, found)
        else:
            run.claim("XOR is never learned: a mistake in every epoch", min(mistakes) >= 1, f"at least {min(mistakes)}")
            run.claim("XOR: at least one point of four stays wrong", wrong >= 1, f"{wrong} wrong")
    charts[0].set_ylabel("$x_2$")
    drawn.legend(*charts[0].get_legend_handles_labels(), title="class", loc="outside right center")
    curve.set(xlabel="epoch", ylabel="mistakes of 4", xlim=(0.5, 25.5), ylim=(-0.2, 4.2), yticks=range(5))
    curve.legend(loc="center right")
    run.figure(
        "boundaries",
        drawn,
        "What one unit makes of the plane after training: one straight line. It can cut off one corner (AND, OR), but the "
        "classes of XOR lie crosswise: the lines are those of one epoch, in which every mistake undoes another.",
    )
    run.figure("mistakes", curves, "Mistakes in each epoch, the first 25: AND and OR come to rest, XOR never does.")
    run.table("The perceptron rule", ("function", "mistakes", "epochs", "wrong at the end", "margin"), rows)
    _by_hand(run)
    run.say(
        """One unit draws one line. For AND and OR there is such a line, and Rosenblatt's rule finds it after a few
        mistakes. For XOR there is none, so the rule goes round in circles. Two lines and a second layer are enough: the
        hidden units "x1 or x2" and "x1 and x2" send the four points to three places, which one more line separates."""
    )


def _by_hand(run: Run) -> None:
    """Show the network of two layers that computes XOR."""
    inputs, targets = data.xor().tensors
    network, classes = models.ThresholdNetwork.xor(), targets.array[:, 0]
    hidden, out = network.units(inputs)
    drawn, (left, right) = figures.new(1, 2, height=3.9)
    draw_regions(left, LOW, HIGH, lambda points: network(points)[:, 0], edge=0.5)
    draw_points(left, inputs.array, classes)
    for x, y, text in ((-0.42, 0.98, "$x_1$ or $x_2$"), (0.08, 1.48, "$x_1$ and $x_2$")):
        left.text(x, y, text, ha="left", va="bottom", rotation=-45, rotation_mode="anchor", fontsize=9)
    left.set(title="Input: two lines", xlabel="$x_1$", ylabel="$x_2$")
    draw_regions(right, LOW, HIGH, lambda points: points[:, 0] - points[:, 1], edge=0.5)
    draw_points(right, hidden.array, classes)
    right.annotate("(0, 1) and (1, 0)", (1, 0), (0.62, -0.32), fontsize=9)
    right.set(title="Hidden units: one line", xlabel="$h_1$ = $x_1$ or $x_2$", ylabel="$h_2$ = $x_1$ and $x_2$")
    run.figure(
        "by-hand",
        drawn,
        "The network of two layers with weights set by hand. Left: each hidden unit is one line. Right: what the two "
        "hidden units say of the four points, which the last unit cuts with one line.",
    )
    rows = [
        (*x, *h, *y, t) for x, h, y, t in zip(*(a.array.astype(int).tolist() for a in (inputs, hidden, out)), classes)
    ]
    run.table("Two layers by hand", ("x1", "x2", "h1", "h2", "output", "XOR"), [[int(v) for v in row] for row in rows])
    exact = bool((out.array[:, 0] == classes).all())
    run.claim(
        "The hand-set network of two layers computes XOR exactly", exact, f"outputs {out.array[:, 0].astype(int)}"
    )
