"""Links from pages to source files lead to the source as the site shows it, in colours and with line numbers."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import Any

from docutils import nodes
from sphinx.addnodes import download_reference
from sphinx.pycode import ModuleAnalyzer

__all__ = ["setup"]

PACKAGES = ("autograd_core", "nn", "optim")


def setup(app: Any) -> dict[str, bool]:
    """Register what looks at pages as they are read; Sphinx calls this."""
    app.connect("doctree-read", lead_to_source, priority=400)  # before Sphinx collects what is to be downloaded
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def lead_to_source(app: Any, doctree: nodes.document) -> None:
    """Replace what would download a module of the packages by a link to its page."""
    env = app.env
    if not hasattr(env, "_viewcode_modules"):
        env._viewcode_modules = {}
    for link in list(doctree.findall(download_reference)):
        path, _ = env.relfn2path(link["reftarget"], env.docname)
        parts = PurePosixPath(path).with_suffix("").parts
        if parts[0] not in PACKAGES or not path.endswith(".py"):
            continue
        module = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
        if not env._viewcode_modules.get(module):
            analyzer = ModuleAnalyzer.for_module(module)
            analyzer.find_tags()
            env._viewcode_modules[module] = (analyzer.code, analyzer.tags, {}, module)
        page = app.builder.get_relative_uri(env.docname, f"_modules/{module.replace('.', '/')}")
        link.replace_self(nodes.reference("", "", *link.children, internal=True, refuri=page))
