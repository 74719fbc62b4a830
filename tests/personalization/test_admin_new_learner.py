"""A learner added by hand: an identifier that the import would take, and answers to write from."""

import pytest
from django.test import Client
from django.urls import reverse

from personalization.models import Profile
from tests.admin_forms import errors_of, send
from tests.builders import make_learner, make_superuser

ADD = reverse("admin:personalization_profile_add")


@pytest.fixture
def admin(client: Client, db: None) -> Client:
    client.force_login(make_superuser())
    return client


@pytest.mark.parametrize("identifier", ["a\nb", "a\u2028b", "x" * 201, "\u202eu-1"])
def test_an_identifier_that_the_import_refuses_is_refused(admin: Client, identifier: str) -> None:
    assert list(errors_of(send(admin, ADD, user_identifier=identifier))) == ["user_identifier"]
    assert not Profile.objects.exists()


def test_a_name_is_one_line(admin: Client) -> None:
    assert list(errors_of(send(admin, ADD, user_identifier="u-1", name="x" * 201))) == ["name"]


def test_the_identifier_is_stored_as_the_import_stores_it(admin: Client) -> None:
    send(admin, ADD, user_identifier="  \u0438\u0306-1 ")
    assert Profile.objects.get().user_identifier == "й-1"
    twin = send(admin, ADD, user_identifier="й-1")
    assert list(errors_of(twin)) == ["user_identifier"] or "already exists" in str(errors_of(twin))


def test_the_answers_are_stored_as_the_platform_would(admin: Client) -> None:
    answers = {"answer_motivation": " Помочь мужу \r\n\r\nСебе ", "answer_experience": "Никакого\r\nпока"}
    send(admin, ADD, user_identifier="u-1", name="Нина", **answers)
    assert Profile.objects.get().survey == {
        "motivation": ["Помочь мужу", "Себе"],
        "experience": "Никакого\nпока",
    }


def test_who_answered_nothing_has_no_answers(admin: Client) -> None:
    send(admin, ADD, user_identifier="u-1", answer_fears=" \n ")
    assert Profile.objects.get().survey is None


def test_an_edit_touches_no_answers(admin: Client) -> None:
    learner = make_learner("u-1")
    page = reverse("admin:personalization_profile_change", args=[learner.pk])
    assert "answer_fears" not in admin.get(page).content.decode()
    send(admin, page, name="N", answer_fears="x")
    assert Profile.objects.get().survey == learner.survey
