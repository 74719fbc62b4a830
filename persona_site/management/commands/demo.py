"""`manage.py demo`, which `make run` calls."""

import os
import signal
import time
from argparse import SUPPRESS, ArgumentTypeError
from collections.abc import Sequence
from typing import Any, NoReturn

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from persona_site.demo import session
from persona_site.demo.running import AlreadyRunning
from persona_site.demo.web import NoPortError
from persona_site.demo.welcome import already, welcome
from persona_site.embedded.errors import EmbeddedServerError

_ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Command(BaseCommand):
    help = (
        "Shows Persona on this machine, for development only: starts the embedded servers, migrates, imports"
        " the sample courses into an empty database, makes the superuser `admin` with a random password,"
        " starts web server and worker, and prints where to go. Ctrl-C stops all that it has started; the"
        " data stays. Exits with 1 where something cannot start or ends by itself."
    )
    # They ask the database, and so would start the embedded one before it is known whether it ran already.
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--port",
            type=_port,
            default=os.environ.get("PORT") or "8000",
            help="the first port to try (default: the variable PORT, else 8000)",
        )
        parser.add_argument("--since", type=int, default=time.time(), help=SUPPRESS)  # when `make run` began

    def handle(self, *args: Any, port: int, since: float, **options: Any) -> None:
        if not settings.DEBUG:
            raise CommandError("The demo makes a superuser and sample data: it needs DEBUG=true.")
        for number in _ENDING:
            if (number, signal.getsignal(number)) != (signal.SIGHUP, signal.SIG_IGN):  # as nohup has it
                signal.signal(number, _interrupt)
        try:
            session.run(port, lambda ready: self._say(welcome(ready, port, since)))
        except KeyboardInterrupt:
            self._say(["Stopped."])
        except AlreadyRunning as found:
            self._say([already(found.running)])
        except (session.DemoError, NoPortError, EmbeddedServerError) as error:
            raise CommandError(str(error)) from error

    def _say(self, lines: Sequence[str]) -> None:
        self.stdout.write("\n".join(lines))
        self.stdout.flush()


def _interrupt(*_: object) -> NoReturn:
    """Once: a second Ctrl-C must not end the stopping that the first one has begun."""
    for number in _ENDING:
        signal.signal(number, signal.SIG_IGN)
    raise KeyboardInterrupt


def _port(text: str) -> int:
    if not (text.isascii() and text.isdigit() and 0 < int(text) < 65536):
        raise ArgumentTypeError(f"a port (also as variable PORT) is a number from 1 to 65535, found {text!r}")
    return int(text)
