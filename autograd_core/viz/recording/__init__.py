"""Training as it goes: what each recorded step was like, over time, and what looks ill in it."""

from .flags import Flag
from .frames import ActivationReading, Frame, Parameter, ParameterReading
from .record import Record, record

__all__ = ["ActivationReading", "Flag", "Frame", "Parameter", "ParameterReading", "Record", "record"]
