"""manage.py renumber_lessons: another order for the lessons of one course."""

import argparse
import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import OperationalError
from psycopg.errors import LockNotAvailable

from courses.course_folder.store_numbers import numbers_of_store
from courses.database import database_address
from courses.errors import ChangedMeanwhile, InvalidInput, Problem
from courses.models import Course
from courses.services.number_wishes import StoreLesson, stored, wished
from courses.services.numbering import Move, compacted, moves, read_places, renumber

EPILOG = """\
examples:
  manage.py renumber_lessons shvz --compact                    1, 2, 3 … in today's order
  manage.py renumber_lessons shvz --set "Полный сеанс=5"       one lesson becomes number 5
  manage.py renumber_lessons shvz --set "Intro=1" --set 6e704245-a4ff-41e3-a794-9b80dcb0b82e=12
  manage.py renumber_lessons shvz --from-store --dry-run       the numbers that the store says

Texts, transcripts, descriptions, assets and links belong to a lesson, not to its number: they stay with it.

--set: what stands before the last "=" is a lesson's id or its whole title. The other lessons keep their
numbers; where the wanted number is taken, the lessons between the old and the new place move by one place,
as when a lesson is dragged there in a list. --set may be repeated: all wishes hold at once.
--from-store: lessons are found by id, else by their whole title. A lesson that the store does not hold keeps
its number if it is free there; else it follows after the store's last number, in today's order. Both are
warned of. A number of a lesson that is not yet in the database is kept free for it.

All lessons get their numbers in one transaction, or none does. A second run changes nothing and says so.

exit codes: 0 renumbered, nothing to do, or (--dry-run) could be; 1 the arguments, the store or the database
            has a problem, and nothing was changed; 2 wrong arguments; 130 stopped by Ctrl-C"""

MEANWHILE = "somebody changed its lessons at this moment: nothing was changed, try again"


class Command(BaseCommand):
    help = "Gives the lessons of one course new numbers: the store's, 1 to n, or those that you name."

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> CommandParser:
        kwargs |= {"epilog": EPILOG, "formatter_class": argparse.RawDescriptionHelpFormatter}
        return super().create_parser(prog_name, subcommand, **kwargs)

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("course", metavar="COURSE", help="the course's slug")
        how = parser.add_mutually_exclusive_group(required=True)
        how.add_argument("--from-store", action="store_true", help="the numbers that the store says")
        how.add_argument("--compact", action="store_true", help="1 to n in today's order")
        how.add_argument(
            "--set", action="append", metavar='"TITLE OR ID=5"', help="one lesson's number; may be repeated"
        )
        parser.add_argument(
            "--store", type=Path, metavar="PATH", help="with --from-store; default: COURSE_STORE_PATH"
        )
        parser.add_argument("--dry-run", action="store_true", help="show the new order, and change nothing")
        parser.add_argument("--json", action="store_true", help="the report as JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["store"] and not options["from_store"]:
            raise CommandError("--store goes with --from-store", returncode=2)
        order, warnings, problems = _outcome(options)
        if options["json"]:
            report = _as_json(options, order, warnings, problems)
            self.stdout.write(json.dumps(report, ensure_ascii=False, indent=2))
        elif not problems:
            self.stdout.write(_as_text(options, order, warnings))
        if problems:
            raise CommandError("\n".join(map(str, problems)))


def _outcome(options: dict[str, Any]) -> tuple[list[Move], list[Problem], list[Problem]]:
    """The new order, warnings, and problems: with one of these nothing was changed."""
    try:
        return *_run(options), []
    except InvalidInput as error:
        problems = list(error.problems)
    except ChangedMeanwhile:
        problems = [Problem(options["course"], "", MEANWHILE)]
    except OperationalError as error:
        problems = [Problem("", "", _explained(error))]
    except KeyboardInterrupt:
        raise CommandError("Stopped: nothing was changed.", returncode=130) from None
    return [], [], problems


def _run(options: dict[str, Any]) -> tuple[list[Move], list[Problem]]:
    course = _course(options["course"])
    places = read_places(course)
    warnings: list[Problem] = []
    if options["from_store"]:
        numbers, warnings = stored(places, _store_lessons(options["store"], course.slug))
    else:
        numbers = compacted(places) if options["compact"] else wished(places, options["set"])
    if options["dry_run"]:
        return moves(places, numbers), warnings
    return renumber(course=course, places=places, numbers=numbers), warnings


def _course(slug: str) -> Course:
    course = Course.objects.filter(slug=slug).first()
    if course is None:
        slugs = ", ".join(Course.objects.order_by("slug").values_list("slug", flat=True))
        raise InvalidInput([Problem(slug, "", f"is no course of the database, which has: {slugs or 'none'}")])
    return course


def _store_lessons(store: Path | None, slug: str) -> list[StoreLesson]:
    found = numbers_of_store(store or settings.COURSE_STORE_PATH, slug)
    return [StoreLesson(lesson.file, lesson.number, lesson.title, said) for lesson, said in found]


def _explained(error: OperationalError) -> str:
    if isinstance(error.__cause__, LockNotAvailable):
        return "an import or another renumbering holds the course: nothing was changed, try again"
    return f"The database {database_address()} does not do its work: nothing was changed, try again"


def _as_json(
    options: dict[str, Any], order: Sequence[Move], warnings: Sequence[Problem], problems: Sequence[Problem]
) -> dict[str, Any]:
    return {
        "ok": not problems,
        "course": options["course"],
        "dry_run": options["dry_run"],
        "changed": sum(move.moved for move in order),
        "lessons": [{"id": str(m.id), "title": m.title, "old": m.old, "new": m.new} for m in order],
        "warnings": [asdict(warning) for warning in warnings],
        "problems": [asdict(problem) for problem in problems],
    }


def _as_text(options: dict[str, Any], order: Sequence[Move], warnings: Sequence[Problem]) -> str:
    """A line for each lesson in the new order, what it sums up to, and the warnings."""
    width = max((len(str(number)) for move in order for number in (move.old, move.new)), default=1)
    lines = [
        f"{move.old:>{width}} → {move.new:<{width}}  {move.title}"
        if move.moved
        else f"{move.old:>{width}} {'=':<{width + 2}}  {move.title}"
        for move in order
    ]
    lines += ["", _summary(options, order), *(f"warning: {warning}" for warning in warnings)]
    return "\n".join(lines)


def _summary(options: dict[str, Any], order: Sequence[Move]) -> str:
    changed = sum(move.moved for move in order)
    of = f"of {len(order):,} lesson{'' if len(order) == 1 else 's'}"
    if not changed:
        return f"{options['course']}: nothing to change, the numbers {of} are as wanted."
    if options["dry_run"]:
        return (
            f"{options['course']}: {changed:,} {of} would get another number. Dry run: nothing was changed."
        )
    return f"{options['course']}: {changed:,} {of} got another number; the order was verified."
