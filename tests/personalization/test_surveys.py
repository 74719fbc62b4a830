"""Surveys as rows: a course's own one, else the default; what it says is part of a text's fingerprint."""

from typing import Any

import pytest

from personalization.models import SurveyOption
from personalization.services.surveys import copy_survey, retag, survey_asked, surveys_by_id
from personalization.survey import DEFAULT_SURVEY
from tests.builders import default_survey, make_course

pytestmark = pytest.mark.django_db


def test_the_default_survey_ships_and_changes_no_fingerprint() -> None:
    course = make_course()
    assert survey_asked(course.slug) == (DEFAULT_SURVEY, None)


def test_a_course_gets_a_survey_of_its_own() -> None:
    course, other = make_course(), make_course()
    survey = copy_survey(course=course)
    assert copy_survey(course=course) == survey
    question = survey.questions.get(key="practice_model")
    SurveyOption.objects.create(question=question, code="home", label_ru="Дома", old_codes=["h1"])
    retag(survey)

    assert survey_asked(other.slug) == (DEFAULT_SURVEY, None)
    own, tag = survey_asked(course.slug)
    assert tag == own.tag != DEFAULT_SURVEY.tag
    assert own.in_words({"practice_model": "h1"}, "ru") == {"practice_model": "Дома"}


def test_the_default_that_was_changed_and_changed_back_is_as_shipped() -> None:
    course, default = make_course(), default_survey()
    question = default.questions.get(key="fears")
    option = SurveyOption.objects.create(question=question, code="pain", label_ru="Боль")
    retag(default)
    assert survey_asked(course.slug)[1] is not None
    option.delete()
    retag(default)
    assert survey_asked(course.slug)[1] is None


def test_reading_surveys_takes_the_same_queries_for_any_number_of_courses(
    django_assert_num_queries: Any,
) -> None:
    surveys = [copy_survey(course=make_course()) for _ in range(5)]
    with django_assert_num_queries(3):
        assert len(surveys_by_id([survey.pk for survey in surveys])) == 5
