"""``save`` and ``load``: what comes back, in which formats, what damage and pickles say."""

from __future__ import annotations

import io
import json
import math
import os
import pickle
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import safetensors.numpy
from same_bits import same

import autograd_core as ag
import nn
import optim
from autograd_core.errors import ArgumentError, CheckpointError, DeviceError, DtypeError

SUFFIXES = ["safetensors", "npz", "pt"]
formats = pytest.mark.parametrize("suffix", SUFFIXES)


NUMBERS = np.array([[0, 1, 2], [3, 4, 5]])
VALUES: dict[str, Any] = {
    "a tensor": ag.tensor([1.0, math.nan, -math.inf, -0.0]),
    "dtypes": [
        ag.tensor(NUMBERS.astype(d.name))
        for d in (ag.float32, ag.float64, ag.int8, ag.int16, ag.int32, ag.int64, ag.uint8, ag.bool)
    ],
    "arrays": {"x": NUMBERS.astype("float16"), "y": NUMBERS.astype("uint64"), "T": np.asfortranarray(NUMBERS)},
    "empty": {"a": ag.zeros(0), "b": ag.zeros(2, 0, 3), "c": ag.tensor(5), "d": {}, "e": [], "f": ()},
    "plain": [1, 2**80, 1.5, math.inf, math.nan, "text", "", "ü\0", True, None, (1, (2,))],
    "keys": {0: ag.ones(1), (1, "a"): 2, "$tensor": "w", "a/b": ag.ones(1), "a": {"b": ag.zeros(1)}, None: 1},
    "names": {"file": ag.ones(1), "__metadata__": ag.zeros(1), "": ag.ones(2), "../x": ag.ones(3)},
    "leaf": {"w": ag.ones(2, 2, requires_grad=True)},
    "nothing": None,
}


@formats
@pytest.mark.parametrize("value", VALUES.values(), ids=VALUES)
def test_what_is_saved_comes_back(tmp_path: Path, suffix: str, value: Any) -> None:
    path = tmp_path / f"x.{suffix}"
    ag.save(value, path)
    back = ag.load(str(path), map_location="cpu", weights_only=True)
    assert same(value, back)
    assert os.listdir(tmp_path) == [path.name]


@formats
def test_a_strided_tensor_and_what_comes_back_can_be_written(tmp_path: Path, suffix: str) -> None:
    t = ag.arange(6).reshape(2, 3).T
    ag.save({"t": t, "again": t, "row": t[1], "y": (ag.ones(2, requires_grad=True) * 2)}, tmp_path / f"x.{suffix}")
    back = ag.load(tmp_path / f"x.{suffix}")
    back["t"].fill_(0)
    assert back["again"].tolist() == t.tolist() == [[0, 3], [1, 4], [2, 5]]
    assert back["row"].tolist() == [1, 4]
    assert (back["y"].is_leaf, back["y"].requires_grad, back["y"].tolist()) == (True, True, [2, 2])


def test_a_run_goes_on_as_if_it_had_never_stopped() -> None:
    def make() -> tuple[nn.Module, Any]:
        model = nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4), nn.Linear(4, 1))
        return model, optim.Adam(model.parameters(), lr=0.1, amsgrad=True)

    def step(model: nn.Module, optimizer: Any) -> None:
        optimizer.zero_grad()
        model(x).square().sum().backward()
        optimizer.step()

    x = ag.randn(5, 3, generator=ag.Generator(0))
    model, optimizer = make()
    step(model, optimizer)
    file, random = io.BytesIO(), ag.get_rng_state()
    ag.save({"model": model.state_dict(), "optimizer": optimizer.state_dict(), "random": random}, file)
    file.seek(0)
    state = ag.load(file)
    twin, other = make()
    twin.load_state_dict(state["model"])
    other.load_state_dict(state["optimizer"])
    assert state["random"] == random
    for m, o in ((model, optimizer), (twin, other)):
        step(m, o)
    assert same(model.state_dict(), twin.state_dict())


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (
            nn.Linear(1, 1),
            r"obj holds a Linear at its top: a file keeps tensors.* and never code; save its state_dict\(\)",
        ),
        ({"a": [1, {2}]}, r"obj holds a set at a/1: a file keeps"),
        ({"f": len}, "builtin_function_or_method at f"),
        (b"bytes", "bytes at its top"),
        (1j, "complex at its top"),
    ],
)
def test_what_cannot_be_saved(tmp_path: Path, value: Any, message: str) -> None:
    with pytest.raises(ArgumentError, match=message):
        ag.save(value, tmp_path / "x")
    assert not os.listdir(tmp_path)


def test_an_array_that_no_format_holds(tmp_path: Path) -> None:
    with pytest.raises(DtypeError, match=r"safetensors files hold numbers: .*str.*; convert the arrays first"):
        ag.save(np.array(["text"]), tmp_path / "x")


def test_places_that_are_not_there(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match=r"save: the folder .*nowhere does not exist; make it first"):
        ag.save(1, tmp_path / "nowhere" / "x")
    with pytest.raises(FileNotFoundError, match="nowhere"):
        ag.load(tmp_path / "nowhere")
    ag.save(ag.ones(1), tmp_path / "x")
    for place in (None, "cpu", ag.device("cpu"), {"cuda:0": "cpu"}, lambda storage, place: storage):
        assert ag.load(tmp_path / "x", place).tolist() == [1]
    for place in ("cuda", {"cpu": "cuda:1"}):
        with pytest.raises(DeviceError, match=r"device 'cuda.* is not there"):
            ag.load(tmp_path / "x", place)


@formats
def test_damage_is_noticed(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"x.{suffix}"
    ag.save({"w": ag.arange(64), "epoch": 3}, path)
    whole = path.read_bytes()
    for n in range(0, len(whole), 7):
        path.write_bytes(whole[:n])
        with pytest.raises(CheckpointError, match=r"load: .*x\..* (damaged|no npz file|no safetensors file)"):
            ag.load(path)
    for n in range(0, len(whole), 7):
        path.write_bytes(whole[:n] + bytes([whole[n] ^ 1]) + whole[n + 1 :])
        try:
            back = ag.load(path)
        except (CheckpointError, DtypeError):
            continue
        assert same(back, {"w": ag.arange(64), "epoch": 3}), f"a changed bit in byte {n} went unnoticed"
    path.write_bytes(whole)
    assert ag.load(path)["epoch"] == 3


def test_another_version_says_so() -> None:
    words = {"autograd_core": "2", "tree": "null", "sha256": ""}
    file = io.BytesIO(ag.serialization.encode_safetensors(ag.serialization.Content({}, words)))
    with pytest.raises(CheckpointError, match="it has format 2, this version reads format 1; update the package"):
        ag.load(file)


def test_a_crash_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "x"
    ag.save(1, path)

    def full(*_: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("autograd_core.serialization.files.os.replace", full)
    with pytest.raises(OSError, match="No space left"):
        ag.save(2, path)
    assert ag.load(path) == 1
    assert os.listdir(tmp_path) == ["x"]


# --------------------------------------------------------------------------------------------------- files of others


def test_numpys_files(tmp_path: Path) -> None:
    np.savez(tmp_path / "x.npz", w=np.ones(2), big=np.arange(3, dtype=">i4"))
    assert {k: (v.tolist(), v.dtype.str) for k, v in ag.load(tmp_path / "x.npz").items()} == {
        "w": ([1, 1], "<f8"), "big": ([0, 1, 2], "<i4"),
    }  # fmt: skip
    np.save(tmp_path / "x.npy", np.float16([1.5, 65504]))
    assert same(ag.load(tmp_path / "x.npy"), ag.tensor([1.5, 65504]))
    ag.save({"layer": {"w": ag.ones(2)}, "lr": 0.1}, tmp_path / "y.npz")
    with np.load(tmp_path / "y.npz") as archive:
        assert archive["layer/w"].tolist() == [1, 1]
    np.savez(tmp_path / "z.npz", x=np.array([{}]))
    with pytest.raises(CheckpointError, match=r"no npz file of plain arrays, or a damaged one .*pickle"):
        ag.load(tmp_path / "z.npz")
    np.save(tmp_path / "z.npy", np.array([{}]))
    with pytest.raises(CheckpointError, match="no npy file of a plain array"):
        ag.load(tmp_path / "z.npy")
    np.savez(tmp_path / "t.npz", x=np.array(["text"]))
    with pytest.raises(DtypeError, match="data has dtype <U4: expected one of"):
        ag.load(tmp_path / "t.npz")


def raw(dtype: str, content: bytes) -> io.BytesIO:
    """A safetensors file of one vector, by the definition of the format."""
    entry = {"dtype": dtype, "shape": [len(content) // 2], "data_offsets": [0, len(content)]}
    header = json.dumps({"x": entry}).encode()
    return io.BytesIO(len(header).to_bytes(8, "little") + header + content)


def test_narrow_numbers_are_widened() -> None:
    bits = np.array([0x3F80, 0xC000, 0x7F80, 0xFF80, 0x0001], np.uint16)  # of bfloat16
    assert ag.load(raw("BF16", bits.tobytes()))["x"].tolist() == [1, -2, math.inf, -math.inf, 2.0**-133]
    half = np.float16([1.5, -65504, 2**-24])
    back = ag.load(raw("F16", half.tobytes()))["x"]
    assert (back.dtype, back.tolist()) == (ag.float32, half.tolist())
    assert same(ag.load(raw("U16", b"\xff\xff"))["x"], ag.tensor([65535], dtype="int32"))
    for dtype, content in (("F8_E4M3", b"\0\0"), ("F8_E5M2", b"\0\0")):
        header = json.dumps({"x": {"dtype": dtype, "shape": [2], "data_offsets": [0, 2]}}).encode()
        file = io.BytesIO(len(header).to_bytes(8, "little") + header + content)
        with pytest.raises(DtypeError, match=rf"the tensor 'x' has the dtype {dtype}: expected one of BOOL"):
            ag.load(file)


def test_safetensors_of_numpy(tmp_path: Path) -> None:
    path = tmp_path / "x.safetensors"
    arrays = {"b": np.arange(3), "a": np.ones((2, 2), np.float32)}
    safetensors.numpy.save_file(arrays, path, {"by": "others"})
    assert same({k: v.numpy() for k, v in sorted(ag.load(path).items())}, dict(sorted(arrays.items())))
    ag.save({k: ag.tensor(v) for k, v in arrays.items()}, path)
    assert same(dict(sorted(safetensors.numpy.load_file(path).items())), dict(sorted(arrays.items())))


def test_weights_go_to_torch_and_back(tmp_path: Path) -> None:
    torch = pytest.importorskip("torch")
    files = pytest.importorskip("safetensors.torch")
    path = tmp_path / "x.safetensors"
    ours = nn.Sequential(nn.Conv2d(2, 3, 3), nn.BatchNorm2d(3), nn.Flatten(), nn.Linear(12, 2))
    theirs = torch.nn.Sequential(
        torch.nn.Conv2d(2, 3, 3), torch.nn.BatchNorm2d(3), torch.nn.Flatten(), torch.nn.Linear(12, 2)
    )
    x = ag.randn(5, 2, 4, 4, generator=ag.Generator(0))
    ours(x)  # moves the running statistics
    ag.save(ours.state_dict(), path)
    theirs.load_state_dict(files.load_file(path))
    want = theirs.eval()(torch.from_numpy(x.numpy())).detach().numpy()
    np.testing.assert_allclose(ours.eval()(x).detach().numpy(), want, rtol=1e-5, atol=1e-6)
    twin = nn.Sequential(nn.Conv2d(2, 3, 3), nn.BatchNorm2d(3), nn.Flatten(), nn.Linear(12, 2))
    files.save_file(theirs.state_dict(), path)
    twin.load_state_dict(ag.load(path))
    assert same(dict(twin.state_dict()), dict(ours.state_dict()))
    half = {"w": torch.randn(7).bfloat16(), "v": torch.randn(7).half(), "i": torch.arange(3)}
    files.save_file(half, path)
    for name, t in ag.load(path).items():
        assert t.tolist() == half[name].tolist()


def test_a_pickle_is_not_read(tmp_path: Path) -> None:
    message = (
        r"load: .*: this is a pickle, as torch\.save writes them: to read it is to run the code in it, so it is not read "
        r"here; convert it once: .*torch\.load\(path, weights_only=True\).*safetensors\.torch\.save_file\("
    )
    for protocol in range(2, pickle.HIGHEST_PROTOCOL + 1):
        with pytest.raises(CheckpointError, match=message):
            ag.load(io.BytesIO(pickle.dumps({"a": 1}, protocol)))
    torch = pytest.importorskip("torch")
    for zipped in (True, False):
        path = tmp_path / "model.pth"
        torch.save({"w": torch.ones(2)}, path, _use_new_zipfile_serialization=zipped)
        with pytest.raises(CheckpointError, match=r"model\.pth: this is a pickle"):
            ag.load(path)
    files = pytest.importorskip("safetensors.torch")
    state = torch.load(path, weights_only=True)  # the lines that the message gives
    files.save_file({k: v.contiguous() for k, v in state.items()}, tmp_path / "model.safetensors")
    assert ag.load(tmp_path / "model.safetensors")["w"].tolist() == [1, 1]


def test_loading_never_unpickles(tmp_path: Path) -> None:
    """A file that would run code when unpickled runs none, whatever way it is dressed up."""

    class Trap:
        def __reduce__(self) -> Any:
            return (os.mkdir, (str(tmp_path / "ran"),))

    np.save(tmp_path / "a.npy", np.array([Trap()], object))
    np.savez(tmp_path / "b.npz", x=np.array([Trap()], object))
    (tmp_path / "c").write_bytes(pickle.dumps(Trap()))
    (tmp_path / "d").write_bytes(pickle.dumps(Trap(), 0))
    for name in ("a.npy", "b.npz", "c", "d"):
        with pytest.raises(CheckpointError):
            ag.load(tmp_path / name)
    assert not (tmp_path / "ran").exists()


def test_a_program_with_only_its_imports_changed(tmp_path: Path) -> None:
    program = """
import autograd_core as torch
import nn

model = nn.Linear(2, 1)
torch.save(model.state_dict(), "model.pt")
again = nn.Linear(2, 1)
print(again.load_state_dict(torch.load("model.pt", map_location=torch.device("cpu"), weights_only=True)))
assert torch.equal(model.weight, again.weight)
"""
    env = os.environ | {"PYTHONPATH": str(Path(__file__).parents[1])}
    run = subprocess.run(
        [sys.executable, "-c", program], cwd=tmp_path, env=env, capture_output=True, text=True, check=False
    )
    assert run.stdout == "<All keys matched successfully>\n", run.stderr
