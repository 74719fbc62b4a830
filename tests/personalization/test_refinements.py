"""A cluster's guidance goes into the prompt, is logged, and stops no run whatever happens to it."""

import logging
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from courses.models import Lesson
from personalization.models import GenerationRun, Profile, PromptRefinement, UserCluster
from personalization.prompts import messages
from personalization.services import queue
from personalization.services.attempts import Job
from personalization.services.refinements import Refinement, log_refinements
from personalization.services.work import prepare
from personalization.supervisor import guidance
from personalization.writers.registry import current_recipe
from tests.builders import make_course, make_item, make_learner, make_lesson, make_run
from tests.personalization.briefs import NINA, brief

BASIC = {"learning_style": "Visual", "technical_depth": 10}
GUIDANCE = guidance("visual_basic", "ru")
# Only for tests: what no migration of ours does.
BREAK = "ALTER TABLE {} RENAME TO broken"


def prepared(
    backend: str = "openai", attempts: int = 0, **learner: Any
) -> tuple[GenerationRun, Profile, Job]:
    """A run with one item, claimed and ready to be written."""
    course = make_course()
    lesson: Lesson = make_lesson(course)
    profile = make_learner(course=course, **{"survey": BASIC, **learner})
    run = make_run(backend=backend)
    make_item(run, profile, lesson, attempts=attempts)
    [job], [] = prepare(queue.claim(5, worker="test", lease=30))
    return run, profile, job


# --- the prompt ---


def test_guidance_stands_between_what_learners_share_and_their_answers() -> None:
    shared, learner = messages(NINA)
    same, guided = messages(brief(guidance=GUIDANCE, cluster_type="visual_basic"))
    assert same == shared
    assert guided["content"].endswith(f"{GUIDANCE}\n\n{learner['content']}")


# --- in a run ---


@pytest.mark.django_db
def test_a_run_refines_by_the_cluster_and_logs_it() -> None:
    run, profile, job = prepared()
    assert (job.brief.cluster_type, job.brief.guidance) == ("visual_basic", GUIDANCE)
    row = PromptRefinement.objects.get()
    assert (row.user, row.session_id, row.cluster_type) == (profile, run.pk, "visual_basic")
    assert row.refined_prompt == messages(job.brief)[-1]["content"]
    assert row.refined_prompt.endswith(f"{GUIDANCE}\n\n{row.original_prompt}")


@pytest.mark.django_db
@pytest.mark.parametrize(
    "case", [{"backend": "simple"}, {"survey": {"experience": "none"}}, {"attempts": 1}], ids=str
)
def test_what_refines_nothing_or_was_logged_before_is_not_logged(case: dict[str, Any]) -> None:
    prepared(**case)
    assert not PromptRefinement.objects.exists()


@pytest.mark.django_db
@pytest.mark.parametrize("table", ["user_clusters", "lesson_feedback"])
def test_a_refinement_that_fails_leaves_the_original_prompt(
    table: str, caplog: pytest.LogCaptureFixture
) -> None:
    with connection.cursor() as cursor:
        cursor.execute(BREAK.format(table))
    with caplog.at_level(logging.ERROR):
        _, _, job = prepared()
    assert job.brief.guidance == ""
    assert "prompts are not refined: unexpected ProgrammingError" in caplog.text


@pytest.mark.django_db
def test_a_log_that_fails_stops_no_run(caplog: pytest.LogCaptureFixture) -> None:
    with connection.cursor() as cursor:
        cursor.execute(BREAK.format("prompt_refinements"))
    _, _, job = prepared()
    assert job.brief.guidance == GUIDANCE
    assert "1 refined prompts could not be logged: ProgrammingError" in caplog.text


@pytest.mark.django_db
def test_a_learner_who_is_gone_takes_the_log_along() -> None:
    learner = make_learner()

    def row(user: UUID) -> Refinement:
        return Refinement(user, uuid4(), "before", "after", "visual_basic")

    assert log_refinements([row(learner.pk), row(uuid4())]) == 1
    learner.delete()
    assert not PromptRefinement.objects.exists()
    assert log_refinements([]) == 0


@pytest.mark.django_db
def test_what_was_written_unrefined_is_stale_when_refinement_works_again() -> None:
    _, profile, job = prepared()
    recipe = current_recipe("openai")
    unrefined = brief(job.brief, guidance="").fingerprint(recipe)
    assert unrefined != job.brief.fingerprint(recipe)
    assert UserCluster.objects.get(user=profile).cluster_type == "visual_basic"


@pytest.mark.django_db
def test_a_batch_asks_the_same_for_many_learners_as_for_one() -> None:
    lesson = make_lesson()
    queries = []
    for count in (1, 10):
        run = make_run(backend="openai")
        for _ in range(count):
            make_item(run, make_learner(course=lesson.course, survey=BASIC), lesson)
        claims = queue.claim(20, worker="test", lease=30)
        with CaptureQueriesContext(connection) as captured:
            jobs, _outcomes = prepare(claims)
        assert [job.brief.guidance for job in jobs] == [GUIDANCE] * count
        queries.append(len(captured))
    assert queries[0] == queries[1]
