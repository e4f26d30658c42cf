"""The fixtures of conftest.py do notice what a test leaves behind."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

TESTS = Path(__file__).parent
LEAKS = """
import os, random, threading
import numpy as np
import autograd_core as ag

STOP = threading.Event()

def test_mode():
    ag.set_grad_enabled(False)

def test_mode_was_put_back():
    assert ag.is_grad_enabled()

def test_errstate():
    np.seterr(all="ignore")

def test_folder(tmp_path):
    os.chdir(tmp_path)

def test_environment():
    os.environ["LEFT"] = "behind"

def test_numpy_generator():
    np.random.rand()

def test_python_generator():
    random.random()

def test_thread():
    threading.Thread(target=STOP.wait, name="forgotten", daemon=True).start()

def test_clean():
    STOP.set()
    with ag.no_grad():
        ag.rand(3)
"""
TRACES = (
    "recording mode was True, is now False",
    "NumPy's error handling was",
    "the working directory was",
    "the environment was",
    "the state of NumPy's global generator was",
    "the state of Python's global generator was",
    "thread 'forgotten' is still running",
)


def test_every_trace_is_named(tmp_path: Path) -> None:
    (tmp_path / "test_leaks.py").write_text(LEAKS)
    ran = subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "conftest", "-p", "no:cacheprovider", "--rootdir", tmp_path, tmp_path],
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(TESTS), str(TESTS.parent)])},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    missing = [trace for trace in TRACES if f"the test leaves traces: {trace}" not in ran.stdout]
    assert not missing, ran.stdout
    assert f"9 passed, {len(TRACES)} errors" in ran.stdout
