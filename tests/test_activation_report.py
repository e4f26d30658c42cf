"""What the report on activations finds, beside NumPy's own figures."""

from __future__ import annotations

import numpy as np
import pytest

import autograd_core as ag
import nn
from autograd_core.errors import DtypeError, ShapeError
from nn.interpret import activation_report


def test_figures_are_those_of_numpy() -> None:
    model, x = nn.Sequential(nn.Linear(5, 8), nn.Tanh(), nn.Linear(8, 6), nn.ReLU()), 3 * ag.randn(50, 5)
    rows = activation_report(model, x).rows
    assert [row.path for row in rows] == ["0", "1", "2", "3"]
    with ag.no_grad():
        value = x
        for layer, row in zip(model, rows, strict=True):
            value = layer(value)
            assert row.name == type(layer).__name__
            np.testing.assert_allclose(
                [row.mean, row.std], [value.array.mean(), value.array.std()], rtol=1e-4, atol=1e-6
            )
            assert row.dead == ((value.array == value.array[0]).all(0)).mean()
    tanh = model[:2](x).detach().array
    assert rows[1].saturated == pytest.approx((np.abs(tanh) > 0.98).mean())
    assert rows[0].saturated is None
    assert [row.path for row in activation_report(model, x, (nn.Tanh,)).rows] == ["1"]


def test_dead_units_of_rectifiers_and_channels() -> None:
    model = nn.Sequential(nn.Conv2d(1, 4, 3), nn.ReLU())
    nn.init.constant_(model[0].bias, 0.0)
    model[0].bias.array[:3] = -100
    report = activation_report(model, ag.randn(5, 1, 6, 6), (nn.ReLU,))
    assert report.rows[0].dead == 0.75
    assert "75.0%" in str(report)


@pytest.mark.parametrize(
    ("layer", "end", "inside"), [(nn.Sigmoid(), 9.0, 0.0), (nn.Hardtanh(-2, 3), 3.0, 2.9), (nn.ReLU6(), 6.0, 3.0)]
)
def test_saturation_is_at_the_ends_of_each_range(layer: nn.Module, end: float, inside: float) -> None:
    x = ag.tensor([[end], [inside], [end], [inside]])
    assert activation_report(nn.Sequential(layer), x).rows[0].saturated == 0.5


def test_the_model_is_left_as_it_was() -> None:
    model = nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4), nn.Dropout(0.5), nn.Linear(4, 2))
    model[2].eval()
    before, modes = {k: v.array.copy() for k, v in model.state_dict().items()}, [m.training for m in model.modules()]
    report = activation_report(model, 10 + ag.randn(20, 3))
    assert report.rows[1].std == pytest.approx(1, abs=1e-2)  # as it trains: by the batch's own figures
    for name, value in model.state_dict().items():
        np.testing.assert_array_equal(value.array, before[name])
    assert [m.training for m in model.modules()] == modes
    assert all(p.grad is None for p in model.parameters())


def test_what_is_refused() -> None:
    model = nn.Sequential(nn.Linear(3, 4))
    with pytest.raises(DtypeError, match="activation_report: expects floating numbers"):
        activation_report(model, ag.ones(2, 3).long())
    with pytest.raises(ShapeError, match=r"activation_report: expects \(N, \.\.\.\), not empty"):
        activation_report(model, ag.ones(3))
