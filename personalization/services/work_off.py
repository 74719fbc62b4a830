"""Works what is due in this process: no broker, no Celery, no worker."""

import math
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from uuid import UUID

import uvloop
from django.conf import settings
from django.db import connection

from personalization.models import GenerationRun
from personalization.models.runs import Backend, RunState
from personalization.services.drain import Drain
from personalization.services.pace import Pace
from personalization.services.sweep import sweep
from personalization.services.watched import Worker, beat


@dataclass(frozen=True, slots=True)
class WorkedOff:
    """`next_due` as a sweep says it; `paused`: the runs that could not go on, with why."""

    settled: int
    next_due: float | None
    paused: list[tuple[UUID, str]]


def work_off(
    stopping: Callable[[], bool],
    *,
    most: int = sys.maxsize,
    tick: Callable[[int], None] = lambda settled: None,
) -> WorkedOff:
    """Until nothing is due, `most` items were taken in hand, or `stopping()` says so.

    `tick` is told, every second or more often, how many items are settled. Raises the database's errors: what
    was in hand is queued again by a sweep, when its lease is over.
    """
    sweep()  # what a dead worker left is due as well, and there may be no other that sees it
    before = set(GenerationRun.objects.filter(state=RunState.OPEN).values_list("pk", flat=True))

    def looked() -> bool:
        tick(drain.settled)
        return stopping()

    # A worker's drain makes room for the next one after some time. Here is no next one.
    drain = Drain(replace(Pace.from_settings(), drain=math.inf), looked, most=most)
    with _Seen():
        settled = uvloop.run(drain.run())
    paused = GenerationRun.objects.filter(pk__in=before, state=RunState.PAUSED).values_list("pk", "note")
    return WorkedOff(settled, sweep().next_due, list(paused))


class _Seen(threading.Thread):
    """While it is entered, a worker that is seen to live, and sweeps as each worker does: this may be the
    only one, and take hours. Both log what the database refuses, and raise nothing."""

    def __init__(self) -> None:
        super().__init__(name="seen", daemon=True)
        self._worker = Worker()
        self._over = threading.Event()

    def __enter__(self) -> None:
        beat(self._worker)
        self.start()

    def __exit__(self, *error: object) -> None:
        self._over.set()
        self.join(5)  # with the database gone it may take longer, and ends by itself

    def run(self) -> None:
        try:
            while not self._over.wait(settings.GENERATION_SWEEP_SECONDS):
                beat(self._worker)
                sweep()
        finally:
            connection.close()


def wants_a_key() -> UUID | None:
    """An open run that the model writes, the oldest; None where there is none."""
    waiting = GenerationRun.objects.filter(state=RunState.OPEN, backend=Backend.OPENAI)
    return waiting.order_by("created_at").values_list("pk", flat=True).first()
