"""A real Chromium without a window, for tests of pages; they are skipped where there is none."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

NAMES = ("chromium", "chromium-browser", "google-chrome")
ARGUMENTS = ["--disable-gpu", "--disable-quic", "--disable-background-networking", "--no-first-run"]
NONE = "no Chromium: install it (apt install chromium), or set CHROMIUM to its path, and pip install playwright"


def program() -> str | None:
    """Where Chromium is: what the variable CHROMIUM says, else the first of its names on the PATH."""
    return os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, NAMES)), None)


@contextmanager
def launched() -> Iterator[Any]:
    """Start the browser; skip the tests that want it where it or playwright is missing."""
    found = program()
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        found = None
    if found is None:
        pytest.skip(NONE)
    arguments = [
        *ARGUMENTS,
        *(["--no-sandbox"] if hasattr(os, "geteuid") and os.geteuid() == 0 else []),
    ]  # root's Chromium wants it
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=arguments)
        yield browser
        browser.close()


class Window:
    """One page in a context of its own, offline: it remembers what was asked for and what the console said."""

    def __init__(
        self, browser: Any, file: Path | None = None, size: tuple[int, int] = (1280, 800), **options: Any
    ) -> None:
        options = {"reduced_motion": "reduce", "offline": True} | options
        self.context = browser.new_context(viewport={"width": size[0], "height": size[1]}, **options)
        self.page = self.context.new_page()
        self.requests: list[str] = []
        self.said: list[str] = []
        self.page.on("request", lambda request: self.requests.append(request.url))
        self.page.on("console", lambda message: self.said.append(message.text))
        self.page.on("pageerror", lambda error: self.said.append(str(error)))
        if file is not None:
            self.page.goto(file.as_uri())

    def __enter__(self) -> Any:
        return self

    def __exit__(self, *exception: object) -> None:
        self.context.close()

    def press(self, *keys: str) -> None:
        for key in keys:
            self.page.keyboard.press(key)

    def run(self, script: str, argument: Any = None) -> Any:
        return self.page.evaluate(script, argument)

    def until(self, script: str, patience: float = 10.0) -> None:
        """Wait until *script* is true; a page's policy does not let playwright do that inside."""
        end = time.monotonic() + patience
        while not self.page.evaluate(script):
            assert time.monotonic() < end, f"never true: {script}"
            self.page.wait_for_timeout(20)

    def text(self, selector: str) -> str:
        return str(self.page.inner_text(selector))
