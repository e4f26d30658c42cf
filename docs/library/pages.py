"""The pages, as text."""

from __future__ import annotations

import inspect
import warnings
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np
from beside_torch import OURS
from conformance.methods import METHODS

import nn

from .. import families
from . import faces, initial, ours, updates
from .corners import CORNERS, Corner, worded
from .derivatives import MISSING, NONE, YES, ZERO, Way, kernels, orders
from .names import pytorchs

GENERATED = "<!-- `make docs-library` writes this page: change the code or docs/library instead -->\n"
NO_CALL = "no call"
OTHERS = (
    "ag", "ag.autograd", "ag.autograd.functional", "ag.func", "ag.distributions", "ag.testing", "nn", "nn.functional",
    "nn.init", "nn.utils", "nn.utils.parametrizations", "nn.utils.parametrize", "nn.utils.prune", "nn.utils.rnn",
    "nn.utils.stateless", "optim", "optim.swa_utils",
)  # fmt: skip

ABOUT = f"""\
# The library

Every function, layer and optimizer, with what running it showed.

- **PyTorch**: its name there, where it is not the same behind `torch.`, or "ours" where there is none.
- **First**, **second**: the derivative of that order. "{YES}": it is there, and differences of the function, or of the
  gradient, agree with it. "{ZERO}": it is there, and zero wherever it was looked at, as the second one of a function that
  is linear, or linear piece by piece. "{NONE}": the result is a constant to the graph, such as an index or a comparison.
  "{MISSING}": it is missing.
- **At ties and corners**: the gradient where there is no derivative; [ties.md](ties.md) lists them by themselves.
- **Values at the start**: how a layer fills its parameters; [initialisation.md](initialisation.md) has them one by one.
- **Kernels**: those of `autograd_core/kernels/cpu` that the calls and their gradients reach; all else is NumPy's.
"""
ABOUT_TIES = """\
# Ties and corners

Where a function has no derivative, because it has a corner or because elements tie, its gradient is a convention. These
are the gradients that come out, in float64. They are PyTorch's, which leaves open only which of equals `kthvalue` and
`topk` choose. `x` and `y` are the tensors that have gradients, in this order, and `t` are constants. The elements of a
result are weighted by 1, 2, 3, so that one sees where each goes.

"""
ABOUT_INITIALISATION = """\
# Initialisation

How a new layer fills its parameters: the laws that fit what several seeds and two sizes drew, by bounds and deviation.
They are PyTorch's. `fan_in` is the number of weights that add up to one output: the elements of `weight[0]`; `fan_out`
is the number of rows times the elements of a window.

"""


def pages() -> dict[str, str]:
    """Return the text of each page by its name in ``docs``."""
    with np.errstate(all="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # advice on some of the calls
        return {"initialisation.md": initialisation(), "library.md": Library().page(), "ties.md": ties()}


def ties() -> str:
    rows = []
    for name, corners in CORNERS.items():
        for corner in corners:
            gradient = worded(corner.gradient(faces.resolved(name), OURS))
            rows.append([f"`{corner.call(name.removeprefix('ag.'))}`", corner.where, gradient])
    return GENERATED + ABOUT_TIES + table("call | where | gradient", rows)


def initialisation() -> str:
    rows = [
        [f"`{name}`", coded(parameters), law]
        for name in sorted(initial.SIZES, key=str.lower)
        for law, parameters in initial.together(name).items()
    ]
    return GENERATED + ABOUT_INITIALISATION + table("layer | parameters | values at the start", rows)


class Library:
    """The page of everything.  What has several names is run once."""

    def __init__(self) -> None:
        self.calls = faces.calls()
        self.corners = faces.shared(CORNERS, {})
        self.ran: dict[int, list[str]] = {}

    def page(self) -> str:
        parts = [GENERATED, ABOUT, "\n## Functions of `autograd_core`\n"]
        parts += [f"\n{family}\n{self.functions(group)}" for family, group in by_file(faces.functions("ag"))]
        parts += [f"\n## {title(face)}\n\n{self.functions(faces.functions(face))}" for face in list(faces.TABLES)[1:]]
        parts += [f"\n## Methods of `Tensor` that are no functions\n\n{self.methods()}", "\n## Layers\n"]
        parts += [f"\n{family}\n{layers(group)}" for family, group in by_file(faces.layers())]
        parts += [f"\n## Optimizers\n\n{optimizers()}", f"\n## Schedules of learning rates\n\n{schedules()}"]
        parts += [f"\n## Further names in {title(face)}\n\n{others(face)}" for face in OTHERS]
        return "".join(parts)

    def functions(self, group: Iterable[tuple[str, Any]]) -> str:
        rows = []
        for name, thing in group:
            if id(thing) not in self.ran:
                self.ran[id(thing)] = ran(name, ours.ways(name, thing, self.calls[name]))
            first, second, reached = self.ran[id(thing)]
            rows.append([linked(name, thing), beside(name), first, second, told(name, self.corners[name]), reached])
        return table("name | PyTorch | first | second | at ties and corners | kernels", rows)

    def methods(self) -> str:
        functions = {name.removeprefix("ag.") for name, _ in faces.functions("ag")}
        rows = [
            [f"`{name}`", *ran(name, ours.ways(name, method(name), calls))]
            for name, calls in METHODS.items()
            if name not in functions
        ]
        return table("name | first | second | kernels", rows)


def ran(name: str, ways: list[Way]) -> list[str]:
    """Return what running the function or layer *name* shows: both derivatives, and the kernels."""
    if not ways:
        return [NO_CALL, "", ""]
    try:
        return [*orders(ways), coded(kernels(ways))]
    except Exception as error:
        error.add_note(f"in a call of {name}")
        raise


def method(name: str) -> Callable[..., Any]:
    """Return the method of this name, as a function."""
    return lambda x, *args, **kwargs: getattr(x, name)(*args, **kwargs)


def told(name: str, corners: Sequence[Corner]) -> str:
    """Return the gradients at all corners of a function; one without further arguments needs no call to be shown."""
    short, function, found = name.rpartition(".")[2], faces.resolved(name), []
    for corner in corners:
        call = f"`{corner.call(short)}`, " if corner.rest or corner.kwargs else ""
        found.append(f"{call}{corner.where}: {worded(corner.gradient(function, OURS))}")
    return "; ".join(found)


def layers(group: Iterable[tuple[str, type[nn.Module]]]) -> str:
    rows = []
    for name, cls in group:
        short, becomes = name.removeprefix("nn."), getattr(cls, "cls_to_become", None)
        ways = ours.layer_ways(short)
        if becomes:
            shows = [f"becomes `{becomes.__name__}`", "", ""]
        elif cls.forward is nn.Module.forward:
            shows = ["holds others", "", ""]
        elif any(other is not cls and issubclass(other, cls) for _, other in faces.layers()) and not ways:
            shows = ["base of others", "", ""]
        else:
            shows = ran(name, ways)
        laws = initial.together(short).items() if short in initial.SIZES else ()
        begins = "; ".join(f"{coded(parameters)}: {law}" for law, parameters in laws)
        rows.append([linked(name, cls), beside(name), *shows, begins])
    return table("name | PyTorch | first | second | kernels | values at the start", rows)


def optimizers() -> str:
    rows = []
    for name, cls in faces.optimizers():
        kept, steps = updates.state(cls)
        rows.append([linked(name, cls), beside(name), coded(kept), coded(steps) or "NumPy"])
    return table("name | PyTorch | kept for a parameter | kernel of a step", rows)


def schedules() -> str:
    rows = []
    for schedule in updates.SCHEDULES:
        name = f"optim.lr_scheduler.{schedule.partition('(')[0]}"
        rates = ", ".join(f"{rate:.3g}" for rate in updates.rates(schedule))
        rows.append([linked(name, faces.resolved(name)), beside(name), f"`{schedule}`", rates])
    return table("name | PyTorch | a call | first rates, of 1", rows)


def others(face: str) -> str:
    """Return what *face* has beside functions of tensors, layers and optimizers."""
    functions = [pair for table in faces.TABLES for pair in faces.functions(table)]
    shown = {name for name, _ in [*functions, *faces.layers(), *faces.optimizers()]}
    rows = [
        [linked(name, thing), beside(name), first_line(thing)]
        for name, thing in faces.public(face)
        if name not in shown and str(getattr(thing, "__module__", "")).startswith(("autograd_core", "nn", "optim"))
    ]
    return table("name | PyTorch | what it is", rows)


# ------------------------------------------------------------------------------------------------------------ Markdown


def table(head: str, rows: Iterable[Sequence[str]]) -> str:
    """Return a table; *head* names the columns, between bars."""
    lines: list[Sequence[str]] = [[cell.strip() for cell in head.split("|")]]
    lines += [["---"] * len(lines[0]), *([cell.replace("|", "\\|") for cell in row] for row in rows)]
    return "".join("| " + " | ".join(line) + " |\n" for line in lines)


def by_file(group: Iterable[tuple[str, Any]]) -> list[tuple[str, list[tuple[str, Any]]]]:
    """Return what is of one file together, under its heading, as Markdown."""
    files: dict[str, list[tuple[str, Any]]] = {}
    for name, thing in group:
        files.setdefault(thing.__module__, []).append((name, thing))
    return [(f"### {families.title(module)}\n\n{families.about(module)}\n", files[module]) for module in sorted(files)]


def title(face: str) -> str:
    return f"`{'.'.join('autograd_core' if part == 'ag' else part for part in face.split('.'))}`"


def first_line(thing: Any) -> str:
    return (inspect.getdoc(thing) or "").partition("\n")[0]


def linked(name: str, thing: Any) -> str:
    return f"[`{name.rpartition('.')[2]}`](../{faces.source(thing)})"


def beside(name: str) -> str:
    """Return PyTorch's name where it is another."""
    theirs = pytorchs(name)
    return "ours" if not theirs else "" if theirs == name.removeprefix("ag.") else f"`{theirs}`"


def coded(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)
