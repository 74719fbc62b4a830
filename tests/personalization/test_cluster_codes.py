"""What a code of a course's survey means is what the supervisor goes by, wherever it is calculated."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from courses.models import Course
from personalization.models import Profile, SurveyOption, UserCluster
from personalization.services.clusters import clusters_for, recalculate
from personalization.services.surveys import copy_survey, retag
from tests.builders import default_survey, make_course, make_learner, make_superuser

pytestmark = pytest.mark.django_db
BASIC = {"learning_style": "Visual", "technical_depth": 10}


def recalculated(learner: Profile) -> str:
    recalculate(profiles=[learner.pk])
    return UserCluster.objects.get(user=learner).cluster_type


def clustered(learner: Profile) -> str:
    """As a worker has it."""
    return clusters_for([learner])[learner.pk]


@pytest.fixture
def course() -> Course:
    return make_course("neck")


def give_options(course: Course | None, key: str, *options: tuple[str, list[str]]) -> None:
    """Code and old codes of each, in the course's own survey, else the default one."""
    survey = copy_survey(course=course) if course else default_survey()
    question = survey.questions.get(key=key)
    question.options.all().delete()
    SurveyOption.objects.bulk_create(
        SurveyOption(question=question, position=position, code=code, label_en=code, old_codes=old)
        for position, (code, old) in enumerate(options)
    )
    retag(survey)


STYLE_CODES: list[tuple[str, list[str]]] = [("Visual", ["ls_1", "1"]), ("Kinesthetic", ["ls_2", "2"])]


@pytest.mark.parametrize("answer", ["ls_1", " LS_1", "1", 1, ["ls_1"], "visual", "Visual"])
@pytest.mark.parametrize("calculate", [recalculated, clustered])
def test_any_code_of_an_option_is_the_style_that_it_means(
    course: Course, answer: Any, calculate: Callable[[Profile], str]
) -> None:
    give_options(course, "learning_style", *STYLE_CODES)
    learner = make_learner(course=course, survey={"learning_style": answer, "technical_depth": 10})
    assert calculate(learner) == "visual_basic"


def test_several_codes_are_read_like_several_styles(course: Course) -> None:
    give_options(course, "learning_style", *STYLE_CODES)
    learners = [
        make_learner(course=course, survey={"learning_style": answer})
        for answer in (["ls_1", 2], ["Visual", "Kinesthetic"])
    ]
    recalculate(profiles=[learner.pk for learner in learners])
    one, other = UserCluster.objects.values_list("learning_style_factor", flat=True)
    assert one == other == {"visual": 0.75, "practical": 0.75, "theoretical": 0.25}


@pytest.mark.parametrize("answer", ["seen", "Visual"])
def test_a_code_of_the_course_is_the_style_that_an_old_one_names(course: Course, answer: str) -> None:
    give_options(course, "learning_style", ("seen", ["Visual"]))
    assert recalculated(make_learner(course=course, survey={**BASIC, "learning_style": answer})) == (
        "visual_basic"
    )


def test_a_code_that_names_no_style_counts_as_not_answered(course: Course) -> None:
    give_options(course, "learning_style", ("reading", ["ls_9"]))
    for answer in ("reading", "ls_9", "ls_7", {"a": 1}, True):
        learner = make_learner(course=course, survey={**BASIC, "learning_style": answer})
        assert recalculated(learner) == clustered(learner) == "practical_basic"


@pytest.mark.parametrize(
    ("answer", "cluster"),
    [("depth_low", "visual_basic"), (1, "visual_basic"), (3, "visual_advanced"), (2, "balanced")],
)
def test_depth_is_read_by_the_code_of_today(course: Course, answer: Any, cluster: str) -> None:
    give_options(course, "technical_depth", ("10", ["depth_low", "1"]), ("90", ["3"]), ("some", ["2"]))
    learner = make_learner(course=course, survey={"learning_style": "Visual", "technical_depth": answer})
    assert recalculated(learner) == clustered(learner) == cluster


def test_what_the_code_of_an_option_means_is_calculated_once(course: Course) -> None:
    give_options(course, "learning_style", *STYLE_CODES)
    learner = make_learner(course=course, survey={**BASIC, "learning_style": "ls_1"})
    clustered(learner)
    before = UserCluster.objects.get().last_calculated
    assert clustered(learner) == "visual_basic"
    assert UserCluster.objects.get().last_calculated == before


@pytest.mark.parametrize("own", [True, False])
def test_a_run_calculates_again_when_a_survey_says_what_a_code_means(course: Course, own: bool) -> None:
    learner = make_learner(course=course, survey={**BASIC, "learning_style": "ls_1"})
    without = make_learner(survey={**BASIC, "learning_style": "ls_1"})
    assert clustered(learner) == "practical_basic"
    assert clustered(without) == "practical_basic"
    give_options(course if own else None, "learning_style", *STYLE_CODES)
    assert clustered(learner) == "visual_basic"
    assert UserCluster.objects.get(user=learner).cluster_type == "visual_basic"
    assert clustered(without) == ("practical_basic" if own else "visual_basic")


def test_a_code_means_what_the_survey_of_the_learners_course_says(course: Course) -> None:
    other = make_course("back")
    give_options(course, "learning_style", ("Visual", ["a"]))
    give_options(other, "learning_style", ("Kinesthetic", ["a"]))
    mine, theirs = (make_learner(course=c, survey={**BASIC, "learning_style": "a"}) for c in (course, other))
    for _ in range(2):
        assert clusters_for([mine, theirs]) == {mine.pk: "visual_basic", theirs.pk: "practical_basic"}


def test_a_batch_of_several_courses_takes_as_many_statements_as_one_learner() -> None:
    queries = []
    for count in (1, 8):
        learners = [make_learner(course=make_course(), survey=BASIC).pk for _ in range(count)]
        recalculate(profiles=learners)
        profiles = Profile.objects.only("name", "survey").in_bulk(learners)  # as a worker reads them
        with CaptureQueriesContext(connection) as captured:
            clusters_for(profiles.values())
        queries.append(len(captured))
    assert queries[0] == queries[1]


def test_the_learners_page_says_what_the_code_means(course: Course, client: Client) -> None:
    give_options(course, "learning_style", *STYLE_CODES)
    give_options(course, "technical_depth", ("10", ["depth_low"]))
    survey = {"learning_style": "ls_1", "technical_depth": "depth_low"}
    learner = make_learner(course=course, survey=survey)
    client.force_login(make_superuser())
    response = client.get(reverse("admin:personalization_profile_change", args=[learner.pk]))
    why = response.context["why"]
    assert why.cluster == "visual, basic"
    assert [factor.said for factor in why.factors[:2]] == ["Answer: visual.", "Answer: 10 of 100."]
