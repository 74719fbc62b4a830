"""What an earlier release has written is read by this one: rows of then, and all migrations since."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.migrations.executor import MigrationExecutor
from pytest_django import DjangoDbBlocker

from tests.scratch_database import scratch_database
from tests.template_database import migrated_database

THEN = [("personalization", "0023_condensing")]
COURSE, LESSON, OTHER_LESSON, LEARNER, RUN = (f"00000000-0000-4000-8000-{n:012}" for n in range(1, 6))
ROWS = f"""
    INSERT INTO courses (id, slug, title, language) VALUES ('{COURSE}', 'shvz', 'Massage', 'en');
    INSERT INTO lessons (id, course_id, title, lesson_number)
        VALUES ('{LESSON}', '{COURSE}', 'One', 1), ('{OTHER_LESSON}', '{COURSE}', 'Two', 2);
    INSERT INTO profiles (id, user_identifier, survey) VALUES ('{LEARNER}', 'u-1', '{{}}');
    INSERT INTO generation_runs (id, kind, backend, state, note, options)
        VALUES ('{RUN}', 'templates', 'openai', 'open', '', '{{"stores": {{"{COURSE}": "/store"}}}}');
    INSERT INTO generation_items (run_id, kind, lesson_id, state, finished_at) VALUES
        ('{RUN}', 'templates', '{LESSON}', 'queued', NULL),
        ('{RUN}', 'templates', '{LESSON}', 'done', now()),
        ('{RUN}', 'templates', '{OTHER_LESSON}', 'done', now()),
        ('{RUN}', 'templates', '{OTHER_LESSON}', 'failed', now());
    INSERT INTO condensed_sources (lesson_id, source_hash, model, prompt_version, source_tokens)
        VALUES ('{LESSON}', 'abc', 'm', 'v', 9000);
    INSERT INTO call_totals (model, result, error_code, up_to, calls, seconds, input_tokens, cached_tokens,
        output_tokens, cost_micro) VALUES ('m', 'ok', '', 0.5, 3, 1.2500004, 1, 2, 3, 4)
"""


@pytest.fixture(scope="module")
def migrated(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[BaseDatabaseWrapper]:
    """A database with rows of then, migrated to what is there now."""
    with django_db_blocker.unblock(), scratch_database(migrated_database()) as database:
        alias = database.name
        connections.settings[alias] = {**connections["default"].settings_dict, "NAME": alias}
        try:
            MigrationExecutor(connections[alias]).migrate(THEN)
            database.execute(ROWS)
            executor = MigrationExecutor(connections[alias])
            executor.migrate(executor.loader.graph.leaf_nodes("personalization"))
            yield connections[alias]
        finally:
            connections[alias].close()
            del connections[alias], connections.settings[alias]


def found(migrated: BaseDatabaseWrapper, query: str) -> list[tuple[Any, ...]]:
    with migrated.cursor() as cursor:
        cursor.execute(query)
        rows: list[tuple[Any, ...]] = cursor.fetchall()
        return rows


def test_what_is_condensed_is_of_its_courses_language(migrated: BaseDatabaseWrapper) -> None:
    assert found(migrated, "SELECT language, source_hash FROM condensed_sources") == [("en", "abc")]


def test_the_seconds_of_calls_are_whole_microseconds(migrated: BaseDatabaseWrapper) -> None:
    assert found(migrated, "SELECT calls, microseconds, cost_micro FROM call_totals") == [(3, 1250000, 4)]


def test_what_had_ended_is_counted_on(migrated: BaseDatabaseWrapper) -> None:
    query = "SELECT state, items FROM ended_totals ORDER BY state"
    assert found(migrated, query) == [("done", 2), ("failed", 1)]


def test_an_open_item_says_where_its_file_is_written(migrated: BaseDatabaseWrapper) -> None:
    query = "SELECT state, store FROM generation_items ORDER BY id"
    assert found(migrated, query) == [("queued", "/store"), ("done", None), ("done", None), ("failed", None)]
