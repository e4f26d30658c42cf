"""The code of a Markdown page, run as a reader would type it: one program, each block against the output shown below it."""

from __future__ import annotations

import contextlib
import io
import linecache
import re
from pathlib import Path
from typing import Any, NamedTuple

FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


class Block(NamedTuple):
    """A fenced block: its language, its text, and the line of the page on which the text begins."""

    kind: str
    text: str
    line: int


def blocks(page: Path) -> list[Block]:
    text = page.read_text("utf-8")
    return [Block(match[1], match[2], text[: match.start()].count("\n") + 2) for match in FENCE.finditer(text)]


def program(page: Path) -> str:
    """Return the Python blocks of *page*, each on the lines where it stands, and nothing else."""
    text = page.read_text("utf-8")
    empty = re.sub(r"[^\n]+", "", text).splitlines()
    for block in blocks(page):
        if block.kind == "python":
            lines = block.text.splitlines()
            empty[block.line - 1 : block.line - 1 + len(lines)] = lines
    return "\n".join(empty) + "\n"


def execute(page: Path, block: Block, known: dict[str, Any]) -> str:
    """Run a block with the names *known*, to which it adds, and return what it prints."""
    source = program(page)
    linecache.cache[page.name] = len(source), None, source.splitlines(keepends=True), page.name  # to be read by viz
    with contextlib.redirect_stdout(io.StringIO()) as printed:
        exec(compile("\n" * (block.line - 1) + block.text, page.name, "exec"), known)
    return printed.getvalue()


def run(page: Path) -> dict[str, Any]:
    """Run the ``python`` blocks of *page*; a ``text`` block is the output of the one above it.  Return what they defined."""
    known: dict[str, Any] = {"__name__": page.stem}
    found = blocks(page)
    assert any(block.kind == "python" for block in found)
    for i, block in enumerate(found):
        if block.kind == "python":
            below = found[i + 1] if i + 1 < len(found) else None
            expected = below.text if below is not None and below.kind == "text" else ""
            printed = execute(page, block, known)
            assert printed == expected, f"{page.name}:{block.line} prints\n{printed}and shows\n{expected}"
    return known
