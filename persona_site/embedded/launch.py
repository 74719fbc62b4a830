"""A small program between us and a server: it leaves root and the terminal, then becomes the server.

    python launch.py run|detach FOLDER|- COMMAND...

`run` becomes COMMAND; `detach` leaves COMMAND behind as a child of init and ends at once. Where root starts
it and FOLDER is given, COMMAND gets the identity of FOLDER's owner. It is its own program because a process
with threads must neither fork nor change its identity.
"""

import ctypes
import os
import pwd
import struct
import sys
from pathlib import Path

_SET_SECUREBITS, _NO_SETUID_FIXUP = 28, 4  # <linux/prctl.h>, <linux/securebits.h>
_CAP_AMBIENT, _CAP_AMBIENT_RAISE = 47, 2
_CAPABILITY_VERSION_3 = 0x20080522  # <linux/capability.h>
_DAC_OVERRIDE = 1


def unprivileged_user() -> pwd.struct_passwd:
    """An account that is not root: `nobody`, or any other where there is none. Raises LookupError."""
    others = [user for user in pwd.getpwall() if user.pw_uid]
    if not others:
        raise LookupError("this system has no account besides root")
    return min(others, key=lambda user: user.pw_name != "nobody")


def leave_root(folder: str) -> None:
    """Make the effective user one that is not root and may use `folder`. Raises OSError, LookupError."""
    owner = Path(folder).stat()
    if owner.st_uid:
        _become(owner.st_uid, owner.st_gid)
    else:
        _rename_root(unprivileged_user())


def _become(uid: int, gid: int) -> None:
    """Take another identity but keep the one right to pass closed folders, such as a home of mode 0700."""
    libc = ctypes.CDLL(None, use_errno=True)
    # Without this bit access(2), with which initdb looks for postgres, ignores capabilities.
    libc.prctl(_SET_SECUREBITS, _NO_SETUID_FIXUP, 0, 0, 0)
    os.setgroups([])
    os.setgid(gid)
    os.setuid(uid)
    header = struct.pack("Ii", _CAPABILITY_VERSION_3, 0)
    kept = 1 << _DAC_OVERRIDE  # effective, permitted, inheritable; then the same for capabilities 32 and up
    if libc.capset(header, struct.pack("6I", kept, kept, kept, 0, 0, 0)) or libc.prctl(
        _CAP_AMBIENT, _CAP_AMBIENT_RAISE, _DAC_OVERRIDE, 0, 0
    ):
        raise OSError(ctypes.get_errno(), "root may not keep a capability here")


def _rename_root(user: pwd.struct_passwd) -> None:
    """Enter a user namespace where root bears another number: for containers that know no other user."""
    os.unshare(os.CLONE_NEWUSER)
    Path("/proc/self/setgroups").write_text("deny")
    Path("/proc/self/uid_map").write_text(f"{user.pw_uid} 0 1")
    Path("/proc/self/gid_map").write_text(f"{user.pw_gid} 0 1")


def main(mode: str, folder: str, *command: str) -> None:
    """Never returns: becomes `command` or exits. Errors are one line on stderr and exit code 1."""
    try:
        if os.geteuid() == 0 and folder != "-":
            leave_root(folder)
    except (OSError, LookupError) as error:
        sys.exit(f"It refuses root, and here root cannot become another user ({error}): run as a normal user")
    try:
        os.chdir("/")
        if mode == "detach" and os.fork():
            os._exit(0)
        # A clean environment: no secret of ours, and no PGDATA, PGPORT or locale of the user's.
        os.execve(command[0], command, {"PATH": os.defpath, "LC_ALL": "C"})  # noqa: S606
    except OSError as error:
        sys.exit(f"{command[0]}: {error.strerror}")


if __name__ == "__main__":
    main(*sys.argv[1:])
