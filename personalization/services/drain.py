"""One worker's loop: claims a batch, keeps many requests in flight on one event loop, settles in batches.

The database is spoken to from threads of its own, so that no statement holds up the requests in flight.
"""

import asyncio
import logging
import os
import socket
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from functools import partial

from django.conf import settings
from django.db import DatabaseError, Error, InterfaceError, OperationalError, connection, connections
from structlog.contextvars import bind_contextvars

from courses.database import database_address
from personalization.errors import RunBlocked, WriterError
from personalization.services import queue
from personalization.services.queue import Claim, Outcome
from personalization.services.sweep import close_ended
from personalization.services.work import Job, failed, internal, prepare, written
from personalization.writers.base import Writer
from personalization.writers.factory import make_writer

log = logging.getLogger(__name__)
GATHER_SECONDS = 0.02  # answers that come within this time are settled in one transaction
DATABASE_THREADS = 2
GRACE_SECONDS = 5.0  # what is in flight at a shutdown may take so long; then it is given back


@dataclass(frozen=True, slots=True)
class Pace:
    """Times in seconds; `concurrency` requests in flight at most."""

    concurrency: int
    lease: float
    drain: float
    retry: float

    @classmethod
    def from_settings(cls) -> "Pace":
        return cls(
            settings.GENERATION_CONCURRENCY,
            settings.GENERATION_LEASE_SECONDS,
            settings.GENERATION_DRAIN_SECONDS,
            settings.GENERATION_RETRY_SECONDS,
        )


def drain(stopping: Callable[[], bool] = lambda: False) -> int:
    """Works until nothing is due, the time is up, or `stopping()` says so. How many items it settled."""
    try:
        return asyncio.run(Drain(Pace.from_settings(), stopping).run())
    except (OperationalError, InterfaceError) as error:
        # The leases of what was in flight run out, and a sweep queues it again.
        log.error(
            "%s is not reachable (%s): the work goes on when it is back",
            database_address(),
            type(error).__name__,
        )
        return 0


class Drain:
    def __init__(
        self, pace: Pace, stopping: Callable[[], bool], writers: Callable[[str], Writer] = make_writer
    ):
        self._pace = pace
        self._stopping = stopping
        self._make_writer = writers
        self._writers: dict[str, Writer] = {}
        self._flying: dict[asyncio.Task[Outcome], Claim] = {}
        self._settled = 0
        # Two threads, two connections: a heartbeat never waits behind a batch that is being published.
        self._threads = ThreadPoolExecutor(max_workers=DATABASE_THREADS, thread_name_prefix="drain")

    async def run(self) -> int:
        beat = asyncio.create_task(self._keep_leases())
        try:
            await self._work()
            await self._query(close_ended)  # a run's end is seen at once, not at the next sweep
        finally:
            beat.cancel()
            try:
                await self._land()
            finally:
                await asyncio.gather(*(w.close() for w in self._writers.values()), return_exceptions=True)
                self._close_threads()
        return self._settled

    async def _work(self) -> None:
        until = time.monotonic() + self._pace.drain
        while True:
            more = not self._stopping() and time.monotonic() < until
            claimed = more and await self._claim()
            if not self._flying:
                if claimed:
                    continue
                return
            await self._gather(wait=not claimed)
            if self._stopping():
                return

    async def _claim(self) -> bool:
        """Whether items were claimed. Waits until a tenth of the places is free: one claim serves many."""
        free = self._pace.concurrency - len(self._flying)
        if free < max(1, self._pace.concurrency // 10):
            return False
        claims = await self._query(
            lambda: queue.claim(free, worker=f"{socket.gethostname()}:{os.getpid()}", lease=self._pace.lease)
        )
        if not claims:
            return False
        jobs, outcomes = await self._query(lambda: prepare(claims))
        await self._settle(outcomes)
        for job in jobs:
            self._flying[asyncio.create_task(self._write(job))] = job.claim
        return True

    async def _write(self, job: Job) -> Outcome:
        bind_contextvars(run=str(job.claim.run_id), item=job.claim.id)  # each task has a context of its own
        if job.backend not in self._writers:
            self._writers[job.backend] = self._make_writer(job.backend)
        try:
            return written(job, await self._writers[job.backend].write(job.brief))
        except RunBlocked as error:
            with suppress(Error):  # with the database gone the next attempt finds the same and pauses then
                await self._query(partial(queue.pause_blocked, job.claim.run_id, error.message))
            return failed(job, error, base_pause=self._pace.retry)
        except WriterError as error:
            return failed(job, error, base_pause=self._pace.retry)
        except Exception as error:
            # A fault of ours must cost this item an attempt, not the worker its other items.
            return failed(job, internal(job.claim, error), base_pause=self._pace.retry)

    async def _gather(self, *, wait: bool) -> None:
        timeout = 1.0 if wait else 0
        done, _ = await asyncio.wait(self._flying, timeout=timeout, return_when=asyncio.FIRST_COMPLETED)
        if done and wait and self._flying:
            await asyncio.wait(self._flying, timeout=GATHER_SECONDS)
            done = {task for task in self._flying if task.done()}
        for task in done:
            self._flying.pop(task, None)  # the heartbeat may have dropped it meanwhile
        await self._settle([task.result() for task in done if not task.cancelled()])

    async def _settle(self, outcomes: list[Outcome]) -> None:
        if not outcomes:
            return
        try:
            mine = await self._query(lambda: queue.settle(outcomes))
        except DatabaseError as error:
            if isinstance(error, OperationalError | InterfaceError):
                raise
            mine = set()
            for outcome in outcomes:
                mine |= await self._settle_alone(outcome)
        self._settled += len(mine)
        if lost := len(outcomes) - len(mine):
            log.warning("%d results came after their lease had run out and were dropped", lost)

    async def _settle_alone(self, outcome: Outcome) -> set[int]:
        """One text that the database refuses must not take its batch along."""
        try:
            return await self._query(lambda: queue.settle([outcome]))
        except (OperationalError, InterfaceError):
            raise
        except DatabaseError as error:
            refused = Outcome(outcome.claim, "failed", "not_storable", f"refused: {type(error).__name__}")
            return await self._query(lambda: queue.settle([refused]))

    async def _keep_leases(self) -> None:
        while True:
            await asyncio.sleep(self._pace.lease / 3)
            claims = list(self._flying.values())
            if not claims:
                continue
            try:
                alive = await self._query(partial(queue.heartbeat, claims, lease=self._pace.lease))
            except Error:
                continue  # the fence guards what comes too late
            for task, claim in list(self._flying.items()):
                if claim in claims and claim.id not in alive:
                    # Lost, or cancelled: nothing of it can be published, so do not wait for the answer.
                    log.warning("item %s: its lease is gone, dropped", claim.id)
                    task.cancel()
                    self._flying.pop(task, None)

    async def _land(self) -> None:
        """Finishes what is in flight within the grace time and gives the rest back, uncounted."""
        if not self._flying:
            return
        await asyncio.wait(self._flying, timeout=GRACE_SECONDS)
        outcomes = []
        for task, claim in self._flying.items():
            if task.done() and not task.cancelled() and not task.exception():
                outcomes.append(task.result())
            else:
                task.cancel()
                outcomes.append(Outcome(claim, "retry", "stopped", "the worker was stopped", give_back=True))
        await asyncio.gather(*self._flying, return_exceptions=True)
        self._flying.clear()
        await self._settle(outcomes)

    async def _query[T](self, statement: Callable[[], T]) -> T:
        """Runs it in a database thread; a broken connection is tried anew until the leases would be over."""
        loop = asyncio.get_running_loop()
        pause, until = 0.1, time.monotonic() + self._pace.lease
        while True:
            try:
                return await loop.run_in_executor(self._threads, _fresh, statement)
            except (OperationalError, InterfaceError):
                if time.monotonic() + pause > until:
                    raise
                await asyncio.sleep(pause)
                pause *= 2

    def _close_threads(self) -> None:
        both = threading.Barrier(DATABASE_THREADS, timeout=5)

        def close() -> None:
            both.wait()  # so that each thread takes one of the two calls
            connections.close_all()

        closing = [self._threads.submit(close) for _ in range(DATABASE_THREADS)]
        self._threads.shutdown()
        for call in closing:
            call.result()


def _fresh[T](statement: Callable[[], T]) -> T:
    try:
        return statement()
    except (OperationalError, InterfaceError):
        connection.close()
        raise
