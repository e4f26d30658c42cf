"""Tensors among others: copies, pickles, NumPy's functions, DLPack, and arrays of other libraries."""

from __future__ import annotations

import copy
import os
import pickle
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import autograd_core as ag
import nn
import optim
from autograd_core.errors import DtypeError, GraphError, ShapeError
from autograd_core.interoperation import FUNCTIONS

ROOT = Path(__file__).parents[1]

# ------------------------------------------------------------------------------------------------------------- copies


def test_a_shallow_copy_shares_memory() -> None:
    x = ag.tensor([1.0, 2.0], requires_grad=True)
    x.sum().backward()
    for original in (x, nn.Parameter(ag.ones(2)), nn.Parameter(ag.ones(2), requires_grad=False), ag.arange(3)):
        twin = copy.copy(original)
        assert twin is not original
        assert type(twin) is type(original)
        assert np.shares_memory(twin.array, original.array)
        assert (twin.requires_grad, twin.is_leaf, twin.grad) == (original.requires_grad, True, None)
    y = x * 2
    view = copy.copy(y)
    assert np.shares_memory(view.array, y.array)
    assert ag.grad(view.sum(), x)[0].tolist() == [2, 2]
    for duplicate in (copy.copy, copy.deepcopy):
        buffer = duplicate(nn.Buffer(ag.ones(2), persistent=False))
        assert (type(buffer), buffer.persistent) == (nn.Buffer, False)
        lazy = duplicate(nn.UninitializedParameter())
        assert type(lazy) is nn.UninitializedParameter
        assert lazy.requires_grad


def test_deep_copies_go_on_alone() -> None:
    model = nn.Sequential(nn.Linear(2, 3), nn.BatchNorm1d(3), nn.Linear(3, 1))
    optimizer = optim.Adam(model.parameters(), lr=0.1)
    x = ag.randn(4, 2, generator=ag.Generator(0))

    def step(m: Any, o: Any) -> None:
        o.zero_grad()
        m(x).square().mean().backward()
        o.step()

    step(model, optimizer)
    twin, other = copy.deepcopy((model, optimizer))
    before = {k: v.tolist() for k, v in twin.state_dict().items()}
    step(model, optimizer)
    assert {k: v.tolist() for k, v in twin.state_dict().items()} == before
    step(twin, other)
    assert {k: v.tolist() for k, v in twin.state_dict().items()} == {
        k: v.tolist() for k, v in model.state_dict().items()
    }
    shallow = copy.copy(model)
    assert [p is q for p, q in zip(shallow.parameters(), model.parameters(), strict=True)] == [True] * 6


@pytest.mark.parametrize(
    "make",
    [
        lambda: ag.ones(2), lambda: nn.Parameter(ag.ones(2)), lambda: nn.Linear(1, 1),
        lambda: nn.Sequential(nn.ReLU(), nn.BatchNorm1d(2)), lambda: optim.SGD([nn.Parameter(ag.ones(1))], lr=1),
    ],
)  # fmt: skip
def test_what_holds_tensors_is_not_pickled(make: Any) -> None:
    with pytest.raises(
        TypeError, match=r"tensors are not pickled: .*autograd_core\.save\(obj, path\).*its state_dict\(\)"
    ):
        pickle.dumps(make())


def test_what_holds_none_is() -> None:
    assert pickle.loads(pickle.dumps(nn.ReLU())).training
    assert pickle.loads(pickle.dumps(ag.float32)) == ag.float32
    assert pickle.loads(pickle.dumps(ag.device("cpu"))) == ag.device("cpu")


# ------------------------------------------------------------------------------------------------- NumPy's functions

M, N, S = np.arange(6.0).reshape(2, 3) / 7 + 0.1, np.arange(12.0).reshape(3, 4) / 5, np.array([[2.0, 0.5], [0.5, 3.0]])
V = np.array([0.3, -1.2, 2.0])
CALLS: dict[Any, list[tuple[Any, ...]]] = {
    np.sum: [(M,), (M, 0), (M, (0, 1), {"keepdims": True}), (M, {"axis": -1, "dtype": np.float32})],
    np.mean: [(M,), (M, 0), (M, {"axis": 1, "keepdims": True})],
    np.nansum: [(M, 0)],
    np.nanmean: [(M, {"axis": 0})],
    np.prod: [(M,), (M, 1)],
    np.max: [(M,), (M, 0), (M, {"axis": (0, 1), "keepdims": True})],
    np.min: [(M,), (M, 1)],
    np.argmax: [(M,), (M, 0), (M, {"axis": 1, "keepdims": True})],
    np.argmin: [(M,), (M, 1)],
    np.var: [(M,), (M, 0), (M, {"axis": 1, "ddof": 1, "keepdims": True})],
    np.std: [(M,), (M, {"axis": 1, "ddof": 1})],
    np.cumsum: [(M,), (M, 0)],
    np.cumprod: [(M,), (M, {"axis": 1})],
    np.concatenate: [([M, M],), ((M, M), 1), ([M, V], {"axis": None})],
    np.stack: [([V, V],), ([V, V], {"axis": -1})],
    np.vstack: [([V, M],)],
    np.hstack: [([M, M],)],
    np.dstack: [([M, M],)],
    np.column_stack: [([V, V],)],
    np.split: [(N, 3), (N, [1, 3], {"axis": 1})],
    np.array_split: [(N, 3, 1), (N, 2, {"axis": 0})],
    np.reshape: [(M, (3, 2)), (M, -1)],
    np.ravel: [(M,)],
    np.transpose: [(M,), (M, (0, 1)), (M[None], {"axes": (2, 0, 1)})],
    np.swapaxes: [(M, 0, 1)],
    np.moveaxis: [(M[None], 0, -1), (M[None], [0, 1], [1, 0])],
    np.expand_dims: [(M, 0), (M, {"axis": (0, -1)}), (M, -1)],
    np.squeeze: [(M[None, :, None],), (M[None], 0), (M[None, :, None], {"axis": (0, 2)})],
    np.broadcast_to: [(V, (2, 3)), (V[:1], 4)],
    np.atleast_1d: [(V,)],
    np.atleast_2d: [(V,)],
    np.flip: [(M,), (M, 0), (M, {"axis": (0, 1)})],
    np.fliplr: [(M,)],
    np.flipud: [(M,)],
    np.roll: [(M, 2), (M, 1, {"axis": 1}), (M, (1, 2), (0, 1))],
    np.tile: [(V, 2), (M, (2, 1))],
    np.repeat: [(M, 2), (M, 2, {"axis": 1})],
    np.where: [(M > 0.4, M, -M)],
    np.clip: [(M, 0.2, 0.5), (M, {"a_min": 0.2, "a_max": None})],
    np.sort: [(V,), (M, 0), (M, {"axis": None})],
    np.dot: [(V, V), (M, N), (M, 2.0), (np.stack([M, M]), V), (V, np.stack([N, N]))],
    np.inner: [(V, V)],
    np.outer: [(V, V)],
    np.kron: [(V, V)],
    np.vdot: [(V, V)],
    np.tensordot: [(M, N, 1), (M, M, {"axes": ([0, 1], [0, 1])}), (M, N, (1, 0))],
    np.trace: [(S,)],
    np.diagonal: [(S,), (N, 1), (N, {"offset": -1, "axis1": 1, "axis2": 0})],
    np.tril: [(N,), (N, -1)],
    np.triu: [(N, {"k": 1})],
    np.sinc: [(V,)],
    np.i0: [(V,)],
    np.nan_to_num: [(np.array([1.0, np.nan, np.inf]),)],
    np.linalg.norm: [(V,), (M,), (M, 1), (M, {"axis": 1, "ord": 1, "keepdims": True}), (S, "nuc")],
    np.linalg.inv: [(S,)],
    np.linalg.det: [(S,)],
    np.linalg.slogdet: [(S,)],
    np.linalg.solve: [(S, S)],
    np.linalg.cholesky: [(S,)],
    np.linalg.matrix_power: [(S, 3)],
}


def test_every_function_is_tried() -> None:
    assert set(CALLS) | {np.einsum} == set(FUNCTIONS)
    out = np.einsum("ij,jk->ik", ag.tensor(M), ag.tensor(N))
    np.testing.assert_allclose(out.numpy(), M @ N)


def tensors(value: Any) -> Any:
    if isinstance(value, list | tuple):
        return type(value)(map(tensors, value))
    return ag.tensor(value, requires_grad=True) if getattr(value, "dtype", None) == np.float64 else value


@pytest.mark.parametrize("function", CALLS, ids=lambda f: f.__name__)
def test_numpys_functions_mean_what_numpy_means(function: Any) -> None:
    for *args, last in CALLS[function]:
        kwargs = last if isinstance(last, dict) else {}
        args = args if isinstance(last, dict) else [*args, last]
        want, got = function(*args, **kwargs), function(*map(tensors, args), **kwargs)
        want, got = (x if isinstance(x, tuple | list) else [x] for x in (want, got))
        assert len(want) == len(got)
        for a, t in zip(want, got, strict=True):
            assert isinstance(t, ag.Tensor)
            assert t.shape == np.shape(a), (args, kwargs)
            assert t.dtype == a.dtype
            np.testing.assert_allclose(t.detach().numpy(), a, rtol=1e-6, atol=1e-12)
            assert t.requires_grad or a.dtype.kind == "i" or function is np.linalg.slogdet


def test_the_gradient_goes_through_numpy() -> None:
    def f(x: ag.Tensor) -> Any:
        return np.linalg.norm(np.sum(np.where(x.detach() > 0, x, 2 * x) ** 2, axis=0)) + np.var(np.dot(x, x.T))

    assert ag.gradcheck(f, ag.tensor(M, requires_grad=True))
    assert ag.gradgradcheck(f, ag.tensor(M, requires_grad=True))


def test_where_of_a_condition_alone() -> None:
    rows, columns = np.where(ag.tensor([[True, False], [False, True]]))
    assert (rows.tolist(), columns.tolist()) == ([0, 1], [0, 1])


def test_what_has_no_gradient_takes_any_tensor() -> None:
    t = ag.tensor(M, requires_grad=True)
    assert (np.shape(t), np.ndim(t), np.size(t)) == ((2, 3), 2, 6)
    assert np.allclose(t, M)
    assert np.array_equal(t, t)
    assert np.argsort(t, axis=0).tolist() == [[0, 0, 0], [1, 1, 1]]
    assert np.zeros_like(t).tolist() == [[0, 0, 0]] * 2
    for call in (np.median, np.percentile):
        with pytest.raises(GraphError, match=r"use \.detach\(\)\.numpy\(\)"):
            call(t, *([50] if call is np.percentile else []))
    assert np.median(t.detach()) == np.median(M)
    with pytest.raises(ShapeError, match=r"numpy\.split of 3 in 2 equal parts: use array_split"):
        np.split(ag.tensor(V), 2)
    with pytest.raises(ShapeError, match=r"numpy\.squeeze: axis is 0 of the shape \(2, 3\): expected axes of size 1"):
        np.squeeze(t, 0)


# ------------------------------------------------------------------------------------------- arrays of other libraries


def offering(array: np.ndarray, protocol: str) -> Any:
    methods: dict[str, Any] = {
        "__array__": lambda self, dtype=None, copy=None: array,
        "__array_interface__": property(lambda self: array.__array_interface__),
        "__dlpack__": lambda self, **options: array.__dlpack__(**options),
    }
    chosen = {protocol: methods[protocol]}
    if protocol == "__dlpack__":
        chosen["__dlpack_device__"] = lambda self: (1, 0)
    return type("Frame", (), chosen)()


@pytest.mark.parametrize("protocol", ["__array__", "__array_interface__", "__dlpack__"])
@pytest.mark.parametrize("dtype", ["float64", "float32", "uint8", "int64"])
def test_arrays_of_others_keep_their_dtype(protocol: str, dtype: str) -> None:
    array = np.arange(6).reshape(2, 3).astype(dtype)
    given = offering(array, protocol)
    t = ag.tensor(given)
    assert (t.dtype.name, t.tolist()) == (dtype, array.tolist())
    assert not np.shares_memory(t.numpy(), array)
    assert np.shares_memory(ag.as_tensor(given).numpy(), array)
    assert ag.tensor(given, dtype="float32").dtype == ag.float32


def test_arrays_that_no_tensor_holds() -> None:
    for array in (np.array(["a"]), np.array([{}]), np.array([1j]), np.float16([1])):
        for make in (ag.tensor, ag.as_tensor, ag.from_numpy):
            with pytest.raises(
                DtypeError, match=rf"data has dtype {array.dtype}: expected one of float32, .*; convert it first"
            ):
                make(array)
    with pytest.raises(DtypeError, match=r"array is a list: expected a numpy\.ndarray; use tensor\(\) for other data"):
        ag.from_numpy([1.0])
    with pytest.raises(DtypeError, match="of the other byte order: its memory cannot be shared"):
        ag.from_numpy(np.ones(2, ">f4"))
    assert ag.tensor(np.ones(2, ">f4")).dtype == ag.float32


def test_lists_of_tensors() -> None:
    one, wide = ag.tensor(1.0), ag.tensor(2.0, dtype="float64")
    assert ag.tensor([one, one]).dtype == ag.float32
    assert (
        ag.tensor([one, wide]).dtype == ag.tensor([1.0, wide]).dtype == ag.tensor([[wide], [2.0]]).dtype == ag.float64
    )
    assert ag.tensor([ag.arange(2), ag.arange(2)]).tolist() == [[0, 1], [0, 1]]
    assert ag.tensor([np.ones(2), np.ones(2)]).dtype == ag.float64
    with pytest.raises(ShapeError, match="data is nested unevenly"):
        ag.tensor([ag.ones(2), ag.ones(3)])


def test_pillow() -> None:
    image = pytest.importorskip("PIL.Image")
    t = ag.tensor(image.new("RGB", (4, 2), (1, 2, 3)))
    assert (t.shape, t.dtype, t[0, 0].tolist()) == ((2, 4, 3), ag.uint8, [1, 2, 3])


def test_pandas() -> None:
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame({"a": [1.0, 2.0], "b": [3, 4]})
    assert ag.tensor(frame).dtype == ag.float64
    assert ag.tensor(frame["b"]).tolist() == [3, 4]


def test_torch() -> None:
    torch = pytest.importorskip("torch")
    theirs = torch.arange(3.0, dtype=torch.float64)
    assert ag.tensor(theirs).dtype == ag.float64
    assert ag.tensor([theirs[0], theirs[1]]).tolist() == [0, 1]
    ag.as_tensor(theirs)[0] = 7
    assert theirs[0] == 7
    with pytest.raises(RuntimeError, match="requires grad"):
        ag.tensor(torch.ones(2, requires_grad=True))
    with pytest.raises(BufferError, match="require gradient"):
        ag.from_dlpack(torch.ones(2, requires_grad=True))
    with pytest.raises(
        DtypeError, match=r"data is a Tensor that NumPy cannot hold .*convert it there first, e.g. to float32"
    ):
        ag.tensor(torch.ones(2).bfloat16())
    with pytest.raises(DtypeError, match=r"from_dlpack: .*convert it there first, e.g. to float32"):
        ag.from_dlpack(torch.ones(2).bfloat16())
    ours = ag.ones(2)
    torch.utils.dlpack.from_dlpack(ag.utils.dlpack.to_dlpack(ours))[0] = 5
    ag.utils.dlpack.from_dlpack(torch.utils.dlpack.to_dlpack(torch.ones(1)))
    assert ours.tolist() == [5, 1]


def test_dlpack() -> None:
    a = np.arange(6.0).reshape(2, 3)[:, ::2]
    t = ag.from_dlpack(a)
    assert np.shares_memory(t.numpy(), a)
    assert not np.shares_memory(ag.from_dlpack(a, copy=True).numpy(), a)
    assert ag.from_dlpack(a, device="cpu").stride() == t.stride()
    capsule = ag.utils.dlpack.to_dlpack(t)
    assert ag.from_dlpack(capsule).tolist() == a.tolist()
    with pytest.raises(DtypeError, match="from_dlpack: ext_tensor is a list, without __dlpack__"):
        ag.from_dlpack([1])
    with pytest.raises(ag.errors.DeviceError, match="is not there"):
        ag.from_dlpack(a, device="cuda")
    with pytest.raises(GraphError, match="requires gradients"):
        ag.utils.dlpack.to_dlpack(ag.ones(1, requires_grad=True))


def test_checkpointing_has_pytorchs_path() -> None:
    x = ag.tensor([1.0, 2.0], requires_grad=True)
    y = ag.utils.checkpoint.checkpoint(lambda v: v.exp().sum(), x, use_reentrant=False)
    np.testing.assert_allclose(ag.grad(y, x)[0].numpy(), np.exp([1, 2]), rtol=1e-6)


# --------------------------------------------------------------------------------------------------------- type hints

PROGRAM = """
import autograd_core as ag
import nn
import nn.functional as F
import optim
from nn.utils.data import DataLoader, TensorDataset


class Net(nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        self.hidden = nn.Linear(2, width)
        self.out = nn.Linear(width, 1)

    def forward(self, x: ag.Tensor) -> ag.Tensor:
        hidden: ag.Tensor = F.relu(self.hidden(x))
        out: ag.Tensor = self.out(hidden)
        return out


def train(model: nn.Module, loader: DataLoader, epochs: int) -> float:
    optimizer = optim.Adam(model.parameters(), lr=0.01)
    total = 0.0
    for _ in range(epochs):
        for x, y in loader:
            optimizer.zero_grad()
            loss: ag.Tensor = F.mse_loss(model(x), y)
            loss.backward()
            optimizer.step()
            total += loss.item()
    return total


x = ag.randn(8, 2)
print(train(Net(4), DataLoader(TensorDataset(x, x.sum(dim=1, keepdim=True)), batch_size=4), 2) >= 0)
with ag.no_grad():
    ag.save(Net(4).state_dict(), "model.safetensors")
"""
WRONG = """
import autograd_core as ag
import nn

ag.tensor()
nn.Linear("2", 3)
"""


def test_programs_of_users_are_typed(tmp_path: Path) -> None:
    api = pytest.importorskip("mypy.api")
    (tmp_path / "program.py").write_text(PROGRAM)
    (tmp_path / "wrong.py").write_text(WRONG)
    env = os.environ | {"MYPYPATH": str(ROOT), "PYTHONPATH": str(ROOT)}
    mypy = [sys.executable, "-m", api.__name__.partition(".")[0], "--strict", "--follow-imports=silent"]
    cache = ["--cache-dir", str(ROOT / ".mypy_cache"), "--config-file", os.devnull]
    run = subprocess.run(
        [*mypy, *cache, "program.py", "wrong.py"], cwd=tmp_path, env=env, capture_output=True, text=True, check=False
    )
    lines = run.stdout.splitlines()
    assert not [line for line in lines if line.startswith("program.py")], run.stdout
    assert any(line.startswith("wrong.py:5: error:") for line in lines), run.stdout + run.stderr
    assert any(line.startswith("wrong.py:6: error:") for line in lines), run.stdout
    run = subprocess.run(
        [sys.executable, "program.py"], cwd=tmp_path, env=env, capture_output=True, text=True, check=False
    )
    assert run.stdout == "True\n", run.stderr
