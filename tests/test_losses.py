"""Losses: values and gradients beside PyTorch's and by hand, reductions, and what these replaced."""

from __future__ import annotations

import inspect
import math
import warnings
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

import autograd_core as ag
import nn
import nn.functional as F

DTYPES = pytest.mark.parametrize("dtype", [ag.float32, ag.float64], ids=str)
REDUCTIONS = pytest.mark.parametrize("reduction", ["none", "mean", "sum"])


def normal(*shape: int) -> Any:
    return ag.randn(*shape, dtype=ag.float64).numpy()


def shares(*shape: int) -> Any:
    """Probabilities along dim 1."""
    return ag.softmax(ag.randn(*shape, dtype=ag.float64), 1).numpy()


def classes(high: int, *shape: int) -> Any:
    return ag.randint(0, high, shape).numpy()


WEIGHT = np.array([0.5, 2.0, 1.0, 0.0, 3.0])

# name of the function, input, target, keyword arguments; arrays among the arguments become tensors
CASES: list[tuple[str, Callable[[], Any], Callable[[], Any], dict[str, Any]]] = [
    ("mse_loss", lambda: normal(3, 4), lambda: normal(3, 4), {}),
    ("l1_loss", lambda: normal(3, 4), lambda: normal(3, 4), {}),
    ("smooth_l1_loss", lambda: normal(3, 4) * 2, lambda: normal(3, 4), {}),
    ("smooth_l1_loss", lambda: normal(3, 4) * 2, lambda: normal(3, 4), {"beta": 0.5}),
    ("smooth_l1_loss", lambda: normal(3, 4), lambda: normal(3, 4), {"beta": 0.0}),
    ("huber_loss", lambda: normal(3, 4) * 2, lambda: normal(3, 4), {"delta": 0.7}),
    ("binary_cross_entropy", lambda: shares(3, 4), lambda: shares(3, 4), {}),
    ("binary_cross_entropy", lambda: shares(3, 4), lambda: shares(3, 4), {"weight": WEIGHT[:4]}),
    ("binary_cross_entropy_with_logits", lambda: normal(3, 4) * 5, lambda: shares(3, 4), {}),
    (
        "binary_cross_entropy_with_logits",
        lambda: normal(3, 5) * 5,
        lambda: shares(3, 5),
        {"weight": np.ones((3, 1)) * 2, "pos_weight": WEIGHT},
    ),
    ("nll_loss", lambda: normal(6, 5), lambda: classes(5, 6), {}),
    ("nll_loss", lambda: normal(6, 5, 2), lambda: classes(5, 6, 2), {"weight": WEIGHT, "ignore_index": 1}),
    ("nll_loss", lambda: normal(5), lambda: classes(5), {}),
    ("cross_entropy", lambda: normal(6, 5), lambda: classes(5, 6), {}),
    ("cross_entropy", lambda: normal(6, 5), lambda: classes(5, 6), {"weight": WEIGHT}),
    ("cross_entropy", lambda: normal(6, 5), lambda: classes(5, 6), {"ignore_index": 2}),
    ("cross_entropy", lambda: normal(6, 5), lambda: classes(5, 6), {"label_smoothing": 0.1}),
    (
        "cross_entropy",
        lambda: normal(6, 5),
        lambda: np.array([0, -100, 3, 2, 4, -100]),
        {"label_smoothing": 0.2, "weight": WEIGHT},
    ),
    ("cross_entropy", lambda: normal(5), lambda: classes(5), {"label_smoothing": 0.2}),
    ("cross_entropy", lambda: normal(2, 5, 3, 2), lambda: classes(5, 2, 3, 2), {"weight": WEIGHT, "ignore_index": 0}),
    ("cross_entropy", lambda: normal(6, 5), lambda: shares(6, 5), {}),
    ("cross_entropy", lambda: normal(2, 5, 3), lambda: shares(2, 5, 3), {"weight": WEIGHT, "label_smoothing": 0.1}),
    ("cross_entropy", lambda: normal(5), lambda: np.array([0.1, 0.2, 0.3, 0.4, 0.0]), {}),
    ("kl_div", lambda: np.log(shares(3, 4)), lambda: shares(3, 4) * [1, 1, 0, 1], {}),
    ("kl_div", lambda: np.log(shares(3, 4)), lambda: np.log(shares(3, 4)), {"log_target": True}),
    ("hinge_embedding_loss", lambda: normal(3, 4), lambda: np.sign(normal(3, 4)), {"margin": 0.5}),
    ("multi_margin_loss", lambda: normal(6, 5), lambda: classes(5, 6), {}),
    ("multi_margin_loss", lambda: normal(6, 5), lambda: classes(5, 6), {"p": 2, "margin": 0.5, "weight": WEIGHT}),
    ("multi_margin_loss", lambda: normal(5), lambda: classes(5), {}),
]


def prepared(case: int, tensor: Any, dtype: Any, keep: Any) -> tuple[Any, Any, dict[str, Any]]:
    """Input, target and keyword arguments of a case, the same ones in each library."""
    ag.manual_seed(case)
    _, make_input, make_target, options = CASES[case]
    name = str(dtype)

    def brought(a: Any) -> Any:
        return tensor(a.astype(name) if a.dtype.kind == "f" else a)

    x = tensor(make_input().astype(name), requires_grad=True)
    target = brought(np.asarray(make_target()))
    return x, target, {k: brought(v) if isinstance(v, np.ndarray) else v for k, v in options.items()}


@pytest.fixture(name="no_mean_warning")
def _no_mean_warning() -> Iterator[None]:
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "(?s).*(reduction='mean' divides|reduction: 'mean' divides)")
        yield


@DTYPES
@REDUCTIONS
@pytest.mark.parametrize("case", range(len(CASES)))
@pytest.mark.usefixtures("no_mean_warning")
def test_value_and_gradient_equal_pytorchs(case: int, reduction: str, dtype: Any) -> None:
    torch = pytest.importorskip("torch")
    name = CASES[case][0]
    x, target, options = prepared(case, ag.tensor, dtype, ag)
    y, their_target, their_options = prepared(case, torch.tensor, dtype, torch)
    ours = getattr(F, name)(x, target, reduction=reduction, **options)
    theirs = getattr(torch.nn.functional, name)(y, their_target, reduction=reduction, **their_options)
    assert ours.dtype == dtype
    tolerance = 1e-10 if dtype == ag.float64 else 1e-4
    np.testing.assert_allclose(ours.detach().numpy(), theirs.detach().numpy(), rtol=tolerance, atol=tolerance)
    (ours * ours).sum().backward()
    (theirs * theirs).sum().backward()
    assert x.grad.dtype == dtype
    np.testing.assert_allclose(x.grad.numpy(), y.grad.numpy(), rtol=tolerance, atol=tolerance)


@REDUCTIONS
@pytest.mark.parametrize("case", range(len(CASES)))
@pytest.mark.usefixtures("no_mean_warning")
def test_gradients_equal_finite_differences(case: int, reduction: str) -> None:
    x, target, options = prepared(case, ag.tensor, ag.float64, ag)
    loss = getattr(F, CASES[case][0])
    assert ag.gradcheck(lambda x: loss(x, target, reduction=reduction, **options), (x,))
    assert ag.gradgradcheck(lambda x: loss(x, target, reduction=reduction, **options), (x,))


@pytest.mark.parametrize(
    ("loss", "function", "options"),
    [
        (nn.MSELoss, "mse_loss", {}), (nn.L1Loss, "l1_loss", {}), (nn.SmoothL1Loss, "smooth_l1_loss", {"beta": 0.3}),
        (nn.HuberLoss, "huber_loss", {"delta": 0.3}), (nn.HingeEmbeddingLoss, "hinge_embedding_loss", {"margin": 0.3}),
        (nn.KLDivLoss, "kl_div", {"reduction": "batchmean", "log_target": True}),
        (nn.BCEWithLogitsLoss, "binary_cross_entropy_with_logits", {"pos_weight": ag.tensor([2.0])}),
    ],
)  # fmt: skip
def test_the_module_is_the_function(loss: Any, function: str, options: dict[str, Any]) -> None:
    x, target = ag.rand(3, 4), ag.rand(3, 4)
    assert loss(**options)(x, target).item() == getattr(F, function)(x, target, **options).item()
    assert loss(**{"reduction": "sum"} | options).reduction == options.get("reduction", "sum")


@pytest.mark.parametrize(
    ("loss", "function", "options"),
    [
        (nn.CrossEntropyLoss, "cross_entropy", {"ignore_index": 1, "label_smoothing": 0.1}),
        (nn.NLLLoss, "nll_loss", {"ignore_index": 1}), (nn.MultiMarginLoss, "multi_margin_loss", {"p": 2, "margin": 0.5}),
    ],
)  # fmt: skip
def test_the_weighted_module_is_the_function(loss: Any, function: str, options: dict[str, Any]) -> None:
    x, target, weight = ag.randn(3, 4), ag.tensor([0, 1, 2]), ag.tensor([1.0, 2.0, 3.0, 4.0])
    made = loss(weight=weight, **options)
    assert list(made.state_dict()) == ["weight"]
    assert made(x, target).item() == getattr(F, function)(x, target, weight=weight, **options).item()


# --------------------------------------------------------------------------------------------- by hand, without PyTorch


def test_values_by_hand() -> None:
    p = np.array([[0.2, 0.3, 0.5], [0.1, 0.8, 0.1]])
    logits, target = ag.tensor(np.log(p)), ag.tensor([2, 0])
    losses = -np.log([0.5, 0.1])
    np.testing.assert_allclose(F.cross_entropy(logits, target, reduction="none").numpy(), losses)
    np.testing.assert_allclose(F.cross_entropy(logits, target).item(), losses.mean())
    np.testing.assert_allclose(F.nll_loss(logits, target, reduction="sum").item(), losses.sum())
    weight = ag.tensor([1.0, 1.0, 3.0], dtype=ag.float64)
    np.testing.assert_allclose(F.cross_entropy(logits, target, weight).item(), (3 * losses[0] + losses[1]) / 4)
    ignored = ag.tensor([2, -100])
    np.testing.assert_allclose(F.cross_entropy(logits, ignored).item(), losses[0])
    smooth = 0.9 * losses + 0.1 * -np.log(p).mean(1)
    np.testing.assert_allclose(F.cross_entropy(logits, target, label_smoothing=0.1).item(), smooth.mean())
    soft = ag.tensor([[0.0, 0.0, 1.0], [1.0, 0.0, 0.0]], dtype=ag.float64)
    np.testing.assert_allclose(F.cross_entropy(logits, soft).item(), losses.mean())
    x, t = ag.tensor([0.25, 0.5]), ag.tensor([1.0, 0.0])
    np.testing.assert_allclose(F.binary_cross_entropy(x, t).item(), -(math.log(0.25) + math.log(0.5)) / 2, rtol=1e-6)
    np.testing.assert_allclose(
        F.binary_cross_entropy_with_logits(ag.log(x / (1 - x)), t).item(),
        -(math.log(0.25) + math.log(0.5)) / 2,
        rtol=1e-6,
    )
    q = np.array([0.5, 0.25, 0.25])
    kl = F.kl_div(logits[:1], ag.tensor(q[None]), reduction="batchmean").item()
    np.testing.assert_allclose(kl, (q * np.log(q / p[0])).sum())


def test_extreme_scores_stay_finite() -> None:
    logits = ag.tensor([[1000.0, -1000.0], [-1000.0, 1000.0]], requires_grad=True)
    loss = F.cross_entropy(logits, ag.tensor([1, 1]))
    assert loss.item() == 1000
    loss.backward()
    np.testing.assert_allclose(logits.grad.numpy(), [[0.5, -0.5], [0, 0]])
    x = ag.tensor([500.0, -500.0], requires_grad=True)
    F.binary_cross_entropy_with_logits(x, ag.tensor([0.0, 1.0])).backward()
    np.testing.assert_allclose(x.grad.numpy(), [0.5, -0.5])


def test_an_ignored_row_may_hold_anything() -> None:
    logits = ag.tensor([[0.0, 0.0], [-math.inf, 0.0]], requires_grad=True)
    for reduction in ("mean", "none"):
        logits.grad = None
        loss = F.cross_entropy(logits, ag.tensor([1, -100]), reduction=reduction)
        loss.sum().backward()
        np.testing.assert_allclose(loss.sum().item(), math.log(2), rtol=1e-6)
        np.testing.assert_allclose(logits.grad.numpy(), [[0.5, -0.5], [0, 0]])


def test_bce_is_bounded_and_its_slope_finite() -> None:
    x = ag.tensor([0.0, 1.0, 0.0, 1.0], requires_grad=True)
    t = ag.tensor([1.0, 0.0, 0.0, 1.0])
    loss = F.binary_cross_entropy(x, t, reduction="none")
    assert loss.tolist() == [100, 100, 0, 0]
    loss.sum().backward()
    np.testing.assert_allclose(x.grad.numpy(), [-1e12, 1e12, 0, 0])
    torch = pytest.importorskip("torch")
    y = torch.tensor([0.0, 1.0, 0.0, 1.0], requires_grad=True)
    torch.nn.functional.binary_cross_entropy(y, torch.tensor(t.numpy()), reduction="sum").backward()
    np.testing.assert_allclose(x.grad.numpy(), y.grad.numpy())
    assert math.isnan(F.binary_cross_entropy(ag.tensor([math.nan]), ag.tensor([1.0])).item())


def test_targets_of_bce_can_be_differentiated() -> None:
    x = ag.rand(4, dtype=ag.float64)
    t = ag.rand(4, dtype=ag.float64, requires_grad=True)
    assert ag.gradcheck(lambda t: F.binary_cross_entropy(x, t), (t,))
    assert ag.gradcheck(lambda t: F.cross_entropy(x, t), (t,))


@pytest.mark.parametrize("dtype", [ag.uint8, ag.int32])
def test_labels_of_other_integers(dtype: Any) -> None:
    labels = ag.tensor([1, 0]).to(dtype)
    x = ag.randn(2, 3)
    assert F.cross_entropy(x, labels).item() == F.cross_entropy(x, labels.long()).item()
    assert F.nll_loss(x, labels).item() == F.nll_loss(x, labels.long()).item()


# ---------------------------------------------------------------------------------------------- what reduction replaced


@pytest.mark.parametrize(
    ("size_average", "reduce", "reduction"),
    [
        (True, None, "mean"), (False, None, "sum"), (None, True, "mean"), (None, False, "none"),
        (True, True, "mean"), (True, False, "none"), (False, True, "sum"), (False, False, "none"),
    ],
)  # fmt: skip
def test_size_average_and_reduce(size_average: bool | None, reduce: bool | None, reduction: str) -> None:
    x, y = ag.tensor([1.0, 3.0]), ag.zeros(2)
    with pytest.warns(UserWarning, match=f"mse_loss: size_average={size_average} and .* use reduction='{reduction}'"):
        loss = F.mse_loss(x, y, size_average, reduce)
    assert loss.tolist() == F.mse_loss(x, y, reduction=reduction).tolist()
    with pytest.warns(UserWarning, match=f"NLLLoss: .* use reduction='{reduction}'") as caught:
        assert nn.NLLLoss(None, size_average, 0, reduce).reduction == reduction
    assert caught[0].filename == __file__


def test_every_loss_has_the_arguments_of_pytorchs() -> None:
    torch = pytest.importorskip("torch")
    compared = 0
    for ours, theirs in ((F, torch.nn.functional), (nn, torch.nn)):
        for name in sorted(n for n in dir(ours) if n.lower().endswith("loss") or "cross_entropy" in n or n == "kl_div"):
            if (other := getattr(theirs, name, None)) is not None and "Linear" not in name and "linear" not in name:
                mine, its = (inspect.signature(f).parameters.values() for f in (getattr(ours, name), other))
                same = [(p.name, p.default, p.kind) for p in mine] == [(p.name, p.default, p.kind) for p in its]
                assert same, f"{name}: {list(mine)} are not {list(its)}"
                compared += 1
    assert compared > 40
