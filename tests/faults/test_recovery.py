"""How soon work is taken up again is told by the ledger, and a row that takes longer is broken."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.utils import timezone

from benchmarks.faulting.checker import Figures
from benchmarks.faulting.house import Pace
from benchmarks.faulting.play import missed
from benchmarks.faulting.recovery import Recovery
from benchmarks.faulting.rows import Fault, lease_and_sweep, noticed, two_sweeps
from personalization.models import GenerationItem
from tests.builders import make_call, make_item, make_learner, make_lesson, make_run

pytestmark = pytest.mark.django_db
WORKER = "machine:1"


@pytest.fixture
def item() -> GenerationItem:
    """In the worker's hands."""
    lease = {"lease_token": uuid4(), "lease_until": timezone.now(), "leased_by": WORKER}
    return make_item(make_run(), make_learner(), make_lesson(), state="running", **lease)


def later(seconds: float) -> dict[str, Any]:
    began = timezone.now() + timedelta(seconds=seconds)
    return {"started_at": began, "finished_at": began + timedelta(seconds=1), "state": "ok"}


def test_work_is_taken_up_by_who_claims_after_the_healing(item: GenerationItem) -> None:
    recovery = Recovery()
    recovery.healed()
    make_call(item, lease_token=item.lease_token, **later(2))
    assert recovery.seconds() is None, "it was claimed before"
    make_call(item, lease_token=uuid4(), **later(5))
    assert recovery.seconds() == pytest.approx(6, abs=0.5)


def test_what_the_dead_held_is_claimed_again(item: GenerationItem) -> None:
    recovery = Recovery()
    make_call(item, lease_token=item.lease_token, **later(-3))
    recovery.orphaned([WORKER])
    recovery.orphaned(["another:2"])
    assert recovery.seconds() is None
    make_call(item, lease_token=uuid4(), **later(7))
    assert recovery.seconds() == pytest.approx(7, abs=0.5)


def test_a_worker_that_starts_for_longer_than_a_lease_is_not_the_queues_delay(item: GenerationItem) -> None:
    recovery = Recovery()
    recovery.orphaned([WORKER])
    make_call(item, lease_token=uuid4(), **later(7))
    recovery.manned(lease=6)
    assert recovery.seconds() == pytest.approx(7, abs=0.5)
    recovery.manned(lease=-4)
    assert recovery.seconds() == pytest.approx(3, abs=0.5)


def figures(done: int) -> Figures:
    return Figures(80, done, 0, 0, 0, 80, 80, 0, 0, 1)


@pytest.mark.parametrize(
    ("back", "said"),
    [
        (None, ["nothing was left to be taken up again: the fault came too late"]),
        (9.9, []),
        (10.1, ["work was taken up again after 10.1 s, and not within 10 s"]),
    ],
)
@pytest.mark.parametrize("pace", [Pace(), Pace(lease=30, sweep=5)])
def test_a_row_that_is_back_too_late_is_broken(back: float | None, said: list[str], pace: Pace) -> None:
    row = Fault("name", "what", lambda stage: None, back_within=two_sweeps)
    assert list(missed(row, pace, figures(80), back)) == said


def test_a_connection_that_is_silently_dead_may_take_as_long_as_a_worker_waits_for_answers() -> None:
    assert (noticed(Pace()), noticed(Pace(lease=30, sweep=5))) == (10, 15)


def test_a_dead_workers_items_may_take_its_lease_and_a_sweep() -> None:
    assert (lease_and_sweep(Pace()), lease_and_sweep(Pace(lease=30, sweep=5))) == (9, 37)


def test_a_row_may_say_how_many_are_done() -> None:
    row = Fault("name", "what", lambda stage: None, done=1_120)
    assert list(missed(row, Pace(), figures(1_120), None)) == []
    assert list(missed(row, Pace(), figures(1_119), None)) == ["1,119 items are done, not 1,120"]
