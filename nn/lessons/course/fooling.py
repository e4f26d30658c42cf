"""Row 20: pictures changed by little so that a network errs, and training against them."""

from __future__ import annotations

import math
from typing import Annotated, Any

import numpy as np

import autograd_core as ag
import optim
from autograd_core import Tensor

from ... import data, interpret, layers, models
from ...module import Module
from .. import figures
from ..options import Count, Positive
from ..registry import lesson
from ..run import Run
from .imagenet import BOUNDS, as_picture, classes, squeezenet, whole_input
from .strips import strips

STRENGTHS = (0.0, 0.02, 0.04, 0.06, 0.08, 0.1, 0.15)
BOX = (0.0, 1.0)


@lesson(
    row=20,
    title="Adversarial photographs",
    question="By how little must a photograph change for a network to see something else?",
    sources=(
        "Szegedy et al., Intriguing Properties of Neural Networks, 2013",
        "Goodfellow, Shlens & Szegedy, Explaining and Harnessing Adversarial Examples, 2014",
        "Kurakin, Goodfellow & Bengio, Adversarial Examples in the Physical World, 2016",
        "Madry et al., Towards Deep Learning Models Resistant to Adversarial Attacks, 2017",
    ),
    minutes=2,
    quick={"steps": 6, "weights": 3, "iterations": 12},
    needs=("scipy",),
)
def adversarial_photographs(
    run: Run,
    *,
    epsilon: Annotated[Positive, "how far a pixel may move, of 255"] = 2.0,
    target: Annotated[str, "the class that targeted attacks want"] = "toaster",
    steps: Annotated[Count, "of the iterative attacks"] = 20,
    weights: Annotated[Count, "values of the distance's weight that L-BFGS tries"] = 10,
    iterations: Annotated[Count, "of each of its minimisations"] = 50,
) -> None:
    """Attack SqueezeNet 1.1 on a cat and a cup of coffee in four ways, and measure how far the pixels moved."""
    model, names = squeezenet(), classes()
    if target not in names:
        raise ag.errors.ArgumentError(
            f"target={target!r}: expected one of the 1,000 classes of ImageNet, such as 'toaster'"
        )
    wanted = ag.tensor([names.index(target)])
    rows: list[tuple[Any, ...]] = []
    drawn: dict[str, list[Any]] = {}
    captions: dict[str, list[str]] = {}
    photographs = data.photographs()
    for name in run.track(("chelsea", "coffee"), "attacking"):
        x = whole_input(photographs[name])
        with ag.no_grad():
            answer = model(x).argmax(1)
        options: dict[str, Any] = {"epsilon": epsilon, "bounds": BOUNDS}
        found = {
            "none": x,
            "one step (FGSM)": interpret.fgsm(model, x, answer, **options),
            "iterative (BIM)": interpret.bim(model, x, answer, steps=steps, **options),
            "targeted PGD": interpret.pgd(model, x, wanted, steps=2 * steps, targeted=True, **options),
            "L-BFGS": interpret.lbfgs_attack(
                model, x, wanted, bounds=BOUNDS, weights=weights, iterations=iterations
            ),
        }  # fmt: skip
        pictures, noises, texts = [], [], []
        for method, y in found.items():
            with ag.no_grad():
                shares = model(y).softmax(1)[0]
            seen = int(shares.argmax())
            r = y - x
            farthest, typical = r.abs().max().item(), (r * r).mean().sqrt().item()
            rows.append(
                (name, method, names[seen], round(shares[seen].item(), 3), round(farthest, 2), round(typical, 2))
            )
            pictures.append(as_picture(y))
            noises.append(np.clip(128 + 30 * r.array[0, ::-1].transpose(1, 2, 0), 0, 255).astype(np.uint8))
            texts.append(f"{names[seen]} {shares[seen].item():.0%}")
            _claim(run, name, method, epsilon, seen, int(answer), int(wanted), farthest, typical)
        drawn |= {f"{name}: the answer of the network": pictures, f"{name}: what was added, 30 times": noises}
        captions |= {
            f"{name}: the answer of the network": texts,
            f"{name}: what was added, 30 times": ["", *list(found)[1:]],
        }
    run.figure(
        "fooled",
        strips(drawn, captions),
        f"Above, the photographs as they are and as four attacks leave them, with the answer; below, what each added. No pixel "
        f"moves by more than {epsilon:g} of 255 in the first three; L-BFGS looks for the nearest {target}.",
    )
    run.table(
        "How far the pixels moved, of 255",
        ("photograph", "attack", "answer", "probability", "farthest", "root mean square"),
        rows,
    )
    run.say(
        """To the eye nothing changes. The score is nearly linear in the pixels, and there are 150,000 of them: a step of one
        unit in each, all in the direction of the gradient's sign, adds up. Any class can be reached, and the nearest picture
        of it, which L-BFGS finds, is nearer than the rounding of the pixels to whole numbers would let one see."""
    )


def _claim(
    run: Run,
    name: str,
    method: str,
    epsilon: float,
    seen: int,
    answer: int,
    wanted: int,
    farthest: float,
    typical: float,
) -> None:
    moved = f"the farthest pixel moved by {farthest:.2f}, the typical one by {typical:.2f}"
    if method in ("one step (FGSM)", "iterative (BIM)"):
        fits = farthest <= epsilon * 1.001
        run.claim(
            f"{name}, {method}: another answer, no pixel moved by more than {epsilon:g}", seen != answer and fits, moved
        )
    elif method == "targeted PGD":
        fits = farthest <= epsilon * 1.001
        run.claim(f"{name}, {method}: the wanted answer, within {epsilon:g}", seen == wanted and fits, moved)
    elif method == "L-BFGS":
        run.claim(
            f"{name}, L-BFGS: the wanted answer, a typical pixel moved by less than 2",
            seen == wanted and typical < 2,
            moved,
        )


# ----------------------------------------------------------------------------------------------------- training against it


@lesson(
    row=20,
    title="Adversarial training",
    question="Does training on attacked pictures make a network robust, and what does it cost?",
    sources=(
        "Goodfellow, Shlens & Szegedy, Explaining and Harnessing Adversarial Examples, 2014",
        "Madry et al., Towards Deep Learning Models Resistant to Adversarial Attacks, 2017",
        "Wong, Rice & Kolter, Fast is Better than Free, 2020, for one random step in training",
    ),
    minutes=2.0,
    quick={"epochs": 3, "pictures": 1500, "tested": 150, "steps": 5},
)
def adversarial_training(
    run: Run,
    *,
    epochs: Annotated[Count, "times through the pictures"] = 6,
    pictures: Annotated[Count, "training pictures, of 10,000"] = 10_000,
    tested: Annotated[Count, "test pictures, of 2,000"] = 500,
    steps: Annotated[Count, "of PGD in the test"] = 20,
    epsilon: Annotated[Positive, "how far a pixel may move in training, of 1"] = 0.1,
) -> None:
    """Train one network on Fashion-MNIST as usual and one on attacked pictures, and attack both with growing strength."""
    sets = data.load("fashion-mnist")
    plain = data.ToDtype(np.float32, scale=True)
    train = data.Subset(sets.train.with_transform(plain), range(min(pictures, len(sets.train))))
    x, y = sets.test.with_transform(plain).batch(range(min(tested, len(sets.test))))
    batches = [(x[i : i + 250], y[i : i + 250]) for i in range(0, len(x), 250)]

    def one_random_step(model: Module, inputs: Tensor, labels: Tensor) -> Tensor:
        return interpret.pgd(model, inputs, labels, epsilon, steps=1, step_size=1.25 * epsilon, bounds=BOX)

    nets, curves = {}, {}
    for kind in ("as usual", "against attacks"):
        ag.manual_seed(run.seed)
        nets[kind] = net = models.SmallCNN(channels=(16, 32), hidden=64, dropout=0.0)
        loader = data.DataLoader(train, 100, shuffle=True, seed=run.seed)
        adam = optim.Adam(net.parameters(), lr=2e-3)
        against = interpret.adversarial_batches(net, one_random_step) if kind == "against attacks" else None
        run.fit(f"training {kind}", net, loader, layers.CrossEntropyLoss(), adam, epochs, prepare=against)
        for attack in ("one step", "PGD"):
            curves[kind, attack] = [
                interpret.robust_accuracy(net, batches, _attack(attack, strength, steps))
                for strength in run.track(STRENGTHS, f"{attack} on the one trained {kind}")
            ]
    drawn, axes = figures.new(height=4.0)
    looks = {"as usual": (figures.VERMILION, "s"), "against attacks": (figures.BLUE, "o")}
    for (kind, attack), accuracies in curves.items():
        colour, marker = looks[kind]
        line = "-" if attack == "PGD" else "--"
        label = f"trained {kind}, {attack}"
        axes.plot(
            STRENGTHS, [100 * a for a in accuracies], line, color=colour, marker=marker, markersize=5, label=label
        )
    axes.axvline(epsilon, color=figures.GREY, linewidth=1, linestyle=":")
    axes.text(epsilon, 101, " trained for", fontsize=8, va="bottom", ha="left")
    axes.set(xlabel="how far a pixel may move, of 1", ylabel="test accuracy, %", ylim=(-2, 100))
    axes.legend()
    run.figure(
        "robust",
        drawn,
        "Accuracy under attacks of growing strength. Dashed: one step; solid: many.",
    )
    places = [0, STRENGTHS.index(0.04), STRENGTHS.index(0.1)]
    run.table(
        "Test accuracy, %",
        ("network", "clean", "PGD within 0.04", "PGD within 0.1"),
        [(f"trained {kind}", *(round(100 * curves[kind, "PGD"][i], 1) for i in places)) for kind in nets],
    )
    (clean, _, fallen), (cost, _, robust) = ([curves[kind, "PGD"][i] for i in places] for kind in nets)
    run.claim(
        "Trained as usual, the network falls below half of its accuracy under PGD within 0.1",
        fallen < 0.5 * clean,
        f"{clean:.0%} to {fallen:.0%}",
    )
    run.claim(
        "Trained against attacks, it keeps 10 points more at least",
        robust > fallen + 0.1,
        f"{robust:.0%} against {fallen:.0%}",
    )
    run.number("clean accuracy that robustness costs, points", round(100 * (clean - cost), 1))
    _examples(run, nets, x, y, steps, sets.classes)
    run.say(
        """A network that is right on nine of ten clean pictures is right on hardly one when each pixel may move by a tenth of
        the way from black to white. Training on attacked pictures brings more than half of that back, at a small cost on clean
        ones, and helps against attacks that are weaker or stronger than the one it saw, too. One step is a weak attack: to
        judge a defence, take many."""
    )


def _attack(attack: str, epsilon: float, steps: int) -> interpret.adversarial.Attack | None:
    if not epsilon:
        return None
    if attack == "one step":
        return lambda model, x, y: interpret.fgsm(model, x, y, epsilon, bounds=BOX)
    return lambda model, x, y: interpret.pgd(model, x, y, epsilon, steps=steps, norm=math.inf, bounds=BOX)


def _examples(run: Run, nets: dict[str, Any], x: Tensor, y: Tensor, steps: int, names: tuple[str, ...]) -> None:
    """Draw the same pictures attacked within 0.15 against both networks."""
    rows, captions = {}, {}
    rows["clean"] = list(x.array[:8, 0])
    captions["clean"] = [names[label] for label in y.tolist()[:8]]
    for kind, net in nets.items():
        moved = interpret.pgd(net, x[:8], y[:8], 0.15, steps=2 * steps, bounds=BOX)
        with ag.no_grad():
            seen = net.eval()(moved).argmax(1).tolist()
        title = f"attacked within 0.15, against the network trained {kind}, with its answers"
        rows[title], captions[title] = list(moved.array[:, 0]), [names[label] for label in seen]
    run.figure(
        "examples",
        strips(rows, captions, cmap="gray", vmin=0, vmax=1),
        "The same eight test pictures, clean and attacked against either network.",
    )
