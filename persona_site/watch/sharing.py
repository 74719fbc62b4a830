"""Where the processes of one web server keep their counters, so that each of them can answer for all.

Prometheus' client keeps them in files that every process maps into its memory. The files lie where Linux
keeps shared memory: on a disk that is full, the first write into such a file would kill the process.
Nothing here imports the client: it looks for the folder once, when it is imported.
"""

import hashlib
import logging
import os
import shutil
import sys
from contextlib import suppress
from pathlib import Path

log = logging.getLogger(__name__)
FOLDER = "PROMETHEUS_MULTIPROC_DIR"  # the client's own variable
_MEMORY = Path("/dev/shm")  # noqa: S108 see above
_ELSEWHERE = Path("/tmp")  # noqa: S108 a system without it


def share_counters(var: Path) -> None:
    """Makes the folder of this web server and names it to the client.

    The server's main process is known as our parent: its other children share the folder with us, and the
    next server begins anew. Where no folder can be made, each process counts for itself.
    """
    if FOLDER in os.environ or "prometheus_client" in sys.modules:
        return
    base = _MEMORY if os.access(_MEMORY, os.W_OK) else _ELSEWHERE
    prefix = f"persona-metrics-{hashlib.sha256(bytes(var)).hexdigest()[:12]}"
    _remove_left_over(base, prefix)
    folder = base / f"{prefix}-{_identity(os.getppid())}"
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
        if folder.is_symlink() or folder.stat().st_uid != os.geteuid():
            raise PermissionError(f"{folder} belongs to somebody else")
    except OSError as error:
        log.warning("requests are counted by each process for itself: %s", error)
        return
    os.environ[FOLDER] = str(folder)


def _identity(pid: int) -> str:
    """`pid-start`: a pid alone comes back."""
    try:
        # The 22nd field, counted from behind the name, which may hold spaces.
        start = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[19]
    except (OSError, IndexError):
        start = "0"
    return f"{pid}-{start}"


def _remove_left_over(base: Path, prefix: str) -> None:
    """Folders of web servers that have ended."""
    for folder in base.glob(f"{prefix}-*"):
        identity = folder.name.removeprefix(f"{prefix}-")
        pid = identity.partition("-")[0]
        if pid.isdigit() and _identity(int(pid)) != identity:
            with suppress(OSError):
                shutil.rmtree(folder)
