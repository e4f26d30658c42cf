"""The page, in a real Chromium, offline: its numbers, its keys, its quiz, who can read it, and that nothing gets in."""

from __future__ import annotations

import base64
import gzip
import json
import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from browser import Window

import autograd_core as ag
import nn
from autograd_core.errors import ArgumentError
from autograd_core.viz import Stepper, Trace, draw, trace, validate
from autograd_core.viz.page import html_of

# What the reader sees of the current step.
SEEN = """() => Object.fromEntries([...document.querySelectorAll('#panel figure.array')].map((f) => [
    f.dataset.role + (f.dataset.role === 'value' ? ':' + f.querySelector('b').textContent : ''),
    {key: f.dataset.key ?? null, texts: [...f.querySelectorAll('.number, .matrix td')].map((c) => c.textContent)}]))"""
STATE = """() => [document.querySelector('#panel').innerText, document.querySelector('#taken').textContent,
    ...[...document.querySelectorAll('.box')].map((b) => [b.ariaLabel, b.dataset.state, b.getAttribute('class')])]"""


def xor() -> Trace:
    X = ag.tensor([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
    Y = ag.tensor([[0.0], [1.0], [1.0], [0.0]])
    W1, b1 = ag.randn(2, 3).requires_grad_(), ag.zeros(3).requires_grad_()
    W2, b2 = ag.randn(3, 1).requires_grad_(), ag.zeros(1).requires_grad_()
    h = ag.tanh(X @ W1 + b1)
    p = ag.sigmoid(h @ W2 + b2)
    loss = ((p - Y) ** 2).mean()
    return trace(loss)


def assorted() -> Trace:
    """Fan-out, broadcasting, NaN and infinity, three dimensions, integers, a vector in lines, a matrix of many entries."""
    w = ag.tensor([[1.5, -2.0], [0.25, 1e-7]], requires_grad=True)
    v = ag.arange(1.0, 13.0).requires_grad_()
    big = ag.linspace(-1, 1, 900).reshape(30, 30).requires_grad_()
    cube = (w.unsqueeze(0) * ag.ones(3, 1, 1)).sum() + w.sum() * 1000
    with np.errstate(all="ignore"):
        odd = (v - 1).log()[ag.tensor([0, 3])].sum()
    loss = cube + (w * w).sum() + (v * v).sum() + odd + (big @ big[:, :2]).sum()
    return trace(loss)


def blocks() -> Trace:
    """A network with a fold, of two levels."""
    net = nn.Sequential(
        nn.Linear(3, 4), *[nn.Sequential(nn.Linear(4, 4), nn.Tanh()) for _ in range(3)], nn.Linear(4, 1)
    )
    x = ag.ones(2, 3)
    return trace(net, x, names={"net": net})


def recurrent() -> Trace:
    cell, h = nn.RNNCell(3, 5), ag.zeros(1, 5)
    for x in ag.randn(6, 1, 3):
        h = cell(x, h)
    loss = h.square().sum()
    return trace(loss)


def one_tensor() -> Trace:
    w = ag.tensor([1.0, 2.0], requires_grad=True)
    return trace(w)


CASES: dict[str, Callable[[], Trace]] = {f.__name__: f for f in (xor, assorted, blocks, recurrent, one_tensor)}


@pytest.fixture(scope="module")
def traces() -> dict[str, Trace]:
    ag.manual_seed(0)
    return {name: make() for name, make in CASES.items()}


@pytest.fixture(scope="module")
def pages(traces: dict[str, Trace], tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("pages")
    for name, made in traces.items():
        (folder / f"{name}.html").write_text(html_of(made), "utf-8")
    return {name: folder / f"{name}.html" for name in traces}


@pytest.fixture
def window(chromium: Any, pages: dict[str, Path]) -> Iterator[Callable[..., Window]]:
    """Open a page; at the end nothing but its file was asked for, and the console is silent."""
    opened: list[tuple[Window, str]] = []

    def open_page(name: str | Path, **options: Any) -> Window:
        file = pages[name] if isinstance(name, str) else name
        opened.append((Window(chromium, file, **options), file.as_uri()))
        w = opened[-1][0]
        if options.get("java_script_enabled", True):
            w.page.wait_for_selector("#panel h2")
        return w

    yield open_page
    for w, address in opened:
        w.context.close()
        assert w.requests == [address]
        assert w.said == []


def content(page: str) -> dict[str, Any]:
    """The data in a page."""
    found = re.search(r'id="data">([^<]*)<', page)
    assert found is not None
    made: dict[str, Any] = json.loads(gzip.decompress(base64.b64decode(found[1])))
    return made


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


# ------------------------------------------------------------------------------------------------------------ the file


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


# ------------------------------------------------------------------------------------------------------------- the numbers


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
        assert step.rule.text in head
        assert (f"{step.k} of {step.of}" in head) == (step.of > 1)
        assert w.run("document.querySelector('#panel math').getAttribute('aria-label')") == step.rule.text
        quoted = w.run("document.querySelector('#panel .source u')?.textContent ?? null")
        source = step.node.source
        assert quoted == (None if source is None else source.expression.split("\n")[0])
        live = w.run("document.querySelector('#spoken').textContent")
        assert live.startswith(f"{step.number + 1}: {step.node} → {step.to}: {step.rule.text} = ")


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


# ------------------------------------------------------------------------------------------------------------ the graph


@pytest.mark.parametrize("name", ["xor", "blocks", "recurrent", "one_tensor"])
def test_texts_are_inside_boxes_and_no_boxes_overlap(window: Callable[..., Window], name: str) -> None:
    w = window(name)
    for position in ("Home", "End"):
        w.press(position, *["["] * 9)
        for _ in range(w.run("Number(document.querySelector('#depth').max)") + 1):
            found = w.run(
                """() => [...document.querySelectorAll('.box')].map((b) => {
                    const r = (e) => { const q = e.getBoundingClientRect(); return [q.left, q.top, q.right, q.bottom]; };
                    const parts = b.querySelectorAll('text:not(.badge), .mark circle, .base');
                    const inside = [...parts].map(r).filter((q) => q[2] > q[0]);
                    return {id: b.dataset.id, face: r(b.querySelector('.face')), inside};
                })"""
            )
            assert found
            for box in found:
                left, top, right, bottom = box["face"]
                for a, b, c, d in box["inside"]:
                    assert left <= a, box
                    assert top <= b, box
                    assert c <= right, box
                    assert d <= bottom, box
            for i, one in enumerate(found):
                for other in found[:i]:
                    (a, b, c, d), (e, f, g, h) = one["face"], other["face"]
                    assert c <= e or g <= a or d <= f or h <= b, (one["id"], other["id"])
            w.press("]")


def test_a_module_opens_and_closes_and_a_fold_has_bars(window: Callable[..., Window], traces: dict[str, Trace]) -> None:
    w = window("blocks")
    w.press("[", "[", "[", "]")
    fold = w.run("document.querySelector('.box.fold')?.dataset.id")
    assert fold is not None
    heights = "() => [...document.querySelectorAll('.box.fold .bar')].map((b) => Number(b.getAttribute('height')))"
    assert w.run(heights) == [0, 0, 0]
    w.press("End")
    made = traces["blocks"]
    norms = []
    for i in (1, 2, 3):
        parts = [made.gradient(f"{i}.0.{p}") for p in ("weight", "bias")]
        norms.append(np.sqrt(sum(float((g.astype(float) ** 2).sum()) for g in parts if g is not None)))
    np.testing.assert_allclose(w.run(heights), 18 * np.array(norms) / max(norms), rtol=1e-3)
    w.press("[")
    w.run("document.querySelector('.box.module').focus()")
    boxes = w.run("document.querySelectorAll('.box').length")
    w.press("Enter")
    assert w.run("document.querySelectorAll('.box').length") > boxes
    assert w.text("#crumbs").split("\n")[-1] == "model"
    assert w.run("document.activeElement.classList.contains('box')")
    w.press("Backspace")
    assert w.run("document.querySelectorAll('.box').length") == boxes
    assert w.run("document.activeElement.classList.contains('module')")


def test_the_camera_follows(window: Callable[..., Window], traces: dict[str, Trace]) -> None:
    w = window("recurrent")
    for _ in traces["recurrent"].steps:
        w.press("ArrowRight")
        inside = w.run(
            """() => { const f = document.querySelector('#picture').getBoundingClientRect();
                const b = document.querySelector('.box.to .face').getBoundingClientRect();
                return b.left >= f.left && b.top >= f.top && b.right <= f.right && b.bottom <= f.bottom && b.height > 25; }"""
        )
        assert inside, w.text("#taken")


def test_wheel_drag_and_buttons_move_the_graph(window: Callable[..., Window]) -> None:
    w = window("xor")
    where = "() => document.querySelector('#picture > g').getAttribute('transform')"
    seen = {w.run(where)}
    w.page.mouse.move(300, 300)
    w.page.mouse.wheel(0, -200)
    w.until(f"({where})() !== {json.dumps(next(iter(seen)))}")
    seen.add(w.run(where))
    w.page.mouse.down()
    w.page.mouse.move(360, 340)
    w.page.mouse.up()
    seen.add(w.run(where))
    for button in ("#zoom-in", "#zoom-out", "#zoom-fit"):
        w.page.click(button)
        seen.add(w.run(where))
    assert len(seen) == 5  # zoomed in and out again is where it was


# ----------------------------------------------------------------------------------------------------- keyboard and quiz


def test_everything_by_keyboard(window: Callable[..., Window], traces: dict[str, Trace]) -> None:
    w, made = window("xor"), traces["xor"]
    w.press("/")
    w.page.keyboard.type("W2")
    assert w.run("document.querySelector('#find-list [aria-selected=true]').innerText").startswith("W2")
    w.press("Enter")
    focused = "() => document.activeElement.getAttribute('aria-label')"
    assert w.run(focused).startswith("W2, leaf, 3×1")
    w.press("ArrowUp")
    assert made.nodes[made.find("W2").id - 1].name == "h"
    assert w.run(focused).startswith("h, tanh, 4×3")
    w.press("Enter")  # to the step that completes it
    last = [s for s in made.steps if s.to is made.find("h")][-1]
    assert w.text("#taken").startswith(f"{last.number + 1} of")
    w.press("g")
    w.page.keyboard.type("b1")
    w.press("Enter")
    assert "b1" in w.text("#panel h2")
    w.press("?")
    assert w.page.locator("#help").is_visible()
    w.press("Escape")
    assert not w.page.locator("#help").is_visible()
    w.press("v")
    assert not w.page.locator(".box .value").first.is_visible()
    w.press("v", "Home")
    assert w.page.locator(".box .value").first.is_visible()
    assert len(re.findall(r"\.(?=\s|$)", w.text("#panel .explanation"))) <= 5
    reached = set()
    for _ in range(30):
        w.press("Tab")
        reached.add(w.run("document.activeElement.id || document.activeElement.getAttribute('role')"))
    wanted = {
        "to-find",
        "to-values",
        "to-quiz",
        "to-theme",
        "to-help",
        "listitem",
        "zoom-in",
        "zoom-out",
        "zoom-fit",
        "panel",
    }
    assert wanted | {"play", "next-step", "last", "position", "granularity", "speed"} <= reached


def test_the_quiz_by_keyboard(window: Callable[..., Window], traces: dict[str, Trace]) -> None:
    w, made = window("xor"), traces["xor"]
    w.press("q", "ArrowRight")
    spoken = "() => document.querySelector('#spoken').textContent"
    for step in made.steps:
        assert not {"contribution", "after"} & set(w.run(SEEN))
        index = content(html_of(made))["questions"][step.number]["index"] if step.number == 0 else None
        said = w.run(spoken)
        asked = (
            tuple(map(int, re.findall(r"\d+", found[1])))
            if (found := re.search(r"entry \[(.*?)\]", said))
            else (0,) * step.fitted.ndim
        )
        assert index is None or tuple(index) == asked
        assert w.run("document.activeElement.id") == "answer"
        exact = float(step.fitted[asked])
        if step.number == 0:  # a wrong one first, then words, then nothing
            w.page.keyboard.type(str(exact + 1))
            w.press("Enter")
            assert "Not " in w.run(spoken)
            assert "Hint: " in w.run(spoken)
            assert "contribution" not in w.run(SEEN)
            w.page.keyboard.type("words")
            w.press("Enter")
            assert "Type a number" in w.run(spoken)
        w.run("document.querySelector('#answer').value = ''")
        w.page.keyboard.type(f"{exact * 1.005:.12f}")
        w.press("Enter")
        assert w.run(spoken).startswith("Right: it is ")
        assert "contribution" in w.run(SEEN)
        assert w.run("document.activeElement.id") == "next"
        if step.number + 1 < len(made.steps):
            w.press("Enter")
    n = len(made.steps)
    assert f"{n - 1} right of {n}, 1 more after a hint" in w.text("#panel")
    w.press("q", "ArrowLeft", "ArrowRight")
    assert "contribution" in w.run(SEEN)


def test_a_quiz_from_the_start_that_is_given_up_and_asks_for_shapes(
    window: Callable[..., Window], traces: dict[str, Trace], tmp_path: Path
) -> None:
    made = traces["assorted"]
    Stepper(made).save(tmp_path / "quiz.html", quiz=True)
    w = window(tmp_path / "quiz.html")
    large = next(s for s in made.steps if s.fitted.size > 400)
    w.run(
        "(n) => { const r = document.querySelector('#position'); r.value = n; r.dispatchEvent(new Event('input')); }",
        large.number + 1,
    )
    assert "which shape" in w.text("#panel")
    w.page.keyboard.type("x".join(map(str, large.fitted.shape)))
    w.press("Enter")
    assert "Right" in w.text("#panel")
    w.press("Home", "ArrowRight")
    w.page.click("text=Show me")
    assert "1 right of 2" in w.text("#panel")
    assert w.run("document.querySelector('#play').disabled")


# ---------------------------------------------------------------------------------------------- who reads it, and where


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_serious(window: Callable[..., Window], scheme: str) -> None:
    axe = pytest.importorskip("axe_playwright_python.sync_playwright").Axe()
    for name, visits in {
        "assorted": ([], ["ArrowRight"] * 3, ["q", "ArrowRight", "Enter"], ["q", "?"], ["Escape", "/"]),
        "blocks": (["[", "ArrowRight"],),
    }.items():
        w = window(name, color_scheme=scheme)
        for keys in visits:
            w.press(*keys)
            if "ArrowRight" in keys:
                w.run("document.querySelectorAll('#panel details').forEach((d) => (d.open = true))")
            found = axe.run(w.page).response["violations"]
            bad = [(v["id"], v["nodes"][0]["html"][:200]) for v in found if v["impact"] in ("serious", "critical")]
            assert not bad, (scheme, name, keys)


@pytest.mark.parametrize("size", [(390, 844), (1280, 800)])
def test_nothing_is_cut_off(window: Callable[..., Window], size: tuple[int, int]) -> None:
    for name in ("xor", "assorted", "blocks"):
        w = window(name, size=size)
        for keys in ([], ["ArrowRight"] * 4, ["q", "ArrowRight"]):
            w.press(*keys)
            wide = w.run(
                """() => [...document.querySelectorAll('header *, footer *, #panel *, .bar *, .zoom *')].filter((e) => {
                    const r = e.getBoundingClientRect();
                    const scrolls = e.closest('.matrix, .scroll, .math, select');
                    return r.width && !scrolls && (r.right > innerWidth + 0.5 || r.left < 0);
                }).map((e) => e.outerHTML.slice(0, 80))"""
            )
            assert wide == []
            assert w.run("document.documentElement.scrollWidth") <= size[0]
            buttons = w.run(
                """() => [...document.querySelectorAll('.moves button')].map((b) => {
                    const r = b.getBoundingClientRect(); return [r.bottom, r.height]; })"""
            )
            assert all(bottom <= size[1] for bottom, _ in buttons)
            if size[0] < 800:
                assert all(height >= 44 for _, height in buttons)
                assert w.run("document.querySelector('#panel').getBoundingClientRect().top") >= w.run(
                    "document.querySelector('#graph').getBoundingClientRect().bottom"
                )


def test_dark_and_light_by_preference_and_by_button(window: Callable[..., Window]) -> None:
    ground = "() => getComputedStyle(document.body).backgroundColor"
    light, dark = (window("xor", color_scheme=scheme) for scheme in ("light", "dark"))
    assert light.run(ground) != dark.run(ground)
    wanted = dark.run(ground)
    light.page.click("#to-theme")
    assert light.run(ground) == wanted


def test_a_sandboxed_frame_as_in_a_notebook(chromium: Any, pages: dict[str, Path]) -> None:
    with Window(chromium) as w:
        w.page.set_content('<iframe sandbox="allow-scripts" style="width:1200px;height:600px"></iframe>')
        w.run("(text) => (document.querySelector('iframe').srcdoc = text)", pages["xor"].read_text("utf-8"))
        frame = w.page.frame_locator("iframe")
        frame.locator("#next-step").click()
        assert frame.locator("#taken").inner_text() == "1 of 12"
        w.press("/")
        w.page.keyboard.type("W1")
        w.press("Enter", "End")
        assert frame.locator("#taken").inner_text() == "12 of 12"
        assert w.said == []


def test_paper_has_the_step_and_a_table_of_all(window: Callable[..., Window], traces: dict[str, Trace]) -> None:
    w, made = window("xor", color_scheme="dark"), traces["xor"]
    w.press("ArrowRight", "ArrowRight")
    before = w.run(STATE)
    w.page.emulate_media(media="print")
    w.run("dispatchEvent(new Event('beforeprint'))")
    rows = w.run(
        "[...document.querySelectorAll('#printed tbody tr')].map((r) => [...r.children].map((c) => c.textContent))"
    )
    assert [row[:4] for row in rows] == [
        [str(s.number + 1), str(s.node), str(s.to), s.rule.text if s.rule else ""] for s in made.steps
    ]
    assert w.page.locator("#panel h2").is_visible()
    assert not w.page.locator("footer").is_visible()
    assert w.run("getComputedStyle(document.body).color") == "rgb(26, 34, 45)"  # ink on paper
    w.run("dispatchEvent(new Event('afterprint'))")
    w.page.emulate_media(media="screen")
    assert w.run(STATE) == before
    assert w.page.pdf()[:4] == b"%PDF"


def test_without_javascript_one_line_says_so(window: Callable[..., Window]) -> None:
    w = window("xor", java_script_enabled=False)
    assert w.text("body").strip().startswith("This page replays a backward pass with JavaScript, which is switched off")


def test_a_call_that_failed_is_there_without_steps(window: Callable[..., Window], tmp_path: Path) -> None:
    x, w = ag.ones(2, 3, requires_grad=True), ag.ones(2, 3)
    with pytest.raises(ag.errors.ShapeError) as caught:
        x.exp() @ w
    draw(caught.value).save(tmp_path / "failed.html")
    shown = window(tmp_path / "failed.html")
    assert "A call failed, so there is nothing to step through" in shown.text("#panel")
    assert shown.page.locator(".box.failed").count() == 1
    assert "failed: matmul: " in shown.run("document.querySelector('.box.failed').getAttribute('aria-label')")
    shown.press("ArrowRight", "End", "q", "ArrowRight", "Home")
    assert shown.text("#taken") == "0 of 0"


def test_a_box_of_constants_and_the_calls_of_one_module(
    window: Callable[..., Window], traces: dict[str, Trace]
) -> None:
    w, made = window("recurrent"), traces["recurrent"]
    w.press("[", "[", "[")
    for _ in made.steps:
        w.press("ArrowRight")
        assert w.page.locator(".box.from").count() == w.page.locator(".box.to").count() == 1
    w.run("document.querySelector('.box.module').focus()")
    w.press("Enter")
    assert w.page.locator("#crumbs li").count() == 2
    inside = w.page.locator(".box").count()
    w.press("Backspace")
    assert w.page.locator(".box").count() < inside


# ------------------------------------------------------------------------------------------------- strangers, and many steps


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
