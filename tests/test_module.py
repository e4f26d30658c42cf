"""Module: registration, state, modes, hooks, scopes, copies and repr."""

from __future__ import annotations

import copy
import gc
import weakref
from collections import OrderedDict
from typing import Any

import numpy as np
import pytest

import autograd_core as ag
import nn


class Net(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Linear(4, 8)
        self.act = nn.ReLU()
        self.rest = nn.Sequential(nn.BatchNorm1d(8), nn.Linear(8, 2))
        self.scale = nn.Parameter(ag.ones(1))
        self.register_buffer("steps", ag.zeros(1))
        self.register_buffer("cache", ag.zeros(3), persistent=False)

    def forward(self, x: Any, gain: float = 1.0) -> Any:
        return self.rest(self.act(self.first(x))) * self.scale * gain


# -------------------------------------------------------------------------------------------------------- registration


def test_parameters_buffers_and_modules_are_found_by_path() -> None:
    net = Net()
    assert [name for name, _ in net.named_parameters()] == [
        "scale", "first.weight", "first.bias", "rest.0.weight", "rest.0.bias", "rest.1.weight", "rest.1.bias",
    ]  # fmt: skip
    assert [name for name, _ in net.named_parameters(recurse=False)] == ["scale"]
    assert [name for name, _ in net.named_buffers(prefix="net")] == [
        "net.steps", "net.cache", "net.rest.0.running_mean", "net.rest.0.running_var", "net.rest.0.num_batches_tracked",
    ]  # fmt: skip
    assert [name for name, _ in net.named_modules()] == ["", "first", "act", "rest", "rest.0", "rest.1"]
    assert [name for name, _ in net.named_children()] == ["first", "act", "rest"]
    assert len(list(net.parameters())) == 7
    assert len(list(net.buffers())) == 5
    assert list(net.children()) == [net.first, net.act, net.rest]
    assert next(net.modules()) is net


def test_shared_modules_and_parameters_come_once_unless_asked() -> None:
    net = nn.Module()
    net.a = net.b = nn.Linear(2, 2)
    net.w = net.a.weight
    assert [name for name, _ in net.named_parameters()] == ["w", "a.bias"]
    assert [name for name, _ in net.named_parameters(remove_duplicate=False)] == [
        "w", "a.weight", "a.bias", "b.weight", "b.bias",
    ]  # fmt: skip
    assert [name for name, _ in net.named_modules()] == ["", "a"]
    assert [name for name, _ in net.named_modules(remove_duplicate=False)] == ["", "a", "b"]
    assert [name for name, _ in net.named_children()] == ["a"]
    assert list(net.state_dict()) == ["w", "a.weight", "a.bias", "b.weight", "b.bias"]


def test_get_by_path_and_its_errors() -> None:
    net = Net()
    assert net.get_submodule("rest.1") is net.rest[1]
    assert net.get_submodule("") is net
    assert net.get_parameter("rest.1.weight") is net.rest[1].weight
    assert net.get_buffer("rest.0.running_mean") is net.rest[0].running_mean
    with pytest.raises(
        AttributeError, match=r"target is 'rest.7': Sequential has no module '7'; the modules there: 0, 1"
    ):
        net.get_submodule("rest.7")
    with pytest.raises(AttributeError, match="Linear has no parameter 'w'; the parameters there: weight, bias"):
        net.get_parameter("first.w")
    with pytest.raises(AttributeError, match="Linear has no buffer 'w'; the buffers there: none"):
        net.get_buffer("first.w")


def test_assigning_replaces_and_moves_between_kinds() -> None:
    net = Net()
    net.first = nn.Identity()
    assert [name for name, _ in net.named_children()] == ["first", "act", "rest"]
    net.scale = None  # the name stays a parameter's
    assert "scale" not in dict(net.named_parameters())
    net.scale = nn.Parameter(ag.zeros(2))
    assert dict(net.named_parameters())["scale"].shape == (2,)
    net.steps = ag.ones(1)
    assert dict(net.named_buffers())["steps"].item() == 1
    net.act = nn.Parameter(ag.zeros(1))
    assert "act" in dict(net.named_parameters())
    assert "act" not in dict(net.named_children())
    del net.act
    assert "act" not in dict(net.named_parameters())
    with pytest.raises(AttributeError, match="act"):
        net.act  # noqa: B018
    net.plain = ag.ones(1)  # a bare tensor is just an attribute
    assert "plain" not in dict(net.named_buffers())


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("scale", ag.ones(1), "cannot assign a Tensor as parameter 'scale' of Net: expected an nn.Parameter or None"),
        ("first", 3, "cannot assign a int as module 'first' of Net: expected an nn.Module or None"),
        ("steps", 3, "cannot assign a int as buffer 'steps' of Net: expected a Tensor or None"),
        ("cache", "x", "cannot assign a str as transient buffer 'cache' of Net: expected a Tensor or None"),
    ],
)
def test_assigning_the_wrong_kind_is_an_error(name: str, value: Any, message: str) -> None:
    with pytest.raises(TypeError, match=message):
        setattr(Net(), name, value)


def test_register_errors() -> None:
    net = Net()
    for register, value in (
        (net.register_parameter, nn.Parameter(ag.ones(1))),
        (net.register_buffer, ag.ones(1)),
        (net.add_module, nn.ReLU()),
    ):
        with pytest.raises(KeyError, match=r'expected a name that is not empty and has no "."'):
            register("a.b", value)
        with pytest.raises(KeyError, match="expected a name that is not empty"):
            register("", value)
        with pytest.raises(KeyError, match="attribute 'forward' of Net already exists"):
            register("forward", value)
        with pytest.raises(TypeError, match="name is 3: expected a string"):
            register(3, value)
    with pytest.raises(TypeError, match=r"register a Tensor as parameter 'p'.*wrap it: nn.Parameter\(tensor\)"):
        net.register_parameter("p", ag.ones(1))
    with pytest.raises(TypeError, match=r"register a list as buffer 'b'.*wrap it: ag.tensor\(data\)"):
        net.register_buffer("b", [1])
    with pytest.raises(TypeError, match=r"register a type as module 'm'.*give an instance of the class"):
        net.add_module("m", nn.ReLU)
    net.register_parameter("nothing", None)
    net.add_module("no_module", None)
    assert net.nothing is None
    assert net.no_module is None
    assert "(no_module): None" in repr(net)


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (lambda: nn.Linear(1, 1), "cannot assign module before Module.__init__() call; begin Late.__init__ with super"),
        (lambda: nn.Parameter(ag.ones(1)), "cannot assign parameters before Module.__init__() call"),
    ],
)
def test_forgotten_super_init(value: Any, message: str) -> None:
    class Late(nn.Module):
        def __init__(self) -> None:
            self.x = value()

    with pytest.raises(AttributeError) as error:
        Late()
    assert message in str(error.value)


def test_forgotten_super_init_without_modules() -> None:
    class Empty(nn.Module):
        def __init__(self) -> None:
            self.n = 1

        def forward(self, x: Any) -> Any:
            return x

    with pytest.raises(AttributeError, match=r"Empty is called before Module.__init__\(\)"):
        Empty()(1)
    with pytest.raises(AttributeError, match=r"cannot assign buffer before Module.__init__\(\)"):
        Empty().register_buffer("b", ag.ones(1))


def test_missing_forward() -> None:
    class Silent(nn.Module):
        pass

    with pytest.raises(NotImplementedError, match=r'Module \[Silent\] is missing the required "forward" function'):
        Silent()(1)


# --------------------------------------------------------------------------------------------------------------- state


def test_state_dict_shares_memory_and_leaves_out_transient_buffers() -> None:
    net = Net()
    state = net.state_dict()
    assert isinstance(state, OrderedDict)
    assert list(state) == [
        "scale", "steps", "first.weight", "first.bias", "rest.0.weight", "rest.0.bias", "rest.0.running_mean",
        "rest.0.running_var", "rest.0.num_batches_tracked", "rest.1.weight", "rest.1.bias",
    ]  # fmt: skip
    assert np.shares_memory(state["first.weight"].array, net.first.weight.array)
    assert not state["first.weight"].requires_grad
    assert net.state_dict(keep_vars=True)["first.weight"] is net.first.weight
    assert next(iter(net.state_dict(prefix="net."))) == "net.scale"


def test_load_state_dict_copies_into_the_same_memory() -> None:
    source, target = Net(), Net()
    memory = target.first.weight.array
    result = target.load_state_dict(source.state_dict())
    assert repr(result) == "<All keys matched successfully>"
    assert target.first.weight.array is memory
    np.testing.assert_array_equal(memory, source.first.weight.array)
    arrays = {key: value.array.astype("float64") for key, value in source.state_dict().items()}
    target.load_state_dict(arrays)  # arrays will do, and take the dtype that is there
    assert target.first.weight.dtype == ag.float32
    assert target.rest[0].num_batches_tracked.dtype == ag.int64


def test_load_state_dict_names_every_problem_and_loads_nothing() -> None:
    net = Net()
    before = {key: value.array.copy() for key, value in net.state_dict().items()}
    state = Net().state_dict()
    del state["scale"]
    state["extra"] = ag.ones(1)
    state["first.weight"] = ag.ones(8, 5)
    state["first.bias"] = 3
    with pytest.raises(ag.errors.CheckpointError) as error:
        net.load_state_dict(state)
    assert str(error.value) == (
        "Error(s) in loading state_dict for Net:\n"
        '\tMissing key(s) in state_dict: "scale".\n'
        '\tUnexpected key(s) in state_dict: "extra".\n'
        "\tsize mismatch for first.weight: the state_dict has shape (8, 5), the model has (8, 4).\n"
        "\tfirst.bias is a int, expected a Tensor or an array.\n"
        "Build the model with the arguments that the saved one had, or pass strict=False to skip missing and unexpected "
        "keys. Nothing was loaded."
    )
    assert isinstance(error.value, RuntimeError)
    for key, value in net.state_dict().items():
        np.testing.assert_array_equal(value.array, before[key])


def test_load_state_dict_not_strict() -> None:
    net = Net()
    missing, unexpected = net.load_state_dict({"scale": ag.tensor([5.0]), "extra": ag.ones(1)}, strict=False)
    assert net.scale.item() == 5
    assert unexpected == ["extra"]
    assert missing == [key for key in net.state_dict() if key != "scale"]
    assert "missing_keys" in repr(net.load_state_dict({}, strict=False))
    with pytest.raises(ag.errors.CheckpointError, match="size mismatch for scale"):
        net.load_state_dict({"scale": ag.ones(2)}, strict=False)


# --------------------------------------------------------------------------------------------------------------- modes


def test_train_eval_apply_requires_grad_and_zero_grad() -> None:
    net = Net()
    assert net.eval() is net
    assert not any(module.training for module in net.modules())
    net.train()
    assert all(module.training for module in net.modules())
    with pytest.raises(ag.errors.ArgumentError, match="mode is 'yes': expected True or False"):
        net.train("yes")
    seen: list[nn.Module] = []
    assert net.apply(seen.append) is net
    assert seen == [net.first, net.act, net.rest[0], net.rest[1], net.rest, net]
    net(ag.randn(5, 4)).sum().backward()
    assert all(p.grad is not None for p in net.parameters())
    net.zero_grad(set_to_none=False)
    assert all((p.grad.array == 0).all() for p in net.parameters())
    net.zero_grad()
    assert all(p.grad is None for p in net.parameters())
    net.requires_grad_(False)
    assert not net(ag.randn(5, 4)).requires_grad
    net.requires_grad_()
    assert all(p.requires_grad for p in net.parameters())


def test_to_double_and_back_keeps_the_parameters() -> None:
    net = Net()
    net(ag.randn(5, 4)).sum().backward()
    parameters = list(net.parameters())
    assert net.double() is net
    assert all(a is b for a, b in zip(net.parameters(), parameters, strict=True))
    assert all(p.dtype == ag.float64 and p.grad.dtype == ag.float64 and p.requires_grad for p in parameters)
    assert net.rest[0].running_mean.dtype == ag.float64
    assert net.rest[0].num_batches_tracked.dtype == ag.int64
    net.zero_grad()
    out = net(ag.randn(5, 4, dtype=ag.float64))
    assert out.dtype == ag.float64
    out.sum().backward()
    assert all(p.grad.dtype == ag.float64 for p in parameters)
    assert net.float().first.weight.dtype == ag.float32
    with pytest.raises(ag.errors.DtypeError, match=r"expected ag.float32 or ag.float64"):
        net.to(ag.int64)


# --------------------------------------------------------------------------------------------------------------- hooks


def test_forward_hooks_see_and_replace() -> None:
    layer = nn.Linear(2, 2)
    calls: list[Any] = []
    before = layer.register_forward_pre_hook(lambda module, args: (args[0] * 0,))
    after = layer.register_forward_hook(
        lambda module, args, out: calls.append((module, args[0].array.sum(), out.shape))
    )
    double = layer.register_forward_hook(lambda module, args, out: out * 2)
    x = ag.ones(3, 2)
    np.testing.assert_allclose(layer(x).array, np.broadcast_to(2 * layer.bias.array, (3, 2)))
    assert calls == [(layer, 0.0, (3, 2))]
    for handle in (before, after, double):
        handle.remove()
        handle.remove()
    np.testing.assert_allclose(
        layer(x).array, layer.weight.array.sum(1) + layer.bias.array + np.zeros((3, 2)), rtol=1e-6
    )
    with layer.register_forward_pre_hook(lambda module, args: args[0] + 1):
        np.testing.assert_allclose(layer(x * 0).array, layer.forward(x).array)
    assert len(calls) == 1


# -------------------------------------------------------------------------------------------------------------- scopes


def test_nodes_carry_the_path_of_their_module() -> None:
    net = Net()
    out = net(ag.randn(3, 4))
    assert str(out.grad_fn.scope) == "model (Net)"
    layer: list[str] = []
    for module in net.modules():
        module.register_forward_hook(lambda module, args, out: layer.append(str(ag.current_scope())))
    net(ag.randn(3, 4))
    assert layer == [
        "model.first (Linear 4->8)",
        "model.act (ReLU)",
        "model.rest.0 (BatchNorm1d 8)",
        "model.rest.1 (Linear 8->2)",
        "model.rest (Sequential)",
        "model (Net)",
    ]
    assert ag.current_scope() is None


def test_scope_is_left_after_an_error_and_cached_between_calls() -> None:
    net = Net()
    with pytest.raises(ag.errors.ShapeError):
        net(ag.ones(3, 5))
    assert ag.current_scope() is None
    scope = net._scope
    net(ag.ones(3, 4))
    assert net._scope is scope


def test_an_error_names_the_innermost_module_and_its_inputs() -> None:
    """Also one that knows of no module: an operation's, or Python's own."""

    class Net(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.first, self.half = nn.Linear(2, 4), nn.GLU()

        def forward(self, x: Any, features: int, scale: Any) -> Any:
            return self.half(self.first(x)[:, :features]) * scale

    for features, scale, error, note in (
        (3, 1.0, ag.errors.ShapeError, "This was in model.half (GLU), called with (5, 3), made by model (Net)"),
        ("four", ag.ones(3), TypeError, "This was in model (Net), called with (5, 2); (3,)"),
    ):
        with pytest.raises(error) as e:
            Net()(ag.ones(5, 2), features, scale=scale)
        assert e.value.__notes__ == [note]
    for inputs, message in (
        ((ag.ones(5, 3), 4, 1.0), r"^model.first \(Linear 2->4\): expects \(..., 2\), got \(5, 3\)"),
        ((ag.ones(5, 2), 4, ag.ones(3)), r"^model \(Net\): mul of shapes \(5, 2\) and \(3,\).* in model.half \(GLU\)"),
    ):
        with pytest.raises(ag.errors.ShapeError, match=message) as e:
            Net()(*inputs)
        assert not hasattr(e.value, "__notes__")  # the message says it


def test_modules_in_a_list_have_the_path_of_the_list() -> None:
    class Stack(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.layers = nn.ModuleList([nn.Linear(2, 2)])

        def forward(self, x: Any) -> Any:
            for layer in self.layers:
                x = layer(x)
            return x

    net = Stack()
    assert net(ag.ones(1, 2)).grad_fn.scope.path == "model.layers.0"
    net.layers.append(nn.Linear(2, 3))  # after the first call
    assert net(ag.ones(1, 2)).grad_fn.scope.path == "model.layers.1"
    net.layers[0] = nn.Linear(2, 2)
    del net.layers[1]
    assert net(ag.ones(1, 2)).grad_fn.scope.path == "model.layers.0"


def test_a_module_called_alone_and_then_inside_another() -> None:
    inner = nn.Linear(2, 2)
    assert inner(ag.ones(1, 2)).grad_fn.scope.path == "model"
    outer = nn.Sequential(inner)
    assert outer(ag.ones(1, 2)).grad_fn.scope.path == "model.0"
    shared = nn.Sequential(inner, inner)
    assert shared(ag.ones(1, 2)).grad_fn.scope.path == "model.0"
    loss = nn.MSELoss()(inner(ag.ones(1, 2)), ag.zeros(1, 2))
    assert str(loss.grad_fn.scope) == "loss (MSELoss)"


# ------------------------------------------------------------------------------------------------------ copies, memory


def test_deepcopy_is_independent() -> None:
    net = Net()
    net(ag.ones(2, 4)).sum().backward()
    twin = copy.deepcopy(net)
    assert type(twin.scale) is nn.Parameter
    assert repr(twin) == repr(net)
    for (name, a), (other, b) in zip(net.named_parameters(), twin.named_parameters(), strict=True):
        assert name == other
        assert not np.shares_memory(a.array, b.array)
        np.testing.assert_array_equal(a.array, b.array)
        assert b.requires_grad
    twin.extra = nn.Linear(1, 1)
    assert "extra" not in dict(net.named_children())
    inner = copy.deepcopy(net.rest)
    assert inner(ag.ones(2, 8)).grad_fn.scope.path == "model.1"
    shallow = copy.copy(net)
    shallow.more = nn.ReLU()
    assert "more" not in dict(net.named_children())
    assert shallow.first is net.first


def test_no_reference_cycles() -> None:
    gc.collect()
    gc.disable()
    try:
        net = Net()
        net.register_forward_hook(lambda module, args, out: None)
        net(ag.randn(3, 4)).sum().backward()
        net.summary = nn.summary(net, (2, 4))
        watch = [weakref.ref(net), weakref.ref(net.first), weakref.ref(net.first.weight)]
        del net
        assert [ref() for ref in watch] == [None, None, None]
    finally:
        gc.enable()


# ---------------------------------------------------------------------------------------------------------------- repr


def test_repr_is_pytorchs() -> None:
    assert repr(Net()) == (
        "Net(\n"
        "  (first): Linear(in_features=4, out_features=8, bias=True)\n"
        "  (act): ReLU()\n"
        "  (rest): Sequential(\n"
        "    (0): BatchNorm1d(8, eps=1e-05, momentum=0.1, affine=True, bias=True, track_running_stats=True)\n"
        "    (1): Linear(in_features=8, out_features=2, bias=True)\n"
        "  )\n"
        ")"
    )
    assert repr(nn.Sequential(nn.Module())) == "Sequential(\n  (0): Module()\n)"


def test_repr_of_extra_lines_and_children() -> None:
    class Described(nn.Module):
        def __init__(self, lines: str, *children: nn.Module) -> None:
            super().__init__()
            self.lines = lines
            for i, child in enumerate(children):
                self.add_module(str(i), child)

        def extra_repr(self) -> str:
            return self.lines

    assert repr(Described("a=1")) == "Described(a=1)"
    assert repr(Described("a=1\nb=2")) == "Described(\n  a=1\n  b=2\n)"
    assert repr(Described("a=1", nn.ReLU())) == "Described(\n  a=1\n  (0): ReLU()\n)"


def test_parameter() -> None:
    assert repr(nn.Parameter(ag.tensor([1.0, 2.0]))) == "Parameter containing:\ntensor([1., 2.], requires_grad=True)"
    assert nn.Parameter().shape == (0,)
    data = ag.ones(2)
    p = nn.Parameter(data, requires_grad=False)
    assert np.shares_memory(p.array, data.array)
    assert not p.requires_grad
    assert isinstance(p, ag.Tensor)
    q = nn.Parameter(data)
    assert type(q * 2) is ag.Tensor
    (q * q).sum().backward()
    np.testing.assert_array_equal(q.grad.array, [2, 2])
    twin = copy.deepcopy(q)
    assert type(twin) is nn.Parameter
    assert twin.requires_grad
    with pytest.raises(ag.errors.DtypeError, match="only floating tensors have gradients"):
        nn.Parameter(ag.tensor([1, 2]))


# ------------------------------------------------------------------------------------------------------------- PyTorch


def test_reprs_and_state_keys_equal_pytorchs() -> None:
    torch = pytest.importorskip("torch")

    def build(n: Any) -> list[Any]:
        return [
            n.Linear(4, 8, bias=False), n.Identity(), n.Flatten(), n.Unflatten(1, (2, 3)), n.Conv2d(1, 6, 5),
            n.Conv2d(4, 6, (3, 5), stride=2, padding=1, dilation=2, groups=2, bias=False, padding_mode="reflect"),
            n.Conv2d(1, 2, 3, padding="same"), n.MaxPool2d(2), n.MaxPool2d((2, 3), 1, 1, 2, ceil_mode=True),
            n.AvgPool2d(2, ceil_mode=True), n.AdaptiveAvgPool2d(1), n.AdaptiveAvgPool2d((2, None)), n.BatchNorm2d(3),
            n.BatchNorm1d(3, momentum=None, affine=False, track_running_stats=False), n.LayerNorm(10),
            n.LayerNorm((2, 3), elementwise_affine=False), n.Dropout(), n.Dropout(0.1, inplace=True), n.Dropout2d(0.1),
            n.Embedding(10, 3, padding_idx=-1), n.Embedding(10, 3), n.ReLU(), n.ReLU(True), n.LeakyReLU(0.2, True),
            n.ELU(2, True), n.CELU(), n.SELU(), n.GELU("tanh"), n.SiLU(), n.Mish(True), n.Sigmoid(), n.Tanh(),
            n.Softplus(2, 10), n.Softmax(1), n.Softmax(), n.LogSoftmax(-1), n.Softmin(1), n.Hardtanh(-2, 2, True),
            n.Hardtanh(), n.ReLU6(True), n.ReLU6(), n.LogSigmoid(), n.Softsign(), n.Tanhshrink(), n.Softshrink(),
            n.Hardshrink(1), n.Hardsigmoid(True), n.Hardswish(True), n.Threshold(1, 2, True), n.PReLU(3), n.GLU(),
            n.MSELoss(), n.L1Loss(), n.SmoothL1Loss(), n.HuberLoss(), n.BCELoss(), n.BCEWithLogitsLoss(), n.NLLLoss(),
            n.CrossEntropyLoss(), n.KLDivLoss(), n.HingeEmbeddingLoss(), n.MultiMarginLoss(), n.Sequential(),
            n.ModuleList([n.ReLU(), n.ReLU(), n.Sequential(n.Tanh())]), n.ModuleDict({"a": n.ReLU()}),
            n.ParameterList(),
        ]  # fmt: skip

    version = tuple(int(part) for part in torch.__version__.split(".")[:2])
    for ours, theirs in zip(build(nn), build(torch.nn), strict=True):
        if version < (2, 13) and "Norm" in type(theirs).__name__:
            continue  # their repr says bias= since 2.13
        assert repr(ours) == repr(theirs)
        assert list(ours.state_dict()) == list(theirs.state_dict())
        assert [name for name, _ in ours.named_parameters()] == [name for name, _ in theirs.named_parameters()]
