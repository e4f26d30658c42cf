"""Using a trained network for another task: its features, frozen layers, a new last layer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from typing import Any

import numpy as np
from numpy.typing import NDArray

import autograd_core as ag
from autograd_core import Tensor

from .. import expect
from .. import functional as F
from ..data.transforms import Images, Transform, as_transform
from ..layers import Conv2d, Linear
from ..module import Module
from ..training.evaluation import modes_kept

__all__ = ["FeatureExtractor", "create_feature_extractor", "features", "freeze", "replace_last_layer"]


class FeatureExtractor(Module):
    """Run *model* as far as is needed, and return what the layers *return_nodes* gave, by name.

    *return_nodes* are paths of modules, or a dict of paths and the names under which they are returned.  A module that is
    called again gives its first output.  The parameters are those of *model*, and gradients reach them.

    >>> import nn
    >>> model = nn.models.squeezenet1_1()
    >>> found = FeatureExtractor(model, {"features.2": "low", "features.12": "high"})(ag.zeros(1, 3, 64, 64))
    >>> {name: maps.shape for name, maps in found.items()}
    {'low': (1, 64, 15, 15), 'high': (1, 512, 3, 3)}
    """

    def __init__(self, model: Module, return_nodes: Sequence[str] | Mapping[str, str]) -> None:
        super().__init__()
        if isinstance(return_nodes, str):
            return_nodes = [return_nodes]
        names = return_nodes if isinstance(return_nodes, Mapping) else {path: path for path in return_nodes}
        if not names:
            raise ag.errors.ArgumentError("FeatureExtractor: return_nodes is empty, expected one path or more")
        for path in names:
            _module_at("FeatureExtractor", model, path)
        self.model, self.return_nodes = model, dict(names)

    def forward(self, *inputs: Any) -> dict[str, Any]:
        found: dict[str, Any] = {}

        def keep(path: str) -> Any:
            def hook(module: Module, args: Any, output: Any) -> None:
                found.setdefault(path, output)
                if len(found) == len(self.return_nodes):
                    raise _AllFound

            return hook

        with ExitStack() as hooks:
            for path in self.return_nodes:
                hooks.enter_context(self.model.get_submodule(path).register_forward_hook(keep(path)))
            try:
                self.model(*inputs)
            except _AllFound:
                pass
            else:
                missing = ", ".join(path for path in self.return_nodes if path not in found)
                raise ag.errors.ArgumentError(
                    f"FeatureExtractor: the model did not call {missing}; it may hold modules that this mode does not use"
                )
        return {name: found[path] for path, name in self.return_nodes.items()}


class _AllFound(BaseException):  # no error, so nothing on its way may take it for one
    """Ends a forward pass whose rest nobody needs."""


def create_feature_extractor(model: Module, return_nodes: Sequence[str] | Mapping[str, str]) -> FeatureExtractor:
    """Return ``FeatureExtractor(model, return_nodes)``, under torchvision's name.

    >>> import nn
    >>> model = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 2))
    >>> create_feature_extractor(model, ["1"])(ag.ones(3, 4))["1"].shape
    (3, 8)
    """
    return FeatureExtractor(model, return_nodes)


@ag.no_grad()
def features(
    model: Module,
    layer: str,
    images: Images | Sequence[Images],
    transform: Transform | None = None,
    *,
    pool: int | None = 1,
    batch_size: int = 32,
) -> NDArray[Any]:
    """Return what *layer* gives for each of *images*, (N, features): compute it once, and train on it as often as you like.

    *images* is an array (N, C, H, W), or a list of pictures (C, H, W) of any sizes, of which *transform* makes equal ones.
    Maps (N, C, h, w) are averaged down to *pool* x *pool* places, and give C pool^2 features; with None they stay maps.  The
    model computes in eval mode, and is left as it was.

    >>> import nn
    >>> weights = nn.models.weights_of("squeezenet1_1")
    >>> model = nn.models.squeezenet1_1(weights=weights)
    >>> photographs = list(nn.data.photographs().values())
    >>> nn.models.features(model, "features.12", photographs, weights.transform).shape
    (3, 512)
    """
    expect.size("features", batch_size=batch_size, pool=1 if pool is None else pool)
    if not len(images):
        raise ag.errors.ShapeError("features: images is empty; give one picture or more")
    extractor = FeatureExtractor(model, [layer])
    ready = as_transform(transform) if transform is not None else None
    parts: list[NDArray[Any]] = []
    with modes_kept(model):
        model.eval()
        for first in range(0, len(images), batch_size):
            batch = _batch(images[first : first + batch_size], ready)
            found: Tensor = extractor(ag.from_numpy(batch))[layer]
            if not isinstance(found, Tensor):
                raise ag.errors.ArgumentError(
                    f"features: layer={layer!r} gives a {type(found).__name__}, expected one Tensor; take a layer inside it"
                )
            if pool is not None and found.ndim == 4:
                found = F.adaptive_avg_pool2d(found, pool).flatten(1)
            parts.append(found.numpy())
    return np.concatenate(parts)


def _batch(images: Images | Sequence[Images], transform: Transform | None) -> Images:
    """Return pictures as one array, each transformed by itself where their sizes differ."""
    if not isinstance(images, np.ndarray):
        sizes = {image.shape for image in images}
        if len(sizes) > 1 and transform is not None:
            images, transform = [transform(image) for image in images], None
            sizes = {image.shape for image in images}
        if len(sizes) > 1:
            raise ag.errors.ShapeError(
                f"features: images have the shapes {', '.join(map(str, sorted(sizes)))}, expected one; give a transform that "
                "makes them equal"
            )
        images = np.stack(images)
    return np.ascontiguousarray(images if transform is None else transform(images))


def freeze(model: Module, until: str | None = None) -> list[str]:
    """Let the parameters of *model* learn no more, and return their paths; with *until* only those up to that module.

    Up to means: in the order in which modules were registered, those of *until* included; the parameters after them are left
    as they are.  Batch normalisation goes on measuring in ``train()``; call ``eval()`` on frozen layers to stop that.

    >>> import nn
    >>> model = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 2))
    >>> freeze(model, until="1")
    ['0.weight', '0.bias']
    >>> [p.requires_grad for p in model.parameters()]
    [False, False, True, True]
    """
    if until is None:
        frozen = list(model.named_parameters())
    else:
        _module_at("freeze", model, until)
        frozen = []
        inside = False
        for path, module in model.named_modules():
            here = path == until or path.startswith(f"{until}.")
            if inside and not here:
                break
            inside = inside or here
            frozen += [(f"{path}.{name}" if path else name, p) for name, p in module.named_parameters(recurse=False)]
    for _, parameter in frozen:
        parameter.requires_grad_(False)
    return [path for path, _ in frozen]


def replace_last_layer(model: Module, num_classes: int) -> Linear | Conv2d:
    """Put a new last layer into *model*, for *num_classes* classes, and return it.

    The last layer is the Linear or Conv2d that was registered last; the new one is of its kind, with other outputs, freshly
    drawn, and it learns.  The auxiliary heads of a GoogLeNet stay as they are: build it with ``aux_logits=False``.

    >>> import nn
    >>> model = nn.models.squeezenet1_1(weights="imagenet")
    >>> replace_last_layer(model, 10)
    Conv2d(512, 10, kernel_size=(1, 1), stride=(1, 1))
    >>> model(ag.zeros(1, 3, 64, 64)).shape
    (1, 10)
    """
    found = [(path, module) for path, module in model.named_modules() if isinstance(module, Linear | Conv2d)]
    if not found or not found[-1][0]:
        raise ag.errors.ArgumentError(
            f"replace_last_layer: {type(model).__name__} holds no Linear and no Conv2d that could be replaced"
        )
    path, old = found[-1]
    factory = {"bias": old.bias is not None, "dtype": old.weight.dtype}
    new: Linear | Conv2d
    if isinstance(old, Linear):
        new = Linear(old.in_features, num_classes, **factory)
    else:
        new = Conv2d(
            old.in_channels, num_classes, old.kernel_size, old.stride, old.padding, old.dilation, old.groups, **factory
        )
    model.set_submodule(path, new)
    if hasattr(model, "num_classes"):
        model.num_classes = num_classes
    return new


def _module_at(name: str, model: Module, path: str) -> Module:
    try:
        return model.get_submodule(path)
    except AttributeError as error:
        paths = ", ".join(found for found, _ in model.named_modules() if found)
        raise ag.errors.ArgumentError(f"{name}: {path!r} is no module of the model; use one of {paths}") from error
