"""A run that has gone on after an outage, and still nobody is served: it waits once more, or ends."""

from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from django.utils import timezone
from pytest_django import Settings

from personalization.condensing.prompt import MARK
from personalization.fake_model import RunningFakeModel
from personalization.models import GenerationRun
from personalization.pairs import Selection
from personalization.services.drain import drain
from personalization.services.outages import ANOTHER_OUTAGE, CALLS, NOBODY_SERVED, SEEN_AT
from personalization.services.runs import resume_run, start_run
from tests.builders import make_course, make_item, make_learner, make_lesson, make_run
from tests.personalization.outage_by_hand import earlier_calls, last_attempt_of_all, refused, seen
from tests.personalization.paid_work import settle


def left_over(learners: int, lessons: int, of: GenerationRun) -> None:
    """Items of these learners in these lessons, and for each a call that begins now, in vain."""
    course = make_course()
    there = [make_lesson(course, number + 1) for number in range(lessons)]
    for learner in [make_learner(course=course) for _ in range(learners)]:
        for lesson in there:
            earlier_calls(of, 1, item=make_item(of, learner, lesson), started_at=timezone.now())


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("left", "state"),
    [
        ([(CALLS, 1)], "open"),
        ([(2, CALLS)], "open"),
        ([(CALLS, 1), (2, 12)], "open"),
        ([(3, 6)], "open"),
        ([(10, 2)], "paused"),
        ([(3, 7)], "paused"),
    ],
    ids=["one lesson", "two learners", "a lesson and two learners", "few items", "two lessons", "learners"],
)
def test_of_a_run_that_went_on_only_what_one_lesson_or_few_learners_explain_fails(
    left: list[tuple[int, int]], state: str
) -> None:
    run = make_run(backend="openai", options={SEEN_AT: str(timezone.now())})
    earlier_calls(run)
    for learners, lessons in left:
        left_over(learners, lessons, of=run)
    settle([refused(last_attempt_of_all(run)[0])])
    assert seen(run)[0] == state


@pytest.mark.django_db
@pytest.mark.parametrize(("lessons", "state"), [(3, "open"), (4, "paused")])
def test_parts_of_long_lessons_count_each_by_itself(lessons: int, state: str) -> None:
    """They are asked for one by one, so that there are never many items of which any is in vain."""
    run = make_run(backend="openai", options={SEEN_AT: str(timezone.now())})
    course = make_course()
    for number in range(lessons):
        item = make_item(run, make_learner(course=course), make_lesson(course, number + 1))
        earlier_calls(run, item=item, count=7, started_at=timezone.now(), prompt_version=f"{MARK}1")
    settle([refused(last_attempt_of_all(run)[0])])
    assert seen(run)[0] == state


@pytest.mark.django_db
def test_calls_of_before_say_nothing_of_what_is_since_the_run_went_on() -> None:
    run = make_run(backend="openai")
    left_over(10, 2, of=run)
    GenerationRun.objects.update(options={SEEN_AT: str(timezone.now())})
    earlier_calls(run, item=run.items.first(), count=1, started_at=timezone.now())
    settle([refused(last_attempt_of_all(run)[0])])
    assert seen(run)[0] == "open"


@pytest.mark.django_db
def test_of_all_calls_of_a_run_only_those_are_read_that_began_since_the_last_outage() -> None:
    parameters: dict[str, Any] = {"run": uuid4(), "since": timezone.now(), "codes": [], "condensing": ""}
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off; SET LOCAL enable_bitmapscan = off")
        cursor.execute(f"EXPLAIN {ANOTHER_OUTAGE}", parameters)
        plan = [line for (line,) in cursor.fetchall()]
    assert any("Index Cond" in line and "started_at >" in line for line in plan), "\n".join(plan)


@pytest.fixture
def model(transactional_db: None, fake_model: RunningFakeModel, settings: Settings) -> RunningFakeModel:
    """That serves nobody."""
    settings.OPENAI_API_KEY, settings.OPENAI_BASE_URL = "test", fake_model.base_url
    settings.GENERATION_RETRY_SECONDS, settings.GENERATION_CONCURRENCY = 0.001, 30
    fake_model.set(mode="server_error")
    return fake_model


def begun(lessons: int) -> GenerationRun:
    course = make_course()
    for number in range(lessons):
        make_lesson(course, number + 1)
    for _ in range(24 // lessons):
        make_learner(course=course)
    run = start_run(selection=Selection(), backend="openai").run
    run.items.update(max_attempts=2)
    return run


def until_it_stops(run: GenerationRun) -> None:
    while seen(run)[0] == "open":
        assert drain()


def test_a_run_outlives_an_outage_of_any_length(model: RunningFakeModel) -> None:
    run = begun(lessons=2)
    for _ in range(3):  # somebody lets it go on, and the endpoint is not back
        until_it_stops(run)
        assert (seen(run)[1], {state for state, _ in seen(run)[2]}) == (NOBODY_SERVED, {"queued"})
        resume_run(run)
        assert {tries for _, tries in seen(run)[2]} == {0}
    model.set(mode="ok")
    until_it_stops(run)
    assert seen(run) == ("closed", "", [("done", 1)] * 24)


def test_a_run_of_which_nothing_can_be_served_ends_all_the_same(model: RunningFakeModel) -> None:
    run = begun(lessons=1)
    for state in ("paused", "closed"):
        until_it_stops(run)
        assert seen(run)[0] == state
        resume_run(run)
    assert seen(run)[2] == [("failed", 2)] * 24
