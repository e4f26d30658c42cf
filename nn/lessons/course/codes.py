"""Row 22: autoencoders, and what pretraining with them is worth."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from itertools import pairwise
from typing import Annotated, Any

import numpy as np
from numpy.typing import NDArray

import autograd_core as ag
import optim
from autograd_core import Tensor

from ... import data, functional, interpret, layers, models, training
from ...module import Module
from .. import figures
from ..options import Count, Positive, Share
from ..registry import lesson
from ..run import Run
from .strips import strips

CODE = 8  # numbers of the narrow codes, and principal components
LINEAR_STEPS = 1500  # of the linear autoencoder, whose last directions come slowly


def clothes(n: int) -> tuple[Tensor, Tensor, NDArray[Any], NDArray[Any]]:
    """Return *n* training pictures and all test pictures of Fashion-MNIST from 0 to 1, and the labels of both."""
    sets = data.load("fashion-mnist")
    transform = data.ToDtype(np.float32, scale=True)
    x, y = sets.train.with_transform(transform).batch(range(min(n, len(sets.train))))
    test, labels = sets.test.with_transform(transform).batch(range(len(sets.test)))
    return x, test, y.array, labels.array


def pairs(run: Run, x: Tensor, batch_size: int = 100) -> data.DataLoader:
    """Return batches of (x, x), for a network that is to return its input."""
    return data.DataLoader(data.TensorDataset(x, x), batch_size, shuffle=True, seed=run.seed)


@ag.no_grad()
def error(model: Module, input: Tensor, clean: Tensor) -> float:
    """Return the mean squared error of what *model* makes of *input*."""
    return float(functional.mse_loss(model.eval()(input), clean).item())


@lesson(
    row=22,
    title="Autoencoders",
    question="What can a picture be described by, and what does each kind of autoencoder learn?",
    sources=(
        "Baldi & Hornik, Neural Networks and Principal Component Analysis, 1989",
        "Hinton & Salakhutdinov, Reducing the Dimensionality of Data with Neural Networks, 2006",
        "Vincent et al., Extracting and Composing Robust Features with Denoising Autoencoders, 2008",
        "Ng, Sparse Autoencoder, 2011",
        "Rifai et al., Contractive Auto-Encoders, 2011",
        "Masci et al., Stacked Convolutional Auto-Encoders, 2011",
        "Kingma & Welling, Auto-Encoding Variational Bayes, 2013",
    ),
    minutes=2.5,
    quick={"epochs": 25, "pictures": 800},
)
def autoencoders(
    run: Run,
    *,
    epochs: Annotated[Count, "times through the pictures"] = 25,
    pictures: Annotated[Count, "training pictures, of 10,000"] = 10_000,
    noise: Annotated[Share, "part of the pixels that is set to 0 for the denoising one"] = 0.3,
) -> None:
    """Train autoencoders of eight kinds on Fashion-MNIST, and compare what comes out, what goes in, and the code between."""
    x, test, _, _ = clothes(pictures)
    _linear(run, x)
    mse = functional.mse_loss
    kinds: dict[str, tuple[Any, Callable[[Any], Callable[..., Tensor]], float]] = {
        "deep": (models.Autoencoder((784, 256, CODE)), lambda m: mse, 3e-3),
        "convolutional": (models.ConvolutionalAutoencoder(CODE), lambda m: mse, 3e-3),
        "plain": (models.DenoisingAutoencoder((784, 144), code="sigmoid", level=0.0), lambda m: mse, 5e-3),
        "sparse": (
            models.DenoisingAutoencoder((784, 144), code="sigmoid", level=0.0),
            lambda m: lambda out, x: mse(out, x) + 2e-3 * models.kl_sparsity(m.encode(x), 0.05),
            5e-3,
        ),
        "contractive": (
            models.DenoisingAutoencoder((784, 144), code="sigmoid", level=0.0),
            lambda m: lambda out, x: mse(out, x) + 2e-3 * models.contractive_penalty(m.encode, x, probes=2),
            5e-3,
        ),
        "denoising": (models.DenoisingAutoencoder((784, 144), code="sigmoid", level=noise), lambda m: mse, 5e-3),
        "variational": (models.VariationalAutoencoder((784, 256, 16)), lambda m: models.negative_elbo, 1e-3),
    }
    trained: dict[str, Any] = {}
    for name, (model, criterion, lr) in kinds.items():
        adam = optim.Adam(model.parameters(), lr=lr)
        fall = training.Schedule(optim.lr_scheduler.CosineAnnealingLR(adam, epochs))
        run.fit(f"{name} autoencoder", model, pairs(run, x), criterion(model), adam, epochs, callbacks=[fall])
        trained[name] = model.eval()
    _reconstructions(run, trained, x, test)
    _spoilt(run, trained, test, noise)
    _codes(run, trained, test)
    _imagined(run, trained["variational"], test)
    run.say(
        """A linear autoencoder finds the plane that principal components span, and no better one. Layers with activations bend
        it: with as many numbers in the code they lose less, given pictures enough. With a code that is large enough to copy the
        input something else must be asked for: few units at a time, a code that hardly moves with the input, or the repair
        of spoilt pictures. Each gives other filters. The variational one pays with blur, and its code has no holes: any
        point is a picture, and a walk between two of them passes through pictures."""
    )


def _linear(run: Run, x: Tensor) -> None:
    """Hold the linear autoencoder to principal components."""
    x = x.flatten(1)
    mean = x.mean(0)
    fit = interpret.pca(x, CODE)
    model = models.Autoencoder((784, CODE), "identity", output="identity")
    adam = optim.Adam(model.parameters(), lr=5e-3)
    epochs = max(LINEAR_STEPS * 250 // len(x), 1)
    fall = training.Schedule(optim.lr_scheduler.CosineAnnealingLR(adam, epochs))
    centred = x - mean
    run.fit("linear autoencoder", model, pairs(run, centred, 250), layers.MSELoss(), adam, epochs, callbacks=[fall])
    basis = np.linalg.qr(model.get_parameter("decoder.0.weight").array)[0]
    cosines = np.linalg.svd(fit.components.array @ basis)[1].clip(max=1)
    angle = float(np.degrees(np.arccos(cosines)).max())
    best = float(((fit.codes @ fit.components - centred) ** 2).mean().item())
    found = error(model, centred, centred)
    run.number(f"largest angle between its plane and that of {CODE} principal components, degrees", angle, expected="0")
    run.claim(
        f"The linear autoencoder spans the plane of the first {CODE} principal components, within 15 degrees",
        angle < 15,
        f"{angle:.1f} degrees",
    )
    run.claim(
        "Its error is that of principal components, which no linear one beats, within 2 %",
        best * 0.9999 <= found < 1.02 * best,
        f"{found:.5f} and {best:.5f}",
    )


def _reconstructions(run: Run, trained: dict[str, Any], x: Tensor, test: Tensor) -> None:
    fit = interpret.pca(x, CODE)
    flat = test.flatten(1)
    projected = (flat - fit.mean) @ fit.components.T @ fit.components + fit.mean
    some = slice(0, 10)
    rows = {
        "test pictures": test.array[some, 0],
        f"{CODE} principal components": projected.array[some].reshape(-1, 28, 28),
    }
    sizes = {"deep": CODE, "convolutional": CODE, "variational": 16}
    table: list[tuple[Any, ...]] = [("principal components", CODE, float(((projected - flat) ** 2).mean().item()))]
    for name, size in sizes.items():
        with ag.no_grad():
            out = trained[name](test)
        out = out[0].sigmoid() if name == "variational" else out
        rows[f"{name}, a code of {size} numbers"] = out.array[some, 0]
        table.append((name, size, float(functional.mse_loss(out, test).item())))
    run.figure(
        "out", strips(rows, cmap="gray", vmin=0, vmax=1), "Test pictures, and what is left of them after a narrow code."
    )
    run.table("Mean squared error on test pictures", ("kind", "numbers in the code", "error"), table)
    errors = {row[0]: row[2] for row in table}
    run.claim(
        "A deep autoencoder loses less than principal components with as many numbers, by 10 % at least",
        errors["deep"] < 0.9 * errors["principal components"],
        f"{errors['deep']:.4f} and {errors['principal components']:.4f}",
    )


def _spoilt(run: Run, trained: dict[str, Any], test: Tensor, noise: float) -> None:
    ag.manual_seed(run.seed)
    spoilt = trained["denoising"].corrupt(test)
    some = slice(0, 10)
    rows = {"clean": test.array[some, 0], f"spoilt: {noise:.0%} of the pixels are 0": spoilt.array[some, 0]}
    errors = {"nothing done": float(functional.mse_loss(spoilt, test).item())}
    for name in ("plain", "denoising"):
        with ag.no_grad():
            rows[f"what the {name} one makes of it"] = trained[name](spoilt).array[some, 0]
        errors[name] = error(trained[name], spoilt, test)
    run.figure(
        "repaired", strips(rows, cmap="gray", vmin=0, vmax=1), "Spoilt test pictures, and what two autoencoders return."
    )
    run.table("Mean squared error to the clean picture", ("kind", "error"), list(errors.items()))
    run.claim(
        "The denoising autoencoder repairs spoilt pictures better than a plain one, by 15 % at least",
        errors["denoising"] < 0.85 * errors["plain"],
        f"{errors['denoising']:.4f} and {errors['plain']:.4f}",
    )


def _codes(run: Run, trained: dict[str, Any], test: Tensor) -> None:
    """Compare the four codes of one size: how many units are on, and how they move with the input."""
    rows, table = {}, []
    measured = {}
    for name in ("plain", "sparse", "contractive", "denoising"):
        model = trained[name]
        filters = interpret.filters(model.encoder[1], (28, 28))
        rows[f"{name}: 12 of 144 filters"] = filters[np.abs(filters - 0.5).sum((1, 2)).argsort()[::-1][:12]]
        with ag.no_grad():
            on = float(model.encode(test).mean().item())
        moves = float(models.contractive_penalty(model.encode, test[:500], probes=20).item())
        measured[name] = on, moves
        table.append((name, error(model, test, test), on, moves))
    run.figure(
        "filters",
        strips(rows, cmap="gray", vmin=0, vmax=1),
        "What units of the four codes wait for, each from its most negative weight, black, to its most positive, white.",
    )
    head = ("kind", "error", "mean of the code", "squared norm of the Jacobian")
    run.table("Four codes of 144 numbers", head, table)
    run.claim(
        "The sparse code is on least: its mean is below half of the plain one's",
        measured["sparse"][0] < 0.5 * measured["plain"][0],
        f"{measured['sparse'][0]:.3f} and {measured['plain'][0]:.3f}",
    )
    run.claim(
        "The contractive code moves less with the input than the plain one, by half at least",
        measured["contractive"][1] < 0.5 * measured["plain"][1],
        f"{measured['contractive'][1]:.2f} and {measured['plain'][1]:.2f}",
    )


@ag.no_grad()
def _imagined(run: Run, model: models.VariationalAutoencoder, test: Tensor) -> None:
    """Draw samples of the variational autoencoder, and a walk between codes."""
    samples = model.sample(20, ag.Generator().manual_seed(run.seed)).array.reshape(-1, 28, 28)
    ends = model.encode(test[[0, 1, 2, 3, 4, 5]]).mean
    rows = {"pictures of codes drawn at random": samples[:10], " ": samples[10:]}
    for i in range(0, 6, 2):
        way = ag.linspace(0, 1, 10).unsqueeze(1)
        codes = ends[i] + way * (ends[i + 1] - ends[i])
        rows["walks from one test picture's code to another's" if not i else " " * (i + 1)] = model.decode(
            codes
        ).array.reshape(-1, 28, 28)
    run.figure("imagined", strips(rows, cmap="gray", vmin=0, vmax=1), "What the variational autoencoder imagines.")
    bound = float(models.negative_elbo(model(test), test).item())
    run.number("bound on -log p of a test picture, nats", bound, expected="as low as can be")


# --------------------------------------------------------------------------------------------------------- pretraining


@lesson(
    row=22,
    title="Pretraining layer by layer",
    question="Is it worth while to learn from pictures without labels first?",
    sources=(
        "Bengio et al., Greedy Layer-Wise Training of Deep Networks, 2006",
        "Vincent et al., Stacked Denoising Autoencoders, 2010",
        "Erhan et al., Why Does Unsupervised Pre-training Help Deep Learning?, 2010",
    ),
    minutes=2.0,
    quick={"epochs": 3, "pictures": 2000, "steps": 60, "repeats": 2},
)
def pretraining(
    run: Run,
    *,
    epochs: Annotated[Count, "of each autoencoder"] = 15,
    pictures: Annotated[Count, "pictures without labels, of 10,000"] = 10_000,
    steps: Annotated[Count, "of training with labels"] = 1500,
    repeats: Annotated[Count, "draws of the labelled pictures"] = 5,
    lr: Annotated[Positive, "learning rate with labels"] = 1e-3,
) -> None:
    """Stack three denoising autoencoders on Fashion-MNIST, greedily, and fine-tune the stack with few labels.

    A network of the same form begins from its random weights; both see the same labels.
    """
    x, test, y, labels = clothes(pictures)
    sizes = (784, 256, 256, 256)
    stack = [models.DenoisingAutoencoder((n, m), code="sigmoid", level=0.3) for n, m in pairwise(sizes)]
    losses: list[list[float]] = []

    def train(layer: models.DenoisingAutoencoder, codes: Tensor) -> None:
        adam = optim.Adam(layer.parameters(), lr=1e-3)
        criterion = layers.BCELoss()
        history = run.fit(f"layer {len(losses) + 1}", layer, pairs(run, codes.flatten(1)), criterion, adam, epochs)
        losses.append(history["loss"])

    training.greedy_layerwise(stack, x, train)
    counts = (100, 300, 1000)
    scores: dict[tuple[str, int], list[float]] = {}
    for count in counts:
        for repeat in run.track(range(repeats), f"{count} labels"):
            rng = np.random.default_rng([run.seed, repeat])
            chosen = draw_labelled(rng, y, count)
            for kind in ("from random weights", "pretrained"):
                ag.manual_seed(1000 * run.seed + repeat)
                net = _network(sizes, stack if kind == "pretrained" else ())
                _fine_tune(net, x[chosen], ag.from_numpy(y[chosen]), steps, lr, rng.spawn(1)[0])
                scores.setdefault((kind, count), []).append(accuracy(net, test, labels))
    drawn, (left, right) = figures.new(1, 2, height=3.6)
    for i, loss in enumerate(losses, 1):
        left.plot(range(1, len(loss) + 1), loss, label=f"layer {i}")
    left.set(title="Layer by layer, without labels", xlabel="epoch", ylabel="cross entropy of the reconstruction")
    left.legend()
    for kind, style in (("pretrained", "o-"), ("from random weights", "s--")):
        means, spreads = zip(*(_spread(scores[kind, count]) for count in counts), strict=True)
        right.errorbar(counts, means, spreads, fmt=style, capsize=4, label=kind)
    right.set(title="Fine-tuned with labels", xlabel="labelled pictures", ylabel="test accuracy, %", xscale="log")
    right.set_xticks(counts, [str(count) for count in counts])
    right.minorticks_off()
    right.legend()
    run.figure(
        "worth", drawn, f"Left: greedy training. Right: test accuracy, mean and standard deviation of {repeats} draws."
    )
    rows = []
    for count in counts:
        before, after = (_spread(scores[kind, count]) for kind in ("from random weights", "pretrained"))
        rows.append((count, *(round(v, 1) for v in (*before, *after)), round(after[0] - before[0], 1)))
    head = ("labels", "from random weights, %", "std", "pretrained, %", "std of that", "gain, points")
    run.table(f"Test accuracy, mean of {repeats} draws of the labels", head, rows)
    run.claim(
        "With 100 labels pretraining helps, by 2 points at least in the mean",
        rows[0][-1] >= 2,
        f"{rows[0][-1]:.1f} points",
    )
    wins = sum(a > b for a, b in zip(scores["pretrained", 100], scores["from random weights", 100], strict=True))
    run.number("draws of 100 labels in which pretraining wins", wins, expected=f"most of {repeats}")
    run.say(
        """The three layers learn to repair what the layers below say of spoilt pictures, without a label. A network that starts
        there needs fewer labelled pictures than one that starts from random weights. The gain is largest where labels are
        fewest, and shrinks as they become many; with rectified linear units and good initialisation it is smaller than it was
        for the sigmoid networks of 2006, which this one is."""
    )


def draw_labelled(rng: np.random.Generator, labels: NDArray[Any], count: int) -> NDArray[Any]:
    """Return the places of *count* examples, as many of each class."""
    classes = np.unique(labels)
    each = [rng.choice(np.flatnonzero(labels == c), count // len(classes), replace=False) for c in classes]
    return np.concatenate(each)


@ag.no_grad()
def accuracy(net: Module, x: Tensor, labels: NDArray[Any]) -> float:
    """Return the share of right answers, in eval mode."""
    net.eval()
    answers = [net(x[i : i + 500]).argmax(1).array for i in range(0, len(x), 500)]
    return float((np.concatenate(answers) == labels).mean())


def _network(sizes: tuple[int, ...], stack: Iterable[models.Autoencoder]) -> layers.Sequential:
    """Return sigmoid layers and a last one; the first ones are copies of those of the encoders."""
    hidden: list[Module] = [layers.Flatten()]
    for n, m in pairwise(sizes):
        hidden += [layers.Linear(n, m), layers.Sigmoid()]
    net = layers.Sequential(*hidden, layers.Linear(sizes[-1], 10))
    for i, autoencoder in enumerate(stack):
        net[1 + 2 * i].load_state_dict(autoencoder.encoder[1].state_dict())
    return net


def _fine_tune(net: Module, x: Tensor, y: Tensor, steps: int, lr: float, rng: np.random.Generator) -> None:
    adam = optim.Adam(net.parameters(), lr=lr)
    for _ in range(steps):
        batch = ag.from_numpy(rng.integers(0, len(x), 50))
        adam.zero_grad()
        functional.cross_entropy(net(x[batch]), y[batch]).backward()
        adam.step()


def _spread(accuracies: list[float]) -> tuple[float, float]:
    return 100 * float(np.mean(accuracies)), 100 * float(np.std(accuracies))
