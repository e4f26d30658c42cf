"""Adversarial examples: each attack by its definition, its ball and its box, and training against them."""

from __future__ import annotations

import math
import sys
from typing import Any

import numpy as np
import pytest

import autograd_core as ag
import nn
import nn.functional as F
import optim
from nn import interpret

DTYPES = pytest.mark.parametrize("dtype", [ag.float32, ag.float64], ids=str)
EPSILON = 0.07


def network(dtype: Any = ag.float64) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(1, 4, 3), nn.BatchNorm2d(4), nn.ReLU(), nn.Flatten(), nn.Dropout(0.5), nn.Linear(4 * 36, 5)
    ).to(dtype)


def examples(n: int = 6, dtype: Any = ag.float64) -> tuple[ag.Tensor, ag.Tensor]:
    return ag.rand(n, 1, 8, 8, dtype=dtype), ag.arange(n) % 5


def gradient_of(model: nn.Module, x: ag.Tensor, y: ag.Tensor) -> ag.Tensor:
    x = x.detach().requires_grad_()
    (g,) = ag.grad(F.cross_entropy(model(x), y, reduction="sum"), [x])
    return g


ATTACKS = {
    "fgsm": lambda m, x, y, **o: interpret.fgsm(m, x, y, EPSILON, **o),
    "bim": lambda m, x, y, **o: interpret.bim(m, x, y, EPSILON, **o),
    "pgd": lambda m, x, y, **o: interpret.pgd(m, x, y, EPSILON, **o),
    "pgd in L2": lambda m, x, y, **o: interpret.pgd(m, x, y, EPSILON, norm=2, **o),
}


@DTYPES
@pytest.mark.parametrize("name", ATTACKS)
def test_an_attack_stays_in_its_ball_and_in_the_box_and_leaves_the_model(name: str, dtype: Any) -> None:
    model, (x, y) = network(dtype).train(), examples(dtype=dtype)
    for p in model.parameters():
        p.grad = ag.ones_like(p)
    state = {k: v.numpy().copy() for k, v in model.state_dict().items()}
    before = x.numpy().copy()
    found = ATTACKS[name](model, x.requires_grad_(), y)
    x = x.detach()
    assert found.shape == x.shape
    assert found.dtype == dtype
    assert not found.requires_grad
    assert found.min() >= 0
    assert found.max() <= 1
    moved = found - x
    far = moved.flatten(1).norm(dim=1).max() if name.endswith("L2") else moved.abs().max()
    assert 0 < far <= EPSILON * (1 + 1e-5)
    assert all(m.training for m in model.modules())
    assert all((p.grad.numpy() == 1).all() for p in model.parameters())
    assert all((v.numpy() == state[k]).all() for k, v in model.state_dict().items())
    assert (x.numpy() == before).all()
    model.eval()
    assert F.cross_entropy(model(found), y) > F.cross_entropy(model(x), y)
    nearer = ATTACKS[name](model, x, y, targeted=True)
    assert F.cross_entropy(model(nearer), y) < F.cross_entropy(model(x), y)


def test_fgsm_is_one_step_of_the_sign() -> None:
    model, (x, y) = network().eval(), examples()
    g = gradient_of(model, x, y).numpy()
    expected = np.clip(x.numpy() + EPSILON * np.sign(g), 0, 1)
    np.testing.assert_array_equal(interpret.fgsm(model, x, y, EPSILON).numpy(), expected)
    expected = np.clip(x.numpy() - EPSILON * np.sign(g), 0, 1)
    np.testing.assert_array_equal(interpret.fgsm(model, x, y, EPSILON, targeted=True).numpy(), expected)
    assert (interpret.fgsm(model, x, y, 0.0) == x).all()
    one = interpret.bim(model, x, y, EPSILON, steps=1, step_size=EPSILON)
    assert one.allclose(interpret.fgsm(model, x, y, EPSILON), atol=1e-12)


@pytest.mark.parametrize("norm", [2, math.inf])
def test_pgd_by_hand(norm: float) -> None:
    model, (x, y) = network().eval(), examples()
    a, z = x.numpy(), x.numpy().copy()
    for _ in range(4):
        g = gradient_of(model, ag.from_numpy(z.copy()), y).numpy()
        if norm == 2:
            z = z + 0.03 * g / np.sqrt((g * g).sum((1, 2, 3), keepdims=True))
            r = z - a
            z = a + r * np.minimum(1, EPSILON / np.sqrt((r * r).sum((1, 2, 3), keepdims=True)))
        else:
            z = a + np.clip(z + 0.03 * np.sign(g) - a, -EPSILON, EPSILON)
        z = np.clip(z, 0, 1)
    found = interpret.pgd(model, x, y, EPSILON, norm=norm, steps=4, step_size=0.03, random_start=False)
    np.testing.assert_allclose(found.numpy(), z, atol=1e-12)


def test_examples_do_not_disturb_each_other_and_a_seed_repeats() -> None:
    model, (x, y) = network(), examples()
    together = interpret.bim(model, x, y, EPSILON)
    alone = ag.cat([interpret.bim(model, x[i : i + 1], y[i : i + 1], EPSILON) for i in range(6)])
    assert together.allclose(alone)
    one, other, same = (interpret.pgd(model, x, y, EPSILON, generator=ag.Generator().manual_seed(s)) for s in (1, 2, 1))
    assert (one == same).all()
    assert not (one == other).all()


def test_the_box_may_differ_by_channel() -> None:
    model, (x, y) = network(), examples()
    mean, std = 0.3, 0.4
    low, high = ag.full((1, 1, 1), -mean / std).double(), ag.full((1, 1, 1), (1 - mean) / std).double()
    found = interpret.fgsm(model, (x - mean) / std, y, 10.0, bounds=(low, high))
    assert set(found.numpy().round(6).ravel()) <= {round(-mean / std, 6), round((1 - mean) / std, 6)} | set(
        ((x - mean) / std).numpy().round(6).ravel()
    )


@DTYPES
def test_lbfgs_finds_the_nearest_point_across_a_line(dtype: Any) -> None:
    """For two classes that a line divides, the nearest point across is known: the foot of the perpendicular."""
    pytest.importorskip("scipy")
    model = nn.Linear(3, 2).to(dtype)
    x = ag.tensor([[0.4, 0.5, 0.6], [0.5, 0.4, 0.5]], dtype=dtype)
    with ag.no_grad():
        model.weight.copy_(ag.tensor([[3.0, 2.0, -1.0], [0.0, 0.0, 0.0]]))
        model.bias.copy_(ag.tensor([-1.0, 0.0]))
    answers = model(x).argmax(1)
    targets = 1 - answers
    found = interpret.lbfgs_attack(model, x, targets, weights=25)
    assert (model(found).argmax(1) == targets).all()
    assert found.min() >= 0
    assert found.max() <= 1
    w = np.array([3.0, 2.0, -1.0])
    least = np.abs(x.numpy() @ w - 1) / np.linalg.norm(w)
    np.testing.assert_allclose((found - x).norm(dim=1).numpy(), least, rtol=0.02)
    assert found.dtype == dtype


def test_lbfgs_keeps_to_the_box_and_gives_back_what_it_cannot_change() -> None:
    pytest.importorskip("scipy")
    model, (x, _) = network(), examples(2)
    wanted = (model.eval()(x).argmax(1) + 1) % 5
    found = interpret.lbfgs_attack(model, x, wanted, weights=6)
    assert (model(found).argmax(1) == wanted).all()
    assert found.min() >= 0
    assert found.max() <= 1
    assert (found - x).abs().max() > 0
    steady = nn.Sequential(nn.Flatten(), nn.Linear(64, 2)).double()
    with ag.no_grad():
        steady[1].weight.zero_()
        steady[1].bias.copy_(ag.tensor([9.0, 0.0]))
    assert (interpret.lbfgs_attack(steady, x, ag.tensor([1, 1]), weights=3) == x).all()


def test_lbfgs_without_scipy_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "scipy.optimize", None)
    with pytest.raises(ImportError, match="pip install scipy"):
        interpret.lbfgs_attack(network(), *examples(1))


@pytest.mark.parametrize("attack", [*ATTACKS.values(), interpret.lbfgs_attack])
def test_bad_arguments_are_refused(attack: Any) -> None:
    model, (x, y) = network(), examples()
    with pytest.raises(ag.errors.ArgumentError, match=r"values from -.* outside bounds=\(0, 1\); pass the box"):
        attack(model, x - 0.5, y)
    with pytest.raises(ag.errors.ArgumentError, match=r"bounds=\(0, 1, 2\), expected \(low, high\)"):
        attack(model, x, y, bounds=(0, 1, 2))
    with pytest.raises(ag.errors.ArgumentError, match=r"bounds=\(1, 0\), expected \(low, high\)"):
        attack(model, x, y, bounds=(1, 0))
    with pytest.raises(ag.errors.ArgumentError, match=r"labels=.*one class for each of the 6 examples"):
        attack(model, x, y[:3])
    with pytest.raises(IndexError, match=r"labels=.*expected classes of 0 to 4"):
        attack(model, x, y + 1)
    with pytest.raises(ag.errors.DtypeError, match="floating numbers"):
        attack(model, (x > 0.5).long(), y)
    with pytest.raises(ag.errors.ShapeError, match="not empty"):
        attack(model, x[:0], y[:0])


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"epsilon": -1}, "epsilon=-1, expected a number of at least 0"),
        ({"norm": 1}, "norm=1, expected 2 or math.inf"),
        ({"steps": 0}, "steps=0, expected an int of at least 1"),
        ({"step_size": 0.0}, r"step_size=0\.0, expected a number above 0"),
    ],
)
def test_pgd_refuses(options: dict[str, Any], message: str) -> None:
    with pytest.raises(ag.errors.ArgumentError, match=message):
        interpret.pgd(network(), *examples(), **{"epsilon": 0.1, **options})


def test_robust_accuracy_counts() -> None:
    """A threshold at 0.5: an example within epsilon of it falls, others stand."""
    model = nn.Linear(1, 2).double()
    with ag.no_grad():
        model.weight.copy_(ag.tensor([[-1.0], [1.0]]))
        model.bias.copy_(ag.tensor([0.5, -0.5]))
    x = ag.tensor([[0.1], [0.45], [0.52], [0.9]], dtype=ag.float64)
    y = ag.tensor([0, 0, 1, 1])
    batches = [(x[:2], y[:2]), (x[2:], y[2:])]

    def attack(m: nn.Module, a: ag.Tensor, b: ag.Tensor) -> ag.Tensor:
        return interpret.fgsm(m, a, b, 0.1)

    assert interpret.robust_accuracy(model, batches) == 1.0
    assert interpret.robust_accuracy(model, batches, attack) == 0.5
    swapped = [(b, a) for a, b in batches]
    assert interpret.robust_accuracy(model, swapped, attack, prepare=lambda pair: (pair[1], pair[0])) == 0.5


def test_training_against_an_attack_makes_a_model_robust() -> None:
    """Two strong weak features: a model that leans on many small ones falls, one trained against the attack does not.

    After Tsipras et al., "Robustness May Be at Odds with Accuracy", 2018: one feature agrees with the class in 90 of 100
    examples and is large; a hundred are small and agree only on average.
    """

    def made(n: int) -> tuple[ag.Tensor, ag.Tensor]:
        y = ag.randint(0, 2, (n,))
        sign = (2 * y - 1).unsqueeze(1).float()
        strong = sign * (2 * (ag.rand(n, 1) < 0.9).float() - 1)
        return ag.cat([strong, 0.3 * sign + ag.randn(n, 100)], 1), y

    box: Any = (-100.0, 100.0)

    def attack(m: nn.Module, x: ag.Tensor, y: ag.Tensor) -> ag.Tensor:
        return interpret.fgsm(m, x, y, 0.6, bounds=box)

    data, test = nn.data.TensorDataset(*made(2000)), [made(1000)]
    scores = {}
    for kind in ("plain", "against"):
        ag.manual_seed(1)
        model = nn.Linear(101, 2)
        loader = nn.data.DataLoader(data, batch_size=100, shuffle=True, seed=0)
        prepare = interpret.adversarial_batches(model, attack, clean=False) if kind == "against" else None
        adam = optim.Adam(model.parameters(), lr=0.01)
        nn.training.fit(model, loader, nn.CrossEntropyLoss(), adam, 20, prepare=prepare, progress="none")
        scores[kind] = [interpret.robust_accuracy(model, test, a) for a in (None, attack)]
    assert scores["plain"][0] > 0.9
    assert scores["plain"][1] < 0.3
    assert scores["against"][1] > scores["plain"][1] + 0.4


def test_adversarial_batches_put_both_halves_together() -> None:
    model, (x, y) = network(), examples()
    both = interpret.adversarial_batches(model, ATTACKS["fgsm"])((x, y))
    assert (both[0][:6] == x).all()
    assert (both[0][6:] == interpret.fgsm(model, x, y, EPSILON)).all()
    assert both[1].tolist() == [*y.tolist(), *y.tolist()]
    only = interpret.adversarial_batches(model, ATTACKS["fgsm"], clean=False)((x, y))
    assert (only[0] == both[0][6:]).all()
    with pytest.raises(ag.errors.ArgumentError, match="the loader gave a Tensor"):
        interpret.adversarial_batches(model, ATTACKS["fgsm"])(x)
