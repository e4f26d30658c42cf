"""Threshold units: the perceptron's rule beside its theory, and networks whose weights are set by hand."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

import autograd_core as ag
import nn
from autograd_core.errors import ArgumentError, ShapeError


def separable(seed: int, n: int = 60, margin: float = 0.1) -> tuple[ag.Tensor, ag.Tensor, float]:
    """Return points in a disc, classes of a random line that leaves a margin, and Novikoff's bound for them."""
    draws = np.random.default_rng(seed)
    w, b = draws.standard_normal(2), draws.uniform(-0.3, 0.3)
    w /= np.linalg.norm(w)
    points = draws.uniform(-1, 1, (4 * n, 2))
    points = points[np.abs(points @ w + b) > margin][:n]
    rows = np.column_stack([points, np.ones(len(points))])
    signs = np.sign(points @ w + b)
    gamma = (signs * (rows @ [*w, b])).min() / np.hypot(1, b)
    return ag.tensor(points), ag.tensor(signs), float((rows**2).sum(1).max() / gamma**2)


@pytest.mark.parametrize("seed", range(5))
def test_a_separable_set_is_learned_within_novikoffs_bound(seed: int) -> None:
    inputs, targets, bound = separable(seed)
    unit = nn.models.Perceptron(2).double()
    mistakes = unit.fit(inputs, targets, epochs=10_000)
    assert mistakes[-1] == 0
    assert all(mistakes[:-1])
    assert sum(mistakes) <= bound
    np.testing.assert_array_equal(unit(inputs).array, targets.array)
    assert unit.margin(inputs, targets) > 0


def test_the_rule_by_hand() -> None:
    unit = nn.models.Perceptron(2)
    inputs, targets = ag.tensor([[1.0, 2.0], [2.0, -1.0]]), ag.tensor([1.0, -1.0])
    assert unit.fit(inputs, targets, epochs=1, lr=0.5) == [2]  # both scores are 0 or on the wrong side
    np.testing.assert_allclose(unit.weight.tolist(), [0.5 - 1.0, 1.0 + 0.5])
    assert unit.bias.item() == 0.0
    assert unit.fit(inputs, targets, epochs=5, lr=0.5) == [0]  # goes on, and ends at once
    assert unit.margin(inputs, targets) == pytest.approx(2.5 / np.hypot(0.5, 1.5))
    assert unit.margin(inputs, -targets) < 0
    assert nn.models.Perceptron(2).margin(inputs, targets) == 0.0


def test_xor_is_never_learned() -> None:
    inputs, targets = nn.data.logic("xor").tensors
    unit = nn.models.Perceptron(2)
    mistakes = unit.fit(inputs, 2 * targets[:, 0] - 1, epochs=200)
    assert len(mistakes) == 200
    assert min(mistakes) > 0


def test_state_is_saved_and_no_gradient_is_kept() -> None:
    unit = nn.models.Perceptron(3)
    assert set(unit.state_dict()) == {"weight", "bias"}
    assert list(unit.parameters()) == []
    assert repr(unit) == "Perceptron(in_features=3)"


def test_what_the_perceptron_refuses() -> None:
    unit, x = nn.models.Perceptron(2), ag.ones(3, 2)
    with pytest.raises(ShapeError, match=r"Perceptron\): expects \(N, 2\), got \(3, 4\); use Perceptron\(4\)"):
        unit(ag.ones(3, 4))
    with pytest.raises(ShapeError, match=r"Perceptron.fit: expects a target for each of the 3 rows, got \(2,\)"):
        unit.fit(x, ag.ones(2), epochs=1)
    with pytest.raises(ArgumentError, match=r"target holds 0.0, expected 1 and -1; for 0 and 1 give 2 \* target - 1"):
        unit.fit(x, ag.zeros(3), epochs=1)
    with pytest.raises(ArgumentError, match=r"Perceptron.fit: epochs=0, expected an int of at least 1"):
        unit.fit(x, ag.ones(3), epochs=0)
    for lr in (0.0, -1.0, float("nan"), float("inf")):
        with pytest.raises(ArgumentError, match=r"Perceptron.fit: lr=.*, expected a number above 0"):
            unit.fit(x, ag.ones(3), epochs=1, lr=lr)
    with pytest.raises(ArgumentError, match=r"Perceptron: in_features=0, expected an int of at least 1"):
        nn.models.Perceptron(0)
    with pytest.raises(ShapeError, match="a target for each of the 0 rows"):
        unit.fit(ag.ones(0, 2), ag.ones(0), epochs=1)


# ------------------------------------------------------------------------------------------------- threshold networks


def test_two_layers_compute_xor_exactly() -> None:
    network = nn.models.ThresholdNetwork.xor()
    inputs, targets = nn.data.xor().tensors
    np.testing.assert_array_equal(network(inputs).array, targets.array)
    hidden, out = network.units(inputs)
    np.testing.assert_array_equal(hidden.array[:, 0], [0, 1, 1, 1])  # or
    np.testing.assert_array_equal(hidden.array[:, 1], [0, 0, 0, 1])  # and
    assert out.shape == (4, 1)


def test_two_layers_compute_every_function_of_two_truth_values() -> None:
    rows = ag.tensor(list(itertools.product((0.0, 1.0), repeat=2)))
    for wanted in itertools.product((0, 1), repeat=4):
        # a unit for each row: 1 on that row alone; the last is the "or" of those that are wanted
        weights = [[2 * a - 1, 2 * b - 1] for a, b in rows.tolist()]
        biases = [0.5 - a - b for a, b in rows.tolist()]
        network = nn.models.ThresholdNetwork([weights, [list(wanted)]], [biases, [-0.5]])
        assert network(rows)[:, 0].tolist() == list(wanted)


def test_what_a_threshold_network_refuses() -> None:
    make = nn.models.ThresholdNetwork
    with pytest.raises(ArgumentError, match="0 weights and 0 biases, expected one of each for every layer"):
        make([], [])
    with pytest.raises(ArgumentError, match="1 weights and 2 biases"):
        make([[[1.0]]], [[0.0], [0.0]])
    with pytest.raises(ShapeError, match=r"layer 0 has a weight of shape \(1, 2\) and a bias of shape \(2,\)"):
        make([[[1.0, 1.0]]], [[0.0, 0.0]])
    with pytest.raises(ShapeError, match="layer 0 has 1 units, but layer 1 takes 2 inputs"):
        make([[[1.0]], [[1.0, 1.0]]], [[0.0], [0.0]])
    with pytest.raises(ShapeError, match=r"ThresholdNetwork\): expects \(N, 2\), got \(4, 3\)"):
        make.xor()(ag.ones(4, 3))


def test_logic() -> None:
    for name, wanted in (("and", [0, 0, 0, 1]), ("or", [0, 1, 1, 1]), ("xor", [0, 1, 1, 0])):
        inputs, targets = nn.data.logic(name).tensors
        assert inputs.dtype == targets.dtype == ag.float32
        assert targets[:, 0].tolist() == wanted
    with pytest.raises(ArgumentError, match="logic: name='nand' is unknown; use one of and, or, xor"):
        nn.data.logic("nand")


# ------------------------------------------------------------------------------------------------------- deep networks


def test_batch_norm_stands_before_each_activation() -> None:
    model = nn.models.MLP((4, 3, 3, 2), "tanh", dropout=0.5, batch_norm=True)
    kinds = [type(layer).__name__ for layer in model.layers]
    assert kinds == ["Linear", "BatchNorm1d", "Tanh", "Dropout"] * 2 + ["Linear"]
    assert [type(layer).__name__ for layer in nn.models.MLP((4, 2)).layers] == ["Linear"]


def test_a_residual_network_passes_its_input_where_its_blocks_are_zero() -> None:
    model = nn.models.ResidualMLP(6, width=5, depth=3, num_classes=2)
    for block in model.blocks:
        nn.init.zeros_(block.linear.weight)
        nn.init.zeros_(block.linear.bias)
    x = ag.randn(4, 2, 3)
    np.testing.assert_array_equal(model(x).array, model.head(model.stem(x.flatten(1))).array)
    with pytest.raises(ShapeError, match=r"ResidualMLP\): expects \(N, \.\.\.\), got \(6,\)"):
        model(ag.ones(6))
    with pytest.raises(ArgumentError, match="ResidualMLP: depth=0, expected an int of at least 1"):
        nn.models.ResidualMLP(depth=0)
    with pytest.raises(ArgumentError, match="activation='step' is unknown; use one of "):
        nn.models.ResidualMLP(activation="step")
