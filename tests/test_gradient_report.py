"""The report of gradient and update norms, layer by layer."""

from __future__ import annotations

import importlib.util
import math
from typing import Any

import numpy as np
import pytest

import autograd_core as ag
import nn
import optim
from nn.training import GradientReport, gradient_report


def trained(model: nn.Module, *shape: int, dtype: Any = ag.float32) -> nn.Module:
    """Return *model* with gradients."""
    model.to(dtype)(ag.ones(*shape, dtype=dtype)).sum().backward()
    return model


def deep(layers: int) -> nn.Module:
    ag.manual_seed(0)
    return nn.Sequential(*(m for _ in range(layers) for m in (nn.Linear(6, 6), nn.Sigmoid())), nn.Linear(6, 1))


@pytest.mark.parametrize("dtype", [ag.float32, ag.float64], ids=str)
def test_the_norms_are_those_of_each_layers_numbers(dtype: Any) -> None:
    model = trained(nn.Sequential(nn.Linear(3, 4), nn.ReLU(), nn.BatchNorm1d(4), nn.Linear(4, 2)), 5, 3, dtype=dtype)
    before = {name: p.detach().numpy().copy() for name, p in model.named_parameters()}
    report = gradient_report(model, optim.SGD(model.parameters(), lr=0.1).step)
    assert [(row.path, row.name) for row in report.rows] == [("0", "Linear"), ("2", "BatchNorm1d"), ("3", "Linear")]
    for row in report.rows:
        names = [f"{row.path}.weight", f"{row.path}.bias"]
        gradient = np.concatenate([model.get_parameter(n).grad.numpy().ravel() for n in names])
        weight = np.concatenate([before[n].ravel() for n in names])
        update = np.concatenate([(model.get_parameter(n).detach().numpy() - before[n]).ravel() for n in names])
        for found, expected in ((row.gradient, gradient), (row.weight, weight), (row.update, update)):
            assert found == pytest.approx(math.sqrt((expected.astype(float) ** 2).sum()), rel=1e-6)
        assert row.ratio == pytest.approx(row.update / row.weight)
        assert row.update == pytest.approx(0.1 * row.gradient, rel=1e-3, abs=1e-6)


def test_without_a_step_nothing_moves() -> None:
    model = trained(nn.Linear(3, 1), 2, 3)
    before = model.weight.tolist()
    (row,) = gradient_report(model).rows
    assert (row.path, row.update, row.ratio, model.weight.tolist()) == ("", None, None, before)


def test_vanishing_gradients_are_found_and_where() -> None:
    report = gradient_report(trained(deep(12), 4, 6))
    norms = [row.gradient or 0.0 for row in report.rows]
    assert norms == sorted(norms)
    expected = {row.path: "vanishing" for row, g in zip(report.rows, norms, strict=True) if g < 1e-5 * norms[-1]}
    assert report.findings == expected
    assert {"0", "2"} <= set(expected) < {row.path for row in report.rows}
    assert not gradient_report(trained(deep(12), 4, 6), vanishing=1e-30).findings
    dead = nn.Sequential(nn.Linear(2, 2), nn.ReLU(), nn.Linear(2, 1))
    nn.init.constant_(dead[0].bias, -100.0)
    assert gradient_report(trained(dead, 3, 2)).findings == {"0": "vanishing"}  # exactly 0


def test_exploding_gradients_are_found() -> None:
    model = nn.Sequential(*(nn.Linear(4, 4, bias=False) for _ in range(6)))
    for p in model.parameters():
        nn.init.constant_(p, 3.0)
    assert set(gradient_report(trained(model, 1, 4)).findings.values()) == {"exploding"}
    assert not gradient_report(model, exploding=1e9).findings


@pytest.mark.parametrize("bad", [math.nan, math.inf])
def test_gradients_that_are_not_finite_are_found(bad: float) -> None:
    model = trained(nn.Sequential(nn.Linear(2, 2), nn.Linear(2, 1)), 1, 2)
    model[0].weight.grad[0, 1] = bad
    report = gradient_report(model)
    assert report.findings == {"0": "not finite"}  # and the others are still compared with each other
    assert f"{bad:.2e}" in report.text


@pytest.mark.parametrize(("dtype", "huge"), [(ag.float32, 1e30), (ag.float64, 1e200)])
def test_a_norm_does_not_overflow_before_its_numbers_do(dtype: Any, huge: float) -> None:
    model = trained(nn.Linear(2, 2, bias=False), 1, 2, dtype=dtype)
    model.weight.grad.fill_(huge)
    (row,) = gradient_report(model).rows
    assert (row.gradient, row.finding) == (pytest.approx(2 * huge), "exploding")


def test_unused_frozen_forgotten_and_shared_parameters() -> None:
    model = nn.ModuleDict({name: nn.Linear(2, 2) for name in ("used", "idle", "frozen", "forgotten")})
    model["frozen"].requires_grad_(False)
    model["again"] = model["used"]
    model["forgotten"](model["frozen"](model["used"](ag.ones(1, 2)))).sum().backward()
    report = gradient_report(model, optim.SGD(model["used"].parameters(), lr=0.1).step)
    assert report.findings == {"idle": "no gradient", "frozen": "frozen", "forgotten": "not moved"}
    assert [row.path for row in report.rows] == ["used", "idle", "frozen", "forgotten"]


def test_the_table() -> None:
    model = nn.ModuleDict({"a": nn.Linear(1, 1, bias=False), "b": nn.Linear(1, 1, bias=False)})
    for p in model.parameters():
        nn.init.constant_(p, 2.0)
    model["a"](ag.ones(1, 1)).backward()
    report = gradient_report(model, optim.SGD(model.parameters(), lr=0.5).step)
    assert str(report).splitlines() == [
        "layer  class   finding      gradient    weight    update  update / weight",
        "-------------------------------------------------------------------------",
        "a      Linear               1.00e+00  2.00e+00  5.00e-01         2.50e-01",
        "b      Linear  no gradient         -  2.00e+00  0.00e+00         0.00e+00",
        "-------------------------------------------------------------------------",
    ]


@pytest.mark.skipif(not importlib.util.find_spec("matplotlib"), reason="figures need matplotlib")
@pytest.mark.parametrize("step", [False, True])
def test_the_plot_has_a_bar_for_each_norm(step: bool) -> None:
    model = trained(deep(2), 4, 6)
    nn.init.zeros_(model[4].weight)
    nn.init.zeros_(model[4].bias)  # a weight of 0: no ratio, and no bar
    report = gradient_report(model, optim.SGD(model.parameters(), lr=0.1).step if step else None)
    charts = report.plot().axes
    assert [chart.get_title("left") for chart in charts] == ["gradient", "update / weight"][: 1 + step]
    assert [label.get_text() for label in charts[0].get_yticklabels()] == ["0", "2", "4"]
    widths = [[bar.get_width() for bar in chart.patches] for chart in charts]
    np.testing.assert_allclose(widths[0], [row.gradient for row in report.rows])
    if step:
        np.testing.assert_allclose(widths[1], [report.rows[0].ratio, report.rows[1].ratio, math.nan])
    assert charts[0].yaxis_inverted()  # the first layer is on top
    GradientReport(tuple(report.rows[2:])).plot()


def test_bad_arguments() -> None:
    with pytest.raises(
        ag.errors.GraphError, match=r"no parameter of this Linear has a gradient; call backward\(\) on a loss"
    ):
        gradient_report(nn.Linear(2, 2))
    with pytest.raises(ag.errors.GraphError, match="no parameter of this ReLU has a gradient"):
        gradient_report(nn.ReLU())
    model = trained(nn.Linear(2, 2), 1, 2)
    with pytest.raises(
        TypeError, match=r"step is of type SGD, expected a function without arguments; give optimizer\.step"
    ):
        gradient_report(model, optim.SGD(model.parameters(), lr=0.1))  # type: ignore[arg-type]
