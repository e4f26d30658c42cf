"""Caffe's files: networks and solvers in prototxt, as ``nn`` runs them.

>>> import nn
>>> nn.caffe.read_solver(nn.caffe.example("lenet_solver.prototxt")).snapshot_prefix
'lenet_snapshot'
"""

from .examples import example, examples
from .layers import fill
from .network import DataSource, Network
from .prototxt import Message, parse
from .settings import LearningRate, SolverSettings, read_prototxt, read_solver
from .solver import Solver

__all__ = [
    "DataSource",
    "LearningRate",
    "Message",
    "Network",
    "Solver",
    "SolverSettings",
    "example",
    "examples",
    "fill",
    "parse",
    "read_prototxt",
    "read_solver",
]
