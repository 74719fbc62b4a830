"""manage.py import_lessons: makes courses and learners of the database like the store's.

Also where an editor changed a lesson or its standard description in the admin; only personal texts are
protected from it.
"""

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import psycopg
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import Error

from courses.course_folder.folders import shown
from courses.course_folder.report import ImportReport
from courses.errors import InvalidInput, Problem
from courses.services.course_import import CourseChanged
from courses.terminal import plain_console
from persona_site.faults import explain_database_error, name_database_error
from persona_site.import_options import ImportOptions, Only
from persona_site.progress import LateBar
from persona_site.store_import import import_store
from persona_site.store_part import summed
from persona_site.store_prune import Leaving
from personalization.learner_files.reading_pool import ReaderGone

WHOLE = "Each course is imported whole or not at all: run the import again."

EPILOG = """\
examples:
  manage.py import_lessons --dry-run           what the store in COURSE_STORE_PATH would change
  manage.py import_lessons                     all courses and all learners
  manage.py import_lessons shvz sleep-basics   two courses, their learners, and these learners' texts
  manage.py import_lessons --store /srv/store --json --strict
  manage.py import_lessons --only learners     profiles and personal texts; --only lessons: neither
  manage.py import_lessons --prune --dry-run   what a deletion would take, by table
  manage.py import_lessons --course shvz --prune --yes

The store is read and checked as a whole before anything is written; what is wrong with it is told all at
once, each with its file and place. A second import of the same store changes nothing. Nothing is deleted
without --prune. Everything is read before anything is written; where a file of a course or of the learners'
profiles changes while others are read, the import is refused.
Lessons, standard descriptions and learners become what the store says, also where an editor changed them in
the admin since: look with --dry-run first; "updated" counts the rows that would be overwritten.
A transcript or template belongs to the lesson whose UUID its name carries; the number in front is a label.
A warning says which transcript or template fits another lesson better by its words (in a course of more than
300 lessons only where some file carries no UUID).
Personal texts that an editor changed, or that no import made, stay as they are, with a warning.

--prune deletes what the imported courses have in the database and not in the store: lessons, and with them
their personal texts, whoever wrote these, feedback and quiz results; standard descriptions; assets. It lists
the counts and asks first; --yes agrees beforehand, and without a terminal it is needed. It never deletes a
lesson with a text that an editor changed (the import is refused), a text of a lesson that stays, a
transcript, a learner, or a course.

exit codes: 0 imported, or (--dry-run) could be; 1 the store or the database has a problem (--strict: or a
            warning), and what the messages name is not imported; 2 wrong arguments; 130 stopped by Ctrl-C"""


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
            "--course", action="append", default=[], metavar="SLUG", help="as COURSE; may be given again"
        )
        parser.add_argument(
            "--store", type=Path, metavar="PATH", help="the store; default: COURSE_STORE_PATH"
        )
        parser.add_argument(
            "--dry-run", action="store_true", help="the same checks and report, nothing written"
        )
        parser.add_argument(
            "--only",
            choices=[only.value for only in Only],
            help="lessons: no learners and texts; learners: these alone",
        )
        parser.add_argument(
            "--prune", action="store_true", help="delete what the store does not hold; asks first"
        )
        parser.add_argument("--yes", action="store_true", help="with --prune: do not ask")
        parser.add_argument("--strict", action="store_true", help="warnings refuse the import")
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
        bar = LateBar(plain_console(stderr=True))
        chosen = self._options(options, bar)
        courses = [*options["courses"], *options["course"]]
        try:
            with bar:
                return import_store(store, courses, dry_run=dry_run, watcher=bar, options=chosen)
        except InvalidInput as error:
            problems = error.problems
        except CourseChanged as error:
            message = f"somebody changed its lessons during the import, so it was left alone. {WHOLE}"
            problems = (Problem(str(error), "", message),)
        except ReaderGone as error:
            message = (
                f"a process that read for the import was ended ({error}): nothing was written, run it again"
            )
            problems = (Problem("", "", message),)
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

    def _options(self, options: dict[str, Any], bar: LateBar) -> ImportOptions:
        """Raises CommandError where they forbid each other, or nobody could be asked."""
        prune, dry_run, yes = options["prune"], options["dry_run"], options["yes"]

        def confirm(leaving: Sequence[Leaving]) -> bool:
            bar.pause()
            for course in leaving:
                self.stderr.write(f"would delete: {course}", self.style.WARNING)
            return yes or self._agreed()

        only = Only(options["only"]) if options["only"] else None
        try:
            chosen = ImportOptions(only, options["strict"], confirm if prune else None)
        except InvalidInput as error:
            raise CommandError(str(error), returncode=2) from error
        if prune and not (dry_run or yes or (sys.stdin and sys.stdin.isatty())):
            message = (
                "--prune deletes, and there is no terminal to ask at: see --prune --dry-run, then say --yes"
            )
            raise CommandError(message, returncode=2)
        return chosen

    def _agreed(self) -> bool:
        """Asks at the terminal, beside the standard output, which may be the report's alone: see --json."""
        self.stderr.write("Delete this? Type yes: ", self.style.WARNING, ending="")
        self.stderr.flush()
        return sys.stdin.readline().strip().lower() == "yes"  # the end of the input, Ctrl-D, is a no
