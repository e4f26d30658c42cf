"""Row 27: several objectives, to identify sounds and to say where they come from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import numpy as np
from numpy.typing import NDArray

import autograd_core as ag
import optim

from ...data import SOUNDS, binaural_mixtures, interaural_features
from ...functional import binary_cross_entropy_with_logits
from ...layers import BatchNorm2d, Conv2d, Flatten, Linear, ReLU, Sequential
from ...models import MultiTask, weighted_sum
from .. import figures
from ..options import Count, Positive, at_least
from ..registry import lesson
from ..run import Run

SHARES = (0.0, 0.2, 0.5, 0.8, 1.0)  # of identification in the loss; with 0 and 1 there is one objective alone
BATCH = 32


@lesson(
    row=27,
    title="Several objectives",
    question="Does a network that identifies and localises sounds at once do as well as two that do one thing each?",
    sources=("Caruana, Multitask Learning, 1997", "Woodworth, Experimental Psychology, 1938"),
    minutes=2,
    quick={"mixtures": 500, "tests": 200, "epochs": 8},
)
def listening(
    run: Run,
    *,
    mixtures: Annotated[int, at_least(64), "mixtures to learn from"] = 1500,
    tests: Annotated[int, at_least(32), "mixtures to test on"] = 500,
    epochs: Annotated[Count, "over the mixtures, for each network"] = 12,
    lr: Annotated[Positive, "learning rate, of Adam"] = 2e-3,
) -> None:
    """Synthesise what two ears hear of one or two sounds, and learn which of five they are, and from where each comes.

    One network with a shared trunk learns both at once, with five weightings of the two losses: the outermost two are the
    separate networks, of the same size and trained as long.
    """
    generator = ag.Generator(run.seed + 1)
    learned, tested = (_heard(count, generator) for count in (mixtures, tests))
    found = {share: _way(run, share, learned, tested, epochs, lr) for share in SHARES}
    _show_features(run, tested)
    _compare(run, found, tested, mixtures)
    run.say(
        """What a sound is can be heard with one ear: its spectrum says it. Where it comes from is in the differences: the far
        ear hears it later, and high tones weaker. The two objectives need different cues, so neither should teach the other
        much. With enough mixtures and steps an evenly weighted joint network is about as good at both as two separate ones,
        which cost twice as much; with few it is worse, and the weights say which objective gives way. Differences of a degree,
        or of two mixtures in a hundred, say nothing: another seed changes as much."""
    )


@dataclass(frozen=True)
class Heard:
    """Features of mixtures, what is there, and the sine of where."""

    features: NDArray[np.float32]
    present: NDArray[np.float32]
    sines: NDArray[np.float32]


def _heard(count: int, generator: ag.Generator) -> Heard:
    mixtures = binaural_mixtures(count, generator=generator)
    features = interaural_features(mixtures.waves)[:, :, :128]
    features[:, 0] = (features[:, 0] + 2) / 3  # about as wide as the others
    return Heard(features, mixtures.present, np.sin(mixtures.azimuths))


def _network() -> MultiTask:
    trunk = Sequential(
        Conv2d(4, 16, 5, stride=(2, 1), padding=2), BatchNorm2d(16), ReLU(),
        Conv2d(16, 24, 3, stride=2, padding=1), BatchNorm2d(24), ReLU(),
        Conv2d(24, 32, 3, stride=2, padding=1), BatchNorm2d(32), ReLU(),
        Flatten(), Linear(32 * 16 * 4, 128), ReLU(),
    )  # fmt: skip
    return MultiTask(trunk, {"what": Linear(128, len(SOUNDS)), "where": Linear(128, len(SOUNDS))})


@dataclass(frozen=True)
class Found:
    """The logits and the sines that a network gives for the tested mixtures, and how good they are."""

    logits: NDArray[np.float32]
    sines: NDArray[np.float32]
    right: float  # the share of mixtures in which all sounds are named, and no other
    error: float  # the mean error of the azimuth of the sounds that are there, in degrees


def _way(run: Run, share: float, learned: Heard, tested: Heard, epochs: int, lr: float) -> Found:
    """Train a network with *share* of identification in its loss, and test it."""
    ag.manual_seed(run.seed)
    model, draws = _network(), np.random.default_rng(run.seed)
    optimizer = optim.Adam(model.parameters(), lr=lr)
    weights = {"what": share, "where": 1 - share}
    model.train()
    for _ in run.track(range(epochs), f"{share:.0%} what, {1 - share:.0%} where"):
        order = draws.permutation(len(learned.features))
        for places in (order[first : first + BATCH] for first in range(0, len(order), BATCH)):
            optimizer.zero_grad()
            made = model(ag.from_numpy(learned.features[places]))
            present = ag.from_numpy(learned.present[places])
            errors = (made["where"] - ag.from_numpy(learned.sines[places])).square() * present
            losses = {
                "what": binary_cross_entropy_with_logits(made["what"], present),
                "where": errors.sum() / present.sum(),
            }
            weighted_sum(losses, weights).backward()
            optimizer.step()
    model.eval()
    with ag.no_grad():
        made = model(ag.from_numpy(tested.features))
    logits, sines = made["what"].array, np.clip(made["where"].array, -1, 1)
    right = float(((logits > 0) == (tested.present > 0)).all(1).mean())
    there = tested.present > 0
    error = float(np.degrees(np.abs(np.arcsin(sines[there]) - np.arcsin(tested.sines[there]))).mean())
    return Found(logits, sines, right, error)


def _show_features(run: Run, tested: Heard) -> None:
    """Draw what the network sees of one sound from the right."""
    sounds = np.where((tested.present.sum(1) == 1) & (tested.sines.max(1) > 0.5))[0]
    chosen = tested.features[sounds[0]] if len(sounds) else tested.features[0]
    name = SOUNDS[int(tested.present[sounds[0]].argmax())] if len(sounds) else "mixture"
    figure, axes = figures.new(1, 3, height=3.0, sharey=True)
    phase = np.arctan2(chosen[3], chosen[2])
    titles = ("power of both ears, log", "right over left, log", "difference of phase, radians")
    for axis, values, title, cmap in zip(
        axes, (chosen[0], chosen[1], phase), titles, (figures.SEQUENTIAL, *[figures.DIVERGING] * 2), strict=True
    ):
        largest = float(np.abs(values).max())
        limits = {} if cmap == figures.SEQUENTIAL else {"vmin": -largest, "vmax": largest}
        shown = axis.imshow(values, origin="lower", aspect="auto", cmap=cmap, extent=(0, 128, 0, 8), **limits)
        axis.set_title(title, fontsize=9)
        axis.set_xlabel("time (ms)")
        axis.grid(visible=False)
        figure.colorbar(shown, ax=axis, shrink=0.9)
    axes[0].set_ylabel("frequency (kHz)")
    run.figure("features", figure, f"What the networks are given: a {name} from the right, as both ears hear it.")


def _compare(run: Run, found: dict[float, Found], tested: Heard, mixtures: int) -> None:
    """Compare the joint network with the two separate ones."""
    what, where, joint = found[1.0], found[0.0], found[0.5]
    figure, (left, right) = figures.new(1, 2, height=3.6)
    both = [share for share in SHARES if 0 < share < 1]
    left.plot([found[s].error for s in both], [found[s].right for s in both], "o", color=figures.BLUE, label="joint")
    for share in both:
        left.annotate(f"{share:.0%} what", (found[share].error, found[share].right), (5, -11), textcoords="offset points",
                      fontsize=8)  # fmt: skip
    left.axhline(what.right, color=figures.VERMILION, ls="--", label="what, alone")
    left.axvline(where.error, color=figures.GREEN, ls=":", label="where, alone")
    left.set(xlabel="mean error of azimuth (degrees)", ylabel="mixtures with all named", title="Joint and separate")
    left.margins(0.35)
    left.legend(fontsize=8)
    there = tested.present > 0
    for kind, name in enumerate(SOUNDS):
        own = there[:, kind]
        right.plot(
            *(np.degrees(np.arcsin(a[own, kind])) for a in (tested.sines, joint.sines)), ".", markersize=4, label=name
        )
    right.plot([-90, 90], [-90, 90], color=figures.PAPER.muted, lw=1)
    right.set(xlabel="true azimuth (degrees)", ylabel="azimuth given", title="Where, by the joint network",
              xticks=(-90, 0, 90), yticks=(-90, 0, 90))  # fmt: skip
    right.legend(fontsize=7, markerscale=2)
    run.figure(
        "comparison",
        figure,
        f"Left: joint networks by the share of identification in their loss, beside the separate ones; best is up and to the "
        f"left. Right: each sound of the tested mixtures. All learned from {mixtures} mixtures.",
    )
    rows = [
        (
            f"{share:.0%}",
            round(own.right, 3) if share else "not trained",
            round(own.error, 1) if share < 1 else "not trained",
        )
        for share, own in found.items()
    ]
    run.table(
        "By the share of identification in the loss", ("share", "mixtures with all named", "error (degrees)"), rows
    )
    guess = float(np.degrees(np.abs(np.arcsin(tested.sines[there]))).mean())
    run.number("mean error of always answering straight ahead, in degrees", guess, expected="45, the mean of 0 to 90")
    named, placed = found[0.8], found[0.2]
    text = "With 80% of the loss on what, a joint network names at most 0.15 fewer mixtures right than one that does only that"
    run.claim(text, named.right >= what.right - 0.15, f"{named.right:.3f} and {what.right:.3f}")
    text = "With 80% on where, it localises at most 5 degrees worse than the one that does only that"
    run.claim(text, placed.error <= where.error + 5, f"{placed.error:.1f} and {where.error:.1f} degrees")
    text = "Evenly weighted, and alone, localisation has less than 0.75 of the error of always saying straight ahead"
    run.claim(text, max(joint.error, where.error) < 0.75 * guess, f"{joint.error:.1f}, {where.error:.1f}, {guess:.1f}")
