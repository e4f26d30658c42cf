"""Where in the user's program something happened: a code object and an offset into it, read only when a message needs it.

Keeping the two costs 0.1 microseconds; a traceback would cost 35.
"""

from __future__ import annotations

import linecache
import os
import sys
from pathlib import Path
from types import CodeType, FrameType

__all__ = ["caller", "expression", "location", "outside", "readable"]

_HOME = Path(__file__).parent.parent  # unresolved: as code objects name their files, symbolic links and all
OURS = (*(str(_HOME / name) + os.sep for name in ("autograd_core", "nn", "optim")), "<autograd ")
OUTSIDE: set[str] = set()  # files known to be the user's
_INSIDE: set[str] = set()  # files known to be ours


def outside(frame: FrameType) -> FrameType:
    """Return the first frame, from *frame* outwards, that is not in these packages."""
    while frame.f_back is not None:
        name = frame.f_code.co_filename
        if name not in _INSIDE:
            if not name.startswith(OURS):
                OUTSIDE.add(name)
                break
            _INSIDE.add(name)
        frame = frame.f_back
    return frame


def caller() -> tuple[CodeType, int]:
    """Return the position in the user's program that is being executed."""
    frame = outside(sys._getframe(1))
    return frame.f_code, frame.f_lasti


def span(code: CodeType, lasti: int) -> tuple[str, int, int, int, int]:
    """Return file, first line, last line, first column and last column of the expression at an offset."""
    first, last, start, stop = list(code.co_positions())[lasti // 2]
    line = first or code.co_firstlineno
    return code.co_filename, line, last or line, start or 0, stop or 0


def readable(file: str) -> str:
    """Return *file*, or what a notebook calls the cell that was compiled under this name: "In[7]"."""
    shell = sys.modules["IPython"].get_ipython() if "IPython" in sys.modules else None
    name_of = getattr(getattr(shell, "compile", None), "format_code_name", None)
    label = name_of(file) if name_of else None  # ("Cell", "In[7]")
    return label[1] if label else file


def location(code: CodeType, lasti: int) -> str:
    """Return ``file:line`` and the line itself, as a message quotes it."""
    file, line, *_ = span(code, lasti)
    text = linecache.getline(file, line).strip()
    return f"{readable(file)}:{line}" + (f" `{text}`" if text else "")


def expression(code: CodeType, lasti: int) -> str:
    """Return the source text of the expression at an offset, or "" where there is no source."""
    file, first, last, start, stop = span(code, lasti)
    lines = [linecache.getline(file, n).encode() for n in range(first, last + 1)]  # columns count bytes
    lines[-1] = lines[-1][:stop]
    return b"".join([lines[0][start:], *lines[1:]]).decode(errors="replace").strip()
