"""manage.py sweep: puts right what dead workers left, apart from the workers."""

import argparse
import time
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import InterfaceError, OperationalError, connection

from courses.database import database_address, what_failed
from personalization.management.arguments import seconds
from personalization.management.due_words import counted, due_said
from personalization.services.silence import end_silence
from personalization.services.sweep import Swept, sweep

EPILOG = """\
examples:
  manage.py sweep               once: says what was put right, and when the next item is due
  manage.py sweep --every 5     again and again, until Ctrl-C; says only what was put right

Every worker sweeps by itself, every GENERATION_SWEEP_SECONDS: this command is for a machine, or a moment,
without one. What a dead worker had in hand is queued again, calls of which nobody knows the end are booked as
unknown, what waited for money goes on where there is some, runs whose texts have all ended are closed. It
writes no text and wakes no worker: workers look by themselves; without one, manage.py work_off writes.
Any number of sweeps may go on at once.

exit codes: 0 swept; 1 the database is away, or a step failed (each is named); 2 wrong arguments;
            130 stopped by Ctrl-C. With --every a database that is away is named, and tried again"""


class Command(BaseCommand):
    help = "Queues again what dead workers had in hand, and closes runs whose texts have all ended."

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> CommandParser:
        kwargs |= {"epilog": EPILOG, "formatter_class": argparse.RawDescriptionHelpFormatter}
        return super().create_parser(prog_name, subcommand, **kwargs)

    def run_from_argv(self, argv: list[str]) -> None:
        end_silence()
        super().run_from_argv(argv)

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--every", type=seconds, metavar="SECONDS", help="again, so long after each sweep"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            if options["every"] is None:
                self._once()
            else:
                self._again_and_again(options["every"])
        except KeyboardInterrupt:
            raise CommandError("Stopped.", returncode=130) from None

    def _once(self) -> None:
        swept = _swept()
        self.stdout.write(f"{put_right(swept) or 'Nothing to put right.'} {due_said(swept.next_due)}")
        if swept.failed:
            raise CommandError(_not_done(swept))

    def _again_and_again(self, pause: float) -> None:
        while True:
            try:
                swept = _swept()
            except (OperationalError, InterfaceError) as error:
                self.stderr.write(f"{database_address()}: {what_failed(error)}; trying again")
                connection.close()
            else:
                if said := put_right(swept):
                    self.stdout.write(said)
                    self.stdout.flush()
                if swept.failed:
                    self.stderr.write(_not_done(swept))
            time.sleep(pause)


def _swept() -> Swept:
    """Raises the database's error where it is away: one line instead of one for each step."""
    connection.ensure_connection()
    return sweep()


def put_right(swept: Swept) -> str:
    """A sentence; "" where there was nothing."""
    parts = [
        (
            swept.requeued,
            counted(swept.requeued, "item of dead workers", "items of dead workers") + " taken back",
        ),
        (swept.cancelled, counted(swept.cancelled, "item") + " of cancelled runs ended"),
        (swept.lost_calls, counted(swept.lost_calls, "lost call") + " booked as unknown"),
        (swept.released, counted(swept.released, "item") + " that waited for money queued"),
        (swept.closed, counted(swept.closed, "run") + " closed"),
    ]
    said = ", ".join(words for count, words in parts if count)
    return f"{said}." if said else ""


def _not_done(swept: Swept) -> str:
    return f"Not done: {', '.join(swept.failed)}. The log above says why; the next sweep tries again."
