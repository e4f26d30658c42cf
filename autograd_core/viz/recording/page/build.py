"""A record as a page: one HTML file with a slider over the steps."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.resources import files
from typing import Any

from ...html import one_file
from .. import flags
from ..network import placed
from ..schema import READINGS

__all__ = ["html_of"]

DIGITS = 4  # of the numbers on the page
SHARED = ("dom", "numbers")  # scripts of the page that steps through a backward pass
SCRIPTS = ("reading", "scales", "curve", "heat", "layers", "activations", "flags", "network", "time")


def html_of(made: Mapping[str, Any], title: str, summary: str) -> str:
    """Return the page of a record, from its JSON; *summary* is what is said where scripts do not run.

    >>> from autograd_core.viz.recording import Record
    >>> "<title>My run</title>" in html_of(Record().as_dict(), "My run", "")
    True
    """
    here, beside = files(__package__), files("autograd_core.viz") / "page"
    texts = [beside / f"{name}.js" for name in SHARED] + [here / f"{name}.js" for name in SCRIPTS]
    content = {
        "title": title,
        "record": {**made, "frames": [_shorter(frame) for frame in made["frames"]]},
        "networks": {of: placed(found, made["parameters"]) for of, found in made["networks"].items() if found},
        "limits": {"least": flags.NOT_LEARNING, "most": flags.TOO_LARGE, "patience": flags.PATIENCE},
    }
    return one_file(
        (here / "page.html").read_text("utf-8"),
        title,
        (here / "page.css").read_text("utf-8"),
        "\n".join(text.read_text("utf-8") for text in texts),
        content,
        summary=summary,
    )


def _shorter(frame: Mapping[str, Any]) -> dict[str, Any]:
    """Return a frame with numbers of few digits."""
    found = dict(frame)
    for key in ("loss", "mean"):
        found[key] = _few_digits(frame[key])
    for key in READINGS:
        found[key] = [_few_digits(value) for value in frame[key]]
    found["activations"] = {
        name: {key: _few_digits(value) for key, value in reading.items()}
        for name, reading in frame["activations"].items()
    }
    return found


def _few_digits(value: Any) -> Any:
    return float(f"{value:.{DIGITS}g}") if isinstance(value, float) else value
