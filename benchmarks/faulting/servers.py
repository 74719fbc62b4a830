"""Servers of the kit's own that crash and lose their data: never those that others use."""

import os
import shutil
import signal
from collections.abc import Callable

from persona_site.embedded.postgres import Postgres
from persona_site.embedded.server import Server
from persona_site.embedded.sockets import listener_pid
from persona_site.embedded.valkey import Valkey
from tests.processes import until


def crash(server: Server, number: signal.Signals) -> None:
    """The server's main process gets this signal; returns when nobody serves any more."""
    pid = listener_pid(server.socket)
    if pid is None:
        raise AssertionError(f"{server.name} did not run: nothing to crash")
    os.kill(pid, number)
    until(lambda: listener_pid(server.socket) is None, f"{server.name} is gone")


def crash_database(server: Postgres, meanwhile: Callable[[], None] = lambda: None) -> None:
    """As `pg_ctl -m immediate restart`: no session ends properly, and the log is replayed at the start."""
    crash(server, signal.SIGQUIT)
    meanwhile()
    server.ensure()


def lose_broker(server: Valkey, meanwhile: Callable[[], None] = lambda: None) -> None:
    """Killed, and empty when it comes back."""
    crash(server, signal.SIGKILL)
    shutil.rmtree(server.data, ignore_errors=True)
    meanwhile()
    server.ensure()
