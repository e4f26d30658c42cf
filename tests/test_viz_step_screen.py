"""The full screen of ``python -m autograd_core.viz.step``, in a real pseudo-terminal, with keys as a user types them."""

from __future__ import annotations

import contextlib
import os
import select
import signal
import struct
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

fcntl = pytest.importorskip("fcntl", reason="pseudo-terminals are a thing of Unix")
pty = pytest.importorskip("pty")
termios = pytest.importorskip("termios")
curses = pytest.importorskip("curses")
pyte = pytest.importorskip("pyte", reason="pip install 'autograd-core[dev]' brings pyte, which emulates a terminal")

ROOT = Path(__file__).parents[1]
PATIENCE = 60.0  # seconds until a screen must be there: machines may be busy
RIGHT, LEFT, UP, DOWN, HOME, END, BACKSPACE, ESCAPE = (
    "\x1b[C",
    "\x1b[D",
    "\x1b[A",
    "\x1b[B",
    "\x1b[1~",
    "\x1b[4~",
    "\x7f",
    "\x1b",
)
PROGRAM = """\
    import autograd_core as ag
    import nn

    ag.manual_seed(0)

    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.hidden, self.out = nn.Linear(2, 3), nn.Linear(3, 1)

        def forward(self, x):
            h = self.hidden(x).tanh()
            return self.out(h)

    net, x, y = Net(), ag.tensor([[0.0, 1.0], [1.0, 1.0]]), ag.tensor([[1.0], [0.0]])
    for i in range(2):
        loss = ((net(x) - y) ** 2).mean()
        loss.backward()
    """
# A terminal whose codes pyte knows: of those of xterm it lacks the one that repeats a character.
TERM, TERM_OF_256 = "linux", "screen-256color"
# The pseudo-terminal becomes the one that Ctrl-C and a new size come from, as for a shell.
CHILD = "import fcntl, os, sys, termios; fcntl.ioctl(0, termios.TIOCSCTTY, 0); os.execv(sys.executable, sys.argv[1:])"


class Terminal:
    """A process in a terminal of its own, and what is on the screen of that."""

    def __init__(self, folder: Path, arguments: list[str], size: tuple[int, int], environment: dict[str, str]) -> None:
        self.master, self.slave = pty.openpty()
        self.screen, self.bytes = pyte.Screen(size[0], size[1]), b""
        self.stream = pyte.ByteStream(self.screen)
        self.resize(*size)
        self.before = termios.tcgetattr(self.slave)
        command = [sys.executable, "-c", CHILD, sys.executable, *arguments]
        # LINES and COLUMNS, which test runners set, would count more for curses than the window.
        inherited = {name: value for name, value in os.environ.items() if name not in ("LINES", "COLUMNS")}
        self.process = subprocess.Popen(
            command, cwd=folder, stdin=self.slave, stdout=self.slave, stderr=self.slave, start_new_session=True,
            env={**inherited, "PYTHONPATH": str(ROOT), "PYTHONIOENCODING": "utf-8", "TERM": TERM, **environment},
        )  # fmt: skip

    def resize(self, columns: int, rows: int) -> None:
        self.screen.resize(rows, columns)
        fcntl.ioctl(self.master, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def type(self, *keys: str) -> None:
        for key in keys:
            os.write(self.master, key.encode())

    @property
    def text(self) -> str:
        return "\n".join(line.rstrip() for line in self.screen.display)

    def read(self, seconds: float) -> bool:
        """Take in what comes within *seconds*; return whether something did."""
        if not select.select([self.master], [], [], seconds)[0]:
            return False
        with contextlib.suppress(OSError):  # the other end is closed
            new = os.read(self.master, 65536)
            self.bytes += new
            self.stream.feed(new)
            return bool(new)
        return False

    def until(self, *expected: str, absent: str = "\0") -> str:
        """Wait until all of *expected* are on the screen, and *absent* is not, and nothing more comes."""
        end = time.monotonic() + PATIENCE
        while any(part not in self.text for part in expected) or absent in self.text:
            if time.monotonic() > end or (
                not self.read(0.2) and self.process.poll() is not None and not self.read(0.1)
            ):
                pytest.fail(f"expected {expected}, without {absent!r}; the screen is\n{self.text}")
        while self.read(0.1):  # the rest of what is being drawn
            pass
        return self.text

    def ended(self) -> int:
        """Wait for the end of the process; return its exit status, and see that the terminal is as it was."""
        end = time.monotonic() + PATIENCE
        while self.process.poll() is None:
            self.read(0.1)
            assert time.monotonic() < end, self.text
        while self.read(0.05):
            pass
        assert termios.tcgetattr(self.slave) == self.before, "the terminal's modes are not as they were"
        return self.process.returncode

    def close(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        os.close(self.master)
        os.close(self.slave)


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., Terminal]]:
    """Start the program in a terminal of a size; options, and variables of the environment, as given."""
    made: list[Terminal] = []

    def started(*options: str, size: tuple[int, int] = (100, 30), text: str = PROGRAM, **environment: str) -> Terminal:
        (tmp_path / "train.py").write_text(textwrap.dedent(text), "utf-8")
        run = [] if options[:1] == ("-c",) else ["-m", "autograd_core.viz.step", "train.py:loss"]
        made.append(Terminal(tmp_path, [*run, *options], size, environment))
        return made[-1]

    yield started
    for terminal in made:
        terminal.close()


def test_keys_as_a_user_types_them(start: Any) -> None:
    t = start()
    screen = t.until("step 0 of 9", "graph, newest first", "G at loss    1", "? help  q quit")
    assert "○ hidden.weight  parameter" in screen
    assert "model.out  Linear 3->1" in screen
    t.type("n")
    t.until("step 1 of 9, its only contribution", "loss = ((net(x) - y) ** 2).mean()", "^^^^^^")
    t.type(RIGHT, " ", "\r")
    screen = t.until("step 4 of 9", "in model.out (Linear 3->1)", "G @ out.weight")
    assert "▸    ● self.out(h)  linear" in screen
    t.type("p", LEFT)
    t.until("step 2 of 9,")
    t.type("N")
    t.until("step 3 of 9,")
    t.type("N")
    t.until("step 6 of 9,")
    t.type("P")
    t.until("step 3 of 9,")
    t.type(END)
    screen = t.until("step 9 of 9, its only contribution", "self.hidden(x) → hidden.bias")
    assert "○" not in screen
    t.type("n")
    t.until("This is the end.")
    t.type("c")
    t.until("checked: entry [", "they agree")
    t.type("C")
    t.until("Whole gradient of hidden.bias: entry [")
    t.type(HOME)
    t.until("before its first step")
    t.type("g", "hid", "\t")
    t.until("go to: hidden.", "hidden.weight  hidden.bias")
    t.type("q", BACKSPACE, "w", "\t")
    t.until("go to: hidden.weight")
    t.type("\r")
    t.until("self.hidden(x) → hidden.weight", "step 8 of 9,")
    t.type("g", "nobody\r")
    t.until("no tensor here is named 'nobody'")
    t.type("g", ESCAPE)
    t.until("step 8 of 9,", absent="go to:")
    t.type("/", "tanh\r")
    t.until("of tanh, for x", "step 7 of 9,")
    t.type("e")
    t.until("Why self.hidden(x) has this gradient", "any key goes back", "Checked: entry")
    t.type("x", "?")
    t.until("Keys", "the next step", "● complete, ◐ not all is in, ○ not computed, · needs none")
    t.type("q")
    t.until("step 7 of 9,", absent="Keys")
    t.type("q")
    assert t.ended() == 0
    assert b"\x1b[?25h" in t.bytes  # the cursor is back
    assert "Traceback" not in t.text


def test_quiz(start: Any) -> None:
    t = start("--quiz")
    screen = t.until("quiz", "step 1 of 9", "contribution ? [", "after        ?", "h hint, Enter alone tells")
    assert "○ (net(x) - y) ** 2  pow             ? │" in screen
    t.type("h\r")
    t.until("Hint: spread(G)")
    t.type("much\r")
    t.until("'much' is no number")
    t.type("0.7", BACKSPACE, "5\r")
    t.until("Right, it is 0.5.", "quiz  1 of 1 right", "[[0.5000],")
    t.type("n")
    t.until("step 2 of 9, ", "contribution ? [")
    t.type("100\r")
    t.until("Not quite: you said 100, it is", "quiz  1 of 2 right")
    t.type("n", "\r")
    t.until("It is 2x1 of norm", "quiz  1 of 3 right")
    t.type("n", ESCAPE)
    t.until("The quiz is over: 1 of 3 right.", "before")
    t.type("z")
    t.until("contribution ? [")
    t.resize(40, 8)
    t.type(*[DOWN] * 20)
    t.until("after        ?", "contribution[")  # one may look around before an answer
    t.type("z\r", "q")
    assert t.ended() == 0


def test_a_new_size(start: Any) -> None:
    t = start(size=(100, 30))
    t.until("step 0 of 9")
    t.type("n", "n")
    t.until("│", "step 2 of 9, its only contribution")
    t.resize(40, 12)
    screen = t.until("step 2 of 9, its only contribution", "n p g / c e z Tab ? q", "Down: more", absent="│")
    assert "graph, newest first" not in screen
    t.type(DOWN, DOWN, DOWN, DOWN, DOWN, DOWN, DOWN, DOWN, DOWN, DOWN, DOWN, DOWN, "j", "j", "j", "j")
    t.until("complete, 1 of 1", absent="Down: more")
    t.type(UP, "k", "\t")
    t.until("graph, newest first", "▸● (net(x) - y) ** 2  pow", absent="contribution")
    t.type("?")
    t.until("Keys", "any key goes back")
    t.resize(120, 40)
    t.until("marks", "· needs none")
    t.type("x")
    t.until("│", "graph, newest first", "arriving G")
    t.type("q")
    assert t.ended() == 0


def test_no_window_is_too_small(start: Any) -> None:
    t = start(size=(40, 10))
    t.until("step 0 of 9")
    for size in ((40, 10), (12, 4), (3, 2), (1, 1), (72, 3)):
        t.resize(*size)
        for key in (*"n\tncC?xe", DOWN, *"xgw\r/a\rz1\rn", ESCAPE, END, HOME, *"\tN"):
            t.type(key)
            t.read(0.02)
    t.resize(80, 24)
    t.until("graph, newest first", "step 1 of 9")
    t.type("q")
    assert t.ended() == 0
    assert b"Traceback" not in t.bytes


@pytest.mark.parametrize("end", ["Ctrl-C", "SIGTERM", "error"])
def test_the_terminal_is_put_right(start: Any, end: str) -> None:
    text = PROGRAM
    if end == "error":
        text += "\n    from autograd_core.viz.step import screen\n    screen.Screen.key = lambda self: 1 / 0\n"
    t = start(text=text)
    if end != "error":
        t.until("step 0 of 9")
        t.type("\x03") if end == "Ctrl-C" else t.process.send_signal(signal.SIGTERM)
    assert t.ended() == {"Ctrl-C": 130, "SIGTERM": 143, "error": 1}[end]
    assert (b"ZeroDivisionError" in t.bytes) == (b"Traceback" in t.bytes) == (end == "error")
    assert b"\x1b[?25h" in t.bytes


def cells_of(t: Terminal) -> list[Any]:
    return [cell for row in t.screen.buffer.values() for cell in row.values()]


def test_colors_and_more_than_colors(start: Any) -> None:
    t = start(TERM=TERM_OF_256)
    t.until("step 0 of 9")
    t.type("n")
    t.until("step 1 of 9, ")
    assert {cell.fg for cell in cells_of(t)} == {"default", "0087ff", "d75f00"}
    assert {cell.bg for cell in cells_of(t)} == {"default"}  # the reader's own, light or dark
    t.type("q")
    assert t.ended() == 0


def test_no_colors_and_signs_of_ascii(start: Any) -> None:
    t = start(TERM=TERM_OF_256, NO_COLOR="1", PYTHONIOENCODING="ascii")
    t.until("step 0 of 9")
    t.type("n")
    screen = t.until("loss -> (net(x) - y) ** 2", "># loss  mean", "|")
    assert screen.isascii()
    assert {(cell.fg, cell.bg) for cell in cells_of(t)} == {("default", "default")}
    assert any(cell.reverse for cell in cells_of(t))
    t.type("q")
    assert t.ended() == 0


WITHOUT_CURSES = """\
import runpy, sys
sys.modules["_curses"] = None
sys.argv = ["step", "train.py:loss"]
runpy.run_module("autograd_core.viz.step", run_name="__main__")
"""


@pytest.mark.parametrize("options", [("-c", WITHOUT_CURSES), ("--color=auto",)])
def test_lines_where_there_is_no_full_screen(start: Any, options: tuple[str, ...]) -> None:
    t = start(*options, TERM="dumb" if options[0] != "-c" else "linux")
    t.until("[0 of 9] n p g / c e z ? q>")
    t.type("\r")
    t.until("step 1 of 9, its only contribution", "[1 of 9] n p g")
    t.type("z\r")
    t.until("contribution[")
    t.type("q\r")
    assert t.ended() == 0
