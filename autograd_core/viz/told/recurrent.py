"""Recurrent cells and sequences."""

from __future__ import annotations

__all__ = ["TOLD"]

_LSTM = """
i = column(gates, 0, of=4)
f = column(gates, 1, of=4)
n = column(gates, 2, of=4)
o = column(gates, 3, of=4)
G_h = column(G, 0, of=2)
t = tanh(column(out, 1, of=2))
e = column(G, 1, of=2) + G_h * o * (1 - t ** 2)
"""
_LSTM_GATES = _LSTM + "beside(e * n * i * (1 - i), e * c * f * (1 - f), e * i * (1 - n ** 2), G_h * t * o * (1 - o))"
_GRU = """
r = column(gates, 0, of=4)
z = column(gates, 1, of=4)
n = column(gates, 2, of=4)
s = column(gates, 3, of=4)
G_n = G * (1 - z) * (1 - n ** 2)
G_r = G_n * s * r * (1 - r)
G_z = G * (h - n) * z * (1 - z)
"""
_GATES = "e is what arrives at the new cell, by itself and through the new hidden state."

TOLD: dict[str, dict[str, tuple[str | None, str]]] = {
    "lstm_cell": {
        "a": (_LSTM_GATES, _GATES),
        "u": (_LSTM_GATES, _GATES),
        "c": (
            _LSTM + "e * f",
            "The cell's gradient goes back through the forget gate alone, without a matrix between.",
        ),
    },
    "gru_cell": {
        "a": (_GRU + "beside(G_r, G_z, G_n)", ""),
        "u": (_GRU + "beside(G_r, G_z, G_n * r)", "The reset gate r stands between the state and the new one."),
        "h": ("z = column(gates, 1, of=4)\nG * z", "As much as the update gate keeps."),
    },
    "recurrent_table": {
        "x": (None, "As for linear: the rows of the inputs."),
        "w_ih": (None, "As for linear: the rows of the inputs."),
        "w_hh": (None, "The part of the table that holds it."),
        "b_ih": (None, "The row of the table that holds it."),
        "b_hh": (None, "The row of the table that holds it."),
        "state": ("G[layout.initial, :state.shape[1]]", "The part of the table that holds it."),
    },
    "recurrence": {
        "table": (
            "through_time(G, table, out, gates, mode=mode, batch_sizes=batch_sizes, reverse=reverse)",
            "From the last step to the first: each gets what arrives from outside and from the step after it, and each "
            "adds to the gradient of the weights, which all steps share.",
        )
    },
}
