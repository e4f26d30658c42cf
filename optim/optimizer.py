"""The base of every optimizer: parameters in groups, their state, and the one update rule that a subclass writes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from copy import deepcopy
from math import inf
from types import MappingProxyType
from typing import Any, ClassVar

import numpy as np

import autograd_core as ag

from .flat import Array, Layout, State, check_shapes, each_array

Group = dict[str, Any]
Params = Iterable[ag.Tensor] | Iterable[Mapping[str, Any]]

LARGE = 1 << 17  # elements from which an update may take several threads
COST = 0.5  # nanoseconds that one takes for an element on one core


class Optimizer:
    """Update parameters by their gradients.

    *params* is an iterable of tensors, or of dicts: parameter groups, each with its tensors under ``"params"`` and
    with options of its own, which *defaults* completes.  A subclass writes :meth:`update`, and :meth:`check` for
    its options:

    >>> import autograd_core as ag
    >>> import numpy as np
    >>> import optim
    >>> class SignSGD(optim.Optimizer):
    ...     def __init__(self, params, lr):
    ...         super().__init__(params, {"lr": lr})
    ...     def update(self, group, parameter, gradient, state):
    ...         parameter -= group["lr"] * np.sign(gradient)
    >>> w = ag.tensor([1.0, -2.0], requires_grad=True)
    >>> (w * w).sum().backward()
    >>> SignSGD([w], lr=0.5).step()
    >>> w.tolist()
    [0.5, -1.5]
    """

    elementwise: ClassVar[bool] = True
    """Whether the rule treats each element by itself, so that it may be given many parameters as one array."""

    def __init__(self, params: Params, defaults: Group) -> None:
        if isinstance(params, ag.Tensor):
            raise TypeError(
                f"params must be an iterable of Tensors or dicts, but got one Tensor of shape {params.shape}. "
                "Put it in a list: [w]."
            )
        self.defaults = defaults
        self.param_groups: list[Group] = []
        self.updates = 0  # calls of step(): a schedule warns if there were none
        self._layouts: list[Layout] = []
        self.check(defaults)
        groups: list[Any] = list(params)
        if not groups:
            raise ag.errors.ArgumentError(
                "optimizer got an empty parameter list. Pass model.parameters(); a generator can be read only once."
            )
        for group in groups if isinstance(groups[0], Mapping) else [{"params": groups}]:
            self.add_param_group(group)

    def update(self, group: Group, parameter: Array, gradient: Array, state: State) -> None:
        """Write the new values into *parameter*, from *gradient*, the options in *group*, and *state*.

        All arrays are one-dimensional: a parameter, or several end to end unless ``elementwise`` is False.  *state*
        is empty at the first update; put numbers in it, and arrays of the length of *parameter*.
        """
        raise NotImplementedError(
            f"{type(self).__name__} has no update rule: define update(group, parameter, gradient, state)"
        )

    def check(self, group: Group) -> None:
        """Raise ArgumentError if an option in *group* is wrong: the defaults, and each new or loaded group."""

    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """Update every parameter that has a gradient; return what *closure*, which computes the loss anew, returns."""
        loss = None
        if closure is not None:
            with ag.enable_grad():
                loss = closure()
        for group, layout in zip(self.param_groups, self._layouts, strict=True):
            for block, gradient in layout.gradients(group["params"]):
                block.fetch()
                self.update(group, block.array, gradient, block.state)
                block.store()
        self.updates += 1
        return loss

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Forget the gradients, or with ``set_to_none=False`` fill them with zeros.

        A parameter whose gradient is None is skipped by :meth:`step`; one whose gradient is zero is not: momentum
        still moves it.
        """
        for group in self.param_groups:
            for p in group["params"]:
                if set_to_none:
                    p.grad = None
                elif p.grad is not None:
                    p.grad = p.grad.detach()
                    p.grad.zero_()

    def add_param_group(self, param_group: Mapping[str, Any]) -> None:
        """Add a group of parameters, such as layers that are no longer frozen; options left out are the defaults."""
        if not isinstance(param_group, Mapping):
            raise TypeError(
                f"param_group must be a dict, but got {type(param_group).__name__}. "
                "Pass {'params': [...], 'lr': ...}."
            )
        if "params" not in param_group:
            raise ag.errors.ArgumentError(
                f"param_group has no 'params', only {sorted(param_group)}. Add 'params': [...]."
            )
        group = {**self.defaults, **param_group, "params": as_tensors(param_group["params"])}
        self.check(group)
        taken = {id(p) for g in self.param_groups for p in g["params"]}
        for p in group["params"]:
            if id(p) in taken:
                raise ag.errors.ArgumentError(
                    f"some parameters appear in more than one parameter group, or twice in one: a parameter of shape "
                    f"{p.shape}. Pass each parameter once."
                )
            taken.add(id(p))
        self._layouts.append(Layout(group["params"], [{} for _ in group["params"]], self.elementwise))
        self.param_groups.append(group)

    @property
    def state(self) -> Mapping[ag.Tensor, Mapping[str, Any]]:
        """The state of each parameter that was updated, to read; its tensors share memory with the rule's."""
        return MappingProxyType(
            {
                p: MappingProxyType(each_array(state, ag.from_numpy))
                for layout in self._layouts
                for p, state in zip(layout.params, layout.states(), strict=True)
                if state
            }
        )

    def state_dict(self) -> dict[str, Any]:
        """Return ``{"state": {index: state}, "param_groups": [options and indices]}``: a copy, of numbers and tensors.

        Parameters are numbered through all groups, in order; those that were never updated have no state.
        """
        numbers = {id(p): i for i, p in enumerate(p for group in self.param_groups for p in group["params"])}
        groups = [
            {**deepcopy(_options(group)), "params": [numbers[id(p)] for p in group["params"]]}
            for group in self.param_groups
        ]
        state = {
            numbers[id(p)]: each_array(entries, lambda a: ag.from_numpy(a.copy()))
            for layout in self._layouts
            for p, entries in zip(layout.params, layout.states(), strict=True)
            if entries and id(p) in numbers
        }
        return {"state": state, "param_groups": groups}

    def load_state_dict(self, state_dict: Mapping[str, Any]) -> None:
        """Take options and state from what :meth:`state_dict` returned; arrays are copied, in the parameters' dtype.

        Parameters are matched by their order.  Indices may be strings, as JSON makes them.  Nothing is changed if
        anything is wrong.
        """
        for key in ("state", "param_groups"):
            if key not in state_dict:
                raise ag.errors.ArgumentError(
                    f"state dict has no {key!r}, only {sorted(state_dict)}. Pass what state_dict() returned."
                )
        saved = state_dict["param_groups"]
        if len(saved) != len(self.param_groups):
            raise ag.errors.ArgumentError(
                f"loaded state dict has a different number of parameter groups: {len(saved)}, and the optimizer has "
                f"{len(self.param_groups)}. Make the optimizer with the same groups as the saved one."
            )
        entries = {int(i): {k: _as_array(v) for k, v in state.items()} for i, state in state_dict["state"].items()}
        states, groups = [], []
        for i, (group, new) in enumerate(zip(self.param_groups, saved, strict=True)):
            if len(new["params"]) != len(group["params"]):
                raise ag.errors.ArgumentError(
                    f"loaded state dict contains a parameter group that doesn't match the size of optimizer's "
                    f"group {i}: {len(new['params'])} parameters, not {len(group['params'])}. "
                    "Load states of the same network."
                )
            missing = sorted(self.defaults.keys() - new.keys())
            if missing:
                raise ag.errors.ArgumentError(
                    f"the state dict is of another optimizer than {type(self).__name__}: its group {i} has no "
                    f"{', '.join(missing)}. Load it into an optimizer of the class that it is from."
                )
            groups.append({**group, **deepcopy(_options(new)), "params": group["params"]})
            self.check(groups[-1])
            states.append([entries.get(int(n), {}) for n in new["params"]])
            check_shapes(group["params"], states[-1])
        for layout, group, state in zip(self._layouts, groups, states, strict=True):
            layout.arrange(group["params"], state)
        for group, new in zip(self.param_groups, groups, strict=True):
            group.update(new)

    def __getstate__(self) -> dict[str, Any]:
        """For copies: states by parameter and no layout, since a copied view shares no memory with its base."""
        attributes = {name: value for name, value in self.__dict__.items() if name != "_layouts"}
        return {**attributes, "states": [(layout.params, layout.states()) for layout in self._layouts]}

    def __setstate__(self, attributes: dict[str, Any]) -> None:
        states = attributes.pop("states")
        self.__dict__.update(attributes)
        self._layouts = [Layout(params, state, self.elementwise) for params, state in states]

    def __repr__(self) -> str:
        lines = [f"{type(self).__name__} ("]
        for i, group in enumerate(self.param_groups):
            lines += [
                f"Parameter Group {i}",
                *(f"    {key}: {value}" for key, value in sorted(_options(group).items())),
            ]
        return "\n".join([*lines, ")"])


def as_tensors(params: Any) -> list[ag.Tensor]:
    """Return *params*, one tensor or an ordered collection of them, as a list of leaves."""
    if isinstance(params, set | frozenset):
        raise TypeError(
            "optimizer parameters need to be organized in ordered collections, but 'params' is a set, whose order "
            "changes between runs. Pass a list."
        )
    tensors = [params] if isinstance(params, ag.Tensor) else list(params)
    for p in tensors:
        if not isinstance(p, ag.Tensor):
            raise TypeError(
                f"optimizer can only optimize Tensors, but one of the params is {type(p).__name__}. "
                "Pass model.parameters(), or tensors made with requires_grad=True."
            )
        if not p.is_leaf:
            raise ag.errors.ArgumentError(
                f"can't optimize a non-leaf Tensor: the one of shape {p.shape} is the result of an operation. "
                "Pass the tensor it was made from, or use .detach().requires_grad_()."
            )
    return tensors


def elementwise(step: Callable[..., None], arrays: Sequence[Array | None], *numbers: Any) -> None:
    """Call ``step(*arrays, *numbers)``, or that for slices of the arrays, on several threads, where they are large."""
    parameter = arrays[0]
    assert parameter is not None
    if parameter.size < LARGE:
        step(*arrays, *numbers)
    else:
        ag.parallel(_share, parameter.size, step, arrays, numbers, work=COST * parameter.size)


def _share(start: int, stop: int, step: Callable[..., None], arrays: Sequence[Array | None], numbers: Any) -> None:
    step(*[None if a is None else a[start:stop] for a in arrays], *numbers)


def check_number(what: str, value: Any, cure: str, below: float = inf, infinite: bool = False) -> None:
    """Raise ArgumentError unless ``0 <= value < below``; with *infinite*, infinity is a value too."""
    if not isinstance(value, int | float | np.floating) or not (0.0 <= value < below or (infinite and value == inf)):
        bound = f" and less than {below:g}" if below < inf else "" if infinite else " and finite"
        raise ag.errors.ArgumentError(f"Invalid {what}: {value!r}. It must be a number of at least 0{bound}: {cure}.")


def _options(group: Mapping[str, Any]) -> Group:
    return {key: value for key, value in group.items() if key != "params"}


def _as_array(value: Any) -> Any:
    return value.data if isinstance(value, ag.Tensor) else value
