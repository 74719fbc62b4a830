"""The action “Write standard descriptions anew”: what it says before it starts, and what it starts."""

from typing import Any

import pytest
from django.core.management import call_command
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from courses.models import Course, CourseStore, Lesson, LessonDescription
from courses.services.descriptions import save_description
from personalization.live_prompts import live_prompts
from personalization.models import GenerationItem, GenerationRun
from personalization.services.sources import transcripts
from personalization.services.template_work import template_brief
from personalization.writers.registry import template_recipe
from tests.builders import (
    DESCRIPTION,
    make_call,
    make_course,
    make_item,
    make_lesson,
    make_run,
    make_staff,
    make_superuser,
)

LIST = reverse("admin:courses_lesson_changelist")
START = {"token": "t", "start": "1"}
RUN = "personalization.run_generation"


def ask(client: Client, **choices: str) -> Any:
    """The action on all lessons; with `token` among the choices it is the page's form that is sent."""
    data: dict[str, Any] = {"action": "regenerate_descriptions", "index": "0", "select_across": "0"}
    selected = {"_selected_action": [str(pk) for pk in Lesson.objects.values_list("pk", flat=True)]}
    return client.post(LIST, {**data, **selected, **choices})


def verdicts(page: Any) -> dict[str, int]:
    return {code: count for code, _, count in page.context["verdicts"]}


@pytest.fixture
def course(db: None, settings: Settings) -> Course:
    settings.OPENAI_API_KEY = "test"
    course = make_course("neck")
    for number in (1, 2):
        make_lesson(course, number)
    make_lesson(course, 3, transcript="")
    return course


@pytest.fixture
def admin(client: Client, db: None) -> Client:
    client.force_login(make_superuser())
    return client


def edited(course: Course) -> None:
    save_description(lesson=course.lessons.get(lesson_number=1), data=DESCRIPTION, expected=None)


def written(lesson: Lesson) -> None:
    """A description that a model wrote of the lesson as it is."""
    brief = template_brief(lesson, live_prompts().lesson, transcripts([lesson], "")[lesson.pk])
    fingerprint = brief.fingerprint(template_recipe())
    LessonDescription.objects.create(lesson=lesson, data=DESCRIPTION, fingerprint=fingerprint)


def test_the_page_says_number_and_cost_and_starts_nothing(admin: Client, course: Course) -> None:
    edited(course)
    page = ask(admin)
    assert verdicts(page) == {"write": 1, "locked": 1, "no_source": 1}
    text = page.content.decode()
    assert "3 lessons selected" in text
    assert "Start: write 1 description" in text
    assert "Estimated cost:" in text
    assert "no files are written" in text
    assert not GenerationRun.objects.exists()


def test_it_starts_a_run_and_shows_it(admin: Client, course: Course) -> None:
    page = ask(admin, **START, budget="2")
    run = GenerationRun.objects.get()
    assert page["Location"] == reverse("admin:personalization_generationrun_change", args=[run.pk])
    assert (run.kind, run.course, run.budget_micro) == ("templates", course, 2_000_000)
    assert run.requested_by
    assert GenerationItem.objects.filter(run=run).count() == 3


def test_a_second_click_starts_no_second_run(admin: Client, course: Course) -> None:
    first, second = ask(admin, **START), ask(admin, **START)
    assert first["Location"] == second["Location"]
    assert GenerationRun.objects.count() == 1


@pytest.mark.parametrize(("choice", "stores"), [({"with_files": "on"}, True), ({}, False)])
def test_files_are_written_where_one_says_so(
    admin: Client, course: Course, choice: dict[str, str], stores: bool
) -> None:
    CourseStore.objects.create(course=course, path="/srv/store")
    assert "/srv/store" in ask(admin).content.decode()
    ask(admin, **START, **choice)
    wanted = {str(course.pk): "/srv/store"} if stores else None
    assert GenerationRun.objects.get().options.get("stores") == wanted


def test_files_are_written_though_no_description_is(admin: Client, course: Course) -> None:
    CourseStore.objects.create(course=course, path="/srv/store")
    Lesson.objects.exclude(lesson_number=1).delete()
    written(course.lessons.select_related("course").get())
    page = ask(admin, token="t", with_files="on")
    assert verdicts(page) == {"write": 0, "file": 1}
    assert not page.context["nothing_to_do"]
    page = ask(admin, token="t")
    assert verdicts(page) == {"write": 0, "unchanged": 1}
    assert page.context["nothing_to_do"]


def test_an_editors_words_are_replaced_where_one_says_so(admin: Client, course: Course) -> None:
    edited(course)
    page = ask(admin, token="t", replace_locked="on")
    assert verdicts(page)["write"] == 2
    assert "1 of them replaces the words of an editor" in page.content.decode()


def test_who_may_not_replace_them_is_refused(client: Client, course: Course) -> None:
    client.force_login(make_staff(permissions=["courses.view_lesson", "courses.change_lesson", RUN]))
    page = ask(client, **START, replace_locked="on")
    assert "You may not replace" in page.content.decode()
    assert not GenerationRun.objects.exists()


@pytest.mark.parametrize("permission", ["courses.change_lesson", RUN])
def test_who_may_not_start_runs_and_change_lessons_has_no_such_action(
    client: Client, course: Course, permission: str
) -> None:
    client.force_login(make_staff(permissions=["courses.view_lesson", permission]))
    assert "regenerate_descriptions" not in client.get(LIST).content.decode()
    ask(client, **START)
    assert not GenerationRun.objects.exists()


@pytest.mark.parametrize(("budget", "said"), [("0", "above 0"), ("much", "Found")])
def test_a_wrong_budget_is_named(admin: Client, course: Course, budget: str, said: str) -> None:
    assert said in ask(admin, **START, budget=budget).content.decode()
    assert not GenerationRun.objects.exists()


def test_without_a_model_it_says_why_and_does_not_start(
    admin: Client, course: Course, settings: Settings
) -> None:
    settings.OPENAI_API_KEY = ""
    page = ask(admin, **START)
    assert "OPENAI_API_KEY" in page.content.decode()
    assert not GenerationRun.objects.exists()


# --- the pages of such a run ---


@pytest.fixture
def ended_run(course: Course) -> GenerationRun:
    run = make_run(kind="templates", backend="openai", course=course, options={"stores": {"c": "/srv/store"}})
    first, second, _ = course.lessons.order_by("lesson_number")
    words = {"error_code": "invalid_answer", "error_message": "homework: is empty"}
    make_call(make_item(run, None, first, state="failed", **words), state="bad", error_code="invalid_answer")
    make_item(run, None, second, state="skipped", error_code="no_source")
    return run


def test_its_page_shows_lessons_without_learners(admin: Client, ended_run: GenerationRun) -> None:
    page = admin.get(reverse("admin:personalization_generationrun_change", args=[ended_run.pk]))
    text = page.content.decode()
    assert "homework: is empty" in text
    assert "Урок 2" in text
    assert "A lesson keeps what it has, unless the message says that the new description is saved" in text
    assert "/srv/store" in text
    assert "Standard descriptions" in text


def test_its_items_and_calls_are_listed(admin: Client, ended_run: GenerationRun) -> None:
    file = admin.get(reverse("admin:personalization_generationrun_items", args=[ended_run.pk]))
    lines = b"".join(file).decode().splitlines()
    assert lines[1].startswith('"","neck","1"')
    calls = admin.get(reverse("admin:personalization_modelcall_changelist"))
    assert "Урок 1" in calls.content.decode()
    assert (
        "standard descriptions"
        in admin.get(reverse("admin:personalization_generationrun_changelist")).content.decode()
    )


def test_the_terminal_shows_it_too(ended_run: GenerationRun, capsys: pytest.CaptureFixture[str]) -> None:
    call_command("runs", "show", "latest")
    out = capsys.readouterr().out
    assert "standard descriptions, course neck" in out
    assert "lesson 1" in out
