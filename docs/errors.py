"""The page of all errors, with what their messages say: ``make docs-errors`` runs the examples and writes it."""

from __future__ import annotations

import inspect
import linecache
import textwrap
import warnings
from pathlib import Path
from typing import Any

import numpy as np

import autograd_core as ag
import nn
import optim
from autograd_core import errors

__all__ = ["EXAMPLES", "PATH", "message", "page"]

PATH = Path(__file__).with_suffix(".md")
BEFORE = """\
<!-- `make docs-errors` writes this page: change autograd_core/errors.py, the messages, or docs/errors.py instead -->
# Errors

A message names the argument, quotes its value, says what was expected, and ends with the cure. Each class is also the built-in
error that PyTorch raises at that place, so `except RuntimeError` keeps its meaning; all are `ag.errors.AutogradError`.

Below, the classes with programs that raise them, and what is said then. Where a line is named, `example.py` is the program.
Of a call that failed, `autograd_core.viz.draw(error)` shows the graph that led there ([draw.md](draw.md)).
"""

# By class, programs that raise it.
EXAMPLES: dict[str, list[str]] = {
    "ArgumentError": [
        "optim.SGD([ag.ones(1, requires_grad=True)], lr=-0.1)",
        "nn.Conv2d(3, 8, kernel_size=0)",
        'nn.functional.mse_loss(ag.ones(2), ag.zeros(2), reduction="average")',
    ],
    "ShapeError": [
        "x, w = ag.ones(2, 3), ag.ones(4, 2)\nx @ w",
        "net = nn.Sequential(nn.Conv2d(1, 4, 3), nn.ReLU(), nn.Linear(64, 10))\nnet(ag.ones(5, 1, 6, 6))",
        "ag.ones(3) + ag.ones(4)",
    ],
    "DtypeError": [
        "nn.Linear(2, 1)(ag.ones(1, 2, dtype=ag.float64))",
        "ag.tensor([1, 2], requires_grad=True)",
    ],
    "DeviceError": ['ag.ones(2, device="cuda")'],
    "GraphError": [
        "x = ag.ones(3, requires_grad=True)\ny = x.exp()\ny += 1\ny.sum().backward()",
        "x = ag.ones(3, requires_grad=True)\nloss = (x * x).sum()\nloss.backward()\nloss.backward()",
        "ag.ones(3).sum().backward()",
        "x = ag.ones(3, requires_grad=True)\n(x * x).backward()",
    ],
    "LinAlgError": [
        "ag.linalg.inv(ag.zeros(2, 2))",
        "ag.linalg.cholesky(-ag.eye(2))",
    ],
    "NonFiniteError": [
        "x = ag.tensor([4.0, -1.0], requires_grad=True)\nwith ag.detect_anomaly():\n    x.log().sum()",
        "x = ag.tensor([4.0, 0.0], requires_grad=True)\nwith ag.detect_anomaly():\n    x.sqrt().sum().backward()",
    ],
    "DataError": ['nn.data.read_idx("pictures.idx")'],
    "CheckpointError": ["saved = nn.Linear(3, 1).state_dict()\nnn.Linear(2, 1).load_state_dict(saved)"],
}


def message(program: str) -> tuple[type[BaseException], str]:
    """Run *program* and return what it raises: the class, and the message."""
    linecache.cache["example.py"] = len(program), None, program.splitlines(keepends=True), "example.py"
    known: dict[str, Any] = {"ag": ag, "nn": nn, "np": np, "optim": optim}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            exec(compile(program, "example.py", "exec"), known)
        except errors.AutogradError as error:
            return type(error), str(error)
    raise AssertionError(f"this raises nothing:\n{program}")


def page() -> str:
    """Return the page as text."""
    classes = [getattr(errors, name) for name in EXAMPLES]
    rows = [f"| [`{cls.__name__}`](#{cls.__name__.lower()}) | {cls.__doc__} | {builtins(cls)} |" for cls in classes]
    parts = [BEFORE, "| class | what it is | also |", "|---|---|---|", *rows]
    for cls in classes:
        parts += ["", f"## {cls.__name__}", "", str(inspect.getdoc(cls))]
        for program in EXAMPLES[cls.__name__]:
            said = "\n".join(textwrap.fill(line, 100) for line in message(program)[1].splitlines())
            parts += ["", f"```py\n{program}\n```", "", f"```text\n{said}\n```"]
    return "\n".join(parts) + "\n"


def builtins(cls: type) -> str:
    """Return the errors of Python and NumPy that *cls* is too."""
    return ", ".join(f"`{base.__name__}`" for base in cls.__bases__ if not issubclass(base, errors.AutogradError))


if __name__ == "__main__":
    PATH.write_text(page(), encoding="utf-8")
