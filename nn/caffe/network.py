"""A network that a prototxt describes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

import autograd_core as ag
from autograd_core import Tensor

from ..data import Transform
from ..data.transforms import CenterCrop, Compose, Images, RandomCrop, RandomHorizontalFlip
from ..layers import ModuleDict
from ..module import Module
from .layers import BUILDERS, Accuracy, SoftmaxWithLoss
from .prototxt import Message

__all__ = ["DataSource", "Network"]

Phase = Literal["TRAIN", "TEST"]
PHASES: tuple[Phase, ...] = ("TRAIN", "TEST")


@dataclass(frozen=True)
class DataSource:
    """A Data layer: the name of a set of ``nn.data``, how many pictures a batch has, and what is done to each.

    >>> import nn
    >>> message = nn.caffe.read_prototxt(nn.caffe.example("lenet.prototxt"))
    >>> Network(message, {"fashion-mnist": (1, 28, 28)}).sources["TRAIN"].batch_size
    64
    """

    name: str
    batch_size: int
    tops: tuple[str, ...]
    transform: Transform
    crop: int


@dataclass(frozen=True)
class _Place:
    """One layer in one phase: its module's name, and what it reads and writes."""

    module: str
    bottoms: tuple[str, ...]
    tops: tuple[str, ...]


class Network(Module):
    """The network of *message*, a parsed prototxt: blobs by name go in, and blobs by name come out.

    It has the layers of both phases, TRAIN and TEST, which share their parameters by name; it runs those of the one, by
    ``train()``, or of the other, by ``eval()``.  *shapes* are those of the blobs that a Data layer gives, (N, C, H, W).
    Source: Jia et al., "Caffe: Convolutional Architecture for Fast Feature Embedding", 2014.

    Raises DataError, one line with file and line, for a layer that is unknown, unfit or misspelt.

    >>> import nn
    >>> net = Network(nn.caffe.parse('''
    ...     layer { name: "in" type: "Input" top: "x" input_param { shape { dim: 2 dim: 3 } } }
    ...     layer { name: "ip" type: "InnerProduct" bottom: "x" top: "y" inner_product_param { num_output: 5 } }
    ... '''))
    >>> net({"x": ag.zeros(2, 3)})["y"].shape
    (2, 5)
    """

    def __init__(self, message: Message, shapes: Mapping[str, tuple[int, ...]] | None = None) -> None:
        super().__init__()
        self.name = message.text("name", message.file)
        self.layers = ModuleDict()
        self.sources: dict[Phase, DataSource] = {}
        self.inputs: dict[Phase, dict[str, tuple[int, ...]]] = {phase: {} for phase in PHASES}
        self.multipliers: dict[str, tuple[float, float]] = {}
        self._plan: dict[Phase, list[_Place]] = {phase: [] for phase in PHASES}
        blobs: dict[Phase, dict[str, Tensor]] = {phase: {} for phase in PHASES}
        layers = message.blocks("layer")
        message.ignore("force_backward", "debug_info")
        message.done()
        if not layers:
            message.fail("there is no layer; add layer { ... }")
        for layer in layers:
            self._add(layer, blobs, shapes or {})
        self.outputs = {phase: self._outputs(phase) for phase in PHASES}

    def _add(
        self, layer: Message, blobs: dict[Phase, dict[str, Tensor]], shapes: Mapping[str, tuple[int, ...]]
    ) -> None:
        name, kind = layer.text("name"), layer.choice("type", (*BUILDERS, "Data", "Input"))
        bottoms, tops, phases = tuple(layer.texts("bottom")), tuple(layer.texts("top")), _phases(layer)
        if kind in ("Data", "Input"):
            given = self._given(layer, kind, tops, phases, shapes)
            layer.done()
            for phase in phases:
                self.inputs[phase] |= given
                blobs[phase] |= {
                    blob: ag.zeros(shape) if len(shape) > 1 else ag.zeros(shape, dtype=ag.int64)
                    for blob, shape in given.items()
                }
            return
        wanted = 2 if kind in ("SoftmaxWithLoss", "Accuracy") else 1
        if len(bottoms) != wanted or len(tops) != 1:
            layer.fail(f"layer {name!r} has {len(bottoms)} bottom and {len(tops)} top, expected {wanted} and 1")
        module: Module | None = None
        for phase in phases:
            for bottom in bottoms:
                if bottom not in blobs[phase]:
                    known = ", ".join(blobs[phase]) or "none"
                    layer.fail(
                        f"layer {name!r}: no layer before gives its bottom {bottom!r} in {phase}; there is {known}"
                    )
            shape = tuple(blobs[phase][bottoms[0]].shape)
            module = module or BUILDERS[kind](layer, shape)
            try:
                with ag.no_grad():
                    module.eval()
                    blobs[phase][tops[0]] = module(*(blobs[phase][bottom] for bottom in bottoms))
            except (ag.errors.AutogradError, IndexError) as error:
                layer.fail(f"layer {name!r} takes no blob of shape {shape}: {str(error).splitlines()[0]}")
        assert module is not None
        key = name.replace(".", "_")
        if key in self.layers and not self._shared(key, module):
            layer.fail(f"there is a layer {name!r} already; choose another name", layer.line_of("name"))
        if key not in self.layers:
            self.layers[key] = module
        self._read_multipliers(layer, key, module)
        layer.done()
        for phase in phases:
            if any(place.module == key for place in self._plan[phase]):
                layer.fail(f"there is a layer {name!r} already in {phase}; choose another name", layer.line_of("name"))
            self._plan[phase].append(_Place(key, bottoms, tops))

    def _shared(self, key: str, module: Module) -> bool:
        """Say whether a layer of another phase with this name is the same one: of its class, its parameters of its shapes."""
        own, shapes = self.layers[key], [p.shape for p in module.parameters()]
        return type(own) is type(module) and [p.shape for p in own.parameters()] == shapes

    def _given(
        self,
        layer: Message,
        kind: str,
        tops: tuple[str, ...],
        phases: tuple[Phase, ...],
        shapes: Mapping[str, tuple[int, ...]],
    ) -> dict[str, tuple[int, ...]]:
        """Return the shapes of the blobs that a layer without bottoms gives."""
        if kind == "Input":
            found = [tuple(block.counts("dim", least=1)) for block in layer.block("input_param").blocks("shape")]
            if not tops or len(found) not in (1, len(tops)) or not all(found):
                layer.fail(f"{len(found)} shapes for {len(tops)} tops; expected shape {{ dim: ... }} for each")
            return dict(zip(tops, found * len(tops) if len(found) == 1 else found, strict=True))
        if len(tops) not in (1, 2):
            layer.fail(f"a Data layer has {len(tops)} tops, expected the pictures, and the labels")
        source = _data_source(layer, tops)
        for phase in phases:
            if phase in self.sources:
                layer.fail(f"there is a Data layer in {phase} already; say include {{ phase: ... }}")
            self.sources[phase] = source
        whole = shapes.get(source.name)
        if whole is None:
            cure = f"pass shapes={{{source.name!r}: (C, H, W)}}, or use nn.caffe.Solver"
            layer.fail(f"source {source.name!r}: its shape is not known; {cure}")
        size = (source.crop,) * 2 if source.crop else whole[1:]
        if source.crop > min(whole[1:]):
            layer.fail(f"crop_size: {source.crop}, expected at most {min(whole[1:])}, the size of the pictures")
        return dict(zip(tops, ((1, whole[0], *size), (1,)), strict=False))

    def _read_multipliers(self, layer: Message, key: str, module: Module) -> None:
        """Read param { lr_mult decay_mult }, the first for the weights, the second for the biases."""
        blocks = layer.blocks("param")
        parameters = [name for name, _ in module.named_parameters()]
        if len(blocks) > len(parameters):
            layer.fail(f"{len(blocks)} param, expected {len(parameters)} at most: the layer has no more parameters")
        for i, name in enumerate(parameters):
            block = blocks[i] if i < len(blocks) else Message(layer.file, "param", layer.line)
            rate, decay = (float(block.number(f"{what}_mult", 1.0, least=0)) for what in ("lr", "decay"))
            block.ignore("name")
            block.done()
            self.multipliers[f"layers.{key}.{name}"] = rate, decay

    def _outputs(self, phase: Phase) -> tuple[str, ...]:
        """Return the names of the blobs that nothing reads: losses, accuracies, probabilities."""
        written = [top for place in self._plan[phase] for top in place.tops]
        # in place, bottom and top are one: the last write counts as unread
        read = {b for place in self._plan[phase] for b in place.bottoms if b not in place.tops}
        return tuple(dict.fromkeys(top for top in written if top not in read))

    @property
    def phase(self) -> Phase:
        """The phase that it runs."""
        return "TRAIN" if self.training else "TEST"

    def losses(self) -> list[str]:
        """Return the names of the blobs of this phase that are losses."""
        return [p.tops[0] for p in self._plan[self.phase] if isinstance(self.layers[p.module], SoftmaxWithLoss)]

    def accuracies(self) -> list[str]:
        """Return the names of the blobs of this phase that are accuracies."""
        return [p.tops[0] for p in self._plan[self.phase] if isinstance(self.layers[p.module], Accuracy)]

    def forward(self, input: Mapping[str, Tensor]) -> dict[str, Tensor]:
        wanted = self.inputs[self.phase]
        if missing := [name for name in wanted if name not in input]:
            raise ag.errors.ArgumentError(
                f"{self.name}: input has no blob {missing[0]!r}, expected {', '.join(wanted)} in the phase {self.phase}; "
                "give a dict of tensors by name"
            )
        blobs = dict(input)
        for place in self._plan[self.phase]:
            blobs[place.tops[0]] = self.layers[place.module](*(blobs[bottom] for bottom in place.bottoms))
        return {name: blobs[name] for name in self.outputs[self.phase]}


def _phases(layer: Message) -> tuple[Phase, ...]:
    chosen: dict[str, list[Any]] = {}
    for word in ("include", "exclude"):
        rules = layer.blocks(word)
        chosen[word] = [rule.choice("phase", PHASES) for rule in rules]
        for rule in rules:
            rule.done()
    if chosen["include"] and chosen["exclude"]:
        layer.fail("include stands beside exclude; keep one")
    return tuple(p for p in PHASES if (p in chosen["include"] or not chosen["include"]) and p not in chosen["exclude"])


class _Levels(Transform):
    """Bytes as numbers: (level - mean) * scale, as Caffe does it."""

    def __init__(self, scale: float, means: tuple[float, ...]) -> None:
        self.scale, self.means = scale, means

    def apply(self, images: Images, generator: np.random.Generator) -> Images:
        mean = np.array(self.means or (0.0,), np.float32).reshape(1, -1, 1, 1)
        return (images.astype(np.float32) - mean) * np.float32(self.scale)


def _data_source(layer: Message, tops: tuple[str, ...]) -> DataSource:
    p, t = layer.block("data_param"), layer.block("transform_param")
    name, size = p.text("source"), p.count("batch_size", least=1)
    p.ignore("backend", "prefetch")
    p.done()
    scale, means = float(t.number("scale", 1.0)), tuple(map(float, t.numbers("mean_value")))
    crop, mirror = t.count("crop_size", 0), t.flag("mirror", False)
    t.done()
    training = _phases(layer) == ("TRAIN",)
    steps: list[Any] = [_Levels(scale, means)]
    if crop:
        steps.append(RandomCrop(crop) if training else CenterCrop(crop))
    if mirror:
        steps.append(RandomHorizontalFlip())
    return DataSource(name, size, tops, Compose(steps), crop)
