"""Every test starts from the same state, and must leave it as it was."""

from __future__ import annotations

import multiprocessing
import os
import random
import sys
import threading
import time
from collections.abc import Iterator
from contextvars import ContextVar
from pathlib import Path
from typing import Any

# Before NumPy is imported, here and in the processes that tests start: workers that run side by side share the cores,
# and sums must not depend on how many there are.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
os.environ.setdefault("MPLBACKEND", "Agg")

import browser
import hypothesis
import numpy as np
import pytest
from tqdm import tqdm

import autograd_core as ag
from autograd_core import modes
from autograd_core.kernels import threads

hypothesis.settings.register_profile("repeatable", derandomize=True, deadline=None, database=None)
hypothesis.settings.load_profile("repeatable")
tqdm.monitor_interval = 0  # its watchdog thread outlives the bar that started it

# By pytest, by the first torch.optim optimizer, and by scikit-learn.
SET_BY_OTHERS = {
    "PYTEST_CURRENT_TEST",
    "TORCHINDUCTOR_CACHE_DIR",
    "KMP_DUPLICATE_LIB_OK",
    "KMP_INIT_AT_FORK",
    "CRC32C_SW_MODE",
}
POOL = "autograd_core"  # threads of the engine's own pool bear this name, and stay


@pytest.fixture(autouse=True)
def same_start() -> None:
    """Seed the generators; a test that draws from the default one draws the same numbers wherever it runs."""
    ag.manual_seed(0)
    random.seed(0)
    np.random.seed(0)  # noqa: NPY002  # the packages never draw from it, but a test's library might


@pytest.fixture(autouse=True)
def nothing_leaks(same_start: None) -> Iterator[None]:
    """Fail the test that leaves a mode, a setting, a thread or a process behind, by the name of what it left."""
    before, threads = settings(), set(threading.enumerate())
    yield
    after = settings()
    traces = [f"{name} was {was!r}, is now {after[name]!r}" for name, was in before.items() if was != after[name]]
    restore(before)
    traces += [f"thread {t.name!r} is still running" for t in still_running(threads)]
    traces += [f"process {p.name!r} is still running" for p in multiprocessing.active_children()]
    traces += [f"figure {n} is still open" for n in open_figures()]
    assert not traces, "the test leaves traces: " + "; ".join(traces)


@pytest.fixture(scope="module")
def torch() -> Iterator[Any]:
    """The oracle, on one thread: its arrays are small.  Tests that ask for it are skipped where it is missing."""
    module = pytest.importorskip("torch")
    before = module.get_num_threads()
    module.set_num_threads(1)
    yield module
    module.set_num_threads(before)


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    """A browser, see tests/browser.py; tests that ask for it are skipped where there is none."""
    with browser.launched() as found:
        yield found


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[Any]:
    """Report the tests that are skipped for want of a browser together: one line says so, not one for each place."""
    report = yield
    if report.skipped and isinstance(report.longrepr, tuple) and report.longrepr[2].endswith(browser.NONE):
        report.longrepr = (browser.__file__, None, report.longrepr[2])
    return report


@pytest.fixture
def any_work_is_shared(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Share even the smallest work among threads, and give the number of threads back."""
    before = threads.get_num_threads()
    monkeypatch.setattr(threads, "PAYS_FROM", 0)
    yield
    threads.set_num_threads(before)


def settings() -> dict[str, Any]:
    """What a test could change for those that follow."""
    found = {f"{name} mode": mode.get() for name, mode in vars(modes).items() if isinstance(mode, ContextVar)}
    legacy = np.random.get_state(legacy=False)["state"]  # noqa: NPY002  # see same_start
    return found | {
        "NumPy's error handling": np.geterr(),
        "NumPy's print options": np.get_printoptions(),
        "the default dtype": ag.get_default_dtype(),
        "the printing options": ag.get_printoptions(),
        "the working directory": Path.cwd(),
        "the environment": {k: v for k, v in os.environ.items() if k not in SET_BY_OTHERS},
        "the state of NumPy's global generator": (hash(legacy["key"].tobytes()), legacy["pos"]),
        "the state of Python's global generator": hash(random.getstate()),
        "sys.path": list(sys.path),
        "the hook for uncaught errors": sys.excepthook,
    }


def restore(before: dict[str, Any]) -> None:
    """Put back what the next test would trip over."""
    for name, mode in vars(modes).items():
        if isinstance(mode, ContextVar):
            mode.set(before[f"{name} mode"])
    np.seterr(**before["NumPy's error handling"])
    ag.set_default_dtype(before["the default dtype"])
    ag.set_printoptions(**before["the printing options"])
    os.chdir(before["the working directory"])


def still_running(before: set[threading.Thread], patience: float = 1.0) -> list[threading.Thread]:
    """Threads that were started since and do not end within *patience* seconds."""
    end = time.monotonic() + patience
    new = [t for t in threading.enumerate() if t not in before and not t.name.startswith(POOL)]
    for t in new:
        t.join(max(0.0, end - time.monotonic()))
    return [t for t in new if t.is_alive()]


def open_figures() -> list[int]:
    pyplot = sys.modules.get("matplotlib.pyplot")
    return pyplot.get_fignums() if pyplot else []
