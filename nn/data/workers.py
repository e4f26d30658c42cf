"""Workers: processes or threads that make batches ahead of the loop that takes them."""

from __future__ import annotations

import copy
import multiprocessing
import os
import pickle
import random
import signal
import threading
import time
import traceback
import warnings
import weakref
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import suppress
from contextvars import ContextVar
from dataclasses import dataclass, replace
from itertools import islice
from multiprocessing.connection import Connection
from queue import Empty, Queue, SimpleQueue
from typing import Any, NamedTuple, Protocol

import numpy as np

import autograd_core as ag

from .reader import End, Reader, Reading
from .travel import packed, receive, send

__all__ = ["Pool", "Setting", "WorkerInfo", "get_worker_info"]

PATIENCE = 3.0  # seconds that a process has for the batch under way, when nobody wants it any more

Task = tuple[int, int, int, Any]  # the turn, the epoch, the number of the batch, its indices
Give = Callable[["Answer"], None]


@dataclass(frozen=True)
class WorkerInfo:
    """What ``get_worker_info`` returns: the worker's number, how many there are, its seed in this epoch, its dataset.

    >>> WorkerInfo(id=0, num_workers=2, seed=7, dataset=[1, 2]).id
    0
    """

    id: int
    num_workers: int
    seed: int
    dataset: Any


_info: ContextVar[WorkerInfo | None] = ContextVar("the worker that this thread is", default=None)


def get_worker_info() -> WorkerInfo | None:
    """Return who is asking, inside a worker of a DataLoader; None elsewhere.

    An ``IterableDataset`` asks, to give each worker its own share of the stream.  ``dataset`` is the worker's own copy, whose
    attributes a ``worker_init_fn`` may change; only threads share a dataset with indices.

    >>> get_worker_info() is None
    True
    """
    return _info.get()


class Setting(NamedTuple):
    """How a loader wants its workers."""

    workers: int
    ahead: int  # batches of each worker that are under way or wait
    init: Callable[[int], Any] | None
    context: Any  # a start method, a context of multiprocessing, or "thread"
    timeout: float
    in_order: bool


class Failure(NamedTuple):
    """An error in place of a batch, with the traceback where that is of another process."""

    error: BaseException
    trace: str = ""


class Answer(NamedTuple):
    """What came of a task; without a turn, of the worker itself: it died."""

    worker: int
    turn: int | None
    number: int
    outcome: Any  # the batch, or a Failure; End is one of those


# ------------------------------------------------------------------------------------------------------- in the worker


def serve(
    reading: Reading, me: int, setting: Setting, apart: bool, tasks: SimpleQueue[Task | None], stop: Any, give: Give
) -> None:
    """Do *tasks* until one is None or *stop* is set; *apart* in a process of its own, whose global generators it seeds."""
    reading = replace(reading, dataset=copy.copy(reading.dataset)) if reading.streams else reading
    reader: Reader | None = None
    begun, ready = -1, False
    while (task := tasks.get()) is not None and not stop.is_set():
        turn, epoch, number, indices = task
        outcome: Any
        try:
            if reader is None or turn != begun:
                begin(reading, me, setting.workers, epoch, apart)
                if not ready and setting.init is not None:
                    setting.init(me)
                reader, begun, ready = Reader(reading, epoch), turn, True
            outcome = reader.read(number, indices)
        except Exception as error:
            outcome = Failure(error)
        give(Answer(me, turn, number, outcome))


def begin(reading: Reading, me: int, workers: int, epoch: int, apart: bool) -> None:
    """Seed what may be seeded for an epoch of a worker, and say who this is."""
    # behind the streams of batches, (epoch, number), and of the order, (epoch,)
    words = reading.stream(epoch, me, workers).generate_state(1, np.uint64)
    seed = int(words[0] >> 1)
    _info.set(WorkerInfo(me, workers, seed, reading.dataset))
    if apart:
        random.seed(seed)
        np.random.seed(seed % 2**32)  # noqa: NPY002  # for datasets that draw from it
        ag.manual_seed(seed)


# ------------------------------------------------------------------------------------------------- between processes


def process(reading: Reading, me: int, setting: Setting, connection: Connection, others: Iterable[Connection]) -> None:
    """Run a worker in this process, which ends with the one that started it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Control-C goes to all processes: the loop decides
    for other in others:  # inherited ends of connections would keep them open when the main process is gone
        other.close()
    ag.set_num_threads(1)  # the other cores have workers of their own
    tasks: SimpleQueue[Task | None] = SimpleQueue()
    answers: SimpleQueue[list[Any]] = SimpleQueue()
    stop = threading.Event()

    def listen() -> None:
        try:
            while (task := connection.recv()) is not None:
                tasks.put(task)
        except (EOFError, OSError):
            os._exit(1)  # the main process is gone
        stop.set()
        tasks.put(None)

    def speak() -> None:
        with suppress(OSError):  # nobody listens any more
            while True:
                send(connection, answers.get())

    for errand in (listen, speak):  # so that neither side ever waits for the other to read
        threading.Thread(target=errand, daemon=True).start()
    serve(reading, me, setting, True, tasks, stop, lambda answer: answers.put(portable(answer)))


def portable(answer: Answer) -> list[Any]:
    """Return *answer* packed; where it cannot be, an error that says so takes its place."""
    outcome = answer.outcome
    if isinstance(outcome, Failure):
        trace = "".join(traceback.format_exception(outcome.error))
        outcome = Failure(outcome.error, f"in worker {answer.worker}, process {os.getpid()}:\n{trace}")
        answer = answer._replace(outcome=outcome)
    try:
        message = packed(answer)
        if isinstance(outcome, Failure):
            pickle.loads(message[1])  # not every error can be made again
    except Exception as error:
        if isinstance(outcome, Failure):
            stead: Exception = RuntimeError(f"{type(outcome.error).__qualname__}: {outcome.error}")
            trace = outcome.trace
        else:
            stead, trace = error, f"in worker {answer.worker}, process {os.getpid()}, as it sent batch {answer.number}"
        try:
            return packed(answer._replace(outcome=Failure(stead, trace)))
        except Exception:
            return packed(answer._replace(outcome=Failure(RuntimeError(f"{type(error).__name__}: {error}"), trace)))
    return message


# ------------------------------------------------------------------------------------------------- in the main process


class Worker(Protocol):
    """What the pool needs of a worker."""

    def send(self, task: Task | None) -> None:
        """Give it something to do; None: nothing any more."""

    def leave(self, deadline: float) -> None:
        """Wait until it is gone; after *deadline* the batch under way is given up, if it can be."""


class ThreadWorker:
    """A worker in a thread."""

    def __init__(self, reading: Reading, me: int, setting: Setting, answers: Queue[Answer]) -> None:
        self.tasks: SimpleQueue[Task | None] = SimpleQueue()
        self.stop = threading.Event()
        arguments = (reading, me, setting, False, self.tasks, self.stop, answers.put)
        self.thread = threading.Thread(target=serve, args=arguments, name=f"DataLoader_{me}", daemon=True)
        self.thread.start()

    def send(self, task: Task | None) -> None:
        if task is None:
            self.stop.set()
        self.tasks.put(task)

    def leave(self, deadline: float) -> None:
        self.thread.join()


class ProcessWorker:
    """A worker in a process, and a thread here that takes its answers."""

    def __init__(
        self, reading: Reading, me: int, setting: Setting, answers: Queue[Answer], earlier: list[Connection]
    ) -> None:
        context = setting.context
        if isinstance(context, str):
            context = multiprocessing.get_context(context)
        self.connection, theirs = context.Pipe()
        inherited = [*earlier, self.connection] if context.get_start_method() == "fork" else []
        self.process = context.Process(
            target=process, args=(reading, me, setting, theirs, inherited), name=f"DataLoader_{me}", daemon=True
        )
        with warnings.catch_warnings():
            # Python 3.12 warns of any fork beside threads: the engine's own are dismissed first, and those of the
            # common BLAS libraries are too
            warnings.simplefilter("ignore", DeprecationWarning)
            self.process.start()
        theirs.close()
        arguments = (self.connection, self.process, me, answers)
        self.thread = threading.Thread(target=self.listen, args=arguments, name=f"DataLoader_{me}", daemon=True)
        self.thread.start()

    @staticmethod
    def listen(connection: Connection, process: Any, me: int, answers: Queue[Answer]) -> None:
        """Take what the worker sends, until it is gone."""
        try:
            while True:
                answers.put(receive(connection))
        except (EOFError, OSError):
            process.join()
            answers.put(Answer(me, None, -1, (process.pid, process.exitcode)))

    def send(self, task: Task | None) -> None:
        with suppress(OSError):  # it died: its last answer says so
            self.connection.send(task)

    def leave(self, deadline: float) -> None:
        self.thread.join(max(deadline - time.monotonic(), 0))
        if self.thread.is_alive():
            self.process.terminate()
            self.thread.join(PATIENCE)
        if self.thread.is_alive():
            self.process.kill()
            self.thread.join()
        self.connection.close()


class Pool:
    """Workers that wait for epochs."""

    def __init__(self, reading: Reading, setting: Setting) -> None:
        self.setting, self.turn = setting, -1
        self.answers: Queue[Answer] = Queue()
        self.workers: list[Worker] = []
        # Also when the pool is forgotten, and when the interpreter ends.
        self.close = weakref.finalize(self, _dismiss, self.workers, os.getpid())
        connections: list[Connection] = []
        for me in range(setting.workers):
            if setting.context == "thread":
                self.workers.append(ThreadWorker(reading, me, setting, self.answers))
            else:
                worker = ProcessWorker(reading, me, setting, self.answers, connections)
                self.workers.append(worker)
                connections.append(worker.connection)

    def run(self, epoch: int, tasks: Iterator[tuple[int, Any]]) -> Generator[Any, None, None]:
        """Give the batches of *tasks*: in their order, or as they come."""
        self.turn += 1
        waiting: deque[int] = deque()  # numbers of the batches that were asked for
        answered: dict[int, Answer] = {}

        def ask(worker: int) -> None:
            for number, indices in islice(tasks, 1):
                waiting.append(number)
                self.workers[worker].send((self.turn, epoch, number, indices))

        for _ in range(self.setting.ahead):
            for worker in range(self.setting.workers):
                ask(worker)
        while waiting:
            while not (answered if not self.setting.in_order else waiting[0] in answered):
                answer = self._answer()
                answered[answer.number] = answer
            number = waiting[0] if self.setting.in_order else next(iter(answered))
            waiting.remove(number)
            answer = answered.pop(number)
            if isinstance(answer.outcome, Failure):
                if isinstance(answer.outcome.error, End):
                    continue
                _raise(answer.outcome)
            ask(answer.worker)
            yield answer.outcome

    def _answer(self) -> Answer:
        """Return the next answer of this turn: of an earlier one, that was given up, there may be some left."""
        while True:
            try:
                answer = self.answers.get(timeout=self.setting.timeout or None)
            except Empty:
                raise RuntimeError(
                    f"DataLoader timed out after {self.setting.timeout:g} seconds: no worker has finished a batch; give "
                    "timeout more seconds, or look with num_workers=0 at what takes so long"
                ) from None
            if answer.turn is None:
                pid, code = answer.outcome
                self.close()
                raise RuntimeError(
                    f"DataLoader worker {answer.worker} (pid {pid}) exited unexpectedly with code {code}"
                    + (": it was killed, perhaps for the memory it took" if code == -signal.SIGKILL else "")
                    + "; look with num_workers=0 at what the dataset does"
                )
            if answer.turn == self.turn:
                return answer


def _raise(failure: Failure) -> None:
    if failure.trace:
        failure.error.add_note(failure.trace)
    raise failure.error


def _dismiss(workers: list[Worker], owner: int) -> None:
    """Send all home, and wait for them."""
    if os.getpid() != owner:  # a forked process, which inherited the pool: its workers are not this one's
        return
    for worker in workers:
        worker.send(None)
    deadline = time.monotonic() + PATIENCE
    for worker in workers:
        worker.leave(deadline)
