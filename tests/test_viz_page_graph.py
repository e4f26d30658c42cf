"""The graph of the page: where its boxes and texts are, how they open and close, and how it is moved."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pages_of_traces
import pytest
from browser import Window

import autograd_core as ag
from autograd_core.viz import Trace, draw

traces, pages, window = pages_of_traces.traces, pages_of_traces.pages, pages_of_traces.window  # fixtures


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
    assert len(seen) == 4  # zoomed in and out again is where it was, and so is the whole graph


def test_what_is_said_of_a_box_goes_on_as_steps_change_it(window: Callable[..., Window]) -> None:
    w = window("xor")
    w.press("End", "/")
    w.page.keyboard.type("W1")
    w.press("Enter")
    assert re.search(r"^W1, .* gradient norm", w.text("#about"))
    w.press("Home")
    assert re.search(r"^W1, .* gradient not computed$", w.text("#about"))


def test_in_the_column_of_a_notebook_graph_and_step_stand_side_by_side(window: Callable[..., Window]) -> None:
    w = window("xor", size=(700, 560))
    graph, panel = (w.page.query_selector(name).bounding_box() for name in ("#graph", "#panel"))
    assert graph["x"] + graph["width"] <= panel["x"] + 1
    assert graph["width"] > 350
    assert graph["height"] > 400
    assert w.run("document.documentElement.scrollWidth <= innerWidth")


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
