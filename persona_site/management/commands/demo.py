"""`manage.py demo`, which `make run` calls."""

import os
import signal
import time
from argparse import SUPPRESS, ArgumentTypeError
from typing import Any, NoReturn

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db.utils import OperationalError
from django.urls import reverse

from persona_site.demo import session
from persona_site.demo.account import Account, password_file
from persona_site.demo.running import AlreadyRunning, Running
from persona_site.demo.web import HOST, NoPortError
from persona_site.embedded.errors import EmbeddedServerError


class Command(BaseCommand):
    help = (
        "Shows Persona on this machine: starts the servers under var/ that are not named by a URL, migrates,"
        " imports the sample courses into an empty database, makes the superuser `admin` with a random password,"
        " starts web server and worker, and prints where to go. Ctrl-C stops all it has started and keeps the"
        " data. Exits with 1 where something cannot start or ends by itself. For development only (DEBUG=true)."
    )

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
            raise CommandError("The demo makes a superuser and sample data: for development only (DEBUG=true).")
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, _interrupt)
        try:
            session.run(port, lambda ready: self._say(_welcome(ready, port, since)))
        except KeyboardInterrupt:
            self._say(["Stopped."])
        except AlreadyRunning as found:
            self._say([_already(found.running)])
        except OperationalError as error:
            raise CommandError(f"The database cannot be used: {' '.join(str(error).split())}") from error
        except (session.DemoError, NoPortError, EmbeddedServerError) as error:
            raise CommandError(str(error)) from error

    def _say(self, lines: list[str]) -> None:
        self.stdout.write("\n".join(lines))
        self.stdout.flush()


def _interrupt(*_: object) -> NoReturn:
    """Once: a second Ctrl-C must not end the stopping of what the first one has begun to stop."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    raise KeyboardInterrupt


def _welcome(ready: session.Ready, asked: int, since: float) -> list[str]:
    taken = [f"Port {asked} is taken, so the demo takes {ready.port}."] if ready.port != asked else []
    return [
        *taken,
        f"Persona is ready after {time.time() - since:.0f} s: {_address(ready.port)}",
        f"  Log in as {_credentials(ready.account)}",
        "  Then: Learners, select some, action “Regenerate personalizations”; read what they get.",
        *_writer(),
        f"  Logs: {settings.VAR / 'log'}. Ctrl-C stops everything; the data stays.",
    ]


def _address(port: int) -> str:
    return f"http://{HOST}:{port}{reverse('admin:index')}"


def _credentials(account: Account) -> str:
    if account.password is None:
        return f"{account.name} with the password set since; lost: manage.py changepassword {account.name}"
    return f"{account.name} with the password {account.password} (kept in {password_file(settings.VAR)})"


def _writer() -> list[str]:
    if settings.OPENAI_API_KEY:
        return [f"  Texts are written by {settings.OPENAI_MODEL} at {settings.OPENAI_BASE_URL}."]
    return [
        "  OPENAI_API_KEY is not set: the simple writer writes texts, without a network. To try a model for free:",
        "  manage.py fake_model, and OPENAI_API_KEY=fake OPENAI_BASE_URL=http://127.0.0.1:8901/v1 in .env",
    ]


def _already(running: Running) -> str:
    where = f" at {_address(running.port)}" if running.port else ", and is still starting"
    return f"The demo already runs{where} (pid {running.pid}); stop it there with Ctrl-C."


def _port(text: str) -> int:
    if not (text.isascii() and text.isdigit() and 0 < int(text) < 65536):
        raise ArgumentTypeError(f"a port is a whole number from 1 to 65535, found {text!r} (option or variable PORT)")
    return int(text)
