"""One worker's loop: claims a batch, keeps many requests in flight on one event loop, settles in batches.

Three things go on at once: the next items are claimed and prepared, requests are under way, and what they
brought is settled. The database is spoken to from threads, so that no statement holds up the requests.
"""

import asyncio
import logging
import os
import socket
import sys
import time
from collections.abc import Callable, Coroutine
from contextlib import suppress
from typing import Any
from uuid import UUID

import uvloop
from django.db import DatabaseError, InterfaceError, OperationalError

from courses.database import database_address, what_failed
from personalization.services import queue
from personalization.services.attempts import Claim, Job, Outcome
from personalization.services.charges import unsent
from personalization.services.flight import Flight
from personalization.services.holding import end_pilots, release_held
from personalization.services.leases import Leases
from personalization.services.ledger import Reserved, reserve
from personalization.services.lesson_order import LessonOrder
from personalization.services.mishaps import internal, not_prepared
from personalization.services.pace import Pace
from personalization.services.preparing import prepare_all
from personalization.services.runway import Runway
from personalization.services.settling import Settling
from personalization.services.sources import Sources
from personalization.services.sweep import close_ended
from personalization.services.threads import DatabaseThreads
from personalization.services.watched import tell_waits
from personalization.services.work import failed, given_back, let_go, put_back
from personalization.writers.base import Writer
from personalization.writers.factory import make_writer
from personalization.writers.limits.waits import waits

log = logging.getLogger(__name__)
GATHER_SECONDS = 0.08  # answers that come within this time are settled, and places filled, by one statement
LOOK_SECONDS = 1.0  # so often a worker that waits for answers looks whether it should stop
DRY_SECONDS = 0.5  # after a claim that found nothing
GRACE_SECONDS = 5.0  # what is in flight at a shutdown may take so long; then it is given back
LAST_TRIES = 10  # to settle at a shutdown; what others have locked even then is left to the leases' end


def drain(stopping: Callable[[], bool] = lambda: False) -> int:
    """Works until nothing is due, the time is up, or `stopping()` says so. How many items it settled."""
    try:
        return uvloop.run(Drain(Pace.from_settings(), stopping).run())
    except (OperationalError, InterfaceError) as error:
        # The leases of what was in flight run out, and a sweep queues it again.
        log.error(
            "%s cannot be used (%s): the work goes on when it can",
            database_address(),
            what_failed(error),
        )
        return 0


class Drain:
    """`most`: so many items are claimed, and no more; one that is tried again counts again."""

    def __init__(
        self,
        pace: Pace,
        stopping: Callable[[], bool],
        writers: Callable[[str], Writer] = make_writer,
        most: int = sys.maxsize,
    ):
        self._pace = pace
        self._stopping = stopping
        self._left = most  # so many items more may be claimed
        self._sources = Sources()
        self._changed = asyncio.Event()
        # Two: claims and settlements go on beside each other.
        self._database = DatabaseThreads(2, pace.lease, "drain")
        self._leases = Leases(pace.lease, self._lose, self._put_back)
        self._flight = Flight(writers, pace.retry, self._on_landing)
        self._settling = Settling(self._database, self._leases)
        self._runway = Runway(pace, self._flight, self._leases, self._settling)
        self._ready: list[Job] = []  # prepared, waits for its money and a place
        self._order = LessonOrder[Job](lambda job: job.claim.lesson_id)
        self._beside: dict[str, asyncio.Task[None]] = {}
        self._until = 0.0  # then nothing more is begun
        self._dry_until = 0.0
        self._settled_since_claim = False
        self._short_of_money = False  # then each settled call may allow others

    @property
    def settled(self) -> int:
        """Items, until now."""
        return self._settling.settled

    async def run(self) -> int:
        self._leases.keep()
        try:
            await self._work()
            for step in (end_pilots, close_ended):  # seen at once, not at the next sweep
                await self._database.run(step)
            await self._database.run(lambda: tell_waits(waits()))
        finally:
            try:
                await self._land()
            finally:
                self._leases.close()
                await self._flight.close()
                self._database.close()
        return self.settled

    async def _work(self) -> None:
        self._until = time.monotonic() + self._pace.drain
        while not self._stopping():
            if time.monotonic() >= self._until + self._pace.call:
                self._put_back()  # a limit may leave no room for as long as it likes
            if self._may_claim():
                self._claim_ahead()
            await self._begin()
            if self._settling.waiting and "settle" not in self._beside:
                self._go("settle", self._settle())
            if not (self._beside or self._flight or self._runway or self._ready):
                if not self._settled_since_claim or not self._may_claim():
                    return
                self._dry_until = 0.0  # what was given back may be due at once
                continue
            await self._pause()

    def _go(self, name: str, work: Coroutine[Any, Any, None]) -> None:
        """Starts work that goes on beside the requests; what it raises ends the drain."""
        self._beside[name] = asyncio.create_task(work)
        self._beside[name].add_done_callback(lambda task: self._changed.set())

    async def _pause(self) -> None:
        """Until something has ended; then a moment more, so that one statement serves many."""
        with suppress(TimeoutError):
            async with asyncio.timeout(LOOK_SECONDS):
                await self._changed.wait()
        if self._flight:
            await asyncio.sleep(GATHER_SECONDS)
        self._changed.clear()
        for name, task in list(self._beside.items()):
            if task.done():
                del self._beside[name]
                task.result()

    def _may_claim(self) -> bool:
        return self._left > 0 and time.monotonic() < self._until

    def _claim_ahead(self) -> None:
        """Waits until half of the places are missing: one claim, and what it reads, serves many."""
        # The first claim fills the places only: none waits until those behind it are prepared as well.
        taken = len(self._flight) + len(self._runway) + len(self._ready)
        wanted = self._pace.concurrency + (self._pace.ahead if taken else 0) - taken
        few = wanted < max(1, self._pace.concurrency // 2)
        if not few and "claim" not in self._beside and time.monotonic() >= self._dry_until:
            # Now, not when the claim has come back empty: what is settled meanwhile may make items due.
            self._dry_until = time.monotonic() + DRY_SECONDS
            self._settled_since_claim = False
            self._go("claim", self._claim(min(wanted, self._left)))

    async def _claim(self, wanted: int) -> None:
        claims, released = await self._database.run(lambda: _claimed(wanted, self._pace.lease))
        self._short_of_money |= released
        if not claims:
            return
        self._dry_until = 0.0
        self._left -= len(claims)
        self._leases.hold(claims)
        try:
            jobs, outcomes = await self._prepare(claims)
        except BaseException:
            self._settling.add(let_go(claim) for claim in claims)
            raise
        self._ready += jobs
        self._settling.add(outcomes)
        left = _ids(jobs, outcomes)
        self._leases.let_go(claim for claim in claims if claim.id not in left)  # deleted since

    async def _prepare(self, claims: list[Claim]) -> tuple[list[Job], list[Outcome]]:
        try:
            return await self._database.run(lambda: prepare_all(claims, self._sources))
        except (InterfaceError, OperationalError):
            raise
        except Exception as error:
            # One that breaks what all share would come back at once with the same others, for ever.
            if len(claims) == 1:
                return [], [not_prepared(claims[0], error)]
            each = [await self._prepare([claim]) for claim in claims]
            return [job for jobs, _ in each for job in jobs], [o for _, ended in each for o in ended]

    def _on_landing(self) -> None:
        self._runway.start()
        self._changed.set()

    async def _begin(self) -> None:
        """Sets money aside for what fills the free places, and for what comes next."""
        self._runway.start()
        if self._runway.blocked:
            return
        first, others, self._ready = self._order.take(self._ready, self._runway.room, self._pace.extra)
        priced = [self._flight.priced(job) for job in first + others]
        self._settling.add(one for one in priced if isinstance(one, Outcome))
        jobs = [one for one in priced if isinstance(one, Job)]
        if not jobs:
            return
        try:
            reserved = await self._reserve(jobs)
        except BaseException:  # nobody knows whether it was set aside: what was, is not spent
            self._settling.add(given_back(job, unsent(job)) for job in jobs)
            raise
        self._settling.add(reserved.outcomes)
        self._short_of_money |= bool(reserved.outcomes)
        left = _ids(reserved.allowed, reserved.outcomes)
        self._leases.let_go(job.claim for job in jobs if job.claim.id not in left)  # lost, or deleted
        self._runway.add(reserved.allowed, first)
        self._runway.start()

    async def _reserve(self, jobs: list[Job]) -> Reserved:
        try:
            return await self._database.run(lambda: reserve(jobs))
        except OperationalError:
            raise
        except DatabaseError as error:
            # Most likely an item that was deleted in the same moment. The others are not to blame.
            if len(jobs) == 1:
                failure = internal(jobs[0].claim, error)
                return Reserved([], [failed(jobs[0], failure, base_pause=self._pace.retry)])
            each = [await self._reserve([job]) for job in jobs]
            return Reserved([j for r in each for j in r.allowed], [o for r in each for o in r.outcomes])

    async def _settle(self) -> None:
        again = await self._settling.settle()
        if time.monotonic() >= self._until:
            # Part after part, a long lesson outlasts a drain. What came back is kept for whoever goes on.
            self._settling.add(given_back(job) for job in again if job.condensing)
            again = [job for job in again if not job.condensing]
        self._ready = again + self._ready
        self._settled_since_claim = True
        if self._short_of_money:
            self._dry_until = 0.0

    def _lose(self, claim: Claim) -> None:
        self._ready = [job for job in self._ready if job.claim != claim]
        self._flight.drop(claim)

    def _put_back(self, runs: set[UUID] | None = None) -> None:
        """What was not its turn yet: whoever goes on with it claims it anew. None: of all runs."""
        for job in self._ready:
            if runs is None or job.claim.run_id in runs:
                self._settling.add([put_back(job)])
        self._ready = [job for job in self._ready if runs is not None and job.claim.run_id not in runs]
        self._runway.put_back(runs)
        self._flight.put_back(runs)

    async def _land(self) -> None:
        """Finishes what is in flight within the grace time and gives the rest back, uncounted."""
        self._settling.add(self._runway.close())
        await self._flight.land(GRACE_SECONDS)
        await asyncio.gather(*self._beside.values(), return_exceptions=True)
        await self._database.idle()  # a claim that was cut off would take what is given back here once more
        self._settling.add([*self._flight.take_landed(), *(given_back(job) for job in self._ready)])
        for left in reversed(range(LAST_TRIES)):
            if self._settling.waiting:
                again = await self._settling.settle(last=not left)
                self._settling.add(given_back(job) for job in again)


def _claimed(wanted: int, lease: float) -> tuple[list[Claim], bool]:
    """Due items, and whether they are some that waited for money until now: where nothing else is due."""
    worker = f"{socket.gethostname()}:{os.getpid()}"
    claims = queue.claim(wanted, worker=worker, lease=lease)
    if claims or not release_held():
        return claims, False
    return queue.claim(wanted, worker=worker, lease=lease), True


def _ids(jobs: list[Job], outcomes: list[Outcome]) -> set[int]:
    return {job.claim.id for job in jobs} | {outcome.claim.id for outcome in outcomes}
