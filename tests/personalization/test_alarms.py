"""What an operator is told of: each alarm rings for its own fault, and for nothing else."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from pytest_django import Settings

from personalization.models import GenerationItem, GenerationRun
from personalization.models.runs import PILOT_PRIORITY
from personalization.services.runs import PAUSED_BY_HAND
from personalization.services.watched import Worker, beat
from personalization.watch.alarms import Alarm, alarms
from personalization.watch.figures import oldest_due
from tests.builders import make_course, make_item, make_learner, make_lesson, make_run
from tests.personalization.watched import age, make_call, settle

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def worker() -> Worker:
    """All is well: a worker lives."""
    worker = Worker()
    beat(worker)
    return worker


def ago(seconds: float) -> Any:
    return timezone.now() - timedelta(seconds=seconds)


def item(run: GenerationRun | None = None, **fields: Any) -> GenerationItem:
    course = make_course()
    return make_item(run or make_run(), make_learner(course=course), make_lesson(course), **fields)


def rung(failed_per_hour: int = 10) -> dict[str, Alarm]:
    return {alarm.name: alarm for alarm in alarms(failed_per_hour) if alarm.wrong}


def found(name: str) -> str:
    return next(alarm.found for alarm in alarms() if alarm.name == name)


def test_nothing_rings_while_all_is_well() -> None:
    item()
    item(state="running")
    item(state="done")
    make_call()
    assert rung() == {}
    assert not any(alarm.advice for alarm in alarms())


def test_nobody_works() -> None:
    age("worker_heartbeats", "seen_at", 31)
    assert list(rung()) == ["workers"]
    assert "last seen 31 s ago" in rung()["workers"].found
    assert "celery -A persona_site worker" in rung()["workers"].advice


def test_an_item_is_due_and_nobody_takes_it() -> None:
    item(available_at=ago(90))
    assert list(rung()) == ["oldest due item"]
    assert "due for 90 s" in rung()["oldest due item"].found


@pytest.mark.parametrize("other", [{"state": "running"}, {"state": "done"}])
def test_a_long_wait_is_right_while_the_work_goes_on(other: dict[str, Any]) -> None:
    waiting = item(available_at=ago(9000))
    item(waiting.run, **other)
    assert rung() == {}
    assert found("oldest due item") == "due for 9,000 s, and the work goes on"


def test_work_of_the_past_is_none_of_today() -> None:
    waiting = item(available_at=ago(9000))
    item(waiting.run, state="done", finished_at=ago(61))
    assert list(rung()) == ["oldest due item"]


@pytest.mark.parametrize(
    ("run", "fields", "waits"),
    [
        ({}, {}, True),
        ({"state": "paused"}, {}, False),
        ({"pilot": "waiting"}, {}, False),
        ({"pilot": "writing"}, {}, False),
        ({"pilot": "writing"}, {"priority": PILOT_PRIORITY}, True),
        ({"pilot": "accepted"}, {}, True),
        ({"budget_micro": 10}, {}, True),
        ({}, {"available_at": timezone.now() + timedelta(days=1)}, False),
    ],
)
def test_only_what_a_worker_may_take_is_due(run: dict[str, Any], fields: dict[str, Any], waits: bool) -> None:
    item(make_run(**run), **{"available_at": ago(90), **fields})
    assert (oldest_due() > 80) is waits


def test_what_waits_for_money_waits_for_no_worker() -> None:
    run = make_run(budget_micro=10)
    item(run, available_at=ago(90))
    item(run, state="held", error_code="budget")
    assert oldest_due() == 0
    assert list(rung()) == ["held items"]
    assert found("held items") == "2 wait for money", "what is queued behind the held one, too"


def test_a_lease_that_ran_out_long_ago(settings: Settings) -> None:
    settings.GENERATION_LEASE_SECONDS = 30.0
    item(state="running", lease_until=ago(29))
    assert "leases" not in rung()
    item(state="running", lease_until=ago(31))
    assert "1 ran out" in rung()["leases"].found


def test_money_that_stays_reserved() -> None:
    make_call(started_at=ago(590))
    settled = make_call(started_at=ago(5000))
    settle(settled)
    assert rung() == {}
    make_call(started_at=ago(610))
    assert "1 for more than 10 minutes" in rung()["reserved calls"].found


def test_what_a_living_worker_has_in_hand_may_wait_for_its_turn() -> None:
    waits = item(state="running")
    call = make_call(waits, lease_token=waits.lease_token, started_at=ago(5000))
    assert rung() == {}
    GenerationItem.objects.filter(pk=waits.pk).update(lease_until=ago(1))
    assert list(rung()) == ["reserved calls"]
    settle(call)
    assert rung() == {}


def test_calls_may_take_as_long_as_their_deadline(settings: Settings) -> None:
    settings.GENERATION_CALL_SECONDS = 600.0
    make_call(started_at=ago(1190))
    assert rung() == {}


def test_failures_are_named_by_kind() -> None:
    run = make_run()
    for code in ["refusal", "rate_limit", "rate_limit"]:
        item(run, state="failed", error_code=code)
    assert rung() == {}
    assert list(rung(2)) == ["failed in the last hour"]
    assert found("failed in the last hour") == "3: rate_limit 2, refusal 1"


def test_old_failures_ring_no_more() -> None:
    item(state="failed", finished_at=ago(3601))
    item(make_run(state="closed", closed_at=ago(3601)), state="failed", finished_at=ago(3602))
    assert found("failed in the last hour") == "none"


def test_items_that_wait_for_money() -> None:
    item(state="held", error_code="budget")
    assert "1 wait for money" in rung()["held items"].found


def test_a_pilot_that_waits_for_a_look_is_as_it_should_be() -> None:
    item(make_run(pilot="waiting"), state="held", error_code="pilot")
    assert rung() == {}
    assert found("held items") == "1 of a pilot wait for a look"


def test_a_run_that_the_provider_has_stopped() -> None:
    make_run(state="paused", note=PAUSED_BY_HAND)
    assert rung() == {}
    run = make_run(state="paused", note="the endpoint refused the key")
    assert rung()["runs that cannot go on"].found == f"{str(run.pk)[:8]}: the endpoint refused the key"
