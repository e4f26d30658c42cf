"""The graph: nodes, how one is recorded, and the backward walk.

A node holds what its formulas read (arrays), its operands' nodes, and where it was made; never a Tensor, so a graph has no
reference cycle and dies by reference count.
"""

from __future__ import annotations

import sys
import threading
import weakref
from collections.abc import Callable, Iterable
from operator import attrgetter
from types import CodeType
from typing import Any, ClassVar

import numpy as np
from numpy import ndarray

from . import ops, writes
from .errors import DtypeError, GraphError, NonFiniteError
from .modes import Scope, module, recording, tick, watching
from .position import OUTSIDE, location, outside
from .primitive import SPACE, Primitive, formula_text, listed

__all__ = ["Custom", "Node", "leaf", "reachable", "record", "walk"]

Wrap = Callable[[Any, Any], Any]


class Custom:
    """The primitive of a node whose derivative is code instead of formulas: ``autograd.Function`` makes these."""

    name: str
    live: tuple[str, ...] = ()
    saved: tuple[str, ...] = ()
    keeps = False

    def pull(self, node: Node, g: Any) -> None:
        """Add to ``pending`` of each parent its part of *g*, over arrays."""
        raise NotImplementedError

    def pull_tensors(self, node: Node, g: Any, wrap: Wrap) -> None:
        """Do what ``pull`` does, over Tensors."""
        raise NotImplementedError


class Node:
    """One call: the primitive, its operands' nodes, and what its formulas read.  A leaf is a node without a primitive."""

    # One class for calls and leaves: the interpreter's attribute caches are for one type at a time.
    __slots__ = (
        "__weakref__", "code", "dtype", "hooks", "lasti", "owned", "parents", "pending", "prim", "redone", "saved", "scope",
        "seq", "shape", "target",
    )  # fmt: skip

    prim: Any  # Primitive, Custom or None
    parents: tuple[Node | None, ...]  # one for each operand that has a formula
    saved: Any  # a tuple in the order of prim.saved; None once a walk has used it; what can bring it back (checkpoint)
    pending: Any  # during a walk: the gradient so far
    owned: bool  # whether the walk made that array and may add to it
    hooks: dict[Any, Callable[[Any], Any]] | None
    target: Any  # of a leaf: a weak reference to its Tensor
    redone: tuple[int, int]  # of a call in a checkpoint: from when until when its saved values were computed again
    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    seq: int
    code: CodeType
    lasti: int
    scope: Scope | None

    @property
    def name(self) -> str:
        """The name of the primitive, or "leaf"."""
        return "leaf" if self.prim is None else str(self.prim.name)

    @property
    def next_functions(self) -> tuple[tuple[Node | None, int], ...]:
        """The nodes that the backward walk visits next, in PyTorch's form."""
        return tuple((p, 0) for p in self.parents)

    def reads(self) -> dict[str, Any]:
        """Return what the formulas read, by name."""
        if type(self.saved) is not tuple:
            self.revive()
        return dict(zip(self.prim.saved, self.saved, strict=True))

    def revive(self) -> None:
        """Bring back saved values that are not at hand, or say why there are none."""
        if self.saved is None:
            raise GraphError(
                f"{self.describe()}: the values it saved were freed by an earlier backward(). If this result is carried from "
                "one iteration to the next (a hidden state, a running loss), carry its .detach() instead; to walk the same "
                "graph twice, pass retain_graph=True to the first backward()"
            )
        self.saved.revive()
        if type(self.saved) is not tuple:  # a checkpoint in a checkpoint
            self.revive()

    def describe(self) -> str:
        """Return the primitive, the line that called it, and the module."""
        if self.prim is None:
            return f"a leaf of shape {self.shape}"
        return f"{self.name}, made at {location(self.code, self.lasti)}" + (f" in {self.scope}" if self.scope else "")

    def __repr__(self) -> str:
        return f"<{self.name}>"


def leaf(tensor: Any) -> Node:
    """Return the node of a tensor that a user asks gradients for."""
    node = Node()
    node.prim, node.parents, node.saved, node.seq, node.target = None, (), (), tick(), weakref.ref(tensor)
    node.shape, node.dtype, node.pending, node.hooks = tensor.data.shape, tensor.data.dtype, None, None
    node.scope = None
    return node


def record(prim: Any, parents: tuple[Node | None, ...], saved: tuple[Any, ...], out: ndarray) -> Node:
    """Return the node of *out*: what the written functions inline, for calls that are not written out."""
    node = Node()
    node.prim, node.parents, node.saved, node.seq = prim, parents, saved, tick()
    node.shape, node.dtype, node.pending, node.hooks = out.shape, out.dtype, None, None
    frame = outside(sys._getframe(1))
    node.code, node.lasti, node.scope = frame.f_code, frame.f_lasti, module.get()
    return node


# ------------------------------------------------------------------------------------------------- what is written per op


def record_text(prim: Primitive) -> list[str]:
    """Make the node of ``out``, which belongs to ``t``; ``x_data`` and ``x_node`` are the operand x, or all of ``*x``."""
    return [
        "global here",  # the last function that called: asking whose file it is can be saved
        "n = Node()",
        f"n.prim = {prim.name}_primitive",
        f"n.parents = {prim.live[0]}_node"
        if prim.variadic
        else f"n.parents = ({listed(f'{o}_node' for o in prim.live)})",
        f"n.saved = ({listed(_kept(prim, name) for name in prim.saved)})",
        "n.shape = out.shape",
        "n.dtype = out.dtype",
        "n.seq = tick()",
        "frame = getframe(1)",
        "code = frame.f_code",
        "if code is not here:",
        "    if code.co_filename not in OUTSIDE: frame = outside(frame); code = frame.f_code",
        "    here = code",
        "n.code = code",
        "n.lasti = frame.f_lasti",
        "n.scope = scope()",
        "n.pending = n.hooks = None",
        "t.node = n",
    ]


def _kept(prim: Primitive, name: str) -> str:
    """Return the expression of one saved value: None where no formula that reads it will be used."""
    if prim.variadic and name == f"{prim.operands[0]}_shapes":
        return f"tuple([a.shape for a in {prim.operands[0]}_data])"
    value = f"{name}_data" if name in prim.operands else name
    recomputing = {read for rule in prim.recomputed.values() for read in rule.reads}
    readers = [o for o in prim.live if (rule := prim.rules[o]) and name in rule.reads]
    if name in prim.params or name in recomputing or len(readers) == len(prim.live):
        return value
    return f"{value} if {' or '.join(f'{o}_node is not None' for o in readers)} else None"


def pull_text(prim: Primitive) -> list[str]:
    """Write ``pull(node, g)`` over arrays: for each operand its formula, the fit to the operand, the sum into its node."""
    lines = [f"{listed(prim.saved)} = node.saved"] if prim.saved else []
    if prim.variadic:
        if prim.fused:
            lines += [f"fused = None if None in node.parents else {_fused_call(prim)}"]
        for o in prim.live:
            lines += [f"for i, {o}_node in enumerate(node.parents):"]
            lines += [f"    {line}" for line in _pull_to(prim, o, {"i": "i"})]
    elif prim.live:
        lines += [f"{listed(f'{o}_node' for o in prim.live)} = node.parents"]
        if prim.fused:
            every = " and ".join(f"{o}_node is not None" for o in prim.live)
            lines += [f"fused = {_fused_call(prim)} if {every} else None"]
        lines += [line for o in prim.live for line in _pull_to(prim, o, {f"{o}_shape": f"{o}_node.shape"})]
    return lines or ["pass"]


def _fused_call(prim: Primitive) -> str:
    assert prim.fused is not None
    return f"{prim.name}_fused({', '.join(['g', *prim.fused.reads])})"


def _pull_to(prim: Primitive, o: str, names: dict[str, str]) -> list[str]:
    """Write what one operand gets; *names* is what its formula may read beside the saved values."""
    formula = formula_text(prim, o, {name: name for name in prim.saved} | names)
    if prim.fused:
        formula = f"{formula} if fused is None else fused[{'i' if prim.variadic else prim.live.index(o)}]"
    return [
        f"if {o}_node is not None:",
        f"    d = {formula}",
        f"    if d.shape != {o}_node.shape or d.dtype is not {o}_node.dtype: d = fit(d, {o}_node, node)",
        f"    so_far = {o}_node.pending",
        f"    if so_far is None: {o}_node.pending = d; {o}_node.owned = False",
        f"    elif {o}_node.owned: accumulate(so_far, d, so_far)",
        f"    else: {o}_node.pending = d = so_far + d; {o}_node.owned = type(d) is ndarray",
    ]


def fit(d: Any, parent: Node, node: Node) -> Any:
    """Return *d* summed to its operand's shape, and in its dtype where the call had promoted the operand."""
    if d.shape != parent.shape:
        d = ops.sum_to(d, shape=parent.shape)
    if d.dtype != parent.dtype:
        if d.dtype != node.dtype:
            raise DtypeError(
                f"{node.describe()}: a formula gave {d.dtype} for an operand of {parent.dtype} and a result of {node.dtype}; "
                "a formula must keep the dtype of g"
            )
        d = ops.cast(d, dtype=parent.dtype)
    return d


def add_pending(parent: Node, d: Any, node: Node) -> None:
    """Add *d*, the contribution of *node*, to the gradient of *parent*; arrays and Tensors alike."""
    d = fit(d, parent, node)
    parent.pending = d if parent.pending is None else parent.pending + d
    parent.owned = False


def pull_tensors(node: Node, g: Any, wrap: Wrap, operands: tuple[Node | None, ...]) -> None:
    """Do what a written pull does, over Tensors: the same formulas, and a graph of what they compute.

    *operands* are the nodes of all operands, also of those that this walk wants no gradient for: the others' gradients
    depend on them.
    """
    prim = node.prim
    if type(prim) is not Primitive:
        prim.pull_tensors(node, g, wrap)
        return
    known = node.reads()
    if prim.variadic:
        (o,) = prim.operands
        if o in known:
            known[o] = tuple(wrap(a, p) for a, p in zip(known[o], operands, strict=True))
    for o, parent in zip(prim.live, operands, strict=False):
        if not prim.variadic and known.get(o) is not None:
            known[o] = wrap(known[o], parent)
    if "out" in known:
        known["out"] = wrap(known["out"], node)
    for name, recomputed in prim.recomputed.items():
        known[name] = recomputed.formula(*(known[n] for n in recomputed.reads))
    names = prim.operands * len(node.parents) if prim.variadic else prim.live
    for i, (name, parent) in enumerate(zip(names, node.parents, strict=True)):
        if parent is not None and (rule := prim.rules[name]) is not None:
            known["i"], known[f"{name}_shape"] = i, parent.shape
            add_pending(parent, rule.formula(g, *(known[n] for n in rule.reads)), node)


# --------------------------------------------------------------------------------------------------------------- the walk


def reachable(roots: Iterable[Node]) -> tuple[list[Node], list[Node]]:
    """Return the calls under *roots*, newest first, and the leaves."""
    return _explore(roots)[:2]


def _explore(roots: Iterable[Node]) -> tuple[list[Node], list[Node], set[Node]]:
    """Return the calls under *roots*, newest first, the leaves, and both as a set."""
    found = list(dict.fromkeys(roots))
    calls, leaves = [n for n in found if n.prim is not None], [n for n in found if n.prim is None]
    seen = set(found)
    for node in calls:
        for p in node.parents:
            if p is not None and p not in seen:
                seen.add(p)
                (leaves if p.prim is None else calls).append(p)
    calls.sort(key=attrgetter("seq"), reverse=True)
    return calls, leaves, seen


def walk(
    roots: list[tuple[Node, Any]],
    deliver: Callable[[Node, Any], None],
    targets: Iterable[Node] | None = None,
    wrap: Wrap | None = None,
    free: bool = True,
) -> None:
    """Carry gradients from *roots* down, and ``deliver(node, gradient)`` them.

    They go to the leaves, or to *targets*, and then only what lies on a way to a target is computed.  With *wrap*, a
    function (array, node) -> Tensor, formulas see Tensors and what they compute can be differentiated.  *free*: drop saved
    arrays behind the walk.
    """
    with _Claim([node for node, _ in roots]) as (calls, leaves, nested):
        wanted = None if targets is None else set(targets)
        way, cut = (calls, {}) if wanted is None else _way(calls, wanted)
        # What a walk around this one has in these nodes: it waits here until this one is done.
        before = [(n, n.pending, n.owned) for n in (*calls, *leaves) if n.pending is not None] if nested else []
        for n, *_ in before:
            n.pending = None
        mode = recording.set(wrap is not None)
        clean = False
        try:
            for node, seed in roots:
                node.pending = seed if node.pending is None else node.pending + seed
                node.owned = False
            _descend(way, cut, deliver, wanted, wrap, free)
            for n in leaves:
                if n.pending is not None and (wanted is None or n in wanted):
                    g, n.pending = n.pending, None
                    deliver(n, g if n.hooks is None else run_hooks(n, g))
            clean = wanted is None  # then every sum has been taken out of its node
        finally:
            recording.reset(mode)
            for n in () if clean else (*calls, *leaves):
                n.pending = None
            for n, pending, owned in before:
                n.pending, n.owned = pending, owned


def _descend(  # noqa: PLR0912  # one loop, and hot: a call for each question would cost more than the question
    calls: list[Node],
    cut: dict[Node, tuple[Node | None, ...]],
    deliver: Callable[[Node, Any], None],
    wanted: set[Node] | None,
    wrap: Wrap | None,
    free: bool,
) -> None:
    """Pull each call's gradient to its operands, newest call first: all its uses are younger, so its sum is complete."""
    last_write = writes.last_write
    suspicious = bool(calls) and last_write > calls[-1].seq
    watcher = watching.get()
    plain = wrap is None and not cut
    for node in calls:
        g = node.pending
        if g is None:
            continue
        node.pending = None
        if node.hooks is not None:
            g = run_hooks(node, g)
        if wanted is not None:
            if node in wanted:
                deliver(node, g)
            if not any(cut.get(node, node.parents)):
                continue  # the way ends here: nothing is pulled, and what this node saved stays
        if type(node.saved) is not tuple:
            node.revive()
        if suspicious and last_write > node.seq:
            check_writes(node)
        prim = node.prim
        try:
            if plain:
                prim.pull(node, g)
            else:
                _pull_part(node, g, cut.get(node, node.parents), wrap)
        except NonFiniteError as error:
            error.add_note(f"This was in the backward of {node.describe()}")
            raise
        if watcher is not None:
            watcher.after_pull(node, g)
        if free and prim.keeps:
            node.saved = None


def _pull_part(node: Node, g: Any, parents: tuple[Node | None, ...], wrap: Wrap | None) -> None:
    """Pull to *parents* only: those of *node*, with None in place of some."""
    whole, node.parents = node.parents, parents
    try:
        if wrap is None:
            node.prim.pull(node, g)
        else:
            pull_tensors(node, g, wrap, whole)
    finally:
        node.parents = whole


def run_hooks(node: Node, g: Any) -> Any:
    """Return *g* as the hooks of *node* leave it."""
    for hook in list((node.hooks or {}).values()):
        new = hook(g)
        g = g if new is None else new
    return g


def _way(calls: list[Node], wanted: set[Node]) -> tuple[list[Node], dict[Node, tuple[Node | None, ...]]]:
    """Return the calls that lead to *wanted*, and the parents of those that lead elsewhere too, None in place of elsewhere."""
    needed = set(wanted)
    for node in reversed(calls):
        if node in needed or any(p in needed for p in node.parents):
            needed.add(node)
    way = [n for n in calls if n in needed]
    cut = {
        n: tuple(p if p in needed else None for p in n.parents)
        for n in way
        if any(p is not None and p not in needed for p in n.parents)
    }
    return way, cut


_walking: dict[int, list[set[Node]]] = {}  # thread -> the nodes of its walks, the outermost first
_lock = threading.RLock()
_turn = threading.Condition(_lock)


class _Claim:
    """Find what *roots* reach and keep it to this thread: sums are kept in the nodes, so walks that share one take turns.

    ``with`` gives the calls, the leaves, and whether this thread is in another walk.
    """

    __slots__ = ("me", "roots")

    waiting: ClassVar[int] = 0  # how many threads wait for their turn

    def __init__(self, roots: list[Node]) -> None:
        self.roots, self.me = roots, threading.get_ident()

    def __enter__(self) -> tuple[list[Node], list[Node], bool]:
        with _lock:
            calls, leaves, nodes = _explore(self.roots)
            nested = self.me in _walking
            while len(_walking) > nested and self._shared(nodes):
                if nested:
                    raise GraphError(
                        "a backward pass inside a backward pass shares nodes with one in another thread; give each thread "
                        "a graph of its own"
                    )
                _Claim.waiting += 1
                _turn.wait()
                _Claim.waiting -= 1
                calls, leaves, nodes = _explore(self.roots)
            _walking.setdefault(self.me, []).append(nodes)
        return calls, leaves, nested

    def _shared(self, nodes: set[Node]) -> bool:
        return any(t != self.me and any(not nodes.isdisjoint(w) for w in walks) for t, walks in _walking.items())

    def __exit__(self, *_: object) -> None:
        with _lock:
            _walking[self.me].pop()
            if not _walking[self.me]:
                del _walking[self.me]
            if _Claim.waiting:
                _turn.notify_all()


def check_writes(node: Node) -> None:
    """Raise where an array that *node* saved has been written in place since."""
    redone = getattr(node, "redone", (0, 0))  # writes of that time made the saved values, and spoiled none
    for name, value in node.reads().items():
        for a in value if type(value) is tuple else (value,):
            if type(a) is ndarray and (write := writes.overwritten(a, node.seq, redone)):
                what = {"out": "result", "saved tensor": "saved tensor"}.get(name, f"operand {name!r}")
                raise GraphError(
                    f"backward needs the {what} of {node.describe()}, but that was written in place afterwards, at "
                    f"{location(write.code, write.lasti)}. Make a new tensor there instead (y = y + 1, not y += 1), or hand "
                    "a .clone() to the earlier line"
                )


SPACE.update(
    Node=Node,
    OUTSIDE=OUTSIDE,
    accumulate=np.add,
    fit=fit,
    getframe=sys._getframe,
    here=None,
    ndarray=ndarray,
    np=np,
    outside=outside,
    recording=recording.get,
    scope=module.get,
    tick=tick,
)
