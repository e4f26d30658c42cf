"""Traces, their pages, and fixtures that show them in a browser."""

from __future__ import annotations

import base64
import gzip
import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from browser import Window

import autograd_core as ag
import nn
from autograd_core.viz import Trace, trace
from autograd_core.viz.page import html_of

# What the reader sees of the current step.
SEEN = """() => Object.fromEntries([...document.querySelectorAll('#panel figure.array')].map((f) => [
    f.dataset.role + (f.dataset.role === 'value' ? ':' + f.querySelector('b').textContent : ''),
    {key: f.dataset.key ?? null, texts: [...f.querySelectorAll('.number, .matrix td')].map((c) => c.textContent)}]))"""
STATE = """() => [document.querySelector('#panel').innerText, document.querySelector('#taken').textContent,
    ...[...document.querySelectorAll('.box')].map((b) => [b.ariaLabel, b.dataset.state, b.getAttribute('class')])]"""


def xor() -> Trace:
    X = ag.tensor([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
    Y = ag.tensor([[0.0], [1.0], [1.0], [0.0]])
    W1, b1 = ag.randn(2, 3).requires_grad_(), ag.zeros(3).requires_grad_()
    W2, b2 = ag.randn(3, 1).requires_grad_(), ag.zeros(1).requires_grad_()
    h = ag.tanh(X @ W1 + b1)
    p = ag.sigmoid(h @ W2 + b2)
    loss = ((p - Y) ** 2).mean()
    return trace(loss)


def assorted() -> Trace:
    """Fan-out, broadcasting, NaN and infinity, three dimensions, integers, a vector in lines, a matrix of many entries."""
    w = ag.tensor([[1.5, -2.0], [0.25, 1e-7]], requires_grad=True)
    v = ag.arange(1.0, 13.0).requires_grad_()
    big = ag.linspace(-1, 1, 900).reshape(30, 30).requires_grad_()
    cube = (w.unsqueeze(0) * ag.ones(3, 1, 1)).sum() + w.sum() * 1000
    with np.errstate(all="ignore"):
        odd = (v - 1).log()[ag.tensor([0, 3])].sum()
    loss = cube + (w * w).sum() + (v * v).sum() + odd + (big @ big[:, :2]).sum()
    return trace(loss)


def blocks() -> Trace:
    """A network with a fold, of two levels."""
    net = nn.Sequential(
        nn.Linear(3, 4), *[nn.Sequential(nn.Linear(4, 4), nn.Tanh()) for _ in range(3)], nn.Linear(4, 1)
    )
    x = ag.ones(2, 3)
    return trace(net, x, names={"net": net})


def recurrent() -> Trace:
    cell, h = nn.RNNCell(3, 5), ag.zeros(1, 5)
    for x in ag.randn(6, 1, 3):
        h = cell(x, h)
    loss = h.square().sum()
    return trace(loss)


def one_tensor() -> Trace:
    w = ag.tensor([1.0, 2.0], requires_grad=True)
    return trace(w)


CASES: dict[str, Callable[[], Trace]] = {f.__name__: f for f in (xor, assorted, blocks, recurrent, one_tensor)}


@pytest.fixture(scope="module")
def traces() -> dict[str, Trace]:
    ag.manual_seed(0)
    return {name: make() for name, make in CASES.items()}


@pytest.fixture(scope="module")
def pages(traces: dict[str, Trace], tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("pages")
    for name, made in traces.items():
        (folder / f"{name}.html").write_text(html_of(made), "utf-8")
    return {name: folder / f"{name}.html" for name in traces}


@pytest.fixture
def window(chromium: Any, pages: dict[str, Path]) -> Iterator[Callable[..., Window]]:
    """Open a page; at the end nothing but its file was asked for, and the console is silent."""
    opened: list[tuple[Window, str]] = []

    def open_page(name: str | Path, **options: Any) -> Window:
        file = pages[name] if isinstance(name, str) else name
        opened.append((Window(chromium, file, **options), file.as_uri()))
        w = opened[-1][0]
        if options.get("java_script_enabled", True):
            w.page.wait_for_selector("#panel h2")
        return w

    yield open_page
    for w, address in opened:
        w.context.close()
        assert w.requests == [address]
        assert w.said == []


def content(page: str) -> dict[str, Any]:
    """The data in a page."""
    found = re.search(r'id="data">([^<]*)<', page)
    assert found is not None
    made: dict[str, Any] = json.loads(gzip.decompress(base64.b64decode(found[1])))
    return made
