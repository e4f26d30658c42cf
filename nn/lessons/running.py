"""Running lessons, and keeping what they leave in a folder."""

from __future__ import annotations

import json
import shlex
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import autograd_core as ag
from autograd_core.commands import check_folder

from ..commands.settings import versions
from ..training.files import write_atomically, write_json
from . import figures
from .registry import Lesson, find
from .result import Result
from .run import Run

__all__ = ["command_of", "keep", "read_results", "run_lesson", "run_to_folder"]


def run_lesson(name: str, *, seed: int = 0, quick: bool = False, **options: Any) -> Result:
    """Run the lesson *name* and return what it found; *quick* takes its reduced budget, *options* come before that.

    The default generator is seeded with *seed*.  Raises UsageError for an unknown lesson or option and where an
    optional package is missing, ArgumentError for a value that an option cannot have.

    >>> result = run_lesson("perceptron", seed=1, epochs=10)
    >>> result.failed, len(result.claims) > 0
    ([], True)
    """
    chosen = find(name)
    return run(chosen, chosen.settings(options, quick), seed).result


def run(chosen: Lesson, settings: Mapping[str, Any], seed: int) -> Run:
    """Run a lesson in the style of all figures."""
    chosen.check_packages()
    from matplotlib import rc_context

    made = Run(blank(chosen, settings, seed))
    ag.manual_seed(seed)
    started = time.perf_counter()
    with rc_context(figures.style()):
        chosen.function(made, **settings)
    made.result.seconds = time.perf_counter() - started
    return made


def blank(chosen: Lesson, settings: Mapping[str, Any], seed: int) -> Result:
    """Return the result of a lesson that has found nothing yet."""
    plain = {name: str(value) if isinstance(value, Path) else value for name, value in settings.items()}
    return Result(chosen.name, seed, plain, command_of(chosen, settings, seed), versions())


def command_of(chosen: Lesson, settings: Mapping[str, Any], seed: int) -> str:
    """Return the command that runs a lesson with these settings; defaults are left out."""
    words = ["python", "-m", "nn", "lesson", chosen.name]
    for name, option in chosen.options.items():
        if (value := settings[name]) != option.default:
            flag = name.replace("_", "-")
            words += [f"--{'' if value else 'no-'}{flag}"] if option.kind is bool else [f"--{flag}", str(value)]
    return shlex.join([*words, *(["--seed", str(seed)] if seed else [])])


# ---------------------------------------------------------------------------------------------------------- the folder


def run_to_folder(chosen: Lesson, settings: Mapping[str, Any], seed: int, out: Path) -> Result:
    """Run a lesson, and keep its files in a folder of its name below *out*."""
    check_folder("--out", out / chosen.name)
    made = run(chosen, settings, seed)
    keep(made.result, made.contents, out)
    return made.result


def keep(result: Result, contents: Mapping[str, bytes], out: Path) -> None:
    """Write the files of a lesson, and then ``result.json``, which makes them count; each is old or new, never half."""
    folder = out / result.lesson
    check_folder("--out", folder)
    folder.mkdir(parents=True, exist_ok=True)
    before = read_result(folder / "result.json")
    (folder / "result.json").unlink(missing_ok=True)
    for old in set(before.written if before else ()) - set(contents):
        (folder / old).unlink(missing_ok=True)
    for name, content in contents.items():
        write_atomically(folder / name, content)
    write_json(folder / "result.json", result.as_dict())


def read_results(out: Path) -> dict[str, Result]:
    """Return the results below *out* by the name of the lesson; what cannot be read is left out, and made again."""
    results = filter(None, map(read_result, sorted(out.glob("*/result.json"))))
    return {result.lesson: result for result in results}


def read_result(path: Path) -> Result | None:
    """Return the result in a file, or None where there is none, or none that can be read."""
    try:
        return Result.of(json.loads(path.read_text("utf-8")))
    except (OSError, ValueError, KeyError, TypeError):
        return None
