"""What README.md shows is run: each Python block, against the output printed below it, and each command it names."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from pathlib import Path

import page_blocks
import pytest

ROOT = Path(__file__).parents[1]
PACKAGES = ("autograd_core", "nn", "optim")
README = (ROOT / "README.md").read_text("utf-8")
BLOCKS = page_blocks.blocks(ROOT / "README.md")
COMMANDS = sorted({line for kind, text, _ in BLOCKS if kind == "sh" for line in text.splitlines() if line})


def test_headings() -> None:
    headings = re.findall(r"^## (.*)$", page_blocks.FENCE.sub("", README), re.MULTILINE)
    assert headings == ["What it is", "Install", "An example", "Train", "Look inside", "Speed", "Test"]


def test_python_blocks_print_what_stands_below_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    page_blocks.run(ROOT / "README.md")


def test_excerpts_are_from_the_source() -> None:
    """A ``py`` block is not run: it shows a piece of the packages, as it stands there."""
    code = [path.read_text("utf-8") for package in PACKAGES for path in (ROOT / package).rglob("*.py")]
    lost = [line for kind, text, line in BLOCKS if kind == "py" and not any(text in source for source in code)]
    assert not lost, f"README.md:{lost} shows what no file of the packages says"


@pytest.mark.parametrize("command", [c for c in COMMANDS if "make " in c])
def test_make_targets_exist(command: str) -> None:
    target = re.search(r"\bmake (?:[A-Z]+=\S+ )*([a-z-]+)", command)
    assert target, command
    assert re.search(rf"^{target[1]}:", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE), command


@pytest.mark.parametrize("command", [c for c in COMMANDS if c.startswith("python -m nn")])
def test_commands_exist(command: str) -> None:
    """The command line knows the command, and its help names each option."""
    words = shlex.split(command, comments=True)[3:]
    subcommand = [word for word in words[:1] if not word.startswith("-")]
    told = subprocess.run(
        [sys.executable, "-m", "nn", *subcommand, "--help"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert told.returncode == 0, told.stderr
    unknown = [word for word in words if word.startswith("--") and word.partition("=")[0] not in told.stdout]
    assert not unknown, f"{command}: {subcommand} has no {unknown}"


def test_links_lead_somewhere() -> None:
    links = re.findall(r"\]\((?!https?:|#)([^)#]+)", README)
    missing = [link for link in links if not (ROOT / link).exists()]
    assert not missing, f"README.md links to {missing}"
