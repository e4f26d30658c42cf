"""What command lines share: how errors are said, options and choices, and the places that are written to."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import autograd_core as ag
from autograd_core.commands import (
    OneLineParser,
    ProgramError,
    UsageError,
    check_file,
    check_folder,
    exit_status,
    unknown,
)

# ------------------------------------------------------------------------------------------------------------- errors


def fails(error: BaseException) -> Callable[[], int]:
    def run() -> int:
        raise error

    return run


@pytest.mark.parametrize(
    ("error", "status", "said"),
    [
        (UsageError("no such option"), 2, "try: no such option\n"),
        (ProgramError("it failed", "a traceback\n"), 1, "a traceback\ntry: it failed\n"),
        (ag.errors.DataError("x.idx is truncated"), 1, "try: x.idx is truncated\n"),
        (PermissionError(errno.EACCES, "Permission denied", "x.html"), 1, "try: x.html: Permission denied\n"),
        (OSError(errno.EISDIR, "Is a directory", "x.tmp", None, "x.html"), 1, "try: x.html: Is a directory\n"),
        (OSError("no screen"), 1, "try: no screen\n"),
        (KeyboardInterrupt(), 130, "try: stopped\n"),
    ],
    ids=lambda value: type(value).__name__,
)
def test_an_error_is_one_line_and_a_status(
    error: BaseException, status: int, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert exit_status("try", fails(error)) == status
    assert capsys.readouterr().err == said
    assert exit_status("try", lambda: 0) == 0


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("LENET", "no model 'LENET'; did you mean 'lenet'?"),
        ("gpt", "no model 'gpt'; there are lenet, --list"),
        ("--last", "no model '--last'; did you mean '--list'?"),
        ("--a", "no model '--a'; there are lenet, --list"),  # two dashes are in every option
        ("", "no model ''; there are lenet, --list"),
    ],
)
def test_an_unknown_name(name: str, said: str) -> None:
    assert str(unknown("no model", name, ["lenet", "--list"])) == said
    if "there are" in said:
        assert str(unknown("no model", name, ["lenet", "--list"], "look there")) == f"no model {name!r}; look there"


# ------------------------------------------------------------------------------------------------------------- parser


@pytest.fixture
def parser() -> OneLineParser:
    made = OneLineParser(prog="try")
    commands = made.add_subparsers(metavar="COMMAND", required=True)
    made.add_argument("--verbose", action="store_true")
    draw = commands.add_parser("draw")
    draw.add_argument("file")
    draw.add_argument("--color", choices=("auto", "never"))
    draw.add_argument("--width", type=int)
    return made


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "the following arguments are required: COMMAND; try --help tells more"),
        (["drow"], "there is no command 'drow'; did you mean 'draw'?"),
        (["draw"], "the following arguments are required: file; try draw --help tells more"),
        (["draw", "x", "y"], "'y' is one argument too many; try draw --help tells more"),
        (["draw", "x", "--colour=never"], "there is no option '--colour'; did you mean '--color'?"),
        (["draw", "x", "--verbose"], "there is no option '--verbose'; try draw --help tells more"),
        (["draw", "x", "--wid", "3"], "there is no option '--wid'; did you mean '--width'?"),  # and no abbreviation
        (["draw", "x", "--width", "3.5"], "argument --width: invalid int value: '3.5'; try draw --help tells more"),
        (["draw", "x", "--color", "nevr"], "--color: there is no choice 'nevr'; did you mean 'never'?"),
        (["--verbos", "draw", "x"], "there is no option '--verbos'; did you mean '--verbose'?"),
    ],
)
def test_wrong_arguments(parser: OneLineParser, arguments: list[str], said: str) -> None:
    with pytest.raises(UsageError) as caught:
        parser.parse_args(arguments)
    assert str(caught.value) == said


def test_right_arguments(parser: OneLineParser) -> None:
    options = parser.parse_args(["--verbose", "draw", "x", "--color", "auto"])
    assert (options.verbose, options.file, options.color) == (True, "x", "auto")


# ------------------------------------------------------------------------------------------------------------- places


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("file").write_text("kept")
    Path("a folder, größer").mkdir()


@pytest.mark.usefixtures("here")
def test_a_place_that_can_be_written() -> None:
    for name in (".", "new", "new/and/deep", "a folder, größer", os.path.abspath("new")):
        check_folder("--out", Path(name))
        check_file("--html", Path(name, "x.html"), ".html")
    check_file("--json", Path("file"))  # it is replaced
    assert sorted(os.listdir()) == ["a folder, größer", "file"], "looking makes nothing"


@pytest.mark.usefixtures("here")
def test_a_place_that_cannot(monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(check: Callable[..., None], *arguments: Any) -> str:
        with pytest.raises(UsageError) as caught:
            check(*arguments)
        return str(caught.value)

    assert refused(check_folder, "--out", Path("file")) == "--out file: file is a file; name a folder"
    assert refused(check_folder, "--out", Path("file/x/y")) == "--out file/x/y: file is a file; name a folder"
    assert refused(check_file, "--html", Path("file/x")) == "--html file/x: file is a file; name a folder"
    assert refused(check_file, "--html", Path()) == "--html .: it is a folder; name a file"
    assert refused(check_file, "--c", Path("x.doc"), ".png", ".svg") == (
        "--c x.doc: expected a name that ends with .png or .svg"
    )
    monkeypatch.setattr(os, "access", lambda path, mode: False)  # as to a user without the right, which root always has
    place = Path.cwd()
    assert refused(check_folder, "--out", Path("new")) == (
        f"--out new: nothing can be written into {place}; name another folder"
    )
    assert "nothing can be written into" in refused(check_file, "--html", Path("x.html"))
    assert Path("file").read_text() == "kept"
