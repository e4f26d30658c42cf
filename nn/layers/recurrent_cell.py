"""Recurrent cells: one step in time, for loops of your own.

The gates stand in PyTorch's order, and so do the parameters: networks exchange their states with PyTorch's.
"""

from __future__ import annotations

import math
from typing import Any

import autograd_core as ag
from autograd_core import Tensor

from .. import expect, init
from ..module import Module
from ..parameter import Parameter

__all__ = ["GRUCell", "LSTMCell", "RNNCell", "RNNCellBase"]


def draw(module: Module, hidden_size: int) -> None:
    """Draw all parameters uniformly within 1 / sqrt(hidden_size)."""
    bound = 1 / math.sqrt(hidden_size)
    for parameter in module.parameters():
        init.uniform_(parameter, -bound, bound)


def check_nonlinearity(name: str, nonlinearity: str) -> str:
    """Return *nonlinearity* if it is one of a plain recurrent network."""
    if nonlinearity not in ("tanh", "relu"):
        raise ag.errors.ArgumentError(f"{name}: nonlinearity={nonlinearity!r}, expected 'tanh' or 'relu'")
    return nonlinearity


class RNNCellBase(Module):
    """What the cells share: four parameters, of *num_chunks* times hidden_size rows, and the shapes of input and state.

    >>> import nn
    >>> isinstance(nn.GRUCell(4, 3), nn.RNNCellBase)
    True
    """

    weight_ih: Parameter
    weight_hh: Parameter
    bias_ih: Parameter | None
    bias_hh: Parameter | None

    def __init__(
        self, input_size: int, hidden_size: int, bias: bool, num_chunks: int, device: Any = None, dtype: Any = None
    ) -> None:
        super().__init__()
        expect.size(self._get_name(), input_size=input_size, hidden_size=hidden_size, num_chunks=num_chunks)
        self.input_size, self.hidden_size, self.bias = input_size, hidden_size, bias
        width = num_chunks * hidden_size
        self.weight_ih = self._parameter(width, input_size, device=device, dtype=dtype)
        self.weight_hh = self._parameter(width, hidden_size, device=device, dtype=dtype)
        for name in ("bias_ih", "bias_hh"):
            self.register_parameter(name, self._parameter(width, device=device, dtype=dtype) if bias else None)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw new parameters."""
        draw(self, self.hidden_size)

    def _parameters(self) -> tuple[Any, ...]:
        return self.weight_ih, self.weight_hh, self.bias_ih, self.bias_hh

    def _rows(self, input: Tensor, size: int, what: str) -> Tensor:
        """Return *input*, (N, size) or (size,), as (N, size)."""
        expect.same_dtype(self._get_name(), input, self.weight_ih)
        if input.ndim not in (1, 2) or input.shape[-1] != size:
            raise expect.shape_error(
                self._get_name(),
                input,
                f"{what} to be 1D or 2D, ({size},) or (N, {size})",
                "mend its shape or the sizes",
            )
        return input if input.ndim == 2 else input.unsqueeze(0)

    def _states(self, input: Tensor, hs: Any) -> list[Tensor]:
        """Return the states (N, hidden_size) that go with *input*: zeros for None."""
        n = 1 if input.ndim == 1 else input.shape[0]
        if hs is None:
            return [ag.zeros(n, self.hidden_size, dtype=input.dtype)] * 2
        rows = []
        for h in hs:
            rows.append(self._rows(h, self.hidden_size, "hx"))
            if h.ndim != input.ndim or rows[-1].shape[0] != n:
                raise expect.shape_error(
                    self._get_name(), h, f"hx {(*input.shape[:-1], self.hidden_size)} beside this input", "mend hx"
                )
        return rows

    def _label(self) -> str:
        return f"{self._get_name()} {self.input_size}->{self.hidden_size}"

    def extra_repr(self) -> str:
        return f"{self.input_size}, {self.hidden_size}" + ("" if self.bias else ", bias=False")


class RNNCell(RNNCellBase):
    """Make one step of an ``RNN``: input (N, input_size) and h (N, hidden_size), by default 0, give the next h.

    h' = tanh(x W_ih^T + b_ih + h W_hh^T + b_hh), or relu(...); also without N.

    >>> import nn
    >>> cell, h = nn.RNNCell(4, 3), None
    >>> for x in ag.zeros(5, 2, 4):
    ...     h = cell(x, h)
    >>> h.shape
    (2, 3)
    """

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        bias: bool = True,
        nonlinearity: str = "tanh",
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        self.nonlinearity = check_nonlinearity("RNNCell", nonlinearity)
        super().__init__(input_size, hidden_size, bias, 1, device, dtype)

    def forward(self, input: Tensor, hx: Tensor | None = None) -> Tensor:
        cell = ag.rnn_tanh_cell if self.nonlinearity == "tanh" else ag.rnn_relu_cell
        x = self._rows(input, self.input_size, "an input")
        h = cell(x, self._states(input, None if hx is None else (hx,))[0], *self._parameters())
        return h if input.ndim == 2 else h.squeeze(0)

    def extra_repr(self) -> str:
        said = "" if self.nonlinearity == "tanh" else f", nonlinearity={self.nonlinearity!r}"
        return f"{super().extra_repr()}{said}"


class LSTMCell(RNNCellBase):
    """Make one step of an ``LSTM``: input (N, input_size) and (h, c), each (N, hidden_size), by default 0, give the next.

    >>> import nn
    >>> h, c = nn.LSTMCell(4, 3)(ag.zeros(2, 4))
    >>> h.shape, c.shape
    ((2, 3), (2, 3))
    """

    def __init__(
        self, input_size: int, hidden_size: int, bias: bool = True, device: Any = None, dtype: Any = None
    ) -> None:
        super().__init__(input_size, hidden_size, bias, 4, device, dtype)

    def forward(self, input: Tensor, hx: tuple[Tensor, Tensor] | None = None) -> tuple[Tensor, Tensor]:
        if hx is not None and not (isinstance(hx, tuple | list) and len(hx) == 2):
            raise ag.errors.ArgumentError(
                f"{expect.place('LSTMCell')}: hx is of type {type(hx).__name__}, expected a pair of Tensors, (h, c)"
            )
        x = self._rows(input, self.input_size, "an input")
        h, c = self._states(input, hx)
        h, c = ag.lstm_cell(x, (h, c), *self._parameters())
        return (h, c) if input.ndim == 2 else (h.squeeze(0), c.squeeze(0))


class GRUCell(RNNCellBase):
    """Make one step of a ``GRU``: input (N, input_size) and h (N, hidden_size), by default 0, give the next h.

    >>> import nn
    >>> nn.GRUCell(4, 3)(ag.zeros(2, 4)).shape
    (2, 3)
    """

    def __init__(
        self, input_size: int, hidden_size: int, bias: bool = True, device: Any = None, dtype: Any = None
    ) -> None:
        super().__init__(input_size, hidden_size, bias, 3, device, dtype)

    def forward(self, input: Tensor, hx: Tensor | None = None) -> Tensor:
        x = self._rows(input, self.input_size, "an input")
        h = ag.gru_cell(x, self._states(input, None if hx is None else (hx,))[0], *self._parameters())
        return h if input.ndim == 2 else h.squeeze(0)
