"""A session of ``autograd_core.viz.step``: its keys, its quiz in lines, predictions, and the text that it shows."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
import pytest
import stepped_programs
from stepped_programs import BODY, LOOP

import autograd_core as ag
import nn
from autograd_core import viz
from autograd_core.viz.step.arrays import described, entries, heat_map
from autograd_core.viz.step.outline import outline
from autograd_core.viz.step.session import Session, predicted
from autograd_core.viz.step.styled import ASCII, Span, ansi, cells, clip, printable

write, step = stepped_programs.write, stepped_programs.step  # fixtures


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
        "The gradient of w * x - 3 (2 numbers) is",
        "not computed",
        "'x' is no key here; ? lists them",
        "This is the end.",
        "All steps are taken: 0 of 0 right.",
    ):
        assert expected in out, expected


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
