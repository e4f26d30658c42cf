"""Calls of what cannot stand beside PyTorch in ``tests/conformance``: it has no such name, or is free to choose signs."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from conformance.calls import Call, Text, call, definite, distinct, fixed, integers, positive
from conformance.layers import LAYERS

import autograd_core as ag
import nn
import nn.functional as F

from .derivatives import Way

CLASSES = integers("n", 0, 5)

# In place of those of tests/conformance.
CALLS: dict[str, list[Call]] = {
    "ag.ctc_losses": [call("9n5", integers("n3", 1, 5), integers("n", 7, 10), integers("n", 1, 4))],
    "nn.functional.gumbel_softmax": [call("nc")],
    "nn.functional.noisy_relu": [call("ab")],
    "ag.linalg.eigh": [call(definite("b33"))],
    "ag.linalg.svd": [call("43", full_matrices=False), call("b23", full_matrices=False)],
    "ag.recurrent_layer": [
        call(Text(mode), "tn3", hx, f"{gates}3", f"{gates}2", gates, gates)
        for mode, hx, gates in (("tanh", "n2", "2"), ("gru", "n2", "6"), ("lstm", ("n2", "n2"), "8"))
    ],
    "ag.soft_cross_entropy": [call("nc", positive("nc"))],
    "ag.softmax_cross_entropy": [call("n5", CLASSES, fixed(positive("n")))],
    "ag.special.modified_bessel_i0": [call("abc")],
    "ag.special.modified_bessel_i1": [call("abc")],
    "ag.special.spherical_bessel_j0": [call("abc")],
    "ag.svd": [call("43"), call("34")],
    "ag.vander": [call("a")],
}


def transformer(stack: Callable[..., nn.Module], part: Callable[..., nn.Module]) -> Callable[[], nn.Module]:
    return lambda: stack(part(4, 2, 8, 0.0), 1)


# Layers that are made from layers, draw at random, or differ from PyTorch's, by what makes them.
MADE: dict[str, tuple[Callable[[], nn.Module], Call]] = {
    "CrossMapLRN2d": (lambda: nn.CrossMapLRN2d(3), call("n467")),
    "FractionalMaxPool2d": (lambda: nn.FractionalMaxPool2d(2, output_size=3), call(distinct("nc67"))),
    "FractionalMaxPool3d": (lambda: nn.FractionalMaxPool3d(2, output_size=3), call(distinct("nc567"))),
    "NLLLoss2d": (lambda: nn.NLLLoss2d(), call("n523", integers("n23", 0, 5))),
    "NoisyReLU": (lambda: nn.NoisyReLU().eval(), call("n4")),
    "Sequential": (lambda: nn.Sequential(nn.Linear(4, 3), nn.Tanh()), call("n4")),
    "TransformerDecoder": (transformer(nn.TransformerDecoder, nn.TransformerDecoderLayer), call("tn4", "sn4")),
    "TransformerEncoder": (transformer(nn.TransformerEncoder, nn.TransformerEncoderLayer), call("tn4")),
}


NO_DERIVATIVES = {
    "max_norm",
    "padding_idx",
    "scale_grad_by_freq",
}  # options with which a gradient is meant to be another
SCORED = "ag.ctc_losses", "nn.functional.ctc_loss", "nn.CTCLoss"  # their gradient is that for scores before log_softmax


def ways(name: str, function: Callable[..., Any], calls: list[Call]) -> list[Way]:
    """Return the ways to call a function where its gradient is meant to be the derivative."""
    if name in SCORED:
        return [Way(lambda dtype: (_after_log_softmax(function), ()), each) for each in calls]
    called = _on_a_copy(function) if name.endswith("_") else function
    return [Way(lambda dtype: (called, ()), each) for each in calls if not NO_DERIVATIVES & each.kwargs.keys()]


def _on_a_copy(function: Callable[..., Any]) -> Callable[..., Any]:
    """A leaf cannot be written in place."""
    return lambda x, *args, **kwargs: function(x.clone(), *args, **kwargs)


def _after_log_softmax(function: Callable[..., Any]) -> Callable[..., Any]:
    return lambda scores, *args, **kwargs: function(F.log_softmax(scores, -1), *args, **kwargs)


def layer_ways(name: str) -> list[Way]:
    """Return the ways to make and call the layer *name*."""
    if name in MADE:
        return [_layer_way(name, *MADE[name])]
    cls = getattr(nn, name)
    return [
        _layer_way(name, functools.partial(cls, *each.args, **each.kwargs), each.forward)
        for each in LAYERS.get(name, [])
        if not NO_DERIVATIVES & each.kwargs.keys()
    ]


def _layer_way(name: str, make: Callable[[], nn.Module], each: Call) -> Way:
    def made(dtype: Any) -> tuple[Callable[..., Any], list[ag.Tensor]]:
        module = make().to(dtype)
        return _after_log_softmax(module) if f"nn.{name}" in SCORED else module, list(module.parameters())

    return Way(made, each)
