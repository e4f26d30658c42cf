"""What notebooks show: by a real kernel, in a real Chromium, with and without scripts; small, and without side effects."""

from __future__ import annotations

import re
import sys
from html import unescape
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from urllib.parse import unquote
from xml.etree import ElementTree as ET

import numpy as np
import pytest
from browser import Window

import autograd_core as ag
import nn
from autograd_core.errors import ArgumentError
from autograd_core.viz import Stepper, draw, mimebundle, step, trace
from autograd_core.viz.notebook.heat import LEVELS, heat_map
from autograd_core.viz.notebook.markup import LIMIT

PROGRAM = """
import autograd_core as ag, nn
from autograd_core.viz import draw, step, trace
ag.manual_seed(0)
X = ag.tensor([[0.0, 0], [0, 1], [1, 0], [1, 1]])
Y = ag.tensor([[0.0], [1], [1], [0]])
W1, b1 = ag.randn(2, 3).requires_grad_(), ag.zeros(3, requires_grad=True)
W2, b2 = ag.randn(3, 1).requires_grad_(), ag.zeros(1, requires_grad=True)
h = (X @ W1 + b1).tanh()
p = (h @ W2 + b2).sigmoid()
loss = ((p - Y) ** 2).mean()
"""
CELLS = [PROGRAM, "W1", "h", "draw(loss)", "step(loss)", "trace(loss)", "nn.Sequential(nn.Linear(2, 3), nn.Tanh())"]


def xor() -> ag.Tensor:
    known: dict[str, Any] = {}
    exec(PROGRAM, known)
    loss: ag.Tensor = known["loss"]
    return loss


def html(x: Any) -> str:
    return mimebundle(x)["text/html"]


def pictures(text: str) -> list[str]:
    """The SVG of each image, which must be well-formed."""
    found = [unquote(unescape(url)) for url in re.findall(r'src="data:image/svg\+xml,([^"]*)"', text)]
    for svg in found:
        ET.fromstring(svg)
    return found


def sanitised(text: str) -> str:
    """What is left where nothing is trusted: neither scripts nor frames nor style."""
    text = re.sub(r"<(iframe|script|style)\b.*?</\1>", "", text, flags=re.DOTALL)
    return re.sub(r' (?:style|class)="[^"]*"', "", text)


# -------------------------------------------------------------------------------------------------------------- what is there


def test_a_stepper_is_a_page_a_picture_and_its_steps_as_text() -> None:
    shown = mimebundle(step(xor()))
    assert sorted(shown) == ["text/html", "text/plain"]
    assert shown["text/plain"].startswith("Backward starts with the gradient 1 at loss.")
    assert shown["text/html"].count('<iframe class="ag-page" sandbox="allow-scripts"') == 1
    (picture,) = pictures(shown["text/html"])
    assert "loss" in picture
    assert 20_000 < len("".join(shown.values())) < LIMIT


def test_a_trace_is_shown_as_its_stepper() -> None:
    made = trace(xor())
    assert made._repr_mimebundle_() == mimebundle(Stepper(made))
    assert repr(made) == f"<Trace of loss: {len(made.nodes)} tensors, {len(made.steps)} steps>"


def test_a_drawing_is_an_image_and_its_svg() -> None:
    drawing = draw(xor())
    shown = drawing._repr_mimebundle_()
    assert shown["image/svg+xml"] == drawing.svg
    assert shown["text/plain"] == repr(drawing)
    assert "<iframe" not in shown["text/html"]
    assert len(pictures(shown["text/html"])) == 1


def test_large_arrays_become_statistics() -> None:
    with ag.no_grad():
        net, x = nn.models.LeNet5(), ag.randn(1, 1, 28, 28)
    text = html(step(net, x))
    assert "<iframe" in text
    assert len(text) <= LIMIT


def test_what_is_too_large_for_a_notebook_is_a_picture_and_says_so() -> None:
    x = ag.tensor(1.0, requires_grad=True)
    y = x
    for _ in range(900):
        y = (y * x).tanh()
    shown = mimebundle(step(y))
    assert "<iframe" not in shown["text/html"]
    assert "is too large for a notebook: <code>step(...).save('steps.html')</code> writes it" in shown["text/html"]
    assert len(pictures(shown["text/html"])) == 1
    assert shown["text/plain"] == "<Stepper at 0 of 2700, by edge>; .explain() lists its 2700 steps"


def test_a_tensor_shows_its_numbers_and_how_it_came_about() -> None:
    x = ag.tensor([[1.0, -2.0], [0.5, 4.0]], requires_grad=True)
    h = x * x
    shown = mimebundle(h)
    assert shown["text/plain"] == repr(h)
    assert "<b>Tensor</b> 2 × 2, float32, made by <code>mul</code> in <code>x * x</code>" in shown["text/html"]
    assert "Values: min 0.25, mean 5.312, max 16, norm 16.52" in shown["text/html"]
    assert "How it was computed: 1 operation<" in shown["text/html"]
    assert len(pictures(shown["text/html"])) == 2
    assert h._repr_html_() == shown["text/html"]


def test_a_leaf_shows_its_gradient_when_there_is_one() -> None:
    w = ag.tensor([1.0, -2.0], requires_grad=True)
    assert "requires a gradient, none computed yet" in html(w)
    (w * w).sum().backward()
    assert "Gradient: min -4, mean -1, max 2" in html(w)
    assert "none computed" not in html(w)
    assert len(pictures(html(w))) == 2
    assert "<b>Parameter</b> 2" in html(nn.Parameter(ag.ones(2)))


@pytest.mark.parametrize(
    ("t", "says"),
    [
        (ag.tensor(3.0), "one number, float32"),
        (ag.zeros(0, 3), "0 × 3, float32"),
        (ag.tensor([True, False]), "mean 0.5"),
        (ag.arange(5), "max 4"),
        (ag.tensor([1.0, float("nan"), float("inf")], dtype=ag.float64), "<b>2 not finite</b>"),
    ],
)
def test_tensors_of_every_kind(t: ag.Tensor, says: str) -> None:
    text = html(t)
    assert says in text
    assert len(pictures(text)) == (t.numel() > 1)


def test_a_long_text_is_folded_away() -> None:
    assert "<details><summary>As text" in html(ag.randn(30, 20, 3))
    assert len(html(ag.randn(300, 300))) < LIMIT


def test_a_module_is_a_table() -> None:
    net = nn.Sequential(nn.Linear(2, 3), nn.Sequential(nn.Tanh(), nn.Linear(3, 1)))
    net[1][1].requires_grad_(False)
    net(ag.ones(1, 2)).sum().backward()
    text = html(net)
    assert "<b>Sequential</b>: 13 numbers in 4 parameters, 4 of them frozen." in text
    cells = [re.findall(r"<td[^>]*>(.*?)</td>", row) for row in re.findall(r"<tr>(.*?)</tr>", text)[1:]]
    names = [row[0].replace("\N{NO-BREAK SPACE}", " ") for row in cells]
    assert names == ["model", "    0", "    1", "        0", "        1"]
    norm = np.sqrt(sum(np.square(p.grad.array).sum() for p in net[0].parameters()))
    assert cells[1][2:4] == ["weight 3×2, bias 3", "9"]
    assert float(cells[1][5]) == pytest.approx(norm, rel=1e-3)
    assert cells[4][5] == "frozen"
    assert "not computed" in html(nn.Linear(1, 1))
    assert net._repr_html_() == text


def test_a_shared_parameter_counts_once_and_long_lists_end() -> None:
    shared = nn.Linear(2, 2)
    other = nn.Linear(2, 2)
    other.weight = shared.weight
    assert "8 numbers in 3 parameters" in html(nn.Sequential(shared, other))
    assert "51 more modules are not shown" in html(nn.Sequential(*[nn.Tanh() for _ in range(150)]))


def test_a_lazy_module_has_no_numbers_yet() -> None:
    lazy = nn.LazyLinear(3)
    text = html(lazy)
    assert "0 numbers in 0 parameters, 2 that get their shapes from the first input" in text
    assert "weight ?, bias ?" in text
    assert "UninitializedParameter" in html(lazy.weight)


def test_markup_in_a_program_stays_text() -> None:
    class Odd(nn.Module):
        def extra_repr(self) -> str:
            return "<script>alert(1)</script>"

    assert "<script>alert" not in html(Odd())
    w = ag.tensor([1.0, 2.0], requires_grad=True)
    drawing = draw(w * w, names={"<img src=x onerror='alert(1)'>": w})
    assert "<img src=x" not in html(drawing)
    pictures(html(drawing))


def test_other_things_are_refused() -> None:
    with pytest.raises(ArgumentError, match=r"mimebundle: x is a int: expected a Tensor, a Module, or what draw"):
        mimebundle(3)  # type: ignore[arg-type]


def test_a_terminal_gets_text_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    formatter = SimpleNamespace(active_types=["text/plain"])
    shell = SimpleNamespace(display_formatter=formatter)
    monkeypatch.setitem(sys.modules, "IPython", SimpleNamespace(get_ipython=lambda: shell))
    for x in (step(xor()), trace(xor()), draw(xor())):
        assert list(x._repr_mimebundle_()) == ["text/plain"]
    formatter.active_types = ["text/html", "text/plain"]
    assert "text/html" in draw(xor())._repr_mimebundle_()


def test_cells_have_the_names_that_a_reader_knows(monkeypatch: pytest.MonkeyPatch) -> None:
    file = "/somewhere/ipykernel_12/3456.py"  # under such names a kernel compiles cells
    cells = SimpleNamespace(format_code_name=lambda name: ("Cell", "In[7]") if name == file else None)
    shell = SimpleNamespace(get_ipython=lambda: SimpleNamespace(compile=cells))
    known: dict[str, Any] = {}
    exec(
        compile("import autograd_core as ag\nw = ag.ones(2, requires_grad=True)\ny = (w * w).sum()", file, "exec"),
        known,
    )
    assert "3456.py:3" in Stepper(known["y"]).explain(known["w"])
    assert f"{file}:3" in known["y"].node.line
    monkeypatch.setitem(sys.modules, "IPython", shell)
    made = Stepper(known["y"])
    assert "In[7]:3" in made.explain(known["w"])
    assert made.trace.as_dict()["files"][0]["path"] == "In[7]"
    assert known["y"].node.line.startswith("In[7]:3")


# ------------------------------------------------------------------------------------------------------------ what is not done


def test_showing_changes_nothing() -> None:
    loss = xor()
    state = ag.default_generator.get_state()
    before = html(loss)
    html(step(loss))
    assert html(loss) == before
    assert ag.default_generator.get_state() == state
    loss.backward()  # its graph is still there


def test_a_program_s_own_code_is_not_run_unasked() -> None:
    ran = []

    class Square(ag.autograd.Function):
        @staticmethod
        def forward(ctx: Any, x: ag.Tensor) -> ag.Tensor:
            ctx.save_for_backward(x)
            return x * x

        @staticmethod
        def backward(ctx: Any, g: ag.Tensor) -> ag.Tensor:
            ran.append(g)
            (x,) = ctx.saved_tensors
            return 2 * g * x

    x = ag.tensor([1.0, 2.0], requires_grad=True)
    text = html(Square.apply(x) + 1)
    assert not ran
    assert "<code>draw(...)</code> shows it" in text
    block = ag.utils.checkpoint.checkpoint(lambda t: ran.append(t) or t * t, x, use_reentrant=False)
    del ran[:]
    html(block + 1)
    assert not ran


def test_a_large_graph_is_not_drawn_unasked() -> None:
    x = ag.ones(2, requires_grad=True)
    y = x
    for _ in range(70):
        y = y * x
    assert "The graph has 70 operations" in html(y)
    assert "<details" not in html(ag.ones(1100, 1000, requires_grad=True) * 2)


# ----------------------------------------------------------------------------------------------------------------- heat maps


def test_a_heat_map_has_a_cell_for_each_entry() -> None:
    svg, says = heat_map(np.array([[-1.0, 0.0, 0.5], [1.0, np.nan, -0.001]]))
    assert says == "Heat map of 2 rows of 3"
    paths = {p.get("stroke-opacity"): p for p in ET.fromstring(svg) if p.tag.endswith("path")}
    assert paths["1.00"].get("d") == "M0 1.5h1"  # of the positive ones, which come last
    assert paths[f"{(0.5 * LEVELS / LEVELS) ** 0.5:.2f}"].get("d") == "M2 0.5h1"
    assert svg.count("#b71c26") == 1
    assert "M0.3 0.5h0.4" in svg  # a dash in what is negative


def test_a_large_heat_map_is_of_block_means() -> None:
    svg, says = heat_map(np.ones((100, 100), np.float32))
    assert says == "Heat map of means of 20 x 40 blocks"
    assert len(svg) < 1000  # equal neighbours are one stroke
    with pytest.raises(ValueError, match="a has no entries"):
        heat_map(np.ones((0, 3)))


# ----------------------------------------------------------------------------------------------------------------- a notebook


@pytest.fixture(scope="module")
def outputs(tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, str]]:
    """What the cells of a notebook show, by a real kernel."""
    pytest.importorskip("ipykernel")
    nbformat, nbclient = pytest.importorskip("nbformat"), pytest.importorskip("nbclient")
    spec = pytest.importorskip("jupyter_client.kernelspec")
    folder = tmp_path_factory.mktemp("kernel")
    with pytest.MonkeyPatch.context() as patch:
        for name in ("IPYTHONDIR", "JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR"):
            patch.setenv(name, str(folder))
        patch.setenv("PYTHONPATH", str(Path(__file__).parents[1]))
        if "python3" not in spec.KernelSpecManager().find_kernel_specs():
            pytest.skip("no Python kernel is installed")
        cells = [nbformat.v4.new_code_cell(text) for text in CELLS]
        nb = nbformat.v4.new_notebook(cells=cells)
        nbclient.NotebookClient(nb, timeout=60, kernel_name="python3").execute()
    return [cell.outputs[0].data for cell in nb.cells[1:]]


def test_the_cells_of_a_notebook(outputs: list[dict[str, str]]) -> None:
    leaf, h, drawing, stepper, made, module = outputs
    assert leaf["text/plain"].startswith("tensor([[")
    assert "W1" in h["text/html"]
    assert "Out[" not in h["text/html"]  # the names are those of the notebook's variables
    assert set(drawing) == {"text/html", "text/plain", "image/svg+xml"}
    assert stepper["text/html"] == made["text/html"]
    assert "<table>" in module["text/html"]
    assert all(len(shown["text/html"]) < LIMIT for shown in outputs)


def page_of(outputs: list[dict[str, str]], path: Path, change: Any = str) -> Path:
    path.write_text("<!doctype html><meta charset=utf-8>" + "".join(change(o["text/html"]) for o in outputs), "utf-8")
    return path


def test_trusted_the_page_steps(chromium: Any, outputs: list[dict[str, str]], tmp_path: Path) -> None:
    with Window(chromium, page_of(outputs, tmp_path / "trusted.html"), size=(900, 2600)) as window:
        frame = window.page.query_selector("iframe").content_frame()
        window.page.query_selector("iframe").scroll_into_view_if_needed()
        frame.wait_for_selector(".box")
        frame.click("#next-step")
        assert "loss" in frame.inner_text("#panel")
        assert frame.inner_text("#taken").startswith("1 of ")
        seen = frame.evaluate("""() => [...document.querySelectorAll('.box')].filter((b) => {
            const r = b.getBoundingClientRect(); return r.width > 20 && r.top > 0 && r.bottom < innerHeight}).length""")
        assert seen > 1
        assert not window.page.is_visible(".ag-picture")
        assert window.page.evaluate("[...document.images].every((i) => i.complete && i.naturalWidth > 10)")
        assert [url for url in window.requests if not url.startswith(("file:", "about:", "data:"))] == []
        assert window.said == []


def test_a_frame_that_is_hidden_at_first(chromium: Any, outputs: list[dict[str, str]], tmp_path: Path) -> None:
    hide = lambda text: f"<div id=tab style='display: none'>{text}</div>".replace('loading="lazy"', "")
    with Window(chromium, page_of(outputs[3:4], tmp_path / "hidden.html", hide)) as window:
        frame = window.page.query_selector("iframe").content_frame()
        frame.wait_for_selector(".box", state="attached")
        window.run("document.querySelector('#tab').style.display = 'block'")
        window.page.wait_for_timeout(200)
        assert frame.evaluate("document.querySelector('.box').getBoundingClientRect().width") > 20


@pytest.mark.parametrize("dark", [False, True])
def test_untrusted_there_are_pictures(chromium: Any, outputs: list[dict[str, str]], tmp_path: Path, dark: bool) -> None:
    file = page_of(outputs, tmp_path / "untrusted.html", sanitised)
    options = {"java_script_enabled": False, "color_scheme": "dark" if dark else "light"}
    with Window(chromium, file, **options) as window:
        images = window.page.query_selector_all("img")
        assert len(images) == 6  # a heat map; another and a graph; the drawing; one of the stepper, and of the trace
        for shown in images:
            assert shown.is_visible() or shown.evaluate("(i) => i.closest('details:not([open])') !== null")
            assert shown.evaluate("(i) => i.complete && i.naturalWidth > 10 && i.alt.length > 10")
        assert all(shown.is_visible() for shown in images[-3:])
        assert window.page.query_selector("iframe") is None
