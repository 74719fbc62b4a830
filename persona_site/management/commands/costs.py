"""manage.py costs: what calls to the language model have cost, for people and for programs."""

import argparse
import json
from dataclasses import asdict, dataclass
from datetime import date
from io import StringIO
from typing import Any

import psycopg
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import Error
from django.utils.translation import override
from rich.table import Table

from courses.models import Course
from courses.terminal import plain_console
from persona_site.faults import explain_database_error
from persona_site.management.known_courses import known_courses
from personalization.costs.totals import (
    OfCourse,
    Spent,
    by_course,
    by_day,
    by_model,
    by_month,
    month_of,
    this_month,
)
from personalization.pricing import amount, money, price_table

WIDTH = 110
MONTHS = 12

EPILOG = """\
examples:
  manage.py costs                       this month, and the eleven before it
  manage.py costs --month 2026-09       another month, and the eleven before that one
  manage.py costs --course shvz         one course
  manage.py costs --json                for a program: exact amounts as texts, keys are only ever added

Days and months are those of UTC, as providers bill. A call counts on the day when it ended; what is under
way is reserved, and not in these sums. Amounts were reckoned with the price table of the day of the call
(MODEL_PRICES); the bill is the provider's.

exit codes: 0 the sums were printed; 1 the course is unknown, or the database has a problem;
            2 wrong arguments; 130 stopped by Ctrl-C"""


@dataclass(frozen=True, slots=True)
class Report:
    month: date
    course: Course | None
    months: dict[date, Spent]
    days: dict[date, Spent]
    courses: list[OfCourse]
    models: list[tuple[str, Spent]]


class Command(BaseCommand):
    help = "Shows what calls to the language model have cost, by month, day, course and model."

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> CommandParser:
        kwargs |= {"epilog": EPILOG, "formatter_class": argparse.RawDescriptionHelpFormatter}
        return super().create_parser(prog_name, subcommand, **kwargs)

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--month", type=_month, metavar="2026-11", help="default: this month")
        parser.add_argument("--course", metavar="SLUG", help="only calls for this course")
        parser.add_argument("--json", action="store_true", help="the sums as JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            report = _report(options["month"] or this_month(), options["course"])
        except (Error, psycopg.Error) as error:
            if (explanation := explain_database_error(error)) is None:
                raise
            raise CommandError(explanation) from error
        except KeyboardInterrupt:
            raise CommandError("Stopped.", returncode=130) from None
        if options["json"]:
            self.stdout.write(json.dumps(_as_json(report), ensure_ascii=False, indent=2))
        else:
            with override("en"):
                self.stdout.write(_as_text(report), ending="")


def _month(text: str) -> date:
    try:
        return month_of(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"a month such as 2026-11 is needed, found {text!r}") from None


def _report(month: date, slug: str | None) -> Report:
    course = known_courses([slug])[0] if slug is not None else None
    pk = course.pk if course else None
    return Report(
        month=month,
        course=course,
        months=by_month(month, MONTHS, pk),
        days=by_day(month, pk),
        courses=by_course(month, pk),
        models=by_model(month, pk),
    )


def _sums(spent: Spent) -> dict[str, Any]:
    sums = asdict(spent)
    cost = amount(sums.pop("micro"))
    return {**sums, "cost": cost}


def _as_json(report: Report) -> dict[str, Any]:
    table = price_table()
    return {
        "currency": table.currency,
        "prices_of": table.date,
        "month": f"{report.month:%Y-%m}",
        "course": report.course.slug if report.course else None,
        "total": _sums(report.months[report.month]),
        "months": [{"month": f"{month:%Y-%m}", **_sums(spent)} for month, spent in report.months.items()],
        "days": [{"day": day.isoformat(), **_sums(spent)} for day, spent in report.days.items()],
        "courses": [
            # Without a slug: the course is gone, or the learners and lessons that the calls were for.
            {"course": found.slug or None, "title": found.title or None, **_sums(found.spent)}
            for found in report.courses
        ],
        "models": [{"model": model, **_sums(spent)} for model, spent in report.models],
    }


def _as_text(report: Report) -> str:
    console = plain_console(file=StringIO(), width=WIDTH, record=True, force_terminal=False)
    about = f"{report.course.title} ({report.course.slug}), " if report.course else ""
    console.print(f"{about}{report.month:%Y-%m}", markup=False, highlight=False, soft_wrap=True)
    courses = [(found.title or "(deleted)", found.spent) for found in report.courses]
    months = [(f"{month:%Y-%m}", spent) for month, spent in report.months.items() if spent.calls]
    total = [("together", report.months[report.month])]
    if not report.course:
        console.print(_table("course", [*courses, *total]))
    console.print(_table("model", [*report.models, *total]))
    if months:
        console.print(_table("month", months))
    return console.export_text()


def _table(first: str, rows: list[tuple[str, Spent]]) -> Table:
    table = Table(first, box=None, pad_edge=False)
    for heading in ("cost", "calls", "unusable", "input tokens", "cached", "output tokens"):
        table.add_column(heading, justify="right")
    largest = max((spent.micro for _, spent in rows), default=0)
    for name, spent in rows:
        table.add_row(
            name,
            money(spent.micro, largest),
            f"{spent.calls:,}",
            f"{spent.calls - spent.good_calls:,}",
            f"{spent.input_tokens:,}",
            f"{spent.cached_percent} %",
            f"{spent.output_tokens:,}",
        )
    return table
