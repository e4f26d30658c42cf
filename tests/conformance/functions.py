"""Valid calls of the functions at the top level: names are those of ``torch`` and of ``autograd_core``."""

from __future__ import annotations

from .calls import (
    Call,
    Size,
    Text,
    call,
    definite,
    distinct,
    fixed,
    integers,
    lower,
    mask,
    normal,
    positive,
    some_of,
    unit,
    well_conditioned,
    within,
)

A = "abc"  # a tensor that has no special meaning
ROW = "ab", "b"  # two that broadcast

UNARY = [
    "abs",
    "atan",
    "ceil",
    "cos",
    "cosh",
    "deg2rad",
    "erf",
    "erfc",
    "exp",
    "exp2",
    "expm1",
    "floor",
    "frac",
    "i0",
    "neg",
    "positive",
    "rad2deg",
    "round",
    "sgn",
    "sigmoid",
    "sign",
    "sin",
    "sinc",
    "sinh",
    "square",
    "tan",
    "tanh",
    "trunc",
    "asinh",
    "relu",
]
OF_POSITIVE = ["digamma", "lgamma", "log", "log10", "log2", "log1p", "reciprocal", "rsqrt", "sqrt"]
OF_UNIT = ["acos", "asin", "atanh", "erfinv"]
BINARY = ["add", "sub", "mul", "hypot", "logaddexp", "logaddexp2", "atan2", "copysign", "rsub"]
OF_DISTINCT = ["maximum", "minimum", "fmax", "fmin"]
SECOND_NAMES = {
    "absolute": A,
    "negative": A,
    "arctan": A,
    "fix": A,
    "multiply": ROW,
    "subtract": ROW,
    "swapaxes": (A, 0, 2),
    "swapdims": (A, 0, 1),
}

ELEMENTWISE: dict[str, list[Call]] = {
    **{name: [call(A), call(""), call("0b")] for name in UNARY},
    **{name: [call(positive(A))] for name in OF_POSITIVE},
    **{name: [call(unit(A))] for name in OF_UNIT},
    **{name: [call(*ROW), call("ab", "ab")] for name in BINARY},
    **{name: [call(distinct("ab"), normal("b")), call("ab", "")] for name in OF_DISTINCT},
    **{name: [call(*(args if isinstance(args, tuple) else (args,)))] for name, args in SECOND_NAMES.items()},
    "acosh": [call(within(A, 1.2, 3))],
    "add": [call(*ROW, alpha=2.5), call("ab", 2), call("ab", integers("b", -3, 3))],
    "addcdiv": [call("ab", "b", positive("a1"), value=0.5)],
    "addcmul": [call("ab", "b", "a1", value=-2)],
    "clamp": [call(A, -0.5, 0.5), call(A, min=0.1), call(A, within("c", -1, -0.2), within("c", 0.2, 1))],
    "clamp_max": [call(A, 0.3), call("ab", "b")],
    "clamp_min": [call(A, 0.3), call("ab", "b")],
    "clip": [call(A, -0.5, 0.5)],
    "div": [
        call("ab", positive("b")),
        call("ab", positive("b"), rounding_mode="floor"),
        call("ab", positive("b"), rounding_mode="trunc"),
        call(integers("ab", -9, 9), integers("b", 1, 4)),
    ],
    "divide": [call("ab", positive("b"))],
    "true_divide": [call("ab", positive("b"))],
    **{name: [call(fixed(positive("ab")), positive("b"))] for name in ("igamma", "igammac")},
    "float_power": [call(positive("ab"), "b"), call(integers("ab", 1, 5), 2)],
    "floor_divide": [call(integers("ab", -9, 9), integers("b", 1, 4))],
    "fmod": [call("ab", positive("b")), call("ab", 0.7)],
    "ldexp": [call("ab", integers("b", 0, 4))],
    "lerp": [*(call("ab", "b", weight) for weight in (0.3, 0.5, 1.0, -2.5)), call("ab", "b", unit("ab"))],
    "logit": [call(within("ab", 0.1, 0.9)), call(within("ab", 0.1, 0.9), eps=0.2)],
    "mvlgamma": [call(within("ab", 2, 4), 2)],
    "nextafter": [call(fixed(normal("ab")), fixed(normal("b")))],
    "nan_to_num": [call(A), call(A, nan=1.0)],
    "polygamma": [call(1, positive("ab")), call(0, positive("ab")), call(3, positive("ab"))],
    "pow": [call(positive("ab"), "b"), call("ab", 3), call(2.5, "ab"), call(integers("ab", 0, 4), 2)],
    "remainder": [call("ab", positive("b")), call("ab", -0.7), call(integers("ab", -9, 9), 4)],
    "round": [call(A), call(A, decimals=1)],
    "sub": [call(*ROW, alpha=0.5)],
    "where": [call(mask("ab"), "ab", "b"), call(mask("ab"), "ab", 0.5)],
    "xlogy": [call("ab", positive("b")), call(positive("ab"), 2.0)],
    "heaviside": [call(fixed(normal("ab")), fixed(normal("b")))],
}

REDUCTIONS: dict[str, list[Call]] = {
    **{
        name: [call(A), call(A, 1), call(A, (0, 2)), call(A, -1, True)] for name in ("sum", "mean", "nansum", "nanmean")
    },
    **{
        name: [call(distinct(A)), call(distinct(A), 1), call(distinct(A), 0, True)]
        for name in ("max", "min", "median", "nanmedian")
    },
    **{name: [call(distinct(A), 1), call(distinct(A), (0, 2))] for name in ("amax", "amin")},
    **{
        name: [call(A, least=2), call(A, 1, least=2), call(A, (0, 1), correction=0, keepdim=True, least=2)]
        for name in ("var", "std", "var_mean", "std_mean")
    },
    "all": [call(mask(A)), call(mask(A), 1)],
    "any": [call(mask(A)), call(mask(A), 1, True)],
    "aminmax": [call(distinct(A)), call(distinct(A), dim=1, keepdim=True)],
    "argmax": [call(distinct(A)), call(distinct(A), 1)],
    "argmin": [call(distinct(A)), call(distinct(A), 1, True)],
    "count_nonzero": [call(mask(A)), call(mask(A), 1)],
    "dist": [call("ab", "ab"), call("ab", "b", 3), call("ab", "ab", 1)],
    "logsumexp": [call(A, 1), call(A, (0, 2), True)],
    "norm": [call(A), call(A, 1), call(A, 3, 1), call("ab", 2, (0, 1))],
    "prod": [call(A), call(A, 1), call(A, 2, True)],
    "quantile": [
        call(distinct("ab"), 0.3),
        call(distinct("ab"), 0.6, 1),
        call(distinct("ab"), 0.4, 0, True, interpolation="lower"),
    ],
    "nanquantile": [call(distinct("ab"), 0.3), call(distinct("ab"), 0.6, 1)],
}

NOISE: dict[str, list[Call]] = {
    "feature_dropout": [call("abc", 0.5, False), call("abc", 0.0, True), call("abc", 1.0, True)],
}

ORDER: dict[str, list[Call]] = {
    "argsort": [call(distinct(A), 1), call(distinct(A), 0, True)],
    "sort": [call(distinct(A), 1), call(distinct(A), 0, True)],
    "msort": [call(distinct(A))],
    "topk": [call(distinct("a5c"), 2, 1), call(distinct("5"), 3, largest=False)],
    "kthvalue": [call(distinct("4b"), 2, 0), call(distinct("ab"), 1, 1, True)],
    "mode": [call(integers("ab", 0, 3), 1)],
    "cummax": [call(distinct(A), 1)],
    "cummin": [call(distinct(A), 0)],
    "cumprod": [call(A, 1)],
    "cumsum": [call(A, 1), call(A, -1)],
    "logcumsumexp": [call(A, 1)],
    "diff": [call(A, least=3), call(A, 2, 1, least=3), call("ab", n=1, dim=1, prepend=normal("a2"), least=2)],
    "gradient": [call("5"), call("45", spacing=0.5), call("45", dim=1)],
    "trapezoid": [call("ab", dim=1), call("ab", distinct("b"), dim=1)],
    "trapz": [call("ab", dim=1)],
    "cumulative_trapezoid": [call("ab", dim=1, least=2), call("ab", dx=0.5, dim=0, least=2)],
    "cov": [call("ab", least=2), call("ab", correction=0, least=2)],
    "corrcoef": [call("ab", least=3)],
    "bincount": [call(integers("a", 0, 5)), call(integers("a", 0, 5), minlength=7)],
    "histc": [call("ab", 5, -2, 2, second=False)],
    "unique": [call(integers("ab", 0, 4)), call(integers("ab", 0, 4), return_inverse=True, return_counts=True)],
    "unique_consecutive": [call(integers("a", 0, 2), return_counts=True)],
    "searchsorted": [call(distinct("1"), "ab")],
    "bucketize": [call("ab", distinct("1"))],
    "histogram": [call(fixed(normal("ab")), 5), call(fixed(normal("ab")), 4, range=(-2.0, 2.0))],
    "isin": [call(integers("ab", 0, 5), integers("c", 0, 5))],
    "nonzero": [call(mask("ab"))],
    "argwhere": [call(mask("ab"))],
    "combinations": [call("4"), call("4", 3, with_replacement=True)],
    "cartesian_prod": [call("a", "b")],
}

SHAPES: dict[str, list[Call]] = {
    **{
        name: [call(""), call("a"), call("abcd"), call(["a", ""])]
        for name in ("atleast_1d", "atleast_2d", "atleast_3d")
    },
    **{name: [call(["ab", "ab"]), call(["a", "a"])] for name in ("column_stack", "dstack", "hstack", "vstack")},
    **{name: [call("44c", 2), call("44c", [1, 3])] for name in ("hsplit", "vsplit")},
    "adjoint": [call("abc")],
    "as_strided": [call("9", (2, 3), (3, 1)), call("9", (3, 3), (2, 1), 1)],
    "block_diag": [call("ab", "cd", "a")],
    "broadcast_shapes": [call((2, 1), (3,))],
    "broadcast_tensors": [call("ab", "b", "a1")],
    "broadcast_to": [call("b", (2, 3, Size("b")))],
    "cat": [call(["ab", "cb"]), call(["ab", "ac", "ad"], 1)],
    "chunk": [call("7b", 3), call("ab", 2, 1)],
    "clone": [call(A)],
    "diag": [call("a"), call("ab"), call("ab", 1, least=2), call("a", -2)],
    "diag_embed": [call("ab"), call("ab", 1, 0, 2)],
    "diagflat": [call("ab"), call("a", 1)],
    "diagonal": [call("abc"), call("abc", 1, 0, 2, least=2)],
    "diagonal_scatter": [call("44", "4"), call("44", "3", 1)],
    "dsplit": [call("ab4", 2)],
    "flatten": [call("abcd"), call("abcd", 1, 2), call("")],
    "flip": [call(A, (0, 2))],
    "fliplr": [call("ab")],
    "flipud": [call("ab")],
    "gather": [call("4b", 0, integers("2b", 0, 4)), call("a3", 1, integers("a5", 0, 3))],
    "index_add": [call("4b", 0, integers("3", 0, 4), "3b"), call("4b", 0, integers("3", 0, 4), "3b", alpha=2)],
    "index_copy": [call("4b", 0, some_of("3", 0, 4), "3b")],
    "index_fill": [call("4b", 0, integers("2", 0, 4), 1.5)],
    "index_put": [call("4b", (integers("3", 0, 4),), "3b", accumulate=True)],
    "index_reduce": [
        call(positive("4b"), 0, integers("3", 0, 4), positive("3b"), reduce=how, second=False)
        for how in ("prod", "mean")
    ],
    "index_select": [call("4b", 0, integers("3", 0, 4)), call("a4", 1, integers("3", 0, 4))],
    "masked_fill": [call("ab", mask("b"), 1.5), call("ab", mask("ab"), "")],
    "masked_scatter": [call("ab", mask("ab"), "ab")],
    "masked_select": [call("ab", mask("ab"))],
    "meshgrid": [call("a", "b", indexing="ij"), call("a", "b", indexing="xy")],
    "movedim": [call(A, 0, 2), call(A, (0, 1), (1, 2))],
    "narrow": [call("a4", 1, 1, 2)],
    "narrow_copy": [call(fixed(normal("a4")), 1, 1, 2)],
    "put": [call("43", integers("5", 0, 12), "5", accumulate=True), call("43", some_of("5", 0, 12), "5")],
    "permute": [call(A, (2, 0, 1))],
    "ravel": [call(A)],
    "repeat_interleave": [call("ab", 2), call("ab", 3, 1), call("a3", integers("3", 0, 3), 1)],
    "reshape": [call("ab", (-1,)), call("46", (2, -1, 3))],
    "roll": [call(A, 2), call(A, (1, -1), (0, 2))],
    "rot90": [call(A), call(A, 3, (1, 2)), call(A, -2)],
    "scatter": [call("4b", 0, some_of("3b", 0, 4), "3b"), call("4b", 0, some_of("3b", 0, 4), 2.5)],
    "scatter_add": [call("4b", 0, integers("3b", 0, 4), "3b")],
    "scatter_reduce": [
        *[call(positive("4b"), 0, integers("3b", 0, 4), positive("3b"), reduce=how) for how in ("sum", "mean")],
        *[
            call(distinct("4b"), 0, integers("3b", 0, 4), normal("3b"), reduce=how, include_self=False, second=False)
            for how in ("amax", "amin")
        ],
        call(positive("4b"), 0, integers("3b", 0, 4), positive("3b"), reduce="prod", second=False),
    ],
    "select": [call("a4", 1, 2), call("4b", 0, -1)],
    "select_scatter": [call("a4", "a", 1, 2)],
    "slice_scatter": [call("a5", "a2", 1, 1, 5, 2)],
    "split": [call("7b", 3), call("a7", [2, 5], 1)],
    "split_with_sizes": [call("7b", [3, 4])],
    "squeeze": [call("a1b1"), call("a1b1", 1), call("a1b1", (1, 3))],
    "stack": [call(["ab", "ab"]), call(["ab", "ab"], 1)],
    "t": [call("ab"), call("a")],
    "take": [call("43", integers("ab", 0, 12))],
    "take_along_dim": [call("4b", integers("2b", 0, 4), 0)],
    "tensor_split": [call("7b", 3), call("a7", [1, 4], 1)],
    "tile": [call("ab", (2, 3)), call("ab", (2, 1, 2))],
    "transpose": [call(A, 0, 2)],
    "tril": [call("abc"), call("abc", -1)],
    "triu": [call("abc"), call("abc", 1)],
    "unbind": [call(A), call(A, 1)],
    "unflatten": [call("6b", 0, (2, 3))],
    "unravel_index": [call(integers("ab", -12, 12), (3, 4)), call(integers("", 0, 5), 5)],
    "unsqueeze": [call(A, 1), call(A, -1)],
}

PRODUCTS: dict[str, list[Call]] = {
    "addbmm": [call("mn", "bmk", "bkn"), call("mn", "bmk", "bkn", beta=0.5, alpha=2)],
    "addmm": [call("mn", "mk", "kn"), call("n", "mk", "kn", beta=0.5, alpha=2)],
    "addmv": [call("m", "mk", "k", beta=0.5, alpha=2)],
    "addr": [call("mn", "m", "n", beta=0.5, alpha=2)],
    "baddbmm": [call("bmn", "bmk", "bkn", beta=0.5, alpha=2)],
    "bmm": [call("bmk", "bkn")],
    "cdist": [
        call("bmk", "bnk", second=False),
        call("mk", "nk", p=1.0, second=False),
        call("mk", "nk", p=3.0, second=False),
    ],
    "chain_matmul": [call("ab", "bc", "cd")],
    "cholesky": [call(definite("b33")), call(definite("33"), upper=True)],
    "cholesky_inverse": [call(fixed(lower("33")))],
    "cholesky_solve": [call("3k", fixed(lower("33")))],
    "cross": [call("a3", "a3", dim=1), call("3b", "3b", dim=0)],
    "det": [call(well_conditioned("b33"))],
    "dot": [call("k", "k")],
    "einsum": [call(Text("bij,bjk->bik"), "bij", "bjk"), call(Text("ij,ij->j"), "ij", "ij"), call(Text("ii"), "33")],
    "inner": [call("ak", "bk"), call("k", "k")],
    "inverse": [call(well_conditioned("b33"))],
    "kron": [call("ab", "cd"), call("a", "bc")],
    "logdet": [call(well_conditioned("33"))],
    "matmul": [call("mk", "kn"), call("k", "kn"), call("mk", "k"), call("k", "k"), call("abmk", "bkn")],
    "matrix_exp": [call("b33")],
    "matrix_power": [call(well_conditioned("b33"), 3), call(well_conditioned("33"), -2)],
    "mm": [call("mk", "kn")],
    "mv": [call("mk", "k")],
    "outer": [call("a", "b")],
    "pinverse": [call("43")],
    "qr": [call("b43"), call("33")],
    "renorm": [call("ab", 2, 0, 0.5)],
    "slogdet": [call(well_conditioned("b33"))],
    "tensordot": [call("abk", "kcd", 1), call("akl", "lkb", ([1, 2], [1, 0]))],
    "trace": [call("ab")],
    "triangular_solve": [call("3k", lower("33"), upper=False)],
    # PyTorch's fails in the backward pass.
    "vander": [call(fixed(normal("a"))), call(fixed(normal("a")), 4, True), call(integers("a", -3, 3), 0)],
    "vdot": [call("k", "k")],
}

CELLS: dict[str, list[Call]] = {
    "gru_cell": [call("n3", "n2", "63", "62", "6", "6")],
    **{name: [call("n3", "n4", "43", "44", "4", "4")] for name in ("rnn_relu_cell", "rnn_tanh_cell")},
    "lstm_cell": [call("n3", ["n2", "n2"], "83", "82", "8", "8")],
}

COMPARISONS: dict[str, list[Call]] = {
    **{
        name: [call(integers("ab", 0, 3), integers("b", 0, 3)), call("ab", 0.2)]
        for name in ("eq", "ne", "lt", "le", "gt", "ge")
    },
    **{
        name: [call(A), call(integers(A, 0, 3))]
        for name in ("isnan", "isinf", "isfinite", "isposinf", "isneginf", "signbit", "logical_not")
    },
    **{name: [call(mask("ab"), mask("b"))] for name in ("logical_and", "logical_or", "logical_xor")},
    **{
        name: [call(integers("ab", 0, 9), integers("b", 0, 9))] for name in ("bitwise_and", "bitwise_or", "bitwise_xor")
    },
    **{
        name: [call(integers("ab", 0, 9), integers("b", 0, 4))]
        for name in ("bitwise_left_shift", "bitwise_right_shift")
    },
    **{name: [call(integers("ab", -9, 9), integers("b", -9, 9))] for name in ("gcd", "lcm")},
    "bitwise_not": [call(integers(A, 0, 9)), call(mask(A))],
    "allclose": [call("ab", "ab")],
    "isreal": [call(A)],
    "isclose": [call("ab", "ab", 0.1, 0.5)],
    "equal": [call("ab", "ab")],
    "tril_indices": [call(3, 4, 1)],
    "triu_indices": [call(3, 4, -1)],
}

FUNCTIONS = ELEMENTWISE | REDUCTIONS | NOISE | ORDER | SHAPES | PRODUCTS | CELLS | COMPARISONS
