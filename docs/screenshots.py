"""The screenshots of page.md: ``make docs-screenshots`` takes them, in Chromium."""

from __future__ import annotations

import io
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from browser import Window, launched
from PIL import Image

from autograd_core.viz.demo.command import NAMES, write

__all__ = ["FOLDER", "SHOTS"]

FOLDER = Path(__file__).with_name("pictures")
SIZES = {"wide": (1280, 800), "narrow": (390, 844)}
# What is pressed before each picture is taken.
KEYS = {
    "xor": ["ArrowRight"] * 7,
    "lenet": ["ArrowRight"] * 9,
    "rnn": ["ArrowRight"] * 20,
    "resnet": ["ArrowRight"] * 12,
}
SHOTS = [(name, size, False) for name in NAMES for size in SIZES] + [("xor", "wide", True)]


def shot(browser: Any, page: Path, keys: list[str], size: tuple[int, int], dark: bool) -> Image.Image:
    """Return a picture of *page* after *keys* were pressed."""
    with Window(browser, page, size, color_scheme="dark" if dark else "light") as window:
        window.until("document.querySelector('.box') !== null")
        window.press(*keys)
        window.page.wait_for_timeout(100)  # until it is painted
        return Image.open(io.BytesIO(window.page.screenshot()))


def take(folder: Path) -> None:
    """Write all screenshots into *folder*."""
    with TemporaryDirectory() as made, launched() as browser:
        pages = {name: write(name, Path(made))[0] for name in NAMES}
        for name, size, dark in SHOTS:
            picture = (
                shot(browser, pages[name], KEYS[name], SIZES[size], dark)
                .convert("RGB")
                .quantize(256, dither=Image.Dither.NONE)
            )
            picture.save(folder / f"page-{name}-{size}{'-dark' if dark else ''}.png", optimize=True)


if __name__ == "__main__":
    take(FOLDER)
