"""Descriptions that an editor changed before the database kept who did."""

from importlib import import_module
from pathlib import Path

import pytest
from django.db import connection

from courses.history.reason import because
from courses.models import Lesson, LessonDescription
from courses.services.descriptions import save_description
from tests.builders import DESCRIPTION, make_course, make_lesson
from tests.store_builder import StoreBuilder, imported, lesson_id

MIGRATION = import_module("courses.migrations.0007_edited_descriptions")


def migrate() -> None:
    LessonDescription.objects.update(edited_at=None)
    with connection.cursor() as cursor:
        cursor.execute(MIGRATION.MARK_EDITED)


@pytest.mark.usefixtures("db")
@pytest.mark.parametrize(
    ("reason", "edited"), [({"user": 1}, True), ({"user": 1, "run": "x"}, False), ({}, False)]
)
def test_the_last_change_of_the_words_tells(reason: dict[str, object], edited: bool) -> None:
    with because(**reason):
        save_description(lesson=make_lesson(make_course("massage")), data=DESCRIPTION, expected=None)
    migrate()
    assert (LessonDescription.objects.get().edited_at is not None) == edited


@pytest.mark.usefixtures("db")
def test_what_an_import_wrote_since_is_the_stores(tmp_path: Path) -> None:
    course = StoreBuilder(tmp_path).course().lessons(1)
    course.template(1)
    imported(tmp_path)
    lesson = Lesson.objects.get(pk=lesson_id(1))
    with because(user=1):
        save_description(
            lesson=lesson, data={"introduction": "Моё."}, expected=LessonDescription.objects.get()
        )
    migrate()
    assert LessonDescription.objects.get().edited_at
    imported(tmp_path)
    migrate()
    assert LessonDescription.objects.get().edited_at is None
