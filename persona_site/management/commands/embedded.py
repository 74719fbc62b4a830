"""`manage.py embedded`: look at and stop the servers that start by themselves."""

import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from persona_site.embedded.errors import EmbeddedServerError
from persona_site.embedded.report import report, servers
from persona_site.embedded.server import Server


class Command(BaseCommand):
    help = (
        "Shows or stops the embedded servers: PostgreSQL where DATABASE_URL is unset, Valkey where REDIS_URL"
        " is unset. They keep their data under var/ and start by themselves when something needs them; this"
        " command starts nothing. `status` exits with 0 when every embedded server that the settings use is"
        " running, else with 3; `stop` with 0 also where nothing ran; both with 1 on an error."
    )
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("action", choices=["status", "stop"])
        parser.add_argument("server", nargs="?", choices=["postgres", "valkey"], help="only this one")

    def handle(self, *args: Any, action: str, server: str | None, **options: Any) -> None:
        chosen = servers(server)
        try:
            complete = self._status(chosen) if action == "status" else self._stop(chosen)
        except EmbeddedServerError as error:
            raise CommandError(str(error)) from error
        if not complete:
            sys.exit(3)

    def _status(self, chosen: list[Server]) -> bool:
        reports = [report(server) for server in chosen]
        for line in (line for found in reports for line in found.lines()):
            self.stdout.write(line)
        return not any(found.missing for found in reports)

    def _stop(self, chosen: list[Server]) -> bool:
        for server in chosen:
            self.stdout.write(f"{server.name}: {'stopped' if server.stop() else 'was not running'}")
        return True
