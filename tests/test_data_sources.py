"""Data sets by name: the embedded one, where the files of the others are looked for, and files that do not fit."""

from __future__ import annotations

import gzip
import hashlib
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from drawn_numbers import pictures
from idx_files import idx

import autograd_core as ag
from nn import data as nd
from nn.data import sources


@pytest.fixture
def places(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """An empty world: no folder of the system, no cache, no variable."""
    monkeypatch.delenv("AUTOGRAD_DATA", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr(nd.IdxSource, "SYSTEM", tmp_path / "system")
    monkeypatch.setattr(sources, "_sources", dict(sources._sources))
    return tmp_path


TINY = (
    pictures(12, 5, 1)[:, 0],
    np.arange(12, dtype=np.uint8) % 3,
    pictures(6, 5, 1, 1)[:, 0],
    np.arange(6, dtype=np.uint8) % 3,
)
PACKED = [gzip.compress(idx(array), mtime=0) for array in TINY]


def tiny(mirror: str = "http://127.0.0.1:9/", contents: Any = TINY) -> nd.IdxSource:
    """A registered set of four small files, in the names of MNIST."""
    mnist = nd.source("mnist")
    assert isinstance(mnist, nd.IdxSource)
    files = tuple(
        nd.IdxFile(file.name, hashlib.md5(packed).hexdigest(), hashlib.md5(idx(array)).hexdigest())
        for file, packed, array in zip(mnist.files, PACKED, contents, strict=True)
    )
    made = replace(mnist, name="tiny", directory="tiny", classes=("a", "b", "c"), mirrors=(mirror,), files=files)
    nd.register(made)
    return made


def write_tiny(folder: Path, packed: bool = True, arrays: Any = TINY) -> None:
    folder.mkdir(parents=True)
    for file, array in zip(nd.source("mnist").files, arrays, strict=True):  # type: ignore[attr-defined]
        content = idx(array)
        (folder / f"{file.name}{'.gz' if packed else ''}").write_bytes(gzip.compress(content) if packed else content)


def test_the_embedded_set() -> None:
    data = nd.load("fashion-mnist")
    assert len(data.train) == 10_000
    assert len(data.test) == 2_000
    assert data.classes == data.train.classes == data.test.classes
    assert data.classes[0] == "T-shirt/top"
    assert len(data.classes) == 10
    counts = np.bincount(data.train.labels)
    assert counts.min() == 942
    assert counts.max() == 1027
    scaled = data.train.images / 255
    assert data.mean == (pytest.approx(scaled.mean(), abs=1e-7),)
    assert data.std == (pytest.approx(scaled.std(), abs=1e-7),)
    images, labels = data.train.batch(range(10_000))
    assert images.numpy().dtype == np.float32
    assert tuple(images.shape) == (10_000, 1, 28, 28)
    assert abs(images.numpy().mean()) < 1e-4
    assert abs(images.numpy().std() - 1) < 1e-4
    assert labels.tolist()[:10] == [9, 0, 0, 3, 0, 2, 7, 2, 5, 5]
    assert data.origin.endswith("fashion_10k_2k.npz")
    assert "MIT" in (Path(data.origin).parent / "NOTICE").read_text("utf-8")


def test_the_embedded_set_is_checked_before_it_is_used(places: Path) -> None:
    embedded = nd.source("fashion-mnist")
    assert isinstance(embedded, nd.EmbeddedSource)
    nd.register(replace(embedded, name="damaged", sha256="0" * 64))
    with pytest.raises(
        ag.errors.DataError, match=r"fashion_10k_2k.npz is damaged: 5276548 bytes with SHA-256 009d.*again"
    ):
        nd.load("damaged")
    nd.register(replace(embedded, name="lost", file="lost.npz"))
    with pytest.raises(ag.errors.DataError, match=r"cannot read .*lost.npz: No such file.*install the package again"):
        nd.load("lost")
    with pytest.raises(ag.errors.ArgumentError, match=r"folder='x' is given, but .* fashion-mnist-full, mnist"):
        nd.load("fashion-mnist", "x")


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("fashon_mnist", "unknown data set 'fashon_mnist'; did you mean 'fashion-mnist'"),
        ("MNIST", "unknown data set 'MNIST'; did you mean 'mnist'"),
        ("imagenet", "unknown data set 'imagenet'; .*Known: fashion-mnist, fashion-mnist-full, mnist"),
        ("", "unknown data set ''"),
    ],
)
def test_an_unknown_name_offers_the_nearest(name: str, message: str) -> None:
    with pytest.raises(ag.errors.ArgumentError, match=message):
        nd.load(name)


def test_names() -> None:
    assert nd.source_names() == ["fashion-mnist", "fashion-mnist-full", "mnist"]
    for name in nd.source_names():
        known = nd.source(name)
        assert known.name == name
        assert len(known.classes) == 10
        assert known.licence
        assert known.homepage.startswith("http")
    with pytest.raises(ag.errors.ArgumentError, match="there is a data set 'mnist' already"):
        nd.register(nd.source("mnist"))


@pytest.mark.parametrize("packed", [False, True])
def test_files_are_looked_for_in_order(places: Path, monkeypatch: pytest.MonkeyPatch, packed: bool) -> None:
    tiny()
    monkeypatch.setenv("AUTOGRAD_DATA", str(places / "variable"))
    order = [
        places / "cache" / "autograd_core" / "tiny",
        places / "system" / "tiny",
        places / "variable" / "tiny",
        places / "variable",
        places / "given" / "tiny",
        places / "given2",
    ]
    for folder in order:
        if folder.exists():
            for file, content in zip(nd.source("tiny").files, map(idx, TINY), strict=True):  # type: ignore[attr-defined]
                (folder / file.name).write_bytes(content)
        else:
            write_tiny(folder, packed)
        given = folder if folder == places / "given2" else places / "given" if "given" in str(folder) else None
        data = nd.load("tiny", given)
        assert data.origin == str(folder)
    assert np.array_equal(data.train.images[:, 0], TINY[0])
    assert data.test.labels.tolist() == TINY[3].tolist()
    assert data.train[1][1] == 1


def test_a_folder_without_all_files_does_not_count(places: Path) -> None:
    tiny()
    write_tiny(places / "given")
    (places / "given" / "t10k-labels-idx1-ubyte.gz").unlink()
    write_tiny(places / "system" / "tiny")
    assert nd.load("tiny", places / "given").origin == str(places / "system" / "tiny")


def test_missing_files_say_what_to_do(places: Path) -> None:
    tiny()
    with pytest.raises(ag.errors.DataError) as caught:
        nd.load("tiny", download=False)
    message = str(caught.value)
    cache = places / "cache" / "autograd_core" / "tiny"
    assert f"looked in {places / 'system' / 'tiny'}, {cache}" in message
    assert "download=False" in message
    assert "put train-images-idx3-ubyte.gz, train-labels-idx1-ubyte.gz, t10k-images-idx3-ubyte.gz, " in message
    assert f"into {cache}. 'fashion-mnist' needs no files." in message
    with pytest.raises(ag.errors.DataError, match=r"(?s)train-images-idx3-ubyte.gz: \[Errno .*What to do: put"):
        nd.load("tiny")
    with pytest.raises(ag.errors.DataError, match="apt install dataset-fashion-mnist"):
        nd.load("fashion-mnist-full", download=False)
    with pytest.raises(ag.errors.DataError, match=r"folder '.*nowhere' does not exist; create it, or correct the path"):
        nd.load("tiny", places / "nowhere")


@pytest.mark.parametrize("where", ["folder", "variable", "cache"])
def test_missing_files_are_downloaded(places: Path, monkeypatch: pytest.MonkeyPatch, where: str) -> None:
    write_tiny(places / "mirror")
    for file, content in zip(nd.source("mnist").files, PACKED, strict=True):  # type: ignore[attr-defined]
        (places / "mirror" / f"{file.name}.gz").write_bytes(content)
    tiny((places / "mirror").as_uri() + "/")
    folder = None
    expected = places / "cache" / "autograd_core" / "tiny"
    if where == "folder":
        folder = expected = places / "given"
        folder.mkdir()
        (folder / "train-labels-idx1-ubyte").write_bytes(idx(TINY[1]))  # kept, not fetched again
    elif where == "variable":
        monkeypatch.setenv("AUTOGRAD_DATA", str(places / "variable"))
        expected = places / "variable" / "tiny"
    data = nd.load("tiny", folder)
    assert data.origin == str(expected)
    assert np.array_equal(data.train.images[:, 0], TINY[0])
    assert len(list(expected.iterdir())) == 4
    assert nd.load("tiny", folder, download=False).origin == str(expected)


def test_files_of_another_set_are_noticed(places: Path) -> None:
    """MNIST and Fashion-MNIST use the same file names."""
    tiny()
    write_tiny(places / "given", arrays=(TINY[0][::-1], *TINY[1:]))
    with pytest.raises(ag.errors.DataError, match=r"train-images-idx3-ubyte.gz is whole but has another content"):
        nd.load("tiny", places / "given")


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        (TINY[1][:-1], "train-labels-idx1-ubyte has 11 labels up to 2, expected 12 below 3; it does not belong"),
        (TINY[1] + np.uint8(1), "train-labels-idx1-ubyte has 12 labels up to 3, expected 12 below 3"),
    ],
)
def test_labels_that_do_not_fit_the_pictures(places: Path, labels: np.ndarray, message: str) -> None:
    contents = (TINY[0], labels, *TINY[2:])
    tiny(contents=contents)
    write_tiny(places / "given", packed=False, arrays=contents)
    with pytest.raises(ag.errors.DataError, match=message):
        nd.load("tiny", places / "given")


@pytest.mark.parametrize(
    ("platform", "variables", "expected"),
    [
        ("linux", {}, "home/.cache/autograd_core"),
        ("darwin", {}, "home/Library/Caches/autograd_core"),
        ("win32", {}, "home/AppData/Local/autograd_core"),
        ("win32", {"LOCALAPPDATA": "local"}, "local/autograd_core"),
        ("darwin", {"XDG_CACHE_HOME": "chosen"}, "chosen/autograd_core"),
    ],
)
def test_the_cache_follows_the_custom_of_the_system(
    monkeypatch: pytest.MonkeyPatch, platform: str, variables: dict[str, str], expected: str
) -> None:
    for name in ("XDG_CACHE_HOME", "LOCALAPPDATA"):
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(Path, "home", lambda: Path("home"))
    monkeypatch.setattr(sys, "platform", platform)
    assert sources._cache() == Path(expected)


def test_the_full_set_where_debian_puts_it() -> None:
    if not (nd.IdxSource.SYSTEM / "fashion-mnist").is_dir():
        pytest.skip("needs the package dataset-fashion-mnist")
    data = nd.load("fashion-mnist-full", download=False)
    assert data.train.images.shape == (60_000, 1, 28, 28)
    assert data.test.images.shape == (10_000, 1, 28, 28)
    assert set(np.bincount(data.train.labels)) == {6000}
    assert data.mean == (pytest.approx(data.train.images.mean() / 255, abs=1e-7),)
    assert data.std == (pytest.approx(data.train.images.std() / 255, abs=1e-7),)
    part = nd.load("fashion-mnist")
    assert np.array_equal(part.train.images, data.train.images[:10_000])
    assert np.array_equal(part.test.labels, data.test.labels[:2_000])
