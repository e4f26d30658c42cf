"""What docs/promises.md shows is run: each section has an example, and each example does what stands there."""

from __future__ import annotations

import doctest
import re
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

PAGE = Path(__file__).parents[1] / "docs" / "promises.md"
BLOCK = re.compile(r"^```python\n(.*?)^```$", re.MULTILINE | re.DOTALL)
LINES = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE  # messages are one line, the page has several


def sections() -> dict[str, tuple[str, int]]:
    """Return the text of each section by its heading, "" for what stands above the first, and the line where it begins."""
    text = PAGE.read_text("utf-8")
    begins = [0, *(match.start() for match in re.finditer("^## ", text, re.MULTILINE)), len(text)]
    found = {}
    for begin, end in pairwise(begins):
        part = text[begin:end]
        heading = part.partition("\n")[0].removeprefix("## ") if begin else ""
        found[heading] = part, text[:begin].count("\n")
    return found


SECTIONS = sections()


def run(heading: str, known: dict[str, Any]) -> str:
    """Run the examples of a section with the names *known*, to which it adds; return what does not come out as shown."""
    part, line = SECTIONS[heading]
    examples, end = "\n" * line, 0
    for block in BLOCK.finditer(part):
        examples += "\n" * part[end : block.start(1)].count("\n") + block[1]  # each line keeps its number
        end = block.end(1)
    example = doctest.DocTestParser().get_doctest(examples, {}, heading or "imports", str(PAGE), 0)
    example.globs = known
    said: list[str] = []
    doctest.DocTestRunner(optionflags=LINES).run(example, out=said.append, clear_globs=False)
    return "".join(said)


@pytest.mark.parametrize("heading", [heading for heading in SECTIONS if heading])
def test_section(heading: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    known: dict[str, Any] = {}
    assert not run("", known), "the imports"
    assert not run(heading, known)


def test_every_section_asks_answers_and_shows() -> None:
    assert len(SECTIONS) == 25  # with the imports
    for heading, (part, _) in SECTIONS.items():
        assert BLOCK.search(part), heading
        assert part.count("```") == 2 * len(BLOCK.findall(part)), f"{heading}: a block that is not run"
        assert not heading or heading.endswith("?"), heading
        assert not heading or re.match(r"## .*\n\n[A-Z`]", part), heading
