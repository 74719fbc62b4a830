"""Rows: the model's endpoint hangs, drips, refuses, talks nonsense and breaks off."""

import time

from benchmarks.faulting.links import Mode
from benchmarks.faulting.rows import fault
from benchmarks.faulting.stage import Stage

QUICK = {"GENERATION_CALL_SECONDS": "2"}
GARBAGE = "bad_json,wrong_keys,empty,wrong_language,cut,html,echo"


@fault("endpoint hangs, one call in four", variables=QUICK, model={"mode": "hang", "fail": 0.25})
def endpoint_hangs(stage: Stage) -> None:
    _until_seen(stage, "hang")


@fault(
    "endpoint drips one byte a second, one call in four",
    variables=QUICK,
    model={"mode": "slow", "fail": 0.25},
)
def endpoint_drips(stage: Stage) -> None:
    _until_seen(stage, "slow")


@fault("endpoint answers 500 to everybody for a while")
def endpoint_500(stage: Stage) -> None:
    _for_a_while(stage, "server_error")


@fault("429 to everybody for a while, with Retry-After: 1")
def endpoint_429(stage: Stage) -> None:
    _for_a_while(stage, "rate_limit")


@fault("endpoint answers garbage, one call in four", model={"mode": GARBAGE, "fail": 0.25})
def endpoint_garbage(stage: Stage) -> None:
    _until_seen(stage, "bad_json")


@fault("half of a response, one call in four", model={"mode": "broken", "fail": 0.25})
def endpoint_half(stage: Stage) -> None:
    _until_seen(stage, "broken")


@fault("endpoint refuses connections for a while")
def endpoint_down(stage: Stage) -> None:
    stage.until_ended(10)
    stage.house.endpoint.set(Mode.RESET)
    time.sleep(stage.house.pace.outage / 2)
    stage.house.endpoint.set(Mode.DOWN)
    time.sleep(stage.house.pace.outage / 2)
    stage.house.endpoint.set(Mode.PASS)
    stage.healed()


def _for_a_while(stage: Stage, mode: str) -> None:
    stage.until_ended(10)
    stage.house.model.set(mode=mode)
    time.sleep(stage.house.pace.outage)
    stage.house.model.set(mode=None)
    stage.healed()
    _must_have_seen(stage, mode)


def _until_seen(stage: Stage, mode: str) -> None:
    stage.until_ended(20)
    _must_have_seen(stage, mode)


def _must_have_seen(stage: Stage, mode: str) -> None:
    if not stage.house.model.stats()["by_mode"].get(mode):
        raise AssertionError(f"no request was answered by {mode}")
