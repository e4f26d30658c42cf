"""The notebooks: ``make notebooks`` runs each from top to bottom and writes it, with its outputs, to ``build/notebooks``.

``python -m docs.notebooks 03 07`` runs those whose names begin so; ``--strip`` runs nothing, and brings the files to the form
in which they are kept: without outputs, so that a change of a notebook is a change of its text. Cells with the tag
``hide-input``, which hold solutions, are folded: the tag says so to the documentation site, and metadata to JupyterLab.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError

from autograd_core.commands import OneLineParser, UsageError, exit_status

__all__ = ["FOLDED", "FOLDER", "NotebookError", "executed", "normal", "paths"]

ROOT = Path(__file__).parents[1]
FOLDER = ROOT / "notebooks"
OUT = ROOT / "build" / "notebooks"
PROGRAM = "python -m docs.notebooks"
TIMEOUT = 600  # seconds for a cell
FOLDED = "hide-input"  # the tag of cells whose source is folded
KERNEL = {
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}


class NotebookError(Exception):
    """A cell that does not run: the message names the notebook and the cell, and has the traceback."""


def paths(*beginnings: str) -> list[Path]:
    """Return the notebooks whose names begin so, in order; all of them where nothing is asked for."""
    return [path for path in sorted(FOLDER.glob("*.ipynb")) if path.name.startswith(beginnings or ("",))]


def normal(notebook: Any) -> str:
    """Return the text of a notebook's file: no outputs, cells numbered in order, with their tags, and folded or not."""
    cells = []
    for i, cell in enumerate(notebook.cells):
        kept: dict[str, Any] = {"cell_type": cell.cell_type, "id": f"cell-{i:02d}"}
        tags = cell.metadata.get("tags", [])
        kept["metadata"] = {"jupyter": {"source_hidden": True}} if FOLDED in tags else {}
        kept["metadata"] |= {"tags": list(tags)} if tags else {}
        kept |= {"execution_count": None, "outputs": []} if cell.cell_type == "code" else {}
        kept["source"] = cell.source.splitlines(keepends=True)
        cells.append(dict(sorted(kept.items())))
    whole = {"cells": cells, "metadata": KERNEL, "nbformat": 4, "nbformat_minor": 5}
    return json.dumps(whole, indent=1, ensure_ascii=False) + "\n"


def executed(path: Path) -> Any:
    """Run a notebook in an empty folder and return it with its outputs; raise NotebookError where a cell fails."""
    notebook = nbformat.read(path, as_version=4)
    with TemporaryDirectory() as folder:
        client = NotebookClient(
            notebook, timeout=TIMEOUT, kernel_name="python3", resources={"metadata": {"path": folder}}
        )
        found = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")]))
        try:
            # pictures go into the notebook, also where the tests have chosen a backend without a screen
            inline = "module://matplotlib_inline.backend_inline"
            client.execute(env=os.environ | {"PYTHONPATH": found, "MPLBACKEND": inline})
        except (CellExecutionError, CellTimeoutError, DeadKernelError) as error:
            code = [i for i, cell in enumerate(notebook.cells) if cell.cell_type == "code"]
            at = max((i for i in code if notebook.cells[i].execution_count), default=code[0])
            raise NotebookError(f"{path.name}, cell {at}: {error}") from error
    return notebook


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the notebooks, or strip them; return 1 where one failed, 2 for wrong use, 130 after Ctrl-C."""
    return exit_status(PROGRAM, lambda: _run(_parser().parse_args(arguments)))


def _parser() -> argparse.ArgumentParser:
    parser = OneLineParser(prog=PROGRAM, description="Run the notebooks.")
    parser.add_argument("names", nargs="*", help="how their names begin, such as 03; by default all of them")
    parser.add_argument(
        "--strip", action="store_true", help="run nothing; bring the files to the form in which they are kept"
    )
    return parser


def _run(asked: argparse.Namespace) -> int:
    chosen = paths(*asked.names)
    if not chosen:
        raise UsageError(
            f"no notebook begins with {' or '.join(asked.names)}; there are {', '.join(p.stem for p in paths())}"
        )
    failed = 0
    for path in chosen:
        if asked.strip:
            path.write_text(normal(nbformat.read(path, as_version=4)), encoding="utf-8")
            continue
        began = time.perf_counter()
        try:
            notebook = executed(path)
        except NotebookError as error:
            failed += 1
            sys.stderr.write(f"{error}\n")
        else:
            OUT.mkdir(parents=True, exist_ok=True)
            nbformat.write(notebook, OUT / path.name)
            sys.stdout.write(f"{path.stem}: {time.perf_counter() - began:.0f} s\n")
    return int(failed > 0)


if __name__ == "__main__":
    sys.exit(main())
