"""nn.data: streams: alone and in a row, shared by workers as PyTorch's are, resumed, and broken."""

from __future__ import annotations

from typing import Any

import pytest
from ways_of_loading import Count, Known, kinds, lists, ways

import nn.data as nd
from autograd_core.errors import ArgumentError


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


@kinds
def test_errors_in_a_stream(kind: str) -> None:
    class Bad(Count):
        def __iter__(self) -> Any:
            yield 1
            raise ValueError("end of the world")

    with pytest.raises(ValueError, match="end of the world") as caught:
        list(nd.DataLoader(Bad(1), 1, num_workers=1, multiprocessing_context=kind))
    assert "while loading batch 1 of epoch 0 of a Bad" in caught.value.__notes__
