"""Holds back the other requests of a lesson until its first one is answered.

A provider has a prompt's beginning in its cache only after it was read once: 200 learners of a lesson, asked
at one moment, would each pay for the whole lesson.
"""

import asyncio
from collections import OrderedDict
from collections.abc import AsyncIterator, Hashable
from contextlib import asynccontextmanager

KEPT = 10_000  # keys; what is forgotten is only held back once more


class LessonGate:
    """For one event loop. Who comes first leads; if the first fails, the next one of those that wait does.

    Nobody waits longer than `patience` seconds in all, so that one hanging request holds up nobody for ever.
    """

    def __init__(self, patience: float) -> None:
        self._patience = patience
        self._open: OrderedDict[Hashable, None] = OrderedDict()
        self._leaders: dict[Hashable, asyncio.Event] = {}

    def open(self, key: Hashable) -> None:
        """Everybody may go: a request with this key has been answered."""
        self._open[key] = None
        if len(self._open) > KEPT:
            self._open.popitem(last=False)

    def close(self, key: Hashable) -> None:
        """As if nobody had been answered yet."""
        self._open.pop(key, None)

    @asynccontextmanager
    async def turn(self, key: Hashable) -> AsyncIterator[None]:
        """Waits for this request's turn. Left without an error, it was answered, and all others may go."""
        leading = None if key in self._open else await self._wait(key)
        try:
            yield
            self.open(key)
        finally:
            if leading:
                self._leaders.pop(key)
                leading.set()

    async def _wait(self, key: Hashable) -> asyncio.Event | None:
        """The event that ends the wait of the others, for who leads; None: go like all others."""
        try:
            async with asyncio.timeout(self._patience):
                while key not in self._open:
                    if key not in self._leaders:
                        self._leaders[key] = asyncio.Event()
                        return self._leaders[key]
                    await self._leaders[key].wait()
        except TimeoutError:
            pass
        return None
