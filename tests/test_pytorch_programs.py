"""Programs in the manner of PyTorch's examples, and one whose imports change, run here to the same numbers."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from pytorch_programs import PROGRAMS

import autograd_core as ag
import nn
import nn.functional
import optim

programs = pytest.mark.parametrize("name", PROGRAMS)


@programs
def test_the_numbers_are_those_of_pytorch(name: str) -> None:
    function, first, last = PROGRAMS[name]
    losses = function(ag)
    assert np.isfinite(losses).all()
    np.testing.assert_allclose([losses[0], losses[-1]], [first, last], rtol=1e-6)


@programs
def test_every_loss_on_the_way_is_that_of_pytorch(name: str) -> None:
    torch = pytest.importorskip("torch")
    function = PROGRAMS[name][0]
    np.testing.assert_allclose(function(ag), function(torch), rtol=1e-6, atol=1e-9)


# ---------------------------------------------------------------------------------------------- only the imports change


def model_of(nn: Any) -> Any:
    return nn.Sequential(
        nn.Conv2d(1, 8, 3, padding=1),
        nn.BatchNorm2d(8),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Flatten(),
        nn.Linear(8 * 7 * 7, 32),
        nn.GELU(),
        nn.LayerNorm(32),
        nn.Linear(32, 10),
    )


def train(torch: Any, nn: Any, F: Any, optim: Any, weights: dict[str, np.ndarray]) -> tuple[list[float], Any]:
    model = model_of(nn)
    model.load_state_dict({k: torch.tensor(v) for k, v in weights.items()})
    optimizer = optim.AdamW(
        [{"params": model[0].parameters(), "lr": 1e-3}, {"params": list(model[1:].parameters())}],
        lr=2e-3,
        weight_decay=0.05,
    )
    schedule = optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=10)
    rng = np.random.default_rng(1)
    losses = []
    for _ in range(8):
        x = torch.tensor(rng.normal(size=(16, 1, 14, 14)).astype("f"))
        y = torch.tensor(rng.integers(0, 10, 16))
        optimizer.zero_grad()
        penalty = sum((p**2).sum() for p in model.parameters())
        loss = F.cross_entropy(model(x), y, label_smoothing=0.1) + 1e-4 * penalty
        loss.backward()
        optimizer.step()
        schedule.step()
        losses.append(loss.item())
    model.eval()
    with torch.no_grad():
        return losses, model(torch.ones(2, 1, 14, 14)).softmax(dim=-1).tolist()


def test_only_the_imports_change() -> None:
    torch = pytest.importorskip("torch")
    weights = {k: v.numpy(force=True) for k, v in model_of(torch.nn).state_dict().items()}
    theirs = train(torch, torch.nn, torch.nn.functional, torch.optim, weights)
    ours = train(ag, nn, nn.functional, optim, weights)
    np.testing.assert_allclose(ours[0], theirs[0], rtol=1e-5)
    np.testing.assert_allclose(ours[1], theirs[1], rtol=1e-3, atol=1e-5)


def test_it_learns_without_pytorch_at_hand() -> None:
    weights = {k: v.array for k, v in model_of(nn).state_dict().items()}
    losses, predicted = train(ag, nn, nn.functional, optim, weights)
    assert np.isfinite(losses).all()
    np.testing.assert_allclose(np.sum(predicted, 1), [1, 1], rtol=1e-5)
