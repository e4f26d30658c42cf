"""The graph as users handle it, under the names of ``torch.autograd.graph``: its nodes, hooks on what it saves, edges."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from numpy import ndarray

from ..errors import ArgumentError, DtypeError, GraphError, ShapeError
from ..graph import Node
from ..modes import no_grad
from ..tensor import Tensor, wrap
from ..writes import written
from .derivatives import GradientEdge
from .watching import current, watch

__all__ = [
    "GradientEdge",
    "Node",
    "disable_saved_tensors_hooks",
    "get_gradient_edge",
    "increment_version",
    "save_on_cpu",
    "saved_tensors_hooks",
]


class saved_tensors_hooks:
    """Keep ``pack_hook(tensor)`` in the place of each tensor that operations save for backward in a ``with`` block.

    ``unpack_hook`` gets that back when a backward pass needs it and returns a tensor of the same shape and dtype.  To keep
    tensors on disk, in less memory, or to watch what is saved.  The innermost block counts.  *pack_hook* must not write to
    the tensor.

    >>> import autograd_core as ag
    >>> x = ag.tensor([1.0, 2.0], requires_grad=True)
    >>> with ag.autograd.graph.saved_tensors_hooks(lambda t: t.tolist(), lambda numbers: ag.tensor(numbers)):
    ...     y = x.exp().sum()
    >>> y.backward()
    >>> x.grad
    tensor([2.7183, 7.3891])
    """

    def __init__(self, pack_hook: Callable[[Tensor], Any], unpack_hook: Callable[[Any], Any]) -> None:
        self.pack_hook, self.unpack_hook = pack_hook, unpack_hook
        self._before: list[Any] = []

    def __enter__(self) -> None:
        before = current()
        if isinstance(before.packing, _Disabled):
            raise GraphError(before.packing.error_message)
        self._before.append(before)
        watch(before._replace(packing=self))

    def __exit__(self, *_: object) -> None:
        watch(current()._replace(packing=self._before.pop().packing))

    def after_record(self, node: Node) -> None:
        """Pack what a new node saves; the engine calls this."""
        if node.prim.keeps and type(node.saved) is tuple:
            with no_grad(), _packing(None):
                node.saved = _Packed(self, node.saved)


class _Packed:
    """What a node saved, packed; ``revive`` puts the unpacked values back."""

    def __init__(self, hooks: saved_tensors_hooks, saved: tuple[Any, ...]) -> None:
        self.unpack_hook = hooks.unpack_hook
        self.values = [_mapped(value, lambda a: _Parcel(hooks.pack_hook(wrap(a, None)), a)) for value in saved]

    def revive(self, node: Node) -> None:
        with no_grad(), _packing(None):
            node.saved = tuple([_mapped(value, lambda parcel: parcel.open(self.unpack_hook)) for value in self.values])


class _Parcel:
    """One packed array, and the form that it must come back in."""

    def __init__(self, content: Any, a: Any) -> None:
        self.content, self.shape, self.dtype = content, a.shape, a.dtype

    def open(self, unpack_hook: Callable[[Any], Any]) -> Any:
        t = unpack_hook(self.content)
        if not isinstance(t, Tensor):
            raise ArgumentError(f"saved_tensors_hooks: unpack_hook returned a {type(t).__name__}: expected a Tensor")
        if t.shape != self.shape:
            raise ShapeError(
                f"saved_tensors_hooks: unpack_hook returned shape {t.shape}: expected {self.shape}, as packed"
            )
        if t.dtype != self.dtype:
            raise DtypeError(f"saved_tensors_hooks: unpack_hook returned {t.dtype}: expected {self.dtype}, as packed")
        return t.array


def _mapped(value: Any, pack: Callable[[Any], Any]) -> Any:
    """Return a saved value with *pack* applied to its arrays, or to what stands for them; parameters stay."""
    if isinstance(value, ndarray | _Parcel):
        return pack(value)
    if type(value) is tuple and any(isinstance(a, ndarray | _Parcel) for a in value):
        return tuple([a if a is None else pack(a) for a in value])
    return value


class _Disabled:
    """What stands in the place of hooks where there may be none."""

    def __init__(self, error_message: str) -> None:
        self.error_message = error_message

    def after_record(self, node: Node) -> None:
        pass


@contextmanager
def _packing(new: Any) -> Iterator[None]:
    before = current().packing
    watch(current()._replace(packing=new))
    try:
        yield
    finally:
        watch(current()._replace(packing=before))


def disable_saved_tensors_hooks(error_message: str) -> Any:
    """Forbid ``saved_tensors_hooks`` in a ``with`` block: entering one raises *error_message*.

    >>> with disable_saved_tensors_hooks("no hooks here"), saved_tensors_hooks(lambda t: t, lambda t: t):
    ...     pass
    Traceback (most recent call last):
    autograd_core.errors.GraphError: no hooks here
    """
    return _packing(_Disabled(error_message))


class save_on_cpu:
    """Do nothing: what operations save is on the CPU.  *pin_memory* and *device_type* are accepted.

    >>> import autograd_core as ag
    >>> x = ag.tensor([1.0, 2.0], requires_grad=True)
    >>> with save_on_cpu():
    ...     y = x.exp()
    """

    def __init__(self, pin_memory: bool = False, device_type: str = "cuda") -> None:
        pass

    def __enter__(self) -> None:
        pass

    def __exit__(self, *_: object) -> None:
        pass


def get_gradient_edge(tensor: Tensor) -> GradientEdge:
    """Return where the gradient of *tensor* arrives; ``grad`` and ``backward`` take it in the place of the tensor.

    >>> import autograd_core as ag
    >>> get_gradient_edge(ag.ones(2, requires_grad=True) * 2).node
    <mul>
    """
    if tensor.node is None:
        raise GraphError("get_gradient_edge: this tensor has requires_grad=False, so no gradient ever reaches it")
    return GradientEdge(tensor.node, tensor.output_nr)


def increment_version(tensor: Tensor | Sequence[Tensor]) -> None:
    """Note that *tensor*, or each of several, was written in place just now, outside the engine: see ``written``.

    >>> import autograd_core as ag
    >>> x = ag.ones(2, requires_grad=True)
    >>> y = (x * x).sum()
    >>> x.array[0] = 5; increment_version(x)
    >>> y.backward()
    Traceback (most recent call last):
    autograd_core.errors.GraphError: ...
    """
    for t in [tensor] if isinstance(tensor, Tensor) else tensor:
        written(t.array)
