"""The folder of a run: where its files are, and whose they are."""

from __future__ import annotations

import difflib
import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import autograd_core as ag
from autograd_core.commands import UsageError, check_folder

from ..training import load_checkpoint
from ..training.files import write_json
from .settings import Settings

__all__ = ["RunFolder"]

WRITTEN = (
    "config.json",
    "last.json",
    "history.json",
    "metrics.json",
    "report.html",
    "record.html",
    "record.json",
    "curves.png",
    "curves.svg",
    "confusion.png",
    "filters.png",
    "mistakes.png",
    "reconstructions.png",
)


@dataclass(frozen=True)
class RunFolder:
    """One folder, one run."""

    path: Path

    @property
    def config(self) -> Path:
        """The settings, the command, and the versions."""
        return self.path / "config.json"

    @property
    def history(self) -> Path:
        """A row an epoch."""
        return self.path / "history.json"

    @property
    def metrics(self) -> Path:
        """The figures on the test pictures."""
        return self.path / "metrics.json"

    @property
    def checkpoint(self) -> Path:
        """The last checkpoint; it names the file of its tensors."""
        return self.path / "last.json"

    def begin(self, settings: Settings, command: str, versions: dict[str, str], overwrite: bool) -> None:
        """Make the folder ready for a new run; raise UsageError rather than touch an older one, unless *overwrite*."""
        check_folder("--out", self.path)
        older = [name for name in WRITTEN if (self.path / name).exists()]
        if older and not overwrite:
            go_on = f" To go on with it: python -m nn resume {self.path}." if self.config.exists() else ""
            raise UsageError(
                f"--out {self.path} has a run in it already ({', '.join(older[:3])}).{go_on} "
                "To replace it: --overwrite. To keep it: another --out."
            )
        self.path.mkdir(parents=True, exist_ok=True)
        for file in [*(self.path / name for name in WRITTEN), *self.path.glob("last-*.safetensors")]:
            file.unlink(missing_ok=True)
        write_json(self.config, {"command": command, "settings": asdict(settings), "versions": versions})

    @classmethod
    def find(cls, name: str) -> RunFolder:
        """Return the folder of an existing run, or raise UsageError with the nearest ones."""
        folder = cls(Path(name))
        if folder.config.is_file():
            return folder
        if folder.path.is_dir():
            raise UsageError(f"{name} is a folder, but there is no run in it (no config.json)")
        runs = [
            str(c.parent) for root in (folder.path.parent, Path("runs")) for c in sorted(root.glob("*/config.json"))
        ]
        near = [run for run in runs if Path(run).name == folder.path.name]
        near += difflib.get_close_matches(name, runs, n=3, cutoff=0.5)
        if near:
            raise UsageError(f"there is no run {name}; did you mean {' or '.join(dict.fromkeys(near))}?")
        raise UsageError(f"there is no run {name}; make one: python -m nn train lenet --out {name}")

    def read(self) -> tuple[Settings, dict[str, Any]]:
        """Return the run's settings, and all of ``config.json``."""
        try:
            config = json.loads(self.config.read_text("utf-8"))
            return Settings(**config["settings"]), config
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise ag.errors.CheckpointError(
                f"{self.config} is damaged ({error}); restore it from a copy, or train again with --overwrite"
            ) from error

    def state(self) -> dict[str, Any]:
        """Return the last checkpoint."""
        return load_checkpoint(self.checkpoint)
