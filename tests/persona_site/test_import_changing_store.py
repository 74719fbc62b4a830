"""A store that changes while it is imported."""

import pytest

from courses.models import Lesson
from persona_site.progress import Silent
from persona_site.store_import import import_store
from tests.store_builder import CourseBuilder, StoreBuilder

pytestmark = pytest.mark.django_db


class Meanwhile(Silent):
    """Writes a new title and a new transcript when a stage begins."""

    def __init__(self, course: CourseBuilder, stage: str) -> None:
        self._course = course
        self._stage = stage

    def stage(self, label: str, total: int) -> None:
        if label == self._stage:
            self._course.lesson(1, title="Новое имя урока")
            self._course.transcript(1, "Новый текст. " * 40)


def test_a_file_that_changes_while_others_are_read_refuses_the_import(
    course: CourseBuilder, store: StoreBuilder
) -> None:
    problems = import_store(store.path, watcher=Meanwhile(course, "Reading lessons")).problems
    assert [str(problem) for problem in problems] == [
        "massage/lessons/01/lesson.json: changed while the import was reading: run it again"
    ]
    assert not Lesson.objects.exists()


class NewLearner(Silent):
    def __init__(self, store: StoreBuilder) -> None:
        self._store = store

    def stage(self, label: str, total: int) -> None:
        if label == "Reading personal texts":
            self._store.profiles("u-1", "u-2", "u-3")


def test_profiles_that_change_after_they_were_read_refuse_the_import(
    course: CourseBuilder, store: StoreBuilder
) -> None:
    problems = import_store(store.path, watcher=NewLearner(store)).problems
    assert [*map(str, problems)] == ["user_profiles.json: changed while the import was reading: run it again"]


def test_a_file_that_changes_before_the_writing_changes_nothing_of_it(
    course: CourseBuilder, store: StoreBuilder
) -> None:
    assert not import_store(store.path, watcher=Meanwhile(course, "Writing")).problems
    lesson = Lesson.objects.get(lesson_number=1)
    assert (lesson.title, lesson.transcript[:7]) == ("Урок 1", "Урок 1.")
