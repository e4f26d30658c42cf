"""Optimizers, learning-rate schedules, gradient clipping and weight penalties, with PyTorch's names and numbers."""

from __future__ import annotations

from . import lr_scheduler, swa_utils
from .adadelta import Adadelta
from .adafactor import Adafactor
from .adagrad import Adagrad
from .adam import Adam, AdamW
from .adamax import Adamax
from .asgd import ASGD
from .clip import clip_grad_norm_, clip_grad_value_
from .constraint import clip_weights_, max_norm_, soft_threshold_
from .hooks import register_optimizer_step_post_hook, register_optimizer_step_pre_hook
from .lbfgs import LBFGS
from .muon import Muon
from .nadam import NAdam
from .optimizer import Optimizer
from .penalty import l1_penalty, l2_penalty
from .radam import RAdam
from .rmsprop import RMSprop
from .rprop import Rprop
from .sgd import SGD

__all__ = [
    "ASGD",
    "LBFGS",
    "SGD",
    "Adadelta",
    "Adafactor",
    "Adagrad",
    "Adam",
    "AdamW",
    "Adamax",
    "Muon",
    "NAdam",
    "Optimizer",
    "RAdam",
    "RMSprop",
    "Rprop",
    "clip_grad_norm_",
    "clip_grad_value_",
    "clip_weights_",
    "l1_penalty",
    "l2_penalty",
    "lr_scheduler",
    "max_norm_",
    "register_optimizer_step_post_hook",
    "register_optimizer_step_pre_hook",
    "soft_threshold_",
    "swa_utils",
]
