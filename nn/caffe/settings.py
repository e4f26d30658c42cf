"""What a solver.prototxt says: how a network is trained."""

from __future__ import annotations

import math
from dataclasses import dataclass, fields
from itertools import pairwise
from pathlib import Path
from typing import Any

import autograd_core as ag

from .prototxt import Message, parse

__all__ = ["LearningRate", "SolverSettings", "read_prototxt", "read_solver"]

# Each policy, and the fields that it cannot do without.
POLICIES = {
    "fixed": (),
    "step": ("gamma", "stepsize"),
    "exp": ("gamma",),
    "inv": ("gamma", "power"),
    "multistep": ("gamma", "stepvalue"),
    "poly": ("power",),
    "sigmoid": ("gamma", "stepsize"),
}
TYPES = ("SGD", "Nesterov", "AdaGrad", "RMSProp", "AdaDelta", "Adam")
OLD_TYPES = {name.upper(): name for name in TYPES}  # of the enum solver_type, in files of 2014


@dataclass(frozen=True)
class LearningRate:
    r"""The rate at each iteration t, by *policy*:

    fixed: b;  step: :math:`b \gamma^{\lfloor t / s \rfloor}`;  exp: :math:`b \gamma^t`;  inv: :math:`b (1 + \gamma t)^{-p}`;
    multistep: :math:`b \gamma^k` behind k of *stepvalue*;  poly: :math:`b (1 - t / max\_iter)^p`;  sigmoid:
    :math:`b / (1 + e^{-\gamma (t - s)})`, where b is *base_lr*, p *power* and s *stepsize*.

    >>> rate = LearningRate("inv", base_lr=0.01, gamma=1e-4, power=0.75)
    >>> round(rate(0), 6), round(rate(10_000), 6)
    (0.01, 0.005946)
    """

    policy: str
    base_lr: float
    gamma: float = 0.0
    power: float = 0.0
    stepsize: int = 1
    stepvalue: tuple[int, ...] = ()
    max_iter: int = 1

    def __post_init__(self) -> None:
        if self.policy not in POLICIES:
            raise ag.errors.ArgumentError(f"policy={self.policy!r}, expected one of {', '.join(POLICIES)}")

    def __call__(self, iteration: int) -> float:
        t, factor = iteration, 1.0
        match self.policy:
            case "step":
                factor = self.gamma ** (t // self.stepsize)
            case "exp":
                factor = self.gamma**t
            case "inv":
                factor = (1 + self.gamma * t) ** -self.power
            case "multistep":
                factor = self.gamma ** sum(t >= value for value in self.stepvalue)
            case "poly":
                factor = max(1 - t / self.max_iter, 0.0) ** self.power
            case "sigmoid":
                factor = 1 / (1 + math.exp(min(-self.gamma * (t - self.stepsize), 700.0)))
        return float(self.base_lr * factor)


@dataclass(frozen=True)
class SolverSettings:
    """All fields of a solver file that are supported, under Caffe's names and with its defaults.

    >>> import nn
    >>> settings = nn.caffe.read_solver(nn.caffe.example("lenet_solver.prototxt"))
    >>> settings.type, settings.rate.policy, settings.max_iter
    ('SGD', 'inv', 1000)
    """

    net: Path
    rate: LearningRate
    max_iter: int
    type: str = "SGD"
    momentum: float = 0.0
    momentum2: float = 0.999
    rms_decay: float = 0.99
    delta: float = 1e-8
    weight_decay: float = 0.0
    regularization_type: str = "L2"
    iter_size: int = 1
    clip_gradients: float | None = None
    display: int = 0
    average_loss: int = 1
    test_interval: int = 0
    test_iter: int = 0
    test_initialization: bool = True
    snapshot: int = 0
    snapshot_prefix: str = "snapshot"
    snapshot_after_train: bool = True
    random_seed: int = 0


# What may stand in a solver file, so that a misspelt field is named before the field that is then missing.
IGNORED = ("debug_info", "device_id", "snapshot_format")
FIELDS = {f.name for kind in (SolverSettings, LearningRate) for f in fields(kind)} - {"rate", "policy"}
FIELDS |= {"lr_policy", "solver_mode", "solver_type", *IGNORED}


def read_prototxt(path: str | Path) -> Message:
    """Return the message in the file *path*; raise DataError where it cannot be read.

    >>> read_prototxt("nothing.prototxt")
    Traceback (most recent call last):
    autograd_core.errors.DataError: cannot read nothing.prototxt: No such file or directory; check the path
    """
    try:
        return parse(Path(path).read_text("utf-8"), str(path))
    except OSError as error:
        raise ag.errors.DataError(f"cannot read {path}: {error.strerror}; check the path") from error
    except UnicodeDecodeError as error:
        raise ag.errors.DataError(f"cannot read {path}: it is no text in UTF-8; give a .prototxt file") from error


def read_solver(path: str | Path) -> SolverSettings:
    """Return the settings in the solver file *path*; its ``net`` is looked for beside it, then where you are.

    Raises DataError, one line with file and line, for a field that is missing, wrong, misspelt or not supported.

    >>> import nn
    >>> read_solver(nn.caffe.example("lenet_solver.prototxt")).momentum
    0.9
    """
    m = read_prototxt(path)
    m.only(FIELDS)
    kind = m.choice("type", TYPES, None)
    old = m.choice("solver_type", tuple(OLD_TYPES), None)
    if kind and old:
        m.fail("type stands beside solver_type; keep type", m.line_of("solver_type"))
    max_iter = m.count("max_iter", least=1)
    tests = m.counts("test_iter", least=1)
    if len(tests) > 1:
        m.fail(f"{len(tests)} test_iter, expected one: there is one network to test", m.line_of("test_iter"))
    interval = m.count("test_interval", 0)
    if bool(interval) != bool(tests):
        m.fail("test_iter and test_interval stand together; add the other", m.line_of("test_iter"))
    m.choice("solver_mode", ("CPU", "GPU"), "CPU")  # whichever: it is computed here
    m.ignore(*IGNORED)
    clip = float(m.number("clip_gradients", -1.0))
    settings = SolverSettings(
        net=_find(m, Path(path)),
        rate=_rate(m, max_iter),
        max_iter=max_iter,
        type=kind or OLD_TYPES.get(old, "SGD"),
        iter_size=m.count("iter_size", 1, least=1),
        clip_gradients=clip if clip > 0 else None,
        regularization_type=m.choice("regularization_type", ("L1", "L2"), "L2"),
        display=m.count("display", 0),
        average_loss=m.count("average_loss", 1, least=1),
        test_interval=interval,
        test_iter=tests[0] if tests else 0,
        test_initialization=m.flag("test_initialization", True),
        snapshot=m.count("snapshot", 0),
        snapshot_prefix=m.text("snapshot_prefix", Path(path).with_suffix("").name),
        snapshot_after_train=m.flag("snapshot_after_train", True),
        random_seed=max(int(m.number("random_seed", 0)), 0),
        **_numbers(m, momentum=0.0, momentum2=0.999, rms_decay=0.99, delta=1e-8, weight_decay=0.0),
    )
    m.done()
    for name in ("momentum", "momentum2", "rms_decay"):
        if not getattr(settings, name) < 1:
            m.fail(f"{name}: {getattr(settings, name)}, expected a number below 1", m.line_of(name))
    if settings.type == "Nesterov" and not settings.momentum:
        m.fail("type: Nesterov needs a momentum; add momentum: 0.9", m.line_of("type"))
    return settings


def _numbers(m: Message, **defaults: float) -> dict[str, Any]:
    return {name: float(m.number(name, default, least=0)) for name, default in defaults.items()}


def _find(m: Message, path: Path) -> Path:
    name = m.text("net", None)
    if name is None:
        m.fail('there is no net; add net: "....prototxt" (train_net and test_net are not supported)')
    found = next((place for place in (path.parent / name, Path(name)) if place.is_file()), None)
    if found is None:
        m.fail(f"net: {str(path.parent / name)!r} does not exist; correct the path", m.line_of("net"))
    return found


def _rate(m: Message, max_iter: int) -> LearningRate:
    policy = m.choice("lr_policy", tuple(POLICIES))
    for name in POLICIES[policy]:
        if name not in m:
            m.fail(f"lr_policy: {policy} needs {name}; add {name}: ...", m.line_of("lr_policy"))
    steps = tuple(m.counts("stepvalue", least=1))
    if any(a >= b for a, b in pairwise(steps)):
        m.fail(f"stepvalue: {', '.join(map(str, steps))}, expected rising numbers", m.line_of("stepvalue"))
    return LearningRate(
        policy,
        float(m.number("base_lr", least=0)),
        float(m.number("gamma", 0.0, least=0)),
        float(m.number("power", 0.0)),
        m.count("stepsize", 1, least=1),
        steps,
        max_iter,
    )
