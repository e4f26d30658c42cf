"""What looks ill in a record: each threshold with its reason, and each finding with what it means and what to try."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from statistics import median

from .frames import Frame, Parameter, ParameterReading, together

__all__ = [
    "DEAD",
    "EXPLODING_JUMP",
    "EXPLODING_TO_WEIGHT",
    "FIRST_TO_LAST",
    "NOT_LEARNING",
    "PATIENCE",
    "PER_LAYER",
    "REPLACED",
    "TOO_LARGE",
    "Flag",
    "find_flags",
]

# One frame is one batch, which may be an odd one; what is the case in three in a row is not chance.
PATIENCE = 3
# From layer to layer a good initialisation keeps the size of gradients (a factor of 1), while a sigmoid, whose derivative is at
# most 1/4, shrinks them by 4 or more.  1/2 is the geometric middle; twice is as far from 1 on the other side.
PER_LAYER = 0.5
# Of the first layer's gradient to the last one's.  In a network of few layers 1/100 may be their sizes alone; where it is less
# than 1/10 000, however many layers there are, the first layers stand still while the last ones learn.
FIRST_TO_LAST = (1e-4, 1e-2)
# A gradient 1000 times as long as the weights: already a step of SGD with the small learning rate 0.001 replaces them all.
EXPLODING_TO_WEIGHT = 1e3
# Times the median of the frames before.  Batches differ by factors up to 10; a hundredfold step undoes a hundred others.
EXPLODING_JUMP = 100.0
# Below a millionth of a weight, an update is near the rounding of float32 (6e-8), and 10 000 of them move it by 1 %.
NOT_LEARNING = 1e-6
# 1e-3 is usual.  At a tenth the weights are new after ten steps, and the gradients of before say nothing of them.
TOO_LARGE = 1e-1
# A step as long as all weights together: they are others afterwards, in one frame as in three.
REPLACED = 1.0
# Of the units of a layer: with half of them silent the layer is half as wide as it was made.
DEAD = 0.5


NOT_FINITE, EXPLODING, VANISHING = "not finite", "exploding gradients", "vanishing gradients"
TOO_LARGE_UPDATES, DEAD_UNITS = "too large updates", "dead units"
NOT_LEARNING_LAYERS, NOT_UPDATED = "not learning", "not updated"
# As they are listed where they begin at the same step: causes before what follows from them.
KINDS = (NOT_FINITE, EXPLODING, VANISHING, TOO_LARGE_UPDATES, DEAD_UNITS, NOT_LEARNING_LAYERS, NOT_UPDATED)


@dataclass(frozen=True)
class Flag:
    """Something that looks ill: its *kind*, in which layer (or ""), of which loss, and from which step to which.

    *means* says in one sentence what it is, *cure* in one what to try.

    >>> import autograd_core as ag
    >>> from autograd_core.viz import record
    >>> w = ag.tensor(1.0, requires_grad=True)
    >>> with record() as r:
    ...     (w * float("nan")).backward()
    >>> r.flags[0].kind, r.flags[0].step
    ('not finite', 1)
    """

    kind: str
    where: str
    of: str
    step: int
    last: int
    means: str
    cure: str

    def __str__(self) -> str:
        steps = f"step {self.step}" if self.step == self.last else f"steps {self.step} to {self.last}"
        return f"{self.kind}, {steps}: {self.means} {self.cure}"


def find_flags(frames: Sequence[Frame], parameters: Mapping[str, Parameter]) -> list[Flag]:
    """Return what looks ill in *frames*, by the step at which it begins.

    The frames of each loss are looked at by themselves; frames with NaN or infinity in the loss or in a gradient count for
    "not finite" alone.
    """
    found = [*_not_finite(frames), *_not_updated(frames, parameters)]
    for of in dict.fromkeys(frame.of for frame in frames):
        fine = [
            _Seen(frame, parameters) for frame in frames if frame.of == of and frame.parameters and _is_finite(frame)
        ]
        found += [*_across_depth(fine, parameters), *_over_time(fine), *_updates(fine), *_dead(fine)]
    return sorted(found, key=lambda flag: (flag.step, KINDS.index(flag.kind)))


class _Seen:
    """A frame with its readings by layer, and of all parameters together."""

    def __init__(self, frame: Frame, parameters: Mapping[str, Parameter]) -> None:
        self.frame, self.step, self.activations = frame, frame.step, frame.activations
        self.layers = frame.layers(parameters)
        self.all = together(frame.parameters.values())


def _is_finite(frame: Frame) -> bool:
    return math.isfinite(frame.loss) and not any(
        r.nonfinite or not math.isfinite(r.weight) or not math.isfinite(r.gradient) for r in frame.parameters.values()
    )


def _first_run(frames: Sequence[_Seen], holds: Callable[[_Seen], bool], least: int = PATIENCE) -> list[_Seen]:
    """Return the first frames in a row, *least* or more, for which something *holds*; none where there are fewer."""
    run: list[_Seen] = []
    for frame in frames:
        if holds(frame):
            run.append(frame)
        elif len(run) >= least:
            break
        else:
            run = []
    return run if len(run) >= least else []


def _flag(kind: str, where: str, run: Sequence[_Seen], means: str, cure: str) -> Flag:
    return Flag(kind, where, run[0].frame.of, run[0].step, run[-1].step, means, cure)


# ------------------------------------------------------------------------------------------------------------- findings


def _not_finite(frames: Sequence[Frame]) -> Iterator[Flag]:
    bad = [frame for frame in frames if not _is_finite(frame)]
    if not bad:
        return
    first = bad[0]
    ill = sum(r.nonfinite > 0 for r in first.parameters.values())
    signs = [f"the loss is {first.loss}"] if not math.isfinite(first.loss) else []
    signs += [f"{ill} of {len(first.parameters)} gradients hold NaN or infinity"] if ill else []
    signs += (
        ["there are weights that are NaN or infinite"]
        if any(not math.isfinite(r.weight) for r in first.parameters.values())
        else []
    )
    yield Flag(
        NOT_FINITE, "", first.of, first.step, bad[-1].step,
        f"Here for the first time {', and '.join(signs) or 'a gradient leaves the range of its dtype'}: what is computed from "
        "that is NaN too.",
        "Run this step inside ag.detect_anomaly(), which names the operation; then try a lower learning rate or clipped "
        "gradients, or look at the batch.",
    )  # fmt: skip


def _across_depth(frames: Sequence[_Seen], parameters: Mapping[str, Parameter]) -> Iterator[Flag]:
    matrices = {p.layer for p in parameters.values() if len(p.shape) > 1}

    def ends(seen: _Seen) -> tuple[float, float, str, str, int]:
        """Return the ratio of the first layer's gradient to the last one's, the least that is fine, and whose these are."""
        layers = [(name, r.gradient) for name, r in seen.layers.items() if name in matrices and r.gradient > 0]
        if len(layers) < 3:
            return 1.0, 0.0, "", "", 0
        (first, a), (last, b) = layers[0], layers[-1]
        least = min(max(PER_LAYER ** (len(layers) - 1), FIRST_TO_LAST[0]), FIRST_TO_LAST[1])
        return a / b, least, first, last, len(layers)

    if run := _first_run(frames, lambda f: ends(f)[0] < ends(f)[1]):
        ratio, _, first, last, depth = ends(run[0])
        yield _flag(
            VANISHING, first, run,
            f"The gradient of the first layer, {first}, is {_times(1 / ratio)} smaller than that of the last, {last}: over "
            f"{depth} layers it shrinks on its way back, and the first ones hardly learn.",
            "Try ReLU or GELU in place of sigmoid or tanh, an initialisation made for the activation, normalisation layers, "
            "or connections that skip layers.",
        )  # fmt: skip
    if run := _first_run(frames, lambda f: ends(f)[0] * ends(f)[1] > 1):
        ratio, _, first, last, depth = ends(run[0])
        yield _flag(
            EXPLODING, first, run,
            f"The gradient of the first layer, {first}, is {_times(ratio)} larger than that of the last, {last}: over {depth} "
            "layers it grows on its way back.",
            "Try a smaller initialisation (nn.init.xavier_normal_, nn.init.kaiming_normal_), normalisation layers, or clipped "
            "gradients.",
        )  # fmt: skip


def _over_time(frames: Sequence[_Seen]) -> Iterator[Flag]:
    if run := _first_run(frames, lambda f: f.all.gradient > EXPLODING_TO_WEIGHT * f.all.weight > 0, least=1):
        yield _flag(
            EXPLODING, "", run,
            f"All gradients together are {_times(run[0].all.gradient / run[0].all.weight)} as long as the weights: a step of "
            "SGD with learning rate 0.001 would replace the weights.",
            "Clip gradients (ag.clip_grad_norm_), take the mean in place of the sum as the loss, or initialise recurrent "
            "weights smaller.",
        )  # fmt: skip
        return
    for i in range(PATIENCE, len(frames)):
        most = EXPLODING_JUMP * median(f.all.gradient for f in frames[:i])
        if 0 < most < frames[i].all.gradient:
            yield _flag(
                EXPLODING, "", [f for f in frames[i:] if f.all.gradient > most],
                f"All gradients together are {_times(EXPLODING_JUMP * frames[i].all.gradient / most)} as long as usual before: "
                "training jumps away from where it was.",
                "Try a lower learning rate, more steps of warm-up, or clipped gradients (ag.clip_grad_norm_).",
            )  # fmt: skip
            return


def _updates(frames: Sequence[_Seen]) -> Iterator[Flag]:
    known = [f for f in frames if any(r.update is not None for r in f.layers.values())]
    if run := _first_run(known, lambda f: (f.all.ratio or 0) > REPLACED, least=1):
        yield _flag(
            TOO_LARGE_UPDATES, "", run,
            f"One step changes all weights together by {_times(run[0].all.ratio or 0)} their length: what they were is gone.",
            "Try a learning rate ten times lower, steps of warm-up, or clipped gradients.",
        )  # fmt: skip
    else:
        yield from _of_layers(
            TOO_LARGE_UPDATES, known, lambda r: r.ratio is not None and r.ratio > TOO_LARGE,
            "Each step changes {} by more than a tenth of the weights: what earlier steps learned is overwritten.",
            "Try a learning rate ten times lower, or steps of warm-up.",
        )  # fmt: skip
    yield from _of_layers(
        NOT_LEARNING_LAYERS, known, _stands_still,
        "Steps change {} by less than a millionth of the weights: 10 000 such steps move them by 1 %.",
        "Try a higher learning rate for these, and look whether gradients vanish.",
    )  # fmt: skip


def _stands_still(r: ParameterReading) -> bool:
    """Return whether an update is near the rounding of the weights, or lost in it."""
    if r.ratio is None or not r.gradient:
        return False
    return r.ratio < NOT_LEARNING and (r.update != 0 or r.gradient < NOT_LEARNING * r.weight)


def _of_layers(
    kind: str, frames: Sequence[_Seen], holds: Callable[[ParameterReading], bool], means: str, cure: str
) -> Iterator[Flag]:
    """Yield one flag for all layers for which something *holds* in ``PATIENCE`` frames in a row."""
    names = dict.fromkeys(name for f in frames for name in f.layers)
    runs = {
        name: run
        for name in names
        if (run := _first_run(frames, lambda f, name=name: name in f.layers and holds(f.layers[name])))  # type: ignore[misc]
    }
    if runs:
        begin = min(runs.values(), key=lambda run: run[0].step)
        end = max(runs.values(), key=lambda run: run[-1].step)
        yield _flag(kind, next(iter(runs)), [begin[0], end[-1]], means.format(_several(list(runs), "layer")), cure)


def _not_updated(frames: Sequence[Frame], parameters: Mapping[str, Parameter]) -> Iterator[Flag]:
    """Look at the frames of all losses: a step of one optimizer leaves the parameters of another one alone."""
    still = {}
    for name in parameters:
        known = [f for f in frames if name in f.parameters and f.parameters[name].update is not None]
        wanted = [f for f in known if (r := f.parameters[name]).gradient > NOT_LEARNING * r.weight]
        if len(wanted) >= PATIENCE and not any(f.parameters[name].update for f in known):
            still[name] = wanted
    if still:
        name, seen = next(iter(still.items()))
        yield Flag(
            NOT_UPDATED, parameters[name].layer, seen[0].of, seen[0].step, seen[-1].step,
            f"Gradients arrive at {_several(list(still), 'parameter')}, and no step changes anything there.",
            "Look whether the optimizer was given all parameters, and whether its step() is called.",
        )  # fmt: skip


def _dead(frames: Sequence[_Seen]) -> Iterator[Flag]:
    ill = [f for f in frames if any(a.silent >= DEAD for a in f.activations.values())]
    if not ill:
        return
    last = ill[-1].activations
    names = [name for name, a in last.items() if a.silent >= DEAD]
    names.sort(key=lambda name: -last[name].silent)
    yield _flag(
        DEAD_UNITS, names[0], ill,
        f"{last[names[0]].silent:.0%} of the units of {_several(names, 'layer')} were 0 for every example in {PATIENCE} frames "
        "in a row: no gradient passes them, so they may stay so.",
        "Try a lower learning rate, nn.LeakyReLU or nn.GELU, or nn.init.kaiming_normal_ with biases of 0.",
    )  # fmt: skip


def _several(names: Sequence[str], what: str) -> str:
    """Return the first name, and how many others there are.

    >>> from autograd_core.viz.recording.flags import _several
    >>> _several(["0"], "layer"), _several(["0", "2", "4"], "layer")
    ('0', '0 and 2 other layers')
    """
    more = len(names) - 1
    return names[0] if not more else f"{names[0]} and {more} other {what}{'s' * (more > 1)}"


def _times(x: float) -> str:
    """Return a factor with two digits.

    >>> from autograd_core.viz.recording.flags import _times
    >>> _times(1.51), _times(19.7), _times(16234567.0), _times(3e12)
    ('1.5 times', '20 times', '16,000,000 times', '3.0e+12 times')
    """
    if x >= 1e9:
        return f"{x:.1e} times"
    rounded = float(f"{x:.2g}")
    return f"{rounded:,.0f} times" if rounded >= 10 else f"{rounded:g} times"
