"""The import of a whole store: courses, then learners. The same plan for a dry run, without its last step."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from django.db import IntegrityError, connection, transaction
from psycopg.errors import ForeignKeyViolation, NotNullViolation, UniqueViolation

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
from courses.services.course_import import (
    COURSE_TABLES,
    CourseChanged,
    course_changes,
    read_snapshot,
    stage_courses,
    write_course,
)
from courses.services.import_lock import import_lock
from courses.services.staging import index, staging
from courses.services.stores import remember_store
from persona_site.import_options import PLAIN, ImportOptions
from persona_site.progress import Silent, Watcher
from persona_site.store_prune import Leaving, list_leaving, prune_course
from personalization.learner_files.batches import readers
from personalization.learner_files.lesson_files import TextPlan
from personalization.learner_files.profiles import LearnerEntry, read_profiles
from personalization.learner_files.reading_pool import processes_for
from personalization.services.learners import (
    STAGED_PROFILES,
    known_identifiers,
    learner_changes,
    stage_learners,
    write_learners,
)
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
    leaving: dict[str, Leaving] = {}
    with open_store(path, findings) as store:
        listed = _list(store, path)
        chosen = choose(listed, courses)
        reason = because(command="import_lessons", store=[course.slug for course in chosen][:MOST_NAMED])
        with reason, import_lock(lambda: watcher.say(WAITING)) as still_locked, staging(ALL_TABLES):
            snapshot = replace(read_snapshot(), leaving=bool(options.prune))
            others = ids_of_others(store, listed, chosen)
            plans = plan_courses(read_courses(store, chosen), snapshot, findings, others)
            unread = _stage(store, plans, snapshot, listed, options, watcher, everyone=not courses)
            if not findings.problems:
                index(ALL_TABLES)
                leaving = list_leaving(plans, findings) if options.prune else {}
            if not findings.problems and (dry_run or options.strict):
                changes = _planned(plans, leaving, unread, findings)
            if not (_is_refused(options, leaving, findings, dry_run=dry_run) or dry_run):
                home = path if options.with_lessons else None
                changes = _written(plans, snapshot, leaving, unread, still_locked, watcher, home)
    report = ImportReport(shown(str(path)), dry_run, tuple(course.slug for course in chosen))
    return _report(report, changes, leaving, findings)


def _stage(
    store: Folder,
    plans: Sequence[CoursePlan],
    snapshot: Snapshot,
    listed: Iterable[ListedCourse],
    options: ImportOptions,
    watcher: Watcher,
    *,
    everyone: bool,
) -> Counter[str]:
    """Copies beside the tables what the options ask for; what is wrong with it goes to the findings.

    By course: how many personal texts need nothing, because the database has them from the same files.
    """
    unread: Counter[str] = Counter()
    if options.with_lessons:
        watcher.stage("Reading lessons", sum(len(plan.lessons) for plan in plans))
        stage_courses(plans, snapshot, store, watcher.tick)
    else:
        _refuse_unknown_lessons(plans, snapshot, store.findings)
    if options.with_learners:
        known = snapshot.languages.keys() | {course.slug for course in listed}
        entries = read_profiles(store, known)
        unread = _stage_learners(store, plans, entries, watcher, everyone=everyone)
    store.refuse_changed()
    return unread


def _report(
    report: ImportReport, changes: Iterable[Changes], leaving: Mapping[str, Leaving], findings: Findings
) -> ImportReport:
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
        return told
    tables = summed(counts for _, counts in changes)
    return replace(told, tables=tables, leaving=tuple(map(str, filter(None, leaving.values()))))


def _list(store: Folder, path: Path) -> list[ListedCourse]:
    listed = list_courses(store)
    if not listed and not any(entry.key == PROFILES for entry in store.entries()):
        message = f"holds neither a course folder nor {PROFILES}: is it the right folder?"
        raise InvalidInput([Problem(str(path), "", message)])
    return listed


def _stage_learners(
    store: Folder,
    plans: Sequence[CoursePlan],
    entries: Iterable[LearnerEntry],
    watcher: Watcher,
    *,
    everyone: bool,
) -> Counter[str]:
    """With `everyone` off, only learners whose course is imported, or who have texts in it."""
    texts = [text for plan in plans if (text := TextPlan.of(plan))]
    found = readers(texts, store)
    slugs = {plan.slug for plan in plans}
    learners: set[str] = set()
    stage_learners(
        entry
        for entry in _noted(entries, learners)
        if everyone or entry.course in slugs or entry.identifier in found
    )
    if any(problem.file == PROFILES for problem in store.findings.problems):
        # Whom a broken file names is not known: nobody else is blamed for it.
        learners |= found.keys()
    else:
        learners |= known_identifiers(found.keys() - learners)
    watcher.stage("Reading personal texts", found.total())
    return stage_texts(texts, store, learners, watcher.tick, processes_for(found.total()))


def _refuse_unknown_lessons(plans: Iterable[CoursePlan], snapshot: Snapshot, findings: Findings) -> None:
    """Texts alone need lessons that are there already."""
    for plan in plans:
        new = [str(number) for lesson, number in plan.numbers.items() if lesson not in snapshot.lessons]
        if new and plan.folder.personalize:
            message = f"has lessons that the database does not know ({len(new):,}, first {new[0]}): "
            findings.problem(plan.folder.path, f"{message}import them before the learners")


def _noted(entries: Iterable[LearnerEntry], identifiers: set[str]) -> Iterator[LearnerEntry]:
    """The same learners, each added to the identifiers when it passes."""
    for entry in entries:
        identifiers.add(entry.identifier)
        yield entry


def _is_refused(
    options: ImportOptions, leaving: Mapping[str, Leaving], findings: Findings, *, dry_run: bool
) -> bool:
    """Whether nothing may be written: for a problem, a warning that may not be, a deletion nobody wants."""
    if options.strict and findings.warnings and not findings.problems:
        message = f"the store has warnings ({len({*findings.warnings}):,}), and --strict takes none"
        findings.problem("", message)
    found = [course for course in leaving.values() if course]
    if not dry_run and not findings.problems and found and options.prune and not options.prune(found):
        findings.problem("", "nothing was deleted, and nothing imported: the deletion was not agreed to")
    return bool(findings.problems)


def _planned(
    plans: Iterable[CoursePlan], leaving: Mapping[str, Leaving], unread: Counter[str], findings: Findings
) -> list[Changes]:
    changes: list[Changes] = [(PROFILES, learner_changes())]
    for plan in plans:
        written = course_changes(plan.slug) | text_changes(plan.slug)
        deleted = leaving[plan.slug].tables if plan.slug in leaving else {}
        changes.append((plan.folder.path, summed([written, deleted, _unread(plan, unread)])))
        # Now, not with the report: --strict must know of them before anything is written.
        warn_of_kept(plan.folder.path, written[TEXT_TABLE], findings)
    return changes


def _written(
    plans: Sequence[CoursePlan],
    snapshot: Snapshot,
    leaving: Mapping[str, Leaving],
    unread: Counter[str],
    still_locked: Callable[[], None],
    watcher: Watcher,
    home: Path | None,
) -> list[Changes]:
    """`home`: the store that the courses come from; None, they are not written."""
    watcher.stage("Writing", len(plans) + 1)
    with _part(still_locked, last=not plans):
        changes: list[Changes] = [(PROFILES, write_learners())]
    watcher.written(None, changes[-1][1])
    for plan in plans:
        watcher.tick()
        try:
            with _part(still_locked, last=plan is plans[-1]):
                seen = snapshot.numbers(plan.slug)
                deleted: Mapping[str, Counts] = {}
                if plan.slug in leaving:
                    deleted = prune_course(plan, leaving[plan.slug], seen)
                    seen = {lesson: number for lesson, number in seen.items() if lesson in plan.numbers}
                course = write_course(plan.slug, seen) | write_texts(plan.slug)
                if home:
                    remember_store(plan.slug, home)
                changes.append((plan.folder.path, summed([course, deleted, _unread(plan, unread)])))
        except IntegrityError as error:
            # Everything was checked against the snapshot: a row came or went since.
            if isinstance(error.__cause__, UniqueViolation | ForeignKeyViolation | NotNullViolation):
                raise CourseChanged(plan.slug) from error
            raise
        watcher.written(plan.slug, changes[-1][1])
    return changes


def _unread(plan: CoursePlan, unread: Counter[str]) -> Mapping[str, Counts]:
    return {TEXT_TABLE: Counts(unchanged=unread[plan.slug])}


@contextmanager
def _part(still_locked: Callable[[], None], *, last: bool) -> Iterator[None]:
    """A transaction of the import. Only the last waits for the disk: its commit has the others written too.

    Where there is no last one, because a part is refused, the server writes the others within a second.
    """
    with transaction.atomic():
        still_locked()
        if not last:
            with connection.cursor() as cursor:
                cursor.execute("SET LOCAL synchronous_commit = off")
        yield


def summed(changes: Iterable[Mapping[str, Counts]]) -> dict[str, Counts]:
    """What became of the rows of all parts, by table."""
    tables = dict.fromkeys(TABLE_NAMES, Counts())
    for parts in changes:
        for table, counts in parts.items():
            tables[table] = tables.get(table, Counts()) + counts
    return tables
