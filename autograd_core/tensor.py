"""Tensor: an array, the node that made it, and what a call of a primitive does for Tensors."""

from __future__ import annotations

import math
import weakref
from collections.abc import Callable, Iterable, Sequence
from sys import getrefcount
from typing import Any, ClassVar

import numpy as np
from numpy import ndarray

from . import dtypes, ops
from .arrays import as_array, plain_number, shape_of
from .call_text import call_text
from .constructors import TensorType, from_data_or_sizes
from .device import check_device
from .errors import SEE, DtypeError, GraphError, ShapeError
from .graph import Node, leaf, notice_growth, pull_text, walk
from .handle import RemovableHandle
from .kernels.memory import has_whole_block
from .modes import attending, module, recording, watching
from .operators import Operators
from .primitive import RANK, Primitive, claimant, trace
from .random_methods import RandomMethods
from .readers import reader
from .representation import represent
from .views import Alias, give_history, link, origin, refuse_leaf, turn_into
from .writes import written

__all__ = ["Tensor", "accumulate_into_leaves", "accumulating", "called", "lift", "made", "run_backward", "wrap"]


class TensorBase(Operators, RandomMethods):
    """What every Tensor is an instance of: to ask that of a class that has a metaclass takes three times as long."""

    __slots__ = ()

    node: Node | None


class Tensor(TensorBase, metaclass=TensorType):
    """An array that remembers how it came to be.

    ``array`` is the array itself, ``grad`` the gradient that ``backward`` left, ``node`` the call that made it.  Made by
    ``tensor(data)``, which keeps dtypes.  ``Tensor(data)`` makes one of the default dtype of a list or an array, shares the
    memory of a tensor, and ``Tensor(2, 3)`` has these sizes and any content.  Raises DtypeError for a tensor of another
    dtype and for one number that is no size, ArgumentError for a tuple of ints, which may be data or sizes.

    >>> import autograd_core as ag
    >>> x = ag.tensor([1.0, 2.0, 3.0], requires_grad=True)
    >>> y = (x * x).sum()
    >>> y
    tensor(14., grad_fn=<sum>)
    >>> y.backward()
    >>> x.grad
    tensor([2., 4., 6.])
    """

    __slots__ = ("__weakref__", "alias", "array", "grad", "node")

    array: Any  # an ndarray, or a tracer
    grad: Tensor | None
    alias: Alias | None  # how this is a view, and which views look into this

    shape: ClassVar[Any] = property(lambda self: self.array.shape, doc="The sizes, a tuple.")
    dtype: ClassVar[Any] = property(lambda self: self.array.dtype, doc="The dtype, a numpy.dtype.")
    ndim: ClassVar[Any] = property(lambda self: self.array.ndim, doc="The number of dimensions.")
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
        return wrap(self.array, None)

    @property
    def data(self) -> Tensor:
        """The same memory without history, as ``detach`` gives it; a tensor that is assigned takes the place of the values.

        What is written to it is not recorded: ``p.data.add_(g, alpha=-lr)`` updates a parameter.

        >>> p = ag.ones(2, requires_grad=True)
        >>> _ = p.data.mul_(3)
        >>> p
        tensor([3., 3.], requires_grad=True)
        """
        return self.detach()

    @data.setter
    def data(self, value: Tensor | ndarray) -> None:
        new = value.array if isinstance(value, Tensor) else value
        if not isinstance(new, ndarray):
            raise TypeError(f"x.data = {type(new).__name__}: expected a tensor; make one with ag.tensor(...)")
        if self.node is not None and (new.shape != self.shape or new.dtype != self.dtype):
            if self.node.prim is not None:
                raise ShapeError(
                    f"x.data = a tensor of {tuple(new.shape)}, {new.dtype}, for the result of {self.node.describe()}, which "
                    f"is of {self.shape}, {self.dtype}: its graph counts on that; assign to a leaf, or use .detach()"
                )
            self.node = None  # graphs that know the old shape end here
            self.array = new
            self.requires_grad_()
        self.array = new

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
            targets = accumulating([inputs] if isinstance(inputs, Tensor) else list(inputs))
        run_backward([self], [gradient], accumulate_into_leaves, targets, retain_graph, create_graph)

    @property
    def retains_grad(self) -> bool:
        """Whether this is a result whose gradient ``retain_grad`` keeps."""
        return self.node is not None and self.node.prim is not None and "retain_grad" in (self.node.hooks or {})

    @property
    def output_nr(self) -> int:
        """Which result of its call this is: the first, as a call has one with a gradient."""
        return 0

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
        return self.node.add_hook(hook)

    def register_post_accumulate_grad_hook(self, hook: Callable[[Tensor], None]) -> RemovableHandle:
        """Call *hook* with this leaf after each ``backward`` that has added to its ``.grad``."""
        if self.node is None:
            raise GraphError(
                "register_post_accumulate_grad_hook: this tensor has requires_grad=False; it gets no gradient"
            )
        if self.node.prim is not None:
            raise GraphError(
                "register_post_accumulate_grad_hook: only leaves accumulate; this is the result of "
                f"{self.node.describe()}. Use register_hook"
            )
        return self.node.add_hook_after(lambda t, _: hook(t))

    def explain(self, parameter: Any = None) -> str:
        """Return, step by step and in words, how ``backward`` from here computes gradients; nothing is changed by it.

        With *parameter*, a tensor under this one or its name, say why its gradient is what it is: the share of each use,
        the way on which it came, and one entry beside a difference quotient.  Raises GraphError where nothing was recorded.

        >>> w, x = ag.tensor(2.0, requires_grad=True), ag.tensor(5.0)
        >>> loss = (w * x - 1) ** 2
        >>> print(loss.explain(w))
        The gradient of w (one number) is 90, one contribution:
          1 of 1: from w * x, G * x = 90
        ...
        Checked: entry alone: gradient 90, difference quotient 90: they agree.
        """
        text: str = reader("Stepper")(self).explain(parameter)
        return text

    # --------------------------------------------------------------------------------------------- writing in place

    def write_(self, value: Any) -> Tensor:
        """Put *value*, a Tensor, into this tensor's memory; its history becomes this tensor's."""
        target, new = self.array, value.array
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
        root, chain = (self, ()) if self.alias is None else origin(self)
        history = value.node if isinstance(value, Tensor) else None
        recorded = recording.get() and (history is not None or root.node is not None)
        if recorded:
            refuse_leaf(root, chain)
        if recorded and history is not None:
            _keep(history, target)
        target[...] = value.array
        written(target)
        if recorded:
            give_history(root, chain, history)
            if not target.shape and history is not None:
                notice_growth(history)
        return self

    def copy_(self, source: Any) -> Tensor:
        """Put the values of *source*, which broadcasts to this shape, into this tensor; gradients flow to *source*."""
        if type(source) in dtypes.PYTHON:
            return self.write_(wrap(dtypes.constant(source, self.dtype), None))
        value = source if isinstance(source, Tensor) else wrap(np.asarray(source, self.dtype), None)
        if dtypes.CATEGORY[value.dtype.kind] > dtypes.CATEGORY[self.dtype.kind]:
            value = value.to(self.dtype)  # a copy converts, unlike the result of an operation in place
        return self.write_(value)

    def fill_(self, value: Any) -> Tensor:
        """Set every element to *value*."""
        return self.copy_(value)

    def zero_(self) -> Tensor:
        """Set every element to 0."""
        return self.write_(wrap(dtypes.zero(self.array.dtype), None))

    # ------------------------------------------------------------------------------------------------- turned in place

    def unsqueeze_(self, dim: int) -> Tensor:
        """Insert a dimension of size 1 into this tensor, whose memory stays; return it."""
        return self._turn(lambda before: ops.unsqueeze(before, dim))

    def squeeze_(self, dim: Any = None) -> Tensor:
        """Remove dimensions of size 1 from this tensor, whose memory stays; return it."""
        return self._turn(lambda before: ops.squeeze(before, dim))

    def transpose_(self, dim0: int, dim1: int) -> Tensor:
        """Exchange two dimensions of this tensor, whose memory stays; return it."""
        return self._turn(lambda before: ops.transpose(before, dim0, dim1))

    swapaxes_ = swapdims_ = transpose_

    def t_(self) -> Tensor:
        """Transpose this matrix, whose memory stays; return it."""
        return self._turn(ops.t)

    def _turn(self, view: Callable[[Tensor], Tensor]) -> Tensor:
        turn_into(self, wrap(self.array, self.node), view)
        return self

    # ------------------------------------------------------------------------------------------------------- new tensors

    def new(self, *args: Any, size: Any = None, device: Any = None) -> Tensor:
        """Return what ``Tensor(*args)`` makes of data, or of sizes, in this tensor's dtype: ``h.new(2, 3).zero_()``."""
        return called("new", self.dtype, args, size, device)

    def new_tensor(self, data: Any, *, dtype: Any = None, device: Any = None, requires_grad: bool = False) -> Tensor:
        """Return a new tensor with a copy of *data*, of this tensor's dtype unless another is asked for."""
        return made(np.array(as_array(data, self.dtype if dtype is None else dtype)), device, requires_grad)

    def new_zeros(
        self, *sizes: Any, size: Any = None, dtype: Any = None, device: Any = None, requires_grad: bool = False
    ) -> Tensor:
        """Return zeros of the given size, of this tensor's dtype unless another is asked for."""
        return made(np.zeros(shape_of(sizes, size), self._dtype_or(dtype)), device, requires_grad)

    def new_ones(
        self, *sizes: Any, size: Any = None, dtype: Any = None, device: Any = None, requires_grad: bool = False
    ) -> Tensor:
        """Return ones of the given size, of this tensor's dtype unless another is asked for."""
        return made(np.ones(shape_of(sizes, size), self._dtype_or(dtype)), device, requires_grad)

    def new_empty(
        self, *sizes: Any, size: Any = None, dtype: Any = None, device: Any = None, requires_grad: bool = False
    ) -> Tensor:
        """Return a tensor of the given size, of this tensor's dtype unless another is asked for, and of any content."""
        return made(np.empty(shape_of(sizes, size), self._dtype_or(dtype)), device, requires_grad)

    def new_full(
        self, size: Any, fill_value: Any, *, dtype: Any = None, device: Any = None, requires_grad: bool = False
    ) -> Tensor:
        """Return a tensor of the given size, each element *fill_value*, of this tensor's dtype unless another is asked for."""
        return made(np.full(shape_of((size,)), plain_number(fill_value), self._dtype_or(dtype)), device, requires_grad)

    def _dtype_or(self, dtype: Any) -> np.dtype[Any]:
        kind: np.dtype[Any] = self.dtype if dtype is None else dtypes.as_dtype(dtype)
        return kind

    # --------------------------------------------------------------------------------------------------------- x[...] = v

    def __setitem__(self, index: Any, value: Any) -> None:
        if ops.is_basic(index):
            alone = self.node is None and self.alias is None and type(self.array) is ndarray
            if alone and not (recording.get() and isinstance(value, TensorBase) and value.node is not None):
                region = wrap(ops.getitem(self.array, index), None)  # nothing is recorded, so no view needs to be known
            else:
                region = self[index]
            region.copy_(ops.without_leading_ones(value, region.ndim))
        else:
            self.write_(ops.setitem(self, value, index=index))

    # ------------------------------------------------------------------------------------------------- other protocols

    def __repr__(self) -> str:
        return represent(self)

    def _repr_html_(self) -> str:
        """Return what notebooks show: numbers as a heat map, and the graph.  IPython in a terminal does not ask."""
        html: str = reader("mimebundle")(self)["text/html"]
        return html

    def __copy__(self) -> Tensor:
        """Return another tensor over the same memory: of a leaf a leaf of its class, without its gradient; else a view."""
        return self._twin(self.array) if self.is_leaf else ops.view(self, self.shape)

    def __deepcopy__(self, memo: dict[int, Any]) -> Tensor:
        if not self.is_leaf:
            raise GraphError(
                f"only leaves can be deep-copied; this is the result of {self.node.describe() if self.node else ''}. "
                "Use .detach().clone() for its values"
            )
        made = memo[id(self)] = self._twin(self.array.copy())
        if self.grad is not None:
            made.grad = wrap(self.grad.array.copy(), None)
        return made

    def _twin(self, data: ndarray) -> Tensor:
        """Return a leaf of the class of this one, over *data*."""
        made = object.__new__(type(self))
        made.array, made.grad, made.node, made.alias = data, None, None, None
        return made.requires_grad_(self.requires_grad)

    def __reduce_ex__(self, protocol: Any) -> Any:
        raise TypeError(
            "tensors are not pickled: to read a pickle is to run the code in it; write them with autograd_core.save(obj, "
            "path), a model or an optimizer by its state_dict()"
        )


# Make a Tensor whose slots are empty: a call of the class past what ``TensorType`` makes of it, so that no Python runs.
blank: Callable[[], Tensor] = type.__call__.__get__(Tensor)


def wrap(data: Any, node: Node | None) -> Tensor:
    """Return a Tensor of *data*, an array, made by *node*."""
    t = blank()
    t.array, t.grad, t.node, t.alias = data, None, node, None
    return t


def made(a: ndarray, device: Any = None, requires_grad: bool = False) -> Tensor:
    """Return a new tensor of *a* on *device*, a leaf that wants gradients if *requires_grad*."""
    check_device(device)
    t = wrap(a, None)
    return t.requires_grad_() if requires_grad else t


def called(name: str, dtype: np.dtype[Any], args: tuple[Any, ...], size: Any, device: Any) -> Tensor:
    """Return the tensor that ``name(*args)``, of data or of sizes, means; of a tensor a view of it."""
    given = from_data_or_sizes(name, dtype, args, size=size, device=device)
    return ops.view(given, given.shape) if isinstance(given, Tensor) else wrap(given, None)


def lift(data: Any) -> Any:
    """Return an array of *data*, unless it is of a traced type: a Tensor may hold a tracer."""
    return data if type(data) in RANK else np.asarray(data, dtypes.default if type(data) is float else None)


def as_seen(g: Any) -> Tensor:
    """Return a gradient in a walk, an array or a Tensor, as hooks see it."""
    return g if type(g) is Tensor else wrap(lift(g), None)


Node.as_seen = staticmethod(as_seen)


def _keep(node: Node, array: ndarray) -> None:
    """Have *node* keep a copy of *array*, which its own result is about to overwrite."""
    if type(node.saved) is tuple and any(a is array for a in node.saved):
        values = array.copy()
        node.saved = tuple(values if a is array else a for a in node.saved)


# ------------------------------------------------------------------------------------------------------------- gradients


def run_backward(
    outputs: Sequence[Any],
    gradients: Sequence[Any],
    deliver: Callable[[Node, Any], None],
    targets: Iterable[Node] | None,
    retain_graph: bool | None,
    create_graph: bool,
) -> None:
    """Walk from *outputs*, Tensors or what has their form and node; arrays are delivered, or Tensors with *create_graph*."""
    roots: list[tuple[Node, Any]] = []
    for y, g in zip(outputs, gradients, strict=True):
        if y.node is None:
            raise GraphError(
                f"backward from a tensor of shape {y.shape} that needs no gradient: nothing it was made from has "
                "requires_grad=True, or it was made under no_grad() or .detach()ed"
            )
        if g is None:
            if math.prod(y.shape) != 1:
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
            g = g if create_graph else g.array
        roots.append((y.node, wrap(g, None) if create_graph and not isinstance(g, Tensor) else g))
    free = not (create_graph if retain_graph is None else retain_graph)
    attendants = attending.get() if deliver is accumulate_into_leaves else ()
    if not attendants:
        walk(roots, deliver, targets, wrap if create_graph else None, free)
        return
    before = attending.set(())  # a backward pass that another runs inside itself is part of that
    try:
        for attendant in attendants:
            attendant.backward_begins(outputs, [g for _, g in roots])
        walk(roots, deliver, targets, wrap if create_graph else None, free)
        for attendant in attendants:
            attendant.backward_ended()
    finally:
        attending.reset(before)


def accumulating(inputs: Sequence[Any]) -> list[Node]:
    """Return the nodes of *inputs*, which keep the gradients that arrive, as leaves do."""
    if not inputs:
        raise GraphError("inputs is empty: name at least one tensor, or leave it out for all leaves")
    for i, t in enumerate(inputs):
        if t.node is None:
            raise GraphError(f"inputs[{i}] has requires_grad=False: it has no gradient to accumulate")
        if t.node.prim is not None:
            t.retain_grad()
    return [t.node for t in inputs]


def accumulate_into_leaves(node: Node, g: Any) -> None:
    if node.prim is None and (t := node.target()) is not None:
        after = node.after
        arrived = None if after is None else as_seen(g)
        _add_to_grad(t, g)
        for hook in () if after is None else list(after.values()):
            hook(t, arrived)


def _add_to_grad(t: Tensor, g: Any) -> None:
    if type(g) is Tensor:
        t.grad = g if t.grad is None else t.grad + g
    elif t.grad is not None:
        t.grad = wrap(lift(t.grad.array + g), None)
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


# ------------------------------------------------------------ what the text of a call (``call_text``) finds by these names


def number(value: Any, beside: Any) -> Any:
    """Return a Python number as a constant of the dtype that it takes beside an array; anything else as it is."""
    if (type(value) is float or type(value) is int) and ((d := beside.dtype) is dtypes.float32 or d is dtypes.float64):
        return dtypes.constant(value, d)
    return value


def explain(error: ValueError, prim: Primitive, operands: tuple[Any, ...]) -> None:
    """Raise, for NumPy's word on shapes, an error that says in which module, and where the operands come from."""
    if type(error) is not ValueError:
        return
    shapes = " and ".join(str(getattr(a, "shape", ())) for a in operands)
    scope = f"{where}: " if (where := module.get()) else ""
    made = "".join(
        f". Operand {i + 1} is the result of {a.node.describe()}"
        for i, a in enumerate(operands)
        if isinstance(a, TensorBase) and a.node is not None and a.node.prim is not None
    )
    raise ShapeError(f"{scope}{prim.name} of shapes {shapes}: {str(error).strip()}{made}{SEE}") from error


def peel(operands: tuple[Any, ...], floating: bool) -> tuple[tuple[Any, ...], tuple[Node | None, ...] | None, bool]:
    """Return of any number of operands the data, the nodes (None if no Tensor is among them), and whether dtypes agree.

    They agree where all are arrays of one dtype, floating if it has to be.
    """
    data: list[Any] = []
    nodes: list[Node | None] = []
    tensors, agree, dtype = False, True, None
    for x in operands:
        node = None
        if isinstance(x, TensorBase):
            x, node, tensors = x.array, x.node, True
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
    TensorBase=TensorBase,
    blank=blank,
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
