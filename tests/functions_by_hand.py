"""Functions whose derivatives are written by hand, for the tests of what handles them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from autograd_core import Function, Tensor

__all__ = ["Cube", "Polar", "Twice", "make"]


def make(backward: Callable[..., Any], forward: Callable[..., Any] = lambda ctx, x: x * 2.0) -> type[Function]:
    """A Function of the name Own."""
    return type("Own", (Function,), {"forward": staticmethod(forward), "backward": staticmethod(backward)})


class Twice(Function):
    """2 x², with its context set up apart."""

    generate_vmap_rule = True

    @staticmethod
    def forward(x: Tensor) -> Tensor:
        return 2 * x * x

    @staticmethod
    def setup_context(ctx: Any, inputs: Any, output: Any) -> None:
        ctx.save_for_backward(*inputs)
        ctx.save_for_forward(*inputs)
        assert output.shape == inputs[0].shape

    @staticmethod
    def vjp(ctx: Any, g: Tensor) -> Tensor:
        return 4 * ctx.saved_tensors[0] * g

    @staticmethod
    def jvp(ctx: Any, tangent: Tensor) -> Tensor:
        raise AssertionError("forward derivatives come from backward")


class Cube(Function):
    """Saves its input."""

    @staticmethod
    def forward(ctx: Any, x: Tensor) -> Tensor:
        ctx.save_for_backward(x)
        return x * x * x

    @staticmethod
    def backward(ctx: Any, g: Tensor) -> Tensor:
        (x,) = ctx.saved_tensors
        return 3 * x * x * g


class Polar(Function):
    """Two results, two inputs, a number, and a mask."""

    wanted: tuple[bool, ...] = ()

    @staticmethod
    def forward(ctx: Any, r: Tensor, phi: Tensor, scale: float) -> Any:
        ctx.save_for_backward(r, phi)
        ctx.scale = scale
        inside = r < 1
        ctx.mark_non_differentiable(inside)
        return scale * r * phi.cos(), scale * r * phi.sin(), inside

    @staticmethod
    def backward(ctx: Any, gx: Tensor, gy: Tensor, mask: None) -> Any:
        assert mask is None
        Polar.wanted = ctx.needs_input_grad
        r, phi = ctx.saved_tensors
        gr = ctx.scale * (gx * phi.cos() + gy * phi.sin()) if ctx.needs_input_grad[0] else None
        gphi = ctx.scale * r * (gy * phi.cos() - gx * phi.sin()) if ctx.needs_input_grad[1] else None
        return gr, gphi, None
