"""``testing.assert_close``: what is close, what is said of what is not, and that PyTorch judges alike."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import autograd_core as ag
import nn
from autograd_core.testing import assert_close

NAN, INF = float("nan"), float("inf")


def said(*args: Any, **options: Any) -> str:
    """What a comparison that fails says."""
    with pytest.raises(AssertionError) as caught:
        assert_close(*args, **options)
    return str(caught.value)


# ------------------------------------------------------------------------------------------------------- what is close


@pytest.mark.parametrize(("dtype", "rtol", "atol"), [("float32", 1.3e-6, 1e-5), ("float64", 1e-7, 1e-7)])
def test_tolerances_are_those_of_the_dtype(dtype: str, rtol: float, atol: float) -> None:
    for number in (0.0, 1.0, -1e4):
        allowed = atol + rtol * abs(number)
        expected = ag.tensor([number], dtype=dtype)
        assert_close(ag.tensor([number + 0.9 * allowed], dtype=dtype), expected)
        assert "not close" in said(ag.tensor([number + 1.3 * allowed], dtype=dtype), expected)
        assert_close(ag.tensor([number + 1.3 * allowed], dtype=dtype), expected, rtol=2 * rtol, atol=2 * atol)
        assert "not close" in said(ag.tensor([number + 0.9 * allowed], dtype=dtype), expected, rtol=0, atol=atol / 9)


def test_integers_and_booleans_are_equal_or_not() -> None:
    assert_close(ag.tensor([2**62, 3]), ag.tensor([2**62, 3]))
    assert said(ag.tensor([1, 2]), ag.tensor([1, 3])).startswith(
        "Tensors are not equal: 1 of 2 elements (50.0%) differ.\n"
    )
    assert "difference: 1 at (0,), 4611686018427387905 for 4611686018427387904" in said(
        ag.tensor([2**62 + 1]), ag.tensor([2**62])
    )
    assert_close(ag.tensor([True, False]), ag.tensor([True, False]))
    assert "1 of 2" in said(ag.tensor([True, False]), ag.tensor([True, True]))
    assert "difference: 255 at (0,), 0 for 255" in said(*(ag.tensor([n], dtype=ag.uint8) for n in (0, 255)))


def test_nan_is_close_to_nan_when_asked() -> None:
    x = ag.tensor([1.0, NAN, INF])
    assert_close(x, x.clone(), equal_nan=True)
    assert "1 of 3 elements (33.3%) differ.\nGreatest absolute difference: nan at (1,), nan for nan" in said(
        x, x.clone()
    )
    assert_close(NAN, NAN, equal_nan=True)
    assert said(NAN, NAN).startswith("Numbers are not close.\nGreatest absolute difference: nan, nan for nan")
    assert "inf at (0,), inf for -inf" in said(ag.tensor([INF]), ag.tensor([-INF]))


def test_empty_tensors_are_close() -> None:
    assert_close(ag.zeros(0, 3), ag.zeros(0, 3))
    assert said(ag.zeros(0, 3), ag.zeros(0, 2)) == "The shapes differ: (0, 3), expected (0, 2)"
    assert_close([], ())
    assert_close({}, {})


def test_gradients_do_not_matter() -> None:
    x = ag.ones(2, requires_grad=True)
    assert_close(x * 1, ag.ones(2))


def test_numbers_truth_values_and_none() -> None:
    assert_close(1.0, 1.0 + 1e-8)
    assert_close(3, 3)
    assert_close(None, None)
    assert_close(True, True)
    assert_close(1, 1.0, check_dtype=False)
    assert said(1.0, 2.0) == (
        "Numbers are not close.\nGreatest absolute difference: 1, 1.0 for 2.0 (up to 1e-07 allowed)\n"
        "Greatest relative difference: 0.5, 1.0 for 2.0 (up to 1e-07 allowed)"
    )
    assert said(1, 1.0) == "The types differ: 1, expected 1.0"
    assert said(True, False) == "True, expected False"
    assert said(None, ag.ones(2)) == "None, expected a Tensor"
    assert said(0.0, None) == "0.0, expected None"


def test_what_beside_the_values_is_compared() -> None:
    x = ag.ones(2, 3)
    assert said(x, x.T) == "The shapes differ: (2, 3), expected (3, 2)"
    assert said(x, x.double()) == "The dtypes differ: float32, expected float64"
    assert_close(x, x.double(), check_dtype=False)
    assert_close(x, ag.ones(2, 3, dtype=ag.int64), check_dtype=False)
    assert "0.01" in said(x.double() + 0.01, x, check_dtype=False)
    assert_close(x + 1e-6, x.double(), check_dtype=False)  # the tolerances are the larger ones
    assert_close(x, ag.ones(3, 2).T)
    assert said(x, ag.ones(3, 2).T, check_stride=True) == "The strides in bytes differ: (12, 4), expected (4, 8)"
    assert_close(x, x, check_device=False, check_layout=False, check_stride=True)


def test_arrays_and_parameters() -> None:
    assert_close(np.ones(2), np.ones(2))
    assert said(np.ones(2), np.zeros(2)).startswith("Arrays are not close: 2 of 2 elements (100.0%) differ.")
    assert "inf at (0,), 1.0 for 0.0" in said(np.ones(2), np.zeros(2))
    assert_close(nn.Parameter(ag.ones(2)), ag.ones(2))
    assert_close(ag.ones(2), nn.Parameter(ag.ones(2)))
    with pytest.raises(TypeError, match="actual is a Parameter and expected is a Tensor"):
        assert_close(nn.Parameter(ag.ones(2)), ag.ones(2), allow_subclasses=False)


# -------------------------------------------------------------------------------------------------------------- nesting


def test_sequences_and_mappings() -> None:
    one = {"layers": [{"weight": ag.ones(2), "bias": None}, (1, 2.0)]}
    two = {"layers": [{"weight": ag.ones(2), "bias": None}, (1, 2.5)]}
    assert_close(one, one)
    assert said(one, two).endswith("\nThis is item ['layers'][1][1].")
    assert said([1, 2], (1,)) == "The lengths differ: 2, expected 1"
    assert said([[1, 2]], [[1]]) == "The lengths of item [0] differ: 2, expected 1"
    assert said({"a": 1, "b": 2}, {"b": 2, "c": 3}) == "The keys differ: missing are ['c'], not expected are ['a']"
    assert said([{"a": 1}], [{}]) == "The keys of item [0] differ: missing are [], not expected are ['a']"
    model, other = nn.Linear(3, 2), nn.Linear(3, 2)
    assert said(model.state_dict(), other.state_dict()).endswith("This is item ['weight'].")
    other.load_state_dict(model.state_dict())
    assert_close(model.state_dict(), other.state_dict())


def test_what_is_said_can_be_chosen() -> None:
    assert said(1, 2, msg="these are counts") == "these are counts"
    assert said(1, 2, msg=lambda text: text.partition("\n")[0] + " Look again.") == "Numbers are not equal. Look again."


# --------------------------------------------------------------------------------------------------------------- errors


@pytest.mark.parametrize(
    ("one", "two"),
    [
        (ag.ones(1), np.ones(1)),
        (ag.ones(1), [1.0]),
        (ag.ones(1), 1.0),
        ("a", "a"),
        (object(), object()),
        ({"a": 1}, [1]),
    ],
)
def test_what_cannot_be_compared(one: Any, two: Any) -> None:
    with pytest.raises(
        TypeError, match=r"assert_close: actual is a .* and expected is .*; give two tensors, two NumPy"
    ):
        assert_close(one, two)


def test_tolerances_come_together() -> None:
    with pytest.raises(
        ag.errors.ArgumentError, match=r"rtol=0\.1 and atol=None: expected both or neither; give the other"
    ):
        assert_close(1.0, 1.0, rtol=0.1)
    with pytest.raises(ag.errors.ArgumentError, match=r"atol=-1 is no tolerance"):
        assert_close(1.0, 1.0, rtol=0, atol=-1)
    with pytest.raises(ag.errors.DtypeError, match="data has dtype complex128"):
        assert_close(np.ones(1, complex), np.ones(1, complex))


# ---------------------------------------------------------------------------------------------------- PyTorch's verdict


def test_pytorch_judges_alike() -> None:
    torch = pytest.importorskip("torch")
    rng = np.random.default_rng(0)
    verdicts = set()
    for _ in range(200):
        dtypes = [str(rng.choice(["float32", "float64", "int64", "bool"])) for _ in range(2)]
        shape = [(), (3,), (2, 3)][rng.integers(3)]
        expected = rng.normal(size=shape) * 10.0 ** rng.integers(-6, 6)
        actual = expected * (1 + 1e-6 * rng.normal(size=shape)) if rng.random() < 0.8 else expected
        pair = [np.asarray(values).astype(dtype) for values, dtype in zip((actual, expected), dtypes, strict=True)]
        options = {"check_dtype": bool(rng.random() < 0.3)}
        if rng.random() < 0.3:
            options |= {"rtol": 10.0 ** rng.integers(-8, -3), "atol": 10.0 ** rng.integers(-8, -3)}
        found = []
        for library, function in ((torch, torch.testing.assert_close), (ag, assert_close)):
            try:
                found.append(function(*map(library.from_numpy, map(np.copy, pair)), **options))
            except AssertionError:
                found.append("not close")
        assert found[0] == found[1], (pair, options)
        verdicts.add(found[0])
    assert verdicts == {None, "not close"}
