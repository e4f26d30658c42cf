"""Recurrent layers, over whole sequences.  ``recurrent_cell`` has single steps.

The gates stand in PyTorch's order, and so do the parameters: networks exchange their states with PyTorch's.
"""

from __future__ import annotations

from typing import Any

import autograd_core as ag
from autograd_core import Tensor

from .. import expect
from .. import functional as F
from ..module import Module
from ..sequence import PackedSequence
from .recurrent_cell import check_nonlinearity, draw

__all__ = ["GRU", "LSTM", "RNN", "RNNBase"]

# What the engine calls each mode, how many times hidden_size rows its weights have, and of how many tensors its state is.
MODES = {"RNN_TANH": ("tanh", 1, 1), "RNN_RELU": ("relu", 1, 1), "LSTM": ("lstm", 4, 2), "GRU": ("gru", 3, 1)}


class RNNBase(Module):
    """What the layers share: parameters for each layer and direction, and the way of a sequence through them.

    *mode* is "RNN_TANH", "RNN_RELU", "LSTM" or "GRU"; see ``RNN``, ``LSTM`` and ``GRU``, which are made by their own names.

    >>> import nn
    >>> isinstance(nn.GRU(4, 3), nn.RNNBase), nn.GRU(4, 3).mode
    (True, 'GRU')
    """

    def __init__(
        self,
        mode: str,
        input_size: int,
        hidden_size: int,
        num_layers: int = 1,
        bias: bool = True,
        batch_first: bool = False,
        dropout: float = 0.0,
        bidirectional: bool = False,
        proj_size: int = 0,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__()
        name = self._get_name()
        if mode not in MODES:
            raise ag.errors.ArgumentError(f"{name}: mode={mode!r}, expected one of {', '.join(map(repr, MODES))}")
        expect.size(name, input_size=input_size, hidden_size=hidden_size, num_layers=num_layers)
        if isinstance(dropout, bool) or not isinstance(dropout, int | float) or not 0 <= dropout <= 1:
            raise ag.errors.ArgumentError(
                f"{name}: dropout={dropout!r}, expected a number in range [0, 1], the probability of a zero"
            )
        if dropout and num_layers == 1:
            expect.warn(
                f"{name}: dropout={dropout} with num_layers=1 does nothing: it acts after all but the last layer; expected "
                "more layers, or an nn.Dropout behind this one"
            )
        if not isinstance(proj_size, int) or not 0 <= proj_size < hidden_size:
            raise ag.errors.ArgumentError(
                f"{name}: proj_size={proj_size!r}, expected an int smaller than hidden_size={hidden_size}, or 0 for none"
            )
        if proj_size and mode != "LSTM":
            raise ag.errors.ArgumentError(
                f"{name}: proj_size={proj_size} with mode={mode!r}, expected 0; only an LSTM has one"
            )
        self.mode = mode
        self._kind, gates, self._state_size = MODES[mode]
        self.input_size, self.hidden_size, self.num_layers = input_size, hidden_size, num_layers
        self.bias, self.batch_first, self.dropout = bias, batch_first, dropout
        self.bidirectional, self.proj_size = bidirectional, proj_size
        width = gates * hidden_size
        for layer in range(num_layers):
            for suffix in self._suffixes(layer):
                columns = self._directions * self._output_size if layer else input_size
                shapes: dict[str, tuple[int, ...]] = {
                    "weight_ih": (width, columns),
                    "weight_hh": (width, self._output_size),
                }
                shapes |= {"bias_ih": (width,), "bias_hh": (width,)} if bias else {}
                shapes |= {"weight_hr": (proj_size, hidden_size)} if proj_size else {}
                for kind, shape in shapes.items():
                    self.register_parameter(f"{kind}{suffix}", self._parameter(*shape, device=device, dtype=dtype))
        self.reset_parameters()

    @property
    def _directions(self) -> int:
        return 2 if self.bidirectional else 1

    @property
    def _output_size(self) -> int:
        """How many columns h has."""
        return self.proj_size or self.hidden_size

    def _suffixes(self, layer: int) -> list[str]:
        return [f"_l{layer}", f"_l{layer}_reverse"][: self._directions]

    def _parameters_of(self, suffix: str) -> list[Tensor | None]:
        """Return w_ih, w_hh, b_ih, b_hh and w_hr of one layer and direction."""
        kinds = ("weight_ih", "weight_hh", "bias_ih", "bias_hh", "weight_hr")
        return [getattr(self, f"{kind}{suffix}", None) for kind in kinds]

    @property
    def all_weights(self) -> list[list[Tensor]]:
        """The parameters of each layer and direction."""
        suffixes = [suffix for layer in range(self.num_layers) for suffix in self._suffixes(layer)]
        return [[p for p in self._parameters_of(suffix) if p is not None] for suffix in suffixes]

    def reset_parameters(self) -> None:
        """Draw new parameters."""
        draw(self, self.hidden_size)

    def flatten_parameters(self) -> None:
        """Do nothing, for programs that call it: PyTorch's layers lay their weights out for a GPU's library here."""

    def forward(self, input: Any, hx: Any = None) -> tuple[Any, Any]:
        if isinstance(input, PackedSequence):
            return self._forward_packed(input, hx)
        self._check_input(input, (2, 3), "2D or 3D")
        batched = input.ndim == 3
        if batched:
            x = input.movedim(0, 1) if self.batch_first else input
        else:
            x = input.unsqueeze(1)
        hs = self._initial(hx, x.shape[1], batched)
        if not batched and hx is not None:
            hs = [h.unsqueeze(1) for h in hs]
        output, last = self._layers(x, hs, None)
        if not batched:
            return output.squeeze(1), self._state([h.squeeze(1) for h in last])
        return (output.movedim(0, 1) if self.batch_first else output), self._state(last)

    def _forward_packed(self, input: PackedSequence, hx: Any) -> tuple[PackedSequence, Any]:
        data, batch_sizes, order, back = input
        self._check_input(data, (2,), "a PackedSequence of 2D data")
        sizes = tuple(batch_sizes.tolist())
        hs = self._initial(hx, sizes[0], True)
        if order is not None and hx is not None:
            hs = [h.index_select(1, order) for h in hs]
        output, last = self._layers(data, hs, sizes)
        if back is not None:
            last = [h.index_select(1, back) for h in last]
        return PackedSequence(output, batch_sizes, order, back), self._state(last)

    def _layers(self, x: Tensor, hs: list[Tensor], batch_sizes: tuple[int, ...] | None) -> tuple[Tensor, list[Tensor]]:
        """Return the output of the last layer for x (T, N, I) or packed rows, and the last state of every layer."""
        last: list[Any] = []
        for layer in range(self.num_layers):
            outputs = []
            for reverse, suffix in enumerate(self._suffixes(layer)):
                state = self._state([h[len(last)] for h in hs])
                output, final = ag.recurrent_layer(
                    self._kind, x, state, *self._parameters_of(suffix), batch_sizes=batch_sizes, reverse=bool(reverse)
                )
                outputs.append(output)
                last.append(final if self._state_size > 1 else (final,))
            x = outputs[0] if len(outputs) == 1 else ag.cat(outputs, -1)
            if self.dropout and layer < self.num_layers - 1:
                x = F.dropout(x, self.dropout, self.training)
        return x, [ag.stack(parts) for parts in zip(*last, strict=True)]

    def _state(self, hs: list[Tensor]) -> Any:
        return tuple(hs) if self._state_size > 1 else hs[0]

    def _check_input(self, input: Any, dims: tuple[int, ...], expected: str) -> None:
        name = self._get_name()
        expect.same_dtype(name, input, self._parameters_of("_l0")[0])  # type: ignore[arg-type]
        if input.ndim not in dims:
            raise expect.shape_error(
                name, input, f"an input to be {expected}, with {self.input_size} features", "reshape it"
            )
        if input.shape[-1] != self.input_size:
            raise expect.shape_error(
                name,
                input,
                f"(..., {self.input_size})",
                f"make input_size={input.shape[-1]}, or mend what comes before",
            )
        steps = input.shape[1 if self.batch_first and input.ndim == 3 else 0]
        if not steps:
            raise expect.shape_error(name, input, "a sequence length larger than 0", "leave empty sequences out")

    def _initial(self, hx: Any, n: int, batched: bool) -> list[Tensor]:
        """Return the initial states, each (layers * directions, N, columns): zeros for None."""
        name, layers = self._get_name(), self.num_layers * self._directions
        dtype = self._parameters_of("_l0")[0].dtype  # type: ignore[union-attr]
        columns = [self._output_size, self.hidden_size][: self._state_size]
        if hx is None:
            return [ag.zeros(layers, n, size, dtype=dtype) for size in columns]
        hs = list(hx) if isinstance(hx, tuple | list) else [hx]
        if len(hs) != self._state_size:
            wanted = "a Tensor, h" if self._state_size == 1 else "a pair of Tensors, (h, c)"
            raise ag.errors.ArgumentError(f"{expect.place(name)}: hx is of type {type(hx).__name__}, expected {wanted}")
        for i, (h, size) in enumerate(zip(hs, columns, strict=True)):
            expect.tensor(name, h, "hx")
            shape = (layers, n, size) if batched else (layers, size)
            if h.shape != shape:
                of = "" if batched else " for unbatched 2-D input"
                raise expect.shape_error(name, h, f"hidden[{i}] of size {shape}{of}", "mend hx")
            expect.same_dtype(name, h, self._parameters_of("_l0")[0])  # type: ignore[arg-type]
        return hs

    def _label(self) -> str:
        return f"{self._get_name()} {self.input_size}->{self.hidden_size}"

    def extra_repr(self) -> str:
        defaults = {
            "proj_size": 0, "num_layers": 1, "bias": True, "batch_first": False, "dropout": 0.0, "bidirectional": False,
        }  # fmt: skip
        said = [f"{key}={value}" for key, default in defaults.items() if (value := getattr(self, key)) != default]
        return ", ".join([str(self.input_size), str(self.hidden_size), *said])


class RNN(RNNBase):
    """Run plain recurrent layers over a sequence: (T, N, input_size) gives (T, N, hidden_size) and the last states.

    h_t = tanh(x_t W_ih^T + b_ih + h_{t-1} W_hh^T + b_hh), or relu(...) with ``nonlinearity="relu"``.

    With *batch_first* the batch comes first, (N, T, ...); without a batch, (T, input_size).  *input* may also be a
    ``PackedSequence``.  *hx* and the second result are (num_layers * directions, N, hidden_size), the former 0 by default.
    Each layer takes what the one before returns, *dropout* times of it set to 0 while training.  With *bidirectional*, each
    has a second direction, from the end; their outputs stand side by side.  Parameters, ``weight_ih_l0``,
    ``weight_hh_l0``, ``bias_ih_l0``, ``bias_hh_l0``, ``..._l0_reverse``, ``..._l1``, start uniform within
    1 / sqrt(hidden_size).  Source: Elman 1990.

    >>> import nn
    >>> output, h = nn.RNN(4, 3, num_layers=2)(ag.zeros(5, 2, 4))
    >>> output.shape, h.shape
    ((5, 2, 3), (2, 2, 3))
    """

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        num_layers: int = 1,
        nonlinearity: str = "tanh",
        bias: bool = True,
        batch_first: bool = False,
        dropout: float = 0.0,
        bidirectional: bool = False,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        self.nonlinearity = check_nonlinearity("RNN", nonlinearity)
        mode = f"RNN_{nonlinearity.upper()}"
        super().__init__(
            mode, input_size, hidden_size, num_layers, bias, batch_first, dropout, bidirectional, 0, device, dtype
        )  # fmt: skip

    def extra_repr(self) -> str:
        said = "" if self.nonlinearity == "tanh" else f", nonlinearity={self.nonlinearity!r}"
        return f"{super().extra_repr()}{said}"


class LSTM(RNNBase):
    """Run layers of long short-term memory over a sequence: (T, N, input_size) gives (T, N, hidden_size) and (h, c).

    i, f, g, o = x_t W_ih^T + b_ih + h_{t-1} W_hh^T + b_hh, the rows of the weights in this order;
    c_t = sigmoid(f) c_{t-1} + sigmoid(i) tanh(g),  h_t = sigmoid(o) tanh(c_t).

    The state *hx*, and the one returned, is a pair (h, c).  With *proj_size*, h_t is multiplied by ``weight_hr_l0``
    (proj_size, hidden_size), and has that many columns.  All else is as in ``RNN``.
    Source: Hochreiter and Schmidhuber 1997; Gers et al. 2000 for f; Sak et al. 2014 for the projection.

    >>> import nn
    >>> output, (h, c) = nn.LSTM(4, 3, bidirectional=True)(ag.zeros(5, 2, 4))
    >>> output.shape, h.shape
    ((5, 2, 6), (2, 2, 3))
    """

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        num_layers: int = 1,
        bias: bool = True,
        batch_first: bool = False,
        dropout: float = 0.0,
        bidirectional: bool = False,
        proj_size: int = 0,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(
            "LSTM", input_size, hidden_size, num_layers, bias, batch_first, dropout, bidirectional, proj_size, device, dtype
        )  # fmt: skip


class GRU(RNNBase):
    """Run layers of gated recurrent units over a sequence: (T, N, input_size) gives (T, N, hidden_size) and the last states.

    With a = x_t W_ih^T + b_ih and u = h_{t-1} W_hh^T + b_hh, the rows of the weights in the order r, z, n:
    r = sigmoid(a_r + u_r), z = sigmoid(a_z + u_z), n = tanh(a_n + r u_n), h_t = (1 - z) n + z h_{t-1}.

    All else is as in ``RNN``.  Source: Cho et al. 2014, with r after the product, as PyTorch has it.

    >>> import nn
    >>> output, h = nn.GRU(4, 3, batch_first=True)(ag.zeros(2, 5, 4))
    >>> output.shape, h.shape
    ((2, 5, 3), (1, 2, 3))
    """

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        num_layers: int = 1,
        bias: bool = True,
        batch_first: bool = False,
        dropout: float = 0.0,
        bidirectional: bool = False,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(
            "GRU", input_size, hidden_size, num_layers, bias, batch_first, dropout, bidirectional, 0, device, dtype
        )  # fmt: skip
