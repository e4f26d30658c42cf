"""``python -m nn``, run as a user does."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import nn.__main__
from autograd_core.commands import UsageError
from nn.commands import main
from nn.commands.predict import read_picture
from nn.training import load_checkpoint

ROOT = Path(__file__).parents[1]
QUICK = ["--limit", "200", "--epochs", "2"]


def command(arguments: Sequence[str | Path]) -> list[str]:
    return [sys.executable, "-m", "nn", *map(str, arguments)]


def environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(ROOT)}


def run(*arguments: str | Path, cwd: Path, status: int = 0) -> subprocess.CompletedProcess[str]:
    """Run ``python -m nn`` in a process of its own, and expect an exit status."""
    done = subprocess.run(command(arguments), cwd=cwd, env=environment(), capture_output=True, text=True, check=False)
    assert done.returncode == status, done.stderr
    assert "Traceback" not in done.stderr, done.stderr
    return done


def call(*arguments: str | Path) -> int:
    """Run the command line in this process."""
    return main(list(map(str, arguments)), nn.__main__.FACTORIES)


@pytest.fixture
def no_figures(monkeypatch: pytest.MonkeyPatch) -> None:
    """As if matplotlib were missing: figures take longer than all else in a small run."""
    monkeypatch.setattr("nn.training.report.write.find_spec", lambda name: None)


@pytest.fixture(scope="module")
def lenet(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of LeNet-5, made by the command line."""
    folder = tmp_path_factory.mktemp("home")
    out = run("train", "lenet", "--data", "fashion-mnist", "--out", "runs/lenet", *QUICK, cwd=folder).stdout
    assert "LeNet-5, 61,706 parameters; Fashion-MNIST, 200 training and 40 test pictures\n" in out
    assert "epoch 2/2" in out
    assert "report runs/lenet/report.html" in out
    return folder / "runs" / "lenet"


def read(path: Path) -> Any:
    return json.loads(path.read_text("utf-8"))


def test_a_run_leaves_a_folder_to_look_at(lenet: Path) -> None:
    names = {path.name for path in lenet.iterdir() if path.suffix != ".safetensors"}
    assert {"config.json", "history.json", "metrics.json", "report.html", "last.json"} <= names
    assert [row["epoch"] for row in read(lenet / "history.json")] == [1, 2]
    metrics, config = read(lenet / "metrics.json"), read(lenet / "config.json")
    assert 0 <= metrics["accuracy"] <= 1
    assert set(metrics["classes"]) >= {"Trouser", "Ankle boot"}
    assert np.sum(metrics["confusion"]) == 40
    assert config["command"].startswith("python -m nn train lenet --data fashion-mnist --out runs/lenet")
    assert config["settings"]["seed"] == 0
    assert config["versions"]["numpy"] == np.__version__
    page = (lenet / "report.html").read_text("utf-8")
    for text in (config["command"], "LeNet-5 on Fashion-MNIST", "Ankle boot", "Conv2d"):
        assert text in page


def test_the_same_seed_gives_the_same_bits(lenet: Path, tmp_path: Path, no_figures: None) -> None:
    assert call("train", "lenet", "--out", tmp_path / "again", *QUICK, "--workers", "2", "--threads", "1") == 0
    mine, theirs = (load_checkpoint(folder / "last")["model"] for folder in (tmp_path / "again", lenet))
    for name, value in theirs.items():
        np.testing.assert_array_equal(mine[name].numpy(), value.numpy())


def test_evaluate_gives_what_training_said_and_writes_the_report_again(
    lenet: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = read(lenet / "metrics.json")
    (lenet / "report.html").unlink()
    (lenet / "metrics.json").unlink()
    assert call("evaluate", lenet) == 0
    assert read(lenet / "metrics.json") == before
    assert (lenet / "report.html").exists()
    assert f"accuracy {before['accuracy']:.4f}" in capsys.readouterr().out


@pytest.mark.parametrize("model", ["cnn", "mlp", "autoencoder", "denoising-autoencoder"])
def test_every_model_trains(model: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / model
    assert call("train", model, "--out", out, "--limit", "100", "--epochs", "1", "--batch-size", "50") == 0
    rows = read(out / "history.json")
    assert np.isfinite(rows[0]["loss"])
    page = (out / "report.html").read_text("utf-8")
    assert ("Reconstructions" in page) == ("autoencoder" in model)
    np.save(tmp_path / "picture.npy", np.zeros((28, 28), np.uint8))
    capsys.readouterr()
    assert call("predict", tmp_path / "picture.npy", "--run", out) == 0
    said = capsys.readouterr().out
    assert ("reconstruction error" in said) if "autoencoder" in model else said.count("%") == 3


@pytest.mark.parametrize(
    ("optimizer", "schedule"),
    [("sgd", "constant"), ("adam", "cosine"), ("adamw", "step"), ("rmsprop", "robbins-monro")],
)
def test_optimizers_and_schedules(optimizer: str, schedule: str, tmp_path: Path, no_figures: None) -> None:
    arguments = ["--optimizer", optimizer, "--schedule", schedule, "--lr", "0.001", "--weight-decay", "0.01"]
    assert call("train", "mlp", "--out", tmp_path, "--limit", "10", "--epochs", "3", *arguments) == 0
    rates = [row["lr"] for row in read(tmp_path / "history.json")]
    assert rates[0] == pytest.approx(0.001)
    assert (rates[2] == rates[0]) == (schedule == "constant")


# ------------------------------------------------------------------------------------------------------ stop and resume


def interrupted(folder: Path, *, twice: bool = False) -> tuple[int, str]:
    """Train until the first epoch is done, then press Ctrl-C; return the exit status and what was said about it."""
    arguments = ["train", "mlp", "--out", "runs/mlp", "--limit", "2000", "--epochs", "500", "--batch-size", "20"]
    with subprocess.Popen(
        command(arguments),
        cwd=folder,
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # a job in the background would ignore it
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        while not process.stdout.readline().startswith("epoch"):
            assert process.poll() is None, process.stderr.read()
        for _ in range(1 + twice):
            process.send_signal(signal.SIGINT)
            time.sleep(0.05 * twice)
        return process.wait(60), process.stderr.read()


def test_ctrl_c_saves_and_says_how_to_go_on(tmp_path: Path) -> None:
    status, said = interrupted(tmp_path)
    assert status == 130
    assert "Traceback" not in said
    assert "stopping after this batch, to save the run; Ctrl-C again quits at once" in said
    assert "Stopped. The run is saved as it was in epoch" in said
    assert said.rstrip().endswith("To go on: python -m nn resume runs/mlp")
    state = load_checkpoint(tmp_path / "runs/mlp/last")
    done = state["epoch"]
    out = run("resume", "runs/mlp", "--epochs", str(done + 1), cwd=tmp_path).stdout
    assert f"epoch {done + 1}/{done + 1}" in out
    assert len(read(tmp_path / "runs/mlp/history.json")) == done + 1
    assert (tmp_path / "runs/mlp/report.html").exists()


def test_a_second_ctrl_c_quits_at_once(tmp_path: Path) -> None:
    status, said = interrupted(tmp_path, twice=True)
    assert status in (130, -signal.SIGINT)
    assert "To go on: python -m nn resume runs/mlp" in said or status != 130
    load_checkpoint(tmp_path / "runs/mlp/last")


def test_ctrl_c_before_anything_is_saved(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def stopped(*_: Any, **__: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("nn.commands.running.fit", stopped)
    assert call("train", "mlp", "--out", tmp_path) == 130
    assert f"Stopped before anything was saved. To go on: python -m nn resume {tmp_path}" in capsys.readouterr().err
    monkeypatch.setattr("nn.commands.running.Parts", stopped)
    assert call("resume", tmp_path) == 130
    assert "python -m nn: stopped" in capsys.readouterr().err


def test_resume_equals_a_run_that_never_stopped(tmp_path: Path, no_figures: None) -> None:
    size = ["--limit", "60", "--seed", "3", "--batch-size", "20", "--augment", "--schedule", "constant"]
    assert call("train", "cnn", "--out", tmp_path / "straight", "--epochs", "2", *size) == 0
    assert call("train", "cnn", "--out", tmp_path / "stopped", "--epochs", "1", *size) == 0
    assert call("resume", tmp_path / "stopped", "--epochs", "2") == 0
    mine, theirs = (load_checkpoint(tmp_path / name / "last") for name in ("straight", "stopped"))
    for name, value in theirs["model"].items():
        np.testing.assert_array_equal(mine["model"][name].numpy(), value.numpy())
    assert mine["generators"] == theirs["generators"]
    assert read(tmp_path / "stopped/config.json")["settings"]["epochs"] == 2


def test_resume_of_a_finished_run_says_so(lenet: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert call("resume", lenet) == 0
    assert "All 2 epochs are done. For more: python -m nn resume" in capsys.readouterr().out


def test_resume_before_the_first_checkpoint_begins_anew(
    lenet: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config = read(lenet / "config.json")
    config["settings"] |= {"limit": 20, "epochs": 1}
    (tmp_path / "config.json").write_text(json.dumps(config))
    assert call("resume", tmp_path) == 0
    assert "has no checkpoint yet: it begins with the first epoch" in capsys.readouterr().out
    assert len(read(tmp_path / "history.json")) == 1


def test_resume_for_fewer_epochs_than_there_are(lenet: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert call("resume", lenet, "--epochs", "1") == 2
    assert "--epochs 1: " in capsys.readouterr().err


# ------------------------------------------------------------------------------------------------------------ wrong use


def test_wrong_names_offer_the_nearest(
    tmp_path: Path, lenet: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fails(*arguments: str) -> str:
        assert call(*arguments) == 2
        return capsys.readouterr().err

    monkeypatch.chdir(tmp_path)
    said = run("train", "lenett", cwd=tmp_path, status=2).stderr
    assert said == "python -m nn: unknown model 'lenett'; did you mean 'lenet' or 'alexnet' or 'googlenet'?\n"
    said = fails("train", "lenet", "--data", "fashion")
    assert "unknown data set 'fashion'; did you mean 'fashion-mnist'" in said
    monkeypatch.chdir(lenet.parents[1])
    said = fails("evaluate", "runs/lennet")
    assert "there is no run runs/lennet; did you mean runs/lenet?" in said
    said = fails("predict", "shoe.png", "--run", "lenet")
    assert "there is no run lenet; did you mean runs/lenet?" in said
    assert list(tmp_path.iterdir()) == []
    monkeypatch.undo()


WRONG = {
    "no command": ([], "name a command: train, resume, evaluate, predict; python -m nn --help tells more"),
    "command": (["trian"], "there is no command 'trian'; did you mean 'train'?"),
    "another command": (["fly"], "there is no command 'fly'; there are train, resume, evaluate, predict"),
    "option": (["train", "lenet", "--epoch", "3"], "there is no option '--epoch'; did you mean '--epochs'?"),
    "another option": (["train", "lenet", "--foo"], "there is no option '--foo'; python -m nn train --help tells more"),
    "two models": (["train", "lenet", "mlp"], "'mlp' is one argument too many; python -m nn train --help tells more"),
    "no model": (["train"], "name a model, as in python -m nn train lenet; python -m nn train --help lists them"),
    "an option that the solver's file has": (
        ["train", "--solver", "x.prototxt", "--lr=0.5"],
        "--lr does not go with --solver: write it into x.prototxt, or train a MODEL",
    ),
    "model and solver": (["train", "mlp", "--solver", "x"], "train either the model 'mlp' or --solver x"),
    "model": (["train", "gpt"], "unknown model 'gpt'; there are lenet, cnn, mlp, "),
    "optimizer": (["train", "mlp", "--optimizer", "adan"], "unknown optimizer 'adan'; did you mean 'adam'"),
    "schedule": (["train", "mlp", "--schedule", "cos"], "unknown schedule 'cos'; did you mean 'cosine'?"),
    "epochs": (["train", "mlp", "--epochs", "0"], "argument --epochs: '0': expected a whole number of at least 1"),
    "rate": (["train", "mlp", "--lr", "-1"], "argument --lr: '-1': expected a number above 0"),
    "decay": (
        ["train", "mlp", "--weight-decay", "nan"],
        "argument --weight-decay: 'nan': expected a number of at least 0",
    ),
    "seed": (["train", "mlp", "--seed", "x"], "argument --seed: 'x': expected a whole number of at least 0"),
    "run": (["resume", "nothing"], "there is no run nothing; make one: python -m nn train lenet --out nothing"),
    "folder": (["evaluate", "."], ". is a folder, but there is no run in it (no config.json)"),
}


@pytest.mark.parametrize(("arguments", "message"), WRONG.values(), ids=WRONG)
def test_wrong_use(
    arguments: list[str],
    message: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    assert call(*arguments) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith(f"python -m nn: {message}")
    assert list(tmp_path.iterdir()) == []
    monkeypatch.undo()


def test_a_run_is_not_overwritten_unless_asked(lenet: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = {path: path.read_bytes() for path in lenet.iterdir()}
    assert call("train", "lenet", "--out", lenet, *QUICK) == 2
    said = capsys.readouterr().err
    assert "has a run in it already" in said
    assert f"To go on with it: python -m nn resume {lenet}" in said
    assert "To replace it: --overwrite" in said
    assert {path: path.read_bytes() for path in lenet.iterdir()} == before


def test_overwrite_replaces_a_run_and_nothing_else(tmp_path: Path, no_figures: None) -> None:
    arguments = ["train", "mlp", "--out", tmp_path, "--limit", "20", "--epochs", "1"]
    assert call(*arguments) == 0
    (tmp_path / "my notes.txt").write_text("keep")
    assert call(*arguments, "--overwrite", "--seed", "1") == 0
    assert read(tmp_path / "config.json")["settings"]["seed"] == 1
    assert (tmp_path / "my notes.txt").read_text() == "keep"
    assert len(list(tmp_path.glob("*.safetensors"))) == 1


def test_files_that_are_in_the_way(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "report.html").write_text("someone's")
    assert call("train", "mlp", "--out", tmp_path, "--limit", "20") == 2
    assert "has a run in it already (report.html)" in capsys.readouterr().err
    assert call("train", "mlp", "--out", tmp_path / "report.html", "--limit", "20") == 2
    assert "is a file; name a folder" in capsys.readouterr().err
    assert (tmp_path / "report.html").read_text() == "someone's"


def test_damage_ends_with_one_line(lenet: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for path in lenet.iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    tensors = next(tmp_path.glob("*.safetensors"))
    tensors.write_bytes(tensors.read_bytes()[:-1])
    assert call("evaluate", tmp_path) == 1
    said = capsys.readouterr().err
    assert f"{tensors} is truncated or corrupted" in said
    assert said.count("\n") == 1
    (tmp_path / "config.json").write_text("{")
    assert call("resume", tmp_path) == 1
    assert "config.json is damaged" in capsys.readouterr().err


def test_training_that_blows_up_ends_with_status_1(tmp_path: Path) -> None:
    arguments = ["--limit", "500", "--lr", "1e30", "--optimizer", "sgd", "--epochs", "3"]
    said = run("train", "mlp", "--out", "x", *arguments, cwd=tmp_path, status=1).stderr
    assert "in epoch 1" in said
    assert "Lower the learning rate" in said


def test_help_teaches(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = run("--help", cwd=tmp_path).stdout
    assert "python -m nn train lenet --data fashion-mnist --epochs 10 --out runs/lenet" in out
    words = {
        "train": ["denoising-autoencoder", "fashion-mnist-full", "adamw", "robbins-monro", "Ctrl-C", "--overwrite"],
        "resume": ["--epochs", "runs/lenet"],
        "evaluate": ["report.html"],
        "predict": ["python-mnnpredictshoe.jpg--runruns/lenet", "--top"],
    }
    for command, shown in words.items():
        with pytest.raises(SystemExit, match="0"):
            call(command, "--help")
        text = "".join(capsys.readouterr().out.split())  # lines break where they must
        assert [word for word in shown if word not in text] == []


# -------------------------------------------------------------------------------------------------------------- predict


def test_predict_prints_a_table(lenet: Path, tmp_path: Path) -> None:
    pillow = pytest.importorskip("PIL.Image")
    pillow.fromarray(np.full((90, 60, 3), 255, np.uint8)).save(tmp_path / "white.png")
    out = run("predict", "white.png", "--run", lenet, cwd=tmp_path).stdout.splitlines()
    assert "its background is light" in out[0]
    assert len(out) == 4
    shares = [float(line.split("%")[0].split()[-1]) for line in out[1:]]
    assert shares == sorted(shares, reverse=True)
    out = run("predict", "white.png", "--run", lenet, "--top", "10", cwd=tmp_path).stdout.splitlines()
    assert sum(float(line.split("%")[0].split()[-1]) for line in out[1:]) == pytest.approx(100, abs=0.1)


@pytest.fixture
def shape() -> np.ndarray[Any, Any]:
    """A bright square on black."""
    levels = np.zeros((28, 28), np.uint8)
    levels[8:20, 8:20] = 200
    return levels


SIZE = (28, 28)


@pytest.mark.parametrize("kind", ["png", "jpg", "bmp", "npy"])
def test_a_picture_is_read_as_it_is(kind: str, shape: np.ndarray[Any, Any], tmp_path: Path) -> None:
    path = tmp_path / f"picture.{kind}"
    if kind == "npy":
        np.save(path, shape)
    else:
        pytest.importorskip("PIL.Image").fromarray(shape).save(path)
    picture, inverted = read_picture(path, SIZE)
    assert not inverted
    assert picture.dtype == np.float32
    np.testing.assert_allclose(picture, shape / 255, atol=0.1 if kind == "jpg" else 1e-6)


def test_a_light_background_is_inverted(shape: np.ndarray[Any, Any], tmp_path: Path) -> None:
    np.save(tmp_path / "p.npy", 255 - shape)
    picture, inverted = read_picture(tmp_path / "p.npy", SIZE)
    assert inverted
    np.testing.assert_allclose(picture, shape / 255, atol=1e-6)


@pytest.mark.parametrize("scale", [1, 255])
def test_colours_become_grey(scale: int, tmp_path: Path) -> None:
    colours = np.zeros((28, 28, 3), np.float64 if scale == 1 else np.uint8)
    colours[8:20, 8:20] = np.array([scale, 0, 0])
    np.save(tmp_path / "p.npy", colours)
    picture, _ = read_picture(tmp_path / "p.npy", SIZE)
    assert picture.max() == pytest.approx(0.299)


def test_any_size_is_scaled_and_keeps_its_proportions(shape: np.ndarray[Any, Any], tmp_path: Path) -> None:
    pillow = pytest.importorskip("PIL.Image")
    wide = np.zeros((280, 560), np.uint8)
    wide[:, 140:420] = np.kron(shape, np.ones((10, 10), np.uint8))
    pillow.fromarray(wide).save(tmp_path / "wide.png")
    picture, _ = read_picture(tmp_path / "wide.png", SIZE)
    assert picture.shape == SIZE
    bright = np.argwhere(picture > 0.4)
    assert (np.ptp(bright, axis=0) + 1).tolist() == [6, 6]
    pillow.fromarray(shape[::4, ::4]).save(tmp_path / "tiny.png")
    assert read_picture(tmp_path / "tiny.png", SIZE)[0].shape == SIZE


def test_what_is_transparent_is_white(shape: np.ndarray[Any, Any], tmp_path: Path) -> None:
    pillow = pytest.importorskip("PIL.Image")
    rgba = np.zeros((28, 28, 4), np.uint8)
    rgba[8:20, 8:20, 3] = 255
    pillow.fromarray(rgba).save(tmp_path / "p.png")
    picture, inverted = read_picture(tmp_path / "p.png", SIZE)
    assert inverted
    np.testing.assert_allclose(picture, shape > 0, atol=1e-6)


def test_pictures_that_are_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "text.png").write_text("no picture")
    (tmp_path / "text.npy").write_text("no array")
    np.save(tmp_path / "cube.npy", np.zeros((2, 2, 2)))
    np.save(tmp_path / "large.npy", np.full((4, 4), 9.0))
    np.save(tmp_path / "nan.npy", np.full((4, 4), np.nan))
    np.save(tmp_path / "empty.npy", np.zeros((0, 4)))
    np.save(tmp_path / "words.npy", np.full((4, 4), "x"))
    with pytest.raises(UsageError, match=r"there is no picture .*none.png; check the path"):
        read_picture(tmp_path / "none.png", SIZE)
    with pytest.raises(UsageError, match=r"text.npy cannot be read as an array: .*; write it with numpy.save"):
        read_picture(tmp_path / "text.npy", SIZE)
    for name in ("cube", "large", "nan", "empty", "words"):
        with pytest.raises(UsageError, match=rf"{name}.npy holds an array of shape .*: expected \(H, W\)"):
            read_picture(tmp_path / f"{name}.npy", SIZE)
    pytest.importorskip("PIL")
    with pytest.raises(UsageError, match=r"text.png cannot be read as a picture: .*; give a PNG, JPEG or .npy file"):
        read_picture(tmp_path / "text.png", SIZE)
    monkeypatch.setitem(sys.modules, "PIL", None)
    with pytest.raises(UsageError, match=r"reading .* needs the package pillow: pip install pillow"):
        read_picture(tmp_path / "text.png", SIZE)
    np.save(tmp_path / "size.npy", np.zeros((5, 5)))
    with pytest.raises(UsageError, match="scaling a picture needs the package pillow"):
        read_picture(tmp_path / "size.npy", SIZE)
