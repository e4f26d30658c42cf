"""Answers to the exercises of the notebooks, in their order: a right one, and a wrong one that a reader might give.

They stand in place of ``None`` in the reader's cell; a text that is a whole function stands in place of the cell.
"""

from __future__ import annotations

__all__ = ["ANSWERS"]

NESTEROV = """\
def nesterov(g, lr, memory, t, mu=0.9):
    memory["v"] = mu * memory.get("v", 0) + g
    return -lr * {step}
"""
ADAM = """\
def adam(g, lr, memory, t, beta1=0.9, beta2=0.999, eps=1e-8):
    memory["m"] = beta1 * memory.get("m", 0) + (1 - beta1) * g
    memory["v"] = beta2 * memory.get("v", 0) + (1 - beta2) * g**2
    m, v = memory["m"]{m}, memory["v"]{v}
    return -lr * m / (np.sqrt(v) + eps)
"""

ANSWERS: dict[str, list[tuple[str, str]]] = {
    "00": [
        ("9", "8"),
        ("1024", "11"),
        ("[8, 8, 8]", "np.ones(3)"),
        ('{"x"}', '{"y"}'),
        ('"c"', '"A)"'),
    ],
    "01": [
        ("(-1, -1, 1.5)", "(1, 1, -0.5)"),
        ("9", "6"),
        ("[0.5, 0.5, 0.5, 0.5]", "[0, 1, 1, 0]"),
        ('"a"', '"d"'),
    ],
    "02": [
        ("-2", "1"),
        ("-2", "2"),
        ("-1", "1"),
        ("[5, 0]", "[5, -7]"),
        ("203540", "101770"),
    ],
    "03": [
        ("(P - T) / N", "P - T"),
        ("H.T @ dZ2", "dZ2.T @ H"),
        ("dZ2.sum(axis=0)", "dZ2.mean(axis=0)"),
        ("dZ2 @ W2.T", "-dZ2 @ W2.T"),
        ("dH * (1 - H**2)", "dH * H"),
        ("X.T @ dZ1", "X.T @ dZ1 / N"),
        ("dZ1.sum(axis=0)", "dZ1.sum()"),
        ("64 * 32 + 32 + 32 * 10 + 10", "64 * 32 + 32 * 10"),
        ("0", "1"),
        ("20", "1 / 20"),
        ('{"W1", "b1", "W2"}', '{"W1", "W2"}'),
        ('"b"', '"c"'),
    ],
    "04": [
        ("0.25**10", "0.25"),
        ("(2 / 800) ** 0.5", "800**-0.5"),
        ('{"4.bias"}', '{"4.weight", "4.bias"}'),
        ('"explodes"', '"vanishes"'),
    ],
    "05": [
        ('G["y"] * gamma', 'G["y"] * x_hat'),
        (
            '(G["x_hat"] * centred * -0.5 * (var + eps) ** -1.5).sum(0)',
            'G["x_hat"] * centred * -0.5 * (var + eps) ** -1.5',
        ),
        ('G["x_hat"] / (var + eps).sqrt() + G["var"] * 2 * centred / N', 'G["x_hat"] / (var + eps).sqrt()'),
        ('-G["centred"].sum(0)', 'G["centred"].sum(0)'),
        ('G["centred"] + G["mean"] / N', 'G["centred"] + G["mean"]'),
        ('(G["y"] * x_hat).sum(0)', '(G["y"] * x_hat).mean(0)'),
        ("0", "1"),
        ("0.1", "10"),
        ('{"running_mean", "running_var", "num_batches_tracked"}', '{"weight", "bias"}'),
    ],
    "06": [
        (NESTEROV.format(step='(g + mu * memory["v"])'), NESTEROV.format(step='memory["v"]')),
        (ADAM.format(m=" / (1 - beta1**t)", v=" / (1 - beta2**t)"), ADAM.format(m="", v="")),
        ("10", "0.9"),
        ("0.1", "0.01"),
        ("[-0.1, 0.1]", "[0.1, -0.1]"),
        ('{"AdaGrad", "RMSprop", "Adam"}', '{"Adam"}'),
    ],
    "07": [("0.998**100", "0"), ("5", "1"), ("0.6", "0.09"), ('"validation"', '"test"')],
    "08": [
        ("14", "15"),
        ("16 * (6 * 25 + 1)", "16 * 25"),
        ("np.outer([1, 2, 3, 2, 1], [1, 2, 3, 2, 1])", "np.full((5, 5), 9)"),
        ("24", "18"),
    ],
    "09": [("5130", "5120"), ('"none"', '"zeros"'), ("(100, 256, 5, 5)", "(256, 100, 5, 5)"), ("1 / 3", "0.5")],
    "10": [("[0, 2]", "[3, 2]"), ("25", "16"), ("0.4", "0.1"), ('"pixels"', '"weights"')],
    "11": [
        ("[[0, -24]]", "[[-24, 0]]"),
        ("values[5:].sum() / 784", "values[:5].sum() / 784"),
        ('"A E and D A^-1"', '"A E and D A"'),
        ("2 * 784 * 200 + 200 + 784", "2 * 784 * 200"),
    ],
    "12": [
        ("-0.5", "0.5"),
        ("0.5", "1"),
        ("(1 + np.exp(-1)) + np.exp(0.5) * (1 + np.exp(1)) + (1 + np.exp(-2)) + np.exp(0.5) * 2", "8"),
        ('"down"', '"up"'),
        ("False", "True"),
    ],
    "13": [("6", "4"), ("0.5**22", "0.5"), ("30", "29"), ("False", "True")],
    "14": [
        ("2.5", "2"),
        ("[[-4, 0], [0, 0]]", "[[-2, 0], [0, 0]]"),
        ("[[-4, 0], [0, 2]]", "[[-4, 0], [0, 0]]"),
        ("True", "False"),
    ],
    "15": [
        ("lambda g, x: g * (3 * x**2 - 1 / x**2)", "3"),
        ('{"x", "a"}', '{"x"}'),
        ("(5, 3)", "(3,)"),
        ("True", "False"),
    ],
}
