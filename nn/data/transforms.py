"""Transforms of pictures: NumPy arrays in, NumPy arrays out, a whole batch at once.

Every transform takes one picture (C, H, W) or a batch (N, C, H, W), and the generator that it may draw from; in a batch
each picture gets its own draw. The names and arguments are those of ``torchvision.transforms.v2``.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

import autograd_core as ag

from .randomness import sample_generator

__all__ = [
    "CenterCrop",
    "ChannelsFirst",
    "Compose",
    "GaussianNoise",
    "Lambda",
    "Normalize",
    "Pad",
    "RandomCrop",
    "RandomHorizontalFlip",
    "Resize",
    "ToDtype",
    "Transform",
    "as_transform",
]

Images = NDArray[Any]


class Transform:
    """Base of all transforms: a subclass writes ``apply`` for a batch (N, C, H, W).

    Constructors keep their arguments under their own names; ``repr`` prints those that differ from the default.

    >>> class Negative(Transform):
    ...     def apply(self, images, generator):
    ...         return 1 - images
    >>> Negative()(np.zeros((1, 2, 2))).sum()
    np.float64(4.0)
    """

    def __call__(self, images: Images, generator: np.random.Generator | None = None) -> Images:
        """Transform (C, H, W) or (N, C, H, W), drawing from *generator*, by default ``sample_generator()``."""
        if not isinstance(images, np.ndarray) or images.ndim not in (3, 4):
            found = (
                f"an array of shape {images.shape}" if isinstance(images, np.ndarray) else f"a {type(images).__name__}"
            )
            raise ag.errors.ShapeError(
                f"{type(self).__name__} expects a NumPy array (C, H, W) or (N, C, H, W), got {found}; "
                "give a grey picture its channel with image[None], a Tensor with tensor.numpy()"
            )
        if generator is None:
            generator = sample_generator()
        if images.ndim == 4:
            return self.apply(images, generator)
        transformed: Images = self.apply(images[None], generator)[0]
        return transformed

    def apply(self, images: Images, generator: np.random.Generator) -> Images:
        """Return the transformed batch; never write into *images*."""
        raise NotImplementedError(f"{type(self).__name__} must define apply(images, generator)")

    def __repr__(self) -> str:
        shown = []
        for name, parameter in inspect.signature(type(self)).parameters.items():
            value = getattr(self, name)
            if parameter.default is inspect.Parameter.empty or repr(value) != repr(parameter.default):
                shown.append(f"{name}={getattr(value, '__qualname__', None) or repr(value)}")
        return f"{type(self).__name__}({', '.join(shown)})"


class Lambda(Transform):
    """Apply a function of a batch (N, C, H, W).

    >>> Lambda(np.negative)(np.ones((1, 1, 2), np.float32))
    array([[[-1., -1.]]], dtype=float32)
    """

    def __init__(self, function: Callable[[Images], Images]) -> None:
        if not callable(function):
            raise ag.errors.ArgumentError(
                f"Lambda: function must be callable, got {function!r}; pass a function of one array"
            )
        self.function = function

    def apply(self, images: Images, generator: np.random.Generator) -> Images:
        """Return ``function(images)``, which must be an array with as many pictures as *images*."""
        result = self.function(images)
        if not isinstance(result, np.ndarray) or result.shape[:1] != images.shape[:1]:
            found = f"shape {result.shape}" if isinstance(result, np.ndarray) else f"a {type(result).__name__}"
            raise ag.errors.ShapeError(
                f"{self!r}: the function was given a batch of shape {images.shape} and must return an array with "
                f"{len(images)} "
                f"pictures, got {found}; it sees a whole batch (N, C, H, W), so reduce over axes (1, 2, 3) only"
            )
        return result


def as_transform(transform: Transform | Callable[[Images], Images]) -> Transform:
    """Return *transform*, a plain function as a ``Lambda``."""
    return transform if isinstance(transform, Transform) else Lambda(transform)


class Compose(Transform):
    """Apply transforms one after the other; a plain function among them sees the batch (N, C, H, W).

    >>> Compose([ToDtype(np.float32, scale=True), Normalize(mean=[0.5], std=[0.5])])(np.full((1, 1, 2), 255, np.uint8))
    array([[[1., 1.]]], dtype=float32)
    """

    def __init__(self, transforms: Sequence[Transform | Callable[[Images], Images]]) -> None:
        self.transforms = [as_transform(transform) for transform in transforms]

    def apply(self, images: Images, generator: np.random.Generator) -> Images:
        """Return the batch after every transform."""
        for transform in self.transforms:
            images = transform(images, generator)
        return images


class ToDtype(Transform):
    """Convert to *dtype*; with ``scale=True`` bring integers to floats in [0, 1] by dividing by the largest integer.

    >>> ToDtype(np.float32, scale=True)(np.array([[[0, 51, 255]]], np.uint8))
    array([[[0. , 0.2, 1. ]]], dtype=float32)
    """

    def __init__(self, dtype: DTypeLike = "float32", scale: bool = False) -> None:
        self.dtype = np.dtype(dtype)
        self.scale = scale

    def apply(self, images: Images, generator: np.random.Generator) -> Images:
        """Return a converted copy, or *images* itself where it has the dtype."""
        if not self.scale or images.dtype == self.dtype:
            return images.astype(self.dtype, copy=False)
        if self.dtype.kind != "f" or images.dtype.kind not in "uif":
            raise ag.errors.DtypeError(
                f"ToDtype(scale=True) turns numbers into floats, got {images.dtype} to turn into {self.dtype}; "
                "ask for a floating dtype, or leave scale=False"
            )
        if images.dtype.kind == "f":
            return images.astype(self.dtype)
        return np.divide(images, np.iinfo(images.dtype).max, dtype=self.dtype, casting="unsafe")


class ChannelsFirst(Transform):
    """Bring (H, W, C) to (C, H, W), and (N, H, W, C) to (N, C, H, W): files and NumPy people keep channels last.

    >>> ChannelsFirst()(np.zeros((28, 32, 3))).shape
    (3, 28, 32)
    """

    def apply(self, images: Images, generator: np.random.Generator) -> Images:
        """Return a view with the last axis moved in front of the two before it."""
        return np.moveaxis(images, -1, -3)


class Normalize(Transform):
    """Subtract the mean and divide by the standard deviation, channel by channel: ``(x - mean[c]) / std[c]``.

    >>> Normalize(mean=[1.0, 2.0], std=[1.0, 4.0])(np.full((2, 1, 1), 2.0))[:, 0, 0]
    array([1., 0.])
    """

    def __init__(self, mean: Sequence[float], std: Sequence[float]) -> None:
        self.mean = tuple(float(value) for value in mean)
        self.std = tuple(float(value) for value in std)
        if len(self.mean) != len(self.std) or not self.mean:
            raise ag.errors.ArgumentError(
                f"Normalize: mean and std need one number per channel, got {len(self.mean)} and {len(self.std)}; "
                "measure both over the training set"
            )
        if not all(value > 0 for value in self.std):
            raise ag.errors.ArgumentError(
                f"Normalize: std must be positive, got {self.std}; use 1.0 for a constant channel"
            )

    def apply(self, images: Images, generator: np.random.Generator) -> Images:
        """Return the normalised batch in the dtype of *images*, which must be floating."""
        if images.dtype.kind != "f":
            raise ag.errors.DtypeError(
                f"Normalize expects floating pictures, got {images.dtype}; put ToDtype('float32', scale=True) before it"
            )
        if images.shape[1] != len(self.mean):
            raise ag.errors.ShapeError(
                f"Normalize has {len(self.mean)} channel(s), got pictures of shape {images.shape[1:]} with "
                f"{images.shape[1]}; "
                "give one mean and one std for each channel"
            )
        shape = (1, -1, 1, 1)
        out: Images = images - np.array(self.mean, images.dtype).reshape(shape)
        out /= np.array(self.std, images.dtype).reshape(shape)
        return out


def _size(name: str, size: int | Sequence[int]) -> tuple[int, int]:
    height, width = (size, size) if isinstance(size, int) else tuple(size)
    if height < 1 or width < 1:
        raise ag.errors.ArgumentError(
            f"{name}: size must be positive, got {size!r}; give one number or (height, width)"
        )
    return height, width


def _borders(name: str, padding: int | Sequence[int]) -> tuple[int, int, int, int]:
    given = (padding,) if isinstance(padding, int) else tuple(padding)
    if len(given) not in (1, 2, 4) or min(given) < 0:
        raise ag.errors.ArgumentError(
            f"{name}: padding must be one number, (left-right, top-bottom) or (left, top, right, bottom), none "
            "negative, "
            f"got {padding!r}; to cut pictures use RandomCrop"
        )
    left, top, right, bottom = given * (4 // len(given))
    return left, top, right, bottom


class Pad(Transform):
    """Put a border of *fill* around: *padding* for all sides, (left-right, top-bottom) or (left, top, right, bottom).

    >>> Pad(2)(np.zeros((1, 28, 28))).shape
    (1, 32, 32)
    """

    def __init__(self, padding: int | Sequence[int], fill: float = 0) -> None:
        self.padding = padding
        self.fill = fill
        self._sides = _borders("Pad", padding)

    def apply(self, images: Images, generator: np.random.Generator) -> Images:
        """Return the batch with its border, (N, C, top + H + bottom, left + W + right)."""
        left, top, right, bottom = self._sides
        n, channels, height, width = images.shape
        out = np.full((n, channels, top + height + bottom, left + width + right), self.fill, images.dtype)
        out[:, :, top : top + height, left : left + width] = images
        return out


class Resize(Transform):
    """Bring pictures to *size*, (height, width); one number is the size of the shorter side, and keeps the proportions.

    Bilinear, and with *antialias* (the filter is widened when a picture is made smaller), as in torchvision and Pillow.

    >>> Resize(227)(np.zeros((3, 300, 451), np.uint8)).shape, Resize((4, 6))(np.zeros((1, 28, 28), np.float32)).shape
    ((3, 227, 341), (1, 4, 6))
    """

    def __init__(self, size: int | Sequence[int], antialias: bool = True) -> None:
        self.size = size
        self.antialias = antialias
        _size("Resize", size)

    def apply(self, images: Images, generator: np.random.Generator) -> Images:
        """Return the pictures in their dtype: float32, float64, or uint8, which is rounded."""
        if images.dtype not in (np.uint8, np.float32, np.float64):
            raise ag.errors.DtypeError(
                f"Resize expects uint8, float32 or float64 pictures, got {images.dtype}; put ToDtype('float32') before it"
            )
        size = _size("Resize", self.size)
        if isinstance(self.size, int):
            height, width = images.shape[2:]
            shorter = min(height, width)
            size = (self.size * height // shorter, self.size * width // shorter)
        if size == images.shape[2:]:
            return images
        given = ag.from_numpy(np.ascontiguousarray(images))
        resized = ag.interpolate(given, size, mode="bilinear", align_corners=False, antialias=self.antialias)
        return np.asarray(resized.numpy())


class CenterCrop(Transform):
    """Cut the window of *size* from the middle: one number, or (height, width).

    >>> CenterCrop(2)(np.arange(16).reshape(1, 4, 4))
    array([[[ 5,  6],
            [ 9, 10]]])
    """

    def __init__(self, size: int | Sequence[int]) -> None:
        self.size = size
        self._window = _size("CenterCrop", size)

    def apply(self, images: Images, generator: np.random.Generator) -> Images:
        """Return the windows, a view; raise ShapeError for pictures that are smaller."""
        (rows, columns), (height, width) = self._window, images.shape[2:]
        if rows > height or columns > width:
            raise ag.errors.ShapeError(
                f"CenterCrop: a window of {self._window} does not fit in pictures of {(height, width)}; take a smaller size, "
                "or put Resize or Pad before it"
            )
        top, left = round((height - rows) / 2), round((width - columns) / 2)
        return images[:, :, top : top + rows, left : left + columns]


class RandomCrop(Transform):
    """Cut a window of *size* at a random place, after a border of *padding* filled with *fill*.

    >>> RandomCrop(28, padding=4)(np.zeros((5, 1, 28, 28)), np.random.default_rng(0)).shape
    (5, 1, 28, 28)
    """

    def __init__(self, size: int | Sequence[int], padding: int | Sequence[int] = 0, fill: float = 0) -> None:
        self.size = size
        self.padding = padding
        self.fill = fill
        self._window = _size("RandomCrop", size)
        self._pad = Pad(_borders("RandomCrop", padding), fill)

    def apply(self, images: Images, generator: np.random.Generator) -> Images:
        """Return the windows, (N, C, size): every place is equally likely, each picture has its own."""
        if self.padding:
            images = self._pad.apply(images, generator)
        n, _, height, width = images.shape
        rows, columns = height - self._window[0] + 1, width - self._window[1] + 1
        if rows < 1 or columns < 1:
            raise ag.errors.ShapeError(
                f"RandomCrop: a window of {self._window} does not fit in pictures of {(height, width)} (padding "
                "included); "
                "take a smaller size or more padding"
            )
        top, left = generator.integers(rows, size=n), generator.integers(columns, size=n)
        # (N, C, rows, columns, h, w), a view
        windows = np.lib.stride_tricks.sliding_window_view(images, self._window, axis=(2, 3))
        chosen: Images = windows[np.arange(n), :, top, left]
        return chosen


class RandomHorizontalFlip(Transform):
    """Mirror left and right with probability *p*.

    >>> RandomHorizontalFlip(p=1.0)(np.array([[[1, 2, 3]]]))
    array([[[3, 2, 1]]])
    """

    def __init__(self, p: float = 0.5) -> None:
        if not 0 <= p <= 1:
            raise ag.errors.ArgumentError(f"RandomHorizontalFlip: p must be a probability in [0, 1], got {p!r}")
        self.p = p

    def apply(self, images: Images, generator: np.random.Generator) -> Images:
        """Return a copy in which each picture is mirrored or not."""
        out = images.copy()
        flipped = generator.random(len(images)) < self.p
        out[flipped] = images[flipped, :, :, ::-1]
        return out


class GaussianNoise(Transform):
    """Add noise drawn from a normal distribution, and clip to [0, 1] unless ``clip=False``.

    The corruption of denoising autoencoders (Vincent et al., "Extracting and Composing Robust Features with Denoising
    Autoencoders", 2008). Clip only pictures that are scaled to [0, 1], not normalised ones.

    >>> noisy = GaussianNoise(sigma=0.5)(np.full((1, 28, 28), 0.5, np.float32), np.random.default_rng(0))
    >>> noisy.dtype, float(noisy.min()), float(noisy.max())
    (dtype('float32'), 0.0, 1.0)
    """

    def __init__(self, mean: float = 0.0, sigma: float = 0.1, clip: bool = True) -> None:
        if sigma < 0:
            raise ag.errors.ArgumentError(f"GaussianNoise: sigma must not be negative, got {sigma!r}")
        self.mean = mean
        self.sigma = sigma
        self.clip = clip

    def apply(self, images: Images, generator: np.random.Generator) -> Images:
        """Return a noisy copy in the dtype of *images*, float32 or float64."""
        if images.dtype not in (np.float32, np.float64):
            raise ag.errors.DtypeError(
                f"GaussianNoise expects float32 or float64 pictures, got {images.dtype}; put ToDtype('float32', "
                "scale=True) before it"
            )
        out = generator.standard_normal(images.shape, images.dtype.type)
        out *= self.sigma
        out += self.mean
        out += images
        return np.clip(out, 0, 1, out=out) if self.clip else out
