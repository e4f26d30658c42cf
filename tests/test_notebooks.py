"""The notebooks: kept without outputs, all of one build, with links that lead somewhere; each runs, and takes answers."""

from __future__ import annotations

import ast
import re
import sys
from pathlib import Path
from typing import Any

import pytest

nbformat = pytest.importorskip("nbformat")
pytest.importorskip("nbclient")
from answers_to_notebooks import ANSWERS  # noqa: E402

from autograd_core.viz.notebook.markup import LIMIT  # noqa: E402
from docs import notebooks  # noqa: E402

ROOT = Path(__file__).parents[1]
PATHS = notebooks.paths()
QUICK = {"00", "01", "02", "06"}  # the numbers of those that take a few seconds: they run with the other tests
MAGIC = re.compile(r"^%.*$", re.MULTILINE)  # what is said to IPython, such as the format of pictures
OPEN = re.compile(r"^(?P<name>\w+) = None  # (?P<expected>\S.*)$|^def \w+\(.*\):\n    return None$")  # for the reader
LETTER = re.compile(r"^- ([a-z])\) ", re.MULTILINE)
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


def exercises(path: Path) -> list[tuple[Any, Any, Any]]:
    """Return of each exercise the cell with its question, the reader's, and the one that compares the answer."""
    found = cells(path)
    return [(found[i - 2], found[i - 1], found[i]) for i in range(len(found)) if asked(found[i])]


def asked(cell: Any) -> list[ast.Call]:
    """Return the calls of ``ask`` in a cell."""
    if cell.cell_type != "code":
        return []
    nodes = ast.walk(ast.parse(MAGIC.sub("", cell.source)))
    return [node for node in nodes if isinstance(node, ast.Call) and ast.unparse(node.func) == "ask"]


def is_folded(cell: Any) -> bool:
    return notebooks.FOLDED in cell.metadata.get("tags", []) and cell.metadata.jupyter.source_hidden


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
    assert 3 <= sum(map(len, map(asked, found[heading:]))) <= 5, "questions of the quiz"
    assert found[-1].cell_type == "markdown"
    assert found[-1].source.startswith("## Where to go on")
    assert LINK.search(found[-1].source)


@each
def test_answers_are_left_to_the_reader(path: Path) -> None:
    """A cell to write in, that says what is expected; below it, folded, the one that compares, and has the right answer."""
    for question, yours, compares in exercises(path):
        assert question.cell_type == "markdown"
        assert yours.cell_type == "code"
        assert OPEN.search(yours.source), yours.source
        assert not is_folded(yours)
        assert is_folded(compares), compares.source
        assert len(asked(compares)) == 1
        assert compares.source.startswith("# Run this cell to compare your answer.\n"), (
            "what stands there when it is folded"
        )
    first = markdown(path).partition("Shift+Enter twice")
    assert first[1], "how to answer"
    assert "folded cell below it" in first[0] + first[2][:99]


@each
def test_no_solution_is_open(path: Path) -> None:
    """What a reader is to write stands in folded cells and under "Solution" only."""
    seen = [
        re.sub(r"<details>.*?</details>", "", cell.source, flags=re.DOTALL)
        for cell in cells(path)
        if not is_folded(cell)
    ]
    for right, _ in ANSWERS[path.stem[:2]]:
        lines = [line.strip() for line in right.splitlines() if re.search("[A-Za-z]{2}|[A-Z]", line)]
        given = [line for line in lines for text in seen if f"= {line}\n" in text]
        assert not given


def test_letters_are_spread() -> None:
    """Nobody shall pass a quiz by one letter: choices by letter differ in a notebook, and over all of them."""
    over_all = set()
    for path in PATHS:
        letters = []
        for (question, _, compares), (right, _) in zip(exercises(path), ANSWERS[path.stem[:2]], strict=True):
            if re.fullmatch(r'"[a-z]"', right):
                letters.append(ast.literal_eval(right))
                (choices,) = (each.value for each in asked(compares)[0].keywords if each.arg == "choices")
                assert list(ast.literal_eval(choices)) == LETTER.findall(question.source)
        assert len(letters) < 2 or len(set(letters)) > 1, path.stem
        over_all |= set(letters)
    assert over_all == {"a", "b", "c"}


@each
def test_choices_stand_in_the_question(path: Path) -> None:
    for question, yours, compares in exercises(path):
        for keyword in asked(compares)[0].keywords:
            if keyword.arg == "choices":
                choices = ast.literal_eval(keyword.value)
                assert all(f'"{choice}"' in question.source or f"- {choice}) " in question.source for choice in choices)
                assert "in quotes" in yours.source


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
def test_it_runs_and_then_takes_answers(path: Path, tmp_path: Path) -> None:
    """To the end, with the quiz unanswered: without warnings, with a picture, and with outputs that a file can carry.

    And whoever goes back to an exercise then, runs its two cells only: a wrong answer is refused, and a right one is not.
    """
    whole = nbformat.read(path, as_version=4)
    end = len(whole.cells)
    for (_, yours, compares), answers in zip(exercises(path), ANSWERS[path.stem[:2]], strict=True):
        for answer in reversed(answers):
            written = answer if answer.startswith("def ") else yours.source.replace("None", answer)
            whole.cells += [nbformat.v4.new_code_cell(written), nbformat.v4.new_code_cell(compares.source)]
    nbformat.write(whole, tmp_path / path.name)
    run = notebooks.executed(tmp_path / path.name).cells

    cards = [cell.outputs[-1].data["text/plain"] for cell in run if asked(cell)]
    n = len(ANSWERS[path.stem[:2]])
    assert [card for card in cards[:n] if "\nPut your answer in place of None" not in card] == []
    assert [card for card in cards[n::2] if "\nNot yet. " not in card] == []
    assert [card for card in cards[n + 1 :: 2] if "\nRight. " not in card] == []

    outputs = [output for cell in run[:end] for output in cell.get("outputs", [])]
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
    assert notebooks.main(["no_such"]) == 2
    assert "no notebook begins with no_such; there are " in capsys.readouterr().err


def test_what_is_folded_stays_so() -> None:
    """By the tag alone: JupyterLab takes its own mark away when somebody has opened the cell."""
    folded = nbformat.v4.new_code_cell("1", metadata={"tags": ["hide-input"], "scrolled": True})
    opened = nbformat.v4.new_code_cell("2", metadata={"jupyter": {"outputs_hidden": True}})
    kept = nbformat.reads(notebooks.normal(nbformat.v4.new_notebook(cells=[folded, opened])), as_version=4)
    assert kept.cells[0].metadata == {"jupyter": {"source_hidden": True}, "tags": ["hide-input"]}
    assert kept.cells[1].metadata == {}


def test_jupyter_starts_where_the_links_lead() -> None:
    """In the repository's root: JupyterLab opens nothing above the folder it was started in, such as ../docs from notebooks."""
    for name in ("docs/notebooks.md", "docs/notebook.md", "docs/install.md", "README.md", "Makefile"):
        assert not re.search(r"jupyter[ -]lab +\S*notebooks", (ROOT / name).read_text("utf-8")), name
