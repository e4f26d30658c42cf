"""Photographs that ship with the package."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .embedded import read_embedded

__all__ = ["photographs"]

CHECKSUMS = {
    "astronaut": "945df306f127a6012259cb6b4694cd1f07c49d63e21136ff595cdd99f3516028",
    "chelsea": "2c0357a57121a80b7145db42b093f743c9a0405e33f9e48fd102319a6ce3af89",
    "coffee": "14e95c22745cc5335c4c7a9979efb309af519622208406c0ab39e18fabb19317",
}


def photographs() -> dict[str, NDArray[np.uint8]]:
    """Return the photographs by name, each (3, H, W) from 0 to 255, in the order red, green, blue.

    "astronaut" is Eileen Collins before a space shuttle's model, "chelsea" a cat, "coffee" a cup of espresso.  Licences:
    nn/data/files/NOTICE.

    Raises ImportError without pillow, which reads JPEG, and DataError for a damaged file.

    >>> {name: picture.shape for name, picture in photographs().items()}
    {'astronaut': (3, 512, 512), 'chelsea': (3, 300, 451), 'coffee': (3, 400, 600)}
    """
    return {name: _decoded(read_embedded("nn.data", f"{name}.jpg", sha256)[0]) for name, sha256 in CHECKSUMS.items()}


def _decoded(content: bytes) -> NDArray[np.uint8]:
    image: Any = _pillow().open(io.BytesIO(content)).convert("RGB")
    return np.ascontiguousarray(np.moveaxis(np.asarray(image), -1, 0))


def _pillow() -> Any:
    try:
        from PIL import Image
    except ImportError as error:
        raise ImportError("photographs needs the package pillow, which reads JPEG files: pip install pillow") from error
    return Image
