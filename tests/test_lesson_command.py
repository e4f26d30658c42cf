"""``python -m nn lesson``: its words, its errors, and what it leaves."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Annotated

import pytest
from test_cli import ROOT, run

import nn.__main__
from nn import lessons
from nn.commands import main
from nn.lessons import LESSONS, Lesson, Run, in_order, lesson, registry
from nn.lessons import command as lesson_command
from nn.lessons.options import Count

pytest.importorskip("matplotlib")


def call(*arguments: str | Path) -> int:
    """Run the command line in this process; what argparse refuses has the status that it exits with."""
    try:
        return main(["lesson", *map(str, arguments)], nn.__main__.FACTORIES, [lessons.add_command])
    except SystemExit as end:
        return int(end.code or 0)


@pytest.fixture
def two(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Two lessons in place of the course, of which the second can be made to fail; what ran is listed."""
    ran: list[str] = []
    own: dict[str, Lesson] = {}
    for module in (registry, lesson_command):
        monkeypatch.setattr(module, "LESSONS", own)
    monkeypatch.setattr(registry, "_lessons", own)

    @lesson(row=2, title="Second", question="Does it fail?", minutes=0.1)
    def second(run: Run, *, fail: Annotated[bool, "or not"] = False) -> None:
        """Fail, or not."""
        ran.append("second")
        if fail or (ran.count("second") == 1 and "broken" in ran):
            raise RuntimeError("it broke")
        run.claim("it holds", "unheld" not in ran, "seen")

    @lesson(row=1, title="First", question="How many?", minutes=0.1, quick={"n": 1})
    def first(run: Run, *, n: Annotated[Count, "how many"] = 3) -> None:
        """Count."""
        ran.append("first")
        run.number("n", n)
        run.claim("n is n", True)

    return ran


def read(out: Path, name: str) -> dict[str, object]:
    found: dict[str, object] = json.loads((out / name / "result.json").read_text("utf-8"))
    return found


def test_it_runs_as_a_user_runs_it(tmp_path: Path) -> None:
    said = run("lesson", "perceptron", "--epochs", "30", "--seed", "1", "--out", "out", cwd=tmp_path).stdout
    assert "holds  AND is learned" in said
    assert (tmp_path / "out" / "index.html").is_file()
    result = read(tmp_path / "out", "perceptron")
    assert result["command"] == "python -m nn lesson perceptron --epochs 30 --seed 1"
    assert result["settings"] == {"epochs": 30, "lr": 1.0}
    assert (tmp_path / "out" / "perceptron" / "boundaries.png").read_bytes()[:4] == b"\x89PNG"


def test_the_list_names_every_lesson_by_row(capsys: pytest.CaptureFixture[str]) -> None:
    assert call("--list") == 0
    lines = capsys.readouterr().out.splitlines()[2:-1]
    assert [line.split()[1] for line in lines] == list(in_order())
    rows = [int(line.split()[0]) for line in lines]
    assert rows == sorted(rows)


WRONG = {
    ("percepton",): r"unknown lesson 'percepton'; did you mean 'perceptron'\?\n",
    ("percepton", "--epochs", "3"): r"unknown lesson 'percepton'; did you mean 'perceptron'\?",
    ("foo",): r"^python -m nn: unknown lesson 'foo'; python -m nn lesson --list names them\n$",
    (): r"name a lesson, or say --all or --list",
    ("perceptron", "--epochs", "0"): r"argument --epochs: '0': expected a whole number of at least 1",
    ("perceptron", "--epochs", "two"): r"argument --epochs: 'two': expected a whole number of at least 1",
    ("perceptron", "--lr", "nan"): r"argument --lr: 'nan': expected a number above 0",
    ("perceptron", "--steps", "3"): r"no option '--steps'; python -m nn lesson perceptron --help lists what",
    ("perceptron", "--all"): r"there is no option '--all'",
    ("perceptron", "learned-xor"): r"'learned-xor' is one argument too many",
    ("--seed", "-1", "perceptron"): r"argument --seed: '-1': expected a whole number of at least 0",
    ("--epochs", "3"): r"there is no option '--epochs'",
    ("vanishing-gradients", "--depth", "1000"): r"argument --depth: '1000': expected a whole number from 10 to 60",
}


@pytest.mark.parametrize(("arguments", "message"), WRONG.items(), ids=lambda value: " ".join(value) or "nothing")
def test_wrong_use(arguments: tuple[str, ...], message: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert call(*arguments) == 2
    assert re.search(message, capsys.readouterr().err)


@pytest.mark.parametrize("name", LESSONS)
def test_help_tells_what_a_lesson_does_and_takes(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert call(name, "--help") == 0
    said = capsys.readouterr().out
    chosen = LESSONS[name]
    assert chosen.question in said
    assert chosen.text.splitlines()[0] in said
    for option in chosen.options:
        assert f"--{option.replace('_', '-')}" in said


def test_options_may_stand_before_and_after_the_name(two: list[str], tmp_path: Path) -> None:
    assert call("--out", tmp_path, "first", "--n", "4") == 0
    assert read(tmp_path, "first")["settings"] == {"n": 4}
    assert call("first", "--quick", "--out", tmp_path) == 0
    assert read(tmp_path, "first")["settings"] == {"n": 1}


def test_out_that_is_a_file(two: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "file").write_text("")
    for which in ("first", "--all"):
        assert call(which, "--out", tmp_path / "file") == 2
        said = capsys.readouterr()
        assert said.err == f"python -m nn: --out {tmp_path / 'file'}: {tmp_path / 'file'} is a file; name a folder\n"
        assert said.out == ""
    assert two == [], "it is known before anything runs"


def test_a_claim_that_does_not_hold_is_the_exit_status(
    two: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    two.append("unheld")
    assert call("second", "--out", tmp_path) == 1
    assert "FAILS  it holds (seen)" in capsys.readouterr().out
    assert "0 of 1 claims hold" in (tmp_path / "index.html").read_text("utf-8")


def test_all_goes_on_after_a_failure_and_later_from_where_it_stopped(
    two: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    two.append("broken")
    assert call("--all", "--out", tmp_path) == 1
    said = capsys.readouterr().out
    assert two == ["broken", "first", "second"]
    assert "second failed: RuntimeError: it broke" in said
    assert "see why: python -m nn lesson second" in said
    assert "1 of 2 lessons are done" in said
    assert "stopped by an error" in (tmp_path / "index.html").read_text("utf-8")

    assert call("--all", "--out", tmp_path) == 0
    assert two[3:] == ["second"]  # the first was done
    assert "done before" in capsys.readouterr().out
    assert call("--all", "--out", tmp_path) == 0
    assert two[4:] == []
    assert call("--all", "--out", tmp_path, "--seed", "1") == 0
    assert two[4:] == ["first", "second"]
    assert call("--all", "--out", tmp_path, "--seed", "1", "--quick") == 0
    assert two[6:] == ["first"]  # the other has no smaller budget
    assert call("--all", "--out", tmp_path, "--seed", "1", "--quick", "--again") == 0
    assert two[7:] == ["first", "second"]


def test_ctrl_c_keeps_what_is_done(two: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    original = lesson_command.run_to_folder

    def stop(chosen: Lesson, *rest: object) -> object:
        if chosen.name == "second":
            raise KeyboardInterrupt
        return original(chosen, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(lesson_command, "run_to_folder", stop)
    assert call("--all", "--out", tmp_path) == 130
    assert read(tmp_path, "first")["claims"]
    monkeypatch.undo()


def test_readme_of_lessons_shows_commands_that_exist(capsys: pytest.CaptureFixture[str]) -> None:
    text = (ROOT / "docs" / "lessons.md").read_text("utf-8")
    for line in re.findall(r"^python -m nn lesson (\S+)", text, re.MULTILINE):
        assert line.startswith("--") or line in LESSONS
