"""Limiters for tests: over a real Valkey, each test with a key of its own."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from itertools import count
from uuid import uuid4

from personalization.writers.limits.config import Limit
from personalization.writers.limits.limiter import ModelLimiter
from personalization.writers.limits.pacing import Pacing
from personalization.writers.limits.policy import Rules
from personalization.writers.limits.shared import Shared

_numbers = count(1)


@dataclass(slots=True)
class Workers:
    """Makes limiters that share one model's limits, as workers do; `minute` is how long theirs is."""

    url: str
    limit: Limit
    minute: float = 60.0
    key: str = field(default_factory=lambda: uuid4().hex)
    made: list[ModelLimiter] = field(default_factory=list)

    def worker(self) -> ModelLimiter:
        shared = Shared(self.url, self.key, f"worker-{next(_numbers)}", minute=self.minute)
        limiter = ModelLimiter("test-model", Pacing(Rules(self.limit, self.minute), shared))
        self.made.append(limiter)
        return limiter


@asynccontextmanager
async def workers(url: str, limit: Limit, *, minute: float = 60.0) -> AsyncIterator[Workers]:
    """All limiters that were made are closed at the end. Nobody waits for ever."""
    made = Workers(url, limit, minute)
    try:
        async with asyncio.timeout(20):
            yield made
    finally:
        await asyncio.gather(*(limiter.close() for limiter in made.made))


async def eventually(condition: Callable[[], bool], seconds: float = 10.0) -> None:
    """Returns as soon as the condition holds; fails when it does not in time."""
    async with asyncio.timeout(seconds):
        while not condition():  # noqa: ASYNC110 what it asks of rings no bell
            await asyncio.sleep(0.005)
