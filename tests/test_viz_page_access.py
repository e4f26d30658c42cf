"""Who can use the page: by keyboard, quiz included, with a screen reader, small, dark, on paper, in a frame."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pages_of_traces
import pytest
from browser import Window
from pages_of_traces import SEEN, STATE, content

from autograd_core.viz import Stepper, Trace
from autograd_core.viz.page import html_of

traces, pages, window = pages_of_traces.traces, pages_of_traces.pages, pages_of_traces.window  # fixtures


# ---------------------------------------------------------------------------------------------------- keyboard and quiz


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
        world = frame.locator("#picture > g")
        before = world.get_attribute("transform")
        w.run("document.body.style.height = '3000px'")
        w.page.mouse.move(300, 300)
        w.page.mouse.wheel(0, 200)
        w.until("scrollY > 0")  # the notebook scrolls, and the graph stays as it is
        assert world.get_attribute("transform") == before
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
    assert [row[:4] for row in rows] == [[str(s.number + 1), str(s.node), str(s.to), s.formula] for s in made.steps]
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
