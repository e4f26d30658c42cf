"""Derivatives as functions, and what is built on them; ``y.backward()`` is a method of Tensor."""

from . import functional
from .anomaly import detect_anomaly, is_anomaly_enabled, set_detect_anomaly
from .check import gradcheck, gradgradcheck
from .checkpointing import checkpoint
from .derivatives import backward, grad
from .function import Function, FunctionContext
from .functional import hessian, hvp, jacobian, jvp, vjp

__all__ = [
    "Function",
    "FunctionContext",
    "backward",
    "checkpoint",
    "detect_anomaly",
    "functional",
    "grad",
    "gradcheck",
    "gradgradcheck",
    "hessian",
    "hvp",
    "is_anomaly_enabled",
    "jacobian",
    "jvp",
    "set_detect_anomaly",
    "vjp",
]
