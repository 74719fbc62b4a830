"""The admin's pages of learners: answers to read, texts counted, and the lesson as the learner sees it."""

from typing import Any

import pytest
from django.db import connection, models
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from courses.admin.base import BudgetedChangeList
from courses.models import Lesson
from personalization.models import Profile
from personalization.services.surveys import copy_survey
from tests.admin_forms import send
from tests.builders import (
    make_call,
    make_cluster,
    make_coach,
    make_course,
    make_description,
    make_feedback,
    make_item,
    make_learner,
    make_lesson,
    make_quiz,
    make_refinement,
    make_run,
    make_staff,
    make_superuser,
    make_text,
)

LIST = reverse("admin:personalization_profile_changelist")
LISTS = [
    reverse(f"admin:{name}_changelist")
    for name in (
        "courses_course",
        "courses_lesson",
        "personalization_profile",
        "personalization_personalizedlessondescription",
        "personalization_generationrun",
        "personalization_modelcall",
        "personalization_usercluster",
        "personalization_promptrefinement",
        "personalization_lessonfeedback",
        "personalization_quizresult",
        "personalization_coach",
        "personalization_coursesurvey",
    )
]


def page(learner: Profile) -> str:
    return reverse("admin:personalization_profile_change", args=[learner.pk])


def preview(learner: Profile, number: int) -> str:
    return reverse("admin:personalization_profile_preview", args=[learner.pk, number])


@pytest.fixture
def admin(client: Client, db: None) -> Client:
    client.force_login(make_superuser())
    return client


def make_rows(count: int) -> None:
    """Some of everything that the list pages show."""
    for _ in range(count):
        lesson = make_lesson()
        make_description(lesson)
        learner = make_learner(course=lesson.course)
        make_text(learner, lesson, fingerprint="old", origin="simple")
        make_call(make_item(make_run(course=lesson.course), learner, lesson, state="done"))
        make_cluster(learner)
        make_coach()
        copy_survey(course=lesson.course)
        make_refinement(learner)
        make_feedback(learner, lesson)
        make_quiz(learner, lesson)


@pytest.mark.parametrize("url", LISTS)
def test_a_list_page_asks_for_everything_at_once(
    url: str, admin: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(BudgetedChangeList, "fetch_mode", models.FETCH_RAISE)
    queries = []
    for count in (2, 7):
        make_rows(count)
        with CaptureQueriesContext(connection) as captured:
            assert admin.get(url).status_code == 200
        queries.append(len(captured))
    assert queries[0] == queries[1]


@pytest.mark.parametrize("url", LISTS)
def test_a_list_page_loads_no_json_and_no_transcripts(url: str, admin: Client) -> None:
    make_rows(1)
    with CaptureQueriesContext(connection) as captured:
        admin.get(url)
    selected = [query["sql"].partition(" FROM ")[0] for query in captured]
    for column in ('"content"', '"data"', '"survey"', '"transcript"'):
        assert not [sql for sql in selected if sql.endswith(column) or f"{column}," in sql]


def test_the_list_counts_texts_that_are_missing_or_stale(admin: Client) -> None:
    course = make_course()
    first, second, _third = (make_lesson(course, number) for number in (1, 2, 3))
    learner = make_learner("u-1", course)
    make_text(learner, first, origin="simple", fingerprint="of something older")
    make_text(learner, second, origin="import")
    make_learner("u-2")
    rows = admin.get(LIST).context["cl"].result_list
    counts = {row.user_identifier: (row.counts.texts, row.counts.missing, row.counts.stale) for row in rows}
    assert counts == {"u-1": (2, 1, 1), "u-2": (0, 0, 0)}


@pytest.mark.parametrize(("query", "expected"), [("НИНА", ["u-1"]), ("u-2", ["u-2"]), ("nobody", [])])
def test_search_by_identifier_and_name(admin: Client, query: str, expected: list[str]) -> None:
    make_learner("u-1", name="Нина")
    make_learner("u-2", name="Olga")
    rows = admin.get(LIST, {"q": query}).context["cl"].result_list
    assert [row.user_identifier for row in rows] == expected


@pytest.mark.parametrize(("answers", "expected"), [("yes", ["u-1"]), ("no", ["u-2", "u-3"])])
def test_filter_by_answers(admin: Client, answers: str, expected: list[str]) -> None:
    make_learner("u-1")
    make_learner("u-2", survey=None)
    make_learner("u-3", survey={})
    rows = admin.get(LIST, {"answers": answers}).context["cl"].result_list
    assert [row.user_identifier for row in rows] == expected


def test_filter_by_course(admin: Client) -> None:
    make_learner("u-1", make_course("neck"))
    make_learner("u-2", make_course("sleep"))
    rows = admin.get(LIST, {"course": "sleep"}).context["cl"].result_list
    assert [row.user_identifier for row in rows] == ["u-2"]


def test_answers_are_readable_and_never_markup(admin: Client) -> None:
    survey = {"pet_name": "Мурка", "fears": ["<img src=x onerror=alert(1)>", ""], "motivation": "Помочь"}
    html = admin.get(page(make_learner(survey=survey))).content.decode()
    assert html.index("Why they learn") < html.index("What worries them") < html.index("Pet name")
    assert "&lt;img src=x" in html
    assert "&quot;pet_name" not in html


def test_the_page_shows_each_lesson_with_the_state_of_its_text(admin: Client) -> None:
    course = make_course()
    lessons = [make_lesson(course, number) for number in (1, 2, 3, 4)]
    learner = make_learner(course=course)
    make_text(learner, lessons[1], origin="import")
    make_text(learner, lessons[2], origin="openai", fingerprint="of something older")
    make_text(learner, lessons[3], origin="openai", edited_at="2026-01-02T03:04Z")
    shown = admin.get(page(learner)).context["lessons"]
    assert [state for _, state, _ in shown] == ["none", "current", "stale", "edited"]
    assert [writer for _, _, writer in shown] == ["", "import", "language model", "language model"]


def test_a_course_that_is_not_imported_yet_survives_an_edit(admin: Client) -> None:
    learner = make_learner("u-1")
    Profile.objects.filter(pk=learner.pk).update(course_id="not-here-yet")
    assert "not-here-yet" in admin.get(page(learner)).content.decode()
    assert admin.get(LIST).status_code == 200
    send(admin, page(learner), name="Новое имя")
    learner.refresh_from_db()
    assert (learner.name, str(learner.course_id)) == ("Новое имя", "not-here-yet")


def test_answers_and_identifier_cannot_be_overwritten(admin: Client) -> None:
    learner = make_learner("u-1")
    send(admin, page(learner), name="N", survey="{}", user_identifier="u-2")
    learner.refresh_from_db()
    assert (learner.name, learner.user_identifier) == ("N", "u-1")
    assert learner.survey


def test_the_lesson_as_the_learner_sees_it(admin: Client) -> None:
    lesson = make_lesson(make_course(language="ru"), 2)
    learner = make_learner(course=lesson.course)
    make_text(learner, lesson)
    html = admin.get(preview(learner, 2)).content.decode()
    assert '<html lang="ru">' in html
    assert "Нина, этот урок о первом прикосновении." in html
    assert "Only staff see this line." in html
    assert "nav-sidebar" not in html


@pytest.mark.parametrize("number", [7, 10**12])
def test_there_is_no_page_for_a_lesson_that_is_not_there(admin: Client, number: int) -> None:
    learner = make_learner(course=make_lesson().course)
    assert admin.get(preview(learner, number)).status_code == 404


def test_only_who_may_see_learners_sees_their_lessons(client: Client, db: None) -> None:
    lesson: Lesson = make_lesson()
    learner = make_learner(course=lesson.course)
    assert client.get(preview(learner, 1)).status_code == 302
    client.force_login(make_staff("other", permissions=["courses.view_lesson"]))
    assert client.get(preview(learner, 1)).status_code == 403
    client.force_login(make_staff("viewer", permissions=["personalization.view_profile"]))
    assert client.get(preview(learner, 1)).status_code == 200


def test_the_page_of_a_learner_without_lessons_says_what_to_do(admin: Client) -> None:
    response: Any = admin.get(page(make_learner()))
    assert "No lessons: give the learner a course" in response.content.decode()


def test_a_learner_is_given_another_course(admin: Client) -> None:
    learner, course = make_learner(), make_course()
    send(admin, page(learner), course=course.slug)
    learner.refresh_from_db()
    assert learner.course_id == course.slug
