"""Row 21: pictures that a network dreams, and the style of one picture on the content of another."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import numpy as np
from numpy.typing import NDArray

import autograd_core as ag
import optim
from autograd_core import Tensor

from ... import data, interpret
from .. import figures
from ..options import Count, Positive
from ..registry import lesson
from ..run import Run
from .imagenet import BOUNDS, as_input, as_picture, read_photograph, squeezenet
from .strips import strips

LAYERS = {"features.7": "eyes and curls", "features.10": "fur and faces", "features.12": "animals"}
CONTENT = {"features.7": 1.0}
STYLE = ("features.1", "features.3", "features.4", "features.6", "features.7", "features.9")


@lesson(
    row=21,
    title="Deep dream",
    question="What becomes of a photograph in which a layer may see more of what it sees already?",
    sources=(
        "Mordvintsev, Olah & Tyka, Inceptionism: Going Deeper into Neural Networks, 2015",
        "Mahendran & Vedaldi, Understanding Deep Image Representations by Inverting Them, 2014, for the smoothness prior",
    ),
    minutes=1.5,
    quick={"size": 80, "octaves": 2, "steps": 5},
)
def deep_dream(
    run: Run,
    *,
    picture: Annotated[Path | None, "a picture of your own, in place of the first one"] = None,
    size: Annotated[Count, "pixels of the shorter side"] = 320,
    octaves: Annotated[Count, "sizes, each 1.4 times the one before"] = 4,
    steps: Annotated[Count, "of gradient ascent at each size"] = 25,
    smoothness: Annotated[Positive, "weight of the total variation"] = 0.1,
) -> None:
    """Let three layers of SqueezeNet 1.1 dream on a photograph, and its last maps on two more.

    The mean square of a layer's maps is raised by gradient ascent on the pixels, from a small copy of the picture to the whole.
    """
    model, photographs = squeezenet(), data.photographs()
    first = photographs["chelsea"] if picture is None else read_photograph(picture)
    options: dict[str, Any] = {"octaves": octaves, "steps": steps, "rate": 2.0, "jitter": 16, "bounds": BOUNDS}
    start = as_input(first, size)
    dreams = {}
    for layer in run.track(LAYERS, "dreaming"):
        dreams[layer] = interpret.deep_dream(model, start, layers={layer: 1.0}, smoothness=smoothness, **options)
    drawn, charts = figures.new(2, 2, width=8, height=8 * first.shape[1] / first.shape[2] + 0.5)
    shown = {"the photograph": start, **{f"{path}: {what}": dreams[path] for path, what in LAYERS.items()}}
    for axes, (title, x) in zip(charts.flat, shown.items(), strict=True):
        axes.imshow(as_picture(x))
        axes.set_title(title)
        axes.set_axis_off()
    run.figure(
        "dreams", drawn, "The photograph, and what three layers dream of it, from the middle of the network to its end."
    )
    others = {name: as_input(photographs[name], size) for name in ("coffee", "astronaut")}
    found = {
        name: interpret.deep_dream(model, x, layers={"features.12": 1.0}, smoothness=smoothness, **options)
        for name, x in run.track(others.items(), "dreaming", total=len(others))
    }
    widths = [x.shape[3] for x in others.values()]
    drawn, charts = figures.new(1, 2, width=8, height=8 * size / sum(widths) + 0.1, width_ratios=widths)
    for axes, x in zip(charts, found.values(), strict=True):
        axes.imshow(as_picture(x))
        axes.set_axis_off()
    run.figure(
        "more", drawn, "Two more photographs, with the last maps of the network raised: birds, dogs and their eyes."
    )
    rows = []
    for layer, dream in dreams.items():
        before, after = (_response(model, x, layer) for x in (start, dream))
        rows.append((layer, before, after, after / before))
        run.claim(
            f"{layer} responds more strongly to its dream, in the mean square by a factor of 2 at least",
            after > 2 * before,
            f"from {before:.0f} to {after:.0f}",
        )
    run.table("Mean square of the maps", ("layer", "photograph", "dream", "factor"), rows)
    rough = interpret.deep_dream(model, start, layers={"features.7": 1.0}, **options)
    smooth = interpret.deep_dream(model, start, layers={"features.7": 1.0}, smoothness=100 * smoothness, **options)
    variations = [interpret.total_variation(x).item() for x in (rough, smooth)]
    run.claim(
        "The smoothness prior makes the dream smoother, where it is strong: a lower total variation",
        variations[1] < variations[0],
        f"{variations[0]:.0f} without, {variations[1]:.0f} with 100 times the weight",
    )
    run.say(
        """The network strengthens what it finds faintly in the picture already, and as it was trained on many animals, it
        finds animals. A layer in the middle finds eyes and curls, the last one heads and birds. The smaller sizes give the
        large forms, the last size the detail; jitter and smoothness keep single pixels from running away."""
    )


def _response(model: Any, x: Tensor, layer: str) -> float:
    return float((interpret.activations(model, x, [layer])[layer] ** 2).mean().item())


@lesson(
    row=21,
    title="Style and content",
    question="Can the content of one picture be painted in the style of another?",
    sources=(
        "Gatys, Ecker & Bethge, Image Style Transfer Using Convolutional Neural Networks, 2016",
        "Gatys, Ecker & Bethge, Texture Synthesis Using Convolutional Neural Networks, 2015",
    ),
    minutes=2.5,
    quick={"size": 64, "steps": 12},
)
def style_transfer(
    run: Run,
    *,
    content: Annotated[Path | None, "a picture of your own, in place of the first content"] = None,
    style: Annotated[Path | None, "a picture of your own, in place of the first style"] = None,
    size: Annotated[Count, "pixels of the shorter side"] = 256,
    steps: Annotated[Count, "of Adam on the pixels"] = 200,
    weight: Annotated[Positive, "of the style, where that of the content is 1"] = 30.0,
) -> None:
    """Paint two photographs in two styles, with the features of SqueezeNet 1.1.

    The pixels are optimised until one layer's maps are near those of the content and the Gram matrices of six layers near those
    of the style.
    """
    model, photographs = squeezenet(), data.photographs()
    contents = {
        "content" if content else "chelsea": read_photograph(content) if content else photographs["chelsea"],
        "astronaut": photographs["astronaut"],
    }
    styles = {
        "style" if style else "mosaic": read_photograph(style) if style else mosaic(np.random.default_rng(run.seed)),
        "coffee": photographs["coffee"],
    }
    options: dict[str, Any] = {
        "content_layers": CONTENT,
        "style_layers": dict.fromkeys(STYLE, weight / len(STYLE)),
        "steps": steps,
        "smoothness": 2e-6 * weight,
        "bounds": BOUNDS,
    }
    painted = {}
    for c, s in run.track([(c, s) for s in styles for c in contents], "painting"):
        x, y = as_input(contents[c], size), as_input(styles[s], size)
        painted[c, s] = z = interpret.style_transfer(model, x, y, lambda p: optim.Adam(p, lr=6.0), **options)
        _claim(run, model, f"{c} as {s}", x, y, z)
    drawn, charts = figures.new(3, 3, width=8, height=6.6, width_ratios=(0.75, 1.5, 1.0), gridspec_kw={"wspace": 0.02})
    for axes in charts.flat:
        axes.set_axis_off()
    for axes, (name, picture) in zip(charts[0, 1:], contents.items(), strict=True):
        axes.imshow(as_picture(as_input(picture, size)))
        axes.set_title(f"content: {name}", loc="center")
    for row, (s, picture) in zip(charts[1:], styles.items(), strict=True):
        row[0].imshow(as_picture(as_input(picture, size)))
        row[0].set_title(f"style: {s}", loc="center")
        for axes, c in zip(row[1:], contents, strict=True):
            axes.imshow(as_picture(painted[c, s]))
    run.figure(
        "painted", drawn, "Above, the contents; at the left, the styles; and each content painted in each style."
    )
    first, second = (as_input(next(iter(pictures.values())), size) for pictures in (styles, contents))
    _texture(run, model, first, second, options)
    run.say(
        """The maps of a middle layer say what is where, and the Gram matrix of a layer says only which features occur together,
        wherever that is: so one picture can give the places and another the paint. With the style alone, from noise, the result
        is a texture: the pieces of the style, without their order."""
    )


def _claim(run: Run, model: Any, name: str, content: Tensor, style: Tensor, painted: Tensor) -> None:
    before, after = (_far(model, x, style) for x in (content, painted))
    run.claim(
        f"{name}: the Gram matrices are nearer to those of the style, by a factor of 1.5 at least",
        1.5 * after < before,
        f"relative distance {before:.2f} before, {after:.2f} after",
    )


def _far(model: Any, x: Tensor, style: Tensor) -> float:
    """Return the mean relative distance of the Gram matrices."""
    distances = []
    for layer in STYLE:
        a, b = (interpret.gram_matrix(interpret.activations(model, y, [layer])[layer]) for y in (x, style))
        distances.append(((a - b).norm() / b.norm()).item())
    return float(np.mean(distances))


def _texture(run: Run, model: Any, style: Tensor, content: Tensor, options: dict[str, Any]) -> None:
    """Draw what style alone and content alone give, from noise."""
    noise = ag.from_numpy(np.clip(ag.randn(*content.shape).array * 30, *(b.array for b in BOUNDS)))
    adam = lambda p: optim.Adam(p, lr=6.0)
    alone = {
        "style alone": options | {"content_layers": dict.fromkeys(CONTENT, 0.0)},
        "content alone": options | {"style_layers": dict.fromkeys(STYLE, 0.0), "smoothness": 1e-4},
    }
    pictures = {"from noise": [as_picture(noise)]}
    for chosen in run.track(alone.values(), "from noise", total=2):
        x = interpret.style_transfer(model, content, style, adam, start=noise, **chosen)
        pictures["from noise"].append(as_picture(x))
    drawn = strips(pictures, {"from noise": ["the start", *alone]})
    run.figure("alone", drawn, "From the same noise: the style without a content, and the content without a style.")


def mosaic(rng: np.random.Generator, pieces: int = 180, size: int = 300) -> NDArray[np.uint8]:
    """Return a picture (3, size, size) of coloured glass: the cells nearest to random points, with lead between them."""
    points = rng.random((pieces, 2)) * size
    y, x = np.mgrid[:size, :size]
    distances = np.hypot(y[..., None] - points[:, 0], x[..., None] - points[:, 1])
    nearest = distances.argmin(-1)
    distances.partition(1)
    palette = np.array(
        [(24, 60, 120), (230, 90, 30), (245, 190, 40), (20, 130, 110), (160, 30, 60), (240, 235, 215), (70, 150, 210)]
    )
    colours = palette[rng.integers(0, len(palette), pieces)] + rng.normal(0, 12, (pieces, 3))
    picture = colours[nearest]
    picture[distances[..., 1] - distances[..., 0] < 3.5] = 15
    return np.ascontiguousarray(np.clip(picture, 0, 255).astype(np.uint8).transpose(2, 0, 1))
