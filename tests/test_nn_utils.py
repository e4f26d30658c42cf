"""nn.utils: gradients bounded, parameters as a vector, layers fused, weights recomputed by hooks, calls with other tensors."""

from __future__ import annotations

import copy
from typing import Any

import numpy as np
import pytest

import autograd_core as ag
import nn
import nn.utils.clip_grad
import nn.utils.rnn
import optim
from nn.utils import stateless

DTYPES = (ag.float32, ag.float64)


def numbers(*shape: int, seed: int = 0, dtype: Any = ag.float64) -> ag.Tensor:
    return ag.from_numpy(np.asarray(np.random.default_rng(seed).normal(size=shape), dtype))


def load_theirs(ours: nn.Module, theirs: Any) -> None:
    ours.load_state_dict({key: value.numpy(force=True).copy() for key, value in theirs.state_dict().items()})


# ------------------------------------------------------------------------------------------------------------ clipping


def test_clipping_is_in_one_place() -> None:
    for name in ("clip_grad_norm_", "clip_grad_value_"):
        assert getattr(nn.utils, name) is getattr(nn.utils.clip_grad, name) is getattr(optim, name)


@pytest.mark.parametrize("order", [2.0, 1, 0.5, float("inf"), 0.0])
@pytest.mark.parametrize("dtype", DTYPES)
def test_total_norm(order: float, dtype: Any) -> None:
    tensors = [numbers(3, 4, dtype=dtype), numbers(5, seed=1, dtype=dtype), numbers(0, dtype=dtype)]
    flat = np.concatenate([t.array.ravel() for t in tensors])
    total = nn.utils.get_total_norm(tensors, order)
    assert (total.dtype, total.shape) == (dtype, ())
    if order:  # of order 0 it counts the tensors that are not zero, as in PyTorch
        np.testing.assert_allclose(total.array, np.linalg.norm(flat, order), rtol=1e-5)
    torch = pytest.importorskip("torch")
    theirs = torch.nn.utils.get_total_norm([torch.tensor(t.data) for t in tensors[:2]], order)
    np.testing.assert_allclose(total.data, theirs.numpy(), rtol=1e-5)


def test_total_norm_of_one_of_none_and_of_bad_ones() -> None:
    assert nn.utils.get_total_norm(ag.tensor([3.0, 4.0])).item() == 5
    assert nn.utils.get_total_norm(t for t in [ag.tensor([3.0]), ag.tensor([[4.0]])]).item() == 5
    assert nn.utils.get_total_norm([]).item() == 0
    assert np.isnan(nn.utils.get_total_norm([ag.tensor([np.nan])]).item())
    with pytest.raises(ag.errors.NonFiniteError, match=r"The total norm of order 2.0 .* is non-finite"):
        nn.utils.get_total_norm([ag.tensor([np.inf])], error_if_nonfinite=True)
    with pytest.raises(ag.errors.ArgumentError, match=r"Invalid norm_type: -2.0. It must be a number of at least 0"):
        nn.utils.get_total_norm([ag.ones(1)], -2)


def test_clipping_with_a_known_norm() -> None:
    w = ag.ones(2, requires_grad=True)
    w.grad = ag.tensor([3.0, 4.0])
    nn.utils.clip_grads_with_norm_([w, ag.ones(1)], 10.0, ag.tensor(5.0), foreach=True)
    assert w.grad.tolist() == [3.0, 4.0]
    nn.utils.clip_grads_with_norm_(w, 1.0, ag.tensor(5.0))
    np.testing.assert_allclose(w.grad.array, [0.6, 0.8], rtol=1e-6)
    with pytest.warns(UserWarning, match="parameters is an iterator with nothing left, so nothing is clipped"):
        nn.utils.clip_grad_norm_(iter([]), 1.0)


def test_the_former_name_of_clipping_warns() -> None:
    w = ag.ones(2, requires_grad=True)
    w.grad = ag.tensor([3.0, 4.0])
    with pytest.warns(
        FutureWarning, match=r"^nn\.utils\.clip_grad_norm is the former name of nn\.utils\.clip_grad_norm_: use"
    ):
        assert nn.utils.clip_grad_norm([w], 1.0).item() == 5
    np.testing.assert_allclose(w.grad.array, [0.6, 0.8], rtol=1e-6)


# ----------------------------------------------------------------------------------------------------------- as a vector


def test_parameters_to_a_vector_and_back() -> None:
    net = nn.Sequential(nn.Linear(2, 3), nn.Linear(3, 1))
    vector = nn.utils.parameters_to_vector(net.parameters())
    assert vector.shape == (13,)
    np.testing.assert_array_equal(vector.array, np.concatenate([p.array.ravel() for p in net.parameters()]))
    (vector * numbers(13, dtype=ag.float32)).sum().backward()
    np.testing.assert_array_equal(net[1].bias.grad.array, numbers(13, dtype=ag.float32).array[-1:])
    memory = net[0].weight.array
    nn.utils.vector_to_parameters(ag.arange(13, dtype=ag.float64), net.parameters())
    assert net[0].weight.array is memory
    assert net[0].weight.dtype == ag.float32
    assert nn.utils.parameters_to_vector(net.parameters()).tolist() == list(range(13))
    nn.utils.vector_to_parameters(ag.zeros(0), [])
    with pytest.raises(ag.errors.ArgumentError, match="parameters is empty"):
        nn.utils.parameters_to_vector([])
    for bad in (ag.ones(12), ag.ones(14), ag.ones(13, 1)):
        with pytest.raises(ag.errors.ShapeError, match="expects a vector of 13 elements, as the parameters have, got"):
            nn.utils.vector_to_parameters(bad, net.parameters())
    assert net[0].weight.array[0, 1] == 1  # nothing was copied
    with pytest.raises(TypeError, match="vec is of type list"):
        nn.utils.vector_to_parameters([1.0], net.parameters())


# ------------------------------------------------------------------------------------------------------------------ fuse


def with_statistics(norm: Any) -> Any:
    for value in norm.state_dict().values():
        if value.is_floating_point():
            nn.init.uniform_(value, 0.5, 2.0)
    return norm.eval()


@pytest.mark.parametrize(
    ("layer", "norm", "shape", "transpose"),
    [
        (lambda: nn.Conv1d(2, 3, 3), lambda: nn.BatchNorm1d(3), (4, 2, 7), False),
        (lambda: nn.Conv2d(2, 4, 3, groups=2, bias=False), lambda: nn.BatchNorm2d(4), (4, 2, 6, 5), False),
        (lambda: nn.Conv3d(1, 2, 2), lambda: nn.BatchNorm3d(2, affine=False), (2, 1, 4, 4, 4), False),
        (lambda: nn.ConvTranspose2d(2, 3, 3, stride=2), lambda: nn.BatchNorm2d(3, bias=False), (2, 2, 4, 4), True),
        (lambda: nn.Linear(3, 4), lambda: nn.BatchNorm1d(4), (5, 3), None),
        (lambda: nn.Linear(3, 4, bias=False), lambda: nn.BatchNorm1d(4), (5, 3), None),
    ],
)
def test_fusing(layer: Any, norm: Any, shape: tuple[int, ...], transpose: bool | None) -> None:
    made, bn = layer().double().eval(), with_statistics(norm().double())
    if transpose is None:
        fused = nn.utils.fuse_linear_bn_eval(made, bn)
    else:
        fused = nn.utils.fuse_conv_bn_eval(made, bn, transpose)
    x = numbers(*shape)
    np.testing.assert_allclose(fused(x).array, bn(made(x)).array, rtol=1e-9, atol=1e-12)
    assert (type(fused), type(fused.weight), fused.weight.dtype) == (type(made), nn.Parameter, ag.float64)
    assert fused.weight is not made.weight
    assert fused.weight.requires_grad
    assert fused.bias.requires_grad == (made.bias is not None)


def test_fusing_what_cannot_be_fused() -> None:
    conv, bn = nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2)
    with pytest.raises(ag.errors.ArgumentError, match="fuse_conv_bn_eval: a module is in training mode"):
        nn.utils.fuse_conv_bn_eval(conv, bn.eval())
    with pytest.raises(ag.errors.ArgumentError, match="bn has no running statistics"):
        nn.utils.fuse_conv_bn_eval(conv.eval(), nn.BatchNorm2d(2, track_running_stats=False).eval())
    with pytest.raises(ag.errors.ArgumentError, match=r"bn.num_features=2, expected linear.out_features=3, or 1"):
        nn.utils.fuse_linear_bn_eval(nn.Linear(2, 3).eval(), nn.BatchNorm1d(2).eval())


# ----------------------------------------------------------------------------------------------------------- packing, init


def test_packing_has_pytorchs_path() -> None:
    order = nn.utils.rnn.invert_permutation(ag.tensor([2, 0, 1]))
    assert order.tolist() == [1, 2, 0]
    assert nn.utils.rnn.invert_permutation(None) is None
    packed = nn.utils.rnn.pack_sequence([ag.ones(2)]).to("cpu", ag.float64)
    assert (packed.data.dtype, packed.float().data.dtype, packed.double().cpu().batch_sizes.dtype) == (
        ag.float64, ag.float32, ag.int64,
    )  # fmt: skip
    for name in nn.utils.rnn.__all__:
        assert name == "invert_permutation" or getattr(nn.utils.rnn, name) is getattr(nn, name)


@pytest.mark.parametrize(
    "make", [(nn.Linear, 4, 2), (nn.Conv2d, 1, 2, 3), (nn.LSTM, 2, 3), (nn.Embedding, 5, 2), (nn.BatchNorm1d, 3)]
)
def test_skip_init_draws_nothing(make: Any) -> None:
    cls, *arguments = make
    state = ag.get_rng_state()
    layer = nn.utils.skip_init(cls, *arguments, dtype=ag.float64)
    assert ag.get_rng_state() == state
    assert (type(layer), next(layer.parameters()).dtype) == (cls, ag.float64)
    layer.reset_parameters()
    assert cls is nn.BatchNorm1d or ag.get_rng_state() != state
    with pytest.raises(TypeError, match="module_cls is 3, expected a class of modules"):
        nn.utils.skip_init(3)


# ------------------------------------------------------------------------------------------------------------- weight norm

WEIGHT_NORMS = [
    (lambda n: n.Linear(3, 4), (5, 3), 0),
    (lambda n: n.Linear(3, 4, bias=False), (5, 3), 1),
    (lambda n: n.Linear(3, 4), (5, 3), None),
    (lambda n: n.Conv2d(2, 3, 3), (2, 2, 5, 5), 0),
    (lambda n: n.Conv2d(2, 3, 3), (2, 2, 5, 5), 2),
    (lambda n: n.ConvTranspose1d(2, 3, 3), (2, 2, 5), 1),
    (lambda n: n.Conv1d(2, 3, 3), (2, 2, 5), -1),
]


@pytest.mark.parametrize(("layer", "shape", "dim"), WEIGHT_NORMS)
def test_weight_norm(layer: Any, shape: Any, dim: Any) -> None:
    made = layer(nn).double()
    before = made.weight.array.copy()
    assert nn.utils.weight_norm(made, "weight", dim) is made
    assert list(made.state_dict())[-2:] == ["weight_g", "weight_v"]
    np.testing.assert_allclose(made.weight.array, before, rtol=1e-12)
    x = numbers(*shape)
    made(x).sum().backward()
    assert all(p.grad is not None for p in made.parameters())
    with ag.no_grad():
        made.weight_v.mul_(3.0)
    np.testing.assert_allclose(made(x).array, copy_without_norm(made, before)(x).array, rtol=1e-9)
    np.testing.assert_allclose(made.weight.array, before, rtol=1e-12)
    nn.utils.remove_weight_norm(made)
    assert type(made.weight) is nn.Parameter
    np.testing.assert_allclose(made.weight.array, before, rtol=1e-12)
    assert not made._hooks
    with pytest.raises(ValueError, match="weight_norm of 'weight' not found in"):
        nn.utils.remove_weight_norm(made)


def copy_without_norm(layer: Any, weight: Any) -> Any:
    """A plain layer of the same class, with *weight*."""
    plain = copy.copy(layer)
    plain._hooks.clear()
    plain.weight = ag.from_numpy(weight)
    return plain


@pytest.mark.filterwarnings("ignore:`torch.nn.utils.weight_norm` is deprecated:FutureWarning")
@pytest.mark.parametrize(("layer", "shape", "dim"), WEIGHT_NORMS)
def test_weight_norm_is_pytorchs(layer: Any, shape: Any, dim: Any) -> None:
    torch = pytest.importorskip("torch")
    theirs = torch.nn.utils.weight_norm(layer(torch.nn).double(), dim=dim)
    ours = nn.utils.weight_norm(layer(nn).double(), dim=dim)
    assert list(ours.state_dict()) == list(theirs.state_dict())
    load_theirs(ours, theirs)
    fused = dim in (
        0,
        theirs.weight_v.ndim - 1,
    )  # PyTorch's second derivative of its fused kernel is not that of g v / |v|
    compare_gradients(ours, theirs, numbers(*shape), second=not fused)


def compare_gradients(ours: Any, theirs: Any, x: Any, second: bool = True) -> None:
    """Compare the output, the gradients of its cube, and with *second* those of their squares."""
    torch = pytest.importorskip("torch")
    y = torch.tensor(x.data)
    out, other = ours(x), theirs(y)
    np.testing.assert_allclose(out.array, other.detach().numpy(), rtol=1e-9, atol=1e-11)
    mine, his = list(ours.parameters()), list(theirs.parameters())
    found = ag.grad((out**3).sum(), mine, create_graph=True)
    expected = torch.autograd.grad((other**3).sum(), his, create_graph=True)
    if second:
        found += ag.grad(sum((g * g).sum() for g in found), mine)
        expected += torch.autograd.grad(sum((g * g).sum() for g in expected), his)
    for a, b in zip(found, expected, strict=True):
        b = b.detach().numpy()
        np.testing.assert_allclose(a.array, b, rtol=1e-7, atol=1e-9 * (1 + abs(b).max()))


@pytest.mark.parametrize("dim", [0, 1, None])
def test_weight_norm_to_second_order(dim: Any) -> None:
    hook = nn.utils.weight_norm(nn.Linear(3, 2).double(), dim=dim)

    def weight(g: Any, v: Any) -> Any:
        return stateless.functional_call(hook, {"weight_g": g, "weight_v": v}, ag.eye(3, dtype=ag.float64))

    tensors = tuple(p.detach().requires_grad_() for p in (hook.weight_g, hook.weight_v))
    assert ag.gradcheck(weight, tensors)
    assert ag.gradgradcheck(weight, tensors)


def test_weight_norm_refuses() -> None:
    layer = nn.utils.weight_norm(nn.Linear(2, 2))
    with pytest.raises(
        RuntimeError, match="Cannot register two weight_norm hooks on the same parameter weight of Linear"
    ):
        nn.utils.weight_norm(layer)
    with pytest.raises(AttributeError, match="Linear has no parameter 'w'"):
        nn.utils.weight_norm(nn.Linear(2, 2), "w")
    with pytest.raises(ValueError, match=r"weight_norm: the parameter 'weight' of LazyLinear has no shape yet; call"):
        nn.utils.weight_norm(nn.LazyLinear(2))


# ----------------------------------------------------------------------------------------------------------- spectral norm

SPECTRAL = [
    (lambda n: n.Linear(3, 4), (5, 3), {}),
    (lambda n: n.Linear(3, 4), (5, 3), {"n_power_iterations": 3, "eps": 1e-6}),
    (lambda n: n.Conv2d(2, 3, 3), (2, 2, 5, 5), {}),
    (lambda n: n.ConvTranspose2d(2, 3, 3), (2, 2, 5, 5), {}),
    (lambda n: n.Conv1d(2, 3, 3), (2, 2, 5), {"dim": 2}),
]


@pytest.mark.parametrize(("layer", "shape", "options"), SPECTRAL)
def test_spectral_norm(layer: Any, shape: Any, options: Any) -> None:
    made = layer(nn).double()
    dim = options.get("dim", 1 if "Transpose" in type(made).__name__ else 0)
    matrix = np.moveaxis(made.weight.array, dim, 0).reshape(made.weight.shape[dim], -1)
    before = made.weight.array.copy()
    nn.utils.spectral_norm(made, **options)
    assert list(made.state_dict())[-3:] == ["weight_orig", "weight_u", "weight_v"]
    x = numbers(*shape)
    for _ in range(100):
        made(x)
    np.testing.assert_allclose(made.weight.array, before / np.linalg.norm(matrix, 2), rtol=1e-6)
    made.eval()
    u = made.weight_u.array.copy()
    assert made(x).requires_grad
    np.testing.assert_array_equal(made.weight_u.array, u)
    a, b = made.train()(x), made(x * 2)  # two forwards before a backward
    (a.sum() + b.sum()).backward()
    assert made.weight_orig.grad is not None
    nn.utils.remove_spectral_norm(made)
    assert [name for name in made.state_dict() if "weight" in name] == ["weight"]
    np.testing.assert_allclose(made.weight.array, before / np.linalg.norm(matrix, 2), rtol=1e-6)
    with pytest.raises(ValueError, match="spectral_norm of 'weight' not found"):
        nn.utils.remove_spectral_norm(made)


@pytest.mark.parametrize(("layer", "shape", "options"), SPECTRAL)
def test_spectral_norm_is_pytorchs(layer: Any, shape: Any, options: Any) -> None:
    torch = pytest.importorskip("torch")
    theirs = torch.nn.utils.spectral_norm(layer(torch.nn).double(), **options)
    ours = nn.utils.spectral_norm(layer(nn).double(), **options)
    assert list(ours.state_dict()) == list(theirs.state_dict())
    load_theirs(ours, theirs)
    compare_gradients(ours, theirs, numbers(*shape))
    np.testing.assert_allclose(ours.weight_v.data, theirs.weight_v.numpy(), rtol=1e-9)
    ours.eval(), theirs.eval()
    compare_gradients(ours, theirs, numbers(*shape))


def test_spectral_norm_refuses() -> None:
    layer = nn.utils.spectral_norm(nn.Linear(2, 2))
    with pytest.raises(RuntimeError, match="Cannot register two spectral_norm hooks"):
        nn.utils.spectral_norm(layer)
    with pytest.raises(
        ag.errors.ArgumentError, match="spectral_norm: n_power_iterations=0, expected an int of at least 1"
    ):
        nn.utils.spectral_norm(nn.Linear(2, 2), n_power_iterations=0)


# -------------------------------------------------------------------------------------------------------- other parameters


def test_functional_call_uses_the_given_tensors() -> None:
    net = nn.Sequential(nn.Linear(2, 3), nn.Tanh(), nn.Linear(3, 1)).double()
    own = {name: p.array.copy() for name, p in net.named_parameters()}
    given = {name: numbers(*p.shape, seed=i).requires_grad_() for i, (name, p) in enumerate(net.named_parameters())}
    x = numbers(4, 2)
    out = stateless.functional_call(net, given, x)
    w, b, v, c = (t.array for t in given.values())
    np.testing.assert_allclose(out.array, np.tanh(x.array @ w.T + b) @ v.T + c, rtol=1e-12)
    out.sum().backward()
    assert all(t.grad is not None for t in given.values())
    assert all(p.grad is None for p in net.parameters())
    assert all(np.array_equal(p.array, own[name]) for name, p in net.named_parameters())
    part = {
        "2.bias": ag.zeros(1, dtype=ag.float64),
        "nowhere": ag.ones(1),
        "9.weight": ag.ones(1),
    }  # others are ignored
    np.testing.assert_allclose(
        stateless.functional_call(net, part, (x,)).array, net(x).array - net[2].bias.array, rtol=1e-12
    )
    assert not hasattr(net, "nowhere")
    for tensors, message in (
        (part, "unexpected key 'nowhere', unexpected key '9.weight', missing key '0.weight'"),
        ({**given, "x": ag.ones(1)}, "functional_call: for Sequential: unexpected key 'x'; pass all, or strict=False"),
    ):
        with pytest.raises(ag.errors.ArgumentError, match=message):
            stateless.functional_call(net, tensors, x, strict=True)
    (g,) = ag.grad(stateless.functional_call(net, [{"0.weight": given["0.weight"]}, {"0.bias": given["0.bias"]}], x).sum(),
                   given["0.bias"], create_graph=True)  # fmt: skip
    assert g.requires_grad
    with pytest.raises(ag.errors.ArgumentError, match=r"0.bias appeared in multiple dictionaries"):
        stateless.functional_call(net, ({"0.bias": ag.ones(3)}, {"0.bias": ag.ones(3)}), x)


def test_functional_call_puts_the_own_tensors_back_after_an_error() -> None:
    layer = nn.Linear(2, 2)
    weight = layer.weight
    with pytest.raises(ag.errors.ShapeError):
        stateless.functional_call(layer, {"weight": ag.ones(2, 2)}, ag.ones(3))
    assert layer.weight is weight


def test_functional_call_of_buffers_keywords_and_tied_tensors() -> None:
    class Net(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.a = nn.Parameter(ag.ones(1))
            self.b = self.a
            self.register_buffer("count", ag.zeros(1))

        def forward(self, x: Any, scale: float = 1.0) -> Any:
            self.count = self.count + 1
            return x * self.a * scale + self.b

    net, tensors = Net(), {"a": ag.tensor([5.0]), "count": ag.zeros(1)}
    assert stateless.functional_call(net, tensors, ag.ones(1), {"scale": 2.0}).item() == 15
    assert tensors["count"].item() == 1
    assert net.count.item() == 0
    assert stateless.functional_call(net, tensors, ag.ones(1), tie_weights=False).item() == 6
    both = {"a": ag.tensor([5.0]), "b": ag.tensor([7.0])}
    with pytest.raises(ValueError, match=r"functional_call got multiple values for keys \['a', 'b'\], which are tied"):
        stateless.functional_call(net, both, ag.ones(1))
    assert stateless.functional_call(net, both, ag.ones(1), tie_weights=False).item() == 12
    assert stateless.functional_call(nn.Flatten(), {}, (ag.ones(2, 3, 4),)).shape == (2, 12)


def test_functional_call_covers_what_is_computed() -> None:
    layer = nn.utils.parametrizations.weight_norm(nn.Linear(2, 1, bias=False))
    x, w = ag.ones(1, 2), ag.tensor([[2.0, 3.0]])
    assert stateless.functional_call(layer, {"weight": w}, x).item() == 5
    assert "weight" not in vars(layer)
    out = stateless.functional_call(layer, {"parametrizations.weight.original0": ag.tensor([[5.0]])}, x)
    np.testing.assert_allclose(out.array, 5 * layer(x).array / layer.parametrizations.weight.original0.array, rtol=1e-6)


def test_functional_call_is_pytorchs() -> None:
    torch = pytest.importorskip("torch")
    values = {"0.weight": numbers(3, 2), "1.weight": numbers(3, seed=2), "1.running_mean": numbers(3, seed=3)}
    results = []
    for lib, n, call in ((torch, torch.nn, torch.func.functional_call), (ag, nn, stateless.functional_call)):
        net = n.Sequential(n.Linear(2, 3, bias=False), n.BatchNorm1d(3)).double()
        given = {name: lib.tensor(t.array.copy()) for name, t in values.items()}
        out = call(net, given, (lib.tensor(numbers(6, 2, seed=4).array),))
        results.append([*out.tolist(), given["1.running_mean"].tolist(), net[1].running_mean.tolist()])
    for theirs, ours in zip(*results, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-9)
