"""A worker's results on their way into the database: one transaction for all that have come meanwhile."""

import asyncio
import logging
from collections.abc import Iterable
from dataclasses import replace

from django.db import DatabaseError, OperationalError
from structlog.contextvars import bound_contextvars

from courses.database import held_by_another
from personalization.models.calls import CallState
from personalization.services import queue
from personalization.services.attempts import Again, Job, Outcome
from personalization.services.leases import Leases
from personalization.services.queue import Settled
from personalization.services.threads import DatabaseThreads

log = logging.getLogger(__name__)
BUSY_SECONDS = 0.2  # until results are tried again that others' locks stood in the way of


class Settling:
    """`settled` counts the items that were still ours, without those that were only given back."""

    def __init__(self, database: DatabaseThreads, leases: Leases) -> None:
        self.settled = 0
        self._database = database
        self._leases = leases
        self._outcomes: list[Outcome] = []
        self._again: list[Again] = []
        self._writing = 0

    @property
    def waiting(self) -> bool:
        return bool(self._outcomes or self._again)

    @property
    def backlog(self) -> int:
        """Results that are not written yet."""
        return self._writing + len(self._outcomes) + len(self._again)

    def add(self, landed: Iterable[Outcome | Again]) -> None:
        for one in landed:
            if isinstance(one, Again):
                self._again.append(one)
            else:
                self._outcomes.append(one)

    async def settle(self, *, last: bool = False) -> list[Job]:
        """Settles what waits; the jobs that are to be asked for again.

        Whatever it raises, what is not settled waits again: it was paid for.
        """
        outcomes, self._outcomes = self._outcomes, []
        again, self._again = self._again, []
        self._writing = len(outcomes) + len(again)
        try:
            await self._written(outcomes, again, last)
        except BaseException as error:  # a forced end, too
            self.add([*outcomes, *again])
            if not isinstance(error, OperationalError) or not held_by_another(error):
                raise
            await asyncio.sleep(BUSY_SECONDS)
            return []
        finally:
            self._writing = 0
        return [more.job for more in again]

    async def _written(self, outcomes: list[Outcome], again: list[Again], last: bool) -> None:
        """Takes out of `outcomes` what is through, so that an error leaves there what is not."""
        try:
            settled = await self._database.run(lambda: queue.settle(outcomes, again, last=last))
        except OperationalError:
            raise
        except DatabaseError:
            await self._each(outcomes, again)
            return
        self._let_go(outcomes, settled)
        if settled.busy:
            await asyncio.sleep(BUSY_SECONDS)
            self.add(outcome for outcome in outcomes if outcome.claim in settled.busy)

    def _let_go(self, outcomes: list[Outcome], settled: Settled) -> None:
        self.settled += sum(o.claim in settled.mine and not o.give_back for o in outcomes)
        through = [outcome for outcome in outcomes if outcome.claim not in settled.busy]
        self._leases.let_go(outcome.claim for outcome in through)
        _say(settled, [o for o in through if o.claim not in settled.mine and o.code != "stopped"])

    async def _each(self, outcomes: list[Outcome], again: list[Again]) -> None:
        """One text that the database refuses must not take its batch along."""
        while outcomes:
            settled = await self._alone(outcomes[0])
            outcome = outcomes.pop(0)
            self._let_go([outcome], settled)
            if settled.busy:
                self.add([outcome])
        await self._database.run(lambda: queue.settle([], again))

    async def _alone(self, outcome: Outcome) -> Settled:
        try:
            return await self._database.run(lambda: queue.settle([outcome]))
        except OperationalError:
            raise
        except DatabaseError as error:
            refused = not_storable(outcome, error)
            return await self._database.run(lambda: queue.settle([refused]))


def _say(settled: Settled, late: Iterable[Outcome]) -> None:
    """Lines for what somebody may look for: by run and item, without anything of a learner."""
    for run_id, note in settled.paused:
        with bound_contextvars(run=str(run_id)):
            log.warning("run %s is paused: %s", run_id, note)
    for outcome in settled.failed:
        with bound_contextvars(run=str(outcome.claim.run_id), item=outcome.claim.id):
            log.warning("item %s has failed: %s", outcome.claim.id, outcome.code)
    for outcome in late:
        with bound_contextvars(run=str(outcome.claim.run_id), item=outcome.claim.id):
            log.warning("item %s: its result came after its lease had run out, dropped", outcome.claim.id)


def not_storable(outcome: Outcome, error: DatabaseError) -> Outcome:
    """The end of an item whose text the database refuses; what it cost is paid all the same."""
    call = outcome.call and replace(outcome.call, state=CallState.BAD, code="not_storable")
    # Only the kind: the database's own words quote the text.
    return Outcome(outcome.claim, "failed", "not_storable", f"refused: {type(error).__name__}", call=call)
