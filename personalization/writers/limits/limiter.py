"""Lets one worker's requests go in the order in which they came, each when its permit holds."""

import asyncio
import logging
import random
import time
from collections import deque
from collections.abc import Mapping
from contextlib import suppress
from contextvars import ContextVar
from dataclasses import dataclass
from functools import partial
from itertools import islice

from personalization.errors import Unsent
from personalization.writers.base import Usage
from personalization.writers.limits.headers import Told, read_headers
from personalization.writers.limits.pace import HORIZON
from personalization.writers.limits.pacing import FRESH, MOST_PERMITS, RETRY, Change, Pacing
from personalization.writers.limits.policy import BUSY, REFUSED, State
from personalization.writers.limits.waits import waited

log = logging.getLogger(__name__)
BEAT = 0.02  # seconds; permits closer together than this are used together: waking for each one costs more


@dataclass(frozen=True, slots=True, eq=False)
class Waiter:
    permit: asyncio.Future[int]  # its result: the tokens that were taken for it
    tokens: int


@dataclass(slots=True)
class Sent:
    """A request on its way: its tokens, its longest answer's, and those that were taken for it and are not
    settled yet."""

    limiter: "ModelLimiter"
    tokens: int = 0
    answer: int = 0
    taken: int = 0


# `observe` is told an answer, not whose: both run in the task of the request, whose context remembers it.
_sent: ContextVar[Sent | None] = ContextVar("sent", default=None)


class ModelLimiter:
    """A model's limits for one event loop. A request waits as long as it takes, or until it is cancelled."""

    def __init__(self, model: str, pacing: Pacing) -> None:
        self._model = model
        self._pacing = pacing
        self._waiting: deque[Waiter] = deque()
        self._permits: deque[tuple[float, int]] = deque()  # (from when, for how many tokens)
        self._serving: asyncio.Task[None] | None = None
        self._bell = asyncio.Event()
        self._answered = 0  # since the last refusal
        self._closed = False

    async def acquire(self, tokens: int, answer: int = 0) -> None:
        if self._closed:
            raise _stopped()
        free = not self._waiting and self._pacing.pass_freely()
        _sent.set(Sent(self, tokens, answer, 0 if free else await self._permit(tokens)))

    def observe(self, headers: Mapping[str, str], status: int, usage: Usage | None) -> None:
        sent = _sent.get()
        if sent is None or sent.limiter is not self:
            sent = Sent(self)
        rules, told, now = self._pacing.rules, read_headers(headers), self._pacing.now
        change: Change
        self._answered += status != REFUSED
        if status == REFUSED:
            change = self._refusal(told, now, sent.tokens)
        elif status in BUSY:
            change = partial(rules.busy, told=told, now=now)
        else:
            change = partial(rules.answered, told=told, now=now, cost=sent.tokens)
        before = self._pacing.state
        if self._pacing.change(change):
            self._tell(before, self._pacing.state)
            self._permits.clear()  # they were taken of what was allowed before
            self._bell.set()
            self._start()
        self._settle(sent, status, usage)

    async def close(self) -> None:
        self._closed = True
        self._refuse_all(_stopped())
        if self._serving:
            self._serving.cancel()
            await asyncio.gather(self._serving, return_exceptions=True)
        await self._pacing.close()

    async def _permit(self, tokens: int) -> int:
        """Waits for a permit: the tokens that were taken with it."""
        waiter = Waiter(asyncio.get_running_loop().create_future(), tokens)
        self._waiting.append(waiter)
        self._start()
        began, taken = time.monotonic(), None
        try:
            taken = await waiter.permit
            return taken
        finally:
            if taken is None:
                self._leave(waiter)
            waited(self._model, time.monotonic() - began, gave_up=taken is None)

    def _leave(self, waiter: Waiter) -> None:
        """Who goes just when the permit came leaves it to the next one."""
        if waiter.permit.cancel() or waiter.permit.cancelled() or waiter.permit.exception():
            return
        if self._serving:  # else nobody waits, and later it would be a burst
            self._permits.appendleft((0.0, waiter.permit.result()))

    def _refusal(self, told: Told, now: float, tokens: int) -> Change:
        answered, self._answered = self._answered, 0
        sent, refused = self._pacing.sent, self._pacing.rules.refused
        return partial(refused, told=told, now=now, sent=sent, answered=answered, cost=tokens)

    def _tell(self, before: State, after: State) -> None:
        if after.since != before.since:
            log.info("limits: %s was refused a request: %.0f a minute from now on", self._model, after.rate)
        elif after.spared_until > before.spared_until:
            log.info("limits: %s is refused few requests at any rate: not slowed for them", self._model)

    def _settle(self, sent: Sent, status: int, usage: Usage | None) -> None:
        """Gives back the tokens that were taken and not counted; takes what was used beyond."""
        used = counted = usage.input_tokens + usage.output_tokens if usage else 0
        if usage:
            # The provider counts the longest answer there could be; no more than was taken for it, which is
            # a minute's where it is larger than a minute: that must not leave a debt.
            counted = max(used, min(sent.taken, usage.input_tokens + sent.answer))
        if sent.taken and (used or status == REFUSED):
            self._pacing.give_back(sent.taken - counted)
            sent.taken = 0

    def _start(self) -> None:
        if self._serving is None and not self._closed:
            self._serving = asyncio.create_task(self._serve())

    async def _serve(self) -> None:
        """Runs while somebody waits, or something is to be told to the other workers."""
        try:
            while self._has_waiting() or self._pacing.has_news:
                if self._pacing.has_news and await self._pacing.look():
                    self._permits.clear()
                if self._has_waiting():
                    await self._serve_first()
        except Exception as error:
            # A fault of ours must not leave anybody waiting for ever.
            log.exception("limits: unexpected %s", type(error).__name__)
            self._refuse_all(error)
        finally:
            self._permits.clear()  # nobody waits: lost, since later they would be a burst
            self._serving = None

    async def _serve_first(self) -> None:
        """Lets those go whose permits hold; where none holds yet, rests a while, at most until one does."""
        if not self._permits:
            costs = [self._pacing.cost(waiter.tokens) for waiter in islice(self._waiting, MOST_PERMITS)]
            taken = await self._pacing.take(costs)
            self._permits.extend(zip(taken.times, costs, strict=False))
            if not taken.times:
                # Not all workers at once; and soon enough to see that Redis is back, or was emptied.
                wait = taken.after - HORIZON - time.monotonic() + random.uniform(0, FRESH)
                await self._rest(min(wait, RETRY))
                return
        wait = self._permits[0][0] - time.monotonic()
        if wait > 0:
            await self._rest(min(max(wait, BEAT), FRESH))
            if wait > FRESH and await self._pacing.look():
                self._permits.clear()
        while self._permits and self._permits[0][0] <= time.monotonic() and self._has_waiting():
            self._waiting.popleft().permit.set_result(self._permits.popleft()[1])

    async def _rest(self, seconds: float) -> None:
        """Until the time is over, or an answer has changed what is allowed."""
        self._bell.clear()
        with suppress(TimeoutError):
            async with asyncio.timeout(max(0.0, seconds)):
                await self._bell.wait()

    def _has_waiting(self) -> bool:
        while self._waiting and self._waiting[0].permit.done():
            self._waiting.popleft()
        return bool(self._waiting)

    def _refuse_all(self, error: Exception) -> None:
        while self._has_waiting():
            self._waiting.popleft().permit.set_exception(error)


def _stopped() -> Unsent:
    return Unsent("stopped", "the worker was stopped before the request was sent")
