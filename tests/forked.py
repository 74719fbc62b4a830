"""Programs that tests start by fork, from a process that has the libraries already: see fork_server.py."""

import atexit
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
from functools import cache
from multiprocessing import Pipe
from pathlib import Path
from types import TracebackType
from typing import IO, Self

ROOT = Path(__file__).resolve().parent.parent


@cache
def _server() -> socket.socket:
    """Started once by each process of tests, and ended with it."""
    ours, its = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with its:
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.fork_server", str(its.fileno())],
            cwd=ROOT,
            # A second thread in the library would be lost in each fork.
            env=os.environ | {"OPENBLAS_NUM_THREADS": "1"},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            pass_fds=[its.fileno()],
        )
    atexit.register(process.wait)
    atexit.register(ours.close)  # first: it is how the server hears that it is over
    return ours


class Forked:
    """`manage.py …` or `-m module …` as a process, with what tests use of subprocess.Popen.

    What it writes to `log` or else to its own files can be read while it runs.
    """

    def __init__(
        self,
        *arguments: str,
        env: dict[str, str],
        cwd: Path = ROOT,
        log: IO[bytes] | None = None,
        own_session: bool = False,
    ) -> None:
        assert comes_in_time(env), "start it by exec"
        self.arguments = arguments
        self.returncode: int | None = None
        # Files, not pipes: a pipe that nobody reads stops the process when it is full.
        self._out = log or tempfile.TemporaryFile()  # noqa: SIM115 closed at the end
        self._err = log or tempfile.TemporaryFile()  # noqa: SIM115 closed at the end
        self._own = [] if log else [self._out, self._err]
        self._reports, report = Pipe(duplex=False)
        asked = {"arguments": arguments, "cwd": str(cwd), "env": env, "own_session": own_session}
        with report, Path(os.devnull).open("rb") as nothing:
            files = [nothing.fileno(), self._out.fileno(), self._err.fileno(), report.fileno()]
            socket.send_fds(_server(), [json.dumps(asked).encode()], files)
        self.pid: int = self._reports.recv()

    def poll(self) -> int | None:
        if self.returncode is None and self._reports.poll():
            self.returncode = self._reports.recv()
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        if self.returncode is None and not self._reports.poll(timeout):
            raise subprocess.TimeoutExpired(self.arguments, timeout or 0)
        code = self.poll()
        assert code is not None
        return code

    def send_signal(self, number: int) -> None:
        if self.poll() is None:
            os.kill(self.pid, number)

    def terminate(self) -> None:
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)

    def communicate(self, timeout: float | None = None) -> tuple[str, str]:
        """What it wrote to stdout and stderr, at its end."""
        self.wait(timeout)
        return _text(self._out), _text(self._err)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None
    ) -> None:
        """No process outlives its test."""
        self.kill()
        self.wait()
        for file in self._own:
            file.close()


def _text(file: IO[bytes]) -> str:
    return os.pread(file.fileno(), 10_000_000, 0).decode()


def comes_in_time(env: dict[str, str]) -> bool:
    """Whether a fork can have this environment: the interpreter has read its own variables already."""
    names = {name for name in {**os.environ, **env} if name.startswith("PYTHON")}
    return all(env.get(name) == os.environ.get(name) for name in names)
