"""One demo per folder: who runs it, and where."""

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path

from persona_site.embedded import processes


@dataclass(slots=True)
class Running:
    """`port` is 0 until the page answers; `servers` are the embedded ones it has started, with their pids."""

    pid: int
    port: int = 0
    servers: dict[str, int] = field(default_factory=dict)

    def save(self, var: Path) -> None:
        _file(var).write_text(json.dumps(asdict(self)))


class AlreadyRunning(Exception):
    """Another demo runs in this folder: `running` says where."""

    def __init__(self, running: Running) -> None:
        super().__init__(running)
        self.running = running


@contextmanager
def only_one(var: Path) -> Iterator[Running]:
    """What the last demo has left behind: its servers, where it was killed before it could stop them.

    Raises AlreadyRunning while another one holds the folder.
    """
    var.mkdir(parents=True, exist_ok=True)
    lock = processes.take(var / "demo.lock")
    left = _read(var)
    if lock is None:
        raise AlreadyRunning(left)
    try:
        yield left
    finally:
        _file(var).unlink(missing_ok=True)
        os.close(lock)


def _file(var: Path) -> Path:
    return var / "demo.json"


def _read(var: Path) -> Running:
    try:
        return Running(**json.loads(_file(var).read_text()))
    except (OSError, ValueError, TypeError):
        return Running(pid=0)
