"""The values that the parameters of a layer start with: which law fits what is drawn, by bounds and deviation."""

from __future__ import annotations

import re
from collections.abc import Iterator
from math import prod, sqrt
from typing import Any, NamedTuple

import numpy as np

import autograd_core as ag
import nn

SEEDS = 20


class Sizes(NamedTuple):
    """Two ways to make a layer: a law that fits both is no accident."""

    one: tuple[Any, ...]
    other: tuple[Any, ...]
    kwargs: dict[str, Any]


def sizes(one: tuple[Any, ...], other: tuple[Any, ...], **kwargs: Any) -> Sizes:
    return Sizes(one, other, kwargs)


SIZES: dict[str, Sizes] = {
    **{
        f"{kind}{d}d": sizes((24, 40, 3), (36, 24, 2, 1, 0, *extra, 2))
        for d in (1, 2, 3)
        for kind, extra in (("Conv", (1,)), ("ConvTranspose", (0,)))
    },
    **{f"BatchNorm{d}d": sizes((24,), (36,)) for d in (1, 2, 3)},
    **{f"InstanceNorm{d}d": sizes((24,), (36,), affine=True) for d in (1, 2, 3)},
    **{
        name: sizes((24, 40), (60, 28))
        for name in ("Embedding", "EmbeddingBag", "GRU", "GRUCell", "LSTM", "LSTMCell", "Linear", "RNN", "RNNCell")
    },
    "AdaptiveLogSoftmaxWithLoss": sizes((64, 40, [8, 20]), (96, 40, [8, 20])),
    "Bilinear": sizes((24, 20, 12), (36, 8, 20)),
    "GroupNorm": sizes((2, 24), (3, 36)),
    "LayerNorm": sizes((24,), (36,)),
    "LinearCrossEntropyLoss": sizes((24, 40), (60, 28)),
    "MultiheadAttention": sizes((24, 2), (36, 2)),
    "PReLU": sizes((24,), (36,)),
    "RMSNorm": sizes((24,), (36,)),
    "Transformer": sizes((24, 2, 1, 1, 40), (36, 2, 1, 1, 20)),
    "TransformerDecoderLayer": sizes((24, 2, 40), (36, 2, 20)),
    "TransformerEncoderLayer": sizes((24, 2, 40), (36, 2, 20)),
}


def laws(name: str) -> dict[str, str]:
    """Return the law of each parameter of the layer *name*, in its order.

    Raises ValueError where none fits.
    """
    one, other = (drawn(getattr(nn, name), args, SIZES[name].kwargs) for args in SIZES[name][:2])
    found: dict[str, str] = {}
    for parameter, values in one.items():
        fitting = fits(*values)
        again = fits(*other[parameter])
        found[parameter] = next((law for law in fitting if law in again), "")
        if not found[parameter]:
            raise ValueError(f"{name}.{parameter}: {fitting} in one size and {again} in another: no law fits")
    return found


def together(name: str) -> dict[str, list[str]]:
    """Return the laws of a layer and the parameters of each, by the ends of their names."""
    found: dict[str, list[str]] = {}
    for parameter, law in laws(name).items():
        *_, owner, last = ("", *parameter.split("."))
        short = last if not owner or owner.isdecimal() or "_proj_" in last else f"{owner}.{last}"
        if short not in found.setdefault(law, []):
            found[law].append(short)
    return found


def drawn(layer: type[nn.Module], args: tuple[Any, ...], kwargs: dict[str, Any]) -> dict[str, tuple[Any, np.ndarray]]:
    """Return the module that owns each parameter, and the parameter's values under several seeds."""
    values: dict[str, list[np.ndarray]] = {}
    for seed in range(SEEDS):
        ag.manual_seed(seed)
        module = layer(*args, **kwargs)
        for name, parameter in module.named_parameters():
            values.setdefault(name, []).append(parameter.detach().numpy().astype(float))
    return {name: (module.get_submodule(name.rpartition(".")[0]), np.stack(each)) for name, each in values.items()}


def fits(owner: nn.Module, values: np.ndarray) -> list[str]:
    """Return the laws that *values* (seeds, ...) agree with, the more telling first."""
    if (values == values.flat[0]).all():
        return [f"{values.flat[0]:.6g}"]
    largest, deviation = float(np.abs(values).max()), float(values.std())
    if largest > 2.2 * deviation:  # the largest of a uniform distribution is sqrt(3) deviations
        return [f"normal, deviation {text}" for text, scale in scales(owner, values) if near(deviation, scale, values)]
    return [f"uniform, ±{text}" for text, scale in scales(owner, values) if near(largest, scale, values)]


def near(measured: float, scale: float, values: np.ndarray) -> bool:
    return abs(measured / scale - 1) < min(4 / sqrt(values.size), 0.03)


def scales(owner: nn.Module, values: np.ndarray) -> Iterator[tuple[str, float]]:
    """Yield the bounds and deviations that are in use, by their formulas in the sizes of the layer."""
    yield "1", 1.0
    for name, size in vars(owner).items():
        if re.fullmatch("[a-z0-9_]*(features|size)", name) and isinstance(size, int) and size:
            yield f"1/√{name}", 1 / sqrt(size)
    weight = values.shape[1:] if values.ndim > 2 else getattr(owner, "weight", ag.empty(1)).shape
    fan_in = prod(weight[1:])
    yield "1/√fan_in", 1 / sqrt(fan_in)
    yield "√(6 / (fan_in + fan_out))", sqrt(6 / (fan_in + weight[0] * prod(weight[2:])))
