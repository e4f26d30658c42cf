"""Training: the loop, metrics, callbacks, checkpoints that resume bit for bit, and the report of a run."""

from __future__ import annotations

from .callbacks import BestCheckpoint, Callback, CSVLog, EarlyStopping, JSONLog, Run, Schedule, TensorBoardLog
from .checkpoint import load_checkpoint, restore, save_checkpoint
from .detection import MeanAveragePrecision, average_precision
from .evaluation import evaluate
from .gradients import GradientReport, GradientRow, gradient_report
from .greedy import Encoder, greedy_layerwise
from .history import History
from .learning_curve import Forecast, LearningCurvePruner, PowerLaw, extrapolate, fit_power_law
from .loop import fit
from .metrics import Accuracy, ConfusionMatrix, Mean, Metric, ReconstructionError, TopK
from .protocols import Criterion, Loader, Optimizer, Prepare, Scheduler, Stateful
from .search import Pruner, Pruning, tune
from .segmentation import MeanIoU
from .semi_supervised import PseudoLabels, consistency_loss, pseudo_labels
from .through_time import gradient_through_time

__all__ = [
    "Accuracy",
    "BestCheckpoint",
    "CSVLog",
    "Callback",
    "ConfusionMatrix",
    "Criterion",
    "EarlyStopping",
    "Encoder",
    "Forecast",
    "GradientReport",
    "GradientRow",
    "History",
    "JSONLog",
    "LearningCurvePruner",
    "Loader",
    "Mean",
    "MeanAveragePrecision",
    "MeanIoU",
    "Metric",
    "Optimizer",
    "PowerLaw",
    "Prepare",
    "Pruner",
    "Pruning",
    "PseudoLabels",
    "ReconstructionError",
    "Run",
    "Schedule",
    "Scheduler",
    "Stateful",
    "TensorBoardLog",
    "TopK",
    "average_precision",
    "consistency_loss",
    "evaluate",
    "extrapolate",
    "fit",
    "fit_power_law",
    "gradient_report",
    "gradient_through_time",
    "greedy_layerwise",
    "load_checkpoint",
    "pseudo_labels",
    "restore",
    "save_checkpoint",
    "tune",
]
