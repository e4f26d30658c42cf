"""The record of a run: what its steps were like, in ``record.html`` and ``record.json`` of its folder."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Self

import autograd_core as ag

from ..module import Module

__all__ = ["RunRecord", "recorded"]

PAGE, DATA = "record.html", "record.json"


class RunRecord:
    """Records training in a ``with`` block, each *every*-th step, and writes both files whenever the run is saved."""

    def __init__(self, folder: Path, every: int, model: Module, resume: bool) -> None:
        from autograd_core.viz import Record

        self.page, self.data, self.title = folder / PAGE, folder / DATA, f"Training of {type(model).__name__}"
        goes_on = resume and self.data.exists()
        self.record = Record.load(self.data, model) if goes_on else Record(every, model)

    def __enter__(self) -> Self:
        self.record.__enter__()
        return self

    def __exit__(self, *error: Any) -> None:
        self.record.__exit__(*error)
        self.save()  # also of a run that failed: it may show why

    def save(self) -> None:
        """Write the page and the data."""
        self.data.parent.mkdir(parents=True, exist_ok=True)
        self.record.save(self.data)
        self.record.save(self.page, self.title)

    def state_dict(self) -> dict[str, Any]:
        """Return what a checkpoint must keep."""
        return self.record.state_dict()

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Go back to where the checkpoint was saved."""
        self.record.load_state_dict(state_dict)


def recorded(folder: Path) -> tuple[str, ...] | None:
    """Return what looks ill in the record of a run, or None where there is no record."""
    try:
        made = json.loads((folder / DATA).read_bytes())
        return tuple(f"{flag['kind']} at step {flag['step']}: {flag['means']}" for flag in made["flags"])
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ag.errors.DataError(
            f"{folder / DATA} is damaged ({error}); remove it, and the report is written without it"
        ) from error
