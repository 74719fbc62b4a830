"""Finds out how an endpoint wants to be asked: once, by one request, while the others wait for it."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace

from personalization.models.endpoints import TokenLimit
from personalization.writers.endpoint_memory import Memory
from personalization.writers.facts import Facts, lowest, other_way
from personalization.writers.lesson_gate import LessonGate
from personalization.writers.openai_answers import Answer
from personalization.writers.openai_errors import Refused

_GATE = "endpoint"

type Send = Callable[[Facts], Awaitable[Answer]]
"""Sends the request in the way of these facts; raises Refused where it is refused."""


class EndpointWays:
    """For one event loop. Only an answer proves a way: what leads to none is not kept."""

    def __init__(self, memory: Memory, patience: float) -> None:
        self.facts = Facts()
        self._memory = memory
        self._loading = asyncio.Lock()
        self._loaded = False
        self._gate = LessonGate(patience)
        self._known = False

    @property
    def may_think(self) -> bool:
        """Whether answers need room for thinking, as far as is known: where nothing is, they may."""
        return not self._known or self.facts.thinks or self.facts.limit != TokenLimit.MAX_TOKENS

    async def load(self) -> Facts:
        """What is remembered, read once; the first values where nothing is."""
        if not self._loaded:
            async with self._loading:
                await self._load()
        return self.facts

    async def _load(self) -> None:
        if self._loaded:  # by whoever came before
            return
        if facts := await asyncio.to_thread(self._memory.recall):
            self.facts, self._known = facts, True
            self._gate.open(_GATE)
        self._loaded = True

    async def ask(self, send: Send) -> Answer:
        """The answer, by whichever way the endpoint takes. Raises what `send` raises where it takes none."""
        sent, lower = await self.load(), None
        if self._known:
            try:
                return await self._noted(sent, await send(sent))
            except Refused as refused:
                lower = other_way(sent, refused.status, refused.error)
                if lower is None:
                    raise
                if self.facts == sent:
                    self._gate.close(_GATE)  # it has changed its ways: one request finds out the new ones
        async with self._gate.turn(_GATE):
            return await self._find_out(send, lower if lower and self.facts == sent else self.facts)

    async def _find_out(self, send: Send, facts: Facts) -> Answer:
        while True:
            try:
                return await self._noted(facts, await send(facts))
            except Refused as refused:
                lower = other_way(facts, refused.status, refused.error)
                if lower is None:
                    raise
                facts = lower  # each step leaves something out, so there are only a few

    async def _noted(self, sent: Facts, answer: Answer) -> Answer:
        """The answer; what it proves is kept."""
        thinks = sent.thinks or answer.thought
        told = (answer.usage.reported, answer.fenced, thinks)
        if self._known and sent is self.facts and told == (sent.usage, sent.fenced, sent.thinks):
            return answer  # as nearly all
        seen = replace(sent, usage=answer.usage.reported, fenced=answer.fenced, thinks=thinks)
        # Another request may have found out something else while this one was under way.
        facts = lowest(seen, self.facts) if self._known else seen
        if facts != self.facts or not self._known:
            self.facts, self._known = facts, True
            self.facts = await asyncio.to_thread(self._memory.remember, facts)
        return answer
