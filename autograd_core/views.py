"""Which tensors look into which, so that a write to one gives the others their new history."""

from __future__ import annotations

import weakref
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from . import ops
from .errors import GraphError
from .graph import Node, leaf, record
from .modes import recording
from .primitive import Primitive

if TYPE_CHECKING:
    from .tensor import Tensor

__all__ = ["Alias", "give_history", "link", "origin", "refuse_leaf", "turn_into"]


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
    data, base = source.array, t.array.base
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


def origin(t: Tensor) -> tuple[Tensor, tuple[Any, ...]]:
    """Return the tensor that *t* looks into, and the chain of view calls that leads from there to *t*."""
    chain: list[Any] = []
    while (a := t.alias) is not None and a.source is not None:
        chain.append((a.prim, a.params))
        t = a.source
    return t, tuple(reversed(chain))


def refuse_leaf(root: Tensor, chain: tuple[Any, ...]) -> None:
    """Raise where what is written in place while recording, *root* or a view of it, is a leaf that requires gradients."""
    if root.node is not None and root.node.prim is None:
        kind = "a view of a leaf" if chain else "a leaf"
        raise GraphError(
            f"{kind} that requires gradients is written in place; use no_grad() for an update of a parameter, or make a new "
            "tensor"
        )


def give_history(root: Tensor, chain: tuple[Any, ...], history: Node | None) -> None:
    """Have *history* be that of the part of *root* that *chain* leads to, and all who look into *root* know it."""
    if chain or history is None:
        history = record(ops.put_region.primitive, (root.node, history), (chain,), root.array)
    root.node = history
    renew_views(root)


def renew_views(source: Tensor) -> None:
    """Give the views of *source* a history that starts at its new one."""
    stale = [source]
    for t in stale:
        for view in living_views(t):
            if view.alias is not None:
                prim, params = view.alias.prim, view.alias.params
                assert prim is not None  # a view has one
                known = {prim.operands[0]: t.array, "out": view.array, **params}
                view.node = record(prim, (t.node,), tuple(known[n] for n in prim.saved), view.array)
                stale.append(view)


def living_views(t: Tensor) -> list[Tensor]:
    """Return the views that look into *t*."""
    views = t.alias.views if t.alias is not None else None
    return [view for v in views or () if (view := v()) is not None]


def turn_into(t: Tensor, before: Tensor, view: Callable[[Tensor], Tensor]) -> None:
    """Make *t* the view that *view* gives of it; *before*, a new tensor of the same data and history, takes its place.

    What looked into *t* looks into *before* from then on, as *t* itself does.
    """
    is_leaf = t.node is not None and t.node.prim is None
    if is_leaf and recording.get():
        raise GraphError(
            "a leaf that requires gradients is turned in place; use no_grad(), or make a new tensor (y = x.t(), not x.t_())"
        )
    if is_leaf:
        before.node = None
    before.alias = t.alias
    after = view(before)
    if after is before:
        return
    for other in living_views(before):
        if other is not after and other.alias is not None:
            other.alias.source = before
    if t.alias is not None and t.alias.source is not None:
        _replace(t.alias.source, t, before)
    _replace(before, after, t)
    t.array, t.alias, t.node = after.array, after.alias, after.node
    if is_leaf:
        t.node = leaf(t)


def _replace(source: Tensor, old: Tensor, new: Tensor) -> None:
    """Have *new* among the views of *source* in the place of *old*."""
    if source.alias is not None and source.alias.views is not None:
        source.alias.views[:] = [weakref.ref(new) if v() is old else v for v in source.alias.views]
