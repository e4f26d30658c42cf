"""Turning pictures."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

import autograd_core as ag

from .transforms import Images, Transform

__all__ = ["RandomRotation"]


class RandomRotation(Transform):
    """Turn each picture about its middle, counter-clockwise, by an angle drawn evenly from *degrees*.

    *degrees* is (lowest, highest), or one number for (-degrees, degrees).  Bilinear; what comes in from outside is *fill*.

    >>> RandomRotation((90, 90))(np.array([[[1.0, 2.0], [3.0, 4.0]]])).round(6)
    array([[[2., 4.],
            [1., 3.]]])
    """

    def __init__(self, degrees: float | Sequence[float], fill: float = 0) -> None:
        given = (-degrees, degrees) if isinstance(degrees, int | float) else tuple(degrees)
        if len(given) != 2 or not np.isfinite(given).all() or given[0] > given[1]:
            raise ag.errors.ArgumentError(
                f"RandomRotation: degrees={degrees!r}, expected one number of at least 0, or (lowest, highest)"
            )
        self.degrees = degrees
        self.fill = fill
        self._range = given

    def apply(self, images: Images, generator: np.random.Generator) -> Images:
        """Return the turned pictures in their dtype, float32 or float64."""
        if images.dtype not in (np.float32, np.float64):
            raise ag.errors.DtypeError(
                f"RandomRotation expects float32 or float64 pictures, got {images.dtype}; put ToDtype('float32') before it"
            )
        if not images.size:
            return images.copy()
        angles = np.deg2rad(generator.uniform(*self._range, len(images)))
        height, width = images.shape[2:]
        cos, sin, zero = np.cos(angles), np.sin(angles), np.zeros(len(images))
        # Rows point down, and both sides are 2 long for the grid, whatever their number of pixels.
        theta = np.array([[cos, -sin * height / width, zero], [sin * width / height, cos, zero]]).transpose(2, 0, 1)
        grid = ag.affine_grid(ag.from_numpy(theta.astype(images.dtype)), images.shape, align_corners=False)
        turned = ag.grid_sample(ag.from_numpy(np.ascontiguousarray(images - self.fill)), grid, align_corners=False)
        out: Images = turned.numpy() + np.asarray(self.fill, images.dtype)
        return out
