"""The command that compiles all kernels ahead."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from test_kernels import run

from autograd_core import warmup
from autograd_core.kernels import jit

ROOT = Path(__file__).parents[1]


def test_the_command_lists_the_modules_that_have_kernels(capsys: pytest.CaptureFixture[str]) -> None:
    assert warmup.main(["--list"]) == 0
    listed = capsys.readouterr().out.split()
    assert {"autograd_core.kernels.cpu.convolution", "autograd_core.kernels.cpu.product", "optim.adam"} <= set(listed)
    assert len(listed) == len(set(listed))


@pytest.mark.skipif(bool(jit.numba.config.DISABLE_JIT), reason="is about the compiler")
def test_each_module_is_compiled_and_said(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NUMBA_DISABLE_JIT", raising=False)
    done: list[Any] = []

    def compile_(dtype: Any) -> None:
        done.append(dtype)

    monkeypatch.setattr(jit, "_warmers", [compile_])
    assert warmup.main(["--dtypes", "float64"]) == 0
    assert done == ["float64"]
    first, last = capsys.readouterr().out.splitlines()
    assert first.startswith("[1/1]")
    assert first.endswith(f"s  float64  {__name__}")
    assert last.startswith("The kernels are ready, after ")


def test_nothing_is_compiled_where_that_is_switched_off(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NUMBA_DISABLE_JIT", "1")
    assert warmup.main([]) == 1
    assert capsys.readouterr().err == "NUMBA_DISABLE_JIT is set, so that kernels are not compiled: unset it first\n"


def test_a_wrong_dtype_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert warmup.main(["--dtypes", "float16"]) == 2
    assert capsys.readouterr().err == (
        "python -m autograd_core.warmup: --dtypes: there is no choice 'float16'; did you mean 'float64' or 'float32'?\n"
    )


def test_it_runs_as_a_program() -> None:
    done = run(
        "import sys; sys.argv[1:] = ['--list']; import runpy; runpy.run_module('autograd_core.warmup', None, '__main__')"
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert "autograd_core.kernels.cpu.convolution" in done.stdout
