"""python -m tests.fork_server DESCRIPTOR: starts programs by fork, having imported the libraries already.

A program that starts by exec spends a second or two of the processor on importing Django, Celery and what
they need, and the suite starts a hundred. What is imported here is libraries alone: nothing that is ours,
nothing that reads settings or counts (prometheus_client). So a program still reads its environment, its
settings, the models and all of our code by itself, in a process of its own: with its pid, its environment,
its folder, its standard files and no other, the signals as they are at a start, and the usual end.

What differs from a start by exec: variables of the interpreter (PYTHON…) come too late, the process's parent
is this one, and so is its command line in /proc. Who tests one of these starts by exec.
"""

import gc
import json
import os
import runpy
import select
import signal
import socket
import sys
from contextlib import suppress
from importlib import import_module
from multiprocessing.connection import Connection
from typing import NamedTuple

LIBRARIES = """
    PIL.Image PIL.ImageOps aiohttp celery.app.amqp celery.apps.worker celery.bin.celery celery.bin.worker
    celery.concurrency.prefork celery.fixups.django celery.loaders.app celery.worker.consumer
    celery.worker.worker certifi django.contrib.admin django.contrib.auth.hashers
    django.contrib.auth.password_validation django.contrib.messages.storage.fallback
    django.contrib.postgres.fields django.contrib.sessions.backends.db django.contrib.staticfiles.finders
    django.core.mail django.core.management.commands.check django.core.management.commands.migrate
    django.core.paginator django.core.servers.basehttp django.core.wsgi django.db.backends.postgresql.base
    django.db.migrations.executor django.forms django.template.loader django.template.loaders.cached
    django.test.signals django.views.generic django_structlog environ kombu.transport.redis numpy
    pghistory.core pgtrigger.core psycopg psycopg_pool py3langid.langid redis.asyncio rich.progress
    rich.prompt rich.table rich.traceback snowballstemmer sqlparse structlog unfold.dataclasses
    whitenoise.middleware
"""


class Program(NamedTuple):
    """What to run: manage.py, or the module after -m, and its arguments."""

    arguments: list[str]
    cwd: str
    env: dict[str, str]
    own_session: bool

    def run(self) -> None:
        first, *rest = self.arguments
        sys.path[0] = self.cwd
        if first == "-m":
            sys.argv = rest
            runpy.run_module(rest[0], run_name="__main__", alter_sys=True)
        else:
            sys.argv = self.arguments
            runpy.run_path(first, run_name="__main__")


def become(program: Program, standard: list[int], report: Connection) -> Program:
    """The process is the program's, but for its code; whoever asked for it is told the pid."""
    if program.own_session:
        os.setsid()
    for number, descriptor in enumerate(standard):
        os.dup2(descriptor, number)
        os.close(descriptor)
    os.chdir(program.cwd)
    os.environ.clear()
    os.environ.update(program.env)
    report.send(os.getpid())
    report.close()
    return program


def serve(control: socket.socket) -> Program | None:
    """In a forked process what it is to run; None when the tests are over. Tells each process's end."""
    running: dict[int, tuple[int, Connection]] = {}
    while True:
        ready, _, _ = select.select([control.fileno(), *running], [], [])
        for ended in running.keys() & set(ready):
            pid, report = running.pop(ended)
            os.close(ended)
            with suppress(BrokenPipeError), report:  # nobody waits for it any more
                report.send(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
        if control.fileno() in ready:
            asked, descriptors, _, _ = socket.recv_fds(control, 1_000_000, 4)
            if not asked:
                return None
            *standard, last = descriptors
            report = Connection(last)
            if (pid := os.fork()) == 0:
                control.close()
                for descriptor, (_, other) in running.items():
                    os.close(descriptor)
                    other.close()
                return become(Program(**json.loads(asked)), standard, report)
            for descriptor in standard:
                os.close(descriptor)
            running[os.pidfd_open(pid)] = pid, report


if __name__ == "__main__":
    for library in LIBRARIES.split():
        import_module(library)
    gc.collect()
    gc.freeze()
    # Whoever starts the tests in the background makes them deaf to Ctrl-C, and what they start with them.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    forked = None
    with suppress(KeyboardInterrupt):
        forked = serve(socket.socket(fileno=int(sys.argv[1])))
    if forked:
        forked.run()
