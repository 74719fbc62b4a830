"""A text that one run writes while another asks for it: it is the newer run's as soon as the attempt ends."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from courses.models import Course
from personalization.models import GenerationItem, GenerationRun, PersonalizedLessonDescription
from personalization.pairs import Selection
from personalization.queries import progress
from personalization.services import queue
from personalization.services.attempts import Claim, Outcome, Text
from personalization.services.planning import plan
from personalization.services.runs import CLOCK, cancel_run, pause_run, planned_by_key, start_run
from personalization.services.sweep import sweep
from tests.builders import PERSONAL_TEXT, make_course, make_learner, make_lesson

TEXT = Text(PERSONAL_TEXT, origin="openai", model="m-1", prompt_version="p-1", fingerprint="f-1")


@pytest.fixture
def claimed(db: None) -> Claim:
    """A text that the first run writes."""
    course = make_course()
    make_lesson(course)
    make_learner(course=course)
    start()
    (claim,) = queue.claim(1, worker="test", lease=30)
    return claim


def start(**options: Any) -> GenerationRun:
    return start_run(selection=Selection(), backend="simple", **options).run


def item() -> tuple[str, Any, int, int, str]:
    item = GenerationItem.objects.get()
    assert (item.next_run_id, item.lease_token) == (None, None)
    return item.state, item.run_id, item.priority, item.attempts, item.error_code


def state(run: GenerationRun) -> str:
    run.refresh_from_db()
    return run.state


@pytest.mark.parametrize(
    "outcome",
    [
        {"state": "done", "text": TEXT},
        {"state": "unchanged"},
        {"state": "failed", "code": "refusal", "message": "no"},
        {"state": "retry", "code": "timeout", "message": "slow", "delay": 300},
        {"state": "retry", "code": "stopped", "message": "stopped", "give_back": True},
        {"state": "held", "code": "budget", "message": "poor", "give_back": True, "needs_micro": 5},
        {"state": "published", "text": TEXT, "give_back": True},
    ],
    ids=lambda outcome: outcome["state"],
)
def test_however_the_attempt_ends_the_newer_run_does_it_with_its_own_options(
    claimed: Claim, outcome: dict[str, Any]
) -> None:
    second = start(force=True)
    queue.settle([Outcome(claimed, **outcome)])
    assert item() == ("queued", second.pk, 5, 0, "")
    assert PersonalizedLessonDescription.objects.exists() == ("text" in outcome)
    assert [again.run_id for again in queue.claim(1, worker="test", lease=30)] == [second.pk], "at once"
    assert progress(claimed.run_id).counts == {}
    assert progress(second.pk).counts == {"running": 1}


def test_a_cancel_of_the_older_run_hands_over_what_runs(claimed: Claim) -> None:
    second = start()
    cancel_run(GenerationRun.objects.get(pk=claimed.run_id))
    assert item() == ("queued", second.pk, 5, 0, "")
    assert queue.settle([Outcome(claimed, "done", text=TEXT)]).mine == set()
    assert not PersonalizedLessonDescription.objects.exists(), "the cancelled run's text"
    sweep()
    assert state(second) == "open"


def test_a_claim_that_the_cancel_missed_publishes_nothing_and_is_handed_over(claimed: Claim) -> None:
    second = start()
    GenerationRun.objects.filter(pk=claimed.run_id).update(state="cancelled")
    queue.settle([Outcome(claimed, "done", text=TEXT)])
    assert item()[:2] == ("queued", second.pk)
    assert not PersonalizedLessonDescription.objects.exists()


def test_a_dead_worker_of_the_older_run_keeps_nothing_from_the_newer_one(claimed: Claim) -> None:
    second = start()
    GenerationItem.objects.update(attempts=6, lease_until=timezone.now() - timedelta(seconds=1))
    assert sweep().requeued == 1
    assert item() == ("queued", second.pk, 5, 0, "lease_lost")


def test_a_planning_that_outlasts_a_lease_takes_nothing_from_a_living_worker(claimed: Claim) -> None:
    def long(run: GenerationRun) -> Any:
        planned = plan(run, Selection(), None)
        GenerationItem.objects.update(lease_until=CLOCK)  # no heartbeat could renew it meanwhile
        return planned

    fields: dict[str, Any] = {"backend": "simple", "options": {}, "idempotency_key": None}
    assert planned_by_key(long, fields).coalesced == 1
    assert sweep().requeued == 0
    assert queue.heartbeat([claimed], lease=30) == {claimed.id}


def test_a_planning_brings_no_dead_worker_back(claimed: Claim) -> None:
    GenerationItem.objects.update(lease_until=timezone.now() - timedelta(minutes=1))
    second = start()
    assert sweep().requeued == 1
    assert item()[:2] == ("queued", second.pk)


def test_the_newer_run_stays_open_until_its_turn_and_then_ends(claimed: Claim) -> None:
    second = start()
    sweep()
    assert (state(second), "another run" in second.note) == ("open", True)
    queue.settle([Outcome(claimed, "done", text=TEXT)])
    sweep()
    assert (state(second), second.note) == ("open", "")
    queue.settle([Outcome(again, "unchanged") for again in queue.claim(1, worker="test", lease=30)])
    sweep()
    assert state(second) == "closed"
    assert state(GenerationRun.objects.get(pk=claimed.run_id)) == "closed"


def test_the_newest_of_several_runs_gets_it_and_the_others_end(claimed: Claim) -> None:
    second, third = start(), start()
    sweep()
    assert (state(second), state(third)) == ("closed", "open")
    queue.settle([Outcome(claimed, "done", text=TEXT)])
    assert item()[:2] == ("queued", third.pk)


def test_a_newer_run_that_was_cancelled_asks_for_nothing(claimed: Claim) -> None:
    cancel_run(start())
    queue.settle([Outcome(claimed, "done", text=TEXT)])
    assert item()[:2] == ("done", claimed.run_id)


def test_a_newer_run_that_was_paused_has_it_when_it_goes_on(claimed: Claim) -> None:
    second = start()
    pause_run(second)
    queue.settle([Outcome(claimed, "done", text=TEXT)])
    assert item()[:2] == ("queued", second.pk)
    assert queue.claim(1, worker="test", lease=30) == []


def pilot(run: GenerationRun) -> str:
    run.refresh_from_db()
    return run.pilot


def test_a_pilot_of_which_all_runs_elsewhere_waits_for_it_and_then_for_a_look(claimed: Claim) -> None:
    started = start_run(selection=Selection(), backend="simple", force=True, pilot=1)
    second = started.run
    assert (started.asked, started.coalesced, started.pilot) == (0, 1, 1)
    sweep()
    assert pilot(second) == "writing", "there is nothing to look at"
    queue.settle([Outcome(claimed, "done", text=TEXT)])
    sweep()
    assert (item()[:3], pilot(second)) == (("queued", second.pk, 1), "writing")
    [again] = queue.claim(1, worker="test", lease=30)
    queue.settle([Outcome(again, "done", text=TEXT)])
    sweep()
    assert (item()[:2], pilot(second)) == (("held", second.pk), "waiting")


def test_a_pilot_takes_from_elsewhere_only_what_it_lacks(claimed: Claim) -> None:
    make_learner(course=Course.objects.get())
    second = start(pilot=1)
    [first] = queue.claim(5, worker="test", lease=30)
    assert first.id != claimed.id
    queue.settle([Outcome(claimed, "done", text=TEXT), Outcome(first, "done", text=TEXT)])
    sweep()
    assert pilot(second) == "waiting"
    assert queue.claim(5, worker="test", lease=30) == [], "what came over is not written before a look"
    assert sorted(second.items.values_list("state", "priority")) == [("held", 1), ("queued", 5)]


def test_a_run_that_is_deleted_asks_for_nothing(claimed: Claim) -> None:
    start().delete()
    queue.settle([Outcome(claimed, "failed", "refusal", "no")])
    assert item()[:2] == ("queued", claimed.run_id)
