"""The record of a run: one row an epoch."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Literal

import autograd_core as ag

__all__ = ["History"]

Row = dict[str, Any]


class History:
    """Rows of figures, one an epoch; ``history["val_loss"]`` is a column.

    >>> history = History()
    >>> history.append({"epoch": 1, "loss": 0.9})
    >>> history.append({"epoch": 2, "loss": 0.5})
    >>> history["loss"], history.best("loss")["epoch"]
    ([0.9, 0.5], 2)
    """

    def __init__(self, rows: list[Row] | None = None) -> None:
        self.rows: list[Row] = list(rows or [])

    def append(self, row: Row) -> None:
        """Add the row of an epoch."""
        self.rows.append(row)

    @property
    def columns(self) -> list[str]:
        """Return the names of all columns, in the order in which they came."""
        return list(dict.fromkeys(name for row in self.rows for name in row))

    @property
    def measured(self) -> list[str]:
        """Return the columns that there are for training and for validation, ``val_``, alike."""
        return [name for name in self.columns if f"val_{name}" in self.columns]

    def __getitem__(self, column: str) -> list[Any]:
        if column not in self.columns:
            raise KeyError(f"the history has no column {column!r}; it has {', '.join(self.columns) or 'none yet'}")
        return [row.get(column) for row in self.rows]

    def __contains__(self, column: str) -> bool:
        return column in self.columns

    def __len__(self) -> int:
        return len(self.rows)

    def __iter__(self) -> Iterator[Row]:
        return iter(self.rows)

    def best(self, column: str, mode: Literal["min", "max"] = "min") -> Row:
        """Return the first row in which *column* is lowest, or highest."""
        rows = [row for row in self.rows if row.get(column) is not None]
        if not rows:
            raise ag.errors.ArgumentError(
                f"column is {column!r}: the history has {', '.join(self.columns) or 'no rows yet'}"
            )
        return (min if mode == "min" else max)(rows, key=lambda row: row[column])

    def __repr__(self) -> str:
        return f"History({len(self.rows)} epochs: {', '.join(self.columns)})"
