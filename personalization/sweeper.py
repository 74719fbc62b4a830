"""A thread in every worker that sweeps, and rings the bell when something is due.

It listens for NOTIFY, so that an ask is taken up at once, and looks by itself every few seconds, so that
nothing depends on a notice that was missed.
"""

import logging
import threading
from collections.abc import Callable

from django.conf import settings
from django.db import connection

from courses.database import database_address, what_failed
from personalization.services.runs import WORK_CHANNEL
from personalization.services.sweep import sweep
from personalization.services.watched import Worker, beat

log = logging.getLogger(__name__)


class Sweeper(threading.Thread):
    """`ring` wakes a worker; it must return soon and raise nothing. `pool`: the worker's children."""

    def __init__(self, ring: Callable[[], None], pool: int = 1) -> None:
        super().__init__(name="sweeper", daemon=True)
        self._ring = ring
        self._worker = Worker(pool)
        self._stop = threading.Event()

    def stop(self) -> None:
        self._stop.set()

    def run(self) -> None:
        while not self._stop.is_set():
            try:
                self._once()
            except Exception as error:
                # Whatever it is: a worker without a sweeper would look alive and never wake again.
                log.warning("sweeper: %s: %s; trying again", database_address(), what_failed(error))
                connection.close()
                self._stop.wait(settings.GENERATION_SWEEP_SECONDS)
        connection.close()

    def _once(self) -> None:
        with connection.cursor() as cursor:
            cursor.execute(f"LISTEN {WORK_CHANNEL}")  # again each time: the connection may be a new one
        beat(self._worker)
        swept = sweep()
        if swept.requeued or swept.closed:
            log.info("sweep: %d items queued again, %d runs closed", swept.requeued, swept.closed)
        if swept.next_due == 0:
            self._ring()
        self._wait(
            min(settings.GENERATION_SWEEP_SECONDS, swept.next_due or settings.GENERATION_SWEEP_SECONDS)
        )

    def _wait(self, seconds: float) -> None:
        connection.ensure_connection()  # a step of the sweep may have lost it
        for _ in connection.connection.notifies(timeout=seconds, stop_after=1):
            return
