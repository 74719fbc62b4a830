from datetime import timedelta

import pytest
from django.db import DatabaseError, connection
from django.utils import timezone

from personalization.models import GenerationItem, GenerationRun, PromptRefinement
from personalization.services import queue, refinements
from personalization.services import sweep as sweeping
from personalization.services.attempts import Outcome
from personalization.services.refinements import KEPT_DAYS, forget_old_refinements
from personalization.services.sweep import sweep
from tests.builders import make_course, make_item, make_learner, make_lesson, make_refinement, make_run

PAST = timedelta(seconds=-1)


@pytest.fixture
def item(db: None) -> GenerationItem:
    course = make_course()
    return make_item(make_run(), make_learner(course=course), make_lesson(course))


def lose(item: GenerationItem, **fields: object) -> None:
    now = timezone.now()
    values = {"state": "running", "attempts": 1, "claimed_rev": 1, "lease_until": now + PAST, **fields}
    GenerationItem.objects.filter(pk=item.pk).update(
        lease_token="b5f6d1a0-0000-4000-8000-000000000000", **values
    )


def test_what_a_dead_worker_held_is_queued_again(item: GenerationItem) -> None:
    lose(item)
    assert sweep().requeued == 1
    item.refresh_from_db()
    assert (item.state, item.attempts, item.error_code) == ("queued", 1, "lease_lost")


def test_an_item_that_kills_its_worker_each_time_fails_in_the_end(item: GenerationItem) -> None:
    lose(item, attempts=item.max_attempts)
    swept = sweep()
    item.refresh_from_db()
    assert item.state == "failed"
    assert swept.closed == 1


def test_a_cancelled_item_of_a_dead_worker_is_cancelled(item: GenerationItem) -> None:
    lose(item)
    GenerationRun.objects.update(state="cancelled")
    sweep()
    item.refresh_from_db()
    assert item.state == "cancelled"


def test_an_ask_during_the_last_attempt_is_not_lost_with_its_worker(item: GenerationItem) -> None:
    lose(item, attempts=item.max_attempts, wanted_rev=2)
    sweep()
    item.refresh_from_db()
    assert (item.state, item.attempts) == ("queued", 0)


def test_a_living_lease_is_left_alone(item: GenerationItem) -> None:
    lose(item, lease_until=timezone.now() - PAST * 30)
    assert sweep().requeued == 0


def test_a_clock_that_went_back_keeps_no_dead_lease(item: GenerationItem) -> None:
    lose(item, lease_until=timezone.now() + timedelta(hours=1))
    assert sweep().requeued == 1


def test_a_clock_that_went_back_keeps_nothing_waiting(item: GenerationItem) -> None:
    GenerationItem.objects.update(available_at=timezone.now() + timedelta(hours=1))
    assert sweep().next_due == 0


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("statement", "parameters", "time"),
    [(sweeping.FAR_AHEAD, [600.0], "available_at"), (refinements.FORGET, [90, 10], "created_at")],
    ids=["items that lie far ahead", "prompts that are old"],
)
def test_of_a_million_rows_only_those_are_read_that_are_looked_for(
    statement: str, parameters: list[float], time: str
) -> None:
    with connection.cursor() as cursor:
        # As large as that to the planner, whatever the tests before have left there for autovacuum to see.
        cursor.execute(
            "UPDATE pg_class SET reltuples = 1000000, relpages = 1 WHERE relname = 'generation_items'"
        )
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute(f"EXPLAIN {statement}", parameters)
        plan = [line for (line,) in cursor.fetchall()]
    assert any("Index Cond" in line and time in line for line in plan), "\n".join(plan)


def test_leftovers_of_a_cancelled_run_are_cancelled(item: GenerationItem) -> None:
    GenerationRun.objects.update(state="cancelled")
    assert sweep().cancelled == 1


def test_a_run_whose_items_all_ended_is_closed(item: GenerationItem) -> None:
    assert sweep().closed == 0
    GenerationItem.objects.update(state="done", finished_at=timezone.now())
    assert sweep().closed == 1
    run = GenerationRun.objects.get()
    assert (run.state, run.closed_at is not None) == ("closed", True)


def test_it_says_when_the_next_item_is_due(item: GenerationItem) -> None:
    assert sweep().next_due == 0
    GenerationItem.objects.update(available_at=timezone.now() - PAST * 60)
    assert 50 < (sweep().next_due or 0) < 61
    GenerationRun.objects.update(state="paused")
    assert sweep().next_due is None


@pytest.mark.django_db
def test_refined_prompts_are_forgotten_after_their_days() -> None:
    learner, now = make_learner(), timezone.now()
    ages = [timedelta(), timedelta(days=KEPT_DAYS - 1), timedelta(days=KEPT_DAYS + 1), timedelta(days=999)]
    kept, young, *_ = [make_refinement(learner, created_at=now - age) for age in ages]
    assert forget_old_refinements(batch=1) == 1  # the oldest
    assert PromptRefinement.objects.count() == 3
    sweep()
    assert set(PromptRefinement.objects.all()) == {kept, young}


def test_a_step_that_fails_does_not_stop_the_others(
    item: GenerationItem, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    GenerationItem.objects.update(state="done", finished_at=timezone.now())

    def broken() -> float | None:
        raise DatabaseError("a row with a name in it")

    monkeypatch.setattr(sweeping, "_next_due", broken)
    swept = sweep()
    assert (swept.closed, swept.next_due) == (1, None)
    assert "next due" in caplog.text
    assert "a row with a name" not in caplog.text


def test_a_poison_item_fails_alone(item: GenerationItem) -> None:
    """Its worker dies each time, and what was in its hands beside it comes back with it."""
    others = [make_item(item.run, make_learner(course=item.lesson.course), item.lesson) for _ in range(4)]
    while GenerationItem.objects.filter(state="queued").exists():
        claims = queue.claim(3, worker="test", lease=30)
        assert claims
        if item.pk not in {claim.id for claim in claims}:
            queue.settle([Outcome(claim, "done") for claim in claims])
        GenerationItem.objects.filter(state="running").update(lease_until=timezone.now() + PAST)
        sweep()
    item.refresh_from_db()
    assert (item.state, item.attempts, item.error_code) == ("failed", item.max_attempts, "lease_lost")
    assert {other.state for other in GenerationItem.objects.filter(pk__in=[o.pk for o in others])} == {"done"}


def test_a_sweep_does_not_look_at_all_that_waits(item: GenerationItem) -> None:
    """Of a million queued items none may be read to find that none is too far ahead."""
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off; SET LOCAL enable_bitmapscan = off")
        cursor.execute(f"EXPLAIN {sweeping.FAR_AHEAD}", [sweeping.FAR_OFF])
        plan = [line for (line,) in cursor.fetchall()]
    assert [line for line in plan if "Index Cond" in line and "available_at >" in line], "\n".join(plan)
