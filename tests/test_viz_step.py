"""``python -m autograd_core.viz.step``: what it prints, and its page of the documentation."""

from __future__ import annotations

import ast
import json
import linecache
import os
import re
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any

import pytest
import stepped_programs
from stepped_programs import LOOP

from autograd_core import ops, viz
from autograd_core.call_text import WATCHED
from autograd_core.modes import attending, watching
from autograd_core.viz.step import command
from autograd_core.viz.step.command import main

ROOT = Path(__file__).parents[1]
write, step = stepped_programs.write, stepped_programs.step  # fixtures


def test_a_pipe_gets_all_steps(write: Any, step: Any) -> None:
    write("""\
        import autograd_core as ag

        w, b = ag.tensor(2.0, requires_grad=True), ag.tensor([1.0, -1.0], requires_grad=True)
        y = w * 3 + b
        loss = (y * w).sum()
        """)
    out, err = step("train.py:loss", "--width", "72")
    assert err == ""
    assert out == textwrap.dedent("""\
        The backward pass, before its first step

        G at loss    1

        It starts here, and goes back by 6 contributions. Each is the gradient
        that arrives at a result, times the derivative of the operation that
        made it, and is added to the gradient of an operand.

        loss → y * w   step 1 of 6, its only contribution
        train.py:5
          loss = (y * w).sum()
                 ^^^^^^^^^^^^^

        rule         spread(G)   of sum, for x
                     Every element that was added gets the whole gradient.
                     spread: copied along the axes that were reduced

        arriving G   1
        contribution 2 numbers
          [1., 1.]
        before       nothing yet
        after        the contribution itself   complete, 1 of 1

        y * w → y   step 2 of 6, its only contribution
        train.py:5
          loss = (y * w).sum()
                  ^^^^^

        rule         G * w   of mul, for x
                     The gradient times the other factor.
                     w = 2

        arriving G   2 numbers
          [1., 1.]
        contribution 2 numbers
          [2., 2.]
        before       nothing yet
        after        the contribution itself   complete, 1 of 1

        y * w → w   step 3 of 6, contribution 1 of 2 to it
        train.py:5
          loss = (y * w).sum()
                  ^^^^^

        rule         G * y   of mul, for y
                     The gradient times the other factor.
                     y = [7., 5.]

        arriving G   2 numbers
          [1., 1.]
        contribution 12   summed from 2 numbers, as broadcasting had stretched w
        before       nothing yet
        after        the contribution itself   1 of 2, more to come

        y → w * 3   step 4 of 6, its only contribution
        train.py:4
          y = w * 3 + b
              ^^^^^^^^^

        rule         G   of add, for x
                     Addition passes the gradient on to both operands as it is.

        arriving G   2 numbers
          [2., 2.]
        contribution 4
                     summed from 2 numbers, as broadcasting had stretched w * 3
        before       nothing yet
        after        the contribution itself   complete, 1 of 1

        y → b   step 5 of 6, its only contribution
        train.py:4
          y = w * 3 + b
              ^^^^^^^^^

        rule         G   of add, for y
                     Addition passes the gradient on to both operands as it is.

        arriving G   2 numbers
          [2., 2.]
        contribution 2 numbers
          [2., 2.]
        before       nothing yet
        after        the contribution itself   complete, 1 of 1

        w * 3 → w   step 6 of 6, contribution 2 of 2 to it
        train.py:4
          y = w * 3 + b
              ^^^^^

        rule         3 * G   of mul, for x
                     The gradient times the other factor.

        arriving G   4
        contribution 12
        before       12
        after        24   complete, 2 of 2

        """)


def test_it_is_the_module_that_python_runs_and_stays_a_function(write: Any) -> None:
    write("""\
        import autograd_core as ag
        from autograd_core import viz

        w = ag.tensor(2.0, requires_grad=True)
        assert len(viz.step(w * w)) == 2
        loss = w.exp()
        """)
    command = [sys.executable, "-W", "error", "-m", "autograd_core.viz.step", "train.py:loss", "--plain"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONIOENCODING": "ascii"}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert "loss -> w   step 1 of 1" in done.stdout  # an arrow that ASCII has
    assert "\x1b" not in done.stdout
    reader = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert reader.stdout is not None
    reader.stdout.close()  # as `| head` does
    assert reader.communicate()[1] == ""


def test_lines_are_within_the_width(write: Any, step: Any) -> None:
    write("""\
        import autograd_core as ag
        import nn
        import nn.functional as F

        net = nn.Sequential(nn.Conv2d(1, 3, 3), nn.BatchNorm2d(3), nn.ReLU(), nn.Flatten(), nn.Linear(48, 10))
        loss = F.cross_entropy(net(ag.randn(2, 1, 6, 6)), ag.tensor([3, 1])) + sum([p.square().sum() for p in net.parameters()])
        """)
    for width in (40, 60, 100):
        out, _ = step("train.py:loss", "--check", f"--width={width}")
        rows = [line for line in out.splitlines() if "→" not in line and "G at" not in line]
        assert max(map(len, rows)) <= width + 2, max(rows, key=len)
        assert out.count("checked: ") == out.count("arriving G ") > 20
        assert out.count("they") > 15  # agree: the others have operands that were not kept
        assert "DIFFER" not in out


@pytest.mark.parametrize(
    ("arguments", "variables", "expected"),
    [
        ([], {}, False),
        (["--color=always"], {"TERM": "xterm"}, "\x1b[33m"),
        (["--color=always"], {"TERM": "xterm-256color", "NO_COLOR": "1"}, "\x1b[38;5;166m"),
        (["--color", "never"], {}, False),
        (["--color=auto"], {"NO_COLOR": "1"}, False),
    ],
)
def test_colors(write: Any, step: Any, monkeypatch: Any, arguments: Any, variables: Any, expected: Any) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    write("import autograd_core as ag\nloss = ag.ones(1, requires_grad=True).sum()\n")
    out, _ = step("train.py:loss", *arguments)
    assert (expected in out) if expected else "\x1b" not in out


def test_groups_and_destinations(write: Any, step: Any) -> None:
    write(LOOP)
    out, _ = step("train.py:loss", "--granularity", "node", "--check")
    calls = [line for line in out.splitlines() if line[:3].strip().isdecimal()]
    assert calls == ["  1 loss", "  2 (w * x - 3) ** 2", "  3 w * x - 3", "  4 w * x"]
    assert out.count("checked: entry") == 4
    assert "outside modules" in step("train.py:loss", "--granularity", "module")[0]
    out, _ = step("train.py:loss", "--to", "w * x - 3")
    assert "step 2 of 4" in out
    assert "step 3 of 4" not in out
    assert "The gradient of w * x - 3 (2 numbers) is" in out
    assert "Checked: entry [0]" in out


def test_files(write: Any, step: Any, tmp_path: Path) -> None:
    write(LOOP)
    out, err = step("train.py:loss", "--json", "trace.json", "--check")
    assert out == ""
    assert err.endswith("wrote trace.json\n")
    made = json.loads((tmp_path / "trace.json").read_text("utf-8"))
    viz.validate(made)
    assert all(s["check"]["agrees"] for s in made["steps"])
    assert made["files"][0]["path"] == "train.py"
    step("train.py:loss", "--html", "new/für alle.html")
    assert (tmp_path / "new" / "für alle.html").is_file()


def test_who_does_not_look_pays_for_the_position_alone(write: Any, step: Any) -> None:
    """What a recorded call does beside its arithmetic, before and after a program was looked at."""
    write(LOOP)

    def calls() -> list[str]:
        (function,) = ast.parse(str(ops.mul.source)).body
        recorded = next(n for n in ast.walk(function) if isinstance(n, ast.If) and "recording()" in ast.unparse(n.test))
        return sorted({ast.unparse(n.func) for n in ast.walk(recorded) if isinstance(n, ast.Call)})

    watched, before = list(WATCHED), calls()
    if not watched:  # the line for those who pack tensors stays, once somebody did
        assert before == ["Node", "getframe", "outside", "recording", "scope", "tick"]
    step("train.py:loss")
    assert (calls(), attending.get(), watching.get(), WATCHED) == (before, (), None, watched)


# ------------------------------------------------------------------------------------------------------------- the page


BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def session(page: str, folder: Path, capsys: pytest.CaptureFixture[str]) -> str:
    """Return *page* with what its commands and its Python print in place of each ``text`` block; the first is train.py."""
    blocks = list(BLOCK.finditer(page))
    (folder / "train.py").write_text(blocks[0][2], "utf-8")
    known: dict[str, Any] = {"__name__": "page"}
    printed = [""] * len(blocks)
    for i, block in enumerate(blocks):
        shown = i + 1 < len(blocks) and blocks[i + 1][1] == "text"
        if block[1] == "sh" and shown:
            command, _, tail = block[2].partition("|")
            arguments = command.split()[3:]
            assert main(["--width=100", *arguments]) == 0
            out = capsys.readouterr().out
            count = int(tail.split()[-1]) if tail else 0
            printed[i + 1] = "\n".join(out.rstrip("\n").split("\n")[-count:]) + "\n"
        elif block[1] == "python":
            linecache.cache["lesson.py"] = len(page), None, block[2].splitlines(keepends=True), "lesson.py"
            exec(compile(block[2], "lesson.py", "exec"), known)
            printed[i + 1] = capsys.readouterr().out
    parts, end = [], 0
    for block, text in zip(blocks, printed, strict=True):
        parts += [page[end : block.start()], f"```{block[1]}\n{text if block[1] == 'text' else block[2]}```"]
        end = block.end()
    return "".join([*parts, page[end:]])


def test_the_page_shows_what_is_printed(write: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    page = (ROOT / "docs/step.md").read_text("utf-8")
    assert page == session(page, tmp_path, capsys)


def test_the_page_has_every_option(step: Any) -> None:
    with pytest.raises(SystemExit, match="0"):
        step("--help")
    page = (ROOT / "docs/step.md").read_text("utf-8")
    options = {name for action in command._parser()._actions for name in action.option_strings} - {"-h", "--help"}
    assert {re.split(r"[ `]", row)[2] for row in page.splitlines() if row.startswith("| `--")} == options
