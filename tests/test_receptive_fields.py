"""Receptive fields: against Jacobians and the formula of their width, and the page on which one points at places."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from browser import Window

import autograd_core as ag
import nn
from autograd_core.viz.notebook.markup import LIMIT
from nn.interpret import ReceptiveField, ReceptiveFields, receptive_fields


def network(dtype: Any = ag.float64) -> nn.Sequential:
    """Two convolutions and a pooling: fields of 3, 4 and 8 pixels, and a stride of 2 and 4."""
    return nn.Sequential(
        nn.Conv2d(2, 3, 3), nn.Tanh(), nn.AvgPool2d(2), nn.Conv2d(3, 5, 3, stride=2, padding=1), nn.Tanh()
    ).to(dtype)


@pytest.fixture
def fields() -> ReceptiveFields:
    return receptive_fields(network(), ag.rand(1, 2, 18, 16, dtype=ag.float64), ["2", "4"])


@pytest.mark.parametrize("dtype", [ag.float32, ag.float64], ids=str)
@pytest.mark.parametrize("unit", [None, 0, 4])
def test_the_strengths_are_those_of_the_jacobian(dtype: Any, unit: int | None) -> None:
    model, x = network(dtype), ag.rand(1, 2, 10, 12, dtype=dtype)
    field = receptive_fields(model, x, ["4"], unit=unit)["4"]

    def read(x: ag.Tensor) -> ag.Tensor:
        maps = model(x)
        return maps.sum(1)[0] if unit is None else maps[0, unit]

    jacobian = ag.autograd.functional.jacobian(read, x)
    np.testing.assert_allclose(field.strengths, np.abs(jacobian.array[:, :, 0]).sum(2), rtol=1e-4, atol=1e-7)
    assert field.strengths.dtype == dtype
    assert field.maps.shape == field.strengths.shape[:2]


def test_widths_follow_the_formula(fields: ReceptiveFields) -> None:
    assert [field.size for field in fields.fields] == [(4, 4), (8, 8)]  # 3 + 1 * 1, then 4 + 2 * 2
    boxes = fields["2"].boxes
    assert boxes.shape == (8, 7, 4)
    assert boxes[3, 2].tolist() == [6, 4, 10, 8]  # places are 2 pixels apart
    corner = [0, 0, 6, 6]  # the border's padding cuts a row and a column of places off
    assert fields["4"].boxes[0, 0].tolist() == corner
    assert repr(fields).splitlines()[1:] == [
        "  2: 8 x 7 places, each sees 4 x 4 pixels",
        "  4: 4 x 4 places, each sees 8 x 8 pixels",
    ]


def test_pixels_behind_a_shut_relu_do_not_count() -> None:
    layer = nn.Conv2d(1, 1, 1)
    with ag.no_grad():
        layer.weight.fill_(1.0)
        layer.bias.fill_(0.0)
    x = ag.tensor([[[[1.0, -1.0], [-1.0, -1.0]]]])
    field = receptive_fields(nn.Sequential(layer, nn.ReLU()), x, ["1"])["1"]
    assert field.boxes.tolist() == [[[0, 0, 1, 1], [0, 0, 0, 0]], [[0, 0, 0, 0], [0, 0, 0, 0]]]
    assert field.size == (1, 1)


def test_a_layer_that_reads_no_pixel_has_empty_fields() -> None:
    class Constant(nn.Module):
        def forward(self, x: ag.Tensor) -> ag.Tensor:
            return ag.ones(len(x), 1, 2, 2)

    fields = receptive_fields(nn.Sequential(Constant()), ag.rand(1, 1, 4, 4), ["0"])
    assert fields["0"].size == (0, 0)
    assert "no pixel reaches it" in fields._repr_html_()


def test_the_model_is_left_as_it_was() -> None:
    model = nn.Sequential(nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2), nn.Dropout(0.5))
    model(ag.rand(2, 1, 6, 6)).sum().backward()
    before = [p.grad.array.copy() for p in model.parameters()]
    x = ag.rand(1, 1, 6, 6)
    first, again = (receptive_fields(model, x, [model[2]])["2"].strengths for _ in range(2))
    np.testing.assert_array_equal(first, again)  # no dropout
    assert model.training
    for p, grad in zip(model.parameters(), before, strict=True):
        np.testing.assert_array_equal(p.grad.array, grad)
    assert x.grad is None
    assert not x.requires_grad


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"input": ag.rand(2, 2, 10, 10)}, ag.errors.ShapeError, r"one picture \(1, C, H, W\), got \(2, .*input\[:1\]"),
        ({"input": ag.zeros(1, 2, 10, 10).long()}, ag.errors.DtypeError, r"receptive_fields: .*input\.float\(\)"),
        ({"layers": "2"}, ag.errors.ArgumentError, r"layers='2', expected one path or more in a list"),
        ({"layers": []}, ag.errors.ArgumentError, r"layers=\[\], expected one path or more"),
        ({"layers": ["9"]}, ag.errors.ArgumentError, r"layer='9' is not in the model; use one of 0, 1"),
        ({"layers": ["6"]}, ag.errors.ShapeError, r"layer '6' gives shape \(1, 80\): expected maps"),
        ({"layers": ["4"], "unit": 5}, ag.errors.ArgumentError, r"unit=5, expected 0 to 4, as 4 has them"),
    ],
)
def test_what_does_not_fit(arguments: dict[str, Any], error: type[Exception], message: str) -> None:
    model = nn.Sequential(*network(ag.float32), nn.Identity(), nn.Flatten())
    given = {"input": ag.rand(1, 2, 18, 16), "layers": ["2"], **arguments}
    with pytest.raises(error, match=message):
        receptive_fields(model, **given)


def test_a_layer_has_to_run_once(fields: ReceptiveFields) -> None:
    class Twice(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.conv = nn.Conv2d(1, 1, 1)

        def forward(self, x: ag.Tensor) -> ag.Tensor:
            return self.conv(self.conv(x))

    with pytest.raises(ag.errors.ArgumentError, match=r"layer 'conv' ran more than once: expected one that runs once"):
        receptive_fields(Twice(), ag.rand(1, 1, 4, 4), ["conv"])
    with pytest.raises(KeyError, match=r"'3': expected one of '2', '4'"):
        fields["3"]


# ------------------------------------------------------------------------------------------------------------ the page


def test_a_notebook_shows_a_page_and_a_picture(fields: ReceptiveFields) -> None:
    html = fields._repr_html_()
    assert len(html.encode()) <= LIMIT
    assert html.count("<iframe") == 1
    picture = re.search(r'<img alt="([^"]*)" src="data:image/svg\+xml,', html)
    assert picture[1] == "Receptive fields of 2, 4 in a picture of 18 x 16 pixels"


def test_too_large_for_a_notebook_there_is_the_picture() -> None:
    strengths = np.random.default_rng(0).random((8, 8, 60, 60))  # where no place's field is like another's
    html = ReceptiveFields(np.zeros((1, 60, 60)), [ReceptiveField("0", np.zeros((8, 8)), strengths)])._repr_html_()
    assert "<iframe" not in html
    assert ".save('fields.html')" in html
    assert len(html.encode()) <= LIMIT


def test_the_page_follows_the_pointer_and_the_keys(chromium: Any, fields: ReceptiveFields, tmp_path: Path) -> None:
    with Window(chromium, fields.save(tmp_path / "fields.html"), size=(700, 520)) as window:
        first = window.text("#said")
        assert first == "4, row 2, column 2: 8 x 8 pixels reach it, rows 6 to 13, columns 6 to 13"
        window.page.focus("#map")
        window.press("ArrowUp", "ArrowUp", "ArrowUp", "ArrowLeft")
        assert window.text("#said") == "4, row 0, column 1: 6 x 8 pixels reach it, rows 0 to 5, columns 2 to 9"
        strokes = window.run("[...document.querySelectorAll('.light')].map((path) => path.getAttribute('d')).join('')")
        assert strokes.count("h1") == 48
        window.press("End")
        assert window.text("#said").startswith("4, row 3, column 3:")
        window.page.click("button:has-text('2')")
        assert window.run("document.querySelector('button').getAttribute('aria-pressed')") == "true"
        box = window.page.query_selector("#map svg").bounding_box()
        window.page.mouse.move(box["x"] + box["width"] * 2.5 / 7, box["y"] + box["height"] * 3.5 / 8)
        assert window.text("#said") == "2, row 3, column 2: 4 x 4 pixels reach it, rows 6 to 9, columns 4 to 7"
        frame = window.run(
            "['x', 'y', 'width', 'height'].map((n) => +document.querySelector('.field').getAttribute(n))"
        )
        assert frame == [4, 6, 4, 4]
        assert window.run("document.documentElement.scrollWidth <= innerWidth")
        assert [url for url in window.requests if not url.startswith(("file:", "data:"))] == []
        assert window.said == []


def test_without_script_there_is_the_same_picture(chromium: Any, fields: ReceptiveFields, tmp_path: Path) -> None:
    file = fields.save(tmp_path / "fields.html")
    with Window(chromium, file, java_script_enabled=False) as window:
        assert window.text("#said").startswith("4, row 2, column 2: 8 x 8 pixels")
        assert window.page.locator(".light[d*=h1]").count() > 1
        assert not window.page.is_visible("#how")


def test_what_is_in_the_page_is_data(tmp_path: Path) -> None:
    field = ReceptiveField("</script><b>", np.zeros((1, 1)), np.ones((1, 1, 2, 2)))
    page = ReceptiveFields(np.zeros((1, 2, 2)), [field]).save(tmp_path / "fields.html").read_text("utf-8")
    assert page.count("</script>") == 2
    assert "<b>" not in page
    assert "unsafe-inline" not in page


def test_without_pillow_it_says_what_to_install(fields: ReceptiveFields, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "PIL", None)
    with pytest.raises(ImportError, match="pip install pillow"):
        fields._repr_html_()
