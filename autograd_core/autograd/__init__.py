"""Derivatives as functions, and what is built on them; ``y.backward()`` is a method of Tensor."""

from ..modes import enable_grad, inference_mode, no_grad, set_grad_enabled
from . import forward_ad, function, functional, graph
from .anomaly import detect_anomaly, is_anomaly_enabled, set_detect_anomaly, strict_zeros
from .check import gradcheck, gradgradcheck
from .checkpointing import checkpoint, checkpoint_sequential
from .clip import clip_grad_norm_, clip_grad_value_, clip_grads_with_norm_, get_total_norm
from .derivatives import backward, grad
from .function import Function, FunctionContext
from .functional import hessian, hvp, jacobian, jvp, vhp, vjp
from .threads import is_multithreading_enabled, set_multithreading_enabled
from .variable import Variable

__all__ = [
    "Function",
    "FunctionContext",
    "Variable",
    "backward",
    "checkpoint",
    "checkpoint_sequential",
    "clip_grad_norm_",
    "clip_grad_value_",
    "clip_grads_with_norm_",
    "detect_anomaly",
    "enable_grad",
    "forward_ad",
    "function",
    "functional",
    "get_total_norm",
    "grad",
    "gradcheck",
    "gradgradcheck",
    "graph",
    "hessian",
    "hvp",
    "inference_mode",
    "is_anomaly_enabled",
    "is_multithreading_enabled",
    "jacobian",
    "jvp",
    "no_grad",
    "set_detect_anomaly",
    "set_grad_enabled",
    "set_multithreading_enabled",
    "strict_zeros",
    "vhp",
    "vjp",
]
