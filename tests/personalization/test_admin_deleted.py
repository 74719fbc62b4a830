"""The pages of what was deleted: listed, and brought back."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from courses.models import Change, Course, Lesson
from personalization.models import PersonalizedLessonDescription as Text
from personalization.models import Profile
from tests.builders import (
    make_course,
    make_learner,
    make_lesson,
    make_staff,
    make_superuser,
    make_text,
)
from tests.personalization.test_admin_history import changed_lesson, html_of


@pytest.fixture
def admin(client: Client, db: None) -> Client:
    client.force_login(make_superuser())
    return client


def deleted_page(model: Any) -> str:
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_deleted")


@pytest.mark.parametrize("model", [Lesson, Course])
def test_deleted_ones_are_listed_and_come_back(admin: Client, model: Any) -> None:
    lesson = changed_lesson()
    row = model.objects.get()
    admin.post(reverse(f"admin:courses_{model.__name__.lower()}_delete", args=[row.pk]), {"post": "yes"})
    url = reverse(f"admin:courses_{model.__name__.lower()}_deleted")
    response: Any = admin.get(url)
    assert row.title in html_of(response)
    assert f"admin · admin: {model.__name__.lower()} deleted" in html_of(response)
    change = response.context["rows"][0][0].id
    assert "Back again" in html_of(admin.post(url, {"change": change}, follow=True))
    assert Lesson.objects.get().pk == lesson.pk
    assert "Nothing is deleted" in html_of(admin.get(url))
    assert "It is back already" in html_of(admin.post(url, {"change": change}, follow=True))


def test_bringing_back_needs_the_right_to_add(client: Client, db: None) -> None:
    client.force_login(make_staff(permissions=["courses.view_lesson", "courses.change_lesson"]))
    make_lesson().delete()
    url = reverse("admin:courses_lesson_deleted")
    assert "Bring back" not in html_of(client.get(url))
    assert client.post(url, {"change": 1}).status_code == 403


def test_the_lists_lead_to_what_is_deleted(admin: Client) -> None:
    make_course()
    for model in (Lesson, Course, Profile, Text):
        name = f"{model._meta.app_label}_{model._meta.model_name}"
        html = html_of(admin.get(reverse(f"admin:{name}_changelist")))
        assert reverse(f"admin:{name}_deleted") in html


@pytest.mark.parametrize("model", [Profile, Text])
def test_deleted_learners_and_texts_come_back(admin: Client, model: Any) -> None:
    text = make_text(make_learner(name="Nora"), make_lesson())
    model.objects.get().delete()
    url = deleted_page(model)
    response: Any = admin.get(url)
    assert "Nora" in html_of(response)
    change = response.context["rows"][0][0].id
    assert "Back again" in html_of(admin.post(url, {"change": change}, follow=True))
    assert Text.objects.get().pk == text.pk


def test_whose_text_it_was_is_for_those_who_may_see_learners(client: Client, db: None) -> None:
    name = "personalizedlessondescription"
    rights = [f"personalization.view_{name}", f"personalization.change_{name}"]
    client.force_login(make_staff(permissions=rights))
    learner = make_learner(name="Nora")
    make_text(learner, make_lesson()).delete()
    html = html_of(client.get(deleted_page(Text)))
    assert "a learner" in html
    assert "Nora" not in html
    assert learner.user_identifier not in html
    assert "Bring back" in html


def test_learners_come_back_by_the_right_to_add_them_and_texts_by_that_to_change(
    client: Client, db: None
) -> None:
    name = "personalizedlessondescription"
    rights = [f"personalization.{right}" for right in ("change_profile", f"view_{name}")]
    client.force_login(make_staff(permissions=rights))
    for model in (Profile, Text):
        assert client.get(deleted_page(model)).status_code == 200
        assert client.post(deleted_page(model), {"change": 1}).status_code == 403


def test_a_lesson_whose_number_is_taken_is_offered_the_last_place(admin: Client) -> None:
    lesson = make_lesson(title="Gone")
    lesson.delete()
    make_lesson(lesson.course, 1)
    url = deleted_page(Lesson)
    [change] = Change.objects.filter(table_name="lessons", kind="delete")
    assert "Bring back as the last lesson" not in html_of(admin.get(url))
    refused = html_of(admin.post(url, {"change": change.pk}, follow=True))
    assert "Number 1 is taken" in refused
    assert "Bring back as the last lesson" in refused
    admin.post(url, {"change": change.pk, "as_last": ""})
    assert Lesson.objects.get(title="Gone").lesson_number == 2
