"""Row 23: the restricted Boltzmann machine, and the deep belief net."""

from __future__ import annotations

import itertools
from typing import Annotated

import numpy as np

import autograd_core as ag
import optim
from autograd_core import Tensor

from ... import data, functional, interpret, models, training
from .. import figures
from ..options import Count, Positive
from ..registry import lesson
from ..run import Run
from .strips import strips


@lesson(
    row=23,
    title="Restricted Boltzmann machine",
    question="Can a machine of two layers learn what pictures look like, and imagine some?",
    sources=(
        "Smolensky, Harmony Theory, 1986",
        "Hinton, Training Products of Experts by Minimizing Contrastive Divergence, 2002",
        "Tieleman, Training Restricted Boltzmann Machines using Approximations to the Likelihood Gradient, 2008",
        "Hinton, Osindero & Teh, A Fast Learning Algorithm for Deep Belief Nets, 2006",
    ),
    minutes=2.0,
    quick={"epochs": 4, "pictures": 2000, "tiny": 800, "steps": 50},
)
def boltzmann(
    run: Run,
    *,
    epochs: Annotated[Count, "times through the pictures, for each machine"] = 20,
    pictures: Annotated[Count, "training pictures, of 10,000"] = 10_000,
    tiny: Annotated[Count, "updates of the tiny machines"] = 2500,
    steps: Annotated[Count, "of Gibbs sampling for each imagined picture"] = 1000,
    lr: Annotated[Positive, "learning rate, which falls to a twentieth"] = 0.1,
) -> None:
    """Train machines that are small enough to sum over all their states, then one on Fashion-MNIST, then a deep belief net."""
    _tiny(run, tiny)
    sets = data.load("fashion-mnist")
    plain = data.ToDtype(np.float32, scale=True)
    x = sets.train.with_transform(plain).batch(range(min(pictures, len(sets.train))))[0].flatten(1)
    test = sets.test.with_transform(plain).batch(range(len(sets.test)))[0].flatten(1)
    net = models.DBN((784, 256, 256))
    with ag.no_grad():  # the pixels' own shares, so that the weights are left with what pixels have in common
        share = x.mean(0).clamp(0.02, 0.98)
        net.machines[0].visible_bias.copy_((share / (1 - share)).log())
    errors: list[tuple[float, float]] = []

    def train(rbm: models.RBM, codes: Tensor) -> None:
        sgd = optim.SGD(rbm.parameters(), lr=lr, weight_decay=1e-4)
        criterion = models.ContrastiveDivergence(rbm, k=1, persistent=True, chains=300)
        fall = training.Schedule(optim.lr_scheduler.LambdaLR(sgd, lambda epoch: 1 - 0.95 * epoch / epochs))
        loader = data.DataLoader(data.TensorDataset(codes, codes), 100, shuffle=True, seed=run.seed)
        before = _error(rbm, codes)
        run.fit(f"machine {len(errors) + 1}", rbm, loader, criterion, sgd, epochs, callbacks=[fall])
        errors.append((before, _error(rbm, codes)))

    training.greedy_layerwise(net.machines, x, train)
    rows = [(i, round(before, 4), round(after, 4)) for i, (before, after) in enumerate(errors, 1)]
    run.table("Mean squared error of one step down and up", ("machine", "before training", "after"), rows)
    first = net.machines[0]
    _filters(run, first, test)
    _energies(run, first, x, test)
    _imagined(run, net, first, test, steps)
    run.say(
        """On the tiny machine every probability is known: every way of training raises the likelihood of the bars; long or
        persistent chains raise it further than one step, because they see what the machine believes far from the data. On
        pictures of clothes the likelihood is out of reach, but free energies can be compared: low for clothes, also for those
        that were never seen, higher for the same pictures upside down, highest for shuffled pixels. Chains that begin in noise
        end among clothes, each at one garment, and seldom change to another: that is how Gibbs sampling mixes, slowly."""
    )


def _tiny(run: Run, updates: int) -> None:
    """Follow the exact likelihood of machines that learn bars of 3x3 pixels."""
    rows = ag.tensor(list(itertools.product([0.0, 1.0], repeat=3)))
    bars = rows.repeat_interleave(3, 1)  # (8, 9): every row is on or off
    batch = bars.repeat(8, 1)
    drawn, axes = figures.new(height=3.6)
    last = {}
    for name, k, persistent in (("CD-1", 1, False), ("CD-10", 10, False), ("PCD-1", 1, True)):
        ag.manual_seed(run.seed)
        rbm = models.RBM(9, 8)
        criterion = models.ContrastiveDivergence(rbm, k=k, persistent=persistent)
        sgd = optim.SGD(rbm.parameters(), lr=0.1, momentum=0.5)
        decay = optim.lr_scheduler.LambdaLR(sgd, lambda step: 1 - step / updates)
        curve = []
        for step in run.track(range(updates), name):
            if step % 20 == 0:
                with ag.no_grad():
                    curve.append(rbm.log_likelihood(bars).mean().item())
            sgd.zero_grad()
            criterion(None, batch).backward()
            sgd.step()
            decay.step()
        with ag.no_grad():
            last[name] = rbm.log_likelihood(bars).mean().item()
        axes.plot(range(0, updates, 20), curve, label=name)
    best = -float(np.log(8))
    axes.axhline(best, color=figures.GREY, linestyle=":", label="the best there is, $-\\log 8$")
    axes.set(xlabel="update", ylabel="mean log-likelihood of a picture, nats", ylim=(None, best + 0.2))
    axes.legend(loc="lower right")
    run.figure("likelihood", drawn, "The exact log-likelihood, summed over all states, of the eight pictures of bars.")
    start = -9 * float(np.log(2))
    for name, value in last.items():
        run.claim(
            f"{name} raises the exact likelihood of the bars by 2 nats at least",
            value > start + 2,
            f"from {start:.2f} to {value:.2f}; the best is {best:.2f}",
        )


@ag.no_grad()
def _error(rbm: models.RBM, v: Tensor) -> float:
    some = v[:1000]
    return float(functional.mse_loss(rbm.decode(rbm.encode(some)), some).item())


def _filters(run: Run, rbm: models.RBM, test: Tensor) -> None:
    filters = interpret.filters(rbm.weight, (28, 28))
    with ag.no_grad():
        again = rbm.decode(rbm.encode(test[:12])).array.reshape(-1, 28, 28)
    order = np.abs(filters - 0.5).sum((1, 2)).argsort()[::-1]
    rows = {f"36 of {rbm.hidden} filters": filters[order[:12]]}
    rows |= {" " * i: filters[order[12 * i : 12 * i + 12]] for i in (1, 2)}
    rows["test pictures"] = test.array[:12].reshape(-1, 28, 28)
    rows["one step up and down"] = again
    run.figure(
        "filters",
        strips(rows, cmap="gray", vmin=0, vmax=1),
        "Filters of the machine, and test pictures after one step.",
    )


@ag.no_grad()
def _energies(run: Run, rbm: models.RBM, x: Tensor, test: Tensor) -> None:
    """Compare free energies of pictures seen and not seen, turned, and of noise with the same pixels."""
    turned = test.flip(1)
    rng = np.random.default_rng(run.seed)
    mixed = ag.from_numpy(rng.permuted(test.array, axis=1))
    groups = {"training": x[:2000], "test": test, "test, upside down": turned, "test, pixels shuffled": mixed}
    energies = {name: rbm.free_energy(v).array for name, v in groups.items()}
    drawn, axes = figures.new(height=3.4)
    low, high = np.percentile(np.concatenate(list(energies.values())), [0.5, 99.5])
    for name, values in energies.items():
        axes.hist(values, bins=np.linspace(low, high, 60), histtype="step", linewidth=2, label=name)
    axes.set(xlabel="free energy, nats", ylabel="pictures")
    axes.legend()
    run.figure("energy", drawn, "Free energies: low for what the machine takes for likely.")
    means = {name: float(values.mean()) for name, values in energies.items()}
    run.table(
        "Mean free energy, nats", ("pictures", "mean"), [(name, round(value, 1)) for name, value in means.items()]
    )
    below = float((energies["test"] < energies["test, pixels shuffled"]).mean())
    run.claim(
        "A test picture has a lower free energy than its pixels shuffled, in 95 of 100 cases at least",
        below >= 0.95,
        f"{below:.1%}",
    )
    run.claim(
        "Test pictures have a lower mean free energy than the same upside down",
        means["test"] < means["test, upside down"],
        f"{means['test']:.0f} and {means['test, upside down']:.0f}",
    )


def _imagined(run: Run, net: models.DBN, first: models.RBM, test: Tensor, steps: int) -> None:
    """Draw what chains imagine: of the first machine alone, and of the whole net."""
    generator = ag.Generator().manual_seed(run.seed)
    noise = ag.bernoulli(ag.full((12, 784), 0.3), generator=generator)
    places = sorted({max(steps // 50, 1), max(steps // 5, 1), steps})
    rows, v, done = {"a chain for each column, of the first machine: noise": noise.array.reshape(-1, 28, 28)}, noise, 0
    for place in places:
        v = first.gibbs(v, place - done, generator)
        done = place
        with ag.no_grad():
            rows[f"after {place} steps"] = first.decode(first.encode(v)).array.reshape(-1, 28, 28)
    dreamt = net.sample(12, steps, start=test[:12], generator=generator)
    rows["test pictures"] = test.array[:12].reshape(-1, 28, 28)
    rows[f"what the deep belief net makes of them after {steps} steps at its top"] = dreamt.array.reshape(-1, 28, 28)
    run.figure(
        "imagined", strips(rows, cmap="gray", vmin=0, vmax=1), "Chains of Gibbs sampling, drawn as probabilities."
    )
    with ag.no_grad():
        energies = [float(first.free_energy(w).mean().item()) for w in (noise, v)]
    found = f"{energies[0]:.0f} to {energies[1]:.0f}"
    run.claim("Chains that begin in noise go where the free energy is low", energies[1] < energies[0], found)
