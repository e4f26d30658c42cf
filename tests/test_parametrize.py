"""Parametrized tensors: reading, assigning, removing, copying, states, and the parametrizations that come along."""

from __future__ import annotations

import copy
from typing import Any

import numpy as np
import pytest

import autograd_core as ag
import nn
import optim
from nn.utils import parametrizations, parametrize


class Symmetric(nn.Module):
    def forward(self, X: Any) -> Any:
        return X.triu() + X.triu(1).mT

    def right_inverse(self, A: Any) -> Any:
        return A.triu()


class RankOne(nn.Module):
    def forward(self, x: Any, y: Any) -> Any:
        return x.unsqueeze(-1) @ y.unsqueeze(-2)

    def right_inverse(self, Z: Any) -> Any:
        return Z[:, 0], Z[0] / Z[0, 0]


class Double(nn.Module):
    """Has no right_inverse: the original stays as it is."""

    def forward(self, X: Any) -> Any:
        return 2 * X


class Exp(nn.Module):
    calls = 0

    def forward(self, X: Any) -> Any:
        Exp.calls += 1
        return X.exp()

    def right_inverse(self, A: Any) -> Any:
        return A.log()


def numbers(*shape: int, seed: int = 0) -> ag.Tensor:
    return ag.from_numpy(np.random.default_rng(seed).normal(size=shape))


def made(n: int = 3, m: int = 3) -> nn.Linear:
    layer = nn.Linear(n, m, dtype=ag.float64)
    layer.load_state_dict({"weight": numbers(m, n), "bias": numbers(m, seed=1)})
    return layer


# ----------------------------------------------------------------------------------------------------------- mechanism


def test_one_original() -> None:
    layer = made()
    weight = layer.weight
    values = weight.array.copy()
    assert parametrize.register_parametrization(layer, "weight", Symmetric()) is layer
    assert repr(layer) == (
        "ParametrizedLinear(\n  in_features=3, out_features=3, bias=True\n  (parametrizations): ModuleDict(\n"
        "    (weight): ParametrizationList(\n      (0): Symmetric()\n    )\n  )\n)"
    )
    assert isinstance(layer, nn.Linear)
    assert list(layer.state_dict()) == ["bias", "parametrizations.weight.original"]
    assert layer.parametrizations.weight.original is weight  # as an optimizer knows it
    upper = np.triu(values)
    np.testing.assert_array_equal(weight.array, upper)
    np.testing.assert_array_equal(layer.weight.array, upper + np.triu(values, 1).T)
    layer(numbers(2, 3)).sum().backward()
    assert weight.grad is not None
    assert layer.weight is not layer.weight
    layer.weight = ag.eye(3, dtype=ag.float64) * 7
    np.testing.assert_array_equal(weight.array, np.eye(3) * 7)
    layer.weight = nn.Parameter(ag.eye(3, dtype=ag.float64))  # a Parameter is assigned like any tensor
    assert layer.weight.tolist() == np.eye(3).tolist()
    with pytest.raises(AttributeError, match="'ParametrizedLinear' object has no attribute 'wieght'"):
        layer.wieght  # noqa: B018
    layer.bias = nn.Parameter(ag.zeros(3, dtype=ag.float64))
    assert parametrize.type_before_parametrizations(layer) is nn.Linear
    assert parametrize.type_before_parametrizations(nn.ReLU()) is nn.ReLU


def test_several_originals() -> None:
    layer = made()
    parametrize.register_parametrization(layer, "weight", RankOne(), unsafe=True)
    known = layer.parametrizations.weight
    assert [name for name, _ in layer.named_parameters()] == [
        "bias", "parametrizations.weight.original0", "parametrizations.weight.original1",
    ]  # fmt: skip
    assert (known.is_tensor, known.ntensors, known.unsafe) == (False, 2, True)
    assert np.linalg.matrix_rank(layer.weight.array) == 1
    layer.weight = numbers(3, 1) @ numbers(1, 3, seed=2)
    np.testing.assert_allclose(layer.weight.array, numbers(3, 1).array @ numbers(1, 3, seed=2).array, rtol=1e-9)
    with pytest.raises(ValueError, match="Cannot leave unparametrized"):
        parametrize.remove_parametrizations(layer, "weight", leave_parametrized=False)
    before = layer.weight.array.copy()
    parametrize.remove_parametrizations(layer, "weight")
    assert (type(layer), type(layer.weight)) == (nn.Linear, nn.Parameter)
    np.testing.assert_array_equal(layer.weight.array, before)


def test_a_chain() -> None:
    layer = made()
    values = layer.weight.array.copy()
    parametrize.register_parametrization(layer, "weight", Symmetric())
    parametrize.register_parametrization(layer, "weight", Double())
    parametrize.register_parametrization(layer, "bias", Exp(), unsafe=True)
    upper = np.triu(values)
    np.testing.assert_allclose(layer.weight.array, 2 * (upper + np.triu(values, 1).T))
    assert len(layer.parametrizations) == 2
    assert parametrize.is_parametrized(layer)
    assert parametrize.is_parametrized(layer, "bias")
    with pytest.raises(
        RuntimeError, match="parametrization Double does not implement right_inverse, so its result cannot be"
    ):
        layer.weight = ag.eye(3, dtype=ag.float64)
    parametrize.remove_parametrizations(layer, "bias")
    assert not parametrize.is_parametrized(layer, "bias")
    assert type(layer).__name__ == "ParametrizedLinear"
    weight = layer.parametrizations.weight.original
    parametrize.remove_parametrizations(layer, "weight", leave_parametrized=False)
    assert layer.weight is weight
    np.testing.assert_array_equal(layer.weight.array, upper)
    assert repr(layer) == "Linear(in_features=3, out_features=3, bias=True)"
    assert not hasattr(layer, "parametrizations")
    with pytest.raises(ValueError, match="Module Linear does not have a parametrization on 'weight'"):
        parametrize.remove_parametrizations(layer, "weight")


def test_buffers_too() -> None:
    norm = nn.BatchNorm1d(2)
    parametrize.register_parametrization(norm, "running_var", Exp())
    assert norm.running_var.tolist() == [1.0, 1.0]
    assert "parametrizations.running_var.original" in dict(norm.named_buffers())
    parametrize.remove_parametrizations(norm, "running_var")
    assert "running_var" in dict(norm.named_buffers())


def test_values_are_cached_where_one_asks() -> None:
    layer = made()
    parametrize.register_parametrization(layer, "weight", Exp(), unsafe=True)
    Exp.calls = 0
    with parametrize.cached():
        with parametrize.cached():
            assert layer.weight is layer.weight
        (layer(numbers(2, 3)).sum() + layer(numbers(2, 3)).sum()).backward()
    assert Exp.calls == 1
    assert layer.weight is not layer.weight
    assert Exp.calls == 3


def test_modes_copies_and_states() -> None:
    layer = made().eval()
    symmetric = Symmetric()
    parametrize.register_parametrization(layer, "weight", symmetric)
    assert not symmetric.training
    twin = copy.deepcopy(layer)
    parametrize.remove_parametrizations(twin, "weight")
    assert (type(twin), type(layer).__name__) == (nn.Linear, "ParametrizedLinear")
    np.testing.assert_array_equal(twin.weight.array, layer.weight.array)
    other = parametrize.register_parametrization(made(), "weight", Symmetric())
    assert type(other) is type(layer)
    other.load_state_dict(layer.state_dict())
    np.testing.assert_array_equal(other.weight.array, layer.weight.array)
    third = parametrize.transfer_parametrizations_and_params(layer, nn.Linear(3, 3, dtype=ag.float64))
    assert third.parametrizations.weight.original is layer.parametrizations.weight.original
    fresh = parametrize.transfer_parametrizations_and_params(layer, nn.Module(), "weight")
    np.testing.assert_array_equal(fresh.weight.array, layer.weight.array)
    plain = nn.ReLU()
    assert parametrize.transfer_parametrizations_and_params(nn.ReLU(), plain) is plain
    two = parametrizations.weight_norm(made())
    parametrize.transfer_parametrizations_and_params(two, other := made(), "weight")
    assert other.parametrizations.weight.original1 is two.parametrizations.weight.original1
    assert str(layer(numbers(1, 3)).grad_fn.scope) == "model (ParametrizedLinear 3->3)"


def test_an_optimizer_made_before_trains_the_original() -> None:
    layer = made()
    optimizer = optim.SGD(layer.parameters(), lr=0.1)
    parametrize.register_parametrization(layer, "weight", Symmetric())
    before = layer.weight.array.copy()
    layer(numbers(2, 3)).pow(2).sum().backward()
    optimizer.step()
    assert not np.allclose(layer.weight.array, before)
    np.testing.assert_array_equal(layer.weight.array, layer.weight.array.T)


@pytest.mark.parametrize(
    ("forward", "right_inverse", "message"),
    [
        (lambda X: 3, None, "A parametrization must return a tensor. Got int."),
        (
            lambda X: X[0],
            None,
            r"Registering a parametrization may not change the dtype or the shape .* of \(3, 3\), and is",
        ),
        (lambda X: X.float(), None, "Registering a parametrization may not change .* it was float64 .* and is float32"),
        (lambda X: X, lambda A: A.float(), r"When `right_inverse` outputs one tensor, it may not change the dtype"),
        (lambda X: X, lambda A: 3, r"'right_inverse' must return a Tensor or a Sequence of tensors .* got int"),
        (lambda X: X, lambda A: (A, 3), r"'right_inverse' must return a Tensor or a Sequence of tensors .* got tuple"),
    ],
)
def test_what_does_not_fit_changes_nothing(forward: Any, right_inverse: Any, message: str) -> None:
    bad = nn.Module()
    bad.forward = forward
    if right_inverse:
        bad.right_inverse = right_inverse
    layer = made()
    with pytest.raises(ag.errors.ArgumentError, match=message):
        parametrize.register_parametrization(layer, "weight", bad)
    assert type(layer) is nn.Linear
    if right_inverse is None:
        parametrize.register_parametrization(layer, "weight", Symmetric())
        with pytest.raises(ag.errors.ArgumentError, match=message):
            parametrize.register_parametrization(layer, "weight", bad)
        assert len(layer.parametrizations.weight) == 1


def test_wrong_names_and_wrong_assignments() -> None:
    with pytest.raises(ValueError, match=r"Module Linear does not have .* name 'w'; it has: weight, bias"):
        parametrize.register_parametrization(made(), "w", Exp())
    with pytest.raises(ValueError, match="modules is empty"):
        parametrize.ParametrizationList([], ag.ones(1))
    layer = parametrize.register_parametrization(made(), "weight", RankOne(), unsafe=True)
    layer.parametrizations.weight[0].right_inverse = lambda Z: (Z,)
    with pytest.raises(ValueError, match="right_inverse must return 2 tensors, got 1"):
        layer.weight = ag.ones(3, 3)
    layer.parametrizations.weight[0].right_inverse = lambda Z: (Z[0].float(), Z[0])
    with pytest.raises(ValueError, match="right_inverse must return a tensor of float64, got float32; convert it"):
        layer.weight = ag.ones(3, 3, dtype=ag.float64)


def test_unsafe_ones_may_change_the_shape() -> None:
    class Column(nn.Module):
        def forward(self, x: Any) -> Any:
            return x.unsqueeze(1).expand(3, 3)

        def right_inverse(self, A: Any) -> Any:
            return A[:, 0]

    layer = parametrize.register_parametrization(made(), "weight", Column(), unsafe=True)
    assert layer.parametrizations.weight.original.shape == (3,)
    layer(numbers(2, 3)).sum().backward()
    assert layer.parametrizations.weight.original.grad.shape == (3,)


# ------------------------------------------------------------------------------------------------------- weight norm


def test_weight_norm_takes_the_state_of_the_hook() -> None:
    old = nn.Sequential(nn.utils.weight_norm(made()))
    new = nn.Sequential(parametrizations.weight_norm(nn.Linear(3, 3, dtype=ag.float64)))
    new.load_state_dict(old.state_dict())
    np.testing.assert_array_equal(new[0].weight.array, old[0].weight.array)
    parametrize.remove_parametrizations(new[0], "weight")
    np.testing.assert_allclose(new[0].weight.array, made().weight.array, rtol=1e-12)


# --------------------------------------------------------------------------------------------------------- orthogonal

MAPS = ("matrix_exp", "cayley", "householder")


@pytest.mark.parametrize("shape", [(4, 4), (5, 3), (3, 5), (2, 4, 3)])
@pytest.mark.parametrize("orthogonal_map", [None, *MAPS])
@pytest.mark.parametrize("use_trivialization", [True, False])
def test_orthogonal(shape: Any, orthogonal_map: Any, use_trivialization: bool) -> None:
    layer = nn.Module()
    layer.weight = nn.Parameter(numbers(*shape))
    parametrizations.orthogonal(layer, "weight", orthogonal_map, use_trivialization=use_trivialization)

    def check() -> None:
        Q = layer.weight.array
        tall = Q if shape[-2] >= shape[-1] else Q.swapaxes(-1, -2)
        small = np.broadcast_to(np.eye(min(shape[-2:])), (*shape[:-2], *[min(shape[-2:])] * 2))
        np.testing.assert_allclose(tall.swapaxes(-1, -2) @ tall, small, atol=1e-12)

    check()
    original = layer.parametrizations.weight.original
    target = numbers(*shape, seed=3)
    for _ in range(3):
        (layer.weight * target).sum().backward()
        with ag.no_grad():
            original -= 0.3 * original.grad
        original.grad = None
        check()
    invertible = use_trivialization or (orthogonal_map or "householder") == "householder"
    if invertible and not (orthogonal_map is None and not use_trivialization and shape == (4, 4)):
        Q = nn.init.orthogonal_(ag.empty(*shape[-2:], dtype=ag.float64)).expand(shape)
        layer.weight = Q
        np.testing.assert_allclose(layer.weight.array, Q.array, atol=1e-12)
    else:
        with pytest.raises(
            NotImplementedError, match="It is not possible to assign to the matrix exponential or the Cayley"
        ):
            layer.weight = target
    with pytest.raises(ag.errors.ShapeError if invertible else NotImplementedError):
        layer.weight = ag.ones(*shape[:-1], shape[-1] + 1, dtype=ag.float64) if invertible else target


@pytest.mark.parametrize("orthogonal_map", MAPS)
@pytest.mark.parametrize("shape", [(3, 3), (4, 2), (2, 4)])
def test_orthogonal_to_second_order(orthogonal_map: str, shape: Any) -> None:
    layer = nn.Linear(*reversed(shape), dtype=ag.float64)
    parametrizations.orthogonal(layer, "weight", orthogonal_map)
    by = layer.parametrizations.weight[0]
    X = (0.3 * numbers(*shape) - ag.eye(*shape, dtype=ag.float64) * 1.5).requires_grad_()
    assert ag.gradcheck(lambda X: by(X)[0], (X,))
    assert ag.gradgradcheck(lambda X: by(X)[0], (X,))


def test_orthogonal_starts_at_an_orthogonal_weight() -> None:
    layer = nn.Linear(4, 4)
    nn.init.orthogonal_(layer.weight)
    before = layer.weight.array.copy()
    np.testing.assert_allclose(parametrizations.orthogonal(layer).weight.array, before, atol=1e-6)
    assert layer.weight.dtype == ag.float32
    wide = nn.Linear(5, 3)
    nn.init.orthogonal_(wide.weight)
    before = wide.weight.array.copy()
    np.testing.assert_allclose(
        parametrizations.orthogonal(wide, orthogonal_map="householder", use_trivialization=False).weight.array,
        before,
        atol=1e-6,
    )
    for bad, message in (
        (
            lambda: parametrizations.orthogonal(nn.Linear(2, 2), "w"),
            "orthogonal: Linear has no parameter or buffer with name",
        ),
        (
            lambda: parametrizations.orthogonal(nn.Linear(2, 2), "bias"),
            "bias is a tensor of 1 dimensions, expected a matrix",
        ),
        (lambda: parametrizations.orthogonal(nn.Linear(2, 2), orthogonal_map="qr"), "has to be one of .* Got: qr"),
    ):
        with pytest.raises(ag.errors.ArgumentError, match=message):
            bad()


# --------------------------------------------------------------------------------------------------------- spectral norm


def test_spectral_norm() -> None:
    layer = made(3, 4)
    norm = np.linalg.norm(layer.weight.array, 2)
    expected = layer.weight.array / norm
    parametrizations.spectral_norm(layer)
    for _ in range(200):
        value = layer.weight
    np.testing.assert_allclose(value.array, expected, rtol=1e-8)
    layer.eval()
    assert list(layer.state_dict())[1:] == [f"parametrizations.weight.{name}" for name in ("original", "0._u", "0._v")]
    layer.weight = numbers(4, 3, seed=5)
    np.testing.assert_array_equal(layer.parametrizations.weight.original.array, numbers(4, 3, seed=5).array)
    bias = parametrizations.spectral_norm(made(3, 4), "bias")
    np.testing.assert_allclose(bias.bias.array, numbers(4, seed=1).array / np.linalg.norm(numbers(4, seed=1).array))
    with pytest.raises(
        IndexError, match=r"spectral_norm: dim=2 is out of range: expected -2 to 1 for a weight of \(2, 2\)"
    ):
        parametrizations.spectral_norm(nn.Linear(2, 2), dim=2)
    with pytest.raises(ag.errors.ArgumentError, match="n_power_iterations=0"):
        parametrizations.spectral_norm(nn.Linear(2, 2), n_power_iterations=0)
    with pytest.raises(
        ag.errors.ArgumentError, match="spectral_norm: ReLU has no parameter or buffer with name 'weight'"
    ):
        parametrizations.spectral_norm(nn.ReLU())


# -------------------------------------------------------------------------------------------------------------- PyTorch


@pytest.mark.parametrize(
    ("layer", "shape", "by"),
    [
        (lambda n: n.Linear(3, 4), (5, 3), lambda p, m: p.weight_norm(m)),
        (lambda n: n.Conv1d(2, 4, 3), (2, 2, 5), lambda p, m: p.weight_norm(m, dim=1)),
        (lambda n: n.Conv1d(2, 4, 3), (2, 2, 5), lambda p, m: p.weight_norm(m, dim=None)),
        (lambda n: n.Linear(3, 4), (5, 3), lambda p, m: p.spectral_norm(m)),
        (lambda n: n.ConvTranspose2d(2, 3, 3), (2, 2, 4, 4), lambda p, m: p.spectral_norm(m, n_power_iterations=2)),
        (lambda n: n.Linear(3, 4), (5, 3), lambda p, m: p.spectral_norm(m, "bias")),
        (lambda n: n.LSTM(2, 3), (4, 1, 2), lambda p, m: p.weight_norm(m, "weight_hh_l0")),
    ],
)
def test_the_same_as_pytorch(layer: Any, shape: Any, by: Any) -> None:
    compare(layer, shape, by)


@pytest.mark.parametrize("size", [(3, 3), (3, 5), (5, 3)])
@pytest.mark.parametrize("orthogonal_map", [None, *MAPS])
@pytest.mark.parametrize("trivial", [True, False])
def test_orthogonal_is_pytorchs(size: Any, orthogonal_map: Any, trivial: bool) -> None:
    options = {"orthogonal_map": orthogonal_map, "use_trivialization": trivial}
    compare(lambda n: n.Linear(*size), (5, size[0]), lambda p, m: p.orthogonal(m, **options))


def compare(layer: Any, shape: Any, by: Any) -> None:
    """Compare states, texts, results, gradients and buffers with those of PyTorch."""
    torch = pytest.importorskip("torch")
    theirs = by(torch.nn.utils.parametrizations, layer(torch.nn).double())
    ours = by(parametrizations, layer(nn).double())
    assert list(ours.state_dict()) == list(theirs.state_dict())
    assert repr(ours) == repr(theirs)
    ours.load_state_dict({key: value.numpy(force=True).copy() for key, value in theirs.state_dict().items()})
    x = numbers(*shape)
    out, other = ours(x), theirs(torch.tensor(x.data))
    out, other = (out[0], other[0]) if isinstance(out, tuple) else (out, other)
    np.testing.assert_allclose(out.array, other.detach().numpy(), rtol=1e-8, atol=1e-10)
    (out**3).sum().backward()
    (other**3).sum().backward()
    for (name, p), q in zip(ours.named_parameters(), theirs.parameters(), strict=True):
        g = q.grad.numpy()
        np.testing.assert_allclose(p.grad.array, g, rtol=1e-7, atol=1e-9 * (1 + abs(g).max()), err_msg=name)
    for a, b in zip(ours.buffers(), theirs.buffers(), strict=True):
        np.testing.assert_allclose(a.array, b.numpy(), rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("shape", [(3, 3), (5, 3), (3, 5)])
def test_householder_inverse_is_pytorchs(shape: Any) -> None:
    torch = pytest.importorskip("torch")
    weights = nn.init.orthogonal_(ag.empty(*shape, dtype=ag.float64)).array
    originals = []
    for lib, n, p in ((torch, torch.nn, torch.nn.utils.parametrizations), (ag, nn, parametrizations)):
        layer = n.Module()
        layer.weight = n.Parameter(lib.tensor(weights))
        p.orthogonal(layer, "weight", "householder", use_trivialization=False)
        originals.append(layer.parametrizations.weight.original.tolist())
    np.testing.assert_allclose(*originals, atol=1e-12)
