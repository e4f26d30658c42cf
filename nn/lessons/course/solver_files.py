"""Row 31: a network and its training, told in files."""

from __future__ import annotations

import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

import numpy as np

import optim

from ... import caffe
from .. import figures
from ..options import at_least
from ..registry import lesson
from ..run import Run

POLICIES: dict[str, dict[str, Any]] = {
    "fixed": {},
    "step": {"gamma": 0.4, "stepsize": 250},
    "exp": {"gamma": 0.997},
    "inv": {"gamma": 0.01, "power": 0.75},
    "multistep": {"gamma": 0.2, "stepvalue": (300, 800)},
    "poly": {"power": 2.0},
    "sigmoid": {"gamma": -0.02, "stepsize": 600},
}
STYLES = ("-", "--", "-.", ":", "-", "--", "-.")


@lesson(
    row=31,
    title="Solver files",
    question="Can a whole training be told in two files, be stopped, and go on to the same bits?",
    sources=(
        "Jia et al., Caffe: Convolutional Architecture for Fast Feature Embedding, 2014",
        "LeCun, Bottou, Bengio & Haffner, Gradient-Based Learning Applied to Document Recognition, 1998",
    ),
    minutes=1.0,
    quick={"iterations": 60},
)
def solver_files(
    run: Run, *, iterations: Annotated[int, at_least(60, 5000), "of training, with batches of 64"] = 400
) -> None:
    """Train LeNet on pictures of clothes as lenet_solver.prototxt says, once in one go and once from a snapshot on.

    The snapshot is taken half way.  Beside it, the seven ways are drawn in which a solver file can let the learning rate fall.
    """
    settings = caffe.read_solver(caffe.example("lenet_solver.prototxt"))
    with tempfile.TemporaryDirectory() as folder:
        settings = replace(
            settings, max_iter=iterations, random_seed=run.seed, snapshot_prefix=str(Path(folder, "lenet_snapshot"))
        )
        solver = _solver(settings)
        tests, losses = [(0, solver.test()["accuracy"])], []
        half = iterations // 2
        for _ in run.track(range(iterations), "in one go"):
            losses.append(solver.step())
            if solver.iteration == half:
                snapshot = solver.snapshot()
            if solver.iteration % max(iterations // 8, 1) == 0:
                tests.append((solver.iteration, solver.test()["accuracy"]))
        again = _solver(settings)
        again.restore(snapshot)
        for _ in run.track(range(iterations - half), "from the snapshot on"):
            again.step()
    same = all(
        np.array_equal(p.detach().numpy(), q.detach().numpy())
        for p, q in zip(solver.network.parameters(), again.network.parameters(), strict=True)
    )
    final = solver.test()["accuracy"]
    _draw_training(run, losses, tests, half)
    _draw_policies(run)
    for name in ("lenet_solver.prototxt", "lenet.prototxt"):
        run.file(name, caffe.example(name).read_text("utf-8"), "as it was read")
    parameters = sum(p.numel() for p in solver.network.parameters())
    run.number("parameters of LeNet, as Caffe has it", parameters, expected="431,080", source="lenet.prototxt")
    run.number("accuracy on 2,000 test pictures", final)
    run.claim("LeNet has as many parameters as the file says: 431,080", parameters == 431_080, f"{parameters:,}")
    run.claim(
        "The run that goes on from the snapshot ends with the same parameters, to the bit",
        same,
        "equal" if same else "not",
    )
    run.claim(
        "It learns: five times as many pictures right as chance, 10 % (50 % at least)", final >= 0.5, f"{final:.1%}"
    )
    run.say(
        """The one file says what the network is, layer by layer, and which layers are there in training and in the test. The
        other says how it learns. What is in them can be read, compared and kept beside the result. A snapshot holds the
        parameters, the momentum, and the place in the data, so going on is the same as never having stopped. The rate may
        fall in steps, by a curve, or not at all; the example uses inv, which falls ever more slowly."""
    )


def _solver(settings: caffe.SolverSettings) -> caffe.Solver:
    return caffe.Solver(settings, lambda groups, s: optim.SGD(groups, momentum=s.momentum))


def _draw_training(run: Run, losses: list[float], tests: list[tuple[int, float]], half: int) -> None:
    drawn, (left, right) = figures.new(1, 2, height=3.8)
    left.plot(np.arange(1, len(losses) + 1), losses, color=figures.SKY, linewidth=0.8, label="each batch")
    width = min(20, len(losses))
    smooth = np.convolve(losses, np.ones(width) / width, "valid")
    left.plot(np.arange(width, len(losses) + 1), smooth, color=figures.BLUE, label=f"mean of {width}")
    right.plot(*zip(*tests, strict=True), "o-", color=figures.VERMILION)
    for axes in (left, right):
        axes.axvline(half, color=figures.GREY, linestyle=":", linewidth=1.5)
        axes.set_xlabel("iteration")
    left.annotate("snapshot", (half, max(losses)), xytext=(6, 0), textcoords="offset points", va="top")
    left.set(ylabel="loss", title="Training")
    left.legend()
    right.set(ylabel="accuracy", ylim=(0, 1), title="2,000 test pictures")
    run.figure(
        "training", drawn, "LeNet by the solver file: the loss of each batch, and the accuracy of the tests between."
    )


def _draw_policies(run: Run) -> None:
    drawn, axes = figures.new(height=4)
    iterations = np.arange(1000)
    for (name, options), colour, style in zip(POLICIES.items(), figures.COLOURS, STYLES, strict=True):
        rate = caffe.LearningRate(name, base_lr=0.01, max_iter=1000, **options)
        axes.plot(iterations, [rate(int(t)) for t in iterations], style, color=colour, label=name)
    axes.set(xlabel="iteration", ylabel="learning rate", ylim=(0, 0.0135))
    axes.legend(loc="upper right", ncols=2)
    run.figure("policies", drawn, "The seven policies of the learning rate, each with settings of its own.")
