"""Workers of a loader: their seeds, what they may send, errors and time limits, and what is left when they go."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import textwrap
import time
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from ways_of_loading import KINDS, Count, kinds, lists

import autograd_core as ag
import nn.data as nd
from autograd_core.errors import ArgumentError

ROOT = Path(__file__).parents[1]


class Told(nd.Dataset[Any]):
    """Who makes a sample, and what the global generators give there."""

    def __init__(self, n: int = 8) -> None:
        self.n, self.extra = n, 0

    def __len__(self) -> int:
        return self.n

    def __getitem__(self, index: int) -> Any:
        info = nd.get_worker_info()
        assert info is not None
        assert info.dataset.n == self.n
        draws = (random.random(), np.random.random(), ag.rand(1).item())  # noqa: NPY002
        return index, info.id, info.num_workers, info.seed, self.extra, os.getpid(), *draws


def as_given(samples: list[Any]) -> list[Any]:
    return samples


@pytest.mark.skipif("fork" not in KINDS, reason="processes are not forked here")
def test_processes_are_seeded_for_worker_and_epoch() -> None:
    def two_epochs(seed: int, **options: Any) -> list[Any]:
        loader = nd.DataLoader(Told(), 2, num_workers=2, collate_fn=as_given, seed=seed, **options)
        return [[row for batch in loader for row in batch] for _ in range(2)]

    def bits(epochs: list[Any]) -> list[Any]:
        return [[(*row[:5], *row[6:]) for row in epoch] for epoch in epochs]

    state = (random.getstate(), ag.get_rng_state())
    runs = two_epochs(5)
    assert (random.getstate(), ag.get_rng_state()) == state, "the main process draws as if nothing had happened"
    assert bits(runs) == bits(two_epochs(5)) == bits(two_epochs(5, persistent_workers=True))
    for which in (6, 7, 8):
        drawn = [row[which] for epoch in runs for row in epoch]
        assert len(set(drawn)) == len(drawn), "workers or epochs draw the same numbers"
    assert bits(two_epochs(6)) != bits(runs)
    assert [row[:3] for row in runs[0]] == [(i, i // 2 % 2, 2) for i in range(8)]
    assert len({row[3] for epoch in runs for row in epoch}) == 4
    assert os.getpid() not in {row[5] for row in runs[0]}
    assert nd.get_worker_info() is None


@kinds
def test_persistent_workers_stay(kind: str) -> None:
    def who(_: Any) -> Any:
        import threading

        return os.getpid(), threading.get_ident()

    options: dict[str, Any] = {"num_workers": 2, "multiprocessing_context": kind, "collate_fn": who}
    loader = nd.DataLoader(range(4), **options, persistent_workers=True)
    first = list(loader)
    assert list(loader) == first
    batches = iter(loader)  # one that is given up, one beside it, and then the pool goes on
    next(batches)
    assert len(list(loader)) == 4
    batches.close()  # type: ignore[attr-defined]
    assert list(loader)
    if kind == "fork":
        assert list(nd.DataLoader(range(4), **options)) != first
    del loader, batches


@kinds
def test_worker_init_fn(kind: str) -> None:
    def begin(number: int) -> None:
        info = nd.get_worker_info()
        assert info is not None
        assert info.id == number
        info.dataset.n = 10 * (number + 1)

    data = Count(0, shared=False)
    loader = nd.DataLoader(data, 10, num_workers=2, worker_init_fn=begin, multiprocessing_context=kind)
    assert sorted(map(len, loader)) == [10, 10, 10]
    assert data.n == 0, "each worker has a copy"

    def wrong(number: int) -> None:
        raise KeyError("begin")

    with pytest.raises(KeyError, match="begin"):
        list(nd.DataLoader(range(4), num_workers=1, worker_init_fn=wrong, multiprocessing_context=kind))


@kinds
def test_as_they_come(kind: str) -> None:
    class Slow(Told):
        def __getitem__(self, index: int) -> int:
            time.sleep(0.3 if index == 0 else 0)
            return index

    options: dict[str, Any] = {"num_workers": 2, "multiprocessing_context": kind}
    assert list(chain(*lists(nd.DataLoader(Slow(6), **options)))) == [0, 1, 2, 3, 4, 5]
    got = list(chain(*lists(nd.DataLoader(Slow(6), in_order=False, **options))))
    assert sorted(got) == [0, 1, 2, 3, 4, 5]
    assert got[0] == 1


@pytest.mark.skipif("fork" not in KINDS, reason="processes are not forked here")
def test_what_travels_between_processes() -> None:
    wide = np.asfortranarray(np.arange(200_000.0).reshape(400, 500))
    values = [
        ag.from_numpy(wide), ag.from_numpy(wide[::2]), ag.zeros(0, 3), ag.tensor(True), ag.ones(2, requires_grad=True),
        {"a": (np.arange(3), "text", None)}, ag.arange(5000, dtype="int16"),
    ]  # fmt: skip
    out = list(nd.DataLoader(values, None, num_workers=2, collate_fn=lambda v: v))
    for sent, got in zip(values, out, strict=True):
        if isinstance(sent, ag.Tensor):
            assert isinstance(got, ag.Tensor)
            assert (got.dtype, got.requires_grad) == (sent.dtype, sent.requires_grad)
            np.testing.assert_array_equal(got.detach().numpy(), sent.detach().numpy())
            got.detach().copy_(0)  # it is this process's own
        else:
            assert got["a"][0].tolist() == [0, 1, 2]
            assert got["a"][1:] == ("text", None)


class Odd(Exception):
    """An error that cannot be made again from its arguments."""

    def __init__(self, a: int, b: int) -> None:
        super().__init__(f"{a} and {b}")


def raising(error: Any) -> Any:
    class Bad(Told):
        def __getitem__(self, index: int) -> int:
            if index == 3:
                raise error
            return index

    return Bad()


@pytest.mark.skipif("fork" not in KINDS, reason="processes are not forked here")
def test_errors_in_a_process() -> None:
    class Local(Exception):
        """Pickle cannot find it."""

    for error, kind, message in (
        (KeyError("lost"), KeyError, "lost"),
        (Odd(1, 2), RuntimeError, "Odd: 1 and 2"),
        (Local("here"), RuntimeError, "Local: here"),
    ):
        got = []
        with pytest.raises(kind, match=message) as caught:
            got.extend(batch.tolist() for batch in nd.DataLoader(raising(error), 2, num_workers=2))
        assert got == [[0, 1]]
        notes = "\n".join(caught.value.__notes__)
        for said in ("while making sample 3 of a Bad", "batch 1 of epoch 0: samples [2, 3] of a Bad", "in worker 1, process",
                     "Traceback (most recent call last)", "raise error"):  # fmt: skip
            assert said in notes
    history = ag.ones(2, requires_grad=True) * 2
    with pytest.raises(
        ag.errors.GraphError, match=r"a tensor with a history cannot go to another process.*detach\(\)"
    ) as c:
        list(nd.DataLoader([history], None, num_workers=1))
    assert "as it sent batch 0" in c.value.__notes__[-1]
    with pytest.raises((AttributeError, TypeError, RuntimeError), match=r"(?i)pickle|local object|lambda"):
        list(nd.DataLoader([1], None, num_workers=1, collate_fn=lambda x: lambda: x))


@pytest.mark.skipif("fork" not in KINDS, reason="processes are not forked here")
def test_a_process_that_dies() -> None:
    class Dies(Told):
        def __getitem__(self, index: int) -> Any:
            if index == 2:
                os.kill(os.getpid(), signal.SIGKILL)
            return index

    loader = nd.DataLoader(Dies(), num_workers=2, persistent_workers=True)
    for _ in range(2):  # the second time with new workers
        with pytest.raises(
            RuntimeError, match=r"DataLoader worker 0 \(pid \d+\) exited unexpectedly with code -9: it was killed"
        ):
            list(loader)


@kinds
def test_timeout(kind: str) -> None:
    class Sleeps(Told):
        def __getitem__(self, index: int) -> Any:
            time.sleep(0.5)

    loader = nd.DataLoader(Sleeps(), num_workers=1, timeout=0.1, multiprocessing_context=kind, collate_fn=as_given)
    with pytest.raises(RuntimeError, match=r"DataLoader timed out after 0\.1 seconds: no worker has finished"):
        list(loader)


@pytest.mark.skipif("fork" not in KINDS, reason="processes are not forked here")
def test_a_loop_that_is_left_stops_slow_workers(monkeypatch: pytest.MonkeyPatch) -> None:
    class Stuck(Told):
        def __getitem__(self, index: int) -> Any:
            if index:
                signal.signal(signal.SIGTERM, signal.SIG_IGN)
                time.sleep(60)
            return index

    monkeypatch.setattr("nn.data.workers.PATIENCE", 0.1)
    began = time.monotonic()
    for _ in nd.DataLoader(Stuck(), num_workers=2):
        break
    assert time.monotonic() - began < 5


PROGRAM = """
import os, signal, sys, time
import nn.data as nd

class Data(nd.Dataset):
    def __len__(self): return 1000
    def __getitem__(self, index):
        if index < 2: os.write(1, b"%d\\n" % os.getpid())
        time.sleep(0.02)
        return index

try:
    for batch in nd.DataLoader(Data(), num_workers=2):
        pass
finally:
    print("left", flush=True)
"""


@pytest.mark.skipif("fork" not in KINDS, reason="processes are not forked here")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
def test_control_c_and_sudden_death_leave_nothing_behind(number: signal.Signals) -> None:
    env = os.environ | {"PYTHONPATH": str(ROOT)}
    run = subprocess.Popen(
        [sys.executable, "-c", PROGRAM], env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        start_new_session=True,
    )  # fmt: skip
    assert run.stdout is not None
    workers = [int(run.stdout.readline()) for _ in range(2)]
    if number == signal.SIGINT:
        os.killpg(run.pid, number)  # as a terminal does: to all of them
    else:
        run.kill()
    out, err = run.communicate(timeout=20)
    deadline = time.monotonic() + 5
    while any(map(alive, workers)) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert not any(map(alive, workers))
    if number == signal.SIGINT:
        assert out == "left\n"
        assert err.count("KeyboardInterrupt") == 1, err  # of the main process, and no traceback of a worker


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except OSError:
        return False


def test_other_start_methods(tmp_path: Path) -> None:
    program = """
    import multiprocessing
    import autograd_core as ag
    import nn.data as nd

    def begin(number):
        ag.set_num_threads(1)

    if __name__ == "__main__":
        data = nd.TensorDataset(ag.arange(6), ag.rand(6, 2))
        for context in ("spawn", multiprocessing.get_context("spawn")):
            loader = nd.DataLoader(data, 4, num_workers=1, multiprocessing_context=context, worker_init_fn=begin)
            print([x.tolist() for x, _ in loader])
    """
    path = tmp_path / "program.py"
    path.write_text(textwrap.dedent(program))
    env = os.environ | {"PYTHONPATH": str(ROOT)}
    run = subprocess.run([sys.executable, path], env=env, capture_output=True, text=True, check=False)
    assert run.stdout == "[[0, 1, 2, 3], [4, 5]]\n" * 2, run.stderr


@pytest.mark.parametrize(
    ("dataset", "options", "message"),
    [
        (
            Count(1),
            {"shuffle": True},
            "DataLoader with IterableDataset: expected unspecified shuffle option, but got shuffle=T",
        ),
        (Count(1), {"sampler": [0]}, r"expected unspecified sampler option, but got sampler=\[0\]"),
        (Count(1), {"batch_sampler": [[0]]}, "expected unspecified batch_sampler option"),
        (
            [1],
            {"batch_size": None, "drop_last": True},
            "batch_size=None option disables auto-batching and is mutually excl",
        ),
        ([1], {"timeout": -1}, "timeout must be 0 or more, got -1"),
        (
            [1],
            {"prefetch_factor": 2},
            "prefetch_factor is for workers and num_workers is 0; give num_workers, or leave",
        ),
        ([1], {"persistent_workers": True}, "persistent_workers is for workers and num_workers is 0"),
        ([1], {"multiprocessing_context": "fork"}, "multiprocessing_context is for workers and num_workers is 0"),
        (
            [1],
            {"num_workers": 1, "multiprocessing_context": "bogus"},
            r"must be one of .*thread or a context.*got 'bogus'",
        ),
        ([1], {"num_workers": 1, "multiprocessing_context": 3}, "or a context of multiprocessing, got 3"),
    ],
)
def test_the_loader_refuses(dataset: Any, options: dict[str, Any], message: str) -> None:
    with pytest.raises(ArgumentError, match=message):
        nd.DataLoader(dataset, **options)
