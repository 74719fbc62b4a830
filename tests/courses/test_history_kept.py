"""Every change of the six tables is kept, whatever made it."""

import json
from collections.abc import Callable
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.db import connection

from courses.history.triggers import kept_columns
from courses.models import Change, Course, DatabaseTimestamps, Lesson, LessonAsset, LessonDescription
from personalization.models import PersonalizedLessonDescription as Text
from personalization.models import Profile
from tests.builders import make_asset, make_course, make_description, make_learner, make_lesson, make_text

pytestmark = pytest.mark.django_db

type Row = DatabaseTimestamps
type Write = Callable[[Row], None]
"""Changes the row in one way; whatever else it touches is not looked at."""


def make_all() -> dict[type[Row], Row]:
    """A row of each table, all of one lesson and one learner."""
    course = make_course("shvz")
    lesson = make_lesson(course)
    learner = make_learner("u-1", course)
    rows = [course, lesson, make_description(lesson), make_asset(lesson), learner, make_text(learner, lesson)]
    return {type(row): row for row in rows}


# Table → a column that anything may be written to, and its other value.
OTHER: dict[type[Row], tuple[str, Any]] = {
    Course: ("title", "Other"),
    Lesson: ("title", "Other"),
    LessonDescription: ("data", {"introduction": "Other"}),
    LessonAsset: ("metadata", {"minutes": 2}),
    Profile: ("name", "Other"),
    Text: ("content", {"summary_short": "Other"}),
}
MODELS = list(OTHER)


def run(statement: str, *parameters: Any) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)


def changes(row_id: UUID) -> list[tuple[str, Any]]:
    return list(Change.objects.filter(row_id=row_id).order_by("id").values_list("kind", "before"))


def send_aside(row: Row) -> None:
    table = row._meta.db_table
    run(f"CREATE TEMPORARY TABLE sent ON COMMIT DROP AS SELECT * FROM {table} WHERE id = %s", row.pk)


def columns(row: Row) -> str:
    return ", ".join(["id", *kept_columns(type(row))])


def again(row: Row, tail: str = "") -> None:
    """Deletes the row and sends it anew, by a statement of the given end."""
    table, names = row._meta.db_table, columns(row)
    send_aside(row)
    run(f"DELETE FROM {table} WHERE id = %s", row.pk)
    run(f"INSERT INTO {table} ({names}) SELECT {names} FROM sent {tail}")


def copied(row: Row) -> None:
    table, names = row._meta.db_table, columns(row)
    with connection.cursor() as cursor:
        with cursor.copy(f"COPY (SELECT {names} FROM {table} WHERE id = '{row.pk}') TO STDOUT") as out:
            lines = b"".join(out)
        cursor.execute(f"DELETE FROM {table} WHERE id = %s", [row.pk])
        with cursor.copy(f"COPY {table} ({names}) FROM STDIN") as copy:
            copy.write(lines)


def saved(row: Row) -> None:
    type(row)._base_manager.filter(pk=row.pk).delete()
    row.save(force_insert=True)


def bulk_created(row: Row) -> None:
    type(row)._base_manager.filter(pk=row.pk).delete()
    type(row)._base_manager.bulk_create([row])


INSERTS: dict[str, Write] = {
    "ORM": saved,
    "bulk": bulk_created,
    "raw SQL": again,
    "upsert": lambda row: again(row, "ON CONFLICT (id) DO UPDATE SET id = excluded.id"),
    "COPY": copied,
}


@pytest.mark.parametrize("how", INSERTS)
@pytest.mark.parametrize("model", MODELS)
def test_an_insert_is_kept_without_its_content(model: type[Row], how: str) -> None:
    row = make_all()[model]
    INSERTS[how](row)
    assert [kind for kind, _ in changes(row.pk)] == ["insert", "delete", "insert"]
    assert changes(row.pk)[-1] == ("insert", None)


def orm_saved(row: Row) -> None:
    column, value = OTHER[type(row)]
    setattr(row, column, value)
    row.save(update_fields=[column])


def bulk_updated(row: Row) -> None:
    column, value = OTHER[type(row)]
    setattr(row, column, value)
    type(row)._base_manager.bulk_update([row], [column])


def updated_by_sql(row: Row) -> None:
    column, value = OTHER[type(row)]
    sent = json.dumps(value) if isinstance(value, dict) else value
    run(f"UPDATE {row._meta.db_table} SET {column} = %s WHERE id = %s", sent, row.pk)


def upserted(row: Row) -> None:
    column, value = OTHER[type(row)]
    sent = json.dumps(value) if isinstance(value, dict) else value
    send_aside(row)
    run(f"UPDATE sent SET {column} = %s", sent)
    names = columns(row)
    run(
        f"INSERT INTO {row._meta.db_table} ({names}) SELECT {names} FROM sent"
        f" ON CONFLICT (id) DO UPDATE SET {column} = excluded.{column}"
    )


UPDATES: dict[str, Write] = {
    "ORM": orm_saved,
    "bulk": bulk_updated,
    "raw SQL": updated_by_sql,
    "upsert": upserted,
}


@pytest.mark.parametrize("how", UPDATES)
@pytest.mark.parametrize("model", MODELS)
def test_an_update_keeps_the_old_values_of_what_changed_alone(model: type[Row], how: str) -> None:
    row = make_all()[model]
    column, _ = OTHER[model]
    old = getattr(row, column)
    UPDATES[how](row)
    assert changes(row.pk)[1:] == [("update", {column: old})]


def deleted(row: Row) -> None:
    row.delete()


def bulk_deleted(row: Row) -> None:
    type(row)._base_manager.filter(pk=row.pk).delete()


DELETES: dict[str, Write] = {
    "ORM": deleted,
    "bulk": bulk_deleted,
    "raw SQL": lambda row: run(f"DELETE FROM {row._meta.db_table} WHERE id = %s", row.pk),
    "cascade": lambda row: run("DELETE FROM courses; DELETE FROM profiles"),
    "truncate": lambda row: run("TRUNCATE courses, profiles CASCADE"),
}


@pytest.mark.parametrize("how", DELETES)
@pytest.mark.parametrize("model", MODELS)
def test_a_delete_keeps_the_whole_row(model: type[Row], how: str) -> None:
    row = make_all()[model]
    whole = {field.column: getattr(row, field.attname) for field in row._meta.concrete_fields}
    key = row.pk
    run("SET CONSTRAINTS ALL IMMEDIATE")  # as at the end of a transaction
    DELETES[how](row)
    kind, before = changes(key)[-1]
    assert kind == "delete"
    assert before.keys() == whole.keys()
    column, _ = OTHER[model]
    assert before[column] == whole[column]


@pytest.mark.parametrize("model", MODELS)
def test_an_update_that_changes_nothing_keeps_nothing(model: type[Row]) -> None:
    row = make_all()[model]
    row.save()
    run(f"UPDATE {row._meta.db_table} SET id = id")
    assert [kind for kind, _ in changes(row.pk)] == ["insert"]


def test_the_digest_of_an_import_is_no_change() -> None:
    row = make_all()[Text]
    Text.objects.update(import_digest="0" * 32)
    assert [kind for kind, _ in changes(row.pk)] == ["insert"]


def test_null_and_a_value_differ() -> None:
    row = make_all()[Lesson]
    Lesson.objects.update(summary=None)
    Lesson.objects.update(summary="New")
    assert [before for _, before in changes(row.pk)] == [
        None,
        {"summary": "Первое прикосновение."},
        {"summary": None},
    ]


def test_a_new_number_and_a_new_transcript_each_keep_their_own() -> None:
    lesson = make_lesson(transcript="old " * 10_000)
    Lesson.objects.update(lesson_number=7)
    Lesson.objects.update(transcript="new")
    assert changes(lesson.pk)[1:] == [
        ("update", {"lesson_number": 1}),
        ("update", {"transcript": "old " * 10_000}),
    ]


def test_a_row_with_another_id_is_one_gone_and_one_come() -> None:
    asset, other = make_asset(make_lesson()), uuid4()
    run("UPDATE lesson_assets SET id = %s", other)
    assert [kind for kind, _ in changes(asset.pk)] == ["insert", "delete"]
    assert [kind for kind, _ in changes(other)] == ["insert"]


def test_many_rows_of_one_statement_are_each_kept() -> None:
    course = make_course()
    lessons = [make_lesson(course, number) for number in range(1, 31)]
    Lesson.objects.update(title="Same")
    kept = dict(Change.objects.filter(kind="update").values_list("row_id", "before"))
    assert kept == {lesson.pk: {"title": lesson.title} for lesson in lessons}


def test_what_a_deletion_took_along_has_its_transaction() -> None:
    rows = make_all()
    run("DELETE FROM courses")
    gone = Change.objects.filter(kind="delete")
    assert {change.row_id for change in gone} == {row.pk for row in rows.values()} - {rows[Profile].pk}
    assert len({change.transaction for change in gone}) == 1
