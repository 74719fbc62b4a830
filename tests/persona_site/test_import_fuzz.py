"""2,000 damaged stores: each is refused by a report, or imported; never a traceback, never half of one."""

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from django.db import connection, transaction

from courses.course_folder.report import ImportReport
from persona_site.store_import import TABLE_NAMES, import_store
from tests.mutations import Mutator, build
from tests.store_builder import imported, read

pytestmark = pytest.mark.django_db

ROUNDS, STORES = 2, 100
AGAIN_EACH = 5  # of the imported stores each fifth is imported again
# Most are refused in reading, at a tenth of the cost; of these each tenth is imported all the same.
IMPORTED_EACH = 10


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


class _Undo(Exception):
    pass


def outcome(folder: Path, before: str, *, again: bool) -> ImportReport:
    """Imports, and takes it back. A refused import must have changed nothing, and a second one (again) too."""
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
        problems = read(folder).problems
        if not problems or number % IMPORTED_EACH == 0:
            report = outcome(folder, before, again=number % AGAIN_EACH == 0)
            assert not any("\n" in line or "Traceback" in line for line in told(report)), done
            assert report.problems or not problems, done
            assert not (report.problems and report.changed), done
            problems = [*map(str, report.problems)]
            assert fingerprint() == before, done
        refused += bool(problems)
        accepted += not problems
        mutator.restore()
    assert min(refused, accepted) > STORES / 10
