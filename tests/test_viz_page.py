"""The page, in a real Chromium, offline: its file, its numbers at every step, and that nothing gets in."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import numpy as np
import pages_of_traces
import pytest
from browser import Window
from pages_of_traces import CASES, SEEN, STATE, content

import autograd_core as ag
import nn
from autograd_core.errors import ArgumentError
from autograd_core.viz import Stepper, Trace, draw, trace, validate
from autograd_core.viz.page import html_of

traces, pages, window = pages_of_traces.traces, pages_of_traces.pages, pages_of_traces.window  # fixtures


def value_of(text: str) -> float:
    return float(text.replace("−", "-").replace("∞", "inf"))


def agrees(text: str, exact: float) -> bool:
    """Whether a number on the page is *exact*, to half a unit of its last digit."""
    shown = value_of(text)
    if not np.isfinite(exact) or not np.isfinite(shown):
        return bool(np.isnan(exact) and np.isnan(shown)) or shown == exact
    digits, _, exponent = text.partition("e")
    unit = 10.0 ** (value_of(exponent or "0") - len(digits.partition(".")[2]))
    return abs(shown - exact) <= 0.5001 * unit + 1e-12


# ------------------------------------------------------------------------------------------------------------- the file


@pytest.mark.parametrize("name", CASES)
def test_the_data_is_a_trace_with_layouts_and_each_array_once(pages: dict[str, Path], name: str) -> None:
    found = content(pages[name].read_text("utf-8"))
    validate(found["trace"])
    assert "all" in found["trace"]["layouts"]
    arrays = [json.dumps(a) for a in found["trace"]["arrays"].values()]
    assert len(arrays) == len(set(arrays))
    assert len(found["uses"]) == len(found["questions"]) == len(found["trace"]["steps"])


def test_the_policy_forbids_all_but_the_pages_own_script_and_style(pages: dict[str, Path]) -> None:
    page = pages["xor"].read_text("utf-8")
    policy = re.search(r'http-equiv="Content-Security-Policy" content="([^"]*)"', page)
    assert policy is not None
    assert re.fullmatch(
        r"default-src 'none'; script-src 'sha256-[\w+/=]+'; style-src 'sha256-[\w+/=]+'; img-src data:; "
        "base-uri 'none'; form-action 'none'",
        policy[1],
    )
    assert not re.search(r"""(src|href)=["'](?!data:)""", page)
    assert "innerHTML" not in page


def test_a_page_above_the_budget_keeps_statistics_and_says_so(window: Callable[..., Window], tmp_path: Path) -> None:
    ag.manual_seed(0)
    w, small = ag.randn(40, 40, requires_grad=True), ag.randn(3, 3, requires_grad=True)
    loss = (w @ w).tanh().sum() + (small @ small).sum()
    made = trace(loss)
    whole = html_of(made)
    page = html_of(made, budget=len(whole) - 1)
    assert len(page) < len(whole)
    arrays = content(page)["trace"]["arrays"].values()
    assert {a["stats"]["size"]: bool(a["data"]) for a in arrays} == {1600: False, 9: True, 1: True}
    (tmp_path / "page.html").write_text(page, "utf-8")
    shown = window(tmp_path / "page.html")
    assert "To keep this page small, the block means of large arrays are left out" in shown.text("#panel")
    shown.press("g")
    shown.page.keyboard.type("w")
    shown.press("Enter")
    assert "Only statistics are kept on this page." in shown.text("#panel")
    least = content(html_of(made, budget=1))["trace"]["arrays"].values()
    assert not any(a["data"] for a in least if a["stats"]["size"] > 1)


def test_what_cannot_be_is_refused(traces: dict[str, Trace], tmp_path: Path) -> None:
    with pytest.raises(ArgumentError, match=r"html_of: depth is -1: expected 0, 1, \.\.\. open levels of modules"):
        html_of(traces["xor"], depth=-1)
    s = Stepper(traces["xor"])
    with pytest.raises(ArgumentError, match=r"save: path is '.*x\.html': there is no folder '.*none'; make it first"):
        s.save(tmp_path / "none" / "x.html")
    with pytest.raises(ArgumentError, match=r"path is 'x\.txt': expected a suffix of \.html, \.json"):
        s.save("x.txt")
    assert not list(tmp_path.iterdir())


def test_saving_goes_by_the_suffix(traces: dict[str, Trace], tmp_path: Path) -> None:
    s = Stepper(traces["blocks"])
    s.save(tmp_path / "lesson.HTML", quiz=True, title="A lesson")
    s.save(tmp_path / "lesson.json")
    draw(s.trace, depth=0).save(tmp_path / "drawing.html")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["drawing.html", "lesson.HTML", "lesson.json"]
    lesson = (tmp_path / "lesson.HTML").read_text("utf-8")
    assert "<title>A lesson</title>" in lesson
    assert content(lesson)["quiz"] is True
    assert content((tmp_path / "drawing.html").read_text("utf-8"))["depth"] == 0
    validate(json.loads((tmp_path / "lesson.json").read_text("utf-8")))


def test_checks_that_were_made_are_kept_and_small_calls_are_checked(traces: dict[str, Trace]) -> None:
    s = Stepper(traces["xor"])
    s.goto(2)
    made = s.check(index=(2, 0))
    steps = content(html_of(s.trace, checks=s.checks))["trace"]["steps"]
    assert steps[1]["check"]["index"] == list(made.index) == [2, 0]
    assert all(step["check"]["agrees"] for step in steps)


# ---------------------------------------------------------------------------------------------------------- the numbers


@pytest.mark.parametrize("name", ["xor", "assorted", "blocks"])
def test_the_panel_has_the_numbers_of_every_step(
    window: Callable[..., Window], traces: dict[str, Trace], name: str
) -> None:
    w, made = window(name), traces[name]
    for step in made.steps:
        w.press("ArrowRight")
        if w.run("document.querySelectorAll('#panel details').length"):
            w.run("document.querySelectorAll('#panel details').forEach((d) => (d.open = true))")
            w.until("[...document.querySelectorAll('#panel details')].every((d) => d.children.length > 1)")
        seen = w.run(SEEN)
        wanted = {"arriving": step.arriving, "contribution": step.contribution}
        wanted |= {"before": step.before} if step.before is not None else {}
        wanted |= {"after": step.after} if step.before is not None else {}
        wanted |= {"unbroadcast": step.fitted} if step.contribution.shape != step.fitted.shape else {}
        for role, exact in wanted.items():
            texts = seen[role]["texts"]
            if exact.size <= 400:
                assert len(texts) == exact.size, (role, step)
                bad = [pair for pair in zip(texts, exact.ravel().tolist(), strict=True) if not agrees(*pair)]
                assert not bad, (role, str(step), bad)
            else:
                assert len(texts) == 400
        operands = {str(e.start): e.value for e in step.operands}
        for role, figure in seen.items():
            exact = operands.get(role.removeprefix("value:")) if role.startswith("value:") else None
            if exact is not None and exact.size <= 400:
                assert all(map(agrees, figure["texts"], exact.ravel().tolist())), (role, str(step))
        head = w.text("#panel h2")
        assert head.startswith(f"{step.node} → {step.to} ")
        assert step.rule is not None
        assert step.formula in head
        assert (f"{step.k} of {step.of}" in head) == (step.of > 1)
        assert w.run("document.querySelector('#panel math').getAttribute('aria-label')") == step.rule.text
        quoted = w.run("document.querySelector('#panel .source u')?.textContent ?? null")
        source = step.node.source
        assert quoted == (None if source is None else source.expression.split("\n")[0])
        live = w.run("document.querySelector('#spoken').textContent")
        assert live.startswith(f"{step.number + 1}: {step.node} → {step.to}: {step.formula} = ")


@pytest.mark.parametrize("name", ["xor", "recurrent", "blocks"])
def test_back_undoes_forward_and_jumps_lead_to_the_same(
    window: Callable[..., Window], traces: dict[str, Trace], name: str
) -> None:
    w, n = window(name), len(traces[name].steps)
    states = [w.run(STATE)]
    for _ in range(n):
        w.press("ArrowRight")
        states.append(w.run(STATE))
    for k in reversed(range(n)):
        w.press("ArrowLeft")
        assert w.run(STATE) == states[k], k
    w.press("End")
    assert w.run(STATE) == states[-1]
    w.run(
        "(n) => { const r = document.querySelector('#position'); r.value = n; r.dispatchEvent(new Event('input')); }",
        n // 2,
    )
    assert w.run(STATE) == states[n // 2]


def test_boxes_tell_nothing_part_and_whole_apart(window: Callable[..., Window], traces: dict[str, Trace]) -> None:
    w, made = window("recurrent"), traces["recurrent"]
    s = Stepper(made)
    for _ in range(0, len(s), 3):
        w.press("ArrowRight", "ArrowRight", "ArrowRight")
        s.goto(min(s.position + 3, len(s)))
        seen = dict(w.run("[...document.querySelectorAll('.box')].map((b) => [b.dataset.id, b.dataset.state ?? null])"))
        for node in made.nodes:
            state = seen.get(f"n{node.id}")
            if node.needs_grad:
                k, of = s.progress(node.id)
                there = s.gradient(node.id) is not None
                assert state == ("whole" if there and k == of else "part" if there else "none"), node
            else:
                assert state is None
    w.press("Home")
    label = w.run("document.querySelector('.box.parameter').getAttribute('aria-label')")
    assert label.endswith("gradient not computed")
    assert w.run("getComputedStyle(document.querySelector('.box.fixed .face')).strokeDasharray") != "none"


def test_steps_by_node_and_by_module(window: Callable[..., Window], traces: dict[str, Trace]) -> None:
    w, made = window("blocks"), traces["blocks"]
    ends = {g: Stepper(made, granularity=g).ends for g in ("node", "module")}
    for end in ends["node"][1:]:
        w.press("Shift+ArrowRight")
        assert w.text("#taken").startswith(f"{end} of")
    for end in reversed(ends["node"][:-1]):
        w.press("Shift+ArrowLeft")
        assert w.text("#taken").startswith(f"{end} of")
    w.page.select_option("#granularity", "module")
    w.page.click("#next-step")
    assert w.text("#taken").startswith(f"{ends['module'][1]} of")
    assert w.page.locator("#panel .group button").count() == ends["module"][1]


def test_play_goes_on_by_itself_and_stops(window: Callable[..., Window], traces: dict[str, Trace]) -> None:
    w, n = window("xor"), len(traces["xor"].steps)
    assert w.run("document.querySelector('#play').getAttribute('aria-pressed')") == "false"
    w.page.select_option("#speed", "5")
    w.press("End", "ArrowLeft", "ArrowLeft", "p")
    w.until(f"document.querySelector('#taken').textContent === '{n} of {n}'")
    assert w.run("document.querySelector('#play').getAttribute('aria-pressed')") == "false"


# -------------------------------------------------------------------------------------------- strangers, and many steps


def test_hostile_names_stay_text(
    window: Callable[..., Window], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    evil = "</script><img src=x onerror=window.got=1><script>window.got=1</script>"
    program = tmp_path / "<b>prog&.py"
    program.write_text(
        f"def run(w, x, call):\n    loss = call(w * x, {evil!r}, '<!-- ]]>')\n    return loss\n", "utf-8"
    )
    module = ModuleType("hostile")
    exec(compile(program.read_text("utf-8"), str(program), "exec"), vars(module))
    monkeypatch.setitem(sys.modules, "hostile", module)
    layer = type("<svg onload=window.got=1>", (nn.Linear,), {})(2, 2)
    net = nn.Sequential(layer)
    w, x = ag.ones(2, 2).requires_grad_(), ag.ones(1, 2)
    y = module.run(net(x) @ w, ag.ones(1, 2), lambda t, *_: t.sum())
    made = trace(y, names={evil: w, "<i>net</i>": net})
    page = html_of(made, title=evil)
    assert evil not in page
    (tmp_path / "page.html").write_text(page, "utf-8")
    shown = window(tmp_path / "page.html", size=(1280, 800))
    for _ in made.steps:
        shown.press("ArrowRight")
    shown.press("/", "Escape", "[", "[", "[", "]")
    assert shown.run("[window.got ?? null, document.querySelectorAll('img, b > b, i, svg[onload]').length]") == [
        None,
        0,
    ]
    assert shown.text("h1") == evil
    shown.press("g")
    assert evil in shown.text("#find-list")


def test_thousands_of_steps_cost_no_more_each(window: Callable[..., Window], tmp_path: Path) -> None:
    """A step touches as many elements in a long program as in a short one."""
    costs = []
    for n in (60, 2000):
        y = w = ag.tensor(1.0, requires_grad=True)
        for i in range(n):
            y = y * w if i % 2 else y.tanh()
        made = trace(y)
        path = tmp_path / f"{n}.html"
        path.write_text(html_of(made), "utf-8")
        shown = window(path)
        shown.run(
            """() => { window.changes = 0; new MutationObserver((list) => (window.changes += list.length)).observe(
                document.body, {subtree: true, childList: true, attributes: true, characterData: true}); }"""
        )
        shown.press(*["ArrowRight"] * 20)
        costs.append(shown.run("new Promise((done) => setTimeout(() => done(window.changes)))"))
        shown.press("End")
        assert shown.text("#taken") == f"{len(made.steps)} of {len(made.steps)}"
        assert shown.run("document.querySelectorAll('.box').length") <= 400
    assert costs[1] <= 1.5 * costs[0]


def test_a_step_lays_the_page_out_once_and_asks_the_style_for_few_colours(window: Callable[..., Window]) -> None:
    """What makes a step slow is a browser that has to compute styles and places again and again, in between changes."""
    w = window("assorted")
    devtools = w.context.new_cdp_session(w.page)
    devtools.send("Performance.enable")

    def counts() -> dict[str, float]:
        found = devtools.send("Performance.getMetrics")["metrics"]
        return {m["name"]: m["value"] for m in found if m["name"] in ("LayoutCount", "RecalcStyleCount")}

    w.press("ArrowRight")  # colours are asked for once
    before, steps = counts(), 8
    w.run(
        """async (steps) => { for (let i = 0; i < steps; i++) {
            document.getElementById('next-step').click();
            await new Promise((done) => requestAnimationFrame(done)); } }""",
        steps,
    )
    spent = {name: (count - before[name]) / steps for name, count in counts().items()}
    assert spent["LayoutCount"] <= 3.5, spent
    assert spent["RecalcStyleCount"] <= 4.5, spent
