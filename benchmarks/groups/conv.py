"""Single convolution layers: the shapes of well-known networks, and odd ones."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from ..case import BOTH, FORWARD, Case, Group, Operation, Program, Targets
from ..libraries import OURS, Library, array

Pair = tuple[int, int]
INPUT, WEIGHT = "input gradient", "weight gradient"


@dataclass(frozen=True)
class Shape:
    """x (N, C, H, W), O output channels, a kernel (KH, KW), and how it moves."""

    x: tuple[int, int, int, int]
    o: int
    kernel: Pair
    stride: Pair = (1, 1)
    padding: Pair = (0, 0)
    dilation: Pair = (1, 1)
    groups: int = 1

    @property
    def name(self) -> str:
        stride = "x".join(map(str, sorted(set(self.stride))))
        said = {
            f" /{stride}": self.stride != (1, 1),
            f" dilation {self.dilation[0]}": self.dilation != (1, 1),
            " depthwise": self.groups == self.x[1] > 1,
            f" groups {self.groups}": 1 < self.groups < self.x[1],
        }
        size = "{},{},{},{}".format(*self.x)
        return f"{size} → {self.o}, {'x'.join(map(str, self.kernel))}" + "".join(k for k, v in said.items() if v)

    @property
    def arguments(self) -> tuple[Any, ...]:
        """Return what follows the weight and the bias in a call of conv2d."""
        return self.stride, self.padding, self.dilation, self.groups

    def arrays(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return x, w and a gradient of the result."""
        rng = np.random.default_rng(0)
        window = (self.o, self.x[1] // self.groups, *self.kernel)
        axes = zip(self.x[2:], self.kernel, self.stride, self.padding, self.dilation)
        places = ((n + 2 * p - d * (k - 1) - 1) // s + 1 for n, k, s, p, d in axes)
        x, y = (rng.standard_normal(shape, np.float32) for shape in (self.x, (self.x[0], self.o, *places)))
        scale = np.float32(np.prod(window[1:]) ** -0.5)
        return x, rng.standard_normal(window, np.float32) * scale, y


def our_passes(shape: Shape, library: Library) -> dict[str, Callable[[], Any]]:
    """Return each pass by itself: the kernels, without a graph."""
    from autograd_core.kernels import cpu

    x, w, g = shape.arrays()
    pads = tuple((p, p) for p in shape.padding)
    how: dict[str, Any] = {
        "stride": shape.stride, "padding": pads, "dilation": shape.dilation, "groups": shape.groups
    }  # fmt: skip
    return {
        FORWARD: lambda: cpu.conv(x, w, **how),
        INPUT: lambda: cpu.conv_input(g, w, shape=x.shape, **how),
        WEIGHT: lambda: cpu.conv_weight(g, x, shape=w.shape, **how),
    }


def torch_passes(shape: Shape, library: Library) -> dict[str, Callable[[], Any]]:
    x, w, g = map(library.tensor, shape.arrays())
    adjoint = library.core.ops.aten.convolution_backward
    last = (None, shape.stride, shape.padding, shape.dilation, False, [0, 0], shape.groups)
    return {
        FORWARD: lambda: library.core.conv2d(x, w, None, *shape.arguments),
        INPUT: lambda: adjoint(g, x, w, *last, [True, False, False])[0],
        WEIGHT: lambda: adjoint(g, x, w, *last, [False, True, False])[1],
    }


def one_pass(shape: Shape, part: str, library: Library) -> Program:
    run = (our_passes if library.name == OURS else torch_passes)(shape, library)[part]
    return Program(run, lambda: {part: run() if library.name == OURS else array(run())})


def both(shape: Shape, library: Library) -> Program:
    """Return conv2d and its backward pass with the graph as a user has it."""
    x, w, _ = shape.arrays()
    leaves = [library.tensor(x, requires_grad=True), library.tensor(w, requires_grad=True)]
    call = lambda: library.core.conv2d(*leaves, None, *shape.arguments)
    return Operation(call, leaves).program(library, BOTH)


def cases(shapes: Sequence[tuple[Shape, Targets]]) -> list[Case]:
    found: list[Case] = []
    for shape, least in shapes:
        found += [Case(shape.name, part, partial(one_pass, shape, part)) for part in (FORWARD, INPUT, WEIGHT)]
        found.append(Case(shape.name, BOTH, partial(both, shape), least))
    return found


EVEN = {1: 1.0, 2: 1.0}
AHEAD = {1: 2.5, 2: 2.2}  # where Winograd's way applies

COMMON = Group(
    "conv",
    "Convolution: shapes of well-known networks",
    cases(
        [
            (Shape((64, 1, 28, 28), 6, (5, 5), padding=(2, 2)), EVEN),  # LeNet
            (Shape((64, 6, 14, 14), 16, (5, 5)), EVEN),
            (Shape((32, 3, 32, 32), 64, (3, 3), padding=(1, 1)), EVEN),  # VGG, ResNet
            (Shape((32, 64, 32, 32), 64, (3, 3), padding=(1, 1)), AHEAD),
            (Shape((32, 128, 16, 16), 128, (3, 3), padding=(1, 1)), AHEAD),
            (Shape((32, 256, 8, 8), 256, (3, 3), padding=(1, 1)), AHEAD),
            (Shape((16, 64, 56, 56), 64, (1, 1)), EVEN),
            (Shape((8, 3, 224, 224), 64, (7, 7), (2, 2), (3, 3)), EVEN),  # the first layer of ResNet
            (Shape((8, 3, 227, 227), 96, (11, 11), (4, 4)), EVEN),  # of AlexNet
            (Shape((32, 64, 32, 32), 64, (3, 3), padding=(1, 1), groups=64), EVEN),  # MobileNet
            (Shape((32, 64, 1, 1024), 64, (1, 5), padding=(0, 2)), EVEN),  # along a sequence
        ]
    ),
)

NEARLY = {1: 0.9, 2: 0.9}

ODD = Group(
    "odd",
    "Convolution: odd shapes",
    cases(
        [
            (shape, NEARLY)
            for shape in (
                Shape((16, 17, 23, 29), 23, (3, 3), padding=(1, 1)),  # prime numbers of channels
                Shape((16, 64, 56, 56), 128, (3, 3), (2, 2), (1, 1)),
                Shape((16, 128, 28, 28), 256, (3, 3), (2, 2), (1, 1)),
                Shape((16, 256, 28, 28), 512, (1, 1), (2, 2)),
                Shape((16, 64, 28, 28), 64, (3, 3), padding=(2, 2), dilation=(2, 2)),
                Shape((16, 64, 28, 28), 64, (3, 3), padding=(1, 1), groups=4),
                Shape((32, 64, 32, 32), 64, (3, 3), (2, 2), (1, 1), groups=64),
                Shape((8, 3, 1, 500), 32, (1, 7)),  # images of one row
                Shape((32, 64, 1, 1024), 64, (1, 5), (1, 2), (0, 2)),
                Shape((1, 512, 14, 14), 512, (3, 3), padding=(1, 1)),  # one image
                Shape((16, 48, 27, 27), 128, (5, 5), padding=(2, 2)),
                Shape((32, 512, 7, 7), 512, (3, 3), padding=(1, 1)),
                Shape((32, 3, 64, 64), 32, (7, 7), padding=(3, 3)),
                Shape((32, 4, 84, 84), 32, (8, 8), (4, 4)),  # the player of Atari games
                Shape((64, 10, 28, 28), 20, (3, 3)),
            )
        ]
    ),
    {BOTH: {1: 1.3, 2: 1.3}},
)
