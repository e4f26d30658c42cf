"""What was seen of one training step: the loss, each parameter's norms, what the activations were like."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

__all__ = ["ActivationReading", "Frame", "Parameter", "ParameterReading", "together"]


@dataclass(frozen=True)
class Parameter:
    """A row of the record: a tensor that gets gradients, and the layer that it belongs to.

    *layer* is the path of its module, or its own name where it is in none; *label* what that module is called, such as
    ``Linear 9->2``, or "".

    >>> from autograd_core.viz import Parameter
    >>> Parameter("fc.weight", "fc", "Linear 9->2", (2, 9)).size
    18
    """

    name: str
    layer: str
    label: str
    shape: tuple[int, ...]

    @property
    def size(self) -> int:
        """How many numbers it has."""
        return math.prod(self.shape)


@dataclass
class ParameterReading:
    """One parameter, or all of a layer, in one frame; norms are Euclidean.

    *gradient* is of what this backward pass alone added to ``.grad``, *accumulated* of all that is there then.  *update* is of
    the change from this backward pass to the next one before which anything changed: what the optimizer did; None as long
    as that is not known.  *zeros* and *nonfinite* count entries of the gradient that are 0, and NaN or infinite, of *size*.

    >>> from autograd_core.viz import ParameterReading
    >>> ParameterReading(gradient=0.5, accumulated=0.5, weight=2.0, size=18, zeros=0, nonfinite=0, update=0.01).ratio
    0.005
    """

    gradient: float
    accumulated: float
    weight: float
    size: int
    zeros: int
    nonfinite: int
    update: float | None = None

    @property
    def ratio(self) -> float | None:
        """The norm of the update over that of the weights; None where there is none."""
        return None if self.update is None or not self.weight else self.update / self.weight


@dataclass(frozen=True)
class ActivationReading:
    """The results of one activation function in one frame.

    *zeros* is the share of entries that are 0; *silent* the share of units that were 0 for the whole batch in this frame and
    in those before it, ``PATIENCE`` in all; *saturated* the share of entries of a sigmoid or tanh within 1 % of a bound, None
    for others.

    >>> import autograd_core as ag
    >>> from autograd_core.viz import record
    >>> x = ag.tensor([-1.0, 2.0, 4.0, 1.0], requires_grad=True)
    >>> with record() as r:
    ...     x.relu().sum().backward()
    >>> r.frames[0].activations["relu"].mean, r.frames[0].activations["relu"].zeros
    (1.75, 0.25)
    """

    mean: float
    std: float
    zeros: float
    silent: float
    saturated: float | None = None


@dataclass(frozen=True)
class Frame:
    """One recorded step.

    *step* counts the backward passes of the record from 1, *of* names the loss and *number* counts its own passes; *mean* is
    the mean of that loss over its steps since the frame before, this one included.

    >>> import autograd_core as ag
    >>> from autograd_core.viz import record
    >>> w = ag.tensor([1.0, 2.0], requires_grad=True)
    >>> with record(every=2) as r:
    ...     for i in range(4):
    ...         loss = w.sum() * i
    ...         loss.backward()
    >>> [(frame.step, frame.of, frame.loss, frame.mean) for frame in r.frames]
    [(1, 'loss', 0.0, 0.0), (2, 'loss', 3.0, 3.0), (4, 'loss', 9.0, 7.5)]
    """

    step: int
    of: str
    number: int
    loss: float
    mean: float
    parameters: dict[str, ParameterReading] = field(default_factory=dict)
    activations: dict[str, ActivationReading] = field(default_factory=dict)

    def layers(self, parameters: Mapping[str, Parameter]) -> dict[str, ParameterReading]:
        """Return the readings by layer; *parameters* is what the record has under that name."""
        found: dict[str, list[ParameterReading]] = {}
        for name, parameter in parameters.items():
            if name in self.parameters:
                found.setdefault(parameter.layer, []).append(self.parameters[name])
        return {layer: together(readings) for layer, readings in found.items()}


def together(readings: Iterable[ParameterReading]) -> ParameterReading:
    """Return several parameters as one: the norms of all their numbers together.

    >>> from autograd_core.viz.recording.frames import ParameterReading, together
    >>> both = together([ParameterReading(3.0, 3.0, 1.0, 2, 0, 0), ParameterReading(4.0, 4.0, 1.0, 2, 1, 0)])
    >>> both.gradient, both.size, both.zeros, both.update
    (5.0, 4, 1, None)
    """
    all_of = list(readings)
    updates = [r.update for r in all_of if r.update is not None]
    return ParameterReading(
        gradient=math.hypot(*(r.gradient for r in all_of)),
        accumulated=math.hypot(*(r.accumulated for r in all_of)),
        weight=math.hypot(*(r.weight for r in all_of)),
        size=sum(r.size for r in all_of),
        zeros=sum(r.zeros for r in all_of),
        nonfinite=sum(r.nonfinite for r in all_of),
        update=math.hypot(*updates) if len(updates) == len(all_of) and updates else None,
    )
