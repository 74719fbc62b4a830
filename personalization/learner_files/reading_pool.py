"""Personal texts are read by two processes where there are many: one core reads, another stores.

What comes back is in the order of the tasks, and the same as from one process. The readers are plain child
processes on pipes, without a database connection: they end when their standard input does, so that none is
left behind however the import ends.
"""

import fcntl
import os
import subprocess
import sys
from collections import deque
from collections.abc import Generator, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from itertools import cycle, islice
from multiprocessing.connection import Connection
from pathlib import Path

from courses.course_folder.folders import Folder
from personalization.learner_files.batches import Batch, BatchReader, Task
from personalization.learner_files.digests import KnownFiles
from personalization.learner_files.lesson_files import TextPlan

PROCESSES = 2
FEWEST_LEARNERS = 500  # folders; a store with fewer is read before a second process has started
_AHEAD = 2  # tasks that a process has been given: one that it reads, and the next
_PIPE = 1024 * 1024  # bytes: a whole task's rows, so that a process goes on while another one's are taken
_ROOT = Path(__file__).resolve().parents[2]


class ReaderGone(Exception):
    """A process that reads for the import ended before its work. Nothing was written."""


def processes_for(learners: int) -> int:
    """How many processes besides this one should read: none where it would not pay."""
    return PROCESSES if learners >= FEWEST_LEARNERS and (os.process_cpu_count() or 1) > 1 else 0


def read_batches(
    tasks: Iterable[Task], plans: Sequence[TextPlan], store: Folder, held: KnownFiles, processes: int
) -> Generator[tuple[Task, Batch]]:
    """Each task with its batches, in order. Raises ReaderGone."""
    if not processes:
        reader = BatchReader(plans, store, held)
        for task in tasks:
            for batch in reader.read(task):
                yield task, batch
        return
    with _started(processes, store) as readers:
        for reader_process in readers:
            reader_process.send((plans, store.share(), held))
        yield from _in_turn(iter(tasks), readers)


class _Reader:
    """A child process and the two pipes to it."""

    def __init__(self, store: Folder) -> None:
        tasks, tasks_end = os.pipe()
        batches_end, batches = os.pipe()
        with suppress(AttributeError, OSError):  # Linux only, and a matter of speed
            fcntl.fcntl(batches, fcntl.F_SETPIPE_SZ, _PIPE)
        self._tasks = Connection(tasks_end, readable=False)
        self._batches = Connection(batches_end, writable=False)
        try:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "personalization.learner_files.reading_process"],
                cwd=_ROOT,
                stdin=tasks,
                stdout=batches,
                pass_fds=[store.share()],
                start_new_session=True,  # Ctrl-C is for the parent, who then ends it
            )
        finally:
            os.close(tasks)
            os.close(batches)

    def send(self, message: object) -> None:
        try:
            self._tasks.send(message)
        except OSError as error:
            raise self._gone() from error.with_traceback(None)

    def batches(self) -> Iterator[Batch]:
        """What comes of the oldest task that was sent and not asked for."""
        done = False
        while not done:
            try:
                batch: Batch = self._batches.recv()
            except (EOFError, OSError) as error:
                raise self._gone() from error.with_traceback(None)
            done = batch.done
            yield batch

    def end(self) -> None:
        self._tasks.close()
        self._batches.close()
        self._process.kill()  # it has nothing to finish
        self._process.wait()

    def _gone(self) -> ReaderGone:
        """To be raised from an error without its traceback: that holds the buffer that was not sent, and what
        holds both is taken apart in an order of which Python complains."""
        code = self._process.wait()
        return ReaderGone(f"signal {-code}" if code < 0 else f"exit code {code}")


@contextmanager
def _started(processes: int, store: Folder) -> Iterator[list[_Reader]]:
    readers: list[_Reader] = []
    try:
        for _ in range(processes):
            readers.append(_Reader(store))
        yield readers
    finally:
        for reader in readers:
            reader.end()


def _in_turn(tasks: Iterator[Task], readers: Sequence[_Reader]) -> Generator[tuple[Task, Batch]]:
    """Hands out the tasks in turn, a few ahead, and takes what comes of them in the same turn."""
    given: deque[tuple[Task, _Reader]] = deque()
    turn = cycle(readers)
    wanted = _AHEAD * len(readers)
    while True:
        for task in islice(tasks, wanted - len(given)):
            reader = next(turn)
            reader.send(task)
            given.append((task, reader))
        if not given:
            return
        task, reader = given.popleft()
        for batch in reader.batches():
            yield task, batch
