"""The import of a whole store: courses, then learners. The same plan for a dry run, without its last step."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from itertools import chain
from pathlib import Path

from django.db import connection

from courses.course_folder.findings import Findings
from courses.course_folder.folders import Folder, shown
from courses.course_folder.plan import CoursePlan, plan_courses
from courses.course_folder.report import Counts, ImportReport
from courses.course_folder.snapshot import Snapshot
from courses.course_folder.store import (
    PROFILES,
    ListedCourse,
    choose,
    ids_of_others,
    list_courses,
    open_store,
    read_courses,
)
from courses.errors import InvalidInput, Problem
from courses.history.reason import because
from courses.services.course_import import read_snapshot
from courses.services.import_lock import import_lock, patience
from courses.services.staging import staging
from persona_site.import_options import PLAIN, ImportOptions
from persona_site.lanes import Lanes, lanes
from persona_site.progress import Shared, Silent, Watcher
from persona_site.store_part import ALL_TABLES, Changes, StorePart, halves, import_transaction, summed
from personalization.learner_files.batches import readers
from personalization.learner_files.lesson_files import TextPlan
from personalization.learner_files.profiles import LearnerEntry, read_profiles
from personalization.learner_files.reading_pool import processes_for
from personalization.services.learners import (
    known_identifiers,
    learner_changes,
    stage_learners,
    write_learners,
)
from personalization.services.template_files import files_to_come
from personalization.services.text_import import TEXT_TABLE, warn_of_kept

MOST_NAMED = 20  # courses, in what the history says of an import
WAITING = "Another import is running: waiting for it to end. Ctrl-C gives up."


def import_store(
    path: Path,
    courses: Sequence[str] = (),
    *,
    dry_run: bool = False,
    watcher: Watcher | None = None,
    options: ImportOptions = PLAIN,
) -> ImportReport:
    """Imports the named courses of a store, or all, and their learners; what was done, or would be.

    A report with problems: nothing was written. Otherwise each transaction is whole or not at all: first the
    learners (a learner may name a course that is not there yet, a text needs its learner), then course by
    course with its lessons, descriptions, assets and personal texts; the watcher is told of each. Imports
    wait for each other. Raises InvalidInput where there is no such store or course, CourseChanged, and
    Django's database errors.
    """
    watcher = watcher or Silent()
    findings = Findings()
    changes: list[Changes] = []
    with open_store(path, findings) as store:
        listed = _list(store, path)
        chosen = choose(listed, courses)
        reason = because(command="import_lessons", store=[course.slug for course in chosen][:MOST_NAMED])
        with reason, import_lock(lambda: watcher.say(WAITING)) as still_locked, patience():
            # In this order: a file that came between the two is read as it is now.
            snapshot = replace(read_snapshot(), leaving=bool(options.prune), moving=files_to_come())
            others = ids_of_others(store, listed, chosen)
            plans = plan_courses(read_courses(store, chosen), snapshot, findings, others)
            known = snapshot.languages.keys() | {course.slug for course in listed}
            home = path if options.with_lessons else None
            with _started(store, plans, snapshot, watcher, options, home) as work:
                work.stage(read_profiles(store, known), everyone=not courses)
                changes = work.finish(still_locked, dry_run=dry_run)
                leaving = work.leaving
    report = ImportReport(shown(str(path)), dry_run, tuple(course.slug for course in chosen), leaving=leaving)
    return _report(report, changes, findings)


@dataclass(slots=True)
class _Import:
    """The parts of an import, each in its lane; learners are everybody's, and go first.

    `readers`: who has texts, by plan.
    """

    parts: Sequence[StorePart]
    lanes: Lanes
    store: Folder
    watcher: Watcher
    options: ImportOptions
    readers: Sequence[set[str]]

    @property
    def leaving(self) -> tuple[str, ...]:
        """What was to be deleted, in words."""
        return tuple(str(course) for part in self.parts for course in part.leaving.values() if course)

    def stage(self, entries: Iterable[LearnerEntry], *, everyone: bool) -> None:
        """Copies beside the tables what the options ask for; what is wrong with it goes to the findings."""
        plans = [plan for part in self.parts for plan in part.plans]
        if self.options.with_lessons:
            self.watcher.stage("Reading lessons", sum(len(plan.lessons) for plan in plans))
            self._each(StorePart.stage_lessons)
        else:
            for part in self.parts:
                _refuse_unknown_lessons(part)
        if self.options.with_learners:
            texts = sum(map(len, self.readers))
            learners = self._stage_learners(entries, {plan.slug for plan in plans}, everyone=everyone)
            self.readers = ()  # they are many, and in `learners` now
            self.watcher.stage("Reading personal texts", texts)
            processes = processes_for(texts) // len(self.parts)
            self._each(partial(StorePart.stage_texts, learners=learners, processes=processes))
        self.store.refuse_changed()

    def finish(self, still_locked: Callable[[], None], *, dry_run: bool) -> list[Changes]:
        """Writes what was staged, where nothing is wrong with it, or tells what that would do."""
        findings, options = self.store.findings, self.options
        changes: list[Changes] = []
        if not findings.problems:
            self._each(partial(StorePart.compare, prune=bool(options.prune)))
        if not findings.problems and (dry_run or options.strict):
            changes = [(PROFILES, learner_changes()), *chain(*self._each(StorePart.planned))]
        if not (self._is_refused(dry_run=dry_run) or dry_run):
            changes = self._write(still_locked)
        return changes

    def _each[R](self, work: Callable[[StorePart], R]) -> list[R]:
        results = self.lanes.each(work, self.parts)
        for part in self.parts:
            part.findings.move_to(self.store.findings)
        return results

    def _stage_learners(
        self, entries: Iterable[LearnerEntry], slugs: set[str], *, everyone: bool
    ) -> set[str]:
        """The identifiers that are known. Off `everyone`: only who has one of the courses, or texts in it."""
        found = set[str]().union(*self.readers)
        learners: set[str] = set()
        stage_learners(
            entry
            for entry in _noted(entries, learners)
            if everyone or entry.course in slugs or entry.identifier in found
        )
        if any(problem.file == PROFILES for problem in self.store.findings.problems):
            # Whom a broken file names is not known: nobody else is blamed for it.
            return learners | found
        return learners | known_identifiers(found - learners)

    def _is_refused(self, *, dry_run: bool) -> bool:
        """Whether nothing may be written: for a problem, a warning that may not be, an unwanted deletion."""
        findings, prune = self.store.findings, self.options.prune
        if self.options.strict and findings.warnings and not findings.problems:
            message = f"the store has warnings ({len({*findings.warnings}):,}), and --strict takes none"
            findings.problem("", message)
        found = [course for part in self.parts for course in part.leaving.values() if course]
        if not dry_run and not findings.problems and found and prune and not prune(found):
            findings.problem("", "nothing was deleted, and nothing imported: the deletion was not agreed to")
        return bool(findings.problems)

    def _write(self, still_locked: Callable[[], None]) -> list[Changes]:
        courses = sum(len(part.plans) for part in self.parts)
        self.watcher.stage("Writing", courses + 1)
        with import_transaction(still_locked, last=not courses):
            learners = write_learners()
        self.watcher.written(None, learners)
        written = self._each(partial(StorePart.write, still_locked=still_locked))
        return [(PROFILES, learners), *chain(*written)]


ONE_LANE = (
    "The database has no connection left for a second session: the import goes on in one, which takes "
    "longer. Stop something, or raise max_connections."
)


@contextmanager
def _started(
    store: Folder,
    plans: Sequence[CoursePlan],
    snapshot: Snapshot,
    watcher: Watcher,
    options: ImportOptions,
    home: Path | None,
) -> Iterator[_Import]:
    """In two lanes where there is much to do; a transaction around the import has one session only.

    `home`: where the courses come from, to be remembered; None, they are not written.
    """
    found = [_readers(plan, store) if options.with_learners else set[str]() for plan in plans]
    several = processes_for(sum(map(len, found))) > 1 and not connection.in_atomic_block
    sizes = [len(plan.lessons) + len(who) for plan, who in zip(plans, found, strict=True)]
    split = halves(plans, sizes) if several else [plans]
    with lanes(len(split), _session) as made:
        if made.number < len(split):
            split = [plans]
            watcher.say(ONE_LANE)
        told = Shared(watcher, made.go_on) if len(split) > 1 else watcher
        folders = [store] if len(split) == 1 else [store.telling(Findings()) for _ in split]
        parts = [
            StorePart(part, folder, snapshot, told, home) for part, folder in zip(split, folders, strict=True)
        ]
        yield _Import(parts, made, store, told, options, found)


@contextmanager
def _session() -> Iterator[None]:
    with patience(), staging(ALL_TABLES):
        yield


def _readers(plan: CoursePlan, store: Folder) -> set[str]:
    texts = TextPlan.of(plan)
    return readers(texts, store) if texts else set()


def _report(report: ImportReport, changes: Iterable[Changes], findings: Findings) -> ImportReport:
    """The report with what was found, and, where nothing is wrong, with what was done."""
    for path_in_store, counts in changes:
        warn_of_kept(path_in_store, counts.get(TEXT_TABLE, Counts()), findings)
    told = replace(
        report,
        warnings=tuple(dict.fromkeys(findings.warnings)),
        problems=tuple(dict.fromkeys(findings.problems)),
        converted=findings.converted,
    )
    if told.problems:
        return replace(told, leaving=())
    return replace(told, tables=summed(counts for _, counts in changes))


def _list(store: Folder, path: Path) -> list[ListedCourse]:
    listed = list_courses(store)
    if not listed and not any(entry.key == PROFILES for entry in store.entries()):
        message = f"holds neither a course folder nor {PROFILES}: is it the right folder?"
        raise InvalidInput([Problem(str(path), "", message)])
    return listed


def _refuse_unknown_lessons(part: StorePart) -> None:
    """Texts alone need lessons that are there already."""
    for plan in part.plans:
        new = [str(number) for lesson, number in plan.numbers.items() if lesson not in part.snapshot.lessons]
        if new and plan.folder.personalize:
            message = f"has lessons that the database does not know ({len(new):,}, first {new[0]}): "
            part.findings.problem(plan.folder.path, f"{message}import them before the learners")


def _noted(entries: Iterable[LearnerEntry], identifiers: set[str]) -> Iterator[LearnerEntry]:
    """The same learners, each added to the identifiers when it passes."""
    for entry in entries:
        identifiers.add(entry.identifier)
        yield entry
