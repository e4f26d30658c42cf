"""Recording changes no bit of training and keeps no graph; what is recorded goes through text and files."""

from __future__ import annotations

import contextlib
import gc
import json
import math
import tracemalloc
import weakref
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from recorded_training import batches, dropout, mlp, train
from same_bits import same

import autograd_core as ag
import nn
import optim
from autograd_core.modes import attending
from autograd_core.viz import Flag, Frame, Record, record
from autograd_core.viz.recording.schema import READINGS

ROOT = Path(__file__).parents[1]


class Recurrent(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.lstm = nn.LSTM(6, 8, num_layers=2, dropout=0.2)
        self.out = nn.Linear(8, 3)

    def forward(self, x: ag.Tensor) -> ag.Tensor:
        return self.out(self.lstm(x.unsqueeze(0))[0][-1])


def normalised() -> nn.Module:
    return nn.Sequential(
        nn.Conv2d(1, 4, 3), nn.BatchNorm2d(4), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(16, 3)
    )


@pytest.mark.parametrize("make", [dropout, normalised, Recurrent])
@pytest.mark.parametrize("optimizer", [lambda p: optim.SGD(p, lr=0.1, momentum=0.9), lambda p: optim.Adam(p, lr=0.01)])
def test_no_bit_of_training_changes(make: Callable[[], nn.Module], optimizer: Any) -> None:
    def run(looking: Any) -> dict[str, Any]:
        ag.manual_seed(3)
        model, losses = make(), list[float]()
        chosen = optimizer(model.parameters())
        data = batches(4, inputs=36, image=True) if make is normalised else batches(4)
        with looking:
            train(model, chosen, data, 12, sink=losses)
        grads = {name: p.grad.detach() for name, p in model.named_parameters()}
        return {
            "losses": losses, "model": dict(model.state_dict()), "grads": grads, "optimizer": chosen.state_dict(),
            "random": ag.default_generator.get_state(),
        }  # fmt: skip

    plain = run(contextlib.nullcontext())
    r = record(every=2)
    assert same(run(r), plain)
    assert len(r.frames) == 7


def test_who_does_not_record_has_no_attendant() -> None:
    w = ag.ones(2, requires_grad=True)
    with pytest.raises(ZeroDivisionError), record(every=1) as r:
        w.sum().backward() or 1 / 0  # type: ignore[func-returns-value]
    assert attending.get() == ()
    assert len(r.frames) == 1


def test_a_graph_is_freed_and_unrecorded_steps_leave_nothing() -> None:
    model, data = mlp(6, 32, 3), batches(2)
    sgd = optim.SGD(model.parameters(), lr=0.01)
    with record(every=10_000) as r:
        gc.collect()
        gc.disable()
        tracemalloc.start()
        try:
            train(model, sgd, data, 200)
            before = tracemalloc.get_traced_memory()[0]
            train(model, sgd, data, 200)
            grown = tracemalloc.get_traced_memory()[0] - before
            loss = nn.CrossEntropyLoss()(model(data[0][0]), data[0][1])
            node = weakref.ref(loss.node)
            loss.backward()
            del loss
            assert node() is None
        finally:
            tracemalloc.stop()
            gc.enable()
    assert [f.of for f in r.frames] == ["loss", "loss #2"]  # the two places that call backward, once each
    assert grown < 4096


def test_frames_have_a_bound_and_cover_the_run() -> None:
    model = mlp(6, 3)
    with record(every=1, keep=10) as r:
        train(model, optim.SGD(model.parameters(), lr=0.01), batches(2), 100)
    steps = [frame.step for frame in r.frames]
    assert len(steps) <= 10
    assert steps[0] == 1
    assert steps[-1] > 80
    assert set(np.diff(steps[1:])) == {16}
    means = [frame.mean for frame in r.frames]
    assert all(map(math.isfinite, means))


# ------------------------------------------------------------------------------------------------------- text and files


def test_what_is_written_is_read_again_and_goes_on(tmp_path: Path) -> None:
    model, data = mlp(6, 8, 3), batches(3)
    sgd = optim.SGD(model.parameters(), lr=0.1)
    with record(every=4, model=model) as r:
        train(model, sgd, data, 10)
    r.frames[0].parameters["0.weight"].gradient = math.nan
    r.save(tmp_path / "run.json")
    made = json.loads((tmp_path / "run.json").read_text("utf-8"))
    assert set(made) == {
        "version", "engine", "every", "keep", "steps", "parameters", "losses", "networks", "frames", "flags",
    }  # fmt: skip
    again = Record.load(tmp_path / "run.json", model)
    assert json.dumps(again.as_dict()) == json.dumps(r.as_dict())
    with again:
        train(model, sgd, data, 10)
    assert [f.step for f in again.frames] == [1, 4, 8, 12, 16, 20]
    assert str(again) != str(r)


def test_the_documentation_has_every_field() -> None:
    text = (ROOT / "docs/record.md").read_text("utf-8")
    frame = Frame(1, "loss", 1, 0.0, 0.0)
    names = {*Record().as_dict(), *READINGS, *vars(frame), *Flag.__dataclass_fields__} - {"parameters"}
    assert not [name for name in names if f"`{name}`" not in text]


def test_bad_arguments_and_files(tmp_path: Path) -> None:
    with pytest.raises(ag.errors.ArgumentError, match=r"record: every is 0: expected a whole number of at least 1"):
        record(every=0)
    with pytest.raises(ag.errors.ArgumentError, match=r"record: every is True"):
        record(every=True)
    with pytest.raises(ag.errors.ArgumentError, match=r"record: keep is 3: expected a whole number of at least 10"):
        record(keep=3)
    with pytest.raises(ag.errors.ArgumentError, match=r"record: model is a int: expected a module with parameters"):
        record(model=3)
    with pytest.raises(ag.errors.ArgumentError, match=r"record: model\['G'\] is a str"):
        record(model={"G": "net"})
    with pytest.raises(ag.errors.ArgumentError, match=r"expected a name that ends in .html or .json"):
        record().save(tmp_path / "run.png")
    with pytest.raises(ag.errors.DataError, match=r"cannot be read"):
        Record.load(tmp_path / "nothing.json")
    for text, said in (
        ("[]", "is no record"),
        ('{"version": 1, "frames": [], "parameters": []}', "KeyError: .*'every'"),
        ('{"version": 9}', "is a record of version 9, this one reads 1"),
    ):
        (tmp_path / "bad.json").write_text(text, "utf-8")
        with pytest.raises(ag.errors.DataError, match=said):
            Record.load(tmp_path / "bad.json")


def test_an_empty_record_says_so(tmp_path: Path) -> None:
    with record() as r:
        pass
    assert str(r) == "Nothing recorded: 0 backward passes of a scalar were seen."
    r.save(tmp_path / "run.html")
    assert not r.flags
