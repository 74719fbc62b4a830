"""manage.py work_off: writes what is due in this process, without Redis and without a worker."""

import argparse
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connection
from django.utils.translation import override
from rich.progress import Progress, SpinnerColumn, TextColumn

from courses.terminal import plain_console
from personalization.management.arguments import positive
from personalization.management.due_words import counted, due_said
from personalization.services.silence import end_silence
from personalization.services.work_off import WorkedOff, wants_a_key, work_off

EPILOG = """\
examples:
  manage.py work_off              all that is due, GENERATION_CONCURRENCY requests at once
  manage.py work_off --max 100    no more than 100 items; one that is tried again counts again

For a moment, or a machine, without Redis: runs are started as ever (manage.py personalize), and this writes
their texts here. It may work beside workers and beside itself: each item has one owner. It sweeps first, so
that what a dead worker left is written too, and ends when nothing is due: what waits for its next try, or for
money, is left to the next call. Without Redis the limits of MODEL_LIMITS are not shared: each process keeps
to a safe part of them. While it works it counts as a worker: in /readyz, on pages, in manage.py doctor.
Ctrl-C begins nothing more and gives back what is not answered within seconds, uncounted; a second Ctrl-C
does not wait.

exit codes: 0 done; 1 the database is away, the model's key is missing, or a run was paused (the line says
            why); 2 wrong arguments; 130 stopped by Ctrl-C or SIGTERM"""


class Command(BaseCommand):
    help = "Writes the texts that are due in this process, without Redis and without a worker."

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> CommandParser:
        kwargs |= {"epilog": EPILOG, "formatter_class": argparse.RawDescriptionHelpFormatter}
        return super().create_parser(prog_name, subcommand, **kwargs)

    def run_from_argv(self, argv: list[str]) -> None:
        end_silence()
        super().run_from_argv(argv)

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--max", type=positive, metavar="N", help="take so many items; default: all")

    def handle(self, *args: Any, **options: Any) -> None:
        with override("en"):
            connection.ensure_connection()  # one that is away is told at once, not after each step's tries
            if not settings.OPENAI_API_KEY and (run := wants_a_key()):
                raise CommandError(
                    f"Run {run} wants the model, and there is no model key: set OPENAI_API_KEY (any text for "
                    "an endpoint that wants none), or pause that run. Nothing was begun."
                )
            try:
                with _told_to_stop() as told:
                    done = _worked_off(told, options["max"])
            except KeyboardInterrupt:
                raise CommandError("Stopped at once.", returncode=130) from None
            self._say(done, stopped=told.is_set())

    def _say(self, done: WorkedOff, *, stopped: bool) -> None:
        settled = f"{counted(done.settled, 'item')} settled."
        if stopped:
            raise CommandError(f"Stopped. {settled} What was in hand is queued again.", returncode=130)
        self.stdout.write(f"{settled} {due_said(done.next_due)}")
        if done.paused:
            raise CommandError("\n".join(f"Run {run} is paused: {note}" for run, note in done.paused))


def _worked_off(told: Event, most: int | None) -> WorkedOff:
    columns = SpinnerColumn(), TextColumn("{task.completed:,} items settled")
    console = plain_console(stderr=True)
    # Without a terminal all that it would show is an empty line at its end.
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as shown:
        task = shown.add_task("", total=None)
        return work_off(
            told.is_set,
            most=sys.maxsize if most is None else most,
            tick=lambda settled: shown.update(task, completed=settled),
        )


@contextmanager
def _told_to_stop() -> Iterator[Event]:
    """Set by Ctrl-C and SIGTERM. The second of them does what it would have done without this."""
    told = Event()
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}

    def back() -> None:
        for number, handler in before.items():
            signal.signal(number, handler)

    def tell(number: int, frame: object) -> None:
        told.set()
        back()

    for number in before:
        signal.signal(number, tell)
    try:
        yield told
    finally:
        back()
