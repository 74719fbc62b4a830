"""The admin's pages of courses: what they show, and what an editor may change."""

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from courses.models import Course
from personalization.models import GenerationRun
from tests.admin_forms import errors_of, send
from tests.builders import (
    make_course,
    make_description,
    make_learner,
    make_lesson,
    make_staff,
    make_superuser,
)

LIST = reverse("admin:courses_course_changelist")


def page(course: Course) -> str:
    return reverse("admin:courses_course_change", args=[course.pk])


@pytest.fixture
def admin(client: Client, db: None) -> Client:
    client.force_login(make_superuser())
    return client


def test_the_list_counts_lessons_and_learners(admin: Client) -> None:
    course = make_course("neck", title="Neck")
    for number in (1, 2, 3):
        make_lesson(course, number)
    make_learner(course=course)
    make_lesson(make_course("sleep", title="Sleep"))
    rows = admin.get(LIST).context["cl"].result_list
    assert [(row.slug, row.lesson_count, row.learner_count) for row in rows] == [
        ("neck", 3, 1),
        ("sleep", 1, 0),
    ]


def test_an_empty_list_says_what_to_do(admin: Client) -> None:
    assert "import_lessons" in admin.get(LIST).content.decode()


def test_a_search_that_finds_nothing_gives_no_such_advice(admin: Client) -> None:
    make_course()
    assert "import_lessons" not in admin.get(LIST, {"q": "nothing like it"}).content.decode()


def test_the_page_shows_the_lessons_in_order_and_what_they_lack(admin: Client) -> None:
    course = make_course()
    make_lesson(course, 2, title="Second", transcript="")
    make_description(make_lesson(course, 1, title="First"))
    lessons = admin.get(page(course)).context["lessons"]
    assert [(lesson.title, lesson.has_transcript, lesson.has_description) for lesson in lessons] == [
        ("First", True, True),
        ("Second", False, False),
    ]


def test_unknown_data_of_the_store_is_readable_and_survives_a_save(admin: Client) -> None:
    course = make_course(content={"price_level": ["<b>low</b>", {"from_year": 2020}]})
    html = admin.get(page(course)).content.decode()
    assert "Price level" in html
    assert "&lt;b&gt;low&lt;/b&gt;" in html
    assert "From year" in html
    assert "&quot;from_year" not in html
    send(admin, page(course), title="New title")
    course.refresh_from_db()
    assert (course.title, course.content) == (
        "New title",
        {"price_level": ["<b>low</b>", {"from_year": 2020}]},
    )


def test_a_save_writes_only_what_was_changed(admin: Client) -> None:
    course = make_course(description="Before", content={"key": "value"})
    with CaptureQueriesContext(connection) as queries:
        send(admin, page(course), title="New title")
    [update] = [query["sql"] for query in queries if 'UPDATE "courses"' in query["sql"]]
    assert "title" in update
    assert "description" not in update
    assert "content" not in update


def test_the_format_of_personal_texts_is_chosen_by_its_sections(admin: Client) -> None:
    course = make_course()
    field = admin.get(page(course)).context["adminform"].form.fields["personal_format"]
    assert [(value, str(label)) for value, label in field.choices] == [
        ("personal", "five sections"),
        ("extended", "seven sections"),
    ]
    send(admin, page(course), personal_format="extended")
    course.refresh_from_db()
    assert course.personal_format == "extended"
    assert "marked as stale" in admin.get(LIST).content.decode()
    assert not GenerationRun.objects.exists()


def test_another_change_says_nothing_of_stale_texts(admin: Client) -> None:
    send(admin, page(make_course()), title="New title")
    assert "stale" not in admin.get(LIST).content.decode()


def test_an_unknown_format_of_personal_texts_is_refused(admin: Client) -> None:
    refused = send(admin, page(make_course()), personal_format="lesson")
    assert list(errors_of(refused)) == ["personal_format"]


def test_the_slug_is_fixed_once_the_course_exists(admin: Client) -> None:
    course = make_course("neck")
    send(admin, page(course), title="T", slug="other")
    course.refresh_from_db()
    assert course.slug == "neck"


def test_a_slug_that_fits_no_link_is_refused(admin: Client) -> None:
    refused = send(admin, reverse("admin:courses_course_add"), slug="a/b", title="T", language="en")
    assert list(errors_of(refused)) == ["slug"]
    send(admin, reverse("admin:courses_course_add"), slug="a-b", title="T", language="en")
    assert Course.objects.get(slug="a-b").title == "T"


def test_who_may_only_look_cannot_change(client: Client, db: None) -> None:
    course = make_course(title="Before")
    client.force_login(make_staff(permissions=["courses.view_course"]))
    assert client.get(page(course)).status_code == 200
    assert client.post(page(course), {"title": "After"}).status_code == 403
    course.refresh_from_db()
    assert course.title == "Before"
