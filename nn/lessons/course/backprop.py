"""Row 4: back-propagation by hand, by autograd, and by difference quotients."""

from __future__ import annotations

from typing import Annotated, Any

import numpy as np
from numpy.typing import NDArray

import autograd_core as ag

from ... import data, models
from ...layers import CrossEntropyLoss
from .. import figures
from ..options import Count, at_least
from ..registry import lesson
from ..run import Run

Arrays = dict[str, NDArray[Any]]


@lesson(
    row=4,
    title="Backpropagation",
    question="Do the chain rule by hand, autograd and difference quotients give the same gradient?",
    sources=(
        "Rumelhart, Hinton & Williams, Learning representations by back-propagating errors, 1986",
        "Bishop, Neural networks for pattern recognition, 1995, section 4.8.4",
    ),
    minutes=0.5,
    quick={"weights": 20},
)
def backpropagation(
    run: Run,
    *,
    hidden: Annotated[Count, "hidden units"] = 30,
    pictures: Annotated[int, at_least(1, 10_000), "Fashion-MNIST pictures in the batch"] = 64,
    weights: Annotated[Count, "weights of each layer that difference quotients are taken of"] = 100,
) -> None:
    """Differentiate the loss of a network 784-hidden-10 with tanh three ways, in double and in single precision.

    By hand: delta of the output is softmax minus target; delta of the hidden layer is delta of the output through the
    second matrix, times the derivative of tanh; each gradient is delta times what came in. By autograd: backward(). By
    (Err(w + h) - Err(w - h)) / 2h, for one weight at a time.
    """
    images, labels = next(
        iter(data.DataLoader(data.load("fashion-mnist").train, pictures, shuffle=True, seed=run.seed))
    )
    model = models.MLP((784, hidden, 10), activation="tanh").double()
    inputs = images.double()
    CrossEntropyLoss()(model(inputs), labels).backward()
    autograd = {name: p.grad.array.copy() for name, p in model.named_parameters() if p.grad is not None}
    by_hand = gradient_by_hand(
        {name: p.array for name, p in model.named_parameters()}, inputs.flatten(1).array, labels.array
    )
    single = _autograd_in_float32(hidden, model, images, labels)

    steps = np.logspace(-12, 0, 25)
    draws = np.random.default_rng(run.seed)
    rows, gaps = [], []
    errors = np.zeros(len(steps))
    for name, p in run.track(list(model.named_parameters()), "difference quotients"):
        chosen = draws.choice(p.numel(), min(weights, p.numel()), replace=False)
        exact = autograd[name].ravel()[chosen]
        quotients = np.array([_quotients(model, p, chosen, inputs, labels, h) for h in steps])  # (steps, weights)
        scale = float(np.abs(autograd[name]).max())
        errors = np.maximum(errors, np.abs(quotients - exact).max(axis=1) / scale)
        gap = _gap(by_hand[name], autograd[name])
        gaps.append(gap)
        best = float(np.abs(quotients - exact).max(axis=1).min()) / scale
        rows.append((name, " x ".join(map(str, p.shape)), scale, gap, _gap(single[name], autograd[name]), best))
    head = ("parameter", "shape", "largest gradient", "by hand", "autograd, float32", "difference quotient, best h")
    run.table("Largest difference from autograd in float64, over the largest gradient", head, rows)

    best = int(errors.argmin())
    drawn, axes = figures.new(height=4)
    axes.loglog(steps, errors, "o-", label="largest error, relative", markersize=5)
    axes.loglog(
        steps, errors[-5] * (steps / steps[-5]) ** 2, "--", color=figures.GREY, label="proportional to h² (truncation)"
    )
    axes.loglog(steps, errors[4] * steps[4] / steps, ":", color=figures.GREY, label="proportional to 1/h (rounding)")
    axes.set(xlabel="step h", ylabel="error of the difference quotient", ylim=(errors.min() / 10, errors.max() * 10))
    axes.legend(loc="upper center")
    run.figure(
        "step",
        drawn,
        "How far (Err(w+h) - Err(w-h)) / 2h is from the gradient, by the step h: a large h cuts off the curve, a small one "
        "loses digits in the difference. The best lies between.",
    )
    slope = float(np.polyfit(np.log(steps[-9:-4]), np.log(errors[-9:-4]), 1)[0])
    root = float(np.finfo(np.float64).eps) ** (1 / 3)
    run.number("best step h", float(steps[best]), expected="near the cube root of the rounding error, 6e-6")
    run.number("slope on the right, of log error by log h", slope, expected="2: a central difference errs by order h²")
    run.claim(
        "By hand equals autograd to rounding (1e-13 of the largest gradient)", max(gaps) < 1e-13, f"{max(gaps):.1e}"
    )
    found = f"{errors[best]:.1e} at h = {steps[best]:.0e}"
    run.claim("The best difference quotient agrees to 8 digits", errors[best] < 1e-8, found)
    run.claim("The error falls with h² (slope 2 within 0.2)", abs(slope - 2) < 0.2, f"slope {slope:.2f}")
    near = root / 30 < steps[best] < root * 30
    run.claim(
        "The best h is the cube root of the rounding error, within a factor of 30",
        near,
        f"{steps[best]:.0e}, {root:.0e}",
    )
    calls = 2 * sum(p.numel() for p in model.parameters())
    run.number("forward passes for one gradient by difference quotients", calls, expected="2 for each weight")
    run.number("for backpropagation", 2, expected="1 forward and 1 backward, whatever the number of weights")
    run.say(
        """The formulas by hand and autograd differ only in the last digit: autograd applies the same rules. Difference
        quotients need no rules, so they are an honest check, but two forward passes for every weight, and they are never
        exact: to the right of the best step the curvature shows, to the left the digits run out."""
    )


def gradient_by_hand(p: Arrays, x: NDArray[Any], labels: NDArray[Any]) -> Arrays:
    """Return the gradient of the mean cross-entropy of tanh(x A^T + a) B^T + b, by its formulas."""
    names = "layers.0.weight", "layers.0.bias", "layers.2.weight", "layers.2.bias"
    first, first_bias, second, second_bias = (p[name] for name in names)
    h = np.tanh(x @ first.T + first_bias)  # (N, hidden)
    scores = h @ second.T + second_bias  # (N, 10)
    e = np.exp(scores - scores.max(axis=1, keepdims=True))
    delta = e / e.sum(axis=1, keepdims=True)
    delta[np.arange(len(x)), labels] -= 1
    delta /= len(x)  # d Err / d scores
    delta_hidden = (delta @ second) * (1 - h * h)
    return dict(zip(names, (delta_hidden.T @ x, delta_hidden.sum(0), delta.T @ h, delta.sum(0)), strict=True))


def _autograd_in_float32(hidden: int, model: models.MLP, images: ag.Tensor, labels: ag.Tensor) -> Arrays:
    single = models.MLP((784, hidden, 10), activation="tanh")
    single.load_state_dict(model.state_dict())
    CrossEntropyLoss()(single(images), labels).backward()
    return {name: p.grad.array for name, p in single.named_parameters() if p.grad is not None}


@ag.no_grad()
def _quotients(
    model: models.MLP, p: ag.Tensor, chosen: NDArray[Any], inputs: ag.Tensor, labels: ag.Tensor, h: float
) -> NDArray[Any]:
    """Return (Err(w+h) - Err(w-h)) / 2h for the weights *chosen* of *p*."""
    flat, criterion, found = p.view(-1), CrossEntropyLoss(), []
    for i in chosen:
        kept = flat[i].item()
        ends = []
        for value in (kept + h, kept - h):
            flat[i] = value
            ends.append(criterion(model(inputs), labels).item())
        flat[i] = kept
        found.append((ends[0] - ends[1]) / (2 * h))
    return np.array(found)


def _gap(a: NDArray[Any], b: NDArray[Any]) -> float:
    return float(np.abs(a - b).max() / np.abs(b).max())
