"""Row 28: how far back in time a recurrent network can learn."""

from __future__ import annotations

from typing import Annotated, Any

import numpy as np
from numpy.typing import NDArray

import autograd_core as ag
import optim

from ... import data, models
from ... import functional as F
from ...training import gradient_through_time
from .. import figures
from ..options import at_least
from ..registry import lesson
from ..run import Run

SYMBOLS, BATCH, HIDDEN = 4, 50, 32
# How each is drawn: its kind, whether its gates begin open, colour and line.
WAYS = {
    "RNN": ("rnn", False, figures.VERMILION, "-"),
    "LSTM": ("lstm", False, figures.SKY, "--"),
    "LSTM, open gates": ("lstm", True, figures.BLUE, "-"),
    "GRU": ("gru", False, figures.ORANGE, "--"),
    "GRU, open gates": ("gru", True, figures.GREEN, "-"),
}


@lesson(
    row=28,
    title="Gradients through time",
    question="How much of the gradient comes back to the first of forty steps, through an RNN, an LSTM and a GRU?",
    sources=(
        "Bengio, Simard & Frasconi, Learning Long-Term Dependencies with Gradient Descent is Difficult, 1994",
        "Hochreiter & Schmidhuber, Long Short-Term Memory, 1997",
        "Pascanu, Mikolov & Bengio, On the Difficulty of Training Recurrent Neural Networks, 2013",
        "Tallec & Ollivier, Can Recurrent Neural Networks Warp Time?, 2018",
    ),
    minutes=1.0,
    quick={"steps": 600},
)
def gradient_in_time(
    run: Run,
    *,
    steps: Annotated[int, at_least(600), "steps of Adam, each on 50 new sequences"] = 1000,
    length: Annotated[int, at_least(30, 60), "of the sequences"] = 40,
) -> None:
    """Ask five networks for the first symbol of a sequence, when they have read all of it; what follows it is noise.

    Before training, the norm of the gradient of the loss is measured with respect to the state after each step.  An LSTM
    and a GRU are taken as they come, and with the gates that keep the state open for about as many steps as there are.
    """
    norms, curves = {}, {}
    for name, (kind, opened, _, _) in WAYS.items():
        ag.manual_seed(run.seed)
        model = models.RecurrentClassifier(
            SYMBOLS + 1, SYMBOLS, kind, 8, HIDDEN, memory=float(length) if opened else None
        )
        norms[name] = _norms(model, length)
        curves[name] = _learn(run, name, model, steps, length)
    _draw_norms(run, norms)
    _draw_curves(run, curves)
    share = {name: float(norm[0] / norm[-1]) for name, norm in norms.items()}
    right = {name: float(curve[-100:].mean()) for name, curve in curves.items()}
    head = ("network", "gradient at the first step / at the last", "first symbols right, last 100 batches")
    run.table(f"{length} steps, {SYMBOLS} symbols", head, [(name, share[name], right[name]) for name in WAYS])
    kept = [name for name, way in WAYS.items() if way[1]]
    run.claim(
        "Less than a millionth of the gradient comes back to the first step of the RNN",
        share["RNN"] < 1e-6,
        f"{share['RNN']:.0e}",
    )
    run.claim(
        "Through open gates comes more than a tenth of it",
        min(share[name] for name in kept) > 0.1,
        f"{min(share[name] for name in kept):.2f}",
    )
    run.claim(
        "With open gates both learn to remember the first symbol (80 % right at least)",
        min(right[name] for name in kept) >= 0.8,
        f"{min(right[name] for name in kept):.0%}",
    )
    closed = right["LSTM"], right["GRU"]
    run.claim(
        "With gates half open, as they usually begin, both still guess (50 % right at most; chance is 25 %)",
        max(closed) <= 0.5,
        f"{max(closed):.0%}",
    )
    run.say(
        """The gradient that comes back through time is multiplied at each step by the derivative of the state by the one
        before. Where that is below 1 it fades exponentially: a straight line on this scale. Gates are no cure by themselves:
        half open they halve the state at each step, and the gradient with it. Only a gate that is nearly open carries state and
        gradient through, which is why the bias of the forget gate should begin above 0. The plain RNN learns part of the
        task in some runs, when its recurrent weights happen to grow."""
    )


def _norms(model: models.RecurrentClassifier, length: int) -> NDArray[np.float64]:
    tokens, answers = data.recall(64, length, SYMBOLS).tensors
    return gradient_through_time(
        model.recurrent,
        model.embedding(tokens),
        lambda state: F.cross_entropy(model.output(state), answers, reduction="sum"),
    )


def _learn(run: Run, name: str, model: models.RecurrentClassifier, steps: int, length: int) -> NDArray[Any]:
    """Train *model*, and return the share of right answers in each batch before it was learned."""
    optimizer, right = optim.Adam(model.parameters(), lr=3e-3), []
    for _ in run.track(range(steps), name):
        tokens, answers = data.recall(BATCH, length, SYMBOLS).tensors
        logits = model(tokens)
        optimizer.zero_grad()
        F.cross_entropy(logits, answers).backward()
        optim.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        right.append(float((logits.argmax(1) == answers).float().mean().item()))
    return np.array(right)


def _draw_norms(run: Run, norms: dict[str, NDArray[np.float64]]) -> None:
    drawn, axes = figures.new(height=4)
    for name, norm in norms.items():
        _, _, colour, style = WAYS[name]
        axes.semilogy(np.arange(1, len(norm) + 1), norm / norm[-1], style, color=colour, label=name)
    axes.set(xlabel="step of the sequence", ylabel="gradient by the state, as a share of the last")
    axes.legend(loc="lower right")
    run.figure(
        "gradients",
        drawn,
        "The norm of the gradient of the loss, which comes after the last step, with respect to the state after each step; "
        "before training.",
    )


def _draw_curves(run: Run, curves: dict[str, NDArray[Any]]) -> None:
    drawn, axes = figures.new(height=3.8)
    for name, right in curves.items():
        _, _, colour, style = WAYS[name]
        smooth = np.convolve(right, np.ones(25) / 25, "valid")
        axes.plot(np.arange(25, len(right) + 1), smooth, style, color=colour, label=name)
    axes.axhline(1 / SYMBOLS, color=figures.GREY, linestyle=":", linewidth=1.5, label="chance")
    axes.set(xlabel="step of Adam", ylabel="first symbols right", ylim=(0, 1.02))
    axes.legend(loc="center right")
    run.figure("learning", drawn, "The share of first symbols that are named right, as the mean of 25 batches.")
