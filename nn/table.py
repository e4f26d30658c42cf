"""Tables of text."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

__all__ = ["table"]


def table(head: Sequence[str], rows: Iterable[Sequence[str]], left: int) -> list[str]:
    """Return the lines of a table with a rule under its *head* and its end; all but the first *left* columns align right.

    >>> print(*table(["name", "n"], [["one", "1"], ["eleven", "11"]], left=1), sep="\\n")
    name     n
    ----------
    one      1
    eleven  11
    ----------
    """
    cells = [head, *rows]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    first, *body = [
        "  ".join(
            cell.ljust(width) if i < left else cell.rjust(width)
            for i, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in cells
    ]
    rule = "-" * (sum(widths) + 2 * (len(widths) - 1))
    return [first, rule, *body, rule]
