"""What a user is told when the database fails."""

from pathlib import Path

import psycopg
import pytest
from django.db import OperationalError, connection

from courses.database import database_address
from courses.models import Course, Lesson
from persona_site.faults import explain_database_error
from persona_site.store_import import import_store
from tests.store_builder import StoreBuilder


def test_nothing_answers() -> None:
    with pytest.raises(psycopg.OperationalError) as error:
        psycopg.connect("postgresql://joe:s3cret@127.0.0.1:1/shop", connect_timeout=2)
    explained = explain_database_error(error.value) or ""
    assert "nothing answers there. Start it, or correct DATABASE_URL." in explained
    assert "s3cret" not in explained
    assert "joe" not in explained


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (psycopg.errors.DiskFull("x"), "its disk is full"),
        (psycopg.errors.TooManyConnections("x"), "no more connections"),
        (psycopg.errors.OutOfMemory("x"), "out of resources"),
        (psycopg.errors.AdminShutdown("x"), "it was shut down"),
        (psycopg.errors.UndefinedTable("x"), "manage.py migrate"),
        (psycopg.errors.UndefinedColumn("x"), "manage.py migrate"),
        (psycopg.errors.InsufficientPrivilege("x"), "no right"),
        (psycopg.errors.ReadOnlySqlTransaction("x"), "read-only"),
        (psycopg.errors.DeadlockDetected("x"), "Try again"),
        (psycopg.errors.LockNotAvailable("x"), "lock_timeout"),
        (
            psycopg.OperationalError('FATAL: password authentication failed for user "joe"'),
            "refuses the user",
        ),
        (psycopg.OperationalError('FATAL: database "shop" does not exist'), "no database of this name"),
        (psycopg.OperationalError("connection timeout expired"), "no answer came in time"),
        (psycopg.OperationalError("failed to resolve host 'nix'"), "no host of this name"),
        (psycopg.OperationalError("server closed the connection unexpectedly"), "connection was lost"),
        (psycopg.OperationalError("?"), "cannot be reached. Start it, or correct DATABASE_URL."),
    ],
)
def test_each_fault_says_what_to_do(error: psycopg.Error, words: str) -> None:
    wrapped = OperationalError("x")
    wrapped.__cause__ = error
    for raised in (error, wrapped):
        explained = explain_database_error(raised) or ""
        assert words in explained
        assert database_address() in explained
        assert "joe" not in explained
        assert "\n" not in explained


@pytest.mark.parametrize(
    "error", [psycopg.errors.SyntaxError("x"), psycopg.errors.UniqueViolation("x"), ValueError()]
)
def test_a_bug_is_not_explained_away(error: Exception) -> None:
    assert explain_database_error(error) is None


@pytest.mark.django_db
def test_a_full_disk_in_the_middle_of_an_import_leaves_nothing_of_the_course(tmp_path: Path) -> None:
    store = StoreBuilder(tmp_path)
    for slug, number in (("first", 1), ("second", 2)):
        course = store.course(slug)
        course.lesson(number)
        course.template(number)
    with connection.cursor() as cursor:
        cursor.execute("""
            CREATE FUNCTION full_disk() RETURNS trigger LANGUAGE plpgsql AS $$
            BEGIN
                IF (SELECT count(*) FROM lesson_descriptions) = 1 THEN RAISE disk_full; END IF;
                RETURN NEW;
            END $$;
            CREATE TRIGGER full_disk BEFORE INSERT ON lesson_descriptions
            FOR EACH ROW EXECUTE FUNCTION full_disk();
        """)
    with pytest.raises(OperationalError) as error:
        import_store(tmp_path)
    assert "its disk is full" in (explain_database_error(error.value) or "")
    assert [*Course.objects.values_list("slug", flat=True)] == ["first"]
    assert Lesson.objects.count() == 1
