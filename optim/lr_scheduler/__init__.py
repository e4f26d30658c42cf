"""Learning-rate schedules: call ``schedule.step()`` after each epoch (or update), always after ``optimizer.step()``.

Each sets ``group["lr"]`` of every group of its optimizer.  Where a schedule computes the new rate from the current
one, several may be stepped one after the other and their effects multiply; LambdaLR, RobbinsMonroLR,
CosineAnnealingWarmRestarts, CyclicLR and OneCycleLR compute it from the initial rate.
"""

from __future__ import annotations

from .composite import ChainedScheduler, SequentialLR
from .cosine import CosineAnnealingLR, CosineAnnealingWarmRestarts
from .cyclic import CyclicLR, OneCycleLR
from .decay import ConstantLR, ExponentialLR, LinearLR, MultiStepLR, PolynomialLR, RobbinsMonroLR, StepLR
from .lambdas import LambdaLR, MultiplicativeLR
from .plateau import ReduceLROnPlateau
from .scheduler import LRScheduler

__all__ = [
    "ChainedScheduler",
    "ConstantLR",
    "CosineAnnealingLR",
    "CosineAnnealingWarmRestarts",
    "CyclicLR",
    "ExponentialLR",
    "LRScheduler",
    "LambdaLR",
    "LinearLR",
    "MultiStepLR",
    "MultiplicativeLR",
    "OneCycleLR",
    "PolynomialLR",
    "ReduceLROnPlateau",
    "RobbinsMonroLR",
    "SequentialLR",
    "StepLR",
]

_LRScheduler = LRScheduler  # its name in older programs for PyTorch
