"""What a writer needs of a limiter."""

from collections.abc import Mapping
from typing import Protocol

from personalization.writers.base import Usage


class Limiter(Protocol):
    """For one event loop. `acquire`, the request and `observe` follow each other in one task."""

    async def acquire(self, tokens: int, answer: int = 0) -> None:
        """Returns when a request of so many tokens, at most, may be sent.

        `answer`: so many of them are the longest answer that the request itself allows. Providers count that
        one when the request comes, and not less when the answer is shorter.

        That may take long. Raises Unsent where the worker stops: nothing was sent, nothing is owed.
        """

    def observe(self, headers: Mapping[str, str], status: int, usage: Usage | None) -> None:
        """Learns from an answer of the provider, good or bad. Raises nothing, waits for nothing."""

    async def close(self) -> None:
        """Whoever still waits is refused; the limiter is not used afterwards."""


class NoLimiter:
    """For an endpoint that needs none, and for tests that are about something else."""

    async def acquire(self, tokens: int, answer: int = 0) -> None:
        return

    def observe(self, headers: Mapping[str, str], status: int, usage: Usage | None) -> None:
        return

    async def close(self) -> None:
        return
