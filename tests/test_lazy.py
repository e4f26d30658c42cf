"""Layers that take their sizes from the first input: shapes, values, states, and what cannot be done before."""

from __future__ import annotations

import copy
from typing import Any

import numpy as np
import pytest

import autograd_core as ag
import nn
import optim
from nn.layers.lazy import LazyModuleMixin
from nn.parameter import is_lazy

# name, arguments of the lazy layer, what the ordinary one has before them, shape of an input
LAYERS = [
    ("Linear", (3,), {}, 4, (2, 5, 4)),
    ("Linear", (3, False), {}, 4, (4,)),
    ("Conv1d", (6, 3), {"padding": "same"}, 2, (4, 2, 9)),
    ("Conv2d", (6, (3, 2)), {"stride": 2, "groups": 2, "bias": False}, 4, (2, 4, 7, 6)),
    ("Conv3d", (2, 2), {"padding_mode": "circular", "padding": 1}, 3, (3, 4, 4, 4)),
    ("ConvTranspose1d", (6, 3), {"stride": 2, "output_padding": 1}, 2, (4, 2, 9)),
    ("ConvTranspose2d", (4, 3), {"groups": 2, "dilation": 2}, 2, (2, 2, 5, 5)),
    ("ConvTranspose3d", (2, 2), {"bias": False}, 3, (1, 3, 3, 3, 3)),
    ("BatchNorm1d", (), {"momentum": None}, 3, (5, 3)),
    ("BatchNorm1d", (), {"affine": False}, 3, (5, 3, 2)),
    ("BatchNorm2d", (1e-3,), {"track_running_stats": False}, 3, (2, 3, 4, 4)),
    ("BatchNorm3d", (), {"bias": False}, 3, (2, 3, 2, 3, 3)),
    ("InstanceNorm1d", (), {"affine": True, "track_running_stats": True}, 3, (2, 3, 4)),
    ("InstanceNorm2d", (), {"affine": True, "track_running_stats": True}, 3, (3, 4, 4)),
    ("InstanceNorm3d", (), {"affine": False, "track_running_stats": False}, 3, (2, 3, 2, 3, 3)),
]
every = pytest.mark.parametrize(("name", "arguments", "options", "size", "shape"), LAYERS)


def made(n: Any, name: str, arguments: Any, options: Any, **more: Any) -> Any:
    return getattr(n, f"Lazy{name}")(*arguments, **options, **more)


@every
@pytest.mark.parametrize("dtype", [ag.float32, ag.float64])
def test_a_first_call_makes_the_ordinary_layer(
    name: str, arguments: Any, options: Any, size: int, shape: Any, dtype: Any
) -> None:
    cls, x = getattr(nn, name), ag.randn(*shape, dtype=dtype)
    ag.manual_seed(3)
    plain = cls(size, *arguments, **options, dtype=dtype)
    ag.manual_seed(3)
    lazy = made(nn, name, arguments, options, dtype=dtype)
    assert isinstance(lazy, cls)
    assert repr(lazy).startswith(f"Lazy{name}(")
    parameters = list(lazy.parameters())
    assert [n for n, _ in lazy.named_parameters()] == [n for n, _ in plain.named_parameters()]
    assert list(lazy.state_dict()) == list(plain.state_dict())
    expected = plain(x)
    out = lazy(x)
    assert type(lazy) is cls
    assert repr(lazy) == repr(plain)
    assert all(a is b for a, b in zip(lazy.parameters(), parameters, strict=True))
    assert all(type(p) is nn.Parameter and p.requires_grad and p.dtype == dtype for p in parameters)
    np.testing.assert_array_equal(out.array, expected.array)
    for (key, a), b in zip(lazy.state_dict().items(), plain.state_dict().values(), strict=True):
        np.testing.assert_array_equal(a.array, b.array, key)
    if parameters:
        out.sum().backward()
    assert all(p.grad is not None and p.grad.shape == p.shape for p in parameters)
    assert not lazy._hooks


@pytest.mark.filterwarnings("ignore:Lazy modules are a new feature:UserWarning")
@pytest.mark.filterwarnings("ignore:input's size at dim=1 does not match num_features:UserWarning")
@every
def test_reprs_keys_and_shapes_are_pytorchs(name: str, arguments: Any, options: Any, size: int, shape: Any) -> None:
    torch = pytest.importorskip("torch")
    ours, theirs = made(nn, name, arguments, options), made(torch.nn, name, arguments, options)
    assert list(ours.state_dict()) == list(theirs.state_dict())
    assert {k: is_lazy(v) for k, v in ours.state_dict().items()} == {
        k: torch.nn.parameter.is_lazy(v) for k, v in theirs.state_dict().items()
    }
    if shape[0] == size and name.startswith("InstanceNorm"):
        return  # PyTorch takes the second dim even of a single sample
    theirs(torch.ones(shape))
    state = {key: torch.rand_like(v) if v.is_floating_point() else v for key, v in theirs.state_dict().items()}
    theirs.load_state_dict(state)
    ours.load_state_dict({key: value.numpy() for key, value in state.items()})
    assert not ours.has_uninitialized_params()
    x = np.random.default_rng(0).normal(size=shape).astype("f")
    np.testing.assert_allclose(ours(ag.tensor(x)).data, theirs(torch.tensor(x)).detach().numpy(), rtol=1e-4, atol=1e-5)
    assert type(ours).__name__ == type(theirs).__name__ == name
    assert {getattr(ours, a, size) for a in ("in_features", "in_channels", "num_features")} == {size}


def test_a_state_dict_of_the_ordinary_layer_gives_the_shapes() -> None:
    source = nn.Sequential(nn.Linear(4, 3), nn.BatchNorm1d(3))
    source(ag.randn(8, 4))
    target = nn.Sequential(nn.LazyLinear(3), nn.LazyBatchNorm1d())
    weight = target[0].weight
    assert repr(target.load_state_dict(source.state_dict())) == "<All keys matched successfully>"
    assert target[0].weight is weight
    assert type(target[0]) is nn.LazyLinear
    x = ag.randn(2, 4)
    np.testing.assert_array_equal(target.eval()(x).array, source.eval()(x).array)
    assert (type(target[0]), target[0].in_features, target[1].num_features) == (nn.Linear, 4, 3)


def test_states_that_have_no_shapes_yet() -> None:
    a, b = nn.LazyLinear(3, dtype=ag.float64), nn.LazyLinear(3)
    state = a.state_dict()
    assert repr(state["weight"]) == "<UninitializedParameter>"
    b.load_state_dict(state)
    assert b.has_uninitialized_params()
    with pytest.raises(
        ag.errors.CheckpointError, match=r"weight has no shape yet in the state_dict, the model has \(3, 4\)"
    ):
        nn.Linear(4, 3).load_state_dict(state)
    net = nn.Sequential(nn.LazyLinear(3), nn.Linear(3, 1))
    with pytest.raises(ag.errors.CheckpointError, match=r"size mismatch for 1.bias"):
        net.load_state_dict(
            {"0.weight": ag.ones(3, 4), "0.bias": ag.ones(3), "1.weight": ag.ones(1, 3), "1.bias": ag.ones(2)}
        )
    assert net[0].has_uninitialized_params()  # nothing was loaded


def test_what_has_no_shape_cannot_be_used() -> None:
    layer = nn.LazyBatchNorm1d()
    for t in (layer.weight, layer.running_mean):
        kind = type(t).__name__
        for use in (
            lambda t=t: t.shape, lambda t=t: t + 1, lambda t=t: ag.exp(t), lambda t=t: t.array, lambda t=t: t.numel(),
            lambda t=t: t.detach(), lambda t=t: t.zero_(), lambda t=t: t[0], lambda t=t: len(t),
        ):  # fmt: skip
            with pytest.raises(
                RuntimeError, match=f"this {kind} has no shape and no values yet: its lazy module takes"
            ):
                use()
        assert repr(t) == f"<{kind}>"
        assert t.dtype == ag.float32
    with pytest.raises(ag.errors.ShapeError, match=r"call the model once on a batch, and use the parameter \(or make"):
        optim.SGD(nn.LazyLinear(2).parameters(), lr=0.1)


def test_dtype_freezing_and_copies_before_the_first_call() -> None:
    layer = nn.LazyLinear(3).double()
    assert layer.weight.dtype == ag.float64
    assert is_lazy(layer.weight)
    layer.requires_grad_(False)
    twin = copy.deepcopy(layer)
    assert twin.weight is not layer.weight
    assert (type(twin.weight), twin.weight.dtype) == (nn.UninitializedParameter, ag.float64)
    out = layer(ag.ones(2, 4, dtype=ag.float64))
    assert out.dtype == ag.float64
    assert not out.requires_grad
    assert is_lazy(twin.weight)
    twin.requires_grad_()
    shallow = copy.copy(twin)
    assert twin(ag.ones(2, 5, dtype=ag.float64)).requires_grad
    assert type(twin) is nn.Linear
    assert shallow(ag.ones(2, 5, dtype=ag.float64)).shape == (2, 3)
    assert type(shallow) is nn.Linear
    buffer = copy.deepcopy(nn.UninitializedBuffer(persistent=False))
    assert (type(buffer), buffer.persistent) == (nn.UninitializedBuffer, False)
    buffer.materialize((2,), dtype=ag.int64)
    assert (type(buffer), buffer.shape, buffer.dtype, buffer.persistent) == (nn.Buffer, (2,), ag.int64, False)
    weight = nn.UninitializedParameter(requires_grad=False, dtype=ag.float64)
    weight.materialize((2, 3))
    assert (type(weight), weight.shape, weight.dtype, weight.requires_grad) == (nn.Parameter, (2, 3), ag.float64, False)


def test_scopes_and_hooks_of_lazy_layers() -> None:
    net, seen = nn.Sequential(nn.LazyLinear(3), nn.LazyLinear(2)), []
    handle = net[0].register_forward_pre_hook(lambda m, args: seen.append(type(m).__name__))
    out = net(ag.ones(2, 4))
    assert str(out.grad_fn.scope) == "model.1 (Linear 3->2)"
    assert seen == ["Linear"]
    net(ag.ones(2, 4))
    assert len(seen) == 2
    handle.remove()
    assert not net[0]._hooks
    assert nn.summary(nn.Sequential(nn.LazyLinear(3)), (2, 4)).parameters == 15


@pytest.mark.parametrize(
    ("layer", "shape", "message"),
    [
        (lambda: nn.LazyLinear(2), (), r"LazyLinear 0->2\): expects \(..., in_features\), got \(\)"),
        (lambda: nn.LazyConv2d(2, 3), (2, 3), r"LazyConv2d.*: expects \(N, C, H, W\) or \(C, H, W\), got \(2, 3\)"),
        (lambda: nn.LazyConv1d(4, 3, groups=2), (3, 9), "expects a number of channels that groups=2 divides, got"),
        (
            lambda: nn.LazyConvTranspose1d(4, 3, groups=2),
            (3, 9),
            "expects a number of channels that groups=2 divides, got",
        ),
        (
            lambda: nn.LazyBatchNorm2d(),
            (2, 3),
            r"LazyBatchNorm2d.*: expects \(N, C, H, W\), got \(2, 3\); use the layer",
        ),
        (lambda: nn.LazyInstanceNorm1d(), (2,), r"expects \(C, L\) or \(N, C, L\), got \(2,\)"),
    ],
)
def test_first_inputs_that_do_not_fit_leave_the_layer_lazy(layer: Any, shape: Any, message: str) -> None:
    lazy = layer()
    with pytest.raises(ag.errors.ShapeError, match=message):
        lazy(ag.ones(*shape) if shape else ag.tensor(1.0))
    assert lazy.has_uninitialized_params()
    assert type(lazy).__name__.startswith("Lazy")


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: nn.LazyLinear(0), "out_features=0, expected an int of at least 1"),
        (lambda: nn.LazyConv2d(3, 3, groups=2), "groups=2 must divide"),
        (lambda: nn.LazyConv2d(3, 3, groups=0), "groups=0, expected an int of at least 1"),
        (lambda: nn.LazyConvTranspose2d(3, 3, output_padding=1), "output_padding=1 must be smaller than stride=1"),
    ],
)
def test_arguments_are_checked_at_once(make: Any, message: str) -> None:
    with pytest.raises(ag.errors.ArgumentError, match=message):
        make()


def test_lazy_modules_of_ones_own() -> None:
    class Scale(LazyModuleMixin):
        def __init__(self) -> None:
            super().__init__()
            self.scale = nn.UninitializedParameter()
            self.steps = nn.UninitializedBuffer()

        def forward(self, x: Any) -> Any:
            return x * self.scale

    with pytest.raises(NotImplementedError, match="Scale does not say how it is initialized"):
        Scale()(ag.ones(2))

    class Half(Scale):
        def initialize_parameters(self, x: Any) -> None:
            self.scale.materialize(x.shape)

    with pytest.raises(
        RuntimeError, match="module Half has not been fully initialized: materialize all its parameters"
    ):
        Half()(ag.ones(2))

    class Whole(Half):
        def initialize_parameters(self, x: Any) -> None:
            super().initialize_parameters(x)
            nn.init.ones_(self.scale)
            self.steps.materialize((1,))

    module = Whole()
    assert module(ag.ones(2)).tolist() == [1.0, 1.0]
    assert type(module) is Whole
    assert list(module.state_dict()) == ["scale", "steps"]
