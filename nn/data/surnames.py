"""Surnames by language, which ship with the package."""

from __future__ import annotations

import json
from collections.abc import Sequence

import numpy as np

import autograd_core as ag

from .dataset import Dataset
from .embedded import read_embedded

__all__ = ["SurnameDataset", "surnames"]

SHA256 = "d85c55fecd9f24fde82c9d4825be89997265a9d52368044320a74b2773766aa0"


class SurnameDataset(Dataset[tuple[str, int]]):
    """Names with the number of their language: *labels* (N,) int64 index *languages*.

    >>> pair = SurnameDataset(["Smith", "Rossi"], ag.tensor([0, 1]), ("English", "Italian"))
    >>> pair[1]
    ('Rossi', 1)
    """

    def __init__(self, names: Sequence[str], labels: ag.Tensor, languages: tuple[str, ...]) -> None:
        if labels.shape != (len(names),):
            raise ag.errors.ShapeError(
                f"SurnameDataset: labels has shape {tuple(labels.shape)}, expected ({len(names)},); give one for each name"
            )
        self.names, self.labels, self.languages = tuple(names), labels, languages

    def __len__(self) -> int:
        return len(self.names)

    def __getitem__(self, index: int) -> tuple[str, int]:
        return self.names[index], int(self.labels[index].item())

    def of(self, language: str) -> tuple[str, ...]:
        """Return the names of one *language*.

        >>> surnames().of("Finnish")[:2]
        ('Aalto', 'Aaltonen')
        """
        if language not in self.languages:
            raise ag.errors.ArgumentError(f"language={language!r}: expected one of {', '.join(self.languages)}")
        number = self.languages.index(language)
        return tuple(name for name, label in zip(self.names, self.labels.tolist(), strict=True) if label == number)

    def split(
        self, train: int, test: int, generator: ag.Generator | None = None
    ) -> tuple[SurnameDataset, SurnameDataset]:
        """Draw a balanced split: *train* names of each language, and *test* others of each.

        A name may be at home in several languages, and then be in both parts, with different labels.

        >>> [len(part) for part in surnames().split(150, 50)]
        [2100, 700]
        """
        labels = self.labels.numpy()
        fewest = int(np.bincount(labels, minlength=len(self.languages)).min())
        if train < 1 or test < 1 or train + test > fewest:
            raise ag.errors.ArgumentError(
                f"split: train={train} and test={test}, expected 1 or more each, and {fewest} in all at most, which is what "
                "the smallest language has; take fewer"
            )
        draws = (generator or ag.default_generator).numpy
        places = (np.flatnonzero(labels == i) for i in range(len(self.languages)))
        chosen = np.stack([draws.permutation(found)[: train + test] for found in places])
        return self._take(chosen[:, :train]), self._take(chosen[:, train:])

    def _take(self, places: np.ndarray) -> SurnameDataset:
        flat = places.ravel()
        return SurnameDataset([self.names[i] for i in flat], ag.from_numpy(self.labels.numpy()[flat]), self.languages)


def surnames() -> SurnameDataset:
    """Return 12,207 surnames of 14 languages, from 200 (Czech) to 2,379 (Irish) each.

    They keep their case and their accents; 381 spellings are at home in more than one language.  Source: the lists of
    Faker, see the notice beside the file.

    >>> names = surnames()
    >>> len(names), names.languages[:3], names[0]
    (12207, ('Croatian', 'Czech', 'Dutch'), ('Abičić', 0))
    """
    content, _ = read_embedded("nn.data", "surnames.json", SHA256)
    lists = dict(sorted(json.loads(content).items()))
    labels = np.repeat(np.arange(len(lists)), [len(names) for names in lists.values()])
    return SurnameDataset([name for names in lists.values() for name in names], ag.from_numpy(labels), tuple(lists))
