"""The directive ``face``: all public names of a module, with their docstrings.

A page of the reference is a heading and this directive; a new public name is there when the site is built anew::

    .. face:: nn.init

What several faces have is told by the one with the shortest name, and the others lead there.  ``:of:`` keeps what is defined
in these modules of the face, or below them; ``:without:`` leaves that out.  ``:families:`` puts what one file defines under its
name and its first line.
"""

from __future__ import annotations

import importlib
import inspect
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any, ClassVar

from docutils import nodes
from docutils.parsers.rst import directives
from docutils.statemachine import StringList
from sphinx.util.docutils import SphinxDirective
from sphinx.util.nodes import nested_parse_with_titles

from .. import families

__all__ = ["PAGES", "faces", "setup"]

PAGES = Path(__file__).parents[1] / "api"
KINDS = ("Classes", "Functions", "Errors", "Values", "Told elsewhere")
Named = tuple[str, Any]  # a public name of a face, and what it stands for


@cache
def faces() -> tuple[str, ...]:
    """Return the modules that the reference has, those with the shortest names first."""
    found = {
        name
        for page in PAGES.glob("*.rst")
        for name in re.findall(r"^\.\. face:: (\S+)$", page.read_text("utf-8"), re.M)
    }
    return tuple(sorted(found, key=lambda name: (name.count("."), name)))


@cache
def homes() -> dict[int, str]:
    """Return by identity under which name a function or class is told."""
    found: dict[int, str] = {}
    for face in map(importlib.import_module, faces()):
        for name in face.__all__:
            found.setdefault(id(getattr(face, name)), f"{face.__name__}.{name}")
    return found


class Face(SphinxDirective):
    """All public names of a module."""

    required_arguments = 1
    option_spec: ClassVar = {
        "of": directives.unchanged_required,
        "without": directives.unchanged_required,
        "families": directives.flag,
    }

    def run(self) -> list[nodes.Node]:
        """Return the groups of names, each a section where there are several."""
        face = importlib.import_module(self.arguments[0])
        groups: dict[str, list[Named]] = {}
        about: dict[str, str] = {}  # what families have
        for name, value in chosen(face, *(self.options.get(option, "") for option in ("of", "without"))):
            groups.setdefault(title := self.group(face, name, value), []).append((name, value))
            if title not in KINDS:
                about[title] = families.about(value.__module__)
        if not groups:
            raise self.error(f"{face.__name__} has no public name of these")
        lines: list[str] = []
        for title in sorted(groups, key=lambda title: KINDS.index(title) if title in KINDS else -1):
            lines += ["", title, "-" * len(title), "", about.get(title, ""), ""] if len(groups) > 1 else []
            lines += (line for name, value in groups[title] for line in entry(face, name, value))
        section = nodes.section()
        section.document = self.state.document
        nested_parse_with_titles(self.state, StringList(lines, source=f"{face.__name__}.__all__"), section)
        return section.children

    def group(self, face: ModuleType, name: str, value: Any) -> str:
        """Return the heading under which a name belongs."""
        if not callable(value):
            return "Values"
        if homes()[id(value)] != f"{face.__name__}.{name}":
            return "Told elsewhere"
        if "families" in self.options:
            return families.title(value.__module__)
        if isinstance(value, type):
            return "Errors" if issubclass(value, BaseException) else "Classes"
        return "Functions"


def chosen(face: ModuleType, of: str, without: str) -> Iterator[Named]:
    """Yield the names that a page is to have; modules have pages of their own."""
    for name in face.__all__:
        value = getattr(face, name)
        if (
            not inspect.ismodule(value)
            and (not of or is_below(face, of, value))
            and not (without and is_below(face, without, value))
        ):
            yield name, value


def is_below(face: ModuleType, modules: str, value: Any) -> bool:
    """Say whether *value* is defined in, or below, one of these modules of *face*."""
    home = f"{getattr(value, '__module__', None) or face.__name__}."
    return home.startswith(tuple(f"{face.__name__}.{module}." for module in modules.split()))


def entry(face: ModuleType, name: str, value: Any) -> list[str]:
    """Return the reST of one name."""
    path = f"{face.__name__}.{name}"
    if not callable(value):
        return [f".. py:data:: {path}", "", f"   ``{value!r}``", ""]
    if homes()[id(value)] != path:
        return [f".. py:data:: {path}", "", f"   {first_line(value)} See :py:obj:`{homes()[id(value)]}`.", ""]
    if not value.__module__.startswith(face.__name__.partition(".")[0]):
        return [f".. py:data:: {path}", "", f"   ``{value.__module__}.{value.__qualname__}``", ""]
    if isinstance(value, type):
        borrowed = [name for name, function in vars(value).items() if is_borrowed(function)]
        return [
            f".. autoclass:: {path}",
            "   :members:",
            f"   :exclude-members: {', '.join(borrowed)}",
            "   :show-inheritance:",
            "",
        ]
    return [f".. autofunction:: {path}", ""]


def is_borrowed(attribute: Any) -> bool:
    """Say whether an attribute of a class is a function of a module, such as what a layer calls, and so no method."""
    return inspect.isfunction(attribute) and "." not in attribute.__qualname__


def only_public(app: Any, name: str, cls: type, options: Any, bases: list[Any]) -> None:
    """Show as bases the nearest classes that have a place in the reference."""
    found = [next(filter(is_public, getattr(plain(base), "__mro__", ())), None) for base in bases]
    bases[:] = [f":py:class:`{homes()[id(base)]}`" for base in dict.fromkeys(found) if base] or [object]


def plain(base: Any) -> Any:
    """Return the class of ``Dataset[Sample]``."""
    return getattr(base, "__origin__", base)


def is_public(cls: type) -> bool:
    """Say whether a class has a place in the reference."""
    return id(cls) in homes()


def first_line(thing: Any) -> str:
    """Return the first line of a docstring."""
    return (inspect.getdoc(thing) or "").partition("\n")[0]


def setup(app: Any) -> dict[str, bool]:
    """Register the directive; Sphinx calls this."""
    app.add_directive("face", Face)
    app.connect("autodoc-process-bases", only_public)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
