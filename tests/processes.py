"""Real processes for tests: started, watched and killed by pid."""

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from tests.forked import ROOT, Forked, comes_in_time

PATIENCE_SECONDS = 60.0

type Environment = dict[str, str]


def until[T](
    condition: Callable[[], T], what: str, patience: float = PATIENCE_SECONDS, every: float = 0.02
) -> T:
    """The condition's first true answer, asked for every so many seconds; fails with `what` when there is
    none in time."""
    end = time.monotonic() + patience
    while time.monotonic() < end:
        if answer := condition():
            return answer
        time.sleep(every)
    raise AssertionError(f"not within {patience:.0f} s: {what}")


def manage(*arguments: str, env: Environment, timeout: float = 60) -> subprocess.CompletedProcess[str]:
    """The command run to its end."""
    with Forked("manage.py", *arguments, env=env) as process:
        out, err = process.communicate(timeout)
        return subprocess.CompletedProcess(arguments, process.wait(), out, err)


class WorkerProcess:
    """A Celery worker with one pool child, in a process group of its own; `root`: its working directory.

    `forked`: where it can be, to start sooner. What is measured starts as a user's does: a fork has more in
    memory, which its garbage collector looks through, and no command line of its own.
    """

    def __init__(
        self, env: Environment, root: Path = ROOT, app: str = "persona_site", *, forked: bool = False
    ) -> None:
        # A file, not a pipe: a pipe that nobody reads stops the worker when it is full.
        self._log = tempfile.TemporaryFile()  # noqa: SIM115 closed by stop
        options = ["-c", "1", "--loglevel", "INFO", "--without-mingle", "--without-gossip"]
        command = ["-m", "celery", "-A", app, "worker", *options]
        self.process: Forked | subprocess.Popen[bytes]
        if forked and comes_in_time(env):
            self.process = Forked(*command, env=env, cwd=root, log=self._log, own_session=True)
        else:
            started = [sys.executable, *command]
            streams: dict[str, Any] = {"stdin": subprocess.DEVNULL, "stdout": self._log, "stderr": self._log}
            self.process = subprocess.Popen(started, env=env, cwd=root, start_new_session=True, **streams)

    def log(self) -> str:
        return os.pread(self._log.fileno(), 10_000_000, 0).decode()

    def is_ready(self) -> bool:
        return " ready." in self.log()

    def children(self) -> list[int]:
        path = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children")
        with suppress(FileNotFoundError):
            return [int(pid) for pid in path.read_text().split()]
        return []

    def kill_children(self) -> list[int]:
        """kill -9 of the pool, not of the worker: the pids that are gone."""
        pids = self.children()
        for pid in pids:
            os.kill(pid, signal.SIGKILL)
        return pids

    def kill(self) -> None:
        """kill -9 of parent and pool children at once, as a machine's end would."""
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait(10)

    def freeze(self) -> None:
        os.killpg(self.process.pid, signal.SIGSTOP)

    def thaw(self) -> None:
        os.killpg(self.process.pid, signal.SIGCONT)

    def stop(self) -> str:
        """A polite stop, then the log."""
        if self._log.closed:
            return ""
        if self.process.poll() is None:
            self.process.terminate()
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.kill()
        with self._log:
            return self.log()
