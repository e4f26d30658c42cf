"""nn.data.DataLoader: order, length, errors, its state, and the same bits for any number of workers."""

from __future__ import annotations

import json
import threading
import time
import traceback
from itertools import chain
from typing import Any

import numpy as np
import pytest
from drawn_numbers import pictures
from ways_of_loading import lists, ways

import autograd_core as ag
import nn
import nn.data as nd


class Draws(nd.Dataset[Any]):
    """A sample is its index and a random number."""

    def __init__(self, n: int = 20) -> None:
        self.n = n

    def __len__(self) -> int:
        return self.n

    def __getitem__(self, index: int) -> tuple[int, float]:
        if index % 3 == 0:
            time.sleep(0.001)  # so that threads overtake each other
        return index, nd.sample_generator().random()


def taken(loader: nd.DataLoader) -> list[list[Any]]:
    """The batches of one epoch, as lists, bit for bit."""
    return [[np.asarray(part).tolist() for part in batch] for batch in loader]


def augmented() -> nd.ImageDataset:
    transform = nd.Compose(
        [nd.ToDtype("float32", scale=True), nd.RandomCrop(6, padding=2), nd.RandomHorizontalFlip(), nd.GaussianNoise()]
    )
    return nd.ImageDataset(pictures(30), np.arange(30) % 3, transform=transform)


def threads(workers: int) -> dict[str, Any]:
    return {"num_workers": workers, "multiprocessing_context": "thread"} if workers else {}


def worker_threads() -> list[str]:
    return [thread.name for thread in threading.enumerate() if thread.name.startswith("DataLoader")]


@pytest.mark.parametrize(
    "dataset", [Draws(), augmented(), nd.Subset(augmented(), range(0, 30, 2)), augmented() + Draws(0)]
)
def test_the_bits_are_the_same_for_any_number_of_workers(dataset: Any) -> None:
    runs = []
    for workers in (0, 1, 4):
        loader = nd.DataLoader(dataset, 4, shuffle=True, num_workers=workers, seed=5)
        runs.append([taken(loader), taken(loader)])
    assert runs[0] == runs[1] == runs[2]
    assert runs[0][0] != runs[0][1], "each epoch has its own order and draws"
    assert taken(nd.DataLoader(dataset, 4, shuffle=True, seed=6)) != runs[0][0]
    assert not worker_threads()


def test_the_seed_comes_from_the_generator() -> None:
    ag.manual_seed(1)
    first = nd.DataLoader(Draws(), 4, shuffle=True)
    second = nd.DataLoader(Draws(), 4, shuffle=True)
    assert first.seed != second.seed
    ag.manual_seed(1)
    assert nd.DataLoader(Draws(), 4, shuffle=True).seed == first.seed
    assert (
        nd.DataLoader(Draws(), generator=ag.Generator(2)).seed == nd.DataLoader(Draws(), generator=ag.Generator(2)).seed
    )


def test_the_order_does_not_repeat_the_draws_of_a_batch() -> None:
    loader = nd.DataLoader(Draws(), seed=0)
    stream = loader._reading().stream
    streams = [int(stream(*place).generate_state(1)[0]) for place in ((0,), (1,), (0, 0), (0, 1), (1, 0), (0, 0, 0))]
    assert len(set(streams)) == len(streams)


def test_order_and_length() -> None:
    assert taken(nd.DataLoader(list("abcde"), 2)) == [["a", "b"], ["c", "d"], ["e"]]
    assert taken(nd.DataLoader(list("abcde"), 2, drop_last=True)) == [["a", "b"], ["c", "d"]]
    shuffled = nd.DataLoader(range(100), 10, shuffle=True, seed=0)
    numbers = [n for batch in shuffled for n in batch.tolist()]
    assert numbers != sorted(numbers)
    assert sorted(numbers) == list(range(100))


@pytest.mark.parametrize("n", [1, 4, 5])
@pytest.mark.parametrize("batch_size", [1, 2, 4, 5])
@pytest.mark.parametrize("drop_last", [False, True])
@pytest.mark.parametrize("workers", [0, 2])
def test_length_is_the_number_of_batches(n: int, batch_size: int, drop_last: bool, workers: int) -> None:
    def make(dataset: Any) -> nd.DataLoader:
        return nd.DataLoader(dataset, batch_size, drop_last=drop_last, num_workers=workers)

    if drop_last and n < batch_size:
        with pytest.warns(UserWarning, match=f"no batch: {n} samples are less than batch_size={batch_size}"):
            loader = make(range(n))
    else:
        loader = make(range(n))
    assert len(loader) == len(list(loader)) == (n // batch_size if drop_last else (n + batch_size - 1) // batch_size)


def test_length_as_torch() -> None:
    torch = pytest.importorskip("torch")
    for n in (1, 7, 8):
        for drop_last in (False, True):
            theirs = torch.utils.data.DataLoader(range(n), batch_size=4, drop_last=drop_last)
            if len(theirs):
                assert len(nd.DataLoader(range(n), batch_size=4, drop_last=drop_last)) == len(theirs)


def test_samplers() -> None:
    epochs = []

    class Told(list[int]):
        def set_epoch(self, epoch: int) -> None:
            epochs.append(epoch)

    loader = nd.DataLoader(list("abcde"), 2, sampler=Told([4, 0, 1]))
    assert len(loader) == 2
    assert taken(loader) == [["e", "a"], ["b"]]
    list(loader)
    assert epochs == [0, 1]
    loader = nd.DataLoader(list("abcde"), batch_sampler=[[1, 2, 3], [0]])
    assert len(loader) == 2
    assert taken(loader) == [["b", "c", "d"], ["a"]]


def test_collate_fn_gets_the_samples() -> None:
    given = []
    loader = nd.DataLoader(augmented(), 4, collate_fn=lambda samples: given.append(samples) or len(samples))
    assert list(loader) == [4] * 7 + [2]
    assert isinstance(given[0], list)
    assert isinstance(given[0][0], tuple)


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


def test_samples_that_come_all_at_once() -> None:
    class Many(list[Any]):
        def __getitems__(self, indices: list[int]) -> list[Any]:
            return [self[i] * 10 for i in indices]

    assert lists(nd.DataLoader(Many([1, 2, 3]), 2)) == [[10, 20], [30]]


def test_threads_make_batches_ahead_but_not_too_far() -> None:
    made = []

    class Slow(Draws):
        def __getitem__(self, index: int) -> Any:
            made.append(index)
            return index

    batches = iter(nd.DataLoader(Slow(40), 1, num_workers=2, prefetch_factor=3, multiprocessing_context="thread"))
    next(batches)
    deadline = time.monotonic() + 5
    while len(made) < 7 and time.monotonic() < deadline:
        time.sleep(0.002)
    time.sleep(0.02)
    assert len(made) == 7  # the one taken, and 2 workers with 3 each
    batches.close()  # type: ignore[attr-defined]


def test_an_iteration_that_is_given_up_stops_the_threads() -> None:
    for _ in nd.DataLoader(Draws(1000), 2, num_workers=3, multiprocessing_context="thread"):
        assert worker_threads()
        break
    assert not worker_threads()


@pytest.mark.parametrize("workers", [0, 2])
def test_an_error_in_a_sample_names_it_and_keeps_its_traceback(workers: int) -> None:
    class Bad(Draws):
        def __getitem__(self, index: int) -> Any:
            if index == 7:
                raise KeyError("lost")
            return index

    got = []
    with pytest.raises(KeyError, match="lost") as caught:
        got.extend(batch.tolist() for batch in nd.DataLoader(Bad(), 3, **threads(workers)))
    assert got == [[0, 1, 2], [3, 4, 5]]
    assert caught.value.__notes__ == [
        "while making sample 7 of a Bad",
        "while loading batch 2 of epoch 0: samples [6, 7, 8] of a Bad",
    ]
    frames = [frame.name for frame in traceback.extract_tb(caught.value.__traceback__)]
    assert frames[-1] == "__getitem__"
    assert frames[0] == "test_an_error_in_a_sample_names_it_and_keeps_its_traceback"
    assert not worker_threads()


@pytest.mark.parametrize("workers", [0, 2])
def test_an_error_in_a_batch_names_its_indices(workers: int) -> None:
    def broken(images: np.ndarray) -> np.ndarray:
        raise FloatingPointError("transform")

    dataset = nd.ImageDataset(pictures(20), np.zeros(20, int), transform=broken)
    with pytest.raises(FloatingPointError, match="transform") as caught:
        list(nd.DataLoader(dataset, 10, **threads(workers)))
    note = "while loading batch 0 of epoch 0: samples [0, 1, 2, 3, 4, 5, 6, 7, ...] of a ImageDataset"
    assert caught.value.__notes__ == [note]


@pytest.mark.parametrize(
    ("dataset", "options", "message"),
    [
        ([1], {"batch_size": 0}, "batch_size must be a positive integer, got 0"),
        ([1], {"batch_size": -3}, "batch_size must be a positive integer, got -3"),
        ([1], {"batch_size": 2.5}, "batch_size must be a positive integer, got 2.5"),
        ([], {}, "the list is empty; give at least one sample"),
        ([], {"shuffle": True}, "the list is empty"),
        (
            iter([1]),
            {},
            "must have __len__ and __getitem__, got a list_iterator; put the samples of a stream in a list",
        ),
        ([1], {"shuffle": True, "sampler": [0]}, "mutually exclusive with shuffle"),
        ([1], {"shuffle": True, "batch_sampler": [[0]]}, "mutually exclusive with shuffle"),
        (
            [1],
            {"batch_sampler": [[0]], "batch_size": 2},
            "batch_sampler is mutually exclusive with batch_size, sampler and",
        ),
        ([1], {"batch_sampler": [[0]], "sampler": [0]}, "batch_sampler is mutually exclusive"),
        ([1], {"batch_sampler": [[0]], "drop_last": True}, "batch_sampler is mutually exclusive"),
        ([1], {"num_workers": -1}, "num_workers must be 0 or more, got -1"),
        ([1], {"num_workers": 1, "prefetch_factor": 0}, "prefetch_factor must be 1 or more, got 0"),
        ([1], {"seed": 1, "generator": ag.Generator(0)}, "seed and generator both say"),
        ([1], {"seed": -1}, "seed must not be negative, got -1"),
    ],
)
def test_the_loader_refuses(dataset: Any, options: dict[str, Any], message: str) -> None:
    with pytest.raises(ag.errors.ArgumentError, match=message):
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


# ------------------------------------------------------------------------------------------------------------ its state


def stateful(workers: int, seed: int | None = 9) -> nd.DataLoader:
    return nd.DataLoader(augmented(), 4, shuffle=True, num_workers=workers, seed=seed)


@pytest.mark.parametrize("workers", [0, 3])
@pytest.mark.parametrize("stop", [0, 1, 5, 8])
@pytest.mark.parametrize("epoch", [0, 1])
def test_a_resumed_loader_goes_on_with_the_next_batch(workers: int, stop: int, epoch: int) -> None:
    whole = stateful(0)
    expected = [taken(whole) for _ in range(3)]
    loader = stateful(workers)
    for _ in range(epoch):
        list(loader)
    batches = iter(loader)
    for _ in range(stop):
        next(batches)
    state = json.loads(json.dumps(loader.state_dict()))
    assert (state["epoch"], state["batch"]) == (epoch, stop), "what was made ahead must not count"
    resumed = stateful(workers, seed=None)
    resumed.load_state_dict(state)
    assert resumed.state_dict() == state
    assert taken(resumed) == expected[epoch][stop:]
    assert taken(resumed) == expected[epoch + 1]


def test_the_state_after_an_epoch_is_the_start_of_the_next() -> None:
    loader = stateful(0)
    list(loader)
    assert (loader.state_dict()["epoch"], loader.state_dict()["batch"]) == (1, 0)


def test_a_new_iteration_is_a_new_epoch_and_iterators_are_independent() -> None:
    expected = stateful(0)
    epochs = [taken(expected) for _ in range(3)]
    loader = stateful(0)
    first, second = iter(loader), iter(loader)
    for i, (a, b) in enumerate(zip(first, second, strict=True)):
        assert a[1].tolist() == epochs[0][i][1]
        assert b[1].tolist() == epochs[1][i][1]
    assert taken(loader) == epochs[2]


def test_a_state_that_does_not_fit_is_refused() -> None:
    state = stateful(0).state_dict()
    with pytest.raises(
        ag.errors.CheckpointError, match="with batch_size=4, this one has batch_size=5; make the loader"
    ):
        nd.DataLoader(augmented(), 5, shuffle=True).load_state_dict(state)
    with pytest.raises(ag.errors.CheckpointError, match="with samples=30, this one has samples=20"):
        nd.DataLoader(Draws(), 4, shuffle=True).load_state_dict(state)
    with pytest.raises(ag.errors.CheckpointError, match="with shuffle=True, this one has shuffle=False"):
        nd.DataLoader(augmented(), 4).load_state_dict(state)
    with pytest.raises(ag.errors.CheckpointError, match=r"has the keys \['batch', .*got \['epoch'\]; pass what"):
        stateful(0).load_state_dict({"epoch": 1})
