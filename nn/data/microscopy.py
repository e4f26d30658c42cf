"""A microscope's picture of cell nuclei, with their outlines."""

from __future__ import annotations

import io

import numpy as np
from numpy.typing import NDArray

from .embedded import read_embedded

__all__ = ["nuclei"]


def nuclei() -> tuple[NDArray[np.uint16], NDArray[np.uint16]]:
    """Return a picture (512, 512) of fluorescing cell nuclei, and for each pixel the number of its nucleus, 0 for none.

    The picture has values from 0 to 235; a fifth of it is nuclei, each about 20 pixels wide.  Licence: nn/data/files/NOTICE.

    >>> image, numbers = nuclei()
    >>> image.shape, round(float((numbers > 0).mean()), 2)
    ((512, 512), 0.2)
    """
    content, _ = read_embedded(
        "nn.data", "nuclei2d.npz", "64af189bc9a5ff9d3e1160515be5ef91ce52767f3973ca11cb77cab9df8984af"
    )
    with np.load(io.BytesIO(content)) as arrays:
        return arrays["image"], arrays["mask"]
