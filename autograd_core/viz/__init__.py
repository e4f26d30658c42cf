"""Readers of the graph: what backward computes, for people to read.

Not imported by ``autograd_core`` itself: ``from autograd_core import viz``.
"""

from .rules import Rule, Symbol, rule
from .schema import Check, Step, Trace, TraceEdge, TraceModule, TraceNode, validate
from .stepper import StepGroup, Stepper
from .trace import trace

__all__ = [
    "Check",
    "Rule",
    "Step",
    "StepGroup",
    "Stepper",
    "Symbol",
    "Trace",
    "TraceEdge",
    "TraceModule",
    "TraceNode",
    "rule",
    "trace",
    "validate",
]
