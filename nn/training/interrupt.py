"""Ctrl-C as a wish: the first one lets the batch finish so that the run can be saved, the second one stops at once."""

from __future__ import annotations

import os
import signal
import sys
import threading
from types import FrameType, TracebackType

__all__ = ["Interrupt"]

NOTE = "\nstopping after this batch, to save the run; Ctrl-C again quits at once\n"


class Interrupt:
    """Within ``with Interrupt() as interrupt``, ``interrupt.asked`` says whether Ctrl-C was pressed.

    Does nothing outside the main thread (Python delivers signals only there), or where someone else handles Ctrl-C.
    """

    def __init__(self, active: bool = True) -> None:
        self.asked = False
        self.active = (
            active
            and threading.current_thread() is threading.main_thread()
            and signal.getsignal(signal.SIGINT) is signal.default_int_handler
        )

    def __enter__(self) -> Interrupt:
        if self.active:
            signal.signal(signal.SIGINT, self._ask)
        return self

    def _ask(self, number: int, frame: FrameType | None) -> None:
        self.asked = True
        signal.signal(signal.SIGINT, signal.default_int_handler)
        os.write(sys.__stderr__.fileno() if sys.__stderr__ else 2, NOTE.encode())  # print() may not be entered twice

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.active:
            signal.signal(signal.SIGINT, signal.default_int_handler)
