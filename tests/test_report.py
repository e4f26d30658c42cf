"""The report: one page that needs nothing beside itself, and the files behind it."""

from __future__ import annotations

import base64
import importlib.util
import io
import re
import xml.etree.ElementTree as ET
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest

import autograd_core as ag
import nn
from nn.training import History
from nn.training.report import (
    Example,
    Findings,
    Layer,
    confusions,
    first_filters,
    layers,
    mistakes,
    probabilities,
    reconstructions,
    write_report,
)
from nn.training.report.diagram import diagram

VOID = {"meta", "img", "br", "link", "source"}
FIGURES = importlib.util.find_spec("matplotlib") and importlib.util.find_spec("PIL")
drawn = pytest.mark.skipif(not FIGURES, reason="figures need matplotlib and pillow")


class Page(HTMLParser):
    """What is in a page; fails on a tag that is not closed where it should be."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(text)
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] != "style":
            self.text += data

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.tags if name == tag]


@pytest.fixture
def findings() -> Findings:
    r = np.random.default_rng(0)
    rows = [
        {"epoch": i, "loss": 1 / i, "accuracy": 1 - 0.5 / i, "val_loss": 1.2 / i, "val_accuracy": 1 - 0.6 / i}
        | {"lr": 0.1, "seconds": 2.0}
        for i in range(1, 4)
    ]
    return Findings(
        title="LeNet <5> & friends",
        lead="Trained for 3 epochs.",
        command="python -m nn train lenet --out 'my <run>'",
        headline={"test accuracy": "87.1%", "parameters": "61,706"},
        settings={"seed": 7, "data": "<b>"},
        history=History(rows),
        source=(1, 28, 28),
        layers=[Layer("conv", "Conv2d", (6, 28, 28), 156), Layer("act", "Tanh", (6, 28, 28), 0)],
        classes=["T-shirt", "Bag & case"],
        confusion=np.array([[8, 2], [0, 10]]),
        filters=r.normal(size=(6, 5, 5)),
        mistakes=[Example(r.random((28, 28)).astype(np.float32), 0, 1, 0.875)],
    )


def read(path: Path) -> Page:
    return Page(path.read_text("utf-8"))


def test_the_page_says_what_there_is(tmp_path: Path, findings: Findings) -> None:
    page = read(write_report(tmp_path, findings))
    for text in ("LeNet <5> & friends", "87.1%", "61,706", "Bag & case", "80.0%", "Conv2d", "python -m nn train lenet"):
        assert text in page.text
    assert [attributes.get("lang") for attributes in page.all("html")] == ["en"]
    assert len(page.all("h1")) == 1
    headings = {attributes["id"] for attributes in page.all("h2")}
    assert {"confusion", "classes", "network", "history", "repeat"} <= headings
    assert {attributes["aria-labelledby"] for attributes in page.all("section")} == headings


def test_the_page_needs_nothing_beside_itself(tmp_path: Path, findings: Findings) -> None:
    path = write_report(tmp_path, findings)
    page, text = read(path), path.read_text("utf-8")
    assert not page.all("script")
    assert not page.all("link")
    assert not re.search(r"@import|url\((?!#)", text)
    names = {"src", "href", "xlink:href", "srcset", "action"}
    addresses = [value or "" for _, tag in page.tags for name, value in tag.items() if name in names]
    assert [address[:30] for address in addresses if not address.startswith(("#", "data:image/png;base64,"))] == []


def test_nothing_of_the_run_can_become_markup(tmp_path: Path, findings: Findings) -> None:
    evil = '<script>alert("&")</script>'
    layer = replace(findings.layers[0], name=evil, kind=evil)
    spoiled = replace(
        findings, title=evil, lead=evil, command=evil, headline={evil: evil}, settings={evil: evil}, notes=[evil],
        classes=[evil, evil], layers=[layer],
    )  # fmt: skip
    page = read(write_report(tmp_path, spoiled))
    assert not page.all("script")
    assert page.text.count("<script>") >= 10


def test_light_dark_and_print(tmp_path: Path, findings: Findings) -> None:
    text = write_report(tmp_path, findings).read_text("utf-8")
    for rule in ("@media (prefers-color-scheme: dark)", "@media print", "color-scheme: light dark", "max-width: 46rem"):
        assert rule in text


@drawn
def test_every_picture_says_what_it_shows(tmp_path: Path, findings: Findings) -> None:
    pillow = pytest.importorskip("PIL.Image")
    page = read(write_report(tmp_path, findings))
    images = page.all("img")
    assert len(images) == 7
    assert all(image["alt"] for image in images)
    assert all(figure["aria-label"] for figure in page.all("svg"))
    for image in images:
        content = base64.b64decode((image["src"] or "").partition(",")[2])
        assert pillow.open(io.BytesIO(content)).size in {(28, 28), (5, 5)}


@drawn
def test_curves_take_their_colours_from_the_page(tmp_path: Path, findings: Findings) -> None:
    text = write_report(tmp_path, findings).read_text("utf-8")
    svgs = re.findall(r"<svg (?!class).*?</svg>", text, re.DOTALL)
    assert len(svgs) == 2
    for one in svgs:
        assert "var(--train)" in one
        assert "var(--ink)" in one
        assert "#0102" not in one
    identifiers = re.findall(r'\bid="([^"]+)"', text)
    assert len(identifiers) == len(set(identifiers))


@drawn
def test_the_files_behind_the_page(tmp_path: Path, findings: Findings) -> None:
    pair = (findings.mistakes[0].picture,) * 2
    write_report(tmp_path, replace(findings, reconstructions=[pair, pair]))
    names = {"curves.png", "curves.svg", "confusion.png", "filters.png", "mistakes.png", "reconstructions.png"}
    assert {path.name for path in tmp_path.iterdir()} == names | {"report.html"}
    for path in tmp_path.glob("*.png"):
        assert path.read_bytes().startswith(b"\x89PNG")
    ET.parse(tmp_path / "curves.svg")


@drawn
def test_the_same_findings_give_the_same_page(tmp_path: Path, findings: Findings) -> None:
    first = write_report(tmp_path, findings).read_bytes()
    figure = (tmp_path / "curves.svg").read_bytes()
    assert write_report(tmp_path, findings).read_bytes() == first
    assert (tmp_path / "curves.svg").read_bytes() == figure


@pytest.mark.parametrize(
    ("gone", "install"),
    [({"matplotlib"}, "matplotlib"), ({"PIL"}, "pillow"), ({"matplotlib", "PIL"}, "matplotlib pillow")],
)
def test_without_the_packages_for_figures(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, findings: Findings, gone: set[str], install: str
) -> None:
    monkeypatch.setattr("nn.training.report.write.find_spec", lambda name: None if name in gone else object())
    page = read(write_report(tmp_path, findings))
    assert f"Cure: pip install {install}, then write this page again with python -m nn evaluate {tmp_path}" in page.text
    assert not page.all("img")
    assert "Bag & case" in page.text
    assert [path.name for path in tmp_path.iterdir()] == ["report.html"]


def test_a_report_of_nothing_is_still_a_page(tmp_path: Path) -> None:
    empty = Findings("empty", "", "", {}, {}, History(), (1,))
    page = read(write_report(tmp_path, empty))
    assert [attributes["id"] for attributes in page.all("h2")] == ["repeat"]


def test_a_long_history_shows_its_end(tmp_path: Path, findings: Findings) -> None:
    rows = [{"epoch": i, "loss": 1.0, "seconds": 1.0} for i in range(1, 101)]
    page = read(write_report(tmp_path, replace(findings, history=History(rows))))
    assert "The last 40 of 100 epochs; history.json has all of them." in page.text


def test_a_column_that_begins_later_leaves_gaps(tmp_path: Path, findings: Findings) -> None:
    findings.history.append(findings.history.rows[-1] | {"epoch": 4, "top5": 0.5, "val_top5": 0.25})
    assert "0.2500" in read(write_report(tmp_path, findings)).text


# -------------------------------------------------------------------------------------------------------------- diagram


def test_the_diagram_is_an_svg_with_a_bar_a_layer() -> None:
    rows = [Layer(str(i), "Linear", (2**i,), 1) for i in range(1, 6)]
    root = ET.fromstring(diagram(rows, (32,)))
    bars = [float(bar.attrib["width"]) for bar in root.iter("rect")]
    assert len(bars) == 6
    assert bars[1:] == sorted(bars[1:])
    assert root.attrib["aria-label"] == "The network, 5 layers, from input to output"


def test_a_diagram_of_a_very_deep_network_ends() -> None:
    root = ET.fromstring(diagram([Layer(str(i), "ReLU", (4,), 0) for i in range(200)], (4,)))
    assert len(list(root.iter("rect"))) == 61
    assert "and 140 more" in "".join(root.itertext())


# ------------------------------------------------------------------------------------------------------------- findings


def test_layers_are_what_runs_in_its_order() -> None:
    model = nn.Sequential(nn.Conv2d(1, 4, 3), nn.ReLU(), nn.Flatten(), nn.Linear(4 * 6 * 6, 3))
    rows = layers(model, (1, 8, 8))
    assert [(row.name, row.kind, row.shape, row.parameters) for row in rows] == [
        ("0", "Conv2d", (4, 6, 6), 40),
        ("1", "ReLU", (4, 6, 6), 0),
        ("2", "Flatten", (144,), 0),
        ("3", "Linear", (3,), 435),
    ]
    assert sum(row.parameters for row in rows) == sum(p.numel() for p in model.parameters())
    assert model.training


class Fixed(nn.Module):
    """Gives its input's first numbers as scores."""

    def forward(self, x: ag.Tensor) -> ag.Tensor:
        return x.reshape(len(x), -1)[:, :3]


def test_mistakes_are_the_surest_first() -> None:
    scores = np.array([[3, 0, 0], [0, 2, 0], [5, 0, 0], [0, 0, 1]], np.float32)
    images = np.zeros((4, 1, 2, 2), np.float32)
    images.reshape(4, 4)[:, :3] = scores
    batch = (ag.from_numpy(images), ag.tensor([0, 0, 1, 0]))
    found = mistakes(Fixed(), [batch, batch], lambda x: x / 10, most=3)
    assert [(e.true, e.predicted) for e in found] == [(1, 0), (1, 0), (0, 1)]
    assert found[0].probability == pytest.approx(np.exp(5) / (np.exp(5) + 2))
    np.testing.assert_allclose(found[0].picture, [[0.5, 0], [0, 0]])


def test_reconstructions_show_the_target_where_it_differs_from_the_input() -> None:
    x = ag.full((3, 1, 2, 2), 0.5)
    assert [len(column) for column in reconstructions(nn.Flatten(), [(x, x)])] == [2, 2, 2]
    columns = reconstructions(nn.Flatten(), [(0.5 * x, x)], most=2)
    assert [[float(p[0, 0]) for p in column] for column in columns] == [[0.25, 0.25, 0.5]] * 2


def test_first_filters() -> None:
    conv = nn.Conv2d(3, 5, 2)
    filters = first_filters(nn.Sequential(nn.BatchNorm2d(3), conv))
    np.testing.assert_allclose(filters, conv.weight.detach().numpy().mean(axis=1))
    assert np.shape(first_filters(nn.Linear(49, 4))) == (4, 7, 7)
    assert first_filters(nn.Linear(50, 4)) is None
    assert first_filters(nn.ReLU()) is None


def test_probabilities_do_not_overflow() -> None:
    np.testing.assert_allclose(probabilities(np.array([[1000.0, 1000.0], [-1000.0, 0.0]])), [[0.5, 0.5], [0, 1]])


def test_confusions_of_a_class_without_pictures() -> None:
    assert confusions(np.array([[0, 0], [3, 1]])) == [(0.0, None, 0), (0.25, 0, 3)]
