"""Formulas as MathML, written when the site is built: browsers show it themselves, so pages need no script."""

from __future__ import annotations

from typing import Any

from docutils import nodes
from latex2mathml.converter import convert
from sphinx.util import logging

__all__ = ["setup"]

# What latex2mathml does not know, in words that it does.
INSTEAD = {r"\arg": r"\operatorname{arg}", r"\big\langle": r"\langle", r"\big\rangle": r"\rangle"}
BRACE = '<mo stretchy="true" fence="true" form="prefix">&#x0007B;</mo><mtable>'  # site.css draws it
LOGGER = logging.getLogger(__name__)


def setup(app: Any) -> dict[str, bool]:
    """Register the renderer; Sphinx calls this."""
    app.add_html_math_renderer("mathml", (inline, None), (display, None))
    app.connect("config-inited", lambda _, config: setattr(config, "html_math_renderer", "mathml"))
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def inline(writer: Any, node: nodes.math) -> None:
    """Write a formula in a line."""
    writer.body.append(mathml(node, "inline"))
    raise nodes.SkipNode


def display(writer: Any, node: nodes.math_block) -> None:
    """Write a formula of its own, which scrolls where it is wider than the page."""
    writer.body.append(f'<div class="formula">{mathml(node, "block")}</div>\n')
    raise nodes.SkipNode


def mathml(node: nodes.Element, shown: str) -> str:
    """Return the LaTeX of *node* as a ``<math>`` element; warn of commands that have no place in one."""
    tex = node.astext().strip().strip("`")  # $`x`$ is how the repository's own pages have formulas in tables
    for theirs, ours in INSTEAD.items():
        tex = tex.replace(theirs, ours)
    made = str(convert(tex, display=shown)).replace(r"\_", "_")  # which it leaves as it is in \text
    made = made.replace(BRACE, '<mtable class="cases">')
    if "\\" in made:
        LOGGER.warning("a command in the formula %r is unknown; write it in others", tex, location=node)
    return made
