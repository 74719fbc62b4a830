"""manage.py recalculate_clusters: the supervisor's clusters from what is known of the learners today."""

import argparse
import json
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from courses.models import Course
from courses.terminal import plain_console
from personalization.models import Profile
from personalization.services.clusters import Recalculated, recalculate_all

EPILOG = """\
examples:
  manage.py recalculate_clusters --dry-run            how many learners would go where
  manage.py recalculate_clusters                      all learners
  manage.py recalculate_clusters --course shvz --json

A cluster says which side of a lesson a learner's texts put first, and how deep they go; docs/clusters.md
tells how it is found. Runs calculate it by themselves where it is older than seven days or the survey has
changed, imports of feedback and quiz results at once: this command is for all other changes, such as rows
that were written by hand. Texts of learners whose cluster changes are stale from then on; none is written.

exit codes: 0 calculated, or (--dry-run) could be; 1 the database has a problem, or there is no such course;
            2 wrong arguments; 130 stopped by Ctrl-C: what was calculated until then stays"""


class Command(BaseCommand):
    help = "Calculates the learners' clusters anew, and tells how many learners go from which to which."

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> CommandParser:
        kwargs |= {"epilog": EPILOG, "formatter_class": argparse.RawDescriptionHelpFormatter}
        return super().create_parser(prog_name, subcommand, **kwargs)

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--course", metavar="SLUG", help="only learners of this course")
        parser.add_argument("--dry-run", action="store_true", help="the same counts, nothing written")
        parser.add_argument("--json", action="store_true", help="the counts as JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        course = _course(options["course"])
        try:
            found = _calculated(course, dry_run=options["dry_run"])
        except KeyboardInterrupt:
            message = "Stopped. What was calculated until then stays; run it again for the rest."
            raise CommandError(message, returncode=130) from None
        if options["json"]:
            self.stdout.write(json.dumps(_as_json(found, dry_run=options["dry_run"]), indent=2))
        else:
            self.stdout.write(_as_text(found, dry_run=options["dry_run"]))


def _calculated(course: Course | None, *, dry_run: bool) -> Recalculated:
    learners = Profile.objects.filter(course=course) if course else Profile.objects
    columns = TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn()
    console = plain_console(stderr=True)
    # Without a terminal all that it would show is an empty line at its end.
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task("Learners", total=learners.count())
        return recalculate_all(course=course, dry_run=dry_run, tick=lambda done: bar.advance(task, done))


def _course(slug: str | None) -> Course | None:
    course = Course.objects.filter(slug=slug).first() if slug is not None else None
    if slug is not None and course is None:
        slugs = Course.objects.order_by("slug").values_list("slug", flat=True)
        known = ", ".join(slugs) or "none is imported"
        raise CommandError(f"There is no course {slug!r}. Known: {known}.")
    return course


def _as_json(found: Recalculated, *, dry_run: bool) -> dict[str, Any]:
    return {
        "dry_run": dry_run,
        "learners": found.learners,
        "changed": found.changed,
        "before": found.before(),
        "after": found.after(),
    }


def _as_text(found: Recalculated, *, dry_run: bool) -> str:
    before, after = found.before(), found.after()
    width = max(map(len, before))
    lines = [f"{name:<{width}}  {before[name]:>9,} → {after.get(name, 0):<9,}".rstrip() for name in before]
    would = "would get" if dry_run else "got"
    lines.append(f"{found.changed:,} of {found.learners:,} learners {would} another cluster.")
    if found.changed and not dry_run:
        lines.append("Their texts are stale now: manage.py personalize --only-stale writes them anew.")
    return "\n".join([*lines, *(["Dry run: nothing was written."] if dry_run else [])])
