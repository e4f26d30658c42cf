"""The pages of the library are those that its code writes, and their words and numbers are what PyTorch does."""

from __future__ import annotations

import pkgutil
import re
from operator import attrgetter
from pathlib import Path

import numpy as np
import pytest
from beside_torch import OURS, torchs
from conformance.calls import Call, call, distinct, integers, within

import autograd_core as ag
import nn
import optim
from docs.library import corners, derivatives, faces, initial, kernels, names, pages, updates

ROOT = Path(__file__).parents[1]
SILENT = pytest.mark.filterwarnings("ignore::UserWarning", "ignore::RuntimeWarning")
AGAIN = "docs/{} is not what the code writes now: make docs-library"


def written(page: str) -> str:
    return (ROOT / "docs" / page).read_text("utf-8")


def rows(page: str) -> set[str]:
    return set(written(page).splitlines())


# ---------------------------------------------------------------------------------------------------------- up to date


@SILENT
@pytest.mark.parametrize(("page", "text"), [("ties.md", pages.ties), ("initialisation.md", pages.initialisation)])
def test_a_page_is_up_to_date(page: str, text: object) -> None:
    assert callable(text)
    assert written(page) == text(), AGAIN.format(page)


@pytest.mark.slow  # it compiles nearly every kernel where none is on disk yet
def test_the_page_of_everything_is_up_to_date() -> None:
    assert written("library.md") == pages.pages()["library.md"], AGAIN.format("library.md")


def test_every_public_name_has_a_row() -> None:
    shown = set(re.findall(r"^\| \[?`(\w+)`", written("library.md"), re.MULTILINE))
    public = {name for face in (*faces.TABLES, "nn", "optim", "optim.lr_scheduler") for name, _ in faces.public(face)}
    missing = {name for name in public if name.rpartition(".")[2] not in shown}
    assert missing <= {"optim.lr_scheduler.LRScheduler", *dtypes()}, AGAIN.format("library.md")


def dtypes() -> set[str]:
    """Second names of types: ``ag.float``."""
    return {
        name for name, thing in faces.public("ag") if not str(getattr(thing, "__module__", "")).startswith("autograd")
    }


def test_every_function_and_layer_is_called() -> None:
    lines = [line for line in rows("library.md") if pages.NO_CALL in line]
    assert not lines, "add calls to tests/conformance"


def test_no_derivative_is_missing() -> None:
    lines = [line for line in rows("library.md") if f"| {derivatives.MISSING} |" in line]
    assert not lines


def test_links_lead_to_files() -> None:
    for page in ("README.md", "library.md", "ties.md"):
        links = set(re.findall(r"\]\((?!https?:|#)([^)#]+)", written(page)))
        assert not [link for link in links if not (ROOT / "docs" / link).exists()], page


# ------------------------------------------------------------------------------------------------------- golden lines


@pytest.mark.parametrize(
    "row",
    [
        "| `relu(x)` | x = 0 | 0 |",
        "| `abs(x)` | x = 0 | 0 |",
        "| `sqrt(x)` | x = 0 | ∞ |",
        "| `clamp(x, min=-1, max=1)` | x = 1 | 1 |",
        "| `nn.functional.hardtanh(x)` | x = 1 | 0 |",
        "| `maximum(x, y)` | x = y | shared evenly |",
        "| `fmax(x, y)` | x = y | all to the first |",
        "| `max(x)` | three equal elements | shared evenly |",
        "| `max(x, 0)` | three equal elements | all to the first |",
        "| `amax(x)` | three equal elements | shared evenly |",
        "| `median(x, 0)` | three equal elements | all to the middle one |",
        "| `sort(x, 0)` | three equal elements | each to its own place |",
        "| `prod(x)` | one element 0 | (6, 0, 0) |",
        "| `linalg.vector_norm(x)` | all elements 0 | 0 |",
        "| `nn.functional.max_pool2d(x, (1, 3))` | three equal elements | all to the first |",
        "| `nn.functional.l1_loss(x, y)` | x = y | 0 |",
    ],
)
def test_ties(row: str) -> None:
    assert row in rows("ties.md")


@pytest.mark.parametrize(
    "row",
    [
        "| `Linear` | `weight`, `bias` | uniform, ±1/√in_features |",
        "| `Conv2d` | `weight`, `bias` | uniform, ±1/√fan_in |",
        "| `Embedding` | `weight` | normal, deviation 1 |",
        "| `BatchNorm2d` | `weight` | 1 |",
        "| `BatchNorm2d` | `bias` | 0 |",
        "| `PReLU` | `weight` | 0.25 |",
        "| `LSTM` | `weight_ih_l0`, `weight_hh_l0`, `bias_ih_l0`, `bias_hh_l0` | uniform, ±1/√hidden_size |",
        "| `MultiheadAttention` | `in_proj_weight` | uniform, ±√(6 / (fan_in + fan_out)) |",
    ],
)
def test_initialisation(row: str) -> None:
    assert row in rows("initialisation.md")


@pytest.mark.parametrize(
    "row",
    [
        "| [`abs`](../autograd_core/ops/rounding.py) |  | yes | zero | x = 0: 0 |  |",
        "| [`argmax`](../autograd_core/ops/extrema.py) |  | – | – |  |  |",
        "| [`AdamW`](../optim/adam.py) |  | `step`, `exp_avg`, `exp_avg_sq`, `max_exp_avg_sq (amsgrad=True)` | `adam_step` |",
        "| [`StepLR`](../optim/lr_scheduler/decay.py) |  | `StepLR(optimizer, 2)` | 1, 1, 0.1, 0.1, 0.01, 0.01 |",
        "| [`LazyLinear`](../nn/layers/lazy.py) |  | becomes `Linear` |  |  |  |",
    ],
)
def test_library(row: str) -> None:
    assert row in rows("library.md")


# ------------------------------------------------------------------------------------------------- PyTorch's conventions


LEFT_OPEN = "ag.kthvalue", "ag.topk"  # which of equals they choose


@SILENT
@pytest.mark.parametrize(
    ("name", "corner"),
    [(name, corner) for name, each in corners.CORNERS.items() for corner in each if name not in LEFT_OPEN],
)
def test_a_corner_is_that_of_pytorch(name: str, corner: corners.Corner) -> None:
    torch = pytest.importorskip("torch")
    theirs = attrgetter(names.pytorchs(name))(torch)
    expected = corner.gradient(theirs, torchs(torch))
    np.testing.assert_allclose(corner.gradient(faces.resolved(name), OURS), expected, rtol=1e-6)


@SILENT
@pytest.mark.parametrize("face", [*faces.TABLES, *pages.OTHERS, "optim.lr_scheduler"])
def test_pytorch_has_the_names_that_are_not_ours(face: str) -> None:
    pytest.importorskip("torch")
    wrong = []
    for name, _ in faces.public(face):
        theirs = names.pytorchs(name)
        if exists(theirs or name.removeprefix("ag.")) != bool(theirs):
            wrong.append(name)
    assert not wrong, "see docs/library/names.py"


def exists(name: str) -> bool:
    """Whether PyTorch has this name, in a module that may have to be imported first."""
    try:
        pkgutil.resolve_name(f"torch.{name}")
    except (AttributeError, ImportError):
        return False
    return True


# ------------------------------------------------------------------------------------------------- how things are found


def ways(function: object, each: Call) -> list[derivatives.Way]:
    return [derivatives.Way(lambda dtype: (function, ()), each)]  # type: ignore[arg-type,return-value]


@pytest.mark.parametrize(
    ("function", "each", "expected"),
    [
        (ag.exp, call("ab"), ("yes", "yes")),
        (ag.neg, call("ab"), ("yes", "zero")),
        (ag.floor, call("ab"), ("zero", "zero")),
        (ag.argmax, call(distinct("ab")), ("–", "–")),
        (ag.bitwise_not, call(integers("ab", 0, 9)), ("–", "–")),
    ],
)
def test_orders(function: object, each: Call, expected: tuple[str, str]) -> None:
    assert derivatives.orders(ways(function, each)) == expected


class Wrong(ag.Function):
    """A square with the gradient of a line."""

    @staticmethod
    def forward(ctx: object, x: ag.Tensor) -> ag.Tensor:
        return x * x

    @staticmethod
    def backward(ctx: object, g: ag.Tensor) -> ag.Tensor:
        return g


def test_a_wrong_derivative_is_an_error() -> None:
    with pytest.raises(AssertionError, match=r"order 1: .*, by differences"):
        derivatives.orders(ways(Wrong.apply, call("ab")))


class Once(ag.Function):
    """A square whose gradient has none."""

    @staticmethod
    def forward(ctx: object, x: ag.Tensor) -> ag.Tensor:
        ctx.save_for_backward(x)  # type: ignore[attr-defined]
        return x * x

    @staticmethod
    def backward(ctx: object, g: ag.Tensor) -> ag.Tensor:
        (x,) = ctx.saved_tensors  # type: ignore[attr-defined]
        return g.detach() * 2 * x.detach()


def test_a_derivative_that_is_lacking_is_seen() -> None:
    assert derivatives.orders(ways(Once.apply, call("ab"))) == ("yes", "no")


def test_kernels_of_large_arrays_are_seen() -> None:
    assert derivatives.kernels(ways(ag.exp, call("abc"))) == ["exp"]
    assert derivatives.kernels(ways(ag.erfinv, call(within("ab", -0.9, 0.9)))) == ["erfinv"]
    before = {name: getattr(kernels.cpu, name) for name in kernels.cpu.__all__}
    with pytest.raises(ZeroDivisionError), kernels.watched():
        raise ZeroDivisionError
    assert before == {name: getattr(kernels.cpu, name) for name in kernels.cpu.__all__}


@pytest.mark.parametrize(
    ("gradient", "words"),
    [
        ([0.5], "0.5"),
        ([-1.0], "−1"),
        ([0.5, 0.5], "shared evenly"),
        ([0, 1, 0], "all to the middle one"),
        ([1, 2, 3], "each to its own place"),
        ([0, 0], "0"),
        ([1, 1], "1"),
        ([np.nan, 2], "(nan, 2)"),
        ([-np.inf], "−∞"),
    ],
)
def test_a_gradient_in_words(gradient: list[float], words: str) -> None:
    assert corners.worded(np.array(gradient, dtype=float)) == words


def test_a_law_must_fit_both_sizes(monkeypatch: pytest.MonkeyPatch) -> None:
    class Odd(nn.Linear):
        """A layer whose weights are of no law."""

        def reset_parameters(self) -> None:
            nn.init.uniform_(self.weight, -0.123, 0.123)

    monkeypatch.setattr(nn, "Linear", Odd)
    with pytest.raises(ValueError, match=r"Linear\.weight: .* no law fits"):
        initial.laws("Linear")


def test_layers_with_parameters_have_a_law() -> None:
    lacking = []
    for name, cls in faces.layers():
        short = name.removeprefix("nn.")
        made = [] if getattr(cls, "cls_to_become", None) else pages.ours.layer_ways(short)
        if any(way.make(ag.float32)[1] for way in made[:1]) and short not in (*initial.SIZES, *pages.ours.MADE):
            lacking.append(short)
    assert not lacking, "add two sizes to docs/library/initial.py"


def test_every_schedule_is_shown() -> None:
    shown = {schedule.partition("(")[0] for schedule in updates.SCHEDULES}
    assert shown == {*optim.lr_scheduler.__all__} - {"LRScheduler"}
