"""What a process that measures is given, and what is said about the machine it ran on."""

from __future__ import annotations

import os
import platform
import subprocess
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from .libraries import Library

ROOT = Path(__file__).parents[1]
THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS")
FORCED = (  # where these are set, a slower BLAS kernel serves than users have, and every import compiles anew
    "OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE", "PYTHONDONTWRITEBYTECODE",
)  # fmt: skip

# By default glibc gives every large array back to the system when it dies, so the next one costs page faults, which say
# nothing about the code.  Users have the default, therefore both are measured.
MALLOC = {
    "raised": "glibc.malloc.mmap_threshold=4294967296:glibc.malloc.trim_threshold=8589934592:"
    "glibc.malloc.top_pad=268435456",
    "default": "",
}


def environment(base: Mapping[str, str], threads: int, malloc: str) -> dict[str, str]:
    """Return *base* with as many threads for everybody, BLAS free to choose its kernel, and the setting of malloc."""
    kept = {name: value for name, value in base.items() if name not in (*FORCED, "GLIBC_TUNABLES")}
    paths = [str(ROOT), *filter(None, [kept.get("PYTHONPATH")])]
    kept |= dict.fromkeys(THREADS, str(threads)) | {"PYTHONPATH": os.pathsep.join(paths), "JAX_PLATFORMS": "cpu"}
    return kept | ({"GLIBC_TUNABLES": MALLOC[malloc]} if MALLOC[malloc] else {})


def cores() -> list[int]:
    """Return the cores that this process may use, or numbers for them where the system does not tell."""
    return sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else list(range(os.cpu_count() or 1))


def pin(threads: int) -> None:
    """Keep this process, and what it starts, on as many cores as it has threads."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, cores()[:threads])


def describe(libraries: Iterable[Library], peers: Mapping[str, str]) -> dict[str, str]:
    """Return where and with what it is measured; to be asked when everything is loaded."""
    import numba
    import numpy as np

    versions = {"Python": platform.python_version(), "numpy": np.__version__, "numba": numba.__version__}
    versions |= {library.name: getattr(library.core, "__version__", "this checkout") for library in libraries}
    return {
        "processor": f"{_processor()}, {os.cpu_count()} cores",
        "vectors": _vectors(),
        "system": f"{platform.system()} {platform.machine()}, {' '.join(platform.libc_ver())}".rstrip(", "),
        "versions": ", ".join(f"{name} {version}" for name, version in {**versions, **peers}.items()),
        "BLAS": "; ".join(_blas()) or "unknown: pip install threadpoolctl",
    }


def commit() -> str:
    """Return the commit of this checkout, with a plus sign if files were changed since; "" where there is no git."""
    try:
        told = subprocess.run(
            ["git", "describe", "--always", "--dirty=+", "--exclude=*"],
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=True,
        )
    except (OSError, subprocess.CalledProcessError):
        return ""
    return told.stdout.strip()


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        lines = []
    return next((line.partition(":")[2].strip() for line in lines if "model name" in line), platform.processor())


def _vectors() -> str:
    import numpy as np

    from autograd_core.kernels.vector import lanes

    return f"{lanes(np.dtype(np.float32))} float32 in a register"


def _blas() -> list[str]:
    """Return which BLAS are loaded, and the kernel for which processor serves in each."""
    try:
        import threadpoolctl
    except ImportError:
        return []
    loaded = [found for found in threadpoolctl.threadpool_info() if found["user_api"] == "blas"]
    return list(dict.fromkeys(map(_named, loaded)))


def _named(found: Mapping[str, Any]) -> str:
    kernel = found.get("architecture") or ""
    return f"{found['internal_api']} {found['version']} {kernel}".strip()
