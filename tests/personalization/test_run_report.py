"""What an operator wants to know of a run: examples, slow lessons, the course of time, what it waits for."""

from dataclasses import replace
from datetime import timedelta
from itertools import pairwise
from typing import Any

import pytest
from django.utils import timezone

from personalization.models import GenerationItem, GenerationRun, ModelCall
from personalization.queries import ErrorKind, Progress, progress
from personalization.run_report import Reason, error_examples, lessons, slowest_lessons, timeline, waits
from personalization.run_report.timeline import MOST_SLICES, slice_seconds
from personalization.run_report.words import projected_micro
from personalization.services.watched import Worker, beat
from tests.builders import make_call, make_item, make_learner, make_lesson, make_run
from tests.personalization.watched import age

pytestmark = pytest.mark.django_db


@pytest.fixture
def worker() -> Worker:
    """One that is alive."""
    worker = Worker()
    beat(worker)
    return worker


def add(run: GenerationRun, **fields: Any) -> GenerationItem:
    lesson = fields.pop("lesson", None) or make_lesson()
    return make_item(run, make_learner(course=lesson.course), lesson, **fields)


def ago(seconds: float) -> Any:
    return timezone.now() - timedelta(seconds=seconds)


def reasons(run: GenerationRun) -> list[Reason]:
    return [wait.reason for wait in waits(progress(run.pk))]


def test_each_kind_of_error_has_an_example_of_its_own() -> None:
    run = make_run()
    refused = add(run, state="failed", error_code="refusal", error_message="the model refused", attempts=2)
    busy = add(run, error_code="rate_limit", error_message="429")
    add(make_run(), error_code="rate_limit", error_message="of another run")
    kinds = progress(run.pk).errors
    examples = dict(zip([kind.code for kind in kinds], error_examples(run.pk, kinds), strict=True))
    assert examples["rate_limit"]
    assert examples["refusal"]
    assert (examples["refusal"].item_id, examples["refusal"].attempts) == (refused.pk, 2)
    assert examples["rate_limit"].identifier == busy.learner.user_identifier
    assert examples["rate_limit"].lesson_title == busy.lesson.title


def test_a_kind_that_is_gone_by_now_has_no_example() -> None:
    run = make_run()
    add(run, error_code="rate_limit")
    kinds = progress(run.pk).errors
    run.items.update(error_code="")
    assert error_examples(run.pk, kinds) == [None]


def test_the_slowest_lessons_by_the_mean_time_of_their_calls() -> None:
    run, slow, quick = make_run(), make_lesson(number=7), make_lesson(number=8)
    for lesson, seconds in ((slow, 3.0), (slow, 5.0), (quick, 1.0)):
        make_call(add(run, lesson=lesson, state="done"), seconds=seconds)
    unknown = add(run, lesson=quick)
    make_call(unknown, seconds=500, state="unknown")  # not how long the model took
    make_call(add(make_run(), lesson=quick), seconds=900)
    found = slowest_lessons(run.pk, 4)
    assert [(lesson.number, lesson.calls) for lesson in found.lessons] == [(7, 2), (8, 1)]
    assert [lesson.mean for lesson in found.lessons] == pytest.approx([4.0, 1.0], abs=0.01)
    assert found.lessons[0].longest == pytest.approx(5.0, abs=0.01)
    assert (found.calls, found.spread) == (3, False)
    assert found.mean == pytest.approx(3.0, abs=0.01)


def test_of_a_long_run_calls_are_looked_at_from_its_beginning_to_its_end(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(lessons, "POINTS", 4)
    monkeypatch.setattr(lessons, "EACH", 2)
    run, first, last = make_run(), make_lesson(number=1), make_lesson(number=2)
    for place in range(20):
        lesson = first if place < 10 else last
        make_call(add(run, lesson=lesson), started_at=ago(100 - place), finished_at=ago(98 - place))
    found = slowest_lessons(run.pk, 20)
    assert found.spread
    assert found.calls == 8
    assert {lesson.number: lesson.calls for lesson in found.lessons} == {1: 4, 2: 4}


def test_a_run_without_calls_has_no_slow_lessons() -> None:
    assert slowest_lessons(make_run().pk, 0).lessons == ()


def test_the_course_of_time_has_no_gap_and_loses_nothing() -> None:
    run = make_run()
    for seconds, state in ((300, "done"), (299, "failed"), (5, "done")):
        item = add(run, state=state, finished_at=ago(seconds))
        make_call(item, started_at=ago(seconds + 1), finished_at=ago(seconds - 1), actual_micro=7)
    line = timeline(run.pk)
    assert line
    assert sum(bucket.total for bucket in line.buckets) == 3
    assert sum(bucket.items.get("failed", 0) for bucket in line.buckets) == 1
    assert line.cost_micro == 21
    assert len(line.buckets) <= MOST_SLICES
    begins = [bucket.begins for bucket in line.buckets]
    assert {later - earlier for earlier, later in pairwise(begins)} == {timedelta(seconds=line.step)}
    assert line.buckets[0].total
    assert line.buckets[-1].total


def test_what_a_pilot_cost_before_its_texts_ended_is_in_the_first_slice() -> None:
    run = make_run()
    item = add(run, state="done", finished_at=ago(10))
    make_call(item, started_at=ago(9_000), finished_at=ago(8_999), actual_micro=7)
    add(run, state="done", finished_at=ago(5))
    line = timeline(run.pk)
    assert line
    assert (line.step, line.buckets[0].cost_micro) == (1, 7)


def test_nothing_has_ended_yet() -> None:
    run = make_run()
    add(run)
    assert timeline(run.pk) is None


@pytest.mark.parametrize(
    ("seconds", "step"),
    [(0, 1), (59, 1), (60, 2), (3540, 60), (86_400, 3600 / 2), (86_400 * 100, 86_400 * 2)],
)
def test_slices_are_round(seconds: float, step: int) -> None:
    assert slice_seconds(seconds) == step
    assert seconds / step + 1 <= MOST_SLICES


@pytest.mark.usefixtures("worker")
def test_a_run_that_moves_waits_for_nothing() -> None:
    run = make_run()
    add(run, state="running")
    add(run, state="done")
    add(run)
    assert reasons(run) == []


@pytest.mark.usefixtures("worker")
@pytest.mark.parametrize(
    ("fields", "items", "expected"),
    [
        ({"state": "paused", "note": "x"}, [{}], [Reason.PAUSED]),
        ({"state": "closed"}, [{"state": "done"}], []),
        ({"state": "cancelled"}, [{"state": "running"}], [Reason.STOPPING]),
        ({"state": "cancelled"}, [{"state": "cancelled"}], []),
        ({"pilot": "waiting"}, [{"state": "held", "error_code": "pilot"}, {}], [Reason.PILOT]),
        ({"pilot": "waiting"}, [{"state": "unchanged", "priority": 1}, {}], [Reason.PILOT_EMPTY]),
        ({"pilot": "writing"}, [{"state": "running", "priority": 1}, {}], [Reason.PILOT_WRITING]),
        ({}, [{"state": "held", "error_code": "budget"}], [Reason.BUDGET]),
        (
            {"state": "paused", "pilot": "waiting"},
            [{"state": "held", "error_code": "pilot"}],
            [Reason.PAUSED, Reason.PILOT],
        ),
    ],
)
def test_what_a_run_waits_for(
    fields: dict[str, Any], items: list[dict[str, Any]], expected: list[Reason]
) -> None:
    run = make_run(**fields)
    for item in items:
        add(run, **item)
    assert reasons(run) == expected


@pytest.mark.usefixtures("worker")
def test_while_a_pilot_is_written_the_others_are_not_missed() -> None:
    run = make_run(pilot="writing")
    add(run, available_at=ago(60))
    assert reasons(run) == [Reason.PILOT_WRITING]
    add(run, priority=1, available_at=ago(60))
    assert reasons(run) == [Reason.PILOT_WRITING, Reason.NOBODY]


def test_held_items_are_counted_with_what_they_wait_for() -> None:
    run = make_run(pilot="waiting")
    for code in ("budget", "budget", "pilot"):
        add(run, state="held", error_code=code)
    assert {wait.reason: wait.items for wait in waits(progress(run.pk))} == {
        Reason.PILOT: 1,
        Reason.BUDGET: 2,
    }


@pytest.mark.usefixtures("worker")
def test_what_is_queued_behind_the_money_waits_for_it_and_not_for_a_worker() -> None:
    run = make_run(budget_micro=100)
    add(run, state="held", error_code="budget", needs_micro=60)
    add(run, available_at=ago(60))
    GenerationRun.objects.update(spent_micro=50)
    assert [(wait.reason, wait.items) for wait in waits(progress(run.pk))] == [(Reason.BUDGET, 2)]
    GenerationRun.objects.update(budget_micro=200)
    assert reasons(run) == [Reason.BUDGET, Reason.NOBODY], "there is money: nobody sweeps"


def test_behind_a_pilot_nothing_waits_for_money() -> None:
    run = make_run(budget_micro=100, pilot="writing")
    add(run, state="held", error_code="budget", needs_micro=101, priority=1)
    add(run)
    assert [(wait.reason, wait.items) for wait in waits(progress(run.pk))] == [
        (Reason.PILOT_WRITING, 0),
        (Reason.BUDGET, 1),
    ]


def test_a_slow_lesson_is_one_that_the_provider_was_slow_with() -> None:
    run = make_run()
    make_call(add(run, lesson=make_lesson(number=7), state="done"), started_at=ago(60))
    ModelCall.objects.update(seconds=0.5)
    assert slowest_lessons(run.pk, 1).lessons[0].mean == 0.5


def test_what_a_run_will_cost_goes_by_what_was_to_be_written() -> None:
    def projected(pilot: int, **counts: int) -> int | None:
        errors = [ErrorKind("held", "pilot", pilot, "")]
        now = Progress(make_run().pk, "open", "", {"held": pilot, **counts}, errors, 0.0, spent_micro=20_000)
        return projected_micro(replace(now, to_write=to_write))

    to_write: int | None = 30
    assert projected(0, done=20, queued=1_000) == 30_000, "the others are most likely unchanged"
    assert projected(20, queued=1_000) == 30_000, "a pilot's drafts are paid for"
    to_write = None
    assert projected(0, done=20, queued=80) == 100_000, "nobody has counted"


def no_worker(run: GenerationRun) -> list[tuple[int, float | None]]:
    found = waits(progress(run.pk))
    return [(wait.items, wait.seconds) for wait in found if wait.reason == Reason.NO_WORKER]


def test_without_a_worker_it_is_told_at_the_first_look() -> None:
    run = make_run()
    add(run)
    assert no_worker(run) == [(1, None)]
    add(run, state="done")  # just now: by its rate it would seem to go on
    assert no_worker(run) == [(1, None)]


def test_what_a_dead_worker_had_in_hand_waits_for_another_one(worker: Worker) -> None:
    run = make_run()
    add(run, state="running")
    assert no_worker(run) == []
    age("worker_heartbeats", "seen_at", 40)
    ((items, seconds),) = no_worker(run)
    assert items == 1
    assert seconds == pytest.approx(40, abs=5)
    beat(worker)
    assert no_worker(run) == []


@pytest.mark.parametrize("fields", [{"state": "paused"}, {"pilot": "waiting"}, {"state": "closed"}])
def test_what_waits_for_a_person_waits_for_no_worker(fields: dict[str, Any]) -> None:
    run = make_run(**fields)
    add(run)
    assert no_worker(run) == []


@pytest.mark.usefixtures("worker")
def test_workers_that_are_busy_elsewhere_are_told_from_those_that_take_nothing() -> None:
    run, other = make_run(), make_run()
    add(run, available_at=ago(60))
    assert reasons(run) == [Reason.NOBODY]
    add(other, state="running")
    assert reasons(run) == [Reason.BUSY]
    add(run, state="running")
    assert reasons(run) == [], "some of it is in hand"
