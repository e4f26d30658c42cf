"""``step(loss)`` in Python, and the program ``python -m autograd_core.viz.step train.py:loss`` in the terminal.

The function comes from here, so that the name ``autograd_core.viz.step`` is the function's even when this package is run.
"""

from ..stepper import step

__all__ = ["step"]
