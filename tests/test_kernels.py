"""Kernels against naive loops, in both dtypes; the threads and the compiler behind them; the seam to them."""

from __future__ import annotations

import itertools
import os
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from same_for_all_threads import check_numbers_of_threads, check_threads_of_the_user

from autograd_core import backend
from autograd_core.errors import ArgumentError
from autograd_core.kernels import blas, cpu, jit, threads

FLOATS = [np.float32, np.float64]
ROOT = Path(__file__).parents[1]

# ------------------------------------------------------------------------------------------------------------ threads


def run(code: str, cwd: Path = ROOT, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run *code* in a new interpreter, with Numba as users have it; copies of the package are not to be measured."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("NUMBA_", "COVERAGE_"))}
    command = [sys.executable, "-c", code]
    return subprocess.run(
        command, capture_output=True, text=True, check=False, cwd=cwd, env=kept | environment, timeout=120
    )


def every_kernel() -> list[np.ndarray]:
    """What all kernels make of the same numbers."""
    rng = np.random.default_rng(0)
    x, w = rng.normal(size=(11, 4, 9, 9)).astype(np.float32), rng.normal(size=(6, 2, 3, 3)).astype(np.float32)
    how = {"stride": (2, 1), "padding": ((1, 0), (2, 1)), "dilation": (1, 2), "groups": 2}
    y = cpu.conv(x, w, **how)
    windows = (2, 2), (2, 2), (0, 0), (1, 1), False
    mean = {"windows": ((3, 3), (2, 2), (1, 1), (1, 1), True), "count_include_pad": False, "divisor": None}
    pooled, positions = cpu.max_pool(x, windows=windows)
    averaged = cpu.avg_pool(x, **mean)
    return [
        y,
        cpu.conv_input(y, w, shape=x.shape, **how),
        cpu.conv_weight(y, x, shape=w.shape, **how),
        pooled,
        positions,
        cpu.pool_scatter(pooled, positions, shape=x.shape, windows=windows),
        cpu.pool_gather(x, positions, windows=windows),
        averaged,
        cpu.avg_pool_input(averaged, shape=x.shape, **mean),
        cpu.exp(x),
        cpu.softmax(x, axis=(1,), logarithm=False),
        cpu.sum_over(x, (0, 2, 3), keepdims=False),
        cpu.dropout(x, key=1, p=0.5),
    ]


@pytest.mark.usefixtures("any_work_is_shared")
def test_bits_do_not_depend_on_the_number_of_threads() -> None:
    check_numbers_of_threads(every_kernel, (2, 3, 16))


@pytest.mark.usefixtures("any_work_is_shared")
def test_threads_of_the_user_may_call_kernels_at_once() -> None:
    check_threads_of_the_user(every_kernel)


@pytest.mark.usefixtures("any_work_is_shared")
def test_every_share_is_run_once() -> None:
    for n_threads, n in itertools.product((1, 2, 3, 5), (0, 1, 2, 7)):
        threads.set_num_threads(n_threads)
        counts = np.zeros(n, int)

        def count(start: int, stop: int, counts: np.ndarray) -> None:
            counts[start:stop] += 1

        threads.parallel(count, n, counts, work=1.0)
        assert (counts == 1).all()


def test_a_little_work_stays_with_the_caller() -> None:
    ran = []
    threads.parallel(lambda start, stop: ran.append((start, stop, threading.current_thread())), 9, work=1.0)
    assert ran == [(0, 9, threading.current_thread())]


@pytest.mark.usefixtures("any_work_is_shared")
def test_parallel_inside_parallel() -> None:
    threads.set_num_threads(2)
    total = np.zeros((6, 6), int)

    def inner(start: int, stop: int, row: np.ndarray) -> None:
        row[start:stop] += 1

    def outer(start: int, stop: int) -> None:
        for i in range(start, stop):
            threads.parallel(inner, 6, total[i], work=1.0)

    threads.parallel(outer, 6, work=1.0)
    assert (total == 1).all()


@pytest.mark.usefixtures("any_work_is_shared")
@pytest.mark.parametrize("bad", [0, 5])
def test_an_error_in_any_share_reaches_the_caller_after_all_have_ended(bad: int) -> None:
    threads.set_num_threads(3)
    ended = []

    def work(start: int, stop: int) -> None:
        if start <= bad < stop:
            raise ZeroDivisionError(f"share of {bad}")
        ended.append(start)

    with pytest.raises(ZeroDivisionError, match=f"share of {bad}"):
        threads.parallel(work, 6, work=1.0)
    threads.parallel(work, 0, work=1.0)  # the helpers live on


@pytest.mark.usefixtures("any_work_is_shared")
def test_work_is_done_without_helpers_that_cannot_be_had(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(thread: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    threads.set_num_threads(3)
    monkeypatch.setattr(threads.Thread, "start", refuse)
    counts = np.zeros(7, int)
    threads.parallel(lambda start, stop: counts.__setitem__(slice(start, stop), 1), 7, work=1e9)
    assert (counts == 1).all()


@pytest.mark.parametrize("n", [0, -1, 1.5, True, "2"])
def test_a_wrong_number_of_threads(n: Any) -> None:
    with pytest.raises(ValueError, match=r"n is .*: expected a number of threads, an int of at least 1"):
        threads.set_num_threads(n)


def test_the_default_number_of_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    cores = threads._default()
    assert 1 <= cores <= (os.cpu_count() or 1)
    for value, expected in (("3", 3), ("5,2", 5), ("0", cores), ("many", cores), ("", cores)):
        monkeypatch.setenv("OMP_NUM_THREADS", value)
        assert threads._default() == expected


FORK = """
import os, sys, threading, warnings
sys.path[:0] = [{root!r}, {tests!r}]
from autograd_core.kernels import threads
from test_kernels import every_kernel
threads.PAYS_FROM = 0
threads.set_num_threads(2)
bits = lambda: [a.tobytes() for a in every_kernel()]
helpers = lambda: [t for t in threading.enumerate() if t.name.startswith("autograd_core")]
expected = bits()
assert helpers()
warnings.simplefilter("error")  # from Python 3.12 on, a fork beside running threads warns
child = os.fork()
assert not helpers()
assert bits() == expected
assert helpers()
if child:
    sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_a_forked_child_makes_its_own_helpers() -> None:
    done = run(FORK.format(root=str(ROOT), tests=str(ROOT / "tests")))
    assert (done.returncode, done.stdout) == (0, ""), done.stderr


# ----------------------------------------------------------------------------------------------------- the compiler


NOTICE = "autograd_core: compiling kernels once, a few seconds...\n"
EXP = """
import sys; sys.path[:0] = [{root!r}]
import numpy as np
from autograd_core.kernels import cpu
print(cpu.exp(np.zeros(1)).item())
"""


def test_compilation_is_announced_once_and_never_again(tmp_path: Path) -> None:
    code = EXP.format(root=str(ROOT)) + "cpu.erf(np.zeros(1))"
    for said in (NOTICE, ""):
        done = run(code, NUMBA_CACHE_DIR=str(tmp_path))
        assert (done.returncode, done.stdout, done.stderr) == (0, "1.0\n", said)


def test_a_folder_that_cannot_be_written_sends_the_cache_to_the_user(tmp_path: Path) -> None:
    package = tmp_path / "autograd_core"
    package.mkdir()
    (package / "__init__.py").touch()  # without it an installed package of this name would come first
    for file in (ROOT / "autograd_core/kernels").rglob("*.py"):
        copy = package / file.relative_to(ROOT / "autograd_core")
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_bytes(file.read_bytes())
        (copy.parent / "__pycache__").touch()  # a file: no folder of this name can be made, whoever asks
    for said in (NOTICE, ""):
        done = run(EXP.format(root=str(tmp_path)), tmp_path, HOME=str(tmp_path), XDG_CACHE_HOME=str(tmp_path / "user"))
        assert (done.returncode, done.stdout, done.stderr) == (0, "1.0\n", said)
    assert list(tmp_path.rglob("*.nbi"))


def test_a_kernel_of_no_file_is_compiled_without_a_cache() -> None:
    space: dict[str, Any] = {"kernel": jit.kernel}
    exec(compile("@kernel\ndef half(x):\n    return x / 2", "<prompt>", "exec"), space)
    assert space["half"](3.0) == 1.5


def test_a_division_by_zero_gives_infinity() -> None:
    with np.errstate(divide="ignore"):  # plain Python warns
        assert divided(np.array([1.0, -1.0]), 0.0).tolist() == [np.inf, -np.inf]
    assert divided(np.empty(0, np.float32), 2.0).shape == (0,)


@jit.kernel
def divided(x: np.ndarray, y: float) -> np.ndarray:
    out = np.empty_like(x)
    for i in range(len(x)):
        out[i] = x[i] / np.float64(y)
    return out


@jit.kernel(fastmath={"reassoc", "contract"})
def added_up(x: np.ndarray) -> float:
    total = 0.0
    for value in x:
        total += value
    return total


def test_liberties_are_taken_kernel_by_kernel() -> None:
    assert added_up(np.arange(9.0)) == 36
    assert np.isnan(added_up(np.array([1.0, np.nan])))
    if hasattr(added_up, "targetoptions"):  # not so when kernels run as plain Python
        assert added_up.targetoptions["fastmath"] == {"reassoc", "contract"}
        assert divided.targetoptions["fastmath"] is False
        assert divided.targetoptions["nogil"] is True


def test_kernels_run_as_plain_python() -> None:
    done = run(
        EXP.format(root=str(ROOT)) + "print(type(sys.modules['autograd_core.kernels.cpu.elementwise']._exp).__name__)",
        NUMBA_DISABLE_JIT="1",
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "1.0\nfunction\n", "")


BROKEN = """
import sys; sys.path[:0] = [{root!r}]
from numba.core.dispatcher import Dispatcher
def refuse(*args):
    raise MemoryError("no executable memory")
Dispatcher.compile = refuse
import numpy as np
from autograd_core.kernels import cpu
how = dict(stride=(1, 1), padding=((1, 1), (1, 1)), dilation=(1, 1), groups=1)
x, w = np.ones((1, 64, 8, 8), np.float32), np.ones((64, 64, 3, 3), np.float32)
print(cpu.conv(x, w, **how)[0, 0, 1, 1], cpu.conv_input(x, w, shape=x.shape, **how)[0, 0, 1, 1])
print(cpu.conv_weight(x, x, shape=w.shape, **how)[0, 0, 1, 1], cpu.product(np.ones((64, 512)), np.ones((512, 64)))[0, 0])
print(cpu.exp(np.zeros(1)).item(), cpu.max_pool(x[:, :1], windows=((2, 2), (2, 2), (0, 0), (1, 1), False))[0].sum())
table = cpu.recurrent_table(*(np.ones(s) for s in ((8, 1), (32, 1), (32, 8), (32,), (32,), (4, 16))))
print(cpu.recurrence(table, mode="lstm", batch_sizes=(4, 4), reverse=False)[0].shape)
"""


@pytest.mark.skipif(bool(jit.numba.config.DISABLE_JIT), reason="is about the compiler")
def test_where_nothing_can_be_compiled_kernels_run_as_plain_python(tmp_path: Path) -> None:
    done = run(BROKEN.format(root=str(ROOT)), NUMBA_CACHE_DIR=str(tmp_path))
    said = "kernels cannot be compiled (MemoryError: no executable memory); they run as plain Python, many times slower"
    assert (done.returncode, done.stderr) == (0, f"autograd_core: {said}\n"), done.stderr
    assert done.stdout == "576.0 576.0\n64.0 512.0\n1.0 16.0\n(3, 4, 16)\n"


FULL = """
import sys; sys.path[:0] = [{root!r}]
from numba.core import caching
def refuse(*args):
    raise OSError(28, "No space left on device")
caching.IndexDataCacheFile.save = refuse
import numpy as np
from autograd_core.kernels import cpu
print(cpu.exp(np.zeros(1)).item(), len(sys.modules[cpu.exp.__module__]._exp.signatures))
"""


@pytest.mark.skipif(bool(jit.numba.config.DISABLE_JIT), reason="is about the compiler")
def test_a_full_disk_costs_the_cache_and_no_more(tmp_path: Path) -> None:
    done = run(FULL.format(root=str(ROOT)), NUMBA_CACHE_DIR=str(tmp_path))
    assert (done.returncode, done.stdout, done.stderr) == (0, "1.0 1\n", NOTICE), done.stderr


@pytest.mark.skipif(bool(jit.numba.config.DISABLE_JIT), reason="is about the compiler")
def test_a_wrong_kernel_is_an_error() -> None:
    @jit.kernel
    def wrong(x: np.ndarray) -> Any:
        return x.no_such_attribute

    with pytest.raises(jit.NumbaError, match="no_such_attribute"):
        wrong(np.ones(1))


REACHED = """
import sys; sys.path[:0] = [{root!r}, {tests!r}]
import numpy as np
from autograd_core.kernels import jit
from test_kernels import compiled_kernels
warmed = []
jit.at_warm_up(warmed.append)
jit.warm_up()
assert warmed == [np.dtype(np.float32), np.dtype(np.float64)]
kernels = compiled_kernels()
print(len(kernels) > 50, [name for name, kernel in kernels.items() if not kernel.signatures])
"""


@pytest.mark.skipif(bool(jit.numba.config.DISABLE_JIT), reason="is about the compiler")
def test_warm_up_reaches_every_kernel() -> None:
    done = run(REACHED.format(root=str(ROOT), tests=str(ROOT / "tests")))
    assert (done.returncode, done.stdout) == (0, "True []\n"), done.stderr


def compiled_kernels() -> dict[str, Any]:
    """Every compiled function of the kernels package, but those that others call: they are compiled with their callers."""
    modules = {name: module for name, module in sys.modules.items() if name.startswith(cpu.__name__)}
    found = {f"{module}.{name}": f for module, names in modules.items() for name, f in vars(names).items()}
    kernels = {k: f for k, f in found.items() if hasattr(f, "signatures") and not f.targetoptions["forceinline"]}
    called = [f.py_func.__globals__.get(name) for f in kernels.values() for name in f.py_func.__code__.co_names]
    return {name: f for name, f in kernels.items() if all(f is not other for other in called)}


# ----------------------------------------------------------------------------------------------------------- the seam


def test_numpy_arrays_are_of_the_cpu() -> None:
    found = backend.of(np.ones(2), np.zeros(3, int))
    assert (found.name, found.xp, found.kernels) == ("cpu", np, cpu)
    assert backend.of(np.float32(1)) is backend.of(np.ones(2).view(np.recarray)) is found


def test_an_unknown_array_has_no_backend() -> None:
    with pytest.raises(
        ArgumentError, match=r"no backend for arrays of type builtins.list: expected numpy.ndarray; convert"
    ):
        backend.of(np.ones(2), [1.0])
    with pytest.raises(ArgumentError, match="needs at least one array"):
        backend.of()


def test_arrays_of_two_backends_do_not_meet(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(backend._BY_TYPE, bytes, backend.Backend("elsewhere", np, cpu))
    with pytest.raises(ArgumentError, match="arrays of the backends cpu and elsewhere meet: move them to one device"):
        backend.of(np.ones(2), b"")


# ------------------------------------------------------------------------------------------------------------------ BLAS


def test_blas_has_one_thread_meanwhile_and_its_own_number_afterwards(monkeypatch: pytest.MonkeyPatch) -> None:
    numbers = [7]
    monkeypatch.setattr(blas, "_get", lambda: numbers[-1])
    monkeypatch.setattr(blas, "_set", numbers.append)
    assert blas.one_thread(lambda *args: (args, blas.get_num_threads()), 1, 2) == ((1, 2), 1)
    assert numbers == [7, 1, 7]
    with pytest.raises(ZeroDivisionError):
        blas.one_thread(lambda: 1 / 0)
    assert numbers == [7, 1, 7, 1, 7]
    blas.one_thread(blas.one_thread, lambda: None)
    assert numbers == [7, 1, 7, 1, 7, 1, 7]


def test_a_blas_that_cannot_be_asked_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(blas, "_get", None)
    monkeypatch.setattr(blas, "_set", None)
    assert blas.one_thread(blas.get_num_threads) == 1
    assert blas._find("no_such_function") is None


def test_numpys_own_openblas_is_found_where_it_brings_one() -> None:
    name = np.show_config(mode="dicts")["Build Dependencies"]["blas"]["name"]
    assert ("scipy-openblas" in name) <= (blas._set is not None)
