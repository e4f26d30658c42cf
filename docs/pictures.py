"""The pictures of draw.md: ``make docs-pictures`` draws them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import autograd_core as ag
import nn
from autograd_core.errors import ShapeError
from autograd_core.viz import Drawing, draw

__all__ = ["FOLDER", "PICTURES"]

FOLDER = Path(__file__).with_name("pictures")
OURS = ["layered"]  # the layout that is the same everywhere


def xor() -> Drawing:
    ag.manual_seed(1)
    x = ag.tensor([[0.0, 0], [0, 1], [1, 0], [1, 1]])
    t = ag.tensor([[0.0], [1], [1], [0]])
    W1, b1 = ag.randn(2, 3).requires_grad_(), ag.zeros(3, requires_grad=True)
    W2, b2 = ag.randn(3, 1).requires_grad_(), ag.zeros(1, requires_grad=True)
    h = (x @ W1 + b1).tanh()
    y = (h @ W2 + b2).sigmoid()
    loss = ((y - t) ** 2).mean()
    return draw(loss, values=True, grads="norm", direction="LR", engines=OURS)


class Block(nn.Module):
    """A layer with a way around it."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.inner = nn.Linear(width, width)

    def forward(self, x: Any) -> Any:
        return x + 0.3 * self.inner(x).tanh()


def residual() -> Drawing:
    ag.manual_seed(0)
    net = nn.Sequential(nn.Linear(8, 16), *[Block(16) for _ in range(12)], nn.LayerNorm(16), nn.Linear(16, 3))
    x, target = ag.randn(32, 8), ag.randint(0, 3, (32,))
    loss = nn.functional.cross_entropy(net(x), target)
    return draw(loss, depth=1, grads="norm", engines=OURS)


def failed() -> Drawing:
    x, W, V = ag.ones(3, 4), ag.ones(4, 5, requires_grad=True), ag.ones(4, 2, requires_grad=True)
    h = (x @ W).tanh()
    try:
        h @ V
    except ShapeError as error:
        return draw(error, engines=OURS)
    raise AssertionError("the shapes do not fit")


PICTURES: dict[str, Callable[[], Drawing]] = {"xor": xor, "residual": residual, "failed": failed}

if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    for name, picture in PICTURES.items():
        picture().save(FOLDER / f"{name}.svg")
