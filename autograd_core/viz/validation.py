"""Whether a trace's JSON is as docs/trace.md says."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from ..errors import DataError
from .schema import VERSION

__all__ = ["FIELDS", "LAYOUT", "TOP", "validate"]


def _is(*types: Any) -> Callable[[Any], bool]:
    return lambda v: isinstance(v, types) and not (isinstance(v, bool) and bool not in types)


def _numbers(count: int) -> Callable[[Any], bool]:
    return lambda v: isinstance(v, list) and len(v) == count and all(map(_is(int, float), v))


KINDS = {"operation", "function", "leaf", "parameter", "input"}
_OPTIONAL_INT, _OPTIONAL_TEXT = _is(int, type(None)), _is(str, type(None))
_SIZES: Callable[[Any], bool] = lambda v: isinstance(v, list) and all(_is(int)(n) and n >= 0 for n in v)
# For each kind of object its fields, and what each must be; "->nodes" is an id there, "?->" one or None, "->>" several.
FIELDS: dict[str, dict[str, Any]] = {
    "files": {"id": _is(int), "path": _is(str), "lines": _is(dict)},
    "modules": {
        "id": _is(int), "path": _is(str), "class": _is(str), "label": _is(str), "parent": "?->modules",
        "parameters": _OPTIONAL_INT, "total": _OPTIONAL_INT, "fold": _is(dict, type(None)),
    },
    "nodes": {
        "id": _is(int), "kind": KINDS.__contains__, "op": _is(str),
        "name": _OPTIONAL_TEXT, "text": _OPTIONAL_TEXT, "module": "?->modules",
        "shape": lambda v: v is None or _SIZES(v), "dtype": _OPTIONAL_TEXT,
        "needs_grad": _is(bool), "src": _is(dict, type(None)), "value": "?->arrays", "missing": _is(str),
        "grad": "?->arrays", "attrs": _is(dict), "hooks": _is(int), "error": _OPTIONAL_TEXT,
    },
    "edges": {
        "id": _is(int), "from": "->nodes", "to": "->nodes", "arg": _is(str), "place": _is(int), "value": "?->arrays",
    },
    "steps": {
        "node": "->nodes", "edge": "->edges", "rule": "?->rules", "in": "?->arrays", "contribution": "->arrays",
        "unbroadcast": "->arrays", "before": "?->arrays", "after": "->arrays", "k": _is(int), "of": _is(int),
        "check": _is(dict, type(None)),
    },
    "seeds": {"node": "->nodes", "gradient": "->arrays"},
    "rules": {"text": _is(str), "latex": _is(str), "mathml": _is(str), "words": _is(str)},
    "arrays": {
        "shape": _SIZES, "dtype": _is(str), "stats": _is(dict), "hist": _is(dict, type(None)),
        "pooled": lambda v: v is None or _SIZES(v), "data": _is(list), "largest": _is(list),
    },
    "layouts": {
        "engine": _is(str), "direction": {"TB", "LR"}.__contains__, "size": _numbers(2), "says": _is(str),
        "boxes": _is(list), "clusters": _is(list), "edges": _is(list),
    },
}  # fmt: skip
LAYOUT: dict[str, dict[str, Any]] = {  # the same for what is in a layout
    "boxes": {
        "id": _is(str), "kind": {*KINDS, "module", "fold"}.__contains__, "nodes": "->>nodes", "module": "?->modules",
        "at": _numbers(4), "title": _is(str), "lines": lambda v: isinstance(v, list) and all(map(_is(str), v)),
    },
    "clusters": {"module": "->modules", "at": _numbers(4), "title": _is(str)},
    "edges": {
        "from": _is(str), "to": _is(str), "count": _is(int), "edges": "->>edges",
        "points": lambda v: isinstance(v, list) and len(v) % 3 == 1 and all(map(_numbers(2), v)),
    },
}  # fmt: skip
TOP = {"version", "engine", "stopped", *FIELDS}


def validate(trace: Any) -> None:
    """Raise DataError where *trace*, the JSON of one as Python has it, is not as docs/trace.md says.

    >>> from autograd_core.viz import validate
    >>> validate({"version": 99})
    Traceback (most recent call last):
    autograd_core.errors.DataError: trace: version is 99: expected 1; ...
    """
    if not isinstance(trace, dict):
        raise DataError(f"trace: is a {type(trace).__name__}: expected an object")
    if trace.get("version") != VERSION:
        raise DataError(
            f"trace: version is {trace.get('version')!r}: expected {VERSION}; make it again with this engine"
        )
    if set(trace) != TOP:
        raise DataError(f"trace: has {sorted(trace)}: expected {sorted(TOP)}")
    for kind, fields in FIELDS.items():
        many = trace[kind]
        if not isinstance(many, dict if kind in ("rules", "arrays", "layouts") else list):
            raise DataError(f"trace: {kind} is a {type(many).__name__}")
        for key, entry in many.items() if isinstance(many, dict) else enumerate(many):
            _validate_entry(trace, f"{kind}[{key!r}]", entry, fields)
            if "id" in fields and entry["id"] != key:
                raise DataError(f"trace: {kind}[{key!r}].id is {entry['id']}: expected its place")
    _validate_order(trace)
    for depth, layout in trace["layouts"].items():
        _validate_layout(trace, depth, layout)
    try:
        json.dumps(trace, allow_nan=False)
    except (TypeError, ValueError) as error:
        raise DataError(f"trace: has what JSON has not: {error}") from error


def _validate_order(trace: dict[str, Any]) -> None:
    for step in trace["steps"]:
        edge = trace["edges"][step["edge"]]
        if edge["to"] != step["node"] or not 1 <= step["k"] <= step["of"]:
            raise DataError(f"trace: the step {step} is not along an edge of its node, or is not k of n")
    for edge in trace["edges"]:
        if edge["from"] >= edge["to"]:
            raise DataError(f"trace: the edge {edge} goes back: nodes are in the order in which they were computed")


def _validate_entry(trace: dict[str, Any], where: str, entry: Any, fields: dict[str, Any]) -> None:
    if not isinstance(entry, dict) or set(entry) != set(fields):
        raise DataError(f"trace: {where} is {entry!r}: expected an object with {sorted(fields)}")
    for name, wanted in fields.items():
        value = entry[name]
        if callable(wanted):
            fine = wanted(value)
        else:
            target = trace[wanted.rpartition(">")[2]]
            several = isinstance(value, list) and wanted.startswith("->>")
            known = all(_is_id(v, target) for v in value) if several else _is_id(value, target)
            fine = known or (value is None and wanted.startswith("?"))
        if not fine:
            raise DataError(f"trace: {where}.{name} is {value!r}, which it cannot be")


def _is_id(value: Any, target: Any) -> bool:
    return value in target if isinstance(target, dict) else _is(int)(value) and 0 <= value < len(target)


def _validate_layout(trace: dict[str, Any], depth: Any, layout: dict[str, Any]) -> None:
    """Check what is in a layout, and that it has each tensor in one box, and each operand inside one or in one edge."""
    where = f"layouts[{depth!r}]"
    if not isinstance(depth, str) or not (depth.isdecimal() or depth == "all"):
        raise DataError(f"trace: {where}: expected a depth, '0', '1', ..., or 'all'")
    for kind, fields in LAYOUT.items():
        for i, entry in enumerate(layout[kind]):
            _validate_entry(trace, f"{where}.{kind}[{i}]", entry, fields)
    box_of = {node: box["id"] for box in layout["boxes"] for node in box["nodes"]}
    held = sorted(node for box in layout["boxes"] for node in box["nodes"])
    if held != list(range(len(trace["nodes"]))):
        raise DataError(f"trace: {where}: expected each of {len(trace['nodes'])} nodes in one box")
    ends = {e["id"]: (box_of[e["from"]], box_of[e["to"]]) for e in trace["edges"]}
    shown = {number: (e["from"], e["to"]) for e in layout["edges"] for number in e["edges"]}
    if shown != {number: pair for number, pair in ends.items() if pair[0] != pair[1]}:
        raise DataError(f"trace: {where}: expected each operand from one box to another in one edge, between these")
    if any(e["count"] != len(e["edges"]) for e in layout["edges"]):
        raise DataError(f"trace: {where}: expected as count of an edge how many there are in it")
