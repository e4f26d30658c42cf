"""What a network sees: each method against its definition, and the model left as it was."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import autograd_core as ag
import nn
import nn.functional as F
import optim
from nn import interpret

DTYPES = pytest.mark.parametrize("dtype", [ag.float32, ag.float64], ids=str)


def network(dtype: Any = ag.float64) -> nn.Sequential:
    """A small convolutional network with everything that has a mode."""
    return nn.Sequential(
        nn.Conv2d(1, 4, 3, padding=1),
        nn.BatchNorm2d(4),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Conv2d(4, 6, 3),
        nn.ReLU(),
        nn.Flatten(),
        nn.Dropout(0.5),
        nn.Linear(6 * 4, 5),
    ).to(dtype)


def pictures(n: int = 2, dtype: Any = ag.float64) -> ag.Tensor:
    return ag.rand(n, 1, 8, 8, dtype=dtype)


SCORED: dict[str, Callable[[nn.Module, ag.Tensor], Any]] = {
    "activations": interpret.activations,
    "saliency": lambda m, x: interpret.saliency(m, x, 1),
    "input_times_gradient": lambda m, x: interpret.input_times_gradient(m, x, 1),
    "smooth_grad": lambda m, x: interpret.smooth_grad(m, x, 1, samples=2),
    "integrated_gradients": lambda m, x: interpret.integrated_gradients(m, x, 1, steps=2),
    "guided_backprop": lambda m, x: interpret.guided_backprop(m, x, 1),
    "deconvnet": lambda m, x: interpret.deconvnet(m, x, 1),
    "occlusion": lambda m, x: interpret.occlusion(m, x, 1, window=4),
    "grad_cam": lambda m, x: interpret.grad_cam(m, x, 1, layer="5"),
    "optimal_input": lambda m, x: interpret.optimal_input(m, x, layer="0", units=1, steps=2),
    "top_inputs": lambda m, x: interpret.top_inputs(m, [x], layer="0", k=1),
    "linear_probes": lambda m, x: interpret.linear_probes(m, (x, ag.arange(len(x))), (x, ag.arange(len(x)))),
    "deep_dream": lambda m, x: interpret.deep_dream(nn.Sequential(*m[:6]), x, layers={"3": 1.0}, octaves=1, steps=2),
}


@DTYPES
@pytest.mark.parametrize("name", SCORED)
def test_the_model_and_the_input_are_left_as_they_were(name: str, dtype: Any) -> None:
    model = network(dtype).train()
    model[1].eval()  # mixed modes are modes too
    for p in model.parameters():
        p.grad = ag.ones_like(p)
    model[0].weight.requires_grad_(False)
    x = pictures(dtype=dtype).requires_grad_()
    state = {k: v.numpy().copy() for k, v in model.state_dict().items()}
    before = x.detach().numpy().copy()
    found = SCORED[name](model, x)
    assert [m.training for m in model[:3]] == [True, False, True]
    assert all(m.training for m in model if m is not model[1])
    assert all((p.grad.numpy() == 1).all() for p in model.parameters())
    assert [p.requires_grad for p in model.parameters()][:2] == [False, True]
    assert not any(m._hooks for m in model.modules())
    assert all((v.numpy() == state[k]).all() for k, v in model.state_dict().items())
    assert x.grad is None
    assert (x.detach().numpy() == before).all()
    if isinstance(found, ag.Tensor):
        assert found.dtype == dtype
        assert not found.requires_grad
        assert np.isfinite(found.numpy()).all()


@pytest.mark.parametrize("name", [n for n in SCORED if n not in ("top_inputs", "linear_probes")])
def test_bad_inputs_are_refused(name: str) -> None:
    call, model = SCORED[name], network()
    with pytest.raises(TypeError, match="is of type list, expected a Tensor"):
        call(model, [[1.0]])  # type: ignore[arg-type]
    with pytest.raises(ag.errors.DtypeError, match=r"floating numbers, got int64.*input\.float\(\)"):
        call(model, ag.zeros(1, 1, 8, 8).long())
    with pytest.raises(ag.errors.ShapeError, match=r"\(N, \.\.\.\), not empty"):
        call(model, pictures(0))
    if name not in ("deep_dream", "linear_probes"):
        with pytest.raises(TypeError, match=r"model is a int: expected an nn\.Module"):
            call(3, pictures())  # type: ignore[arg-type]


def test_bad_targets_are_refused() -> None:
    model, x = network(), pictures()
    with pytest.raises(IndexError, match="target=5, expected classes of 0 to 4"):
        interpret.saliency(model, x, 5)
    with pytest.raises(ag.errors.ArgumentError, match="one class for each of the 2 examples"):
        interpret.saliency(model, x, [1, 2, 3])
    with pytest.raises(ag.errors.ArgumentError, match=r"target=1\.5, expected a class"):
        interpret.saliency(model, x, 1.5)  # type: ignore[arg-type]
    with pytest.raises(ag.errors.ShapeError, match=r"returned shape \(2, 4, 8, 8\): expected scores \(N, classes\)"):
        interpret.saliency(nn.Sequential(model[0]), x, 1)


def test_saliency_by_definition() -> None:
    model, x = network().eval(), pictures(3)
    leaf = x.clone().requires_grad_()
    scores = model(leaf)
    answers = scores.argmax(1)
    scores[ag.arange(3), answers].sum().backward()
    expected = leaf.grad.abs()
    assert interpret.saliency(model, x).allclose(expected)
    assert interpret.saliency(model, x, answers).allclose(expected)
    assert interpret.saliency(model, x, answers.tolist()).allclose(expected)
    with ag.no_grad():
        assert interpret.saliency(model, x).allclose(expected)
    assert interpret.input_times_gradient(model, x).allclose(leaf.grad * x)


def test_a_score_that_does_not_depend_on_the_input_has_gradient_zero() -> None:
    class Constant(nn.Module):
        def forward(self, x: ag.Tensor) -> ag.Tensor:
            return ag.ones(len(x), 3, dtype=x.dtype)

    assert (interpret.saliency(Constant(), pictures()) == 0).all()


def test_smooth_grad() -> None:
    model, x = network(), pictures()
    clean = interpret.input_times_gradient(model, x, 2) / x
    assert interpret.smooth_grad(model, x, 2, noise=0.0, samples=3).allclose(clean)
    line = nn.Sequential(nn.Flatten(), nn.Linear(64, 3)).double()  # the gradient of a line is the same everywhere
    assert interpret.smooth_grad(line, x, 1).allclose(line[1].weight[1].reshape(1, 1, 8, 8).expand(2, 1, 8, 8))
    same = [interpret.smooth_grad(model, x, 2, generator=ag.Generator().manual_seed(3)) for _ in range(2)]
    assert (same[0] == same[1]).all()
    with pytest.raises(ag.errors.ArgumentError, match=r"noise=-1, expected a number of at least 0"):
        interpret.smooth_grad(model, x, noise=-1)
    with pytest.raises(ag.errors.ArgumentError, match="samples=0, expected an int of at least 1"):
        interpret.smooth_grad(model, x, samples=0)


@pytest.mark.parametrize("baseline", [0.0, 0.5, "noise"])
def test_integrated_gradients_are_complete(baseline: Any) -> None:
    smooth = nn.Sequential(nn.Flatten(), nn.Linear(64, 20), nn.Tanh(), nn.Linear(20, 5)).double()
    x = pictures(3)
    start = ag.randn(1, 8, 8, dtype=ag.float64) if baseline == "noise" else ag.full_like(x, baseline)
    shares = interpret.integrated_gradients(smooth, x, [0, 3, 4], baseline=start if baseline == "noise" else baseline)
    difference = (smooth(x) - smooth(start.expand(3, 1, 8, 8)))[ag.arange(3), ag.tensor([0, 3, 4])]
    assert shares.sum((1, 2, 3)).allclose(difference, atol=1e-9)


def test_integrated_gradients_of_a_relu_network_are_complete_up_to_the_integral() -> None:
    model, x = network().eval(), pictures()
    shares = interpret.integrated_gradients(model, x, 1, steps=200)
    difference = (model(x) - model(0 * x))[:, 1]
    assert shares.sum((1, 2, 3)).allclose(difference, atol=1e-3)
    with pytest.raises(ag.errors.ShapeError, match="a baseline that broadcasts"):
        interpret.integrated_gradients(model, x, baseline=ag.zeros(5, 2, 1, 8, 8))


def test_guided_backprop_and_deconvnet_by_hand() -> None:
    """Two layers, written out: the rule of the ReLU is the only difference."""
    model = nn.Sequential(nn.Linear(6, 10), nn.ReLU(), nn.Linear(10, 8), nn.ReLU(), nn.Linear(8, 3)).double()
    x = ag.randn(4, 6, dtype=ag.float64)
    w1, w2, w3 = (model[i].weight.detach().numpy() for i in (0, 2, 4))
    a1 = model[0](x).detach().numpy()
    a2 = model[2](model[1](model[0](x))).detach().numpy()
    g = np.broadcast_to(w3[1], (4, 8))
    guided = (((np.maximum(g, 0) * (a2 > 0)) @ w2).clip(0) * (a1 > 0)) @ w1
    deconv = (np.maximum(np.maximum(g, 0) @ w2, 0)) @ w1
    plain = (((g * (a2 > 0)) @ w2) * (a1 > 0)) @ w1
    np.testing.assert_allclose(interpret.guided_backprop(model, x, 1).numpy(), guided, atol=1e-12)
    np.testing.assert_allclose(interpret.deconvnet(model, x, 1).numpy(), deconv, atol=1e-12)
    np.testing.assert_allclose(interpret.saliency(model, x, 1).numpy(), np.abs(plain), atol=1e-12)
    assert not np.allclose(guided, plain)
    assert not np.allclose(deconv, guided)


@pytest.mark.parametrize("relu", [F.relu, ag.relu, lambda x: x.relu(), nn.ReLU(inplace=True)])
def test_the_rule_reaches_every_way_to_write_relu(relu: Any) -> None:
    class Net(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.first, self.last = nn.Linear(6, 10), nn.Linear(10, 3)

        def forward(self, x: ag.Tensor) -> ag.Tensor:
            return self.last(relu(self.first(x)))

    net, x = Net().double(), ag.randn(4, 6, dtype=ag.float64)
    same = nn.Sequential(net.first, nn.ReLU(), net.last)
    assert (interpret.guided_backprop(net, x, 0) == interpret.guided_backprop(same, x, 0)).all()
    assert (interpret.deconvnet(net, x, 0) == interpret.deconvnet(same, x, 0)).all()


@pytest.mark.parametrize("method", [interpret.guided_backprop, interpret.deconvnet])
def test_a_network_without_relu_is_refused(method: Any) -> None:
    with pytest.raises(ag.errors.ArgumentError, match=r"computes no relu.*use saliency"):
        method(nn.Sequential(nn.Flatten(), nn.Linear(64, 3)).double(), pictures(), 0)


@pytest.mark.parametrize(("window", "stride", "value"), [(3, 2, 0.0), ((2, 5), (3, 1), 0.5), (8, 8, 1.0)])
def test_occlusion_is_a_loop(window: Any, stride: Any, value: float) -> None:
    model, x = network().eval(), pictures()
    (h, w), (down, right) = ((n, n) if isinstance(n, int) else n for n in (window, stride))
    found = interpret.occlusion(model, x, 1, window=window, stride=stride, value=value, batch_size=3)
    whole = model(x)[:, 1]
    for n in range(2):
        for i, top in enumerate(range(0, 8 - h + 1, down)):
            for j, left in enumerate(range(0, 8 - w + 1, right)):
                covered = x[n : n + 1].clone()
                covered[:, :, top : top + h, left : left + w] = value
                assert abs((whole[n] - model(covered)[0, 1] - found[n, i, j]).item()) < 1e-9
    assert found.shape == (2, (8 - h) // down + 1, (8 - w) // right + 1)


def test_occlusion_refuses_what_does_not_fit() -> None:
    with pytest.raises(ag.errors.ShapeError, match=r"\(N, C, H, W\) of at least 9x9.*smaller window"):
        interpret.occlusion(network(), pictures(), window=9)
    with pytest.raises(ag.errors.ArgumentError, match="stride=0, expected an int of at least 1"):
        interpret.occlusion(network(), pictures(), stride=0)


def test_activations_are_what_the_layers_give() -> None:
    model, x = network().eval(), pictures()
    found = interpret.activations(model, x)
    assert list(found) == [str(i) for i in range(9)]
    y = x
    for i, layer in enumerate(model):
        y = layer(y)
        assert (found[str(i)] == y).all()
    assert list(interpret.activations(model, x, [model[4], "0"])) == ["0", "4"]  # in the order in which they ran
    with pytest.raises(ag.errors.ArgumentError, match="layer='9' is not in the model; use one of 0, 1, 2"):
        interpret.activations(model, x, ["9"])
    with pytest.raises(ag.errors.ArgumentError, match="layer=a Linear is not in the model"):
        interpret.activations(model, x, [nn.Linear(1, 1)])


def test_activations_are_not_overwritten_and_shared_layers_appear_twice() -> None:
    class Net(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.fc, self.act, self.rnn = nn.Linear(4, 4), nn.ReLU(inplace=True), nn.RNN(4, 2, batch_first=True)

        def forward(self, x: ag.Tensor) -> ag.Tensor:
            return self.rnn(self.act(self.fc(self.act(self.fc(x)))))[0]

    net, x = Net(), ag.randn(2, 3, 4)
    found = interpret.activations(net, x)
    assert list(found) == ["fc", "act", "fc #2", "act #2", "rnn"]
    assert (found["fc"] == net.fc(x)).all()
    assert (found["fc"] < 0).any()
    assert found["rnn"].shape == (2, 3, 2)


def test_grad_cam_by_definition() -> None:
    model, x = network().eval(), pictures()
    maps = model[:6](x).detach().requires_grad_()
    score = model[6:](maps)[:, 2].sum()
    (g,) = ag.grad(score, [maps])
    expected = (g.mean((2, 3), keepdim=True) * maps).sum(1).clamp(min=0).detach()
    for layer in ("5", model[5]):
        assert interpret.grad_cam(model, x, 2, layer=layer, upsample=False).allclose(expected)
    full = interpret.grad_cam(model, x, 2, layer="5")
    assert full.allclose(F.interpolate(expected.unsqueeze(1), size=(8, 8), mode="bilinear").squeeze(1))
    with pytest.raises(ag.errors.ShapeError, match=r"gives shape \(2, 24\): expected maps"):
        interpret.grad_cam(model, x, 2, layer="6")
    shared = nn.Sequential(model[0], model[2], nn.Conv2d(4, 1, 1), model[0], nn.Flatten()).double()
    with pytest.raises(ag.errors.ArgumentError, match="layer='0' ran 2 times"):
        interpret.grad_cam(shared, x, 2, layer="0")


def test_filters_as_pictures() -> None:
    conv = nn.Conv2d(3, 5, 4)
    found = interpret.filters(conv)
    assert found.shape == (5, 4, 4, 3)
    assert found.min() >= 0
    assert found.max() <= 1
    assert np.isclose(np.abs(found - 0.5).reshape(5, -1).max(1), 0.5).all()
    w = conv.weight.detach().numpy()
    np.testing.assert_allclose((found[2, 1, 3, 0] - 0.5) * 2 * np.abs(w[2]).max(), w[2, 0, 1, 3], rtol=1e-5)
    assert (interpret.filters(nn.Sequential(nn.ReLU(), conv)) == found).all()
    assert (interpret.filters(conv.weight) == found).all()
    assert interpret.filters(nn.Conv2d(2, 5, 4)).shape == (10, 4, 4)
    assert interpret.filters(nn.Linear(12, 5), (3, 2, 2)).shape == (5, 2, 2, 3)
    assert (interpret.filters(ag.zeros(2, 1, 3, 3)) == 0.5).all()
    with pytest.raises(ag.errors.ArgumentError, match="Sequential holds no Conv2d"):
        interpret.filters(nn.Sequential(nn.Linear(2, 2)))
    with pytest.raises(ag.errors.ShapeError, match=r"shape \(5, 12\) and shape=\(3, 3\)"):
        interpret.filters(nn.Linear(12, 5), (3, 3))


def test_top_inputs_are_those_of_a_full_sort() -> None:
    model, x = network().eval(), pictures(23)
    loader = nn.data.DataLoader(nn.data.TensorDataset(x, ag.arange(23)), batch_size=5)
    found = interpret.top_inputs(model, loader, layer="4", k=4)
    maps = model[:5](x).detach().numpy()
    values = maps.max((2, 3))
    for unit in range(6):
        order = np.argsort(-values[:, unit])[:4]
        assert found.indices[unit].tolist() == order.tolist()
        np.testing.assert_allclose(found.values[unit], values[order, unit], rtol=1e-12)
        for index, place in zip(found.indices[unit], found.places[unit], strict=True):
            assert maps[(index, unit, *place)] == values[index, unit]
    flat = interpret.top_inputs(model, loader, layer="", k=100)
    assert flat.values.shape == (5, 23)
    assert flat.places.shape == (5, 23, 0)
    assert sorted(flat.indices[0]) == list(range(23))
    with pytest.raises(ag.errors.ArgumentError, match="loader is empty"):
        interpret.top_inputs(model, [], layer="")
    idle = nn.Sequential(nn.Flatten(), nn.Linear(64, 5))
    idle.spare = nn.Linear(3, 3)
    idle.forward = lambda x: idle[1](idle[0](x))  # type: ignore[method-assign]
    with pytest.raises(ag.errors.ArgumentError, match="layer='spare' did not run"):
        interpret.top_inputs(idle.double(), [x], layer="spare")


def test_probes_read_what_is_linear_and_only_that() -> None:
    """XOR of two signs: no line reads it from the input, and any line does from a layer that has their product."""

    class Products(nn.Module):
        def forward(self, x: ag.Tensor) -> ag.Tensor:
            return ag.cat([x, x[:, :1] * x[:, 1:]], 1)

    def made(n: int) -> tuple[ag.Tensor, ag.Tensor]:
        x = ag.randn(n, 2)
        return x, (x[:, 0] * x[:, 1] > 0).long()

    probes = interpret.linear_probes(nn.Sequential(Products()), made(600), made(300))
    assert list(probes) == ["input", "0"]
    assert probes["input"].test < 0.6
    assert probes["0"].test > 0.9
    assert probes["0"].features == 3
    wide = interpret.linear_probes(network(), (pictures(20), ag.arange(20) % 2), (pictures(5), ag.arange(5) % 2))
    assert wide["input"].train == 1.0  # more features than examples
    assert wide["0"].features == 4 * 4 * 4
    with pytest.raises(ag.errors.ShapeError, match=r"train\[1\] of shape \(20,\)"):
        interpret.linear_probes(network(), (pictures(20), ag.arange(19)), made(3))
    with pytest.raises(ag.errors.DtypeError, match=r"test\[1\] of integers"):
        interpret.linear_probes(network(), (pictures(2), ag.arange(2)), (pictures(2), ag.rand(2)))


def test_probes_in_both_forms_agree() -> None:
    """The two closed forms are one: with as many features as examples either way gives the same."""
    x, y = ag.randn(12, 8, dtype=ag.float64).array, np.arange(12) % 3
    first = interpret.probes._fit(x, y, x, 0.1)[0]
    padded = np.concatenate([x, np.zeros((12, 8))], 1) * 1.0  # constant features say nothing, but choose the other form
    scale = np.sqrt(2)  # features are divided by the root of their number
    second = interpret.probes._fit(padded * 1.0, y, padded, 0.1 / scale**2 * 2)[0]
    np.testing.assert_allclose(first, second, atol=1e-9)


# --------------------------------------------------------------------------------------------- pictures by optimisation


def test_total_variation_by_definition() -> None:
    x = ag.randn(2, 3, 5, 6, dtype=ag.float64)
    a = x.numpy()
    for beta in (2.0, 1.0):
        squares = (a[:, :, :-1, 1:] - a[:, :, :-1, :-1]) ** 2 + (a[:, :, 1:, :-1] - a[:, :, :-1, :-1]) ** 2
        expected = (squares ** (beta / 2)).mean((1, 2, 3))
        np.testing.assert_allclose(interpret.total_variation(x, beta).numpy(), expected, rtol=1e-6)
    assert (interpret.total_variation(ag.ones(2, 1, 4, 4)) == 0).all()
    flat = ag.ones(1, 1, 4, 4, requires_grad=True)
    interpret.total_variation(flat, 1.0).sum().backward()
    assert flat.grad.isfinite().all()
    with pytest.raises(ag.errors.ShapeError, match=r"\(N, C, H, W\) of at least 2x2"):
        interpret.total_variation(ag.zeros(1, 1, 1, 4))


@DTYPES
def test_gaussian_blur_is_scipys(dtype: Any) -> None:
    ndimage = pytest.importorskip("scipy.ndimage")
    x = ag.rand(2, 3, 16, 20, dtype=dtype)
    expected = ndimage.gaussian_filter(x.numpy(), (0, 0, 1.3, 1.3), mode="mirror", radius=(0, 0, 4, 4))
    found = interpret.gaussian_blur(x, 1.3)
    assert found.dtype == dtype
    np.testing.assert_allclose(found.numpy(), expected, atol=1e-5)
    assert (interpret.gaussian_blur(x, 0) == x).all()
    assert interpret.gaussian_blur(ag.rand(1, 1, 1, 3, dtype=dtype), 5.0).shape == (1, 1, 1, 3)


def test_ascent_reaches_the_top_and_keeps_its_bounds() -> None:
    aim = ag.rand(2, 1, 6, 6, dtype=ag.float64)
    start = ag.zeros(2, 1, 6, 6, dtype=ag.float64)
    near = interpret.ascend(lambda x: -((x - aim) ** 2).sum((1, 2, 3)), start, steps=300, rate=0.01)
    assert (near - aim).abs().max() < 0.05
    assert (start == 0).all()

    def push(x: ag.Tensor) -> ag.Tensor:
        return x.sum((1, 2, 3))

    boxed = interpret.ascend(push, start, steps=20, rate=1.0, bounds=(-0.5, ag.full((1, 1, 6, 6), 0.25).double()))
    assert (boxed == 0.25).all()
    normed = interpret.ascend(push, start, steps=20, rate=1.0, norm=0.3)
    assert (normed**2).mean((1, 2, 3)).sqrt().allclose(ag.full((2,), 0.3).double())
    one = interpret.ascend(push, start, steps=1, rate=0.125)
    assert (one == 0.125).all()  # the root mean square of a step is the rate
    rough = ag.randn(1, 1, 12, 12, dtype=ag.float64)
    still = interpret.ascend(lambda x: 0 * push(x), rough, steps=50, rate=0.02, smoothness=1.0)
    assert interpret.total_variation(still) < 0.5 * interpret.total_variation(rough)
    blurred = interpret.ascend(lambda x: 1e-3 * push(x), rough, steps=3, rate=1e-6, blur=1.0)
    assert blurred.allclose(
        interpret.gaussian_blur(interpret.gaussian_blur(interpret.gaussian_blur(rough, 1), 1), 1), atol=1e-4
    )


def test_jitter_moves_the_picture_and_back() -> None:
    x = ag.arange(36).reshape(1, 1, 6, 6).double()
    seen = []

    def value(y: ag.Tensor) -> ag.Tensor:
        seen.append(y.detach().numpy().copy())
        return 0 * y.sum((1, 2, 3))

    assert (interpret.ascend(value, x, steps=8, jitter=2) == x).all()
    assert len({a.tobytes() for a in seen}) > 1
    assert all(sorted(a.ravel()) == sorted(x.numpy().ravel()) for a in seen)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"steps": 0}, "steps=0, expected an int of at least 1"),
        ({"rate": 0}, "rate=0, expected a number above 0"),
        ({"smoothness": -1.0}, r"smoothness=-1\.0, expected a number of at least 0"),
        ({"norm": 0.0}, r"norm=0\.0, expected a number above 0"),
        ({"bounds": (1.0, 0.0)}, r"bounds=\(1\.0, 0\.0\), expected \(low, high\)"),
        ({"bounds": 3}, "bounds=3, expected"),
        ({"blur": math.nan}, "blur=nan, expected"),
    ],
)
def test_ascent_refuses(options: dict[str, Any], message: str) -> None:
    with pytest.raises(ag.errors.ArgumentError, match=message):
        interpret.ascend(lambda x: x.sum((1, 2, 3)), pictures(), **{"steps": 1, **options})


def test_ascent_wants_a_number_for_each_picture() -> None:
    with pytest.raises(ag.errors.ShapeError, match=r"value returned shape \(\): expected \(2,\)"):
        interpret.ascend(lambda x: x.sum(), pictures(), steps=1)


def test_optimal_inputs_excite_their_own_unit() -> None:
    model, start = network().eval(), ag.full((6, 1, 8, 8), 0.5, dtype=ag.float64)
    units = list(range(6))
    found = interpret.optimal_input(model, start, layer="4", units=units, steps=40, bounds=(0, 1))
    before, after = (model[:5](x).mean((2, 3)).detach().numpy() for x in (start, found))
    assert (np.diag(after) > np.diag(before)).all()
    alone = interpret.optimal_input(model, start[2:3], layer="4", units=2, steps=40, bounds=(0, 1))
    assert alone.allclose(found[2:3])  # pictures side by side do not disturb each other
    assert interpret.optimal_input(model, start, layer=model[8], units=[0, 1, 2, 3, 4, 0], steps=2).shape == start.shape
    with pytest.raises(ag.errors.ArgumentError, match="units=6, expected a unit of 0 to 5"):
        interpret.optimal_input(model, start, layer="4", units=6)
    with pytest.raises(ag.errors.ArgumentError, match="or one for each of the 6 pictures"):
        interpret.optimal_input(model, start, layer="4", units=[1, 2])


def seeing() -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(3, 6, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(6, 8, 3, padding=1), nn.ReLU()
    )


@DTYPES
def test_a_dream_raises_its_layers_at_every_size(dtype: Any) -> None:
    model, x = seeing().to(dtype), ag.rand(1, 3, 30, 40, dtype=dtype)
    dream = interpret.deep_dream(model, x, layers={"1": 0.5, "4": 1.0}, octaves=3, steps=4, jitter=2, bounds=(0, 1))
    assert dream.shape == x.shape
    assert dream.dtype == dtype
    assert dream.min() >= 0
    assert dream.max() <= 1
    assert (model(dream) ** 2).mean() > (model(x) ** 2).mean()
    smooth = interpret.deep_dream(model, x, layers={"4": 1.0}, octaves=1, steps=10, jitter=0, smoothness=10.0)
    rough = interpret.deep_dream(model, x, layers={"4": 1.0}, octaves=1, steps=10, jitter=0)
    assert interpret.total_variation(smooth) < interpret.total_variation(rough)
    with pytest.raises(ag.errors.ArgumentError, match=r"layers=\{\}, expected weights by path"):
        interpret.deep_dream(model, x, layers={})
    with pytest.raises(ag.errors.ArgumentError, match="layer='nose' is not in the model"):
        interpret.deep_dream(model, x, layers={"nose": 1.0})
    with pytest.raises(ag.errors.ArgumentError, match="scale=1, expected a number above 1"):
        interpret.deep_dream(model, x, layers={"1": 1.0}, scale=1)


def test_gram_matrix_by_definition_and_it_forgets_places() -> None:
    maps = ag.randn(2, 3, 4, 5, dtype=ag.float64)
    a = maps.numpy()
    np.testing.assert_allclose(interpret.gram_matrix(maps).numpy(), np.einsum("nihw,njhw->nij", a, a) / 20)
    moved = maps.flatten(2)[:, :, ag.randperm(20)].reshape(2, 3, 4, 5)
    assert interpret.gram_matrix(moved).allclose(interpret.gram_matrix(maps))
    assert ag.autograd.gradcheck(interpret.gram_matrix, maps.requires_grad_())
    with pytest.raises(ag.errors.ShapeError, match=r"maps \(N, K, h, w\), not empty"):
        interpret.gram_matrix(ag.zeros(3, 4))


@DTYPES
@pytest.mark.parametrize("make", [lambda p: optim.Adam(p, lr=0.05), lambda p: optim.LBFGS(p, max_iter=5)])
def test_style_transfer_nears_both_pictures(make: Any, dtype: Any) -> None:
    model = seeing().to(dtype).train()
    for p in model.parameters():
        p.grad = ag.ones_like(p)
    content, style = ag.rand(1, 3, 20, 24, dtype=dtype), ag.rand(1, 3, 12, 16, dtype=dtype) ** 3
    layers: dict[str, Any] = {"content_layers": {"4": 1.0}, "style_layers": {"0": 1.0, "4": 1.0}}
    found = interpret.style_transfer(model, content, style, make, **layers, steps=15, bounds=(0, 1), smoothness=0.01)
    assert found.shape == content.shape
    assert found.dtype == dtype
    assert found.min() >= 0
    assert found.max() <= 1
    model.eval()

    def far(x: ag.Tensor) -> float:
        return float((interpret.gram_matrix(model(x)) - interpret.gram_matrix(model(style))).norm().item())

    assert far(found) < 0.7 * far(content)
    assert all((p.grad.numpy() == 1).all() for p in model.parameters())
    same = interpret.style_transfer(model, content, content, make, **layers, steps=2)
    assert same.allclose(content, atol=1e-4)


def test_style_transfer_refuses() -> None:
    model, x = seeing(), ag.rand(1, 3, 12, 12)
    adam = lambda p: optim.Adam(p, lr=0.05)
    with pytest.raises(ag.errors.ShapeError, match=r"style \(1, C, H, W\), with C as of content"):
        interpret.style_transfer(model, x, x[0], adam, content_layers={"4": 1.0}, style_layers={"4": 1.0})
    with pytest.raises(ag.errors.ArgumentError, match=r"style_layers=\{\}, expected weights by path"):
        interpret.style_transfer(model, x, x, adam, content_layers={"4": 1.0}, style_layers={})


# ------------------------------------------------------------------------------------------------------------ embedding


@DTYPES
def test_pca_is_the_eigenvectors_of_the_covariance(dtype: Any) -> None:
    x = ag.randn(60, 5, dtype=dtype) * ag.tensor([5.0, 3.0, 1.0, 0.5, 0.1], dtype=dtype)
    fit = interpret.pca(x, 3)
    values, vectors = np.linalg.eigh(np.cov(x.numpy().T.astype(np.float64)))
    np.testing.assert_allclose(np.abs(fit.components.numpy() @ vectors[:, ::-1][:, :3]), np.eye(3), atol=1e-4)
    np.testing.assert_allclose(fit.share.numpy(), values[::-1][:3] / values.sum(), rtol=1e-4)
    assert fit.codes.allclose((x - fit.mean) @ fit.components.T, atol=1e-4)
    assert all(t.dtype == dtype for t in fit)
    assert interpret.pca(ag.ones(3, 2, 2), 1).share.item() == 0
    with pytest.raises(ag.errors.ArgumentError, match="components=6, expected 1 to 5"):
        interpret.pca(x, 6)


def test_tsne_keeps_groups_together() -> None:
    pytest.importorskip("sklearn")
    groups = ag.arange(40) % 2
    x = ag.randn(40, 6) + 20 * groups.unsqueeze(1)
    points = interpret.tsne(x, perplexity=8).numpy()
    centres = [points[groups.numpy() == g].mean(0) for g in (0, 1)]
    assert (np.argmin([np.linalg.norm(points - c, axis=1) for c in centres], 0) == groups.numpy()).all()
    with pytest.raises(ag.errors.ShapeError, match="more examples than perplexity=50"):
        interpret.tsne(x, perplexity=50)


def test_tsne_without_scikit_learn_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "sklearn.manifold", None)
    with pytest.raises(ImportError, match="pip install scikit-learn"):
        interpret.tsne(ag.randn(40, 6), perplexity=8)


def test_the_program_of_the_page_runs(capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("PIL")
    page = (Path(__file__).parents[1] / "docs/interpret.md").read_text("utf-8")
    exec("".join(re.findall(r"```python\n(.*?)```", page, re.DOTALL)), {})
    shape, rest = capsys.readouterr().out.split(")", 1)
    share, answer = rest.split(maxsplit=1)
    assert shape == "(1, 3, 227, 227"
    assert float(share) == pytest.approx(1, abs=0.1)
    assert answer.strip() != "espresso"
    assert all(
        (Path(__file__).parents[1] / "docs" / name).exists() for name in re.findall(r"\]\((pictures/.*?)\)", page)
    )
