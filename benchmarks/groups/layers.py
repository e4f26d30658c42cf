"""Single layers and functions around convolution."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from ..case import BACKWARD, FORWARD, Case, Group, Operation, Program, operation
from ..libraries import Library, array, seed

PARTS: dict[str, dict[int, float]] = {FORWARD: {}, BACKWARD: {}}


def normal(*shape: int) -> np.ndarray:
    return np.random.default_rng(0).standard_normal(shape, np.float32)


def layer(name: str, build: Callable[[Any], Any], x: np.ndarray) -> list[Case]:
    """*build* takes ``nn`` and returns the layer."""

    def make(library: Library) -> Operation:
        model = build(library.nn)
        seed(library, model)
        floating = x.dtype == np.float32
        tensor = library.tensor(x, requires_grad=floating)
        return Operation(lambda: model(tensor), [*([tensor] if floating else []), *model.parameters()])

    return operation(f"{name}, {','.join(map(str, x.shape))}", make, PARTS)


def function(name: str, call: Callable[..., Any], *arrays: np.ndarray) -> list[Case]:
    """*call* takes the top level of a library, and tensors."""

    def make(library: Library) -> Operation:
        tensors = [library.tensor(a, requires_grad=True) for a in arrays]
        return Operation(lambda: call(library.core, *tensors), tensors)

    return operation(f"{name}, {','.join(map(str, arrays[0].shape))}", make, PARTS)


def cross_entropy(library: Library) -> Operation:
    logits = library.tensor(normal(512, 1000), requires_grad=True)
    labels = library.tensor(np.random.default_rng(1).integers(0, 1000, 512))
    return Operation(lambda: library.nn.functional.cross_entropy(logits, labels), [logits])


def dropout(part: str, library: Library) -> Program:
    """Return dropout: no two libraries drop the same elements, so what is compared is how many, and how large the rest."""
    x = library.tensor(np.ones((256, 4096), np.float32), requires_grad=True)
    drop = library.nn.Dropout(0.25)
    timed = Operation(lambda: drop(x), [x]).program(library, part)

    def values() -> dict[str, Any]:
        y = array(drop(x))
        return {"share kept": (y != 0).mean(), "largest": y.max()}

    return Program(timed.run, values, timed.prepare)


INDICES = np.random.default_rng(2).integers(0, 10_000, (64, 128))

GROUP = Group(
    "layers",
    "Single layers",
    [
        *layer("linear 512→512", lambda n: n.Linear(512, 512), normal(128, 512)),
        *layer("batch norm", lambda n: n.BatchNorm2d(64), normal(32, 64, 32, 32)),
        *layer("layer norm", lambda n: n.LayerNorm(768), normal(1024, 768)),
        *operation("softmax cross-entropy, 512,1000", cross_entropy, PARTS),
        *layer("GELU", lambda n: n.GELU(), normal(256, 4096)),
        *function("tanh", lambda core, x: core.tanh(x), normal(256, 4096)),
        *function("sigmoid", lambda core, x: core.sigmoid(x), normal(256, 4096)),
        *function("exp", lambda core, x: core.exp(x), normal(256, 4096)),
        *[
            Case("dropout, 256,4096", part, partial(dropout, part), tolerance=0.01)
            for part in (FORWARD, BACKWARD)
        ],
        *layer("embedding 10000 of 128", lambda n: n.Embedding(10_000, 128), INDICES),
        *function(
            "cat of three",
            lambda core, *xs: core.cat(xs, 1),
            normal(32, 64, 28, 28), normal(32, 128, 28, 28), normal(32, 32, 28, 28),
        ),
    ],
)  # fmt: skip
