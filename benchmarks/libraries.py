"""What a program is written against: one set of names, ours or PyTorch's."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from types import ModuleType
from typing import Any

import numpy as np

OURS, PYTORCH = "autograd_core", "PyTorch"


@dataclass(frozen=True)
class Library:
    """What a program imports."""

    name: str
    core: ModuleType  # autograd_core or torch
    nn: ModuleType
    optim: ModuleType

    def lacks(self, names: Iterable[str]) -> list[str]:
        """Return those of *names*, as "nn.Linear", that are not there."""
        return [name for name in names if not self._has(name)]

    def _has(self, name: str) -> bool:
        found: Any = self
        for part in name.split("."):
            found = getattr(found, part, None)
        return found is not None

    def tensor(self, array: np.ndarray, requires_grad: bool = False) -> Any:
        """Return a copy of *array*: neither library may change what the other one reads."""
        return self.core.from_numpy(np.array(array)).requires_grad_(requires_grad)


def ours(threads: int) -> Library:
    import autograd_core as ag
    import nn
    import optim

    ag.set_num_threads(threads)
    return Library(OURS, ag, nn, optim)


def pytorch(threads: int) -> Library | None:
    try:
        import torch
    except ImportError:
        return None
    torch.set_num_threads(threads)
    return Library(PYTORCH, torch, torch.nn, torch.optim)


LOADERS: dict[str, Callable[[int], Library | None]] = {OURS: ours, PYTORCH: pytorch}


def libraries(threads: int) -> list[Library]:
    """Return ours, and PyTorch where it is installed."""
    return [library for load in LOADERS.values() if (library := load(threads))]


def array(tensor: Any) -> np.ndarray:
    """Return a copy of a tensor's values."""
    return np.array(tensor.detach().numpy())


def load(library: Library, model: Any, arrays: Iterable[np.ndarray]) -> None:
    """Set the parameters of *model*, in their order, to *arrays*."""
    names = [name for name, _ in model.named_parameters()]
    values = (library.core.from_numpy(np.array(a)) for a in arrays)
    model.load_state_dict(dict(zip(names, values, strict=True)), strict=False)


def seed(library: Library, model: Any) -> None:
    """Give *model* weights that depend on its shapes alone, so that every library's has the same ones."""
    rng = np.random.default_rng(0)
    load(library, model, [_drawn(rng, name, tuple(p.shape)) for name, p in model.named_parameters()])


def _drawn(rng: np.random.Generator, name: str, shape: tuple[int, ...]) -> np.ndarray:
    if len(shape) == 1 and name.endswith("weight"):  # the scale of a normalisation
        return np.ones(shape, np.float32)
    bound = (3 / int(np.prod(shape[1:]))) ** 0.5 if len(shape) > 1 else 0.1  # keeps the size of what passes through
    return rng.uniform(-bound, bound, shape).astype(np.float32)
