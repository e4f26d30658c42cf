"""Valid calls of ``nn.functional``."""

from __future__ import annotations

from itertools import product

from .calls import Call, Text, call, distinct, fixed, integers, mask, normal, positive, some_of, unit, within

PLANE, LINE, SPACE = "nc67", "nc7", "nc567"
CLASSES = integers("n", 0, 5)

ACTIVATIONS: dict[str, list[Call]] = {
    **{
        name: [call("abc"), call("a0")]
        for name in [
            "celu",
            "elu",
            "gelu",
            "hardshrink",
            "hardswish",
            "hardtanh",
            "leaky_relu",
            "logsigmoid",
            "mish",
            "relu",
            "relu6",
            "selu",
            "sigmoid",
            "silu",
            "softplus",
            "softshrink",
            "softsign",
            "tanh",
            "tanhshrink",
        ]
    },
    "celu": [call("ab", 0.7)],
    "elu": [call("ab", 0.7)],
    "gelu": [call("ab"), call("ab", approximate="tanh")],
    "glu": [call("a4"), call("4b", 0)],
    "hardsigmoid": [call("abc", second=False, exact=False)],
    "hardtanh": [call("ab", -0.5, 0.7)],
    "leaky_relu": [call("ab", 0.2)],
    "log_softmax": [call("abc", 1), call("a", -1)],
    "prelu": [call("ncd", positive("c")), call("nc", positive("1"))],
    "rrelu": [call("ab"), call("ab", 0.1, 0.4)],
    "softmax": [call("abc", 1), call("abc", -1)],
    "softmin": [call("abc", 1)],
    "softplus": [call("ab", 2, 5)],
    "threshold": [call("ab", 0.1, 20)],
}
IN_PLACE = {
    f"{name}_": ACTIVATIONS[name]
    for name in ("celu", "elu", "hardtanh", "leaky_relu", "relu", "rrelu", "selu", "threshold")
}

LAYERS: dict[str, list[Call]] = {
    "adaptive_avg_pool1d": [call(LINE, 3), call(LINE, 1)],
    "adaptive_avg_pool2d": [call(PLANE, (3, 4)), call(PLANE, 1)],
    "adaptive_avg_pool3d": [call(SPACE, (2, 3, 4))],
    "adaptive_max_pool1d": [call(distinct(LINE), 3)],
    "adaptive_max_pool2d": [call(distinct(PLANE), (3, 4)), call(distinct(PLANE), 2, return_indices=True)],
    "adaptive_max_pool3d": [call(distinct(SPACE), (2, 3, 4))],
    "affine_grid": [call("223", (2, 1, 3, 4))],
    "avg_pool1d": [call(LINE, 3, 2, 1)],
    "avg_pool2d": [call(PLANE, 3, 2, 1), call(PLANE, (2, 3), ceil_mode=True, count_include_pad=False, padding=(1, 1))],
    "avg_pool3d": [call(SPACE, 3, 2, 1)],
    "batch_norm": [
        call(PLANE, None, None, "c", "c", training=True, least=2),
        call(PLANE, fixed(unit("c")), fixed(positive("c")), "c", "c"),
        call("nc", None, None, training=True, least=3),
    ],
    "alpha_dropout": [call("ab", 0.5, False), call("ab", 1.0, True)],
    "bilinear": [call("na", "nb", "oab", "o"), call("mna", "mnb", "oab"), call("a", "b", "oab", "o")],
    "channel_shuffle": [call("n467", 2)],
    "conv1d": [call("nc9", "oc3", "o", 2, 1), call("n49", "623", None, 1, Text("same"), 1, 2)],
    "conv2d": [call("nc67", "oc32", "o", (2, 1), (1, 0), (1, 2)), call("n467", "4123", "4", groups=4, padding=1)],
    "conv3d": [call("nc555", "oc222", "o", 2, 1)],
    "conv_transpose1d": [call("nc5", "co3", "o", 2, 1, 1)],
    "conv_transpose2d": [call("nc45", "co32", "o", (2, 1), (1, 0), (1, 0), 1), call("n445", "4233", None, 2, groups=2)],
    "conv_transpose3d": [call("nc333", "co222", "o", 2)],
    "cosine_similarity": [call("ab", "ab"), call("abc", "c", -1)],
    "dropout": [call("ab", 0.5, False), call("ab", 0.0), call("ab", 1.0)],
    **{f"dropout{d}d": [call(x, 0.5, False), call(x, 1.0)] for d, x in ((1, LINE), (2, PLANE), (3, SPACE))},
    "embedding": [
        call(integers("ab", 0, 5), "5d"),
        call(integers("ab", 0, 5), "5d", padding_idx=2),
        call(integers("", 0, 5), "5d", scale_grad_by_freq=True),
        call(integers("ab", 0, 5), fixed(normal("5d")), max_norm=0.5, norm_type=1.0),
        call(integers("abc", 0, 3), "5d", -1, scale_grad_by_freq=True),
    ],
    "embedding_bag": [
        call(integers("na", 0, 5), "5d"),
        *[
            call(integers("na", 0, 5), "5d", mode=mode, padding_idx=1, second=mode == "sum")
            for mode in ("sum", "mean", "max")
        ],
        call(integers("na", 0, 5), "5d", per_sample_weights=normal("na"), mode="sum", second=False),
    ],
    "feature_alpha_dropout": [call("abc", 0.5, False), call("abc", 1.0, True)],
    **{
        f"fractional_max_pool{d}d": [
            call(distinct(x), 2, output_size=3, _random_samples=fixed(within(f"nc{d}", 0.1, 0.9)))
        ]
        for d, x in ((2, PLANE), (3, SPACE))
    },
    "fold": [call("n48", (3, 5), 2)],
    "grid_sample": [
        call("nc45", within("n232", -1.2, 1.2), mode=mode, padding_mode=padding, align_corners=corners, second=False)
        for mode, padding, corners in product(
            ("bilinear", "nearest", "bicubic"), ("zeros", "border", "reflection"), (False, True)
        )
    ],
    "group_norm": [call("n467", 2, "4", "4", least=2), call("n467", 4, least=2)],
    "instance_norm": [call(PLANE), call(LINE, None, None, "c", "c")],
    "interpolate": [
        *[
            call("nc4567"[:k] if k < 6 else "nc456", scale_factor=1.7, mode=mode, recompute_scale_factor=False)
            for k, mode in (
                (3, "nearest"),
                (4, "nearest"),
                (4, "nearest-exact"),
                (3, "linear"),
                (4, "bilinear"),
                (4, "bicubic"),
            )
        ],
        *[
            call("nc45", size=(7, 3), mode=mode, align_corners=corners)
            for mode in ("bilinear", "bicubic")
            for corners in (False, True)
        ],
        call("nc45", size=(2, 3), mode="area"),
        call("nc456", size=(3, 7, 2), mode="trilinear"),
        call("nc67", size=(3, 4), mode="bilinear", antialias=True),
    ],
    "layer_norm": [call("a46", (6,), "6", "6"), call("a46", (4, 6))],
    "linear": [call("abk", "nk", "n"), call("k", "nk")],
    "local_response_norm": [call("n567", 3), call("n56", 2, 0.1, 0.6, 2.0)],
    "lp_pool1d": [call(LINE, 2, 3)],
    "lp_pool2d": [call(PLANE, 2, 3), call(positive(PLANE), 3, 2, 1)],
    "lp_pool3d": [call(SPACE, 2, 2)],
    "max_pool1d": [call(distinct(LINE), 3, 2, 1)],
    "max_pool2d": [
        call(distinct(PLANE), 3, 2, 1),
        call(distinct(PLANE), 2, 1, 0, 2, True),
        call(distinct(PLANE), 2, return_indices=True),
    ],
    "max_pool3d": [call(distinct(SPACE), 2, 2)],
    **{
        f"max_unpool{d}d": [call(x, some_of(x, d + 1, 6 * 2 ** (d - 1)), 2)]
        for d, x in ((1, "nc3"), (2, "nc13"), (3, "nc113"))
    },
    "multi_head_attention_forward": [
        call("sn3", "tn3", "tn3", 3, 3, "93", "9", None, None, False, 0.0, "33", "3"),
    ],
    "normalize": [call("ab"), call("abc", 3, 2)],
    "one_hot": [call(integers("ab", 0, 4), 5)],
    "pad": [
        call("ab", (1, 2)),
        call("ab", (1, 2, 0, 1), Text("constant"), 1.5),
        call(PLANE, (1, -1)),
        *[
            call(x, pads, Text(mode))
            for mode in ("reflect", "replicate", "circular")
            for x, pads in ((LINE, (2, 1)), (PLANE, (2, 1, 1, 3)), (SPACE, (1, 2, 2, 1, 1, 0)))
        ],
    ],
    "pairwise_distance": [call("ab", "ab"), call("ab", "ab", 1, keepdim=True)],
    "pdist": [call("4b", second=False), call("4b", 1.0, second=False)],
    "pixel_shuffle": [call("n834", 2)],
    "pixel_unshuffle": [call("nc46", 2)],
    "rms_norm": [call("a46", (6,), "6"), call("a46", (4, 6))],
    "scaled_dot_product_attention": [
        call("bhse", "bhte", "bhtv"),
        call("bse", "bse", "bsv", is_causal=True),
        call("bhse", "bhte", "bhtv", "st", scale=0.3),
        call("bse", "bte", "btv", mask("st")),
        call("b6se", "b2te", "b3tv", fixed(normal("b1st")), enable_gqa=True),
        call("se", "te", "tv", is_causal=True),
    ],
    "upsample": [call("nc45", scale_factor=2, mode="nearest"), call("nc45", (7, 3), mode="bilinear")],
    "upsample_bilinear": [call("nc45", scale_factor=2)],
    "upsample_nearest": [call("nc45", (7, 3))],
    "unfold": [call("nc67", (2, 3)), call("nc67", 3, 1, 1, 2)],
}

TARGETS = integers("nd", 0, 5)
REDUCED = ("none", "mean", "sum")


def of_all_reductions(*args: object, **kwargs: object) -> list[Call]:
    return [call(*args, reduction=how, **kwargs) for how in REDUCED]  # type: ignore[arg-type]


LOSSES: dict[str, list[Call]] = {
    "binary_cross_entropy": of_all_reductions(
        within("ab", 0.1, 0.9), fixed(within("ab", 0.1, 0.9)), fixed(positive("b"))
    ),
    "binary_cross_entropy_with_logits": of_all_reductions("ab", within("ab", 0, 1), pos_weight=fixed(positive("b"))),
    "cosine_embedding_loss": of_all_reductions("ab", "ab", positive("a"), margin=0.2),
    "cross_entropy": [
        *of_all_reductions("n5", CLASSES, fixed(positive("5")), label_smoothing=0.1),
        *of_all_reductions("n5d", TARGETS, ignore_index=2),
        *of_all_reductions("n5", positive("n5")),
    ],
    "ctc_loss": [
        call("9n5", integers("n3", 1, 5), integers("n", 7, 10), integers("n", 1, 4), reduction=how, second=False)
        for how in REDUCED
    ],
    "gaussian_nll_loss": of_all_reductions("ab", "ab", positive("ab"), full=True),
    "hinge_embedding_loss": of_all_reductions("ab", "ab"),
    "huber_loss": of_all_reductions("ab", "ab", delta=0.7),
    "kl_div": [*of_all_reductions("ab", positive("ab")), call("ab", "ab", log_target=True, reduction="batchmean")],
    "l1_loss": of_all_reductions("ab", "ab"),
    "margin_ranking_loss": of_all_reductions("a", "a", "a", margin=0.3),
    "mse_loss": of_all_reductions("ab", "ab"),
    "linear_cross_entropy": [call("ni", "5i", CLASSES)],
    "multi_margin_loss": of_all_reductions("n5", CLASSES, second=False),
    "multilabel_margin_loss": of_all_reductions("n5", integers("n5", -1, 5), second=False),
    "multilabel_soft_margin_loss": of_all_reductions("ab", within("ab", 0, 1)),
    "nll_loss": [
        *of_all_reductions("n5", CLASSES, fixed(positive("5"))),
        *of_all_reductions("n5d", TARGETS, ignore_index=1),
    ],
    "poisson_nll_loss": [
        *of_all_reductions("ab", positive("ab")),
        call(positive("ab"), positive("ab"), log_input=False, full=True),
    ],
    "smooth_l1_loss": of_all_reductions("ab", "ab", beta=0.5),
    "soft_margin_loss": of_all_reductions("ab", fixed(unit("ab"))),
    "triplet_margin_loss": [*of_all_reductions("ab", "ab", "ab"), call("ab", "ab", "ab", swap=True, p=3)],
    "triplet_margin_with_distance_loss": of_all_reductions("ab", "ab", "ab", margin=0.5),
}

FUNCTIONAL = ACTIVATIONS | IN_PLACE | LAYERS | LOSSES
