"""Losses as modules.  Each is the function of ``nn.functional`` that its forward calls, with its arguments kept."""

from .alignment import CTCLoss
from .classification import CrossEntropyLoss, LinearCrossEntropyLoss, MultiMarginLoss, NLLLoss, NLLLoss2d
from .likelihood import GaussianNLLLoss, KLDivLoss, PoissonNLLLoss
from .multilabel import BCELoss, BCEWithLogitsLoss, MultiLabelMarginLoss, MultiLabelSoftMarginLoss, SoftMarginLoss
from .ranking import (
    CosineEmbeddingLoss,
    HingeEmbeddingLoss,
    MarginRankingLoss,
    TripletMarginLoss,
    TripletMarginWithDistanceLoss,
)
from .regression import HuberLoss, L1Loss, MSELoss, SmoothL1Loss

__all__ = [
    "BCELoss",
    "BCEWithLogitsLoss",
    "CTCLoss",
    "CosineEmbeddingLoss",
    "CrossEntropyLoss",
    "GaussianNLLLoss",
    "HingeEmbeddingLoss",
    "HuberLoss",
    "KLDivLoss",
    "L1Loss",
    "LinearCrossEntropyLoss",
    "MSELoss",
    "MarginRankingLoss",
    "MultiLabelMarginLoss",
    "MultiLabelSoftMarginLoss",
    "MultiMarginLoss",
    "NLLLoss",
    "NLLLoss2d",
    "PoissonNLLLoss",
    "SmoothL1Loss",
    "SoftMarginLoss",
    "TripletMarginLoss",
    "TripletMarginWithDistanceLoss",
]
