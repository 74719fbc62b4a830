"""The checks that came with items of lessons are made while workers write into a table of a million."""

from importlib import import_module
from typing import Any

import pytest
from django.db import connection, migrations, transaction

from tests.builders import make_course, make_item, make_learner, make_lesson, make_run
from tests.processes import until
from tests.threads import crew

pytestmark = pytest.mark.usefixtures("transactional_db")

MIGRATION: Any = import_module("personalization.migrations.0027_items_of_lessons").Migration
STATEMENTS = [
    str(operation.sql)
    for operation in MIGRATION.operations[0].database_operations
    if isinstance(operation, migrations.RunSQL)
]
FOUND = """
    SELECT (SELECT convalidated FROM pg_constraint WHERE conname = 'generation_items_of_whom'),
           (SELECT indisvalid FROM pg_index WHERE indexrelid = to_regclass('generation_items_one_template'))
"""
WAITING = (
    "SELECT pid FROM pg_stat_activity WHERE query LIKE '%CREATE UNIQUE INDEX%' AND wait_event_type = 'Lock'"
)


def execute(*statements: str) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)
        return cursor.fetchall() if cursor.description else []


def as_before() -> None:
    execute(
        "ALTER TABLE generation_items DROP CONSTRAINT generation_items_of_whom",
        "DROP INDEX generation_items_one_template",
    )


def test_what_is_there_already_stays() -> None:
    execute(*STATEMENTS)
    assert execute(FOUND) == [(True, True)]


def test_writers_go_on_while_the_index_is_made() -> None:
    as_before()
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
        execute(*STATEMENTS[2:])

    def quick() -> None:
        execute("SET lock_timeout = '5s'")
        try:
            until(lambda: execute(WAITING), "the index waits")
            make_item(run, learner, lessons[1])
        finally:
            written.append(True)

    begun: list[bool] = []
    written: list[bool] = []
    execute(*STATEMENTS[:2])
    with crew(3) as together:
        together(slow, migrate, quick)
    assert execute(FOUND) == [(True, True)]


def test_half_an_index_is_made_anew() -> None:
    as_before()
    execute("CREATE UNIQUE INDEX generation_items_one_template ON generation_items (lesson_id)")
    execute(
        "UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'generation_items_one_template'::regclass"
    )
    execute(*STATEMENTS)
    [(definition,)] = execute("SELECT pg_get_indexdef('generation_items_one_template'::regclass)")
    assert "WHERE" in definition
    assert execute(FOUND) == [(True, True)]
