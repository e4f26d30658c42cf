"""Programs for ``python -m autograd_core.viz.step``, and fixtures that write them and step through them."""

from __future__ import annotations

import textwrap
from collections.abc import Callable
from pathlib import Path

import pytest

from autograd_core.viz.step.command import main

LOOP = """\
    import autograd_core as ag
    import optim

    w, x = ag.tensor(1.0, requires_grad=True), ag.tensor([1.0, 2.0])
    optimizer = optim.SGD([w], lr=0.05)
    for i in range(3):
        loss = ((w * x - 3) ** 2).sum()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    print("w ends as", w.item())
    """


@pytest.fixture
def write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Write a program into the folder where the test then is."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("NO_COLOR", raising=False)

    def written(text: str, name: str = "train.py") -> None:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(textwrap.dedent(text), "utf-8")

    return written


@pytest.fixture
def step(capsys: pytest.CaptureFixture[str]) -> Callable[..., tuple[str, str]]:
    """Run the command line in this process; return what it printed, and what it said beside it."""

    def run(*arguments: str, status: int = 0) -> tuple[str, str]:
        code = main(arguments)
        out, err = capsys.readouterr()
        assert code == status, err
        return out, err

    return run


BODY = "import autograd_core as ag\nw = ag.tensor(2.0, requires_grad=True)\n"
