"""Averages of a network's weights over its training, and the rate for it."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from copy import deepcopy
from itertools import chain
from typing import Any, Literal, Protocol, Self

import autograd_core as ag

from .lr_scheduler import LRScheduler
from .lr_scheduler.scheduler import one_each, rate_of
from .optimizer import Optimizer, check_number

__all__ = [
    "SWALR",
    "AveragedModel",
    "get_ema_avg_fn",
    "get_ema_multi_avg_fn",
    "get_swa_avg_fn",
    "get_swa_multi_avg_fn",
    "update_bn",
]

Average = Callable[[ag.Tensor, ag.Tensor, Any], ag.Tensor]
Tensors = Sequence[ag.Tensor]
MultiAverage = Callable[[Tensors, Tensors, Any], None]


class Model(Protocol):
    """What is averaged: an ``nn.Module``, or another object with its methods."""

    training: bool

    def __call__(self, *args: Any, **kwargs: Any) -> Any: ...

    def parameters(self) -> Iterator[ag.Tensor]: ...

    def named_parameters(self) -> Iterator[tuple[str, ag.Tensor]]: ...

    def buffers(self) -> Iterator[ag.Tensor]: ...

    def named_buffers(self) -> Iterator[tuple[str, ag.Tensor]]: ...

    def modules(self) -> Iterator[Any]: ...

    def state_dict(self) -> Mapping[str, ag.Tensor]: ...

    def load_state_dict(self, state_dict: Mapping[str, Any], /) -> Any: ...

    def train(self, mode: bool = True) -> Any: ...

    def to(self, *args: Any, **kwargs: Any) -> Any: ...


# ------------------------------------------------------------------------------------------------------------- averages


def get_swa_avg_fn() -> Average:
    """Return the function (average, new, n) -> the mean of n + 1 tensors, of which the first n have the mean *average*.

    >>> import autograd_core as ag
    >>> optim.swa_utils.get_swa_avg_fn()(ag.tensor([1.0]), ag.tensor([4.0]), 2)
    tensor([2.])
    """
    return swa_average


def get_ema_avg_fn(decay: float = 0.999) -> Average:
    """Return the function (average, new, n) -> decay * average + (1 - decay) * new.

    Raises ArgumentError unless *decay* is in [0, 1].

    >>> import autograd_core as ag
    >>> optim.swa_utils.get_ema_avg_fn(0.5)(ag.tensor([1.0]), ag.tensor([4.0]), 2)
    tensor([2.5000])
    """
    check_decay(decay)

    @ag.no_grad()
    def ema_average(average: ag.Tensor, new: ag.Tensor, n: Any) -> ag.Tensor:
        return decay * average + (1 - decay) * new

    return ema_average


def get_swa_multi_avg_fn() -> MultiAverage:
    """Return the function (averages, new tensors, n) that puts into each average the mean of n + 1 tensors.

    >>> import autograd_core as ag
    >>> average = ag.tensor([1.0])
    >>> optim.swa_utils.get_swa_multi_avg_fn()([average], [ag.tensor([4.0])], 2)
    >>> average
    tensor([2.])
    """
    return of_each(swa_average)


def get_ema_multi_avg_fn(decay: float = 0.999) -> MultiAverage:
    """Return the function (averages, new tensors, n) that puts decay * average + (1 - decay) * new into each average.

    Raises ArgumentError unless *decay* is in [0, 1].

    >>> import autograd_core as ag
    >>> average = ag.tensor([1.0])
    >>> optim.swa_utils.get_ema_multi_avg_fn(0.5)([average], [ag.tensor([4.0])], 2)
    >>> average
    tensor([2.5000])
    """
    return of_each(get_ema_avg_fn(decay))


@ag.no_grad()
def swa_average(average: ag.Tensor, new: ag.Tensor, n: Any) -> ag.Tensor:
    return average + (new - average) / (n + 1)


def of_each(average_of: Average) -> MultiAverage:
    @ag.no_grad()
    def update(averages: Tensors, tensors: Tensors, n: Any) -> None:
        for average, new in zip(averages, tensors, strict=True):
            average.copy_(average_of(average, new, n))

    return update


def check_decay(decay: Any) -> None:
    check_number("decay value", decay, "pass for example decay=0.999", below=1, closed=True)


# ---------------------------------------------------------------------------------------------------------------- model


class AveragedModel:
    r"""Keep the average of a model's parameters: stochastic weight averaging (Izmailov et al. 2018), or a moving one.

    ``averaged.module`` is a copy of *model*.  The first ``update_parameters(model)`` copies the model's parameters to
    it, each later one averages: by ``avg_fn(average, new, n)``, which returns a tensor, or ``multi_avg_fn(averages,
    new ones, n)``, which changes the averages in place, where n is how many are averaged already; by default all have
    equal weight.  Buffers are averaged too with *use_buffers*, and copied otherwise.  Call it as you call the model.
    Functions are not part of the ``state_dict``.

    *device*, if not None, goes to ``module.to``.  Raises ArgumentError for both functions.

    >>> import autograd_core as ag
    >>> import nn
    >>> import optim
    >>> model = nn.Linear(1, 1, bias=False)
    >>> averaged = optim.swa_utils.AveragedModel(model)
    >>> for value in (1.0, 2.0, 6.0):
    ...     _ = nn.init.constant_(model.weight, value)
    ...     averaged.update_parameters(model)
    >>> averaged(ag.ones(1, 1)).item()
    3.0
    """

    def __init__(
        self,
        model: Model,
        device: Any = None,
        avg_fn: Average | None = None,
        multi_avg_fn: MultiAverage | None = None,
        use_buffers: bool = False,
    ) -> None:
        if avg_fn is not None and multi_avg_fn is not None:
            raise ag.errors.ArgumentError(
                "Only one of avg_fn and multi_avg_fn should be provided, but got both. Leave one out."
            )
        self.module: Any = deepcopy(model)
        if device is not None:
            self.module.to(device)
        self.n_averaged = ag.tensor(0, dtype=ag.int64)
        self.avg_fn = avg_fn
        self.multi_avg_fn = multi_avg_fn
        self.use_buffers = use_buffers

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self.module(*args, **kwargs)

    def forward(self, *args: Any, **kwargs: Any) -> Any:
        """Compute what the averaged model does."""
        return self.module(*args, **kwargs)

    @ag.no_grad()
    def update_parameters(self, model: Model) -> None:
        """Take the parameters of *model*, and its buffers, into the average."""
        averages, tensors = list(self.module.parameters()), list(model.parameters())
        buffers = list(zip(self.module.buffers(), model.buffers(), strict=False))
        if [t.shape for t in averages] != [t.shape for t in tensors]:
            raise ag.errors.ArgumentError(
                f"the model has {len(tensors)} parameters, and they do not match the {len(averages)} of the average in "
                "number and shapes. Pass the model that the average was made from, or one like it."
            )
        if self.use_buffers:
            averages += [buffer for buffer, _ in buffers]
            tensors += [buffer for _, buffer in buffers]
        averages, tensors = [t.detach() for t in averages], [t.detach() for t in tensors]
        if self.n_averaged == 0:
            for average, new in zip(averages, tensors, strict=True):
                average.copy_(new)
        elif self.multi_avg_fn is None:
            of_each(self.avg_fn or swa_average)(averages, tensors, self.n_averaged)
        else:
            for dtype in dict.fromkeys(average.dtype for average in averages):
                chosen = [i for i, average in enumerate(averages) if average.dtype == dtype]
                self.multi_avg_fn([averages[i] for i in chosen], [tensors[i] for i in chosen], self.n_averaged)
        if not self.use_buffers:
            for buffer, new in buffers:
                buffer.copy_(new)
        self.n_averaged += 1

    @property
    def training(self) -> bool:
        """Whether the averaged model is in training mode."""
        mode: bool = self.module.training
        return mode

    def train(self, mode: bool = True) -> Self:
        """Bring the averaged model to training mode, or out of it."""
        self.module.train(mode)
        return self

    def eval(self) -> Self:
        """Bring the averaged model out of training mode."""
        return self.train(False)

    def to(self, *args: Any, **kwargs: Any) -> Self:
        """Bring the averaged model to another dtype or device, as its own method does."""
        self.module.to(*args, **kwargs)
        return self

    def modules(self) -> Iterator[Any]:
        """Yield this, and every module of the averaged model."""
        return chain([self], self.module.modules())

    def parameters(self) -> Iterator[ag.Tensor]:
        """Yield every averaged parameter."""
        return (p for _, p in self.named_parameters())

    def named_parameters(self) -> Iterator[tuple[str, ag.Tensor]]:
        """Yield every averaged parameter with its path, which begins with ``module.``."""
        return ((f"module.{name}", p) for name, p in self.module.named_parameters())

    def buffers(self) -> Iterator[ag.Tensor]:
        """Yield ``n_averaged``, and every buffer of the averaged model."""
        return (buffer for _, buffer in self.named_buffers())

    def named_buffers(self) -> Iterator[tuple[str, ag.Tensor]]:
        """Yield ``n_averaged``, and every buffer of the averaged model, with their paths."""
        inner = ((f"module.{name}", buffer) for name, buffer in self.module.named_buffers())
        return chain([("n_averaged", self.n_averaged)], inner)

    def state_dict(self) -> dict[str, ag.Tensor]:
        """Return ``n_averaged``, and the averaged model's state under keys that begin with ``module.``."""
        return {"n_averaged": self.n_averaged, **{f"module.{k}": v for k, v in self.module.state_dict().items()}}

    def load_state_dict(self, state_dict: Mapping[str, Any]) -> Any:
        """Take over what :meth:`state_dict` returned; return what the model's own method returns."""
        state = dict(state_dict)
        if "n_averaged" not in state:
            raise ag.errors.CheckpointError(
                'Missing key(s) in state_dict: "n_averaged". Pass what the state_dict() of an AveragedModel returned.'
            )
        n = state.pop("n_averaged")
        result = self.module.load_state_dict({name.removeprefix("module."): value for name, value in state.items()})
        self.n_averaged = ag.tensor(int(n), dtype=ag.int64)
        return result

    def __repr__(self) -> str:
        inner = repr(self.module).replace("\n", "\n  ")
        return f"AveragedModel(\n  (module): {inner}\n)"


@ag.no_grad()
def update_bn(loader: Iterable[Any], model: Model, device: Any = None) -> None:
    """Compute the running means and variances of all BatchNorm layers anew, from one pass over *loader*.

    An averaged model needs it: those of its parts do not fit.  A batch is a tensor, or a list or tuple that begins with
    one; the model is called with it, in training mode, and each layer takes the mean over all batches.  *device*, if not
    None, is where batches are moved to.

    >>> import autograd_core as ag
    >>> import nn
    >>> import optim
    >>> model = nn.BatchNorm1d(1)
    >>> optim.swa_utils.update_bn([ag.tensor([[1.0], [3.0]]), ag.tensor([[3.0], [5.0]])], model)
    >>> model.running_mean.tolist()
    [3.0]
    """
    layers = [module for module in model.modules() if is_batch_norm(module)]
    if not layers:
        return
    momenta, was_training = [layer.momentum for layer in layers], model.training
    model.train()
    try:
        for layer in layers:
            layer.reset_running_stats()
            layer.momentum = None
        for batch in loader:
            first = batch[0] if isinstance(batch, list | tuple) else batch
            model(first if device is None else first.to(device))
    finally:
        for layer, momentum in zip(layers, momenta, strict=True):
            layer.momentum = momentum
        model.train(was_training)


def is_batch_norm(module: Any) -> bool:
    """Return whether *module* is a BatchNorm layer: by the name of its base, for this package does not know ``nn``."""
    return any(base.__name__ == "_BatchNorm" for base in type(module).__mro__)


# ----------------------------------------------------------------------------------------------------------------- rate


class SWALR(LRScheduler):
    r"""Move the rate of each group to *swa_lr* in *anneal_epochs* epochs, and leave it there.

    The share of the way that is done after t epochs is t / *anneal_epochs* with *anneal_strategy* ``"linear"``, and
    :math:`(1 - \cos(\pi t / anneal\_epochs)) / 2` with ``"cos"``.  *swa_lr* may be a list, one rate for each group.
    Raises ArgumentError for a list of another length, another strategy, and negative *anneal_epochs*.

    >>> import autograd_core as ag
    >>> import optim
    >>> optimizer = optim.SGD([ag.zeros(1, requires_grad=True)], lr=1.0)
    >>> schedule = optim.swa_utils.SWALR(optimizer, swa_lr=0.5, anneal_epochs=2, anneal_strategy="linear")
    >>> for _ in range(3):
    ...     optimizer.step()
    ...     schedule.step()
    ...     print(schedule.get_last_lr())
    [0.75]
    [0.5]
    [0.5]
    """

    def __init__(
        self,
        optimizer: Optimizer,
        swa_lr: float | list[float],
        anneal_epochs: int = 10,
        anneal_strategy: Literal["cos", "linear"] = "cos",
        last_epoch: int = -1,
    ) -> None:
        rates = one_each("swa_lr", swa_lr, optimizer)
        if anneal_strategy not in ("cos", "linear"):
            raise ag.errors.ArgumentError(
                f"anneal_strategy must be one of 'cos' or 'linear', instead got {anneal_strategy!r}. Pass one of them."
            )
        if not isinstance(anneal_epochs, int) or anneal_epochs < 0:
            raise ag.errors.ArgumentError(
                f"anneal_epochs must be equal or greater than 0, got {anneal_epochs!r}. Pass for example 10."
            )
        for group, rate in zip(optimizer.param_groups, rates, strict=True):
            group["swa_lr"] = rate
        self.anneal_epochs = anneal_epochs
        self._anneal_strategy = anneal_strategy
        super().__init__(optimizer, last_epoch)

    def anneal_func(self, t: float) -> float:
        """Return the share of the way from the first rate to the last when the share *t* of the time is over."""
        return t if self._anneal_strategy == "linear" else (1 - math.cos(math.pi * t)) / 2

    def get_lr(self) -> list[float]:
        step = self._step_count - 1
        before, now = (self._done(step - 1), self._done(step))
        return [
            group["swa_lr"] * now + start_of(rate_of(group), group["swa_lr"], before) * (1 - now)
            for group in self.optimizer.param_groups
        ]

    def _done(self, step: int) -> float:
        if self.anneal_epochs == 0:
            return 1.0
        return self.anneal_func(max(0.0, min(1.0, step / self.anneal_epochs)))


def start_of(rate: float, end: float, done: float) -> float:
    """Return where the way to *end* began, given the *rate* where the share *done* of it is done."""
    return end if done == 1 else (rate - done * end) / (1 - done)
