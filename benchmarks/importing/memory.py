"""How much memory a process and its children have, each shared page counted once."""

import threading
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self


def proportional_set(pid: int) -> int:
    """Bytes of the process and of all that it started (PSS)."""
    return sum(_own(process) for process in _family(pid))


class Peak:
    """The most that a process and its children had while the context lasted, looked at often."""

    def __init__(self, pid: int, every: float = 0.1) -> None:
        self._pid = pid
        self._every = every
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch)
        self.bytes = 0

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: object, trace: TracebackType | None) -> None:
        self._over.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._over.wait(self._every):
            self.bytes = max(self.bytes, proportional_set(self._pid))


def _family(pid: int) -> list[int]:
    parents = {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            parents[int(path.parent.name)] = int(path.read_text().rsplit(")", 1)[1].split()[1])
    family = [pid]
    for member in family:  # grows while it is gone through
        family += [child for child, parent in parents.items() if parent == member]
    return family


def _own(pid: int) -> int:
    with suppress(OSError):
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) * 1024
    return 0
