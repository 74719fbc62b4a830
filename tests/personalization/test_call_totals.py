"""Totals of settled calls: kept by a trigger, folded by the sweep, and never less than before."""

import pytest
from django.db import connection
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from personalization.models import CallTotal, GenerationItem, GenerationRun, ModelCall
from personalization.services import queue, watched
from personalization.services.attempts import Outcome, Text
from personalization.services.watched import Worker, beat
from personalization.watch.figures import Calls, calls, ended, requests
from tests.builders import (
    PERSONAL_TEXT,
    make_course,
    make_item,
    make_learner,
    make_lesson,
    make_run,
    make_text,
)
from tests.personalization.watched import make_call, settle

pytestmark = pytest.mark.django_db


@pytest.fixture
def item() -> GenerationItem:
    course = make_course()
    return make_item(make_run(), make_learner(course=course), make_lesson(course))


def test_a_settled_call_is_counted_with_its_tokens_its_cost_and_its_time() -> None:
    settle(make_call(), seconds=1.5)
    assert calls() == [Calls("gpt-test", "ok", "", 2.0, 1, 1.5, 100, 60, 20, 250)]


def test_a_call_that_is_under_way_counts_nothing() -> None:
    make_call()
    assert calls() == []


def test_what_one_statement_settles_is_one_row() -> None:
    settle(*(make_call() for _ in range(5)))
    assert CallTotal.objects.count() == 1
    assert calls()[0].calls == 5


def test_models_results_and_errors_are_told_apart() -> None:
    settle(make_call(model="a"))
    settle(make_call(model="b"))
    settle(make_call(model="b"), state="error", error="rate_limit")
    assert [(call.model, call.result, call.error_code) for call in calls()] == [
        ("a", "ok", ""),
        ("b", "error", "rate_limit"),
        ("b", "ok", ""),
    ]


@pytest.mark.parametrize(
    ("seconds", "bucket"), [(0.1, 0.25), (0.3, 0.5), (119.0, 120.0), (900.0, float("inf"))]
)
def test_the_time_falls_into_its_bucket(seconds: float, bucket: float) -> None:
    settle(make_call(), seconds=seconds)
    assert calls()[0].up_to == bucket


def test_nobody_knows_how_long_a_call_took_whose_worker_died() -> None:
    settle(make_call(), state="unknown")
    assert (calls()[0].up_to, calls()[0].seconds) == (None, 0)


def test_a_writer_without_a_model_makes_no_calls() -> None:
    settle(make_call(model=""))
    assert calls() == []


def test_a_call_is_counted_once_whatever_is_changed_later(item: GenerationItem) -> None:
    call = make_call(item, answer={"summary_short": "…"})
    settle(call)
    ModelCall.objects.update(answer=None)
    assert calls()[0].calls == 1


def test_what_the_ledger_forgets_stays_counted(item: GenerationItem) -> None:
    settle(make_call(item))
    GenerationRun.objects.all().delete()
    ModelCall.objects.all().delete()
    assert calls()[0].cost_micro == 250


def test_the_sweep_folds_the_rows_and_changes_no_sum(monkeypatch: pytest.MonkeyPatch) -> None:
    for state in ("ok", "ok", "ok", "error"):
        settle(make_call(), state=state)
    before = calls()
    monkeypatch.setattr(watched, "MOST_TOTALS", 3)
    beat(Worker())
    assert CallTotal.objects.count() == 2
    assert calls() == before


def test_few_rows_are_left_as_they_are() -> None:
    settle(make_call())
    rows = set(CallTotal.objects.values_list("pk", flat=True))
    beat(Worker())
    assert set(CallTotal.objects.values_list("pk", flat=True)) == rows


@pytest.mark.usefixtures("transactional_db")
def test_two_sweeps_at_once_fold_each_row_once(monkeypatch: pytest.MonkeyPatch) -> None:
    for _ in range(4):
        settle(make_call())
    before = calls()
    monkeypatch.setattr(watched, "MOST_TOTALS", 1)
    with connection.copy().cursor() as other:  # another sweep, in the middle of its folding
        other.execute("BEGIN")
        other.execute(watched.FOLD, [1])
        beat(Worker())
        assert calls() == before
        other.execute("COMMIT")
        other.connection.close()
    assert calls() == before


def test_reading_them_never_touches_the_ledger(django_assert_num_queries: DjangoAssertNumQueries) -> None:
    with django_assert_num_queries(1) as asked:
        calls()
    assert "model_calls" not in asked.captured_queries[0]["sql"]


def test_the_provider_s_time_is_added_up_apart_from_the_waits(item: GenerationItem) -> None:
    slow, old = make_call(item, call_no=1), make_call(item, call_no=2)
    ModelCall.objects.filter(pk=slow.pk).update(seconds=0.3)
    settle(slow, old, seconds=100)
    assert [(one.up_to, one.calls, one.microseconds) for one in requests()] == [(0.5, 1, 300_000)]


def test_a_call_that_was_never_made_is_no_call() -> None:
    settle(make_call(), state="error", error="unsent")
    assert calls() == []


def test_the_sum_of_times_is_whole_microseconds() -> None:
    for seconds in (0.1, 0.2, 0.3):
        settle(make_call(), seconds=seconds)
    assert sum(call.microseconds for call in calls()) == 600_000


def test_items_that_ended_are_counted_whatever_becomes_of_their_run(item: GenerationItem) -> None:
    def end(state: str) -> None:
        GenerationItem.objects.update(state=state, finished_at=timezone.now())

    end("failed")
    GenerationItem.objects.update(state="queued", finished_at=None)
    end("done")
    item.run.delete()
    assert {state: count for state, count in ended().items() if count} == {"failed": 1, "done": 1}


def test_a_text_that_an_editor_has_locked_meanwhile_ends_once(item: GenerationItem) -> None:
    make_text(item.learner, item.lesson, edited_at=timezone.now())
    [claim] = queue.claim(1, worker="test", lease=30)
    text = Text(PERSONAL_TEXT, origin="openai", model="m-1", prompt_version="p-1", fingerprint="f-1")
    queue.settle([Outcome(claim, "done", text=text)])
    assert {state: count for state, count in ended().items() if count} == {"skipped": 1}


def test_an_end_beside_a_retry_is_counted(item: GenerationItem) -> None:
    """One statement queues what has failed and fails another."""
    make_item(item.run, make_learner(course=item.lesson.course), item.lesson)
    GenerationItem.objects.filter(pk=item.pk).update(state="failed", finished_at=timezone.now())
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE generation_items SET state = CASE id WHEN %(id)s THEN 'queued' ELSE 'failed' END,"
            " finished_at = CASE WHEN id <> %(id)s THEN now() END",
            {"id": item.pk},
        )
    assert ended()["failed"] == 2


def test_folding_keeps_every_sum(item: GenerationItem, monkeypatch: pytest.MonkeyPatch) -> None:
    GenerationItem.objects.update(state="done", finished_at=timezone.now())
    call = make_call(item, seconds=0.3)
    settle(call)
    before = (calls(), requests(), ended())
    assert before[2]["done"] == 1
    monkeypatch.setattr(watched, "MOST_TOTALS", 0)
    for _ in range(2):
        beat(Worker())
    assert (calls(), requests(), ended()) == before
    assert before[1]
