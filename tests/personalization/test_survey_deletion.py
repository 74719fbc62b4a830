"""A survey that learners have answered is not deleted: nobody would know what the answers mean."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from personalization.models import CourseSurvey, SurveyQuestion
from tests.builders import default_survey, make_course, make_learner, make_superuser

pytestmark = pytest.mark.django_db
LIST = reverse("admin:personalization_coursesurvey_changelist")


@pytest.fixture
def admin(client: Client) -> Client:
    client.force_login(make_superuser())
    return client


@pytest.fixture
def survey() -> CourseSurvey:
    survey = CourseSurvey.objects.create(course=make_course("neck", title="Neck"))
    SurveyQuestion.objects.create(survey=survey, position=1, key="place", label_en="Where", other_key="own")
    return survey


def delete(admin: Client, survey: CourseSurvey) -> Any:
    url = reverse("admin:personalization_coursesurvey_delete", args=[survey.pk])
    return admin.post(url, {"post": "yes"})


def delete_selected(admin: Client, *surveys: CourseSurvey) -> Any:
    chosen = [str(survey.pk) for survey in surveys]
    data = {"action": "delete_selected", "_selected_action": chosen, "post": "yes"}
    return admin.post(LIST, data, follow=True)


@pytest.mark.parametrize("answers", [{"place": "home"}, {"own": "In the garden"}])
@pytest.mark.parametrize("way", [delete, delete_selected])
def test_one_with_answers_stays_and_the_page_says_what_to_do(
    admin: Client, survey: CourseSurvey, way: Any, answers: dict[str, str]
) -> None:
    make_learner(course=survey.course, survey=answers)
    html = way(admin, survey).content.decode()
    assert CourseSurvey.objects.filter(pk=survey.pk).exists()
    assert "Neck: 1 learner has answered it" in html
    assert "retire options, instead" in html


@pytest.mark.parametrize("way", [delete, delete_selected])
def test_one_without_answers_goes(admin: Client, survey: CourseSurvey, way: Any) -> None:
    make_learner(course=survey.course, survey={"else": "x"})
    make_learner(course=make_course(), survey={"place": "home"})  # of another survey
    way(admin, survey)
    assert not CourseSurvey.objects.filter(pk=survey.pk).exists()


def test_of_several_none_goes_where_one_was_answered(admin: Client, survey: CourseSurvey) -> None:
    other = CourseSurvey.objects.create(course=make_course())
    make_learner(course=survey.course, survey={"place": "home"})
    delete_selected(admin, survey, other)
    assert CourseSurvey.objects.filter(pk__in=[survey.pk, other.pk]).count() == 2


def test_the_default_survey_stays_and_that_is_said(admin: Client) -> None:
    html = delete_selected(admin, default_survey()).content.decode()
    assert "The default survey stays" in html
    assert "Change its questions instead" in html
    assert CourseSurvey.objects.count() == 1
