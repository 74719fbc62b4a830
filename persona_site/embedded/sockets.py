"""Where an embedded server listens, and who answers there."""

import hashlib
import os
import socket
import stat
import struct
import sys
from pathlib import Path

from persona_site.embedded.errors import EmbeddedServerError

# Not tempfile.gettempdir() nor XDG_RUNTIME_DIR: two shells with different environments must compute the same
# address, and XDG_RUNTIME_DIR is removed at logout while the server runs on.
_BASE = Path("/tmp")  # noqa: S108


def runtime_folder(folder: Path) -> Path:
    """Where the server of `folder` has its socket: 25 bytes, as a whole socket path may have only 103.

    A function of the path alone; nothing is read or made.
    """
    return _BASE / f"persona-{hashlib.sha256(bytes(folder)).hexdigest()[:12]}"


def check_private(runtime: Path, owner: int) -> None:
    """Raise EmbeddedServerError where `runtime` exists and others could have put a socket of theirs into it.

    The user `owner` is trusted besides ourselves: root may look after a user's servers.
    """
    try:
        found = runtime.lstat()
    except FileNotFoundError:
        return
    private = stat.S_ISDIR(found.st_mode) and not found.st_mode & 0o077
    if not private or found.st_uid not in (os.geteuid(), owner):
        raise EmbeddedServerError(
            f"{runtime} belongs to another user (uid {found.st_uid}) or is open to others, so no server"
            " there is used. Let that user stop it and remove the folder, or set PERSONA_VAR to another one."
        )


def listener_pid(path: Path) -> int | None:
    """The process that listens at the socket `path`, vouched for by the kernel; None where nobody does."""
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(5)
        try:
            connection.connect(str(path))
        except OSError:
            return None
        if sys.platform == "darwin":
            return int.from_bytes(connection.getsockopt(0, 2, 4), sys.byteorder)  # SOL_LOCAL, LOCAL_PEERPID
        credentials = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i"))
        return int(struct.unpack("3i", credentials)[0])
