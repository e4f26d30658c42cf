"""Mixed precision by the names of ``torch.amp``: programs may ask for it, and everything is computed in full.

What runs under ``autocast`` may be less exact than float32.  Here nothing is: the context changes nothing, no number of
float16 has to be saved from underflow, and a ``GradScaler`` leaves losses and gradients as they are.
"""

from __future__ import annotations

from contextlib import ContextDecorator
from typing import Any

from .device import device

__all__ = ["GradScaler", "autocast", "is_autocast_available"]


class autocast(ContextDecorator):
    """Allow operations to be less exact than float32; nothing here makes use of it.  Also a decorator.

    >>> with ag.autocast("cpu", dtype=ag.bfloat16):
    ...     (ag.ones(2) @ ag.ones(2)).dtype
    dtype('float32')
    """

    def __init__(
        self, device_type: str, dtype: Any = None, enabled: bool = True, cache_enabled: bool | None = None
    ) -> None:
        self.device = device(device_type).type

    def __enter__(self) -> autocast:
        return self

    def __exit__(self, *_: object) -> None: ...


class GradScaler:
    """Scale losses so that float16 can hold their gradients: by 1, as there is no float16.  All arguments are accepted.

    >>> import optim
    >>> scaler = ag.amp.GradScaler("cpu")
    >>> w = ag.ones(1, requires_grad=True)
    >>> optimizer = optim.SGD([w], lr=0.5)
    >>> scaler.scale((w * 3).sum()).backward()
    >>> scaler.step(optimizer)
    >>> scaler.update()
    >>> w, scaler.get_scale()
    (tensor([-0.5000], requires_grad=True), 1.0)
    """

    def __init__(
        self,
        device: str = "cuda",
        init_scale: float = 65536.0,
        growth_factor: float = 2.0,
        backoff_factor: float = 0.5,
        growth_interval: int = 2000,
        enabled: bool = True,
    ) -> None: ...

    def is_enabled(self) -> bool:
        """Return whether losses are scaled: no."""
        return False

    def get_scale(self) -> float:
        """Return what losses are multiplied by: 1."""
        return 1.0

    def scale(self, outputs: Any) -> Any:
        """Return *outputs*, a tensor or several."""
        return outputs

    def unscale_(self, optimizer: Any) -> None:
        """Leave the gradients of *optimizer* as they are: they were never scaled."""

    def step(self, optimizer: Any, *args: Any, **kwargs: Any) -> Any:
        """Return ``optimizer.step(*args, **kwargs)``."""
        return optimizer.step(*args, **kwargs)

    def update(self, new_scale: Any = None) -> None:
        """Keep the scale."""

    def state_dict(self) -> dict[str, Any]:
        """Return the state: there is none."""
        return {}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Accept the state of any scaler."""


def is_autocast_available(device_type: str) -> bool:
    """Return whether operations become less exact under ``autocast``: no.

    >>> ag.amp.is_autocast_available("cpu")
    False
    """
    return False
