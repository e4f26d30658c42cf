"""What a tensor tells about itself: sizes, memory, dtypes, and its text."""

from __future__ import annotations

import operator
import re
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

import autograd_core as ag
from autograd_core.errors import ArgumentError, DtypeError, ShapeError

DTYPES = (ag.float32, ag.float64, ag.int8, ag.int16, ag.int32, ag.int64, ag.uint8, ag.bool)
each_dtype = pytest.mark.parametrize("dtype", DTYPES, ids=str)


@pytest.fixture
def restored() -> Iterator[None]:
    """Give the default dtype and the printing options back."""
    dtype, options = ag.get_default_dtype(), ag.get_printoptions()
    yield
    ag.set_default_dtype(dtype)
    ag.set_printoptions(**options)


# ------------------------------------------------------------------------------------------------------- sizes, memory


@each_dtype
def test_sizes_and_bytes(dtype: Any) -> None:
    x = ag.zeros(2, 3, 4, dtype=dtype)
    assert x.dim() == x.ndimension() == x.ndim == 3
    assert x.numel() == x.nelement() == ag.numel(x) == 24
    assert x.itemsize == x.element_size() == dtype.itemsize
    assert x.nbytes == 24 * dtype.itemsize
    assert x.size() == (2, 3, 4)
    assert x.size(-1) == x.size(dim=2) == 4
    assert ag.tensor(1.0).size().numel() == 1
    with pytest.raises(IndexError, match="dim 3 is out of range"):
        x.size(3)
    with pytest.raises(IndexError, match="dim -1 is out of range for a tensor of 0 dimensions, which has no sizes"):
        x.sum().size(-1)


def test_a_size_is_a_tuple_that_knows_its_product() -> None:
    size = ag.zeros(2, 3, 4).size()
    assert type(size) is type(size[1:]) is type(operator.add(size, (5,))) is type(operator.add((5,), size)) is ag.Size
    assert (size.numel(), size[1:].numel(), size[0], ag.Size([2, 0]).numel()) == (24, 12, 2, 0)
    assert ((*size, 5), (5, *size), hash(size), repr(size)) == (
        (2, 3, 4, 5),
        (5, 2, 3, 4),
        hash((2, 3, 4)),
        "(2, 3, 4)",
    )
    assert size == (2, 3, 4)
    with pytest.raises(TypeError):
        operator.add(size, [1])


def test_how_it_lies_in_memory() -> None:
    x = ag.arange(24.0).reshape(2, 3, 4)
    views = [x, x.T, x[1], x[:, 1:, ::2], x.expand(2, 2, 3, 4), x[1, 2, 3], x.unfold(2, 2, 1), x.diagonal(1, 1, 2)]
    torch = pytest.importorskip("torch")
    t = torch.arange(24.0).reshape(2, 3, 4)
    theirs = [
        t, t.permute(2, 1, 0), t[1], t[:, 1:, ::2], t.expand(2, 2, 3, 4), t[1, 2, 3], t.unfold(2, 2, 1), t.diagonal(1, 1, 2),
    ]  # fmt: skip
    for ours, their in zip(views, theirs, strict=True):
        assert ours.stride() == their.stride()
        assert ours.storage_offset() == their.storage_offset()
        assert ours.is_contiguous() == their.is_contiguous()
        assert ours.data_ptr() - x.data_ptr() == their.data_ptr() - t.data_ptr()
    assert x.stride(-1) == 1
    assert x.T.contiguous().is_contiguous()
    assert x.contiguous() is ag.contiguous(x) is x


def test_is_same_size() -> None:
    assert ag.is_same_size(ag.zeros(2, 3), ag.ones(2, 3, dtype="int64"))
    assert not ag.zeros(2, 3).is_same_size(ag.zeros(3, 2))


# -------------------------------------------------------------------------------------------------------------- dtypes


@each_dtype
def test_kinds_of_dtype(dtype: Any) -> None:
    x = ag.zeros(2, dtype=dtype)
    assert x.is_floating_point() == ag.is_floating_point(x) == (dtype.kind == "f")
    assert x.is_signed() == (dtype.kind in "if")
    assert not x.is_complex()
    assert not ag.is_complex(x)
    assert ag.is_complex(np.zeros(1, complex))


def test_is_nonzero() -> None:
    assert ag.is_nonzero(ag.tensor([[2.0]]))
    assert not ag.tensor(False).is_nonzero()
    with pytest.raises(ShapeError, match=r"is_nonzero\(\) needs a tensor of one element, this one has shape \(2,\)"):
        ag.zeros(2).is_nonzero()


def test_questions_about_dtypes_have_pytorchs_answers() -> None:
    torch = pytest.importorskip("torch")
    theirs = {d: getattr(torch, d.name) for d in DTYPES}
    for a in DTYPES:
        for b in DTYPES:
            assert f"torch.{ag.promote_types(a, b)}" == str(torch.promote_types(theirs[a], theirs[b]))
            assert ag.can_cast(a, b) == torch.can_cast(theirs[a], theirs[b])
            for shapes in ((2, 2), (2, ()), ((), 2), ((), ())):
                x, y = (ag.zeros(s, dtype=d) for s, d in zip(shapes, (a, b)))
                s, t = (torch.zeros(s, dtype=theirs[d]) for s, d in zip(shapes, (a, b)))
                assert f"torch.{ag.result_type(x, y)}" == str(torch.result_type(s, t)), (a, b, shapes)
                assert ag.result_type(x, y) == (x + y).dtype
        for number in (True, 2, 2.5):
            assert f"torch.{ag.result_type(x, number)}" == str(torch.result_type(s, number))


def test_limits_of_dtypes_are_pytorchs() -> None:
    torch = pytest.importorskip("torch")
    for name in ("float32", "float64"):
        ours, theirs = ag.finfo(name), torch.finfo(getattr(torch, name))
        for fact in ("resolution", "min", "max", "eps", "smallest_normal", "tiny", "bits", "dtype"):
            assert getattr(ours, fact) == getattr(theirs, fact)
            assert type(getattr(ours, fact)) is type(getattr(theirs, fact))
    for name in ("uint8", "int8", "int16", "int32", "int64"):
        ours, theirs = ag.iinfo(name), torch.iinfo(getattr(torch, name))
        assert (ours.min, ours.max, ours.bits, ours.dtype) == (theirs.min, theirs.max, theirs.bits, theirs.dtype)
    assert ag.finfo() == ag.finfo(ag.float32)
    with pytest.raises(DtypeError, match="finfo: dtype int64 is not floating; use iinfo"):
        ag.finfo("int64")
    with pytest.raises(DtypeError, match="iinfo: dtype float32 is not an integer dtype; use finfo"):
        ag.iinfo(ag.float32)
    with pytest.raises(DtypeError, match=r"iinfo: dtype bool is not an integer dtype$"):
        ag.iinfo(bool)


def test_dlpack_shares_memory_both_ways() -> None:
    a = np.arange(3.0)
    x = ag.from_dlpack(a)
    x[0] = 7
    assert a[0] == np.from_dlpack(x)[0] == 7
    torch = pytest.importorskip("torch")
    t = torch.zeros(2, dtype=torch.float64)
    ag.from_dlpack(t).fill_(3)
    assert t.tolist() == torch.from_dlpack(ag.from_dlpack(t)).tolist() == [3, 3]


def test_is_tensor() -> None:
    assert ag.is_tensor(ag.zeros(1))
    assert not ag.is_tensor([1])


def test_the_default_dtype(restored: None) -> None:
    x = ag.zeros(2)
    ag.set_default_dtype(ag.float64)
    assert ag.get_default_dtype() == ag.float64
    for t in (
        ag.zeros(2), ag.tensor([1.5]), ag.tensor(1.5), ag.arange(0.0, 1.0), ag.linspace(0, 1, 3), ag.logspace(0, 1, 3),
        ag.eye(2), ag.rand(2), ag.randn(2), ag.full((2,), 1.5), ag.arange(3) / 2, ag.arange(3) + 0.5, ag.arange(3).sqrt(),
        ag.arange(3.0).mean(), ag.tensor([True]).to(float), ag.normal(0, 1, (2,)),
    ):  # fmt: skip
        assert t.dtype == ag.float64
    assert (x + 1.5).dtype == x.float().dtype == ag.float32
    assert ag.finfo().bits == 64
    assert repr(ag.tensor([0.5])) == "tensor([0.5000])"
    assert repr(x) == "tensor([0., 0.], dtype=float32)"
    with pytest.raises(DtypeError, match="set_default_dtype: d is int64: expected float32"):
        ag.set_default_dtype(ag.int64)


# ------------------------------------------------------------------------------------------------------------ the text


NUMBERS = [
    np.array([1.0, 20000.0], "f"), np.array([1.0, np.nan, -np.inf], "f"), np.array([0.5, 1e-9, 0.0], "f"),
    np.array([3.0, 1e9], "f"),
    np.linspace(-1, 1, 50, dtype="f"), np.arange(30).reshape(5, 6), np.arange(1200, dtype="f").reshape(3, 20, 20) / 7,
    np.array(2.5, "f"), np.array([True, False]), np.zeros((2, 2), "f"), np.array([-0.0, 0.0], "f"), np.arange(3000) - 1500,
    np.array([np.nan, np.inf], "f"), np.array([0.1, np.inf, -2.0], "f"), np.array([123456.0, 0.25], "f"),
]  # fmt: skip


@pytest.mark.parametrize(
    "options",
    [
        {}, {"precision": 2}, {"precision": 7, "sci_mode": True}, {"sci_mode": False}, {"linewidth": 30}, {"profile": "short"},
        {"threshold": 10, "edgeitems": 2}, {"threshold": 10, "edgeitems": 1, "linewidth": 40},
        {"profile": "full", "precision": 1}, {"threshold": 4, "edgeitems": 0},
    ],
    ids=str,
)  # fmt: skip
def test_the_text_under_every_option_is_pytorchs(options: dict[str, Any], restored: None) -> None:
    torch = pytest.importorskip("torch")
    torch.set_printoptions(**options)
    ag.set_printoptions(**options)
    try:
        for a in NUMBERS:
            ours, theirs = (re.split(r",\s+(?:shape|size)=", repr(lib.tensor(a)))[0] for lib in (ag, torch))
            assert ours.removesuffix(")") == theirs.removesuffix(")")
    finally:
        torch.set_printoptions(profile="default")


def test_printing_options(restored: None) -> None:
    x = ag.tensor([1.123456, 200.5])
    ag.set_printoptions(precision=2)
    assert repr(x) == "tensor([  1.12, 200.50])"
    ag.set_printoptions(sci_mode=True)
    assert repr(x) == "tensor([1.12e+00, 2.00e+02])" or repr(x) == "tensor([1.12e+00, 2.01e+02])"
    assert ag.get_printoptions()["precision"] == 2
    ag.set_printoptions(profile="default")
    assert repr(x) == "tensor([  1.1235, 200.5000])"
    assert ag.get_printoptions() == {
        "precision": 4,
        "threshold": 1000,
        "edgeitems": 3,
        "linewidth": 80,
        "sci_mode": None,
    }
    ag.set_printoptions(threshold=4, edgeitems=1)
    assert repr(ag.arange(9)) == "tensor([0,  ..., 8], shape=(9,), dtype=int64)"
    with pytest.raises(ArgumentError, match="set_printoptions: profile='tiny' is unknown"):
        ag.set_printoptions(profile="tiny")


def test_long_notes_go_to_a_line_of_their_own(restored: None) -> None:
    ag.set_printoptions(linewidth=30)
    x = ag.ones(3, dtype=ag.float64, requires_grad=True)
    assert repr(x) == "tensor([1., 1., 1.],\n       dtype=float64,\n       requires_grad=True)"
    assert repr(ag.zeros(0, dtype="int64")) == "tensor([], dtype=int64)"
