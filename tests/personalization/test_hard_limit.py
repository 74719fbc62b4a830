"""A worker that hangs is ended by force, and what it held is written by the next one."""

import asyncio
from pathlib import Path

import pytest

from personalization.brief import Brief
from personalization.models import GenerationItem
from personalization.services.drain import Drain, Pace
from personalization.writers.base import Draft
from personalization.writers.simple import SimpleWriter
from tests.personalization.test_worker import assert_each_text_once, ended, make_learners, start
from tests.processes import Environment, WorkerProcess, until

pytestmark = pytest.mark.usefixtures("transactional_db")
APP = "tests.personalization.hanging_worker"


class Told(SimpleWriter):
    """Is told to end, as the hard limit tells first, while it is at work."""

    async def write(self, brief: Brief, complaint: str = "") -> Draft:
        raise SystemExit


def attempts() -> list[int]:
    return sorted(GenerationItem.objects.values_list("attempts", flat=True))


def test_what_the_end_interrupts_costs_an_attempt_and_the_others_none() -> None:
    make_learners(3)
    start(backend="simple")
    with pytest.raises(SystemExit):
        asyncio.run(Drain(Pace.from_settings(), lambda: False, lambda backend: Told()).run())
    left = sorted(GenerationItem.objects.values_list("attempts", "state", "error_code"))
    assert left == [(0, "queued", "stopped"), (0, "queued", "stopped"), (1, "queued", "internal")]


def test_a_hung_event_loop_is_killed_and_its_items_come_back(
    process_environment: Environment, tmp_path: Path
) -> None:
    make_learners(3)
    hung = tmp_path / "hung"
    limits = {"GENERATION_LEASE_SECONDS": "1", "GENERATION_SWEEP_SECONDS": "0.3", "HARD_LIMIT_SECONDS": "2"}
    environment = {**process_environment, **limits, "HUNG_FILE": str(hung)}
    worker = WorkerProcess(environment, app=APP, forked=True)
    try:
        run = start(backend="simple")
        until(lambda: ended(run), "the run ends, though its worker hung")
    finally:
        log = worker.stop()
    assert hung.exists(), "it did hang"
    assert "Hard time limit" in log
    assert_each_text_once(run)
    assert set(GenerationItem.objects.values_list("state", flat=True)) == {"done"}
    assert max(attempts()) >= 2, "the attempt that hung counts"
