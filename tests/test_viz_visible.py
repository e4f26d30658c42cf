"""What is shown of a trace: nothing is lost at any depth, folding finds what is equal, limits hold."""

from __future__ import annotations

import graphlib
import math
import time
from collections import Counter
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from test_viz_steps import CASES, data

import autograd_core as ag
import nn
from autograd_core.viz import Trace, TraceEdge, TraceModule, TraceNode, trace
from autograd_core.viz.folding import Fold, find_folds
from autograd_core.viz.visible import REST, Visible, depths, readable, visible
from benchmarks.libraries import ours
from benchmarks.networks import lenet5, resnet18

OPS = ("mul", "tanh", "relu")


# ------------------------------------------------------------------------------------------------------------ random DAGs


@st.composite
def traces(draw: st.DrawFn) -> Trace:
    """Modules in modules, leaves and calls in them, operands from anywhere before."""
    n, k = draw(st.integers(1, 30)), draw(st.integers(0, 8))
    modules: list[TraceModule] = []
    for i in range(k):
        parent = draw(st.sampled_from([None, *range(i)]))
        path = f"{i}" if parent is None else f"{modules[parent].path}.{i}"
        modules.append(TraceModule(i, path, "M", "M", parent))
    nodes: list[TraceNode] = []
    edges: list[TraceEdge] = []
    into: dict[int, list[TraceEdge]] = {}
    for i in range(n):
        kind = draw(st.sampled_from(["operation", "operation", "operation", "parameter", "input"])) if i else "leaf"
        module = draw(st.sampled_from([None, *range(k)]))
        shape = draw(st.sampled_from([(), (2,), None])) if kind == "input" else (2,)
        op = draw(st.sampled_from(OPS)) if kind == "operation" else "leaf"
        nodes.append(TraceNode(i, kind, op, None, module, shape, "float32", True, None, None, None, {}))
        for place in range(draw(st.integers(1, 3)) if kind == "operation" else 0):
            edge = TraceEdge(len(edges), nodes[draw(st.integers(0, i - 1))], nodes[i], "xyz"[place], place, None)
            edges.append(edge)
            into.setdefault(i, []).append(edge)
    return Trace(nodes, edges, modules, [], [], "", into)


@st.composite
def rows(draw: st.DrawFn) -> Trace:
    """Modules in a row, each of a few calls of the same kinds as many others, some with skips or of another kind."""
    modules = [TraceModule(0, "net", "Net", "Net", None)]
    nodes = [TraceNode(0, "input", "input", "x", None, (2,), "float32", False, None, None, None, {})]
    edges: list[TraceEdge] = []
    into: dict[int, list[TraceEdge]] = {}

    def add(kind: str, op: str, module: int | None, *operands: TraceNode) -> TraceNode:
        node = TraceNode(len(nodes), kind, op, None, module, (2,), "float32", True, None, None, None, {})
        nodes.append(node)
        for place, operand in enumerate(operands):
            edge = TraceEdge(len(edges), operand, node, "xy"[place], place, None)
            edges.append(edge)
            into.setdefault(node.id, []).append(edge)
        return node

    x = nodes[0]
    for i in range(draw(st.integers(1, 12))):
        modules.append(TraceModule(i + 1, f"net.{i}", "Block", "Block", 0))
        y = x
        for op in draw(st.sampled_from([("mul", "tanh"), ("mul", "tanh"), ("tanh",)])):
            y = add("operation", op, i + 1, y, *([add("parameter", "leaf", i + 1)] if op == "mul" else []))
        if draw(st.sampled_from([False, False, False, True])):
            y = add("operation", "add", 0, x, y)
        x = y
    return Trace(nodes, edges, modules, [], [], "", into)


def unfolded(made: Trace, shown: Visible) -> tuple[list[int], list[tuple[int, int]]]:
    """The nodes, and the ends of the edges, that the boxes and edges of a picture stand for."""
    box_of = {number: box.id for box in shown.boxes for number in box.nodes}
    nodes = sorted(number for box in shown.boxes for number in box.nodes)
    numbers = []
    for box in shown.boxes:
        for e in box.inside:
            edge = made.edges[e]
            assert box_of[edge.start.id] == box_of[edge.end.id] == box.id
            numbers.append(e)
    for line in shown.edges:
        assert line.source != line.target
        for e in line.edges:
            edge = made.edges[e]
            assert (box_of[edge.start.id], box_of[edge.end.id]) == (line.source, line.target)
            numbers.append(e)
    assert len(numbers) == len(set(numbers))
    return nodes, [(made.edges[e].start.id, made.edges[e].end.id) for e in sorted(numbers)]


def whole(made: Trace) -> tuple[list[int], list[tuple[int, int]]]:
    return [n.id for n in made.nodes], [(e.start.id, e.end.id) for e in made.edges]


def check(made: Trace, shown: Visible) -> None:
    assert unfolded(made, shown) == whole(made)
    ids = [box.id for box in shown.boxes]
    assert len(ids) == len(set(ids))
    assert len({(e.source, e.target) for e in shown.edges}) == len(shown.edges)
    seen: set[str | None] = {None}
    for c in shown.clusters:
        assert c.parent in seen
        seen.add(c.id)
    assert {box.cluster for box in shown.boxes} <= seen
    graphlib.TopologicalSorter({id: [e.source for e in shown.edges if e.target == id] for id in ids}).prepare()


@settings(max_examples=150, deadline=None)
@given(st.one_of(traces(), rows()), st.booleans(), st.integers(3, 12))
def test_unfolding_gives_the_trace_again(made: Trace, fold: bool, limit: int) -> None:
    for depth in depths(made):
        shown = visible(made, depth, fold)
        check(made, shown)
        small = visible(made, depth, fold, size_limit=limit)
        check(made, small)
        assert len(small.boxes) <= limit
        assert bool(small.says) >= (len(shown.boxes) > limit)


@settings(max_examples=150, deadline=None)
@given(rows())
def test_folds_are_rows_of_equals(made: Trace) -> None:
    for fold in find_folds(made):
        assert len(fold.modules) >= 3
        ops = [[n.op for n in made.nodes if n.module == m] for m in fold.modules]
        assert all(of == ops[0] for of in ops)
        for a, b in zip(fold.modules, fold.modules[1:], strict=False):
            calls = [n.id for n in made.nodes if n.module in (a, b) and n.kind == "operation"]
            assert not [n for n in made.nodes[calls[0] : calls[-1]] if n.kind == "operation" and n.module not in (a, b)]
            assert [e for e in made.edges if e.start.module == a and e.end.module == b]
    chained = [m.id for m in made.modules[1:]]
    same = {tuple(n.op for n in made.nodes if n.module == m) for m in chained}
    if len(same) == 1 and len(chained) >= 3 and not any(n.op == "add" for n in made.nodes):
        assert find_folds(made) == (Fold(tuple(chained)),)


# ------------------------------------------------------------------------------------------------------------ real models


@pytest.mark.parametrize("case", CASES, ids=lambda c: c.__name__)
def test_nothing_of_a_model_is_lost(case: Any) -> None:
    made = trace(case()[0])
    for depth in depths(made):
        check(made, visible(made, depth))
        check(made, visible(made, depth, size_limit=3))


def xor() -> Trace:
    x, t = ag.tensor([[0.0, 0], [0, 1], [1, 0], [1, 1]]), ag.tensor([[0.0], [1], [1], [0]])
    w1, b1 = data(2, 3).requires_grad_(), ag.zeros(3, requires_grad=True)
    w2, b2 = data(3, 1).requires_grad_(), ag.zeros(1, requires_grad=True)
    h = (x @ w1 + b1).tanh()
    y = (h @ w2 + b2).sigmoid()
    loss = ((y - t) ** 2).mean()
    return trace(loss)


def test_a_network_of_plain_tensors_shows_them_all_but_plain_numbers() -> None:
    made = xor()
    shown = visible(made, readable(made))
    assert shown.depth is None
    assert not shown.clusters
    names = [str(made.nodes[box.nodes[-1]]) for box in shown.boxes]
    assert names == [
        "x", "w1", "x @ w1", "b1", "x @ w1 + b1", "h", "w2", "h @ w2", "b2", "h @ w2 + b2", "y", "t", "y - t",
        "(y - t) ** 2", "loss",
    ]  # fmt: skip
    (power,) = [box for box in shown.boxes if made.nodes[box.nodes[-1]].op == "pow"]
    assert [made.nodes[n].name for n in power.nodes] == ["2", None]  # the number is in the formula


def test_lenet_shows_its_layers() -> None:
    net, x = lenet5(ours(1)), data(2, 1, 28, 28)
    made = trace(net, x)
    shown = visible(made, readable(made))
    titles = [made.modules[box.module].label for box in shown.boxes if box.kind == "module" and box.module is not None]
    assert titles[:3] == ["Conv2d 1->6 5x5", "Tanh", "AvgPool2d"]
    assert len(titles) == 12
    assert [box.id for box in shown.boxes if box.kind != "module"] == ["n0"]  # x, which came from outside
    assert [c.module for c in shown.clusters] == [0]
    assert all(len(e.edges) == 1 for e in shown.edges)


def test_skip_edges_of_collapsed_blocks_are_there_and_counted() -> None:
    made = trace(resnet18(ours(1)), data(1, 3, 32, 32))
    shown = visible(made, 1)
    blocks = [box.id for box in shown.boxes if box.module is not None and made.modules[box.module].cls == "Block"]
    assert len(blocks) == 8
    into = {e.target: len(e.edges) for e in shown.edges if e.source in blocks}
    assert [into[b] for b in blocks[1:]] == [2] * 7  # through the body, and around it
    inner = visible(made, 2)
    assert Counter(box.kind for box in inner.boxes)["module"] > 8
    started = time.process_time()
    visible(made)
    readable(made)
    assert time.process_time() - started < 5  # a hang, not slowness


class Gate(nn.Module):
    """A layer whose result is masked."""

    def __init__(self) -> None:
        super().__init__()
        self.fc = nn.Linear(4, 4)

    def forward(self, x: Any, mask: Any) -> Any:
        return self.fc(x).tanh() * mask


class Gates(nn.Module):
    """A row of gates that all get one mask."""

    def __init__(self, count: int, frozen: int | None = None) -> None:
        super().__init__()
        self.gates = nn.ModuleList([Gate() for _ in range(count)])
        if frozen is not None:
            for p in self.gates[frozen].parameters():
                p.requires_grad_(False)

    def forward(self, x: Any, mask: Any) -> Any:
        for gate in self.gates:
            x = gate(x, mask)
        return x


def test_what_all_copies_get_from_elsewhere_does_not_part_them() -> None:
    mask = ag.ones(2, 4)
    made = trace(Gates(4), data(2, 4), mask)
    (fold,) = find_folds(made)
    assert len(fold.modules) == 4
    shown = visible(made, None)
    (box,) = [box for box in shown.boxes if box.kind == "fold"]
    assert box.copies == fold.modules
    (line,) = [e for e in shown.edges if made.edges[e.edges[0]].start.name == "mask"]
    assert (line.target, len(line.edges)) == (box.id, 4)
    assert not [box for box in visible(made, None, fold=False).boxes if box.kind == "fold"]


def test_a_frozen_copy_is_not_folded_with_the_others() -> None:
    mask = ag.ones(2, 4)
    assert find_folds(trace(Gates(5, frozen=2), data(2, 4), mask)) == ()  # two and two remain
    (fold,) = find_folds(trace(Gates(5, frozen=0), data(2, 4), mask))
    assert len(fold.modules) == 4


class Sides(nn.Module):
    """Three equal modules side by side."""

    def __init__(self) -> None:
        super().__init__()
        self.ways = nn.ModuleList([nn.Linear(3, 3) for _ in range(3)])

    def forward(self, x: Any) -> Any:
        return self.ways[0](x) + self.ways[1](x) + self.ways[2](x)


def test_what_is_side_by_side_or_different_is_not_folded() -> None:
    assert find_folds(trace(Sides(), data(2, 3))) == ()
    assert find_folds(trace(nn.Sequential(*[nn.Linear(3, 3) for _ in range(2)]), data(2, 3))) == ()
    mixed = nn.Sequential(nn.Linear(3, 3), nn.Linear(3, 3, bias=False), nn.Linear(3, 3))
    assert find_folds(trace(mixed, data(2, 3))) == ()
    pools = nn.Sequential(nn.Linear(8, 8), nn.LeakyReLU(0.1), nn.LeakyReLU(0.2), nn.LeakyReLU(0.1))
    assert find_folds(trace(pools, data(2, 8))) == ()


def test_a_fold_is_inside_a_fold_only_once() -> None:
    inner = [nn.Sequential(*[nn.Linear(3, 3) for _ in range(4)]) for _ in range(3)]
    made = trace(nn.Sequential(*inner), data(2, 3))
    (fold,) = find_folds(made)
    assert [made.modules[m].path for m in fold.modules] == ["model.0", "model.1", "model.2"]
    assert visible(made, 0).says == ""  # there is no fold in one box
    assert visible(made, 1).says == "Sequential x 3 is one box."


def test_a_long_program_without_modules_loses_its_middle() -> None:
    x = ag.tensor(0.5, requires_grad=True)
    y = x
    for _ in range(1000):
        y = (y * x).sin()
    made = trace(y)
    shown = visible(made)
    assert len(shown.boxes) == 400
    assert math.isclose(sum(len(box.nodes) for box in shown.boxes), len(made.nodes))
    (rest,) = [box for box in shown.boxes if box.id == REST]
    assert f"{len(rest.nodes)} operations in the middle are one box" in shown.says
    check(made, shown)


def test_the_depth_is_reduced_until_it_fits() -> None:
    made = trace(resnet18(ours(1)), data(1, 3, 32, 32))
    shown = visible(made, None, size_limit=40)
    assert shown.depth is not None
    assert len(shown.boxes) <= 40
    assert "the limit is 40" in shown.says
    assert f"Depth {shown.depth} is shown" in shown.says


@pytest.mark.parametrize("depth", [-1, 1.5, True, "all"])
def test_a_wrong_depth(depth: Any) -> None:
    with pytest.raises(ag.errors.ArgumentError, match=r"depth is .*expected 0 or more"):
        visible(trace(data(2).requires_grad_().sum()), depth)


def test_a_wrong_limit() -> None:
    with pytest.raises(ag.errors.ArgumentError, match="size_limit is 2: expected at least 3 boxes"):
        visible(trace(data(2).requires_grad_().sum()), size_limit=2)


def test_a_leaf_alone() -> None:
    shown = visible(trace(ag.ones(2, requires_grad=True), gradient=np.ones(2, np.float32)))
    assert [box.kind for box in shown.boxes] == ["leaf"]
    assert not shown.edges
