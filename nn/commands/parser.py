"""The words of the command line, what each does, and how errors are said."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import autograd_core as ag
from autograd_core.commands import COUNT, NOT_NEGATIVE, POSITIVE, WHOLE, OneLineParser, UsageError, exit_status

from .. import data
from .folder import RunFolder
from .parts import Factories
from .predict import predict_run
from .recipes import RECIPES, recipe
from .running import evaluate_run, resume_run, train_run
from .settings import Settings, command_line
from .solving import solve

__all__ = ["Command", "Commands", "main"]

PROGRAM = "python -m nn"
Commands = argparse._SubParsersAction  # what add_subparsers() returns; argparse has no public name for it
Command = Callable[["Commands[argparse.ArgumentParser]", Sequence[str]], None]

EXAMPLES = """\
examples:
  python -m nn train lenet --data fashion-mnist --epochs 10 --out runs/lenet
      train LeNet-5 on the pictures that come with the package, and write runs/lenet/report.html
  python -m nn resume runs/lenet
      go on after Ctrl-C, or after a crash, to the same bits as if it had never stopped
  python -m nn evaluate runs/lenet
      measure it again on the test pictures, and write the report again
  python -m nn predict shoe.jpg --run runs/lenet
      say what is in a picture
  python -m nn lesson --list
      the lectures' systems, each with a figure, its numbers and what to see in them

"python -m nn COMMAND --help" tells more about each."""

TRAIN = """\
Train a network, and leave a folder to look at: report.html, the figures in it, history.json, metrics.json, config.json
(all settings), and last.json with its .safetensors file (the checkpoint: weights, optimizer, schedule, random numbers).
Ctrl-C saves the run where it is; a second Ctrl-C quits at once."""

TRAIN_EXAMPLES = """\
models:
{models}

data sets:
{data}

examples:
  python -m nn train lenet                         the model's own settings, in runs/lenet
  python -m nn train cnn --data fashion-mnist-full --epochs 15
  python -m nn train mlp --optimizer sgd --lr 0.05 --batch-size 32 --seed 7 --out runs/mlp-7
  python -m nn train lenet --limit 500 --epochs 1  a quick look, on 500 pictures
  python -m nn train --solver lenet_solver.prototxt
      train as a file in the manner of Caffe says (docs/caffe.md), with snapshots
  python -m nn train --solver lenet_solver.prototxt --snapshot lenet_snapshot_iter_500
      go on from one of them"""

WITH_SOLVER = ("--solver", "--snapshot", "--data-dir", "--threads")  # all else is in the solver's file


def main(arguments: Sequence[str], factories: Factories, more: Sequence[Command] = ()) -> int:
    """Run the command line *arguments*, and return the exit status: 0, 1 (failed), 2 (wrong use) or 130 (Ctrl-C).

    *more* adds commands that this package cannot import: each is given the place for its parser, and the arguments.
    """

    def run() -> int:
        options = _parser(factories, more, arguments).parse_args(arguments)
        command: Callable[[argparse.Namespace, Factories, Sequence[str]], int] = options.run
        return command(options, factories, arguments)

    return exit_status(PROGRAM, run)


def _train(options: argparse.Namespace, factories: Factories, arguments: Sequence[str]) -> int:
    if options.model is None and options.solver is None:
        raise UsageError(f"name a model, as in {PROGRAM} train lenet; {PROGRAM} train --help lists them")
    if options.model is not None and options.solver is not None:
        raise UsageError(f"train either the model {options.model!r} or --solver {options.solver}, which names its own")
    if options.solver is not None:
        given_too = [word.partition("=")[0] for word in arguments if word.startswith("--")]
        for option in given_too:
            if option not in WITH_SOLVER:
                raise UsageError(
                    f"{option} does not go with --solver: write it into {options.solver}, or train a MODEL"
                )
        _use_threads(options.threads)
        return solve(options.solver, options.snapshot, options.data_dir, factories)
    if options.snapshot is not None:
        raise UsageError("--snapshot goes with --solver; to go on with another run: python -m nn resume FOLDER")
    chosen = recipe(options.model)

    def given(name: str) -> object:
        value = getattr(options, name)
        return getattr(chosen, name) if value is None else value

    settings = Settings(
        model=options.model,
        data=options.data,
        epochs=options.epochs,
        data_dir=options.data_dir,
        seed=options.seed,
        workers=options.workers,
        limit=options.limit,
        record=options.record,
        **{
            name: given(name)  # type: ignore[arg-type]
            for name in ("batch_size", "optimizer", "lr", "weight_decay", "schedule", "augment")
        },
    )
    _use_threads(options.threads)
    folder = RunFolder(Path(options.out or Path("runs") / options.model))
    return train_run(settings, folder, factories, command_line(arguments), options.overwrite)


def _resume(options: argparse.Namespace, factories: Factories, arguments: Sequence[str]) -> int:
    _use_threads(options.threads)
    return resume_run(RunFolder.find(options.folder), factories, options.epochs)


def _evaluate(options: argparse.Namespace, factories: Factories, arguments: Sequence[str]) -> int:
    return evaluate_run(RunFolder.find(options.folder), factories)


def _predict(options: argparse.Namespace, factories: Factories, arguments: Sequence[str]) -> int:
    return predict_run(Path(options.image), RunFolder.find(options.folder), factories, options.top)


def _use_threads(number: int | None) -> None:
    if number is not None:
        ag.set_num_threads(number)


def _parser(factories: Factories, more: Sequence[Command], arguments: Sequence[str]) -> argparse.ArgumentParser:
    parser: argparse.ArgumentParser = OneLineParser(
        prog=PROGRAM,
        description="Train networks on pictures, look at what they learned, and use them.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = parser.add_subparsers(title="commands", metavar="COMMAND")
    _add_train(commands, factories)

    resume = commands.add_parser("resume", help="go on with a run", description="Go on with a run that was stopped.")
    _add_folder(resume)
    resume.add_argument("--epochs", type=COUNT, metavar="N", help="epochs in all (default: as the run was begun)")
    _add_threads(resume)
    resume.set_defaults(run=_resume)

    evaluate = commands.add_parser(
        "evaluate",
        help="measure a run on the test pictures",
        description="Measure a run's network on the test pictures; write metrics.json and report.html again.",
    )
    _add_folder(evaluate)
    evaluate.set_defaults(run=_evaluate)

    predict = commands.add_parser(
        "predict",
        help="say what is in a picture",
        description="Say what a run's network sees in a picture: PNG, JPEG or any other kind that pillow reads, of any size,\n"
        "or a .npy array. It is turned grey, scaled, and inverted when its background is light.",
        epilog="example:\n  python -m nn predict shoe.jpg --run runs/lenet",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    predict.add_argument("image", metavar="IMAGE", help="the picture's file")
    predict.add_argument("--run", dest="folder", required=True, metavar="RUN", help="the folder of the run")
    predict.add_argument("--top", type=COUNT, default=3, metavar="N", help="how many classes to show (default: 3)")
    predict.set_defaults(run=_predict)
    for add in more:
        add(commands, arguments)
    parser.set_defaults(run=_no_command, commands=list(commands.choices))
    return parser


def _no_command(options: argparse.Namespace, factories: Factories, arguments: Sequence[str]) -> int:
    raise UsageError(f"name a command: {_listed(options.commands)}; {PROGRAM} --help tells more")


def _add_train(commands: Commands[argparse.ArgumentParser], factories: Factories) -> None:
    names = [f"  {name:<22} {made.title}" for name, made in RECIPES.items()]
    sets = [f"  {name:<22} {data.source(name).title}" for name in data.source_names()]
    train = commands.add_parser(
        "train",
        help="train a network",
        description=TRAIN,
        epilog=TRAIN_EXAMPLES.format(models="\n".join(names), data="\n".join(sets)),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    train.add_argument("model", nargs="?", metavar="MODEL", help="one of the models below")
    train.add_argument(
        "--solver", metavar="FILE", help="train as a solver.prototxt says, which names its own network and data"
    )
    train.add_argument("--snapshot", metavar="PREFIX_iter_N", help="with --solver: go on from this snapshot")
    train.add_argument(
        "--data", default="fashion-mnist", metavar="NAME", help="a data set below (default: %(default)s)"
    )
    train.add_argument("--out", metavar="FOLDER", help="where the run is kept (default: runs/MODEL)")
    train.add_argument("--overwrite", action="store_true", help="replace the run that is in FOLDER")
    learning = train.add_argument_group("learning (defaults are the model's own)")
    learning.add_argument(
        "--epochs", type=COUNT, default=10, metavar="N", help="times through the pictures (default: 10)"
    )
    learning.add_argument("--batch-size", type=COUNT, metavar="N", help="pictures in one step")
    learning.add_argument("--optimizer", metavar="NAME", help=_listed(factories.optimizers))
    learning.add_argument("--lr", type=POSITIVE, metavar="RATE", help="learning rate")
    learning.add_argument("--schedule", metavar="NAME", help="of the learning rate: " + _listed(factories.schedules))
    learning.add_argument("--weight-decay", type=NOT_NEGATIVE, metavar="RATE", help="pull of the weights to 0")
    learning.add_argument(
        "--augment",
        action=argparse.BooleanOptionalAction,
        help="mirror training pictures at random (digits: shift them)",
    )
    learning.add_argument("--seed", type=WHOLE, default=0, metavar="N", help="of all random numbers (default: 0)")
    train.add_argument(
        "--record",
        type=COUNT,
        nargs="?",
        const=50,
        metavar="EVERY",
        help="record gradients, weights and updates at every EVERY-th step (default: 50), in record.html",
    )
    machine = train.add_argument_group("data and machine")
    machine.add_argument(
        "--data-dir", metavar="FOLDER", help="where the files of a data set are, or shall be loaded to"
    )
    machine.add_argument("--limit", type=COUNT, metavar="N", help="use the first N training, N/5 test pictures only")
    machine.add_argument(
        "--workers", type=WHOLE, default=0, metavar="N", help="threads that prepare batches (default: 0)"
    )
    _add_threads(machine)
    train.set_defaults(run=_train)


def _add_folder(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("folder", metavar="RUN", help="the folder of the run, such as runs/lenet")


def _add_threads(parser: argparse.ArgumentParser | argparse._ArgumentGroup) -> None:
    parser.add_argument("--threads", type=COUNT, metavar="N", help="threads that compute (default: one a core)")


def _listed(names: Iterable[str]) -> str:
    return ", ".join(names)
