"""What runs around an optimizer's step and its state, and optimizers that write their step themselves."""

from __future__ import annotations

import copy
import importlib
from typing import Any

import numpy as np
import pytest
from optimizers_beside_torch import blocks, make, set_gradients

import autograd_core as ag
import optim


def stepped() -> tuple[optim.SGD, ag.Tensor]:
    w = ag.ones(1, requires_grad=True)
    w.grad = ag.ones(1)
    return optim.SGD([w], lr=0.5), w


def test_step_hooks_run_in_the_order_of_torch(torch: Any) -> None:
    def order(lib: Any, module: Any) -> list[tuple[str, bool, int, list[str]]]:
        base = importlib.import_module(f"{module.__name__}.optimizer")
        w = lib.ones(1, requires_grad=True)
        w.grad = lib.ones(1)
        optimizer, said = module.SGD([w], lr=0.5), []
        note = lambda word: lambda o, args, kwargs: said.append((word, o is optimizer, len(args), sorted(kwargs)))
        handles = [
            optimizer.register_step_post_hook(note("post 1")),
            base.register_optimizer_step_post_hook(note("any post")),
            optimizer.register_step_pre_hook(note("pre 1")),
            optimizer.register_step_pre_hook(note("pre 2")),
            base.register_optimizer_step_pre_hook(note("any pre")),
            optimizer.register_step_post_hook(note("post 2")),
        ]
        optimizer.step()
        optimizer.step(closure=lambda: None)
        handles[2].remove()
        optimizer.step(None)
        for handle in handles:
            handle.remove()
        optimizer.step()
        return said

    ours = order(ag, optim)
    assert [word for word, *_ in ours[:6]] == ["any pre", "pre 1", "pre 2", "post 1", "post 2", "any post"]
    assert ours == order(torch, torch.optim)
    assert len(ours) == 6 + 6 + 5


def test_a_step_pre_hook_may_change_the_arguments() -> None:
    optimizer, w = stepped()
    handle = optimizer.register_step_pre_hook(lambda o, args, kwargs: ((o, lambda: "other"), {}))
    assert optimizer.step(lambda: "loss") == "other"
    handle.remove()
    with (
        optimizer.register_step_pre_hook(lambda o, args, kwargs: args),  # a tuple of one
        pytest.raises(RuntimeError, match=r"must return None or a tuple of \(new_args, new_kwargs\), but got \(SGD"),
    ):
        optimizer.step()
    assert w.item() == 0.5


@pytest.mark.parametrize("lib", ["ours", "torch"])
def test_state_dict_hooks(lib: str, request: Any) -> None:
    module: Any = optim if lib == "ours" else request.getfixturevalue("torch").optim
    tensors = ag if lib == "ours" else request.getfixturevalue("torch")
    optimizer, said = module.SGD([tensors.ones(1, requires_grad=True)], lr=0.5), []

    def replace_lr(o: Any, state: dict[str, Any]) -> dict[str, Any]:
        said.append("changed")
        return {**state, "param_groups": [{**state["param_groups"][0], "lr": 0.25}]}

    optimizer.register_state_dict_pre_hook(lambda o: said.append("saving"))
    optimizer.register_state_dict_post_hook(lambda o, state: said.append(sorted(state)))
    optimizer.register_state_dict_post_hook(replace_lr, prepend=True)
    saved = optimizer.state_dict()
    assert said == ["saving", "changed", ["param_groups", "state"]]
    assert saved["param_groups"][0]["lr"] == 0.25

    said.clear()
    saved["param_groups"][0]["lr"] = 0.125
    before = dict(saved)
    optimizer.register_load_state_dict_pre_hook(lambda o, state: state.update(extra=1))
    first = optimizer.register_load_state_dict_pre_hook(replace_lr, prepend=True)
    optimizer.register_load_state_dict_post_hook(lambda o: said.append(o.param_groups[0]["lr"]))
    optimizer.load_state_dict(saved)
    first.remove()
    optimizer.load_state_dict(saved)
    assert said == ["changed", 0.25, 0.125]
    assert saved == before


def test_a_copy_has_no_hooks() -> None:
    optimizer, w = stepped()
    said: list[str] = []
    optimizer.register_step_pre_hook(lambda *_: said.append("step"))
    copied, v = copy.deepcopy((optimizer, w))
    v.grad = ag.ones(1)
    copied.step()
    assert (said, v.item(), w.item(), copied.updates, optimizer.updates) == ([], 0.5, 1.0, 1, 0)


# -------------------------------------------------------------------------------------------- optimizers of one's own


class Momentum(optim.Optimizer):
    """As one writes it for PyTorch."""

    def __init__(self, params: Any, lr: float) -> None:
        super().__init__(params, {"lr": lr})

    @ag.no_grad()
    def step(self, closure: Any = None) -> Any:
        for group in self.param_groups:
            for p in group["params"]:
                if p.grad is not None:
                    state = self.state[p]
                    if not state:
                        state["step"], state["velocity"] = 0, ag.zeros_like(p)
                    state["step"] += 1
                    state["velocity"].mul_(0.5).add_(p.grad)
                    p.add_(state["velocity"], alpha=-group["lr"])


def test_an_optimizer_may_write_its_step_and_keep_a_state() -> None:
    tensors = make([np.zeros(2), np.zeros((2, 2))])
    optimizer, said = Momentum(tensors, lr=1.0), []
    optimizer.register_step_post_hook(lambda *_: said.append(optimizer.updates))
    for _ in range(2):
        set_gradients(tensors, [np.ones(2), None])
        optimizer.step()
    assert tensors[0].tolist() == [-2.5, -2.5]
    assert said == [1, 2]
    saved = optimizer.state_dict()
    assert list(saved["state"]) == [0]
    saved["state"][0]["velocity"].zero_()
    assert optimizer.state[tensors[0]]["velocity"].tolist() == [1.5, 1.5]
    other = make([np.zeros(2, "float32"), np.zeros((2, 2), "float32")])
    resumed = Momentum(other, lr=9.0)
    resumed.load_state_dict(optimizer.state_dict())
    set_gradients(other, [np.ones(2, "float32"), None])
    resumed.step()
    assert other[0].tolist() == [-1.75, -1.75]
    assert resumed.state[other[0]]["velocity"].dtype == ag.float32
    assert resumed.state[other[0]]["step"] == 3
    copied, v = copy.deepcopy((resumed, other[0]))
    assert copied.state[v]["velocity"].tolist() == [1.75, 1.75]
    assert blocks(optimizer) == [1, 1]
