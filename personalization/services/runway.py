"""Jobs whose money is set aside: each starts in the moment in which a place is free.

A place that waited for the database would be one request less for as long: a twentieth of all, with answers
that take a second.
"""

from collections import deque
from collections.abc import Collection, Iterable, Sequence
from uuid import UUID

from personalization.services.attempts import Job, Outcome
from personalization.services.charges import unsent
from personalization.services.flight import Flight
from personalization.services.leases import Leases
from personalization.services.pace import Pace
from personalization.services.settling import Settling
from personalization.services.work import given_back, put_back


class Runway:
    """For one worker's drain. Lessons' first jobs start ahead of all others, and in places of their own."""

    def __init__(self, pace: Pace, flight: Flight, leases: Leases, settling: Settling) -> None:
        self._pace = pace
        self._flight = flight
        self._leases = leases
        self._settling = settling
        self._first: deque[Job] = deque()
        self._others: deque[Job] = deque()
        self._closed = False

    def __len__(self) -> int:
        return len(self._first) + len(self._others)

    @property
    def blocked(self) -> bool:
        """The database takes nothing: every answer more might be paid for in vain."""
        return self._settling.backlog >= self._pace.concurrency

    @property
    def room(self) -> int:
        """For how many more money may be set aside."""
        return self._pace.concurrency + self._pace.spare - len(self._flight) - len(self)

    def add(self, jobs: Sequence[Job], first: Iterable[Job]) -> None:
        """`first`: those of them that are their lessons' first ones."""
        ahead = {job.claim.id for job in first}
        for job in jobs:
            (self._first if job.claim.id in ahead else self._others).append(job)

    def start(self) -> None:
        """Fills the free places."""
        self._settling.add(self._flight.take_landed())  # it counts as backlog before its place is filled anew
        while (jobs := self._next()) and not self.blocked:
            job = jobs.popleft()
            if self._leases.holds(job.claim):
                self._flight.start(job)
            else:
                self._settling.add([given_back(job, unsent(job))])

    def _next(self) -> deque[Job] | None:
        """Of which the next one starts; None: nothing is there, or no place."""
        if self._closed:
            return None
        places = self._pace.concurrency - len(self._flight)
        if self._first and places + self._pace.extra > 0:
            return self._first
        return self._others if self._others and places > 0 else None

    def put_back(self, runs: Collection[UUID] | None = None) -> None:
        """Starts none of these runs; None: none at all."""
        for waiting in (self._first, self._others):
            jobs = list(waiting)
            waiting.clear()
            for job in jobs:
                if runs is None or job.claim.run_id in runs:
                    self._settling.add([put_back(job)])
                else:
                    waiting.append(job)

    def close(self) -> list[Outcome]:
        """Nothing starts any more. What has not is given back, and costs nothing."""
        self._closed = True
        left = [given_back(job, unsent(job)) for job in (*self._first, *self._others)]
        self._first.clear()
        self._others.clear()
        return left
