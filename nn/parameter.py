"""The tensors that modules keep: parameters, which are trained, buffers, which are not, and those without a shape yet."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, ClassVar, TypeGuard, TypeVar

import autograd_core as ag

__all__ = [
    "Buffer",
    "Parameter",
    "UninitializedBuffer",
    "UninitializedParameter",
    "UninitializedTensorMixin",
    "is_lazy",
]

T = TypeVar("T", bound=ag.Tensor)


class Parameter(ag.Tensor):
    """A tensor that a Module registers when it is assigned as an attribute, and that an optimizer updates.

    It shares the memory of *data*, a Tensor or an array.  What is computed from it are plain Tensors.

    >>> import nn
    >>> nn.Parameter(ag.ones(2))
    Parameter containing:
    tensor([1., 1.], requires_grad=True)
    """

    __slots__ = ()

    def __new__(cls, data: Any = None, requires_grad: bool = True) -> Parameter:
        made = _made(cls, data)
        made.requires_grad_(requires_grad)
        return made

    def __repr__(self) -> str:
        return f"Parameter containing:\n{super().__repr__()}"


class Buffer(ag.Tensor):
    """A tensor that a Module registers as a buffer when it is assigned as an attribute: state that is not trained.

    It shares the memory of *data*; *persistent* ones are part of ``state_dict``.

    >>> import nn
    >>> module = nn.Module()
    >>> module.steps = nn.Buffer(ag.zeros(1))
    >>> module.state_dict()["steps"]
    tensor([0.])
    """

    __slots__ = ("persistent",)

    persistent: bool

    def __new__(cls, data: Any = None, *, persistent: bool = True) -> Buffer:
        made = _made(cls, data)
        made.requires_grad_(isinstance(data, ag.Tensor) and data.requires_grad)
        made.persistent = persistent
        return made

    def _twin(self, data: Any) -> Any:
        made: Any = super()._twin(data)
        made.persistent = self.persistent
        return made


def _made(cls: type[T], data: Any) -> T:
    made = object.__new__(cls)
    made.array = ag.empty(0).array if data is None else ag.as_tensor(data).array
    made.grad = made.node = made.alias = None
    return made


def convert_(tensor: ag.Tensor, function: Callable[[ag.Tensor], ag.Tensor]) -> None:
    """Put ``function(tensor)`` in the place of *tensor*, a leaf, and the same for its gradient; the object stays."""
    if is_lazy(tensor):
        with tensor._settled():
            convert_(tensor, function)
        return
    new = function(tensor.detach()).array
    if new is not tensor.array:
        hold_(tensor, new)
    if tensor.grad is not None:
        tensor.grad = function(tensor.grad.detach())


def hold_(tensor: ag.Tensor, array: Any) -> None:
    """Let *tensor*, a leaf, hold another array; the graph that knew the old one ends here."""
    requires_grad = tensor.requires_grad
    tensor.requires_grad_(False)
    tensor.array = array
    tensor.requires_grad_(requires_grad)


# ----------------------------------------------------------------------------------------------- tensors without a shape

_held: Any = vars(ag.Tensor)["array"]  # the slot behind the property below


class UninitializedTensorMixin(ag.Tensor):
    """A tensor that has a dtype, and no shape and no values until ``materialize`` gives it a shape."""

    __slots__ = ()

    cls_to_become: ClassVar[type[ag.Tensor]]

    def materialize(self, shape: Sequence[int], device: Any = None, dtype: Any = None) -> None:
        """Become a tensor of *shape*, with values that are still to be set; of the same dtype, unless *dtype* is given."""
        array = ag.empty(*shape, dtype=self.dtype if dtype is None else dtype, device=device).array
        self.__class__ = self.cls_to_become  # type: ignore[assignment]  # of the same layout: see __slots__
        hold_(self, array)

    @contextmanager
    def _settled(self) -> Iterator[None]:
        """Be for a while what this will become, without elements: to change what it has besides them."""
        lazy = type(self)
        self.__class__ = self.cls_to_become  # type: ignore[assignment]
        try:
            yield
        finally:
            self.__class__ = lazy

    @property
    def array(self) -> Any:
        """Raise ShapeError: there are no values yet."""
        raise ag.errors.ShapeError(
            f"this {type(self).__name__} has no shape and no values yet: its lazy module takes the shape from the first "
            "input; call the model once on a batch, and use the parameter (or make the optimizer) after that"
        )

    @array.setter
    def array(self, array: Any) -> None:
        _held.__set__(self, array)

    @property
    def dtype(self) -> Any:
        """The dtype, a numpy.dtype."""
        return _held.__get__(self).dtype

    def requires_grad_(self, requires_grad: bool = True) -> ag.Tensor:
        """Ask for gradients of what this becomes, or no longer."""
        with self._settled():
            ag.Tensor.requires_grad_(self, requires_grad)
        return self

    def __copy__(self) -> Any:
        with self._settled():
            made: Any = type(self).__copy__(self)
        made.__class__ = type(self)
        return made

    def __deepcopy__(self, memo: dict[int, Any]) -> Any:
        with self._settled():
            made: Any = type(self).__deepcopy__(self, memo)
        made.__class__ = type(self)
        return made

    def __repr__(self) -> str:
        return f"<{type(self).__name__}>"


class UninitializedParameter(UninitializedTensorMixin, Parameter):
    """A parameter whose shape its module learns from the first input.

    It can change its dtype and whether it requires gradients; all else raises ShapeError until ``materialize(shape)``.

    >>> import nn
    >>> weight = nn.UninitializedParameter(dtype=ag.float64)
    >>> weight.materialize((2, 3))
    >>> type(weight).__name__, weight.shape, weight.dtype
    ('Parameter', (2, 3), dtype('float64'))
    """

    __slots__ = ()

    cls_to_become = Parameter

    def __new__(cls, requires_grad: bool = True, device: Any = None, dtype: Any = None) -> UninitializedParameter:
        made = _made(cls, ag.empty(0, dtype=dtype, device=device))
        made.requires_grad_(requires_grad)
        return made


class UninitializedBuffer(UninitializedTensorMixin, Buffer):
    """A buffer whose shape its module learns from the first input.

    >>> import nn
    >>> mean = nn.UninitializedBuffer()
    >>> mean
    <UninitializedBuffer>
    >>> mean.materialize((3,))
    >>> mean.shape
    (3,)
    """

    __slots__ = ()

    cls_to_become = Buffer

    def __new__(
        cls, requires_grad: bool = False, device: Any = None, dtype: Any = None, persistent: bool = True
    ) -> UninitializedBuffer:
        made = _made(cls, ag.empty(0, dtype=dtype, device=device))
        made.requires_grad_(requires_grad)
        made.persistent = persistent
        return made


def is_lazy(param: Any) -> TypeGuard[UninitializedTensorMixin]:
    """Return whether *param* is an UninitializedParameter or UninitializedBuffer.

    >>> import nn
    >>> is_lazy(nn.LazyLinear(2).weight), is_lazy(nn.Linear(2, 2).weight)
    (True, False)
    """
    return isinstance(param, UninitializedTensorMixin)
