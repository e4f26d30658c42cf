"""Modules as functions of their parameters, and several of them as one."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Protocol

from ..errors import ArgumentError
from ..ops import stack
from ..tensor import Tensor

__all__ = ["functional_call", "stack_module_state"]

Tensors = Mapping[str, Tensor]


class Module(Protocol):
    """What an ``nn.Module`` is asked here: the engine knows no more of it."""

    training: bool

    def __call__(self, *args: Any, **kwargs: Any) -> Any: ...
    def get_submodule(self, target: str) -> Any: ...
    def named_parameters(self, *, remove_duplicate: bool = True) -> Iterator[tuple[str, Any]]: ...
    def named_buffers(self, *, remove_duplicate: bool = True) -> Iterator[tuple[str, Any]]: ...


def functional_call(
    module: Module,
    parameter_and_buffer_dicts: Tensors | Iterable[Tensors],
    args: Any = None,
    kwargs: dict[str, Any] | None = None,
    *,
    tie_weights: bool = True,
    strict: bool = False,
) -> Any:
    """Call *module* with the given tensors in the place of its parameters and buffers of the same paths.

    *parameter_and_buffer_dicts* is a dict, or several with no path in common; *args* a tuple, or the one argument.  Gradients
    flow to the given tensors; the module keeps its own.  What the module assigns to such an attribute meanwhile is put into
    the dict.  With *tie_weights* a tensor that the module has under several paths is replaced under all of them.  Paths that
    the module does not know are ignored, and others may be missing, unless *strict*.  Raises ArgumentError.
    Also ``nn.utils.stateless.functional_call``.

    >>> import nn
    >>> layer = nn.Linear(1, 1)
    >>> given = {"weight": ag.tensor([[3.0]], requires_grad=True), "bias": ag.tensor([1.0])}
    >>> y = ag.func.functional_call(layer, given, ag.tensor([[2.0]]))
    >>> y.backward()
    >>> y.item(), given["weight"].grad, layer.weight.grad
    (7.0, tensor([[2.]]), None)
    """
    given = _merged(parameter_and_buffer_dicts)
    tensors = _tied(module, given) if tie_weights else dict(given)
    if strict:
        _check(module, tensors)
    positional = () if args is None else args if isinstance(args, tuple) else (args,)
    with _swapped(module, tensors) as assigned:
        result = module(*positional, **(kwargs or {}))
        changed = assigned()
    if isinstance(given, dict):
        given.update((path, value) for path, value in changed.items() if path in given)
    return result


def _merged(dicts: Tensors | Iterable[Tensors]) -> Tensors:
    """Return one dict: the given one itself, or all of several."""
    if isinstance(dicts, Mapping):
        return dicts
    merged: dict[str, Tensor] = {}
    for one in dicts:
        if both := sorted(merged.keys() & one.keys()):
            raise ArgumentError(
                f"functional_call: {', '.join(both)} appeared in multiple dictionaries, expected each path in one; the "
                "behaviour of functional call is ambiguous"
            )
        merged.update(one)
    return merged


def _named(module: Module) -> Iterator[tuple[str, Tensor]]:
    """Every parameter and buffer, a shared one under each of its paths."""
    yield from module.named_parameters(remove_duplicate=False)
    yield from module.named_buffers(remove_duplicate=False)


def _tied(module: Module, given: Tensors) -> dict[str, Tensor]:
    """Return *given*, and the same tensors under the other paths of what they replace."""
    paths: dict[int, list[str]] = {}
    for path, tensor in _named(module):
        paths.setdefault(id(tensor), []).append(path)
    tied = dict(given)
    for group in paths.values():
        values = [given[path] for path in group if path in given]
        if any(value is not values[0] for value in values):
            raise ArgumentError(
                f"functional_call got multiple values for keys {sorted(group)}, which are tied; pass one, or the same for "
                "all, or tie_weights=False"
            )
        if values:
            tied.update((path, values[0]) for path in group)
    return tied


def _check(module: Module, tensors: Tensors) -> None:
    own = [path for path, _ in _named(module)]
    problems = [f"unexpected key {path!r}" for path in tensors if path not in own]
    problems += [f"missing key {path!r}" for path in own if path not in tensors]
    if problems:
        raise ArgumentError(
            f"functional_call: for {type(module).__name__}: {', '.join(problems)}; pass all, or strict=False"
        )


@contextmanager
def _swapped(module: Module, tensors: Tensors) -> Iterator[Any]:
    """Put *tensors* into the attributes of *module*; give a function that reads them; put back what was there.

    A computed attribute, as of ``parametrize``, is covered by the given tensor.
    """
    places = {}
    for path, tensor in tensors.items():
        holder_path, _, name = path.rpartition(".")
        holder = _submodule(module, holder_path)
        if holder is not None and (name in vars(holder) or hasattr(holder, name)):
            places[path] = vars(holder), name, vars(holder).get(name, _NOTHING), tensor
    for attributes, name, _, tensor in places.values():
        attributes[name] = tensor
    try:
        yield lambda: {
            path: attributes[name] for path, (attributes, name, _, _) in places.items() if name in attributes
        }
    finally:
        for attributes, name, before, _ in reversed(places.values()):
            if before is _NOTHING:
                attributes.pop(name, None)
            else:
                attributes[name] = before


_NOTHING = object()


def _submodule(module: Module, path: str) -> Any:
    try:
        return module.get_submodule(path)
    except AttributeError:
        return None


def stack_module_state(models: Sequence[Module]) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
    """Return the parameters of several *models*, and their buffers, each stacked along a new first dim, by their paths.

    For ``vmap`` over an ensemble: the models are of one class, all in training or all in evaluation mode.  The stacked
    tensors are leaves, those of parameters requiring gradients as the parameters do.  Raises ArgumentError.

    >>> import nn
    >>> models = [nn.Linear(2, 1) for _ in range(3)]
    >>> params, buffers = stack_module_state(models)
    >>> call = lambda params, x: ag.func.functional_call(models[0], params, x)
    >>> ag.func.vmap(call, in_dims=(0, None))(params, ag.ones(4, 2)).shape
    (3, 4, 1)
    """
    if not len(models):
        raise ArgumentError("stack_module_state: models is empty: give at least one")
    if len({type(m) for m in models}) > 1:
        names = ", ".join(sorted({type(m).__name__ for m in models}))
        raise ArgumentError(f"stack_module_state: models are of the classes {names}: expected one class")
    if len({m.training for m in models}) > 1:
        raise ArgumentError("stack_module_state: only some models are in training mode: call train() or eval() on all")
    return _piled([dict(m.named_parameters()) for m in models]), _piled([dict(m.named_buffers()) for m in models])


def _piled(states: list[dict[str, Tensor]]) -> dict[str, Tensor]:
    piled = {}
    for path, first in states[0].items():
        parts = [state[path] for state in states]
        if len({t.requires_grad for t in parts}) > 1:
            raise ArgumentError(
                f"stack_module_state: {path} requires gradients in some models only: expected all or none"
            )
        whole = stack([t.detach() for t in parts])
        piled[path] = whole.requires_grad_(first.requires_grad)
    return piled
