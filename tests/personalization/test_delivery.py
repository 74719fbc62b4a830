"""Which text a learner sees for a lesson: the personal one, else the standard one, else title and summary."""

from collections.abc import Callable
from typing import Any

import pytest

from personalization.delivery import Delivered, Kind, lesson_for
from tests.builders import make_course, make_description, make_learner, make_lesson, make_text

pytestmark = pytest.mark.django_db


def found(*asked: Any) -> Delivered:
    lesson = lesson_for(*asked)
    assert lesson is not None
    return lesson


def test_the_personal_text_comes_first() -> None:
    course = make_course("neck", title="Neck", language="ru")
    lesson = make_lesson(course, 3, title="Touch")
    make_description(lesson)
    make_text(make_learner("u-1", course), lesson, origin="openai")
    seen = found("u-1", 3)
    assert (seen.kind, seen.course_title, seen.number, seen.title) == (Kind.PERSONAL, "Neck", 3, "Touch")
    assert "Нина, этот урок о первом прикосновении." in seen.html
    assert "Почему этот урок для вас" in seen.html
    assert "language model" in seen.why


def test_without_a_personal_text_the_standard_description_is_shown() -> None:
    lesson = make_lesson(make_course("neck"))
    make_description(lesson)
    make_text(make_learner("somebody-else", lesson.course), lesson)
    make_learner("u-1", lesson.course)
    seen = found("u-1", 1)
    assert seen.kind == Kind.STANDARD
    assert "Урок о первом прикосновении." in seen.html
    assert "no personal text" in seen.why


def test_without_any_text_there_are_title_and_summary() -> None:
    lesson = make_lesson(make_course("neck"), summary="What it is about")
    make_learner("u-1", lesson.course)
    seen = found("u-1", 1)
    assert (seen.kind, seen.title, seen.summary, seen.html) == (Kind.TITLE, "Урок 1", "What it is about", "")


@pytest.mark.parametrize("nothing", [{}, {"summary_short": "  ", "homework_20m": []}, "", []])
def test_an_empty_personal_text_counts_as_none(nothing: Any) -> None:
    lesson = make_lesson(make_course("neck"))
    make_description(lesson)
    text = make_text(make_learner("u-1", lesson.course), lesson)
    type(text).objects.filter(pk=text.pk).update(content=nothing)
    assert found("u-1", 1).kind == Kind.STANDARD


def test_an_unknown_learner_gets_the_standard_description_of_a_named_course() -> None:
    lesson = make_lesson(make_course("neck"))
    make_description(lesson)
    seen = found("nobody", 1, "neck")
    assert seen.kind == Kind.STANDARD
    assert "Nobody with this identifier" in seen.why


@pytest.mark.parametrize(
    "asked", [("nobody", 1), ("u-1", 9), ("u-1", 1, "no-such-course"), ("u-1", -1), ("", 1)], ids=str
)
def test_no_such_lesson(asked: tuple[Any, ...]) -> None:
    lesson = make_lesson(make_course("neck"))
    make_learner("u-1", lesson.course)
    assert lesson_for(*asked) is None


def test_a_learner_of_a_course_that_is_not_imported_yet() -> None:
    learner = make_learner("u-1")
    type(learner).objects.filter(pk=learner.pk).update(course_id="not-imported")
    assert lesson_for("u-1", 1) is None


def test_an_edited_text_says_so_to_staff() -> None:
    lesson = make_lesson(make_course("neck"))
    make_text(make_learner("u-1", lesson.course), lesson, origin="openai", edited_at="2026-01-02T03:04Z")
    assert "editor" in found("u-1", 1).why


def test_markup_in_a_text_stays_text() -> None:
    lesson = make_lesson(make_course("neck"))
    make_text(make_learner("u-1", lesson.course), lesson, {"summary_short": "<script>alert(1)</script>"})
    assert "&lt;script&gt;alert(1)" in found("u-1", 1).html


def test_a_description_that_is_a_plain_text_is_shown() -> None:
    lesson = make_lesson(make_course("neck"))
    description = make_description(lesson)
    type(description).objects.filter(pk=description.pk).update(data="Just a text")
    make_learner("u-1", lesson.course)
    assert "Just a text" in found("u-1", 1).html


def test_it_takes_one_query(django_assert_num_queries: Callable[[int], Any]) -> None:
    lesson = make_lesson(make_course("neck"))
    make_description(lesson)
    make_text(make_learner("u-1", lesson.course), lesson)
    with django_assert_num_queries(1):
        assert lesson_for("u-1", 1)
