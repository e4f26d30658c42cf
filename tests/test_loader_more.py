"""Streams, samplers and workers: what loaders do with them, beside PyTorch's, and what is left when they go."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import textwrap
import time
from collections import Counter
from itertools import chain
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest

import autograd_core as ag
import nn
import nn.data as nd
from autograd_core.errors import ArgumentError, ShapeError

ROOT = Path(__file__).parents[1]
KINDS = ["fork", "thread"] if sys.platform == "linux" else ["thread"]
kinds = pytest.mark.parametrize("kind", KINDS)
# How batches can be made: here, or by workers of each kind.
WAYS: list[dict[str, Any]] = [{}, *({"num_workers": 2, "multiprocessing_context": kind} for kind in KINDS)]
ways = pytest.mark.parametrize("way", WAYS, ids=["here", *KINDS])


def lists(batches: Any) -> list[Any]:
    return [batch.tolist() if isinstance(batch, ag.Tensor) else batch for batch in batches]


class Count(nd.IterableDataset[int]):
    """0, 1, ..., n - 1; each worker gives its share."""

    def __init__(self, n: int, shared: bool = True) -> None:
        self.n, self.shared = n, shared

    def __iter__(self) -> Any:
        info = nd.get_worker_info()
        if info is None or not self.shared:
            return iter(range(self.n))
        return iter(range(info.id, self.n, info.num_workers))


class Known(Count):
    def __len__(self) -> int:
        return self.n


# ----------------------------------------------------------------------------------------------------------- datasets


def test_streams() -> None:
    assert list(nd.ChainDataset([Count(2), Count(3)])) == list(Count(2) + Count(3)) == [0, 1, 0, 1, 2]
    assert len(Known(2) + Known(3)) == 5
    with pytest.raises(TypeError, match="the length of this Count is not known; define __len__ where it is"):
        len(Count(2) + Count(3))
    with pytest.raises(TypeError, match="a Count is a stream and has no sample at an index; iterate over it"):
        Count(2)[0]
    with pytest.raises(NotImplementedError, match="IterableDataset must define __iter__"):
        iter(nd.IterableDataset())
    with pytest.raises(ArgumentError, match="ChainDataset: datasets has a list, expected IterableDatasets only"):
        list(nd.ChainDataset([[1]]))
    with pytest.raises(ArgumentError, match=r"ConcatDataset does not support IterableDataset: .*; use ChainDataset"):
        nd.ConcatDataset([[1], Count(2)])


def test_stack_dataset() -> None:
    pairs = nd.StackDataset(nd.TensorDataset(ag.arange(3)), [5, 6, 7])
    assert len(pairs) == 3
    assert (pairs[-1][0][0].item(), pairs[-1][1]) == (2, 7)
    (x,), y = next(iter(nd.DataLoader(pairs, 3)))
    assert (x.tolist(), y.tolist()) == ([0, 1, 2], [5, 6, 7])
    named = nd.StackDataset(a=[1, 2], b="xy")
    assert named[0] == {"a": 1, "b": "x"}
    batch = next(iter(nd.DataLoader(named, 2)))
    assert (batch["a"].tolist(), batch["b"]) == ([1, 2], ["x", "y"])
    with pytest.raises(IndexError, match="index 2 is out of range for a StackDataset of 2 samples"):
        named[2]
    for make, message in (
        (lambda: nd.StackDataset(), "at least one dataset should be passed, .* got none"),
        (lambda: nd.StackDataset([1], a=[1]), "all with names or all without, got both"),
    ):
        with pytest.raises(ArgumentError, match=message):
            make()
    with pytest.raises(ShapeError, match=r"size mismatch between datasets, their lengths are \[1, 2\]"):
        nd.StackDataset([1], [1, 2])


def test_samples_that_come_all_at_once() -> None:
    class Many(list[Any]):
        def __getitems__(self, indices: list[int]) -> list[Any]:
            return [self[i] * 10 for i in indices]

    assert lists(nd.DataLoader(Many([1, 2, 3]), 2)) == [[10, 20], [30]]


class Pair(NamedTuple):
    x: Any
    y: Any


def test_default_convert() -> None:
    given = {
        "a": (np.ones(2, np.float32), "b", 1),
        "n": [np.float64(2), np.array(["t"])],
        "p": Pair(np.arange(2), None),
    }
    out = nd.default_convert(given)
    assert out["a"][0].dtype == ag.float32
    assert out["a"][1:] == ("b", 1)
    assert (out["n"][0].dtype, out["n"][0].item(), out["n"][1].tolist()) == (ag.float64, 2, ["t"])
    assert type(out["p"]) is Pair
    assert out["p"].x.tolist() == [0, 1]


# ----------------------------------------------------------------------------------------------------------- samplers


def test_samplers_give_what_they_say() -> None:
    g = ag.Generator(0)
    assert list(nd.SequentialSampler("abc")) == [0, 1, 2]
    for n, expected in ((None, [1] * 5), (3, None), (10, [2] * 5), (12, None)):
        sampler = nd.RandomSampler(range(5), num_samples=n, generator=g)
        drawn = list(sampler)
        assert len(drawn) == len(sampler) == sampler.num_samples == (n or 5)
        times = sorted(Counter(drawn).values())
        assert expected is None or times == expected
        assert max(times) - min([*times, n // 5 if n else 1]) <= 1, "rounds are whole before the next begins"
    drawn = list(nd.RandomSampler(range(5), replacement=True, num_samples=1000, generator=g))
    assert set(drawn) == set(range(5))
    assert max(Counter(drawn).values()) < 260
    subset = nd.SubsetRandomSampler(["a", "c"], generator=g)
    assert (sorted(subset), len(subset)) == (["a", "c"], 2)
    weighted = nd.WeightedRandomSampler([0.0, 1.0, 3.0], 4000, generator=g)
    counts = Counter(weighted)
    assert counts[0] == 0
    assert abs(counts[2] / counts[1] - 3) < 0.4
    for _ in range(20):
        assert sorted(nd.WeightedRandomSampler(ag.tensor([1.0, 0.0, 5.0]), 2, replacement=False)) == [0, 2]
    batches = nd.BatchSampler(nd.SequentialSampler(range(5)), 2, drop_last=True)
    assert (list(batches), len(batches)) == ([[0, 1], [2, 3]], 2)
    assert len(nd.BatchSampler(range(5), 2, drop_last=False)) == 3


def test_the_same_seed_gives_samplers_the_same_order() -> None:
    def drawn(seed: int) -> list[Any]:
        ag.manual_seed(seed)
        return [
            list(make())
            for make in (
                lambda: nd.RandomSampler(range(50)), lambda: nd.SubsetRandomSampler(range(50)),
                lambda: nd.WeightedRandomSampler([1.0] * 50, 50), lambda: nd.RandomSampler(range(50), True),
            )
        ]  # fmt: skip

    assert drawn(3) == drawn(3)
    assert all(a != b for a, b in zip(drawn(3), drawn(4), strict=True))
    sampler = nd.RandomSampler(range(50), generator=ag.Generator(1))
    assert list(sampler) != list(sampler), "each epoch has its own order"


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (
            lambda: nd.RandomSampler([1], num_samples=0),
            "num_samples should be a positive integer value, but got num_samp",
        ),
        (lambda: nd.RandomSampler([1], num_samples=1.5), r"num_samples=1\.5"),
        (lambda: nd.RandomSampler([1], replacement=1), "replacement should be a boolean value, but got replacement=1"),
        (lambda: nd.RandomSampler([]), "data_source is empty; give at least one sample"),
        (lambda: nd.WeightedRandomSampler([1.0], True), "num_samples should be a positive integer value.*=True"),
        (lambda: nd.WeightedRandomSampler([1.0], 1, 1), "replacement should be a boolean value"),
        (lambda: nd.WeightedRandomSampler([[1.0]], 1), r"weights should be a 1d sequence, given shape \(1, 1\)"),
        (
            lambda: nd.WeightedRandomSampler([1.0, -1.0], 1),
            r"weights must be finite, none negative.*got tensor\(\[ 1., -1.\]",
        ),
        (lambda: nd.WeightedRandomSampler([0.0], 1), "some positive"),
        (lambda: nd.WeightedRandomSampler([float("nan")], 1), "must be finite"),
        (
            lambda: nd.WeightedRandomSampler([1.0, 0.0], 2, False),
            "num_samples is 2, but only 1 samples have a positive",
        ),
        (lambda: nd.BatchSampler([1], 0, False), "batch_size should be a positive integer value, but got batch_size=0"),
        (lambda: nd.BatchSampler([1], 1, None), "drop_last should be a boolean value, but got drop_last=None"),
    ],
)
def test_samplers_refuse(make: Any, message: str) -> None:
    with pytest.raises(ArgumentError, match=message):
        make()


def test_a_sampler_must_say_what_it_gives() -> None:
    with pytest.raises(NotImplementedError, match="Sampler must define __iter__"):
        iter(nd.Sampler())


def test_what_a_loader_is_asked_for() -> None:
    loader = nd.DataLoader(range(10), 3, shuffle=True, pin_memory=True, seed=1)
    assert (len(loader.sampler), loader.batch_sampler.batch_size, loader.pin_memory) == (10, 3, True)
    assert isinstance(nd.DataLoader(range(3)).sampler, nd.SequentialSampler)
    order = nd.RandomSampler(range(10), generator=ag.Generator(0))
    assert sorted(chain(*lists(nd.DataLoader(range(10), 4, sampler=order)))) == list(range(10))
    balanced = nd.WeightedRandomSampler([1.0, 0.0], 6)
    assert lists(nd.DataLoader(["a", "b"], 4, sampler=balanced)) == [["a"] * 4, ["a"] * 2]


@ways
def test_samples_one_by_one(way: dict[str, Any]) -> None:
    data = [(np.ones(2), i) for i in range(5)]
    out = list(nd.DataLoader(data, batch_size=None, **way))
    assert [i for _, i in out] == [0, 1, 2, 3, 4]
    assert all(isinstance(x, ag.Tensor) and x.shape == (2,) for x, _ in out)
    tens = nd.TensorDataset(ag.arange(6) * 10)
    some = nd.BatchSampler(range(6), 4, False)  # then the dataset is asked for many rows at once
    assert [x.tolist() for (x,) in nd.DataLoader(tens, sampler=some, batch_size=None, **way)] == [
        [0, 10, 20, 30],
        [40, 50],
    ]
    shuffled = nd.DataLoader(range(9), None, shuffle=True, collate_fn=str, seed=0, **way)
    assert len(shuffled) == 9
    assert sorted(shuffled) == list("012345678")


# ------------------------------------------------------------------------------------------------------------ streams


@ways
@pytest.mark.parametrize("drop_last", [False, True])
def test_a_stream_is_shared(way: dict[str, Any], drop_last: bool) -> None:
    loader = nd.DataLoader(Count(7), 2, drop_last=drop_last, **way)
    for _ in range(2):
        got = lists(loader)
        if not way:
            assert got == [[0, 1], [2, 3], [4, 5], [6]][: 3 if drop_last else 4]
        else:
            assert got == [[0, 2], [1, 3], [4, 6], [5]][: 3 if drop_last else 4]
    assert lists(nd.DataLoader(Count(0), 2, **way)) == []
    assert sorted(nd.DataLoader(Count(5), None, **way)) == [0, 1, 2, 3, 4]
    with pytest.raises(TypeError, match="the length of this Count is not known"):
        len(loader)
    assert len(nd.DataLoader(Known(7), 2, drop_last=drop_last)) == (3 if drop_last else 4)


def test_streams_beside_pytorch() -> None:
    torch = pytest.importorskip("torch")

    class Theirs(torch.utils.data.IterableDataset):  # type: ignore[misc, name-defined]
        def __init__(self, n: int, shared: bool) -> None:
            self.n, self.shared = n, shared

        def __iter__(self) -> Any:
            info = torch.utils.data.get_worker_info()
            if info is None or not self.shared:
                return iter(range(self.n))
            return iter(range(info.id * 3, self.n, info.num_workers))  # of different lengths

    class Ours(Count):
        def __iter__(self) -> Any:
            info = nd.get_worker_info()
            if info is None or not self.shared:
                return iter(range(self.n))
            return iter(range(info.id * 3, self.n, info.num_workers))

    for workers, shared, size in ((0, True, 3), (2, False, 3), (2, True, 2), (2, True, None)):
        theirs = torch.utils.data.DataLoader(Theirs(9, shared), size, num_workers=workers)
        ours = nd.DataLoader(Ours(9, shared), size, num_workers=workers)
        assert lists(ours) == [b if size is None else b.tolist() for b in theirs]


@ways
def test_a_stream_goes_on_where_it_was(way: dict[str, Any]) -> None:
    class Draws(Count):
        def __iter__(self) -> Any:
            return ((i, nd.sample_generator().random()) for i in super().__iter__())

    def loader() -> nd.DataLoader:
        return nd.DataLoader(Draws(12), 2, seed=3, **way)

    def taken(batches: Any) -> list[Any]:
        return [(i.tolist(), r.tolist()) for i, r in batches]

    whole = loader()
    epochs = [taken(whole), taken(whole)]
    assert epochs[0] != epochs[1]
    begun = loader()
    batches = iter(begun)
    assert taken([next(batches), next(batches)]) == epochs[0][:2]
    resumed = loader()
    resumed.load_state_dict(begun.state_dict())
    assert taken(resumed) == epochs[0][2:]
    assert taken(resumed) == epochs[1]
    batches.close()  # type: ignore[attr-defined]


# ------------------------------------------------------------------------------------------------------------ workers


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


@kinds
def test_errors_in_a_stream(kind: str) -> None:
    class Bad(Count):
        def __iter__(self) -> Any:
            yield 1
            raise ValueError("end of the world")

    with pytest.raises(ValueError, match="end of the world") as caught:
        list(nd.DataLoader(Bad(1), 1, num_workers=1, multiprocessing_context=kind))
    assert "while loading batch 1 of epoch 0 of a Bad" in caught.value.__notes__


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


def test_the_signature_is_pytorchs() -> None:
    torch = pytest.importorskip("torch")
    import inspect

    for name in ("DataLoader", *nn.utils.data.__all__):
        ours, theirs = getattr(nn.utils.data, name), getattr(torch.utils.data, name)
        if name in ("Dataset", "IterableDataset", "Sampler", "default_collate", "random_split", "default_convert"):
            continue
        mine = [p for p in inspect.signature(ours).parameters if p != "seed"]
        assert mine == list(inspect.signature(theirs).parameters), name


def test_pytorchs_path() -> None:
    assert nn.utils.data.DataLoader is nd.DataLoader
    assert set(nn.utils.data.__all__) <= set(nd.__all__)
