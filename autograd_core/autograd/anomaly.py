"""``detect_anomaly``: the first operation that turns finite numbers into NaN or infinity, forward or backward."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..errors import SEE, NonFiniteError
from ..graph import Node
from ..modes import module
from ..position import caller, location
from ..tensor import Tensor
from .watching import current, watch

__all__ = ["detect_anomaly", "is_anomaly_enabled", "set_detect_anomaly", "strict_zeros"]


class detect_anomaly:
    """Raise at the operation that first makes a NaN or an infinity, with its line, its module and its operands.

    Looks at every result and every gradient, so it is slow; while it is off, it costs nothing.  Per thread.  With
    *check_nan* false it is switched off inside the block.

    >>> import autograd_core as ag
    >>> x = ag.tensor([1.0, -1.0], requires_grad=True)
    >>> with detect_anomaly():
    ...     x.log()
    Traceback (most recent call last):
    autograd_core.errors.NonFiniteError: ...
    """

    def __init__(self, check_nan: bool = True) -> None:
        self.check_nan = check_nan
        self._before: list[detect_anomaly | None] = []

    def __enter__(self) -> detect_anomaly:
        self._before.append(current().anomaly)
        watch(current()._replace(anomaly=self if self.check_nan else None))
        return self

    def __exit__(self, *_: object) -> None:
        watch(current()._replace(anomaly=self._before.pop()))

    def after_call(self, prim: Any, out: Tensor, operands: tuple[Any, ...]) -> None:
        """Look at a result."""
        if _finite(out.array) or not all(_finite(a) for a in operands):
            return
        where = location(*caller())
        scope = module.get()
        named = zip(_names(prim, operands), operands, strict=True)
        shown = "; ".join(f"operand {o}: {_statistics(a)}" for o, a in named)
        raise NonFiniteError(
            f"forward of {prim.name}, at {where}{f' in {scope}' if scope else ''}, made {_first_bad(out.array)} from "
            f"finite operands. {shown}. Keep the operands where {prim.name} is defined, for instance with clamp() or a "
            f"small epsilon{SEE}"
        )

    def after_pull(self, node: Node, g: Any) -> None:
        """Look at the gradients of a node's operands."""
        arriving = [a.array if isinstance(a, Tensor) else a for a in (g.values() if isinstance(g, dict) else (g,))]
        if not all(_finite(a) for a in arriving):
            return
        names = node.prim.live if len(node.prim.live) == len(node.parents) else range(len(node.parents))
        for name, parent in zip(names, node.parents, strict=True):
            d = getattr(parent, "pending", None)
            if d is None or isinstance(d, dict) or _finite(d.array if isinstance(d, Tensor) else d):
                continue
            bad = _first_bad(d.array if isinstance(d, Tensor) else np.asarray(d))
            raise NonFiniteError(
                f"backward of {node.describe()} made {bad} in the gradient of its operand {name}; what arrived was finite: "
                f"{_statistics(arriving[0])}." + _cure(node) + SEE
            )


def _cure(node: Node) -> str:
    if node.name() == "where":
        return " Both branches of where() are differentiated: make the operand of the untaken branch harmless as well"
    return (
        f" {node.name()} has no finite derivative at such a point. If a where() afterwards throws these entries away, their "
        "gradient is 0 times infinity, NaN: put a harmless number in before the operation (x = where(ok, x, 1.0)), or use "
        "clamp() or a small epsilon"
    )


def _names(prim: Any, operands: tuple[Any, ...]) -> list[str]:
    return list(prim.operands) if len(prim.operands) == len(operands) else [str(i) for i in range(len(operands))]


def _finite(a: Any) -> bool:
    kind = getattr(getattr(a, "dtype", None), "kind", "")
    return kind != "f" or bool(np.isfinite(a).all())


def _first_bad(a: Any) -> str:
    bad = ~np.isfinite(a)
    index = tuple(int(i[0]) for i in np.nonzero(bad)) if np.ndim(a) else ()
    return f"{a[index]} at index {index} ({int(bad.sum())} of {bad.size} entries of shape {a.shape} are not finite)"


def _statistics(a: Any) -> str:
    if not hasattr(a, "shape"):
        return repr(a)
    low_high = f", from {a.min():.6g} to {a.max():.6g}" if a.size else ""
    return f"shape {a.shape}, {a.dtype}{low_high}"


class set_detect_anomaly:
    """Switch anomaly detection on, or off, in this thread: until further notice, or until a ``with`` block ends.

    >>> with set_detect_anomaly(True):
    ...     is_anomaly_enabled()
    True
    >>> is_anomaly_enabled()
    False
    """

    def __init__(self, mode: bool) -> None:
        self._before = current().anomaly
        watch(current()._replace(anomaly=detect_anomaly() if mode else None))

    def __enter__(self) -> None:
        pass

    def __exit__(self, *_: object) -> None:
        watch(current()._replace(anomaly=self._before))


def is_anomaly_enabled() -> bool:
    """Return whether anomaly detection is on in this thread.

    >>> with detect_anomaly():
    ...     is_anomaly_enabled()
    True
    """
    return current().anomaly is not None


class strict_zeros:
    """In this ``with`` block a gradient of zero stays zero in backward, where an infinite derivative makes it NaN otherwise.

    For ``where``: its gradient for the branch not taken is zero, and zero times infinity is NaN, as in PyTorch.  It holds for
    operations that work element by element, on elements of the result's shape.  A true NaN may stay unseen, so it is a
    mode; the better cure is to put a harmless number in before the operation.

    >>> import autograd_core as ag
    >>> x = ag.tensor([0.0, 4.0], requires_grad=True)
    >>> y = ag.where(x > 0, x.sqrt(), 0.0).sum()
    >>> with strict_zeros():
    ...     y.backward()
    >>> x.grad
    tensor([0.0000, 0.2500])
    """

    def __init__(self) -> None:
        self._before: list[bool] = []

    def __enter__(self) -> None:
        self._before.append(current().strict)
        watch(current()._replace(strict=True))

    def __exit__(self, *_: object) -> None:
        watch(current()._replace(strict=self._before.pop()))
