"""What a primitive means in a formula that calls it, in terms of its own operands and parameters.

A partner such as ``sigmoid_x`` exists because one pass over memory is faster than four; here stands what it computes.
"""

from __future__ import annotations

__all__ = ["CONSTANTS", "MEANINGS"]

MEANINGS = {
    # arithmetic and conditions, which have an operator
    "add": "x + y",
    "cast": "x",
    "clone": "x",
    "div": "x / y",
    "eq": "x == y",
    "floor_divide": "floor(x / y)",
    "ge": "x >= y",
    "gt": "x > y",
    "le": "x <= y",
    "logical_and": "x & y",
    "logical_not": "~x",
    "logical_or": "x | y",
    "lt": "x < y",
    "matmul": "input @ other",
    "mul": "x * y",
    "ne": "x != y",
    "neg": "-x",
    "pow": "x ** y",
    "reciprocal": "1 / x",
    "rsqrt": "1 / sqrt(x)",
    "square": "x ** 2",
    "sub": "x - y",
    "trunc_divide": "trunc(x / y)",
    # choices
    "gate": "where(mask, x, 0)",
    "share": "where(a > b, x, where(a == b, x / 2, 0))",
    "zero_slope": "0",
    # partners of activations
    "gelu_x": "grad * (normal_cdf(x) + x * normal_pdf(x))",
    "log_softmax_x": "dy - exp(y) * sum(dy, axis=axis)",
    "relu_x": "where(y > 0, grad, 0)",
    "sigmoid_x": "grad * y * (1 - y)",
    "silu_x": "grad * sigmoid(x) * (1 + x * (1 - sigmoid(x)))",
    "softmax_x": "y * (dy - sum(dy * y, axis=axis))",
    "softplus_x": "where(beta * x > threshold, grad, grad * sigmoid(beta * x))",
    "tanh_x": "grad * (1 - y ** 2)",
    # functions whose order is a parameter, and such as are quicker to read in others
    "bessel_i": "bessel_i(x, order)",
    "beta_shift": "beta_shift(a, b, x, orders[0], orders[1])",
    "gamma_shift": "gamma_shift(a, x, order)",
    "polygamma": "polygamma(order, x)",
    "spherical_bessel": "j(order, x)",
    "xlog1py": "x * log(1 + y)",
    "xlogy": "x * log(y)",
    # parts, and zeros in which a part is put
    "add_along": "scatter_along(x, index, axis=axis, shape=shape)",
    "add_at": "scatter(x, index, shape=shape)",
    "add_picked": "scatter_add(x, index, axis=axis, shape=shape)",
    "index": "x[index]",
    "index_select": "take(x, index, axis=axis)",
    "slice": "x[index]",
    "slice_into": "scatter(x, index, shape=shape)",
    # convolution
    "conv": "convolve(x, w, geometry=geometry)",
    "conv_input": "convolve_transposed(y, w, geometry=geometry, shape=shape)",
    "conv_weight": "correlate(x, y, geometry=geometry, shape=shape)",
}
CONSTANTS = {"ROOT_2_PI": "sqrt(2 * pi)"}
