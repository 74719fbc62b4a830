"""The page before a deletion: what goes along is counted, not loaded."""

from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from courses.models import Course, Lesson
from personalization.models import PersonalizedLessonDescription as Text
from personalization.models import Profile
from tests.builders import (
    make_asset,
    make_course,
    make_description,
    make_item,
    make_learner,
    make_lesson,
    make_run,
    make_staff,
    make_superuser,
    make_text,
)


@pytest.fixture
def admin(client: Client, db: None) -> Client:
    client.force_login(make_superuser())
    return client


def delete_page(row: Any) -> str:
    return reverse(f"admin:{row._meta.app_label}_{row._meta.model_name}_delete", args=[row.pk])


def fill(course: Course, learners: int) -> None:
    lesson = make_lesson(course, Lesson.objects.filter(course=course).count() + 1)
    make_description(lesson)
    make_asset(lesson)
    for _ in range(learners):
        learner = make_learner(course=course)
        make_text(learner, lesson)
        make_item(make_run(), learner, lesson)


def test_what_a_course_takes_along_and_leaves_behind(admin: Client) -> None:
    course = make_course()
    fill(course, learners=3)
    fill(make_course(), learners=1)
    response: Any = admin.get(delete_page(course))
    assert {str(name): count for name, count in response.context["model_count"]} == {
        "courses": 1,
        "lessons": 1,
        "standard descriptions": 1,
        "assets": 1,
        "personal texts": 3,
        "items": 3,
    }
    assert "3 learners stay, and have no course page any more" in response.content.decode()
    assert admin.post(delete_page(course), {"post": "yes"}).status_code == 302
    assert (Course.objects.count(), Text.objects.count(), Profile.objects.count()) == (1, 1, 4)


def test_a_learner_takes_texts_along(admin: Client) -> None:
    course = make_course()
    fill(course, learners=1)
    response: Any = admin.get(delete_page(Profile.objects.get()))
    counts = {str(name): count for name, count in response.context["model_count"]}
    assert counts == {"learners": 1, "personal texts": 1, "items": 1}


def test_the_page_asks_the_same_however_much_there_is(admin: Client) -> None:
    course = make_course()
    queries = []
    for learners in (1, 30):
        fill(course, learners)
        with CaptureQueriesContext(connection) as captured:
            admin.get(delete_page(course))
        queries.append(len(captured))
        assert not [
            query["sql"]
            for query in captured
            if '"personalized_lesson_descriptions"."content"' in query["sql"]
        ]
    assert queries[0] == queries[1]


def test_many_selected_rows_are_named_up_to_a_point(admin: Client) -> None:
    chosen = [str(make_learner().pk) for _ in range(23)]
    response: Any = admin.post(
        reverse("admin:personalization_profile_changelist"),
        {"action": "delete_selected", "_selected_action": chosen},
    )
    html = response.content.decode()
    assert "and 3 more" in html
    assert html.count("Learner: <a") == 20


@pytest.mark.parametrize("model", [Course, Lesson])
def test_the_selected_rows_take_theirs_along(admin: Client, model: Any) -> None:
    for _ in range(3):
        fill(make_course(), learners=1)
    chosen = [str(row.pk) for row in model.objects.all()[:2]]
    url = reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")
    sent = {"action": "delete_selected", "_selected_action": chosen}
    counts = {str(name): count for name, count in admin.post(url, sent).context["model_count"]}
    assert set(counts.values()) == {2}
    assert counts["items"] == 2
    assert admin.post(url, {**sent, "post": "yes"}).status_code == 302
    assert model.objects.count() == 1


def test_who_may_not_delete_texts_does_not_delete_them_with_the_learner(client: Client, db: None) -> None:
    fill(make_course(), learners=1)
    may = ["personalization.view_profile", "personalization.delete_profile"]
    client.force_login(make_staff(permissions=may))
    learner = Profile.objects.get()
    assert client.get(delete_page(learner)).context["perms_lacking"] == {"personal text"}
    assert client.post(delete_page(learner), {"post": "yes"}).status_code == 403
    assert Text.objects.count() == 1
