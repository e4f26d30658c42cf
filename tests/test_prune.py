"""Pruning: masks of every method, one after the other, over several layers, and made permanent."""

from __future__ import annotations

import copy
from typing import Any

import numpy as np
import pytest

import autograd_core as ag
import nn
from nn.utils import prune

WEIGHT = np.array([[1.0, -5.0, 2.0], [-0.5, 4.0, 3.0]])


def layer() -> nn.Linear:
    made = nn.Linear(3, 2, dtype=ag.float64)
    made.load_state_dict({"weight": ag.tensor(WEIGHT), "bias": ag.tensor([1.0, 2.0])})
    return made


def test_a_pruned_parameter() -> None:
    made = layer()
    weight = made.weight
    assert prune.l1_unstructured(made, "weight", amount=2) is made
    assert list(made.state_dict()) == ["bias", "weight_orig", "weight_mask"]
    assert made.weight_orig is weight
    assert made.weight_mask.tolist() == [[0, 1, 1], [0, 1, 1]]
    assert made.weight_mask.dtype == ag.float64
    np.testing.assert_array_equal(made.weight.array, WEIGHT * made.weight_mask.array)
    assert prune.is_pruned(nn.Sequential(made))
    x = ag.ones(1, 3, dtype=ag.float64)
    made(x).sum().backward()
    assert weight.grad.tolist() == [[0, 1, 1], [0, 1, 1]]
    with ag.no_grad():
        weight += 1
    np.testing.assert_array_equal(made(x).array, [[-4 + 3 + 1, 5 + 4 + 2]])  # each forward multiplies anew
    twin = nn.utils.skip_init(nn.Linear, 3, 2, dtype=ag.float64)
    prune.identity(twin, "weight").load_state_dict(made.state_dict())
    np.testing.assert_array_equal(twin(x).array, made(x).array)
    prune.remove(made, "weight")
    assert made.weight is weight
    assert list(made.state_dict()) == ["bias", "weight"]
    np.testing.assert_array_equal(made.weight.array, (WEIGHT + 1) * [[0, 1, 1], [0, 1, 1]])
    assert not prune.is_pruned(made)
    assert not made._hooks
    with pytest.raises(ValueError, match="pruning of 'weight' not found in Linear"):
        prune.remove(made, "weight")


@pytest.mark.parametrize(
    ("act", "mask"),
    [
        (lambda m: prune.identity(m, "weight"), [[1, 1, 1], [1, 1, 1]]),
        (lambda m: prune.l1_unstructured(m, "weight", 0.5), [[0, 1, 0], [0, 1, 1]]),
        (lambda m: prune.l1_unstructured(m, "weight", 0), [[1, 1, 1], [1, 1, 1]]),
        (lambda m: prune.l1_unstructured(m, "weight", 6), [[0, 0, 0], [0, 0, 0]]),
        (lambda m: prune.l1_unstructured(m, "weight", 1, ag.tensor([[9.0, 9, 9], [9, -1, 9]])), [[1, 1, 1], [1, 0, 1]]),
        (lambda m: prune.ln_structured(m, "weight", 1, n=2, dim=0), [[1, 1, 1], [0, 0, 0]]),
        (lambda m: prune.ln_structured(m, "weight", 1, n=1, dim=1), [[0, 1, 1], [0, 1, 1]]),
        (lambda m: prune.ln_structured(m, "weight", 0.34, n=float("inf"), dim=-1), [[0, 1, 1], [0, 1, 1]]),
        (lambda m: prune.ln_structured(m, "weight", 1, float("-inf"), 0, ag.tensor([[9.0, 9, 9], [9, 1, 9]])),
         [[1, 1, 1], [0, 0, 0]]),
        (lambda m: prune.random_structured(m, "weight", 0, dim=0), [[1, 1, 1], [1, 1, 1]]),
        (lambda m: prune.custom_from_mask(m, "weight", ag.tensor([[1, 0, 1], [0, 1, 1]])), [[1, 0, 1], [0, 1, 1]]),
    ],
)  # fmt: skip
def test_masks(act: Any, mask: Any) -> None:
    made = act(layer())
    assert made.weight_mask.tolist() == mask
    np.testing.assert_array_equal(made.weight.array, WEIGHT * np.array(mask))


@pytest.mark.parametrize("amount", [2, 0.3])
def test_random_masks(amount: Any) -> None:
    made = prune.random_unstructured(layer(), "weight", amount)
    assert made.weight_mask.sum().item() == 4
    seen = {str(prune.random_unstructured(layer(), "weight", amount).weight_mask.tolist()) for _ in range(20)}
    assert len(seen) > 3
    made = prune.random_structured(layer(), "weight", amount if amount == 2 else 0.7, dim=1)
    assert sorted(made.weight_mask.sum(0).tolist()) == [0, 0, 2]


def test_pruning_again_prunes_among_what_is_left() -> None:
    made = layer()
    prune.l1_unstructured(made, "weight", 2)
    prune.l1_unstructured(made, "weight", 1)
    assert made.weight_mask.tolist() == [[0, 1, 0], [0, 1, 1]]
    prune.ln_structured(made, "weight", 1, n=2, dim=1)  # of the two columns where something is left
    assert made.weight_mask.tolist() == [[0, 1, 0], [0, 1, 0]]
    prune.l1_unstructured(made, "weight", 0.5)
    assert made.weight_mask.tolist() == [[0, 1, 0], [0, 0, 0]]
    container = prune.PruningContainer.on(made, "weight")
    assert [type(method).__name__ for method in container] == [
        "L1Unstructured", "L1Unstructured", "LnStructured", "L1Unstructured",
    ]  # fmt: skip
    assert container[2].dim == 1
    assert len(made._hooks) == 1
    prune.identity(made, "bias")
    assert len(prune.BasePruningMethod.all_on(made)) == 2
    prune.remove(made, "weight")
    np.testing.assert_array_equal(made.weight.array, [[0, -5, 0], [0, 0, 0]])
    assert prune.is_pruned(made)


def test_global_pruning() -> None:
    net = nn.Sequential(layer(), layer())
    with ag.no_grad():
        net[1].weight.mul_(10)
    places = [(net[0], "weight"), (net[1], "weight"), (net[0], "bias")]
    prune.global_unstructured(places, prune.L1Unstructured, amount=6)
    assert net[0].weight_mask.tolist() == [[0, 1, 0], [0, 1, 0]]
    assert net[0].bias_mask.tolist() == [0, 0]
    assert net[1].weight_mask.tolist() == [[1, 1, 1], [1, 1, 1]]
    prune.global_unstructured(iter(places), prune.L1Unstructured, amount=0.5)
    assert sum(int(mask.sum()) for mask in net.buffers()) == 4
    assert net[1].weight_mask.tolist() == [[0, 1, 1], [0, 1, 1]]
    other = nn.Sequential(layer(), layer())
    scores = {(other[0], "weight"): ag.full((2, 3), 100.0, dtype=ag.float64)}
    prune.global_unstructured(((m, "weight") for m in other), prune.L1Unstructured, scores, amount=6)
    assert [m.weight_mask.sum().item() for m in other] == [6, 0]
    for act, message in (
        (
            lambda: prune.global_unstructured(places, prune.LnStructured, amount=1, n=2),
            'Only "unstructured" PRUNING_TYPE',
        ),
        (
            lambda: prune.global_unstructured(places, prune.L1Unstructured, [1], amount=1),
            "importance_scores is of type list",
        ),
    ):
        with pytest.raises(TypeError, match=message):
            act()


def test_methods_of_ones_own() -> None:
    class EveryOther(prune.BasePruningMethod):
        PRUNING_TYPE = "unstructured"

        def compute_mask(self, t: Any, default_mask: Any) -> Any:
            mask = default_mask.clone()
            mask.view(-1)[::2] = 0
            return mask

    made = layer()
    EveryOther.apply(made, "weight")
    assert made.weight_mask.tolist() == [[0, 1, 0], [1, 0, 1]]
    EveryOther.apply(made, "weight")
    assert made.weight_mask.tolist() == [[0, 0, 0], [1, 0, 0]]
    assert EveryOther().prune(ag.ones(4)).tolist() == [0, 1, 0, 1]
    assert EveryOther().prune(ag.ones(4), default_mask=ag.tensor([1.0, 1, 1, 0])).tolist() == [0, 1, 0, 0]

    class Strange(EveryOther):
        PRUNING_TYPE = "strange"

    with pytest.raises(ValueError, match="Unrecognized PRUNING_TYPE 'strange' of Strange"):
        Strange.apply(made, "weight")
    container = prune.PruningContainer()
    with pytest.raises(TypeError, match="method is of type int, expected a BasePruningMethod"):
        container.add_pruning_method(3)
    one, two = EveryOther(), EveryOther()
    one.name, two.name = "weight", "bias"
    container.add_pruning_method(one)
    with pytest.raises(ValueError, match="method is for the parameter 'bias', expected 'weight', that of the others"):
        container.add_pruning_method(two)


@pytest.mark.parametrize(
    ("act", "error", "message"),
    [
        (lambda m: prune.l1_unstructured(m, "weight", 7), ValueError, "amount=7 should be at most the number .* 6"),
        (lambda m: prune.l1_unstructured(m, "weight", -1), ValueError, "amount=-1, expected a float in the range"),
        (
            lambda m: prune.random_unstructured(m, "weight", 1.5),
            ValueError,
            "amount=1.5, expected a float in the range",
        ),
        (lambda m: prune.random_unstructured(m, "weight", "1"), TypeError, "amount is '1', expected an int"),
        (
            lambda m: prune.ln_structured(m, "bias", 1, 2, 0),
            RuntimeError,
            "LnStructured: expects a tensor of at least two dims",
        ),
        (
            lambda m: prune.ln_structured(m, "weight", 1, 2, 2),
            IndexError,
            "prune: dim=2 is out of range for a tensor",
        ),
        (lambda m: prune.random_structured(m, "weight", 1, -3), IndexError, "prune: dim=-3 is out of range"),
        (
            lambda m: prune.custom_from_mask(m, "weight", ag.ones(3)),
            RuntimeError,
            r"expects a mask of \(2, 3\), got \(3,\)",
        ),
        (lambda m: prune.l1_unstructured(m, "weight", 1, ag.ones(3)), RuntimeError, "importance_scores has shape"),
        (lambda m: prune.l1_unstructured(m, "w", 1), AttributeError, "w"),
    ],
)
def test_what_cannot_be_pruned_stays_as_it_is(act: Any, error: type[Exception], message: str) -> None:
    made = layer()
    with pytest.raises(error, match=message):
        act(made)
    assert list(made.state_dict()) == ["weight", "bias"]
    assert not made._hooks
    prune.identity(made, "weight")
    with pytest.raises(error, match=message):
        act(made)
    assert len(made._hooks) == 1


def test_copies() -> None:
    made = prune.l1_unstructured(layer(), "weight", 2)
    made(ag.ones(1, 3, dtype=ag.float64))
    with pytest.raises(RuntimeError, match="only leaves can be deep-copied"):  # as in PyTorch: the product is not one
        copy.deepcopy(made)
    with ag.no_grad():
        made(ag.ones(1, 3, dtype=ag.float64))
    twin = copy.deepcopy(made)
    assert twin.weight_orig is not made.weight_orig
    prune.remove(twin, "weight")
    assert prune.is_pruned(made)


# -------------------------------------------------------------------------------------------------------------- PyTorch


@pytest.mark.parametrize(
    "act",
    [
        lambda p, m: p.l1_unstructured(m[0], "weight", 0.4),
        lambda p, m: [p.l1_unstructured(m[0], "weight", 0.2) for _ in range(3)],
        lambda p, m: (p.ln_structured(m[1], "weight", 2, n=2, dim=0), p.l1_unstructured(m[1], "weight", 5)),
        lambda p, m: (p.l1_unstructured(m[1], "weight", 30), p.ln_structured(m[1], "weight", 0.5, n=1, dim=0)),
        lambda p, m: p.ln_structured(m[1], "weight", 0.3, n=float("-inf"), dim=2),
        lambda p, m: p.global_unstructured(
            [(m[0], "weight"), (m[1], "weight"), (m[1], "bias")], p.L1Unstructured, amount=0.55
        ),
        lambda p, m: (p.identity(m[1], "bias"), p.remove(p.l1_unstructured(m[0], "weight", 9), "weight")),
    ],
)
def test_the_same_as_pytorch(act: Any) -> None:
    torch = pytest.importorskip("torch")
    import torch.nn.utils.prune as their_prune

    def net(n: Any) -> Any:
        return n.Sequential(n.Linear(5, 4), n.Conv2d(2, 4, 3)).double()

    theirs, ours = net(torch.nn), net(nn)
    ours.load_state_dict({key: value.numpy().copy() for key, value in theirs.state_dict().items()})
    act(their_prune, theirs)
    act(prune, ours)
    assert list(ours.state_dict()) == list(theirs.state_dict())
    for (key, a), b in zip(ours.state_dict().items(), theirs.state_dict().values(), strict=True):
        np.testing.assert_array_equal(a.array, b.numpy(), err_msg=key)
    x = np.random.default_rng(0).normal(size=(2, 2, 6, 6))
    np.testing.assert_allclose(
        ours[1](ag.tensor(x)).data, theirs[1](torch.tensor(x)).detach().numpy(), rtol=1e-9, atol=1e-12
    )
