"""What a primitive's function does when it is called with Tensors, as the text of which that is written."""

from __future__ import annotations

from itertools import pairwise

from .graph import record_text
from .primitive import Primitive, arguments, forward_text, listed

__all__ = ["WATCHED", "call_text"]

# While it has an entry, written functions show their results to what watches (detect_anomaly).
WATCHED: list[object] = []


def call_text(prim: Primitive) -> list[str]:
    """Peel the Tensors, run the forward on their arrays (or call again, one rank lower), wrap the result, record."""
    if not prim.operands:
        return []
    params = ", ".join(f"{p!r}: {p}" for p in prim.params)
    data = [f"{o}_data" for o in prim.operands]
    if prim.variadic:
        (xs,) = prim.operands
        operands, stored, fit = xs, f"{xs}_data", "agree"
        lines = [f"{xs}_data, {xs}_node, agree = peel({xs}, {prim.floating})", f"if {xs}_node is not None:"]
    else:
        operands, stored = (f"({listed(names)})" for names in (prim.operands, data))
        two = prim.live == prim.operands and len(prim.live) == 2
        lines = _unwrap_two(*prim.operands) if two else _unwrap(prim)
        fit = " and ".join([*(f"type({d}) is ndarray" for d in data), *_agree(prim)])
    results = ", ".join(["out", *prim.auxiliary])
    lines += [
        f"    if {fit}:",
        "        try:",  # costs nothing as long as nothing is raised
        f"            {results} = {forward_text(prim, data)}",
        "        except ValueError as error:",
        f"            explain(error, {prim.name}_primitive, {operands})",
        "            raise",
        "    else:",
        f"        if not isinstance(claimant({operands}), TensorBase):",
        f"            return dispatch({prim.name}_primitive, {operands}, {{{params}}})",
        *(f"        {line}" for line in _promote(prim)),
        f"        {results} = {prim.name}({arguments(prim, data)})",
        "    if type(out) is not ndarray: out = lift(out)",
        "    t = blank()",
        "    t.array = out",
        "    t.grad = t.node = t.alias = None",
    ]
    if prim.view:
        source = prim.operands[0]
        lines += [f"    if out.base is not None: link(t, {source}, {prim.name}_primitive, {{{params}}})"]
    if prim.live:
        live = " or ".join(f"{o}_node is not None" for o in prim.live)
        if prim.variadic:
            live = f"{operands}_node.count(None) < len({operands})"
        lines += [f"    if ({live}) and recording():"]
        lines += [f"        {line}" for line in record_text(prim)]
    if WATCHED:
        lines += [f"    if (frame := watching()) is not None: frame.after_call({prim.name}_primitive, t, {stored})"]
    return [*lines, f"    return t{''.join(f', wrap(lift({a}), None)' for a in prim.auxiliary)}"]


def _unwrap(prim: Primitive) -> list[str]:
    """Of each operand x: x_data, and x_node where there is a formula for it."""
    lines = [f"if {' or '.join(f'isinstance({o}, TensorBase)' for o in prim.operands)}:"]
    for o in prim.operands:
        node, none = (f"; {o}_node = {o}.node", f"; {o}_node = None") if o in prim.live else ("", "")
        if len(prim.operands) == 1:
            lines += [f"    {o}_data = {o}.array{node}"]
        else:
            lines += [
                f"    if isinstance({o}, TensorBase): {o}_data = {o}.array{node}",
                f"    else: {o}_data = {o}{none}",
            ]
    return lines


def _unwrap_two(x: str, y: str) -> list[str]:
    """The same for two, the common case, with fewer questions and with Python numbers."""
    return [
        f"if isinstance({x}, TensorBase):",
        f"    {x}_data = {x}.array; {x}_node = {x}.node",
        f"    if isinstance({y}, TensorBase): {y}_data = {y}.array; {y}_node = {y}.node",
        f"    else: {y}_data = number({y}, {x}_data); {y}_node = None",
        "    tensors = True",
        f"elif isinstance({y}, TensorBase):",
        f"    {x}_data = number({x}, {y}.array); {x}_node = None",
        f"    {y}_data = {y}.array; {y}_node = {y}.node",
        "    tensors = True",
        "else: tensors = False",
        "if tensors:",
    ]


def _agree(prim: Primitive) -> list[str]:
    """Write conditions under which no operand changes dtype.  Operands without a formula (indices, masks) take no part."""
    kinds = [f"{o}_data.dtype" for o in prim.live]
    tests = [f"{a} is {b}" for a, b in pairwise(kinds)]
    if prim.floating and kinds:
        tests += [f"({kinds[-1]} is float32 or {kinds[-1]} is float64)"]
    return tests


def _promote(prim: Primitive) -> list[str]:
    if prim.variadic:
        return [f"{o}_data = tuple(promote({o}_data, {prim.floating}))" for o in prim.live]
    if len(prim.live) == 1 and not prim.floating:
        return []
    data = ", ".join(f"{o}_data" for o in prim.live)
    return [f"{data}, = promote(({data},), {prim.floating})"] if data else []
