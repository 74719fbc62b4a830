"""manage.py personalize: starts a run, and with --wait stays until it ends."""

import argparse
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils.translation import override

from courses.models import Course, Lesson
from courses.terminal import plain_console
from personalization.costs.estimate import estimate
from personalization.errors import PlanRefused
from personalization.lesson_numbers import lesson_numbers
from personalization.management.arguments import amount, course_named, positive
from personalization.management.watching import print_estimate, print_preview, wait_for
from personalization.models import Profile
from personalization.models.runs import Backend
from personalization.pairs import Selection
from personalization.queries import preview
from personalization.services.runs import plan_problem, start_run
from personalization.writers.registry import default_backend

EPILOG = """\
examples:
  manage.py personalize --wait                    all learners, each with their own course
  manage.py personalize u-1001 u-1002 --wait      two learners
  manage.py personalize --course shvz --only-stale --dry-run
                                                  what is missing or stale in one course, and what it
                                                  would cost, without writing
  manage.py personalize --course shvz --budget 5 --wait
                                                  spends 5 at most, in the currency of the price table; what
                                                  it does not reach waits until the budget is raised
  manage.py personalize --lessons 1,3-5 --force   four lessons, unchanged ones too
  manage.py personalize u-1001 --replace-locked --dry-run
                                                  how many texts of an editor would be replaced
  manage.py personalize --course shvz --pilot 5 --wait
                                                  five texts first; then: manage.py runs look latest
  manage.py runs                                  what runs there are, and what to do with them

The work is done by workers (celery -A persona_site worker); a learner's old text stays until the new one
is there. Texts that an editor changed are left alone; with --replace-locked only those that an editor
changes after the run was started.
The texts of a pilot are spread over learners and lessons. No learner sees them before somebody accepts them,
in the admin or with "manage.py runs accept"; then they are published as they were seen.

--wait shows a bar, the pace, what it costs, errors by kind, and what the run waits for. Ctrl-C ends the
watching; the run goes on.

exit codes: 0 every item is done, unchanged or skipped, or the pilot is ready to be looked at (or, without
            --wait, the run is started); 1 an item failed, the run was paused or cancelled, or waits for a
            higher budget, or there is nothing that could be started, also with --dry-run; 2 wrong arguments;
            130 the watching was ended by Ctrl-C"""


NOTHING = (
    "Nothing to write: no learner of this selection has a course with lessons, or with these. "
    "Nothing was started."
)
MOST_NAMED = 5  # lesson numbers in a message


class Command(BaseCommand):
    help = "Writes personal texts for learners: all, or those named."

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> CommandParser:
        kwargs |= {"epilog": EPILOG, "formatter_class": argparse.RawDescriptionHelpFormatter}
        return super().create_parser(prog_name, subcommand, **kwargs)

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("users", nargs="*", metavar="USER", help="user identifiers; none: all learners")
        parser.add_argument("--course", metavar="SLUG", help="only learners of this course")
        parser.add_argument("--lessons", type=_numbers, metavar="1,3-5", help="only these lessons, by number")
        parser.add_argument("--only-stale", action="store_true", help="only texts that are missing or stale")
        parser.add_argument("--limit", type=positive, metavar="N", help="at most N texts")
        parser.add_argument(
            "--backend",
            choices=Backend.values,
            help="who writes: openai (needs OPENAI_API_KEY) or simple (template sentences, no network); "
            "default: openai where a key is set, else simple",
        )
        parser.add_argument(
            "--budget", type=amount, metavar="AMOUNT", help="spend at most so much; default: no limit"
        )
        parser.add_argument("--force", action="store_true", help="write unchanged texts again")
        parser.add_argument(
            "--replace-locked", action="store_true", help="replace texts that an editor changed, too"
        )
        parser.add_argument(
            "--pilot", type=positive, metavar="N", help="write N texts first, and wait for a look at them"
        )
        parser.add_argument("--dry-run", action="store_true", help="show what would be done, and do nothing")
        parser.add_argument(
            "--wait", action="store_true", help="show progress until the run ends, or its pilot is written"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        console = plain_console()
        backend = options["backend"] or default_backend()
        with override("en"):
            if problem := plan_problem(backend, options["budget"], options["pilot"]):
                raise CommandError(problem)
            selection = _selection(options)
            choices = {"force": options["force"], "replace_locked": options["replace_locked"]}
            plan = preview(selection, backend, **choices)
            print_preview(console, plan, backend)
            cost = estimate(plan.sizes, backend)
            print_estimate(console, cost, options["budget"])
            if selection.only_stale and not plan.total:
                console.print("No text is missing or stale: nothing to do.")
                return
            if not plan.total:
                raise CommandError(NOTHING)
            if options["dry_run"]:
                return
            try:
                started = start_run(
                    selection=selection,
                    backend=backend,
                    **choices,
                    budget_micro=options["budget"],
                    estimate_micro=cost.micro,
                    to_write=cost.texts,
                    pilot=options["pilot"],
                )
            except PlanRefused as refused:
                raise CommandError(str(refused)) from refused
        console.print(f"Run {started.run.pk}: {started.asked:,} items.")
        if started.coalesced:
            console.print(
                f"{started.coalesced:,} are being written for another run at this moment; "
                "this run does them once more when that is through."
            )
        if options["wait"]:
            with override("en"):
                wait_for(console, started.run.pk)


def _selection(options: dict[str, Any]) -> Selection:
    course = course_named(options["course"]) if options["course"] is not None else None
    if options["lessons"]:
        _check_lessons(options["lessons"], course)
    return Selection(
        profiles=_profiles(options["users"]),
        course=course.pk if course else None,
        lessons=options["lessons"],
        only_stale=options["only_stale"],
        limit=options["limit"],
    )


def _check_lessons(numbers: tuple[int, ...], course: Course | None) -> None:
    """Raises CommandError where no lesson has any of the numbers."""
    lessons = course.lessons if course else Lesson.objects
    if lessons.filter(lesson_number__in=numbers).exists():
        return
    where = f" of the course {course.slug!r}" if course else ""
    said = " or ".join(map(str, numbers[:MOST_NAMED])) + (" or …" if len(numbers) > MOST_NAMED else "")
    raise CommandError(f"Nothing to write: no lesson{where} has the number {said}. Nothing was started.")


def _profiles(users: list[str]) -> tuple[Any, ...] | None:
    if not users:
        return None
    found = dict(Profile.objects.filter(user_identifier__in=users).values_list("user_identifier", "pk"))
    unknown = [user for user in users if user not in found]
    if unknown:
        raise CommandError(
            f"No learner has the identifier {' or '.join(map(repr, unknown))}. Nothing was started."
        )
    return tuple(found.values())


def _numbers(text: str) -> tuple[int, ...]:
    try:
        with override("en"):
            return lesson_numbers(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from error
