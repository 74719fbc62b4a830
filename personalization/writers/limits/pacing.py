"""Shared where Redis answers, this worker's share alone where it does not: nothing here ever fails.

What an answer of the provider changes holds here at once, and for the other workers with the next exchange.
"""

import asyncio
import logging
import random
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace

from personalization.writers.limits.pace import Gaps, Pace, Taken, gaps
from personalization.writers.limits.policy import MOMENTS, Allowed, Rules, State
from personalization.writers.limits.shared import Answer, Asked, Away, Shared

log = logging.getLogger(__name__)
FRESH = 0.2  # seconds; what other workers learned is known here no later
AHEAD = 0.25  # seconds of permits that all workers together hold in advance
RETRY = 1.0  # seconds between two tries to reach a Redis that is away
UNKNOWN_WORKERS = 4  # assumed to share the limit where Redis was never reached
MOST_TRIES = 5  # to tell a change while others tell theirs
MOST_PERMITS = 500  # in one exchange: a script that runs for long holds up the broker
JUMP = 1.0  # seconds; a clock that is off by more is another clock

type Change = Callable[[State], State]


class Pacing:
    """`shared` is Redis as this worker sees it, None where there is none. For one event loop."""

    def __init__(self, rules: Rules, shared: Shared | None) -> None:
        self.rules = rules
        self.state = State()
        self.sent = 0.0  # requests a minute of all workers, measured
        self._shared = shared
        self._alone = Pace()
        self._workers = 0  # not known
        self._version = ""
        self._changes: list[Change] = []  # that Redis has not been told
        self._passed = 0  # requests without a permit, since the last exchange
        self._returned = 0  # tokens, likewise
        # The server's clock minus ours, which goes on where the server is away.
        self._offset = time.time() - time.monotonic()
        self._fresh_until = 0.0
        self._seeking: asyncio.Task[None] | None = None

    @property
    def now(self) -> float:
        """Seconds of the clock that all workers share."""
        return time.monotonic() + self._offset

    @property
    def allowed(self) -> Allowed:
        return self.rules.allowed(self.state, self.now)

    @property
    def is_alone(self) -> bool:
        return self._shared is None or self._seeking is not None

    @property
    def has_news(self) -> bool:
        return bool(self._changes) and not self.is_alone

    def pass_freely(self) -> bool:
        """Whether a request may go without a permit: nothing limits, as was heard a moment ago."""
        free = time.monotonic() < self._fresh_until
        self._passed += free
        return free

    def change(self, change: Change) -> bool:
        """Whether the state is another one now; the next exchange lets the others know."""
        changed = change(self.state)
        if changed == self.state:
            return False
        self.state = changed
        self._fresh_until = 0.0
        if self._shared:
            self._changes.append(change)
        return True

    def cost(self, tokens: int) -> int:
        """What such a request takes: a minute's tokens at most, or one would hold up the others for hours."""
        most = self.allowed.tokens
        return tokens if tokens <= most else int(most)

    def give_back(self, tokens: int) -> None:
        self._returned += tokens

    async def take(self, costs: Sequence[int]) -> Taken:
        """Permits for the first of these requests, named by their tokens; times are monotonic ones."""
        costs = costs[: self._batch(costs)]
        answer = await self._exchange(costs)
        now = time.monotonic()
        if answer is None:
            taken = self._take_alone(costs, now)
        else:
            taken = Taken([now + delay for delay in answer.delays], now + answer.after)
        if taken.times and taken.times[-1] <= now and self.allowed.unlimited:
            self._fresh_until = now + FRESH
        return taken

    async def look(self) -> bool:
        """Tells and hears what is new. Whether that is so: permits taken before are then void."""
        before = self._version
        await self._exchange(())
        return self._version != before

    async def close(self) -> None:
        if self._seeking:
            self._seeking.cancel()
        if self._shared:
            await self._shared.leave()

    def _batch(self, costs: Sequence[int]) -> int:
        """So many that all workers together hold a moment's permits, and each has its turn."""
        allowed = self.allowed
        cost = max(1.0, sum(costs) / max(1, len(costs)))
        a_second = min(allowed.requests, allowed.tokens / cost) / self.rules.minute
        return max(1, int(min(MOST_PERMITS, a_second * AHEAD / max(1, self._workers))))

    def _gaps(self, share: float = 1.0) -> Gaps:
        pause = self.rules.pause(self.state, self.now)
        return gaps(self.allowed, share=share, pause=pause, minute=self.rules.minute)

    def _take_alone(self, costs: Sequence[int], now: float) -> Taken:
        mine = self._gaps(1 / (self._workers or UNKNOWN_WORKERS))
        self._alone.give_back(self._returned, mine)
        self._returned = self._passed = 0
        return self._alone.take(costs, mine, now)

    async def _exchange(self, costs: Sequence[int]) -> Answer | None:
        """None where Redis is away. Without permits where others changed the state again and again."""
        answer = None
        for _ in range(MOST_TRIES):
            if self._shared is None or self.is_alone:
                return None
            known, told = self._version, len(self._changes)
            try:
                answer = await self._ask(self._shared, costs, self.state if told else None)
            except Away as error:
                self._lose(error)
                return None
            self._hear(answer, told)
            if answer.accepted or answer.version == known:
                break
        return answer

    async def _ask(self, shared: Shared, costs: Sequence[int], told: State | None) -> Answer:
        asked = Asked(self._version, told, self._passed, self._returned, self._gaps(), costs)
        self._passed = self._returned = 0
        return await shared.exchange(asked)

    def _hear(self, answer: Answer, told: int) -> None:
        jump = answer.now - self.now
        if abs(jump) > JUMP:
            self._shift(jump)
            told = 0  # with times of another clock: once more
        self._offset += jump
        self._workers = answer.workers
        self.sent = answer.sent * self.rules.minute
        if answer.accepted:
            del self._changes[:told]
        elif answer.version == self._version:
            return
        elif answer.version:
            self.state = answer.state
            for change in self._changes:
                self.state = change(self.state)
        elif self.state != State():
            # Redis was emptied: what we know is told to it again.
            self._put_in_place(self.state)
        self._version = answer.version

    def _shift(self, seconds: float) -> None:
        """The shared clock is another one than was assumed: the state's times move along."""
        moved = {name: getattr(self.state, name) for name in MOMENTS}
        self.state = replace(self.state, **{name: at + seconds for name, at in moved.items() if at})
        if self._changes:
            self._put_in_place(self.state)

    def _put_in_place(self, state: State) -> None:
        self._changes = [lambda _: state]

    def _lose(self, error: Away) -> None:
        share = self._workers or UNKNOWN_WORKERS
        log.warning("limits: Redis is away (%s): alone with 1/%d of what is allowed to all", error, share)
        self._fresh_until = 0.0
        self._seeking = asyncio.create_task(self._seek())

    async def _seek(self) -> None:
        """Until Redis answers again. Requests go on meanwhile."""
        found = False
        while self._shared and not found:
            await asyncio.sleep(RETRY * random.uniform(0.75, 1.25))
            with suppress(Away):
                self._hear(await self._ask(self._shared, (), None), 0)
                found = True
        self._seeking = None
        log.info("limits: Redis is back: shared by all workers again")
        if self._changes:
            await self._exchange(())
