"""Adversarial examples: inputs changed by little so that the model errs, and training against them.

Every attack takes *bounds*, the box of valid inputs, as two numbers or two Tensors that broadcast to the input; input and
result lie in it.  Distances are in the units of the input: for pictures normalised by mean and std, 8/255 is ``8 / 255 / std``.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

import autograd_core as ag
from autograd_core import Tensor

from .. import expect
from .. import functional as F
from ..module import Module
from ..training.evaluation import evaluate, pair
from ..training.metrics import Accuracy
from ..training.protocols import Loader, Prepare
from .scores import Bounds, Box, at_rest, box_of, check_input, check_number, classes_of, outputs_of

__all__ = ["adversarial_batches", "bim", "fgsm", "lbfgs_attack", "pgd", "robust_accuracy"]

Attack = Callable[[Module, Tensor, Tensor], Tensor]


def fgsm(
    model: Module,
    input: Tensor,
    labels: Tensor,
    epsilon: float,
    *,
    targeted: bool = False,
    bounds: Bounds = (0.0, 1.0),
) -> Tensor:
    r"""Return :math:`x + \epsilon \, \mathrm{sign} \nabla_x L(x, y)` within the box: the fast gradient sign method.

    L is the cross entropy of the scores (N, classes) for the *labels* y (N,).  No number moves by more than *epsilon*, in the
    units of *input*.  *targeted*: the labels are the classes that the model shall answer, and L is descended.  *bounds* is the
    box of valid inputs; ArgumentError if *input* is not in it.  The model computes in eval mode and is left as it was.
    Source: Goodfellow, Shlens & Szegedy, "Explaining and Harnessing Adversarial Examples", 2014.

    >>> import nn
    >>> model, x = nn.Linear(4, 3), ag.full((2, 4), 0.5)
    >>> moved = fgsm(model, x, ag.tensor([0, 1]), epsilon=0.1) - x
    >>> bool(((moved.abs() - 0.1).abs() < 1e-6).all())
    True
    """
    x, labels, box = _checked("fgsm", model, input, labels, epsilon, bounds)
    return _clamped(x + _sign_of(targeted) * epsilon * _loss_gradient(model, x, labels).sign(), box)


def bim(
    model: Module,
    input: Tensor,
    labels: Tensor,
    epsilon: float,
    *,
    steps: int = 10,
    step_size: float | None = None,
    targeted: bool = False,
    bounds: Bounds = (0.0, 1.0),
) -> Tensor:
    """Return what *steps* small steps of ``fgsm`` reach, none further than *epsilon*: the basic iterative method.

    It is ``pgd`` from the input itself, in the maximum norm; arguments as there.  Source: Kurakin, Goodfellow & Bengio,
    "Adversarial Examples in the Physical World", 2016.

    >>> import nn
    >>> moved = bim(nn.Linear(4, 3), ag.full((2, 4), 0.5), ag.tensor([0, 1]), epsilon=0.1) - 0.5
    >>> moved.abs().max().item() <= 0.1 + 1e-6
    True
    """
    return pgd(
        model, input, labels, epsilon,
        steps=steps, step_size=step_size, random_start=False, targeted=targeted, bounds=bounds,
    )  # fmt: skip


def pgd(
    model: Module,
    input: Tensor,
    labels: Tensor,
    epsilon: float,
    *,
    norm: float = math.inf,
    steps: int = 20,
    step_size: float | None = None,
    random_start: bool = True,
    targeted: bool = False,
    bounds: Bounds = (0.0, 1.0),
    generator: ag.Generator | None = None,
) -> Tensor:
    r"""Return what projected gradient ascent on the loss reaches in the ball of *epsilon* around *input*, within the box.

    :math:`x \leftarrow \Pi(x + s \, d)`: for *norm* ``inf`` d is the sign of the gradient, for 2 the gradient divided by its
    length, and :math:`\Pi` projects on the ball and on the box.  s is *step_size*, by default ``2.5 * epsilon / steps``.  With
    *random_start* it begins at a random point of the ball.  Other arguments as of ``fgsm``.  Source: Madry et al., "Towards
    Deep Learning Models Resistant to Adversarial Attacks", 2017.

    >>> import nn
    >>> moved = pgd(nn.Linear(4, 3), ag.full((2, 4), 0.5), ag.tensor([0, 1]), epsilon=0.1, norm=2) - 0.5
    >>> moved.norm(dim=1).max().item() <= 0.1 + 1e-6
    True
    """
    clean, labels, box = _checked("pgd", model, input, labels, epsilon, bounds)
    expect.size("pgd", steps=steps)
    if norm not in (2, math.inf):
        raise ag.errors.ArgumentError(f"pgd: norm={norm!r}, expected 2 or math.inf")
    if step_size is None:
        step_size = 2.5 * epsilon / steps
    check_number("pgd", "step_size", step_size, above=0)
    step = _sign_of(targeted) * step_size
    x = clean
    if random_start:
        x = _clamped(clean + _random_in_ball(clean, epsilon, norm, generator), box)
    for _ in range(steps):
        gradient = _loss_gradient(model, x, labels)
        x = x + step * (gradient.sign() if norm == math.inf else gradient / _lengths(gradient))
        x = _clamped(clean + _in_ball(x - clean, epsilon, norm), box)
    return x


def lbfgs_attack(
    model: Module,
    input: Tensor,
    targets: Tensor,
    *,
    bounds: Bounds = (0.0, 1.0),
    weights: int = 12,
    iterations: int = 100,
) -> Tensor:
    r"""Return inputs near *input* that the model takes for *targets*, by box-constrained L-BFGS.

    For each example :math:`c \, \|r\|^2 + L(x + r, t)` is minimised over x + r in the box; *weights* values of c are tried, by
    bisection of its logarithm, and the nearest result that the model takes for its target is returned, or the example as
    it was if there is none.  *iterations* bounds the steps of each minimisation.  Needs SciPy: ``pip install scipy``.
    Source: Szegedy et al., "Intriguing Properties of Neural Networks", 2013; Byrd, Lu, Nocedal & Zhu, 1995.

    >>> import nn
    >>> model, x = nn.Linear(4, 3), ag.full((2, 4), 0.5)
    >>> found = lbfgs_attack(model, x, ag.tensor([0, 1]))
    >>> bool((found >= 0).all() and (found <= 1).all())
    True
    """
    x, targets, box = _checked("lbfgs_attack", model, input, targets, 1.0, bounds)
    expect.size("lbfgs_attack", weights=weights, iterations=iterations)
    low, high = (np.broadcast_to(bound, x.shape) for bound in box)
    results = x.clone()
    with at_rest(model):
        for n in range(len(x)):
            limits = np.stack([low[n].ravel(), high[n].ravel()], 1)
            found = _nearest(model, x[n : n + 1], targets[n : n + 1], limits, weights, iterations)
            if found is not None:
                results[n] = found[0]
    return results


def _nearest(model: Module, x: Tensor, target: Tensor, limits: Any, weights: int, iterations: int) -> Tensor | None:
    """Return the nearest result for one example over several weights of the distance, or None."""
    best, least = None, math.inf
    small, large = math.log(1e-6), math.log(1e4)  # below, the distance does not count; above, nothing else does
    for _ in range(weights):
        middle = (small + large) / 2
        candidate = _minimised(model, x, target, limits, math.exp(middle), iterations)
        with ag.no_grad():
            succeeded = int(model(candidate).argmax(1).item()) == int(target.item())
        if succeeded:
            small = middle  # the distance may count more
            distance = (candidate - x).norm().item()
            if distance < least:
                best, least = candidate, distance
        else:
            large = middle
    return best


def _minimised(model: Module, x: Tensor, target: Tensor, limits: Any, c: float, iterations: int) -> Tensor:
    """Return the minimum of c |r|^2 + loss in the box, from x on."""
    try:
        from scipy.optimize import minimize
    except ImportError as error:
        raise ImportError("lbfgs_attack needs SciPy, for L-BFGS-B; install it: pip install scipy") from error
    start = np.asarray(x.array, np.float64).ravel()

    def objective(flat: Any) -> tuple[float, Any]:
        y = ag.tensor(flat.reshape(x.shape), dtype=x.dtype, requires_grad=True)
        with ag.enable_grad():
            loss = F.cross_entropy(model(y), target)
        (gradient,) = ag.grad(loss, [y])
        r = flat - start
        return loss.item() + c * float(r @ r), gradient.array.astype(np.float64).ravel() + 2 * c * r

    found = minimize(
        objective, start, jac=True, method="L-BFGS-B", bounds=limits, options={"maxiter": iterations}
    ).x  # fmt: skip
    nearest = np.clip(found.astype(x.dtype), *limits.T.astype(x.dtype))  # rounding must not leave the box
    return ag.from_numpy(nearest.reshape(x.shape))


# ------------------------------------------------------------------------------------------------- training and testing


def adversarial_batches(
    model: Module, attack: Attack, *, clean: bool = True, prepare: Prepare | None = None
) -> Prepare:
    """Return the ``prepare`` with which ``nn.training.fit`` trains *model* against *attack*.

    ``attack(model, inputs, labels)`` makes the inputs anew for each batch, against the model as it is then.  With *clean* the
    batch itself stands before them, so that the loss is the mean of both, as in the paper; without, only they are trained on.
    *prepare* makes (inputs, labels) of a batch of another form.  Source: Goodfellow, Shlens & Szegedy, 2014, section 6; without
    *clean* and with ``pgd``, Madry et al., 2017.

    >>> import nn
    >>> model = nn.Linear(4, 3)
    >>> against = adversarial_batches(model, lambda m, x, y: fgsm(m, x, y, 0.1))
    >>> inputs, labels = against((ag.rand(8, 4), ag.zeros(8).long()))
    >>> inputs.shape, labels.shape
    ((16, 4), (16,))
    """

    def both(batch: Any) -> tuple[Tensor, Tensor]:
        inputs, labels = (prepare or pair)(batch)
        attacked = attack(model, inputs, labels)
        return (ag.cat([inputs, attacked]), ag.cat([labels, labels])) if clean else (attacked, labels)

    return both


def robust_accuracy(
    model: Module, loader: Loader, attack: Attack | None = None, *, prepare: Prepare | None = None
) -> float:
    """Return the share of the examples of *loader* that *model* gets right when *attack* has changed them.

    ``attack(model, inputs, labels)`` returns the changed inputs; None is the accuracy without an attack.  *prepare* makes
    (inputs, labels) of a batch of another form.

    >>> import nn
    >>> model, batch = nn.Linear(4, 3), (ag.rand(8, 4), ag.zeros(8).long())
    >>> attack = lambda m, x, y: pgd(m, x, y, 0.1)
    >>> robust_accuracy(model, [batch], attack) <= robust_accuracy(model, [batch])
    True
    """
    if attack is not None:
        prepare = adversarial_batches(model, attack, clean=False, prepare=prepare)
    return float(evaluate(model, loader, metrics=[Accuracy()], prepare=prepare)["accuracy"])


# ---------------------------------------------------------------------------------------------------------------- steps


def _checked(
    name: str, model: Module, input: Tensor, labels: Tensor, epsilon: float, bounds: Bounds
) -> tuple[Tensor, Tensor, Box]:
    """Return the input without history, the labels, and the bounds as arrays; raise for what does not fit."""
    check_input(name, input)
    check_number(name, "epsilon", epsilon, least=0)
    low, high = box_of(name, bounds, input)
    x = input.detach()
    if (x.array < low).any() or (x.array > high).any():
        raise ag.errors.ArgumentError(
            f"{name}: input has values from {x.array.min():.4g} to {x.array.max():.4g}, outside bounds="
            f"({low.min():.4g}, {high.max():.4g}); pass the box of valid inputs as bounds=(low, high)"
        )
    with at_rest(model), ag.no_grad():
        return x, classes_of(name, outputs_of(name, model, x), labels, "labels"), (low, high)


def _sign_of(targeted: bool) -> int:
    return -1 if targeted else 1


def _loss_gradient(model: Module, x: Tensor, labels: Tensor) -> Tensor:
    """Return the gradient of each example's cross entropy by the example."""
    x = x.detach().requires_grad_()
    with at_rest(model), ag.enable_grad():
        loss = F.cross_entropy(model(x), labels, reduction="sum")
    (gradient,) = ag.grad(loss, [x])
    return gradient


def _clamped(x: Tensor, box: Box) -> Tensor:
    return ag.from_numpy(np.clip(x.array, *box))


def _lengths(x: Tensor) -> Tensor:
    """Return the L2 norm of each example, not 0, in a shape that broadcasts."""
    lengths = x.flatten(1).norm(dim=1).clamp(min=1e-12)
    return lengths.reshape(-1, *[1] * (x.ndim - 1))


def _in_ball(r: Tensor, epsilon: float, norm: float) -> Tensor:
    if norm == math.inf:
        return r.clamp(-epsilon, epsilon)
    return r * (epsilon / _lengths(r)).clamp(max=1.0)


def _random_in_ball(x: Tensor, epsilon: float, norm: float, generator: ag.Generator | None) -> Tensor:
    """Return steps of uniform distribution in the ball."""
    if norm == math.inf:
        return epsilon * (2 * ag.rand(*x.shape, dtype=x.dtype, generator=generator) - 1)
    direction = ag.randn(*x.shape, dtype=x.dtype, generator=generator)
    radius = ag.rand(len(x), *[1] * (x.ndim - 1), dtype=x.dtype, generator=generator) ** (len(x) / x.numel())
    return epsilon * radius * direction / _lengths(direction)
