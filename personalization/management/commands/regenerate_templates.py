"""manage.py regenerate_templates: the model writes lessons' standard descriptions from their transcripts."""

import argparse
import json
from pathlib import Path
from typing import Any
from uuid import UUID

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils.translation import override
from rich.console import Console

from courses.course_folder.final_files import StoreProblem, described_lessons, may_write
from courses.models import Course
from courses.services.stores import known_stores
from courses.terminal import plain_console
from personalization.costs.estimate import estimate
from personalization.errors import PlanRefused
from personalization.management.arguments import amount, course_named, positive
from personalization.management.run_showing import run_as_json
from personalization.management.template_lines import (
    Store,
    plan_as_json,
    plan_lines,
    result_lines,
    results_as_json,
    undone_lines,
)
from personalization.management.watching import print_estimate, wait_for
from personalization.models.runs import Backend, ItemState, Kind
from personalization.services.runs import Started
from personalization.services.template_runs import start_template_run, template_plan_problem
from personalization.template_queries import WELL, lesson_results, other_runs, preview_templates

PIPED_WIDTH = 160
EPILOG = """\
examples:
  manage.py regenerate_templates shvz --dry-run         what would be written, and what it would cost
  manage.py regenerate_templates shvz --wait            all lessons of the course
  manage.py regenerate_templates shvz --lesson 3 5      two lessons
  manage.py regenerate_templates shvz --budget 2 --wait
                                                        spends 2 at most, in the currency of the price table;
                                                        the rest waits until the budget is raised
  manage.py regenerate_templates shvz --store /srv/store
                                                        writes the files of another store
  manage.py regenerate_templates shvz --no-store        the database only
  manage.py regenerate_templates shvz --force --replace-edited
                                                        all anew, an editor's descriptions too
  manage.py runs                                        how far it is; pause, resume, cancel, retry

The model gets a lesson's title, summary and transcript, and answers in the sections of a standard
description. Its answer is checked: sections, lengths, language, that every number is said in the lesson, and
that safety notes and equipment are. One that is refused is asked for once more with the reason, then
reported. Until a new description is saved the lesson keeps the old one; a lesson without a transcript, or
with a description that an editor changed, is left as it is and reported.

The work is done by workers (celery -A persona_site worker). A description is saved to the database, then to
the store's file N-UUID-final.json, which is found by its UUID; what stood there is copied to
N-UUID-final-backup.json first. A backup is never overwritten: the next one is N-UUID-final-2-backup.json.
Workers need the store under the same path. Where a file could not be written, run the command again: what is
saved is not asked for, or paid, twice. The default store is the one that the course was imported from.

A file that was changed since the last import is left alone and reported: import it first. With --no-store
the next import brings back what the files say. Where lesson.json holds a description, too, take it out there:
otherwise an import warns that it differs from the file, and with --strict refuses.

exit codes: 0 every lesson is done, unchanged or skipped (or, without --wait, the run is started); 1 a lesson
            failed, the run was paused or cancelled, or waits for a higher budget; there is no such course,
            lesson or store; 2 wrong arguments; 130 the watching was ended by Ctrl-C: the run goes on"""


class Command(BaseCommand):
    help = "Has the model write the standard descriptions of a course's lessons from their transcripts."

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> CommandParser:
        kwargs |= {"epilog": EPILOG, "formatter_class": argparse.RawDescriptionHelpFormatter}
        return super().create_parser(prog_name, subcommand, **kwargs)

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("course", metavar="COURSE", help="the course's slug")
        parser.add_argument(
            "--lesson", type=positive, nargs="+", action="extend", metavar="N", help="only these, by number"
        )
        store = parser.add_mutually_exclusive_group()
        store.add_argument(
            "--store", type=Path, metavar="DIR", help="whose files are written; default: the course's own"
        )
        store.add_argument("--no-store", action="store_true", help="write no files, the database only")
        parser.add_argument("--force", action="store_true", help="write unchanged descriptions again")
        parser.add_argument(
            "--replace-edited", action="store_true", help="replace descriptions that an editor changed, too"
        )
        parser.add_argument(
            "--budget", type=amount, metavar="AMOUNT", help="spend at most so much; default: no limit"
        )
        parser.add_argument("--dry-run", action="store_true", help="show what would be done, and do nothing")
        parser.add_argument("--wait", action="store_true", help="show progress until the run ends")
        parser.add_argument("--json", action="store_true", help="plan and results as JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        with override("en"):
            try:
                self._regenerate(options)
            except KeyboardInterrupt:
                raise CommandError("Stopped.", returncode=130) from None

    def _regenerate(self, options: dict[str, Any]) -> None:
        if problem := template_plan_problem(options["budget"]):
            raise CommandError(problem)
        course = course_named(options["course"])
        lessons = _lessons(course, options["lesson"])
        store = _store(course, options)
        choices = {"force": options["force"], "replace_locked": options["replace_edited"]}
        plan = preview_templates(lessons, **choices)
        cost = estimate(plan.sizes, Backend.OPENAI, Kind.TEMPLATES)
        said = plan_as_json(course, plan, store, cost, dry_run=options["dry_run"])
        console = _console(stderr=options["json"])
        for line in plan_lines(course, plan, store):
            console.print(line, markup=False, highlight=False, soft_wrap=True)
        print_estimate(console, cost, options["budget"])
        if options["dry_run"]:
            self._say(said, options)
            return
        try:
            started = start_template_run(
                lessons=lessons,
                stores={course.pk: str(store.path)} if store and store.files else {},
                **choices,
                budget_micro=options["budget"],
                estimate_micro=cost.micro,
            )
        except PlanRefused as refused:
            raise CommandError(str(refused)) from refused
        console.print(f"Run {started.run.pk}: {started.asked:,} items.", highlight=False, soft_wrap=True)
        if started.coalesced:
            console.print(
                f"{started.coalesced:,} are being written for another run at this moment; "
                "this run does them once more when that is through."
            )
        self._finish(started, lessons, store, said, options, console)

    def _finish(
        self,
        started: Started,
        lessons: list[UUID],
        store: Store | None,
        said: dict[str, Any],
        options: dict[str, Any],
        console: Console,
    ) -> None:
        """Waits where it was asked to, and says what became of the lessons, also where one failed."""
        failure: CommandError | None = None
        if options["wait"]:
            failure = _waited(started, lessons, console)
            results = lesson_results(lessons)
            said["results"] = results_as_json(results)
            bad = [result for result in results if result.state not in WELL]
            good = [result.number for result in results if result.state in WELL]
            for line in (*result_lines(bad), *(undone_lines(store, good) if good else ())):
                console.print(line, markup=False, highlight=False, soft_wrap=True)
            if any(result.state not in (*WELL, ItemState.SKIPPED) for result in results):
                failure = failure or CommandError("Not every lesson was written; the lines above say why.")
        started.run.refresh_from_db()
        said["run"] = run_as_json(started.run)
        self._say(said, options)
        if failure:
            raise failure

    def _say(self, said: dict[str, Any], options: dict[str, Any]) -> None:
        if options["json"]:
            self.stdout.write(json.dumps(said, ensure_ascii=False, indent=2))


def _waited(started: Started, lessons: list[UUID], console: Console) -> CommandError | None:
    """Why the run did not end well. The runs that have others of the lessons are waited for, too: what they
    say of lessons that were not asked for is no matter here."""
    failure: CommandError | None = None
    others = other_runs(lessons, started.run.pk)
    for run_id in [started.run.pk, *others]:
        if run_id in others:
            console.print(f"Run {run_id} writes some of these lessons:", highlight=False, soft_wrap=True)
        try:
            wait_for(console, run_id)
        except CommandError as error:
            if error.returncode == 130:
                raise
            failure = failure or (None if run_id in others else error)
    return failure


def _console(*, stderr: bool) -> Console:
    """What a program or a file gets is not broken to 80 columns."""
    console = plain_console(stderr=stderr)
    return console if console.is_terminal else plain_console(stderr=stderr, width=PIPED_WIDTH)


def _lessons(course: Course, numbers: list[int] | None) -> list[UUID]:
    """Raises CommandError for a course without lessons, and for numbers that it does not have."""
    known = dict(course.lessons.order_by("lesson_number").values_list("lesson_number", "pk"))
    if not known:
        raise CommandError(f"The course {course.slug!r} has no lessons. Nothing was started.")
    if missing := sorted({*(numbers or ())} - known.keys()):
        said = ", ".join(map(str, missing))
        raise CommandError(
            f"The course {course.slug!r} has no lesson {said}; its numbers end at {max(known)}. "
            "Nothing was started."
        )
    return [known[number] for number in (sorted({*numbers}) if numbers else known)]


def _store(course: Course, options: dict[str, Any]) -> Store | None:
    """Whose files there are; None: nobody's. Raises CommandError where it does not hold the course."""
    known = known_stores([course.pk]).get(course.pk)
    if options["no_store"]:
        return Store(Path(known), files=False) if known else None
    path = options["store"].absolute() if options["store"] else known and Path(known)
    if not path:
        return None
    try:
        return Store(path, may_write(path, course.slug), described_lessons(path, course.slug))
    except StoreProblem as problem:
        said = "N" if options["store"] else "The course was imported from there: n"
        raise CommandError(
            f"{problem}. {said}ame another with --store DIR, or say --no-store. Nothing was started."
        ) from problem
