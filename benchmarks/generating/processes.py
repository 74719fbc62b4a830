"""CPU time of processes that are not ours."""

import os
from collections.abc import Iterable
from pathlib import Path

_TICKS = os.sysconf("SC_CLK_TCK")


def cpu_seconds(pids: Iterable[int]) -> float:
    """What they have used so far, in user and kernel mode, without their children."""
    return sum(map(_cpu_seconds, pids))


def _cpu_seconds(pid: int) -> float:
    # Behind the name, which may hold anything: fields 14 and 15 of proc(5).
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS
