"""A provider that serves nobody for longer than an item's pauses: the run waits, and nothing of it fails."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from personalization.models import GenerationItem
from personalization.services.outages import CALLS, NOBODY_SERVED
from personalization.services.runs import PAUSED_BY_HAND, pause_run, resume_run, retry_failed
from personalization.services.sweep import sweep
from personalization.services.work import given_back
from tests.personalization.outage_by_hand import (
    earlier_calls,
    last_attempt,
    last_attempt_of_all,
    refused,
    seen,
)
from tests.personalization.paid_work import paid_run, reserved, settle


@pytest.mark.django_db
@pytest.mark.parametrize("code", ["http_500", "http_503", "http_408", "timeout", "connection", "rate_limit"])
def test_an_item_at_its_end_pauses_the_run_in_which_nobody_is_served(code: str) -> None:
    run = paid_run()
    earlier_calls(run, error_code=code)
    settle([refused(last_attempt(run), code)])
    assert seen(run) == ("paused", NOBODY_SERVED, [("queued", 5)])


@pytest.mark.django_db
@pytest.mark.parametrize(
    "others",
    [
        [],
        [{"count": CALLS - 1}],
        [{}, {"count": 1, "state": "ok", "error_code": ""}],
        [{}, {"count": 1, "state": "bad", "error_code": "wrong_language"}],
        [{"run": None}],
    ],
    ids=["no other call", "too few", "one was served", "one was answered badly", "of another run"],
)
def test_who_fails_alone_fails(others: list[dict[str, Any]]) -> None:
    run = paid_run()
    for calls in others:
        earlier_calls(run, **{"started_at": timezone.now() - timedelta(seconds=60 // len(others)), **calls})
    settle([refused(last_attempt(run))])
    assert seen(run) == ("open", "", [("failed", 6)])


@pytest.mark.django_db
@pytest.mark.parametrize(("learners", "state"), [(2, "open"), (3, "paused")])
def test_two_learners_whom_nobody_can_serve_are_no_outage(learners: int, state: str) -> None:
    run = paid_run(learners)
    for item in run.items.all():
        earlier_calls(run, item=item, error_code="timeout", count=CALLS // learners + 1)
    settle([refused(last_attempt_of_all(run)[0], "timeout")])
    assert seen(run)[0] == state


@pytest.mark.django_db
def test_a_bad_answer_is_the_items_own_fault() -> None:
    run = paid_run()
    earlier_calls(run)
    settle([refused(last_attempt(run), "bad_json")])
    assert seen(run) == ("open", "", [("failed", 6)])


@pytest.mark.django_db
def test_who_has_tries_left_is_tried_again() -> None:
    run = paid_run()
    earlier_calls(run)
    settle([refused(job) for job in reserved()])
    assert seen(run) == ("open", "", [("queued", 1)])


@pytest.mark.django_db
def test_going_on_gives_back_what_was_tried_in_vain() -> None:
    run = paid_run(3)
    earlier_calls(run)
    GenerationItem.objects.update(attempts=5)
    first, second, third = reserved()
    settle([refused(first), given_back(second), refused(third, "bad_json")])
    assert resume_run(run)
    assert seen(run) == ("open", "", [("queued", 0), ("queued", 0), ("failed", 6)])


@pytest.mark.django_db
@pytest.mark.parametrize(("served", "state"), [(False, "failed"), (True, "queued")])
def test_where_nobody_was_served_since_the_run_went_on_what_is_left_fails(served: bool, state: str) -> None:
    """One lesson of which all learners' calls time out, alone at the end, would pause its run for ever."""
    run = paid_run()
    earlier_calls(run)
    settle([refused(last_attempt(run))])
    assert resume_run(run)
    if served:
        earlier_calls(run, count=1, state="ok", error_code="", started_at=timezone.now())
    earlier_calls(run, started_at=timezone.now())
    settle([refused(last_attempt(run))])
    assert seen(run)[2][0][0] == state


@pytest.mark.django_db
def test_what_is_in_flight_when_the_run_pauses_does_not_fail_either() -> None:
    run = paid_run(3)
    earlier_calls(run)
    for job in last_attempt_of_all(run):
        settle([refused(job)])
    assert seen(run) == ("paused", NOBODY_SERVED, [("queued", 5)] * 3)


@pytest.mark.django_db
def test_calls_of_a_stopped_worker_say_nothing_of_the_endpoint() -> None:
    run = paid_run()
    earlier_calls(run, started_at=timezone.now() - timedelta(seconds=60))
    earlier_calls(run, error_code="stopped")
    settle([refused(last_attempt(run))])
    assert seen(run)[:2] == ("paused", NOBODY_SERVED)


@pytest.mark.django_db
def test_what_kills_its_workers_is_not_forgiven() -> None:
    run = paid_run(2)
    earlier_calls(run)
    first, _ = reserved()
    GenerationItem.objects.update(attempts=6)
    settle([refused(first)])
    GenerationItem.objects.filter(state="running").update(lease_until=timezone.now() - timedelta(seconds=1))
    GenerationItem.objects.filter(state="running").update(attempts=4)
    sweep()
    resume_run(run)
    assert seen(run)[2] == [("queued", 0), ("queued", 4)]


@pytest.mark.django_db
def test_so_does_a_retry_of_what_has_failed() -> None:
    run = paid_run(2)
    earlier_calls(run)
    GenerationItem.objects.update(attempts=5)
    first, second = reserved()
    settle([refused(first), refused(second, "bad_json")])
    assert retry_failed(run) == 1
    assert seen(run) == ("open", "", [("queued", 0), ("queued", 0)])


@pytest.mark.django_db
def test_a_pause_by_hand_gives_nothing_back() -> None:
    run = paid_run()
    settle([refused(job) for job in reserved()])
    pause_run(run)
    resume_run(run)
    assert seen(run) == ("open", "", [("queued", 1)])


@pytest.mark.django_db
def test_who_pauses_by_hand_before_the_tries_are_used_up_loses_none_either() -> None:
    run = paid_run(2)
    earlier_calls(run)
    first, second = last_attempt_of_all(run)
    pause_run(run)
    settle([refused(first), given_back(second)])
    assert seen(run) == ("paused", PAUSED_BY_HAND, [("queued", 5), ("queued", 5)])
    assert resume_run(run)
    assert seen(run) == ("open", "", [("queued", 0), ("queued", 0)])


@pytest.mark.django_db
def test_a_pause_by_hand_leaves_the_next_outage_its_pause() -> None:
    run = paid_run()
    earlier_calls(run)
    job = last_attempt(run)
    pause_run(run)
    settle([refused(job)])
    resume_run(run)
    settle([refused(last_attempt(run))])
    assert seen(run) == ("paused", NOBODY_SERVED, [("queued", 5)])
