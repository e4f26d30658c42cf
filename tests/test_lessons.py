"""Every lesson on its reduced budget: its claims hold, and what it leaves is whole; and the machinery around them."""

from __future__ import annotations

import io
import json
import math
import subprocess
import sys
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import pytest
from test_report import Page

import autograd_core as ag
from autograd_core.commands import UsageError
from docs import lessons as docs_page
from nn.lessons import LESSONS, Lesson, Result, Run, figures, in_order, lesson, registry, run_lesson, running
from nn.lessons.gallery import write_gallery
from nn.lessons.options import Count
from nn.lessons.result import shown

pytest.importorskip("matplotlib")
Image = pytest.importorskip("PIL.Image")
ROOT = Path(__file__).parents[1]


@pytest.fixture
def empty(monkeypatch: pytest.MonkeyPatch) -> dict[str, Lesson]:
    """A registry of its own, without the course."""
    own: dict[str, Lesson] = {}
    for name in ("_lessons", "LESSONS"):
        monkeypatch.setattr(registry, name, own)
    return own


def new_run(seed: int = 0) -> Run:
    return Run(Result("demo", seed, {}, "python -m nn lesson demo", {}))


# ------------------------------------------------------------------------------------------------------- the lessons


@pytest.mark.parametrize("name", in_order())
def test_a_lesson_holds_what_it_claims(name: str, tmp_path: Path) -> None:
    chosen = LESSONS[name]
    for package in chosen.needs:
        pytest.importorskip(package)
    made = running.run(chosen, chosen.settings({}, quick=True), seed=0)
    result = made.result
    assert result.failed == []
    assert result.claims, "a lesson claims something"
    assert result.paragraphs, "and says what to see"
    assert result.pictures, "and shows it"
    assert all(picture.caption.endswith(".") for picture in result.pictures)
    running.keep(result, made.contents, tmp_path)
    for picture in result.pictures:
        light, dark = (
            np.asarray(Image.open(tmp_path / name / f"{picture.name}{end}.png").convert("RGB")) for end in ("", "-dark")
        )
        assert light.shape == dark.shape == (picture.height, picture.width, 3)
        assert light.std() > 5, f"{picture.name} is empty"
        assert light[0, 0].min() > 200 > 60 > dark[0, 0].max(), "paper is white by day, dark by night"
    again = running.read_results(tmp_path)[name]
    assert again == result  # nothing is lost in the file
    Page(write_gallery(tmp_path, {name: again}).read_text("utf-8"))


@pytest.mark.parametrize("chosen", LESSONS.values(), ids=lambda chosen: chosen.name)
def test_a_lesson_says_what_it_is(chosen: Lesson) -> None:
    assert chosen.text.endswith("."), "the docstring says what is done"
    assert chosen.question.endswith("?")
    assert 1 <= chosen.row <= 33
    assert 0 < chosen.minutes <= 6
    assert chosen.sources


def test_the_page_of_lessons_is_up_to_date() -> None:
    assert docs_page.PATH.read_text("utf-8") == docs_page.page(), "make docs-lessons"


def test_a_lesson_gives_the_same_numbers_again() -> None:
    first, second, other = (run_lesson("learned-xor", seed=seed, quick=True, steps=60) for seed in (1, 1, 2))
    for result in (first, second, other):
        result.seconds = 0.0
    assert first == second
    assert first.tables != other.tables or first.claims != other.claims


def test_importing_nn_imports_neither_lessons_nor_matplotlib() -> None:
    above = (
        "nn.lessons",
        "nn.models",
        "nn.data",
        "nn.training",
        "nn.interpret",
        "nn.caffe",
        "matplotlib",
        "optim",
        "tqdm",
    )
    code = f"import nn, sys; print(*[m for m in sys.modules if m.startswith({above})])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    assert done.stdout.strip() == ""
    code = "import nn.lessons, sys; print(*[m for m in sys.modules if m.startswith(('matplotlib', 'sklearn'))])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    assert done.stdout.strip() == ""


# ---------------------------------------------------------------------------------------------------- how one is declared


def declared(**options: Any) -> Any:
    return lesson(**({"row": 1, "title": "A", "question": "What?", "minutes": 0.1} | options))


def test_options_come_from_the_signature(empty: dict[str, Lesson]) -> None:
    @declared(quick={"epochs": 2})
    def a_lesson(run: Run, *, epochs: Annotated[Count, "times"] = 5, deep: Annotated[bool, "or not"] = False) -> None:
        """Do nothing."""

    found = empty["a-lesson"]
    assert found.settings({}) == {"epochs": 5, "deep": False}
    assert found.settings({}, quick=True) == {"epochs": 2, "deep": False}
    assert found.settings({"epochs": 7}, quick=True)["epochs"] == 7
    with pytest.raises(UsageError, match=r"option of lesson a-lesson 'epoch'; did you mean 'epochs'\?"):
        found.settings({"epoch": 3})
    for value in (0, -1, 2.5, "3", True, None):
        with pytest.raises(ag.errors.ArgumentError, match=r"epochs=.*: expected a whole number of at least 1"):
            found.settings({"epochs": value})
    with pytest.raises(ag.errors.ArgumentError, match=r"deep=1: expected a value of type bool"):
        found.settings({"deep": 1})


def test_wrong_declarations_are_found_at_once(empty: dict[str, Lesson]) -> None:
    def bare(run: Run, *, epochs: int = 3) -> None: ...
    def positional(run: Run, epochs: Annotated[Count, "times"] = 3) -> None: ...
    def required(run: Run, *, epochs: Annotated[Count, "times"]) -> None: ...
    def other(run: Run, *, epochs: Annotated[list[int], "times"] = [3]) -> None: ...  # noqa: B006
    def good(run: Run, *, epochs: Annotated[Count, "times"] = 3) -> None: ...

    for function in (bare, positional, required):
        with pytest.raises(
            TypeError, match=rf"lesson {function.__name__}: the option epochs must be keyword-only, with a"
        ):
            declared()(function)
    with pytest.raises(
        TypeError, match=r"lesson other: the option epochs is annotated with list\[int\]: expected Count"
    ):
        declared()(other)
    with pytest.raises(ag.errors.ArgumentError, match=r"epochs=0: expected a whole number of at least 1"):
        declared(quick={"epochs": 0})(good)
    with pytest.raises(UsageError, match="unknown option of lesson good 'steps'"):
        declared(quick={"steps": 1})(good)
    assert not empty
    declared()(good)
    with pytest.raises(TypeError, match="there is a lesson good already, in test_lessons"):
        declared()(good)


def test_a_missing_package_is_named_with_its_cure(empty: dict[str, Lesson]) -> None:
    @declared(needs=("not_there",))
    def needy(run: Run) -> None: ...

    with pytest.raises(UsageError, match="lesson needy needs not_there: pip install not_there"):
        running.run(empty["needy"], {}, 0)


def test_the_command_of_a_result_repeats_it(empty: dict[str, Lesson]) -> None:
    @declared()
    def repeat(run: Run, *, n: Annotated[Count, "n"] = 5, deep: Annotated[bool, "or not"] = True) -> None: ...

    found = empty["repeat"]
    assert running.command_of(found, found.settings({}), 0) == "python -m nn lesson repeat"
    settings = found.settings({"n": 7, "deep": False})
    assert running.command_of(found, settings, 3) == "python -m nn lesson repeat --n 7 --no-deep --seed 3"


# ------------------------------------------------------------------------------------------------------------ what it tells


def test_what_is_told_is_kept_as_plain_numbers() -> None:
    run = new_run()
    run.number("a", np.float32(0.5))
    run.number("b", ag.tensor(3))
    run.number("c", math.inf, expected="infinite")
    run.table("T", ("x", "y"), [(np.int64(1), "one"), (2, 0.25)])
    run.claim("holds", np.bool_(True))
    run.claim("does not", False, "found")
    run.say("two\n   lines")
    result = run.result
    assert [number.value for number in result.numbers] == [0.5, 3, "inf"]
    assert result.tables[0].rows == ((1, "one"), (2, 0.25))
    assert result.failed == ["does not (found)"]
    assert result.paragraphs == ["two lines"]
    json.dumps(result.as_dict(), allow_nan=False)
    with pytest.raises(TypeError, match=r"\[1\] is of type list: expected a number or text"):
        run.number("d", [1])
    with pytest.raises(ag.errors.ArgumentError, match="a row has not as many cells as the head, 2"):
        run.table("U", ("x", "y"), [(1,)])
    with pytest.raises(ag.errors.ArgumentError, match="two columns of the head"):
        run.table("V", ("x", "x"), [])


def test_names_of_files_are_checked() -> None:
    run = new_run()
    run.file("net.txt", "text", "a network")
    assert run.contents == {"net.txt": b"text"}
    for name in ("../x", "A", "", "result.json"):
        with pytest.raises(ag.errors.ArgumentError, match="expected small letters"):
            run.file(name, "", "")
    with pytest.raises(ag.errors.ArgumentError, match=r"name='net.txt' is taken in this lesson"):
        run.file("net.txt", "", "")
    figure, _ = figures.new()
    run.figure("one", figure, "A figure.")
    with pytest.raises(ag.errors.ArgumentError, match="name='one' is taken"):
        run.figure("one", figure, "A figure.")


def test_numbers_are_shown_as_people_read_them() -> None:
    assert [shown(value) for value in (3, 1_000_000, 0.5, 1e-12, "x")] == ["3", "1,000,000", "0.5", "1e-12", "x"]


def test_night_changes_ink_and_paper_and_nothing_else() -> None:
    figure, axes = figures.new()
    axes.plot([0, 1], color=figures.BLUE, label="data")
    axes.set_title("title", color=figures.PAPER.ink)
    axes.scatter([0.5], [0.5], color=figures.PAPER.ink)
    axes.legend(labelcolor=figures.PAPER.ink)
    day, night = (
        np.asarray(Image.open(io.BytesIO(draw(figure))).convert("RGB")) for draw in (figures.day, figures.night)
    )

    def has(picture: Any, colour: str) -> bool:
        wanted = [int(colour[i : i + 2], 16) for i in (1, 3, 5)]
        return bool((picture == wanted).all(-1).any())

    assert has(day, figures.BLUE)
    assert has(night, figures.BLUE)
    assert has(day, figures.PAPER.ink)
    assert not has(night, figures.PAPER.ink)
    assert axes.get_legend().get_texts()[0].get_color() == figures.DARK.ink


# -------------------------------------------------------------------------------------------------------------- the gallery


def test_the_gallery_escapes_what_is_told(tmp_path: Path) -> None:
    name = next(iter(in_order()))
    result = Result(name, 0, {}, "python <x>", {"numpy": "<2>"})
    run = Run(result)
    run.say("a < b & c")
    run.claim("<b>bold</b>", True)
    run.table("<T>", ("<x>",), [("<cell>",)])
    run.file("x.txt", "", "<what>")
    text = write_gallery(tmp_path, {name: result}).read_text("utf-8")
    page = Page(text)
    assert "<b>bold" not in text
    assert "<cell>" not in text
    assert "a < b & c" in page.text


def test_the_gallery_needs_no_network_and_names_every_file(tmp_path: Path) -> None:
    made = running.run(LESSONS["perceptron"], LESSONS["perceptron"].settings({}), 0)
    running.keep(made.result, made.contents, tmp_path)
    page = Page(write_gallery(tmp_path, running.read_results(tmp_path)).read_text("utf-8"))
    assert not page.all("script")
    assert not page.all("link")
    addresses = [attrs.get(key) for _, attrs in page.tags for key in ("src", "srcset", "href") if attrs.get(key)]
    ids = {attrs["id"] for _, attrs in page.tags if attrs.get("id")}
    for address in addresses:
        assert address is not None
        assert ":" not in address, "an address of the network"
        assert address[1:] in ids if address.startswith("#") else (tmp_path / address).is_file(), address
    assert all(image.get("alt") for image in page.all("img"))
    assert "7 of 7 claims hold" in page.text
    assert "not run yet" in page.text


def test_a_damaged_result_is_left_out(tmp_path: Path) -> None:
    for name, text in (("a", "{"), ("b", "[]"), ("c", '{"lesson": "c"}')):
        (tmp_path / name).mkdir()
        (tmp_path / name / "result.json").write_text(text)
    assert running.read_results(tmp_path) == {}


def test_keeping_removes_the_files_of_the_run_before_and_no_others(tmp_path: Path) -> None:
    run = new_run()
    run.file("old.txt", "old", "old")
    running.keep(run.result, run.contents, tmp_path)
    (tmp_path / "demo" / "mine.txt").write_text("mine")
    run = new_run()
    run.file("new.txt", "new", "new")
    running.keep(run.result, run.contents, tmp_path)
    assert {path.name for path in (tmp_path / "demo").iterdir()} == {"mine.txt", "new.txt", "result.json"}
    (tmp_path / "file").write_text("")
    with pytest.raises(UsageError, match=r"file is a file; name a folder"):
        running.keep(run.result, run.contents, tmp_path / "file")
