"""What PyTorch calls a name of ours, where it is not under the same name at the same place."""

from __future__ import annotations

_FUNCTIONAL = (
    "adaptive_avg_pool2d", "adaptive_avg_pool3d", "adaptive_max_pool2d", "adaptive_max_pool3d", "affine_grid", "avg_pool2d",
    "avg_pool3d", "elu", "fractional_max_pool2d", "fractional_max_pool3d", "gelu", "grid_sample", "hardtanh", "interpolate",
    "leaky_relu", "linear", "logsigmoid", "max_unpool1d", "max_unpool2d", "max_unpool3d", "mish", "pad", "relu6",
    "scaled_dot_product_attention", "silu", "softplus",
)  # fmt: skip
_METHODS = (
    "contiguous", "expand", "expand_as", "repeat", "reshape_as", "sum_to_size", "unfold", "view", "view_as",
)  # fmt: skip
_AUTOGRAD = "Function", "backward", "detect_anomaly", "grad", "gradcheck", "gradgradcheck", "set_detect_anomaly"
_DERIVATIVES = "hessian", "hvp", "jacobian", "jvp", "vhp", "vjp"
_SEQUENCES = (
    "PackedSequence", "pack_padded_sequence", "pack_sequence", "pad_packed_sequence", "pad_sequence", "unpack_sequence",
    "unpad_sequence",
)  # fmt: skip
_CLIPPING = "clip_grad_norm_", "clip_grad_value_", "clip_grads_with_norm_", "get_total_norm"
_STEP_HOOKS = "register_optimizer_step_post_hook", "register_optimizer_step_pre_hook"

# Ours, as users reach it: PyTorch's.
ELSEWHERE: dict[str, str] = {
    **{f"ag.{name}": f"nn.functional.{name}" for name in _FUNCTIONAL},
    **{f"ag.{name}": f"Tensor.{name}" for name in _METHODS},
    **{f"ag.{name}": f"autograd.{name}" for name in _AUTOGRAD},
    **{f"ag.{name}": f"autograd.functional.{name}" for name in _DERIVATIVES},
    **{f"ag.autograd.{name}": f"autograd.functional.{name}" for name in _DERIVATIVES},
    **{f"ag.autograd.{name}": f"nn.utils.{name}" for name in _CLIPPING},
    **{f"optim.{name}": f"nn.utils.{name}" for name in _CLIPPING[:2]},
    **{f"optim.{name}": f"optim.optimizer.{name}" for name in _STEP_HOOKS},
    **{f"nn.{name}": f"nn.utils.rnn.{name}" for name in _SEQUENCES},
    "ag.RemovableHandle": "utils.hooks.RemovableHandle",
    "ag.autograd.FunctionContext": "autograd.function.FunctionCtx",
    "ag.autograd.checkpoint": "utils.checkpoint.checkpoint",
    "ag.autograd.checkpoint_sequential": "utils.checkpoint.checkpoint_sequential",
    "ag.autograd.is_anomaly_enabled": "is_anomaly_enabled",
    "ag.checkpoint": "utils.checkpoint.checkpoint",
    "ag.col2im": "nn.functional.fold",
    "ag.distributions.Constraint": "distributions.constraints.Constraint",
    "ag.distributions.ExpRelaxedCategorical": "distributions.relaxed_categorical.ExpRelaxedCategorical",
    "ag.distributions.LogitRelaxedBernoulli": "distributions.relaxed_bernoulli.LogitRelaxedBernoulli",
    "ag.im2col": "nn.functional.unfold",
}
OURS = frozenset({
    "ag.Scope", "ag.at_warm_up", "ag.autograd.strict_zeros", "ag.ctc_losses", "ag.current_scope", "ag.enter_scope",
    "ag.get_printoptions", "ag.get_winograd", "ag.kernel", "ag.leave_scope", "ag.parallel", "ag.primitive",
    "ag.recurrent_layer", "ag.scope", "ag.set_winograd", "ag.soft_cross_entropy", "ag.softmax_cross_entropy", "ag.warm_up",
    "ag.written", "nn.NoisyReLU", "nn.functional.noisy_relu", "nn.functional.strict_losses", "nn.summary",
    "optim.clip_weights_", "optim.l1_penalty", "optim.l2_penalty", "optim.lr_scheduler.RobbinsMonroLR", "optim.max_norm_",
    "optim.soft_threshold_",
})  # fmt: skip


def pytorchs(name: str) -> str:
    """Return what PyTorch calls *name*, as it is written after ``torch.``; "" if it has no such thing."""
    return "" if name in OURS else ELSEWHERE.get(name, name.removeprefix("ag."))
