"""Folds of cross-validation: every row once, every class in its share."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest

import autograd_core as ag
from nn.data import k_folds


@pytest.mark.parametrize(("rows", "k"), [(6, 2), (150, 10), (151, 7), (5, 5)])
def test_each_row_is_tested_once(rows: int, k: int) -> None:
    folds = k_folds(np.arange(rows) % 3, k)
    assert len(folds) == k
    assert sorted(np.concatenate([test for _, test in folds])) == list(range(rows))
    for learn, test in folds:
        assert sorted([*learn, *test]) == list(range(rows))
        assert len(test) in (rows // k, rows // k + 1)


@pytest.mark.parametrize("as_given", [np.asarray, list, ag.tensor])
def test_each_class_has_its_share_in_each_fold(as_given: Any) -> None:
    labels = np.repeat([0, 1, 2], [90, 31, 7])
    for _, test in k_folds(as_given(labels), 5):
        found = np.bincount(labels[test], minlength=3)
        assert np.abs(found - np.array([90, 31, 7]) / 5).max() < 1


def test_numbers_are_spread_too() -> None:
    values = np.random.default_rng(0).normal(size=200)
    means = [values[test].mean() for _, test in k_folds(values, 5)]
    assert np.std(means) < 0.05, "a random deal has 0.16"


def test_the_generator_decides() -> None:
    labels = np.arange(60) % 4
    first, again, other = (k_folds(labels, 5, ag.Generator().manual_seed(seed))[0][1].tolist() for seed in (1, 1, 2))
    assert first == again != other
    ag.manual_seed(1)
    assert k_folds(labels, 5)[0][1].tolist() == first, "by default the global one"


@pytest.mark.parametrize("k", [0, 1, -3, 7, 2.5, True, None])
def test_a_wrong_number_of_folds_is_refused(k: Any) -> None:
    text = f"k_folds: k={k!r}, expected a whole number from 2 to the number of rows, 6"
    with pytest.raises(ag.errors.ArgumentError, match=re.escape(text)):
        k_folds([0, 0, 0, 1, 1, 1], k)


def test_targets_must_be_one_for_each_row() -> None:
    with pytest.raises(ag.errors.ShapeError, match=r"targets has shape \(4, 2\), expected \(N,\)"):
        k_folds(np.zeros((4, 2)), 2)
    with pytest.raises(ag.errors.ArgumentError, match="the number of rows, 0"):
        k_folds([], 2)
