"""The benchmark runs, compares before it times, and reports what it measured.  No test looks at a time itself."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from autograd_core.commands import UsageError
from benchmarks import __main__ as command
from benchmarks import case, chart, child, libraries, machine, peers, report, startup, timing
from benchmarks.groups import GROUPS
from benchmarks.groups.workloads import Rule
from benchmarks.peers.updates import Updates

ROOT = Path(__file__).parents[1]
OURS = libraries.ours(1)
ALL = [(group, each) for group in GROUPS.values() for each in group.cases]
LIGHT = [  # a backward pass comes after a forward one
    each for group, each in ALL
    if group.name in ("overhead", "workloads") or (group.name in ("layers", "pool") and each.part == case.BACKWARD)
]  # fmt: skip


def programs(value: float, other: float) -> dict[str, case.Program]:
    """Two contenders whose results are these."""
    return {
        libraries.OURS: case.Program(lambda: None, lambda: {"result": np.full(4, value)}),
        libraries.PYTORCH: case.Program(lambda: None, lambda: {"result": np.full(4, other)}),
    }


# ------------------------------------------------------------------------------------------------------------ programs


@pytest.mark.parametrize("each", LIGHT, ids=lambda each: f"{each.name}, {each.part}")
def test_our_program_is_timed(each: case.Case) -> None:
    program = each.make(OURS)
    assert all(np.isfinite(np.asarray(value)).all() for value in program.values().values())
    found = timing.measure({"ours": program}, timing.ONCE)["ours"]
    assert 0 < found.minimum <= found.median


@pytest.mark.parametrize("each", GROUPS["steps"].cases, ids=lambda each: each.name)
def test_a_network_has_the_same_weights_in_both_libraries(each: case.Case) -> None:
    pytest.importorskip("torch")
    torch = libraries.LOADERS[libraries.PYTORCH](1)
    assert torch is not None
    assert not torch.lacks(each.needs)
    if "LeNet" in each.name:
        difference, what = case.difference(each.make(OURS).values(), each.make(torch).values())
        assert difference <= each.tolerance, what


@pytest.mark.parametrize("group", ["conv", "odd"])
def test_one_pass_alone_is_what_the_graph_computes(group: str) -> None:
    """The three kernels, called without a graph, on the smallest shape of a group."""
    smallest = min(GROUPS[group].cases, key=lambda each: np.prod([int(n) for n in each.name.split(" ")[0].split(",")]))
    cases = {each.part: each for each in GROUPS[group].cases if each.name == smallest.name}
    alone = {part: each.make(OURS).values() for part, each in cases.items() if part != case.BOTH}
    assert set(alone) == {"forward", "input gradient", "weight gradient"}
    together = cases[case.BOTH].make(OURS).values()
    np.testing.assert_allclose(alone["forward"]["forward"], together["result"], rtol=1e-5, atol=1e-5)


def test_shapes_are_named_apart() -> None:
    for group in GROUPS.values():
        names = [(each.name, each.part) for each in group.cases]
        assert len(names) == len(set(names))
        assert set(group.means) <= {each.part for each in group.cases}


def test_odd_shapes_are_at_least_ten() -> None:
    assert len({each.name for each in GROUPS["odd"].cases}) >= 10


@pytest.fixture
def peers_may_draw(nothing_leaks: None) -> Iterator[None]:
    """JAX draws from NumPy's global generator when it is imported; the tests of this project may not."""
    before = np.random.get_state()  # noqa: NPY002
    yield
    np.random.set_state(before)  # noqa: NPY002


@pytest.mark.usefixtures("peers_may_draw")
@pytest.mark.parametrize("name", peers.PEERS)
def test_a_peer_computes_the_same(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in ("TF_CPP_MIN_LOG_LEVEL", "TPU_SKIP_MDS_QUERY"):  # JAX sets them
        monkeypatch.setenv(variable, "1")
    pytest.importorskip(peers.PEERS[name])
    module = peers.installed()[name]
    for each in (*GROUPS["overhead"].cases, *GROUPS["workloads"].cases[:2]):
        program = module.program(each.problem)
        if program is not None:
            difference, what = case.difference(program.values(), each.make(OURS).values())
            assert difference <= each.tolerance, f"{each.name}: {what}"


@pytest.mark.parametrize("rule", [Rule("SGD", 0.1), Rule("SGD", 0.1, 0.9), Rule("Adam", 0.1), Rule("none")])
def test_update_rules_of_peers_are_those_of_optim(rule: Rule) -> None:
    start, gradient = np.array([1.0, -2.0], np.float32), np.array([0.5, 3.0], np.float32)
    theirs = start.copy()
    updates = Updates(rule, [theirs])
    ours = OURS.tensor(start, requires_grad=True)
    optimizers = {"SGD": OURS.optim.SGD, "Adam": OURS.optim.Adam}
    more = {"momentum": rule.momentum} if rule.name == "SGD" else {}
    optimizer = optimizers[rule.name]([ours], lr=rule.lr, **more) if rule.name in optimizers else None
    for _ in range(3):
        updates.step([gradient])
        ours.grad = OURS.tensor(gradient)
        if optimizer:
            optimizer.step()
    np.testing.assert_allclose(theirs, libraries.array(ours), rtol=1e-5)


# ---------------------------------------------------------------------------------------------------------- comparison


def test_difference_is_that_of_the_worst_value() -> None:
    expected = {"a": np.ones(4), "b": np.full(4, 2.0), "only here": 1}
    assert case.difference({"a": np.ones(4), "b": np.full(4, 2.2)}, expected) == (pytest.approx(0.1), "b")
    assert case.difference({"a": np.ones(3), "b": np.full(4, np.nan)}, expected)[0] == float("inf")
    assert np.isnan(case.difference({"a": np.full(4, np.nan)}, expected)[0])
    with pytest.raises(ValueError, match=r"nothing to compare: \['c'\] and \['a', 'b', 'only here'\]"):
        case.difference({"c": 1}, expected)


@pytest.mark.parametrize("value", [1.1, float("nan")])
def test_a_wrong_value_is_not_timed(value: float, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(child, "programs", lambda *_: programs(value, 1.0))
    row = child.row(
        case.Case("a product", "forward", lambda _: programs(1, 1)["PyTorch"]), [], {}, timing.ONCE, pause=0.0
    )
    assert "result differs by" in row["wrong"][libraries.OURS]
    assert set(row["seconds"]) == {libraries.PYTORCH}


def test_the_reference_is_computed_last() -> None:
    """Else a kernel that writes nothing could return the memory where the right result was before."""
    asked: list[str] = []

    def program(name: str) -> case.Program:
        return case.Program(lambda: None, lambda: {"result": asked.append(name) or 1.0})

    names = [libraries.PYTORCH, libraries.OURS, "JAX"]
    assert set(child.differences({name: program(name) for name in names})) == {libraries.OURS, "JAX"}
    assert asked[-1] == libraries.PYTORCH


def test_a_case_that_raises_is_a_wrong_row() -> None:
    def make(library: libraries.Library) -> case.Program:
        raise RuntimeError("no kernel for this")

    row = child.row(case.Case("a product", "forward", make), [OURS], {}, timing.ONCE, pause=0.0)
    assert row["wrong"] == {libraries.OURS: "RuntimeError: no kernel for this"}


def test_what_is_lacking_is_said() -> None:
    lacking = case.Case("a dream", "step", lambda _: programs(1, 1)["PyTorch"], needs=("nn.Dream", "nn.Linear"))
    lines = child.absent([OURS], {}, [lacking])
    assert "PyTorch is not installed, so its figures are missing" in lines
    assert "a dream: autograd_core has no nn.Dream, so its figure is missing" in lines
    assert child.programs(lacking, [OURS], {}) == {}


def test_programs_take_turns() -> None:
    ran: list[str] = []
    made = {name: case.Program(lambda name=name: ran.append(name), dict) for name in "ab"}
    found = timing.measure(made, timing.Effort(0.0, 2))
    assert "".join(ran).endswith("aabbaabb")
    assert set(found) == {"a", "b"}


def test_preparing_comes_before_each_run() -> None:
    ran: list[str] = []
    timing.measure({"a": case.Program(lambda: ran.append("run"), dict, lambda: ran.append("prepare"))}, timing.ONCE)
    assert ran[::2] == ["prepare"] * (len(ran) // 2)
    assert ran[1::2] == ["run"] * (len(ran) // 2)


# ------------------------------------------------------------------------------------------------------------- machine


def test_the_environment_of_a_process() -> None:
    before = {"OPENBLAS_CORETYPE": "Haswell", "OPENBLAS_L2_SIZE": "512", "GLIBC_TUNABLES": "x=1", "HOME": "/here"}
    raised, default = (machine.environment(before, 2, malloc) for malloc in ("raised", "default"))
    assert {"OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE"}.isdisjoint(raised)
    assert {raised[name] for name in machine.THREADS} == {"2"}
    assert "mmap_threshold" in raised["GLIBC_TUNABLES"]
    assert "GLIBC_TUNABLES" not in default
    assert raised["HOME"] == "/here"


def test_the_machine_is_described(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KMP_DUPLICATE_LIB_OK", "True")  # threadpoolctl sets it
    told = machine.describe([OURS], {"JAX": "0.5"})
    assert set(told) == {"processor", "vectors", "system", "versions", "BLAS"}
    assert "JAX 0.5" in told["versions"]
    assert f"numpy {np.__version__}" in told["versions"]


# -------------------------------------------------------------------------------------------------------------- report


def row(ours: float, torch: float, threads: int = 1, malloc: str = "raised", **more: Any) -> dict[str, Any]:
    seconds = {name: {"minimum": t, "median": 2 * t} for name, t in (("autograd_core", ours), ("PyTorch", torch))}
    base = {"group": "steps", "name": "VGG-11, batch 32", "part": "step", "threads": threads, "malloc": malloc}
    return {**base, "target": 1.5, "speedup": 1.7, "wrong": {}, "difference": {}, "seconds": seconds, **more}


def figures(*rows: Mapping[str, Any], **more: Any) -> dict[str, Any]:
    head = {"date": "2030-01-31T10:00", "commit": "abc", "machine": {"processor": "a fast one"}, "absent": []}
    return {**head, "rows": list(rows), "startup": [], **more}


RUN = figures(
    row(0.010, 0.020),
    row(0.010, 0.005, name="LeNet-5, batch 64", speedup=None),
    row(0.004, 0.016, threads=2),
    row(0.020, 0.010, malloc="default"),
    startup=[
        {"name": "import", "unit": "s", "values": {"autograd_core": 0.7, "PyTorch": 1.0}, "limit": 0.5, "wrong": {}}
    ],
)


def test_report() -> None:
    lines = report.report(RUN).splitlines()
    words = [" ".join(line.split()) for line in lines]
    assert "VGG-11, batch 32 step 10 ms 20 ms 20 ms 40 ms 2.00 1.50 0.50" in words
    assert "geometric mean step 1.00 2.00 0.50" in words
    assert "VGG-11, batch 32 step 4 ms 8 ms 16 ms 32 ms 4.00 1.50 2.50" in words
    below = lines[lines.index("Below the target:") + 1 :]
    assert below == [
        "  steps: LeNet-5, batch 64, step, 1 thread: 0.50, target 1.5",
        "  steps: geometric mean, step, 1 thread: 1.00, target 2.0",
        "  import: 0.70 s, at most 0.50 s",
    ]


def test_our_own_speedup_is_a_target() -> None:
    run = figures(row(0.010, 0.030), row(0.009, 0.030, threads=2))
    assert "steps: VGG-11, batch 32, step, 2 threads, over our own on 1: 1.11, target 1.7" in report.misses(run)


def test_report_without_pytorch() -> None:
    alone = row(0.010, 0.020)
    del alone["seconds"]["PyTorch"]
    told = report.report(figures(alone))
    assert "10 ms" in told
    assert told.endswith("Below the target:\n  nothing")


def test_times_have_units() -> None:
    run = figures(*(row(t, 1.0, name=str(t)) for t in (2.5e-9 * 100, 1.234e-6, 0.1, 2.0)))
    told = report.report(run)
    assert all(text in told for text in ("250 ns", "1.23 µs", "100 ms", "2 s"))


def test_markdown() -> None:
    assert report.markdown(RUN).splitlines() == [
        "| PyTorch's time / ours | 1 thread | 1 thread, default malloc | 2 threads | 2 threads, default malloc |",
        "|---|---|---|---|---|",
        "| Whole training steps | 1.00 (0.50 to 2.00) | 0.50 | 4.00 |  |",
    ]


@pytest.mark.parametrize("ending", ["png", "svg"])
def test_chart(tmp_path: Path, ending: str) -> None:
    pytest.importorskip("matplotlib")
    chart.draw(RUN, tmp_path / f"chart.{ending}")
    start = (tmp_path / f"chart.{ending}").read_bytes()[:5]
    assert start == (b"\x89PNG\r" if ending == "png" else b"<?xml")


def test_bars() -> None:
    found = chart.bars(RUN, GROUPS["steps"])
    assert [(bar.label, bar.ratios) for bar in found] == [
        ("VGG-11, batch 32", {1: 2.0, 2: 4.0}),
        ("LeNet-5, batch 64", {1: 0.5}),
    ]


# ------------------------------------------------------------------------------------------------------------- command


def test_an_earlier_run_is_reported_and_wrong_values_are_the_exit_status(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "run.json").write_text(command.dumped(RUN), "utf-8")
    assert json.loads((tmp_path / "run.json").read_text("utf-8")) == RUN
    assert command.main(["--from", str(tmp_path / "run.json"), "--json", str(tmp_path / "new" / "copy.json")]) == 0
    assert json.loads((tmp_path / "new" / "copy.json").read_text("utf-8")) == RUN
    wrong = figures(row(1.0, 1.0, wrong={"autograd_core": "loss differs by 1.0e+00, allowed is 1e-02"}))
    (tmp_path / "wrong.json").write_text(command.dumped(wrong), "utf-8")
    assert command.main(["--from", str(tmp_path / "wrong.json")]) == 1
    assert "steps: VGG-11, batch 32 step: autograd_core: loss differs by 1.0e+00" in capsys.readouterr().out


def test_the_table_is_put_between_the_marks(tmp_path: Path) -> None:
    readme = tmp_path / "README.md"
    readme.write_text(f"before\n{command.BEGIN}old\n{command.END}after\n", "utf-8")
    command.insert(readme, "new")
    assert readme.read_text("utf-8") == f"before\n{command.BEGIN}new\n{command.END}after\n"
    readme.write_text("no marks", "utf-8")
    with pytest.raises(UsageError, match="lacks the marks"):
        command.insert(readme, "new")


@pytest.mark.parametrize(
    ("arguments", "status", "message"),
    [
        (["overhaed"], 2, "there is no group 'overhaed'; did you mean 'overhead'?"),
        (["--threads", "1,0"], 2, "argument --threads: '0': expected a whole number of at least 1"),
        (["--lsit"], 2, "there is no option '--lsit'; python -m benchmarks --help tells more"),
        (["--json", "folder"], 2, "--json folder: it is a folder; name a file"),
        (["--json", "notes/run.json"], 2, "--json notes/run.json: notes is a file; name a folder"),
        (["--chart", "chart.doc"], 2, "--chart chart.doc: expected a name that ends with .png or .svg"),
        (["--readme", "notes"], 2, "--readme notes: it lacks the marks"),
        (["--readme", "nothing"], 1, "nothing: No such file or directory"),
        (
            ["--from", "notes"],
            2,
            "--from notes: Expecting value: line 1 column 1 (char 0); expected a file that --json",
        ),
        (["--from", "nothing"], 1, "nothing: No such file or directory"),
    ],
)
def test_arguments_are_checked_before_anything_is_measured(
    arguments: list[str],
    status: int,
    message: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delattr(command, "measured")
    Path("folder").mkdir()
    Path("notes").write_text("no marks")
    assert command.main(arguments) == status
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith(f"python -m benchmarks: {message}")


def test_a_process_measures_and_reports(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "run.json"
    assert command.main(["overhead", "--quick", "--threads", "1", "--json", str(out)]) == 0
    run = json.loads(out.read_text("utf-8"))
    assert [row["name"] for row in run["rows"]] == [each.name for each in GROUPS["overhead"].cases]
    assert all(row["seconds"]["autograd_core"]["minimum"] > 0 for row in run["rows"])
    assert "An operation on 10 numbers, 1 thread" in capfd.readouterr().out


def test_more_threads_than_cores_are_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine, "cores", lambda: [0])
    run = command.measured(command.parse(["overhead", "--threads", "2"]))
    assert run["rows"] == []
    assert run["absent"] == ["2 threads: this process may use 1 of the cores"]


@pytest.mark.slow
def test_startup() -> None:
    found = {row["name"]: row for row in startup.rows(machine.environment({}, 1, "default"), quick=True)}
    assert set(found) == {*startup.LIMITS, "peak memory of VGG-11 steps"}
    assert all(not row["wrong"] for row in found.values())


def test_readme_shows_the_run_of_its_chart() -> None:
    """The numbers in the table are those of docs/benchmark.json: `make bench-readme` writes both, and the chart."""
    run = json.loads((ROOT / "docs" / "benchmark.json").read_text("utf-8"))
    shown = (ROOT / "README.md").read_text("utf-8").partition(command.BEGIN)[2].partition(command.END)[0]
    assert shown == report.markdown(run) + "\n"
    assert (ROOT / "docs" / "benchmark.png").exists()
