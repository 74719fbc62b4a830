"""A clock for a worker's processes that jumps when a test says so."""

import struct
from pathlib import Path

from tests.processes import Environment

FOLDER = Path(__file__).parent / "clock"


class Clock:
    """`path`: a new file, of which nobody else knows."""

    def __init__(self, path: Path) -> None:
        self._path = path
        path.write_bytes(bytes(16))

    @property
    def environment(self) -> Environment:
        """Variables of a worker that lives by this clock."""
        return {"PYTHONPATH": str(FOLDER), "FAULT_CLOCK": str(self._path)}

    def jump(self, wall: float = 0.0, monotonic: float = 0.0) -> None:
        """So many seconds from the true time. (A monotonic clock never goes back; after a sleep it leaps.)"""
        # Written in place: the worker has this very file mapped.
        with self._path.open("r+b") as file:
            file.write(struct.pack("dd", wall, monotonic))
