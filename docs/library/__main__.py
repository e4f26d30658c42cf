"""Write the pages: ``python -m docs.library``, with ``tests`` on the path."""

from __future__ import annotations

from pathlib import Path

from .pages import pages

for name, text in pages().items():
    (Path(__file__).parents[1] / name).write_text(text, encoding="utf-8")
