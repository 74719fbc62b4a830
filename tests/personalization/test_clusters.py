"""Clusters are kept for many learners in few statements, and calculated again when something is new."""

import json
from datetime import timedelta
from decimal import Decimal
from importlib import import_module
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import DataError, IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from courses.models import Course
from personalization.models import LessonFeedback, Profile, QuizResult, UserCluster
from personalization.services import clusters
from personalization.services.clusters import clusters_for, recalculate, recalculate_all
from personalization.services.results import add_feedback, add_quiz_result, delete_results
from tests.builders import make_cluster, make_course, make_feedback, make_learner, make_lesson, make_quiz

pytestmark = pytest.mark.django_db
MIGRATION: Any = import_module("personalization.migrations.0014_supervisor")
BASIC = {"learning_style": "Visual", "technical_depth": 10}


def stored(learner: Profile) -> str:
    return UserCluster.objects.get(user=learner).cluster_type


@pytest.fixture
def course() -> Course:
    return make_course("neck")


# --- calculated and kept ---


def test_what_is_known_of_a_learner_is_kept_with_its_factors() -> None:
    learner = make_learner(survey=BASIC)
    recalculate(profiles=[learner.pk])
    row = UserCluster.objects.get(user=learner)
    assert row.cluster_type == "visual_basic"
    assert row.cluster_score == 0.66
    assert row.learning_style_factor == {"visual": 1.0, "practical": 0.5, "theoretical": 0.3}
    assert row.technical_depth_factor == {"basic": 0.8, "advanced": 0.2}
    assert row.quiz_performance_factor == row.feedback_pattern_factor == {"basic": 0.5, "advanced": 0.5}


def test_the_last_ten_quizzes_and_twenty_pieces_of_feedback_count(course: Course) -> None:
    lesson, learner, now = make_lesson(course), make_learner(survey=None), timezone.now()
    for ago in range(30):
        make_quiz(learner, lesson, 95 if ago < 10 else 0, created_at=now - timedelta(days=ago))
        issue = "too_basic" if ago < 20 else "too_technical"
        make_feedback(learner, lesson, issue, created_at=now - timedelta(days=ago))
    recalculate(profiles=[learner.pk])
    row = UserCluster.objects.get(user=learner)
    assert row.quiz_performance_factor == {"basic": 0.2, "advanced": 0.8}
    assert row.feedback_pattern_factor == {"basic": 0.2, "advanced": 0.8}
    assert row.cluster_type == "practical_advanced"


@pytest.mark.parametrize(
    "survey", [None, {}, [], "Visual", 5, {"learning_style": None, "technical_depth": {"a": [1e300, "NaN"]}}]
)
def test_a_survey_of_any_shape_is_balanced(survey: Any) -> None:
    learner = make_learner(survey=survey)
    recalculate(profiles=[learner.pk])
    assert stored(learner) == "balanced"


def test_many_learners_take_as_many_statements_as_one() -> None:
    queries = []
    for count in (1, 30):
        learners = [make_learner(survey=BASIC).pk for _ in range(count)]
        with CaptureQueriesContext(connection) as captured:
            recalculate(profiles=learners)
        queries.append(len(captured))
    assert queries[0] == queries[1]


def test_a_learner_who_is_gone_is_left_out() -> None:
    learner, gone = make_learner(survey=BASIC), make_learner()
    pk = gone.pk
    gone.delete()
    assert recalculate(profiles=[learner.pk, pk]).learners == 1


def test_a_second_calculation_keeps_the_row_and_its_birthday() -> None:
    learner = make_learner(survey=BASIC)
    old = make_cluster(learner, "balanced", last_calculated=timezone.now() - timedelta(days=30))
    born = UserCluster.objects.get().created_at
    UserCluster.objects.update(updated_at=timezone.now() - timedelta(days=30))
    recalculate(profiles=[learner.pk])
    row = UserCluster.objects.get()
    assert (row.pk, row.created_at) == (old.pk, born)
    assert row.last_calculated > old.last_calculated
    assert row.updated_at > timezone.now() - timedelta(days=1)  # whoever writes: a trigger


# --- when it is calculated ---


def test_a_run_calculates_what_is_missing_or_older_than_seven_days() -> None:
    new, old, fresh = (make_learner(survey=BASIC) for _ in range(3))
    recalculate(profiles=[old.pk, fresh.pk])
    UserCluster.objects.update(cluster_type="balanced")
    UserCluster.objects.filter(user=old).update(last_calculated=timezone.now() - timedelta(days=7, minutes=1))
    found = clusters_for([new, old, fresh])
    assert found == {new.pk: "visual_basic", old.pk: "visual_basic", fresh.pk: "balanced"}
    assert {learner.pk: stored(learner) for learner in (new, old, fresh)} == found


def test_a_run_calculates_again_when_the_survey_changed() -> None:
    learner = make_learner(survey=BASIC)
    recalculate(profiles=[learner.pk])
    Profile.objects.update(survey={**BASIC, "technical_depth": 95})
    learner.refresh_from_db()
    assert clusters_for([learner]) == {learner.pk: "visual_advanced"}


@pytest.mark.parametrize("factor", ["null", '"NaN"', "17", "[]", '{"visual": null, "practical": "much"}'])
@pytest.mark.parametrize("column", ["learning_style_factor", "technical_depth_factor"])
def test_factors_that_are_none_are_calculated_again(column: str, factor: str) -> None:
    learner = make_learner(survey=BASIC)
    recalculate(profiles=[learner.pk])
    good = UserCluster.objects.values_list(column, flat=True).get()
    with connection.cursor() as cursor:
        cursor.execute(f"UPDATE user_clusters SET cluster_type = 'balanced', {column} = %s::jsonb", [factor])
    assert clusters_for([learner]) == {learner.pk: "visual_basic"}
    assert UserCluster.objects.values_list(column, flat=True).get() == good


def test_a_factor_that_is_not_a_number_cannot_be_stored() -> None:
    make_cluster(make_learner(), "balanced")
    with pytest.raises(DataError):
        UserCluster.objects.update(learning_style_factor={"visual": float("nan")})


def test_a_run_with_nothing_new_writes_nothing() -> None:
    learner = make_learner(survey=BASIC)
    recalculate(profiles=[learner.pk])
    before = UserCluster.objects.get().last_calculated
    clusters_for([learner])
    assert UserCluster.objects.get().last_calculated == before


def test_feedback_and_quizzes_count_at_once(course: Course) -> None:
    lesson, learner = make_lesson(course), make_learner(survey=None)
    for _ in range(2):
        add_feedback(profile=learner, lesson=lesson, rating=2, issue="too_technical")
    assert stored(learner) == "practical_basic"
    add_quiz_result(profile=learner, lesson=lesson, score=Decimal(95))
    assert stored(learner) == "balanced"
    assert delete_results(rows=LessonFeedback.objects.all()) == 2
    assert stored(learner) == "practical_advanced"


@pytest.mark.parametrize(
    ("model", "values"),
    [
        (LessonFeedback, {"rating": 0}),
        (LessonFeedback, {"rating": 6}),
        (LessonFeedback, {"rating": 3, "issue": "other"}),
        (QuizResult, {"score": -1}),
        (QuizResult, {"score": 100.5}),
        (QuizResult, {"score": "NaN"}),
    ],
)
def test_the_tables_refuse_what_is_out_of_range(course: Course, model: Any, values: dict[str, Any]) -> None:
    lesson, learner = make_lesson(course), make_learner()
    columns = {"profile_id": learner.pk, "lesson_id": lesson.pk, **values}
    statement = (
        f"INSERT INTO {model._meta.db_table} ({', '.join(columns)}) "
        f"VALUES ({', '.join(['%s'] * len(columns))})"
    )
    with pytest.raises(IntegrityError), connection.cursor() as cursor:
        cursor.execute(statement, [*columns.values()])


def test_one_moment_holds_one_result_of_a_learner_for_a_lesson(course: Course) -> None:
    lesson, learner, now = make_lesson(course), make_learner(), timezone.now()
    make_quiz(learner, lesson, created_at=now)
    make_quiz(make_learner(), lesson, created_at=now)
    with pytest.raises(IntegrityError), transaction.atomic():
        make_quiz(learner, lesson, created_at=now)


# --- all of them ---


def test_all_learners_or_those_of_a_course(course: Course, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clusters, "BATCH", 2)
    for _ in range(5):
        make_learner(course=course, survey=BASIC)
    other = make_learner(survey=BASIC)
    make_cluster(other, "theoretical_advanced")
    ticks: list[int] = []
    found = recalculate_all(course=course, tick=ticks.append)
    assert (found.learners, found.changed, ticks) == (5, 5, [2, 2, 1])
    assert (found.before()["none"], found.after()["visual_basic"]) == (5, 5)
    assert stored(other) == "theoretical_advanced"
    assert recalculate_all().changed == 1


def called(*arguments: str) -> str:
    out = StringIO()
    call_command("recalculate_clusters", *arguments, stdout=out)
    return out.getvalue()


def test_the_command_tells_before_and_after() -> None:
    make_cluster(make_learner(survey=BASIC), "balanced")
    make_learner(survey=None)
    dry = json.loads(called("--dry-run", "--json"))
    assert dry["dry_run"]
    assert (dry["learners"], dry["changed"]) == (2, 1)
    assert (dry["before"]["balanced"], dry["before"]["none"]) == (1, 1)
    assert (dry["after"]["balanced"], dry["after"]["visual_basic"]) == (1, 1)
    assert UserCluster.objects.get().cluster_type == "balanced"
    lines = [line.split() for line in called().splitlines()]
    assert ["visual_basic", "0", "→", "1"] in lines
    assert "0 of 2 learners would get another cluster." in called("--dry-run")


def test_the_command_knows_the_courses(course: Course) -> None:
    make_learner(course=course)
    make_learner()
    assert json.loads(called("--course", "neck", "--json"))["learners"] == 1
    with pytest.raises(CommandError, match=r"There is no course 'nec'\. Known: neck"):
        called("--course", "nec")


def test_stopped_in_the_middle_what_is_done_stays_done(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clusters, "BATCH", 1)
    for _ in range(3):
        make_learner(survey=BASIC)
    stores = 0

    def stop_at_the_second(execute: Any, sql: Any, *arguments: Any) -> Any:
        nonlocal stores
        stores += "INSERT INTO user_clusters" in str(sql)
        if stores == 2:
            raise KeyboardInterrupt
        return execute(sql, *arguments)

    with connection.execute_wrapper(stop_at_the_second), pytest.raises(CommandError) as stopped:
        called()
    assert stopped.value.returncode == 130
    assert str(stopped.value).startswith("Stopped. What was calculated until then stays")
    assert UserCluster.objects.count() == 1


# --- an adopted database ---


def test_tables_of_an_older_system_step_aside_with_their_rows() -> None:
    learner = make_learner()
    make_cluster(learner)
    with connection.cursor() as cursor:
        cursor.execute(MIGRATION.SET_ASIDE)
        cursor.execute("SELECT cluster_type, to_regclass('user_clusters') FROM user_clusters_older")
        assert cursor.fetchall() == [("visual_basic", None)]
        cursor.execute("SELECT to_regclass('prompt_refinements_older') IS NOT NULL")
        assert cursor.fetchone() == (True,)
