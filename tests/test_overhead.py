"""The benchmark runs, and measures what it says."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks import overhead


@pytest.mark.parametrize("workload", overhead.WORKLOADS, ids=lambda workload: workload.title)
def test_a_workload_is_timed_both_ways(workload: overhead.Workload) -> None:
    found = overhead.measure(workload, [overhead.OURS], rounds=1, in_a_row=2)
    assert set(found) == {"warm", "cold"}
    for timings in found.values():
        assert 0 < timings["autograd_core"].minimum <= timings["autograd_core"].median


def test_every_thread_count_is_one_and_blas_is_free() -> None:
    prepared = overhead.prepared({"OPENBLAS_CORETYPE": "Haswell", "OPENBLAS_L2_SIZE": "512", "HOME": "/here"})
    assert {"OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE"}.isdisjoint(prepared)
    assert {prepared[name] for name in overhead.THREADS} == {"1"}
    assert prepared["HOME"] == "/here"


@pytest.mark.slow
def test_the_command_prints_a_table_and_writes_every_figure(tmp_path: Path) -> None:
    ran = subprocess.run(
        [sys.executable, overhead.__file__, "--quick", "--json", tmp_path / "all.json"],
        capture_output=True,
        text=True,
        check=True,
    )
    figures = json.loads((tmp_path / "all.json").read_text())
    assert {row["workload"] for row in figures["results"]} == {workload.title for workload in overhead.WORKLOADS}
    assert all(workload.title in ran.stdout for workload in overhead.WORKLOADS)
