"""Short versions of rows of `python -m benchmarks.faults`: a real worker behind proxies, and what breaks it.

One worker lives through all of them, by a clock that jumps. Kills and stops of workers: tests of the worker.
"""

import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from uuid import uuid4

import pytest
from django.conf import settings as django_settings
from django.db import connection
from pytest_django import Settings

from benchmarks.faulting.clocks import Clock
from benchmarks.faulting.house import House, Pace, Places, house
from benchmarks.faulting.links import Mode
from benchmarks.faulting.moments import MOMENTS
from benchmarks.faulting.soak import Size, soak
from benchmarks.faulting.stage import PATIENCE, Stage, staged
from persona_site.embedded.postgres import Postgres
from persona_site.embedded.valkey import Valkey
from personalization.models import ModelCall
from tests.processes import until

LEARNERS, LESSONS = 6, 3
PACE = Pace(lease=6, sweep=0.5, retry=0.05)
HOUR = 3600.0
REFUSED = " cannot be used ("  # what a worker says of its database


@pytest.fixture(scope="module")
def built(django_db_setup: None, worker_id: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    Valkey(django_settings.VAR).ensure()
    places = Places(
        Postgres(django_settings.VAR),
        Valkey(django_settings.VAR),
        tmp_path_factory.mktemp("workers"),
        database=connection.settings_dict["NAME"],
        broker_number=int("".join(filter(str.isdigit, worker_id)) or 0),
    )
    with house(places, PACE) as built:
        yield built


@pytest.fixture
def stage(built: House, transactional_db: None, settings: Settings) -> Iterator[Stage]:
    """A world in a house in order; afterwards everything must be well again."""
    settings.OPENAI_API_KEY = "test"
    built.tidy(latency=150)
    with staged(built, LEARNERS, LESSONS) as stage:
        yield stage
    built.close()


@pytest.fixture(scope="module")
def clock(built: House) -> Clock:
    return Clock(built.places.folder / "clock")


@pytest.fixture
def worker(stage: Stage, clock: Clock) -> None:
    stage.house.staff(1, clock.environment)


def holds(stage: Stage) -> None:
    stage.end(PATIENCE)
    figures = stage.figures()
    assert figures.broken == [], [worker.log()[-3000:] for worker in stage.house.workers]
    assert figures.done > 0


@pytest.mark.usefixtures("worker")
def test_dead_connections_to_the_database_do_not_hold_a_worker(stage: Stage) -> None:
    stage.ask()
    stage.until_ended(2)
    stage.lose_touch()
    assert stage.house.database.set(Mode.ZOMBIE) >= 2, "sweeper and drain are connected"
    holds(stage)


@pytest.mark.usefixtures("worker")
def test_a_database_that_restarts_loses_nothing(stage: Stage) -> None:
    """As a worker sees it: the row `database-crash` has a server of its own to crash."""
    worker = stage.house.workers[0]
    said = worker.log().count(REFUSED)
    stage.ask()
    stage.until_ended(2)
    stage.lose_touch()
    assert stage.house.database.set(Mode.DOWN) >= 2, "sweeper and drain are connected"
    until(lambda: worker.log().count(REFUSED) > said, "the worker is refused")
    stage.house.database.set(Mode.PASS)
    holds(stage)


@pytest.mark.usefixtures("worker")
def test_a_storm_of_429_fails_nothing(stage: Stage) -> None:
    stage.ask()
    stage.until_ended(2)
    stage.house.model.set(mode="rate_limit", retry_after=0)
    until(lambda: stage.house.model.stats()["by_mode"].get("rate_limit", 0) >= LEARNERS, "all are refused")
    stage.house.model.set(mode=None)
    holds(stage)


def test_a_deploy_that_does_not_wait_loses_nothing(stage: Stage, clock: Clock) -> None:
    stage.house.staff(1, clock.environment)
    stage.ask()
    stage.until_ended(2)
    stage.house.model.set(mode="hang")
    reserved = ModelCall.objects.filter(state="reserved")
    until(
        lambda: stage.house.model.stats()["in_flight"] and reserved.count() <= stage.places,
        "calls are under way, and none waits to be written",
    )
    worker = stage.house.workers[0]
    worker.process.terminate()
    with pytest.raises(subprocess.TimeoutExpired):
        worker.process.wait(0.3)
    stage.kill(worker)
    stage.house.model.set(mode=None)
    stage.house.staff(1, clock.environment)
    holds(stage)


@pytest.mark.usefixtures("worker")
def test_an_answer_that_is_lost_in_the_middle_of_a_batch_repeats_nothing(stage: Stage) -> None:
    stage.ask()
    for number, moment in enumerate(("reserve", "commit", "settle")):
        stage.until_ended(1 + 4 * number)
        trap = stage.house.database.trap(MOMENTS[moment], Mode.HALF)
        until(lambda trap=trap: trap.sprung, "the connection is cut")  # type: ignore[misc]
    holds(stage)


@pytest.mark.usefixtures("worker")
def test_dead_connections_to_the_broker_do_not_leave_a_worker_deaf(stage: Stage) -> None:
    stage.ask()
    stage.until_idle()
    assert stage.house.broker.set(Mode.ZOMBIE) >= 1
    stage.ask(force=True)
    holds(stage)


@pytest.mark.usefixtures("worker")
def test_a_workers_clock_decides_nothing(stage: Stage, clock: Clock) -> None:
    stage.ask()
    for number, wall in enumerate((HOUR, -HOUR)):
        stage.until_ended(1 + 4 * number)
        clock.jump(wall=wall)
    stage.until_ended(9)
    stage.lose_touch()
    # As after an hour's sleep of the machine. Nobody sets it right: what follows must hold all the same.
    clock.jump(wall=-HOUR, monotonic=HOUR)
    holds(stage)


@pytest.mark.parametrize("key", [str(uuid4()), None], ids=["one key", "keys of their own"])
def test_operators_at_the_same_moment(stage: Stage, key: str | None) -> None:
    """Only the asking: what becomes of it is the worker's, and the rows of the table show it."""

    def ask(_: int) -> object:
        try:
            return stage.ask(key=key)
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as operators:
        runs = set(operators.map(ask, range(8)))
    assert len(runs) == (1 if key else 8)
    assert stage.items.filter(state="queued").count() == LEARNERS * LESSONS
    assert stage.items.filter(wanted_rev=1 if key else 8).count() == LEARNERS * LESSONS


@pytest.mark.usefixtures("transactional_db")
def test_a_soak_of_one_fault_holds(built: House, settings: Settings) -> None:
    """Of a kind that others who use the same servers do not feel."""
    settings.OPENAI_API_KEY = "test"
    built.tidy()  # a worker that starts wants its database
    row = soak(built, seconds=0.1, seed=1, size=Size(3, 2, workers=1, kinds=["backends terminated"]))
    built.dismiss()  # or its sweeps and who empties the tables would wait for each other
    assert row.broken == [], row.notes
    assert "1 faults: 1 × backends terminated" in row.verdict
    assert row.figures
    assert row.figures.done > 0
