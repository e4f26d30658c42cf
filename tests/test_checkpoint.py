"""Checkpoints: what comes back, what a crash leaves, and runs that go on as if they had never stopped."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import json
import math
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import safetensors.numpy
from hypothesis import given
from hypothesis import strategies as st
from same_bits import same

import autograd_core as ag
import nn
import optim
from nn.data import DataLoader, TensorDataset
from nn.training import (
    Accuracy,
    Callback,
    CSVLog,
    EarlyStopping,
    History,
    Run,
    Schedule,
    fit,
    load_checkpoint,
    restore,
    save_checkpoint,
)
from nn.training.files import write_atomically, write_json

ROOT = Path(__file__).parents[1]

# ------------------------------------------------------------------------------------------------------ what comes back


DTYPES = [np.float32, np.float64, np.int64, np.int32, np.uint8, np.bool_]
arrays = st.builds(
    lambda dtype, shape: np.arange(math.prod(shape)).reshape(shape).astype(dtype),
    st.sampled_from(DTYPES),
    st.lists(st.integers(0, 3), max_size=3),
)
leaves = (
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | arrays
    | arrays.map(lambda array: ag.from_numpy(array.copy()))
)  # fmt: skip
keys = st.text() | st.integers() | st.sampled_from(["$tensor", "a/b", "a"])
trees = st.recursive(
    leaves,
    lambda inner: st.lists(inner, max_size=3) | st.tuples(inner, inner) | st.dictionaries(keys, inner, max_size=3),
    max_leaves=8,
)


@given(state=st.dictionaries(keys, trees, max_size=4))
def test_any_state_comes_back_bit_for_bit(state: dict[Any, Any], tmp_path_factory: pytest.TempPathFactory) -> None:
    path = tmp_path_factory.mktemp("checkpoint") / "last"
    save_checkpoint(path, state)
    assert same(load_checkpoint(path), state)


def test_names_that_would_collide_do_not(tmp_path: Path) -> None:
    state = {"a/b": np.zeros(1), "a": {"b": np.ones(2), "c": {0: np.ones(3), "0": np.ones(4)}}}
    assert same(load_checkpoint(save_checkpoint(tmp_path / "x", state)), state)


def test_what_is_not_contiguous_comes_back(tmp_path: Path) -> None:
    array = np.arange(12.0).reshape(3, 4)
    state = {"turned": array.T, "every other": array[:, ::2], "backward": array[::-1]}
    loaded = load_checkpoint(save_checkpoint(tmp_path / "x", state))
    for name, value in state.items():
        np.testing.assert_array_equal(loaded[name], value)


def test_numpy_scalars_come_back_as_numbers(tmp_path: Path) -> None:
    loaded = load_checkpoint(save_checkpoint(tmp_path / "x", {"a": np.float64(0.1), "b": np.int64(3), "c": np.True_}))
    assert same(loaded, {"a": 0.1, "b": 3, "c": True})


def test_a_checkpoint_is_one_pair_of_files_however_often_it_is_saved(tmp_path: Path) -> None:
    for i in range(3):
        save_checkpoint(tmp_path / "last", {"i": i, "x": np.full(3, i)})
    save_checkpoint(tmp_path / "last-best", {"x": np.zeros(1)})
    save_checkpoint(tmp_path / "last", {"i": 3, "x": np.full(3, 3)})
    names = sorted(path.suffix for path in tmp_path.iterdir())
    assert names == [".json", ".json", ".safetensors", ".safetensors"]
    assert load_checkpoint(tmp_path / "last.json")["i"] == 3
    assert load_checkpoint(tmp_path / "last-best")["x"].tolist() == [0.0]


def test_tensors_are_written_as_safetensors_with_their_checksum(tmp_path: Path) -> None:
    model = nn.Linear(2, 3)
    head = json.loads(save_checkpoint(tmp_path / "last", {"model": model.state_dict()}).read_text())
    content = (tmp_path / head["tensors"]).read_bytes()
    assert head["tensors_sha256"] == hashlib.sha256(content).hexdigest()
    assert {name: array.shape for name, array in safetensors.numpy.load(content).items()} == {
        "model/weight": (3, 2),
        "model/bias": (3,),
    }


def test_what_cannot_be_kept_is_named(tmp_path: Path) -> None:
    with pytest.raises(ag.errors.ArgumentError, match=r"state holds a set at optimizer/groups/0: a file keeps"):
        save_checkpoint(tmp_path / "x", {"optimizer": {"groups": [{1, 2}]}})
    assert list(tmp_path.iterdir()) == []


# ---------------------------------------------------------------------------------------- missing, truncated, corrupted


@pytest.fixture
def saved(tmp_path: Path) -> tuple[Path, Path]:
    """The two files of a checkpoint."""
    target = save_checkpoint(tmp_path / "last", {"epoch": 3, "model": {"weight": np.arange(50.0)}})
    return target, next(tmp_path.glob("*.safetensors"))


def test_a_missing_checkpoint(tmp_path: Path) -> None:
    with pytest.raises(ag.errors.CheckpointError, match=r"there is no checkpoint .*last.json; check the path"):
        load_checkpoint(tmp_path / "last")


def test_missing_tensors(saved: tuple[Path, Path]) -> None:
    saved[1].unlink()
    with pytest.raises(ag.errors.CheckpointError, match=rf"{saved[1].name}, the tensors of .*; restore it from a copy"):
        load_checkpoint(saved[0])


def test_an_unreadable_checkpoint(tmp_path: Path) -> None:
    (tmp_path / "last.json").mkdir()
    with pytest.raises(ag.errors.CheckpointError, match=r"last.json cannot be read: .*check its permissions"):
        load_checkpoint(tmp_path / "last")


@pytest.mark.parametrize("share", [0.0, 0.3, 0.99])
@pytest.mark.parametrize("which", [0, 1])
def test_truncation_names_the_file(saved: tuple[Path, Path], which: int, share: float) -> None:
    content = saved[which].read_bytes()
    saved[which].write_bytes(content[: int(share * len(content))])
    message = rf"{saved[which].name} is truncated or corrupted.*; restore it from a copy, or train again"
    with pytest.raises(ag.errors.CheckpointError, match=message):
        load_checkpoint(saved[0])


def test_any_flipped_bit_is_found(saved: tuple[Path, Path]) -> None:
    for file in saved:
        content = bytearray(file.read_bytes())
        for place in range(0, len(content), max(len(content) // 40, 1)):
            content[place] ^= 1
            file.write_bytes(content)
            with contextlib.suppress(ag.errors.CheckpointError):
                loaded = load_checkpoint(saved[0])  # not found only where it does not matter: in white space, say
                assert same(loaded, {"epoch": 3, "model": {"weight": np.arange(50.0)}})
            content[place] ^= 1
        file.write_bytes(content)


def test_changed_values_are_corruption_too(saved: tuple[Path, Path]) -> None:
    saved[0].write_text(saved[0].read_text().replace('"epoch": 3', '"epoch": 4'))
    with pytest.raises(ag.errors.CheckpointError, match="is corrupted: its contents do not match their checksum"):
        load_checkpoint(saved[0])


def test_a_format_of_the_future(saved: tuple[Path, Path]) -> None:
    saved[0].write_text(saved[0].read_text().replace('"format": 1', '"format": 9'))
    with pytest.raises(
        ag.errors.CheckpointError, match="has format 9, this version reads format 1; update the package"
    ):
        load_checkpoint(saved[0])


# ------------------------------------------------------------------------------------------------- another architecture


def test_another_architecture_names_the_keys() -> None:
    old = nn.Sequential(nn.Linear(4, 8), nn.Linear(8, 2), nn.Linear(2, 2))
    new = nn.Sequential(nn.Linear(4, 9), nn.Linear(9, 2))
    new.register_buffer("scale", ag.ones(1))
    with pytest.raises(ag.errors.CheckpointError, match="of another architecture") as caught:
        restore("model", new, old.state_dict())
    message = str(caught.value)
    assert "missing in the checkpoint: scale" in message
    assert "unexpected in the checkpoint: 2.weight, 2.bias" in message
    assert "of another shape: 0.weight (checkpoint (8, 4), model (9, 4))" in message
    assert message.endswith("build the model that was saved")


def test_many_differences_are_counted() -> None:
    with pytest.raises(ag.errors.CheckpointError, match="and 12 more"):
        restore("model", nn.Sequential(*[nn.Linear(1, 1) for _ in range(10)]), {})


def test_an_optimizer_of_another_network() -> None:
    state = optim.SGD(nn.Linear(2, 2).parameters(), lr=0.1).state_dict()
    other = optim.SGD([*nn.Linear(2, 2).parameters()][:1], lr=0.1)
    with pytest.raises(ag.errors.CheckpointError, match="the checkpoint's optimizer state does not fit this SGD: "):
        restore("optimizer", other, state)


# ----------------------------------------------------------------------------------------------------- crash, full disk


def full(*_: Any, **__: Any) -> None:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


class Failing:
    """Lets *good* calls through, and then the disk is full."""

    def __init__(self, call: Any, good: int) -> None:
        self.call, self.good = call, good

    def __call__(self, *args: Any, **options: Any) -> Any:
        self.good -= 1
        return self.call(*args, **options) if self.good >= 0 else full()


@pytest.mark.parametrize("good", range(4))
@pytest.mark.parametrize("call", ["replace", "fsync"])
def test_a_full_disk_at_any_step_leaves_the_previous_checkpoint(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, call: str, good: int
) -> None:
    old, new = {"i": 1, "x": np.ones(9)}, {"i": 2, "x": np.full(9, 2.0)}
    save_checkpoint(tmp_path / "last", old)
    monkeypatch.setattr(os, call, Failing(getattr(os, call), good))
    fails = good < (2 if call == "replace" else 3)  # the last fsync is that of the folder: the files are in place
    message = "No space left on device; the previous checkpoint there is whole; free some space"
    with pytest.raises(ag.errors.CheckpointError, match=message) if fails else contextlib.nullcontext():
        save_checkpoint(tmp_path / "last", new)
    monkeypatch.undo()
    assert same(load_checkpoint(tmp_path / "last"), old if fails else new)
    save_checkpoint(tmp_path / "last", new)  # and the next one goes well, and clears up
    assert same(load_checkpoint(tmp_path / "last"), new)
    assert len(list(tmp_path.iterdir())) == 2


@pytest.mark.parametrize("good", [0, 1])
def test_a_full_disk_while_writing_leaves_no_half_files(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, good: int
) -> None:
    save_checkpoint(tmp_path / "last", {"x": np.ones(9)})
    before = {path: path.read_bytes() for path in tmp_path.iterdir()}
    real = open

    class Small:
        """A file that takes 10 bytes and no more."""

        def __init__(self, path: Path, mode: str) -> None:
            self.file = real(path, mode)

        def __enter__(self) -> Small:
            return self

        def write(self, content: bytes) -> None:
            self.file.write(content[:10])
            full()

        def __exit__(self, *_: object) -> None:
            self.file.close()

    opened = iter([real] * good + [Small] * 2)
    monkeypatch.setattr("autograd_core.serialization.files.open", lambda *args: next(opened)(*args), raising=False)
    with pytest.raises(ag.errors.CheckpointError, match=r"No space left.*the previous checkpoint there is whole"):
        save_checkpoint(tmp_path / "last", {"x": np.zeros(9)})
    monkeypatch.undo()
    assert {path: path.read_bytes() for path in tmp_path.iterdir()} == before


def test_the_first_checkpoint_on_a_full_disk(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(os, "replace", full)
    with pytest.raises(ag.errors.CheckpointError, match=r"No space left.*there is no earlier checkpoint"):
        save_checkpoint(tmp_path / "last", {"x": np.zeros(9)})
    assert list(tmp_path.iterdir()) == []


def test_write_atomically(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    path = tmp_path / "note"
    write_atomically(path, "häuser")
    assert path.read_bytes() == "häuser".encode()
    write_json(path, {"ä": [1]})
    assert json.loads(path.read_text("utf-8")) == {"ä": [1]}
    with pytest.raises(FileNotFoundError):
        write_atomically(tmp_path / "nowhere" / "note", b"")
    monkeypatch.setattr(os, "replace", full)
    with pytest.raises(OSError, match="No space"):
        write_atomically(path, "new")
    assert json.loads(path.read_text("utf-8")) == {"ä": [1]}
    assert list(tmp_path.iterdir()) == [path]


SAVE_IN_A_LOOP = """
import sys
import numpy as np
from nn.training import save_checkpoint

i = 0
while True:
    save_checkpoint(sys.argv[1], {"i": i, "x": np.full(20_000, i)})
    if i == 0:
        print("started", flush=True)
    i += 1
"""


def test_a_killed_process_leaves_a_whole_checkpoint(tmp_path: Path) -> None:
    r = np.random.default_rng(0)
    for _ in range(6):
        command = [sys.executable, "-c", SAVE_IN_A_LOOP, str(tmp_path / "last")]
        with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE) as process:
            assert process.stdout is not None
            process.stdout.readline()
            time.sleep(float(r.uniform(0.0, 0.05)))
            process.send_signal(signal.SIGKILL)
        state = load_checkpoint(tmp_path / "last")
        assert (state["x"] == state["i"]).all()
    save_checkpoint(tmp_path / "last", {"i": 0})
    assert len([path for path in tmp_path.iterdir() if path.name.endswith((".json", ".safetensors"))]) == 2


# --------------------------------------------------------------------------------------------------------------- resume


class Stop(Callback):
    """Ctrl-C after some batches of an epoch."""

    def __init__(self, epoch: int = 0, batch: int = 0) -> None:
        self.place = (epoch, batch)

    def on_batch_end(self, run: Run) -> None:
        if (run.epoch, run.batch) == self.place:
            signal.raise_signal(signal.SIGINT)


def run(
    out: Path, *, epochs: int = 3, stop: tuple[int, int] = (0, 0), resume: bool = False, dtype: Any = np.float32
) -> tuple[nn.Module, optim.SGD, History]:
    """Train with all that has a state: momentum, dropout, batch norm, shuffling, a schedule, callbacks, metrics."""
    r = np.random.default_rng(7)
    x, y = r.normal(size=(40, 6)).astype(dtype), r.integers(0, 3, 40)
    loader = DataLoader(TensorDataset(ag.from_numpy(x), ag.from_numpy(y)), batch_size=8, shuffle=True, seed=5)
    ag.manual_seed(11 if not resume else 999)  # what was drawn before a resumed run must not matter
    model = nn.Sequential(nn.Linear(6, 12), nn.BatchNorm1d(12), nn.ReLU(), nn.Dropout(0.3), nn.Linear(12, 3))
    model = model.to(ag.from_numpy(x).dtype)
    optimizer = optim.SGD(model.parameters(), lr=0.1, momentum=0.9, nesterov=True)
    noise = ag.Generator(3)

    def criterion(outputs: ag.Tensor, targets: ag.Tensor) -> ag.Tensor:
        weight = 1.0 + 0.1 * float(noise.numpy.random())
        return nn.functional.cross_entropy(outputs, targets) * weight

    history = fit(
        model,
        loader,
        criterion,
        optimizer,
        epochs,
        validation=[(ag.from_numpy(x[:8]), ag.from_numpy(y[:8]))],
        metrics=[Accuracy()],
        callbacks=[
            Schedule(optim.lr_scheduler.StepLR(optimizer, 1, 0.5)),
            EarlyStopping(20, restore_best=True),
            CSVLog(out / "log.csv"),
            Stop(*stop),
        ],
        out=out,
        resume=resume,
        generators=[noise],
        progress="none",
    )
    return model, optimizer, history


def results(model: nn.Module, optimizer: optim.SGD, history: History) -> dict[str, Any]:
    rows = [{name: value for name, value in row.items() if name != "seconds"} for row in history]
    return {
        "model": dict(model.state_dict()),
        "optimizer": optimizer.state_dict(),
        "rows": rows,
        "random": ag.default_generator.get_state(),
    }


@pytest.mark.parametrize("stop", [(2, 3), (1, 1), (2, 5), (3, 5)])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_resumed_run_equals_one_that_never_stopped(tmp_path: Path, stop: tuple[int, int], dtype: Any) -> None:
    straight, stopped = tmp_path / "straight", tmp_path / "stopped"
    straight.mkdir(), stopped.mkdir()
    whole = results(*run(straight, dtype=dtype))
    with pytest.raises(KeyboardInterrupt):
        run(stopped, stop=stop, dtype=dtype)
    state = load_checkpoint(stopped / "last")
    assert (state["epoch"], state["batch"]) == stop
    assert same(results(*run(stopped, resume=True, dtype=dtype)), whole)


def test_a_run_stopped_many_times_equals_one_that_never_stopped(tmp_path: Path) -> None:
    straight, stopped = tmp_path / "straight", tmp_path / "stopped"
    straight.mkdir(), stopped.mkdir()
    whole = results(*run(straight))
    for i, stop in enumerate([(1, 2), (1, 4), (2, 1), (3, 3)]):
        with pytest.raises(KeyboardInterrupt):
            run(stopped, stop=stop, resume=i > 0)
    assert same(results(*run(stopped, resume=True)), whole)
    columns = [line.split(",")[:5] for line in (stopped / "log.csv").read_text().splitlines()]
    assert columns == [line.split(",")[:5] for line in (straight / "log.csv").read_text().splitlines()]


def test_a_run_that_is_done_can_go_on_for_more_epochs(tmp_path: Path) -> None:
    (tmp_path / "straight").mkdir()
    whole = results(*run(tmp_path / "straight", epochs=4))
    run(tmp_path, epochs=2)
    assert len(run(tmp_path, epochs=2, resume=True)[2]) == 2  # nothing is left to do
    assert same(results(*run(tmp_path, epochs=4, resume=True))["rows"], whole["rows"])


def test_a_loader_without_a_state_skips_what_was_done(tmp_path: Path) -> None:
    data = [(ag.full((2, 3), float(i)), ag.zeros(2, 1)) for i in range(4)]

    def train(out: Path, stop: tuple[int, int], resume: bool) -> nn.Module:
        ag.manual_seed(0)
        model = nn.Linear(3, 1)
        optimizer = optim.Adam(model.parameters(), lr=0.1)
        callbacks = [Stop(*stop)]
        fit(model, data, nn.MSELoss(), optimizer, 2, callbacks=callbacks, out=out, resume=resume, progress="none")
        return model

    whole = train(tmp_path / "straight", (0, 0), False)
    with pytest.raises(KeyboardInterrupt):
        train(tmp_path / "stopped", (2, 1), False)
    again = train(tmp_path / "stopped", (0, 0), True)
    assert same(dict(again.state_dict()), dict(whole.state_dict()))


def test_save_every_few_batches(tmp_path: Path) -> None:
    saved: list[tuple[int, int]] = []

    class Spy(Callback):
        def on_batch_end(self, run: Run) -> None:
            if (tmp_path / "last.json").exists():
                state = load_checkpoint(tmp_path / "last")
                saved.append((state["epoch"], state["batch"]))

    model = nn.Linear(1, 1)
    data = [(ag.ones(1, 1), ag.ones(1, 1))] * 5
    optimizer = optim.SGD(model.parameters(), lr=0.1)
    fit(model, data, nn.MSELoss(), optimizer, 2, callbacks=[Spy()], out=tmp_path, save_every=2, progress="none")
    assert saved == [(1, 2), (1, 2), (1, 4), (1, 0), (1, 0), (2, 2), (2, 2), (2, 4)]


def test_early_stopping_stays_stopped(tmp_path: Path) -> None:
    def train(resume: bool) -> History:
        model = nn.Linear(1, 1)
        with ag.no_grad():
            model.weight.fill_(0.0), model.bias.fill_(0.0)
        optimizer = optim.SGD(model.parameters(), lr=0.0)
        data = [(ag.ones(1, 1), ag.ones(1, 1))]
        stopping = EarlyStopping(2, monitor="loss")
        return fit(
            model, data, nn.MSELoss(), optimizer, 9, callbacks=[stopping], out=tmp_path, resume=resume, progress="none"
        )

    assert len(train(False)) == 3
    assert load_checkpoint(tmp_path / "last")["stopped"] == "loss has not improved since epoch 1 (1.0000)"
    assert len(train(True)) == 3


def test_resume_says_what_does_not_fit(tmp_path: Path) -> None:
    def train(resume: bool = True, **options: Any) -> None:
        model = options.pop("model", None) or nn.Linear(1, 1)
        optimizer = options.pop("optimizer", optim.SGD)(model.parameters(), lr=0.1)
        data = options.pop("loader", [(ag.ones(1, 1), ag.ones(1, 1))])
        fit(model, data, nn.MSELoss(), optimizer, 1, out=tmp_path, resume=resume, progress="none", **options)

    with pytest.raises(ag.errors.CheckpointError, match="there is no checkpoint"):
        train()
    train(resume=False)
    with pytest.raises(
        ag.errors.CheckpointError, match=r"callbacks: the checkpoint has \[\], this run has \['CSVLog'\]"
    ):
        train(callbacks=[CSVLog(tmp_path / "log")])
    with pytest.raises(ag.errors.CheckpointError, match="number of metrics: the checkpoint has 0, this run has 1"):
        train(metrics=[Accuracy()])
    with pytest.raises(ag.errors.CheckpointError, match="number of generators: the checkpoint has 1, this run has 2"):
        train(generators=[ag.Generator(0)])
    with pytest.raises(
        ag.errors.CheckpointError, match="loader with a state: the checkpoint has False, this run has True"
    ):
        train(loader=DataLoader(TensorDataset(ag.ones(1, 1), ag.ones(1, 1))))
    with pytest.raises(
        ag.errors.CheckpointError, match=r"of another architecture.*weight \(checkpoint \(1, 1\), model"
    ):
        train(model=nn.Linear(2, 1), loader=[(ag.ones(1, 2), ag.ones(1, 1))])
    train()


def test_ctrl_c_without_a_folder_is_an_ordinary_interrupt() -> None:
    model = nn.Linear(1, 1)
    data = [(ag.ones(1, 1), ag.ones(1, 1))] * 3
    optimizer = optim.SGD(model.parameters(), lr=0.1)
    with pytest.raises(KeyboardInterrupt):
        fit(model, data, nn.MSELoss(), optimizer, 1, callbacks=[Stop(1, 1)], progress="none")
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_the_second_ctrl_c_stops_at_once(tmp_path: Path) -> None:
    class Twice(Callback):
        def on_batch_end(self, run: Run) -> None:
            signal.raise_signal(signal.SIGINT)
            signal.raise_signal(signal.SIGINT)

    model = nn.Linear(1, 1)
    data = [(ag.ones(1, 1), ag.ones(1, 1))] * 3
    optimizer = optim.SGD(model.parameters(), lr=0.1)
    with pytest.raises(KeyboardInterrupt):
        fit(model, data, nn.MSELoss(), optimizer, 1, callbacks=[Twice()], out=tmp_path, progress="none")
    assert not (tmp_path / "last.json").exists()
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
