"""``python -m autograd_core.viz.step``: which tensor of a program it takes, what it prints, and what it says to wrong use."""

from __future__ import annotations

import ast
import io
import json
import linecache
import os
import re
import subprocess
import sys
import textwrap
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import autograd_core as ag
import nn
from autograd_core import ops, viz
from autograd_core.call_text import WATCHED
from autograd_core.modes import attending, watching
from autograd_core.viz.step import command, program
from autograd_core.viz.step.arrays import described, entries, heat_map
from autograd_core.viz.step.command import main
from autograd_core.viz.step.outline import outline
from autograd_core.viz.step.session import Session, predicted
from autograd_core.viz.step.styled import ASCII, Span, ansi, cells, clip, printable

ROOT = Path(__file__).parents[1]
LOOP = """\
    import autograd_core as ag
    import optim

    w, x = ag.tensor(1.0, requires_grad=True), ag.tensor([1.0, 2.0])
    optimizer = optim.SGD([w], lr=0.05)
    for i in range(3):
        loss = ((w * x - 3) ** 2).sum()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    print("w ends as", w.item())
    """


@pytest.fixture
def write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Write a program into the folder where the test then is."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("NO_COLOR", raising=False)

    def written(text: str, name: str = "train.py") -> None:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(textwrap.dedent(text), "utf-8")

    return written


@pytest.fixture
def step(capsys: pytest.CaptureFixture[str]) -> Callable[..., tuple[str, str]]:
    """Run the command line in this process; return what it printed, and what it said beside it."""

    def run(*arguments: str, status: int = 0) -> tuple[str, str]:
        code = main(arguments)
        out, err = capsys.readouterr()
        assert code == status, err
        return out, err

    return run


def last_contribution(out: str) -> str:
    """The last contribution of a listing."""
    return [line.split()[1] for line in out.splitlines() if line.startswith("contribution")][-1]


# -------------------------------------------------------------------------------------------------------- what it prints


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

        It starts here, and goes back in 6 steps. Each takes the gradient that
        arrives at a result, times the derivative of the operation that made it,
        and adds this contribution to the gradient of an operand.

        loss → y * w   step 1 of 6, its only contribution
        train.py:5
          loss = (y * w).sum()
                 ^^^^^^^^^^^^^

        rule         spread(G, axis)   of sum, for x
                     Every element that was added gets the whole gradient.
                     spread: copied along the axes that were reduced
                     y * w = [14., 10.]

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
    assert "The gradient of w * x - 3 (2) is" in out
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


# --------------------------------------------------------------------------------------------- which tensor, which pass


def test_the_last_pass_of_a_loop_and_any_other(write: Any, step: Any) -> None:
    write(LOOP + 'open("ended", "w").close()\n')
    out, err = step("train.py:loss")
    assert err.startswith("w ends as 1.")
    assert Path("ended").exists()
    Path("ended").unlink()
    found = {}
    for k in (1, 2, 3):
        out, err = step("train.py:loss", "--step", str(k))
        assert err == ""
        assert not Path("ended").exists()  # the program ends at that pass
        found[k] = last_contribution(out)
    assert found[1] == "-8"
    assert len(set(found.values())) == 3
    assert last_contribution(step("train.py:loss")[0]) == found[3] == last_contribution(step("train.py")[0])
    assert last_contribution(step("train.py", "--step", "1")[0]) == "-8"
    assert (
        "--step 4: train.py has 3 backward passes through 'loss'" in step("train.py:loss", "--step", "4", status=2)[1]
    )


def test_watching_changes_no_result(write: Any) -> None:
    write(LOOP.replace('"w ends as", w.item()', "w.item().hex(), w.grad.item().hex(), w.grad_fn"))
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    alone = subprocess.run([sys.executable, "train.py"], env=environment, capture_output=True, text=True, check=True)
    command = [sys.executable, "-m", "autograd_core.viz.step", "train.py:loss"]
    watched = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    assert alone.stdout == watched.stderr != ""


BODY = "import autograd_core as ag\nw = ag.tensor(2.0, requires_grad=True)\n"


@pytest.mark.parametrize(
    ("text", "expression", "expected"),
    [
        ("loss = w ** 3\n", "loss", "12"),  # no backward() at all
        ("loss = w ** 3\nloss.backward()\n", "loss", "12"),  # its graph is freed by now
        ("loss = w ** 3\nloss.backward(retain_graph=True)\nloss.backward()\n", "loss", "12"),
        ("loss = w ** 3\nloss.backward()\nloss = loss.item()\n", "loss", "12"),
        ("loss = w ** 3\nloss.backward()\ndel loss\n", "loss", "12"),
        ("def main():\n    inner = w ** 3\n    inner.backward()\nmain()\n", "inner", "12"),
        ("def go(t):\n    t.backward()\nloss = w ** 3\ngo(loss)\n", "loss", "12"),
        ("def go(t):\n    t.backward()\ndef main():\n    inner = w ** 3\n    go(inner)\nmain()\n", "inner", "12"),
        ("loss = w ** 3\n(loss * 10).backward()\n", "loss", "12"),  # the pass goes through it
        ("loss = w ** 3\nloss.backward()\nloss = w ** 2\n", "loss", "4"),  # what it is at the end
        ("losses = [w ** 2, w ** 3]\nsum(losses).backward()\n", "losses[-1]", "12"),
        ("class Run:\n    pass\nrun = Run()\nrun.loss = w ** 3\nrun.loss.backward()\n", "run.loss", "12"),
        ("def make():\n    return w ** 3\n", "make", "12"),
        ("def make(n=3):\n    h = w ** n\n    return {'loss': h}\n", "make", "12"),
        ("def cube(t):\n    return t ** 3\n", "cube(w)", "12"),
        ("y = w * ag.tensor([1.0, 2.0])\ny.backward(ag.tensor([1.0, 10.0]))\n", "y", "21"),
        ("a, b = w * 2, w ** 3\nag.autograd.backward([a, b])\n", None, "14"),
        ("(w ** 3).backward()\n", None, "12"),
        ("import sys\nloss = w ** 3\nsys.exit()\n", "loss", "12"),
        ("loss = w ** 3\nif __name__ == '__main__':\n    raise SystemExit(0)\n", "loss", "12"),
    ],
)
def test_which_tensor(write: Any, step: Any, text: str, expression: str | None, expected: str) -> None:
    write(BODY + text)
    out, _ = step(f"train.py:{expression}" if expression else "train.py", "--to", "w")
    assert f"The gradient of w (one number) is {expected}" in out


def test_of_a_function_all_values_are_known(write: Any, step: Any) -> None:
    write("""\
        import autograd_core as ag
        import nn

        net = nn.Sequential(nn.Linear(3, 4), nn.Dropout(0.5), nn.Tanh(), nn.Linear(4, 1))

        def make_loss():
            return net(ag.ones(2, 3)).square().mean()
        """)
    for name in ("make_loss", "net(ag.ones(2, 3)).mean()"):
        out, _ = step(f"train.py:{name}", "--check")
        assert "not checked" not in out
        assert "they agree" in out
        assert "0.weight" in out


def test_the_program_runs_as_python_runs_it(write: Any, step: Any, tmp_path: Path) -> None:
    write("VALUE = 3.0\n", "lessons/beside.py")
    write(
        """\
        import os
        import sys

        import autograd_core as ag
        from beside import VALUE

        assert __name__ == "__main__" and sys.modules["__main__"].VALUE == VALUE
        assert sys.argv == [os.path.join("lessons", "train.py"), "--epochs", "3", "--", "x"], sys.argv
        assert sys.path[0] == os.path.dirname(__file__) == os.path.join(os.getcwd(), "lessons")
        loss = ag.tensor(VALUE, requires_grad=True) ** 2
        """,
        "lessons/train.py",
    )
    before = sys.argv, sys.path[:], sys.modules["__main__"]
    out, _ = step("lessons/train.py:loss", "--", "--epochs", "3", "--", "x")
    assert (sys.argv, sys.path, sys.modules["__main__"]) == before
    assert "contribution 6" in out
    sys.modules.pop("beside")


def test_a_module_and_a_package(write: Any, step: Any, tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.syspath_prepend(str(tmp_path))
    write("", "stepped_lessons/__init__.py")
    write("import autograd_core as ag\nVALUE = ag.tensor(3.0, requires_grad=True)\n", "stepped_lessons/beside.py")
    write("from .beside import VALUE\nloss = VALUE ** 2\nassert __name__ == '__main__'\n", "stepped_lessons/one.py")
    write(
        "from .one import loss\nmore = loss * 2\n".replace("one", "beside").replace("loss", "VALUE"),
        "stepped_lessons/__main__.py",
    )
    assert "contribution 6" in step("stepped_lessons.one:loss")[0]
    assert "contribution 2" in step("stepped_lessons:more")[0]
    write("1 / 0\n", "stepped_lessons_that_fail/__init__.py")
    _, err = step("stepped_lessons_that_fail.one:loss", status=1)
    assert "ZeroDivisionError" in err
    assert err.endswith("the package of stepped_lessons_that_fail.one failed, see above\n")
    for name in [name for name in sys.modules if name.startswith("stepped_lessons")]:
        sys.modules.pop(name)


# ------------------------------------------------------------------------------------------------------------ wrong use


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "the following arguments are required: FILE.py:NAME"),
        (["trian.py:loss"], r"there is no file 'trian.py'; did you mean 'train.py'\?"),
        (["folder.py:loss"], "'folder.py' is a folder: expected a Python file"),
        (["nothing/at/all.py"], "there is no file 'nothing/at/all.py'"),
        (["/x:y"], "'/x:y' is no program: expected FILE.py:NAME, such as train.py:loss"),
        (["no.such_module:loss"], "there is no module 'no.such_module' to run"),
        (["train.py:"], "names no tensor behind the colon"),
        (["train.py:loss +"], "'loss [+]' is no Python expression"),
        (["train.py:los"], r"train.py has no variable 'los'; did you mean 'loss'\?"),
        (["train.py:zzz"], "train.py has no variable 'zzz'; Tensors with a graph: h, loss"),
        (["train.py:zzz(loss)"], "train.py has no variable 'zzz'"),
        (["train.py:loss.nothing"], "'loss.nothing' is not in train.py: AttributeError"),
        (["train.py:number"], "'number' is of type int: expected a Tensor. Tensors with a graph: h, loss"),
        (["train.py:function"], r"'function' needs arguments: write its call, function\(a, b\)"),
        (["train.py:Class"], r"'Class' needs arguments: write its call, Class\(a\)"),
        (["train.py"], "train.py calls no backward.*; say which tensor: train.py:NAME. Tensors with a graph: h, loss"),
        (["train.py:loss", "--step", "1"], "--step 1: train.py has no backward passes through 'loss'"),
        (["train.py:loss.sum()", "--step", "1"], "--step goes with a name that a backward.. uses"),
        (["train.py:loss", "--step", "0"], "argument --step: '0': expected a whole number of at least 1"),
        (["train.py:loss", "--width=x"], "argument --width: 'x': expected a whole number of at least 20"),
        (["train.py:loss", "--granularity", "line"], "argument --granularity: invalid choice: 'line'"),
        (["train.py:loss", "--chekc"], r"there is no option '--chekc'; did you mean '--check'"),
        (["train.py:loss", "7"], "there is no option '7'; the program's own arguments go behind --"),
        (["train.py:loss", "--to", "H"], "--to: no gradient arrives at 'H'; the names are"),
        (["train.py:loss", "--to", "constant"], "--to: no gradient arrives at 'constant'; the names are w, h, loss"),
    ],
)
def test_wrong_use_is_one_line(write: Any, step: Any, arguments: list[str], message: str) -> None:
    write("""\
        import autograd_core as ag

        w, constant, number = ag.tensor(2.0, requires_grad=True), ag.ones(2), 3
        h = w * constant
        loss = h.sum()

        def function(a, b, *more, c=1):
            return a

        class Class:
            def __init__(self, a):
                self.a = a
        """)
    Path("folder.py").mkdir()
    out, err = step(*arguments, status=2)
    assert out == ""
    assert err.startswith("python -m autograd_core.viz.step: ")
    assert err.count("\n") == 1
    with pytest.raises(AssertionError, match=message):
        raise AssertionError(err)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("loss = ag.ones(2)\n", "trace: a tensor of shape (2,) requires no gradient"),
        ("def loss():\n    return 1\n", "trace: no output of the model requires gradients"),
        ("import sys\nsys.exit(3)\n", "train.py ended itself with exit status 3"),
        ("raise SystemExit('bad luck')\n", "train.py ended itself with exit status 1"),
    ],
)
def test_a_program_that_has_no_such_graph(write: Any, step: Any, text: str, message: str) -> None:
    write(BODY + text)
    _, err = step("train.py:loss", status=1)
    assert message in err
    assert "Traceback" not in err


@pytest.mark.parametrize(
    ("text", "expression", "last", "first"),
    [
        ("def f(x):\n    x.nothing\nf(w)\n", "loss", "AttributeError: 'Tensor' object has", 'train.py", line 5, in <module>'),
        ("loss = = 3\n", "loss", "SyntaxError: invalid syntax", 'train.py", line 3'),
        ("def make():\n    return w @ ag.ones(3, 2)\n", "make", "ShapeError", 'train.py", line 4, in make'),
        ("import train_beside\n", "loss", "ModuleNotFoundError: No module named 'train_beside'", 'train.py", line 3'),
        ("y = 1\n", "w.foo(y)", "AttributeError", 'File "<w.foo(y)>", line 1'),
        ("(w * 2).backward()\nraise ValueError('late')\n", "loss", "ValueError: late", 'train.py", line 4'),
    ],
)  # fmt: skip
def test_an_error_of_the_program_is_its_own_traceback(
    write: Any, step: Any, text: str, expression: str, last: str, first: str
) -> None:
    write(BODY + text)
    out, err = step(f"train.py:{expression}", status=1)
    assert out == ""
    *told, ours = err.splitlines()
    assert ours.startswith("python -m autograd_core.viz.step: ")
    assert last in told[-1]
    opened = told[len(told) - told[::-1].index("Traceback (most recent call last):") :] if "Traceback" in err else told
    assert first in opened[0]
    assert os.sep + os.path.join("viz", "step") not in err


def test_a_graph_that_is_partly_freed(write: Any, step: Any) -> None:
    write(BODY + "x = w * 2\nag.grad(x * x, w)\nloss = x * 3\n")
    out, _ = step("train.py:loss")
    assert out.count("loss → x   step 1 of 1") == 1
    assert "It cannot go to the end: mul, made at" in out
    assert "Here it stops: mul, made at" in out


def test_interrupted(write: Any, step: Any) -> None:
    write("raise KeyboardInterrupt\n")
    assert step("train.py:loss", status=130) == ("", "")


def test_a_program_that_catches_everything(write: Any, step: Any) -> None:
    write(
        BODY
        + "for i in range(3):\n    loss = w ** (i + 1)\n    try:\n        loss.backward()\n    except:\n        pass\n"
    )
    out, _ = step("train.py:loss", "--step", "2", "--to", "w")
    assert "The gradient of w (one number) is 4" in out


# -------------------------------------------------------------------------------------------------------- quiz, in lines


def test_answers_come_from_a_pipe(write: Any, step: Any, monkeypatch: Any) -> None:
    write(BODY + "loss = (w * 5 - 1) ** 2\n")
    monkeypatch.setattr("sys.stdin", io.StringIO("h\nfoo\n2 * 9\n\n80\n"))
    out, err = step("train.py:loss", "--quiz")
    assert err == ""
    said = [line for line in out.splitlines() if "Hint" in line or "Right" in line or "It is" in line or "Not" in line]
    assert said[0].startswith("contribution = Hint: 2 * G * (w * 5 - 1), with G = 1, w * 5 - 1 = 9")
    assert [line.partition("contribution = ")[2].split(".")[0] for line in said[1:]] == [
        "Right, it is 18", "It is 18", "Not quite: you said 80, it is 90",
    ]  # fmt: skip
    assert "'foo' is no number: expected one" in out
    assert out.count("contribution ?") == 3  # what is asked is not shown
    assert "All steps are taken: 1 of 3 right." in out


def test_lines_with_a_prompt(write: Any, step: Any, monkeypatch: Any) -> None:
    """Where there is no full screen, words before Enter do what keys do there."""
    write(LOOP)
    monkeypatch.setattr(
        "sys.stdin", io.StringIO("z\nn\nN\np\nHome\ng w\ng nobody\n/pow\n/\nc\nC\ne\n?\nx\nEnd\nn\nz\nz\nq\n")
    )
    monkeypatch.setattr("sys.stdin.isatty", lambda: True)
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    monkeypatch.setenv("TERM", "dumb")
    out, _ = step("train.py:loss", "--quiz", "--color", "never")
    for expected in (
        "The quiz is over: 0 of 0 right.",
        "step 4 of 4, its only contribution",
        "no tensor here is named 'nobody'",
        "checked: entry",
        "Whole gradient of",
        "The gradient of w * x - 3 (2) is",
        "not computed",
        "'x' is no key here; ? lists them",
        "This is the end.",
        "All steps are taken: 0 of 0 right.",
    ):
        assert expected in out, expected


# --------------------------------------------------------------------------------------------------------------- pieces


@pytest.mark.parametrize(
    ("typed", "value"),
    [
        ("3", 3.0), (" -1e-3 ", -1e-3), ("1/4", 0.25), ("2*(3 - 0.5)**2", 12.5), ("-2 * -3", 6.0), ("nan", np.nan),
        ("-inf", -np.inf),
        ("1 2", [1, 2]), ("1, -2", [1, -2]), ("[1, 1/2]", [1, 0.5]), ("1 2; 3 4", [[1, 2], [3, 4]]), ("[[1],[2]]", [[1], [2]]),
    ],
)  # fmt: skip
def test_predictions(typed: str, value: Any) -> None:
    np.testing.assert_array_equal(predicted(typed), value)


@pytest.mark.parametrize(
    "typed", ["two", "", "1 +", "9**9**9", "(-2)**0.5", "1/0", "[1, [2]]", "1 2; 3", "x.y", "'3'", "-" * 9999]
)
def test_what_is_no_prediction(typed: str) -> None:
    with pytest.raises(ag.errors.ArgumentError, match=r"is no number: expected one, such as -0\.25 or 2"):
        predicted(typed)


def test_a_session_is_where_its_keys_say() -> None:
    w = ag.tensor([1.0, 2.0], requires_grad=True)
    h = w * 3
    loss = (h * w).sum() + h.sum()
    s = Session(viz.trace(loss), "node")
    assert (s.position, s.step, s.mark((s.trace.find("w"),))) == (0, None, "missing")
    s.key("n")
    assert s.position == 2
    s.key("n")
    s.key("n")
    marks = [s.mark((s.trace.find(name),)) for name in ("loss", "h", "w")]
    assert marks == ["complete", "partial", "missing"]
    s.key("p")
    s.key("P")
    assert s.position == 2
    s.key("Home")
    s.key("p")
    assert (s.position, s.notice.text) == (0, "This is the start.")
    s.goto("w")
    assert (s.position, s.mark((s.trace.find("w"),))) == (7, "complete")
    s.key("c")
    assert s.check is not None
    assert s.check.agrees
    s.goto("3")
    assert s.position == 3
    s.find("no such thing")
    assert (s.position, s.notice.style) == (3, "bad")
    assert not s.key("x")
    assert len({e.title for e in outline(s.trace)}) == len(outline(s.trace))
    assert loss.item()


def test_folded_modules_are_one_line() -> None:
    net = nn.Sequential(nn.Sequential(nn.Linear(2, 2), nn.Tanh()), nn.Linear(2, 1))
    made = viz.trace(net, ag.ones(1, 2))
    assert [e.title for e in outline(made, 0)] == ["model"]
    assert [e.title for e in outline(made, 1)] == ["model", "model.1", "model.0"]
    whole = outline(made)
    assert {n.id for e in outline(made, 1) for n in e.nodes} == {n.id for e in whole for n in e.nodes}
    assert [e.indent for e in whole if e.is_module] == [0, 1, 1, 2, 2]


def test_arrays_as_text() -> None:
    assert entries(np.ones((2, 2)), 80) == ["[[1., 1.],", " [1., 1.]]"]
    assert entries(np.ones((2, 2)), 5) is None
    assert entries(np.ones(65), 80) is None
    assert entries(np.ones((0, 3)), 80) == ["[]"]
    assert described(np.ones((0, 3))) == "0x3, empty"
    assert described(np.full((9, 9), 2.0)) == "9x9, norm 18, all 2"
    assert described(np.array([1.0, np.nan, np.inf])) == "3 numbers, norm 1, all 1, 2 of 3 not finite"
    for a in (np.zeros((30, 30)), np.full((30, 30), np.nan), np.ones((2, 3, 50)), np.ones(200)):
        rows = heat_map(a, 30, 6, ASCII, "")
        assert 0 < len(rows) <= 6
        assert all(len(row[0].text) <= 30 for row in rows)


def test_text_that_a_terminal_must_not_obey() -> None:
    assert printable("a\x1b[2Jb\tc") == "a?[2Jb  c"
    assert cells("日本") == 4
    assert clip([Span("日本語")], 5, "~") == [Span("日本"), Span("~")]
    assert clip([Span("abc")], 0, "~") == []
    assert ansi([Span("x", "title")], 0) == "x"


def test_targets() -> None:
    parse = program.Target.parse
    assert str(parse("a.b:c")) == "a.b:c"
    assert parse("C:\\lessons\\x.py:loss").program == "C:\\lessons\\x.py"
    assert parse("x.py:d['a:b']").expression == "d['a:b']"
    assert parse("x.py:losses[-1]").is_place
    assert not parse("x.py:f(1)").is_place
    assert parse("x.py").expression is None


def test_who_does_not_look_pays_for_the_position_alone(write: Any, step: Any) -> None:
    """What a recorded call does beside its arithmetic, before and after a program was looked at."""
    write(LOOP)

    def calls() -> list[str]:
        (function,) = ast.parse(str(ops.mul.source)).body
        recorded = next(n for n in ast.walk(function) if isinstance(n, ast.If) and "recording()" in ast.unparse(n.test))
        return sorted({ast.unparse(n.func) for n in ast.walk(recorded) if isinstance(n, ast.Call)})

    before = calls()
    assert before == ["Node", "getframe", "outside", "recording", "scope", "tick"]
    step("train.py:loss")
    assert (calls(), attending.get(), watching.get(), WATCHED) == (before, (), None, [])


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
