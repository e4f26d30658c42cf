"""A record as JSON, and back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from ...errors import DataError
from ..values import json_number
from .frames import ActivationReading, Frame, Parameter, ParameterReading

__all__ = [
    "READINGS",
    "VERSION",
    "frame_as_dict",
    "frame_from_dict",
    "parameter_as_dict",
    "parameter_from_dict",
    "read",
]

VERSION = 1
READINGS = (
    "gradient",
    "accumulated",
    "weight",
    "update",
    "zeros",
    "nonfinite",
)  # a list in each frame, one entry a parameter


def frame_as_dict(frame: Frame, names: Sequence[str]) -> dict[str, Any]:
    """Return a frame as JSON: of each reading a list over the parameters of these *names*, null where there is none."""
    rows = [frame.parameters.get(name) for name in names]
    return {
        "step": frame.step,
        "of": frame.of,
        "number": frame.number,
        "loss": json_number(frame.loss),
        "mean": json_number(frame.mean),
        **{key: [None if row is None else json_number(getattr(row, key)) for row in rows] for key in READINGS},
        "activations": {
            name: {key: json_number(value) for key, value in asdict(reading).items()}
            for name, reading in frame.activations.items()
        },
    }


def frame_from_dict(made: Mapping[str, Any], parameters: Sequence[Parameter]) -> Frame:
    """Return the frame that ``frame_as_dict`` wrote."""
    frame = Frame(made["step"], made["of"], made["number"], float(made["loss"]), float(made["mean"]))
    for i, parameter in enumerate(parameters):
        values = {key: _number(made[key][i]) for key in READINGS}
        if values["gradient"] is not None:
            frame.parameters[parameter.name] = ParameterReading(size=parameter.size, **values)
    for name, reading in made["activations"].items():
        frame.activations[name] = ActivationReading(**{key: _number(value) for key, value in reading.items()})
    return frame


def parameter_as_dict(parameter: Parameter) -> dict[str, Any]:
    """Return a row as JSON."""
    return asdict(parameter) | {"shape": list(parameter.shape)}


def parameter_from_dict(made: Mapping[str, Any]) -> Parameter:
    """Return the row that ``parameter_as_dict`` wrote."""
    return Parameter(made["name"], made["layer"], made["label"], tuple(made["shape"]))


def read(made: Any, path: str) -> tuple[list[Parameter], list[Frame]]:
    """Return the rows and frames of a record's JSON, or raise DataError that names *path*."""
    try:
        if made["version"] != VERSION:
            raise DataError(
                f"{path} is a record of version {made['version']!r}, this one reads {VERSION}; record it again"
            )
        if missing := [name for name in ("every", "keep", "steps", "losses", "networks") if name not in made]:
            raise KeyError(*missing)
        rows = [parameter_from_dict(row) for row in made["parameters"]]
        return rows, [frame_from_dict(frame, rows) for frame in made["frames"]]
    except (KeyError, TypeError, ValueError, IndexError) as error:
        raise DataError(
            f"{path} is no record ({type(error).__name__}: {error}); save one with record.save('run.json')"
        ) from error


def _number(value: Any) -> Any:
    return float(value) if isinstance(value, str) else value
