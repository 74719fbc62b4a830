"""Python imports this by itself at its start where PYTHONPATH names this folder: a clock that a test moves.

FAULT_CLOCK names a file of two doubles, seconds that are added to the wall clock and to the monotonic one.
The file is mapped: a jump is there at once, in the worker and in all its children.
"""

import datetime
import mmap
import os
import struct
import time
from pathlib import Path

_OFFSETS = struct.Struct("dd")
_wall, _monotonic = time.time, time.monotonic


def _install(path: Path) -> None:
    with path.open("r+b") as file:
        offsets = mmap.mmap(file.fileno(), _OFFSETS.size)

    def wall() -> float:
        return _wall() + float(_OFFSETS.unpack_from(offsets)[0])

    def monotonic() -> float:
        return _monotonic() + float(_OFFSETS.unpack_from(offsets)[1])

    class Datetime(datetime.datetime):
        @classmethod
        def now(cls, tz: datetime.tzinfo | None = None) -> "Datetime":
            return cls.fromtimestamp(wall(), tz)

        @classmethod
        def utcnow(cls) -> "Datetime":
            return cls.now(datetime.UTC).replace(tzinfo=None)

    time.time, time.time_ns = wall, lambda: int(wall() * 1e9)
    time.monotonic, time.monotonic_ns = monotonic, lambda: int(monotonic() * 1e9)
    datetime.datetime = Datetime  # type: ignore[misc]


if "FAULT_CLOCK" in os.environ:
    _install(Path(os.environ["FAULT_CLOCK"]))
