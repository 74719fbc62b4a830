"""A worker that hangs is ended by force, and what it held is written by the next one."""

from pathlib import Path

import pytest

from personalization.models import GenerationItem
from tests.personalization.test_worker import assert_each_text_once, ended, make_learners, start
from tests.processes import Environment, WorkerProcess, until

pytestmark = pytest.mark.usefixtures("transactional_db")
APP = "tests.personalization.hanging_worker"


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
    items = list(GenerationItem.objects.values_list("state", "attempts"))
    assert {state for state, _ in items} == {"done"}
    assert min(attempts for _, attempts in items) >= 2, (items, log)
