"""Small pictures of written digits."""

from __future__ import annotations

import io

import numpy as np

from .dataset import ImageDataset
from .embedded import read_embedded

__all__ = ["digits"]


def digits() -> ImageDataset:
    """Return 1,797 pictures (1, 8, 8) of digits written by 13 people, with values from 0 to 16 (uint8), and which they are.

    Each value counts the dark pixels in a square of 4 x 4 of a larger scan.  ``.images`` (1797, 1, 8, 8) and ``.labels``
    (1797,) are NumPy arrays.  Source: Alpaydin & Kaynak, Optical recognition of handwritten digits, the UCI machine
    learning repository, 1998: its test part, which ships with the package.  Licence: nn/data/files/NOTICE.

    >>> found = digits()
    >>> found.images.shape, int(found.images.max()), found.labels[:5].tolist()
    ((1797, 1, 8, 8), 16, [0, 1, 2, 3, 4])
    """
    content, _ = read_embedded(
        "nn.data", "digits.npz", "b2dab7b501728c22e9119ad76740b2e17c77a231e42d1e592380d90886f1a05e"
    )
    with np.load(io.BytesIO(content)) as arrays:
        return ImageDataset(arrays["images"], arrays["labels"])
