"""The base of every optimizer: parameters in groups, their state, and the one update rule that a subclass writes."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from copy import deepcopy
from math import inf
from types import MappingProxyType
from typing import Any, ClassVar

import numpy as np

import autograd_core as ag

from .flat import Array, Layout, State, check_shapes, each_array
from .hooks import Hookable, hooked, register_optimizer_step_post_hook, register_optimizer_step_pre_hook

__all__ = ["Optimizer", "register_optimizer_step_post_hook", "register_optimizer_step_pre_hook"]

Group = dict[str, Any]
Rate = float | ag.Tensor  # a tensor of one element
Params = Iterable[ag.Tensor] | Iterable[tuple[str, ag.Tensor]] | Iterable[Mapping[str, Any]]

LARGE = 1 << 17  # elements from which an update may take several threads
COST = 0.5  # nanoseconds that one takes for an element on one core


class Optimizer(Hookable):
    """Update parameters by their gradients.

    *params* is an iterable of tensors, of pairs of a name and a tensor, or of dicts: parameter groups, each with its
    tensors under ``"params"`` and with options of its own, which *defaults* completes.  A subclass writes
    :meth:`update`, and :meth:`check` for its options:

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

    Or, as one for PyTorch does, it writes :meth:`step` itself, and keeps what it likes in ``self.state[p]``.

    *foreach*, *fused* and *capturable* choose between implementations of PyTorch; here there is one, and they have no effect,
    neither here nor in the subclasses that take them.  ``differentiable=True`` raises ArgumentError: no step is recorded.
    """

    elementwise: ClassVar[bool] = True
    """Whether the rule treats each element by itself, so that it may be given many parameters as one array."""

    numbers: ClassVar[tuple[str, ...]] = ("step",)
    """The entries of a state that are numbers; a loaded state may hold them as arrays, as those of PyTorch do."""

    def __init__(
        self,
        params: Params,
        defaults: Group,
        *,
        foreach: bool | None = None,
        capturable: bool = False,
        differentiable: bool = False,
        fused: bool | None = None,
    ) -> None:
        if isinstance(params, ag.Tensor):
            raise TypeError(
                f"params must be an iterable of Tensors or dicts, but got one Tensor of shape {params.shape}. "
                "Put it in a list: [w]."
            )
        if not isinstance(params, Iterable):
            raise TypeError(
                f"params must be an iterable of Tensors or dicts, but got a {type(params).__name__}. "
                "Pass model.parameters(), or a list of tensors."
            )
        check_implementation(foreach=foreach, capturable=capturable, differentiable=differentiable, fused=fused)
        super().__init__()
        self.defaults = defaults
        self.param_groups: list[Group] = []
        self._layouts: list[Layout] = []
        self._own_state: defaultdict[ag.Tensor, State] = defaultdict(dict)  # of an optimizer that has no rule
        self.check(defaults)
        groups: list[Any] = list(params)
        if not groups:
            raise ag.errors.ArgumentError(
                "optimizer got an empty parameter list. Pass model.parameters(); a generator can be read only once."
            )
        for group in groups if isinstance(groups[0], Mapping) else [{"params": groups}]:
            self.add_param_group(group)

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if "step" in vars(cls):
            cls.step = hooked(cls.step)  # type: ignore[method-assign]

    def update(self, group: Group, parameter: Array, gradient: Array, state: State) -> None:
        """Write the new values into *parameter*, from *gradient*, the options in *group*, and *state*.

        The arrays are one-dimensional, one or more parameters end to end.  *state* is empty at the first update; put
        numbers in it, and arrays of the length of *parameter*.  If ``elementwise`` is False, it is one parameter in
        its own shape, and arrays in *state* have that shape, or 1 in place of some of its dims.
        """
        raise NotImplementedError(
            f"{type(self).__name__} has no update rule: define update(group, parameter, gradient, state)"
        )

    def check(self, group: Group) -> None:
        """Raise ArgumentError if an option in *group* is wrong: the defaults, and each new or loaded group."""

    @hooked
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
        tensors, names = as_tensors(param_group["params"])
        group = {**self.defaults, **param_group, "params": tensors, **({"param_names": names} if names else {})}
        if self.param_groups and ("param_names" in group) != ("param_names" in self.param_groups[0]):
            raise ag.errors.ArgumentError(
                f"all optimizer param groups should be with/without names, and this one is "
                f"{'with' if 'param_names' in group else 'without'}. Pass model.named_parameters() for all groups, or for none."
            )
        self.check(group)
        taken = {id(p) for g in self.param_groups for p in g["params"]}
        for p in group["params"]:
            if id(p) in taken:
                raise ag.errors.ArgumentError(
                    f"some parameters appear in more than one parameter group, or twice in one: a parameter of shape "
                    f"{p.shape}. Pass each parameter once."
                )
            taken.add(id(p))
        self._layouts.append(Layout(group["params"], [{} for _ in group["params"]], self._is_flat))
        self.param_groups.append(group)

    @property
    def _has_rule(self) -> bool:
        return type(self).update is not Optimizer.update

    @property
    def _is_flat(self) -> bool:
        return self.elementwise and self._has_rule

    @property
    def state(self) -> Mapping[ag.Tensor, Any]:
        """The state of each parameter that was updated, to read; its tensors share memory with the rule's.

        That of an optimizer which writes :meth:`step` itself is a dict for each parameter, to read and to write.
        """
        if not self._has_rule:
            return self._own_state
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
        self._run("before saving")
        numbers = {id(p): i for i, p in enumerate(p for group in self.param_groups for p in group["params"])}
        groups = [
            {**deepcopy(_options(group)), "params": [numbers[id(p)] for p in group["params"]]}
            for group in self.param_groups
        ]
        state = {numbers[id(p)]: copied(entries) for p, entries in self.state.items() if id(p) in numbers}
        return self._run_on("after saving", {"state": state, "param_groups": groups})

    def load_state_dict(self, state_dict: Mapping[str, Any]) -> None:
        """Take options and state from what :meth:`state_dict` returned; arrays are copied, in the parameters' dtype.

        Parameters are matched by their order.  Indices may be strings, as JSON makes them; arrays may be of any kind
        that NumPy reads, PyTorch's tensors too.  Nothing is changed if anything is wrong.
        """
        state_dict = self._run_on("before loading", dict(state_dict))
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
        entries = {int(i): state for i, state in state_dict["state"].items()}
        states: list[list[State]] = []
        groups: list[Group] = []
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
            states.append([self._read(entries.get(int(n), {}), p) for n, p in zip(new["params"], group["params"])])
            if self._has_rule:
                check_shapes(group["params"], states[-1], exact=self.elementwise)
        self._own_state.clear()
        for layout, group, read in zip(self._layouts, groups, states, strict=True):
            if self._has_rule:
                layout.arrange(group["params"], read)
            else:
                self._own_state.update((p, state) for p, state in zip(group["params"], read, strict=True) if state)
        for group, new in zip(self.param_groups, groups, strict=True):
            group.update(new)
        self._run("after loading")

    def _read(self, state: Mapping[str, Any], parameter: ag.Tensor) -> State:
        """Return a loaded state as the rule, or the optimizer without one, wants it."""
        if not self._has_rule:
            return {k: copied(v, None if k == "step" else parameter.dtype) for k, v in state.items()}
        return {k: as_number(k, v) if k in self.numbers else as_array(v) for k, v in state.items()}

    def __getstate__(self) -> dict[str, Any]:
        """For copies: states by parameter and no layout, since a copied view shares no memory with its base; no hooks."""
        attributes = {name: value for name, value in self.__dict__.items() if name not in ("_layouts", "_hooks")}
        return {**attributes, "states": [(layout.params, layout.states()) for layout in self._layouts]}

    def __setstate__(self, attributes: dict[str, Any]) -> None:
        states = attributes.pop("states")
        super().__init__()
        self.__dict__.update(attributes)
        self._layouts = [Layout(params, state, self._is_flat) for params, state in states]

    def __repr__(self) -> str:
        lines = [f"{type(self).__name__} ("]
        for i, group in enumerate(self.param_groups):
            lines += [
                f"Parameter Group {i}",
                *(f"    {key}: {value}" for key, value in sorted(_options(group).items())),
            ]
        return "\n".join([*lines, ")"])


def as_tensors(params: Any) -> tuple[list[ag.Tensor], list[str]]:
    """Return *params*, one tensor or an ordered collection, as a list of leaves, and their names, if they have some."""
    if isinstance(params, set | frozenset):
        raise TypeError(
            "optimizer parameters need to be organized in ordered collections, but 'params' is a set, whose order "
            "changes between runs. Pass a list."
        )
    given = [params] if isinstance(params, ag.Tensor) else list(params)
    named = [p for p in given if isinstance(p, tuple) and len(p) == 2]
    if named and len(named) < len(given):
        raise ag.errors.ArgumentError(
            f"all optimizer params should be with/without names, but {len(given) - len(named)} of {len(given)} names "
            "are missing. Pass model.named_parameters(), or model.parameters()."
        )
    tensors = [p for _, p in named] or given
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
    return tensors, [name for name, _ in named]


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


def check_number(what: str, value: Any, cure: str, below: float = inf, closed: bool = False) -> None:
    """Raise ArgumentError unless ``0 <= value < below``, or with *closed* ``0 <= value <= below``.

    The value may also be a tensor of one element.
    """
    number = value.item() if isinstance(value, ag.Tensor) and value.numel() == 1 else value
    fits = isinstance(number, int | float | np.floating) and (0.0 <= number < below or (closed and number == below))
    if not fits:
        bound = (
            f" and {'at most' if closed else 'less than'} {below:g}" if below < inf else "" if closed else " and finite"
        )
        raise ag.errors.ArgumentError(f"Invalid {what}: {value!r}. It must be a number of at least 0{bound}: {cure}.")


def check_betas(betas: Any) -> None:
    """Raise ArgumentError unless *betas* are two numbers in [0, 1)."""
    check_pair("betas", betas, "(0.9, 0.999)")
    for i, beta in enumerate(betas):
        check_number(f"beta parameter at index {i}", beta, "pass for example betas=(0.9, 0.999)", below=1)


def check_moments(group: Group, lr: str) -> None:
    """Raise ArgumentError unless the options of Adam and its kin are numbers that they can be; *lr* is an example."""
    check_number("learning rate", group["lr"], f"pass for example lr={lr}")
    check_number("epsilon value", group["eps"], "pass for example eps=1e-8")
    check_betas(group["betas"])
    check_number("weight_decay value", group["weight_decay"], "pass for example weight_decay=0.0005")


def check_implementation(differentiable: bool, **choices: Any) -> None:
    """Raise ArgumentError unless each of *choices* is True, False or None, and *differentiable* is not True."""
    for name, value in {"differentiable": differentiable, **choices}.items():
        if value is not None and not isinstance(value, bool):
            raise ag.errors.ArgumentError(
                f"{name} is {value!r}: expected True, False or None; leave it out, it has no effect"
            )
    if differentiable:
        raise ag.errors.ArgumentError(
            "differentiable is True: expected False, for a step is not recorded, and has no gradients; write the update in "
            "operations, w = w - lr * g, with g of ag.autograd.grad(loss, w, create_graph=True)"
        )


def check_pair(name: str, values: Any, example: str) -> None:
    """Raise ArgumentError unless *values* are two."""
    if not isinstance(values, tuple | list) or len(values) != 2:
        raise ag.errors.ArgumentError(f"{name} must be two numbers, not {values!r}. Pass for example {name}={example}.")


def check_positive(name: str, value: Any) -> int:
    """Return *value*, or raise ArgumentError unless it is a positive integer."""
    if not isinstance(value, int) or value < 1:
        raise ag.errors.ArgumentError(
            f"Invalid {name}: {value!r}. It must be a positive integer: pass for example {name}=10."
        )
    return value


def copied(value: Any, dtype: Any = None) -> Any:
    """Return a copy of a state: tensors and arrays as tensors, in *dtype* if they are floating and there is one."""
    if isinstance(value, Mapping):
        return {key: copied(item, dtype) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return type(value)(copied(item, dtype) for item in value)
    array = as_array(value)
    if not isinstance(array, np.ndarray):
        return value
    return ag.from_numpy(array.astype(dtype if dtype is not None and array.dtype.kind == "f" else array.dtype))


def as_array(value: Any) -> Any:
    """Return the array that a tensor, of whatever library, holds; and a number as it is."""
    if isinstance(value, ag.Tensor):
        return value.array
    return np.asarray(value) if hasattr(value, "__array__") and not isinstance(value, np.generic) else value


def as_number(name: str, value: Any) -> int | float:
    return int(value) if name == "step" else float(value)


def _options(group: Mapping[str, Any]) -> Group:
    return {key: value for key, value in group.items() if key != "params"}
