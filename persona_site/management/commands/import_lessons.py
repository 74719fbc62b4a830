"""manage.py import_lessons: makes courses and learners of the database like the store's.

Also where an editor changed a lesson or its standard description in the admin; only personal texts are
protected from it.
"""

import argparse
import json
from pathlib import Path
from typing import Any

import psycopg
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import Error
from rich.console import Console

from courses.course_folder.folders import shown
from courses.course_folder.report import ImportReport
from courses.errors import InvalidInput, Problem
from courses.services.course_import import CourseChanged
from persona_site.faults import explain_database_error, name_database_error
from persona_site.progress import LateBar
from persona_site.store_import import import_store, summed

WHOLE = "Each course is imported whole or not at all: run the import again."

EPILOG = """\
examples:
  manage.py import_lessons --dry-run           what the store in COURSE_STORE_PATH would change
  manage.py import_lessons                     all courses and all learners
  manage.py import_lessons shvz sleep-basics   two courses, their learners, and these learners' texts
  manage.py import_lessons --store /srv/store --json

The store is read and checked as a whole before anything is written; what is wrong with it is told all at
once, each with its file and place. A second import of the same store changes nothing. Nothing is deleted.
Lessons, standard descriptions and learners become what the store says, also where an editor changed them in
the admin since: look with --dry-run first; "updated" counts the rows that would be overwritten.
A transcript or template belongs to the lesson whose UUID its name carries; the number in front is a label.
Personal texts that an editor changed, or that no import made, stay as they are, with a warning.

exit codes: 0 imported, or (--dry-run) could be; 1 the store or the database has a problem, and what the
            messages name is not imported; 2 wrong arguments; 130 stopped by Ctrl-C"""


class Command(BaseCommand):
    help = (
        "Imports courses, learners and personal texts from a store: a folder with a folder for each course."
    )

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> CommandParser:
        kwargs |= {"epilog": EPILOG, "formatter_class": argparse.RawDescriptionHelpFormatter}
        return super().create_parser(prog_name, subcommand, **kwargs)

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "courses", nargs="*", metavar="COURSE", help="slug or folder of a course; none: the whole store"
        )
        parser.add_argument(
            "--store", type=Path, metavar="PATH", help="the store; default: COURSE_STORE_PATH"
        )
        parser.add_argument(
            "--dry-run", action="store_true", help="the same checks and report, nothing written"
        )
        parser.add_argument("--json", action="store_true", help="the report as JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        store: Path = options["store"] or settings.COURSE_STORE_PATH
        report = self._run(store, options)
        if options["json"]:
            self.stdout.write(json.dumps(report.as_json(), ensure_ascii=False, indent=2))
        else:
            self.stdout.write(report.as_text(), ending="")
        if report.problems:
            raise CommandError(report.refusal())

    def _run(self, store: Path, options: dict[str, Any]) -> ImportReport:
        """The report; what stops an import as a whole becomes one of its problems."""
        dry_run: bool = options["dry_run"]
        bar = LateBar(Console(stderr=True))
        try:
            with bar:
                return import_store(store, options["courses"], dry_run=dry_run, watcher=bar)
        except InvalidInput as error:
            problems = error.problems
        except CourseChanged as error:
            message = f"somebody changed its lessons during the import, so it was left alone. {WHOLE}"
            problems = (Problem(str(error), "", message),)
        except (Error, psycopg.Error) as error:
            explanation = explain_database_error(error) or name_database_error(error)
            if explanation is None:
                raise
            problems = (Problem("", "", f"{explanation} {WHOLE}"),)
        except KeyboardInterrupt:
            raise CommandError(f"Stopped. {WHOLE}", returncode=130) from None
        return ImportReport(
            store=shown(str(store)),
            dry_run=dry_run,
            courses=tuple(course for course, _ in bar.done if course),
            tables=summed(changes for _, changes in bar.done) if bar.done else {},
            problems=problems,
        )
