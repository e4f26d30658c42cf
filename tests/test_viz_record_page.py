"""The page of a record, in a real Chromium: its numbers, its keys, what it asks for, and who can read it."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pytest
from browser import Window
from recorded_training import mlp, run_flags

import autograd_core as ag
import nn
from autograd_core.viz import Record, record


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> tuple[Record, Path]:
    ag.manual_seed(0)
    r = run_flags(mlp(16, *[24] * 9, 4, activation=nn.Sigmoid), 0.1)
    path = tmp_path_factory.mktemp("record") / "run.html"
    r.save(path, "Ten layers of <script>alert(1)</script>")
    return r, path


def shown(window: Window) -> list[list[str]]:
    script = "[...document.querySelectorAll('#layers tbody tr')].map(r => [...r.children].map(c => c.innerText.trim()))"
    found: list[list[str]] = window.run(script)
    return found


def ready(window: Window) -> Window:
    window.page.wait_for_selector("#main:not([hidden])")
    return window


def value(text: str) -> float:
    return float(text.split(maxsplit=1)[0].rstrip("▼▲").replace("\N{MINUS SIGN}", "-"))


def test_the_page_is_one_file_that_asks_for_nothing(chromium: Any, run: tuple[Record, Path]) -> None:
    with Window(chromium, run[1]) as window:
        ready(window)
        assert window.requests == [run[1].as_uri()]
        assert window.said == []
        assert window.text("h1") == "Ten layers of <script>alert(1)</script>"
        assert "default-src 'none'" in window.run("document.querySelector('meta[http-equiv]').content")
    assert run[1].stat().st_size < 100_000


def test_its_numbers_are_the_records_at_every_step(chromium: Any, run: tuple[Record, Path]) -> None:
    r, path = run
    with Window(chromium, path) as window:
        ready(window)
        window.press("Home")
        for frame in r.frames:
            assert window.text("#now") == f"step {frame.step} of {r.steps}"
            assert value(window.text("#layers-title").partition("loss ")[2]) == pytest.approx(frame.loss, rel=1e-3)
            layers = frame.layers(r.parameters)
            for cells, (name, reading) in zip(shown(window), layers.items(), strict=True):
                assert cells[0].split()[0] == name
                assert value(cells[1]) == pytest.approx(reading.gradient, rel=5e-3)
                assert reading.ratio is None or value(cells[2]) == pytest.approx(reading.ratio, rel=5e-3)
            window.press("ArrowRight")
        window.press("ArrowLeft", "Home", "End")
        assert window.text("#now") == f"step {r.steps} of {r.steps}"


def test_the_keyboard_alone_reads_maps_and_flags(chromium: Any, run: tuple[Record, Path]) -> None:
    r, path = run
    with Window(chromium, path) as window:
        ready(window)
        window.run("document.querySelector('#gradients .map').focus()")
        window.press("Home", "ArrowDown")
        second = list(r.frames[0].layers(r.parameters).values())[1].gradient
        said = window.text("#gradients .under")
        assert said.startswith("2, step 1: ")
        assert value(said.partition("step 1: ")[2]) == pytest.approx(second, rel=1e-3)
        window.run("document.querySelector('#gradients button').focus()")
        window.press("Enter")
        assert window.run("document.querySelectorAll('#gradients tbody tr').length") == len(r.frames)
        window.press("End")
        window.run("document.querySelector('#flags button').focus()")
        window.press("Enter")
        assert window.text("#now").startswith(f"step {r.flags[0].step} ")
        said = window.run("[...document.querySelectorAll('#flags li p:first-of-type')].map(p => p.innerText)")
        assert said == [flag.means for flag in r.flags]


def test_it_plays_and_shows_parameters_too(chromium: Any, run: tuple[Record, Path]) -> None:
    r, path = run
    with Window(chromium, path) as window:
        ready(window)
        window.page.select_option("#rows", "parameter")
        assert [cells[0].split()[0] for cells in shown(window)] == list(r.parameters)
        window.press("Home")
        window.page.click("#play")
        window.page.wait_for_selector("#back:enabled")  # it went on by itself
        assert "pause" in window.text("#play")
        window.page.click("#play")
        assert "play" in window.text("#play")


def test_hovering_a_map_reads_the_cell_and_a_click_goes_there(chromium: Any, run: tuple[Record, Path]) -> None:
    r, path = run
    with Window(chromium, path) as window:
        ready(window)
        window.page.locator("#updates .map").scroll_into_view_if_needed()
        box = window.page.locator("#updates .map canvas").bounding_box()
        each = box["width"] / len(r.frames)
        window.page.mouse.move(box["x"] + each * 2.5, box["y"] + 5)
        first = next(iter(r.frames[2].layers(r.parameters).values())).ratio
        said = window.text("#updates .under")
        assert f"step {r.frames[2].step}: " in said
        assert value(said.partition(": ")[2]) == pytest.approx(first, rel=1e-3)
        window.page.mouse.click(box["x"] + each * 2.5, box["y"] + 5)
        assert window.text("#now").startswith(f"step {r.frames[2].step} ")


@pytest.mark.parametrize(("size", "scheme"), [((1280, 800), "light"), ((390, 844), "dark")])
def test_nothing_overflows_and_axe_finds_nothing(
    chromium: Any, run: tuple[Record, Path], size: tuple[int, int], scheme: str
) -> None:
    axe = pytest.importorskip("axe_playwright_python.sync_playwright").Axe()
    with Window(chromium, run[1], size, color_scheme=scheme) as window:
        ready(window)
        assert window.run("document.documentElement.scrollWidth") <= size[0]
        window.run("document.querySelector('#gradients button').click()")
    with Window(chromium, run[1], size, color_scheme=scheme, bypass_csp=True) as window:
        found = axe.run(ready(window).page).response["violations"]
        assert not [(v["id"], [n["target"] for n in v["nodes"]][:3]) for v in found]


def test_without_scripts_and_on_paper(chromium: Any, run: tuple[Record, Path]) -> None:
    r, path = run
    with Window(chromium, path, java_script_enabled=False) as window:
        assert window.text("noscript pre").split() == str(r).split()
    with Window(chromium, path) as window:
        ready(window).page.emulate_media(media="print")
        assert not window.page.is_visible("#play")
        assert window.page.is_visible("#layers table")


def test_an_empty_and_a_broken_record_have_pages_too(chromium: Any, tmp_path: Path) -> None:
    with record(every=1) as r:
        pass
    r.save(tmp_path / "empty.html")
    with Window(chromium, tmp_path / "empty.html") as window:
        window.page.wait_for_selector("#lead:has-text('Nothing was recorded')")
        assert window.said == []
    w = ag.ones(2, requires_grad=True)
    with record(every=1) as r:
        for scale in (1.0, math.inf, math.nan):
            (w.sum() * scale).backward()
    r.save(tmp_path / "broken.html")
    with Window(chromium, tmp_path / "broken.html") as window:
        ready(window)
        assert "NaN" in shown(window)[0][1]
        assert window.said == []
