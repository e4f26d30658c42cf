"""The documentation site: ``make docs`` builds it with Sphinx, in ``build/site``.

Its source is the whole repository, so that a relative link leads to the same place here and on the repository's own pages.
Nothing of it, and nothing of the pages that come out, needs a network.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))
os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")]))  # for the kernels
os.environ["JUPYTER_PATH"] = str(ROOT / "docs" / "site" / "jupyter")  # a kernel that does not warn of its own machine

from autograd_core.version import __version__  # noqa: E402

project = "autograd_core"
author = "The autograd_core authors"
project_copyright = author
version = release = __version__

extensions = [
    "sphinx.ext.autodoc",
    "sphinx.ext.viewcode",
    "sphinx_copybutton",
    "myst_nb",
    "docs.site.mathematics",
    "docs.site.reference",
    "docs.site.sources",
]

# --------------------------------------------------------------------------------------------------------------- source

root_doc = "docs/index"
include_patterns = ["docs/**.md", "docs/**.rst", "notebooks/*.ipynb", "CHANGELOG.md", "CONTRIBUTING.md"]
exclude_patterns = ["docs/README.md"]  # the list of pages on the repository's own site; here docs/index.md is
source_encoding = "utf-8"
suppress_warnings = ["config.cache"]  # a setting that is a function; nothing is wrong with the pages
nitpicky = True
nitpick_ignore_regex = [
    ("py:class", r"(numpy|np|collections|concurrent|random|types|typing|os|io|enum|abc)\..*"),  # documented elsewhere
    ("py:class", r"(Exception|object|dict|list|tuple|int|str|.*Error)"),  # and so are Python's own
]

myst_enable_extensions = ["attrs_inline", "dollarmath"]
myst_heading_anchors = 3  # links such as models.md#weights, as the repository's own pages have them

# ------------------------------------------------------------------------------------------------------------- notebooks

nb_execution_mode = "cache"
nb_execution_cache_path = str(ROOT / "build" / "notebook-cache")
nb_execution_in_temp = True
nb_execution_timeout = 600
nb_execution_show_tb = True  # of a cell that fails; it is a warning, and warnings are errors
nb_merge_streams = True
nb_code_prompt_show = "Show the code"  # of cells with the tag hide-input, such as those that compare answers
nb_code_prompt_hide = "Hide the code"
nb_ipywidgets_js = {}  # no widgets, so no script from elsewhere

# ------------------------------------------------------------------------------------------------------------ docstrings

autodoc_typehints = "none"  # docstrings say what is what; the annotations are a click away, in the source
autodoc_inherit_docstrings = False  # forward, step: what they do is said by the class
autodoc_member_order = "bysource"
add_module_names = False
toc_object_entries = False
viewcode_line_numbers = True

# ----------------------------------------------------------------------------------------------------------------- pages

html_theme = "furo"
html_title = "autograd_core"
html_static_path = ["site/static"]
templates_path = ["site/templates"]
html_css_files = ["site.css"]
html_additional_pages = {"index": "forward.html"}  # the front page is docs/index.html
html_copy_source = False
html_show_sphinx = False
html_show_search_summary = False  # it reads the pages, which browsers do not allow in files
copybutton_prompt_text = r">>> |\.\.\. |\$ "
copybutton_prompt_is_regexp = True
pygments_style = "friendly"
pygments_dark_style = "monokai"

linkcheck_timeout = 20
