"""The graph and the walk: memory, time, errors, dtypes, hooks, threads."""

from __future__ import annotations

import gc
import re
import sys
import threading
import weakref
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import autograd_core as ag
from autograd_core import PRIMITIVES, grad, graph, ops, writes
from autograd_core.errors import DtypeError, GraphError, ShapeError
from autograd_core.position import expression, span

X = np.arange(1, 7, dtype="f").reshape(2, 3)


def leaf(a: Any = X) -> ag.Tensor:
    return ag.tensor(a, requires_grad=True)


# ---------------------------------------------------------------------------------------------------- memory and time


def test_a_graph_dies_by_reference_count() -> None:
    gc.collect()
    gc.disable()
    try:
        a = leaf()
        b = a * 1.0
        b[0] = 2.0  # views, writes and their histories are part of it
        y = (ag.tanh(a * a) + b[1:].sum() + ag.checkpoint(lambda v: v.exp(), a)).sum()
        alive = weakref.ref(y)
        y.backward(create_graph=True)
        (a.grad * a.grad).sum().backward()
        held = weakref.ref(a)
        del y, a, b
        assert alive() is None
        assert held() is None
        assert gc.collect() == 0
    finally:
        gc.enable()


def test_a_million_nodes() -> None:
    a = leaf(np.ones(1, "f"))
    h = a
    for _ in range(1_000_000):
        h = h + a
    h.sum().backward()
    assert a.grad.item() == 1_000_001
    del h


def test_backward_is_linear_in_the_number_of_nodes() -> None:
    def calls(n: int) -> int:
        """Count the calls, of Python and of C, in the backward of a chain of *n* nodes."""
        a = leaf(np.ones(1, "f"))
        h = a
        for _ in range(n):
            h = h * a
        counted = 0

        def count(*_: object) -> None:
            nonlocal counted
            counted += 1

        before = sys.getprofile()
        sys.setprofile(count)
        try:
            h.backward()
        finally:
            sys.setprofile(before)
        return counted

    few, many, more = calls(1000), calls(2000), calls(3000)
    assert more - many == many - few


def test_a_wide_fan_out_is_walked_once() -> None:
    a = leaf(np.ones(1, "f"))
    h = a
    for _ in range(60):
        h = h + h  # 2**60 paths, 60 nodes
    h.backward()
    assert a.grad.item() == 2.0**60


# ---------------------------------------------------------------------------------------------- freed and retained


def test_saved_arrays_are_dropped_unless_kept() -> None:
    a = leaf()
    y = (a * a).sum()
    y.backward(retain_graph=True)
    y.backward()
    np.testing.assert_array_equal(a.grad.array, 4 * X)
    with pytest.raises(GraphError, match=r"mul, made at .*test_engine\.py:\d+ `y = .*freed by an earlier backward"):
        y.backward()
    assert all(n.saved is None for n in graph.reachable([y.node])[0] if n.prim.keeps)


def test_what_saves_no_array_may_be_walked_twice() -> None:
    a = leaf()
    y = (a + a).sum()
    y.backward()
    y.backward()
    np.testing.assert_array_equal(a.grad.array, np.full((2, 3), 4.0))


def test_a_state_carried_over_is_named() -> None:
    w, h = leaf(np.ones(2, "f")), ag.ones(2)
    for step in range(2):
        h = ag.tanh(h * w)
        if step:
            with pytest.raises(GraphError, match=r"tanh, made at .*carry its \.detach\(\) instead"):
                h.sum().backward()
        else:
            h.sum().backward()


# ----------------------------------------------------------------------------------------------------- in-place writes


def test_writes_to_saved_arrays_name_both_lines() -> None:
    a = leaf()
    h = a * 2.0
    y = h * h
    h.add_(1.0)
    with pytest.raises(GraphError, match=r"operand 'x' of mul.*`y = h \* h`.*in place afterwards.*`h\.add_\(1\.0\)`"):
        y.sum().backward()


def test_a_saved_result_is_a_copy_of_its_own_only_if_nobody_writes() -> None:
    a = leaf()
    h = a.exp()
    h.mul_(2.0)
    with pytest.raises(GraphError, match=r"needs the result of exp"):
        h.sum().backward()


def test_writes_that_do_no_harm_pass() -> None:
    a = leaf()
    h = a * 2.0
    y = h + 1.0  # keeps nothing of h
    h.add_(1.0)
    y.sum().backward()
    h = a * 2.0
    h.mul_(3.0)
    np.testing.assert_allclose(grad((h * h).sum(), [a])[0].array, 72 * X)
    h = a * 1.0
    h.exp_()
    np.testing.assert_allclose(grad(h.sum(), [a])[0].array, np.exp(X), rtol=1e-6)


def test_leaves_are_written_under_no_grad_only() -> None:
    a = leaf()
    with pytest.raises(GraphError, match="a leaf that requires gradients"):
        a.add_(1.0)
    with pytest.raises(GraphError, match="a view of a leaf"):
        a[0].zero_()
    with pytest.raises(GraphError, match="a view of a leaf"):
        a[0] = 0.0
    y = a * a
    with ag.no_grad():
        a += 1.0
    np.testing.assert_array_equal(a.array, X + 1)
    with pytest.raises(GraphError, match="in place"):
        y.sum().backward()


def test_a_write_to_a_view_reaches_its_base_and_no_further() -> None:
    flat = np.ones(4, "f")
    a, b = ag.from_numpy(flat[:2]).requires_grad_(), ag.from_numpy(flat[2:]).requires_grad_()
    y = a * b
    z = a * 1.0
    z = z * a
    with ag.no_grad():
        b.add_(1.0)
    z.sum().backward()
    with pytest.raises(GraphError, match="in place"):
        y.sum().backward()
    del a, b, y, z, flat
    assert all(owner() is not None for _, owner in writes._writes.values())


def test_many_ranges_of_one_memory_become_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writes, "MANY", 8)
    buffer = ag.zeros(20, 2)
    a = leaf(np.ones(2, "f"))
    before = a * buffer[15]
    for i in range(10):
        buffer[i] = float(i)
    before.sum().backward()  # its row lies beyond the rows that were written
    after = a * buffer[3]
    buffer[4] = 1.0
    after.sum().backward()  # what is merged keeps its time: the write to row 3 came before
    (span,) = [spans for spans, _ in writes._writes.values() if any(w[0] == writes.last_write for w in spans.values())]
    assert len(span) <= 8
    stale = a * buffer[3]
    buffer[3] = 7.0
    with pytest.raises(GraphError, match="in place"):
        stale.sum().backward()


def test_recorded_writes_through_views() -> None:
    a, c = leaf(np.arange(4, dtype="f")), leaf(np.array(5.0, "f"))
    base = a * 1.0
    view, other = base.reshape(2, 2)[0], base[1:3]
    view.mul_(c.detach() * 2)
    assert base.tolist() == [0, 10, 2, 3]
    assert other.tolist() == [10, 2]
    (ga,) = grad((base * base).sum(), [a], retain_graph=True)
    np.testing.assert_array_equal(ga.array, [0, 2 * 10 * 10, 4, 6])
    (ga,) = grad((other * other).sum(), [a], retain_graph=True)  # a view that was taken before the write
    np.testing.assert_array_equal(ga.array, [0, 200, 4, 0])
    other[0] = c
    ga, gc_ = grad((view * ag.tensor([1.0, 3.0])).sum(), [a, c])
    np.testing.assert_array_equal(ga.array, [10, 0, 0, 0])
    assert gc_.item() == 3


def test_a_constant_becomes_differentiable_by_a_write() -> None:
    c = leaf(np.array(2.0, "f"))
    table = ag.zeros(3)
    early = table[:2]
    table[1] = c * c
    assert table.requires_grad
    early.sum().backward()
    assert c.grad.item() == 4


def test_set_and_get_by_every_index() -> None:
    a, v = leaf(np.arange(12, dtype="f").reshape(3, 4)), leaf(np.array([1.0, 2.0], "f"))
    for index in (
        (0, slice(1, 3)),
        (slice(None, 2), 1),
        ([0, 2], [1, 1]),
        (..., slice(None, None, 2)),
        (np.array([True, False, False]), slice(2)),
    ):
        h, expected = a * 1.0, a.array.copy()
        h[index] = v
        expected[index] = v.array
        np.testing.assert_array_equal(h.array, expected)
        ga, gv = grad(h.sum(), [a, v])
        zeroed = np.ones((3, 4))
        zeroed[index] = 0
        np.testing.assert_array_equal(ga.array, zeroed)
        np.testing.assert_array_equal(gv.array, np.full(2, (12 - zeroed.sum()) / 2))


def test_a_value_may_have_leading_ones() -> None:
    x = ag.zeros(2, 3)
    x[0] = ag.ones(1, 3)
    x[1] = np.full((1, 1, 3), 2.0)
    assert x.tolist() == [[1, 1, 1], [2, 2, 2]]


def test_bad_writes_are_refused() -> None:
    h = ag.zeros(2, 3)
    with pytest.raises(ShapeError, match=r"shape \(4, 2, 3\) is written in place into a tensor of shape \(2, 3\)"):
        h.add_(ag.ones(1, 2, 3).expand(4, 2, 3))
    with pytest.raises(DtypeError, match="float32 result cannot be written in place into a int64"):
        ag.arange(3).mul_(0.5)
    with pytest.raises(GraphError, match="expanded view"):
        ag.zeros(1, 3).expand(2, 3).add_(1.0)
    frozen = np.zeros(2, "f")
    frozen.flags.writeable = False
    with pytest.raises(GraphError, match="read-only"):
        ag.from_numpy(frozen).add_(1)
    assert ag.arange(3).copy_(ag.tensor([1.7, 2.2, 3.9])).tolist() == [1, 2, 3]


def test_in_place_operators_keep_the_tensor() -> None:
    t = ag.ones(3)
    same, array = t, t.array
    t += 2
    t *= 3
    t -= 1
    t /= 2
    t **= 2
    assert t is same
    assert t.array is array
    assert t.tolist() == [16, 16, 16]
    t.normal_(generator=ag.Generator(1)).uniform_(2, 3)
    assert ((t >= 2) & (t < 3)).all()
    for bad in (lambda: t.normal_(0, -1), lambda: t.uniform_(1, 0)):
        with pytest.raises(ValueError, match="expected"):
            bad()


# ------------------------------------------------------------------------------------------------------ walks and hooks


def test_a_failed_walk_leaves_nothing_behind() -> None:
    a = leaf()
    bad = a * 1.0
    bad.register_hook(lambda g: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        (bad + a).sum().backward()
    a.sum().backward()
    np.testing.assert_array_equal(a.grad.array, np.ones((2, 3)))
    assert not graph._walking


def test_a_walk_inside_a_walk() -> None:
    a = leaf()
    h = a * 2.0
    inner: list[Any] = []

    def hook(g: ag.Tensor) -> None:
        handle.remove()
        with ag.enable_grad():
            inner.extend(grad((h * a).sum(), [a], retain_graph=True))

    handle = h.register_hook(hook)
    (h + a).sum().backward()
    np.testing.assert_array_equal(a.grad.array, 3 * np.ones((2, 3)))
    np.testing.assert_array_equal(inner[0].array, 4 * X)


def test_hooks_on_leaves_and_results() -> None:
    a = leaf()
    h = a * 2.0
    seen: list[Any] = []
    with h.register_hook(lambda g: seen.append(g) or g * 10.0):
        a.register_hook(lambda g: -g)
        h.sum().backward(retain_graph=True)
        np.testing.assert_array_equal(a.grad.array, -20 * np.ones((2, 3)))
        assert seen[0].shape == (2, 3)
    a.grad = None
    h.sum().backward()
    np.testing.assert_array_equal(a.grad.array, -2 * np.ones((2, 3)))
    with pytest.raises(GraphError, match=r"register_hook: .*requires_grad=False"):
        ag.ones(1).register_hook(lambda g: g)
    b = leaf()
    b.register_hook(lambda g: g.sum())
    with pytest.raises(ShapeError, match=r"hook returned \(\)"):
        b.sum().backward()


def test_retain_grad() -> None:
    a = leaf()
    h = a * 2.0
    h.retain_grad()
    h.retain_grad()
    y = (h * h).sum()
    y.backward(retain_graph=True)
    np.testing.assert_array_equal(h.grad.array, 4 * X)
    y.backward()
    np.testing.assert_array_equal(h.grad.array, 8 * X)
    with pytest.raises(GraphError, match="retain_grad"):
        ag.ones(1).retain_grad()


def test_gradients_are_not_shared() -> None:
    a, b = leaf(), leaf()
    (a + b).sum().backward()
    a.grad.array[...] = 0
    assert (b.grad.array == 1).all()
    a.grad = b.grad = None
    g = np.ones((2, 3), "f")
    (a + b).backward(g)
    assert not np.shares_memory(b.grad.array, g)
    ga, gb = grad(a + b, [a, b], g)
    assert not np.shares_memory(ga.array, gb.array)
    assert not np.shares_memory(ga.array, g)
    w = leaf()
    y = w * 1.0
    y.backward(g)  # the only gradient, and it is the caller's own array
    assert not np.shares_memory(w.grad.array, g)
    kept = w.grad
    (w * 2).sum().backward()
    assert (kept.array == 1).all(), "accumulation makes a new array: the old one may be in use"


def test_backward_to_named_inputs_only() -> None:
    a, b = leaf(), leaf()
    h = a * b
    (h * h).sum().backward(inputs=[a, h])
    assert b.grad is None
    np.testing.assert_allclose(a.grad.array, 2 * X**3)
    np.testing.assert_allclose(h.grad.array, 2 * X**2)
    with pytest.raises(GraphError, match="inputs is empty"):
        (a * b).sum().backward(inputs=[])
    with pytest.raises(GraphError, match=r"inputs\[0\] has requires_grad=False"):
        (a * b).sum().backward(inputs=ag.ones(1))


def test_only_the_way_to_the_inputs_is_walked() -> None:
    a, b = leaf(), leaf()
    side = b.exp()
    side.register_hook(lambda g: 1 / 0)
    h = a * side
    (ga,) = grad(h.sum(), [a])
    np.testing.assert_allclose(ga.array, np.exp(X), rtol=1e-6)
    assert h.node.parents[1] is side.node


def test_backward_needs_a_scalar_or_a_gradient() -> None:
    a = leaf()
    with pytest.raises(GraphError, match=r"shape \(2, 3\) needs a gradient.*y\.sum\(\)\.backward\(\)"):
        (a * 2).backward()
    with pytest.raises(ShapeError, match=r"gradient has shape \(3,\): expected \(2, 3\)"):
        (a * 2).backward(np.ones(3))
    with pytest.raises(GraphError, match="needs no gradient"):
        ag.ones(1).backward()
    (a[:1, :1] * 2).backward()  # one element of any shape
    assert a.grad.sum().item() == 2


def test_modes() -> None:
    a = leaf()
    with ag.no_grad():
        assert (a * a).node is None
        with ag.enable_grad():
            assert (a * a).node is not None
        assert not ag.is_grad_enabled()
    assert (ag.tensor(X) * 2.0).node is None

    @ag.no_grad()
    def plain(x: ag.Tensor) -> ag.Tensor:
        return x * x

    @ag.no_grad
    def bare(x: ag.Tensor) -> ag.Tensor:
        return x * x

    @ag.set_grad_enabled(False)
    def off(x: ag.Tensor) -> ag.Tensor:
        return x * x

    assert ag.is_grad_enabled()
    assert all(f(a).node is None for f in (plain, bare, off))
    mode = ag.no_grad()
    with mode, mode:
        assert not ag.is_grad_enabled()
    assert ag.is_grad_enabled()
    ag.set_grad_enabled(False)
    assert (a * a).node is None
    ag.set_grad_enabled(True)


# ------------------------------------------------------------------------------------------------------ where it was made


def test_positions_and_scopes() -> None:
    a = leaf()
    model = ag.Scope("model", "Sequential")
    with ag.scope(ag.Scope("2", "Linear 9->2", model)):
        y = a * a + ops.mean(a)
    file, line, *_ = span(y.node.code, y.node.lasti)
    assert file == __file__
    assert expression(y.node.code, y.node.lasti) == "a * a + ops.mean(a)"
    assert y.node.scope.path == "model.2"
    assert y.node.parents[0].describe().startswith(f"mul, made at {__file__}:{line} `y = a * a")
    assert y.node.parents[0].describe().endswith("in model.2 (Linear 9->2)")
    z = 1.0 - a  # through a reflected operator of ours
    assert Path(span(z.node.code, z.node.lasti)[0]).name == Path(__file__).name
    assert (a * a).grad_fn.next_functions[0][0] is a.node
    assert repr(y.grad_fn) == "<add>"


def test_shapes_that_do_not_fit_say_where_the_operands_come_from() -> None:
    a = leaf()
    with (
        ag.scope(ag.Scope("model", "Net")),
        pytest.raises(ShapeError, match=r"^model \(Net\): mul of shapes \(2, 3\) and \(3, 2\): .*broadcast.*") as e,
    ):
        (a + 1) * ag.ones(3, 2)
    assert re.search(r"Operand 1 is the result of add, made at .*test_engine\.py:\d+", str(e.value))


# ----------------------------------------------------------------------------------------------------------------- dtypes

PROMOTION = [
    (np.ones(3, "f4"), 2.0, "f4"), (np.ones(3, "f8"), 2.0, "f8"), (np.ones(3, "i8"), 2.0, "f4"), (np.ones(3, "i4"), 2, "i4"),
    (np.ones(3, "f4"), np.ones(3, "f8"), "f8"), (np.ones(3, "i8"), np.ones(3, "f4"), "f4"),
    (np.ones(3, "f4"), np.ones((), "f8"), "f4"), (np.ones(3, "i8"), np.ones((), "f4"), "f4"),
    (np.ones(3, "u1"), np.ones(3, "i1"), "i2"), (np.ones(3, "?"), 1, "i8"), (np.ones(3, "f4"), np.float64(2.0), "f4"),
    (np.ones(3, "?"), True, "?"),
]  # fmt: skip


@pytest.mark.parametrize(("x", "y", "dtype"), PROMOTION)
def test_promotion(x: Any, y: Any, dtype: str) -> None:
    other = ag.tensor(y) if isinstance(y, np.ndarray) else y
    assert (ag.tensor(x) * other).dtype == dtype
    assert (other * ag.tensor(x)).dtype == dtype


def test_promotion_agrees_with_torch() -> None:
    torch = pytest.importorskip("torch")
    kinds = ["bool", "uint8", "int8", "int16", "int32", "int64", "float32", "float64"]
    for a in kinds:
        for b in kinds:
            for dims in ((), (2,)):
                x, y = np.ones((2,), a), np.ones(dims, b)
                for op in ("mul", "div"):
                    want = getattr(torch, op)(torch.from_numpy(x), torch.from_numpy(y)).dtype
                    got = getattr(ag, op)(ag.tensor(x), ag.tensor(y)).dtype
                    assert str(want) == f"torch.{got}", (a, b, dims, op, want, got)
        assert f"torch.{ag.exp(ag.tensor(np.ones(2, a))).dtype}" == str(
            torch.exp(torch.ones(2, dtype=getattr(torch, a))).dtype
        )


def test_gradients_come_in_their_operands_dtype() -> None:
    a, b = leaf(), leaf(X.astype("f8"))
    y = (a * b).sum()
    assert y.dtype == "f8"
    y.backward()
    assert a.grad.dtype == "f4"
    assert b.grad.dtype == "f8"
    rules = PRIMITIVES["mul"].rules
    try:
        ops.mul.vjp(x=lambda g, y: (g * y).astype("f8"), y=lambda g, x: g * x)
        with pytest.raises(DtypeError, match="a formula gave float64 for an operand of float32"):
            (a * a).sum().backward()
    finally:
        ops.mul.vjp(**{o: r.formula for o, r in rules.items()})


def test_arrays_on_either_side_and_signed_zero() -> None:
    a = leaf()
    y = (X * a + a * X).sum()
    np.testing.assert_array_equal(grad(y, [a])[0].array, 2 * X)
    assert np.signbit((a * -0.0).detach().array).all()
    assert not np.signbit((a * 0.0).detach().array).any()
    assert np.isnan((a * float("nan")).detach().array).all()


# ---------------------------------------------------------------------------------------------------------------- threads


def test_the_mode_belongs_to_the_thread() -> None:
    inside, done = threading.Event(), threading.Event()
    found: list[bool] = []

    def other() -> None:
        inside.wait(10)
        found.append((leaf() * 2.0).requires_grad)
        done.set()

    thread = threading.Thread(target=other)
    thread.start()
    with ag.no_grad():
        inside.set()
        done.wait(10)
    thread.join()
    assert found == [True]


def train(seed: int, steps: int = 200) -> np.ndarray:
    rng = np.random.default_rng(seed)
    w, x = leaf(rng.normal(size=(4, 3)).astype("f")), ag.tensor(rng.normal(size=(5, 4)).astype("f"))
    for _ in range(steps):
        loss = (ag.tanh(x @ w) ** 2).mean()
        loss.backward()
        with ag.no_grad():
            w -= 0.1 * w.grad
        w.grad = None
    return w.array


def test_two_threads_train_two_models_at_once() -> None:
    expected = [train(seed) for seed in range(4)]
    results: dict[int, np.ndarray] = {}
    threads = [threading.Thread(target=lambda s=s: results.__setitem__(s, train(s))) for s in range(4)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    for seed, want in enumerate(expected):
        np.testing.assert_array_equal(results[seed], want)


def test_threads_that_share_a_leaf_take_turns() -> None:
    shared = leaf(np.zeros(3, "f"))

    def work() -> None:
        for _ in range(100):
            (shared * 2.0).sum().backward()

    threads = [threading.Thread(target=work) for _ in range(4)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    np.testing.assert_array_equal(shared.grad.array, np.full(3, 800.0))


def test_the_same_seed_gives_the_same_bits() -> None:
    def run() -> tuple[np.ndarray, np.ndarray]:
        ag.manual_seed(3)
        w, x = ag.randn(4, 3).requires_grad_(), ag.rand(5, 4)
        (ag.tanh(x @ w) ** 2).mean().backward()
        return w.array, w.grad.array

    for a, b in zip(run(), run(), strict=True):
        np.testing.assert_array_equal(a, b)


# ------------------------------------------------------------------------------------------------------------- x.data


def test_data_is_the_same_memory_without_history() -> None:
    x = leaf()
    y = x * x
    assert isinstance(y.data, ag.Tensor)
    assert not y.data.requires_grad
    assert np.shares_memory(y.data.array, y.array)
    assert x.data.add_(1) is not x
    np.testing.assert_array_equal(x.array, X + 1)
    assert x.is_leaf
    assert x.grad_fn is None


def test_data_takes_other_values() -> None:
    x = leaf()
    node, values = x.node, ag.tensor(X + 2)
    x.data = values
    assert x.array is values.array
    assert x.node is node, "of the same shape: earlier graphs still lead here"
    x.data = np.zeros((5, 2))
    assert x.shape == (5, 2)
    (x * 3).sum().backward()
    np.testing.assert_array_equal(x.grad, np.full((5, 2), 3.0))
    y = leaf() * 1
    y.data = ag.tensor(X)
    with pytest.raises(
        ShapeError, match=r"x\.data = a tensor of \(5,\), float64, for the result of mul.*use \.detach\(\)"
    ):
        y.data = ag.zeros(5, dtype=ag.float64)
    with pytest.raises(TypeError, match=r"x\.data = list: expected a tensor"):
        x.data = [1.0]
