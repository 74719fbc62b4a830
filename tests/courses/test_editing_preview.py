"""The preview of a lesson that is being edited: what is in the form, as a learner would read it."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from courses.models import Lesson, LessonDescription
from tests.admin_forms import filled_in
from tests.builders import (
    DESCRIPTION,
    make_course,
    make_description,
    make_lesson,
    make_staff,
    make_superuser,
)


def page(lesson: Lesson) -> str:
    return reverse("admin:courses_lesson_change", args=[lesson.pk])


def draft(lesson: Lesson) -> str:
    return reverse("admin:courses_lesson_draft", args=[lesson.pk])


@pytest.fixture
def lesson(db: None) -> Lesson:
    lesson = make_lesson(make_course(language="en"))
    make_description(lesson)
    return lesson


@pytest.fixture
def admin(client: Client, db: None) -> Client:
    client.force_login(make_superuser())
    return client


def shown(client: Client, lesson: Lesson, **changes: str) -> str:
    response: Any = client.post(draft(lesson), {**filled_in(client, page(lesson)), **changes})
    assert response.status_code == 200
    return str(response.content.decode())


def test_it_shows_what_is_in_the_form_and_saves_nothing(admin: Client, lesson: Lesson) -> None:
    html = shown(admin, lesson, title="A new title", section_key_points="One\nTwo\n↳ and more")
    assert "1. A new title" in html
    assert "<h3>Key points</h3>" in html
    assert "Two\nand more" in html
    assert "Тёплые руки" not in html
    assert LessonDescription.objects.get().data == DESCRIPTION
    assert Lesson.objects.get().title != "A new title"


def test_a_form_that_could_not_be_saved_is_shown_all_the_same(admin: Client, lesson: Lesson) -> None:
    html = shown(admin, lesson, title="", section_introduction="", lesson_number="many")
    assert "Introduction" not in html
    assert "Key points" in html


def test_an_empty_form_says_that_there_is_nothing(admin: Client, lesson: Lesson) -> None:
    empty = {f"section_{key}": "" for key in DESCRIPTION}
    assert "There is nothing to show yet." in shown(admin, lesson, **empty)


def test_markup_stays_text(admin: Client, lesson: Lesson) -> None:
    html = shown(admin, lesson, title="<script>1</script>", section_homework="<img src=x onerror=alert(1)>")
    assert "<script" not in html
    assert "<img" not in html


def test_sections_that_the_form_does_not_edit_are_shown(admin: Client, lesson: Lesson) -> None:
    LessonDescription.objects.update(
        data={**DESCRIPTION, "author_note": "By hand", "_order": ["author_note"]}
    )
    assert "By hand" in shown(admin, lesson)


def test_a_new_lesson_is_shown_in_its_courses_language(admin: Client) -> None:
    course = make_course(language="en", title="Sleep")
    url = reverse("admin:courses_lesson_draft")
    form = {"course": str(course.pk), "title": "New", "lesson_number": "3", "section_homework": "Sleep well."}
    html = admin.post(url, form).content.decode()
    assert "Sleep" in html
    assert "3. New" in html
    assert "<h3>Homework</h3>" in html
    assert admin.post(url, {**form, "course": "nonsense"}).status_code == 200


def test_who_may_not_edit_gets_none(client: Client, lesson: Lesson) -> None:
    assert client.post(draft(lesson)).status_code == 302
    client.force_login(make_staff(permissions=["courses.view_lesson"]))
    assert client.post(draft(lesson)).status_code == 403
    assert client.post(reverse("admin:courses_lesson_draft")).status_code == 403


def test_it_answers_posts_of_our_own_pages_only(admin: Client, lesson: Lesson) -> None:
    assert admin.get(draft(lesson)).status_code == 405
    gone = reverse("admin:courses_lesson_draft", args=[lesson.course_id])
    assert admin.post(gone).status_code == 404
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(make_superuser("other"))
    assert strict.post(draft(lesson), {"title": "x"}).status_code == 403


def test_the_page_shows_the_stored_lesson_without_script(admin: Client, lesson: Lesson) -> None:
    html = admin.get(page(lesson)).content.decode()
    panel = html[html.index("data-preview=") :]
    assert "Тёплые руки" in panel
    assert draft(lesson) in panel


def test_the_script_comes_only_with_forms_that_need_it(admin: Client, lesson: Lesson) -> None:
    assert "courses/item_list.js" in admin.get(page(lesson)).content.decode()
    for url in ("admin:courses_lesson_changelist", "admin:courses_course_changelist"):
        assert "courses/item_list.js" not in admin.get(reverse(url)).content.decode()
