"""Drawings: what they say, that no text leaves its box, every file that they are saved to, and that nothing changes."""

from __future__ import annotations

import builtins
import json
import re
import xml.etree.ElementTree as ET
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from test_viz_layout import THERE
from test_viz_steps import CASES, data
from test_viz_trace import fingerprint, same
from test_viz_visible import Gates, xor

import autograd_core as ag
import nn
from autograd_core.errors import ArgumentError
from autograd_core.viz import Drawing, Stepper, Trace, draw, layouts, trace, validate
from autograd_core.viz.drawing.letters import clipped, width, wrapped
from autograd_core.viz.drawing.scene import COLOURS, STYLES, Rect, Text
from benchmarks.libraries import ours
from benchmarks.networks import lenet5, resnet18
from docs.pictures import FOLDER
from docs.pictures import PICTURES as PAGES

SVG = "{http://www.w3.org/2000/svg}"


def mlp() -> Trace:
    net = nn.Sequential(nn.Linear(5, 7), nn.Tanh(), nn.Linear(7, 3))
    x, target = data(4, 5), ag.tensor([0, 2, 1, 1])
    loss = nn.functional.cross_entropy(net(x), target)
    return trace(loss, names={"net": net})


def deep() -> Trace:
    blocks = [nn.Sequential(nn.Linear(6, 6), nn.Tanh()) for _ in range(12)]
    net, x = nn.Sequential(nn.Linear(3, 6), *blocks, nn.Linear(6, 1)), data(2, 3)
    loss = net(x).square().mean()
    return trace(loss, names={"net": net})


def recurrent() -> Trace:
    cell, readout, h = nn.RNNCell(3, 5), nn.Linear(5, 1), ag.zeros(2, 5)
    for x in data(20, 2, 3):
        h = cell(x, h)
    loss = readout(h).square().sum()
    return trace(loss)


def shared() -> Trace:
    layer, x = nn.Linear(6, 6), data(2, 6)
    decoded = layer(layer(x).tanh()).tanh() @ layer.weight
    loss = (decoded - x).square().mean()
    return trace(loss)


def long_names() -> Trace:
    a_very_long_name_that_goes_on_and_on_for_more_than_any_box = data(2, 3).requires_grad_()
    scaled = a_very_long_name_that_goes_on_and_on_for_more_than_any_box * 1e-9
    return trace((scaled - 1e9).sum(), names={"Größe " + "W" * 60: scaled})


def lenet() -> Trace:
    return trace(lenet5(ours(ag.get_num_threads())), data(1, 1, 28, 28))


def resnet() -> Trace:
    return trace(resnet18(ours(ag.get_num_threads())), data(2, 3, 16, 16))


PICTURES: dict[str, Callable[..., Drawing]] = {
    "XOR, values and gradients": lambda **k: draw(xor(), values=True, grads="values", **k),
    "XOR, from left to right": lambda **k: draw(xor(), values=True, grads="norm", direction="LR", **k),
    "MLP": lambda **k: draw(mlp(), grads="norm", **k),
    "fold": lambda **k: draw(deep(), grads="norm", **k),
    "RNN": lambda **k: draw(recurrent(), values=True, **k),
    "RNN, all": lambda **k: draw(recurrent(), depth="all", direction="LR", **k),
    "shared": lambda **k: draw(shared(), **k),
    "long names": lambda **k: draw(long_names(), values=True, grads="values", **k),
    "LeNet": lambda **k: draw(lenet(), **k),
    "LeNet, all": lambda **k: draw(lenet(), depth="all", values=True, grads="norm", **k),
    "ResNet at 1": lambda **k: draw(resnet(), depth=1, **k),
    "ResNet at 2": lambda **k: draw(resnet(), depth=2, grads="norm", **k),
}
each_picture = pytest.mark.parametrize("picture", PICTURES.values(), ids=PICTURES)


def texts(picture: Drawing, box: str | None = None) -> list[str]:
    """What is written, in one box or everywhere."""
    groups = [group for group in picture.scene.groups if box is None or group.id == box]
    return [s.text.replace("\N{NO-BREAK SPACE}", " ") for group in groups for s in group.shapes if isinstance(s, Text)]


def legend(picture: Drawing) -> list[str]:
    (group,) = [group for group in picture.scene.groups if group.kind == "legend"]
    return [s.text for s in group.shapes if isinstance(s, Text) and s.style == "legend"]


def box_of(picture: Drawing, title: str) -> list[str]:
    """What is written in the box with this title."""
    (found,) = [texts(picture, b.id) for b in picture.visible.boxes if title in texts(picture, b.id)]
    return found


# ------------------------------------------------------------------------------------------------------ structure


def test_xor() -> None:
    picture = draw(xor())
    assert [texts(picture, box.id) for box in picture.visible.boxes] == [
        ["x", "4×2"], ["w1", "2×3"], ["x @ w1", "matmul · 4×3"], ["b1", "3 numbers"], ["x @ w1 + b1", "add · 4×3"],
        ["h", "tanh · 4×3"], ["w2", "3×1"], ["h @ w2", "matmul · 4×1"], ["b2", "1 number"], ["h @ w2 + b2", "add · 4×1"],
        ["y", "sigmoid · 4×1"], ["t", "4×1"], ["y - t", "sub · 4×1"], ["(y - t) ** 2", "pow · 4×1"], ["loss", "mean"],
    ]  # fmt: skip
    assert legend(picture) == ["operation", "gets a gradient", "needs no gradient", "backward starts here"]
    assert repr(picture) == "<Drawing: Graph of loss: 15 boxes, 14 edges>"


def test_layers_are_boxes_and_parameters_are_counted() -> None:
    picture = draw(lenet())
    kinds = [box.kind for box in picture.visible.boxes]
    assert kinds == ["input"] + ["module"] * 12
    second = next(b.id for b in picture.visible.boxes if b.kind == "module")
    assert texts(picture, second) == ["Conv2d 1→6 5x5", "model.0", "156 parameters", "1×6×28×28"]
    assert "model · Sequential" in texts(picture)
    assert legend(picture) == ["module", "needs no gradient", "backward starts here"]


def test_at_full_depth_parameters_are_in_their_modules() -> None:
    picture = draw(mlp(), depth="all")
    assert "net.0 · Linear 5→7" in texts(picture) or "model.0 · Linear 5→7" in texts(picture)
    assert texts(picture).count("weight") == texts(picture).count("bias") == 2
    (tanh,) = [box for box in picture.visible.boxes if "tanh" in texts(picture, box.id)]
    assert texts(picture, tanh.id)[-1].endswith(".1")  # one operation needs no frame, and says where it is
    assert {c.call for c in picture.visible.clusters} == {(1, 1)}


def test_a_fold_is_a_stack_with_the_norms_of_its_copies() -> None:
    picture = draw(deep())
    (fold,) = [box for box in picture.visible.boxes if box.kind == "fold"]
    said = texts(picture, fold.id)
    assert said[0] == "Sequential × 12"
    assert re.fullmatch(r"(model|net)\.1 to (model|net)\.12", said[1])
    assert said[2:] == ["504 parameters", "2×6"]
    (group,) = [group for group in picture.scene.groups if group.id == fold.id]
    bars = [s.height for s in group.shapes if isinstance(s, Rect) and s.style == "spark"]
    norms = []
    for m in fold.copies:
        inside = [n for n in fold.nodes if picture.trace.modules[picture.trace.nodes[n].module or 0].parent == m]
        gs = [picture.trace.gradient(n) for n in inside if picture.trace.nodes[n].kind == "parameter"]
        norms.append(np.sqrt(sum(float((g**2).sum()) for g in gs if g is not None)))
    assert np.argsort(bars).tolist() == np.argsort(norms).tolist()
    np.testing.assert_allclose(bars, np.maximum(1, np.array(norms) / max(norms) * max(bars)), rtol=1e-3)
    assert "equal modules in a row, bars: gradient norms" in legend(picture)
    assert any("Sequential 6x12" in text or "Sequential x 12 is one box." in text for text in legend(picture))
    assert not [box for box in draw(deep(), fold=False).visible.boxes if box.kind == "fold"]


def test_a_network_over_time_is_one_box_with_all_its_inputs_as_another() -> None:
    picture = draw(recurrent())
    assert box_of(picture, "20 constants") == ["20 constants", "2×3 each"]
    assert "4 operations, 20 times" in box_of(picture, "RNNCell 3→5")
    assert "×20" in texts(picture)
    assert "n operands" in legend(picture)


def test_shared_weights_are_outside_of_the_calls_that_share_them() -> None:
    picture = draw(shared())
    weights = [box for box in picture.visible.boxes if box.kind == "parameter"]
    assert len(weights) == 2
    assert all(box.cluster is None for box in weights)
    assert len([e for e in picture.visible.edges if e.source == weights[0].id]) > 1
    net = shared()
    boxes = [texts(draw(net, depth=0), box.id) for box in draw(net, depth=0).visible.boxes if box.kind == "module"]
    assert [b[1].rpartition(", ")[2] for b in boxes] == ["call 1 of 2", "call 2 of 2"]


def test_frozen_parts_are_hollow() -> None:
    net, x = nn.Sequential(nn.Linear(2, 2), nn.Linear(2, 2)), data(1, 2)
    net[1].weight.requires_grad_(False)
    picture = draw(net, x, depth="all")
    (weight,) = [b for b in picture.visible.boxes if "frozen · 2×2" in texts(picture, b.id)]
    (group,) = [group for group in picture.scene.groups if group.id == weight.id]
    assert {s.style for s in group.shapes} >= {"hollow"}
    assert STYLES["hollow"].dash
    assert STYLES["hollow"].fill is None
    net[1].bias.requires_grad_(False)
    assert "6 parameters, frozen" in box_of(draw(net, x, depth=1), "model.1")


def test_a_function_of_the_program_says_so() -> None:
    (case,) = [c for c in CASES if c.__name__ == "custom_function"]
    picture = draw(case()[0])
    assert any("own backward" in text for text in texts(picture))
    assert "function with its own backward" in legend(picture)


# ------------------------------------------------------------------------------------------------ values and gradients


def test_values_are_on_top_and_gradients_below_with_signs() -> None:
    x = ag.tensor([[1.0, -2.0], [3.0, 0.5]], requires_grad=True)
    y = (x * x).sum()
    picture = draw(y, values=True, grads="values")
    assert texts(picture, "n0") == ["=  1.00  -2.00", "   3.00   0.50", "x", "2×2", "G  2  -4", "   6   1"]
    assert texts(picture, "n2") == ["= 14.25", "y", "sum", "G 1"]
    assert legend(picture)[-3:] == ["value", "gradient of the output", "n operands"]
    assert texts(draw(y, grads="norm"), "n0")[-1] == "G norm 7.55"


def test_gradients_that_were_not_computed_say_so() -> None:
    x = ag.tensor([1.0, 2.0], requires_grad=True)
    y = (x * x).sum()
    y.backward()  # what mul saved is gone
    picture = draw(y, grads="values")
    assert texts(picture, "n0")[-1] == "G not computed"
    assert "0" not in [text.rpartition(" ")[2] for text in texts(picture)]


def test_large_arrays_are_summed_up_and_nan_is_counted() -> None:
    x = data(30, 30)
    x.array[0, 0] = np.nan
    x.requires_grad_()
    whole = ag.ones(30, 30, requires_grad=True)
    y = x + whole
    picture = draw(y, values=True)
    assert any("1 not finite" in text for text in box_of(picture, "x"))
    assert "= norm 30, 1 to 1" in box_of(picture, "whole")
    empty = ag.zeros(0, 3, requires_grad=True)
    assert "= empty" in texts(draw(empty * 2, values=True))


@pytest.mark.parametrize("dtype", [ag.float32, ag.float64])
def test_small_numbers_are_not_rounded_to_nothing(dtype: Any) -> None:
    x = ag.tensor([1e-9, 2e-9], dtype=dtype, requires_grad=True)
    assert "=  1.0e-09  2.0e-09".replace("  ", " ") in [
        t.replace("  ", " ") for t in texts(draw((x * 2).sum(), values=True))
    ]


# ------------------------------------------------------------------------------------------------------------ the look


def inside(text: Text, rect: Rect) -> bool:
    style = STYLES[text.style]
    wide = width(text.text, style.size, style.bold, style.mono)
    left = text.x - wide / 2 if text.anchor == "middle" else text.x
    return (
        left >= rect.x - 0.1
        and left + wide <= rect.x + rect.width + 0.1
        and text.y - 0.75 * style.size >= rect.y
        and text.y + 0.25 * style.size <= rect.y + rect.height
    )


@pytest.mark.parametrize("engine", THERE)
@each_picture
def test_no_text_leaves_its_box_and_no_boxes_overlap(picture: Callable[..., Drawing], engine: str) -> None:
    drawn = picture(engines=[engine])
    assert drawn.layout.engine == engine
    whole = Rect(0, 0, drawn.scene.width, drawn.scene.height, 0, "paper")
    boxes = []
    for group in drawn.scene.groups:
        lines = [s for s in group.shapes if isinstance(s, Text)]
        frame = whole
        if group.id and group.kind not in ("edge", "cluster"):
            frame = max((s for s in group.shapes if isinstance(s, Rect)), key=lambda r: r.width * r.height)
            boxes.append(frame)
        assert all(inside(line, frame) for line in lines), group
    for i, a in enumerate(boxes):
        for b in boxes[:i]:
            apart = a.x + a.width <= b.x or b.x + b.width <= a.x or a.y + a.height <= b.y or b.y + b.height <= a.y
            assert apart, (a, b)


BOXES = """() => [...document.querySelectorAll('svg g')].flatMap((g) => {
    const rects = [...g.querySelectorAll('rect')].map((r) => r.getBBox());
    const frame = rects.sort((a, b) => b.width * b.height - a.width * a.height)[0];
    const whole = document.querySelector('svg').viewBox.baseVal;
    const own = g.dataset.id && frame && !g.classList.contains('clusters') ? frame : whole;
    return [...g.querySelectorAll('text')].filter((t) => {
        const b = t.getBBox();
        return b.x < own.x - .5 || b.x + b.width > own.x + own.width + .5
            || b.y < own.y || b.y + b.height > own.y + own.height + 1;
    }).map((t) => t.textContent);
})"""


@pytest.mark.parametrize("picture", [*PICTURES.values(), PAGES["failed"]], ids=[*PICTURES, "failed"])
def test_no_text_leaves_its_box_in_a_browser(picture: Callable[..., Drawing], chromium: Any) -> None:
    page = chromium.new_page()
    svg = picture().svg
    for fonts in ("", "<style>text{font-family:'DejaVu Sans','Verdana'!important}</style>"):  # the widest there are
        page.set_content(f"<body>{svg}{fonts}</body>")
        assert page.evaluate(BOXES) == []
    page.close()


def test_colours_follow_the_reader_and_are_readable(chromium: Any) -> None:
    def light(colour: str) -> float:
        parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
        linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    grounds = ("paper", "box", "module", "tint0", "tint1", "parameter", "failed")
    for name in ("ink", "quiet", "value", "gradient"):
        for ground in grounds[:6]:
            for i in (0, 1):
                a, b = sorted((light(COLOURS[name][i]), light(COLOURS[ground][i])))
                assert (b + 0.05) / (a + 0.05) >= 4.5, (name, ground, i)
    for i in (0, 1):
        a, b = sorted((light(COLOURS["error"][i]), light(COLOURS["failed"][i])))
        assert (b + 0.05) / (a + 0.05) >= 4.5
    for scheme, expected in (("light", COLOURS["paper"][0]), ("dark", COLOURS["paper"][1])):
        page = chromium.new_page(color_scheme=scheme)
        page.set_content(draw(xor()).svg)
        found = page.evaluate("getComputedStyle(document.querySelector('.paper')).fill")
        assert found == "rgb({}, {}, {})".format(*(int(expected[i : i + 2], 16) for i in (1, 3, 5)))
        page.close()


def test_the_svg_says_what_it_is_and_escapes_what_programs_write() -> None:
    x = ag.tensor(1.0, requires_grad=True)
    y = ({"<&>\"'": x}["<&>\"'"] * 2).exp()
    svg = draw(y, names={"a\x00b\x1b<script>": x}).svg
    root = ET.fromstring(svg)
    title, description = root.find(f"{SVG}title"), root.find(f"{SVG}desc")
    assert title is not None
    assert description is not None
    assert title.text == "Graph of y: 3 boxes, 2 edges"
    assert root.attrib["aria-labelledby"].split() == [title.attrib["id"], description.attrib["id"]]
    assert "y from" in (description.text or "")
    assert all(
        group.find(f"{SVG}title") is not None
        for group in root.findall(f"{SVG}g")
        if "data-id" in group.attrib and group.attrib["class"] != "edges"
    )
    assert "<script" not in svg
    assert draw(y).svg == draw(y).svg


def test_only_what_occurs_is_in_the_style_sheet() -> None:
    x = ag.tensor(1.0, requires_grad=True)
    svg = draw(x * 2).svg
    used = set(re.findall(r'class="([\w-]+)"', svg)) & set(STYLES)
    assert set(re.findall(r"\.ag-graph \.(\w+)\{", svg)) == used


# --------------------------------------------------------------------------------------------------------------- files


def test_every_file(tmp_path: Path) -> None:
    picture = draw(mlp(), values=True)
    for suffix in ("svg", "png", "pdf", "dot", "html", "json", "SVG"):
        picture.save(tmp_path / f"g.{suffix}")
    read = {path.suffix: path.read_bytes() for path in tmp_path.iterdir()}
    assert set(read) == {".svg", ".png", ".pdf", ".dot", ".html", ".json", ".SVG"}
    assert read[".svg"].decode() == picture.svg
    assert read[".png"].startswith(b"\x89PNG")
    assert read[".pdf"].startswith(b"%PDF")
    assert read[".dot"].startswith(b"digraph")
    assert b"<!doctype html>" in read[".html"][:20].lower()
    found = json.loads(read[".json"])
    validate(found)
    assert set(found["layouts"]) == {"0", "1", "all"} or set(found["layouts"]) == {"0", "all"}
    picture.save(tmp_path / "h.png")
    assert (tmp_path / "h.png").read_bytes() == read[".png"]
    picture.save(tmp_path / "dark.png", dark=True)
    assert (tmp_path / "dark.png").read_bytes() != read[".png"]


def test_a_png_is_the_same_picture(tmp_path: Path) -> None:
    image = pytest.importorskip("PIL.Image")
    picture = draw(mlp())
    picture.save(tmp_path / "g.png")
    with image.open(tmp_path / "g.png") as read:
        assert read.size == pytest.approx((2 * picture.scene.width, 2 * picture.scene.height), abs=2)
        assert read.convert("RGB").getpixel((1, 1)) == (255, 255, 255)


def test_without_matplotlib(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def missing(name: str, *args: Any, **kwargs: Any) -> Any:
        if name.startswith("matplotlib"):
            raise ImportError(name)
        return real(name, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", missing)
    with pytest.raises(ImportError, match=r"PNG is drawn by Matplotlib.*pip install 'autograd-core\[train\]'"):
        draw(xor()).save(tmp_path / "g.png")
    assert not list(tmp_path.iterdir())


def test_another_suffix(tmp_path: Path) -> None:
    with pytest.raises(ArgumentError, match=r"save: path is '.*g\.gif': expected a suffix of \.svg, \.png"):
        draw(xor()).save(tmp_path / "g.gif")


def test_a_digraph_has_the_same_boxes_and_clusters() -> None:
    picture = draw(mlp(), depth="all", grads="norm")
    source = picture.digraph.source
    assert set(re.findall(r"^\s*(n\d+) \[", source, re.MULTILINE)) == {box.id for box in picture.visible.boxes}
    assert set(re.findall(r"subgraph cluster_(c\d+)", source)) == {c.id for c in picture.visible.clusters}
    edges = set(re.findall(r"(n\d+) -> (n\d+)", source))
    assert edges == {(e.source, e.target) for e in picture.visible.edges}
    assert "ortho" not in source
    assert "record" not in source
    assert "rankdir=LR" in draw(mlp(), direction="LR").digraph.source


def test_a_notebook_shows_svg_and_text() -> None:
    bundle = draw(xor())._repr_mimebundle_()
    assert set(bundle) == {"text/html", "image/svg+xml", "text/plain"}
    assert bundle["image/svg+xml"].startswith("<svg")
    assert len(bundle["image/svg+xml"]) < 60_000


# ----------------------------------------------------------------------------------------------- arguments, and nothing


def test_what_can_be_drawn() -> None:
    net, x = nn.Linear(2, 1), data(3, 2)
    a, b = net(x), net(x).exp()
    assert len(draw(a, b).trace.seeds) == 2
    assert draw(net, x).trace.modules[0].cls == "Linear"
    made = trace(a)
    assert draw(made).trace is made
    assert draw(Stepper(made)).trace is made


def test_the_depth_that_reads_well_is_chosen() -> None:
    assert draw(xor()).visible.depth is None
    assert draw(lenet()).visible.depth == 1
    assert draw(recurrent()).visible.depth == 0
    assert draw(mlp()).visible.depth is None
    assert draw(lenet(), depth=99).visible.boxes == draw(lenet(), depth=1).visible.boxes


def test_a_limit_on_boxes_is_told() -> None:
    picture = draw(lenet(), depth="all", size_limit=15)
    assert len(picture.visible.boxes) <= 15
    assert any("the limit is 15" in text for text in [" ".join(legend(picture))])


WRONG: dict[str, tuple[Callable[[], Any], str]] = {
    "depth": (lambda: draw(xor(), depth=-1), r"draw: depth is -1: expected 0, 1, \.\.\., 'all'"),
    "grads": (lambda: draw(xor(), grads="all"), "draw: grads is 'all': expected None, 'norm' or 'values'"),  # type: ignore[arg-type]
    "direction": (lambda: draw(xor(), direction="UP"), "draw: direction is 'UP': expected 'TB'"),  # type: ignore[arg-type]
    "engine": (lambda: draw(xor(), engines=["neato"]), "engines has 'neato'"),
    "trace and more": (lambda: draw(xor(), 3), "nothing to trace beside it"),
    "no tensor": (lambda: draw(3), "x is a int: expected a Tensor"),
}


@pytest.mark.parametrize(("call", "message"), WRONG.values(), ids=WRONG)
def test_wrong_arguments(call: Callable[[], Any], message: str) -> None:
    with pytest.raises(ArgumentError, match=message):
        call()


@pytest.mark.parametrize("case", CASES, ids=lambda c: c.__name__)
def test_drawing_changes_nothing(case: Callable[[], Any]) -> None:
    loss, leaves = case()
    before = fingerprint(loss, leaves)
    picture = draw(loss, values=True, grads="values")
    assert picture.svg
    assert picture.digraph.source
    layouts(picture.trace)
    assert same(before, fingerprint(loss, leaves))


@pytest.mark.parametrize("case", CASES, ids=lambda c: c.__name__)
def test_layouts_are_as_documented(case: Callable[[], Any]) -> None:
    made = trace(case()[0])
    validate(made.as_dict(layouts=layouts(made, engines=["layered"])))


def test_folds_are_told_in_the_json() -> None:
    made = trace(Gates(5), data(2, 4), ag.ones(2, 4))
    found = made.as_dict(layouts=layouts(made, [2, None], direction="LR"))
    validate(found)
    assert set(found["layouts"]) == {"2", "all"}
    assert [box["kind"] for box in found["layouts"]["2"]["boxes"]].count("fold") == 1
    assert not [box for box in found["layouts"]["all"]["boxes"] if box["kind"] == "fold"]
    (fold,) = [m["fold"] for m in found["modules"] if m["fold"]]
    assert fold["count"] == len(fold["of"]) == 5
    found["layouts"]["all"]["boxes"].pop()
    with pytest.raises(ag.errors.DataError, match=r"layouts\['all'\]: expected each of .* nodes in one box"):
        validate(found)


@pytest.mark.parametrize("name", PAGES)
def test_the_pictures_of_the_documentation_are_those_that_are_drawn(name: str) -> None:
    def structure(svg: str) -> tuple[list[str], str | None]:
        root = ET.fromstring(svg)
        return re.findall(r'data-id="([^"]+)"', svg), root.findtext(f"{SVG}title")

    there = (FOLDER / f"{name}.svg").read_text("utf-8")
    assert structure(there) == structure(PAGES[name]().svg), "run make docs-pictures"
    assert f"pictures/{name}.svg" in FOLDER.with_name("draw.md").read_text("utf-8")


# -------------------------------------------------------------------------------------------------------------- letters


def test_letters() -> None:
    assert width("", 12) == 0
    assert width("iii", 12) < width("WWW", 12) < width("WWW", 12, bold=True)
    assert width("iii", 12, mono=True) == width("WWW", 12, mono=True)
    assert width("漢字", 10) == 20
    assert width("e\u0301", 12) == width("e", 12)
    assert clipped("short", 100, 12) == "short"
    assert clipped("W" * 50, 100, 12).endswith("…")
    assert width(clipped("W" * 50, 100, 12), 12) <= 100
    assert wrapped("a b " * 40, 10, 3)[-1].endswith("…")
    assert wrapped("", 10, 3) == [""]
