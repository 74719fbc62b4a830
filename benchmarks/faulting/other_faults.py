"""Rows: two operators, cancels, jumping clocks, a full disk, and the show piece."""

import random
from concurrent.futures import ThreadPoolExecutor
from math import ceil
from uuid import UUID, uuid4

from django.db import connection

from benchmarks.faulting.clocks import Clock
from benchmarks.faulting.rows import fault, two_sweeps
from benchmarks.faulting.small_disk import SmallDiskPostgres, small_disk
from benchmarks.faulting.stage import PATIENCE, Stage
from personalization.models import GenerationItem, GenerationRun
from tests.processes import until

HOUR = 3600.0
CANCELS = 100
FULL = "DiskFull"  # what a worker's log says of a statement that found no room


@fault("eight operators start the same run at once, with one key")
def operators_one_key(stage: Stage) -> None:
    key = str(uuid4())
    with ThreadPoolExecutor(8) as operators:
        runs = set(operators.map(lambda _: _asked(stage, key), range(8)))
    if len(runs) != 1:
        raise AssertionError(f"{len(runs)} runs were started")


@fault("eight operators start the same run at once, each on their own")
def operators_own_keys(stage: Stage) -> None:
    stage.until_ended(5)
    with ThreadPoolExecutor(8) as operators:
        list(operators.map(lambda _: _asked(stage, None), range(8)))


@fault("the workers' clocks jump an hour both ways; a machine wakes after an hour's sleep")
def clocks(stage: Stage) -> None:
    stage.until_ended(1)
    places, clocks = stage.house.places, []
    for worker in list(stage.house.workers):
        stage.kill(worker)
    for number, offset in enumerate((HOUR, -HOUR)):
        clock = Clock(places.folder / f"clock-{number}")
        clock.jump(wall=offset)
        stage.house.start_worker(**clock.environment)
        clocks.append(clock)
    stage.until_ended(15)
    for clock, offset in zip(clocks, (-HOUR, HOUR), strict=True):
        clock.jump(wall=offset)
    stage.until_ended(30)
    # All timers of this worker go off at once, and its leases look an hour old to it.
    stage.lose_touch()
    clocks[0].jump(wall=HOUR, monotonic=HOUR)


@fault(
    "a budget that ends in the middle, up to 50 in flight; then it goes",
    learners=20,
    variables={"GENERATION_CONCURRENCY": "25"},
    model={"tokens": 3},  # it counts more of a prompt than is estimated
    budget_micro=40_000,  # enough for a part of the calls
    back_within=two_sweeps,
)
def budget(stage: Stage) -> None:
    stage.until_ended(10)
    held = stage.items.filter(state="held", error_code="budget")
    until(lambda: held.exists() and not stage.in_flight(), "the budget is used up")
    GenerationRun.objects.filter(pk__in=stage.runs).update(budget_micro=None)
    stage.healed()


@fault("the database's disk is full", places=small_disk, back_within=two_sweeps)
def disk_full(stage: Stage) -> None:
    postgres = stage.house.places.postgres
    if not isinstance(postgres, SmallDiskPostgres):
        raise AssertionError("this fault needs a small disk")
    stage.until_ended(10)
    postgres.fill()
    # Small rows still find room, and with them claims and calls whose texts do not.
    stage.lose_touch(leases=ceil(stage.house.pace.outage / stage.house.pace.lease))
    stage.outage()
    until(lambda: any(FULL in worker.log() for worker in stage.house.workers), "a worker finds no room")
    postgres.free()
    stage.healed()


@fault(
    "40 learners × 28 lessons, 10 % 429, kill -9 of all workers twice",
    learners=40,
    lessons=28,
    variables={"GENERATION_CONCURRENCY": "20"},
    model={"mode": "rate_limit", "fail": 0.1, "latency": 400},
    done=1_120,
)
def show(stage: Stage) -> None:
    for ended in (250, 700):
        # One 429 in ten, whatever is sent, slows the limits down to a quarter, with a pause after each.
        stage.until_ended(ended, patience=3 * PATIENCE)
        for worker in list(stage.house.workers):
            stage.kill(worker)
        stage.house.staff(2, stage.house.variables)
    stage.until_ended(1_000, patience=3 * PATIENCE)


@fault("100 cancels at random moments: no text of a run after its cancel")
def cancels(stage: Stage) -> None:
    moments = random.Random(21)
    for number in range(CANCELS):
        run = stage.ask(force=True) if number else stage.runs[0]
        done = moments.randrange(12)
        until(lambda run=run, done=done: _done(run) >= done and stage.in_flight(), "it writes")  # type: ignore[misc]
        stage.cancel(run)
        if number % 4 == 3:  # else the next run begins while answers of this one are still to come
            stage.until_workers_idle()
            stage.cancels.quiet()
    stage.ask(force=True)
    stage.until_idle()
    if (late := stage.cancels.late_answers()) < CANCELS:
        raise AssertionError(f"{late} answers came after a cancel: so few show nothing")


def _done(run: UUID) -> int:
    return GenerationItem.objects.filter(run_id=run, state="done").count()


def _asked(stage: Stage, key: str | None) -> object:
    try:
        return stage.ask(key=key, force=True)
    finally:
        connection.close()
