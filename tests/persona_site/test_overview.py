"""The admin's first page: figures and runs for those who may see them, and what to do first."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from personalization.services.watched import Worker, beat
from tests.builders import make_learner, make_lesson, make_run, make_staff, make_superuser, make_text
from tests.personalization.watched import age

INDEX = reverse("admin:index")


@pytest.fixture
def admin(client: Client, db: None) -> Client:
    client.force_login(make_superuser())
    return client


def test_the_first_thing_to_do_is_named(admin: Client) -> None:
    assert "import_lessons" in admin.get(INDEX).context["hint"]
    lesson = make_lesson()
    assert "learners" in admin.get(INDEX).context["hint"]
    learner = make_learner(course=lesson.course)
    assert "Regenerate" in admin.get(INDEX).context["hint"]
    make_text(learner, lesson)  # an import brings texts too
    page = admin.get(INDEX).content.decode()
    assert "What to do next" in page
    assert f'<a href="{reverse("admin:personalization_profile_changelist")}">learners</a>' in page
    make_run()
    assert admin.get(INDEX).context["hint"] == ""


def test_who_may_not_run_is_not_told_to(client: Client, db: None) -> None:
    make_learner(course=make_lesson().course)
    client.force_login(make_staff(permissions=["personalization.view_profile"]))
    assert "What to do next" not in client.get(INDEX).content.decode()


def test_the_tab_has_a_name(admin: Client) -> None:
    title = admin.get(INDEX).content.decode().split("<title>")[1].split("</title>")[0]
    assert title.split() == ["Overview", "|", "Persona"]


def test_figures_and_runs(admin: Client) -> None:
    make_learner(course=make_lesson().course)
    make_run(state="closed")
    page: Any = admin.get(INDEX)
    assert [count for _, count, _ in page.context["figures"]] == [1, 1, 1, 0]
    assert [str(state) for _, state in page.context["runs"]] == ["finished"]


def test_everyone_sees_only_their_part(client: Client, db: None) -> None:
    make_run()
    client.force_login(make_staff(permissions=["courses.view_course"]))
    page: Any = client.get(INDEX)
    assert [str(name) for name, _, _ in page.context["figures"]] == ["courses"]
    assert page.context["runs"] == []
    assert reverse("admin:personalization_generationrun_changelist") not in page.content.decode()


def test_who_may_see_nothing_is_told_whom_to_ask(client: Client, db: None) -> None:
    client.force_login(make_staff())
    assert "ask an administrator" in client.get(INDEX).content.decode()


def test_a_login_without_an_address_to_return_to_leads_to_the_admin(client: Client, db: None) -> None:
    user = make_superuser()
    user.set_password("a-good-Pass-1")
    user.save(update_fields=["password"])
    answer = client.post(reverse("admin:login"), {"username": "admin", "password": "a-good-Pass-1"})
    assert answer.headers["Location"] == INDEX


def test_who_may_see_runs_sees_who_writes(admin: Client) -> None:
    page = admin.get(INDEX)
    assert page.context["workers"].startswith("No worker is running. Nothing is written until one runs")
    assert "persona-notice" in page.content.decode()
    beat(Worker())
    age("worker_heartbeats", "seen_at", 3600)
    assert "No worker is running (last seen:" in admin.get(INDEX).context["workers"]
    beat(Worker())
    page = admin.get(INDEX)
    assert page.context["workers"].startswith("1 worker is running, last seen ")
    assert "persona-notice" not in page.content.decode()


def test_who_may_not_see_runs_is_not_told_of_workers(client: Client, db: None) -> None:
    client.force_login(make_staff(permissions=["courses.view_course"]))
    assert client.get(INDEX).context["workers"] == ""
