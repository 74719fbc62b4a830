"""Whether a standard description is a model's, an editor's or a store's, whoever writes it."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from courses.models import Lesson, LessonDescription
from courses.services.descriptions import save_description
from courses.services.history.bring_back import bring_back_version
from courses.services.history.versions import versions
from tests.builders import DESCRIPTION, make_course, make_description, make_lesson, make_superuser

OTHER: dict[str, Any] = {**DESCRIPTION, "homework": "Другое задание."}


@pytest.fixture
def lesson(db: None) -> Lesson:
    return make_lesson(make_course())


@pytest.fixture
def written(lesson: Lesson) -> LessonDescription:
    """By a model, as a run leaves it."""
    origin = {"model": "m", "prompt_version": "p", "fingerprint": "f", "generated_at": timezone.now()}
    return LessonDescription.objects.create(lesson=lesson, data=DESCRIPTION, **origin)


def origin(lesson: Lesson) -> tuple[bool, bool]:
    """(by a model, by an editor)."""
    now = LessonDescription.objects.get(lesson=lesson)
    return now.generated_at is not None and now.fingerprint is not None, now.edited_at is not None


def test_an_editors_words_are_known_as_that(lesson: Lesson, written: LessonDescription) -> None:
    save_description(lesson=lesson, data=OTHER, expected=written)
    assert origin(lesson)[1]


def test_so_are_those_of_a_lesson_that_had_none(lesson: Lesson) -> None:
    save_description(lesson=lesson, data=OTHER, expected=None)
    assert origin(lesson) == (False, True)


def test_other_words_from_elsewhere_are_nobodys(lesson: Lesson, written: LessonDescription) -> None:
    save_description(lesson=lesson, data=OTHER, expected=written)
    LessonDescription.objects.update(data=DESCRIPTION)
    assert origin(lesson) == (False, False)


def test_the_same_words_once_more_change_nothing(lesson: Lesson, written: LessonDescription) -> None:
    LessonDescription.objects.update(data=DESCRIPTION)
    assert origin(lesson) == (True, False)


@pytest.mark.usefixtures("transactional_db")
def test_what_a_person_brought_back_is_an_editors() -> None:
    lesson = make_lesson(make_course())
    make_description(lesson)
    LessonDescription.objects.update(data=OTHER)
    now, then, *_ = versions(Lesson, lesson.pk)
    bring_back_version(model=Lesson, root=lesson.pk, version=then.id, seen=now.id)
    assert LessonDescription.objects.get().data == DESCRIPTION
    assert origin(lesson) == (False, True)


def test_the_lessons_page_says_whose_words_they_are(
    client: Client, lesson: Lesson, written: LessonDescription
) -> None:
    client.force_login(make_superuser())
    page = reverse("admin:courses_lesson_change", args=[lesson.pk])
    assert "Written by the model m from the transcript" in client.get(page).content.decode()
    save_description(lesson=lesson, data=OTHER, expected=written)
    assert "runs leave it alone" in client.get(page).content.decode()
