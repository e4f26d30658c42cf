"""One HTML file that loads nothing: style, script and data are inside, and its policy forbids everything else."""

from __future__ import annotations

import gzip
import json
from base64 import b64encode
from collections.abc import Mapping
from hashlib import sha256
from html import escape
from importlib.resources import files
from string import Template
from typing import Any

__all__ = ["one_file", "pack"]

# A page that holds another one, compressed, and turns into it.  What it holds has a policy of its own.
PACKED = Template("""<!doctype html>
<meta charset="utf-8">
<p id="said">This page needs JavaScript, and a browser from 2023 or later.</p>
<script>
const bytes = Uint8Array.from(atob("$data"), (c) => c.charCodeAt(0));
const text = new Response(new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"))).text();
text.then((page) => { document.open(); document.write(page); document.close(); });
</script>
""")


def one_file(
    template: str,
    title: str,
    style: str,
    script: str,
    content: Mapping[str, Any],
    *,
    markup: Mapping[str, str] | None = None,
    **texts: str,
) -> str:
    """Return *template* with *texts*, *markup*, ``$title``, ``$style``, ``$script``, ``$policy`` and ``$data`` filled in.

    *content* is JSON, and goes in as gzip in base64 where ``<script id="data">$data</script>`` is; *script* has it by
    ``await unpacked()``.  What comes from a program is data, and never markup: *title* and *texts* are escaped.  Only *markup*
    goes in as it is.  The policy is a Content-Security-Policy that names *style* and *script* by their hashes, so neither an
    attribute ``style`` nor another script has an effect.

    >>> from autograd_core.viz import one_file
    >>> page = one_file("<title>$title</title><style>$style</style>", "a < b", "p { color: red }", "", {})
    >>> page.splitlines()
    ['<title>a &lt; b</title><style>', 'p { color: red }', '</style>']
    """
    unpack = (files(__package__) / "unpack.js").read_text("utf-8")
    style, script = (f"\n{_without_comments(text)}\n" for text in (style, f"{unpack}\n{script}"))
    policy = "; ".join([
        "default-src 'none'", f"script-src '{_hash(script)}'", f"style-src '{_hash(style)}'", "img-src data:",
        "base-uri 'none'", "form-action 'none'",
    ])  # fmt: skip
    data = json.dumps(content, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return Template(template).substitute(
        {name: escape(text) for name, text in {**texts, "title": title}.items()} | dict(markup or {}),
        policy=policy,
        style=style,
        script=script,
        data=_compressed(data),
    )


def _without_comments(text: str) -> str:
    """Return a style or a script without indentation, empty lines, and lines that are comments: they are in its source."""
    lines = (line.strip() for line in text.splitlines())
    return "\n".join(line for line in lines if line and not line.startswith("//"))


def pack(page: str) -> str:
    """Return a page that turns into *page*, in less than half of its size.

    >>> pack("<p>Numbers</p>" * 1000).count("Numbers"), len(pack("<p>Numbers</p>" * 1000)) < 1000
    (0, True)
    """
    return PACKED.substitute(data=_compressed(page))


def _compressed(text: str) -> str:
    return b64encode(gzip.compress(text.encode("utf-8", "surrogatepass"), mtime=0)).decode()


def _hash(text: str) -> str:
    return f"sha256-{b64encode(sha256(text.encode()).digest()).decode()}"
