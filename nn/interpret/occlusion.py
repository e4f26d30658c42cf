"""Occlusion: cover a part of the picture, and see how the score falls."""

from __future__ import annotations

from collections.abc import Sequence

import autograd_core as ag
from autograd_core import Tensor

from .. import expect
from ..module import Module
from .scores import Target, at_rest, check_input, check_number, classes_of, outputs_of, selected

__all__ = ["occlusion"]


@ag.no_grad()
def occlusion(
    model: Module,
    input: Tensor,
    target: Target = None,
    *,
    window: int | Sequence[int] = 8,
    stride: int | Sequence[int] = 4,
    value: float = 0.0,
    batch_size: int = 64,
) -> Tensor:
    r"""Return how much the score falls with a patch of each picture covered: a map (N, rows, columns).

    :math:`M_{ij} = S_c(x) - S_c(x \text{ with a window at } (i \cdot stride, j \cdot stride) \text{ set to } value)`.

    *input* is (N, C, H, W); *window* and *stride* are a number, or one for height and one for width; there is a row and a
    column for every window that lies within the picture.  *batch_size* windows are computed at once.  *target* None is the
    class of the whole picture; other arguments as of ``saliency``.  For probabilities in place of scores give
    ``nn.Sequential(model, nn.Softmax(1))``.  Source: Zeiler & Fergus, "Visualizing and Understanding Convolutional
    Networks", 2013.

    >>> import nn
    >>> model = nn.Sequential(nn.Flatten(), nn.Linear(64, 3))
    >>> occlusion(model, ag.rand(2, 1, 8, 8), target=0, window=4, stride=2).shape
    (2, 3, 3)
    """
    check_input("occlusion", input)
    height, width = expect.pair("occlusion", "window", window, 1)
    down, right = expect.pair("occlusion", "stride", stride, 1)
    expect.size("occlusion", batch_size=batch_size)
    check_number("occlusion", "value", value, least=float("-inf"))
    if input.ndim != 4 or input.shape[2] < height or input.shape[3] < width:
        expected = f"(N, C, H, W) of at least {height}x{width}"
        raise expect.shape_error("occlusion", input, expected, "use a smaller window, or add dims with unsqueeze")
    tops = range(0, input.shape[2] - height + 1, down)
    lefts = range(0, input.shape[3] - width + 1, right)
    places = [(top, left) for top in tops for left in lefts]
    maps = []
    with at_rest(model):
        outputs = outputs_of("occlusion", model, input)
        classes = classes_of("occlusion", outputs, target)
        whole = selected(outputs, classes)
        for n, picture in enumerate(input):
            falls = []
            for first in range(0, len(places), batch_size):
                part = places[first : first + batch_size]
                covered = picture.repeat(len(part), 1, 1, 1)
                for i, (top, left) in enumerate(part):
                    covered[i, :, top : top + height, left : left + width] = value
                falls.append(whole[n] - outputs_of("occlusion", model, covered)[:, int(classes[n])])
            maps.append(ag.cat(falls).reshape(len(tops), len(lefts)))
    return ag.stack(maps)
