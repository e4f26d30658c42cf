"""What the pages of docs show is run, and what they say of the code is so."""

from __future__ import annotations

import re
from collections.abc import Iterator
from importlib import import_module
from operator import attrgetter
from pathlib import Path
from typing import Any

import numpy as np
import page_blocks
import pytest
from page_blocks import Block
from test_faces import FACES

import autograd_core as ag
from autograd_core.version import __version__
from docs import architecture, errors

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"


RUN = ["extend", "guide_autograd_core", "guide_nn", "guide_optim", "guide_viz", "life_of_a_product", "tour", "tuning"]


@pytest.mark.parametrize("name", RUN)
def test_python_blocks_print_what_stands_below_them(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    known = set(ag.PRIMITIVES)
    page_blocks.run(DOCS / f"{name}.md")
    for declared in ag.PRIMITIVES.keys() - known:  # other tests walk the registry
        del ag.PRIMITIVES[declared]


# ------------------------------------------------------------------------------------------------------- side by side


def pairs(page: Path) -> Iterator[tuple[Block, Block]]:
    """The programs in tables of two columns, row by row."""
    text = page.read_text("utf-8")
    tables = re.finditer(r'<table class="side-by-side">.*?</table>', text, re.DOTALL)
    lines = {n for t in tables for n in range(text[: t.start()].count("\n"), text[: t.end()].count("\n"))}
    programs = [block for block in page_blocks.blocks(page) if block.line in lines]
    return zip(programs[::2], programs[1::2], strict=True)


def values(known: dict[str, Any]) -> dict[str, Any]:
    """What a program computed: its arrays, tensors, numbers and shapes, by name."""
    found = {}
    for name, value in known.items():
        if hasattr(value, "requires_grad"):
            found[name] = value.detach().numpy()
        elif isinstance(value, np.ndarray | np.number | float | tuple):
            found[name] = value
    return found


def compare(page: Path, left: dict[str, Any], right: dict[str, Any]) -> None:
    """Run both columns of *page*, and compare after each row what has one name."""
    compared: set[str] = set()
    for one, other in pairs(page):
        page_blocks.execute(page, one, left)
        page_blocks.execute(page, other, right)
        here, there = values(left), values(right)
        for name in here.keys() & there.keys():
            assert np.shape(here[name]) == np.shape(there[name]), f"{page.name}:{one.line}: {name}"
            np.testing.assert_allclose(
                here[name], there[name], rtol=1e-5, atol=1e-7, err_msg=f"{page.name}:{one.line}: {name}"
            )
            compared.add(name)
    assert len(compared) > 5


def test_numpy_and_ours_compute_the_same() -> None:
    compare(DOCS / "from_numpy.md", {}, {})


def test_pytorch_and_ours_compute_the_same(torch: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    compare(DOCS / "from_pytorch.md", {"__name__": "__main__"}, {})


def test_names_for_those_of_numpy() -> None:
    rows = re.findall(
        r"^\| `np\.([\w.]+)` \| `ag\.([\w.]+)` \|$", (DOCS / "from_numpy.md").read_text("utf-8"), re.MULTILINE
    )
    assert len(rows) >= 20
    for theirs, ours in rows:
        assert callable(attrgetter(theirs)(np)), theirs
        assert callable(attrgetter(ours)(ag)), ours


# ---------------------------------------------------------------------------------------------------------- generated


@pytest.mark.parametrize("name", ["errors", "performance"])
def test_a_page_is_up_to_date(name: str) -> None:
    module = import_module(f"docs.{name}")
    assert module.PATH.read_text("utf-8") == module.page(), f"make docs-{name}"


@pytest.mark.parametrize("package", architecture.PACKAGES)
def test_a_drawing_of_a_package_is_up_to_date(package: str) -> None:
    found = (architecture.FOLDER / f"parts-{package}.svg").read_text("utf-8")
    assert found == architecture.drawing(package), "make docs-architecture"
    place = {part: i for i, row in enumerate(architecture.levels(package)) for part in row}
    assert all(place[part] > place[other] for part, wants in architecture.needs(package).items() for other in wants)


def test_every_error_has_an_example_that_raises_it() -> None:
    classes = {name for name in ag.errors.__all__ if isinstance(getattr(ag.errors, name), type)} - {"AutogradError"}
    assert set(errors.EXAMPLES) == classes
    for name, programs in errors.EXAMPLES.items():
        for program in programs:
            assert errors.message(program)[0].__name__ == name, program


# -------------------------------------------------------------------------------------------------------- what is where


def test_every_page_is_listed() -> None:
    """In docs/README.md, for who reads the repository; and in the site, where Sphinx says so itself."""
    listed = set(re.findall(r"\]\(([\w/]+\.(?:md|rst))\)", (DOCS / "README.md").read_text("utf-8")))
    assert {path.name for path in DOCS.glob("*.md")} - {"README.md", "index.md"} <= listed


@pytest.mark.parametrize("page", sorted([*DOCS.glob("*.md"), *ROOT.glob("*.md")]), ids=lambda page: page.stem)
def test_links_lead_to_files(page: Path) -> None:
    links = re.findall(r"\]\((?!https?:|#)([^)#\s]+)", page_blocks.FENCE.sub("", page.read_text("utf-8")))
    assert not [link for link in links if not (page.parent / link).exists()]


def test_the_reference_has_every_face() -> None:
    pages = [page.read_text("utf-8") for page in (DOCS / "api").glob("*.rst")]
    shown = set(re.findall(r"^\.\. face:: (\S+)$", "\n".join(pages), re.MULTILINE))
    assert {face.__name__ for face in FACES} <= shown, "add a page to docs/api, and its name to docs/api/index.md"


def test_the_citation_has_the_version() -> None:
    assert f"\nversion: {__version__}\n" in (ROOT / "CITATION.cff").read_text("utf-8")
