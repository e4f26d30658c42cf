"""The command line: ``python -m nn train``, ``resume``, ``evaluate`` and ``predict``.

It knows optimizers and schedules only by the names and factories that ``nn/__main__.py`` hands in.
"""

from __future__ import annotations

from .parser import main
from .parts import Factories

__all__ = ["Factories", "main"]
