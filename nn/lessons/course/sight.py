"""Row 19: what a network sees, in a photograph and in pictures of clothes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any, Literal

import numpy as np
from numpy.typing import NDArray

import autograd_core as ag
import optim
from autograd_core import Tensor

from ... import data, functional, interpret, layers, models
from ...module import Module
from .. import figures
from ..options import Count
from ..registry import lesson
from ..run import Run
from .imagenet import BOUNDS, as_picture, classes, squeezenet, whole_input
from .strips import strips

MAPS = "features.12"  # the last maps before the classifier
SHOWN = ("features.1", "features.4", "features.7", "features.12")
UNITS = {"features.4": 8, "features.7": 8, "features.12": 8}  # how many units of a layer are drawn as pictures
DREAMT = ("tabby", "espresso", "strawberry", "peacock", "volcano", "zebra", "goldfish", "coral reef")


@lesson(
    row=19,
    title="What a network sees in a photograph",
    question="Which parts of a photograph does a network answer from, and what do its layers look for?",
    sources=(
        "Zeiler & Fergus, Visualizing and Understanding Convolutional Networks, 2013",
        "Simonyan, Vedaldi & Zisserman, Deep Inside Convolutional Networks, 2013",
        "Springenberg et al., Striving for Simplicity, 2014",
        "Yosinski et al., Understanding Neural Networks Through Deep Visualization, 2015",
        "Selvaraju et al., Grad-CAM, 2016",
        "Sundararajan, Taly & Yan, Axiomatic Attribution for Deep Networks, 2017",
        "Smilkov et al., SmoothGrad, 2017",
        "Petsiuk, Das & Saenko, RISE, 2018, for the insertion curve",
    ),
    minutes=1.5,
    quick={"samples": 2, "points": 12, "stride": 48, "steps": 60, "size": 64},
)
def seeing_a_photograph(
    run: Run,
    *,
    photograph: Annotated[Literal["chelsea", "coffee"], "which one"] = "chelsea",
    samples: Annotated[Count, "noisy copies of SmoothGrad"] = 30,
    points: Annotated[Count, "of the integral of integrated gradients"] = 50,
    stride: Annotated[Count, "pixels between two places of the occluding window"] = 12,
    steps: Annotated[Count, "of the ascent to each optimised picture"] = 200,
    size: Annotated[Count, "pixels of the side of an optimised picture"] = 128,
) -> None:
    """Look into SqueezeNet 1.1 with its ImageNet weights.

    Eight ways to ask which pixels its answer rests on, first-layer filters, hidden activations, and pictures that excite its
    units and classes most.
    """
    model, names = squeezenet(), classes()
    x = whole_input(data.photographs()[photograph])
    with ag.no_grad():
        shares = model(x).softmax(1)[0]
    for place in shares.array.argsort()[::-1][:3].tolist():
        run.number(f"probability of {names[place]}", shares[place].item())
    answer = int(shares.argmax())
    _maps(run, model, x, answer, names[answer], samples, points, stride)
    _inside(run, model, x)
    _wanted(run, model, names, steps, size)
    run.say(
        """The gradient says which pixels the score would follow at this point. It is noisy, and averaging it, integrating
        it or letting only positive signals through makes it legible. Occlusion and Grad-CAM ask more coarsely, and show
        where the evidence is rather than which pixels carry it: to bring the answer back from a blurred picture, the parts that
        they mark are worth more than those of the gradient. The first layer has edges and colours, the next ones textures,
        the last ones parts of things. The optimised pictures are what the network, not a person, takes for typical."""
    )


def _maps(run: Run, model: Module, x: Tensor, answer: int, name: str, samples: int, points: int, stride: int) -> None:
    """Draw the attribution maps, and measure what they are worth."""
    methods: dict[str, Tensor] = {}
    ways: dict[str, Callable[[], Tensor]] = {
        "saliency": lambda: interpret.saliency(model, x, answer),
        "SmoothGrad": lambda: interpret.smooth_grad(model, x, answer, samples=samples),
        "input times gradient": lambda: interpret.input_times_gradient(model, x, answer),
        "integrated gradients": lambda: interpret.integrated_gradients(model, x, answer, steps=points),
        "guided backpropagation": lambda: interpret.guided_backprop(model, x, answer),
        "deconvnet": lambda: interpret.deconvnet(model, x, answer),
        "occlusion": lambda: interpret.occlusion(model, x, answer, window=36, stride=stride),
        "Grad-CAM": lambda: interpret.grad_cam(model, x, answer, layer=MAPS),
    }
    for method, ask in run.track(ways.items(), "asking", total=len(ways)):
        methods[method] = ask()
    with ag.no_grad():
        fall = (model(x) - model(ag.zeros_like(x)))[0, answer].item()
    added = methods["integrated gradients"].sum().item()
    run.claim(
        "The shares of integrated gradients add up to the fall of the score, within 10 %",
        abs(added - fall) < 0.1 * abs(fall),
        f"{added:.2f} and {fall:.2f}",
    )
    maps = {method: _as_map(found, x) for method, found in methods.items()}
    rng = np.random.default_rng(run.seed)
    control = rng.random(maps["saliency"].shape)
    areas = {method: _insertion(model, x, answer, found) for method, found in (*maps.items(), ("random", control))}
    run.table(
        "The mean probability of the answer while a blurred picture gets its pixels back, those marked highest first",
        ("method", "mean probability"),
        sorted(areas.items(), key=lambda row: -row[1]),
    )
    for method in ("occlusion", "Grad-CAM", "SmoothGrad", "guided backpropagation"):
        run.claim(
            f"Pixels that {method} marks bring the answer back sooner than pixels at random",
            areas[method] > areas["random"],
            f"{areas[method]:.3f} and {areas['random']:.3f}",
        )
    drawn, charts = figures.new(3, 3, width=8, height=8.4)
    picture = as_picture(x)
    charts.flat[0].imshow(picture)
    charts.flat[0].set_title(f"answer: {name}")
    for axes, (method, found) in zip(charts.flat[1:], maps.items(), strict=True):
        if method in ("occlusion", "Grad-CAM"):
            axes.imshow(picture.mean(2), cmap="gray")
            axes.imshow(np.clip(found, 0, None), cmap="inferno", alpha=0.6, interpolation="bilinear")
        else:
            axes.imshow(np.clip(found / np.percentile(found, 99.5), 0, 1), cmap="gray")
        axes.set_title(method)
    for axes in charts.flat:
        axes.set_axis_off()
    run.figure(
        "maps",
        drawn,
        f"The photograph, and eight answers to the question which pixels speak for {name}: bright is much. The two with "
        "colours are coarse: a window that covers the picture, and the last maps of the network.",
    )


def _as_map(found: Tensor, x: Tensor) -> NDArray[Any]:
    """Return an attribution as one number for each pixel, (H, W)."""
    if found.ndim == 4:
        return np.abs(found.array[0]).sum(0)
    size = x.shape[2:]
    return functional.interpolate(found.unsqueeze(1), size=size, mode="bilinear").array[0, 0]


@ag.no_grad()
def _insertion(model: Module, x: Tensor, answer: int, found: NDArray[Any]) -> float:
    """Return the mean probability of *answer* over blurred pictures that have 5, 10, ... 95 % of their pixels back."""
    marked = interpret.gaussian_blur(ag.from_numpy(found[None, None].astype(np.float32)), 3.0).array.ravel()
    order = np.argsort(-marked)
    blurred = interpret.gaussian_blur(x, 11.0).array.reshape(3, -1)
    pictures = np.repeat(blurred[None], 19, 0)
    for i, picture in enumerate(pictures, 1):
        places = order[: order.size * i // 20]
        picture[:, places] = x.array.reshape(3, -1)[:, places]
    return float(model(ag.from_numpy(pictures.reshape(19, *x.shape[1:]))).softmax(1)[:, answer].mean())


def _inside(run: Run, model: Module, x: Tensor) -> None:
    """Draw the filters of the first layer, and some maps of hidden layers."""
    filters = interpret.filters(model)[..., ::-1]  # the network's channels are blue, green, red
    found = interpret.activations(model, x, SHOWN)
    strongest = np.abs(filters - filters.mean((1, 2, 3), keepdims=True)).mean((1, 2, 3)).argsort()[::-1]
    rows = {"16 filters of the first layer, of 3x3 pixels": filters[strongest[:8]], " ": filters[strongest[8:16]]}
    for path, a in found.items():
        chosen = a.array[0].mean((1, 2)).argsort()[::-1][:8]
        rows[f"{path}: 8 of {a.shape[1]} maps, {a.shape[2]}x{a.shape[3]}"] = a.array[0, chosen]
    drawn = strips(rows)
    run.figure(
        "inside",
        drawn,
        "Filters of the first layer, as colours around grey, and the maps that respond most to the photograph, from the first "
        "layer to the last: the pictures become coarse, and fewer and fewer places respond.",
    )
    silent = {path: float((a.array == 0).mean()) for path, a in found.items()}
    run.table("Share of zeros in the maps", ("layer", "share"), list(silent.items()))
    run.claim(
        "Deep layers respond at fewer places than the first: more zeros after the last fire module than after the first ReLU",
        silent[SHOWN[-1]] > silent[SHOWN[0]],
        f"{silent[SHOWN[-1]]:.0%} and {silent[SHOWN[0]]:.0%}",
    )


def _wanted(run: Run, model: Module, names: tuple[str, ...], steps: int, size: int) -> None:
    """Draw what excites units and classes most, with and without priors."""
    rng = np.random.default_rng(run.seed)

    def start(n: int) -> Tensor:
        return ag.from_numpy(rng.normal(0, 30, (n, 3, size, size)).astype(np.float32))

    priors: dict[str, Any] = {"steps": steps, "rate": 4.0, "jitter": 12, "blur": 0.35, "norm": 60.0, "bounds": BOUNDS}
    numbers = [names.index(name) for name in DREAMT]
    rows = {}
    for path, n in run.track(UNITS.items(), "optimising", total=len(UNITS)):
        noise = start(n)
        alive = np.flatnonzero(interpret.activations(model, noise, [path])[path].array.mean((2, 3)).min(0) > 0)
        units = rng.choice(alive, n, replace=False).tolist()  # where ReLU is shut there is no way up
        rows[path] = interpret.optimal_input(model, noise, layer=path, units=units, **priors)
    rows["classes"] = wanted = interpret.optimal_input(model, start(8), layer="classifier.1", units=numbers, **priors)
    bare = interpret.optimal_input(
        model, start(8), layer="classifier.1", units=numbers, steps=steps, rate=4.0, bounds=BOUNDS
    )
    rows["bare"] = bare
    titles = {"classes": "classes", "bare": "the same classes without priors"}
    drawn = strips(
        {titles.get(name, f"units of {name}"): [as_picture(x) for x in found.split(1)] for name, found in rows.items()},
        dict.fromkeys(titles.values(), DREAMT),
    )
    run.figure(
        "wanted",
        drawn,
        "Pictures that excite units of three layers most, and classes, found by gradient ascent from noise with jitter, blur "
        "and a bounded norm. Last row: the same classes without these priors, which the network likes as much.",
    )
    rough = [interpret.total_variation(found).mean().item() for found in (wanted, bare)]
    run.claim(
        "Without priors the optimised pictures are rougher, by a factor of 2 at least",
        rough[1] > 2 * rough[0],
        f"total variation {rough[1]:.0f} and {rough[0]:.0f}",
    )
    with ag.no_grad():
        five = model(wanted).array.argsort(1)[:, -5:]
    right = sum(number in row for number, row in zip(numbers, five, strict=True))
    run.claim(
        "The network has the class of an optimised picture among its first five, for 2 of 8 at least; by chance for none",
        right >= 2,
        f"{right} of 8",
    )


# --------------------------------------------------------------------------------------------------------------- clothes


@lesson(
    row=19,
    title="What a network sees in clothes",
    question="What does a network that was trained here know in each layer, and which pictures do its units wait for?",
    sources=(
        "Alain & Bengio, Understanding Intermediate Layers Using Linear Classifier Probes, 2016",
        "Erhan et al., Visualizing Higher-Layer Features of a Deep Network, 2009",
        "van der Maaten & Hinton, Visualizing Data using t-SNE, 2008",
        "Xiao, Rasul & Vollgraf, Fashion-MNIST, 2017",
    ),
    minutes=2.0,
    quick={"epochs": 1, "pictures": 1000, "steps": 20, "shown": 300},
    needs=("sklearn",),
)
def seeing_clothes(
    run: Run,
    *,
    epochs: Annotated[Count, "times through the pictures"] = 5,
    pictures: Annotated[Count, "training pictures, of 10,000"] = 10_000,
    steps: Annotated[Count, "of the ascent to each optimised picture"] = 200,
    shown: Annotated[Count, "test pictures that are drawn in the plane"] = 1000,
) -> None:
    """Train a small convolutional network on Fashion-MNIST, and look into it.

    A linear probe reads the class from each layer, before and after training; units show the test pictures that excite them
    most, and optimised ones; the last hidden layer is drawn in the plane.
    """
    sets = data.load("fashion-mnist")
    train = data.Subset(sets.train, range(min(pictures, len(sets.train))))
    model = models.SmallCNN()
    probed = train.batch(range(min(2000, len(train)))), sets.test.batch(range(1000))
    before = interpret.linear_probes(model, *probed)
    loader = data.DataLoader(train, 100, shuffle=True, seed=run.seed)
    adam = optim.Adam(model.parameters(), lr=2e-3)
    run.fit("training", model, loader, layers.CrossEntropyLoss(), adam, epochs)
    model.eval()
    _probes(run, before, interpret.linear_probes(model, *probed))
    _units(run, model, sets, steps)
    _plane(run, model, sets, shown)
    run.say(
        """A line reads the class from each layer better than from the pixels, and best from the last: training makes the
        classes linearly separable step by step. Random layers help a little too, because they offer many features. The
        strongest pictures of a unit share a form, not a class: a unit is a feature that several classes use."""
    )


def _probes(run: Run, before: dict[str, interpret.Probe], after: dict[str, interpret.Probe]) -> None:
    shown = [
        "input",
        *(path for path in after if path.startswith("features") and int(path[9:]) % 4 == 3),
        "classifier.3",
    ]
    titles = ["pixels", *(f"block {i}" for i in range(1, len(shown) - 1)), "hidden layer"]
    drawn, axes = figures.new(height=3.6)
    for probes, label, style in ((after, "trained", "o-"), (before, "before training", "s--")):
        axes.plot(titles, [100 * probes[path].test for path in shown], style, label=label)
    axes.set(ylabel="test accuracy of a linear probe, %", xlabel="what the probe sees")
    axes.legend()
    run.figure(
        "probes",
        drawn,
        "How well a straight line reads the class from each layer, on 1,000 pictures it was not fitted to.",
    )
    run.table(
        "Linear probes",
        ("layer", "features", "before training, %", "trained, %"),
        [
            (t, after[p].features, round(100 * before[p].test, 1), round(100 * after[p].test, 1))
            for t, p in zip(titles, shown, strict=True)
        ],
    )
    first, last = after["input"].test, after["classifier.3"].test
    run.claim(
        "A probe of the trained hidden layer is better than one of the pixels, by 1 point at least",
        last > first + 0.01,
        f"{last:.1%} and {first:.1%}",
    )
    was = before["classifier.3"].test
    run.claim(
        "Training is what makes it so: the same probe before training is worse, by 1 point at least",
        last > was + 0.01,
        f"{last:.1%} and {was:.1%}",
    )


def _units(run: Run, model: models.SmallCNN, sets: data.Splits, steps: int) -> None:
    """Draw the pictures that excite units of the last convolution most, and classes, found and optimised."""
    loader = data.DataLoader(sets.test, 200)
    best = interpret.top_inputs(model, loader, layer="features.9", k=9)
    labels = sets.test.labels[best.indices]
    same = np.array([np.bincount(row, minlength=10).max() / 9 for row in labels])
    units = np.argsort(-best.values.mean(1))[:8]
    low, high = ((bound - sets.mean[0]) / sets.std[0] for bound in (0, 1))
    grey = ag.full((len(units), 1, 28, 28), low) + 0.1 * ag.rand(len(units), 1, 28, 28)
    options: dict[str, Any] = {"steps": steps, "rate": 0.05, "jitter": 2, "blur": 0.4, "bounds": (low, high)}
    made = interpret.optimal_input(model, grey, layer="features.9", units=units.tolist(), **options)
    rows: dict[str, list[NDArray[Any]]] = {}
    for unit, wanted in zip(units, made, strict=True):
        title = (
            " " * len(rows) if rows else "left: optimised; beside it the nine test pictures that excite the unit most"
        )
        rows[title] = [wanted.array[0], *(sets.test.batch([i])[0].array[0, 0] for i in best.indices[unit])]
    drawn = strips(rows, cmap="gray", vmin=low, vmax=high)
    run.figure(
        "units", drawn, "What eight units of the last convolution wait for: optimised, and found among test pictures."
    )
    run.number(
        "mean share of the commonest class among a unit's nine pictures", float(same.mean()), expected="above 0.1"
    )
    run.claim(
        "The pictures of a unit have something in common: their commonest class has at least 4 of 9, where chance has 3",
        np.median(same) >= 4 / 9,
        f"{9 * np.median(same):.0f} of 9 in the median unit",
    )
    with ag.no_grad():
        rises = interpret.activations(model, ag.cat([grey, made]), ["features.9"])["features.9"].mean((2, 3)).array
    risen = int(sum(rises[8 + i, u] > rises[i, u] for i, u in enumerate(units)))
    run.claim("Ascent excites every unit more than the grey that it began with", risen == 8, f"{risen} of 8")


def _plane(run: Run, model: models.SmallCNN, sets: data.Splits, shown: int) -> None:
    """Draw the last hidden layer of test pictures in the plane."""
    x, y = sets.test.batch(range(min(max(shown, 50), len(sets.test))))
    codes = interpret.activations(model, x, ["classifier.3"])["classifier.3"]
    fit = interpret.pca(codes, 2)
    points = {
        f"principal components, {fit.share.sum().item():.0%} of the variance": fit.codes.array,
        "t-SNE": interpret.tsne(codes, seed=run.seed).array,
    }
    drawn, charts = figures.new(1, 2, width=8, height=4.6)
    from matplotlib import colormaps

    colours = colormaps["tab10"](np.arange(10))
    for axes, (title, p) in zip(charts, points.items(), strict=True):
        for label, name in enumerate(sets.classes):
            mask = y.array == label
            axes.scatter(*p[mask].T, s=7, color=colours[label], label=name, linewidths=0)
        axes.set(title=title, xticks=[], yticks=[])
        axes.grid(visible=False)
    drawn.legend(*charts[0].get_legend_handles_labels(), loc="outside lower center", ncols=5, markerscale=2.5)
    run.figure(
        "plane",
        drawn,
        "The last hidden layer for test pictures, by class: a projection, and neighbourhoods.",
    )
