"""What failed is drawn: the graph up to there, and the call in red with its operands; and nothing is kept for it."""

from __future__ import annotations

import gc
import traceback
import weakref
from collections.abc import Callable
from typing import Any

import pytest
from test_viz_draw import legend, texts
from test_viz_steps import data

import autograd_core as ag
import nn
from autograd_core.errors import ArgumentError, GraphError, NonFiniteError, ShapeError
from autograd_core.viz import Drawing, TraceNode, draw, layouts, validate
from autograd_core.viz.drawing.scene import Rect


def raised(run: Callable[[], Any]) -> BaseException:
    with pytest.raises(Exception) as caught:  # noqa: PT011  # which one, each test looks itself
        run()
    return caught.value


def red(picture: Drawing) -> tuple[TraceNode, list[str]]:
    """The call that failed, which is the only one drawn so, and what its box says."""
    (node,) = [n for n in picture.trace.nodes if n.error is not None]
    (group,) = [
        g for g in picture.scene.groups if any(isinstance(s, Rect) and s.style == "failed" for s in g.shapes) and g.id
    ]
    assert group.id == f"n{node.id}"
    assert "failed" in legend(picture)
    validate(picture.trace.as_dict(layouts=layouts(picture.trace, engines=["layered"])))
    return node, texts(picture, group.id)


def names(picture: Drawing) -> list[str]:
    return [str(n) for n in picture.trace.nodes]


# -------------------------------------------------------------------------------------------------------- calls that fail


def product() -> Any:
    x, W, V = data(3, 4), data(4, 5).requires_grad_(), data(4, 2).requires_grad_()
    h = (x @ W).tanh()
    return h @ V


def test_a_product_of_shapes_that_do_not_fit() -> None:
    error = raised(product)
    assert isinstance(error, ShapeError)
    picture = draw(error)
    assert names(picture) == ["x", "W", "x @ W", "h", "V", "h @ V"]
    node, said = red(picture)
    assert (node.op, node.shape) == ("matmul", None)
    assert [e.start.name for e in picture.trace.into[node.id]] == ["h", "V"]
    assert said[:4] == ["h @ V", "matmul", "input: h of shape (3, 5)", "other: V of shape (4, 2)"]
    assert " ".join(said[4:]).startswith("matmul: input of shape (3, 5) and other of shape (4, 2) have inner sizes")
    assert repr(picture) == "<Drawing: Graph up to h @ V, which failed: 6 boxes, 5 edges>"
    assert not picture.trace.steps
    assert not picture.trace.seeds
    assert texts(draw(error, values=True), "n0")[0].startswith("=")


def test_a_sum_that_cannot_be_broadcast_says_how_to_see_it() -> None:
    a, w = data(3, 4).requires_grad_(), data(5, 2)
    error = raised(lambda: a.exp() + w)
    assert str(error).endswith('To see the graph up to here: autograd_core.viz.draw(error).save("error.svg")')
    picture = draw(error)
    node, said = red(picture)
    assert node.op == "add"
    assert said[2:4] == ["x: a.exp() of shape (3, 4)", "y: w of shape (5, 2)"]
    assert "To see" not in " ".join(said)
    assert "/" not in " ".join(said).replace("×", "")  # no paths of this machine


def test_constants_alone() -> None:
    a, w = data(3, 4), data(5, 2)
    picture = draw(raised(lambda: a + w))
    assert names(picture)[:2] == ["a", "w"]
    assert {n.kind for n in picture.trace.nodes[:2]} == {"input"}
    assert red(picture)[0].op == "add"
    again = draw(raised(lambda: a @ a))
    assert len(again.trace.nodes) == 2  # one constant, twice an operand
    assert [len(e.edges) for e in again.visible.edges] == [2]


def test_functions_and_methods_are_named_as_they_were_called() -> None:
    a, w = data(3, 4).requires_grad_(), data(5, 2)
    node, said = red(draw(raised(lambda: ag.cat([a.exp(), w]))))
    assert node.op == "cat"
    assert said[1:3] == ["cat", "tensors[0]: a.exp() of shape (3, 4)"]
    assert red(draw(raised(lambda: a.exp().reshape(5, 5))))[0].op == "reshape"
    assert red(draw(raised(lambda: ag.ones(2, requires_grad=True).mul_(2))))[0].op == "write_"
    target = ag.tensor([0, 1])
    node, said = red(draw(raised(lambda: nn.functional.cross_entropy(a * 2, target))))
    assert node.op == "cross_entropy"
    assert "target: target of shape (2,)" in said


def test_a_layer_in_a_model() -> None:
    model = nn.Sequential(nn.Linear(4, 3), nn.ReLU(), nn.Linear(4, 2))
    x = data(3, 4)
    picture = draw(raised(lambda: model(x)))
    node, said = red(picture)
    assert node.op == "Linear 4->2"
    assert node.module is not None
    assert picture.trace.modules[node.module].path.endswith(".2")
    assert said[0] == "Linear 4→2"
    assert any("of shape (3, 3)" in line for line in said)
    assert "weight" in texts(picture)
    closed = draw(raised(lambda: model(x)), depth=0)
    (box,) = [box for box in closed.visible.boxes if box.kind == "module"]
    (group,) = [g for g in closed.scene.groups if g.id == box.id]
    assert {s.style for s in group.shapes if isinstance(s, Rect)} == {"failed"}
    assert "Linear 4->2" in " ".join(texts(closed, box.id))
    shallow = draw(raised(lambda: nn.Conv2d(3, 4, 3)(data(2, 1, 8, 8))))
    assert red(shallow)[0].op == "Conv2d 3->4 3x3"


class Wrong(nn.Module):
    """A module of the program's own."""

    def __init__(self) -> None:
        super().__init__()
        self.fc = nn.Linear(4, 3)

    def forward(self, x: Any) -> Any:
        h = self.fc(x)
        return h @ x


def test_an_operation_in_a_module_of_the_program_s_own() -> None:
    model, x = Wrong(), data(2, 4)
    picture = draw(raised(lambda: model(x)))
    node, said = red(picture)
    assert (node.op, said[0]) == ("matmul", "h @ x")
    assert node.module is not None
    assert picture.trace.modules[node.module].cls == "Wrong"
    assert "fc.weight" in names(picture)


# ---------------------------------------------------------------------------------------------------------- what is not finite


def test_where_the_first_nan_arose() -> None:
    x = ag.tensor([1.0, -1.0], requires_grad=True)

    def run() -> Any:
        with ag.autograd.detect_anomaly():
            return (x * 2).log() + 1

    picture = draw(raised(run), values=True)
    assert names(picture) == ["x", "2", "x * 2", "(x * 2).log()"]
    node, said = red(picture)
    assert node.op == "log"
    assert said[0].split() == ["=", "0.693", "nan"]
    assert any("made nan at index (1,)" in text for text in [" ".join(said)])
    plain = draw(raised(lambda: _watched(lambda: ag.tensor([-1.0]).log())))
    assert red(plain)[0].op == "log"


def _watched(run: Callable[[], Any]) -> Any:
    with ag.autograd.detect_anomaly():
        return run()


def test_a_gradient_that_is_not_finite() -> None:
    def run() -> None:
        with ag.autograd.detect_anomaly():
            x = ag.tensor([1.0, 0.0], requires_grad=True)
            r = (x * 2).sqrt()
            r.sum().backward()

    error = raised(run)
    assert isinstance(error, NonFiniteError)
    picture = draw(error)
    assert red(picture)[0].op == "sqrt"
    assert [n.op for n in picture.trace.nodes] == ["leaf", "input", "mul", "sqrt", "sum"]
    assert "backward starts here" in legend(picture)


# -------------------------------------------------------------------------------------------------------------- in place


def test_what_was_written_in_place() -> None:
    def run() -> None:
        x = ag.ones(3, requires_grad=True)
        y = x.exp()
        z = y.sum()
        y.add_(1)
        (z + y.sum()).backward()

    error = raised(run)
    assert isinstance(error, GraphError)
    node, said = red(draw(error))
    assert node.op == "exp"
    assert "written in place afterwards, at test_viz_draw_errors.py" in " ".join(said)


def test_a_graph_that_is_used_up() -> None:
    x = ag.ones(3, requires_grad=True)
    y = (x * x).sum()
    y.backward()
    assert red(draw(raised(y.backward)))[0].op == "mul"


# ----------------------------------------------------------------------------------------------------- what cannot be drawn


def test_errors_that_no_tensor_led_to() -> None:
    with pytest.raises(ArgumentError, match="this ShapeError has no traceback: expected one that was raised"):
        draw(ShapeError("made by hand"))
    with pytest.raises(ArgumentError, match="this ZeroDivisionError was raised by no call with tensors"):
        draw(raised(lambda: 1 // 0))
    with pytest.raises(ArgumentError, match="Stepper or error is given, and more"):
        draw(raised(product), 3)


def test_nothing_outlives_the_traceback() -> None:
    nodes = []

    def run() -> Any:
        h = data(3, 4).requires_grad_().exp()
        nodes.append(weakref.ref(h.node))
        return h @ h

    error = raised(run)
    picture = draw(error)
    (h,) = nodes
    gc.collect()
    assert h() is not None
    traceback.clear_frames(error.__traceback__)
    gc.collect()
    assert h() is None
    assert picture.svg
    assert set(vars(error)) == set()
