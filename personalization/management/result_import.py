"""What the commands that import results share: arguments, report, exit codes."""

import argparse
import json
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any, ClassVar

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils.translation import override

from courses.errors import InvalidInput, Problem
from personalization.result_files.table import LARGEST_FILE
from personalization.services.results import ResultImport

RULES = """\
The file is CSV in UTF-8, its cells separated by comma, semicolon or tab; its first line names the columns:
  user_identifier      the learner, as in user_profiles.json (or user_id)
  lesson_id            the lesson's UUID; or
  lesson, course       its number, and the course's slug (without: the learner's own course)
  {columns}
  created_at           when, such as 2026-11-26T09:30:00+03:00; without a time zone it is UTC
Other columns are not read. A row is the same one when learner, lesson and created_at are the same: a second
import of a file changes nothing, a corrected file corrects. The learners' clusters follow at once.
Everything that is wrong is told at once with its line, and then nothing is written.

exit codes: 0 imported, or (--dry-run) could be; 1 the file or the database has a problem, and nothing was
            written; 2 wrong arguments; 130 stopped by Ctrl-C, nothing was written"""


class ResultImportCommand(BaseCommand):
    examples: ClassVar[str]
    columns: ClassVar[str]
    run: ClassVar[Callable[..., ResultImport]]

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> CommandParser:
        epilog = f"{self.examples}\n{RULES.format(columns=self.columns)}"
        kwargs |= {"epilog": epilog, "formatter_class": argparse.RawDescriptionHelpFormatter}
        return super().create_parser(prog_name, subcommand, **kwargs)

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path, metavar="FILE", help="a CSV file")
        parser.add_argument("--dry-run", action="store_true", help="the same checks and counts, nothing kept")
        parser.add_argument("--json", action="store_true", help="the report as JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        file: Path = options["file"]
        found, problems = self._outcome(file, dry_run=options["dry_run"])
        if options["json"]:
            report = _as_json(found, problems, dry_run=options["dry_run"])
            self.stdout.write(json.dumps(report, ensure_ascii=False, indent=2))
        elif found:
            self.stdout.write(_as_text(found, dry_run=options["dry_run"]))
        if problems:
            raise CommandError("\n".join([*map(str, problems), "Nothing was written."]))

    def _outcome(self, file: Path, *, dry_run: bool) -> tuple[ResultImport | None, list[Problem]]:
        try:
            with override("en"):  # the admin tells the same in the reader's language
                return type(self).run(data=_read(file), file=file.name, dry_run=dry_run), []
        except InvalidInput as error:
            return None, list(error.problems)
        except KeyboardInterrupt:
            raise CommandError("Stopped: nothing was written.", returncode=130) from None


def _read(file: Path) -> bytes:
    """A byte more than is taken, of a file that is larger: whoever reads it says so."""
    if file.exists() and not file.is_file():
        raise InvalidInput([Problem(file.name, "", "is no file: name a CSV file")])  # a pipe would block
    try:
        with file.open("rb") as opened:
            return opened.read(LARGEST_FILE + 1)
    except OSError as error:
        raise InvalidInput([Problem(file.name, "", f"cannot be read: {error.strerror}")]) from error


def _as_json(found: ResultImport | None, problems: list[Problem], *, dry_run: bool) -> dict[str, Any]:
    counts = found.counts if found else None
    return {
        "ok": not problems,
        "dry_run": dry_run,
        "created": counts.created if counts else 0,
        "updated": counts.updated if counts else 0,
        "unchanged": counts.unchanged if counts else 0,
        "learners": found.clusters.learners if found else 0,
        "clusters_changed": found.clusters.changed if found else 0,
        "warnings": [asdict(warning) for warning in found.warnings] if found else [],
        "problems": [asdict(problem) for problem in problems],
    }


def _as_text(found: ResultImport, *, dry_run: bool) -> str:
    counts, clusters = found.counts, found.clusters
    return "\n".join(
        [
            f"{counts.created:,} new, {counts.updated:,} corrected, {counts.unchanged:,} known already.",
            f"{clusters.changed:,} of {clusters.learners:,} learners move to another cluster.",
            *(f"warning: {warning}" for warning in found.warnings),
            *(["Dry run: nothing was written."] if dry_run else []),
        ]
    )
