"""The requests that a worker has under way: one task each, on the worker's event loop."""

import asyncio
import logging
from collections.abc import Callable, Collection
from dataclasses import replace
from uuid import UUID

from structlog.contextvars import bind_contextvars

from personalization.condensing.prompt import PartBrief
from personalization.errors import RunBlocked, Transient, WriterError
from personalization.services.attempts import Again, Claim, Job, Outcome
from personalization.services.charges import broken_off, unsent
from personalization.services.condensing import part_condensed, part_failed
from personalization.services.ledger import refuse_unpriced
from personalization.services.mishaps import blocked, internal
from personalization.services.work import asked_again, failed, given_back, put_back, written
from personalization.writers.base import CALL, Call, Writer

log = logging.getLogger(__name__)
INTERRUPTED = "its worker was ended in the middle of it: it hung, or was in hand by chance"


class Flight:
    """`on_landing` is called whenever a request has ended; `take_landed` then has what it brought."""

    def __init__(
        self, make_writer: Callable[[str], Writer], base_pause: float, on_landing: Callable[[], None]
    ) -> None:
        self._landed: list[Outcome | Again] = []
        self._make_writer = make_writer
        self._base_pause = base_pause
        self._on_landing = on_landing
        self._writers: dict[str, Writer] = {}
        # By the claims' tokens: an item that comes back is another request, whatever becomes of the first.
        self._jobs: dict[UUID, Job] = {}
        self._calls: dict[UUID, Call] = {}
        self._tasks: dict[UUID, asyncio.Task[None]] = {}

    def __len__(self) -> int:
        return len(self._jobs)

    def priced(self, job: Job) -> Job | Outcome:
        """The job with the most that its call may take; an outcome where that could not be told."""
        if not job.on_ledger:
            return job
        try:
            refuse_unpriced(job)
            return replace(job, estimate=self._writer(job.backend).estimate(job.asked))
        except RunBlocked as error:
            return blocked(job.claim, error)
        except WriterError as error:
            return self._failed(job, error)
        except Exception as error:
            return self._failed(job, internal(job.claim, error))

    def start(self, job: Job) -> None:
        call = Call(job.estimate.output_tokens)
        self._jobs[job.claim.token], self._calls[job.claim.token] = job, call
        self._tasks[job.claim.token] = asyncio.create_task(self._fly(job, call))

    def drop(self, claim: Claim) -> None:
        """Lets go of the claim's request, if it is in hand: nothing of it can be published any more."""
        if job := self._jobs.get(claim.token):
            sent = self._calls[claim.token].sent
            self._break_off(given_back(job, broken_off(job) if sent else unsent(job)))

    def put_back(self, runs: Collection[UUID] | None = None) -> None:
        """Lets go of what only waits for its turn, of these runs; None: of all."""
        for job in self._waiting():
            if runs is None or job.claim.run_id in runs:
                self._break_off(put_back(job))

    def take_landed(self) -> list[Outcome | Again]:
        """What has landed since the last call."""
        landed, self._landed = self._landed, []
        return landed

    async def land(self, grace: float) -> None:
        """Ends all requests: those that are through within the grace time as ever, the others given back.
        None is sent any more.

        One during whose step the process was told to end is not: it may be what hung until the hard time
        limit, and what costs no attempt would be tried for ever.
        """
        for job in self._waiting():
            self.drop(job.claim)
        tasks = list(self._tasks.values())
        if tasks:
            await asyncio.wait(tasks, timeout=grace)
        for token in [token for token, task in self._tasks.items() if _interrupted(task)]:
            job = self._forget(token)
            self._landed.append(self._failed(job, Transient("internal", INTERRUPTED)))
        for job in list(self._jobs.values()):
            self.drop(job.claim)
        await asyncio.gather(*tasks, return_exceptions=True)

    async def close(self) -> None:
        await asyncio.gather(*(w.close() for w in self._writers.values()), return_exceptions=True)

    def _waiting(self) -> list[Job]:
        """Those that are not sent; of a task that has ended, its end says more."""
        waiting = [token for token, call in self._calls.items() if not call.sent]
        return [self._jobs[token] for token in waiting if not self._tasks[token].done()]

    def _break_off(self, outcome: Outcome) -> None:
        self._tasks[outcome.claim.token].cancel()
        self._forget(outcome.claim.token)
        self._landed.append(outcome)
        self._on_landing()

    def _forget(self, token: UUID) -> Job:
        del self._calls[token], self._tasks[token]
        return self._jobs.pop(token)

    async def _fly(self, job: Job, call: Call) -> None:
        CALL.set(call)
        landed = await self._write(job)
        self._forget(job.claim.token)
        self._landed.append(landed)
        self._on_landing()

    async def _write(self, job: Job) -> Outcome | Again:
        bind_contextvars(run=str(job.claim.run_id), item=job.claim.id)  # each task has a context of its own
        try:
            return await self._asked(job)
        except WriterError as error:
            return asked_again(job, error) or self._failed(job, error)
        except Exception as error:
            # A fault of ours must cost this item an attempt, not the worker its other items.
            return self._failed(job, internal(job.claim, error))

    async def _asked(self, job: Job) -> Outcome | Again:
        writer = self._writer(job.backend)
        if isinstance(job.asked, PartBrief):
            draft = await writer.condense(job.asked, job.complaint)
            # To put a long text together takes a second: the other requests must not wait for it.
            return await asyncio.to_thread(part_condensed, job, draft)
        return written(job, await writer.write(job.asked, job.complaint))

    def _failed(self, job: Job, error: WriterError) -> Outcome:
        fail = part_failed if job.condensing else failed
        return fail(job, error, base_pause=self._base_pause)

    def _writer(self, backend: str) -> Writer:
        if backend not in self._writers:
            self._writers[backend] = self._make_writer(backend)
        return self._writers[backend]


def _interrupted(task: asyncio.Task[None]) -> bool:
    return task.done() and not task.cancelled() and isinstance(task.exception(), SystemExit)
