"""Starts all that a demo needs, watches it, and stops what it has started."""

import io
import os
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from typing import NoReturn

from django.conf import settings
from django.core.management import CommandError, call_command
from django.db import transaction
from django.urls import reverse

from courses.models import Course
from persona_site.demo import web
from persona_site.demo.account import Account, demo_account
from persona_site.demo.processes import Process, stop_all
from persona_site.demo.running import Running, only_one
from persona_site.embedded.report import servers

_START_SECONDS = 120.0


class DemoError(Exception):
    """The demo cannot start or go on; the text says why, and may have several lines."""


@dataclass(frozen=True, slots=True)
class Ready:
    """The page answers at `port`."""

    port: int
    account: Account


def run(port: int, on_ready: Callable[[Ready], None]) -> NoReturn:
    """Start everything, call `on_ready`, and watch until an exception ends it, such as KeyboardInterrupt.

    Everything that it has started is stopped then. Raises DemoError, NoPortError, EmbeddedServerError,
    Django's database errors, and AlreadyRunning before anything is started.
    """
    with ExitStack() as stack:
        left = stack.enter_context(only_one(settings.VAR))
        running = Running(os.getpid())
        start_servers(stack, running, left)
        call_command("migrate", verbosity=0, interactive=False, skip_checks=False)
        port = web.first_free(port)
        processes = _start_processes(port)
        stack.callback(stop_all, processes)
        import_samples()
        account = demo_account(settings.VAR)
        _await_page(processes, port)
        running.port = port
        running.save(settings.VAR)
        on_ready(Ready(port, account))
        _watch(processes)


def start_servers(stack: ExitStack, running: Running, left: Running) -> None:
    """Start those that the settings use; `stack` stops the ones that were not running, or were left over."""
    used = {"postgres": settings.EMBEDDED_POSTGRES, "valkey": settings.EMBEDDED_VALKEY}
    for server in servers():
        if not used[server.slug]:
            continue
        before = server.status().pid
        ours = before is None or before == left.servers.get(server.slug)
        if ours:
            stack.callback(server.stop)
        server.ensure()
        if ours and (pid := server.status().pid):
            running.servers[server.slug] = pid
            running.save(settings.VAR)


def _start_processes(port: int) -> list[Process]:
    logs = settings.VAR / "log"
    python = [sys.executable, "-m"]
    web_server = ["granian", "--interface", "wsgi", "--no-ws", "--host", web.HOST, "--port", str(port)]
    # Four threads: a page of the admin asks for several files at once, and polls while it shows a run.
    # Without the timeout, granian never ends when it is asked to while its worker is still starting.
    web_server += ["--blocking-threads", "4", "--workers-kill-timeout", "3", "persona_site.wsgi:application"]
    worker = ["celery", "-A", "persona_site", "worker", "-c", "1", "--loglevel", "INFO"]
    worker += ["--without-mingle", "--without-gossip"]  # there is no other worker to wait for
    return [
        Process("web server", [*python, *web_server], logs / "web.log"),
        Process("worker", [*python, *worker], logs / "worker.log"),
    ]


def import_samples() -> None:
    """Once, and whole or not at all: a second import would undo what editors have changed since.

    Raises DemoError with all that is wrong with the store.
    """
    report = io.StringIO()
    try:
        if not Course.objects.exists():
            with transaction.atomic():
                call_command("import_lessons", stdout=report)
    except CommandError as error:
        raise DemoError(f"{report.getvalue()}{error}") from error


def _await_page(processes: Sequence[Process], port: int) -> None:
    end = time.monotonic() + _START_SECONDS
    status = None
    while time.monotonic() < end:
        _check(processes)
        status = web.status(port, reverse("admin:login"))
        if status == 200:
            return
        time.sleep(0.05)
    answer = f"answers with status {status}" if status else "does not answer"
    raise DemoError(f"The page {answer} after {_START_SECONDS:g} s.\n{_told(processes[0])}")


def _watch(processes: Sequence[Process]) -> NoReturn:
    on_terminal = os.isatty(0)
    while True:
        _check(processes)
        # The end of a terminal is told to `make` alone where that leads the session, as under ssh.
        if on_terminal and not os.isatty(0):
            raise KeyboardInterrupt
        time.sleep(0.5)


def _check(processes: Sequence[Process]) -> None:
    for process in processes:
        if process.exit_code is not None:
            raise DemoError(f"The {process.name} has ended with code {process.exit_code}.\n{_told(process)}")


def _told(process: Process) -> str:
    return "\n".join([f"The end of {process.log}:", *(f"  {line}" for line in process.last_lines())])
