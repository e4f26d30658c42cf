"""What a run is made of, built from its settings; the same settings build the same parts."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

import autograd_core as ag
from autograd_core.commands import unknown

from .. import data, models
from ..caffe.solver import MakeOptimizer
from ..layers import BCELoss, CrossEntropyLoss
from ..module import Module
from ..training import Accuracy, Callback, JSONLog, Metric, Optimizer, ReconstructionError, Schedule, Scheduler
from .folder import RunFolder
from .recipes import Recipe, recipe
from .settings import Settings

__all__ = ["Factories", "Parts"]

MIRRORED = ("fashion-mnist", "fashion-mnist-full")  # a mirrored shoe is a shoe; a mirrored digit is none
SHIFT = 2  # pixels, for the others


class Factories(NamedTuple):
    """Optimizers and schedules by name, which this package cannot import.

    An optimizer is made from parameters, learning rate and weight decay; a schedule from an optimizer and the number of
    epochs, and it may be None.  *solvers* makes the optimizer of a solver file.
    """

    optimizers: Mapping[str, Callable[[Iterable[ag.Tensor], float, float], Optimizer]]
    schedules: Mapping[str, Callable[[Any, int], Scheduler | None]]
    solvers: MakeOptimizer


@dataclass
class Parts:
    """Data, model, loss, metrics, optimizer and callbacks of a run, each made when first asked for."""

    settings: Settings
    factories: Factories

    def __post_init__(self) -> None:
        for name, names in (("optimizer", self.factories.optimizers), ("schedule", self.factories.schedules)):
            if (chosen := getattr(self.settings, name)) not in names:
                raise unknown(f"unknown {name}", chosen, names)
        self.recipe: Recipe = recipe(self.settings.model)
        self.reconstructs = self.recipe.task == "reconstruct"

    @cached_property
    def splits(self) -> data.Splits:
        """The data set."""
        if self.settings.data not in data.source_names():
            raise unknown("unknown data set", self.settings.data, data.source_names())
        return data.load(self.settings.data, self.settings.data_dir)

    @property
    def source(self) -> str:
        """The name of the data set, without how much of it there is."""
        return self.splits.source.title.partition(":")[0]

    @cached_property
    def prepare(self) -> data.Transform:
        """What every picture goes through: from 0 to 1 for an autoencoder, else normalised."""
        scaled = data.ToDtype(np.float32, scale=True)
        if self.reconstructs:
            return scaled
        return data.Compose([scaled, data.Normalize(self.splits.mean, self.splits.std)])

    def restore(self, pictures: NDArray[Any]) -> NDArray[Any]:
        """Undo the normalisation of pictures (..., C, H, W), to show them."""
        mean, std = (np.array(values).reshape(-1, 1, 1) for values in (self.splits.mean, self.splits.std))
        return np.asarray(pictures * std + mean)

    def loader(self, train: bool) -> data.DataLoader:
        """Return the loader of the training or of the test pictures."""
        settings, pictures = self.settings, self.splits.train if train else self.splits.test
        transforms: list[data.Transform] = [self.prepare]
        if train and settings.augment:
            # before they are normalised: what comes in at the border is black, which is 0 only here
            shift = data.RandomCrop(pictures.images.shape[2:], padding=SHIFT)
            transforms.insert(0, data.RandomHorizontalFlip() if settings.data in MIRRORED else shift)
        chosen: Any = pictures.with_transform(data.Compose(transforms))
        if settings.limit is not None:
            most = settings.limit if train else max(settings.limit // 5, 1)
            chosen = data.Subset(chosen, range(min(most, len(chosen))))
        if self.reconstructs:
            # while it learns, a denoising autoencoder spoils its inputs by itself
            spoil = self.recipe.masked and not train
            chosen = data.ReconstructionDataset(chosen, data.Lambda(self._mask) if spoil else None)
        return data.DataLoader(
            chosen,
            batch_size=settings.batch_size if train else 256,
            shuffle=train,
            seed=settings.seed,
            num_workers=settings.workers,
            multiprocessing_context="thread" if settings.workers else None,  # NumPy makes the batches
        )

    def _mask(self, pictures: NDArray[Any]) -> NDArray[Any]:
        """Blacken a share of the pixels, always the same ones of a batch: each epoch is tested alike."""
        kept = np.random.default_rng(self.settings.seed).random(pictures.shape) >= self.recipe.masked
        return np.asarray(pictures * kept)

    @cached_property
    def model(self) -> Module:
        """The network, its parameters drawn from the seed."""
        ag.manual_seed(self.settings.seed)
        options: dict[str, Any] = {}
        if self.recipe.masked:
            options = {"noise": "masking", "level": self.recipe.masked}
        elif self.recipe.general:
            channels = self.splits.train.images.shape[1]
            options = {"num_classes": len(self.splits.classes), "in_channels": channels, "small_input": True}
        return models.create(self.settings.model, **options)

    @cached_property
    def criterion(self) -> Module:
        """The loss."""
        if self.recipe.auxiliary:
            return models.AuxiliaryLoss()
        return BCELoss() if self.reconstructs else CrossEntropyLoss()

    @cached_property
    def metrics(self) -> list[Metric]:
        """The figures of each epoch, beside the loss."""
        return [ReconstructionError()] if self.reconstructs else [Accuracy()]

    @cached_property
    def optimizer(self) -> Optimizer:
        """The optimizer."""
        make = self.factories.optimizers[self.settings.optimizer]
        return make(self.model.parameters(), self.settings.lr, self.settings.weight_decay)

    def callbacks(self, folder: RunFolder) -> list[Callback]:
        """Return the schedule, if there is one, and the log."""
        scheduler = self.factories.schedules[self.settings.schedule](self.optimizer, self.settings.epochs)
        return [*([] if scheduler is None else [Schedule(scheduler)]), JSONLog(folder.history)]
