"""The page is put together here: a trace with its layouts, the style and the scripts, in one file that loads nothing."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.resources import files
from typing import Any, Literal

import numpy as np

from ...errors import ArgumentError
from ..differences import check_contribution
from ..drawing.scene import COLOURS
from ..html import one_file, pack
from ..layout import Direction
from ..layouts import layouts
from ..quiz import TOLERANCE, Question
from ..schema import Check, Step, Trace
from ..validation import FIELDS
from ..values import FULL, encoded
from ..visible import readable

__all__ = ["html_of"]

BUDGET = 1_000_000  # bytes of a page, above which large arrays are there as statistics only
CHECKED = 20_000  # entries that the call of a step may have in all, for a check that nobody asked for
DIGITS = 4  # of block means, which are there to be looked at
SCRIPTS = (
    "dom", "numbers", "replay", "mathematics", "heat", "arrays", "camera", "shapes", "picture", "predict", "panel",
    "find", "print", "main",
)  # fmt: skip


def html_of(
    trace: Trace,
    *,
    checks: Mapping[int, Check] | None = None,
    quiz: bool = False,
    title: str | None = None,
    depth: int | Literal["all"] | None = None,
    direction: Direction = "TB",
    budget: int = BUDGET,
    packed: bool = False,
) -> str:
    """Return a page that replays the backward pass of *trace*, as the text of one HTML file.

    *checks* are difference quotients by the numbers of steps, as ``Stepper.checks`` has them; every other step whose call is
    small is checked here.  With *quiz* the page starts by asking for each number before it shows it.  *title* is the
    heading, by default the name of the output.  *depth* is how many levels of modules are open at first, "all" for every
    operation; without it, as many as read well.  *direction* is that of the graph, "TB" or "LR".

    The file asks for nothing from anywhere: its Content-Security-Policy allows its own script and style alone.  Above *budget*
    bytes, 1 MB, large arrays are kept as statistics, and the page says so.  *packed* is for frames: the page unpacks itself.
    Raises ArgumentError for a depth or direction that is none.

    >>> import autograd_core as ag
    >>> from autograd_core.viz import trace
    >>> w = ag.tensor(2.0, requires_grad=True)
    >>> text = html_of(trace(w * w), title="A square")
    >>> "<title>A square</title>" in text, "src=" in text, len(text) < 200_000
    (True, False, True)
    """
    if depth not in (None, "all") and (isinstance(depth, bool) or not isinstance(depth, int) or depth < 0):
        raise ArgumentError(f"html_of: depth is {depth!r}: expected 0, 1, ... open levels of modules, 'all', or None")
    if title is None:
        names = ", ".join(dict.fromkeys(str(node) for node, _ in trace.seeds))
        title = f"Backprop from {names}" if names else "A call that failed"
    made = trace.as_dict(_checks(trace) | dict(checks or {}), layouts(trace, direction=direction))
    _number_arrays(made)
    for a in made["arrays"].values():
        a["data"] = _shorter(a)
    rules, uses = _rules(trace)
    content = {
        "trace": made, "rules": rules, "uses": uses, "starts": _starts(trace, made), "quiz": quiz,
        "questions": [_question(step) for step in trace.steps], "tolerance": TOLERANCE,
        "depth": depth if depth is not None else readable(trace), "notes": [],
    }  # fmt: skip
    page = _joined(title, content, packed)
    for most, said in ((FULL, "the block means of large arrays"), (1, "the entries of arrays")):
        if len(page.encode()) <= budget:
            break
        if _without_entries(made["arrays"], most):
            content["notes"] = [f"To keep this page small, {said} are left out; their statistics are there."]
            page = _joined(title, content, packed)
    return page


# ------------------------------------------------------------------------------------------------------------ the content


def _number_arrays(made: dict[str, Any]) -> None:
    """Give arrays numbers for keys: hashes are a third of a page with many small ones."""
    numbers = {key: str(i) for i, key in enumerate(made["arrays"])}
    made["arrays"] = {numbers[key]: a for key, a in made["arrays"].items()}
    for kind, fields in FIELDS.items():
        for name in (name for name, wanted in fields.items() if str(wanted).endswith("->arrays")):
            for entry in made[kind]:
                entry[name] = numbers.get(entry[name])


def _checks(trace: Trace) -> dict[int, Check]:
    """Check every step that is cheap: the operands and the result of its call are small."""
    return {s.number: check_contribution(s) for s in trace.steps if s.rule is not None and _entries(s) <= CHECKED}


def _entries(step: Step) -> int:
    arrays = [step.arriving, *(e.value for e in step.operands)]
    return sum(a.size for a in arrays if a is not None)


def _rules(trace: Trace) -> tuple[list[dict[str, Any]], list[int | None]]:
    """Return the rules with the names that the program has for operands, and of each step which one it uses."""
    places: dict[tuple[Any, ...], int] = {}
    rules: list[dict[str, Any]] = []
    uses: list[int | None] = []
    for step in trace.steps:
        if (rule := step.rule) is None:
            uses.append(None)
            continue
        key = (rule.primitive, rule.operand, rule.formula, rule.names)
        if key not in places:
            places[key] = len(places)
            shown = rule.shown_names
            symbols = [{"name": s.name, "shown": shown.get(s.name, s.name), "role": s.role} for s in rule.symbols]
            rules.append(
                {"text": rule.text, "mathml": rule.mathml, "words": rule.words, "functions": rule.functions,
                 "symbols": symbols}
            )  # fmt: skip
        uses.append(places[key])
    return rules, uses


def _starts(trace: Trace, made: dict[str, Any]) -> dict[int, str]:
    """Return the array that the backward pass starts with at each output: the sum at one that is there twice."""
    found: dict[int, str] = {}
    for seed in made["seeds"]:
        number, key = seed["node"], seed["gradient"]
        if number in found:
            start = trace.start(trace.nodes[number])
            assert start is not None  # it is an output
            key = f"start {number}"
            made["arrays"][key] = encoded(start)
        found[number] = key
    return found


def _question(step: Step) -> dict[str, Any]:
    """Return which entry a quiz asks for; the hint where that entry will be on the page."""
    question = Question.about(step)
    return {"index": question.index, "hint": question.hint() if step.fitted.size <= FULL else ""}


def _shorter(a: Mapping[str, Any]) -> list[Any]:
    """Return the entries of an array with the digits that its dtype has, and block means with a few."""
    if a["pooled"] is not None:
        return [v if isinstance(v, str) else float(f"{v:.{DIGITS}g}") for v in a["data"]]
    if a["dtype"] == "float32":
        return [v if isinstance(v, str) else float(str(np.float32(v))) for v in a["data"]]
    return list(a["data"])


def _without_entries(arrays: Mapping[str, dict[str, Any]], most: int) -> bool:
    """Leave the statistics alone of arrays with more than *most* entries; return whether there are any."""
    large = [a for a in arrays.values() if a["stats"]["size"] > most]
    for a in large:
        a |= {"data": [], "pooled": None, "hist": None, "largest": []}
    return bool(large)


# --------------------------------------------------------------------------------------------------------------- the file


def _joined(title: str, content: Mapping[str, Any], packed: bool) -> str:
    here = files(__package__)
    colours = "".join(f"--{name}:light-dark({light},{dark});" for name, (light, dark) in COLOURS.items())
    page = one_file(
        (here / "page.html").read_text("utf-8"),
        title,
        f":root{{{colours}}}\n{(here / 'page.css').read_text('utf-8')}",
        "\n".join((here / f"{name}.js").read_text("utf-8") for name in SCRIPTS),
        content,
    )
    return pack(page) if packed else page
