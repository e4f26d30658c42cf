"""The graph: nodes, how one is recorded, and the backward walk.

A node holds what its formulas read (arrays), its operands' nodes, and where it was made; never a Tensor, so a graph has no
reference cycle and dies by reference count.
"""

from __future__ import annotations

import sys
import threading
import warnings
import weakref
from collections.abc import Callable, Iterable
from operator import attrgetter
from types import CodeType
from typing import Any, ClassVar

import numpy as np
from numpy import ndarray

from . import dtypes, ops, writes
from .errors import SEE, DtypeError, GraphError, NonFiniteError, ShapeError
from .handle import RemovableHandle
from .modes import Scope, module, recording, tick, watching
from .position import OUTSIDE, location, outside
from .primitive import SPACE, Primitive, formula_text, listed

__all__ = ["Custom", "Node", "leads_to", "leaf", "notice_growth", "reachable", "record", "stand_in", "walk"]

Wrap = Callable[[Any, Any], Any]
BY_ELEMENT = {"elementwise", "error_function", "gamma", "logarithm", "trigonometric"}  # families of primitives
LOOK = 64  # nodes under a running total that are looked at


class Custom:
    """The primitive of a node whose derivative is code instead of formulas: ``autograd.Function`` makes these."""

    name: str
    live: tuple[str, ...] = ()
    saved: tuple[str, ...] = ()
    keeps = False

    def pull(self, node: Node, g: Any) -> None:
        """Add to ``pending`` of each parent its part of *g*, over arrays."""
        raise NotImplementedError

    def pull_tensors(self, node: Node, g: Any, wrap: Wrap, operands: tuple[Node | None, ...]) -> None:
        """Do what ``pull`` does, over Tensors."""
        raise NotImplementedError

    def whole(self, node: Node) -> Node:
        """Return the node of the whole call: another one where each result has its own."""
        return node

    def arriving(self, g: Any) -> tuple[Any, ...]:
        """Return the gradients of all results, None where there is none."""
        return (g,)


class Node:
    """One call: the primitive, its operands' nodes, and what its formulas read.  A leaf is a node without a primitive.

    >>> import autograd_core as ag
    >>> y = ag.ones(2, requires_grad=True).exp() * 2
    >>> y.grad_fn.name(), y.grad_fn.next_functions
    ('mul', ((<exp>, 0), (None, 0)))
    """

    # One class for calls and leaves: the interpreter's attribute caches are for one type at a time.
    __slots__ = (
        "__weakref__", "after", "code", "dtype", "hooks", "lasti", "owned", "parents", "pending", "prim", "redone", "saved",
        "scope", "seq", "shape", "target",
    )  # fmt: skip

    prim: Any  # Primitive, Custom or None
    parents: tuple[Node | None, ...]  # one for each operand that has a formula
    saved: Any  # a tuple in the order of prim.saved; None once a walk has used it; what can bring it back (checkpoint)
    pending: Any  # during a walk: the gradient so far
    owned: bool  # whether the walk made that array and may add to it
    hooks: dict[Any, Callable[[Any], Any]] | None
    target: Any  # of a leaf: a weak reference to its Tensor
    after: dict[Any, Callable[[Any, Any], Any]] | None  # of a leaf: what is called when it has accumulated
    redone: tuple[int, int]  # of a call in a checkpoint: from when until when its saved values were computed again
    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    seq: int
    code: CodeType
    lasti: int
    scope: Scope | None

    as_seen: ClassVar[Callable[[Any], Any]]  # a gradient as a Tensor, for hooks; Tensors come later, and bring it

    def name(self) -> str:
        """Return the name of the primitive, or "leaf"."""
        return "leaf" if self.prim is None else str(self.prim.name)

    @property
    def next_functions(self) -> tuple[tuple[Node | None, int], ...]:
        """The nodes that the backward walk visits next, in PyTorch's form."""
        return tuple((p, 0) for p in self.whole.parents)

    @property
    def whole(self) -> Node:
        """The node of the whole call: of several results, each has a node of its own behind it."""
        return self.prim.whole(self) if isinstance(self.prim, Custom) else self

    @property
    def variable(self) -> Any:
        """The Tensor of a leaf."""
        if self.prim is not None:
            raise AttributeError(f"{self.describe()} has no variable: only leaves do")
        return self.target()

    @property
    def metadata(self) -> dict[Any, Any]:
        """A dict for whatever you want to remember with this node."""
        return _metadata.setdefault(self, {})

    def register_prehook(self, fn: Callable[[tuple[Any, ...]], Any]) -> RemovableHandle:
        """Call ``fn(grad_outputs)``, a tuple of one Tensor, before this node's formulas; what it returns takes its place."""

        def of_one(g: Any) -> Any:
            new = fn((g,))
            return new[0] if isinstance(new, tuple | list) and len(new) == 1 else new

        return self.add_hook(of_one)

    def register_hook(self, fn: Callable[[tuple[Any, ...], tuple[Any, ...]], Any]) -> RemovableHandle:
        """Call ``fn(grad_inputs, grad_outputs)`` after this node's formulas; what it returns replaces *grad_inputs*.

        Both are tuples, with None where nothing is wanted.  A leaf has no inputs: it is called when it has accumulated.
        """
        if self.prim is None:
            return self.add_hook_after(lambda _, g: fn((), (g,)))
        node = self.whole
        if type(node.prim) is not _Hooked:
            node.prim = _Hooked(node.prim)
        return RemovableHandle(node.prim.hooks, fn)

    def add_hook(self, hook: Callable[[Any], Any]) -> RemovableHandle:
        """Call *hook* with the gradient that arrives here, a Tensor; what it returns, unless None, takes its place."""

        def over_either(g: Any) -> Any:
            seen = Node.as_seen(g)  # not self: a hook must not hold its node
            return _taken(hook(seen), seen, g)

        hooks = self.hooks = self.hooks or {}
        keep = hooks.pop("retain_grad", None)
        handle = RemovableHandle(hooks, over_either)
        if keep is not None:
            hooks["retain_grad"] = keep  # always the last: it keeps what the other hooks leave
        return handle

    def add_hook_after(self, hook: Callable[[Any, Any], Any]) -> RemovableHandle:
        """Call ``hook(tensor, gradient)`` when this leaf has accumulated."""
        self.after = {} if self.after is None else self.after
        return RemovableHandle(self.after, hook)

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
        self.saved.revive(self)
        if type(self.saved) is not tuple:  # a checkpoint in a checkpoint
            self.revive()

    @property
    def line(self) -> str:
        """The line of the program that made the call, as file, number and text."""
        return location(self.code, self.lasti)

    def describe(self) -> str:
        """Return the primitive, the line that called it, and the module."""
        if self.prim is None:
            return f"a leaf of shape {self.shape}"
        return f"{self.name()}, made at {self.line}" + (f" in {self.scope}" if self.scope else "")

    def __repr__(self) -> str:
        return f"<{self.name()}>"


_metadata: weakref.WeakKeyDictionary[Node, dict[Any, Any]] = weakref.WeakKeyDictionary()


def _taken(new: Any, seen: Any, g: Any) -> Any:
    """Return what takes the place of the gradient *g*, an array or a Tensor, when a hook has *seen* it and returned *new*."""
    if new is None or seen is None:
        return None
    if new is seen:
        return g
    if not isinstance(new, type(seen)) or new.shape != seen.shape:
        got = new.shape if isinstance(new, type(seen)) else repr(type(new).__name__)
        raise ShapeError(f"a hook returned {got}: expected None or a tensor of the gradient's shape {seen.shape}")
    if new.dtype != seen.dtype:
        raise DtypeError(f"a hook returned {new.dtype}: expected the gradient's dtype, {seen.dtype}")
    return new if seen is g else new.array


def leaf(tensor: Any) -> Node:
    """Return the node of a tensor that a user asks gradients for."""
    node = Node()
    node.prim, node.parents, node.saved, node.seq, node.target = None, (), (), tick(), weakref.ref(tensor)
    node.shape, node.dtype, node.pending, node.hooks = tensor.array.shape, tensor.array.dtype, None, None
    node.scope = node.after = None
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
        prim.pull_tensors(node, g, wrap, operands)
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


class _Hooked(Custom):
    """The primitive of a node with hooks behind its formulas: stand-ins of the operands' nodes wait until all are there."""

    def __init__(self, prim: Any) -> None:
        self.prim, self.hooks = prim, dict[Any, Callable[..., Any]]()
        self.name, self.live, self.saved, self.keeps = prim.name, prim.live, prim.saved, prim.keeps

    def pull(self, node: Node, g: Any) -> None:
        self._pull(node, g, lambda: self.prim.pull(node, g))

    def pull_tensors(self, node: Node, g: Any, wrap: Wrap, operands: tuple[Node | None, ...]) -> None:
        self._pull(node, g, lambda: pull_tensors(node, g, wrap, operands))

    def _pull(self, node: Node, g: Any, run: Callable[[], None]) -> None:
        whole = node.parents
        waiting = tuple(None if p is None else stand_in(p) for p in whole)
        node.prim, node.parents = self.prim, waiting
        try:
            run()
        finally:
            node.prim, node.parents = self, whole
        found = [None if n is None else n.pending for n in waiting]
        for parent, d in zip(whole, self._seen_by_hooks(g, found), strict=True):
            if parent is not None and d is not None:
                add_pending(parent, d, node)

    def _seen_by_hooks(self, g: Any, found: list[Any]) -> list[Any]:
        given = self.prim.arriving(g) if isinstance(self.prim, Custom) else (g,)
        grad_outputs = tuple(None if d is None else Node.as_seen(d) for d in given)
        for hook in list(self.hooks.values()):
            seen = tuple(None if d is None else Node.as_seen(d) for d in found)
            new = hook(seen, grad_outputs)
            if new is None:
                continue
            new = new if isinstance(new, tuple | list) else (new,)
            if len(new) != len(found):
                raise GraphError(
                    f"a hook on {self.name} returned {len(new)} gradients: expected {len(found)}, one an operand"
                )
            found = [_taken(*three) for three in zip(new, seen, found, strict=True)]
        return found


def stand_in(node: Node) -> Node:
    """Return a node that takes a gradient in the place of *node*."""
    other = Node()
    other.prim, other.shape, other.dtype, other.pending, other.owned = node.prim, node.shape, node.dtype, None, False
    return other


# --------------------------------------------------------------------------------------------------------------- the walk


def reachable(roots: Iterable[Node]) -> tuple[list[Node], list[Node]]:
    """Return the calls under *roots*, newest first, and the leaves."""
    return _explore(roots)[:2]


def leads_to(roots: Iterable[Node], wanted: Callable[[Node], bool]) -> bool:
    """Return whether a node that is *wanted* is among *roots* or under them."""
    ahead = list(roots)
    seen = set(ahead)
    while ahead:
        node = ahead.pop()
        if wanted(node):
            return True
        new = [p for p in node.parents if p is not None and p not in seen]
        seen.update(new)
        ahead += new
    return False


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
    strict = watcher is not None and watcher.strict
    plain = wrap is None and not cut and not strict
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
                _pull_part(node, g, cut.get(node, node.parents), wrap, strict)
        except NonFiniteError as error:
            error.add_note(f"This was in the backward of {node.describe()}")
            raise
        if watcher is not None:
            watcher.after_pull(node, g)
        if free and prim.keeps:
            node.saved = None


def _pull_part(node: Node, g: Any, parents: tuple[Node | None, ...], wrap: Wrap | None, strict: bool) -> None:
    """Pull to *parents* only: those of *node*, with None in place of some; with *strict*, zeros as zeros."""
    whole, strict = node.parents, strict and type(node.prim) is Primitive and by_element(node.prim)
    receivers = tuple(None if p is None else stand_in(p) for p in parents) if strict else parents
    node.parents = receivers
    try:
        if wrap is None:
            node.prim.pull(node, g)
        else:
            pull_tensors(node, g, wrap, whole)
    finally:
        node.parents = whole
    if not strict:
        return
    for receiver, parent in zip(receivers, parents, strict=True):
        if receiver is not None and parent is not None and (d := receiver.pending) is not None:
            add_pending(parent, ops.where(g == 0, dtypes.zero(g.dtype), d) if d.shape == g.shape else d, node)


def by_element(prim: Primitive) -> bool:
    """Return whether each element of a result depends on the elements at its place alone: by the family it is declared in."""
    return prim.forward.__module__.rpartition(".")[2] in BY_ELEMENT


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
                    f"a .clone() to the earlier line{SEE}"
                )


def notice_growth(total: Node) -> None:
    """Warn where a running total takes in a graph that a backward pass has used up: it lives as long as the total does."""
    ahead = [total]
    for node in ahead:
        if node.prim is not None and node.prim.keeps and node.saved is None:
            frame = outside(sys._getframe(1))
            warnings.warn_explicit(
                f"{location(frame.f_code, frame.f_lasti)}: a result is added up whose graph a backward() has used already; the "
                "sum keeps the graphs of all iterations alive, and memory grows. Add numbers instead: += loss.item(), or "
                "+= loss.detach()",
                UserWarning,
                frame.f_code.co_filename,
                frame.f_lineno,
                registry=frame.f_globals.setdefault("__warningregistry__", {}),
            )
            return
        if len(ahead) < LOOK:
            ahead += [p for p in node.parents if p is not None]


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
