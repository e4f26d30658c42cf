"""Row 13: convolution and cross-correlation, stride, shared parameters, and the sums of backpropagation."""

from __future__ import annotations

from itertools import product
from typing import Annotated, Any

import numpy as np
from numpy.typing import NDArray

import autograd_core as ag

from ... import data
from ...layers import Conv2d, Linear
from .. import figures
from ..options import Count
from ..registry import lesson
from ..run import Run
from .strips import strips

FILTERS = {
    "blur": np.full((5, 5), 1 / 25),
    "sharpen": np.array([[0, -1, 0], [-1, 5, -1], [0, -1, 0]]),
    "upright edges": np.array([[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]]),
    "level edges": np.array([[-1, -2, -1], [0, 0, 0], [1, 2, 1]]),
    "spots": np.array([[0, 1, 0], [1, -4, 1], [0, 1, 0]]),
}

Array = NDArray[np.float64]


def correlate(x: Array, w: Array, b: Array, stride: int = 1) -> Array:
    """Return y[k, i, j] = b[k] + sum over c, u, v of w[k, c, u, v] x[c, i s + u, j s + v], for x (C, H, W)."""
    kernels, channels, rows, columns = w.shape
    _, height, width = x.shape
    y = np.zeros((kernels, (height - rows) // stride + 1, (width - columns) // stride + 1))
    for k, i, j in np.ndindex(y.shape):
        y[k, i, j] = b[k]
        for c, u, v in product(range(channels), range(rows), range(columns)):
            y[k, i, j] += w[k, c, u, v] * x[c, i * stride + u, j * stride + v]
    return y


def backpropagate(x: Array, w: Array, delta: Array, stride: int = 1) -> tuple[Array, Array, Array]:
    """Return the loss's gradients by x, w and b, from *delta*, its gradient by y.

    Each product of the forward sum gives delta back to both of its factors: one weight gathers from all places (i, j) that
    share it, and one number of x from all windows that it is in.
    """
    dx, dw, db = np.zeros_like(x), np.zeros_like(w), np.zeros(len(w))
    for k, i, j in np.ndindex(delta.shape):
        db[k] += delta[k, i, j]
        for c, u, v in np.ndindex(w.shape[1:]):
            dw[k, c, u, v] += delta[k, i, j] * x[c, i * stride + u, j * stride + v]
            dx[c, i * stride + u, j * stride + v] += delta[k, i, j] * w[k, c, u, v]
    return dx, dw, db


@lesson(
    row=13,
    title="Convolution",
    question="What does a convolutional layer compute, what does it share, and how does the gradient come back?",
    sources=(
        "Fukushima, Neocognitron, 1980",
        "LeCun et al., Backpropagation applied to handwritten zip code recognition, 1989",
        "Goodfellow, Bengio & Courville, Deep Learning, 2016, chapter 9",
    ),
    minutes=0.2,
    quick={"size": 9},
    needs=("PIL",),
)
def convolution(
    run: Run, *, size: Annotated[Count, "rows and columns of the picture that is looped over"] = 14
) -> None:
    """Compare loops over the sums of the lecture with the engine, forward and backward, in float64.

    Count what 6 filters of 5x5x3 make of a picture of 32x32, and with how many parameters; and lay filters over a photograph.
    """
    if size < 5:
        raise ag.errors.ArgumentError(f"size={size}: expected at least 5, the size of the filters that are tried")
    _compare(run, size)
    _count(run)
    _flip_and_shift(run, size)
    _photograph(run)
    run.say(
        """A filter is a small template that slides over the picture; where the picture looks like it, its answer is high.
        What libraries call convolution is cross-correlation: the true one turns the filter by 180 degrees first, and makes
        no difference to a filter that is learned. All places share the filter's few numbers. So a shifted picture gives a
        shifted answer, and in the gradient each weight gathers from all places."""
    )


def _compare(run: Run, size: int) -> None:
    """Compare loops and engine for several filters and strides."""
    draws, rows, worst = np.random.default_rng(run.seed), [], 0.0
    cases = [(3, 1), (3, 2), (5, 1), (5, 3)]
    for kernel, stride in run.track(cases, "loops"):
        x, w, b = (draws.standard_normal(s) for s in ((3, size, size), (4, 3, kernel, kernel), (4,)))
        operands = tx, tw, tb = [ag.tensor(a, requires_grad=True) for a in (x, w, b)]
        y = ag.conv2d(tx.unsqueeze(0), tw, tb, stride=stride)[0]
        delta = draws.standard_normal(y.shape)
        y.backward(ag.from_numpy(delta))
        by_engine = [y.detach(), *(t.grad for t in operands)]
        by_loops = [correlate(x, w, b, stride), *backpropagate(x, w, delta, stride)]
        far = [_distance(mine, theirs.array) for mine, theirs in zip(by_loops, by_engine, strict=True)]
        rows.append((f"{kernel}x{kernel}, stride {stride}", f"{y.shape[1]}x{y.shape[2]}", *far))
        worst = max(worst, *far)
    head = ("filters", "result", "y", "gradient of x", "gradient of w", "gradient of b")
    run.table(f"Largest difference of loops and engine, {size}x{size}x3, as a share of the largest number", head, rows)
    run.claim(
        "Loops over the sums give the engine's results and gradients (to 1 in 10^12)", worst < 1e-12, f"{worst:.0e}"
    )


def _distance(a: Array, b: Array) -> float:
    return float(np.abs(a - b).max() / np.abs(b).max()) if a.shape == b.shape else np.inf


def _count(run: Run) -> None:
    """Count the numbers of the lecture's layer, and of a dense one between the same numbers."""
    layer = Conv2d(3, 6, 5)
    made = layer(ag.zeros(1, 3, 32, 32)).shape[1:]
    run.claim("6 filters of 5x5x3 make 28x28x6 of a picture 32x32x3", made == (6, 28, 28), f"{made} (channels first)")
    shared = sum(p.numel() for p in layer.parameters())
    example = Linear(32 * 32 * 3, 8)  # what one output number of a dense layer costs is the same for all
    dense = sum(p.numel() for p in example.parameters()) // 8 * 28 * 28 * 6
    run.number("parameters of the 6 filters", shared, expected="(5 * 5 * 3 + 1) * 6 = 456")
    run.number("parameters of a dense layer to as many numbers", dense, expected="(32 * 32 * 3 + 1) * 28 * 28 * 6")
    run.claim("The filters have 456 parameters, the dense layer 14,455,392", (shared, dense) == (456, 14_455_392))
    rows = []
    for n, f, stride, padding in (
        (7, 3, 1, 0),
        (7, 3, 2, 0),
        (7, 3, 3, 0),
        (7, 3, 1, 1),
        (32, 5, 1, 0),
        (227, 11, 4, 0),
    ):
        exact = (n + 2 * padding - f) / stride + 1
        size = Conv2d(1, 1, f, stride, padding)(ag.zeros(1, 1, n, n)).shape[2]
        rows.append((n, f, stride, padding, exact, size))
    run.table(
        "Size of the result", ("N", "F", "stride", "padding", "(N + 2 padding - F) / stride + 1", "the engine's"), rows
    )
    right = all(size == int(exact) for *_, exact, size in rows)
    run.claim("The result has (N + 2 padding - F) / stride + 1 rows, rounded down", right)


def _flip_and_shift(run: Run, size: int) -> None:
    """Show that convolution is correlation with the turned filter, and that shifting commutes with both."""
    draws = np.random.default_rng(run.seed)
    x, w = draws.standard_normal((size, size)), draws.standard_normal((3, 3))
    convolved = np.zeros((size - 2, size - 2))
    for i, j in np.ndindex(convolved.shape):
        # (w * x)[i, j] = sum over u, v of w[u, v] x[i - u, j - v], where all of x that it needs is there
        convolved[i, j] = sum(w[u, v] * x[i + 2 - u, j + 2 - v] for u, v in np.ndindex(3, 3))
    turned = _filtered(x, w[::-1, ::-1].copy())
    far = _distance(turned, convolved)
    run.claim("Convolution is cross-correlation with the filter turned by 180 degrees (to 1 in 10^12)", far < 1e-12)
    shifted = np.roll(x, (1, 2), axis=(0, 1))
    far = _distance(_filtered(shifted, w)[1:, 2:], _filtered(x, w)[:-1, :-2])
    run.claim("A shifted picture gives the same answers, shifted (to 1 in 10^12; borders left out)", far < 1e-12)


def _filtered(x: NDArray[Any], w: NDArray[Any]) -> NDArray[Any]:
    """Return what the engine makes of a grey picture (H, W) and one filter."""
    answer = ag.conv2d(ag.tensor(x[None, None]), ag.tensor(w[None, None].astype(x.dtype)))
    return answer.numpy()[0, 0]


def _photograph(run: Run) -> None:
    """Draw filters, and what they make of a photograph."""
    grey = data.photographs()["chelsea"].mean(0)[20:260, 60:380] / 255
    answers, kernels = [grey], [np.full((5, 5), np.nan)]
    for kernel in FILTERS.values():
        answers.append(_filtered(grey, kernel.astype(np.float64)))
        kernels.append(kernel)
    titles = ["photograph", *FILTERS]
    drawn, charts = figures.new(3, 4, height=5.6, width_ratios=(1, 3.4, 1, 3.4))
    for i, (title, kernel, answer) in enumerate(zip(titles, kernels, answers, strict=True)):
        small, large = charts[i // 2, 2 * (i % 2) : 2 * (i % 2) + 2]
        signed = title.endswith("edges") or title == "spots"
        high = np.quantile(np.abs(answer), 0.995)
        shades = {"cmap": "gray", "vmin": 0, "vmax": 1}
        if signed:
            shades = {"cmap": figures.DIVERGING, "vmin": -high, "vmax": high}
        large.imshow(answer, **shades, interpolation="bilinear")
        large.set_title(f"{title}, {answer.shape[0]}x{answer.shape[1]}", fontsize=10)
        if np.isfinite(kernel).all():
            reach = np.abs(kernel).max()
            small.imshow(kernel, cmap=figures.DIVERGING, vmin=-reach, vmax=reach)
            for (u, v), weight in np.ndenumerate(kernel):
                ink = figures.ON_DARK if abs(weight) > 0.6 * reach else figures.ON_LIGHT
                text = f"{weight:g}" if len(kernel) == 3 else ""
                small.text(v, u, text, ha="center", va="center", fontsize=9, color=ink)
            if len(kernel) == 5:
                small.set_title("all 1/25", fontsize=9, fontweight="normal")
        for axes in (small, large):
            axes.set_axis_off()
    run.figure(
        "filters",
        drawn,
        "Filters and their answers to a photograph; of the lower ones red is positive and blue negative. Without padding, a "
        "filter of 3x3 takes off one pixel on each side.",
    )
    _shifted_pictures(run, grey)


def _shifted_pictures(run: Run, grey: NDArray[Any]) -> None:
    """Draw the answers at strides 1, 2 and 4."""
    w = ag.tensor(FILTERS["upright edges"][None, None].astype(np.float64))
    answers = [ag.conv2d(ag.tensor(grey[None, None]), w, stride=s).numpy()[0, 0] for s in (1, 2, 4, 8)]
    titles = [f"stride {s}: {a.shape[0]}x{a.shape[1]}" for s, a in zip((1, 2, 4, 8), answers, strict=True)]
    high = float(np.quantile(np.abs(answers[0]), 0.995))
    title = "One filter, four strides"
    run.figure(
        "strides",
        strips({title: answers}, {title: titles}, cmap=figures.DIVERGING, vmin=-high, vmax=high),
        "The filter for upright edges at every place, at every second one, and so on.",
    )
