"""What a worker has in its hands: a thread renews the leases, also while the event loop is busy.

It does not keep a hung worker alive. A loop that answers nothing for HUNG leases' time is taken for hung: its
leases run out, and others do the work. Celery's hard time limit ends the process, in the end.
"""

import asyncio
import logging
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from uuid import UUID

from django.db import Error, connection
from structlog.contextvars import bound_contextvars

from personalization.models.runs import GenerationRun, RunState
from personalization.services import queue
from personalization.services.attempts import Claim
from personalization.services.watched import tell_waits
from personalization.writers.limits.waits import waits

log = logging.getLogger(__name__)
HUNG = 2.0


def _paused(runs: set[UUID]) -> set[UUID]:
    found = GenerationRun.objects.filter(pk__in=runs, state=RunState.PAUSED)
    return set(found.values_list("pk", flat=True))


class Leases:
    """`seconds` is what a claim's lease lasts. `on_loss` is told, on the event loop, of a claim that is not
    ours any more; `on_pause` of runs of ours that are paused."""

    def __init__(
        self,
        seconds: float,
        on_loss: Callable[[Claim], None],
        on_pause: Callable[[set[UUID]], None] = lambda runs: None,
    ) -> None:
        self._seconds = seconds
        self._on_loss = on_loss
        self._on_pause = on_pause
        self._held: dict[int, Claim] = {}
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None
        self._answered_at = 0.0  # when the event loop last did what it was asked to

    def hold(self, claims: Sequence[Claim]) -> None:
        """Of one item only the newest claim: an older one was lost, if no heartbeat has said so yet."""
        before = [self._held[claim.id] for claim in claims if claim.id in self._held]
        self._lose([old for old in before if old not in claims])
        self._held |= {claim.id: claim for claim in claims}

    def holds(self, claim: Claim) -> bool:
        return self._held.get(claim.id) == claim

    def let_go(self, claims: Iterable[Claim]) -> None:
        """Nobody here looks after them any more: settled, or gone."""
        for claim in claims:
            if self.holds(claim):
                del self._held[claim.id]

    def keep(self) -> None:
        """Renews them from now on, until `close`. Called on the event loop that is told of losses."""
        loop = asyncio.get_running_loop()
        self._answer()
        self._thread = threading.Thread(target=self._beat, args=[loop], name="heartbeat", daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._stop.set()
        if self._thread:
            self._thread.join(5)  # with the database gone it may take longer, and ends by itself

    def _beat(self, loop: asyncio.AbstractEventLoop) -> None:
        while not self._stop.wait(self._seconds / 3):
            with suppress(RuntimeError):  # the loop is closed: this thread is told to stop as well
                loop.call_soon_threadsafe(self._answer)
            claims = list(self._held.values())
            if not claims or self._is_hung(len(claims)):
                continue
            try:
                alive = queue.heartbeat(claims, lease=self._seconds)
                paused = _paused({claim.run_id for claim in claims})
                tell_waits(waits())
            except Error:
                # The next beat opens a new connection; the fence guards what comes too late.
                connection.close()
                continue
            if lost := [claim for claim in claims if claim.id not in alive]:
                loop.call_soon_threadsafe(self._lose, lost)
            if paused:
                loop.call_soon_threadsafe(self._on_pause, paused)
        connection.close()

    def _answer(self) -> None:
        self._answered_at = time.monotonic()

    def _is_hung(self, items: int) -> bool:
        silent = time.monotonic() - self._answered_at
        if silent > HUNG * self._seconds:
            log.error("the event loop hangs for %.0f s: the leases of %d items are let go", silent, items)
            return True
        return False

    def _lose(self, claims: list[Claim]) -> None:
        # What was settled while the database was asked is not lost. All are let go of first: who is told of
        # one may begin another.
        lost = [claim for claim in claims if self.holds(claim)]
        self.let_go(lost)
        for claim in lost:
            # Lost, or cancelled: nothing of it can be published, so do not wait for the answer.
            with bound_contextvars(run=str(claim.run_id), item=claim.id):
                log.warning("item %s: its lease is gone, dropped", claim.id)
            self._on_loss(claim)
