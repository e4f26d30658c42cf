"""Hooks of modules, their state with hooks and extra state, registration of buffers, conversions, and the containers' rest."""

from __future__ import annotations

import copy
import gc
import weakref
from collections import OrderedDict
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import autograd_core as ag
import nn
from nn import hooks


class Two(nn.Module):
    """Two inputs, a keyword and two outputs."""

    def forward(self, a: Any, b: Any, scale: float = 1.0) -> Any:
        return a * b * scale, a + 1


# ------------------------------------------------------------------------------------------------------ around forward


def test_hooks_run_in_order_and_prepend_goes_first() -> None:
    layer, order = nn.ReLU(), []

    def note(name: str) -> Callable[..., None]:
        return lambda *_: order.append(name)

    layer.register_forward_pre_hook(note("pre"))
    layer.register_forward_pre_hook(note("first pre"), prepend=True)
    layer.register_forward_hook(note("post"))
    layer.register_forward_hook(note("first post"), prepend=True)
    with (
        hooks.register_module_forward_pre_hook(note("every pre")),
        hooks.register_module_forward_hook(note("every post")),
    ):
        layer(ag.ones(2))
    assert order == ["every pre", "first pre", "pre", "every post", "first post", "post"]
    order.clear()
    layer(ag.ones(2))
    assert order == ["first pre", "pre", "first post", "post"]


def test_hooks_with_keywords_see_and_replace_them() -> None:
    module, seen = Two(), []
    module.register_forward_pre_hook(lambda m, args, kwargs: (args, {"scale": kwargs["scale"] + 1}), with_kwargs=True)
    module.register_forward_hook(lambda m, args, kwargs, out: seen.append(kwargs) or out[0], with_kwargs=True)
    assert module(ag.ones(1), ag.ones(1), scale=2.0).item() == 3
    assert seen == [{"scale": 3.0}]
    module.register_forward_pre_hook(lambda m, args, kwargs: args, with_kwargs=True)
    with pytest.raises(RuntimeError, match=r"Two: a forward pre-hook with_kwargs returned .*expected None or a tuple"):
        module(ag.ones(1), ag.ones(1), scale=2.0)


def test_hooks_that_are_always_called() -> None:
    layer, seen = nn.Linear(2, 2), []
    layer.register_forward_hook(lambda *_: seen.append("usual"))
    layer.register_forward_hook(lambda m, args, out: seen.append(out), always_call=True)
    with pytest.raises(ag.errors.ShapeError, match="Linear"):
        layer(ag.ones(3))
    assert seen == [None]
    assert ag.current_scope() is None

    def broken(*_: Any) -> None:
        raise ValueError("broken")

    layer.register_forward_hook(broken, always_call=True)
    with (
        pytest.warns(UserWarning, match="a forward hook with always_call=True raised after another error .* broken"),
        pytest.raises(ag.errors.ShapeError),
    ):
        layer(ag.ones(3))
    seen.clear()
    with pytest.raises(ValueError, match="broken"):  # each is called once
        layer(ag.ones(1, 2))
    assert seen[0] == "usual"
    assert len(seen) == 2


def test_a_hook_may_take_itself_away() -> None:
    layer, seen = nn.ReLU(), []

    def once(*_: Any) -> None:
        seen.append(1)
        handle.remove()

    handle = layer.register_forward_hook(once)
    layer(ag.ones(1))
    layer(ag.ones(1))
    assert seen == [1]


def test_copies_have_their_own_hooks() -> None:
    layer, seen = nn.ReLU(), []
    layer.register_forward_hook(lambda *_: seen.append(1))
    for twin in (copy.copy(layer), copy.deepcopy(layer)):
        twin(ag.ones(1))
        twin.register_forward_hook(lambda *_: seen.append(2))
    assert seen == [1, 1]
    layer(ag.ones(1))
    assert seen == [1, 1, 1]


# ----------------------------------------------------------------------------------------------------- around backward


def backward_log(torch: Any, nn: Any) -> list[Any]:
    """What the backward hooks of a module of several inputs and outputs see, and what comes of what they return."""
    log: list[Any] = []

    class Module(nn.Module):
        def forward(self, a: Any, i: Any, b: Any, text: str, unused: Any) -> Any:
            return a * b, i, text, a.sin()

    def plain(gradients: Any) -> list[Any]:
        return [g if g is None else g.tolist() for g in gradients]

    module = Module()
    module.register_full_backward_pre_hook(lambda m, go: log.append(("second", plain(go))))
    module.register_full_backward_pre_hook(lambda m, go: (go[0] * 2, *go[1:]), prepend=True)
    module.register_full_backward_hook(lambda m, gi, go: log.append((plain(gi), plain(go))))
    module.register_full_backward_hook(lambda m, gi, go: (gi[0] * 3, *gi[1:]))
    a = torch.tensor([1.0, 2.0], requires_grad=True)
    b = torch.tensor([3.0, 4.0])
    u = torch.tensor([1.0], requires_grad=True)
    out = module(a, torch.tensor([1, 2]), b, "x", u)
    (out[0] * torch.tensor([1.0, 5.0])).sum().backward()
    return [*log, a.grad.tolist(), None if u.grad is None else u.grad.tolist()]


GOLDEN = [
    ("second", [[2.0, 10.0], None, None, None]),
    ([[6.0, 40.0], [0, 0], [0.0, 0.0], None, [0.0]], [[2.0, 10.0], None, None, None]),
    [18.0, 120.0],
    [0.0],
]


def test_backward_hooks_see_and_replace() -> None:
    assert backward_log(ag, nn) == GOLDEN


def test_backward_hooks_are_pytorchs() -> None:
    torch = pytest.importorskip("torch")
    assert backward_log(torch, torch.nn) == GOLDEN


def test_backward_hooks_where_no_input_needs_gradients() -> None:
    layer, seen = nn.Linear(2, 1), []
    handle = layer.register_full_backward_hook(lambda m, gi, go: seen.append((gi, go[0].tolist())))
    layer(ag.ones(1, 2)).sum().backward()
    assert seen == [((None,), [[1.0]])]
    handle.remove()
    layer.register_full_backward_hook(lambda m, gi, go: (ag.ones(1, 2),))
    with pytest.raises(RuntimeError, match="Linear: a backward hook returned a gradient, but no input requires"):
        layer(ag.ones(1, 2)).sum().backward()


def test_backward_hooks_do_nothing_without_gradients() -> None:
    layer, seen = nn.Linear(2, 1), []
    layer.register_full_backward_hook(lambda *_: seen.append(1))
    x = ag.ones(1, 2, requires_grad=True)
    with ag.no_grad():
        assert not layer(x).requires_grad
    plain = layer.requires_grad_(False)(ag.ones(1, 2))
    assert not plain.requires_grad
    assert not seen


@pytest.mark.parametrize(
    ("register", "message"),
    [
        (
            "register_full_backward_pre_hook",
            "a backward pre-hook returned an invalid number of grad_output, got 2, but",
        ),
        (
            "register_full_backward_hook",
            "a backward hook returned an invalid number of grad_input, got 2, but expected 1",
        ),
    ],
)
def test_backward_hooks_that_return_too_much(register: str, message: str) -> None:
    layer = nn.Linear(2, 1)
    getattr(layer, register)(lambda m, *gradients: (gradients[0][0], gradients[0][0]))
    with pytest.raises(RuntimeError, match=f"Linear: {message}"):
        layer(ag.ones(1, 2, requires_grad=True)).sum().backward()


def test_backward_hooks_of_other_outputs() -> None:
    class Dict(nn.Module):
        def forward(self, x: Any) -> Any:
            return {"y": x * 2}

    module, seen = Dict(), []
    module.register_full_backward_hook(lambda *_: seen.append(1))
    with pytest.warns(UserWarning, match="Dict: backward hooks are not called for an output of type dict"):
        module(ag.ones(1, requires_grad=True))
    lstm = nn.LSTM(2, 3)
    lstm.register_full_backward_hook(lambda m, gi, go: seen.append((gi[0].shape, go[0].shape, go[1])))
    output, (h, _) = lstm(ag.ones(4, 1, 2, requires_grad=True))
    assert h.shape == (1, 1, 3)
    output.sum().backward()
    assert seen == [((4, 1, 2), (4, 1, 3), None)]
    packed = nn.pack_sequence([ag.ones(2, 2, requires_grad=True)])
    assert isinstance(lstm(packed)[0], nn.PackedSequence)


def test_what_passes_backward_hooks_may_be_written_in_place() -> None:
    class Writes(nn.Module):
        def forward(self, x: Any) -> Any:
            return x.relu_()

    leaf = ag.tensor([-1.0, 2.0], requires_grad=True)
    x = leaf * 3
    module = Writes()
    module.register_full_backward_hook(lambda *_: None)
    y = module(x)
    y += 1
    (y.sum() + (x * x).sum()).backward()
    np.testing.assert_allclose(leaf.grad.array, [-18.0, 3 + 36.0])
    assert x.tolist() == [-3.0, 6.0]


def test_backward_hooks_and_second_derivatives() -> None:
    seen: list[float] = []
    module = nn.Tanh()
    module.register_full_backward_hook(lambda m, gi, go: seen.append(gi[0].tolist()))
    x = ag.tensor(0.5, dtype=ag.float64, requires_grad=True)
    (g,) = ag.grad(module(x), x, create_graph=True)
    (gg,) = ag.grad(g, x)
    t = np.tanh(0.5)
    np.testing.assert_allclose([g.item(), gg.item(), seen[0]], [1 - t * t, -2 * t * (1 - t * t), 1 - t * t], rtol=1e-12)
    assert len(seen) == 1
    assert ag.gradgradcheck(module, (ag.tensor([0.3, -2.0], dtype=ag.float64, requires_grad=True),))


def test_hooks_of_every_module() -> None:
    net, seen = nn.Sequential(nn.Linear(2, 2), nn.ReLU()), []
    with (
        hooks.register_module_full_backward_pre_hook(lambda m, go: seen.append(("pre", type(m).__name__))),
        hooks.register_module_full_backward_hook(lambda m, gi, go: seen.append((type(m).__name__, gi[0].shape))),
    ):
        net(ag.ones(1, 2, requires_grad=True)).sum().backward()
    assert seen == [
        ("pre", "Sequential"), ("pre", "ReLU"), ("ReLU", (1, 2)), ("pre", "Linear"), ("Linear", (1, 2)), ("Sequential", (1, 2)),
    ]  # fmt: skip
    names: list[tuple[str, str]] = []

    def note(kind: str) -> Callable[..., None]:
        return lambda module, name, value: names.append((kind, name))

    with (
        hooks.register_module_parameter_registration_hook(note("parameter")),
        hooks.register_module_buffer_registration_hook(note("buffer")),
        hooks.register_module_module_registration_hook(lambda module, name, value: nn.Identity()),
    ):
        made = nn.BatchNorm1d(2)
        made.more = nn.Buffer(ag.ones(1), persistent=False)
        made.inner = nn.ReLU()
    assert names == [
        ("parameter", "weight"), ("parameter", "bias"), ("buffer", "running_mean"), ("buffer", "running_var"),
        ("buffer", "num_batches_tracked"), ("buffer", "more"),
    ]  # fmt: skip
    assert isinstance(made.inner, nn.Identity)
    made.plain = 1
    assert len(names) == 6
    assert not hooks.EVERY_MODULE


def test_backward_hooks_leave_no_cycle() -> None:
    gc.collect()
    gc.disable()
    try:
        layer = nn.Linear(2, 1)
        layer.register_full_backward_hook(lambda *_: None)
        out = layer(ag.ones(1, 2, requires_grad=True)).sum()
        out.backward()
        watch = weakref.ref(layer)
        del layer, out
        assert watch() is None
    finally:
        gc.enable()


# ------------------------------------------------------------------------------------------------------------- state


class Counter(nn.Module):
    """A module with extra state."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(ag.ones(2))
        self.count = 0

    def get_extra_state(self) -> Any:
        return {"count": self.count}

    def set_extra_state(self, state: Any) -> None:
        self.count = state["count"]


def test_extra_state() -> None:
    net, other = nn.Sequential(Counter()), nn.Sequential(Counter())
    net[0].count = 3
    state = net.state_dict()
    assert list(state) == ["0.weight", "0._extra_state"]
    other.load_state_dict(state)
    assert other[0].count == 3
    with pytest.raises(ag.errors.CheckpointError, match=r'Missing key\(s\) in state_dict: "0._extra_state"'):
        other.load_state_dict({"0.weight": ag.ones(2)})
    with pytest.raises(ag.errors.CheckpointError, match=r'Unexpected key\(s\) in state_dict: "_extra_state"'):
        nn.Linear(1, 1).load_state_dict({**nn.Linear(1, 1).state_dict(), "_extra_state": 1})
    with pytest.raises(NotImplementedError, match="Linear has no extra state"):
        nn.Linear(1, 1).get_extra_state()
    with pytest.raises(NotImplementedError, match="define set_extra_state"):
        nn.Linear(1, 1).set_extra_state(None)


def test_hooks_of_the_state_dict() -> None:
    net, seen = nn.Sequential(nn.Linear(1, 1)), []
    net[0].register_state_dict_pre_hook(lambda m, prefix, keep_vars: seen.append((prefix, keep_vars)))
    handle = net[0].register_state_dict_post_hook(lambda m, state, prefix, meta: state.update({f"{prefix}more": 1}))
    state = net.state_dict(prefix="net.", keep_vars=True, destination=OrderedDict(old=0))
    assert list(state) == ["old", "net.0.weight", "net.0.bias", "net.0.more"]
    assert seen == [("net.0.", True)]
    handle.remove()
    net.register_state_dict_post_hook(lambda m, state, prefix, meta: state)
    with pytest.raises(ag.errors.ArgumentError, match="Sequential: a state_dict post-hook returned a value"):
        net.state_dict()


def test_hooks_of_loading() -> None:
    net, seen = nn.Sequential(nn.Linear(1, 1)), []

    def rename(
        module: Any, state: Any, prefix: str, meta: Any, strict: bool, missing: Any, extra: Any, errors: Any
    ) -> None:
        seen.append((type(module).__name__, prefix, strict))
        state[f"{prefix}bias"] = state.pop(f"{prefix}b")

    net[0].register_load_state_dict_pre_hook(rename)
    given = {"0.weight": ag.tensor([[2.0]]), "0.b": ag.tensor([3.0])}
    assert repr(net.load_state_dict(given)) == "<All keys matched successfully>"
    assert seen == [("Linear", "0.", True)]
    assert net[0].bias.item() == 3
    assert list(given) == ["0.weight", "0.b"]
    handle = net.register_load_state_dict_post_hook(lambda m, keys: keys.unexpected_keys.clear())
    net.load_state_dict({**given, "extra": ag.ones(1)})  # the hook takes the key away
    handle.remove()
    with (
        net.register_load_state_dict_post_hook(lambda m, keys: 1),
        pytest.raises(ag.errors.ArgumentError, match="post-hook"),
    ):
        net.load_state_dict(given)
    with (
        net.register_load_state_dict_post_hook(lambda m, keys: None),
        pytest.raises(ag.errors.CheckpointError, match=r'(?s)Unexpected key.*"extra".*All else was loaded'),
    ):
        net.load_state_dict({"0.weight": ag.tensor([[7.0]]), "0.b": ag.tensor([3.0]), "extra": 1})
    assert net[0].weight.item() == 7
    net[0].register_load_state_dict_pre_hook(
        lambda m, state, prefix, meta, strict, missing, extra, errors: errors.append("no")
    )
    with pytest.raises(ag.errors.CheckpointError, match=r"\n\tno\n.*Nothing was loaded"):
        net.load_state_dict(given)


def test_assigning_a_state_dict() -> None:
    layer = nn.BatchNorm1d(2)
    layer.weight.requires_grad_(False)
    state = {key: ag.ones(*value.shape, dtype=ag.float64) for key, value in layer.state_dict().items()}
    state["bias"] = nn.Parameter(state["bias"], requires_grad=False)
    layer.load_state_dict(state, assign=True)
    assert layer.weight.dtype == ag.float64
    assert np.shares_memory(layer.weight.array, state["weight"].array)
    assert type(layer.weight) is nn.Parameter
    assert not layer.weight.requires_grad
    assert layer.bias is state["bias"]
    assert layer.bias.requires_grad
    assert layer.running_mean is state["running_mean"]
    assert "running_mean" in dict(layer.named_buffers())
    with pytest.raises(TypeError, match="state_dict is a list: expected a dict of tensors"):
        layer.load_state_dict([])


def test_states_of_subclasses_that_override() -> None:
    class Prefixed(nn.Linear):
        def state_dict(self, **options: Any) -> Any:
            state = super().state_dict(**options)
            state[options["prefix"] + "version"] = 1
            return state

    assert list(nn.Sequential(Prefixed(1, 1)).state_dict()) == ["0.weight", "0.bias", "0.version"]


# ----------------------------------------------------------------------------------------------- buffers and submodules


def test_buffers_register_themselves() -> None:
    module = nn.Module()
    module.a = nn.Buffer(ag.ones(2))
    module.b = nn.Buffer(ag.ones(3), persistent=False)
    module.c = nn.Buffer()
    assert [name for name, _ in module.named_buffers()] == ["a", "b", "c"]
    assert list(module.state_dict()) == ["a", "c"]
    module.a = ag.zeros(1)  # the name stays a buffer's
    assert list(module.state_dict()) == ["a", "c"]
    module.b = nn.Buffer(ag.ones(3))
    assert list(module.state_dict()) == ["a", "c", "b"]
    twin = copy.deepcopy(module)
    assert (type(twin.b), twin.b.persistent) == (nn.Buffer, True)
    data = ag.ones(2, requires_grad=True)
    assert nn.Buffer(data).requires_grad
    assert np.shares_memory(nn.Buffer(data).array, data.array)
    assert repr(nn.Buffer(ag.ones(1))) == "tensor([1.])"
    assert type(module.c * 2) is ag.Tensor


def test_set_submodule() -> None:
    net = nn.Sequential(nn.Sequential(nn.ReLU()))
    net.set_submodule("0.0", nn.Tanh())
    net.set_submodule("0.new", nn.ReLU())
    assert [name for name, _ in net.named_modules()] == ["", "0", "0.0", "0.new"]
    for target, module, error, message in (
        ("", nn.ReLU(), ValueError, "target is '': expected the path of a module"),
        ("0", 3, ValueError, "module is of type int: expected an nn.Module"),
        ("9.0", nn.ReLU(), AttributeError, "Sequential has no module '9'"),
        ("0.training", nn.ReLU(), AttributeError, "Sequential has no module 'training'"),
    ):
        with pytest.raises(error, match=message):
            net.set_submodule(target, module)
    with pytest.raises(AttributeError, match="has no module 'more'"):
        net.set_submodule("more", nn.ReLU(), strict=True)


def test_shared_modules_can_be_seen_twice() -> None:
    net = nn.Module()
    net.a = net.b = nn.ReLU()
    assert list(net.modules()) == [net, net.a]
    assert list(net.modules(remove_duplicate=False)) == [net, net.a, net.a]


# --------------------------------------------------------------------------------------------------------- conversions


@pytest.mark.parametrize(
    "convert",
    [
        lambda m: m.to(ag.float64), lambda m: m.to(dtype=ag.float64), lambda m: m.to("cpu", ag.float64),
        lambda m: m.to(ag.ones(1, dtype=ag.float64)), lambda m: m.double(), lambda m: m.to(ag.device("cpu")).double(),
        lambda m: m.to(ag.float64, non_blocking=True),
    ],
)  # fmt: skip
def test_to_takes_what_a_tensor_takes(convert: Callable[[Any], Any]) -> None:
    module = nn.BatchNorm1d(2)
    module(ag.randn(3, 2)).sum().backward()
    weight = module.weight
    assert convert(module) is module
    assert module.weight is weight
    assert [t.dtype for t in module.state_dict().values()] == [*["float64"] * 4, "int64"]
    assert weight.grad.dtype == ag.float64
    assert weight.requires_grad


def test_conversions_that_are_not_there() -> None:
    layer = nn.Linear(2, 2)
    assert layer.cpu() is layer
    assert layer.to("cpu") is layer
    assert layer.to_empty(device="cpu").weight.shape == (2, 2)
    for convert in (layer.cuda, lambda: layer.to("cuda"), lambda: layer.to_empty(device="cuda:0")):
        with pytest.raises(ag.errors.DeviceError, match="cuda"):
            convert()
    for convert in (layer.half, layer.bfloat16):
        with pytest.raises(ag.errors.DtypeError, match="16"):
            convert()
    with pytest.raises(ag.errors.DtypeError, match=r"dtype is dtype\('int64'\): expected ag.float32 or ag.float64"):
        layer.to(ag.zeros(1, dtype=ag.int64))
    with pytest.raises(ag.errors.DtypeError, match=r"dst_type is dtype\('int64'\).*freeze them"):
        layer.type(ag.int64)
    assert layer.requires_grad_(False).type(ag.int64).weight.dtype == ag.int64
    assert nn.BatchNorm1d(2).type(ag.float64).num_batches_tracked.dtype == ag.float64
    assert nn.ReLU().cuda() is not None


# ---------------------------------------------------------------------------------------------------------- containers


def test_parameter_dict() -> None:
    weights = nn.ParameterDict({"b": ag.zeros(2), "a": nn.Parameter(ag.ones(3))})
    assert weights.keys() == ["a", "b"]  # a plain dict is sorted, as in PyTorch
    assert list(nn.ParameterDict([("b", ag.zeros(2)), ("a", ag.ones(3))])) == ["b", "a"]
    assert list(nn.ParameterDict(OrderedDict(b=ag.zeros(2), a=ag.ones(3)))) == ["b", "a"]
    assert type(weights["b"]) is nn.Parameter
    assert weights["a"] is weights.a
    assert list(weights.state_dict()) == ["a", "b"]
    weights["c"] = None
    weights["d"] = "text"
    assert weights.items()[2:] == [("c", None), ("d", "text")]
    assert [name for name, _ in weights.named_parameters()] == ["a", "b"]
    assert repr(weights) == (
        "ParameterDict(\n    (a): Parameter containing: [float32 of size 3]\n    (b): Parameter containing: [float32 of "
        "size 2]\n    (c): Object of type: NoneType\n    (d): Object of type: str\n)"
    )
    assert weights.pop("d") == "text"
    assert weights.popitem() == ("c", None)
    assert list(reversed(weights)) == ["b", "a"]
    twin = weights.copy()
    assert twin["a"] is weights["a"]
    twin |= {"z": ag.ones(1)}
    assert "z" not in weights
    assert (weights | {"z": ag.ones(1)}).keys() == ["a", "b", "z"]
    assert list({"z": 1} | weights) == ["z", "a", "b"]
    assert weights.get("q", 5) == 5
    assert weights.get("a") is weights["a"]
    assert weights.setdefault("e", ag.ones(1)) is weights["e"]
    assert weights.setdefault("e") is weights["e"]
    assert weights.fromkeys(["x", "y"], 1).items() == [("x", 1), ("y", 1)]
    del weights["e"]
    assert len(weights) == 2
    assert weights.values() == [weights["a"], weights["b"]]
    weights.clear()
    assert len(weights) == 0
    for act, error, message in (
        (lambda: weights["x"], KeyError, "x"),
        (lambda: weights.__delitem__("x"), KeyError, "x"),
        (weights.popitem, KeyError, "popitem: the ParameterDict is empty"),
        (lambda: weights.__setitem__(3, ag.ones(1)), TypeError, "a key is of type int, expected a string"),
        (lambda: weights.__setitem__("keys", ag.ones(1)), KeyError, "attribute 'keys' of ParameterDict already exists"),
        (lambda: weights.update(3), TypeError, "update: parameters is of type int, expected a dict, or pairs"),
    ):
        with pytest.raises(error, match=message):
            act()


def test_parameter_list_takes_any_values() -> None:
    values = nn.ParameterList([ag.zeros(2), None, "x"])
    values += [ag.ones(1)]
    assert (len(values), values[1], values[-2]) == (4, None, "x")
    assert [name for name, _ in values.named_parameters()] == ["0", "3"]
    assert list(values[:2])[1] is None
    with pytest.raises(IndexError, match="index 4 is out of range for ParameterList of 4 values"):
        values[4]
    assert len(nn.ParameterList()) == 0


def test_containers_add_and_multiply() -> None:
    a, b = nn.Sequential(nn.ReLU()), nn.Sequential(nn.Tanh(), nn.ReLU())
    assert [type(m).__name__ for m in a + b] == ["ReLU", "Tanh", "ReLU"]
    assert list((b * 2).state_dict()) == []
    assert len(2 * b) == 4
    a += b
    a *= 2
    assert [name for name, _ in a.named_children()] == ["0", "1", "2"]
    assert len(a) == 6
    assert len(nn.ModuleList([nn.ReLU()]) + (nn.Tanh(),)) == 2  # noqa: RUF005  # the sum is what is tested
    for act, error in (
        (lambda: a + nn.ReLU(), TypeError), (lambda: a * 0.5, TypeError), (lambda: a * 0, ValueError),
    ):  # fmt: skip
        with pytest.raises(error, match=r"Sequential [+*] .*: expected"):
            act()
