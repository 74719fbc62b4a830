"""A worker whose event loop hangs: its items come back, and the attempt counts, or it would hang for ever."""

import asyncio
import time

import pytest

from personalization.brief import Brief
from personalization.models import GenerationItem
from personalization.services import queue
from personalization.services.drain import Drain
from personalization.services.leases import Leases
from personalization.services.pace import Pace
from personalization.services.sweep import sweep
from personalization.writers.base import Draft
from personalization.writers.simple import SimpleWriter
from tests.personalization.test_worker import make_learners, start

pytestmark = pytest.mark.usefixtures("transactional_db")
LEASE = 0.3


class Told(SimpleWriter):
    """Is told to end, as Celery's hard time limit tells first, while it is at work."""

    async def write(self, brief: Brief, complaint: str = "") -> Draft:
        raise SystemExit


def test_what_the_end_interrupts_costs_an_attempt_and_the_others_none() -> None:
    make_learners(3)
    start(backend="simple")
    drain = Drain(Pace.from_settings(), lambda: False, lambda backend: Told(), most=3)
    with pytest.raises(SystemExit):
        asyncio.run(drain.run())
    left = sorted(GenerationItem.objects.values_list("attempts", "state", "error_code"))
    assert left == [(0, "queued", "stopped"), (0, "queued", "stopped"), (1, "queued", "internal")]


def test_the_leases_of_a_hung_event_loop_run_out() -> None:
    make_learners(2)
    start(backend="simple")
    claims = queue.claim(2, worker="hangs", lease=LEASE)

    async def hang() -> None:
        leases = Leases(LEASE, lambda claim: None)
        leases.hold(claims)
        leases.keep()
        over = time.monotonic() + 5 * LEASE
        while time.monotonic() < over:
            pass  # not awaited: nothing else is done on this loop, and the heartbeat's thread goes on
        leases.close()

    asyncio.run(hang())
    assert sweep().requeued == 2
    assert set(GenerationItem.objects.values_list("state", "attempts")) == {("queued", 1)}
