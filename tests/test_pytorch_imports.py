"""Names through which programs written for PyTorch go: imports, mixed precision, versions, seeds and Variables."""

from __future__ import annotations

import io
import pickle
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import autograd_core as ag
import nn
import optim

PAGE = Path(__file__).parents[1] / "docs" / "from_pytorch.md"
IMPORTS = re.findall(r"^\| `(.*import .*)` \| `(.*import .*)` \|$", PAGE.read_text("utf-8"), re.MULTILINE)


@pytest.mark.parametrize(("theirs", "ours"), IMPORTS)
def test_the_imports_of_the_page(theirs: str, ours: str) -> None:
    here: dict[str, Any] = {}
    exec(ours, here)
    there: dict[str, Any] = {}
    pytest.importorskip("torch")
    exec(theirs, there)
    assert set(here) == set(there)  # the program finds the same names


def test_the_page_tells_what_differs() -> None:
    assert len(IMPORTS) == 20
    x = ag.ones(2)
    assert type(x.array) is np.ndarray
    assert x.detach().add_(1).tolist() == x.tolist() == [2, 2]
    with pytest.raises(ag.errors.ArgumentError, match="never code; save its state_dict"):
        ag.save(nn.Linear(1, 1), io.BytesIO())
    with pytest.raises(TypeError, match="out"):
        ag.matmul(x, x, out=x)  # type: ignore[call-arg]
    assert type(x.shape) is tuple
    assert x.size().numel() == x.numel() == 2
    assert not hasattr(x.dtype, "is_floating_point")
    assert x.is_floating_point()
    absent = [(ag, ("compile", "jit", "fft", "complex64", "sparse_coo_tensor", "distributed")), (nn, ("DataParallel",))]
    assert [name for module, names in absent for name in names if hasattr(module, name)] == []
    for thing in (x, nn.Linear(1, 1)):
        with pytest.raises(TypeError, match=r"tensors are not pickled: .* by its state_dict\(\)"):
            pickle.dumps(thing)


def test_the_packages_are_found_through_the_engine_once_they_are_imported() -> None:
    assert ag.nn is nn
    assert ag.optim is optim
    assert ag.utils.data.DataLoader is nn.data.DataLoader
    assert not {"nn", "optim"} & set(dir(ag))  # the engine imports none of them


ALONE = """
import autograd_core as torch
for path in ("torch.nn", "torch.optim", "torch.utils.data", "torch.sin_of", "torch.utils.tensorboard"):
    try:
        eval(path)
    except AttributeError as error:
        print(error)
"""


def test_what_is_not_imported_is_not_found() -> None:
    run = subprocess.run([sys.executable, "-c", ALONE], capture_output=True, text=True, check=True)
    beside = "is a package of its own, and nothing has imported it; write `import {}` beside `import autograd_core`"
    assert run.stdout.splitlines() == [
        f"module 'autograd_core' has no attribute 'nn' yet: 'nn' {beside.format('nn')}",
        f"module 'autograd_core' has no attribute 'optim' yet: 'optim' {beside.format('optim')}",
        f"module 'autograd_core.utils' has no attribute 'data' yet: 'nn' {beside.format('nn')}",
        "module 'autograd_core' has no attribute 'sin_of'",
        "module 'autograd_core.utils' has no attribute 'tensorboard'",
    ]


def test_autocast_changes_nothing() -> None:
    @ag.amp.autocast("cpu", dtype=ag.float16)
    def product(x: ag.Tensor) -> ag.Tensor:
        return x @ x

    for context in (ag.autocast("cuda", ag.bfloat16), ag.cuda.amp.autocast(enabled=True)):
        with context as inner:
            assert inner is context
            assert product(ag.ones(2)).dtype == ag.float32
    assert not ag.amp.is_autocast_available("cuda")
    with pytest.raises(ag.errors.DeviceError, match="device 'gpu' is no device"):
        ag.autocast("gpu")


def test_a_scaler_scales_by_one() -> None:
    scaler = ag.cuda.amp.GradScaler(init_scale=2.0**16)
    w = ag.ones(2, requires_grad=True)
    optimizer = optim.SGD([w], lr=0.5)
    loss = (w * 4).sum()
    assert scaler.scale(loss) is loss
    loss.backward()
    scaler.unscale_(optimizer)
    assert scaler.step(optimizer, lambda: 7) == 7
    scaler.update()
    assert w.tolist() == [-1, -1]
    scaler.load_state_dict(scaler.state_dict())
    assert (scaler.is_enabled(), scaler.get_scale()) == (False, 1.0)


@pytest.mark.parametrize("name", ["float16", "half", "bfloat16"])
def test_dtypes_that_can_only_be_named(name: str) -> None:
    dtype = getattr(ag, name)
    assert dtype not in (ag.float32, ag.zeros(2).dtype)
    for make in (lambda: ag.zeros(2, dtype=dtype), lambda: ag.zeros(2).to(dtype), lambda: ag.zeros(2).type(dtype)):
        with pytest.raises(ag.errors.DtypeError, match=f"dtype {dtype} is not supported: expected one of float32"):
            make()
    with pytest.raises(ag.errors.DtypeError, match="is not supported"):
        nn.Linear(2, 2).to(dtype)


def test_the_version_and_a_seed_that_nobody_chose() -> None:
    assert re.fullmatch(r"\d+\.\d+\.\d+", ag.__version__)
    state = ag.get_rng_state()
    assert ag.seed() == ag.initial_seed() != ag.seed()
    generator = ag.Generator(1)
    assert generator.seed() == generator.initial_seed() != 1
    ag.set_rng_state(state)


def test_variables_are_tensors() -> None:
    x = ag.ones(2)
    variable = ag.autograd.Variable(x, requires_grad=True)
    assert isinstance(x, ag.autograd.Variable)
    assert not isinstance(x.numpy(), ag.autograd.Variable)
    (variable * 3).sum().backward()
    assert variable.grad is not None
    assert variable.grad.tolist() == [3, 3]
    variable.detach()[0] = 5
    assert x.tolist() == [5, 1]
    assert not x.requires_grad
    result = (variable * 2).detach_()
    assert ag.autograd.Variable(variable * 2).is_leaf
    assert result.is_leaf
