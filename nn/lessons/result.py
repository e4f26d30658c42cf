"""What a lesson leaves: numbers, claims, tables, text and pictures, and its form as JSON."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

__all__ = ["Claim", "File", "Finding", "Picture", "Result", "Table", "shown"]

Cell = float | int | str


@dataclass(frozen=True)
class Picture:
    """A figure: its name, what it shows, and its size in pixels; two files, for light and for dark pages."""

    name: str
    caption: str
    width: int
    height: int


@dataclass(frozen=True)
class Finding:
    """A number that was measured; *expected* says in words what it should be, *source* who says so."""

    name: str
    value: Cell
    expected: str = ""
    source: str = ""


@dataclass(frozen=True)
class Claim:
    """What the lecture claims, whether it held, and what was found."""

    text: str
    holds: bool
    found: str = ""


@dataclass(frozen=True)
class Table:
    """A table of text and numbers."""

    title: str
    head: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]


@dataclass(frozen=True)
class File:
    """A file that the lesson leaves beside its figures, and what it is."""

    name: str
    what: str


@dataclass
class Result:
    """All that one run of a lesson found; *error* is what stopped it, or ``""``.

    >>> Result("demo", 0, {}, "", {}, claims=[Claim("it holds", False, "it did not")]).failed
    ['it holds (it did not)']
    """

    lesson: str
    seed: int
    settings: dict[str, Any]
    command: str
    versions: dict[str, str]
    seconds: float = 0.0
    error: str = ""
    paragraphs: list[str] = field(default_factory=list)
    claims: list[Claim] = field(default_factory=list)
    numbers: list[Finding] = field(default_factory=list)
    tables: list[Table] = field(default_factory=list)
    pictures: list[Picture] = field(default_factory=list)
    files: list[File] = field(default_factory=list)

    @property
    def written(self) -> list[str]:
        """The names of the files beside ``result.json``."""
        drawn = [f"{picture.name}{night}.png" for picture in self.pictures for night in ("", "-dark")]
        return drawn + [file.name for file in self.files]

    @property
    def failed(self) -> list[str]:
        """What went wrong: the error, or the claims that did not hold."""
        if self.error:
            return [self.error]
        return [f"{claim.text} ({claim.found})" for claim in self.claims if not claim.holds]

    def as_dict(self) -> dict[str, Any]:
        """Return it as ``result.json`` holds it."""
        return asdict(self)

    @classmethod
    def of(cls, saved: Mapping[str, Any]) -> Result:
        """Return the result that ``as_dict`` gave; KeyError or TypeError where it did not."""
        kinds = {"claims": Claim, "numbers": Finding, "pictures": Picture, "files": File}
        parts: dict[str, Any] = {name: [kind(**one) for one in saved[name]] for name, kind in kinds.items()}
        parts["tables"] = [Table(t["title"], tuple(t["head"]), tuple(map(tuple, t["rows"]))) for t in saved["tables"]]
        return cls(**{**saved, **parts})


def shown(value: Cell) -> str:
    """Return a number as a person reads it.

    >>> shown(12345), shown(0.123456), shown(1.5e-9), shown(98765.4), shown("about 2")
    ('12,345', '0.1235', '1.5e-09', '98,765', 'about 2')
    """
    if isinstance(value, float) and 1e4 <= abs(value) < 1e7:
        return f"{value:,.0f}"
    return f"{value:.4g}" if isinstance(value, float) else value if isinstance(value, str) else f"{value:,}"
