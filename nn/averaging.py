"""Averages of a network's weights over its training, which ``optim.swa_utils`` shows under PyTorch's names."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from copy import deepcopy
from typing import Any

import autograd_core as ag

from .layers.norm import _BatchNorm
from .module import Module
from .parameter import Buffer

__all__ = [
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
    if not isinstance(decay, int | float) or not 0 <= decay <= 1:
        raise ag.errors.ArgumentError(
            f"Invalid decay value: {decay!r}. It must be a number of at least 0 and at most 1: pass for example decay=0.999."
        )


# ---------------------------------------------------------------------------------------------------------------- model


class AveragedModel(Module):
    r"""Keep the average of a model's parameters: stochastic weight averaging (Izmailov et al. 2018), or a moving one.

    ``averaged.module`` is a copy of *model*.  The first ``update_parameters(model)`` copies the model's parameters to
    it, each later one averages: by ``avg_fn(average, new, n)``, which returns a tensor, or ``multi_avg_fn(averages,
    new ones, n)``, which changes the averages in place, where n is how many are averaged already; by default all have
    equal weight.  Buffers are averaged too with *use_buffers*, and copied otherwise.  Call it as you call the model.
    How many are averaged is the buffer ``n_averaged``; functions are not part of the ``state_dict``.

    *device*, if not None, goes to ``module.to``.  Raises ArgumentError for both functions, TypeError for a *model* that is no
    module.

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
        model: Module,
        device: Any = None,
        avg_fn: Average | None = None,
        multi_avg_fn: MultiAverage | None = None,
        use_buffers: bool = False,
    ) -> None:
        super().__init__()
        if not isinstance(model, Module):
            raise TypeError(
                f"AveragedModel: model is a {type(model).__name__}: expected an nn.Module, whose weights are averaged"
            )
        if avg_fn is not None and multi_avg_fn is not None:
            raise ag.errors.ArgumentError(
                "Only one of avg_fn and multi_avg_fn should be provided, but got both. Leave one out."
            )
        self.module = deepcopy(model)
        if device is not None:
            self.module.to(device)
        self.n_averaged: ag.Tensor = Buffer(ag.tensor(0, dtype=ag.int64))
        self.avg_fn = avg_fn
        self.multi_avg_fn = multi_avg_fn
        self.use_buffers = use_buffers

    def forward(self, *args: Any, **kwargs: Any) -> Any:
        """Compute what the averaged model does."""
        return self.module(*args, **kwargs)

    @ag.no_grad()
    def update_parameters(self, model: Module) -> None:
        """Take the parameters of *model*, and its buffers, into the average."""
        averages: list[ag.Tensor] = list(self.module.parameters())
        tensors: list[ag.Tensor] = list(model.parameters())
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


# ----------------------------------------------------------------------------------------------------------- statistics


@ag.no_grad()
def update_bn(loader: Iterable[Any], model: Module, device: Any = None) -> None:
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
    layers = [module for module in model.modules() if isinstance(module, _BatchNorm)]
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
