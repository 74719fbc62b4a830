"""Rows: workers that are replaced by newer ones, and one that dies between an answer and its text."""

import os
import signal
import subprocess
from contextlib import suppress

from benchmarks.faulting.moments import MOMENTS
from benchmarks.faulting.rows import fault, lease_and_sweep
from benchmarks.faulting.stage import PATIENCE, Stage, calm
from personalization.models import GenerationRun, Pilot
from personalization.models.calls import CallState, ModelCall
from personalization.models.runs import ENDED
from personalization.pairs import Selection
from personalization.services.pilot import accept_pilot
from tests.processes import WorkerProcess, until

TERM_SECONDS = 10.0  # what a deploy waits between SIGTERM and SIGKILL
RESTARTS = 20
GRACES = (TERM_SECONDS, 0.5)  # in turn: enough for what is under way, and not
LEAST_LOAD = 60  # items that wait or are under way at each restart
KILLS = 20


@fault("deploy: SIGTERM to all, SIGKILL after 10 s, new workers", back_within=lease_and_sweep)
def deploy(stage: Stage) -> None:
    stage.until_ended(10)
    old = list(stage.house.workers)
    for worker in old:
        worker.process.terminate()
    for worker in old:
        _ended(stage, worker, TERM_SECONDS)
    stage.recruit(2)
    stage.healed()


@fault(
    "20 rolling restarts under load: SIGTERM, SIGKILL after 10 s or half a second",
    learners=40,
    lessons=10,
    model={"latency": 1000},
)
def rolling_restarts(stage: Stage) -> None:
    killed = 0
    for number in range(RESTARTS):
        old = stage.house.workers[0]
        stage.recruit(1)
        _load(stage)
        until(lambda worker=old: stage.held_by(worker.children()), "the old one is busy")  # type: ignore[misc]
        old.process.terminate()
        killed += _ended(stage, old, GRACES[number % 2])
    if not 0 < killed < RESTARTS:
        raise AssertionError(f"{killed} of {RESTARTS} were killed: some, and not all of them, should be")
    stage.until_idle()
    lost = stage.house.model.stats()["requests"] - ModelCall.objects.filter(state=CallState.OK).count()
    if lost > killed * stage.places:
        raise AssertionError(f"{lost} calls were made in vain: {killed} workers were killed")


def _load(stage: Stage) -> None:
    """Asks for each half of the learners again when most of the other half has its texts."""
    learners = [learner.pk for learner in stage.world.learners]
    half = len(learners) // 2
    while stage.items.exclude(state__in=ENDED).count() < LEAST_LOAD:
        chosen = learners[:half] if len(stage.runs) % 2 else learners[half:]
        stage.ask(Selection(profiles=tuple(chosen)), force=True)


def _ended(stage: Stage, worker: WorkerProcess, grace: float) -> bool:
    """Whether it had to be killed when so many seconds since its SIGTERM were over."""
    try:
        worker.process.wait(grace)
    except subprocess.TimeoutExpired:
        stage.kill(worker)
        return True
    worker.stop()
    stage.house.workers.remove(worker)
    return False


@fault(
    "kill -9 after an answer is stored, before its text is published, 20 times",
    workers=1,
    learners=5,
    lessons=10,
    variables={"GENERATION_CONCURRENCY": "2"},
    pilot=50,
)
def kill_before_publishing(stage: Stage) -> None:
    """All answers are a pilot's, which were looked at, and are published now: nothing is paid for again."""
    run = GenerationRun.objects.get(pk=stage.runs[0])
    waiting = GenerationRun.objects.filter(pk=run.pk, pilot=Pilot.WAITING)
    until(waiting.exists, "all drafts wait for a look", patience=PATIENCE)
    asked, items = stage.house.model.stats()["requests"], stage.items.count()
    if asked != items:
        raise AssertionError(f"{asked} calls for {items} drafts")
    worker = stage.house.workers[0]
    trap = stage.house.database.trap(MOMENTS["publish"], then=lambda: _kill(worker))
    accept_pilot(run)
    for number in range(KILLS):
        until(lambda trap=trap: trap.sprung, "a text is published", patience=PATIENCE)  # type: ignore[misc]
        if number + 1 < KILLS:
            trap = stage.house.database.trap(MOMENTS["publish"], then=lambda: _kill(worker))
    until(lambda: calm(stage.all_ended), "all texts are published", patience=PATIENCE)
    if (now := stage.house.model.stats()["requests"]) != asked:
        raise AssertionError(f"{now - asked} answers were paid for again")


def _kill(worker: WorkerProcess) -> None:
    """At once, its children only: the next is there in a moment."""
    for pid in worker.children():
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
