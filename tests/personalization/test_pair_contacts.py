"""Who somebody is is no answer: for the database as for a worker."""

from typing import Any

import pytest

from courses.models import Course
from personalization.course_status import learner_figures
from personalization.models import CourseSurvey
from personalization.services.surveys import copy_survey
from tests.builders import default_survey, make_course, make_learner, make_lesson
from tests.personalization.test_pairs import only_verdict

pytestmark = pytest.mark.django_db


@pytest.fixture
def course() -> Course:
    return make_course("shvz")


@pytest.mark.parametrize(
    ("survey", "verdict"),
    [
        ({"q1": "Нина"}, "no_survey"),
        ({"q1": "Нина", "q1_other": "Нинель", "fears": " "}, "no_survey"),
        ({"q1": "Нина", "q2": "да"}, "write"),
        ({"Name": "Нина", "E-mail": "n", "user_id": 5, "Имя": "Нина"}, "no_survey"),
        ({"Name": "Нина", "goal": "да"}, "write"),
    ],
)
def test_who_somebody_is_is_no_answer(survey: Any, verdict: str, course: Course) -> None:
    for asked in (default_survey(), copy_survey(course=course)):
        asked.questions.create(key="q1", other_key="q1_other", label_ru="Ваше имя")
    make_lesson(course)
    make_learner(course=course, survey=survey)
    assert only_verdict() == only_verdict(force=True) == verdict
    CourseSurvey.objects.filter(course=course).delete()  # then the default survey asks
    assert only_verdict() == verdict


def test_what_one_courses_survey_asks_is_no_contact_in_another(course: Course) -> None:
    default_survey().questions.create(key="q1", label_en="Your phone number")
    copy_survey(course=course).questions.filter(key="q1").update(label_en="How many hours a week?")
    make_lesson(course)
    make_learner(course=course, survey={"q1": "да"})
    assert only_verdict() == "write"
    assert learner_figures(course.pk)[0].without_answers == 0
