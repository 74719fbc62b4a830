"""A small program that mounts a small disk and becomes another program, which sees it; nobody else does.

    python mount_small.py FOLDER SIZE OWNER COMMAND...

OWNER is a file or folder whose owner gets the folder `data` on the disk. Whoever is not root takes a user
namespace, which gives the right to mount. It is its own program because a process with threads must not
change its namespaces.
"""

import ctypes
import os
import sys
from pathlib import Path

_MS_REC, _MS_PRIVATE = 0x4000, 0x40000  # <sys/mount.h>


def _enter() -> None:
    """A mount namespace of our own, of which nothing gets out."""
    user, group = os.geteuid(), os.getegid()
    os.unshare(os.CLONE_NEWNS if user == 0 else os.CLONE_NEWNS | os.CLONE_NEWUSER)
    if user:
        Path("/proc/self/setgroups").write_text("deny")
        Path("/proc/self/uid_map").write_text(f"{user} {user} 1")
        Path("/proc/self/gid_map").write_text(f"{group} {group} 1")


def _mount(source: str, folder: str, kind: str, flags: int, options: str) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.mount(source.encode(), folder.encode(), kind.encode(), flags, options.encode()):
        error = ctypes.get_errno()
        raise OSError(error, os.strerror(error))


def main(folder: str, size: str, owner: str, *command: str) -> None:
    """Never returns: becomes `command`, or exits with one line on stderr."""
    try:
        _enter()
        _mount("none", "/", "", _MS_REC | _MS_PRIVATE, "")
        _mount("small", folder, "tmpfs", 0, f"size={size},mode=755")
        data = Path(folder, "data")
        data.mkdir(mode=0o700)
        kept = Path(owner).stat()
        os.chown(data, kept.st_uid, kept.st_gid)
        os.execve(command[0], command, dict(os.environ))  # noqa: S606
    except OSError as error:
        sys.exit(f"fatal: no small disk can be mounted here: {error.strerror}")


if __name__ == "__main__":
    main(*sys.argv[1:])
