"""Losses of pairs, triplets, several labels and distributions: by hand, by loops, by PyTorch, derivatives, wrong inputs."""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from beside_torch import agree_in_pair

import autograd_core as ag
import nn
import nn.functional as F

DTYPES = pytest.mark.parametrize("dtype", [ag.float32, ag.float64], ids=str)
REDUCTIONS = pytest.mark.parametrize("reduction", ["none", "mean", "sum"])


def normal(*shape: int) -> Any:
    return ag.randn(*shape, dtype=ag.float64).numpy()


def positive(*shape: int) -> Any:
    return np.exp(normal(*shape))


def counts(*shape: int) -> Any:
    return ag.randint(0, 9, shape).numpy().astype(float)


def signs(*shape: int) -> Any:
    return ag.randint(0, 2, shape).numpy() * 2 - 1


def yes_or_no(*shape: int) -> Any:
    return ag.randint(0, 2, shape).numpy().astype(float)


# Name; floating inputs, which get gradients; further arguments, which do not; keyword arguments.
CASES: list[tuple[str, list[Callable[[], Any]], list[Callable[[], Any]], dict[str, Any]]] = [
    ("gaussian_nll_loss", [lambda: normal(4, 3), lambda: normal(4, 3), lambda: positive(4, 3)], [], {"full": True}),
    ("gaussian_nll_loss", [lambda: normal(4, 3), lambda: normal(4, 3), lambda: positive(4)], [], {}),
    ("gaussian_nll_loss", [lambda: normal(4, 3, 2), lambda: normal(4, 3, 2), lambda: positive(4, 1, 2)], [], {}),
    ("gaussian_nll_loss", [lambda: normal(4, 3), lambda: normal(4, 3)], [], {"var": 2.0}),
    ("poisson_nll_loss", [lambda: normal(4, 3)], [lambda: counts(4, 3)], {}),
    ("poisson_nll_loss", [lambda: normal(4, 3)], [lambda: counts(4, 3)], {"full": True}),
    ("poisson_nll_loss", [lambda: positive(4, 3)], [lambda: counts(4, 3)], {"log_input": False, "eps": 0.1}),
    ("poisson_nll_loss", [lambda: normal(4), lambda: positive(4)], [], {"full": True}),
    ("cosine_embedding_loss", [lambda: normal(6, 3), lambda: normal(6, 3)], [lambda: signs(6)], {"margin": 0.2}),
    ("cosine_embedding_loss", [lambda: normal(3), lambda: normal(3)], [lambda: signs()], {}),
    ("margin_ranking_loss", [lambda: normal(6), lambda: normal(6)], [lambda: signs(6)], {"margin": 0.5}),
    ("margin_ranking_loss", [lambda: normal(6, 2), lambda: normal(6, 2)], [lambda: signs(6, 2).astype(float)], {}),
    ("triplet_margin_loss", [lambda: normal(5, 3)] * 3, [], {"margin": 1.5}),
    ("triplet_margin_loss", [lambda: normal(5, 3)] * 3, [], {"p": 3.0, "eps": 0.1, "swap": True}),
    ("triplet_margin_loss", [lambda: normal(3)] * 3, [], {"p": 1.0}),
    ("triplet_margin_with_distance_loss", [lambda: normal(5, 3)] * 3, [], {"margin": 1.5, "swap": True}),
    ("soft_margin_loss", [lambda: normal(4, 3) * 5], [lambda: signs(4, 3)], {}),
    ("soft_margin_loss", [lambda: normal(4, 3)], [lambda: signs(4, 3).astype(float)], {}),
    ("multilabel_soft_margin_loss", [lambda: normal(4, 3) * 5], [lambda: yes_or_no(4, 3)], {}),
    ("multilabel_soft_margin_loss", [lambda: normal(4, 3)], [lambda: yes_or_no(4, 3)], {"weight": np.array([1.0, 0.0, 3.0])}),
    ("multilabel_soft_margin_loss", [lambda: normal(3), lambda: yes_or_no(3)], [], {}),
    ("multilabel_margin_loss", [lambda: normal(3, 4)], [lambda: np.array([[3, 0, -1, 1], [-1, 2, 2, 2], [1, 1, 2, 3]])], {}),
    ("multilabel_margin_loss", [lambda: normal(4)], [lambda: np.array([2, -1, -1, -1])], {}),
    ("mse_loss", [lambda: normal(4, 3)] * 2, [], {"weight": np.arange(12.0).reshape(4, 3)}),
    ("l1_loss", [lambda: normal(4, 3)] * 2, [], {"weight": np.arange(12.0).reshape(4, 3)}),
    ("huber_loss", [lambda: normal(4, 3)] * 2, [], {"weight": np.arange(12.0).reshape(4, 3), "delta": 0.5}),
    # A variance below eps: a bound that is reached has the slope of PyTorch's, and not its own.
    ("gaussian_nll_loss", [lambda: normal(4), lambda: normal(4), lambda: positive(4)], [], {"eps": 0.7}),
]  # fmt: skip
NAMES = [f"{i}-{case[0]}" for i, case in enumerate(CASES)]


def prepared(case: int, dtype: Any) -> list[Any]:
    ag.manual_seed(case)
    return [np.asarray(make()).astype(str(dtype)) for make in CASES[case][1]]


def call(case: int, library: Any, functional: Any, reduction: str, dtype: Any) -> Callable[..., Any]:
    """The loss as a function of the tensors that get gradients."""
    name, _, further, options = CASES[case]

    def tensor(a: Any) -> Any:
        return library.tensor(a.astype(str(dtype)) if a.dtype.kind == "f" else a)

    ag.manual_seed(case)
    rest = [tensor(np.asarray(make())) for make in further]
    options = {k: tensor(v) if isinstance(v, np.ndarray) else v for k, v in options.items()} | {"reduction": reduction}
    return lambda *xs: getattr(functional, name)(*xs, *rest, **options)


@pytest.mark.parametrize("case", range(len(CASES)), ids=NAMES)
@REDUCTIONS
@DTYPES
def test_value_and_derivatives_equal_pytorchs(case: int, reduction: str, dtype: Any) -> None:
    torch = pytest.importorskip("torch")
    ours, theirs = (call(case, *lib, reduction, dtype) for lib in ((ag, F), (torch, torch.nn.functional)))
    order = 1 if CASES[case][0] == "multilabel_margin_loss" else 2  # PyTorch has no second derivative of it
    agree_in_pair(ours, theirs, *prepared(case, dtype), order=order)


@pytest.mark.parametrize("case", range(len(CASES) - 1), ids=NAMES[:-1])
def test_derivatives_equal_finite_differences(case: int) -> None:
    loss, xs = (
        call(case, ag, F, "none", ag.float64),
        [ag.tensor(x, requires_grad=True) for x in prepared(case, ag.float64)],
    )
    assert ag.gradcheck(loss, xs)
    assert ag.gradgradcheck(loss, xs)


@pytest.mark.parametrize(
    ("loss", "function", "arguments", "options"),
    [
        (nn.GaussianNLLLoss, "gaussian_nll_loss", [(4, 3), (4, 3), 2.0], {"full": True, "eps": 0.1}),
        (nn.PoissonNLLLoss, "poisson_nll_loss", [(4, 3), (4, 3)], {"log_input": False, "full": True, "eps": 0.1}),
        (nn.CosineEmbeddingLoss, "cosine_embedding_loss", [(4, 3), (4, 3), np.array([1, -1, 1, -1])], {"margin": 0.3}),
        (nn.MarginRankingLoss, "margin_ranking_loss", [(4,), (4,), np.array([1, -1, 1, -1])], {"margin": 0.3}),
        (nn.TripletMarginLoss, "triplet_margin_loss", [(4, 3)] * 3, {"margin": 2.0, "p": 1, "eps": 0.1, "swap": True}),
        (nn.TripletMarginWithDistanceLoss, "triplet_margin_with_distance_loss", [(4, 3)] * 3,
         {"distance_function": lambda a, b: ag.square(a - b).sum(-1), "margin": 0.3, "swap": True}),
        (nn.TripletMarginWithDistanceLoss, "triplet_margin_with_distance_loss", [(4, 3)] * 3, {}),
        (nn.SoftMarginLoss, "soft_margin_loss", [(4, 3), np.array([[1, -1, 1]] * 4)], {}),
        (nn.MultiLabelSoftMarginLoss, "multilabel_soft_margin_loss", [(4, 3), (4, 3)], {"weight": ag.tensor([1.0, 2.0, 3.0])}),
        (nn.MultiLabelMarginLoss, "multilabel_margin_loss", [(1, 3), np.array([[1, -1, 0]])], {}),
    ],
)  # fmt: skip
def test_the_module_is_the_function(loss: Any, function: str, arguments: Any, options: dict[str, Any]) -> None:
    made = [
        ag.rand(*a) if isinstance(a, tuple) else ag.tensor(a) if isinstance(a, np.ndarray) else a for a in arguments
    ]
    for reduction in ("mean", "none"):
        module = loss(reduction=reduction, **options)
        expected = getattr(F, function)(*made, reduction=reduction, **options)
        np.testing.assert_array_equal(module(*made).numpy(), expected.numpy())


# ------------------------------------------------------------------------------------------------- by hand and by loops


def test_values_by_hand() -> None:
    t = ag.tensor
    np.testing.assert_allclose(
        F.gaussian_nll_loss(t([1.0, 2.0]), t([1.0, 4.0]), t([1.0, 2.0]), full=True, reduction="none").numpy(),
        [0.5 * math.log(2 * math.pi), 0.5 * (math.log(2) + 2 + math.log(2 * math.pi))],
        rtol=1e-6,
    )
    assert F.gaussian_nll_loss(t([1.0]), t([1.0]), 1).item() == 0
    np.testing.assert_allclose(
        F.poisson_nll_loss(t([2.0]), t([3.0]), log_input=False).item(), 2 - 3 * math.log(2), rtol=1e-6
    )
    stirling = 3 * math.log(3) - 3 + 0.5 * math.log(2 * math.pi * 3)
    np.testing.assert_allclose(F.poisson_nll_loss(t([0.0]), t([3]), full=True).item(), 1 + stirling, rtol=1e-6)
    assert F.poisson_nll_loss(t([0.0, 0.0]), t([0.0, 1.0]), full=True, reduction="none").tolist() == [1, 1]
    pair = t([[1.0, 0.0], [3.0, 4.0]]), t([[0.0, 1.0], [4.0, 3.0]])
    np.testing.assert_allclose(
        F.cosine_embedding_loss(*pair, t([1, -1]), 0.5, reduction="none").numpy(), [1, 0.46], rtol=1e-6
    )
    assert F.margin_ranking_loss(t([1.0, 1.0]), t([2.0, 2.0]), t([1, -1]), 0.5, reduction="none").tolist() == [1.5, 0]
    triplet = t([[0.0, 0.0]]), t([[3.0, 4.0]]), t([[0.0, 6.0]])
    np.testing.assert_allclose(F.triplet_margin_loss(*triplet, margin=2.0).item(), 5 - 6 + 2, rtol=1e-5)
    near = math.hypot(3, 2)  # of the negative from the positive
    np.testing.assert_allclose(F.triplet_margin_loss(*triplet, margin=2.0, swap=True).item(), 5 - near + 2, rtol=1e-5)
    np.testing.assert_allclose(F.soft_margin_loss(t([2.0]), t([-1])).item(), math.log1p(math.exp(2)), rtol=1e-6)
    np.testing.assert_allclose(
        F.multilabel_soft_margin_loss(t([[2.0, 0.0]]), t([[1.0, 0.0]])).item(),
        (math.log1p(math.exp(-2)) + math.log(2)) / 2,
        rtol=1e-6,
    )


def test_multilabel_margin_by_loops() -> None:
    rng = np.random.default_rng(0)
    x, labels = rng.normal(size=(20, 5)), rng.integers(-1, 5, (20, 5))
    expected = []
    for row, named in zip(x, labels, strict=True):
        ys = named[: np.argmax(np.append(named, -1) == -1)]
        expected.append(sum(max(0, 1 - row[y] + row[j]) for y in ys for j in range(5) if j not in ys) / 5)
    found = F.multilabel_margin_loss(ag.tensor(x), ag.tensor(labels), reduction="none")
    np.testing.assert_allclose(found.numpy(), expected)
    assert F.multilabel_margin_loss(ag.ones(2, 3), ag.full((2, 3), -1).long(), reduction="sum").item() == 0


def test_weighted_means_by_hand() -> None:
    x, t, w = ag.tensor([1.0, 4.0]), ag.zeros(2), ag.tensor([3.0, 1.0])
    assert F.mse_loss(x, t, weight=w).item() == (3 + 16) / 4
    assert F.l1_loss(x, t, weight=w).item() == (3 + 4) / 4
    assert F.huber_loss(x, t, weight=w).item() == (3 * 0.5 + 3.5) / 2
    assert F.l1_loss(x, t, weight=w, reduction="none").tolist() == [3, 4]


def test_extreme_scores_stay_finite() -> None:
    x = ag.tensor([1000.0, -1000.0], requires_grad=True)
    loss = F.soft_margin_loss(x, ag.tensor([-1, -1]), reduction="none")
    assert loss.tolist() == [1000, 0]
    loss.sum().backward()
    assert x.grad.tolist() == [1, 0]
    x.grad = None
    F.multilabel_soft_margin_loss(x, ag.tensor([0.0, 1.0])).backward()
    assert x.grad.tolist() == [0.5, -0.5]


def test_slopes_at_corners_are_pytorchs() -> None:
    x = ag.tensor([1.0], requires_grad=True)
    F.margin_ranking_loss(x, ag.tensor([1.0]), ag.tensor([1])).backward()
    assert x.grad.item() == -1  # clamp has slope 1 at its bound
    x.grad = None
    F.multilabel_margin_loss(ag.cat([x, x + 1]), ag.tensor([1, -1])).backward()
    assert x.grad.item() == 0  # and relu slope 0
    zeros = ag.zeros(3, dtype=ag.float64, requires_grad=True)
    assert (
        ag.hessian(lambda x: F.smooth_l1_loss(x, ag.zeros(3).double(), reduction="sum"), zeros).tolist()
        == np.eye(3).tolist()
    )
    (slope,) = ag.grad(F.triplet_margin_loss(zeros, zeros, zeros + 0, eps=0.0), zeros, allow_unused=True)
    assert slope.tolist() == [0, 0, 0]


@pytest.mark.parametrize(
    "name", ["gaussian_nll_loss", "poisson_nll_loss", "soft_margin_loss", "multilabel_soft_margin_loss"]
)
def test_nan_and_nothing(name: str) -> None:
    further = (1.0,) if name == "gaussian_nll_loss" else ()
    loss = getattr(F, name)
    assert math.isnan(loss(ag.tensor([math.nan]), ag.ones(1), *further).item())
    with pytest.warns(UserWarning, match=f"{name}: the mean over no elements is NaN"):
        assert math.isnan(loss(ag.ones(0, 3), ag.ones(0, 3), *further).item())
    assert loss(ag.ones(0, 3), ag.ones(0, 3), *further, reduction="sum").item() == 0


def test_kl_div_of_a_negative_probability_is_nan() -> None:
    each = F.kl_div(ag.zeros(3), ag.tensor([-1.0, 0.0, 1.0]), reduction="none").tolist()
    assert math.isnan(each[0])
    assert each[1:] == [0, 0]


def test_triplets_of_any_shape() -> None:
    x = ag.tensor([[[0.0]], [[3.0]], [[2.0]]])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        loss = F.triplet_margin_with_distance_loss(
            *x, distance_function=lambda a, b: (a - b).abs().sum((0, 1)), margin=0.5
        )
    assert loss.item() == 1.5


# ----------------------------------------------------------------------------------------------------- linear, adaptive


@pytest.mark.parametrize(
    ("shape", "outputs", "target"),
    [((6, 5), (), (6,)), ((5,), (), ()), ((6, 5), (2, 3), (6, 2, 3)), ((6, 5), (2,), (6, 4, 2))],
)
def test_linear_cross_entropy_is_linear_and_cross_entropy(shape: Any, outputs: Any, target: Any) -> None:
    x, w, b = ag.randn(*shape), ag.randn(4, *outputs, 5), ag.randn(4, *outputs)
    labels = ag.rand(*target) if len(target) == 2 + len(outputs) else ag.randint(0, 4, target)
    weight = ag.tensor([1.0, 2.0, 0.5, 3.0])
    logits = (x @ w.reshape(-1, 5).T).reshape(*shape[:-1], 4, *outputs)
    expected = F.cross_entropy(logits + b, labels, weight, label_smoothing=0.1).item()
    found = F.linear_cross_entropy(x, w, labels, linear_bias=b, weight=weight, label_smoothing=0.1)
    np.testing.assert_allclose(found.item(), expected, rtol=1e-5)
    np.testing.assert_allclose(
        F.linear_cross_entropy(x, w, labels).item(), F.cross_entropy(logits, labels).item(), rtol=1e-5
    )


def test_linear_cross_entropy_as_a_module() -> None:
    module = nn.LinearCrossEntropyLoss(5, 4, out_features=(2,), bias=True, label_smoothing=0.1, weight=ag.ones(4))
    assert {k: tuple(v.shape) for k, v in module.state_dict().items()} == {
        "weight": (4,), "linear.weight": (8, 5), "linear.bias": (8,)
    }  # fmt: skip
    module(ag.randn(3, 5), ag.randint(0, 4, (3, 2))).backward()
    assert module.linear.weight.grad.shape == (8, 5)


def adaptive(**options: Any) -> Any:
    ag.manual_seed(0)
    return nn.AdaptiveLogSoftmaxWithLoss(8, 20, cutoffs=[4, 10], div_value=2.0, **options)


TARGET = [0, 3, 4, 9, 10, 19, 5]


def test_adaptive_softmax_by_its_definition() -> None:
    model, x = adaptive(head_bias=True), ag.randn(7, 8)
    every = model.log_prob(x)
    np.testing.assert_allclose(every.exp().sum(1).detach().numpy(), np.ones(7), rtol=1e-5)
    output, loss = model(x, ag.tensor(TARGET))
    np.testing.assert_allclose(output.detach().numpy(), every.detach().numpy()[np.arange(7), TARGET], rtol=1e-5)
    np.testing.assert_allclose(loss.item(), -output.detach().numpy().mean(), rtol=1e-6)
    assert model.predict(x).tolist() == every.argmax(1).tolist()
    alone = model(x[5], ag.tensor(19))
    assert alone.output.shape == ()
    np.testing.assert_allclose(alone.output.item(), output[5].item(), rtol=1e-5)
    before = model.head.weight.clone()
    model.reset_parameters()
    assert not ag.equal(before, model.head.weight)


def test_adaptive_softmax_predicts_classes_of_clusters() -> None:
    model, x = adaptive(), ag.randn(50, 8) * 5
    found = model.predict(x)
    assert found.tolist() == model.log_prob(x).argmax(1).tolist()
    assert (found >= 4).any()
    assert (found < 4).any()


def test_adaptive_softmax_equals_pytorchs() -> None:
    torch = pytest.importorskip("torch")
    ours, theirs = adaptive(head_bias=True), torch.nn.AdaptiveLogSoftmaxWithLoss(8, 20, [4, 10], 2.0, head_bias=True)
    state = ours.state_dict()
    theirs.load_state_dict({name: torch.tensor(value.numpy()) for name, value in state.items()})
    assert list(theirs.state_dict()) == list(state)
    x = ag.randn(7, 8).numpy()
    a, b = ours(ag.tensor(x), ag.tensor(TARGET)), theirs(torch.tensor(x), torch.tensor(TARGET))
    np.testing.assert_allclose(a.output.detach().numpy(), b.output.detach().numpy(), rtol=1e-5)
    a.loss.backward()
    b.loss.backward()
    for (name, p), q in zip(ours.named_parameters(), theirs.parameters(), strict=True):
        np.testing.assert_allclose(p.grad.numpy(), q.grad.numpy(), rtol=1e-4, atol=1e-6, err_msg=name)


def test_adaptive_softmax_to_second_order() -> None:
    model = adaptive(dtype=ag.float64)
    x = ag.randn(7, 8, dtype=ag.float64, requires_grad=True)
    assert ag.gradcheck(lambda x: model(x, ag.tensor(TARGET)).output, (x,))
    assert ag.gradgradcheck(lambda x: model(x, ag.tensor(TARGET)).output, (x,))


def test_an_old_name() -> None:
    x, target = ag.randn(2, 3, 4, 4), ag.randint(0, 3, (2, 4, 4))
    assert nn.NLLLoss2d(ignore_index=1)(x, target).item() == nn.NLLLoss(ignore_index=1)(x, target).item()


# --------------------------------------------------------------------------------------------------------- wrong inputs

PAIRED = ["poisson_nll_loss", "soft_margin_loss", "multilabel_soft_margin_loss"]


@pytest.mark.parametrize("name", PAIRED)
def test_broadcasting_warns(name: str) -> None:
    message = rf"{name}: input \(5, 1\) and target \(5,\) broadcast to \(5, 5\), .*; use target.reshape\(5, 1\)"
    with pytest.warns(UserWarning, match=message) as caught:
        getattr(F, name)(ag.ones(5, 1), ag.ones(5))
    assert caught[0].filename == __file__
    with F.strict_losses(), pytest.raises(ag.errors.ShapeError, match="broadcast to"):
        getattr(F, name)(ag.ones(5, 1), ag.ones(5))


def test_broadcasting_of_other_arguments_warns() -> None:
    with pytest.warns(UserWarning, match=r"input1 \(5, 1\) and input2 \(1, 5\) broadcast to \(5, 5\)"):
        F.margin_ranking_loss(ag.ones(5, 1), ag.ones(1, 5), ag.ones(5, 1))
    with pytest.warns(UserWarning, match=r"anchor \(5, 2\) and negative \(1, 2\) broadcast to \(5, 2\)"):
        F.triplet_margin_loss(ag.ones(5, 2), ag.ones(5, 2), ag.ones(1, 2))
    with pytest.warns(UserWarning, match=r"gaussian_nll_loss: input \(5, 1\) and target \(1, 5\) broadcast"):
        F.gaussian_nll_loss(ag.ones(5, 1), ag.ones(1, 5), 1.0)


def test_a_sigmoid_too_many_warns() -> None:
    with pytest.warns(
        UserWarning, match="multilabel_soft_margin_loss: input is the output of sigmoid.*leave the sigmoid out"
    ):
        F.multilabel_soft_margin_loss(ag.sigmoid(ag.ones(2, 3, requires_grad=True)), ag.ones(2, 3))


M, V = ag.ones(3, 2), ag.ones(3)
SHAPE, VALUE, DTYPE = ag.errors.ShapeError, ag.errors.ArgumentError, ag.errors.DtypeError


@pytest.mark.parametrize(
    ("error", "message", "call"),
    [
        (SHAPE, r"gaussian_nll_loss: expects var of \(3, 2\), the shape of input, .* got \(2,\)",
         lambda: F.gaussian_nll_loss(M, M, ag.ones(2))),
        (SHAPE, r"expects var of .* got \(1, 1\)", lambda: F.gaussian_nll_loss(M, M, ag.ones(1, 1))),
        (VALUE, r"var holds -1.0, expected variances of at least 0; pass softplus",
         lambda: F.gaussian_nll_loss(M, M, -M)),
        (VALUE, r"var holds -2.0, expected variances", lambda: F.gaussian_nll_loss(M, M, -2.0)),
        (VALUE, "eps=0, expected a positive number", lambda: F.gaussian_nll_loss(M, M, M, eps=0)),
        (DTYPE, "var of float32, the dtype of input, got float64", lambda: F.gaussian_nll_loss(M, M, M.double())),
        (TypeError, "var is of type list, expected a Tensor", lambda: F.gaussian_nll_loss(M, M, [1.0])),
        (SHAPE, r"cosine_embedding_loss: expects target of \(3,\), got \(3, 2\)",
         lambda: F.cosine_embedding_loss(M, M, M)),
        (SHAPE, r"expects input1 and input2 of \(N, D\) or \(D,\)",
         lambda: F.cosine_embedding_loss(M[None], M[None], M[0])),
        (DTYPE, "input2 of float32, the dtype of input1, got float64; convert it with input2.to",
         lambda: F.cosine_embedding_loss(M, M.double(), V)),
        (SHAPE, r"margin_ranking_loss: expects equally many dims, got input1 \(3,\), input2 \(3,\), target \(3, 2\)",
         lambda: F.margin_ranking_loss(V, V, M)),
        (SHAPE, r"input1 \(3,\) and target \(2,\) do not fit each other",
         lambda: F.margin_ranking_loss(V, V, ag.ones(2))),
        (DTYPE, "expects input1 to be floating, got int64", lambda: F.margin_ranking_loss(V.long(), V, V)),
        (SHAPE, r"triplet_margin_loss: expects equally many dims, got anchor \(3, 2\), positive \(3, 2\), negative \(3,\)",
         lambda: F.triplet_margin_loss(M, M, V)),
        (VALUE, "triplet_margin_loss: margin=0, expected a positive number",
         lambda: F.triplet_margin_loss(M, M, M, margin=0)),
        (VALUE, "triplet_margin_with_distance_loss: margin=-1",
         lambda: F.triplet_margin_with_distance_loss(M, M, M, margin=-1)),
        (VALUE, "TripletMarginLoss: margin=0, expected a positive", lambda: nn.TripletMarginLoss(margin=0)),
        (VALUE, "TripletMarginWithDistanceLoss: margin=0", lambda: nn.TripletMarginWithDistanceLoss(margin=0)),
        (TypeError, "negative is of type list", lambda: F.triplet_margin_with_distance_loss(M, M, [1.0])),
        (VALUE, "triplet_margin_loss: reduction is 'avg'", lambda: F.triplet_margin_loss(M, M, M, reduction="avg")),
        (SHAPE, r"multilabel_margin_loss: input \(3, 2\) and target \(3,\) do not fit",
         lambda: F.multilabel_margin_loss(M, V.long())),
        (SHAPE, r"multilabel_margin_loss: expects input of \(N, C\) or \(C,\)",
         lambda: F.multilabel_margin_loss(M[None], M[None].long())),
        (IndexError, "multilabel_margin_loss: target holds 2, expected classes of 0 to 1; check the labels; -1 ends",
         lambda: F.multilabel_margin_loss(M, 2 * M.long())),
        (IndexError, "target holds -2, expected classes", lambda: F.multilabel_margin_loss(M, -2 * M.long())),
        (DTYPE, "target of integers, got float32", lambda: F.multilabel_margin_loss(M, M)),
        (SHAPE, r"multilabel_soft_margin_loss: expects input of \(..., C\)",
         lambda: F.multilabel_soft_margin_loss(ag.tensor(1.0), ag.tensor(1.0))),
        (SHAPE, r"mse_loss: expects weight of \(3, 2\), the shape of input, got \(2,\)",
         lambda: F.mse_loss(M, M, weight=ag.ones(2))),
        (DTYPE, "huber_loss: expects weight of float32", lambda: F.huber_loss(M, M, weight=M.double())),
        (SHAPE, r"expects linear_weight of \(C, ..., I\)", lambda: F.linear_cross_entropy(M, V, V.long())),
        (SHAPE, r"expects input of \(N, 3\) or \(3,\), got \(3, 2\)",
         lambda: F.linear_cross_entropy(M, ag.ones(4, 3), V.long())),
        (SHAPE, r"expects input of \(N, 2\), got \(2,\)",
         lambda: F.linear_cross_entropy(M[0], ag.ones(4, 3, 2), V.long())),
        (SHAPE, r"expects linear_bias of \(4,\), got \(3,\)",
         lambda: F.linear_cross_entropy(M, ag.ones(4, 2), V.long(), linear_bias=V)),
        (VALUE, r"cutoffs=\[\], expected integers that increase", lambda: nn.AdaptiveLogSoftmaxWithLoss(8, 20, [])),
        (VALUE, r"cutoffs=\[4, 4\]", lambda: nn.AdaptiveLogSoftmaxWithLoss(8, 20, [4, 4])),
        (VALUE, r"cutoffs=\[4, 20\], expected .* of 1 to n_classes - 1 = 19",
         lambda: nn.AdaptiveLogSoftmaxWithLoss(8, 20, [4, 20])),
        (VALUE, "div_value=4.0 leaves no feature of in_features=8 for cluster 2",
         lambda: nn.AdaptiveLogSoftmaxWithLoss(8, 20, [4, 10])),
        (SHAPE, r"expects a target of \(3,\), one class for each row of input \(3, 8\), got \(2,\)",
         lambda: adaptive()(ag.ones(3, 8), ag.tensor([1, 2]))),
        (SHAPE, r"expects a target of \(\), .* got \(1,\)", lambda: adaptive()(ag.ones(8), ag.tensor([1]))),
        (IndexError, "target holds 20, expected classes of 0 to 19",
         lambda: adaptive()(ag.ones(1, 8), ag.tensor([20]))),
        (DTYPE, "target of integers, got float32", lambda: adaptive()(ag.ones(1, 8), ag.ones(1))),
    ],
)  # fmt: skip
def test_wrong_inputs(error: type[Exception], message: str, call: Callable[[], Any]) -> None:
    with pytest.raises(error, match=message):
        call()
