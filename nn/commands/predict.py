"""``predict``: what a trained network sees in a picture."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

import autograd_core as ag
from autograd_core.commands import UsageError

from ..training import restore
from ..training.evaluation import modes_kept
from ..training.progress import say
from ..training.report import probabilities
from .folder import RunFolder
from .parts import Factories, Parts

__all__ = ["predict_run", "read_picture"]

Gray = NDArray[np.float32]  # (H, W), from 0 to 1


def predict_run(image: Path, folder: RunFolder, factories: Factories, top: int) -> int:
    """Print the *top* classes of the picture *image* with their probabilities; return the exit status."""
    settings, _ = folder.read()
    parts = Parts(settings, factories)
    picture, inverted = read_picture(image, parts.splits.train.images.shape[2:])
    restore("model", parts.model, folder.state()["model"])
    levels = np.round(picture * 255).astype(np.uint8)[None, None]  # (1, 1, H, W), as the data set has them
    inputs = ag.from_numpy(np.ascontiguousarray(parts.prepare(levels)))
    with ag.no_grad(), modes_kept(parts.model):
        outputs = parts.model.eval()(inputs).numpy()
    if inverted:
        say("(taken as a negative: its background is light, and the network knows light things on black)")
    if parts.reconstructs:
        error = float(np.square(outputs.reshape(inputs.shape) - inputs.numpy()).mean())
        say(f"reconstruction error {error:.4f}")
        return 0
    shares, classes = probabilities(outputs)[0], parts.splits.classes
    width = max(map(len, classes))
    for i in np.argsort(-shares, kind="stable")[:top]:
        say(f"{classes[i]:<{width}}  {shares[i]:7.2%}  {'#' * round(30 * float(shares[i]))}".rstrip())
    return 0


def read_picture(path: Path, size: tuple[int, int]) -> tuple[Gray, bool]:
    """Return the picture of a file in grey, as large as *size*, light on dark; and whether it was inverted for that.

    Pictures of any kind are read through pillow, ``.npy`` arrays without it where they need no scaling: ``(H, W)`` or
    ``(H, W, 3)``, of bytes or of numbers from 0 to 1.  An oblong picture is made square with its background.
    """
    if not path.is_file():
        raise UsageError(f"there is no picture {path}; check the path")
    levels = _read_array(path) if path.suffix == ".npy" else _read_image(path)
    border = np.concatenate([levels[0], levels[-1], levels[:, 0], levels[:, -1]])
    inverted = bool(np.median(border) > 0.5)
    if inverted:
        levels = 1 - levels
    if levels.shape != size:
        levels = _resized(levels, size, float(np.median(1 - border if inverted else border)))
    return levels, inverted


def _read_array(path: Path) -> Gray:
    try:
        array = np.load(path, allow_pickle=False)
    except (OSError, ValueError, EOFError) as error:
        raise UsageError(f"{path} cannot be read as an array: {error}; write it with numpy.save") from error
    found = f"shape {array.shape} and dtype {array.dtype}"
    if array.dtype == np.uint8:
        array = array / 255
    if array.ndim == 3 and array.shape[-1] == 3:
        array = array @ np.array([0.299, 0.587, 0.114])  # the luma of ITU-R BT.601, which pillow uses too
    real = array.dtype.kind in "fiub"
    if array.ndim != 2 or not array.size or not real or not 0 <= array.min() <= array.max() <= 1:
        raise UsageError(
            f"{path} holds an array of {found}: expected (H, W) or (H, W, 3), of uint8, or of numbers from 0 to 1"
        )
    return np.asarray(array, np.float32)


def _pillow(what: str) -> Any:
    try:
        from PIL import Image
    except ImportError as error:
        raise UsageError(
            f"{what} needs the package pillow: pip install pillow, or give a .npy file of the size that was learned"
        ) from error
    return Image


def _read_image(path: Path) -> Gray:
    image = _pillow(f"reading {path}")
    try:
        with image.open(path) as opened:
            turned = _upright(opened).convert("RGBA")
    except (OSError, ValueError, image.DecompressionBombError) as error:
        raise UsageError(f"{path} cannot be read as a picture: {error}; give a PNG, JPEG or .npy file") from error
    white = image.new("RGBA", turned.size, "white")  # what shows through where the picture is transparent
    return np.asarray(image.alpha_composite(white, turned).convert("L"), np.float32) / np.float32(255)


def _upright(image: Any) -> Any:
    """Turn a photograph as its camera says that it was held."""
    from PIL import ImageOps

    return ImageOps.exif_transpose(image)


def _resized(levels: Gray, size: tuple[int, int], background: float) -> Gray:
    image = _pillow("scaling a picture")
    side = max(levels.shape)
    square = np.full((side, side), background, np.float32)
    top, left = ((side - length) // 2 for length in levels.shape)
    square[top : top + levels.shape[0], left : left + levels.shape[1]] = levels
    resized = image.fromarray(square).resize(size[::-1], image.Resampling.BICUBIC)
    return np.clip(np.asarray(resized, np.float32), 0, 1)
