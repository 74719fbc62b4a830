"""A small program that keeps a process alive no longer than the one that asked for it.

    python tether.py SECONDS COMMAND...

COMMAND is asked to end when the standard input ends, which happens with its writer's last breath, kill -9
included. After SECONDS, all that is left of the process group is killed. Exits with COMMAND's code, 128 + N
where signal N ended it.
"""

import os
import signal
import subprocess
import sys
import threading
import time


def main(seconds: str, *command: str) -> None:
    """Never returns."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        # A handler, as COMMAND would inherit SIG_IGN and could then not be asked to end.
        signal.signal(number, lambda *_: None)
    child = subprocess.Popen(command, stdin=subprocess.DEVNULL)  # noqa: S603
    threading.Thread(target=_end_with, args=[child], daemon=True).start()
    sys.stdin.buffer.read()
    child.terminate()
    time.sleep(float(seconds))
    os.killpg(0, signal.SIGKILL)


def _end_with(child: subprocess.Popen[bytes]) -> None:
    code = child.wait()
    os._exit(code if code >= 0 else 128 - code)


if __name__ == "__main__":
    main(*sys.argv[1:])
