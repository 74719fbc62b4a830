"""Some courses of a store on their way into the database, in one session: staged, compared, written."""

from collections import Counter
from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import accumulate
from pathlib import Path

from django.db import IntegrityError, connection, transaction
from psycopg.errors import ForeignKeyViolation, NotNullViolation, UniqueViolation

from courses.course_folder.findings import Findings
from courses.course_folder.folders import Folder
from courses.course_folder.plan import CoursePlan
from courses.course_folder.report import Counts
from courses.course_folder.snapshot import Snapshot
from courses.services.course_import import (
    COURSE_TABLES,
    CourseChanged,
    course_changes,
    stage_courses,
    warn_of_newer,
    write_course,
)
from courses.services.staging import index
from courses.services.stores import remember_store
from persona_site.progress import Watcher
from persona_site.store_prune import Leaving, list_leaving, prune_course
from personalization.learner_files.lesson_files import TextPlan
from personalization.services.learners import STAGED_PROFILES
from personalization.services.text_import import (
    TEXT_TABLE,
    TEXTS,
    stage_texts,
    text_changes,
    warn_of_kept,
    write_texts,
)

type Changes = tuple[str, dict[str, Counts]]
"""The path that rows came from, and what became of them, by table."""

ALL_TABLES = (*COURSE_TABLES, STAGED_PROFILES, TEXTS)
TABLE_NAMES = ("courses", "lessons", "lesson_descriptions", "lesson_assets", "profiles", TEXT_TABLE)


@dataclass(slots=True)
class StorePart:
    """What is done with its plans, step by step; what is wrong with them goes to the store's findings.

    `unread`: by course, how many personal texts need nothing, because the database has them from the same
    files. `leaving`: by course, what is to be deleted. `home`: the store, where courses remember it.
    """

    plans: Sequence[CoursePlan]
    store: Folder
    snapshot: Snapshot
    watcher: Watcher
    home: Path | None
    unread: Counter[str] = field(default_factory=Counter)
    leaving: Mapping[str, Leaving] = field(default_factory=dict)

    @property
    def findings(self) -> Findings:
        return self.store.findings

    def stage_lessons(self) -> None:
        """Copies courses and lessons beside their tables."""
        stage_courses(self.plans, self.snapshot, self.store, self.watcher.tick)

    def stage_texts(self, learners: Container[str], processes: int) -> None:
        """Copies the personal texts beside their table. The arguments are those of `text_import`'s."""
        texts = [text for plan in self.plans if (text := TextPlan.of(plan))]
        self.unread = stage_texts(texts, self.store, learners, self.watcher.tick, processes)

    def compare(self, *, prune: bool) -> None:
        """Makes what was staged ready to be compared; prune: looks for what is to be deleted."""
        index(ALL_TABLES)
        if prune:
            self.leaving = list_leaving(self.plans, self.findings)

    def planned(self) -> list[Changes]:
        """What `write` would do. Changes nothing."""
        changes: list[Changes] = []
        for plan in self.plans:
            written = course_changes(plan.slug) | text_changes(plan.slug)
            deleted = self.leaving[plan.slug].tables if plan.slug in self.leaving else {}
            changes.append((plan.folder.path, self._all(plan, written, deleted)))
            # Now, not with the report: --strict must know of them before anything is written.
            warn_of_kept(plan.folder.path, written[TEXT_TABLE], self.findings)
            warn_of_newer(plan.folder.path, plan.slug, self.findings)
        return changes

    def write(self, still_locked: Callable[[], None]) -> list[Changes]:
        """Writes course by course, in transactions of which the watcher is told. Raises CourseChanged."""
        changes: list[Changes] = []
        for plan in self.plans:
            self.watcher.tick()
            try:
                with import_transaction(still_locked, last=plan is self.plans[-1]):
                    changes.append((plan.folder.path, self._written(plan)))
            except IntegrityError as error:
                # Everything was checked against the snapshot: a row came or went since.
                if isinstance(error.__cause__, UniqueViolation | ForeignKeyViolation | NotNullViolation):
                    raise CourseChanged(plan.slug) from error
                raise
            warn_of_newer(plan.folder.path, plan.slug, self.findings)
            self.watcher.written(plan.slug, changes[-1][1])
        return changes

    def _written(self, plan: CoursePlan) -> dict[str, Counts]:
        seen = self.snapshot.numbers(plan.slug)
        deleted: Mapping[str, Counts] = {}
        if plan.slug in self.leaving:
            deleted = prune_course(plan, self.leaving[plan.slug], seen)
            seen = {lesson: number for lesson, number in seen.items() if lesson in plan.numbers}
        written = write_course(plan.slug, seen) | write_texts(plan.slug)
        if self.home:
            remember_store(plan.slug, self.home)
        return self._all(plan, written, deleted)

    def _all(
        self, plan: CoursePlan, written: Mapping[str, Counts], deleted: Mapping[str, Counts]
    ) -> dict[str, Counts]:
        return summed([written, deleted, {TEXT_TABLE: Counts(unchanged=self.unread[plan.slug])}])


@contextmanager
def import_transaction(still_locked: Callable[[], None], *, last: bool) -> Iterator[None]:
    """A transaction of the import. Only the last of a session waits for the disk: its commit has those before
    it written too.

    Where there is no last one, because a part is refused, the server writes the others within a second.
    """
    with transaction.atomic():
        still_locked()
        if not last:
            with connection.cursor() as cursor:
                cursor.execute("SET LOCAL synchronous_commit = off")
        yield


def halves(plans: Sequence[CoursePlan], sizes: Sequence[int]) -> list[Sequence[CoursePlan]]:
    """The plans in two parts of about the same size, in their order; one part where there is one plan."""
    if len(plans) < 2:
        return [plans]
    total = sum(sizes)
    sums = [*accumulate(sizes)][:-1]
    cut = 1 + min(range(len(sums)), key=lambda place: abs(2 * sums[place] - total))
    return [plans[:cut], plans[cut:]]


def summed(changes: Iterable[Mapping[str, Counts]]) -> dict[str, Counts]:
    """What became of the rows of all parts, by table."""
    tables = dict.fromkeys(TABLE_NAMES, Counts())
    for parts in changes:
        for table, counts in parts.items():
            tables[table] = tables.get(table, Counts()) + counts
    return tables
