"""Softmax, batch and layer normalisation, the fused cross-entropy, dropout."""

from __future__ import annotations

import json
import math
from typing import Any

import numpy as np
import pytest
from drawn_numbers import normal

import autograd_core as ag
import nn
from autograd_core import ops
from autograd_core.errors import ArgumentError, DtypeError, ShapeError

floats = pytest.mark.parametrize("dtype", [ag.float32, ag.float64], ids=str)
NAN, INF = math.nan, math.inf


# -------------------------------------------------------------------------------------------------------------- softmax


@floats
@pytest.mark.parametrize("dim", [0, 1, -1])
def test_softmax_is_its_definition(dim: int, dtype: Any) -> None:
    x = normal(2, 3, 4).astype(dtype)
    e = np.exp(x.astype("f8"))
    p = e / e.sum(dim, keepdims=True)
    out, logs = ag.softmax(ag.tensor(x), dim), ag.log_softmax(ag.tensor(x), dim)
    assert out.dtype == logs.dtype == dtype
    np.testing.assert_allclose(out.array, p, rtol=1e-5)
    np.testing.assert_allclose(logs.array, np.log(p), rtol=1e-5)


def test_softmax_at_the_edges() -> None:
    x = ag.tensor([[1e4, -1e4, 0.0], [-INF, 0.0, -INF], [-INF, -INF, -INF]])
    assert x.softmax(1)[:2].tolist() == [[1, 0, 0], [0, 1, 0]]
    assert x.log_softmax(1)[:2].tolist() == [[0, -2e4, -1e4], [-INF, 0, -INF]]
    for out in (x.softmax(1)[2], x.log_softmax(1)[2]):
        assert ag.isnan(out).all()
    assert ag.softmax(ag.zeros(0, 3), 1).shape == (0, 3)
    assert ag.softmax(ag.zeros(3, 0), 1).shape == ag.log_softmax(ag.zeros(3, 0), 1).shape == (3, 0)
    assert ag.softmax(ag.tensor(5.0), 0).item() == 1
    assert ag.log_softmax(ag.tensor(5.0), -1).item() == 0
    assert ag.softmax(ag.tensor([1, 1]), 0).dtype == ag.float32
    assert ag.softmax(ag.tensor([1, 1]), 0, ag.float64).dtype == ag.float64
    assert ag.log_softmax(ag.tensor([1.0]), 0, dtype=ag.float64).dtype == ag.float64
    with pytest.raises(IndexError, match="dim 2 is out of range"):
        x.softmax(2)


def test_gradient_of_softmax_is_finite_where_a_logit_is_minus_infinity() -> None:
    x = ag.tensor([0.0, -INF, 1.0], requires_grad=True)
    ag.softmax(x, 0)[0].backward()
    p = 1 / (1 + math.e)
    np.testing.assert_allclose(x.grad.array, [p - p * p, 0, -p * (1 - p)], rtol=1e-5)


# -------------------------------------------------------------------------------------------------- batch normalisation


@floats
@pytest.mark.parametrize("shape", [(4, 3), (4, 3, 5), (2, 3, 4, 5)], ids=str)
def test_batch_norm_in_training(shape: tuple[int, ...], dtype: Any) -> None:
    x, w, b = normal(*shape) * 3 + 5, normal(3, seed=1), normal(3, seed=2)
    axis, column = (0, *range(2, len(shape))), (1, 3, *[1] * (len(shape) - 2))
    mean, var = x.mean(axis), x.var(axis)
    want = (x - mean.reshape(column)) / np.sqrt(var + 1e-5).reshape(column) * w.reshape(column) + b.reshape(column)
    running_mean, running_var = ag.full((3,), 0.5, dtype=dtype), ag.ones(3, dtype=dtype)
    t, tw, tb = (ag.tensor(a.astype(dtype), requires_grad=True) for a in (x, w, b))
    out = ag.batch_norm(t, running_mean, running_var, tw, tb, training=True, momentum=0.25)
    assert out.dtype == dtype
    close = {"rtol": 1e-4, "atol": 1e-4} if dtype == ag.float32 else {"rtol": 1e-10, "atol": 1e-10}
    np.testing.assert_allclose(out.array, want, **close)
    n = x.size // 3
    np.testing.assert_allclose(running_mean.array, 0.75 * 0.5 + 0.25 * mean, **close)
    np.testing.assert_allclose(running_var.array, 0.75 + 0.25 * var * n / (n - 1), **close)
    assert not running_mean.requires_grad
    g = normal(*shape, seed=3).astype(dtype)
    gx, gw, gb = ag.grad(out, [t, tw, tb], [ag.tensor(g)])
    normalised = (x - mean.reshape(column)) / np.sqrt(var + 1e-5).reshape(column)
    np.testing.assert_allclose(gw.array, (g * normalised).sum(axis), **close)
    np.testing.assert_allclose(gb.array, g.sum(axis), **close)
    np.testing.assert_allclose(gx.array.sum(axis), 0, atol=1e-4)  # the output ignores a shift of a channel


def test_batch_norm_without_weight_bias_and_running_values() -> None:
    x = ag.tensor(normal(8, 2) + 3)
    out = ag.batch_norm(x, None, None, training=True, eps=0)
    np.testing.assert_allclose(out.array.mean(0), 0, atol=1e-12)
    np.testing.assert_allclose(out.array.std(0), 1)
    running_var = ag.ones(2, dtype=ag.float64)
    ag.batch_norm(x, None, running_var, training=True)
    assert (running_var.array != 1).all()


def test_batch_norm_in_evaluation_uses_what_was_learned() -> None:
    x, mean, var = normal(4, 3, 2), normal(3, seed=1), np.array([0.5, 1.0, 2.0])
    t, w, b = (
        ag.tensor(x, requires_grad=True),
        ag.tensor([1.0, 2.0, 3.0], dtype=ag.float64, requires_grad=True),
        ag.ones(3),
    )
    m, v = ag.tensor(mean), ag.tensor(var)
    out = ag.batch_norm(t, m, v, w, b)
    factor = np.array([1.0, 2.0, 3.0]) / np.sqrt(var + 1e-5)
    want = (x - mean[:, None]) * factor[:, None] + 1
    np.testing.assert_allclose(out.array, want, rtol=1e-10, atol=1e-12)
    np.testing.assert_array_equal(m.array, mean)
    out.sum().backward()
    np.testing.assert_allclose(t.grad.array, np.broadcast_to(factor[:, None], x.shape))
    np.testing.assert_allclose(w.grad.array, ((x - mean[:, None]) / np.sqrt(var + 1e-5)[:, None]).sum((0, 2)))
    plain = ag.batch_norm(t, m, v)
    np.testing.assert_allclose(plain.array, (x - mean[:, None]) / np.sqrt(var + 1e-5)[:, None], atol=1e-12)
    assert ag.batch_norm(ag.zeros(1, 3), m.float(), v.float()).shape == (1, 3)  # one value a channel is enough here


def test_a_graph_notices_that_running_values_moved() -> None:
    x, w = ag.randn(4, 3), ag.ones(3, requires_grad=True)
    mean, var = ag.zeros(3), ag.ones(3)
    out = ag.batch_norm(x, mean, var, w)
    ag.batch_norm(x, mean, var, w, training=True)
    with pytest.raises(RuntimeError, match="written in place afterwards"):
        out.sum().backward()


def test_batch_norm_says_what_does_not_fit() -> None:
    x, three = ag.zeros(4, 3), ag.ones(3)
    for call, error, message in [
        (
            lambda: ag.batch_norm(x[:1], None, None, training=True),
            ShapeError,
            r"expected more than 1 value per channel when training, got input of shape \(1, 3\); .*drop_last=True",
        ),
        (lambda: ag.batch_norm(x[0], three, three), ShapeError, r"input has shape \(3,\), expected \(N, C, \.\.\.\)"),
        (lambda: ag.batch_norm(x, three, ag.ones(4)), ShapeError, r"running_var has shape \(4,\), expected \(3,\)"),
        (lambda: ag.batch_norm(x, three, three, ag.ones(1)), ShapeError, r"weight has shape \(1,\), expected \(3,\)"),
        (
            lambda: ag.batch_norm(x, three, None),
            ArgumentError,
            "without training=True it needs running_mean and running_var",
        ),
        (lambda: ag.batch_norm(x.long(), three, three), DtypeError, "input has dtype int64, expected floating"),
    ]:
        with pytest.raises(error, match=message):
            call()


# -------------------------------------------------------------------------------------------------- layer normalisation


@floats
def test_layer_norm(dtype: Any) -> None:
    x, w, b = normal(2, 3, 4, 5) * 2 + 1, normal(4, 5, seed=1), normal(4, 5, seed=2)
    mean, var = x.mean((2, 3), keepdims=True), x.var((2, 3), keepdims=True)
    t, tw, tb = (ag.tensor(a.astype(dtype), requires_grad=True) for a in (x, w, b))
    out = ag.layer_norm(t, (4, 5), tw, tb, eps=0.1)
    assert out.dtype == dtype
    normalised = (x - mean) / np.sqrt(var + 0.1)
    np.testing.assert_allclose(out.array, normalised * w + b, rtol=1e-4, atol=1e-5)
    g = normal(2, 3, 4, 5, seed=3).astype(dtype)
    gx, gw, gb = ag.grad(out, [t, tw, tb], [ag.tensor(g)])
    np.testing.assert_allclose(gw.array, (g * normalised).sum((0, 1)), rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(gb.array, g.sum((0, 1)), rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(gx.array.sum((2, 3)), 0, atol=1e-4)
    np.testing.assert_allclose(ag.layer_norm(t, 5).array.mean(-1), 0, atol=1e-5)
    assert ag.layer_norm(ag.zeros(0, 3, dtype=dtype), 3).shape == (0, 3)


def test_layer_norm_says_what_does_not_fit() -> None:
    x = ag.zeros(2, 3)
    for call, error, message in [
        (
            lambda: ag.layer_norm(x, 2),
            ShapeError,
            r"normalized_shape=\(2,\) must be the trailing dims of input, .*\(2, 3\)",
        ),
        (lambda: ag.layer_norm(x, ()), ShapeError, r"normalized_shape=\(\) must be"),
        (
            lambda: ag.layer_norm(x, 3, ag.ones(2)),
            ShapeError,
            r"weight has shape \(2,\), expected normalized_shape=\(3,\)",
        ),
        (lambda: ag.layer_norm(x, [3], None, ag.ones(1, 3)), ShapeError, r"bias has shape \(1, 3\), expected"),
        (lambda: ag.layer_norm(x.long(), 3), DtypeError, "input has dtype int64, expected floating"),
    ]:
        with pytest.raises(error, match=message):
            call()


@floats
def test_rms_norm(dtype: Any) -> None:
    x, w = normal(2, 3, 4) * 2 + 1, normal(4, seed=1)
    t, tw = (ag.tensor(a.astype(dtype), requires_grad=True) for a in (x, w))
    out = ag.rms_norm(t, 4, tw)
    assert out.dtype == dtype
    rstd = 1 / np.sqrt((x * x).mean(-1, keepdims=True))  # the default eps does not show
    np.testing.assert_allclose(out.array, x * rstd * w, rtol=1e-5)
    g = normal(2, 3, 4, seed=3).astype(dtype)
    gx, gw = ag.grad(out, [t, tw], [ag.tensor(g)])
    np.testing.assert_allclose(gw.array, (g * x * rstd).sum((0, 1)), rtol=1e-4, atol=1e-5)
    h = g * w
    np.testing.assert_allclose(gx.array, (h - x * (h * x).mean(-1, keepdims=True) * rstd**2) * rstd, atol=1e-5)
    assert ag.rms_norm(ag.zeros(2, 4, dtype=dtype), 4).tolist() == [[0] * 4] * 2
    assert ag.rms_norm(ag.zeros(0, 4, dtype=dtype), 4).shape == (0, 4)
    with pytest.raises(ShapeError, match=r"rms_norm: weight has shape \(3,\), expected normalized_shape=\(4,\)"):
        ag.rms_norm(t, 4, ag.ones(3))


# ----------------------------------------------------------------------------------------- groups of channels, instances


@floats
@pytest.mark.parametrize("groups", [1, 2, 4])
def test_group_norm(groups: int, dtype: Any) -> None:
    x, w, b = normal(3, 4, 5) * 2 + 1, normal(4, seed=1), normal(4, seed=2)
    parts = x.reshape(3, groups, -1)
    mean, var = parts.mean(2, keepdims=True), parts.var(2, keepdims=True)
    want = ((parts - mean) / np.sqrt(var + 1e-5)).reshape(x.shape) * w[:, None] + b[:, None]
    t, tw, tb = (ag.tensor(a.astype(dtype), requires_grad=True) for a in (x, w, b))
    out = ag.group_norm(t, groups, tw, tb)
    assert out.dtype == dtype
    np.testing.assert_allclose(out.array, want, rtol=1e-4, atol=1e-5)
    g = normal(3, 4, 5, seed=3).astype(dtype)
    gx, gw, gb = ag.grad(out, [t, tw, tb], [ag.tensor(g)])
    np.testing.assert_allclose(gb.array, g.sum((0, 2)), rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(gx.array.reshape(parts.shape).sum(2), 0, atol=1e-4)
    (alone,) = ag.grad(ag.group_norm(t, groups, tw.detach(), tb.detach()), [t], [ag.tensor(g)])
    np.testing.assert_array_equal(alone.array, gx.array)
    (alone,) = ag.grad(ag.group_norm(t.detach(), groups, tw), [tw], [ag.tensor(g)])
    np.testing.assert_array_equal(alone.array, gw.array)


@floats
def test_instance_norm_and_its_running_statistics(dtype: Any) -> None:
    x = (normal(2, 3, 4, 5) * 2 + 1).astype(dtype)
    running_mean, running_var = ag.zeros(3, dtype=dtype), ag.ones(3, dtype=dtype)
    out = ag.instance_norm(ag.tensor(x), running_mean, running_var, momentum=0.25)
    np.testing.assert_allclose(out.array.mean((2, 3)), 0, atol=1e-5)
    np.testing.assert_allclose(out.array.std((2, 3)), 1, atol=1e-4)
    np.testing.assert_allclose(running_mean.array, 0.25 * x.mean((2, 3)).mean(0), rtol=1e-4)
    np.testing.assert_allclose(running_var.array, 0.75 + 0.25 * x.var((2, 3), ddof=1).mean(0), rtol=1e-4)
    given = ag.instance_norm(ag.tensor(x), running_mean, running_var, use_input_stats=False)
    np.testing.assert_array_equal(given.array, ag.batch_norm(ag.tensor(x), running_mean, running_var).array)
    ag.instance_norm(ag.zeros(0, 3, 4, dtype=dtype), running_mean, running_var)
    assert np.isfinite(running_mean.array).all()


def test_groups_and_instances_say_what_does_not_fit() -> None:
    x = ag.zeros(2, 4, 3)
    for call, error, message in [
        (lambda: ag.group_norm(x, 3), ShapeError, r"num_groups=3 does not divide the 4 channels of input \(2, 4, 3\)"),
        (lambda: ag.group_norm(x, 0), ShapeError, "num_groups=0 does not divide"),
        (lambda: ag.group_norm(ag.zeros(1, 4), 4), ShapeError, "expected more than 1 value per group"),
        (lambda: ag.group_norm(x, 2, ag.ones(2)), ShapeError, r"group_norm: weight has shape \(2,\), expected \(4,\)"),
        (lambda: ag.group_norm(x[0, 0], 1), ShapeError, r"group_norm: input has shape \(3,\), expected \(N, C"),
        (lambda: ag.instance_norm(x[..., :1]), ShapeError, "expected more than 1 value per channel of a sample"),
        (lambda: ag.instance_norm(x, use_input_stats=False), ArgumentError, "needs running_mean and running_var"),
        (lambda: ag.instance_norm(x.long()), DtypeError, "instance_norm: input has dtype int64"),
    ]:
        with pytest.raises(error, match=message):
            call()


LAYERS = {
    "BatchNorm3d": (lambda n: n.BatchNorm3d(3), (2, 3, 2, 2, 2)),
    "GroupNorm": (lambda n: n.GroupNorm(2, 4), (3, 4, 5)),
    "GroupNorm of rows": (lambda n: n.GroupNorm(2, 4, affine=False), (3, 4)),
    "InstanceNorm1d": (lambda n: n.InstanceNorm1d(3), (3, 5)),
    "InstanceNorm1d with all": (lambda n: n.InstanceNorm1d(3, affine=True, track_running_stats=True), (2, 3, 5)),
    "InstanceNorm2d": (lambda n: n.InstanceNorm2d(3, affine=True), (2, 3, 4, 5)),
    "InstanceNorm3d": (lambda n: n.InstanceNorm3d(3), (2, 3, 2, 2, 2)),
    "RMSNorm": (lambda n: n.RMSNorm(4), (3, 4)),
    "RMSNorm of two dims": (lambda n: n.RMSNorm((3, 4), eps=0.1), (2, 3, 4)),
}


@pytest.mark.parametrize("name", LAYERS)
def test_layers_agree_with_torch(name: str) -> None:
    torch = pytest.importorskip("torch")
    make, shape = LAYERS[name]
    here, there = make(nn), make(torch.nn)
    assert {k: tuple(v.shape) for k, v in here.state_dict().items()} == {
        k: tuple(v.shape) for k, v in there.state_dict().items()
    }
    for mode in (True, False):
        here.train(mode)
        there.train(mode)
        x, g = normal(*shape).astype("f"), normal(*shape, seed=1).astype("f")
        t, u = ag.tensor(x, requires_grad=True), torch.tensor(x, requires_grad=True)
        out, wanted = here(t), there(u)
        np.testing.assert_allclose(out.detach().array, wanted.detach().numpy(), atol=1e-5)
        out.backward(g)
        wanted.backward(torch.tensor(g))
        np.testing.assert_allclose(t.grad.array, u.grad.numpy(), atol=2e-5)
    for (key, a), b in zip(here.state_dict().items(), there.state_dict().values(), strict=True):
        np.testing.assert_allclose(a.array, b.numpy(), rtol=1e-5, atol=1e-6, err_msg=key)


def test_layers_say_what_does_not_fit() -> None:
    for call, message in [
        (lambda: nn.GroupNorm(3, 4), "num_groups=3 does not divide num_channels=4; choose a divisor"),
        (lambda: nn.GroupNorm(2, 4)(ag.zeros(2, 6)), r"GroupNorm.*expects \(N, 4, \.\.\.\), got \(2, 6\)"),
        (
            lambda: nn.InstanceNorm2d(3)(ag.zeros(2, 3)),
            r"InstanceNorm2d.*expects \(3, H, W\) or \(N, 3, H, W\), got \(2, 3\)",
        ),
        (lambda: nn.InstanceNorm1d(3)(ag.zeros(2, 4, 5)), "make num_features the number of channels"),
        (lambda: nn.RMSNorm(3)(ag.zeros(2, 4)), r"RMSNorm.*expects \(\.\.\., 3\), got \(2, 4\)"),
    ]:
        with pytest.raises(ag.errors.AutogradError, match=message):
            call()


# -------------------------------------------------------------------------------------------------------- cross-entropy


@floats
def test_cross_entropy(dtype: Any) -> None:
    x, target, scale = normal(5, 3).astype(dtype), np.array([0, 2, 2, 1, 0]), np.array([0.5, 1.0, 0.0, 2.0, -1.0])
    t = ag.tensor(x, requires_grad=True)
    out = ag.softmax_cross_entropy(t, ag.tensor(target), ag.tensor(scale))  # float64 scales do not raise the dtype
    assert out.dtype == dtype
    e = np.exp(x.astype("f8"))
    p = e / e.sum(1, keepdims=True)
    np.testing.assert_allclose(out.item(), -(scale * np.log(p[np.arange(5), target])).sum(), rtol=1e-5)
    out.backward()
    np.testing.assert_allclose(t.grad.array, (p - np.eye(3)[target]) * scale[:, None], atol=1e-6)


def test_cross_entropy_is_exact_where_softmax_is_not() -> None:
    x = ag.tensor([[1000.0, 0.0], [-1000.0, 0.0]], requires_grad=True)
    loss = ag.softmax_cross_entropy(x, ag.tensor([1, 1]), ag.ones(2))
    assert loss.item() == 1000
    loss.backward()
    assert x.grad.tolist() == [[1, -1], [0, 0]]


def test_a_row_of_scale_zero_has_no_say() -> None:
    x = ag.tensor([[-INF, 0.0], [0.0, 0.0]], requires_grad=True)
    loss = ag.softmax_cross_entropy(x, ag.tensor([0, 1]), ag.tensor([0.0, 1.0]))
    assert loss.item() == pytest.approx(math.log(2))
    loss.backward()
    assert x.grad.tolist() == [[0, 0], [0.5, -0.5]]
    assert ag.softmax_cross_entropy(ag.zeros(0, 2), ag.zeros(0).long(), ag.zeros(0)).item() == 0


def test_second_derivatives_of_cross_entropy_are_those_of_its_parts() -> None:
    x, target, scale = normal(3, 4), np.array([1, 0, 3]), np.array([1.0, 0.5, 2.0])
    w = ag.tensor(normal(3, 4, seed=1))

    def composed(t: Any) -> Any:
        return -(ag.log_softmax(t, 1).gather(1, ag.tensor(target[:, None]))[:, 0] * ag.tensor(scale)).sum()

    results = []
    for loss in (lambda t: ag.softmax_cross_entropy(t, ag.tensor(target), ag.tensor(scale)), composed):
        t = ag.tensor(x, requires_grad=True)
        (g,) = ag.grad(loss(t) ** 2, [t], create_graph=True)
        results.append(ag.grad((g * w).sum(), [t])[0].array)
    np.testing.assert_allclose(*results, atol=1e-12)


def test_cross_entropy_says_what_does_not_fit() -> None:
    x, target, scale = ag.zeros(3, 4), ag.tensor([0, 1, 2]), ag.ones(3)
    for call, error, message in [
        (
            lambda: ag.softmax_cross_entropy(x, target + 2, scale),
            IndexError,
            "target 4 in row 2 is out of range for 4 classes: expected 0 to 3; pass ignore_index",
        ),
        (lambda: ag.softmax_cross_entropy(x, target - 1, scale), IndexError, "target -1 in row 0 is out of range"),
        (lambda: ag.softmax_cross_entropy(x, target[:2], scale), ShapeError, r"expected \(N, C\), \(N,\) and \(N,\)"),
        (lambda: ag.softmax_cross_entropy(x[0], target, scale), ShapeError, r"input of shape \(4,\)"),
        (
            lambda: ag.softmax_cross_entropy(x, target.float(), scale),
            DtypeError,
            "target has dtype float32, expected int",
        ),
        (
            lambda: ag.softmax_cross_entropy(x.long(), target, scale),
            DtypeError,
            "input has dtype int64, expected floating",
        ),
    ]:
        with pytest.raises(error, match=message):
            call()


# -------------------------------------------------------------------------------------------------------------- dropout


@floats
def test_dropout_keeps_the_mean(dtype: Any) -> None:
    x = ag.ones(100, 100, dtype=dtype, requires_grad=True)
    out = ag.dropout(x, 0.2)
    assert out.dtype == dtype
    assert set(np.unique(out.array)) == {dtype.type(0), dtype.type(1 / 0.8)}
    assert abs(out.mean().item() - 1) < 0.02
    out.sum().backward()
    np.testing.assert_array_equal(x.grad.array, out.array)  # the same places, the same factor


def test_dropout_at_the_edges() -> None:
    x = ag.ones(3, requires_grad=True)
    assert ag.dropout(x, 0.0) is x
    assert ag.dropout(x, 0.5, training=False) is x
    gone = ag.dropout(x, 1.0)
    assert gone.tolist() == [0, 0, 0]
    gone.sum().backward()
    assert x.grad.tolist() == [0, 0, 0]
    assert ag.dropout(ag.zeros(0)).shape == (0,)
    for p in (-0.1, 1.5, NAN):
        with pytest.raises(ArgumentError, match=r"dropout: p=.* is no probability: expected 0 \(keep all\) to 1"):
            ag.dropout(x, p)
    with pytest.raises(DtypeError, match="dropout: input has dtype int64, expected floating"):
        ag.dropout(ag.tensor([1, 2]))


def test_dropout_draws_from_its_generator() -> None:
    x = ag.ones(1000)
    one, two = (ag.dropout(x, generator=ag.Generator(3)).array for _ in range(2))
    np.testing.assert_array_equal(one, two)
    ag.manual_seed(3)
    np.testing.assert_array_equal(ag.dropout(x).array, one)
    assert (ag.dropout(x).array != one).any()


def test_dropout_goes_on_where_a_saved_state_left_off() -> None:
    x, generator = ag.ones(1000), ag.Generator(3)
    ag.dropout(x, generator=generator)
    state = json.loads(json.dumps(generator.get_state()))
    one = ag.dropout(x, generator=generator).array
    assert (ag.dropout(x, generator=generator).array != one).any()
    generator.set_state(state)
    np.testing.assert_array_equal(ag.dropout(x, generator=generator).array, one)


def test_a_checkpoint_drops_the_same_again() -> None:
    gradients = []
    for run in (lambda f, x: f(x), ag.checkpoint):
        ag.manual_seed(5)
        x = ag.ones(100, requires_grad=True)
        out = run(lambda x: ag.dropout(x * 2, 0.5).square(), x)
        ag.dropout(ag.ones(3))  # others draw in between
        out.sum().backward()
        gradients.append(x.grad.array)
    np.testing.assert_array_equal(*gradients)


def test_feature_dropout_drops_whole_channels() -> None:
    x = ag.ones(20, 30, 2, 3)
    out = ag.feature_dropout(x, 0.5).array.reshape(20, 30, -1)
    assert (out == out[..., :1]).all()
    assert {0.0, 2.0} == set(np.unique(out))
    assert ag.feature_dropout(x, 0.5, training=False) is x
    with pytest.raises(
        ShapeError, match=r"feature_dropout: input has shape \(2,\), expected \(N, C, \.\.\.\); use dropout"
    ):
        ag.feature_dropout(ag.zeros(2))


# ---------------------------------------------------------------------------------------------------------------- torch


def test_agrees_with_torch() -> None:
    torch = pytest.importorskip("torch")
    functional = torch.nn.functional
    x, w, b, g = normal(4, 3, 2, 2), normal(3, seed=1), normal(3, seed=2), normal(4, 3, 2, 2, seed=3)
    image = normal(2, 2, seed=4)
    for here, there in [
        (lambda x, w, b: ops.softmax(x, 1), lambda x, w, b: functional.softmax(x, 1)),
        (lambda x, w, b: ops.log_softmax(x, -1), lambda x, w, b: functional.log_softmax(x, -1)),
        (
            lambda x, w, b: ops.batch_norm(x, None, None, w, b, training=True),
            lambda x, w, b: functional.batch_norm(x, None, None, w, b, training=True),
        ),
        (
            lambda x, w, b: ops.layer_norm(x, (2, 2), ag.tensor(image)) + (w + b).reshape(3, 1, 1),
            lambda x, w, b: functional.layer_norm(x, (2, 2), torch.tensor(image)) + (w + b).reshape(3, 1, 1),
        ),
    ]:
        ours = [ag.tensor(a, requires_grad=True) for a in (x, w, b)]
        theirs = [torch.tensor(a, requires_grad=True) for a in (x, w, b)]
        one, two = here(*ours), there(*theirs)
        np.testing.assert_allclose(one.array, two.detach().numpy(), atol=1e-10)
        one.backward(ag.tensor(g))
        two.backward(torch.tensor(g))
        for a, c in zip(ours, theirs):
            if c.grad is not None:
                np.testing.assert_allclose(a.grad.array, c.grad.numpy(), atol=1e-10)


def test_running_statistics_agree_with_torch() -> None:
    torch = pytest.importorskip("torch")
    x = normal(4, 3, 5).astype("f")
    ours, theirs = (ag.zeros(3), ag.ones(3)), (torch.zeros(3), torch.ones(3))
    for _ in range(3):
        ag.batch_norm(ag.tensor(x), *ours, training=True, momentum=0.3)
        torch.nn.functional.batch_norm(torch.tensor(x), *theirs, training=True, momentum=0.3)
    for a, b in zip(ours, theirs):
        np.testing.assert_allclose(a.array, b.numpy(), rtol=1e-6)
