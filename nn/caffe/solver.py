"""Training as Caffe does it: by iterations, with tests and snapshots between them."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

import autograd_core as ag

from .. import data
from ..training import Optimizer, load_checkpoint, restore, save_checkpoint
from ..training.interrupt import Interrupt
from .network import Network, Phase
from .settings import SolverSettings, read_prototxt

__all__ = ["MakeOptimizer", "Solver"]

MakeOptimizer = Callable[[Sequence[dict[str, Any]], SolverSettings], Optimizer]


class Solver:
    """The training that *settings* describe: network, data, optimizer, learning rate, tests and snapshots.

    *make_optimizer* is given parameter groups, each with its ``lr`` and ``weight_decay``, and the settings; the optimizers
    of ``optim`` fit.  The ``source`` of a Data layer is the name of a set of ``nn.data``; files of it are looked for in
    *folder* first.  What happens is told to *say*, line by line.

    Momentum is kept as ``optim.SGD`` does, before the learning rate: where the rate changes, what was gathered counts at
    the new one (Caffe: the old one).  Adam's small number stands outside its bias correction, as in the paper.

    >>> import nn, optim
    >>> settings = nn.caffe.read_solver(nn.caffe.example("lenet_solver.prototxt"))
    >>> solver = Solver(settings, lambda groups, s: optim.SGD(groups, momentum=s.momentum))
    >>> round(solver.step(), 1), solver.iteration  # ln 10, before anything is learned
    (2.3, 1)
    """

    def __init__(
        self,
        settings: SolverSettings,
        make_optimizer: MakeOptimizer,
        *,
        folder: str | None = None,
        say: Callable[[str], object] = lambda line: None,
    ) -> None:
        self.settings, self.say = settings, say
        self.iteration = 0
        ag.manual_seed(settings.random_seed)
        message = read_prototxt(settings.net)
        sets = _load_sets(message, folder)
        shapes = {name: tuple(found.train.with_transform(None)[0][0].shape) for name, found in sets.items()}
        message = read_prototxt(settings.net)
        self.network = Network(message, shapes)
        for phase in ("TRAIN", "TEST") if settings.test_interval else ("TRAIN",):
            if phase not in self.network.sources:
                message.fail(f'there is no layer of type "Data" in {phase}; add one with include {{ phase: {phase} }}')
        if not self.network.train().losses():
            message.fail("there is no loss in TRAIN; add a layer of type SoftmaxWithLoss")
        self.loaders: dict[Phase, data.DataLoader] = {
            phase: self._loader(phase, sets[source.name]) for phase, source in self.network.sources.items()
        }
        self._batches: dict[Phase, Iterator[Any]] = {}
        self._recent: deque[float] = deque(maxlen=settings.average_loss)
        self.rates, self.decays, groups = [], [], []
        for name, parameter in self.network.named_parameters():
            rate, decay = self.network.multipliers[name]
            self.rates.append(rate)
            self.decays.append(settings.weight_decay * decay)
            # the decay of L1 is not an optimizer's: it is added to the gradients
            inside = self.decays[-1] if settings.regularization_type == "L2" else 0.0
            groups.append({"params": [parameter], "lr": settings.rate(0) * rate, "weight_decay": inside})
        self.optimizer = make_optimizer(groups, settings)

    def _loader(self, phase: Phase, found: data.Splits) -> data.DataLoader:
        source, training = self.network.sources[phase], phase == "TRAIN"
        images = (found.train if training else found.test).with_transform(source.transform)
        return data.DataLoader(images, batch_size=source.batch_size, shuffle=training, drop_last=training)

    def _next(self, phase: Phase) -> Mapping[str, ag.Tensor]:
        """Return the next batch as blobs; behind the last comes the first."""
        if phase not in self._batches:
            self._batches[phase] = iter(self.loaders[phase])
        batch = next(self._batches[phase], None)
        if batch is None:
            self._batches[phase] = iter(self.loaders[phase])
            batch = next(self._batches[phase])
        return dict(zip(self.network.sources[phase].tops, batch, strict=False))

    def step(self) -> float:
        """Do one iteration: *iter_size* batches, one update; return the loss."""
        settings, network = self.settings, self.network.train()
        rate = settings.rate(self.iteration)
        for group, multiplier in zip(self.optimizer.param_groups, self.rates, strict=True):
            group["lr"] = rate * multiplier
        self.optimizer.zero_grad()
        total = 0.0
        for _ in range(settings.iter_size):
            found = network(self._next("TRAIN"))
            loss = sum(found[name] for name in network.losses()) / settings.iter_size
            loss.backward()
            total += float(loss.item())
        if not math.isfinite(total):
            raise ag.errors.NonFiniteError(
                f"the loss became {total} in iteration {self.iteration + 1}; take a smaller base_lr, or clip_gradients; the "
                "last snapshot is whole"
            )
        if settings.clip_gradients is not None:
            ag.autograd.clip_grad_norm_(network.parameters(), settings.clip_gradients)
        if settings.regularization_type == "L1":
            self._pull_to_zero()
        self.optimizer.step()
        self.iteration += 1
        self._recent.append(total)
        return total

    @ag.no_grad()
    def _pull_to_zero(self) -> None:
        for parameter, decay in zip(self.network.parameters(), self.decays, strict=True):
            if parameter.grad is not None and decay:
                parameter.grad.add_(parameter.sign(), alpha=decay)

    @ag.no_grad()
    def test(self) -> dict[str, float]:
        """Return the mean of each output over *test_iter* test batches, from the first on."""
        network = self.network.eval()
        self._batches.pop("TEST", None)
        names = [*network.accuracies(), *network.losses()]
        values = []
        for _ in range(self.settings.test_iter):
            found = network(self._next("TEST"))
            values.append([float(found[name].item()) for name in names])
        return dict(zip(names, np.mean(values, 0).tolist(), strict=True))

    def solve(self, interrupt: Interrupt | None = None) -> None:
        """Train to *max_iter*, with tests and snapshots as often as asked; a wish to stop ends it with a snapshot."""
        s = self.settings
        if s.test_interval and s.test_initialization and not self.iteration:
            self._say_test()
        while self.iteration < s.max_iter:
            self.step()
            if s.display and self.iteration % s.display == 0:
                loss = float(np.mean(self._recent))
                self.say(f"Iteration {self.iteration}, loss = {loss:.4g}, lr = {s.rate(self.iteration - 1):.4g}")
            if s.test_interval and self.iteration % s.test_interval == 0:
                self._say_test()
            stopping = interrupt is not None and interrupt.asked
            last = self.iteration == s.max_iter and s.snapshot_after_train
            if stopping or last or (s.snapshot and self.iteration % s.snapshot == 0):
                self.say(f"Snapshotting to {self.snapshot()}")
            if stopping:
                raise KeyboardInterrupt

    def _say_test(self) -> None:
        figures = "  ".join(f"{name} = {value:.4f}" for name, value in self.test().items())
        self.say(f"Iteration {self.iteration}, Testing: {figures}")

    def snapshot(self) -> Path:
        """Write ``PREFIX_iter_N.json`` and its tensors, all that decides how it goes on; return the path."""
        path = f"{self.settings.snapshot_prefix}_iter_{self.iteration}"
        return save_checkpoint(path, self.state_dict())

    def state_dict(self) -> dict[str, Any]:
        """Return what a snapshot keeps."""
        return {
            "iteration": self.iteration,
            "network": self.network.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "loader": self.loaders["TRAIN"].state_dict(),
            "recent": list(self._recent),
            "generator": ag.default_generator.get_state(),
        }

    def restore(self, path: str | Path) -> None:
        """Go on from the snapshot *path*, with or without ``.json``, to the same bits as without a stop."""
        state = load_checkpoint(path)
        if not {"iteration", "network", "loader"} <= set(state):
            raise ag.errors.CheckpointError(f"{path} is no snapshot of a solver; name one of PREFIX_iter_N.json")
        restore("network", self.network, state["network"])
        restore("optimizer", self.optimizer, state["optimizer"])
        restore("loader", self.loaders["TRAIN"], state["loader"])
        self._batches.clear()
        self._recent.extend(state["recent"])
        ag.default_generator.set_state(state["generator"])
        self.iteration = state["iteration"]


def _load_sets(message: Any, folder: str | None) -> dict[str, data.Splits]:
    """Load the data sets that the Data layers name."""
    found: dict[str, data.Splits] = {}
    for layer in message.blocks("layer"):
        if layer.choice("type", [str(layer.fields["type"][0].value)] if "type" in layer else [], "") == "Data":
            block = layer.block("data_param")
            name = block.text("source")
            if name not in data.source_names():
                block.choice("source", data.source_names())
            inside = isinstance(data.source(name), data.EmbeddedSource)
            found[name] = found.get(name) or data.load(name, None if inside else folder)
    return found
