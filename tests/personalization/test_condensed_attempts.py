"""How often a lesson is tried to be condensed: for each part and run anew, and never without end."""

from datetime import timedelta

import pytest
from django.utils import timezone
from pytest_django import Settings

from courses.models import Lesson
from personalization.fake_model import RunningFakeModel
from personalization.models import CondensedSource, GenerationRun
from personalization.pairs import Selection
from personalization.queries import progress
from personalization.services import queue
from personalization.services.condensing import MOST_ATTEMPTS, part_condensed
from personalization.services.drain import drain
from personalization.services.outages import CALLS, NOBODY_SERVED
from personalization.services.runs import cancel_run, resume_run, start_run
from personalization.services.sweep import sweep
from personalization.services.work import given_back
from personalization.writers.base import Draft, Usage
from tests.builders import make_call, make_course, make_learner, make_lesson
from tests.personalization.condensing_by_hand import begins, fails
from tests.personalization.long_lessons import LONG, small_model

pytestmark = pytest.mark.usefixtures("transactional_db")


@pytest.fixture(autouse=True)
def model(fake_model: RunningFakeModel, settings: Settings) -> RunningFakeModel:
    return small_model(fake_model, settings)


@pytest.fixture
def lesson() -> Lesson:
    return make_lesson(make_course(), transcript=LONG)


def start(lesson: Lesson) -> GenerationRun:
    learner = make_learner(course=lesson.course)
    return start_run(selection=Selection(profiles=(learner.pk,)), backend="openai").run


def test_what_failed_in_a_run_before_does_not_count(lesson: Lesson) -> None:
    old = start(lesson)
    for _ in range(MOST_ATTEMPTS - 1):
        fails(begins())
    assert CondensedSource.objects.get().attempts == MOST_ATTEMPTS - 1
    cancel_run(old)
    start(lesson)
    assert fails(begins()).state == "retry", "one failure is not the sixth"


def test_a_part_that_came_back_ends_the_counting(lesson: Lesson) -> None:
    start(lesson)
    for _ in range(MOST_ATTEMPTS - 1):
        fails(begins())
    job = begins()
    landed = part_condensed(job, Draft({"condensed": "Коротко."}, Usage()))
    queue.settle([given_back(job)], [landed])  # type: ignore[list-item]
    assert (CondensedSource.objects.get().attempts, CondensedSource.objects.get().problem) == (0, "")
    assert fails(begins()).state == "retry"


def test_while_nobody_is_served_the_run_waits_and_gives_no_lesson_up(lesson: Lesson) -> None:
    run = start(lesson)
    for _ in range(CALLS):
        make_call(run=run, state="error", error_code="http_500")
    for _ in range(MOST_ATTEMPTS):
        fails(begins())
    run.refresh_from_db()
    assert (run.state, run.note) == ("paused", NOBODY_SERVED)
    assert progress(run.pk).counts == {"queued": 1}
    resume_run(run)
    assert CondensedSource.objects.get().attempts == 0
    assert fails(begins()).state == "retry"
    assert progress(run.pk).state == "open", "it has tries again"


def test_a_clock_that_went_back_keeps_no_lesson_waiting(lesson: Lesson) -> None:
    start(lesson)
    fails(begins())
    CondensedSource.objects.update(available_at=timezone.now() + timedelta(hours=1))
    sweep()
    assert begins().condensing


def test_two_runs_at_once_do_not_set_each_other_back(lesson: Lesson, model: RunningFakeModel) -> None:
    model.set(mode="server_error")
    runs = [start(lesson), start(lesson)]
    while any(progress(run.pk).state == "open" for run in runs):
        drain()
    assert [progress(run.pk).counts for run in runs] == [{"failed": 1}, {"failed": 1}]
    assert model.stats()["requests"] < 2 * MOST_ATTEMPTS


def test_what_comes_over_from_a_run_that_gave_up_is_tried_anew(lesson: Lesson) -> None:
    old = start(lesson)
    for _ in range(MOST_ATTEMPTS - 1):
        fails(begins())
    last = begins()
    new = start_run(selection=Selection(), backend="openai").run
    assert fails(last).state == "failed"
    again = begins()
    assert (again.claim.id, again.claim.run_id) == (last.claim.id, new.pk) != (last.claim.id, old.pk)
    assert fails(again).state == "retry", "one failure is not the sixth"


def test_an_older_run_does_not_count_anew(lesson: Lesson) -> None:
    start(lesson)
    start(lesson)
    outcomes = [fails(begins()) for _ in range(MOST_ATTEMPTS)]
    assert [outcome.state for outcome in outcomes][-1] == "failed"
