"""Locks of others, met by what a test does."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection

# What the server says where two transactions wait for each other, without the wait.
_DEADLOCK = """
    CREATE FUNCTION deadlock_in_{table}() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        RAISE EXCEPTION 'deadlock detected' USING ERRCODE = 'deadlock_detected';
    END $$;
    CREATE TRIGGER deadlock BEFORE UPDATE OR INSERT OR DELETE ON {table}
        EXECUTE FUNCTION deadlock_in_{table}();
"""


@contextmanager
def impatient() -> Iterator[None]:
    """This session waits for no lock longer than a moment."""
    with connection.cursor() as cursor:
        cursor.execute("SET lock_timeout = '20ms'")
        try:
            yield
        finally:
            cursor.execute("RESET lock_timeout")


@contextmanager
def deadlock(table: str) -> Iterator[None]:
    """Who writes into the table is told that it would wait for ever."""
    with connection.cursor() as cursor:
        cursor.execute(_DEADLOCK.format(table=table))
        try:
            yield
        finally:
            cursor.execute(f"DROP TRIGGER deadlock ON {table}; DROP FUNCTION deadlock_in_{table}")
