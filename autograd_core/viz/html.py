"""One HTML file that loads nothing: style, script and data are inside, and its policy forbids everything else."""

from __future__ import annotations

import gzip
import json
from base64 import b64encode
from collections.abc import Mapping
from hashlib import sha256
from html import escape
from string import Template
from typing import Any

__all__ = ["one_file"]


def one_file(template: str, title: str, style: str, script: str, content: Mapping[str, Any], **texts: str) -> str:
    """Return *template* with its ``$title``, ``$style``, ``$script``, ``$policy`` and ``$data`` filled in, and *texts*.

    *content* is JSON, and goes in as gzip in base64: what comes from a program is data, and never markup; *title* and *texts*
    are escaped.  The policy is a Content-Security-Policy that names *style* and *script* by their hashes.

    >>> page = one_file("<title>$title</title><script>$script</script>", "a < b", "", "let x = 1;", {})
    >>> page.splitlines()
    ['<title>a &lt; b</title><script>', 'let x = 1;', '</script>']
    """
    style, script = f"\n{style.strip()}\n", f"\n{script.strip()}\n"
    policy = "; ".join([
        "default-src 'none'", f"script-src '{_hash(script)}'", f"style-src '{_hash(style)}'", "img-src data:",
        "base-uri 'none'", "form-action 'none'",
    ])  # fmt: skip
    data = json.dumps(content, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return Template(template).substitute(
        {name: escape(text) for name, text in {**texts, "title": title}.items()},
        policy=policy,
        style=style,
        script=script,
        data=b64encode(gzip.compress(data.encode("utf-8", "surrogatepass"), mtime=0)).decode(),
    )


def _hash(text: str) -> str:
    return f"sha256-{b64encode(sha256(text.encode()).digest()).decode()}"
