"""Rows: the broker loses everything, dies, vanishes and goes silent. Drains are short: bells must ring."""

from redis import Redis

from benchmarks.faulting.links import Mode
from benchmarks.faulting.rows import fault, lease_and_sweep, noticed, two_sweeps
from benchmarks.faulting.servers import lose_broker
from benchmarks.faulting.stage import Stage

SHORT = {"GENERATION_DRAIN_SECONDS": "2"}


@fault("broker wiped (FLUSHALL), three times", variables=SHORT, back_within=two_sweeps)
def broker_wiped(stage: Stage) -> None:
    with Redis.from_url(stage.house.places.valkey.client_url) as broker:
        for ended in (10, 30, 50):
            stage.until_ended(ended)
            broker.flushall()
    stage.healed()


@fault("broker killed, empty when it is back", variables=SHORT, back_within=two_sweeps)
def broker_killed(stage: Stage) -> None:
    stage.until_ended(10)
    stage.ask(force=True)  # or all might be done before it is back
    lose_broker(stage.house.places.valkey, stage.outage)
    stage.healed()


@fault("broker wiped and all workers killed", learners=6, variables=SHORT, back_within=lease_and_sweep)
def broker_wiped_and_killed(stage: Stage) -> None:
    stage.until_ended(10)
    for worker in list(stage.house.workers):
        stage.kill(worker)
    with Redis.from_url(stage.house.places.valkey.client_url) as broker:
        broker.flushall()
    stage.recruit(2)


@fault("broker refuses connections; a run is asked for meanwhile", variables=SHORT, back_within=two_sweeps)
def broker_down(stage: Stage) -> None:
    _away(stage, Mode.DOWN)


@fault(
    "broker takes everything and answers nothing; a run is asked for meanwhile",
    variables=SHORT,
    back_within=two_sweeps,
)
def broker_silent(stage: Stage) -> None:
    _away(stage, Mode.BLACKHOLE)


@fault("the broker's connections are dead, and nobody is told", variables=SHORT, back_within=noticed)
def broker_zombies(stage: Stage) -> None:
    stage.until_idle()
    if not stage.house.broker.set(Mode.ZOMBIE):
        raise AssertionError("no connection to the broker was open")
    stage.ask(force=True)
    stage.healed()


def _away(stage: Stage, mode: Mode) -> None:
    stage.until_idle()
    if not stage.house.broker.set(mode):
        raise AssertionError("no connection to the broker was open")
    stage.ask(force=True)
    stage.outage()
    stage.house.broker.set(Mode.PASS)
    stage.healed()
