"""Files that are either the old ones or the new ones, never half of each: the engine's, and JSON."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import autograd_core as ag

__all__ = ["write_atomically", "write_json"]

write_atomically = ag.serialization.write_atomically


def write_json(path: Path, value: Any) -> None:
    """Write *value* as indented JSON, atomically."""
    write_atomically(path, json.dumps(value, indent=2, ensure_ascii=False) + "\n")
