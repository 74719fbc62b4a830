"""manage.py doctor: what is wrong at this moment, and what to do about it."""

import argparse
import json
from dataclasses import asdict
from io import StringIO
from typing import Any

import psycopg
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import Error
from rich.table import Table

from courses.terminal import plain_console
from persona_site.broker import broker_problem
from persona_site.faults import explain_database_error
from personalization.watch.alarms import FAILED_PER_HOUR, LONGEST_WAIT, Alarm, alarm, alarms

BROKER_SECONDS = 2.0
WIDTH = 100

EPILOG = f"""\
examples:
  manage.py doctor                        everything that is looked at, and advice where something is wrong
  manage.py doctor --json                 for a program; keys are only ever added
  manage.py doctor || send-an-alert       from cron: the exit code says whether somebody should look
  manage.py doctor --failed-per-hour 0    every failed item counts

What is looked at, and when it is wrong:
  broker                  it does not answer: work begins late, and only for workers that run already
  workers                 none was seen for 30 seconds (or three sweeps, where those are longer)
  oldest due item         due for more than {LONGEST_WAIT:.0f} seconds while nobody takes any; in a large run
                          the last items wait for hours, which is right as long as the work goes on
  leases                  an item is in the hands of a worker that has not renewed it for two leases
  reserved calls          a call is neither settled nor given up after 10 minutes: its money is bound
  failed in the last hour more than {FAILED_PER_HOUR} items, by kind of error
  held items              some wait for money: their run's budget is used up
  runs that cannot go on  paused by the provider's answer: a wrong key, no rights, no quota

The same numbers, without the judgement, are in /metrics and partly in /readyz.

exit codes: 0 nothing is wrong; 1 something is, or the database does not answer; 2 wrong arguments"""


class Command(BaseCommand):
    help = "Looks for what keeps texts from being written: workers, queue, money, broker. Changes nothing."

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> CommandParser:
        kwargs |= {"epilog": EPILOG, "formatter_class": argparse.RawDescriptionHelpFormatter}
        return super().create_parser(prog_name, subcommand, **kwargs)

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--json", action="store_true", help="the findings as JSON")
        parser.add_argument(
            "--failed-per-hour",
            type=_count,
            default=FAILED_PER_HOUR,
            metavar="N",
            help=f"how many failed items in an hour are still right (default {FAILED_PER_HOUR})",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            found = [_broker(), *alarms(options["failed_per_hour"])]
        except (Error, psycopg.Error) as error:
            if (explanation := explain_database_error(error)) is None:
                raise
            raise CommandError(explanation) from error
        except KeyboardInterrupt:
            raise CommandError("Stopped.", returncode=130) from None
        wrong = [one.name for one in found if one.wrong]
        if options["json"]:
            report = {"ok": not wrong, "checks": [asdict(one) for one in found]}
            self.stdout.write(json.dumps(report, ensure_ascii=False, indent=2))
        else:
            self.stdout.write(_as_text(found), ending="")
        if wrong:
            raise CommandError(f"Something is wrong: {', '.join(wrong)}.")


def _broker() -> Alarm:
    problem = broker_problem(BROKER_SECONDS)
    return alarm(
        "broker",
        None,
        0,
        problem or "it answers",
        "Start it, or correct REDIS_URL. Nothing is lost meanwhile: what is due is in the database.",
        wrong=problem is not None,
    )


def _as_text(found: list[Alarm]) -> str:
    console = plain_console(file=StringIO(), width=WIDTH, record=True, highlight=False, force_terminal=False)
    table = Table(box=None, header_style="", pad_edge=False)
    table.add_column("")
    table.add_column("what")
    table.add_column("found, and what to do", overflow="fold")
    for one in found:
        table.add_row("WRONG" if one.wrong else "ok", one.name, one.found)
        if one.advice:
            table.add_row("", "", f"→ {one.advice}")
    console.print(table)
    return console.export_text()


def _count(text: str) -> int:
    if not (text.isascii() and text.isdigit() and int(text) < 2**31):
        raise argparse.ArgumentTypeError(f"a whole number from 0 on is needed, found {text!r}")
    return int(text)
