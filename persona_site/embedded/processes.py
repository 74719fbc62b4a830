"""Locks, child processes and waiting, as the embedded servers need them."""

import fcntl
import importlib.util
import os
import re
import shutil
import subprocess
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

_POLL_SECONDS = 0.02
_FULL_DISK_BYTES = 50_000_000  # a new PostgreSQL folder takes 40 MB


def moments(seconds: float) -> Iterator[None]:
    """Yield now and then every 20 ms, until `seconds` have passed."""
    end = time.monotonic() + seconds
    yield
    while time.monotonic() < end:
        time.sleep(_POLL_SECONDS)
        yield


def take(lock: Path) -> int | None:
    """An open file that holds the lock, for the caller to close; None where another process holds it."""
    file = os.open(lock, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(file)
        return None
    return file


def run(command: Sequence[str], *, lock: int, log: Path, seconds: float) -> int:
    """The exit code of `command`, or -1 after `seconds`; its output is added to `log`.

    It has a session of its own, and holds `lock` for as long as it or a child of it lives.
    """
    with log.open("ab") as output:
        try:
            return subprocess.run(  # noqa: S603
                command,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                pass_fds=[lock],
                start_new_session=True,
                timeout=seconds,
                check=False,
            ).returncode
        except subprocess.TimeoutExpired:
            return -1


def works_in(pid: int | None, folder: Path) -> bool:
    """Whether the process lives and works in `folder`, as a server does in its data folder."""
    try:
        return pid is not None and Path(f"/proc/{pid}/cwd").readlink() == folder
    except OSError:
        return False


def packaged(package: str, pattern: str) -> Path | None:
    """The file or folder `pattern` in a package, found without importing it; None where it is missing."""
    spec = importlib.util.find_spec(package)
    places = spec.submodule_search_locations if spec else None
    return next((found for place in places or () for found in Path(place).glob(pattern)), None)


def length(log: Path) -> int:
    """Its size in bytes, 0 where it does not exist."""
    return log.stat().st_size if log.exists() else 0


def why(log: Path, start: int) -> str:
    """One line: the last errors written to `log` after `start` bytes, and whether the disk is full."""
    with log.open("rb") as text:
        text.seek(start)
        lines = [line.strip() for line in text.read().decode(errors="replace").splitlines() if line.strip()]
    errors = [line for line in lines if re.search("fatal|panic|error|could not", line, re.IGNORECASE)]
    said = " | ".join((errors or lines)[-2:]) or "it said nothing"
    free = shutil.disk_usage(log.parent).free
    full = f"Only {free / 1e6:.0f} MB are free on its disk. " if free < _FULL_DISK_BYTES else ""
    return f"{said}. {full}Its log is {log}"


def size(folder: Path) -> int:
    """Bytes on disk of all files below `folder`; one that vanishes meanwhile or is closed to us counts 0."""
    total = 0
    for place, _, names in os.walk(folder):
        for name in names:
            try:
                total += Path(place, name).lstat().st_blocks * 512
            except OSError:
                continue
    return total
