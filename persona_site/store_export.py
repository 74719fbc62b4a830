"""The export of a course as a store folder, proved by the import's dry run before anything is in place."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

from django.db import connection, transaction

from courses.errors import InvalidInput, Problem
from courses.models import Course
from courses.services.course_export import Exported, course_files
from persona_site.export_folder import apart, explained, move_in, owned_files, write
from persona_site.progress import Silent, Watcher
from persona_site.store_import import import_store
from personalization.services.learner_export import TEXTS, learner_files, learners_of

_LOST = {
    "lesson_descriptions": "empty standard descriptions are left out: a store has no way to say them",
    TEXTS: "empty personal texts are left out: a store has no way to say them",
    "courses of learners": "learners are on another course, which is not in this export: not said here",
    "origins": "personal texts lose who wrote them and an editor's lock: elsewhere they count as imported",
}


@dataclass(frozen=True, slots=True)
class ExportReport:
    """`rows` by table; `files` in all, and how many of them were written or removed."""

    rows: dict[str, int]
    files: int
    changed: int
    warnings: tuple[Problem, ...]


def export_course(
    slug: str, target: Path, *, learners: bool, force: bool = False, watcher: Watcher | None = None
) -> ExportReport:
    """Writes the course, and its learners where asked, to the folder; what was written.

    All of it is of one moment. Raises InvalidInput, with the folder as it was, where the course is unknown,
    the folder is something else, or the store's format would lose something.
    """
    watcher = watcher or Silent()
    target = target.absolute()
    course = _course(slug)
    owned = owned_files(target, slug, force=force)
    seen = Exported()
    with apart(target) as folder:
        with _one_moment():
            files = _written(course, folder, seen, watcher, learners=learners)
            _prove(folder, slug, seen, watcher)
        with explained(target):
            changed = move_in(folder, target, slug, files, owned)
    warnings = [
        Problem(slug, "", f"{count:,} {_LOST[what]}") for what, count in seen.left_out.items() if count
    ]
    if converted := sum(seen.converted.values()):
        message = f"{converted:,} rows are of an older shape: an import writes the same words in today's"
        warnings.append(Problem(slug, "", message))
    return ExportReport(dict(seen.rows), len(files), changed, tuple(warnings))


def _course(slug: str) -> Course:
    course = Course.objects.filter(slug=slug).first()
    if course is None:
        slugs = ", ".join(Course.objects.order_by("slug").values_list("slug", flat=True))
        raise InvalidInput([Problem(slug, "", f"is no course of the database, which has: {slugs or 'none'}")])
    return course


@contextmanager
def _one_moment() -> Iterator[None]:
    """Everything read inside is of one moment, whoever writes meanwhile."""
    outermost = not connection.in_atomic_block
    with transaction.atomic():
        with connection.cursor() as cursor:
            if outermost:
                cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
            # Files are written between two reads.
            cursor.execute("SET LOCAL idle_in_transaction_session_timeout = 0")
        yield


def _written(course: Course, folder: Path, seen: Exported, watcher: Watcher, *, learners: bool) -> list[str]:
    """The paths of all files, which are in the folder. Raises InvalidInput."""
    watcher.stage("Writing lessons", course.lessons.count())
    files = course_files(course, seen)
    if learners:
        files = chain(files, _with_stage(course, seen, watcher))
    paths = []
    with explained(folder.parent):
        for path, data in files:
            write(folder, path, data)
            paths.append(path)
            if path.endswith("/lesson.json"):
                watcher.tick()
    if seen.problems:
        raise InvalidInput(seen.problems)
    return paths


def _with_stage(course: Course, seen: Exported, watcher: Watcher) -> Iterator[tuple[str, bytes]]:
    watcher.stage("Writing learners", learners_of(course).count())
    yield from learner_files(course, seen, watcher.tick)


def _prove(folder: Path, slug: str, seen: Exported, watcher: Watcher) -> None:
    """An import of the files changes nothing in this database, and finds every row. Raises InvalidInput."""
    report = import_store(folder, [slug], dry_run=True, watcher=watcher)
    if report.problems:
        raise InvalidInput(report.problems)
    problems = []
    for table, counts in report.tables.items():
        expected = seen.rows.get(table, 0) - seen.left_out.get(table, 0)
        found = counts.updated + counts.unchanged + counts.kept + counts.locked
        differ = found - counts.unchanged
        if counts.created or found != expected or differ > seen.converted.get(table, 0):
            message = (
                f"the export would lose something: of {expected:,} rows an import of it would find "
                f"{found:,}, change {differ:,} and create {counts.created:,}"
            )
            problems.append(Problem(slug, table, message))
    if problems:
        raise InvalidInput(problems + list(report.warnings))
