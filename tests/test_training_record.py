"""Runs of ``fit`` that record: the same bits, resumed, cut short, failed, and from the command line."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from recorded_training import batches, dropout, kinds, mlp
from same_bits import same

import autograd_core as ag
import nn
import optim
from autograd_core.viz import Record
from nn.__main__ import FACTORIES
from nn.commands import main
from nn.training import fit


def fit_run(out: Path | None, epochs: int, resume: bool = False, **options: Any) -> tuple[nn.Module, Any]:
    ag.manual_seed(0)
    model = dropout()
    return model, fit(
        model, batches(5), nn.CrossEntropyLoss(), optim.Adam(model.parameters(), lr=0.01), epochs, out=out,
        resume=resume, progress="none", **options,
    )  # fmt: skip


def test_fit_records_and_its_bits_stay(tmp_path: Path) -> None:
    plain, _ = fit_run(tmp_path / "plain", 3)
    seen, _ = fit_run(tmp_path / "seen", 3, record=4)
    assert same(dict(plain.state_dict()), dict(seen.state_dict()))
    r = Record.load(tmp_path / "seen/record.json")
    assert [f.step for f in r.frames] == [1, 4, 8, 12]
    assert "record.html" not in {p.name for p in (tmp_path / "plain").iterdir()}
    assert "<title>Training of Sequential</title>" in (tmp_path / "seen/record.html").read_text("utf-8")


def test_a_resumed_run_goes_on_with_its_record(tmp_path: Path) -> None:
    fit_run(tmp_path / "whole", 4, record=3)
    fit_run(tmp_path / "parts", 2, record=3)
    kept = (tmp_path / "parts/record.json").read_text("utf-8")
    fit_run(tmp_path / "parts", 3, resume=True, record=3)
    assert (tmp_path / "parts/last.json").exists()
    fit_run(tmp_path / "parts", 4, resume=True, record=3)
    whole, parts = (json.loads((tmp_path / name / "record.json").read_text("utf-8")) for name in ("whole", "parts"))
    assert len(kept) < len(json.dumps(parts))
    for one, other in zip(whole["frames"], parts["frames"], strict=True):
        assert one | {"activations": 0} == other | {"activations": 0}
    assert whole["losses"] == parts["losses"]


def test_a_record_that_is_newer_than_the_checkpoint_is_cut(tmp_path: Path) -> None:
    class Stop(nn.training.Callback):
        def on_batch_end(self, run: Any) -> None:
            if (run.epoch, run.batch) == (3, 3):
                raise RuntimeError("power cut")

    fit_run(tmp_path / "whole", 4, record=2)
    with pytest.raises(RuntimeError, match="power cut"):
        fit_run(tmp_path / "cut", 4, record=2, callbacks=[Stop()])
    assert Record.load(tmp_path / "cut/record.json").steps == 13
    state = nn.training.load_checkpoint(tmp_path / "cut/last")
    assert state["record"]["steps"] == 10
    ag.manual_seed(0)
    model = dropout()
    loader, loss, adam = batches(5), nn.CrossEntropyLoss(), optim.Adam(model.parameters(), lr=0.01)

    class Quiet(Stop):
        def on_batch_end(self, run: Any) -> None:
            pass

    Quiet.__name__ = "Stop"
    fit(model, loader, loss, adam, 4, out=tmp_path / "cut", resume=True, record=2, callbacks=[Quiet()], progress="none")
    whole, cut = (Record.load(tmp_path / name / "record.json") for name in ("whole", "cut"))
    assert [(f.step, f.loss) for f in cut.frames] == [(f.step, f.loss) for f in whole.frames]


def test_fit_wants_a_folder_and_a_count(tmp_path: Path) -> None:
    with pytest.raises(ag.errors.ArgumentError, match=r"record is given without out"):
        fit_run(None, 1, record=5)
    with pytest.raises(ag.errors.ArgumentError, match=r"record is 0: expected at least 1"):
        fit_run(tmp_path, 1, record=0)


def test_the_command_line_records_and_the_report_links_it(tmp_path: Path) -> None:
    out = tmp_path / "run"
    words = ["train", "mlp", "--limit", "64", "--epochs", "1", "--batch-size", "16", "--record", "2", "--out", str(out)]
    assert main(words, FACTORIES) == 0
    assert [f.step for f in Record.load(out / "record.json").frames] == [1, 2, 4]
    assert 'href="record.html"' in (out / "report.html").read_text("utf-8")
    assert main(["resume", str(out), "--epochs", "2"], FACTORIES) == 0
    assert [f.step for f in Record.load(out / "record.json").frames] == [1, 2, 4, 6, 8]
    (out / "record.json").write_text("{", "utf-8")
    assert main(["evaluate", str(out)], FACTORIES) == 1  # and says which file is damaged


def test_a_run_that_fails_leaves_its_record(tmp_path: Path) -> None:
    model = mlp(6, 8, 3)
    sgd = optim.SGD(model.parameters(), lr=1e30)
    with pytest.raises(ag.errors.NonFiniteError), np.errstate(all="ignore"):
        fit(model, batches(5), nn.CrossEntropyLoss(), sgd, 3, out=tmp_path, record=1, progress="none")
    assert kinds(Record.load(tmp_path / "record.json"))
