"""The demonstration: four programs and their pages."""

from __future__ import annotations

import base64
import gzip
import json
import re
import subprocess
import sys
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
from browser import Window

from autograd_core.viz.demo import command
from autograd_core.viz.demo.command import NAMES, main, write

ROOT = Path(__file__).parents[1]


def content(page: Path) -> Any:
    found = re.search(r'id="data">([^<]*)<', page.read_text("utf-8"))
    assert found
    return json.loads(gzip.decompress(base64.b64decode(found[1])))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the command writes, run as a user runs it."""
    out = tmp_path_factory.mktemp("somewhere") / "new" / "demo"
    run = [sys.executable, "-m", "autograd_core.viz.demo", "--out", str(out)]
    told = subprocess.run(run, cwd=ROOT, capture_output=True, text=True, check=False)
    assert told.returncode == 0, told.stderr
    for name, line in zip(NAMES, told.stdout.splitlines(), strict=True):
        assert re.fullmatch(rf".*{name}\.html  \d+ kB, \d+ steps, written in \d+\.\d s", line)
    return out


@pytest.mark.parametrize("name", NAMES)
def test_a_page_quotes_its_program(folder: Path, name: str) -> None:
    program = (folder / f"{name}.py").read_text("utf-8")
    assert program == (files(command.__package__) / "programs" / f"{name}.py").read_text("utf-8")
    (file,) = [
        file for file in content(folder / f"{name}.html")["trace"]["files"] if file["path"].endswith(f"{name}.py")
    ]
    for number, line in file["lines"].items():
        assert program.splitlines()[int(number) - 1] == line
    title = program.partition("\n")[0].strip('".')
    assert f"<title>{title}</title>" in (folder / f"{name}.html").read_text("utf-8")


@pytest.mark.parametrize(
    ("name", "op", "count"),
    [("xor", "matmul", 2), ("lenet", "conv_bias", 2), ("rnn", "tanh", 20), ("resnet", "conv", 20)],
)
def test_a_page_has_the_whole_network(folder: Path, name: str, op: str, count: int) -> None:
    page = folder / f"{name}.html"
    made = content(page)["trace"]
    assert page.stat().st_size < 1_000_000
    assert not made["stopped"]
    assert sum(node["op"] == op for node in made["nodes"]) == count
    assert all(node["missing"] == "" for node in made["nodes"] if node["kind"] == "parameter")


@pytest.mark.parametrize("name", NAMES)
def test_a_page_opens_and_steps(chromium: Any, folder: Path, name: str) -> None:
    with Window(chromium, folder / f"{name}.html") as window:
        window.until("document.querySelector('.box') !== null")
        window.press("ArrowRight", "ArrowRight")
        assert window.text("#taken").startswith("2 of ")
        assert len(window.text("#panel")) > 100
        assert window.said == []


def test_a_changed_program_is_kept_and_run(tmp_path: Path) -> None:
    program = "import autograd_core as ag\nw = ag.tensor(3.0, requires_grad=True)\nloss = w * w\n"
    (tmp_path / "xor.py").write_text(program)
    page, steps = write("xor", tmp_path)
    assert (page.name, steps) == ("xor.html", 2)
    assert (tmp_path / "xor.py").read_text() == program
    assert "<title>xor</title>" in page.read_text("utf-8")


def test_the_pages_are_opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[str] = []
    monkeypatch.setattr(command.webbrowser, "open", opened.append)
    monkeypatch.setattr(command, "NAMES", ("xor",))
    assert main(["--out", str(tmp_path), "--open"]) == 0
    assert opened == [(tmp_path / "xor.html").as_uri()]


@pytest.mark.parametrize(
    ("program", "status", "says"),
    [
        ("loss = 3\n", 2, "'loss' is of type int: expected a Tensor"),
        ("1 / 0\n", 1, "xor.py failed, see above"),
        ("import autograd_core as ag\nloss = ag.ones(1)\n", 1, "requires no gradient"),
    ],
)
def test_a_program_that_fails(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], program: str, status: int, says: str
) -> None:
    (tmp_path / "xor.py").write_text(program)
    assert main(["--out", str(tmp_path)]) == status
    last = capsys.readouterr().err.splitlines()[-1]
    assert last.startswith("python -m autograd_core.viz.demo: ")
    assert says in last


@pytest.mark.parametrize(
    ("arguments", "status", "says"),
    [
        (["--all"], 2, "there is no option '--all'; python -m autograd_core.viz.demo --help tells more"),
        (["--out", __file__], 2, "test_viz_demo.py is a file; name a folder"),
        (["--out", f"{__file__}/x"], 2, "test_viz_demo.py is a file; name a folder"),
    ],
)
def test_wrong_use_is_one_line(
    capsys: pytest.CaptureFixture[str], arguments: list[str], status: int, says: str
) -> None:
    assert main(arguments) == status
    (line,) = capsys.readouterr().err.splitlines()
    assert says in line
