"""Which tensor of a program, and which pass, ``autograd_core.viz.step`` takes; wrong use, and programs that fail."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import stepped_programs
from stepped_programs import BODY, LOOP

from autograd_core.viz.step import program

ROOT = Path(__file__).parents[1]
write, step = stepped_programs.write, stepped_programs.step  # fixtures


def last_contribution(out: str) -> str:
    """The last contribution of a listing."""
    return [line.split()[1] for line in out.splitlines() if line.startswith("contribution")][-1]


# --------------------------------------------------------------------------------------------- which tensor, which pass


def test_targets() -> None:
    parse = program.Target.parse
    assert str(parse("a.b:c")) == "a.b:c"
    assert parse("C:\\lessons\\x.py:loss").program == "C:\\lessons\\x.py"
    assert parse("x.py:d['a:b']").expression == "d['a:b']"
    assert parse("x.py:losses[-1]").is_place
    assert not parse("x.py:f(1)").is_place
    assert parse("x.py").expression is None


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
        (["nothing/at/all.py"], "there is no file 'nothing/at/all.py'; check the path"),
        (["train.py:loss", "--epochs", "3"], "there is no option '--epochs'; the program's own arguments go behind --"),
        (["train.py:loss", "--html", "folder.html"], "--html folder.html: it is a folder; name a file"),
        (["train.py:loss", "--json", "train.py/x.json"], "--json train.py/x.json: train.py is a file; name a folder"),
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
        (["train.py:loss", "--granularity", "line"], "--granularity: there is no choice 'line'"),
        (["train.py:loss", "--chekc"], r"there is no option '--chekc'; did you mean '--check'"),
        (["train.py:loss", "7"], "'7' is one argument too many; the program's own arguments go behind --"),
        (["train.py:loss", "--to", "H"], r"--to: no gradient arrives at 'H'; did you mean 'h'\?"),
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
    Path("folder.html").mkdir()
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
        ("wieght = w\nprint(weight)\n", "loss", "name 'weight' is not defined. Did you mean: 'wieght'?", 'train.py", line 4'),
        ("ag.matmull(w, w)\n", "loss", "has no attribute 'matmull'. Did you mean: 'matmul'?", 'train.py", line 3'),
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
    assert step("train.py:loss", status=130) == ("", "python -m autograd_core.viz.step: stopped\n")


def test_a_program_that_catches_everything(write: Any, step: Any) -> None:
    write(
        BODY
        + "for i in range(3):\n    loss = w ** (i + 1)\n    try:\n        loss.backward()\n    except:\n        pass\n"
    )
    out, _ = step("train.py:loss", "--step", "2", "--to", "w")
    assert "The gradient of w (one number) is 4" in out
