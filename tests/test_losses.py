"""Losses: values and gradients, reductions, traps that are explained, and wrong inputs."""

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


# ----------------------------------------------------------------------------------------------- by hand, without PyTorch


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


# ------------------------------------------------------------------------------------------------------------- the traps

PAIRED = ["mse_loss", "l1_loss", "smooth_l1_loss", "huber_loss", "hinge_embedding_loss"]


@pytest.mark.parametrize("name", PAIRED)
def test_broadcasting_warns_at_the_users_line(name: str) -> None:
    with pytest.warns(UserWarning, match="broadcast") as caught:
        getattr(F, name)(ag.ones(5, 1), ag.ones(5))
    assert str(caught[0].message) == (
        f"{name}: input (5, 1) and target (5,) broadcast to (5, 5), so that the loss compares elements that do not belong "
        "together; use target.reshape(5, 1)"
    )
    assert caught[0].filename == __file__


def test_broadcasting_keeps_pytorchs_value_and_names_the_maker() -> None:
    model = nn.Linear(4, 1)
    with pytest.warns(
        UserWarning, match=r"loss \(MSELoss\): input .* made by model \(Linear 4->1\); use target.reshape"
    ):
        loss = nn.MSELoss()(model(ag.ones(5, 4)), ag.arange(5.0))
    expected = ((model(ag.ones(5, 4)).detach().numpy() - np.arange(5.0)) ** 2).mean()
    np.testing.assert_allclose(loss.item(), expected, rtol=1e-6)


def test_broadcasting_names_both_lines() -> None:
    scores = ag.ones(5, 1, requires_grad=True) * 2
    made = r"made at .*test_losses.py:\d+ `scores = ag.ones\(5, 1, requires_grad=True\) \* 2`; use target"
    with pytest.warns(UserWarning, match=made) as caught:
        F.mse_loss(scores, ag.ones(5))
    assert caught[0].filename == __file__


def test_broadcasting_raises_when_strict() -> None:
    with (
        F.strict_losses(),
        pytest.raises(ag.errors.ShapeError, match=r"\(5, 1\) and target \(5,\) broadcast to \(5, 5\)"),
    ):
        F.mse_loss(ag.ones(5, 1), ag.ones(5))
    with pytest.warns(UserWarning, match="broadcast"):
        F.mse_loss(ag.ones(5, 1), ag.ones(5))
    with F.strict_losses(), F.strict_losses(False), pytest.warns(UserWarning, match="broadcast"):
        F.mse_loss(ag.ones(5, 1), ag.ones(1))
    F.strict_losses()  # the plain call holds until the next one
    try:
        with pytest.raises(ag.errors.ShapeError, match="give them the same shape"):
            F.l1_loss(ag.ones(5, 2), ag.ones(2))
    finally:
        F.strict_losses(False)


@pytest.mark.parametrize("name", [*PAIRED, "kl_div", "binary_cross_entropy", "binary_cross_entropy_with_logits"])
def test_shapes_that_do_not_fit(name: str) -> None:
    with pytest.raises(ag.errors.ShapeError, match=rf"{name}: input \(3, 2\) and target \(4,\) do not fit each other"):
        getattr(F, name)(ag.ones(3, 2), ag.ones(4), reduction="sum")


@pytest.mark.parametrize("name", ["binary_cross_entropy", "binary_cross_entropy_with_logits"])
def test_shapes_that_pytorch_does_not_broadcast(name: str) -> None:
    message = rf"{name}: input \(3, 1\) and target \(3,\) do not fit each other; use target.reshape\(3, 1\)"
    with pytest.raises(ag.errors.ShapeError, match=message):
        getattr(F, name)(ag.ones(3, 1), ag.ones(3))


def test_cross_entropy_of_probabilities_warns() -> None:
    logits, target = ag.randn(3, 4, requires_grad=True), ag.tensor([0, 1, 2])
    with pytest.warns(
        UserWarning,
        match=r"cross_entropy: input is the output of softmax, made at .*test_losses.py:\d+ `F.cross_entropy\(ag.softmax"
        r".*`, but cross_entropy takes logits",
    ) as caught:
        F.cross_entropy(ag.softmax(logits, 1), target)
    assert caught[0].filename == __file__
    with pytest.warns(
        UserWarning,
        match=r"loss \(CrossEntropyLoss\): .* of softmax, made by model.1 \(Softmax\).*leave the softmax out",
    ):
        nn.CrossEntropyLoss()(nn.Sequential(nn.Linear(4, 4), nn.Softmax(1))(logits), target)
    with pytest.warns(UserWarning, match="nll_loss: input is the output of softmax.*use log_softmax instead"):
        F.nll_loss(ag.softmax(logits, 1), target)
    with pytest.warns(UserWarning, match="takes logits and applies sigmoid itself; leave the sigmoid out"):
        F.binary_cross_entropy_with_logits(ag.sigmoid(logits), ag.zeros(3, 4))


def test_the_softmax_warning_comes_once_a_line() -> None:
    logits, target = ag.randn(3, 4, requires_grad=True), ag.tensor([0, 1, 2])
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("default")
        for _ in range(5):
            F.cross_entropy(ag.softmax(logits, 1), target)
    assert len(caught) == 1


def test_kl_div_explains_mean() -> None:
    p = ag.tensor([[0.5, 0.5]])
    with pytest.warns(
        UserWarning, match="reduction='mean' divides by the number of elements.*use reduction='batchmean'"
    ):
        F.kl_div(ag.log(p), p)


@pytest.mark.parametrize("name", [*PAIRED, "binary_cross_entropy", "binary_cross_entropy_with_logits"])
def test_the_mean_of_an_empty_batch_is_nan_and_says_why(name: str) -> None:
    x = ag.ones(0, 3, requires_grad=True)
    with pytest.warns(UserWarning, match=f"{name}: the mean over no elements is NaN .an empty batch"):
        loss = getattr(F, name)(x, ag.ones(0, 3))
    assert math.isnan(loss.item())
    loss.backward()
    assert x.grad.shape == (0, 3)
    assert getattr(F, name)(x, ag.ones(0, 3), reduction="sum").item() == 0


@pytest.mark.parametrize("name", ["cross_entropy", "nll_loss", "multi_margin_loss"])
def test_empty_batches_of_classes(name: str) -> None:
    x, target = ag.ones(0, 3, requires_grad=True), ag.zeros(0, dtype=ag.int64)
    with pytest.warns(UserWarning, match=f"{name}: the mean over no elements is NaN"):
        assert math.isnan(getattr(F, name)(x, target).item())
    assert getattr(F, name)(x, target, reduction="sum").item() == 0
    assert getattr(F, name)(x, target, reduction="none").shape == (0,)


def test_all_targets_ignored() -> None:
    x = ag.ones(2, 3, requires_grad=True)
    for name in ("cross_entropy", "nll_loss"):
        x.grad = None
        with pytest.warns(UserWarning, match="every target ignored"):
            loss = getattr(F, name)(x, ag.tensor([-100, -100]))
        assert math.isnan(loss.item())
        loss.backward()
        assert (x.grad.numpy() == 0).all()
    p = ag.ones(0, 2)
    with pytest.warns(UserWarning, match="no elements"):
        F.kl_div(p, p, reduction="batchmean")


# ---------------------------------------------------------------------------------------------------------- wrong inputs


def check(message: str, error: type[Exception], name: str, *args: Any, **options: Any) -> None:
    with pytest.raises(error, match=message):
        getattr(F, name)(*args, **options)


X, T = ag.zeros(3, 5), ag.tensor([0, 1, 2])


@pytest.mark.parametrize("name", ["cross_entropy", "nll_loss", "multi_margin_loss"])
def test_wrong_classes(name: str) -> None:
    check(r"target 5|target holds 5", IndexError, name, X, ag.tensor([0, 5, 2]))
    check(r"target -1|target holds -1", IndexError, name, X, ag.tensor([0, -1, 2]))
    check(r"target holds 7", IndexError, name, X, ag.tensor([0, 7, 2]), weight=ag.ones(5))
    check(r"expects target of \(3,\), got \(4,\); one class index is needed", ValueError, name, X, ag.zeros(4).long())
    check(r"got \(3, 1\); use target.reshape\(3,\)", ag.errors.ShapeError, name, X, T.reshape(3, 1))
    check(r"got \(3, 5\); for one-hot rows pass target.argmax\(1\)", ag.errors.ShapeError, name, X, X.long())
    check("expects floating scores as input, got int64", ag.errors.DtypeError, name, X.long(), T)
    check(r"expects input of \(N, C\)", ag.errors.ShapeError, name, ag.tensor(1.0), T)
    check(
        r"expects weight of \(5,\), one for each class, got \(4,\)", ag.errors.ShapeError, name, X, T, weight=ag.ones(4)
    )
    check(
        r"expects weight of float32, the dtype of input, got float64", TypeError, name, X, T, weight=ag.ones(5).double()
    )
    check("input is of type list, expected a Tensor; wrap it", TypeError, name, [1.0], T)
    check("target is of type list, expected a Tensor; wrap it", TypeError, name, X, [0, 1, 2])
    check(r"target is of type ndarray", TypeError, name, X, T.numpy())
    check("reduction is 'avg', expected one of 'none', 'mean', 'sum'", ValueError, name, X, T, reduction="avg")


def test_wrong_arguments_of_cross_entropy() -> None:
    name = "cross_entropy"
    check("label_smoothing=2, expected a number from 0 to 1", ag.errors.ArgumentError, name, X, T, label_smoothing=2)
    check(
        r"expects integers as target.*convert class indices with target.long", ag.errors.DtypeError, name, X, T.float()
    )
    check(r"for probabilities use the shape of input \(3, 5\)", ag.errors.DtypeError, name, X, ag.zeros(3, 4))
    check("expects a target of float32, got float64", ag.errors.DtypeError, name, X, X.double())
    check("ignore_index=1 has no meaning for probabilities", ag.errors.ArgumentError, name, X, X, ignore_index=1)
    check(r"target of integers, got float32", ag.errors.DtypeError, "nll_loss", X, T.float())
    check("p=3, expected 1 or 2", ag.errors.ArgumentError, "multi_margin_loss", X, T, p=3)
    check(r"input of \(N, C\) or \(C,\)", ag.errors.ShapeError, "multi_margin_loss", ag.zeros(2, 5, 3), T)


def test_wrong_inputs_of_the_others() -> None:
    x = ag.full((2,), 0.5)
    for name in (*PAIRED, "kl_div", "binary_cross_entropy", "binary_cross_entropy_with_logits"):
        check(
            "expects input to be floating, got int64; convert it with input.float",
            TypeError,
            name,
            x.long(),
            x,
            reduction="sum",
        )
        check(
            r"expects target of float32, the dtype of input, got float64",
            TypeError,
            name,
            x,
            x.double(),
            reduction="sum",
        )
        check("target is of type float, expected a Tensor", TypeError, name, x, 1.0, reduction="sum")
    assert F.mse_loss(x, ag.tensor([0, 1])).item() == 0.25  # integers are exact
    check("target of float32", TypeError, "binary_cross_entropy", x, ag.tensor([0, 1]))
    check(
        "input holds 1.5, expected probabilities from 0 to 1; apply sigmoid",
        ValueError,
        "binary_cross_entropy",
        x * 3,
        x,
    )
    check("weight of float32, the dtype of input", TypeError, "binary_cross_entropy", x, x, x.double())
    check("pos_weight of float32", TypeError, "binary_cross_entropy_with_logits", x, x, pos_weight=x.double())
    check("beta=-1, expected a number of at least 0", ValueError, "smooth_l1_loss", x, x, beta=-1)
    check("delta=0, expected a positive number", ValueError, "huber_loss", x, x, delta=0)
    with pytest.raises(ag.errors.ArgumentError, match="MSELoss: reduction is 'avg', expected one of"):
        nn.MSELoss(reduction="avg")
    assert nn.KLDivLoss(reduction="batchmean").reduction == "batchmean"
    with pytest.raises(TypeError, match=r"register a list as buffer 'weight'"):
        nn.CrossEntropyLoss(weight=[1.0])


# --------------------------------------------------------------------------------------------- what reduction replaced


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


def test_a_reduction_in_the_place_of_size_average() -> None:
    check("size_average is 'sum', expected a bool; use reduction='sum'", ValueError, "mse_loss", X, X, "sum")
    with pytest.raises(ag.errors.ArgumentError, match="L1Loss: reduce is 'none', expected a bool"):
        nn.L1Loss(reduce="none")


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
