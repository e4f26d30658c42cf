"""Pooling in one to three dimensions: one number for each window of a plane."""

from .adaptive import (
    adaptive_avg_pool1d,
    adaptive_avg_pool2d,
    adaptive_avg_pool3d,
    adaptive_max_pool1d,
    adaptive_max_pool2d,
    adaptive_max_pool3d,
    region_max,
    region_mean,
    region_mean_input,
)
from .average import avg_pool1d, avg_pool2d, avg_pool3d, window_mean, window_mean_input
from .fractional import fractional_max, fractional_max_pool2d, fractional_max_pool3d
from .max import (
    gather_positions,
    indices_of_positions,
    max_pool1d,
    max_pool2d,
    max_pool3d,
    scatter_positions,
    window_max,
)
from .unpool import max_unpool1d, max_unpool2d, max_unpool3d

__all__ = [
    "adaptive_avg_pool1d",
    "adaptive_avg_pool2d",
    "adaptive_avg_pool3d",
    "adaptive_max_pool1d",
    "adaptive_max_pool2d",
    "adaptive_max_pool3d",
    "avg_pool1d",
    "avg_pool2d",
    "avg_pool3d",
    "fractional_max",
    "fractional_max_pool2d",
    "fractional_max_pool3d",
    "gather_positions",
    "indices_of_positions",
    "max_pool1d",
    "max_pool2d",
    "max_pool3d",
    "max_unpool1d",
    "max_unpool2d",
    "max_unpool3d",
    "region_max",
    "region_mean",
    "region_mean_input",
    "scatter_positions",
    "window_max",
    "window_mean",
    "window_mean_input",
]
