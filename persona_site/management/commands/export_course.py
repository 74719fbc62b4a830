"""manage.py export_course: a course of the database as a store folder."""

import argparse
from pathlib import Path
from typing import Any

import psycopg
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import Error

from courses.course_folder.folders import shown
from courses.errors import InvalidInput, Problem
from courses.terminal import plain_console
from persona_site.faults import explain_database_error, name_database_error
from persona_site.progress import LateBar
from persona_site.store_export import ExportReport, export_course

EPILOG = """\
examples:
  manage.py export_course shvz content/            the course, without anybody's personal data
  manage.py export_course shvz backup/ --with-learners
  manage.py import_lessons --store content/        brings it back, here or on another site

DIR becomes a store: DIR/COURSE with course.json, lessons, transcripts and standard descriptions. The same
database gives the same bytes, so that content can live in git and a difference shows what was edited.
Learners are left out unless you add --with-learners: user_profiles.json holds their names and answers, and
personalize/ what was written for them; keep such an export where personal data may be.

Before anything is put in place, the files are read back by the import: it must find every row and change
none, else the export is refused and says what the store's format cannot hold. Files of assets (pictures,
videos) are not in the database and so not in an export; lessons go on naming them.
Not kept: who wrote a personal text and when, and an editor's lock.

DIR must be new, empty, or an earlier export of this course: its list of files (.persona-export.json) tells
what is replaced or removed; everything else in DIR stays. --force writes into any folder, replaces files of
the same names and removes no others.

exit codes: 0 exported; 1 the course, the folder or the database has a problem, and DIR is as it was;
            2 wrong arguments; 130 stopped by Ctrl-C"""


class Command(BaseCommand):
    help = "Writes a course of the database as a store folder, which import_lessons reads back unchanged."

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> CommandParser:
        kwargs |= {"epilog": EPILOG, "formatter_class": argparse.RawDescriptionHelpFormatter}
        return super().create_parser(prog_name, subcommand, **kwargs)

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("course", metavar="COURSE", help="the course's slug")
        parser.add_argument("directory", type=Path, metavar="DIR", help="the folder that becomes a store")
        who = parser.add_mutually_exclusive_group()
        who.add_argument(
            "--with-learners",
            action="store_true",
            help="learners of the course, their names, answers and texts too: personal data",
        )
        who.add_argument(
            "--without-learners", action="store_true", help="nobody's personal data (this is the default)"
        )
        parser.add_argument("--force", action="store_true", help="write into a folder that holds other files")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            report = _exported(options)
        except InvalidInput as error:
            problems = error.problems
        except (Error, psycopg.Error) as error:
            explanation = explain_database_error(error) or name_database_error(error)
            if explanation is None:
                raise
            problems = (Problem("", "", f"{explanation} Nothing was exported."),)
        except KeyboardInterrupt:
            raise CommandError("Stopped: run the export again.", returncode=130) from None
        else:
            self.stdout.write(_as_text(report, options))
            return
        raise CommandError("\n".join(map(str, problems)))


def _exported(options: dict[str, Any]) -> ExportReport:
    with LateBar(plain_console(stderr=True)) as bar:
        return export_course(
            options["course"],
            options["directory"],
            learners=options["with_learners"],
            force=options["force"],
            watcher=bar,
        )


def _as_text(report: ExportReport, options: dict[str, Any]) -> str:
    rows = ", ".join(f"{table} {count:,}" for table, count in report.rows.items())
    place = shown(str(options["directory"]))
    lines = [
        f"{options['course']} to {place}: {rows}.",
        f"{report.files:,} files, {report.changed:,} of them changed.",
    ]
    if not options["with_learners"]:
        lines.append("Learners and their texts were left out: --with-learners takes them along.")
    return "\n".join([*lines, *(f"warning: {warning}" for warning in report.warnings)])
