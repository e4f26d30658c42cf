"""Random valid calls of every function: value, first and second gradient are PyTorch's to rounding."""

from __future__ import annotations

from collections.abc import Callable
from operator import attrgetter
from typing import Any

import numpy as np
import pytest
from beside_torch import compare
from conformance.calls import Call
from conformance.functional import FUNCTIONAL
from conformance.functions import FUNCTIONS
from conformance.layers import LAYERS
from conformance.matrices import LINALG
from conformance.methods import METHODS
from conformance.special import SPECIAL

import autograd_core as ag
import nn

torch = pytest.importorskip("torch")

SEEDS = 0, 1, 2
CALLS: dict[str, list[Call]] = {
    **FUNCTIONS,
    **{f"linalg.{name}": calls for name, calls in LINALG.items()},
    **{f"special.{name}": calls for name, calls in SPECIAL.items()},
    **{f"nn.functional.{name}": calls for name, calls in FUNCTIONAL.items()},
}


def found(library: Any, name: str) -> Any:
    """The function *name* of a library; our ``nn`` stands beside ``autograd_core``."""
    if library is ag and name.startswith("nn."):
        library, name = nn, name.removeprefix("nn.")
    return attrgetter(name)(library)


BOTH = pytest.mark.parametrize("dtype", ["float64", "float32"])
SILENT = pytest.mark.filterwarnings("ignore::UserWarning")  # of deprecated functions, and advice


def same(functions: tuple[Any, Any], each: Call, seed: int, dtype: str, parameters: Any = ((), ())) -> None:
    order = 2 if each.second and dtype == "float64" else 1
    compare(
        functions, *each.drawn(seed), dtype=dtype, order=order, parameters=parameters, rtol=None if each.exact else 1e-6
    )


def each_time(calls: list[Call], what: str, dtype: str, test: Callable[[int, Call, int], None]) -> None:
    """Run *test* for all calls and seeds; an error says which it was."""
    for number, each in enumerate(calls):
        for seed in SEEDS:
            try:
                test(number, each, seed)
            except Exception as error:
                error.add_note(f"call {number} of {what}, seed {seed}, {dtype}: {each.args} {each.kwargs}")
                raise


@SILENT
@BOTH
@pytest.mark.parametrize("name", CALLS)
def test_a_function_is_that_of_pytorch(name: str, dtype: str) -> None:
    functions = found(ag, name), found(torch, name)
    each_time(CALLS[name], name, dtype, lambda _, each, seed: same(functions, each, seed, dtype))


@BOTH
@pytest.mark.parametrize("name", METHODS)
def test_a_method_is_that_of_pytorch(name: str, dtype: str) -> None:
    def method(x: Any, *args: Any, **kwargs: Any) -> Any:
        """In-place methods need an operand that is no leaf."""
        return getattr(x.clone() if x.requires_grad and name.endswith("_") else x, name)(*args, **kwargs)

    each_time(METHODS[name], name, dtype, lambda _, each, seed: same((method, method), each, seed, dtype))


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_method_is_where_pytorch_has_one(name: str) -> None:
    if hasattr(torch.Tensor, name):
        assert callable(getattr(ag.Tensor, name, None)), f"Tensor.{name} is missing"


@SILENT
@BOTH
@pytest.mark.parametrize("name", LAYERS)
def test_a_layer_is_that_of_pytorch(name: str, dtype: str) -> None:
    """PyTorch's parameters are loaded into ours, by their names."""

    def test(number: int, each: Call, seed: int) -> None:
        args, kwargs, _ = LAYERS[name][number]
        torch.manual_seed(seed)
        ours, theirs = getattr(nn, name)(*args, **kwargs), getattr(torch.nn, name)(*args, **kwargs)
        ours, theirs = (module.to(getattr(library, dtype)) for module, library in ((ours, ag), (theirs, torch)))
        ours.load_state_dict({key: value.numpy() for key, value in theirs.state_dict().items()})
        same((ours, theirs), each, seed, dtype, (ours.parameters(), theirs.parameters()))
        after, expected = ours.state_dict(), theirs.state_dict()
        assert list(after) == list(expected)
        for key, value in expected.items():
            np.testing.assert_allclose(after[key].numpy(), value.numpy(), rtol=1e-5, atol=1e-6, err_msg=key)

    each_time([each.forward for each in LAYERS[name]], name, dtype, test)
