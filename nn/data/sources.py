"""Data sets by name: where each comes from, what it holds, and how it is read.

    fashion-mnist        10,000 training and 2,000 test pictures of clothes, inside the package
    fashion-mnist-full   all 60,000 and 10,000 of them, from IDX files
    mnist                60,000 and 10,000 handwritten digits, from IDX files

IDX files are looked for in the folder given to ``load``, in ``$AUTOGRAD_DATA``, where Debian puts them, and in the
user's cache; else they are downloaded. Wherever they come from, their content must have the known checksum.
"""

from __future__ import annotations

import difflib
import io
import os
import sys
from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import numpy as np

import autograd_core as ag

from .dataset import ImageDataset
from .download import download
from .embedded import read_embedded
from .idx import read_idx
from .transforms import Compose, Images, Normalize, ToDtype

__all__ = [
    "EmbeddedSource",
    "IdxFile",
    "IdxSource",
    "ImageSource",
    "Splits",
    "load",
    "register",
    "source",
    "source_names",
]

Arrays = tuple[Images, Images, Images, Images]  # training pictures and labels, test pictures and labels


@dataclass(frozen=True)
class ImageSource(ABC):
    """A named set of pictures: its classes, and mean and standard deviation of each channel of the training pictures.

    Both are measured over all pixels, scaled to [0, 1].

    >>> source("fashion-mnist").classes[:3]
    ('T-shirt/top', 'Trouser', 'Pullover')
    """

    name: str
    title: str
    licence: str
    homepage: str
    classes: tuple[str, ...]
    mean: tuple[float, ...]
    std: tuple[float, ...]

    @abstractmethod
    def read(self, folder: str | os.PathLike[str] | None, fetch: bool) -> tuple[Arrays, str]:
        """Return the four arrays, and where they were found; look in *folder* first, and download only if *fetch*."""


@dataclass(frozen=True)
class EmbeddedSource(ImageSource):
    """A set that ships with the package, as one .npz file with the SHA-256 checksum *sha256*.

    >>> source("fashion-mnist").file
    'fashion_10k_2k.npz'
    """

    file: str
    sha256: str

    def read(self, folder: str | os.PathLike[str] | None, fetch: bool) -> tuple[Arrays, str]:
        """Return the arrays of the file, once its checksum is right."""
        if folder is not None:
            others = [name for name, other in _sources.items() if isinstance(other, IdxSource)]
            raise ag.errors.ArgumentError(
                f"load({self.name!r}): folder={os.fspath(folder)!r} is given, but this set is inside the package; "
                "leave folder out, "
                f"or load one that is read from files: {', '.join(others)}"
            )
        content, where = read_embedded("nn.data", self.file, self.sha256)
        with np.load(io.BytesIO(content)) as arrays:
            return (arrays["x_train"], arrays["y_train"], arrays["x_test"], arrays["y_test"]), where


@dataclass(frozen=True)
class IdxFile:
    """One IDX file: its name without .gz, and the MD5 checksums of the .gz that mirrors serve and of what is in it.

    >>> IdxFile("t10k-labels-idx1-ubyte", "ec29112dd5afa0611ce80d1b7f02629c", "27ae3e4e09519cfbb04c329615203637").name
    't10k-labels-idx1-ubyte'
    """

    name: str
    md5_packed: str
    md5: str


@dataclass(frozen=True)
class IdxSource(ImageSource):
    """A set in four IDX files, plain or .gz: *files* are training pictures and labels, test pictures and labels.

    *directory* is the name of the folder that holds them in a collection of data sets; *debian* the package that brings
    them.

    >>> source("mnist").files[1].name
    'train-labels-idx1-ubyte'
    """

    directory: str
    mirrors: tuple[str, ...]
    files: tuple[IdxFile, IdxFile, IdxFile, IdxFile]
    debian: str | None = None

    SYSTEM: ClassVar[Path] = Path("/usr/share/datasets")

    def read(self, folder: str | os.PathLike[str] | None, fetch: bool) -> tuple[Arrays, str]:
        """Return the arrays of the first folder that has all four files; else download what is missing."""
        if folder is not None and not Path(folder).is_dir():
            raise ag.errors.DataError(f"folder {os.fspath(folder)!r} does not exist; create it, or correct the path")
        looked = list(self._places(folder))
        place = next((place for place in looked if all(self._find(place, file) for file in self.files)), None)
        if place is None:
            place = self._fetch(folder, looked, fetch)
        train, train_labels, test, test_labels = (
            self._read(place, file, ndim) for file, ndim in zip(self.files, (3, 1, 3, 1), strict=True)
        )
        for images, labels, file in ((train, train_labels, self.files[1]), (test, test_labels, self.files[3])):
            highest = int(labels.max(initial=0))
            if len(images) != len(labels) or highest >= len(self.classes):
                raise ag.errors.DataError(
                    f"{self._find(place, file)} has {len(labels)} labels up to {highest}, expected {len(images)} below "
                    f"{len(self.classes)}; it does not belong to the pictures beside it: fetch the files of "
                    f"{self.name} again"
                )
        return (train, train_labels, test, test_labels), str(place)

    def _places(self, folder: str | os.PathLike[str] | None) -> Iterator[Path]:
        for root in (folder, os.environ.get("AUTOGRAD_DATA")):
            if root:
                yield Path(root)
                yield Path(root) / self.directory
        yield self.SYSTEM / self.directory
        yield _cache() / self.directory

    @staticmethod
    def _find(place: Path, file: IdxFile) -> Path | None:
        return next((path for path in (place / file.name, place / f"{file.name}.gz") if path.is_file()), None)

    def _read(self, place: Path, file: IdxFile, ndim: int) -> Images:
        path = self._find(place, file)
        assert path is not None
        return read_idx(path, ndim, file.md5)

    def _fetch(self, folder: str | os.PathLike[str] | None, looked: list[Path], fetch: bool) -> Path:
        """Download what is missing, and return its folder: the one given, else $AUTOGRAD_DATA, else the cache."""
        root = os.environ.get("AUTOGRAD_DATA")
        target = Path(folder) if folder is not None else (Path(root) if root else _cache()) / self.directory
        by_hand = f"put {', '.join(f'{file.name}.gz' for file in self.files)} (from {self.mirrors[0]}) into {target}"
        if self.debian:
            by_hand += f", or on Debian and Ubuntu: apt install {self.debian}"
        try:
            if not fetch:
                raise ag.errors.DataError("download=False")
            for file in self.files:
                if not self._find(target, file):
                    download(
                        [f"{mirror}{file.name}.gz" for mirror in self.mirrors],
                        target / f"{file.name}.gz",
                        md5=file.md5_packed,
                    )
        except ag.errors.DataError as error:
            raise ag.errors.DataError(
                f"{self.name}: no folder has all four files (looked in {', '.join(map(str, looked))}), and they were "
                "not "
                f"downloaded: {error}\nWhat to do: {by_hand}. {_EMBEDDED}"
            ) from error
        return target


_EMBEDDED = "'fashion-mnist' needs no files."


def _cache() -> Path:
    """The folder for files that can be fetched again, by each system's custom."""
    if chosen := os.environ.get("XDG_CACHE_HOME"):
        base = Path(chosen)
    elif sys.platform == "darwin":
        base = Path.home() / "Library" / "Caches"
    elif sys.platform == "win32":
        base = Path(os.environ.get("LOCALAPPDATA", Path.home() / "AppData" / "Local"))
    else:
        base = Path.home() / ".cache"
    return base / "autograd_core"


_CLOTHES = ("T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot")
_ZALANDO = "https://github.com/zalandoresearch/fashion-mnist"
_sources: dict[str, ImageSource] = {}


def register(source: ImageSource) -> None:
    """Make *source* known to ``load`` by its name.

    Raises ArgumentError if the name is taken.

    >>> register(source("fashion-mnist"))
    Traceback (most recent call last):
    autograd_core.errors.ArgumentError: there is a data set 'fashion-mnist' already; choose another name
    """
    if source.name in _sources:
        raise ag.errors.ArgumentError(f"there is a data set {source.name!r} already; choose another name")
    _sources[source.name] = source


def source_names() -> list[str]:
    """Return the names that ``load`` knows.

    >>> source_names()[:2]
    ['fashion-mnist', 'fashion-mnist-full']
    """
    return sorted(_sources)


def source(name: str) -> ImageSource:
    """Return what is known about the data set *name*; ArgumentError, with the nearest names, if there is none.

    >>> source("mnist").title
    'MNIST: handwritten digits, 60,000 + 10,000'
    """
    if name not in _sources:
        near = difflib.get_close_matches(name.lower().replace("_", "-"), _sources, n=3, cutoff=0.4)
        hint = f"did you mean {' or '.join(map(repr, near))}?" if near else "give one of these"
        raise ag.errors.ArgumentError(f"unknown data set {name!r}; {hint} Known: {', '.join(source_names())}")
    return _sources[name]


@dataclass(frozen=True)
class Splits:
    """Training and test pictures of *source*, and the place that they were read from.

    >>> data = load("fashion-mnist")
    >>> data.train.with_transform(None)[0][0].numpy().dtype
    dtype('uint8')
    """

    source: ImageSource
    train: ImageDataset
    test: ImageDataset
    origin: str

    @property
    def classes(self) -> tuple[str, ...]:
        """The names of the classes, by label."""
        return self.source.classes

    @property
    def mean(self) -> tuple[float, ...]:
        """The mean of each channel of the training pictures."""
        return self.source.mean

    @property
    def std(self) -> tuple[float, ...]:
        """The standard deviation of each channel of the training pictures."""
        return self.source.std


def load(name: str, folder: str | os.PathLike[str] | None = None, *, download: bool = True) -> Splits:
    """Return the data set *name*: both parts as float32 pictures, normalised by the source's ``mean`` and ``std``.

    Another transform is one call away: ``load(name).train.with_transform(...)``; the arrays are shared, not copied.
    *folder* is the first place to look for the files of a set that is not in the package, and where they are downloaded
    to.

    Raises ArgumentError for an unknown name, and DataError for files that are missing (saying what to do), damaged, or
    of another set.

    >>> data = load("fashion-mnist")
    >>> image, label = data.train[0]
    >>> len(data.train), len(data.test), tuple(image.shape), data.classes[label]
    (10000, 2000, (1, 28, 28), 'Ankle boot')
    """
    chosen = source(name)
    (train, train_labels, test, test_labels), origin = chosen.read(folder, download)
    transform = Compose([ToDtype(np.float32, scale=True), Normalize(chosen.mean, chosen.std)])
    return Splits(
        chosen,
        ImageDataset(train, train_labels, chosen.classes, transform),
        ImageDataset(test, test_labels, chosen.classes, transform),
        origin,
    )


register(
    EmbeddedSource(
        name="fashion-mnist",
        title="Fashion-MNIST: clothes, the first 10,000 + 2,000",
        licence="MIT",
        homepage=_ZALANDO,
        classes=_CLOTHES,
        mean=(0.2863089,),
        std=(0.3540180,),
        file="fashion_10k_2k.npz",
        sha256="009dc909d6914f083fba08e5fd702ecb398ce07d2710ca2194130aea5eedb6e1",
    )
)
# The MD5 checksums of the packed files are published in the README of Fashion-MNIST, and for both sets in
# torchvision/datasets/mnist.py. Those of the content were measured on Debian's package for Fashion-MNIST; for MNIST
# they are the ones that several public readers of the unpacked files agree on.
register(
    IdxSource(
        name="fashion-mnist-full",
        title="Fashion-MNIST: clothes, 60,000 + 10,000",
        licence="MIT",
        homepage=_ZALANDO,
        classes=_CLOTHES,
        mean=(0.2860406,),
        std=(0.3530242,),
        directory="fashion-mnist",
        mirrors=(
            "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/",
            "https://raw.githubusercontent.com/zalandoresearch/fashion-mnist/master/data/fashion/",
        ),
        files=(
            IdxFile("train-images-idx3-ubyte", "8d4fb7e6c68d591d4c3dfef9ec88bf0d", "f4a8712d7a061bf5bd6d2ca38dc4d50a"),
            IdxFile("train-labels-idx1-ubyte", "25c81989df183df01b3e8a0aad5dffbe", "9018921c3c673c538a1fc5bad174d6f9"),
            IdxFile("t10k-images-idx3-ubyte", "bef4ecab320f06d8554ea6380940ec79", "8181f5470baa50b63fa0f6fddb340f0a"),
            IdxFile("t10k-labels-idx1-ubyte", "bb300cfdad3c16e7a12a480ee83cd310", "15d484375f8d13e6eb1aabb0c3f46965"),
        ),
        debian="dataset-fashion-mnist",
    )
)
register(
    IdxSource(
        name="mnist",
        title="MNIST: handwritten digits, 60,000 + 10,000",
        licence="CC BY-SA 3.0",
        homepage="http://yann.lecun.com/exdb/mnist/",
        classes=tuple("0123456789"),
        mean=(0.1306605,),  # both are the published values: pytorch/examples rounds them to 0.1307 and 0.3081
        std=(0.3081078,),
        directory="mnist",
        mirrors=(
            "https://ossci-datasets.s3.amazonaws.com/mnist/",
            "https://storage.googleapis.com/cvdf-datasets/mnist/",
        ),
        files=(
            IdxFile("train-images-idx3-ubyte", "f68b3c2dcbeaaa9fbdd348bbdeb94873", "6bbc9ace898e44ae57da46a324031adb"),
            IdxFile("train-labels-idx1-ubyte", "d53e105ee54ea40749a09fcbcd1e9432", "a25bea736e30d166cdddb491f175f624"),
            IdxFile("t10k-images-idx3-ubyte", "9fb629c4189551a2d022fa330f9573f3", "2646ac647ad5339dbf082846283269ea"),
            IdxFile("t10k-labels-idx1-ubyte", "ec29112dd5afa0611ce80d1b7f02629c", "27ae3e4e09519cfbb04c329615203637"),
        ),
    )
)
