"""The text of a tensor."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import autograd_core as ag

GOLDEN: list[tuple[Any, str]] = [
    (1.5, "tensor(1.5000)"),
    (3, "tensor(3)"),
    (True, "tensor(True)"),
    ([1.0, 2.0, 3.0], "tensor([1., 2., 3.])"),
    ([0.1, -2.25], "tensor([ 0.1000, -2.2500])"),
    ([1e-5, 1.0], "tensor([1.0000e-05, 1.0000e+00])"),
    ([1e9, 2.0], "tensor([1.0000e+09, 2.0000e+00])"),
    ([np.nan, np.inf, 1.5], "tensor([   nan,    inf, 1.5000])"),
    (-np.inf, "tensor(-inf)"),
    ([1, -20], "tensor([  1, -20])"),
    ([True, False], "tensor([ True, False])"),
    ([], "tensor([])"),
    ([[1.0, 2.0], [3.0, 4.0]], "tensor([[1., 2.],\n        [3., 4.]])"),
    ([[[1], [2]], [[3], [4]]], "tensor([[[1],\n         [2]],\n\n        [[3],\n         [4]]])"),
    (np.zeros((2, 0), "f"), "tensor([], shape=(2, 0))"),
    (np.ones(2), "tensor([1., 1.], dtype=float64)"),
    (np.ones(2, "i4"), "tensor([1, 1], dtype=int32)"),
    (
        np.arange(2000, dtype="f"),
        "tensor([0.0000e+00, 1.0000e+00, 2.0000e+00,  ..., 1.9970e+03, 1.9980e+03,\n        1.9990e+03], shape=(2000,), "
        "dtype=float32)",
    ),
]


@pytest.mark.parametrize(("data", "text"), GOLDEN)
def test_text(data: Any, text: str) -> None:
    assert repr(ag.tensor(data)) == str(ag.tensor(data)) == text


def test_text_of_history() -> None:
    a = ag.tensor([1.0, 2.0], requires_grad=True)
    assert repr(a) == "tensor([1., 2.], requires_grad=True)"
    assert repr(a * 2) == "tensor([2., 4.], grad_fn=<mul>)"
    assert repr((a * 2).detach()) == "tensor([2., 4.])"
    assert repr(a.double().sum()) == "tensor(3., dtype=float64, grad_fn=<sum>)"
    elided = repr(ag.zeros(50, 40))
    assert elided.count("...") == 7
    assert elided.endswith("shape=(50, 40), dtype=float32)")


def test_text_leaves_numpys_options_alone() -> None:
    with np.printoptions(precision=1, threshold=5):
        assert repr(ag.tensor([0.12345] * 8)) == f"tensor([{', '.join(['0.1235'] * 8)}])"


def test_text_is_torchs_where_formats_agree() -> None:
    torch = pytest.importorskip("torch")
    rng = np.random.default_rng(0)
    for data in (
        1.5, 3, True, [0.1, -2.25], [1e-5, 1.0], [1e9, 2.0], [np.nan, 1.5], [1, -20], [True, False], [], [0.0, -0.0][:1],
        rng.normal(size=(4, 5)).astype("f"), rng.normal(size=(2, 3, 2)).astype("f") * 1e4, np.arange(40),
        np.arange(24).reshape(2, 3, 4), rng.normal(size=(3, 2)).astype("f") * 1e-6, np.arange(12, dtype="f").reshape(3, 4),
    ):  # fmt: skip
        assert repr(ag.tensor(data)) == repr(torch.tensor(data))
