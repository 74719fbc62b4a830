"""What a change of a survey does to texts is said before it is saved."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from courses.models import Lesson
from personalization.models import CourseSurvey, PersonalizedLessonDescription, Profile, SurveyOption
from personalization.services.surveys import copy_survey
from personalization.services.work import make_brief
from personalization.writers.registry import current_recipe
from tests.admin_forms import filled_in
from tests.builders import make_course, make_learner, make_lesson, make_superuser, make_text

pytestmark = pytest.mark.django_db


@pytest.fixture
def admin(client: Client) -> Client:
    client.force_login(make_superuser())
    return client


@pytest.fixture
def lesson() -> Lesson:
    """Of a course with a survey of its own and four texts: two fresh, one stale, one locked."""
    lesson = make_lesson(make_course(language="en"))
    copy_survey(course=lesson.course)
    others: list[dict[str, Any]] = [{"fingerprint": "old"}, {"edited_at": timezone.now()}]
    for fields in ({}, {}, *others):
        learner = make_learner(course=lesson.course)
        make_text(learner, lesson, **{"origin": "openai", "fingerprint": today(learner, lesson), **fields})
    return lesson


def today(learner: Profile, lesson: Lesson) -> str:
    return make_brief(learner, lesson).fingerprint(current_recipe("openai"))


def page(lesson: Lesson) -> str:
    question = CourseSurvey.objects.get(course=lesson.course).questions.get(key="practice_model")
    return reverse("admin:personalization_surveyquestion_change", args=[question.pk])


def with_an_option(admin: Client, lesson: Lesson) -> Any:
    """The answer to a new option that nobody has chosen."""
    new = {"options-TOTAL_FORMS": "1", "options-0-code": "home", "options-0-label_en": "At home"}
    return admin.post(page(lesson), {**filled_in(admin, page(lesson)), **new, "_continue": "1"})


def test_how_many_and_at_what_cost_is_said_and_nothing_is_saved(admin: Client, lesson: Lesson) -> None:
    html = with_an_option(admin, lesson).content.decode()
    for said in (
        "2 texts become stale by this.",
        "1 more was stale already.",
        "1 more stays as it is: an editor has locked it.",
        "Estimated cost",
        "Nothing is saved yet",
    ):
        assert said in html
    assert not SurveyOption.objects.filter(code="home").exists()
    assert CourseSurvey.objects.get(course=lesson.course).tag is None


def test_what_was_seen_is_saved_and_starts_nothing(admin: Client, lesson: Lesson) -> None:
    asked = with_an_option(admin, lesson).context
    sent: dict[str, Any] = {**dict(asked["sent"]), "confirmed": asked["confirmed"]}
    answer = admin.post(page(lesson), sent)
    assert answer.headers["Location"] == page(lesson)  # the button that was pressed counts
    assert SurveyOption.objects.get(code="home").label_en == "At home"
    texts = PersonalizedLessonDescription.objects.select_related("profile")
    assert [text for text in texts if text.fingerprint == today(text.profile, lesson)] == []
    assert texts.count() == 4


def test_what_was_not_seen_is_asked_again(admin: Client, lesson: Lesson) -> None:
    asked = with_an_option(admin, lesson).context
    sent = {**dict(asked["sent"]), "confirmed": asked["confirmed"], "options-0-label_en": "In the garden"}
    assert "2 texts become stale" in admin.post(page(lesson), sent).content.decode()
    assert not SurveyOption.objects.filter(code="home").exists()


def test_what_makes_nothing_stale_is_saved_at_once(admin: Client, lesson: Lesson) -> None:
    PersonalizedLessonDescription.objects.update(fingerprint="old")
    make_text(make_learner(course=make_course()), lesson)
    assert with_an_option(admin, lesson).status_code == 302
    assert SurveyOption.objects.filter(code="home").exists()


def test_the_page_says_beforehand_that_a_new_option_counts(admin: Client, lesson: Lesson) -> None:
    assert "makes all texts of the survey stale" in admin.get(page(lesson)).content.decode()
