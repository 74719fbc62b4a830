"""manage.py course_status: what is missing in each course, for people and for deploys."""

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
from persona_site.faults import explain_database_error
from persona_site.management.known_courses import EMPTY, known_courses
from personalization.course_status import CourseStatus, course_status

WIDTH = 100

# What --fail-on can name → the figures that then must be 0, as (part, figure) of the report.
FAILURES = {
    "transcripts": (("lessons", "without_transcript"), ("lessons", "transcript_too_short")),
    "descriptions": (("lessons", "without_description"),),
    "assets": (("lessons", "without_assets"),),
    "titles": (("lessons", "working_marks"),),
    "numbers": (("lessons", "number_gaps"),),
    "answers": (("learners", "without_answers"),),
    "missing": (("texts", "missing"),),
    "stale": (("texts", "stale"),),
}

EPILOG = f"""\
examples:
  manage.py course_status                          all courses
  manage.py course_status shvz sleep-basics        two of them
  manage.py course_status --json                   for a program; keys are only ever added
  manage.py course_status --fail-on missing,stale  a deploy stops where texts are missing or stale

These are the figures of the course's page in the admin ("What is missing"), counted in the same way.
texts missing: the learner has answered, the lesson has a transcript, and there is no text;
texts stale:   lesson, answers or writer have changed since, and no editor has locked the text.

--fail-on takes, separated by commas: {", ".join(FAILURES)}.

exit codes: 0 the figures were counted, whatever they are; 1 a figure named by --fail-on is not 0 (or there
            is no course at all), a course is unknown, or the database has a problem; 2 wrong arguments;
            130 stopped by Ctrl-C"""

ROWS = [
    ("lessons", "lessons", "total"),
    ("  without transcript", "lessons", "without_transcript"),
    ("  transcript too short", "lessons", "transcript_too_short"),
    ("  without description", "lessons", "without_description"),
    ("  without assets", "lessons", "without_assets"),
    ("  working marks in title", "lessons", "working_marks"),
    ("  gaps in the numbering", "lessons", "number_gaps"),
    ("learners", "learners", "total"),
    ("  without any text", "learners", "without_texts"),
    ("    of them without answers", "learners", "without_texts_and_answers"),
    ("  without answers", "learners", "without_answers"),
    ("  could have more texts", "learners", "missing_texts"),
    ("texts", "texts", "total"),
    ("  missing", "texts", "missing"),
    ("  stale", "texts", "stale"),
    ("  edited, locked", "texts", "edited"),
]


class Command(BaseCommand):
    help = "Shows what is missing in courses: in their lessons, and in the texts of their learners."

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> CommandParser:
        kwargs |= {"epilog": EPILOG, "formatter_class": argparse.RawDescriptionHelpFormatter}
        return super().create_parser(prog_name, subcommand, **kwargs)

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("courses", nargs="*", metavar="COURSE", help="slugs; none: all courses")
        parser.add_argument("--json", action="store_true", help="the figures as JSON")
        parser.add_argument(
            "--fail-on",
            type=_failures,
            default=(),
            metavar="KIND,…",
            help="exit with 1 where one of these figures is not 0: " + ", ".join(FAILURES),
        )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            found = [course_status(course) for course in known_courses(options["courses"])]
        except (Error, psycopg.Error) as error:
            if (explanation := explain_database_error(error)) is None:
                raise
            raise CommandError(explanation) from error
        except KeyboardInterrupt:
            raise CommandError("Stopped.", returncode=130) from None
        report = [_as_json(status) for status in found]
        failed = _failed(report, options["fail_on"])
        if options["json"]:
            whole = {"ok": not failed, "courses": report, "failed": failed}
            self.stdout.write(json.dumps(whole, ensure_ascii=False, indent=2))
        else:
            self.stdout.write(_as_text(report), ending="")
        if failed:
            raise CommandError("\n".join(failed))


def _failures(text: str) -> tuple[str, ...]:
    kinds = tuple(part.strip() for part in text.split(",") if part.strip())
    unknown = [kind for kind in kinds if kind not in FAILURES]
    if unknown or not kinds:
        raise argparse.ArgumentTypeError(
            f"found {', '.join(map(repr, unknown or [text]))}; known: {', '.join(FAILURES)}"
        )
    return kinds


def _as_json(status: CourseStatus) -> dict[str, Any]:
    whole = asdict(status)
    gaps = whole["lessons"].pop("gaps")
    return {**whole, "gaps": [{"first": first, "last": last} for first, last in gaps]}


def _failed(report: list[dict[str, Any]], kinds: tuple[str, ...]) -> list[str]:
    """A line for each figure that --fail-on names and that is not 0."""
    if kinds and not report:
        return [EMPTY]
    words = {(part, figure): label.strip() for label, part, figure in ROWS}
    return [
        f"{course['slug']}: {part}: {words[part, figure]}: {course[part][figure]:,}"
        for course in report
        for kind in kinds
        for part, figure in FAILURES[kind]
        if course[part][figure]
    ]


def _as_text(report: list[dict[str, Any]]) -> str:
    """A table for each course: a store has few, and a screen no room for them side by side."""
    console = plain_console(file=StringIO(), width=WIDTH, record=True, force_terminal=False)
    if not report:
        console.print(EMPTY, markup=False, highlight=False)
    for course in report:
        console.print(f"{course['title']} ({course['slug']})", markup=False, highlight=False, soft_wrap=True)
        table = Table(box=None, show_header=False)
        table.add_column(min_width=30)
        table.add_column(justify="right")
        for label, part, figure in ROWS:
            table.add_row(
                label, f"{course[part][figure]:,}", _gaps(course) if figure == "number_gaps" else ""
            )
        console.print(table)
        console.print()
    return console.export_text()


def _gaps(course: dict[str, Any]) -> str:
    ranges = [
        str(gap["first"]) if gap["first"] == gap["last"] else f"{gap['first']}-{gap['last']}"
        for gap in course["gaps"]
    ]
    more = ", …" if course["lessons"]["number_gaps"] > len(ranges) else ""
    return f"no lesson {', '.join(ranges)}{more}" if ranges else ""
