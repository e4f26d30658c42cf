"""The notebooks: kept without outputs, all of one build, with links that lead somewhere; and each runs to its end."""

from __future__ import annotations

import ast
import re
import sys
from pathlib import Path
from typing import Any

import pytest

nbformat = pytest.importorskip("nbformat")
pytest.importorskip("nbclient")
from autograd_core.viz.notebook.markup import LIMIT  # noqa: E402
from docs import notebooks  # noqa: E402

ROOT = Path(__file__).parents[1]
PATHS = notebooks.paths()
QUICK = {"00", "01", "02", "06"}  # the numbers of those that take a few seconds: they run with the other tests
MAGIC = re.compile(r"^%.*$", re.MULTILINE)  # what is said to IPython, such as the format of pictures
LINK = re.compile(r"\]\(([^)\s]+)\)")
COMPILING = "autograd_core: compiling kernels once, a few seconds...\n"  # where no notebook has run yet
OURS = {"autograd_core", "nn", "optim"}
OTHERS = {"IPython", "matplotlib", "numpy", "optuna", "sklearn"}  # and the standard library
TESTS = {"pytest", "samples"}  # which 15 runs on its own operation

each = pytest.mark.parametrize("path", PATHS, ids=lambda path: path.stem[:2])


def cells(path: Path) -> list[Any]:
    return list(nbformat.read(path, as_version=4).cells)


def markdown(path: Path) -> str:
    return "\n\n".join(cell.source for cell in cells(path) if cell.cell_type == "markdown")


def code(path: Path) -> list[str]:
    return [cell.source for cell in cells(path) if cell.cell_type == "code"]


# --------------------------------------------------------------------------------------------------------------- form


def test_they_are_numbered() -> None:
    names = [path.stem for path in PATHS]
    assert all(re.fullmatch(r"\d\d(_[a-z0-9]+)+", name) for name in names), names
    assert [int(name[:2]) for name in names] == list(range(len(names)))


@each
def test_it_is_kept_without_outputs(path: Path) -> None:
    nbformat.validate(nbformat.read(path, as_version=4))
    text = notebooks.normal(nbformat.read(path, as_version=4))
    assert path.read_text("utf-8") == text, f"python -m docs.notebooks --strip {path.stem[:2]}"


@each
def test_it_begins_with_its_question(path: Path) -> None:
    first, second = cells(path)[:2]
    assert first.cell_type == "markdown"
    assert re.match(rf"# {path.stem[:2]} \S", first.source), "the first line is `# NN Title`"
    assert "?" in first.source, "the question that it answers"
    assert "../docs/" in first.source, "a link to the lessons or to the reference"
    assert second.cell_type == "code"
    assert "import autograd_core as ag" in second.source
    assert re.search(r"^ag\.manual_seed\(\d+\);?$", second.source, re.MULTILINE)


@each
def test_it_invites_and_asks_and_says_where_to_go_on(path: Path) -> None:
    found = cells(path)
    assert 2 <= len(re.findall(r"\bTry it\b", markdown(path))) <= 6
    heading = next(i for i, cell in enumerate(found) if re.search(r"^## Quiz", cell.source, re.MULTILINE))
    asking = [cell.source for cell in found[heading:] if cell.cell_type == "code" and "ask(" in cell.source]
    assert 3 <= len(asking) <= 5, "questions of the quiz"
    assert all(re.search(r"^\w+ = None", source, re.MULTILINE) for source in asking), "answers are left to the reader"
    assert found[-1].cell_type == "markdown"
    assert found[-1].source.startswith("## Where to go on")
    assert LINK.search(found[-1].source)


@each
def test_links_lead_somewhere(path: Path) -> None:
    links = [link.partition("#")[0] for link in LINK.findall(markdown(path)) if not link.startswith(("https:", "#"))]
    assert not [link for link in links if not (path.parent / link).exists()]


@each
def test_it_names_no_place_on_one_machine(path: Path) -> None:
    text = "\n".join(cell.source for cell in cells(path))
    found = re.findall(r"(?<![\w.])/(?:home|root|tmp|Users|work)/\S*|\b[A-Z]:\\Users\S*", text)
    assert not found


@each
def test_it_imports_public_names_only(path: Path) -> None:
    wrong = []
    for source in code(path):
        for node in ast.walk(ast.parse(MAGIC.sub("", source))):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            names += [str(node.module)] if isinstance(node, ast.ImportFrom) else []
            wrong += [name for name in names if not allowed(name)]
            if isinstance(node, ast.ImportFrom) and str(node.module).partition(".")[0] in OURS:
                wrong += [alias.name for alias in node.names if alias.name.startswith("_")]
    assert not wrong


def allowed(module: str) -> bool:
    top = module.partition(".")[0]
    return top in OURS | OTHERS | TESTS | set(sys.stdlib_module_names) and "._" not in module


# ---------------------------------------------------------------------------------------------------------------- run


@pytest.mark.parametrize(
    "path",
    [pytest.param(path, marks=() if path.stem[:2] in QUICK else pytest.mark.slow, id=path.stem[:2]) for path in PATHS],
)
def test_it_runs(path: Path) -> None:
    """To the end, with the quiz unanswered: without warnings, with a picture, and with outputs that a file can carry."""
    outputs = [output for cell in notebooks.executed(path).cells for output in cell.get("outputs", [])]
    said = [output.text for output in outputs if output.output_type == "stream" and output.name == "stderr"]
    assert not [text for text in said if text != COMPILING]
    data = [output.data for output in outputs if "data" in output]
    assert any(kind.startswith("image/") for each in data for kind in each), "its picture"
    sizes = [len(str(text)) for each in data for kind, text in each.items() if kind.startswith("text/")]
    assert max(sizes) <= LIMIT


@pytest.mark.parametrize(
    ("source", "says"), [("1 / 0", "ZeroDivisionError"), ("x = 1\nraise SystemExit('over')", "SystemExit")]
)
def test_a_cell_that_fails_is_named(source: str, says: str, tmp_path: Path) -> None:
    made = nbformat.v4.new_notebook(
        cells=[
            nbformat.v4.new_markdown_cell("# T"),
            nbformat.v4.new_code_cell("y = 2"),
            nbformat.v4.new_code_cell(source),
        ]
    )
    path = tmp_path / "77_wrong.ipynb"
    nbformat.write(made, path)
    with pytest.raises(notebooks.NotebookError, match=rf"(?s)77_wrong\.ipynb, cell 2: .*{says}"):
        notebooks.executed(path)


def test_the_command_names_what_is_there(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        notebooks.main(["no_such"])
    assert "no notebook begins with no_such; there are " in capsys.readouterr().err
