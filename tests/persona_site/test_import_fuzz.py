"""2,000 damaged stores: each is refused by a report, or imported; never a traceback, never half of one."""

from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from django.db import connection, transaction

from courses.course_folder.agreement import Agreement
from courses.course_folder.contents import read_descriptions, read_transcripts
from courses.course_folder.findings import Findings
from courses.course_folder.plan import plan_courses
from courses.course_folder.report import ImportReport
from courses.course_folder.store import list_courses, open_store, read_courses
from courses.course_folder.words import Stems
from persona_site.store_import import import_store
from persona_site.store_part import TABLE_NAMES
from personalization.learner_files.batches import collected, tasks
from personalization.learner_files.digests import KnownFiles
from personalization.learner_files.lesson_files import TextPlan
from personalization.learner_files.profiles import read_profiles
from personalization.learner_files.reading_pool import read_batches
from tests.mutations import Mutator, build
from tests.store_builder import NOTHING_KNOWN, imported

pytestmark = pytest.mark.django_db

ROUNDS, STORES = 10, 200
STEMS = Stems()
# Reading costs 3 ms, an import 40: of what reading refuses each fortieth is imported all the same, of the
# rest each eighth, and of these each third twice.
REFUSED_EACH, IMPORTED_EACH, AGAIN_EACH = 40, 8, 24


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """In memory, where the system has such a place."""
    memory = Path("/dev/shm")
    with TemporaryDirectory(dir=memory if memory.is_dir() else tmp_path) as path:
        yield Path(path)


def fingerprint() -> str:
    """Every row of the six tables."""
    rows = " UNION ALL ".join(f"SELECT '{name}' || t::text AS row FROM {name} t" for name in TABLE_NAMES)
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT md5(string_agg(row, '' ORDER BY row)) FROM ({rows}) all_rows")
        return str((cursor.fetchone() or ("",))[0])


def told(report: ImportReport) -> list[str]:
    return [str(finding) for finding in (*report.problems, *report.warnings)]


def reading(folder: Path) -> list[str]:
    """The problems that need no database to be found."""
    findings = Findings()
    with open_store(folder, findings) as store:
        listed = list_courses(store)
        plans = plan_courses(read_courses(store, listed), NOTHING_KNOWN, findings)
        entries = read_profiles(store, {course.slug for course in listed})
        learners = {"u-1", "u-2", "guest"} | {entry.identifier for entry in entries}
        for plan in plans:
            course = store.folder(plan.folder.entry)
            assert course
            agreement = Agreement(plan, STEMS)
            with course:
                for lesson, text in read_transcripts(plan, course):
                    agreement.transcript(lesson, text)
                for lesson_id, document in read_descriptions(plan, course):
                    agreement.template(lesson_id, document)
            agreement.tell(findings)
        texts = [found for plan in plans if (found := TextPlan.of(plan))]
        batches = read_batches(tasks(texts, store, learners), texts, store, KnownFiles(), 0)
        for _block in collected(batches, texts, findings, lambda learners: None, Counter()):
            pass
    return [*map(str, findings.problems)]


class _Undo(Exception):
    pass


def outcome(folder: Path, before: str, *, again: bool) -> ImportReport:
    """Imports, and takes it back. A refused import, and a second one (again), must have changed nothing."""
    with suppress(_Undo), transaction.atomic():
        report = import_store(folder)
        if report.problems:
            assert fingerprint() == before
        elif again:
            assert imported(folder).changed == 0
        raise _Undo
    return report


@pytest.mark.parametrize("seed", range(ROUNDS))
def test_damaged_stores_are_refused_or_imported_whole(folder: Path, seed: int) -> None:
    imported(build(folder).path)
    before = fingerprint()
    mutator = Mutator(folder, seed)
    refused = accepted = 0
    for number in range(STORES):
        done = mutator.damage()
        problems = reading(folder)
        if number % (REFUSED_EACH if problems else IMPORTED_EACH) == 0:
            report = outcome(folder, before, again=number % AGAIN_EACH == 0)
            assert not any("\n" in line or "Traceback" in line for line in told(report)), done
            assert report.problems or not problems, done
            assert not (report.problems and report.changed), done
            problems = [*map(str, report.problems)]
        refused += bool(problems)
        accepted += not problems
        mutator.restore()
    assert min(refused, accepted) > STORES / 10
