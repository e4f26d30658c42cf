"""Readers of the graph: what backward computes, for people to read.

Not imported by ``autograd_core`` itself: ``from autograd_core import viz``.
"""

from .draw import Drawing, draw
from .html import one_file
from .layouts import layouts
from .notebook import Reply, ask, framed, mimebundle
from .quiz import Answer, Question, Quiz
from .recording import ActivationReading, Flag, Frame, Parameter, ParameterReading, Record, record
from .rules import Rule, Symbol, rule
from .schema import Check, Step, Trace, TraceEdge, TraceModule, TraceNode
from .step import step
from .stepper import StepGroup, Stepper
from .trace import trace
from .validation import validate

__all__ = [
    "ActivationReading",
    "Answer",
    "Check",
    "Drawing",
    "Flag",
    "Frame",
    "Parameter",
    "ParameterReading",
    "Question",
    "Quiz",
    "Record",
    "Reply",
    "Rule",
    "Step",
    "StepGroup",
    "Stepper",
    "Symbol",
    "Trace",
    "TraceEdge",
    "TraceModule",
    "TraceNode",
    "ask",
    "draw",
    "framed",
    "layouts",
    "mimebundle",
    "one_file",
    "record",
    "rule",
    "step",
    "trace",
    "validate",
]
