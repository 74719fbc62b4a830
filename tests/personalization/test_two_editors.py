"""Two editors on one course or one learner, or an editor and an import: the second sees both versions."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from courses.models import Course
from personalization.models import Profile
from tests.admin_forms import filled_in, send, sent_anyway
from tests.builders import make_course, make_learner, make_superuser


def page(row: Any) -> str:
    return reverse(f"admin:{row._meta.app_label}_{row._meta.model_name}_change", args=[row.pk])


@pytest.fixture
def mine(client: Client, db: None) -> Client:
    client.force_login(make_superuser())
    return client


@pytest.fixture
def hers(db: None) -> Client:
    client = Client()
    client.force_login(make_superuser("anna"))
    return client


def test_a_course_that_somebody_else_changed_is_not_overwritten(mine: Client, hers: Client) -> None:
    course = make_course(title="Before", description="Before")
    form = filled_in(mine, page(course))
    assert send(hers, page(course), description="Anna's").status_code == 302
    response: Any = mine.post(page(course), {**form, "title": "Mine"})
    found = {difference.name: str(difference.changed) for difference in response.context["differences"]}
    assert found == {"title": "mine", "description": "theirs"}
    assert ", anna." in response.content.decode()
    course.refresh_from_db()
    assert (course.title, course.description) == ("Before", "Anna's")
    assert mine.post(page(course), sent_anyway(response)).status_code == 302
    course.refresh_from_db()
    assert (course.title, course.description) == ("Mine", "Anna's")


def test_a_course_whose_other_data_an_import_changed_is_no_conflict(mine: Client) -> None:
    course = make_course(title="Before")
    form = filled_in(mine, page(course))
    Course.objects.update(content={"price": 5})
    assert mine.post(page(course), {**form, "title": "Mine"}).status_code == 302
    course.refresh_from_db()
    assert (course.title, course.content) == ("Mine", {"price": 5})


def test_a_learner_whom_an_import_gave_another_course_keeps_it(mine: Client) -> None:
    make_course("sleep")
    learner = make_learner(course=make_course("neck"), name="Before")
    form = filled_in(mine, page(learner))
    Profile.objects.update(course="sleep")
    response: Any = mine.post(page(learner), {**form, "name": "Mine"})
    assert [found.name for found in response.context["differences"]] == ["name", "course"]
    assert mine.post(page(learner), sent_anyway(response)).status_code == 302
    learner.refresh_from_db()
    assert (learner.name, learner.course_id) == ("Mine", "sleep")


def test_who_saves_a_deleted_course_gets_their_words_back(mine: Client) -> None:
    course = make_course()
    form = {**filled_in(mine, page(course)), "description": "My words"}
    course.delete()
    response = mine.post(page(course), form)
    assert response.status_code == 409
    assert "My words" in response.content.decode()
