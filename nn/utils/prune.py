"""Pruning: a parameter times a mask of zeros and ones, before each forward.

The parameter ``name`` becomes ``name_orig``, the mask is the buffer ``name_mask``, and ``name`` is their product.  Pruning a
parameter again prunes among what is left; ``remove`` makes the product the parameter.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, ClassVar, TypeVar

import autograd_core as ag
from autograd_core import Tensor

from .. import expect
from ..module import Module
from .recomputed import Recomputed, found, taken

__all__ = [
    "BasePruningMethod",
    "CustomFromMask",
    "Identity",
    "L1Unstructured",
    "LnStructured",
    "PruningContainer",
    "RandomStructured",
    "RandomUnstructured",
    "custom_from_mask",
    "global_unstructured",
    "identity",
    "is_pruned",
    "l1_unstructured",
    "ln_structured",
    "random_structured",
    "random_unstructured",
    "remove",
]

M = TypeVar("M", bound=Module)


class BasePruningMethod(Recomputed, ABC):
    """A way to choose what is pruned: define ``compute_mask``, and say in *PRUNING_TYPE* among what it chooses.

    "unstructured": among the elements that are left; "structured": among the channels along ``self.dim`` of which something
    is left; "global": among all elements.

    >>> import nn
    >>> class Negative(BasePruningMethod):
    ...     PRUNING_TYPE = "unstructured"
    ...     def compute_mask(self, t, default_mask):
    ...         return default_mask * (t >= 0)
    >>> layer = nn.Linear(3, 2)
    >>> _ = Negative.apply(layer, "weight")
    >>> bool((layer.weight >= 0).all())
    True
    """

    PRUNING_TYPE: ClassVar[str]
    name: str

    @abstractmethod
    def compute_mask(self, t: Tensor, default_mask: Tensor) -> Tensor:
        """Return the mask for *t*, the importance of each element, on top of *default_mask*: of its shape and dtype."""

    def apply_mask(self, module: Module) -> Tensor:
        """Return the product of the parameter and the mask of *module*."""
        orig, mask = getattr(module, f"{self.name}_orig"), getattr(module, f"{self.name}_mask")
        product: Tensor = mask.to(orig.dtype) * orig
        return product

    def compute_weight(self, module: Module) -> Tensor:
        return self.apply_mask(module)

    @classmethod
    def apply(
        cls, module: Module, name: str, *args: Any, importance_scores: Tensor | None = None, **kwargs: Any
    ) -> BasePruningMethod:
        """Prune the parameter *name* of *module* by ``cls(*args, **kwargs)``; return the hook that keeps it so."""
        method: BasePruningMethod = cls(*args, **kwargs)
        method.name = name
        weight = getattr(module, name)
        scores = _scores(importance_scores, weight, name)
        before = BasePruningMethod.on(module, name)
        if before is None:
            mask = method.compute_mask(scores.detach(), ag.ones_like(weight))
            module.register_parameter(f"{name}_orig", taken("prune", module, name))
        else:
            method = before.joined(method)
            mask = method.compute_mask(scores.detach(), getattr(module, f"{name}_mask").clone())
            before.detach(module)
        module.register_buffer(f"{name}_mask", mask)
        method.attach(module)
        return method

    def joined(self, method: BasePruningMethod) -> PruningContainer:
        """Return what prunes by this, and then by *method*."""
        return PruningContainer(self, method)

    def prune(self, t: Tensor, default_mask: Tensor | None = None, importance_scores: Tensor | None = None) -> Tensor:
        """Return *t* times its mask, which is also that of *default_mask*, if given."""
        mask = ag.ones_like(t) if default_mask is None else default_mask
        pruned: Tensor = t * self.compute_mask(_scores(importance_scores, t, "t"), default_mask=mask)
        return pruned

    def remove(self, module: Module) -> None:
        """Make the pruned weight of *module* the parameter; the zeros stay."""
        weight = self.apply_mask(module).detach()
        self.detach(module)
        parameter = taken("prune", module, f"{self.name}_orig")
        with ag.no_grad():
            parameter.copy_(weight)
        delattr(module, f"{self.name}_mask")
        module.register_parameter(self.name, parameter)


def _scores(importance_scores: Tensor | None, weight: Tensor, name: str) -> Tensor:
    if importance_scores is None:
        return weight
    if importance_scores.shape != weight.shape:
        raise ag.errors.ShapeError(
            f"prune: importance_scores has shape {tuple(importance_scores.shape)}, expected that of {name}, "
            f"{tuple(weight.shape)}; give one score for each element"
        )
    return importance_scores


class PruningContainer(BasePruningMethod):
    """Several pruning methods of one parameter, one after the other.

    >>> import nn
    >>> layer = l1_unstructured(l1_unstructured(nn.Linear(3, 2), "weight", 1), "weight", 2)
    >>> len(PruningContainer.on(layer, "weight")), layer.weight_mask.sum().item()
    (2, 3.0)
    """

    PRUNING_TYPE = "global"

    def __init__(self, *methods: BasePruningMethod) -> None:
        self._pruning_methods: tuple[BasePruningMethod, ...] = ()
        for method in methods:
            self.add_pruning_method(method)

    def add_pruning_method(self, method: BasePruningMethod) -> None:
        """Add *method*, for the same parameter, at the end."""
        if not isinstance(method, BasePruningMethod):
            raise TypeError(
                f"add_pruning_method: method is of type {type(method).__name__}, expected a BasePruningMethod"
            )
        if not self._pruning_methods:
            self.name = method.name
        elif method.name != self.name:
            raise ag.errors.ArgumentError(
                f"add_pruning_method: method is for the parameter {method.name!r}, expected {self.name!r}, that of the others"
            )
        self._pruning_methods += (method,)

    def joined(self, method: BasePruningMethod) -> PruningContainer:
        """Add *method*, and return this."""
        self.add_pruning_method(method)
        return self

    def __len__(self) -> int:
        return len(self._pruning_methods)

    def __iter__(self) -> Iterator[BasePruningMethod]:
        return iter(self._pruning_methods)

    def __getitem__(self, index: int) -> BasePruningMethod:
        return self._pruning_methods[index]

    def compute_mask(self, t: Tensor, default_mask: Tensor) -> Tensor:
        """Let the last method choose among what its *PRUNING_TYPE* says, and join that with *default_mask*."""
        method = self._pruning_methods[-1]
        mask = default_mask.to(t.dtype).clone()
        among = _among(method, default_mask)
        mask[among] = method.compute_mask(t[among], default_mask=default_mask[among]).to(mask.dtype)
        return mask


def _among(method: BasePruningMethod, mask: Tensor) -> Any:
    """Return the index of what *method* may still prune."""
    if method.PRUNING_TYPE == "unstructured":
        return mask == 1
    if method.PRUNING_TYPE == "global":
        return ...
    if method.PRUNING_TYPE != "structured":
        raise ag.errors.ArgumentError(
            f"Unrecognized PRUNING_TYPE {method.PRUNING_TYPE!r} of {type(method).__name__}: expected 'unstructured', "
            "'structured' or 'global'"
        )
    dim = method.dim  # type: ignore[attr-defined]  # structured methods have one
    _check_dim(mask, dim)
    return _along(mask, dim, mask.sum(_others(mask, dim)) != 0)


def _check_dim(t: Tensor, dim: int) -> None:
    if not -t.ndim <= dim < t.ndim:
        raise IndexError(f"prune: dim={dim} is out of range for a tensor of shape {tuple(t.shape)}")


def _along(t: Tensor, dim: int, index: Any) -> tuple[Any, ...]:
    """Return *index* as one into *dim* of *t*."""
    places: list[Any] = [slice(None)] * t.ndim
    places[dim] = index
    return tuple(places)


def _others(t: Tensor, dim: int) -> list[int]:
    """Return the dims of *t* but *dim*."""
    return [d for d in range(t.ndim) if d != dim % t.ndim]


# -------------------------------------------------------------------------------------------------------- the methods


class Identity(BasePruningMethod):
    """Prune nothing, but with a mask, of ones.

    >>> import nn
    >>> Identity.apply(nn.Linear(3, 2), "bias").compute_mask(ag.zeros(2), ag.ones(2))
    tensor([1., 1.])
    """

    PRUNING_TYPE = "unstructured"

    def compute_mask(self, t: Tensor, default_mask: Tensor) -> Tensor:
        return default_mask


class _Amount(BasePruningMethod):
    """Methods that prune *amount*: a number of elements or channels, or a fraction of them."""

    amount: int | float

    def _take(self, amount: Any) -> None:
        if isinstance(amount, bool) or not isinstance(amount, int | float):
            raise TypeError(f"prune: amount is {amount!r}, expected an int, how many, or a float, which fraction")
        if amount < 0 or (isinstance(amount, float) and not amount <= 1):
            raise ag.errors.ArgumentError(
                f"prune: amount={amount!r}, expected a float in the range [0, 1] or a non-negative integer"
            )
        self.amount = amount

    def _count(self, size: int) -> int:
        """Return how many of *size* are pruned."""
        count = round(self.amount * size) if isinstance(self.amount, float) else self.amount
        if count > size:
            raise ag.errors.ArgumentError(
                f"prune: amount={count} should be at most the number of parameters to prune, {size}; give less, or a fraction"
            )
        return count


class _Unstructured(_Amount):
    PRUNING_TYPE = "unstructured"

    def __init__(self, amount: int | float) -> None:
        self._take(amount)

    def _importance(self, t: Tensor) -> Tensor:
        """Return a number for each element; those with the lowest go."""
        raise NotImplementedError

    def compute_mask(self, t: Tensor, default_mask: Tensor) -> Tensor:
        mask = default_mask.flatten().clone()
        mask[self._importance(t).flatten().topk(self._count(t.numel()), largest=False).indices] = 0
        return mask.reshape(default_mask.shape)


class RandomUnstructured(_Unstructured):
    """Prune elements at random.

    >>> RandomUnstructured(amount=2).prune(ag.ones(5)).sum().item()
    3.0
    """

    def _importance(self, t: Tensor) -> Tensor:
        return ag.rand_like(t)


class L1Unstructured(_Unstructured):
    """Prune the elements of the smallest magnitudes.

    >>> L1Unstructured(amount=2).prune(ag.tensor([3.0, -1.0, 2.0, -4.0]))
    tensor([ 3., -0.,  0., -4.])
    """

    def _importance(self, t: Tensor) -> Tensor:
        return ag.abs(t)


class _Structured(_Amount):
    PRUNING_TYPE = "structured"
    dim: int

    def _importance(self, t: Tensor) -> Tensor:
        """Return a number for each channel along ``dim``; those with the lowest go."""
        raise NotImplementedError

    def compute_mask(self, t: Tensor, default_mask: Tensor) -> Tensor:
        if t.ndim < 2:
            name = type(self).__name__
            raise expect.shape_error(name, t, "a tensor of at least two dims", "prune single elements, unstructured")
        _check_dim(t, self.dim)
        mask = default_mask.to(t.dtype).clone()
        count = self._count(t.shape[self.dim])
        mask[_along(t, self.dim, self._importance(t).topk(count, largest=False).indices)] = 0
        return mask


class RandomStructured(_Structured):
    """Prune channels along *dim* at random.

    >>> RandomStructured(amount=1, dim=0).prune(ag.ones(3, 2)).sum().item()
    4.0
    """

    def __init__(self, amount: int | float, dim: int = -1) -> None:
        self._take(amount)
        self.dim = dim

    def _importance(self, t: Tensor) -> Tensor:
        return ag.rand(t.shape[self.dim])


class LnStructured(_Structured):
    """Prune the channels along *dim* of the smallest norms of order *n*.

    >>> LnStructured(amount=1, n=2, dim=0).prune(ag.tensor([[3.0, 4.0], [1.0, 1.0]])).tolist()
    [[3.0, 4.0], [0.0, 0.0]]
    """

    def __init__(self, amount: int | float, n: Any, dim: int = -1) -> None:
        self._take(amount)
        self.n, self.dim = n, dim

    def _importance(self, t: Tensor) -> Tensor:
        norms: Tensor = t.norm(self.n, _others(t, self.dim))
        return norms


class CustomFromMask(BasePruningMethod):
    """Prune what a given mask says.

    >>> CustomFromMask(ag.tensor([0, 1])).prune(ag.tensor([5.0, 6.0]))
    tensor([0., 6.])
    """

    PRUNING_TYPE = "global"

    def __init__(self, mask: Tensor) -> None:
        self.mask = mask

    def compute_mask(self, t: Tensor, default_mask: Tensor) -> Tensor:
        if self.mask.shape != default_mask.shape:
            raise expect.shape_error(
                "custom_from_mask", self.mask, f"a mask of {tuple(default_mask.shape)}", "give one for each element"
            )
        mask: Tensor = default_mask * self.mask.to(default_mask.dtype)
        return mask


# ------------------------------------------------------------------------------------------------------- the functions


def identity(module: M, name: str) -> M:
    """Put a mask of ones on the parameter *name*; return *module*.

    >>> import nn
    >>> identity(nn.Linear(2, 3), "bias").bias_mask
    tensor([1., 1., 1.])
    """
    Identity.apply(module, name)
    return module


def random_unstructured(module: M, name: str, amount: int | float) -> M:
    """Prune *amount* elements of the parameter *name*, or that fraction, at random; return *module*.

    >>> import nn
    >>> random_unstructured(nn.Linear(2, 3), "weight", amount=1).weight_mask.sum().item()
    5.0
    """
    RandomUnstructured.apply(module, name, amount)
    return module


def l1_unstructured(module: M, name: str, amount: int | float, importance_scores: Tensor | None = None) -> M:
    """Prune the *amount* elements of the parameter *name*, or that fraction, of the lowest ``|importance_scores|``.

    The scores are by default the parameter itself.  Returns *module*.

    >>> import nn
    >>> list(l1_unstructured(nn.Linear(2, 3), "weight", amount=0.2).state_dict())
    ['bias', 'weight_orig', 'weight_mask']
    """
    L1Unstructured.apply(module, name, amount, importance_scores=importance_scores)
    return module


def random_structured(module: M, name: str, amount: int | float, dim: int) -> M:
    """Prune *amount* channels along *dim* of the parameter *name*, or that fraction, at random; return *module*.

    >>> import nn
    >>> pruned = random_structured(nn.Linear(5, 3), "weight", amount=3, dim=1)
    >>> int((pruned.weight.sum(0) == 0).sum())
    3
    """
    RandomStructured.apply(module, name, amount, dim)
    return module


def ln_structured(
    module: M, name: str, amount: int | float, n: Any, dim: int, importance_scores: Tensor | None = None
) -> M:
    """Prune the *amount* channels along *dim* of the parameter *name*, or that fraction, of the smallest norms of order *n*.

    The norms are those of *importance_scores*, by default of the parameter itself.  Returns *module*.

    >>> import nn
    >>> ln_structured(nn.Conv2d(2, 3, 2), "weight", 1, n=float("inf"), dim=0).weight_mask.sum().item()
    16.0
    """
    LnStructured.apply(module, name, amount, n, dim, importance_scores=importance_scores)
    return module


def global_unstructured(
    parameters: Iterable[tuple[Module, str]],
    pruning_method: type[BasePruningMethod],
    importance_scores: Mapping[tuple[Module, str], Tensor] | None = None,
    **kwargs: Any,
) -> None:
    """Prune several parameters, given as (module, name), by one method that sees them as one vector.

    *pruning_method* must be unstructured; *kwargs* are its arguments, such as *amount*.

    >>> import nn
    >>> net = nn.Sequential(nn.Linear(10, 4), nn.Linear(4, 1))
    >>> global_unstructured([(net[0], "weight"), (net[1], "weight")], L1Unstructured, amount=10)
    >>> sum(int((mask == 0).sum()) for mask in net.buffers())
    10
    """
    places = list(parameters)
    weights = [getattr(module, name) for module, name in places]
    scores = {} if importance_scores is None else importance_scores
    if not isinstance(scores, Mapping):
        raise TypeError(f"global_unstructured: importance_scores is of type {type(scores).__name__}, expected a dict")
    flat = [
        _scores(scores.get(place), weight, place[1]).detach().flatten()
        for place, weight in zip(places, weights, strict=True)
    ]
    masks = [
        getattr(module, f"{name}_mask", ag.ones_like(weight)).flatten()
        for (module, name), weight in zip(places, weights, strict=True)
    ]
    method = pruning_method(**kwargs)
    if method.PRUNING_TYPE != "unstructured":
        raise TypeError(
            f'Only "unstructured" PRUNING_TYPE supported for the `pruning_method`: {pruning_method.__name__} is '
            f"{method.PRUNING_TYPE!r}"
        )
    method.name = ""  # of no single parameter
    final = PruningContainer(method).compute_mask(ag.cat(flat), ag.cat(masks))
    for (module, name), weight, mask in zip(
        places, weights, final.split([math.prod(w.shape) for w in weights]), strict=True
    ):
        custom_from_mask(module, name, mask.reshape(weight.shape))


def custom_from_mask(module: M, name: str, mask: Tensor) -> M:
    """Prune the elements of the parameter *name* where *mask* is 0; return *module*.

    >>> import nn
    >>> custom_from_mask(nn.Linear(5, 3), "bias", ag.tensor([0, 1, 0])).bias_mask
    tensor([0., 1., 0.])
    """
    CustomFromMask.apply(module, name, mask)
    return module


def remove(module: M, name: str) -> M:
    """Make the pruned weight the parameter *name* again; the zeros stay.  Returns *module*.

    >>> import nn
    >>> list(remove(random_unstructured(nn.Linear(2, 3), "weight", 0.5), "weight").state_dict())
    ['bias', 'weight']
    """
    found("pruning", BasePruningMethod.on(module, name), module, name).remove(module)
    return module


def is_pruned(module: Module) -> bool:
    """Return whether a parameter of *module*, or of one in it, is pruned.

    >>> import nn
    >>> is_pruned(nn.Linear(2, 3)), is_pruned(identity(nn.Linear(2, 3), "weight"))
    (False, True)
    """
    return any(BasePruningMethod.all_on(inner) for inner in module.modules())
