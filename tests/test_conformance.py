"""Random valid calls of every function: value, first and second gradient are PyTorch's to rounding."""

from __future__ import annotations

from collections.abc import Callable, Sequence
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
from autograd_core import siblings

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


def callable_on_leaves(name: str, function: Callable[..., Any]) -> Callable[..., Any]:
    """The function; one that writes to its operand, which must be no leaf, to a copy."""
    if not name.endswith("_"):
        return function
    return lambda x, *args, **kwargs: function(x.clone() if x.requires_grad else x, *args, **kwargs)


BOTH = pytest.mark.parametrize("dtype", ["float64", "float32"])
SILENT = pytest.mark.filterwarnings("ignore::UserWarning")  # of deprecated functions, and advice


def same(functions: Sequence[Any], each: Call, seed: int, dtype: str, parameters: Any = ((), ())) -> None:
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
    functions = tuple(callable_on_leaves(name, found(library, name)) for library in (ag, torch))
    each_time(CALLS[name], name, dtype, lambda _, each, seed: same(functions, each, seed, dtype))


@pytest.mark.parametrize("name", siblings.FUNCTIONAL)
def test_a_function_of_nn_is_at_the_top_level_where_pytorch_has_it_there(name: str) -> None:
    assert getattr(ag, name) is getattr(nn.functional, name)
    assert callable(getattr(torch, name))
    functions = tuple(callable_on_leaves(name, getattr(library, name)) for library in (ag, torch))
    each_time(FUNCTIONAL[name], name, "float64", lambda _, each, seed: same(functions, each, seed, "float64"))


@BOTH
@pytest.mark.parametrize("name", METHODS)
def test_a_method_is_that_of_pytorch(name: str, dtype: str) -> None:
    method = callable_on_leaves(name, lambda x, *args, **kwargs: getattr(x, name)(*args, **kwargs))
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
