"""Row 11: Monte Carlo dropout, the mean of many masks, and what their disagreement tells."""

from __future__ import annotations

from typing import Annotated, Any

import numpy as np
from numpy.typing import NDArray

import autograd_core as ag
import optim

from ... import data, models
from ...interpret import MonteCarlo, mc_dropout
from ...layers import CrossEntropyLoss, MSELoss
from .. import figures
from ..options import Count, at_least
from ..registry import lesson
from ..run import Run
from .strips import strips

LEARNED = 1000  # digits; the other 797 are new
ANGLES = tuple(range(0, 181, 15))
REACH = 8.0  # the curve is known from 1 to 4 on both sides of 0


@lesson(
    row=11,
    title="Monte Carlo dropout",
    question="What do many dropout masks know that one pass does not?",
    sources=(
        "Gal & Ghahramani, Dropout as a Bayesian approximation, 2016",
        "Srivastava et al., Dropout: a simple way to prevent neural networks from overfitting, 2014",
        "Houlsby et al., Bayesian active learning for classification and preference learning, 2011",
        "Alpaydin & Kaynak, Optical recognition of handwritten digits, UCI repository, 1998",
    ),
    minutes=0.8,
    quick={"steps": 1000, "epochs": 25, "masks": 50},
)
def monte_carlo_dropout(
    run: Run,
    *,
    masks: Annotated[int, at_least(20, 1000), "dropout masks"] = 100,
    steps: Annotated[Count, "steps on the curve"] = 3000,
    epochs: Annotated[Count, "times through the digits"] = 60,
) -> None:
    """Keep dropout on after training, and look at what many masks answer.

    Networks of ReLU and of tanh learn a curve from points on two stretches of it; a third network learns 1,000 small digits,
    and is then shown others, upright and turned.
    """
    _curve(run, steps, masks)
    _digits(run, epochs, masks)
    run.say(
        """Every mask is a network of its own. Where there were points to learn from, all of them say the same; away from the
        points they go apart, and the band widens. It does so with ReLU only: tanh saturates, so all masks become constant
        there, and their uncertainty with them. It is that of the model, not a truth about the world."""
    )
    run.say(
        """The mean of many masks errs less than one of them, and its probabilities are better. Turned digits are unlike all
        that was learned: accuracy falls, entropy and disagreement rise. That is a hint and no guarantee: turned by a right
        angle, the strokes of many digits look like those of another one, and all masks are sure of it."""
    )


def _curve(run: Run, steps: int, masks: int) -> None:
    """Learn sin(1.5 x) from points at two stretches, and draw what the masks say elsewhere."""
    draws = ag.default_generator.numpy
    x = np.concatenate([draws.uniform(-4, -1, 60), draws.uniform(1, 4, 60)]).astype(np.float32)[:, None]
    y = np.sin(1.5 * x) + 0.1 * draws.standard_normal(x.shape).astype(np.float32)
    places = np.linspace(-REACH, REACH, 161, dtype=np.float32)
    on, off = (np.abs(places) >= 1) & (np.abs(places) <= 4), np.abs(places) >= 7
    drawn, charts = figures.new(1, 2, height=3.6, sharey=True)
    for axes, activation in zip(charts, ("relu", "tanh"), strict=True):
        model = models.MLP((1, 128, 128, 1), activation, dropout=0.1)
        optimizer = optim.Adam(model.parameters(), lr=3e-3)
        batches = [(ag.from_numpy(x), ag.from_numpy(y))]
        run.fit(f"curve, {activation}", model, batches, MSELoss(), optimizer, steps)
        answers = mc_dropout(model, ag.from_numpy(places[:, None]), masks)
        mean, deviation = answers.mean.array[:, 0], answers.variance.sqrt().array[:, 0]
        axes.fill_between(places, mean - 2 * deviation, mean + 2 * deviation, color=figures.SKY, alpha=0.4, linewidth=0)
        axes.plot(places, mean, color=figures.BLUE, label="mean of the masks")
        axes.plot(places, np.sin(1.5 * places), ":", color=figures.GREY, linewidth=1.4, label="the curve")
        axes.plot(x[:, 0], y[:, 0], ".", color=figures.VERMILION, markersize=4, label="points learned from")
        axes.set(title={"relu": "ReLU", "tanh": "tanh"}[activation], xlabel="x", ylim=(-3, 3), xlim=(-REACH, REACH))
        ratio = float(deviation[off].mean() / deviation[on].mean())
        run.number(f"deviation off the data, by that on it, {activation}", ratio)
        if activation == "relu":
            text = "ReLU: off the data (|x| of 7 or more) the masks deviate at least twice as much as on it"
            run.claim(text, ratio >= 2, f"{ratio:.1f} times")
        else:
            run.claim("tanh: they deviate less than 1.5 times as much", ratio < 1.5, f"{ratio:.1f} times")
    charts[0].set_ylabel("y")
    charts[0].fill_between([], [], [], color=figures.SKY, alpha=0.4, label="two deviations on both sides")
    drawn.legend(*charts[0].get_legend_handles_labels(), loc="outside lower center", ncols=4)
    run.figure(
        "curve",
        drawn,
        f"What {masks} masks say of a curve, of which only two stretches were seen. With ReLU the band opens off "
        "the data, more on one side than on the other; "
        "with tanh it does not, however wrong the mean.",
    )


def _digits(run: Run, epochs: int, masks: int) -> None:
    """Learn small digits, compare one mask with many, and turn the digits."""
    written = data.digits()
    order = ag.default_generator.numpy.permutation(len(written))
    images = (written.images[order] / 16).astype(np.float32)
    labels = written.labels[order]
    learned = data.TensorDataset(ag.from_numpy(images[:LEARNED]), ag.from_numpy(labels[:LEARNED]))
    new, truth = images[LEARNED:], labels[LEARNED:]
    model = models.MLP((64, 256, 256, 10), dropout=0.5)
    loader = data.DataLoader(learned, batch_size=50, shuffle=True, seed=run.seed)
    run.fit("digits", model, loader, CrossEntropyLoss(), optim.Adam(model.parameters(), lr=1e-3), epochs)

    answers = mc_dropout(model, ag.from_numpy(new), masks)
    counts = [n for n in (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000) if n < masks] + [masks]
    means = [_quality(MonteCarlo(answers.outputs[:n]).probabilities.array, truth) for n in counts]
    singles = [_quality(MonteCarlo(answers.outputs[t : t + 1]).probabilities.array, truth) for t in range(masks)]
    single, (accuracy, loss) = np.mean(singles, axis=0), means[-1]
    with ag.no_grad():
        whole = _quality(model.eval()(ag.from_numpy(new)).softmax(1).array, truth)
    rows = [("one mask, mean of all", *single), (f"mean of {masks} masks", accuracy, loss), ("no mask (eval)", *whole)]
    run.table("797 new digits", ("answer", "accuracy", "log loss"), [(name, float(a), float(b)) for name, a, b in rows])
    run.claim(
        "The mean of all masks is at least as accurate as one mask is on average",
        accuracy >= single[0],
        f"{accuracy:.2%} against {single[0]:.2%}",
    )
    run.claim("Its log loss is lower by 20 % or more", loss <= 0.8 * single[1], f"{loss:.3f} against {single[1]:.3f}")
    close = abs(accuracy - whole[0])
    run.claim(
        "One pass without masks is as accurate (within 1 point): the scaled weights stand for the mean",
        close <= 0.01,
        f"{whole[0]:.2%} against {accuracy:.2%}",
    )
    _turn(run, model, new, truth, masks, (counts, means, float(single[1])))


def _quality(probabilities: NDArray[Any], truth: NDArray[np.int64]) -> tuple[float, float]:
    """Return the accuracy, and the mean of -log p of the true class."""
    own = np.maximum(probabilities[np.arange(len(truth)), truth], 1e-12)
    return float((probabilities.argmax(1) == truth).mean()), float(-np.log(own).mean())


def _turn(
    run: Run, model: models.MLP, new: NDArray[Any], truth: NDArray[np.int64], masks: int, by_number: tuple[Any, ...]
) -> None:
    """Turn the digits, and draw accuracy, entropy and disagreement by the angle."""
    found, shown, captions = [], [], []
    example = int(np.flatnonzero(truth == 6)[0])
    for angle in run.track(ANGLES, "angles"):
        turned = data.RandomRotation((angle, angle))(new)
        answers = mc_dropout(model, ag.from_numpy(turned), masks)
        probabilities = answers.probabilities.array
        uncertainty = answers.entropy.array, answers.mutual_information.array
        found.append((_quality(probabilities, truth)[0], *(float(u.mean()) for u in uncertainty)))
        if angle % 30 == 0:
            best = int(probabilities[example].argmax())
            shown.append(turned[example, 0])
            captions.append(
                f"{angle}°: {best} ({probabilities[example, best]:.0%})\nentropy {uncertainty[0][example]:.2f}"
            )
    accuracy, entropy, information = np.array(found).T
    drawn, (left, right) = figures.new(1, 2, height=3.4)
    counts, means, single = by_number
    left.semilogx(counts, [loss for _, loss in means], "o-", color=figures.BLUE, label="mean of so many masks")
    left.axhline(single, color=figures.VERMILION, linestyle="--", label="one mask, on average")
    left.set(xlabel="masks", ylabel="log loss", ylim=(0, None))
    left.set_xticks([n for n in counts if n in (1, 10, 100, 1000)], [str(n) for n in counts if n in (1, 10, 100, 1000)])
    left.legend(loc="lower left")
    right.plot(ANGLES, accuracy, "-", color=figures.GREY, label="accuracy")
    right.plot(ANGLES, entropy, "s-", color=figures.VERMILION, label="entropy [nats]", markersize=4)
    right.plot(ANGLES, information, "o-", color=figures.BLUE, label="mutual information [nats]", markersize=4)
    right.set(xlabel="turned by [degrees]", xticks=range(0, 181, 45), ylim=(0, None))
    right.legend(fontsize=9)
    run.figure(
        "digits",
        drawn,
        "Left: the mean of more masks has the lower log loss. Right: the further new digits are turned away from those that "
        "were learned, the less accurate and the less sure the network is. Mutual information is what the masks disagree on.",
    )
    run.figure(
        "turned",
        strips({"A new 6, turned": shown}, {"A new 6, turned": captions}, cmap="gray_r"),
        "The answer of the mean of all masks, its probability, and its entropy in nats (at most 2.30).",
    )
    half, side = ANGLES.index(45), ANGLES.index(90)
    for name, values in (("Entropy", entropy), ("Mutual information", information)):
        text = f"{name}: for digits turned by 45 degrees at least twice that of upright ones"
        run.claim(text, values[half] >= 2 * values[0], f"{values[half]:.2f} against {values[0]:.2f}")
    run.claim(
        "No guarantee: turned by 90 degrees they are taken for others at least as often, with a lower entropy",
        accuracy[side] <= accuracy[half] and entropy[side] < entropy[half],
        f"accuracy {accuracy[side]:.0%} against {accuracy[half]:.0%}, entropy {entropy[side]:.2f}",
    )
