"""The processes of a demo: none outlives it, however it ends."""

import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from persona_site.demo import tether

# A worker lands what is in flight within 5 s; what takes longer is queued again at the next start.
GRACE_SECONDS = 15.0


class Process:
    """A command in a process group of its own, with its output in the file `log`."""

    def __init__(self, name: str, command: Sequence[str], log: Path, grace: float = GRACE_SECONDS) -> None:
        self.name = name
        self.log = log
        log.parent.mkdir(parents=True, exist_ok=True)
        with log.open("wb") as output:
            self._tether = subprocess.Popen(  # noqa: S603
                [sys.executable, "-I", "-S", tether.__file__, str(grace), *command],
                stdin=subprocess.PIPE,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )

    @property
    def exit_code(self) -> int | None:
        """None while it runs; 128 + N where signal N ended it."""
        return self._tether.poll()

    def last_lines(self, count: int = 10) -> list[str]:
        """The end of its log, without blank lines."""
        lines = self.log.read_text(errors="replace").splitlines()
        return [line for line in lines if line.strip()][-count:]

    def release(self) -> None:
        """Ask it to end."""
        if self._tether.stdin:
            self._tether.stdin.close()

    def stop(self) -> None:
        """End it, within the grace or by force, and kill what it leaves behind in its group."""
        self.release()
        self._tether.wait()
        with suppress(ProcessLookupError):
            os.killpg(self._tether.pid, signal.SIGKILL)


def stop_all(processes: Sequence[Process]) -> None:
    """All at once: together they take as long as the slowest."""
    for process in processes:
        process.release()
    for process in processes:
        process.stop()
