"""What the embedded servers share: started once, found again, stopped.

A server inherits the lock of its folder and holds it until its last process is gone, however it ended. So
whoever gets the lock knows that nobody serves this folder and may start; no pid in a file is believed.
"""

import os
import shutil
import signal
import sys
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from persona_site.embedded import launch, processes
from persona_site.embedded.errors import EmbeddedServerError
from persona_site.embedded.sockets import check_private, listener_pid, runtime_folder


@dataclass(frozen=True, slots=True)
class Status:
    """What is known: pid is None where it does not run, version where it does not answer; size in bytes."""

    pid: int | None
    version: str | None
    address: str
    folder: Path
    size: int


class Server(ABC):
    """One embedded server with its data under `var`. Making the object touches nothing."""

    name: ClassVar[str]
    setting: ClassVar[str]  # the environment variable that names another server instead
    slug: ClassVar[str]
    socket_name: ClassVar[str]
    pid_name: ClassVar[str]  # the file in the data folder where the server writes its pid
    stop_signal: ClassVar[signal.Signals] = signal.SIGTERM
    start_seconds = 60.0
    stop_seconds = 30.0

    def __init__(self, var: Path) -> None:
        self.var = var.resolve()
        self.folder = self.var / self.slug
        self.data = self.folder / "data"
        self.lock = self.folder / "lock"
        self.log = self.var / f"{self.slug}.log"
        self.runtime = runtime_folder(self.folder)
        self.socket = self.runtime / self.socket_name

    @property
    @abstractmethod
    def address(self) -> str:
        """Where clients connect, whether or not the server runs."""

    @abstractmethod
    def ready(self) -> bool:
        """Whether what listens at the socket would serve a client now."""

    @abstractmethod
    def version(self) -> str:
        """The version of the running server."""

    @abstractmethod
    def launch(self, lock: int) -> None:
        """Start the server detached, after making its data folder where it is missing."""

    def ensure(self) -> None:
        """Return once the server answers: at once where it does, else after starting it.

        Raises EmbeddedServerError where it cannot start or does not answer within `start_seconds`.
        """
        with self.explained():
            self.check_address()
            if not self._answers():
                self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
                self._start()

    def stop(self) -> bool:
        """Stop the server and wait for its end; False where it did not run.

        Raises EmbeddedServerError where it is still there after `stop_seconds`.
        """
        with self.explained():
            self.check_address()
            pid = self._pid()
            if pid is not None:
                _signal(pid, self.stop_signal)
                self._await_end(pid)
            return pid is not None

    def status(self) -> Status:
        """What is known of the server; starts nothing. Raises EmbeddedServerError if it is another user's."""
        with self.explained():
            self.check_address()
            version = self.version() if self._answers() else None
            return Status(self._pid(), version, self.address, self.folder, processes.size(self.folder))

    def check_address(self) -> None:
        """Raise EmbeddedServerError where the address lies in another user's hands."""
        owner = self.var.stat().st_uid if self.var.exists() else os.geteuid()
        check_private(self.runtime, owner)

    def run(self, mode: str, *command: str | Path, lock: int, identity: Path | None = None) -> None:
        """Run `command` as `launch` describes. Raises EmbeddedServerError with its last words if it fails."""
        written = processes.length(self.log)
        prefix = [sys.executable, "-I", "-S", launch.__file__, mode, str(identity or "-")]
        if processes.run([*prefix, *map(str, command)], lock=lock, log=self.log, seconds=self.start_seconds):
            raise self._failure("cannot start", written)

    def packaged(self, package: str, pattern: str) -> Path:
        """A program of an installed package. Raises EmbeddedServerError where the package is missing."""
        found = processes.packaged(package, pattern)
        if found is None:
            raise EmbeddedServerError(
                f"The embedded {self.name} is not installed: the package {package} of the dependency group"
                f" 'embedded' is missing. Run `uv sync`, or set {self.setting} to a server of your own."
            )
        return found

    @contextmanager
    def explained(self) -> Iterator[None]:
        """Turn an OSError into an EmbeddedServerError that names the file and the way out."""
        try:
            yield
        except OSError as error:
            place = error.filename or self.folder
            raise EmbeddedServerError(
                f"The embedded {self.name} cannot be used: {place}: {error.strerror or error}."
                f" Make room or grant access there, set PERSONA_VAR to another folder, or {self.setting} to a"
                " server of your own."
            ) from error

    def _answers(self) -> bool:
        """Whether it is ready; False for a server whose data folder was deleted or replaced under it."""
        listener = listener_pid(self.socket)
        return listener is not None and listener == self._written_pid() and self.ready()

    def _start(self) -> None:
        written = processes.length(self.log)
        launched = False
        for _ in processes.moments(self.start_seconds):
            if self._answers():
                return
            lock = processes.take(self.lock)
            if lock is not None:
                try:
                    if launched:
                        raise self._failure("ended while starting", written)
                    self._prepare()
                    self.launch(lock)
                    launched = True
                except EmbeddedServerError:
                    self._remove_address()
                    raise
                finally:
                    os.close(lock)
        pid = self._pid()
        state = f"runs (pid {pid}, `manage.py embedded stop` ends it) but " if pid else ""
        raise self._failure(
            f"{state}did not answer at {self.socket} within {self.start_seconds:g} s", written
        )

    def _prepare(self) -> None:
        """Under the lock: drop a stale pid file, and end a server whose folder was deleted under it."""
        for _ in processes.moments(self.stop_seconds):
            orphan = listener_pid(self.socket)
            if orphan is None:
                break
            _signal(orphan, signal.SIGKILL)
        self._remove_address()
        self.runtime.mkdir(mode=0o700)
        if not processes.works_in(self._written_pid(), self.data):
            (self.data / self.pid_name).unlink(missing_ok=True)

    def _await_end(self, pid: int) -> None:
        for _ in processes.moments(self.stop_seconds):
            if listener_pid(self.socket) is None and self._released():
                return
        raise EmbeddedServerError(
            f"The embedded {self.name} (pid {pid}) has not stopped within {self.stop_seconds:g} s."
            f" Its log is {self.log}."
        )

    def _released(self) -> bool:
        """Whether the server's last process is gone; its address then goes too, under the lock."""
        lock = processes.take(self.lock) if self.lock.exists() else None
        if lock is None and self.lock.exists():
            return False
        self._remove_address()
        if lock is not None:
            os.close(lock)
        return True

    def _remove_address(self) -> None:
        shutil.rmtree(self.runtime, ignore_errors=True)

    def _pid(self) -> int | None:
        """The running server's process, also where it has lost its socket."""
        written = self._written_pid()
        return listener_pid(self.socket) or (written if processes.works_in(written, self.data) else None)

    def _written_pid(self) -> int | None:
        try:
            return int((self.data / self.pid_name).read_text().split()[0])
        except (OSError, ValueError, IndexError):
            return None

    def _failure(self, what: str, written: int) -> EmbeddedServerError:
        return EmbeddedServerError(
            f"The embedded {self.name} {what}: {processes.why(self.log, written)}."
            f" {self.setting} can name a server of your own instead."
        )


def _signal(pid: int, number: signal.Signals) -> None:
    with suppress(ProcessLookupError):
        os.kill(pid, number)
