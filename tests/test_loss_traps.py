"""Losses: traps that are explained, such as shapes that broadcast and a softmax too many, and wrong inputs."""

from __future__ import annotations

import math
import warnings
from typing import Any

import numpy as np
import pytest

import autograd_core as ag
import nn
import nn.functional as F

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
    made = r"made at .*test_loss_traps.py:\d+ `scores = ag.ones\(5, 1, requires_grad=True\) \* 2`; use target"
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
        match=r"cross_entropy: input is the output of softmax, made at .*test_loss_traps.py:\d+ `F.cross_entropy\(ag.softmax"
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


# --------------------------------------------------------------------------------------------------------- wrong inputs


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


def test_a_reduction_in_the_place_of_size_average() -> None:
    check("size_average is 'sum', expected a bool; use reduction='sum'", ValueError, "mse_loss", X, X, "sum")
    with pytest.raises(ag.errors.ArgumentError, match="L1Loss: reduce is 'none', expected a bool"):
        nn.L1Loss(reduce="none")
