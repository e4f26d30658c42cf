"""The command line: ``python -m nn train``, ``resume``, ``evaluate`` and ``predict``.

It knows optimizers and schedules only by the names and factories that ``nn/__main__.py`` hands in, and further commands,
such as ``lesson``, only by what adds them.
"""

from __future__ import annotations

from .parser import Command, Commands, main
from .parts import Factories

__all__ = ["Command", "Commands", "Factories", "main"]
