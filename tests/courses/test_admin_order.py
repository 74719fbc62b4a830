"""The page “Order of lessons”: who may use it, what it saves, and what it refuses."""

import json
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from courses.admin import order
from courses.models import Course, Lesson
from tests.builders import make_course, make_lesson, make_staff, make_superuser
from tests.locks import deadlock
from tests.store_builder import lesson_id

PAGE = reverse("admin:courses_course_order", args=["neck"])


@pytest.fixture
def course(db: None) -> Course:
    course = make_course("neck")
    for number in (1, 2, 5):
        make_lesson(course, number, id=lesson_id(number))
    return course


@pytest.fixture
def admin(client: Client, course: Course) -> Client:
    client.force_login(make_superuser())
    return client


def numbers() -> dict[int, int]:
    """The lesson that once had this number → its number now."""
    return {int(str(pk)[-3:]): number for pk, number in Lesson.objects.values_list("pk", "lesson_number")}


def sent(client: Client, *lessons: int, seen: str | None = None) -> list[str]:
    """Saves the lessons in this order; the messages on the next page."""
    page: Any = client.get(PAGE)
    ids = [str(lesson_id(number)) for number in lessons]
    data = {"order": json.dumps(ids), "seen": page.context["seen"] if seen is None else seen}
    answer: Any = client.post(PAGE, data, follow=True)
    return [str(message) for message in answer.context["messages"]]


def test_lessons_move_through_the_numbers_that_are_there(admin: Client) -> None:
    assert sent(admin, 5, 1, 2) == ["3 lessons have new numbers."]
    assert numbers() == {5: 1, 1: 2, 2: 5}
    assert sent(admin, 5, 1, 2) == ["The order is as it was."]


def test_a_stale_order_is_refused(admin: Client, course: Course) -> None:
    page: Any = admin.get(PAGE)
    course.lessons.filter(lesson_number=5).update(lesson_number=3)
    (message,) = sent(admin, 5, 1, 2, seen=page.context["seen"])
    assert message.startswith("Somebody changed the lessons meanwhile")
    assert numbers() == {1: 1, 2: 2, 5: 3}


def test_a_deadlock_is_told_like_a_lock_that_is_held(admin: Client) -> None:
    with deadlock("lessons"):
        (message,) = sent(admin, 5, 1, 2)
    assert message.startswith("An import holds the lessons. Nothing was saved")


@pytest.mark.parametrize("value", ["", "{", "[1]", '["x"]', "[]", "null"])
def test_an_incomplete_order_is_refused(admin: Client, value: str) -> None:
    page: Any = admin.get(PAGE)
    answer: Any = admin.post(PAGE, {"order": value, "seen": page.context["seen"]}, follow=True)
    assert "incomplete" in str(*answer.context["messages"])
    assert numbers() == {1: 1, 2: 2, 5: 5}


@pytest.mark.parametrize(
    ("permissions", "status"),
    [(["courses.view_lesson", "courses.change_course"], 403), (["courses.change_lesson"], 200)],
)
def test_who_may_change_lessons_may_order_them(
    client: Client, course: Course, permissions: list[str], status: int
) -> None:
    client.force_login(make_staff(permissions=permissions))
    assert client.get(PAGE).status_code == status


def test_a_form_from_elsewhere_is_refused(course: Course) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(make_superuser())
    assert client.post(PAGE, {}).status_code == 403


def test_course_and_lessons_lead_to_the_page(admin: Client, course: Course) -> None:
    pages = [
        reverse("admin:courses_course_change", args=[course.pk]),
        f"{reverse('admin:courses_lesson_changelist')}?course=neck",
    ]
    for page in pages:
        assert f'href="{PAGE}"' in admin.get(page).content.decode()
    assert PAGE not in admin.get(reverse("admin:courses_lesson_changelist")).content.decode()


def test_an_unknown_course_is_not_found(admin: Client) -> None:
    assert admin.get(reverse("admin:courses_course_order", args=["nope"])).status_code == 404


def test_a_course_that_is_too_long_names_the_command(admin: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(order, "MOST_LESSONS", 2)
    shown = admin.get(PAGE).content.decode()
    assert "renumber_lessons neck" in shown
    assert "data-order" not in shown
