"""The six tables keep their rules, adopted or new, and adopted and new ones are the same."""

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection
from psycopg import errors

from tests.builders import make_asset, make_course, make_description, make_learner, make_lesson, make_text
from tests.courses import catalog
from tests.courses.adoption import TABLES_SQL, Adopted
from tests.courses.catalog import ORIGINAL_COLUMNS, TABLES
from tests.processes import manage
from tests.scratch_database import scratch_database

type Catalog = Callable[[str], set[tuple[Any, ...]]]
"""A question of catalog.py → the rows of one database."""


@pytest.fixture(scope="module")
def written_by_hand() -> Iterator[Catalog]:
    with scratch_database() as database:
        database.execute(TABLES_SQL)
        with database.connect() as session:
            yield partial(catalog.rows, session.cursor())


@pytest.fixture(scope="module")
def first_migrations() -> Iterator[Catalog]:
    with scratch_database() as database:
        migrated = manage("migrate", "personalization", "0001", env=database.environment)
        assert migrated.returncode == 0, migrated.stderr
        with database.connect() as session:
            yield partial(catalog.rows, session.cursor())


def test_deleting_a_course_takes_all_below_it(site: Adopted) -> None:
    with site.database.connect() as session, session.transaction(force_rollback=True):
        session.execute("DELETE FROM courses WHERE slug = 'shvz'")
        counts = {
            table: session.execute(f"SELECT count(*) FROM {table}".encode()).fetchone() for table in TABLES
        }
    assert {table: row[0] for table, row in counts.items() if row} == {
        "courses": 1,
        "lessons": 1,
        "lesson_descriptions": 1,
        "lesson_assets": 0,
        "profiles": 4,  # a learner outlives the course
        "personalized_lesson_descriptions": 1,
    }


def test_deleting_a_learner_takes_their_texts(site: Adopted) -> None:
    with site.database.connect() as session, session.transaction(force_rollback=True):
        session.execute("DELETE FROM profiles WHERE user_identifier = 'u-1001'")
        left = session.execute("SELECT count(*) FROM personalized_lesson_descriptions").fetchone()
    assert left == (1,)


@pytest.mark.parametrize("table", TABLES)
def test_what_is_unique_stays_unique(table: str, site: Adopted) -> None:
    columns = ", ".join(ORIGINAL_COLUMNS[table][2:])
    again = f"INSERT INTO {table} ({columns}) SELECT {columns} FROM {table} LIMIT 1"
    with site.database.connect() as session, pytest.raises(errors.UniqueViolation):
        session.execute(again.encode())


@pytest.mark.parametrize("table", TABLES)
def test_created_at_of_an_adopted_row_belongs_to_the_database(table: str, site: Adopted) -> None:
    with site.database.connect() as session, session.transaction(force_rollback=True):
        # Our triggers alone, without those that the site had.
        session.execute(f"DROP TRIGGER set_timestamps ON {table}".encode())
        _created_at_is_kept(session.cursor(), table)


@pytest.mark.django_db
@pytest.mark.parametrize("table", TABLES)
def test_created_at_of_a_new_row_belongs_to_the_database(table: str) -> None:
    course = make_course()
    lesson = make_lesson(course)
    make_description(lesson)
    make_asset(lesson)
    make_text(make_learner(course=course), lesson)
    with connection.cursor() as cursor:
        _created_at_is_kept(cursor, table)


def _created_at_is_kept(cursor: Any, table: str) -> None:
    """Neither changed by an update, nor left empty by an insert that asks for it."""
    cursor.execute(f"SELECT id, created_at FROM {table} LIMIT 1")
    pk, created_at = cursor.fetchone()
    for value in ("'2001-01-01'", "NULL"):
        cursor.execute(f"UPDATE {table} SET created_at = {value} WHERE id = %s RETURNING created_at", [pk])
        assert cursor.fetchone() == (created_at,)
    cursor.execute(
        f"CREATE TEMPORARY TABLE again ON COMMIT DROP AS SELECT * FROM {table} WHERE id = %s", [pk]
    )
    cursor.execute(f"DELETE FROM {table} WHERE id = %s", [pk])
    columns = ", ".join(column for column in ORIGINAL_COLUMNS[table] if column != "created_at")
    cursor.execute(
        f"INSERT INTO {table} (created_at, {columns}) SELECT NULL, {columns} FROM again"
        " RETURNING created_at = now()"
    )
    assert cursor.fetchone() == (True,)


# --- adopted and new are the same ---


@pytest.mark.parametrize(
    "query",
    [catalog.COLUMNS, catalog.KEYS, catalog.FOREIGN_KEYS],
    ids=["columns", "keys", "foreign keys"],
)
def test_the_first_migrations_make_the_tables_of_the_data_model(
    query: str, first_migrations: Catalog, written_by_hand: Catalog
) -> None:
    assert written_by_hand(query)
    assert first_migrations(query) == written_by_hand(query)


@pytest.mark.parametrize("table", TABLES)
def test_the_first_migrations_have_no_column_of_their_own(table: str, first_migrations: Catalog) -> None:
    found = [row[1] for row in first_migrations(catalog.COLUMNS) if row[0] == table]
    assert sorted(found) == sorted(ORIGINAL_COLUMNS[table])


@pytest.mark.django_db
@pytest.mark.parametrize(
    "query",
    [catalog.COLUMNS, catalog.KEYS, catalog.FOREIGN_KEYS, catalog.INDEXES, catalog.TRIGGERS],
    ids=["columns", "keys", "foreign keys", "indexes", "triggers"],
)
def test_an_adopted_database_is_a_new_one(query: str, site: Adopted) -> None:
    with site.database.connect() as session, connection.cursor() as cursor:
        adopted, new = catalog.rows(session.cursor(), query), catalog.rows(cursor, query)
    assert new
    assert adopted == new


@pytest.mark.django_db
def test_the_models_need_no_other_migration(capsys: pytest.CaptureFixture[str]) -> None:
    call_command("makemigrations", check=True, dry_run=True)
    assert "No changes detected" in capsys.readouterr().out
