"""Arrays as PNG pictures inside a page, through pillow."""

from __future__ import annotations

import base64
import io
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["data_uri", "diverging", "gray"]


def gray(picture: NDArray[Any]) -> NDArray[np.uint8]:
    """Return values from 0 to 1 as bytes."""
    return np.asarray(np.round(np.clip(picture, 0, 1) * 255), np.uint8)


def diverging(weights: NDArray[Any]) -> NDArray[np.uint8]:
    """Return weights ``(H, W)`` as colours ``(H, W, 3)``: blue below zero, white at zero, orange above.

    >>> diverging(np.array([[-1.0, 0.0, 1.0]])).tolist()
    [[[47, 95, 190], [250, 250, 248], [214, 96, 32]]]
    """
    low, middle, high = np.array([[47, 95, 190], [250, 250, 248], [214, 96, 32]], np.float64)
    x = weights[..., None] / max(float(np.abs(weights).max()), 1e-12)  # (H, W, 1), from -1 to 1
    colours = middle + np.maximum(x, 0) * (high - middle) + np.maximum(-x, 0) * (low - middle)
    return np.asarray(np.round(colours), np.uint8)


def data_uri(pixels: NDArray[np.uint8]) -> str:
    """Return bytes ``(H, W)`` or ``(H, W, 3)`` as the address of a PNG that carries its contents."""
    try:
        from PIL import Image
    except ImportError as error:
        raise ImportError("pictures in a page need the package pillow, which writes PNG: pip install pillow") from error
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "PNG", optimize=True)
    return "data:image/png;base64," + base64.b64encode(file.getvalue()).decode()
