"""What docs/site adds to Sphinx: formulas, the reference, links to the source; on a site of three pages, without a network."""

from __future__ import annotations

import importlib
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from browser import Window, launched

import nn

for needed in ("furo", "latex2mathml", "myst_nb"):
    pytest.importorskip(needed, reason="pip install -e '.[docs]'")
sphinx = pytest.importorskip("sphinx.application", reason="pip install -e '.[docs]'")
reference = pytest.importorskip("docs.site.reference")

ROOT = Path(__file__).parents[1]
CONF = """\
import sys
sys.path.insert(0, {root!r})
project = "small"
root_doc = "docs/index"
include_patterns = ["docs/*"]
extensions = ["sphinx.ext.autodoc", "sphinx.ext.viewcode", "myst_nb"]
extensions += ["docs.site.mathematics", "docs.site.reference", "docs.site.sources"]
myst_enable_extensions = ["dollarmath"]
nb_execution_mode = "off"
autodoc_typehints = "none"
html_theme = "furo"
html_show_search_summary = False
"""
INDEX = """\
# Small

The root $\\sqrt{x}$, and in a table $`\\arg x`$:

$$\\frac{\\partial L}{\\partial w} = \\sum_i g_i x_i$$

The [source of initialisation](../nn/init.py).

```{toctree}
init
errors
```
"""
FACE = """\
{face}
{line}

.. face:: {face}
"""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("small")
    (folder / "docs").mkdir()
    (folder / "nn").mkdir()
    (folder / "nn" / "init.py").write_bytes((ROOT / "nn" / "init.py").read_bytes())
    (folder / "conf.py").write_text(CONF.format(root=str(ROOT)))
    (folder / "docs" / "index.md").write_text(INDEX)
    for name, face in (("init", "nn.init"), ("errors", "autograd_core.errors")):
        (folder / "docs" / f"{name}.rst").write_text(FACE.format(face=face, line="=" * len(face)))
    out = folder / "out"
    app = sphinx.Sphinx(
        str(folder), str(folder), str(out), str(folder / "doctrees"), "html", status=None, warningiserror=True
    )
    app.build()
    assert app.statuscode == 0
    return out


def page(site: Path, name: str) -> str:
    return (site / "docs" / f"{name}.html").read_text("utf-8")


def test_formulas_are_mathml(site: Path) -> None:
    text = page(site, "index")
    assert text.count("<math") == 3
    assert "<msqrt>" in text
    assert "<mfrac>" in text
    assert "`" not in "".join(re.findall(r"<math.*?</math>", text, re.DOTALL))
    assert "MathJax" not in text


def test_cases_have_a_drawn_brace() -> None:
    from docutils import nodes

    from docs.site.mathematics import mathml

    made = mathml(nodes.math(text=r"\begin{cases} a & b \\ c & d \end{cases}"), "inline")
    assert '<mtable class="cases">' in made
    assert "{" not in made
    assert "&#x0007B;" not in made


def test_a_formula_that_cannot_be_shown_is_a_warning() -> None:
    from docutils import nodes

    from docs.site.mathematics import mathml

    with pytest.MonkeyPatch.context() as patch:
        said: list[Any] = []
        patch.setattr("docs.site.mathematics.LOGGER.warning", lambda *args, **_: said.append(args))
        mathml(nodes.math(text=r"\nosuchcommand x"), "inline")
    assert r"\nosuchcommand x" in said[0]


def test_the_reference_has_every_name_once(site: Path) -> None:
    text = page(site, "init")
    assert all(f'id="nn.init.{name}"' in text for name in nn.init.__all__)
    assert " ".join((nn.init.zeros_.__doc__ or "").split()[:3]) in text
    assert "[source]" in text


def test_every_name_is_on_one_page() -> None:
    found: list[tuple[str, str]] = []
    for path in sorted(reference.PAGES.glob("*.rst")):
        for name, body in re.findall(r"^\.\. face:: (\S+)\n((?: .*\n)*)", path.read_text("utf-8"), re.MULTILINE):
            options = dict(re.findall(r":(\w+):([^:]*)", body))
            face = importlib.import_module(name)
            chosen = reference.chosen(face, options.get("of", ""), options.get("without", ""))
            found += ((name, one) for one, _ in chosen)
    faces = map(importlib.import_module, reference.faces())
    names = [(face.__name__, one) for face in faces for one, _ in reference.chosen(face, "", "")]
    assert not set(names) - set(found), "name the files of these on a page of docs/api"
    assert len(found) == len(set(found)), "on two pages of docs/api"


def test_what_a_layer_calls_is_no_method_of_it() -> None:
    assert reference.is_borrowed(vars(nn.Conv2d)["function"])
    assert not reference.is_borrowed(vars(nn.Module)["add_module"])


def test_errors_and_values_have_headings_of_their_own(site: Path) -> None:
    text = page(site, "errors")
    assert re.search(r"<h2>Errors<", text)
    assert re.search(r"<h2>Values<", text)
    assert "Bases:" in text


def test_a_link_to_a_file_leads_to_its_source(site: Path) -> None:
    assert 'href="../_modules/nn/init.html"' in page(site, "index")
    assert (site / "_modules" / "nn" / "init.html").exists()
    assert not (site / "_downloads").exists()


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with launched() as found:
        yield found


def test_it_needs_no_network_and_its_search_no_server(site: Path, browser: Any) -> None:
    with Window(browser, site / "docs" / "init.html") as window:
        window.page.fill("input[name=q]", "kaiming_uniform_")
        window.page.keyboard.press("Enter")
        window.page.wait_for_selector("#search-results li")
        assert "nn.init.kaiming_uniform_" in window.text("#search-results")
        assert all(url.startswith(("file:", "data:")) for url in window.requests)
        assert not window.said
