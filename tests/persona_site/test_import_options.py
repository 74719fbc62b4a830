"""import_lessons --only, --strict and --course."""

from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from courses.models import Course, Lesson
from personalization.models import PersonalizedLessonDescription, Profile
from tests.store_builder import CourseBuilder, StoreBuilder, imported, write

pytestmark = pytest.mark.django_db


def run(store: StoreBuilder, *arguments: str, **options: Any) -> str:
    output = StringIO()
    call_command("import_lessons", "--store", str(store.path), *arguments, stdout=output, **options)
    return output.getvalue()


def rows() -> tuple[int, int, int]:
    models = (Lesson, Profile, PersonalizedLessonDescription)
    lessons, profiles, texts = (model._default_manager.count() for model in models)
    return lessons, profiles, texts


def test_only_lessons_reads_no_learner(course: CourseBuilder, store: StoreBuilder) -> None:
    write(store.path / "user_profiles.json", b"{")
    run(store, "--only", "lessons")
    assert rows() == (3, 0, 0)


def test_only_learners_changes_no_lesson(course: CourseBuilder, store: StoreBuilder) -> None:
    run(store, "--only", "lessons")
    course.lesson(1, title="Новое имя")
    course.transcript(2, b"\xff")
    run(store, "--only", "learners")
    assert rows() == (3, 2, 1)
    assert not Lesson.objects.filter(title="Новое имя").exists()


def test_only_learners_needs_the_lessons_of_their_texts(course: CourseBuilder, store: StoreBuilder) -> None:
    with pytest.raises(
        CommandError, match=r"massage: has lessons that the database does not know \(3, first 1\)"
    ):
        run(store, "--only", "learners")
    assert rows() == (0, 0, 0)


def test_only_learners_and_prune_forbid_each_other(store: StoreBuilder) -> None:
    with pytest.raises(CommandError, match="leave out one of the two") as error:
        run(store, "--only", "learners", "--prune", "--yes")
    assert error.value.returncode == 2


@pytest.mark.parametrize("dry_run", [True, False])
def test_strict_refuses_a_warning_and_still_tells_it(
    course: CourseBuilder, store: StoreBuilder, *, dry_run: bool
) -> None:
    course.lesson(1, title="Теория++++")
    output = StringIO()
    with pytest.raises(CommandError) as error:
        call_command("import_lessons", store=store.path, strict=True, dry_run=dry_run, stdout=output)
    assert str(error.value) == "the store has warnings (1), and --strict takes none"
    assert "/title: looks unfinished" in output.getvalue()
    assert rows() == (0, 0, 0)


def test_strict_refuses_texts_that_would_be_left_before_it_writes(
    course: CourseBuilder, store: StoreBuilder
) -> None:
    imported(store.path)
    PersonalizedLessonDescription.objects.update(origin="openai", content={"summary_short": "Из базы"})
    course.lesson(1, title="Новое имя")
    with pytest.raises(CommandError, match="--strict takes none"):
        run(store, "--strict")
    assert not Lesson.objects.filter(title="Новое имя").exists()


def test_strict_imports_a_store_without_warnings(course: CourseBuilder, store: StoreBuilder) -> None:
    run(store, "--strict")
    assert rows() == (3, 2, 1)


def test_a_gap_in_the_numbers_is_a_warning_and_with_strict_refused(
    course: CourseBuilder, store: StoreBuilder
) -> None:  # I7
    course.lesson(5)
    course.transcript(5)
    with pytest.raises(CommandError):
        run(store, "--strict")
    assert "massage: has no lesson 4, but higher numbers" in run(store)


def test_courses_are_named_in_either_way(store: StoreBuilder) -> None:
    for number, slug in enumerate(("one", "two", "three", "four"), start=1):
        store.course(slug).lesson(number)
    run(store, "one", "--course", "two", "--course", "three")
    assert {*Course.objects.values_list("slug", flat=True)} == {"one", "two", "three"}
