"""What came with items of lessons is checked and indexed while workers write into a table of a million."""

from importlib import import_module
from typing import Any

import pytest
from django.db import connection, migrations, transaction

from tests.builders import make_course, make_item, make_learner, make_lesson, make_run
from tests.processes import until
from tests.threads import crew

pytestmark = pytest.mark.usefixtures("transactional_db")


def statements(name: str) -> list[str]:
    migration: Any = import_module(f"personalization.migrations.{name}").Migration
    [both] = migration.operations
    return [str(one.sql) for one in both.database_operations if isinstance(one, migrations.RunSQL)]


CHECKS = "0027_items_of_lessons", "generation_items_one_template"
NEXT_RUN = "0031_next_run_index", "generation_items_next_run"
VALID = "SELECT convalidated FROM pg_constraint WHERE conname = 'generation_items_of_whom'"
INDEXED = "SELECT indisvalid, pg_get_indexdef(indexrelid) FROM pg_index WHERE indexrelid = '{}'::regclass"
WAITING = (
    "SELECT pid FROM pg_stat_activity WHERE query LIKE '%INDEX CONCURRENTLY%' AND wait_event_type = 'Lock'"
    " AND pid <> pg_backend_pid()"
)


def execute(*statements: str) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)
        return cursor.fetchall() if cursor.description else []


def as_before(index: str) -> None:
    execute(
        "ALTER TABLE generation_items DROP CONSTRAINT generation_items_of_whom",
        f"DROP INDEX {index}",
    )


def is_made(index: str) -> bool:
    [(valid, definition)] = execute(INDEXED.format(index))
    return valid and "WHERE" in definition


def test_what_is_there_already_stays() -> None:
    for name, _ in (CHECKS, NEXT_RUN):
        execute(*statements(name))
    assert execute(VALID) == [(True,)]
    assert all(is_made(index) for _, index in (CHECKS, NEXT_RUN))


@pytest.mark.parametrize(("name", "index"), [CHECKS, NEXT_RUN])
def test_writers_go_on_while_an_index_is_made(name: str, index: str) -> None:
    as_before(index)
    run, learner = make_run(), make_learner()
    lessons = [make_lesson(make_course()) for _ in range(2)]

    def slow() -> None:
        """Holds a row until the index waits for it, and one was written beside it."""
        with transaction.atomic():
            make_item(run, learner, lessons[0])
            begun.append(True)
            until(lambda: written, "another writer")

    def migrate() -> None:
        until(lambda: begun, "the slow writer")
        execute(*statements(name))

    def quick() -> None:
        execute("SET lock_timeout = '5s'")
        try:
            until(lambda: execute(WAITING), "the index waits")
            make_item(run, learner, lessons[1])
        finally:
            written.append(True)

    begun: list[bool] = []
    written: list[bool] = []
    execute(*statements(CHECKS[0])[:2])
    with crew(3) as together:
        together(slow, migrate, quick)
    assert execute(VALID) == [(True,)]
    assert is_made(index)


@pytest.mark.parametrize(("name", "index"), [CHECKS, NEXT_RUN])
def test_half_an_index_is_made_anew(name: str, index: str) -> None:
    as_before(index)
    execute(f"CREATE INDEX {index} ON generation_items (lesson_id)")
    execute(f"UPDATE pg_index SET indisvalid = false WHERE indexrelid = '{index}'::regclass")
    execute(*statements(name), *statements(CHECKS[0])[:2])
    assert is_made(index)
    assert execute(VALID) == [(True,)]
