"""Sequential, ModuleList, ModuleDict, ParameterList and ParameterDict."""

from __future__ import annotations

from collections import OrderedDict

import numpy as np
import pytest

import autograd_core as ag
import nn


def test_sequential() -> None:
    a, b, c = nn.Linear(2, 3), nn.ReLU(), nn.Linear(3, 1)
    model = nn.Sequential(a, b, c)
    x = ag.randn(4, 2)
    np.testing.assert_array_equal(model(x).array, c(b(a(x))).array)
    assert len(model) == 3
    assert list(model) == [a, b, c]
    assert model[-1] is c
    assert list(model[1:]) == [b, c]
    assert list(model[::-1]) == [c, b, a]
    assert list(model[1:].state_dict()) == ["2.weight", "2.bias"]
    assert list(model.append(nn.Tanh()))[-1] is model[3]
    assert model.pop(3).__class__ is nn.Tanh
    model.insert(1, nn.Tanh())
    assert [type(m).__name__ for m in model] == ["Linear", "Tanh", "ReLU", "Linear"]
    del model[1:3]
    assert list(model) == [a, c]
    assert list(model.state_dict()) == ["0.weight", "0.bias", "1.weight", "1.bias"]
    model[0] = nn.Identity()
    assert isinstance(model[0], nn.Identity)
    model.extend([nn.ReLU(), nn.ReLU()])
    assert len(model) == 4
    named = nn.Sequential(OrderedDict([("up", a), ("act", b)]))
    assert named.up is a
    assert [name for name, _ in named.named_children()] == ["up", "act"]
    assert [name for name, _ in named[:1].named_children()] == ["up"]
    assert nn.Sequential()(x) is x


def test_container_errors() -> None:
    model = nn.Sequential(nn.ReLU())
    for act in (
        lambda: model[1],
        lambda: model[-2],
        lambda: model.__delitem__(1),
        lambda: model.__setitem__(1, nn.ReLU()),
    ):
        with pytest.raises(IndexError, match="out of range for Sequential of 1 modules"):
            act()
    with pytest.raises(IndexError, match="index 3 is out of range for inserting into Sequential of 1 modules"):
        model.insert(3, nn.ReLU())
    with pytest.raises(TypeError, match="insert: module is of type int"):
        model.insert(0, 3)
    with pytest.raises(TypeError, match="cannot register a int as module '0'"):
        nn.Sequential(3)
    with pytest.raises(TypeError, match="extend: modules is of type int, expected a sequence"):
        nn.ModuleList(3)
    with pytest.raises(NotImplementedError, match="ModuleList"):
        nn.ModuleList([nn.ReLU()])(1)
    with pytest.raises(KeyError, match="attribute 'keys' of ModuleDict already exists"):
        nn.ModuleDict({"keys": nn.ReLU()})
    with pytest.raises(KeyError, match="x"):
        nn.ModuleDict()["x"]
    with pytest.raises(TypeError, match="extend: values is of type Tensor, expected a sequence of parameters"):
        nn.ParameterList(ag.ones(2))


def test_module_list_and_its_repr() -> None:
    layers = nn.ModuleList([nn.ReLU(), nn.ReLU(), nn.Tanh(), nn.Sequential(nn.ReLU())])
    assert repr(layers) == (
        "ModuleList(\n  (0-1): 2 x ReLU()\n  (2): Tanh()\n  (3): Sequential(\n    (0): ReLU()\n  )\n)"
    )
    assert repr(nn.ModuleList()) == "ModuleList()"
    layers += [nn.Tanh()]
    assert len(layers) == 5
    assert isinstance(layers[:2], nn.ModuleList)
    assert len(layers[:2]) == 2
    assert list(layers)[-1] is layers[-1]
    inner = repr(nn.Sequential(nn.ModuleList([nn.ReLU(), nn.ReLU()])))
    assert inner == "Sequential(\n  (0): ModuleList(\n    (0-1): 2 x ReLU()\n  )\n)"


def test_module_dict() -> None:
    layers = nn.ModuleDict({"a": nn.Linear(1, 2)})
    layers["b"] = nn.ReLU()
    assert layers.keys() == ["a", "b"]
    assert "a" in layers
    assert len(layers) == 2
    assert list(layers) == ["a", "b"]
    assert layers.values() == [layers["a"], layers["b"]]
    assert layers.items() == [("a", layers["a"]), ("b", layers["b"])]
    assert list(layers.state_dict()) == ["a.weight", "a.bias"]
    layers.update([("c", nn.Tanh())])
    layers.update(nn.ModuleDict({"d": nn.Tanh()}))
    assert layers.pop("c").__class__ is nn.Tanh
    del layers["d"]
    assert repr(layers) == ("ModuleDict(\n  (a): Linear(in_features=1, out_features=2, bias=True)\n  (b): ReLU()\n)")
    layers.clear()
    assert len(layers) == 0


def test_parameter_list() -> None:
    shared = nn.Parameter(ag.ones(2, 3))
    values = nn.ParameterList([ag.zeros(2), shared, shared])
    assert len(values) == 3
    assert values[1] is values[2] is shared
    assert type(values[0]) is nn.Parameter
    assert len(list(values)) == 3
    assert len(list(values.parameters())) == 2
    values[0] = ag.ones(4)
    assert values[0].shape == (4,)
    assert isinstance(values[:2], nn.ParameterList)
    assert values.append(ag.ones(1))[-1].shape == (1,)
    with pytest.raises(IndexError):
        values[9]
    assert repr(nn.ParameterList([ag.zeros(2, 3), ag.zeros(4)])) == (
        "ParameterList(\n"
        "    (0): Parameter containing: [float32 of size 2x3]\n"
        "    (1): Parameter containing: [float32 of size 4]\n"
        ")"
    )
