"""Averaged models, their BatchNorm statistics and their rate: by hand and against torch."""

from __future__ import annotations

import copy
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import autograd_core as ag
import nn
import optim
from optim import swa_utils
from optim.swa_utils import SWALR, AveragedModel, update_bn


def network(lib: Any = nn) -> Any:
    return lib.Sequential(lib.Linear(3, 4), lib.BatchNorm1d(4), lib.Linear(4, 2))


def fill(model: Any, seed: int, lib: Any = ag) -> Any:
    """Give all parameters and buffers values that are the same in each library."""
    rng = np.random.default_rng(seed)
    with lib.no_grad():
        for t in [*model.parameters(), *model.buffers()]:
            t.copy_(lib.as_tensor(np.asarray(10 * rng.standard_normal(tuple(t.shape)) ** 2)))
    return model


def values(model: Any) -> dict[str, np.ndarray]:
    return {name: np.asarray(t.detach()) for name, t in model.state_dict().items()}


OPTIONS: list[dict[str, Any]] = [
    {},
    {"use_buffers": True},
    {"avg_fn": "get_ema_avg_fn"},
    {"avg_fn": "get_ema_avg_fn", "use_buffers": True},
    {"avg_fn": "get_swa_avg_fn", "use_buffers": True},
    {"multi_avg_fn": "get_ema_multi_avg_fn", "use_buffers": True},
    {"multi_avg_fn": "get_swa_multi_avg_fn", "use_buffers": False},
]


@pytest.mark.parametrize("options", OPTIONS, ids=str)
def test_averages_equal_those_of_torch(torch: Any, options: dict[str, Any]) -> None:
    averaged = []
    for lib, layers, module in ((ag, nn, swa_utils), (torch, torch.nn, torch.optim.swa_utils)):
        chosen = {
            k: getattr(module, v)(*([0.75] if "ema" in v else [])) if isinstance(v, str) else v
            for k, v in options.items()
        }
        model = network(layers)
        averaged.append(module.AveragedModel(model, **chosen))
        for seed in range(4):
            averaged[-1].update_parameters(fill(model, seed, lib))
    ours, theirs = map(values, averaged)
    assert list(ours) == list(theirs)
    for name, value in ours.items():
        assert value.dtype == theirs[name].dtype
        integers = value.dtype.kind == "i"  # cut off, where a rounding may decide
        np.testing.assert_allclose(value, theirs[name], rtol=1e-5, atol=1 if integers and name != "n_averaged" else 0)
    assert int(averaged[0].n_averaged) == 4


def test_the_first_update_copies_and_the_others_average() -> None:
    model = nn.Linear(1, 1, bias=False)
    for make, expected in (
        (lambda: AveragedModel(model), [2.0, 3.0, 5.0]),
        (lambda: AveragedModel(model, multi_avg_fn=swa_utils.get_swa_multi_avg_fn()), [2.0, 3.0, 5.0]),
        (lambda: AveragedModel(model, avg_fn=lambda average, new, n: average + n * new), [2.0, 6.0, 24.0]),
        (lambda: AveragedModel(model, multi_avg_fn=swa_utils.get_ema_multi_avg_fn(0.5)), [2.0, 3.0, 6.0]),
    ):
        averaged, seen = make(), []
        assert averaged.module is not model
        for value in (2.0, 4.0, 9.0):
            nn.init.constant_(model.weight, value)
            averaged.update_parameters(model)
            seen.append(averaged(ag.ones(1, 1)).item())
        assert seen == expected
        assert averaged.n_averaged.tolist() == 3


def test_buffers_are_copied_unless_they_are_averaged() -> None:
    model = nn.BatchNorm1d(1)
    plain, average = AveragedModel(model), AveragedModel(model, use_buffers=True)
    shared = AveragedModel(model, multi_avg_fn=swa_utils.get_swa_multi_avg_fn(), use_buffers=True)
    for value in (2, 5):
        model.running_mean.fill_(value)
        model.num_batches_tracked.fill_(value)
        for averaged in (plain, average, shared):
            averaged.update_parameters(model)
    seen = [(m.module.running_mean.item(), m.module.num_batches_tracked.item()) for m in (plain, average, shared)]
    assert seen == [(5.0, 5), (3.5, 3), (3.5, 3)]  # integers are cut off
    assert [name for name, _ in plain.named_buffers()][:2] == ["n_averaged", "module.running_mean"]


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_dtypes_stay_and_nothing_is_recorded(dtype: str) -> None:
    model = nn.Linear(2, 2, dtype=dtype)
    averaged = AveragedModel(model)
    before = [p.array for p in averaged.parameters()]
    for _ in range(3):
        averaged.update_parameters(model)
    for p, q, array in zip(averaged.parameters(), model.parameters(), before, strict=True):
        assert (p.dtype, p.is_leaf) == (dtype, True)
        assert p.array is array
        np.testing.assert_allclose(p.array, q.array, rtol=1e-6)


def test_is_a_model() -> None:
    model = fill(network(), 1)
    averaged = AveragedModel(model)
    averaged.update_parameters(model)
    x = ag.randn(5, 3)
    assert not averaged.eval().training
    assert not averaged.module.training
    np.testing.assert_array_equal(averaged(x).array, model.eval()(x).array)
    np.testing.assert_array_equal(averaged.forward(x).array, model(x).array)
    assert averaged.train().training
    assert list(averaged.modules())[:2] == [averaged, averaged.module]
    assert next(averaged.named_parameters())[0] == "module.0.weight"
    assert len(list(averaged.buffers())) == 4
    assert repr(averaged).startswith("AveragedModel(\n  (module): Sequential(\n    (0): Linear")
    optim.SGD(averaged.parameters(), lr=0.1)
    assert isinstance(averaged, nn.Module)
    assert "n_averaged" in dict(averaged.named_buffers())
    assert [row.path for row in nn.summary(averaged, (5, 3)).rows][:3] == ["", "module", "module.0"]
    with pytest.raises(TypeError, match=r"model is a Tensor: expected an nn\.Module"):
        AveragedModel(x)  # type: ignore[arg-type]


def test_nn_loads_when_an_average_is_asked_for() -> None:
    asked = (
        "import sys, optim; assert 'nn' not in sys.modules; optim.swa_utils.AveragedModel; assert 'nn' in sys.modules"
    )
    asked += "; assert 'update_bn' in dir(optim.swa_utils) and not hasattr(optim.swa_utils, 'nothing')"
    subprocess.run([sys.executable, "-c", asked], cwd=Path(__file__).parents[1], check=True)


def test_state_dicts_go_on() -> None:
    model, averaged = network(), AveragedModel(network())
    for seed in range(3):
        averaged.update_parameters(fill(model, seed))
    other = AveragedModel(network())
    assert str(other.load_state_dict(averaged.state_dict())) == "<All keys matched successfully>"
    copied = copy.deepcopy(averaged)
    for each in (averaged, other, copied):
        each.update_parameters(fill(model, 7))
    for name, value in values(averaged).items():
        np.testing.assert_array_equal(value, values(other)[name])
        np.testing.assert_array_equal(value, values(copied)[name])
    with pytest.raises(ag.errors.CheckpointError, match=r'Missing key.* "n_averaged", "module.0.weight"'):
        other.load_state_dict(model.state_dict())
    with pytest.raises(ag.errors.CheckpointError, match="Unexpected key"):
        other.load_state_dict({**averaged.state_dict(), "module.more": ag.zeros(1)})


def test_another_model() -> None:
    averaged = AveragedModel(nn.Linear(2, 2))
    for other in (nn.Linear(2, 3), nn.Linear(2, 2, bias=False)):
        with pytest.raises(
            ag.errors.ArgumentError, match=r"the model has \d parameters, .* match the 2 of the average"
        ):
            averaged.update_parameters(other)
    assert averaged.n_averaged == 0


def test_one_function_only() -> None:
    with pytest.raises(ag.errors.ArgumentError, match=r"Only one of avg_fn and multi_avg_fn .* Leave one out"):
        AveragedModel(network(), avg_fn=swa_utils.get_swa_avg_fn(), multi_avg_fn=swa_utils.get_swa_multi_avg_fn())


@pytest.mark.parametrize("make", [swa_utils.get_ema_avg_fn, swa_utils.get_ema_multi_avg_fn])
@pytest.mark.parametrize("decay", [-0.1, 1.1, float("nan")])
def test_decay_is_a_share(make: Any, decay: float) -> None:
    with pytest.raises(
        ag.errors.ArgumentError, match=rf"Invalid decay value: {decay}. .* at least 0 and at most 1: pass"
    ):
        make(decay)
    make(0.0), make(1.0)


# ----------------------------------------------------------------------------------------------------------- statistics


def batches(lib: Any, count: int = 3) -> list[Any]:
    rng = np.random.default_rng(0)
    return [lib.from_numpy(rng.standard_normal((5, 3)).astype("float32")) for _ in range(count)]


def test_update_bn_equals_torch(torch: Any) -> None:
    found = []
    for lib, layers, module in ((ag, nn, swa_utils), (torch, torch.nn, torch.optim.swa_utils)):
        model = fill(network(layers), 0, lib)
        model[1].momentum = 0.3
        model.eval()
        module.update_bn(batches(lib), model)
        module.update_bn([(x, None) for x in batches(lib)], averaged := module.AveragedModel(model))
        assert not model.training
        assert model[1].momentum == 0.3
        found.append({**values(model), **values(averaged)})
    for name, value in found[0].items():
        np.testing.assert_allclose(value, found[1][name], rtol=1e-4)
    assert found[0]["1.num_batches_tracked"] == 3


def test_update_bn_takes_the_mean_of_the_batches() -> None:
    model = nn.BatchNorm1d(3, momentum=0.9).eval()
    update_bn(batches(ag), model)
    arrays = [x.numpy() for x in batches(ag)]
    np.testing.assert_allclose(model.running_mean.array, np.mean([a.mean(0) for a in arrays], 0), rtol=1e-5)
    np.testing.assert_allclose(model.running_var.array, np.mean([a.var(0, ddof=1) for a in arrays], 0), rtol=1e-5)


def test_update_bn_leaves_the_model_as_it_was_after_an_error() -> None:
    model = nn.BatchNorm1d(3, momentum=0.9).eval()
    with pytest.raises(ag.errors.ShapeError):
        update_bn([ag.zeros(2, 4)], model)
    assert (model.momentum, model.training) == (0.9, False)


def test_update_bn_is_for_batch_norm_alone() -> None:
    class Mine(nn.BatchNorm1d):
        pass

    norm, others = Mine(2), nn.InstanceNorm1d(2, track_running_stats=True)
    for module in (norm, others):
        module.running_mean.fill_(7.0)
    update_bn([], nn.Sequential(norm, others))
    assert norm.running_mean.tolist() == [0.0, 0.0]
    assert others.running_mean.tolist() == [7.0, 7.0]
    update_bn(iter([]), nn.Linear(1, 1))


# ----------------------------------------------------------------------------------------------------------------- rate

RATES: list[dict[str, Any]] = [
    {"swa_lr": 0.05},
    {"swa_lr": [0.05, 0.4], "anneal_epochs": 7},
    {"swa_lr": 0.05, "anneal_strategy": "linear"},
    {"swa_lr": 0.05, "anneal_strategy": "linear", "anneal_epochs": 1},
    {"swa_lr": 0.05, "anneal_epochs": 0},
]


def make(lib: Any = ag, module: Any = optim) -> Any:
    return module.SGD([{"params": lib.zeros(1)}, {"params": lib.zeros(1), "lr": 0.2}], lr=0.5)


def walk(schedule: Any, steps: int) -> list[list[float]]:
    seen = []
    for _ in range(steps):
        seen.append(list(schedule.get_last_lr()))
        schedule.optimizer.step()
        schedule.step()
    return seen


@pytest.mark.parametrize("options", RATES, ids=str)
def test_rate_equals_torch(torch: Any, options: dict[str, Any]) -> None:
    ours, theirs = SWALR(make(), **options), torch.optim.swa_utils.SWALR(make(torch, torch.optim), **options)
    assert walk(ours, 30) == [pytest.approx(row, rel=1e-9) for row in walk(theirs, 30)]


@pytest.mark.parametrize("options", RATES, ids=str)
def test_rate_after_another_schedule(torch: Any, options: dict[str, Any]) -> None:
    seen = []
    for lib, module in ((ag, optim), (torch, torch.optim)):
        optimizer = make(lib, module)
        decay, late = module.lr_scheduler.ExponentialLR(optimizer, 0.9), module.swa_utils.SWALR(optimizer, **options)
        seen.append([*walk(decay, 5), *walk(late, 20)])
    assert seen[0] == [pytest.approx(row, rel=1e-9) for row in seen[1]]


@pytest.mark.parametrize("options", RATES, ids=str)
def test_rate_resumes(options: dict[str, Any]) -> None:
    schedule = SWALR(make(), **options)
    walk(schedule, 4)
    saved = json.loads(json.dumps([schedule.state_dict(), schedule.optimizer.state_dict()]))
    resumed = SWALR(make(), 9.0)
    resumed.load_state_dict(saved[0])
    resumed.optimizer.load_state_dict(saved[1])
    assert walk(resumed, 20) == walk(schedule, 20)


def test_rate_by_hand() -> None:
    assert [row[0] for row in walk(SWALR(make(), 0.1, 4, "linear"), 6)] == pytest.approx([0.5, 0.4, 0.3, 0.2, 0.1, 0.1])
    assert [row[0] for row in walk(SWALR(make(), 0.1, 2), 4)] == pytest.approx([0.5, 0.3, 0.1, 0.1])


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"swa_lr": [0.1]}, "swa_lr must have the same length .* expected 2 values, got 1"),
        ({"swa_lr": 0.1, "anneal_strategy": "step"}, "must be one of 'cos' or 'linear', instead got 'step'"),
        ({"swa_lr": 0.1, "anneal_epochs": -1}, "anneal_epochs must be equal or greater than 0, got -1"),
        ({"swa_lr": 0.1, "anneal_epochs": 1.5}, "anneal_epochs must be equal or greater than 0, got 1.5"),
    ],
)
def test_wrong_rates(options: dict[str, Any], message: str) -> None:
    optimizer = make()
    with pytest.raises(ag.errors.ArgumentError, match=message):
        SWALR(optimizer, **options)
    assert "swa_lr" not in optimizer.param_groups[0]


def test_rate_needs_an_optimizer() -> None:
    with pytest.raises(TypeError, match="Tensor is not an Optimizer"):
        SWALR(ag.zeros(1), 0.1)  # type: ignore[arg-type]


def test_one_function_for_each_of_both_kinds() -> None:
    a, b = ag.tensor([1.0, 2.0]), ag.tensor([3.0, 6.0])
    assert swa_utils.get_swa_avg_fn()(a, b, 3).tolist() == [1.5, 3.0]
    assert swa_utils.get_ema_avg_fn(0.25)(a, b, 3).tolist() == [2.5, 5.0]
    for update, expected in (
        (swa_utils.get_swa_multi_avg_fn(), [1.5, 3.0]),
        (swa_utils.get_ema_multi_avg_fn(0.25), [2.5, 5.0]),
    ):
        average = a.clone()
        assert update([average], [b], 3) is None
        assert average.tolist() == expected
