"""Rows: the database crashes, and all that can happen to connections to it."""

from django.db import connection

from benchmarks.faulting.links import Mode
from benchmarks.faulting.moments import MOMENTS
from benchmarks.faulting.reader import NAME
from benchmarks.faulting.rows import fault, noticed, two_sweeps
from benchmarks.faulting.servers import crash_database
from benchmarks.faulting.stage import Stage
from tests.processes import until

TERMINATE = f"""
    SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid() AND application_name <> '{NAME}'
"""  # noqa: S608 constants of ours


@fault("database crashes (-m immediate) and restarts, twice", back_within=two_sweeps)
def database_crash(stage: Stage) -> None:
    for ended in (10, 40):
        stage.until_ended(ended)
        stage.lose_touch()
        connection.close()
        crash_database(stage.house.places.postgres)
    stage.healed()


@fault("all backends terminated, five times", back_within=two_sweeps)
def database_terminated(stage: Stage) -> None:
    for ended in (5, 15, 25, 35, 45):
        stage.until_ended(ended)
        with connection.cursor() as cursor:
            cursor.execute(TERMINATE)
            if not cursor.fetchone()[0]:
                raise AssertionError("there was no connection to end")
    stage.healed()


@fault("database refuses connections for longer than a lease", back_within=two_sweeps)
def database_down(stage: Stage) -> None:
    _away(stage, Mode.DOWN)


@fault("database takes everything and answers nothing", back_within=two_sweeps)
def database_silent(stage: Stage) -> None:
    _away(stage, Mode.BLACKHOLE)


@fault("the database's connections are dead, and nobody is told", back_within=noticed)
def database_zombies(stage: Stage) -> None:
    stage.until_ended(10)
    stage.lose_touch()
    if not stage.house.database.set(Mode.ZOMBIE):
        raise AssertionError("no connection to the database was open")
    stage.healed()


@fault(
    "cut in the middle of a batch: the answer to a statement is lost, seven times",
    lessons=16,
    back_within=two_sweeps,
)
def database_cut(stage: Stage) -> None:
    """The server has done what it was told; the worker does not hear so."""
    for number, moment in enumerate([*MOMENTS.values(), MOMENTS["commit"], MOMENTS["commit"]]):
        stage.until_ended(5 + 10 * number)
        trap = stage.house.database.trap(moment, Mode.HALF)
        until(lambda trap=trap: trap.sprung, "the connection is cut")  # type: ignore[misc]
    stage.healed()


@fault("a bad line: 100 ms for each packet, then packets of 7 bytes", back_within=two_sweeps)
def database_far(stage: Stage) -> None:
    stage.house.database.set(Mode.LATENCY)
    stage.until_ended(20)
    stage.house.database.set(Mode.SLICE)
    stage.until_ended(40)
    stage.house.database.set(Mode.PASS)
    stage.healed()


def _away(stage: Stage, mode: Mode) -> None:
    stage.until_ended(10)
    stage.lose_touch()
    if not stage.house.database.set(mode):
        raise AssertionError("no connection to the database was open")
    stage.outage()
    stage.house.database.set(Mode.PASS)
    stage.healed()
