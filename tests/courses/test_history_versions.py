"""Versions of a row from its kept changes, and one of them made the present one again."""

from typing import Any

import pytest

from courses.errors import ChangedMeanwhile
from courses.history.reason import because
from courses.models import Change, Course, Lesson, LessonAsset, LessonDescription
from courses.services.history.bring_back import bring_back_version
from courses.services.history.deleted import bring_back_deleted
from courses.services.history.errors import CannotBringBack
from courses.services.history.versions import Version, versions
from tests.builders import DESCRIPTION, make_asset, make_course, make_description, make_lesson

pytestmark = pytest.mark.django_db


def lesson_of_four_versions() -> Lesson:
    """Made; described, with an asset; retitled and redescribed; the asset replaced."""
    with because(command="one"):
        lesson = make_lesson(title="First")
    with because(command="two"):
        make_description(lesson)
        make_asset(lesson, url="https://example.org/old.mp4")
    with because(command="three"):
        Lesson.objects.update(title="Second")
        LessonDescription.objects.update(data={"introduction": "New"})
    with because(command="four"):
        LessonAsset.objects.all().delete()
        make_asset(lesson, url="https://example.org/new.mp4")
    return lesson


def looks(version: Version) -> tuple[Any, ...]:
    urls = [values["url"].rsplit("/")[-1] for _, values in version.rows(LessonAsset)]
    return version.row(Lesson)["title"], version.row(LessonDescription).get("data"), urls


def test_each_reason_is_a_version_with_all_that_belongs_to_the_lesson() -> None:
    found = versions(Lesson, lesson_of_four_versions().pk)
    assert [(version.metadata or {})["command"] for version in found] == ["four", "three", "two", "one"]
    assert [looks(version) for version in found] == [
        ("Second", {"introduction": "New"}, ["new.mp4"]),
        ("Second", {"introduction": "New"}, ["old.mp4"]),
        ("First", DESCRIPTION, ["old.mp4"]),
        ("First", None, []),
    ]


def test_what_was_there_before_changes_were_kept_is_the_oldest_version() -> None:
    course = make_course(title="Old")
    Change.objects.all().delete()
    with because(command="x"):
        Course.objects.update(title="New")
    assert [(version.id > 0, version.row(Course)["title"]) for version in versions(Course, course.pk)] == [
        (True, "New"),
        (False, "Old"),
    ]


def test_other_lessons_are_not_in_it() -> None:
    lesson = lesson_of_four_versions()
    make_description(make_lesson(lesson.course, 2, title="Other"), {"introduction": "Other"})
    assert "Other" not in str([version.state for version in versions(Lesson, lesson.pk)])


def test_a_row_that_is_gone_has_no_versions_here() -> None:
    course = make_course()
    Course.objects.all().delete()
    assert versions(Course, course.pk) == []


@pytest.mark.parametrize("steps", [0, 1, 2, 3])
def test_any_version_can_be_the_present_one(steps: int) -> None:
    lesson = lesson_of_four_versions()
    before = versions(Lesson, lesson.pk)
    with because(user=1):
        bring_back_version(model=Lesson, root=lesson.pk, version=before[steps].id, seen=before[0].id)
    after = versions(Lesson, lesson.pk)
    assert looks(after[0]) == looks(before[steps])
    if steps:
        assert after[0].metadata == {"user": 1, "version": before[steps].id}
    assert [looks(version) for version in after[-4:]] == [looks(version) for version in before]


def test_the_time_between_deletion_and_return_is_nothing_to_bring_back() -> None:
    with because(command="made"):
        lesson = make_lesson()
        make_description(lesson)
    pk = lesson.pk
    with because(command="deleted"):
        lesson.delete()
    bring_back_deleted(model=Lesson, change=Change.objects.get(table_name="lessons", kind="delete").pk)
    found = versions(Lesson, pk)
    [gone] = [version for version in found if not version.row(Lesson)]
    with pytest.raises(CannotBringBack):
        bring_back_version(model=Lesson, root=pk, version=gone.id, seen=found[0].id)
    assert LessonDescription.objects.get().data == DESCRIPTION


def test_bringing_back_is_undone_like_any_change() -> None:
    lesson = lesson_of_four_versions()
    found = versions(Lesson, lesson.pk)
    bring_back_version(model=Lesson, root=lesson.pk, version=found[-1].id, seen=found[0].id)
    now = versions(Lesson, lesson.pk)
    bring_back_version(model=Lesson, root=lesson.pk, version=found[0].id, seen=now[0].id)
    assert looks(versions(Lesson, lesson.pk)[0]) == looks(found[0])


def test_a_lesson_keeps_its_number() -> None:
    lesson = lesson_of_four_versions()
    Lesson.objects.update(lesson_number=9)
    make_lesson(lesson.course, 1)
    found = versions(Lesson, lesson.pk)
    bring_back_version(model=Lesson, root=lesson.pk, version=found[-1].id, seen=found[0].id)
    lesson.refresh_from_db()
    assert (lesson.title, lesson.lesson_number) == ("First", 9)


def test_a_version_that_was_not_seen_is_not_overwritten() -> None:
    lesson = lesson_of_four_versions()
    found = versions(Lesson, lesson.pk)
    with because(command="meanwhile"):
        Lesson.objects.update(title="Meanwhile")
    with pytest.raises(ChangedMeanwhile):
        bring_back_version(model=Lesson, root=lesson.pk, version=found[-1].id, seen=found[0].id)
    assert Lesson.objects.get().title == "Meanwhile"


def test_a_slug_that_another_course_has_by_now_is_refused() -> None:
    with because(command="one"):
        course = make_course("shvz")
    with because(command="two"):
        Course.objects.update(slug="new")
    make_course("shvz", title="Other")
    found = versions(Course, course.pk)
    with pytest.raises(CannotBringBack, match="Slug shvz is taken by “Other”"):
        bring_back_version(model=Course, root=course.pk, version=found[-1].id, seen=found[0].id)
    assert Course.objects.get(pk=course.pk).slug == "new"


def test_every_column_comes_back_with_its_value() -> None:
    with because(command="one"):
        lesson = make_lesson(content={"a": [1, None]}, summary=None, transcript="100 % “text”\n")
    with because(command="two"):
        Lesson.objects.update(content=None, summary="s", transcript="")
    found = versions(Lesson, lesson.pk)
    bring_back_version(model=Lesson, root=lesson.pk, version=found[-1].id, seen=found[0].id)
    lesson.refresh_from_db()
    assert (lesson.content, lesson.summary) == ({"a": [1, None]}, None)
    assert lesson.transcript == "100 % “text”\n"
