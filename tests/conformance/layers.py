"""Layers: the arguments of their construction, and the calls of their ``forward``."""

from __future__ import annotations

from typing import Any, NamedTuple

from .calls import Call, call, distinct, fixed, integers, normal, positive, some_of, unit, within

CLASSES = integers("n", 0, 5)


class Layer(NamedTuple):
    """``Class(*args, **kwargs)``, and how it is called."""

    args: tuple[Any, ...]
    kwargs: dict[str, Any]
    forward: Call


def layer(*args: Any, on: Call | str, **kwargs: Any) -> Layer:
    return Layer(args, kwargs, call(on) if isinstance(on, str) else on)


LINE, PLANE, SPACE = "n47", "n467", "n4567"
OF_SIZE = {1: LINE, 2: PLANE, 3: SPACE}
PLAIN = [
    "CELU", "ELU", "GELU", "Hardshrink", "Hardsigmoid", "Hardswish", "Hardtanh", "Identity", "LeakyReLU", "LogSigmoid", "Mish",
    "ReLU", "ReLU6", "SELU", "SiLU", "Sigmoid", "Softplus", "Softshrink", "Softsign", "Tanh", "Tanhshrink", "PReLU", "Flatten",
]  # fmt: skip
OF_PAIRS = [
    "L1Loss", "MSELoss", "HuberLoss", "SmoothL1Loss", "HingeEmbeddingLoss",
]  # fmt: skip

LAYERS: dict[str, list[Layer]] = {
    **{
        f"MaxUnpool{d}d": [layer(2, on=call(x, some_of(x, d + 1, 6 * 2 ** (d - 1))))]
        for d, x in ((1, "nc3"), (2, "nc13"), (3, "nc113"))
    },
    **{name: [layer(on="n467")] for name in PLAIN},
    **{name: [layer(on=call("ab", "ab")), layer(reduction="sum", on=call("ab", "ab"))] for name in OF_PAIRS},
    **{f"AdaptiveAvgPool{d}d": [layer(2, on=x)] for d, x in OF_SIZE.items()},
    **{f"AdaptiveMaxPool{d}d": [layer(2, on=call(distinct(x)))] for d, x in OF_SIZE.items()},
    **{f"AvgPool{d}d": [layer(3, 2, 1, on=x)] for d, x in OF_SIZE.items()},
    **{
        f"BatchNorm{d}d": [layer(4, on=call(x, least=2)), layer(4, affine=False, momentum=None, on=call(x, least=2))]
        for d, x in OF_SIZE.items()
    },
    **{
        f"Conv{d}d": [
            layer(4, 6, 3, 2, 1, on=x),
            layer(4, 6, 2, groups=2, bias=False, on=x),
            layer(4, 2, 3, padding=1, padding_mode="circular", on=x),
        ]
        for d, x in OF_SIZE.items()
    },
    **{f"ConvTranspose{d}d": [layer(4, 6, 3, 2, 1, 1, on=x)] for d, x in OF_SIZE.items()},
    **{
        f"InstanceNorm{d}d": [layer(4, on=x), layer(4, affine=True, track_running_stats=True, on=x)]
        for d, x in OF_SIZE.items()
    },
    **{f"LPPool{d}d": [layer(2, 3, on=x)] for d, x in OF_SIZE.items()},
    **{f"MaxPool{d}d": [layer(3, 2, 1, on=call(distinct(x)))] for d, x in OF_SIZE.items()},
    **{
        f"{kind}Pad{d}d": [layer(2, on=x), layer((1, 2) * d, on=x)]
        for d, x in OF_SIZE.items()
        for kind in ("Reflection", "Replication", "Zero", "Circular")
    },
    **{f"ConstantPad{d}d": [layer(1, 2.5, on=x)] for d, x in OF_SIZE.items()},
    **{f"Dropout{d}d": [layer(0.0, on=x), layer(1.0, on=x)] for d, x in OF_SIZE.items()},
    "AlphaDropout": [layer(0.0, on="nc"), layer(1.0, on="nc")],
    "BCELoss": [layer(on=call(within("ab", 0.1, 0.9), fixed(within("ab", 0, 1))))],
    "BCEWithLogitsLoss": [layer(on=call("ab", fixed(within("ab", 0, 1))))],
    "AdaptiveLogSoftmaxWithLoss": [layer(8, 9, [3, 6], div_value=2.0, on=call("n8", integers("n", 0, 9)))],
    "Bilinear": [layer(3, 4, 5, on=call("n3", "n4")), layer(3, 4, 5, bias=False, on=call("mn3", "mn4"))],
    "ChannelShuffle": [layer(2, on=PLANE)],
    "CTCLoss": [
        layer(on=call("9n5", integers("n3", 1, 5), integers("n", 7, 10), integers("n", 1, 4), second=False)),
    ],
    "CosineEmbeddingLoss": [layer(0.2, on=call("ab", "ab", positive("a")))],
    "CosineSimilarity": [layer(on=call("ab", "ab"))],
    "CrossEntropyLoss": [
        layer(on=call("n5", CLASSES)),
        layer(label_smoothing=0.2, ignore_index=1, on=call("n5", CLASSES)),
    ],
    "Dropout": [layer(0.0, on=PLANE)],
    "Embedding": [
        layer(5, 3, on=call(integers("ab", 0, 5))),
        layer(5, 3, padding_idx=1, on=call(integers("ab", 0, 5))),
        layer(5, 3, scale_grad_by_freq=True, on=call(integers("ab", 0, 5))),
        layer(5, 3, max_norm=1.0, on=call(integers("ab", 0, 5))),
    ],
    "EmbeddingBag": [
        layer(5, 3, on=call(integers("ab", 0, 5))),
        layer(5, 3, mode="sum", on=call(integers("ab", 0, 5))),
        layer(5, 3, mode="max", padding_idx=2, on=call(integers("ab", 0, 5), second=False)),
    ],
    "FeatureAlphaDropout": [layer(0.0, on=PLANE), layer(1.0, on=PLANE)],
    "Fold": [layer((3, 5), 2, on="n48")],
    "GLU": [layer(1, on="n4")],
    "GRU": [layer(3, 4, 2, bidirectional=True, on=call("tn3", second=False))],
    "GRUCell": [layer(3, 4, on=call("n3", "n4"))],
    "GaussianNLLLoss": [layer(on=call("ab", "ab", positive("ab")))],
    "Hardsigmoid": [layer(on=call("abc", second=False, exact=False))],
    "GroupNorm": [layer(2, 4, on=PLANE)],
    "KLDivLoss": [layer(reduction="batchmean", on=call("ab", positive("ab")))],
    "LSTM": [
        layer(3, 4, 2, batch_first=True, on=call("nt3", second=False)),
        layer(3, 4, proj_size=2, on=call("tn3", second=False)),
    ],
    "LSTMCell": [layer(3, 4, on=call("n3", ("n4", "n4")))],
    "LayerNorm": [layer(7, on=LINE), layer((6, 7), bias=False, on=PLANE)],
    "Linear": [layer(4, 3, on="an4")],
    "LocalResponseNorm": [layer(3, on=PLANE)],
    "LinearCrossEntropyLoss": [layer(4, 5, on=call("n4", CLASSES))],
    "LogSoftmax": [layer(1, on="nc")],
    "MarginRankingLoss": [layer(0.3, on=call("a", "a", "a"))],
    "MultiLabelMarginLoss": [layer(on=call("n5", integers("n5", -1, 5), second=False))],
    "MultiLabelSoftMarginLoss": [layer(on=call("ab", within("ab", 0, 1)))],
    "MultiMarginLoss": [layer(on=call("n5", CLASSES, second=False))],
    "MultiheadAttention": [
        layer(4, 2, on=call("sn4", "tn4", "tn4")),
        layer(4, 2, batch_first=True, bias=False, on=call("ns4", "ns4", "ns4")),
        layer(4, 2, kdim=3, vdim=5, add_bias_kv=True, on=call("sn4", "tn3", "tn5", average_attn_weights=False)),
        layer(4, 4, add_zero_attn=True, on=call("s4", "t4", "t4", attn_mask=fixed(normal("st")))),
    ],
    "NLLLoss": [layer(on=call("n5", CLASSES))],
    "PairwiseDistance": [layer(on=call("ab", "ab"))],
    "PixelShuffle": [layer(2, on="n834")],
    "PixelUnshuffle": [layer(2, on="nc46")],
    "PoissonNLLLoss": [layer(on=call("ab", positive("ab")))],
    "RReLU": [layer(0.2, 0.2, on="n467")],
    "RMSNorm": [layer(7, on=LINE)],
    "RNN": [
        layer(3, 4, nonlinearity="relu", on=call("tn3", second=False)),
        layer(3, 4, on=call("tn3", "1n4", second=False)),
    ],
    "RNNCell": [layer(3, 4, on=call("n3", "n4"))],
    "SoftMarginLoss": [layer(on=call("ab", fixed(unit("ab"))))],
    "Softmax": [layer(1, on="nc")],
    "Softmax2d": [layer(on=PLANE)],
    "Softmin": [layer(1, on="nc")],
    "Threshold": [layer(0.1, 5, on="nc")],
    "Transformer": [
        layer(4, 2, 2, 1, 8, 0.0, batch_first=True, norm_first=True, bias=False, on=call("ns4", "nt4", second=False)),
        layer(4, 2, 1, 1, 8, 0.0, on=call("sn4", "tn4", second=False)),
    ],
    "TransformerDecoderLayer": [layer(4, 2, 8, 0.0, on=call("tn4", "sn4", second=False))],
    "TransformerEncoderLayer": [
        layer(4, 2, 8, 0.0, on=call("tn4", second=False)),
        layer(4, 2, 8, 0.0, activation="gelu", norm_first=True, batch_first=True, on=call("nt4", second=False)),
    ],
    "TripletMarginLoss": [layer(on=call("ab", "ab", "ab"))],
    "TripletMarginWithDistanceLoss": [layer(on=call("ab", "ab", "ab"))],
    "Unflatten": [layer(1, (2, 2), on=PLANE)],
    "Unfold": [layer(2, on="nc67")],
    "Upsample": [layer(scale_factor=2, mode="bilinear", on="nc45"), layer(size=(3, 7), on="nc45")],
    "UpsamplingBilinear2d": [layer(scale_factor=2, on="nc45")],
    "UpsamplingNearest2d": [layer(scale_factor=2, on="nc45")],
}
