"""Sample operands for every primitive, one family a file: the tables that the property tests walk."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import Any

FAMILIES = sorted(path.stem for path in Path(__file__).parent.glob("[a-z]*.py"))

# primitive -> [(operands, static parameters), ...]
SAMPLES: dict[str, list[tuple[tuple[Any, ...], dict[str, Any]]]] = {}
for _family in FAMILIES:
    for _name, _cases in import_module(f"samples.{_family}").SAMPLES.items():
        SAMPLES.setdefault(_name, []).extend(_cases)
