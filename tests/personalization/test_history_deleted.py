"""What a deletion took along comes back with it, under the ids that it had."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection

from courses.history.reason import because
from courses.models import Change, Course, Lesson, LessonAsset, LessonDescription
from courses.services.history.deleted import bring_back_deleted, deleted_rows
from courses.services.history.errors import CannotBringBack
from courses.services.history.versions import versions
from personalization.models import PersonalizedLessonDescription as Text
from personalization.models import Profile
from personalization.services.history import bring_text_back, forget_changes
from tests.builders import (
    PERSONAL_TEXT,
    make_asset,
    make_course,
    make_description,
    make_learner,
    make_lesson,
    make_staff,
    make_text,
)

pytestmark = pytest.mark.django_db
ALL: tuple[Any, ...] = (Course, Lesson, LessonDescription, LessonAsset, Text)


def full_lesson(course: Course | None = None, number: int = 1) -> Lesson:
    """A lesson with description, two assets, and texts of two learners, one edited."""
    lesson = make_lesson(course, number, content={"x": 1})
    make_description(lesson)
    make_asset(lesson)
    make_asset(lesson, asset_type="audio", metadata={"minutes": 3})
    editor = User.objects.filter(username="editor").first() or make_staff("editor")
    make_text(make_learner(), lesson, origin="openai", fingerprint="f", import_digest="0" * 32)
    make_text(make_learner(), lesson, edited_by=editor, edited_at=datetime(2026, 1, 2, 3, 4, 5, 678901, UTC))
    return lesson


def rows() -> dict[str, list[dict[str, Any]]]:
    return {model.__name__: list(model._default_manager.order_by("id").values()) for model in ALL}


def last_deleted(model: Any) -> int:
    return Change.objects.filter(table_name=model._meta.db_table, kind="delete").latest("id").pk


DELETIONS: dict[str, Callable[[Lesson], object]] = {
    "one": lambda lesson: lesson.delete(),
    "bulk": lambda lesson: Lesson.objects.all().delete(),
}


@pytest.mark.parametrize("how", DELETIONS)
def test_a_lesson_comes_back_with_everything(how: str) -> None:
    lesson = full_lesson()
    before = rows()
    DELETIONS[how](lesson)
    returned = bring_back_deleted(model=Lesson, change=last_deleted(Lesson))
    assert {(r.model, r.back, r.left) for r in returned} == {
        (Lesson, 1, 0),
        (LessonDescription, 1, 0),
        (LessonAsset, 2, 0),
        (Text, 2, 0),
    }
    assert rows() == before


def test_a_course_comes_back_with_its_lessons() -> None:
    course = make_course()
    full_lesson(course, 1)
    full_lesson(course, 2)
    before = rows()
    course.delete()
    bring_back_deleted(model=Course, change=last_deleted(Course))
    assert rows() == before


def test_texts_of_learners_who_left_stay_away_and_are_counted() -> None:
    lesson = full_lesson()
    lesson.delete()
    Profile.objects.order_by("id")[:1].get().delete()
    User.objects.all().delete()
    returned = bring_back_deleted(model=Lesson, change=last_deleted(Lesson))
    assert [(r.back, r.left) for r in returned if r.model is Text] == [(1, 1)]
    assert Text.objects.get().edited_by_id is None


def test_what_was_deleted_before_stays_deleted() -> None:
    lesson = full_lesson()
    Change.objects.update(transaction=0)
    LessonAsset.objects.filter(asset_type="audio").delete()
    Change.objects.filter(kind="delete").update(transaction=1)
    lesson.delete()
    bring_back_deleted(model=Lesson, change=last_deleted(Lesson))
    assert LessonAsset.objects.get().asset_type == "video"


def test_the_same_lesson_does_not_come_back_twice() -> None:
    full_lesson().delete()
    change = last_deleted(Lesson)
    bring_back_deleted(model=Lesson, change=change)
    before = rows()
    with pytest.raises(CannotBringBack, match="back already"):
        bring_back_deleted(model=Lesson, change=change)
    assert rows() == before


def test_of_two_at_once_one_brings_it_back(transactional_db: None) -> None:
    full_lesson().delete()
    change = last_deleted(Lesson)

    def try_it(_: int) -> str:
        try:
            bring_back_deleted(model=Lesson, change=change)
        except CannotBringBack as refused:
            return str(refused)
        finally:
            connection.close()
        return "back"

    with ThreadPoolExecutor(4) as threads:
        told = sorted(threads.map(try_it, range(4)))
    assert told == ["It is back already."] * 3 + ["back"]
    assert {model.__name__: len(found) for model, found in zip(ALL, rows().values(), strict=True)} == {
        "Course": 1,
        "Lesson": 1,
        "LessonDescription": 1,
        "LessonAsset": 2,
        "PersonalizedLessonDescription": 2,
    }


def test_a_number_that_another_lesson_has_by_now_is_refused() -> None:
    lesson = full_lesson(make_course("shvz"))
    course = lesson.course
    lesson.delete()
    make_lesson(course, 1, title="Other")
    with pytest.raises(CannotBringBack, match=r"Number 1 is taken by “1\. Other”"):
        bring_back_deleted(model=Lesson, change=last_deleted(Lesson))
    assert Lesson.objects.get().title == "Other"


def test_a_lesson_whose_number_is_taken_can_come_as_the_last_one() -> None:
    lesson = full_lesson()
    pk = lesson.pk
    lesson.delete()
    make_lesson(lesson.course, 1)
    make_lesson(lesson.course, 7)
    bring_back_deleted(model=Lesson, change=last_deleted(Lesson), as_last=True)
    assert Lesson.objects.get(pk=pk).lesson_number == 8
    assert Text.objects.filter(lesson=pk).count() == 2


def test_a_lesson_whose_course_is_gone_waits_for_it() -> None:
    lesson = full_lesson()
    lesson.course.delete()
    with pytest.raises(CannotBringBack, match="course that it belonged to is gone"):
        bring_back_deleted(model=Lesson, change=last_deleted(Lesson))


def test_a_column_that_came_later_gets_its_default() -> None:
    lesson = full_lesson()
    lesson.delete()
    change = Change.objects.get(pk=last_deleted(Lesson))
    assert change.before
    del change.before["transcript"]
    change.before["dropped_column"] = 1
    change.save()
    bring_back_deleted(model=Lesson, change=change.pk)
    assert Lesson.objects.get().transcript == ""


def test_the_list_has_what_is_gone_alone() -> None:
    course = make_course()
    lessons = [make_lesson(course, number) for number in (1, 2, 3)]
    Lesson.objects.filter(lesson_number__lt=3).delete()
    bring_back_deleted(model=Lesson, change=last_deleted(Lesson))
    (gone,) = deleted_rows(Lesson, ["title"])
    assert gone.row_id in {lesson.pk for lesson in lessons[:2]}
    assert gone.values == {"title": f"Урок {1 if gone.row_id == lessons[0].pk else 2}"}


# --- learners ---


def test_a_learner_comes_back_with_the_texts_whose_lessons_are_there() -> None:
    learner, lesson, left = make_learner(), make_lesson(), make_lesson(number=2)
    make_text(learner, lesson)
    make_text(learner, left)
    learner.delete()
    left.delete()
    returned = bring_back_deleted(model=Profile, change=last_deleted(Profile))
    assert [(r.model, r.back, r.left) for r in returned] == [(Profile, 1, 0), (Text, 1, 1)]
    assert Text.objects.get().lesson_id == lesson.pk


def test_a_text_does_not_come_back_where_there_is_a_new_one() -> None:
    text = make_text(make_learner(), make_lesson())
    text.delete()
    make_text(text.profile, text.lesson)
    with pytest.raises(CannotBringBack, match="another one in its place"):
        bring_back_deleted(model=Text, change=last_deleted(Text))


def test_an_old_text_comes_back_as_the_edit_of_who_asked() -> None:
    with because(command="one"):
        text = make_text(make_learner(), make_lesson(), origin="openai")
    with because(command="two"):
        Text.objects.update(content={"summary_short": "New"}, import_digest="0" * 32)
    found = versions(Text, text.pk)
    editor = make_staff("nora")
    bring_text_back(text_id=text.pk, version=found[1].id, seen=found[0].id, editor=editor)
    text.refresh_from_db()
    assert text.content == PERSONAL_TEXT
    assert (text.edited_by_id, text.locked, text.origin) == (editor.pk, True, "openai")


def test_a_learners_changes_can_be_forgotten() -> None:
    lesson, learner, other = make_lesson(), make_learner(), make_learner()
    make_text(learner, lesson).delete()
    make_text(learner, lesson)
    make_text(other, lesson)
    kept = Change.objects.count()
    assert forget_changes(learner.pk) == 4
    assert Change.objects.count() == kept - 4
    assert Change.objects.filter(row_id=other.pk).exists()
