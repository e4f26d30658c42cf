"""Tensor: an array, the node that made it, and what a call of a primitive does for Tensors."""

from __future__ import annotations

import weakref
from collections.abc import Callable, Iterable, Sequence
from itertools import pairwise
from sys import getrefcount
from typing import Any, ClassVar

import numpy as np
from numpy import ndarray

from . import dtypes, ops
from .errors import ArgumentError, DtypeError, GraphError, ShapeError
from .graph import Node, leaf, pull_text, record, record_text, walk
from .kernels.memory import has_whole_block
from .modes import module, recording, watching
from .operators import Operators
from .primitive import RANK, Primitive, arguments, claimant, forward_text, listed, trace
from .random import Generator, default_generator
from .representation import represent
from .writes import written

__all__ = ["RemovableHandle", "Tensor", "accumulate_into_leaves", "lift", "run_backward", "wrap"]


class Tensor(Operators):
    """An array that remembers how it came to be.

    ``data`` is the array itself, ``grad`` the gradient that ``backward`` left, ``node`` the call that made it.  Made by
    ``tensor(data)``: without an ``__init__`` it is made in half the time.

    >>> import autograd_core as ag
    >>> x = ag.tensor([1.0, 2.0, 3.0], requires_grad=True)
    >>> y = (x * x).sum()
    >>> y
    tensor(14., grad_fn=<sum>)
    >>> y.backward()
    >>> x.grad
    tensor([2., 4., 6.])
    """

    __slots__ = ("__weakref__", "alias", "data", "grad", "node")

    data: Any  # an ndarray, or a tracer
    grad: Tensor | None
    node: Node | None
    alias: Alias | None  # how this is a view, and which views look into this

    shape: ClassVar[Any] = property(lambda self: self.data.shape, doc="The sizes, a tuple.")
    dtype: ClassVar[Any] = property(lambda self: self.data.dtype, doc="The dtype, a numpy.dtype.")
    ndim: ClassVar[Any] = property(lambda self: self.data.ndim, doc="The number of dimensions.")
    grad_fn: ClassVar[Any] = property(
        lambda self: None if self.node is None or self.node.prim is None else self.node,
        doc="The node of the call that made this tensor; None for leaves.",
    )
    is_leaf: ClassVar[Any] = property(
        lambda self: self.node is None or self.node.prim is None, doc="Whether no recorded call made this tensor."
    )

    @property
    def requires_grad(self) -> bool:
        """Whether backward passes compute a gradient for this tensor; may be set on leaves."""
        return self.node is not None

    @requires_grad.setter
    def requires_grad(self, value: bool) -> None:
        self.requires_grad_(value)

    def requires_grad_(self, requires_grad: bool = True) -> Tensor:
        """Ask for gradients of this leaf, or no longer."""
        if requires_grad and self.node is None:
            if not dtypes.is_floating(self.dtype):
                raise DtypeError(
                    f"requires_grad: only floating tensors have gradients, this one is {self.dtype}; use .float() first"
                )
            self.node = leaf(self)
        elif not requires_grad and self.node is not None:
            if self.node.prim is not None:
                raise GraphError(
                    f"requires_grad can be switched off on leaves only; this is the result of {self.node.describe()}. "
                    "Use .detach() for the same values without their history"
                )
            self.node = None
        return self

    def detach(self) -> Tensor:
        """Return the same memory without history: no gradient flows through it."""
        return wrap(self.data, None)

    def detach_(self) -> Tensor:
        """Forget the history of this tensor, which becomes a leaf."""
        if self.alias is not None and self.alias.source is not None:
            raise GraphError("detach_ on a view would part it from the tensor that it looks into; use .detach()")
        self.node = None
        return self

    # ----------------------------------------------------------------------------------------------------- gradients

    def backward(
        self,
        gradient: Any = None,
        retain_graph: bool | None = None,
        create_graph: bool = False,
        inputs: Tensor | Iterable[Tensor] | None = None,
    ) -> None:
        """Add the gradient of this tensor to ``.grad`` of every leaf under it, or of *inputs* only.

        A tensor with more than one element needs *gradient*, of its shape: what arrives at it.  The values saved for this
        walk are freed behind it, unless *retain_graph*; with *create_graph* the gradients can be differentiated themselves.
        """
        targets = None
        if inputs is not None:
            given = [inputs] if isinstance(inputs, Tensor) else list(inputs)
            if not given:
                raise GraphError("inputs is empty: name at least one tensor, or leave it out for all leaves")
            for i, t in enumerate(given):
                if t.node is None:
                    raise GraphError(f"inputs[{i}] has requires_grad=False: it has no gradient to accumulate")
                if t.node.prim is not None:
                    t.retain_grad()
            targets = [t.node for t in given if t.node is not None]
        run_backward([self], [gradient], accumulate_into_leaves, targets, retain_graph, create_graph)

    def retain_grad(self) -> None:
        """Keep the gradient of this result in ``.grad``, as leaves do."""
        if self.node is None:
            raise GraphError("retain_grad: this tensor has requires_grad=False, so no gradient ever reaches it")
        if self.node.prim is None:
            return
        self.node.hooks = self.node.hooks or {}
        if "retain_grad" not in self.node.hooks:
            me = weakref.ref(self)

            def keep(g: Any) -> None:
                if (t := me()) is not None:
                    _add_to_grad(t, g)

            self.node.hooks["retain_grad"] = keep

    def register_hook(self, hook: Callable[[Tensor], Any]) -> RemovableHandle:
        """Call *hook* with the gradient of this tensor in each backward; what it returns, if anything, takes its place."""
        if self.node is None:
            raise GraphError("register_hook: this tensor has requires_grad=False, so no gradient ever reaches it")

        def over_either(g: Any) -> Any:
            tensors = type(g) is Tensor
            new = hook(g if tensors else wrap(lift(g), None))
            if new is None:
                return None
            if not isinstance(new, Tensor) or new.shape != g.shape:
                raise ShapeError(
                    f"a hook returned {new.shape if isinstance(new, Tensor) else type(new).__name__!r}: expected None or a "
                    f"tensor of the gradient's shape {g.shape}"
                )
            if new.dtype != g.dtype:
                raise DtypeError(f"a hook returned {new.dtype}: expected the gradient's dtype, {g.dtype}")
            return new if tensors else new.data

        hooks = self.node.hooks = self.node.hooks or {}
        keep = hooks.pop("retain_grad", None)
        handle = RemovableHandle(hooks, over_either)
        if keep is not None:
            hooks["retain_grad"] = keep  # always the last: it keeps what the other hooks leave
        return handle

    # --------------------------------------------------------------------------------------------- writing in place

    def write_(self, value: Any) -> Tensor:
        """Put *value*, a Tensor, into this tensor's memory; its history becomes this tensor's."""
        target, new = self.data, value.data
        if new.shape != target.shape and (new.shape or value.requires_grad):  # one number alone needs no expansion
            try:
                value = ops.expand_to(value, shape=self.shape)
            except ValueError as error:
                raise ShapeError(
                    f"a value of shape {value.shape} is written in place into a tensor of shape {self.shape}: it must "
                    "broadcast to that shape; for a result of a new shape, make a new tensor (y = y + x, not y += x)"
                ) from error
        if new.dtype != target.dtype:
            if dtypes.CATEGORY[value.dtype.kind] > dtypes.CATEGORY[self.dtype.kind]:
                raise DtypeError(
                    f"a {value.dtype} result cannot be written in place into a {self.dtype} tensor; make a new tensor there"
                )
            value = ops.cast(value, dtype=self.dtype)
        if not target.flags.writeable:
            raise GraphError(
                "this tensor cannot be written in place: it is an expanded view (one number serves several places) or a "
                "read-only array; use .clone() first"
            )
        root, chain = (self, ()) if self.alias is None else _origin(self)
        history = value.node if isinstance(value, Tensor) else None
        recorded = recording.get() and (history is not None or root.node is not None)
        if recorded and root.node is not None and root.node.prim is None:
            kind = "a view of a leaf" if chain else "a leaf"
            raise GraphError(
                f"{kind} that requires gradients is written in place; use no_grad() for an update of a parameter, or make a "
                "new tensor"
            )
        if recorded and history is not None:
            _keep(history, target)
        target[...] = value.data
        written(target)
        if recorded:
            if chain or history is None:
                history = record(ops.put_region.primitive, (root.node, history), (chain,), root.data)
            root.node = history
            _renew_views(root)
        return self

    def copy_(self, source: Any) -> Tensor:
        """Put the values of *source*, which broadcasts to this shape, into this tensor; gradients flow to *source*."""
        if not isinstance(source, Tensor):
            number = type(source) in dtypes.PYTHON
            value = wrap(dtypes.constant(source, self.dtype) if number else np.asarray(source, self.dtype), None)
            return self.write_(value)
        value = source
        if dtypes.CATEGORY[value.dtype.kind] > dtypes.CATEGORY[self.dtype.kind]:
            value = value.to(self.dtype)  # a copy converts, unlike the result of an operation in place
        return self.write_(value)

    def fill_(self, value: Any) -> Tensor:
        """Set every element to *value*."""
        return self.copy_(value)

    def zero_(self) -> Tensor:
        """Set every element to 0."""
        return self.write_(wrap(dtypes.zero(self.data.dtype), None))

    def normal_(self, mean: float = 0.0, std: float = 1.0, *, generator: Generator | None = None) -> Tensor:
        """Fill with numbers drawn from the normal distribution."""
        if not std >= 0:
            raise ArgumentError(f"std is {std}: expected a non-negative number")
        self._check_floating("normal_")
        return self.copy_((generator or default_generator).numpy.normal(mean, std, self.shape))

    def uniform_(self, a: float = 0.0, b: float = 1.0, *, generator: Generator | None = None) -> Tensor:
        """Fill with numbers drawn evenly from [a, b)."""
        if not a <= b:
            raise ArgumentError(f"the interval [{a}, {b}) is empty: expected a <= b")
        self._check_floating("uniform_")
        drawn = np.asarray((generator or default_generator).numpy.uniform(a, b, self.shape), self.dtype)
        below = np.nextafter(self.dtype.type(b), self.dtype.type(a))  # rounding to float32 may have reached b
        return self.copy_(np.minimum(drawn, below))

    def _check_floating(self, name: str) -> None:
        if not dtypes.is_floating(self.dtype):
            raise DtypeError(f"{name}: this tensor is {self.dtype}; only floating tensors can hold such numbers")

    def __setitem__(self, index: Any, value: Any) -> None:
        if ops.is_basic(index):
            alone = self.node is None and self.alias is None and type(self.data) is ndarray
            if alone and not (recording.get() and isinstance(value, Tensor) and value.node is not None):
                region = wrap(ops.getitem(self.data, index), None)  # nothing is recorded, so no view needs to be known
            else:
                region = self[index]
            region.copy_(ops.without_leading_ones(value, region.ndim))
        else:
            self.write_(ops.put(self, value, index=index))

    # ------------------------------------------------------------------------------------------------- other protocols

    def __repr__(self) -> str:
        return represent(self)

    def __deepcopy__(self, memo: dict[int, Any]) -> Tensor:
        if not self.is_leaf:
            raise GraphError(
                f"only leaves can be deep-copied; this is the result of {self.node.describe() if self.node else ''}. "
                "Use .detach().clone() for its values"
            )
        made = object.__new__(type(self))
        memo[id(self)] = made
        made.data, made.grad, made.node, made.alias = self.data.copy(), None, None, None
        if self.grad is not None:
            made.grad = wrap(self.grad.data.copy(), None)
        if self.node is not None:
            made.node = leaf(made)
        return made

    def __reduce_ex__(self, protocol: Any) -> Any:
        raise TypeError(
            "tensors are not pickled; save arrays with safetensors or numpy.savez, a model with its state_dict()"
        )


class RemovableHandle:
    """What ``register_hook`` returns: ``remove()`` takes the hook away; also a context manager.

    >>> import autograd_core as ag
    >>> x = ag.tensor([1.0, 2.0], requires_grad=True)
    >>> with x.register_hook(lambda g: g * 10):
    ...     x.sum().backward()
    >>> x.grad
    tensor([10., 10.])
    """

    __slots__ = ("_hooks", "_key")

    def __init__(self, hooks: dict[Any, Any], hook: Callable[..., Any]) -> None:
        self._hooks, self._key = hooks, object()
        hooks[self._key] = hook

    def remove(self) -> None:
        """Take the hook away; doing so twice does nothing."""
        self._hooks.pop(self._key, None)

    def __enter__(self) -> RemovableHandle:
        return self

    def __exit__(self, *_: object) -> None:
        self.remove()


def wrap(data: Any, node: Node | None) -> Tensor:
    """Return a Tensor of *data*, an array, made by *node*."""
    t = Tensor()
    t.data, t.grad, t.node, t.alias = data, None, node, None
    return t


def lift(data: Any) -> Any:
    """Return an array of *data*, unless it is of a traced type: a Tensor may hold a tracer."""
    return data if type(data) in RANK else np.asarray(data, dtypes.default if type(data) is float else None)


# ------------------------------------------------------------------------------------------------------------- gradients


def run_backward(
    outputs: Sequence[Tensor],
    gradients: Sequence[Any],
    deliver: Callable[[Node, Any], None],
    targets: Iterable[Node] | None,
    retain_graph: bool | None,
    create_graph: bool,
) -> None:
    """Walk from *outputs*; arrays are delivered, or Tensors with *create_graph*."""
    roots: list[tuple[Node, Any]] = []
    for y, g in zip(outputs, gradients, strict=True):
        if y.node is None:
            raise GraphError(
                f"backward from a tensor of shape {y.shape} that needs no gradient: nothing it was made from has "
                "requires_grad=True, or it was made under no_grad() or .detach()ed"
            )
        if g is None:
            if y.data.size != 1:
                raise GraphError(
                    f"backward from a tensor of shape {y.shape} needs a gradient of that shape, or one number to start "
                    "from: reduce it first, for instance y.sum().backward()"
                )
            g = dtypes.constant(1, y.dtype) if y.shape == () else np.ones(y.shape, y.dtype)
        else:
            g = g if isinstance(g, Tensor) else wrap(np.asarray(g, y.dtype), None)
            if g.shape != y.shape:
                raise ShapeError(
                    f"gradient has shape {g.shape}: expected {y.shape}, the shape of the tensor it arrives at"
                )
            if g.dtype != y.dtype:
                g = ops.cast(g, dtype=y.dtype)
            g = g if create_graph else g.data
        roots.append((y.node, wrap(g, None) if create_graph and not isinstance(g, Tensor) else g))
    free = not (create_graph if retain_graph is None else retain_graph)
    walk(roots, deliver, targets, wrap if create_graph else None, free)


def accumulate_into_leaves(node: Node, g: Any) -> None:
    if node.prim is None and (t := node.target()) is not None:
        _add_to_grad(t, g)


def _add_to_grad(t: Tensor, g: Any) -> None:
    if type(g) is Tensor:
        t.grad = g if t.grad is None else t.grad + g
    elif t.grad is not None:
        t.grad = wrap(lift(t.grad.data + g), None)
    elif type(g) is ndarray and getrefcount(g) == _ALONE and (g.base is None or has_whole_block(g)):
        t.grad = wrap(g, None)  # nobody else holds this array: no copy
    else:
        t.grad = wrap(g if type(g) in RANK else np.array(g), None)


def _references_when_alone() -> int:
    """Count the references to an array that nobody else holds, where ``_add_to_grad`` looks: Pythons differ in this."""

    def deliver(g: ndarray) -> int:
        return look(g)

    def look(g: ndarray) -> int:
        return getrefcount(g)

    g = np.empty(0)
    return deliver(g)


_ALONE = _references_when_alone()


# ----------------------------------------------------------------------------------------------------------------- views


class Alias:
    """What a view knows of the tensor it looks into, and a tensor of the views that look into it."""

    __slots__ = ("params", "prim", "source", "views")

    source: Tensor | None
    prim: Primitive | None
    params: dict[str, Any]
    views: list[weakref.ref[Tensor]] | None


def _alias(source: Tensor | None, prim: Primitive | None, params: dict[str, Any]) -> Alias:
    alias = Alias()  # without an __init__ it is made in half the time
    alias.source, alias.prim, alias.params, alias.views = source, prim, params, None
    return alias


def link(t: Tensor, source: Tensor, prim: Primitive, params: dict[str, Any]) -> None:
    """Note that *t*, the result of a view primitive, looks into *source*, unless NumPy had to copy."""
    data, base = source.data, t.data.base
    if base is not data and base is not getattr(data, "base", None):
        return
    t.alias = _alias(source, prim, params)
    if source.node is not None and source.node.prim is None:
        return  # a leaf that requires gradients is never written in place while recording
    if source.alias is None:
        source.alias = _alias(None, None, {})
    if (views := source.alias.views) is None:
        source.alias.views = [weakref.ref(t)]
        return
    if len(views) & (len(views) - 1) == 0:  # at every power of two: the list stays as long as its living entries
        views[:] = [v for v in views if v() is not None]
    views.append(weakref.ref(t))


def _keep(node: Node, array: ndarray) -> None:
    """Have *node* keep a copy of *array*, which its own result is about to overwrite."""
    if type(node.saved) is tuple and any(a is array for a in node.saved):
        values = array.copy()
        node.saved = tuple(values if a is array else a for a in node.saved)


def _origin(t: Tensor) -> tuple[Tensor, tuple[Any, ...]]:
    """Return the tensor that *t* looks into, and the chain of view calls that leads from there to *t*."""
    chain: list[Any] = []
    while (a := t.alias) is not None and a.source is not None:
        chain.append((a.prim, a.params))
        t = a.source
    return t, tuple(reversed(chain))


def _renew_views(source: Tensor) -> None:
    """Give the views of *source* a history that starts at its new one."""
    stale = [source]
    for t in stale:
        for view in [v() for v in t.alias.views or ()] if t.alias else []:
            if view is not None and view.alias is not None:
                prim, params = view.alias.prim, view.alias.params
                assert prim is not None  # a view has one
                known = {prim.operands[0]: t.data, "out": view.data, **params}
                view.node = record(prim, (t.node,), tuple(known[n] for n in prim.saved), view.data)
                stale.append(view)


# ---------------------------------------------------------------------------------- the call of a primitive, for Tensors


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
        f"        if not isinstance(claimant({operands}), Tensor):",
        f"            return dispatch({prim.name}_primitive, {operands}, {{{params}}})",
        *(f"        {line}" for line in _promote(prim)),
        f"        {results} = {prim.name}({arguments(prim, data)})",
        "    if type(out) is not ndarray: out = lift(out)",
        "    t = Tensor()",
        "    t.data = out",
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


# While it has an entry, written functions show their results to what watches (detect_anomaly).
WATCHED: list[object] = []


def _unwrap(prim: Primitive) -> list[str]:
    """Of each operand x: x_data, and x_node where there is a formula for it."""
    lines = [f"if {' or '.join(f'isinstance({o}, Tensor)' for o in prim.operands)}:"]
    for o in prim.operands:
        node, none = (f"; {o}_node = {o}.node", f"; {o}_node = None") if o in prim.live else ("", "")
        if len(prim.operands) == 1:
            lines += [f"    {o}_data = {o}.data{node}"]
        else:
            lines += [f"    if isinstance({o}, Tensor): {o}_data = {o}.data{node}", f"    else: {o}_data = {o}{none}"]
    return lines


def _unwrap_two(x: str, y: str) -> list[str]:
    """The same for two, the common case, with fewer questions and with Python numbers."""
    return [
        f"if isinstance({x}, Tensor):",
        f"    {x}_data = {x}.data; {x}_node = {x}.node",
        f"    if isinstance({y}, Tensor): {y}_data = {y}.data; {y}_node = {y}.node",
        f"    else: {y}_data = number({y}, {x}_data); {y}_node = None",
        "    tensors = True",
        f"elif isinstance({y}, Tensor):",
        f"    {x}_data = number({x}, {y}.data); {x}_node = None",
        f"    {y}_data = {y}.data; {y}_node = {y}.node",
        "    tensors = True",
        "else: tensors = False",
        "if tensors:",
    ]


def number(value: Any, beside: Any) -> Any:
    """Return a Python number as a constant of the dtype that it takes beside an array; anything else as it is."""
    if (type(value) is float or type(value) is int) and ((d := beside.dtype) is dtypes.float32 or d is dtypes.float64):
        return dtypes.constant(value, d)
    return value


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


def explain(error: ValueError, prim: Primitive, operands: tuple[Any, ...]) -> None:
    """Raise, for NumPy's word on shapes, an error that says in which module, and where the operands come from."""
    if type(error) is not ValueError:
        return
    shapes = " and ".join(str(getattr(a, "shape", ())) for a in operands)
    scope = f"{where}: " if (where := module.get()) else ""
    made = "".join(
        f". Operand {i + 1} is the result of {a.node.describe()}"
        for i, a in enumerate(operands)
        if isinstance(a, Tensor) and a.node is not None and a.node.prim is not None
    )
    raise ShapeError(f"{scope}{prim.name} of shapes {shapes}: {error}{made}") from error


def peel(operands: tuple[Any, ...], floating: bool) -> tuple[tuple[Any, ...], tuple[Node | None, ...] | None, bool]:
    """Return of any number of operands the data, the nodes (None if no Tensor is among them), and whether dtypes agree.

    They agree where all are arrays of one dtype, floating if it has to be.
    """
    data: list[Any] = []
    nodes: list[Node | None] = []
    tensors, agree, dtype = False, True, None
    for x in operands:
        node = None
        if isinstance(x, Tensor):
            x, node, tensors = x.data, x.node, True
        data.append(x)
        nodes.append(node)
        if type(x) is not ndarray:
            agree = False
        elif dtype is None:
            dtype = x.dtype
        elif x.dtype is not dtype:
            agree = False
    if floating and dtype is not None and dtype.kind != "f":
        agree = False
    return tuple(data), tuple(nodes) if tensors else None, agree


trace(
    Tensor,
    rank=2,
    call=call_text,
    pull=pull_text,
    Tensor=Tensor,
    claimant=claimant,
    explain=explain,
    float32=dtypes.float32,
    float64=dtypes.float64,
    lift=lift,
    link=link,
    number=number,
    peel=peel,
    promote=dtypes.promote,
    watching=watching.get,
    wrap=wrap,
)
